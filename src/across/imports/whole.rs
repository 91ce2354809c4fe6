//! Files whose rows are no records but questions: they are read here and answered elsewhere.

use super::crs;
use super::mapping::Mapping;
use super::reader::{Outline, Row, Source};
use super::run::{Options, placed};
use crate::kernel::{Error, Fault, Result};
use crate::platform::crs::Crs;
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

/// Every row of a file in CRS84, in order, with the names of the mapping, and what is to be said of the file; a table has its
/// outlines in a column.
///
/// # Errors
/// When the file as a whole is refused (see [`Source::outline`] and [`Crs`]), or the database cannot be reached.
pub async fn features(app: &App, source: &Source, options: &Options) -> Result<(Vec<Row>, Vec<Fault>)> {
    options.check()?;
    let (outline, mut rows) = tokio::task::spawn_blocking({
        let (source, options) = (source.clone(), options.clone());
        move || read(&source, &options)
    })
    .await
    .map_err(Error::internal)??;
    let (crs, remark) = crs::settle(app, &outline.crs, options.crs).await?;
    if let Crs::Epsg(code) = crs {
        for rows in rows.chunks_mut(BATCH) {
            turn(app, code, rows).await?;
        }
    }
    Ok((rows, remark.into_iter().chain(outline.notes).collect()))
}

fn read(source: &Source, options: &Options) -> Result<(Outline, Vec<Row>)> {
    let outline = source.outline_of(true, options.pick())?;
    let mut mapping = Mapping::read(&options.mapping)?;
    mapping.fit(&outline.cut_names);
    let mut rows = Vec::new();
    source.rows_of(outline.form, options.pick(), &mut |row| {
        let row = mapping.apply(row);
        rows.push(if outline.in_columns { placed(row) } else { row });
        true
    })?;
    Ok((outline, rows))
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
