//! Parcels (宗地) of land, as the cadastre knows them: codes, outlines, who uses them for what, and what came of which. A
//! parcel that was split, merged or re-drawn has ended; its code still answers, and names its successors.
//!
//! Parcels may lie above each other: land owned by a collective and the use of it, the surface and what is built beneath. So
//! no outline is refused for another that it overlaps. What ends and what begins in one change is held to each other
//! ([`crate::platform::outlines`]), save in files, which say only what came of which.

mod actions;
mod http;
mod import;
mod lineage;
mod resolve;
mod rules;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "parcel", routes: http::routes, layers: &[], importers: &[&import::IMPORTER] };

pub use resolve::{LandUser, Resolved, Successor, resolve, resolve_all};
