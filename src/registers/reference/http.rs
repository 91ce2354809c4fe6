//! `/v1/reference-layers`.

use super::actions::{self, Change, FieldChange, NewLayer, not_found};
use super::collections::PREFIX;
use super::rules::columns::{Column, FieldKind};
use super::store::{self, FeatureFilter, FeatureRow, Layer, LayerFilter};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, Error, ReferenceFeatureId, ReferenceLayerId, Result, wkb};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::feature::{CollectionType, FeatureType, Link, boxes};
use crate::platform::reply::{GEOJSON, JSON};
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_reference_layers, make_reference_layer))
        .routes(routes!(get_reference_layer, change_reference_layer))
        .routes(routes!(list_reference_features))
}

/// What a layer's features are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LayerKind {
    /// 学校
    Schools,
    /// 居民区
    Homes,
    /// 医院、疗养院
    Hospitals,
    /// 养老院
    CareHomes,
    /// 幼儿园
    Kindergartens,
    /// 饮用水水源
    WaterSources,
    /// 永久基本农田
    PermanentBasicFarmland,
    /// 生态保护红线
    RedLines,
    /// 其他
    Other,
}

impl LayerKind {
    fn as_str(self) -> &'static str {
        super::KINDS[self as usize]
    }
}

/// What a further file means for features that it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OnImport {
    /// They stay.
    #[default]
    Add,
    /// They end on the day of the import, unless a row of the file was rejected.
    Replace,
}

impl OnImport {
    fn as_str(self) -> &'static str {
        match self {
            OnImport::Add => "add",
            OnImport::Replace => "replace",
        }
    }
}

/// A layer to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "schools-2026", "kind": "schools", "title_zh": "中小学", "title_en": "Schools",
    "source": "旗教育局", "as_of": "2026-09-01", "division_code": "152921", "public": true, "on_import": "replace"}))]
struct NewLayerBody {
    /// The name behind the colon of the import target `reference:<name>`: a small letter, then small letters, digits, `-`
    /// and `_`.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z][a-z0-9_-]*$")]
    name: String,
    /// What its features are.
    kind: LayerKind,
    /// 名称
    title_zh: String,
    /// Title in English.
    title_en: String,
    /// Who keeps the data.
    #[serde(default)]
    source: Option<String>,
    /// The day whose state it tells, as its source says; not after today.
    #[serde(default)]
    as_of: Option<Day>,
    /// The division that it is complete for, and whose bureaus keep it; left out: the nation.
    #[serde(default)]
    division_code: Option<DivisionCode>,
    /// Whether everybody may see it.
    #[serde(default)]
    public: bool,
    /// What a further file means for features that it does not hold.
    #[serde(default)]
    on_import: OnImport,
}

/// Who sees a field of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FieldAudience {
    /// Everybody who sees the layer.
    Public,
    /// Departments alone.
    Departments,
}

/// What is to be changed of a field; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReferenceFieldChange {
    /// Who sees it.
    #[serde(default)]
    audience: Option<FieldAudience>,
    /// What its values are: for files that cannot say it, such as delimited text. Holds for further files too; a value that
    /// is none is unknown.
    #[serde(default)]
    kind: Option<FieldKind>,
    /// 名称
    #[serde(default)]
    title_zh: Option<String>,
    /// Title in English.
    #[serde(default)]
    title_en: Option<String>,
}

/// What is to be changed of a layer; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "schools", "public": true, "fields": {"pupils": {"audience": "public"}}}))]
struct LayerChange {
    /// What its features are: siting checks look for them by it.
    #[serde(default)]
    kind: Option<LayerKind>,
    /// 名称
    #[serde(default)]
    title_zh: Option<String>,
    /// Title in English.
    #[serde(default)]
    title_en: Option<String>,
    /// Who keeps the data.
    #[serde(default)]
    source: Option<String>,
    /// The day whose state it tells; not after today.
    #[serde(default)]
    as_of: Option<Day>,
    /// Whether everybody may see it.
    #[serde(default)]
    public: Option<bool>,
    /// What a further file means for features that it does not hold.
    #[serde(default)]
    on_import: Option<OnImport>,
    /// Fields by their names.
    #[serde(default)]
    fields: BTreeMap<String, ReferenceFieldChange>,
}

/// A field of a layer: an attribute that its files had.
#[derive(Debug, Serialize, ToSchema)]
struct ReferenceField {
    /// Its name in the collection.
    #[schema(example = "pupils")]
    name: String,
    /// What files call it, where that is not fit for a name.
    #[schema(example = "pupils")]
    key: String,
    /// What its values are.
    kind: FieldKind,
    /// 名称
    title_zh: Option<String>,
    /// Title in English.
    title_en: Option<String>,
    /// Who sees it.
    audience: FieldAudience,
}

impl From<Column> for ReferenceField {
    fn from(column: Column) -> ReferenceField {
        ReferenceField {
            name: column.name,
            key: column.key,
            kind: column.kind,
            title_zh: column.title_zh,
            title_en: column.title_en,
            audience: if column.public { FieldAudience::Public } else { FieldAudience::Departments },
        }
    }
}

/// A reference layer.
#[derive(Debug, Serialize, ToSchema)]
struct LayerView {
    /// Its identifier.
    id: ReferenceLayerId,
    /// Its name; the import target is `reference:<name>`.
    #[schema(example = "schools")]
    name: String,
    /// What its features are.
    #[schema(value_type = LayerKind)]
    kind: String,
    /// 名称
    #[schema(example = "学校")]
    title_zh: String,
    /// Title in English.
    title_en: String,
    /// Who keeps the data.
    source: Option<String>,
    /// The day whose state it tells, as its source says.
    as_of: Option<Day>,
    /// The division that it is complete for; `null`: the nation.
    #[schema(example = "152921")]
    division_code: Option<String>,
    /// Whether everybody may see it.
    public: bool,
    /// What a further file means for features that it does not hold.
    #[schema(value_type = OnImport)]
    on_import: String,
    /// Day of the last import; `null`: nothing was ever loaded.
    loaded_on: Option<Day>,
    /// Its name as a collection under `/ogc/collections`.
    #[schema(example = "ref-schools")]
    collection: String,
    /// Its fields that the caller may see, beside `code`, `name` and `ended_on`.
    fields: Vec<ReferenceField>,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

impl LayerView {
    /// A layer with those of its columns that a caller may see.
    fn new(row: Layer, columns: impl Iterator<Item = Column>) -> LayerView {
        LayerView {
            id: row.id,
            collection: format!("{PREFIX}{}", row.name),
            fields: columns.map(ReferenceField::from).collect(),
            name: row.name,
            kind: row.kind,
            title_zh: row.title_zh,
            title_en: row.title_en,
            source: row.source,
            as_of: row.as_of,
            division_code: row.division_code,
            public: row.public,
            on_import: row.on_import,
            loaded_on: row.loaded_on,
            revision: row.revision,
            recorded_at: row.sys_from,
        }
    }
}

/// Layers with those of their columns that a caller may see, as known at an instant.
async fn views(
    conn: &mut PgConnection,
    layers: Vec<Layer>,
    public_only: bool,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<LayerView>> {
    let ids: Vec<ReferenceLayerId> = layers.iter().map(|layer| layer.id).collect();
    let open = if public_only { open_keys(conn, &ids).await? } else { HashSet::new() };
    let mut fields: BTreeMap<ReferenceLayerId, Vec<Column>> = BTreeMap::new();
    for (layer, column) in store::columns(conn, &ids, known_at).await? {
        if column.in_use && (!public_only || open.contains(&(layer, column.key.clone()))) {
            fields.entry(layer).or_default().push(column);
        }
    }
    let view = |layer: Layer| {
        let columns = fields.remove(&layer.id).unwrap_or_default();
        LayerView::new(layer, columns.into_iter())
    };
    Ok(layers.into_iter().map(view).collect())
}

/// The attributes that everybody may see: as it is said now, whatever was known when.
async fn open_keys(
    conn: &mut PgConnection,
    layers: &[ReferenceLayerId],
) -> Result<HashSet<(ReferenceLayerId, String)>> {
    let columns = store::columns(conn, layers, None).await?;
    Ok(columns.into_iter().filter(|(_, column)| column.public).map(|(layer, column)| (layer, column.key)).collect())
}

/// One layer, as a department sees it.
async fn view_of(conn: &mut PgConnection, layer: Layer) -> Result<LayerView> {
    views(conn, vec![layer], false, None).await?.pop().ok_or_else(not_found)
}

/// A page of layers.
#[derive(Debug, Serialize, ToSchema)]
struct ReferenceLayers {
    /// By name.
    layers: Vec<LayerView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which layers.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LayerQuery {
    /// Of this kind.
    kind: Option<LayerKind>,
    /// Complete for this division: its own, and those of divisions above it.
    division: Option<DivisionCode>,
    /// As the registry knew it at this instant (RFC 3339).
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Whether a caller sees public layers only.
fn public_only(call: &Call) -> Result<bool> {
    Ok(call.read(Permission::ReferenceRead)?.is_public())
}

/// Reference layers, by name.
#[utoipa::path(
    get, path = "/v1/reference-layers", operation_id = "list_reference_layers", tag = "reference layers", params(LayerQuery),
    responses((status = 200, body = ReferenceLayers)), extensions(("x-permission" = json!("reference.read")))
)]
async fn list_reference_layers(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<LayerQuery>,
) -> Result<Reply, Stop> {
    let public_only = public_only(&call)?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (query.kind, &query.division, &query.known_at, public_only));
    let filter = LayerFilter {
        public_only,
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        division: query.division.map(|code| code.as_str().to_owned()),
        known_at: known_at(query.known_at.as_deref())?,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let layers = store::list(&mut conn, &filter).await?;
    let mut layers = views(&mut conn, layers, public_only, filter.known_at).await?;
    let links = Link::pages(&uri, &mut layers, limit, &filters, JSON, |layer| layer.name.clone());
    Ok(Reply::json(&ReferenceLayers { layers, links })?)
}

/// Make a reference layer
///
/// Its features come by imports into `reference:<name>`. A layer that is not there is made by its first import, for the
/// division of the key: of the kind that it is called as, else `other`.
#[utoipa::path(
    post, path = "/v1/reference-layers", operation_id = "make_reference_layer", tag = "reference layers",
    request_body(content = NewLayerBody, content_type = "application/json"),
    responses((status = 201, description = "Made", body = LayerView)),
    extensions(("x-permission" = json!("reference.write")))
)]
async fn make_reference_layer(call: Call, Body(body): Body<NewLayerBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ReferenceWrite).await?;
    let new = NewLayer {
        name: body.name,
        kind: body.kind.as_str(),
        title_zh: body.title_zh,
        title_en: body.title_en,
        source: body.source,
        as_of: body.as_of,
        division_code: body.division_code.map(|code| code.as_str().to_owned()),
        public: body.public,
        on_import: body.on_import.as_str(),
    };
    let layer = actions::make(&mut act, new).await?;
    let href = format!("/v1/reference-layers/{}", layer.name);
    let view = view_of(act.tx(), layer).await?;
    Ok(act.finish(Reply::json(&view)?.created(href).revision(1)).await?)
}

/// One reference layer.
#[utoipa::path(
    get, path = "/v1/reference-layers/{name}", operation_id = "get_reference_layer", tag = "reference layers",
    params(("name" = String, Path, description = "Name of the layer"), KnownParams),
    responses((status = 200, body = LayerView)), extensions(("x-permission" = json!("reference.read")))
)]
async fn get_reference_layer(
    call: Call,
    Path(name): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let public_only = public_only(&call)?;
    let known_at = known_at(params.known_at.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    let layer = store::find(&mut conn, &name, public_only, known_at).await?.ok_or_else(not_found)?;
    let revision = layer.revision;
    let view = views(&mut conn, vec![layer], public_only, known_at).await?.pop().ok_or_else(not_found)?;
    Ok(Reply::json(&view)?.revision(revision))
}

/// Change what is said of a reference layer
///
/// Kind, title, source, day, whether it is public, what a further file means; and of its fields who sees them, what their
/// values are, and what they are called. Name and division stay.
#[utoipa::path(
    patch, path = "/v1/reference-layers/{name}", operation_id = "change_reference_layer", tag = "reference layers",
    params(("name" = String, Path, description = "Name of the layer")),
    request_body(content = LayerChange, content_type = "application/json"),
    responses((status = 200, description = "Changed", body = LayerView)),
    extensions(("x-permission" = json!("reference.write")))
)]
async fn change_reference_layer(
    call: Call,
    Path(name): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<LayerChange>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ReferenceWrite).await?;
    let field = |change: ReferenceFieldChange| FieldChange {
        public: change.audience.map(|audience| audience == FieldAudience::Public),
        kind: change.kind,
        title_zh: change.title_zh,
        title_en: change.title_en,
    };
    let change = Change {
        kind: body.kind.map(LayerKind::as_str),
        fields: body.fields.into_iter().map(|(name, change)| (name, field(change))).collect(),
        title_zh: body.title_zh,
        title_en: body.title_en,
        source: body.source,
        as_of: body.as_of,
        public: body.public,
        on_import: body.on_import.map(OnImport::as_str),
    };
    let layer = actions::change(&mut act, &name, revision, change).await?;
    let revision = layer.revision;
    let view = view_of(act.tx(), layer).await?;
    Ok(act.finish(Reply::json(&view)?.revision(revision)).await?)
}

/// What is known of a feature.
#[derive(Debug, Serialize, ToSchema)]
struct ReferenceFeatureProperties {
    /// What its source calls it.
    #[schema(example = "S-001")]
    code: String,
    /// Its name.
    name: Option<String>,
    /// The other attributes of its file that the caller may see, as they came.
    #[schema(value_type = Object)]
    attributes: Value,
    /// The day from which it is no longer there.
    ended_on: Option<Day>,
}

/// A feature of a reference layer.
#[derive(Debug, Serialize, ToSchema)]
struct ReferenceFeatureView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: FeatureType,
    /// Its identifier.
    id: ReferenceFeatureId,
    /// Point, line or area, CRS84.
    #[schema(value_type = Object)]
    geometry: Box<RawValue>,
    /// What is known of it.
    properties: ReferenceFeatureProperties,
}

/// A page of a layer's features.
#[derive(Debug, Serialize, ToSchema)]
struct ReferenceFeatures {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: CollectionType,
    /// By code.
    features: Vec<ReferenceFeatureView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Decimals of degrees on the wire.
const DECIMALS: u8 = 9;

fn view(row: FeatureRow) -> Result<ReferenceFeatureView> {
    let mut text = Vec::with_capacity(row.wkb.len() * 2);
    wkb::to_geojson(&row.wkb, DECIMALS, &mut text).map_err(Error::internal)?;
    let text = String::from_utf8(text).map_err(Error::internal)?;
    Ok(ReferenceFeatureView {
        kind: FeatureType::Feature,
        id: row.id,
        geometry: RawValue::from_string(text).map_err(Error::internal)?,
        properties: ReferenceFeatureProperties {
            code: row.code,
            name: row.name,
            attributes: row.attributes,
            ended_on: row.ended_on,
        },
    })
}

/// Which features.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeatureQuery {
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Those there on this day; today when left out.
    true_on: Option<Day>,
    /// As the registry knew it at this instant (RFC 3339).
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Features of a reference layer, by code.
#[utoipa::path(
    get, path = "/v1/reference-layers/{name}/features", operation_id = "list_reference_features", tag = "reference layers",
    params(("name" = String, Path, description = "Name of the layer"), FeatureQuery),
    responses((status = 200, body = ReferenceFeatures, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("reference.read")))
)]
async fn list_reference_features(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    Params(query): Params<FeatureQuery>,
) -> Result<Reply, Stop> {
    let public_only = public_only(&call)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (&name, &query.bbox, query.true_on, &query.known_at, public_only));
    let mut conn = call.app().db().acquire().await?;
    let layer = store::find(&mut conn, &name, public_only, known_at).await?.ok_or_else(not_found)?;
    let filter = FeatureFilter {
        layer: layer.id,
        boxes: boxes(query.bbox.as_deref())?,
        true_on: query.true_on.unwrap_or_else(|| call.today()),
        known_at,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut rows = store::features(&mut conn, &filter).await?;
    if public_only {
        let open = open_keys(&mut conn, &[layer.id]).await?;
        let open: HashSet<String> = open.into_iter().map(|(_, key)| key).collect();
        for row in &mut rows {
            if let Value::Object(attributes) = &mut row.attributes {
                attributes.retain(|key, _| open.contains(key));
            }
        }
    }
    let mut features = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    let links = Link::pages(&uri, &mut features, limit, &filters, GEOJSON, |one| one.properties.code.clone());
    let page =
        ReferenceFeatures { kind: CollectionType::FeatureCollection, number_returned: features.len(), features, links };
    Ok(Reply::geojson(&page)?)
}
