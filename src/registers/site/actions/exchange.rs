//! The exchange of lists between departments: what changed since the last one, numbered, frozen, the same bytes for ever.

use super::super::rules::List;
use super::super::store::exchange::{self as store, Exchange, File, Told};
use super::super::store::instant;
use super::sheet::{Csv, Headings, Xlsx, change_zh, of_exchange};
use crate::kernel::{Day, DivisionCode, Error, Fault, Result, Text, ids, wkb};
use crate::platform::{Act, Caller};
use crate::registers::division;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Bytes of a piece of a file.
const PART: usize = 1 << 20;
/// Rows read at a time.
const ROWS: i64 = 1_000;
/// Decimals of degrees in a file: 11 mm.
const DECIMALS: u8 = 7;

/// An exchange as asked for.
#[derive(Debug, Clone)]
pub(in super::super) struct NewExchange {
    /// Whose lists: this division and all below it.
    pub division: DivisionCode,
    /// Of a first exchange: what was known before this day counts as told on paper. Later ones go on where the last ended.
    pub from: Option<Day>,
    /// Last day told; today when left out, up to this instant.
    pub to: Option<Day>,
}

/// Makes the next exchange of a division: everything of the three lists that differs from what its exchanges told so far.
/// Gives its identifier.
///
/// # Errors
/// `outside_division`; `invalid_input`: an unknown division, days to come, days that were exchanged already, a first day
/// that leaves a gap.
pub(in super::super) async fn make(act: &mut Act, new: NewExchange) -> Result<Uuid> {
    act.caller().require_division(new.division.as_str())?;
    let code = new.division.as_str().to_owned();
    if !division::known(act.tx(), std::slice::from_ref(&code)).await?.contains(&code) {
        return Err(Error::invalid(vec![Fault { pointer: "/division".to_owned(), ..division::unknown(&code) }]));
    }
    let (now, today, act_id) = (act.now(), act.today(), act.id());
    let to_day = new.to.unwrap_or(today);
    let (number, before) = store::next(act.tx(), new.division.as_str()).await?;
    check(&new, to_day, today, before.as_ref())?;
    // Up to this very instant nothing is left out by a clock; an earlier day ends at its midnight.
    let known_at = (to_day < today).then(|| to_day.next().start());
    let from_day = before.as_ref().map(|before| before.to_day).or(new.from);
    let exchange = Exchange {
        id: ids::v7(now),
        division_code: new.division.as_str().to_owned(),
        division_name: String::new(),
        number,
        from_day,
        to_day,
        cut_at: known_at.unwrap_or(now),
        made_at: now,
        made_by: made_by(act.caller()),
    };
    let id = exchange.id;
    store::insert(act.tx(), &exchange, act_id).await?;
    if let (None, Some(from)) = (&before, new.from) {
        store::freeze(act.tx(), id, new.division.as_str(), Some(from.start()), true).await?;
    }
    let rows = store::freeze(act.tx(), id, new.division.as_str(), known_at, false).await?;
    let exchange =
        store::find(act.tx(), id).await?.ok_or_else(|| Error::internal("the exchange just made is not there"))?;
    let files = write_files(act, &exchange).await?;
    let digests: serde_json::Map<String, serde_json::Value> =
        files.iter().map(|file| (file.format.clone(), json!(hex::encode(&file.sha256)))).collect();
    act.note(
        format!("exchange/{id}"),
        json!({"division": exchange.division_code, "number": number, "to": to_day, "changes": rows, "sha256": digests}),
    );
    Ok(id)
}

fn made_by(caller: &Caller) -> String {
    match caller.role() {
        Some(role) => format!("{} {}", role.as_str(), caller.mark()),
        None => caller.mark(),
    }
}

fn check(new: &NewExchange, to: Day, today: Day, before: Option<&Exchange>) -> Result<()> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &'static str, code, zh: String, en: String| {
        faults.push(Fault::new(pointer, code, Text::new(zh, en)));
    };
    if to > today {
        fault("/to", "in_the_future", format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}."));
    }
    if let Some(before) = before {
        // A cut at a midnight that the last one has passed would tell less than was told.
        let passed = to < today && to.next().start() < before.cut_at;
        if passed {
            fault(
                "/to",
                "exchanged_already",
                format!("第 {} 号交换已告知至 {}。", before.number, before.to_day),
                format!("Exchange {} has told everything up to {}.", before.number, before.to_day),
            );
        }
        if let Some(from) = new.from
            && from != before.to_day
            && from != before.to_day.next()
        {
            fault(
                "/from",
                "not_where_the_last_ended",
                format!("须接续第 {} 号交换（至 {}），可不填。", before.number, before.to_day),
                format!("Goes on where exchange {} ended ({}); leave it out.", before.number, before.to_day),
            );
        }
    }
    if let Some(from) = new.from
        && from > to
    {
        fault("/from", "ends_before_it_starts", format!("不得晚于 {to}。"), format!("Must not lie after {to}."));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The media type of a file, and how its name ends.
pub(in super::super) fn media_type(format: &str) -> &'static str {
    match format {
        "csv" => "text/csv; charset=utf-8",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => crate::platform::reply::GEOJSON,
    }
}

/// A file that is being kept, piece by piece.
struct Keeping {
    exchange: Uuid,
    format: &'static str,
    buffer: Vec<u8>,
    sha: Sha256,
    bytes: i64,
    part: i32,
}

impl Keeping {
    fn new(exchange: Uuid, format: &'static str) -> Keeping {
        Keeping { exchange, format, buffer: Vec::with_capacity(PART), sha: Sha256::new(), bytes: 0, part: 0 }
    }

    /// Keeps what makes whole pieces.
    async fn drain(&mut self, act: &mut Act, to: usize) -> Result<()> {
        while self.buffer.len() > to {
            let rest = self.buffer.split_off(self.buffer.len().min(PART));
            let piece = std::mem::replace(&mut self.buffer, rest);
            self.sha.update(&piece);
            self.bytes += i64::try_from(piece.len()).map_err(Error::internal)?;
            store::keep_part(act.tx(), self.exchange, self.format, self.part, &piece).await?;
            self.part += 1;
        }
        Ok(())
    }

    async fn finish(mut self, act: &mut Act) -> Result<File> {
        self.drain(act, 0).await?;
        let file = File {
            exchange_id: self.exchange,
            format: self.format.to_owned(),
            bytes: self.bytes,
            sha256: self.sha.finalize().to_vec(),
        };
        store::keep_file(act.tx(), &file).await?;
        Ok(file)
    }
}

/// Writes the three files out of the frozen rows, no more of them in memory than a page.
async fn write_files(act: &mut Act, exchange: &Exchange) -> Result<Vec<File>> {
    let id = exchange.id;
    let mut csv = Csv::new(of_exchange(), Headings::Chinese)?;
    let (mut csv_file, mut geojson) = (Keeping::new(id, "csv"), Keeping::new(id, "geojson"));
    // A spreadsheet is compressed at its end, which takes a while: on a thread where that holds up nobody.
    let (pages, mut page) = mpsc::channel::<Vec<Told>>(2);
    let sheet = format!("{}第{}号", exchange.division_code, exchange.number);
    let made_at = exchange.made_at;
    let spreadsheet = tokio::task::spawn_blocking(move || -> Result<std::fs::File> {
        let mut xlsx = Xlsx::new(of_exchange(), Headings::Chinese, &sheet, made_at)?;
        while let Some(rows) = page.blocking_recv() {
            for row in &rows {
                xlsx.row(row)?;
            }
        }
        xlsx.finish()
    });
    geojson.buffer.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
    let (mut after, mut first) = (0, true);
    loop {
        let rows = store::rows(act.tx(), id, after, ROWS).await?;
        let Some(last) = rows.last() else { break };
        after = last.n;
        for row in &rows {
            csv.row(row)?;
            if !std::mem::take(&mut first) {
                geojson.buffer.push(b',');
            }
            feature(row, &mut geojson.buffer)?;
        }
        csv_file.buffer.extend(csv.take()?);
        csv_file.drain(act, PART).await?;
        geojson.drain(act, PART).await?;
        if pages.send(rows).await.is_err() {
            // It has failed, and says why below.
            break;
        }
    }
    drop(pages);
    csv_file.buffer.extend(csv.take()?);
    let head = json!({
        "number": exchange.number, "division_code": exchange.division_code, "division_name": exchange.division_name,
        "from": exchange.from_day, "to": exchange.to_day, "cut_at": instant(exchange.cut_at),
        "made_at": instant(exchange.made_at),
    });
    geojson.buffer.extend_from_slice(format!("],\"exchange\":{head}}}").as_bytes());
    let mut file = spreadsheet.await.map_err(Error::internal)??;
    let mut xlsx_file = Keeping::new(id, "xlsx");
    loop {
        let mut piece = Vec::with_capacity(PART);
        let n = (&mut file).take(PART as u64).read_to_end(&mut piece).map_err(Error::internal)?;
        xlsx_file.buffer.extend(piece);
        xlsx_file.drain(act, PART).await?;
        if n == 0 {
            break;
        }
    }
    Ok(vec![csv_file.finish(act).await?, geojson.finish(act).await?, xlsx_file.finish(act).await?])
}

fn feature(told: &Told, out: &mut Vec<u8>) -> Result<()> {
    let line = &told.line;
    let list = List::ALL.into_iter().find(|list| list.as_str() == told.list);
    let properties = json!({
        "change": told.change, "change_zh": change_zh(&told.change),
        "list": told.list, "list_zh": list.map(|list| list.title().zh),
        "entry_id": line.entry_id, "code": line.code, "national_code": line.national_code,
        "directory_code": line.directory_code, "name": line.name, "division_code": line.division_code,
        "division_name": line.division_name, "address": line.address,
        "land_user_name": line.land_user_name, "land_user_credit_code": line.land_user_credit_code,
        "former_industry": line.former_industry, "land_use_system": line.land_use_system,
        "land_use_code": line.land_use_code, "entered_on": line.entered_on, "left_on": line.left_on,
        "risk_grade": line.risk_grade, "risk_grade_before": told.risk_grade_before, "stage": line.stage,
        "mode": line.control_mode, "stage_since": line.stage_since, "stage_before": told.stage_before,
        "mode_before": told.control_mode_before, "area_m2": line.area_m2, "invented": line.invented,
    });
    out.extend_from_slice(format!("{{\"type\":\"Feature\",\"id\":\"{}\",\"geometry\":", line.site_id).as_bytes());
    wkb::to_geojson(&line.wkb, DECIMALS, out).map_err(Error::internal)?;
    out.extend_from_slice(format!(",\"properties\":{properties}}}").as_bytes());
    Ok(())
}
