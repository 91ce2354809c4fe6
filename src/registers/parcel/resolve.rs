//! Parcels by the code that somebody asks with, and what came of them.

use super::rules::{normal, parcel_code, real_estate_unit_number};
use super::store::{self, FoundRow};
use crate::kernel::{Day, Error, ParcelId, Result};
use crate::standards::land_use::{LandUse, LandUseSystem};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A parcel found by a code.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Its identifier.
    pub id: ParcelId,
    /// Its code as registered.
    pub code: String,
    /// The parcel code (宗地代码, 19 characters) in it, where it has that form.
    pub parcel_code: Option<String>,
    /// The real-estate unit number (不动产单元代码, 28 characters): as registered, else as asked.
    pub real_estate_unit_number: Option<String>,
    /// Where it lies.
    pub division_code: String,
    /// First day on which it exists; `None`: since before anything known.
    pub began_on: Option<Day>,
    /// First day on which it exists no more; `None`: it exists.
    pub ended_on: Option<Day>,
    /// Its outline as it is, or was when it last existed: EWKB, EPSG:4490.
    pub ewkb: Vec<u8>,
    /// Ellipsoidal area (CGCS2000), m².
    pub area_m2: f64,
    /// Where it lies, in words.
    pub address: Option<String>,
    /// Who uses it; for departments only.
    pub land_user: Option<LandUser>,
    /// What it is used for.
    pub current_use: Option<LandUse>,
    /// The parcels that came of it, through however many changes, and exist on the day; by code.
    pub successors: Vec<Successor>,
}

/// Who uses a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandUser {
    /// Name.
    pub name: Option<String>,
    /// Unified social credit code (GB 32100).
    pub credit_code: Option<String>,
}

/// A parcel that came of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Its identifier.
    pub id: ParcelId,
    /// Its code.
    pub code: String,
    /// First day on which it exists no more; `None`: it exists.
    pub ended_on: Option<Day>,
}

/// The parcel with a code, on a day, as known at an instant (`None`: now); `None` where the registry knows none. Parcels that
/// have ended are found too. A real-estate unit number that is not registered finds the parcel whose code begins it.
///
/// # Errors
/// When the database cannot be reached.
pub async fn resolve(
    conn: &mut PgConnection,
    code: &str,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Resolved>> {
    Ok(resolve_all(conn, &[code], &[on], known_at).await?.pop().flatten())
}

/// As [`resolve`], for many codes, each on its own day; in their order.
///
/// # Errors
/// When there are not as many days as codes (a fault of ours), or the database cannot be reached.
pub async fn resolve_all(
    conn: &mut PgConnection,
    codes: &[&str],
    on: &[Day],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Option<Resolved>>> {
    if codes.len() != on.len() {
        return Err(Error::internal(format!("{} codes, but {} days", codes.len(), on.len())));
    }
    let asked: Vec<String> = codes.iter().map(|code| normal(code)).collect();
    let parcels: Vec<Option<String>> =
        asked.iter().map(|code| parcel_code(code).filter(|parcel| parcel != code).map(str::to_owned)).collect();
    let mut all: Vec<Option<Resolved>> = codes.iter().map(|_| None).collect();
    let mut ended: (Vec<i64>, Vec<ParcelId>, Vec<Day>) = Default::default();
    for row in store::find(conn, &asked, &parcels, on, known_at).await? {
        let place = place(row.n)?;
        let (Some(slot), Some(asked), Some(day)) = (all.get_mut(place), asked.get(place), on.get(place)) else {
            return Err(Error::internal(format!("no code {} was asked for", row.n)));
        };
        if row.ended_on.is_some() {
            ended.0.push(row.n);
            ended.1.push(row.id);
            ended.2.push(*day);
        }
        *slot = Some(resolved(row, asked)?);
    }
    if !ended.0.is_empty() {
        for heir in store::heirs(conn, &ended.0, &ended.1, &ended.2, known_at).await? {
            if let Some(Some(resolved)) = all.get_mut(place(heir.n)?) {
                resolved.successors.push(Successor { id: heir.id, code: heir.code, ended_on: heir.ended_on });
            }
        }
    }
    Ok(all)
}

fn place(n: i64) -> Result<usize> {
    usize::try_from(n - 1).map_err(Error::internal)
}

fn resolved(row: FoundRow, asked: &str) -> Result<Resolved> {
    let current_use = row.land_use_system.zip(row.land_use_code).map(|(system, code)| {
        LandUseSystem::parse(&system)
            .and_then(|system| LandUse::parse(system, &code))
            .map_err(|fault| Error::internal(format!("a parcel's land use: {}", fault.message.en)))
    });
    let land_user = (row.land_user_name.is_some() || row.land_user_credit_code.is_some())
        .then_some(LandUser { name: row.land_user_name, credit_code: row.land_user_credit_code });
    Ok(Resolved {
        id: row.id,
        parcel_code: parcel_code(&row.code).map(str::to_owned),
        real_estate_unit_number: real_estate_unit_number(&row.code)
            .or_else(|| real_estate_unit_number(asked))
            .map(str::to_owned),
        code: row.code,
        division_code: row.division_code,
        began_on: row.began_on,
        ended_on: row.ended_on,
        ewkb: row.ewkb,
        area_m2: row.area_m2,
        address: row.address,
        land_user,
        current_use: current_use.transpose()?,
        successors: Vec::new(),
    })
}
