//! The rules of a warning: what raises one, who warns, how it is followed up.

mod addressee;
mod given;
mod step;
mod weigh;

pub use addressee::{ADDRESSEES, Addressee, IssuerLevel, Restriction, addressee, find_addressee, wordings};
pub use given::{Facts, Given, read, text_fault};
pub use step::{
    Actor, EventType, Here, Last, Refusal, Side, Status, Step, TRANSITIONS, Transition, department, ground, step,
};
pub use weigh::{Counted, Kind, Loss, Move, MoveCause, losses};

#[cfg(test)]
mod tests;
