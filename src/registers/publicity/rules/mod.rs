//! Pure decisions about publicity: which duties there are, and how one stands on a day.

pub mod catalogue;
pub mod status;

pub use catalogue::{Audience, DutyRule, Withheld};
pub use status::{Shown, Standing, Status, status};
