//! Warnings that a county's priority-protection land (优先保护类耕地) shrank or dropped in quality, and their follow-up.
//!
//! ```text
//! raised ──► issued ──► answered ──► restricted ──► closed
//!   │          └───────────────────────►│             ▲
//!   └─────────────────── from everywhere ─────────────┘   a further loss of the year: raised again
//! ```
//!
//! One warning per county, calendar year and kind. A loss raises it and later moves of the year add to it; whoever changes
//! farmland tells this register by [`weigh`] in the same act. Who warns differs: the nation's plan has the provincial
//! government, Inner Mongolia's its leagues and cities, Alxa's the league's administrative office; so does what it can lead
//! to. Both are data in `rules/addressee.rs`.

mod actions;
mod http;
pub mod rules;
mod store;

pub use actions::weigh;
pub use rules::{ADDRESSEES, Addressee, Move, MoveCause, TRANSITIONS, Transition};

use super::Register;

/// What the register of warnings declares.
pub static REGISTER: Register = Register { id: "protection", routes: http::routes, layers: &[], importers: &[] };
