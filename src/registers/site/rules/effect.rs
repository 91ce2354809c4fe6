//! What follows from a step, as data: stores and other registers carry it out, the log keeps it.

use super::event::{Ground, Party};
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
    /// The day of the event.
    Event,
    /// The first day of a transport, from which is counted back.
    Transport,
    /// The first day of the year that the plan is for.
    PlanYear,
}

/// Something that stands over a site beside its stage.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// 污染扩散
    Spread,
    /// 突发环境事件
    Emergency,
    /// 未达到管控、修复目标：不得开工建设无关项目
    TargetsMissed,
    /// 已责令停止建设
    WorksStopped,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Flag; 4] = [Flag::Spread, Flag::Emergency, Flag::TargetsMissed, Flag::WorksStopped];

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Flag> {
        Flag::ALL.into_iter().find(|flag| flag.as_str() == s)
    }

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Flag::Spread => "spread",
            Flag::Emergency => "emergency",
            Flag::TargetsMissed => "targets_missed",
            Flag::WorksStopped => "works_stopped",
        }
    }
}

/// One thing that follows from a step. A clock's `occasion` tells several of one rule apart; it is empty where a site has
/// one at a time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// A clock starts; its due day is the business of the deadline register.
    DeadlineOpened {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// The day that is counted from (and is not itself counted).
        start_on: Day,
        /// What day that is.
        start_from: StartFrom,
        /// The last day, where a notice or plan sets it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        set_due_on: Option<Day>,
        /// Who must be done in time.
        responsible: Role,
    },
    /// A clock stops, on time or late.
    DeadlineClosed {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// The day on which what it asks for was done.
        on: Day,
    },
    /// A stopped clock runs on, with its first start and due day.
    DeadlineReopened {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// The day on which it had been stopped.
        closed_on: Day,
    },
    /// A clock's duty fell away.
    DeadlineCancelled {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// From which day.
        on: Day,
        /// Why.
        cause: String,
    },
    /// A clock is given a later last day.
    DeadlineExtended {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// The new last day.
        until: Day,
        /// Why.
        cause: String,
    },
    /// A clock stands still.
    DeadlineSuspended {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// From which day.
        on: Day,
        /// Why.
        cause: String,
    },
    /// A clock that stood still runs on.
    DeadlineResumed {
        /// Which clock.
        rule: StatutoryClock,
        /// Of which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// From which day.
        on: Day,
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
        /// For which occasion: the event that it follows from.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
    },
    /// Something that had to be published was.
    PublicityMet {
        /// What.
        duty: Publicity,
        /// For which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
    },
    /// What was public need be no longer: the site left the list, the works are over, the zone has ended.
    PublicityEnded {
        /// What.
        duty: Publicity,
        /// For which occasion.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        occasion: String,
        /// From which day.
        on: Day,
    },
    /// A control zone is drawn around the site.
    ZoneApproved,
    /// The control zones of the site end: it was found safe to use.
    ZonesLifted,
    /// Something stands over the site.
    FlagRaised {
        /// What.
        flag: Flag,
    },
    /// It no longer does.
    FlagLowered {
        /// What.
        flag: Flag,
    },
    /// Works already begun that have nothing to do with control or remediation must stop at once (Code art. 461(3)).
    WorksMustStop,
    /// From now on somebody else is liable for the site.
    LiablePartySet {
        /// Who.
        party: Party,
        /// Why.
        ground: Ground,
    },
    /// Somebody is to be told, without a duty on record: in logs that were kept before there were such records.
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
