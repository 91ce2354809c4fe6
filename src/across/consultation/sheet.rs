//! What planning shares of a quarter, as a report and as tables.

use super::rules::Quarter;
use super::rules::again::Answer;
use super::store::{QuarterCount, QuarterRow};
use crate::across::land_check::{Operation, Verdict, WrittenReply};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, Error, LandCheckId, QuarterShareId, Result, Text};
use crate::standards::industries::{IndustryCode, IndustrySet, may_be_key};
use crate::standards::law;
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A check of a quarter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct ShareRow {
    /// The check.
    pub id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-140602-2026-000017")]
    pub number: String,
    /// The civil day on which it was asked and answered.
    pub checked_on: Day,
    /// Day of the operation.
    pub on: Day,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Division of its number.
    #[schema(example = "140602")]
    pub division_code: String,
    /// 宗地代码
    pub parcel_code: Option<String>,
    /// 坐落
    pub address: Option<String>,
    /// Ellipsoidal area of the parcel, m².
    pub area_m2: f64,
    /// The same in mu.
    pub area_mu: f64,
    /// What is to be done with the land.
    #[schema(example = "reclaim")]
    pub operation: String,
    /// 操作
    pub operation_zh: String,
    /// Operation in English.
    pub operation_en: String,
    /// Use it is meant for: code system and code.
    #[schema(example = "GB/T 21010-2017:0701")]
    pub planned_use: Option<String>,
    /// 规划用途
    pub planned_use_zh: Option<String>,
    /// Planned use in English.
    pub planned_use_en: Option<String>,
    /// Industry that stood there, as stated; GB/T 4754-2017.
    pub former_industry: Option<String>,
    /// Codes of the suspected and contaminated sites that it shares ground with.
    pub sites: Vec<String>,
    /// A lead for the bureaus: a key industry stood there by what was stated, and no site is registered on the ground.
    pub lead: bool,
    /// Its verdict.
    #[schema(example = "hold")]
    pub verdict: String,
    /// 结论
    pub verdict_zh: String,
    /// Verdict in English.
    pub verdict_en: String,
    /// How the bureau's reply stands: `not_required`, `not_consulted`, `consulted` or `replied`.
    #[schema(example = "replied")]
    pub reply_status: String,
    /// Number of the letter that asked.
    pub consultation: Option<String>,
    /// Day of that letter.
    pub consulted_on: Option<Day>,
    /// Last day for the reply, where it is counted.
    pub reply_due_on: Option<Day>,
    /// The bureau's number of its reply.
    pub reply: Option<String>,
    /// Day of the reply.
    pub replied_on: Option<Day>,
    /// `agrees`, `conditions` or `objects`.
    pub conclusion: Option<String>,
    /// 回复结论
    pub conclusion_zh: Option<String>,
    /// Conclusion in English.
    pub conclusion_en: Option<String>,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// The verdict with the reply.
    pub verdict_after: Option<String>,
}

fn both(text: Option<Text>) -> (Option<String>, Option<String>) {
    text.map(|text| (text.zh.into_owned(), text.en.into_owned())).unzip()
}

impl ShareRow {
    /// A check as it is told.
    ///
    /// # Errors
    /// An internal error where the stored answer is none of ours.
    pub fn of(row: QuarterRow) -> Result<ShareRow> {
        let answer: Answer = serde_json::from_slice(&row.body).map_err(Error::internal)?;
        let sites: Vec<String> =
            answer.hits.iter().filter(|hit| hit.is_asked_about()).map(|hit| hit.code.clone()).collect();
        let industry = answer.stated.former_industry;
        let is_key = industry
            .as_deref()
            .and_then(|code| IndustryCode::parse(code).ok())
            .is_some_and(|code| may_be_key(&code, IndustrySet::SuspectedSite));
        let registered = answer.hits.iter().any(|hit| hit.relation == "overlaps" && hit.register.ends_with("_sites"))
            || !sites.is_empty();
        let status = match (row.awaits_reply, &row.reply_number, &row.letter_number) {
            (_, Some(_), _) => "replied",
            (false, ..) => "not_required",
            (true, None, Some(_)) => "consulted",
            (true, None, None) => "not_consulted",
        };
        let (conclusion_zh, conclusion_en) =
            both(row.conclusion.as_deref().and_then(WrittenReply::parse).map(WrittenReply::text));
        let planned = answer.planned_use;
        Ok(ShareRow {
            id: row.id,
            number: answer.number,
            checked_on: Day::at(answer.checked_at),
            on: answer.on,
            reference: answer.reference,
            division_code: row.division_code,
            parcel_code: answer.parcel.parcel_code,
            address: answer.parcel.address,
            area_m2: answer.parcel.area_m2,
            area_mu: answer.parcel.area_mu,
            operation: answer.operation,
            operation_zh: answer.operation_zh,
            operation_en: answer.operation_en,
            planned_use: planned.as_ref().map(|planned| format!("{}:{}", planned.system, planned.code)),
            planned_use_zh: planned.as_ref().map(|planned| planned.name_zh.clone()),
            planned_use_en: planned.map(|planned| planned.name_en),
            former_industry: industry,
            lead: is_key && !registered,
            sites,
            verdict: answer.verdict,
            verdict_zh: answer.verdict_zh,
            verdict_en: answer.verdict_en,
            reply_status: status.to_owned(),
            consultation: row.letter_number,
            consulted_on: row.sent_on,
            reply_due_on: row.due_on,
            reply: row.reply_number,
            replied_on: row.replied_on,
            conclusion: row.conclusion,
            conclusion_zh,
            conclusion_en,
            conditions: row.conditions,
            verdict_after: row.verdict_after,
        })
    }
}

/// How many checks of an operation came to a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct VerdictCount {
    /// The verdict.
    #[schema(example = "hold")]
    pub verdict: String,
    /// 结论
    pub verdict_zh: String,
    /// Verdict in English.
    pub verdict_en: String,
    /// How many.
    pub checks: i64,
}

/// The checks of an operation, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct OperationCount {
    /// The operation.
    #[schema(example = "reclaim")]
    pub operation: String,
    /// 操作
    pub operation_zh: String,
    /// Operation in English.
    pub operation_en: String,
    /// How many.
    pub checks: i64,
    /// By verdict.
    pub verdicts: Vec<VerdictCount>,
}

/// How the replies of the bureaus stand: what they were asked and what they answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ReplyCounts {
    /// Checks that need a reply.
    pub required: i64,
    /// Of these, nobody asked the bureau yet.
    pub not_consulted: i64,
    /// Asked, and in time or without a last day.
    pub awaiting: i64,
    /// Asked, and the last day is past.
    pub overdue: i64,
    /// Answered without objection.
    pub agrees: i64,
    /// Answered under conditions.
    pub conditions: i64,
    /// Answered with an objection.
    pub objects: i64,
}

/// Which report.
#[derive(Debug, Clone)]
pub(super) struct ShareHead {
    pub id: Option<QuarterShareId>,
    pub division_code: String,
    pub division_name: String,
    pub edition: Option<i32>,
    pub as_of: DateTime<Utc>,
    pub made_by_role: Option<String>,
    pub reason: Option<String>,
}

/// The land checks of a quarter as planning shares them with the bureaus, and what the bureaus answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct QuarterReport {
    /// Identifier of the shared report; `null` of figures that were not shared.
    pub id: Option<QuarterShareId>,
    /// Whose checks: this division and all below it.
    #[schema(example = "140602")]
    pub division_code: String,
    /// 行政区划名称
    pub division_name: String,
    /// The quarter.
    #[schema(example = "2026Q3")]
    pub quarter: String,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// What the registry knew at this instant is told.
    pub as_of: DateTime<Utc>,
    /// Which report of the quarter, from 1; `null` of figures that were not shared.
    pub edition: Option<i32>,
    /// Role that shared it.
    pub made_by_role: Option<String>,
    /// Why there is a later edition.
    pub reason: Option<String>,
    /// What sharing rests on: a plan's text, and this registry's own period.
    pub citations: Vec<Citation>,
    /// 说明
    pub note_zh: String,
    /// What to know of it.
    pub note_en: String,
    /// Checks by operation and verdict.
    pub counts: Vec<OperationCount>,
    /// How the bureaus' replies stand.
    pub replies: ReplyCounts,
    /// The checks, in the order in which they were made.
    pub checks: Vec<ShareRow>,
}

impl QuarterReport {
    /// A report.
    ///
    /// # Errors
    /// An internal error for an operation or verdict that there is not.
    pub fn of(
        head: ShareHead,
        quarter: Quarter,
        today: Day,
        counts: &[QuarterCount],
        checks: Vec<ShareRow>,
    ) -> Result<QuarterReport> {
        let (counts, replies) = counted(counts)?;
        // A region's text is cited in that region only.
        let mut provisions = Vec::new();
        if head.division_code.starts_with("1406") {
            provisions.extend([&law::PLAN_SHUOZHOU_8_QUERY, &law::PLAN_SHUOZHOU_8_REPLY]);
        }
        if head.division_code.starts_with("15") {
            provisions.push(&law::PLAN_INNER_MONGOLIA_LAND_BANK);
        }
        provisions.push(&law::PRODUCT_QUARTERLY_SHARING);
        let cited = cite_all(&provisions, today);
        Ok(QuarterReport {
            id: head.id,
            division_code: head.division_code,
            division_name: head.division_name,
            quarter: quarter.to_string(),
            from: quarter.first(),
            to: quarter.last(),
            as_of: head.as_of,
            edition: head.edition,
            made_by_role: head.made_by_role,
            reason: head.reason,
            citations: cited,
            note_zh: "按季度共享是本系统设定的周期，方案只要求查询留痕、书面回复和定期共享，未规定季度。".to_owned(),
            note_en:
                "The quarter is this registry's own period: the plans ask for recorded queries, written replies and \
                      sharing from time to time, and name no quarter."
                    .to_owned(),
            counts,
            replies,
            checks,
        })
    }
}

fn counted(rows: &[QuarterCount]) -> Result<(Vec<OperationCount>, ReplyCounts)> {
    let mut replies = ReplyCounts::default();
    let mut counts: Vec<OperationCount> = Vec::new();
    for operation in Operation::ALL {
        let text = operation.text();
        let mut verdicts = Vec::new();
        for verdict in Verdict::ALL {
            let of = rows.iter().filter(|row| row.operation == operation.as_str() && row.verdict == verdict.as_str());
            let n: i64 = of.map(|row| row.n).sum();
            if n > 0 {
                let text = verdict.text();
                verdicts.push(VerdictCount {
                    verdict: verdict.as_str().to_owned(),
                    verdict_zh: text.zh.into_owned(),
                    verdict_en: text.en.into_owned(),
                    checks: n,
                });
            }
        }
        if !verdicts.is_empty() {
            counts.push(OperationCount {
                operation: operation.as_str().to_owned(),
                operation_zh: text.zh.into_owned(),
                operation_en: text.en.into_owned(),
                checks: verdicts.iter().map(|verdict| verdict.checks).sum(),
                verdicts,
            });
        }
    }
    for row in rows {
        let of = match row.state.as_str() {
            "not_required" => continue,
            "not_consulted" => &mut replies.not_consulted,
            "awaiting" => &mut replies.awaiting,
            "overdue" => &mut replies.overdue,
            "agrees" => &mut replies.agrees,
            "conditions" => &mut replies.conditions,
            "objects" => &mut replies.objects,
            other => return Err(Error::internal(format!("a reply cannot stand at {other}"))),
        };
        *of += row.n;
        replies.required += row.n;
    }
    Ok((counts, replies))
}

/// A cell of a table.
enum Cell {
    Text(Option<String>),
    Day(Option<Day>),
    Number(f64),
}

/// A column: its heading, its width in a spreadsheet in characters, its cell.
type Column = (&'static str, f64, fn(&ShareRow) -> Cell);

fn words(text: &str) -> Cell {
    Cell::Text(Some(text.to_owned()))
}

const COLUMNS: &[Column] = &[
    ("查询编号", 26.0, |r| words(&r.number)),
    ("查询日期", 12.0, |r| Cell::Day(Some(r.checked_on))),
    ("办件编号", 20.0, |r| Cell::Text(r.reference.clone())),
    ("行政区划代码", 13.0, |r| words(&r.division_code)),
    ("宗地代码", 22.0, |r| Cell::Text(r.parcel_code.clone())),
    ("坐落", 30.0, |r| Cell::Text(r.address.clone())),
    ("面积（平方米）", 14.0, |r| Cell::Number(r.area_m2)),
    ("面积（亩）", 12.0, |r| Cell::Number(r.area_mu)),
    ("操作", 14.0, |r| words(&r.operation_zh)),
    ("规划用途代码", 22.0, |r| Cell::Text(r.planned_use.clone())),
    ("规划用途", 20.0, |r| Cell::Text(r.planned_use_zh.clone())),
    ("原用地行业（申报）", 16.0, |r| Cell::Text(r.former_industry.clone())),
    ("涉及地块编码", 30.0, |r| Cell::Text((!r.sites.is_empty()).then(|| r.sites.join("、")))),
    ("线索", 8.0, |r| Cell::Text(r.lead.then(|| "是".to_owned()))),
    ("查询结论", 14.0, |r| words(&r.verdict_zh)),
    ("征求意见函", 24.0, |r| Cell::Text(r.consultation.clone())),
    ("发函日期", 12.0, |r| Cell::Day(r.consulted_on)),
    ("回复期限", 12.0, |r| Cell::Day(r.reply_due_on)),
    ("回复文号", 24.0, |r| Cell::Text(r.reply.clone())),
    ("回复日期", 12.0, |r| Cell::Day(r.replied_on)),
    ("回复结论", 12.0, |r| Cell::Text(r.conclusion_zh.clone())),
    ("回复所附条件", 30.0, |r| Cell::Text(r.conditions.clone())),
    ("回复后结论", 14.0, |r| {
        let after = r.verdict_after.as_deref().and_then(super::rules::again::verdict);
        Cell::Text(after.map(|verdict| verdict.text().zh.into_owned()))
    }),
];

/// Whether a spreadsheet would run it as a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The checks as CSV: UTF-8 with byte order mark, Chinese headings; text that a spreadsheet would run is made inert.
///
/// # Errors
/// When a row cannot be written: a fault of ours.
pub(super) fn csv(rows: &[ShareRow]) -> Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS.iter().map(|(heading, ..)| heading)).map_err(Error::internal)?;
    for row in rows {
        let cells = COLUMNS.iter().map(|(.., cell)| match cell(row) {
            Cell::Text(None) | Cell::Day(None) => String::new(),
            Cell::Text(Some(text)) if is_formula(&text) => format!("'{text}"),
            Cell::Text(Some(text)) => text,
            Cell::Day(Some(day)) => day.to_string(),
            Cell::Number(number) => format!("{number:.2}"),
        });
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}

/// The checks as XLSX; the same rows made at the same instant give the same bytes.
///
/// # Errors
/// When the workbook cannot be written: a fault of ours.
pub(super) fn xlsx(rows: &[ShareRow], sheet: &str, made_at: DateTime<Utc>) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let made_at = ExcelDateTime::from_timestamp(made_at.timestamp()).map_err(Error::internal)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let worksheet = workbook.add_worksheet();
    worksheet.set_name(sheet).map_err(Error::internal)?;
    worksheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
    let bold = Format::new().set_bold().set_text_wrap();
    let text = Format::new().set_num_format("@");
    let quoted = Format::new().set_num_format("@").set_quote_prefix();
    let two = Format::new().set_num_format("0.00");
    for (at, (heading, width, _)) in (0_u16..).zip(COLUMNS) {
        worksheet.set_column_width(at, *width).map_err(Error::internal)?;
        worksheet.write_string_with_format(0, at, *heading, &bold).map_err(Error::internal)?;
    }
    for (n, row) in (1_u32..).zip(rows) {
        for (at, (.., cell)) in (0_u16..).zip(COLUMNS) {
            let done = match cell(row) {
                Cell::Text(None) | Cell::Day(None) => continue,
                Cell::Text(Some(value)) => {
                    let format = if is_formula(&value) { &quoted } else { &text };
                    worksheet.write_string_with_format(n, at, value, format)
                }
                Cell::Day(Some(day)) => worksheet.write_string(n, at, day.to_string()),
                Cell::Number(number) => {
                    worksheet.write_number_with_format(n, at, (number * 100.0).round() / 100.0, &two)
                }
            };
            done.map_err(Error::internal)?;
        }
    }
    workbook.save_to_buffer().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_spreadsheet_would_run_is_made_inert() {
        for (text, runs) in [("=1+1", true), ("+86", true), ("－1", true), ("@a", true), (" =1", true), ("a=1", false)]
        {
            assert_eq!(is_formula(text), runs, "{text}");
        }
    }

    #[test]
    fn every_state_of_a_reply_is_counted_once() {
        let row = |operation: &str, verdict: &str, state: &str, n| QuarterCount {
            operation: operation.to_owned(),
            verdict: verdict.to_owned(),
            state: state.to_owned(),
            n,
        };
        let rows = [
            row("supply", "allow", "not_required", 5),
            row("reclaim", "hold", "awaiting", 1),
            row("reclaim", "block", "overdue", 2),
            row("reclaim", "hold", "agrees", 4),
            row("acquire", "hold", "not_consulted", 8),
        ];
        let (counts, replies) = counted(&rows).unwrap();
        let seen: Vec<_> = counts.iter().map(|count| (count.operation.as_str(), count.checks)).collect();
        assert_eq!(seen, [("reclaim", 7), ("acquire", 8), ("supply", 5)]);
        assert_eq!(
            counts[0].verdicts.iter().map(|v| (v.verdict.as_str(), v.checks)).collect::<Vec<_>>(),
            [("hold", 5), ("block", 2)]
        );
        let expected = ReplyCounts {
            required: 15,
            not_consulted: 8,
            awaiting: 1,
            overdue: 2,
            agrees: 4,
            ..ReplyCounts::default()
        };
        assert_eq!(replies, expected);
        assert!(counted(&[row("reclaim", "hold", "lost", 1)]).is_err());
    }
}
