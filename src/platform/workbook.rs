//! Workbooks (XLSX) read row by row: one sheet, its first row that says anything the head, then records. Cells become the
//! texts that delimited tables have, so that whoever reads rows reads both.
//!
//! A number is what the spreadsheet shows at its own fifteen digits, written out: never `1.0E+02`, and not the binary
//! neighbour of what somebody typed. A longer whole number was cut by the spreadsheet before it came here, and is a fault.

use super::table::{TableRow, head_fault};
use crate::kernel::{Error, Fault, Kind, Result, Text};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use flate2::read::DeflateDecoder;
use serde_json::{Map, Value};
use std::io::{Cursor, Read};

/// What a workbook may unpack to: a few megabytes of zip can hold far more than they look.
const MAX_UNPACKED: u64 = 1 << 30;
/// Columns of a sheet that are read.
const MAX_COLUMNS: usize = 2_000;
/// From here on a spreadsheet keeps no last digit.
const MAX_WHOLE: f64 = 1e15;

/// Whether bytes begin like a workbook: a zip archive whose first entries are those of an office document.
pub fn is_workbook(head: &[u8]) -> bool {
    let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    head.starts_with(b"PK\x03\x04") && (holds(b"[Content_Types].xml") || holds(b"xl/workbook.xml"))
}

/// Gives every row of a sheet to `sink`, until it says stop with `false`. `sheet` is the sheet's name; the first one without.
///
/// # Errors
/// `bad_workbook` for what cannot be read, `file_too_large` for what unpacks to too much, `sheet_unknown` naming the sheets
/// there are, `table_head` for a head that is none.
pub fn rows(bytes: &[u8], sheet: Option<&str>, sink: &mut dyn FnMut(TableRow) -> bool) -> Result<()> {
    within_bounds(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|cause| broken(&cause))?;
    let names = workbook.sheet_names();
    let name = match sheet {
        Some(wanted) => names.iter().find(|name| *name == wanted).ok_or_else(|| sheet_unknown(wanted, &names))?,
        None => names.first().ok_or_else(|| invalid("bad_workbook", no_sheets()))?,
    };
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|cause| broken(&cause))?;
    let mut sheet = Sheet { columns: None, row: 0 };
    let mut line: Vec<(u32, Cell)> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.next_cell().map_err(|cause| broken(&cause))? {
        let (row, column) = cell.get_position();
        if row != at && !line.is_empty() && !sheet.take(at, std::mem::take(&mut line), sink)? {
            return Ok(());
        }
        at = row;
        let said = said(cell.get_value());
        if said.as_ref().is_ok_and(String::is_empty) {
            continue;
        }
        line.push((column, said));
    }
    if !line.is_empty() {
        sheet.take(at, line, sink)?;
    }
    if sheet.columns.is_none() {
        return Err(head_fault(Text::fixed("工作表是空的。", "The sheet is empty.")));
    }
    Ok(())
}

/// What a cell says, or what is wrong with it.
type Cell = Result<String, (&'static str, Text)>;

/// A sheet under way.
struct Sheet {
    /// Number and name of each column, once the head was read.
    columns: Option<Vec<(u32, String)>>,
    /// Records so far.
    row: u64,
}

impl Sheet {
    /// Takes a row that says something; `false` when no more are wanted. `at` is the row's number in the sheet, from 0.
    fn take(&mut self, at: u32, line: Vec<(u32, Cell)>, sink: &mut dyn FnMut(TableRow) -> bool) -> Result<bool> {
        let Some(columns) = &self.columns else {
            self.columns = Some(head(at, line)?);
            return Ok(true);
        };
        self.row += 1;
        let mut cells: Map<String, Value> =
            columns.iter().map(|(_, name)| (name.clone(), Value::String(String::new()))).collect();
        let mut faults = Vec::new();
        for (column, cell) in line {
            let place = reference(at, column);
            let Some((_, name)) = columns.iter().find(|(number, _)| *number == column) else {
                faults.push(Fault::new(
                    "",
                    "cell_without_column",
                    Text::new(
                        format!("单元格 {place} 所在列没有列名。"),
                        format!("The cell {place} stands in a column without a name."),
                    ),
                ));
                continue;
            };
            match cell {
                Ok(text) => {
                    cells.insert(name.clone(), Value::String(text));
                }
                Err((code, message)) => faults.push(Fault::new(
                    format!("/properties/{}", name.replace('~', "~0").replace('/', "~1")),
                    code,
                    Text::new(format!("单元格 {place}：{}", message.zh), format!("Cell {place}: {}", message.en)),
                )),
            }
        }
        let cells = if faults.is_empty() { Ok(cells) } else { Err(faults) };
        Ok(sink(TableRow { row: self.row, cells }))
    }
}

/// The columns that a head names.
fn head(at: u32, line: Vec<(u32, Cell)>) -> Result<Vec<(u32, String)>> {
    let mut columns: Vec<(u32, String)> = Vec::with_capacity(line.len());
    for (column, cell) in line {
        let name = cell.map_err(|(_, message)| {
            let place = reference(at, column);
            head_fault(Text::new(format!("{place}：{}", message.zh), format!("{place}: {}", message.en)))
        })?;
        if columns.iter().any(|(_, other)| *other == name) {
            return Err(head_fault(Text::new(
                format!("列名“{name}”出现两次。"),
                format!("The column `{name}` is there twice."),
            )));
        }
        columns.push((column, name));
    }
    if columns.len() > MAX_COLUMNS {
        return Err(head_fault(Text::new(
            format!("列数超过 {MAX_COLUMNS}。"),
            format!("There are more than {MAX_COLUMNS} columns."),
        )));
    }
    Ok(columns)
}

/// What a cell says, as text.
fn said(value: &DataRef<'_>) -> Cell {
    let text = match value {
        DataRef::Empty => String::new(),
        #[expect(clippy::cast_precision_loss, reason = "held to what has no loss")]
        DataRef::Int(number) => return whole(*number as f64),
        DataRef::Float(number) => return plain(*number),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(moment) => return day(moment),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => {
            return Err((
                "cell_error",
                Text::new(format!("公式错误 {error}。"), format!("the formula failed with {error}.")),
            ));
        }
    };
    if text.contains('\0') {
        return Err(("nul_character", Text::fixed("含空字符。", "it holds a NUL.")));
    }
    Ok(text)
}

fn whole(number: f64) -> Cell {
    if number.abs() >= MAX_WHOLE {
        return Err((
            "number_too_long",
            Text::fixed(
                "数字超过 15 位，电子表格已丢失末位；请将该列设为文本格式后重新输入（代码类字段均应为文本）。",
                "the number has more than 15 digits, and the spreadsheet lost the last ones: make the column text, as \
                 columns of codes should be, and enter it again.",
            ),
        ));
    }
    Ok(format!("{number:.0}"))
}

/// A number with the fifteen digits that spreadsheets keep, written out.
fn plain(number: f64) -> Cell {
    if !number.is_finite() {
        return Err(("cell_error", Text::fixed("不是有限数。", "the number is not finite.")));
    }
    if number == 0.0 {
        return Ok("0".to_owned());
    }
    if number.abs() >= MAX_WHOLE || number.fract() == 0.0 {
        return whole(number);
    }
    // d.dddddddddddddde±x
    let scientific = format!("{:.14e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if number < 0.0 { "-" } else { "" };
    let point = exponent + 1;
    Ok(match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) if point > 0 => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        _ => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or_default())),
    })
}

/// A day, and the time where it is not midnight.
fn day(moment: &ExcelDateTime) -> Cell {
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return Err((
            "cell_no_day",
            Text::fixed("是时刻或时长，不是日期。", "it is a time or a duration, and no day."),
        ));
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    Ok(match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    })
}

/// A cell as spreadsheets name it: `B7`.
fn reference(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

/// Unpacks every entry of a zip archive into nothing, and holds the sum to its bound: what an archive says of its sizes may be
/// a lie.
fn within_bounds(bytes: &[u8]) -> Result<()> {
    let damaged =
        || invalid("bad_workbook", Text::fixed("文件已损坏，不是完整的 XLSX。", "The file is damaged: no whole XLSX."));
    let short = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let long = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize);
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or_else(damaged)?;
    let (entries, mut at) = short(end + 10).zip(long(end + 16)).ok_or_else(damaged)?;
    let mut left = MAX_UNPACKED;
    for _ in 0..entries {
        let entry = || {
            let names = [28, 30, 32].map(|place| short(at + place).map(usize::from));
            let [Some(name), Some(extra), Some(comment)] = names else { return None };
            let header = long(at + 42)?;
            let from = header.checked_add(30)? + usize::from(short(header + 26)?) + usize::from(short(header + 28)?);
            let packed = bytes.get(from..from.checked_add(long(at + 20)?)?)?;
            Some((short(at + 10)?, packed, at + 46 + name + extra + comment))
        };
        let (method, packed, next) =
            bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02")).and_then(|_| entry()).ok_or_else(damaged)?;
        at = next;
        let size = match method {
            0 => packed.len() as u64,
            _ => std::io::copy(&mut DeflateDecoder::new(packed).take(left + 1), &mut std::io::sink())
                .map_err(|_| damaged())?,
        };
        left = left.checked_sub(size).ok_or_else(|| {
            Error::new(
                Kind::TooLarge,
                "file_too_large",
                Text::new(
                    format!("文件解压后超过 {MAX_UNPACKED} 字节。"),
                    format!("The file unpacks to more than {MAX_UNPACKED} bytes."),
                ),
            )
        })?;
    }
    Ok(())
}

fn invalid(code: &'static str, detail: Text) -> Error {
    Error::new(Kind::Invalid, code, detail)
}

fn broken(cause: &XlsxError) -> Error {
    invalid(
        "bad_workbook",
        Text::new(format!("工作簿无法读取：{cause}。"), format!("The workbook cannot be read: {cause}.")),
    )
}

fn no_sheets() -> Text {
    Text::fixed("工作簿没有工作表。", "The workbook has no sheet.")
}

fn sheet_unknown(wanted: &str, names: &[String]) -> Error {
    invalid(
        "sheet_unknown",
        Text::new(
            format!("没有工作表“{wanted}”，有：{}。", names.join("、")),
            format!("There is no sheet `{wanted}`; there are: {}.", names.join(", ")),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_out_with_the_digits_that_were_typed() {
        for (number, text) in [
            (0.3, "0.3"),
            (0.1 + 0.2, "0.3"),
            (100.0, "100"),
            (1e14, "100000000000000"),
            (-0.0, "0"),
            (-2.5, "-2.5"),
            (0.000_000_12, "0.00000012"),
            (1.1, "1.1"),
            (123_456.789, "123456.789"),
            (140_602.0, "140602"),
            (1_234_567_890.5, "1234567890.5"),
        ] {
            assert_eq!(plain(number).ok().as_deref(), Some(text), "{number}");
        }
        assert_eq!(plain(1.406_02e18).map_err(|(code, _)| code), Err("number_too_long"));
        assert_eq!(plain(f64::NAN).map_err(|(code, _)| code), Err("cell_error"));
    }

    #[test]
    fn cells_are_named_as_spreadsheets_do() {
        for (row, column, name) in [(0, 0, "A1"), (6, 25, "Z7"), (0, 26, "AA1"), (9, 701, "ZZ10"), (0, 702, "AAA1")] {
            assert_eq!(reference(row, column), name);
        }
    }

    #[test]
    fn what_is_no_whole_archive_is_refused() {
        for bytes in [
            &b"PK\x03\x04[Content_Types].xml"[..],
            b"PK\x05\x06",
            b"",
            b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(rows(bytes, None, &mut |_| true).err().map(|error| error.code()), Some("bad_workbook"));
        }
    }

    proptest! {
        #[test]
        fn a_decimal_of_fifteen_digits_comes_back_as_it_was_typed(digits in 1_i64..1_000_000_000_000_000, scale in 0_u32..18) {
            let typed = rust_decimal::Decimal::new(digits, scale).normalize();
            let stored: f64 = typed.to_string().parse().unwrap();
            prop_assert_eq!(plain(stored).ok(), Some(typed.to_string()));
        }

        #[test]
        fn no_bytes_make_the_reader_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let archive = [b"PK\x03\x04[Content_Types].xml".as_slice(), &bytes, b"PK\x05\x06", &bytes].concat();
            prop_assert!(rows(&archive, None, &mut |_| true).is_err());
        }
    }
}
