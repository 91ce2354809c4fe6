//! `/v1/coverage-areas`.

use super::store::{self, CoverageAreaRow};
use crate::kernel::{Day, Result};
use crate::platform::feature::{AreaQuery, Feature, FeaturePage};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use axum::extract::OriginalUri;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_coverage_areas))
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
