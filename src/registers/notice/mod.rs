//! Written notices (通知书) of the ecology bureaus: made from the facts of a site, numbered, served, and never changed.
//!
//! ```text
//!   issued ── service, receipt not known yet ──► served ── receipt ──► received
//!     │ └───────────────── service with receipt ─────────────────────────►│
//!     └── void (with a reason; its number stays)                          └─ of a survey notice: the site's step, its clock
//! ```
//!
//! The kinds, who issues them at which stage on what ground, are data in `rules/kinds.rs`. The law is that of the day of
//! issue. Receipt of a survey notice takes the site's step in the same act, so that service is what starts the clock; a
//! step recorded on the site itself needs no notice here.

mod actions;
mod http;
pub mod rules;
mod store;

pub use actions::{Bureau, NewNotice, issue, office_name, serve};
pub use rules::{Given, NoticeKind, words};

use super::Register;

/// What the notice register declares.
pub static REGISTER: Register = Register { id: "notice", routes: http::routes, layers: &[], importers: &[] };
