//! `/ogc`: OGC API Features and Tiles over every layer. Which collections there are, and what is in them, follows from
//! the layers handed in.

use super::def::{ColumnKind, Layer};
use super::features::{self, Link};
use super::html;
use super::query::{self, CRS84, Page, Pairs, Selection};
use super::sql::{self, Extent};
use super::tiles::{self, TileMatrixSet};
use super::view::{View, why_hidden};
use crate::kernel::{Error, Kind, Lang, Result, Text};
use crate::platform::reply::GEOJSON;
use crate::platform::{App, Call, Caller, Stop};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const SCHEMA: &str = "application/schema+json";
const MVT: &str = "application/vnd.mapbox-vector-tile";
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.1";
const REL_QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
const REL_CONFORMANCE: &str = "http://www.opengis.net/def/rel/ogc/1.0/conformance";
const REL_DATA: &str = "http://www.opengis.net/def/rel/ogc/1.0/data";
const REL_TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const REL_TILING_SCHEMES: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";
const REL_TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
static CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// Rows of an HTML page at most: it is made whole in memory.
const HTML_LIMIT: u32 = 1000;
/// Extents that are remembered; one for each layer and scope.
const REMEMBERED: usize = 1024;

/// The operations over these layers.
pub fn routes(layers: impl Iterator<Item = &'static Layer>) -> OpenApiRouter<App> {
    let layers = Layers { all: layers.collect(), extents: Mutex::default() };
    OpenApiRouter::new()
        .routes(routes!(landing))
        .routes(routes!(conformance))
        .routes(routes!(collections))
        .routes(routes!(collection))
        .routes(routes!(queryables))
        .routes(routes!(items))
        .routes(routes!(item))
        .routes(routes!(tilesets))
        .routes(routes!(tileset))
        .routes(routes!(tilejson))
        .routes(routes!(tile))
        .routes(routes!(tile_matrix_sets))
        .routes(routes!(tile_matrix_set))
        .layer(Extension(Arc::new(layers)))
}

/// The layers served, and what is remembered of them.
struct Layers {
    all: Vec<&'static Layer>,
    /// By view, with the registry's revision at which they were found.
    extents: Mutex<HashMap<String, (i64, Extent)>>,
}

impl Layers {
    fn find(&self, id: &str) -> Result<&'static Layer> {
        let found = self.all.iter().find(|layer| layer.id == id).copied();
        found.ok_or_else(|| Error::not_found("图层", "collection"))
    }

    /// The extent of a view, exact at this moment.
    async fn extent(&self, app: &App, view: &View) -> Result<Extent> {
        let mut tx = sql::snapshot(app).await?;
        let revision = sql::revision(&mut tx).await?;
        let mark = view.mark();
        let known = self.extents.lock().unwrap_or_else(PoisonError::into_inner).get(&mark).cloned();
        if let Some((_, extent)) = known.filter(|(at, _)| *at == revision) {
            return Ok(extent);
        }
        let extent = sql::extent(&mut tx, view).await?;
        let mut extents = self.extents.lock().unwrap_or_else(PoisonError::into_inner);
        if extents.len() >= REMEMBERED {
            extents.clear();
        }
        extents.insert(mark, (revision, extent.clone()));
        Ok(extent)
    }
}

/// What every operation here needs to know of a request.
struct Ask {
    call: Call,
    layers: Arc<Layers>,
    /// `https://host`, without a slash at its end.
    base: String,
    path: String,
    pairs: Pairs,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Ask {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Ask, Stop> {
        let call = Call::from_request_parts(parts, app).await?;
        let layers = parts.extensions.get::<Arc<Layers>>().cloned();
        let layers = layers.ok_or_else(|| Error::internal("the layers are not among the request's extensions"))?;
        let Query(pairs) = Query::<Pairs>::try_from_uri(&parts.uri).map_err(|rejection| {
            Error::new(
                Kind::Malformed,
                "bad_parameter",
                Text::fixed("查询参数无法识别。", "The query parameters cannot be read."),
            )
            .because(rejection)
        })?;
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let sane = |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
        let base = match (&app.config().public_url, host.filter(sane)) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(host)) => format!("http://{host}"),
            // Links are then relative to whatever the client asked.
            (None, None) => String::new(),
        };
        let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
        Ok(Ask { call, layers, base, path, pairs, headers })
    }
}

impl Ask {
    fn app(&self) -> &App {
        self.call.app()
    }

    fn lang(&self) -> Lang {
        self.call.lang()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// This address with its parameters, those named left out.
    fn own_url(&self, without: &[&str]) -> String {
        let mut url = self.url(&self.path);
        for (n, (name, value)) in self.pairs.iter().filter(|(name, _)| !without.contains(&name.as_str())).enumerate() {
            url.push(if n == 0 { '?' } else { '&' });
            percent(name, &mut url);
            url.push('=');
            percent(value, &mut url);
        }
        url
    }

    /// What the caller sees of a layer.
    fn view(&self, id: &str) -> Result<View> {
        View::of(self.layers.find(id)?, self.call.caller(), self.app().config())
    }

    /// Whether a page for a browser is wanted.
    fn wants_html(&self) -> Result<bool> {
        match self.value("f") {
            Some("html") => Ok(true),
            Some("json") => Ok(false),
            Some(_) => Err(Error::bad_parameter("f", Text::fixed("可用：json, html。", "there are: json, html."))),
            None => {
                let accept = self.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
                let first = accept.split([',', ';']).map(str::trim).find(|t| *t == "text/html" || t.contains("json"));
                Ok(first == Some("text/html"))
            }
        }
    }

    /// Links to this document in its forms.
    fn own_links(&self, media_type: &str, html: bool) -> Vec<Link> {
        let bare = self.own_url(&["f"]);
        let joint = if bare.contains('?') { '&' } else { '?' };
        let (own, other) = if html { ("alternate", "self") } else { ("self", "alternate") };
        vec![
            link(format!("{bare}{joint}f=json"), own, media_type, &Text::fixed("JSON", "JSON"), self.lang()),
            link(format!("{bare}{joint}f=html"), other, "text/html", &Text::fixed("网页", "HTML"), self.lang()),
        ]
    }

    /// An answer's frame: what caches must know of it.
    fn respond(&self, status: StatusCode, media_type: &'static str, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language, authorization"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language(self.lang())));
        let cache = if *self.call.caller() == Caller::Public { "public, no-cache" } else { "private, no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        response
    }

    /// A document as JSON or, where a browser asks, as a page.
    fn document(&self, title: &str, media_type: &'static str, view: &impl Serialize) -> Result<Response> {
        if self.wants_html()? {
            let value = serde_json::to_value(view).map_err(Error::internal)?;
            return Ok(self.html(title, &value));
        }
        let body = serde_json::to_vec(view).map_err(Error::internal)?;
        Ok(self.respond(StatusCode::OK, media_type, Body::from(body)))
    }

    fn html(&self, title: &str, document: &Value) -> Response {
        let body = Body::from(html::page(self.lang(), title, document));
        let mut response = self.respond(StatusCode::OK, HTML, body);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::CSP));
        response
    }

    /// Whether the client has what this entity tag stands for. Weak comparison, as `If-None-Match` asks for.
    fn has(&self, tag: &str) -> bool {
        let known = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bare = tag.trim_start_matches("W/");
        known.split(',').map(|t| t.trim().trim_start_matches("W/")).any(|t| t == "*" || t == bare)
    }

    /// A digest of everything that an answer depends on beside the rows, and of the rows' revision.
    fn digest(&self, revision: i64, parts: &[&str]) -> String {
        let mut sha = Sha256::new();
        let revision = revision.to_string();
        let fixed = [env!("CARGO_PKG_VERSION"), &revision, self.base.as_str(), language(self.lang())];
        for part in fixed.iter().chain(parts) {
            sha.update(part.len().to_be_bytes());
            sha.update(part);
        }
        hex::encode(&sha.finalize()[..16])
    }

    fn not_modified(&self, tag: &str) -> Result<Response> {
        let mut response = self.respond(StatusCode::NOT_MODIFIED, JSON, Body::empty());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().insert(header::ETAG, HeaderValue::from_str(tag).map_err(Error::internal)?);
        Ok(response)
    }
}

fn language(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "zh" } else { "en" }
}

fn link(href: String, rel: &str, media_type: &str, title: &Text, lang: Lang) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        media_type: Some(media_type.to_owned()),
        title: Some(title.in_lang(lang).to_owned()),
        templated: None,
    }
}

fn percent(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The entrance to `/ogc`.
#[derive(Serialize, ToSchema)]
struct Landing {
    /// Title.
    #[schema(example = "净土图层")]
    title: String,
    /// What is here.
    description: String,
    /// Where to go on: `service-desc`, `service-doc`, `conformance`, `data`.
    links: Vec<Link>,
}

/// Form of an answer.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Ask reads")]
struct FormParams {
    /// `json` or `html`; without it `Accept` decides.
    #[param(example = "json")]
    f: Option<String>,
}

/// The entrance to the layers.
#[utoipa::path(get, path = "/ogc", operation_id = "layers_landing", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Landing)))]
async fn landing(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let title = Text::fixed("净土图层", "Jingtu layers");
    let mut links = ask.own_links(JSON, ask.wants_html()?);
    let api = Text::fixed("接口说明（OpenAPI 3.1）", "The API as OpenAPI 3.1");
    let data = Text::fixed("图层", "Collections");
    let conformance = Text::fixed("符合的标准", "Conformance");
    links.push(link(ask.url("/openapi.json"), "service-desc", OPENAPI, &api, lang));
    links.push(link(ask.url("/docs"), "service-doc", "text/html", &Text::fixed("接口文档", "API documentation"), lang));
    links.push(link(ask.url("/ogc/conformance"), "conformance", JSON, &conformance, lang));
    links.push(link(ask.url("/ogc/conformance"), REL_CONFORMANCE, JSON, &conformance, lang));
    links.push(link(ask.url("/ogc/collections"), "data", JSON, &data, lang));
    links.push(link(ask.url("/ogc/collections"), REL_DATA, JSON, &data, lang));
    let schemes = Text::fixed("切片矩阵集", "Tile matrix sets");
    links.push(link(ask.url("/ogc/tileMatrixSets"), REL_TILING_SCHEMES, JSON, &schemes, lang));
    let description = Text::fixed(
        "污染地块、农用地与区划图层：OGC API 要素与矢量切片，坐标为 CGCS2000 经纬度。",
        "Contaminated sites, farmland and divisions as layers: OGC API features and vector tiles, in CGCS2000 longitude and latitude.",
    );
    let view =
        Landing { title: title.in_lang(lang).to_owned(), description: description.in_lang(lang).to_owned(), links };
    Ok(ask.document(&view.title, JSON, &view)?)
}

/// The conformance classes that hold.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Conformance {
    /// URIs of conformance classes.
    #[schema(example = json!(["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]))]
    conforms_to: &'static [&'static str],
    /// This document in its forms.
    links: Vec<Link>,
}

/// The API description is OpenAPI 3.1, for which only the draft of Features 1.1 has a class; 3.0 is not claimed.
const CLASSES: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.1/conf/oas31",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
];

/// Which parts of the standards hold.
#[utoipa::path(get, path = "/ogc/conformance", operation_id = "layers_conformance", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Conformance)))]
async fn conformance(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = Conformance { conforms_to: CLASSES, links: ask.own_links(JSON, ask.wants_html()?) };
    Ok(ask.document(Text::fixed("符合的标准", "Conformance").in_lang(ask.lang()), JSON, &view)?)
}

/// The collections that the caller may see, and, by name only, those that it may not.
#[derive(Serialize, ToSchema)]
struct CollectionsView {
    /// This document in its forms.
    links: Vec<Link>,
    /// What the caller may see.
    collections: Vec<CollectionView>,
    /// What the caller may not see, and why.
    restricted: Vec<Restricted>,
}

/// A collection that the caller may not see.
#[derive(Serialize, ToSchema)]
struct Restricted {
    /// Its name.
    #[schema(example = "suspected-sites")]
    id: String,
    /// Title.
    title: String,
    /// 为何
    reason_zh: String,
    /// Why.
    reason_en: String,
}

/// A collection.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CollectionView {
    /// Its name.
    #[schema(example = "contaminated-sites")]
    id: String,
    /// Title.
    #[schema(example = "污染地块")]
    title: String,
    /// What is in it, and for whom.
    description: String,
    /// Items, queryables, tiles.
    links: Vec<Link>,
    /// Where and when the caller's part of it lies.
    extent: ExtentView,
    /// Always `feature`.
    #[schema(example = "feature")]
    item_type: &'static str,
    /// CRS that items can be had in.
    #[schema(example = json!(["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]))]
    crs: [&'static str; 1],
}

/// Where and when.
#[derive(Serialize, ToSchema)]
struct ExtentView {
    /// Absent where no row has a geometry.
    #[serde(skip_serializing_if = "Option::is_none")]
    spatial: Option<Spatial>,
    /// Absent where rows have no days.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporal: Option<Temporal>,
}

/// Where.
#[derive(Serialize, ToSchema)]
struct Spatial {
    /// One box: west, south, east, north.
    #[schema(example = json!([[104.5, 37.2, 106.9, 40.1]]))]
    bbox: [[f64; 4]; 1],
    /// Of the box.
    crs: &'static str,
}

/// When.
#[derive(Serialize, ToSchema)]
struct Temporal {
    /// One interval of instants; `null` is an open end.
    #[schema(example = json!([["2016-08-01T00:00:00+08:00", null]]))]
    interval: [[Option<String>; 2]; 1],
    /// The calendar.
    trs: &'static str,
}

impl ExtentView {
    fn of(extent: &Extent) -> ExtentView {
        let spatial = extent.bbox.map(|b| Spatial { bbox: [[b.west, b.south, b.east, b.north]], crs: CRS84 });
        let temporal = extent.days.map(|(first, last)| Temporal {
            interval: [[
                first.map(|day| format!("{day}T00:00:00+08:00")),
                last.map(|day| format!("{day}T23:59:59+08:00")),
            ]],
            trs: "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        });
        ExtentView { spatial, temporal }
    }
}

async fn describe(ask: &Ask, view: &View, mut links: Vec<Link>) -> Result<CollectionView> {
    let (layer, lang) = (view.layer, ask.lang());
    let extent = ask.layers.extent(ask.app(), view).await?;
    let at = |rest: &str| ask.url(&format!("/ogc/collections/{}{rest}", layer.id));
    let items = Text::fixed("要素", "Items");
    links.push(link(at("/items?f=json"), "items", GEOJSON, &items, lang));
    links.push(link(at("/items?f=html"), "items", "text/html", &Text::fixed("要素（网页）", "Items as HTML"), lang));
    links.push(link(at("/queryables"), REL_QUERYABLES, SCHEMA, &Text::fixed("可查询属性", "Queryables"), lang));
    links.push(link(at("/tiles"), REL_TILESETS, JSON, &Text::fixed("矢量切片", "Vector tiles"), lang));
    Ok(CollectionView {
        id: layer.id.to_owned(),
        title: layer.title.in_lang(lang).to_owned(),
        description: layer.description.in_lang(lang).to_owned(),
        links,
        extent: ExtentView::of(&extent),
        item_type: "feature",
        crs: [CRS84],
    })
}

/// The collections that the caller may see.
#[utoipa::path(get, path = "/ogc/collections", operation_id = "collections_list", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = CollectionsView)))]
async fn collections(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let (mut shown, mut restricted) = (Vec::new(), Vec::new());
    for layer in &ask.layers.all {
        let title = layer.title.in_lang(lang).to_owned();
        match View::of(layer, ask.call.caller(), ask.app().config()) {
            Ok(view) => {
                let own = ask.url(&format!("/ogc/collections/{}", layer.id));
                shown.push(describe(&ask, &view, vec![link(own, "self", JSON, &layer.title, lang)]).await?);
            }
            Err(_) => {
                let why = why_hidden(layer);
                let (reason_zh, reason_en) = (why.zh.into_owned(), why.en.into_owned());
                restricted.push(Restricted { id: layer.id.to_owned(), title, reason_zh, reason_en });
            }
        }
    }
    let view = CollectionsView { links: ask.own_links(JSON, ask.wants_html()?), collections: shown, restricted };
    Ok(ask.document(Text::fixed("图层", "Collections").in_lang(lang), JSON, &view)?)
}

/// One collection: where its items, queryables and tiles are, and how far it reaches. Who may see it is decided per
/// collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}", operation_id = "collection_get", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = CollectionView)))]
async fn collection(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = describe(&ask, &view, ask.own_links(JSON, ask.wants_html()?)).await?;
    Ok(ask.document(&document.title, JSON, &document)?)
}

/// The properties that items can be filtered by, as JSON Schema: those whose values the caller may see.
#[utoipa::path(get, path = "/ogc/collections/{collection}/queryables", operation_id = "collection_queryables", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "JSON Schema 2020-12; each property is a query parameter of items and tiles",
        content_type = "application/schema+json", body = Object)))]
async fn queryables(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let lang = ask.lang();
    let mut properties = Map::new();
    for (n, column) in view.columns().enumerate() {
        let mut property = match column.kind {
            ColumnKind::Text => json!({"type": "string"}),
            ColumnKind::Integer => json!({"type": "integer"}),
            ColumnKind::Number => json!({"type": "number"}),
            ColumnKind::Boolean => json!({"type": "boolean"}),
            ColumnKind::Day => json!({"type": "string", "format": "date"}),
            ColumnKind::Instant => json!({"type": "string", "format": "date-time"}),
            ColumnKind::Uuid => json!({"type": "string", "format": "uuid"}),
        };
        if let Value::Object(members) = &mut property {
            members.insert("title".to_owned(), json!(column.title.in_lang(lang)));
            if !column.values.is_empty() {
                members.insert("enum".to_owned(), json!(column.values));
            }
            members.insert("x-ogc-propertySeq".to_owned(), json!(n + 1));
        }
        properties.insert(column.name.to_owned(), property);
    }
    let title = Text::fixed("几何", "Geometry");
    let geometry = json!({"format": "geometry-any", "x-ogc-role": "primary-geometry", "title": title.in_lang(lang)});
    properties.insert("geometry".to_owned(), geometry);
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ask.url(&format!("/ogc/collections/{id}/queryables")),
        "type": "object",
        "title": view.layer.title.in_lang(lang),
        "description": view.layer.description.in_lang(lang),
        "properties": properties,
        "additionalProperties": false,
    });
    Ok(ask.document(view.layer.title.in_lang(lang), SCHEMA, &document)?)
}

/// Which items.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Selection and Page read")]
struct ItemsParams {
    /// Features of a page. More than the maximum is clamped.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// From the `next` link of the page before; holds for the same filters only.
    cursor: Option<String>,
    /// `west,south,east,north` in CRS84 degrees; west above east crosses the antimeridian. Features whose bounds meet
    /// the box are selected.
    #[param(example = "105.0,38.0,106.0,39.0")]
    bbox: Option<String>,
    /// CRS of `bbox`: `http://www.opengis.net/def/crs/OGC/1.3/CRS84`.
    #[param(rename = "bbox-crs")]
    bbox_crs: Option<String>,
    /// CRS of the answer: `http://www.opengis.net/def/crs/OGC/1.3/CRS84`.
    crs: Option<String>,
    /// A day or RFC 3339 instant, or an interval of them with `..` for an open end: features true at some time in it.
    #[param(example = "2026-01-01/..")]
    datetime: Option<String>,
    /// An RFC 3339 instant: what the registry knew then.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// `json` or `html`; without it `Accept` decides.
    f: Option<String>,
}

/// A page of features.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what features::page writes")]
struct FeaturePage {
    /// Always `FeatureCollection`.
    #[schema(rename = "type", example = "FeatureCollection")]
    kind: String,
    /// The features, in the order of their ids.
    features: Vec<FeatureView>,
    /// Features on this page.
    number_returned: u32,
    /// Features selected, on the first page, where there are not too many to count.
    number_matched: Option<u64>,
    /// When the page was made.
    time_stamp: chrono::DateTime<chrono::Utc>,
    /// `self`, `alternate`, `collection` and, unless this is the last page, `next`.
    links: Vec<Link>,
}

/// A feature of a collection.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what features::Writer writes")]
struct FeatureView {
    /// Always `Feature`.
    #[schema(rename = "type", example = "Feature")]
    kind: String,
    /// UUID.
    id: uuid::Uuid,
    /// GeoJSON geometry in CRS84, or null.
    #[schema(value_type = Object, nullable = true)]
    geometry: Value,
    /// The collection's properties that the caller may see; `/queryables` lists them.
    #[schema(value_type = Object)]
    properties: Value,
    /// On a feature asked for by id: `self`, `alternate`, `collection`.
    links: Option<Vec<Link>>,
}

/// A page of a collection's features. Beside the parameters listed, each property of `/queryables` is a parameter:
/// `stage=suspected,contaminated` selects features that have one of the values. Any other parameter is refused.
#[utoipa::path(get, path = "/ogc/collections/{collection}/items", operation_id = "collection_items", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), ItemsParams),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, content_type = "application/geo+json", body = FeaturePage,
            headers(("Content-Crs" = String, description = "CRS of the coordinates, in angle brackets"), ("ETag" = String, description = "Changes with the registry"))),
        (status = 304, description = "The client has this page already")))]
async fn items(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let html = ask.wants_html()?;
    let selection = Selection::read(&view, &ask.pairs, true, &["limit", "cursor", "f"])?;
    let mark = format!("{}|{}", view.mark(), selection.mark());
    let mut page = Page::read(&ask.pairs, &mark)?;
    if html {
        page.limit = page.limit.min(HTML_LIMIT);
    }
    let mut tx = sql::snapshot(ask.app()).await?;
    let revision = sql::revision(&mut tx).await?;
    let place = format!("{}|{:?}|{html}", page.limit, page.after);
    // Weak, because the page says when it was made.
    let tag =
        format!("W/\"{}\"", ask.digest(revision, &[&mark, &place, sql::page(&view, &selection, &page).sql().as_str()]));
    if ask.has(&tag) {
        return Ok(ask.not_modified(&tag)?);
    }
    let lang = ask.lang();
    let title = view.layer.title.clone();
    let mut links = ask.own_links(GEOJSON, html);
    let own = ask.url(&format!("/ogc/collections/{id}"));
    links.push(link(own, "collection", JSON, &title, lang));
    let mut next = ask.own_url(&["cursor"]);
    next.push_str(if next.contains('?') { "&cursor=" } else { "?cursor=" });
    let next = link(next, "next", if html { "text/html" } else { GEOJSON }, &Text::fixed("下一页", "Next page"), lang);
    let now = ask.app().clock().now();
    let body = features::page(tx, features::Request { view, selection, page, mark, now, links, next }).await?;
    let mut response = if html {
        let bytes = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
        let document = serde_json::from_slice(&bytes).map_err(Error::internal)?;
        ask.html(title.in_lang(lang), &document)
    } else {
        ask.respond(StatusCode::OK, GEOJSON, body)
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(Error::internal)?);
    insert_crs(headers)?;
    Ok(response)
}

fn insert_crs(headers: &mut HeaderMap) -> Result<()> {
    headers.insert(&CONTENT_CRS, HeaderValue::from_str(&format!("<{CRS84}>")).map_err(Error::internal)?);
    Ok(())
}

/// How one item is wanted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Selection reads")]
struct ItemParams {
    /// CRS of the answer: `http://www.opengis.net/def/crs/OGC/1.3/CRS84`.
    crs: Option<String>,
    /// An RFC 3339 instant: what the registry knew then.
    known_at: Option<String>,
    /// `json` or `html`; without it `Accept` decides.
    f: Option<String>,
}

/// One feature of a collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}/items/{id}", operation_id = "collection_item", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("id" = uuid::Uuid, Path, description = "Identifier of the feature"), ItemParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, content_type = "application/geo+json", body = FeatureView)))]
async fn item(ask: Ask, Path((collection, id)): Path<(String, String)>) -> Result<Response, Stop> {
    let view = ask.view(&collection)?;
    let html = ask.wants_html()?;
    query::only(&ask.pairs, &["crs", "known_at", "f"])?;
    let selection = Selection::read(&view, &ask.pairs, true, &["f"])?;
    let none = || Error::not_found("要素", "feature");
    let uuid = id.parse().map_err(|_| none())?;
    let mut links = ask.own_links(GEOJSON, html);
    let title = view.layer.title.in_lang(ask.lang()).to_owned();
    links.push(link(
        ask.url(&format!("/ogc/collections/{collection}")),
        "collection",
        JSON,
        &view.layer.title,
        ask.lang(),
    ));
    let body = features::one(ask.app().db(), &view, selection.known_at, uuid, &links).await?.ok_or_else(none)?;
    let mut response = if html {
        let document = serde_json::from_slice(&body).map_err(Error::internal)?;
        ask.html(&title, &document)
    } else {
        ask.respond(StatusCode::OK, GEOJSON, Body::from(body))
    };
    insert_crs(response.headers_mut())?;
    Ok(response)
}

/// Tile sets of a collection.
#[derive(Serialize, ToSchema)]
struct TileSets {
    /// This document in its forms.
    links: Vec<Link>,
    /// One for each tile matrix set.
    tilesets: Vec<TileSetView>,
}

/// A collection's tiles in one tile matrix set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileSetView {
    /// Title.
    title: String,
    /// Always `vector`.
    #[schema(example = "vector")]
    data_type: &'static str,
    /// CRS of the tiles.
    crs: &'static str,
    /// Name of the tile matrix set.
    #[schema(example = "WebMercatorQuad")]
    tile_matrix_set_id: &'static str,
    /// Where the tile matrix set is registered, if it is.
    #[serde(rename = "tileMatrixSetURI", skip_serializing_if = "Option::is_none")]
    tile_matrix_set_uri: Option<&'static str>,
    /// The set, the tiles, their TileJSON.
    links: Vec<Link>,
}

fn describe_tiles(ask: &Ask, layer: &Layer, tms: &TileMatrixSet) -> TileSetView {
    let lang = ask.lang();
    let at = |rest: &str| ask.url(&format!("/ogc/collections/{}/tiles/{}{rest}", layer.id, tms.id));
    let mut tiles = link(at("/{tileMatrix}/{tileRow}/{tileCol}"), "item", MVT, &Text::fixed("切片", "Tiles"), lang);
    tiles.templated = Some(true);
    let scheme = ask.url(&format!("/ogc/tileMatrixSets/{}", tms.id));
    TileSetView {
        title: format!("{} · {}", layer.title.in_lang(lang), tms.title.in_lang(lang)),
        data_type: "vector",
        crs: tms.crs,
        tile_matrix_set_id: tms.id,
        tile_matrix_set_uri: tms.uri,
        links: vec![
            link(at(""), "self", JSON, &tms.title, lang),
            tiles,
            link(at("/tilejson"), "describedby", JSON, &Text::fixed("TileJSON", "TileJSON"), lang),
            link(scheme, REL_TILING_SCHEME, JSON, &tms.title, lang),
        ],
    }
}

/// The tile sets of a collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles", operation_id = "collection_tilesets", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileSets)))]
async fn tilesets(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = TileSets {
        links: ask.own_links(JSON, ask.wants_html()?),
        tilesets: tiles::ALL.iter().map(|tms| describe_tiles(&ask, view.layer, tms)).collect(),
    };
    Ok(ask.document(view.layer.title.in_lang(ask.lang()), JSON, &document)?)
}

fn find_set(id: &str) -> Result<&'static TileMatrixSet> {
    TileMatrixSet::find(id).ok_or_else(|| {
        let known = tiles::ALL.each_ref().map(|tms| tms.id).join(", ");
        Error::new(
            Kind::NotFound,
            "unknown_tile_matrix_set",
            Text::new(
                format!("没有切片矩阵集 {id}，可用：{known}。"),
                format!("There is no tile matrix set {id}; there are: {known}."),
            ),
        )
    })
}

/// One tile set of a collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles/{tms}", operation_id = "collection_tileset", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileSetView)))]
async fn tileset(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = describe_tiles(&ask, view.layer, find_set(&tms)?);
    Ok(ask.document(&document.title, JSON, &document)?)
}

/// TileJSON 3.0.
#[derive(Serialize, ToSchema)]
struct TileJson {
    /// Version of TileJSON.
    #[schema(example = "3.0.0")]
    tilejson: &'static str,
    /// Title of the collection.
    name: String,
    /// What is in it.
    description: String,
    /// Address of the tiles, with `{z}`, `{y}`, `{x}` and the filters that this document was asked with.
    tiles: [String; 1],
    /// Lowest zoom.
    minzoom: u8,
    /// Highest zoom; beyond it the tiles of this zoom are as exact.
    maxzoom: u8,
    /// West, south, east, north, in degrees; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    /// The one layer in the tiles, which has the collection's name.
    vector_layers: [VectorLayer; 1],
}

/// A layer in vector tiles.
#[derive(Serialize, ToSchema)]
struct VectorLayer {
    /// Its name in the tiles.
    id: String,
    /// Properties and what they are.
    #[schema(value_type = HashMap<String, String>)]
    fields: Map<String, Value>,
    /// Lowest zoom.
    minzoom: u8,
    /// Highest zoom.
    maxzoom: u8,
}

/// The zoom at which a tile's grid is finer than the coordinates need to be.
const TILEJSON_MAX_ZOOM: u8 = 18;

/// Which features are in the tiles.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Selection reads")]
struct TileParams {
    /// A day or RFC 3339 instant, or an interval of them with `..` for an open end: features true at some time in it.
    datetime: Option<String>,
    /// An RFC 3339 instant: what the registry knew then.
    known_at: Option<String>,
    /// `mvt` for tiles, `json` for TileJSON; nothing else.
    f: Option<String>,
}

fn only_form(ask: &Ask, form: &'static str) -> Result<()> {
    match ask.value("f") {
        Some(f) if f != form => {
            Err(Error::bad_parameter("f", Text::new(format!("可用：{form}。"), format!("there is: {form}."))))
        }
        _ => Ok(()),
    }
}

/// TileJSON of a tile set, for MapLibre and its kin. Filters are carried over into the address of the tiles: `datetime`,
/// `known_at`, and each property of `/queryables`.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles/{tms}/tilejson", operation_id = "collection_tilejson", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"), TileParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileJson)))]
async fn tilejson(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let tms = find_set(&tms)?;
    only_form(&ask, "json")?;
    Selection::read(&view, &ask.pairs, false, &["f"])?;
    let (layer, lang) = (view.layer, ask.lang());
    let extent = ask.layers.extent(ask.app(), &view).await?;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!("String"));
    for column in view.columns().filter(|column| column.in_tiles) {
        let kind = match column.kind {
            ColumnKind::Integer | ColumnKind::Number => "Number",
            ColumnKind::Boolean => "Boolean",
            ColumnKind::Text | ColumnKind::Day | ColumnKind::Instant | ColumnKind::Uuid => "String",
        };
        fields.insert(column.name.to_owned(), json!(kind));
    }
    let own = ask.own_url(&["f"]);
    let filters = own.find('?').map_or("", |at| &own[at..]);
    let tiles = ask.url(&format!("/ogc/collections/{id}/tiles/{}/{{z}}/{{y}}/{{x}}{filters}", tms.id));
    let document = TileJson {
        tilejson: "3.0.0",
        name: layer.title.in_lang(lang).to_owned(),
        description: layer.description.in_lang(lang).to_owned(),
        tiles: [tiles],
        minzoom: 0,
        maxzoom: TILEJSON_MAX_ZOOM,
        bounds: extent.bbox.map(|b| [b.west, b.south, b.east, b.north]),
        vector_layers: [VectorLayer { id: layer.id.to_owned(), fields, minzoom: 0, maxzoom: TILEJSON_MAX_ZOOM }],
    };
    let body = serde_json::to_vec(&document).map_err(Error::internal)?;
    Ok(ask.respond(StatusCode::OK, JSON, Body::from(body)))
}

/// A vector tile. Its one layer has the collection's name; each feature carries `id` and the properties that the caller
/// may see. At low zooms features smaller than a pixel are left out. The filters are those of `/items`: `datetime`,
/// `known_at`, and each property of `/queryables`.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles/{tms}/{z}/{y}/{x}", operation_id = "collection_tile", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"),
        ("z" = u32, Path, description = "Zoom", example = 8), ("y" = u32, Path, description = "Row from the north", example = 97),
        ("x" = u32, Path, description = "Column from the west", example = 202), TileParams),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, description = "Mapbox vector tile", content_type = "application/vnd.mapbox-vector-tile", body = Vec<u8>),
        (status = 204, description = "Nothing lies in this tile"),
        (status = 304, description = "The client has this tile already")))]
async fn tile(
    ask: Ask,
    Path((id, tms, z, y, x)): Path<(String, String, String, String, String)>,
) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let tms = find_set(&tms)?;
    only_form(&ask, "mvt")?;
    let selection = Selection::read(&view, &ask.pairs, false, &["f"])?;
    let place = (z.parse().ok(), y.parse().ok(), x.parse().ok());
    let cut = match place {
        (Some(zoom), Some(row), Some(column)) => tms.cut(zoom, row, column),
        _ => None,
    };
    let cut = cut.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "no_such_tile",
            Text::new(
                format!("切片矩阵集 {} 没有此切片（级/行/列）。", tms.id),
                format!("The tile matrix set {} has no such tile (zoom/row/column).", tms.id),
            ),
        )
    })?;
    let mut tx = sql::snapshot(ask.app()).await?;
    let revision = sql::revision(&mut tx).await?;
    let mut statement = sql::tile(&view, &selection, &cut);
    let parts = [&view.mark(), &selection.mark(), &ask.path, statement.sql().as_str()].map(String::from);
    let tag = format!("\"{}\"", ask.digest(revision, &parts.each_ref().map(String::as_str)));
    if ask.has(&tag) {
        return Ok(ask.not_modified(&tag)?);
    }
    let bytes: Option<Vec<u8>> = statement.build_query_scalar().fetch_one(&mut *tx).await.map_err(sql::failed)?;
    tx.rollback().await.map_err(Error::from)?;
    let mut response = match bytes {
        Some(bytes) if !bytes.is_empty() => ask.respond(StatusCode::OK, MVT, Body::from(bytes)),
        _ => ask.respond(StatusCode::NO_CONTENT, MVT, Body::empty()),
    };
    response.headers_mut().insert(header::ETAG, HeaderValue::from_str(&tag).map_err(Error::internal)?);
    Ok(response)
}

/// The tile matrix sets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileMatrixSets {
    /// One by one.
    tile_matrix_sets: Vec<TileMatrixSetItem>,
    /// This document in its forms.
    links: Vec<Link>,
}

/// A tile matrix set by name.
#[derive(Serialize, ToSchema)]
struct TileMatrixSetItem {
    /// Its name.
    #[schema(example = "WebMercatorQuad")]
    id: &'static str,
    /// Title.
    title: String,
    /// Where it is registered, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'static str>,
    /// Its definition.
    links: Vec<Link>,
}

/// The tile matrix sets that tiles can be had in.
#[utoipa::path(get, path = "/ogc/tileMatrixSets", operation_id = "tile_matrix_sets", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileMatrixSets)))]
async fn tile_matrix_sets(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let sets = tiles::ALL.iter().map(|tms| TileMatrixSetItem {
        id: tms.id,
        title: tms.title.in_lang(lang).to_owned(),
        uri: tms.uri,
        links: vec![link(ask.url(&format!("/ogc/tileMatrixSets/{}", tms.id)), "self", JSON, &tms.title, lang)],
    });
    let document = TileMatrixSets { tile_matrix_sets: sets.collect(), links: ask.own_links(JSON, ask.wants_html()?) };
    Ok(ask.document(Text::fixed("切片矩阵集", "Tile matrix sets").in_lang(lang), JSON, &document)?)
}

/// A tile matrix set (OGC Two Dimensional Tile Matrix Set 2.0).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileMatrixSetView {
    /// Its name.
    id: &'static str,
    /// Title.
    title: String,
    /// Where it is registered, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'static str>,
    /// CRS.
    crs: &'static str,
    /// One for each zoom.
    tile_matrices: Vec<TileMatrix>,
}

/// One zoom of a tile matrix set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileMatrix {
    /// The zoom.
    #[schema(example = "8")]
    id: String,
    /// For pixels of 0.28 mm.
    scale_denominator: f64,
    /// Units of the CRS to a pixel.
    cell_size: f64,
    /// Which corner rows are counted from.
    corner_of_origin: &'static str,
    /// That corner, in the order of the CRS's axes.
    point_of_origin: [f64; 2],
    /// Pixels across.
    tile_width: u32,
    /// Pixels down.
    tile_height: u32,
    /// Columns.
    matrix_width: u64,
    /// Rows.
    matrix_height: u64,
}

/// The definition of a tile matrix set.
#[utoipa::path(get, path = "/ogc/tileMatrixSets/{tms}", operation_id = "tile_matrix_set", tag = "layers",
    params(("tms" = String, Path, description = "Name of the tile matrix set", example = "CGCS2000Quad"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileMatrixSetView)))]
async fn tile_matrix_set(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let tms = find_set(&id)?;
    let matrices = (0..=tiles::MAX_ZOOM).map(|zoom| {
        let [matrix_width, matrix_height] = tms.size(zoom);
        TileMatrix {
            id: zoom.to_string(),
            scale_denominator: tms.scale(zoom),
            cell_size: tms.cell(zoom),
            corner_of_origin: "topLeft",
            point_of_origin: tms.corner(),
            tile_width: 256,
            tile_height: 256,
            matrix_width,
            matrix_height,
        }
    });
    let document = TileMatrixSetView {
        id: tms.id,
        title: tms.title.in_lang(ask.lang()).to_owned(),
        uri: tms.uri,
        crs: tms.crs,
        tile_matrices: matrices.collect(),
    };
    Ok(ask.document(&document.title, JSON, &document)?)
}
