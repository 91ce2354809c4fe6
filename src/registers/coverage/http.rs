//! `/v1/coverage-areas`.

use super::actions::{self, Correction, no_area};
use super::store::{self, CoverageAreaRow};
use crate::kernel::{CoverageId, Day, DivisionCode, Error, Result};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::crs::area_in_crs;
use crate::platform::feature::{AreaQuery, Feature, FeaturePage, NewFeature};
use crate::platform::{App, Body, Call, ContentCrs, IfMatch, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_coverage_areas, create_coverage_area))
        .routes(routes!(get_coverage_area, correct_coverage_area))
}

/// Attributes of a coverage area.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageAreaProperties {
    /// Its name.
    #[schema(example = "C-152921")]
    code: String,
    /// What it is called.
    #[schema(example = "阿拉善左旗")]
    name: String,
    /// Where it lies.
    #[schema(example = "152921")]
    division_code: String,
    /// The registers it speaks of: `suspected_sites`, `contaminated_sites`, `control_list`, `farmland`, `key_units`, `control_zones`.
    #[schema(example = json!(["suspected_sites", "contaminated_sites"]))]
    registers: Vec<String>,
    /// `kept`: the register is complete here; `investigated_clean`: looked for and not found.
    #[schema(example = "kept")]
    status: String,
    /// The day whose state it tells.
    as_of: Day,
    /// Who says so.
    source: Option<String>,
    /// The day from which it no longer holds.
    ended_on: Option<Day>,
}

fn view(row: CoverageAreaRow) -> Result<Feature<CoverageAreaProperties>> {
    let properties = CoverageAreaProperties {
        code: row.code,
        name: row.name,
        division_code: row.division_code,
        registers: row.registers,
        status: row.status,
        as_of: row.as_of,
        source: row.source,
        ended_on: row.ended_on,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Areas for which registers are kept or that were investigated and found clean, as they hold on a day.
#[utoipa::path(
    get, path = "/v1/coverage-areas", operation_id = "list_coverage_areas", tag = "check basis", params(AreaQuery),
    responses((status = 200, body = FeaturePage<CoverageAreaProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn list_coverage_areas(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<AreaQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let filter = query.filter(scope, call.today())?;
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let page =
        FeaturePage::of(&uri, features, filter.limit, &filter.filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// What coverage says of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CoverageKind {
    /// The register is complete here.
    Kept,
    /// Looked for and not found.
    InvestigatedClean,
}

/// Attributes of a new coverage area.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCoverageArea {
    /// Its name, unique in the registry.
    #[schema(example = "C-152921", max_length = 500)]
    code: String,
    /// What it is called.
    #[schema(example = "阿拉善左旗", max_length = 500)]
    name: String,
    /// Where it lies.
    division_code: DivisionCode,
    /// The registers it speaks of: `suspected_sites`, `contaminated_sites`, `control_list`, `farmland`, `key_units`, `control_zones`.
    #[schema(example = json!(["suspected_sites", "contaminated_sites"]))]
    registers: Vec<String>,
    /// What it says of them.
    status: CoverageKind,
    /// The day whose state it tells; not after today.
    as_of: Day,
    /// Who says so: report, notice, document.
    #[serde(default)]
    #[schema(max_length = 500)]
    source: Option<String>,
    /// The day from which it no longer holds.
    #[serde(default)]
    ended_on: Option<Day>,
}

/// Registers a coverage area.
#[utoipa::path(
    post, path = "/v1/coverage-areas", operation_id = "create_coverage_area", tag = "check basis",
    params(("Content-Crs" = Option<String>, Header, example = "<http://www.opengis.net/def/crs/EPSG/0/4528>",
            description = "Reference system of the body's coordinates, in its own axes: its URI in angle brackets. Left out: CRS84, longitude and latitude. Answers are in CRS84.")),
    request_body(content = NewFeature<NewCoverageArea>, content_type = "application/geo+json"),
    responses((status = 201, body = Feature<CoverageAreaProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.write")))
)]
async fn create_coverage_area(
    call: Call,
    ContentCrs(crs): ContentCrs,
    Body(body): Body<NewFeature<NewCoverageArea>>,
) -> Result<Reply, Stop> {
    let properties = serde_json::to_value(&body.properties).map_err(Error::internal)?;
    let empty = serde_json::Map::new();
    let item = actions::read(properties.as_object().unwrap_or(&empty), call.today());
    let area = area_in_crs(call.app().db(), &body.geometry, crs, "/geometry").await;
    let (item, area) = match (item, area) {
        (Ok(item), Ok(area)) => (item, area),
        (Ok(_), Err(error)) => return Err(error.into()),
        (Err(faults), Ok(_)) => return Err(Error::invalid(faults).into()),
        (Err(faults), Err(error)) => return Err(error.with_faults(faults).into()),
    };
    let mut act = call.begin(Permission::CheckBasisWrite).await?;
    let id = actions::register(&mut act, &item, &area).await?;
    let reply = shown(act.tx(), id, None, None).await?.created(format!("/v1/coverage-areas/{id}"));
    Ok(act.finish(reply).await?)
}

/// One coverage area, also one that holds no more.
#[utoipa::path(
    get, path = "/v1/coverage-areas/{id}", operation_id = "get_coverage_area", tag = "check basis",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = Feature<CoverageAreaProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn get_coverage_area(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    Ok(shown(&mut conn, read_id(&id)?, scope.as_deref(), known_at).await?)
}

/// A correction of a coverage area's record, or its end: what is left out stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ended_on": "2026-11-01", "reason": "详查成果已更新"}))]
struct CoverageAreaPatch {
    /// What it is called.
    #[serde(default)]
    #[schema(max_length = 500)]
    name: Option<String>,
    /// Who says so.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    source: Option<Option<String>>,
    /// The day whose state it tells.
    #[serde(default)]
    as_of: Option<Day>,
    /// The day from which it no longer holds.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    ended_on: Option<Option<Day>>,
    /// Why; kept in the history.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Corrects a coverage area's record, or ends it, with a reason; never its outline or what it says, for which another is
/// registered. The version before stays in the history.
#[utoipa::path(
    patch, path = "/v1/coverage-areas/{id}", operation_id = "correct_coverage_area", tag = "check basis",
    params(("id" = uuid::Uuid, Path, description = "Identifier"),
           ("If-Match" = String, Header, description = "ETag of the version that is corrected", example = "\"1\"")),
    request_body(content = CoverageAreaPatch, content_type = "application/json"),
    responses((status = 200, description = "Corrected", body = Feature<CoverageAreaProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.write")))
)]
async fn correct_coverage_area(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<CoverageAreaPatch>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::CheckBasisWrite).await?;
    let id = read_id(&id)?;
    let CoverageAreaPatch { name, source, as_of, ended_on, reason } = patch;
    actions::correct(&mut act, id, revision, Correction { name, source, as_of, ended_on }, &reason).await?;
    let reply = shown(act.tx(), id, None, None).await?;
    Ok(act.finish(reply).await?)
}

/// An area as an answer.
async fn shown(
    conn: &mut PgConnection,
    id: CoverageId,
    scope: Option<&[String]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Reply> {
    let row = store::get(conn, id, scope, known_at).await?.ok_or_else(no_area)?;
    let revision = row.revision;
    Ok(Reply::geojson(&view(row)?)?.revision(revision))
}

fn read_id(text: &str) -> Result<CoverageId> {
    text.parse().map_err(|_| no_area())
}
