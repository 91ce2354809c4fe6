//! Files of coverage areas.

use super::actions::read;
use super::store::{self, Shaped};
use crate::kernel::{CoverageId, Result};
use crate::platform::bulk::Batch;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, division};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::HashMap;

/// The import target `coverage`.
pub static IMPORTER: Import = Import;

/// See [`IMPORTER`].
pub struct Import;

impl Importer for Import {
    fn target(&self) -> &'static str {
        "coverage"
    }

    fn permission(&self) -> Permission {
        Permission::CheckBasisWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

/// A row whose code is known replaces what is registered; one that says the same makes no new version.
async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (read(&feature.properties, today), &feature.geometry));
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
            Some(Shaped { item: &row.item, id: CoverageId::new(now), ewkb: &shape.ewkb })
        })
        .collect();
    let changed = store::put(act.tx(), &rows).await?;
    let (ready, repaired, rejected) = batch.counts();
    act.note(
        "coverage",
        json!({"changed": changed, "unchanged": ready as u64 - changed, "repaired": repaired, "rejected": rejected}),
    );
    Ok(batch.rows.into_iter().map(Outcome::from).collect())
}
