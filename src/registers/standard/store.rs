//! All SQL of the tables of local standards.

use super::rules::versions::Version;
use crate::kernel::{Day, Decimal, DocumentId, Error, Result, StandardId, Text};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A version of a local standard.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: StandardId,
    pub code: String,
    pub key: String,
    pub kind: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub division_code: String,
    pub instrument_zh: String,
    pub instrument_en: Option<String>,
    pub number: Option<String>,
    pub article: Option<String>,
    pub url: Option<String>,
    pub document_id: Option<DocumentId>,
    pub verified: bool,
    pub effective_from: Day,
    pub effective_to: Option<Day>,
    pub withdrawn_on: Option<Day>,
    pub reason: Option<String>,
    pub recorded_at: DateTime<Utc>,
    pub revision: i32,
}

impl Version for Row {
    fn first_day(&self) -> Day {
        self.effective_from
    }

    fn stated_to(&self) -> Option<Day> {
        self.effective_to
    }

    fn withdrawn(&self) -> bool {
        self.withdrawn_on.is_some()
    }
}

/// A limit value of one.
#[derive(Debug, Clone)]
pub(super) struct LimitRow {
    pub local_id: StandardId,
    pub substance: String,
    pub land: String,
    pub ph_gt: Option<Decimal>,
    pub ph_le: Option<Decimal>,
    pub screening_value: Option<Decimal>,
    pub screening_unit: Option<String>,
    pub intervention_value: Option<Decimal>,
    pub intervention_unit: Option<String>,
    pub note: Option<String>,
}

/// The columns of [`Row`] from `v`, a version as it was known at `$1`; `null` is now.
macro_rules! rows {
    ($rest:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select v.id as "id!: StandardId", v.code as "code!", v.key as "key!", v.kind as "kind!",
                      v.name_zh as "name_zh!", v.name_en, v.division_code as "division_code!",
                      v.instrument_zh as "instrument_zh!", v.instrument_en, v.number, v.article, v.url,
                      v.document_id as "document_id: DocumentId", v.verified as "verified!",
                      v.effective_from as "effective_from!: Day", v.effective_to as "effective_to: Day",
                      v.withdrawn_on as "withdrawn_on: Day", v.reason, v.recorded_at as "recorded_at!",
                      v.revision as "revision!"
               from (select * from standard_local union all select * from standard_local_history) v
               where v.sys_from <= coalesce($1, 'infinity'::timestamptz)
                 and (v.sys_to is null or v.sys_to > coalesce($1, 'infinity'::timestamptz)) "#
                + $rest
            $(, $arg)*
        )
    };
}

/// Every version of a code, by first day.
pub(super) async fn versions(conn: &mut PgConnection, key: &str, known_at: Option<DateTime<Utc>>) -> Result<Vec<Row>> {
    Ok(rows!("and v.key = $2 order by v.effective_from, v.id", known_at, key).fetch_all(conn).await?)
}

/// Holds back other acts on the code until this one is over.
pub(super) async fn lock(conn: &mut PgConnection, key: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('standard/' || $1, 0)) as lock", key)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// What a list is narrowed to.
pub(super) struct Filter<'a> {
    pub known_at: Option<DateTime<Utc>>,
    /// Those that hold in this division: its own, and those of the divisions above it.
    pub division: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub after: Option<&'a str>,
    pub limit: i64,
}

/// The versions of a page of codes, by key and first day.
pub(super) async fn page(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>> {
    Ok(rows!(
        "and v.key in (
               select o.key from (select * from standard_local union all select * from standard_local_history) o
               where o.sys_from <= coalesce($1, 'infinity'::timestamptz)
                 and (o.sys_to is null or o.sys_to > coalesce($1, 'infinity'::timestamptz))
                 and ($2::text is null
                      or o.division_code = any(coalesce((select d.ancestors from division d where d.code = $2), array[$2])))
                 and ($3::text is null or o.kind = $3)
                 and ($4::text is null or o.key > $4)
               group by o.key order by o.key limit $5)
         order by v.key, v.effective_from, v.id",
        filter.known_at,
        filter.division,
        filter.kind,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// The versions of the codes that have one in force where a soil lies, as known at an instant.
pub(super) async fn of_division(
    conn: &mut PgConnection,
    division: &str,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Row>> {
    Ok(rows!(
        "and v.division_code = any(
               coalesce((select d.ancestors from division d where d.code = $2),
                        array[$2, left($2, 4) || '00', left($2, 2) || '0000']))
         order by v.key, v.effective_from, v.id",
        known_at,
        division,
    )
    .fetch_all(conn)
    .await?)
}

/// The limit values of some versions, in printed order. They never change, so that there is no earlier knowledge of them.
pub(super) async fn limits(conn: &mut PgConnection, of: &[StandardId]) -> Result<Vec<LimitRow>> {
    Ok(sqlx::query_as!(
        LimitRow,
        r#"select local_id as "local_id: StandardId", substance, land, ph_gt, ph_le, screening_value, screening_unit,
                  intervention_value, intervention_unit, note
           from standard_local_limit where local_id = any($1) order by local_id, seq"#,
        of as &[StandardId],
    )
    .fetch_all(conn)
    .await?)
}

/// Names of a division.
pub(super) async fn division_name(conn: &mut PgConnection, code: &str) -> Result<Option<Text>> {
    let found =
        sqlx::query!("select name_zh, name_en from division where code = $1", code).fetch_optional(conn).await?;
    Ok(found.map(|row| Text::new(row.name_zh.clone(), row.name_en.unwrap_or(row.name_zh))))
}

pub(super) async fn insert(conn: &mut PgConnection, row: &Row) -> Result<()> {
    sqlx::query!(
        "insert into standard_local (id, code, key, kind, name_zh, name_en, division_code, instrument_zh, instrument_en,
                                     number, article, url, document_id, verified, effective_from, effective_to, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        row.id as StandardId,
        row.code,
        row.key,
        row.kind,
        row.name_zh,
        row.name_en,
        row.division_code,
        row.instrument_zh,
        row.instrument_en,
        row.number,
        row.article,
        row.url,
        row.document_id as Option<DocumentId>,
        row.verified,
        row.effective_from as Day,
        row.effective_to as Option<Day>,
        row.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_limits(conn: &mut PgConnection, rows: &[(Uuid, LimitRow)]) -> Result<()> {
    let seq: Vec<i32> = (1..=rows.len()).map(i32::try_from).collect::<Result<_, _>>().map_err(Error::internal)?;
    sqlx::query!(
        "insert into standard_local_limit (id, local_id, seq, substance, land, ph_gt, ph_le, screening_value,
                                           screening_unit, intervention_value, intervention_unit, note)
         select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::numeric[], $7::numeric[],
                              $8::numeric[], $9::text[], $10::numeric[], $11::text[], $12::text[])",
        &rows.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.local_id).collect::<Vec<_>>() as &[StandardId],
        &seq,
        &rows.iter().map(|(_, row)| row.substance.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.land.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.ph_gt).collect::<Vec<_>>() as &[Option<Decimal>],
        &rows.iter().map(|(_, row)| row.ph_le).collect::<Vec<_>>() as &[Option<Decimal>],
        &rows.iter().map(|(_, row)| row.screening_value).collect::<Vec<_>>() as &[Option<Decimal>],
        &rows.iter().map(|(_, row)| row.screening_unit.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|(_, row)| row.intervention_value).collect::<Vec<_>>() as &[Option<Decimal>],
        &rows.iter().map(|(_, row)| row.intervention_unit.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|(_, row)| row.note.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what may be amended, and the withdrawal.
pub(super) async fn update(conn: &mut PgConnection, row: &Row) -> Result<()> {
    sqlx::query!(
        "update standard_local set name_zh = $2, name_en = $3, instrument_zh = $4, instrument_en = $5, number = $6,
                article = $7, url = $8, document_id = $9, verified = $10, effective_to = $11, withdrawn_on = $12, reason = $13
         where id = $1",
        row.id as StandardId,
        row.name_zh,
        row.name_en,
        row.instrument_zh,
        row.instrument_en,
        row.number,
        row.article,
        row.url,
        row.document_id as Option<DocumentId>,
        row.verified,
        row.effective_to as Option<Day>,
        row.withdrawn_on as Option<Day>,
        row.reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// That the local standards of a division are not what they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The division that they hold in, here and below.
    pub division_code: String,
    /// When a version was last entered, changed or withdrawn.
    pub recorded_at: DateTime<Utc>,
    /// The last day, up to the one asked, on which a version began or was over.
    pub began_or_ended: Option<Day>,
}

/// The divisions that have local standards, and when these last moved, up to a day.
///
/// # Errors
/// When the database cannot be read.
pub async fn moved(conn: &mut PgConnection, on: Day) -> Result<Vec<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"select division_code as "division_code!", max(sys_from) as "recorded_at!",
               max(greatest(case when effective_from <= $1 then effective_from end,
                   case when effective_to < $1 then effective_to + 1 end)) as "began_or_ended: Day"
           from (select division_code, sys_from, effective_from, effective_to from standard_local
                 union all
                 select division_code, sys_from, effective_from, effective_to from standard_local_history) as v
           group by division_code
           order by division_code"#,
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}
