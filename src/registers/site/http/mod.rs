//! Sites over HTTP.

mod events;
mod exchange;
mod lists;
mod negative_list;

use self::events::{EventBody, EventPayload, EventRequest};
use super::actions::{self, Correction, Facts, LandUser, NewSite, Sight, not_found, sight};
use super::rules::event::{FieldRule, Need};
use super::rules::{
    AssessedClass, Case, ControlMode, Effect, EventType, Flag, Gate, Ground, Liable, List, Party, Publicity, RiskGrade,
    Stage, next_steps, restrictions,
};
use super::store::{self, After, Filter, Log, LogRow, NO_DAY, NegativeUse, Order, Row, Version};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    ActId, Area, AreaGeometry, Citation, Day, DivisionCode, DocumentId, Error, KeyId, Result, SiteId, Text, mu,
};
use crate::platform::call::{known_at, stale};
use crate::platform::feature::{self, Feature, FeaturePage, NewFeature};
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Role, Stop};
use crate::registers::deadline::{self, Deadline, Status as ClockStatus};
use crate::registers::publicity;
use axum::extract::{OriginalUri, Path};
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register_site, list_sites))
        .routes(routes!(get_site, correct_site))
        .routes(routes!(record_event, list_events))
        .routes(routes!(get_timeline))
        .routes(routes!(get_history))
        .merge(lists::routes())
        .merge(negative_list::routes())
        .merge(exchange::routes())
}

// ---- what is sent ----

/// Who uses the land.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "（演示）北方化工有限公司", "credit_code": "91150000MA0N00000X", "contact": "0483-0000000"}))]
struct LandUserBody {
    /// Name.
    name: String,
    /// Unified social credit code (GB 32100), 18 characters; what a land user's key is matched with.
    #[serde(default)]
    credit_code: Option<String>,
    /// How to reach them. Personal data: for departments in charge only.
    #[serde(default)]
    contact: Option<String>,
}

/// A land use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "GB/T 21010-2017", "code": "0601"}))]
struct LandUseBody {
    /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    system: String,
    /// A code that the system prints.
    code: String,
}

/// A stage at which a site may be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FirstStage {
    /// A lead that nobody has decided on.
    Candidate,
    /// On the list of suspected sites; for ecology bureaus.
    Suspected,
}

/// A site to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "（演示）原北方化工厂地块", "division_code": "152921", "address": "巴彦浩特镇工业路 1 号",
    "land_user": {"name": "（演示）北方化工有限公司", "credit_code": "91150000MA0N00000X", "contact": "0483-0000000"},
    "former_industry": "2614", "land_use": {"system": "GB/T 21010-2017", "code": "0601"},
    "basis": "重点行业企业用地，已关闭搬迁", "stage": "suspected", "suspected_on": "2026-11-20"
}))]
struct NewSiteBody {
    /// Name, 1 to 200 characters.
    name: String,
    /// Division in charge.
    division_code: DivisionCode,
    /// Address.
    #[serde(default)]
    address: Option<String>,
    /// Who uses the land.
    #[serde(default)]
    land_user: Option<LandUserBody>,
    /// Former industry, GB/T 4754, two to four digits.
    #[serde(default)]
    former_industry: Option<String>,
    /// Land use.
    #[serde(default)]
    land_use: Option<LandUseBody>,
    /// Why it is registered.
    #[serde(default)]
    basis: Option<String>,
    /// National code, thirteen digits, where it has been given.
    #[serde(default)]
    national_code: Option<String>,
    /// Where it stands.
    stage: FirstStage,
    /// Day of the listing, of a suspected site; not after today. Left out, today is taken, and later events may lie
    /// before it.
    #[serde(default)]
    suspected_on: Option<Day>,
}

/// A correction of attributes: what is left out stays, `null` takes away. The stage is changed by events only.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionBody {
    /// Name.
    #[serde(default)]
    name: Option<String>,
    /// Division in charge; the caller's role must hold in both.
    #[serde(default)]
    division_code: Option<DivisionCode>,
    /// Address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// Who uses the land; given whole.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<LandUserBody>)]
    land_user: Option<Option<LandUserBody>>,
    /// Former industry.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    former_industry: Option<Option<String>>,
    /// Land use.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<LandUseBody>)]
    land_use: Option<Option<LandUseBody>>,
    /// Why it is registered.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    basis: Option<Option<String>>,
    /// National code.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    national_code: Option<Option<String>>,
}

/// A correction of a site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"properties": {"address": "巴彦浩特镇工业路 2 号"}, "reason": "门牌号录入有误"}))]
struct SitePatch {
    /// `Feature`, where the client sends one.
    #[serde(rename = "type", default)]
    #[schema(value_type = Option<feature::FeatureType>)]
    _kind: Option<feature::FeatureType>,
    /// A new outline.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    geometry: Option<Value>,
    /// Attributes to correct.
    #[serde(default)]
    properties: CorrectionBody,
    /// Why; kept in the history.
    reason: String,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

// ---- what is answered ----

/// A field that this caller does not see, and why.
#[derive(Debug, Serialize, ToSchema)]
struct HiddenField {
    /// Its name.
    #[schema(example = "land_user")]
    field: String,
    /// 为何
    reason_zh: String,
    /// Why.
    reason_en: String,
}

/// A list that a site is on.
#[derive(Debug, Serialize, ToSchema)]
struct ListView {
    /// Which.
    list: List,
    /// 名称
    title_zh: String,
    /// Name.
    title_en: String,
    /// Day of the entry, where known.
    since: Option<Day>,
}

/// A use barred on a site's land.
#[derive(Debug, Serialize, ToSchema)]
struct NegativeUseView {
    /// Land-use system.
    #[schema(example = "GB/T 21010-2017")]
    system: String,
    /// Land-use code; all below it is meant too.
    #[schema(example = "07")]
    code: String,
    /// Why.
    why: Option<String>,
    /// First day, where known.
    since: Option<Day>,
    /// Last day; `null` while it holds.
    until: Option<Day>,
}

impl From<NegativeUse> for NegativeUseView {
    fn from(barred: NegativeUse) -> NegativeUseView {
        NegativeUseView {
            system: barred.use_system,
            code: barred.code_prefix,
            why: barred.why,
            since: barred.since,
            until: barred.until,
        }
    }
}

/// A site's attributes.
#[derive(Debug, Serialize, ToSchema)]
struct SiteProperties {
    /// Interim code, or the code of the register that the site came from.
    #[schema(example = "152921YS20260001")]
    code: String,
    /// Interim code of the entry in the directory of contaminated sites.
    directory_code: Option<String>,
    /// National code.
    national_code: Option<String>,
    /// Name.
    name: String,
    /// Division in charge.
    #[schema(example = "152921")]
    division_code: String,
    /// Address.
    address: Option<String>,
    /// Who uses the land; `null` for whoever may not see it (`hidden_fields`).
    land_user: Option<LandUserBody>,
    /// GB/T 4754.
    former_industry: Option<String>,
    /// Land use.
    land_use: Option<LandUseBody>,
    /// Why it is registered.
    basis: Option<String>,
    /// Where it stands.
    #[schema(example = "suspected")]
    stage: String,
    /// 阶段名称
    stage_zh: String,
    /// Name of the stage.
    stage_en: String,
    /// Mode of risk control.
    mode: Option<ControlMode>,
    /// Civil day since which it stands there; `null` where an existing register did not say.
    stage_since: Option<Day>,
    /// Grade in the directory.
    risk_grade: Option<RiskGrade>,
    /// Land class of GB 36600 that a clean survey holds for.
    assessed_class: Option<AssessedClass>,
    /// The lists it is on.
    lists: Vec<ListView>,
    /// Ellipsoidal area, m².
    #[schema(example = 40213.7)]
    area_m2: f64,
    /// The same in mu (亩).
    #[schema(example = 60.32)]
    area_mu: f64,
    /// What stands over the site beside its stage.
    flags: Vec<Flag>,
    /// Who is liable now, where that is not the land user; `null` for whoever may not see it (`hidden_fields`).
    liable_party: Option<Party>,
    /// Last day of the running clock that ends first; local service levels are left out.
    next_due_on: Option<Day>,
    /// Whether a clock has run out, today; local service levels are left out.
    overdue: bool,
    /// Sample data of nobody's land.
    invented: bool,
    /// Version, from 1; the ETag.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
    /// What this caller does not see.
    hidden_fields: Vec<HiddenField>,
}

/// One step of how a due date was counted.
#[derive(Debug, Serialize, ToSchema)]
struct DueReason {
    /// 中文
    text_zh: String,
    /// English
    text_en: String,
    /// The article that says so.
    citations: Vec<Citation>,
}

/// A clock of the site.
#[derive(Debug, Serialize, ToSchema)]
struct SiteDeadline {
    /// Its identifier.
    id: crate::kernel::DeadlineId,
    /// Which.
    #[schema(example = "preliminary_survey_six_months")]
    rule: String,
    /// Tells several clocks of one rule apart; empty where a site has one at a time.
    occasion: String,
    /// A local service level (内部时限), not law.
    internal: bool,
    /// How well rule and number are known: `verified`, `recalled`, `unconfirmed`.
    #[schema(example = "recalled")]
    confidence: String,
    /// 期限名称
    title_zh: Option<String>,
    /// Its name.
    title_en: Option<String>,
    /// The day that is counted from.
    start_on: Day,
    /// Last day before any rolling over rest days.
    nominal_due_on: Option<Day>,
    /// Last day in time.
    #[schema(example = "2026-11-23")]
    due_on: Option<Day>,
    /// It may change when a year's calendar is announced.
    provisional: bool,
    /// Where it stands today.
    status: ClockStatus,
    /// Role that has to act.
    #[schema(example = "land_user")]
    responsible: String,
    /// Day on which it was stopped or called off.
    closed_on: Option<Day>,
    /// Why it was called off.
    cause: Option<String>,
    /// How it was counted.
    why: Vec<DueReason>,
}

/// A step open to this caller.
#[derive(Debug, Serialize, ToSchema)]
struct NextStepView {
    /// Event type.
    #[serde(rename = "type")]
    event_type: EventType,
    /// 步骤名称
    title_zh: String,
    /// Its name.
    title_en: String,
    /// The roles that may take it.
    actors: Vec<Role>,
    /// Stages it can lead to.
    #[schema(example = json!(["preliminary_survey"]))]
    leads_to: Vec<String>,
    /// Conclusions, or modes, that are possible here; empty where it carries none.
    cases: Vec<Case>,
    /// Names of the fields that it takes.
    fields: Vec<String>,
    /// The same fields with what they are called and when they are needed, in the order of a form.
    form: Vec<StepFieldView>,
    /// Its rule.
    #[schema(example = "T3")]
    rule: String,
    /// Its articles, in the text in force today.
    citations: Vec<Citation>,
}

/// A field of a step.
#[derive(Debug, Serialize, ToSchema)]
struct StepFieldView {
    /// Its name in the event.
    #[schema(example = "risk_grade")]
    field: String,
    /// 字段名称
    title_zh: String,
    /// What it is called.
    title_en: String,
    /// Whether it must be there; with `cases`, whether it must be there with those.
    required: bool,
    /// The conclusions or modes that it goes with; empty where it goes with all.
    cases: Vec<Case>,
}

/// What the land may be used for now.
#[derive(Debug, Serialize, ToSchema)]
struct RestrictionView {
    /// Stable name.
    #[schema(example = "no_housing_or_public_use")]
    id: String,
    /// How far it goes.
    gate: Gate,
    /// 内容
    text_zh: String,
    /// What it says.
    text_en: String,
    /// Its articles, in the text in force today.
    citations: Vec<Citation>,
}

/// Something that must be published and is not yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SitePublicityView)]
struct PublicityView {
    /// Which duty.
    duty: Publicity,
    /// 内容
    title_zh: String,
    /// What must be published.
    title_en: String,
    /// By whom.
    by: Role,
    /// Its articles.
    citations: Vec<Citation>,
}

/// A site with what follows from its standing.
#[derive(Debug, Serialize, ToSchema)]
struct SiteDetail {
    #[serde(flatten)]
    site: SiteProperties,
    /// Its clocks as they stand today: those of the law, then local service levels, each oldest first.
    deadlines: Vec<SiteDeadline>,
    /// Steps open to this caller.
    next_steps: Vec<NextStepView>,
    /// What its land may be used for now, gravest first.
    restrictions: Vec<RestrictionView>,
    /// Uses barred on its land.
    negative_list: Vec<NegativeUseView>,
    /// What must be published and is not yet.
    publicity_owed: Vec<PublicityView>,
    /// Who was and is liable, the present one last; empty while it is the land user.
    liable_parties: Vec<LiableView>,
    /// Why the last report went back, while no other came since.
    returned: Option<String>,
    /// Institutional controls that the land stays under.
    controls: Option<String>,
}

/// A party that is or was liable for the site.
#[derive(Debug, Serialize, ToSchema)]
struct LiableView {
    /// Who.
    party: Party,
    /// Why.
    ground: Ground,
    /// 变更依据
    ground_zh: String,
    /// The ground in words.
    ground_en: String,
    /// Since when.
    since: Day,
    /// The event's number in the log.
    seq: u32,
}

/// Who entered an event; no personal data.
#[derive(Debug, Serialize, ToSchema)]
struct ActorView {
    /// Role; `null` for a registration by the operator at the machine.
    role: Option<Role>,
    /// The key.
    key_id: Option<KeyId>,
    /// Its division.
    division: Option<String>,
}

/// An entry of a site's log.
#[derive(Debug, Serialize, ToSchema)]
struct EventView {
    /// Number in the log, from 1.
    #[schema(example = 2)]
    seq: i32,
    /// Event type, or `registered` for a site as an existing register had it.
    #[serde(rename = "type")]
    #[schema(example = "survey_notice_served")]
    event_type: String,
    /// 事件名称
    title_zh: String,
    /// Its name.
    title_en: String,
    /// Day on which it happened; `null` where an existing register did not say.
    occurred_on: Option<Day>,
    /// The day was not stated but taken to be that of the entry.
    day_assumed: bool,
    /// When it was entered, UTC with six decimals.
    #[schema(example = "2026-11-21T04:00:00.000000Z")]
    recorded_at: String,
    /// Who entered it.
    actor: ActorView,
    /// Its facts.
    #[schema(value_type = EventPayload)]
    payload: Value,
    /// What followed.
    #[schema(value_type = Vec<Effect>)]
    effects: Value,
    /// The entry that voided it.
    voided_by: Option<u32>,
    /// SHA-256, hexadecimal, over the bytes of `prev_hash` and then the UTF-8 of this entry as JSON with sorted keys and no
    /// blanks: `actor`, `day_assumed`, `effects`, `occurred_on`, `payload`, `recorded_at`, `seq`, `site_id`, `type`.
    hash: String,
    /// Hash of the entry before; 64 zeros before the first.
    prev_hash: String,
}

/// A site's log, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct EventLog {
    /// The site.
    site_id: SiteId,
    /// Its entries.
    events: Vec<EventView>,
    /// Hash of the last entry.
    head: String,
}

/// What recording an event gives.
#[derive(Debug, Serialize, ToSchema)]
struct EventRecorded {
    /// The entry.
    event: EventView,
    /// The site after it.
    site: Feature<SiteDetail>,
}

/// What a point of the timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TimelineKind {
    /// An entry of the log.
    Event,
    /// A document that an event names.
    Document,
    /// A clock starts to count.
    DeadlineStarted,
    /// Last day of a clock.
    DeadlineDue,
    /// A clock stops or is called off.
    DeadlineEnded,
}

/// A point of the timeline.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineItem {
    /// Civil day; `null` where it is not known.
    on: Option<Day>,
    /// What it is.
    kind: TimelineKind,
    /// 说明
    title_zh: String,
    /// What happened.
    title_en: String,
    /// Number of the event.
    seq: Option<i32>,
    /// The clock.
    deadline_id: Option<crate::kernel::DeadlineId>,
    /// Where the clock stands today.
    status: Option<ClockStatus>,
    /// The document.
    document_id: Option<DocumentId>,
    /// Whether the event was voided.
    voided: bool,
}

/// Events, documents and clocks of a site on one line.
#[derive(Debug, Serialize, ToSchema)]
struct Timeline {
    /// The site.
    site_id: SiteId,
    /// The points, by day.
    items: Vec<TimelineItem>,
}

/// A version of a site's record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SiteVersionView)]
struct VersionView {
    /// Number, from 1.
    #[schema(example = 2)]
    revision: i32,
    /// When the registry came to know it.
    from: DateTime<Utc>,
    /// When it knew better; `null` for the present version.
    to: Option<DateTime<Utc>>,
    /// Names of the fields that differ from the version before; empty for the first.
    #[schema(example = json!(["stage", "stage_since"]))]
    changed: Vec<String>,
    /// Why, for a correction; `null` for what an event changed.
    reason: Option<String>,
    /// The act that wrote it, which the audit chain names.
    act_id: ActId,
}

/// The versions of a site's record, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct History {
    /// The site.
    site_id: SiteId,
    /// The versions.
    versions: Vec<VersionView>,
}

fn properties(row: &Row, seen: Sight, own: Option<&str>, today: Day) -> Result<SiteProperties> {
    let status = row.status()?;
    let full = seen == Sight::Full;
    let stage = status.stage();
    let title = stage.title();
    let land_user = row.land_user_name.clone().filter(|_| full).map(|name| LandUserBody {
        name,
        credit_code: row.land_user_credit_code.clone(),
        // Who is liable for the site is not therefore shown how to reach its former user.
        contact: row.land_user_contact.clone().filter(|_| own.is_none() || own == row.land_user_credit_code.as_deref()),
    });
    let lists = row
        .lists()
        .into_iter()
        .map(|list| ListView {
            list,
            title_zh: list.title().zh.into_owned(),
            title_en: list.title().en.into_owned(),
            since: match list {
                List::SuspectedList => row.suspected_on,
                List::ContaminatedDirectory => row.contaminated_on,
                List::ControlList => row.control_listed_on,
            },
        })
        .collect();
    let next_due_on = row.next_due_on.filter(|_| full);
    let liable_party = row
        .liable_party_name
        .clone()
        .filter(|_| full)
        .map(|name| Party { name, credit_code: row.liable_party_credit_code.clone() });
    Ok(SiteProperties {
        code: row.code.clone(),
        directory_code: row.directory_code.clone(),
        national_code: row.national_code.clone(),
        name: row.name.clone(),
        division_code: row.division_code.clone(),
        address: row.address.clone(),
        land_user,
        former_industry: row.former_industry.clone(),
        land_use: row
            .land_use_system
            .clone()
            .zip(row.land_use_code.clone())
            .map(|(system, code)| LandUseBody { system, code }),
        basis: row.basis.clone().filter(|_| full),
        stage: stage.as_str().to_owned(),
        stage_zh: title.zh.into_owned(),
        stage_en: title.en.into_owned(),
        mode: stage.mode(),
        stage_since: row.stage_since,
        risk_grade: status.risk_grade(),
        assessed_class: row.assessed_class(),
        lists,
        area_m2: row.area_m2,
        area_mu: mu(row.area_m2),
        flags: row.flags.iter().filter_map(|flag| Flag::parse(flag)).collect(),
        liable_party,
        next_due_on,
        overdue: next_due_on.is_some_and(|due| due < today),
        invented: row.invented,
        revision: row.revision,
        recorded_at: row.sys_from,
        hidden_fields: if full { Vec::new() } else { hidden() },
    })
}

fn hidden() -> Vec<HiddenField> {
    let personal = Text::fixed(
        "土地使用权人信息不对社会公开，主管部门和土地使用权人本人可见。",
        "Data of the land user is not public; the departments in charge and the land user itself see it.",
    );
    let working = Text::fixed(
        "办理过程信息供主管部门和土地使用权人使用，不对社会公开。",
        "How the case is worked on is for the departments in charge and the land user, not for the public.",
    );
    [
        "land_user",
        "liable_party",
        "liable_parties",
        "basis",
        "deadlines",
        "next_due_on",
        "overdue",
        "next_steps",
        "publicity_owed",
    ]
    .into_iter()
    .map(|field| {
        let reason =
            if matches!(field, "land_user" | "liable_party" | "liable_parties") { &personal } else { &working };
        HiddenField { field: field.to_owned(), reason_zh: reason.zh.to_string(), reason_en: reason.en.to_string() }
    })
    .collect()
}

fn clock_title(clock: &Deadline) -> Option<Text> {
    deadline::find(&clock.rule).map(|rule| rule.title.clone())
}

fn deadline_view(clock: Deadline, today: Day) -> SiteDeadline {
    let title = clock_title(&clock);
    SiteDeadline {
        status: clock.standing(today),
        id: clock.id,
        title_zh: title.as_ref().map(|t| t.zh.to_string()),
        title_en: title.map(|t| t.en.into_owned()),
        rule: clock.rule,
        occasion: clock.occasion,
        internal: clock.internal,
        confidence: clock.confidence,
        start_on: clock.start_on,
        nominal_due_on: clock.nominal_due_on,
        due_on: clock.due_on,
        provisional: clock.provisional,
        responsible: clock.responsible,
        closed_on: clock.closed_on,
        cause: clock.cause,
        why: clock
            .why
            .0
            .into_iter()
            .map(|why| DueReason { text_zh: why.text_zh, text_en: why.text_en, citations: why.citations })
            .collect(),
    }
}

/// The present view of a site, as much of it as the caller may see.
async fn present(conn: &mut PgConnection, call: &Call, row: &Row) -> Result<Feature<SiteDetail>> {
    detail(conn, call, row, sight(call.caller(), row), None).await
}

/// The view of a site, as much of it as `seen` says. `known_at` shows an earlier version, at which nothing can be done any more.
async fn detail(
    conn: &mut PgConnection,
    call: &Call,
    row: &Row,
    seen: Sight,
    known_at: Option<DateTime<Utc>>,
) -> Result<Feature<SiteDetail>> {
    let today = call.today();
    let on = known_at.map_or(today, Day::at);
    let log = store::log(conn, row.id, known_at).await?;
    let barred = store::negative_lists(conn, &[row.id.0], None).await?;
    let scope = call.caller().scope(Permission::SiteRead);
    let mut site = properties(row, seen, scope.own_credit_code(), on)?;
    let (mut deadlines, mut steps, mut owed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut liable_parties, mut returned) = (Vec::new(), None);
    let known = log.state.standing();
    if seen == Sight::Full {
        liable_parties = known.liable().iter().map(liable_view).collect();
        returned = known.returned().map(str::to_owned);
        if known_at.is_none() {
            let mut clocks = deadline::for_subject(conn, actions::REGISTER, row.id.0).await?;
            // Stable: the law's clocks first, each kind oldest first.
            clocks.sort_by_key(|clock| clock.internal);
            deadlines = clocks.into_iter().map(|clock| deadline_view(clock, today)).collect();
            steps = open_steps(call, row, &log, today);
        } else {
            site.next_due_on = None;
            site.overdue = false;
            site.hidden_fields.extend(past());
        }
        owed = log.state.owed().iter().filter_map(|owed| owed_view(owed.duty, on)).collect();
    }
    let restrictions = restrictions(&log.state, on)
        .into_iter()
        .map(|r| RestrictionView {
            id: r.id.to_owned(),
            gate: r.gate,
            text_zh: r.text.zh.into_owned(),
            text_en: r.text.en.into_owned(),
            citations: r.citations,
        })
        .collect();
    let detail = SiteDetail {
        site,
        deadlines,
        next_steps: steps,
        restrictions,
        negative_list: barred.into_iter().map(|(_, barred)| barred.into()).collect(),
        publicity_owed: owed,
        liable_parties,
        returned,
        controls: known.controls().map(str::to_owned),
    };
    Feature::of(row.id.0, Some(&row.wkb), detail)
}

/// What an earlier version does not show.
fn past() -> impl Iterator<Item = HiddenField> {
    ["deadlines", "next_due_on", "overdue", "next_steps"].into_iter().map(|field| HiddenField {
        field: field.to_owned(),
        reason_zh: "历史版本不显示期限和可办步骤；期限见 /v1/deadlines?on=。".to_owned(),
        reason_en: "An earlier version shows neither clocks nor steps; for clocks see /v1/deadlines?on=.".to_owned(),
    })
}

/// The steps that this caller may take on this site.
fn open_steps(call: &Call, row: &Row, log: &Log, today: Day) -> Vec<NextStepView> {
    let Some(role) = call.caller().role() else { return Vec::new() };
    if !call.caller().may(Permission::SiteEvent) || actions::require_reach(call.caller(), row).is_err() {
        return Vec::new();
    }
    next_steps(&log.state, Some(role))
        .into_iter()
        .map(|next| {
            let mut leads_to: Vec<String> = next.leads_to.iter().map(|stage| stage.as_str().to_owned()).collect();
            leads_to.dedup();
            let possible = next.cases.clone();
            NextStepView {
                event_type: next.kind.event_type,
                title_zh: next.kind.title.zh.to_string(),
                title_en: next.kind.title.en.to_string(),
                actors: next.actors,
                leads_to,
                cases: next.cases,
                fields: next.kind.fields.iter().map(|rule| rule.field.as_str().to_owned()).collect(),
                form: next.kind.fields.iter().map(|rule| step_field(rule, &possible)).collect(),
                rule: next.kind.rule.to_owned(),
                citations: cite_all(next.kind.provisions, today),
            }
        })
        .collect()
}

/// A field as a form asks for it; of its cases those that are `possible` here.
fn step_field(rule: &FieldRule, possible: &[Case]) -> StepFieldView {
    let title = rule.field.title();
    let (required, cases) = match rule.need {
        Need::Required => (true, &[][..]),
        Need::Optional => (false, &[][..]),
        Need::RequiredWith(cases) => (true, cases),
        Need::OptionalWith(cases) => (false, cases),
    };
    let here: Vec<Case> = cases.iter().copied().filter(|case| possible.contains(case)).collect();
    StepFieldView {
        field: rule.field.as_str().to_owned(),
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        required,
        // A field whose cases are none of those here is named with them all: it asks for nothing.
        cases: if here.is_empty() { cases.to_vec() } else { here },
    }
}

fn liable_view(liable: &Liable) -> LiableView {
    let title = liable.ground.title();
    LiableView {
        party: liable.party.clone(),
        ground: liable.ground,
        ground_zh: title.zh.into_owned(),
        ground_en: title.en.into_owned(),
        since: liable.since,
        seq: liable.seq,
    }
}

fn owed_view(duty: Publicity, on: Day) -> Option<PublicityView> {
    let rule = publicity::find(duty.as_str())?;
    Some(PublicityView {
        duty,
        title_zh: rule.title.zh.to_string(),
        title_en: rule.title.en.to_string(),
        by: duty.owed_by(),
        citations: cite_all(rule.provisions, on),
    })
}

fn event_title(name: &str) -> Text {
    EventType::parse(name).map_or_else(
        || Text::fixed("按既有名册登记", "Registered as an existing register had it"),
        |t| t.kind().title.clone(),
    )
}

fn event_view(row: &LogRow, voided_by: Option<u32>) -> EventView {
    let title = event_title(&row.event_type);
    EventView {
        seq: row.seq,
        event_type: row.event_type.clone(),
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        occurred_on: row.occurred_on,
        day_assumed: row.day_assumed,
        recorded_at: store::instant(row.recorded_at),
        actor: ActorView { role: row.actor.role, key_id: row.actor.key_id, division: row.actor.division.clone() },
        payload: row.payload.clone(),
        effects: row.effects.clone(),
        voided_by,
        hash: hex::encode(&row.hash),
        prev_hash: hex::encode(&row.prev_hash),
    }
}

// ---- operations ----

fn land_user(body: LandUserBody) -> LandUser {
    LandUser { name: body.name, credit_code: body.credit_code, contact: body.contact }
}

fn land_use(body: LandUseBody) -> (String, String) {
    (body.system, body.code)
}

/// Register a site
///
/// As a lead (any department that may), or as suspected at once (ecology bureaus): then its log begins with
/// `suspected_listed`. The code is given here.
#[utoipa::path(
    post, path = "/v1/sites", operation_id = "register_site", tag = "sites",
    request_body(content = NewFeature<NewSiteBody>, content_type = "application/geo+json"),
    responses((status = 201, description = "Registered", body = Feature<SiteDetail>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("site.register")))
)]
async fn register_site(call: Call, Body(body): Body<NewFeature<NewSiteBody>>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SiteRegister).await?;
    let told = body.properties;
    let facts = Facts {
        national_code: told.national_code,
        name: told.name,
        division_code: told.division_code.as_str().to_owned(),
        address: told.address,
        land_user: told.land_user.map(land_user),
        former_industry: told.former_industry,
        land_use: told.land_use.map(land_use),
        basis: told.basis,
    };
    act.caller().require_division(&facts.division_code)?;
    let area = match Area::from_geojson(&body.geometry, "/geometry") {
        Ok(area) => area,
        Err(mut faults) => {
            faults.extend(facts.faults());
            return Err(Error::invalid(faults).into());
        }
    };
    let new = NewSite {
        facts,
        suspected: told.stage == FirstStage::Suspected,
        suspected_on: told.suspected_on,
        area,
        invented: false,
    };
    let id = actions::register(&mut act, new, None).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let view = present(act.tx(), &call, &row).await?;
    Ok(act.finish(Reply::geojson(&view)?.created(format!("/v1/sites/{id}")).revision(row.revision)).await?)
}

/// Which sites.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SiteQuery {
    /// One or more stages, comma between.
    #[param(example = "suspected,preliminary_survey")]
    stage: Option<String>,
    /// This division and all below it.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Only sites with a clock that has run out (`true`), or without one (`false`).
    overdue: Option<bool>,
    /// Part of a name, code or address.
    q: Option<String>,
    /// Order: `code` (default), `name`, `area_m2` or `stage_since`; `-` before it reverses.
    #[param(example = "-stage_since")]
    sortby: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

fn order(sortby: Option<&str>) -> Result<(Order, bool)> {
    let text = sortby.unwrap_or("code");
    // A `+` in a query arrives as a blank.
    let (descending, name) = match text.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, text.trim_start_matches(['+', ' '])),
    };
    let order = match name {
        "code" => Order::Code,
        "name" => Order::Name,
        "area_m2" => Order::Area,
        "stage_since" => Order::StageSince,
        _ => {
            return Err(Error::bad_parameter(
                "sortby",
                Text::fixed(
                    "应为 code、name、area_m2、stage_since 之一，前加 - 为倒序。",
                    "must be one of code, name, area_m2, stage_since; `-` before it reverses.",
                ),
            ));
        }
    };
    Ok((order, descending))
}

fn stages(text: Option<&str>) -> Result<Option<Vec<String>>> {
    let Some(text) = text else { return Ok(None) };
    let mut out = Vec::new();
    for name in text.split(',').map(str::trim) {
        if Stage::named(name).is_empty() {
            let mut all: Vec<&str> = Stage::ALL.map(Stage::as_str).to_vec();
            all.dedup();
            let all = all.join(", ");
            return Err(Error::bad_parameter(
                "stage",
                Text::new(
                    format!("没有阶段“{name}”，应为：{all}。"),
                    format!("there is no stage `{name}`; one of {all}."),
                ),
            ));
        }
        out.push(name.to_owned());
    }
    Ok(Some(out))
}

/// Where sites without a known day of their stage stand in the order, as the table's index has it.
const UNKNOWN_DAY: Day = Day::of(1, 1, 1);

fn read_cursor(cursor: &str, filters: &str, order: Order) -> Result<After> {
    let key = Cursor::read(cursor, filters)?;
    let (value, id) = key.rsplit_once('|').ok_or_else(Cursor::refused)?;
    let mut after = After { id: id.parse().map_err(|_| Cursor::refused())?, ..After::start(false) };
    match order {
        Order::Code | Order::Name => value.clone_into(&mut after.text),
        Order::Area => after.number = value.parse().map_err(|_| Cursor::refused())?,
        // An unknown day stands at the beginning of the era, where no day that is entered can.
        Order::StageSince if value == UNKNOWN_DAY.to_string() => after.day = Some(UNKNOWN_DAY),
        Order::StageSince => after.day = Some(Day::parse(value).ok_or_else(Cursor::refused)?),
    }
    Ok(after)
}

/// List sites
///
/// Departments see the sites of their division and below, a land user its own, everybody the directory of contaminated sites
/// without the land user's data.
#[utoipa::path(
    get, path = "/v1/sites", operation_id = "list_sites", tag = "sites", params(SiteQuery),
    responses((status = 200, description = "A page of sites", body = FeaturePage<SiteProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("site.read")))
)]
async fn list_sites(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<SiteQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::SiteRead)?;
    if scope.is_public() && query.overdue.is_some() {
        return Err(Error::forbidden(
            "field_not_public",
            Text::fixed(
                "期限不对社会公开，不能据此筛选。",
                "Clocks are not public, so the public cannot filter by them.",
            ),
        )
        .into());
    }
    let limit = paging::limit(query.limit)?;
    let (by, descending) = order(query.sortby.as_deref())?;
    let filters = format!(
        "{:?}",
        (&query.stage, &query.division, &query.bbox, query.overdue, &query.q, by, descending, scope.mark())
    );
    let after = match query.cursor.as_deref() {
        Some(cursor) => read_cursor(cursor, &filters, by)?,
        None => After::start(descending),
    };
    let today = call.today();
    let filter = Filter {
        scope: &scope,
        stages: stages(query.stage.as_deref())?,
        division: query.division.as_ref().map(|code| code.as_str().to_owned()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        overdue: query.overdue,
        q: query.q.filter(|q| !q.trim().is_empty()),
        today,
    };
    let mut conn = call.app().db().acquire().await?;
    let rows = store::page(&mut conn, &filter, (by, descending), &after, i64::from(limit) + 1).await?;
    let mut features = Vec::with_capacity(rows.len());
    for row in &rows {
        features.push(Feature::of(
            row.id.0,
            Some(&row.wkb),
            properties(row, sight(call.caller(), row), scope.own_credit_code(), today)?,
        )?);
    }
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| {
        let p = &feature.properties;
        let value = match by {
            Order::Code => p.code.clone(),
            Order::Name => p.name.clone(),
            Order::Area => p.area_m2.to_string(),
            Order::StageSince => p.stage_since.unwrap_or(NO_DAY).to_string(),
        };
        format!("{value}|{}", feature.id)
    });
    Ok(Reply::geojson(&page)?)
}

/// Which version.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// An identifier that is none names no site, just as an unknown one does.
fn read_id(id: &str) -> Result<SiteId> {
    id.parse().map_err(|_| not_found())
}

/// A site
///
/// With its clocks as they stand today, the steps open to the caller, what its land may be used for. With `known_at`, as the
/// registry knew it then.
#[utoipa::path(
    get, path = "/v1/sites/{id}", operation_id = "get_site", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site"), VersionQuery),
    responses((status = 200, description = "The site; ETag is its revision and a digest of what is shown, as `\"2-0a1b2c3d4e5f6071\"`; If-Match takes it whole or the revision alone", body = Feature<SiteDetail>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("site.read")))
)]
async fn get_site(call: Call, Path(id): Path<String>, Params(query): Params<VersionQuery>) -> Result<Reply, Stop> {
    call.read(Permission::SiteRead)?;
    let id = read_id(&id)?;
    let at = known_at(query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let present = store::find(&mut tx, id).await?.ok_or_else(not_found)?;
    let today = sight(call.caller(), &present);
    let (row, seen) = match at {
        // Whose site it is today decides, or an owner put in by mistake would read on in the past; and nobody sees more
        // of the past than was theirs then.
        Some(at) => {
            let then = store::find_known_at(&mut tx, id, at).await?.ok_or_else(not_found)?;
            let seen = today.min(sight(call.caller(), &then));
            (then, seen)
        }
        None => (present, today),
    };
    if seen == Sight::Nothing {
        return Err(not_found().into());
    }
    let view = detail(&mut tx, &call, &row, seen, at).await?;
    Ok(Reply::geojson(&view)?.revision_as_shown(row.revision).with_header(header::VARY, "authorization"))
}

/// Correct a site
///
/// Attributes or outline, with a reason; never the stage. The version before stays in the history.
#[utoipa::path(
    patch, path = "/v1/sites/{id}", operation_id = "correct_site", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site"),
           ("If-Match" = String, Header, description = "ETag of the version that is corrected", example = "\"1\"")),
    request_body(content = SitePatch, content_type = "application/json"),
    responses((status = 200, description = "Corrected", body = Feature<SiteDetail>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("site.correct")))
)]
async fn correct_site(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<SitePatch>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SiteCorrect).await?;
    let id = read_id(&id)?;
    let told = patch.properties;
    let area = patch
        .geometry
        .as_ref()
        .filter(|geometry| !geometry.is_null())
        .map(|geometry| Area::from_geojson(geometry, "/geometry"))
        .transpose()
        .map_err(Error::invalid)?;
    let new = Correction {
        national_code: told.national_code,
        name: told.name,
        division_code: told.division_code.map(|code| code.as_str().to_owned()),
        address: told.address,
        land_user: told.land_user.map(|user| user.map(land_user)),
        former_industry: told.former_industry,
        land_use: told.land_use.map(|of| of.map(land_use)),
        basis: told.basis,
        area,
        reason: patch.reason,
    };
    actions::correct(&mut act, id, revision, new).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let view = present(act.tx(), &call, &row).await?;
    Ok(act.finish(Reply::geojson(&view)?.revision(row.revision)).await?)
}

/// The revision of `If-Match`, where the client sent one.
fn if_match(headers: &HeaderMap) -> Result<Option<i32>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    match value.to_str().ok().map(str::trim) {
        Some("*") => Ok(None),
        Some(tag) => {
            let tag = tag.trim_matches('"');
            // A tag of what was shown has a digest behind the revision.
            tag.split_once('-').map_or(tag, |(revision, _)| revision).parse().map(Some).map_err(|_| stale())
        }
        None => Err(stale()),
    }
}

/// Record an event of a site's life
///
/// The registry decides by stage, role and facts. 409 `step_not_allowed` names the steps that the stage has; every refusal
/// names its rule and articles.
#[utoipa::path(
    post, path = "/v1/sites/{id}/events", operation_id = "record_site_event", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site"),
           ("If-Match" = Option<String>, Header, description = "ETag of the version that is meant; without it the present one", example = "\"1\"")),
    request_body(content = EventRequest, content_type = "application/json"),
    responses((status = 201, description = "Recorded", body = EventRecorded)),
    extensions(("x-permission" = json!("site.event")))
)]
async fn record_event(
    call: Call,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<EventBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SiteEvent).await?;
    let id = read_id(&id)?;
    let recorded = actions::record(&mut act, id, body.into(), if_match(&headers)?, None).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let log = store::log(act.tx(), id, None).await?;
    let entry = log.rows.last().ok_or_else(|| Error::internal("the event just recorded is not there"))?;
    let answer = EventRecorded { event: event_view(entry, None), site: present(act.tx(), &call, &row).await? };
    let location = format!("/v1/sites/{id}/events#{}", recorded.seq);
    Ok(act.finish(Reply::json(&answer)?.created(location).revision(row.revision)).await?)
}

/// The site and its log, for a caller who may read logs.
async fn logged(call: &Call, conn: &mut PgConnection, id: &str) -> Result<(Row, Log)> {
    call.read(Permission::SiteLogRead)?;
    let id = read_id(id)?;
    let row = store::find(conn, id).await?.ok_or_else(not_found)?;
    match sight(call.caller(), &row) {
        Sight::Full => {}
        Sight::Public => {
            return Err(Error::forbidden(
                "log_not_public",
                Text::fixed(
                    "办理记录仅供本地块的主管部门和土地使用权人查阅。",
                    "The log is for the departments in charge of the site and its land user.",
                ),
            ));
        }
        Sight::Nothing => return Err(not_found()),
    }
    let log = store::log(conn, id, None).await?;
    Ok((row, log))
}

/// A site's log
///
/// Oldest first, nothing left out: a voided event stands there with the number of the one that voided it. The hashes chain.
#[utoipa::path(
    get, path = "/v1/sites/{id}/events", operation_id = "list_site_events", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site")),
    responses((status = 200, description = "The log", body = EventLog)),
    extensions(("x-permission" = json!("site.log_read")))
)]
async fn list_events(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let mut tx = call.app().snapshot().await?;
    let (row, log) = logged(&call, &mut tx, &id).await?;
    let events = log.rows.iter().zip(&log.voided_by).map(|(row, voided)| event_view(row, *voided)).collect();
    Ok(Reply::json(&EventLog { site_id: row.id, events, head: hex::encode(log.head()) })?)
}

/// A site's timeline
///
/// Events, the documents they name, and the days of its clocks on one line, by day.
#[utoipa::path(
    get, path = "/v1/sites/{id}/timeline", operation_id = "get_site_timeline", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site")),
    responses((status = 200, description = "The timeline", body = Timeline)),
    extensions(("x-permission" = json!("site.log_read")))
)]
async fn get_timeline(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let mut tx = call.app().snapshot().await?;
    let (row, log) = logged(&call, &mut tx, &id).await?;
    let clocks = deadline::for_subject(&mut tx, actions::REGISTER, row.id.0).await?;
    let mut items = Vec::new();
    for (entry, voided) in log.rows.iter().zip(&log.voided_by) {
        let title = event_title(&entry.event_type);
        let point = |kind, document_id| TimelineItem {
            on: entry.occurred_on,
            kind,
            title_zh: title.zh.to_string(),
            title_en: title.en.to_string(),
            seq: Some(entry.seq),
            deadline_id: None,
            status: None,
            document_id,
            voided: voided.is_some(),
        };
        items.push(point(TimelineKind::Event, None));
        if let Some(paper) = actions::paper(entry) {
            items.push(point(TimelineKind::Document, Some(paper)));
        }
    }
    for clock in &clocks {
        let title = clock_title(clock).unwrap_or_else(|| Text::new(clock.rule.clone(), clock.rule.clone()));
        let days = [
            (TimelineKind::DeadlineStarted, Some(clock.start_on)),
            (TimelineKind::DeadlineDue, clock.due_on),
            (TimelineKind::DeadlineEnded, clock.closed_on),
        ];
        items.extend(days.into_iter().filter(|(_, on)| on.is_some()).map(|(kind, on)| TimelineItem {
            on,
            kind,
            title_zh: title.zh.to_string(),
            title_en: title.en.to_string(),
            seq: None,
            deadline_id: Some(clock.id),
            status: Some(clock.standing(call.today())),
            document_id: None,
            voided: clock.cancelled,
        }));
    }
    // Stable: of one day, events come in the order of the log and before the clocks they move.
    items.sort_by_key(|item| item.on);
    Ok(Reply::json(&Timeline { site_id: row.id, items })?)
}

/// The versions of a site's record
///
/// Each with the fields that it changed, by whom the audit chain says.
#[utoipa::path(
    get, path = "/v1/sites/{id}/history", operation_id = "get_site_history", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site")),
    responses((status = 200, description = "The versions, oldest first", body = History)),
    extensions(("x-permission" = json!("site.log_read")))
)]
async fn get_history(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let mut tx = call.app().snapshot().await?;
    let (row, _) = logged(&call, &mut tx, &id).await?;
    let versions = store::versions(&mut tx, row.id).await?;
    let mut views = Vec::with_capacity(versions.len());
    let mut before: Option<&Version> = None;
    for version in &versions {
        views.push(VersionView {
            revision: version.revision,
            from: version.from,
            to: version.to,
            changed: before.map(|before| differing(&before.columns, &version.columns)).unwrap_or_default(),
            reason: version.reason.clone(),
            act_id: version.act_id,
        });
        before = Some(version);
    }
    Ok(Reply::json(&History { site_id: row.id, versions: views })?)
}

/// Names of the columns that differ, sorted.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    let mut names: Vec<String> =
        after.iter().filter(|(name, value)| before.get(*name) != Some(value)).map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_either_way() {
        assert_eq!(order(None).unwrap(), (Order::Code, false));
        assert_eq!(order(Some("-stage_since")).unwrap(), (Order::StageSince, true));
        assert_eq!(order(Some(" name")).unwrap(), (Order::Name, false));
        assert_eq!(order(Some("risk_grade")).unwrap_err().code(), "bad_parameter");
    }
}
