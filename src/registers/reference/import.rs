//! Files of reference layers: any attributes, points, lines or areas.

use super::rules::columns::{Gathered, settled};
use super::store::{self, NewFeature};
use super::{actions, rules};
use crate::kernel::{Error, Fault, ReferenceFeatureId, ReferenceLayerId, Result, Text};
use crate::platform::bulk::{Batch, Row, repeated_in_file};
use crate::platform::fields::Fields;
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, written};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The import targets `reference:<name>`.
pub static IMPORTER: Import = Import { file: None };

/// See [`IMPORTER`].
pub struct Import {
    /// The file that it was made for; `None` for the family.
    file: Option<File>,
}

/// One file on its way into one layer.
struct File {
    layer: String,
    /// Codes that the file holds, rejected rows among them.
    seen: Mutex<BTreeSet<String>>,
    /// What the rows that were taken have.
    columns: Mutex<Gathered>,
}

impl Importer for Import {
    fn target(&self) -> &'static str {
        "reference:"
    }

    fn permission(&self) -> Permission {
        Permission::ReferenceWrite
    }

    fn named(&self, name: &str) -> Option<Result<Box<dyn Importer>>> {
        let checked = rules::check_name(name, "/target").map_err(|fault| Error::invalid(vec![fault]));
        Some(checked.map(|()| -> Box<dyn Importer> {
            Box::new(Import {
                file: Some(File { layer: name.to_owned(), seen: Mutex::default(), columns: Mutex::default() }),
            })
        }))
    }

    fn takes_tables(&self) -> bool {
        true
    }

    fn takes_ids(&self) -> bool {
        true
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(async move { write(act, self.file()?, batch).await })
    }

    fn close<'a>(&'a self, act: &'a mut Act, rejected: u64) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { close(act, self.file()?, rejected).await })
    }
}

impl Import {
    fn file(&self) -> Result<&File> {
        self.file.as_ref().ok_or_else(|| {
            Error::fault(
                "/target",
                "layer_name_missing",
                Text::fixed("请写明图层名：reference:<图层名>。", "Name the layer: reference:<name>."),
            )
        })
    }
}

/// A row as read: its attributes, and its geometry where that is no area.
struct Read {
    code: String,
    name: Option<String>,
    attributes: Map<String, Value>,
    ended_on: Option<crate::kernel::Day>,
    ewkb: Option<Vec<u8>>,
}

/// The code of a feature that its source calls by nothing: made of what it is, so that the same feature has the same code in
/// every file.
fn code_of(feature: &ImportFeature) -> String {
    let mut sha = Sha256::new();
    sha.update(feature.geometry.to_string());
    sha.update(Value::Object(feature.properties.clone()).to_string());
    format!("~{}", hex::encode(&sha.finalize()[..10]))
}

fn has(feature: &ImportFeature, name: &str) -> bool {
    feature.properties.get(name).is_some_and(|value| !value.is_null())
}

/// Whether its source gives it a code, which then is its own.
fn is_coded(feature: &ImportFeature) -> bool {
    has(feature, "code") || has(feature, "key")
}

/// Names that are this registry's own; every other attribute is kept as it came.
const OWN: [&str; 4] = ["code", "key", "name", "ended_on"];

fn read(feature: &ImportFeature) -> (Option<String>, Result<Read, Vec<Fault>>) {
    let mut f = Fields::new(&feature.properties);
    // A source without a `code` calls its features by an `id`, often a number, or by nothing at all.
    let code = if is_coded(feature) {
        f.code()
    } else if has(feature, "id") {
        f.required("id")
    } else {
        Some(code_of(feature))
    };
    let name = f.text("name");
    let ended_on = f.day("ended_on");
    let mut faults = f.into_faults();
    let mut ewkb = None;
    match rules::shape::ewkb(&feature.geometry, "/geometry") {
        Some(Ok(bytes)) => ewkb = Some(bytes),
        Some(Err(more)) => faults.extend(more),
        None => {}
    }
    let attributes: Map<String, Value> = feature
        .properties
        .iter()
        .filter(|(name, value)| !OWN.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let read = Read { code: code.clone().unwrap_or_default(), name, attributes, ended_on, ewkb };
    (code, if faults.is_empty() { Ok(read) } else { Err(faults) })
}

/// A row whose code the layer knows replaces what is registered; one that says the same makes no new version.
async fn write(act: &mut Act, file: &File, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let layer = actions::for_import(act, &file.layer).await?;
    let mut rows = Vec::with_capacity(features.len());
    {
        let mut seen = file.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for feature in features {
            let (code, read) = read(feature);
            let repeated = code.is_some_and(|code| !seen.insert(code));
            rows.push(match read {
                // An `id` that says the same of several features is none; the first has it all the same.
                Ok(read) if repeated && !is_coded(feature) => {
                    let read = Read { code: code_of(feature), ..read };
                    if seen.insert(read.code.clone()) {
                        Ok(read)
                    } else {
                        Err(vec![repeated_in_file("code", &read.code)])
                    }
                }
                Ok(read) if repeated => Err(vec![repeated_in_file("code", &read.code)]),
                read => read,
            });
        }
    }
    let flat: Vec<Vec<u8>> = rows.iter().flatten().filter_map(|row| row.ewkb.clone()).collect();
    let mut judged = store::faults(act.tx(), &flat).await?.into_iter();
    for row in &mut rows {
        if row.as_ref().is_ok_and(|row| row.ewkb.is_some())
            && let Some(Some(reason)) = judged.next()
        {
            *row = Err(vec![Fault::new("/geometry", "invalid_geometry", Text::new(reason.clone(), reason))]);
        }
    }
    // Areas are judged and repaired as everywhere; points and lines are done.
    let done = Value::Null;
    let areas = rows.into_iter().zip(features).map(|(row, feature)| {
        let geometry = if row.as_ref().is_ok_and(|row| row.ewkb.is_none()) { &feature.geometry } else { &done };
        (row, geometry)
    });
    let areas: Vec<_> = areas.collect();
    let mut batch = Batch::settle(act.tx(), areas, false).await?;
    for row in &mut batch.rows {
        if let Row::Ready(ready) = row
            && ready.item.ewkb.is_none()
            && ready.shape.is_none()
        {
            *row = Row::Faulty(vec![Fault::new(
                "/geometry",
                "geometry_missing",
                Text::fixed("缺少几何。", "The geometry is missing."),
            )]);
        }
    }
    {
        let mut columns = file.columns.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, feature) in batch.rows.iter().zip(features) {
            if let Row::Ready(ready) = row {
                columns.row(&ready.item.attributes);
                columns.geometry(feature.geometry["type"].as_str().unwrap_or_default());
            }
        }
    }
    let now = act.now();
    let new: Vec<NewFeature> = batch
        .ready()
        .filter_map(|row| {
            let ewkb = row.item.ewkb.clone().or_else(|| row.shape.as_ref().map(|shape| shape.ewkb.clone()))?;
            Some(NewFeature {
                id: ReferenceFeatureId::new(now),
                code: row.item.code.clone(),
                name: row.item.name.clone(),
                attributes: row.item.attributes.clone().into(),
                ended_on: row.item.ended_on,
                ewkb,
            })
        })
        .collect();
    let changed = store::put(act.tx(), layer.id, &new).await?;
    Ok(written(act, subject(&file.layer), batch, changed))
}

fn subject(layer: &str) -> String {
    format!("reference/{layer}")
}

/// A file through: the layer is loaded, and in one that is replaced what the file does not hold ends.
async fn close(act: &mut Act, file: &File, rejected: u64) -> Result<()> {
    let layer = actions::for_import(act, &file.layer).await?;
    let today = act.today();
    let replaced = layer.on_import == "replace" && rejected == 0;
    let columns = put_columns(act, layer.id, file, replaced).await?;
    let ended = if replaced { end_others(act, layer.id, file).await? } else { 0 };
    act.note(subject(&file.layer), json!({"replaced": replaced, "ended": ended, "columns": columns, "on": today}));
    Ok(())
}

/// Keeps what the file's attributes and geometries are; gives how many columns are new or changed.
async fn put_columns(act: &mut Act, layer: ReferenceLayerId, file: &File, replaced: bool) -> Result<usize> {
    let (now, today) = (act.now(), act.today());
    let known: Vec<_> = store::columns(act.tx(), &[layer], None).await?.into_iter().map(|(_, column)| column).collect();
    let (changed, shapes) = {
        let gathered = file.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let shapes: Vec<String> = gathered.shapes().iter().map(|shape| shape.as_str().to_owned()).collect();
        (settled(&known, &gathered, replaced), shapes)
    };
    if !changed.is_empty() {
        store::put_columns(act.tx(), layer, now, &changed).await?;
    }
    store::loaded(act.tx(), layer, today, &shapes, !changed.is_empty()).await?;
    Ok(changed.len())
}

async fn end_others(act: &mut Act, layer: ReferenceLayerId, file: &File) -> Result<u64> {
    let codes: Vec<String> = file.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let today = act.today();
    store::end_others(act.tx(), layer, &codes, today).await
}
