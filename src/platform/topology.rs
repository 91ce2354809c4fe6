//! Whether rings cross, and where: PostGIS decides, so that what is stored is what it can compute with.

use crate::kernel::{Area, Error, Fault, Result, Text};
use sqlx::PgConnection;

/// Checks an area's topology. `pointer` is where its geometry stands in the request.
///
/// # Errors
/// `invalid_geometry` with the reason and the place (longitude, latitude) of the first fault.
pub async fn check(conn: &mut PgConnection, area: &Area, pointer: &str) -> Result<()> {
    match fault(conn, area, pointer).await? {
        Some(fault) => Err(Error::invalid(vec![fault])),
        None => Ok(()),
    }
}

/// The first fault of an area's topology, if it has one.
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
               case when d.valid then platform_area_m2(g.geom) end as area_m2
           from unnest($1::bytea[]) with ordinality as q (ewkb, n)
               cross join lateral (select st_geomfromewkb(q.ewkb) as geom offset 0) as g
               cross join lateral st_isvaliddetail(g.geom) as d (valid, reason, location)
           order by q.n"#,
        ewkb,
    )
    .fetch_all(conn)
    .await?;
    let judged = rows.into_iter().map(|row| match (row.valid, row.area_m2) {
        (true, Some(area_m2)) if area_m2 > 0.0 => Ok(area_m2),
        (true, _) => Err(no_area(pointer)),
        (false, _) => {
            Err(Fault::new(pointer, "invalid_geometry", said(row.reason.as_deref().unwrap_or_default(), row.x, row.y)))
        }
    });
    Ok(judged.collect())
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
