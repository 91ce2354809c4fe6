//! Siting checks (选址核查): whether an industrial project may stand where it is planned, and what homes, schools and
//! hospitals must look at around them.
//!
//! A question (land, industry, activity, what the caller states) meets published zones, farmland units, reference layers,
//! sites and orders that limit approvals; the rules Z1-Z11 decide; the answer is numbered without gaps per division and year
//! and stored byte for byte.
//!
//! "Around" (周边) has no distance in any text: the parameters `siting_distance_*_m` set one by place, the protection distance
//! of the project's own assessment widens it, and where neither is known the answer says so. Concentration areas are what was
//! published; `/v1/siting-zones/candidates` is an aid to drawing them and decides nothing.
//!
//! Every answer is watched, by the passes that watch land checks: a change of a zone, an order, a reference layer, a register,
//! a rule or a parameter that would alter it supersedes it.

mod actions;
mod http;
mod jobs;
mod reply;
mod rules;
mod store;

pub use actions::watch::{SitingChecks, status, untrue, verify_records, watch};
pub use http::routes;
pub use jobs::run_worker;
pub use rules::{Activity, Procedure, Rule, SITING};
