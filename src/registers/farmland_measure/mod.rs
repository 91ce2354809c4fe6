//! Measures on farmland by its class: safe-use plans (安全利用方案), crop ban zones (特定农产品禁止生产区域), restructuring
//! plans, remediation, groundwater plans, measures on priority land. Each covers units, lives by events, and has results of
//! its years, by which the rate of safe use is counted.
//!
//! ```text
//!          approved (ban zone)            first day      last day, or ended
//!  draft ──────────────────────► effective ────► in force ────────────────► ended
//!    │ └─ approved (plans) ─► approved ─ filed ──┘
//!    │ └─ filed ─────────────────────────────────┘
//!    └─ withdrawn ─► withdrawn
//! ```
//!
//! Event by kind and stage, as the code has it: `rules/life_cycle.txt`. Whether a measure holds on a day follows from its
//! days alone. A ban zone is approved by the government of the zone's own division: that government records it, or the
//! agriculture bureau of the same level does, which then files the government's paper with it, for it is the paper that
//! binds and few governments keep keys of their own. A measure that is meant for another class than a unit's is entered and
//! warned of, because classes move after measures are made.
//!
//! What a measure covers is known in system time only: a unit that is covered is so for as long as the measure holds.

mod actions;
mod http;
mod layer;
pub mod rules;
mod store;

pub use actions::{InForce, Of, ResultRow, in_force, results};
pub use rules::{MeasureKind, MeasureStatus};

use super::Register;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "farmland_measure", routes: http::routes, layers: &[&layer::CROP_BAN_ZONES], importers: &[] };
