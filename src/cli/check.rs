//! `jingtu check FILE`: the land check for every parcel of a file.

use super::Outcome;
use super::say::{aside, say};
use crate::across::imports::{Crs, Mode, OnError, Options};
use crate::across::land_check::Operation;
use crate::across::land_check::batch::{self, Defaults, File, Line, On, Rows, Sink};
use crate::config::Config;
use crate::kernel::{Day, Error, Kind, LandCheckBatchId, Result, Text};
use crate::platform::{Act, App, Caller, Permission, Reply};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// GeoJSON (a FeatureCollection, a Feature, or a bare Polygon or MultiPolygon), GeoJSONSeq, either in gzip; a Shapefile in a
    /// zip archive; GeoPackage; CSV or XLSX with outlines as WKT
    file: PathBuf,
    /// What is to be done with the land; for parcels whose attributes do not say
    #[arg(long, value_parser = operation)]
    operation: Option<&'static str>,
    /// Use it is meant for, SYSTEM:CODE, such as 'GB/T 21010-2017:0701'; for parcels whose attributes do not say
    #[arg(long, value_name = "SYSTEM:CODE")]
    planned_use: Option<String>,
    /// Day of the operation [default: today]
    #[arg(long)]
    on: Option<Day>,
    /// Reference system of the coordinates, where the file does not say: CRS84, EPSG:4527 ...
    #[arg(long)]
    crs: Option<String>,
    /// Names of attributes, theirs=ours; may be repeated. '#layer=NAME' chooses a layer or sheet, '#encoding=GBK' says how a
    /// Shapefile's texts are written
    #[arg(long = "map", value_name = "THEIRS=OURS", value_parser = super::import::pair)]
    mapping: Vec<(String, String)>,
    /// Where the replies go, one JSON object per line and the signed manifest last [default: a table on the terminal, JSON
    /// lines with --json]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Carry on a batch that broke off, named by what it printed when it began; same file, same options
    #[arg(long, value_name = "BATCH")]
    resume: Option<LandCheckBatchId>,
}

fn operation(text: &str) -> Result<&'static str, String> {
    Operation::parse(text)
        .map(Operation::as_str)
        .ok_or_else(|| Operation::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "))
}

pub(super) async fn run(config: Config, arguments: Arguments, json: bool) -> Result<Outcome> {
    let file = read(&arguments)?;
    let defaults = Defaults::read(arguments.operation, arguments.planned_use.as_deref(), arguments.on)?;
    let opened = super::open(config).await?;
    let mut terminal =
        Terminal { bar: ProgressBar::hidden(), out: None, json, counts: BTreeMap::new(), wrong: 0, manifest: None };
    let ended = answer(&opened.app, &arguments, &file, defaults, &mut terminal).await;
    terminal.bar.finish_and_clear();
    let closed = opened.close().await;
    ended?;
    closed?;
    terminal.conclude()
}

async fn answer(
    app: &App,
    arguments: &Arguments,
    file: &File,
    defaults: Defaults,
    terminal: &mut Terminal,
) -> Result<()> {
    let (rows, remarks) = batch::of_file(app, file, defaults).await?;
    let on = On { app: app.clone(), caller: Caller::Operator, request_id: "command".to_owned() };
    // What a batch gave before it broke off is not written over by one that is not carried on.
    if let Some(id) = arguments.resume {
        batch::resume(&on, id, &rows).await?;
    }
    if let Some(path) = &arguments.out {
        let file = std::fs::File::create(path).map_err(|cause| unwritable(path, cause))?;
        terminal.out = Some(std::io::BufWriter::new(file));
    }
    let id = match arguments.resume {
        Some(id) => id,
        None => open(app, &rows).await?,
    };
    for remark in remarks.findings() {
        let hint = remark.hint.map(|hint| format!("\n    → {hint}")).unwrap_or_default();
        aside!("备注 note  {}  {}{hint}", remark.fault.pointer, remark.fault.message);
    }
    aside!("批次 batch {id}（中断后续办 / to carry it on: --resume {id}）");
    terminal.bar = ProgressBar::new(rows.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {per_sec} {eta}") {
        terminal.bar.set_style(style);
    }
    batch::run(&on, id, &Arc::new(rows), terminal).await
}

async fn open(app: &App, rows: &Rows) -> Result<LandCheckBatchId> {
    let mut act = Act::operator(app, Permission::LandCheckAsk).await?;
    let id = batch::open(&mut act, rows, None).await?;
    act.finish(Reply::nothing()).await?;
    Ok(id)
}

/// The file as it is read like any other; a bare outline becomes a feature.
fn read(arguments: &Arguments) -> Result<File> {
    #[derive(Deserialize)]
    struct Peek {
        #[serde(rename = "type")]
        kind: String,
    }
    let path = &arguments.file;
    let mut content = std::fs::read(path).map_err(|cause| {
        let name = path.display();
        Error::new(
            Kind::Invalid,
            "file_unreadable",
            Text::new(format!("无法读取文件 {name}。"), format!("The file {name} cannot be read.")),
        )
        .because(cause)
    })?;
    let bare = serde_json::from_slice::<Peek>(&content)
        .is_ok_and(|peek| matches!(peek.kind.as_str(), "Polygon" | "MultiPolygon"));
    if bare {
        let outline = std::mem::take(&mut content);
        content = [br#"{"type":"Feature","properties":{},"geometry":"#.as_slice(), &outline, b"}"].concat();
    }
    let crs = match &arguments.crs {
        Some(name) => Some(Crs::parse(name).ok_or_else(|| {
            Error::new(
                Kind::Malformed,
                "bad_crs",
                Text::new(format!("无法识别坐标系 {name}。"), format!("The reference system {name} is not known.")),
            )
        })?),
        None => None,
    };
    let options = Options {
        mode: Mode::Commit,
        on_error: OnError::AcceptValid,
        crs,
        mapping: arguments.mapping.iter().cloned().collect(),
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(File { name, content: Bytes::from(content), options })
}

fn unwritable(path: &std::path::Path, cause: std::io::Error) -> Error {
    let name = path.display();
    Error::new(
        Kind::Invalid,
        "file_unwritable",
        Text::new(format!("无法写入文件 {name}。"), format!("The file {name} cannot be written.")),
    )
    .because(cause)
}

/// Progress on a terminal (nothing where stderr is none), and the lines where they are wanted.
struct Terminal {
    bar: ProgressBar,
    out: Option<std::io::BufWriter<std::fs::File>>,
    json: bool,
    counts: BTreeMap<String, u64>,
    wrong: u64,
    manifest: Option<Vec<u8>>,
}

impl Sink for Terminal {
    fn take<'a>(&'a mut self, lines: Vec<Line>) -> BoxFuture<'a, Result<()>> {
        let taken = lines.into_iter().try_for_each(|line| self.line(line)).and_then(|()| match &mut self.out {
            // What was given stands in the file, however the run ends.
            Some(out) => out.flush().map_err(Error::internal),
            None => Ok(()),
        });
        Box::pin(async move { taken })
    }
}

impl Terminal {
    fn line(&mut self, line: Line) -> Result<()> {
        match (line.row, &line.verdict) {
            (Some(_), Some(verdict)) => *self.counts.entry(verdict.clone()).or_default() += 1,
            (Some(_), None) => self.wrong += 1,
            (None, _) => {}
        }
        if let Some(out) = &mut self.out {
            out.write_all(&line.body).and_then(|()| out.write_all(b"\n")).map_err(Error::internal)?;
        } else if self.json {
            say!("{}", String::from_utf8_lossy(&line.body))?;
        } else if let Some(row) = line.row {
            self.bar.suspend(|| print_row(row, &line.body))?;
        }
        match line.row {
            Some(_) => self.bar.inc(1),
            None => self.manifest = Some(line.body),
        }
        Ok(())
    }

    fn conclude(self) -> Result<Outcome> {
        let wrong = self.wrong;
        if !self.json {
            let summary: Vec<_> = self.counts.iter().map(|(verdict, n)| format!("{verdict} {n}")).collect();
            say!("{}{}", summary.join("，"), if wrong > 0 { format!("，有误 wrong {wrong}") } else { String::new() })?;
            let manifest: Value = serde_json::from_slice(&self.manifest.unwrap_or_default()).unwrap_or_default();
            let (digest, place) = (&manifest["proof"]["payload_sha256"], &manifest["proof"]["log_index"]);
            say!("清单 manifest sha256 {}, log index {place}", digest.as_str().unwrap_or_default())?;
        }
        if wrong > 0 {
            return Err(Error::new(
                Kind::Invalid,
                "parcels_wrong",
                Text::new(
                    format!("{wrong} 个地块无法判定，见各行说明。"),
                    format!("{wrong} parcels could not be judged; each says why."),
                ),
            ));
        }
        let refused = self.counts.contains_key("block") || self.counts.contains_key("hold");
        Ok(if refused { Outcome::No } else { Outcome::Done })
    }
}

fn print_row(row: u32, line: &[u8]) -> Result<()> {
    let body: Value = serde_json::from_slice(line).unwrap_or_default();
    let name = |key: &str| body[key].as_str().unwrap_or("").to_owned();
    let error = &body["error"];
    if error.is_object() {
        let said = |key: &str| error[key].as_str().unwrap_or("").to_owned();
        say!("{row}  {}  {} {}", said("code"), said("detail_zh"), said("detail_en"))?;
        for fault in error["errors"].as_array().into_iter().flatten() {
            let said = |key: &str| fault[key].as_str().unwrap_or("");
            say!("    {}  {} {}", said("pointer"), said("message_zh"), said("message_en"))?;
        }
        return Ok(());
    }
    say!("{row}  {}  {} {}  {}", name("number"), name("verdict"), name("verdict_zh"), name("reference"))?;
    for rule in body["rules"].as_array().into_iter().flatten() {
        let citation = &rule["citations"][0];
        say!(
            "    {:<8} {:<14} {}  {} {}",
            rule["rule"].as_str().unwrap_or(""),
            rule["verdict"].as_str().unwrap_or(""),
            rule["title_zh"].as_str().unwrap_or(""),
            citation["instrument_zh"].as_str().unwrap_or(""),
            citation["article"].as_str().unwrap_or(""),
        )?;
    }
    Ok(())
}
