//! The rules of an adjustment: who takes which step when, what each step says, which units may be proposed.

mod given;
mod proposal;
mod step;

pub use given::{BoundaryReview, Facts, Given, System, read};
pub use proposal::{ChangeSum, Elements, Found, MAX_UNITS, NewUnit, check, settle, sums, text_fault};
pub use step::{
    Actor, EventType, Here, Last, Level, Refusal, Status, Step, TRANSITIONS, Transition, Trigger, department, ground,
    step, turn,
};

#[cfg(test)]
mod tests;
