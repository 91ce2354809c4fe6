//! The check of a parcel before it is taken back, bought, sold, supplied or put to another use (准入查询).
//!
//! A question (parcel, operation, uses, what the caller states) meets the registers; the rules decide; the answer is
//! numbered without gaps per division and year, signed, logged, and stored byte for byte. From then on it is watched: a change
//! that would alter the verdict or the records met supersedes it.

pub mod actions;
pub mod certificate;
pub mod http;
mod jobs;
pub mod reply;
pub mod rules;
mod store;

pub use actions::batch;
pub use actions::compare::{Difference, RuleSaid, differing};
pub use actions::records::{Misfit, verify_records, verify_records_of};
pub use actions::standing::{Status, became, not_found, status};
pub use actions::watch::{Fallen, Pass, Watched, pass, untrue, untrue_of, watch};
pub use actions::{Answered, Identity, Question, Stated, ask, ask_all, settings};
pub(crate) use http::wire_names;
pub use http::{Asked, read_all, read_outline, read_question, routes};
pub use jobs::{FILES, keep_watching, run_worker, work_off_batches};
pub use rules::{
    Actor, Decision, FactUsed, Finding, Fired, GATES, Gate, Jurisdiction, Operation, Place, Register, Relation,
    Reply as WrittenReply, Source, Verdict, after_reply, home,
};
pub use store::standing::{Became, Candidate, Logged};
