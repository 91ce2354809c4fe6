//! An answer to a writing or reading call, complete in memory, so that it can be stored for repeated requests.

use crate::kernel::{Error, Result};
use axum::body::Body as HttpBody;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Reply {
    head: Head,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// Whether the tags of an `If-None-Match` name this one. Weak comparison, as the header asks for.
pub fn names_tag(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == "*" || known == tag)
}

/// Media type of JSON.
pub const JSON: &str = "application/json";
/// Media type of GeoJSON.
pub const GEOJSON: &str = "application/geo+json";

impl Reply {
    fn new(status: StatusCode, media_type: &str, body: Vec<u8>) -> Reply {
        let headers = vec![(header::CONTENT_TYPE.as_str().to_owned(), media_type.to_owned())];
        Reply { head: Head { status: status.as_u16(), headers }, body }
    }

    /// 200 with a JSON view.
    ///
    /// # Errors
    /// When the view cannot be serialised: a fault of ours.
    pub fn json(view: &impl Serialize) -> Result<Reply> {
        Ok(Reply::new(StatusCode::OK, "application/json", encode(view)?))
    }

    /// 200 with a GeoJSON view.
    ///
    /// # Errors
    /// When the view cannot be serialised: a fault of ours.
    pub fn geojson(view: &impl Serialize) -> Result<Reply> {
        Ok(Reply::new(StatusCode::OK, GEOJSON, encode(view)?))
    }

    /// 200 with bytes of some media type.
    pub fn bytes(media_type: &str, body: Vec<u8>) -> Reply {
        Reply::new(StatusCode::OK, media_type, body)
    }

    /// 204.
    pub fn nothing() -> Reply {
        Reply { head: Head { status: StatusCode::NO_CONTENT.as_u16(), headers: Vec::new() }, body: Vec::new() }
    }

    /// Makes it 201 at an address.
    #[must_use]
    pub fn created(mut self, location: impl Into<String>) -> Reply {
        self.head.status = StatusCode::CREATED.as_u16();
        self.with_header(header::LOCATION, location)
    }

    /// Makes it 202 with an address to follow.
    #[must_use]
    pub fn accepted(mut self, location: impl Into<String>) -> Reply {
        self.head.status = StatusCode::ACCEPTED.as_u16();
        self.with_header(header::LOCATION, location)
    }

    /// Adds the strong entity tag of a row's revision.
    #[must_use]
    pub fn revision(self, revision: i32) -> Reply {
        self.with_header(header::ETAG, format!("\"{revision}\""))
    }

    /// Adds the strong entity tag of a view that shows more than the row: what lies behind the revision is a digest of the
    /// body, so that the tag changes with whatever is shown. `If-Match` is about the revision before the `-`.
    #[must_use]
    pub fn revision_as_shown(self, revision: i32) -> Reply {
        let digest = hex::encode(&Sha256::digest(&self.body)[..8]);
        self.with_header(header::ETAG, format!("\"{revision}-{digest}\""))
    }

    /// Adds a header.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "header names are constants passed by value everywhere")]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Reply {
        self.head.headers.push((name.as_str().to_owned(), value.into()));
        self
    }

    pub(super) fn head(&self) -> Value {
        serde_json::json!({"status": self.head.status, "headers": self.head.headers})
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn restore(head: Value, body: Vec<u8>) -> Result<Reply> {
        let head: Head = serde_json::from_value(head).map_err(Error::internal)?;
        Ok(Reply { head, body }.with_header(HeaderName::from_static("idempotency-replayed"), "true"))
    }
}

fn encode(view: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(view).map_err(Error::internal)
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(HttpBody::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.head.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
