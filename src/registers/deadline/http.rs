//! Deadlines over HTTP.

use super::ics::Calendar;
use super::rules::{Status, catalogue};
use super::store::{self, Deadline, Filter, Why};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Citation, Day, DeadlineId, DivisionCode, Error, Result, Text};
use crate::platform::{App, Call, Params, Permission, Reply, Role, Scope, Stop};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_deadlines)).routes(routes!(deadline_calendar))
}

/// Which deadlines.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeadlineParams {
    /// The day asked about: clocks started later are not there yet, clocks stopped later still run. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// Where they stand on that day, several parted by commas: `open`, `due_soon`, `overdue`, `met`, `met_late`, `cancelled`.
    #[param(example = "overdue,due_soon")]
    status: Option<String>,
    /// In this division and below.
    #[param(example = "152900")]
    division: Option<String>,
    /// Of this rule.
    #[param(example = "preliminary_survey_six_months")]
    rule: Option<String>,
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
}

/// A page of deadlines, the earliest due first.
#[derive(Serialize, ToSchema)]
struct DeadlineList {
    /// The day asked about.
    on: Day,
    /// The page.
    deadlines: Vec<DeadlineView>,
    /// How many stand where on that day, whatever `status` was asked for.
    counts: DeadlineCounts,
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

/// A statutory clock.
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
    /// The record that it runs for.
    subject: DeadlineSubject,
    /// The record's division.
    #[schema(example = "152921")]
    division_code: String,
    /// From which day it is there.
    opened_on: Day,
    /// The day counted from; itself not counted.
    start_on: Day,
    /// Last day before any rolling over rest days.
    nominal_due_on: Day,
    /// Last day in time.
    due_on: Day,
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
    /// Role that has to act.
    #[schema(example = "land_user")]
    responsible: String,
    /// 责任主体
    responsible_zh: String,
    /// Who has to act.
    responsible_en: String,
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
    let past = closed_on.unwrap_or(on).days_since(clock.due_on);
    let title = catalogue::find(&clock.rule).map(|rule| rule.title.clone());
    let title = title.unwrap_or_else(|| Text::new(clock.rule.clone(), clock.rule.clone()));
    let responsible = Role::parse(&clock.responsible)
        .map_or_else(|| Text::new(clock.responsible.clone(), clock.responsible.clone()), Role::title);
    DeadlineView {
        id: clock.id,
        rule: clock.rule,
        rule_zh: title.zh.into_owned(),
        rule_en: title.en.into_owned(),
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
        due_on: clock.due_on,
        provisional: clock.provisional,
        why: clock.why.0.into_iter().map(DeadlineWhy::from).collect(),
        status,
        days_overdue: if status == Status::Cancelled { 0 } else { past.max(0) },
        days_left: matches!(status, Status::Open | Status::DueSoon).then_some(-past),
        closed_on,
        responsible: clock.responsible,
        responsible_zh: responsible.zh.into_owned(),
        responsible_en: responsible.en.into_owned(),
    }
}

/// What a request asks for, read and bound to the caller.
struct Asked {
    on: Day,
    scope: Scope,
    statuses: Option<Vec<String>>,
    division: Option<DivisionCode>,
    rule: Option<&'static str>,
    rules: Vec<String>,
    due_soon: Vec<i32>,
}

impl Asked {
    fn read(
        call: &Call,
        on: Option<Day>,
        statuses: Option<&str>,
        division: Option<&str>,
        rule: Option<&str>,
    ) -> Result<Asked> {
        let scope = call.read(Permission::DeadlineRead)?;
        let statuses = statuses.map(read_statuses).transpose()?;
        let division = division
            .map(|code| {
                DivisionCode::parse(code).ok_or_else(|| {
                    Error::bad_parameter(
                        "division",
                        Text::fixed("应为六位区划代码。", "must be a six-digit division code."),
                    )
                })
            })
            .transpose()?;
        let rule = rule
            .map(|id| {
                catalogue::find(id).map(|rule| rule.id).ok_or_else(|| {
                    let known: Vec<_> = catalogue::ALL.iter().map(|rule| rule.id).collect();
                    Error::bad_parameter(
                        "rule",
                        Text::new(
                            format!("没有规则 {id}，可用：{}。", known.join("、")),
                            format!("there is no rule {id}; there are: {}.", known.join(", ")),
                        ),
                    )
                })
            })
            .transpose()?;
        Ok(Asked {
            on: on.unwrap_or_else(|| call.today()),
            scope,
            statuses,
            division,
            rule,
            rules: catalogue::ALL.iter().map(|rule| rule.id.to_owned()).collect(),
            due_soon: catalogue::ALL.iter().map(|rule| i32::try_from(rule.due_soon_days).unwrap_or(i32::MAX)).collect(),
        })
    }

    fn filter(&self) -> Filter<'_> {
        Filter {
            on: self.on,
            scope: &self.scope,
            statuses: self.statuses.as_deref(),
            division: self.division.as_ref().map(DivisionCode::as_str),
            rule: self.rule,
            internal: None,
            rules: &self.rules,
            due_soon: &self.due_soon,
        }
    }

    /// A stable text of the filters, for cursors.
    fn mark(&self) -> String {
        format!(
            "deadlines on={} status={:?} division={:?} rule={:?} scope={}",
            self.on,
            self.statuses,
            self.division,
            self.rule,
            self.scope.mark()
        )
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
    let asked =
        Asked::read(&call, params.on, params.status.as_deref(), params.division.as_deref(), params.rule.as_deref())?;
    let limit = paging::limit(params.limit)?;
    let mark = asked.mark();
    let after = params.cursor.as_deref().map(|cursor| read_cursor(cursor, &mark)).transpose()?;
    let mut conn = call.app().db().acquire().await?;
    let mut page = store::page(&mut conn, &asked.filter(), after, i64::from(limit) + 1).await?;
    let more = page.len() > limit as usize;
    page.truncate(limit as usize);
    let mut counts = DeadlineCounts::default();
    for (status, n) in store::counts(&mut conn, &asked.filter()).await? {
        *match status {
            Status::Open => &mut counts.open,
            Status::DueSoon => &mut counts.due_soon,
            Status::Overdue => &mut counts.overdue,
            Status::Met => &mut counts.met,
            Status::MetLate => &mut counts.met_late,
            Status::Cancelled => &mut counts.cancelled,
            Status::Suspended => &mut counts.suspended,
        } = n;
    }
    let mut links = Vec::new();
    if let Some(last) = page.last().filter(|_| more) {
        let cursor = Cursor::write(&format!("{}|{}", last.due_on, last.id), &mark);
        links.push(DeadlineLink {
            rel: "next".to_owned(),
            media_type: "application/json".to_owned(),
            href: next_address(&call, &asked, limit, &cursor),
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

fn read_cursor(cursor: &str, mark: &str) -> Result<(Day, Uuid)> {
    let key = Cursor::read(cursor, mark)?;
    key.split_once('|')
        .and_then(|(day, id)| Some((Day::parse(day)?, id.parse().ok()?)))
        .ok_or_else(|| Error::internal(format!("a cursor of ours holds {key}")))
}

/// Every value that reached `asked` is made of letters, digits, `_`, `-` and commas, and needs no escaping.
fn next_address(call: &Call, asked: &Asked, limit: u32, cursor: &str) -> String {
    let base = call.app().config().public_url.as_deref().unwrap_or("").trim_end_matches('/');
    let mut address = format!("{base}/v1/deadlines?on={}&limit={limit}", asked.on);
    if let Some(statuses) = &asked.statuses {
        address.push_str(&format!("&status={}", statuses.join(",")));
    }
    if let Some(division) = &asked.division {
        address.push_str(&format!("&division={division}"));
    }
    if let Some(rule) = asked.rule {
        address.push_str(&format!("&rule={rule}"));
    }
    address.push_str(&format!("&cursor={cursor}"));
    address
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
    let asked =
        Asked::read(&call, params.on, params.status.as_deref(), params.division.as_deref(), params.rule.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    let mut calendar = Calendar::new(call.lang());
    let mut after = None;
    loop {
        let page = store::page(&mut conn, &asked.filter(), after, i64::from(paging::MAX_LIMIT)).await?;
        for clock in &page {
            calendar.event(clock, clock.standing(asked.on));
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
