//! What land checks ask of coverage.

use super::store::{self, CoverRow};
use crate::kernel::{Day, Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What is known of a parcel as regards one register.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// One of [`super::REGISTERS`].
    pub register: &'static str,
    /// Share of the parcel, 0 to 1, for which the register is kept.
    pub kept: f64,
    /// Share of the parcel, 0 to 1, that was investigated for it and found clean.
    pub investigated_clean: f64,
    /// The latest day whose state any of it tells; `None` where nothing is said.
    pub as_of: Option<Day>,
    /// The coverage areas that say so, `investigated_clean` before `kept`, the latest first. Their shares may overlap.
    pub sources: Vec<Source>,
}

/// A coverage area that speaks of a register on a parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Code of the coverage area.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `kept` or `investigated_clean`.
    pub status: &'static str,
    /// Who says so: report, notice, document.
    pub source: Option<String>,
    /// The day whose state it tells.
    pub as_of: Day,
    /// Share of the parcel that it takes in, above 0, at most 1.
    pub share: f64,
}

/// For each parcel (EWKB, EPSG:4490, valid) on its day of `on`, one status per register in the order of
/// [`super::REGISTERS`], as known at an instant (`None`: now). Parcels come back in their order; one statement for all.
///
/// # Errors
/// When there are not as many days as parcels (a fault of ours), or the database cannot be reached.
pub async fn statuses(
    conn: &mut PgConnection,
    parcels: &[&[u8]],
    on: &[Day],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Vec<Status>>> {
    if parcels.len() != on.len() {
        return Err(Error::internal(format!("{} parcels, but {} days", parcels.len(), on.len())));
    }
    let nothing = |register| Status { register, kept: 0.0, investigated_clean: 0.0, as_of: None, sources: Vec::new() };
    let mut all: Vec<Vec<Status>> =
        parcels.iter().map(|_| super::REGISTERS.into_iter().map(nothing).collect()).collect();
    for row in store::covers(conn, parcels, on, known_at).await? {
        let place = usize::try_from(row.n - 1).map_err(Error::internal)?;
        let of_parcel =
            all.get_mut(place).ok_or_else(|| Error::internal(format!("no parcel {} was asked for", row.n)))?;
        for status in of_parcel.iter_mut().filter(|status| row.registers.iter().any(|r| r == status.register)) {
            add(status, &row)?;
        }
    }
    Ok(all)
}

/// The statuses of one parcel as known now; see [`statuses`].
///
/// # Errors
/// As [`statuses`].
pub async fn statuses_of(conn: &mut PgConnection, parcel: &[u8], on: Day) -> Result<Vec<Status>> {
    Ok(statuses(conn, &[parcel], &[on], None).await?.pop().unwrap_or_default())
}

/// Takes what a coverage area says, or what several of them take in together, into a status.
fn add(status: &mut Status, row: &CoverRow) -> Result<()> {
    let (name, share) = match row.status.as_str() {
        "kept" => ("kept", &mut status.kept),
        "investigated_clean" => ("investigated_clean", &mut status.investigated_clean),
        other => return Err(Error::internal(format!("no such status of coverage: {other}"))),
    };
    let part = row.share.clamp(0.0, 1.0);
    // What several areas take in together is at least what the largest of them does.
    *share = share.max(part);
    if let Some(area) = &row.area {
        status.as_of = status.as_of.max(Some(area.as_of));
        status.sources.push(Source {
            code: area.code.clone(),
            name: area.name.clone(),
            status: name,
            source: area.source.clone(),
            as_of: area.as_of,
            share: part,
        });
    }
    Ok(())
}
