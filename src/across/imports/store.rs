//! What imports ask the database itself: reference systems. They write through their registers only.

use crate::kernel::Result;
use sqlx::PgPool;

/// Definition of a reference system; `None` where there is none of that code.
pub(super) async fn srtext(db: &PgPool, code: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(srtext, '') as "srtext!" from spatial_ref_sys where srid = $1 and auth_name = 'EPSG'"#,
        code
    )
    .fetch_optional(db)
    .await?)
}

/// The points in CGCS2000 longitude, latitude; `None` when one of them lies outside the system's domain. Asked outside of
/// the act's transaction, which the database would break off with the first such point.
pub(super) async fn to_lon_lat(db: &PgPool, code: i32, points: &[[f64; 2]]) -> Result<Option<Vec<[f64; 2]>>> {
    if points.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let xs: Vec<f64> = points.iter().map(|point| point[0]).collect();
    let ys: Vec<f64> = points.iter().map(|point| point[1]).collect();
    let turned = sqlx::query!(
        r#"select st_x(p.turned) as "x!", st_y(p.turned) as "y!"
           from (select n, st_transform(st_setsrid(st_makepoint(x, y), $3::int), 4490) as turned
                 from unnest($1::float8[], $2::float8[]) with ordinality as given (x, y, n)) as p
           order by p.n"#,
        &xs,
        &ys,
        code,
    )
    .fetch_all(db)
    .await;
    match turned {
        Ok(rows) => {
            let finite = rows.iter().all(|row| row.x.is_finite() && row.y.is_finite());
            Ok(finite.then(|| rows.into_iter().map(|row| [row.x, row.y]).collect()))
        }
        // XX000 with PROJ's word in it: the projection refuses the point.
        Err(sqlx::Error::Database(db)) if db.message().contains("transform") => Ok(None),
        Err(other) => Err(other.into()),
    }
}
