//! All SQL of `indicators_report` and its rows.

use super::rules::Row;
use crate::kernel::{ActId, Day, Decimal, DocumentId, IndicatorReportId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A report as stored.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: IndicatorReportId,
    pub division_code: String,
    pub year: i32,
    pub edition: i32,
    pub as_of: Day,
    pub made_at: DateTime<Utc>,
    pub reason: Option<String>,
    pub document_id: Option<DocumentId>,
    pub figures: String,
    pub sha256: Vec<u8>,
}

/// A row of a report as stored.
#[derive(Debug, Clone)]
pub struct ReportRow {
    pub n: i32,
    pub register: String,
    pub record_id: Uuid,
    pub code: String,
    pub division_code: String,
    pub whole: Decimal,
    pub part: Decimal,
    pub why_zh: String,
    pub why_en: String,
}

/// What a list is narrowed to.
pub struct Filter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    pub division: Option<String>,
    pub year: Option<i32>,
    pub after: Option<IndicatorReportId>,
    pub limit: i64,
}

/// The edition that comes next for a division and a year; the division's row is held, so that two reports at once follow
/// one another.
pub async fn next_edition(conn: &mut PgConnection, division: &str, year: i32) -> Result<i32> {
    sqlx::query!("select code from division where code = $1 for no key update", division)
        .fetch_optional(&mut *conn)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max(edition), 0) + 1 as "next!" from indicators_report where division_code = $1 and year = $2"#,
        division,
        year,
    )
    .fetch_one(conn)
    .await?)
}

/// Adds a report.
pub async fn insert(conn: &mut PgConnection, report: &Report, act: ActId) -> Result<()> {
    sqlx::query!(
        "insert into indicators_report (id, division_code, year, edition, as_of, made_at, act_id, reason, document_id,
             figures, sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        report.id as IndicatorReportId,
        report.division_code,
        report.year,
        report.edition,
        report.as_of as Day,
        report.made_at,
        act as ActId,
        report.reason,
        report.document_id as Option<DocumentId>,
        report.figures,
        report.sha256,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds the rows of one indicator of a report, in their order.
pub async fn insert_rows(
    conn: &mut PgConnection,
    report: IndicatorReportId,
    indicator: &str,
    rows: &[Row],
) -> Result<()> {
    sqlx::query!(
        "insert into indicators_report_row (report_id, indicator, n, register, record_id, code, division_code, whole, part,
             why_zh, why_en)
         select $1, $2, v.n::int4, v.register, v.record_id, v.code, v.division_code, v.whole, v.part, v.why_zh, v.why_en
         from unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::text[], $10::text[])
             with ordinality as v (register, record_id, code, division_code, whole, part, why_zh, why_en, n)",
        report as IndicatorReportId,
        indicator,
        &rows.iter().map(|row| row.register.to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.division_code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.whole).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.part).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.why.zh.to_string()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.why.en.to_string()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A report, within a scope.
pub async fn find(conn: &mut PgConnection, id: IndicatorReportId, scope: Option<&[String]>) -> Result<Option<Report>> {
    Ok(sqlx::query_as!(
        Report,
        r#"select id as "id: IndicatorReportId", division_code, year, edition, as_of as "as_of: Day", made_at, reason,
               document_id as "document_id: DocumentId", figures, sha256
           from indicators_report where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as IndicatorReportId,
        scope,
    )
    .fetch_optional(conn)
    .await?)
}

/// Reports, oldest first.
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<Report>> {
    Ok(sqlx::query_as!(
        Report,
        r#"select id as "id: IndicatorReportId", division_code, year, edition, as_of as "as_of: Day", made_at, reason,
               document_id as "document_id: DocumentId", figures, sha256
           from indicators_report
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::int4 is null or year = $3)
               and ($4::uuid is null or id > $4)
           order by id
           limit $5"#,
        filter.scope.as_deref(),
        filter.division,
        filter.year,
        filter.after as Option<IndicatorReportId>,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Rows of one indicator of a report, in their order, after one; with `counted` those of the numerator only.
pub async fn rows(
    conn: &mut PgConnection,
    report: IndicatorReportId,
    indicator: &str,
    counted: bool,
    after: i32,
    limit: i64,
) -> Result<Vec<ReportRow>> {
    Ok(sqlx::query_as!(
        ReportRow,
        r#"select n, register, record_id, code, division_code, whole, part, why_zh, why_en
           from indicators_report_row
           where report_id = $1 and indicator = $2 and n > $3 and (not $5 or part <> 0)
           order by n limit $4"#,
        report as IndicatorReportId,
        indicator,
        after,
        limit,
        counted,
    )
    .fetch_all(conn)
    .await?)
}
