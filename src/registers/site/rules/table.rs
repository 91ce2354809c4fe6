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
    /// 报告监测结果
    MonitoringReported,
    /// 责令停止建设
    StopWorkOrdered,
    /// 中止期限
    DeadlineSuspended,
    /// 恢复期限
    DeadlineResumed,
    /// 撤销期限
    DeadlineCancelled,
}

/// A clock that the law, a notice or a service level starts and stops.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StatutoryClock {
    /// Serving the written notice after the listing, promptly.
    SurveyNotice,
    /// Six months for the preliminary survey, from receipt of the written notice (Order 42 art. 13).
    PreliminarySurveySixMonths,
    /// Review of a preliminary report.
    SurveyReportReview,
    /// Serving the second notice after the entry in the directory, promptly.
    DetailedNotice,
    /// The detailed survey, by the day that its notice sets.
    DetailedSurveyAsNotified,
    /// Review of a risk assessment.
    RiskAssessmentReview,
    /// Next year's control plan of a contained site.
    AnnualControlPlan,
    /// The next periodic report that a plan foresees.
    MonitoringReportAsPlanned,
    /// Telling the bureaus before polluted soil is moved.
    SoilTransportNotice,
    /// Review of an effect report.
    EffectReview,
}

impl StatutoryClock {
    /// Every clock.
    pub const ALL: [StatutoryClock; 10] = [
        StatutoryClock::SurveyNotice,
        StatutoryClock::PreliminarySurveySixMonths,
        StatutoryClock::SurveyReportReview,
        StatutoryClock::DetailedNotice,
        StatutoryClock::DetailedSurveyAsNotified,
        StatutoryClock::RiskAssessmentReview,
        StatutoryClock::AnnualControlPlan,
        StatutoryClock::MonitoringReportAsPlanned,
        StatutoryClock::SoilTransportNotice,
        StatutoryClock::EffectReview,
    ];

    /// The rule's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            StatutoryClock::SurveyNotice => "survey_notice",
            StatutoryClock::PreliminarySurveySixMonths => "preliminary_survey_six_months",
            StatutoryClock::SurveyReportReview => "survey_report_review",
            StatutoryClock::DetailedNotice => "detailed_notice",
            StatutoryClock::DetailedSurveyAsNotified => "detailed_survey_as_notified",
            StatutoryClock::RiskAssessmentReview => "risk_assessment_review",
            StatutoryClock::AnnualControlPlan => "annual_control_plan",
            StatutoryClock::MonitoringReportAsPlanned => "monitoring_report_as_planned",
            StatutoryClock::SoilTransportNotice => "soil_transport_notice",
            StatutoryClock::EffectReview => "effect_review",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<StatutoryClock> {
        StatutoryClock::ALL.into_iter().find(|clock| clock.as_str() == s)
    }

    /// Who must be done before it runs out.
    pub const fn responsible(self) -> Role {
        match self {
            StatutoryClock::SurveyNotice | StatutoryClock::AnnualControlPlan => CountyEcology,
            StatutoryClock::SurveyReportReview | StatutoryClock::DetailedNotice => PrefectureEcology,
            StatutoryClock::RiskAssessmentReview | StatutoryClock::EffectReview => ProvinceEcology,
            StatutoryClock::PreliminarySurveySixMonths
            | StatutoryClock::DetailedSurveyAsNotified
            | StatutoryClock::MonitoringReportAsPlanned
            | StatutoryClock::SoilTransportNotice => LandUser,
        }
    }
}

/// A duty to publish or to tell. What it asks for, by when and on what ground, the publicity register says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Publicity {
    /// Main content of the preliminary report, on a website or the like.
    PreliminaryReport,
    /// The entry in the directory of contaminated sites.
    ContaminatedDirectory,
    /// The county's government is told of the entry in the directory.
    CountyGovernmentTold,
    /// Main content of the detailed report.
    DetailedReport,
    /// Main content of the risk assessment.
    RiskAssessment,
    /// The entry in the control list.
    ControlList,
    /// Main content of the control plan.
    ControlPlan,
    /// Sign and announcement of a control zone.
    ControlZone,
    /// Main content of the remediation scheme, while works go on.
    RemediationPlan,
    /// The notice board at the works.
    WorksNoticeBoard,
    /// The effect report, for two months at least.
    EffectReport,
    /// The removal from the control list.
    ControlListRemoval,
}

impl Publicity {
    /// Every duty.
    pub const ALL: [Publicity; 12] = [
        Publicity::PreliminaryReport,
        Publicity::ContaminatedDirectory,
        Publicity::CountyGovernmentTold,
        Publicity::DetailedReport,
        Publicity::RiskAssessment,
        Publicity::ControlList,
        Publicity::ControlPlan,
        Publicity::ControlZone,
        Publicity::RemediationPlan,
        Publicity::WorksNoticeBoard,
        Publicity::EffectReport,
        Publicity::ControlListRemoval,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Publicity::PreliminaryReport => "preliminary_report",
            Publicity::ContaminatedDirectory => "contaminated_directory",
            Publicity::CountyGovernmentTold => "county_government_told",
            Publicity::DetailedReport => "detailed_report",
            Publicity::RiskAssessment => "risk_assessment",
            Publicity::ControlList => "control_list",
            Publicity::ControlPlan => "control_plan",
            Publicity::ControlZone => "control_zone",
            Publicity::RemediationPlan => "remediation_plan",
            Publicity::WorksNoticeBoard => "works_notice_board",
            Publicity::EffectReport => "effect_report",
            Publicity::ControlListRemoval => "control_list_removal",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Publicity> {
        Publicity::ALL.into_iter().find(|duty| duty.as_str() == s)
    }

    /// Who must publish.
    pub const fn owed_by(self) -> Role {
        match self {
            Publicity::ContaminatedDirectory | Publicity::CountyGovernmentTold => PrefectureEcology,
            Publicity::ControlList | Publicity::ControlListRemoval => ProvinceEcology,
            Publicity::ControlZone => CountyEcology,
            Publicity::PreliminaryReport
            | Publicity::DetailedReport
            | Publicity::RiskAssessment
            | Publicity::ControlPlan
            | Publicity::RemediationPlan
            | Publicity::WorksNoticeBoard
            | Publicity::EffectReport => LandUser,
        }
    }

    /// Whether an announcement to everybody meets it. A letter to a government and a board at the works are named
    /// themselves when they are entered.
    pub const fn is_met_by_announcement(self) -> bool {
        !matches!(self, Publicity::CountyGovernmentTold | Publicity::WorksNoticeBoard | Publicity::ControlZone)
    }
}

/// What an event may conclude, or be filed for; each belongs to some event types.
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
    /// The risk is acceptable: neither control nor remediation.
    Acceptable,
    /// Control or remediation is needed: onto the control list.
    ActionRequired,
    /// The targets of control or remediation are met, and the land is safe to use.
    Met,
    /// They are not.
    NotMet,
    /// A control plan to keep the pollution from spreading.
    Containment,
    /// A control plan to use the land safely.
    SafeUse,
}

impl Case {
    /// Every case.
    pub const ALL: [Case; 9] = [
        Case::NotContaminated,
        Case::Contaminated,
        Case::Returned,
        Case::Acceptable,
        Case::ActionRequired,
        Case::Met,
        Case::NotMet,
        Case::Containment,
        Case::SafeUse,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Case::NotContaminated => "not_contaminated",
            Case::Contaminated => "contaminated",
            Case::Returned => "returned",
            Case::Acceptable => "acceptable",
            Case::ActionRequired => "action_required",
            Case::Met => "met",
            Case::NotMet => "not_met",
            Case::Containment => "containment",
            Case::SafeUse => "safe_use",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Case::NotContaminated => Text::fixed("非污染地块", "not contaminated"),
            Case::Contaminated => Text::fixed("污染地块", "contaminated"),
            Case::Returned => Text::fixed("退回", "returned"),
            Case::Acceptable => Text::fixed("风险可接受", "risk acceptable"),
            Case::ActionRequired => Text::fixed("需管控或修复", "control or remediation required"),
            Case::Met => Text::fixed("达到目标", "targets met"),
            Case::NotMet => Text::fixed("未达到目标", "targets not met"),
            Case::Containment => Text::fixed("防止扩散", "containment"),
            Case::SafeUse => Text::fixed("安全利用", "safe use"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Case> {
        Case::ALL.into_iter().find(|case| case.as_str() == s)
    }
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
    /// The roles that may do it. Empty for voiding: whoever may do a thing may also void it.
    pub actors: &'static [Role],
    /// What must and may be said with it.
    pub fields: &'static [FieldRule],
    /// What it stands on.
    pub provisions: &'static [&'static Provision],
    /// The articles on who neglects it.
    pub sanctions: &'static [&'static Provision],
}

/// What must be so beside the stage. What is not known of a site taken over from an existing register hinders nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// No report is under review.
    ReportAwaited,
    /// A report is under review.
    ReportSubmitted,
    /// Works have not begun.
    WorksNotStarted,
    /// Works have begun and are not completed.
    WorksUnderWay,
    /// Works are completed.
    WorksCompleted,
    /// It is on the control list.
    Listed,
    /// It is not on the control list.
    NotListed,
    /// A clock runs.
    ClockRuns,
    /// A clock stands still.
    ClockStands,
}

impl Guard {
    /// What is missing where it does not hold.
    pub const fn missing(self) -> Text {
        match self {
            Guard::None => Text::fixed("", ""),
            Guard::ReportAwaited => Text::fixed(
                "已有一份报告在评审中，须先作出评审结论",
                "a report is under review and must be concluded on first",
            ),
            Guard::ReportSubmitted => Text::fixed("尚未提交报告", "no report has been submitted"),
            Guard::WorksNotStarted => Text::fixed("工程已经开工", "the works have begun"),
            Guard::WorksUnderWay => Text::fixed("没有正在进行的工程", "no works are under way"),
            Guard::WorksCompleted => Text::fixed("工程尚未完工", "the works are not completed"),
            Guard::Listed => Text::fixed(
                "地块未列入风险管控和修复名录，须先完成风险评估",
                "the site is not on the control list: its risk must be assessed first",
            ),
            Guard::NotListed => Text::fixed("地块已列入风险管控和修复名录", "the site is on the control list already"),
            Guard::ClockRuns => Text::fixed("没有正在计算的期限", "no clock runs"),
            Guard::ClockStands => Text::fixed("没有中止的期限", "no clock stands still"),
        }
    }
}

/// Where a transition leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// It stays.
    Stay,
    /// To this stage.
    Stage(Stage),
    /// To the stage that the report under review came from.
    Back,
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
    /// What must be so besides.
    pub guard: Guard,
    /// Where it leads.
    pub to: To,
    /// Clocks that start.
    pub opens: &'static [StatutoryClock],
    /// Clocks that stop, where they run.
    pub closes: &'static [StatutoryClock],
    /// Stopped clocks that run on, with their first due day.
    pub reopens: &'static [StatutoryClock],
    /// Clocks whose duty falls away, where they run.
    pub cancels: &'static [StatutoryClock],
    /// What must be published from now on.
    pub publicity: &'static [Publicity],
    /// What this way stands on, beside the event type's own articles.
    pub provisions: &'static [&'static Provision],
}

const fn required(field: Field) -> FieldRule {
    FieldRule { field, need: Need::Required }
}

const fn optional(field: Field) -> FieldRule {
    FieldRule { field, need: Need::Optional }
}

const fn with(field: Field, cases: &'static [Case]) -> FieldRule {
    FieldRule { field, need: Need::RequiredWith(cases) }
}

const fn may_with(field: Field, cases: &'static [Case]) -> FieldRule {
    FieldRule { field, need: Need::OptionalWith(cases) }
}

const NOTE: FieldRule = optional(Field::Note);

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

/// A mere lead too: what happens on the ground does not wait for a listing.
const EVERYWHERE: &[Stage] = &Stage::ALL;

/// Where a step of survey, assessment, control or remediation is still to be done.
const NOT_DONE: &[Stage] = &[
    Stage::Suspected,
    Stage::PreliminarySurvey,
    Stage::PreliminaryReview,
    Stage::Contaminated,
    Stage::DetailedSurvey,
    Stage::RiskAssessment,
    Stage::Listed,
    CONTAINMENT,
    SAFE_USE,
    Stage::Remediation,
    Stage::EffectEvaluation,
];

/// The liable party files it, by itself or by its agency; a bureau of county or prefecture enters what it was handed.
const FILED_BY_LIABLE: &[Role] = &[LandUser, ThirdParty, CountyEcology, PrefectureEcology];

/// As [`FILED_BY_LIABLE`], where the province's bureau is handed the paper.
const FILED_WITH_PROVINCE: &[Role] = &[LandUser, ThirdParty, CountyEcology, PrefectureEcology, ProvinceEcology];

/// As [`FILED_BY_LIABLE`], where the plans have the government monitor too.
const FILED_BY_LIABLE_OR_GOVERNMENT: &[Role] = &[LandUser, ThirdParty, CountyEcology, PrefectureEcology, Government];

/// Whoever sees it first.
const REPORTED_BY_ANYBODY: &[Role] =
    &[LandUser, ThirdParty, CountyEcology, PrefectureEcology, ProvinceEcology, Government];

const ANY_BUREAU: &[Role] = &[CountyEcology, PrefectureEcology, ProvinceEcology];

/// County bureaus list and serve; where they are branches of the prefecture's bureau, that one organises them (Order 42
/// art. 4) and may do it itself.
const COUNTY_OR_ITS_PREFECTURE: &[Role] = &[CountyEcology, PrefectureEcology];

/// Every event type, in the order of [`EventType`].
pub static KINDS: [EventKind; 29] = [
    EventKind {
        event_type: EventType::SuspectedListed,
        name: "suspected_listed",
        title: Text::fixed("列入疑似污染地块名单", "Listed as suspected"),
        rule: "T2",
        actors: COUNTY_OR_ITS_PREFECTURE,
        fields: &[optional(Field::DocumentId), optional(Field::Reason), NOTE],
        provisions: &[&law::ORDER_42_12, &law::ORDER_42_2_3, &law::ORDER_42_4],
        sanctions: &[],
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
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::PreliminaryReportSubmitted,
        name: "preliminary_report_submitted",
        title: Text::fixed("提交初步调查报告", "Preliminary report submitted"),
        rule: "T4",
        // The land user files it, by itself or by its agency. A bureau that was handed paper enters it for the land user,
        // and the log says so: a clock must not run on because somebody has no account.
        actors: FILED_BY_LIABLE,
        fields: &[required(Field::DocumentId), NOTE],
        provisions: &[&law::ORDER_42_13],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_90_CODE_1230],
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
            with(Field::RiskGrade, &[Case::Contaminated]),
            with(Field::Reason, &[Case::Returned]),
            may_with(Field::AssessedClass, &[Case::NotContaminated]),
            NOTE,
        ],
        provisions: &[&law::LAW_59_3_CODE_454_3],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::DetailedNoticeServed,
        name: "detailed_notice_served",
        title: Text::fixed("送达详细调查书面通知", "Written notice of the detailed survey served"),
        rule: "T8",
        actors: &[PrefectureEcology],
        fields: &[
            required(Field::ReceivedOn),
            optional(Field::IssuedOn),
            optional(Field::DueOn),
            required(Field::ServedHow),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_16],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::DetailedReportSubmitted,
        name: "detailed_report_submitted",
        title: Text::fixed("提交详细调查报告", "Detailed report submitted"),
        rule: "T9",
        actors: FILED_BY_LIABLE,
        fields: &[required(Field::DocumentId), NOTE],
        provisions: &[&law::ORDER_42_16],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_90_CODE_1230],
    },
    EventKind {
        event_type: EventType::RiskAssessmentSubmitted,
        name: "risk_assessment_submitted",
        title: Text::fixed("提交风险评估报告", "Risk assessment submitted"),
        rule: "T10",
        actors: FILED_WITH_PROVINCE,
        fields: &[required(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_60_CODE_455],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_90_CODE_1230],
    },
    EventKind {
        event_type: EventType::RiskAssessmentReviewed,
        name: "risk_assessment_reviewed",
        title: Text::fixed("评审风险评估报告", "Risk assessment reviewed"),
        rule: "T11",
        actors: &[ProvinceEcology],
        fields: &[
            required(Field::Conclusion),
            required(Field::DocumentId),
            with(Field::Reason, &[Case::Returned]),
            may_with(Field::AssessedClass, &[Case::Acceptable]),
            may_with(Field::RiskGrade, &[Case::ActionRequired]),
            NOTE,
        ],
        provisions: &[&law::LAW_61_CODE_456],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::ControlPlanFiled,
        name: "control_plan_filed",
        title: Text::fixed("风险管控方案备案", "Risk control plan filed"),
        rule: "T13",
        actors: FILED_BY_LIABLE,
        fields: &[
            required(Field::Mode),
            required(Field::DocumentId),
            with(Field::PlanYear, &[Case::Containment]),
            with(Field::Media, &[Case::Containment]),
            with(Field::Groundwater, &[Case::SafeUse]),
            optional(Field::ReportEveryMonths),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_18_22, &law::LAW_62_CODE_457],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_95_CODE_1166_1167],
    },
    EventKind {
        event_type: EventType::ControlZoneApproved,
        name: "control_zone_approved",
        title: Text::fixed("批准划定管控区域", "Control zone approved"),
        rule: "T13",
        actors: &[Government],
        fields: &[
            required(Field::Geometry),
            required(Field::ApprovedBy),
            optional(Field::DocumentNumber),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_18_22, &law::LAW_63_CODE_458],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::RemediationPlanFiled,
        name: "remediation_plan_filed",
        title: Text::fixed("修复方案备案", "Remediation scheme filed"),
        rule: "T15",
        actors: FILED_BY_LIABLE,
        fields: &[
            required(Field::Groundwater),
            optional(Field::AssessedClass),
            optional(Field::ReportEveryMonths),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::LAW_64_CODE_459, &law::ORDER_42_24],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_95_CODE_1166_1167],
    },
    EventKind {
        event_type: EventType::WorksStarted,
        name: "works_started",
        title: Text::fixed("工程开工", "Works started"),
        rule: "T15a",
        actors: FILED_BY_LIABLE,
        fields: &[required(Field::Contractor), optional(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_40_3_CODE_435_3, &law::ORDER_42_25],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::SoilTransportReported,
        name: "soil_transport_reported",
        title: Text::fixed("报告污染土壤转运计划", "Transport of polluted soil reported"),
        rule: "T15b",
        actors: FILED_BY_LIABLE,
        fields: &[
            required(Field::TransportOn),
            required(Field::TransportMode),
            required(Field::Route),
            required(Field::QuantityT),
            required(Field::Destination),
            required(Field::FinalDisposal),
            required(Field::DestinationDivision),
            required(Field::OriginToldOn),
            required(Field::DestinationToldOn),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::LAW_41_CODE_436, &law::ORDER_42_25],
        sanctions: &[&law::LAW_91_3_CODE_1162_5],
    },
    EventKind {
        event_type: EventType::WorksCompleted,
        name: "works_completed",
        title: Text::fixed("工程完工", "Works completed"),
        rule: "T16",
        actors: FILED_BY_LIABLE,
        fields: &[optional(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_65_CODE_460],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::EffectReportSubmitted,
        name: "effect_report_submitted",
        title: Text::fixed("提交效果评估报告", "Effect report submitted"),
        rule: "T16",
        actors: FILED_WITH_PROVINCE,
        fields: &[required(Field::Evaluator), required(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_65_CODE_460, &law::ORDER_42_26],
        sanctions: &[&law::LAW_94_CODE_1165, &law::LAW_95_CODE_1166_1167, &law::LAW_90_CODE_1230],
    },
    EventKind {
        event_type: EventType::EffectReviewed,
        name: "effect_reviewed",
        title: Text::fixed("评审效果评估报告", "Effect report reviewed"),
        rule: "T17",
        actors: &[ProvinceEcology],
        fields: &[
            required(Field::Conclusion),
            required(Field::DocumentId),
            with(Field::Reason, &[Case::NotMet, Case::Returned]),
            may_with(Field::AssessedClass, &[Case::Met]),
            may_with(Field::Controls, &[Case::Met]),
            NOTE,
        ],
        provisions: &[&law::LAW_66_CODE_461],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::AftercareStarted,
        name: "aftercare_started",
        title: Text::fixed("后期管理开始", "Aftercare started"),
        rule: "T19",
        actors: FILED_BY_LIABLE,
        fields: &[optional(Field::ReportEveryMonths), optional(Field::Controls), required(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_42_3_CODE_437_3],
        sanctions: &[&law::LAW_92_CODE_1164],
    },
    EventKind {
        event_type: EventType::AftercareEnded,
        name: "aftercare_ended",
        title: Text::fixed("后期管理结束", "Aftercare ended"),
        rule: "T19",
        actors: ANY_BUREAU,
        fields: &[optional(Field::Reason), required(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_42_3_CODE_437_3],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::SpreadReported,
        name: "spread_reported",
        title: Text::fixed("报告污染扩散", "Spread reported"),
        rule: "T20",
        actors: REPORTED_BY_ANYBODY,
        fields: &[
            required(Field::Status),
            required(Field::Media),
            required(Field::Measures),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_21],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::EmergencyReported,
        name: "emergency_reported",
        title: Text::fixed("报告突发环境事件", "Emergency reported"),
        rule: "T20",
        actors: REPORTED_BY_ANYBODY,
        fields: &[required(Field::Status), required(Field::Measures), optional(Field::DocumentId), NOTE],
        provisions: &[&law::LAW_44_CODE_443, &law::ORDER_42_21],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::LiablePartyChanged,
        name: "liable_party_changed",
        title: Text::fixed("变更责任主体", "Liable party changed"),
        rule: "T21",
        actors: &[CountyEcology, PrefectureEcology, Government],
        fields: &[
            required(Field::Ground),
            required(Field::Party),
            optional(Field::Reason),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::LAW_45_CODE_439, &law::LAW_47_CODE_441, &law::ORDER_42_10, &law::LAW_68_CODE_463],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::DeadlineExtended,
        name: "deadline_extended",
        title: Text::fixed("延长期限", "Deadline extended"),
        rule: "clock",
        // No instrument at hand lets a bureau change a clock: the answer says so, and whoever does it says why.
        actors: ANY_BUREAU,
        fields: &[
            required(Field::DeadlineRule),
            optional(Field::Occasion),
            required(Field::Until),
            required(Field::Reason),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::PRODUCT_CLOCK_CHANGED],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::Disclosed,
        name: "disclosed",
        title: Text::fixed("信息公开", "Disclosed"),
        rule: "disclosure",
        actors: &[LandUser, ThirdParty, CountyEcology, PrefectureEcology, ProvinceEcology, Government],
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
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::EnteredInError,
        name: "entered_in_error",
        title: Text::fixed("误录作废", "Entered in error"),
        rule: "entered_in_error",
        actors: &[],
        fields: &[required(Field::Reason), optional(Field::DocumentId), NOTE],
        provisions: &[&law::PRODUCT_ENTERED_IN_ERROR],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::MonitoringReported,
        name: "monitoring_reported",
        title: Text::fixed("报告监测结果", "Monitoring reported"),
        rule: "T13",
        actors: FILED_BY_LIABLE_OR_GOVERNMENT,
        fields: &[
            required(Field::Media),
            required(Field::Exceeded),
            optional(Field::Measures),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::ORDER_42_18_22, &law::LAW_62_CODE_457],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::StopWorkOrdered,
        name: "stop_work_ordered",
        title: Text::fixed("责令停止建设", "Works ordered to stop"),
        rule: "T18",
        actors: ANY_BUREAU,
        fields: &[
            required(Field::Status),
            required(Field::Reason),
            optional(Field::ServedHow),
            optional(Field::ReceivedOn),
            required(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::CODE_461_3, &law::LAW_66_3_CODE_461_3],
        sanctions: &[&law::CODE_1162_7],
    },
    EventKind {
        event_type: EventType::DeadlineSuspended,
        name: "deadline_suspended",
        title: Text::fixed("中止期限", "Deadline suspended"),
        rule: "clock",
        actors: ANY_BUREAU,
        fields: &[
            required(Field::DeadlineRule),
            optional(Field::Occasion),
            required(Field::Reason),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::PRODUCT_CLOCK_CHANGED],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::DeadlineResumed,
        name: "deadline_resumed",
        title: Text::fixed("恢复期限", "Deadline resumed"),
        rule: "clock",
        actors: ANY_BUREAU,
        fields: &[
            required(Field::DeadlineRule),
            optional(Field::Occasion),
            optional(Field::Reason),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::PRODUCT_CLOCK_CHANGED],
        sanctions: &[],
    },
    EventKind {
        event_type: EventType::DeadlineCancelled,
        name: "deadline_cancelled",
        title: Text::fixed("撤销期限", "Deadline cancelled"),
        rule: "clock",
        actors: ANY_BUREAU,
        fields: &[
            required(Field::DeadlineRule),
            optional(Field::Occasion),
            required(Field::Reason),
            optional(Field::DocumentId),
            NOTE,
        ],
        provisions: &[&law::PRODUCT_CLOCK_CHANGED],
        sanctions: &[],
    },
];

/// A transition without effects beyond the stage.
const PLAIN: Transition = Transition {
    id: "",
    event: EventType::Disclosed,
    case: None,
    from: &[],
    guard: Guard::None,
    to: To::Stay,
    opens: &[],
    closes: &[],
    reopens: &[],
    cancels: &[],
    publicity: &[],
    provisions: &[],
};

/// Every transition that the registry takes.
pub static TRANSITIONS: [Transition; 39] = [
    Transition {
        id: "T2",
        event: EventType::SuspectedListed,
        from: &[Stage::Candidate],
        to: To::Stage(Stage::Suspected),
        opens: &[StatutoryClock::SurveyNotice],
        ..PLAIN
    },
    Transition {
        id: "T3",
        event: EventType::SurveyNoticeServed,
        from: &[Stage::Suspected],
        to: To::Stage(Stage::PreliminarySurvey),
        opens: &[StatutoryClock::PreliminarySurveySixMonths],
        closes: &[StatutoryClock::SurveyNotice],
        ..PLAIN
    },
    // Submission stops the clock for the time of the review: whether the survey was completed is what the review decides.
    Transition {
        id: "T4",
        event: EventType::PreliminaryReportSubmitted,
        from: &[Stage::PreliminarySurvey],
        to: To::Stage(Stage::PreliminaryReview),
        opens: &[StatutoryClock::SurveyReportReview],
        closes: &[StatutoryClock::PreliminarySurveySixMonths],
        publicity: &[Publicity::PreliminaryReport],
        ..PLAIN
    },
    Transition {
        id: "T6",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::NotContaminated),
        from: &[Stage::PreliminaryReview],
        to: To::Stage(Stage::NotContaminated),
        closes: &[StatutoryClock::SurveyReportReview],
        provisions: &[&law::GB_36600_5_3_2],
        ..PLAIN
    },
    Transition {
        id: "T7",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::Contaminated),
        from: &[Stage::PreliminaryReview],
        to: To::Stage(Stage::Contaminated),
        opens: &[StatutoryClock::DetailedNotice],
        closes: &[StatutoryClock::SurveyReportReview],
        publicity: &[Publicity::ContaminatedDirectory, Publicity::CountyGovernmentTold],
        provisions: &[&law::ORDER_42_14],
        ..PLAIN
    },
    // A returned report is no completed survey, and no article starts a second period: the first due day stands again.
    Transition {
        id: "T5",
        event: EventType::PreliminaryReportReviewed,
        case: Some(Case::Returned),
        from: &[Stage::PreliminaryReview],
        to: To::Stage(Stage::PreliminarySurvey),
        closes: &[StatutoryClock::SurveyReportReview],
        reopens: &[StatutoryClock::PreliminarySurveySixMonths],
        provisions: &[&law::PRODUCT_RETURNED_REPORT],
        ..PLAIN
    },
    Transition {
        id: "T8",
        event: EventType::DetailedNoticeServed,
        from: &[Stage::Contaminated],
        to: To::Stage(Stage::DetailedSurvey),
        opens: &[StatutoryClock::DetailedSurveyAsNotified],
        closes: &[StatutoryClock::DetailedNotice],
        ..PLAIN
    },
    // A contained site that is to be developed after all goes on where the procedure was left.
    Transition {
        id: "T8",
        event: EventType::DetailedNoticeServed,
        from: &[CONTAINMENT],
        guard: Guard::NotListed,
        to: To::Stage(Stage::DetailedSurvey),
        opens: &[StatutoryClock::DetailedSurveyAsNotified],
        cancels: &[StatutoryClock::AnnualControlPlan, StatutoryClock::MonitoringReportAsPlanned],
        ..PLAIN
    },
    Transition {
        id: "T9",
        event: EventType::DetailedReportSubmitted,
        from: &[Stage::DetailedSurvey],
        to: To::Stage(Stage::RiskAssessment),
        closes: &[StatutoryClock::DetailedSurveyAsNotified],
        publicity: &[Publicity::DetailedReport],
        ..PLAIN
    },
    Transition {
        id: "T10",
        event: EventType::RiskAssessmentSubmitted,
        from: &[Stage::RiskAssessment],
        guard: Guard::ReportAwaited,
        opens: &[StatutoryClock::RiskAssessmentReview],
        publicity: &[Publicity::RiskAssessment],
        ..PLAIN
    },
    Transition {
        id: "T11",
        event: EventType::RiskAssessmentReviewed,
        case: Some(Case::Acceptable),
        from: &[Stage::RiskAssessment],
        guard: Guard::ReportSubmitted,
        to: To::Stage(Stage::RiskAcceptable),
        closes: &[StatutoryClock::RiskAssessmentReview],
        ..PLAIN
    },
    Transition {
        id: "T12",
        event: EventType::RiskAssessmentReviewed,
        case: Some(Case::ActionRequired),
        from: &[Stage::RiskAssessment],
        guard: Guard::ReportSubmitted,
        to: To::Stage(Stage::Listed),
        closes: &[StatutoryClock::RiskAssessmentReview],
        publicity: &[Publicity::ControlList],
        provisions: &[&law::LAW_58_CODE_453],
        ..PLAIN
    },
    Transition {
        id: "T10",
        event: EventType::RiskAssessmentReviewed,
        case: Some(Case::Returned),
        from: &[Stage::RiskAssessment],
        guard: Guard::ReportSubmitted,
        closes: &[StatutoryClock::RiskAssessmentReview],
        ..PLAIN
    },
    Transition {
        id: "T13",
        event: EventType::ControlPlanFiled,
        case: Some(Case::Containment),
        from: &[Stage::Contaminated, Stage::Listed],
        to: To::Stage(CONTAINMENT),
        opens: &[StatutoryClock::AnnualControlPlan, StatutoryClock::MonitoringReportAsPlanned],
        cancels: &[StatutoryClock::DetailedNotice],
        publicity: &[Publicity::ControlPlan],
        provisions: &[&law::PLAN_INNER_MONGOLIA_CONTAINMENT, &law::PLAN_SHUOZHOU_7],
        ..PLAIN
    },
    // The plan of another year.
    Transition {
        id: "T13",
        event: EventType::ControlPlanFiled,
        case: Some(Case::Containment),
        from: &[CONTAINMENT],
        opens: &[StatutoryClock::AnnualControlPlan, StatutoryClock::MonitoringReportAsPlanned],
        closes: &[StatutoryClock::AnnualControlPlan],
        cancels: &[StatutoryClock::MonitoringReportAsPlanned],
        publicity: &[Publicity::ControlPlan],
        provisions: &[&law::PLAN_INNER_MONGOLIA_CONTAINMENT, &law::PLAN_SHUOZHOU_7],
        ..PLAIN
    },
    Transition {
        id: "T13",
        event: EventType::ControlZoneApproved,
        from: &[Stage::Contaminated, Stage::Listed, CONTAINMENT, SAFE_USE],
        publicity: &[Publicity::ControlZone],
        provisions: &[&law::PLAN_STATE_CONTROL_ZONE],
        ..PLAIN
    },
    Transition {
        id: "T13",
        event: EventType::MonitoringReported,
        from: &[CONTAINMENT, SAFE_USE, Stage::Remediation, Stage::EffectEvaluation],
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        closes: &[StatutoryClock::MonitoringReportAsPlanned],
        provisions: &[&law::PLAN_STATE_CONTAINMENT],
        ..PLAIN
    },
    Transition {
        id: "T19",
        event: EventType::MonitoringReported,
        from: &[Stage::Aftercare],
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        closes: &[StatutoryClock::MonitoringReportAsPlanned],
        provisions: &[&law::LAW_42_3_CODE_437_3],
        ..PLAIN
    },
    Transition {
        id: "T14",
        event: EventType::ControlPlanFiled,
        case: Some(Case::SafeUse),
        from: &[Stage::Listed, CONTAINMENT, SAFE_USE],
        guard: Guard::Listed,
        to: To::Stage(SAFE_USE),
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        cancels: &[StatutoryClock::AnnualControlPlan, StatutoryClock::MonitoringReportAsPlanned],
        publicity: &[Publicity::ControlPlan],
        ..PLAIN
    },
    Transition {
        id: "T15",
        event: EventType::RemediationPlanFiled,
        from: &[Stage::Listed, CONTAINMENT, SAFE_USE],
        guard: Guard::Listed,
        to: To::Stage(Stage::Remediation),
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        cancels: &[StatutoryClock::AnnualControlPlan, StatutoryClock::MonitoringReportAsPlanned],
        publicity: &[Publicity::RemediationPlan],
        ..PLAIN
    },
    // A scheme is filed before works: another one only until they begin.
    Transition {
        id: "T15",
        event: EventType::RemediationPlanFiled,
        from: &[Stage::Remediation],
        guard: Guard::WorksNotStarted,
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        cancels: &[StatutoryClock::MonitoringReportAsPlanned],
        publicity: &[Publicity::RemediationPlan],
        ..PLAIN
    },
    Transition {
        id: "T15a",
        event: EventType::WorksStarted,
        from: &[SAFE_USE, Stage::Remediation],
        guard: Guard::WorksNotStarted,
        publicity: &[Publicity::WorksNoticeBoard],
        ..PLAIN
    },
    Transition {
        id: "T15b",
        event: EventType::SoilTransportReported,
        from: &[SAFE_USE, Stage::Remediation],
        opens: &[StatutoryClock::SoilTransportNotice],
        ..PLAIN
    },
    Transition {
        id: "T16",
        event: EventType::WorksCompleted,
        from: &[SAFE_USE, Stage::Remediation],
        guard: Guard::WorksUnderWay,
        ..PLAIN
    },
    Transition {
        id: "T16",
        event: EventType::EffectReportSubmitted,
        from: &[SAFE_USE, Stage::Remediation],
        guard: Guard::WorksCompleted,
        to: To::Stage(Stage::EffectEvaluation),
        opens: &[StatutoryClock::EffectReview],
        publicity: &[Publicity::EffectReport],
        ..PLAIN
    },
    Transition {
        id: "T17",
        event: EventType::EffectReviewed,
        case: Some(Case::Met),
        from: &[Stage::EffectEvaluation],
        to: To::Stage(Stage::Delisted),
        closes: &[StatutoryClock::EffectReview],
        cancels: &[StatutoryClock::MonitoringReportAsPlanned],
        publicity: &[Publicity::ControlListRemoval],
        provisions: &[&law::LAW_58_CODE_453],
        ..PLAIN
    },
    Transition {
        id: "T18",
        event: EventType::EffectReviewed,
        case: Some(Case::NotMet),
        from: &[Stage::EffectEvaluation],
        to: To::Back,
        closes: &[StatutoryClock::EffectReview],
        provisions: &[&law::LAW_66_3_CODE_461_3],
        ..PLAIN
    },
    Transition {
        id: "T17",
        event: EventType::EffectReviewed,
        case: Some(Case::Returned),
        from: &[Stage::EffectEvaluation],
        to: To::Back,
        closes: &[StatutoryClock::EffectReview],
        ..PLAIN
    },
    Transition {
        id: "T19",
        event: EventType::AftercareStarted,
        from: &[Stage::Delisted],
        to: To::Stage(Stage::Aftercare),
        opens: &[StatutoryClock::MonitoringReportAsPlanned],
        ..PLAIN
    },
    Transition {
        id: "T19",
        event: EventType::AftercareEnded,
        from: &[Stage::Aftercare],
        to: To::Stage(Stage::Delisted),
        cancels: &[StatutoryClock::MonitoringReportAsPlanned],
        ..PLAIN
    },
    Transition { id: "T20", event: EventType::SpreadReported, from: EVERYWHERE, ..PLAIN },
    Transition { id: "T20", event: EventType::EmergencyReported, from: EVERYWHERE, ..PLAIN },
    Transition { id: "T21", event: EventType::LiablePartyChanged, from: BEYOND_CANDIDATE, ..PLAIN },
    Transition { id: "T18", event: EventType::StopWorkOrdered, from: NOT_DONE, ..PLAIN },
    Transition {
        id: "clock",
        event: EventType::DeadlineExtended,
        from: BEYOND_CANDIDATE,
        guard: Guard::ClockRuns,
        ..PLAIN
    },
    Transition {
        id: "clock",
        event: EventType::DeadlineSuspended,
        from: BEYOND_CANDIDATE,
        guard: Guard::ClockRuns,
        ..PLAIN
    },
    Transition {
        id: "clock",
        event: EventType::DeadlineResumed,
        from: BEYOND_CANDIDATE,
        guard: Guard::ClockStands,
        ..PLAIN
    },
    Transition {
        id: "clock",
        event: EventType::DeadlineCancelled,
        from: BEYOND_CANDIDATE,
        guard: Guard::ClockRuns,
        ..PLAIN
    },
    Transition { id: "disclosure", event: EventType::Disclosed, from: BEYOND_CANDIDATE, ..PLAIN },
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

    /// The conclusions, or modes, that it can carry, in the order of the table.
    pub fn cases(self) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for case in self.transitions().filter_map(|t| t.case) {
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
        cases
    }

    /// The stages in which the procedure has it, in the order of the life cycle; empty for voiding, which asks for an event
    /// instead.
    pub fn stages(self) -> Vec<Stage> {
        Stage::ALL.into_iter().filter(|stage| self.transitions().any(|t| t.from.contains(stage))).collect()
    }

    /// The day before which no law has it: the duty to stop works already begun came with the Code.
    pub const fn since(self) -> Option<crate::kernel::Day> {
        match self {
            EventType::StopWorkOrdered => Some(law::CODE_IN_FORCE),
            _ => None,
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
    fn every_type_but_voiding_has_a_way_and_somebody_who_may() {
        for kind in &KINDS {
            let ways = kind.event_type.transitions().count();
            let voids = kind.event_type == EventType::EnteredInError;
            assert_eq!((ways == 0, kind.actors.is_empty()), (voids, voids), "{}", kind.name);
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

    #[test]
    fn a_transition_of_every_number_of_the_rulebook_is_there() {
        let mut ids: Vec<&str> = TRANSITIONS.iter().map(|t| t.id).filter(|id| id.starts_with('T')).collect();
        ids.sort_unstable();
        ids.dedup();
        // T1 is the registration of a lead; T4x is a clock that has run out; T15c is a rule on waste, not a step.
        assert_eq!(
            ids,
            [
                "T10", "T11", "T12", "T13", "T14", "T15", "T15a", "T15b", "T16", "T17", "T18", "T19", "T2", "T20",
                "T21", "T3", "T4", "T5", "T6", "T7", "T8", "T9"
            ]
        );
    }

    #[test]
    fn names_of_clocks_duties_and_cases_read_back() {
        for clock in StatutoryClock::ALL {
            assert_eq!(StatutoryClock::parse(clock.as_str()), Some(clock));
            assert_eq!(serde_json::to_value(clock).unwrap(), clock.as_str());
        }
        for duty in Publicity::ALL {
            assert_eq!(Publicity::parse(duty.as_str()), Some(duty));
            assert_eq!(serde_json::to_value(duty).unwrap(), duty.as_str());
        }
        for case in Case::ALL {
            assert_eq!(Case::parse(case.as_str()), Some(case));
            assert_eq!(serde_json::to_value(case).unwrap(), case.as_str());
        }
    }
}
