//! Reference layers (参考图层): what other bureaus keep and checks look at beside the registers: schools, homes, hospitals,
//! homes for the elderly, kindergartens, water sources, permanent basic farmland, red lines, and whatever else.
//!
//! A layer has a name, a kind and the division it is complete for; its features have a code of their source (where it has
//! none, one made of what they are) and whatever attributes the file has. They come by the import target `reference:<name>`. An import into a layer that is not there makes
//! it: of the kind that it is called as (`reference:schools`), else of the kind `other`, which can be changed later.
//!
//! Every layer is a collection `ref-<name>`, whose columns are the attributes of its files: their kinds are gathered while the
//! files are read, and whom they are shown to is said column by column. What is not said is for departments only.
//!
//! What a further file means is a property of the layer. `on_import: add`: features that it holds are added or changed, all
//! others stay. `on_import: replace`: the file is the whole layer, and features that it does not hold end on the day of the
//! import, unless a row of it was rejected, for that row may have been one of them.

mod actions;
mod collections;
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
pub use collections::FAMILY;
pub use near::{Covering, Near, Within, covering, near};
pub use rules::titles;
