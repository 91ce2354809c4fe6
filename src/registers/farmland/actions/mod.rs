//! What can be done with farmland units.

mod classes;
pub mod classify;
mod land_use;
pub mod ledger;
mod lineage;
mod moves;

pub use classes::{NewClass, set_classes};
pub use land_use::{Becomes, NewUse, change_use};
pub use lineage::{Child, NewChange, Parent, no_change, record, void};

use super::store::lineage::LockedRow;
use super::store::{self, Corrected, NewUnit, Shaped};
use crate::kernel::{Area, Day, Error, FarmlandUnitId, Fault, Result, Text};
use crate::platform::bulk::Batch;
use crate::platform::call::stale;
use crate::platform::fields::{Fields, at};
use crate::platform::outbox::Change;
use crate::platform::{Act, topology};
use crate::registers::{ImportFeature, Outcome, division};
use serde_json::{Map, Value, json};

/// The register's name in changes and attachments.
const REGISTER: &str = "farmland";
/// Longest reason, characters.
const REASON_MAX: usize = 1000;

/// Reads a unit's attributes. Bulk files and single requests are read by the same lines.
pub fn read(properties: &Map<String, Value>) -> Result<NewUnit, Vec<Fault>> {
    let mut f = Fields::new(properties);
    let unit = NewUnit {
        code: f.required("code").unwrap_or_default(),
        division_code: f.division("division_code").unwrap_or_default(),
        land_type: match f.required("land_type") {
            Some(_) => f.one_of("land_type", &super::LAND_TYPES).unwrap_or_default().to_owned(),
            None => String::new(),
        },
        crop: f.text("crop"),
        township: f.text("township"),
        village: f.text("village"),
        pbf: f.boolean("pbf"),
        class: f.one_of("class", &super::CLASSES).unwrap_or("unclassified").to_owned(),
        class_since: f.day("class_since"),
        began_on: f.day("began_on"),
        stated_area_m2: f.positive("stated_area_m2"),
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(unit) } else { Err(faults) }
}

/// Registers one unit.
///
/// # Errors
/// `outside_division`; `invalid_input` for an unknown division or a bad outline; `code_taken`.
pub async fn register(act: &mut Act, unit: &NewUnit, area: &Area) -> Result<FarmlandUnitId> {
    act.caller().require_division(&unit.division_code)?;
    topology::check(act.tx(), area, "/geometry").await?;
    let codes = [unit.division_code.clone()];
    if division::known(act.tx(), &codes).await?.is_empty() {
        return Err(Error::invalid(vec![division::unknown(&unit.division_code)]));
    }
    let (id, ewkb) = (FarmlandUnitId::new(act.now()), area.to_ewkb());
    let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
    let now = act.now();
    let added = store::insert(act.tx(), now, &[Shaped { unit, id, ewkb: &ewkb, area_m2 }]).await?;
    if added.is_empty() {
        return Err(Error::conflict(
            "code_taken",
            Text::new(
                format!("农用地单元编码 {} 已存在。", unit.code),
                format!("There is a farmland unit {} already.", unit.code),
            ),
        ));
    }
    act.note("farmland", json!({"id": id, "code": unit.code, "division": unit.division_code, "class": unit.class}));
    Ok(id)
}

/// Registers a batch of a file.
pub async fn load(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let read = features.iter().map(|feature| (read(&feature.properties), &feature.geometry));
    let mut batch = Batch::settle(act.tx(), read, true).await?;
    batch.reject_repeated("code", |unit| &unit.code);
    division::reject_strangers(act, &mut batch, |unit| &unit.division_code).await?;
    let codes: Vec<String> = batch.ready().map(|row| row.item.code.clone()).collect();
    let taken = store::taken(act.tx(), &codes).await?;
    batch.reject_where(|unit| taken.contains(&unit.code).then(|| code_taken(&unit.code)));

    let now = act.now();
    let units: Vec<Shaped<'_>> = batch
        .ready()
        .filter_map(|row| {
            let shape = row.shape.as_ref()?;
            Some(Shaped { unit: &row.item, id: FarmlandUnitId::new(now), ewkb: &shape.ewkb, area_m2: shape.area_m2 })
        })
        .collect();
    let added = store::insert(act.tx(), now, &units).await?;
    // Somebody may have taken a code between the look and the insert.
    batch.reject_where(|unit| (!added.contains(&unit.code)).then(|| code_taken(&unit.code)));
    let (written, repaired, rejected) = batch.counts();
    act.note("farmland", json!({"written": written, "repaired": repaired, "rejected": rejected}));
    Ok(batch.rows.into_iter().map(Outcome::from).collect())
}

fn code_taken(code: &str) -> Fault {
    at("code", "code_taken", Text::new(format!("编码 {code} 已存在。"), format!("There is a unit {code} already.")))
}

/// What is to be put right of a unit's record; the outer `None` leaves it, the inner takes it away.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    /// What grows there.
    pub crop: Option<Option<String>>,
    /// Township.
    pub township: Option<Option<String>>,
    /// Village.
    pub village: Option<Option<String>>,
    /// Permanent basic farmland.
    pub pbf: Option<Option<bool>>,
    /// Area as the source states it, m².
    pub stated_area_m2: Option<Option<f64>>,
}

/// Puts a unit's record right; never its class, land type or outline, which have ways of their own.
///
/// # Errors
/// `stale`; `invalid_input` for a reason that is none, a text that is empty or too long, an area that is none, or nothing to
/// correct.
pub async fn correct(act: &mut Act, id: FarmlandUnitId, revision: i32, new: Correction, reason: &str) -> Result<()> {
    let unit = locked(act, id).await?;
    if unit.revision != revision {
        return Err(stale());
    }
    let reason = reason_of(reason, "/reason")?;
    let mut faults = Vec::new();
    for (name, text) in [("crop", &new.crop), ("township", &new.township), ("village", &new.village)] {
        if let Some(Some(text)) = text
            && (text.trim().is_empty() || text.chars().count() > 500)
        {
            faults.push(Fault::new(
                format!("/{name}"),
                "text_unfit",
                Text::fixed("应为 1 至 500 字；要清空请给 null。", "must be 1 to 500 characters; null takes it away."),
            ));
        }
    }
    if new.stated_area_m2.flatten().is_some_and(|area| !area.is_finite() || area <= 0.0) {
        faults.push(Fault::new(
            "/stated_area_m2",
            "not_positive",
            Text::fixed("应为大于 0 的数。", "must be a number above 0."),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let trimmed = |text: Option<Option<String>>, old: &Option<String>| match text {
        Some(text) => text.map(|text| text.trim().to_owned()),
        None => old.clone(),
    };
    let old = Corrected {
        crop: unit.crop.clone(),
        township: unit.township.clone(),
        village: unit.village.clone(),
        pbf: unit.pbf,
        stated_area_m2: unit.stated_area_m2,
    };
    let corrected = Corrected {
        crop: trimmed(new.crop, &old.crop),
        township: trimmed(new.township, &old.township),
        village: trimmed(new.village, &old.village),
        pbf: new.pbf.unwrap_or(old.pbf),
        stated_area_m2: new.stated_area_m2.unwrap_or(old.stated_area_m2),
    };
    let mut fields = Vec::new();
    for (name, differs) in [
        ("crop", corrected.crop != old.crop),
        ("township", corrected.township != old.township),
        ("village", corrected.village != old.village),
        ("pbf", corrected.pbf != old.pbf),
        ("stated_area_m2", corrected.stated_area_m2 != old.stated_area_m2),
    ] {
        if differs {
            fields.push(name);
        }
    }
    if fields.is_empty() {
        return Err(Error::fault(
            "",
            "unchanged",
            Text::fixed("没有要更正的内容。", "Nothing is to be corrected: the record says so already."),
        ));
    }
    store::correct(act.tx(), id, &corrected, &reason).await?;
    act.note(format!("farmland/{id}"), json!({"corrected": fields}));
    act.tell(Change {
        kind: "farmland.corrected",
        register: REGISTER,
        id: id.0,
        code: unit.code,
        division_code: unit.division_code,
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({"fields": fields}),
    });
    Ok(())
}

/// A unit in the caller's divisions, locked.
async fn locked(act: &mut Act, id: FarmlandUnitId) -> Result<LockedRow> {
    let unit = store::lineage::lock(act.tx(), &[id], &[]).await?.pop();
    unit.filter(|unit| act.caller().holds_in(&unit.division_code)).ok_or_else(no_unit)
}

/// There is no such unit in what the caller may see.
pub fn no_unit() -> Error {
    Error::not_found("该农用地单元", "farmland unit")
}

/// A reason, trimmed.
fn reason_of(reason: &str, pointer: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Error::fault(
            pointer,
            "reason_unfit",
            Text::new(
                format!("理由应为 1 至 {REASON_MAX} 字。"),
                format!("The reason must be 1 to {REASON_MAX} characters."),
            ),
        ));
    }
    Ok(reason.to_owned())
}

/// A day that has not come.
fn in_future(pointer: &str, day: Day, today: Day) -> Fault {
    Fault::new(
        pointer,
        "day_in_future",
        Text::new(format!("{day} 晚于今天（{today}）。"), format!("{day} lies after today ({today}).")),
    )
}
