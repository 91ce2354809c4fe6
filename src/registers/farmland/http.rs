//! `/v1/farmland-units`.

use super::actions;
use super::store::{self, ClassRow, Filter, NewUnit, UnitRow};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Area, Day, DivisionCode, Error, FarmlandUnitId, Result};
use crate::platform::feature::{self, Feature, FeaturePage, NewFeature};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Scope, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_farmland_units, create_farmland_unit))
        .routes(routes!(get_farmland_unit))
        .routes(routes!(list_farmland_classes))
}

/// Kind of farmland.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LandType {
    /// 水田
    Paddy,
    /// 旱地
    Upland,
    /// 水浇地
    Irrigated,
    /// 园地
    Orchard,
    /// 草地
    Grassland,
    /// 林地
    Forest,
}

/// Soil-quality class of farmland.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FarmlandClass {
    /// 优先保护类
    PriorityProtection,
    /// 安全利用类
    SafeUse,
    /// 严格管控类
    StrictControl,
    /// 未划定
    #[default]
    Unclassified,
}

impl LandType {
    fn as_str(self) -> &'static str {
        super::LAND_TYPES[self as usize]
    }
}

impl FarmlandClass {
    fn as_str(self) -> &'static str {
        super::CLASSES[self as usize]
    }
}

/// Attributes of a new farmland unit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFarmlandUnit {
    /// The unit's code, unique in the registry.
    #[schema(example = "140602NY000001", max_length = 500)]
    code: String,
    /// Where it lies.
    division_code: DivisionCode,
    /// Kind of farmland.
    land_type: LandType,
    /// What grows there.
    #[schema(example = "小麦")]
    #[serde(default)]
    crop: Option<String>,
    /// Township.
    #[serde(default)]
    township: Option<String>,
    /// Village.
    #[serde(default)]
    village: Option<String>,
    /// Permanent basic farmland; left out: not known.
    #[serde(default)]
    pbf: Option<bool>,
    /// Class as approved.
    #[serde(default)]
    class: FarmlandClass,
    /// First day on which the class holds.
    #[serde(default)]
    class_since: Option<Day>,
    /// Area as the source states it, m².
    #[schema(exclusive_minimum = 0.0)]
    #[serde(default)]
    stated_area_m2: Option<f64>,
}

/// Attributes of a farmland unit.
#[derive(Debug, Serialize, ToSchema)]
struct FarmlandUnitProperties {
    /// The unit's code.
    #[schema(example = "140602NY000001")]
    code: String,
    /// Where it lies.
    #[schema(example = "140602")]
    division_code: String,
    /// Kind of farmland.
    #[schema(value_type = LandType)]
    land_type: String,
    /// Class in force.
    #[schema(value_type = FarmlandClass)]
    class: String,
    /// First day on which the class holds, where known.
    class_since: Option<Day>,
    /// Ellipsoidal area (CGCS2000), m².
    #[schema(example = 20000.0)]
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    #[schema(example = 30.0)]
    area_mu: f64,
    /// Area as the source states it, m².
    stated_area_m2: Option<f64>,
    /// What grows there.
    crop: Option<String>,
    /// Permanent basic farmland; `null`: not known.
    pbf: Option<bool>,
    /// Township.
    township: Option<String>,
    /// Village.
    village: Option<String>,
}

fn view(row: UnitRow) -> Result<Feature<FarmlandUnitProperties>> {
    let properties = FarmlandUnitProperties {
        code: row.code,
        division_code: row.division_code,
        land_type: row.land_type,
        class: row.class,
        class_since: row.class_since,
        area_m2: row.area_m2,
        area_mu: row.area_m2 * 15.0 / 10_000.0,
        stated_area_m2: row.stated_area_m2,
        crop: row.crop,
        pbf: row.pbf,
        township: row.township,
        village: row.village,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// The divisions whose units the caller may see; `None`: all. Where the operator
/// opens farmland to the public, that is the layer, not this list.
fn scope(call: &Call) -> Result<Option<Vec<String>>> {
    match call.read(Permission::FarmlandRead)? {
        Scope::All => Ok(None),
        Scope::Divisions(codes) => Ok(Some(codes)),
        // Neither is the owner of farmland units, nor are they public.
        Scope::Own(_) | Scope::Public => Ok(Some(Vec::new())),
    }
}

/// Which units.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FarmlandQuery {
    /// Class in force.
    #[param(inline)]
    class: Option<FarmlandClass>,
    /// Kind of farmland.
    #[param(inline)]
    land_type: Option<LandType>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Permanent basic farmland or not; units of which it is not known are in neither.
    pbf: Option<bool>,
    /// The unit with this code.
    code: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Farmland units, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/farmland-units", operation_id = "list_farmland_units", tag = "farmland", params(FarmlandQuery),
    responses((status = 200, body = FeaturePage<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_units(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<FarmlandQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let limit = paging::limit(query.limit)?;
    let filters =
        format!("{:?}", (&query.class, &query.land_type, &query.division, &query.bbox, query.pbf, &query.code, &scope));
    let filter = Filter {
        scope,
        class: query.class.map(|class| class.as_str().to_owned()),
        land_type: query.land_type.map(|kind| kind.as_str().to_owned()),
        division: query.division.map(|code| code.as_str().to_owned()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        pbf: query.pbf,
        code: query.code,
        after: query.cursor.as_deref().map(|cursor| Cursor::read(cursor, &filters)).transpose()?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// One farmland unit.
#[utoipa::path(
    get, path = "/v1/farmland-units/{id}", operation_id = "get_farmland_unit", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    responses((status = 200, body = Feature<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_unit(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::get(&mut conn, read_id(&id)?, scope.as_deref()).await?.ok_or_else(no_unit)?;
    let revision = row.revision;
    Ok(Reply::geojson(&view(row)?)?.revision(revision))
}

/// Registers a farmland unit with its class as given.
#[utoipa::path(
    post, path = "/v1/farmland-units", operation_id = "create_farmland_unit", tag = "farmland",
    request_body(content = NewFeature<NewFarmlandUnit>, content_type = "application/geo+json"),
    responses((status = 201, body = Feature<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn create_farmland_unit(call: Call, Body(body): Body<NewFeature<NewFarmlandUnit>>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let (unit, area) = checked(&body)?;
    let id = actions::register(&mut act, &unit, &area).await?;
    let row = store::get(act.tx(), id, None).await?.ok_or_else(no_unit)?;
    let revision = row.revision;
    let reply = Reply::geojson(&view(row)?)?.created(format!("/v1/farmland-units/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

/// The faults of attributes and outline together, so that a sender learns of all of them at once.
fn checked(body: &NewFeature<NewFarmlandUnit>) -> Result<(NewUnit, Area)> {
    let properties = serde_json::to_value(&body.properties).map_err(Error::internal)?;
    let empty = serde_json::Map::new();
    let unit = actions::read(properties.as_object().unwrap_or(&empty));
    let area = Area::from_geojson(&body.geometry, "/geometry");
    match (unit, area) {
        (Ok(unit), Ok(area)) => Ok((unit, area)),
        (unit, area) => {
            Err(Error::invalid(unit.err().into_iter().flatten().chain(area.err().into_iter().flatten()).collect()))
        }
    }
}

/// A class that a unit had or has.
#[derive(Debug, Serialize, ToSchema)]
struct ClassVersion {
    /// The class.
    #[schema(value_type = FarmlandClass)]
    class: String,
    /// First day on which it holds, where known.
    class_since: Option<Day>,
    /// When the registry came to know it.
    known_from: DateTime<Utc>,
    /// When the registry knew better; `null`: it holds.
    known_to: Option<DateTime<Utc>>,
}

/// The classes of a unit.
#[derive(Debug, Serialize, ToSchema)]
struct ClassVersions {
    /// Oldest first.
    classes: Vec<ClassVersion>,
}

/// The classes that a unit had and has, oldest first.
#[utoipa::path(
    get, path = "/v1/farmland-units/{id}/classes", operation_id = "list_farmland_classes", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    responses((status = 200, body = ClassVersions)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_classes(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let id = read_id(&id)?;
    let mut conn = call.app().db().acquire().await?;
    store::get(&mut conn, id, scope.as_deref()).await?.ok_or_else(no_unit)?;
    let mut classes: Vec<ClassVersion> = Vec::new();
    for ClassRow { class, class_since, known_from, known_to } in store::versions(&mut conn, id).await? {
        // A version in which something else changed goes on with the class before it.
        match classes.last_mut() {
            Some(last) if last.class == class && last.class_since == class_since => last.known_to = known_to,
            _ => classes.push(ClassVersion { class, class_since, known_from, known_to }),
        }
    }
    Ok(Reply::json(&ClassVersions { classes })?)
}

fn read_id(text: &str) -> Result<FarmlandUnitId> {
    text.parse().map_err(|_| no_unit())
}

fn no_unit() -> Error {
    Error::not_found("该农用地单元", "farmland unit")
}
