//! The OpenAPI document in version 3.0.3, which map clients read (GDAL, QGIS, OGC's own tests), out of the one in 3.1.
//!
//! 3.1 speaks JSON Schema 2020-12; 3.0 has a dialect of its own. What 3.0 can say in other words is said in them; what it
//! cannot say (`if`, `propertyNames`, `unevaluatedProperties` …) is left out: it only narrows, so whatever is valid under the
//! schema of 3.1 is valid under that of 3.0.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The same document in version 3.0.3.
pub fn from_31(mut document: Value) -> Value {
    let Value::Object(root) = &mut document else { return document };
    root.insert("openapi".to_owned(), json!("3.0.3"));
    leave_out(root, &["jsonSchemaDialect", "webhooks"]);
    if let Some(Value::Object(info)) = root.get_mut("info") {
        leave_out(info, &["summary"]);
        if let Some(Value::Object(license)) = info.get_mut("license")
            && let Some(Value::String(spdx)) = license.remove("identifier")
        {
            license.entry("url").or_insert(json!(format!("https://spdx.org/licenses/{spdx}.html")));
        }
    }
    each(root, "paths", path_item);
    if let Some(Value::Object(components)) = root.get_mut("components") {
        leave_out(components, &["pathItems"]);
        each(components, "schemas", schema);
        each(components, "parameters", parameter);
        each(components, "headers", parameter);
        each(components, "requestBodies", body);
        each(components, "responses", response);
        each(components, "callbacks", callback);
    }
    document
}

fn leave_out(object: &mut Object, names: &[&str]) {
    for name in names {
        object.remove(*name);
    }
}

/// Does something to each member of an object's member, or to each element, if it is a list.
fn each(object: &mut Object, name: &str, change: fn(&mut Value)) {
    match object.get_mut(name) {
        Some(Value::Object(members)) => members.values_mut().for_each(change),
        Some(Value::Array(elements)) => elements.iter_mut().for_each(change),
        _ => {}
    }
}

fn path_item(item: &mut Value) {
    let Value::Object(item) = item else { return };
    each(item, "parameters", parameter);
    for method in ["get", "put", "post", "delete", "options", "head", "patch", "trace"] {
        if let Some(Value::Object(operation)) = item.get_mut(method) {
            each(operation, "parameters", parameter);
            each(operation, "responses", response);
            each(operation, "callbacks", callback);
            operation.get_mut("requestBody").into_iter().for_each(body);
        }
    }
}

fn callback(callback: &mut Value) {
    if let Some(callback) = resolved(callback) {
        callback.values_mut().for_each(path_item);
    }
}

/// What is no reference. A reference of 3.0 has no members beside it.
fn resolved(value: &mut Value) -> Option<&mut Object> {
    let Value::Object(object) = value else { return None };
    if object.contains_key("$ref") {
        object.retain(|name, _| name == "$ref");
        return None;
    }
    Some(object)
}

/// A parameter or a header.
fn parameter(value: &mut Value) {
    if let Some(parameter) = resolved(value) {
        each(parameter, "content", media_type);
        parameter.get_mut("schema").into_iter().for_each(schema);
    }
}

fn response(value: &mut Value) {
    if let Some(response) = resolved(value) {
        leave_out(response, &["summary"]);
        each(response, "headers", parameter);
        each(response, "content", media_type);
    }
}

fn body(value: &mut Value) {
    if let Some(body) = resolved(value) {
        each(body, "content", media_type);
    }
}

fn media_type(value: &mut Value) {
    let Value::Object(media_type) = value else { return };
    media_type.get_mut("schema").into_iter().for_each(schema);
    if let Some(Value::Object(parts)) = media_type.get_mut("encoding") {
        for part in parts.values_mut().filter_map(Value::as_object_mut) {
            each(part, "headers", parameter);
        }
    }
}

/// Keywords of JSON Schema that 3.0 does not have.
const UNKNOWN: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$schema",
    "$vocabulary",
    "contains",
    "contentSchema",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

fn schema(value: &mut Value) {
    let object = match value {
        Value::Object(object) => object,
        Value::Bool(true) => {
            *value = json!({});
            return;
        }
        Value::Bool(false) => {
            *value = json!({"not": {}});
            return;
        }
        _ => return,
    };
    // Properties that have a pattern for a name may be there beside those that are named.
    if object.contains_key("patternProperties") && object.get("additionalProperties") == Some(&Value::Bool(false)) {
        object.remove("additionalProperties");
    }
    leave_out(object, UNKNOWN);
    // A place of its own for each element: 3.0 has one schema for all.
    if let Some(Value::Array(mut places)) = object.remove("prefixItems") {
        match object.remove("items") {
            Some(Value::Bool(false)) => {
                object.entry("maxItems").or_insert(json!(places.len()));
            }
            Some(rest) => places.push(rest),
            None => places.push(json!({})),
        }
        object.insert("items".to_owned(), json!({"anyOf": places}));
    }
    for name in ["properties", "allOf", "anyOf", "oneOf"] {
        each(object, name, schema);
    }
    object.get_mut("not").into_iter().for_each(schema);
    object.get_mut("items").into_iter().for_each(schema);
    object.get_mut("additionalProperties").filter(|others| others.is_object()).into_iter().for_each(schema);
    if let Some(Value::Array(examples)) = object.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        object.entry("example").or_insert(first);
    }
    if let Some(only) = object.remove("const") {
        object.insert("enum".to_owned(), json!([only]));
    }
    bound(object, "minimum", "exclusiveMinimum", f64::gt);
    bound(object, "maximum", "exclusiveMaximum", f64::lt);
    content(object);
    kinds(object);
    if object.len() > 1
        && let Some(reference) = object.remove("$ref")
    {
        narrow(object, json!({"$ref": reference}));
    }
}

/// Holds an object's schema to another one as well.
fn narrow(object: &mut Object, other: Value) {
    match object.get_mut("allOf") {
        Some(Value::Array(all)) => all.push(other),
        _ => {
            object.insert("allOf".to_owned(), json!([other]));
        }
    }
}

/// A bound that does not belong to the range is a mark beside the bound. `tighter` compares two bounds.
fn bound(object: &mut Object, inclusive: &str, exclusive: &str, tighter: fn(&f64, &f64) -> bool) {
    let Some(outside) = object.get(exclusive).filter(|bound| bound.is_number()).cloned() else { return };
    object.remove(exclusive);
    let inside = object.get(inclusive).and_then(Value::as_f64);
    if inside.zip(outside.as_f64()).is_some_and(|(inside, outside)| tighter(&inside, &outside)) {
        return;
    }
    object.insert(inclusive.to_owned(), outside);
    object.insert(exclusive.to_owned(), json!(true));
}

/// Bytes in a text are a format.
fn content(object: &mut Object) {
    let encoding = object.remove("contentEncoding");
    let media_type = object.remove("contentMediaType");
    let format = match (encoding.as_ref().and_then(Value::as_str), media_type.as_ref().and_then(Value::as_str)) {
        (Some("base64"), _) => "byte",
        (None, Some("application/octet-stream")) => "binary",
        _ => return,
    };
    object.entry("type").or_insert(json!("string"));
    object.entry("format").or_insert(json!(format));
}

/// Only `null`.
fn null() -> Value {
    json!({"type": "object", "nullable": true, "enum": [null]})
}

/// A schema of 3.0 has one type, and `null` is none.
fn kinds(object: &mut Object) {
    let mut kinds: Vec<Value> = match object.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(kind) => vec![kind.clone()],
        None => Vec::new(),
    };
    let was_there = !kinds.is_empty();
    kinds.retain(|kind| kind != "null");
    let nullable = object.get("type").is_some_and(|said| {
        said == "null" || said.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
    });
    let lone = |kind: &Value| if kind == "array" { json!({"type": kind, "items": {}}) } else { json!({"type": kind}) };
    match kinds.as_slice() {
        [] if was_there => {
            if let Value::Object(only) = null() {
                object.extend(only);
            }
        }
        [] => {}
        [kind] => {
            object.insert("type".to_owned(), kind.clone());
            if nullable {
                object.insert("nullable".to_owned(), json!(true));
            }
        }
        several => {
            object.remove("type");
            let items = object.remove("items");
            let branches = several.iter().map(|kind| {
                let mut branch = lone(kind);
                if let (true, Some(items)) = (kind == "array", &items) {
                    branch["items"] = items.clone();
                }
                branch
            });
            let branches: Vec<Value> = branches.chain(nullable.then(null)).collect();
            if object.contains_key("anyOf") {
                narrow(object, json!({"anyOf": branches}));
            } else {
                object.insert("anyOf".to_owned(), Value::Array(branches));
            }
        }
    }
    if object.get("type").is_some_and(|kind| kind == "array") {
        object.entry("items").or_insert(json!({}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(mut given: Value) -> Value {
        schema(&mut given);
        given
    }

    #[test]
    fn each_word_of_31_has_its_words_in_30() {
        let none = null();
        for (given, expected) in [
            (
                json!({"type": ["string", "null"], "format": "date"}),
                json!({"type": "string", "nullable": true, "format": "date"}),
            ),
            (json!({"type": "null"}), none.clone()),
            (
                json!({"type": ["number", "string", "null"]}),
                json!({"anyOf": [{"type": "number"}, {"type": "string"}, none]}),
            ),
            (
                json!({"type": ["array", "string"], "items": {"const": 1}}),
                json!({"anyOf": [{"type": "array", "items": {"enum": [1]}}, {"type": "string"}]}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/a", "description": "d"}, {"type": "null"}]}),
                json!({"oneOf": [{"allOf": [{"$ref": "#/a"}], "description": "d"}, none]}),
            ),
            (json!({"$ref": "#/a"}), json!({"$ref": "#/a"})),
            (
                json!({"$ref": "#/a", "allOf": [{"type": "object"}]}),
                json!({"allOf": [{"type": "object"}, {"$ref": "#/a"}]}),
            ),
            (json!({"const": "x"}), json!({"enum": ["x"]})),
            (json!({"examples": [1, 2], "type": "integer"}), json!({"example": 1, "type": "integer"})),
            (json!({"exclusiveMinimum": 0}), json!({"minimum": 0, "exclusiveMinimum": true})),
            (json!({"exclusiveMinimum": 0, "minimum": 1}), json!({"minimum": 1})),
            (json!({"exclusiveMinimum": 2, "minimum": 1}), json!({"minimum": 2, "exclusiveMinimum": true})),
            (json!({"exclusiveMaximum": 2.5, "maximum": 3}), json!({"maximum": 2.5, "exclusiveMaximum": true})),
            (json!({"exclusiveMaximum": 3, "maximum": 2}), json!({"maximum": 2})),
            (
                json!({"type": "string", "contentMediaType": "application/octet-stream"}),
                json!({"type": "string", "format": "binary"}),
            ),
            (
                json!({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}),
                json!({"type": "string", "format": "byte"}),
            ),
            (json!({"type": "string", "contentMediaType": "application/json"}), json!({"type": "string"})),
            (
                json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": false}),
                json!({"type": "array", "items": {"anyOf": [{"type": "string"}, none]}, "maxItems": 2}),
            ),
            (json!({"type": "array"}), json!({"type": "array", "items": {}})),
            (
                json!({"type": "object", "propertyNames": {"enum": ["a"]}, "additionalProperties": {"type": ["integer", "null"]}}),
                json!({"type": "object", "additionalProperties": {"type": "integer", "nullable": true}}),
            ),
            (
                json!({"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": false}),
                json!({"type": "object"}),
            ),
            (
                json!({"type": "object", "properties": {"a": true, "const": false}}),
                json!({"type": "object", "properties": {"a": {}, "const": {"not": {}}}}),
            ),
        ] {
            assert_eq!(turned(given.clone()), expected, "{given}");
        }
    }

    #[test]
    fn names_that_are_words_elsewhere_are_left_alone() {
        let given = json!({"type": "object", "required": ["then"], "properties": {
            "then": {"type": "string", "example": {"const": 1}}, "type": {"type": "string"}, "examples": {"type": "string"}
        }});
        assert_eq!(turned(given.clone()), given);
    }

    #[test]
    fn a_document_is_turned_wherever_a_schema_stands() {
        let nullable = json!({"type": ["string", "null"]});
        let said = json!({"schema": nullable});
        let document = json!({
            "openapi": "3.1.0", "jsonSchemaDialect": "x", "webhooks": {},
            "info": {"title": "t", "version": "1", "summary": "s", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "paths": {"/a": {"parameters": [said], "post": {
                "parameters": [said, {"$ref": "#/components/parameters/b", "description": "d"}],
                "requestBody": {"content": {"x": said}},
                "responses": {"200": {"summary": "s", "description": "d", "headers": {"H": said}, "content": {"x": {"schema": nullable, "encoding": {"p": {"headers": {"H": said}}}}}}},
                "callbacks": {"c": {"{$url}": {"get": {"parameters": [said], "responses": {}}}}}
            }}},
            "components": {
                "pathItems": {}, "schemas": {"S": nullable}, "parameters": {"b": said}, "headers": {"h": said},
                "requestBodies": {"q": {"content": {"x": said}}}, "responses": {"r": {"description": "d", "content": {"x": said}}},
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}
            }
        });
        let turned = from_31(document);
        let text = turned.to_string();
        assert!(!text.contains("[\"string\",\"null\"]"), "{text}");
        assert_eq!(text.matches(r#""nullable":true"#).count(), 12, "{text}");
        assert_eq!(turned["paths"]["/a"]["post"]["parameters"][1], json!({"$ref": "#/components/parameters/b"}));
        assert_eq!(turned["info"]["license"]["url"], "https://spdx.org/licenses/Apache-2.0.html");
        for gone in ["jsonSchemaDialect", "webhooks"] {
            assert!(turned.get(gone).is_none(), "{gone}");
        }
        assert!(turned["components"].get("pathItems").is_none() && turned["info"].get("summary").is_none());
        assert!(turned["paths"]["/a"]["post"]["responses"]["200"].get("summary").is_none());
    }
}
