//! The import itself: the same for dry run and commit, for the server and the command.

use super::crs;
use super::hints::hint;
use super::mapping::{self, Mapping};
use super::reader::{Form, Outline, Row, Source};
use crate::kernel::{Error, Fault, Kind, Result, Text};
use crate::platform::crs::Crs;
use crate::platform::geofile::Pick;
use crate::platform::jobs::{Counts, RowFinding};
use crate::platform::{Act, App, Reply, table};
use crate::registers::{self, ImportFeature, Importer, Outcome, Target};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use tokio::sync::mpsc;

/// Features that are checked and written together.
const BATCH: usize = 500;
/// The same of tables, whose rows are small.
const TABLE_BATCH: usize = 2_000;

/// Whether anything is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is written; the report is that of a commit.
    DryRun,
    /// What is right is written.
    Commit,
}

/// What a rejected row means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// None are written.
    RejectAll,
    /// The valid ones are written.
    AcceptValid,
}

/// How a file is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether anything is to be written.
    pub mode: Mode,
    /// What a rejected row means for the others.
    pub on_error: OnError,
    /// The reference system, where the file does not say one.
    pub crs: Option<Crs>,
    /// Names of attributes: theirs → ours, values and constants among them (see [`super::mapping`]). `id` of theirs is an
    /// attribute of that name or, without one, the feature's `id`.
    pub mapping: BTreeMap<String, String>,
}

impl Options {
    /// A mapping that gives two columns one name cannot be followed.
    ///
    /// # Errors
    /// `mapping_conflict`, `mapping_unreadable`.
    pub fn check(&self) -> Result<()> {
        Mapping::read(&self.mapping).map(|_| ())
    }

    /// Which part of the file is read.
    pub(super) fn pick(&self) -> Pick<'_> {
        mapping::pick(&self.mapping)
    }
}

/// Who is told how an import goes.
pub trait Watch: Send {
    /// So many of so many rows are through.
    fn progress<'a>(&'a mut self, done: u64, total: u64, counts: &'a Counts) -> BoxFuture<'a, Result<()>>;
    /// These rows were rejected, repaired or remarked on; in the order of the file, every row's findings together.
    fn findings<'a>(&'a mut self, findings: Vec<RowFinding>) -> BoxFuture<'a, Result<()>>;
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many rows came to what.
    pub counts: Counts,
}

/// The importer of a target.
///
/// # Errors
/// `unknown_target`, naming the targets there are.
pub fn importer(target: &str) -> Result<Target> {
    if let Some(importer) = registers::importers().find(|i| i.target() == target && !target.ends_with(':')) {
        return Ok(Target::Fixed(importer));
    }
    let of_family = |importer: &'static dyn Importer| {
        let name = target.strip_prefix(importer.target()).filter(|_| importer.target().ends_with(':'))?;
        importer.named(name)
    };
    registers::importers().find_map(of_family).map(|named| named.map(Target::Named)).unwrap_or_else(|| {
        let known: Vec<_> = registers::importers()
            .map(|importer| match importer.target() {
                family if family.ends_with(':') => format!("{family}<name>"),
                one => one.to_owned(),
            })
            .chain(super::whole::names().map(str::to_owned))
            .collect();
        Err(Error::fault(
            "/target",
            "unknown_target",
            Text::new(
                format!("没有导入目标“{target}”，可用：{}。", known.join("、")),
                format!("There is no import target `{target}`; there are: {}.", known.join(", ")),
            ),
        ))
    })
}

/// Reads a file and writes what is right of it, inside the act; how it ends is for [`conclude`]. The counts have nothing
/// written yet.
///
/// # Errors
/// When the file as a whole is refused (see [`Source::outline`] and [`Crs`]), or the database cannot be reached.
pub async fn run(
    act: &mut Act,
    importer: &dyn Importer,
    source: &Source,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<Counts> {
    options.check()?;
    let app = act.app().clone();
    let target = importer.target();
    let table = in_thread({
        let source = source.clone();
        move || source.table(target).transpose()
    })
    .await?;
    if let Some(features) = table {
        return run_table(act, &app, importer, features, options, watch).await;
    }
    let tables = importer.takes_tables();
    let outline = in_thread({
        let (source, options) = (source.clone(), options.clone());
        move || source.outline_of(tables, options.pick())
    })
    .await?;
    let (crs, remark) = crs::settle(&app, &outline.crs, options.crs).await?;
    let total = outline.features;
    let notes = remark.into_iter().chain(outline.notes.iter().cloned()).collect();
    let mut tally = Tally { notes, ..Tally::default() };
    watch.progress(0, total, &tally.counts).await?;

    let (sender, mut batches) = mpsc::channel(4);
    let reading = tokio::task::spawn_blocking({
        let (source, options) = (source.clone(), options.clone());
        move || read(&source, &outline, &options, &sender)
    });
    while let Some(batch) = batches.recv().await {
        work(act, &app, importer, crs, batch, &mut tally, watch).await?;
        watch.progress(tally.counts.read, total, &tally.counts).await?;
    }
    reading.await.map_err(Error::internal)??;
    if tally.counts.read != total {
        return Err(Error::internal(format!("{total} features were counted and {} were read", tally.counts.read)));
    }
    importer.close(act, tally.counts.rejected).await?;
    Ok(tally.counts)
}

/// A table is small and without geometry: it is in memory as it is.
async fn run_table(
    act: &mut Act,
    app: &App,
    importer: &dyn Importer,
    features: Vec<ImportFeature>,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<Counts> {
    let total = features.len() as u64;
    let mut tally = Tally::default();
    let mapping = Mapping::read(&options.mapping)?;
    let mut rows = features.into_iter().map(|feature| mapping.apply(Row::Feature { feature, id: None }));
    loop {
        let batch: Vec<Row> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            importer.close(act, tally.counts.rejected).await?;
            return Ok(tally.counts);
        }
        work(act, app, importer, Crs::LonLat, batch, &mut tally, watch).await?;
        watch.progress(tally.counts.read, total, &tally.counts).await?;
    }
}

async fn in_thread<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(job).await.map_err(Error::internal)?
}

/// Reads the file to its end, or until nobody takes the batches any more.
fn read(source: &Source, outline: &Outline, options: &Options, sender: &mpsc::Sender<Vec<Row>>) -> Result<()> {
    let mut mapping = Mapping::read(&options.mapping)?;
    mapping.fit(&outline.cut_names);
    let table = outline.in_columns;
    let many = if outline.form == Form::Table { TABLE_BATCH } else { BATCH };
    let mut batch = Vec::with_capacity(many);
    let mut wanted = true;
    source.rows_of(outline.form, options.pick(), &mut |row| {
        let row = mapping.apply(row);
        batch.push(if table { placed(row) } else { row });
        if batch.len() == many {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(many));
            wanted = sender.blocking_send(full).is_ok();
        }
        wanted
    })?;
    if wanted && !batch.is_empty() {
        // When nobody listens the other side has failed and says why.
        drop(sender.blocking_send(batch));
    }
    Ok(())
}

/// How far an import is.
#[derive(Default)]
struct Tally {
    counts: Counts,
    /// Remarks on columns that were told already.
    told: HashSet<String>,
    /// Remarks on the file, to be told with its first row.
    notes: Vec<Fault>,
}

/// A table's row has its outline or position in columns.
pub(super) fn placed(row: Row) -> Row {
    let Row::Feature { mut feature, id } = row else { return row };
    match table::take_geometry(&mut feature.properties) {
        Ok(geometry) => {
            feature.geometry = geometry;
            Row::Feature { feature, id }
        }
        Err(fault) => Row::Broken { row: feature.row, faults: vec![fault] },
    }
}

/// Takes a batch through reference system and register, and says what came of each row.
async fn work(
    act: &mut Act,
    app: &App,
    importer: &dyn Importer,
    crs: Crs,
    batch: Vec<Row>,
    tally: &mut Tally,
    watch: &mut dyn Watch,
) -> Result<()> {
    let Tally { counts, told, notes } = tally;
    counts.read += batch.len() as u64;
    let mut findings: Vec<RowFinding> = noted(std::mem::take(notes));
    let mut features: Vec<ImportFeature> = Vec::with_capacity(batch.len());
    for row in batch {
        match row {
            Row::Feature { mut feature, id } => {
                let own = |name: &&str| feature.properties.contains_key(*name);
                if let Some(id) = id.filter(|_| importer.takes_ids() && !["code", "key", "id"].iter().any(own)) {
                    feature.properties.insert("key".to_owned(), id);
                }
                features.push(feature);
            }
            Row::Broken { row, faults } => reject(&mut findings, counts, row, faults),
        }
    }
    if let Crs::Epsg(code) = crs {
        let mut unturned: BTreeMap<usize, Fault> = crs::turn(app, code, &mut features).await?.into_iter().collect();
        let mut at = 0;
        features.retain(|feature| {
            let fault = unturned.remove(&at);
            at += 1;
            match fault {
                Some(fault) => {
                    reject(&mut findings, counts, feature.row, vec![fault]);
                    false
                }
                None => true,
            }
        });
    }
    if !features.is_empty() {
        let outcomes = importer.write(act, &features).await?;
        if outcomes.len() != features.len() {
            return Err(Error::internal(format!(
                "importer {} gave {} outcomes for {} features",
                importer.target(),
                outcomes.len(),
                features.len()
            )));
        }
        for (feature, outcome) in features.iter().zip(outcomes) {
            match outcome {
                Outcome::Written => counts.valid += 1,
                Outcome::Repaired(fault) => {
                    counts.valid += 1;
                    counts.repaired += 1;
                    let hint = hint(fault.code);
                    findings.push(RowFinding { row: feature.row, rejected: false, noted: false, fault, hint });
                }
                Outcome::Noted(notes) => {
                    counts.valid += 1;
                    for fault in notes {
                        // What is true of the whole table is told with its first row only.
                        if fault.code == "column_ignored" && !told.insert(fault.pointer.clone()) {
                            continue;
                        }
                        let hint = hint(fault.code);
                        findings.push(RowFinding { row: feature.row, rejected: false, noted: true, fault, hint });
                    }
                }
                Outcome::Rejected(faults) => reject(&mut findings, counts, feature.row, faults),
            }
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    // Stable: the findings of a row keep their order.
    findings.sort_by_key(|finding| finding.row);
    watch.findings(findings).await
}

/// Remarks on a file as findings of its first row.
pub fn noted(notes: Vec<Fault>) -> Vec<RowFinding> {
    let finding = |fault: Fault| {
        let hint = hint(fault.code);
        RowFinding { row: 1, rejected: false, noted: true, fault, hint }
    };
    notes.into_iter().map(finding).collect()
}

fn reject(findings: &mut Vec<RowFinding>, counts: &mut Counts, row: u64, mut faults: Vec<Fault>) {
    counts.rejected += 1;
    if faults.is_empty() {
        faults.push(Fault::new("", "rejected", Text::fixed("该行未被接受。", "The row was not accepted.")));
    }
    findings.extend(faults.into_iter().map(|fault| {
        let hint = hint(fault.code);
        RowFinding { row, rejected: true, noted: false, fault, hint }
    }));
}

/// How an import that was run may end, before anything lasts: with an error when rows were rejected and none may be; else
/// with the counts as they will be, `written` among them.
///
/// # Errors
/// `rows_rejected`.
pub fn conclude(options: &Options, counts: Counts) -> Result<Counts> {
    if options.mode == Mode::DryRun {
        return Ok(counts);
    }
    if counts.rejected > 0 && options.on_error == OnError::RejectAll {
        return Err(Error::new(
            Kind::Invalid,
            "rows_rejected",
            Text::new(
                format!(
                    "共 {} 行，其中 {} 行有误，全部未写入。请修正后重新导入，或选择 accept_valid。",
                    counts.read, counts.rejected
                ),
                format!(
                    "{} of {} rows are wrong, so none was written. Put them right, or choose accept_valid.",
                    counts.rejected, counts.read
                ),
            ),
        ));
    }
    Ok(Counts { written: counts.valid, ..counts })
}

/// The line that an import leaves in the audit chain.
pub(super) fn audit_line(importer: &dyn Importer, options: &Options, counts: &Counts, sha256: &[u8]) -> Value {
    json!({
        "target": importer.target(), "on_error": options.on_error, "counts": counts, "sha256": hex::encode(sha256),
    })
}

/// Imports a file as the operator at the machine: the command `jingtu import`.
///
/// # Errors
/// As [`run`] and [`conclude`]; nothing is then written.
pub async fn run_file(
    app: &App,
    importer: &dyn Importer,
    path: &Path,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<Report> {
    let source = Source::File(path.to_owned());
    let sha256 = in_thread({
        let path = path.to_owned();
        move || digest(&path)
    })
    .await?;
    let mut act = Act::operator(app, importer.permission()).await?;
    let counts = conclude(options, run(&mut act, importer, &source, options, watch).await?)?;
    match options.mode {
        Mode::DryRun => act.abandon().await?,
        Mode::Commit => {
            let subject = format!("import/{}", act.id());
            act.note(subject, audit_line(importer, options, &counts, &sha256));
            act.finish(Reply::nothing()).await?;
        }
    }
    Ok(Report { counts })
}

fn digest(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |cause: std::io::Error| {
        Error::new(
            Kind::Invalid,
            "file_unreadable",
            Text::new(
                format!("无法读取文件 {}：{cause}", path.display()),
                format!("The file {} cannot be read: {cause}", path.display()),
            ),
        )
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut sha = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut piece).map_err(unreadable)? {
            0 => return Ok(sha.finalize().to_vec()),
            n => sha.update(&piece[..n]),
        }
    }
}
