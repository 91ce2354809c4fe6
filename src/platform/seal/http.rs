//! The log and the keys over HTTP, for everybody.

use super::log::{self, Head, LogEntry, Said};
use super::merkle::Hash;
use crate::kernel::{Error, Result, Text};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// Entries of an answer at most.
const ENTRIES: u64 = 1_000;

/// The operations of the log and the keys.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_checkpoint))
        .routes(routes!(log_entries))
        .routes(routes!(log_proof))
        .routes(routes!(log_consistency))
        .routes(routes!(signing_keys))
}

/// The log's end; nothing was signed before there is one.
fn begun(head: Option<Head>) -> Result<Head> {
    head.ok_or_else(|| Error::not_found("日志：尚未签发任何文件", "log: nothing was signed yet"))
}

/// No parameters: one that is sent is refused, as everywhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// The log's signed end (C2SP tlog-checkpoint): name, number of entries, root, signature. Keep it: later logs can be held
/// to it.
#[utoipa::path(
    get, path = "/v1/land-check-log/checkpoint", operation_id = "log_checkpoint", tag = "proof",
    responses((status = 200, body = String, content_type = "text/plain; charset=utf-8")),
    extensions(("x-permission" = json!("open")))
)]
async fn log_checkpoint(call: Call, Params(NoParams {}): Params<NoParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let mut conn = call.app().snapshot().await?;
    let head = begun(log::head(&mut conn).await?)?;
    Ok(Reply::bytes("text/plain; charset=utf-8", head.checkpoint.into_bytes()))
}

/// The proof that a sealed document carries as its member `proof`. Digest: SHA-256 of the document's canonical form (RFC
/// 8785) without `proof`. Signature: over the canonical form of the whole with only `signature` left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofView {
    /// Algorithm of the signature.
    #[schema(example = "Ed25519")]
    pub alg: String,
    /// Key that signed: `ed25519:` and the first 16 bytes of the public key's SHA-256, hexadecimal.
    #[schema(example = "ed25519:0123456789abcdef0123456789abcdef")]
    pub key_id: String,
    /// The key, 32 bytes in base64.
    pub public_key: String,
    /// The digest, hexadecimal.
    pub payload_sha256: String,
    /// Name of the log.
    #[schema(example = "soil.example.gov.cn/land-check-log")]
    pub log: String,
    /// Place in the log, from 0.
    #[schema(example = 17)]
    pub log_index: u64,
    /// The signature, 64 bytes in base64.
    pub signature: String,
}

/// Which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryParams {
    /// Index of the first. Default: 0.
    #[param(minimum = 0, default = 0)]
    start: Option<u64>,
    /// Index of the last; 1000 are given at most. Default: the log's last.
    #[param(minimum = 0)]
    end: Option<u64>,
}

/// A stretch of the log.
#[derive(Debug, Serialize, ToSchema)]
struct LogEntries {
    /// The entries, in order.
    entries: Vec<LogEntryView>,
    /// How many.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// Entries in the log.
    #[schema(example = 4711)]
    size: u64,
    /// `start` with which to go on; null at the end of what was asked.
    #[schema(example = 1000)]
    next: Option<u64>,
}

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
struct LogEntryView {
    /// Its place, from 0.
    #[schema(example = 17)]
    index: u64,
    /// Its bytes, base64: what the leaf's hash is made of.
    entry: String,
    /// SHA-256 over 0x00 and those bytes, base64.
    leaf_hash: String,
    /// The same to read.
    said: SaidView,
}

/// What an entry says. Nothing of the parcel, no personal data.
#[derive(Debug, Serialize, ToSchema)]
struct SaidView {
    /// When it was signed.
    at: DateTime<Utc>,
    /// `land_check`, `siting_check`, `manifest`.
    #[schema(example = "land_check")]
    kind: String,
    /// Identifier of what was signed.
    id: Uuid,
    /// Its number.
    #[schema(example = "CX-152921-2026-000017")]
    number: String,
    /// Key that signed.
    #[schema(example = "ed25519:0123456789abcdef0123456789abcdef")]
    key_id: String,
    /// SHA-256 of its canonical form without `proof`, hexadecimal.
    payload_sha256: String,
    /// Its signature, base64.
    signature: String,
}

impl LogEntryView {
    fn of(entry: LogEntry) -> Result<LogEntryView> {
        let said = Said::read(&entry.entry).ok_or_else(|| Error::internal("an entry of the log cannot be read"))?;
        let Said { at, id, key_id, kind, number, payload_sha256, signature } = said;
        Ok(LogEntryView {
            index: entry.index,
            entry: STANDARD.encode(&entry.entry),
            leaf_hash: STANDARD.encode(&entry.leaf_hash),
            said: SaidView { at, kind, id, number, key_id, payload_sha256, signature },
        })
    }
}

/// Entries of the log, in order.
#[utoipa::path(
    get, path = "/v1/land-check-log/entries", operation_id = "log_entries", tag = "proof", params(EntryParams),
    responses((status = 200, body = LogEntries)),
    extensions(("x-permission" = json!("open")))
)]
async fn log_entries(call: Call, Params(params): Params<EntryParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let mut conn = call.app().snapshot().await?;
    let size = log::head(&mut conn).await?.map_or(0, |head| head.size);
    let start = params.start.unwrap_or(0);
    if params.end.is_some_and(|end| end < start) {
        let text = Text::fixed("不得小于 start。", "must not be less than start.");
        return Err(Error::bad_parameter("end", text).into());
    }
    // Up to here, the last one not counted.
    let until = params.end.map_or(size, |end| end.saturating_add(1)).min(size);
    let count = until.saturating_sub(start).min(ENTRIES);
    let rows = if count == 0 {
        Vec::new()
    } else {
        log::entries(&mut conn, start, i64::try_from(count).map_err(Error::internal)?).await?
    };
    let entries = rows.into_iter().map(LogEntryView::of).collect::<Result<Vec<_>>>()?;
    let next = (start.saturating_add(count) < until).then_some(start + count);
    Ok(Reply::json(&LogEntries { number_returned: entries.len(), entries, size, next })?)
}

/// Of which entry, in a log of which size.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProofParams {
    /// Place of the entry: `proof.log_index` of a reply. Default: the last.
    #[param(minimum = 0, example = 17)]
    index: Option<u64>,
    /// Size of the log it is proved for, as a checkpoint has it. Default: the log's size now.
    #[param(minimum = 1)]
    size: Option<u64>,
}

/// A proof that an entry is in the log (RFC 9162, 2.1.3).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InclusionProof {
    /// Place of the entry.
    #[schema(example = 17)]
    pub index: u64,
    /// Size of the log it is proved for.
    #[schema(example = 4711)]
    pub size: u64,
    /// The entry's bytes, base64.
    pub entry: String,
    /// SHA-256 over 0x00 and those bytes, base64.
    pub leaf_hash: String,
    /// Root of the log of that size, base64.
    pub root: String,
    /// The hashes that lead from the leaf to the root, base64.
    pub hashes: Vec<String>,
    /// The log's signed end now, which is of this size unless another was asked for.
    pub checkpoint: String,
}

/// That the entry at an index is in the log of a size.
#[utoipa::path(
    get, path = "/v1/land-check-log/proof", operation_id = "log_proof", tag = "proof", params(ProofParams),
    responses((status = 200, body = InclusionProof)),
    extensions(("x-permission" = json!("open")))
)]
async fn log_proof(call: Call, Params(params): Params<ProofParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let mut conn = call.app().snapshot().await?;
    let head = begun(log::head(&mut conn).await?)?;
    let size = within("size", params.size.unwrap_or(head.size), head.size)?;
    let missing = || Error::not_found("日志条目", "entry of the log of that size");
    let index = params.index.unwrap_or_else(|| size.saturating_sub(1));
    let hashes = log::inclusion(&mut conn, index, size).await?.ok_or_else(missing)?;
    let entry = log::entries(&mut conn, index, 1).await?.pop().ok_or_else(missing)?;
    let root = log::root(&mut conn, size).await?;
    Ok(Reply::json(&InclusionProof {
        index,
        size,
        entry: STANDARD.encode(&entry.entry),
        leaf_hash: STANDARD.encode(&entry.leaf_hash),
        root: STANDARD.encode(root),
        hashes: in_base64(&hashes),
        checkpoint: head.checkpoint,
    })?)
}

/// Between which sizes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsistencyParams {
    /// Size of the older log, as a checkpoint kept has it. Default: 0, the beginning of every log.
    #[param(minimum = 0, default = 0, example = 4000)]
    from: Option<u64>,
    /// Size of the newer one. Default: the log's size now.
    #[param(minimum = 0, example = 4711)]
    to: Option<u64>,
}

/// A proof that a log is the beginning of another (RFC 9162, 2.1.4).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyProof {
    /// Size of the older log.
    #[schema(example = 4000)]
    pub from: u64,
    /// Size of the newer one.
    #[schema(example = 4711)]
    pub to: u64,
    /// Root of the older log, base64: to be held to the checkpoint that was kept.
    pub from_root: String,
    /// Root of the newer one, base64.
    pub to_root: String,
    /// The hashes that lead from one to the other, base64.
    pub hashes: Vec<String>,
    /// The log's signed end now, which is of the newer size unless another was asked for.
    pub checkpoint: String,
}

/// That the log of one size is the beginning of the log of another: nothing was taken out or altered in between.
#[utoipa::path(
    get, path = "/v1/land-check-log/consistency", operation_id = "log_consistency", tag = "proof", params(ConsistencyParams),
    responses((status = 200, body = ConsistencyProof)),
    extensions(("x-permission" = json!("open")))
)]
async fn log_consistency(call: Call, Params(params): Params<ConsistencyParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let mut conn = call.app().snapshot().await?;
    let head = begun(log::head(&mut conn).await?)?;
    let to = within("to", params.to.unwrap_or(head.size), head.size)?;
    let from = within("from", params.from.unwrap_or(0), to)?;
    let hashes = log::consistency(&mut conn, from, to).await?.unwrap_or_default();
    Ok(Reply::json(&ConsistencyProof {
        from,
        to,
        from_root: STANDARD.encode(log::root(&mut conn, from).await?),
        to_root: STANDARD.encode(log::root(&mut conn, to).await?),
        hashes: in_base64(&hashes),
        checkpoint: head.checkpoint,
    })?)
}

fn within(name: &str, asked: u64, most: u64) -> Result<u64> {
    if asked > most {
        let text = Text::new(format!("至多为 {most}。"), format!("must be at most {most}."));
        return Err(Error::bad_parameter(name, text));
    }
    Ok(asked)
}

fn in_base64(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// The keys that sign, or did.
#[derive(Debug, Serialize, ToSchema)]
struct SigningKeys {
    /// Oldest first; signatures of every one of them hold.
    keys: Vec<SigningKeyView>,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
struct SigningKeyView {
    /// Its name in `proof.key_id`.
    #[schema(example = "ed25519:0123456789abcdef0123456789abcdef")]
    key_id: String,
    /// Algorithm.
    #[schema(example = "Ed25519")]
    alg: &'static str,
    /// The key, 32 bytes in base64.
    public_key: String,
    /// The same as C2SP signed notes write it: the log's name, a short hash, the key.
    #[schema(example = "soil.example.gov.cn/land-check-log+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    vkey: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When another took its place; null for the one that signs now.
    retired_at: Option<DateTime<Utc>>,
    /// Whether it signs now.
    current: bool,
}

/// The registry's signing keys.
#[utoipa::path(
    get, path = "/v1/signing-keys", operation_id = "signing_keys", tag = "proof",
    responses((status = 200, body = SigningKeys)),
    extensions(("x-permission" = json!("open")))
)]
async fn signing_keys(call: Call, Params(NoParams {}): Params<NoParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let mut conn = call.app().snapshot().await?;
    let Some(head) = log::head(&mut conn).await? else {
        return Ok(Reply::json(&SigningKeys { keys: Vec::new() })?);
    };
    let view = |key: log::KeyRow| SigningKeyView {
        alg: "Ed25519",
        public_key: STANDARD.encode(key.public_key),
        vkey: key.verifier(&head.origin).to_string(),
        current: key.id == head.key_id,
        key_id: key.id,
        created_at: key.created_at,
        retired_at: key.retired_at,
    };
    Ok(Reply::json(&SigningKeys { keys: log::keys(&mut conn).await?.into_iter().map(view).collect() })?)
}
