//! Files of key units.

use super::store::{self, KeyUnit, Shaped};
use crate::kernel::{Day, Fault, KeyUnitId, Result, Text};
use crate::platform::fields::Fields;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, settle_replacing, written};
use futures_util::future::BoxFuture;

/// The import target `key-units`.
pub static IMPORTER: Import = Import;

/// See [`IMPORTER`].
pub struct Import;

impl Importer for Import {
    fn target(&self) -> &'static str {
        "key-units"
    }

    fn permission(&self) -> Permission {
        Permission::CheckBasisWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

fn read(feature: &ImportFeature, today: Day) -> Result<KeyUnit, Vec<Fault>> {
    let mut f = Fields::new(&feature.properties);
    let listed_on = f.past_day("listed_on", today);
    let removed_on = f.day("removed_on");
    if let (Some(from), Some(to)) = (listed_on, removed_on)
        && to < from
    {
        let text = Text::new(format!("{to} 早于列入日 {from}。"), format!("{to} lies before the listing on {from}."));
        f.fault("removed_on", "ends_before_it_begins", text);
    }
    let industry = f.text("industry");
    if industry.as_ref().is_some_and(|code| !(2..=4).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_digit()))
    {
        let text = Text::fixed("应为 GB/T 4754 的 2 至 4 位数字代码。", "must be two to four digits of GB/T 4754.");
        f.fault("industry", "bad_industry", text);
    }
    let item = KeyUnit {
        code: f.code().unwrap_or_default(),
        name: f.required("name").unwrap_or_default(),
        credit_code: f.credit_code("credit_code"),
        division_code: f.division("division_code").unwrap_or_default(),
        industry,
        listed_on: listed_on.unwrap_or(today),
        removed_on,
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(item) } else { Err(faults) }
}

/// A row whose code is known replaces what is registered; one that says the same makes no new version.
async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (read(feature, today), &feature.geometry));
    let of: fn(&KeyUnit) -> [&str; 2] = |item| [&item.code, &item.division_code];
    let batch = settle_replacing(act, read, of, store::divisions_of).await?;
    let now = act.now();
    let rows: Vec<Shaped<'_>> = batch
        .ready()
        .filter_map(|row| {
            let shape = row.shape.as_ref()?;
            Some(Shaped { item: &row.item, id: KeyUnitId::new(now), ewkb: &shape.ewkb, area_m2: shape.area_m2 })
        })
        .collect();
    let changed = store::put(act.tx(), &rows).await?;
    Ok(written(act, "key_units", batch, changed))
}
