//! Tile matrix sets, tile sets, TileJSON, tiles.

use super::super::cache::{Content, Made};
use super::super::def::{ColumnKind, Layer};
use super::super::draw;
use super::super::features::Link;
use super::super::query::{self, Selection};
use super::super::tiles::{self, TileMatrixSet};
use super::{Ask, FormParams, JSON, link};
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::Stop;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

const REL_TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

const MVT: &str = "application/vnd.mapbox-vector-tile";

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
pub(super) async fn tilesets(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = TileSets {
        links: ask.own_links(JSON, ask.wants_html()?),
        tilesets: tiles::ALL.iter().map(|tms| describe_tiles(&ask, &view.layer, tms)).collect(),
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
pub(super) async fn tileset(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = describe_tiles(&ask, &view.layer, find_set(&tms)?);
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
    /// A condition in CQL2 over the properties of `/queryables`.
    filter: Option<String>,
    /// `cql2-text` or `cql2-json`.
    #[param(rename = "filter-lang")]
    filter_lang: Option<String>,
    /// CRS of the geometries in `filter`: CRS84, EPSG:4490 or EPSG:4326 by its URI.
    #[param(rename = "filter-crs")]
    filter_crs: Option<String>,
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
pub(super) async fn tilejson(ask: Ask, Path((id, tms)): Path<(String, String)>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    let tms = find_set(&tms)?;
    only_form(&ask, "json")?;
    Selection::read(&view, &ask.pairs, false, &["f"])?;
    let (layer, lang) = (&view.layer, ask.lang());
    let extent = ask.layers.extent(ask.app(), &view).await?;
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
        vector_layers: [VectorLayer { id: layer.id.to_string(), fields, minzoom: 0, maxzoom: TILEJSON_MAX_ZOOM }],
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
pub(super) async fn tile(
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
    let parts = [view.mark(), selection.mark(&view), ask.path.clone()];
    let answer = ask.answer(&ask.layers.gate, &view, &parts, |mut reading| async {
        let (revision, bytes) = draw::tile(reading.conn()?, &view, &selection, &cut).await?;
        reading.done();
        let status = if bytes.is_empty() { 204 } else { 200 };
        Ok(Made { revision, status, media_type: MVT, content: Content::Whole(bytes.into()) })
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
pub(super) async fn tile_matrix_set(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
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
