//! How a registered area lies to a parcel: what `platform_overlay` of the database answers.

use crate::kernel::{Error, Result};

/// How two areas lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// They share ground.
    Overlaps,
    /// They share an edge or a point only.
    Touches,
    /// They are apart, within the distance asked for.
    Near,
}

impl Relation {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Relation::Overlaps => "overlaps",
            Relation::Touches => "touches",
            Relation::Near => "near",
        }
    }
}

/// A registered area beside a parcel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    /// How they lie.
    pub relation: Relation,
    /// Ellipsoidal area of the ground they share, m².
    pub overlap_m2: f64,
    /// Share of the parcel, 0 to 1.
    pub share_of_parcel: f64,
    /// Share of the registered area, 0 to 1.
    pub share_of_record: f64,
    /// Ellipsoidal distance, m; 0 when they meet.
    pub distance_m: f64,
}

impl Overlay {
    /// From what the database answered.
    ///
    /// # Errors
    /// When the relation is none that `platform_overlay` gives: a fault of ours.
    pub fn of(relation: &str, overlap_m2: f64, distance_m: f64, parcel_m2: f64, record_m2: f64) -> Result<Overlay> {
        let relation = match relation {
            "overlaps" => Relation::Overlaps,
            "touches" => Relation::Touches,
            "near" => Relation::Near,
            other => return Err(Error::internal(format!("no such relation: {other}"))),
        };
        Ok(Overlay {
            relation,
            overlap_m2,
            share_of_parcel: share(overlap_m2, parcel_m2),
            share_of_record: share(overlap_m2, record_m2),
            distance_m,
        })
    }
}

/// A share from 0 to 1; rounding of areas never makes it more than the whole.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}
