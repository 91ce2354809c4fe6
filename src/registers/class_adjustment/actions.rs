//! Proposing, and taking the steps up to approval and upload.

use super::rules::{
    Actor, ChangeSum, Elements, EventType, Facts, Found, Given, Here, Last, Level, NewUnit, Status, Step, Trigger,
    check, read, settle, step, sums, text_fault,
};
use super::store::{self, EventRow, NewEvent as Entry, NewRow, Round, Row, Unit};
use crate::kernel::{ClassAdjustmentId, Day, DivisionCode, DocumentId, Error, FarmlandUnitId, Fault, Result, Text};
use crate::platform::{Act, Caller, Change, Role};
use crate::registers::farmland::{self, NewClass};
use crate::registers::{division, document};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What this register is called where others keep its papers and changes.
const REGISTER: &str = "class_adjustment";

/// Papers and samples of a proposal at most.
const MAX_EVIDENCE: usize = 1_000;

/// Why a class is what it was before an approval that was entered in error.
const CORRECTION: &str = "correction";

/// A proposal to be made.
#[derive(Debug, Clone)]
pub struct NewAdjustment {
    /// The county of every unit in it.
    pub division: DivisionCode,
    /// Why classes are given.
    pub trigger: Trigger,
    /// The day of the proposal; today where there is none.
    pub proposed_on: Option<Day>,
    /// What is proposed.
    pub proposal: Proposal,
}

/// What is proposed, and on what evidence.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The units, 1 to 10,000.
    pub units: Vec<NewUnit>,
    /// Computed classifications, parallel to `units`; empty where the proposal is made by hand.
    pub findings: Vec<Value>,
    /// Papers filed before.
    pub documents: Vec<DocumentId>,
    /// Samples.
    pub samples: Vec<Uuid>,
    /// Evidence in words.
    pub text: Option<String>,
    /// First day of the new classes; the day of the approval where there is none.
    pub effective_on: Option<Day>,
    /// Anything worth remembering.
    pub note: Option<String>,
    /// Classes that stay are confirmed.
    pub confirm: bool,
}

/// A step to be recorded.
#[derive(Debug, Clone)]
pub(super) struct NewEvent {
    pub event_type: EventType,
    pub given: Given,
    /// What `resubmitted` gives anew.
    pub again: Again,
}

/// What a resubmission gives anew; what it leaves out stays.
#[derive(Debug, Clone, Default)]
pub(super) struct Again {
    pub units: Option<Vec<NewUnit>>,
    pub evidence: Option<(Vec<DocumentId>, Vec<Uuid>, Option<String>)>,
    pub effective_on: Option<Day>,
    pub confirm: Option<bool>,
}

/// What is said of a proposal that the caller may not see: the same as of one that is not there.
pub(super) fn not_found() -> Error {
    Error::not_found("类别调整", "class adjustment")
}

/// Proposes classes for units of a county.
///
/// # Errors
/// `outside_division`; `invalid_input` for an unknown division, no or too many units, units that are unknown, ended or of
/// another county, or where no class changes and nothing is confirmed; `adjustment_pending` (409), naming each unit that is
/// in another proposal under way.
pub async fn propose(act: &mut Act, new: NewAdjustment) -> Result<ClassAdjustmentId> {
    let county = new.division.as_str();
    act.caller().require_division(county)?;
    if division::known(act.tx(), &[county.to_owned()]).await?.is_empty() {
        return Err(Error::fault("/division_code", "unknown_division", division::unknown(county).message));
    }
    let on = new.proposed_on.unwrap_or_else(|| act.today());
    if on > act.today() {
        return Err(Error::fault(
            "/proposed_on",
            "in_the_future",
            Text::new(format!("不得晚于今天 {}。", act.today()), format!("Must not lie after today, {}.", act.today())),
        ));
    }
    let units = weigh(act, county, &new.proposal).await?;
    let serial = store::next_serial(act.tx(), county, on.year()).await?;
    let number = format!("{county}-类别-{}-{serial:04}", on.year());
    let id = ClassAdjustmentId::new(act.now());
    attach(act, id, county, &new.proposal.documents).await?;
    let (documents, changes) = (raw(&new.proposal.documents), changes(&units));
    let round = round(1, &new.proposal, &documents, &units, &changes)?;
    let row = NewRow {
        id,
        number: &number,
        division_code: county,
        trigger: new.trigger,
        on,
        round: &round,
        recorded_at: act.now(),
    };
    store::insert(act.tx(), &row).await?;
    add_units(act, id, 1, &units).await?;
    let facts = Facts::default();
    enter(act, id, (EventType::Proposed, on), None, Status::Proposed, 1, None, &facts).await?;
    act.tell(Change {
        kind: "class_adjustment.proposed",
        occurred_on: Some(on),
        data: json!({
            "number": number, "trigger": new.trigger, "round": 1, "units": units.len(), "changes": changes,
        }),
        ..about(id, &number, county)
    });
    act.note(
        format!("{REGISTER}/{id}"),
        json!({"proposed": number, "division": county, "trigger": new.trigger, "units": units.len()}),
    );
    Ok(id)
}

/// A unit whose class the samples are asked for.
#[derive(Debug, Clone)]
pub struct ToClass {
    /// Which.
    pub unit: FarmlandUnitId,
    /// The class to propose all the same.
    pub class: Option<&'static str>,
    /// Classes of the elements to propose all the same.
    pub elements: Option<Elements>,
    /// Why.
    pub reason: Option<String>,
}

/// Asks the samples taken on or before `on` (today where there is none) for the classes of units; gives the units to
/// propose, and beside each what the samples say.
///
/// # Errors
/// `class_not_found`, `reason_needed`, `out_of_range`, each in its place; `standard_not_in_force`.
pub async fn classify(
    act: &mut Act,
    units: Vec<ToClass>,
    on: Option<Day>,
    numbers: farmland::ClassNumbers,
) -> Result<(Vec<NewUnit>, Vec<Value>)> {
    let given = numbers.read("/classify/options").map_err(Error::invalid)?;
    let on = on.unwrap_or_else(|| act.today());
    let ids: Vec<FarmlandUnitId> = units.iter().map(|unit| unit.unit).collect();
    let overrides = act.app().config().parameters.clone();
    let found = farmland::findings(act.tx(), &ids, on, None, &overrides, &given).await?;
    let found: HashMap<FarmlandUnitId, farmland::Finding> = found.into_iter().map(|one| (one.unit, one)).collect();
    let (mut new, mut findings, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for (place, unit) in units.into_iter().enumerate() {
        let one = found.get(&unit.unit);
        let class = one.map(|one| one.class).filter(|class| *class != "unclassified");
        match settle(place, unit.class, class, unit.reason.as_deref()) {
            Ok(class) => {
                let elements = unit.elements.or_else(|| Elements::of(one?.elements));
                new.push(NewUnit { unit: unit.unit, class, elements, reason: unit.reason });
                findings.push(one.map_or_else(|| json!({}), |one| one.json.clone()));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok((new, findings)) } else { Err(Error::invalid(faults)) }
}

/// A change told with the proposal as subject, for departments only.
fn about(id: ClassAdjustmentId, number: &str, county: &str) -> Change {
    Change {
        kind: "",
        register: REGISTER,
        id: id.0,
        code: number.to_owned(),
        division_code: county.to_owned(),
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({}),
    }
}

fn raw(documents: &[DocumentId]) -> Vec<Uuid> {
    documents.iter().map(|id| id.0).collect()
}

fn changes(units: &[Unit]) -> Vec<ChangeSum> {
    sums(units.iter().map(|unit| (unit.from_class.as_str(), unit.to_class.as_str(), unit.area_m2)))
}

fn round<'a>(
    number: i32,
    proposal: &'a Proposal,
    documents: &'a [Uuid],
    units: &[Unit],
    changes: &'a [ChangeSum],
) -> Result<Round<'a>> {
    Ok(Round {
        number,
        effective_on: proposal.effective_on,
        documents,
        samples: &proposal.samples,
        text: proposal.text.as_deref(),
        note: proposal.note.as_deref(),
        confirms: proposal.confirm,
        units_total: i32::try_from(units.len()).map_err(Error::internal)?,
        area_m2: units.iter().map(|unit| unit.area_m2).sum(),
        changes,
    })
}

async fn attach(act: &mut Act, id: ClassAdjustmentId, county: &str, documents: &[DocumentId]) -> Result<()> {
    for (i, paper) in documents.iter().enumerate() {
        attach_one(act, id, county, *paper, &format!("/evidence/document_ids/{i}")).await?;
    }
    Ok(())
}

async fn attach_one(
    act: &mut Act,
    id: ClassAdjustmentId,
    county: &str,
    paper: DocumentId,
    pointer: &str,
) -> Result<()> {
    let subject = document::Subject { register: REGISTER, id: id.0, division_code: county, owner_credit_code: None };
    document::attach(act, paper, &subject, pointer).await
}

async fn add_units(act: &mut Act, id: ClassAdjustmentId, round: i32, units: &[Unit]) -> Result<()> {
    let now = act.now();
    let ids: Vec<Uuid> = units.iter().map(|_| crate::kernel::ids::v7(now)).collect();
    store::add_units(act.tx(), id, round, &ids, units).await
}

/// Holds a proposal against the rules; gives its units with their class as it is today.
async fn weigh(act: &mut Act, county: &str, proposal: &Proposal) -> Result<Vec<Unit>> {
    let today = act.today();
    let ids: Vec<FarmlandUnitId> = proposal.units.iter().map(|unit| unit.unit).collect();
    let known = by_id(act, &ids, today).await?;
    let found: Vec<Option<Found>> = proposal
        .units
        .iter()
        .map(|unit| known.get(&unit.unit))
        .map(|unit| {
            unit.filter(|unit| act.caller().holds_in(&unit.division_code)).map(|unit| Found {
                code: unit.code.clone(),
                division: unit.division_code.clone(),
                class: unit.class.clone(),
                ended: !unit.exists_on(today),
            })
        })
        .collect();
    let mut faults = check(&proposal.units, &found, county, proposal.confirm);
    if proposal.documents.len() > MAX_EVIDENCE || proposal.samples.len() > MAX_EVIDENCE {
        faults.push(Fault::new(
            "/evidence",
            "bad_count",
            Text::new(
                format!("文件、样品各不超过 {MAX_EVIDENCE} 项。"),
                format!("At most {MAX_EVIDENCE} papers and as many samples."),
            ),
        ));
    }
    faults.extend(proposal.text.as_ref().and_then(|text| text_fault("/evidence/text", text)));
    faults.extend(proposal.note.as_ref().and_then(|note| text_fault("/note", note)));
    if proposal.documents.is_empty() && proposal.samples.is_empty() && proposal.text.is_none() {
        faults.push(Fault::new(
            "/evidence",
            "missing",
            Text::fixed("须附依据：文件、样品或文字说明。", "Evidence is missing: papers, samples or words."),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let raw: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let under_way = store::under_way(act.tx(), &raw).await?;
    let faults: Vec<Fault> = proposal
        .units
        .iter()
        .zip(&found)
        .enumerate()
        .filter_map(|(i, (unit, found))| {
            let (number, code) = (under_way.get(&unit.unit)?, &found.as_ref()?.code);
            Some(Fault::new(
                format!("/units/{i}/unit_id"),
                "adjustment_pending",
                Text::new(
                    format!("单元 {code} 已列入未办结的类别调整 {number}。"),
                    format!("Unit {code} is in adjustment {number}, which is under way."),
                ),
            ))
        })
        .collect();
    if let Some(first) = faults.first() {
        return Err(Error::conflict("adjustment_pending", first.message.clone()).with_faults(faults));
    }
    if let Some(on) = proposal.effective_on.filter(|on| *on != today) {
        let then = by_id(act, &ids, on).await?;
        let faults: Vec<Fault> = ids
            .iter()
            .filter_map(|id| then.get(id).zip(known.get(id)))
            .filter(|(then, now)| !then.exists_on(on) || then.class != now.class)
            .map(|(then, _)| {
                Fault::new(
                    "/effective_on",
                    "other_class_then",
                    Text::new(
                        format!("单元 {} 在 {on} 尚不存在，或类别与现在不同。", then.code),
                        format!("Unit {} was not there on {on}, or had another class than now.", then.code),
                    ),
                )
            })
            .take(100)
            .collect();
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
    }
    let mut findings = proposal.findings.iter().cloned();
    Ok(proposal
        .units
        .iter()
        .filter_map(|unit| {
            let known = known.get(&unit.unit)?;
            Some(Unit {
                unit_id: unit.unit,
                unit_code: known.code.clone(),
                from_class: known.class.clone(),
                to_class: unit.class.to_owned(),
                element_classes: unit.elements.and_then(stored),
                reason: unit.reason.clone(),
                area_m2: known.area_m2,
                findings: findings.next(),
            })
        })
        .collect())
}

fn stored(elements: Elements) -> Option<Vec<Option<i16>>> {
    Elements::of(elements.array()).map(|known| known.array().into_iter().map(|class| class.map(i16::from)).collect())
}

async fn by_id(act: &mut Act, ids: &[FarmlandUnitId], on: Day) -> Result<HashMap<FarmlandUnitId, farmland::Unit>> {
    let units = farmland::units(act.tx(), ids, on, None).await?;
    Ok(units.into_iter().map(|unit| (unit.id, unit)).collect())
}

/// Who acts, seen from a county.
pub(super) fn actor(caller: &Caller, above: &division::Above) -> Actor {
    let Caller::Key(holder) = caller else { return Actor { role: None, division: None, levels: Vec::new() } };
    let place = holder.division.as_str();
    let levels = [
        (Level::County, Some(&above.county)),
        (Level::Prefecture, above.prefecture.as_ref()),
        (Level::Province, above.province.as_ref()),
    ];
    Actor {
        role: Some(holder.role),
        division: Some(place.to_owned()),
        levels: levels.into_iter().filter(|(_, code)| code.is_some_and(|code| code == place)).map(|(l, _)| l).collect(),
    }
}

/// The entries that stand: neither voided nor voiding.
pub(super) fn standing(log: &[EventRow]) -> impl DoubleEndedIterator<Item = &EventRow> {
    log.iter().filter(|entry| entry.voided_by.is_none() && entry.voids_seq.is_none())
}

/// A proposal as its next step sees it.
pub(super) fn here(row: &Row, log: &[EventRow], above: &division::Above) -> Result<Here> {
    let last = standing(log).next_back().filter(|entry| entry.status_before.is_some());
    let last = last
        .map(|entry| -> Result<Last> {
            let before = entry.status_before.as_deref().and_then(Status::parse);
            Ok(Last {
                event: entry.event_type()?,
                before: before.ok_or_else(|| Error::internal("an entry of an adjustment begins nowhere"))?,
                role: entry.by_role.as_deref().and_then(Role::parse),
                division: entry.by_division.clone(),
            })
        })
        .transpose()?;
    Ok(Here {
        status: row.status()?,
        division: row.division_code.clone(),
        has_prefecture: above.prefecture.is_some(),
        last,
    })
}

pub(super) async fn above(conn: &mut sqlx::PgConnection, county: &str) -> Result<division::Above> {
    division::above(conn, county)
        .await?
        .ok_or_else(|| Error::internal(format!("division {county} is not in the registry")))
}

/// Takes a step of a proposal, with all that follows from it.
///
/// # Errors
/// `not_found`; `step_not_allowed` (409), `other_role_must_act` (403), with rule and articles; `invalid_input` for what is
/// missing or too much; `class_moved` (409) when an approval, or its voiding, finds a unit with another class or ended;
/// `adjustment_pending` (409) when units come back that another proposal holds.
pub(super) async fn record(act: &mut Act, id: ClassAdjustmentId, new: NewEvent) -> Result<()> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    if !act.caller().holds_in(&row.division_code) {
        return Err(not_found());
    }
    let above = above(act.tx(), &row.division_code).await?;
    let log = store::log(act.tx(), id, None).await?;
    let here = here(&row, &log, &above)?;
    let today = act.today();
    let event = new.event_type;
    let law_of = new.given.occurred_on.unwrap_or(today);
    let Step { to, rule } =
        step(&here, event, &actor(act.caller(), &above)).map_err(|refusal| refusal.into_error(&here, law_of))?;
    let not_before = standing(&log).next_back().map_or(row.proposed_on, |entry| entry.occurred_on);
    let (on, facts) = read(event, new.given, not_before, today).map_err(Error::invalid)?;
    for (pointer, paper) in facts.documents() {
        attach_one(act, id, &row.division_code, paper, pointer).await?;
    }
    let mut since = on;
    let mut round = row.round;
    let mut voids = None;
    match event {
        EventType::ProvinceApproved => approve(act, &row, &facts).await?,
        EventType::Returned => store::set_open(act.tx(), id, row.round, false).await?,
        EventType::Resubmitted => round = resubmit(act, &row, new.again, facts.note.clone()).await?,
        EventType::EnteredInError => {
            let voided = standing(&log).next_back().ok_or_else(|| Error::internal("there is nothing to void"))?;
            voids = Some(voided.seq);
            round = undo(act, &row, &log, voided).await?;
            since = standing(&log).rev().nth(1).map_or(row.proposed_on, |entry| entry.occurred_on);
        }
        EventType::Proposed | EventType::CountyAgreed | EventType::PrefectureAgreed | EventType::Uploaded => {}
    }
    let approval = facts.approval_number.as_deref().zip(facts.approved_on);
    let approval = approval.or_else(|| row.approval_number.as_deref().zip(row.approved_on));
    let approval = approval.filter(|_| matches!(to, Status::ProvinceApproved | Status::Uploaded));
    store::set_status(act.tx(), id, to, since, approval).await?;
    let seq = enter(act, id, (event, on), Some(here.status), to, round, voids, &facts).await?;
    act.tell(Change {
        kind: match event {
            EventType::Proposed | EventType::Resubmitted => "class_adjustment.proposed",
            EventType::CountyAgreed | EventType::PrefectureAgreed => "class_adjustment.agreed",
            EventType::ProvinceApproved => "class_adjustment.approved",
            EventType::Uploaded => "class_adjustment.uploaded",
            EventType::Returned => "class_adjustment.returned",
            EventType::EnteredInError => "class_adjustment.voided",
        },
        occurred_on: Some(on),
        data: json!({
            "number": row.number, "seq": seq, "type": event, "from": here.status, "to": to, "round": round,
            "voids": voids, "approval_number": facts.approval_number, "approved_on": facts.approved_on,
            "system": facts.system, "receipt": facts.receipt,
        }),
        ..about(id, &row.number, &row.division_code)
    });
    act.note(
        format!("{REGISTER}/{id}"),
        json!({
            "event": event, "seq": seq, "on": on, "from": here.status, "to": to, "rule": rule, "round": round, "voids": voids,
            "approval_number": facts.approval_number, "document": facts.document_id,
        }),
    );
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "an entry of the log, field by field")]
async fn enter(
    act: &mut Act,
    id: ClassAdjustmentId,
    (event_type, occurred_on): (EventType, Day),
    before: Option<Status>,
    after: Status,
    round: i32,
    voids_seq: Option<i32>,
    facts: &Facts,
) -> Result<i32> {
    let (by_role, by_division) = match act.caller() {
        Caller::Key(holder) => (Some(holder.role.as_str()), Some(holder.division.as_str().to_owned())),
        Caller::Operator | Caller::Public => (None, None),
    };
    let entry = Entry {
        id: crate::kernel::ids::v7(act.now()),
        adjustment: id,
        event_type,
        occurred_on,
        before,
        after,
        round,
        voids_seq,
        facts,
        by_role,
        by_division: by_division.as_deref(),
        recorded_at: act.now(),
    };
    store::add_event(act.tx(), &entry).await
}

/// A class as on the wire, from where it was stored.
fn class(name: &str) -> Result<&'static str> {
    farmland::CLASSES
        .into_iter()
        .find(|class| *class == name)
        .ok_or_else(|| Error::internal(format!("there is no class {name}")))
}

/// Refuses unless every unit exists with the class expected, on each of these days.
async fn require_classes(act: &mut Act, units: &[Unit], days: &[Day], expected: fn(&Unit) -> &str) -> Result<()> {
    let ids: Vec<FarmlandUnitId> = units.iter().map(|unit| unit.unit_id).collect();
    let mut moved: HashSet<&str> = HashSet::new();
    for day in days {
        let known = by_id(act, &ids, *day).await?;
        moved.extend(
            units
                .iter()
                .filter(|unit| {
                    known.get(&unit.unit_id).is_none_or(|now| !now.exists_on(*day) || now.class != expected(unit))
                })
                .map(|unit| unit.unit_code.as_str()),
        );
    }
    if moved.is_empty() {
        return Ok(());
    }
    let mut codes: Vec<&str> = moved.into_iter().collect();
    codes.sort_unstable();
    let (more, shown) = (codes.len().saturating_sub(20), codes.iter().take(20).copied().collect::<Vec<_>>().join(", "));
    let (zh, en) =
        if more > 0 { (format!("等 {} 个", codes.len()), format!(" and {more} more")) } else { Default::default() };
    Err(Error::conflict(
        "class_moved",
        Text::new(
            format!("以下单元的类别已另有变动，或单元已终止：{shown}{zh}。请退回后按现状再报。"),
            format!(
                "These units have another class by now, or have ended: {shown}{en}. Return the adjustment and propose it as things are."
            ),
        ),
    ))
}

/// The days on which classes must be as a proposal has them: that from which they change, and today.
fn days(from_on: Day, today: Day) -> Vec<Day> {
    if from_on == today { vec![today] } else { vec![from_on, today] }
}

/// The provincial government's approval: the units have their classes from their first day on.
async fn approve(act: &mut Act, row: &Row, facts: &Facts) -> Result<()> {
    let (Some(number), Some(approved_on)) = (&facts.approval_number, facts.approved_on) else {
        return Err(Error::internal("an approval was read without number or day"));
    };
    let from_on = row.effective_on.unwrap_or(approved_on);
    let units = store::units(act.tx(), row.id, row.round).await?;
    require_classes(act, &units, &days(from_on, act.today()), |unit| &unit.from_class).await?;
    let classes = units
        .iter()
        .map(|unit| {
            Ok(NewClass {
                unit: unit.unit_id,
                class: class(&unit.to_class)?,
                elements: unit.element_classes.as_deref().and_then(|classes| classes.try_into().ok()),
                from_on,
                trigger: row.trigger.clone(),
                adjustment_id: row.id.0,
                approval_number: number.clone(),
                approved_on,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    store::set_open(act.tx(), row.id, row.round, false).await?;
    farmland::set_classes(act, &classes).await
}

/// The next round: what is given anew, and else what was proposed before, weighed as things are today.
async fn resubmit(act: &mut Act, row: &Row, again: Again, note: Option<String>) -> Result<i32> {
    let before = store::units(act.tx(), row.id, row.round).await?;
    let (units, findings) = match again.units {
        Some(units) => (units, Vec::new()),
        None => {
            let findings = before.iter().filter_map(|unit| unit.findings.clone()).collect::<Vec<_>>();
            let units = before
                .iter()
                .map(|unit| {
                    Ok(NewUnit {
                        unit: unit.unit_id,
                        class: class(&unit.to_class)?,
                        elements: unit.elements()?,
                        reason: unit.reason.clone(),
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            // Findings stand beside every unit, or beside none.
            (units, if findings.len() == before.len() { findings } else { Vec::new() })
        }
    };
    let (documents, samples, text) = again.evidence.unwrap_or_else(|| {
        let documents = row.evidence_documents.iter().copied().map(DocumentId).collect();
        (documents, row.evidence_samples.clone(), row.evidence_text.clone())
    });
    let proposal = Proposal {
        units,
        findings,
        documents,
        samples,
        text,
        effective_on: again.effective_on.or(row.effective_on),
        note: note.or_else(|| row.note.clone()),
        confirm: again.confirm.unwrap_or(row.confirms),
    };
    let units = weigh(act, &row.division_code, &proposal).await?;
    let number = store::last_round(act.tx(), row.id).await? + 1;
    attach(act, row.id, &row.division_code, &proposal.documents).await?;
    let (documents, changes) = (raw(&proposal.documents), changes(&units));
    store::set_round(act.tx(), row.id, &round(number, &proposal, &documents, &units, &changes)?).await?;
    add_units(act, row.id, number, &units).await?;
    Ok(number)
}

/// Takes back what followed from an entry; gives the round that the proposal stands with again.
async fn undo(act: &mut Act, row: &Row, log: &[EventRow], voided: &EventRow) -> Result<i32> {
    match voided.event_type()? {
        EventType::ProvinceApproved => withdraw(act, row).await?,
        EventType::Returned => store::set_open(act.tx(), row.id, row.round, true).await?,
        EventType::Resubmitted => {
            store::set_open(act.tx(), row.id, row.round, false).await?;
            let round = standing(log).rev().nth(1).map_or(1, |entry| entry.round);
            let then = store::of_round(act.tx(), row.id, round)
                .await?
                .ok_or_else(|| Error::internal(format!("adjustment {} has no round {round}", row.id)))?;
            let as_then = Round {
                number: round,
                effective_on: then.effective_on,
                documents: &then.evidence_documents,
                samples: &then.evidence_samples,
                text: then.evidence_text.as_deref(),
                note: then.note.as_deref(),
                confirms: then.confirms,
                units_total: then.units_total,
                area_m2: then.area_m2,
                changes: &then.changes,
            };
            store::set_round(act.tx(), row.id, &as_then).await?;
            return Ok(round);
        }
        EventType::Proposed
        | EventType::CountyAgreed
        | EventType::PrefectureAgreed
        | EventType::Uploaded
        | EventType::EnteredInError => {}
    }
    Ok(row.round)
}

/// Takes an approval back: every unit has the class before again, by an entry that says that it corrects.
async fn withdraw(act: &mut Act, row: &Row) -> Result<()> {
    let (Some(number), Some(approved_on)) = (&row.approval_number, row.approved_on) else {
        return Err(Error::internal(format!("adjustment {} is approved without number or day", row.id)));
    };
    if let Some((code, later)) = store::approved_after(act.tx(), row.id, row.round).await? {
        return Err(Error::conflict(
            "class_moved",
            Text::new(
                format!("单元 {code} 的类别其后又经 {later} 调整，不能作废此前的审定。"),
                format!("Unit {code} was given a class again by {later}; the approval before it cannot be voided."),
            ),
        ));
    }
    let from_on = row.effective_on.unwrap_or(approved_on);
    let units = store::units(act.tx(), row.id, row.round).await?;
    // Where the classes begin on a day to come, today still has the ones before.
    let days = if from_on > act.today() { vec![from_on] } else { days(from_on, act.today()) };
    require_classes(act, &units, &days, |unit| &unit.to_class).await?;
    let classes = units
        .iter()
        .map(|unit| {
            Ok(NewClass {
                unit: unit.unit_id,
                class: class(&unit.from_class)?,
                elements: None,
                from_on,
                trigger: CORRECTION.to_owned(),
                adjustment_id: row.id.0,
                approval_number: number.clone(),
                approved_on,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    store::set_open(act.tx(), row.id, row.round, true).await?;
    farmland::set_classes(act, &classes).await
}
