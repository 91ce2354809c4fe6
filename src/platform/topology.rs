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
    let row = sqlx::query!(
        r#"select d.valid as "valid!", d.reason, st_x(d.location) as x, st_y(d.location) as y,
               platform_area_m2(g) as area_m2, platform_area_m2(r.geom) as repaired_m2, st_asbinary(r.geom) as repaired
           from st_geomfromewkb($1) as g
               cross join lateral st_isvaliddetail(g) as d (valid, reason, location)
               left join lateral (
                   select m.geom from (select st_collectionextract(st_makevalid(g), 3) as geom offset 0) as m
                   where not st_isempty(m.geom)) as r on not d.valid"#,
        area.to_ewkb(),
    )
    .fetch_one(conn)
    .await?;
    if row.valid {
        let measurable = row.area_m2.is_some_and(|area_m2| area_m2 > 0.0);
        return Ok((!measurable).then(|| no_area(pointer)));
    }
    let said = said(row.reason.as_deref().unwrap_or_default(), row.x, row.y);
    let (Some(wkb), Some(after)) = (row.repaired, row.repaired_m2.filter(|area_m2| *area_m2 > 0.0)) else {
        return Ok(Some(Fault::new(pointer, "invalid_geometry", said)));
    };
    let mut text = Vec::new();
    wkb::to_geojson(&wkb, DECIMALS, &mut text).map_err(Error::internal)?;
    let before = row.area_m2.map_or_else(|| "?".to_owned(), |area_m2| format!("{area_m2:.1}"));
    let message = Text::new(
        format!("{}修复建议见 proposal：面积由 {before} m² 变为 {after:.1} m²；请核对后重新提交。", said.zh),
        format!(
            "{} `proposal` holds a repair: the area was {before} m² and would be {after:.1} m²; look at it and send it if it \
             is what you mean.",
            said.en
        ),
    );
    let proposal = serde_json::from_slice(&text).map_err(Error::internal)?;
    Ok(Some(Fault::new(pointer, "invalid_geometry", message).proposing(proposal)))
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
