//! All SQL of `control_zone`.

use crate::kernel::{ControlZoneId, Day, Result};
use crate::platform::feature::AreaFilter;
use crate::platform::overlay::Probe;
use sqlx::PgConnection;

/// A control zone as it is registered.
#[derive(Debug, Clone)]
pub struct ControlZone {
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub site_code: Option<String>,
    pub approved_by: String,
    pub approved_on: Day,
    pub document_number: Option<String>,
    pub undeveloped: bool,
    pub ended_on: Option<Day>,
}

/// A control zone with its outline (EWKB).
pub struct Shaped<'a> {
    pub item: &'a ControlZone,
    pub id: ControlZoneId,
    pub ewkb: &'a [u8],
    pub area_m2: f64,
}

/// A control zone as stored.
pub struct ControlZoneRow {
    pub id: ControlZoneId,
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub site_code: Option<String>,
    pub approved_by: String,
    pub approved_on: Day,
    pub document_number: Option<String>,
    pub undeveloped: bool,
    pub ended_on: Option<Day>,
    pub area_m2: f64,
    pub wkb: Option<Vec<u8>>,
}

/// The divisions of those with these codes that are registered already.
pub async fn divisions_of(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select code, division_code from control_zone where code = any($1)", codes);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.code, row.division_code)).collect())
}

/// Adds rows, and takes over those whose code is known; gives how many were added or changed.
pub async fn put(conn: &mut PgConnection, rows: &[Shaped<'_>]) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into control_zone as t (id, code, name, division_code, site_code, approved_by, approved_on, document_number, undeveloped, ended_on, area_m2, geom)
           select id, code, name, division_code, site_code, approved_by, approved_on, document_number, undeveloped, ended_on, area_m2, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::bool[], $10::date[], $11::bytea[], $12::float8[]) as v (id, code, name, division_code, site_code, approved_by, approved_on, document_number, undeveloped, ended_on, ewkb, area_m2)
           on conflict (code) do update set name = excluded.name, division_code = excluded.division_code, site_code = excluded.site_code, approved_by = excluded.approved_by, approved_on = excluded.approved_on, document_number = excluded.document_number, undeveloped = excluded.undeveloped, ended_on = excluded.ended_on, area_m2 = excluded.area_m2, geom = excluded.geom
           where (t.code, t.name, t.division_code, t.site_code, t.approved_by, t.approved_on, t.document_number, t.undeveloped, t.ended_on) is distinct from (excluded.code, excluded.name, excluded.division_code, excluded.site_code, excluded.approved_by, excluded.approved_on, excluded.document_number, excluded.undeveloped, excluded.ended_on) or t.geom is distinct from excluded.geom"#,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.division_code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.site_code.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.approved_by.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.approved_on).collect::<Vec<_>>() as &[Day],
        &rows.iter().map(|r| r.item.document_number.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.undeveloped).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.ended_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.ewkb.to_vec()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.area_m2).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A zone that was ended, or put back.
pub struct Moved {
    pub id: ControlZoneId,
    pub code: String,
    pub division_code: String,
}

/// Ends the zones of a site that still hold, from a day on. One approved later never holds.
pub async fn end_of_site(conn: &mut PgConnection, site_code: &str, on: Day) -> Result<Vec<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"update control_zone set ended_on = greatest(approved_on, $2::date) where site_code = $1 and ended_on is null
           returning id as "id: ControlZoneId", code, division_code"#,
        site_code,
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// Lets the zones of a site that ended on a day hold on.
pub async fn reopen_of_site(conn: &mut PgConnection, site_code: &str, on: Day) -> Result<Vec<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"update control_zone set ended_on = null where site_code = $1 and ended_on = greatest(approved_on, $2::date)
           returning id as "id: ControlZoneId", code, division_code"#,
        site_code,
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// Ends a zone on the very day it was approved, so that it held on none.
pub async fn never_held(conn: &mut PgConnection, code: &str) -> Result<Option<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"update control_zone set ended_on = approved_on where code = $1
           returning id as "id: ControlZoneId", code, division_code"#,
        code,
    )
    .fetch_optional(conn)
    .await?)
}

/// Those that hold on a day, in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &AreaFilter) -> Result<Vec<ControlZoneRow>> {
    let [first, second] = filter.both_boxes();
    Ok(sqlx::query_as!(
        ControlZoneRow,
        r#"select id as "id: ControlZoneId", code, name, division_code, site_code, approved_by, approved_on as "approved_on: Day", document_number, undeveloped, ended_on as "ended_on: Day", area_m2, st_asbinary(geom) as wkb
           from control_zone
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::bytea is null or st_intersects(geom, st_geomfromewkb($3))
                   or st_intersects(geom, st_geomfromewkb($4)))
               and approved_on <= $5 and (ended_on is null or ended_on > $5)
               and ($6::text is null or code > $6)
           order by code
           limit $7"#,
        filter.scope.as_deref(),
        filter.division,
        first,
        second,
        filter.on as Day,
        filter.after,
        filter.rows(),
    )
    .fetch_all(conn)
    .await?)
}

/// One that a parcel meets, as the database answers.
pub struct HitRow {
    pub id: ControlZoneId,
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub site_code: Option<String>,
    pub undeveloped: bool,
    pub approved_by: String,
    pub approved_on: Day,
    pub document_number: Option<String>,
    pub area_m2: f64,
    pub place: i32,
    pub overlap_m2: Option<f64>,
    pub distance_m: f64,
}

/// Those holding on their days that parcels overlap or touch, or that lie near them.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select q.n as "place!", r.id as "id!: ControlZoneId", r.code as "code!", r.name as "name!", r.division_code as "division_code!", r.site_code, r.undeveloped as "undeveloped!", r.approved_by as "approved_by!", r.approved_on as "approved_on!: Day", r.document_number, r.area_m2 as "area_m2!",
               o.overlap_m2, case when o.overlap_m2 is null then st_distance(r.geom::geography, p.g::geography) else 0 end as "distance_m!"
           from unnest($1::int[], $2::bytea[], $3::date[]) as q (n, ewkb, on_day)
               cross join lateral (
                   select g, platform_near_box(g, $4) as box from st_geomfromewkb(q.ewkb) as g offset 0) as p
               join lateral (
                   select * from control_zone where geom && p.box and ($5::timestamptz is null or sys_from <= $5)
                   union all
                   select * from control_zone_history
                   where $5::timestamptz is not null and geom && p.box and sys_from <= $5 and sys_to > $5) as r on true
               cross join lateral (select platform_overlap_m2(r.geom, p.g, r.area_m2) as overlap_m2 offset 0) as o
           where r.approved_on <= q.on_day and (r.ended_on is null or r.ended_on > q.on_day)
               and (o.overlap_m2 is not null or st_dwithin(r.geom::geography, p.g::geography, $4))"#,
        &probe.places(),
        &probe.ewkb,
        &probe.on as &[Day],
        probe.near_m,
        probe.known_at,
    )
    .fetch_all(conn)
    .await?)
}
