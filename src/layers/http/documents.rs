//! The entrance, the conformance classes, the collections.

use super::super::crs::Crs;
use super::super::features::Link;
use super::super::query::{self, CRS84};
use super::super::sql::Extent;
use super::super::view::{View, why_hidden};
use super::api::{OAS30, OAS31};
use super::{Ask, FormParams, JSON, SCHEMA, link};
use crate::kernel::{Chart, Result, Text};
use crate::platform::Stop;
use crate::platform::reply::GEOJSON;
use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// CGCS2000 longitude and latitude.
const STORAGE_CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/4490";
const REL_SORTABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";
const REL_SCHEMA: &str = "http://www.opengis.net/def/rel/ogc/1.0/schema";
pub(super) const REL_QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
const REL_CONFORMANCE: &str = "http://www.opengis.net/def/rel/ogc/1.0/conformance";
const REL_DATA: &str = "http://www.opengis.net/def/rel/ogc/1.0/data";
const REL_TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
pub(super) const REL_STYLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/styles";
const REL_TILING_SCHEMES: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";

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

/// The entrance to the layers.
#[utoipa::path(get, path = "/ogc", operation_id = "layers_landing", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Landing)))]
pub(super) async fn landing(ask: Ask) -> Result<Response, Stop> {
    enter(&ask)
}

/// The entrance to the layers, by the address that clients make of it: its own with a slash at its end.
#[utoipa::path(get, path = "/ogc/", operation_id = "layers_landing_root", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Landing)))]
pub(super) async fn landing_root(ask: Ask) -> Result<Response, Stop> {
    enter(&ask)
}

fn enter(ask: &Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let title = Text::fixed("净土图层", "Jingtu layers");
    let mut links = ask.own_links()?;
    let oas30 = Text::fixed("图层接口（OpenAPI 3.0）", "The layers' API as OpenAPI 3.0");
    let oas31 = Text::fixed("图层接口（OpenAPI 3.1）", "The layers' API as OpenAPI 3.1");
    let maps = Text::fixed("地图开发文档", "For developers of maps");
    let data = Text::fixed("图层", "Collections");
    let conformance = Text::fixed("符合的标准", "Conformance");
    links.push(link(ask.url("/ogc/api?f=oas30"), "service-desc", OAS30, &oas30, lang));
    links.push(link(ask.url("/ogc/api?f=oas31"), "service-desc", OAS31, &oas31, lang));
    links.push(link(ask.url("/docs/maps"), "service-doc", "text/html", &maps, lang));
    // With the slash, or it leads on, which not every client follows.
    links.push(link(
        ask.url("/docs/"),
        "service-doc",
        "text/html",
        &Text::fixed("接口文档", "API documentation"),
        lang,
    ));
    links.push(link(ask.url("/ogc/conformance"), "conformance", JSON, &conformance, lang));
    links.push(link(ask.url("/ogc/conformance"), REL_CONFORMANCE, JSON, &conformance, lang));
    links.push(link(ask.url("/ogc/collections"), "data", JSON, &data, lang));
    links.push(link(ask.url("/ogc/collections"), REL_DATA, JSON, &data, lang));
    let schemes = Text::fixed("切片矩阵集", "Tile matrix sets");
    links.push(link(ask.url("/ogc/tileMatrixSets"), REL_TILING_SCHEMES, JSON, &schemes, lang));
    links.push(link(ask.url("/ogc/styles"), REL_STYLES, JSON, &Text::fixed("图层样式", "Styles"), lang));
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

/// OpenAPI 3.1 has a class in the draft of Features 1.1 only. Drafts are 0.0, as clients of others know them; that of Part 7
/// calls itself 1.0 as well.
///
/// `basic-spatial-operators` is what drafts of CQL2 called `basic-spatial-functions`, with the same content: `S_INTERSECTS`
/// with points and boxes. QGIS from 3.32 on looks for it before it leaves a condition on geometries to the server; the other
/// classes that it looks for (`cql2-text`, `basic-cql2`, `filter`, `features-filter`, `advanced-comparison-operators`,
/// `case-insensitive-comparison`) have their final names there. GDAL looks for none.
const CLASSES: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.1/conf/oas31",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/profile-parameter",
    "http://www.opengis.net/spec/ogcapi-features-6/0.0/conf/properties",
    "http://www.opengis.net/spec/ogcapi-features-7/1.0/conf/zoom-level",
    "http://www.opengis.net/spec/ogcapi-features-7/1.0/conf/zoom-level-features",
    "http://www.opengis.net/spec/ogcapi-features-7/0.0/conf/zoom-level",
    "http://www.opengis.net/spec/ogcapi-features-7/0.0/conf/zoom-level-features",
    "http://www.opengis.net/spec/ogcapi-features-8/0.0/conf/sorting",
    "http://www.opengis.net/spec/ogcapi-features-8/0.0/conf/features-sorting",
    "http://www.opengis.net/spec/ogcapi-features-n/0.0/conf/ad-hoc-queries",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/profiles",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/api",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixsetlimits",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixsetlimits",
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/mapbox-styles",
];

/// Which parts of the standards hold.
#[utoipa::path(get, path = "/ogc/conformance", operation_id = "layers_conformance", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Conformance)))]
pub(super) async fn conformance(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = Conformance { conforms_to: CLASSES, links: ask.own_links()? };
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
    /// CRS that items can be had in; others that PROJ knows may be asked for too.
    #[schema(example = json!(["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]))]
    crs: Vec<String>,
    /// CRS that items are stored in.
    #[schema(example = "http://www.opengis.net/def/crs/EPSG/0/4490")]
    storage_crs: &'static str,
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

/// CRS84 and CGCS2000, WGS 84, web Mercator, the Gauss-Krueger zones of CGCS2000 (six degrees with and without the zone's
/// number, three degrees likewise), and what Chinese web maps show.
fn offered() -> Vec<String> {
    let epsg = [4490, 4326, 3857]
        .into_iter()
        .chain(4491..=4554)
        .map(|code| format!("http://www.opengis.net/def/crs/EPSG/0/{code}"));
    let charts = Chart::ALL.into_iter().map(|chart| Crs::Chart(chart).uri());
    std::iter::once(CRS84.to_owned()).chain(epsg).chain(charts).collect()
}

fn describe(ask: &Ask, view: &View, extent: &Extent, mut links: Vec<Link>) -> CollectionView {
    let (layer, lang) = (&view.layer, ask.lang());
    let at = |rest: &str| ask.url(&format!("/ogc/collections/{}{rest}", layer.id));
    let items = Text::fixed("要素", "Items");
    // Bare, because GDAL looks in the API's description for the path as it stands here.
    links.push(link(at("/items"), "items", GEOJSON, &items, lang));
    links.push(link(at("/items?f=html"), "items", "text/html", &Text::fixed("要素（网页）", "Items as HTML"), lang));
    links.push(link(at("/queryables"), REL_QUERYABLES, SCHEMA, &Text::fixed("可查询属性", "Queryables"), lang));
    links.push(link(at("/sortables"), REL_SORTABLES, SCHEMA, &Text::fixed("可排序属性", "Sortables"), lang));
    links.push(link(at("/schema"), REL_SCHEMA, SCHEMA, &Text::fixed("数据结构", "Schema"), lang));
    links.push(link(at("/tiles"), REL_TILESETS, JSON, &Text::fixed("矢量切片", "Vector tiles"), lang));
    links.push(link(at("/styles"), REL_STYLES, JSON, &Text::fixed("图层样式", "Styles"), lang));
    CollectionView {
        id: layer.id.to_string(),
        title: layer.title.in_lang(lang).to_owned(),
        description: layer.description.in_lang(lang).to_owned(),
        links,
        extent: ExtentView::of(extent),
        item_type: "feature",
        crs: offered(),
        storage_crs: STORAGE_CRS,
    }
}

/// The collections that the caller may see.
#[utoipa::path(get, path = "/ogc/collections", operation_id = "collections_list", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = CollectionsView)))]
pub(super) async fn collections(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let (mut views, mut restricted) = (Vec::new(), Vec::new());
    for layer in ask.layers.all(ask.app()).await? {
        match View::of(Arc::clone(&layer), ask.call.caller()) {
            Ok(view) => views.push(view),
            // Of what is made of imports, not even that it is there is told to whom it is not for.
            Err(_) if layer.member.is_some() => {}
            Err(_) => {
                let why = why_hidden(&layer);
                let (reason_zh, reason_en) = (why.zh.into_owned(), why.en.into_owned());
                let title = layer.title.in_lang(lang).to_owned();
                restricted.push(Restricted { id: layer.id.to_string(), title, reason_zh, reason_en });
            }
        }
    }
    let extents = ask.layers.extents(ask.app(), &views).await?;
    let shown = views.iter().zip(&extents).map(|(view, extent)| {
        let own = ask.url(&format!("/ogc/collections/{}", view.layer.id));
        describe(&ask, view, extent, vec![link(own, "self", JSON, &view.layer.title, lang)])
    });
    let shown = shown.collect();
    let view = CollectionsView { links: ask.own_links()?, collections: shown, restricted };
    Ok(ask.document(Text::fixed("图层", "Collections").in_lang(lang), JSON, &view)?)
}

/// One collection: where its items, queryables and tiles are, and how far it reaches. Who may see it is decided per
/// collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}", operation_id = "collection_get", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = CollectionView)))]
pub(super) async fn collection(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let extent = ask.layers.extent(ask.app(), &view).await?;
    let document = describe(&ask, &view, &extent, ask.own_links()?);
    Ok(ask.document(&document.title, JSON, &document)?)
}
