//! What can be done with farmland units.

mod classes;
pub mod classify;
mod moves;

pub use classes::{NewClass, set_classes};

use super::store::{self, NewUnit, Shaped};
use crate::kernel::{Area, Error, FarmlandUnitId, Fault, Result, Text};
use crate::platform::bulk::Batch;
use crate::platform::fields::{Fields, at};
use crate::platform::{Act, topology};
use crate::registers::{ImportFeature, Outcome, division};
use serde_json::{Map, Value, json};

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
