//! All SQL of `coverage_area`.

use crate::kernel::{CoverageId, Day, Result};
use crate::platform::feature::AreaFilter;
use chrono::{DateTime, Utc};
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
    pub revision: i32,
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
           on conflict (code) do update set name = excluded.name, division_code = excluded.division_code, registers = excluded.registers, status = excluded.status, as_of = excluded.as_of, source = excluded.source, ended_on = excluded.ended_on, geom = excluded.geom, correction_reason = null
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

/// Adds one; `false` where its code is taken.
pub async fn add(conn: &mut PgConnection, row: &Shaped<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into coverage_area (id, code, name, division_code, registers, status, as_of, source, ended_on, geom)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, st_geomfromewkb($10)) on conflict (code) do nothing",
        row.id as CoverageId,
        row.item.code,
        row.item.name,
        row.item.division_code,
        &row.item.registers,
        row.item.status,
        row.item.as_of as Day,
        row.item.source,
        row.item.ended_on as Option<Day>,
        row.ewkb,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An area by its identifier, within a scope, as known at an instant (`None`: now).
pub async fn get(
    conn: &mut PgConnection,
    id: CoverageId,
    scope: Option<&[String]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<CoverageAreaRow>> {
    Ok(sqlx::query_as!(
        CoverageAreaRow,
        r#"select id as "id!: CoverageId", code as "code!", name as "name!", division_code as "division_code!",
               registers as "registers!", status as "status!", as_of as "as_of!: Day", source,
               ended_on as "ended_on: Day", revision as "revision!", st_asbinary(geom) as wkb
           from coverage_areas_known($3)
           where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as CoverageId,
        scope,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// Locks an area about to be put right, without its outline.
pub async fn lock(conn: &mut PgConnection, id: CoverageId) -> Result<Option<CoverageAreaRow>> {
    Ok(sqlx::query_as!(
        CoverageAreaRow,
        r#"select id as "id: CoverageId", code, name, division_code, registers, status, as_of as "as_of: Day", source,
               ended_on as "ended_on: Day", revision, null::bytea as wkb
           from coverage_area where id = $1 for update"#,
        id as CoverageId,
    )
    .fetch_optional(conn)
    .await?)
}

/// What an area's record says where it can be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    pub name: String,
    pub source: Option<String>,
    pub as_of: Day,
    pub ended_on: Option<Day>,
}

/// Writes an area's record as corrected.
pub async fn correct(conn: &mut PgConnection, id: CoverageId, new: &Corrected, reason: &str) -> Result<()> {
    sqlx::query!(
        "update coverage_area set name = $2, source = $3, as_of = $4, ended_on = $5, correction_reason = $6 where id = $1",
        id as CoverageId,
        new.name,
        new.source,
        new.as_of as Day,
        new.ended_on as Option<Day>,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Those that hold on a day, in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &AreaFilter) -> Result<Vec<CoverageAreaRow>> {
    let [first, second] = filter.both_boxes();
    Ok(sqlx::query_as!(
        CoverageAreaRow,
        r#"select id as "id: CoverageId", code, name, division_code, registers, status, as_of as "as_of: Day", source, ended_on as "ended_on: Day", revision, st_asbinary(geom) as wkb
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

/// What a coverage area takes in of a parcel, or what several take in together.
pub struct CoverRow {
    /// The parcel's place in what was asked, from 1.
    pub n: i64,
    /// The registers that it is about.
    pub registers: Vec<String>,
    /// `kept` or `investigated_clean`.
    pub status: String,
    /// Share of the parcel.
    pub share: f64,
    /// The area; `None` for several together.
    pub area: Option<CoverArea>,
}

/// The area that a [`CoverRow`] is of.
pub struct CoverArea {
    pub code: String,
    pub name: String,
    pub source: Option<String>,
    pub as_of: Day,
}

/// For many parcels what each coverage area takes in of them on their days, and, per register and status, what several
/// areas take in together where none of them takes in the whole. What was investigated after the day says nothing of that
/// day.
pub async fn covers(
    conn: &mut PgConnection,
    parcels: &[&[u8]],
    on: &[Day],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CoverRow>> {
    // An intersection is drawn only where the parcel sticks out of a piece. Pieces meet at their cuts: a parcel across one
    // is whole in the area but for the last digits.
    let rows = sqlx::query!(
        r#"with parcel as materialized (
               select v.n, v.day, g
               from unnest($1::bytea[], $2::date[]) with ordinality as v (ewkb, day, n)
                   cross join lateral st_geomfromewkb(v.ewkb) as g),
           held as materialized (
               select p.n, c.id, c.code, c.name, c.registers, c.status, c.as_of, c.source,
                   bool_or(w.whole) as whole, array_agg(t.geom) as pieces
               from parcel as p
                   join coverage_part as t on t.geom && p.g
                   join coverage_areas_known($3) as c
                       on c.id = t.area_id and c.revision >= t.from_revision and (t.to_revision is null or c.revision < t.to_revision)
                   cross join lateral (select st_covers(t.geom, p.g) as whole offset 0) as w
               where (c.ended_on is null or c.ended_on > p.day) and (c.status = 'kept' or c.as_of <= p.day)
                   and (w.whole or st_intersects(t.geom, p.g))
               group by p.n, c.id, c.code, c.name, c.registers, c.status, c.as_of, c.source),
           cut as materialized (
               select h.*, p.g, case when not h.whole then (
                   select st_union(st_collectionextract(st_intersection(x.piece, p.g), 3)) from unnest(h.pieces) as x (piece)) end as part
               from held as h join parcel as p on p.n = h.n),
           met as materialized (
               select *, case when whole then 1 else st_area(part::geography) / st_area(g::geography) end as share
               from cut where whole or not st_isempty(part))
           select n as "n!", registers as "registers!", status as "status!",
               case when share > 1 - 1e-9 then 1 else share end as "share!", code as "code?", name as "name?", source as "source?",
               as_of as "as_of?: Day"
           from met where share > 0
           union all
           select t.n, array[t.register], t.status, st_area(st_collectionextract(st_union(t.parts), 3)::geography) / st_area(p.g::geography),
               null, null, null, null
           from (
               select m.n, r.register, m.status, array_agg(m.part) as parts
               from met as m cross join lateral unnest(m.registers) as r (register)
               where m.share > 0
               group by m.n, r.register, m.status
               having count(*) > 1 and not bool_or(m.whole)) as t
           join parcel as p on p.n = t.n
           order by 1, 3, 8 desc nulls last, 5"#,
        parcels as &[&[u8]],
        on as &[Day],
        known_at,
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().map(|row| CoverRow {
        n: row.n,
        registers: row.registers,
        status: row.status,
        share: row.share,
        area: row.code.zip(row.name).zip(row.as_of).map(|((code, name), as_of)| CoverArea {
            code,
            name,
            source: row.source,
            as_of,
        }),
    });
    Ok(row.collect())
}
