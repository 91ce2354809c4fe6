//! What land checks ask of control zones.

use super::store;
use crate::kernel::{ControlZoneId, Day, Result};
use crate::platform::overlay::{Met, Probe};
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
}

/// Those holding on the parcels' days that they overlap or touch, or that lie near them, as known then.
///
/// # Errors
/// When the database cannot be reached.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<Met<Hit>>> {
    let rows = store::hits(conn, probe).await?;
    let met = rows.into_iter().map(|row| {
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
            area_m2,
            place,
            overlap_m2,
            distance_m,
        } = row;
        let record =
            Hit { id, code, name, division_code, site_code, undeveloped, approved_by, approved_on, document_number };
        probe.met(place, overlap_m2, distance_m, area_m2, record)
    });
    Ok(met.collect())
}
