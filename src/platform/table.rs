//! Delimited text (CSV) read row by row: a head of column names, then records. Comma, semicolon or tab, whichever the head
//! has most of; UTF-8, with or without byte order mark. Nothing but the row at hand is held.

use crate::kernel::{Error, Fault, Kind, Result, Text};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};

/// Longest head and longest record, bytes: more is no table of ours.
const MAX_COLUMNS: usize = 2_000;

/// A table under way.
pub struct Table<R: Read> {
    reader: csv::Reader<R>,
    columns: Vec<String>,
    row: u64,
    record: csv::ByteRecord,
}

/// A row of a table.
#[derive(Debug)]
pub struct TableRow {
    /// Its place below the head, from 1.
    pub row: u64,
    /// Cells by column, without surrounding blanks; or what is wrong with it.
    pub cells: Result<Map<String, Value>, Vec<Fault>>,
}

impl<R: BufRead> Table<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// `table_head` when there is none, or a column has no name or another's; what the reader says.
    pub fn open(mut text: R) -> Result<Table<R>> {
        let head = text.fill_buf().map_err(|cause| broken(&cause))?;
        let bom = usize::from(head.starts_with(b"\xef\xbb\xbf")) * 3;
        let line = head[bom..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
        let delimiter = [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',');
        text.consume(bom);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .buffer_capacity(1 << 16)
            .from_reader(text);
        let head = reader.byte_headers().map_err(|cause| csv_broken(&cause))?.clone();
        let mut columns: Vec<String> = Vec::with_capacity(head.len());
        for name in &head {
            let name = std::str::from_utf8(name).map_err(|_| {
                bad_head(Text::fixed(
                    "表头不是 UTF-8 文本（可能是 GBK/GB18030），请另存为 UTF-8。",
                    "The head is not UTF-8 (it may be GBK/GB18030); save the table as UTF-8.",
                ))
            })?;
            if columns.iter().any(|column| column == name) {
                return Err(bad_head(Text::new(
                    format!("列名“{name}”出现两次。"),
                    format!("The column `{name}` is there twice."),
                )));
            }
            columns.push(name.to_owned());
        }
        if columns.is_empty() || columns.len() > MAX_COLUMNS || columns.iter().all(String::is_empty) {
            return Err(bad_head(Text::fixed("首行应为列名。", "The first line holds the columns' names.")));
        }
        Ok(Table { reader, columns, row: 0, record: csv::ByteRecord::new() })
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// What the reader says.
    pub fn next_row(&mut self) -> Result<Option<TableRow>> {
        loop {
            if !self.reader.read_byte_record(&mut self.record).map_err(|cause| csv_broken(&cause))? {
                return Ok(None);
            }
            // A line of delimiters only, as spreadsheets leave below a table.
            if self.record.iter().any(|cell| !cell.is_empty()) {
                break;
            }
        }
        self.row += 1;
        Ok(Some(TableRow { row: self.row, cells: self.cells() }))
    }

    fn cells(&self) -> Result<Map<String, Value>, Vec<Fault>> {
        let fault = |code, message| Err(vec![Fault::new("", code, message)]);
        if self.record.len() != self.columns.len() {
            let (is, wanted) = (self.record.len(), self.columns.len());
            return fault(
                "cells_differ",
                Text::new(
                    format!("该行有 {is} 个单元格，表头有 {wanted} 列。"),
                    format!("The row has {is} cells, the head {wanted} columns."),
                ),
            );
        }
        let mut cells = Map::new();
        for (column, cell) in self.columns.iter().zip(&self.record) {
            let Ok(text) = std::str::from_utf8(cell) else {
                return fault(
                    "not_utf8",
                    Text::new(format!("列“{column}”不是 UTF-8 文本。"), format!("The column `{column}` is not UTF-8.")),
                );
            };
            if text.contains('\0') {
                return fault(
                    "nul_character",
                    Text::new(format!("列“{column}”含空字符。"), format!("The column `{column}` holds a NUL.")),
                );
            }
            if !column.is_empty() {
                cells.insert(column.clone(), Value::String(text.to_owned()));
            }
        }
        Ok(cells)
    }
}

/// The error of a table's head.
pub(super) fn head_fault(detail: Text) -> Error {
    bad_head(detail)
}

fn bad_head(detail: Text) -> Error {
    Error::new(Kind::Invalid, "table_head", detail)
}

fn broken(cause: &std::io::Error) -> Error {
    Error::new(
        Kind::Invalid,
        "file_unreadable",
        Text::new(format!("读取中断：{cause}。"), format!("The text broke off: {cause}.")),
    )
}

fn csv_broken(cause: &csv::Error) -> Error {
    Error::new(
        Kind::Invalid,
        "bad_table",
        Text::new(format!("表格无法读取：{cause}。"), format!("The table cannot be read: {cause}.")),
    )
}

/// Takes the geometry out of a row's cells: well-known text in `wkt` (or `WKT`, `geometry`, `geom`, `the_geom`), else the
/// position, see [`take_position`].
///
/// # Errors
/// `bad_wkt`; `position_not_numbers`.
pub fn take_geometry(cells: &mut Map<String, Value>) -> Result<Value, Fault> {
    for name in ["wkt", "WKT", "geometry", "geom", "the_geom"] {
        if let Some(Value::String(text)) = cells.remove(name)
            && !text.trim().is_empty()
        {
            return super::wkt::read(&text);
        }
    }
    take_position(cells)
}

/// Takes the position out of a row's cells: `lon` and `lat` (or `longitude` and `latitude`, `x` and `y`) as a GeoJSON
/// point; `null` where both are empty or absent.
///
/// # Errors
/// `position_not_numbers` when they are no numbers, or one is there without the other.
pub fn take_position(cells: &mut Map<String, Value>) -> Result<Value, Fault> {
    for [x, y] in [["lon", "lat"], ["longitude", "latitude"], ["x", "y"]] {
        if !cells.contains_key(x) || !cells.contains_key(y) {
            continue;
        }
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let said = [text(cells.remove(x)), text(cells.remove(y))];
        if said.iter().all(|text| matches!(text.as_str(), "" | "NA")) {
            return Ok(Value::Null);
        }
        let numbers = said.each_ref().map(|text| text.parse::<f64>().ok().filter(|number| number.is_finite()));
        return match numbers {
            [Some(x), Some(y)] => Ok(serde_json::json!({"type": "Point", "coordinates": [x, y]})),
            _ => Err(Fault::new(
                "/geometry",
                "position_not_numbers",
                Text::new(
                    format!("{x}、{y} 应为数：“{}”“{}”。", said[0], said[1]),
                    format!("{x} and {y} must be numbers: `{}`, `{}`.", said[0], said[1]),
                ),
            )),
        };
    }
    Ok(Value::Null)
}

/// Longitude and latitude of a GeoJSON point in CRS84; `None` where it is null.
///
/// # Errors
/// `geometry_type` for what is no point, `coordinate_out_of_range` outside the globe.
pub fn lon_lat(geometry: &Value, pointer: &str) -> Result<Option<[f64; 2]>, Fault> {
    if geometry.is_null() {
        return Ok(None);
    }
    let wrong = || {
        Fault::new(
            pointer,
            "geometry_type",
            Text::fixed("应为 Point，坐标为 [经度, 纬度]。", "must be a Point with [longitude, latitude]."),
        )
    };
    if geometry.get("type").and_then(Value::as_str) != Some("Point") {
        return Err(wrong());
    }
    let numbers = geometry.get("coordinates").and_then(Value::as_array).ok_or_else(wrong)?;
    let number = |n: usize| numbers.get(n).and_then(Value::as_f64).filter(|n: &f64| n.is_finite());
    let (Some(lon), Some(lat)) = (number(0), number(1)) else { return Err(wrong()) };
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        return Err(Fault::new(
            pointer,
            "coordinate_out_of_range",
            Text::new(format!("坐标 {lon}, {lat} 不是经纬度。"), format!("{lon}, {lat} is no longitude and latitude.")),
        ));
    }
    Ok(Some([lon, lat]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let mut table = Table::open(text.as_bytes()).expect("a table");
        let mut out = Vec::new();
        while let Some(row) = table.next_row().expect("a row") {
            out.push(match row.cells {
                Ok(cells) => format!("{} {}", row.row, Value::Object(cells)),
                Err(faults) => format!("{} {}", row.row, faults[0].code),
            });
        }
        out
    }

    #[test]
    fn delimiters_and_uneven_rows_are_told() {
        assert_eq!(
            rows("\u{feff}a,b\n1, 2 \r\n,\n3\n\"x,y\",\n"),
            [r#"1 {"a":"1","b":"2"}"#, "2 cells_differ", r#"3 {"a":"x,y","b":""}"#,]
        );
        assert_eq!(rows("a;b;c\n1,5;2;3\n"), [r#"1 {"a":"1,5","b":"2","c":"3"}"#]);
        assert_eq!(rows("a\tb\n1\t2\n"), [r#"1 {"a":"1","b":"2"}"#]);
        assert!(Table::open("a,a\n".as_bytes()).is_err_and(|error| error.code() == "table_head"));
        assert!(Table::open("".as_bytes()).is_err_and(|error| error.code() == "table_head"));
    }

    #[test]
    fn a_position_is_taken_out_of_its_cells() {
        let take = |text: &str| {
            let Value::Object(mut cells) = serde_json::from_str(text).expect("cells") else { panic!("an object") };
            let taken = take_position(&mut cells).map_err(|fault| fault.code);
            (taken.and_then(|value| lon_lat(&value, "/geometry").map_err(|fault| fault.code)), cells.len())
        };
        assert_eq!(take(r#"{"lon": "10.5", "lat": 60, "a": 1}"#), (Ok(Some([10.5, 60.0])), 1));
        assert_eq!(take(r#"{"longitude": "", "latitude": "NA"}"#), (Ok(None), 0));
        assert_eq!(take(r#"{"x": "1"}"#), (Ok(None), 1));
        assert_eq!(take(r#"{"lon": "1", "lat": ""}"#), (Err("position_not_numbers"), 0));
        assert_eq!(take(r#"{"lon": "594641", "lat": "7000000"}"#), (Err("coordinate_out_of_range"), 0));
    }
}
