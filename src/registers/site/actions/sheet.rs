//! Lists and exchanges as tables: the columns that bureaus hand each other, as CSV and as XLSX.
//!
//! Chinese headings, or the national platform's field names where it has one for a column (rulebook 8.2) and the Chinese
//! heading where it has none. Codes are text, so that no spreadsheet makes 3.71E+12 of thirteen digits; text that a
//! spreadsheet would run as a formula is made inert.

use super::super::rules::{List, RiskGrade, Stage};
use super::super::store::exchange::Told;
use super::super::store::lists::Line;
use crate::kernel::{Day, Error, Result, mu};
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};
use std::borrow::Cow;
use std::io::{Seek, SeekFrom};

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Cell<'a> {
    /// Nothing is known.
    Empty,
    /// Words, from whoever typed them.
    Text(Cow<'a, str>),
    /// A code: text, whatever it looks like.
    Code(Cow<'a, str>),
    /// A civil day.
    Day(Day),
    /// A number with so many decimals.
    Number(f64, u8),
}

/// What is known of a cell's value.
fn text(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Empty, |value| Cell::Text(value.into()))
}

fn code(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Empty, |value| Cell::Code(value.into()))
}

fn day(value: Option<Day>) -> Cell<'static> {
    value.map_or(Cell::Empty, Cell::Day)
}

/// A stage as rows have it; `None` for what was never one.
pub(in super::super) fn stage_of(stage: Option<&str>, mode: Option<&str>) -> Option<Stage> {
    Stage::read(stage?, mode).ok()
}

fn grade_zh(grade: Option<&str>) -> Cell<'static> {
    grade.and_then(RiskGrade::parse).map_or(Cell::Empty, |grade| Cell::Text(grade.title().zh))
}

/// A column of a table of `R`.
pub(in super::super) struct Column<R> {
    /// Chinese heading.
    zh: &'static str,
    /// The national platform's name of it.
    platform: Option<&'static str>,
    /// It tells who uses the land.
    personal: bool,
    /// Characters that it is wide in a spreadsheet.
    width: f64,
    cell: for<'a> fn(&'a R) -> Cell<'a>,
}

/// Which headings a table carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Headings {
    /// Chinese headings.
    #[default]
    Chinese,
    /// The national platform's field names, where it has one.
    Platform,
}

macro_rules! column {
    ($zh:literal, $platform:expr, $width:literal, $cell:expr) => {
        Column { zh: $zh, platform: $platform, personal: false, width: $width, cell: $cell }
    };
    ($zh:literal, $platform:expr, $width:literal, personal, $cell:expr) => {
        Column { zh: $zh, platform: $platform, personal: true, width: $width, cell: $cell }
    };
}

/// The columns of a list, in the order of the form.
pub(in super::super) fn of_list(list: List, with_land_user: bool) -> Vec<Column<Line>> {
    let directory = list != List::SuspectedList;
    let mut columns: Vec<Column<Line>> = vec![
        column!("地块编码", Some("WRDKBM"), 20.0, |l: &Line| Cell::Code(
            l.national_code.as_deref().unwrap_or(&l.code).into()
        )),
        column!("登记编码", None, 20.0, |l: &Line| Cell::Code(l.code.as_str().into())),
    ];
    if directory {
        columns.push(column!("名录编码", None, 20.0, |l: &Line| code(l.directory_code.as_deref())));
    }
    columns.extend([
        column!("地块名称", Some("WRDKMC"), 32.0, |l: &Line| Cell::Text(l.name.as_str().into())),
        column!("行政区划代码", Some("XZBM"), 13.0, |l: &Line| Cell::Code(l.division_code.as_str().into())),
        column!("行政区划名称", None, 16.0, |l: &Line| Cell::Text(l.division_name.as_str().into())),
        column!("地址", None, 32.0, |l: &Line| text(l.address.as_deref())),
        column!("行业代码", Some("HYDM"), 10.0, |l: &Line| code(l.former_industry.as_deref())),
        column!("用地分类标准", None, 18.0, |l: &Line| text(l.land_use_system.as_deref())),
        column!("用地代码", None, 10.0, |l: &Line| code(l.land_use_code.as_deref())),
        // The platform asks for the planned use (规划用途), which a registration does not say: it has the use as recorded.
        column!("规划用途", Some("DKGHYT"), 12.0, |_: &Line| Cell::Empty),
        column!("面积（平方米）", Some("ZDMJ"), 14.0, |l: &Line| Cell::Number(l.area_m2, 2)),
        column!("面积（亩）", None, 12.0, |l: &Line| Cell::Number(mu(l.area_m2), 2)),
        column!("所处阶段", None, 24.0, |l: &Line| {
            stage_of(l.stage.as_deref(), l.control_mode.as_deref())
                .map_or(Cell::Empty, |stage| Cell::Text(stage.title().zh))
        }),
        column!("阶段编码", Some("SCJDBM"), 10.0, |l: &Line| {
            code(stage_of(l.stage.as_deref(), l.control_mode.as_deref()).and_then(Stage::platform_code))
        }),
        column!("进入阶段日期", None, 13.0, |l: &Line| day(l.stage_since)),
    ]);
    if directory {
        columns.push(column!("风险级别", Some("FXJB"), 10.0, |l: &Line| grade_zh(l.risk_grade.as_deref())));
    }
    columns.extend([
        column!("是否污染地块", Some("POLLUETED"), 13.0, |l: &Line| {
            stage_of(l.stage.as_deref(), l.control_mode.as_deref())
                .and_then(Stage::found_contaminated)
                .map_or(Cell::Empty, |found| Cell::Code(if found { "1" } else { "0" }.into()))
        }),
        column!("列入日期", None, 13.0, |l: &Line| day(l.entered_on)),
        column!("移出日期", None, 13.0, |l: &Line| day(l.left_on)),
        column!("土地使用权人", Some("SYQDWMC"), 28.0, personal, |l: &Line| text(l.land_user_name.as_deref())),
        column!("统一社会信用代码", None, 22.0, personal, |l: &Line| code(l.land_user_credit_code.as_deref())),
        column!("中心经度", Some("WRDKZXJD"), 12.0, |l: &Line| Cell::Number(l.lon, 6)),
        column!("中心纬度", Some("WRDKZXWD"), 12.0, |l: &Line| Cell::Number(l.lat, 6)),
        column!("备注", None, 12.0, |l: &Line| if l.invented {
            Cell::Text("演示数据".into())
        } else {
            Cell::Empty
        }),
    ]);
    columns.retain(|column| with_land_user || !column.personal);
    columns
}

/// What a change of an exchange is called.
pub(in super::super) fn change_zh(change: &str) -> &'static str {
    match change {
        "entered" => "列入",
        "left" => "移出",
        "reinstated" => "恢复列入",
        "withdrawn" => "误录撤销",
        "graded" => "风险级别变更",
        "stage_changed" => "阶段变更",
        "moved_out" => "调出本区划",
        _ => "",
    }
}

/// The columns of an exchange: what changed in front, then the site as on the lists.
pub(in super::super) fn of_exchange() -> Vec<Column<Told>> {
    vec![
        column!("名单", None, 30.0, |t: &Told| {
            List::ALL
                .into_iter()
                .find(|list| list.as_str() == t.list)
                .map_or(Cell::Empty, |list| Cell::Text(list.title().zh))
        }),
        column!("变动", None, 14.0, |t: &Told| Cell::Text(change_zh(&t.change).into())),
        column!("地块编码", Some("WRDKBM"), 20.0, |t: &Told| {
            Cell::Code(t.line.national_code.as_deref().unwrap_or(&t.line.code).into())
        }),
        column!("登记编码", None, 20.0, |t: &Told| Cell::Code(t.line.code.as_str().into())),
        column!("地块名称", Some("WRDKMC"), 32.0, |t: &Told| Cell::Text(t.line.name.as_str().into())),
        column!("行政区划代码", Some("XZBM"), 13.0, |t: &Told| Cell::Code(t.line.division_code.as_str().into())),
        column!("行政区划名称", None, 16.0, |t: &Told| Cell::Text(t.line.division_name.as_str().into())),
        column!("地址", None, 32.0, |t: &Told| text(t.line.address.as_deref())),
        column!("行业代码", Some("HYDM"), 10.0, |t: &Told| code(t.line.former_industry.as_deref())),
        column!("用地分类标准", None, 18.0, |t: &Told| text(t.line.land_use_system.as_deref())),
        column!("用地代码", None, 10.0, |t: &Told| code(t.line.land_use_code.as_deref())),
        column!("面积（平方米）", Some("ZDMJ"), 14.0, |t: &Told| Cell::Number(t.line.area_m2, 2)),
        column!("面积（亩）", None, 12.0, |t: &Told| Cell::Number(mu(t.line.area_m2), 2)),
        column!("列入日期", None, 13.0, |t: &Told| day(t.line.entered_on)),
        column!("移出日期", None, 13.0, |t: &Told| day(t.line.left_on)),
        column!("原风险级别", None, 12.0, |t: &Told| grade_zh(t.risk_grade_before.as_deref())),
        column!("风险级别", Some("FXJB"), 10.0, |t: &Told| grade_zh(t.line.risk_grade.as_deref())),
        column!("原阶段", None, 24.0, |t: &Told| {
            stage_of(t.stage_before.as_deref(), t.control_mode_before.as_deref())
                .map_or(Cell::Empty, |stage| Cell::Text(stage.title().zh))
        }),
        column!("所处阶段", None, 24.0, |t: &Told| {
            stage_of(t.line.stage.as_deref(), t.line.control_mode.as_deref())
                .map_or(Cell::Empty, |stage| Cell::Text(stage.title().zh))
        }),
        column!("阶段编码", Some("SCJDBM"), 10.0, |t: &Told| {
            code(stage_of(t.line.stage.as_deref(), t.line.control_mode.as_deref()).and_then(Stage::platform_code))
        }),
        column!("进入阶段日期", None, 13.0, |t: &Told| day(t.line.stage_since)),
        column!("土地使用权人", Some("SYQDWMC"), 28.0, |t: &Told| text(t.line.land_user_name.as_deref())),
        column!("统一社会信用代码", None, 22.0, |t: &Told| code(t.line.land_user_credit_code.as_deref())),
        column!("中心经度", Some("WRDKZXJD"), 12.0, |t: &Told| Cell::Number(t.line.lon, 6)),
        column!("中心纬度", Some("WRDKZXWD"), 12.0, |t: &Told| Cell::Number(t.line.lat, 6)),
        column!("备注", None, 12.0, |t: &Told| if t.line.invented {
            Cell::Text("演示数据".into())
        } else {
            Cell::Empty
        }),
    ]
}

impl<R> Column<R> {
    fn heading(&self, headings: Headings) -> &'static str {
        match headings {
            Headings::Chinese => self.zh,
            Headings::Platform => self.platform.unwrap_or(self.zh),
        }
    }
}

/// Whether a spreadsheet may run a text as a formula. The full-width signs count where a Chinese input method is at work.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A table as CSV, row by row: UTF-8 with a byte order mark, without which spreadsheets take it for the local code page.
pub(in super::super) struct Csv<R> {
    columns: Vec<Column<R>>,
    writer: csv::Writer<Vec<u8>>,
    rows: u64,
}

impl<R> Csv<R> {
    /// A table with its head.
    pub fn new(columns: Vec<Column<R>>, headings: Headings) -> Result<Csv<R>> {
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
        let head = std::iter::once("序号").chain(columns.iter().map(|column| column.heading(headings)));
        writer.write_record(head).map_err(Error::internal)?;
        Ok(Csv { columns, writer, rows: 0 })
    }

    /// Adds a row.
    pub fn row(&mut self, row: &R) -> Result<()> {
        self.rows += 1;
        self.writer.write_field(self.rows.to_string()).map_err(Error::internal)?;
        for column in &self.columns {
            let cell: Cow<'_, str> = match (column.cell)(row) {
                Cell::Empty => "".into(),
                Cell::Text(text) | Cell::Code(text) if is_formula(&text) => format!("'{text}").into(),
                Cell::Text(text) | Cell::Code(text) => text,
                Cell::Day(day) => day.to_string().into(),
                Cell::Number(number, decimals) => format!("{number:.*}", usize::from(decimals)).into(),
            };
            self.writer.write_field(cell.as_bytes()).map_err(Error::internal)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(Error::internal)
    }

    /// What was written since the last time, and clears it.
    pub fn take(&mut self) -> Result<Vec<u8>> {
        self.writer.flush().map_err(Error::internal)?;
        let empty = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let full = std::mem::replace(&mut self.writer, empty);
        full.into_inner().map_err(|error| Error::internal(error.to_string()))
    }
}

/// A table as XLSX. Rows go to a temporary file as they come, so that a long list needs no more memory than a short one.
pub(in super::super) struct Xlsx<R> {
    columns: Vec<Column<R>>,
    workbook: Workbook,
    formats: Formats,
    row: u32,
}

struct Formats {
    text: Format,
    quoted: Format,
    day: Format,
    decimals: [Format; 2],
}

/// A spreadsheet has no more rows than this, its head among them.
const MAX_ROWS: u32 = 1_048_576;

impl<R> Xlsx<R> {
    /// A table with its head, which stays in sight.
    pub fn new(columns: Vec<Column<R>>, headings: Headings, sheet: &str, made_at: DateTime<Utc>) -> Result<Xlsx<R>> {
        let mut workbook = Workbook::new();
        let made_at = ExcelDateTime::from_timestamp(made_at.timestamp()).map_err(Error::internal)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
        let bold = Format::new().set_bold().set_text_wrap();
        let worksheet = workbook.add_worksheet_with_constant_memory().map_err(Error::internal)?;
        worksheet.set_name(sheet).map_err(Error::internal)?;
        worksheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
        worksheet.set_column_width(0, 6).map_err(Error::internal)?;
        worksheet.write_string_with_format(0, 0, "序号", &bold).map_err(Error::internal)?;
        for (at, column) in (1_u16..).zip(&columns) {
            worksheet.set_column_width(at, column.width).map_err(Error::internal)?;
            worksheet.write_string_with_format(0, at, column.heading(headings), &bold).map_err(Error::internal)?;
        }
        let formats = Formats {
            text: Format::new().set_num_format("@"),
            quoted: Format::new().set_num_format("@").set_quote_prefix(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            decimals: [Format::new().set_num_format("0.00"), Format::new().set_num_format("0.000000")],
        };
        Ok(Xlsx { columns, workbook, formats, row: 0 })
    }

    /// Adds a row.
    pub fn row(&mut self, row: &R) -> Result<()> {
        self.row += 1;
        if self.row >= MAX_ROWS {
            return Err(Error::conflict(
                "too_many_rows",
                crate::kernel::Text::fixed(
                    "超过一张工作表的行数上限，请改用 CSV 或按区划分别导出。",
                    "More rows than a worksheet has: take CSV, or one division at a time.",
                ),
            ));
        }
        let n = self.row;
        let worksheet = self.workbook.worksheet_from_index(0).map_err(Error::internal)?;
        worksheet.write_number(n, 0, n).map_err(Error::internal)?;
        for (at, column) in (1_u16..).zip(&self.columns) {
            write(worksheet, &self.formats, (n, at), &(column.cell)(row))?;
        }
        Ok(())
    }

    /// The finished file, read from its beginning; it is gone once closed.
    pub fn finish(mut self) -> Result<std::fs::File> {
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        self.workbook.save_to_writer(&mut file).map_err(Error::internal)?;
        file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        Ok(file)
    }
}

fn write(worksheet: &mut Worksheet, formats: &Formats, (row, at): (u32, u16), cell: &Cell<'_>) -> Result<()> {
    let done = match cell {
        Cell::Empty => return Ok(()),
        // A string cell is no formula; the mark keeps it one after somebody has clicked into it.
        Cell::Text(text) | Cell::Code(text) if is_formula(text) => {
            worksheet.write_string_with_format(row, at, text.as_ref(), &formats.quoted)
        }
        Cell::Text(text) => worksheet.write_string(row, at, text.as_ref()),
        Cell::Code(text) => worksheet.write_string_with_format(row, at, text.as_ref(), &formats.text),
        Cell::Day(day) => {
            let parts = (
                u16::try_from(day.year()).map_err(Error::internal)?,
                u8::try_from(day.month()).map_err(Error::internal)?,
                u8::try_from(day.day()).map_err(Error::internal)?,
            );
            match ExcelDateTime::from_ymd(parts.0, parts.1, parts.2) {
                Ok(date) => worksheet.write_datetime_with_format(row, at, date, &formats.day),
                // Days before 1900 have no number in a spreadsheet.
                Err(_) => worksheet.write_string(row, at, day.to_string()),
            }
        }
        Cell::Number(number, decimals) => {
            let power = 10_f64.powi(i32::from(*decimals));
            let format = if *decimals > 2 { &formats.decimals[1] } else { &formats.decimals[0] };
            worksheet.write_number_with_format(row, at, (number * power).round() / power, format)
        }
    };
    done.map(drop).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column<String>> {
        vec![
            column!("名称", Some("WRDKMC"), 10.0, |s: &String| Cell::Text(s.as_str().into())),
            column!("编码", None, 10.0, |s: &String| Cell::Code(s.as_str().into())),
            column!("数", Some("ZDMJ"), 10.0, |_: &String| Cell::Number(-1.5, 2)),
        ]
    }

    #[test]
    fn no_text_of_a_csv_is_a_formula_and_numbers_stay_numbers() {
        let mut csv = Csv::new(columns(), Headings::Platform).unwrap();
        for text in ["=1+1", "+86", "-x", "@a", "\t=1", "＝1", "plain", "a=b"] {
            csv.row(&text.to_owned()).unwrap();
        }
        let bytes = csv.take().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\u{feff}序号,WRDKMC,编码,ZDMJ\r\n1,'=1+1,'=1+1,-1.50\r\n2,'+86,'+86,"), "{text}");
        assert!(text.contains("6,'＝1,") && text.contains("7,plain,plain,") && text.contains("8,a=b,a=b,"), "{text}");
        assert_eq!(csv.take().unwrap(), b"");
        csv.row(&"next".to_owned()).unwrap();
        assert_eq!(csv.take().unwrap(), b"9,next,next,-1.50\r\n");
    }

    #[test]
    fn the_public_form_has_no_column_of_the_land_user_and_the_suspected_list_no_grade() {
        for list in List::ALL {
            let heads = |with| of_list(list, with).iter().map(|c| c.zh).collect::<Vec<_>>();
            assert!(heads(true).contains(&"土地使用权人") && heads(true).contains(&"统一社会信用代码"));
            assert!(!heads(false).iter().any(|zh| zh.contains("使用权人") || zh.contains("信用代码")));
            assert_eq!(heads(true).contains(&"风险级别"), list != List::SuspectedList);
        }
    }
}
