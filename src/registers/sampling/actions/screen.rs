//! Samples are held to the standards: when they are loaded, and again when a standard, a pH, a land use or a value changes.

use crate::kernel::quantity::{Measured, Unit};
use crate::kernel::{
    Day, Decimal, DivisionCode, Error, FarmlandUnitId, RescreeningId, Result, SampleId, SamplingPointId,
    ScreeningDifferenceId,
};
use crate::platform::Act;
use crate::platform::outbox::Change;
use crate::registers::sampling::ELEMENTS;
use crate::registers::sampling::rules::land::{self, Facts};
use crate::registers::sampling::rules::meaning::meaning;
use crate::registers::sampling::store::samples::{ResultRow, SampleRow};
use crate::registers::sampling::store::screening::{self, Difference, Entry, HeldRow, Judged, RunRow};
use crate::registers::sampling::store::{PointRow, samples, within};
use crate::registers::standard;
use crate::standards::screening::{
    self as rules, Context, GB_15618, Judgement, LocalLimit, Medium, Outcome, Reading, Reason,
};
use crate::standards::substances;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Samples that are judged together.
const BATCH: i64 = 2_000;

/// Why results are judged anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Another version of a national or local standard.
    StandardVersion,
    /// Another pH.
    Ph,
    /// Another land use.
    LandUse,
    /// A corrected value, medium or withdrawal.
    Correction,
    /// Somebody asked.
    Manual,
}

impl Cause {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::StandardVersion => "standard_version",
            Cause::Ph => "ph",
            Cause::LandUse => "land_use",
            Cause::Correction => "correction",
            Cause::Manual => "manual",
        }
    }
}

/// A run, and the first of what came out otherwise.
#[derive(Debug, Clone)]
pub struct Screened {
    /// The run with its counts.
    pub run: RunRow,
}

/// Local limit values by division, looked up once each.
struct Local {
    on: Day,
    held: HashMap<String, Arc<[LocalLimit]>>,
}

impl Local {
    fn on(on: Day) -> Local {
        Local { on, held: HashMap::new() }
    }

    async fn load(&mut self, conn: &mut PgConnection, rows: &[HeldRow]) -> Result<()> {
        for row in rows {
            if !self.held.contains_key(&row.division_code) {
                let limits = standard::local_limits(conn, &row.division_code, self.on, None).await?;
                self.held.insert(row.division_code.clone(), limits.into());
            }
        }
        Ok(())
    }

    fn of(&self, division: &str) -> Arc<[LocalLimit]> {
        self.held.get(division).map_or_else(|| Arc::from([]), Arc::clone)
    }
}

/// How a sample's results come out by the standards of a day, unstored: what the land was held to, what was assumed, and
/// every judgement.
pub struct Live {
    /// The land in one word.
    pub land: &'static str,
    /// Number of the national standard.
    pub standard: &'static str,
    /// What was assumed of the land.
    pub assumed: Vec<Reason>,
    /// One for each result, and for sums that the standard prints.
    pub judgements: Vec<Judgement>,
}

/// Judges a sample by the standards of a day, as known at an instant, storing nothing.
///
/// # Errors
/// When the database cannot be read.
pub async fn judged_live(
    conn: &mut PgConnection,
    sample: &SampleRow,
    point: &PointRow,
    results: &[ResultRow],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Live> {
    let unit = screening::units_of(conn, &[sample.id], on).await?.into_iter().next();
    let local = standard::local_limits(conn, &point.division_code, on, known_at).await?;
    let facts = Facts {
        land_type: point.land_type.as_deref(),
        rotation: point.rotation,
        land_use: point.land_use_system.as_deref().zip(point.land_use_code.as_deref()),
        unit: unit.as_ref().map(|unit| (unit.code.as_str(), unit.land_type.as_str())),
    };
    let (land, assumed) = land::held(facts).map_err(|fault| Error::internal(fault.message.en.into_owned()))?;
    let (word, standard) = (land::word(&land), land.standard());
    let mut assumed: Vec<Reason> = assumed.into_iter().collect();
    if let rules::LandHeld::Construction { assumed: Some(text), .. } = &land {
        assumed.push(Reason::new("use_unclear", text.zh.clone(), text.en.clone()));
    }
    let mut readings = Vec::with_capacity(results.len());
    for result in results.iter().filter(|result| !result.withdrawn) {
        readings.push(reading(&result.substance, result.below, result.value, &result.unit)?);
    }
    let context = Context {
        land,
        ph: sample.ph,
        medium: medium(&sample.medium),
        on,
        background: BTreeMap::new(),
        local: local.into(),
    };
    Ok(Live { land: word, standard, assumed, judgements: rules::screen(&context, &readings) })
}

/// The medium as the standards know it: plants that nobody eats are none of theirs.
fn medium(name: &str) -> Medium {
    Medium::parse(name).unwrap_or(Medium::Other)
}

fn reading(substance: &str, below: bool, value: Decimal, unit: &str) -> Result<Reading> {
    let substance = substances::find(substance)
        .ok_or_else(|| Error::internal(format!("a result is stored of the substance {substance}")))?;
    let unit = Unit::parse(unit).map_err(|fault| Error::internal(fault.message.en.into_owned()))?;
    Ok(Reading { substance, measured: Measured { below, value, unit } })
}

/// How a stored sample comes out.
fn judge(row: &HeldRow, on: Day, local: Arc<[LocalLimit]>) -> Result<Judged> {
    let facts = Facts {
        land_type: row.land_type.as_deref(),
        rotation: row.rotation,
        land_use: row.land_use_system.as_deref().zip(row.land_use_code.as_deref()),
        unit: row.unit_code.as_deref().zip(row.unit_land_type.as_deref()),
    };
    let (land, _) = land::held(facts).map_err(|fault| Error::internal(fault.message.en.into_owned()))?;
    let (word, standard) = (land::word(&land), land.standard());
    let readings: Vec<Reading> = (0..row.substances.len())
        .map(|at| reading(&row.substances[at], row.belows[at], row.values[at], &row.units[at]))
        .collect::<Result<_>>()?;
    let context = Context { land, ph: row.ph, medium: medium(&row.medium), on, background: BTreeMap::new(), local };
    let judgements = rules::screen(&context, &readings);
    let mut spoke: Vec<String> = judgements
        .iter()
        .flat_map(|judgement| [&judgement.screening, &judgement.intervention])
        .flatten()
        .filter(|limit| limit.local)
        .map(|limit| limit.standard.to_string())
        .collect();
    spoke.sort();
    spoke.dedup();
    let worst = rules::worst(&judgements).unwrap_or(Outcome::NotComparable);
    let entries = judgements
        .into_iter()
        .map(|judgement| Entry {
            substance: judgement.substance.key.as_str(),
            outcome: judgement.outcome.as_str(),
            screening: judgement.screening.map(|limit| limit.value),
            intervention: judgement.intervention.map(|limit| limit.value),
            reasons: judgement.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>().join(" "),
        })
        .collect();
    Ok(Judged { id: row.id, standard, local: spoke, land: word, ph: row.ph, worst: worst.as_str(), entries })
}

/// Whether a sample comes out as it did, by the same land, pH and values.
fn is_as_before(row: &HeldRow, judged: &Judged) -> bool {
    let same = |was: Option<&Vec<String>>, is: &dyn Fn(&Entry) -> &str| {
        was.is_some_and(|was| {
            was.len() == judged.entries.len() && was.iter().zip(&judged.entries).all(|(was, entry)| was == is(entry))
        })
    };
    let same_values = |was: Option<&Vec<Option<Decimal>>>, is: &dyn Fn(&Entry) -> Option<Decimal>| {
        was.is_some_and(|was| {
            was.len() == judged.entries.len() && was.iter().zip(&judged.entries).all(|(was, entry)| *was == is(entry))
        })
    };
    row.judged
        && row.was_standard.as_deref() == Some(judged.standard)
        && row.was_land.as_deref() == Some(judged.land)
        && row.was_ph == judged.ph
        && row.was_local.as_ref() == Some(&judged.local)
        && same(row.was_substances.as_ref(), &|entry| entry.substance)
        && same(row.was_outcomes.as_ref(), &|entry| entry.outcome)
        && same(row.was_reasons.as_ref(), &|entry| &entry.reasons)
        && same_values(row.was_screening.as_ref(), &|entry| entry.screening)
        && same_values(row.was_intervention.as_ref(), &|entry| entry.intervention)
}

/// Judges samples that were just loaded. Nothing is compared with before.
///
/// # Errors
/// When the database cannot be reached.
pub async fn judge_new(act: &mut Act, ids: &[SampleId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let on = act.today();
    let rows = screening::held(act.tx(), ids, on).await?;
    let mut local = Local::on(on);
    local.load(act.tx(), &rows).await?;
    let mut judged = Vec::with_capacity(rows.len());
    for row in &rows {
        let outcome = judge(row, on, local.of(&row.division_code))?;
        if !is_as_before(row, &outcome) {
            judged.push(outcome);
        }
    }
    if judged.is_empty() { Ok(()) } else { screening::keep(act.tx(), None, on, &judged).await }
}

/// What a run is about.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The division whose samples are judged; the one that the sample or point lies in. `None`: everywhere.
    pub division_code: Option<String>,
    /// One sample.
    pub sample_id: Option<SampleId>,
    /// The samples of one point.
    pub point_id: Option<SamplingPointId>,
}

/// Judges some samples anew by today's standards, and keeps what came out otherwise as a run.
///
/// # Errors
/// When the database cannot be reached.
pub async fn rescreen(act: &mut Act, cause: Cause, subject: Subject, ids: &[SampleId]) -> Result<Screened> {
    let mut run = begin(act, cause, subject).await?;
    let mut local = Local::on(act.today());
    for batch in ids.chunks(usize::try_from(BATCH).unwrap_or(1)) {
        judge_batch(act, &mut run, &mut local, batch).await?;
    }
    end(act, run).await
}

/// Judges the samples inside a farmland unit anew, whose land type has changed. Nothing is done where there are none.
///
/// # Errors
/// When the database cannot be reached.
pub async fn land_changed(act: &mut Act, unit: FarmlandUnitId, division: &str) -> Result<()> {
    let ids = within::samples_in_unit(act.tx(), unit).await?;
    if !ids.is_empty() {
        let subject = Subject { division_code: Some(division.to_owned()), ..Subject::default() };
        rescreen(act, Cause::LandUse, subject, &ids).await?;
    }
    Ok(())
}

/// Judges every soil sample of a division (`None`: of all) anew by today's standards. What comes out as before is left as
/// it is, so that a second run finds nothing.
///
/// # Errors
/// When the database cannot be reached.
pub async fn rescreen_division(act: &mut Act, cause: Cause, division: Option<&str>) -> Result<Screened> {
    let subject = Subject { division_code: division.map(str::to_owned), ..Subject::default() };
    let mut run = begin(act, cause, subject).await?;
    let mut local = Local::on(act.today());
    let mut after = None;
    loop {
        let ids = screening::next_samples(act.tx(), division, after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        judge_batch(act, &mut run, &mut local, &ids).await?;
    }
    end(act, run).await
}

async fn begin(act: &mut Act, cause: Cause, subject: Subject) -> Result<RunRow> {
    let run = RunRow {
        id: RescreeningId::new(act.now()),
        cause: cause.as_str().to_owned(),
        division_code: subject.division_code,
        sample_id: subject.sample_id,
        point_id: subject.point_id,
        judged_on: act.today(),
        by_role: act.caller().role().map(|role| role.as_str().to_owned()),
        run_at: act.now(),
        samples: 0,
        results: 0,
        first_judged: 0,
        differences: 0,
    };
    screening::insert_run(act.tx(), &run).await?;
    Ok(run)
}

async fn end(act: &mut Act, run: RunRow) -> Result<Screened> {
    screening::count_run(act.tx(), &run).await?;
    act.note(
        "sampling",
        json!({
            "rescreening": run.id, "cause": run.cause, "division": run.division_code, "samples": run.samples,
            "results": run.results, "differences": run.differences,
        }),
    );
    if run.differences > 0 && run.sample_id.is_none() {
        act.tell(Change {
            kind: "sampling.rescreened",
            register: "sampling",
            id: run.id.0,
            code: run.id.to_string(),
            division_code: run.division_code.clone().unwrap_or_else(|| DivisionCode::nation().to_string()),
            owner_credit_code: None,
            public: false,
            occurred_on: Some(run.judged_on),
            data: json!({"cause": run.cause, "results": run.results, "differences": run.differences}),
        });
    }
    Ok(Screened { run })
}

async fn judge_batch(act: &mut Act, run: &mut RunRow, local: &mut Local, ids: &[SampleId]) -> Result<()> {
    let (on, now) = (run.judged_on, run.run_at);
    let rows = screening::held(act.tx(), ids, on).await?;
    local.load(act.tx(), &rows).await?;
    let mut changed = Vec::new();
    let mut found: Vec<Difference> = Vec::new();
    for row in &rows {
        let judged = judge(row, on, local.of(&row.division_code))?;
        run.samples += 1;
        run.results += i64::try_from(row.substances.len()).unwrap_or(0);
        if is_as_before(row, &judged) {
            continue;
        }
        differences(row, &judged, now, run, &mut found);
        changed.push(judged);
    }
    if !changed.is_empty() {
        screening::keep(act.tx(), Some(run.id), on, &changed).await?;
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut samples: Vec<SampleId> = found.iter().map(|difference| difference.sample_id).collect();
    samples.dedup();
    let units: HashMap<SampleId, screening::UnitRow> =
        screening::units_of(act.tx(), &samples, on).await?.into_iter().map(|unit| (unit.sample_id, unit)).collect();
    for difference in &mut found {
        if let Some(unit) = units.get(&difference.sample_id) {
            difference.unit_id = Some(unit.unit_id);
            difference.unit_code = Some(unit.code.clone());
            difference.unit_class = Some(unit.class.clone());
        }
    }
    screening::insert_differences(act.tx(), run.id, &found).await
}

/// What of a sample comes out otherwise than before.
fn differences(row: &HeldRow, judged: &Judged, now: DateTime<Utc>, run: &mut RunRow, found: &mut Vec<Difference>) {
    if !row.judged {
        run.first_judged += i64::try_from(judged.entries.len()).unwrap_or(0);
        return;
    }
    let outcome = |word: &str| Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
    let empty = Vec::new();
    let substances = row.was_substances.as_ref().unwrap_or(&empty);
    let was = |substance: &str| {
        let at = substances.iter().position(|was| was == substance)?;
        let value = |values: Option<&Vec<Option<Decimal>>>| values.and_then(|values| *values.get(at)?);
        let word = row.was_outcomes.as_ref()?.get(at)?.clone();
        Some((word, value(row.was_screening.as_ref()), value(row.was_intervention.as_ref())))
    };
    let farmland = judged.standard == GB_15618;
    let mut add =
        |substance: &str, before: Option<(String, Option<Decimal>, Option<Decimal>)>, after: Option<&Entry>| {
            run.differences += 1;
            let meant = meaning(
                before.as_ref().and_then(|(word, ..)| outcome(word)),
                after.and_then(|entry| outcome(entry.outcome)),
                farmland,
                ELEMENTS.contains(&substance),
            );
            let (before_outcome, before_screening, before_intervention) = before
                .map_or((None, None, None), |(word, screening, intervention)| (Some(word), screening, intervention));
            found.push(Difference {
                id: ScreeningDifferenceId::new(now),
                n: run.differences,
                sample_id: row.id,
                substance: substance.to_owned(),
                before_outcome,
                before_screening,
                before_intervention,
                after_outcome: after.map(|entry| entry.outcome.to_owned()),
                after_screening: after.and_then(|entry| entry.screening),
                after_intervention: after.and_then(|entry| entry.intervention),
                meaning: meant.as_str().to_owned(),
                unit_id: None,
                unit_code: None,
                unit_class: None,
                site_id: row.site_id,
            });
        };
    for entry in &judged.entries {
        match was(entry.substance) {
            None => run.first_judged += 1,
            Some((word, ..)) if word == entry.outcome => {}
            before => add(entry.substance, before, Some(entry)),
        }
    }
    for substance in substances {
        if !judged.entries.iter().any(|entry| entry.substance == substance) {
            add(substance, was(substance), None);
        }
    }
}

/// Identifiers of a point's samples, for judging them anew.
pub async fn samples_at(act: &mut Act, point: SamplingPointId) -> Result<Vec<SampleId>> {
    samples::samples_at_point(act.tx(), point).await
}
