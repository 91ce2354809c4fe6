//! Key supervised units of soil pollution (土壤污染重点监管单位) and the ground they produce on. Their production land must
//! be investigated before it is transferred, taken back or changed in use (rulebook G6, G7). What else a unit owes, and since when,
//! is a table in `rules`.

mod hits;
mod http;
mod import;
mod layer;
mod rules;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "key_units", routes: http::routes, layers: &[&layer::KEY_UNITS], importers: &[&import::IMPORTER] };

pub use hits::{Hit, hits};
pub use rules::{DUTIES, Duty, Period};
