//! Farmland units (农用地单元) and the soil-quality class given to each: 优先保护类, 安全利用类, 严格管控类.
//!
//! Classes are registered as the provincial government approved them; what was said before stays in the history. Areas
//! are computed from the outline on the ellipsoid; what the source states is kept beside it.

mod actions;
mod hits;
mod http;
mod import;
mod layer;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "farmland", routes: http::routes, layers: &[&layer::FARMLAND], importers: &[&import::FARMLAND] };

pub use hits::{Hit, hits};

/// Classes on the wire: priority protection, safe use, strict control, and not classified yet.
pub const CLASSES: [&str; 4] = ["priority_protection", "safe_use", "strict_control", "unclassified"];
/// Land types on the wire.
pub const LAND_TYPES: [&str; 6] = ["paddy", "upland", "irrigated", "orchard", "grassland", "forest"];
