//! Warnings over HTTP.

use super::actions::{self, not_found};
use super::rules::{
    EventType, Given, IssuerLevel, Kind, MoveCause, Restriction, Side, Status, department, find_addressee, ground,
    step, wordings,
};
use super::store::{self, EventRow, Filter, Row};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Citation, Day, DivisionCode, DocumentId, Error, ProtectionWarningId, Result, mu};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Scope, Stop};
use crate::standards::law;
use axum::extract::Path;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_protection_warnings))
        .routes(routes!(get_protection_warning))
        .routes(routes!(list_protection_moves))
        .routes(routes!(list_protection_events, record_protection_event))
}

/// A step as read: any field, so that what a type lacks and what it has too much is named together, after the questions of
/// status and role. What each type takes is [`ProtectionEventRequest`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBody {
    #[serde(rename = "type")]
    event_type: EventType,
    #[serde(default)]
    occurred_on: Option<Day>,
    #[serde(default)]
    document_number: Option<String>,
    #[serde(default)]
    document_id: Option<DocumentId>,
    #[serde(default)]
    served_on: Option<Day>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    from: Option<Day>,
    #[serde(default)]
    to: Option<Day>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

/// A step of the follow-up of a warning.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of a request; it is read by a type that takes any field")]
enum ProtectionEventRequest {
    /// 发出并送达预警 (W2), by the level that warns.
    #[schema(example = json!({"type": "issued", "occurred_on": "2026-11-20", "document_number": "阿署预〔2026〕1号", "document_id": "01974000-0000-7000-8000-000000000001", "served_on": "2026-11-21"}))]
    Issued {
        /// Day of issue.
        occurred_on: Day,
        /// Number of the warning on paper.
        document_number: String,
        /// The warning on paper.
        document_id: DocumentId,
        /// Day on which the county government was served.
        served_on: Day,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 县级答复 (W3), by the county that is warned.
    #[schema(example = json!({"type": "answered", "occurred_on": "2026-11-21", "text": "已制定整改方案", "document_id": "01974000-0000-7000-8000-000000000001"}))]
    Answered {
        /// Day of the answer.
        occurred_on: Day,
        /// The county's account, 1 to 2000 characters.
        text: String,
        /// The answer on paper.
        document_id: DocumentId,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 采取限制性措施 (W4), by the level that warns; said again, it changes or prolongs the one before.
    #[schema(example = json!({"type": "restricted", "occurred_on": "2026-11-21", "document_number": "阿环限〔2026〕1号", "document_id": "01974000-0000-7000-8000-000000000001", "from": "2026-12-01", "to": "2027-05-31"}))]
    Restricted {
        /// Day of the order.
        occurred_on: Day,
        /// Number of the order.
        document_number: String,
        /// The order on paper.
        document_id: DocumentId,
        /// First day of the restriction, not before that of the order.
        from: Day,
        /// Last day; until it is lifted when left out.
        to: Option<Day>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 结案 (W5), by the level that warns. A restriction without a last day ends with it.
    #[schema(example = json!({"type": "closed", "occurred_on": "2026-11-21", "reason": "面积已恢复"}))]
    Closed {
        /// Day of closing.
        occurred_on: Day,
        /// Why.
        reason: String,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
    /// 误录作废 (W6): voids the last entry, by whoever made it; nothing is deleted.
    #[schema(example = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "文号录错"}))]
    EnteredInError {
        /// Day on which it was found.
        occurred_on: Day,
        /// Why.
        reason: String,
        /// The paper.
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        note: Option<String>,
    },
}

/// Whoever has to warn.
#[derive(Debug, Serialize, ToSchema)]
struct WarningIssuer {
    /// The level.
    level: IssuerLevel,
    /// Its division.
    #[schema(example = "152900")]
    division_code: String,
    /// 预警机关
    #[schema(example = "阿拉善盟行政公署")]
    name_zh: String,
    /// Who.
    name_en: String,
}

/// The county that is warned.
#[derive(Debug, Serialize, ToSchema)]
struct WarnedCounty {
    /// Its division.
    #[schema(example = "152921")]
    division_code: String,
    /// 被预警的县级人民政府
    #[schema(example = "阿拉善左旗人民政府")]
    name_zh: String,
    /// Who.
    name_en: String,
}

/// How a text words what a warning can lead to.
#[derive(Debug, Serialize, ToSchema)]
struct RestrictionWording {
    /// Which.
    restriction: Restriction,
    /// 措施名称
    #[schema(example = "区域限批")]
    restriction_zh: String,
    /// What it is called.
    restriction_en: String,
    /// Who warns by this text: the level.
    issuer_level: IssuerLevel,
    /// The text.
    citation: Citation,
}

/// A warning that a county's priority-protection land shrank or dropped in quality.
#[derive(Debug, Serialize, ToSchema)]
struct WarningView {
    /// Its identifier.
    id: ProtectionWarningId,
    /// County, year and kind.
    #[schema(example = "152921-预警-2026-质量")]
    number: String,
    /// What dropped.
    kind: Kind,
    /// 事由
    kind_zh: String,
    /// What dropped, in words.
    kind_en: String,
    /// Calendar year of the moves.
    year: i32,
    /// Where it stands.
    status: Status,
    /// 状态
    status_zh: String,
    /// Where it stands, in words.
    status_en: String,
    /// The day of the step that led there.
    status_since: Day,
    /// The county that is warned.
    recipient: WarnedCounty,
    /// Who has to warn it.
    issuer: WarningIssuer,
    /// What it can lead to, as the county's own text words it.
    restriction: Restriction,
    /// 可采取的限制性措施
    #[schema(example = "区域限批")]
    restriction_zh: String,
    /// What it can lead to, in words.
    restriction_en: String,
    /// How each text that holds in the county words it, the narrowest first.
    restriction_wordings: Vec<RestrictionWording>,
    /// 限批的法律依据说明
    restriction_note_zh: &'static str,
    /// On the statute behind it.
    restriction_note_en: &'static str,
    /// The statute behind it, of the day of the first move.
    restriction_citations: Vec<Citation>,
    /// Day on which the registry raised it.
    raised_on: Day,
    /// Day of its earliest move; picks the texts.
    first_move_on: Day,
    /// Day of its latest move.
    last_move_on: Day,
    /// How many moves it counts.
    moves_total: i32,
    /// Priority-protection area that was lost, m².
    lost_m2: f64,
    /// The same in mu (10000/15 m²).
    lost_mu: f64,
    /// Area that moved the other way since, m².
    gained_m2: f64,
    /// The same in mu.
    gained_mu: f64,
    /// Number of the warning as issued.
    document_number: Option<String>,
    /// Day of issue.
    issued_on: Option<Day>,
    /// Day on which the county was served.
    served_on: Option<Day>,
    /// First day of the restriction imposed last.
    restricted_from: Option<Day>,
    /// Last day of it; none while it is open.
    restricted_to: Option<Day>,
    /// Day of closing.
    closed_on: Option<Day>,
    /// The rule on who warns.
    #[schema(example = "protection.priority_land_alxa")]
    rule: String,
    /// What it stands on, of the day of the first move.
    citations: Vec<Citation>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// The moves of a cause.
#[derive(Debug, Serialize, ToSchema)]
struct MovesByCause {
    /// Why.
    cause: MoveCause,
    /// 变动原因
    cause_zh: String,
    /// Why, in words.
    cause_en: String,
    /// How many.
    moves: i64,
    /// Area lost, m².
    lost_m2: f64,
    /// The same in mu (10000/15 m²).
    lost_mu: f64,
    /// Area that moved the other way, m².
    gained_m2: f64,
    /// The same in mu.
    gained_mu: f64,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
struct WarningEvent {
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
    /// Where the warning stood before; none for its raising.
    status_before: Option<String>,
    /// Where it stood after.
    #[schema(example = "issued")]
    status_after: String,
    /// The entry that this one says was a mistake.
    voids_seq: Option<i32>,
    /// The entry that says that this one was a mistake.
    voided_by: Option<i32>,
    /// With `issued`, `restricted`: number.
    document_number: Option<String>,
    /// The paper.
    document_id: Option<DocumentId>,
    /// With `issued`: day on which the county was served.
    served_on: Option<Day>,
    /// With `answered`: the county's account.
    text: Option<String>,
    /// With `restricted`: first day.
    from: Option<Day>,
    /// With `restricted`: last day.
    to: Option<Day>,
    /// Why.
    reason: Option<String>,
    /// Anything worth remembering.
    note: Option<String>,
    /// Role of whoever entered it; none for the registry and for somebody at the machine.
    by_role: Option<String>,
    /// Division of whoever entered it.
    by_division: Option<String>,
    /// Rule.
    #[schema(example = "W2")]
    rule: &'static str,
    /// What it stands on, of that day.
    citations: Vec<Citation>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A step open to the caller.
#[derive(Debug, Serialize, ToSchema)]
struct WarningStep {
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
    #[schema(example = "W2")]
    rule: &'static str,
    /// What it stands on, of today.
    citations: Vec<Citation>,
}

/// Who takes the steps of a side.
#[derive(Debug, Serialize, ToSchema)]
struct WarningSide {
    /// 部门
    name_zh: String,
    /// Who.
    name_en: String,
}

/// A warning with what it counts and its log.
#[derive(Debug, Serialize, ToSchema)]
struct WarningDetail {
    /// The warning.
    #[serde(flatten)]
    warning: WarningView,
    /// Its moves by cause.
    by_cause: Vec<MovesByCause>,
    /// Who issues, restricts and closes.
    issued_by: WarningSide,
    /// Who answers.
    answered_by: WarningSide,
    /// The log.
    events: Vec<WarningEvent>,
    /// The steps open to this caller now; none with `known_at`.
    next_steps: Vec<WarningStep>,
    /// Where its moves are.
    links: Vec<WarningLink>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
struct WarningLink {
    /// `next`, `moves`
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address.
    href: String,
}

/// A page of warnings.
#[derive(Debug, Serialize, ToSchema)]
struct WarningList {
    /// The newest first.
    protection_warnings: Vec<WarningView>,
    /// How many are here.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there are more.
    links: Vec<WarningLink>,
}

/// A move that a warning counts.
#[derive(Debug, Serialize, ToSchema)]
struct WarningMove {
    /// Its place, from 1.
    seq: i32,
    /// Code of the unit, or of one of the group.
    unit_code: String,
    /// First day on which the change holds.
    on: Day,
    /// Why.
    cause: MoveCause,
    /// 变动原因
    cause_zh: String,
    /// Why, in words.
    cause_en: String,
    /// Priority-protection area before, m².
    before_m2: f64,
    /// The same in mu (10000/15 m²).
    before_mu: f64,
    /// The same after, m².
    after_m2: f64,
    /// The same in mu.
    after_mu: f64,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A page of moves.
#[derive(Debug, Serialize, ToSchema)]
struct WarningMoves {
    /// In order.
    moves: Vec<WarningMove>,
    /// How many are here.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there are more.
    links: Vec<WarningLink>,
}

/// The log of a warning.
#[derive(Debug, Serialize, ToSchema)]
struct WarningLog {
    /// In order.
    events: Vec<WarningEvent>,
}

const NOTE_ZH: &str = "法典第158条的限批针对总量超标或未完成环境质量目标的地区；仅因土壤原因限批，依据为所列政策文件。";
const NOTE_EN: &str = "Article 158 of the Code limits approvals where total emissions are exceeded or a quality target is missed; a limit for soil alone rests on the plans cited.";

fn level(row: &Row) -> Result<IssuerLevel> {
    IssuerLevel::parse(&row.issuer_level).ok_or_else(|| Error::internal(format!("no level {}", row.issuer_level)))
}

/// A league has an administrative office, every other division a people's government.
fn government(zh: &str, en: Option<&str>, code: &str) -> (String, String) {
    let en = en.unwrap_or(code);
    if zh.ends_with('盟') {
        (format!("{zh}行政公署"), format!("Administrative office of {en}"))
    } else {
        (format!("{zh}人民政府"), format!("People's government of {en}"))
    }
}

fn view(row: Row) -> Result<WarningView> {
    let (kind, status, level) = (row.kind()?, row.status()?, level(&row)?);
    let (kind_title, status_title) = (kind.title(), status.title());
    let restriction = Restriction::parse(&row.restriction)
        .ok_or_else(|| Error::internal(format!("there is no restriction {}", row.restriction)))?;
    let text =
        find_addressee(&row.addressee).ok_or_else(|| Error::internal(format!("there is no text {}", row.addressee)))?;
    let on = row.first_move_on;
    let (recipient_zh, recipient_en) = government(&row.division_zh, row.division_en.as_deref(), &row.division_code);
    let (issuer_zh, issuer_en) = government(&row.issuer_zh, row.issuer_en.as_deref(), &row.issuer_division);
    let restriction_wordings = wordings(&row.division_code, on)
        .into_iter()
        .map(|(text, citation)| {
            let title = text.restriction.title();
            RestrictionWording {
                restriction: text.restriction,
                restriction_zh: title.zh.into_owned(),
                restriction_en: title.en.into_owned(),
                issuer_level: text.level,
                citation,
            }
        })
        .collect();
    let title = restriction.title();
    Ok(WarningView {
        id: row.id,
        number: row.number,
        kind,
        kind_zh: kind_title.zh.into_owned(),
        kind_en: kind_title.en.into_owned(),
        year: row.year,
        status,
        status_zh: status_title.zh.into_owned(),
        status_en: status_title.en.into_owned(),
        status_since: row.status_since,
        recipient: WarnedCounty { division_code: row.division_code, name_zh: recipient_zh, name_en: recipient_en },
        issuer: WarningIssuer { level, division_code: row.issuer_division, name_zh: issuer_zh, name_en: issuer_en },
        restriction,
        restriction_zh: title.zh.into_owned(),
        restriction_en: title.en.into_owned(),
        restriction_wordings,
        restriction_note_zh: NOTE_ZH,
        restriction_note_en: NOTE_EN,
        restriction_citations: cite_all(&[&law::CODE_158], on),
        raised_on: row.raised_on,
        first_move_on: on,
        last_move_on: row.last_move_on,
        moves_total: row.moves,
        lost_m2: row.lost_m2,
        lost_mu: mu(row.lost_m2),
        gained_m2: row.gained_m2,
        gained_mu: mu(row.gained_m2),
        document_number: row.document_number,
        issued_on: row.issued_on,
        served_on: row.served_on,
        restricted_from: row.restricted_from,
        restricted_to: row.restricted_to,
        closed_on: row.closed_on,
        rule: format!("protection.{}", text.id),
        citations: ground(EventType::Raised, text, on).1,
        recorded_at: row.recorded_at,
    })
}

fn event_view(addressee: &str, entry: EventRow) -> Result<WarningEvent> {
    let text = find_addressee(addressee).ok_or_else(|| Error::internal(format!("there is no text {addressee}")))?;
    let event_type = entry.event_type()?;
    let (title, facts) = (event_type.title(), entry.facts.0);
    let (rule, citations) = ground(event_type, text, entry.occurred_on);
    Ok(WarningEvent {
        seq: entry.seq,
        event_type,
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        occurred_on: entry.occurred_on,
        status_before: entry.status_before,
        status_after: entry.status_after,
        voids_seq: entry.voids_seq,
        voided_by: entry.voided_by,
        document_number: facts.document_number,
        document_id: facts.document_id,
        served_on: facts.served_on,
        text: facts.text,
        from: facts.from,
        to: facts.to,
        reason: facts.reason,
        note: facts.note,
        by_role: entry.by_role,
        by_division: entry.by_division,
        rule,
        citations,
        recorded_at: entry.recorded_at,
    })
}

/// A warning in full, for a caller. With `known_at` as it was known then, when nothing can be done any more.
async fn detail(call: &Call, conn: &mut PgConnection, row: Row, at: Option<DateTime<Utc>>) -> Result<WarningDetail> {
    let log = store::log(conn, row.id, at).await?;
    let here = actions::here(&row, &log)?;
    let actor = actions::actor(call.caller());
    let mut next_steps = Vec::new();
    if at.is_none() && call.caller().may(Permission::ProtectionFollow) {
        for event in EventType::ALL {
            let Ok(taken) = step(&here, event, &actor) else { continue };
            let title = event.title();
            next_steps.push(WarningStep {
                event_type: event,
                title_zh: title.zh.into_owned(),
                title_en: title.en.into_owned(),
                to: taken.to,
                rule: taken.rule,
                citations: ground(event, here.addressee, call.today()).1,
            });
        }
    }
    let by_cause = store::by_cause(conn, row.id, at)
        .await?
        .into_iter()
        .map(|sum| {
            let cause = sum.cause()?;
            let title = cause.title();
            Ok(MovesByCause {
                cause,
                cause_zh: title.zh.into_owned(),
                cause_en: title.en.into_owned(),
                moves: sum.moves,
                lost_m2: sum.lost_m2,
                lost_mu: mu(sum.lost_m2),
                gained_m2: sum.gained_m2,
                gained_mu: mu(sum.gained_m2),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let side = |side| {
        let name = department(side, &here);
        WarningSide { name_zh: name.zh.into_owned(), name_en: name.en.into_owned() }
    };
    let (issued_by, answered_by) = (side(Side::Issuer), side(Side::County));
    let known =
        at.map_or_else(String::new, |at| format!("?known_at={}", at.to_rfc3339_opts(SecondsFormat::Micros, true)));
    let moves = WarningLink {
        rel: "moves",
        media_type: "application/json",
        href: call.address(&format!("/v1/protection-warnings/{}/moves{known}", row.id)),
    };
    let addressee = row.addressee.clone();
    Ok(WarningDetail {
        warning: view(row)?,
        by_cause,
        issued_by,
        answered_by,
        events: log.into_iter().map(|entry| event_view(&addressee, entry)).collect::<Result<Vec<_>>>()?,
        next_steps,
        links: vec![moves],
    })
}

/// Which warnings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WarningParams {
    /// Standing so.
    #[param(inline)]
    status: Option<Status>,
    /// Of counties in this division and below.
    division: Option<DivisionCode>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// Of this calendar year.
    #[param(minimum = 1900, maximum = 2999)]
    year: Option<i32>,
    /// For this division to issue.
    issuer: Option<DivisionCode>,
    /// As the registry knew them at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List protection warnings
///
/// The newest first; departments see those of counties of their division and below.
#[utoipa::path(
    get, path = "/v1/protection-warnings", operation_id = "list_protection_warnings", tag = "farmland",
    params(WarningParams),
    responses((status = 200, description = "A page", body = WarningList)),
    extensions(("x-permission" = json!("protection.read")))
)]
async fn list_protection_warnings(call: Call, Params(params): Params<WarningParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ProtectionRead)?;
    let limit = paging::limit(params.limit)?;
    let at = known_at(params.known_at.as_deref())?;
    let mark = format!(
        "protection-warnings {:?} scope={}",
        (params.status, &params.division, params.kind, params.year, &params.issuer, at),
        scope.mark()
    );
    let before = Cursor::key(params.cursor.as_deref(), &mark)?;
    let filter = Filter {
        scope: &scope,
        known_at: at,
        status: params.status.map(Status::as_str),
        division: params.division.as_ref().map(DivisionCode::as_str),
        kind: params.kind.map(Kind::as_str),
        year: params.year,
        issuer: params.issuer.as_ref().map(DivisionCode::as_str),
        before,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = store::page(&mut conn, &filter).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| last.id.to_string()) {
        // Every value is made of letters, digits, `_`, `-`, `:` and `.`, and needs no escaping.
        let mut href = call.address(&format!("/v1/protection-warnings?limit={limit}"));
        let given = [
            ("status", params.status.map(|status| status.as_str().to_owned())),
            ("division", params.division.as_ref().map(ToString::to_string)),
            ("kind", params.kind.map(|kind| kind.as_str().to_owned())),
            ("year", params.year.map(|year| year.to_string())),
            ("issuer", params.issuer.as_ref().map(ToString::to_string)),
            ("known_at", at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                href.push_str(&format!("&{name}={value}"));
            }
        }
        href.push_str(&format!("&cursor={cursor}"));
        links.push(WarningLink { rel: "next", media_type: "application/json", href });
    }
    let protection_warnings = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&WarningList { number_returned: protection_warnings.len(), protection_warnings, links })?)
}

/// The warning, where the caller may see it. An identifier that is none names no warning, just as an unknown one does.
async fn find(scope: &Scope, conn: &mut PgConnection, id: &str, at: Option<DateTime<Utc>>) -> Result<Row> {
    let id = id.parse().map_err(|_| not_found())?;
    let row = store::find(conn, id, at).await?.ok_or_else(not_found)?;
    if scope.covers(&row.division_code) { Ok(row) } else { Err(not_found()) }
}

/// A protection warning
///
/// Whom it is for and who has to issue it, what it can lead to by which text, what it counts, its log, and the steps open to
/// the caller.
#[utoipa::path(
    get, path = "/v1/protection-warnings/{id}", operation_id = "get_protection_warning", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the warning"), KnownParams),
    responses((status = 200, description = "The warning", body = WarningDetail)),
    extensions(("x-permission" = json!("protection.read")))
)]
async fn get_protection_warning(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ProtectionRead)?;
    let at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, at).await?;
    let revision = row.revision;
    // The steps differ by who asks, and the citations by the day.
    Ok(Reply::json(&detail(&call, &mut tx, row, at).await?)?.revision_as_shown(revision))
}

/// Which moves.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MoveParams {
    /// As the registry knew them at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// What a protection warning counts
///
/// The moves of priority-protection area, unit by unit, in the order in which they were counted.
#[utoipa::path(
    get, path = "/v1/protection-warnings/{id}/moves", operation_id = "list_protection_moves", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the warning"), MoveParams),
    responses((status = 200, description = "A page", body = WarningMoves)),
    extensions(("x-permission" = json!("protection.read")))
)]
async fn list_protection_moves(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<MoveParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ProtectionRead)?;
    let limit = paging::limit(params.limit)?;
    let at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, at).await?;
    let mark = format!("protection-moves {} {at:?}", row.id);
    let after = Cursor::key(params.cursor.as_deref(), &mark)?.unwrap_or(0);
    let mut rows = store::moves(&mut tx, row.id, at, after, i64::from(limit) + 1).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| last.seq.to_string()) {
        let known =
            at.map_or_else(String::new, |at| format!("&known_at={}", at.to_rfc3339_opts(SecondsFormat::Micros, true)));
        let path = format!("/v1/protection-warnings/{}/moves?limit={limit}{known}&cursor={cursor}", row.id);
        let href = call.address(&path);
        links.push(WarningLink { rel: "next", media_type: "application/json", href });
    }
    let moves = rows
        .into_iter()
        .map(|row| {
            let cause = row.cause()?;
            let title = cause.title();
            Ok(WarningMove {
                seq: row.seq,
                unit_code: row.unit_code,
                on: row.moved_on,
                cause,
                cause_zh: title.zh.into_owned(),
                cause_en: title.en.into_owned(),
                before_m2: row.before_m2,
                before_mu: mu(row.before_m2),
                after_m2: row.after_m2,
                after_mu: mu(row.after_m2),
                recorded_at: row.recorded_at,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&WarningMoves { number_returned: moves.len(), moves, links })?)
}

/// The log of a protection warning
#[utoipa::path(
    get, path = "/v1/protection-warnings/{id}/events", operation_id = "list_protection_events", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the warning"), KnownParams),
    responses((status = 200, description = "Its entries, in order", body = WarningLog)),
    extensions(("x-permission" = json!("protection.read")))
)]
async fn list_protection_events(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ProtectionRead)?;
    let at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let row = find(&scope, &mut tx, &id, at).await?;
    let log = store::log(&mut tx, row.id, at).await?;
    let events = log.into_iter().map(|entry| event_view(&row.addressee, entry)).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&WarningLog { events })?.revision_as_shown(row.revision))
}

/// Take a step of the follow-up of a protection warning
///
/// The registry decides by status, level and role. 409 `step_not_allowed` names the steps that the status has; every
/// refusal carries its rule and articles.
#[utoipa::path(
    post, path = "/v1/protection-warnings/{id}/events", operation_id = "record_protection_event", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the warning")),
    request_body = ProtectionEventRequest,
    responses((status = 201, description = "The warning as it stands now", body = WarningDetail)),
    extensions(("x-permission" = json!("protection.follow")))
)]
async fn record_protection_event(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<EventBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ProtectionFollow).await?;
    let id: ProtectionWarningId = id.parse().map_err(|_| not_found())?;
    let given = Given {
        occurred_on: body.occurred_on,
        document_number: body.document_number,
        document_id: body.document_id,
        served_on: body.served_on,
        text: body.text,
        from: body.from,
        to: body.to,
        reason: body.reason,
        note: body.note,
    };
    actions::record(&mut act, id, body.event_type, given).await?;
    let row = store::find(act.tx(), id, None).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let view = detail(&call, act.tx(), row, None).await?;
    let reply = Reply::json(&view)?.created(format!("/v1/protection-warnings/{id}/events")).revision(revision);
    Ok(act.finish(reply).await?)
}
