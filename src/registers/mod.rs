//! The registers, each a folder of its own. What a register offers the rest of the house is its [`Register`].

pub mod class_adjustment;
pub mod control_zone;
pub mod coverage;
pub mod deadline;
pub mod division;
pub mod document;
pub mod farmland;
pub mod farmland_measure;
pub mod key_unit;
pub mod notice;
pub mod parcel;
pub mod protection;
pub mod publicity;
pub mod redevelopment;
pub mod reference;
pub mod sampling;
pub mod site;
pub mod siting_zone;
pub mod standard;

use crate::kernel::{Fault, Result};
use crate::layers::{Family, Layer};
use crate::platform::bulk::{Batch, Row};
use crate::platform::{Act, App, Permission};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
use utoipa_axum::router::OpenApiRouter;

/// What a register declares: routes, layers, importers. Router, OpenAPI document, collections, tiles, import targets and
/// coverage tests follow.
pub struct Register {
    /// Stable, snake_case; the name that checks and coverage call it by.
    pub id: &'static str,
    /// Its operations.
    pub routes: fn() -> OpenApiRouter<App>,
    /// Its layers.
    pub layers: &'static [&'static Layer],
    /// How files become rows of it.
    pub importers: &'static [&'static dyn Importer],
}

/// Every register.
pub static ALL: &[&Register] = &[
    &division::REGISTER,
    &farmland::REGISTER,
    &class_adjustment::REGISTER,
    &protection::REGISTER,
    &farmland_measure::REGISTER,
    &control_zone::REGISTER,
    &key_unit::REGISTER,
    &coverage::REGISTER,
    &document::REGISTER,
    &deadline::REGISTER,
    &publicity::REGISTER,
    &site::REGISTER,
    &notice::REGISTER,
    &sampling::REGISTER,
    &standard::REGISTER,
    &redevelopment::REGISTER,
    &parcel::REGISTER,
    &reference::REGISTER,
    &siting_zone::REGISTER,
];

/// Layers that registers make of what was imported.
pub static FAMILIES: &[&dyn Family] = &[&reference::FAMILY];

/// Every layer of every register that there always is.
pub fn layers() -> impl Iterator<Item = &'static Layer> {
    ALL.iter().flat_map(|register| register.layers.iter().copied())
}

/// Every import target of every register.
pub fn importers() -> impl Iterator<Item = &'static dyn Importer> {
    ALL.iter().flat_map(|register| register.importers.iter().copied())
}

/// How features of a file become rows of a register. The reader of the file, the job and the report are not its business.
pub trait Importer: Send + Sync {
    /// The name given as `target`.
    fn target(&self) -> &'static str;

    /// Who may.
    fn permission(&self) -> Permission;

    /// Of a family of targets, whose own name ends in a colon (`reference:`): the importer of one of them, by the name
    /// behind the colon. It lives for one file. `None` for a target that is no family.
    fn named(&self, _name: &str) -> Option<Result<Box<dyn Importer>>> {
        None
    }

    /// What is left to do when the whole file is through, inside the act: `rejected` rows of it were given up. A dry run does
    /// it too.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn close<'a>(&'a self, _act: &'a mut Act, _rejected: u64) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Whether it takes tables: delimited text with a row per row and the position in columns.
    fn takes_tables(&self) -> bool {
        false
    }

    /// Whether a feature without a `code` is known by what its file calls it outside its attributes (the `id` of GeoJSON, the
    /// key of a table's row), which is then its `key`.
    fn takes_ids(&self) -> bool {
        false
    }

    /// Checks a batch and writes what is right, inside the act; gives one outcome per feature, in their order. A rejected
    /// feature must not fail the statement, because the others may still be wanted: check first, then insert.
    ///
    /// # Errors
    /// Only for what concerns no single row, such as a database that cannot be reached.
    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>>;
}

/// The importer of a target.
pub enum Target {
    /// One that there always is.
    Fixed(&'static dyn Importer),
    /// One of a family, made for one file.
    Named(Box<dyn Importer>),
}

impl std::ops::Deref for Target {
    type Target = dyn Importer;

    fn deref(&self) -> &Self::Target {
        match self {
            Target::Fixed(importer) => *importer,
            Target::Named(importer) => importer.as_ref(),
        }
    }
}

/// One feature of a file.
#[derive(Debug, Clone, Default)]
pub struct ImportFeature {
    /// Its place in the file, from 1.
    pub row: u64,
    /// The GeoJSON geometry in CRS84, as read; `null` where the feature has none.
    pub geometry: Value,
    /// Its attributes.
    pub properties: Map<String, Value>,
}

/// What became of a feature.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Written as it was.
    Written,
    /// Written after a repair that the message describes.
    Repaired(Fault),
    /// Written, with remarks on what it lacks or what was left aside. A remark `column_ignored` is told once per file.
    Noted(Vec<Fault>),
    /// Not written. Pointers are relative to the feature: `/geometry/...`, `/properties/code`.
    Rejected(Vec<Fault>),
}

impl<T> From<Row<T>> for Outcome {
    fn from(row: Row<T>) -> Outcome {
        match row {
            Row::Ready(ready) => ready.repaired.map_or(Outcome::Written, Outcome::Repaired),
            Row::Faulty(faults) => Outcome::Rejected(faults),
        }
    }
}

/// Settles a batch of areas, each of which replaces what is registered under its code, wherever that lies: a caller must hold
/// in both divisions. `of` gives a row's code and division; `registered` the divisions of those codes that are known.
///
/// # Errors
/// When the database cannot be reached.
async fn settle_replacing<'a, T>(
    act: &mut Act,
    read: impl IntoIterator<Item = (Result<T, Vec<Fault>>, &'a Value)>,
    of: fn(&T) -> [&str; 2],
    registered: impl AsyncFnOnce(&mut PgConnection, &[String]) -> Result<Vec<(String, String)>>,
) -> Result<Batch<T>> {
    let code = |item: &T| of(item)[0].to_owned();
    let mut batch = Batch::settle(act.tx(), read, true).await?;
    batch.reject_repeated("code", |item| of(item)[0]);
    division::reject_strangers(act, &mut batch, |item| of(item)[1]).await?;
    let codes: Vec<String> = batch.ready().map(|row| code(&row.item)).collect();
    let was: HashMap<String, String> = registered(act.tx(), &codes).await?.into_iter().collect();
    let caller = act.caller();
    batch.reject_where(|item| {
        was.get(of(item)[0]).filter(|code| !caller.holds_in(code)).map(|code| division::outside(code))
    });
    Ok(batch)
}

/// Notes under a name how many rows of a batch were written, of which some `changed` what is registered; gives what became of
/// each.
fn written<T>(act: &mut Act, name: impl Into<String>, batch: Batch<T>, changed: u64) -> Vec<Outcome> {
    let (ready, repaired, rejected) = batch.counts();
    act.note(
        name,
        json!({"changed": changed, "unchanged": ready as u64 - changed, "repaired": repaired, "rejected": rejected}),
    );
    batch.rows.into_iter().map(Outcome::from).collect()
}
