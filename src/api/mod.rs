//! The HTTP shell: one router, one document, one place for errors and for what surrounds every request.

pub mod guard;
pub mod health;
mod maps;
pub mod middleware;
pub mod openapi;
pub mod openapi30;
pub mod problem;
pub mod web;

use crate::kernel::{Error, Kind, Text};
use crate::layers::http::Described;
use crate::platform::{App, Stop};
use crate::registers;
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Every operation, with the document made of the same declarations.
fn operations() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::with_openapi(openapi::frame()).merge(health::routes());
    router = router.merge(crate::platform::jobs::routes()).merge(crate::across::imports::routes());
    router = router.merge(crate::platform::outbox::routes()).merge(crate::platform::webhooks::routes());
    router = router.merge(crate::across::land_check::routes());
    router = router.merge(crate::across::consultation::routes());
    router = router.merge(crate::across::siting::routes());
    router = router.merge(crate::across::conflicts::routes());
    router = router.merge(crate::across::indicators::routes());
    router = router.merge(crate::across::rulebook::routes());
    router = router.merge(crate::platform::seal::routes()).merge(crate::across::verify::routes());
    for register in registers::ALL {
        router = router.merge((register.routes)());
    }
    router.merge(crate::layers::http::routes(registers::layers(), registers::FAMILIES))
}

/// The OpenAPI document of all operations.
pub fn document() -> OpenApi {
    openapi::finish(operations().split_for_parts().1)
}

/// The operations on layers by themselves, for map clients: the whole is larger than they care to read.
pub fn layers_document(document: &OpenApi) -> Described {
    // The document is ours; what cannot be written as JSON could not be served as such either.
    let whole = serde_json::to_value(document).unwrap_or_default();
    let oas31 = openapi::part(&whole, "/ogc", "净土图层 Jingtu layers");
    let oas30 = openapi30::from_31(oas31.clone());
    Described { oas30: oas30.to_string().into(), oas31: oas31.to_string().into() }
}

/// The whole HTTP surface.
pub fn router(app: &App) -> Router {
    let (router, document) = operations().split_for_parts();
    let document = openapi::finish(document);
    let described = Arc::new(layers_document(&document));
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).expose_headers(Any);
    let guard = guard::Guard::new(app, &document);
    // No validator: it would show the document's address to a server elsewhere.
    let docs = SwaggerUi::new("/docs").config(Config::default().validator_url("none")).url("/openapi.json", document);
    router
        .layer(Extension(described))
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), middleware::mark))
        .route_layer(axum::middleware::from_fn_with_state(guard, guard::ask))
        .merge(Router::from(docs).layer(axum::middleware::from_fn(web::docs)))
        .route("/docs/maps", get(maps::page))
        .route("/", get(web::index))
        .route("/favicon.svg", get(web::favicon))
        .route("/assets/{*path}", get(web::asset))
        .fallback(no_such_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(axum::middleware::from_fn(middleware::entity_tag))
        .layer(axum::middleware::from_fn(problem::write_out))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn_with_state(app.clone(), middleware::log))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn(middleware::packed_tags))
        .layer(cors)
        .with_state(app.clone())
}

async fn no_such_path() -> Stop {
    Error::new(Kind::NotFound, "no_such_path", Text::fixed("没有此地址。", "There is nothing at this address.")).into()
}

async fn method_not_allowed() -> Stop {
    Error::new(
        Kind::NotFound,
        "method_not_allowed",
        Text::fixed("此地址不支持该方法。", "This address does not take that method."),
    )
    .into()
}
