//! What is decided about measures: their kinds, their life, whether they fit a unit.

mod kind;
mod life_cycle;
#[cfg(test)]
mod tests;

pub use kind::{KINDS, KindRow, MeasureAction, MeasureKind, class_title};
pub use life_cycle::{
    Entry, MeasureEvent, MeasureStatus, Need, STEPS, Stage, Standing, Step, is_governments, stage_title, step,
};
