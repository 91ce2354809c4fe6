//! What land checks ask of farmland.

use super::store;
use crate::kernel::{FarmlandUnitId, Result};
use crate::platform::overlay::{Met, Probe};
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
}

/// Units existing on the parcels' days that they overlap or touch, or that lie near them, as known then.
///
/// # Errors
/// When the database cannot be reached.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<Met<Hit>>> {
    let rows = store::hits(conn, probe).await?;
    let met = rows.into_iter().map(|row| {
        let store::HitRow { id, code, division_code, class, pbf, area_m2, place, overlap_m2, distance_m } = row;
        let record = Hit { id, code, division_code, class, pbf };
        probe.met(place, overlap_m2, distance_m, area_m2, record)
    });
    Ok(met.collect())
}
