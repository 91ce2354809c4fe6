//! `POST /v1/samples`: many samples in one request, as JSON or as a table that streams in.

use super::super::actions::{self, Loaded, RowDone};
use super::super::rules::row::{self, Incoming};
use super::samples::NewResult;
use super::{PointLandType, PointLandUse, Program, SampledMedium};
use crate::kernel::quantity::Written;
use crate::kernel::{Day, Error, Fault, Kind, Result, SampleId, Text};
use crate::platform::call::{parse_json, read_all};
use crate::platform::table::{self, Table, TableRow};
use crate::platform::{Act, App, Call, Params, Permission, Reply, Stop};
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use tokio::sync::mpsc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(load_samples))
}

/// Samples of a JSON request at most; more come as a table or in several requests.
const MAX_SAMPLES: usize = 10_000;
/// Rows that are judged and written together.
const BATCH: usize = 2_000;
/// Findings that an answer tells at most; how many were left off is told too.
const MAX_FINDINGS: usize = 1_000;
/// Samples whose identifiers an answer gives at most.
const MAX_NAMED: usize = MAX_SAMPLES;

/// What a wrong row means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OnRowError {
    /// None are written.
    #[default]
    RejectAll,
    /// The valid ones are written.
    AcceptValid,
}

/// How to load.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LoadQuery {
    /// What a wrong row means for the others. Default: `reject_all`.
    #[param(inline)]
    on_error: Option<OnRowError>,
}

/// Samples to be entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SampleBatch {
    /// The samples, at most 10000.
    #[schema(max_items = 10000)]
    samples: Vec<NewSample>,
}

/// A sample to be entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSample {
    /// Where it was taken: the point's code or identifier, or the point itself.
    point: PointGiven,
    /// Its code; without one it is named after point, day, medium, material and depth.
    #[serde(default)]
    code: Option<String>,
    /// Whose sampling it was; the point's where left out.
    #[serde(default)]
    program: Option<Program>,
    /// What was sampled.
    #[serde(default)]
    medium: SampledMedium,
    /// The crop.
    #[serde(default)]
    product: Option<String>,
    /// The material in the report's words.
    #[serde(default)]
    material: Option<String>,
    /// Upper end, metres below ground.
    #[serde(default)]
    depth_from_m: Option<Written>,
    /// Lower end.
    #[serde(default)]
    depth_to_m: Option<Written>,
    /// Civil day of sampling.
    sampled_on: Day,
    /// Who analysed it.
    #[serde(default)]
    laboratory: Option<String>,
    /// How it was analysed.
    #[serde(default)]
    method: Option<String>,
    /// Soil pH.
    #[serde(default)]
    ph: Option<Written>,
    /// The report.
    #[serde(default)]
    document_id: Option<Uuid>,
    /// What was found.
    #[serde(default)]
    results: Vec<NewResult>,
}

/// How a request names a point.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum PointGiven {
    /// Its code or identifier.
    Name(String),
    /// The point itself; it is entered where its code is not known.
    Inline(Box<InlinePoint>),
}

/// A point within a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InlinePoint {
    /// Its code.
    code: String,
    /// Longitude, CRS84.
    #[serde(default)]
    lon: Option<f64>,
    /// Latitude, CRS84.
    #[serde(default)]
    lat: Option<f64>,
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// Where it lies.
    #[serde(default)]
    division_code: Option<String>,
    /// Whose sampling it serves.
    #[serde(default)]
    program: Option<Program>,
    /// The site that it is about.
    #[serde(default)]
    site_id: Option<Uuid>,
    /// The key unit whose self-monitoring it serves.
    #[serde(default)]
    key_unit_id: Option<Uuid>,
    /// Credit code of the land user who may see it.
    #[serde(default)]
    credit_code: Option<String>,
    /// Kind of farmland.
    #[serde(default)]
    land_type: Option<PointLandType>,
    /// Paddy and upland in turn.
    #[serde(default)]
    rotation: Option<bool>,
    /// Land-use code with its system.
    #[serde(default)]
    land_use: Option<PointLandUse>,
}

/// What came of a request.
#[derive(Debug, Serialize, ToSchema)]
struct SampleLoad {
    /// How many rows came to what.
    counts: LoadCounts,
    /// What is to be said of rows, in their order; at most 1000.
    findings: Vec<LoadFinding>,
    /// Findings left off.
    findings_left_off: u64,
    /// The samples that the rows belong to; at most 10000.
    samples: Vec<LoadedSample>,
}

/// How many rows came to what.
#[derive(Debug, Default, Serialize, ToSchema)]
struct LoadCounts {
    /// Rows read: samples of a JSON request, lines of a table.
    read: u64,
    /// Rows taken.
    valid: u64,
    /// Rows rejected.
    rejected: u64,
    /// Points that are new.
    points: u64,
    /// Samples that are new.
    samples: u64,
    /// Results that are new.
    results: u64,
}

/// What is to be said of a row.
#[derive(Debug, Serialize, ToSchema)]
struct LoadFinding {
    /// Place of the row, from 1.
    row: u64,
    /// `rejected` or `noted`.
    status: &'static str,
    /// Where in the row.
    #[schema(example = "/results/0/value")]
    pointer: String,
    /// Stable code.
    #[schema(example = "value_missing")]
    code: &'static str,
    /// 中文
    message_zh: String,
    /// English
    message_en: String,
}

/// The sample that a row belongs to.
#[derive(Debug, Serialize, ToSchema)]
struct LoadedSample {
    /// Place of the row, from 1.
    row: u64,
    /// The sample.
    id: SampleId,
}

/// Enters samples with their results
///
/// As JSON, or as `text/csv` that streams in: long (a row per result: `substance`, `value`, `unit`, `qualifier`) or wide (a
/// column per substance, its unit in the name or in a column `unit`), with `point_code`, `lon`, `lat`, `division_code`,
/// `program`, `sampled_on`, `medium`, `ph` and the other attributes as columns. What is there already and says the same is
/// left as it is. Soil is screened as it comes in.
#[utoipa::path(
    post, path = "/v1/samples", operation_id = "load_samples", tag = "sampling", params(LoadQuery),
    request_body(content((SampleBatch = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = SampleLoad)),
    extensions(("x-permission" = json!("sampling.write")))
)]
async fn load_samples(call: Call, Params(query): Params<LoadQuery>, request: Request) -> Result<Reply, Stop> {
    call.caller().require(Permission::SamplingWrite)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let on_error = query.on_error.unwrap_or_default();
    match essence.as_str() {
        "application/json" => {
            let bytes = read_all(request, call.app().config().max_body_bytes).await?;
            let batch: SampleBatch = parse_json(&bytes)?;
            let mut act = call.begin(Permission::SamplingWrite).await?;
            let told = Box::pin(load_json(&mut act, batch)).await?;
            finish(act, told, on_error, "/samples").await
        }
        "text/csv" | "text/tab-separated-values" => {
            let mut act = call.begin(Permission::SamplingWrite).await?;
            let told = Box::pin(load_table(&mut act, request)).await?;
            finish(act, told, on_error, "/rows").await
        }
        _ => Err(Error::new(
            Kind::UnsupportedMediaType,
            "unsupported_media_type",
            Text::fixed(
                "请求正文应为 application/json 或 text/csv。",
                "The body must be application/json or text/csv.",
            ),
        )
        .into()),
    }
}

async fn finish(mut act: Act, told: SampleLoad, on_error: OnRowError, root: &str) -> Result<Reply, Stop> {
    if told.counts.rejected > 0 && on_error == OnRowError::RejectAll {
        let faults = told
            .findings
            .into_iter()
            .filter(|finding| finding.status == "rejected")
            .map(|finding| {
                let at = finding.row - 1;
                let message = Text::new(finding.message_zh, finding.message_en);
                Fault::new(format!("{root}/{at}{}", finding.pointer), finding.code, message)
            })
            .collect();
        let counts = told.counts;
        return Err(Error::new(
            Kind::Invalid,
            "rows_rejected",
            Text::new(
                format!("共 {} 行，其中 {} 行有误，全部未写入。", counts.read, counts.rejected),
                format!("{} of {} rows are wrong, so none was written.", counts.rejected, counts.read),
            ),
        )
        .with_faults(faults)
        .into());
    }
    // A table of no rows is done too, and leaves its line.
    act.note("sampling", json!({"loaded_rows": told.counts.valid, "rejected_rows": told.counts.rejected}));
    Ok(act.finish(Reply::json(&told)?).await?)
}

impl SampleLoad {
    fn new() -> SampleLoad {
        SampleLoad { counts: LoadCounts::default(), findings: Vec::new(), findings_left_off: 0, samples: Vec::new() }
    }

    /// Adds what came of a batch; `place` turns a row's pointers into the request's.
    fn add(&mut self, loaded: Loaded, rows: &[u64], place: fn(&str) -> String, told: &mut HashSet<String>) {
        self.counts.points += loaded.points;
        self.counts.samples += loaded.samples;
        self.counts.results += loaded.results;
        for (row, done) in rows.iter().zip(loaded.rows) {
            self.counts.read += 1;
            let (status, faults) = match done {
                RowDone::Taken { sample, notes } => {
                    self.counts.valid += 1;
                    if self.samples.len() < MAX_NAMED && self.samples.last().is_none_or(|last| last.id != sample) {
                        self.samples.push(LoadedSample { row: *row, id: sample });
                    }
                    ("noted", notes)
                }
                RowDone::Rejected(faults) => {
                    self.counts.rejected += 1;
                    ("rejected", faults)
                }
            };
            for fault in faults {
                if fault.code == "column_ignored" && !told.insert(fault.pointer.clone()) {
                    continue;
                }
                if self.findings.len() == MAX_FINDINGS {
                    self.findings_left_off += 1;
                    continue;
                }
                self.findings.push(LoadFinding {
                    row: *row,
                    status,
                    pointer: place(&fault.pointer),
                    code: fault.code,
                    message_zh: fault.message.zh.into_owned(),
                    message_en: fault.message.en.into_owned(),
                });
            }
        }
    }
}

async fn load_json(act: &mut Act, batch: SampleBatch) -> Result<SampleLoad> {
    if batch.samples.is_empty() || batch.samples.len() > MAX_SAMPLES {
        return Err(Error::fault(
            "/samples",
            "samples_count",
            Text::new(
                format!("一次提交 1 至 {MAX_SAMPLES} 个样品；更多请用 text/csv 或导入。"),
                format!("A request has 1 to {MAX_SAMPLES} samples; send more as text/csv or as an import."),
            ),
        ));
    }
    let today = act.today();
    let mut told = SampleLoad::new();
    let mut seen = HashSet::new();
    let mut at = 0;
    for part in batch.samples.chunks(BATCH) {
        let rows: Vec<u64> = part
            .iter()
            .map(|_| {
                at += 1;
                at
            })
            .collect();
        let read = part.iter().map(|sample| incoming(sample, today)).collect();
        let loaded = actions::load(act, read).await?;
        told.add(loaded, &rows, json_place, &mut seen);
    }
    Ok(told)
}

/// A sample of a request as a row, so that both are judged by the same lines.
fn incoming(sample: &NewSample, today: Day) -> Result<Incoming, Vec<Fault>> {
    let mut cells = Map::new();
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            cells.insert(name.to_owned(), Value::String(text));
        }
    };
    let mut place = Ok(None);
    match &sample.point {
        PointGiven::Name(name) => match name.parse::<Uuid>() {
            Ok(id) => put("point_id", Some(id.to_string())),
            Err(_) => put("point_code", Some(name.clone())),
        },
        PointGiven::Inline(point) => {
            put("point_code", Some(point.code.clone()));
            put("point_name", point.name.clone());
            put("division_code", point.division_code.clone());
            put("program", point.program.map(|program| program.as_str().to_owned()));
            put("site_id", point.site_id.map(|id| id.to_string()));
            put("key_unit_id", point.key_unit_id.map(|id| id.to_string()));
            put("credit_code", point.credit_code.clone());
            put("land_type", point.land_type.map(|land_type| land_type.as_str().to_owned()));
            put("rotation", point.rotation.map(|rotation| rotation.to_string()));
            put("land_use_system", point.land_use.as_ref().map(|land_use| land_use.system.clone()));
            put("land_use_code", point.land_use.as_ref().map(|land_use| land_use.code.clone()));
            place = match (point.lon, point.lat) {
                (None, None) => Ok(None),
                (lon, lat) => table::lon_lat(&json!({"type": "Point", "coordinates": [lon, lat]}), "/geometry"),
            };
        }
    }
    put("sample_code", sample.code.clone());
    put("sample_program", sample.program.map(|program| program.as_str().to_owned()));
    put("medium", Some(sample.medium.as_str().to_owned()));
    put("product", sample.product.clone());
    put("material", sample.material.clone());
    put("depth_from_m", sample.depth_from_m.as_ref().map(|depth| depth.0.clone()));
    put("depth_to_m", sample.depth_to_m.as_ref().map(|depth| depth.0.clone()));
    put("sampled_on", Some(sample.sampled_on.to_string()));
    put("laboratory", sample.laboratory.clone());
    put("method", sample.method.clone());
    put("ph", sample.ph.as_ref().map(|ph| ph.0.clone()));
    put("document_id", sample.document_id.map(|id| id.to_string()));
    let read = row::sample(&cells, place, today);
    let mut faults = Vec::new();
    let mut results = Vec::new();
    for (i, result) in sample.results.iter().enumerate() {
        match result.read(&format!("/results/{i}")) {
            Ok(found) => results.push(found),
            Err(wrong) => faults.extend(wrong),
        }
    }
    row::repeated(&results, &mut faults);
    match read {
        Ok(incoming) if faults.is_empty() => Ok(Incoming { results, ..incoming }),
        Ok(_) => Err(faults),
        Err(more) => Err(more.into_iter().chain(faults).collect()),
    }
}

/// Where a row's attribute stands in a sample of a request.
fn json_place(pointer: &str) -> String {
    match pointer.strip_prefix("/properties/") {
        None if pointer == "/geometry" => "/point".to_owned(),
        None => pointer.to_owned(),
        Some(name) => match name {
            "point_code" | "point_id" => "/point".to_owned(),
            "point_name" => "/point/name".to_owned(),
            "land_use_system" => "/point/land_use/system".to_owned(),
            "land_use_code" => "/point/land_use/code".to_owned(),
            "division_code" | "program" | "site_id" | "key_unit_id" | "credit_code" | "land_type" | "rotation" => {
                format!("/point/{name}")
            }
            "sample_code" => "/code".to_owned(),
            "sample_program" => "/program".to_owned(),
            name => format!("/{name}"),
        },
    }
}

/// Where a row's attribute stands in a table.
fn table_place(pointer: &str) -> String {
    pointer.strip_prefix("/properties").unwrap_or(pointer).to_owned()
}

/// A batch on its way from the reader: rows with their places.
type Rows = Vec<(u64, Result<Incoming, Vec<Fault>>)>;

/// Reads a table as it streams in: the body's pieces go to a thread that reads rows, whose batches come back here. Each
/// channel holds a few pieces, so that memory stays bounded however long the table is.
async fn load_table(act: &mut Act, request: Request) -> Result<SampleLoad> {
    let today = act.today();
    let (pieces, piped) = mpsc::channel::<io::Result<Bytes>>(16);
    let mut body = request.into_body().into_data_stream();
    let feeding = async move {
        while let Some(piece) = body.next().await {
            if pieces.send(piece.map_err(io::Error::other)).await.is_err() {
                break;
            }
        }
    };
    let (sender, mut batches) = mpsc::channel::<Rows>(4);
    let reading =
        tokio::task::spawn_blocking(move || read_table(Piped { pieces: piped, rest: Bytes::new() }, today, &sender));
    let loading = async move {
        let mut told = SampleLoad::new();
        let mut seen = HashSet::new();
        while let Some(batch) = batches.recv().await {
            let (rows, read): (Vec<u64>, Vec<_>) = batch.into_iter().unzip();
            let loaded = actions::load(act, read).await?;
            told.add(loaded, &rows, table_place, &mut seen);
        }
        Ok::<SampleLoad, Error>(told)
    };
    let ((), told) = tokio::join!(feeding, loading);
    let told = told?;
    reading.await.map_err(Error::internal)??;
    Ok(told)
}

fn read_table(piped: Piped, today: Day, sender: &mpsc::Sender<Rows>) -> Result<()> {
    let mut table = Table::open(BufReader::with_capacity(1 << 16, piped))?;
    let mut seen = HashSet::new();
    let mut batch: Rows = Vec::with_capacity(BATCH);
    while let Some(TableRow { row, cells }) = table.next_row()? {
        let read = cells.and_then(|mut cells| {
            let place = table::take_position(&mut cells).and_then(|geometry| table::lon_lat(&geometry, "/geometry"));
            row::read(&cells, place, today, &mut seen)
        });
        batch.push((row, read));
        if batch.len() == BATCH && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            // The other side has failed and says why.
            return Ok(());
        }
    }
    if !batch.is_empty() {
        drop(sender.blocking_send(batch));
    }
    Ok(())
}

/// The pieces of a body as something to read from, on a thread that may wait.
struct Piped {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

impl Read for Piped {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.rest.len());
        out[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
    }
}
