//! What land checks ask of key units.

use super::store;
use crate::kernel::{Day, KeyUnitId, Result};
use crate::platform::overlay::Overlay;
use sqlx::PgConnection;

/// A key unit that a parcel meets or lies near.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its identifier.
    pub id: KeyUnitId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Unified social credit code.
    pub credit_code: Option<String>,
    /// Where it lies.
    pub division_code: String,
    /// GB/T 4754-2017.
    pub industry: Option<String>,
    /// The day it was listed.
    pub listed_on: Day,
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
            let store::HitRow { id, code, name, credit_code, division_code, industry, listed_on, .. } = row;
            Ok(Hit { id, code, name, credit_code, division_code, industry, listed_on, overlay })
        })
        .collect()
}
