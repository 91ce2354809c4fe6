//! The frame of the OpenAPI document; its operations come from the same declarations as the router's.

use crate::api::problem::{Problem, ProblemFault};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{OpenApi as _, openapi::RefOr};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Jingtu 净土",
        description = "污染地块登记系统：地块、时限、农用地、准入查询与图层。\n\nThe registry of contaminated land: sites, statutory clocks, farmland, land checks, layers. \
                       Days are civil dates of China Standard Time; geometry is GeoJSON in CRS84; areas are ellipsoidal (CGCS2000).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem, ProblemFault))
)]
struct Frame;

/// The document without operations.
pub fn frame() -> OpenApi {
    Frame::openapi()
}

/// Adds what every operation shares: how to authenticate, the form of a refusal, and of whatever is read that it need not be
/// read again.
pub fn finish(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    let problem = ResponseBuilder::new()
        .description("Refused or failed: problem+json (RFC 9457) in the language of Accept-Language")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build(),
        )
        .build();
    // What `middleware::entity_tag` answers for all of them.
    let known = ResponseBuilder::new()
        .description("What `If-None-Match` names is what would be answered: the client has it already")
        .build();
    for item in document.paths.paths.values_mut() {
        if let Some(read) = &mut item.get {
            read.responses.responses.entry("304".to_owned()).or_insert_with(|| known.clone().into());
        }
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    meaning(status).clone_into(&mut response.description);
                }
            }
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| problem.clone().into());
            operation.security.get_or_insert_with(|| {
                vec![
                    SecurityRequirement::default(),
                    SecurityRequirement::new::<_, [&str; 0], &str>("key", []),
                    SecurityRequirement::new::<_, [&str; 0], &str>("basic", []),
                ]
            });
        }
    }
    document
}

/// The part of a document that lies under a path, as a document of its own whose paths begin there, with those components
/// that it needs. Query parameters that are the same everywhere become components by their names: that is where clients look
/// for the bounds of `limit`.
pub fn part(document: &Value, under: &str, title: &str) -> Value {
    let below = |path: &str| match path.strip_prefix(under)? {
        "" => Some("/".to_owned()),
        rest => rest.starts_with('/').then(|| rest.to_owned()),
    };
    let all = document["paths"].as_object().into_iter().flatten();
    let mut paths: Map<String, Value> = all.filter_map(|(path, item)| Some((below(path)?, item.clone()))).collect();
    let parameters = share_parameters(&mut paths);
    let mut part = json!({
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": paths,
        "components": {"parameters": parameters, "securitySchemes": document["components"]["securitySchemes"]},
    });
    part["info"]["title"] = json!(title);
    // What is referred to may refer to more.
    let mut wanted = Vec::new();
    references(&part, &mut wanted);
    while let Some(reference) = wanted.pop() {
        let Some((kind, name)) = reference.strip_prefix("#/components/").and_then(|place| place.split_once('/')) else {
            continue;
        };
        let component = &document["components"][kind][name];
        if part["components"][kind][name].is_null() && !component.is_null() {
            references(component, &mut wanted);
            part["components"][kind][name] = component.clone();
        }
    }
    part
}

/// Takes query parameters that are the same wherever they stand out of their operations and leaves references.
fn share_parameters(paths: &mut Map<String, Value>) -> Map<String, Value> {
    let mut found: BTreeMap<String, Option<Value>> = BTreeMap::new();
    let mut parameters: Vec<&mut Value> = Vec::new();
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        for operation in item.values_mut() {
            parameters.extend(operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten());
        }
    }
    parameters.retain(|parameter| parameter["in"] == "query");
    for parameter in &parameters {
        let Some(name) = parameter["name"].as_str() else { continue };
        let kept = found.entry(name.to_owned()).or_insert_with(|| Some((*parameter).clone()));
        if kept.as_ref().is_some_and(|kept| kept != *parameter) {
            *kept = None;
        }
    }
    for parameter in parameters {
        let Some(name) = parameter["name"].as_str() else { continue };
        if found.get(name).is_some_and(Option::is_some) {
            *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
        }
    }
    found.into_iter().filter_map(|(name, parameter)| Some((name, parameter?))).collect()
}

/// Every reference in a document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        _ => {}
    }
}

/// What an answer that says nothing of itself means.
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "Made",
        "202" => "Begun",
        "204" => "Done; there is nothing to say",
        _ => "As asked",
    }
}
