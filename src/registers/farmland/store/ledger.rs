//! All SQL of the area ledger.
//!
//! The units to which something happened are looked up by an array of identifiers: how many of them a page of codes meets the
//! database cannot foresee, and a join planned for few takes minutes over many.

use crate::kernel::{Day, FarmlandChangeId, FarmlandUnitId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Which land, and when.
#[derive(Debug, Clone)]
pub struct LedgerFilter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    /// In this division and below.
    pub division: Option<String>,
    /// The land types that count.
    pub land_types: Vec<String>,
    /// The first day: what happened on it is in the opening.
    pub from: Day,
    pub known_at: Option<DateTime<Utc>>,
}

/// Land to which nothing happened after the first day.
pub struct RestRow {
    pub division_code: String,
    pub class: String,
    pub units: i64,
    /// In 0.01 m².
    pub area: i64,
}

/// Sums over the units to which nothing happened after the first day: their last class is that of every day since. The
/// last land type and class stand on the unit itself, so that tracks are read only to tell which units are to be walked.
pub async fn rest(conn: &mut PgConnection, filter: &LedgerFilter) -> Result<Vec<RestRow>> {
    Ok(sqlx::query_as!(
        RestRow,
        r#"with touched as materialized (
               select c.unit_id as id from farmland_classes_known($2) as c where c.from_on > $1
               union
               select t.unit_id from farmland_land_types_known($2) as t where t.from_on > $1)
           select u.division_code as "division_code!", u.class as "class!", count(*) as "units!",
               sum(farmland_ledger_area(u.area_m2))::bigint as "area!"
           from farmland_units_at($1, $2) as u
           where u.living and u.ended_on is null
               and ($3::text[] is null or u.division_code = any($3))
               and ($4::text is null or u.division_code in (select d.code from division d where d.ancestors @> array[$4]))
               and u.land_type = any($5)
               and not exists (select from touched as t where t.id = u.id)
           group by 1, 2"#,
        filter.from as Day,
        filter.known_at,
        filter.scope.as_deref(),
        filter.division,
        &filter.land_types,
    )
    .fetch_all(conn)
    .await?)
}

/// A unit to which something happened after the first day, with its tracks.
pub struct WalkedRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    /// In 0.01 m².
    pub area: i64,
    pub began_on: Option<Day>,
    /// Kind of the change that made it.
    pub began_by: Option<String>,
    pub began_change: Option<FarmlandChangeId>,
    pub ended_on: Option<Day>,
    /// Kind of the change in which it ended.
    pub ended_by: Option<String>,
    pub ended_change: Option<FarmlandChangeId>,
    pub class_days: Vec<Option<Day>>,
    pub classes: Vec<String>,
    pub triggers: Vec<String>,
    pub type_days: Vec<Option<Day>>,
    pub land_types: Vec<String>,
}

/// The units to which something happened after the first day, by code from one on; those that never were are left out.
pub async fn walked(
    conn: &mut PgConnection,
    filter: &LedgerFilter,
    first: Option<&str>,
    limit: i64,
) -> Result<Vec<WalkedRow>> {
    Ok(sqlx::query_as!(
        WalkedRow,
        r#"with touched as materialized (
               select c.unit_id as id from farmland_classes_known($2) as c where c.from_on > $1
               union
               select t.unit_id from farmland_land_types_known($2) as t where t.from_on > $1
               union
               select u.id from farmland_unit as u where u.began_on > $1 or u.ended_on > $1
               union
               select h.id from farmland_unit_history as h
               where $2::timestamptz is not null and h.sys_from <= $2 and h.sys_to > $2
                   and (h.began_on > $1 or h.ended_on > $1)),
           u as materialized (
               select u.id, u.code, u.division_code, u.area_m2, u.began_on, u.began_by, u.ended_on, u.ended_by
               from farmland_units_at($1, $2) as u
               where u.id = any (array(select t.id from touched as t))
                   and ($3::text[] is null or u.division_code = any($3))
                   and ($4::text is null or u.division_code in (select d.code from division d where d.ancestors @> array[$4]))
                   and not farmland_is_void(u.began_by, u.ended_by)
                   and (u.ended_on is null or u.ended_on > $1)
                   and ($5::text is null or u.code >= $5)
               order by u.code
               limit $6)
           select u.id as "id!: FarmlandUnitId", u.code as "code!", u.division_code as "division_code!",
               farmland_ledger_area(u.area_m2) as "area!", u.began_on as "began_on: Day", b.kind as "began_by?",
               b.id as "began_change?: FarmlandChangeId", u.ended_on as "ended_on: Day", e.kind as "ended_by?",
               e.id as "ended_change?: FarmlandChangeId",
               coalesce(c.days, '{}') as "class_days!: Vec<Option<Day>>", coalesce(c.classes, '{}') as "classes!",
               coalesce(c.triggers, '{}') as "triggers!", coalesce(t.days, '{}') as "type_days!: Vec<Option<Day>>",
               coalesce(t.land_types, '{}') as "land_types!"
           from u
               cross join lateral (
                   select array_agg(c.from_on order by c.from_on nulls first, c.seq) as days,
                       array_agg(c.class order by c.from_on nulls first, c.seq) as classes,
                       array_agg(c.trigger order by c.from_on nulls first, c.seq) as triggers
                   from farmland_classes_known($2) as c where c.unit_id = u.id) as c
               cross join lateral (
                   select array_agg(c.from_on order by c.from_on nulls first, c.seq) as days,
                       array_agg(c.land_type order by c.from_on nulls first, c.seq) as land_types
                   from farmland_land_types_known($2) as c where c.unit_id = u.id) as t
               left join farmland_change as b on b.id = u.began_by
               left join farmland_change as e on e.id = u.ended_by
           order by u.code"#,
        filter.from as Day,
        filter.known_at,
        filter.scope.as_deref(),
        filter.division,
        first,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
