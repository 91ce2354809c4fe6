//! What surrounds every request: its id, the log line, the mark for repeated requests, entity tags.

use crate::kernel::{Error, Kind, Text};
use crate::platform::act::{IdempotencyMark, RequestMark};
use crate::platform::reached::Reached;
use crate::platform::reply::names_tag;
use crate::platform::{App, Stop, call};
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Answers up to this size get an entity tag from their bytes; larger ones are streamed.
const TAGGED_BYTES: u64 = 1 << 20;

/// The request's id, once [`log`] has seen to it that there is one.
pub fn request_id(headers: &HeaderMap) -> String {
    headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Gives the request an id (the client's, if it sent a sane one), and writes one log line without personal data: the
/// path only, never the query, the address or the body.
pub async fn log(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane =
        |id: &str| (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let begun = app.clock().now();
    let id = given.filter(|id| sane(id)).map_or_else(|| crate::kernel::ids::v7(begun).to_string(), str::to_owned);
    let Ok(header_value) = HeaderValue::from_str(&id) else { return StatusCode::BAD_REQUEST.into_response() };
    request.headers_mut().insert(&REQUEST_ID, header_value.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = std::time::Instant::now();
    let mut response = next.run(request).await;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, %method, path, status = response.status().as_u16(), millis, "request");
    response.headers_mut().insert(&REQUEST_ID, header_value);
    response
}

/// Puts the request's mark where the handler's `Call` finds it. A POST with an `Idempotency-Key` is read whole here,
/// because the key holds for that body only.
///
/// Links and `Location` then name addresses as the client knows them: where a proxy took a prefix away, or the configuration
/// says how the server is reached, the request's original URI is not what arrived here.
pub async fn mark(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let reached = Reached::of(app.config(), request.headers(), request.extensions());
    if let Some(original) = reached.original(request.uri()) {
        request.extensions_mut().insert(OriginalUri(original));
    }
    let mut response = marked(app, request, next).await;
    let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
    if let Some(path) = place.filter(|place| place.starts_with('/')) {
        let Ok(place) = HeaderValue::from_str(&reached.address(path)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

async fn marked(app: App, request: Request, next: Next) -> Response {
    if let Err(error) = call::refuse_nul(request.uri()) {
        return Stop::from(error).into_response();
    }
    let mut mark = RequestMark { id: request_id(request.headers()), idempotency: None };
    // A key that is not ASCII becomes the empty one, which is refused below: silence would let the request be done twice.
    let key = match request.headers().get(&IDEMPOTENCY_KEY) {
        Some(value) if request.method() == Method::POST => Some(value.to_str().unwrap_or_default().to_owned()),
        _ => None,
    };
    let Some(key) = key else {
        let mut request = request;
        request.extensions_mut().insert(mark);
        return next.run(request).await;
    };
    if key.is_empty() || key.len() > 255 {
        return Stop::from(Error::new(
            Kind::Malformed,
            "bad_idempotency_key",
            Text::fixed(
                "Idempotency-Key 应为 1 至 255 个 ASCII 字符。",
                "An Idempotency-Key has 1 to 255 ASCII characters.",
            ),
        ))
        .into_response();
    }
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = match call::read_all(whole, app.config().max_body_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return Stop::from(error).into_response(),
    };
    let mut sha = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &bytes] {
        sha.update(part.len().to_be_bytes());
        sha.update(part);
    }
    mark.idempotency = Some(IdempotencyMark { key, fingerprint: sha.finalize().into() });
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(mark);
    next.run(request).await
}

/// Gives every small answer to a GET an entity tag, and answers 304 when the client has it already.
pub async fn entity_tag(request: Request, next: Next) -> Response {
    let asked = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let named = request.headers().contains_key(header::AUTHORIZATION);
    let mut response = next.run(request).await;
    // What one caller was told is nobody else's: no cache on the way may give it to another.
    let varies = response.headers().get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    if !varies.flat_map(|list| list.split(',')).any(|name| name.trim().eq_ignore_ascii_case("authorization")) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("authorization"));
    }
    if named {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    }
    if !asked || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let (tag, body) = match parts.headers.get(header::ETAG) {
        Some(tag) => (tag.clone(), body),
        None if body.size_hint().exact().is_some_and(|n| n <= TAGGED_BYTES) => {
            let Ok(bytes) = to_bytes(body, usize::MAX).await else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let text = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
            let Ok(tag) = HeaderValue::from_str(&text) else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            parts.headers.insert(header::ETAG, tag.clone());
            (tag, Body::from(bytes))
        }
        None => return Response::from_parts(parts, body),
    };
    let matches = known.zip(tag.to_str().ok()).is_some_and(|(known, tag)| names_tag(&known, tag));
    if matches {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, body)
}

/// What an entity tag ends with when its bytes are packed.
const PACKED: [&str; 4] = ["-br", "-zstd", "-gzip", "-deflate"];

/// A strong tag is that of bytes, and packed bytes are others: an answer that is packed says so at its tag's end, and what a
/// client sends back is read without it. Outside of whatever packs.
pub async fn packed_tags(mut request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    for name in [header::IF_NONE_MATCH, header::IF_MATCH] {
        let plain = request.headers().get(&name).and_then(|tags| tags.to_str().ok()).map(plain_tags);
        if let Some(Ok(plain)) = plain.map(|plain| HeaderValue::from_str(&plain)) {
            request.headers_mut().insert(name, plain);
        }
    }
    let mut response = next.run(request).await;
    let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned) else {
        return response;
    };
    let said = match response.headers().get(header::CONTENT_ENCODING).and_then(|coding| coding.to_str().ok()) {
        Some(coding) => tag.strip_suffix('"').filter(|_| !tag.starts_with("W/")).map(|tag| format!("{tag}-{coding}\"")),
        // The client has it packed: that is what it is told to go on using.
        None if response.status() == StatusCode::NOT_MODIFIED => {
            let known = known.as_ref().and_then(|known| known.to_str().ok()).unwrap_or_default();
            known.split(',').map(str::trim).find(|known| plain_tags(known) == tag).map(str::to_owned)
        }
        None => None,
    };
    if let Some(Ok(said)) = said.map(|said| HeaderValue::from_str(&said)) {
        response.headers_mut().insert(header::ETAG, said);
    }
    let varies = response.headers().get_all(header::VARY).iter().filter_map(|vary| vary.to_str().ok());
    if !varies.flat_map(|vary| vary.split(',')).any(|name| name.trim().eq_ignore_ascii_case("accept-encoding")) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Tags as they are without packing.
fn plain_tags(tags: &str) -> String {
    let mut plain = tags.to_owned();
    for packed in PACKED {
        plain = plain.replace(&format!("{packed}\""), "\"");
    }
    plain
}
