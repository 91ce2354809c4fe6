//! What must be public: which duties there are, whom they bind, where and from when to when they were met.
//!
//! ```text
//!          owe                    meet                         last day passed, long enough
//!  (none) ─────► owed ──────────────────────────► on_display ─────────────────────────────────► ended
//!                 │ ▲     unmeet (void)                │
//!         release │ └──────────────────────────────────┤ last day passed, or taken down, too soon
//!                 ▼                                    ▼
//!              released                         taken_down_early ─ meet (again) ─► on_display
//! ```
//!
//! Nobody sets a state: each is what duty and publications are on the day asked ([`rules::status()`]). Other registers owe
//! and meet duties as effects of their own steps. A publication shorter than the law's least is a fact and is recorded, but
//! the duty stays unmet. The bureaus and the land user see every duty of theirs; the public sees what is on display.

mod actions;
mod http;
mod page;
pub mod rules;
mod store;

pub use actions::{
    DutyKey, NewDuty, Publication, is_kept, meet, owe, put_back, release, subject_changed, take_down, unmeet,
};
pub use rules::catalogue::{ALL as RULES, find};
pub use rules::{Audience, DutyRule, Status};

use super::Register;

/// What the publicity register declares.
pub static REGISTER: Register = Register { id: "publicity", routes: http::routes, layers: &[], importers: &[] };
