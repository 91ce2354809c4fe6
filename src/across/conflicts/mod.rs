//! Conflicts between what is registered of farmland and what stands beside it: edible crops on strictly controlled land or
//! in a crop ban zone, sites inside land under priority protection.
//!
//! Nothing is stored: what is shown is what the registers say of the day asked, as known at the instant asked. Units,
//! measures and sites meet in one statement of `store`, because a hundred thousand units are not carried through faces one
//! by one; it reads what those registers give for such questions (`farmland_units_at`, `farmland_measures_known`) and writes
//! nothing. What is eaten and what a ban hits is decided in `rules` and [`crops`](crate::standards::crops), once for every
//! text that units say of their crop.

mod actions;
mod http;
pub mod rules;
mod store;

pub use http::routes;
