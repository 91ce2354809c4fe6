//! Features: pages of them, and one by its identifier.

use super::super::cache::{Content, Made};
use super::super::charted;
use super::super::crs::Crs;
use super::super::download::Download;
use super::super::features::{self, Link, Next};
use super::super::format::{Form, jsonfg};
use super::super::html;
use super::super::query::{self, Page, Selection, Shape};
use super::super::view::View;
use super::documents::REL_QUERYABLES;
use super::form::{Profile, Wanted};
use super::search::Sent;
use super::{Ask, HTML, JSON, JSON_FG, SCHEMA, link, link_header};
use crate::kernel::{Error, Result, Text};
use crate::platform::Stop;
use crate::platform::reply::GEOJSON;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

static CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// Rows of an HTML page at most: it is made whole in memory.
const HTML_LIMIT: u32 = 1000;
/// The forms of a collection's features.
const FORMS: [Wanted; 8] = [
    Wanted::Json,
    Wanted::Html,
    Wanted::JsonFg,
    Wanted::File(Form::Sequence),
    Wanted::File(Form::Csv),
    Wanted::File(Form::FlatGeobuf),
    Wanted::File(Form::Parquet),
    Wanted::File(Form::GeoPackage),
];
/// Those that are documents, with links to each other.
const DOCUMENTS: [Wanted; 3] = [Wanted::Json, Wanted::Html, Wanted::JsonFg];
/// Parameters of a page beside those that select rows.
const PAGE_PARAMETERS: &[&str] = &[
    "limit",
    "cursor",
    "offset",
    "resultType",
    "sortby",
    "properties",
    "skipGeometry",
    "precision",
    "zoom-level",
    "profile",
    "f",
];

/// Parameters of one item beside its system and its times.
const SHAPE_PARAMETERS: &[&str] = &["f", "properties", "skipGeometry", "precision", "zoom-level", "profile"];

/// Which items.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Selection and Page read")]
struct ItemsParams {
    /// Features of a page, or of a file at most; without it a file has all. More than the maximum is clamped.
    #[param(style = Form, explode = false, minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// From the `next` link of the page before; holds for the same filters and order only.
    cursor: Option<String>,
    /// Features left out before the page, for clients that cannot follow `next`; the more, the slower.
    #[param(maximum = 100000, default = 0)]
    offset: Option<u32>,
    /// `hits` gives the number of features alone, as `numberMatched`; under filters where it is not above 10,000.
    #[param(rename = "resultType", inline, example = "hits")]
    result_type: Option<ResultType>,
    /// Up to four properties of `/sortables` with commas between, each after `-` for largest first. Features where it is
    /// unknown come last.
    #[param(example = "-area_m2,code")]
    sortby: Option<String>,
    /// The properties to be given, with commas between.
    #[param(example = "code,level")]
    properties: Option<String>,
    /// Whether geometries are left out.
    #[param(rename = "skipGeometry", example = true)]
    skip_geometry: Option<bool>,
    /// Digits after the point of coordinates.
    #[param(maximum = 15, default = 7)]
    precision: Option<u8>,
    /// Zoom of the map that geometries are simplified for, as of WebMercatorQuad with tiles of 256 pixels: a pixel is
    /// 156,543 m × cos(latitude) / 2^zoom. Vertices go whose triangle with their neighbours has less than a quarter of a
    /// pixel's area; areas smaller than that are their boxes. Kinds of geometries and their validity are kept; without it
    /// geometries are as they are.
    #[param(rename = "zoom-level", minimum = 0, maximum = 24, example = 10)]
    zoom_level: Option<f64>,
    /// `west,south,east,north` in CRS84 degrees; west above east crosses the antimeridian. Features whose bounds meet
    /// the box are selected. Of six numbers the third and the sixth are heights, of which there are none here.
    #[param(style = Form, explode = false, min_items = 4, max_items = 6, example = json!([105.0, 38.0, 106.0, 39.0]))]
    bbox: Option<Vec<f64>>,
    /// CRS of `bbox` by its URI, with the axes of its register; CRS84 where it is not given. In `urn:jingtu:crs:gcj-02` or
    /// `urn:jingtu:crs:bd-09` the box is one of that map: features whose bounds, as they are drawn there, meet it are selected.
    #[param(rename = "bbox-crs", example = "http://www.opengis.net/def/crs/EPSG/0/4490")]
    bbox_crs: Option<String>,
    /// CRS of the answer by its URI, with the axes of its register: any plane one that PROJ knows, or
    /// `urn:jingtu:crs:gcj-02`, `urn:jingtu:crs:bd-09` for Chinese web maps. CRS84 where it is not given.
    #[param(example = "http://www.opengis.net/def/crs/EPSG/0/4527")]
    crs: Option<String>,
    /// A condition in CQL2 over the properties of `/queryables`.
    #[param(example = "stage IN ('listed','contaminated') AND S_INTERSECTS(geometry, BBOX(105,38,106,39))")]
    filter: Option<String>,
    /// How the filter is written.
    #[param(rename = "filter-lang", inline, example = "cql2-text")]
    filter_lang: Option<FilterLang>,
    /// CRS of the geometries in `filter` by its URI, with the axes of its register; CRS84 where it is not given. In
    /// `urn:jingtu:crs:gcj-02` or `urn:jingtu:crs:bd-09` they are what was drawn on that map.
    #[param(rename = "filter-crs", example = "urn:jingtu:crs:gcj-02")]
    filter_crs: Option<String>,
    /// A day or RFC 3339 instant, or an interval of them with `..` for an open end: features true at some time in it, as they
    /// stand now. Not together with `true_on`.
    #[param(style = Form, explode = false, example = "2026-01-01/..")]
    datetime: Option<String>,
    /// A civil day of China: the layer as it was true on it, with the values of that day where the register keeps them by
    /// days. Without it the layer as it stands.
    #[param(example = "2026-06-30")]
    true_on: Option<String>,
    /// An RFC 3339 instant: what the registry knew then. With `true_on`: what it then knew of that day.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// What a page in `json` is beside GeoJSON: `rfc7946`, nothing; `jsonfg`, JSON-FG under the media type of GeoJSON.
    #[param(example = "rfc7946")]
    profile: Option<String>,
    /// `json`, `jsonfg` (JSON-FG) or `html` for a page; `geojsonseq`, `csv` (geometry as WKT), `fgb` (FlatGeobuf), `parquet` (GeoParquet) or `gpkg`
    /// (GeoPackage) for a file of all features selected. Without it `Accept` decides.
    #[param(example = "json")]
    f: Option<String>,
}

/// How a filter is written. GDAL leaves conditions to the server where it finds `cql-text` here, and else all but equality
/// to itself.
#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "says in the document what query::filter reads")]
pub(super) enum FilterLang {
    /// CQL2 text.
    Cql2Text,
    /// CQL2 JSON.
    Cql2Json,
    /// CQL2 text as drafts of the standard had it, which GDAL writes.
    CqlText,
}

/// What is wanted of the features selected.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "says in the document what Page reads")]
enum ResultType {
    /// They.
    Results,
    /// Their number.
    Hits,
}

/// A page of features.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what features::page writes")]
pub(super) struct FeaturePage {
    /// Always `FeatureCollection`.
    #[schema(rename = "type", example = "FeatureCollection")]
    kind: String,
    /// The features, in the order asked for, else of their ids.
    features: Vec<FeatureView>,
    /// Features on this page.
    number_returned: u32,
    /// Features selected, on the first page: where it has them all; of a whole collection up to 100,000; and where
    /// `resultType=hits` or `limit=1` asks for it, under filters up to 10,000.
    number_matched: Option<u64>,
    /// `self`, `alternate`, `collection`, queryables and, unless this is the last page, `next`.
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

/// A page of features in JSON-FG.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what features::page writes")]
pub(super) struct FgPage {
    /// Always `FeatureCollection`.
    #[schema(rename = "type", example = "FeatureCollection")]
    kind: String,
    /// The classes of JSON-FG that the document conforms to.
    conforms_to: Vec<String>,
    /// The type of the features: their collection's name.
    #[schema(example = "contaminated-sites")]
    feature_type: String,
    /// Address of the schema of their properties.
    feature_schema: String,
    /// What `place` is in, by its URI; absent where that is CRS84.
    coord_ref_sys: Option<String>,
    /// The features, as in GeoJSON.
    features: Vec<FgFeature>,
    /// As in GeoJSON.
    number_returned: u32,
    /// As in GeoJSON.
    number_matched: Option<u64>,
    /// As in GeoJSON.
    links: Vec<Link>,
}

/// A feature in JSON-FG.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what jsonfg::Features writes")]
struct FgFeature {
    /// Always `Feature`.
    #[schema(rename = "type", example = "Feature")]
    kind: String,
    /// UUID.
    id: uuid::Uuid,
    /// When it is true; null where nobody knows.
    time: Option<FgTime>,
    /// Its geometry in `coordRefSys`; null where that is CRS84.
    #[schema(value_type = Object, nullable = true)]
    place: Value,
    /// Its geometry in CRS84; null where another system was asked for.
    #[schema(value_type = Object, nullable = true)]
    geometry: Value,
    /// As in GeoJSON.
    #[schema(value_type = Object)]
    properties: Value,
    /// On a feature asked for by id, as these others: the classes of JSON-FG that it conforms to.
    conforms_to: Option<Vec<String>>,
    /// Its type: its collection's name.
    #[schema(example = "contaminated-sites")]
    feature_type: Option<String>,
    /// Address of the schema of its properties.
    feature_schema: Option<String>,
    /// What `place` is in, by its URI; absent where that is CRS84.
    coord_ref_sys: Option<String>,
    /// `self`, `alternate`, `collection`.
    links: Option<Vec<Link>>,
}

/// When a feature is true: one of the two.
#[derive(ToSchema)]
#[expect(dead_code, reason = "says in the document what jsonfg::Features writes")]
struct FgTime {
    /// On one day.
    #[schema(example = "2016-08-01")]
    date: Option<String>,
    /// From the first to the last of two days; `..` is an open end.
    #[schema(example = json!(["2016-08-01", ".."]))]
    interval: Option<[String; 2]>,
}

/// A page of a collection's features. Beside the parameters listed, each property of `/queryables` is a parameter:
/// `stage=suspected,contaminated` selects features that have one of the values. Any other parameter is refused.
#[utoipa::path(get, path = "/ogc/collections/{collection}/items", operation_id = "collection_items", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), ItemsParams),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, description = "A page; or a file, by the form asked for", content(
                (FeaturePage = "application/geo+json"), (FgPage = "application/vnd.ogc.fg+json"), (String = "text/html"), (Vec<u8> = "application/geo+json-seq"),
                (String = "text/csv"), (Vec<u8> = "application/flatgeobuf"), (Vec<u8> = "application/vnd.apache.parquet"),
                (Vec<u8> = "application/geopackage+sqlite3")),
            headers(("Content-Crs" = String, description = "CRS of the coordinates, in angle brackets"), ("Link" = String, description = "`self`, `alternate`, `collection` and queryables"), ("ETag" = String, description = "Changes with the layer")))))]
pub(super) async fn items(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    Ok(Box::pin(select(&ask, view, None)).await?)
}

/// The features that the parameters select. They came in the address, or in a body.
pub(super) async fn select(ask: &Ask, view: View, sent: Option<&Sent>) -> Result<Response> {
    let mut selection = Selection::read(&view, &ask.pairs, true, PAGE_PARAMETERS)?;
    let mut shape = Shape::read(&view, &ask.pairs)?;
    // A page for people has links to follow, which are addresses alone.
    let forms: Vec<Wanted> = FORMS.into_iter().filter(|form| sent.is_none() || *form != Wanted::Html).collect();
    let wanted = match ask.wanted(&forms)? {
        Wanted::File(form) => return Box::pin(file(ask, view, selection, shape, form)).await,
        wanted => wanted,
    };
    let html = wanted == Wanted::Html;
    let profile = ask.profile(wanted)?;
    shape.days = profile == Some(Profile::JsonFg);
    let mark = format!("{}|{}|{}", view.mark(), selection.mark(&view), shape.order(&view));
    let mut page = Page::read(&view, &ask.pairs, &shape, &mark)?;
    if html {
        page.limit = page.limit.min(HTML_LIMIT);
    }
    // Links repeat the question as it was put.
    let sent_as = sent.map_or_else(|| ask.own_url(&[]), Sent::whole);
    let parts = [mark.clone(), shape.mark(&view), page.mark(), wanted.name().to_owned(), sent_as];
    let lang = ask.lang();
    let title = view.layer.title.clone();
    // An address alone does not lead to what was asked for by a body.
    let mut links = if sent.is_none() { ask.links_to_forms(&DOCUMENTS, wanted, media_type) } else { Vec::new() };
    let own = ask.url(&format!("/ogc/collections/{}", view.layer.id));
    let root = root(ask, &view, &shape);
    links.extend(profile.map(|profile| profile.link(ask)));
    let queryables =
        link(format!("{own}/queryables"), REL_QUERYABLES, SCHEMA, &Text::fixed("可查询属性", "Queryables"), lang);
    links.push(link(own, "collection", JSON, &title, lang));
    links.push(queryables);
    // Before `next`, which is not known until the page has been read.
    let linked = link_header(&links)?;
    // Where the page begins is said by the cursor alone.
    let (next, body) = match sent {
        Some(sent) => (ask.url(&ask.path), Some(sent.before_cursor())),
        None => {
            let mut next = ask.own_url(&["cursor", "offset"]);
            next.push_str(if next.contains('?') { "&cursor=" } else { "?cursor=" });
            (next, None)
        }
    };
    let next =
        Next { link: link(next, "next", media_type(wanted), &Text::fixed("下一页", "Next page"), lang), body };
    let counts = Arc::clone(&ask.layers.counts);
    let (crs, asked) = (shape.crs, view.clone());
    let answer = ask.answer(&ask.layers.gate, &asked, &parts, |mut reading| async {
        charted::locate(&mut reading, &view, &mut selection).await?;
        let request = features::Request { view, selection, shape, page, mark, links, next, root, counts };
        let (revision, content) = features::page(reading, request).await?;
        let status = 200;
        match content {
            content if !html => Ok(Made { revision, status, media_type: media_type(wanted), content }),
            content => {
                let page = html::of_json(lang, title.in_lang(lang), &content.whole().await?)?;
                Ok(Made { revision, status, media_type: HTML, content: Content::Whole(page) })
            }
        }
    });
    // On the heap: most answers are found, and need no room for making one.
    let mut response = Box::pin(answer).await?;
    response.headers_mut().insert(header::LINK, linked);
    insert_crs(response.headers_mut(), &crs)?;
    ask.say_what_was_preferred(response.headers_mut());
    Ok(response)
}

/// Of a document.
fn media_type(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Html => "text/html",
        Wanted::JsonFg => JSON_FG,
        Wanted::Json | Wanted::File(_) => GEOJSON,
    }
}

/// What a document in JSON-FG says of itself; `None` of another.
fn root(ask: &Ask, view: &View, shape: &Shape) -> Option<jsonfg::Root> {
    let id = &view.layer.id;
    let schema = || ask.url(&format!("/ogc/collections/{id}/schema"));
    shape.days.then(|| jsonfg::Root { feature_type: id.to_string(), schema: schema(), crs: shape.crs })
}

/// All features selected, in a form that software keeps.
async fn file(ask: &Ask, view: View, mut selection: Selection, shape: Shape, form: Form) -> Result<Response> {
    // A page is JSON: a file is all there is, or its beginning.
    for name in ["cursor", "offset", "resultType"] {
        if ask.value(name).is_some() {
            let only = Text::fixed("仅用于分页的 json 与 html。", "is for pages, which are json or html.");
            return Err(Error::bad_parameter(name, only));
        }
    }
    let limit =
        ask.value("limit").map(|_| Page::read(&view, &ask.pairs, &shape, "")).transpose()?.map(|page| page.limit);
    let at = ask.call.today().start();
    // A GeoPackage says on which day it was made.
    let made_on = if form == Form::GeoPackage { ask.call.today().to_string() } else { String::new() };
    let asked = view.clone();
    let parts =
        [view.mark(), selection.mark(&view), shape.mark(&view), form.name().to_owned(), format!("{limit:?}"), made_on];
    let (crs, name) = (shape.crs, format!("{}.{}", view.layer.id, form.extension()));
    let answer = ask.answer(&ask.layers.downloads, &asked, &parts, |mut reading| async {
        charted::locate(&mut reading, &view, &mut selection).await?;
        let download = Download { view, selection, shape, form, limit, at };
        let (revision, content) = download.stream(reading).await?;
        Ok(Made { revision, status: 200, media_type: form.media_type(), content })
    });
    let mut response = answer.await?;
    let headers = response.headers_mut();
    insert_crs(headers, &crs)?;
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(Error::internal)?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    ask.say_what_was_preferred(headers);
    Ok(response)
}

fn insert_crs(headers: &mut HeaderMap, crs: &Crs) -> Result<()> {
    headers.insert(&CONTENT_CRS, HeaderValue::from_str(&format!("<{}>", crs.uri())).map_err(Error::internal)?);
    Ok(())
}

/// How one item is wanted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Selection reads")]
struct ItemParams {
    /// CRS of the answer by its URI, as for a page.
    crs: Option<String>,
    /// A civil day of China: the feature as it was true on it. 404 where there was none.
    true_on: Option<String>,
    /// An RFC 3339 instant: what the registry knew then.
    known_at: Option<String>,
    /// The properties to be given, with commas between.
    properties: Option<String>,
    /// Whether the geometry is left out.
    #[param(rename = "skipGeometry")]
    skip_geometry: Option<bool>,
    /// Digits after the point of coordinates.
    #[param(maximum = 15, default = 7)]
    precision: Option<u8>,
    /// Zoom of the map that the geometry is simplified for, as for a page.
    #[param(rename = "zoom-level", minimum = 0, maximum = 24, example = 10)]
    zoom_level: Option<f64>,
    /// `rfc7946` or `jsonfg`, as for a page.
    #[param(example = "rfc7946")]
    profile: Option<String>,
    /// `json`, `jsonfg` (JSON-FG) or `html`; without it `Accept` decides.
    f: Option<String>,
}

/// One feature of a collection.
#[utoipa::path(get, path = "/ogc/collections/{collection}/items/{id}", operation_id = "collection_item", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"),
        ("id" = uuid::Uuid, Path, description = "Identifier of the feature"), ItemParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "The feature", content(
        (FeatureView = "application/geo+json"), (FgFeature = "application/vnd.ogc.fg+json"), (String = "text/html")))))]
pub(super) async fn item(ask: Ask, Path((collection, id)): Path<(String, String)>) -> Result<Response, Stop> {
    let view = ask.view(&collection)?;
    let wanted = ask.wanted(&DOCUMENTS)?;
    query::only(&ask.pairs, &[&["crs", "true_on", "known_at"], SHAPE_PARAMETERS].concat())?;
    let selection = Selection::read(&view, &ask.pairs, true, SHAPE_PARAMETERS)?;
    let mut shape = Shape::read(&view, &ask.pairs)?;
    let profile = ask.profile(wanted)?;
    shape.days = profile == Some(Profile::JsonFg);
    let none = || Error::not_found("要素", "feature");
    let uuid = id.parse().map_err(|_| none())?;
    let mut links = ask.links_to_forms(&DOCUMENTS, wanted, media_type);
    links.extend(profile.map(|profile| profile.link(&ask)));
    let root = root(&ask, &view, &shape);
    let title = view.layer.title.in_lang(ask.lang()).to_owned();
    links.push(link(
        ask.url(&format!("/ogc/collections/{collection}")),
        "collection",
        JSON,
        &view.layer.title,
        ask.lang(),
    ));
    let parts = [view.mark(), shape.mark(&view), selection.mark(&view), id, wanted.name().to_owned(), ask.own_url(&[])];
    let lang = ask.lang();
    let answer = ask.answer(&ask.layers.lookups, &view, &parts, |mut reading| async {
        let found = features::one(reading.conn()?, &view, &shape, selection.when, uuid, &links, root.as_ref());
        let found = found.await?;
        reading.done().await?;
        let (revision, feature) = found.ok_or_else(none)?;
        let (media_type, content) = if wanted == Wanted::Html {
            (HTML, html::of_json(lang, &title, &feature)?)
        } else {
            (media_type(wanted), feature)
        };
        Ok(Made { revision, status: 200, media_type, content: Content::Whole(content) })
    });
    let mut response = answer.await?;
    insert_crs(response.headers_mut(), &shape.crs)?;
    Ok(response)
}
