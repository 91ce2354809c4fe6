//! What a collection's properties are, and what can be asked of them, as JSON Schema 2020-12: one document of all of them,
//! one of those that items are filtered by, one of those that they are sorted by.

use super::super::def::{Column, ColumnKind};
use super::super::query;
use super::super::view::View;
use super::{Ask, FormParams, SCHEMA};
use crate::kernel::{Lang, Text};
use crate::platform::Stop;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// A schema of some properties of a collection.
fn schema(ask: &Ask, view: &View, name: &str, properties: Map<String, Value>) -> Value {
    let (layer, lang) = (&view.layer, ask.lang());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ask.url(&format!("/ogc/collections/{}/{name}", layer.id)),
        "type": "object",
        "title": layer.title.in_lang(lang),
        "description": layer.description.in_lang(lang),
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The properties that the caller may see, in their order.
pub(super) fn properties(view: &View, lang: Lang) -> Map<String, Value> {
    let each = view.columns().enumerate().map(|(n, column)| (column.name.to_string(), property(column, n + 1, lang)));
    each.collect()
}

/// The properties that features carry in tiles.
pub(super) fn in_tiles(view: &View, lang: Lang) -> Map<String, Value> {
    let mut carried = Map::new();
    let title = Text::fixed("标识", "Identifier");
    carried.insert("id".to_owned(), json!({"type": "string", "format": "uuid", "title": title.in_lang(lang)}));
    let columns = view.columns().filter(|column| column.in_tiles).enumerate();
    carried.extend(columns.map(|(n, column)| (column.name.to_string(), property(column, n + 1, lang))));
    carried
}

fn property(column: &Column, place: usize, lang: Lang) -> Value {
    let (kind, format) = match column.kind {
        ColumnKind::Text => ("string", None),
        ColumnKind::Integer => ("integer", None),
        ColumnKind::Number => ("number", None),
        ColumnKind::Boolean => ("boolean", None),
        ColumnKind::Day => ("string", Some("date")),
        ColumnKind::Instant => ("string", Some("date-time")),
        ColumnKind::Uuid => ("string", Some("uuid")),
    };
    let mut members = Map::new();
    members.insert("type".to_owned(), json!(kind));
    if let Some(format) = format {
        members.insert("format".to_owned(), json!(format));
    }
    members.insert("title".to_owned(), json!(column.title.in_lang(lang)));
    if !column.values.is_empty() {
        members.insert("enum".to_owned(), json!(column.values));
    }
    members.insert("x-ogc-propertySeq".to_owned(), json!(place));
    Value::Object(members)
}

fn geometry(lang: Lang) -> Value {
    let title = Text::fixed("几何", "Geometry");
    json!({"format": "geometry-any", "x-ogc-role": "primary-geometry", "title": title.in_lang(lang)})
}

/// The properties that items can be filtered by, as JSON Schema: those whose values the caller may see.
#[utoipa::path(get, path = "/ogc/collections/{collection}/queryables", operation_id = "collection_queryables", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "JSON Schema 2020-12; each property is a query parameter of items and tiles",
        content_type = "application/schema+json", body = Object)))]
pub(super) async fn queryables(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let mut filtered = properties(&view, ask.lang());
    filtered.insert("geometry".to_owned(), geometry(ask.lang()));
    let document = schema(&ask, &view, "queryables", filtered);
    Ok(ask.document(view.layer.title.in_lang(ask.lang()), SCHEMA, &document)?)
}

/// The properties that items can be sorted by, as JSON Schema: those whose values the caller may see.
#[utoipa::path(get, path = "/ogc/collections/{collection}/sortables", operation_id = "collection_sortables", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "JSON Schema 2020-12; each property can stand in `sortby` of items",
        content_type = "application/schema+json", body = Object)))]
pub(super) async fn sortables(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let document = schema(&ask, &view, "sortables", properties(&view, ask.lang()));
    Ok(ask.document(view.layer.title.in_lang(ask.lang()), SCHEMA, &document)?)
}

/// What an item is made of, as JSON Schema: its identifier, its geometry, and the properties that the caller may see.
#[utoipa::path(get, path = "/ogc/collections/{collection}/schema", operation_id = "collection_schema", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "JSON Schema 2020-12 with the roles of OGC API Features, Part 5",
        content_type = "application/schema+json", body = Object)))]
pub(super) async fn items_schema(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let view = ask.view(&id)?;
    let lang = ask.lang();
    let title = Text::fixed("标识", "Identifier");
    let mut members = Map::new();
    members.insert(
        "id".to_owned(),
        json!({"type": "string", "format": "uuid", "title": title.in_lang(lang), "readOnly": true, "x-ogc-role": "id"}),
    );
    members.insert("geometry".to_owned(), geometry(lang));
    members.extend(properties(&view, lang));
    let document = schema(&ask, &view, "schema", members);
    Ok(ask.document(view.layer.title.in_lang(lang), SCHEMA, &document)?)
}
