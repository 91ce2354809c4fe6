//! The three lists over HTTP: what they are, who was on them on any day, and the stays of a site.

use super::super::actions::exchange::media_type;
use super::super::actions::sheet::{Csv, Headings, Xlsx, of_list, stage_of};
use super::super::actions::{Sight, not_found, sight};
use super::super::rules::{EventType, List, RiskGrade};
use super::super::store::lists::{self as store, Line, Question, Stay};
use super::super::store::{self as sites, instant};
use super::{ControlMode, HiddenField, LandUseBody};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Citation, Day, DivisionCode, Error, Provision, Result, SiteId, Text, mu, wkb};
use crate::platform::call::known_at;
use crate::platform::feature::{CollectionType, Feature, FeaturePage, Link};
use crate::platform::{App, Call, Params, Permission, Reply, Role, Stop};
use crate::standards::law;
use axum::body::Body;
use axum::extract::{OriginalUri, Path};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;
use tokio_util::task::AbortOnDropHandle;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_lists)).routes(routes!(get_list)).routes(routes!(get_list_entries))
}

/// Bytes of a chunk of a streamed answer.
const CHUNK: usize = 64 << 10;
/// Rows handed to the thread that writes a spreadsheet at a time.
const BATCH: usize = 500;
/// A client that takes nothing for this long gives its database connection back.
const PATIENCE: Duration = Duration::from_secs(60);
/// Decimals of degrees of a file: 11 mm.
const DECIMALS: u8 = 7;

/// What keeping a list stands on.
fn provisions(list: List) -> [&'static Provision; 1] {
    [match list {
        List::SuspectedList => &law::ORDER_42_12,
        List::ContaminatedDirectory => &law::ORDER_42_14,
        List::ControlList => &law::LAW_58_CODE_453,
    }]
}

fn read_list(name: &str) -> Result<List> {
    List::ALL.into_iter().find(|list| list.as_str() == name).ok_or_else(|| Error::not_found("名单", "list"))
}

/// What is said to the public of the list that is for departments.
fn not_public() -> Error {
    Error::forbidden(
        "list_not_public",
        Text::fixed(
            "疑似污染地块名单供各部门使用，不对社会公开；土地使用权人可查询本单位地块。",
            "The list of suspected sites is for departments, not for the public; a land user sees its own sites.",
        ),
    )
}

/// How many sites of a grade are on a list.
#[derive(Debug, Serialize, ToSchema)]
struct GradeCount {
    /// The grade; `null`: not graded.
    risk_grade: Option<String>,
    /// How many sites.
    #[schema(example = 12)]
    sites: i64,
}

/// One of the three lists.
#[derive(Debug, Serialize, ToSchema)]
struct ListSummary {
    /// Which.
    list: List,
    /// 名称
    #[schema(example = "污染地块名录")]
    title_zh: String,
    /// Name.
    #[schema(example = "Directory of contaminated sites")]
    title_en: String,
    /// Who keeps it.
    keeper: Role,
    /// 管理部门
    keeper_zh: String,
    /// Who keeps it, in English.
    keeper_en: String,
    /// Whether everybody may read it.
    public: bool,
    /// What it stands on, in the text in force today.
    citations: Vec<Citation>,
    /// How many sites that this caller may see are on it today; `null` where the caller may not read it.
    #[schema(example = 31)]
    sites: Option<i64>,
    /// The same by grade.
    by_grade: Vec<GradeCount>,
}

/// The three lists (一名单二名录).
#[derive(Debug, Serialize, ToSchema)]
struct Lists {
    /// In the order in which a site meets them.
    lists: Vec<ListSummary>,
}

/// The three lists
///
/// Who keeps each, whether it is public, and how many sites are on it today.
#[utoipa::path(
    get, path = "/v1/lists", operation_id = "get_lists", tag = "lists",
    responses((status = 200, description = "The lists", body = Lists)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn get_lists(call: Call) -> Result<Reply, Stop> {
    let scope = call.read(Permission::SiteRead)?;
    let today = call.today();
    let mut tx = call.app().snapshot().await?;
    let mut lists = Vec::new();
    for list in List::ALL {
        let open = list.is_public() || !scope.is_public();
        let counts = if open { store::count(&mut tx, list, &scope, today).await? } else { Vec::new() };
        let (title, keeper) = (list.title(), list.keeper().title());
        lists.push(ListSummary {
            list,
            title_zh: title.zh.into_owned(),
            title_en: title.en.into_owned(),
            keeper: list.keeper(),
            keeper_zh: keeper.zh.to_string(),
            keeper_en: keeper.en.to_string(),
            public: list.is_public(),
            citations: cite_all(&provisions(list), today),
            sites: open.then(|| counts.iter().map(|(_, n)| n).sum()),
            by_grade: counts.into_iter().map(|(risk_grade, sites)| GradeCount { risk_grade, sites }).collect(),
        });
    }
    Ok(Reply::json(&Lists { lists })?)
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListFormat {
    /// A file of the whole list, RFC 7946.
    Geojson,
    /// A table of the whole list, UTF-8 with a byte order mark.
    Csv,
    /// A spreadsheet of the whole list.
    Xlsx,
}

/// Which lines of a list, on which day, in which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The day on which it is asked who was on the list; today when left out.
    #[param(example = "2026-09-30")]
    on: Option<Day>,
    /// The same as `on`.
    true_on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// Of this grade on the day asked.
    risk_grade: Option<RiskGrade>,
    /// `geojson`, `csv` or `xlsx`: the whole list as a file, before `Accept`. Left out, and without an `Accept` of a table,
    /// GeoJSON by pages.
    #[param(inline)]
    format: Option<ListFormat>,
    /// Headings of a table: `chinese`, or `platform` for the national platform's field names.
    #[serde(default)]
    #[param(inline)]
    headings: Headings,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A site on a list.
#[derive(Debug, Serialize, ToSchema)]
struct ListEntryProperties {
    /// Its stay on the list.
    entry_id: Uuid,
    /// Code.
    #[schema(example = "152921YS20260001")]
    code: String,
    /// National code.
    national_code: Option<String>,
    /// Code of the entry in the directory.
    directory_code: Option<String>,
    /// Name.
    name: String,
    /// Division in charge.
    #[schema(example = "152921")]
    division_code: String,
    /// 行政区划名称
    #[schema(example = "阿拉善左旗")]
    division_name: String,
    /// Address.
    address: Option<String>,
    /// Who uses the land; `null` for the public (`withheld`).
    land_user_name: Option<String>,
    /// Its unified social credit code; `null` for the public (`withheld`).
    land_user_credit_code: Option<String>,
    /// GB/T 4754.
    former_industry: Option<String>,
    /// Land use.
    land_use: Option<LandUseBody>,
    /// Stage on the day asked; `null` where nobody said.
    #[schema(example = "contaminated")]
    stage: Option<String>,
    /// 阶段名称
    stage_zh: Option<String>,
    /// Name of the stage.
    stage_en: Option<String>,
    /// Mode of risk control.
    mode: Option<ControlMode>,
    /// Since when at that stage.
    stage_since: Option<Day>,
    /// Grade on the day asked; of the directory and the control list.
    risk_grade: Option<String>,
    /// First day on the list; `null` where an existing register did not say, and then it is shown on every day before it left.
    entered_on: Option<Day>,
    /// The day from which it was not on the list any more, where that has come since.
    left_on: Option<Day>,
    /// Ellipsoidal area, m².
    #[schema(example = 40213.7)]
    area_m2: f64,
    /// The same in mu (亩).
    #[schema(example = 60.32)]
    area_mu: f64,
    /// Sample data of nobody's land.
    invented: bool,
}

impl ListEntryProperties {
    fn of(line: Line, with_land_user: bool) -> (Uuid, Vec<u8>, ListEntryProperties) {
        let stage = stage_of(line.stage.as_deref(), line.control_mode.as_deref());
        let title = stage.map(|stage| stage.title());
        let view = ListEntryProperties {
            entry_id: line.entry_id,
            code: line.code,
            national_code: line.national_code,
            directory_code: line.directory_code,
            name: line.name,
            division_code: line.division_code,
            division_name: line.division_name,
            address: line.address,
            land_user_name: line.land_user_name.filter(|_| with_land_user),
            land_user_credit_code: line.land_user_credit_code.filter(|_| with_land_user),
            former_industry: line.former_industry,
            land_use: line.land_use_system.zip(line.land_use_code).map(|(system, code)| LandUseBody { system, code }),
            stage: stage.map(|stage| stage.as_str().to_owned()),
            stage_zh: title.as_ref().map(|title| title.zh.to_string()),
            stage_en: title.map(|title| title.en.into_owned()),
            mode: stage.and_then(super::super::rules::Stage::mode),
            stage_since: line.stage_since,
            risk_grade: line.risk_grade,
            entered_on: line.entered_on,
            left_on: line.left_on,
            area_m2: line.area_m2,
            area_mu: mu(line.area_m2),
            invented: line.invented,
        };
        (line.site_id.0, line.wkb, view)
    }
}

/// Sites on a list.
#[derive(Debug, Serialize, ToSchema)]
struct ListPage {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: CollectionType,
    /// Which list.
    list: List,
    /// 名称
    title_zh: String,
    /// Name.
    title_en: String,
    /// The day asked.
    on: Day,
    /// The instant whose knowledge is shown; `null`: now.
    known_at: Option<String>,
    /// The sites, by code.
    features: Vec<Feature<ListEntryProperties>>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    #[schema(example = 1)]
    number_returned: usize,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
    /// What this caller does not see, and why.
    withheld: Vec<HiddenField>,
}

fn withheld(with_land_user: bool) -> Vec<HiddenField> {
    if with_land_user {
        return Vec::new();
    }
    ["land_user_name", "land_user_credit_code"]
        .into_iter()
        .map(|field| HiddenField {
            field: field.to_owned(),
            reason_zh: "土地使用权人信息不对社会公开。".to_owned(),
            reason_en: "Data of the land user is not public.".to_owned(),
        })
        .collect()
}

fn asked_format(asked: Option<ListFormat>, headers: &HeaderMap) -> Option<ListFormat> {
    asked.or_else(|| {
        let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
        let first = accept.split(',').next()?.split(';').next()?.trim();
        [ListFormat::Csv, ListFormat::Xlsx]
            .into_iter()
            .find(|format| media_type(name(*format)).starts_with(first) && first.contains('/'))
    })
}

fn name(format: ListFormat) -> &'static str {
    match format {
        ListFormat::Geojson => "geojson",
        ListFormat::Csv => "csv",
        ListFormat::Xlsx => "xlsx",
    }
}

/// A list as it was on a day
///
/// Sites that were on the list on `on`, as the registry knew it at `known_at`, by code. GeoJSON by pages; `format=geojson`,
/// `csv` or `xlsx` gives the whole list as a file. Departments see the sites of their division and below, a land user its
/// own, everybody the public lists without the land user's data (that column is then left out of tables). What was voided as
/// entered in error is shown under an earlier `known_at`, to departments only.
#[utoipa::path(
    get, path = "/v1/lists/{list}", operation_id = "get_list", tag = "lists",
    params(("list" = String, Path, description = "`suspected_list`, `contaminated_directory` or `control_list`", example = "contaminated_directory"), ListQuery),
    responses((status = 200, description = "The list: a page as GeoJSON, or the whole as a file", content(
        (ListPage = "application/geo+json"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ))),
    extensions(("x-permission" = json!("site.read")))
)]
async fn get_list(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Path(list): Path<String>,
    headers: HeaderMap,
    Params(query): Params<ListQuery>,
) -> Result<Response, Stop> {
    let scope = call.read(Permission::SiteRead)?;
    let list = read_list(&list)?;
    if scope.is_public() && !list.is_public() {
        return Err(not_public().into());
    }
    if let (Some(on), Some(true_on)) = (query.on, query.true_on)
        && on != true_on
    {
        let message = Text::fixed("与 on 同义，二者不得不同。", "means the same as on; they must not differ.");
        return Err(Error::bad_parameter("true_on", message).into());
    }
    let on = query.on.or(query.true_on).unwrap_or(call.today());
    let known_at = known_at(query.known_at.as_deref())?;
    let with_land_user = !scope.is_public();
    let mut question = Question {
        list,
        on,
        known_at,
        scope,
        division: query.division.as_ref().map(|code| code.as_str().to_owned()),
        risk_grade: query.risk_grade,
        after: (String::new(), Uuid::nil()),
        limit: None,
    };
    if let Some(format) = asked_format(query.format, &headers) {
        let asked = Asked { question, headings: query.headings, with_land_user, made_at: call.app().clock().now() };
        return whole(&call, format, asked).await;
    }
    let limit = paging::limit(query.limit)?;
    let filters =
        format!("{:?}", (list.as_str(), on, known_at, &query.division, query.risk_grade, question.scope.mark()));
    if let Some(cursor) = query.cursor.as_deref() {
        let key = Cursor::read(cursor, &filters)?;
        let (code, id) = key.rsplit_once('|').ok_or_else(Cursor::refused)?;
        question.after = (code.to_owned(), id.parse().map_err(|_| Cursor::refused())?);
    }
    question.limit = Some(i64::from(limit) + 1);
    let mut tx = call.app().snapshot().await?;
    let lines: Vec<Line> = store::lines(&mut tx, &question).try_collect().await.map_err(Error::from)?;
    let mut features = Vec::with_capacity(lines.len());
    for line in lines {
        let (id, wkb, properties) = ListEntryProperties::of(line, with_land_user);
        features.push(Feature::of(id, Some(&wkb), properties)?);
    }
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| {
        format!("{}|{}", feature.properties.code, feature.properties.entry_id)
    });
    let title = list.title();
    let page = ListPage {
        kind: page.kind,
        list,
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        on,
        known_at: known_at.map(instant),
        features: page.features,
        number_returned: page.number_returned,
        links: page.links,
        withheld: withheld(with_land_user),
    };
    Ok(Reply::geojson(&page)?.with_header(header::VARY, "accept").into_response())
}

/// A whole list, as asked for.
struct Asked {
    question: Question,
    headings: Headings,
    with_land_user: bool,
    made_at: DateTime<Utc>,
}

/// The whole list as a file, streamed as it is read: a list of any length takes no more memory than a chunk of it.
async fn whole(call: &Call, format: ListFormat, asked: Asked) -> Result<Response, Stop> {
    let tx = call.app().snapshot().await?;
    let list = asked.question.list;
    let file_name = format!("{}-{}.{}", list.as_str(), asked.question.on, name(format));
    let withheld = !asked.with_land_user;
    let body = match format {
        ListFormat::Geojson => chunks(move |sender| geojson(tx, asked, sender)).await?,
        ListFormat::Csv => chunks(move |sender| csv(tx, asked, sender)).await?,
        ListFormat::Xlsx => xlsx(tx, asked).await?,
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name(format))));
    let disposition = format!("attachment; filename=\"{file_name}\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(Error::internal)?);
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if withheld {
        // A table has no place for a note of its own.
        headers.insert("jingtu-withheld", HeaderValue::from_static("land_user_name, land_user_credit_code"));
    }
    Ok(response)
}

type Sender = mpsc::Sender<Result<Bytes>>;

/// Sends a piece; `false` when the client has gone or does not take it.
async fn send(sender: &Sender, piece: Vec<u8>) -> bool {
    matches!(tokio::time::timeout(PATIENCE, sender.send(Ok(Bytes::from(piece)))).await, Ok(Ok(())))
}

/// A body of pieces that a task writes. What fails before the first piece is answered as an error; later the body breaks off.
async fn chunks<F, W>(write: W) -> Result<Body>
where
    F: Future<Output = Result<()>> + Send + 'static,
    W: FnOnce(Sender) -> F,
{
    let (sender, mut receiver) = mpsc::channel(2);
    let work = write(sender.clone());
    let task = AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = work.await {
            tracing::error!(error = &error as &dyn std::error::Error, "a list broke off");
            // Nobody is there to be told when this fails.
            drop(sender.send(Err(error)).await);
        }
    }));
    let Some(first) = receiver.recv().await else { return Ok(Body::empty()) };
    let first = first?;
    let rest = stream::unfold(Some((receiver, task)), |state| async {
        let (mut receiver, task) = state?;
        let piece = receiver.recv().await?;
        Some((piece, Some((receiver, task))))
    });
    // Fused, because an encoder (gzip) asks once more after the end.
    Ok(Body::from_stream(stream::once(async { Ok(first) }).chain(rest).fuse()))
}

async fn csv(mut tx: Transaction<'static, Postgres>, asked: Asked, sender: Sender) -> Result<()> {
    let mut table = Csv::new(of_list(asked.question.list, asked.with_land_user), asked.headings)?;
    let mut lines = store::lines(&mut tx, &asked.question);
    let mut rows = 0;
    while let Some(line) = lines.try_next().await? {
        table.row(&line)?;
        rows += 1;
        if rows % BATCH == 0 && !send(&sender, table.take()?).await {
            return Ok(());
        }
    }
    send(&sender, table.take()?).await;
    Ok(())
}

async fn geojson(mut tx: Transaction<'static, Postgres>, asked: Asked, sender: Sender) -> Result<()> {
    let Asked { question, with_land_user, .. } = asked;
    let mut out = Vec::with_capacity(CHUNK + (CHUNK >> 2));
    out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
    let mut returned = 0_u64;
    {
        let mut lines = store::lines(&mut tx, &question);
        while let Some(line) = lines.try_next().await? {
            if returned > 0 {
                out.push(b',');
            }
            returned += 1;
            let (id, wkb, properties) = ListEntryProperties::of(line, with_land_user);
            out.extend_from_slice(format!("{{\"type\":\"Feature\",\"id\":\"{id}\",\"geometry\":").as_bytes());
            wkb::to_geojson(&wkb, DECIMALS, &mut out).map_err(Error::internal)?;
            out.extend_from_slice(b",\"properties\":");
            serde_json::to_writer(&mut out, &properties).map_err(Error::internal)?;
            out.push(b'}');
            if out.len() >= CHUNK && !send(&sender, std::mem::take(&mut out)).await {
                return Ok(());
            }
        }
    }
    let title = question.list.title();
    let tail = serde_json::json!({
        "list": question.list, "title_zh": title.zh, "title_en": title.en, "on": question.on,
        "known_at": question.known_at.map(instant), "numberReturned": returned, "withheld": withheld(with_land_user),
    });
    let tail = tail.to_string();
    out.extend_from_slice(b"],");
    out.extend_from_slice(&tail.as_bytes()[1..]);
    send(&sender, out).await;
    Ok(())
}

/// The spreadsheet is written by a thread, which takes the rows as they are read, and sent from its temporary file.
async fn xlsx(mut tx: Transaction<'static, Postgres>, asked: Asked) -> Result<Body> {
    let list = asked.question.list;
    let (columns, headings, made_at) = (of_list(list, asked.with_land_user), asked.headings, asked.made_at);
    let (sender, mut receiver) = mpsc::channel::<Vec<Line>>(2);
    let thread = tokio::task::spawn_blocking(move || -> Result<std::fs::File> {
        // A sheet's name has 31 characters at most.
        let title = list.title().zh;
        let mut table = Xlsx::new(columns, headings, &title, made_at)?;
        while let Some(lines) = receiver.blocking_recv() {
            for line in &lines {
                table.row(line)?;
            }
        }
        table.finish()
    });
    {
        let mut lines = store::lines(&mut tx, &asked.question).try_chunks(BATCH);
        while let Some(batch) = lines.try_next().await.map_err(|error| Error::from(error.1))? {
            if sender.send(batch).await.is_err() {
                // It has failed, and says why below.
                break;
            }
        }
    }
    drop(sender);
    tx.rollback().await?;
    let file = thread.await.map_err(Error::internal)??;
    Ok(Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK)))
}

/// Of which site.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntriesQuery {
    /// Identifier of the site.
    #[param(required = true)]
    site: Option<String>,
}

/// A grade of a stay in the directory.
#[derive(Debug, Serialize, ToSchema)]
struct GradeView {
    /// The grade.
    #[schema(example = "high")]
    risk_grade: String,
    /// First day of it; `null` where an existing register did not say.
    since: Option<Day>,
    /// The event of the site's log that gave it; `null` for the public.
    seq: Option<i32>,
    /// The grading was voided as entered in error.
    withdrawn: bool,
}

/// A stay of a site on a list.
#[derive(Debug, Serialize, ToSchema)]
struct StayView {
    /// Its identifier.
    id: Uuid,
    /// First day; `null` where an existing register did not say.
    entered_on: Option<Day>,
    /// The event of the site's log that put it on the list; `null` for the public.
    entered_seq: Option<i32>,
    /// The day from which it was not on the list any more.
    left_on: Option<Day>,
    /// The event that took it off.
    left_seq: Option<i32>,
    /// The transition that took it off, as `T6`.
    #[schema(example = "T7")]
    left_because: Option<String>,
    /// 移出原因
    left_because_zh: Option<String>,
    /// The event that took it off, in words.
    left_because_en: Option<String>,
    /// Voided as entered in error: it never was on the list by this entry.
    withdrawn: bool,
    /// When the registry came to know the stay, UTC.
    recorded_at: String,
    /// When it was last changed, UTC.
    changed_at: String,
    /// The grades of a stay in the directory, oldest first.
    risk_grades: Vec<GradeView>,
}

/// The stays of a site on a list.
#[derive(Debug, Serialize, ToSchema)]
struct Stays {
    /// The list.
    list: List,
    /// The site.
    site_id: SiteId,
    /// Its code.
    code: String,
    /// The stays, oldest first.
    entries: Vec<StayView>,
}

/// The stays of a site on a list
///
/// From when to when, why it left, and the grades. What was voided stands there, marked; the public does not see it.
#[utoipa::path(
    get, path = "/v1/lists/{list}/entries", operation_id = "get_list_entries", tag = "lists",
    params(("list" = String, Path, description = "`suspected_list`, `contaminated_directory` or `control_list`", example = "contaminated_directory"), EntriesQuery),
    responses((status = 200, description = "The stays, oldest first", body = Stays)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn get_list_entries(
    call: Call,
    Path(list): Path<String>,
    Params(query): Params<EntriesQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::SiteRead)?;
    let list = read_list(&list)?;
    let Some(site) = query.site else {
        return Err(Error::bad_parameter("site", Text::fixed("须注明地块。", "names the site; it is missing.")).into());
    };
    let id: SiteId = site.parse().map_err(|_| not_found())?;
    let mut tx = call.app().snapshot().await?;
    let row = sites::find(&mut tx, id).await?.ok_or_else(not_found)?;
    let full = match sight(call.caller(), &row) {
        Sight::Full => true,
        Sight::Public if list.is_public() => false,
        Sight::Public => return Err(not_public().into()),
        Sight::Nothing => return Err(not_found().into()),
    };
    let grades = if list == List::ContaminatedDirectory { store::grades(&mut tx, id).await? } else { Vec::new() };
    let entries = store::stays(&mut tx, id, list)
        .await?
        .into_iter()
        .filter(|stay| full || !stay.withdrawn)
        .map(|stay| {
            let of_it = grades.iter().filter(|grade| grade.entry_id == stay.id && (full || !grade.withdrawn));
            let risk_grades = of_it
                .map(|grade| GradeView {
                    risk_grade: grade.risk_grade.clone(),
                    since: grade.since,
                    seq: full.then_some(grade.seq),
                    withdrawn: grade.withdrawn,
                })
                .collect();
            stay_view(stay, risk_grades, full)
        })
        .collect();
    Ok(Reply::json(&Stays { list, site_id: id, code: row.code, entries })?.with_header(header::VARY, "authorization"))
}

fn stay_view(stay: Stay, risk_grades: Vec<GradeView>, full: bool) -> StayView {
    let why = stay.left_by.as_deref().and_then(EventType::parse).map(|event| event.kind().title.clone());
    StayView {
        id: stay.id,
        entered_on: stay.entered_on,
        entered_seq: full.then_some(stay.entered_seq),
        left_on: stay.left_on,
        left_seq: stay.left_seq.filter(|_| full),
        left_because: stay.left_because,
        left_because_zh: why.as_ref().map(|why| why.zh.to_string()),
        left_because_en: why.map(|why| why.en.into_owned()),
        withdrawn: stay.withdrawn,
        recorded_at: instant(stay.recorded_at),
        changed_at: instant(stay.changed_at),
        risk_grades,
    }
}
