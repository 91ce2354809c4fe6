//! The frame of the OpenAPI document; its operations come from the same declarations as the router's.

use crate::api::problem::{Problem, ProblemFault};
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

/// Adds what every operation shares: how to authenticate, and the form of a refusal.
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
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
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
