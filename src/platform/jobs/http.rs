//! Jobs over HTTP, read as they stand.

use super::Counts;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Error, JobId, Lang, Result};
use crate::platform::{App, Permission, Reply, Stop, call};
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::types::Json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations on jobs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_job)).routes(routes!(list_job_rows))
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waiting for a server.
    Queued,
    /// Being worked on.
    Running,
    /// Ended well.
    Done,
    /// Ended without effect; `failure` says why.
    Failed,
}

/// A background job.
#[derive(Serialize, ToSchema)]
struct JobView {
    /// Its identifier.
    id: JobId,
    /// `import`, `land_check_batch`, `land_check_file`
    #[schema(example = "import")]
    kind: String,
    /// What it is about: the import's target.
    #[schema(example = "farmland")]
    target: String,
    /// Where it stands.
    status: JobStatus,
    /// `dry_run` or `commit`.
    #[schema(example = "commit")]
    mode: Option<String>,
    /// `reject_all` or `accept_valid`.
    #[schema(example = "reject_all")]
    on_error: Option<String>,
    /// How far it is.
    progress: JobProgress,
    /// How many rows came to what.
    counts: Counts,
    /// What was sent.
    receipt: JobReceipt,
    /// Why it failed, when it did.
    failure: Option<JobFailure>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When a server first took it up.
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// `rows`: what was wrong with rows; `result`: what the job makes, where that is a record of its own.
    links: Vec<JobLink>,
}

/// How far a job is, in rows.
#[derive(Serialize, ToSchema)]
struct JobProgress {
    /// Rows worked on.
    #[schema(example = 1500)]
    done: i64,
    /// Rows in all, once they were counted.
    #[schema(example = 2898)]
    total: Option<i64>,
}

/// What was sent.
#[derive(Serialize, ToSchema)]
struct JobReceipt {
    /// SHA-256 of the file, hexadecimal.
    sha256: String,
    /// Its length.
    bytes: i64,
    /// Its name.
    #[schema(example = "farmland.geojson")]
    file_name: String,
}

/// Why a job failed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct JobFailure {
    /// Stable, snake_case.
    #[schema(example = "rows_rejected")]
    code: String,
    /// 中文
    message_zh: String,
    /// English
    message_en: String,
    /// Where in the file, when one place is to blame.
    errors: Vec<JobFault>,
}

/// One thing wrong with the file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct JobFault {
    /// Where.
    pointer: String,
    /// Stable, snake_case.
    code: String,
    /// 中文
    message_zh: String,
    /// English
    message_en: String,
}

/// A link of a job or a page of its rows.
#[derive(Serialize, ToSchema)]
struct JobLink {
    /// `rows`, `result`, `next`
    #[schema(example = "rows")]
    rel: String,
    /// Media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Address.
    href: String,
}

/// Follow a job
///
/// Visible to the key that asked for it, auditors and administrators.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", operation_id = "get_job", tag = "imports",
    params(("id" = Uuid, Path, description = "Identifier of the job")),
    responses((status = 200, description = "The job", body = JobView)),
    extensions(("x-permission" = json!("job.read")))
)]
async fn get_job(call: call::Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let id = find(&call, &id).await?;
    let row = sqlx::query!(
        r#"select kind, target, status, options, file_name, bytes, sha256, progress_done, progress_total, counted_read,
                  counted_valid, counted_repaired, counted_rejected, counted_written,
                  failure as "failure: Json<JobFailure>", result_href, created_at, started_at, finished_at
           from platform_job where id = $1"#,
        id as JobId,
    )
    .fetch_one(call.app().db())
    .await?;
    let option = |name: &str| row.options.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = match row.status.as_str() {
        "queued" => JobStatus::Queued,
        "running" => JobStatus::Running,
        "done" => JobStatus::Done,
        _ => JobStatus::Failed,
    };
    let mut links = vec![JobLink {
        rel: "rows".to_owned(),
        media_type: "application/json".to_owned(),
        href: call.address(&format!("/v1/jobs/{id}/rows")),
    }];
    links.extend(row.result_href.map(|path| JobLink {
        rel: "result".to_owned(),
        media_type: "application/json".to_owned(),
        href: call.address(&path),
    }));
    let view = JobView {
        id,
        kind: row.kind,
        target: row.target,
        status,
        mode: option("mode"),
        on_error: option("on_error"),
        progress: JobProgress { done: row.progress_done, total: row.progress_total },
        counts: Counts {
            read: row.counted_read.unsigned_abs(),
            valid: row.counted_valid.unsigned_abs(),
            repaired: row.counted_repaired.unsigned_abs(),
            rejected: row.counted_rejected.unsigned_abs(),
            written: row.counted_written.unsigned_abs(),
        },
        receipt: JobReceipt { sha256: hex::encode(&row.sha256), bytes: row.bytes, file_name: row.file_name },
        failure: row.failure.map(|failure| failure.0),
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        links,
    };
    Ok(Reply::json(&view)?.with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// The job, if there is one that this caller may follow.
async fn find(call: &call::Call, id: &str) -> Result<JobId> {
    call.caller().require(Permission::JobRead)?;
    let unknown = || Error::not_found("任务", "job");
    let id: JobId = id.parse().map_err(|_| unknown())?;
    let caller = sqlx::query_scalar!("select caller from platform_job where id = $1", id as JobId)
        .fetch_optional(call.app().db())
        .await?;
    match caller {
        Some(mark) if mark == call.caller().mark() || call.caller().may(Permission::AuditRead) => Ok(id),
        _ => Err(unknown()),
    }
}

/// Which rows, in which form.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowParams {
    /// Only `rejected`, only `repaired` or only `noted` rows.
    #[param(inline)]
    status: Option<RowStatus>,
    /// Rows of a page (JSON).
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link (JSON).
    cursor: Option<String>,
    /// `json` or `csv`, before `Accept`. CSV is all rows at once.
    #[param(inline)]
    f: Option<RowFormat>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RowStatus {
    /// Refused.
    Rejected,
    /// Put right and taken.
    Repaired,
    /// Taken, with a remark on what it lacks.
    Noted,
}

impl RowStatus {
    fn as_str(self) -> &'static str {
        match self {
            RowStatus::Rejected => "rejected",
            RowStatus::Repaired => "repaired",
            RowStatus::Noted => "noted",
        }
    }
}

/// Form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RowFormat {
    /// A page.
    Json,
    /// A table for spreadsheets, UTF-8 with byte order mark.
    Csv,
}

/// A page of findings.
#[derive(Serialize, ToSchema)]
struct JobRows {
    /// In the order of the file; a row has one for each thing wrong with it.
    rows: Vec<JobRow>,
    /// Findings on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<JobLink>,
}

/// What is or was wrong with a row.
#[derive(Serialize, ToSchema)]
struct JobRow {
    /// Place in the file, from 1.
    #[schema(example = 17)]
    row: i64,
    /// `rejected`, `repaired` or `noted`.
    #[schema(example = "rejected")]
    status: String,
    /// RFC 6901 pointer into the feature.
    #[schema(example = "/properties/code")]
    field: String,
    /// Stable, snake_case.
    #[schema(example = "required")]
    code: String,
    /// 中文
    message_zh: String,
    /// English
    message_en: String,
    /// 如何处理
    hint_zh: Option<String>,
    /// What would help.
    hint_en: Option<String>,
}

/// What was wrong with rows of a job's file
///
/// JSON by pages, or CSV by `Accept: text/csv` or `f=csv`.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/rows", operation_id = "list_job_rows", tag = "imports",
    params(("id" = Uuid, Path, description = "Identifier of the job"), RowParams),
    responses(
        (status = 200, description = "Findings in the order of the file", content(
            (JobRows = "application/json"), (String = "text/csv")
        ))
    ),
    extensions(("x-permission" = json!("job.read")))
)]
async fn list_job_rows(
    call: call::Call,
    Path(id): Path<String>,
    call::Params(params): call::Params<RowParams>,
    headers: HeaderMap,
) -> Result<Reply, Stop> {
    let id = find(&call, &id).await?;
    let accepts_csv = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.split(',').next().is_some_and(|first| first.trim().starts_with("text/csv")));
    let csv = params.f.map_or(accepts_csv, |format| format == RowFormat::Csv);
    let status = params.status.map(RowStatus::as_str);
    if csv {
        let rows = rows(call.app().db(), id, status, (0, -1), i64::MAX).await?;
        return Ok(Reply::bytes("text/csv; charset=utf-8", csv_of(rows.into_iter().map(|(_, row)| row), call.lang())?)
            .with_header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}-rows.csv\""))
            .with_header(header::VARY, "accept, accept-language"));
    }
    let limit = paging::limit(params.limit)?;
    let mark = format!("job {id} status={}", status.unwrap_or("all"));
    let after = match &params.cursor {
        Some(cursor) => {
            let key = Cursor::read(cursor, &mark)?;
            key.split_once('.')
                .and_then(|(row, n)| Some((row.parse().ok()?, n.parse().ok()?)))
                .ok_or_else(Cursor::refused)?
        }
        None => (0, -1),
    };
    let mut page = rows(call.app().db(), id, status, after, i64::from(limit) + 1).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut page, limit, &mark, |(n, last)| format!("{}.{n}", last.row)) {
        let filter = status.map(|status| format!("&status={status}")).unwrap_or_default();
        links.push(JobLink {
            rel: "next".to_owned(),
            media_type: "application/json".to_owned(),
            href: call.address(&format!("/v1/jobs/{id}/rows?limit={limit}{filter}&cursor={cursor}")),
        });
    }
    let rows: Vec<JobRow> = page.into_iter().map(|(_, row)| row).collect();
    Ok(Reply::json(&JobRows { number_returned: rows.len(), rows, links })?.with_header(header::VARY, "accept"))
}

/// Findings of the last attempt after the one with that row and number, each with its number.
async fn rows(
    db: &PgPool,
    id: JobId,
    status: Option<&str>,
    after: (i64, i32),
    limit: i64,
) -> Result<Vec<(i32, JobRow)>> {
    let found = sqlx::query!(
        r#"select r.row, r.n, r.status, r.pointer, r.code, r.message_zh, r.message_en, r.hint_zh, r.hint_en
           from platform_job_row r join platform_job j on j.id = r.job_id and j.attempt = r.attempt
           where r.job_id = $1 and ($2::text is null or r.status = $2) and (r.row, r.n) > ($3, $4)
           order by r.row, r.n limit $5"#,
        id as JobId,
        status,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(found
        .into_iter()
        .map(|r| {
            let row = JobRow {
                row: r.row,
                status: r.status,
                field: r.pointer,
                code: r.code,
                message_zh: r.message_zh,
                message_en: r.message_en,
                hint_zh: r.hint_zh,
                hint_en: r.hint_en,
            };
            (r.n, row)
        })
        .collect())
}

fn csv_of(rows: impl Iterator<Item = JobRow>, lang: Lang) -> Result<Vec<u8>> {
    // Spreadsheets take UTF-8 for the local code page unless a byte order mark says otherwise.
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(["row", "status", "field", "code", "message", "hint"]).map_err(Error::internal)?;
    for row in rows {
        let (message, hint) = match lang {
            Lang::Zh => (row.message_zh, row.hint_zh),
            Lang::En => (row.message_en, row.hint_en),
        };
        let cells = [row.row.to_string(), row.status, row.field, row.code, message, hint.unwrap_or_default()];
        writer.write_record(cells.map(|cell| inert(&cell))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}

/// A cell that no spreadsheet takes for a formula: messages quote what files hold.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
