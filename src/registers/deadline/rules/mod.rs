//! Pure decisions about time: how a period is counted, which periods there are, where one stands on a day.

pub mod catalogue;
pub mod counting;
pub mod status;

pub use catalogue::DeadlineRule;
pub use counting::{Counting, Due, Reason, count};
pub use status::{Closed, Status, status};
