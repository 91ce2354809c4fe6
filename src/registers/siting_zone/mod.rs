//! Zones in which the siting of industry is controlled, as bureaus and governments publish them: where priority-protection
//! land is concentrated (优先保护类耕地集中区域) and where permanent basic farmland is (永久基本农田集中区域). No text says
//! what "concentrated" means, so a zone is a zone because it was published, and is never computed.
//!
//! A place that has published no zone of a kind is not known to have none: a zone of the place or of a division above it, or
//! the statement that all zones of the place are published (`/v1/siting-zone-publications`), none among them, makes it known.
//!
//! Beside them stand the orders that limit approvals in a division (限批), for siting checks to hold projects against.

mod actions;
mod hits;
mod http;
mod import;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "siting_zone", routes: http::routes, layers: &[], importers: &[&import::IMPORTER] };

/// Kinds of zones on the wire.
pub const KINDS: [&str; 2] = ["priority_farmland_concentration", "permanent_basic_farmland_concentration"];

/// What an order is called on the wire: 环评限批, 区域限批.
pub const LABELS: [&str; 2] = ["eia_approvals", "regional_approvals"];

/// Which projects an order covers, on the wire.
pub const COVERS: [&str; 3] = ["every_project", "soil_polluting", "as_worded"];

pub use hits::{Hit, Published, Restriction, hits, published, restrictions};
