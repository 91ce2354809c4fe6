//! Farmland units (农用地单元) and the soil-quality class given to each: 优先保护类, 安全利用类, 严格管控类.
//!
//! What is true of a unit is kept in tracks: its classes, as the provincial government approved them, and its land types,
//! each from a day on; what the registry said before stays in the history. So there is a class on any day, as known on any
//! day. Units begin and end: they are split, merged and re-drawn with their parentage kept, and old codes still answer.
//! Areas are computed from the outline on the ellipsoid; what the source states is kept beside it.

mod actions;
mod findings;
mod hits;
mod http;
mod import;
mod layer;
mod rules;
mod store;
mod units;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "farmland", routes: http::routes, layers: &[&layer::FARMLAND], importers: &[&import::FARMLAND] };

pub use actions::{NewClass, set_classes};
pub use findings::{ClassNumbers, Finding, findings};
pub use hits::{Hit, hits};
pub use http::ClassifiedUnit;
pub use units::{ClassArea, Kin, Lineage, Unit, class_areas, cultivated, lineage, unit, units};

/// The class of land under priority protection (优先保护类).
pub const PRIORITY: &str = "priority_protection";
/// Classes on the wire: priority protection, safe use, strict control, and not classified yet.
pub const CLASSES: [&str; 4] = [PRIORITY, "safe_use", "strict_control", "unclassified"];
/// What can lead to a class by an adjustment.
pub const TRIGGERS: [&str; 5] =
    ["initial_classification", "land_use_change", "routine_monitoring", "co_monitoring", "remediation"];
/// Land types on the wire.
pub const LAND_TYPES: [&str; 6] = ["paddy", "upland", "irrigated", "orchard", "grassland", "forest"];
