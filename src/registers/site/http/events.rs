//! Events as they are sent and described.

use super::super::actions::NewEvent;
use super::super::rules::{
    AssessedClass, ControlMode, Course, Draft, Event, EventType, Ground, Medium, PartyDraft, Publicity, RiskGrade,
    StatutoryClock,
};
use crate::kernel::AreaGeometry;
use crate::kernel::{Day, DivisionCode, DocumentId};
use serde::Deserialize;
use serde_json::{Number, Value};
use utoipa::ToSchema;

/// An enterprise or authority, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "（演示）某工程有限公司", "credit_code": "91150000MA0N00001X"}))]
pub(super) struct PartyBody {
    /// Name, 1 to 200 characters.
    name: String,
    /// Unified social credit code, 18 characters, where it has one.
    #[serde(default)]
    credit_code: Option<String>,
}

impl From<PartyBody> for PartyDraft {
    fn from(body: PartyBody) -> PartyDraft {
        PartyDraft { name: body.name, credit_code: body.credit_code }
    }
}

/// An event as read: any field, so that what a type lacks and what it has too much is named together, after the questions of
/// stage and role. What each type takes is [`EventRequest`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBody {
    #[serde(rename = "type")]
    event_type: EventType,
    #[serde(default)]
    occurred_on: Option<Day>,
    #[serde(default)]
    received_on: Option<Day>,
    #[serde(default)]
    issued_on: Option<Day>,
    #[serde(default)]
    served_how: Option<String>,
    #[serde(default)]
    document_id: Option<DocumentId>,
    #[serde(default)]
    due_on: Option<Day>,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    risk_grade: Option<String>,
    #[serde(default)]
    assessed_class: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    plan_year: Option<i32>,
    #[serde(default)]
    media: Option<Vec<String>>,
    #[serde(default)]
    groundwater: Option<String>,
    #[serde(default)]
    report_every_months: Option<u32>,
    #[serde(default)]
    geometry: Option<Value>,
    #[serde(default)]
    approved_by: Option<String>,
    #[serde(default)]
    document_number: Option<String>,
    #[serde(default)]
    contractor: Option<PartyBody>,
    #[serde(default)]
    evaluator: Option<PartyBody>,
    #[serde(default)]
    party: Option<PartyBody>,
    #[serde(default)]
    ground: Option<String>,
    #[serde(default)]
    transport_on: Option<Day>,
    #[serde(default)]
    transport_mode: Option<String>,
    #[serde(default)]
    route: Option<String>,
    #[serde(default)]
    quantity_t: Option<Number>,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    destination_division: Option<String>,
    #[serde(default)]
    final_disposal: Option<String>,
    #[serde(default)]
    origin_told_on: Option<Day>,
    #[serde(default)]
    destination_told_on: Option<Day>,
    #[serde(default)]
    exceeded: Option<bool>,
    #[serde(default)]
    measures: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    controls: Option<String>,
    #[serde(default)]
    deadline_rule: Option<String>,
    #[serde(default)]
    occasion: Option<String>,
    #[serde(default)]
    until: Option<Day>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    from: Option<Day>,
    #[serde(default)]
    to: Option<Day>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

impl From<EventBody> for NewEvent {
    fn from(body: EventBody) -> NewEvent {
        NewEvent {
            event_type: body.event_type,
            occurred_on: body.occurred_on,
            draft: Draft {
                received_on: body.received_on,
                issued_on: body.issued_on,
                served_how: body.served_how,
                document_id: body.document_id,
                due_on: body.due_on,
                conclusion: body.conclusion,
                mode: body.mode,
                risk_grade: body.risk_grade,
                assessed_class: body.assessed_class,
                reason: body.reason,
                plan_year: body.plan_year,
                media: body.media,
                groundwater: body.groundwater,
                report_every_months: body.report_every_months,
                geometry: body.geometry,
                approved_by: body.approved_by,
                document_number: body.document_number,
                contractor: body.contractor.map(Into::into),
                evaluator: body.evaluator.map(Into::into),
                party: body.party.map(Into::into),
                ground: body.ground,
                transport_on: body.transport_on,
                transport_mode: body.transport_mode,
                route: body.route,
                quantity_t: body.quantity_t,
                destination: body.destination,
                destination_division: body.destination_division,
                final_disposal: body.final_disposal,
                origin_told_on: body.origin_told_on,
                destination_told_on: body.destination_told_on,
                exceeded: body.exceeded,
                measures: body.measures,
                status: body.status,
                controls: body.controls,
                deadline_rule: body.deadline_rule,
                occasion: body.occasion,
                until: body.until,
                channel: body.channel,
                url: body.url,
                from: body.from,
                to: body.to,
                subject: body.subject,
                note: body.note,
            },
        }
    }
}

/// What the review of a preliminary report concludes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the description of what `EventBody` reads")]
pub(super) enum SurveyConclusion {
    /// Nothing above the screening value of the planned class.
    NotContaminated,
    /// Something above it.
    Contaminated,
    /// The report goes back.
    Returned,
}

/// What the review of a risk assessment concludes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the description of what `EventBody` reads")]
pub(super) enum RiskConclusion {
    /// Neither control nor remediation is needed.
    Acceptable,
    /// Onto the control list.
    ActionRequired,
    /// The report goes back.
    Returned,
}

/// What the review of an effect report concludes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the description of what `EventBody` reads")]
pub(super) enum EffectConclusion {
    /// The targets are met, and the land is safe to use: off the control list.
    Met,
    /// They are not.
    NotMet,
    /// The report goes back.
    Returned,
}

/// An event to be recorded, by `type`. `occurred_on` may lie in the past, never in the future.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "the description of what `EventBody` reads")]
pub(super) enum EventRequest {
    /// 列入疑似污染地块名单 (T2)
    #[schema(example = json!({"type": "suspected_listed", "occurred_on": "2026-05-10", "reason": "重点行业企业关闭搬迁"}))]
    SuspectedListed {
        /// Day on which it happened.
        occurred_on: Day,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Why.
        reason: Option<String>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 送达初步调查书面通知 (T3): starts the clock `preliminary_survey_six_months`, from receipt.
    #[schema(example = json!({"type": "survey_notice_served", "occurred_on": "2026-05-21", "received_on": "2026-05-21", "served_how": "直接送达", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    SurveyNoticeServed {
        /// Day on which it happened.
        occurred_on: Day,
        /// Day on which the notice was received.
        received_on: Day,
        /// Day on which the notice was issued.
        issued_on: Option<Day>,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        served_how: String,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 提交初步调查报告 (T4): stops the clock.
    #[schema(example = json!({"type": "preliminary_report_submitted", "occurred_on": "2026-10-30", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    PreliminaryReportSubmitted {
        /// Day on which it happened.
        occurred_on: Day,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 评审初步调查报告 (T5 returned, T6 not contaminated, T7 contaminated)
    #[schema(example = json!({"type": "preliminary_report_reviewed", "occurred_on": "2026-11-15", "conclusion": "contaminated", "risk_grade": "high", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    PreliminaryReportReviewed {
        /// Day on which it happened.
        occurred_on: Day,
        /// What the review concluded.
        conclusion: SurveyConclusion,
        /// The document that proves it.
        document_id: DocumentId,
        /// Risk grade of a contaminated site. Needed with `contaminated`, and with nothing else.
        risk_grade: Option<RiskGrade>,
        /// Why. Needed with `returned`, and with nothing else.
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for. With `not_contaminated` only.
        assessed_class: Option<AssessedClass>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 送达详细调查书面通知 (T8); with `due_on`, the day it sets is kept as a clock.
    #[schema(example = json!({"type": "detailed_notice_served", "occurred_on": "2026-11-16", "received_on": "2026-11-16", "due_on": "2027-05-17", "served_how": "直接送达", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    DetailedNoticeServed {
        /// Day on which it happened.
        occurred_on: Day,
        /// Day on which the notice was received.
        received_on: Day,
        /// Day on which the notice was issued.
        issued_on: Option<Day>,
        /// Day by which the notice asks for it to be done.
        due_on: Option<Day>,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        served_how: String,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 提交详细调查报告 (T9)
    #[schema(example = json!({"type": "detailed_report_submitted", "occurred_on": "2026-11-17", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    DetailedReportSubmitted {
        /// Day on which it happened.
        occurred_on: Day,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 提交风险评估报告 (T10)
    #[schema(example = json!({"type": "risk_assessment_submitted", "occurred_on": "2026-11-17", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    RiskAssessmentSubmitted {
        /// Day on which it happened.
        occurred_on: Day,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 评审风险评估报告 (T11 acceptable, T12 action required: listed; T10 returned)
    #[schema(example = json!({"type": "risk_assessment_reviewed", "occurred_on": "2026-11-18", "conclusion": "action_required", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    RiskAssessmentReviewed {
        /// Day on which it happened.
        occurred_on: Day,
        /// What the review concluded.
        conclusion: RiskConclusion,
        /// The document that proves it.
        document_id: DocumentId,
        /// Why. Needed with `returned`, and with nothing else.
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for. With `acceptable` only.
        assessed_class: Option<AssessedClass>,
        /// Risk grade of a contaminated site. With `action_required` only.
        risk_grade: Option<RiskGrade>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 风险管控方案备案 (T13 containment, T14 safe use). A contained site's plan is made anew each year.
    #[schema(example = json!({"type": "control_plan_filed", "occurred_on": "2026-11-19", "mode": "containment", "plan_year": 2026, "media": ["soil", "surface_water", "groundwater", "air"], "report_every_months": 6, "document_id": "01974000-0000-7000-8000-000000000001"}))]
    ControlPlanFiled {
        /// Day on which it happened.
        occurred_on: Day,
        /// Mode of risk control.
        mode: ControlMode,
        /// The document that proves it.
        document_id: DocumentId,
        /// Calendar year that the control plan is for. Needed with `containment`, and with nothing else.
        plan_year: Option<i32>,
        /// Environmental media: soil, surface_water, groundwater, air. Needed with `containment`, and with nothing else.
        media: Option<Vec<Medium>>,
        /// What the plan does about groundwater. Needed with `safe_use`, and with nothing else.
        groundwater: Option<String>,
        /// Months between the periodic reports that the plan foresees.
        #[schema(minimum = 1, maximum = 60)]
        report_every_months: Option<u32>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 批准划定管控区域 (T13), by the county's government. The zone is drawn in the register of control zones.
    #[schema(example = json!({"type": "control_zone_approved", "occurred_on": "2026-11-19", "geometry": {"type": "Polygon", "coordinates": [[[105.7, 38.8], [105.71, 38.8], [105.71, 38.81], [105.7, 38.8]]]}, "approved_by": "（演示）某旗人民政府", "document_number": "政发〔2026〕1号", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    ControlZoneApproved {
        /// Day on which it happened.
        occurred_on: Day,
        /// Outline of the control zone, GeoJSON in CRS84.
        geometry: AreaGeometry,
        /// The government that approved it.
        approved_by: String,
        /// Number of the approval.
        document_number: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 修复方案备案 (T15)
    #[schema(example = json!({"type": "remediation_plan_filed", "occurred_on": "2026-11-19", "groundwater": "含地下水污染修复内容", "assessed_class": "class_1", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    RemediationPlanFiled {
        /// Day on which it happened.
        occurred_on: Day,
        /// What the plan does about groundwater.
        groundwater: String,
        /// Class of GB 36600 that the conclusion holds for.
        assessed_class: Option<AssessedClass>,
        /// Months between the periodic reports that the plan foresees.
        #[schema(minimum = 1, maximum = 60)]
        report_every_months: Option<u32>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 工程开工 (T15a): a notice board stands for the whole of the works.
    #[schema(example = json!({"type": "works_started", "occurred_on": "2026-11-19", "contractor": {"name": "（演示）某修复工程有限公司", "credit_code": "91150000MA0N00001X"}}))]
    WorksStarted {
        /// Day on which it happened.
        occurred_on: Day,
        /// Who carries out the works.
        contractor: PartyBody,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 报告污染土壤转运计划 (T15b): six facts, to the bureaus of origin and destination, in advance.
    #[schema(example = json!({"type": "soil_transport_reported", "occurred_on": "2026-11-16", "transport_on": "2026-11-30", "transport_mode": "公路运输", "route": "厂区—省道—处置厂", "quantity_t": 1200.5, "destination": "（演示）某处置厂", "final_disposal": "水泥窑协同处置", "destination_division": "150400", "origin_told_on": "2026-11-16", "destination_told_on": "2026-11-16", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    SoilTransportReported {
        /// Day on which it happened.
        occurred_on: Day,
        /// First day of the transport.
        transport_on: Day,
        /// Mode of transport.
        transport_mode: String,
        /// Route.
        route: String,
        /// Quantity of polluted soil, tonnes.
        #[schema(exclusive_minimum = 0, example = 1200.5)]
        quantity_t: f64,
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
        note: Option<String>,
    },
    /// 工程完工 (T16)
    #[schema(example = json!({"type": "works_completed", "occurred_on": "2026-11-20"}))]
    WorksCompleted {
        /// Day on which it happened.
        occurred_on: Day,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 提交效果评估报告 (T16), by another agency than the contractor; public for two months at least.
    #[schema(example = json!({"type": "effect_report_submitted", "occurred_on": "2026-11-20", "evaluator": {"name": "（演示）某环境评估有限公司", "credit_code": "91150000MA0N00002X"}, "document_id": "01974000-0000-7000-8000-000000000001"}))]
    EffectReportSubmitted {
        /// Day on which it happened.
        occurred_on: Day,
        /// Who evaluated the effect: another than whoever carried out the works.
        evaluator: PartyBody,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 评审效果评估报告 (T17 met: delisted; T18 not met: back, construction barred; T17 returned)
    #[schema(example = json!({"type": "effect_reviewed", "occurred_on": "2026-11-21", "conclusion": "met", "assessed_class": "class_2", "controls": "不得开采地下水", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    EffectReviewed {
        /// Day on which it happened.
        occurred_on: Day,
        /// What the review concluded.
        conclusion: EffectConclusion,
        /// The document that proves it.
        document_id: DocumentId,
        /// Why. Needed with `not_met` or `returned`, and with nothing else.
        reason: Option<String>,
        /// Class of GB 36600 that the conclusion holds for. With `met` only.
        assessed_class: Option<AssessedClass>,
        /// Institutional controls that the land stays under. With `met` only.
        controls: Option<String>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 后期管理开始 (T19)
    #[schema(example = json!({"type": "aftercare_started", "occurred_on": "2026-11-21", "report_every_months": 12, "document_id": "01974000-0000-7000-8000-000000000001"}))]
    AftercareStarted {
        /// Day on which it happened.
        occurred_on: Day,
        /// Months between the periodic reports that the plan foresees.
        #[schema(minimum = 1, maximum = 60)]
        report_every_months: Option<u32>,
        /// Institutional controls that the land stays under.
        controls: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 后期管理结束 (T19)
    #[schema(example = json!({"type": "aftercare_ended", "occurred_on": "2026-11-21", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    AftercareEnded {
        /// Day on which it happened.
        occurred_on: Day,
        /// Why.
        reason: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 报告污染扩散 (T20), and that it has ended.
    #[schema(example = json!({"type": "spread_reported", "occurred_on": "2026-11-21", "status": "ongoing", "media": ["groundwater"], "measures": "设置阻隔墙", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    SpreadReported {
        /// Day on which it happened.
        occurred_on: Day,
        /// Whether it goes on or has ended.
        status: Course,
        /// Environmental media: soil, surface_water, groundwater, air.
        media: Vec<Medium>,
        /// What was done about it.
        measures: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 报告突发环境事件 (T20), and that it has ended.
    #[schema(example = json!({"type": "emergency_reported", "occurred_on": "2026-11-21", "status": "ongoing", "measures": "启动应急预案"}))]
    EmergencyReported {
        /// Day on which it happened.
        occurred_on: Day,
        /// Whether it goes on or has ended.
        status: Course,
        /// What was done about it.
        measures: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 变更责任主体 (T21). The chain of liable parties is kept.
    #[schema(example = json!({"type": "liable_party_changed", "occurred_on": "2026-11-21", "ground": "successor", "party": {"name": "（演示）承继单位", "credit_code": "91150000MA0N00003X"}, "document_id": "01974000-0000-7000-8000-000000000001"}))]
    LiablePartyChanged {
        /// Day on which it happened.
        occurred_on: Day,
        /// Why the liability changed hands.
        ground: Ground,
        /// Who is liable from now on.
        party: PartyBody,
        /// Why.
        reason: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 延长期限: a running clock is given a later last day, with cause.
    #[schema(example = json!({"type": "deadline_extended", "occurred_on": "2026-11-21", "deadline_rule": "preliminary_survey_six_months", "until": "2027-01-29", "reason": "因不可抗力无法进场采样"}))]
    DeadlineExtended {
        /// Day on which it happened.
        occurred_on: Day,
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        occasion: Option<String>,
        /// Until when.
        until: Day,
        /// Why.
        reason: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 信息公开
    #[schema(example = json!({"type": "disclosed", "occurred_on": "2026-11-16", "channel": "单位网站", "url": "https://example.org/notice", "from": "2026-11-16"}))]
    Disclosed {
        /// Day on which it happened.
        occurred_on: Day,
        /// Where it was published: website, gazette, notice board, in the office's words.
        channel: String,
        /// First day of publication.
        from: Day,
        /// Address of the publication, http or https.
        url: Option<String>,
        /// Last day of publication; open when left out.
        to: Option<Day>,
        /// The duty it meets; left out, every duty to the public that whoever discloses has then.
        subject: Option<Publicity>,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 误录作废: voids the last event that stands; nothing is deleted.
    #[schema(example = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "录入了另一地块的通知"}))]
    EnteredInError {
        /// Day on which it happened.
        occurred_on: Day,
        /// Why.
        reason: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 报告监测结果 (T13, T14, T19): closes the clock of the periodic report and starts the next.
    #[schema(example = json!({"type": "monitoring_reported", "occurred_on": "2026-11-21", "media": ["soil", "groundwater"], "exceeded": false, "document_id": "01974000-0000-7000-8000-000000000001"}))]
    MonitoringReported {
        /// Day on which it happened.
        occurred_on: Day,
        /// Environmental media: soil, surface_water, groundwater, air.
        media: Vec<Medium>,
        /// Whether what was monitored exceeds the plan's limits.
        exceeded: bool,
        /// What was done about it.
        measures: Option<String>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 责令停止建设, from 2026-08-15 (Code art. 461(3)); and that it has ended.
    #[schema(example = json!({"type": "stop_work_ordered", "occurred_on": "2026-11-21", "status": "ongoing", "reason": "未完成修复即开工建设住宅", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    StopWorkOrdered {
        /// Day on which it happened.
        occurred_on: Day,
        /// Whether it goes on or has ended.
        status: Course,
        /// Why.
        reason: String,
        /// How the notice was served, in the office's words (直接送达, 邮寄送达 …).
        served_how: Option<String>,
        /// Day on which the notice was received.
        received_on: Option<Day>,
        /// The document that proves it.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 中止期限: the clock stands still from this day, with cause.
    #[schema(example = json!({"type": "deadline_suspended", "occurred_on": "2026-11-21", "deadline_rule": "preliminary_survey_six_months", "reason": "司法查封期间无法进场"}))]
    DeadlineSuspended {
        /// Day on which it happened.
        occurred_on: Day,
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        occasion: Option<String>,
        /// Why.
        reason: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 恢复期限: the days it stood still are added.
    #[schema(example = json!({"type": "deadline_resumed", "occurred_on": "2026-11-21", "deadline_rule": "preliminary_survey_six_months"}))]
    DeadlineResumed {
        /// Day on which it happened.
        occurred_on: Day,
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        occasion: Option<String>,
        /// Why.
        reason: Option<String>,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 撤销期限: the duty fell away, with cause.
    #[schema(example = json!({"type": "deadline_cancelled", "occurred_on": "2026-11-21", "deadline_rule": "detailed_survey_as_notified", "reason": "地块并入另一地块一并调查"}))]
    DeadlineCancelled {
        /// Day on which it happened.
        occurred_on: Day,
        /// Which clock.
        deadline_rule: StatutoryClock,
        /// Which of several clocks of that rule.
        occasion: Option<String>,
        /// Why.
        reason: String,
        /// The document that proves it.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
}

/// A site taken over from an existing register, as that had it.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "the description of what the log stores")]
pub(super) enum RegistrationPayload {
    /// Taken over from an existing register, as it had the site.
    Registered {
        /// Where the site stood.
        stage: String,
        /// Mode of risk control.
        mode: Option<ControlMode>,
        /// Since when.
        stage_since: Option<Day>,
        /// Its grade.
        risk_grade: Option<RiskGrade>,
        /// Class that a clean survey holds for.
        assessed_class: Option<AssessedClass>,
        /// Day on which the notice of the running survey was received.
        notice_received_on: Option<Day>,
        /// Whether a contained site is on the control list.
        on_control_list: Option<bool>,
    },
}

/// The facts of an entry, by `type`, without those that were not said.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the description of what the log stores")]
pub(super) enum EventPayload {
    /// The first entry of a site that an existing register had.
    Registration(RegistrationPayload),
    /// An event.
    Event(Box<Event>),
}

#[cfg(test)]
mod tests {
    use super::super::super::rules::event::{Field, Need};
    use super::super::super::rules::table::KINDS;
    use super::*;
    use std::collections::BTreeSet;
    use utoipa::PartialSchema;

    /// The description of what an event takes is held to the table that decides it.
    #[test]
    fn the_document_names_the_fields_that_the_rules_take() {
        let schema = serde_json::to_value(EventRequest::schema()).unwrap();
        let variants = schema["oneOf"].as_array().unwrap();
        assert_eq!(variants.len(), KINDS.len());
        for kind in &KINDS {
            let described = variants
                .iter()
                .find(|v| v.to_string().contains(&format!("[\"{}\"]", kind.name)))
                .unwrap_or_else(|| panic!("{} is not described", kind.name));
            let mut names = BTreeSet::new();
            let mut required = BTreeSet::new();
            collect(described, &mut names, &mut required);
            let mut expected: BTreeSet<String> = kind.fields.iter().map(|f| f.field.as_str().to_owned()).collect();
            expected.extend(["type".to_owned(), "occurred_on".to_owned()]);
            assert_eq!(names, expected, "{}", kind.name);
            let mut needed: BTreeSet<String> =
                kind.fields.iter().filter(|f| f.need == Need::Required).map(|f| f.field.as_str().to_owned()).collect();
            needed.extend(["type".to_owned(), "occurred_on".to_owned()]);
            assert_eq!(required, needed, "{}", kind.name);
        }
    }

    fn collect(schema: &Value, names: &mut BTreeSet<String>, required: &mut BTreeSet<String>) {
        for part in schema["allOf"].as_array().into_iter().flatten() {
            collect(part, names, required);
        }
        names.extend(schema["properties"].as_object().into_iter().flat_map(|p| p.keys().cloned()));
        required
            .extend(schema["required"].as_array().into_iter().flatten().filter_map(|r| r.as_str().map(str::to_owned)));
    }

    /// Whatever field a type takes can be sent.
    #[test]
    fn every_field_has_its_place_in_the_body() {
        for field in Field::ALL {
            let body = serde_json::json!({"type": "disclosed", (field.as_str()): null});
            assert!(serde_json::from_value::<EventBody>(body).is_ok(), "{}", field.as_str());
        }
    }
}
