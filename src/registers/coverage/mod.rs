//! Coverage: where which register is kept, and which ground was investigated and found clean. Without it "no record"
//! would be read as "clean", and the registry answers four things: recorded, investigated and clean, never investigated,
//! outside coverage.

mod actions;
mod http;
mod import;
mod statuses;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "coverage", routes: http::routes, layers: &[], importers: &[&import::IMPORTER] };

/// The registers that coverage is told of.
pub const REGISTERS: [&str; 6] =
    ["suspected_sites", "contaminated_sites", "control_list", "farmland", "key_units", "control_zones"];

pub use statuses::{Source, Status, statuses, statuses_of};
