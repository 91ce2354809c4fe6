//! SQL of batches: what was asked together, what became of each row, the manifest.

use crate::kernel::{ActId, JobId, KeyId, LandCheckBatchId, LandCheckId, Result};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

/// A batch to be recorded.
pub(in super::super) struct NewBatch<'a> {
    pub id: LandCheckBatchId,
    pub caller: &'a str,
    pub key: Option<KeyId>,
    pub division_code: &'a str,
    pub asked: i32,
    pub digest: &'a [u8],
    pub source_name: Option<&'a str>,
    pub source_sha256: &'a [u8],
    pub job: Option<JobId>,
    pub begun_at: DateTime<Utc>,
    pub act: ActId,
}

pub(in super::super) async fn insert(conn: &mut PgConnection, new: &NewBatch<'_>) -> Result<()> {
    sqlx::query!(
        "insert into land_check_batch (id, caller, key_id, division_code, asked, digest, source_name, source_sha256, job_id,
                                       begun_at, act_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id as LandCheckBatchId,
        new.caller,
        new.key as Option<KeyId>,
        new.division_code,
        new.asked,
        new.digest,
        new.source_name,
        new.source_sha256,
        new.job as Option<JobId>,
        new.begun_at,
        new.act as ActId,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A batch as recorded.
#[derive(Debug)]
pub(in super::super) struct Batch {
    pub id: LandCheckBatchId,
    pub caller: String,
    pub asked: i32,
    pub digest: Vec<u8>,
    pub source_name: Option<String>,
    pub source_sha256: Vec<u8>,
    pub job: Option<JobId>,
    pub begun_at: DateTime<Utc>,
}

pub(in super::super) async fn get(db: &PgPool, id: LandCheckBatchId) -> Result<Option<Batch>> {
    Ok(sqlx::query_as!(
        Batch,
        r#"select id as "id: LandCheckBatchId", caller, asked, digest, source_name, source_sha256, job_id as "job: JobId",
                  begun_at
           from land_check_batch where id = $1"#,
        id as LandCheckBatchId,
    )
    .fetch_optional(db)
    .await?)
}

/// The batch that a job works on.
pub(in super::super) async fn of_job(db: &PgPool, job: JobId) -> Result<Option<LandCheckBatchId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LandCheckBatchId" from land_check_batch where job_id = $1"#,
        job as JobId
    )
    .fetch_optional(db)
    .await?)
}

/// Locks a batch until the act ends, and gives how many of its rows are through. Whoever else works on it waits here.
pub(in super::super) async fn lock(conn: &mut PgConnection, id: LandCheckBatchId) -> Result<i32> {
    sqlx::query!("select 1 as one from land_check_batch where id = $1 for update", id as LandCheckBatchId)
        .fetch_one(&mut *conn)
        .await?;
    // A statement of its own, so that it sees what was committed while the first one waited.
    let through = sqlx::query_scalar!(
        r#"select coalesce(max(row), 0) as "through!" from land_check_batch_row where batch_id = $1"#,
        id as LandCheckBatchId
    )
    .fetch_one(conn)
    .await?;
    Ok(through)
}

/// Rows of a batch to be recorded, column by column.
#[derive(Default)]
pub(in super::super) struct NewRows {
    pub rows: Vec<i32>,
    pub checks: Vec<Option<uuid::Uuid>>,
    pub payloads: Vec<Option<Vec<u8>>>,
    pub codes: Vec<Option<String>>,
    pub errors: Vec<Option<Vec<u8>>>,
}

pub(in super::super) async fn insert_rows(
    conn: &mut PgConnection,
    id: LandCheckBatchId,
    act: ActId,
    new: &NewRows,
) -> Result<()> {
    sqlx::query!(
        "insert into land_check_batch_row (batch_id, act_id, row, check_id, payload_sha256, error_code, error)
         select $1, $2, r.*
         from unnest($3::int[], $4::uuid[], $5::bytea[], $6::text[], $7::bytea[]) as r",
        id as LandCheckBatchId,
        act as ActId,
        &new.rows,
        &new.checks as &[Option<uuid::Uuid>],
        &new.payloads as &[Option<Vec<u8>>],
        &new.codes as &[Option<String>],
        &new.errors as &[Option<Vec<u8>>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A row as it was answered: the verdict and the reply, or the refusal.
#[derive(Debug)]
pub(in super::super) struct Given {
    pub row: i32,
    pub verdict: Option<String>,
    pub body: Vec<u8>,
}

/// The rows of a batch after one of them, in order.
pub(in super::super) async fn given(db: &PgPool, id: LandCheckBatchId, after: i32, limit: i64) -> Result<Vec<Given>> {
    Ok(sqlx::query_as!(
        Given,
        r#"select r.row, c.verdict as "verdict?", coalesce(c.body, r.error) as "body!"
           from land_check_batch_row r left join land_check c on c.id = r.check_id
           where r.batch_id = $1 and r.row > $2
           order by r.row
           limit $3"#,
        id as LandCheckBatchId,
        after,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// A row as the manifest names it.
#[derive(Debug)]
pub(in super::super) struct Entry {
    pub row: i32,
    pub id: Option<LandCheckId>,
    pub number: Option<String>,
    pub verdict: Option<String>,
    pub payload_sha256: Option<Vec<u8>>,
    pub error_code: Option<String>,
}

/// Every row of a batch, in order, without the replies.
pub(in super::super) async fn entries(conn: &mut PgConnection, id: LandCheckBatchId) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        r#"select r.row, r.check_id as "id: LandCheckId", c.number as "number?", c.verdict as "verdict?", r.payload_sha256,
                  r.error_code
           from land_check_batch_row r left join land_check c on c.id = r.check_id
           where r.batch_id = $1
           order by r.row"#,
        id as LandCheckBatchId,
    )
    .fetch_all(conn)
    .await?)
}

/// A manifest to be recorded.
pub(in super::super) struct NewManifest<'a> {
    pub id: LandCheckBatchId,
    pub answered: i32,
    pub refused: i32,
    pub finished_at: DateTime<Utc>,
    pub body: &'a [u8],
    pub body_sha256: &'a [u8],
    pub log_index: i64,
    pub act: ActId,
}

pub(in super::super) async fn insert_manifest(conn: &mut PgConnection, new: &NewManifest<'_>) -> Result<()> {
    sqlx::query!(
        "insert into land_check_batch_manifest (batch_id, answered, refused, finished_at, body, body_sha256, log_index, act_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id as LandCheckBatchId,
        new.answered,
        new.refused,
        new.finished_at,
        new.body,
        new.body_sha256,
        new.log_index,
        new.act as ActId,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The bytes of a manifest; `None` while the batch is not finished.
pub(in super::super) async fn manifest(conn: &mut PgConnection, id: LandCheckBatchId) -> Result<Option<Vec<u8>>> {
    let body =
        sqlx::query_scalar!("select body from land_check_batch_manifest where batch_id = $1", id as LandCheckBatchId)
            .fetch_optional(conn)
            .await?;
    Ok(body)
}

/// A batch as listed.
#[derive(Debug)]
pub(in super::super) struct Listed {
    pub id: LandCheckBatchId,
    pub division_code: String,
    pub asked: i32,
    pub through: i32,
    pub answered: Option<i32>,
    pub refused: Option<i32>,
    pub source_name: Option<String>,
    pub source_sha256: Vec<u8>,
    pub job: Option<JobId>,
    pub begun_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// The newest batches first; with `only`, that one.
pub(in super::super) async fn list(
    db: &PgPool,
    scope: &Scope,
    only: Option<LandCheckBatchId>,
    before: Option<LandCheckBatchId>,
    limit: i64,
) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"select b.id as "id: LandCheckBatchId", b.division_code, b.asked,
                  (select coalesce(max(r.row), 0) from land_check_batch_row r where r.batch_id = b.id) as "through!",
                  m.answered as "answered?", m.refused as "refused?", b.source_name, b.source_sha256,
                  b.job_id as "job: JobId", b.begun_at, m.finished_at as "finished_at?"
           from land_check_batch b left join land_check_batch_manifest m on m.batch_id = b.id
           where ($1::text[] is null or b.division_code = any($1))
             and ($2::uuid is null or b.id = $2)
             and ($3::uuid is null or b.id < $3)
           order by b.id desc
           limit $4"#,
        scope.divisions(),
        only as Option<LandCheckBatchId>,
        before as Option<LandCheckBatchId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}
