//! `/v1/control-zones`.

use super::store::{self, ControlZoneRow};
use crate::kernel::{Day, Result};
use crate::platform::feature::{AreaQuery, Feature, FeaturePage};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use axum::extract::OriginalUri;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_control_zones))
}

/// Attributes of a control zone.
#[derive(Debug, Serialize, ToSchema)]
struct ControlZoneProperties {
    /// Its name in the list of the approving government.
    #[schema(example = "Z1")]
    code: String,
    /// What it is called.
    #[schema(example = "示例三焦化厂原址管控区域")]
    name: String,
    /// Where it lies.
    #[schema(example = "152921")]
    division_code: String,
    /// Code of the site it was drawn for.
    site_code: Option<String>,
    /// The government that approved it.
    #[schema(example = "阿拉善左旗人民政府")]
    approved_by: String,
    /// The day of approval, from which it holds.
    approved_on: Day,
    /// Number of the approval.
    document_number: Option<String>,
    /// Temporarily undeveloped land (暂不开发利用).
    #[schema(example = true)]
    undeveloped: bool,
    /// The day on which it was ended and from which it no longer holds.
    ended_on: Option<Day>,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
}

fn view(row: ControlZoneRow) -> Result<Feature<ControlZoneProperties>> {
    let properties = ControlZoneProperties {
        code: row.code,
        name: row.name,
        division_code: row.division_code,
        site_code: row.site_code,
        approved_by: row.approved_by,
        approved_on: row.approved_on,
        document_number: row.document_number,
        undeveloped: row.undeveloped,
        ended_on: row.ended_on,
        area_m2: row.area_m2,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Control zones that hold on a day, in the order of their codes. Public.
#[utoipa::path(
    get, path = "/v1/control-zones", operation_id = "list_control_zones", tag = "check basis", params(AreaQuery),
    responses((status = 200, body = FeaturePage<ControlZoneProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("open")))
)]
async fn list_control_zones(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<AreaQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    // Control zones are public: everybody sees every one, whatever their scope.
    let scope = None;
    let filter = query.filter(scope, call.today())?;
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let page =
        FeaturePage::of(&uri, features, filter.limit, &filter.filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}
