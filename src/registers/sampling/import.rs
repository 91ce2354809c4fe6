//! Files of samples: long tables with a row per result, wide ones with a column per substance, and GeoJSON of either.

use super::actions::{self, RowDone};
use super::rules::row;
use crate::kernel::Result;
use crate::platform::{Act, Permission, table};
use crate::registers::{ImportFeature, Importer, Outcome};
use futures_util::future::BoxFuture;
use std::collections::HashSet;

/// The import target `samples`.
pub static SAMPLES: Samples = Samples;

/// See [`SAMPLES`].
pub struct Samples;

impl Importer for Samples {
    fn target(&self) -> &'static str {
        "samples"
    }

    fn permission(&self) -> Permission {
        Permission::SamplingWrite
    }

    fn takes_tables(&self) -> bool {
        true
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let mut seen = HashSet::new();
    let rows = features
        .iter()
        .map(|feature| row::read(&feature.properties, table::lon_lat(&feature.geometry, "/geometry"), today, &mut seen))
        .collect();
    let loaded = actions::load(act, rows).await?;
    Ok(loaded
        .rows
        .into_iter()
        .map(|row| match row {
            RowDone::Taken { notes, .. } if notes.is_empty() => Outcome::Written,
            RowDone::Taken { notes, .. } => Outcome::Noted(notes),
            RowDone::Rejected(faults) => Outcome::Rejected(faults),
        })
        .collect())
}
