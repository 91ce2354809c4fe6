//! Keeping coverage areas: registering one, putting its record right, ending it.

use super::store::{self, Corrected, CoverageArea, Shaped};
use crate::kernel::{Area, CoverageId, Day, Error, Fault, Result, Text};
use crate::platform::call::stale;
use crate::platform::fields::Fields;
use crate::platform::outbox::Change;
use crate::platform::{Act, topology};
use crate::registers::division;
use serde_json::{Map, Value, json};

/// Longest reason, characters.
const REASON_MAX: usize = 1000;
/// Longest text, characters.
const TEXT_MAX: usize = 500;

/// Reads an area's attributes. Bulk files and single requests are read by the same lines.
pub(super) fn read(properties: &Map<String, Value>, today: Day) -> Result<CoverageArea, Vec<Fault>> {
    let mut f = Fields::new(properties);
    let as_of = f.past_day("as_of", today);
    let ended_on = f.day("ended_on");
    if let (Some(from), Some(to)) = (as_of, ended_on)
        && to < from
    {
        f.fault("ended_on", "ends_before_it_begins", ends_before(from, to));
    }
    let item = CoverageArea {
        code: f.code().unwrap_or_default(),
        name: f.required("name").unwrap_or_default(),
        division_code: f.division("division_code").unwrap_or_default(),
        registers: f.some_of("registers", &super::REGISTERS),
        status: match f.required("status") {
            Some(_) => f.one_of("status", &["kept", "investigated_clean"]).unwrap_or_default().to_owned(),
            None => String::new(),
        },
        as_of: as_of.unwrap_or(today),
        source: f.text("source"),
        ended_on,
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(item) } else { Err(faults) }
}

/// Registers one area.
///
/// # Errors
/// `outside_division`; `invalid_input` for an unknown division or a bad outline; `code_taken`.
pub(super) async fn register(act: &mut Act, item: &CoverageArea, area: &Area) -> Result<CoverageId> {
    act.caller().require_division(&item.division_code)?;
    topology::check(act.tx(), area, "/geometry").await?;
    let divisions = [item.division_code.clone()];
    if division::known(act.tx(), &divisions).await?.is_empty() {
        return Err(Error::invalid(vec![division::unknown(&item.division_code)]));
    }
    let codes = [item.code.clone()];
    let (id, ewkb) = (CoverageId::new(act.now()), area.to_ewkb());
    if !store::divisions_of(act.tx(), &codes).await?.is_empty()
        || !store::add(act.tx(), &Shaped { item, id, ewkb: &ewkb }).await?
    {
        return Err(Error::conflict(
            "code_taken",
            Text::new(
                format!("覆盖范围编号 {} 已存在。", item.code),
                format!("There is a coverage area {} already.", item.code),
            ),
        ));
    }
    act.note(
        "coverage",
        json!({"id": id, "code": item.code, "division": item.division_code, "registers": item.registers, "status": item.status}),
    );
    act.tell(change("coverage.registered", id, &item.code, &item.division_code, json!({"status": item.status})));
    Ok(id)
}

/// What is to be put right of an area's record; the outer `None` leaves it, the inner takes it away.
#[derive(Debug, Clone, Default)]
pub(super) struct Correction {
    /// What it is called.
    pub name: Option<String>,
    /// Who says so.
    pub source: Option<Option<String>>,
    /// The day whose state it tells.
    pub as_of: Option<Day>,
    /// The day from which it no longer holds.
    pub ended_on: Option<Option<Day>>,
}

/// Puts an area's record right, or ends it; never its outline, its registers or what it says of them.
///
/// # Errors
/// `stale`; `invalid_input` for a reason that is none, a text or day that is none, or nothing to correct.
pub(super) async fn correct(act: &mut Act, id: CoverageId, revision: i32, new: Correction, reason: &str) -> Result<()> {
    let area = store::lock(act.tx(), id).await?;
    let area = area.filter(|area| act.caller().holds_in(&area.division_code)).ok_or_else(no_area)?;
    if area.revision != revision {
        return Err(stale());
    }
    let today = act.today();
    let mut faults = Vec::new();
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        faults.push(Fault::new(
            "/reason",
            "reason_unfit",
            Text::new(
                format!("理由应为 1 至 {REASON_MAX} 字。"),
                format!("The reason must be 1 to {REASON_MAX} characters."),
            ),
        ));
    }
    let old =
        Corrected { name: area.name.clone(), source: area.source.clone(), as_of: area.as_of, ended_on: area.ended_on };
    let trimmed = |text: String| text.trim().to_owned();
    let corrected = Corrected {
        name: new.name.map_or_else(|| old.name.clone(), trimmed),
        source: new.source.map_or_else(|| old.source.clone(), |source| source.map(trimmed)),
        as_of: new.as_of.unwrap_or(old.as_of),
        ended_on: new.ended_on.unwrap_or(old.ended_on),
    };
    for (name, text) in [("name", Some(&corrected.name)), ("source", corrected.source.as_ref())] {
        if text.is_some_and(|text| text.is_empty() || text.chars().count() > TEXT_MAX) {
            let text = Text::fixed("应为 1 至 500 字。", "must be 1 to 500 characters.");
            faults.push(Fault::new(format!("/{name}"), "text_unfit", text));
        }
    }
    if corrected.as_of > today {
        let as_of = corrected.as_of;
        faults.push(Fault::new(
            "/as_of",
            "day_in_future",
            Text::new(format!("{as_of} 晚于今天（{today}）。"), format!("{as_of} lies after today ({today}).")),
        ));
    }
    if let Some(ended) = corrected.ended_on.filter(|ended| *ended < corrected.as_of) {
        faults.push(Fault::new("/ended_on", "ends_before_it_begins", ends_before(corrected.as_of, ended)));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let fields: Vec<&str> = [
        ("name", corrected.name != old.name),
        ("source", corrected.source != old.source),
        ("as_of", corrected.as_of != old.as_of),
        ("ended_on", corrected.ended_on != old.ended_on),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect();
    if fields.is_empty() {
        return Err(Error::fault(
            "",
            "unchanged",
            Text::fixed("没有要更正的内容。", "Nothing is to be corrected: the record says so already."),
        ));
    }
    store::correct(act.tx(), id, &corrected, reason).await?;
    act.note(format!("coverage/{id}"), json!({"corrected": fields}));
    act.tell(change("coverage.corrected", id, &area.code, &area.division_code, json!({"fields": fields})));
    Ok(())
}

fn change(kind: &'static str, id: CoverageId, code: &str, division: &str, data: Value) -> Change {
    Change {
        kind,
        register: "coverage",
        id: id.0,
        code: code.to_owned(),
        division_code: division.to_owned(),
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data,
    }
}

/// There is no such area in what the caller may see.
pub(super) fn no_area() -> Error {
    Error::not_found("该覆盖范围", "coverage area")
}

fn ends_before(from: Day, to: Day) -> Text {
    Text::new(format!("{to} 早于 {from}。"), format!("{to} lies before {from}."))
}
