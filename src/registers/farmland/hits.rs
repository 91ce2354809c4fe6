//! What land checks ask of farmland.

use super::store;
use crate::kernel::{Day, FarmlandUnitId, Result};
use crate::platform::overlay::Overlay;
use sqlx::PgConnection;

/// A unit that a parcel meets or lies near.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The unit.
    pub id: FarmlandUnitId,
    /// Its code.
    pub code: String,
    /// Where it lies.
    pub division_code: String,
    /// Its class on the day asked for; see [`super::CLASSES`].
    pub class: String,
    /// Permanent basic farmland; `None`: not known.
    pub pbf: Option<bool>,
    /// How it lies to the parcel.
    pub overlay: Overlay,
}

/// Units that the parcel (EWKB, EPSG:4490, valid) overlaps or touches, or that lie within `near_m` metres of it, largest
/// overlap first.
///
/// # Errors
/// When the database cannot be reached.
pub async fn hits(conn: &mut PgConnection, parcel: &[u8], on: Day, near_m: Option<f64>) -> Result<Vec<Hit>> {
    let rows = store::hits(conn, parcel, on, near_m).await?;
    rows.into_iter()
        .map(|row| {
            let overlay = Overlay::of(&row.relation, row.overlap_m2, row.distance_m, row.parcel_m2, row.area_m2)?;
            let store::HitRow { id, code, division_code, class, pbf, .. } = row;
            Ok(Hit { id, code, division_code, class, pbf, overlay })
        })
        .collect()
}
