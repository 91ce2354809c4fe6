//! Reference layers (参考图层): what other bureaus keep and checks look at beside the registers: schools, homes, hospitals,
//! homes for the elderly, kindergartens, water sources, permanent basic farmland, red lines, and whatever else.
//!
//! A layer has a name, a kind and the division it is complete for; its features have a code of their source and whatever
//! attributes the file has. They come by the import target `reference:<name>`. An import into a layer that is not there makes
//! it when its name is a kind (`reference:schools`); any other is made first, by `POST /v1/reference-layers`.
//!
//! What a further file means is a property of the layer. `on_import: add`: features that it holds are added or changed, all
//! others stay. `on_import: replace`: the file is the whole layer, and features that it does not hold end on the day of the
//! import, unless a row of it was rejected, for that row may have been one of them.

mod actions;
mod http;
mod import;
mod near;
pub mod rules;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "reference", routes: http::routes, layers: &[], importers: &[&import::IMPORTER] };

/// Kinds of layers on the wire.
pub const KINDS: [&str; 9] = [
    "schools",
    "homes",
    "hospitals",
    "care_homes",
    "kindergartens",
    "water_sources",
    "permanent_basic_farmland",
    "red_lines",
    "other",
];

pub use actions::{NewLayer, make};
pub use near::{Covering, Near, Within, covering, near};
pub use rules::titles;
