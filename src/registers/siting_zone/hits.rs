//! What siting checks ask of zones and orders.

use super::store;
use crate::kernel::{ApprovalRestrictionId, Day, Result, SitingZoneId};
use crate::platform::overlay::{Met, Probe};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A zone that a parcel meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its identifier.
    pub id: SitingZoneId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// One of [`super::KINDS`].
    pub kind: String,
    /// Where it lies.
    pub division_code: String,
    /// Who published it.
    pub published_by: String,
    /// The day from which it holds.
    pub published_on: Day,
    /// Number of the publication.
    pub document_number: Option<String>,
}

/// Zones holding on the parcels' days that they overlap or touch, or that lie near them, as known then.
///
/// # Errors
/// When the database cannot be reached.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<Met<Hit>>> {
    let rows = store::hits(conn, probe).await?;
    let met = rows.into_iter().map(|row| {
        let store::HitRow { id, code, name, kind, division_code, published_by, published_on, document_number, .. } =
            row;
        let record = Hit { id, code, name, kind, division_code, published_by, published_on, document_number };
        probe.met(row.place, row.overlap_m2, row.distance_m, row.area_m2, record)
    });
    Ok(met.collect())
}

/// That the zones of a kind are known in a division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// One of [`super::KINDS`].
    pub kind: String,
    /// The latest day that is told of.
    pub as_of: Day,
}

/// The kinds of zones that are known on a day in a division, given as its codes from the nation down to it; as known at an
/// instant (`None`: now). A kind that is not among them was not published: whether there are zones is unknown.
///
/// # Errors
/// When the database cannot be reached.
pub async fn published(
    conn: &mut PgConnection,
    ancestors: &[String],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Published>> {
    let rows = store::published(conn, ancestors, on, known_at).await?;
    Ok(rows.into_iter().map(|(kind, as_of)| Published { kind, as_of }).collect())
}

/// An order that limits approvals.
#[derive(Debug, Clone, PartialEq)]
pub struct Restriction {
    /// Its identifier.
    pub id: ApprovalRestrictionId,
    /// The division that it was ordered for, with those below.
    pub division_code: String,
    /// One of [`super::LABELS`].
    pub label: String,
    /// One of [`super::COVERS`].
    pub covers: String,
    /// The scope in its own words.
    pub scope: String,
    /// First day.
    pub from_on: Day,
    /// Last day, where it has one.
    pub until_on: Option<Day>,
    /// Who ordered it.
    pub authority: String,
    /// Its number.
    pub document_number: Option<String>,
}

/// Orders that hold on a day in any of some divisions, as known at an instant (`None`: now).
///
/// # Errors
/// When the database cannot be reached.
pub async fn restrictions(
    conn: &mut PgConnection,
    divisions: &[String],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Restriction>> {
    let rows = store::restrictions(conn, divisions, on, known_at).await?;
    let order = |row: store::RestrictionRow| Restriction {
        id: row.id,
        division_code: row.division_code,
        label: row.label,
        covers: row.covers,
        scope: row.scope,
        from_on: row.from_on,
        until_on: row.until_on,
        authority: row.authority,
        document_number: row.document_number,
    };
    Ok(rows.into_iter().map(order).collect())
}
