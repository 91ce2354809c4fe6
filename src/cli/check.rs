//! `jingtu check FILE`: the land check for every parcel of a file.

use super::Outcome;
use crate::across::land_check::{self, Asked, Operation};
use crate::config::Config;
use crate::kernel::{Day, Error, Kind, Result, Text};
use crate::platform::{Act, Permission, Reply, call};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// GeoJSON: a FeatureCollection, a Feature, or a bare Polygon or MultiPolygon
    file: PathBuf,
    /// What is to be done with the land; for parcels whose properties do not say
    #[arg(long, value_parser = operation)]
    operation: Option<&'static str>,
    /// Use it is meant for, SYSTEM:CODE, such as 'GB/T 21010-2017:0701'; for parcels whose properties do not say
    #[arg(long, value_name = "SYSTEM:CODE")]
    planned_use: Option<String>,
    /// Day of the operation [default: today]
    #[arg(long)]
    on: Option<Day>,
    /// Where the replies go, one JSON object per line [default: a table on the terminal, JSON lines with --json]
    #[arg(long)]
    out: Option<PathBuf>,
}

fn operation(text: &str) -> Result<&'static str, String> {
    Operation::parse(text)
        .map(Operation::as_str)
        .ok_or_else(|| Operation::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "))
}

/// What the reply is made of; other attributes of a planner's file are of no concern.
const KNOWN: [&str; 7] = ["operation", "current_use", "planned_use", "on", "facts", "reference", "division_code"];

pub(super) async fn run(config: Config, arguments: Arguments, json: bool) -> Result<Outcome> {
    let unreadable = |cause: std::io::Error| {
        let name = arguments.file.display();
        Error::new(
            Kind::Invalid,
            "file_unreadable",
            Text::new(format!("无法读取文件 {name}。"), format!("The file {name} cannot be read.")),
        )
        .because(cause)
    };
    let parcels = parcels(call::parse_json(&std::fs::read(&arguments.file).map_err(unreadable)?)?);
    let defaults = defaults(&arguments)?;
    let mut out = match &arguments.out {
        Some(path) => Some(std::io::BufWriter::new(std::fs::File::create(path).map_err(Error::internal)?)),
        None => None,
    };
    let opened = super::open(config).await?;
    let bar = ProgressBar::new(u64::try_from(parcels.len()).unwrap_or(0));
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut wrong = 0_u64;
    for (i, parcel) in parcels.into_iter().enumerate() {
        let answered = one(&opened.app, parcel, &defaults).await;
        let line = match &answered {
            Ok(answered) => {
                *counts.entry(answered.verdict.as_str()).or_default() += 1;
                answered.body.clone()
            }
            // Nothing is dropped silently: a parcel that cannot be judged has a line of its own.
            Err(error) => {
                wrong += 1;
                let faults: Vec<_> = error
                    .faults()
                    .iter()
                    .map(|f| json!({"pointer": f.pointer, "code": f.code, "message_zh": f.message.zh, "message_en": f.message.en}))
                    .collect();
                let detail = error.detail();
                json!({"row": i + 1, "error": {"code": error.code(), "detail_zh": detail.zh, "detail_en": detail.en, "errors": faults}})
                    .to_string()
                    .into_bytes()
            }
        };
        if let Some(out) = &mut out {
            out.write_all(&line).and_then(|()| out.write_all(b"\n")).map_err(Error::internal)?;
        } else if json {
            println!("{}", String::from_utf8_lossy(&line));
        } else {
            bar.suspend(|| print_row(i + 1, &answered));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(out) = &mut out {
        out.flush().map_err(Error::internal)?;
    }
    opened.close().await?;
    if !json {
        let summary: Vec<_> = counts.iter().map(|(verdict, n)| format!("{verdict} {n}")).collect();
        println!("{}{}", summary.join("，"), if wrong > 0 { format!("，有误 wrong {wrong}") } else { String::new() });
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
    let refused = counts.contains_key("block") || counts.contains_key("hold");
    Ok(if refused { Outcome::No } else { Outcome::Done })
}

async fn one(app: &crate::platform::App, parcel: Value, defaults: &Value) -> Result<land_check::Answered> {
    let mut properties = defaults.clone();
    if let (Some(ours), Some(theirs)) = (properties.as_object_mut(), parcel["properties"].as_object()) {
        ours.extend(
            theirs
                .iter()
                .filter(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_null())
                .map(|(n, v)| (n.clone(), v.clone())),
        );
    }
    let asked = json!({"type": "Feature", "geometry": parcel["geometry"], "properties": properties}).to_string();
    let asked: Asked = call::parse_json(asked.as_bytes())?;
    let mut act = Act::operator(app, Permission::LandCheckAsk).await?;
    let question = land_check::read_question(asked, act.today())?;
    let answered = land_check::ask(&mut act, question).await?;
    act.finish(Reply::nothing()).await?;
    Ok(answered)
}

fn parcels(file: Value) -> Vec<Value> {
    match file["type"].as_str() {
        Some("FeatureCollection") => file["features"].as_array().cloned().unwrap_or_default(),
        Some("Polygon" | "MultiPolygon") => vec![json!({"type": "Feature", "geometry": file, "properties": {}})],
        _ => vec![file],
    }
}

fn defaults(arguments: &Arguments) -> Result<Value> {
    let mut defaults = serde_json::Map::new();
    if let Some(operation) = &arguments.operation {
        defaults.insert("operation".to_owned(), json!(operation));
    }
    if let Some(on) = arguments.on {
        defaults.insert("on".to_owned(), json!(on));
    }
    if let Some(planned) = &arguments.planned_use {
        let (system, code) = planned.rsplit_once(':').ok_or_else(|| {
            Error::new(
                Kind::Malformed,
                "bad_planned_use",
                Text::fixed("--planned-use 应为 体系:代码。", "--planned-use must be SYSTEM:CODE."),
            )
        })?;
        defaults.insert("planned_use".to_owned(), json!({"system": system, "code": code}));
    }
    Ok(Value::Object(defaults))
}

fn print_row(row: usize, answered: &Result<land_check::Answered>) {
    match answered {
        Ok(answered) => {
            let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
            let name = |key: &str| body[key].as_str().unwrap_or("").to_owned();
            println!("{row}  {}  {} {}  {}", name("number"), name("verdict"), name("verdict_zh"), name("reference"));
            for rule in body["rules"].as_array().into_iter().flatten() {
                let citation = &rule["citations"][0];
                println!(
                    "    {:<8} {:<14} {}  {} {}",
                    rule["rule"].as_str().unwrap_or(""),
                    rule["verdict"].as_str().unwrap_or(""),
                    rule["title_zh"].as_str().unwrap_or(""),
                    citation["instrument_zh"].as_str().unwrap_or(""),
                    citation["article"].as_str().unwrap_or(""),
                );
            }
        }
        Err(error) => println!("{row}  {error}"),
    }
}
