//! SQL of how siting checks stand, and of the watch over them.

use crate::across::land_check::{Candidate, Logged};
use crate::kernel::{ActId, Day, Result, SitingCheckId};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A check, and what became of it; without a turn it is valid.
#[derive(Debug, Clone)]
pub(in super::super) struct Head {
    pub id: SitingCheckId,
    pub number: String,
    pub checked_at: DateTime<Utc>,
    pub status: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub because: Option<Value>,
    pub verdict_now: Option<String>,
}

/// A check that the caller may see.
pub(in super::super) async fn head(conn: &mut PgConnection, scope: &Scope, id: SitingCheckId) -> Result<Option<Head>> {
    Ok(sqlx::query_as!(
        Head,
        r#"select c.id as "id: SitingCheckId", c.number, c.checked_at, t.status as "status?", t.since as "since?",
                  t.because as "because?", t.verdict_now as "verdict_now?"
           from siting_check c
               left join lateral (
                   select status, since, because, verdict_now from siting_check_standing
                   where check_id = c.id order by seq desc limit 1) t on true
           where c.id = $1 and ($2::text[] is null or c.division_code = any($2))"#,
        id as SitingCheckId,
        scope.divisions(),
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes that checks are superseded, where they are valid still; gives those that were. Whoever comes second writes nothing.
pub(in super::super) async fn supersede(
    conn: &mut PgConnection,
    ids: &[Uuid],
    because: &[Value],
    verdicts: &[String],
    now: DateTime<Utc>,
    act: ActId,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "insert into siting_check_standing (check_id, seq, status, since, because, verdict_now, act_id)
         select t.id, 1, 'superseded', $1, t.because, t.verdict, $2
         from unnest($3::uuid[], $4::jsonb[], $5::text[]) as t (id, because, verdict)
         order by t.id
         on conflict do nothing
         returning check_id",
        now,
        act as ActId,
        ids,
        because,
        verdicts,
    )
    .fetch_all(conn)
    .await?)
}

/// What was answered.
pub(in super::super) async fn candidates(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        "select id, number, division_code, body from siting_check where id = any($1) order by id",
        ids,
    )
    .fetch_all(conn)
    .await?)
}

/// Valid checks in the order of their identifiers, after one of them.
pub(in super::super) async fn valid_after(conn: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select c.id from siting_check c
         where c.id > $1 and not exists (select from siting_check_standing s where s.check_id = c.id)
         order by c.id limit $2",
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Valid checks on which what these acts wrote may bear, as it was before or is after: by its outline, where it lies within
/// the farthest distance that the check asked; by its division, where it is published, ordered or complete for one. A changed
/// record is found by the act in its versions; all its outlines count. And those that were answered late.
pub(in super::super) async fn touched(conn: &mut PgConnection, acts: &[ActId], kind: &str) -> Result<Vec<Uuid>> {
    let acts: Vec<Uuid> = acts.iter().map(|act| act.0).collect();
    Ok(sqlx::query_scalar!(
        r#"with site_id as (
               select id from site where act_id = any($1) union select id from site_history where act_id = any($1)),
           place as (
               select geom from site where id in (select id from site_id)
               union all select geom from site_history where id in (select id from site_id)
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
               union all select geom from division_history where act_id = any($1) and geom is not null
               union all
               select h.geom from division_history h join division c on c.id = h.id and c.act_id = any($1)
               where h.geom is not null
               union all select geom from siting_zone where act_id = any($1)
               union all select h.geom from siting_zone_history h join siting_zone c on c.id = h.id and c.act_id = any($1)
               union all select geom from siting_zone_history where act_id = any($1)
               union all select geom from reference_feature where act_id = any($1)
               union all
               select h.geom from reference_feature_history h
                   join reference_feature c on c.id = h.id and c.act_id = any($1)
               union all select geom from reference_feature_history where act_id = any($1)
               -- Features of a layer that is of another kind now.
               union all
               select f.geom from reference_feature f
               where f.layer_id in (
                   select v.id
                   from (select id, kind, act_id, sys_from from reference_layer
                         union all select id, kind, act_id, sys_from from reference_layer_history) as v
                       join reference_layer_history h on h.id = v.id and h.sys_to = v.sys_from
                   where v.act_id = any($1) and h.kind <> v.kind)),
           -- One outline is enough of a record whose outline did not change.
           outline as (select distinct geom from place),
           layer as (
               select id, kind, coalesce(division_code, '000000') as code, loaded_on is null as empty, act_id, sys_from
               from reference_layer
               union all
               select id, kind, coalesce(division_code, '000000'), loaded_on is null, act_id, sys_from
               from reference_layer_history),
           area as (
               select division_code as code from siting_zone where act_id = any($1)
               union select division_code from siting_zone_history where act_id = any($1)
               union
               select h.division_code from siting_zone_history h join siting_zone c on c.id = h.id and c.act_id = any($1)
               union select division_code from siting_zone_publication where act_id = any($1)
               union select division_code from siting_zone_publication_history where act_id = any($1)
               union select division_code from siting_zone_restriction where act_id = any($1)
               union select division_code from siting_zone_restriction_history where act_id = any($1)
               union select code from division where act_id = any($1)
               -- A further import into a layer says nothing new of what it is complete for.
               union
               select unnest(array[l.code, coalesce(h.division_code, '000000')])
               from layer l left join reference_layer_history h on h.id = l.id and h.sys_to = l.sys_from
               where l.act_id = any($1)
                   and (h.id is null
                        or (h.kind, coalesce(h.division_code, '000000'), h.loaded_on is null) <> (l.kind, l.code, l.empty)))
           select c.id as "id!"
           from outline p join siting_check c on c.around && p.geom
           where not exists (select from siting_check_standing s where s.check_id = c.id)
           union
           select c.id from siting_check c
           where c.places && (select array_agg(d.code) from division d
                              where d.ancestors && (select array_agg(code) from area))
               and not exists (select from siting_check_standing s where s.check_id = c.id)
           union
           select c.id from siting_check c join platform_late_act l on l.act_id = c.act_id and l.answers = $2
           where not exists (select from siting_check_standing s where s.check_id = c.id)
           order by 1"#,
        &acts,
        kind,
    )
    .fetch_all(conn)
    .await?)
}

/// Valid checks on which records bear that begin or end by the calendar after one day and up to another.
pub(in super::super) async fn turning(conn: &mut PgConnection, after: Day, until: Day) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"with place as (
               select geom from key_unit where listed_on > $1 and listed_on <= $2 or removed_on > $1 and removed_on <= $2
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
               where geom is not null and (valid_from > $1 and valid_from <= $2 or valid_to >= $1 and valid_to < $2)
               union all
               select geom from siting_zone
               where published_on > $1 and published_on <= $2 or ended_on > $1 and ended_on <= $2
               union all
               select geom from reference_feature where ended_on > $1 and ended_on <= $2),
           area as (
               select division_code as code from siting_zone where published_on > $1 and published_on <= $2
               union select division_code from siting_zone_publication where as_of > $1 and as_of <= $2
               union
               select division_code from siting_zone_restriction
               where from_on > $1 and from_on <= $2 or until_on >= $1 and until_on < $2)
           select c.id as "id!"
           from place p join siting_check c on c.around && p.geom
           where not exists (select from siting_check_standing s where s.check_id = c.id)
           union
           select c.id from siting_check c
           where c.places && (select array_agg(d.code) from division d
                              where d.ancestors && (select array_agg(code) from area))
               and not exists (select from siting_check_standing s where s.check_id = c.id)
           order by 1"#,
        after as Day,
        until as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// Checks on record in the order of the log, from a place in it on.
pub(in super::super) async fn logged(conn: &mut PgConnection, from: i64, limit: i64) -> Result<Vec<Logged>> {
    Ok(sqlx::query_as!(
        Logged,
        r#"select id, number, log_index as "log_index!", body from siting_check
           where log_index >= $1 order by log_index limit $2"#,
        from,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
