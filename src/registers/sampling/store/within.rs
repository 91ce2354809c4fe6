//! Samples inside farmland units: first which point lies in which unit, then the samples of these points. In one statement
//! the planner would have to guess the one from the other, and guesses wrong.

use crate::kernel::{Day, Decimal, FarmlandUnitId, Result, SampleId, SamplingPointId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A point that lies in a unit.
pub struct InsideRow {
    pub unit_id: FarmlandUnitId,
    pub point_id: SamplingPointId,
    pub code: String,
    pub lon: f64,
    pub lat: f64,
}

/// The points in units that exist on a day. Either some units are named or a division is.
pub async fn points_inside(
    conn: &mut PgConnection,
    ids: Option<&[FarmlandUnitId]>,
    division: Option<&str>,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<InsideRow>> {
    if known_at.is_some() {
        return points_inside_then(conn, ids, division, on, known_at).await;
    }
    let Some(ids) = ids else {
        return Ok(sqlx::query_as!(
            InsideRow,
            r#"select u.id as "unit_id: FarmlandUnitId", p.id as "point_id: SamplingPointId", p.code,
                   st_x(p.geom) as "lon!", st_y(p.geom) as "lat!"
               from farmland_unit as u join sampling_point as p on st_intersects(u.geom, p.geom)
               where u.division_code in (select d.code from division as d where d.ancestors @> array[$1])
                   and (u.began_on is null or u.began_on <= $2) and (u.ended_on is null or u.ended_on > $2)"#,
            division,
            on as Day,
        )
        .fetch_all(conn)
        .await?);
    };
    Ok(sqlx::query_as!(
        InsideRow,
        r#"select u.id as "unit_id: FarmlandUnitId", p.id as "point_id: SamplingPointId", p.code,
               st_x(p.geom) as "lon!", st_y(p.geom) as "lat!"
           from farmland_unit as u join sampling_point as p on st_intersects(u.geom, p.geom)
           where u.id = any($1)
               and (u.began_on is null or u.began_on <= $2) and (u.ended_on is null or u.ended_on > $2)"#,
        ids as &[FarmlandUnitId],
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// The same as known at an instant: versions of the past are looked up point by point, each in its own index.
async fn points_inside_then(
    conn: &mut PgConnection,
    ids: Option<&[FarmlandUnitId]>,
    division: Option<&str>,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<InsideRow>> {
    Ok(sqlx::query_as!(
        InsideRow,
        r#"select u.id as "unit_id!: FarmlandUnitId", p.id as "point_id!: SamplingPointId", p.code as "code!",
               st_x(p.geom) as "lon!", st_y(p.geom) as "lat!"
           from sampling_points_at($4) as p
               cross join lateral (
                   select n.id, n.division_code, n.began_on, n.ended_on from farmland_unit as n
                   where st_intersects(n.geom, p.geom) and n.sys_from <= $4
                   union all
                   select h.id, h.division_code, h.began_on, h.ended_on from farmland_unit_history as h
                   where st_intersects(h.geom, p.geom) and h.sys_from <= $4 and h.sys_to > $4) as u
           where ($1::uuid[] is null or u.id = any($1))
               and ($2::text is null or u.division_code in (select d.code from division as d where d.ancestors @> array[$2]))
               and (u.began_on is null or u.began_on <= $3) and (u.ended_on is null or u.ended_on > $3)"#,
        ids as Option<&[FarmlandUnitId]>,
        division,
        on as Day,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A sample with its results side by side.
pub struct BesideRow {
    pub id: SampleId,
    pub code: String,
    pub point_id: SamplingPointId,
    pub program: String,
    pub ph: Option<Decimal>,
    pub medium: String,
    pub product: Option<String>,
    pub sampled_on: Day,
    pub depth_from_m: Option<Decimal>,
    pub substances: Vec<String>,
    pub belows: Vec<bool>,
    pub values: Vec<Decimal>,
    pub units: Vec<String>,
    pub limits: Vec<Option<Decimal>>,
    pub instruments: Vec<Option<String>>,
}

/// Soil and crop samples of some points taken on or before a day, with their results of the given substances; by day.
pub async fn samples_of(
    conn: &mut PgConnection,
    points: &[SamplingPointId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
    substances: &[String],
) -> Result<Vec<BesideRow>> {
    Ok(sqlx::query_as!(
        BesideRow,
        r#"select s.id as "id!: SampleId", s.code as "code!", s.point_id as "point_id!: SamplingPointId",
               s.program as "program!", s.ph, s.medium as "medium!", s.product, s.sampled_on as "sampled_on!: Day",
               s.depth_from_m, r.substances as "substances!", r.belows as "belows!", r.vals as "values!: Vec<Decimal>",
               r.units as "units!", r.limits as "limits!: Vec<Option<Decimal>>",
               r.instruments as "instruments!: Vec<Option<String>>"
           from sampling_samples_at($3) as s
               cross join lateral (
                   select coalesce(array_agg(r.substance), '{}') as substances, coalesce(array_agg(r.below), '{}') as belows,
                       coalesce(array_agg(r.value), '{}') as vals, coalesce(array_agg(r.unit), '{}') as units,
                       coalesce(array_agg(r.limit_mg_kg), '{}') as limits,
                       coalesce(array_agg(r.limit_instrument), '{}') as instruments
                   from sampling_results_at($3) as r
                   where r.sample_id = s.id and not r.withdrawn and r.substance = any($4)) as r
           where s.point_id = any($1) and s.sampled_on <= $2 and not s.withdrawn and s.medium in ('soil', 'crop')
           order by s.sampled_on, s.code"#,
        points as &[SamplingPointId],
        on as Day,
        known_at,
        substances,
    )
    .fetch_all(conn)
    .await?)
}

/// The soil samples whose point lies in a unit, in the order of their identifiers.
pub async fn samples_in_unit(conn: &mut PgConnection, unit: FarmlandUnitId) -> Result<Vec<SampleId>> {
    Ok(sqlx::query_scalar!(
        r#"select s.id as "id: SampleId"
           from farmland_unit u
               join sampling_point p on p.geom && u.geom and st_intersects(u.geom, p.geom)
               join sampling_sample s on s.point_id = p.id
           where u.id = $1 and s.medium = 'soil' and not s.withdrawn
           order by s.id"#,
        unit as FarmlandUnitId,
    )
    .fetch_all(conn)
    .await?)
}
