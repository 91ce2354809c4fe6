//! The check of a parcel before it is taken back, bought, sold, supplied or put to another use (准入查询).
//!
//! A question (parcel, operation, uses, what the caller states) meets the registers; the rules decide; the answer is
//! numbered without gaps per division and year and stored byte for byte.

pub mod actions;
pub mod http;
pub mod reply;
pub mod rules;
mod store;

pub use actions::{Answered, Question, Stated, ask, settings};
pub use http::{Asked, read_question, routes};
pub use rules::{
    Actor, Decision, FactUsed, Finding, Fired, GATES, Gate, Jurisdiction, Operation, Place, Source, Verdict, home,
};
