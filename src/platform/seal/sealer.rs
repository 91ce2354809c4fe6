//! Signing and logging inside an act: the log's end is read and locked once, any number of documents are sealed without
//! the database, and what they leave is written in one statement.

use super::canonical;
use super::key::SigningKey;
use super::merkle::{self, Edge};
use super::note::{self, Checkpoint};
use crate::kernel::{Error, Result};
use crate::platform::{Act, App};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// The key that signs now, kept by the process. The log's end names the key, so that a rotation elsewhere is noticed.
#[derive(Default)]
pub struct KeyCache(RwLock<Option<Arc<SigningKey>>>);

impl KeyCache {
    fn get(&self, id: &str) -> Option<Arc<SigningKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().filter(|key| key.id() == id)
    }

    fn put(&self, key: &Arc<SigningKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(key));
    }
}

/// What a log entry says of the document that was sealed.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What kind of document: `land_check`, `siting_check`, `manifest`.
    pub kind: &'static str,
    /// Identifier of the record.
    pub id: Uuid,
    /// Its number.
    pub number: &'a str,
}

/// A document with its proof.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The canonical form, `proof` among its members: what is stored and sent, byte for byte.
    pub bytes: Vec<u8>,
    /// SHA-256 of the canonical form without `proof`.
    pub payload_sha256: [u8; 32],
    /// Its place in the log, from 0.
    pub log_index: u64,
}

/// Seals documents of one act. Holds the log's end locked until the act is over, so open it late, after every counter.
#[must_use = "what was sealed is written by close()"]
pub struct Sealer {
    key: Arc<SigningKey>,
    public_key: String,
    origin: String,
    at: String,
    edge: Edge,
    indices: Vec<i64>,
    leaves: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    subjects: Vec<Uuid>,
    numbers: Vec<String>,
    levels: Vec<i16>,
    places: Vec<i64>,
    nodes: Vec<Vec<u8>>,
}

/// The proof as it is written into the document; its members stand in canonical order.
#[derive(Serialize)]
struct Proof<'a> {
    alg: &'static str,
    key_id: &'a str,
    log: &'a str,
    log_index: u64,
    payload_sha256: &'a str,
    public_key: &'a str,
}

/// The entry as it is logged; [`super::log::Said`] reads it.
#[derive(Serialize)]
struct Logged<'a> {
    at: &'a str,
    id: Uuid,
    key_id: &'a str,
    kind: &'a str,
    number: &'a str,
    payload_sha256: &'a str,
    signature: &'a str,
}

impl Sealer {
    /// Opens the log's end and locks it. The first time, makes the first key and gives the log its name.
    ///
    /// # Errors
    /// When the database cannot be reached, or the log's end does not fit itself.
    pub async fn open(act: &mut Act) -> Result<Sealer> {
        let head = sqlx::query!("select origin, key_id, size, peaks from platform_log_head for update")
            .fetch_one(act.tx())
            .await?;
        let (key, origin) = match (head.key_id, head.origin) {
            (Some(id), Some(origin)) => (current(act, &id).await?, origin),
            _ => begin(act).await?,
        };
        let edge = edge(head.size, head.peaks)?;
        act.leave_unsealed(true);
        Ok(Sealer {
            public_key: STANDARD.encode(key.public()),
            key,
            origin,
            at: instant(act.now()),
            edge,
            indices: Vec::new(),
            leaves: Vec::new(),
            entries: Vec::new(),
            subjects: Vec::new(),
            numbers: Vec::new(),
            levels: Vec::new(),
            places: Vec::new(),
            nodes: Vec::new(),
        })
    }

    /// Signs a document and gives it its place in the log. `document` serialises to a JSON object without `proof`.
    ///
    /// # Errors
    /// A fault of ours: the document is no such object, or holds an integer that no double holds exactly.
    pub fn seal(&mut self, document: &impl Serialize, entry: Entry<'_>) -> Result<Sealed> {
        let payload = canonical::to_vec(document).map_err(Error::internal)?;
        let payload_sha256: [u8; 32] = Sha256::digest(&payload).into();
        let (log_index, digest) = (self.edge.size(), hex::encode(payload_sha256));
        let proof = canonical::to_vec(&Proof {
            alg: "Ed25519",
            key_id: self.key.id(),
            log: &self.origin,
            log_index,
            payload_sha256: &digest,
            public_key: &self.public_key,
        })
        .map_err(Error::internal)?;
        let place = canonical::place_for(&payload, "proof")
            .ok_or_else(|| Error::internal("only an object without proof can be sealed"))?;
        let mut bytes = Vec::with_capacity(payload.len() + proof.len() + 128);
        let end = place.put(&payload, &proof, &mut bytes);
        let signature = STANDARD.encode(self.key.sign(&bytes));
        // It is the last member of the proof: every other name comes before it.
        bytes.splice(end - 1..end - 1, format!(",\"signature\":\"{signature}\"").into_bytes());

        let logged = canonical::to_vec(&Logged {
            at: &self.at,
            id: entry.id,
            key_id: self.key.id(),
            kind: entry.kind,
            number: entry.number,
            payload_sha256: &digest,
            signature: &signature,
        })
        .map_err(Error::internal)?;
        let leaf = merkle::leaf(&logged);
        self.indices.push(signed(log_index)?);
        self.leaves.push(leaf.to_vec());
        self.entries.push(logged);
        self.subjects.push(entry.id);
        self.numbers.push(entry.number.to_owned());
        let (levels, places, nodes) = (&mut self.levels, &mut self.places, &mut self.nodes);
        self.edge.append(leaf, |place, hash| {
            levels.push(i16::from(place.level));
            // No larger than the index of the leaf, which fits.
            places.push(i64::try_from(place.index).unwrap_or(i64::MAX));
            nodes.push(hash.to_vec());
        });
        Ok(Sealed { bytes, payload_sha256, log_index })
    }

    /// Writes what was sealed: entries, nodes, the log's new end and its signed checkpoint, in one statement.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn close(self, act: &mut Act) -> Result<()> {
        if !self.entries.is_empty() {
            let checkpoint = signed_checkpoint(&self.origin, &self.edge, &[&self.key]);
            let peaks: Vec<Vec<u8>> = self.edge.peaks().iter().map(|peak| peak.to_vec()).collect();
            sqlx::query!(
                "with entries as (
                     insert into platform_log_entry (idx, leaf_hash, entry, subject_id, number)
                     select * from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::uuid[], $5::text[])
                 ), nodes as (
                     insert into platform_log_node (level, idx, hash)
                     select * from unnest($6::smallint[], $7::bigint[], $8::bytea[])
                 )
                 update platform_log_head set size = $9, peaks = $10, checkpoint = $11",
                &self.indices,
                &self.leaves,
                &self.entries,
                &self.subjects,
                &self.numbers,
                &self.levels,
                &self.places,
                &self.nodes,
                signed(self.edge.size())?,
                &peaks,
                checkpoint,
            )
            .execute(act.tx())
            .await?;
        }
        act.leave_unsealed(false);
        Ok(())
    }
}

/// An instant as entries say it.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// As the database counts.
fn signed(index: u64) -> Result<i64> {
    i64::try_from(index).map_err(Error::internal)
}

fn signed_checkpoint(origin: &str, edge: &Edge, keys: &[&SigningKey]) -> String {
    let said = Checkpoint { origin: origin.to_owned(), size: edge.size(), root: edge.root() };
    note::sign(&said.to_string(), origin, keys)
}

/// The key that the log's end names.
async fn current(act: &mut Act, id: &str) -> Result<Arc<SigningKey>> {
    if let Some(key) = act.app().signing_keys().get(id) {
        return Ok(key);
    }
    let seed =
        sqlx::query_scalar!("select seed from platform_signing_key where id = $1", id).fetch_one(act.tx()).await?;
    let seed =
        seed.and_then(|seed| seed.try_into().ok()).ok_or_else(|| Error::internal("the key that signs has gone"))?;
    let key = Arc::new(SigningKey::from_seed(seed));
    if key.id() != id {
        return Err(Error::internal("the key that signs is not the one it is called"));
    }
    act.app().signing_keys().put(&key);
    Ok(key)
}

/// Makes the first key, and gives the log its name. The key is not kept by the process until it is committed.
async fn begin(act: &mut Act) -> Result<(Arc<SigningKey>, String)> {
    let key = new_key(act).await?;
    let origin = origin(act.app());
    let checkpoint = signed_checkpoint(&origin, &Edge::default(), &[&key]);
    sqlx::query!(
        "update platform_log_head set origin = $1, key_id = $2, checkpoint = $3",
        origin,
        key.id(),
        checkpoint
    )
    .execute(act.tx())
    .await?;
    act.note(format!("signing_key/{}", key.id()), json!({"made": true, "log": origin}));
    Ok((Arc::new(key), origin))
}

/// A change of the key that signs.
#[derive(Debug, Clone, Serialize)]
pub struct Rotation {
    /// The key that is retired; `None` when there was none.
    pub retired: Option<String>,
    /// The key that signs from now on.
    pub current: String,
}

/// Puts a new key in the place of the one that signs. What the old one signed holds on; its secret part is erased. The
/// log's end is signed anew by both, so that whoever knows the old key sees it hand over.
///
/// # Errors
/// When the database cannot be written.
pub async fn rotate(act: &mut Act) -> Result<Rotation> {
    let head = sqlx::query!("select origin, key_id, size, peaks from platform_log_head for update")
        .fetch_one(act.tx())
        .await?;
    let (Some(id), Some(origin)) = (head.key_id, head.origin) else {
        let (key, _) = begin(act).await?;
        return Ok(Rotation { retired: None, current: key.id().to_owned() });
    };
    let old = current(act, &id).await?;
    let edge = edge(head.size, head.peaks)?;
    let now = act.now();
    sqlx::query!("update platform_signing_key set retired_at = $2, seed = null where id = $1", id, now)
        .execute(act.tx())
        .await?;
    let new = new_key(act).await?;
    let checkpoint = signed_checkpoint(&origin, &edge, &[&old, &new]);
    sqlx::query!("update platform_log_head set key_id = $1, checkpoint = $2", new.id(), checkpoint)
        .execute(act.tx())
        .await?;
    act.note(format!("signing_key/{}", new.id()), json!({"made": true, "retired": id, "log_size": head.size}));
    Ok(Rotation { retired: Some(id), current: new.id().to_owned() })
}

/// The right edge of the tree as stored.
fn edge(size: i64, peaks: Vec<Vec<u8>>) -> Result<Edge> {
    let peaks = peaks.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>();
    peaks
        .ok()
        .and_then(|peaks| Edge::of(u64::try_from(size).ok()?, peaks))
        .ok_or_else(|| Error::internal("the log's end does not fit its size"))
}

/// Makes a key and stores it; its random part comes from the operating system.
async fn new_key(act: &mut Act) -> Result<SigningKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Error::internal(error.to_string()))?;
    let key = SigningKey::from_seed(seed);
    let now = act.now();
    sqlx::query!(
        "insert into platform_signing_key (id, public_key, seed, created_at) values ($1, $2, $3, $4)",
        key.id(),
        &key.public()[..],
        &seed[..],
        now,
    )
    .execute(act.tx())
    .await?;
    Ok(key)
}

/// The log's name: the host that clients reach the registry at, or the program's name.
fn origin(app: &App) -> String {
    let url = app.config().public_url.as_deref().unwrap_or_default();
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    // A name with a blank or a plus could not stand in a signature's line.
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(*c)).collect();
    format!("{}/land-check-log", if host.is_empty() { "jingtu" } else { &host })
}
