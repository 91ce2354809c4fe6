//! All SQL of the tables of warnings. Names and parents of divisions are read beside them.

use super::rules::{EventType, Facts, Kind, MoveCause, Status};
use crate::kernel::{Day, Error, ProtectionWarningId, Result};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A warning as its row says, with the names of its divisions.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: ProtectionWarningId,
    pub number: String,
    pub division_code: String,
    pub division_zh: String,
    pub division_en: Option<String>,
    pub year: i32,
    pub kind: String,
    pub status: String,
    pub status_since: Day,
    pub raised_on: Day,
    pub first_move_on: Day,
    pub last_move_on: Day,
    pub moves: i32,
    pub lost_m2: f64,
    pub gained_m2: f64,
    pub issuer_level: String,
    pub issuer_division: String,
    pub issuer_zh: String,
    pub issuer_en: Option<String>,
    pub addressee: String,
    pub restriction: String,
    pub document_number: Option<String>,
    pub issued_on: Option<Day>,
    pub served_on: Option<Day>,
    pub restricted_from: Option<Day>,
    pub restricted_to: Option<Day>,
    pub closed_on: Option<Day>,
    pub recorded_at: DateTime<Utc>,
    pub revision: i32,
}

impl Row {
    pub fn status(&self) -> Result<Status> {
        Status::parse(&self.status)
            .ok_or_else(|| Error::internal(format!("warning {} stands {}", self.id, self.status)))
    }

    pub fn kind(&self) -> Result<Kind> {
        Kind::parse(&self.kind).ok_or_else(|| Error::internal(format!("warning {} is of {}", self.id, self.kind)))
    }
}

/// The columns of [`Row`] from `w`, a table of warnings.
macro_rules! rows {
    ([$($from:tt)+], [$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select w.id as "id!: ProtectionWarningId", w.number as "number!", w.division_code as "division_code!",
                      county.name_zh as "division_zh!", county.name_en as division_en, w.year as "year!", w.kind as "kind!",
                      w.status as "status!", w.status_since as "status_since!: Day", w.raised_on as "raised_on!: Day",
                      w.first_move_on as "first_move_on!: Day", w.last_move_on as "last_move_on!: Day", w.moves as "moves!",
                      w.lost_m2::float8 as "lost_m2!", w.gained_m2::float8 as "gained_m2!",
                      w.issuer_level as "issuer_level!", w.issuer_division as "issuer_division!",
                      issuer.name_zh as "issuer_zh!", issuer.name_en as issuer_en, w.addressee as "addressee!",
                      w.restriction as "restriction!", w.document_number, w.issued_on as "issued_on: Day",
                      w.served_on as "served_on: Day", w.restricted_from as "restricted_from: Day",
                      w.restricted_to as "restricted_to: Day", w.closed_on as "closed_on: Day",
                      w.recorded_at as "recorded_at!", w.revision as "revision!"
               from "# + $($from)+ + r#" w
                    join division county on county.code = w.division_code
                    join division issuer on issuer.code = w.issuer_division "# + $($rest)+
            $(, $arg)*
        )
    };
}

/// A warning, as known at an instant or now.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Row>> {
    Ok(match known_at {
        None => {
            rows!(["protection_warning"], ["where w.id = $1"], id as ProtectionWarningId).fetch_optional(conn).await?
        }
        Some(at) => {
            rows!(
                ["(select * from protection_warning where id = $1 and sys_from <= $2
                   union all
                   select * from protection_warning_history where id = $1 and sys_from <= $2 and sys_to > $2)"],
                ["where true"],
                id as ProtectionWarningId,
                at,
            )
            .fetch_optional(conn)
            .await?
        }
    })
}

/// Locks the warning until the act is over.
pub(super) async fn lock(conn: &mut PgConnection, id: ProtectionWarningId) -> Result<Option<Row>> {
    sqlx::query!("select id from protection_warning where id = $1 for update", id as ProtectionWarningId)
        .fetch_optional(&mut *conn)
        .await?;
    // A statement of its own: the one that waited still sees the row as it was before.
    find(conn, id, None).await
}

/// The warning of a county, year and kind, locked.
pub(super) async fn lock_of(conn: &mut PgConnection, county: &str, year: i32, kind: Kind) -> Result<Option<Row>> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: ProtectionWarningId" from protection_warning
           where division_code = $1 and year = $2 and kind = $3 for update"#,
        county,
        year,
        kind.as_str(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    match id {
        Some(id) => find(conn, id, None).await,
        None => Ok(None),
    }
}

/// What a list is narrowed to.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub scope: &'a Scope,
    pub known_at: Option<DateTime<Utc>>,
    pub status: Option<&'a str>,
    pub division: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub year: Option<i32>,
    pub issuer: Option<&'a str>,
    pub before: Option<ProtectionWarningId>,
    pub limit: i64,
}

macro_rules! page {
    ([$($from:tt)+], $filter:expr) => {
        rows!(
            [$($from)+],
            ["where ($1::timestamptz is null or w.sys_from <= $1)
                 and ($2::text[] is null or w.division_code = any($2))
                 and not $3
                 and ($4::text is null or w.status = $4)
                 and ($5::text is null
                      or w.division_code in (select v.code from division v where v.ancestors @> array[$5::text]))
                 and ($6::text is null or w.kind = $6)
                 and ($7::int is null or w.year = $7)
                 and ($8::text is null or w.issuer_division = $8)
                 and ($9::uuid is null or w.id < $9)
               order by w.id desc limit $10"],
            $filter.known_at,
            $filter.scope.divisions(),
            $filter.scope.is_public(),
            $filter.status,
            $filter.division,
            $filter.kind,
            $filter.year,
            $filter.issuer,
            $filter.before as Option<ProtectionWarningId>,
            $filter.limit,
        )
    };
}

/// The newest first.
pub(super) async fn page(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>> {
    Ok(match filter.known_at {
        None => page!(["protection_warning"], filter).fetch_all(conn).await?,
        Some(_) => {
            page!(
                ["(select * from protection_warning where sys_from <= $1
                   union all
                   select * from protection_warning_history where sys_from <= $1 and sys_to > $1)"],
                filter
            )
            .fetch_all(conn)
            .await?
        }
    })
}

/// A warning to be raised. Areas in hundredths of a square metre.
pub(super) struct NewRow<'a> {
    pub id: ProtectionWarningId,
    pub number: &'a str,
    pub county: &'a str,
    pub year: i32,
    pub kind: Kind,
    pub raised_on: Day,
    pub sum: &'a Sum,
    pub issuer_level: &'a str,
    pub issuer_division: &'a str,
    pub addressee: &'a str,
    pub restriction: &'a str,
    pub recorded_at: DateTime<Utc>,
}

/// What moves come to. Areas in hundredths of a square metre.
pub(super) struct Sum {
    pub first_on: Day,
    pub last_on: Day,
    pub moves: i32,
    pub lost: i64,
    pub gained: i64,
}

/// Raises a warning; `false` where somebody else has just raised that of the county, year and kind.
pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into protection_warning (id, number, division_code, year, kind, status, status_since, raised_on, first_move_on,
                                         last_move_on, moves, lost_m2, gained_m2, issuer_level, issuer_division, addressee,
                                         restriction, recorded_at)
         values ($1, $2, $3, $4, $5, 'raised', $6, $6, $7, $8, $9, $10::bigint / 100.0, $11::bigint / 100.0, $12, $13, $14,
                 $15, $16)
         on conflict do nothing",
        row.id as ProtectionWarningId,
        row.number,
        row.county,
        row.year,
        row.kind.as_str(),
        row.raised_on as Day,
        row.sum.first_on as Day,
        row.sum.last_on as Day,
        row.sum.moves,
        row.sum.lost,
        row.sum.gained,
        row.issuer_level,
        row.issuer_division,
        row.addressee,
        row.restriction,
        row.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds to a warning; `since`, where it is raised again.
pub(super) async fn grow(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    sum: &Sum,
    raised_again: Option<Day>,
) -> Result<()> {
    sqlx::query!(
        "update protection_warning
         set first_move_on = least(first_move_on, $2), last_move_on = greatest(last_move_on, $3), moves = moves + $4,
             lost_m2 = lost_m2 + $5::bigint / 100.0, gained_m2 = gained_m2 + $6::bigint / 100.0,
             status = case when $7::date is null then status else 'raised' end,
             status_since = coalesce($7, status_since),
             closed_on = case when $7::date is null then closed_on end
         where id = $1",
        id as ProtectionWarningId,
        sum.first_on as Day,
        sum.last_on as Day,
        sum.moves,
        sum.lost,
        sum.gained,
        raised_again as Option<Day>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A move to be counted. Areas in hundredths of a square metre.
pub(super) struct NewMove<'a> {
    pub id: Uuid,
    pub unit_code: &'a str,
    pub on: Day,
    pub cause: MoveCause,
    pub before: i64,
    pub after: i64,
}

/// Adds moves behind the warning's others. The warning is locked.
pub(super) async fn add_moves(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    moves: &[NewMove<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into protection_move (id, warning_id, seq, unit_code, moved_on, cause, before_m2, after_m2, recorded_at)
         select m.id, $1, (select coalesce(max(o.seq), 0) from protection_move o where o.warning_id = $1) + m.n, m.code,
                m.day, m.cause, m.before / 100.0, m.after / 100.0, $2
         from unnest($3::uuid[], $4::text[], $5::date[], $6::text[], $7::bigint[], $8::bigint[])
              with ordinality as m (id, code, day, cause, before, after, n)",
        id as ProtectionWarningId,
        now,
        &moves.iter().map(|m| m.id).collect::<Vec<_>>(),
        &moves.iter().map(|m| m.unit_code.to_owned()).collect::<Vec<_>>(),
        &moves.iter().map(|m| m.on).collect::<Vec<_>>() as &[Day],
        &moves.iter().map(|m| m.cause.as_str().to_owned()).collect::<Vec<_>>(),
        &moves.iter().map(|m| m.before).collect::<Vec<_>>(),
        &moves.iter().map(|m| m.after).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A move as counted.
pub(super) struct MoveRow {
    pub seq: i32,
    pub unit_code: String,
    pub moved_on: Day,
    pub cause: String,
    pub before_m2: f64,
    pub after_m2: f64,
    pub recorded_at: DateTime<Utc>,
}

impl MoveRow {
    pub fn cause(&self) -> Result<MoveCause> {
        cause(&self.cause)
    }
}

fn cause(name: &str) -> Result<MoveCause> {
    MoveCause::parse(name).ok_or_else(|| Error::internal(format!("a move is for {name}")))
}

/// Moves of a warning behind one, in order.
pub(super) async fn moves(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    known_at: Option<DateTime<Utc>>,
    after: i32,
    limit: i64,
) -> Result<Vec<MoveRow>> {
    Ok(sqlx::query_as!(
        MoveRow,
        r#"select seq, unit_code, moved_on as "moved_on: Day", cause, before_m2::float8 as "before_m2!",
                  after_m2::float8 as "after_m2!", recorded_at
           from protection_move
           where warning_id = $1 and ($2::timestamptz is null or sys_from <= $2) and seq > $3
           order by seq limit $4"#,
        id as ProtectionWarningId,
        known_at,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// What the moves of a cause come to.
pub(super) struct CauseSum {
    pub cause: String,
    pub moves: i64,
    pub lost_m2: f64,
    pub gained_m2: f64,
}

impl CauseSum {
    pub fn cause(&self) -> Result<MoveCause> {
        cause(&self.cause)
    }
}

/// The moves of a warning by cause.
pub(super) async fn by_cause(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CauseSum>> {
    Ok(sqlx::query_as!(
        CauseSum,
        r#"select cause, count(*) as "moves!", sum(greatest(before_m2 - after_m2, 0))::float8 as "lost_m2!",
                  sum(greatest(after_m2 - before_m2, 0))::float8 as "gained_m2!"
           from protection_move
           where warning_id = $1 and ($2::timestamptz is null or sys_from <= $2)
           group by cause order by cause"#,
        id as ProtectionWarningId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// What the follow-up makes of a warning's row.
#[derive(Debug, Clone)]
pub(super) struct Standing<'a> {
    pub status: Status,
    pub since: Day,
    pub document_number: Option<&'a str>,
    pub issued_on: Option<Day>,
    pub served_on: Option<Day>,
    pub restricted: (Option<Day>, Option<Day>),
    pub closed_on: Option<Day>,
}

pub(super) async fn set_standing(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    standing: &Standing<'_>,
) -> Result<()> {
    sqlx::query!(
        "update protection_warning
         set status = $2, status_since = $3, document_number = $4, issued_on = $5, served_on = $6, restricted_from = $7,
             restricted_to = $8, closed_on = $9
         where id = $1",
        id as ProtectionWarningId,
        standing.status.as_str(),
        standing.since as Day,
        standing.document_number,
        standing.issued_on as Option<Day>,
        standing.served_on as Option<Day>,
        standing.restricted.0 as Option<Day>,
        standing.restricted.1 as Option<Day>,
        standing.closed_on as Option<Day>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An entry of a log.
#[derive(Debug, Clone)]
pub(super) struct EventRow {
    pub seq: i32,
    pub event_type: String,
    pub occurred_on: Day,
    pub status_before: Option<String>,
    pub status_after: String,
    pub voids_seq: Option<i32>,
    pub voided_by: Option<i32>,
    pub facts: Json<Facts>,
    pub by_role: Option<String>,
    pub by_division: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

impl EventRow {
    pub fn event_type(&self) -> Result<EventType> {
        EventType::parse(&self.event_type)
            .ok_or_else(|| Error::internal(format!("an entry of a warning is a {}", self.event_type)))
    }

    pub fn after(&self) -> Result<Status> {
        Status::parse(&self.status_after)
            .ok_or_else(|| Error::internal(format!("an entry of a warning leads to {}", self.status_after)))
    }
}

/// The log, in order, as known at an instant or now.
pub(super) async fn log(
    conn: &mut PgConnection,
    id: ProtectionWarningId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"select e.seq, e.type as event_type, e.occurred_on as "occurred_on: Day", e.status_before, e.status_after,
                  e.voids_seq, v.seq as "voided_by?", e.facts as "facts: Json<Facts>", e.by_role, e.by_division,
                  e.recorded_at
           from protection_event e
                left join protection_event v on v.warning_id = e.warning_id and v.voids_seq = e.seq
                          and ($2::timestamptz is null or v.sys_from <= $2)
           where e.warning_id = $1 and ($2::timestamptz is null or e.sys_from <= $2)
           order by e.seq"#,
        id as ProtectionWarningId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// An entry to be added.
pub(super) struct NewEvent<'a> {
    pub id: Uuid,
    pub warning: ProtectionWarningId,
    pub event_type: EventType,
    pub occurred_on: Day,
    pub before: Option<Status>,
    pub after: Status,
    pub voids_seq: Option<i32>,
    pub facts: &'a Facts,
    pub by_role: Option<&'a str>,
    pub by_division: Option<&'a str>,
    pub recorded_at: DateTime<Utc>,
}

/// Adds an entry behind the others; gives its place. The warning is locked.
pub(super) async fn add_event(conn: &mut PgConnection, new: &NewEvent<'_>) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into protection_event (id, warning_id, seq, type, occurred_on, status_before, status_after, voids_seq, facts,
                                       by_role, by_division, recorded_at)
         values ($1, $2, (select coalesce(max(e.seq), 0) + 1 from protection_event e where e.warning_id = $2),
                 $3, $4, $5, $6, $7, $8, $9, $10, $11)
         returning seq",
        new.id,
        new.warning as ProtectionWarningId,
        new.event_type.as_str(),
        new.occurred_on as Day,
        new.before.map(Status::as_str),
        new.after.as_str(),
        new.voids_seq,
        Json(new.facts) as _,
        new.by_role,
        new.by_division,
        new.recorded_at,
    )
    .fetch_one(conn)
    .await?)
}
