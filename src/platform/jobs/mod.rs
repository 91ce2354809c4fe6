//! Background jobs: queued in the act that asks for them, taken up by any server, ended in the act that does the work.
//!
//! A server that works on a job beats: it says every few seconds that it lives. A job whose server fell silent is taken up
//! again by another. Each taking counts one attempt, and only the last one can end the job, so a server that was merely slow
//! cannot write what another one writes too.
//!
//! Jobs are bookkeeping, not facts of a register: what happens to one while it runs is not audited, what it does is.

mod http;

pub use http::{JobStatus, routes};

use super::{Act, App, Caller};
use crate::kernel::{Error, Fault, JobId, KeyId, Kind, Result, Text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

/// Seconds of silence after which a server is given up on.
const SILENCE_S: f64 = 30.0;
/// How often a job is taken up before it fails: one that kills its server would kill them all in turn.
const ATTEMPTS: i32 = 3;
/// What servers listen to for new jobs.
pub const CHANNEL: &str = "jingtu_job";

/// A job to be queued.
#[derive(Debug)]
pub struct NewJob<'a> {
    /// Which worker it is for: `import`.
    pub kind: &'static str,
    /// What it is about: the import's target.
    pub target: &'a str,
    /// What the worker needs to know.
    pub options: Value,
    /// Name of the file.
    pub file_name: &'a str,
    /// The file.
    pub content: &'a [u8],
    /// Its SHA-256.
    pub sha256: &'a [u8],
}

/// A job that this server works on.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub id: JobId,
    /// What it is about.
    pub target: String,
    /// What it was queued with.
    pub options: Value,
    /// Name of its file.
    pub file_name: String,
    /// SHA-256 of its file.
    pub sha256: Vec<u8>,
    /// Id of the request that queued it, for audit lines.
    pub request_id: String,
    key: Option<KeyId>,
    attempt: i32,
}

/// How many rows of a file came to what. `read = valid + rejected`; `repaired` are among the valid ones; `written` is
/// `valid` when they were written and 0 when they were not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Features in the file.
    pub read: u64,
    /// Features that are right, or were after a repair.
    pub valid: u64,
    /// Features that were repaired.
    pub repaired: u64,
    /// Features that are wrong.
    pub rejected: u64,
    /// Features that are in the register now.
    pub written: u64,
}

/// What is to be said of a row.
#[derive(Debug, Clone)]
pub struct RowFinding {
    /// Place in the file, from 1.
    pub row: u64,
    /// Whether the row was refused.
    pub rejected: bool,
    /// Whether it was taken as it is, with a remark; neither refused nor noted, it was repaired.
    pub noted: bool,
    /// What is or was wrong.
    pub fault: Fault,
    /// What would help.
    pub hint: Option<Text>,
}

impl RowFinding {
    /// `rejected`, `repaired` or `noted`.
    pub fn status(&self) -> &'static str {
        match (self.rejected, self.noted) {
            (true, _) => "rejected",
            (false, false) => "repaired",
            (false, true) => "noted",
        }
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Queues a job; it is there when the act is finished, and servers are woken then.
///
/// # Errors
/// When the database cannot be written.
pub async fn enqueue(act: &mut Act, new: NewJob<'_>) -> Result<JobId> {
    let now = act.now();
    let id = JobId::new(now);
    let (mark, request_id) = (act.caller().mark(), act.request_id().to_owned());
    let key = match act.caller() {
        Caller::Key(holder) => Some(holder.id),
        Caller::Public | Caller::Operator => None,
    };
    sqlx::query!(
        "insert into platform_job (id, kind, target, caller, key_id, request_id, options, file_name, bytes, sha256, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id as JobId,
        new.kind,
        new.target,
        mark,
        key as Option<KeyId>,
        request_id,
        new.options,
        new.file_name,
        i64::try_from(new.content.len()).map_err(Error::internal)?,
        new.sha256,
        now,
    )
    .execute(act.tx())
    .await?;
    sqlx::query!("insert into platform_job_file (job_id, content) values ($1, $2)", id as JobId, new.content)
        .execute(act.tx())
        .await?;
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, new.kind).fetch_one(act.tx()).await?;
    Ok(id)
}

/// Says at which path what a job makes is read.
///
/// # Errors
/// When the database cannot be written.
pub async fn lead_to(conn: &mut PgConnection, id: JobId, path: &str) -> Result<()> {
    sqlx::query!("update platform_job set result_href = $2 where id = $1", id as JobId, path).execute(conn).await?;
    Ok(())
}

/// Takes up the oldest job of a kind that waits or whose server fell silent.
///
/// # Errors
/// When the database cannot be reached.
pub async fn claim(app: &App, kind: &str) -> Result<Option<Claim>> {
    let now = app.clock().now();
    let given_up = failure(&Error::new(
        Kind::Internal,
        "job_abandoned",
        Text::fixed("任务多次中断，已放弃，请联系管理员。", "The job broke off several times and was given up."),
    ));
    sqlx::query!(
        "with ended as (
            update platform_job set status = 'failed', failure = $4, finished_at = $5
            where kind = $1 and status = 'running' and attempt >= $2
              and heartbeat_at < clock_timestamp() - make_interval(secs => $3)
            returning id)
         delete from platform_job_file where job_id in (select id from ended)",
        kind,
        ATTEMPTS,
        SILENCE_S,
        given_up,
        now,
    )
    .execute(app.db())
    .await?;
    let row = sqlx::query!(
        r#"update platform_job set status = 'running', attempt = attempt + 1, heartbeat_at = clock_timestamp(),
                  started_at = coalesce(started_at, $2), progress_done = 0, progress_total = null,
                  counted_read = 0, counted_valid = 0, counted_repaired = 0, counted_rejected = 0
           where id = (select id from platform_job
                       where kind = $1 and (status = 'queued'
                             or (status = 'running' and heartbeat_at < clock_timestamp() - make_interval(secs => $3)))
                       order by created_at, id limit 1 for update skip locked)
           returning id as "id: JobId", target, options, file_name, sha256, request_id, key_id as "key: KeyId", attempt"#,
        kind,
        now,
        SILENCE_S,
    )
    .fetch_optional(app.db())
    .await?;
    Ok(row.map(|row| Claim {
        id: row.id,
        target: row.target,
        options: row.options,
        file_name: row.file_name,
        sha256: row.sha256,
        request_id: row.request_id,
        key: row.key,
        attempt: row.attempt,
    }))
}

impl Claim {
    /// Whoever asked for the job, with the rights it has now.
    ///
    /// # Errors
    /// `bad_token` when its key was revoked or has expired.
    pub async fn caller(&self, app: &App) -> Result<Caller> {
        match self.key {
            Some(id) => super::identity::keys::recall(app.db(), id, app.today()).await,
            None => Ok(Caller::Operator),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// When the database cannot be reached, or the job has been ended by another server.
    pub async fn content(&self, db: &PgPool) -> Result<Vec<u8>> {
        let content = sqlx::query_scalar!("select content from platform_job_file where job_id = $1", self.id as JobId)
            .fetch_optional(db)
            .await?;
        content.ok_or_else(|| Error::internal(format!("job {} has no file any more", self.id)))
    }

    /// Says that this server is alive.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn beat(&self, db: &PgPool) -> Result<()> {
        sqlx::query!(
            "update platform_job set heartbeat_at = clock_timestamp() where id = $1 and attempt = $2 and status = 'running'",
            self.id as JobId,
            self.attempt,
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Says how far the work is.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn progress(&self, db: &PgPool, done: u64, total: u64, counts: &Counts) -> Result<()> {
        sqlx::query!(
            "update platform_job set heartbeat_at = clock_timestamp(), progress_done = $3, progress_total = $4,
                    counted_read = $5, counted_valid = $6, counted_repaired = $7, counted_rejected = $8
             where id = $1 and attempt = $2 and status = 'running'",
            self.id as JobId,
            self.attempt,
            signed(done),
            signed(total),
            signed(counts.read),
            signed(counts.valid),
            signed(counts.repaired),
            signed(counts.rejected),
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Keeps what is to be said of rows. They count for this attempt only.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn keep_rows(&self, db: &PgPool, findings: &[RowFinding]) -> Result<()> {
        let mut rows = Vec::with_capacity(findings.len());
        let mut numbers = Vec::with_capacity(findings.len());
        for finding in findings {
            let row = signed(finding.row);
            numbers.push(match (rows.last(), numbers.last()) {
                (Some(last), Some(n)) if *last == row => n + 1,
                _ => 0_i32,
            });
            rows.push(row);
        }
        let texts = |of: &dyn Fn(&RowFinding) -> String| findings.iter().map(of).collect::<Vec<_>>();
        let hints = |of: &dyn Fn(&Text) -> String| {
            findings.iter().map(|finding| finding.hint.as_ref().map(of)).collect::<Vec<_>>()
        };
        sqlx::query!(
            "insert into platform_job_row (job_id, attempt, row, n, status, pointer, code, message_zh, message_en, hint_zh, hint_en)
             select $1, $2, f.*
             from unnest($3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[]) as f",
            self.id as JobId,
            self.attempt,
            &rows,
            &numbers,
            &texts(&|f| f.status().to_owned()),
            &texts(&|f| f.fault.pointer.replace('\0', "\u{fffd}")),
            &texts(&|f| f.fault.code.to_owned()),
            &texts(&|f| f.fault.message.zh.replace('\0', "\u{fffd}")),
            &texts(&|f| f.fault.message.en.replace('\0', "\u{fffd}")),
            &hints(&|hint| hint.zh.to_string()) as &[Option<String>],
            &hints(&|hint| hint.en.to_string()) as &[Option<String>],
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Ends the job well. Said inside the act that did the work, both last or neither does.
    ///
    /// # Errors
    /// `job_taken` when another server has taken the job up meanwhile: whatever was done must then be undone.
    pub async fn done(&self, conn: &mut PgConnection, at: DateTime<Utc>, counts: &Counts) -> Result<()> {
        self.end(conn, at, counts, None).await
    }

    /// Ends the job with why it failed.
    ///
    /// # Errors
    /// As [`Claim::done`].
    pub async fn failed(&self, conn: &mut PgConnection, at: DateTime<Utc>, counts: &Counts, why: &Error) -> Result<()> {
        self.end(conn, at, counts, Some(failure(why))).await
    }

    async fn end(
        &self,
        conn: &mut PgConnection,
        at: DateTime<Utc>,
        counts: &Counts,
        failure: Option<Value>,
    ) -> Result<()> {
        let ended = sqlx::query!(
            r#"with ended as (
                update platform_job
                set status = case when $9::jsonb is null then 'done' else 'failed' end, failure = $9, finished_at = $3,
                    progress_done = $4, progress_total = greatest(progress_total, $4), counted_read = $4,
                    counted_valid = $5, counted_repaired = $6, counted_rejected = $7, counted_written = $8
                where id = $1 and attempt = $2 and status = 'running'
                returning id),
               gone as (delete from platform_job_file where job_id in (select id from ended))
               select count(*) as "n!" from ended"#,
            self.id as JobId,
            self.attempt,
            at,
            signed(counts.read),
            signed(counts.valid),
            signed(counts.repaired),
            signed(counts.rejected),
            signed(counts.written),
            failure,
        )
        .fetch_one(conn)
        .await?;
        if ended.n == 1 {
            return Ok(());
        }
        Err(Error::conflict(
            "job_taken",
            Text::fixed("任务已由另一服务器接手。", "Another server has taken the job up."),
        ))
    }
}

/// An error as a job keeps it. What an internal error was stays in the log.
fn failure(error: &Error) -> Value {
    json!({
        "code": error.code(),
        "message_zh": error.detail().zh,
        "message_en": error.detail().en,
        "errors": error.faults().iter().map(|fault| json!({
            "pointer": fault.pointer, "code": fault.code, "message_zh": fault.message.zh, "message_en": fault.message.en,
        })).collect::<Vec<_>>(),
    })
}
