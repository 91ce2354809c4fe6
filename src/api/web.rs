//! The web page, built from `web/` into the binary.

use crate::kernel::Error;
use crate::platform::Stop;
use axum::extract::{Path, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist/"]
#[allow_missing = true]
struct Dist;

/// Nothing from elsewhere: no host but this one is asked for anything.
const CSP: &str = "default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                   connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// The page at `/`.
pub async fn index() -> Result<Response, Stop> {
    serve("index.html", "no-cache")
}

/// The icon.
pub async fn favicon() -> Result<Response, Stop> {
    serve("favicon.svg", "no-cache")
}

/// A script, style sheet or worker; names carry a digest of the content, so they never change.
pub async fn asset(Path(path): Path<String>) -> Result<Response, Stop> {
    serve(&format!("assets/{path}"), "public, max-age=31536000, immutable")
}

/// The documentation page keeps to the same rule.
pub async fn docs(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn serve(path: &str, cache: &'static str) -> Result<Response, Stop> {
    let EmbeddedFile { data, metadata } =
        Dist::get(path).ok_or_else(|| Error::not_found("网页文件", "file of the page"))?;
    let media_type = HeaderValue::from_str(metadata.mimetype()).map_err(Error::internal)?;
    let mut response = data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}
