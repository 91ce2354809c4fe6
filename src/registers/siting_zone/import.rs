//! Files of published zones.

use super::store::{self, Shaped, Zone};
use crate::kernel::{Day, Fault, Result, SitingZoneId, Text};
use crate::platform::bulk::Batch;
use crate::platform::fields::Fields;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, division};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::HashMap;

/// The import target `siting-zones`.
pub static IMPORTER: Import = Import;

/// See [`IMPORTER`].
pub struct Import;

impl Importer for Import {
    fn target(&self) -> &'static str {
        "siting-zones"
    }

    fn permission(&self) -> Permission {
        Permission::SitingZoneWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

fn read(feature: &ImportFeature, today: Day) -> Result<Zone, Vec<Fault>> {
    let mut f = Fields::new(&feature.properties);
    let published_on = f.past_day("published_on", today);
    let ended_on = f.day("ended_on");
    if let (Some(from), Some(to)) = (published_on, ended_on)
        && to < from
    {
        let text =
            Text::new(format!("{to} 早于公布日 {from}。"), format!("{to} lies before the publication on {from}."));
        f.fault("ended_on", "ends_before_it_begins", text);
    }
    let item = Zone {
        code: f.code().unwrap_or_default(),
        name: f.required("name").unwrap_or_default(),
        kind: match f.required("kind") {
            Some(_) => f.one_of("kind", &super::KINDS).unwrap_or_default().to_owned(),
            None => String::new(),
        },
        division_code: f.division("division_code").unwrap_or_default(),
        published_by: f.required("published_by").unwrap_or_default(),
        published_on: published_on.unwrap_or(today),
        document_number: f.text("document_number"),
        document_id: None,
        ended_on,
        end_reason: f.text("end_reason"),
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(item) } else { Err(faults) }
}

/// A row whose code is known replaces what is registered; one that says the same makes no new version.
async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (read(feature, today), &feature.geometry));
    let mut batch = Batch::settle(act.tx(), read, true).await?;
    batch.reject_repeated("code", |item| &item.code);
    division::reject_strangers(act, &mut batch, |item| &item.division_code).await?;
    let codes: Vec<String> = batch.ready().map(|row| row.item.code.clone()).collect();
    let was: HashMap<String, String> = store::divisions_of(act.tx(), &codes).await?.into_iter().collect();
    let caller = act.caller().clone();
    batch.reject_where(|item| {
        was.get(&item.code).filter(|code| !caller.holds_in(code)).map(|code| division::outside(code))
    });
    let now = act.now();
    let rows: Vec<Shaped<'_>> = batch
        .ready()
        .filter_map(|row| {
            let shape = row.shape.as_ref()?;
            Some(Shaped { item: &row.item, id: SitingZoneId::new(now), ewkb: &shape.ewkb, area_m2: shape.area_m2 })
        })
        .collect();
    let changed = store::put(act.tx(), &rows).await?;
    let (ready, repaired, rejected) = batch.counts();
    act.note(
        "siting_zones",
        json!({"changed": changed, "unchanged": ready as u64 - changed, "repaired": repaired, "rejected": rejected}),
    );
    Ok(batch.rows.into_iter().map(Outcome::from).collect())
}
