//! Pure decisions about time: how a period is counted, which periods there are, where one stands on a day, and which step
//! of escalation it has reached.

pub mod catalogue;
pub mod counting;
pub mod escalation;
pub mod recount;
pub mod status;

pub use catalogue::{DeadlineRule, Period};
pub use counting::{Counting, Due, Reason, count};
pub use escalation::Step;
pub use recount::{Recounted, Terms, recount};
pub use status::{Change, ChangeKind, Closed, Course, Status, status};
