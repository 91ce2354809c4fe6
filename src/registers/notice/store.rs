//! All SQL of the notice tables.

use super::rules::{Drafted, NoticeKind, Status};
use crate::kernel::{Day, DocumentId, NoticeId, Result, SiteId};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

/// A notice as its row says, with what its site and its PDF add.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: NoticeId,
    pub number: String,
    pub kind: String,
    pub site_id: SiteId,
    pub site_code: String,
    pub site_name: String,
    pub division_code: String,
    pub land_user_credit_code: Option<String>,
    pub issuer: String,
    pub issuer_division: String,
    pub issuer_role: String,
    pub issued_on: Day,
    pub recipient: String,
    pub recipient_credit_code: Option<String>,
    pub due_on: Option<Day>,
    pub reason: Option<String>,
    pub paper: Json<Drafted>,
    pub text_zh: String,
    pub document_id: Option<DocumentId>,
    pub sha256: Option<Vec<u8>>,
    pub served_on: Option<Day>,
    pub served_how: Option<String>,
    pub received_on: Option<Day>,
    pub proof_id: Option<DocumentId>,
    pub site_event_seq: Option<i32>,
    pub voided_on: Option<Day>,
    pub void_reason: Option<String>,
    pub recorded_at: DateTime<Utc>,
    pub revision: i32,
}

impl Row {
    pub fn status(&self) -> Status {
        Status::of(self.served_on.is_some(), self.received_on.is_some(), self.voided_on.is_some())
    }

    pub fn kind(&self) -> Result<NoticeKind> {
        NoticeKind::parse(&self.kind)
            .ok_or_else(|| crate::kernel::Error::internal(format!("notice {} is of kind {}", self.id, self.kind)))
    }
}

/// The columns of [`Row`] from `n`, a notice, `s`, its site, and `d`, its PDF.
macro_rules! rows {
    ($rest:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select n.id as "id: NoticeId", n.number, n.kind, n.site_id as "site_id: SiteId", s.code as site_code,
                      s.name as site_name, s.division_code, s.land_user_credit_code, n.issuer, n.issuer_division,
                      n.issuer_role, n.issued_on as "issued_on: Day", n.recipient, n.recipient_credit_code,
                      n.due_on as "due_on: Day", n.reason, n.paper as "paper: Json<Drafted>", n.text_zh,
                      n.document_id as "document_id: DocumentId", d.sha256 as "sha256?", n.served_on as "served_on: Day",
                      n.served_how, n.received_on as "received_on: Day", n.proof_id as "proof_id: DocumentId",
                      n.site_event_seq, n.voided_on as "voided_on: Day", n.void_reason, n.recorded_at, n.revision
               from notice n join site s on s.id = n.site_id left join document d on d.id = n.document_id "#
                + $rest
            $(, $arg)*
        )
    };
}

pub(super) async fn find(conn: &mut PgConnection, id: NoticeId) -> Result<Option<Row>> {
    Ok(rows!("where n.id = $1", id as NoticeId).fetch_optional(conn).await?)
}

/// Locks the notice until the act is over.
pub(super) async fn lock(conn: &mut PgConnection, id: NoticeId) -> Result<Option<Row>> {
    sqlx::query!("select id from notice where id = $1 for update", id as NoticeId).fetch_optional(&mut *conn).await?;
    // A statement of its own: the one that waited still sees the row as it was before.
    find(conn, id).await
}

/// What a list is narrowed to.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub scope: &'a Scope,
    pub site: Option<SiteId>,
    pub kind: Option<&'a str>,
    pub division: Option<&'a str>,
    pub status: Option<&'a str>,
    pub before: Option<NoticeId>,
    pub limit: i64,
}

/// The newest first. Departments see the notices of their sites; a land user those served on it or about its land now.
pub(super) async fn page(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>> {
    Ok(rows!(
        "where ($1::text[] is null or s.division_code = any($1))
           and ($2::text is null
                or (n.served_on is not null and (n.recipient_credit_code = $2 or s.land_user_credit_code = $2)))
           and not $3
           and ($4::uuid is null or n.site_id = $4)
           and ($5::text is null or n.kind = $5)
           and ($6::text is null or s.division_code in (select v.code from division v where v.ancestors @> array[$6::text]))
           and ($7::text is null or $7 = case when n.voided_on is not null then 'void'
                                              when n.received_on is not null then 'received'
                                              when n.served_on is not null then 'served' else 'issued' end)
           and ($8::uuid is null or n.id < $8)
         order by n.id desc limit $9",
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.scope.is_public(),
        filter.site as Option<SiteId>,
        filter.kind,
        filter.division,
        filter.status,
        filter.before as Option<NoticeId>,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// The number of the notice of a kind that is on its way for a site.
pub(super) async fn under_way(conn: &mut PgConnection, site: SiteId, kind: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select number from notice where site_id = $1 and kind = $2 and received_on is null and voided_on is null",
        site as SiteId,
        kind,
    )
    .fetch_optional(conn)
    .await?)
}

/// The next serial of a division, year and kind. Holds its row until the act ends, so that a notice that fails leaves no
/// gap.
pub(super) async fn next_serial(conn: &mut PgConnection, division: &str, year: i32, kind: &str) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into notice_counter as c (division_code, year, kind, last) values ($1, $2, $3, 1)
         on conflict (division_code, year, kind) do update set last = c.last + 1
         returning last",
        division,
        year,
        kind,
    )
    .fetch_one(conn)
    .await?)
}

/// Name and level of a division.
pub(super) async fn division_name(conn: &mut PgConnection, code: &str) -> Result<Option<(String, String)>> {
    let found = sqlx::query!("select name_zh, level from division where code = $1", code).fetch_optional(conn).await?;
    Ok(found.map(|row| (row.name_zh, row.level)))
}

/// A notice to be written.
pub(super) struct NewRow<'a> {
    pub id: NoticeId,
    pub number: &'a str,
    pub kind: &'a str,
    pub site: SiteId,
    pub issuer: &'a str,
    pub issuer_division: &'a str,
    pub issuer_role: &'a str,
    pub year: i32,
    pub serial: i32,
    pub issued_on: Day,
    pub recipient: &'a str,
    pub recipient_credit_code: Option<&'a str>,
    pub due_on: Option<Day>,
    pub reason: Option<&'a str>,
    pub paper: &'a Drafted,
    pub text_zh: &'a str,
    pub document: Option<DocumentId>,
    pub recorded_at: DateTime<Utc>,
}

pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into notice (id, number, kind, site_id, issuer, issuer_division, issuer_role, year, serial, issued_on,
                             recipient, recipient_credit_code, due_on, reason, paper, text_zh, summary_en, citations,
                             document_id, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        row.id as NoticeId,
        row.number,
        row.kind,
        row.site as SiteId,
        row.issuer,
        row.issuer_division,
        row.issuer_role,
        row.year,
        row.serial,
        row.issued_on as Day,
        row.recipient,
        row.recipient_credit_code,
        row.due_on as Option<Day>,
        row.reason,
        Json(row.paper) as _,
        row.text_zh,
        row.paper.summary_en,
        Json(&row.paper.citations) as _,
        row.document as Option<DocumentId>,
        row.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The days and papers of a service.
pub(super) struct Service<'a> {
    pub how: &'a str,
    pub served_on: Day,
    pub received_on: Option<Day>,
    pub proof: DocumentId,
    pub due_on: Option<Day>,
    pub site_event_seq: Option<i32>,
    pub document: Option<DocumentId>,
}

pub(super) async fn set_service(conn: &mut PgConnection, id: NoticeId, service: &Service<'_>) -> Result<()> {
    sqlx::query!(
        "update notice set served_how = $2, served_on = $3, received_on = $4, proof_id = $5, due_on = $6, site_event_seq = $7,
                document_id = $8
         where id = $1",
        id as NoticeId,
        service.how,
        service.served_on as Day,
        service.received_on as Option<Day>,
        service.proof as DocumentId,
        service.due_on as Option<Day>,
        service.site_event_seq,
        service.document as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn set_void(conn: &mut PgConnection, id: NoticeId, on: Day, reason: &str) -> Result<()> {
    sqlx::query!(
        "update notice set voided_on = $2, void_reason = $3 where id = $1",
        id as NoticeId,
        on as Day,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The PDF as it was filed.
pub(super) async fn content(conn: &mut PgConnection, sha256: &[u8]) -> Result<Vec<u8>> {
    Ok(sqlx::query_scalar!("select content from document_content where sha256 = $1", sha256).fetch_one(conn).await?)
}
