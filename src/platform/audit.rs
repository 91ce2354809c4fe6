//! The audit chain: every act leaves lines, and each line's hash covers the one before it.

use super::App;
use crate::kernel::{ActId, Error, Result};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// A fact to be written into the chain.
#[derive(Debug)]
pub(super) struct Line {
    /// What it is about: `site/<id>`, `key/<id>`, `import/<job>`.
    pub subject: String,
    /// Codes, identifiers, counts and digests; never personal data.
    pub detail: Value,
}

/// Who did what, for every line of an act.
pub(super) struct Header<'a> {
    pub act: ActId,
    pub at: DateTime<Utc>,
    pub caller: Value,
    pub operation: &'a str,
    pub request_id: &'a str,
    /// What the act answers, and the end of the chain when it read the registers that it answers by; `None`: it answers nothing.
    pub rests_on: Option<(&'static str, i64)>,
}

/// Lines written in one statement.
const CHUNK: usize = 5_000;

/// Appends the lines, and says which registers the act wrote to and whether another act changed registers after this one
/// read them. Locks the chain's end until the transaction is over, so call it last.
pub(super) async fn append(tx: &mut PgConnection, header: &Header<'_>, lines: &[Line]) -> Result<()> {
    let head = sqlx::query!("select seq, hash from platform_audit_head for update").fetch_one(&mut *tx).await?;
    let (mut seq, mut hash) = (head.seq, head.hash);
    let mut left = lines.len();
    for chunk in lines.chunks(CHUNK) {
        left -= chunk.len();
        let (mut seqs, mut texts) = (Vec::with_capacity(chunk.len()), Vec::with_capacity(chunk.len()));
        // Each line's hash, with the one before the first in front: a line's own is the next one's `prev_hash`.
        let mut hashes = Vec::with_capacity(chunk.len() + 1);
        hashes.push(hash);
        for line in chunk {
            seq += 1;
            let text = json!({
                "seq": seq,
                "act": header.act,
                "at": header.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
                "caller": header.caller,
                "operation": header.operation,
                "request": header.request_id,
                "subject": line.subject,
                "detail": line.detail,
            })
            .to_string();
            hashes.push(link(&hashes[hashes.len() - 1], &text));
            seqs.push(seq);
            texts.push(text);
        }
        // One statement for all, because every act pays for it. It begins after the chain's end was locked, so that it
        // sees what was committed until then.
        sqlx::query!(
            "with lines as (
                 insert into platform_audit (seq, act_id, at, line, prev_hash, hash)
                 select l.seq, $3, $4, l.line, l.prev_hash, l.hash
                 from unnest($7::bigint[], $8::text[], $9::bytea[], $10::bytea[]) as l (seq, line, prev_hash, hash)),
             head as (update platform_audit_head set seq = $1, hash = $2),
             version as (
                 update platform_register_version set seq = $1, changed_at = $4
                 where $11 and register = any(string_to_array(nullif(current_setting('jingtu.touched', true), ''), ','))
                 returning register, answers),
             touched as (select array_agg(register order by register) as registers from version where answers),
             touch as (
                 insert into platform_touch (seq, act_id, at, registers)
                 select $1, $3, $4, registers from touched where registers is not null),
             late as (
                 insert into platform_late_act (act_id, read_seq, answers)
                 select $3, $5::bigint, $12 where $11 and exists (select from platform_touch where seq > $5)
                 returning act_id)
             select pg_notify($6, '')
             where exists (select from touched where registers is not null) or exists (select from late)",
            seq,
            &hashes[chunk.len()],
            header.act as ActId,
            header.at,
            header.rests_on.map(|(_, seq)| seq),
            TOUCHED,
            &seqs,
            &texts,
            &hashes[..chunk.len()],
            &hashes[1..],
            left == 0,
            header.rests_on.map(|(answers, _)| answers),
        )
        .fetch_optional(&mut *tx)
        .await?;
        hash = hashes.swap_remove(chunk.len());
    }
    Ok(())
}

/// What servers listen to for changes of registers that answers rest on.
pub const TOUCHED: &str = "jingtu_touched";

fn link(prev: &[u8], line: &str) -> Vec<u8> {
    let mut sha = Sha256::new();
    sha.update(prev);
    sha.update(line.as_bytes());
    sha.finalize().to_vec()
}

/// An entry of a record's own log that a line of the chain names with its hash.
#[derive(Debug, Clone)]
pub struct NamedEntry {
    /// Identifier of the record, as in the line's subject.
    pub id: String,
    /// Number in the record's log.
    pub seq: i64,
    /// Hash of the entry, hexadecimal.
    pub hash: String,
}

/// The entries of records' logs that the chain names, of one register.
///
/// # Errors
/// When the database cannot be read.
pub async fn entries_of(conn: &mut PgConnection, register: &str) -> Result<Vec<NamedEntry>> {
    Ok(sqlx::query_as!(
        NamedEntry,
        r#"select split_part(l.line ->> 'subject', '/', 2) as "id!", (e.entry ->> 'seq')::bigint as "seq!",
                  e.entry ->> 'hash' as "hash!"
           from (select line::jsonb as line from platform_audit) as l
               cross join lateral (values (l.line -> 'detail'), (l.line #> '{detail,event}')) as e (entry)
           where l.line ->> 'subject' like $1 || '/%' and jsonb_typeof(e.entry) = 'object'
             and e.entry ? 'seq' and e.entry ? 'hash'"#,
        register,
    )
    .fetch_all(conn)
    .await?)
}

/// What a verification of the chain found.
#[derive(Debug, serde::Serialize)]
pub struct Verification {
    /// Lines read.
    pub lines: i64,
    /// Hash of the last line, hexadecimal: what an outsider keeps to compare with later.
    pub head: String,
    /// The first line at which the chain does not hold, and why; `None` when it holds.
    pub broken: Option<Broken>,
}

/// Where and why the chain does not hold.
#[derive(Debug, serde::Serialize)]
pub struct Broken {
    /// The line's number.
    pub seq: i64,
    /// 为何
    pub reason_zh: String,
    /// Why.
    pub reason_en: String,
}

/// Recomputes the whole chain from its first line.
///
/// # Errors
/// When the database cannot be read. A broken chain is a finding, not an error.
pub async fn verify(app: &App) -> Result<Verification> {
    let mut tx = app.snapshot().await?;
    let head = sqlx::query!("select seq, hash from platform_audit_head").fetch_one(&mut *tx).await?;
    let mut hash = vec![0_u8; 32];
    let mut seq = 0_i64;
    let mut broken = None;
    {
        let mut rows = sqlx::query!("select seq, act_id, at, line, prev_hash, hash from platform_audit order by seq")
            .fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            seq += 1;
            let said: Value = serde_json::from_str(&row.line).unwrap_or(Value::Null);
            let (zh, en) = if row.seq != seq {
                ("缺少此序号的记录", "the line with this number is missing")
            } else if row.prev_hash != hash {
                ("与上一条的哈希不相接", "it does not follow the line before it")
            } else if row.hash != link(&hash, &row.line) {
                ("内容与哈希不符", "its text does not match its hash")
            } else if said["seq"] != json!(row.seq) || said["act"] != json!(row.act_id) {
                ("列与所记内容不符", "its columns differ from its text")
            } else {
                hash = row.hash;
                continue;
            };
            broken = Some(Broken { seq, reason_zh: zh.to_owned(), reason_en: en.to_owned() });
            break;
        }
    }
    if broken.is_none() && (head.seq != seq || head.hash != hash) {
        broken = Some(Broken {
            seq: seq + 1,
            reason_zh: "末尾记录被删去".to_owned(),
            reason_en: "lines at the end were removed".to_owned(),
        });
    }
    tx.rollback().await.map_err(Error::from)?;
    Ok(Verification { lines: seq, head: hex::encode(&hash), broken })
}
