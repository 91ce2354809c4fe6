//! All SQL of `redevelopment`.

use crate::kernel::{Day, DocumentId, RedevelopmentId, Result, SiteId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Land taken into use again, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Redevelopment {
    /// Its identifier.
    pub id: RedevelopmentId,
    /// Where it lies.
    pub division_code: String,
    /// The registered site, where the land is one.
    pub site_id: Option<SiteId>,
    /// The parcel's code, where it has one.
    pub parcel_code: Option<String>,
    /// What it is called.
    pub name: String,
    /// Land-use system of the new use.
    pub use_system: String,
    /// Land-use code of the new use.
    pub use_code: String,
    /// Which decision; see [`super::DECISIONS`].
    pub decision: String,
    /// Day of the decision.
    pub decided_on: Day,
    /// Area given, m².
    pub area_m2: f64,
    /// Conclusion of the survey of land that is no registered site.
    pub survey_conclusion: Option<String>,
    /// Day of its review.
    pub survey_reviewed_on: Option<Day>,
    /// The decision's paper.
    pub document_id: Option<DocumentId>,
    /// Why it was entered in error; `None` while it counts.
    pub withdrawn_reason: Option<String>,
    /// Version, from 1.
    pub revision: i32,
    /// When this version was recorded.
    pub sys_from: DateTime<Utc>,
}

/// What a list is narrowed to.
pub struct Filter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    pub division: Option<String>,
    pub site_id: Option<SiteId>,
    pub from: Option<Day>,
    pub to: Option<Day>,
    pub withdrawn: bool,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<RedevelopmentId>,
    pub limit: i64,
}

/// Adds one.
pub async fn insert(conn: &mut PgConnection, new: &Redevelopment) -> Result<()> {
    sqlx::query!(
        "insert into redevelopment (id, division_code, site_id, parcel_code, name, use_system, use_code, decision,
             decided_on, area_m2, survey_conclusion, survey_reviewed_on, document_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        new.id as RedevelopmentId,
        new.division_code,
        new.site_id as Option<SiteId>,
        new.parcel_code,
        new.name,
        new.use_system,
        new.use_code,
        new.decision,
        new.decided_on as Day,
        new.area_m2,
        new.survey_conclusion,
        new.survey_reviewed_on as Option<Day>,
        new.document_id as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One, locked until the act is over.
pub async fn lock(conn: &mut PgConnection, id: RedevelopmentId) -> Result<Option<Redevelopment>> {
    Ok(sqlx::query_as!(
        Redevelopment,
        r#"select id as "id: RedevelopmentId", division_code, site_id as "site_id: SiteId", parcel_code, name, use_system,
               use_code, decision, decided_on as "decided_on: Day", area_m2, survey_conclusion,
               survey_reviewed_on as "survey_reviewed_on: Day", document_id as "document_id: DocumentId", withdrawn_reason,
               revision, sys_from
           from redevelopment where id = $1 for update"#,
        id as RedevelopmentId,
    )
    .fetch_optional(conn)
    .await?)
}

/// One, within a scope.
pub async fn find(
    conn: &mut PgConnection,
    id: RedevelopmentId,
    scope: Option<&[String]>,
) -> Result<Option<Redevelopment>> {
    Ok(sqlx::query_as!(
        Redevelopment,
        r#"select id as "id: RedevelopmentId", division_code, site_id as "site_id: SiteId", parcel_code, name, use_system,
               use_code, decision, decided_on as "decided_on: Day", area_m2, survey_conclusion,
               survey_reviewed_on as "survey_reviewed_on: Day", document_id as "document_id: DocumentId", withdrawn_reason,
               revision, sys_from
           from redevelopment where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as RedevelopmentId,
        scope,
    )
    .fetch_optional(conn)
    .await?)
}

/// Marks one as entered in error.
pub async fn withdraw(conn: &mut PgConnection, id: RedevelopmentId, reason: &str) -> Result<()> {
    sqlx::query!("update redevelopment set withdrawn_reason = $2 where id = $1", id as RedevelopmentId, reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// Those asked for, oldest entry first.
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<Redevelopment>> {
    Ok(sqlx::query_as!(
        Redevelopment,
        r#"select id as "id!: RedevelopmentId", division_code as "division_code!", site_id as "site_id: SiteId", parcel_code,
               name as "name!", use_system as "use_system!", use_code as "use_code!", decision as "decision!",
               decided_on as "decided_on!: Day", area_m2 as "area_m2!", survey_conclusion,
               survey_reviewed_on as "survey_reviewed_on: Day", document_id as "document_id: DocumentId", withdrawn_reason,
               revision as "revision!", sys_from as "sys_from!"
           from (
               select * from redevelopment where $7::timestamptz is null or sys_from <= $7
               union all
               select * from redevelopment_history where sys_from <= $7 and sys_to > $7) as v
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::uuid is null or site_id = $3)
               and ($4::date is null or decided_on >= $4)
               and ($5::date is null or decided_on <= $5)
               and ($6 or withdrawn_reason is null)
               and ($8::uuid is null or id > $8)
           order by id
           limit $9"#,
        filter.scope.as_deref(),
        filter.division,
        filter.site_id as Option<SiteId>,
        filter.from as Option<Day>,
        filter.to as Option<Day>,
        filter.withdrawn,
        filter.known_at,
        filter.after as Option<RedevelopmentId>,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// All that counts in a division and below with a decision of these days, as known at an instant. No scope: figures are of
/// the whole division.
///
/// # Errors
/// When the database cannot be read.
pub async fn decided(
    conn: &mut PgConnection,
    division: &str,
    from: Option<Day>,
    to: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Redevelopment>> {
    let filter = Filter {
        scope: None,
        division: Some(division.to_owned()),
        site_id: None,
        from,
        to: Some(to),
        withdrawn: false,
        known_at,
        after: None,
        limit: i64::MAX,
    };
    list(conn, &filter).await
}
