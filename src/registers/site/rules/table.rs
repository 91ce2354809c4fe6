//! The procedure as data: one row per event type, one row per transition (rulebook 2.3).
//!
//! Which lists a site enters and leaves is not said here: it follows from the two stages ([`Stage::on`]).

use super::event::{Field, FieldRule, Need};
use super::stage::{ControlMode, Stage};
use crate::kernel::{Provision, Text};
use crate::platform::Role;
use crate::standards::law;
use Role::{CountyEcology, Government, LandUser, PrefectureEcology, ProvinceEcology, ThirdParty};

/// An event type of the HTTP surface.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// 列入疑似污染地块名单
    SuspectedListed,
    /// 送达初步调查书面通知
    SurveyNoticeServed,
    /// 提交初步调查报告
    PreliminaryReportSubmitted,
    /// 评审初步调查报告
    PreliminaryReportReviewed,
    /// 送达详细调查书面通知
    DetailedNoticeServed,
    /// 提交详细调查报告
    DetailedReportSubmitted,
    /// 提交风险评估报告
    RiskAssessmentSubmitted,
    /// 评审风险评估报告
    RiskAssessmentReviewed,
    /// 风险管控方案备案
    ControlPlanFiled,
    /// 批准划定管控区域
    ControlZoneApproved,
    /// 修复方案备案
    RemediationPlanFiled,
    /// 工程开工
    WorksStarted,
    /// 报告污染土壤转运计划
    SoilTransportReported,
    /// 工程完工
    WorksCompleted,
    /// 提交效果评估报告
    EffectReportSubmitted,
    /// 评审效果评估报告
    EffectReviewed,
    /// 后期管理开始
    AftercareStarted,
    /// 后期管理结束
    AftercareEnded,
    /// 报告污染扩散
    SpreadReported,
    /// 报告突发环境事件
    EmergencyReported,
    /// 变更责任主体
    LiablePartyChanged,
    /// 延长期限
    DeadlineExtended,
    /// 信息公开
    Disclosed,
    /// 误录作废
    EnteredInError,
}

/// A clock that the law starts and stops.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StatutoryClock {
    /// Six months for the preliminary survey, from receipt of the written notice (Order 42 art. 13).
    PreliminarySurveySixMonths,
}

impl StatutoryClock {
    /// Every clock.
    pub const ALL: [StatutoryClock; 1] = [StatutoryClock::PreliminarySurveySixMonths];

    /// The rule's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            StatutoryClock::PreliminarySurveySixMonths => "preliminary_survey_six_months",
        }
    }

    /// Who must be done before it runs out.
    pub const fn responsible(self) -> Role {
        match self {
            StatutoryClock::PreliminarySurveySixMonths => LandUser,
        }
    }
}

/// A duty to publish. The law says "promptly" or nothing of the time, so none of them has a due day of its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Publicity {
    /// Main content of the preliminary report, on a website or the like.
    PreliminaryReport,
    /// The entry in the directory of contaminated sites.
    ContaminatedDirectory,
}

impl Publicity {
    /// Every duty.
    pub const ALL: [Publicity; 2] = [Publicity::PreliminaryReport, Publicity::ContaminatedDirectory];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Publicity::PreliminaryReport => "preliminary_report",
            Publicity::ContaminatedDirectory => "contaminated_directory",
        }
    }

    /// What must be published.
    pub const fn title(self) -> Text {
        match self {
            Publicity::PreliminaryReport => {
                Text::fixed("公开初步调查报告主要内容", "Publish the main content of the preliminary report")
            }
            Publicity::ContaminatedDirectory => {
                Text::fixed("公布污染地块名录", "Publish the entry in the directory of contaminated sites")
            }
        }
    }

    /// Who must publish.
    pub const fn owed_by(self) -> Role {
        match self {
            Publicity::PreliminaryReport => LandUser,
            Publicity::ContaminatedDirectory => PrefectureEcology,
        }
    }

    /// The articles.
    pub const fn provisions(self) -> &'static [&'static Provision] {
        match self {
            Publicity::PreliminaryReport => const { &[&law::ORDER_42_13] },
            Publicity::ContaminatedDirectory => const { &[&law::ORDER_42_14] },
        }
    }
}

/// What a review of the preliminary report may conclude.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Nothing above the screening value of the planned class (or As, Co, V within background).
    NotContaminated,
    /// Something above it.
    Contaminated,
    /// The report does not answer the question; it goes back.
    Returned,
}

impl Case {
    /// Every conclusion.
    pub const ALL: [Case; 3] = [Case::NotContaminated, Case::Contaminated, Case::Returned];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Case::NotContaminated => "not_contaminated",
            Case::Contaminated => "contaminated",
            Case::Returned => "returned",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Case> {
        Case::ALL.into_iter().find(|case| case.as_str() == s)
    }
}

/// How an event type is taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// By the rows of [`TRANSITIONS`].
    ByTransition,
    /// In every stage in which there is an event to void; the former state comes back.
    ByVoiding,
    /// Known by name and place in the procedure only; the registry does not take it.
    Not(&'static [Stage]),
}

/// One event type.
#[derive(Debug, PartialEq, Eq)]
pub struct EventKind {
    /// Which.
    pub event_type: EventType,
    /// Its name on the wire.
    pub name: &'static str,
    /// What it is called.
    pub title: Text,
    /// The rule that a refusal names: the rulebook's transition, or a rule of the registry.
    pub rule: &'static str,
    /// The roles that may do it. Empty for [`Taken::ByVoiding`]: whoever may do a thing may also void it.
    pub actors: &'static [Role],
    /// What must and may be said with it.
    pub fields: &'static [FieldRule],
    /// What it stands on.
    pub provisions: &'static [&'static Provision],
    /// How it is taken.
    pub taken: Taken,
}

/// One way from stage to stage.
#[derive(Debug, PartialEq, Eq)]
pub struct Transition {
    /// The rulebook's number.
    pub id: &'static str,
    /// By which event.
    pub event: EventType,
    /// With which conclusion, where the event carries one.
    pub case: Option<Case>,
    /// From any of these.
    pub from: &'static [Stage],
    /// To this one; `None` stays.
    pub to: Option<Stage>,
    /// Clocks that start.
    pub opens: &'static [StatutoryClock],
    /// Clocks that stop.
    pub closes: &'static [StatutoryClock],
    /// Stopped clocks that run on, with their first due day.
    pub reopens: &'static [StatutoryClock],
    /// What must be published from now on.
    pub publicity: &'static [Publicity],
    /// Who must be told.
    pub informs: &'static [Role],
    /// What this way stands on, beside the event type's own articles.
    pub provisions: &'static [&'static Provision],
}

const fn required(field: Field) -> FieldRule {
    FieldRule { field, need: Need::Required }
}

const fn optional(field: Field) -> FieldRule {
    FieldRule { field, need: Need::Optional }
}

const fn with(field: Field, case: Case) -> FieldRule {
    FieldRule { field, need: Need::RequiredWith(case) }
}

const fn may_with(field: Field, case: Case) -> FieldRule {
    FieldRule { field, need: Need::OptionalWith(case) }
}

const NOTE: FieldRule = optional(Field::Note);

/// An event type that has its name and place only.
const fn not_taken(
    event_type: EventType,
    name: &'static str,
    title: Text,
    rule: &'static str,
    actors: &'static [Role],
    provisions: &'static [&'static Provision],
    stages: &'static [Stage],
) -> EventKind {
    EventKind { event_type, name, title, rule, actors, fields: &[], provisions, taken: Taken::Not(stages) }
}

const CONTAINMENT: Stage = Stage::RiskControl(ControlMode::Containment);
const SAFE_USE: Stage = Stage::RiskControl(ControlMode::SafeUse);

/// Everything but a mere lead.
const BEYOND_CANDIDATE: &[Stage] = &[
    Stage::Suspected,
    Stage::PreliminarySurvey,
    Stage::PreliminaryReview,
    Stage::NotContaminated,
    Stage::Contaminated,
    Stage::DetailedSurvey,
    Stage::RiskAssessment,
    Stage::RiskAcceptable,
    Stage::Listed,
    CONTAINMENT,
    SAFE_USE,
    Stage::Remediation,
    Stage::EffectEvaluation,
    Stage::Delisted,
    Stage::Aftercare,
];

/// The liable party does it; an agency may act for it.
const LIABLE: &[Role] = &[LandUser, ThirdParty];

/// County bureaus list and serve; where they are branches of the prefecture's bureau, that one organises them (Order 42
/// art. 4) and may do it itself.
const COUNTY_OR_ITS_PREFECTURE: &[Role] = &[CountyEcology, PrefectureEcology];

/// Every event type, in the order of [`EventType`].
pub static KINDS: [EventKind; 24] = [
    EventKind {
        event_type: EventType::SuspectedListed,
        name: "suspected_listed",
        title: Text::fixed("列入疑似污染地块名单", "Listed as suspected"),
        rule: "T2",
        actors: COUNTY_OR_ITS_PREFECTURE,
        fields: &[optional(Field::DocumentId), optional(Field::Reason), NOTE],
        provisions: &[&law::ORDER_42_12, &law::ORDER_42_2_3, &law::ORDER_42_4],
        taken: Taken::ByTransition,
    },
    EventKind {
        event_type: EventType::SurveyNoticeServed,
        name: "survey_notice_served",
        title: Text::fixed("送达初步调查书面通知", "Written notice of the preliminary survey served"),
        rule: "T3",
        actors: COUNTY_OR_ITS_PREFECTURE,
        fields: &[
            required(Field::ReceivedOn),
            optional(Field::IssuedOn),
            required(Field::ServedHow),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_13, &law::ORDER_42_4],
        taken: Taken::ByTransition,
    },
    EventKind {
        event_type: EventType::PreliminaryReportSubmitted,
        name: "preliminary_report_submitted",
        title: Text::fixed("提交初步调查报告", "Preliminary report submitted"),
        rule: "T4",
        // The land user files it, by itself or by its agency. A bureau that was handed paper enters it for the land user,
        // and the log says so: a clock must not run on because somebody has no account.
        actors: &[LandUser, ThirdParty, CountyEcology, PrefectureEcology],
        fields: &[required(Field::DocumentId), NOTE],
        provisions: &[&law::ORDER_42_13],
        taken: Taken::ByTransition,
    },
    EventKind {
        event_type: EventType::PreliminaryReportReviewed,
        name: "preliminary_report_reviewed",
        title: Text::fixed("评审初步调查报告", "Preliminary report reviewed"),
        rule: "T5",
        actors: &[PrefectureEcology],
        fields: &[
            required(Field::Conclusion),
            required(Field::DocumentId),
            with(Field::RiskGrade, Case::Contaminated),
            with(Field::Reason, Case::Returned),
            may_with(Field::AssessedClass, Case::NotContaminated),
            NOTE,
        ],
        provisions: &[&law::LAW_59_3_CODE_454_3],
        taken: Taken::ByTransition,
    },
    not_taken(
        EventType::DetailedNoticeServed,
        "detailed_notice_served",
        Text::fixed("送达详细调查书面通知", "Written notice of the detailed survey served"),
        "T8",
        &[PrefectureEcology],
        &[&law::ORDER_42_16],
        &[Stage::Contaminated],
    ),
    not_taken(
        EventType::DetailedReportSubmitted,
        "detailed_report_submitted",
        Text::fixed("提交详细调查报告", "Detailed report submitted"),
        "T9",
        LIABLE,
        &[&law::ORDER_42_16],
        &[Stage::DetailedSurvey],
    ),
    not_taken(
        EventType::RiskAssessmentSubmitted,
        "risk_assessment_submitted",
        Text::fixed("提交风险评估报告", "Risk assessment submitted"),
        "T10",
        LIABLE,
        &[&law::LAW_60_CODE_455],
        &[Stage::RiskAssessment],
    ),
    not_taken(
        EventType::RiskAssessmentReviewed,
        "risk_assessment_reviewed",
        Text::fixed("评审风险评估报告", "Risk assessment reviewed"),
        "T11",
        &[ProvinceEcology],
        &[&law::LAW_61_CODE_456],
        &[Stage::RiskAssessment],
    ),
    not_taken(
        EventType::ControlPlanFiled,
        "control_plan_filed",
        Text::fixed("风险管控方案备案", "Risk control plan filed"),
        "T13",
        LIABLE,
        &[&law::ORDER_42_18_22, &law::LAW_62_CODE_457],
        &[Stage::Contaminated, Stage::Listed, CONTAINMENT, SAFE_USE],
    ),
    not_taken(
        EventType::ControlZoneApproved,
        "control_zone_approved",
        Text::fixed("批准划定管控区域", "Control zone approved"),
        "T13",
        &[Government],
        &[&law::ORDER_42_18_22, &law::LAW_63_CODE_458],
        &[Stage::Contaminated, Stage::Listed, CONTAINMENT],
    ),
    not_taken(
        EventType::RemediationPlanFiled,
        "remediation_plan_filed",
        Text::fixed("修复方案备案", "Remediation scheme filed"),
        "T15",
        LIABLE,
        &[&law::LAW_64_CODE_459, &law::ORDER_42_24],
        &[Stage::Listed],
    ),
    not_taken(
        EventType::WorksStarted,
        "works_started",
        Text::fixed("工程开工", "Works started"),
        "T15a",
        LIABLE,
        &[&law::ORDER_42_25],
        &[Stage::Remediation],
    ),
    not_taken(
        EventType::SoilTransportReported,
        "soil_transport_reported",
        Text::fixed("报告污染土壤转运计划", "Transport of polluted soil reported"),
        "T15b",
        LIABLE,
        &[&law::LAW_41_CODE_436, &law::ORDER_42_25],
        &[Stage::Remediation],
    ),
    not_taken(
        EventType::WorksCompleted,
        "works_completed",
        Text::fixed("工程完工", "Works completed"),
        "T16",
        LIABLE,
        &[&law::LAW_65_CODE_460],
        &[Stage::Remediation],
    ),
    not_taken(
        EventType::EffectReportSubmitted,
        "effect_report_submitted",
        Text::fixed("提交效果评估报告", "Effect report submitted"),
        "T16",
        LIABLE,
        &[&law::LAW_65_CODE_460, &law::ORDER_42_26],
        &[SAFE_USE, Stage::Remediation],
    ),
    not_taken(
        EventType::EffectReviewed,
        "effect_reviewed",
        Text::fixed("评审效果评估报告", "Effect report reviewed"),
        "T17",
        &[ProvinceEcology],
        &[&law::LAW_66_CODE_461],
        &[Stage::EffectEvaluation],
    ),
    not_taken(
        EventType::AftercareStarted,
        "aftercare_started",
        Text::fixed("后期管理开始", "Aftercare started"),
        "T19",
        LIABLE,
        &[&law::LAW_42_3_CODE_437_3],
        &[Stage::Delisted],
    ),
    not_taken(
        EventType::AftercareEnded,
        "aftercare_ended",
        Text::fixed("后期管理结束", "Aftercare ended"),
        "T19",
        LIABLE,
        &[&law::LAW_42_3_CODE_437_3],
        &[Stage::Aftercare],
    ),
    not_taken(
        EventType::SpreadReported,
        "spread_reported",
        Text::fixed("报告污染扩散", "Spread reported"),
        "T20",
        LIABLE,
        &[&law::ORDER_42_21],
        BEYOND_CANDIDATE,
    ),
    not_taken(
        EventType::EmergencyReported,
        "emergency_reported",
        Text::fixed("报告突发环境事件", "Emergency reported"),
        "T20",
        LIABLE,
        &[&law::LAW_44_CODE_443, &law::ORDER_42_21],
        BEYOND_CANDIDATE,
    ),
    not_taken(
        EventType::LiablePartyChanged,
        "liable_party_changed",
        Text::fixed("变更责任主体", "Liable party changed"),
        "T21",
        COUNTY_OR_ITS_PREFECTURE,
        &[&law::LAW_45_CODE_439, &law::LAW_47_CODE_441, &law::ORDER_42_10],
        BEYOND_CANDIDATE,
    ),
    // No instrument at hand lets a bureau extend the six months.
    not_taken(
        EventType::DeadlineExtended,
        "deadline_extended",
        Text::fixed("延长期限", "Deadline extended"),
        "T4",
        COUNTY_OR_ITS_PREFECTURE,
        &[&law::ORDER_42_13],
        &[Stage::PreliminarySurvey],
    ),
    EventKind {
        event_type: EventType::Disclosed,
        name: "disclosed",
        title: Text::fixed("信息公开", "Disclosed"),
        rule: "disclosure",
        actors: &[LandUser, ThirdParty, CountyEcology, PrefectureEcology, ProvinceEcology],
        fields: &[
            required(Field::Channel),
            required(Field::From),
            optional(Field::Url),
            optional(Field::To),
            optional(Field::Subject),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_13, &law::ORDER_42_14],
        taken: Taken::ByTransition,
    },
    EventKind {
        event_type: EventType::EnteredInError,
        name: "entered_in_error",
        title: Text::fixed("误录作废", "Entered in error"),
        rule: "entered_in_error",
        actors: &[],
        fields: &[required(Field::Reason), optional(Field::DocumentId), NOTE],
        provisions: &[&law::PRODUCT_ENTERED_IN_ERROR],
        taken: Taken::ByVoiding,
    },
];

/// A transition without effects beyond the stage.
const PLAIN: Transition = Transition {
    id: "",
    event: EventType::Disclosed,
    case: None,
    from: &[],
    to: None,
    opens: &[],
    closes: &[],
    reopens: &[],
    publicity: &[],
    informs: &[],
    provisions: &[],
};

/// Every transition that the registry takes.
pub static TRANSITIONS: [Transition; 7] = [
    Transition {
        id: "T2",
        event: EventType::SuspectedListed,
        from: &[Stage::Candidate],
        to: Some(Stage::Suspected),
        ..PLAIN
    },
    Transition {
        id: "T3",
        event: EventType::SurveyNoticeServed,
        from: &[Stage::Suspected],
        to: Some(Stage::PreliminarySurvey),
        opens: &[StatutoryClock::PreliminarySurveySixMonths],
        ..PLAIN
    },
    // Submission stops the clock for the time of the review: whether the survey was completed is what the review decides.
    Transition {
        id: "T4",
        event: EventType::PreliminaryReportSubmitted,
        from: &[Stage::PreliminarySurvey],
        to: Some(Stage::PreliminaryReview),
        closes: &[StatutoryClock::PreliminarySurveySixMonths],
        publicity: &[Publicity::PreliminaryReport],
        ..PLAIN
    },
    Transition {
        id: "T6",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::NotContaminated),
        from: &[Stage::PreliminaryReview],
        to: Some(Stage::NotContaminated),
        provisions: &[&law::GB_36600_5_3_2],
        ..PLAIN
    },
    Transition {
        id: "T7",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::Contaminated),
        from: &[Stage::PreliminaryReview],
        to: Some(Stage::Contaminated),
        publicity: &[Publicity::ContaminatedDirectory],
        informs: &[Government],
        provisions: &[&law::ORDER_42_14],
        ..PLAIN
    },
    // A returned report is no completed survey, and no article starts a second period: the first due day stands again.
    Transition {
        id: "T5",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::Returned),
        from: &[Stage::PreliminaryReview],
        to: Some(Stage::PreliminarySurvey),
        reopens: &[StatutoryClock::PreliminarySurveySixMonths],
        provisions: &[&law::PRODUCT_RETURNED_REPORT],
        ..PLAIN
    },
    Transition { id: "disclosure", event: EventType::Disclosed, from: BEYOND_CANDIDATE, to: None, ..PLAIN },
];

impl EventType {
    /// Every event type.
    pub fn all() -> impl Iterator<Item = EventType> {
        KINDS.iter().map(|kind| kind.event_type)
    }

    /// Its row.
    pub fn kind(self) -> &'static EventKind {
        &KINDS[self as usize]
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        self.kind().name
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<EventType> {
        EventType::all().find(|t| t.as_str() == s)
    }

    /// The ways it can go.
    pub fn transitions(self) -> impl Iterator<Item = &'static Transition> {
        TRANSITIONS.iter().filter(move |t| t.event == self)
    }

    /// The stages in which the procedure has it; empty for voiding, which asks for an event instead.
    pub fn stages(self) -> Vec<Stage> {
        match &self.kind().taken {
            Taken::ByTransition => {
                let mut stages: Vec<Stage> = self.transitions().flat_map(|t| t.from.iter().copied()).collect();
                stages.dedup();
                stages
            }
            Taken::ByVoiding => Vec::new(),
            Taken::Not(stages) => stages.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_stand_in_the_order_of_the_type() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.event_type as usize, i, "{}", kind.name);
            assert_eq!(EventType::parse(kind.name), Some(kind.event_type));
            let wire = serde_json::to_value(kind.event_type).unwrap();
            assert_eq!(wire, kind.name);
            assert!(!kind.provisions.is_empty(), "{} stands on nothing", kind.name);
        }
        assert_eq!(EventType::parse("closed"), None);
    }

    #[test]
    fn what_is_taken_has_transitions_and_actors_and_the_rest_has_neither_fields_nor_transitions() {
        for kind in &KINDS {
            let ways = kind.event_type.transitions().count();
            match kind.taken {
                Taken::ByTransition => assert!(ways > 0 && !kind.actors.is_empty(), "{}", kind.name),
                Taken::ByVoiding => assert!(ways == 0 && kind.actors.is_empty(), "{}", kind.name),
                Taken::Not(stages) => {
                    assert!(ways == 0 && kind.fields.is_empty() && !stages.is_empty(), "{}", kind.name);
                }
            }
        }
    }

    #[test]
    fn no_two_ways_lead_from_the_same_stage_by_the_same_event_and_conclusion() {
        for (i, a) in TRANSITIONS.iter().enumerate() {
            for b in &TRANSITIONS[i + 1..] {
                let same = a.event == b.event && a.case == b.case && a.from.iter().any(|s| b.from.contains(s));
                assert!(!same, "{} and {}", a.id, b.id);
            }
        }
    }
}
