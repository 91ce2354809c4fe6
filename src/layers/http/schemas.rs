//! What can be asked of a collection's properties, as JSON Schema.

use super::super::def::ColumnKind;
use super::super::query;
use super::{Ask, FormParams, SCHEMA};
use crate::kernel::Text;
use crate::platform::Stop;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// The properties that items can be filtered by, as JSON Schema: those whose values the caller may see.
#[utoipa::path(get, path = "/ogc/collections/{collection}/queryables", operation_id = "collection_queryables", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions"), FormParams),
    extensions(("x-permission" = json!("open"))),
    responses((status = 200, description = "JSON Schema 2020-12; each property is a query parameter of items and tiles",
        content_type = "application/schema+json", body = Object)))]
pub(super) async fn queryables(ask: Ask, Path(id): Path<String>) -> Result<Response, Stop> {
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
