//! What follows from a step, as data: stores and other registers carry it out, the log keeps it.

use super::stage::{List, RiskGrade};
use super::table::{Publicity, StatutoryClock};
use crate::kernel::Day;
use crate::platform::Role;

/// From which day a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartFrom {
    /// The day on which the notice was received, as the law has it.
    Receipt,
}

/// One thing that follows from a step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// A clock starts; its due day is the business of the deadline register.
    DeadlineOpened {
        /// Which clock.
        rule: StatutoryClock,
        /// The day that is counted from (and is not itself counted).
        start_on: Day,
        /// What day that is.
        start_from: StartFrom,
        /// Who must be done in time.
        responsible: Role,
    },
    /// A clock stops, on time or late.
    DeadlineClosed {
        /// Which clock.
        rule: StatutoryClock,
        /// The day on which what it asks for was done.
        on: Day,
    },
    /// A stopped clock runs on, with its first start and due day.
    DeadlineReopened {
        /// Which clock.
        rule: StatutoryClock,
        /// The day on which it had been stopped.
        closed_on: Day,
    },
    /// The site is put on a list.
    ListEntered {
        /// Which list.
        list: List,
    },
    /// The site is taken off a list.
    ListLeft {
        /// Which list.
        list: List,
    },
    /// The directory carries this grade.
    RiskGraded {
        /// The grade.
        grade: RiskGrade,
    },
    /// Something must be published from now on.
    PublicityOwed {
        /// What.
        duty: Publicity,
        /// By whom.
        by: Role,
    },
    /// Something that had to be published was.
    PublicityMet {
        /// What.
        duty: Publicity,
    },
    /// Somebody must be told.
    ToInform {
        /// Who.
        whom: Role,
    },
    /// A bureau entered what somebody else had filed on paper.
    EnteredOnBehalf {
        /// For whom.
        of: Role,
    },
    /// An earlier event is void; what undoes its effects stands behind this one.
    Voided {
        /// The event's number in the log.
        seq: u32,
    },
    /// An effect of a voided event is taken back: an opened clock is cancelled, a closed one runs on, an entry in a list
    /// never was.
    Undone {
        /// What is taken back.
        #[schema(no_recursion)]
        effect: Box<Effect>,
    },
}
