//! The exchange of lists between departments over HTTP.

use super::super::actions::exchange::{self, NewExchange, media_type};
use super::super::actions::sheet::change_zh;
use super::super::actions::sheet::stage_of;
use super::super::rules::List;
use super::super::store::exchange::{self as store, Exchange, File, Told};
use super::super::store::instant;
use super::ControlMode;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, Error, Result, SiteId};
use crate::platform::feature::{CollectionType, Feature};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Stop};
use axum::body::Body as HttpBody;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(make_exchange, list_exchanges)).routes(routes!(get_exchange))
}

/// An exchange to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division": "152900", "to": "2026-09-30"}))]
struct NewExchangeBody {
    /// Whose lists: this division and all below it.
    division: DivisionCode,
    /// Of the first exchange of a division only: what was known before this day was told on paper already. Left out, the
    /// first exchange tells everything. Later ones go on where the last ended.
    #[serde(default)]
    from: Option<Day>,
    /// What was known by the end of this day is told; left out, what is known now.
    #[serde(default)]
    to: Option<Day>,
}

/// How many changes of a kind an exchange tells.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeCount {
    /// Which list.
    #[schema(example = "contaminated_directory")]
    list: String,
    /// `entered`, `left`, `reinstated`, `withdrawn`, `graded`, `stage_changed` or `moved_out`.
    #[schema(example = "entered")]
    change: String,
    /// 变动名称
    change_zh: String,
    /// How many.
    #[schema(example = 3)]
    n: i64,
}

/// A file of an exchange: the same bytes for ever.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangeFile {
    /// `csv`, `xlsx` or `geojson`.
    #[schema(example = "xlsx")]
    format: String,
    /// Media type.
    media_type: String,
    /// Length.
    #[schema(example = 20480)]
    bytes: i64,
    /// SHA-256, hexadecimal.
    sha256: String,
    /// Where it is.
    href: String,
}

/// An exchange of the three lists between departments.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangeView {
    /// Its identifier.
    id: Uuid,
    /// Whose lists.
    #[schema(example = "152900")]
    division_code: String,
    /// 行政区划名称
    #[schema(example = "阿拉善盟")]
    division_name: String,
    /// Counts the exchanges of the division from 1.
    #[schema(example = 2)]
    number: i32,
    /// The day on which the one before was cut; of a first one the day from which it tells, `null` when it tells everything.
    from: Option<Day>,
    /// The last day it tells.
    to: Day,
    /// What the registry knew at this instant is told, UTC.
    cut_at: String,
    /// When it was made, UTC.
    made_at: String,
    /// Role and key that made it.
    made_by: String,
    /// What it tells, counted.
    counts: Vec<ChangeCount>,
    /// Its files.
    files: Vec<ExchangeFile>,
}

/// A change that an exchange tells, as the entry stood then.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangedView {
    /// Which list.
    #[schema(example = "contaminated_directory")]
    list: String,
    /// What changed.
    #[schema(example = "entered")]
    change: String,
    /// 变动名称
    change_zh: String,
    /// The stay on the list.
    entry_id: Uuid,
    /// The site.
    site_id: SiteId,
    /// Its code.
    code: String,
    /// Its national code.
    national_code: Option<String>,
    /// Its name.
    name: String,
    /// Its division.
    division_code: String,
    /// First day on the list.
    entered_on: Option<Day>,
    /// The day from which it is not on the list any more.
    left_on: Option<Day>,
    /// Its grade.
    risk_grade: Option<String>,
    /// Its grade as told before, where that changed.
    risk_grade_before: Option<String>,
    /// Its stage.
    stage: Option<String>,
    /// Its mode of risk control.
    mode: Option<ControlMode>,
    /// Its stage as told before, where that changed.
    stage_before: Option<String>,
}

/// An exchange with a page of what it tells.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangeDetail {
    #[serde(flatten)]
    exchange: ExchangeView,
    /// What it tells, in the order of its files.
    changes: Vec<ExchangedView>,
    /// Where the changes go on; `null` behind the last.
    next_cursor: Option<String>,
}

/// A page of exchanges, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ExchangePage {
    /// The exchanges.
    exchanges: Vec<ExchangeView>,
    /// Where they go on; `null` behind the last.
    next_cursor: Option<String>,
}

fn change_view(told: Told) -> ExchangedView {
    let line = told.line;
    ExchangedView {
        change_zh: change_zh(&told.change).to_owned(),
        list: told.list,
        change: told.change,
        entry_id: line.entry_id,
        site_id: line.site_id,
        code: line.code,
        national_code: line.national_code,
        name: line.name,
        division_code: line.division_code,
        entered_on: line.entered_on,
        left_on: line.left_on,
        risk_grade: line.risk_grade,
        risk_grade_before: told.risk_grade_before,
        mode: stage_of(line.stage.as_deref(), line.control_mode.as_deref()).and_then(super::super::rules::Stage::mode),
        stage: line.stage,
        stage_before: told.stage_before,
    }
}

/// A change in the GeoJSON file of an exchange.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what the file holds, which is written once and kept")]
struct ExchangeProperties {
    /// What changed.
    change: String,
    /// 变动名称
    change_zh: String,
    /// Which list.
    list: String,
    /// 名单名称
    list_zh: String,
    /// The stay on the list.
    entry_id: Uuid,
    /// Code.
    code: String,
    /// National code.
    national_code: Option<String>,
    /// Code of the entry in the directory.
    directory_code: Option<String>,
    /// Name.
    name: String,
    /// Division.
    division_code: String,
    /// 行政区划名称
    division_name: String,
    /// Address.
    address: Option<String>,
    /// Who uses the land.
    land_user_name: Option<String>,
    /// Its unified social credit code.
    land_user_credit_code: Option<String>,
    /// GB/T 4754.
    former_industry: Option<String>,
    /// Land-use system.
    land_use_system: Option<String>,
    /// Land-use code.
    land_use_code: Option<String>,
    /// First day on the list.
    entered_on: Option<Day>,
    /// The day from which it is not on the list any more.
    left_on: Option<Day>,
    /// Grade.
    risk_grade: Option<String>,
    /// Grade as told before, where that changed.
    risk_grade_before: Option<String>,
    /// Stage.
    stage: String,
    /// Mode of risk control.
    mode: Option<String>,
    /// Since when at that stage.
    stage_since: Option<Day>,
    /// Stage as told before, where that changed.
    stage_before: Option<String>,
    /// Mode as told before, where that changed.
    mode_before: Option<String>,
    /// Ellipsoidal area, m².
    area_m2: f64,
    /// Sample data of nobody's land.
    invented: bool,
}

/// Head of the GeoJSON file of an exchange.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what the file holds, which is written once and kept")]
struct ExchangeHead {
    /// Number in the division's series.
    number: i32,
    /// Division.
    division_code: String,
    /// 行政区划名称
    division_name: String,
    /// See the exchange.
    from: Option<Day>,
    /// See the exchange.
    to: Day,
    /// See the exchange.
    cut_at: String,
    /// See the exchange.
    made_at: String,
}

/// The GeoJSON file of an exchange.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the description of what the file holds, which is written once and kept")]
struct ExchangeFeatures {
    /// `FeatureCollection`.
    #[schema(rename = "type")]
    kind: CollectionType,
    /// The changes.
    features: Vec<Feature<ExchangeProperties>>,
    /// Which exchange.
    exchange: ExchangeHead,
}

/// Exchanges with their counts and files.
async fn views(conn: &mut PgConnection, exchanges: Vec<Exchange>) -> Result<Vec<ExchangeView>> {
    let ids: Vec<Uuid> = exchanges.iter().map(|exchange| exchange.id).collect();
    let counts = store::counts(conn, &ids).await?;
    let files = store::files(conn, &ids).await?;
    let of = |file: &File| ExchangeFile {
        format: file.format.clone(),
        media_type: media_type(&file.format).to_owned(),
        bytes: file.bytes,
        sha256: hex::encode(&file.sha256),
        href: format!("/v1/exchanges/{}?format={}", file.exchange_id, file.format),
    };
    Ok(exchanges
        .into_iter()
        .map(|x| ExchangeView {
            counts: List::ALL
                .into_iter()
                .flat_map(|list| counts.iter().filter(move |(_, of, ..)| of == list.as_str()))
                .filter(|(id, ..)| *id == x.id)
                .map(|(_, list, change, n)| ChangeCount {
                    list: list.clone(),
                    change: change.clone(),
                    change_zh: change_zh(change).to_owned(),
                    n: *n,
                })
                .collect(),
            files: files.iter().filter(|file| file.exchange_id == x.id).map(of).collect(),
            id: x.id,
            division_code: x.division_code,
            division_name: x.division_name,
            number: x.number,
            from: x.from_day,
            to: x.to_day,
            cut_at: instant(x.cut_at),
            made_at: instant(x.made_at),
            made_by: x.made_by,
        })
        .collect())
}

async fn view(conn: &mut PgConnection, exchange: Exchange) -> Result<ExchangeView> {
    views(conn, vec![exchange]).await?.pop().ok_or_else(|| Error::internal("one exchange gives one view"))
}

fn not_found() -> Error {
    Error::not_found("名单交换", "exchange")
}

/// Make the next exchange of lists
///
/// What differs in the three lists of a division from what its exchanges told so far: sites that entered or left, changed
/// grade or stage, were voided, or went to another division. It goes by what the registry knows, not by the days of the
/// events: a step entered late is in the next exchange. Numbered and frozen; its files are the same bytes for ever.
#[utoipa::path(
    post, path = "/v1/exchanges", operation_id = "make_exchange", tag = "lists",
    request_body(content = NewExchangeBody, content_type = "application/json"),
    responses((status = 201, description = "Made", body = ExchangeView)),
    extensions(("x-permission" = json!("exchange.make")))
)]
async fn make_exchange(call: Call, Body(body): Body<NewExchangeBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ExchangeMake).await?;
    let new = NewExchange { division: body.division, from: body.from, to: body.to };
    let id = exchange::make(&mut act, new).await?;
    let made = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let view = view(act.tx(), made).await?;
    Ok(act.finish(Reply::json(&view)?.created(format!("/v1/exchanges/{id}"))).await?)
}

/// Which exchanges.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExchangesQuery {
    /// Of this division and below.
    division: Option<DivisionCode>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
}

/// List exchanges
///
/// Those of the caller's division and below, newest first.
#[utoipa::path(
    get, path = "/v1/exchanges", operation_id = "list_exchanges", tag = "lists", params(ExchangesQuery),
    responses((status = 200, description = "A page of exchanges", body = ExchangePage)),
    extensions(("x-permission" = json!("exchange.read")))
)]
async fn list_exchanges(call: Call, Params(query): Params<ExchangesQuery>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ExchangeRead)?;
    let limit = paging::limit(query.limit)?;
    let division = query.division.as_ref().map(|code| code.as_str().to_owned());
    let mark = format!("{:?}", ("exchanges", &division, scope.mark()));
    let before = match query.cursor.as_deref() {
        Some(cursor) => {
            let key = Cursor::read(cursor, &mark)?;
            let mut parts = key.splitn(3, '|');
            let mut part = || parts.next().ok_or_else(Cursor::refused);
            let at = part()?.parse::<DateTime<Utc>>().map_err(|_| Cursor::refused())?;
            let number = part()?.parse::<i32>().map_err(|_| Cursor::refused())?;
            Some((at, number, part()?.parse::<Uuid>().map_err(|_| Cursor::refused())?))
        }
        None => None,
    };
    let mut tx = call.app().snapshot().await?;
    let mut rows = store::page(&mut tx, &scope, division.as_deref(), before, i64::from(limit) + 1).await?;
    let next_cursor = Cursor::behind(&mut rows, limit, &mark, |last| {
        format!("{}|{}|{}", instant(last.made_at), last.number, last.id)
    });
    let exchanges = views(&mut tx, rows).await?;
    Ok(Reply::json(&ExchangePage { exchanges, next_cursor })?)
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExchangeFormat {
    /// What it tells, by pages.
    Json,
    /// Its file.
    Csv,
    /// Its file.
    Xlsx,
    /// Its file.
    Geojson,
}

/// In which form, and which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExchangeQuery {
    /// `json` (by pages, the default), or one of its files: `csv`, `xlsx`, `geojson`.
    #[param(inline)]
    format: Option<ExchangeFormat>,
    /// Changes of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where the changes go on, from `next_cursor`.
    cursor: Option<String>,
}

/// An exchange, or one of its files
#[utoipa::path(
    get, path = "/v1/exchanges/{id}", operation_id = "get_exchange", tag = "lists",
    params(("id" = Uuid, Path, description = "Identifier of the exchange"), ExchangeQuery),
    responses((status = 200, description = "The exchange with a page of its changes, or a file; a file's ETag is its SHA-256", content(
        (ExchangeDetail = "application/json"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (ExchangeFeatures = "application/geo+json")
    ))),
    extensions(("x-permission" = json!("exchange.read")))
)]
async fn get_exchange(
    call: Call,
    Path(id): Path<String>,
    headers: HeaderMap,
    Params(query): Params<ExchangeQuery>,
) -> Result<Response, Stop> {
    let scope = call.read(Permission::ExchangeRead)?;
    let id: Uuid = id.parse().map_err(|_| not_found())?;
    let mut tx = call.app().snapshot().await?;
    let found = store::find(&mut tx, id).await?.ok_or_else(not_found)?;
    if scope.divisions().is_some_and(|codes| !codes.contains(&found.division_code)) {
        return Err(not_found().into());
    }
    let format = match query.format {
        None | Some(ExchangeFormat::Json) => {
            let limit = paging::limit(query.limit)?;
            let mark = format!("exchange {id}");
            let after = Cursor::key(query.cursor.as_deref(), &mark)?.unwrap_or(0);
            let mut rows = store::rows(&mut tx, id, after, i64::from(limit) + 1).await?;
            let next_cursor = Cursor::behind(&mut rows, limit, &mark, |last| last.n.to_string());
            let exchange = view(&mut tx, found).await?;
            let changes = rows.into_iter().map(change_view).collect();
            return Ok(Reply::json(&ExchangeDetail { exchange, changes, next_cursor })?.into_response());
        }
        Some(ExchangeFormat::Csv) => "csv",
        Some(ExchangeFormat::Xlsx) => "xlsx",
        Some(ExchangeFormat::Geojson) => "geojson",
    };
    let files = store::files(&mut tx, &[id]).await?;
    let file = files
        .into_iter()
        .find(|file| file.format == format)
        .ok_or_else(|| Error::internal(format!("exchange {id} has no file {format}")))?;
    tx.rollback().await?;
    Ok(download(&call, &found, file, &headers)?)
}

/// A file as it was kept, piece by piece.
fn download(call: &Call, exchange: &Exchange, file: File, asked: &HeaderMap) -> Result<Response> {
    let tag = format!("\"{}\"", hex::encode(&file.sha256));
    let name = format!("jingtu-lists-{}-{:03}.{}", exchange.division_code, exchange.number, file.format);
    let value = |text: String| HeaderValue::try_from(text).map_err(Error::internal);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    // The entity tag is answered here: a body that nobody wants is not read.
    let body = if known == Some(tag.as_str()) {
        HttpBody::empty()
    } else {
        let app = call.app().clone();
        let (id, format) = (file.exchange_id, file.format.clone());
        HttpBody::from_stream(stream::try_unfold(0, move |part| {
            let (app, format) = (app.clone(), format.clone());
            async move {
                let mut conn = app.db().acquire().await?;
                let piece = store::part(&mut conn, id, &format, part).await?;
                Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), part + 1)))
            }
        }))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&file.format)));
    headers.insert(header::ETAG, value(tag)?);
    headers.insert(header::CONTENT_DISPOSITION, value(format!("attachment; filename=\"{name}\""))?);
    headers.insert("content-digest", value(content_digest(&file.sha256))?);
    Ok(response)
}

/// RFC 9530.
fn content_digest(sha256: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}
