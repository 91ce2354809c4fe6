//! Files of features: GeoJSON, GeoJSON text sequences (a record per line, or RFC 8142), and either of them in gzip, UTF-8,
//! with or without byte order mark; Shapefiles in a zip archive, and GeoPackages; and workbooks (XLSX), a row per feature, its
//! outline in a column as well-known text.
//!
//! Two kinds of things can be wrong: a file that is not what it should be is an [`Error`], and nothing of it is taken; a
//! feature that is not what it should be is a row with faults, and the others go on. In a text sequence a broken record is
//! such a row, because the next line begins anew; in a FeatureCollection nothing after broken syntax can be read.

use super::strict::{Read as Findings, Strict};
use crate::kernel::{Error, Fault, Kind, Result, Text};
use crate::platform::geofile::archive::{Archive, Entry, ReadSeek};
use crate::platform::geofile::geopackage::GeoPackage;
use crate::platform::geofile::shapefile::{self, Shapefile};
use crate::platform::geofile::{Declared, FileRow, Pick};
use crate::platform::table::{Table, TableRow};
use crate::platform::workbook;
use crate::registers::{ImportFeature, division};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::{NamedTempFile, TempPath};

/// What a compressed file may unpack to. A gzip member of a few megabytes can hold far more than it looks.
const MAX_UNPACKED: u64 = 8 << 30;
/// What one feature may take: the largest real ones, coastlines, stay well below.
const MAX_FEATURE: u64 = 64 << 20;
/// How much of a file is looked at to tell its form.
const HEAD: usize = 64 << 10;
/// Longest list of the formats that are read, in messages.
const READ_ZH: &str = "可读取：GeoJSON（FeatureCollection）、GeoJSONSeq（每行一个要素或 RS 分隔），均可为 .gz 压缩，UTF-8 编码；zip 压缩的 Shapefile；GeoPackage；XLSX（wkt 列或 lon、lat 列）";
const READ_EN: &str = "What is read: GeoJSON (FeatureCollection), GeoJSONSeq (a feature per line, or RS-delimited), either in gzip, in UTF-8; a Shapefile in a zip archive; GeoPackage; XLSX (a column wkt, or lon and lat)";

/// Where a file's bytes come from. It can be opened more than once.
#[derive(Debug, Clone)]
pub enum Source {
    /// In memory.
    Bytes {
        /// Its name, whose ending may tell a text sequence.
        name: String,
        /// Its content.
        content: Bytes,
    },
    /// On disk.
    File(PathBuf),
}

/// How features stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON document: a FeatureCollection, or a single Feature.
    Document,
    /// A JSON text per line.
    Lines,
    /// JSON texts behind record separators (RFC 8142).
    Records,
    /// Delimited text with a head; for targets that take tables.
    Table,
    /// A sheet of a workbook, with a head.
    Workbook,
    /// A Shapefile in a zip archive.
    Shapefile,
    /// A GeoPackage, by itself or in a zip archive.
    GeoPackage,
}

/// What the first pass finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// How features stand in the file.
    pub form: Form,
    /// Number of features, or of records where they stand one behind another.
    pub features: u64,
    /// What it says of its reference system.
    pub crs: Declared,
    /// Whether outlines stand in columns.
    pub in_columns: bool,
    /// Names of attributes that the form may have cut, so that they are the beginnings of longer ones.
    pub cut_names: Vec<String>,
    /// What is to be said of the file as a whole.
    pub notes: Vec<Fault>,
}

impl Outline {
    fn plain(form: Form, features: u64, crs: Declared) -> Outline {
        let in_columns = matches!(form, Form::Table | Form::Workbook);
        Outline { form, features, crs, in_columns, cut_names: Vec::new(), notes: Vec::new() }
    }
}

/// A row of the file.
#[derive(Debug)]
pub enum Row {
    /// A feature as read; its geometry is not looked into yet.
    Feature {
        /// The feature.
        feature: ImportFeature,
        /// Its own `id`, where some writers keep a record's code.
        id: Option<Value>,
    },
    /// Something that is no feature.
    Broken {
        /// Its place in the file, from 1.
        row: u64,
        /// What is wrong with it.
        faults: Vec<Fault>,
    },
}

impl Source {
    fn name(&self) -> String {
        match self {
            Source::Bytes { name, .. } => name.clone(),
            Source::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    fn raw(&self) -> Result<Box<dyn Read + Send>> {
        Ok(match self {
            Source::Bytes { content, .. } => Box::new(io::Cursor::new(content.clone())),
            Source::File(path) => Box::new(self.opened(path)?),
        })
    }

    /// The text of the file, unpacked, without byte order mark, held to be UTF-8 as it is read.
    fn open(&self) -> Result<Opened> {
        self.open_as(false)
    }

    /// The same bytes, to be read from any place.
    fn seekable(&self) -> Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Source::Bytes { content, .. } => Box::new(io::Cursor::new(content.clone())),
            Source::File(path) => Box::new(BufReader::new(self.opened(path)?)),
        })
    }

    fn opened(&self, path: &std::path::Path) -> Result<std::fs::File> {
        std::fs::File::open(path).map_err(|cause| {
            invalid(
                "file_unreadable",
                Text::new(
                    format!("无法打开文件 {}：{cause}", path.display()),
                    format!("The file {} cannot be opened: {cause}", path.display()),
                ),
            )
        })
    }

    fn open_as(&self, tables: bool) -> Result<Opened> {
        let trouble = Trouble::default();
        let mut raw = BufReader::with_capacity(HEAD, self.raw()?);
        let packed = fill(&mut raw)?.starts_with(b"\x1f\x8b");
        let inner: Box<dyn Read + Send> = if packed { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };
        let mut unpacked = BufReader::with_capacity(HEAD, inner);
        // A decoder gives what it has; look at enough to tell the form.
        let mut head = Vec::new();
        let mut piece = [0_u8; 4096];
        while head.len() < HEAD {
            match unpacked.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => head.extend_from_slice(&piece[..n]),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(broken_stream(&cause, packed)),
            }
        }
        let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let form = form_of(&head, bom, tables)?;
        if packed && matches!(form, Form::Shapefile | Form::GeoPackage) {
            return Err(unsupported(
                "gzip 压缩的 zip 或 GeoPackage（请先解开 .gz）",
                "a zip archive or GeoPackage in gzip (unpack the .gz first)",
            ));
        }
        // What an archive holds is told by its names.
        let form = if form == Form::Shapefile { self.archived()?.0 } else { form };
        let meter =
            Arc::new(Meter { offset: AtomicU64::new(0), until: AtomicU64::new(u64::MAX), lines: AtomicU64::new(0) });
        let rest = io::Cursor::new(head.split_off(bom)).chain(unpacked);
        let checked = Checked {
            inner: rest,
            packed,
            meter: meter.clone(),
            trouble: trouble.clone(),
            tail: Vec::new(),
            held: Vec::new(),
        };
        Ok(Opened { text: BufReader::with_capacity(HEAD, checked), form, meter, trouble })
    }

    /// The rows of a table that a target publishes in a form of its own: the code lists of divisions. `None` for every other
    /// target and file.
    pub fn table(&self, target: &str) -> Option<Result<Vec<ImportFeature>>> {
        if target != "divisions" {
            return None;
        }
        let content = match self {
            Source::Bytes { content, .. } => content.clone(),
            // What cannot be read says so when it is read as what it may be else.
            Source::File(path) => std::fs::read(path).ok()?.into(),
        };
        division::code_lists::read(&content, &self.name())
    }

    /// Looks at what kind of file it is, by its first bytes; `tables` says whether delimited text is read.
    ///
    /// # Errors
    /// `unsupported_format` for what is read by no one here yet; `not_geojson`, `not_utf8`, `empty_file`, `file_unreadable`.
    pub fn sniff(&self, tables: bool) -> Result<()> {
        self.open_as(tables).map(|_| ())
    }

    /// As [`Source::outline`]; with `tables`, delimited text as well. `pick` says which layer or sheet.
    ///
    /// # Errors
    /// As [`Source::outline`]; `table_head`, `bad_table`.
    pub fn outline_of(&self, tables: bool, pick: Pick<'_>) -> Result<Outline> {
        match self.open_as(tables)?.form {
            form @ (Form::Document | Form::Lines | Form::Records) => self.outline_in(form),
            form => self.counted(form, pick),
        }
    }

    /// The outline of a form that says only by its rows how many there are.
    fn counted(&self, form: Form, pick: Pick<'_>) -> Result<Outline> {
        let mut features = 0;
        let mut count = |_| {
            features += 1;
            true
        };
        match form {
            Form::Shapefile => {
                let mut layer = Shapefile::open(&mut self.archived()?.1, pick)?;
                layer.rows(&mut |_| count(()))?;
                Ok(Outline {
                    cut_names: layer.cut_names,
                    notes: layer.remarks.into_faults(),
                    ..Outline::plain(form, features, layer.declared)
                })
            }
            Form::GeoPackage => {
                let file = self.on_disk()?;
                let mut layer = GeoPackage::open(file.path(), pick)?;
                layer.rows(&mut |_| count(()))?;
                Ok(Outline {
                    in_columns: layer.is_table,
                    notes: layer.remarks.into_faults(),
                    ..Outline::plain(form, features, layer.declared)
                })
            }
            _ => {
                self.rows_of(form, pick, &mut |_| count(()))?;
                Ok(Outline::plain(form, features, Declared::Nothing))
            }
        }
    }

    /// What a zip archive holds: the layers of Shapefiles, a GeoPackage, or a workbook whose first entries do not tell it.
    fn archived(&self) -> Result<(Form, Archive)> {
        let archive = Archive::open(self.seekable()?)?;
        let shapes = !shapefile::layers(&archive).is_empty();
        match (shapes, packages(&archive).len()) {
            (true, 0) => return Ok((Form::Shapefile, archive)),
            (false, 1) => return Ok((Form::GeoPackage, archive)),
            (false, 0) if archive.entries().iter().any(|entry| entry.path == "xl/workbook.xml") => {
                return Ok((Form::Workbook, archive));
            }
            _ => {}
        }
        let names = archive.names();
        Err(unsupported(
            &format!("zip 压缩包，但其中没有 Shapefile（.shp），也不是只有一个 GeoPackage（.gpkg）；内有：{names}"),
            &format!(
                "a zip archive with neither Shapefiles (.shp) in it nor a single GeoPackage (.gpkg); it holds: {names}"
            ),
        ))
    }

    /// A GeoPackage as a file that its database can open.
    fn on_disk(&self) -> Result<OnDisk> {
        let packed = fill(&mut BufReader::with_capacity(HEAD, self.raw()?))?.starts_with(b"PK");
        match self {
            _ if packed => {
                let (_, mut archive) = self.archived()?;
                let inner =
                    packages(&archive).first().cloned().ok_or_else(|| Error::internal("the archive changed"))?;
                Ok(OnDisk::Ours(archive.unpack_to_disk(&inner)?.into_temp_path()))
            }
            Source::Bytes { content, .. } => {
                let file = NamedTempFile::new().map_err(Error::internal)?;
                std::fs::write(file.path(), content).map_err(Error::internal)?;
                Ok(OnDisk::Ours(file.into_temp_path()))
            }
            Source::File(path) => {
                // Its database has it open elsewhere, and what was written last is not in it.
                let mut beside = path.clone().into_os_string();
                beside.push("-wal");
                if std::fs::metadata(beside).is_ok_and(|beside| beside.len() > 0) {
                    return Err(invalid(
                        "geopackage_in_use",
                        Text::fixed(
                            "GeoPackage 正被其他程序打开（旁边有 -wal 文件），请关闭后再导入。",
                            "The GeoPackage is open in another program (there is a -wal beside it); close it there first.",
                        ),
                    ));
                }
                Ok(OnDisk::Theirs(path.clone()))
            }
        }
    }

    /// The first pass: reads the whole file for its syntax and outline.
    ///
    /// # Errors
    /// What [`Source::sniff`] refuses; `bad_json` with line and column; `not_geojson` for JSON of another kind;
    /// `bad_workbook`, `table_head`.
    pub fn outline(&self) -> Result<Outline> {
        self.outline_of(false, Pick::default())
    }

    fn outline_in(&self, form: Form) -> Result<Outline> {
        let mut opened = self.open()?;
        if form == Form::Records || self.is_sequence()? {
            let form = if form == Form::Records { Form::Records } else { Form::Lines };
            let mut records = 0;
            while opened.record(form)?.is_some() {
                records += 1;
            }
            return Ok(Outline::plain(form, records, Declared::Nothing));
        }
        let mut found = Found::default();
        let mut json = serde_json::Deserializer::from_reader(&mut opened.text);
        let read = OutlineSeed(&mut found).deserialize(&mut json).and_then(|()| json.end());
        if let Err(cause) = read {
            return Err(opened.trouble.take().unwrap_or_else(|| bad_json(&cause)));
        }
        found.outline()
    }

    /// Whether a file that begins like a document has a feature per line: its name says so, or its first line is a whole
    /// feature and is not the last one.
    fn is_sequence(&self) -> Result<bool> {
        let name = self.name().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if [".geojsonl", ".geojsons", ".geojsonseq", ".ndjson", ".ndgeojson", ".jsonl"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            return Ok(true);
        }
        let mut opened = self.open()?;
        let Ok(Some((_, first))) = opened.record(Form::Lines) else { return Ok(false) };
        let mut found = Found::default();
        let mut json = serde_json::Deserializer::from_slice(&first);
        let whole = OutlineSeed(&mut found).deserialize(&mut json).and_then(|()| json.end()).is_ok();
        Ok(whole && found.kind.as_deref() == Some("Feature") && matches!(opened.record(Form::Lines), Ok(Some(_))))
    }

    /// The second pass: gives every row to `sink`, in order, until it says stop with `false`.
    ///
    /// # Errors
    /// As [`Source::outline`].
    pub fn rows(&self, form: Form, sink: &mut dyn FnMut(Row) -> bool) -> Result<()> {
        self.rows_of(form, Pick::default(), sink)
    }

    /// As [`Source::rows`], of a layer, or a sheet of a workbook.
    ///
    /// # Errors
    /// As [`Source::outline`]; `sheet_unknown`, `layer_unknown`, `layer_not_chosen`.
    pub fn rows_of(&self, form: Form, pick: Pick<'_>, sink: &mut dyn FnMut(Row) -> bool) -> Result<()> {
        match form {
            Form::Table => return self.table_rows(sink),
            Form::Workbook => return workbook::rows(&self.content()?, pick.layer, &mut |row| sink(row_of(row))),
            Form::Shapefile => {
                return Shapefile::open(&mut self.archived()?.1, pick)?.rows(&mut |row| sink(of_layer(row)));
            }
            Form::GeoPackage => {
                let file = self.on_disk()?;
                return GeoPackage::open(file.path(), pick)?.rows(&mut |row| sink(of_layer(row)));
            }
            Form::Document | Form::Lines | Form::Records => {}
        }
        let mut opened = self.open()?;
        if form == Form::Document {
            let mut rows = Rows { meter: opened.meter.clone(), row: 0, sink, stopped: false };
            let mut json = serde_json::Deserializer::from_reader(&mut opened.text);
            let read = RowsSeed(&mut rows).deserialize(&mut json);
            let stopped = rows.stopped;
            return match read {
                Ok(()) => Ok(()),
                Err(_) if stopped => Ok(()),
                Err(cause) => Err(opened.trouble.take().unwrap_or_else(|| bad_json(&cause))),
            };
        }
        let mut row = 0;
        while let Some((line, record)) = opened.record(form)? {
            row += 1;
            if !sink(read_record(row, line, &record)) {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Source {
    /// The rows of delimited text; their geometry is still in its columns.
    fn table_rows(&self, sink: &mut dyn FnMut(Row) -> bool) -> Result<()> {
        let opened = self.open_as(true)?;
        let trouble = opened.trouble;
        let blame = |error: Error| trouble.take().unwrap_or(error);
        let mut table = Table::open(opened.text).map_err(blame)?;
        while let Some(row) = table.next_row().map_err(blame)? {
            if !sink(row_of(row)) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// All bytes. A workbook's table of contents stands at its end, so that it is read from memory.
    fn content(&self) -> Result<Bytes> {
        match self {
            Source::Bytes { content, .. } => Ok(content.clone()),
            Source::File(_) => {
                let mut content = Vec::new();
                self.raw()?.read_to_end(&mut content).map_err(|cause| broken_stream(&cause, false))?;
                Ok(content.into())
            }
        }
    }
}

/// A row of a table as a feature; its outline is still in its columns.
fn row_of(TableRow { row, cells }: TableRow) -> Row {
    match cells {
        Ok(properties) => Row::Feature { feature: ImportFeature { row, geometry: Value::Null, properties }, id: None },
        Err(faults) => Row::Broken { row, faults },
    }
}

/// A row of a layer as a feature.
fn of_layer(FileRow { row, id, read }: FileRow) -> Row {
    match read {
        Ok((geometry, properties)) => Row::Feature { feature: ImportFeature { row, geometry, properties }, id },
        Err(faults) => Row::Broken { row, faults },
    }
}

/// The GeoPackages of an archive.
fn packages(archive: &Archive) -> Vec<Entry> {
    archive.entries().iter().filter(|entry| entry.is("gpkg")).cloned().collect()
}

/// A file that a database can open.
enum OnDisk {
    /// Written by us, and gone when it was read.
    Ours(TempPath),
    /// The caller's own.
    Theirs(PathBuf),
}

impl OnDisk {
    fn path(&self) -> &std::path::Path {
        match self {
            OnDisk::Ours(path) => path,
            OnDisk::Theirs(path) => path,
        }
    }
}

/// What was looked at already, and the rest.
type Unpacked = io::Chain<io::Cursor<Vec<u8>>, BufReader<Box<dyn Read + Send>>>;

struct Opened {
    text: BufReader<Checked<Unpacked>>,
    form: Form,
    meter: Arc<Meter>,
    trouble: Trouble,
}

impl Opened {
    /// The next record that is not blank, with the number of records seen before it, blank ones included, plus one.
    fn record(&mut self, form: Form) -> Result<Option<(u64, Vec<u8>)>> {
        let end = if form == Form::Records { 0x1e } else { b'\n' };
        loop {
            let offset = self.meter.offset.load(Ordering::Relaxed);
            self.meter.until.store(offset.saturating_add(MAX_FEATURE), Ordering::Relaxed);
            let mut record = Vec::new();
            let read = self.text.read_until(end, &mut record);
            let read = read.map_err(|cause| self.trouble.take().unwrap_or_else(|| broken_stream(&cause, true)))?;
            self.meter.lines.fetch_add(1, Ordering::Relaxed);
            if read == 0 {
                return Ok(None);
            }
            if record.last() == Some(&end) {
                record.pop();
            }
            // RFC 8142 files are sometimes written with a line feed between the records and no separator at the first one.
            if record.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0x1e) {
                record.retain(|byte| *byte != 0x1e);
                return Ok(Some((self.meter.lines.load(Ordering::Relaxed), record)));
            }
        }
    }
}

/// How far the reading is, and how far it may go.
struct Meter {
    offset: AtomicU64,
    until: AtomicU64,
    /// Records read, blank ones included.
    lines: AtomicU64,
}

/// Why the text broke off. A reader can only say so through an `io::Error`, which parsers turn into one of theirs.
#[derive(Clone, Default)]
struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    fn set(&self, error: Error) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other("the text broke off")
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Holds what is read to be UTF-8 and within its bounds.
struct Checked<R> {
    inner: R,
    packed: bool,
    meter: Arc<Meter>,
    trouble: Trouble,
    /// The beginning of a character whose end was not read yet.
    tail: Vec<u8>,
    held: Vec<u8>,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = match self.inner.read(out) {
            Ok(n) => n,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Err(cause),
            Err(cause) => return Err(self.trouble.set(broken_stream(&cause, self.packed))),
        };
        let before = self.meter.offset.fetch_add(n as u64, Ordering::Relaxed);
        if before > MAX_UNPACKED {
            return Err(self.trouble.set(Error::new(
                Kind::TooLarge,
                "file_too_large",
                Text::new(
                    format!("文件解压后超过 {MAX_UNPACKED} 字节。"),
                    format!("The file unpacks to more than {MAX_UNPACKED} bytes."),
                ),
            )));
        }
        if before > self.meter.until.load(Ordering::Relaxed) {
            return Err(self.trouble.set(Error::new(
                Kind::TooLarge,
                "feature_too_large",
                Text::new(
                    format!("字节 {before} 附近的一个要素超过 {MAX_FEATURE} 字节。"),
                    format!("A feature near byte {before} is larger than {MAX_FEATURE} bytes."),
                ),
            )));
        }
        self.held.clear();
        self.held.append(&mut self.tail);
        let carried = self.held.len() as u64;
        self.held.extend_from_slice(&out[..n]);
        if let Err(error) = std::str::from_utf8(&self.held) {
            // A character may go on in what is read next, unless nothing more comes.
            if error.error_len().is_some() || n == 0 {
                let at = before - carried + error.valid_up_to() as u64;
                return Err(self.trouble.set(not_utf8(at)));
            }
            self.tail.extend_from_slice(&self.held[error.valid_up_to()..]);
        }
        Ok(n)
    }
}

fn fill(reader: &mut BufReader<Box<dyn Read + Send>>) -> Result<&[u8]> {
    reader.fill_buf().map_err(|cause| broken_stream(&cause, false))
}

fn invalid(code: &'static str, detail: Text) -> Error {
    Error::new(Kind::Invalid, code, detail)
}

fn broken_stream(cause: &io::Error, packed: bool) -> Error {
    if packed {
        invalid(
            "bad_gzip",
            Text::new(format!("gzip 压缩文件已损坏：{cause}。"), format!("The gzip file is damaged: {cause}.")),
        )
    } else {
        invalid(
            "file_unreadable",
            Text::new(format!("文件读取失败：{cause}。"), format!("The file cannot be read: {cause}.")),
        )
    }
}

fn not_utf8(at: u64) -> Error {
    invalid(
        "not_utf8",
        Text::new(
            format!("第 {at} 字节处不是 UTF-8 文本（可能是 GBK/GB18030 编码）。请另存为 UTF-8 后再导入。"),
            format!("The text is not UTF-8 at byte {at} (it may be GBK/GB18030). Save it as UTF-8 and send it again."),
        ),
    )
}

fn unsupported(what_zh: &str, what_en: &str) -> Error {
    Error::new(
        Kind::UnsupportedMediaType,
        "unsupported_format",
        Text::new(
            format!("文件是 {what_zh}，暂不能读取。{READ_ZH}。"),
            format!("The file is {what_en}, which cannot be read yet. {READ_EN}."),
        ),
    )
}

fn not_geojson(what_zh: &str, what_en: &str) -> Error {
    invalid(
        "not_geojson",
        Text::new(
            format!("文件不是 GeoJSON：{what_zh}。{READ_ZH}。"),
            format!("The file is not GeoJSON: {what_en}. {READ_EN}."),
        ),
    )
}

/// Tells the form from the first bytes, or what the file is instead.
fn form_of(head: &[u8], bom: usize, tables: bool) -> Result<Form> {
    let binary: [(&[u8], &str, &str); 4] = [
        (
            b"\x00\x00\x27\x0a",
            "单个 .shp 文件（请将 .shp、.dbf、.shx、.prj、.cpg 一起压缩为 zip）",
            "a .shp by itself (put .shp, .dbf, .shx, .prj and .cpg into one zip archive)",
        ),
        (b"%PDF", "PDF", "a PDF"),
        (b"fgb\x03", "FlatGeobuf", "FlatGeobuf"),
        (b"PAR1", "Parquet", "Parquet"),
    ];
    if workbook::is_workbook(head) {
        return Ok(Form::Workbook);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Form::Shapefile);
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Form::GeoPackage);
    }
    for (magic, zh, en) in binary {
        if head.starts_with(magic) {
            return Err(unsupported(zh, en));
        }
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(not_utf8(0));
    }
    let text = head[bom..].trim_ascii_start();
    match text.first() {
        None if head.len() < HEAD => Err(invalid("empty_file", Text::fixed("文件是空的。", "The file is empty."))),
        Some(0x1e) => Ok(Form::Records),
        Some(b'{') => Ok(Form::Document),
        Some(b'<') => Err(not_geojson(
            "内容是网页或 XML（常见于下载失败时保存的错误页）",
            "it holds a web page or XML (often the error page of a failed download)",
        )),
        Some(b'[') => Err(not_geojson(
            "最外层是数组，应为 FeatureCollection 对象",
            "its outermost value is an array; a FeatureCollection object is wanted",
        )),
        _ if tables && is_delimited(text) => Ok(Form::Table),
        _ => Err(other_text(text)),
    }
}

/// Whether the first line has columns.
fn is_delimited(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t')) && !line.iter().any(|byte| matches!(byte, b'{' | b'}'))
}

fn other_text(text: &[u8]) -> Error {
    let line: String = String::from_utf8_lossy(text.split(|b| *b == b'\n').next().unwrap_or_default())
        .chars()
        .filter(|c| !c.is_control())
        .take(60)
        .collect();
    let before_brace = line.split(['{', '[']).next().unwrap_or_default().trim_end();
    if line.contains(['{', '[']) && (before_brace.ends_with('=') || before_brace.ends_with('(')) {
        return not_geojson(
            &format!("内容是 JavaScript（“{line}”），请去掉外层的变量或函数，只保留 JSON 对象"),
            &format!(
                "it holds JavaScript (`{line}`); take the variable or function around it away and keep the JSON object"
            ),
        );
    }
    if line.matches([',', '\t']).count() >= 2 {
        return unsupported("CSV 文本", "CSV text");
    }
    not_geojson(&format!("内容以“{line}”开头"), &format!("it begins with `{line}`"))
}

fn bad_json(cause: &serde_json::Error) -> Error {
    let said = cause.to_string();
    let said = said.split(" at line ").next().unwrap_or_default().to_owned();
    let (line, column) = (cause.line(), cause.column());
    if cause.is_data() {
        return match said.split_once('|') {
            Some((zh, en)) => not_geojson(zh, en),
            None => not_geojson(&said, &said),
        };
    }
    if said.starts_with("recursion limit") {
        return invalid(
            "nested_too_deep",
            Text::new(
                format!("第 {line} 行第 {column} 列嵌套过深。"),
                format!("Line {line}, column {column} is nested too deep."),
            ),
        );
    }
    let end = cause.is_eof();
    invalid(
        "bad_json",
        Text::new(
            format!(
                "不是合法的 JSON：第 {line} 行第 {column} 列{}（{said}）。",
                if end { "，文件在此中断" } else { "" }
            ),
            format!(
                "Not JSON: line {line}, column {column}{} ({said}).",
                if end { ", where the file breaks off" } else { "" }
            ),
        ),
    )
}

/// A bilingual reason in the one string that serde carries.
fn said<E: serde::de::Error>(zh: impl fmt::Display, en: impl fmt::Display) -> E {
    E::custom(format_args!("{zh}|{en}"))
}

#[derive(Default)]
struct Found {
    kind: Option<String>,
    kind_seen: bool,
    crs: Option<Value>,
    features: Option<u64>,
}

impl Found {
    fn outline(self) -> Result<Outline> {
        match (self.kind.as_deref(), self.features) {
            (Some("FeatureCollection"), Some(features)) => {
                Ok(Outline::plain(Form::Document, features, declared(self.crs)))
            }
            (Some("FeatureCollection"), None) => Err(not_geojson(
                "FeatureCollection 没有 features 数组",
                "the FeatureCollection has no `features` array",
            )),
            (Some("Feature"), _) => Ok(Outline::plain(Form::Document, 1, declared(self.crs))),
            (Some(kind), _) => {
                let kind: String = kind.chars().filter(|c| !c.is_control()).take(60).collect();
                Err(not_geojson(
                    &format!("类型为“{kind}”，应为 FeatureCollection 或 Feature"),
                    &format!("its type is `{kind}`; FeatureCollection or Feature is wanted"),
                ))
            }
            (None, _) if self.kind_seen => Err(not_geojson("type 不是文字", "its `type` is not a text")),
            (None, _) => Err(not_geojson("没有 type 成员", "it has no `type`")),
        }
    }
}

fn declared(member: Option<Value>) -> Declared {
    member.map_or(Declared::Nothing, Declared::Member)
}

struct OutlineSeed<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for OutlineSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OutlineSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("最外层不是对象|its outermost value is no object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let found = self.0;
        let (mut features_seen, mut crs_seen) = (false, false);
        let twice =
            |name: &str| said::<A::Error>(format!("最外层的 {name} 出现两次"), format!("its `{name}` is there twice"));
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" if std::mem::replace(&mut found.kind_seen, true) => return Err(twice("type")),
                "type" => found.kind = map.next_value::<Value>()?.as_str().map(str::to_owned),
                "crs" if std::mem::replace(&mut crs_seen, true) => return Err(twice("crs")),
                "crs" => found.crs = Some(map.next_value::<Value>()?),
                "features" if std::mem::replace(&mut features_seen, true) => return Err(twice("features")),
                "features" => found.features = map.next_value_seed(CountSeed)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Counts the elements of an array; `None` for what is no array.
struct CountSeed;

impl<'de> DeserializeSeed<'de> for CountSeed {
    type Value = Option<u64>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u64>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CountSeed {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("features 不是数组|its `features` is no array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<u64>, A::Error> {
        let mut n = 0;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            n += 1;
        }
        Ok(Some(n))
    }
}

/// The second pass under way.
struct Rows<'a> {
    meter: Arc<Meter>,
    row: u64,
    sink: &'a mut dyn FnMut(Row) -> bool,
    stopped: bool,
}

impl Rows<'_> {
    /// From here on, one feature may be read.
    fn bound(&self) {
        let offset = self.meter.offset.load(Ordering::Relaxed);
        self.meter.until.store(offset.saturating_add(MAX_FEATURE), Ordering::Relaxed);
    }

    /// Gives the next row away; `false` when no more are wanted.
    fn give(&mut self, value: Value, findings: Findings) -> bool {
        self.row += 1;
        let wanted = (self.sink)(feature(self.row, value, findings.faults));
        self.stopped = !wanted;
        wanted
    }
}

struct RowsSeed<'a, 'b>(&'a mut Rows<'b>);

impl<'de> DeserializeSeed<'de> for RowsSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("最外层不是对象|its outermost value is no object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let rows = self.0;
        // A document that is one feature is read as that feature, member by member.
        let mut single = Map::new();
        let mut findings = Findings::default();
        let mut collection = false;
        rows.bound();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" => {
                    collection = true;
                    map.next_value_seed(FeaturesSeed(rows))?;
                    rows.bound();
                }
                "type" | "geometry" | "properties" | "id" => {
                    let value = map.next_value_seed(Strict(&mut findings))?;
                    if single.insert(key.clone(), value).is_some() {
                        findings.twice(&key);
                    }
                }
                _ => {
                    rows.meter.until.store(u64::MAX, Ordering::Relaxed);
                    map.next_value::<IgnoredAny>()?;
                    rows.bound();
                }
            }
        }
        if single.get("type").and_then(Value::as_str) == Some("Feature") && !(collection && rows.row > 0) {
            rows.give(Value::Object(single), findings);
        }
        Ok(())
    }
}

struct FeaturesSeed<'a, 'b>(&'a mut Rows<'b>);

impl<'de> DeserializeSeed<'de> for FeaturesSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FeaturesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("features 不是数组|its `features` is no array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            self.0.bound();
            let mut findings = Findings::default();
            let Some(value) = seq.next_element_seed(Strict(&mut findings))? else { return Ok(()) };
            if !self.0.give(value, findings) {
                return Err(A::Error::custom("no more rows are wanted"));
            }
        }
    }
}

fn read_record(row: u64, line: u64, record: &[u8]) -> Row {
    let mut findings = Findings::default();
    let mut json = serde_json::Deserializer::from_slice(record);
    match Strict(&mut findings).deserialize(&mut json).and_then(|value| json.end().map(|()| value)) {
        Ok(value) => feature(row, value, findings.faults),
        Err(cause) => {
            let error = bad_json(&cause);
            let detail = error.detail();
            let message = Text::new(
                format!("文件第 {line} 条记录：{}", detail.zh),
                format!("Record {line} of the file: {}", detail.en),
            );
            Row::Broken { row, faults: vec![Fault::new("", "bad_json", message)] }
        }
    }
}

/// Holds a value to be a feature in form; what its geometry is, its register looks at.
fn feature(row: u64, value: Value, mut faults: Vec<Fault>) -> Row {
    let Value::Object(mut members) = value else {
        faults.push(Fault::new(
            "",
            "not_a_feature",
            Text::fixed("此处不是要素（Feature 对象）。", "This is no feature (an object of type Feature)."),
        ));
        return Row::Broken { row, faults };
    };
    if members.get("type").and_then(Value::as_str) != Some("Feature") {
        faults.push(Fault::new(
            "/type",
            "not_a_feature",
            Text::fixed("type 应为 “Feature”。", "`type` must be \"Feature\"."),
        ));
    }
    let geometry = members.remove("geometry").unwrap_or(Value::Null);
    if !matches!(geometry, Value::Null | Value::Object(_)) {
        faults.push(Fault::new(
            "/geometry",
            "geometry_not_object",
            Text::fixed("geometry 应为几何对象或 null。", "`geometry` must be a geometry object or null."),
        ));
    }
    let properties = match members.remove("properties") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(properties)) => properties,
        Some(_) => {
            faults.push(Fault::new(
                "/properties",
                "properties_not_object",
                Text::fixed("properties 应为对象或 null。", "`properties` must be an object or null."),
            ));
            Map::new()
        }
    };
    let id = members.remove("id").filter(|id| id.is_string() || id.is_number());
    if faults.is_empty() {
        Row::Feature { feature: ImportFeature { row, geometry, properties }, id }
    } else {
        Row::Broken { row, faults }
    }
}
