//! All SQL of the tracks: which class and which land type a unit had from which day on.

use crate::kernel::{Day, DocumentId, FarmlandFactId, FarmlandUnitId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A class of a unit from a day on, about to be entered.
#[derive(Debug, Clone)]
pub struct NewClassRow {
    pub unit: FarmlandUnitId,
    pub from_on: Day,
    pub class: &'static str,
    /// Classes by Cd, Hg, As, Pb and Cr, 1 to 3.
    pub elements: [Option<i16>; 5],
    pub zh: Option<i16>,
    pub trigger: String,
    pub adjustment_id: Uuid,
    pub approval_number: String,
    pub approved_on: Day,
}

/// Enters classes into the track, and makes them the units' last.
pub async fn add_classes(conn: &mut PgConnection, now: DateTime<Utc>, rows: &[NewClassRow]) -> Result<()> {
    let element = |n: usize| rows.iter().map(|r| r.elements[n]).collect::<Vec<Option<i16>>>();
    let units = rows.iter().map(|r| r.unit.0).collect::<Vec<_>>();
    let days = rows.iter().map(|r| r.from_on).collect::<Vec<_>>();
    let classes = rows.iter().map(|r| r.class.to_owned()).collect::<Vec<_>>();
    sqlx::query!(
        r#"insert into farmland_class (id, unit_id, from_on, class, cd_class, hg_class, as_class, pb_class, cr_class, zh_class,
               trigger, adjustment_id, approval_number, approved_on)
           select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[], $5::int2[], $6::int2[], $7::int2[], $8::int2[],
               $9::int2[], $10::int2[], $11::text[], $12::uuid[], $13::text[], $14::date[])"#,
        &rows.iter().map(|_| FarmlandFactId::new(now).0).collect::<Vec<_>>(),
        &units,
        &days as &[Day],
        &classes,
        &element(0) as &[Option<i16>],
        &element(1) as &[Option<i16>],
        &element(2) as &[Option<i16>],
        &element(3) as &[Option<i16>],
        &element(4) as &[Option<i16>],
        &rows.iter().map(|r| r.zh).collect::<Vec<_>>() as &[Option<i16>],
        &rows.iter().map(|r| r.trigger.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.adjustment_id).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.approval_number.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.approved_on).collect::<Vec<_>>() as &[Day],
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"update farmland_unit as u
           set class = v.class, class_since = v.from_on,
               correction_reason = null,
               reclassification_due_on = case when v.from_on < u.reclassification_due_on then u.reclassification_due_on end
           from unnest($1::uuid[], $2::date[], $3::text[]) as v (id, from_on, class)
           where u.id = v.id"#,
        &units,
        &days as &[Day],
        &classes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks units, so that nobody else adds facts to them meanwhile; gives the day from which the last class of each holds.
pub async fn lock(conn: &mut PgConnection, units: &[FarmlandUnitId]) -> Result<Vec<(FarmlandUnitId, Option<Day>)>> {
    let rows = sqlx::query!(
        r#"select id as "id: FarmlandUnitId", class_since as "class_since: Day" from farmland_unit where id = any($1)
           order by id for update"#,
        units as &[FarmlandUnitId],
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.class_since)).collect())
}

/// Enters a land type into the track, and makes it the unit's last; a new class is due from then on.
pub async fn add_land_type(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    unit: FarmlandUnitId,
    from_on: Day,
    land_type: &str,
    document_id: Option<DocumentId>,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into farmland_land_type (id, unit_id, from_on, land_type, document_id, reason) values ($1, $2, $3, $4, $5, $6)",
        FarmlandFactId::new(now) as FarmlandFactId,
        unit as FarmlandUnitId,
        from_on as Day,
        land_type,
        document_id as Option<DocumentId>,
        reason,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update farmland_unit set land_type = $2, land_type_since = $3, correction_reason = null,
             reclassification_due_on = case when class_since > $3 then reclassification_due_on
                 else coalesce(reclassification_due_on, $3) end
         where id = $1",
        unit as FarmlandUnitId,
        land_type,
        from_on as Day,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A version of a unit's class: one fact in one stretch of the registry's knowledge.
pub struct ClassRow {
    pub id: FarmlandFactId,
    pub class: String,
    pub from_on: Option<Day>,
    /// The last day on which it holds, as known in that stretch; `None`: it goes on, or never held.
    pub until: Option<Day>,
    pub elements: Vec<Option<i16>>,
    pub zh: Option<i16>,
    pub trigger: String,
    pub adjustment_id: Option<Uuid>,
    pub approval_number: Option<String>,
    pub approved_on: Option<Day>,
    pub change_id: Option<Uuid>,
    pub withdrawn: bool,
    pub known_from: DateTime<Utc>,
    pub known_to: Option<DateTime<Utc>>,
}

/// Every class that a unit had or has, in the order of the days on which they began to hold; as known at an instant, or
/// all that was ever known.
pub async fn classes(
    conn: &mut PgConnection,
    unit: FarmlandUnitId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ClassRow>> {
    Ok(sqlx::query_as!(
        ClassRow,
        r#"with versions as (
               select * from farmland_class where unit_id = $1 and ($2::timestamptz is null or sys_from <= $2)
               union all
               select * from farmland_class_history
               where unit_id = $1 and ($2::timestamptz is null or sys_from <= $2 and sys_to > $2))
           select v.id as "id!: FarmlandFactId", v.class as "class!", v.from_on as "from_on: Day",
               (n.from_on - 1) as "until: Day",
               array[v.cd_class, v.hg_class, v.as_class, v.pb_class, v.cr_class] as "elements!: Vec<Option<i16>>",
               v.zh_class as zh, v.trigger as "trigger!", v.adjustment_id, v.approval_number,
               v.approved_on as "approved_on: Day", v.change_id, v.withdrawn as "withdrawn!", v.sys_from as "known_from!",
               v.sys_to as known_to
           from versions as v
               left join lateral (
                   select n.from_on from versions as n
                   where not v.withdrawn and not n.withdrawn and n.id <> v.id
                       and n.sys_from < coalesce(v.sys_to, 'infinity') and coalesce(n.sys_to, 'infinity') > v.sys_from
                       and (coalesce(n.from_on, '-infinity'), n.seq) > (coalesce(v.from_on, '-infinity'), v.seq)
                   order by n.from_on, n.seq limit 1) as n on true
           order by v.from_on nulls first, v.seq, v.sys_from"#,
        unit as FarmlandUnitId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}
