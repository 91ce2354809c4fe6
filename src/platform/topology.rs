//! Whether rings cross, and where: PostGIS decides, so that what is stored is what it can compute with.

use crate::kernel::{Area, Error, Fault, Result, Text, wkb};
use sqlx::PgConnection;

/// Decimals of degrees of a proposal: a tenth of a millimetre.
const DECIMALS: u8 = 9;

/// Checks an area's topology. `pointer` is where its geometry stands in the request.
///
/// # Errors
/// `invalid_geometry` with the reason and the place (longitude, latitude) of the first fault, and, where a repair leaves an
/// area, the repaired outline as a proposal.
pub async fn check(conn: &mut PgConnection, area: &Area, pointer: &str) -> Result<()> {
    match fault(conn, area, pointer).await? {
        Some(fault) => Err(Error::invalid(vec![fault])),
        None => Ok(()),
    }
}

/// The first fault of an area's topology, if it has one; with a proposal, see [`check`].
///
/// # Errors
/// When the database cannot be reached.
pub async fn fault(conn: &mut PgConnection, area: &Area, pointer: &str) -> Result<Option<Fault>> {
    let mut judged = measure(conn, &[area.to_ewkb()], pointer).await?;
    Ok(judged.pop().and_then(Result::err))
}

/// The ellipsoidal area (CGCS2000, m²) of each outline (EWKB, EPSG:4490), or the first fault of its topology. `pointer` is
/// where the geometry stands in each request.
///
/// # Errors
/// When the database cannot be reached.
pub async fn measure(conn: &mut PgConnection, ewkb: &[Vec<u8>], pointer: &str) -> Result<Vec<Result<f64, Fault>>> {
    let rows = sqlx::query!(
        r#"select d.valid as "valid!", d.reason, st_x(d.location) as x, st_y(d.location) as y,
               platform_area_m2(g.geom) as area_m2, platform_area_m2(r.geom) as repaired_m2, st_asbinary(r.geom) as repaired
           from unnest($1::bytea[]) with ordinality as q (ewkb, n)
               cross join lateral (select st_geomfromewkb(q.ewkb) as geom offset 0) as g
               cross join lateral st_isvaliddetail(g.geom) as d (valid, reason, location)
               left join lateral (
                   select m.geom from (select st_collectionextract(st_makevalid(g.geom), 3) as geom offset 0) as m
                   where not st_isempty(m.geom)) as r on not d.valid
           order by q.n"#,
        ewkb,
    )
    .fetch_all(conn)
    .await?;
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        judged.push(match row.area_m2 {
            Some(area_m2) if row.valid && area_m2 > 0.0 => Ok(area_m2),
            _ if row.valid => Err(no_area(pointer)),
            before => {
                let said = said(row.reason.as_deref().unwrap_or_default(), row.x, row.y);
                Err(faulty(pointer, said, before, row.repaired.zip(row.repaired_m2))?)
            }
        });
    }
    Ok(judged)
}

/// The fault of an outline that crosses itself, with what a repair would make of it where one makes an area.
fn faulty(pointer: &str, said: Text, before_m2: Option<f64>, repaired: Option<(Vec<u8>, f64)>) -> Result<Fault> {
    let Some((wkb, after)) = repaired.filter(|(_, area_m2)| *area_m2 > 0.0) else {
        return Ok(Fault::new(pointer, "invalid_geometry", said));
    };
    let mut text = Vec::new();
    wkb::to_geojson(&wkb, DECIMALS, &mut text).map_err(Error::internal)?;
    let before = before_m2.map_or_else(|| "?".to_owned(), |area_m2| format!("{area_m2:.1}"));
    let message = Text::new(
        format!("{}修复建议见 proposal：面积由 {before} m² 变为 {after:.1} m²；请核对后重新提交。", said.zh),
        format!(
            "{} `proposal` holds a repair: the area was {before} m² and would be {after:.1} m²; look at it and send it if it \
             is what you mean.",
            said.en
        ),
    );
    let proposal = serde_json::from_slice(&text).map_err(Error::internal)?;
    Ok(Fault::new(pointer, "invalid_geometry", message).proposing(proposal))
}

/// Ellipsoidal area (CGCS2000) of a valid outline in EWKB, m².
///
/// # Errors
/// When the database cannot be reached.
pub async fn area_m2(conn: &mut PgConnection, ewkb: &[u8]) -> Result<f64> {
    let area = sqlx::query_scalar!(r#"select st_area(st_geomfromewkb($1)::geography) as "area!""#, ewkb);
    Ok(area.fetch_one(conn).await?)
}

/// The fault of an outline that encloses no area, or goes round the world and has no definite one.
pub(super) fn no_area(pointer: &str) -> Fault {
    Fault::new(
        pointer,
        "no_area",
        Text::fixed(
            "图形没有可量算的面积（过小或环绕全球）。",
            "The outline has no area that can be measured: it is too small, or goes round the world.",
        ),
    )
}

/// GEOS's reason and the place of the fault as a sentence in both languages.
pub(super) fn said(reason: &str, x: Option<f64>, y: Option<f64>) -> Text {
    let zh = match reason {
        "Self-intersection" => "边界自相交",
        "Ring Self-intersection" => "环自相交",
        "Hole lies outside shell" => "孔在外环之外",
        "Holes are nested" => "孔互相嵌套",
        "Interior is disconnected" => "内部不连通",
        "Nested shells" => "外环互相嵌套",
        "Duplicate Rings" => "环重复",
        "Too few points in geometry component" => "环的点太少",
        _ => "几何拓扑无效",
    };
    let place = match (x, y) {
        (Some(x), Some(y)) => format!("[{x}, {y}]"),
        _ => "?".to_owned(),
    };
    Text::new(format!("{zh}，位置 {place}。"), format!("{reason} at {place}."))
}
