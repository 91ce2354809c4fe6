//! `/v1/sampling-points`.

use super::super::actions::{self, PointChange};
use super::super::rules::row;
use super::super::store::{self, PointFilter, PointRow};
use super::runs::RescreeningView;
use super::{PointLandType, PointLandUse, Program, given, no_point, reach, reason};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, Error, Fault, Result, SamplingPointId, Text};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::feature::{self, CollectionType, FeatureType, Link};
use crate::platform::fields::Fields;
use crate::platform::reply::GEOJSON;
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop, table};
use crate::standards::land_use::{LandUse, LandUseSystem};
use axum::extract::{OriginalUri, Path};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sampling_points, register_sampling_point))
        .routes(routes!(get_sampling_point, correct_sampling_point))
}

/// Always `Point`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
enum PointType {
    /// A position.
    Point,
}

/// A position in CRS84.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct PointGeometry {
    /// `Point`.
    #[serde(rename = "type")]
    kind: PointType,
    /// Longitude, latitude.
    #[schema(value_type = Vec<f64>, min_items = 2, example = json!([112.4, 39.3]))]
    coordinates: Vec<f64>,
}

/// A sampling point.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PointView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: FeatureType,
    /// Its identifier.
    id: Uuid,
    /// Its position; `null` where none was stated.
    geometry: Option<PointGeometry>,
    /// Its attributes.
    properties: PointProperties,
}

/// Attributes of a sampling point.
#[derive(Debug, Serialize, ToSchema)]
struct PointProperties {
    /// Its code, unique in the registry.
    #[schema(example = "140602XC0001")]
    code: String,
    /// Its name.
    name: Option<String>,
    /// Where it lies.
    #[schema(example = "140602")]
    division_code: String,
    /// Whose sampling it serves.
    #[schema(value_type = Program)]
    program: String,
    /// The site that it is about.
    site_id: Option<Uuid>,
    /// The key unit whose self-monitoring it serves.
    key_unit_id: Option<Uuid>,
    /// Credit code of the land user who may see it.
    credit_code: Option<String>,
    /// Kind of farmland, as stated.
    #[schema(value_type = Option<PointLandType>)]
    land_type: Option<String>,
    /// Paddy and upland in turn (水旱轮作).
    rotation: bool,
    /// Land-use code, as stated.
    land_use: Option<PointLandUse>,
    /// Township.
    township: Option<String>,
    /// Village.
    village: Option<String>,
    /// First day of use; `null`: since before anything known.
    in_use_from: Option<Day>,
    /// Last day of use; `null`: in use.
    in_use_to: Option<Day>,
    /// Where the entry is from.
    source: Option<String>,
}

fn view(row: PointRow) -> PointView {
    PointView {
        kind: FeatureType::Feature,
        id: row.id.0,
        geometry: row
            .lon
            .zip(row.lat)
            .map(|(lon, lat)| PointGeometry { kind: PointType::Point, coordinates: vec![lon, lat] }),
        properties: PointProperties {
            code: row.code,
            name: row.name,
            division_code: row.division_code,
            program: row.program,
            site_id: row.site_id,
            key_unit_id: row.key_unit_id,
            credit_code: row.owner_credit_code,
            land_type: row.land_type,
            rotation: row.rotation,
            land_use: row.land_use_system.zip(row.land_use_code).map(|(system, code)| PointLandUse { system, code }),
            township: row.township,
            village: row.village,
            in_use_from: row.in_use_from,
            in_use_to: row.in_use_to,
            source: row.source,
        },
    }
}

/// A page of sampling points.
#[derive(Debug, Serialize, ToSchema)]
struct PointPage {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: CollectionType,
    /// The points of this page.
    features: Vec<PointView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which points.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PointQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Whose sampling they serve.
    #[param(inline)]
    program: Option<Program>,
    /// The point with this code.
    code: Option<String>,
    /// Those in use on this day; today when left out.
    true_on: Option<Day>,
    /// Those given up, or not in use yet, as well.
    include_given_up: Option<bool>,
    /// As the registry knew it at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Sampling points, in the order of their codes.
///
/// For departments in their divisions; a land user sees those of its own self-monitoring.
#[utoipa::path(
    get, path = "/v1/sampling-points", operation_id = "list_sampling_points", tag = "sampling", params(PointQuery),
    responses((status = 200, body = PointPage, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn list_sampling_points(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<PointQuery>,
) -> Result<Reply, Stop> {
    let reach = reach(&call)?;
    let limit = paging::limit(query.limit)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let on = query.true_on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
    let all = query.include_given_up.unwrap_or(false);
    let filters = format!(
        "{:?}",
        (&query.division, &query.bbox, query.program, &query.code, query.true_on, all, known_at, &reach)
    );
    let filter = PointFilter {
        reach,
        division: query.division.map(|code| code.as_str().to_owned()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        program: query.program.map(|program| program.as_str().to_owned()),
        code: query.code,
        on: (!all).then_some(on),
        known_at,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = store::list_points(&mut conn, &filter).await?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, GEOJSON, |last| last.code.clone());
    let features: Vec<PointView> = rows.into_iter().map(view).collect();
    let page = PointPage { kind: CollectionType::FeatureCollection, number_returned: features.len(), features, links };
    Ok(Reply::geojson(&page)?)
}

/// One sampling point, in use or given up.
#[utoipa::path(
    get, path = "/v1/sampling-points/{id}", operation_id = "get_sampling_point", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = PointView, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn get_sampling_point(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let reach = reach(&call)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::get_point(&mut conn, read_id(&id)?, &reach, known_at).await?.ok_or_else(no_point)?;
    let revision = row.revision;
    Ok(Reply::geojson(&view(row))?.revision(revision))
}

/// A point to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPoint {
    /// `Feature`.
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "its presence makes the body a feature")]
    kind: FeatureType,
    /// Identifiers are given by the registry; one that is sent is not used.
    #[serde(default)]
    #[expect(dead_code, reason = "taken so that a feature that was read can be sent")]
    id: Option<String>,
    /// Position in CRS84; `null` where none is known.
    #[schema(value_type = Option<PointGeometry>)]
    geometry: Value,
    /// Attributes.
    properties: NewPointProperties,
}

/// Attributes of a point to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPointProperties {
    /// Its code, unique in the registry.
    #[schema(example = "140602XC0001", max_length = 500)]
    code: String,
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// Where it lies.
    division_code: DivisionCode,
    /// Whose sampling it serves.
    program: Program,
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
    /// Township.
    #[serde(default)]
    township: Option<String>,
    /// Village.
    #[serde(default)]
    village: Option<String>,
    /// First day of use.
    #[serde(default)]
    in_use_from: Option<Day>,
    /// Where the entry is from.
    #[serde(default)]
    source: Option<String>,
}

/// Registers a sampling point.
#[utoipa::path(
    post, path = "/v1/sampling-points", operation_id = "register_sampling_point", tag = "sampling",
    request_body(content = NewPoint, content_type = "application/geo+json"),
    responses((status = 201, body = PointView, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("sampling.write")))
)]
async fn register_sampling_point(call: Call, Body(body): Body<NewPoint>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SamplingWrite).await?;
    let (code, about, place) = checked(body)?;
    let id = actions::register_point(&mut act, &code, &about, place).await?;
    let row = store::get_point(act.tx(), id, &store::Reach::default(), None).await?.ok_or_else(no_point)?;
    let revision = row.revision;
    let reply = Reply::geojson(&view(row))?.created(format!("/v1/sampling-points/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

/// The faults of attributes and position together; files are read by the same lines.
fn checked(body: NewPoint) -> Result<(String, row::PointFacts, Option<[f64; 2]>)> {
    let p = body.properties;
    let mut cells = Map::new();
    let texts = [
        ("point_code", Some(p.code)),
        ("point_name", p.name),
        ("division_code", Some(p.division_code.as_str().to_owned())),
        ("program", Some(p.program.as_str().to_owned())),
        ("site_id", p.site_id.map(|id| id.to_string())),
        ("key_unit_id", p.key_unit_id.map(|id| id.to_string())),
        ("credit_code", p.credit_code),
        ("land_type", p.land_type.map(|land_type| land_type.as_str().to_owned())),
        ("rotation", p.rotation.map(|rotation| rotation.to_string())),
        ("land_use_system", p.land_use.as_ref().map(|land_use| land_use.system.clone())),
        ("land_use_code", p.land_use.map(|land_use| land_use.code)),
        ("township", p.township),
        ("village", p.village),
        ("in_use_from", p.in_use_from.map(|day| day.to_string())),
        ("source", p.source),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            cells.insert(name.to_owned(), Value::String(text));
        }
    }
    let mut f = Fields::new(&cells);
    let code = f.required("point_code").unwrap_or_default();
    let about = row::point_facts(&mut f);
    let mut faults: Vec<Fault> = f.into_faults().into_iter().map(renamed).collect();
    let place = table::lon_lat(&body.geometry, "/geometry").map_err(|fault| faults.push(fault)).unwrap_or_default();
    if faults.is_empty() { Ok((code, about, place)) } else { Err(Error::invalid(faults)) }
}

/// Columns of tables have longer names than a feature's attributes.
fn renamed(fault: Fault) -> Fault {
    let pointer = match fault.pointer.as_str() {
        "/properties/point_code" => "/properties/code".to_owned(),
        "/properties/point_name" => "/properties/name".to_owned(),
        "/properties/land_use_code" => "/properties/land_use/code".to_owned(),
        "/properties/land_use_system" => "/properties/land_use/system".to_owned(),
        other => other.to_owned(),
    };
    Fault { pointer, ..fault }
}

/// What is to be another of a point; what is left out stays, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PointCorrection {
    /// Why.
    #[schema(example = "复核后更正地类")]
    reason: String,
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// Whose sampling it serves; samples taken before keep theirs.
    #[serde(default)]
    program: Option<Program>,
    /// Kind of farmland.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PointLandType>)]
    land_type: Option<Option<PointLandType>>,
    /// Paddy and upland in turn.
    #[serde(default)]
    rotation: Option<bool>,
    /// Land-use code with its system.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PointLandUse>)]
    land_use: Option<Option<PointLandUse>>,
    /// The site that it is about.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    site_id: Option<Option<Uuid>>,
    /// The key unit whose self-monitoring it serves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    key_unit_id: Option<Option<Uuid>>,
    /// Credit code of the land user who may see it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    credit_code: Option<Option<String>>,
    /// Township.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    township: Option<Option<String>>,
    /// Village.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    village: Option<Option<String>>,
    /// First day of use.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    in_use_from: Option<Option<Day>>,
    /// Last day of use: a point that was given up.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    in_use_to: Option<Option<Day>>,
    /// Another position.
    #[serde(default)]
    #[schema(value_type = Option<PointGeometry>)]
    geometry: Option<Value>,
}

/// A point as corrected.
#[derive(Debug, Serialize, ToSchema)]
struct CorrectedPointView {
    /// The point.
    point: PointView,
    /// The run in which its soil samples were held to the standards of the other land; `null` where the land stayed.
    rescreening: Option<RescreeningView>,
}

/// Corrects a sampling point, or gives it up. Where its land is another now, its soil samples are screened again in the same
/// act, and what comes out otherwise is told.
#[utoipa::path(
    patch, path = "/v1/sampling-points/{id}", operation_id = "correct_sampling_point", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), ("If-Match" = String, Header, description = "The point's ETag")),
    request_body = PointCorrection,
    responses((status = 200, body = CorrectedPointView)),
    extensions(("x-permission" = json!("sampling.write")))
)]
async fn correct_sampling_point(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<PointCorrection>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SamplingWrite).await?;
    let change = change(body)?;
    let done = actions::correct_point(&mut act, read_id(&id)?, revision, change).await?;
    let rescreening = match done.screened {
        Some(screened) => Some(RescreeningView::with_differences(act.tx(), screened.run).await?),
        None => None,
    };
    let revision = done.point.revision;
    let reply = Reply::json(&CorrectedPointView { point: view(done.point), rescreening })?.revision(revision);
    Ok(act.finish(reply).await?)
}

fn change(body: PointCorrection) -> Result<PointChange> {
    let mut faults = Vec::new();
    let land_use = match body.land_use {
        Some(Some(PointLandUse { system, code })) => {
            match LandUseSystem::parse(&system).and_then(|known| LandUse::parse(known, &code)) {
                Ok(land_use) => Some(Some((land_use.system().as_str().to_owned(), land_use.code().to_owned()))),
                Err(fault) => {
                    faults.push(Fault { pointer: "/land_use/code".to_owned(), ..fault });
                    None
                }
            }
        }
        Some(None) => Some(None),
        None => None,
    };
    let credit_code = match body.credit_code {
        Some(Some(code)) => {
            let cells = Map::from_iter([("credit_code".to_owned(), Value::String(code))]);
            let mut f = Fields::new(&cells);
            let code = f.credit_code("credit_code");
            faults
                .extend(f.into_faults().into_iter().map(|fault| Fault { pointer: "/credit_code".to_owned(), ..fault }));
            Some(code)
        }
        other => other,
    };
    let place = match body.geometry {
        Some(geometry) => match table::lon_lat(&geometry, "/geometry") {
            Ok(None) => {
                faults.push(Fault::new(
                    "/geometry",
                    "geometry_missing",
                    Text::fixed("位置可以更正，不能清空。", "A position can be corrected, not taken away."),
                ));
                None
            }
            Ok(place) => place,
            Err(fault) => {
                faults.push(fault);
                None
            }
        },
        None => None,
    };
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    Ok(PointChange {
        reason: reason(&body.reason)?,
        name: body.name,
        program: body.program.map(Program::as_str),
        land_type: body.land_type.map(|land_type| land_type.map(PointLandType::as_str)),
        rotation: body.rotation,
        land_use,
        site_id: body.site_id,
        key_unit_id: body.key_unit_id,
        credit_code,
        township: body.township,
        village: body.village,
        in_use_from: body.in_use_from,
        in_use_to: body.in_use_to,
        place,
    })
}

fn read_id(text: &str) -> Result<SamplingPointId> {
    text.parse().map_err(|_| no_point())
}
