//! Control zones (管控区域): drawn and approved by governments around contaminated land, most often land that is
//! temporarily not to be developed. Land checks hold development inside them (rulebook G21).

mod actions;
mod hits;
mod http;
mod import;
mod layer;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register = Register {
    id: "control_zones",
    routes: http::routes,
    layers: &[&layer::CONTROL_ZONES],
    importers: &[&import::IMPORTER],
};

pub use actions::{NewZone, draw, lift, put_back, withdraw};
pub use hits::{Hit, hits};
