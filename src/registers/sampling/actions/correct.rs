//! Points are registered and corrected, samples corrected and withdrawn, each with a reason. What a correction means for
//! the screening is found in the same act.

use super::screen::{self, Cause, Screened, Subject};
use crate::kernel::{Day, Decimal, Error, Result, SampleId, SampleResultId, SamplingPointId, Text};
use crate::platform::call::stale;
use crate::platform::outbox::Change;
use crate::platform::{Act, fields};
use crate::registers::division;
use crate::registers::sampling::rules::row::{PointFacts, ResultFacts};
use crate::registers::sampling::store::samples::{self, SampleRow};
use crate::registers::sampling::store::{self, PointRow, Reach};
use serde_json::json;
use uuid::Uuid;

/// Registers a point.
///
/// # Errors
/// `outside_division`; `invalid_input` for an unknown division, site or key unit; `code_taken`.
pub async fn register_point(
    act: &mut Act,
    code: &str,
    about: &PointFacts,
    place: Option<[f64; 2]>,
) -> Result<SamplingPointId> {
    let mut faults = Vec::new();
    let missing =
        |name: &str| fields::at(name, "missing", Text::new(format!("缺少 {name}。"), format!("{name} is missing.")));
    match &about.division_code {
        None => faults.push(missing("division_code")),
        Some(division) => {
            act.caller().require_division(division)?;
            if division::known(act.tx(), std::slice::from_ref(division)).await?.is_empty() {
                faults.push(division::unknown(division));
            }
        }
    }
    if about.program.is_none() {
        faults.push(missing("program"));
    }
    faults.extend(unknown_subjects(act, about.site_id, about.key_unit_id).await?);
    let (Some(division_code), Some(program), true) = (&about.division_code, about.program, faults.is_empty()) else {
        return Err(Error::invalid(faults));
    };
    let id = SamplingPointId::new(act.now());
    let point = store::NewPoint { id, code, division_code, program, about, place };
    if store::insert_points(act.tx(), &[point]).await?.is_empty() {
        return Err(Error::conflict(
            "code_taken",
            Text::new(format!("点位编码 {code} 已存在。"), format!("There is a point {code} already.")),
        ));
    }
    act.note("sampling", json!({"point": id, "code": code, "division": division_code, "program": program}));
    Ok(id)
}

async fn unknown_subjects(
    act: &mut Act,
    site: Option<Uuid>,
    key_unit: Option<Uuid>,
) -> Result<Vec<crate::kernel::Fault>> {
    let (sites, key_units): (Vec<Uuid>, Vec<Uuid>) = (site.into_iter().collect(), key_unit.into_iter().collect());
    let known = store::known_subjects(act.tx(), &sites, &key_units).await?;
    Ok([("site_id", site), ("key_unit_id", key_unit)]
        .into_iter()
        .filter(|(_, id)| id.is_some_and(|id| !known.contains(&id)))
        .map(|(name, _)| {
            fields::at(name, "not_found", Text::new(format!("{name} 不存在。"), format!("There is no such {name}.")))
        })
        .collect())
}

/// What is to be another of a point; `None` leaves it, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
pub struct PointChange {
    /// Why.
    pub reason: String,
    /// Name.
    pub name: Option<Option<String>>,
    /// Whose sampling it serves.
    pub program: Option<&'static str>,
    /// Kind of farmland.
    pub land_type: Option<Option<&'static str>>,
    /// Paddy and upland in turn.
    pub rotation: Option<bool>,
    /// Land-use code behind its system.
    pub land_use: Option<Option<(String, String)>>,
    /// The site that it is about.
    pub site_id: Option<Option<Uuid>>,
    /// The key unit whose self-monitoring it serves.
    pub key_unit_id: Option<Option<Uuid>>,
    /// Credit code of the land user who may see it.
    pub credit_code: Option<Option<String>>,
    /// Township.
    pub township: Option<Option<String>>,
    /// Village.
    pub village: Option<Option<String>>,
    /// First day of use.
    pub in_use_from: Option<Option<Day>>,
    /// Last day of use.
    pub in_use_to: Option<Option<Day>>,
    /// Longitude, latitude.
    pub place: Option<[f64; 2]>,
}

/// A point as corrected, and the run in which its samples were judged anew, where its land is another.
pub struct CorrectedPoint {
    /// The point.
    pub point: PointRow,
    /// The run.
    pub screened: Option<Screened>,
}

/// Corrects a point.
///
/// # Errors
/// `not_found`, `outside_division`, `stale`; `invalid_input`.
pub async fn correct_point(
    act: &mut Act,
    id: SamplingPointId,
    revision: i32,
    change: PointChange,
) -> Result<CorrectedPoint> {
    let was = store::get_point(act.tx(), id, &Reach::default(), None).await?.ok_or_else(no_point)?;
    act.caller().require_division(&was.division_code)?;
    let mut row = was.clone();
    let PointChange {
        reason,
        name,
        program,
        land_type,
        rotation,
        land_use,
        site_id,
        key_unit_id,
        credit_code,
        township,
        village,
        in_use_from,
        in_use_to,
        place,
    } = change;
    put(&mut row.name, name);
    put(&mut row.land_type, land_type.map(|land_type| land_type.map(str::to_owned)));
    put(&mut row.site_id, site_id);
    put(&mut row.key_unit_id, key_unit_id);
    put(&mut row.owner_credit_code, credit_code);
    put(&mut row.township, township);
    put(&mut row.village, village);
    put(&mut row.in_use_from, in_use_from);
    put(&mut row.in_use_to, in_use_to);
    row.program = program.map_or(row.program, str::to_owned);
    row.rotation = rotation.unwrap_or(row.rotation);
    if let Some(land_use) = land_use {
        (row.land_use_system, row.land_use_code) = land_use.unzip();
    }
    if let Some([lon, lat]) = place {
        (row.lon, row.lat) = (Some(lon), Some(lat));
    }
    let mut faults = unknown_subjects(act, row.site_id, row.key_unit_id).await?;
    if row.in_use_from.zip(row.in_use_to).is_some_and(|(from, to)| to < from) {
        faults.push(fields::at(
            "in_use_to",
            "ends_before_it_begins",
            Text::fixed("停用日早于启用日。", "The last day of use lies before the first."),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if !store::update_point(act.tx(), &row, revision).await? {
        return Err(stale());
    }
    let land =
        |row: &PointRow| (row.land_type.clone(), row.rotation, row.land_use_system.clone(), row.land_use_code.clone());
    let unstated = row.land_type.is_none() && row.land_use_code.is_none() && !row.rotation;
    let moved = (was.lon, was.lat) != (row.lon, row.lat);
    let mut screened = None;
    if land(&was) != land(&row) || (moved && unstated) {
        let ids = screen::samples_at(act, id).await?;
        if !ids.is_empty() {
            let subject =
                Subject { division_code: Some(row.division_code.clone()), point_id: Some(id), sample_id: None };
            screened = Some(screen::rescreen(act, Cause::LandUse, subject, &ids).await?);
        }
    }
    act.note("sampling", json!({"point": id, "corrected": true, "reason_given": !reason.is_empty()}));
    let point = store::get_point(act.tx(), id, &Reach::default(), None).await?.ok_or_else(no_point)?;
    Ok(CorrectedPoint { point, screened })
}

fn put<T>(field: &mut Option<T>, change: Option<Option<T>>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn no_point() -> Error {
    Error::not_found("该采样点位", "sampling point")
}

fn no_sample() -> Error {
    Error::not_found("该样品", "sample")
}

/// What is to be another of a sample; `None` leaves it, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
pub struct SampleChange {
    /// Why.
    pub reason: String,
    /// What was sampled.
    pub medium: Option<&'static str>,
    /// The crop.
    pub product: Option<Option<String>>,
    /// The material in the report's words.
    pub material: Option<Option<String>>,
    /// Upper end, metres below ground.
    pub depth_from_m: Option<Option<Decimal>>,
    /// Lower end.
    pub depth_to_m: Option<Option<Decimal>>,
    /// Civil day of sampling.
    pub sampled_on: Option<Day>,
    /// Who analysed it.
    pub laboratory: Option<Option<String>>,
    /// How it was analysed.
    pub method: Option<Option<String>>,
    /// Soil pH.
    pub ph: Option<Option<Decimal>>,
    /// The report.
    pub document_id: Option<Option<Uuid>>,
    /// Results that take the place of those of the same substances.
    pub results: Vec<ResultFacts>,
    /// Keys of substances whose results are withdrawn.
    pub withdraw_results: Vec<String>,
    /// The sample as a whole is withdrawn.
    pub withdraw: bool,
}

/// A sample as corrected, and the run in which it was judged anew.
pub struct CorrectedSample {
    /// The sample.
    pub sample: SampleRow,
    /// The run; `None` for what is not screened.
    pub screened: Option<Screened>,
}

/// Corrects or withdraws a sample.
///
/// # Errors
/// `not_found`, `outside_division`, `stale`; `sample_withdrawn`; `invalid_input` for a substance that the sample has no
/// result of, a depth upside down, a day to come.
pub async fn correct_sample(
    act: &mut Act,
    id: SampleId,
    revision: i32,
    change: SampleChange,
) -> Result<CorrectedSample> {
    let was = samples::get_sample(act.tx(), id, &Reach::default(), None).await?.ok_or_else(no_sample)?;
    act.caller().require_division(&was.division_code)?;
    if was.withdrawn {
        return Err(Error::conflict(
            "sample_withdrawn",
            Text::fixed("样品已撤回，不能再修改。", "The sample was withdrawn and cannot be corrected."),
        ));
    }
    let mut row = was.clone();
    let today = act.today();
    let SampleChange {
        reason,
        medium,
        product,
        material,
        depth_from_m,
        depth_to_m,
        sampled_on,
        laboratory,
        method,
        ph,
        document_id,
        results,
        withdraw_results,
        withdraw,
    } = change;
    row.medium = medium.map_or(row.medium, str::to_owned);
    put(&mut row.product, product);
    put(&mut row.material, material);
    put(&mut row.depth_from_m, depth_from_m);
    put(&mut row.depth_to_m, depth_to_m);
    put(&mut row.laboratory, laboratory);
    put(&mut row.method, method);
    put(&mut row.ph, ph);
    put(&mut row.document_id, document_id);
    row.sampled_on = sampled_on.unwrap_or(row.sampled_on);
    row.withdrawn = withdraw;
    row.reason = Some(reason.clone());
    let mut faults = Vec::new();
    if row.depth_from_m.zip(row.depth_to_m).is_some_and(|(from, to)| to < from) {
        faults.push(crate::kernel::Fault::new(
            "/depth_to_m",
            "depth_upside_down",
            Text::fixed("下界浅于上界。", "It ends above where it begins."),
        ));
    }
    if row.sampled_on > today {
        faults.push(crate::kernel::Fault::new(
            "/sampled_on",
            "day_in_future",
            Text::new(format!("{} 晚于今天。", row.sampled_on), format!("{} lies after today.", row.sampled_on)),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if !samples::update_sample(act.tx(), &row, revision).await? {
        return Err(stale());
    }
    let now = act.now();
    for facts in &results {
        let new = samples::NewResult { id: SampleResultId::new(now), sample_id: id, facts };
        samples::replace_result(act.tx(), &new, &reason).await?;
    }
    if !withdraw_results.is_empty() {
        let gone = samples::withdraw_results(act.tx(), id, &withdraw_results, &reason).await?;
        let faults: Vec<_> = withdraw_results
            .iter()
            .enumerate()
            .filter(|(_, substance)| !gone.contains(substance))
            .map(|(i, substance)| {
                crate::kernel::Fault::new(
                    format!("/withdraw_results/{i}"),
                    "no_such_result",
                    Text::new(
                        format!("样品没有 {substance} 的有效结果。"),
                        format!("The sample has no result of {substance} that holds."),
                    ),
                )
            })
            .collect();
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
    }
    let mut screened = None;
    if !row.withdrawn && row.medium == "soil" {
        let cause = if was.ph == row.ph { Cause::Correction } else { Cause::Ph };
        let subject = Subject { division_code: Some(row.division_code.clone()), sample_id: Some(id), point_id: None };
        screened = Some(screen::rescreen(act, cause, subject, &[id]).await?);
    }
    act.note(
        "sampling",
        json!({
            "sample": id, "withdrawn": row.withdrawn, "ph_changed": was.ph != row.ph, "results": results.len(),
            "results_withdrawn": withdraw_results.len(),
        }),
    );
    let sample = samples::get_sample(act.tx(), id, &Reach::default(), None).await?.ok_or_else(no_sample)?;
    let own = sample.program == "self_monitoring";
    act.tell(Change {
        kind: if sample.withdrawn { "sample.withdrawn" } else { "sample.corrected" },
        register: "sampling",
        id: id.0,
        code: sample.code.clone(),
        division_code: sample.division_code.clone(),
        owner_credit_code: sample.owner_credit_code.clone().filter(|_| own),
        public: false,
        occurred_on: Some(sample.sampled_on),
        data: json!({"differences": screened.as_ref().map_or(0, |screened| screened.run.differences)}),
    });
    Ok(CorrectedSample { sample, screened })
}
