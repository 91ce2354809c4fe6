//! Files whose rows are no records but questions: they are read here and answered elsewhere.

use super::crs::{self, Crs};
use super::mapping::Mapping;
use super::reader::{Form, Row, Source};
use super::run::Options;
use super::wkt;
use crate::kernel::{Error, Fault, Result};
use crate::platform::{App, Permission};
use crate::registers::ImportFeature;
use std::collections::BTreeMap;

/// Features turned together.
const BATCH: usize = 500;

/// A target whose files another part works on, in jobs of its own kind.
#[derive(Debug)]
pub struct Elsewhere {
    /// The name given as `target`.
    pub target: &'static str,
    /// Who may.
    pub permission: Permission,
    /// Kind of its jobs; their options are read by [`super::stored_options`].
    pub kind: &'static str,
}

/// Every such target.
static ELSEWHERE: &[&Elsewhere] = &[&crate::across::land_check::FILES];

/// The target of a name, where it is one of them.
pub fn elsewhere(target: &str) -> Option<&'static Elsewhere> {
    ELSEWHERE.iter().copied().find(|one| one.target == target)
}

/// Names of these targets.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ELSEWHERE.iter().map(|one| one.target)
}

/// Every row of a file in CRS84, in order, with the names of the mapping; delimited text has its outlines in a column.
///
/// # Errors
/// When the file as a whole is refused (see [`Source::outline`] and [`Crs`]), or the database cannot be reached.
pub async fn features(app: &App, source: &Source, options: &Options) -> Result<Vec<Row>> {
    options.check()?;
    let (outline, mut rows) = tokio::task::spawn_blocking({
        let (source, mapping) = (source.clone(), options.mapping.clone());
        move || read(&source, &mapping)
    })
    .await
    .map_err(Error::internal)??;
    if let Crs::Epsg(code) = crs::settle(app, outline.as_ref(), options.crs).await? {
        for rows in rows.chunks_mut(BATCH) {
            turn(app, code, rows).await?;
        }
    }
    Ok(rows)
}

fn read(source: &Source, mapping: &BTreeMap<String, String>) -> Result<(Option<serde_json::Value>, Vec<Row>)> {
    let outline = source.outline_of(true)?;
    let mapping = Mapping::read(mapping)?;
    let mut rows = Vec::new();
    source.rows(outline.form, &mut |row| {
        let row = mapping.apply(row);
        rows.push(if outline.form == Form::Table { outlined(row) } else { row });
        true
    })?;
    Ok((outline.crs, rows))
}

/// A table's row has its outline in a column.
fn outlined(row: Row) -> Row {
    let Row::Feature { mut feature, id } = row else { return row };
    match wkt::take_outline(&mut feature.properties) {
        Ok(geometry) => {
            feature.geometry = geometry;
            Row::Feature { feature, id }
        }
        Err(fault) => Row::Broken { row: feature.row, faults: vec![fault] },
    }
}

async fn turn(app: &App, code: i32, rows: &mut [Row]) -> Result<()> {
    let mut places = Vec::with_capacity(rows.len());
    let mut features: Vec<ImportFeature> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter_mut().enumerate() {
        if let Row::Feature { feature, .. } = row {
            places.push(at);
            let empty = ImportFeature { row: feature.row, ..ImportFeature::default() };
            features.push(std::mem::replace(feature, empty));
        }
    }
    let mut unturned: BTreeMap<usize, Fault> = crs::turn(app, code, &mut features).await?.into_iter().collect();
    for (n, (at, turned)) in places.into_iter().zip(features).enumerate() {
        match (unturned.remove(&n), &mut rows[at]) {
            (Some(fault), row) => *row = Row::Broken { row: turned.row, faults: vec![fault] },
            (None, Row::Feature { feature, .. }) => *feature = turned,
            (None, Row::Broken { .. }) => {}
        }
    }
    Ok(())
}
