//! `POST /v1/verify`, for everybody.

use super::actions::{self, Verified};
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::call::{parse_json, read_all};
use crate::platform::pdf;
use crate::platform::seal::ProofView;
use crate::platform::seal::document::Finding;
use crate::platform::{App, Call, Permission, Reply, Stop};
use axum::extract::Request;
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The operation.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify))
}

/// A number and a digest, for whoever does not have the document as a file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NumberAndDigest {
    /// Number of the document.
    #[schema(example = "CX-152921-2026-000017")]
    number: String,
    /// `proof.payload_sha256` of the document, hexadecimal.
    #[schema(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    payload_sha256: String,
}

/// What is handed in: a number and a digest, or a document as it was issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum Handed {
    /// A number and a digest.
    Digest(NumberAndDigest),
    /// A document, byte for byte as it was issued: an object with `proof`. The bytes are looked at, not what is read here.
    Document(SealedDocument),
}

/// Any document with a proof; of its other members nothing is asked.
#[derive(Debug, Deserialize, ToSchema)]
struct SealedDocument {
    /// Algorithm, key, digest, place in the log, signature.
    #[serde(rename = "proof")]
    #[schema(value_type = ProofView)]
    _proof: IgnoredAny,
}

/// What came of a verification.
#[derive(Debug, Serialize, ToSchema)]
struct Verification {
    /// Whether nothing was refuted. What was not looked at stands among the findings as `null`.
    valid: bool,
    /// What was looked at, in order.
    findings: Vec<FindingView>,
    /// Its place in the log; null when it names none.
    log: Option<LogPlace>,
    /// What the log says was signed there; null unless the document is there.
    document: Option<Signed>,
    /// How the reply stands now; null unless a reply to a land check or a siting check is there.
    standing: Option<Standing>,
}

/// How a reply to a land check or a siting check stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifiedStanding)]
struct Standing {
    /// `valid`, `superseded` or `withdrawn`.
    #[schema(example = "valid")]
    status: &'static str,
    /// Since when.
    since: DateTime<Utc>,
}

/// Something that was looked at.
#[derive(Debug, Serialize, ToSchema)]
struct FindingView {
    /// `canonical`, `proof`, `payload`, `signature`, `key`, `checkpoint`, `log`, `standing`.
    #[schema(example = "signature")]
    what: &'static str,
    /// `true` proved, `false` refuted, `null` neither.
    ok: Option<bool>,
    /// 中文
    text_zh: String,
    /// In English.
    text_en: String,
}

/// A place in the log.
#[derive(Debug, Serialize, ToSchema)]
struct LogPlace {
    /// Its index.
    #[schema(example = 17)]
    index: u64,
    /// Whether the document is there.
    included: bool,
    /// The log's signed end that this was found under.
    checkpoint: String,
}

/// What was signed.
#[derive(Debug, Serialize, ToSchema)]
struct Signed {
    /// `land_check`, `siting_check`, `manifest`.
    #[schema(example = "land_check")]
    kind: String,
    /// Identifier.
    id: Uuid,
    /// Number.
    #[schema(example = "CX-152921-2026-000017")]
    number: String,
    /// When.
    at: DateTime<Utc>,
}

impl From<Finding> for FindingView {
    fn from(Finding { what, ok, text_zh, text_en }: Finding) -> FindingView {
        FindingView { what, ok, text_zh, text_en }
    }
}

impl From<Verified> for Verification {
    fn from(Verified { valid, findings, place, said, standing }: Verified) -> Verification {
        Verification {
            valid,
            findings: findings.into_iter().map(FindingView::from).collect(),
            log: place.map(|place| LogPlace {
                index: place.index,
                included: place.included,
                checkpoint: place.checkpoint,
            }),
            standing: standing.map(|(status, since)| Standing { status, since }),
            document: said.map(|said| Signed { kind: said.kind, id: said.id, number: said.number, at: said.at }),
        }
    }
}

/// Check what the registry signed: unchanged, signed by a key of this registry, in its log. The answer is 200 whether it
/// holds or not.
#[utoipa::path(
    post, path = "/v1/verify", operation_id = "verify", tag = "proof",
    request_body(content((Handed = "application/json"), (Vec<u8> = "application/pdf"))),
    responses((status = 200, body = Verification)),
    extensions(("x-permission" = json!("open")))
)]
async fn verify(call: Call, request: Request) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if !["application/json", "application/pdf"].contains(&essence.as_str()) {
        return Err(Error::new(
            Kind::UnsupportedMediaType,
            "unsupported_media_type",
            Text::fixed(
                "请求正文应为 application/json 或 application/pdf。",
                "The body must be application/json or application/pdf.",
            ),
        )
        .into());
    }
    let bytes = read_all(request, call.app().config().max_body_bytes).await?;
    let bytes = if essence == "application/pdf" { pdf::attachment(&bytes)? } else { bytes.to_vec() };
    let verified = match parse_json::<Handed>(&bytes) {
        Ok(Handed::Digest(asked)) => actions::digest(call.app(), &asked.number, &asked.payload_sha256).await?,
        // Whatever else it is, JSON or not, it is held to what a signed document looks like.
        Ok(Handed::Document(_)) | Err(_) => actions::document(call.app(), &bytes).await?,
    };
    Ok(Reply::json(&Verification::from(verified))?)
}
