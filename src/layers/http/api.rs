//! What can be asked under `/ogc`, as OpenAPI for map clients.

use super::super::query;
use super::super::view::View;
use super::schemas::properties;
use super::{Ask, HTML};
use crate::kernel::{Error, Result, Text};
use crate::platform::Stop;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) const OAS30: &str = "application/vnd.oai.openapi+json;version=3.0";
pub(super) const OAS31: &str = "application/vnd.oai.openapi+json;version=3.1";
/// A page of items, as a path of the document.
const ITEMS: &str = "/collections/{collection}/items";

/// The operations under `/ogc` as documents whose paths begin there. Who puts the router together knows them, and hands them
/// in as an extension of requests.
pub struct Described {
    /// In OpenAPI 3.0.
    pub oas30: Bytes,
    /// In OpenAPI 3.1.
    pub oas31: Bytes,
}

/// Form of the description.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Form reads")]
struct ApiParams {
    /// `oas30`, `oas31`, `json` (as `oas30`) or `html`; without it `Accept` decides, and is `oas30` where it does not.
    #[param(example = "oas30")]
    f: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Oas30,
    Oas31,
    Html,
}

impl Form {
    fn of(ask: &Ask) -> Result<Form> {
        match ask.value("f") {
            Some("oas30" | "json") => Ok(Form::Oas30),
            Some("oas31") => Ok(Form::Oas31),
            Some("html") => Ok(Form::Html),
            Some(_) => Err(Error::bad_parameter(
                "f",
                Text::fixed("可用：oas30, oas31, json, html。", "there are: oas30, oas31, json, html."),
            )),
            None => {
                let accept = ask.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
                let known = accept.split(',').map(str::trim).find_map(|wanted| {
                    let bare = wanted.split(';').next().unwrap_or_default().trim();
                    match bare {
                        "text/html" => Some(Form::Html),
                        _ if bare.ends_with("openapi+json") && wanted.contains("version=3.1") => Some(Form::Oas31),
                        _ if bare.ends_with("json") => Some(Form::Oas30),
                        _ => None,
                    }
                });
                Ok(known.unwrap_or(Form::Oas30))
            }
        }
    }
}

/// The operations under `/ogc` as OpenAPI 3.0 or 3.1, with each collection that the caller may see as a path of its own and
/// its properties as parameters. The operations of the whole server are in `/openapi.json`.
#[utoipa::path(get, path = "/ogc/api", operation_id = "layers_api", tag = "layers", params(ApiParams),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, description = "An OpenAPI document", content((Object = "application/vnd.oai.openapi+json;version=3.0"),
            (Object = "application/vnd.oai.openapi+json;version=3.1"))),
        (status = 303, description = "With `f=html`: the page for people is elsewhere",
            headers(("Location" = String, description = "Address of the page")))))]
pub(super) async fn api(ask: Ask, described: Option<Extension<Arc<Described>>>) -> Result<Response, Stop> {
    query::only(&ask.pairs, &["f"])?;
    let missing = || Error::internal("no description of the layers among the request's extensions");
    let Extension(described) = described.ok_or_else(missing)?;
    let (media_type, text) = match Form::of(&ask)? {
        Form::Oas30 => (OAS30, &described.oas30),
        Form::Oas31 => (OAS31, &described.oas31),
        Form::Html => {
            let mut response = ask.respond(StatusCode::SEE_OTHER, HTML, Body::empty());
            let place = HeaderValue::from_str(&ask.url("/docs/")).map_err(Error::internal)?;
            response.headers_mut().insert(header::LOCATION, place);
            return Ok(response);
        }
    };
    let mut document: Value = serde_json::from_slice(text).map_err(Error::internal)?;
    document["servers"] = json!([{"url": ask.url("/ogc")}]);
    name_collections(&ask, &mut document).await?;
    let body = serde_json::to_vec(&document).map_err(Error::internal)?;
    Ok(ask.respond(StatusCode::OK, media_type, Body::from(body)))
}

/// Adds a path for the items of each collection that the caller may see. GDAL looks under the collection's own name for the
/// bounds of `limit`, for `resultType=hits`, and for the attributes that it may filter by.
async fn name_collections(ask: &Ask, document: &mut Value) -> Result<()> {
    let general = document["paths"][ITEMS]["get"].clone();
    let Some(paths) = document["paths"].as_object_mut() else { return Ok(()) };
    for layer in ask.layers.all(ask.app()).await? {
        let Ok(view) = View::of(Arc::clone(&layer), ask.call.caller()) else { continue };
        let mut own = general.clone();
        own["operationId"] = json!(format!("items_of_{}", layer.id.replace('_', "__").replace('-', "_")));
        own["summary"] = json!(layer.title.in_lang(ask.lang()));
        own["description"] = json!(layer.description.in_lang(ask.lang()));
        if let Some(parameters) = own["parameters"].as_array_mut() {
            parameters.retain(|parameter| parameter["in"] != "path");
            parameters.extend(properties(&view, ask.lang()).into_iter().map(parameter));
        }
        paths.insert(ITEMS.replace("{collection}", &layer.id), json!({"get": own}));
    }
    Ok(())
}

/// A property as a parameter: features that have one of the values.
fn parameter((name, mut schema): (String, Value)) -> Value {
    let title = schema.as_object_mut().and_then(|members: &mut Map<String, Value>| members.remove("title"));
    json!({
        "name": name, "in": "query", "required": false, "description": title, "style": "form", "explode": false,
        "schema": {"type": "array", "items": schema},
    })
}
