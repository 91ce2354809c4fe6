//! `/v1/land-checks/batch`, `/v1/land-checks/batches`: many parcels in one call.

use super::super::actions::batch::{self, Defaults, Form, Line, On, Rows, Sink};
use super::super::jobs;
use super::super::reply::SealedManifest;
use super::super::store::batch as store;
use super::Asked;
use crate::kernel::{Day, Error, JobId, Kind, LandCheckBatchId, Result, Text, paging};
use crate::platform::jobs as queue;
use crate::platform::{App, Call, ContentCrs, Params, Permission, Reply, Stop, call};
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask_batch))
        .routes(routes!(list_batches))
        .routes(routes!(get_batch))
        .routes(routes!(get_batch_replies))
}

/// Media type of the answer: a JSON text per line.
const NDJSON: &str = "application/x-ndjson";
/// How long a client may take no line before the batch goes on without it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What holds for parcels that do not say it themselves.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchParams {
    /// What is to be done with the land
    #[param(example = "supply")]
    operation: Option<String>,
    /// Use it is meant for, `SYSTEM:CODE`
    #[param(example = "GB/T 21010-2017:0701")]
    planned_use: Option<String>,
    /// Day of the operation
    on: Option<Day>,
}

/// The questions of a batch.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it says what the body is; the body itself is cut into rows as text")]
struct AskedTogether {
    /// `FeatureCollection`.
    #[schema(rename = "type", example = "FeatureCollection")]
    kind: String,
    /// Each a question as `POST /v1/land-checks` takes it, and read as strictly.
    features: Vec<Asked>,
}

/// What opening a batch leaves for the same request sent again.
#[derive(Serialize, Deserialize)]
struct OpenedBatch {
    batch: LandCheckBatchId,
}

/// A batch that is answered in the background.
#[derive(Serialize, ToSchema)]
struct AcceptedBatch {
    /// The batch; its replies and its manifest are read under `/v1/land-checks/batches/{id}`.
    id: LandCheckBatchId,
    /// The job.
    job_id: JobId,
    /// Where the job is followed.
    #[schema(example = "/v1/jobs/0199f7a2-0000-7000-8000-000000000000")]
    href: String,
}

/// Ask of many parcels at once
///
/// The answer is streamed in the order asked, a JSON text per line: for each Feature the reply of record, byte for byte as
/// `GET /v1/land-checks/{id}` gives it, or `{"row": n, "error": {...}}`; last the signed manifest over all of them. At least
/// 10,000 parcels; the body has at most `max_body_bytes` bytes (64 MiB unless set otherwise).
///
/// Send an `Idempotency-Key`: the same request sent again goes on where it broke off, and gives what was answered before
/// from the record. A client that goes away loses nothing: the rest is answered without it. With
/// `Prefer: respond-async` everything is answered in the background.
#[utoipa::path(post, path = "/v1/land-checks/batch", operation_id = "ask_land_checks", tag = "land checks",
    params(BatchParams,
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer in the background"),
        ("Content-Crs" = Option<String>, Header, description = "Reference system of the outlines, in its axes: the URI in angle brackets; CRS84 without it"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the call safe to repeat, and resumable")),
    request_body(description = "A FeatureCollection, or a Feature per line (or behind record separators)",
        content((AskedTogether = "application/geo+json"), (AskedTogether = "application/json"),
                (Asked = "application/x-ndjson"), (Asked = "application/geo+json-seq"))),
    responses(
        (status = 200, description = "A line per Feature, and the manifest", content_type = "application/x-ndjson", body = String),
        (status = 202, description = "With `Prefer: respond-async`", body = AcceptedBatch)),
    extensions(("x-permission" = json!("land_check.ask"))))]
async fn ask_batch(
    call: Call,
    params: Result<Params<BatchParams>, Stop>,
    crs: Result<ContentCrs, Stop>,
    request: Request,
) -> Result<Response, Stop> {
    call.caller().require(Permission::LandCheckAsk)?;
    let (Params(params), ContentCrs(crs)) = (params?, crs?);
    let (form, wants_job) = (form(request.headers())?, prefers_async(request.headers()));
    let body = call::read_all(request, call.app().config().max_body_bytes).await?;
    let defaults = Defaults::read(params.operation.as_deref(), params.planned_use.as_deref(), params.on)?;
    let (rows, body) = tokio::task::spawn_blocking({
        let defaults = defaults.clone();
        move || Rows::read(&body, form, defaults, crs).map(|rows| (rows, body))
    })
    .await
    .map_err(Error::internal)??;
    let (id, job, replayed) = match call.begin(Permission::LandCheckAsk).await {
        Ok(mut act) => {
            let job = if wants_job { Some(jobs::enqueue(&mut act, &body, form, &defaults, crs).await?) } else { None };
            let id = batch::open(&mut act, &rows, job).await?;
            if let Some(job) = job {
                queue::lead_to(act.tx(), job, &address(id)).await?;
            }
            act.finish(Reply::json(&OpenedBatch { batch: id })?).await?;
            (id, job, false)
        }
        Err(Stop::Replayed(reply)) => {
            let OpenedBatch { batch: id } = serde_json::from_slice(reply.body()).map_err(Error::internal)?;
            let job = store::get(call.app().db(), id).await?.ok_or_else(batch::missing)?.job;
            (id, job.filter(|_| wants_job), true)
        }
        Err(stop) => return Err(stop),
    };
    let mut response = match job {
        Some(job_id) => {
            let href = format!("/v1/jobs/{job_id}");
            Reply::json(&AcceptedBatch { id, job_id, href: href.clone() })?.accepted(href).into_response()
        }
        None => {
            let on =
                On { app: call.app().clone(), caller: call.caller().clone(), request_id: call.request_id().to_owned() };
            answer(on, id, rows).await?
        }
    };
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn address(id: LandCheckBatchId) -> String {
    format!("/v1/land-checks/batches/{id}")
}

fn form(headers: &HeaderMap) -> Result<Form> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim() {
        "application/json" | "application/geo+json" => Ok(Form::Collection),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/geo+json-seq" => {
            Ok(Form::Lines)
        }
        _ => Err(Error::new(
            Kind::UnsupportedMediaType,
            "unsupported_media_type",
            Text::fixed(
                "请求正文应为 application/geo+json、application/json、application/x-ndjson 或 application/geo+json-seq。",
                "The body must be application/geo+json, application/json, application/x-ndjson or application/geo+json-seq.",
            ),
        )),
    }
}

/// RFC 7240.
fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).any(|word| word.trim().eq_ignore_ascii_case("respond-async"))
}

/// What the writer of a streamed answer says to its reader.
enum Message {
    Lines(Bytes),
    Failed(Error),
    End,
}

/// The lines to a client, as long as there is one.
struct Outgoing(Option<mpsc::Sender<Message>>);

impl Sink for Outgoing {
    fn take<'a>(&'a mut self, lines: Vec<Line>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if let Some(sender) = &self.0 {
                let sent = tokio::time::timeout(PATIENCE, sender.send(Message::Lines(joined(lines)))).await;
                // Nobody takes it any more: the rest is answered all the same, and read from the record.
                if !matches!(sent, Ok(Ok(()))) {
                    self.0 = None;
                }
            }
            Ok(())
        })
    }
}

fn joined(lines: Vec<Line>) -> Bytes {
    let mut out = Vec::with_capacity(lines.iter().map(|line| line.body.len() + 1).sum());
    for line in lines {
        out.extend_from_slice(&line.body);
        out.push(b'\n');
    }
    out.into()
}

/// Runs a batch and streams its lines. What fails before the first of them is answered as an error; later the body breaks
/// off, and the same request sent again goes on.
async fn answer(on: On, id: LandCheckBatchId, rows: Rows) -> Result<Response> {
    let (sender, receiver) = mpsc::channel(2);
    let rows = Arc::new(rows);
    tokio::spawn(async move {
        let mut out = Outgoing(Some(sender));
        let last = match batch::run(&on, id, &rows, &mut out).await {
            Ok(()) => Message::End,
            Err(error) => {
                tracing::error!(batch = %id, error = &error as &dyn std::error::Error, "a batch of land checks broke off");
                Message::Failed(error)
            }
        };
        if let Some(sender) = out.0 {
            // Nobody is there to be told when this fails.
            drop(sender.send(last).await);
        }
    });
    streamed(receiver, id).await
}

async fn streamed(mut receiver: mpsc::Receiver<Message>, id: LandCheckBatchId) -> Result<Response> {
    let broken = || Error::internal("the writer of a batch stopped without an end");
    let first = match receiver.recv().await {
        Some(Message::Lines(lines)) => lines,
        Some(Message::End) => return Ok(ndjson(id, Body::empty())),
        Some(Message::Failed(error)) => return Err(error),
        None => return Err(broken()),
    };
    let rest = stream::unfold(Some(receiver), move |state| async move {
        let mut receiver = state?;
        match receiver.recv().await {
            Some(Message::Lines(lines)) => Some((Ok(lines), Some(receiver))),
            Some(Message::End) => None,
            Some(Message::Failed(error)) => Some((Err(error), None)),
            None => Some((Err(broken()), None)),
        }
    });
    // Fused, because an encoder (gzip) asks once more after the end.
    Ok(ndjson(id, Body::from_stream(stream::iter([Ok(first)]).chain(rest).fuse())))
}

fn ndjson(id: LandCheckBatchId, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(address) = HeaderValue::try_from(address(id)) {
        headers.insert(header::LOCATION, address);
    }
    response
}

/// A batch of land checks as listed.
#[derive(Debug, Serialize, ToSchema)]
struct ListedBatch {
    /// Identifier.
    id: LandCheckBatchId,
    /// Division in which the caller's role holds; `000000`: asked at the machine itself, or for the nation.
    #[schema(example = "152921")]
    division_code: String,
    /// `running` (or broken off) or `finished`.
    #[schema(example = "finished")]
    status: &'static str,
    /// Rows asked.
    asked: i32,
    /// Rows that are through.
    through: i32,
    /// Rows with a reply; null until it is finished.
    answered: Option<i32>,
    /// Rows that could not be answered; null until it is finished.
    refused: Option<i32>,
    /// Name of the file, where there was one.
    source_name: Option<String>,
    /// SHA-256 of the body or file, hexadecimal.
    source_sha256: String,
    /// The job that works on it, where it is answered in the background.
    job_id: Option<JobId>,
    /// When it was taken in.
    begun_at: DateTime<Utc>,
    /// When its manifest was signed.
    finished_at: Option<DateTime<Utc>>,
    /// Where its manifest is.
    #[schema(example = "/v1/land-checks/batches/0199f7a2-0000-7000-8000-000000000000")]
    href: String,
}

impl From<store::Listed> for ListedBatch {
    fn from(row: store::Listed) -> ListedBatch {
        ListedBatch {
            id: row.id,
            division_code: row.division_code,
            status: if row.finished_at.is_some() { "finished" } else { "running" },
            asked: row.asked,
            through: row.through,
            answered: row.answered,
            refused: row.refused,
            source_name: row.source_name,
            source_sha256: hex::encode(row.source_sha256),
            job_id: row.job,
            begun_at: row.begun_at,
            finished_at: row.finished_at,
            href: address(row.id),
        }
    }
}

/// A link of a page.
#[derive(Debug, Serialize, ToSchema)]
struct BatchLink {
    /// `next`
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address.
    href: String,
}

/// A page of batches.
#[derive(Debug, Serialize, ToSchema)]
struct BatchPage {
    /// Newest first.
    batches: Vec<ListedBatch>,
    /// Batches on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<BatchLink>,
}

/// Which batches.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchListParams {
    /// Batches on a page
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended
    cursor: Option<String>,
}

/// List batches of land checks, newest first.
#[utoipa::path(get, path = "/v1/land-checks/batches", operation_id = "list_land_check_batches", tag = "land checks",
    params(BatchListParams),
    responses((status = 200, body = BatchPage)), extensions(("x-permission" = json!("land_check.read"))))]
async fn list_batches(call: Call, params: Result<Params<BatchListParams>, Stop>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let Params(params) = params?;
    let limit = paging::limit(params.limit)?;
    let filters = format!("batches {}", scope.mark());
    let before = paging::Cursor::key(params.cursor.as_deref(), &filters)?;
    let rows = store::list(call.app().db(), &scope, None, before, i64::from(limit) + 1).await?;
    let mut batches: Vec<ListedBatch> = rows.into_iter().map(ListedBatch::from).collect();
    let mut links = Vec::new();
    if let Some(cursor) = paging::Cursor::behind(&mut batches, limit, &filters, |last| last.id.to_string()) {
        let href = call.address(&format!("/v1/land-checks/batches?limit={limit}&cursor={cursor}"));
        links.push(BatchLink { rel: "next", media_type: "application/json", href });
    }
    Ok(Reply::json(&BatchPage { number_returned: batches.len(), batches, links })?)
}

/// The batch, if the caller may see it.
async fn find(call: &Call, id: &str) -> Result<store::Listed> {
    let scope = call.read(Permission::LandCheckRead)?;
    let id: LandCheckBatchId = id.parse().map_err(|_| batch::missing())?;
    let mut found = store::list(call.app().db(), &scope, Some(id), None, 1).await?;
    found.pop().ok_or_else(batch::missing)
}

/// Read the signed manifest of a batch, byte for byte as it stood at the end of the answer.
#[utoipa::path(get, path = "/v1/land-checks/batches/{id}", operation_id = "get_land_check_batch", tag = "land checks",
    params(("id" = LandCheckBatchId, Path, description = "Identifier of the batch")),
    responses((status = 200, body = SealedManifest)), extensions(("x-permission" = json!("land_check.read"))))]
async fn get_batch(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let found = find(&call, &id).await?;
    let mut conn = call.app().db().acquire().await?;
    let body = store::manifest(&mut conn, found.id).await?.ok_or_else(|| {
        let (through, asked) = (found.through, found.asked);
        Error::conflict(
            "batch_unfinished",
            Text::new(
                format!("该批次 {asked} 行中已答复 {through} 行，尚未完成。"),
                format!("{through} of the {asked} rows of the batch are through; it is not finished."),
            ),
        )
        .retry_after(5)
    })?;
    Ok(Reply::bytes("application/json", body).with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// From which row on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReplyParams {
    /// Only rows after this one
    #[param(minimum = 0, default = 0)]
    after: Option<u32>,
}

/// Read the replies of a batch from the record
///
/// The lines of the answer to `POST /v1/land-checks/batch`, byte for byte: those that are through, and the manifest once the
/// batch is finished.
#[utoipa::path(get, path = "/v1/land-checks/batches/{id}/replies", operation_id = "get_land_check_batch_replies",
    tag = "land checks",
    params(("id" = LandCheckBatchId, Path, description = "Identifier of the batch"), ReplyParams),
    responses((status = 200, description = "A line per row, and the manifest", content_type = "application/x-ndjson", body = String)),
    extensions(("x-permission" = json!("land_check.read"))))]
async fn get_batch_replies(
    call: Call,
    Path(id): Path<String>,
    params: Result<Params<ReplyParams>, Stop>,
) -> Result<Response, Stop> {
    let found = find(&call, &id).await?;
    let Params(params) = params?;
    let after = i32::try_from(params.after.unwrap_or(0)).unwrap_or(i32::MAX);
    let (app, id) = (call.app().clone(), found.id);
    let pages = stream::unfold(Some(after), move |state| {
        let app = app.clone();
        async move {
            let after = state?;
            match page(&app, id, after).await {
                Ok((bytes, next)) => Some((Ok(bytes), next)),
                Err(error) => {
                    tracing::error!(batch = %id, error = &error as &dyn std::error::Error, "the replies of a batch broke off");
                    Some((Err(error), None))
                }
            }
        }
    });
    Ok(ndjson(id, Body::from_stream(pages.fuse())))
}

/// Some lines from the record, and the row after which the next begin; at the end the manifest, if there is one.
async fn page(app: &App, id: LandCheckBatchId, after: i32) -> Result<(Bytes, Option<i32>)> {
    // Before the rows: where it is there, they all are.
    let mut conn = app.db().acquire().await?;
    let manifest = store::manifest(&mut conn, id).await?;
    drop(conn);
    let lines = batch::on_record(app, id, after).await?;
    match lines.last().and_then(|line| line.row).and_then(|row| i32::try_from(row).ok()) {
        Some(last) => Ok((joined(lines), Some(last))),
        None => {
            let last = manifest.map(|body| Line { row: None, verdict: None, body });
            Ok((joined(last.into_iter().collect()), None))
        }
    }
}
