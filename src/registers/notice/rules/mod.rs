//! Which notices there are, who may issue one at which stage on what ground, and what it says. Pure: facts and a day in, a
//! paper with its articles out.
//!
//! * [`kinds`]: the kinds, as data.
//! * [`issue`]: may it be issued, and what is missing.
//! * [`paper`]: the text, piece by piece.
//! * [`words`]: articles and days as offices write them.
//! * [`service`]: how and when it reached whom.

pub mod issue;
pub mod kinds;
pub mod paper;
pub mod service;
pub mod words;

pub use issue::{Facts, Period, Refusal, SiteFacts, permit};
pub use kinds::{Due, KINDS, Kind, NoticeKind, Place};
pub use paper::{Check, Drafted, Paper, Section, draft};
pub use service::{Given, SERVICE_WAYS, Served, Status, serve};
