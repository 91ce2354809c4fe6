//! All SQL of the tables of adjustments. Names and parents of divisions are read beside them.

use super::rules::{ChangeSum, Elements, EventType, Facts, Status, Trigger};
use crate::kernel::{ClassAdjustmentId, Day, Error, FarmlandUnitId, Result, Text};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// A proposal as its row says.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: ClassAdjustmentId,
    pub number: String,
    pub division_code: String,
    pub trigger: String,
    pub status: String,
    pub status_since: Day,
    pub round: i32,
    pub effective_on: Option<Day>,
    pub approval_number: Option<String>,
    pub approved_on: Option<Day>,
    pub evidence_documents: Vec<Uuid>,
    pub evidence_samples: Vec<Uuid>,
    pub evidence_text: Option<String>,
    pub note: Option<String>,
    pub confirms: bool,
    pub units_total: i32,
    pub area_m2: f64,
    pub changes: Json<Vec<ChangeSum>>,
    pub proposed_on: Day,
    pub recorded_at: DateTime<Utc>,
    pub revision: i32,
}

impl Row {
    pub fn status(&self) -> Result<Status> {
        Status::parse(&self.status)
            .ok_or_else(|| Error::internal(format!("adjustment {} stands {}", self.id, self.status)))
    }

    pub fn trigger(&self) -> Result<Trigger> {
        Trigger::parse(&self.trigger)
            .ok_or_else(|| Error::internal(format!("adjustment {} is for {}", self.id, self.trigger)))
    }
}

/// The columns of [`Row`] from `a`, a table of proposals.
macro_rules! rows {
    ([$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select a.id as "id!: ClassAdjustmentId", a.number as "number!", a.division_code as "division_code!",
                      a.trigger as "trigger!", a.status as "status!", a.status_since as "status_since!: Day",
                      a.round as "round!", a.effective_on as "effective_on: Day", a.approval_number,
                      a.approved_on as "approved_on: Day", a.evidence_documents as "evidence_documents!",
                      a.evidence_samples as "evidence_samples!", a.evidence_text, a.note, a.confirms as "confirms!",
                      a.units_total as "units_total!", a.area_m2 as "area_m2!",
                      a.changes as "changes!: Json<Vec<ChangeSum>>", a.proposed_on as "proposed_on!: Day",
                      a.recorded_at as "recorded_at!", a.revision as "revision!""#
                + $($rest)+
            $(, $arg)*
        )
    };
}

/// A proposal, as known at an instant or now.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Row>> {
    Ok(match known_at {
        None => {
            rows!([" from class_adjustment a where a.id = $1"], id as ClassAdjustmentId).fetch_optional(conn).await?
        }
        Some(at) => {
            rows!(
                [" from (select * from class_adjustment where id = $1 and sys_from <= $2
                         union all
                         select * from class_adjustment_history where id = $1 and sys_from <= $2 and sys_to > $2) a"],
                id as ClassAdjustmentId,
                at,
            )
            .fetch_optional(conn)
            .await?
        }
    })
}

/// Locks the proposal until the act is over.
pub(super) async fn lock(conn: &mut PgConnection, id: ClassAdjustmentId) -> Result<Option<Row>> {
    sqlx::query!("select id from class_adjustment where id = $1 for update", id as ClassAdjustmentId)
        .fetch_optional(&mut *conn)
        .await?;
    // A statement of its own: the one that waited still sees the row as it was before.
    find(conn, id, None).await
}

/// What a list is narrowed to.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub scope: &'a Scope,
    pub known_at: Option<DateTime<Utc>>,
    pub status: Option<&'a str>,
    pub division: Option<&'a str>,
    pub trigger: Option<&'a str>,
    pub unit: Option<FarmlandUnitId>,
    pub before: Option<ClassAdjustmentId>,
    pub limit: i64,
}

macro_rules! page {
    ([$($from:tt)+], $filter:expr) => {
        rows!(
            [" from " + $($from)+ + " a
               where ($1::timestamptz is null or a.sys_from <= $1)
                 and ($2::text[] is null or a.division_code = any($2))
                 and not $3
                 and ($4::text is null or a.status = $4)
                 and ($5::text is null
                      or a.division_code in (select v.code from division v where v.ancestors @> array[$5::text]))
                 and ($6::text is null or a.trigger = $6)
                 and ($7::uuid is null
                      or a.id in (select u.adjustment_id from class_adjustment_unit u
                                  where u.unit_id = $7 and ($1::timestamptz is null or u.round <= a.round)))
                 and ($8::uuid is null or a.id < $8)
               order by a.id desc limit $9"],
            $filter.known_at,
            $filter.scope.divisions(),
            $filter.scope.is_public(),
            $filter.status,
            $filter.division,
            $filter.trigger,
            $filter.unit as Option<FarmlandUnitId>,
            $filter.before as Option<ClassAdjustmentId>,
            $filter.limit,
        )
    };
}

/// The newest first.
pub(super) async fn page(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>> {
    Ok(match filter.known_at {
        None => page!(["class_adjustment"], filter).fetch_all(conn).await?,
        Some(_) => {
            page!(
                ["(select * from class_adjustment where sys_from <= $1
                   union all
                   select * from class_adjustment_history where sys_from <= $1 and sys_to > $1)"],
                filter
            )
            .fetch_all(conn)
            .await?
        }
    })
}

/// A proposal to be written.
pub(super) struct NewRow<'a> {
    pub id: ClassAdjustmentId,
    pub number: &'a str,
    pub division_code: &'a str,
    pub trigger: Trigger,
    pub on: Day,
    pub round: &'a Round<'a>,
    pub recorded_at: DateTime<Utc>,
}

/// What a round of a proposal consists of.
pub(super) struct Round<'a> {
    pub number: i32,
    pub effective_on: Option<Day>,
    pub documents: &'a [Uuid],
    pub samples: &'a [Uuid],
    pub text: Option<&'a str>,
    pub note: Option<&'a str>,
    pub confirms: bool,
    pub units_total: i32,
    pub area_m2: f64,
    pub changes: &'a [ChangeSum],
}

pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<()> {
    let round = row.round;
    sqlx::query!(
        "insert into class_adjustment (id, number, division_code, trigger, status, status_since, round, effective_on,
                                       evidence_documents, evidence_samples, evidence_text, note, confirms, units_total,
                                       area_m2, changes, proposed_on, recorded_at)
         values ($1, $2, $3, $4, 'proposed', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $5, $16)",
        row.id as ClassAdjustmentId,
        row.number,
        row.division_code,
        row.trigger.as_str(),
        row.on as Day,
        round.number,
        round.effective_on as Option<Day>,
        round.documents,
        round.samples,
        round.text,
        round.note,
        round.confirms,
        round.units_total,
        round.area_m2,
        Json(round.changes) as _,
        row.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The proposal stands with a round of units.
pub(super) async fn set_round(conn: &mut PgConnection, id: ClassAdjustmentId, round: &Round<'_>) -> Result<()> {
    sqlx::query!(
        "update class_adjustment
         set round = $2, effective_on = $3, evidence_documents = $4, evidence_samples = $5, evidence_text = $6, note = $7,
             confirms = $8, units_total = $9, area_m2 = $10, changes = $11
         where id = $1",
        id as ClassAdjustmentId,
        round.number,
        round.effective_on as Option<Day>,
        round.documents,
        round.samples,
        round.text,
        round.note,
        round.confirms,
        round.units_total,
        round.area_m2,
        Json(round.changes) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The version of a proposal in which it last stood with a round.
pub(super) async fn of_round(conn: &mut PgConnection, id: ClassAdjustmentId, round: i32) -> Result<Option<Row>> {
    Ok(rows!(
        [" from (select * from class_adjustment where id = $1
                 union all
                 select * from class_adjustment_history where id = $1) a
           where a.round = $2 order by a.sys_from desc limit 1"],
        id as ClassAdjustmentId,
        round,
    )
    .fetch_optional(conn)
    .await?)
}

/// The last round that there is.
pub(super) async fn last_round(conn: &mut PgConnection, id: ClassAdjustmentId) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"select max(round) as "max!" from class_adjustment_event where adjustment_id = $1"#,
        id as ClassAdjustmentId
    )
    .fetch_one(conn)
    .await?)
}

/// Where the proposal stands.
pub(super) async fn set_status(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    status: Status,
    since: Day,
    approval: Option<(&str, Day)>,
) -> Result<()> {
    let (number, on) = approval.unzip();
    sqlx::query!(
        "update class_adjustment set status = $2, status_since = $3, approval_number = $4, approved_on = $5 where id = $1",
        id as ClassAdjustmentId,
        status.as_str(),
        since as Day,
        number,
        on as Option<Day>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The next serial of a county and year. Holds its row until the act ends, so that a proposal that fails leaves no gap.
pub(super) async fn next_serial(conn: &mut PgConnection, division: &str, year: i32) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into class_adjustment_counter as c (division_code, year, last) values ($1, $2, 1)
         on conflict (division_code, year) do update set last = c.last + 1
         returning last",
        division,
        year,
    )
    .fetch_one(conn)
    .await?)
}

/// A unit of a round.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub unit_id: FarmlandUnitId,
    pub unit_code: String,
    pub from_class: String,
    pub to_class: String,
    pub element_classes: Option<Vec<Option<i16>>>,
    pub reason: Option<String>,
    pub area_m2: f64,
    pub findings: Option<serde_json::Value>,
}

impl Unit {
    /// The classes of its elements, where any is known.
    pub fn elements(&self) -> Result<Option<Elements>> {
        let mut classes = [None; 5];
        for (to, from) in classes.iter_mut().zip(self.element_classes.iter().flatten()) {
            *to = from.map(u8::try_from).transpose().map_err(Error::internal)?;
        }
        Ok(Elements::of(classes))
    }
}

/// Adds the units of a round, in their order.
pub(super) async fn add_units(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    round: i32,
    ids: &[Uuid],
    units: &[Unit],
) -> Result<()> {
    // An array of arrays must be rectangular: five columns are.
    let element = |at: usize| -> Vec<Option<i16>> {
        units
            .iter()
            .map(|u| u.element_classes.as_ref().and_then(|classes| classes.get(at).copied().flatten()))
            .collect()
    };
    let places: Vec<i32> = (0..).take(units.len()).collect();
    sqlx::query!(
        "insert into class_adjustment_unit (id, adjustment_id, round, place, unit_id, unit_code, from_class, to_class,
                                            element_classes, reason, area_m2, findings, open)
         select v.id, $1, $2, v.place, v.unit_id, v.code, v.from_class, v.to_class,
                case when v.known then array[v.cd, v.hg, v.arsenic, v.pb, v.cr] end, v.reason, v.area_m2, v.findings, true
         from unnest($3::uuid[], $4::int[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::smallint[],
                     $11::smallint[], $12::smallint[], $13::smallint[], $14::smallint[], $15::text[], $16::float8[],
                     $17::jsonb[])
              as v (id, place, unit_id, code, from_class, to_class, known, cd, hg, arsenic, pb, cr, reason, area_m2, findings)",
        id as ClassAdjustmentId,
        round,
        ids,
        &places,
        &units.iter().map(|u| u.unit_id.0).collect::<Vec<_>>(),
        &units.iter().map(|u| u.unit_code.clone()).collect::<Vec<_>>(),
        &units.iter().map(|u| u.from_class.clone()).collect::<Vec<_>>(),
        &units.iter().map(|u| u.to_class.clone()).collect::<Vec<_>>(),
        &units.iter().map(|u| u.element_classes.is_some()).collect::<Vec<_>>(),
        &element(0) as &[Option<i16>],
        &element(1) as &[Option<i16>],
        &element(2) as &[Option<i16>],
        &element(3) as &[Option<i16>],
        &element(4) as &[Option<i16>],
        &units.iter().map(|u| u.reason.clone()).collect::<Vec<_>>() as &[Option<String>],
        &units.iter().map(|u| u.area_m2).collect::<Vec<_>>(),
        &units.iter().map(|u| u.findings.clone()).collect::<Vec<_>>() as &[Option<serde_json::Value>],
    )
    .execute(conn)
    .await
    .map_err(pending)?;
    Ok(())
}

/// The units of a round, in the order of the proposal.
pub(super) async fn units(conn: &mut PgConnection, id: ClassAdjustmentId, round: i32) -> Result<Vec<Unit>> {
    Ok(sqlx::query_as!(
        Unit,
        r#"select unit_id as "unit_id: FarmlandUnitId", unit_code, from_class, to_class,
                  element_classes as "element_classes: Vec<Option<i16>>", reason, area_m2, findings
           from class_adjustment_unit where adjustment_id = $1 and round = $2 order by place"#,
        id as ClassAdjustmentId,
        round,
    )
    .fetch_all(conn)
    .await?)
}

/// What the samples said of a unit of a round; `None` where they were not asked, or the unit is none of it.
pub(super) async fn finding(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    round: i32,
    unit: FarmlandUnitId,
) -> Result<Option<serde_json::Value>> {
    let found = sqlx::query_scalar!(
        "select findings from class_adjustment_unit where adjustment_id = $1 and round = $2 and unit_id = $3",
        id as ClassAdjustmentId,
        round,
        unit as FarmlandUnitId,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.flatten())
}

/// Whether the units of a round are held by the proposal.
pub(super) async fn set_open(conn: &mut PgConnection, id: ClassAdjustmentId, round: i32, open: bool) -> Result<()> {
    sqlx::query!(
        "update class_adjustment_unit set open = $3 where adjustment_id = $1 and round = $2 and open <> $3",
        id as ClassAdjustmentId,
        round,
        open,
    )
    .execute(conn)
    .await
    .map_err(pending)?;
    Ok(())
}

/// Somebody else took a unit between the look and the writing.
fn pending(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(db) if db.constraint() == Some("class_adjustment_unit_open") => Error::conflict(
            "adjustment_pending",
            Text::fixed("有单元已列入另一项未办结的类别调整。", "A unit is in another adjustment that is under way."),
        ),
        other => other.into(),
    }
}

/// Of these units, those in an adjustment under way, with its number.
pub(super) async fn under_way(conn: &mut PgConnection, units: &[Uuid]) -> Result<HashMap<FarmlandUnitId, String>> {
    let rows = sqlx::query!(
        r#"select u.unit_id as "unit_id: FarmlandUnitId", a.number
           from class_adjustment_unit u join class_adjustment a on a.id = u.adjustment_id
           where u.open and u.unit_id = any($1)"#,
        units,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.unit_id, row.number)).collect())
}

/// Units of a proposal that a later approval, still standing, gave a class again: code and number.
pub(super) async fn approved_after(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    round: i32,
) -> Result<Option<(String, String)>> {
    let row = sqlx::query!(
        r#"select u.unit_code, later.number
           from class_adjustment_unit u
                join class_adjustment_unit o on o.unit_id = u.unit_id and o.adjustment_id <> u.adjustment_id
                join class_adjustment later on later.id = o.adjustment_id and later.round = o.round
                     and later.status in ('province_approved', 'uploaded')
                cross join lateral (select max(e.recorded_at) as at from class_adjustment_event e
                                    where e.adjustment_id = u.adjustment_id and e.type = 'province_approved') mine
                cross join lateral (select max(e.recorded_at) as at from class_adjustment_event e
                                    where e.adjustment_id = later.id and e.type = 'province_approved') theirs
           where u.adjustment_id = $1 and u.round = $2 and theirs.at > mine.at
           order by u.place limit 1"#,
        id as ClassAdjustmentId,
        round,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.unit_code, row.number)))
}

/// An entry of a log.
#[derive(Debug, Clone)]
pub(super) struct EventRow {
    pub seq: i32,
    pub event_type: String,
    pub occurred_on: Day,
    pub status_before: Option<String>,
    pub status_after: String,
    pub round: i32,
    pub voids_seq: Option<i32>,
    pub voided_by: Option<i32>,
    pub facts: Json<Facts>,
    pub by_role: Option<String>,
    pub by_division: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

impl EventRow {
    pub fn event_type(&self) -> Result<EventType> {
        EventType::parse(&self.event_type)
            .ok_or_else(|| Error::internal(format!("an entry of an adjustment is a {}", self.event_type)))
    }
}

/// The log, in order, as known at an instant or now.
pub(super) async fn log(
    conn: &mut PgConnection,
    id: ClassAdjustmentId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"select e.seq, e.type as event_type, e.occurred_on as "occurred_on: Day", e.status_before, e.status_after, e.round,
                  e.voids_seq, v.seq as "voided_by?", e.facts as "facts: Json<Facts>", e.by_role, e.by_division,
                  e.recorded_at
           from class_adjustment_event e
                left join class_adjustment_event v
                     on v.adjustment_id = e.adjustment_id and v.voids_seq = e.seq
                        and ($2::timestamptz is null or v.sys_from <= $2)
           where e.adjustment_id = $1 and ($2::timestamptz is null or e.sys_from <= $2)
           order by e.seq"#,
        id as ClassAdjustmentId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// An entry to be added.
pub(super) struct NewEvent<'a> {
    pub id: Uuid,
    pub adjustment: ClassAdjustmentId,
    pub event_type: EventType,
    pub occurred_on: Day,
    pub before: Option<Status>,
    pub after: Status,
    pub round: i32,
    pub voids_seq: Option<i32>,
    pub facts: &'a Facts,
    pub by_role: Option<&'a str>,
    pub by_division: Option<&'a str>,
    pub recorded_at: DateTime<Utc>,
}

/// Adds an entry behind the others; gives its place. The proposal is locked.
pub(super) async fn add_event(conn: &mut PgConnection, new: &NewEvent<'_>) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into class_adjustment_event (id, adjustment_id, seq, type, occurred_on, status_before, status_after, round,
                                             voids_seq, facts, by_role, by_division, recorded_at)
         values ($1, $2, (select coalesce(max(e.seq), 0) + 1 from class_adjustment_event e where e.adjustment_id = $2),
                 $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         returning seq",
        new.id,
        new.adjustment as ClassAdjustmentId,
        new.event_type.as_str(),
        new.occurred_on as Day,
        new.before.map(Status::as_str),
        new.after.as_str(),
        new.round,
        new.voids_seq,
        Json(new.facts) as _,
        new.by_role,
        new.by_division,
        new.recorded_at,
    )
    .fetch_one(conn)
    .await?)
}
