//! Files of sites: registers that exist already, taken over as they are.
//!
//! Attributes: `name`, `division_code`, `stage` (any of the fifteen; `mode` with `risk_control`), and where known `code`,
//! `national_code`, `stage_since`, `risk_grade`, `assessed_class`, `notice_received_on` (starts the clock of a running
//! preliminary survey), `on_control_list` (of a contained site), `address`, `land_user` (`{name, credit_code, contact}`, or
//! `land_user_name`, `land_user_credit_code`, `land_user_contact`), `former_industry`, `land_use` (`{system, code}`, or
//! `land_use_system`, `land_use_code`), `basis`, `negative_list` (`[{system, code, why, since, until}]`), `invented`.

use super::actions::{self, ExistingSite, Facts, LandUser};
use super::rules::given::GivenDraft;
use super::rules::{Given, InterimCode, InterimKind};
use super::store::{self, NegativeUse};
use crate::kernel::{Day, Error, Fault, Result, Text};
use crate::platform::bulk::{Batch, Row};
use crate::platform::fields::{Fields, at};
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, division};
use crate::standards::land_use::{LandUse, LandUseSystem};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// The import target `sites`.
pub static SITES: Sites = Sites;

/// See [`SITES`].
pub struct Sites;

impl Importer for Sites {
    fn target(&self) -> &'static str {
        "sites"
    }

    fn permission(&self) -> Permission {
        Permission::SiteImport
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

/// Characters of a code at most.
const MAX_CODE: usize = 40;

struct Entry {
    code: Option<String>,
    facts: Facts,
    given: Given,
    negative_list: Vec<NegativeUse>,
    invented: bool,
}

impl Entry {
    /// What the site will be known by, where the file says it.
    fn key(&self) -> Option<&str> {
        self.code.as_deref().or(self.facts.national_code.as_deref())
    }

    /// Of which counter an interim code for it is.
    fn counter(&self) -> (String, InterimKind) {
        let kind = match self.given.stage().found_contaminated() {
            Some(true) => InterimKind::Contaminated,
            _ => InterimKind::Suspected,
        };
        (self.facts.division_code.clone(), kind)
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        self.code.as_deref().into_iter().chain(self.facts.national_code.as_deref())
    }
}

async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (read(&feature.properties, today), &feature.geometry));
    let mut batch = Batch::settle(act.tx(), read, true).await?;

    division::reject_strangers(act, &mut batch, |entry| &entry.facts.division_code).await?;
    let year = today.year();
    batch.reject_where(|entry| foreign_code(entry, year));
    // In the order of their keys, so that two files do not wait for each other.
    let counters: BTreeSet<(String, InterimKind)> =
        batch.ready().filter_map(|row| counter_of(&row.item, year)).collect();
    for (division, kind) in &counters {
        actions::hold_codes(act, division, *kind).await?;
    }
    let codes: Vec<String> = batch.ready().flat_map(|row| row.item.codes()).map(str::to_owned).collect();
    let taken: HashSet<String> = store::taken_codes(act.tx(), &codes).await?.into_iter().collect();
    batch.reject_where(|entry| {
        entry.codes().find(|code| taken.contains(*code)).map(|code| {
            at(
                if entry.code.as_deref() == Some(code) { "code" } else { "national_code" },
                "code_taken",
                Text::new(format!("编码 {code} 已在登记系统中。"), format!("Code {code} is in the registry already.")),
            )
        })
    });
    let mut seen: HashSet<String> = HashSet::new();
    batch.reject_where(|entry| {
        let repeated = entry.codes().find(|code| seen.contains(*code)).map(|code| {
            at(
                if entry.code.as_deref() == Some(code) { "code" } else { "national_code" },
                "repeated_in_file",
                Text::new(
                    format!("编码 {code} 在文件中重复，以先出现者为准。"),
                    format!("Code {code} stands in the file before; the first one counts."),
                ),
            )
        });
        if repeated.is_none() {
            seen.extend(entry.codes().map(str::to_owned));
        }
        repeated
    });

    let mut free = free_codes(act, &batch).await?;
    let mut given = Vec::new();
    batch.reject_where(|entry| {
        if entry.key().is_some() {
            return None;
        }
        match free.get_mut(&entry.counter()).and_then(VecDeque::pop_front) {
            Some(code) => {
                given.push(code.to_string());
                None
            }
            None => Some(used_up(&entry.facts.division_code, year)),
        }
    });
    let mut given = given.into_iter();

    let (wanted, repaired, rejected) = batch.counts();
    let mut rows = Vec::with_capacity(wanted);
    for ready in batch.ready() {
        let Some(shape) = &ready.shape else { continue };
        let code = match ready.item.key() {
            Some(code) => code.to_owned(),
            None => given.next().ok_or_else(|| Error::internal("a row without a code was given none"))?,
        };
        rows.push(ExistingSite {
            code,
            facts: ready.item.facts.clone(),
            given: ready.item.given.clone(),
            negative_list: ready.item.negative_list.clone(),
            ewkb: shape.ewkb.clone(),
            area_m2: shape.area_m2,
            invented: ready.item.invented,
        });
    }
    actions::load_existing(act, &rows).await?;
    act.note("sites", json!({"loaded": wanted, "repaired": repaired, "rejected": rejected}));
    Ok(batch.rows.into_iter().map(|row: Row<Entry>| row.into()).collect())
}

/// The counter that a row's interim code is of: of one that it brings of this year, or of the one that it will be given.
fn counter_of(entry: &Entry, year: i32) -> Option<(String, InterimKind)> {
    match entry.key() {
        None => Some(entry.counter()),
        Some(code) => InterimCode::parse(code).and_then(|code| {
            let (division, of, _) = code.parts();
            (of == year).then(|| (division.as_str().to_owned(), code.kind()))
        }),
    }
}

/// What is wrong with an interim code that a row brings: a division gives its own, and none before their year.
fn foreign_code(entry: &Entry, year: i32) -> Option<Fault> {
    let code = entry.code.as_deref().and_then(InterimCode::parse)?;
    let (division, of, _) = code.parts();
    if division.as_str() != entry.facts.division_code {
        let here = &entry.facts.division_code;
        return Some(at(
            "code",
            "code_of_other_division",
            Text::new(
                format!("临时编码 {code} 属于区划 {division}，而地块在区划 {here}。"),
                format!("Interim code {code} is of division {division}, but the site lies in {here}."),
            ),
        ));
    }
    (of > year).then(|| {
        at(
            "code",
            "code_of_future_year",
            Text::new(
                format!("临时编码 {code} 的年份晚于今年（{year}）。"),
                format!("Interim code {code} is of a year after this one, {year}."),
            ),
        )
    })
}

fn used_up(division: &str, year: i32) -> Fault {
    at(
        "code",
        "codes_used_up",
        Text::new(
            format!("区划 {division} {year} 年的临时编码已用完（9999 个）；请在文件中给出编码。"),
            format!("Division {division} has used up the 9999 interim codes of {year}; give codes in the file."),
        ),
    )
}

/// Codes for the rows that bring none, by counter; fewer than rows where the year has not so many left.
async fn free_codes(
    act: &mut Act,
    batch: &Batch<Entry>,
) -> Result<BTreeMap<(String, InterimKind), VecDeque<InterimCode>>> {
    let brought: Vec<String> = batch.ready().flat_map(|row| row.item.codes()).map(str::to_owned).collect();
    let mut wanting: BTreeMap<(String, InterimKind), usize> = BTreeMap::new();
    for row in batch.ready().filter(|row| row.item.key().is_none()) {
        *wanting.entry(row.item.counter()).or_default() += 1;
    }
    let mut free = BTreeMap::new();
    for ((division, kind), n) in wanting {
        let codes = actions::take_codes(act, &division, kind, n, &brought).await?;
        free.insert((division, kind), VecDeque::from(codes));
    }
    Ok(free)
}

fn read(properties: &Map<String, Value>, today: Day) -> Result<Entry, Vec<Fault>> {
    let mut f = Fields::new(properties);
    let code = f.text("code");
    if let Some(code) = &code
        && (code.chars().count() > MAX_CODE || code.chars().any(|c| c.is_control() || c.is_whitespace()))
    {
        f.fault(
            "code",
            "bad_code",
            Text::new(
                format!("编码最多 {MAX_CODE} 个字符，不含空白。"),
                format!("A code has at most {MAX_CODE} characters and no blanks."),
            ),
        );
    }
    let draft = GivenDraft {
        stage: f.required("stage").unwrap_or_default(),
        mode: f.text("mode"),
        stage_since: f.day("stage_since"),
        risk_grade: f.text("risk_grade"),
        assessed_class: f.text("assessed_class"),
        notice_received_on: f.day("notice_received_on"),
        on_control_list: f.boolean("on_control_list"),
    };
    let land_user = part(&mut f, properties, "land_user", ["name", "credit_code", "contact"]);
    let land_use = part(&mut f, properties, "land_use", ["system", "code", ""]);
    let facts = Facts {
        national_code: f.text("national_code"),
        name: f.required("name").unwrap_or_default(),
        division_code: f.division("division_code").unwrap_or_default(),
        address: f.text("address"),
        land_user: match land_user {
            [None, None, None] => None,
            [name, credit_code, contact] => Some(LandUser { name: name.unwrap_or_default(), credit_code, contact }),
        },
        former_industry: f.text("former_industry"),
        land_use: match land_use {
            [None, None, _] => None,
            [system, code, _] => Some((system.unwrap_or_default(), code.unwrap_or_default())),
        },
        basis: f.text("basis"),
    };
    let invented = f.boolean("invented").unwrap_or(false);
    let negative_list = negative_list(&mut f, properties);
    let mut faults = f.into_faults();
    let given = Given::read(&draft, today);
    for fault in facts.faults() {
        // What could not be read at all has its fault already.
        if !faults.iter().any(|seen| seen.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
    match given {
        Ok(given) if faults.is_empty() => Ok(Entry { code, facts, given, negative_list, invented }),
        Ok(_) => Err(faults),
        Err(more) => {
            for fault in more {
                let pointer = format!("/properties{}", fault.pointer);
                if !faults.iter().any(|seen| seen.pointer == pointer) {
                    faults.push(Fault { pointer, ..fault });
                }
            }
            Err(faults)
        }
    }
}

/// Texts that a file gives as one object or, as tables must, flat with the object's name before each.
fn part<'a>(
    f: &mut Fields<'a>,
    properties: &'a Map<String, Value>,
    name: &str,
    parts: [&str; 3],
) -> [Option<String>; 3] {
    let flat = parts.map(|part| if part.is_empty() { None } else { f.text(&format!("{name}_{part}")) });
    match properties.get(name) {
        None | Some(Value::Null) => flat,
        Some(Value::Object(object)) => {
            let mut inner = Fields::new(object);
            let read = parts.map(|part| if part.is_empty() { None } else { inner.text(part) });
            for fault in inner.into_faults() {
                let field = fault.pointer.trim_start_matches("/properties/");
                f.fault(&format!("{name}/{field}"), fault.code, fault.message.clone());
            }
            read
        }
        // A table's column of the same name holds the first part.
        Some(Value::String(text)) if parts[0] == "name" => {
            let [first, second, third] = flat;
            [first.or_else(|| Some(text.trim().to_owned()).filter(|t| !t.is_empty())), second, third]
        }
        Some(_) => {
            f.fault(name, "not_an_object", Text::fixed("应为对象。", "must be an object."));
            flat
        }
    }
}

fn negative_list(f: &mut Fields<'_>, properties: &Map<String, Value>) -> Vec<NegativeUse> {
    let items = match properties.get("negative_list") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            f.fault("negative_list", "not_a_list", Text::fixed("应为列表。", "must be a list."));
            return Vec::new();
        }
    };
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            f.fault(&format!("negative_list/{i}"), "not_an_object", Text::fixed("应为对象。", "must be an object."));
            continue;
        };
        let mut inner = Fields::new(item);
        let (system, code) = (inner.required("system"), inner.required("code"));
        let barred = NegativeUse {
            use_system: system.clone().unwrap_or_default(),
            code_prefix: code.as_deref().unwrap_or_default().to_ascii_uppercase(),
            why: inner.text("why"),
            since: inner.day("since"),
            until: inner.day("until"),
        };
        if let (Some(since), Some(until)) = (barred.since, barred.until)
            && until < since
        {
            inner.fault(
                "until",
                "ends_before_it_starts",
                Text::fixed("截止日早于起始日。", "The last day lies before the first."),
            );
        }
        if let (Some(system), Some(code)) = (system, code) {
            match LandUseSystem::parse(&system) {
                Ok(system) => {
                    if let Err(fault) = LandUse::parse(system, &code) {
                        inner.fault("code", fault.code, fault.message);
                    }
                }
                Err(fault) => inner.fault("system", fault.code, fault.message),
            }
        }
        for fault in inner.into_faults() {
            let field = fault.pointer.trim_start_matches("/properties/").to_owned();
            f.fault(&format!("negative_list/{i}/{field}"), fault.code, fault.message);
        }
        out.push(barred);
    }
    out
}
