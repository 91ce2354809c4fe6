//! What planning shares of a quarter.

use super::super::actions::{self, NewShare};
use super::super::rules::Quarter;
use super::super::sheet::{self, QuarterReport, ShareHead, ShareRow};
use super::super::store::{self, QuarterFilter, Share};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{DivisionCode, Error, QuarterShareId, Result, Text};
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, Caller, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_quarter, share_quarter)).routes(routes!(get_shared_quarter))
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// JSON.
    #[default]
    Json,
    /// The checks as a table with Chinese headings.
    Csv,
    /// The same as a spreadsheet.
    Xlsx,
}

/// Of which division and quarter.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QuarterParams {
    /// The division, with all below it; the key's own when left out.
    #[param(example = "140602")]
    division: Option<DivisionCode>,
    /// The calendar quarter; the running one when left out.
    #[param(example = "2026Q3")]
    quarter: Option<String>,
    /// In which form; a table has every check, JSON a page of them.
    #[param(inline)]
    f: Option<Form>,
    /// Checks of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// A quarter to be shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division_code": "140602", "quarter": "2026Q3"}))]
struct NewShareBody {
    /// Whose checks: this division and all below it.
    #[schema(value_type = String)]
    division_code: DivisionCode,
    /// The calendar quarter, begun at least.
    quarter: String,
    /// Why it is shared again; needed with every edition after the first.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// A report that was shared.
#[derive(Debug, Serialize, ToSchema)]
struct SharedView {
    /// Its identifier.
    id: QuarterShareId,
    /// Whose checks.
    #[schema(example = "140602")]
    division_code: String,
    /// The quarter.
    #[schema(example = "2026Q3")]
    quarter: String,
    /// Which report of the quarter, from 1.
    edition: i32,
    /// How many checks it tells.
    checks: i64,
    /// When it was made.
    made_at: DateTime<Utc>,
    /// Role that shared it.
    #[schema(example = "planning")]
    made_by_role: String,
    /// Division of whoever shared it.
    made_by_division: String,
    /// Why there is a later edition.
    reason: Option<String>,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// Where it is.
    href: String,
}

impl From<Share> for SharedView {
    fn from(share: Share) -> SharedView {
        SharedView {
            href: format!("/v1/land-checks/quarterly/{}", share.id),
            id: share.id,
            division_code: share.division_code,
            quarter: share.quarter,
            edition: share.edition,
            checks: share.checks,
            made_at: share.made_at,
            made_by_role: share.made_by_role,
            made_by_division: share.made_by_division,
            reason: share.reason,
            sha256: hex::encode(&share.sha256),
        }
    }
}

/// The checks of a quarter as they stand now, a page of them, and the reports that were shared.
#[derive(Debug, Serialize, ToSchema)]
struct QuarterPage {
    /// The report as it would be shared now, with a page of its checks.
    #[serde(flatten)]
    report: QuarterReport,
    /// Reports of this division and quarter that were shared, oldest first.
    shared: Vec<SharedView>,
    /// `self`, and `next` where there are more checks.
    links: Vec<Link>,
}

fn bad_quarter() -> Text {
    Text::fixed("应为季度，如 2026Q3。", "must be a quarter, as 2026Q3.")
}

/// Land checks of a quarter
///
/// What planning shares with the bureaus, as it stands now: the parcels asked about by operation, with verdict, letter and
/// reply; and how the bureaus' replies stand. Tables have every check, up to 50000.
#[utoipa::path(
    get, path = "/v1/land-checks/quarterly", operation_id = "get_quarter", tag = "land checks", params(QuarterParams),
    responses((status = 200, description = "The quarter", content(
        (QuarterPage = "application/json"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ))),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_quarter(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(params): Params<QuarterParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let limit = paging::limit(params.limit)?;
    let division = match (params.division, call.caller()) {
        (Some(division), _) => division,
        (None, Caller::Key(holder)) => holder.division.clone(),
        (None, _) => DivisionCode::nation(),
    };
    call.caller().require_division(division.as_str())?;
    let quarter = match params.quarter.as_deref() {
        Some(text) => Quarter::parse(text).ok_or_else(|| Error::bad_parameter("quarter", bad_quarter()))?,
        None => Quarter::of(call.today()),
    };
    let filter = QuarterFilter { scope: &scope, division: division.as_str(), identifiers: quarter.identifiers() };
    let mut tx = call.app().snapshot().await?;
    let known = actions::known_division(&mut tx, division.as_str(), "?division").await;
    let division_name = known.map_err(|error| Error::bad_parameter("division", error.detail().clone()))?;
    let form = params.f.unwrap_or_default();
    let now = call.app().clock().now();
    if form != Form::Json {
        let rows = actions::all_rows(&mut tx, filter).await?;
        return Ok(table(form, &rows, division.as_str(), &quarter.to_string(), None, now)?);
    }
    let filters = format!("{:?}", (&division, quarter.to_string(), scope.mark()));
    let after = Cursor::key(params.cursor.as_deref(), &filters)?;
    let found = store::quarter_rows(&mut tx, filter, after, i64::from(limit) + 1).await?;
    let mut rows = found.into_iter().map(ShareRow::of).collect::<Result<Vec<_>>>()?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |row| row.id.to_string());
    let counts = store::quarter_counts(&mut tx, filter, call.today()).await?;
    let shared = store::shares(&mut tx, division.as_str(), &quarter.to_string()).await?;
    let head = ShareHead {
        id: None,
        division_code: division.as_str().to_owned(),
        division_name,
        edition: None,
        as_of: now,
        made_by_role: None,
        reason: None,
    };
    let report = QuarterReport::of(head, quarter, call.today(), &counts, rows)?;
    let shared = shared.into_iter().map(SharedView::from).collect();
    Ok(Reply::json(&QuarterPage { report, shared, links })?)
}

/// Share the land checks of a quarter
///
/// The report is made of what the registry knows now and kept byte for byte; whoever is told of changes in the division
/// hears of it (`land_check.quarter_shared`). A later edition needs its reason and stands beside the earlier one.
#[utoipa::path(
    post, path = "/v1/land-checks/quarterly", operation_id = "share_quarter", tag = "land checks",
    request_body(content = NewShareBody, content_type = "application/json"),
    responses((status = 201, description = "Shared", body = SharedView)),
    extensions(("x-permission" = json!("land_check.consult")))
)]
async fn share_quarter(call: Call, Body(body): Body<NewShareBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckConsult).await?;
    let quarter =
        Quarter::parse(&body.quarter).ok_or_else(|| Error::fault("/quarter", "bad_quarter", bad_quarter()))?;
    let new = NewShare { division_code: body.division_code.as_str().to_owned(), quarter, reason: body.reason };
    let (code, name) = (new.division_code.clone(), quarter.to_string());
    let id = actions::share(&mut act, new).await?;
    let made = store::shares(act.tx(), &code, &name).await?.into_iter().find(|share| share.id == id);
    let made = made.ok_or_else(not_found)?;
    let reply = Reply::json(&SharedView::from(made))?.created(format!("/v1/land-checks/quarterly/{id}")).revision(1);
    Ok(act.finish(reply).await?)
}

fn not_found() -> Error {
    Error::not_found("季度共享", "shared quarter")
}

/// In which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FormParams {
    /// `json` (the bytes as they were shared, the default), `csv` or `xlsx`.
    #[param(inline)]
    f: Option<Form>,
}

/// A quarter as it was shared
///
/// JSON is the same bytes for ever, with their SHA-256 in `Content-Digest`; the tables are made of them.
#[utoipa::path(
    get, path = "/v1/land-checks/quarterly/{id}", operation_id = "get_shared_quarter", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the shared quarter"), FormParams),
    responses((status = 200, description = "The report", content(
        (QuarterReport = "application/json"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ))),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_shared_quarter(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<FormParams>,
) -> Result<Reply, Stop> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let scope = call.read(Permission::LandCheckRead)?;
    let id: QuarterShareId = id.parse().map_err(|_| not_found())?;
    let mut conn = call.app().db().acquire().await?;
    let (share, body) = store::share(&mut conn, &scope, id).await?.ok_or_else(not_found)?;
    let form = params.f.unwrap_or_default();
    if form == Form::Json {
        return Ok(Reply::bytes(JSON, body)
            .with_header(header::ETAG, format!("\"{}\"", hex::encode(&share.sha256)))
            .with_header(
                axum::http::HeaderName::from_static("content-digest"),
                format!("sha-256=:{}:", STANDARD.encode(&share.sha256)),
            ));
    }
    let report: QuarterReport = serde_json::from_slice(&body).map_err(Error::internal)?;
    let edition = Some(share.edition);
    Ok(table(form, &report.checks, &share.division_code, &share.quarter, edition, share.made_at)?)
}

/// The checks as a table to be saved.
fn table(
    form: Form,
    rows: &[ShareRow],
    division: &str,
    quarter: &str,
    edition: Option<i32>,
    made_at: DateTime<Utc>,
) -> Result<Reply> {
    let (bytes, media_type, end) = match form {
        Form::Xlsx => (
            sheet::xlsx(rows, &format!("{division} {quarter}"), made_at)?,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
        Form::Csv | Form::Json => (sheet::csv(rows)?, "text/csv; charset=utf-8", "csv"),
    };
    let edition = edition.map_or_else(String::new, |edition| format!("-{edition}"));
    let name = format!("jingtu-land-checks-{division}-{quarter}{edition}.{end}");
    Ok(Reply::bytes(media_type, bytes)
        .with_header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}
