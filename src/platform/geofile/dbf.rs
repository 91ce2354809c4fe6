//! The table of a Shapefile (dBASE III with what programs added to it): a head of columns, then records of one length.

use super::encoding::{self, Stated, Weighing};
use super::{Remarks, invalid, property, shown};
use crate::kernel::{Day, Fault, Result, Text};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use serde_json::{Map, Value};
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Longest name of a column in the head, bytes.
const NAME: usize = 10;

/// A table, opened.
pub(super) struct Table<R: Read> {
    bytes: BufReader<R>,
    /// Where the first record begins.
    begins: u64,
    /// Records that the head promises.
    pub(super) records: u32,
    language: u8,
    columns: Vec<Column>,
    encoding: &'static Encoding,
    /// The record at hand, the mark of deleted ones in front.
    record: Vec<u8>,
}

struct Column {
    /// As it stands in the head.
    raw: Vec<u8>,
    /// What it is called; `None` where it is not read.
    name: Option<String>,
    kind: Kind,
    at: usize,
    width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
    Day,
    /// Memos and what else lies outside of the table, or is of a kind that no Shapefile has.
    Other(u8),
}

/// A record.
pub(super) enum Record {
    /// Marked as deleted.
    Deleted,
    /// Its attributes, or what is wrong with them.
    Row(Result<Map<String, Value>, Vec<Fault>>),
}

impl<R: Read + Seek> Table<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// `bad_shapefile`.
    pub(super) fn open(bytes: R) -> Result<Table<R>> {
        let mut bytes = BufReader::with_capacity(1 << 16, bytes);
        let mut head = [0; 32];
        bytes.read_exact(&mut head).map_err(|_| broken("表头不完整", "its head is cut off"))?;
        let short = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (begins, length) = (short(8), short(10));
        let records = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if begins < 33 || length == 0 {
            return Err(broken("表头长度不对", "the lengths in its head cannot be"));
        }
        let mut descriptors = vec![0; begins - 32];
        bytes.read_exact(&mut descriptors).map_err(|_| broken("表头不完整", "its head is cut off"))?;
        let mut columns = Vec::new();
        // The first byte of a record is the mark of deleted ones.
        let mut at = 1;
        for one in descriptors.chunks_exact(32) {
            if one[0] == 0x0d {
                break;
            }
            let raw = one[..=NAME].split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii().to_vec();
            let width = usize::from(one[16]);
            let kind = match one[11].to_ascii_uppercase() {
                b'C' => Kind::Text,
                b'N' | b'F' => Kind::Number,
                b'L' => Kind::Flag,
                b'D' => Kind::Day,
                other => Kind::Other(other),
            };
            columns.push(Column { raw, name: None, kind, at, width });
            at += width;
        }
        if at > length {
            return Err(broken("各字段长度之和超过记录长度", "its columns are longer than its records"));
        }
        let record = vec![0; length];
        let language = head[29];
        Ok(Table { bytes, begins: begins as u64, records, language, columns, encoding: UTF_8, record })
    }

    /// Settles in what encoding the texts are, and with it what the columns are called. `given` is what the caller says,
    /// `cpg` what stands in the file beside the table.
    ///
    /// # Errors
    /// `encoding_unknown`, `bad_shapefile`.
    pub(super) fn settle(&mut self, given: Option<&str>, cpg: Option<&str>, remarks: &mut Remarks) -> Result<()> {
        let said = match (given, cpg.and_then(encoding::named)) {
            (Some(label), _) => Stated::Is(encoding::named(label).ok_or_else(|| encoding::no_such(label))?),
            (None, Some(encoding)) => Stated::Is(encoding),
            (None, None) => encoding::of_language(self.language),
        };
        self.encoding = match said {
            Stated::Is(encoding) => encoding,
            Stated::Open => {
                let (found, told) = self.weigh()?.settle()?;
                if let Some(message) = told {
                    remarks.on_layer(Fault::new("", "encoding_guessed", message));
                }
                found
            }
        };
        self.name_columns(remarks);
        self.rewind()
    }

    /// Back to the first record.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn rewind(&mut self) -> Result<()> {
        self.bytes.seek(SeekFrom::Start(self.begins)).map_err(crate::kernel::Error::internal)?;
        Ok(())
    }

    fn weigh(&mut self) -> Result<Weighing> {
        let mut weighing = Weighing::new();
        for column in &self.columns {
            weighing.add(&column.raw, column.raw.len() + 2 >= NAME);
        }
        self.rewind()?;
        for _ in 0..self.records {
            self.advance()?;
            for column in self.columns.iter().filter(|column| column.kind == Kind::Text) {
                let (text, full) = trimmed(&self.record[column.at..column.at + column.width]);
                weighing.add(text, full);
            }
        }
        Ok(weighing)
    }

    fn name_columns(&mut self, remarks: &mut Remarks) {
        let mut taken: Vec<String> = Vec::with_capacity(self.columns.len());
        for (n, column) in (1..).zip(&mut self.columns) {
            // What is cut in a character, or in no encoding at all, keeps a name that can be told.
            let full = column.raw.len() + 2 >= NAME;
            let name = encoding::decode(self.encoding, &column.raw, full).map(|(name, _)| name);
            let name = name.unwrap_or_else(|| encoding::lossy(self.encoding, &column.raw).replace('\u{fffd}', ""));
            let mut name: String = name.chars().filter(|c| !c.is_control()).collect();
            if name.is_empty() {
                name = format!("#{n}");
            }
            if let Kind::Other(kind) = column.kind {
                let letter = shown(&char::from(kind).to_string());
                remarks.on_layer(Fault::new(
                    property(&name),
                    "column_ignored",
                    Text::new(
                        format!("字段“{name}”的类型“{letter}”（备注等）不能读取，未采用。"),
                        format!("The column `{name}` is of type `{letter}` (a memo, for instance), which is not read."),
                    ),
                ));
                continue;
            }
            if taken.contains(&name) {
                let other = (2..).map(|n: u32| format!("{name}_{n}")).find(|other| !taken.contains(other));
                let other = other.unwrap_or_default();
                remarks.on_layer(Fault::new(
                    property(&other),
                    "column_renamed",
                    Text::new(
                        format!("字段名“{name}”出现两次（Shapefile 只保留十个字节），后者改称“{other}”。"),
                        format!("The column `{name}` is there twice (a Shapefile keeps ten bytes of a name); the later one is called `{other}`."),
                    ),
                ));
                name = other;
            }
            taken.push(name.clone());
            column.name = Some(name);
        }
    }

    /// Names of columns that fill their place, so that they may be the beginnings of longer ones.
    pub(super) fn cut_names(&self) -> Vec<String> {
        let filled = |column: &&Column| {
            let last = if column.raw.is_ascii() {
                0
            } else if self.encoding == UTF_8 {
                2
            } else {
                1
            };
            column.raw.len() + last >= NAME
        };
        self.columns.iter().filter(filled).filter_map(|column| column.name.clone()).collect()
    }

    fn advance(&mut self) -> Result<()> {
        self.bytes
            .read_exact(&mut self.record)
            .map_err(|_| broken("记录不完整，文件被截断", "it breaks off before its last record"))
    }

    /// The next record; `row` is what it is called in remarks.
    ///
    /// # Errors
    /// `bad_shapefile` where the table breaks off.
    pub(super) fn next_record(&mut self, row: u64, remarks: &mut Remarks) -> Result<Record> {
        self.advance()?;
        if self.record[0] == b'*' {
            return Ok(Record::Deleted);
        }
        let mut cells = Map::new();
        let mut faults = Vec::new();
        for column in &self.columns {
            let Some(name) = &column.name else { continue };
            let bytes = &self.record[column.at..column.at + column.width];
            match column.read(bytes, self.encoding) {
                Ok((value, cut)) => {
                    if cut {
                        remarks.on_row(
                            row,
                            property(name),
                            "text_cut",
                            Text::new(
                                format!("“{name}”的文字在字段末尾被截断。"),
                                format!("Text of `{name}` was cut off at the end of its column."),
                            ),
                        );
                    }
                    cells.insert(name.clone(), value);
                }
                Err((code, message)) => faults.push(Fault::new(property(name), code, message)),
            }
        }
        Ok(Record::Row(if faults.is_empty() { Ok(cells) } else { Err(faults) }))
    }
}

impl Column {
    /// The value, and whether its last character was cut.
    fn read(&self, bytes: &[u8], encoding: &'static Encoding) -> Result<(Value, bool), (&'static str, Text)> {
        let (text, full) = trimmed(bytes);
        if text.is_empty() {
            return Ok((Value::Null, false));
        }
        match self.kind {
            Kind::Text => {
                let (said, cut) = encoding::decode(encoding, text, full).ok_or_else(|| undecodable(encoding, text))?;
                Ok((Value::String(said.trim().to_owned()), cut))
            }
            Kind::Number => number(text.trim_ascii()).map(|value| (value, false)),
            Kind::Flag => Ok((flag(text), false)),
            Kind::Day => day(text).map(|value| (value, false)),
            Kind::Other(_) => Ok((Value::Null, false)),
        }
    }
}

/// A cell up to its first zero byte, without the blanks that fill it up, and whether there are neither.
fn trimmed(bytes: &[u8]) -> (&[u8], bool) {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii_end();
    (text.trim_ascii_start(), text.len() == bytes.len())
}

fn number(text: &[u8]) -> Result<Value, (&'static str, Text)> {
    // Programs write stars for what does not fit and for what is not there.
    if text.iter().all(|byte| *byte == b'*') {
        return Ok(Value::Null);
    }
    let said = std::str::from_utf8(text).unwrap_or_default();
    let whole = said.parse::<i64>().map(Value::from).or_else(|_| said.parse::<u64>().map(Value::from));
    let value = whole.ok().or_else(|| said.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from));
    value.ok_or_else(|| {
        let said = shown(&encoding::lossy(WINDOWS_1252, text));
        ("bad_number", Text::new(format!("“{said}”不是数。"), format!("`{said}` is not a number.")))
    })
}

fn flag(text: &[u8]) -> Value {
    match text[0] {
        b'T' | b't' | b'Y' | b'y' | b'1' => Value::Bool(true),
        b'F' | b'f' | b'N' | b'n' | b'0' => Value::Bool(false),
        _ => Value::Null,
    }
}

fn day(text: &[u8]) -> Result<Value, (&'static str, Text)> {
    if text.iter().all(|byte| *byte == b'0') {
        return Ok(Value::Null);
    }
    let said = std::str::from_utf8(text).unwrap_or_default();
    let day = match (said.get(..4), said.get(4..6), said.get(6..8)) {
        (Some(year), Some(month), Some(day)) if said.len() == 8 => Day::parse(&format!("{year}-{month}-{day}")),
        _ => None,
    };
    day.map(|day| Value::String(day.to_string())).ok_or_else(|| {
        let said = shown(&encoding::lossy(WINDOWS_1252, text));
        ("bad_day", Text::new(format!("“{said}”不是日期（YYYYMMDD）。"), format!("`{said}` is no day (YYYYMMDD).")))
    })
}

fn undecodable(encoding: &'static Encoding, text: &[u8]) -> (&'static str, Text) {
    let name = encoding.name();
    let other = if encoding == UTF_8 { encoding_rs::GBK } else { UTF_8 };
    let as_other = match encoding::decode(other, text, true) {
        Some((said, _)) => (
            format!("；按 {} 是“{}”", other.name(), shown(&said)),
            format!("; in {} it says `{}`", other.name(), shown(&said)),
        ),
        None => (String::new(), String::new()),
    };
    (
        "text_undecodable",
        Text::new(format!("文字不是 {name} 编码{}。", as_other.0), format!("the text is not in {name}{}.", as_other.1)),
    )
}

pub(super) fn broken(zh: &str, en: &str) -> crate::kernel::Error {
    invalid(
        "bad_shapefile",
        Text::new(format!("Shapefile 的 .dbf 已损坏：{zh}。"), format!("The .dbf of the Shapefile is damaged: {en}.")),
    )
}
