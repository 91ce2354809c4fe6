//! What land checks ask of key units.

use super::store;
use crate::kernel::{Day, KeyUnitId, Result};
use crate::platform::overlay::{Met, Probe};
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
            credit_code,
            division_code,
            industry,
            listed_on,
            area_m2,
            place,
            overlap_m2,
            distance_m,
        } = row;
        let record = Hit { id, code, name, credit_code, division_code, industry, listed_on };
        probe.met(place, overlap_m2, distance_m, area_m2, record)
    });
    Ok(met.collect())
}
