//! All SQL of `key_unit`.

use crate::kernel::{Day, KeyUnitId, Result};
use crate::platform::feature::AreaFilter;
use crate::platform::overlay::Probe;
use sqlx::PgConnection;

/// A key unit as it is registered.
#[derive(Debug, Clone)]
pub struct KeyUnit {
    pub code: String,
    pub name: String,
    pub credit_code: Option<String>,
    pub division_code: String,
    pub industry: Option<String>,
    pub listed_on: Day,
    pub removed_on: Option<Day>,
}

/// A key unit with its outline (EWKB).
pub struct Shaped<'a> {
    pub item: &'a KeyUnit,
    pub id: KeyUnitId,
    pub ewkb: &'a [u8],
    pub area_m2: f64,
}

/// A key unit as stored.
pub struct KeyUnitRow {
    pub id: KeyUnitId,
    pub code: String,
    pub name: String,
    pub credit_code: Option<String>,
    pub division_code: String,
    pub industry: Option<String>,
    pub listed_on: Day,
    pub removed_on: Option<Day>,
    pub area_m2: f64,
    pub wkb: Option<Vec<u8>>,
}

/// The divisions of those with these codes that are registered already.
pub async fn divisions_of(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select code, division_code from key_unit where code = any($1)", codes);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.code, row.division_code)).collect())
}

/// Adds rows, and takes over those whose code is known; gives how many were added or changed.
pub async fn put(conn: &mut PgConnection, rows: &[Shaped<'_>]) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into key_unit as t (id, code, name, credit_code, division_code, industry, listed_on, removed_on, area_m2, geom)
           select id, code, name, credit_code, division_code, industry, listed_on, removed_on, area_m2, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[], $9::bytea[], $10::float8[]) as v (id, code, name, credit_code, division_code, industry, listed_on, removed_on, ewkb, area_m2)
           on conflict (code) do update set name = excluded.name, credit_code = excluded.credit_code, division_code = excluded.division_code, industry = excluded.industry, listed_on = excluded.listed_on, removed_on = excluded.removed_on, area_m2 = excluded.area_m2, geom = excluded.geom
           where (t.code, t.name, t.credit_code, t.division_code, t.industry, t.listed_on, t.removed_on) is distinct from (excluded.code, excluded.name, excluded.credit_code, excluded.division_code, excluded.industry, excluded.listed_on, excluded.removed_on) or t.geom is distinct from excluded.geom"#,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.credit_code.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.division_code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.industry.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.listed_on).collect::<Vec<_>>() as &[Day],
        &rows.iter().map(|r| r.item.removed_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.ewkb.to_vec()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.area_m2).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Those that hold on a day, in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &AreaFilter) -> Result<Vec<KeyUnitRow>> {
    let [first, second] = filter.both_boxes();
    Ok(sqlx::query_as!(
        KeyUnitRow,
        r#"select id as "id: KeyUnitId", code, name, credit_code, division_code, industry, listed_on as "listed_on: Day", removed_on as "removed_on: Day", area_m2, st_asbinary(geom) as wkb
           from key_unit
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::bytea is null or st_intersects(geom, st_geomfromewkb($3))
                   or st_intersects(geom, st_geomfromewkb($4)))
               and listed_on <= $5 and (removed_on is null or removed_on > $5)
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
    pub id: KeyUnitId,
    pub code: String,
    pub name: String,
    pub credit_code: Option<String>,
    pub division_code: String,
    pub industry: Option<String>,
    pub listed_on: Day,
    pub area_m2: f64,
    pub place: i32,
    pub overlap_m2: Option<f64>,
    pub distance_m: f64,
}

/// Those holding on their days that parcels overlap or touch, or that lie near them.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select q.n as "place!", r.id as "id!: KeyUnitId", r.code as "code!", r.name as "name!", r.credit_code, r.division_code as "division_code!", r.industry, r.listed_on as "listed_on!: Day", r.area_m2 as "area_m2!",
               o.overlap_m2, case when o.overlap_m2 is null then st_distance(r.geom::geography, p.g::geography) else 0 end as "distance_m!"
           from unnest($1::int[], $2::bytea[], $3::date[]) as q (n, ewkb, on_day)
               cross join lateral (
                   select g, platform_near_box(g, $4) as box from st_geomfromewkb(q.ewkb) as g offset 0) as p
               join lateral (
                   select * from key_unit where geom && p.box and ($5::timestamptz is null or sys_from <= $5)
                   union all
                   select * from key_unit_history
                   where $5::timestamptz is not null and geom && p.box and sys_from <= $5 and sys_to > $5) as r on true
               cross join lateral (select platform_overlap_m2(r.geom, p.g, r.area_m2) as overlap_m2 offset 0) as o
           where r.listed_on <= q.on_day and (r.removed_on is null or r.removed_on > q.on_day)
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
