//! The clocks: what is due when, counted as the Civil Code counts, and by whom.
//!
//! ```text
//!            open                     close on or before the last day     reopen
//!   (none) ───────► running ──────────────────────────────────────► met ───────► running
//!                     │ ▲    close after it
//!                     │ │  ────────────────────────────────────► met_late ───────► running
//!                     │ │    cancel (with cause)
//!                     │ │  ────────────────────────────────────► cancelled ──────► running
//!             suspend ▼ │ resume (the days between are added)
//!                   suspended
//! ```
//!
//! `open`, `due_soon`, `suspended` and `overdue` are no states that somebody sets: they are what a running clock is on the
//! day asked ([`Deadline::standing`]). A running clock is extended until a later day; what was decided on a day counts from
//! that day on, and says nothing of the days before. Other registers start, change and stop clocks as effects of their own
//! steps; only yearly reports, which no register closes, are said to be done by whoever owes them.
//!
//! A rule whose number no text prints and nobody has set has clocks without a last day: they are listed as open, say why,
//! and are counted once the number is set.
//!
//! A due date stands on a rule, on the number that holds in the record's division on the day the period starts
//! ([`crate::standards::parameters`]), and on the working-day calendar: what is provisional is counted again when a year is
//! loaded.

mod actions;
mod daily;
mod figures;
mod http;
mod ics;
pub mod rules;
mod store;

pub use actions::{
    CalendarImport, ClockKey, ENTERED_IN_ERROR, Foreseen, OpenDeadline, Recomputed, Subject, all, calendar, cancel,
    close, extend, for_subject, foresee, import_calendar, is_recounted, number_differs, open, recount, reopen, resume,
    subject_changed, suspend, take_back_extension, take_back_resumption, take_back_suspension, void,
};
pub use daily::{Pass, daily, date, escalate, pass, run_worker};
pub use rules::catalogue::{ALL as RULES, find};
pub use rules::{Change, ChangeKind, Closed, Course, DeadlineRule, Due, Status, status};
pub use store::{Deadline, Why};

use super::Register;

/// What the deadline register declares.
pub static REGISTER: Register = Register { id: "deadline", routes: http::routes, layers: &[], importers: &[] };
