//! What the classification of farmland asks: the samples in units.

use super::store;
use crate::kernel::quantity::{Measured, Unit};
use crate::kernel::{Day, Decimal, Error, FarmlandUnitId, Result, SampleId, SamplingPointId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// The five elements that farmland is classified by, in the order of every array here: cadmium, mercury, arsenic, lead,
/// chromium (total).
pub const ELEMENTS: [&str; 5] = ["cadmium", "mercury", "arsenic", "lead", "chromium"];

/// A soil or crop sample that was taken in a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct PointSample {
    /// The sample.
    pub sample_id: SampleId,
    /// Its code.
    pub code: String,
    /// Where it was taken.
    pub point_id: SamplingPointId,
    /// Code of that point.
    pub point_code: String,
    /// Longitude of the point, CGCS2000.
    pub lon: f64,
    /// Latitude of the point, CGCS2000.
    pub lat: f64,
    /// Whose sampling it is; see [`super::PROGRAMS`].
    pub program: String,
    /// Soil pH; `None`: not measured.
    pub ph: Option<Decimal>,
    /// `soil` or `crop`.
    pub medium: String,
    /// Name of the crop.
    pub product: Option<String>,
    /// Civil day of sampling.
    pub sampled_on: Day,
    /// Upper end, metres below ground; `None`: not stated.
    pub depth_from_m: Option<Decimal>,
    /// What was found of [`ELEMENTS`], as stated; `None`: not analysed.
    pub results: [Option<Measured>; 5],
    /// Limits of [`ELEMENTS`] that the report of a crop sample states.
    pub crop_limits: [Option<StatedLimit>; 5],
}

/// A limit as a report states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLimit {
    /// mg/kg, exact.
    pub mg_kg: Decimal,
    /// Where the report says that it is from.
    pub instrument: Option<String>,
}

/// Which units.
#[derive(Debug, Clone, Copy)]
pub enum Units<'a> {
    /// These.
    Ids(&'a [FarmlandUnitId]),
    /// Those of a division and below, by its code.
    Division(&'a str),
}

/// Samples of soil and crops taken on or before `on`, not withdrawn, whose point lies in a unit that exists on `on`, as
/// known at `known_at` (`None`: now). Every sample is given, older ones of a point as well; by unit, then point, then day.
/// A point on a common border is in both units.
///
/// # Errors
/// When the database cannot be reached.
pub async fn within_units(
    conn: &mut PgConnection,
    units: Units<'_>,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<(FarmlandUnitId, PointSample)>> {
    let (ids, division) = match units {
        Units::Ids(ids) => (Some(ids), None),
        Units::Division(code) => (None, Some(code)),
    };
    let inside = store::points_inside(conn, ids, division, on, known_at).await?;
    let points: HashSet<SamplingPointId> = inside.iter().map(|row| row.point_id).collect();
    let points: Vec<SamplingPointId> = points.into_iter().collect();
    let substances = ELEMENTS.map(str::to_owned);
    let mut samples: HashMap<SamplingPointId, Vec<store::BesideRow>> = HashMap::new();
    for row in store::samples_of(conn, &points, on, known_at, &substances).await? {
        samples.entry(row.point_id).or_default().push(row);
    }
    let mut inside: Vec<store::InsideRow> =
        inside.into_iter().filter(|row| samples.contains_key(&row.point_id)).collect();
    inside.sort_by(|a, b| (a.unit_id, &a.code).cmp(&(b.unit_id, &b.code)));
    let mut out = Vec::new();
    for point in &inside {
        for row in samples.get(&point.point_id).into_iter().flatten() {
            out.push((point.unit_id, sample(point, row)?));
        }
    }
    Ok(out)
}

fn sample(point: &store::InsideRow, row: &store::BesideRow) -> Result<PointSample> {
    let mut results = [None; 5];
    let mut crop_limits = [const { None }; 5];
    for (at, substance) in row.substances.iter().enumerate() {
        let Some(element) = ELEMENTS.iter().position(|key| key == substance) else { continue };
        let unit = Unit::parse(&row.units[at]).map_err(|fault| Error::internal(fault.message.en.into_owned()))?;
        results[element] = Some(Measured { below: row.belows[at], value: row.values[at], unit });
        crop_limits[element] =
            row.limits[at].map(|mg_kg| StatedLimit { mg_kg, instrument: row.instruments[at].clone() });
    }
    Ok(PointSample {
        sample_id: row.id,
        code: row.code.clone(),
        point_id: point.point_id,
        point_code: point.code.clone(),
        lon: point.lon,
        lat: point.lat,
        program: row.program.clone(),
        ph: row.ph,
        medium: row.medium.clone(),
        product: row.product.clone(),
        sampled_on: row.sampled_on,
        depth_from_m: row.depth_from_m,
        results,
        crop_limits,
    })
}
