//! The log as it is read: its end, its entries, the proofs that it gives, the keys that signed it.

use super::key::PublicKey;
use super::merkle::{self, Hash, Place};
use super::note::Verifier;
use crate::kernel::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::ops::Range;
use uuid::Uuid;

/// The log's end.
#[derive(Debug, Clone)]
pub struct Head {
    /// Name of the log.
    pub origin: String,
    /// Key that signs now.
    pub key_id: String,
    /// Entries.
    pub size: u64,
    /// Origin, size and root, signed (C2SP tlog-checkpoint).
    pub checkpoint: String,
}

/// An entry of the log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Its place, from 0.
    pub index: u64,
    /// SHA-256 over 0x00 and the entry, as stored.
    pub leaf_hash: Vec<u8>,
    /// Its bytes: canonical JSON.
    pub entry: Vec<u8>,
    /// Identifier of the record, as stored beside it.
    pub subject_id: Uuid,
    /// Number of the record, as stored beside it.
    pub number: String,
}

/// What an entry says of a document.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// When it was sealed.
    pub at: DateTime<Utc>,
    /// Identifier of the record.
    pub id: Uuid,
    /// Key that signed it.
    pub key_id: String,
    /// What kind of document: `land_check`, `siting_check`, `manifest`.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// SHA-256 of the document's canonical form without `proof`, hexadecimal.
    pub payload_sha256: String,
    /// The signature in its `proof`, base64.
    pub signature: String,
}

impl Said {
    /// Reads an entry's bytes. `None` when they are no entry.
    pub fn read(entry: &[u8]) -> Option<Said> {
        serde_json::from_slice(entry).ok()
    }
}

/// A key that signs, or did. Its secret part is never read here.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// `ed25519:` and 32 hexadecimal digits.
    pub id: String,
    /// The key.
    pub public_key: PublicKey,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When another took its place.
    pub retired_at: Option<DateTime<Utc>>,
}

/// The log's end; `None` before anything was ever signed.
///
/// # Errors
/// When the database cannot be read.
pub async fn head(conn: &mut PgConnection) -> Result<Option<Head>> {
    let row = sqlx::query!("select origin, key_id, size, checkpoint from platform_log_head").fetch_one(conn).await?;
    match (row.origin, row.key_id, row.checkpoint) {
        (Some(origin), Some(key_id), Some(checkpoint)) => {
            Ok(Some(Head { origin, key_id, size: u64::try_from(row.size).map_err(Error::internal)?, checkpoint }))
        }
        _ => Ok(None),
    }
}

/// Every key, oldest first, with the name that the log signs under.
///
/// # Errors
/// When the database cannot be read.
pub async fn keys(conn: &mut PgConnection) -> Result<Vec<KeyRow>> {
    let rows =
        sqlx::query!("select id, public_key, created_at, retired_at from platform_signing_key order by created_at, id")
            .fetch_all(conn)
            .await?;
    rows.into_iter()
        .map(|row| {
            let public_key = row.public_key.try_into().map_err(|_| Error::internal("a key has not 32 bytes"))?;
            Ok(KeyRow { id: row.id, public_key, created_at: row.created_at, retired_at: row.retired_at })
        })
        .collect()
}

impl KeyRow {
    /// The key under the log's name.
    pub fn verifier(&self, origin: &str) -> Verifier {
        Verifier { name: origin.to_owned(), key: self.public_key }
    }
}

/// Entries from an index on, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn entries(conn: &mut PgConnection, from: u64, limit: i64) -> Result<Vec<LogEntry>> {
    let rows = sqlx::query_as!(
        Row,
        "select idx, leaf_hash, entry, subject_id, number from platform_log_entry where idx >= $1 order by idx limit $2",
        i64::try_from(from).map_err(Error::internal)?,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(LogEntry::try_from).collect()
}

/// The entries of documents with a number, in the order of the log.
///
/// # Errors
/// When the database cannot be read.
pub async fn numbered(conn: &mut PgConnection, number: &str) -> Result<Vec<LogEntry>> {
    let rows = sqlx::query_as!(
        Row,
        "select idx, leaf_hash, entry, subject_id, number from platform_log_entry where number = $1 order by idx",
        number,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(LogEntry::try_from).collect()
}

struct Row {
    idx: i64,
    leaf_hash: Vec<u8>,
    entry: Vec<u8>,
    subject_id: Uuid,
    number: String,
}

impl TryFrom<Row> for LogEntry {
    type Error = Error;

    fn try_from(row: Row) -> Result<LogEntry> {
        let Row { idx, leaf_hash, entry, subject_id, number } = row;
        Ok(LogEntry { index: u64::try_from(idx).map_err(Error::internal)?, leaf_hash, entry, subject_id, number })
    }
}

/// The hashes that prove the entry at `index` to be in the log's first `size` entries; `None` when it is not among them.
/// `size` is at most the log's.
///
/// # Errors
/// When the database cannot be read, or a node is missing there.
pub async fn inclusion(conn: &mut PgConnection, index: u64, size: u64) -> Result<Option<Vec<Hash>>> {
    match merkle::inclusion(index, size) {
        Some(stretches) => Ok(Some(hashes(conn, &stretches).await?)),
        None => Ok(None),
    }
}

/// The hashes that prove the log's first `old` entries to be the beginning of its first `new`; `None` when `old` is the
/// larger. `new` is at most the log's size.
///
/// # Errors
/// As [`inclusion`].
pub async fn consistency(conn: &mut PgConnection, old: u64, new: u64) -> Result<Option<Vec<Hash>>> {
    match merkle::consistency(old, new) {
        Some(stretches) => Ok(Some(hashes(conn, &stretches).await?)),
        None => Ok(None),
    }
}

/// The root over the log's first `size` entries, which is at most the log's size.
///
/// # Errors
/// As [`inclusion`].
pub async fn root(conn: &mut PgConnection, size: u64) -> Result<Hash> {
    let whole = 0..size;
    Ok(hashes(conn, std::slice::from_ref(&whole)).await?.pop().unwrap_or_else(merkle::empty))
}

/// The hashes of stretches of leaves, made of stored nodes in one query.
async fn hashes(conn: &mut PgConnection, stretches: &[Range<u64>]) -> Result<Vec<Hash>> {
    let parts: Vec<Vec<Place>> = stretches.iter().map(merkle::parts).collect();
    let mut nodes = nodes(conn, &parts.concat()).await?.into_iter();
    parts
        .iter()
        .map(|places| {
            let own: Option<Vec<Hash>> = nodes.by_ref().take(places.len()).collect();
            own.map(|own| merkle::fold(&own)).ok_or_else(|| Error::internal("a node of the log's tree is missing"))
        })
        .collect()
}

/// Stored nodes and leaves by place, in the order asked.
pub(super) async fn nodes(conn: &mut PgConnection, places: &[Place]) -> Result<Vec<Option<Hash>>> {
    let levels: Vec<i16> = places.iter().map(|place| i16::from(place.level)).collect();
    let indices = places
        .iter()
        .map(|place| i64::try_from(place.index))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::internal)?;
    let rows = sqlx::query_scalar!(
        r#"select coalesce(n.hash, e.leaf_hash) as "hash"
           from unnest($1::smallint[], $2::bigint[]) with ordinality as p (level, idx, place)
               left join platform_log_node n on n.level = p.level and n.idx = p.idx
               left join platform_log_entry e on e.idx = case p.level when 0 then p.idx end
           order by p.place"#,
        &levels,
        &indices,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|hash| hash.and_then(|hash| hash.try_into().ok())).collect())
}

/// How many inner nodes are stored.
pub(super) async fn count_nodes(conn: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from platform_log_node"#).fetch_one(conn).await?)
}

/// The right edge of the tree as the log's end has it.
pub(super) async fn peaks(conn: &mut PgConnection) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select peaks from platform_log_head").fetch_one(conn).await?)
}

/// Identifiers of keys whose secret part is not theirs.
pub(super) async fn seeds(conn: &mut PgConnection) -> Result<Vec<(String, Vec<u8>)>> {
    let rows = sqlx::query!(r#"select id, seed as "seed!" from platform_signing_key where seed is not null"#)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.seed)).collect())
}
