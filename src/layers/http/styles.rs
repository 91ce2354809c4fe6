//! Styles: how a collection is drawn, as MapLibre reads it (OGC API Styles, a draft).

use super::super::features::Link;
use super::super::query::{self, Selection};
use super::super::style::{Glyphs, LegendEntry, Painter};
use super::super::tiles;
use super::super::view::View;
use super::tiles::{TileParams, drawn};
use super::{Ask, FormParams, JSON, link};
use crate::kernel::{Error, Result, Text};
use crate::platform::Stop;
use crate::platform::reply::GEOJSON;
use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of a style.
pub(super) const STYLE: &str = "application/vnd.mapbox.style+json";
/// Parameters of a style beside those that choose features.
const STYLE_PARAMETERS: &[&str] = &["f", "glyphs", "tms", "crs"];
/// Those of them that are none of its tiles.
const OWN_PARAMETERS: &[&str] = &["f", "glyphs", "tms"];
/// The one tile matrix set that MapLibre draws where it lies.
pub(super) const WEB_MERCATOR: &str = "WebMercatorQuad";

/// Styles.
#[derive(Serialize, ToSchema)]
struct Styles {
    /// One for each collection that the caller may see.
    styles: Vec<StyleItem>,
    /// This document in its forms.
    links: Vec<Link>,
}

/// A style by name.
#[derive(Serialize, ToSchema)]
struct StyleItem {
    /// Its name, which is that of its collection.
    #[schema(example = "farmland")]
    id: String,
    /// Title.
    #[schema(example = "农用地单元")]
    title: String,
    /// The style, and what there is to know of it.
    links: Vec<Link>,
}

fn address(ask: &Ask, view: &View) -> String {
    ask.url(&format!("/ogc/styles/{}", view.layer.id))
}

/// The link to a collection's style.
pub(super) fn link_to_style(ask: &Ask, view: &View, filters: &str) -> Link {
    let title = Text::fixed("样式（MapLibre）", "Style for MapLibre");
    link(format!("{}{filters}", address(ask, view)), "stylesheet", STYLE, &title, ask.lang())
}

fn item(ask: &Ask, view: &View) -> StyleItem {
    let about = format!("{}/metadata", address(ask, view));
    StyleItem {
        id: view.layer.id.to_string(),
        title: view.layer.title.in_lang(ask.lang()).to_owned(),
        links: vec![
            link_to_style(ask, view, ""),
            link(about, "describedby", JSON, &Text::fixed("样式说明", "About the style"), ask.lang()),
        ],
    }
}

/// The styles of all collections that the caller may see.
#[utoipa::path(get, path = "/ogc/styles", operation_id = "styles_list", tag = "layers", params(FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Styles)))]
pub(super) async fn styles(ask: Ask) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    // What is hidden from the caller is named among the collections, with the reason.
    let layers = ask.layers.all(ask.app()).await?;
    let views = layers.into_iter().filter_map(|layer| View::of(layer, ask.call.caller()).ok());
    let document = Styles { styles: views.map(|view| item(&ask, &view)).collect(), links: ask.own_links()? };
    Ok(ask.document(Text::fixed("图层样式", "Styles").in_lang(ask.lang()), JSON, &document)?)
}

/// The styles of a collection: one, of its own name.
#[utoipa::path(get, path = "/ogc/collections/{collection}/styles", operation_id = "collection_styles", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Styles)))]
pub(super) async fn collection_styles(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = Styles { styles: vec![item(&ask, &view)], links: ask.own_links()? };
    Ok(ask.document(view.layer.title.in_lang(ask.lang()), JSON, &document)?)
}

/// How a style is wanted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what the handler reads")]
struct StyleParams {
    /// Where letters come from: the template of a glyph server's addresses with `{fontstack}` and `{range}`, or `local` for the
    /// fonts of the machine that draws the map (MapLibre GL JS 5.11 and later). Without it nothing is written on the map, so
    /// that a style needs nothing but the tiles.
    #[param(example = "local")]
    glyphs: Option<String>,
    /// Tile matrix set: `WebMercatorQuad`, the only one that MapLibre draws where it lies.
    #[param(example = "WebMercatorQuad")]
    tms: Option<String>,
}

fn glyphs(ask: &Ask) -> Result<Glyphs> {
    match ask.value("glyphs") {
        None => Ok(Glyphs::None),
        Some("local") => Ok(Glyphs::Local),
        Some(template)
            if ["http://", "https://"].iter().any(|scheme| template.starts_with(scheme))
                && ["{fontstack}", "{range}"].iter().all(|variable| template.contains(variable)) =>
        {
            Ok(Glyphs::Server(template.to_owned()))
        }
        Some(_) => Err(Error::bad_parameter(
            "glyphs",
            Text::fixed(
                "应为 local，或含 {fontstack} 与 {range} 的 http(s) 地址模板。",
                "must be `local`, or the template of an http(s) address with {fontstack} and {range}.",
            ),
        )),
    }
}

/// A style for MapLibre: the collection's tiles in the colours of its classes. Filters are carried over into the address of
/// the tiles: `datetime`, `true_on`, `known_at`, `filter`, and each property of `/queryables`; and so is `crs`, for a base map
/// of a chart. `metadata` has the legend
/// in Chinese and English, and the zoom below which small features are left out of the tiles.
#[utoipa::path(get, path = "/ogc/styles/{style}", operation_id = "style_get", tag = "layers",
    params(("style" = String, Path, description = "Name of the style, which is that of a collection", example = "divisions"),
        StyleParams, TileParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "MapLibre style, version 8", content_type = "application/vnd.mapbox.style+json",
        body = Object)))]
pub(super) async fn style(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    if ask.value("tms").is_some_and(|tms| tms != WEB_MERCATOR) {
        let known = Text::fixed("可用：WebMercatorQuad。", "there is: WebMercatorQuad.");
        return Err(Error::bad_parameter("tms", known).into());
    }
    Selection::read(&view, &ask.pairs, false, STYLE_PARAMETERS)?;
    let glyphs = glyphs(&ask)?;
    let extent = drawn(ask.layers.extent(ask.app(), &view).await?.bbox, query::chart(&ask.pairs)?);
    let tilejson = format!("/ogc/collections/{}/tiles/{WEB_MERCATOR}/tilejson", view.layer.id);
    let tilejson = ask.url(&format!("{tilejson}{}", ask.own_filters(OWN_PARAMETERS)));
    let painter = Painter::new(&view, &glyphs, ask.lang());
    let document = painter.document(&tilejson, extent.as_ref().map(tiles::overview));
    Ok(ask.document(view.layer.title.in_lang(ask.lang()), STYLE, &document)?)
}

/// What there is to know of a style.
#[derive(Serialize, ToSchema)]
struct StyleMetadata {
    /// Its name, which is that of its collection.
    #[schema(example = "farmland")]
    id: String,
    /// Title.
    title: String,
    /// What is drawn by it.
    description: String,
    /// Always `style`.
    scope: &'static str,
    /// The property that colours follow, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "class")]
    class: Option<&'static str>,
    /// What the colours stand for.
    legend: Vec<LegendEntry>,
    /// Its one form.
    stylesheets: [Stylesheet; 1],
    /// The one collection that is drawn.
    layers: [StyledLayer; 1],
    /// This document in its forms.
    links: Vec<Link>,
}

/// A style in a language for styles.
#[derive(Serialize, ToSchema)]
struct Stylesheet {
    /// Name of the language.
    title: &'static str,
    /// Its version.
    version: &'static str,
    /// Where the language is described.
    specification: &'static str,
    /// Always true: it was not made from another form.
    native: bool,
    /// The style.
    link: Link,
}

/// A layer that is drawn.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StyledLayer {
    /// Its name.
    id: String,
    /// `point`, `line`, `polygon`, or `geometry` where it may be any of them.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its items.
    sample_data: Link,
}

/// What there is to know of a style: its legend, its form, what it draws.
#[utoipa::path(get, path = "/ogc/styles/{style}/metadata", operation_id = "style_metadata", tag = "layers",
    params(("style" = String, Path, description = "Name of the style, which is that of a collection", example = "divisions"),
        FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = StyleMetadata)))]
pub(super) async fn metadata(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let (layer, lang) = (&view.layer, ask.lang());
    let painter = Painter::new(&view, &Glyphs::None, lang);
    let items = ask.url(&format!("/ogc/collections/{}/items", layer.id));
    let kind = match layer.style.dimension {
        Some(0) => "point",
        Some(1) => "line",
        Some(_) => "polygon",
        None => "geometry",
    };
    let document = StyleMetadata {
        id: layer.id.to_string(),
        title: layer.title.in_lang(lang).to_owned(),
        description: layer.description.in_lang(lang).to_owned(),
        scope: "style",
        class: painter.class(),
        legend: painter.legend(),
        stylesheets: [Stylesheet {
            title: "MapLibre",
            version: "8",
            specification: "https://maplibre.org/maplibre-style-spec/",
            native: true,
            link: link_to_style(&ask, &view, ""),
        }],
        layers: [StyledLayer {
            id: layer.id.to_string(),
            kind,
            sample_data: link(items, "start", GEOJSON, &Text::fixed("要素", "Items"), lang),
        }],
        links: ask.own_links()?,
    };
    Ok(ask.document(&document.title, JSON, &document)?)
}
