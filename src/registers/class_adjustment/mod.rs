//! Proposals to give farmland units their classes (类别划定与动态调整), from the department that proposes to the provincial
//! government that approves, and on to the national system.
//!
//! ```text
//!            ┌──────────────── returned ◄── by whoever's turn it is ──┐
//!            │ resubmitted        ▲                ▲                   │
//!            ▼                    │                │                   │
//!        proposed ──► county_agreed ──► prefecture_agreed ──► province_approved ──► uploaded
//!                         (where the county lies directly under a province ──►)
//! ```
//!
//! Who takes which step on what ground is data in `rules/step.rs`, status × event as text in `rules/life_cycle.txt`. The
//! approval gives the units their classes in the same act. The last entry of a log may be voided by whoever made it; an
//! approval only while the classes that it gave still hold, and each unit then has a correcting entry with the class before.
//! No law is known to set a time for any step: the answer says since when whose turn it is.

mod actions;
mod http;
pub mod rules;
mod store;

pub use actions::{NewAdjustment, Proposal, propose};
pub use rules::{Elements, NewUnit, TRANSITIONS, Transition, Trigger};

use super::Register;

/// What the register of adjustments declares.
pub static REGISTER: Register = Register { id: "class_adjustment", routes: http::routes, layers: &[], importers: &[] };
