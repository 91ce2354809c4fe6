//! All SQL of `coverage_area`.

use crate::kernel::{CoverageId, Day, Result};
use crate::platform::feature::AreaFilter;
use sqlx::PgConnection;

/// A coverage area as it is registered.
#[derive(Debug, Clone)]
pub struct CoverageArea {
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub registers: Vec<String>,
    pub status: String,
    pub as_of: Day,
    pub source: Option<String>,
    pub ended_on: Option<Day>,
}

/// A coverage area with its outline (EWKB).
pub struct Shaped<'a> {
    pub item: &'a CoverageArea,
    pub id: CoverageId,
    pub ewkb: &'a [u8],
}

/// A coverage area as stored.
pub struct CoverageAreaRow {
    pub id: CoverageId,
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub registers: Vec<String>,
    pub status: String,
    pub as_of: Day,
    pub source: Option<String>,
    pub ended_on: Option<Day>,

    pub wkb: Option<Vec<u8>>,
}

/// The divisions of those with these codes that are registered already.
pub async fn divisions_of(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select code, division_code from coverage_area where code = any($1)", codes);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.code, row.division_code)).collect())
}

/// Adds rows, and takes over those whose code is known; gives how many were added or changed.
pub async fn put(conn: &mut PgConnection, rows: &[Shaped<'_>]) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into coverage_area as t (id, code, name, division_code, registers, status, as_of, source, ended_on, geom)
           select id, code, name, division_code, string_to_array(registers, ','), status, as_of, source, ended_on, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::date[], $10::bytea[]) as v (id, code, name, division_code, registers, status, as_of, source, ended_on, ewkb)
           on conflict (code) do update set name = excluded.name, division_code = excluded.division_code, registers = excluded.registers, status = excluded.status, as_of = excluded.as_of, source = excluded.source, ended_on = excluded.ended_on, geom = excluded.geom
           where (t.code, t.name, t.division_code, t.registers, t.status, t.as_of, t.source, t.ended_on) is distinct from (excluded.code, excluded.name, excluded.division_code, excluded.registers, excluded.status, excluded.as_of, excluded.source, excluded.ended_on) or t.geom is distinct from excluded.geom"#,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.division_code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.registers.join(",")).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.status.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.as_of).collect::<Vec<_>>() as &[Day],
        &rows.iter().map(|r| r.item.source.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.ended_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.ewkb.to_vec()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Those that hold on a day, in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &AreaFilter) -> Result<Vec<CoverageAreaRow>> {
    let [first, second] = filter.both_boxes();
    Ok(sqlx::query_as!(
        CoverageAreaRow,
        r#"select id as "id: CoverageId", code, name, division_code, registers, status, as_of as "as_of: Day", source, ended_on as "ended_on: Day", st_asbinary(geom) as wkb
           from coverage_area
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::bytea is null or st_intersects(geom, st_geomfromewkb($3))
                   or st_intersects(geom, st_geomfromewkb($4)))
               and (ended_on is null or ended_on > $5)
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

/// What is known of a parcel as regards one register, as the database answers.
pub struct StatusRow {
    pub register: String,
    pub status: String,
    pub area_m2: f64,
    pub parcel_m2: f64,
    pub as_of: Day,
}

/// Per register and status the part of a parcel that coverage areas take in on a day, overlaps of theirs counted once.
/// What was investigated after the day says nothing of that day.
pub async fn statuses(conn: &mut PgConnection, parcel: &[u8], on: Day) -> Result<Vec<StatusRow>> {
    Ok(sqlx::query_as!(
        StatusRow,
        r#"select register as "register!", status as "status!", parcel_m2 as "parcel_m2!", as_of as "as_of!: Day",
               st_area(st_collectionextract(st_union(part), 3)::geography) as "area_m2!"
           from (
               select r.register, c.status, p.area_m2 as parcel_m2,
                   max(c.as_of) over (partition by r.register, c.status) as as_of,
                   case when st_coveredby(p.g, c.geom) then p.g else st_intersection(c.geom, p.g) end as part
               from (select g, st_area(g::geography) as area_m2 from st_geomfromewkb($1) as g) as p
                   join coverage_area c on c.geom && p.g and st_intersects(c.geom, p.g)
                   cross join lateral unnest(c.registers) as r (register)
               where (c.ended_on is null or c.ended_on > $2) and (c.status = 'kept' or c.as_of <= $2)) as parts
           group by register, status, parcel_m2, as_of
           order by register, status"#,
        parcel,
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}
