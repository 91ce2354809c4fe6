//! Tile matrix sets, tile sets, TileJSON, tiles.

use super::super::cache::{Content, Made};
use super::super::crs::Crs;
use super::super::def::ColumnKind;
use super::super::draw::{self, Tile};
use super::super::drawn::{Omission, POINTS};
use super::super::features::Link;
use super::super::query::{self, Selection};
use super::super::tiles::{self, TileMatrixSet};
use super::super::view::View;
use super::items::FilterLang;
use super::schemas;
use super::styles::{WEB_MERCATOR, link_to_style};
use super::{Ask, FormParams, JSON, link};
use crate::kernel::{Bbox, Chart, Error, Kind, Result, Text};
use crate::platform::Stop;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

const REL_GEODATA: &str = "http://www.opengis.net/def/rel/ogc/1.0/geodata";
const REL_TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Tile sets of a collection.
#[derive(Serialize, ToSchema)]
struct TileSets {
    /// This document in its forms.
    links: Vec<Link>,
    /// One for each tile matrix set.
    tilesets: Vec<TileSetItem>,
}

/// A collection's tiles in one tile matrix set, in short.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileSetItem {
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
    /// The chart that the tiles are drawn for, by its URI: their coordinates are shifted as its maps are. Absent where they
    /// are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "urn:jingtu:crs:gcj-02")]
    chart: Option<String>,
    /// What the tiles do not have at low zooms, and what stands for it; absent where they have everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omissions: Vec<Omission>,
    /// The set, the tiles, their TileJSON; the same for maps of charts.
    links: Vec<Link>,
}

/// A collection's tiles in one tile matrix set (OGC Tile Set Metadata 2.0).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileSetView {
    /// What is there of it in the list too.
    #[serde(flatten)]
    item: TileSetItem,
    /// What is in the tiles.
    description: String,
    /// `unclassified` where everybody may see the collection, else `restricted`.
    access_constraints: &'static str,
    /// Media types of the tiles.
    media_types: [&'static str; 1],
    /// Tiles in which something is; there is nothing in any other. Absent where there is nothing at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tile_matrix_set_limits: Vec<TileMatrixLimits>,
    /// Where the caller's part of the collection lies; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounding_box: Option<BoundingBox>,
    /// A place and a zoom that show the whole; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    center_point: Option<CenterPoint>,
    /// What is in the tiles.
    layers: [TileLayer; 1],
}

/// Which tiles of a zoom there are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileMatrixLimits {
    /// The zoom.
    #[schema(example = "8")]
    tile_matrix: String,
    /// First row.
    min_tile_row: u32,
    /// Last row.
    max_tile_row: u32,
    /// First column.
    min_tile_col: u32,
    /// Last column.
    max_tile_col: u32,
}

/// A box by two of its corners.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BoundingBox {
    /// In the order of the CRS's axes.
    lower_left: [f64; 2],
    /// In the order of the CRS's axes.
    upper_right: [f64; 2],
    /// CRS of the corners.
    #[schema(example = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")]
    crs: String,
}

impl BoundingBox {
    fn of(extent: &Bbox, chart: Option<Chart>) -> BoundingBox {
        let (lower_left, upper_right) = ([extent.west, extent.south], [extent.east, extent.north]);
        BoundingBox { lower_left, upper_right, crs: degrees(chart).uri() }
    }
}

/// A place and a zoom.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CenterPoint {
    /// Longitude, latitude.
    #[schema(example = json!([105.7, 38.7]))]
    coordinates: [f64; 2],
    /// CRS of the place.
    #[schema(example = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")]
    crs: String,
    /// The zoom.
    #[schema(example = "6")]
    tile_matrix: String,
}

/// A layer in the tiles.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TileLayer {
    /// Its name in the tiles.
    id: String,
    /// Title.
    title: String,
    /// Always `vector`.
    data_type: &'static str,
    /// 0 points, 1 lines, 2 areas; absent where they are of several kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    geometry_dimension: Option<u8>,
    /// Lowest zoom.
    min_tile_matrix: String,
    /// Highest zoom.
    max_tile_matrix: String,
    /// Where it lies; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounding_box: Option<BoundingBox>,
    /// What features carry.
    properties_schema: PropertiesSchema,
    /// The collection.
    links: [Link; 1],
}

/// What features carry, as JSON Schema.
#[derive(Serialize, ToSchema)]
struct PropertiesSchema {
    /// Always `object`.
    #[serde(rename = "type")]
    #[schema(example = "object")]
    kind: &'static str,
    /// Each property with its title and type, as in `/schema`.
    #[schema(value_type = HashMap<String, Value>)]
    properties: Map<String, Value>,
}

/// Longitude and latitude, as a chart has them or as they are.
fn degrees(chart: Option<Chart>) -> Crs {
    chart.map_or(Crs::Crs84, Crs::Chart)
}

/// The box in which an extent is drawn.
pub(super) fn drawn(extent: Option<Bbox>, chart: Option<Chart>) -> Option<Bbox> {
    extent.map(|extent| chart.map_or(extent, |chart| chart.drawn(&extent)))
}

/// The only parameter of an address that leads to the tiles of a chart.
fn query_of(chart: Option<Chart>) -> String {
    chart.map(|chart| format!("?crs={}", Crs::Chart(chart).uri())).unwrap_or_default()
}

/// The whole of what there is to say of a view's tiles.
async fn describe_whole(ask: &Ask, view: &View, tms: &TileMatrixSet) -> Result<TileSetView> {
    let (layer, lang) = (&view.layer, ask.lang());
    let chart = query::chart(&ask.pairs)?;
    let extent = drawn(ask.layers.extent(ask.app(), view).await?.bbox, chart);
    let limits = extent.iter().flat_map(|extent| (0..=tms.last).map(|zoom| (zoom, tms.limits(zoom, extent))));
    let own = ask.url(&format!("/ogc/collections/{}", layer.id));
    Ok(TileSetView {
        item: describe_tiles(ask, view, tms, chart),
        description: layer.description.in_lang(lang).to_owned(),
        access_constraints: if view.is_open() { "unclassified" } else { "restricted" },
        media_types: [MVT],
        tile_matrix_set_limits: limits
            .map(|(zoom, limits)| TileMatrixLimits {
                tile_matrix: zoom.to_string(),
                min_tile_row: limits.rows[0],
                max_tile_row: limits.rows[1],
                min_tile_col: limits.columns[0],
                max_tile_col: limits.columns[1],
            })
            .collect(),
        bounding_box: extent.as_ref().map(|extent| BoundingBox::of(extent, chart)),
        center_point: extent.as_ref().map(tiles::overview).map(|(coordinates, zoom)| CenterPoint {
            coordinates,
            crs: degrees(chart).uri(),
            tile_matrix: zoom.floor().to_string(),
        }),
        layers: [TileLayer {
            id: layer.id.to_string(),
            title: layer.title.in_lang(lang).to_owned(),
            data_type: "vector",
            geometry_dimension: layer.style.dimension,
            min_tile_matrix: 0.to_string(),
            max_tile_matrix: tms.last.to_string(),
            bounding_box: extent.as_ref().map(|extent| BoundingBox::of(extent, chart)),
            properties_schema: PropertiesSchema { kind: "object", properties: schemas::in_tiles(view, lang) },
            links: [link(own, REL_GEODATA, JSON, &layer.title, lang)],
        }],
    })
}

fn describe_tiles(ask: &Ask, view: &View, tms: &TileMatrixSet, chart: Option<Chart>) -> TileSetItem {
    let (layer, lang) = (&view.layer, ask.lang());
    let own = |rest: &str| ask.url(&format!("/ogc/collections/{}/tiles/{}{rest}", layer.id, tms.id));
    let query = query_of(chart);
    let at = |rest: &str| format!("{}{query}", own(rest));
    let mut tiles = link(at("/{tileMatrix}/{tileRow}/{tileCol}"), "item", MVT, &Text::fixed("切片", "Tiles"), lang);
    tiles.templated = Some(true);
    let scheme = ask.url(&format!("/ogc/tileMatrixSets/{}", tms.id));
    let mut links = vec![
        link(at(""), "self", JSON, &tms.title, lang),
        tiles,
        link(at("/tilejson"), "describedby", JSON, &Text::fixed("TileJSON", "TileJSON"), lang),
        link(scheme, REL_TILING_SCHEME, JSON, &tms.title, lang),
    ];
    if tms.id == WEB_MERCATOR {
        links.push(link_to_style(ask, view, &query));
    }
    for other in Chart::ALL.into_iter().filter(|_| chart.is_none()) {
        let title = match other {
            Chart::Gcj02 => Text::fixed("GCJ-02 偏移（高德、腾讯）", "Shifted to GCJ-02 (AMap, Tencent)"),
            Chart::Bd09 => Text::fixed("BD-09 偏移（百度）", "Shifted to BD-09 (Baidu)"),
        };
        links.push(link(own(&query_of(Some(other))), "alternate", JSON, &title, lang));
    }
    TileSetItem {
        title: format!("{} · {}", layer.title.in_lang(lang), tms.title.in_lang(lang)),
        data_type: "vector",
        crs: tms.crs,
        tile_matrix_set_id: tms.id,
        tile_matrix_set_uri: tms.uri,
        chart: chart.map(|chart| Crs::Chart(chart).uri()),
        omissions: layer.drawn.omissions(&layer.id),
        links,
    }
}

/// For which map tile sets are described.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what the handlers read")]
struct TileSetParams {
    /// `urn:jingtu:crs:gcj-02` or `urn:jingtu:crs:bd-09`: tiles for Chinese web maps, shifted as those are. CRS84 where it is
    /// not given: not shifted.
    #[param(example = "urn:jingtu:crs:gcj-02")]
    crs: Option<String>,
    /// `json` or `html`; without it `Accept` decides.
    #[param(example = "json")]
    f: Option<String>,
}

/// The tile sets of a collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles", operation_id = "collection_tilesets", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), TileSetParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileSets)))]
pub(super) async fn tilesets(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f", "crs"])?;
    let view = ask.view(&id)?;
    let chart = query::chart(&ask.pairs)?;
    let document = TileSets {
        links: ask.own_links()?,
        tilesets: tiles::ALL.iter().map(|tms| describe_tiles(&ask, &view, tms, chart)).collect(),
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
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"), TileSetParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileSetView)))]
pub(super) async fn tileset(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f", "crs"])?;
    let view = ask.view(&id)?;
    let document = describe_whole(&ask, &view, find_set(&tms)?).await?;
    Ok(ask.document(&document.item.title, JSON, &document)?)
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
    /// West, south, east, north, in degrees; absent where there is nothing, and for a day or instant of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    /// Where a map opens: longitude, latitude, zoom; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    center: Option<[f64; 3]>,
    /// The layers in the tiles: the one with the collection's name, and at low zooms another beside it.
    vector_layers: Vec<VectorLayer>,
    /// What the tiles do not have at low zooms, and what stands for it; absent where they have everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omissions: Vec<Omission>,
    /// The style that draws it.
    links: Vec<Link>,
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
pub(super) struct TileParams {
    /// A condition in CQL2 over the properties of `/queryables`.
    filter: Option<String>,
    /// How the filter is written.
    #[param(rename = "filter-lang", inline, example = "cql2-text")]
    filter_lang: Option<FilterLang>,
    /// CRS of the geometries in `filter` by its URI, as for a page of items.
    #[param(rename = "filter-crs")]
    filter_crs: Option<String>,
    /// `urn:jingtu:crs:gcj-02` or `urn:jingtu:crs:bd-09`: tiles for Chinese web maps, with every feature where those draw it.
    /// The grid stays that of the tile matrix set. CRS84 where it is not given: not shifted.
    #[param(example = "urn:jingtu:crs:gcj-02")]
    crs: Option<String>,
    /// A day or RFC 3339 instant, or an interval of them with `..` for an open end: features true at some time in it.
    /// Not together with `true_on`.
    datetime: Option<String>,
    /// A civil day of China: the layer as it was true on it. Without it the layer as it stands.
    true_on: Option<String>,
    /// An RFC 3339 instant: what the registry knew then. With `true_on`: what it then knew of that day.
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

/// The layers in a view's tiles.
fn vector_layers(view: &View, tms: &TileMatrixSet) -> Vec<VectorLayer> {
    let drawn = &view.layer.drawn;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!("String"));
    for column in view.columns().filter(|column| column.in_tiles) {
        let kind = match column.kind {
            ColumnKind::Integer | ColumnKind::Number => "Number",
            ColumnKind::Boolean => "Boolean",
            ColumnKind::Text | ColumnKind::Day | ColumnKind::Instant | ColumnKind::Uuid => "String",
        };
        fields.insert(column.name.to_string(), json!(kind));
    }
    let class = drawn.class.and_then(|name| view.columns().find(|column| column.name == name));
    let companions = drawn.companions().filter_map(|(name, below)| {
        let mut fields =
            if name == POINTS && drawn.clusters_below < drawn.points_below { fields.clone() } else { Map::new() };
        if name == POINTS {
            fields.insert("point_count".to_owned(), json!("Number"));
            fields.insert("point_count_abbreviated".to_owned(), json!("String"));
            let counts = class.map_or(&[][..], |column| column.values).iter().map(|value| format!("count_{value}"));
            fields.extend(counts.map(|name| (name, json!("Number"))));
        } else if let Some(column) = class {
            fields.insert(column.name.to_string(), json!("String"));
        }
        // Zooms are those of the tile matrix set: its last one below the limit.
        let maxzoom = below.checked_sub(tms.ahead() + 1)?;
        Some(VectorLayer { id: format!("{}{name}", view.layer.id), fields, minzoom: 0, maxzoom })
    });
    let companions: Vec<VectorLayer> = companions.collect();
    let own = VectorLayer { id: view.layer.id.to_string(), fields, minzoom: 0, maxzoom: TILEJSON_MAX_ZOOM };
    std::iter::once(own).chain(companions).collect()
}

/// TileJSON of a tile set, for MapLibre and its kin. Filters are carried over into the address of the tiles: `datetime`,
/// `true_on`, `known_at`, and each property of `/queryables`; and so is `crs`, by which `bounds` and `center` are shifted, too.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles/{tms}/tilejson", operation_id = "collection_tilejson", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"), TileParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileJson)))]
pub(super) async fn tilejson(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let tms = find_set(&tms)?;
    only_form(&ask, "json")?;
    let selection = Selection::read(&view, &ask.pairs, false, &["f", "crs"])?;
    let (layer, lang) = (&view.layer, ask.lang());
    let extent = drawn(ask.layers.extent(ask.app(), &view).await?.bbox, query::chart(&ask.pairs)?);
    // What stood elsewhere once must not be cut off by where things are now.
    let bounds = extent.as_ref().filter(|_| selection.when.is_now());
    let filters = ask.own_filters(&["f"]);
    let tiles = ask.url(&format!("/ogc/collections/{id}/tiles/{}/{{z}}/{{y}}/{{x}}{filters}", tms.id));
    let document = TileJson {
        tilejson: "3.0.0",
        name: layer.title.in_lang(lang).to_owned(),
        description: layer.description.in_lang(lang).to_owned(),
        tiles: [tiles],
        minzoom: 0,
        maxzoom: TILEJSON_MAX_ZOOM,
        bounds: bounds.map(|b| [b.west, b.south, b.east, b.north]),
        center: extent.as_ref().map(tiles::overview).map(|([lon, lat], zoom)| [lon, lat, zoom.floor()]),
        vector_layers: vector_layers(&view, tms),
        omissions: layer.drawn.omissions(&layer.id),
        // A style is of web maps alone.
        links: if tms.id == WEB_MERCATOR { vec![link_to_style(&ask, &view, &filters)] } else { Vec::new() },
    };
    let body = serde_json::to_vec(&document).map_err(Error::internal)?;
    Ok(ask.respond(StatusCode::OK, JSON, Body::from(body)))
}

/// A vector tile. The layer with the collection's name has the features; each carries `id` and the properties that the
/// caller may see. At low zooms small features are left out of it, and another layer may stand for them: `<id>-points` has a
/// point for each feature or, from farther away, for each cluster of them (`point_count`, `point_count_abbreviated`,
/// `count_<value>` for each class); `<id>-overview` has squares of the class that prevails in them. `omissions` of the tile
/// set and of its TileJSON say which from which zoom on. A tile has 50,000 features or 4 MiB at most: with more the largest
/// are in it, and the header `Jingtu-Truncated: true` says so. The filters are those of `/items`: `datetime`, `true_on`,
/// `known_at`, and each property of `/queryables`. With `crs` a tile is one of the map of a chart: features are shifted before
/// they are cut, each as a whole by its first vertex; a cluster or a square has each place in it shifted by itself.
#[utoipa::path(get, path = "/ogc/collections/{collection}/tiles/{tms}/{z}/{y}/{x}", operation_id = "collection_tile", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("tms" = String, Path, description = "Name of the tile matrix set", example = "WebMercatorQuad"),
        ("z" = u32, Path, description = "Zoom", example = 8), ("y" = u32, Path, description = "Row from the north", example = 97),
        ("x" = u32, Path, description = "Column from the west", example = 202), TileParams),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, description = "Mapbox vector tile", content_type = "application/vnd.mapbox-vector-tile", body = Vec<u8>),
        (status = 204, description = "Nothing lies in this tile")))]
pub(super) async fn tile(
    ask: Ask,
    Path((id, tms, z, y, x)): Path<(String, String, String, String, String)>,
) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let tms = find_set(&tms)?;
    only_form(&ask, "mvt")?;
    let selection = Selection::read(&view, &ask.pairs, false, &["f", "crs"])?;
    let chart = query::chart(&ask.pairs)?;
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
    let cut = cut.drawn_for(chart);
    let parts = [view.mark(), selection.mark(&view), ask.path.clone(), degrees(chart).uri()];
    let answer = ask.answer(&ask.layers.gate, &view, &parts, |mut reading| async {
        let Tile { revision, bytes, truncated } = {
            let known = (&ask.layers.samples, ask.layers.latest.of(&view.layer.id));
            draw::tile(reading.conn()?, &view, &selection, &cut, known).await?
        };
        reading.done().await?;
        let status = if bytes.is_empty() { 204 } else { 200 };
        let content = if truncated { Content::Part(bytes.into()) } else { Content::Whole(bytes.into()) };
        Ok(Made { revision, status, media_type: MVT, content })
    });
    Ok(answer.await?)
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
pub(super) async fn tile_matrix_sets(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let lang = ask.lang();
    let sets = tiles::ALL.iter().map(|tms| TileMatrixSetItem {
        id: tms.id,
        title: tms.title.in_lang(lang).to_owned(),
        uri: tms.uri,
        links: vec![link(ask.url(&format!("/ogc/tileMatrixSets/{}", tms.id)), "self", JSON, &tms.title, lang)],
    });
    let document = TileMatrixSets { tile_matrix_sets: sets.collect(), links: ask.own_links()? };
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
    /// Axes of the CRS, in its own order.
    #[schema(example = json!(["Lat", "Lon"]))]
    ordered_axes: [&'static str; 2],
    /// The registered series of scales that its own are, if they are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    well_known_scale_set: Option<&'static str>,
    /// What the tiles cover.
    bounding_box: BoundingBox,
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
    matrix_width: u32,
    /// Rows.
    matrix_height: u32,
}

/// The definition of a tile matrix set.
#[utoipa::path(get, path = "/ogc/tileMatrixSets/{tms}", operation_id = "tile_matrix_set", tag = "layers",
    params(("tms" = String, Path, description = "Name of the tile matrix set", example = "CGCS2000Quad"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = TileMatrixSetView)))]
pub(super) async fn tile_matrix_set(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let tms = find_set(&id)?;
    let [lower_left, upper_right] = tms.bounds();
    let matrices = (0..=tms.last).map(|zoom| {
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
        ordered_axes: tms.axes,
        well_known_scale_set: tms.scale_set,
        bounding_box: BoundingBox { lower_left, upper_right, crs: tms.crs.to_owned() },
        tile_matrices: matrices.collect(),
    };
    Ok(ask.document(&document.title, JSON, &document)?)
}
