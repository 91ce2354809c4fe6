//! The OpenAPI document: held to the code, complete, and shown without asking anybody else for anything.

use crate::authorization::reading;
use crate::support::{World, committed, expect};
use jingtu::platform::{Permission, Role};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Schemas that may hold anything, and why: (component or operationId, what follows it, why).
const FREE_FORM: &[(&str, &str, &str)] = &[
    ("ChangeView", "/data", "each kind of change has its own data"),
    ("FeatureView", "/geometry", "a GeoJSON geometry of whatever kind the collection has"),
    ("FeatureView", "/properties", "each collection has its own attributes; its queryables name and type them"),
    ("FgFeature", "/geometry", "a GeoJSON geometry of whatever kind the collection has"),
    ("FgFeature", "/place", "a geometry of whatever kind the collection has"),
    ("FgFeature", "/properties", "each collection has its own attributes; its queryables name and type them"),
    ("LayerLink", "/body", "what is sent is a JSON object of the operation linked to"),
    ("SearchBody", "/filter/oneOf/0", "a text, or an object that the standard CQL2 describes"),
    ("ReferenceFeatureView", "/geometry", "a point, a line or an area, as its file has it"),
    ("ReferenceFeatureProperties", "/attributes", "a reference layer has whatever attributes its file has"),
    ("collection_queryables", "/200/application~1schema+json", "the answer is itself a JSON Schema"),
    ("collection_sortables", "/200/application~1schema+json", "the answer is itself a JSON Schema"),
    ("collection_schema", "/200/application~1schema+json", "the answer is itself a JSON Schema"),
    ("layers_api", "/200/application~1vnd.oai.openapi+json;version=3.0", "the answer is itself an OpenAPI document"),
    ("layers_api", "/200/application~1vnd.oai.openapi+json;version=3.1", "the answer is itself an OpenAPI document"),
    (
        "style_get",
        "/200/application~1vnd.mapbox.style+json",
        "the answer is a style, which MapLibre's specification describes",
    ),
    ("PropertiesSchema", "/properties", "each property is described by a JSON Schema"),
];

/// One operation of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    pub said: Value,
}

impl Operation {
    pub fn id(&self) -> &str {
        self.said["operationId"].as_str().unwrap_or("")
    }

    pub fn permission(&self) -> Option<Permission> {
        let said = self.said["x-permission"].as_str()?;
        Permission::ALL.iter().copied().find(|p| p.as_str() == said)
    }
}

/// The document, as JSON.
pub fn document() -> Value {
    serde_json::to_value(jingtu::api::document()).expect("the document is JSON")
}

/// All operations of a document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("a path item").iter().map(move |(key, said)| (path, key, said))
        })
        .filter(|(_, key, _)| methods.contains(&key.as_str()))
        .map(|(path, key, said)| Operation { method: key.to_uppercase(), path: path.clone(), said: said.clone() })
        .collect()
}

#[test]
fn the_committed_document_is_the_codes() {
    let mut text = jingtu::api::document().to_pretty_json().expect("JSON");
    text.push('\n');
    committed("openapi/openapi.json", &text);
}

#[test]
fn every_operation_says_what_it_is_who_may_and_what_it_answers() {
    let faults = incomplete(&document());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Parameters declare no schema of their own: one that is not said in its place is said nowhere.
#[test]
fn everything_that_is_referred_to_is_there() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    let missing: Vec<_> =
        found.into_iter().filter(|at| at.strip_prefix('#').and_then(|at| document.pointer(at)).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_schema_holds_just_anything_and_every_property_of_a_request_is_documented() {
    let document = document();
    let (faults, used) = vague(&document, FREE_FORM);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (name, place, why) in FREE_FORM {
        assert!(!why.is_empty());
        assert!(used.contains(&format!("{name}{place}")), "the exception {name}{place} is not needed any more");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_answer_says_what_it_means() {
    let whole = document();
    let of_layers = jingtu::api::layers_document(&jingtu::api::document());
    for document in [&whole, &parsed(&of_layers.oas31), &parsed(&of_layers.oas30)] {
        let mut lost = Vec::new();
        everywhere(document, "", &mut |place, value| {
            let reference = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
            if reference.is_some_and(|reference| document.pointer(reference).is_none()) {
                lost.push(format!("{place}: {}", value["$ref"]));
            }
        });
        assert!(lost.is_empty(), "{}", lost.join("\n"));
        for operation in operations(document) {
            for (status, answer) in operation.said["responses"].as_object().expect("answers") {
                let said = answer["description"].as_str().is_some_and(|said| !said.is_empty());
                assert!(said, "{} {}: {status} has no description", operation.method, operation.path);
            }
        }
    }
}

#[test]
fn the_document_for_map_clients_holds_the_layers_alone() {
    let of_layers = jingtu::api::layers_document(&jingtu::api::document());
    for (text, version) in [(&of_layers.oas30, "3.0.3"), (&of_layers.oas31, "3.1.0")] {
        let document = parsed(text);
        assert_eq!(document["openapi"], version);
        let paths = document["paths"].as_object().expect("paths");
        for path in ["/", "/conformance", "/api", "/collections", "/collections/{collection}/items"] {
            assert!(paths.contains_key(path), "{version}: {path}");
        }
        let all: Vec<_> = operations(&document);
        assert!(all.iter().all(|operation| operation.said["tags"] == serde_json::json!(["layers"])));
        let limit = &document["components"]["parameters"]["limit"]["schema"];
        assert_eq!((&limit["minimum"], &limit["maximum"], &limit["default"]), (&1.into(), &10000.into(), &100.into()));
        let parameters = document["paths"]["/collections/{collection}/items"]["get"]["parameters"].as_array();
        let referred = serde_json::json!({"$ref": "#/components/parameters/limit"});
        assert!(parameters.expect("parameters").contains(&referred));
        let hits = &document["components"]["parameters"]["resultType"]["schema"]["enum"];
        assert!(hits.as_array().expect("values").contains(&"hits".into()), "GDAL looks for it there: {hits}");
        let parameter = |name: &str| {
            let items = document["paths"]["/collections/{collection}/items"]["get"]["parameters"].as_array();
            let component = format!("#/components/parameters/{name}");
            let its = items.expect("parameters").iter().find(|p| p["name"] == *name || p["$ref"] == *component);
            let its = its.unwrap_or_else(|| panic!("no {name}"));
            if its["$ref"].is_string() { &document["components"]["parameters"][name] } else { its }
        };
        // As OGC API - Features - Part 1 defines them.
        for name in ["limit", "bbox", "datetime"] {
            let its = parameter(name);
            assert_eq!((&its["style"], &its["explode"]), (&"form".into(), &false.into()), "{name}");
        }
        let its = &parameter("bbox")["schema"];
        assert_eq!(
            (&its["minItems"], &its["maxItems"], &its["items"]["type"]),
            (&4.into(), &6.into(), &"number".into())
        );
        let languages = &document["components"]["parameters"]["filter-lang"]["schema"]["enum"];
        assert_eq!(
            languages,
            &serde_json::json!(["cql2-text", "cql2-json", "cql-text"]),
            "GDAL looks for the last there"
        );
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        assert!(schemas.contains_key("Problem") && !schemas.contains_key("SiteView"), "only what is needed");
        assert!(text.len() < 200_000, "{version}: {} bytes", text.len());
    }
}

/// Both of the layers alone and of all operations, which have more kinds of schemas.
#[test]
fn openapi_30_has_no_word_of_31() {
    let of_layers = parsed(&jingtu::api::layers_document(&jingtu::api::document()).oas30);
    let whole = jingtu::api::openapi30::from_31(document());
    for document in [of_layers, whole] {
        let mut faults = Vec::new();
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            words_of_31(schema, name, &mut faults);
        }
        everywhere(&document["paths"], "", &mut |place, value| {
            if value.get("schema").is_some() {
                words_of_31(&value["schema"], place, &mut faults);
            }
        });
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    let mut faults = Vec::new();
    let of_31 = document();
    for (name, schema) in of_31["components"]["schemas"].as_object().expect("schemas") {
        words_of_31(schema, name, &mut faults);
    }
    assert!(faults.len() > 500, "the test sees what it is for: {}", faults.len());
}

/// Notes where a schema says what OpenAPI 3.0 cannot read.
fn words_of_31(schema: &Value, place: &str, faults: &mut Vec<String>) {
    let Some(members) = schema.as_object() else {
        faults.push(format!("{place}: {schema} is no schema of 3.0"));
        return;
    };
    if members.contains_key("$ref") && members.len() > 1 {
        faults.push(format!("{place}: a reference has neighbours"));
    }
    let words =
        ["const", "examples", "prefixItems", "propertyNames", "contentMediaType", "contentEncoding", "if", "then"];
    for word in words.into_iter().chain(["patternProperties", "unevaluatedProperties", "$schema", "$defs", "contains"])
    {
        if members.contains_key(word) {
            faults.push(format!("{place}: {word}"));
        }
    }
    if members.get("type").is_some_and(|kind| !kind.is_string() || kind == "null") {
        faults.push(format!("{place}: type {}", members["type"]));
    }
    if members.get("type").is_some_and(|kind| kind == "array") && !members.contains_key("items") {
        faults.push(format!("{place}: an array of nothing"));
    }
    for bound in ["exclusiveMinimum", "exclusiveMaximum"] {
        if members.get(bound).is_some_and(|said| !said.is_boolean()) {
            faults.push(format!("{place}: {bound} {}", members[bound]));
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        words_of_31(property, &format!("{place}/{name}"), faults);
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for (i, branch) in schema[key].as_array().into_iter().flatten().enumerate() {
            words_of_31(branch, &format!("{place}/{key}/{i}"), faults);
        }
    }
    for key in ["items", "not", "additionalProperties"] {
        if members.get(key).is_some_and(|inner| key == "items" || !inner.is_boolean()) {
            words_of_31(&members[key], &format!("{place}/{key}"), faults);
        }
    }
}

fn parsed(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

/// Shows every object of a document with its place.
fn everywhere(value: &Value, place: &str, look: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            look(place, value);
            for (name, member) in members {
                everywhere(member, &format!("{place}/{}", escaped(name)), look);
            }
        }
        Value::Array(elements) => {
            for (i, element) in elements.iter().enumerate() {
                everywhere(element, &format!("{place}/{i}"), look);
            }
        }
        _ => {}
    }
}

/// The tests of the document see what they are for.
#[test]
fn a_careless_document_is_found_out() {
    let careless = serde_json::json!({
        "paths": {
            "/a": {
                "get": {"operationId": "a", "responses": {"404": {"description": "none"}}},
                "post": {
                    "operationId": "a", "tags": ["t"], "summary": "s", "x-permission": "no.such",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                    "responses": {"201": {"description": "made"}}
                },
                "put": {
                    "operationId": "b", "tags": ["t"], "summary": "s", "x-permission": "open",
                    "responses": {"200": {"description": "x", "content": {"application/json": {"schema": {}}}}, "204": {"description": "nothing"}}
                }
            }
        },
        "components": {"schemas": {"A": {"type": "object", "required": [], "properties": {
            "one": {"type": "string"},
            "two": {"description": "d", "type": "object", "additionalProperties": true},
            "three": {"description": "d", "type": ["array", "null"], "items": {"type": "object"}},
            "four": {"description": "d", "oneOf": [{"type": "null"}, {}]},
            "five": {"description": "d", "type": "object", "additionalProperties": {"type": "string"}}
        }}}}
    });
    let said = incomplete(&careless).join("\n");
    for fault in [
        "GET /a: no summary",
        "GET /a: no tag",
        "GET /a: x-permission null",
        "GET /a: no answer 2xx",
        "POST /a: operationId a is another's too",
        "POST /a: x-permission \"no.such\"",
        "POST /a: 201 has neither a schema",
    ] {
        assert!(said.contains(fault), "{fault} in\n{said}");
    }
    assert!(!said.contains("PUT"), "{said}");
    let (faults, _) = vague(&careless, &[]);
    let said = faults.join("\n");
    for fault in
        ["A/one: no description", "A/two: ", "A/three/items: ", "A/four/oneOf/1: ", "b/200/application~1json: "]
    {
        assert!(said.contains(fault), "{fault} in\n{said}");
    }
    assert_eq!(faults.len(), 5, "{said}");
    let (faults, used) = vague(&careless, &[("A", "/two", "because")]);
    assert!(faults.len() == 4 && used.contains("A/two"), "{faults:?}");
}

fn incomplete(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for operation in operations(document) {
        let mut fault = |what: String| faults.push(format!("{} {}: {what}", operation.method, operation.path));
        let said = &operation.said;
        let missing = |key: &str| said[key].as_str().is_none_or(|s| s.trim().is_empty());
        if missing("operationId") {
            fault("no operationId".into());
        } else if !ids.insert(operation.id().to_owned()) {
            fault(format!("operationId {} is another's too", operation.id()));
        }
        if missing("summary") {
            fault("no summary".into());
        }
        if said["tags"].as_array().is_none_or(|tags| tags.is_empty()) {
            fault("no tag".into());
        }
        if operation.permission().is_none() {
            fault(format!("x-permission {} is no permission of policy.rs", said["x-permission"]));
        }
        let empty = serde_json::Map::new();
        let answers = said["responses"].as_object().unwrap_or(&empty);
        if !answers.keys().any(|status| status.starts_with('2')) {
            fault("no answer 2xx".into());
        }
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('2') && *status != "204") {
            let content = answer["content"].as_object().unwrap_or(&empty);
            let whole = |(media_type, body): (&String, &Value)| {
                let binary =
                    !media_type.ends_with("json") && answer["description"].as_str().is_some_and(|d| !d.is_empty());
                body.get("schema").is_some() || binary
            };
            if content.is_empty() || !content.iter().all(whole) {
                fault(format!("{status} has neither a schema nor a documented media type"));
            }
        }
    }
    faults
}

/// What schemas leave open, save what is allowed; and which of the allowed was met.
fn vague(document: &Value, allowed: &[(&str, &str, &str)]) -> (Vec<String>, BTreeSet<String>) {
    let mut open: BTreeSet<String> = BTreeSet::new();
    let empty = serde_json::Map::new();
    let schemas = document["components"]["schemas"].as_object().unwrap_or(&empty);
    for (name, schema) in schemas {
        free_form(schema, name, &mut open);
    }
    let mut sent: BTreeMap<String, &Value> = BTreeMap::new();
    let operations = operations(document);
    for operation in &operations {
        let bodies = operation.said["requestBody"]["content"].as_object().unwrap_or(&empty);
        for (media_type, body) in bodies {
            let place = format!("{}/request/{}", operation.id(), escaped(media_type));
            free_form(&body["schema"], &place, &mut open);
            sent.insert(place, &body["schema"]);
        }
        for (status, answer) in operation.said["responses"].as_object().unwrap_or(&empty) {
            for (media_type, body) in answer["content"].as_object().unwrap_or(&empty) {
                if let Some(schema) = body.get("schema") {
                    free_form(schema, &format!("{}/{status}/{}", operation.id(), escaped(media_type)), &mut open);
                }
            }
        }
    }
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for place in open {
        if allowed.iter().any(|(name, rest, _)| place == format!("{name}{rest}")) {
            used.insert(place);
        } else {
            faults.push(format!("{place}: may hold anything"));
        }
    }
    let mut seen = BTreeSet::new();
    for (place, schema) in sent {
        undocumented(document, schema, &place, &mut seen, &mut faults);
    }
    (faults, used)
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

const BRANCHES: [&str; 4] = ["oneOf", "anyOf", "allOf", "prefixItems"];

/// Notes every place where a schema says nothing of what may stand there.
fn free_form(schema: &Value, place: &str, open: &mut BTreeSet<String>) {
    let says = ["$ref", "oneOf", "anyOf", "allOf", "enum", "const", "type"].iter().any(|key| schema.get(key).is_some());
    if !says {
        open.insert(place.to_owned());
        return;
    }
    let others = &schema["additionalProperties"];
    if others == &Value::Bool(true) || others.as_object().is_some_and(serde_json::Map::is_empty) {
        open.insert(place.to_owned());
    } else if others.is_object() {
        free_form(others, &format!("{place}/*"), open);
    }
    let branches = BRANCHES.iter().filter_map(|key| Some((*key, schema.get(key)?.as_array()?)));
    let mut composed = false;
    for (key, branches) in branches {
        composed = true;
        for (i, branch) in branches.iter().enumerate() {
            free_form(branch, &format!("{place}/{key}/{i}"), open);
        }
    }
    let properties = schema["properties"].as_object();
    if kinds(schema).contains(&"object")
        && properties.is_none()
        && !others.is_object()
        && !composed
        && schema.get("enum").is_none()
    {
        open.insert(place.to_owned());
    }
    for (name, property) in properties.into_iter().flatten() {
        free_form(property, &format!("{place}/{}", escaped(name)), open);
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        free_form(items, &format!("{place}/items"), open);
    } else if kinds(schema).contains(&"array") && schema.get("prefixItems").is_none() {
        open.insert(format!("{place}/items"));
    }
}

/// Notes every property of a request that has no description, its own or its schema's.
fn undocumented(document: &Value, schema: &Value, place: &str, seen: &mut BTreeSet<String>, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        if seen.insert(name.to_owned()) {
            undocumented(document, &document["components"]["schemas"][name], name, seen, faults);
        }
        return;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{}", escaped(name));
        if !described(document, property) {
            faults.push(format!("{place}: no description"));
        }
        undocumented(document, property, &place, seen, faults);
    }
    for key in BRANCHES {
        for (i, branch) in schema[key].as_array().into_iter().flatten().enumerate() {
            undocumented(document, branch, &format!("{place}/{key}/{i}"), seen, faults);
        }
    }
    for key in ["items", "additionalProperties"] {
        if schema[key].is_object() {
            undocumented(document, &schema[key], &format!("{place}/{key}"), seen, faults);
        }
    }
}

/// A property is described by itself or by the one schema that it is; a constant says what it is.
fn described(document: &Value, schema: &Value) -> bool {
    if schema["description"].as_str().is_some_and(|d| !d.trim().is_empty()) || schema.get("const").is_some() {
        return true;
    }
    if schema["enum"].as_array().is_some_and(|values| values.len() == 1) {
        return true;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        return described(document, &document["components"]["schemas"][name]);
    }
    ["oneOf", "anyOf", "allOf"].iter().any(|key| {
        let rest: Vec<_> = schema[*key].as_array().into_iter().flatten().filter(|b| b["type"] != "null").collect();
        rest.len() == 1 && described(document, rest[0])
    })
}

#[tokio::test]
async fn the_server_gives_the_same_document() {
    let world = World::new().await;
    assert_eq!(expect(world.get("/openapi.json"), 200).await, document());
}

/// Whatever is read: lists, documents of the layers, pages. What is not there to be read is refused, which is nothing of this.
#[tokio::test]
async fn what_is_read_is_of_a_kind_that_the_document_names_and_is_not_read_twice() {
    let world = World::new().await;
    let mut keys = BTreeMap::new();
    for role in Role::ALL {
        keys.insert(role.as_str(), world.key(role, "152900").await);
    }
    let (mut faults, mut read, mut known) = (Vec::new(), 0, 0);
    for operation in operations(&document()).iter().filter(|operation| operation.method == "GET") {
        let permission = operation.permission().expect("a permission");
        let ask = || {
            let request = reading(&world, operation);
            match permission.roles().first() {
                Some(role) if !permission.is_public() => request.bearer_auth(&keys[role.as_str()]),
                _ => request,
            }
        };
        let name = format!("{} ({})", operation.path, operation.id());
        if !operation.said["responses"]["304"].is_object() {
            faults.push(format!("{name}: 304 is not documented"));
        }
        let answer = ask().send().await.expect("an answer");
        if answer.status() != 200 {
            continue;
        }
        read += 1;
        let bare = |kind: &str| kind.split(';').next().unwrap_or_default().to_owned();
        let kind = bare(answer.headers()["content-type"].to_str().expect("text"));
        let kinds = operation.said["responses"]["200"]["content"].as_object().expect("media types");
        if !kinds.keys().any(|said| bare(said) == kind) {
            faults.push(format!("{name}: {kind} is none of {:?}", kinds.keys()));
        }
        let Some(tag) = answer.headers().get("etag") else { continue };
        let again = ask().header("if-none-match", tag).send().await.expect("an answer");
        if again.status() == 304 {
            known += 1;
        } else if operation.id() != "get_quarter" {
            // That says the instant that it was asked for.
            faults.push(format!("{name}: {} where it is known", again.status()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(read > 60 && known > read - 5, "{read} were read, {known} known");
}

#[tokio::test]
async fn the_documentation_page_asks_nobody_else() {
    let world = World::new().await;
    let page = text(&world, "/docs/").await;
    let references = references(&page);
    assert!(references.len() >= 4, "the page loads scripts and styles: {references:?}");
    for reference in &references {
        assert!(is_own(reference), "/docs/ loads {reference}");
        let path = if reference.starts_with('/') {
            reference.clone()
        } else {
            format!("/docs/{}", reference.trim_start_matches("./"))
        };
        let file = text(&world, &path).await;
        assert!(!file.is_empty(), "{path}");
        if path.ends_with(".css") {
            for outside in self::references(&file) {
                assert!(is_own(&outside), "{path} loads {outside}");
            }
        }
    }
    let start = text(&world, "/docs/swagger-initializer.js").await;
    assert!(start.contains("/openapi.json"), "{start}");
    assert!(
        start.contains("\"validatorUrl\": \"none\""),
        "the page would show itself to a validator elsewhere: {start}"
    );
    for scheme in ["http://", "https://"] {
        assert!(!start.contains(scheme), "{start}");
    }
    // What a script might still ask for, the browser refuses.
    let response = world.get("/docs/").send().await.expect("an answer");
    let policy = response.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'self'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("http"), "{policy}");
}

async fn text(world: &World, path: &str) -> String {
    let response = world.get(path).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    String::from_utf8_lossy(&response.bytes().await.expect("a body")).into_owned()
}

/// What HTML or CSS loads: `src`, `href`, `url(…)`, `@import`.
fn references(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (begin, end) in
        [("src=\"", '"'), ("href=\"", '"'), ("src='", '\''), ("href='", '\''), ("url(", ')'), ("@import \"", '"')]
    {
        for rest in text.split(begin).skip(1) {
            let reference = rest.split(end).next().unwrap_or("").trim_matches(['"', '\'']);
            found.push(reference.to_owned());
        }
    }
    found
}

fn is_own(reference: &str) -> bool {
    reference.starts_with("data:")
        || reference.starts_with('#')
        || !(reference.contains("://") || reference.starts_with("//"))
}

#[test]
fn references_are_seen() {
    let page = r#"<link href="./a.css"><script src="//cdn.example/b.js"></script><style>@import "https://c/d.css"; e {f: url('g.png')}</style>"#;
    let mut found = references(page);
    found.sort();
    assert_eq!(found, ["./a.css", "//cdn.example/b.js", "g.png", "https://c/d.css"]);
    assert_eq!(found.iter().filter(|r| !is_own(r)).count(), 2);
}

#[tokio::test]
async fn the_page_for_developers_of_maps_names_this_server_in_both_languages() {
    let world = World::new().await;
    for (path, accept, lang) in [
        ("/docs/maps", "", "zh-CN"),
        ("/docs/maps", "en", "en"),
        ("/docs/maps?lang=en", "zh", "en"),
        ("/docs/maps?lang=zh", "en", "zh-CN"),
    ] {
        let response = world.get(path).header("accept-language", accept).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let page = response.text().await.expect("text");
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{path} {accept}");
        assert!(page.contains(&format!("curl &#39;{}&#39;", world.url("/ogc/collections"))));
    }
    assert_eq!(expect(world.get("/docs/maps?lang=fr"), 400).await["code"], "bad_parameter");
    assert_eq!(expect(world.get("/docs/maps?x=1"), 400).await["code"], "bad_parameter");
    // Every address in the page that is here alone is there.
    let page = text(&world, "/docs/maps").await;
    let base = world.url("");
    let own = references(&page).into_iter().filter_map(|reference| reference.strip_prefix(&base).map(str::to_owned));
    let own: BTreeSet<String> = own.collect();
    assert!(own.len() >= 4, "{own:?}");
    for path in own {
        assert_eq!(world.get(&path).send().await.expect("an answer").status(), 200, "{path}");
    }
}
