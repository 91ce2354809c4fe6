//! All SQL of the classification: which units lie where, which touch, and outlines for their parts. Nothing is written.

use super::When;
use crate::kernel::{Day, FarmlandUnitId, Result};
use sqlx::PgConnection;

/// Which units; what is `None` narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Divisions of the caller's scope.
    pub scope: Option<Vec<String>>,
    pub ids: Option<Vec<FarmlandUnitId>>,
    /// In this division and below.
    pub division: Option<String>,
    /// Units that meet this area (EWKB).
    pub area: Option<Vec<u8>>,
    /// The survey's scope (EWKB); without it every unit lies within.
    pub survey: Option<Vec<u8>>,
}

/// A unit that exists on the day.
pub struct LandRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    pub land_type: String,
    pub class: String,
    pub area_m2: f64,
    /// It does not meet the survey's scope.
    pub outside_survey: bool,
}

/// Units that exist on the day, in the order of their codes, at most `limit`.
pub async fn land(conn: &mut PgConnection, which: &Which, when: When, limit: i64) -> Result<Vec<LandRow>> {
    Ok(sqlx::query_as!(
        LandRow,
        r#"select u.id as "id!: FarmlandUnitId", u.code as "code!", u.division_code as "division_code!",
               u.land_type as "land_type!", u.class as "class!", u.area_m2 as "area_m2!",
               ($7::bytea is not null and not st_intersects(u.geom, st_geomfromewkb($7))) as "outside_survey!"
           from farmland_units_at($1, $2) as u
           where u.living
               and ($3::text[] is null or u.division_code = any($3))
               and ($4::uuid[] is null or u.id = any($4))
               and ($5::text is null or u.division_code in (select d.code from division as d where d.ancestors @> array[$5]))
               and ($6::bytea is null or st_intersects(u.geom, st_geomfromewkb($6)))
           order by u.code
           limit $8"#,
        when.on as Day,
        when.known_at,
        which.scope.as_deref(),
        which.ids.as_deref() as Option<&[FarmlandUnitId]>,
        which.division.as_deref(),
        which.area.as_deref(),
        which.survey.as_deref(),
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Units that exist on the day, are none of these, and share at least a point of their borders with one of these: pairs of
/// the one asked for and the one it touches. Each version is looked up in its own index; over [`land`]'s function the
/// planner would compare every unit with every other.
pub async fn touching(
    conn: &mut PgConnection,
    ids: &[FarmlandUnitId],
    when: When,
) -> Result<Vec<(FarmlandUnitId, FarmlandUnitId)>> {
    let rows = sqlx::query!(
        r#"select k.id as "id!: FarmlandUnitId", b.id as "other!: FarmlandUnitId"
           from unnest($1::uuid[]) as k (id)
               cross join lateral (
                   select n.geom from farmland_unit as n where n.id = k.id and ($3::timestamptz is null or n.sys_from <= $3)
                   union all
                   select h.geom from farmland_unit_history as h
                   where $3 is not null and h.id = k.id and h.sys_from <= $3 and h.sys_to > $3) as a
               cross join lateral (
                   select n.id from farmland_unit as n
                   where st_intersects(n.geom, a.geom) and n.id <> all($1) and ($3::timestamptz is null or n.sys_from <= $3)
                       and (n.began_on is null or n.began_on <= $2) and (n.ended_on is null or n.ended_on > $2)
                   union all
                   select h.id from farmland_unit_history as h
                   where $3 is not null and st_intersects(h.geom, a.geom) and h.id <> all($1) and h.sys_from <= $3
                       and h.sys_to > $3 and (h.began_on is null or h.began_on <= $2)
                       and (h.ended_on is null or h.ended_on > $2)) as b"#,
        ids as &[FarmlandUnitId],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.other)).collect())
}

/// Outlines (EWKB) of units as known at an instant.
pub async fn outlines(
    conn: &mut PgConnection,
    ids: &[FarmlandUnitId],
    when: When,
) -> Result<Vec<(FarmlandUnitId, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select id as "id!: FarmlandUnitId", st_asewkb(geom) as "ewkb!" from farmland_units_at($2, $3) where id = any($1)"#,
        ids as &[FarmlandUnitId],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.ewkb)).collect())
}

/// Which of these outlines (EWKB) share at least a point: pairs of their places in the list, each pair both ways round.
pub async fn meeting(conn: &mut PgConnection, outlines: &[Vec<u8>]) -> Result<Vec<(usize, usize)>> {
    let rows = sqlx::query!(
        r#"with land as materialized (
               select n, st_geomfromewkb(ewkb) as geom from unnest($1::bytea[]) with ordinality as v (ewkb, n))
           select a.n - 1 as "one!", b.n - 1 as "other!" from land as a join land as b on a.n <> b.n and a.geom && b.geom
           where st_intersects(a.geom, b.geom)"#,
        outlines,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (place(row.one), place(row.other))).collect())
}

/// Which of these outlines (EWKB) hold which points, borders included: pairs of the outline's place and the point's.
pub async fn holding(
    conn: &mut PgConnection,
    outlines: &[Vec<u8>],
    points: &[[f64; 2]],
) -> Result<Vec<(usize, usize)>> {
    let rows = sqlx::query!(
        r#"with land as materialized (
               select n, st_geomfromewkb(ewkb) as geom from unnest($1::bytea[]) with ordinality as v (ewkb, n)),
           point as materialized (
               select n, st_setsrid(st_makepoint(lon, lat), 4490) as geom
               from unnest($2::float8[], $3::float8[]) with ordinality as v (lon, lat, n))
           select l.n - 1 as "outline!", p.n - 1 as "point!" from land as l join point as p on l.geom && p.geom
           where st_intersects(l.geom, p.geom)"#,
        outlines,
        &points.iter().map(|[lon, _]| *lon).collect::<Vec<_>>(),
        &points.iter().map(|[_, lat]| *lat).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (place(row.outline), place(row.point))).collect())
}

/// A place in a list that was sent, counted from 0.
fn place(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A point of a unit and the part it is in; a point in several parts is given for each.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub unit: i32,
    /// Place of the part; -1: what is left.
    pub part: i32,
    pub place: [f64; 2],
}

/// An outline suggested for a part.
pub struct PartRow {
    pub unit: i32,
    pub part: i32,
    pub wkb: Vec<u8>,
    pub area_m2: f64,
}

/// The land of each part: what lies nearer to its points than to any other point of the unit (Voronoi cells, on the ground:
/// degrees of longitude are shortened by the unit's latitude), cut with the unit. `units` are outlines in EWKB.
pub async fn part_outlines(conn: &mut PgConnection, cells: &[Cell], units: &[(i32, Vec<u8>)]) -> Result<Vec<PartRow>> {
    Ok(sqlx::query_as!(
        PartRow,
        r#"with point as materialized (
               select p.unit, p.part, st_setsrid(st_makepoint(p.lon * s.shorten, p.lat), 4490) as geom
               from unnest($1::int4[], $2::int4[], $3::float8[], $4::float8[]) as p (unit, part, lon, lat)
                   join (select unit, cos(radians(st_y(st_centroid(st_envelope(st_geomfromewkb(ewkb)))))) as shorten
                       from unnest($5::int4[], $6::bytea[]) as u (unit, ewkb)) as s on s.unit = p.unit),
           land as materialized (
               select u.unit, c.shorten, st_scale(g.geom, c.shorten, 1) as geom
               from unnest($5::int4[], $6::bytea[]) as u (unit, ewkb)
                   cross join lateral (select st_geomfromewkb(u.ewkb) as geom) as g
                   cross join lateral (select cos(radians(st_y(st_centroid(st_envelope(g.geom))))) as shorten) as c),
           cell as materialized (
               select l.unit, (st_dump(st_voronoipolygons(m.points, 0, l.geom))).geom as geom
               from land as l join (select unit, st_collect(geom) as points from point group by unit) as m on m.unit = l.unit),
           part as (
               select p.unit, p.part, st_union(c.geom) as geom
               from point as p join cell as c on c.unit = p.unit and st_intersects(c.geom, p.geom)
               where p.part >= 0 group by p.unit, p.part),
           cut as (
               select p.unit, p.part, st_scale(st_collectionextract(st_intersection(l.geom, p.geom), 3), 1 / l.shorten, 1) as geom
               from part as p join land as l on l.unit = p.unit)
           select unit as "unit!", part as "part!", st_asbinary(geom) as "wkb!", st_area(geom::geography) as "area_m2!"
           from cut where not st_isempty(geom) order by unit, part"#,
        &cells.iter().map(|cell| cell.unit).collect::<Vec<_>>(),
        &cells.iter().map(|cell| cell.part).collect::<Vec<_>>(),
        &cells.iter().map(|cell| cell.place[0]).collect::<Vec<_>>(),
        &cells.iter().map(|cell| cell.place[1]).collect::<Vec<_>>(),
        &units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>(),
        &units.iter().map(|(_, ewkb)| ewkb.clone()).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?)
}
