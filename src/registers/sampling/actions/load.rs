//! Rows of reports become points, samples and results. A row is taken whole or not at all; a sample's results may come in
//! many rows, and again: what is there already and says the same is left as it is.

use super::screen;
use crate::kernel::{Error, Fault, Result, SampleId, SampleResultId, SamplingPointId, Text};
use crate::platform::Act;
use crate::platform::fields::at;
use crate::registers::division;
use crate::registers::sampling::rules::row::{Incoming, PointFacts, PointRef, ResultFacts, SampleFacts};
use crate::registers::sampling::store::{self, PointRow, samples};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Metres by which a report's position may differ from the point's before it is another place.
const MAX_OFF_M: f64 = 1000.0;
/// Metres within which two positions are the same.
const SAME_PLACE_M: f64 = 1.0;

/// What came of a row.
#[derive(Debug, Clone)]
pub enum RowDone {
    /// Taken, with remarks.
    Taken {
        /// The sample that it belongs to.
        sample: SampleId,
        /// What there is to say of it.
        notes: Vec<Fault>,
    },
    /// Not taken.
    Rejected(Vec<Fault>),
}

/// What came of a batch.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// One per row, in their order.
    pub rows: Vec<RowDone>,
    /// Points that were new.
    pub points: u64,
    /// Samples that were new.
    pub samples: u64,
    /// Results that were new.
    pub results: u64,
}

/// A point as it is or will be.
struct Place {
    id: SamplingPointId,
    code: String,
    division_code: String,
    program: String,
    lon_lat: Option<[f64; 2]>,
    land_type: Option<String>,
    land_use_code: Option<String>,
    /// The row that makes it; `None`: it is there.
    new: Option<usize>,
}

/// A sample as it is or will be.
struct Taken {
    id: SampleId,
    point_id: SamplingPointId,
    facts: SampleFacts,
    program: String,
    withdrawn: bool,
    stated: Option<[f64; 2]>,
    /// What it has: number in mg/kg and whether it lies below detection, by substance; `None` where it was withdrawn.
    has: HashMap<String, Option<(crate::kernel::Decimal, bool)>>,
    new: bool,
}

/// Loads a batch of rows inside an act. `faulty` rows come with their faults and are given back as they are.
///
/// # Errors
/// `taken_meanwhile` when another act has entered one of the codes since this one looked; or when the database cannot be
/// reached.
pub async fn load(act: &mut Act, rows: Vec<Result<Incoming, Vec<Fault>>>) -> Result<Loaded> {
    let mut places = known_places(act, &rows).await?;
    let mut taken = known_samples(act, &rows, &places).await?;
    let known_divisions = known_divisions(act, &rows).await?;
    let subjects = known_subjects(act, &rows).await?;
    let now = act.now();
    let caller = act.caller().clone();

    let mut done = Vec::with_capacity(rows.len());
    let mut new_samples: Vec<String> = Vec::new();
    let mut new_results: Vec<(SampleId, usize, usize)> = Vec::new();
    let mut touched: Vec<SampleId> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let incoming = match row {
            Ok(incoming) => incoming,
            Err(faults) => {
                done.push(RowDone::Rejected(faults.clone()));
                continue;
            }
        };
        let mut notes = incoming.notes.clone();
        let mut faults = Vec::new();
        for (name, id) in [("site_id", incoming.about.site_id), ("key_unit_id", incoming.about.key_unit_id)] {
            if id.is_some_and(|id| !subjects.contains(&id)) {
                faults.push(at(
                    name,
                    "not_found",
                    Text::new(format!("{name} 不存在。"), format!("There is no such {name}.")),
                ));
            }
        }
        let fresh;
        let place = match places.get(&incoming.point) {
            Some(place) => {
                if !caller.holds_in(&place.division_code) {
                    faults.push(division::outside(&place.division_code));
                }
                differs(place, &incoming.about, &mut notes);
                place
            }
            None => match new_place(incoming, n, now, &known_divisions, &caller) {
                Ok(place) => {
                    fresh = place;
                    &fresh
                }
                Err(more) => {
                    faults.extend(more);
                    done.push(RowDone::Rejected(faults));
                    continue;
                }
            },
        };
        let stated = match off(place, incoming.place) {
            Off::Here => None,
            Off::Near(metres) => {
                notes.push(Fault::new(
                    "/geometry",
                    "place_differs",
                    Text::new(
                        format!("所报位置距登记点位 {metres:.0} 米；样品归于登记点位，所报位置一并保存。"),
                        format!("The position stated lies {metres:.0} m from the point's; the sample belongs to the point, and the position is kept with it."),
                    ),
                ));
                incoming.place
            }
            Off::Elsewhere(metres) => {
                faults.push(Fault::new(
                    "/geometry",
                    "point_elsewhere",
                    Text::new(
                        format!("所报位置距登记点位 {} 有 {metres:.0} 米，是另一处：请核对点位编码。", place.code),
                        format!("The position stated lies {metres:.0} m from the point {}: that is another place; check the code.", place.code),
                    ),
                ));
                None
            }
            Off::Unstated => {
                if place.new.is_some() && incoming.place.is_none() {
                    notes.push(Fault::new(
                        "/geometry",
                        "position_missing",
                        Text::fixed(
                            "缺少坐标：点位已登记但无位置，不参与空间统计。",
                            "There is no position: the point is entered without one, and lies in no area.",
                        ),
                    ));
                }
                None
            }
        };
        let code = sample_code(&incoming.sample, &place.code);
        let mut wanted: Vec<usize> = Vec::new();
        match taken.get(&code) {
            Some(sample) => {
                if sample.withdrawn {
                    faults.push(at(
                        "sample_code",
                        "sample_withdrawn",
                        Text::new(format!("样品 {code} 已撤回。"), format!("The sample {code} was withdrawn.")),
                    ));
                }
                agrees(sample, place, &incoming.sample, &code, &mut faults);
                for (i, result) in incoming.results.iter().enumerate() {
                    let found = (result.measured.mg_kg(), result.measured.below);
                    match sample.has.get(&result.substance.key) {
                        None => wanted.push(i),
                        Some(Some(has)) if *has == found => {}
                        Some(_) => faults.push(result_taken(result, &code)),
                    }
                }
            }
            None => wanted.extend(0..incoming.results.len()),
        }
        if !faults.is_empty() {
            done.push(RowDone::Rejected(faults));
            continue;
        }
        let (point_id, program) = (place.id, place.program.clone());
        if place.new == Some(n) && !places.contains_key(&incoming.point) {
            let place = Place {
                code: place.code.clone(),
                division_code: place.division_code.clone(),
                program: program.clone(),
                land_type: place.land_type.clone(),
                land_use_code: place.land_use_code.clone(),
                ..*place
            };
            places.insert(incoming.point.clone(), place);
        }
        let sample = taken.entry(code.clone()).or_insert_with(|| {
            new_samples.push(code.clone());
            Taken {
                id: SampleId::new(now),
                point_id,
                facts: incoming.sample.clone(),
                program: incoming.sample.program.map_or(program, str::to_owned),
                withdrawn: false,
                stated,
                has: HashMap::new(),
                new: true,
            }
        });
        for i in wanted {
            let result = &incoming.results[i];
            let found = (result.measured.mg_kg(), result.measured.below);
            sample.has.insert(result.substance.key.clone(), Some(found));
            new_results.push((sample.id, n, i));
        }
        if touched.last() != Some(&sample.id) {
            touched.push(sample.id);
        }
        done.push(RowDone::Taken { sample: sample.id, notes });
    }

    let mut loaded = Loaded { rows: done, ..Loaded::default() };
    loaded.points = add_points(act, &rows, &places).await?;
    loaded.samples = add_samples(act, &new_samples, &taken).await?;
    let results: Vec<samples::NewResult<'_>> = new_results
        .iter()
        .filter_map(|(sample_id, n, i)| {
            let facts = rows[*n].as_ref().ok()?.results.get(*i)?;
            Some(samples::NewResult { id: SampleResultId::new(now), sample_id: *sample_id, facts })
        })
        .collect();
    if !results.is_empty() {
        loaded.results = samples::insert_results(act.tx(), &results).await?;
        if loaded.results != results.len() as u64 {
            return Err(taken_meanwhile());
        }
    }
    touched.sort_unstable();
    touched.dedup();
    screen::judge_new(act, &touched).await?;
    let rejected = loaded.rows.iter().filter(|row| matches!(row, RowDone::Rejected(_))).count();
    act.note(
        "sampling",
        json!({
            "rows": loaded.rows.len(), "rejected": rejected, "points": loaded.points, "samples": loaded.samples,
            "results": loaded.results,
        }),
    );
    Ok(loaded)
}

async fn known_places(act: &mut Act, rows: &[Result<Incoming, Vec<Fault>>]) -> Result<HashMap<PointRef, Place>> {
    let (mut codes, mut ids) = (HashSet::new(), HashSet::new());
    for incoming in rows.iter().flatten() {
        match &incoming.point {
            PointRef::Code(code) => codes.insert(code.clone()),
            PointRef::Id(id) => ids.insert(*id),
        };
    }
    let (codes, ids): (Vec<String>, Vec<Uuid>) = (codes.into_iter().collect(), ids.into_iter().collect());
    let mut places = HashMap::new();
    for row in store::points_named(act.tx(), &codes, &ids).await? {
        let id = row.id.0;
        for name in [PointRef::Code(row.code.clone()), PointRef::Id(id)] {
            places.insert(name, place_of(&row));
        }
    }
    Ok(places)
}

fn place_of(row: &PointRow) -> Place {
    Place {
        id: row.id,
        code: row.code.clone(),
        division_code: row.division_code.clone(),
        program: row.program.clone(),
        lon_lat: row.lon.zip(row.lat).map(|(lon, lat)| [lon, lat]),
        land_type: row.land_type.clone(),
        land_use_code: row.land_use_code.clone(),
        new: None,
    }
}

async fn known_samples(
    act: &mut Act,
    rows: &[Result<Incoming, Vec<Fault>>],
    places: &HashMap<PointRef, Place>,
) -> Result<HashMap<String, Taken>> {
    let codes: HashSet<String> = rows
        .iter()
        .flatten()
        .filter_map(|incoming| {
            let point = match &incoming.point {
                PointRef::Code(code) => code,
                id @ PointRef::Id(_) => &places.get(id)?.code,
            };
            Some(sample_code(&incoming.sample, point))
        })
        .collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let found = samples::samples_named(act.tx(), &codes).await?;
    let ids: Vec<SampleId> = found.iter().map(|sample| sample.id).collect();
    let mut taken = HashMap::with_capacity(found.len());
    let mut codes = HashMap::with_capacity(found.len());
    for row in found {
        codes.insert(row.id, row.code.clone());
        let facts = SampleFacts {
            code: Some(row.code.clone()),
            program: None,
            medium: crate::registers::sampling::MEDIA
                .into_iter()
                .find(|medium| *medium == row.medium)
                .unwrap_or("other"),
            product: row.product,
            material: row.material,
            depth_from_m: row.depth_from_m,
            depth_to_m: row.depth_to_m,
            sampled_on: Some(row.sampled_on),
            laboratory: row.laboratory,
            method: row.method,
            ph: row.ph,
            document_id: row.document_id,
        };
        let sample = Taken {
            id: row.id,
            point_id: row.point_id,
            facts,
            program: row.program,
            withdrawn: row.withdrawn,
            stated: None,
            has: HashMap::new(),
            new: false,
        };
        taken.insert(row.code, sample);
    }
    if !ids.is_empty() {
        for result in samples::results_of(act.tx(), &ids, None).await? {
            let Some(sample) = codes.get(&result.sample_id).and_then(|code| taken.get_mut(code)) else { continue };
            let found = (!result.withdrawn).then_some((result.mg_kg, result.below));
            sample.has.insert(result.substance, found);
        }
    }
    Ok(taken)
}

async fn known_divisions(act: &mut Act, rows: &[Result<Incoming, Vec<Fault>>]) -> Result<HashSet<String>> {
    let codes: HashSet<&String> =
        rows.iter().flatten().filter_map(|incoming| incoming.about.division_code.as_ref()).collect();
    let codes: Vec<String> = codes.into_iter().cloned().collect();
    division::known(act.tx(), &codes).await
}

async fn known_subjects(act: &mut Act, rows: &[Result<Incoming, Vec<Fault>>]) -> Result<HashSet<Uuid>> {
    let ids = |get: fn(&PointFacts) -> Option<Uuid>| {
        let ids: HashSet<Uuid> = rows.iter().flatten().filter_map(|incoming| get(&incoming.about)).collect();
        ids.into_iter().collect::<Vec<Uuid>>()
    };
    let (sites, key_units) = (ids(|about| about.site_id), ids(|about| about.key_unit_id));
    if sites.is_empty() && key_units.is_empty() {
        return Ok(HashSet::new());
    }
    Ok(store::known_subjects(act.tx(), &sites, &key_units).await?.into_iter().collect())
}

/// The point that a row makes.
fn new_place(
    incoming: &Incoming,
    n: usize,
    now: chrono::DateTime<chrono::Utc>,
    known: &HashSet<String>,
    caller: &crate::platform::Caller,
) -> Result<Place, Vec<Fault>> {
    let PointRef::Code(code) = &incoming.point else {
        return Err(vec![at("point_id", "not_found", Text::fixed("没有此点位。", "There is no such point."))]);
    };
    let mut faults = Vec::new();
    let about = &incoming.about;
    let missing = |name: &str| {
        at(
            name,
            "missing",
            Text::new(
                format!("点位 {code} 尚未登记，须给出 {name}。"),
                format!("The point {code} is new, so {name} must be given."),
            ),
        )
    };
    match &about.division_code {
        None => faults.push(missing("division_code")),
        Some(division) if !known.contains(division) => faults.push(division::unknown(division)),
        Some(division) if !caller.holds_in(division) => faults.push(division::outside(division)),
        Some(_) => {}
    }
    if about.program.is_none() {
        faults.push(missing("program"));
    }
    let (Some(division_code), Some(program), true) = (&about.division_code, about.program, faults.is_empty()) else {
        return Err(faults);
    };
    Ok(Place {
        id: SamplingPointId::new(now),
        code: code.clone(),
        division_code: division_code.clone(),
        program: program.to_owned(),
        lon_lat: incoming.place,
        land_type: about.land_type.map(str::to_owned),
        land_use_code: about.land_use.as_ref().map(|(_, code)| code.clone()),
        new: Some(n),
    })
}

/// What a row says of a point otherwise than it is registered: said, not written.
fn differs(place: &Place, about: &PointFacts, notes: &mut Vec<Fault>) {
    let land_use = about.land_use.as_ref().map(|(_, code)| code.as_str());
    for (name, said, is) in [
        ("division_code", about.division_code.as_deref(), Some(place.division_code.as_str())),
        ("land_type", about.land_type, place.land_type.as_deref()),
        ("land_use_code", land_use, place.land_use_code.as_deref()),
    ] {
        if said.is_some() && said != is {
            let (said, is) = (said.unwrap_or_default(), is.unwrap_or("—"));
            notes.push(at(
                name,
                "point_differs",
                Text::new(
                    format!("点位 {} 登记为 {is}，本行写作 {said}；以登记为准，更正请修改点位。", place.code),
                    format!("The point {} is registered with {is}, the row says {said}; the register stands, correct the point to change it.", place.code),
                ),
            ));
        }
    }
}

enum Off {
    Unstated,
    Here,
    Near(f64),
    Elsewhere(f64),
}

/// How far a stated position lies from the point's.
fn off(place: &Place, stated: Option<[f64; 2]>) -> Off {
    let (Some([lon, lat]), Some([lon0, lat0])) = (stated, place.lon_lat) else { return Off::Unstated };
    // A sphere will do: the question is whether it is the same place.
    let (dx, dy) = ((lon - lon0) * lat0.to_radians().cos(), lat - lat0);
    let metres = dx.hypot(dy) * 111_195.0;
    if metres <= SAME_PLACE_M {
        Off::Here
    } else if metres <= MAX_OFF_M {
        Off::Near(metres)
    } else {
        Off::Elsewhere(metres)
    }
}

/// The code of a sample: its own, or made of point, day, medium, material and depth.
fn sample_code(facts: &SampleFacts, point: &str) -> String {
    if let Some(code) = &facts.code {
        return code.clone();
    }
    let mut code =
        format!("{point}/{}/{}", facts.sampled_on.map(|day| day.to_string()).unwrap_or_default(), facts.medium);
    for part in [&facts.product, &facts.material].into_iter().flatten() {
        code.push('/');
        code.push_str(part);
    }
    if let Some(from) = facts.depth_from_m {
        code.push_str(&format!("/{from}"));
        if let Some(to) = facts.depth_to_m {
            code.push_str(&format!("-{to}"));
        }
    }
    code
}

/// Whether a row says of its sample what is known of it.
fn agrees(sample: &Taken, place: &Place, said: &SampleFacts, code: &str, faults: &mut Vec<Fault>) {
    fn other<T: PartialEq>(said: Option<&T>, is: Option<&T>) -> bool {
        said.is_some() && said != is
    }
    let is = &sample.facts;
    let columns = [
        ("point_code", sample.point_id != place.id),
        ("sample_program", said.program.is_some_and(|program| program != sample.program)),
        ("medium", said.medium != is.medium),
        ("product", other(said.product.as_ref(), is.product.as_ref())),
        ("material", other(said.material.as_ref(), is.material.as_ref())),
        ("depth_from_m", other(said.depth_from_m.as_ref(), is.depth_from_m.as_ref())),
        ("depth_to_m", other(said.depth_to_m.as_ref(), is.depth_to_m.as_ref())),
        ("sampled_on", other(said.sampled_on.as_ref(), is.sampled_on.as_ref())),
        ("laboratory", other(said.laboratory.as_ref(), is.laboratory.as_ref())),
        ("ph", other(said.ph.as_ref(), is.ph.as_ref())),
    ];
    for (name, differs) in columns {
        if differs {
            faults.push(at(
                name,
                "sample_differs",
                Text::new(
                    format!("样品 {code} 的 {name} 与先前所载不一致；更正请修改样品。"),
                    format!("The sample {code} has another {name}; correct the sample to change it."),
                ),
            ));
        }
    }
}

fn result_taken(result: &ResultFacts, code: &str) -> Fault {
    Fault::new(
        result.pointer.clone(),
        "result_taken",
        Text::new(
            format!("样品 {code} 已有“{}”的另一结果；更正请修改样品并说明理由。", result.substance.name_zh),
            format!(
                "The sample {code} has another result of {}; correct the sample with a reason.",
                result.substance.name_en
            ),
        ),
    )
}

fn taken_meanwhile() -> Error {
    Error::conflict(
        "taken_meanwhile",
        Text::fixed("同一编码刚被他人录入，请重试。", "Somebody else has just entered one of the codes; try again."),
    )
}

async fn add_points(
    act: &mut Act,
    rows: &[Result<Incoming, Vec<Fault>>],
    places: &HashMap<PointRef, Place>,
) -> Result<u64> {
    let mut fresh: Vec<&Place> = places.values().filter(|place| place.new.is_some()).collect();
    if fresh.is_empty() {
        return Ok(0);
    }
    fresh.sort_by_key(|place| place.new);
    let points: Vec<store::NewPoint<'_>> = fresh
        .iter()
        .filter_map(|place| {
            let incoming = rows.get(place.new?)?.as_ref().ok()?;
            Some(store::NewPoint {
                id: place.id,
                code: &place.code,
                division_code: &place.division_code,
                program: &place.program,
                about: &incoming.about,
                place: place.lon_lat,
            })
        })
        .collect();
    let added = store::insert_points(act.tx(), &points).await?.len();
    if added == points.len() { Ok(added as u64) } else { Err(taken_meanwhile()) }
}

async fn add_samples(act: &mut Act, codes: &[String], taken: &HashMap<String, Taken>) -> Result<u64> {
    let samples: Vec<samples::NewSample<'_>> = codes
        .iter()
        .filter_map(|code| {
            let sample = taken.get(code).filter(|sample| sample.new)?;
            Some(samples::NewSample {
                id: sample.id,
                point_id: sample.point_id,
                code,
                program: &sample.program,
                facts: &sample.facts,
                sampled_on: sample.facts.sampled_on?,
                stated: sample.stated,
            })
        })
        .collect();
    if samples.is_empty() {
        return Ok(0);
    }
    let added = samples::insert_samples(act.tx(), &samples).await?;
    if added == samples.len() as u64 { Ok(added) } else { Err(taken_meanwhile()) }
}
