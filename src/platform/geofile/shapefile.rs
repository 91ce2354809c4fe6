//! Shapefiles in a zip archive: `.shp` with `.dbf`, and `.shx`, `.prj` and `.cpg` where they are. The outlines are read one
//! record at a time, at the places that the `.shx` names where there is one: a program that edited the file in place leaves old
//! records lying between the new ones.

use super::archive::{Archive, Entry};
use super::dbf::{Record, Table};
use super::{Declared, FileRow, Pick, Remarks, choose, invalid, shape};
use crate::kernel::{Error, Fault, Kind, Result, Text};
use serde_json::{Map, Value};
use std::io::{BufReader, Read, Seek, SeekFrom};
use tempfile::SpooledTempFile;

/// Longest record of a `.shp`, bytes: two million positions.
const MAX_RECORD: u64 = 32 << 20;
/// Longest `.prj` and `.cpg`, bytes.
const MAX_SMALL: u64 = 64 << 10;
/// Bytes of the heads of `.shp` and `.shx`.
const HEAD: u64 = HEAD_BYTES as u64;
const HEAD_BYTES: usize = 100;

/// A Shapefile, opened.
pub struct Shapefile {
    places: Places,
    table: Option<Table<SpooledTempFile>>,
    /// What it says of its reference system.
    pub declared: Declared,
    /// Names of columns that may be the beginnings of longer ones: a Shapefile keeps ten bytes.
    pub cut_names: Vec<String>,
    /// What is to be said of the layer.
    pub remarks: Remarks,
}

/// The layers of an archive: what each is called, and its `.shp`.
pub fn layers(archive: &Archive) -> Vec<(String, Entry)> {
    let shapes: Vec<&Entry> = archive.entries().iter().filter(|entry| entry.is("shp")).collect();
    let short = |entry: &Entry| entry.stem().rsplit('/').next().unwrap_or_default().to_owned();
    let named = |entry: &&Entry| {
        let name = short(entry);
        let alone = shapes.iter().filter(|other| short(other) == name).count() == 1;
        (if alone { name } else { entry.stem().to_owned() }, (*entry).clone())
    };
    shapes.iter().map(named).collect()
}

impl Shapefile {
    /// Opens the layer that is meant.
    ///
    /// # Errors
    /// `layer_unknown`, `layer_not_chosen`, `bad_shapefile`, `encoding_unknown`; what the archive says.
    pub fn open(archive: &mut Archive, pick: Pick<'_>) -> Result<Shapefile> {
        let layers = layers(archive);
        let names: Vec<String> = layers.iter().map(|(name, _)| name.clone()).collect();
        let all: Vec<usize> = (0..names.len()).collect();
        let shapes = layers[choose(&names, &all, pick.layer)?].1.clone();
        let beside = |archive: &Archive, ending: &str| {
            let same = |entry: &&Entry| entry.is(ending) && entry.stem().eq_ignore_ascii_case(shapes.stem());
            archive.entries().iter().find(same).cloned()
        };
        let mut remarks = Remarks::default();
        let table = match beside(archive, "dbf") {
            Some(entry) => {
                let mut table = Table::open(archive.unpack(&entry)?)?;
                let cpg = match beside(archive, "cpg") {
                    Some(entry) => Some(archive.head(&entry, MAX_SMALL)?),
                    None => None,
                };
                let cpg = cpg.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                table.settle(pick.encoding, cpg.as_deref(), &mut remarks)?;
                Some(table)
            }
            None => {
                remarks.on_layer(Fault::new(
                    "/properties",
                    "attributes_missing",
                    Text::fixed(
                        "压缩包内没有 .dbf，各行没有属性。",
                        "The archive has no .dbf: the rows have no attributes.",
                    ),
                ));
                None
            }
        };
        let declared = match beside(archive, "prj") {
            Some(entry) => Declared::WellKnown(String::from_utf8_lossy(&archive.head(&entry, MAX_SMALL)?).into_owned()),
            None => Declared::Missing(Text::fixed("压缩包内没有 .prj", "the archive has no .prj")),
        };
        let index = beside(archive, "shx").map(|entry| archive.unpack(&entry)).transpose()?;
        let places = Places::open(archive.unpack(&shapes)?, index)?;
        let cut_names = table.as_ref().map(Table::cut_names).unwrap_or_default();
        Ok(Shapefile { places, table, declared, cut_names, remarks })
    }

    /// Gives every row to `sink`, in order, until it says stop with `false`.
    ///
    /// # Errors
    /// `bad_shapefile`, `feature_too_large`.
    pub fn rows(&mut self, sink: &mut dyn FnMut(FileRow) -> bool) -> Result<()> {
        let (mut row, mut shapes) = (0, 0_u64);
        while let Some(content) = self.places.next_record(shapes + 1)? {
            shapes += 1;
            let cells = match &mut self.table {
                Some(table) if shapes > u64::from(table.records) => return Err(uneven(shapes, table.records, true)),
                Some(table) => match table.next_record(row + 1, &mut self.remarks)? {
                    Record::Deleted => continue,
                    Record::Row(cells) => cells,
                },
                None => Ok(Map::new()),
            };
            row += 1;
            let geometry = match content {
                Some(content) => shape::read(content),
                None => Ok(shape::Shape { geometry: Value::Null, more_than_plane: false }),
            };
            if geometry.as_ref().is_ok_and(|shape| shape.more_than_plane) {
                self.remarks.on_row(
                    row,
                    "/geometry".to_owned(),
                    "height_dropped",
                    Text::fixed("高程（Z）和度量值（M）未采用。", "Heights (Z) and measures (M) were not taken."),
                );
            }
            let read = match (geometry, cells) {
                (Ok(shape), Ok(cells)) => Ok((shape.geometry, cells)),
                (geometry, cells) => Err(geometry.err().into_iter().chain(cells.err().into_iter().flatten()).collect()),
            };
            if !sink(FileRow { row, id: None, read }) {
                return Ok(());
            }
        }
        match &self.table {
            Some(table) if u64::from(table.records) != shapes => Err(uneven(shapes, table.records, false)),
            _ => Ok(()),
        }
    }
}

fn uneven(shapes: u64, records: u32, more: bool) -> Error {
    let (zh, en) = if more { ("以上", " or more") } else { ("", "") };
    broken(
        format!(".shp 有 {shapes} 个{zh}图形，.dbf 有 {records} 条记录"),
        format!("its .shp has {shapes}{en} shapes and its .dbf {records} records"),
    )
}

/// Where the records of a `.shp` lie.
struct Places {
    shapes: BufReader<SpooledTempFile>,
    /// Bytes of the `.shp`.
    length: u64,
    /// Where reading stands.
    at: u64,
    /// Where the next record begins, without an index.
    next: u64,
    index: Option<(BufReader<SpooledTempFile>, u64)>,
    /// Bytes of the records read: more than there are is a crafted index.
    used: u64,
    content: Vec<u8>,
}

impl Places {
    fn open(mut shapes: SpooledTempFile, index: Option<SpooledTempFile>) -> Result<Places> {
        let there = length(&mut shapes)?;
        let mut shapes = BufReader::with_capacity(1 << 16, shapes);
        let promised = head(&mut shapes, ".shp")?;
        // Some writers never come back to fill in the length.
        if promised > there {
            return Err(broken(
                format!(".shp 应有 {promised} 字节，只有 {there} 字节，文件被截断"),
                format!("its .shp should have {promised} bytes and has {there}; it was cut off"),
            ));
        }
        let length = if promised > HEAD { promised } else { there };
        let index = match index {
            Some(mut index) => {
                let bytes = self::length(&mut index)?;
                let mut index = BufReader::new(index);
                head(&mut index, ".shx")?;
                Some((index, bytes.saturating_sub(HEAD) / 8))
            }
            None => None,
        };
        Ok(Places { shapes, length, at: HEAD, next: HEAD, index, used: 0, content: Vec::new() })
    }

    /// The content of the next record; `None` at the end, an inner `None` where the index has no place for it. `number` is
    /// its number in the file, for messages.
    fn next_record(&mut self, number: u64) -> Result<Option<Option<&[u8]>>> {
        let begins = match &mut self.index {
            Some((_, 0)) => return Ok(None),
            Some((index, left)) => {
                *left -= 1;
                let mut place = [0; 8];
                index.read_exact(&mut place).map_err(|_| outside(number))?;
                let [words, long] = [&place[..4], &place[4..]].map(big);
                match (words?, long?) {
                    (0, 0) => return Ok(Some(None)),
                    (words, _) => words * 2,
                }
            }
            None if self.next + 8 > self.length => return Ok(None),
            None => self.next,
        };
        let mut head = [0; 8];
        self.go(begins, number)?;
        self.shapes.read_exact(&mut head).map_err(|_| outside(number))?;
        let bytes = big(&head[4..])? * 2;
        let ends = begins + 8 + bytes;
        self.used += 8 + bytes;
        if ends > self.length || self.used > self.length {
            return Err(outside(number));
        }
        if bytes > MAX_RECORD {
            return Err(Error::new(
                Kind::TooLarge,
                "feature_too_large",
                Text::new(
                    format!("第 {number} 个图形超过 {MAX_RECORD} 字节。"),
                    format!("Shape {number} is larger than {MAX_RECORD} bytes."),
                ),
            ));
        }
        self.content.resize(usize::try_from(bytes).map_err(Error::internal)?, 0);
        self.shapes.read_exact(&mut self.content).map_err(|_| outside(number))?;
        (self.at, self.next) = (ends, ends);
        Ok(Some(Some(&self.content)))
    }

    fn go(&mut self, to: u64, number: u64) -> Result<()> {
        if to < HEAD {
            return Err(outside(number));
        }
        let step = i64::try_from(to).ok().zip(i64::try_from(self.at).ok()).map(|(to, at)| to - at);
        self.shapes.seek_relative(step.ok_or_else(|| outside(number))?).map_err(Error::internal)
    }
}

fn outside(number: u64) -> Error {
    broken(
        format!("第 {number} 个图形的位置超出 .shp 文件，或与其他图形重叠"),
        format!("shape {number} lies outside of its .shp, or on another one"),
    )
}

fn length(file: &mut SpooledTempFile) -> Result<u64> {
    let length = file.seek(SeekFrom::End(0)).map_err(Error::internal)?;
    file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
    Ok(length)
}

/// Reads the head of a `.shp` or `.shx`: how long it says that the file is.
fn head(file: &mut impl Read, ending: &str) -> Result<u64> {
    let mut head = [0; HEAD_BYTES];
    let whole = file.read_exact(&mut head).is_ok();
    if !whole || head[..4] != 9994_i32.to_be_bytes() || head[28..32] != 1000_i32.to_le_bytes() {
        return Err(broken(format!("{ending} 的文件头不对"), format!("the head of its {ending} is not one")));
    }
    Ok(big(&head[24..28])? * 2)
}

/// Four bytes, the highest first, that are not negative.
fn big(bytes: &[u8]) -> Result<u64> {
    let number = <[u8; 4]>::try_from(bytes).map(i32::from_be_bytes).unwrap_or(-1);
    u64::try_from(number).map_err(|_| broken("长度或位置为负数".to_owned(), "a length or place is negative".to_owned()))
}

fn broken(zh: String, en: String) -> Error {
    invalid("bad_shapefile", Text::new(format!("Shapefile 已损坏：{zh}。"), format!("The Shapefile is damaged: {en}.")))
}
