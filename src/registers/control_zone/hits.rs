//! What land checks ask of control zones.

use super::store;
use crate::kernel::{ControlZoneId, Day, Result};
use crate::platform::overlay::Overlay;
use sqlx::PgConnection;

/// A control zone that a parcel meets or lies near.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its identifier.
    pub id: ControlZoneId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub division_code: String,
    /// The site it was drawn for.
    pub site_code: Option<String>,
    /// Temporarily undeveloped land (暂不开发利用).
    pub undeveloped: bool,
    /// The government that approved it.
    pub approved_by: String,
    /// The day of approval.
    pub approved_on: Day,
    /// Number of the approval.
    pub document_number: Option<String>,
    /// How it lies to the parcel.
    pub overlay: Overlay,
}

/// Those holding on `on` that the parcel (EWKB, EPSG:4490, valid) overlaps or touches, or that lie within `near_m` metres
/// of it, largest overlap first.
///
/// # Errors
/// When the database cannot be reached.
pub async fn hits(conn: &mut PgConnection, parcel: &[u8], on: Day, near_m: Option<f64>) -> Result<Vec<Hit>> {
    let rows = store::hits(conn, parcel, on, near_m).await?;
    rows.into_iter()
        .map(|row| {
            let overlay = Overlay::of(&row.relation, row.overlap_m2, row.distance_m, row.parcel_m2, row.area_m2)?;
            let store::HitRow {
                id,
                code,
                name,
                division_code,
                site_code,
                undeveloped,
                approved_by,
                approved_on,
                document_number,
                ..
            } = row;
            Ok(Hit {
                id,
                code,
                name,
                division_code,
                site_code,
                undeveloped,
                approved_by,
                approved_on,
                document_number,
                overlay,
            })
        })
        .collect()
}
