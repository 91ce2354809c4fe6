//! All SQL of the deadline tables.

use super::rules::{Change, Closed, Course, Status, catalogue};
use crate::kernel::{Citation, Confidence, Day, DeadlineId, Error, Result, Text};
use crate::platform::Scope;
use crate::standards::workdays::{DayKind, PrintedDay, YearNotice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// One step of a counting as stored: words and, where the law says it, the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// 中文
    pub text_zh: String,
    /// English
    pub text_en: String,
    /// The article that says so, in the text in force on the day the period starts.
    pub citations: Vec<Citation>,
}

/// A clock as stored.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// Its identifier.
    pub id: DeadlineId,
    /// Identifier of its rule.
    pub rule: String,
    /// The rule's version that counted it.
    pub rule_version: i32,
    /// Tells it from others of its rule for the record; empty where there is one at a time.
    pub occasion: String,
    /// Register of the record it runs for.
    pub subject_register: String,
    /// That record.
    pub subject_id: Uuid,
    /// Its code for people.
    pub subject_code: String,
    /// Its name.
    pub subject_name: String,
    /// Its division.
    pub division_code: String,
    /// Credit code of the land user whose record it is.
    pub owner_credit_code: Option<String>,
    /// Role that has to act.
    pub responsible: String,
    /// From which day the clock is there.
    pub opened_on: Day,
    /// The day it is counted from; itself not counted.
    pub start_on: Day,
    /// Last day before any rolling.
    pub nominal_due_on: Day,
    /// Last day in time.
    pub due_on: Day,
    /// `due_on` may change when a year's calendar is announced.
    pub provisional: bool,
    /// Whether a last day of rest moves on.
    pub rolls_forward: bool,
    /// A local service level (内部时限), not law.
    pub internal: bool,
    /// How well rule and number are known: `verified`, `recalled`, `unconfirmed`.
    pub confidence: String,
    /// The parameter that gave the length; none where the day was set.
    pub parameter: Option<String>,
    /// Its value.
    pub parameter_value: Option<i32>,
    /// First digits of the divisions in which the value holds; empty for the nation.
    pub jurisdiction: String,
    /// The value was set by the operator.
    pub configured: bool,
    /// The last day as set, before any rolling.
    pub set_due_on: Option<Day>,
    /// Extensions, suspensions and resumptions that stand.
    pub changes: Json<Vec<Change>>,
    /// Since when it stands still.
    pub suspended_on: Option<Day>,
    /// Counts the changes that moved the last day.
    pub round: i32,
    /// Why it was called off.
    pub cause: Option<String>,
    /// Steps of the counting.
    pub why: Json<Vec<Why>>,
    /// The day it ended.
    pub closed_on: Option<Day>,
    /// It fell away instead of being done.
    pub cancelled: bool,
    /// When this version was recorded.
    pub sys_from: DateTime<Utc>,
    /// Version, from 1.
    pub revision: i32,
}

impl Deadline {
    /// What where it stands depends on.
    pub fn course(&self) -> Course<'_> {
        let closed = self.closed_on.map(|on| Closed { on, cancelled: self.cancelled });
        Course { due_on: self.due_on, changes: &self.changes.0, closed }
    }

    /// Where it stands on a day, of which nothing later is looked at.
    pub fn standing(&self, on: Day) -> Status {
        self.course().status(on, catalogue::find(&self.rule).map_or(0, |rule| rule.due_soon_days))
    }
}

pub(super) struct Counted<'a> {
    pub rule_version: i32,
    pub nominal_due_on: Day,
    pub due_on: Day,
    pub provisional: bool,
    pub why: &'a [Why],
    pub changes: &'a [Change],
}

pub(super) struct NewRow<'a> {
    pub id: DeadlineId,
    pub rule: &'a str,
    pub occasion: &'a str,
    pub internal: bool,
    pub confidence: Confidence,
    pub parameter: Option<&'a str>,
    pub parameter_value: Option<i32>,
    pub jurisdiction: &'a str,
    pub configured: bool,
    pub set_due_on: Option<Day>,
    pub subject: &'a super::Subject,
    pub responsible: &'a str,
    pub opened_on: Day,
    pub start_on: Day,
    pub rolls_forward: bool,
    pub counted: Counted<'a>,
}

pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into deadline (id, rule, rule_version, subject_register, subject_id, subject_code, subject_name,
                               division_code, owner_credit_code, responsible, opened_on, start_on, nominal_due_on, due_on,
                               provisional, rolls_forward, why, occasion, internal, confidence, parameter,
                               parameter_value, jurisdiction, configured, set_due_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25)",
        row.id as DeadlineId,
        row.rule,
        row.counted.rule_version,
        row.subject.register,
        row.subject.id,
        row.subject.code,
        row.subject.name,
        row.subject.division_code,
        row.subject.owner_credit_code,
        row.responsible,
        row.opened_on as Day,
        row.start_on as Day,
        row.counted.nominal_due_on as Day,
        row.counted.due_on as Day,
        row.counted.provisional,
        row.rolls_forward,
        Json(row.counted.why) as _,
        row.occasion,
        row.internal,
        confidence_name(row.confidence),
        row.parameter,
        row.parameter_value,
        row.jurisdiction,
        row.configured,
        row.set_due_on as Option<Day>,
    )
    .execute(conn)
    .await
    .map_err(running_twice)?;
    Ok(())
}

fn running_twice(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(db) if db.constraint() == Some("deadline_running") => Error::conflict(
            "deadline_running",
            Text::fixed("该记录的同一时限正在计算中。", "The same clock is already running for this record."),
        ),
        other => other.into(),
    }
}

/// The name of a confidence in the table.
pub(super) fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Verified => "verified",
        Confidence::Recalled => "recalled",
        Confidence::Unconfirmed => "unconfirmed",
    }
}

/// Clocks as stored, from a table of them named `d`.
macro_rules! clocks {
    ([$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Deadline,
            r#"select d.id as "id!: DeadlineId", d.rule as "rule!", d.rule_version as "rule_version!",
                      d.occasion as "occasion!", d.subject_register as "subject_register!",
                      d.subject_id as "subject_id!", d.subject_code as "subject_code!",
                      d.subject_name as "subject_name!", d.division_code as "division_code!", d.owner_credit_code,
                      d.responsible as "responsible!", d.opened_on as "opened_on!: Day", d.start_on as "start_on!: Day",
                      d.nominal_due_on as "nominal_due_on!: Day", d.due_on as "due_on!: Day",
                      d.provisional as "provisional!", d.rolls_forward as "rolls_forward!", d.internal as "internal!",
                      d.confidence as "confidence!", d.parameter, d.parameter_value,
                      d.jurisdiction as "jurisdiction!", d.configured as "configured!",
                      d.set_due_on as "set_due_on: Day", d.changes as "changes!: Json<Vec<Change>>",
                      d.suspended_on as "suspended_on: Day", d.round as "round!", d.cause,
                      d.why as "why!: Json<Vec<Why>>", d.closed_on as "closed_on: Day", d.cancelled as "cancelled!",
                      d.sys_from as "sys_from!", d.revision as "revision!""#
                + $($rest)+
            $(, $arg)*
        )
    };
}

/// The clock of a key that was opened last, locked: the running one, or the last that ended. One whose opening was entered
/// in error counts as never opened.
pub(super) async fn lock_latest(
    conn: &mut PgConnection,
    key: &super::ClockKey<'_>,
    running: bool,
) -> Result<Option<Deadline>> {
    Ok(clocks!(
        [" from deadline d
           where d.subject_register = $1 and d.subject_id = $2 and d.rule = $3 and d.occasion = $4
             and (d.closed_on is null) = $5
             and (not d.cancelled or d.cause is distinct from $6 and d.cause is not null)
           order by d.opened_on desc, d.id desc limit 1 for update"],
        key.register,
        key.subject,
        key.rule,
        key.occasion,
        running,
        super::ENTERED_IN_ERROR,
    )
    .fetch_optional(conn)
    .await?)
}

/// The clock of an identifier, locked.
pub(super) async fn lock(conn: &mut PgConnection, id: DeadlineId) -> Result<Option<Deadline>> {
    Ok(clocks!([" from deadline d where d.id = $1 for update"], id as DeadlineId).fetch_optional(conn).await?)
}

pub(super) async fn set_end(
    conn: &mut PgConnection,
    id: DeadlineId,
    closed_on: Option<Day>,
    cancelled: bool,
    cause: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update deadline set closed_on = $2, cancelled = $3, cause = $4 where id = $1",
        id as DeadlineId,
        closed_on as Option<Day>,
        cancelled,
        cause,
    )
    .execute(conn)
    .await
    .map_err(running_twice)?;
    Ok(())
}

/// Keeps a due date counted anew. `moved` begins a new round of escalation.
pub(super) async fn set_counted(
    conn: &mut PgConnection,
    id: DeadlineId,
    counted: &Counted<'_>,
    suspended_on: Option<Day>,
    moved: bool,
) -> Result<()> {
    sqlx::query!(
        "update deadline set rule_version = $2, nominal_due_on = $3, due_on = $4, provisional = $5, why = $6,
                             changes = $7, suspended_on = $8, round = round + $9::int
         where id = $1",
        id as DeadlineId,
        counted.rule_version,
        counted.nominal_due_on as Day,
        counted.due_on as Day,
        counted.provisional,
        Json(counted.why) as _,
        Json(counted.changes) as _,
        suspended_on as Option<Day>,
        i32::from(moved),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps what clocks say of their record in step with it; gives how many changed.
pub(super) async fn set_subject(conn: &mut PgConnection, subject: &super::Subject) -> Result<u64> {
    let done = sqlx::query!(
        "update deadline set subject_code = $3, subject_name = $4, division_code = $5, owner_credit_code = $6
         where subject_register = $1 and subject_id = $2
           and (subject_code, subject_name, division_code, owner_credit_code) is distinct from ($3, $4, $5, $6)",
        subject.register,
        subject.id,
        subject.code,
        subject.name,
        subject.division_code,
        subject.owner_credit_code,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

pub(super) async fn for_subject(conn: &mut PgConnection, register: &str, subject: Uuid) -> Result<Vec<Deadline>> {
    Ok(clocks!(
        [" from deadline d where d.subject_register = $1 and d.subject_id = $2 order by d.opened_on, d.id"],
        register,
        subject,
    )
    .fetch_all(conn)
    .await?)
}

/// Every clock of a register's records.
pub(super) async fn all_of(conn: &mut PgConnection, register: &str) -> Result<Vec<Deadline>> {
    Ok(clocks!([" from deadline d where d.subject_register = $1 order by d.subject_id, d.opened_on, d.id"], register,)
        .fetch_all(conn)
        .await?)
}

/// Clocks whose due date a newly loaded calendar may change: those that run, and those that ended while provisional,
/// because whether they were met depends on it.
pub(super) async fn lock_countable(conn: &mut PgConnection) -> Result<Vec<Deadline>> {
    Ok(clocks!([
        " from deadline d where not d.cancelled and (d.closed_on is null or d.provisional) order by d.id for update"
    ],)
    .fetch_all(conn)
    .await?)
}

/// What a list is asked for. `rules` and `due_soon` are parallel: every rule of the catalogue with its days.
pub(super) struct Filter<'a> {
    pub on: Day,
    pub scope: &'a Scope,
    pub statuses: Option<&'a [String]>,
    /// A division: it and all below it.
    pub division: Option<&'a str>,
    pub rule: Option<&'a str>,
    pub internal: Option<bool>,
    pub rules: &'a [String],
    pub due_soon: &'a [i32],
}

/// A page in order of due day, after the row with that key.
pub(super) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<(Day, Uuid)>,
    limit: i64,
) -> Result<Vec<Deadline>> {
    let (after_due, after_id) = after.unzip();
    Ok(clocks!(
        [" from deadline d
           left join unnest($6::text[], $7::int[]) as soon (rule, days) on soon.rule = d.rule
           where d.opened_on <= $1
             and not $11
             and ($2::text[] is null or d.division_code = any($2))
             and ($3::text is null or d.owner_credit_code = $3)
             and ($4::text is null
                  or d.division_code in (select v.code from division v where v.ancestors @> array[$4::text]))
             and ($5::text is null or d.rule = $5)
             and ($8::text[] is null
                  or deadline_status(d.due_on, d.closed_on, d.cancelled, d.changes, $1, coalesce(soon.days, 0)) = any($8))
             and ($9::date is null or (d.due_on, d.id) > ($9, $10))
             and ($13::bool is null or d.internal = $13)
           order by d.due_on, d.id
           limit $12"],
        filter.on as Day,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.division,
        filter.rule,
        filter.rules,
        filter.due_soon,
        filter.statuses,
        after_due as Option<Day>,
        after_id,
        filter.scope.is_public(),
        limit,
        filter.internal,
    )
    .fetch_all(conn)
    .await?)
}

/// How many clocks stand where, whatever statuses are asked for.
pub(super) async fn counts(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<(Status, i64)>> {
    let rows = sqlx::query!(
        r#"select deadline_status(d.due_on, d.closed_on, d.cancelled, d.changes, $1, coalesce(soon.days, 0)) as "status!",
                  count(*) as "n!"
           from deadline d
           left join unnest($6::text[], $7::int[]) as soon (rule, days) on soon.rule = d.rule
           where d.opened_on <= $1
             and not $8
             and ($2::text[] is null or d.division_code = any($2))
             and ($3::text is null or d.owner_credit_code = $3)
             and ($4::text is null
                  or d.division_code in (select v.code from division v where v.ancestors @> array[$4::text]))
             and ($5::text is null or d.rule = $5)
             and ($9::bool is null or d.internal = $9)
           group by 1"#,
        filter.on as Day,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.division,
        filter.rule,
        filter.rules,
        filter.due_soon,
        filter.scope.is_public(),
        filter.internal,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status = Status::parse(&row.status)
                .ok_or_else(|| Error::internal(format!("deadline_status gave {}", row.status)))?;
            Ok((status, row.n))
        })
        .collect()
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredDay {
    day: Day,
    kind: String,
    name_zh: String,
    notice_url: String,
}

/// The years that were loaded.
pub(super) async fn loaded_years(conn: &mut PgConnection) -> Result<Vec<YearNotice>> {
    let rows =
        sqlx::query!(r#"select year, days as "days: Json<Vec<StoredDay>>" from deadline_calendar_year order by year"#)
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|row| {
            let days: Option<Vec<PrintedDay>> = row
                .days
                .0
                .into_iter()
                .map(|stored| {
                    Some(PrintedDay {
                        day: stored.day,
                        kind: DayKind::parse(&stored.kind)?,
                        name_zh: stored.name_zh,
                        notice_url: stored.notice_url,
                    })
                })
                .collect();
            let broken = || Error::internal(format!("the stored calendar of {} is broken", row.year));
            YearNotice::new(row.year, days.ok_or_else(broken)?).map_err(|_| broken())
        })
        .collect()
}

/// Keeps a year; gives whether that changed anything.
pub(super) async fn keep_year(conn: &mut PgConnection, id: Uuid, notice: &YearNotice, sha256: &[u8]) -> Result<bool> {
    let days: Vec<StoredDay> = notice
        .days()
        .iter()
        .map(|printed| StoredDay {
            day: printed.day,
            kind: printed.kind.as_str().to_owned(),
            name_zh: printed.name_zh.clone(),
            notice_url: printed.notice_url.clone(),
        })
        .collect();
    let done = sqlx::query!(
        "insert into deadline_calendar_year (id, year, days, sha256) values ($1, $2, $3, $4)
         on conflict (year) do update set days = excluded.days, sha256 = excluded.sha256
            where deadline_calendar_year.days <> excluded.days",
        id,
        notice.year(),
        Json(days) as _,
        sha256,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
