//! All SQL of the document tables.

use crate::kernel::{Day, DocumentId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A document without its content.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: DocumentId,
    pub sha256: Vec<u8>,
    pub bytes: i64,
    pub media_type: String,
    pub file_name: String,
    pub kind: String,
    pub title: String,
    pub issued_on: Option<Day>,
    pub recorded_at: DateTime<Utc>,
    pub revision: i32,
}

/// Who asks, as the query needs it: see [`super::actions::Reader`].
pub(super) struct Sight<'a> {
    pub all: bool,
    pub divisions: Option<&'a [String]>,
    pub credit_code: Option<&'a str>,
    pub mark: &'a str,
}

pub(super) struct NewRow<'a> {
    pub id: DocumentId,
    pub sha256: &'a [u8],
    pub bytes: i64,
    pub media_type: &'a str,
    pub file_name: &'a str,
    pub kind: &'a str,
    pub title: &'a str,
    pub issued_on: Option<Day>,
    pub division_code: &'a str,
    pub owner_credit_code: Option<&'a str>,
    pub filed_by: &'a str,
    pub recorded_at: DateTime<Utc>,
}

/// Keeps the content, once.
pub(super) async fn keep_content(
    conn: &mut PgConnection,
    sha256: &[u8],
    content: &[u8],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into document_content (sha256, content, bytes, stored_at)
         values ($1, $2, length($2::bytea), $3) on conflict (sha256) do nothing",
        sha256,
        content,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into document (id, sha256, bytes, media_type, file_name, kind, title, issued_on, division_code,
                               owner_credit_code, filed_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        row.id as DocumentId,
        row.sha256,
        row.bytes,
        row.media_type,
        row.file_name,
        row.kind,
        row.title,
        row.issued_on as Option<Day>,
        row.division_code,
        row.owner_credit_code,
        row.filed_by,
        row.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The document, where it may be seen.
pub(super) async fn find(conn: &mut PgConnection, id: DocumentId, sight: &Sight<'_>) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select d.id as "id: DocumentId", d.sha256, d.bytes, d.media_type, d.file_name, d.kind, d.title,
                  d.issued_on as "issued_on: Day", d.recorded_at, d.revision
           from document d
           where d.id = $1
             and ($2 or d.filed_by = $5
                  or d.division_code = any($3::text[])
                  or d.owner_credit_code = $4
                  or exists (select 1 from document_attachment a
                             where a.document_id = d.id
                               and (a.division_code = any($3::text[]) or a.owner_credit_code = $4)))"#,
        id as DocumentId,
        sight.all,
        sight.divisions,
        sight.credit_code,
        sight.mark,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn content(conn: &mut PgConnection, sha256: &[u8]) -> Result<Vec<u8>> {
    Ok(sqlx::query_scalar!("select content from document_content where sha256 = $1", sha256).fetch_one(conn).await?)
}

/// Attaches; gives whether that is new.
pub(super) async fn attach(
    conn: &mut PgConnection,
    attachment: Uuid,
    document: DocumentId,
    subject: &super::Subject<'_>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into document_attachment (id, document_id, subject_register, subject_id, division_code, owner_credit_code)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (document_id, subject_register, subject_id) do update
            set division_code = excluded.division_code, owner_credit_code = excluded.owner_credit_code
            where (document_attachment.division_code, document_attachment.owner_credit_code)
                  is distinct from (excluded.division_code, excluded.owner_credit_code)",
        attachment,
        document as DocumentId,
        subject.register,
        subject.id,
        subject.division_code,
        subject.owner_credit_code,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
