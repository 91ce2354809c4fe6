//! The life of a measure: which event is taken at which stage, by whom and with what; and how a measure stands on a day.

use super::kind::MeasureKind;
use crate::kernel::{Day, Provision, Text};
use crate::platform::Role;
use crate::standards::law;

/// How far a measure has come by its events, whatever the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Made or proposed.
    Draft,
    /// Approved, and not filed where filing is what makes it count.
    Approved,
    /// Approved or filed as its kind asks: it holds from its first day on.
    Effective,
    /// Ended.
    Ended,
    /// Given up before it counted.
    Withdrawn,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 5] = [Stage::Draft, Stage::Approved, Stage::Effective, Stage::Ended, Stage::Withdrawn];

    /// Its name in messages and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Draft => "draft",
            Stage::Approved => "approved",
            Stage::Effective => "effective",
            Stage::Ended => "ended",
            Stage::Withdrawn => "withdrawn",
        }
    }
}

/// How a measure stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureStatus {
    /// Made or proposed; it does not count yet.
    Draft,
    /// Approved; its first day, or its filing, is to come.
    Approved,
    /// Filed; its first day is to come.
    Filed,
    /// It holds.
    InForce,
    /// Its last day is past, or it was ended.
    Ended,
    /// Given up before it counted.
    Withdrawn,
}

impl MeasureStatus {
    /// Every status.
    pub const ALL: [MeasureStatus; 6] = [
        MeasureStatus::Draft,
        MeasureStatus::Approved,
        MeasureStatus::Filed,
        MeasureStatus::InForce,
        MeasureStatus::Ended,
        MeasureStatus::Withdrawn,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MeasureStatus::Draft => "draft",
            MeasureStatus::Approved => "approved",
            MeasureStatus::Filed => "filed",
            MeasureStatus::InForce => "in_force",
            MeasureStatus::Ended => "ended",
            MeasureStatus::Withdrawn => "withdrawn",
        }
    }

    /// Reads a wire name.
    pub fn parse(name: &str) -> Option<MeasureStatus> {
        MeasureStatus::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What happens to a measure.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MeasureEvent {
    /// The government approved it.
    Approved,
    /// It was filed.
    Filed,
    /// It was put into the national system.
    Uploaded,
    /// The report on the effect of a remediation was filed.
    EffectReportFiled,
    /// It holds no longer from a day on.
    Ended,
    /// It was given up before it counted.
    Withdrawn,
    /// The last event was entered in error.
    EnteredInError,
}

impl MeasureEvent {
    /// Every event.
    pub const ALL: [MeasureEvent; 7] = [
        MeasureEvent::Approved,
        MeasureEvent::Filed,
        MeasureEvent::Uploaded,
        MeasureEvent::EffectReportFiled,
        MeasureEvent::Ended,
        MeasureEvent::Withdrawn,
        MeasureEvent::EnteredInError,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MeasureEvent::Approved => "approved",
            MeasureEvent::Filed => "filed",
            MeasureEvent::Uploaded => "uploaded",
            MeasureEvent::EffectReportFiled => "effect_report_filed",
            MeasureEvent::Ended => "ended",
            MeasureEvent::Withdrawn => "withdrawn",
            MeasureEvent::EnteredInError => "entered_in_error",
        }
    }

    /// Reads a wire name.
    pub fn parse(name: &str) -> Option<MeasureEvent> {
        MeasureEvent::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// What an event must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Number of the document, or the receipt.
    Number,
    /// A filed paper.
    Document,
    /// A filed paper, from whoever is not the government itself.
    DocumentUnlessGovernment,
    /// The government, the agency, the system.
    Body,
    /// Why.
    Reason,
}

/// A line of the table: an event of some kinds at some stages.
#[derive(Debug)]
pub struct Step {
    /// The event.
    pub event: MeasureEvent,
    /// The kinds that have it so.
    pub kinds: &'static [MeasureKind],
    /// The stages at which it is taken.
    pub from: &'static [Stage],
    /// The stage it leads to; `None`: the same.
    pub to: Option<Stage>,
    /// Who records it.
    pub roles: &'static [Role],
    /// What it must carry.
    pub needs: &'static [Need],
    /// On what it stands.
    pub provisions: &'static [&'static Provision],
}

use MeasureKind::{CropBanZone, GroundwaterPlan, PriorityProtection, Remediation, RestructuringPlan, SafeUsePlan};

const FILED_KINDS: &[MeasureKind] = &[SafeUsePlan, RestructuringPlan, Remediation, GroundwaterPlan, PriorityProtection];
const AGRICULTURE: &[Role] = &[Role::Agriculture];
const AGRICULTURE_OR_GOVERNMENT: &[Role] = &[Role::Agriculture, Role::Government];
const AGRICULTURE_OR_ECOLOGY: &[Role] =
    &[Role::Agriculture, Role::CountyEcology, Role::PrefectureEcology, Role::ProvinceEcology];
const MAKERS: &[Role] =
    &[Role::Agriculture, Role::Government, Role::CountyEcology, Role::PrefectureEcology, Role::ProvinceEcology];

/// Every step.
pub static STEPS: &[Step] = &[
    Step {
        event: MeasureEvent::Approved,
        kinds: &[CropBanZone],
        from: &[Stage::Draft],
        to: Some(Stage::Effective),
        roles: AGRICULTURE_OR_GOVERNMENT,
        needs: &[Need::Number, Need::Body, Need::DocumentUnlessGovernment],
        provisions: &[&law::LAW_54_CODE_449],
    },
    Step {
        event: MeasureEvent::Approved,
        kinds: &[SafeUsePlan, RestructuringPlan, GroundwaterPlan],
        from: &[Stage::Draft],
        to: Some(Stage::Approved),
        roles: AGRICULTURE_OR_GOVERNMENT,
        needs: &[Need::Number, Need::Body, Need::DocumentUnlessGovernment],
        provisions: &[&law::ORDER_46_20],
    },
    Step {
        event: MeasureEvent::Filed,
        kinds: &[SafeUsePlan, PriorityProtection],
        from: &[Stage::Draft, Stage::Approved],
        to: Some(Stage::Effective),
        roles: AGRICULTURE,
        needs: &[],
        provisions: &[&law::LAW_53_CODE_448],
    },
    Step {
        event: MeasureEvent::Filed,
        kinds: &[RestructuringPlan],
        from: &[Stage::Draft, Stage::Approved],
        to: Some(Stage::Effective),
        roles: AGRICULTURE_OR_GOVERNMENT,
        needs: &[],
        provisions: &[&law::LAW_54_CODE_449],
    },
    Step {
        event: MeasureEvent::Filed,
        kinds: &[Remediation],
        from: &[Stage::Draft],
        to: Some(Stage::Effective),
        roles: AGRICULTURE,
        needs: &[Need::Document],
        provisions: &[&law::LAW_57_CODE_452],
    },
    Step {
        event: MeasureEvent::Filed,
        kinds: &[GroundwaterPlan],
        from: &[Stage::Draft, Stage::Approved],
        to: Some(Stage::Effective),
        roles: AGRICULTURE_OR_ECOLOGY,
        needs: &[],
        provisions: &[&law::LAW_55_CODE_450],
    },
    Step {
        event: MeasureEvent::Uploaded,
        kinds: &MeasureKind::ALL,
        from: &[Stage::Effective, Stage::Ended],
        to: None,
        roles: AGRICULTURE_OR_ECOLOGY,
        needs: &[Need::Body, Need::Number],
        provisions: &[&law::LAW_82_CODE_406],
    },
    Step {
        event: MeasureEvent::EffectReportFiled,
        kinds: &[Remediation],
        from: &[Stage::Effective, Stage::Ended],
        to: None,
        roles: AGRICULTURE,
        needs: &[Need::Body, Need::Document],
        provisions: &[&law::LAW_57_CODE_452],
    },
    Step {
        event: MeasureEvent::Ended,
        kinds: &[CropBanZone],
        from: &[Stage::Effective],
        to: Some(Stage::Ended),
        roles: AGRICULTURE_OR_GOVERNMENT,
        needs: &[Need::Reason, Need::Number, Need::Body, Need::DocumentUnlessGovernment],
        provisions: &[&law::LAW_54_CODE_449],
    },
    Step {
        event: MeasureEvent::Ended,
        kinds: FILED_KINDS,
        from: &[Stage::Effective],
        to: Some(Stage::Ended),
        roles: MAKERS,
        needs: &[Need::Reason],
        provisions: &[],
    },
    Step {
        event: MeasureEvent::Withdrawn,
        kinds: &MeasureKind::ALL,
        from: &[Stage::Draft, Stage::Approved],
        to: Some(Stage::Withdrawn),
        roles: MAKERS,
        needs: &[Need::Reason],
        provisions: &[],
    },
    Step {
        event: MeasureEvent::EnteredInError,
        kinds: &MeasureKind::ALL,
        from: &[Stage::Draft, Stage::Approved, Stage::Effective, Stage::Ended, Stage::Withdrawn],
        to: None,
        roles: MAKERS,
        needs: &[Need::Reason],
        provisions: &[&law::PRODUCT_ENTERED_IN_ERROR],
    },
];

/// The step that an event is at a stage; else the events that would be taken.
///
/// # Errors
/// The events that the stage has instead.
pub fn step(kind: MeasureKind, stage: Stage, event: MeasureEvent) -> Result<&'static Step, Vec<MeasureEvent>> {
    let open = |step: &&Step| step.kinds.contains(&kind) && step.from.contains(&stage);
    STEPS.iter().find(|step| step.event == event && open(step)).ok_or_else(|| {
        let mut allowed: Vec<_> = STEPS.iter().filter(open).map(|step| step.event).collect();
        allowed.dedup();
        allowed
    })
}

/// Whether the step is the government's decision, which is that of the measure's own division and of no other.
pub fn is_governments(step: &Step) -> bool {
    step.needs.contains(&Need::DocumentUnlessGovernment)
}

/// An event as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub event: MeasureEvent,
    /// Its day.
    pub on: Day,
    /// The government, agency or system.
    pub body: Option<String>,
    /// The number or receipt.
    pub number: Option<String>,
}

/// What a measure's events come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Day of the approval.
    pub approved_on: Option<Day>,
    /// The government that approved.
    pub approved_by: Option<String>,
    /// Number of the approval.
    pub approval_number: Option<String>,
    /// Day of the filing.
    pub filed_on: Option<Day>,
    /// Day from which it can hold.
    pub effective_on: Option<Day>,
    /// Day of the upload.
    pub uploaded_on: Option<Day>,
    /// Day on which the report on its effect was filed.
    pub effect_reported_on: Option<Day>,
    /// The day from which it holds no longer.
    pub ended_on: Option<Day>,
    /// Day on which it was given up.
    pub withdrawn_on: Option<Day>,
}

impl Standing {
    /// Of the events that stand, in their order.
    pub fn of(kind: MeasureKind, entries: &[Entry]) -> Standing {
        let mut standing = Standing::default();
        for entry in entries {
            match entry.event {
                MeasureEvent::Approved => {
                    standing.approved_on = Some(entry.on);
                    standing.approved_by.clone_from(&entry.body);
                    standing.approval_number.clone_from(&entry.number);
                    if kind == CropBanZone {
                        standing.effective_on = Some(entry.on);
                    }
                }
                MeasureEvent::Filed => {
                    standing.filed_on = Some(entry.on);
                    standing.effective_on = Some(entry.on);
                }
                MeasureEvent::Uploaded => standing.uploaded_on = Some(entry.on),
                MeasureEvent::EffectReportFiled => standing.effect_reported_on = Some(entry.on),
                MeasureEvent::Ended => standing.ended_on = Some(entry.on),
                MeasureEvent::Withdrawn => standing.withdrawn_on = Some(entry.on),
                MeasureEvent::EnteredInError => {}
            }
        }
        standing
    }

    /// The stage that it stands at.
    pub fn stage(&self) -> Stage {
        if self.withdrawn_on.is_some() {
            Stage::Withdrawn
        } else if self.ended_on.is_some() {
            Stage::Ended
        } else if self.effective_on.is_some() {
            Stage::Effective
        } else if self.approved_on.is_some() {
            Stage::Approved
        } else {
            Stage::Draft
        }
    }

    /// How a measure made for `from` to `to` stands on a day.
    pub fn status(&self, kind: MeasureKind, from: Day, to: Option<Day>, on: Day) -> MeasureStatus {
        let by = |day: Option<Day>| day.is_some_and(|day| day <= on);
        if by(self.withdrawn_on) {
            MeasureStatus::Withdrawn
        } else if by(self.effective_on) && (by(self.ended_on) || to.is_some_and(|to| to < on)) {
            MeasureStatus::Ended
        } else if by(self.effective_on) && from <= on {
            MeasureStatus::InForce
        } else if by(self.effective_on) && kind != CropBanZone {
            MeasureStatus::Filed
        } else if by(self.effective_on) || by(self.approved_on) {
            MeasureStatus::Approved
        } else {
            MeasureStatus::Draft
        }
    }

    /// Whether it held on any day of a year.
    pub fn held_in(&self, from: Day, to: Option<Day>, year: i32) -> bool {
        let Some(effective) = self.effective_on else { return false };
        let first = from.max(effective);
        let last = to.into_iter().chain(self.ended_on.map(|day| day.add_days(-1))).min();
        first.year() <= year && last.is_none_or(|last| last.year() >= year && first <= last)
    }
}

/// What is said of a stage in a refusal.
pub fn stage_title(stage: Stage) -> Text {
    match stage {
        Stage::Draft => Text::fixed("拟定", "a draft"),
        Stage::Approved => Text::fixed("已批准（待备案）", "approved and to be filed"),
        Stage::Effective => Text::fixed("已生效", "in effect"),
        Stage::Ended => Text::fixed("已终止", "ended"),
        Stage::Withdrawn => Text::fixed("已撤回", "withdrawn"),
    }
}
