//! Soil and crop samples (土壤与农产品样品): the points where they are taken, what was taken when, what the laboratory found,
//! and how soils come out against the standards.
//!
//! What a report states is kept as it states it, number and unit, beside the content in mg/kg. Samples are never deleted:
//! they and their results are corrected or withdrawn with a reason. Survey points are not public (their coordinates may be
//! restricted); counts per county are.
//!
//! Soil is held to the standards when it is loaded. It is held to them again in the act that changes its pH, its land or a
//! value; over a division by the server itself, after a local standard was entered or withdrawn and on its first day; and
//! when somebody asks. Each such run keeps what came out otherwise, with what that would mean; it decides nothing. Crops and other media are never screened as soil.

mod actions;
mod counties;
mod http;
mod import;
mod jobs;
mod layer;
mod rules;
mod store;
mod within;

use super::Register;

/// What this register declares.
pub static REGISTER: Register = Register {
    id: "sampling",
    routes: http::routes,
    layers: &[&layer::SAMPLING_POINTS],
    importers: &[&import::SAMPLES],
};

pub use actions::land_changed;
pub use counties::{CountyCoverage, coverage};
pub use jobs::{rescreen_due, run_worker};
pub use within::{ELEMENTS, PointSample, StatedLimit, Units, within_units};

pub use rules::{MEDIA, PROGRAMS};
