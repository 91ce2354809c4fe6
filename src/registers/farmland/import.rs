//! Files of farmland units.

use super::actions;
use crate::kernel::Result;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome};
use futures_util::future::BoxFuture;

/// The import target `farmland`.
pub static FARMLAND: Farmland = Farmland;

/// See [`FARMLAND`].
pub struct Farmland;

impl Importer for Farmland {
    fn target(&self) -> &'static str {
        "farmland"
    }

    fn permission(&self) -> Permission {
        Permission::FarmlandWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(actions::load(act, batch))
    }
}
