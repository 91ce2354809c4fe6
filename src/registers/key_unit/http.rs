//! `/v1/key-units`.

use super::store::{self, KeyUnitRow};
use crate::kernel::{Day, Result};
use crate::platform::feature::{AreaQuery, Feature, FeaturePage};
use crate::platform::{App, Call, Params, Permission, Reply, Scope, Stop};
use axum::extract::OriginalUri;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_key_units))
}

/// Attributes of a key supervised unit of soil pollution.
#[derive(Debug, Serialize, ToSchema)]
struct KeyUnitProperties {
    /// Its name in the list it comes from.
    #[schema(example = "K1")]
    code: String,
    /// Name of the unit.
    #[schema(example = "示例在产二号助剂厂")]
    name: String,
    /// Unified social credit code (GB 32100).
    #[schema(example = "91152900DEMX90021E")]
    credit_code: Option<String>,
    /// Where it lies.
    #[schema(example = "152971")]
    division_code: String,
    /// GB/T 4754-2017, two to four digits.
    #[schema(example = "2661")]
    industry: Option<String>,
    /// The day it was listed.
    listed_on: Day,
    /// The day on which it was taken off the list and from which it is no longer on it.
    removed_on: Option<Day>,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
}

fn view(row: KeyUnitRow) -> Result<Feature<KeyUnitProperties>> {
    let properties = KeyUnitProperties {
        code: row.code,
        name: row.name,
        credit_code: row.credit_code,
        division_code: row.division_code,
        industry: row.industry,
        listed_on: row.listed_on,
        removed_on: row.removed_on,
        area_m2: row.area_m2,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Key supervised units (土壤污染重点监管单位) listed on a day, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/key-units", operation_id = "list_key_units", tag = "check basis", params(AreaQuery),
    responses((status = 200, body = FeaturePage<KeyUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn list_key_units(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<AreaQuery>,
) -> Result<Reply, Stop> {
    let scope = match call.read(Permission::CheckBasisRead)? {
        Scope::All => None,
        Scope::Divisions(codes) => Some(codes),
        Scope::Own(_) | Scope::Public => Some(Vec::new()),
    };
    let filter = query.filter(scope, call.today())?;
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let page =
        FeaturePage::of(&uri, features, filter.limit, &filter.filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}
