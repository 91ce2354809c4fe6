//! Files of control zones.

use super::store::{self, ControlZone, Shaped};
use crate::kernel::{ControlZoneId, Day, Fault, Result, Text};
use crate::platform::fields::Fields;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, settle_replacing, written};
use futures_util::future::BoxFuture;

/// The import target `control-zones`.
pub static IMPORTER: Import = Import;

/// See [`IMPORTER`].
pub struct Import;

impl Importer for Import {
    fn target(&self) -> &'static str {
        "control-zones"
    }

    fn permission(&self) -> Permission {
        Permission::CheckBasisWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

fn read(feature: &ImportFeature, today: Day) -> Result<ControlZone, Vec<Fault>> {
    let mut f = Fields::new(&feature.properties);
    let approved_on = f.past_day("approved_on", today);
    let ended_on = f.day("ended_on");
    if let (Some(from), Some(to)) = (approved_on, ended_on)
        && to < from
    {
        let text = Text::new(format!("{to} 早于批准日 {from}。"), format!("{to} lies before the approval on {from}."));
        f.fault("ended_on", "ends_before_it_begins", text);
    }
    let item = ControlZone {
        code: f.code().unwrap_or_default(),
        name: f.required("name").unwrap_or_default(),
        division_code: f.division("division_code").unwrap_or_default(),
        site_code: f.text("site_code"),
        approved_by: f.required("approved_by").unwrap_or_default(),
        approved_on: approved_on.unwrap_or(today),
        document_number: f.text("document_number"),
        undeveloped: f.boolean("undeveloped").unwrap_or(true),
        ended_on,
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(item) } else { Err(faults) }
}

/// A row whose code is known replaces what is registered; one that says the same makes no new version.
async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (read(feature, today), &feature.geometry));
    let of: fn(&ControlZone) -> [&str; 2] = |item| [&item.code, &item.division_code];
    let batch = settle_replacing(act, read, of, store::divisions_of).await?;
    let now = act.now();
    let rows: Vec<Shaped<'_>> = batch
        .ready()
        .filter_map(|row| {
            let shape = row.shape.as_ref()?;
            Some(Shaped { item: &row.item, id: ControlZoneId::new(now), ewkb: &shape.ewkb, area_m2: shape.area_m2 })
        })
        .collect();
    let changed = store::put(act.tx(), &rows).await?;
    Ok(written(act, "control_zones", batch, changed))
}
