//! All SQL of the tables of measures. Of farmland units, code, area, class and existence on a day are read beside them.

use super::rules::{Entry, MeasureEvent, MeasureKind, Standing};
use crate::kernel::{Day, DocumentId, Error, FarmlandMeasureId, FarmlandUnitId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A measure to be entered.
#[derive(Debug, Clone)]
pub struct NewRow {
    pub id: FarmlandMeasureId,
    pub number: String,
    pub kind: MeasureKind,
    pub title: String,
    pub division_code: String,
    pub from_on: Day,
    pub to_on: Option<Day>,
    pub proposed_by: String,
    pub proposed_on: Day,
    pub executor: Option<String>,
    pub actions: Vec<String>,
    pub products: Vec<String>,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
    pub area_m2: Option<f64>,
    pub ewkb: Option<Vec<u8>>,
}

/// A measure as stored, as it stands on the day asked, with what it covers.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: FarmlandMeasureId,
    pub number: String,
    pub kind: String,
    pub title: String,
    pub division_code: String,
    pub from_on: Day,
    pub to_on: Option<Day>,
    pub proposed_by: String,
    pub proposed_on: Day,
    pub executor: Option<String>,
    pub actions: Vec<String>,
    pub products: Vec<String>,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
    pub approved_on: Option<Day>,
    pub approved_by: Option<String>,
    pub approval_number: Option<String>,
    pub filed_on: Option<Day>,
    pub effective_on: Option<Day>,
    pub uploaded_on: Option<Day>,
    pub effect_reported_on: Option<Day>,
    pub ended_on: Option<Day>,
    pub withdrawn_on: Option<Day>,
    pub area_m2: Option<f64>,
    pub wkb: Option<Vec<u8>>,
    pub status: String,
    pub units: i64,
    pub units_m2: f64,
    pub revision: i32,
}

impl Row {
    /// Its kind.
    pub fn kind(&self) -> Result<MeasureKind> {
        MeasureKind::parse(&self.kind).ok_or_else(|| Error::internal(format!("a measure of kind {}", self.kind)))
    }

    /// What its events come to, as its record keeps it.
    pub fn standing(&self) -> Standing {
        Standing {
            approved_on: self.approved_on,
            approved_by: self.approved_by.clone(),
            approval_number: self.approval_number.clone(),
            filed_on: self.filed_on,
            effective_on: self.effective_on,
            uploaded_on: self.uploaded_on,
            effect_reported_on: self.effect_reported_on,
            ended_on: self.ended_on,
            withdrawn_on: self.withdrawn_on,
        }
    }
}

/// The day asked about, and what the registry knew then; `None`: all that it knows.
#[derive(Debug, Clone, Copy)]
pub struct When {
    pub on: Day,
    pub known_at: Option<DateTime<Utc>>,
}

/// What a list is narrowed to.
#[derive(Debug)]
pub struct Filter<'a> {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<&'a [String]>,
    pub division: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub status: Option<&'a str>,
    pub unit: Option<FarmlandUnitId>,
    pub year: Option<i32>,
    pub when: When,
    pub after: Option<String>,
    pub limit: i64,
}

/// Rows of measures from a table of them named `m`; `$1` is the day, `$2` the instant.
macro_rules! rows {
    ([$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select m.id as "id!: FarmlandMeasureId", m.number as "number!", m.kind as "kind!", m.title as "title!",
                      m.division_code as "division_code!", m.from_on as "from_on!: Day", m.to_on as "to_on: Day",
                      m.proposed_by as "proposed_by!", m.proposed_on as "proposed_on!: Day", m.executor,
                      m.actions as "actions!", m.products as "products!", m.document_id as "document_id: DocumentId", m.note,
                      m.approved_on as "approved_on: Day", m.approved_by, m.approval_number, m.filed_on as "filed_on: Day",
                      m.effective_on as "effective_on: Day", m.uploaded_on as "uploaded_on: Day",
                      m.effect_reported_on as "effect_reported_on: Day", m.ended_on as "ended_on: Day",
                      m.withdrawn_on as "withdrawn_on: Day", m.area_m2, st_asbinary(m.geom) as wkb,
                      farmland_measure_status(m.kind, m.from_on, m.to_on, m.approved_on, m.effective_on, m.ended_on,
                                              m.withdrawn_on, $1) as "status!",
                      c.units as "units!", c.units_m2 as "units_m2!", m.revision as "revision!""# + $($rest)+
            $(, $arg)*
        )
    };
}

/// The next serial of a division, year and kind. Holds its row until the act ends, so that an act that fails leaves no gap.
pub async fn next_serial(conn: &mut PgConnection, division: &str, year: i32, kind: MeasureKind) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into farmland_measure_counter as c (division_code, year, kind, last) values ($1, $2, $3, 1)
         on conflict (division_code, year, kind) do update set last = c.last + 1
         returning last",
        division,
        year,
        kind.as_str(),
    )
    .fetch_one(conn)
    .await?)
}

pub async fn insert(conn: &mut PgConnection, row: &NewRow) -> Result<()> {
    sqlx::query!(
        "insert into farmland_measure (id, number, kind, title, division_code, from_on, to_on, proposed_by, proposed_on,
                                       executor, actions, products, document_id, note, area_m2, geom)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, st_geomfromewkb($16))",
        row.id as FarmlandMeasureId,
        row.number,
        row.kind.as_str(),
        row.title,
        row.division_code,
        row.from_on as Day,
        row.to_on as Option<Day>,
        row.proposed_by,
        row.proposed_on as Day,
        row.executor,
        &row.actions,
        &row.products,
        row.document_id as Option<DocumentId>,
        row.note,
        row.area_m2,
        row.ewkb.as_deref(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes over what may change of a measure.
pub async fn update(conn: &mut PgConnection, row: &Row) -> Result<()> {
    sqlx::query!(
        "update farmland_measure set title = $2, from_on = $3, to_on = $4, executor = $5, actions = $6, products = $7,
                                     document_id = $8, note = $9
         where id = $1",
        row.id as FarmlandMeasureId,
        row.title,
        row.from_on as Day,
        row.to_on as Option<Day>,
        row.executor,
        &row.actions,
        &row.products,
        row.document_id as Option<DocumentId>,
        row.note,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes over what a measure's events come to.
pub async fn set_standing(conn: &mut PgConnection, id: FarmlandMeasureId, standing: &Standing) -> Result<()> {
    sqlx::query!(
        "update farmland_measure set approved_on = $2, approved_by = $3, approval_number = $4, filed_on = $5,
                                     effective_on = $6, uploaded_on = $7, effect_reported_on = $8, ended_on = $9,
                                     withdrawn_on = $10
         where id = $1",
        id as FarmlandMeasureId,
        standing.approved_on as Option<Day>,
        standing.approved_by,
        standing.approval_number,
        standing.filed_on as Option<Day>,
        standing.effective_on as Option<Day>,
        standing.uploaded_on as Option<Day>,
        standing.effect_reported_on as Option<Day>,
        standing.ended_on as Option<Day>,
        standing.withdrawn_on as Option<Day>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Holds a measure's row until the act ends; whether there is one.
pub async fn lock(conn: &mut PgConnection, id: FarmlandMeasureId) -> Result<bool> {
    let found = sqlx::query!("select id from farmland_measure where id = $1 for update", id as FarmlandMeasureId);
    Ok(found.fetch_optional(conn).await?.is_some())
}

/// A measure's own outline as EWKB, where it has one.
pub async fn outline(conn: &mut PgConnection, id: FarmlandMeasureId) -> Result<Option<Vec<u8>>> {
    let outline =
        sqlx::query_scalar!("select st_asewkb(geom) from farmland_measure where id = $1", id as FarmlandMeasureId);
    Ok(outline.fetch_optional(conn).await?.flatten())
}

/// A measure, where it may be seen: one of the caller's divisions, or of a division above them.
pub async fn find(
    conn: &mut PgConnection,
    id: FarmlandMeasureId,
    scope: Option<&[String]>,
    when: When,
) -> Result<Option<Row>> {
    Ok(rows!(
        [
            " from farmland_measures_known($2) m
           cross join lateral (
               select count(*) as units, coalesce(sum(f.area_m2 * u.area_share), 0) as units_m2
               from farmland_measure_units_known($2) u join farmland_unit f on f.id = u.unit_id
               where u.measure_id = m.id) c
           where m.id = $3
             and ($4::text[] is null or m.division_code = any($4)
                  or exists (select from division d where d.code = any($4) and d.ancestors @> array[m.division_code]))"
        ],
        when.on as Day,
        when.known_at,
        id as FarmlandMeasureId,
        scope,
    )
    .fetch_optional(conn)
    .await?)
}

/// Measures in the order of their numbers.
pub async fn list(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>> {
    Ok(rows!(
        [" from (
               select m.* from farmland_measures_known($2) m
               where m.proposed_on <= $1
                 and ($3::text[] is null or m.division_code = any($3)
                      or exists (select from division d where d.code = any($3) and d.ancestors @> array[m.division_code]))
                 and ($4::text is null
                      or m.division_code in (select d.code from division d where d.ancestors @> array[$4::text]))
                 and ($5::text is null or m.kind = $5)
                 and ($6::text is null
                      or farmland_measure_status(m.kind, m.from_on, m.to_on, m.approved_on, m.effective_on, m.ended_on,
                                                 m.withdrawn_on, $1) = $6)
                 and ($7::uuid is null or exists (select from farmland_measure_units_known($2) u
                                                  where u.unit_id = $7 and u.measure_id = m.id))
                 and ($8::int is null or (extract(year from m.from_on) <= $8
                                          and (m.to_on is null or extract(year from m.to_on) >= $8)))
                 and ($9::text is null or m.number > $9)
               order by m.number
               limit $10) m
           cross join lateral (
               select count(*) as units, coalesce(sum(f.area_m2 * u.area_share), 0) as units_m2
               from farmland_measure_units_known($2) u join farmland_unit f on f.id = u.unit_id
               where u.measure_id = m.id) c
           order by m.number"],
        filter.when.on as Day,
        filter.when.known_at,
        filter.scope,
        filter.division,
        filter.kind,
        filter.status,
        filter.unit as Option<FarmlandUnitId>,
        filter.year,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Which of these divisions do not lie in another one.
pub async fn outside(conn: &mut PgConnection, codes: &[String], of: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select code from division where code = any($1) and not ancestors @> array[$2::text]",
        codes,
        of,
    )
    .fetch_all(conn)
    .await?)
}

/// A share of a unit that a measure covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covered {
    pub unit: FarmlandUnitId,
    pub area_share: f64,
}

/// Covers units; gives how many are new or changed.
pub async fn cover(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    ids: &[Uuid],
    units: &[Covered],
) -> Result<u64> {
    let done = sqlx::query!(
        "insert into farmland_measure_unit as t (id, measure_id, unit_id, area_share)
         select v.id, $1, v.unit, v.share from unnest($2::uuid[], $3::uuid[], $4::float8[]) as v (id, unit, share)
         on conflict (measure_id, unit_id) do update set area_share = excluded.area_share, removed = false
         where (t.area_share, t.removed) is distinct from (excluded.area_share, false)",
        measure as FarmlandMeasureId,
        ids,
        &units.iter().map(|unit| unit.unit.0).collect::<Vec<_>>(),
        &units.iter().map(|unit| unit.area_share).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Takes units out; gives how many.
pub async fn uncover(conn: &mut PgConnection, measure: FarmlandMeasureId, units: &[FarmlandUnitId]) -> Result<u64> {
    let done = sqlx::query!(
        "update farmland_measure_unit set removed = true where measure_id = $1 and unit_id = any($2) and not removed",
        measure as FarmlandMeasureId,
        units as &[FarmlandUnitId],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Which of these units a measure covers.
pub async fn covered(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    units: &[FarmlandUnitId],
) -> Result<Vec<FarmlandUnitId>> {
    Ok(sqlx::query_scalar!(
        r#"select unit_id as "unit_id: FarmlandUnitId" from farmland_measure_unit
           where measure_id = $1 and unit_id = any($2) and not removed"#,
        measure as FarmlandMeasureId,
        units as &[FarmlandUnitId],
    )
    .fetch_all(conn)
    .await?)
}

/// How many units a measure covers.
pub async fn how_many(conn: &mut PgConnection, measure: FarmlandMeasureId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from farmland_measure_unit where measure_id = $1 and not removed"#,
        measure as FarmlandMeasureId,
    )
    .fetch_one(conn)
    .await?)
}

/// A unit that a measure covers, with what is true of it on the day asked.
#[derive(Debug, Clone)]
pub struct UnitRow {
    pub unit_id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    pub class: String,
    pub land_type: String,
    pub crop: Option<String>,
    pub area_m2: f64,
    pub area_share: f64,
    pub living: bool,
}

/// The units of a measure in the order of their codes. `unfit` are the classes that it is meant for, where only those are
/// wanted that are of another class, or do not exist on the day.
pub async fn units(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    scope: Option<&[String]>,
    when: When,
    unfit: Option<&[String]>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select u.unit_id as "unit_id!: FarmlandUnitId", f.code as "code!", f.division_code as "division_code!",
                  f.class as "class!", f.land_type as "land_type!", f.crop, f.area_m2 as "area_m2!",
                  u.area_share as "area_share!", f.living as "living!"
           from farmland_measure_units_known($2) u join farmland_units_at($3, $2) f on f.id = u.unit_id
           where u.measure_id = $1
             and ($4::text[] is null or f.division_code = any($4))
             and ($5::text[] is null or not f.living or f.class <> all($5))
             and ($6::text is null or f.code > $6)
           order by f.code
           limit $7"#,
        measure as FarmlandMeasureId,
        when.known_at,
        when.on as Day,
        scope,
        unfit,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// What a plan is to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub year: i32,
    pub action: String,
    pub area_m2: f64,
}

/// Sets the targets of a measure to these.
pub async fn set_targets(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    ids: &[Uuid],
    targets: &[Target],
) -> Result<()> {
    let years: Vec<i32> = targets.iter().map(|target| target.year).collect();
    let actions: Vec<String> = targets.iter().map(|target| target.action.clone()).collect();
    sqlx::query!(
        "update farmland_measure_target t set removed = true
         where t.measure_id = $1 and not t.removed
           and not exists (select from unnest($2::int[], $3::text[]) as v (year, action)
                           where v.year = t.year and v.action = t.action)",
        measure as FarmlandMeasureId,
        &years,
        &actions,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into farmland_measure_target as t (id, measure_id, year, action, area_m2)
         select v.id, $1, v.year, v.action, v.area
         from unnest($2::uuid[], $3::int[], $4::text[], $5::float8[]) as v (id, year, action, area)
         on conflict (measure_id, year, action) do update set area_m2 = excluded.area_m2, removed = false
         where (t.area_m2, t.removed) is distinct from (excluded.area_m2, false)",
        measure as FarmlandMeasureId,
        ids,
        &years,
        &actions,
        &targets.iter().map(|target| target.area_m2).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The targets of some measures, by year.
pub async fn targets(
    conn: &mut PgConnection,
    measures: &[FarmlandMeasureId],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<(FarmlandMeasureId, Target)>> {
    let rows = sqlx::query!(
        r#"select measure_id as "measure_id!: FarmlandMeasureId", year as "year!", action as "action!",
                  area_m2 as "area_m2!"
           from farmland_measure_targets_known($2) where measure_id = any($1) order by year, action"#,
        measures as &[FarmlandMeasureId],
        known_at,
    );
    let rows = rows.fetch_all(conn).await?.into_iter();
    Ok(rows.map(|r| (r.measure_id, Target { year: r.year, action: r.action, area_m2: r.area_m2 })).collect())
}

/// An event as stored.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub seq: i32,
    pub r#type: String,
    pub occurred_on: Day,
    pub body: Option<String>,
    pub number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub reason: Option<String>,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
    pub voided: bool,
}

impl EventRow {
    /// As it counts.
    pub fn entry(&self) -> Result<Entry> {
        let event = MeasureEvent::parse(&self.r#type)
            .ok_or_else(|| Error::internal(format!("a measure's event of type {}", self.r#type)))?;
        Ok(Entry { event, on: self.occurred_on, body: self.body.clone(), number: self.number.clone() })
    }
}

/// The events of a measure in the order of their entry.
pub async fn events(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"select seq as "seq!", type as "type!", occurred_on as "occurred_on!: Day", body, number,
                  document_id as "document_id: DocumentId", reason, recorded_by as "recorded_by!",
                  recorded_at as "recorded_at!", voided as "voided!"
           from farmland_measure_events_known($2) where measure_id = $1 order by seq"#,
        measure as FarmlandMeasureId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

pub async fn add_event(conn: &mut PgConnection, measure: FarmlandMeasureId, id: Uuid, event: &EventRow) -> Result<()> {
    sqlx::query!(
        "insert into farmland_measure_event (id, measure_id, seq, type, occurred_on, body, number, document_id, reason,
                                             recorded_by, recorded_at, voided)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id,
        measure as FarmlandMeasureId,
        event.seq,
        event.r#type,
        event.occurred_on as Day,
        event.body,
        event.number,
        event.document_id as Option<DocumentId>,
        event.reason,
        event.recorded_by,
        event.recorded_at,
        event.voided,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn void_event(conn: &mut PgConnection, measure: FarmlandMeasureId, seq: i32) -> Result<()> {
    sqlx::query!(
        "update farmland_measure_event set voided = true where measure_id = $1 and seq = $2",
        measure as FarmlandMeasureId,
        seq,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was done on a unit in a year.
#[derive(Debug, Clone)]
pub struct NewResult {
    pub unit: FarmlandUnitId,
    pub implemented: bool,
    pub products_ok: &'static str,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
}

/// Records the results of a year, in the place of those recorded before; gives how many are new or changed.
pub async fn put_results(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    year: i32,
    ids: &[Uuid],
    results: &[NewResult],
) -> Result<u64> {
    let done = sqlx::query!(
        "insert into farmland_measure_result as t (id, measure_id, unit_id, year, implemented, products_ok, document_id, note)
         select v.id, $1, v.unit, $2, v.implemented, v.products_ok, v.document, v.note
         from unnest($3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::uuid[], $8::text[])
              as v (id, unit, implemented, products_ok, document, note)
         on conflict (measure_id, unit_id, year) do update
            set implemented = excluded.implemented, products_ok = excluded.products_ok,
                document_id = excluded.document_id, note = excluded.note
            where (t.implemented, t.products_ok, t.document_id, t.note)
                  is distinct from (excluded.implemented, excluded.products_ok, excluded.document_id, excluded.note)",
        measure as FarmlandMeasureId,
        year,
        ids,
        &results.iter().map(|r| r.unit.0).collect::<Vec<_>>(),
        &results.iter().map(|r| r.implemented).collect::<Vec<_>>(),
        &results.iter().map(|r| r.products_ok.to_owned()).collect::<Vec<_>>(),
        &results.iter().map(|r| r.document_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &results.iter().map(|r| r.note.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Whether any result was recorded under a measure.
pub async fn has_results(conn: &mut PgConnection, measure: FarmlandMeasureId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from farmland_measure_result where measure_id = $1) as "any!""#,
        measure as FarmlandMeasureId,
    )
    .fetch_one(conn)
    .await?)
}

/// A result as stored.
#[derive(Debug, Clone)]
pub struct StoredResult {
    pub unit_id: FarmlandUnitId,
    pub code: String,
    pub year: i32,
    pub implemented: bool,
    pub products_ok: String,
    pub document_id: Option<DocumentId>,
    pub note: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

/// The results of a measure, by year and code of the unit, after the row with that year and code.
pub async fn results_of(
    conn: &mut PgConnection,
    measure: FarmlandMeasureId,
    scope: Option<&[String]>,
    year: Option<i32>,
    known_at: Option<DateTime<Utc>>,
    after: Option<(i32, String)>,
    limit: i64,
) -> Result<Vec<StoredResult>> {
    let (after_year, after_code) = after.unzip();
    Ok(sqlx::query_as!(
        StoredResult,
        r#"select r.unit_id as "unit_id!: FarmlandUnitId", f.code as "code!", r.year as "year!",
                  r.implemented as "implemented!", r.products_ok as "products_ok!",
                  r.document_id as "document_id: DocumentId", r.note, r.sys_from as "recorded_at!"
           from farmland_measure_results_known($3) r join farmland_unit f on f.id = r.unit_id
           where r.measure_id = $1
             and ($2::int is null or r.year = $2)
             and ($4::int is null or (r.year, f.code) > ($4, $5))
             and ($7::text[] is null or f.division_code = any($7))
           order by r.year, f.code
           limit $6"#,
        measure as FarmlandMeasureId,
        year,
        known_at,
        after_year,
        after_code,
        limit,
        scope,
    )
    .fetch_all(conn)
    .await?)
}

/// A result as others count it.
#[derive(Debug, Clone)]
pub struct CountedRow {
    pub measure_id: FarmlandMeasureId,
    pub kind: String,
    pub unit_id: FarmlandUnitId,
    pub area_share: f64,
    pub implemented: bool,
    pub products_ok: String,
}

/// The results of a year in a division and below, of measures that stand.
pub async fn counted(
    conn: &mut PgConnection,
    division: Option<&str>,
    year: i32,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CountedRow>> {
    Ok(sqlx::query_as!(
        CountedRow,
        r#"select r.measure_id as "measure_id!: FarmlandMeasureId", m.kind as "kind!",
                  r.unit_id as "unit_id!: FarmlandUnitId", u.area_share as "area_share!", r.implemented as "implemented!",
                  r.products_ok as "products_ok!"
           from farmland_measure_results_known($3) r
               join farmland_measures_known($3) m on m.id = r.measure_id and m.effective_on is not null
               join farmland_measure_units_known($3) u on u.measure_id = r.measure_id and u.unit_id = r.unit_id
               join farmland_unit f on f.id = r.unit_id
           where r.year = $2
             and ($1::text is null
                  or f.division_code in (select d.code from division d where d.ancestors @> array[$1::text]))
           order by r.unit_id, m.kind, r.measure_id"#,
        division,
        year,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A unit under a measure that holds.
#[derive(Debug, Clone)]
pub struct InForceRow {
    pub measure_id: FarmlandMeasureId,
    pub number: String,
    pub kind: String,
    pub unit_id: FarmlandUnitId,
    pub area_share: f64,
}

/// Units under measures that hold on a day: of some units, or of a division and below.
pub async fn in_force(
    conn: &mut PgConnection,
    units: Option<&[FarmlandUnitId]>,
    division: Option<&str>,
    when: When,
) -> Result<Vec<InForceRow>> {
    Ok(sqlx::query_as!(
        InForceRow,
        r#"select m.id as "measure_id!: FarmlandMeasureId", m.number as "number!", m.kind as "kind!",
                  u.unit_id as "unit_id!: FarmlandUnitId", u.area_share as "area_share!"
           from farmland_measures_known($4) m
               join farmland_measure_units_known($4) u on u.measure_id = m.id
               join farmland_unit f on f.id = u.unit_id
           where farmland_measure_status(m.kind, m.from_on, m.to_on, m.approved_on, m.effective_on, m.ended_on,
                                         m.withdrawn_on, $3) = 'in_force'
             and ($1::uuid[] is null or u.unit_id = any($1))
             and ($2::text is null
                  or f.division_code in (select d.code from division d where d.ancestors @> array[$2::text]))
           order by u.unit_id, m.number"#,
        units as Option<&[FarmlandUnitId]>,
        division,
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}
