//! SQL of how replies stand, and of the watch over them.

use crate::kernel::{ActId, Day, KeyId, LandCheckId, Result};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// What became of a reply.
#[derive(Debug, Clone)]
pub(in super::super) struct Turn {
    pub status: String,
    pub since: DateTime<Utc>,
    pub because: Value,
    pub verdict_now: Option<String>,
    pub reason: Option<String>,
}

/// Everything that became of a reply, oldest first; none: it is valid.
pub(in super::super) async fn turns(conn: &mut PgConnection, id: LandCheckId) -> Result<Vec<Turn>> {
    Ok(sqlx::query_as!(
        Turn,
        "select status, since, because, verdict_now, reason from land_check_standing where check_id = $1 order by seq",
        id as LandCheckId,
    )
    .fetch_all(conn)
    .await?)
}

/// What became of a reply, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// `superseded` or `withdrawn`.
    pub status: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Role of whoever withdrew it; `None`: the registry itself.
    pub role: Option<String>,
    /// Division of whoever withdrew it.
    pub division_code: Option<String>,
    /// Why it was withdrawn.
    pub reason: Option<String>,
    /// Verdict of the same question when it was superseded.
    pub verdict_now: Option<String>,
}

/// What became of a reply, with who did it.
pub(in super::super) async fn became(
    conn: &mut PgConnection,
    id: LandCheckId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Became>> {
    Ok(sqlx::query_as!(
        Became,
        r#"select s.status, s.since as at, k.role as "role?", k.division_code as "division_code?", s.reason, s.verdict_now
           from land_check_standing s left join platform_api_key k on k.id = s.key_id
           where s.check_id = $1 and ($2::timestamptz is null or s.since <= $2) order by s.seq"#,
        id as LandCheckId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// An answer of record with its place in the log.
#[derive(Debug)]
pub struct Logged {
    /// The answer.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Its place in the log.
    pub log_index: i64,
    /// Byte for byte as it was answered.
    pub body: Vec<u8>,
}

/// Replies of record in the order of the log, from a place in it on.
pub(in super::super) async fn logged(conn: &mut PgConnection, from: i64, limit: i64) -> Result<Vec<Logged>> {
    Ok(sqlx::query_as!(
        Logged,
        r#"select id, number, log_index as "log_index!", body from land_check
           where log_index >= $1 order by log_index limit $2"#,
        from,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// What standings need to know of a reply.
#[derive(Debug, Clone)]
pub(in super::super) struct Head {
    pub id: LandCheckId,
    pub number: String,
    pub division_code: String,
    pub checked_at: DateTime<Utc>,
    pub key: Option<KeyId>,
}

/// A reply that the caller may see.
pub(in super::super) async fn head(conn: &mut PgConnection, scope: &Scope, id: LandCheckId) -> Result<Option<Head>> {
    Ok(sqlx::query_as!(
        Head,
        r#"select id as "id: LandCheckId", number, division_code, checked_at, key_id as "key: KeyId"
           from land_check where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as LandCheckId,
        scope.divisions(),
    )
    .fetch_optional(conn)
    .await?)
}

/// A turn to be written.
pub(in super::super) struct NewTurn<'a> {
    pub id: LandCheckId,
    pub status: &'static str,
    pub because: Value,
    pub verdict_now: Option<&'a str>,
    pub reason: Option<&'a str>,
}

/// Writes turns of replies that are valid still; gives those that were. Whoever comes second to a reply writes nothing.
pub(in super::super) async fn turn(
    conn: &mut PgConnection,
    turns: &[NewTurn<'_>],
    now: DateTime<Utc>,
    key: Option<KeyId>,
    act: ActId,
) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = turns.iter().map(|turn| turn.id.0).collect();
    let statuses: Vec<&str> = turns.iter().map(|turn| turn.status).collect();
    let because: Vec<Value> = turns.iter().map(|turn| turn.because.clone()).collect();
    let verdicts: Vec<Option<&str>> = turns.iter().map(|turn| turn.verdict_now).collect();
    let reasons: Vec<Option<&str>> = turns.iter().map(|turn| turn.reason).collect();
    Ok(sqlx::query_scalar!(
        "insert into land_check_standing (check_id, seq, status, since, because, verdict_now, reason, key_id, act_id)
         select t.id, 1, t.status, $1, t.because, t.verdict, t.reason, $2, $3
         from unnest($4::uuid[], $5::text[], $6::jsonb[], $7::text[], $8::text[]) as t (id, status, because, verdict, reason)
         order by t.id
         on conflict do nothing
         returning check_id",
        now,
        key as Option<KeyId>,
        act as ActId,
        &ids,
        &statuses as &[&str],
        &because,
        &verdicts as &[Option<&str>],
        &reasons as &[Option<&str>],
    )
    .fetch_all(conn)
    .await?)
}

/// A valid answer that is to be judged anew.
#[derive(Debug)]
pub struct Candidate {
    /// The answer.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Its division.
    pub division_code: String,
    /// Byte for byte as it was answered.
    pub body: Vec<u8>,
}

/// Valid replies that meet, or lie near, what these acts wrote to registers, as it was before or is after. A changed record
/// is found by the act in its versions; all its outlines count.
pub(in super::super) async fn touched(
    conn: &mut PgConnection,
    acts: &[ActId],
    near_m: Option<f64>,
) -> Result<Vec<Uuid>> {
    let acts: Vec<Uuid> = acts.iter().map(|act| act.0).collect();
    Ok(sqlx::query_scalar!(
        r#"with site_id as (
               select id from site where act_id = any($1)
               union select id from site_history where act_id = any($1)
               union select site_id from site_negative_list where act_id = any($1)
               union select site_id from site_negative_list_history where act_id = any($1)),
           place as (
               select geom from site where id in (select id from site_id)
               union all select geom from site_history where id in (select id from site_id)
               union all select geom from control_zone where act_id = any($1)
               union all
               select h.geom from control_zone_history h join control_zone c on c.id = h.id and c.act_id = any($1)
               union all select geom from control_zone_history where act_id = any($1)
               union all select geom from key_unit where act_id = any($1)
               union all select h.geom from key_unit_history h join key_unit c on c.id = h.id and c.act_id = any($1)
               union all select geom from key_unit_history where act_id = any($1)
               union all select geom from farmland_unit where act_id = any($1)
               union all
               select h.geom from farmland_unit_history h join farmland_unit c on c.id = h.id and c.act_id = any($1)
               union all select geom from farmland_unit_history where act_id = any($1)
               union all
               select u.geom from farmland_unit u
               where u.id in (select unit_id from farmland_class where act_id = any($1)
                              union select unit_id from farmland_class_history where act_id = any($1))
               union all select geom from coverage_area where act_id = any($1)
               union all
               select h.geom from coverage_area_history h join coverage_area c on c.id = h.id and c.act_id = any($1)
               union all select geom from coverage_area_history where act_id = any($1)
               union all select geom from division where act_id = any($1) and geom is not null
               union all select geom from division_history where act_id = any($1) and geom is not null),
           -- One outline is enough of a record whose outline did not change.
           outline as (select distinct geom from place)
           select distinct c.id as "id!"
           from outline p join land_check c on c.geom && platform_near_box(p.geom, $2)
           where not exists (select from land_check_standing s where s.check_id = c.id)
           union
           select c.id from land_check c join platform_late_act l on l.act_id = c.act_id
           where not exists (select from land_check_standing s where s.check_id = c.id)
           order by 1"#,
        &acts,
        near_m,
    )
    .fetch_all(conn)
    .await?)
}

/// Valid replies that meet, or lie near, records that begin or end by the calendar after one day and up to another.
pub(in super::super) async fn turning(
    conn: &mut PgConnection,
    after: Day,
    until: Day,
    near_m: Option<f64>,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"with place as (
               select geom from control_zone where approved_on > $1 and approved_on <= $2 or ended_on > $1 and ended_on <= $2
               union all
               select geom from key_unit where listed_on > $1 and listed_on <= $2 or removed_on > $1 and removed_on <= $2
               union all
               select s.geom from site s join site_negative_list n on n.site_id = s.id
               where n.since > $1 and n.since <= $2 or n.until >= $1 and n.until < $2
               union all
               select geom from farmland_unit where began_on > $1 and began_on <= $2
               union all
               select geom from farmland_unit where ended_on > $1 and ended_on <= $2
               union all
               select u.geom from farmland_class k join farmland_unit u on u.id = k.unit_id
               where not k.withdrawn and k.from_on > $1 and k.from_on <= $2
               union all
               select geom from coverage_area where as_of > $1 and as_of <= $2 or ended_on > $1 and ended_on <= $2
               union all
               select geom from division
               where geom is not null and (valid_from > $1 and valid_from <= $2 or valid_to >= $1 and valid_to < $2))
           select distinct c.id as "id!"
           from place p join land_check c on c.geom && platform_near_box(p.geom, $3)
           where not exists (select from land_check_standing s where s.check_id = c.id)
           order by 1"#,
        after as Day,
        until as Day,
        near_m,
    )
    .fetch_all(conn)
    .await?)
}

/// Valid replies in the order of their identifiers, after one of them.
pub(in super::super) async fn valid_after(conn: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select c.id from land_check c
         where c.id > $1 and not exists (select from land_check_standing s where s.check_id = c.id)
         order by c.id limit $2",
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// What was answered.
pub(in super::super) async fn candidates(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        "select id, number, division_code, body from land_check where id = any($1) order by id",
        ids,
    )
    .fetch_all(conn)
    .await?)
}
