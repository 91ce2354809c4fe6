//! Adjustments over HTTP.

use super::actions::{self, Again, NewAdjustment, NewEvent, Proposal, ToClass, not_found};
use super::rules::{
    Elements, EventType, Given, Level, NewUnit, Status, System, Trigger, department, ground, step, turn,
};
use super::store::{self, EventRow, Filter, Row, Unit};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Citation, ClassAdjustmentId, Day, DivisionCode, DocumentId, Error, FarmlandUnitId, Fault, Result, Text, mu,
};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Role, Scope, Stop};
use crate::registers::division::Above;
use crate::registers::farmland::{ClassNumbers, ClassifiedUnit};
use axum::extract::Path;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(propose_class_adjustment, list_class_adjustments))
        .routes(routes!(get_class_adjustment))
        .routes(routes!(get_class_finding))
        .routes(routes!(list_class_adjustment_events, record_class_adjustment_event))
}

/// A class that can be proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProposedClass {
    /// 优先保护类
    PriorityProtection,
    /// 安全利用类
    SafeUse,
    /// 严格管控类
    StrictControl,
}

impl ProposedClass {
    const fn as_str(self) -> &'static str {
        match self {
            ProposedClass::PriorityProtection => "priority_protection",
            ProposedClass::SafeUse => "safe_use",
            ProposedClass::StrictControl => "strict_control",
        }
    }
}

/// A unit with the class that it is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustedUnitBody {
    /// The farmland unit.
    unit_id: FarmlandUnitId,
    /// Its class to be.
    class: ProposedClass,
    /// Classes of the single elements, 1 to 3, where they are known.
    #[serde(default)]
    elements: Option<Elements>,
    /// Why, where the proposal's evidence does not say.
    #[serde(default)]
    reason: Option<String>,
}

impl From<AdjustedUnitBody> for NewUnit {
    fn from(body: AdjustedUnitBody) -> NewUnit {
        NewUnit { unit: body.unit_id, class: body.class.as_str(), elements: body.elements, reason: body.reason }
    }
}

/// A unit as it is proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposedUnitBody {
    /// The farmland unit.
    unit_id: FarmlandUnitId,
    /// Its class to be; left out where the samples are asked for it (`classify`).
    #[serde(default)]
    class: Option<ProposedClass>,
    /// Classes of the single elements, 1 to 3, where they are known.
    #[serde(default)]
    elements: Option<Elements>,
    /// Why, where the proposal's evidence does not say, and where the class is not what the samples say.
    #[serde(default)]
    reason: Option<String>,
}

/// How the samples are asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClassifyBody {
    /// Samples taken on this day or before; today when left out.
    #[serde(default)]
    on: Option<Day>,
    /// Numbers to try in the place of those that hold.
    #[serde(default)]
    options: ClassNumbers,
}

/// The units as they are given, each with its class.
fn by_hand(units: Vec<ProposedUnitBody>) -> Result<Vec<NewUnit>> {
    let mut faults = Vec::new();
    let mut new = Vec::with_capacity(units.len());
    for (place, unit) in units.into_iter().enumerate() {
        match unit.class {
            Some(class) => new.push(NewUnit {
                unit: unit.unit_id,
                class: class.as_str(),
                elements: unit.elements,
                reason: unit.reason,
            }),
            None => faults.push(Fault::new(
                format!("/units/{place}/class"),
                "missing",
                Text::fixed(
                    "须给出类别；由样品判定的，请给出 classify。",
                    "Give the class, or `classify` to ask the samples for it.",
                ),
            )),
        }
    }
    if faults.is_empty() { Ok(new) } else { Err(Error::invalid(faults)) }
}

/// What a proposal rests on: at least one paper, one sample, or words.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceBody {
    /// Papers filed before.
    #[serde(default)]
    document_ids: Vec<DocumentId>,
    /// Samples.
    #[serde(default)]
    sample_ids: Vec<Uuid>,
    /// In words.
    #[serde(default)]
    text: Option<String>,
}

/// Classes proposed for units of a county.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "division_code": "152921", "trigger": "routine_monitoring",
    "units": [{"unit_id": "01974000-0000-7000-8000-000000000001", "class": "safe_use", "elements": {"Cd": 2}}],
    "evidence": {"document_ids": ["01974000-0000-7000-8000-000000000002"], "text": "2026年例行监测镉超筛选值"}
}))]
struct NewAdjustmentBody {
    /// The county, in which every unit lies.
    division_code: DivisionCode,
    /// Why classes are given.
    trigger: Trigger,
    /// The units, 1 to 10000.
    #[schema(min_items = 1, max_items = 10000)]
    units: Vec<ProposedUnitBody>,
    /// Ask the samples for the classes: units without one are given theirs, another one needs its reason, and what the
    /// samples say is kept with each unit.
    #[serde(default)]
    classify: Option<ClassifyBody>,
    /// What it rests on.
    evidence: EvidenceBody,
    /// The day of the proposal, today when left out; not after today.
    #[serde(default)]
    proposed_on: Option<Day>,
    /// First day of the new classes; the day of the approval when left out.
    #[serde(default)]
    effective_on: Option<Day>,
    /// Classes that stay are confirmed: needed where no class changes.
    #[serde(default)]
    confirm: bool,
    /// Anything worth remembering.
    #[serde(default)]
    note: Option<String>,
}

/// Review of the limits of the units.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BoundaryReviewBody {
    /// Who reviewed them, by name.
    reviewer: Option<String>,
    /// When.
    reviewed_on: Option<Day>,
    /// The record of it, filed before.
    document_id: Option<DocumentId>,
}

/// A step as read: any field, so that what a type lacks and what it has too much is named together, after the questions of
/// status and role. What each type takes is [`ClassAdjustmentEventRequest`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBody {
    #[serde(rename = "type")]
    event_type: EventType,
    #[serde(default)]
    occurred_on: Option<Day>,
    #[serde(default)]
    boundary_review: Option<BoundaryReviewBody>,
    #[serde(default)]
    approval_number: Option<String>,
    #[serde(default)]
    approved_on: Option<Day>,
    #[serde(default)]
    system: Option<String>,
    #[serde(default)]
    receipt: Option<String>,
    #[serde(default)]
    uploaded_on: Option<Day>,
    #[serde(default)]
    document_id: Option<DocumentId>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    units: Option<Vec<AdjustedUnitBody>>,
    #[serde(default)]
    evidence: Option<EvidenceBody>,
    #[serde(default)]
    effective_on: Option<Day>,
    #[serde(default)]
    confirm: Option<bool>,
    #[serde(default)]
    note: Option<String>,
}

impl From<EventBody> for NewEvent {
    fn from(body: EventBody) -> NewEvent {
        let anew =
            body.units.is_some() || body.evidence.is_some() || body.effective_on.is_some() || body.confirm.is_some();
        NewEvent {
            event_type: body.event_type,
            given: Given {
                occurred_on: body.occurred_on,
                boundary_review: body.boundary_review.map(|b| (b.reviewer, b.reviewed_on, b.document_id)),
                approval_number: body.approval_number,
                approved_on: body.approved_on,
                system: body.system,
                receipt: body.receipt,
                uploaded_on: body.uploaded_on,
                document_id: body.document_id,
                reason: body.reason,
                anew,
                note: body.note,
            },
            again: Again {
                units: body.units.map(|units| units.into_iter().map(NewUnit::from).collect()),
                evidence: body.evidence.map(|e| (e.document_ids, e.sample_ids, e.text)),
                effective_on: body.effective_on,
                confirm: body.confirm,
            },
        }
    }
}

/// A step of an adjustment.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of a request; it is read by a type that takes any field")]
enum ClassAdjustmentEventRequest {
    /// 县级同意 (A2), the limits of the units being reviewed by a named person.
    #[schema(example = json!({"type": "county_agreed", "occurred_on": "2026-11-20", "boundary_review": {"reviewer": "（演示）核查人", "reviewed_on": "2026-11-18"}}))]
    CountyAgreed {
        /// Day on which it happened.
        occurred_on: Day,
        /// Review of the limits of the units.
        boundary_review: BoundaryReview,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 市（盟）级同意 (A3)
    #[schema(example = json!({"type": "prefecture_agreed", "occurred_on": "2026-11-20"}))]
    PrefectureAgreed {
        /// Day on which it happened.
        occurred_on: Day,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 省级人民政府审定 (A4): the units have their classes from `effective_on` of the proposal on, or from `approved_on`.
    #[schema(example = json!({"type": "province_approved", "occurred_on": "2026-11-20", "approval_number": "内政土〔2026〕1号", "approved_on": "2026-11-19"}))]
    ProvinceApproved {
        /// Day on which it happened.
        occurred_on: Day,
        /// Number of the provincial government's approval.
        approval_number: String,
        /// Day of the approval.
        approved_on: Day,
        /// The approval, filed before.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 上传国家系统 (A5)
    #[schema(example = json!({"type": "uploaded", "occurred_on": "2026-11-20", "system": "soil_platform", "receipt": "HZ-1", "uploaded_on": "2026-11-20"}))]
    Uploaded {
        /// Day on which it happened.
        occurred_on: Day,
        /// The system, by this name or by its Chinese name.
        system: System,
        /// Its receipt.
        receipt: String,
        /// Day of the upload.
        uploaded_on: Day,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 退回 (A6), by whoever's turn it is.
    #[schema(example = json!({"type": "returned", "occurred_on": "2026-11-20", "reason": "边界与图斑不符"}))]
    Returned {
        /// Day on which it happened.
        occurred_on: Day,
        /// Why.
        reason: String,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 再次提出 (A7): what is left out stays as it was proposed before, held against the classes of today.
    #[schema(example = json!({"type": "resubmitted", "occurred_on": "2026-11-21", "note": "已按退回意见修改"}))]
    Resubmitted {
        /// Day on which it happened.
        occurred_on: Day,
        /// All units of the new round.
        units: Option<Vec<AdjustedUnitBody>>,
        /// All evidence of the new round.
        evidence: Option<EvidenceBody>,
        /// First day of the new classes.
        effective_on: Option<Day>,
        /// Classes that stay are confirmed.
        confirm: Option<bool>,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 误录作废 (A8): voids the last entry, by whoever made it; nothing is deleted. An approval only while its classes hold.
    #[schema(example = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "录入了另一批次的文号"}))]
    EnteredInError {
        /// Day on which it happened.
        occurred_on: Day,
        /// Why.
        reason: String,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
}

/// Review of the limits of the units by a named person.
#[derive(Debug, Serialize, ToSchema)]
struct BoundaryReview {
    /// Who reviewed them, by name.
    reviewer: String,
    /// When.
    reviewed_on: Day,
    /// The record of it.
    document_id: Option<DocumentId>,
}

/// Units and area by class before and after.
#[derive(Debug, Serialize, ToSchema)]
struct ClassChange {
    /// Class on the day of the proposal.
    #[schema(example = "priority_protection")]
    from_class: String,
    /// Class proposed.
    #[schema(example = "safe_use")]
    to_class: String,
    /// How many units.
    units: u64,
    /// Their ellipsoidal area, m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
}

/// What a proposal rests on.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentEvidence {
    /// Papers.
    document_ids: Vec<Uuid>,
    /// Samples, as the proposal names them.
    sample_ids: Vec<Uuid>,
    /// In words.
    text: Option<String>,
}

/// A department that may act.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentActor {
    /// Its level.
    level: Level,
    /// Its role.
    role: Role,
    /// Its division.
    #[schema(example = "152921")]
    division_code: Option<String>,
    /// 部门
    name_zh: String,
    /// Who.
    name_en: String,
}

/// Whose turn it is.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentTurn {
    /// The step that is waited for.
    #[serde(rename = "type")]
    event_type: EventType,
    /// 步骤
    title_zh: String,
    /// The step in words.
    title_en: String,
    /// Who takes it.
    actors: Vec<AdjustmentActor>,
    /// Since when.
    since: Day,
    /// 时限说明
    clock_zh: &'static str,
    /// What is known of a time for it.
    clock_en: &'static str,
}

/// A proposal to give farmland units their classes.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentView {
    /// Its identifier.
    id: ClassAdjustmentId,
    /// County, year, serial without gaps.
    #[schema(example = "152921-类别-2026-0001")]
    number: String,
    /// The county.
    #[schema(example = "152921")]
    division_code: String,
    /// Why classes are given.
    trigger: Trigger,
    /// 事由
    trigger_zh: String,
    /// Why, in words.
    trigger_en: String,
    /// Where it stands.
    status: Status,
    /// 状态
    status_zh: String,
    /// Where it stands, in words.
    status_en: String,
    /// The day of the step that led there.
    status_since: Day,
    /// Counts the proposals of it: a resubmission adds one.
    round: i32,
    /// First day of the new classes, where it was named.
    effective_on: Option<Day>,
    /// Number of the provincial government's approval.
    approval_number: Option<String>,
    /// Day of the approval.
    approved_on: Option<Day>,
    /// Classes that stay are confirmed.
    confirm: bool,
    /// What it rests on.
    evidence: AdjustmentEvidence,
    /// Anything worth remembering.
    note: Option<String>,
    /// How many units.
    units_total: i32,
    /// Their ellipsoidal area, m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
    /// By class before and after.
    changes: Vec<ClassChange>,
    /// The day of the first proposal.
    proposed_on: Day,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A unit of a proposal.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustedUnit {
    /// The farmland unit.
    unit_id: FarmlandUnitId,
    /// Its code.
    unit_code: String,
    /// Class on the day of the proposal.
    #[schema(example = "priority_protection")]
    from_class: String,
    /// Class proposed.
    #[schema(example = "safe_use")]
    class: String,
    /// Classes of the single elements.
    elements: Option<Elements>,
    /// Why.
    reason: Option<String>,
    /// Ellipsoidal area, m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentEvent {
    /// Its place in the log, from 1.
    seq: i32,
    /// Which.
    #[serde(rename = "type")]
    event_type: EventType,
    /// 事项
    title_zh: String,
    /// Which, in words.
    title_en: String,
    /// Day on which it happened.
    occurred_on: Day,
    /// Where the proposal stood before; none for the proposal itself.
    status_before: Option<String>,
    /// Where it stood after.
    #[schema(example = "county_agreed")]
    status_after: String,
    /// The round it is about.
    round: i32,
    /// The entry that this one says was a mistake.
    voids_seq: Option<i32>,
    /// The entry that says that this one was a mistake.
    voided_by: Option<i32>,
    /// With `county_agreed`: review of the limits.
    boundary_review: Option<BoundaryReview>,
    /// With `province_approved`: number.
    approval_number: Option<String>,
    /// With `province_approved`: day.
    approved_on: Option<Day>,
    /// With `uploaded`: the system.
    system: Option<System>,
    /// 系统名称
    system_zh: Option<String>,
    /// Name of the system.
    system_en: Option<String>,
    /// With `uploaded`: the receipt.
    receipt: Option<String>,
    /// With `uploaded`: the day.
    uploaded_on: Option<Day>,
    /// The paper.
    document_id: Option<DocumentId>,
    /// Why.
    reason: Option<String>,
    /// Anything worth remembering.
    note: Option<String>,
    /// Role of whoever entered it; none for somebody at the machine.
    by_role: Option<String>,
    /// Division of whoever entered it.
    by_division: Option<String>,
    /// Rule.
    #[schema(example = "A2")]
    rule: &'static str,
    /// What it stands on, of that day.
    citations: Vec<Citation>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A step open to the caller.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentStep {
    /// Which.
    #[serde(rename = "type")]
    event_type: EventType,
    /// 事项
    title_zh: String,
    /// Which, in words.
    title_en: String,
    /// Whereto.
    to: Status,
    /// Rule.
    #[schema(example = "A2")]
    rule: &'static str,
    /// What it stands on, of today.
    citations: Vec<Citation>,
}

/// A proposal with its units and its log.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentDetail {
    /// The proposal.
    #[serde(flatten)]
    adjustment: AdjustmentView,
    /// Whose turn it is; none at the end, and none with `known_at`.
    turn: Option<AdjustmentTurn>,
    /// The units of the round, in the order of the proposal.
    units: Vec<AdjustedUnit>,
    /// The log.
    events: Vec<AdjustmentEvent>,
    /// The steps open to this caller now; none with `known_at`.
    next_steps: Vec<AdjustmentStep>,
}

/// A link of a page.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentLink {
    /// `next`
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address.
    href: String,
}

/// A page of proposals.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentList {
    /// The newest first.
    class_adjustments: Vec<AdjustmentView>,
    /// How many are here.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there are more.
    links: Vec<AdjustmentLink>,
}

/// The log of a proposal.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustmentLog {
    /// In order.
    events: Vec<AdjustmentEvent>,
}

const NO_CLOCK_ZH: &str = "法律、办法和各级方案均未见各环节的办理时限。";
const NO_CLOCK_EN: &str = "No law, measure or plan known here sets a time for any step.";

fn view(row: Row) -> Result<AdjustmentView> {
    let (status, trigger) = (row.status()?, row.trigger()?);
    let (status_title, trigger_title) = (status.title(), trigger.title());
    Ok(AdjustmentView {
        id: row.id,
        number: row.number,
        division_code: row.division_code,
        trigger,
        trigger_zh: trigger_title.zh.into_owned(),
        trigger_en: trigger_title.en.into_owned(),
        status,
        status_zh: status_title.zh.into_owned(),
        status_en: status_title.en.into_owned(),
        status_since: row.status_since,
        round: row.round,
        effective_on: row.effective_on,
        approval_number: row.approval_number,
        approved_on: row.approved_on,
        confirm: row.confirms,
        evidence: AdjustmentEvidence {
            document_ids: row.evidence_documents,
            sample_ids: row.evidence_samples,
            text: row.evidence_text,
        },
        note: row.note,
        units_total: row.units_total,
        area_m2: row.area_m2,
        area_mu: mu(row.area_m2),
        changes: row
            .changes
            .0
            .into_iter()
            .map(|sum| ClassChange {
                from_class: sum.from,
                to_class: sum.to,
                units: sum.units,
                area_m2: sum.area_m2,
                area_mu: mu(sum.area_m2),
            })
            .collect(),
        proposed_on: row.proposed_on,
        recorded_at: row.recorded_at,
    })
}

fn unit_view(unit: Unit) -> Result<AdjustedUnit> {
    let elements = unit.elements()?;
    Ok(AdjustedUnit {
        unit_id: unit.unit_id,
        unit_code: unit.unit_code,
        from_class: unit.from_class,
        class: unit.to_class,
        elements,
        reason: unit.reason,
        area_m2: unit.area_m2,
        area_mu: mu(unit.area_m2),
    })
}

fn event_view(division: &str, entry: EventRow) -> Result<AdjustmentEvent> {
    let event_type = entry.event_type()?;
    let (title, facts) = (event_type.title(), entry.facts.0);
    let (rule, citations) = ground(event_type, division, entry.occurred_on);
    let system = facts.system.map(System::title);
    let (system_zh, system_en) = system.map(|s| (s.zh.into_owned(), s.en.into_owned())).unzip();
    Ok(AdjustmentEvent {
        seq: entry.seq,
        event_type,
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        occurred_on: entry.occurred_on,
        status_before: entry.status_before,
        status_after: entry.status_after,
        round: entry.round,
        voids_seq: entry.voids_seq,
        voided_by: entry.voided_by,
        boundary_review: facts.boundary_review.map(|review| BoundaryReview {
            reviewer: review.reviewer,
            reviewed_on: review.reviewed_on,
            document_id: review.document_id,
        }),
        approval_number: facts.approval_number,
        approved_on: facts.approved_on,
        system: facts.system,
        system_zh,
        system_en,
        receipt: facts.receipt,
        uploaded_on: facts.uploaded_on,
        document_id: facts.document_id,
        reason: facts.reason,
        note: facts.note,
        by_role: entry.by_role,
        by_division: entry.by_division,
        rule,
        citations,
        recorded_at: entry.recorded_at,
    })
}

fn place(above: &Above, level: Level) -> Option<String> {
    match level {
        Level::County => Some(above.county.clone()),
        Level::Prefecture => above.prefecture.clone(),
        Level::Province => above.province.clone(),
    }
}

/// A proposal in full, for a caller. With `known_at` as it was known then, when nothing can be done any more.
async fn detail(call: &Call, conn: &mut PgConnection, row: Row, at: Option<DateTime<Utc>>) -> Result<AdjustmentDetail> {
    let log = store::log(conn, row.id, at).await?;
    let units = store::units(conn, row.id, row.round).await?;
    let (mut next_steps, mut waiting) = (Vec::new(), None);
    if at.is_none() {
        let above = actions::above(conn, &row.division_code).await?;
        let here = actions::here(&row, &log, &above)?;
        let actor = actions::actor(call.caller(), &above);
        let may = |event| call.caller().may(Permission::ClassAdjustmentDecide) && step(&here, event, &actor).is_ok();
        for event in EventType::ALL.iter().copied().filter(|event| may(*event)) {
            let Ok(taken) = step(&here, event, &actor) else { continue };
            let (_, citations) = ground(event, &row.division_code, call.today());
            let title = event.title();
            next_steps.push(AdjustmentStep {
                event_type: event,
                title_zh: title.zh.into_owned(),
                title_en: title.en.into_owned(),
                to: taken.to,
                rule: taken.rule,
                citations,
            });
        }
        waiting = turn(&here).map(|way| {
            let title = way.event.title();
            let actors = way.actors.iter().map(|(level, role)| {
                let name = department(*level, *role);
                AdjustmentActor {
                    level: *level,
                    role: *role,
                    division_code: place(&above, *level),
                    name_zh: name.zh.into_owned(),
                    name_en: name.en.into_owned(),
                }
            });
            AdjustmentTurn {
                event_type: way.event,
                title_zh: title.zh.into_owned(),
                title_en: title.en.into_owned(),
                actors: actors.collect(),
                since: row.status_since,
                clock_zh: NO_CLOCK_ZH,
                clock_en: NO_CLOCK_EN,
            }
        });
    }
    let division = row.division_code.clone();
    Ok(AdjustmentDetail {
        adjustment: view(row)?,
        turn: waiting,
        units: units.into_iter().map(unit_view).collect::<Result<Vec<_>>>()?,
        events: log.into_iter().map(|entry| event_view(&division, entry)).collect::<Result<Vec<_>>>()?,
        next_steps,
    })
}

/// Propose classes
///
/// For units of one county, with the evidence. Each keeps the class that it has today beside the one proposed; a unit is in
/// one adjustment at a time (409 `adjustment_pending` names those that are in another).
#[utoipa::path(
    post, path = "/v1/class-adjustments", operation_id = "propose_class_adjustment", tag = "farmland",
    request_body = NewAdjustmentBody,
    responses((status = 201, description = "Proposed", body = AdjustmentDetail)),
    extensions(("x-permission" = json!("class_adjustment.propose")))
)]
async fn propose_class_adjustment(call: Call, Body(body): Body<NewAdjustmentBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ClassAdjustmentPropose).await?;
    let (units, findings) = match body.classify {
        None => (by_hand(body.units)?, Vec::new()),
        Some(asked) => {
            let units = body.units.into_iter().map(|unit| ToClass {
                unit: unit.unit_id,
                class: unit.class.map(ProposedClass::as_str),
                elements: unit.elements,
                reason: unit.reason,
            });
            actions::classify(&mut act, units.collect(), asked.on, asked.options).await?
        }
    };
    let new = NewAdjustment {
        division: body.division_code,
        trigger: body.trigger,
        proposed_on: body.proposed_on,
        proposal: Proposal {
            units,
            findings,
            documents: body.evidence.document_ids,
            samples: body.evidence.sample_ids,
            text: body.evidence.text,
            effective_on: body.effective_on,
            note: body.note,
            confirm: body.confirm,
        },
    };
    let id = actions::propose(&mut act, new).await?;
    let row = store::find(act.tx(), id, None).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let view = detail(&call, act.tx(), row, None).await?;
    let reply = Reply::json(&view)?.created(format!("/v1/class-adjustments/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

/// What the samples said of a unit when its class was proposed
///
/// The unit of the classification's answer, with every step and the samples used. 404 where the samples were not asked.
#[utoipa::path(
    get, path = "/v1/class-adjustments/{id}/units/{unit_id}/finding", operation_id = "get_class_finding", tag = "farmland",
    params(
        ("id" = Uuid, Path, description = "Identifier of the adjustment"),
        ("unit_id" = Uuid, Path, description = "Identifier of the unit"),
    ),
    responses((status = 200, body = ClassifiedUnit)),
    extensions(("x-permission" = json!("class_adjustment.read")))
)]
async fn get_class_finding(call: Call, Path((id, unit)): Path<(String, String)>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ClassAdjustmentRead)?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, None).await?;
    let unit: FarmlandUnitId = unit.parse().map_err(|_| not_found())?;
    let finding = store::finding(&mut tx, row.id, row.round, unit).await?.ok_or_else(not_found)?;
    Ok(Reply::json(&finding)?)
}

/// Which proposals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AdjustmentParams {
    /// Standing so.
    #[param(inline)]
    status: Option<Status>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// For this reason.
    #[param(inline)]
    trigger: Option<Trigger>,
    /// With this farmland unit, in any of their rounds.
    unit: Option<FarmlandUnitId>,
    /// As the registry knew them at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List class adjustments
///
/// The newest first; departments see those of their division and below.
#[utoipa::path(
    get, path = "/v1/class-adjustments", operation_id = "list_class_adjustments", tag = "farmland",
    params(AdjustmentParams),
    responses((status = 200, description = "A page", body = AdjustmentList)),
    extensions(("x-permission" = json!("class_adjustment.read")))
)]
async fn list_class_adjustments(call: Call, Params(params): Params<AdjustmentParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ClassAdjustmentRead)?;
    let limit = paging::limit(params.limit)?;
    let at = known_at(params.known_at.as_deref())?;
    let mark = format!(
        "class-adjustments {:?} scope={}",
        (params.status, &params.division, params.trigger, params.unit, at),
        scope.mark()
    );
    let before = Cursor::key(params.cursor.as_deref(), &mark)?;
    let filter = Filter {
        scope: &scope,
        known_at: at,
        status: params.status.map(Status::as_str),
        division: params.division.as_ref().map(DivisionCode::as_str),
        trigger: params.trigger.map(Trigger::as_str),
        unit: params.unit,
        before,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = store::page(&mut conn, &filter).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| last.id.to_string()) {
        links.push(AdjustmentLink {
            rel: "next",
            media_type: "application/json",
            href: next_address(&call, &params, at, limit, &cursor),
        });
    }
    let class_adjustments = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&AdjustmentList { number_returned: class_adjustments.len(), class_adjustments, links })?)
}

/// Every value is made of letters, digits, `_`, `-`, `:` and `.`, and needs no escaping.
fn next_address(call: &Call, params: &AdjustmentParams, at: Option<DateTime<Utc>>, limit: u32, cursor: &str) -> String {
    let mut address = call.address(&format!("/v1/class-adjustments?limit={limit}"));
    let given = [
        ("status", params.status.map(|status| status.as_str().to_owned())),
        ("division", params.division.as_ref().map(ToString::to_string)),
        ("trigger", params.trigger.map(|trigger| trigger.as_str().to_owned())),
        ("unit", params.unit.map(|unit| unit.to_string())),
        ("known_at", at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            address.push_str(&format!("&{name}={value}"));
        }
    }
    address.push_str(&format!("&cursor={cursor}"));
    address
}

/// The proposal, where the caller may see it. An identifier that is none names no proposal, just as an unknown one does.
async fn find(scope: &Scope, conn: &mut PgConnection, id: &str, at: Option<DateTime<Utc>>) -> Result<Row> {
    let id = id.parse().map_err(|_| not_found())?;
    let row = store::find(conn, id, at).await?.ok_or_else(not_found)?;
    if scope.covers(&row.division_code) { Ok(row) } else { Err(not_found()) }
}

/// A class adjustment
///
/// With its units, its log, whose turn it is and since when, and the steps open to the caller.
#[utoipa::path(
    get, path = "/v1/class-adjustments/{id}", operation_id = "get_class_adjustment", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the adjustment"), KnownParams),
    responses((status = 200, description = "The adjustment", body = AdjustmentDetail)),
    extensions(("x-permission" = json!("class_adjustment.read")))
)]
async fn get_class_adjustment(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ClassAdjustmentRead)?;
    let at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, at).await?;
    let revision = row.revision;
    // The steps differ by who asks, and the citations by the day.
    Ok(Reply::json(&detail(&call, &mut tx, row, at).await?)?.revision_as_shown(revision))
}

/// The log of a class adjustment
#[utoipa::path(
    get, path = "/v1/class-adjustments/{id}/events", operation_id = "list_class_adjustment_events", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the adjustment"), KnownParams),
    responses((status = 200, description = "Its entries, in order", body = AdjustmentLog)),
    extensions(("x-permission" = json!("class_adjustment.read")))
)]
async fn list_class_adjustment_events(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ClassAdjustmentRead)?;
    let at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, at).await?;
    let log = store::log(&mut tx, row.id, at).await?;
    let events = log.into_iter().map(|entry| event_view(&row.division_code, entry)).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&AdjustmentLog { events })?.revision_as_shown(row.revision))
}

/// Take a step of a class adjustment
///
/// The registry decides by status, level and role. 409 `step_not_allowed` names the steps that the status has; every
/// refusal carries its rule and articles. The approval gives the units their classes in the same act, and is refused
/// (409 `class_moved`) where a unit has another class by now or has ended.
#[utoipa::path(
    post, path = "/v1/class-adjustments/{id}/events", operation_id = "record_class_adjustment_event", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the adjustment")),
    request_body = ClassAdjustmentEventRequest,
    responses((status = 201, description = "The adjustment as it stands now", body = AdjustmentDetail)),
    extensions(("x-permission" = json!("class_adjustment.decide")))
)]
async fn record_class_adjustment_event(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<EventBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ClassAdjustmentDecide).await?;
    let id: ClassAdjustmentId = id.parse().map_err(|_| not_found())?;
    actions::record(&mut act, id, body.into()).await?;
    let row = store::find(act.tx(), id, None).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let view = detail(&call, act.tx(), row, None).await?;
    let reply = Reply::json(&view)?.created(format!("/v1/class-adjustments/{id}/events")).revision(revision);
    Ok(act.finish(reply).await?)
}
