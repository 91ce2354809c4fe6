//! The clocks: what is due when, counted as the Civil Code counts, and by whom.
//!
//! ```text
//!            open                     close on or before due_on          reopen
//!   (none) ───────► running ────────────────────────────────► met ─────────────► running
//!                      │     close after due_on
//!                      ├──────────────────────────────────────► met_late ──────► running
//!                      │     cancel (the step that opened it was entered in error)
//!                      └──────────────────────────────────────► cancelled
//! ```
//!
//! `open`, `due_soon` and `overdue` are no states that somebody sets: they are what a running clock is on the day asked
//! ([`rules::status()`]). Other registers start and stop clocks as effects of their own steps; nobody does so by hand.
//! A due date rests on the working-day calendar: what is provisional is counted again when a year is loaded.

mod actions;
mod http;
mod ics;
pub mod rules;
mod store;

pub use actions::{
    CalendarImport, OpenDeadline, Recomputed, Subject, calendar, cancel, close, for_subject, import_calendar, open,
    reopen, subject_changed,
};
pub use rules::catalogue::{ALL as RULES, find};
pub use rules::{Closed, DeadlineRule, Status, status};
pub use store::{Deadline, Why};

use super::Register;

/// What the deadline register declares.
pub static REGISTER: Register = Register { id: "deadline", routes: http::routes, layers: &[], importers: &[] };
