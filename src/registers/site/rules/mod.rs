//! What may happen to a site, who does it, what it needs and what follows. Pure: facts and a day in, a decision with its
//! articles out.
//!
//! * [`stage`]: the stages, the three lists, the risk grade.
//! * [`table`]: every event type and every transition, as data.
//! * [`event`]: an event with its facts, read from what was sent or stored.
//! * [`given`]: a site as an existing register had it.
//! * [`effect`]: what follows from a step.
//! * [`step`](mod@step): from one state to the next, or a refusal.
//! * [`restrictions`](mod@restrictions): what the land may be used for now.
//! * [`code`]: interim and national site codes.

pub mod code;
pub mod effect;
pub mod event;
pub mod given;
pub mod restrictions;
pub mod stage;
pub mod step;
pub mod table;
#[cfg(test)]
mod tests;

pub use code::{InterimCode, InterimKind, NationalCode};
pub use effect::{Effect, Flag, StartFrom};
pub use event::{AssessedClass, Course, Draft, Event, Field, Ground, Medium, Party, PartyDraft, credit_code_fault};
pub use given::Given;
pub use restrictions::{Gate, Restriction, restrictions};
pub use stage::{ControlMode, Impossible, List, OnList, RiskGrade, Stage, Status};
pub use step::{
    Entry, Liable, NextStep, Owed, Place, Refusal, Replayed, Running, SiteState, Standing, Step, next_steps, permit,
    registered_as_suspected, replay, replay_as_kept, replay_from, step, take,
};
pub use table::{Case, EventKind, EventType, Guard, Publicity, StatutoryClock, To, Transition};
