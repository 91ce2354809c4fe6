//! Deadlines over HTTP.

use super::actions::{self, Fulfilment};
use super::figures;
use super::ics::Calendar;
use super::rules::{ChangeKind, DeadlineRule, Status, catalogue};
use super::store::{self, Deadline, Filter, Why};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Citation, Day, DeadlineId, DivisionCode, DocumentId, Error, Result, Text};
use crate::platform::call::known_at;
use crate::platform::{App, Body, Call, Params, Permission, Reply, Role, Scope, Stop};
use crate::standards::parameters::{self, Unit};
use axum::extract::Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_deadlines))
        .routes(routes!(deadline_calendar))
        .routes(routes!(figures::get_figures))
        .routes(routes!(get_deadline))
        .routes(routes!(fulfil_deadline))
        .routes(routes!(list_escalations))
}

/// Which deadlines.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeadlineParams {
    /// The day asked about: clocks started later are not there yet, clocks stopped later still run. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// Where they stand on that day, several parted by commas: `open`, `due_soon`, `overdue`, `suspended`, `met`, `met_late`, `cancelled`.
    #[param(example = "overdue,due_soon")]
    status: Option<String>,
    /// In this division and below.
    #[param(example = "152900")]
    division: Option<String>,
    /// With the divisions below (the default), or that division only.
    below: Option<bool>,
    /// Of this rule.
    #[param(example = "preliminary_survey_six_months")]
    rule: Option<String>,
    /// Local service levels (内部时限) only, or only what the law sets; both when left out.
    internal: Option<bool>,
    /// Opened on this day or later.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    opened_from: Option<Day>,
    /// Opened on this day or earlier.
    #[param(value_type = Option<String>, format = Date, example = "2026-12-31")]
    opened_to: Option<Day>,
    /// Ended on this day or later.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    closed_from: Option<Day>,
    /// Ended on this day or earlier.
    #[param(value_type = Option<String>, format = Date, example = "2026-12-31")]
    closed_to: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; `on` is then its day where it is left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Whether to count how many stand where. Left out: on the first page, and not on those behind a cursor.
    counts: Option<bool>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// Which deadlines, all on one calendar.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CalendarParams {
    /// The day asked about. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// Where they stand on that day, several parted by commas.
    #[param(example = "overdue,due_soon")]
    status: Option<String>,
    /// In this division and below.
    #[param(example = "152900")]
    division: Option<String>,
    /// Of this rule.
    #[param(example = "preliminary_survey_six_months")]
    rule: Option<String>,
    /// Local service levels (内部时限) only, or only what the law sets; both when left out.
    internal: Option<bool>,
}

impl From<CalendarParams> for DeadlineParams {
    fn from(params: CalendarParams) -> DeadlineParams {
        DeadlineParams {
            on: params.on,
            status: params.status,
            division: params.division,
            rule: params.rule,
            internal: params.internal,
            ..DeadlineParams::default()
        }
    }
}

/// Of which state of knowledge.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OneParams {
    /// The day asked about. Default: today, or the day of `known_at`.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// A page of deadlines, the earliest due (as now known) first, those without a last day behind them.
#[derive(Serialize, ToSchema)]
struct DeadlineList {
    /// The day asked about.
    on: Day,
    /// The page.
    deadlines: Vec<DeadlineView>,
    /// How many stand where on that day, whatever `status` was asked for; none on pages for which they were not counted.
    counts: Option<DeadlineCounts>,
    /// Rows on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<DeadlineLink>,
}

/// How many deadlines stand where.
#[derive(Serialize, ToSchema, Default)]
struct DeadlineCounts {
    /// Running.
    open: i64,
    /// Running and due within the rule's days.
    due_soon: i64,
    /// Running past their last day.
    overdue: i64,
    /// Done in time.
    met: i64,
    /// Done too late.
    met_late: i64,
    /// Called off.
    cancelled: i64,
    /// Standing still.
    suspended: i64,
}

/// A link of a page.
#[derive(Serialize, ToSchema)]
struct DeadlineLink {
    /// `next`
    #[schema(example = "next")]
    rel: String,
    /// Media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Address.
    href: String,
}

/// A clock.
#[derive(Serialize, ToSchema)]
struct DeadlineView {
    /// Its identifier.
    id: DeadlineId,
    /// Its rule.
    #[schema(example = "preliminary_survey_six_months")]
    rule: String,
    /// 规则名称
    #[schema(example = "疑似污染地块土壤环境初步调查（六个月）")]
    rule_zh: String,
    /// The rule's name.
    rule_en: String,
    /// The rule's version that counted it.
    #[schema(example = 2)]
    rule_version: i32,
    /// Tells clocks of one rule for one record apart: a year, an event; empty where there is one at a time.
    #[schema(example = "")]
    occasion: String,
    /// A local service level (内部时限), not law.
    internal: bool,
    /// How well rule and number are known: `verified`, `recalled`, `unconfirmed`.
    #[schema(example = "recalled")]
    confidence: String,
    /// The number that gave the length, as it held where and when the period starts; none where the day was set.
    period: Option<DeadlinePeriod>,
    /// The last day as a notice or plan set it.
    set_due_on: Option<Day>,
    /// The record that it runs for.
    subject: DeadlineSubject,
    /// The record's division.
    #[schema(example = "152921")]
    division_code: String,
    /// From which day it is there.
    opened_on: Day,
    /// The day counted from; itself not counted.
    start_on: Day,
    /// Last day before any rolling over rest days; `null` while no number is set from which it could be counted.
    nominal_due_on: Option<Day>,
    /// Last day in time, as it stood on the day asked; `null` where there is none, and `why` says why.
    due_on: Option<Day>,
    /// `due_on` may change when a year's calendar is announced.
    provisional: bool,
    /// How it was counted, step by step.
    why: Vec<DeadlineWhy>,
    /// Where it stands on the day asked.
    status: Status,
    /// Days past the last one; 0 when none are.
    #[schema(example = 0)]
    days_overdue: i64,
    /// Days left until the last one while it runs in time; 0 on the last day; none when it does not run or is overdue.
    days_left: Option<i64>,
    /// The day it ended, where that is known on the day asked.
    closed_on: Option<Day>,
    /// Why it was called off.
    cause: Option<String>,
    /// Since when it stands still on the day asked.
    suspended_on: Option<Day>,
    /// Extensions, suspensions and resumptions decided until the day asked, oldest first.
    changes: Vec<DeadlineChange>,
    /// What whoever owed it said of its being done, where no register says so.
    fulfilment: Option<DeadlineFulfilment>,
    /// Role that has to act.
    #[schema(example = "land_user")]
    responsible: String,
    /// 责任主体
    responsible_zh: String,
    /// Who has to act.
    responsible_en: String,
}

/// The number that gave a period its length.
#[derive(Serialize, ToSchema)]
struct DeadlinePeriod {
    /// The parameter.
    #[schema(example = "preliminary_survey_months")]
    parameter: String,
    /// Its value.
    #[schema(example = 6)]
    value: i32,
    /// In what it is counted.
    unit: Option<Unit>,
    /// The division in which the value holds; `000000` is the nation.
    #[schema(example = "150000")]
    jurisdiction: String,
    /// Set by the operator, unconfirmed.
    configured: bool,
}

/// A change of a running clock.
#[derive(Serialize, ToSchema)]
struct DeadlineChange {
    /// What was done.
    kind: ChangeKind,
    /// The day of the decision, from which it counts.
    on: Day,
    /// The later last day, of an extension.
    until: Option<Day>,
    /// Calendar days of standing still, of a resumption.
    #[schema(example = 9)]
    days: Option<i64>,
    /// Why.
    cause: Option<String>,
    /// The decision on paper.
    document_id: Option<DocumentId>,
    /// Last day before.
    was_due_on: Day,
    /// Last day after.
    due_on: Day,
}

/// That a yearly report was handed in.
#[derive(Serialize, ToSchema)]
struct DeadlineFulfilment {
    /// How, in words.
    #[schema(example = "已通过公文交换报送省生态环境厅。")]
    note: String,
    /// The paper.
    document_id: Option<DocumentId>,
}

/// That a yearly report was handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFulfilment {
    /// On which day; not ahead, and not before the year reported on.
    on: Day,
    /// The paper, filed before.
    document_id: Option<DocumentId>,
    /// How it was handed in, in words.
    #[schema(example = "已通过公文交换报送省生态环境厅。", max_length = 2000)]
    note: String,
}

/// The steps of escalation that a clock has taken.
#[derive(Serialize, ToSchema)]
struct EscalationList {
    /// Oldest first. Of steps that were past when the clock was entered only the last one was taken.
    escalations: Vec<EscalationView>,
}

/// A step of escalation.
#[derive(Serialize, ToSchema)]
struct EscalationView {
    /// `t-60`, `t-30`, `t-7`, `t0`, then `week-1`, `week-2`, and so on. After a last day that was moved they begin anew.
    #[schema(example = "t-30")]
    step: String,
    /// The last day as it then was.
    due_on: Day,
    /// The civil day on which the step was taken.
    reached_on: Day,
    /// When.
    recorded_at: DateTime<Utc>,
}

/// The record that a clock runs for.
#[derive(Serialize, ToSchema)]
struct DeadlineSubject {
    /// Its register.
    #[schema(example = "site")]
    register: String,
    /// Its identifier.
    id: Uuid,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// A step of the counting.
#[derive(Serialize, ToSchema)]
struct DeadlineWhy {
    /// 中文
    text_zh: String,
    /// English
    text_en: String,
    /// The article that says so; none for facts of the calendar.
    citations: Vec<Citation>,
}

impl From<Why> for DeadlineWhy {
    fn from(why: Why) -> DeadlineWhy {
        DeadlineWhy { text_zh: why.text_zh, text_en: why.text_en, citations: why.citations }
    }
}

fn view(clock: Deadline, on: Day) -> DeadlineView {
    let status = clock.standing(on);
    let closed_on = clock.closed_on.filter(|day| *day <= on);
    let due_on = clock.course().due_then(on);
    let suspended_on = clock.course().suspended_since(on).filter(|_| status == Status::Suspended);
    let past = due_on.map(|due_on| closed_on.unwrap_or(on).days_since(due_on));
    let title = catalogue::find(&clock.rule).map(|rule| rule.title.clone());
    let title = title.unwrap_or_else(|| Text::new(clock.rule.clone(), clock.rule.clone()));
    let responsible = Role::parse(&clock.responsible)
        .map_or_else(|| Text::new(clock.responsible.clone(), clock.responsible.clone()), Role::title);
    let period = clock.parameter.zip(clock.parameter_value).map(|(parameter, value)| DeadlinePeriod {
        unit: parameters::find(&parameter).map(|parameter| parameter.unit),
        parameter,
        value,
        jurisdiction: format!("{:0<6}", clock.jurisdiction),
        configured: clock.configured,
    });
    let ended = closed_on.is_some();
    DeadlineView {
        id: clock.id,
        rule: clock.rule,
        rule_zh: title.zh.into_owned(),
        rule_en: title.en.into_owned(),
        rule_version: clock.rule_version,
        occasion: clock.occasion,
        internal: clock.internal,
        confidence: clock.confidence,
        period,
        set_due_on: clock.set_due_on,
        subject: DeadlineSubject {
            register: clock.subject_register,
            id: clock.subject_id,
            code: clock.subject_code,
            name: clock.subject_name,
        },
        division_code: clock.division_code,
        opened_on: clock.opened_on,
        start_on: clock.start_on,
        nominal_due_on: clock.nominal_due_on,
        due_on,
        provisional: clock.provisional,
        why: clock.why.0.into_iter().map(DeadlineWhy::from).collect(),
        status,
        days_overdue: if matches!(status, Status::Overdue | Status::MetLate) { past.unwrap_or(0).max(0) } else { 0 },
        days_left: past.filter(|_| matches!(status, Status::Open | Status::DueSoon)).map(|past| -past),
        closed_on,
        cause: clock.cause.filter(|_| ended),
        suspended_on,
        changes: clock
            .changes
            .0
            .into_iter()
            .filter(|change| change.on <= on)
            .map(|change| DeadlineChange {
                kind: change.kind,
                on: change.on,
                until: change.until,
                days: change.days,
                cause: change.cause,
                document_id: change.document_id,
                was_due_on: change.was_due_on,
                due_on: change.due_on,
            })
            .collect(),
        fulfilment: clock
            .fulfilment_note
            .filter(|_| ended)
            .map(|note| DeadlineFulfilment { note, document_id: clock.fulfilment_document_id }),
        responsible: clock.responsible,
        responsible_zh: responsible.zh.into_owned(),
        responsible_en: responsible.en.into_owned(),
    }
}

/// Reads a division parameter.
pub(super) fn read_division(code: &str) -> Result<DivisionCode> {
    DivisionCode::parse(code).ok_or_else(|| {
        Error::bad_parameter("division", Text::fixed("应为六位区划代码。", "must be a six-digit division code."))
    })
}

/// Reads a rule parameter.
pub(super) fn read_rule(id: &str) -> Result<&'static DeadlineRule> {
    catalogue::find(id).ok_or_else(|| {
        let known: Vec<_> = catalogue::ALL.iter().map(|rule| rule.id).collect();
        Error::bad_parameter(
            "rule",
            Text::new(
                format!("没有规则 {id}，可用：{}。", known.join("、")),
                format!("there is no rule {id}; there are: {}.", known.join(", ")),
            ),
        )
    })
}

fn read_id(id: &str) -> Result<DeadlineId> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> Error {
    Error::not_found("时限", "deadline")
}

/// What a request asks for, read and bound to the caller.
struct Asked {
    on: Day,
    known_at: Option<DateTime<Utc>>,
    scope: Scope,
    statuses: Option<Vec<String>>,
    division: Option<DivisionCode>,
    below: bool,
    rule: Option<&'static str>,
    internal: Option<bool>,
    opened: (Option<Day>, Option<Day>),
    closed: (Option<Day>, Option<Day>),
    rules: Vec<String>,
    due_soon: Vec<i32>,
}

impl Asked {
    fn read(call: &Call, params: &DeadlineParams) -> Result<Asked> {
        let scope = call.read(Permission::DeadlineRead)?;
        let known_at = known_at(params.known_at.as_deref())?;
        Ok(Asked {
            on: params.on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at)),
            known_at,
            scope,
            statuses: params.status.as_deref().map(read_statuses).transpose()?,
            division: params.division.as_deref().map(read_division).transpose()?,
            below: params.below.unwrap_or(true),
            rule: params.rule.as_deref().map(read_rule).transpose()?.map(|rule| rule.id),
            internal: params.internal,
            opened: (params.opened_from, params.opened_to),
            closed: (params.closed_from, params.closed_to),
            rules: catalogue::ALL.iter().map(|rule| rule.id.to_owned()).collect(),
            due_soon: catalogue::ALL.iter().map(|rule| i32::try_from(rule.due_soon_days).unwrap_or(i32::MAX)).collect(),
        })
    }

    fn filter(&self) -> Filter<'_> {
        Filter {
            on: self.on,
            known_at: self.known_at,
            scope: &self.scope,
            statuses: self.statuses.as_deref(),
            division: self.division.as_ref().map(DivisionCode::as_str),
            below: self.below,
            rule: self.rule,
            internal: self.internal,
            opened: self.opened,
            closed: self.closed,
            rules: &self.rules,
            due_soon: &self.due_soon,
        }
    }

    /// The filters as query of an address. Every value is made of letters, digits, `_`, `-`, `:`, `.` and commas, and needs
    /// no escaping.
    fn query(&self) -> String {
        let mut query = format!("on={}", self.on);
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={value}"));
            }
        };
        add("status", self.statuses.as_ref().map(|statuses| statuses.join(",")));
        add("division", self.division.as_ref().map(DivisionCode::to_string));
        add("below", (!self.below).then(|| "false".to_owned()));
        add("rule", self.rule.map(str::to_owned));
        add("internal", self.internal.map(|internal| internal.to_string()));
        add("opened_from", self.opened.0.map(|day| day.to_string()));
        add("opened_to", self.opened.1.map(|day| day.to_string()));
        add("closed_from", self.closed.0.map(|day| day.to_string()));
        add("closed_to", self.closed.1.map(|day| day.to_string()));
        add("known_at", self.known_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)));
        query
    }

    /// A stable text of the filters, for cursors.
    fn mark(&self) -> String {
        format!("deadlines {} scope={}", self.query(), self.scope.mark())
    }
}

fn read_statuses(list: &str) -> Result<Vec<String>> {
    list.split(',')
        .map(|name| {
            Status::parse(name.trim()).map(|status| status.as_str().to_owned()).ok_or_else(|| {
                let known: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
                Error::bad_parameter(
                    "status",
                    Text::new(
                        format!("没有状态“{name}”，可用：{}。", known.join("、")),
                        format!("there is no status `{name}`; there are: {}.", known.join(", ")),
                    ),
                )
            })
        })
        .collect()
}

/// List statutory deadlines
///
/// Status and days are those of the day asked. Departments see their division and below, a land user its own sites.
#[utoipa::path(
    get, path = "/v1/deadlines", operation_id = "list_deadlines", tag = "deadlines",
    params(DeadlineParams),
    responses((status = 200, description = "A page, the earliest due first", body = DeadlineList)),
    extensions(("x-permission" = json!("deadline.read")))
)]
async fn list_deadlines(call: Call, Params(params): Params<DeadlineParams>) -> Result<Reply, Stop> {
    let asked = Asked::read(&call, &params)?;
    let limit = paging::limit(params.limit)?;
    let mark = asked.mark();
    let after = params.cursor.as_deref().map(|cursor| read_cursor(cursor, &mark)).transpose()?;
    let mut conn = call.app().db().acquire().await?;
    let mut page = store::page(&mut conn, &asked.filter(), after, i64::from(limit) + 1).await?;
    let next = Cursor::behind(&mut page, limit, &mark, |last| {
        let due_on = last.due_on.map_or_else(String::new, |day| day.to_string());
        format!("{due_on}|{}", last.id)
    });
    // Counting looks at every clock asked for, and a page does not.
    let counts = if params.counts.unwrap_or(after.is_none()) {
        Some(counted(&store::counts(&mut conn, &asked.filter()).await?))
    } else {
        None
    };
    let mut links = Vec::new();
    if let Some(cursor) = next {
        links.push(DeadlineLink {
            rel: "next".to_owned(),
            media_type: "application/json".to_owned(),
            href: next_address(&call, &asked, params.counts, limit, &cursor),
        });
    }
    Ok(Reply::json(&DeadlineList {
        on: asked.on,
        number_returned: page.len(),
        deadlines: page.into_iter().map(|clock| view(clock, asked.on)).collect(),
        counts,
        links,
    })?)
}

fn read_cursor(cursor: &str, mark: &str) -> Result<(Option<Day>, Uuid)> {
    let key = Cursor::read(cursor, mark)?;
    key.split_once('|')
        .and_then(|(day, id)| {
            // Those without a last day stand behind all others.
            let day = if day.is_empty() { None } else { Some(Day::parse(day)?) };
            Some((day, id.parse().ok()?))
        })
        .ok_or_else(Cursor::refused)
}

fn counted(standing: &[(Status, i64)]) -> DeadlineCounts {
    let mut counts = DeadlineCounts::default();
    for (status, n) in standing {
        *match status {
            Status::Open => &mut counts.open,
            Status::DueSoon => &mut counts.due_soon,
            Status::Overdue => &mut counts.overdue,
            Status::Met => &mut counts.met,
            Status::MetLate => &mut counts.met_late,
            Status::Cancelled => &mut counts.cancelled,
            Status::Suspended => &mut counts.suspended,
        } = *n;
    }
    counts
}

fn next_address(call: &Call, asked: &Asked, counts: Option<bool>, limit: u32, cursor: &str) -> String {
    let counts = counts.map_or_else(String::new, |counts| format!("&counts={counts}"));
    call.address(&format!("/v1/deadlines?{}{counts}&limit={limit}&cursor={cursor}", asked.query()))
}

/// A deadline
///
/// As it stands on the day asked; with `known_at`, as the registry knew it then.
#[utoipa::path(
    get, path = "/v1/deadlines/{id}", operation_id = "get_deadline", tag = "deadlines",
    params(("id" = Uuid, Path, description = "Identifier of the deadline"), OneParams),
    responses((status = 200, description = "The deadline", body = DeadlineView)),
    extensions(("x-permission" = json!("deadline.read")))
)]
async fn get_deadline(call: Call, Path(id): Path<String>, Params(params): Params<OneParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::DeadlineRead)?;
    let id = read_id(&id)?;
    let known_at = known_at(params.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let clock = visible(&mut tx, &scope, id).await?;
    let clock = match known_at {
        // Nobody sees more of the past than was theirs then and is theirs now.
        Some(_) => store::find(&mut tx, id, known_at).await?.filter(|then| sees(&scope, then)).ok_or_else(not_found)?,
        None => clock,
    };
    let on = params.on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
    Ok(Reply::json(&view(clock, on))?)
}

async fn visible(conn: &mut sqlx::PgConnection, scope: &Scope, id: DeadlineId) -> Result<Deadline> {
    store::find(conn, id, None).await?.filter(|clock| sees(scope, clock)).ok_or_else(not_found)
}

fn sees(scope: &Scope, clock: &Deadline) -> bool {
    match scope {
        Scope::All => true,
        Scope::Divisions(codes) => codes.contains(&clock.division_code),
        Scope::Own(code) => clock.owner_credit_code.as_ref() == Some(code),
        Scope::Public => false,
    }
}

/// Say that a yearly report was handed in
///
/// For duties that no register closes, by the role that owes them, in its division.
#[utoipa::path(
    post, path = "/v1/deadlines/{id}/fulfilment", operation_id = "fulfil_deadline", tag = "deadlines",
    params(("id" = Uuid, Path, description = "Identifier of the deadline")),
    request_body = NewFulfilment,
    responses((status = 200, description = "The deadline, met or met late", body = DeadlineView)),
    extensions(("x-permission" = json!("deadline.fulfil")))
)]
async fn fulfil_deadline(call: Call, Path(id): Path<String>, Body(new): Body<NewFulfilment>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::DeadlineFulfil).await?;
    let id = read_id(&id)?;
    let done = Fulfilment { on: new.on, document: new.document_id, note: new.note };
    actions::fulfil(&mut act, id, done).await?;
    let today = act.today();
    let clock = store::find(act.tx(), id, None).await?.ok_or_else(not_found)?;
    Ok(act.finish(Reply::json(&view(clock, today))?).await?)
}

/// The steps of escalation of a deadline
///
/// 60, 30 and 7 days before the last day, on it, and weekly after, each once.
#[utoipa::path(
    get, path = "/v1/deadlines/{id}/escalations", operation_id = "list_deadline_escalations", tag = "deadlines",
    params(("id" = Uuid, Path, description = "Identifier of the deadline")),
    responses((status = 200, description = "Steps taken, oldest first", body = EscalationList)),
    extensions(("x-permission" = json!("deadline.read")))
)]
async fn list_escalations(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::DeadlineRead)?;
    let mut tx = call.app().snapshot().await?;
    let clock = visible(&mut tx, &scope, read_id(&id)?).await?;
    let escalations = store::escalations(&mut tx, clock.id).await?;
    let escalations = escalations
        .into_iter()
        .map(|taken| EscalationView {
            step: taken.step,
            due_on: taken.due_on,
            reached_on: taken.reached_on,
            recorded_at: taken.recorded_at,
        })
        .collect();
    Ok(Reply::json(&EscalationList { escalations })?)
}

/// Statutory deadlines as a calendar
///
/// The same as `/v1/deadlines`, all on one calendar that mail programs subscribe to (the key as password of Basic).
#[utoipa::path(
    get, path = "/v1/deadlines.ics", operation_id = "get_deadline_calendar", tag = "deadlines",
    params(CalendarParams),
    responses((status = 200, description = "iCalendar (RFC 5545), an all-day event per deadline", body = String, content_type = "text/calendar")),
    extensions(("x-permission" = json!("deadline.read")))
)]
async fn deadline_calendar(call: Call, Params(params): Params<CalendarParams>) -> Result<Reply, Stop> {
    let asked = Asked::read(&call, &params.into())?;
    let mut conn = call.app().db().acquire().await?;
    let mut calendar = Calendar::new(call.lang());
    let mut after = None;
    loop {
        let page = store::page(&mut conn, &asked.filter(), after, i64::from(paging::MAX_LIMIT)).await?;
        for clock in &page {
            calendar.event(clock, asked.on);
        }
        match page.last() {
            Some(last) if page.len() == paging::MAX_LIMIT as usize => after = Some((last.due_on, last.id.0)),
            _ => break,
        }
    }
    Ok(Reply::bytes("text/calendar; charset=utf-8", calendar.finish())
        .with_header(axum::http::header::CONTENT_DISPOSITION, "inline; filename=\"jingtu-deadlines.ics\"")
        .with_header(axum::http::header::VARY, "accept-language"))
}
