//! How registered areas lie to parcels: what registers are asked by checks, for many parcels at once.

use crate::kernel::Day;
use chrono::{DateTime, Utc};

/// The parcels that registers are asked about in one statement each. Columns, because they are bound as arrays; all have
/// one entry per parcel, in the same order.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Outlines: EWKB, EPSG:4490, valid.
    pub ewkb: Vec<Vec<u8>>,
    /// Their ellipsoidal areas, m².
    pub area_m2: Vec<f64>,
    /// The day on which what a record says must be true.
    pub on: Vec<Day>,
    /// What the registers knew at an instant; `None`: what they know now.
    pub known_at: Option<DateTime<Utc>>,
    /// Records within this distance are met too, m; `None`: only those that overlap or touch.
    pub near_m: Option<f64>,
}

/// A record that a parcel of a [`Probe`] meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Met<T> {
    /// Which parcel: its place in the probe.
    pub parcel: usize,
    /// The record.
    pub record: T,
    /// How it lies to the parcel.
    pub overlay: Overlay,
}

impl Probe {
    /// One parcel, met by what overlaps or touches it as known now.
    pub fn one(ewkb: Vec<u8>, area_m2: f64, on: Day) -> Probe {
        Probe { ewkb: vec![ewkb], area_m2: vec![area_m2], on: vec![on], known_at: None, near_m: None }
    }

    /// Places of the parcels, to be bound beside the columns.
    pub fn places(&self) -> Vec<i32> {
        (0..).take(self.ewkb.len()).collect()
    }

    /// A record that the database says a parcel meets: place in the probe, area shared (`None`: none at all), distance,
    /// area of the record.
    pub fn met<T>(&self, place: i32, overlap_m2: Option<f64>, distance_m: f64, record_m2: f64, record: T) -> Met<T> {
        let parcel = usize::try_from(place).unwrap_or_default();
        let parcel_m2 = self.area_m2.get(parcel).copied().unwrap_or_default();
        Met { parcel, record, overlay: Overlay::of(overlap_m2, distance_m, parcel_m2, record_m2) }
    }
}

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
    /// From what the database answered: `overlap_m2` is `None` where the two are apart, 0 where they touch.
    fn of(overlap_m2: Option<f64>, distance_m: f64, parcel_m2: f64, record_m2: f64) -> Overlay {
        let relation = match overlap_m2 {
            None => Relation::Near,
            Some(m2) if m2 > 0.0 => Relation::Overlaps,
            Some(_) => Relation::Touches,
        };
        let overlap_m2 = overlap_m2.unwrap_or_default();
        Overlay {
            relation,
            overlap_m2,
            share_of_parcel: share(overlap_m2, parcel_m2),
            share_of_record: share(overlap_m2, record_m2),
            distance_m,
        }
    }
}

/// A share from 0 to 1; rounding of areas never makes it more than the whole.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}
