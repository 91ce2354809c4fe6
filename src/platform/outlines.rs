//! How the outlines that begin in a change lie to the land that ends in it: the same for every register of areas whose records
//! are split, merged and re-drawn.

use crate::kernel::{Error, Fault, Result, Text, tolerance_m2};
use sqlx::PgConnection;

/// Where on Earth something is, degrees.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

impl Spot {
    /// A place, where both its coordinates are known.
    pub fn of(lon: Option<f64>, lat: Option<f64>) -> Option<Spot> {
        Some(Spot { lon: lon?, lat: lat? })
    }
}

/// What ends and begins in a change, as outlines: EWKB, EPSG:4490, valid.
#[derive(Debug, Clone, Copy)]
pub struct Redrawn<'a> {
    /// Outlines that begin.
    pub children: &'a [Vec<u8>],
    /// Outlines that end.
    pub parents: &'a [Vec<u8>],
    /// Ellipsoidal area of those together, m².
    pub parents_m2: f64,
    /// Whether the children together must be the parents together; else each child must lie on a parent.
    pub keeps_the_land: bool,
    /// What a record of the register is called: 单元, 宗地.
    pub noun_zh: &'static str,
}

/// What was found of a change's outlines.
#[derive(Debug)]
pub struct Judged {
    /// Ellipsoidal area of each child, m².
    pub areas_m2: Vec<f64>,
    /// What is wrong; pointers are `/children` and `/children/{n}/geometry`.
    pub faults: Vec<Fault>,
}

/// Judges whether a change's outlines lie as its kind asks, each by what outlines may differ by
/// ([`tolerance_m2`]).
///
/// # Errors
/// When the database cannot be reached.
pub async fn judge(conn: &mut PgConnection, change: Redrawn<'_>) -> Result<Judged> {
    let pointer = |n: usize| format!("/children/{n}/geometry");
    let Redrawn { children, parents, noun_zh, .. } = change;
    let allowed = tolerance_m2(change.parents_m2);
    let mut faults = Vec::new();
    let lying = lying(conn, children, parents).await?;
    for clash in clashes(conn, children).await? {
        if clash.overlap_m2 > allowed {
            faults.push(Fault::new(
                pointer(clash.other),
                "children_overlap",
                at(
                    clash.at,
                    format!("与新{noun_zh} {} 重叠 {:.2} m²（容差 {allowed:.2} m²）", clash.one, clash.overlap_m2),
                    format!("overlaps child {} by {:.2} m² (tolerance {allowed:.2} m²)", clash.one, clash.overlap_m2),
                ),
            ));
        }
    }
    if change.keeps_the_land {
        let (gap, gap_at) = uncovered(conn, children, parents).await?;
        let beside: f64 = lying.iter().map(|of| of.outside_m2).sum();
        if gap + beside > allowed {
            for (n, of) in lying.iter().enumerate().filter(|(_, of)| of.outside_m2 > 0.0) {
                faults.push(Fault::new(
                    pointer(n),
                    "outside_parents",
                    at(
                        of.outside_at,
                        format!("超出来源{noun_zh} {:.2} m²（容差 {allowed:.2} m²）", of.outside_m2),
                        format!("lies {:.2} m² beside the parents (tolerance {allowed:.2} m²)", of.outside_m2),
                    ),
                ));
            }
            if gap > 0.0 {
                faults.push(Fault::new(
                    "/children",
                    "parents_uncovered",
                    at(
                        gap_at,
                        format!("来源{noun_zh}有 {gap:.2} m² 未被新{noun_zh}覆盖（容差 {allowed:.2} m²）"),
                        format!("{gap:.2} m² of the parents' land are in no child (tolerance {allowed:.2} m²)"),
                    ),
                ));
            }
        }
    } else {
        for (n, of) in lying.iter().enumerate() {
            if of.inside_m2 <= tolerance_m2(of.area_m2) {
                faults.push(Fault::new(
                    pointer(n),
                    "not_on_parent",
                    Text::new(
                        format!("更正后的边界与原{noun_zh}没有重叠。"),
                        "The corrected outline does not overlap the one that it corrects.",
                    ),
                ));
            }
        }
    }
    Ok(Judged { areas_m2: lying.into_iter().map(|of| of.area_m2).collect(), faults })
}

/// A sentence and where it is about.
pub fn at(spot: Option<Spot>, zh: String, en: String) -> Text {
    match spot {
        Some(Spot { lon, lat }) => Text::new(
            format!("{zh}，位置 [{lon:.6}, {lat:.6}]。"),
            format!("{}{}, at [{lon:.6}, {lat:.6}].", en[..1].to_uppercase(), &en[1..]),
        ),
        None => Text::new(format!("{zh}。"), format!("{}{}.", en[..1].to_uppercase(), &en[1..])),
    }
}

/// How an outline lies to land.
struct Lying {
    /// Its own ellipsoidal area, m².
    area_m2: f64,
    /// What of it lies on the land.
    inside_m2: f64,
    /// What of it lies beside the land.
    outside_m2: f64,
    /// A place beside the land.
    outside_at: Option<Spot>,
}

/// How each outline lies to some land together; in the order given.
async fn lying(conn: &mut PgConnection, outlines: &[Vec<u8>], land: &[Vec<u8>]) -> Result<Vec<Lying>> {
    let rows = sqlx::query!(
        r#"select st_area(c.g::geography) as "area_m2!",
               coalesce(st_area(st_collectionextract(st_intersection(c.g, l.g), 3)::geography), 0) as "inside_m2!",
               coalesce(st_area(d.g::geography), 0) as "outside_m2!",
               st_x(st_pointonsurface(d.g)) as lon, st_y(st_pointonsurface(d.g)) as lat
           from (select st_geomfromewkb(v.ewkb) as g, v.n from unnest($1::bytea[]) with ordinality as v (ewkb, n)) as c
               cross join (select st_union(st_geomfromewkb(v.ewkb)) as g from unnest($2::bytea[]) as v (ewkb)) as l
               cross join lateral (select st_collectionextract(st_difference(c.g, l.g), 3) as g) as d
           order by c.n"#,
        outlines,
        land,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Lying {
            area_m2: row.area_m2,
            inside_m2: row.inside_m2,
            outside_m2: row.outside_m2,
            outside_at: Spot::of(row.lon, row.lat),
        })
        .collect())
}

/// What of some land no outline covers: m², and a place in it.
async fn uncovered(conn: &mut PgConnection, outlines: &[Vec<u8>], land: &[Vec<u8>]) -> Result<(f64, Option<Spot>)> {
    let row = sqlx::query!(
        r#"select coalesce(st_area(d.g::geography), 0) as "m2!", st_x(st_pointonsurface(d.g)) as lon,
               st_y(st_pointonsurface(d.g)) as lat
           from (select st_union(st_geomfromewkb(v.ewkb)) as g from unnest($2::bytea[]) as v (ewkb)) as l
               cross join (select st_union(st_geomfromewkb(v.ewkb)) as g from unnest($1::bytea[]) as v (ewkb)) as c
               cross join lateral (select st_collectionextract(st_difference(l.g, c.g), 3) as g) as d"#,
        outlines,
        land,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.m2, Spot::of(row.lon, row.lat)))
}

/// Two outlines that overlap.
struct Clash {
    /// Place of the one in the list, from 0.
    one: usize,
    /// Place of the other, which is the later.
    other: usize,
    overlap_m2: f64,
    at: Option<Spot>,
}

/// Which outlines of a list overlap each other.
async fn clashes(conn: &mut PgConnection, outlines: &[Vec<u8>]) -> Result<Vec<Clash>> {
    let rows = sqlx::query!(
        r#"with c as materialized (
               select st_geomfromewkb(v.ewkb) as g, v.n from unnest($1::bytea[]) with ordinality as v (ewkb, n))
           select a.n as "one!", b.n as "other!", st_area(o.g::geography) as "overlap_m2!",
               st_x(st_pointonsurface(o.g)) as lon, st_y(st_pointonsurface(o.g)) as lat
           from c as a join c as b on a.n < b.n and a.g && b.g
               cross join lateral (select st_collectionextract(st_intersection(a.g, b.g), 3) as g) as o
           where not st_isempty(o.g)
           order by a.n, b.n"#,
        outlines,
    )
    .fetch_all(conn)
    .await?;
    let place = |n: i64| usize::try_from(n - 1).map_err(Error::internal);
    rows.into_iter()
        .map(|row| {
            let (one, other) = (place(row.one)?, place(row.other)?);
            Ok(Clash { one, other, overlap_m2: row.overlap_m2, at: Spot::of(row.lon, row.lat) })
        })
        .collect()
}
