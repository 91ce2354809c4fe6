//! `jingtu import TARGET FILE`

use super::Outcome;
use super::say::{aside, say};
use crate::across::imports::{self, Crs, Mode, OnError, Options, Watch};
use crate::config::Config;
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::jobs::{Counts, RowFinding};
use futures_util::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Target: divisions, sites, farmland, samples, control-zones, key-units, coverage, parcels, siting-zones, reference:NAME
    target: String,
    /// GeoJSON or GeoJSONSeq, plain or gzipped; a Shapefile in a zip archive; GeoPackage; XLSX; for samples and reference layers
    /// also CSV; for divisions also the published code lists
    file: PathBuf,
    /// Check everything, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Reference system of the coordinates, where the file does not say: CRS84, EPSG:4527 ...
    #[arg(long)]
    crs: Option<String>,
    /// What a wrong row means for the others: reject_all or accept_valid
    #[arg(long, default_value = "reject_all", value_parser = on_error)]
    on_error: OnError,
    /// Names of attributes, theirs=ours; may be repeated. '#layer=NAME' chooses a layer or sheet, '#encoding=GBK' says how a
    /// Shapefile's texts are written
    #[arg(long = "map", value_name = "THEIRS=OURS", value_parser = pair)]
    mapping: Vec<(String, String)>,
    /// Attributes that no column gives, ours=value (unit=mg/kg); may be repeated
    #[arg(long = "set", value_name = "OURS=VALUE", value_parser = pair)]
    constants: Vec<(String, String)>,
}

fn on_error(text: &str) -> Result<OnError, String> {
    match text {
        "reject_all" => Ok(OnError::RejectAll),
        "accept_valid" => Ok(OnError::AcceptValid),
        _ => Err("reject_all, accept_valid".to_owned()),
    }
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (theirs, ours) = text.split_once('=').ok_or("THEIRS=OURS")?;
    Ok((theirs.to_owned(), ours.to_owned()))
}

pub(super) async fn run(config: Config, arguments: Arguments, json: bool) -> Result<Outcome> {
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
        mode: if arguments.dry_run { Mode::DryRun } else { Mode::Commit },
        on_error: arguments.on_error,
        crs,
        mapping: arguments
            .constants
            .into_iter()
            .map(|(ours, value)| (format!("={ours}"), value))
            .chain(arguments.mapping)
            .collect::<BTreeMap<_, _>>(),
    };
    let importer = imports::importer(&arguments.target)?;
    let opened = super::open(config).await?;
    let mut watch = Terminal::new(json);
    let ended = imports::run_file(&opened.app, &*importer, &arguments.file, &options, &mut watch).await;
    watch.bar.finish_and_clear();
    let closed = opened.close().await;
    let report = ended?;
    closed?;
    let counts = report.counts;
    if json {
        super::print_json(
            &json!({"target": arguments.target, "dry_run": arguments.dry_run, "counts": counts, "rows": watch.rows}),
        )?;
    } else {
        let Counts { read, valid, repaired, rejected, written } = counts;
        say!("读取 {read}，有效 {valid}（其中修复 {repaired}），拒绝 {rejected}，写入 {written}")?;
        say!("read {read}, valid {valid} (repaired {repaired} of them), rejected {rejected}, written {written}")?;
        if arguments.dry_run {
            say!("试运行，未写入。 / Dry run: nothing was written.")?;
        }
    }
    // A dry run ends as the commit would.
    Ok(if counts.rejected > 0 && options.on_error == OnError::RejectAll { Outcome::No } else { Outcome::Done })
}

/// Progress on a terminal (nothing where stderr is none), and what is to be said of rows.
pub(super) struct Terminal {
    bar: ProgressBar,
    json: bool,
    rows: Vec<serde_json::Value>,
}

impl Terminal {
    pub(super) fn new(json: bool) -> Terminal {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {per_sec} {eta}") {
            bar.set_style(style);
        }
        Terminal { bar, json, rows: Vec::new() }
    }
}

impl Watch for Terminal {
    fn progress<'a>(&'a mut self, done: u64, total: u64, _: &'a Counts) -> BoxFuture<'a, Result<()>> {
        self.bar.set_length(total);
        self.bar.set_position(done);
        Box::pin(async { Ok(()) })
    }

    fn findings<'a>(&'a mut self, findings: Vec<RowFinding>) -> BoxFuture<'a, Result<()>> {
        for finding in findings {
            let status = finding.status();
            let RowFinding { row, fault, hint, .. } = finding;
            if self.json {
                self.rows.push(json!({
                    "row": row, "status": status, "pointer": fault.pointer, "code": fault.code,
                    "message_zh": fault.message.zh, "message_en": fault.message.en,
                }));
                continue;
            }
            let state = match status {
                "rejected" => "拒绝 rejected",
                "noted" => "备注 noted",
                _ => "修复 repaired",
            };
            let hint = hint.map(|hint| format!("\n    → {hint}")).unwrap_or_default();
            self.bar.suspend(|| aside!("第 {row} 行 row {row}  {state}  {}  {}{hint}", fault.pointer, fault.message));
        }
        Box::pin(async { Ok(()) })
    }
}
