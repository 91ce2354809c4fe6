//! An event of a site's life with its facts: read once from what was sent, right from then on.

use super::stage::RiskGrade;
use super::table::{Case, EventType, Publicity, StatutoryClock};
use crate::kernel::text::words;
use crate::kernel::{Area, Day, DivisionCode, DocumentId, Fault, Text};
use serde_json::{Number, Value};

/// Characters of a text field at most: a reason is a paragraph, the rest belongs into a document.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// Longest interval between the periodic reports of a plan, months.
const MAX_REPORT_MONTHS: u32 = 60;

/// A field that an event may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Day on which the notice was received.
    ReceivedOn,
    /// Day on which the notice was issued.
    IssuedOn,
    /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
    ServedHow,
    /// The document that proves it.
    DocumentId,
    /// Day by which the notice asks for it to be done.
    DueOn,
    /// What the review concluded.
    Conclusion,
    /// Mode of risk control.
    Mode,
    /// Risk grade of a contaminated site.
    RiskGrade,
    /// Class of GB 36600 that the conclusion holds for.
    AssessedClass,
    /// Why.
    Reason,
    /// Calendar year that the control plan is for.
    PlanYear,
    /// Environmental media: soil, surface_water, groundwater, air.
    Media,
    /// What the plan does about groundwater.
    Groundwater,
    /// Months between the periodic reports that the plan foresees.
    ReportEveryMonths,
    /// Outline of the control zone, GeoJSON in CRS84.
    Geometry,
    /// The government that approved it.
    ApprovedBy,
    /// Number of the approval.
    DocumentNumber,
    /// Who carries out the works.
    Contractor,
    /// Who evaluated the effect: another than whoever carried out the works.
    Evaluator,
    /// Who is liable from now on.
    Party,
    /// Why the liability changed hands.
    Ground,
    /// First day of the transport.
    TransportOn,
    /// Mode of transport.
    TransportMode,
    /// Route.
    Route,
    /// Quantity of polluted soil, tonnes.
    QuantityT,
    /// Where it goes.
    Destination,
    /// Division of the destination.
    DestinationDivision,
    /// What is done with it in the end.
    FinalDisposal,
    /// Day on which the bureau of the origin was told.
    OriginToldOn,
    /// Day on which the bureau of the destination was told.
    DestinationToldOn,
    /// Whether what was monitored exceeds the plan's limits.
    Exceeded,
    /// What was done about it.
    Measures,
    /// Whether it goes on or has ended.
    Status,
    /// Institutional controls that the land stays under.
    Controls,
    /// Which clock.
    DeadlineRule,
    /// Which of several clocks of that rule.
    Occasion,
    /// Until when.
    Until,
    /// Where it was published: website, gazette, notice board, in the office's words.
    Channel,
    /// Address of the publication, http or https.
    Url,
    /// First day of publication.
    From,
    /// Last day of publication; open when left out.
    To,
    /// The duty it meets; left out, every duty to the public that whoever discloses has then.
    Subject,
    /// Anything worth remembering.
    Note,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 43] = [
        Field::ReceivedOn,
        Field::IssuedOn,
        Field::ServedHow,
        Field::DocumentId,
        Field::DueOn,
        Field::Conclusion,
        Field::Mode,
        Field::RiskGrade,
        Field::AssessedClass,
        Field::Reason,
        Field::PlanYear,
        Field::Media,
        Field::Groundwater,
        Field::ReportEveryMonths,
        Field::Geometry,
        Field::ApprovedBy,
        Field::DocumentNumber,
        Field::Contractor,
        Field::Evaluator,
        Field::Party,
        Field::Ground,
        Field::TransportOn,
        Field::TransportMode,
        Field::Route,
        Field::QuantityT,
        Field::Destination,
        Field::DestinationDivision,
        Field::FinalDisposal,
        Field::OriginToldOn,
        Field::DestinationToldOn,
        Field::Exceeded,
        Field::Measures,
        Field::Status,
        Field::Controls,
        Field::DeadlineRule,
        Field::Occasion,
        Field::Until,
        Field::Channel,
        Field::Url,
        Field::From,
        Field::To,
        Field::Subject,
        Field::Note,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Field::ReceivedOn => "received_on",
            Field::IssuedOn => "issued_on",
            Field::ServedHow => "served_how",
            Field::DocumentId => "document_id",
            Field::DueOn => "due_on",
            Field::Conclusion => "conclusion",
            Field::Mode => "mode",
            Field::RiskGrade => "risk_grade",
            Field::AssessedClass => "assessed_class",
            Field::Reason => "reason",
            Field::PlanYear => "plan_year",
            Field::Media => "media",
            Field::Groundwater => "groundwater",
            Field::ReportEveryMonths => "report_every_months",
            Field::Geometry => "geometry",
            Field::ApprovedBy => "approved_by",
            Field::DocumentNumber => "document_number",
            Field::Contractor => "contractor",
            Field::Evaluator => "evaluator",
            Field::Party => "party",
            Field::Ground => "ground",
            Field::TransportOn => "transport_on",
            Field::TransportMode => "transport_mode",
            Field::Route => "route",
            Field::QuantityT => "quantity_t",
            Field::Destination => "destination",
            Field::DestinationDivision => "destination_division",
            Field::FinalDisposal => "final_disposal",
            Field::OriginToldOn => "origin_told_on",
            Field::DestinationToldOn => "destination_told_on",
            Field::Exceeded => "exceeded",
            Field::Measures => "measures",
            Field::Status => "status",
            Field::Controls => "controls",
            Field::DeadlineRule => "deadline_rule",
            Field::Occasion => "occasion",
            Field::Until => "until",
            Field::Channel => "channel",
            Field::Url => "url",
            Field::From => "from",
            Field::To => "to",
            Field::Subject => "subject",
            Field::Note => "note",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Field::ReceivedOn => Text::fixed("签收日期", "day of receipt"),
            Field::IssuedOn => Text::fixed("发文日期", "day of issue"),
            Field::ServedHow => Text::fixed("送达方式", "how it was served"),
            Field::DocumentId => Text::fixed("文件", "document"),
            Field::DueOn => Text::fixed("通知要求的完成日期", "day set by the notice"),
            Field::Conclusion => Text::fixed("评审结论", "conclusion"),
            Field::Mode => Text::fixed("管控方式", "mode of control"),
            Field::RiskGrade => Text::fixed("风险等级", "risk grade"),
            Field::AssessedClass => Text::fixed("评价所依据的用地类别", "land class assessed"),
            Field::Reason => Text::fixed("原因", "reason"),
            Field::PlanYear => Text::fixed("计划年度", "year of the plan"),
            Field::Media => Text::fixed("环境介质", "media"),
            Field::Groundwater => Text::fixed("地下水污染防治内容", "what is done about groundwater"),
            Field::ReportEveryMonths => Text::fixed("定期报告间隔（月）", "months between reports"),
            Field::Geometry => Text::fixed("管控区域范围", "outline of the zone"),
            Field::ApprovedBy => Text::fixed("批准机关", "approving government"),
            Field::DocumentNumber => Text::fixed("批准文号", "document number"),
            Field::Contractor => Text::fixed("施工单位", "contractor"),
            Field::Evaluator => Text::fixed("效果评估单位", "evaluator"),
            Field::Party => Text::fixed("责任主体", "liable party"),
            Field::Ground => Text::fixed("变更依据", "ground of the change"),
            Field::TransportOn => Text::fixed("转运日期", "day of transport"),
            Field::TransportMode => Text::fixed("运输方式", "mode of transport"),
            Field::Route => Text::fixed("运输线路", "route"),
            Field::QuantityT => Text::fixed("污染土壤数量（吨）", "quantity (t)"),
            Field::Destination => Text::fixed("去向", "destination"),
            Field::DestinationDivision => Text::fixed("接收地区划代码", "division of the destination"),
            Field::FinalDisposal => Text::fixed("最终处置措施", "final disposal"),
            Field::OriginToldOn => Text::fixed("报告转出地日期", "day on which the origin's bureau was told"),
            Field::DestinationToldOn => Text::fixed("报告接收地日期", "day on which the destination's bureau was told"),
            Field::Exceeded => Text::fixed("是否超标", "whether a limit was exceeded"),
            Field::Measures => Text::fixed("采取的措施", "measures taken"),
            Field::Status => Text::fixed("状态", "whether it goes on"),
            Field::Controls => Text::fixed("制度控制要求", "institutional controls"),
            Field::DeadlineRule => Text::fixed("期限规则", "rule of the deadline"),
            Field::Occasion => Text::fixed("期限所属事项", "occasion of the deadline"),
            Field::Until => Text::fixed("延长至", "until"),
            Field::Channel => Text::fixed("公开渠道", "channel"),
            Field::Url => Text::fixed("公开网址", "address of the publication"),
            Field::From => Text::fixed("公开起始日", "first day of publication"),
            Field::To => Text::fixed("公开截止日", "last day of publication"),
            Field::Subject => Text::fixed("公开事项", "what was published"),
            Field::Note => Text::fixed("备注", "note"),
        }
    }

    fn pointer(self) -> String {
        format!("/{}", self.as_str())
    }
}

/// Whether an event must carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Required,
    /// It may.
    Optional,
    /// With these conclusions; with another it may not.
    RequiredWith(&'static [Case]),
    /// It may with these conclusions; with another it may not.
    OptionalWith(&'static [Case]),
}

/// A field of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Which.
    pub field: Field,
    /// Whether it must be there.
    pub need: Need,
}

words! {
    /// Class of GB 36600 (第一类用地, 第二类用地).
    AssessedClass {
        /// 第一类用地: housing, schools, hospitals, welfare, community parks
        #[serde(rename = "class_1")]
        Class1 = "class_1", "第一类用地", "class 1 land";
        /// 第二类用地: the others
        #[serde(rename = "class_2")]
        Class2 = "class_2", "第二类用地", "class 2 land";
    }
}

words! {
    /// An environmental medium.
    #[schema(as = EnvironmentalMedium)]
    Medium {
        /// 土壤
        Soil = "soil", "土壤", "soil";
        /// 地表水
        SurfaceWater = "surface_water", "地表水", "surface water";
        /// 地下水
        Groundwater = "groundwater", "地下水", "groundwater";
        /// 空气
        Air = "air", "空气", "air";
    }
}

words! {
    /// Whether something goes on.
    Course {
        /// 持续
        Ongoing = "ongoing", "持续", "ongoing";
        /// 已结束
        Ended = "ended", "已结束", "ended";
    }
}

words! {
    /// Why liability for a site changed hands (rulebook T21).
    Ground {
        /// 责任主体终止或分立、合并，由承继单位承担
        Successor = "successor", "权利义务承继单位", "successor of the liable party";
        /// 土地使用权转让，由受让人承担
        Transferee = "transferee", "土地使用权受让人", "transferee of the land";
        /// 双方约定
        Agreement = "agreement", "双方约定的责任人", "party agreed upon";
        /// 污染责任人无法认定，由土地使用权人承担
        PolluterUnknown = "polluter_unknown", "污染责任人无法认定，由土地使用权人承担", "polluter unknown: the land user";
        /// 责任主体灭失或土地已收回，由政府承担
        Government = "government", "无责任主体，由所在地人民政府承担", "nobody is left: the government";
    }
}

/// An enterprise or authority.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"name": "（演示）某工程有限公司", "credit_code": "91150000MA0N00001X"}))]
pub struct Party {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Unified social credit code, 18 characters, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credit_code: Option<String>,
}

impl Party {
    /// Whether the two are one: by credit code where both have one, by name otherwise.
    pub fn is_same(&self, other: &Party) -> bool {
        match (&self.credit_code, &other.credit_code) {
            (Some(one), Some(another)) => one == another,
            _ => self.name == other.name,
        }
    }
}

/// A party as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyDraft {
    /// Name.
    pub name: String,
    /// Credit code.
    pub credit_code: Option<String>,
}

/// What was sent for an event, before it is known to be right: any field may be missing, or be there for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// See [`Field::ReceivedOn`].
    pub received_on: Option<Day>,
    /// See [`Field::IssuedOn`].
    pub issued_on: Option<Day>,
    /// See [`Field::ServedHow`].
    pub served_how: Option<String>,
    /// See [`Field::DocumentId`].
    pub document_id: Option<DocumentId>,
    /// See [`Field::DueOn`].
    pub due_on: Option<Day>,
    /// See [`Field::Conclusion`]; a wire name of [`Case`].
    pub conclusion: Option<String>,
    /// See [`Field::Mode`]; a wire name of [`Case`].
    pub mode: Option<String>,
    /// See [`Field::RiskGrade`]; a wire name of [`RiskGrade`] or the Chinese word.
    pub risk_grade: Option<String>,
    /// See [`Field::AssessedClass`].
    pub assessed_class: Option<String>,
    /// See [`Field::Reason`].
    pub reason: Option<String>,
    /// See [`Field::PlanYear`].
    pub plan_year: Option<i32>,
    /// See [`Field::Media`].
    pub media: Option<Vec<String>>,
    /// See [`Field::Groundwater`].
    pub groundwater: Option<String>,
    /// See [`Field::ReportEveryMonths`].
    pub report_every_months: Option<u32>,
    /// See [`Field::Geometry`].
    pub geometry: Option<Value>,
    /// See [`Field::ApprovedBy`].
    pub approved_by: Option<String>,
    /// See [`Field::DocumentNumber`].
    pub document_number: Option<String>,
    /// See [`Field::Contractor`].
    pub contractor: Option<PartyDraft>,
    /// See [`Field::Evaluator`].
    pub evaluator: Option<PartyDraft>,
    /// See [`Field::Party`].
    pub party: Option<PartyDraft>,
    /// See [`Field::Ground`].
    pub ground: Option<String>,
    /// See [`Field::TransportOn`].
    pub transport_on: Option<Day>,
    /// See [`Field::TransportMode`].
    pub transport_mode: Option<String>,
    /// See [`Field::Route`].
    pub route: Option<String>,
    /// See [`Field::QuantityT`].
    pub quantity_t: Option<Number>,
    /// See [`Field::Destination`].
    pub destination: Option<String>,
    /// See [`Field::DestinationDivision`].
    pub destination_division: Option<String>,
    /// See [`Field::FinalDisposal`].
    pub final_disposal: Option<String>,
    /// See [`Field::OriginToldOn`].
    pub origin_told_on: Option<Day>,
    /// See [`Field::DestinationToldOn`].
    pub destination_told_on: Option<Day>,
    /// See [`Field::Exceeded`].
    pub exceeded: Option<bool>,
    /// See [`Field::Measures`].
    pub measures: Option<String>,
    /// See [`Field::Status`].
    pub status: Option<String>,
    /// See [`Field::Controls`].
    pub controls: Option<String>,
    /// See [`Field::DeadlineRule`].
    pub deadline_rule: Option<String>,
    /// See [`Field::Occasion`].
    pub occasion: Option<String>,
    /// See [`Field::Until`].
    pub until: Option<Day>,
    /// See [`Field::Channel`].
    pub channel: Option<String>,
    /// See [`Field::Url`].
    pub url: Option<String>,
    /// See [`Field::From`].
    pub from: Option<Day>,
    /// See [`Field::To`].
    pub to: Option<Day>,
    /// See [`Field::Subject`].
    pub subject: Option<String>,
    /// See [`Field::Note`].
    pub note: Option<String>,
}

/// An event with its facts. As stored, it is an object with `type` and the fields of that type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// 列入疑似污染地块名单
    SuspectedListed {
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 送达初步调查书面通知
    SurveyNoticeServed {
        /// Day on which the notice was received.
        received_on: Day,
        /// Day on which the notice was issued.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issued_on: Option<Day>,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        served_how: String,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 提交初步调查报告
    PreliminaryReportSubmitted {
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 评审初步调查报告
    PreliminaryReportReviewed {
        /// What the review concluded.
        conclusion: Case,
        /// The document that proves it.
        document_id: DocumentId,
        /// Risk grade of a contaminated site.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        risk_grade: Option<RiskGrade>,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assessed_class: Option<AssessedClass>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 送达详细调查书面通知
    DetailedNoticeServed {
        /// Day on which the notice was received.
        received_on: Day,
        /// Day on which the notice was issued.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issued_on: Option<Day>,
        /// Day by which the notice asks for it to be done.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        due_on: Option<Day>,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        served_how: String,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 提交详细调查报告
    DetailedReportSubmitted {
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 提交风险评估报告
    RiskAssessmentSubmitted {
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 评审风险评估报告
    RiskAssessmentReviewed {
        /// What the review concluded.
        conclusion: Case,
        /// The document that proves it.
        document_id: DocumentId,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assessed_class: Option<AssessedClass>,
        /// Risk grade of a contaminated site.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        risk_grade: Option<RiskGrade>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 风险管控方案备案
    ControlPlanFiled {
        /// Mode of risk control.
        mode: Case,
        /// The document that proves it.
        document_id: DocumentId,
        /// Calendar year that the control plan is for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        plan_year: Option<i32>,
        /// Environmental media: soil, surface_water, groundwater, air.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        media: Option<Vec<Medium>>,
        /// What the plan does about groundwater.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        groundwater: Option<String>,
        /// Months between the periodic reports that the plan foresees.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        report_every_months: Option<u32>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 批准划定管控区域
    ControlZoneApproved {
        /// Outline of the control zone, GeoJSON in CRS84.
        #[schema(value_type = crate::kernel::AreaGeometry)]
        geometry: Value,
        /// The government that approved it.
        approved_by: String,
        /// Number of the approval.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_number: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 修复方案备案
    RemediationPlanFiled {
        /// What the plan does about groundwater.
        groundwater: String,
        /// Class of GB 36600 that the conclusion holds for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assessed_class: Option<AssessedClass>,
        /// Months between the periodic reports that the plan foresees.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        report_every_months: Option<u32>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 工程开工
    WorksStarted {
        /// Who carries out the works.
        contractor: Party,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 报告污染土壤转运计划
    SoilTransportReported {
        /// First day of the transport.
        transport_on: Day,
        /// Mode of transport.
        transport_mode: String,
        /// Route.
        route: String,
        /// Quantity of polluted soil, tonnes.
        #[schema(value_type = f64)]
        quantity_t: Number,
        /// Where it goes.
        destination: String,
        /// What is done with it in the end.
        final_disposal: String,
        /// Division of the destination.
        destination_division: DivisionCode,
        /// Day on which the bureau of the origin was told.
        origin_told_on: Day,
        /// Day on which the bureau of the destination was told.
        destination_told_on: Day,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 工程完工
    WorksCompleted {
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 提交效果评估报告
    EffectReportSubmitted {
        /// Who evaluated the effect: another than whoever carried out the works.
        evaluator: Party,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 评审效果评估报告
    EffectReviewed {
        /// What the review concluded.
        conclusion: Case,
        /// The document that proves it.
        document_id: DocumentId,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assessed_class: Option<AssessedClass>,
        /// Institutional controls that the land stays under.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        controls: Option<String>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 后期管理开始
    AftercareStarted {
        /// Months between the periodic reports that the plan foresees.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        report_every_months: Option<u32>,
        /// Institutional controls that the land stays under.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        controls: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 后期管理结束
    AftercareEnded {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 报告污染扩散
    SpreadReported {
        /// Whether it goes on or has ended.
        status: Course,
        /// Environmental media: soil, surface_water, groundwater, air.
        media: Vec<Medium>,
        /// What was done about it.
        measures: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 报告突发环境事件
    EmergencyReported {
        /// Whether it goes on or has ended.
        status: Course,
        /// What was done about it.
        measures: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 变更责任主体
    LiablePartyChanged {
        /// Why the liability changed hands.
        ground: Ground,
        /// Who is liable from now on.
        party: Party,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 延长期限
    DeadlineExtended {
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        occasion: Option<String>,
        /// Until when.
        until: Day,
        /// Why.
        reason: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 信息公开
    Disclosed {
        /// Where it was published: website, gazette, notice board, in the office's words.
        channel: String,
        /// First day of publication.
        from: Day,
        /// Address of the publication, http or https.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        url: Option<String>,
        /// Last day of publication; open when left out.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<Day>,
        /// The duty it meets; left out, every duty to the public that whoever discloses has then.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        subject: Option<Publicity>,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 误录作废
    EnteredInError {
        /// Why.
        reason: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 报告监测结果
    MonitoringReported {
        /// Environmental media: soil, surface_water, groundwater, air.
        media: Vec<Medium>,
        /// Whether what was monitored exceeds the plan's limits.
        exceeded: bool,
        /// What was done about it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        measures: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 责令停止建设
    StopWorkOrdered {
        /// Whether it goes on or has ended.
        status: Course,
        /// Why.
        reason: String,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        served_how: Option<String>,
        /// Day on which the notice was received.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        received_on: Option<Day>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 中止期限
    DeadlineSuspended {
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        occasion: Option<String>,
        /// Why.
        reason: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 恢复期限
    DeadlineResumed {
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        occasion: Option<String>,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 撤销期限
    DeadlineCancelled {
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        occasion: Option<String>,
        /// Why.
        reason: String,
        /// The document that proves it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
}

impl Event {
    /// Which event type it is.
    pub fn event_type(&self) -> EventType {
        match self {
            Event::SuspectedListed { .. } => EventType::SuspectedListed,
            Event::SurveyNoticeServed { .. } => EventType::SurveyNoticeServed,
            Event::PreliminaryReportSubmitted { .. } => EventType::PreliminaryReportSubmitted,
            Event::PreliminaryReportReviewed { .. } => EventType::PreliminaryReportReviewed,
            Event::DetailedNoticeServed { .. } => EventType::DetailedNoticeServed,
            Event::DetailedReportSubmitted { .. } => EventType::DetailedReportSubmitted,
            Event::RiskAssessmentSubmitted { .. } => EventType::RiskAssessmentSubmitted,
            Event::RiskAssessmentReviewed { .. } => EventType::RiskAssessmentReviewed,
            Event::ControlPlanFiled { .. } => EventType::ControlPlanFiled,
            Event::ControlZoneApproved { .. } => EventType::ControlZoneApproved,
            Event::RemediationPlanFiled { .. } => EventType::RemediationPlanFiled,
            Event::WorksStarted { .. } => EventType::WorksStarted,
            Event::SoilTransportReported { .. } => EventType::SoilTransportReported,
            Event::WorksCompleted { .. } => EventType::WorksCompleted,
            Event::EffectReportSubmitted { .. } => EventType::EffectReportSubmitted,
            Event::EffectReviewed { .. } => EventType::EffectReviewed,
            Event::AftercareStarted { .. } => EventType::AftercareStarted,
            Event::AftercareEnded { .. } => EventType::AftercareEnded,
            Event::SpreadReported { .. } => EventType::SpreadReported,
            Event::EmergencyReported { .. } => EventType::EmergencyReported,
            Event::LiablePartyChanged { .. } => EventType::LiablePartyChanged,
            Event::DeadlineExtended { .. } => EventType::DeadlineExtended,
            Event::Disclosed { .. } => EventType::Disclosed,
            Event::EnteredInError { .. } => EventType::EnteredInError,
            Event::MonitoringReported { .. } => EventType::MonitoringReported,
            Event::StopWorkOrdered { .. } => EventType::StopWorkOrdered,
            Event::DeadlineSuspended { .. } => EventType::DeadlineSuspended,
            Event::DeadlineResumed { .. } => EventType::DeadlineResumed,
            Event::DeadlineCancelled { .. } => EventType::DeadlineCancelled,
        }
    }

    /// Its conclusion, or the mode that it is filed for, where it carries one.
    pub fn case(&self) -> Option<Case> {
        match self {
            Event::PreliminaryReportReviewed { conclusion, .. }
            | Event::RiskAssessmentReviewed { conclusion, .. }
            | Event::EffectReviewed { conclusion, .. } => Some(*conclusion),
            Event::ControlPlanFiled { mode, .. } => Some(*mode),
            _ => None,
        }
    }

    /// The document it names, which must be on file.
    pub fn document_id(&self) -> Option<DocumentId> {
        match self {
            Event::SurveyNoticeServed { document_id, .. }
            | Event::PreliminaryReportSubmitted { document_id, .. }
            | Event::PreliminaryReportReviewed { document_id, .. }
            | Event::DetailedNoticeServed { document_id, .. }
            | Event::DetailedReportSubmitted { document_id, .. }
            | Event::RiskAssessmentSubmitted { document_id, .. }
            | Event::RiskAssessmentReviewed { document_id, .. }
            | Event::ControlPlanFiled { document_id, .. }
            | Event::ControlZoneApproved { document_id, .. }
            | Event::RemediationPlanFiled { document_id, .. }
            | Event::SoilTransportReported { document_id, .. }
            | Event::EffectReportSubmitted { document_id, .. }
            | Event::EffectReviewed { document_id, .. }
            | Event::AftercareStarted { document_id, .. }
            | Event::AftercareEnded { document_id, .. }
            | Event::LiablePartyChanged { document_id, .. }
            | Event::MonitoringReported { document_id, .. }
            | Event::StopWorkOrdered { document_id, .. } => Some(*document_id),
            Event::SuspectedListed { document_id, .. }
            | Event::WorksStarted { document_id, .. }
            | Event::WorksCompleted { document_id, .. }
            | Event::SpreadReported { document_id, .. }
            | Event::EmergencyReported { document_id, .. }
            | Event::DeadlineExtended { document_id, .. }
            | Event::Disclosed { document_id, .. }
            | Event::EnteredInError { document_id, .. }
            | Event::DeadlineSuspended { document_id, .. }
            | Event::DeadlineResumed { document_id, .. }
            | Event::DeadlineCancelled { document_id, .. } => *document_id,
        }
    }

    /// Reads what was sent for an event of this type, naming everything that is wrong at once.
    ///
    /// # Errors
    /// One fault per missing field, field that does not belong, value outside its list, blank or overlong text, outline that
    /// is none, day out of order within the event.
    pub fn read(event_type: EventType, draft: Draft) -> Result<Event, Vec<Fault>> {
        let mut reader = Reader { draft, faults: Vec::new() };
        reader.check_presence(event_type);
        let event = reader.build(event_type);
        match event {
            Some(event) if reader.faults.is_empty() => Ok(event),
            _ => Err(reader.faults),
        }
    }
}

impl Draft {
    /// Whether the field is there.
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::ReceivedOn => self.received_on.is_some(),
            Field::IssuedOn => self.issued_on.is_some(),
            Field::ServedHow => self.served_how.is_some(),
            Field::DocumentId => self.document_id.is_some(),
            Field::DueOn => self.due_on.is_some(),
            Field::Conclusion => self.conclusion.is_some(),
            Field::Mode => self.mode.is_some(),
            Field::RiskGrade => self.risk_grade.is_some(),
            Field::AssessedClass => self.assessed_class.is_some(),
            Field::Reason => self.reason.is_some(),
            Field::PlanYear => self.plan_year.is_some(),
            Field::Media => self.media.is_some(),
            Field::Groundwater => self.groundwater.is_some(),
            Field::ReportEveryMonths => self.report_every_months.is_some(),
            Field::Geometry => self.geometry.is_some(),
            Field::ApprovedBy => self.approved_by.is_some(),
            Field::DocumentNumber => self.document_number.is_some(),
            Field::Contractor => self.contractor.is_some(),
            Field::Evaluator => self.evaluator.is_some(),
            Field::Party => self.party.is_some(),
            Field::Ground => self.ground.is_some(),
            Field::TransportOn => self.transport_on.is_some(),
            Field::TransportMode => self.transport_mode.is_some(),
            Field::Route => self.route.is_some(),
            Field::QuantityT => self.quantity_t.is_some(),
            Field::Destination => self.destination.is_some(),
            Field::DestinationDivision => self.destination_division.is_some(),
            Field::FinalDisposal => self.final_disposal.is_some(),
            Field::OriginToldOn => self.origin_told_on.is_some(),
            Field::DestinationToldOn => self.destination_told_on.is_some(),
            Field::Exceeded => self.exceeded.is_some(),
            Field::Measures => self.measures.is_some(),
            Field::Status => self.status.is_some(),
            Field::Controls => self.controls.is_some(),
            Field::DeadlineRule => self.deadline_rule.is_some(),
            Field::Occasion => self.occasion.is_some(),
            Field::Until => self.until.is_some(),
            Field::Channel => self.channel.is_some(),
            Field::Url => self.url.is_some(),
            Field::From => self.from.is_some(),
            Field::To => self.to.is_some(),
            Field::Subject => self.subject.is_some(),
            Field::Note => self.note.is_some(),
        }
    }
}

struct Reader {
    draft: Draft,
    faults: Vec<Fault>,
}

/// The facts as read, each right in itself.
struct Facts {
    received_on: Option<Day>,
    issued_on: Option<Day>,
    served_how: Option<String>,
    document_id: Option<DocumentId>,
    due_on: Option<Day>,
    conclusion: Option<Case>,
    mode: Option<Case>,
    risk_grade: Option<RiskGrade>,
    assessed_class: Option<AssessedClass>,
    reason: Option<String>,
    plan_year: Option<i32>,
    media: Option<Vec<Medium>>,
    groundwater: Option<String>,
    report_every_months: Option<u32>,
    geometry: Option<Value>,
    approved_by: Option<String>,
    document_number: Option<String>,
    contractor: Option<Party>,
    evaluator: Option<Party>,
    party: Option<Party>,
    ground: Option<Ground>,
    transport_on: Option<Day>,
    transport_mode: Option<String>,
    route: Option<String>,
    quantity_t: Option<Number>,
    destination: Option<String>,
    destination_division: Option<DivisionCode>,
    final_disposal: Option<String>,
    origin_told_on: Option<Day>,
    destination_told_on: Option<Day>,
    exceeded: Option<bool>,
    measures: Option<String>,
    status: Option<Course>,
    controls: Option<String>,
    deadline_rule: Option<StatutoryClock>,
    occasion: Option<String>,
    until: Option<Day>,
    channel: Option<String>,
    url: Option<String>,
    from: Option<Day>,
    to: Option<Day>,
    subject: Option<Publicity>,
    note: Option<String>,
}

impl Reader {
    fn fault(&mut self, field: Field, code: &'static str, message: Text) {
        self.faults.push(Fault::new(field.pointer(), code, message));
    }

    fn check_presence(&mut self, event_type: EventType) {
        let kind = event_type.kind();
        let word = self.draft.conclusion.as_deref().or(self.draft.mode.as_deref());
        let case = word.and_then(Case::parse);
        for rule in kind.fields {
            let (field, there) = (rule.field, self.draft.has(rule.field));
            let missing = match rule.need {
                Need::Required => !there,
                Need::Optional | Need::OptionalWith(_) => false,
                Need::RequiredWith(with) => case.is_some_and(|c| with.contains(&c)) && !there,
            };
            let idle = match rule.need {
                Need::RequiredWith(with) | Need::OptionalWith(with) => {
                    there && case.is_some_and(|c| !with.contains(&c))
                }
                Need::Required | Need::Optional => false,
            };
            if missing {
                let (title, event) = (field.title(), &kind.title);
                let (why_zh, why_en) = match field {
                    Field::ReceivedOn => ("，期限自签收之日起算", ": the period counts from receipt"),
                    _ => ("", ""),
                };
                self.fault(
                    field,
                    "missing",
                    Text::new(
                        format!("“{}”须填写{}{why_zh}。", event.zh, title.zh),
                        format!("\"{}\" needs the {} (`{}`){why_en}.", event.en, title.en, field.as_str()),
                    ),
                );
            } else if idle {
                self.unexpected(field, "此结论不带该项。", "This conclusion does not carry this field.");
            }
        }
        for field in Field::ALL {
            if self.draft.has(field) && !kind.fields.iter().any(|rule| rule.field == field) {
                self.unexpected(field, "此类事件不带该项。", "This event type does not carry this field.");
            }
        }
    }

    fn unexpected(&mut self, field: Field, zh: &'static str, en: &'static str) {
        self.fault(field, "unexpected_field", Text::fixed(zh, en));
    }

    /// A text that is there, trimmed; blank and overlong ones are faults.
    fn text(&mut self, field: Field, value: Option<String>) -> Option<String> {
        self.text_at(field.pointer(), value, MAX_TEXT_CHARS)
    }

    fn text_at(&mut self, pointer: String, value: Option<String>, max: usize) -> Option<String> {
        let value = value?;
        let trimmed = value.trim();
        let (code, message) = if trimmed.is_empty() {
            ("blank", Text::fixed("不能为空白。", "Must not be blank."))
        } else if trimmed.chars().count() > max {
            ("too_long", Text::new(format!("不得超过 {max} 字。"), format!("At most {max} characters.")))
        } else if trimmed.contains('\0') {
            ("bad_text", Text::fixed("含有无法保存的字符。", "Holds a character that cannot be kept."))
        } else {
            return Some(trimmed.to_owned());
        };
        self.faults.push(Fault::new(pointer, code, message));
        None
    }

    /// A word out of a list.
    fn word<T>(
        &mut self,
        field: Field,
        value: Option<String>,
        parse: impl Fn(&str) -> Option<T>,
        allowed: &str,
    ) -> Option<T> {
        let value = value?;
        let word = parse(value.trim());
        if word.is_none() {
            self.fault(
                field,
                "not_in_list",
                Text::new(format!("只能是：{allowed}。"), format!("Must be one of: {allowed}.")),
            );
        }
        word
    }

    /// A conclusion, or a mode, that the event type has.
    fn case(&mut self, event_type: EventType, field: Field, value: Option<String>) -> Option<Case> {
        let cases: Vec<Case> = event_type.cases();
        let allowed: Vec<&str> = cases.iter().map(|case| case.as_str()).collect();
        self.word(field, value, |s| Case::parse(s).filter(|case| cases.contains(case)), &allowed.join(", "))
    }

    fn media(&mut self, value: Option<Vec<String>>) -> Option<Vec<Medium>> {
        let value = value?;
        let mut media = Vec::new();
        for word in &value {
            match Medium::parse(word.trim()) {
                Some(medium) if !media.contains(&medium) => media.push(medium),
                Some(_) => {}
                None => {
                    self.word(Field::Media, Some(word.clone()), Medium::parse, &list(Medium::ALL, Medium::as_str));
                    return None;
                }
            }
        }
        if media.is_empty() {
            self.fault(Field::Media, "blank", Text::fixed("至少一项。", "At least one."));
            return None;
        }
        media.sort_unstable();
        Some(media)
    }

    fn party(&mut self, field: Field, value: Option<PartyDraft>) -> Option<Party> {
        let value = value?;
        let name = self.text_at(format!("/{}/name", field.as_str()), Some(value.name), 200);
        if let Some(code) = &value.credit_code {
            self.faults.extend(credit_code_fault(format!("/{}/credit_code", field.as_str()), code));
        }
        Some(Party { name: name?, credit_code: value.credit_code })
    }

    /// More than nothing, and as sent: an exact decimal.
    fn quantity(&mut self, value: Option<Number>) -> Option<Number> {
        let value = value?;
        if value.as_f64().is_none_or(|tonnes| tonnes <= 0.0) {
            self.fault(
                Field::QuantityT,
                "out_of_range",
                Text::fixed("须为大于零的吨数。", "Must be a number of tonnes above zero."),
            );
            return None;
        }
        Some(value)
    }

    fn outline(&mut self, value: Option<Value>) -> Option<Value> {
        let value = value?;
        match Area::from_geojson(&value, "/geometry") {
            Ok(_) => Some(value),
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn division(&mut self, value: Option<String>) -> Option<DivisionCode> {
        let value = value?;
        let code = DivisionCode::parse(value.trim());
        if code.is_none() {
            self.fault(
                Field::DestinationDivision,
                "bad_division_code",
                Text::fixed("应为六位区划代码。", "must be a six-digit division code."),
            );
        }
        code
    }

    fn url(&mut self, value: Option<String>) -> Option<String> {
        let url = self.text(Field::Url, value);
        if url.as_deref().is_some_and(|url| !is_web_address(url)) {
            self.fault(
                Field::Url,
                "not_a_web_address",
                Text::fixed("须为 http:// 或 https:// 开头的网址。", "Must be an http:// or https:// address."),
            );
        }
        url
    }

    /// Each field that is there, read by itself.
    fn facts(&mut self, event_type: EventType) -> Facts {
        let draft = std::mem::take(&mut self.draft);
        Facts {
            received_on: draft.received_on,
            issued_on: draft.issued_on,
            served_how: self.text(Field::ServedHow, draft.served_how),
            document_id: draft.document_id,
            due_on: draft.due_on,
            conclusion: self.case(event_type, Field::Conclusion, draft.conclusion),
            mode: self.case(event_type, Field::Mode, draft.mode),
            risk_grade: self.word(Field::RiskGrade, draft.risk_grade, RiskGrade::parse, "high, medium, low"),
            assessed_class: self.word(
                Field::AssessedClass,
                draft.assessed_class,
                AssessedClass::parse,
                &list(AssessedClass::ALL, AssessedClass::as_str),
            ),
            reason: self.text(Field::Reason, draft.reason),
            plan_year: draft.plan_year,
            media: self.media(draft.media),
            groundwater: self.text(Field::Groundwater, draft.groundwater),
            report_every_months: draft.report_every_months,
            geometry: self.outline(draft.geometry),
            approved_by: self.text(Field::ApprovedBy, draft.approved_by),
            document_number: self.text(Field::DocumentNumber, draft.document_number),
            contractor: self.party(Field::Contractor, draft.contractor),
            evaluator: self.party(Field::Evaluator, draft.evaluator),
            party: self.party(Field::Party, draft.party),
            ground: self.word(Field::Ground, draft.ground, Ground::parse, &list(Ground::ALL, Ground::as_str)),
            transport_on: draft.transport_on,
            transport_mode: self.text(Field::TransportMode, draft.transport_mode),
            route: self.text(Field::Route, draft.route),
            quantity_t: self.quantity(draft.quantity_t),
            destination: self.text(Field::Destination, draft.destination),
            destination_division: self.division(draft.destination_division),
            final_disposal: self.text(Field::FinalDisposal, draft.final_disposal),
            origin_told_on: draft.origin_told_on,
            destination_told_on: draft.destination_told_on,
            exceeded: draft.exceeded,
            measures: self.text(Field::Measures, draft.measures),
            status: self.word(Field::Status, draft.status, Course::parse, &list(Course::ALL, Course::as_str)),
            controls: self.text(Field::Controls, draft.controls),
            deadline_rule: self.word(
                Field::DeadlineRule,
                draft.deadline_rule,
                StatutoryClock::parse,
                &list(&StatutoryClock::ALL, StatutoryClock::as_str),
            ),
            occasion: self.text(Field::Occasion, draft.occasion),
            until: draft.until,
            channel: self.text(Field::Channel, draft.channel),
            url: self.url(draft.url),
            from: draft.from,
            to: draft.to,
            subject: self.word(
                Field::Subject,
                draft.subject,
                Publicity::parse,
                &list(&Publicity::ALL, Publicity::as_str),
            ),
            note: self.text(Field::Note, draft.note),
        }
    }

    /// What the fields say of one another.
    fn check_order(&mut self, facts: &Facts) {
        if let (Some(received), Some(issued)) = (facts.received_on, facts.issued_on)
            && received < issued
        {
            self.fault(
                Field::ReceivedOn,
                "received_before_issued",
                Text::new(
                    format!("签收日期不得早于发文日期 {issued}。"),
                    format!("The day of receipt must not lie before the day of issue, {issued}."),
                ),
            );
        }
        if let (Some(due), Some(received)) = (facts.due_on, facts.received_on)
            && due <= received
        {
            self.fault(
                Field::DueOn,
                "before_previous_event",
                Text::new(
                    format!("须晚于签收日期 {received}。"),
                    format!("Must lie after the day of receipt, {received}."),
                ),
            );
        }
        if let (Some(from), Some(to)) = (facts.from, facts.to)
            && to < from
        {
            self.fault(
                Field::To,
                "ends_before_it_starts",
                Text::new(
                    format!("公开截止日不得早于起始日 {from}。"),
                    format!("The last day must not lie before the first, {from}."),
                ),
            );
        }
        if facts.report_every_months.is_some_and(|months| !(1..=MAX_REPORT_MONTHS).contains(&months)) {
            self.fault(
                Field::ReportEveryMonths,
                "out_of_range",
                Text::new(
                    format!("应为 1 至 {MAX_REPORT_MONTHS} 个月。"),
                    format!("Must be 1 to {MAX_REPORT_MONTHS} months."),
                ),
            );
        }
        if facts.exceeded == Some(true) && facts.measures.is_none() {
            self.fault(
                Field::Measures,
                "missing",
                Text::fixed("超标的，须填写采取的措施。", "Where a limit was exceeded, say what was done about it."),
            );
        }
    }

    /// `None` only where a fault was noted.
    fn build(&mut self, event_type: EventType) -> Option<Event> {
        let f = self.facts(event_type);
        self.check_order(&f);
        Some(match event_type {
            EventType::SuspectedListed => {
                Event::SuspectedListed { document_id: f.document_id, reason: f.reason, note: f.note }
            }
            EventType::SurveyNoticeServed => Event::SurveyNoticeServed {
                received_on: f.received_on?,
                issued_on: f.issued_on,
                served_how: f.served_how?,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::PreliminaryReportSubmitted => {
                Event::PreliminaryReportSubmitted { document_id: f.document_id?, note: f.note }
            }
            EventType::PreliminaryReportReviewed => Event::PreliminaryReportReviewed {
                conclusion: f.conclusion?,
                document_id: f.document_id?,
                risk_grade: f.risk_grade,
                reason: f.reason,
                assessed_class: f.assessed_class,
                note: f.note,
            },
            EventType::DetailedNoticeServed => Event::DetailedNoticeServed {
                received_on: f.received_on?,
                issued_on: f.issued_on,
                due_on: f.due_on,
                served_how: f.served_how?,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::DetailedReportSubmitted => {
                Event::DetailedReportSubmitted { document_id: f.document_id?, note: f.note }
            }
            EventType::RiskAssessmentSubmitted => {
                Event::RiskAssessmentSubmitted { document_id: f.document_id?, note: f.note }
            }
            EventType::RiskAssessmentReviewed => Event::RiskAssessmentReviewed {
                conclusion: f.conclusion?,
                document_id: f.document_id?,
                reason: f.reason,
                assessed_class: f.assessed_class,
                risk_grade: f.risk_grade,
                note: f.note,
            },
            EventType::ControlPlanFiled => Event::ControlPlanFiled {
                mode: f.mode?,
                document_id: f.document_id?,
                plan_year: f.plan_year,
                media: f.media,
                groundwater: f.groundwater,
                report_every_months: f.report_every_months,
                note: f.note,
            },
            EventType::ControlZoneApproved => Event::ControlZoneApproved {
                geometry: f.geometry?,
                approved_by: f.approved_by?,
                document_number: f.document_number,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::RemediationPlanFiled => Event::RemediationPlanFiled {
                groundwater: f.groundwater?,
                assessed_class: f.assessed_class,
                report_every_months: f.report_every_months,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::WorksStarted => {
                Event::WorksStarted { contractor: f.contractor?, document_id: f.document_id, note: f.note }
            }
            EventType::SoilTransportReported => Event::SoilTransportReported {
                transport_on: f.transport_on?,
                transport_mode: f.transport_mode?,
                route: f.route?,
                quantity_t: f.quantity_t?,
                destination: f.destination?,
                final_disposal: f.final_disposal?,
                destination_division: f.destination_division?,
                origin_told_on: f.origin_told_on?,
                destination_told_on: f.destination_told_on?,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::WorksCompleted => Event::WorksCompleted { document_id: f.document_id, note: f.note },
            EventType::EffectReportSubmitted => {
                Event::EffectReportSubmitted { evaluator: f.evaluator?, document_id: f.document_id?, note: f.note }
            }
            EventType::EffectReviewed => Event::EffectReviewed {
                conclusion: f.conclusion?,
                document_id: f.document_id?,
                reason: f.reason,
                assessed_class: f.assessed_class,
                controls: f.controls,
                note: f.note,
            },
            EventType::AftercareStarted => Event::AftercareStarted {
                report_every_months: f.report_every_months,
                controls: f.controls,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::AftercareEnded => {
                Event::AftercareEnded { reason: f.reason, document_id: f.document_id?, note: f.note }
            }
            EventType::SpreadReported => Event::SpreadReported {
                status: f.status?,
                media: f.media?,
                measures: f.measures?,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::EmergencyReported => Event::EmergencyReported {
                status: f.status?,
                measures: f.measures?,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::LiablePartyChanged => Event::LiablePartyChanged {
                ground: f.ground?,
                party: f.party?,
                reason: f.reason,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::DeadlineExtended => Event::DeadlineExtended {
                deadline_rule: f.deadline_rule?,
                occasion: f.occasion,
                until: f.until?,
                reason: f.reason?,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::Disclosed => Event::Disclosed {
                channel: f.channel?,
                from: f.from?,
                url: f.url,
                to: f.to,
                subject: f.subject,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::EnteredInError => {
                Event::EnteredInError { reason: f.reason?, document_id: f.document_id, note: f.note }
            }
            EventType::MonitoringReported => Event::MonitoringReported {
                media: f.media?,
                exceeded: f.exceeded?,
                measures: f.measures,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::StopWorkOrdered => Event::StopWorkOrdered {
                status: f.status?,
                reason: f.reason?,
                served_how: f.served_how,
                received_on: f.received_on,
                document_id: f.document_id?,
                note: f.note,
            },
            EventType::DeadlineSuspended => Event::DeadlineSuspended {
                deadline_rule: f.deadline_rule?,
                occasion: f.occasion,
                reason: f.reason?,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::DeadlineResumed => Event::DeadlineResumed {
                deadline_rule: f.deadline_rule?,
                occasion: f.occasion,
                reason: f.reason,
                document_id: f.document_id,
                note: f.note,
            },
            EventType::DeadlineCancelled => Event::DeadlineCancelled {
                deadline_rule: f.deadline_rule?,
                occasion: f.occasion,
                reason: f.reason?,
                document_id: f.document_id,
                note: f.note,
            },
        })
    }
}

fn list<T: Copy>(words: &[T], name: impl Fn(T) -> &'static str) -> String {
    words.iter().map(|word| name(*word)).collect::<Vec<_>>().join(", ")
}

/// What is wrong with a unified social credit code, by its form alone.
pub fn credit_code_fault(pointer: String, code: &str) -> Option<Fault> {
    let fits = code.len() == 18 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    (!fits).then(|| {
        Fault::new(
            pointer,
            "bad_credit_code",
            Text::fixed(
                "统一社会信用代码应为 18 位数字或大写字母。",
                "A unified social credit code has 18 digits or capital letters.",
            ),
        )
    })
}

fn is_web_address(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
