//! The classification as a dry run: land and samples are gathered, weighed, and nothing is written.

use super::super::rules::classify::{
    Element, Finding, Given, Grade, Medium, PARAMETERS, Part, STANDARD_FROM, Sample, Settings, Unit, Weighed,
    is_topsoil,
};
use super::super::store::When;
use super::super::store::classify::{self as store, Cell, LandRow, PartRow, Which};
use crate::kernel::{Area, Day, Decimal, Error, FarmlandUnitId, Fault, Kind, Result, Text};
use crate::platform::bulk::{Batch, Row};
use crate::registers::sampling::{self, PointSample, Units};
use crate::standards::gb15618::Land;
use crate::standards::parameters::{Overrides, Parameter, Resolved};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most units of one run.
pub const MAX_UNITS: usize = 200_000;
/// Most units for which outlines of parts are suggested.
pub const MAX_OUTLINED: usize = 200;
/// Most units and samples that a request may bring itself.
pub const MAX_GIVEN: (usize, usize) = (10_000, 100_000);

/// What is asked.
pub struct Asked {
    /// The civil day; samples taken later do not count.
    pub on: Day,
    /// As the registry knew it then; `None`: now.
    pub known_at: Option<DateTime<Utc>>,
    /// Numbers in the place of those that hold.
    pub given: Given,
    /// Units outside the survey's scope that nothing is known of count as under priority protection.
    pub outside_is_priority: bool,
    /// Divisions that the caller may see; `None`: all.
    pub scope: Option<Vec<String>>,
}

/// A unit that a request brings.
pub struct GivenUnit {
    pub code: String,
    pub division_code: Option<String>,
    pub land_type: &'static str,
    pub rotation: bool,
    pub class: Option<&'static str>,
    /// GeoJSON; null where there is none.
    pub geometry: Value,
    /// Codes of units that it touches.
    pub neighbours: Vec<String>,
    pub outside_survey: bool,
}

/// A sample that a request brings.
pub struct GivenSample {
    pub sample: Sample,
    /// Code of its unit; `None`: the unit is found by the place.
    pub unit: Option<String>,
}

/// A unit of the answer; its finding is made when it is asked for.
pub struct Asset {
    /// `None`: the registry does not know it.
    pub id: Option<FarmlandUnitId>,
    pub code: String,
    pub division_code: Option<String>,
    /// Its class on the day; `None`: not known.
    pub class: Option<String>,
    pub area_m2: Option<f64>,
}

/// Land that has been weighed.
pub struct County {
    /// The units asked for.
    pub units: Vec<Asset>,
    /// What their points say; the units asked for come first.
    pub weighed: Weighed,
    /// The numbers that the steps used.
    pub options: Vec<OptionUsed>,
    /// Samples brought with the request that lie in none of its units.
    pub strays: Vec<String>,
    /// Outlines (EWKB) of the units that the request brings.
    outlines: Vec<Option<Vec<u8>>>,
}

/// A number that the steps used.
pub struct OptionUsed {
    pub parameter: &'static Parameter,
    pub value: u32,
    /// `None`: the request gives it.
    pub resolved: Option<Resolved>,
}

/// The class of a unit of the answer, as the registry writes it.
pub fn class_of(class: Option<Grade>) -> &'static str {
    class.map_or(super::super::CLASSES[3], Grade::class)
}

/// Whether the standard was in force.
///
/// # Errors
/// `standard_not_in_force`.
pub fn require_standard(on: Day) -> Result<()> {
    if on >= STANDARD_FROM {
        return Ok(());
    }
    Err(Error::fault(
        "/on",
        "standard_not_in_force",
        Text::new(
            format!("GB 15618-2018 自 {STANDARD_FROM} 起实施，{on} 尚无可比的标准值。"),
            format!("GB 15618-2018 is in force from {STANDARD_FROM} on; on {on} there were no values to compare with."),
        ),
    ))
}

/// The numbers that hold in each division, and the list of those used.
struct Numbers<'a> {
    on: Day,
    overrides: &'a Overrides,
    given: &'a Given,
    by_division: HashMap<String, Settings>,
    used: BTreeMap<(usize, u32, String, bool), OptionUsed>,
}

impl Numbers<'_> {
    fn of(&mut self, division: &str) -> Settings {
        if let Some(settings) = self.by_division.get(division) {
            return *settings;
        }
        let (settings, resolved) = Settings::resolve(division, self.on, self.overrides, self.given);
        for (n, resolved) in resolved.into_iter().enumerate() {
            let value = settings.numbers()[n];
            let (place, configured) =
                resolved.as_ref().map_or((String::new(), false), |r| (r.jurisdiction.clone(), r.configured));
            self.used.entry((n, value, place, configured)).or_insert(OptionUsed {
                parameter: PARAMETERS[n],
                value,
                resolved,
            });
        }
        self.by_division.insert(division.to_owned(), settings);
        settings
    }
}

/// Weighs units of the registry.
///
/// # Errors
/// `too_many_units`; `unit_unknown` for one asked for by its identifier that does not exist on the day, or that the caller may
/// not see.
pub async fn registered(conn: &mut PgConnection, overrides: &Overrides, asked: &Asked, which: Which) -> Result<County> {
    require_standard(asked.on)?;
    let when = When { on: asked.on, known_at: asked.known_at };
    let limit = i64::try_from(MAX_UNITS).map_err(Error::internal)? + 1;
    let rows = store::land(conn, &which, when, limit).await?;
    if rows.len() > MAX_UNITS {
        return Err(too_many(MAX_UNITS));
    }
    if let Some(ids) = &which.ids {
        let found: BTreeSet<FarmlandUnitId> = rows.iter().map(|row| row.id).collect();
        let missing = |(n, id): (usize, &FarmlandUnitId)| (!found.contains(id)).then(|| unknown_unit(n, *id, asked.on));
        let faults: Vec<Fault> = ids.iter().enumerate().filter_map(missing).collect();
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
    }
    let ids: Vec<FarmlandUnitId> = rows.iter().map(|row| row.id).collect();
    let units = match &which.division {
        Some(division) => Units::Division(division),
        None => Units::Ids(&ids),
    };
    let mut samples = by_unit(sampling::within_units(conn, units, asked.on, asked.known_at).await?);

    // Units without points look at those that they touch; of these, some may lie beyond what was asked for.
    let without: Vec<FarmlandUnitId> =
        ids.iter().copied().filter(|id| samples.get(id).is_none_or(|of| !of.iter().any(is_topsoil))).collect();
    let touching = if without.is_empty() { Vec::new() } else { store::touching(conn, &without, when).await? };
    let asked_for: BTreeSet<FarmlandUnitId> = ids.iter().copied().collect();
    let beyond: BTreeSet<FarmlandUnitId> =
        touching.iter().map(|(_, other)| *other).filter(|other| !asked_for.contains(other)).collect();
    let beyond: Vec<FarmlandUnitId> = beyond.into_iter().collect();
    let beyond = if beyond.is_empty() {
        Vec::new()
    } else {
        samples.extend(by_unit(sampling::within_units(conn, Units::Ids(&beyond), asked.on, asked.known_at).await?));
        let which = Which { ids: Some(beyond), ..Which::default() };
        store::land(conn, &which, when, i64::MAX).await?
    };

    let mut numbers = numbers(asked, overrides);
    let place: HashMap<FarmlandUnitId, usize> =
        rows.iter().chain(&beyond).enumerate().map(|(n, row)| (row.id, n)).collect();
    let mut units: Vec<Unit> = rows
        .iter()
        .chain(&beyond)
        .map(|row| weighable(row, samples.remove(&row.id).unwrap_or_default(), asked, &mut numbers))
        .collect();
    for (id, other) in touching {
        if let (Some(n), Some(other)) = (place.get(&id), place.get(&other)) {
            units[*n].neighbours.push(*other);
        }
    }
    let assets = rows
        .into_iter()
        .map(|row| Asset {
            id: Some(row.id),
            code: row.code,
            division_code: Some(row.division_code),
            class: Some(row.class),
            area_m2: Some(row.area_m2),
        })
        .collect();
    let options = numbers.used.into_values().collect();
    let weighed = weigh(units, asked.on).await?;
    Ok(County { units: assets, weighed, options, strays: Vec::new(), outlines: Vec::new() })
}

fn numbers<'a>(asked: &'a Asked, overrides: &'a Overrides) -> Numbers<'a> {
    Numbers { on: asked.on, overrides, given: &asked.given, by_division: HashMap::new(), used: BTreeMap::new() }
}

/// Weighing a county takes a processor some time, and no other request has to wait for it.
async fn weigh(units: Vec<Unit>, on: Day) -> Result<Weighed> {
    tokio::task::spawn_blocking(move || Weighed::new(units, on)).await.map_err(Error::internal)
}

fn by_unit(found: Vec<(FarmlandUnitId, PointSample)>) -> HashMap<FarmlandUnitId, Vec<Sample>> {
    let mut samples: HashMap<FarmlandUnitId, Vec<Sample>> = HashMap::new();
    for (unit, sample) in found {
        samples.entry(unit).or_default().push(known(sample));
    }
    samples
}

fn known(sample: PointSample) -> Sample {
    Sample {
        id: sample.code,
        point: sample.point_code,
        place: Some([sample.lon, sample.lat]),
        taken_on: Some(sample.sampled_on),
        medium: medium(&sample.medium),
        depth_from_m: sample.depth_from_m,
        ph: sample.ph,
        contents: sample.results,
        limits: sample.crop_limits.map(|limit| limit.map(|limit| limit.mg_kg)),
    }
}

/// What a sample's medium is here.
pub fn medium(name: &str) -> Medium {
    match name {
        "soil" => Medium::Soil,
        "crop" => Medium::Crop,
        _ => Medium::Other,
    }
}

fn weighable(row: &LandRow, samples: Vec<Sample>, asked: &Asked, numbers: &mut Numbers<'_>) -> Unit {
    let hidden = asked.scope.as_ref().is_some_and(|scope| !scope.contains(&row.division_code));
    Unit {
        // A unit that the caller may not see is looked at as a neighbour, and not named.
        code: if hidden { "（辖区外单元 / unit of another division）".to_owned() } else { row.code.clone() },
        land: Land::of(&row.land_type),
        by_reference: !is_cultivated(&row.land_type),
        samples,
        neighbours: Vec::new(),
        outside_survey: row.outside_survey && asked.outside_is_priority,
        settings: numbers.of(&row.division_code),
    }
}

/// Cultivated land (耕地); orchards, grassland and forest are classed by reference.
fn is_cultivated(land_type: &str) -> bool {
    matches!(land_type, "paddy" | "upland" | "irrigated")
}

fn too_many(most: usize) -> Error {
    Error::new(
        Kind::TooLarge,
        "too_many_units",
        Text::new(
            format!("一次最多划分 {most} 个单元，请缩小范围。"),
            format!("At most {most} units are classed at once; ask for a smaller area."),
        ),
    )
}

fn unknown_unit(n: usize, id: FarmlandUnitId, on: Day) -> Fault {
    Fault::new(
        format!("/unit_ids/{n}"),
        "unit_unknown",
        Text::new(
            format!("{on} 没有农用地单元 {id}，或您无权查看。"),
            format!("On {on} there is no farmland unit {id}, or you may not see it."),
        ),
    )
}

/// Weighs units and samples that a request brings. Nothing of the registry is looked at.
///
/// # Errors
/// `repeated`, `unit_unknown`, and the faults of outlines, each at its place.
pub async fn brought(
    conn: &mut PgConnection,
    overrides: &Overrides,
    asked: &Asked,
    given: Vec<GivenUnit>,
    samples: Vec<GivenSample>,
) -> Result<County> {
    require_standard(asked.on)?;
    let mut faults = Vec::new();
    let mut place: HashMap<&str, usize> = HashMap::new();
    for (n, unit) in given.iter().enumerate() {
        if place.insert(&unit.code, n).is_some() {
            faults.push(repeated(format!("/units/{n}/code"), &unit.code));
        }
    }
    let mut numbers = numbers(asked, overrides);
    let mut units = Vec::with_capacity(given.len());
    for (n, unit) in given.iter().enumerate() {
        let mut neighbours = Vec::new();
        for (k, code) in unit.neighbours.iter().enumerate() {
            match place.get(code.as_str()) {
                Some(other) => neighbours.push(*other),
                None => faults.push(no_unit(format!("/units/{n}/neighbours/{k}"), code)),
            }
        }
        units.push(Unit {
            code: unit.code.clone(),
            land: if unit.rotation { Land::Rotation } else { Land::of(unit.land_type) },
            by_reference: !is_cultivated(unit.land_type),
            samples: Vec::new(),
            neighbours,
            outside_survey: unit.outside_survey && asked.outside_is_priority,
            settings: numbers.of(unit.division_code.as_deref().unwrap_or("000000")),
        });
    }
    let mut seen = BTreeSet::new();
    for (n, given) in samples.iter().enumerate() {
        if !seen.insert(given.sample.id.as_str()) {
            faults.push(repeated(format!("/samples/{n}/id"), &given.sample.id));
        }
        if let Some(code) = given.unit.as_deref().filter(|code| !place.contains_key(code)) {
            faults.push(no_unit(format!("/samples/{n}/unit"), code));
        }
    }
    let shapes = outlined(conn, &given, &mut faults).await?;
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }

    let (with, ewkbs): (Vec<usize>, Vec<Vec<u8>>) =
        shapes.iter().enumerate().filter_map(|(n, shape)| Some((n, shape.as_ref()?.0.clone()))).unzip();
    for (one, other) in store::meeting(conn, &ewkbs).await? {
        units[with[one]].neighbours.push(with[other]);
    }
    // Whoever names a neighbour is one to it.
    let both: Vec<(usize, usize)> =
        units.iter().enumerate().flat_map(|(n, unit)| unit.neighbours.iter().map(move |other| (*other, n))).collect();
    for (n, other) in both {
        units[n].neighbours.push(other);
    }
    let strays = distribute(conn, samples, &place, &with, &ewkbs, &mut units).await?;
    drop(place);
    let mut outlines = Vec::with_capacity(given.len());
    let mut assets = Vec::with_capacity(given.len());
    for (unit, shape) in given.into_iter().zip(shapes) {
        let (outline, area_m2) = shape.unzip();
        outlines.push(outline);
        assets.push(Asset {
            id: None,
            code: unit.code,
            division_code: unit.division_code,
            class: unit.class.map(str::to_owned),
            area_m2,
        });
    }
    let options = numbers.used.into_values().collect();
    let weighed = weigh(units, asked.on).await?;
    Ok(County { units: assets, weighed, options, strays, outlines })
}

/// Outlines (EWKB) and areas of the units that have one.
async fn outlined(
    conn: &mut PgConnection,
    given: &[GivenUnit],
    faults: &mut Vec<Fault>,
) -> Result<Vec<Option<(Vec<u8>, f64)>>> {
    let batch = Batch::settle(conn, given.iter().map(|unit| (Ok(()), &unit.geometry)), false).await?;
    let mut shapes = Vec::with_capacity(given.len());
    for (n, row) in batch.rows.into_iter().enumerate() {
        let place = |fault: Fault| Fault { pointer: format!("/units/{n}{}", fault.pointer), ..fault };
        match row {
            Row::Ready(ready) => shapes.push(ready.shape.map(|shape| (shape.ewkb, shape.area_m2))),
            Row::Faulty(more) => {
                faults.extend(more.into_iter().map(place));
                shapes.push(None);
            }
        }
    }
    Ok(shapes)
}

/// Gives every sample to its unit, or to all that hold its place; names those that lie nowhere.
async fn distribute(
    conn: &mut PgConnection,
    samples: Vec<GivenSample>,
    place: &HashMap<&str, usize>,
    with: &[usize],
    ewkbs: &[Vec<u8>],
    units: &mut [Unit],
) -> Result<Vec<String>> {
    let (named, loose): (Vec<GivenSample>, Vec<GivenSample>) =
        samples.into_iter().partition(|given| given.unit.is_some());
    for given in named {
        if let Some(n) = given.unit.as_deref().and_then(|code| place.get(code)) {
            units[*n].samples.push(given.sample);
        }
    }
    let points: Vec<[f64; 2]> = loose.iter().map(|given| given.sample.place.unwrap_or_default()).collect();
    let mut strays: BTreeSet<usize> = (0..loose.len()).collect();
    for (outline, point) in store::holding(conn, ewkbs, &points).await? {
        strays.remove(&point);
        units[with[outline]].samples.push(loose[point].sample.clone());
    }
    Ok(strays.into_iter().map(|n| loose[n].sample.id.clone()).collect())
}

fn repeated(pointer: String, what: &str) -> Fault {
    Fault::new(
        pointer,
        "repeated",
        Text::new(format!("{what} 重复出现。"), format!("{what} stands in the request twice.")),
    )
}

fn no_unit(pointer: String, code: &str) -> Fault {
    Fault::new(
        pointer,
        "unit_unknown",
        Text::new(format!("请求中没有单元 {code}。"), format!("The request has no unit {code}.")),
    )
}

/// An area of the request, checked.
///
/// # Errors
/// The faults of the outline at `pointer`.
pub async fn area(conn: &mut PgConnection, geometry: &Value, pointer: &str) -> Result<Vec<u8>> {
    let area = Area::from_geojson(geometry, pointer).map_err(Error::invalid)?;
    crate::platform::topology::check(conn, &area, pointer).await?;
    Ok(area.to_ewkb())
}

/// Outlines suggested for the parts of units, by the places of unit and part. A part of a unit without an outline, or of points
/// of which nobody knows where they lie, has none.
///
/// # Errors
/// When the database cannot be reached.
pub async fn part_outlines(
    conn: &mut PgConnection,
    county: &County,
    findings: &[Finding],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<HashMap<(usize, usize), PartRow>> {
    let cut: Vec<usize> = (0..findings.len()).filter(|n| !findings[*n].parts.is_empty()).collect();
    let ids: Vec<FarmlandUnitId> = cut.iter().filter_map(|n| county.units[*n].id).collect();
    let known: HashMap<FarmlandUnitId, Vec<u8>> = if ids.is_empty() {
        HashMap::new()
    } else {
        store::outlines(conn, &ids, When { on, known_at }).await?.into_iter().collect()
    };
    let (mut cells, mut units) = (Vec::new(), Vec::new());
    for n in cut {
        let stored = county.units[n].id.and_then(|id| known.get(&id));
        let Some(ewkb) = stored.or_else(|| county.outlines.get(n)?.as_ref()) else { continue };
        let unit = i32::try_from(n).map_err(Error::internal)?;
        units.push((unit, ewkb.clone()));
        cells.extend(cells_of(county, n, unit, &findings[n].parts)?);
    }
    if units.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::part_outlines(conn, &cells, &units).await?;
    rows.into_iter()
        .map(|row| {
            let unit = usize::try_from(row.unit).map_err(Error::internal)?;
            let part = usize::try_from(row.part).map_err(Error::internal)?;
            Ok(((unit, part), row))
        })
        .collect()
}

fn cells_of(county: &County, n: usize, unit: i32, parts: &[Part]) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for (place, within) in county.weighed.places(n, parts) {
        if within.is_empty() {
            cells.push(Cell { unit, part: -1, place });
        }
        for part in within {
            cells.push(Cell { unit, part: i32::try_from(part).map_err(Error::internal)?, place });
        }
    }
    Ok(cells)
}

/// The refusal to suggest outlines for so many units.
pub fn too_many_for_outlines() -> Error {
    Error::fault(
        "/outlines",
        "too_many_for_outlines",
        Text::new(
            format!("建议边界一次最多 {MAX_OUTLINED} 个单元。"),
            format!("Outlines are suggested for at most {MAX_OUTLINED} units at once."),
        ),
    )
}

/// The element that a substance is, if it is one of the five.
pub fn of_five(substance: &str) -> Option<Element> {
    Element::ALL.into_iter().find(|element| element.substance() == substance)
}

/// Reads a depth, m below the surface.
///
/// # Errors
/// `value_missing`, `value_not_a_number`, `too_many_digits`, `value_negative`.
pub fn depth(pointer: &str, text: &str) -> Result<Decimal, Fault> {
    let depth =
        crate::kernel::quantity::decimal(text).map_err(|fault| Fault { pointer: pointer.to_owned(), ..fault })?;
    if depth.is_sign_negative() && !depth.is_zero() {
        return Err(Fault::new(pointer, "value_negative", Text::fixed("深度不能为负。", "A depth is not negative.")));
    }
    Ok(depth)
}
