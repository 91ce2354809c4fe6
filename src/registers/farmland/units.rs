//! What others ask of farmland units.

pub use super::store::lineage::Kin;
use super::store::{self, UnitRow, When};
use crate::kernel::{Day, FarmlandUnitId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A farmland unit as known at an instant, with what is true of it on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its identifier.
    pub id: FarmlandUnitId,
    /// Its code.
    pub code: String,
    /// The division (county) it lies in.
    pub division_code: String,
    /// Its land type on the day; see [`super::LAND_TYPES`].
    pub land_type: String,
    /// Its class on the day; see [`super::CLASSES`].
    pub class: String,
    /// Permanent basic farmland; `None`: not known.
    pub pbf: Option<bool>,
    /// Ellipsoidal area (CGCS2000), m².
    pub area_m2: f64,
    /// What grows there, as known at the instant.
    pub crop: Option<String>,
    /// First day on which it exists; `None`: since before anything known.
    pub began_on: Option<Day>,
    /// First day on which it exists no more; `None`: it exists. A unit made in error ends on the day it begins.
    pub ended_on: Option<Day>,
    /// Counts the versions of its record.
    pub revision: i32,
}

impl Unit {
    /// Whether the unit exists on a day.
    pub fn exists_on(&self, day: Day) -> bool {
        self.began_on.is_none_or(|began| began <= day) && self.ended_on.is_none_or(|ended| ended > day)
    }
}

impl From<UnitRow> for Unit {
    fn from(row: UnitRow) -> Unit {
        Unit {
            id: row.id,
            code: row.code,
            division_code: row.division_code,
            land_type: row.land_type,
            class: row.class,
            pbf: row.pbf,
            area_m2: row.area_m2,
            crop: row.crop,
            began_on: row.began_on,
            ended_on: row.ended_on,
            revision: row.revision,
        }
    }
}

/// A unit with its class and land type on a day, as known at an instant (`None`: now); also one that does not exist on that
/// day, see [`Unit::exists_on`]. Nobody's scope is looked at: the caller of this asks for its own record.
///
/// # Errors
/// When the database cannot be reached.
pub async fn unit(
    conn: &mut PgConnection,
    id: FarmlandUnitId,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Unit>> {
    Ok(units(conn, &[id], on, known_at).await?.pop())
}

/// Several units at once, in the order of their codes; see [`unit`]. One that the registry did not know is left out.
///
/// # Errors
/// When the database cannot be reached.
pub async fn units(
    conn: &mut PgConnection,
    ids: &[FarmlandUnitId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Unit>> {
    let rows = store::among(conn, ids, When { on, known_at }).await?;
    let mut units: Vec<Unit> = rows.into_iter().map(Unit::from).collect();
    units.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(units)
}

/// What a unit came of, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// The units that it came of.
    pub parents: Vec<Kin>,
    /// The units that came of it.
    pub children: Vec<Kin>,
}

/// Parents and children of a unit, as known now; empty where it is as it was registered and exists.
///
/// # Errors
/// When the database cannot be reached.
pub async fn lineage(conn: &mut PgConnection, id: FarmlandUnitId) -> Result<Lineage> {
    let kin = store::lineage::kin(conn, &[id], None).await?;
    let (children, parents) = kin.into_iter().partition(|kin| kin.child);
    Ok(Lineage { parents, children })
}
