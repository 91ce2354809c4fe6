//! `/v1/divisions`.

use super::rules::tree::Level;
use super::store::{self, DivisionRow, Filter};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, Error, Result, Text};
use crate::platform::feature::{self, Feature, FeaturePage};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_divisions)).routes(routes!(get_division))
}

/// Attributes of a division.
#[derive(Debug, Serialize, ToSchema)]
pub struct DivisionProperties {
    /// Six digits.
    #[schema(example = "152921")]
    code: String,
    /// Chinese name.
    #[schema(example = "阿拉善左旗")]
    name_zh: String,
    /// English name or pinyin, where known.
    #[schema(example = "Alxa Left Banner")]
    name_en: Option<String>,
    /// `nation`, `province`, `prefecture` or `county`.
    #[schema(example = "county")]
    level: String,
    /// `gb2260`, or `development_zone` with a statistical code.
    #[schema(example = "gb2260")]
    kind: String,
    /// The division above; `null` for the nation.
    #[schema(example = "152900")]
    parent_code: Option<String>,
    /// From the nation down to this division.
    #[schema(example = json!(["000000", "150000", "152900", "152921"]))]
    ancestors: Vec<String>,
    /// First day, where known.
    valid_from: Option<Day>,
    /// Last day; `null` while it lives.
    valid_to: Option<Day>,
    /// The code that took its place.
    successor_code: Option<String>,
}

type DivisionFeature = Feature<DivisionProperties>;

fn view(row: DivisionRow) -> Result<DivisionFeature> {
    let properties = DivisionProperties {
        code: row.code,
        name_zh: row.name_zh,
        name_en: row.name_en,
        level: row.level,
        kind: row.kind,
        parent_code: row.parent_code,
        ancestors: row.ancestors,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        successor_code: row.successor_code,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Which divisions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DivisionQuery {
    /// `nation`, `province`, `prefecture` or `county`.
    #[param(example = "county")]
    level: Option<String>,
    /// Those directly under this division.
    parent: Option<DivisionCode>,
    /// This division and all below it.
    below: Option<DivisionCode>,
    /// Part of a name, or the beginning of a code.
    q: Option<String>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Those valid on this day; today when left out.
    on: Option<Day>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Divisions, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/divisions", operation_id = "list_divisions", tag = "divisions", params(DivisionQuery),
    responses((status = 200, body = FeaturePage<DivisionProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("division.read")))
)]
async fn list_divisions(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<DivisionQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::DivisionRead)?;
    let limit = paging::limit(query.limit)?;
    if query.level.as_deref().is_some_and(|level| Level::parse(level).is_none()) {
        let names = Level::NAMES.join(", ");
        return Err(Error::bad_parameter(
            "level",
            Text::new(format!("应为 {names} 之一。"), format!("must be one of {names}.")),
        )
        .into());
    }
    let on = query.on.unwrap_or_else(|| call.today());
    let filters = format!("{:?}", (&query.level, &query.parent, &query.below, &query.q, &query.bbox, query.on));
    let filter = Filter {
        level: query.level,
        parent: query.parent.map(|code| code.as_str().to_owned()),
        below: query.below.map(|code| code.as_str().to_owned()),
        q: query.q.filter(|q| !q.is_empty()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        on,
        after: query.cursor.as_deref().map(|cursor| Cursor::read(cursor, &filters)).transpose()?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// One division, whether it still lives or not.
#[utoipa::path(
    get, path = "/v1/divisions/{code}", operation_id = "get_division", tag = "divisions",
    params(("code" = String, Path, description = "Six digits", example = "152921")),
    responses((status = 200, body = Feature<DivisionProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("division.read")))
)]
async fn get_division(call: Call, Path(code): Path<String>) -> Result<Reply, Stop> {
    call.read(Permission::DivisionRead)?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::get(&mut conn, &code).await?.ok_or_else(|| Error::not_found("该行政区划", "division"))?;
    let revision = row.revision;
    Ok(Reply::geojson(&view(row)?)?.revision(revision))
}
