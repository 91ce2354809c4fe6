//! All SQL of the deadline tables.

use super::rules::{Change, Closed, Course, DeadlineRule, Status, catalogue};
use crate::kernel::{ActId, Citation, Confidence, Day, DeadlineId, DocumentId, Error, Result, Text};
use crate::platform::Scope;
use crate::standards::parameters::{Overrides, significant};
use crate::standards::workdays::{DayKind, PrintedDay, YearNotice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::{BTreeMap, HashSet};
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
    /// Last day before any rolling; none where no number is set from which it could be counted.
    pub nominal_due_on: Option<Day>,
    /// Last day in time; none where `nominal_due_on` is.
    pub due_on: Option<Day>,
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
    /// Its value; none while none is set.
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
    /// What whoever owed it said of its being done, where no register says so.
    pub fulfilment_note: Option<String>,
    /// The paper by which it was done.
    pub fulfilment_document_id: Option<DocumentId>,
    /// Steps of the counting.
    pub why: Json<Vec<Why>>,
    /// The day it ended.
    pub closed_on: Option<Day>,
    /// It fell away instead of being done.
    pub cancelled: bool,
    /// It fell away because the step that opened it was entered in error: it counts as never opened.
    pub in_error: bool,
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
    pub nominal_due_on: Option<Day>,
    pub due_on: Option<Day>,
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
        row.counted.nominal_due_on as Option<Day>,
        row.counted.due_on as Option<Day>,
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
                      d.nominal_due_on as "nominal_due_on: Day", d.due_on as "due_on: Day",
                      d.provisional as "provisional!", d.rolls_forward as "rolls_forward!", d.internal as "internal!",
                      d.confidence as "confidence!", d.parameter, d.parameter_value,
                      d.jurisdiction as "jurisdiction!", d.configured as "configured!",
                      d.set_due_on as "set_due_on: Day", d.changes as "changes!: Json<Vec<Change>>",
                      d.suspended_on as "suspended_on: Day", d.round as "round!", d.cause,
                      d.fulfilment_note, d.fulfilment_document_id as "fulfilment_document_id: DocumentId",
                      d.why as "why!: Json<Vec<Why>>", d.closed_on as "closed_on: Day", d.cancelled as "cancelled!",
                      d.in_error as "in_error!", d.sys_from as "sys_from!", d.revision as "revision!""#
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
             and (d.closed_on is null) = $5 and not d.in_error
           order by d.opened_on desc, d.id desc limit 1 for update"],
        key.register,
        key.subject,
        key.rule,
        key.occasion,
        running,
    )
    .fetch_optional(conn)
    .await?)
}

/// The clock of an identifier, locked.
pub(super) async fn lock(conn: &mut PgConnection, id: DeadlineId) -> Result<Option<Deadline>> {
    Ok(clocks!([" from deadline d where d.id = $1 for update"], id as DeadlineId).fetch_optional(conn).await?)
}

/// Why a clock does not run any more.
pub(super) enum End<'a> {
    /// The duty was done.
    Done,
    /// The duty fell away, for a cause.
    FellAway(&'a str),
    /// The step that opened it was entered in error; with the words shown for it.
    InError(&'a str),
}

/// Ends a clock on a day, or with `None` lets it run on.
pub(super) async fn set_end(conn: &mut PgConnection, id: DeadlineId, end: Option<(Day, End<'_>)>) -> Result<()> {
    let (closed_on, cause, in_error) = match end {
        None => (None, None, false),
        Some((on, End::Done)) => (Some(on), None, false),
        Some((on, End::FellAway(cause))) => (Some(on), Some(cause), false),
        Some((on, End::InError(words))) => (Some(on), Some(words), true),
    };
    sqlx::query!(
        "update deadline set closed_on = $2, cancelled = $3, cause = $4, in_error = $5 where id = $1",
        id as DeadlineId,
        closed_on as Option<Day>,
        cause.is_some(),
        cause,
        in_error,
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
        counted.nominal_due_on as Option<Day>,
        counted.due_on as Option<Day>,
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

/// Every clock.
pub(super) async fn all(conn: &mut PgConnection) -> Result<Vec<Deadline>> {
    Ok(clocks!([" from deadline d order by d.subject_register, d.subject_id, d.opened_on, d.id"],)
        .fetch_all(conn)
        .await?)
}

/// Clocks whose due date a newly loaded calendar may change: those that run, and those that ended while provisional,
/// because whether they were met depends on it. The same as [`super::is_recounted`].
pub(super) async fn lock_countable(conn: &mut PgConnection) -> Result<Vec<Deadline>> {
    Ok(clocks!([
        " from deadline d where not d.cancelled and (d.closed_on is null or d.provisional) order by d.id for update"
    ],)
    .fetch_all(conn)
    .await?)
}

/// First digits of the divisions for which an operator set a number of the rule.
pub(super) fn places_set(rule: &DeadlineRule, overrides: &Overrides) -> Vec<String> {
    let places = rule.period.parameter().and_then(|parameter| overrides.get(parameter.id));
    places.into_iter().flat_map(BTreeMap::keys).map(|code| significant(code).to_owned()).collect()
}

/// Running clocks of a rule without a last day, in divisions that begin with one of these digits.
pub(super) async fn lock_undated(
    conn: &mut PgConnection,
    rule: &str,
    limit: i64,
    places: &[String],
) -> Result<Vec<Deadline>> {
    Ok(clocks!(
        [" from deadline d
           where d.rule = $1 and d.due_on is null and d.closed_on is null
             and exists (select from unnest($3::text[]) as place (digits) where starts_with(d.division_code, place.digits))
           order by d.id limit $2 for update"],
        rule,
        limit,
        places,
    )
    .fetch_all(conn)
    .await?)
}

/// A number that was set after a clock was opened.
pub(super) struct Number<'a> {
    pub value: i32,
    pub jurisdiction: &'a str,
    pub configured: bool,
    pub internal: bool,
    pub confidence: Confidence,
}

/// Gives a clock without a last day its number and what is counted from it.
pub(super) async fn set_number(
    conn: &mut PgConnection,
    id: DeadlineId,
    number: &Number<'_>,
    counted: &Counted<'_>,
) -> Result<()> {
    sqlx::query!(
        "update deadline set parameter_value = $2, jurisdiction = $3, configured = $4, internal = $5, confidence = $6,
                             rule_version = $7, nominal_due_on = $8, due_on = $9, provisional = $10, why = $11
         where id = $1",
        id as DeadlineId,
        number.value,
        number.jurisdiction,
        number.configured,
        number.internal,
        confidence_name(number.confidence),
        counted.rule_version,
        counted.nominal_due_on as Option<Day>,
        counted.due_on as Option<Day>,
        counted.provisional,
        Json(counted.why) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a list is asked for. `rules` and `due_soon` are parallel: every rule of the catalogue with its days.
pub(super) struct Filter<'a> {
    pub on: Day,
    /// The state of knowledge; now where there is none.
    pub known_at: Option<DateTime<Utc>>,
    pub scope: &'a Scope,
    pub statuses: Option<&'a [String]>,
    pub division: Option<&'a str>,
    /// With all divisions below; else that division only.
    pub below: bool,
    pub rule: Option<&'a str>,
    pub internal: Option<bool>,
    /// First and last day of opening.
    pub opened: (Option<Day>, Option<Day>),
    /// First and last day of ending.
    pub closed: (Option<Day>, Option<Day>),
    pub rules: &'a [String],
    pub due_soon: &'a [i32],
}

/// What a filter lets through of a table of clocks. Of the past nobody sees more than was theirs then and is theirs now:
/// the versions known at an instant are joined with what stands. Written out for both questions, because the checked queries take
/// literals only.
macro_rules! page {
    ([$($from:tt)+], $filter:expr, $after:expr, $limit:expr) => {
        clocks!(
            [" from " + $($from)+ + " d
               left join unnest($14::text[], $15::int[]) as soon (rule, days) on soon.rule = d.rule
               where d.opened_on <= $1
                 and ($2::timestamptz is null or d.sys_from <= $2)
                 and not $3
                 and ($4::text[] is null or d.division_code = any($4))
                 and ($5::text is null or d.owner_credit_code = $5)
                 and ($6::text is null or d.division_code = $6
                      or $7 and d.division_code in (select v.code from division v where v.ancestors @> array[$6::text]))
                 and ($8::text is null or d.rule = $8)
                 and ($9::bool is null or d.internal = $9)
                 and ($10::date is null or d.opened_on >= $10)
                 and ($11::date is null or d.opened_on <= $11)
                 and ($12::date is null or d.closed_on >= $12)
                 and ($13::date is null or d.closed_on <= $13)
                 and ($16::text[] is null
                      or deadline_status(d.due_on, d.closed_on, d.cancelled, d.changes, $1, coalesce(soon.days, 0))
                         = any($16))
                 and ($18::uuid is null or (coalesce(d.due_on, 'infinity'), d.id) > (coalesce($17, 'infinity'::date), $18))
               order by coalesce(d.due_on, 'infinity'), d.id
               limit $19"],
            $filter.on as Day,
            $filter.known_at,
            $filter.scope.is_public(),
            $filter.scope.divisions(),
            $filter.scope.own_credit_code(),
            $filter.division,
            $filter.below,
            $filter.rule,
            $filter.internal,
            $filter.opened.0 as Option<Day>,
            $filter.opened.1 as Option<Day>,
            $filter.closed.0 as Option<Day>,
            $filter.closed.1 as Option<Day>,
            $filter.rules,
            $filter.due_soon,
            $filter.statuses,
            $after.0 as Option<Day>,
            $after.1,
            $limit,
        )
    };
}

/// See [`page!`].
macro_rules! standing {
    ([$($from:tt)+], $filter:expr) => {
        sqlx::query_as!(
            Standing,
            r#"select deadline_status(d.due_on, d.closed_on, d.cancelled, d.changes, $1, coalesce(soon.days, 0)) as "status!",
                      count(*) as "n!"
               from "# + $($from)+ + " d
               left join unnest($14::text[], $15::int[]) as soon (rule, days) on soon.rule = d.rule
               where d.opened_on <= $1
                 and ($2::timestamptz is null or d.sys_from <= $2)
                 and not $3
                 and ($4::text[] is null or d.division_code = any($4))
                 and ($5::text is null or d.owner_credit_code = $5)
                 and ($6::text is null or d.division_code = $6
                      or $7 and d.division_code in (select v.code from division v where v.ancestors @> array[$6::text]))
                 and ($8::text is null or d.rule = $8)
                 and ($9::bool is null or d.internal = $9)
                 and ($10::date is null or d.opened_on >= $10)
                 and ($11::date is null or d.opened_on <= $11)
                 and ($12::date is null or d.closed_on >= $12)
                 and ($13::date is null or d.closed_on <= $13)
               group by 1",
            $filter.on as Day,
            $filter.known_at,
            $filter.scope.is_public(),
            $filter.scope.divisions(),
            $filter.scope.own_credit_code(),
            $filter.division,
            $filter.below,
            $filter.rule,
            $filter.internal,
            $filter.opened.0 as Option<Day>,
            $filter.opened.1 as Option<Day>,
            $filter.closed.0 as Option<Day>,
            $filter.closed.1 as Option<Day>,
            $filter.rules,
            $filter.due_soon,
        )
    };
}

struct Standing {
    status: String,
    n: i64,
}

/// A page in order of last day as it now stands, those without one last, after the row with that key.
pub(super) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<(Option<Day>, Uuid)>,
    limit: i64,
) -> Result<Vec<Deadline>> {
    let after = (after.and_then(|(day, _)| day), after.map(|(_, id)| id));
    Ok(match filter.known_at {
        None => page!(["deadline"], filter, after, limit).fetch_all(conn).await?,
        Some(_) => {
            page!(
                ["(select known.*
                   from (select * from deadline where sys_from <= $2
                         union all
                         select * from deadline_history where sys_from <= $2 and sys_to > $2) known
                       join deadline now on now.id = known.id
                   where ($4::text[] is null or now.division_code = any($4))
                     and ($5::text is null or now.owner_credit_code = $5))"],
                filter,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
        }
    })
}

/// How many clocks stand where, whatever statuses are asked for.
pub(super) async fn counts(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<(Status, i64)>> {
    let rows = match filter.known_at {
        None => standing!(["deadline"], filter).fetch_all(conn).await?,
        Some(_) => {
            standing!(
                ["(select known.*
                   from (select * from deadline where sys_from <= $2
                         union all
                         select * from deadline_history where sys_from <= $2 and sys_to > $2) known
                       join deadline now on now.id = known.id
                   where ($4::text[] is null or now.division_code = any($4))
                     and ($5::text is null or now.owner_credit_code = $5))"],
                filter
            )
            .fetch_all(conn)
            .await?
        }
    };
    rows.into_iter()
        .map(|row| {
            let status = Status::parse(&row.status)
                .ok_or_else(|| Error::internal(format!("deadline_status gave {}", row.status)))?;
            Ok((status, row.n))
        })
        .collect()
}

/// The clock of an identifier, as known at an instant or now.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: DeadlineId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Deadline>> {
    Ok(match known_at {
        None => clocks!([" from deadline d where d.id = $1"], id as DeadlineId).fetch_optional(conn).await?,
        Some(at) => {
            clocks!(
                [" from (select * from deadline where id = $1 and sys_from <= $2
                         union all
                         select * from deadline_history where id = $1 and sys_from <= $2 and sys_to > $2) d"],
                id as DeadlineId,
                at,
            )
            .fetch_optional(conn)
            .await?
        }
    })
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

/// A division that owes yearly reports.
pub(super) struct Keeper {
    pub id: Uuid,
    pub code: String,
    pub name: String,
}

/// One server at a time opens yearly duties, until its act is over.
pub(super) async fn hold_yearly(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('deadline yearly duties')) as held").fetch_one(conn).await?;
    Ok(())
}

/// Divisions of a level in which, or below which, sites are registered.
pub(super) async fn keepers(conn: &mut PgConnection, level: &str) -> Result<Vec<Keeper>> {
    Ok(sqlx::query_as!(
        Keeper,
        "select p.id, p.code, p.name_zh as name
         from division p
         where p.level = $1 and exists (
             select 1 from division v join site s on s.division_code = v.code where v.ancestors @> array[p.code])
         order by p.code",
        level,
    )
    .fetch_all(conn)
    .await?)
}

/// Whether a clock of that occasion was ever opened for the record.
pub(super) async fn was_opened(
    conn: &mut PgConnection,
    register: &str,
    subject: Uuid,
    rule: &str,
    occasion: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from deadline where subject_register = $1 and subject_id = $2 and rule = $3
                            and occasion = $4) as "there!""#,
        register,
        subject,
        rule,
        occasion,
    )
    .fetch_one(conn)
    .await?)
}

/// The record of a clock as others are told of it.
pub(super) struct Told {
    pub register: String,
    pub id: Uuid,
    pub code: String,
    pub division_code: String,
    pub owner_credit_code: Option<String>,
}

/// A running clock and the step of escalation that it has reached.
pub(super) struct Candidate {
    pub id: DeadlineId,
    pub step: String,
    pub round: i32,
    pub rule: String,
    pub occasion: String,
    pub due_on: Day,
    pub responsible: String,
    pub internal: bool,
    pub subject: Told,
}

/// Running clocks that have reached a step of escalation on `today` and not taken it, in order of identifier after
/// `after`. The steps are those of [`super::rules::Step::reached`]; `horizon` is the last day of the first of them.
pub(super) async fn to_escalate(
    conn: &mut PgConnection,
    today: Day,
    horizon: Day,
    after: Option<DeadlineId>,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        r#"select d.id as "id!: DeadlineId", s.step as "step!", d.round, d.rule, d.occasion, d.due_on as "due_on!: Day",
                  d.responsible, d.internal, d.subject_register, d.subject_id, d.subject_code, d.division_code,
                  d.owner_credit_code
           from deadline d
           cross join lateral (
               select case when d.due_on - $1::date <= -7 then 'week-' || ($1::date - d.due_on) / 7
                           when d.due_on <= $1 then 't0'
                           when d.due_on - $1::date <= 7 then 't-7'
                           when d.due_on - $1::date <= 30 then 't-30'
                           else 't-60' end as step) s
           where d.closed_on is null and d.suspended_on is null and d.due_on <= $2 and d.opened_on <= $1
             and ($3::uuid is null or d.id > $3)
             and not exists (select 1 from deadline_escalation e
                             where e.deadline_id = d.id and e.round = d.round and e.step = s.step)
           order by d.id
           limit $4"#,
        today as Day,
        horizon as Day,
        after as Option<DeadlineId>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Candidate {
            id: row.id,
            step: row.step,
            round: row.round,
            rule: row.rule,
            occasion: row.occasion,
            due_on: row.due_on,
            responsible: row.responsible,
            internal: row.internal,
            subject: Told {
                register: row.subject_register,
                id: row.subject_id,
                code: row.subject_code,
                division_code: row.division_code,
                owner_credit_code: row.owner_credit_code,
            },
        })
        .collect())
}

/// Takes the steps; gives the clocks whose step nobody else had taken meanwhile.
pub(super) async fn escalate(
    conn: &mut PgConnection,
    candidates: &[Candidate],
    today: Day,
    act: ActId,
    now: DateTime<Utc>,
) -> Result<HashSet<DeadlineId>> {
    let ids: Vec<DeadlineId> = candidates.iter().map(|clock| clock.id).collect();
    let rounds: Vec<i32> = candidates.iter().map(|clock| clock.round).collect();
    let steps: Vec<String> = candidates.iter().map(|clock| clock.step.clone()).collect();
    let due: Vec<Day> = candidates.iter().map(|clock| clock.due_on).collect();
    let taken = sqlx::query_scalar!(
        r#"insert into deadline_escalation (deadline_id, round, step, due_on, reached_on, act_id, recorded_at)
           select c.id, c.round, c.step, c.due_on, $5, $6, $7
           from unnest($1::uuid[], $2::int[], $3::text[], $4::date[]) as c (id, round, step, due_on)
           order by c.id
           on conflict do nothing
           returning deadline_id as "id: DeadlineId""#,
        &ids as &[DeadlineId],
        &rounds,
        &steps,
        &due as &[Day],
        today as Day,
        act as ActId,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(taken.into_iter().collect())
}

/// A step of escalation that was taken.
pub(super) struct Escalation {
    pub step: String,
    pub due_on: Day,
    pub reached_on: Day,
    pub recorded_at: DateTime<Utc>,
}

/// The steps that a clock has taken, oldest first.
pub(super) async fn escalations(conn: &mut PgConnection, id: DeadlineId) -> Result<Vec<Escalation>> {
    Ok(sqlx::query_as!(
        Escalation,
        r#"select step, due_on as "due_on: Day", reached_on as "reached_on: Day", recorded_at
           from deadline_escalation where deadline_id = $1 order by recorded_at, round, reached_on"#,
        id as DeadlineId,
    )
    .fetch_all(conn)
    .await?)
}

/// Says of a running clock that it was done, and how.
pub(super) async fn set_fulfilled(
    conn: &mut PgConnection,
    id: DeadlineId,
    on: Day,
    note: &str,
    document: Option<DocumentId>,
) -> Result<()> {
    sqlx::query!(
        "update deadline set closed_on = $2, fulfilment_note = $3, fulfilment_document_id = $4 where id = $1",
        id as DeadlineId,
        on as Day,
        note,
        document as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The period of figures, and of which clocks.
pub(super) struct FigureFilter<'a> {
    pub from: Day,
    pub to: Day,
    pub scope: &'a Scope,
    pub division: Option<&'a str>,
    pub rule: Option<&'a str>,
    /// A level of divisions, to which those below are added up; `own` for each by itself.
    pub level: &'a str,
}

/// Figures of one rule in one division.
pub(super) struct FigureRow {
    pub division_code: String,
    pub division_name: Option<String>,
    /// Divisions below are added up in it.
    pub with_below: bool,
    pub rule: String,
    pub internal: bool,
    pub opened: i64,
    pub met: i64,
    pub met_late: i64,
    pub cancelled: i64,
    pub running: i64,
    pub overdue: i64,
    pub suspended: i64,
    pub median_days: Option<f64>,
}

/// The level of a division; `None` where the registry does not know it.
pub(super) async fn level_of(conn: &mut PgConnection, division: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select level from division where code = $1", division).fetch_optional(conn).await?)
}

/// Figures of a period: what was opened and what ended in it, and what runs on its last day.
pub(super) async fn figures(conn: &mut PgConnection, of: &FigureFilter<'_>) -> Result<Vec<FigureRow>> {
    Ok(sqlx::query_as!(
        FigureRow,
        r#"with places as (
               select v.code, coalesce(u.code, v.code) as unit, u.code is not null as below
               from division v
               left join lateral (select p.code from division p
                                  where p.level = $7 and p.code = any(v.ancestors) limit 1) u on $7 <> 'own'),
           clocks as (
               select coalesce(p.unit, d.division_code) as unit, coalesce(p.below, false) as below, d.rule, d.internal,
                      d.opened_on >= $1 as is_new, d.closed_on between $1 and $2 as ended, d.closed_on - d.start_on as days,
                      deadline_status(d.due_on, d.closed_on, d.cancelled, d.changes, $2, 0) as status
               from deadline d
               left join places p on p.code = d.division_code
               where d.opened_on <= $2
                 and (d.closed_on is null or d.closed_on >= $1 or d.opened_on >= $1)
                 and not $5
                 and ($3::text[] is null or d.division_code = any($3))
                 and ($4::text is null or d.owner_credit_code = $4)
                 and ($6::text is null
                      or d.division_code in (select v.code from division v where v.ancestors @> array[$6::text]))
                 and ($8::text is null or d.rule = $8))
           select c.unit as "division_code!", v.name_zh as "division_name?", c.below as "with_below!", c.rule as "rule!",
                  c.internal as "internal!",
                  count(*) filter (where c.is_new) as "opened!",
                  count(*) filter (where c.ended and c.status = 'met') as "met!",
                  count(*) filter (where c.ended and c.status = 'met_late') as "met_late!",
                  count(*) filter (where c.ended and c.status = 'cancelled') as "cancelled!",
                  count(*) filter (where c.status in ('open', 'due_soon', 'overdue', 'suspended')) as "running!",
                  count(*) filter (where c.status = 'overdue') as "overdue!",
                  count(*) filter (where c.status = 'suspended') as "suspended!",
                  percentile_cont(0.5) within group (order by c.days)
                      filter (where c.ended and c.status in ('met', 'met_late')) as median_days
           from clocks c
           left join division v on v.code = c.unit
           group by c.unit, v.name_zh, c.below, c.rule, c.internal
           order by c.internal, c.unit, c.below, c.rule"#,
        of.from as Day,
        of.to as Day,
        of.scope.divisions(),
        of.scope.own_credit_code(),
        of.scope.is_public(),
        of.division,
        of.level,
        of.rule,
    )
    .fetch_all(conn)
    .await?)
}
