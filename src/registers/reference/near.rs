//! What checks ask of reference layers.

use super::store;
use crate::kernel::{Day, ReferenceFeatureId, Result};
use crate::platform::overlay::Relation;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A kind of features that is looked for, and how far.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    /// One of [`super::KINDS`].
    pub kind: &'static str,
    /// Ellipsoidal metres from the parcel; `None`: only what it meets.
    pub metres: Option<f64>,
}

/// A feature that a parcel meets or lies near.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// The feature.
    pub id: ReferenceFeatureId,
    /// Name of its layer.
    pub layer: String,
    /// Kind of its layer.
    pub kind: String,
    /// Its code at its source.
    pub code: String,
    /// Its name.
    pub name: Option<String>,
    /// How it lies to the parcel; a point inside overlaps.
    pub relation: Relation,
    /// Ellipsoidal area shared, m²; 0 for points and lines.
    pub overlap_m2: f64,
    /// Ellipsoidal distance, m; 0 when they meet.
    pub distance_m: f64,
}

/// A layer that is complete for a division.
#[derive(Debug, Clone, PartialEq)]
pub struct Covering {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Who keeps the data.
    pub source: Option<String>,
    /// The day whose state it tells, or where its source does not say the day of its last import.
    pub as_of: Option<Day>,
}

/// Features there on `on` that a parcel (EWKB, EPSG:4490, valid) meets, or that lie as near as asked for their kind, by kind,
/// nearest first, at most `limit` of each; as known at an instant (`None`: now).
///
/// # Errors
/// When the database cannot be reached.
pub async fn near(
    conn: &mut PgConnection,
    parcel: &[u8],
    within: &[Within],
    on: Day,
    known_at: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Near>> {
    let kinds: Vec<String> = within.iter().map(|one| one.kind.to_owned()).collect();
    let metres: Vec<Option<f64>> = within.iter().map(|one| one.metres).collect();
    let rows = store::near(conn, parcel, &kinds, &metres, on, known_at, limit).await?;
    let near = |row: store::NearRow| Near {
        relation: match row.relation.as_str() {
            "overlaps" => Relation::Overlaps,
            "touches" => Relation::Touches,
            _ => Relation::Near,
        },
        id: row.id,
        layer: row.layer,
        kind: row.kind,
        code: row.code,
        name: row.name,
        overlap_m2: row.overlap_m2,
        distance_m: row.distance_m,
    };
    Ok(rows.into_iter().map(near).collect())
}

/// The loaded layers of some kinds that are complete for a division, given as its codes from the nation down to it; as known
/// at an instant (`None`: now).
///
/// # Errors
/// When the database cannot be reached.
pub async fn covering(
    conn: &mut PgConnection,
    ancestors: &[String],
    kinds: &[&str],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Covering>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let rows = store::covering(conn, ancestors, &kinds, known_at).await?;
    let layer =
        |row: store::CoveringRow| Covering { kind: row.kind, name: row.name, source: row.source, as_of: row.as_of };
    Ok(rows.into_iter().map(layer).collect())
}
