//! Making measures, covering units, recording events and results.

use super::rules::{
    Entry, MeasureAction, MeasureEvent, MeasureKind, MeasureStatus, Need, STEPS, Stage, Standing, Step, is_governments,
    stage_title, step,
};
use super::store::{self, Covered, EventRow, NewResult, NewRow, Row, Target, When};
use crate::kernel::basis::cite_all;
use crate::kernel::{
    Area, Citation, Day, DocumentId, Error, FarmlandMeasureId, FarmlandUnitId, Fault, Result, Text, ids,
};
use crate::platform::outbox::Change;
use crate::platform::overlay::{Probe, Relation};
use crate::platform::{Act, Caller, Role, topology};
use crate::registers::{document, farmland};
use crate::standards::law;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashSet;

/// Units, results or targets of one request at most.
pub const MAX_ROWS: usize = 10_000;
/// Longest title, name, number: characters.
const MAX_NAME: usize = 300;
/// Longest note or reason: characters.
const MAX_NOTE: usize = 2_000;
/// Generations looked up for the unit that another one came of.
const MAX_GENERATIONS: usize = 50;

/// A measure to be made.
#[derive(Debug, Clone)]
pub struct NewMeasure {
    pub kind: MeasureKind,
    pub title: String,
    pub division_code: String,
    pub from_on: Day,
    pub to_on: Option<Day>,
    pub proposed_by: String,
    pub proposed_on: Option<Day>,
    pub executor: Option<String>,
    pub actions: Vec<MeasureAction>,
    pub products: Vec<String>,
    pub targets: Vec<NewTarget>,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
    pub units: Vec<Covered>,
    pub overlapping: bool,
    pub area: Option<Area>,
}

/// What a plan is to reach in a year.
#[derive(Debug, Clone, Copy)]
pub struct NewTarget {
    pub year: i32,
    pub action: MeasureAction,
    pub area_m2: f64,
}

/// What is changed of a measure; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub title: Option<String>,
    pub from_on: Option<Day>,
    pub to_on: Option<Day>,
    pub executor: Option<String>,
    pub actions: Option<Vec<MeasureAction>>,
    pub products: Option<Vec<String>>,
    pub targets: Option<Vec<NewTarget>>,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
}

/// An event to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub event: MeasureEvent,
    pub occurred_on: Option<Day>,
    pub body: Option<String>,
    pub number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub reason: Option<String>,
}

/// Units to be covered and taken out.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    pub attach: Vec<Covered>,
    pub detach: Vec<FarmlandUnitId>,
    pub overlapping: bool,
}

/// A result of the year as given, its place in the request known.
#[derive(Debug, Clone)]
pub struct GivenResult {
    pub unit: FarmlandUnitId,
    pub implemented: bool,
    pub products_ok: Option<bool>,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
}

/// There is no such measure in what the caller may see.
pub fn not_found() -> Error {
    Error::not_found("该农用地措施", "measure on farmland")
}

/// Makes a measure: a draft, or what is proposed to the government.
///
/// # Errors
/// `maker_of_another_role`, `outside_division`; `invalid_input` for texts, days, actions and products that do not fit the
/// kind, units that are unknown or lie elsewhere, a bad outline.
pub async fn make(act: &mut Act, new: NewMeasure) -> Result<FarmlandMeasureId> {
    act.caller().require_division(&new.division_code)?;
    require_maker(act.caller(), new.kind)?;
    check(&new, act.today())?;
    if division_unknown(act.tx(), &new.division_code).await? {
        return Err(Error::invalid(vec![crate::registers::division::unknown(&new.division_code)]));
    }
    let ewkb = new.area.as_ref().map(Area::to_ewkb);
    let mut area_m2 = None;
    if let (Some(area), Some(ewkb)) = (&new.area, &ewkb) {
        topology::check(act.tx(), area, "/geometry").await?;
        area_m2 = Some(topology::area_m2(act.tx(), ewkb).await?);
    }
    let id = FarmlandMeasureId::new(act.now());
    let proposed_on = new.proposed_on.unwrap_or_else(|| act.today());
    let year = proposed_on.year();
    let serial = store::next_serial(act.tx(), &new.division_code, year, new.kind).await?;
    let row = NewRow {
        id,
        number: format!("{}-{}-{year}-{serial:04}", new.division_code, new.kind.row().word),
        kind: new.kind,
        title: new.title.trim().to_owned(),
        division_code: new.division_code.clone(),
        from_on: new.from_on,
        to_on: new.to_on,
        proposed_by: new.proposed_by.trim().to_owned(),
        proposed_on,
        executor: trimmed(new.executor.as_deref()),
        actions: new.actions.iter().map(|action| action.as_str().to_owned()).collect(),
        products: trimmed_all(&new.products),
        document_id: new.document_id,
        note: trimmed(new.note.as_deref()),
        area_m2,
        ewkb: ewkb.clone(),
    };
    attach(act, new.document_id, id, &row.division_code, "/properties/document_id").await?;
    store::insert(act.tx(), &row).await?;
    set_targets(act, id, &new.targets).await?;
    let mut units = new.units.clone();
    if new.overlapping {
        let ewkb = ewkb.ok_or_else(|| needs_outline("/properties/overlapping_units"))?;
        add_overlapping(act, &ewkb, &row.division_code, new.from_on, &mut units).await?;
    }
    let covered = cover(act, id, &row.division_code, new.from_on, &units, "/properties/units").await?;
    act.note(
        format!("farmland_measure/{id}"),
        json!({"proposed": row.number, "kind": row.kind.as_str(), "division": row.division_code, "units": covered}),
    );
    tell(act, "farmland_measure.proposed", &Subject::of_new(&row), Some(proposed_on), json!({"units": covered}));
    Ok(id)
}

/// Changes a measure's attributes.
///
/// # Errors
/// `stale`; `measure_closed` when it has ended or was withdrawn; `fixed_by_approval` for days and products once it was
/// approved or filed; `invalid_input`.
pub async fn change(act: &mut Act, id: FarmlandMeasureId, revision: i32, changes: Changes) -> Result<()> {
    let mut row = locked(act, id).await?;
    act.caller().require_division(&row.division_code)?;
    let kind = row.kind()?;
    require_maker(act.caller(), kind)?;
    if row.revision != revision {
        return Err(crate::platform::call::stale());
    }
    let standing = row.standing();
    require_open(&standing)?;
    let fixed = [
        (changes.from_on.is_some(), "/from_on"),
        (changes.to_on.is_some(), "/to_on"),
        (changes.products.is_some(), "/products"),
        (changes.executor.is_some() && standing.effect_reported_on.is_some(), "/executor"),
    ];
    let faults: Vec<Fault> = fixed
        .iter()
        .filter(|(given, _)| *given && standing.stage() != Stage::Draft)
        .map(|(_, pointer)| Fault::new(*pointer, "fixed_by_approval", fixed_text()))
        .collect();
    if !faults.is_empty() {
        return Err(Error::conflict("fixed_by_approval", fixed_text()).with_faults(faults));
    }
    let mut changed = Vec::new();
    let mut note = |name: &'static str, given: bool| {
        if given {
            changed.push(name);
        }
    };
    note("title", changes.title.is_some());
    note("from_on", changes.from_on.is_some());
    note("to_on", changes.to_on.is_some());
    note("executor", changes.executor.is_some());
    note("actions", changes.actions.is_some());
    note("products", changes.products.is_some());
    note("targets", changes.targets.is_some());
    note("document_id", changes.document_id.is_some());
    note("note", changes.note.is_some());
    if changed.is_empty() {
        return Err(Error::fault(
            "",
            "nothing_to_change",
            Text::fixed("没有要修改的内容。", "Nothing is to be changed."),
        ));
    }
    row.title = changes.title.map_or(row.title, |title| title.trim().to_owned());
    row.from_on = changes.from_on.unwrap_or(row.from_on);
    row.to_on = changes.to_on.or(row.to_on);
    row.executor = changes.executor.map_or(row.executor, |executor| trimmed(Some(&executor)));
    row.actions = changes.actions.map_or(row.actions, |list| list.iter().map(|a| a.as_str().to_owned()).collect());
    row.products = changes.products.map_or(row.products, |products| trimmed_all(&products));
    row.document_id = changes.document_id.or(row.document_id);
    row.note = changes.note.map_or(row.note, |note| trimmed(Some(&note)));
    let mut faults = Vec::new();
    let actions: Vec<MeasureAction> = row.actions.iter().filter_map(|name| MeasureAction::parse(name)).collect();
    check_content(
        kind,
        &row.title,
        row.executor.as_deref(),
        row.note.as_deref(),
        &actions,
        &row.products,
        "",
        &mut faults,
    );
    check_period(row.from_on, row.to_on, "", &mut faults);
    check_targets(kind, changes.targets.as_deref().unwrap_or_default(), "", &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    attach(act, changes.document_id, id, &row.division_code, "/document_id").await?;
    store::update(act.tx(), &row).await?;
    if let Some(targets) = &changes.targets {
        set_targets(act, id, targets).await?;
    }
    act.note(format!("farmland_measure/{id}"), json!({"changed": changed}));
    tell(act, "farmland_measure.changed", &Subject::of(&row), None, json!({"changed": changed}));
    Ok(())
}

/// Covers units and takes units out.
///
/// # Errors
/// `measure_closed`; `units_fixed_by_approval` for a ban zone that was approved, where a unit is no successor of one that it
/// covers; `invalid_input` for unknown units and units elsewhere.
pub async fn change_units(act: &mut Act, id: FarmlandMeasureId, coverage: Coverage) -> Result<()> {
    let row = locked(act, id).await?;
    act.caller().require_division(&row.division_code)?;
    let kind = row.kind()?;
    require_maker(act.caller(), kind)?;
    let standing = row.standing();
    require_open(&standing)?;
    if kind == MeasureKind::CropBanZone && standing.stage() != Stage::Draft {
        require_successors(act, id, &coverage, standing.effective_on.unwrap_or(row.from_on)).await?;
    }
    let mut units = coverage.attach.clone();
    if coverage.overlapping {
        let ewkb = store::outline(act.tx(), id).await?.ok_or_else(|| needs_outline("/overlapping"))?;
        add_overlapping(act, &ewkb, &row.division_code, row.from_on, &mut units).await?;
    }
    let removed = store::uncover(act.tx(), id, &coverage.detach).await?;
    if removed != coverage.detach.iter().collect::<HashSet<_>>().len() as u64 {
        let text =
            Text::fixed("所列单元中有不属于该措施的。", "A unit to be taken out does not belong to the measure.");
        return Err(Error::fault("/detach", "unit_not_covered", text));
    }
    let covered = cover(act, id, &row.division_code, row.from_on, &units, "/attach").await?;
    act.note(format!("farmland_measure/{id}"), json!({"units_covered": covered, "units_taken_out": removed}));
    let data = json!({"units_covered": covered, "units_taken_out": removed});
    tell(act, "farmland_measure.changed", &Subject::of(&row), None, data);
    Ok(())
}

/// Records an event.
///
/// # Errors
/// `step_not_allowed` with the events that are open; `step_of_another_role`, `not_the_same_level`; `measure_covers_nothing`;
/// `evaluator_is_executor`; `has_results`; `invalid_input` for what is missing and days that cannot be.
pub async fn record(act: &mut Act, id: FarmlandMeasureId, new: NewEvent) -> Result<()> {
    let row = locked(act, id).await?;
    let kind = row.kind()?;
    let today = act.today();
    let standing = row.standing();
    let stage = standing.stage();
    let found = step(kind, stage, new.event).map_err(|allowed| refused(kind, stage, new.event, &allowed, today))?;
    require_step(act.caller(), found, &row.division_code, today)?;
    let events = store::events(act.tx(), id, None).await?;
    let last = events.iter().rev().find(|event| !event.voided && event.r#type != MeasureEvent::EnteredInError.as_str());
    let on = new.occurred_on.unwrap_or(today);
    check_event(&new, found, on, &row, last.map(|event| event.occurred_on), act.caller(), today)?;
    let mut entries = Vec::new();
    for event in events.iter().filter(|event| !event.voided) {
        entries.push(event.entry()?);
    }
    if new.event == MeasureEvent::EnteredInError {
        let last = last.ok_or_else(|| {
            Error::conflict("nothing_to_void", Text::fixed("没有可作废的事件。", "There is no event to void."))
        })?;
        let voided = last.entry()?.event;
        let recorders = STEPS.iter().find(|step| step.event == voided && step.kinds.contains(&kind));
        if let Some(recorder) = recorders {
            require_step(act.caller(), recorder, &row.division_code, today)?;
        }
        let at = entries.iter().rposition(|entry| entry.event == voided);
        if let Some(at) = at {
            entries.remove(at);
        }
        let after = Standing::of(kind, &entries);
        if standing.effective_on.is_some() && after.effective_on.is_none() && store::has_results(act.tx(), id).await? {
            return Err(Error::conflict(
                "has_results",
                Text::fixed(
                    "该措施已登记年度结果，不能作废其批准或备案。",
                    "Results were recorded under this measure; its approval or filing cannot be voided.",
                ),
            ));
        }
        store::void_event(act.tx(), id, last.seq).await?;
    } else {
        if found.to == Some(Stage::Effective) && row.wkb.is_none() && store::how_many(act.tx(), id).await? == 0 {
            return Err(Error::conflict(
                "measure_covers_nothing",
                Text::fixed(
                    "该措施没有覆盖任何单元，也没有范围图形。",
                    "The measure covers no unit and has no outline.",
                ),
            ));
        }
        entries.push(Entry {
            event: new.event,
            on,
            body: trimmed(new.body.as_deref()),
            number: trimmed(new.number.as_deref()),
        });
    }
    let event = EventRow {
        seq: events.last().map_or(1, |event| event.seq + 1),
        r#type: new.event.as_str().to_owned(),
        occurred_on: on,
        body: trimmed(new.body.as_deref()),
        number: trimmed(new.number.as_deref()),
        document_id: new.document_id,
        reason: trimmed(new.reason.as_deref()),
        recorded_by: act.caller().role().map_or("operator", Role::as_str).to_owned(),
        recorded_at: act.now(),
        voided: false,
    };
    let key = ids::v7(act.now());
    attach(act, new.document_id, id, &row.division_code, "/document_id").await?;
    store::add_event(act.tx(), id, key, &event).await?;
    let after = Standing::of(kind, &entries);
    store::set_standing(act.tx(), id, &after).await?;
    act.note(
        format!("farmland_measure/{id}"),
        json!({"event": new.event.as_str(), "seq": event.seq, "on": on, "number": event.number}),
    );
    let change = match new.event {
        MeasureEvent::Approved => "farmland_measure.approved",
        MeasureEvent::Filed => "farmland_measure.filed",
        MeasureEvent::Uploaded => "farmland_measure.uploaded",
        MeasureEvent::EffectReportFiled => "farmland_measure.effect_report_filed",
        MeasureEvent::Ended => "farmland_measure.ended",
        MeasureEvent::Withdrawn => "farmland_measure.withdrawn",
        MeasureEvent::EnteredInError => "farmland_measure.event_voided",
    };
    let status = after.status(kind, row.from_on, row.to_on, today);
    let data = json!({"status": status, "from_on": row.from_on, "to_on": row.to_on, "products": row.products});
    tell(act, change, &Subject::of(&row), Some(on), data);
    Ok(())
}

/// Records the results of a year; gives how many are new or changed.
///
/// # Errors
/// `not_in_force_that_year`; `step_of_another_role`; `invalid_input` for units that the measure does not cover, a unit named
/// twice, a year to come.
pub async fn record_results(act: &mut Act, id: FarmlandMeasureId, year: i32, given: &[GivenResult]) -> Result<u64> {
    let row = locked(act, id).await?;
    act.caller().require_division(&row.division_code)?;
    let kind = row.kind()?;
    require_maker(act.caller(), kind)?;
    let mut faults = Vec::new();
    if year > act.today().year() {
        let text = Text::new(format!("{year} 年尚未到来。"), format!("The year {year} has not come yet."));
        faults.push(Fault::new("/year", "day_in_future", text));
    }
    if given.is_empty() || given.len() > MAX_ROWS {
        faults.push(Fault::new("/results", "bad_length", length_text()));
    }
    let mut seen = HashSet::new();
    for (i, result) in given.iter().enumerate() {
        if !seen.insert(result.unit) {
            let text = Text::fixed("同一单元列了两次。", "The unit is named twice.");
            faults.push(Fault::new(format!("/results/{i}/unit_id"), "repeated", text));
        }
        long(result.note.as_deref(), MAX_NOTE, &format!("/results/{i}/note"), &mut faults);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if !row.standing().held_in(row.from_on, row.to_on, year) {
        return Err(Error::conflict(
            "not_in_force_that_year",
            Text::new(
                format!("该措施在 {year} 年没有生效的日子，不能登记该年结果。"),
                format!("The measure was not in force on any day of {year}, so that it has no results of that year."),
            ),
        ));
    }
    let units: Vec<FarmlandUnitId> = given.iter().map(|result| result.unit).collect();
    let covered: HashSet<FarmlandUnitId> = store::covered(act.tx(), id, &units).await?.into_iter().collect();
    let strangers: Vec<Fault> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| !covered.contains(unit))
        .map(|(i, unit)| {
            let text = Text::new(
                format!("单元 {unit} 不在该措施之内。"),
                format!("The unit {unit} is not covered by the measure."),
            );
            Fault::new(format!("/results/{i}/unit_id"), "unit_not_covered", text)
        })
        .collect();
    if !strangers.is_empty() {
        return Err(Error::invalid(strangers));
    }
    let mut papers = HashSet::new();
    for (i, result) in given.iter().enumerate() {
        if result.document_id.is_some_and(|paper| papers.insert(paper)) {
            attach(act, result.document_id, id, &row.division_code, &format!("/results/{i}/document_id")).await?;
        }
    }
    let now = act.now();
    let keys: Vec<_> = given.iter().map(|_| ids::v7(now)).collect();
    let results: Vec<NewResult> = given
        .iter()
        .map(|result| NewResult {
            unit: result.unit,
            implemented: result.implemented,
            products_ok: match result.products_ok {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            },
            document_id: result.document_id,
            note: trimmed(result.note.as_deref()),
        })
        .collect();
    let recorded = store::put_results(act.tx(), id, year, &keys, &results).await?;
    act.note(
        format!("farmland_measure/{id}"),
        json!({"results_of": year, "recorded": recorded, "unchanged": given.len() as u64 - recorded}),
    );
    let data = json!({"year": year, "recorded": recorded});
    tell(act, "farmland_measure.results_recorded", &Subject::of(&row), None, data);
    Ok(recorded)
}

/// The events that are open to a caller now.
pub fn next_steps(caller: &Caller, row: &Row) -> Result<Vec<&'static Step>> {
    let (kind, stage) = (row.kind()?, row.standing().stage());
    let open = |step: &&Step| {
        step.kinds.contains(&kind)
            && step.from.contains(&stage)
            && caller.role().is_none_or(|role| step.roles.contains(&role))
            && caller.holds_in(&row.division_code)
            && (!is_governments(step) || is_of_level(caller, &row.division_code))
            // A draft without events has none to void.
            && (step.event != MeasureEvent::EnteredInError || stage != Stage::Draft)
    };
    Ok(STEPS.iter().filter(open).collect())
}

/// A result of a measure's year on a unit, as indicators count it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    /// The measure.
    pub measure_id: FarmlandMeasureId,
    /// Its kind.
    pub kind: MeasureKind,
    /// The unit.
    pub unit_id: FarmlandUnitId,
    /// Share of the unit that the measure covers, 0 to 1.
    pub area_share: f64,
    /// Whether the measure was carried out there in that year.
    pub implemented: bool,
    /// Whether its products were up to standard; `None`: not known.
    pub products_ok: Option<bool>,
}

/// The results of a year in a division and below (`None`: everywhere), of measures that were approved or filed, as known at
/// an instant. A unit has one row per measure, so that who adds up areas must take care of units under several measures.
///
/// # Errors
/// When the database cannot be read.
pub async fn results(
    conn: &mut PgConnection,
    division: Option<&str>,
    year: i32,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ResultRow>> {
    let rows = store::counted(conn, division, year, known_at).await?.into_iter();
    rows.map(|row| {
        Ok(ResultRow {
            measure_id: row.measure_id,
            kind: kind_of(&row.kind)?,
            unit_id: row.unit_id,
            area_share: row.area_share,
            implemented: row.implemented,
            products_ok: match row.products_ok.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
        })
    })
    .collect()
}

/// Of which units measures are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// Of these.
    Units(&'a [FarmlandUnitId]),
    /// Of a division and below.
    Division(&'a str),
}

/// A unit under a measure that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The measure.
    pub measure_id: FarmlandMeasureId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: MeasureKind,
    /// The unit.
    pub unit_id: FarmlandUnitId,
    /// Share of the unit that the measure covers, 0 to 1.
    pub area_share: f64,
}

/// Measures that hold on a day, unit by unit, as known at an instant. Only units that were attached: one that came of
/// another by a split is covered once it is attached itself.
///
/// # Errors
/// When the database cannot be read.
pub async fn in_force(
    conn: &mut PgConnection,
    of: Of<'_>,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<InForce>> {
    let (units, division) = match of {
        Of::Units(units) => (Some(units), None),
        Of::Division(division) => (None, Some(division)),
    };
    let rows = store::in_force(conn, units, division, When { on, known_at }).await?.into_iter();
    rows.map(|row| {
        Ok(InForce {
            measure_id: row.measure_id,
            number: row.number,
            kind: kind_of(&row.kind)?,
            unit_id: row.unit_id,
            area_share: row.area_share,
        })
    })
    .collect()
}

fn kind_of(name: &str) -> Result<MeasureKind> {
    MeasureKind::parse(name).ok_or_else(|| Error::internal(format!("a measure of kind {name}")))
}

/// A measure's record as those who are told of it know it.
struct Subject {
    id: FarmlandMeasureId,
    number: String,
    kind: String,
    division_code: String,
}

impl Subject {
    fn of(row: &Row) -> Subject {
        let (number, kind, division_code) = (row.number.clone(), row.kind.clone(), row.division_code.clone());
        Subject { id: row.id, number, kind, division_code }
    }

    fn of_new(row: &NewRow) -> Subject {
        let (number, division_code) = (row.number.clone(), row.division_code.clone());
        Subject { id: row.id, number, kind: row.kind.as_str().to_owned(), division_code }
    }
}

fn tell(act: &mut Act, kind: &'static str, subject: &Subject, on: Option<Day>, mut data: Value) {
    data["kind"] = json!(subject.kind);
    act.tell(Change {
        kind,
        register: "farmland_measure",
        id: subject.id.0,
        code: subject.number.clone(),
        division_code: subject.division_code.clone(),
        owner_credit_code: None,
        // Farmland is shown to departments; what farmers have to know of a ban zone, its government makes known.
        public: false,
        occurred_on: on,
        data,
    });
}

async fn locked(act: &mut Act, id: FarmlandMeasureId) -> Result<Row> {
    let today = act.today();
    if !store::lock(act.tx(), id).await? {
        return Err(not_found());
    }
    let scope = act.caller().scope(crate::platform::Permission::FarmlandRead);
    store::find(act.tx(), id, scope.divisions(), When { on: today, known_at: None }).await?.ok_or_else(not_found)
}

async fn division_unknown(conn: &mut PgConnection, code: &str) -> Result<bool> {
    Ok(crate::registers::division::known(conn, &[code.to_owned()]).await?.is_empty())
}

async fn attach(
    act: &mut Act,
    paper: Option<DocumentId>,
    id: FarmlandMeasureId,
    division_code: &str,
    pointer: &str,
) -> Result<()> {
    let Some(paper) = paper else { return Ok(()) };
    let subject = document::Subject { register: "farmland_measure", id: id.0, division_code, owner_credit_code: None };
    document::attach(act, paper, &subject, pointer).await
}

async fn set_targets(act: &mut Act, id: FarmlandMeasureId, targets: &[NewTarget]) -> Result<()> {
    let rows: Vec<Target> = targets
        .iter()
        .map(|t| Target { year: t.year, action: t.action.as_str().to_owned(), area_m2: t.area_m2 })
        .collect();
    let now = act.now();
    let keys: Vec<_> = rows.iter().map(|_| ids::v7(now)).collect();
    store::set_targets(act.tx(), id, &keys, &rows).await
}

/// Adds the units that an outline overlaps by more than a sliver, each with its share; those named already stay as named.
async fn add_overlapping(act: &mut Act, ewkb: &[u8], division: &str, on: Day, units: &mut Vec<Covered>) -> Result<()> {
    let (sliver_m2, sliver_share) = {
        let config = act.app().config();
        (config.sliver_max_m2, config.sliver_max_share)
    };
    let area_m2 = topology::area_m2(act.tx(), ewkb).await?;
    let hits = farmland::hits(act.tx(), &Probe::one(ewkb.to_vec(), area_m2, on)).await?;
    let codes: Vec<String> =
        hits.iter().map(|hit| hit.record.division_code.clone()).collect::<HashSet<_>>().into_iter().collect();
    let outside: HashSet<String> = store::outside(act.tx(), &codes, division).await?.into_iter().collect();
    let named: HashSet<FarmlandUnitId> = units.iter().map(|unit| unit.unit).collect();
    units.extend(
        hits.into_iter()
            .filter(|hit| hit.overlay.relation == Relation::Overlaps && !outside.contains(&hit.record.division_code))
            .filter(|hit| hit.overlay.overlap_m2 >= sliver_m2 || hit.overlay.share_of_record >= sliver_share)
            .filter(|hit| hit.overlay.share_of_record > 0.0 && !named.contains(&hit.record.id))
            .map(|hit| Covered { unit: hit.record.id, area_share: hit.overlay.share_of_record }),
    );
    Ok(())
}

/// Covers units after looking at each; gives how many are new or changed.
async fn cover(
    act: &mut Act,
    id: FarmlandMeasureId,
    division: &str,
    on: Day,
    units: &[Covered],
    pointer: &str,
) -> Result<u64> {
    if units.is_empty() {
        return Ok(0);
    }
    if units.len() > MAX_ROWS {
        return Err(Error::fault(pointer, "bad_length", length_text()));
    }
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for (i, unit) in units.iter().enumerate() {
        if !seen.insert(unit.unit) {
            let text = Text::fixed("同一单元列了两次。", "The unit is named twice.");
            faults.push(Fault::new(format!("{pointer}/{i}/unit_id"), "repeated", text));
        }
        if !(unit.area_share > 0.0 && unit.area_share <= 1.0) {
            let text = Text::fixed("应大于 0、不大于 1。", "must be above 0 and at most 1.");
            faults.push(Fault::new(format!("{pointer}/{i}/area_share"), "bad_share", text));
        }
    }
    let asked: Vec<FarmlandUnitId> = units.iter().map(|unit| unit.unit).collect();
    let known = farmland::units(act.tx(), &asked, on, None).await?;
    let codes: Vec<String> =
        known.iter().map(|unit| unit.division_code.clone()).collect::<HashSet<_>>().into_iter().collect();
    let outside: HashSet<String> = store::outside(act.tx(), &codes, division).await?.into_iter().collect();
    let caller = act.caller().clone();
    for (i, asked) in asked.iter().enumerate() {
        // Of a unit that the caller may not see nothing is said, not even that it is there.
        match known.iter().find(|unit| unit.id == *asked).filter(|unit| caller.holds_in(&unit.division_code)) {
            None => {
                let text = Text::new(
                    format!("没有农用地单元 {asked}，或您无权查看。"),
                    format!("There is no farmland unit {asked}, or you may not see it."),
                );
                faults.push(Fault::new(format!("{pointer}/{i}/unit_id"), "unknown_unit", text));
            }
            Some(unit) if outside.contains(&unit.division_code) => {
                let text = Text::new(
                    format!("单元 {} 位于 {}，不在 {division} 之内。", unit.code, unit.division_code),
                    format!("The unit {} lies in {}, outside {division}.", unit.code, unit.division_code),
                );
                faults.push(Fault::new(format!("{pointer}/{i}/unit_id"), "unit_outside_division", text));
            }
            Some(_) => {}
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let now = act.now();
    let keys: Vec<_> = units.iter().map(|_| ids::v7(now)).collect();
    store::cover(act.tx(), id, &keys, units).await
}

/// What the government approved is not changed behind its back: only a unit that came of one in the zone takes its place.
async fn require_successors(act: &mut Act, id: FarmlandMeasureId, coverage: &Coverage, on: Day) -> Result<()> {
    let refused = |en: &str, zh: &str| {
        Error::conflict("units_fixed_by_approval", Text::new(zh.to_owned(), en.to_owned()))
            .under("crop_ban_zone", cite_all(&[&law::LAW_54_CODE_449], on))
    };
    if !coverage.detach.is_empty() || coverage.overlapping {
        return Err(refused(
            "The government has approved this zone: units are neither taken out nor found anew. End it, and have another one approved.",
            "该区域已由人民政府批准，不能移出或重新圈定单元；请终止后重新报批。",
        ));
    }
    for unit in &coverage.attach {
        let mut generation = vec![unit.unit];
        let mut found = false;
        for _ in 0..MAX_GENERATIONS {
            let mut parents = Vec::new();
            for child in &generation {
                parents.extend(farmland::lineage(act.tx(), *child).await?.parents.into_iter().map(|kin| kin.id));
            }
            if parents.is_empty() {
                break;
            }
            if !store::covered(act.tx(), id, &parents).await?.is_empty() {
                found = true;
                break;
            }
            generation = parents;
        }
        if !found {
            return Err(refused(
                "The government has approved this zone: only units that came of those in it can be added.",
                "该区域已由人民政府批准，只能补入由区内单元拆分、合并而来的单元。",
            ));
        }
    }
    Ok(())
}

fn require_maker(caller: &Caller, kind: MeasureKind) -> Result<()> {
    let row = kind.row();
    if caller.role().is_none_or(|role| row.made_by.contains(&role)) {
        return Ok(());
    }
    let (zh, en) = named_roles(row.made_by);
    Err(Error::forbidden(
        "maker_of_another_role",
        Text::new(format!("{}由{zh}制定。", row.title.zh), format!("A {} is made by: {en}.", row.title.en)),
    ))
}

fn named_roles(roles: &[Role]) -> (String, String) {
    let zh: Vec<_> = roles.iter().map(|role| role.title().zh).collect();
    let en: Vec<_> = roles.iter().map(|role| role.title().en).collect();
    (zh.join("、"), en.join(", "))
}

/// Whether the caller is of this very division, not of one above it. The operator at the machine is of every one.
fn is_of_level(caller: &Caller, division: &str) -> bool {
    match caller {
        Caller::Key(holder) => holder.division.as_str() == division,
        Caller::Operator => true,
        Caller::Public => false,
    }
}

fn require_step(caller: &Caller, step: &Step, division: &str, on: Day) -> Result<()> {
    let citations = cite_all(step.provisions, on);
    if !caller.role().is_none_or(|role| step.roles.contains(&role)) {
        let (zh, en) = named_roles(step.roles);
        return Err(Error::forbidden(
            "step_of_another_role",
            Text::new(format!("此事件由{zh}登记。"), format!("This event is recorded by: {en}.")),
        )
        .under(step.event.as_str(), citations));
    }
    caller.require_division(division)?;
    if is_governments(step) && !is_of_level(caller, division) {
        return Err(Error::forbidden(
            "not_the_same_level",
            Text::new(
                format!("须由 {division} 本级人民政府批准，由本级人民政府或其农业农村部门登记。"),
                format!(
                    "The government of {division} itself decides: it is recorded by that government, or by the agriculture bureau of the same level."
                ),
            ),
        )
        .under(step.event.as_str(), citations));
    }
    Ok(())
}

fn require_open(standing: &Standing) -> Result<()> {
    if matches!(standing.stage(), Stage::Ended | Stage::Withdrawn) {
        return Err(Error::conflict(
            "measure_closed",
            Text::fixed(
                "该措施已终止或撤回，不能再修改。",
                "The measure has ended or was withdrawn; it is changed no more.",
            ),
        ));
    }
    Ok(())
}

fn fixed_text() -> Text {
    Text::fixed(
        "已批准或备案，该项不能再修改；请终止后重新制定。",
        "This was approved or filed and is changed no more; end the measure and make another one.",
    )
}

fn needs_outline(pointer: &str) -> Error {
    let text = Text::fixed("没有范围图形，不能按重叠圈定单元。", "There is no outline to find overlapping units by.");
    Error::fault(pointer, "no_outline", text)
}

fn length_text() -> Text {
    Text::new(format!("应为 1 至 {MAX_ROWS} 行。"), format!("must have 1 to {MAX_ROWS} rows."))
}

fn refused(kind: MeasureKind, stage: Stage, event: MeasureEvent, allowed: &[MeasureEvent], on: Day) -> Error {
    let (title, at) = (&kind.row().title, stage_title(stage));
    Error::conflict(
        "step_not_allowed",
        Text::new(
            format!("{}现为{}，不能登记 {}。", title.zh, at.zh, event.as_str()),
            format!("The {} is {}: `{}` is not taken.", title.en, at.en, event.as_str()),
        ),
    )
    .under(kind.as_str(), cite_all(kind.row().provisions, on))
    .allowing(allowed.iter().map(|event| event.as_str()))
}

fn check_event(
    new: &NewEvent,
    step: &Step,
    on: Day,
    row: &Row,
    last: Option<Day>,
    caller: &Caller,
    today: Day,
) -> Result<()> {
    let mut faults = Vec::new();
    let missing =
        |pointer: &str, zh: &'static str, en: &'static str| Fault::new(pointer, "missing", Text::fixed(zh, en));
    let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    for need in step.needs {
        match need {
            Need::Number if !said(&new.number) => {
                faults.push(missing(
                    "/number",
                    "缺少文号或回执号。",
                    "the number of the document or receipt is missing.",
                ));
            }
            Need::Body if !said(&new.body) => faults.push(missing(
                "/body",
                "缺少机关、机构或系统名称。",
                "the government, agency or system is missing.",
            )),
            Need::Reason if !said(&new.reason) => {
                faults.push(missing("/reason", "缺少原因。", "the reason is missing."))
            }
            Need::Document if new.document_id.is_none() => {
                faults.push(missing("/document_id", "缺少文件。", "the paper is missing."));
            }
            Need::DocumentUnlessGovernment if new.document_id.is_none() && caller.role() != Some(Role::Government) => {
                faults.push(missing(
                    "/document_id",
                    "由农业农村部门登记的，须附人民政府的批准文件。",
                    "recorded by the agriculture bureau, it needs the government's paper.",
                ));
            }
            _ => {}
        }
    }
    if on > today {
        let text = Text::new(format!("{on} 尚未到来。"), format!("{on} has not come yet."));
        faults.push(Fault::new("/occurred_on", "day_in_future", text));
    }
    // A void is a matter of what the registry says, not of a day of the measure's life.
    let earliest = last.unwrap_or(row.proposed_on);
    if on < earliest && new.event != MeasureEvent::EnteredInError {
        let text = Text::new(
            format!("{on} 早于上一事件或提出之日 {earliest}。"),
            format!("{on} lies before the last event, or the proposal, on {earliest}."),
        );
        faults.push(Fault::new("/occurred_on", "before_last_event", text));
    }
    long(new.body.as_deref(), MAX_NAME, "/body", &mut faults);
    long(new.number.as_deref(), MAX_NAME, "/number", &mut faults);
    long(new.reason.as_deref(), MAX_NOTE, "/reason", &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let evaluator = new.body.as_deref().map(str::trim);
    if new.event == MeasureEvent::EffectReportFiled && evaluator.is_some() && evaluator == row.executor.as_deref() {
        return Err(Error::conflict(
            "evaluator_is_executor",
            Text::fixed(
                "修复效果应由实施单位以外的机构评估。",
                "The effect is evaluated by another agency than the one that carried the remediation out.",
            ),
        )
        .under(new.event.as_str(), cite_all(step.provisions, on)));
    }
    Ok(())
}

fn check(new: &NewMeasure, today: Day) -> Result<()> {
    let mut faults = Vec::new();
    let at = "/properties";
    let executor = new.executor.as_deref();
    check_content(new.kind, &new.title, executor, new.note.as_deref(), &new.actions, &new.products, at, &mut faults);
    name(&new.proposed_by, "/properties/proposed_by", &mut faults);
    check_period(new.from_on, new.to_on, at, &mut faults);
    check_targets(new.kind, &new.targets, at, &mut faults);
    if let Some(day) = new.proposed_on.filter(|day| *day > today) {
        let text = Text::new(format!("{day} 尚未到来。"), format!("{day} has not come yet."));
        faults.push(Fault::new("/properties/proposed_on", "day_in_future", text));
    }
    if new.area.is_some() && new.kind != MeasureKind::CropBanZone {
        let text = Text::fixed(
            "只有特定农产品禁止生产区域有自己的范围图形。",
            "Only a crop ban zone has an outline of its own.",
        );
        faults.push(Fault::new("/geometry", "no_outline_for_kind", text));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the same look at a measure's content when it is made and when it is changed"
)]
fn check_content(
    kind: MeasureKind,
    title: &str,
    executor: Option<&str>,
    note: Option<&str>,
    actions: &[MeasureAction],
    products: &[String],
    at: &str,
    faults: &mut Vec<Fault>,
) {
    name(title, &format!("{at}/title"), faults);
    long(executor, MAX_NAME, &format!("{at}/executor"), faults);
    long(note, MAX_NOTE, &format!("{at}/note"), faults);
    if kind == MeasureKind::Remediation && executor.is_none_or(|name| name.trim().is_empty()) {
        let text = Text::fixed(
            "修复须写明实施单位：效果评估须由其他机构进行。",
            "A remediation says who carries it out, for another agency evaluates its effect.",
        );
        faults.push(Fault::new(format!("{at}/executor"), "missing", text));
    }
    let row = kind.row();
    for (i, action) in actions.iter().enumerate() {
        if !row.actions.contains(action) {
            let known: Vec<_> = row.actions.iter().map(|action| action.as_str()).collect();
            let text = Text::new(
                format!("{}可用的措施：{}。", row.title.zh, known.join("、")),
                format!("A {} is made of: {}.", row.title.en, known.join(", ")),
            );
            faults.push(Fault::new(format!("{at}/actions/{i}"), "action_of_another_kind", text));
        }
    }
    if !products.is_empty() && kind != MeasureKind::CropBanZone {
        let text = Text::fixed("只有特定农产品禁止生产区域列明农产品。", "Only a crop ban zone names products.");
        faults.push(Fault::new(format!("{at}/products"), "no_products_for_kind", text));
    }
    if products.len() > 100 {
        let text = Text::fixed("最多 100 种。", "at most 100.");
        faults.push(Fault::new(format!("{at}/products"), "bad_length", text));
    }
    for (i, product) in products.iter().enumerate() {
        name(product, &format!("{at}/products/{i}"), faults);
    }
}

fn check_period(from: Day, to: Option<Day>, at: &str, faults: &mut Vec<Fault>) {
    if let Some(to) = to.filter(|to| *to < from) {
        let text = Text::new(format!("{to} 早于起始日 {from}。"), format!("{to} lies before the first day {from}."));
        faults.push(Fault::new(format!("{at}/to_on"), "ends_before_it_begins", text));
    }
}

fn check_targets(kind: MeasureKind, targets: &[NewTarget], at: &str, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (i, target) in targets.iter().enumerate() {
        let pointer = format!("{at}/targets/{i}");
        if !(2000..3000).contains(&target.year) {
            let text = Text::fixed("应为 2000 至 2999 的年份。", "must be a year from 2000 to 2999.");
            faults.push(Fault::new(format!("{pointer}/year"), "bad_year", text));
        }
        if !(target.area_m2 > 0.0 && target.area_m2.is_finite()) {
            let text = Text::fixed("面积应大于 0。", "The area must be above 0.");
            faults.push(Fault::new(format!("{pointer}/area_m2"), "bad_area", text));
        }
        if !kind.row().actions.contains(&target.action) {
            let text = Text::fixed("该措施不含此项。", "This kind of measure is not made of that.");
            faults.push(Fault::new(format!("{pointer}/action"), "action_of_another_kind", text));
        }
        if !seen.insert((target.year, target.action)) {
            let text = Text::fixed("同一年份、同一措施列了两次。", "The year and action are named twice.");
            faults.push(Fault::new(pointer, "repeated", text));
        }
    }
}

fn name(text: &str, pointer: &str, faults: &mut Vec<Fault>) {
    let length = text.trim().chars().count();
    if length == 0 || length > MAX_NAME || text.chars().any(char::is_control) {
        faults.push(Fault::new(
            pointer,
            "bad_text",
            Text::new(
                format!("应为 1 至 {MAX_NAME} 个字符，不含控制字符。"),
                format!("has 1 to {MAX_NAME} characters, none of them control characters."),
            ),
        ));
    }
}

fn long(text: Option<&str>, max: usize, pointer: &str, faults: &mut Vec<Fault>) {
    if text.is_some_and(|text| text.chars().count() > max) {
        let text = Text::new(format!("最多 {max} 字。"), format!("at most {max} characters."));
        faults.push(Fault::new(pointer, "text_too_long", text));
    }
}

fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn trimmed_all(texts: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts.iter().map(|text| text.trim()) {
        if !out.iter().any(|seen| seen == text) {
            out.push(text.to_owned());
        }
    }
    out
}

/// On what a kind stands in a division on a day.
pub fn citations(kind: MeasureKind, division: &str, on: Day) -> Vec<Citation> {
    cite_all(&kind.row().provisions_in(division), on)
}

/// How a record stands on the day that it was read for.
pub fn status(row: &Row) -> Result<MeasureStatus> {
    MeasureStatus::parse(&row.status).ok_or_else(|| Error::internal(format!("a measure stands as {}", row.status)))
}
