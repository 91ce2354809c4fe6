//! All SQL of changes and parentage: which unit came of which, and how outlines lie to each other.

use crate::kernel::{ActId, Day, DocumentId, FarmlandChangeId, FarmlandFactId, FarmlandUnitId, Result, ids};
use crate::platform::outlines::Spot;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A unit that another came of, or that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kin {
    /// Of which unit it is the relative.
    pub of: FarmlandUnitId,
    /// The relative.
    pub id: FarmlandUnitId,
    /// Its code.
    pub code: String,
    /// The change by which one came of the other.
    pub change_id: FarmlandChangeId,
    /// Day of that change.
    pub effective_on: Day,
    /// Whether the relative is a child of the unit, else a parent.
    pub child: bool,
}

/// Parents and children of units, as known at an instant; changes entered in error are left out. In the order of days and
/// codes.
pub async fn kin(conn: &mut PgConnection, ids: &[FarmlandUnitId], known_at: Option<DateTime<Utc>>) -> Result<Vec<Kin>> {
    Ok(sqlx::query_as!(
        Kin,
        r#"select k.of as "of!: FarmlandUnitId", u.id as "id!: FarmlandUnitId", u.code as "code!",
               c.id as "change_id!: FarmlandChangeId", c.effective_on as "effective_on!: Day", k.child as "child!"
           from (
                   select p.parent_id as of, p.child_id as id, p.change_id, true as child from farmland_parentage as p
                   where p.parent_id = any($1)
                   union all
                   select p.child_id, p.parent_id, p.change_id, false from farmland_parentage as p
                   where p.child_id = any($1)) as k
               join farmland_changes_known($2) as c on c.id = k.change_id and not c.voided
               join farmland_unit as u on u.id = k.id
           order by c.effective_on, u.code"#,
        ids as &[FarmlandUnitId],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A unit in a tree of descent.
pub struct TreeRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub class: String,
    pub land_type: String,
    pub area_m2: f64,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
    /// Steps down from the unit asked about; negative: steps up.
    pub generation: i32,
}

/// Whatever a unit came of and whatever came of it, the unit itself with them, by generation and code. A change entered in
/// error leads nowhere.
pub async fn tree(conn: &mut PgConnection, id: FarmlandUnitId, today: Day) -> Result<Vec<TreeRow>> {
    Ok(sqlx::query_as!(
        TreeRow,
        r#"with recursive link as (
               select p.parent_id, p.child_id from farmland_parentage as p
                   join farmland_change as c on c.id = p.change_id
               where not c.voided and p.child_id is not null),
           up (id, generation) as (
               select $1::uuid, 0
               union
               select l.parent_id, up.generation - 1 from up join link as l on l.child_id = up.id),
           down (id, generation) as (
               select $1::uuid, 0
               union
               select l.child_id, down.generation + 1 from down join link as l on l.parent_id = down.id),
           kin (id, generation) as (
               select id, min(generation) from up group by id
               union
               select id, max(generation) from down group by id)
           select k.id as "id!: FarmlandUnitId", u.code as "code!", u.class as "class!", u.land_type as "land_type!",
               u.area_m2 as "area_m2!", u.began_on as "began_on: Day", u.ended_on as "ended_on: Day",
               k.generation as "generation!"
           from kin as k join farmland_units_at($2, null) as u on u.id = k.id
           order by k.generation, u.code"#,
        id as FarmlandUnitId,
        today as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// The unit with a code.
pub async fn by_code(conn: &mut PgConnection, code: &str) -> Result<Option<FarmlandUnitId>> {
    Ok(sqlx::query_scalar!(r#"select id as "id: FarmlandUnitId" from farmland_unit where code = $1"#, code)
        .fetch_optional(conn)
        .await?)
}

/// A change as stored.
pub struct ChangeRow {
    pub id: FarmlandChangeId,
    pub kind: String,
    pub division_code: String,
    pub effective_on: Day,
    pub reason: String,
    pub document_id: Option<DocumentId>,
    pub became_system: Option<String>,
    pub became_code: Option<String>,
    pub voided: bool,
    pub void_reason: Option<String>,
    pub revision: i32,
    pub act_id: ActId,
    pub recorded_at: DateTime<Utc>,
}

/// Which changes.
pub struct ChangeFilter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    pub id: Option<FarmlandChangeId>,
    pub division: Option<String>,
    pub kind: Option<String>,
    pub from: Option<Day>,
    pub to: Option<Day>,
    pub unit: Option<FarmlandUnitId>,
    pub known_at: Option<DateTime<Utc>>,
    /// Day and identifier after which to go on.
    pub after: Option<(Day, FarmlandChangeId)>,
    pub limit: i64,
}

/// Changes, the latest first.
pub async fn changes(conn: &mut PgConnection, filter: &ChangeFilter) -> Result<Vec<ChangeRow>> {
    Ok(sqlx::query_as!(
        ChangeRow,
        r#"select c.id as "id!: FarmlandChangeId", c.kind as "kind!", c.division_code as "division_code!",
               c.effective_on as "effective_on!: Day", c.reason as "reason!", c.document_id as "document_id: DocumentId",
               c.became_system, c.became_code, c.voided as "voided!", c.void_reason, c.revision as "revision!",
               c.act_id as "act_id!: ActId", c.sys_from as "recorded_at!"
           from farmland_changes_known($1) as c
           where ($2::text[] is null or c.division_code = any($2))
               and ($3::uuid is null or c.id = $3)
               and ($4::text is null or c.division_code in (select d.code from division d where d.ancestors @> array[$4]))
               and ($5::text is null or c.kind = $5)
               and ($6::date is null or c.effective_on >= $6)
               and ($7::date is null or c.effective_on <= $7)
               and ($8::uuid is null or exists (select from farmland_parentage as p
                   where p.change_id = c.id and (p.parent_id = $8 or p.child_id = $8)))
               and ($9::date is null or (c.effective_on, c.id) < ($9, $10::uuid))
           order by c.effective_on desc, c.id desc
           limit $11"#,
        filter.known_at,
        filter.scope.as_deref(),
        filter.id as Option<FarmlandChangeId>,
        filter.division,
        filter.kind,
        filter.from as Option<Day>,
        filter.to as Option<Day>,
        filter.unit as Option<FarmlandUnitId>,
        filter.after.map(|(day, _)| day) as Option<Day>,
        filter.after.map(|(_, id)| id) as Option<FarmlandChangeId>,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Changes that stand and in which units of a set both ended and began, or in which one left farming; the latest first.
pub async fn changes_among(conn: &mut PgConnection, units: &[FarmlandUnitId]) -> Result<Vec<ChangeRow>> {
    Ok(sqlx::query_as!(
        ChangeRow,
        r#"select c.id as "id: FarmlandChangeId", c.kind, c.division_code, c.effective_on as "effective_on: Day", c.reason,
               c.document_id as "document_id: DocumentId", c.became_system, c.became_code, c.voided, c.void_reason, c.revision,
               c.act_id as "act_id: ActId", c.sys_from as recorded_at
           from farmland_change as c
           where not c.voided and c.id in (
               select p.change_id from farmland_parentage as p
               where p.parent_id = any($1) and (p.child_id is null or p.child_id = any($1)))
           order by c.effective_on desc, c.id desc"#,
        units as &[FarmlandUnitId],
    )
    .fetch_all(conn)
    .await?)
}

/// A unit's part in a change.
pub struct PartRow {
    pub change_id: FarmlandChangeId,
    pub id: FarmlandUnitId,
    pub code: String,
    pub child: bool,
}

/// The units that ended and began in changes, by code.
pub async fn parts(conn: &mut PgConnection, changes: &[FarmlandChangeId]) -> Result<Vec<PartRow>> {
    Ok(sqlx::query_as!(
        PartRow,
        r#"select distinct p.change_id as "change_id!: FarmlandChangeId", u.id as "id!: FarmlandUnitId", u.code as "code!",
               u.id = p.child_id is true as "child!"
           from farmland_parentage as p join farmland_unit as u on u.id = p.parent_id or u.id = p.child_id
           where p.change_id = any($1)
           order by 3"#,
        changes as &[FarmlandChangeId],
    )
    .fetch_all(conn)
    .await?)
}

/// A unit about to be changed, locked.
pub struct LockedRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    pub land_type: String,
    pub land_type_since: Option<Day>,
    pub crop: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub pbf: Option<bool>,
    pub class: String,
    pub class_since: Option<Day>,
    pub area_m2: f64,
    pub stated_area_m2: Option<f64>,
    pub reclassification_due_on: Option<Day>,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
    pub revision: i32,
}

/// Locks units by identifier or code, in the order of identifiers.
pub async fn lock(conn: &mut PgConnection, ids: &[FarmlandUnitId], codes: &[String]) -> Result<Vec<LockedRow>> {
    Ok(sqlx::query_as!(
        LockedRow,
        r#"select id as "id: FarmlandUnitId", code, division_code, land_type, land_type_since as "land_type_since: Day", crop,
               township, village, pbf, class, class_since as "class_since: Day", area_m2, stated_area_m2,
               reclassification_due_on as "reclassification_due_on: Day", began_on as "began_on: Day",
               ended_on as "ended_on: Day", revision
           from farmland_unit where id = any($1) or code = any($2)
           order by id for update"#,
        ids as &[FarmlandUnitId],
        codes,
    )
    .fetch_all(conn)
    .await?)
}

/// Makes changes of outlines in a division follow one another, so that two do not take the same land.
pub async fn one_at_a_time(conn: &mut PgConnection, division: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('farmland_change'), hashtext($1))", division)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// A unit whose land outlines take.
pub struct Taken {
    /// Place of the outline in the list, from 0.
    pub outline: usize,
    /// Code of the unit.
    pub code: String,
    pub overlap_m2: f64,
    pub at: Option<Spot>,
}

/// Units other than `own`, existing on a day or since, on whose land the outlines lie beyond the land of the units `land`;
/// the largest overlaps first, at most a hundred.
pub async fn takes(
    conn: &mut PgConnection,
    ewkbs: &[Vec<u8>],
    land: &[FarmlandUnitId],
    own: &[FarmlandUnitId],
    on: Day,
) -> Result<Vec<Taken>> {
    let rows = sqlx::query!(
        r#"select c.n as "n!", u.code, st_area(o.g::geography) as "overlap_m2!", st_x(st_pointonsurface(o.g)) as lon,
               st_y(st_pointonsurface(o.g)) as lat
           from (select st_geomfromewkb(v.ewkb) as g, v.n from unnest($1::bytea[]) with ordinality as v (ewkb, n)) as c
               cross join (select st_union(geom) as g from farmland_unit where id = any($2)) as l
               cross join lateral (
                   select case when l.g is null then c.g else st_collectionextract(st_difference(c.g, l.g), 3) end as g
                   offset 0) as d
               join farmland_unit as u on u.geom && d.g
               cross join lateral (select st_collectionextract(st_intersection(u.geom, d.g), 3) as g) as o
           where u.id <> all($4) and (u.ended_on is null or u.ended_on > $3) and not farmland_is_void(u.began_by, u.ended_by)
               and not st_isempty(o.g)
           order by 3 desc, u.code limit 100"#,
        ewkbs,
        land as &[FarmlandUnitId],
        on as Day,
        own as &[FarmlandUnitId],
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Taken {
            outline: usize::try_from(row.n - 1).unwrap_or_default(),
            code: row.code,
            overlap_m2: row.overlap_m2,
            at: Spot::of(row.lon, row.lat),
        })
        .collect())
}

/// The outlines of units, EWKB, in the order of identifiers.
pub async fn outlines(conn: &mut PgConnection, units: &[FarmlandUnitId]) -> Result<Vec<(FarmlandUnitId, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select id as "id: FarmlandUnitId", st_asewkb(geom) as "ewkb!" from farmland_unit where id = any($1) order by id"#,
        units as &[FarmlandUnitId],
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.ewkb)).collect())
}

/// A change about to be entered.
pub struct NewChangeRow<'a> {
    pub id: FarmlandChangeId,
    pub kind: &'a str,
    pub division_code: &'a str,
    pub effective_on: Day,
    pub reason: &'a str,
    pub document_id: Option<DocumentId>,
    /// System and code of what the land became, where it left farming.
    pub became: Option<(&'a str, &'a str)>,
}

/// Enters a change.
pub async fn insert_change(conn: &mut PgConnection, change: &NewChangeRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into farmland_change (id, kind, division_code, effective_on, reason, document_id, became_system, became_code)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        change.id as FarmlandChangeId,
        change.kind,
        change.division_code,
        change.effective_on as Day,
        change.reason,
        change.document_id as Option<DocumentId>,
        change.became.map(|(system, _)| system),
        change.became.map(|(_, code)| code),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends units.
pub async fn end(conn: &mut PgConnection, units: &[FarmlandUnitId], change: FarmlandChangeId, on: Day) -> Result<()> {
    sqlx::query!(
        "update farmland_unit set ended_on = $3, ended_by = $2, correction_reason = null where id = any($1)",
        units as &[FarmlandUnitId],
        change as FarmlandChangeId,
        on as Day,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A unit that comes of others.
pub struct ChildRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub crop: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub pbf: Option<bool>,
    pub stated_area_m2: Option<f64>,
    pub ewkb: Vec<u8>,
    pub area_m2: f64,
}

/// What children of one change have in common.
pub struct Birth<'a> {
    pub change: FarmlandChangeId,
    pub on: Day,
    pub division_code: &'a str,
    pub land_type: &'a str,
    pub class: &'a str,
    pub reclassification_due_on: Option<Day>,
    /// The unit whose last class, with its elements and approval, is theirs; `None`: it is of several.
    pub heir_of: Option<FarmlandUnitId>,
    pub parents: &'a [FarmlandUnitId],
}

/// Adds the children of a change with the first facts of their tracks, and their parentage. Gives the codes that were
/// added: another may have been taken meanwhile.
pub async fn bear(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    birth: &Birth<'_>,
    children: &[ChildRow],
) -> Result<Vec<String>> {
    let ids = children.iter().map(|c| c.id.0).collect::<Vec<_>>();
    let fact_ids = || children.iter().map(|_| FarmlandFactId::new(now).0).collect::<Vec<_>>();
    let added = sqlx::query_scalar!(
        r#"insert into farmland_unit (id, code, division_code, land_type, land_type_since, crop, township, village, pbf, class,
               class_since, area_m2, stated_area_m2, geom, reclassification_due_on, began_on, began_by)
           select v.id, v.code, $1, $2, $3, v.crop, v.township, v.village, v.pbf, $4, $3, v.area_m2, v.stated,
               st_geomfromewkb(v.ewkb), $5, $3, $6
           from unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bool[], $13::float8[], $14::float8[],
               $15::bytea[]) as v (id, code, crop, township, village, pbf, area_m2, stated, ewkb)
           on conflict (code) do nothing
           returning code"#,
        birth.division_code,
        birth.land_type,
        birth.on as Day,
        birth.class,
        birth.reclassification_due_on as Option<Day>,
        birth.change as FarmlandChangeId,
        &ids,
        &children.iter().map(|c| c.code.clone()).collect::<Vec<_>>(),
        &children.iter().map(|c| c.crop.clone()).collect::<Vec<_>>() as &[Option<String>],
        &children.iter().map(|c| c.township.clone()).collect::<Vec<_>>() as &[Option<String>],
        &children.iter().map(|c| c.village.clone()).collect::<Vec<_>>() as &[Option<String>],
        &children.iter().map(|c| c.pbf).collect::<Vec<_>>() as &[Option<bool>],
        &children.iter().map(|c| c.area_m2).collect::<Vec<_>>(),
        &children.iter().map(|c| c.stated_area_m2).collect::<Vec<_>>() as &[Option<f64>],
        &children.iter().map(|c| c.ewkb.clone()).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *conn)
    .await?;
    if added.len() < children.len() {
        return Ok(added);
    }
    sqlx::query!(
        r#"insert into farmland_class (id, unit_id, from_on, class, cd_class, hg_class, as_class, pb_class, cr_class, zh_class,
               trigger, adjustment_id, approval_number, approved_on, change_id)
           select v.id, v.unit, $3, $4, p.cd_class, p.hg_class, p.as_class, p.pb_class, p.cr_class, p.zh_class, 'lineage',
               p.adjustment_id, p.approval_number, p.approved_on, $5
           from unnest($1::uuid[], $2::uuid[]) as v (id, unit)
               left join lateral (
                   select * from farmland_class where unit_id = $6 and not withdrawn
                   order by from_on desc nulls last, seq desc limit 1) as p on true"#,
        &fact_ids(),
        &ids,
        birth.on as Day,
        birth.class,
        birth.change as FarmlandChangeId,
        birth.heir_of as Option<FarmlandUnitId>,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"insert into farmland_land_type (id, unit_id, from_on, land_type, change_id)
           select v.id, v.unit, $3, $4, $5 from unnest($1::uuid[], $2::uuid[]) as v (id, unit)"#,
        &fact_ids(),
        &ids,
        birth.on as Day,
        birth.land_type,
        birth.change as FarmlandChangeId,
    )
    .execute(&mut *conn)
    .await?;
    parentage(conn, now, birth.change, birth.parents, &children.iter().map(|c| Some(c.id)).collect::<Vec<_>>()).await?;
    Ok(added)
}

/// Keeps which child came of which parent, every one of every one; `None` for a child: the land left farming.
pub async fn parentage(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    change: FarmlandChangeId,
    parents: &[FarmlandUnitId],
    children: &[Option<FarmlandUnitId>],
) -> Result<()> {
    let pairs = || parents.iter().flat_map(|parent| children.iter().map(move |child| (*parent, *child)));
    sqlx::query!(
        "insert into farmland_parentage (id, change_id, parent_id, child_id)
         select v.id, $1, v.parent, v.child from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (id, parent, child)",
        change as FarmlandChangeId,
        &pairs().map(|_| ids::v7(now)).collect::<Vec<_>>(),
        &pairs().map(|(parent, _)| parent.0).collect::<Vec<_>>(),
        &pairs().map(|(_, child)| child.map(|id| id.0)).collect::<Vec<_>>() as &[Option<uuid::Uuid>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Codes among units that something befell since a change made them: they have facts of their own, or have ended.
pub async fn lived_on(conn: &mut PgConnection, change: FarmlandChangeId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select u.code from farmland_unit as u
           where u.began_by = $1 and (u.ended_on is not null
               or exists (select from farmland_class as c
                   where c.unit_id = u.id and not c.withdrawn and c.change_id is distinct from $1)
               or exists (select from farmland_land_type as t
                   where t.unit_id = u.id and not t.withdrawn and t.change_id is distinct from $1))
           order by u.code"#,
        change as FarmlandChangeId,
    )
    .fetch_all(conn)
    .await?)
}

/// Undoes a change: its parents live on, its children never were, and their first facts never held.
pub async fn void(conn: &mut PgConnection, change: FarmlandChangeId, reason: &str) -> Result<()> {
    sqlx::query!(
        "update farmland_change set voided = true, void_reason = $2 where id = $1",
        change as FarmlandChangeId,
        reason,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update farmland_unit set ended_on = began_on, ended_by = began_by, correction_reason = null where began_by = $1",
        change as FarmlandChangeId,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update farmland_unit set ended_on = null, ended_by = null, correction_reason = null
         where ended_by = $1 and began_by is distinct from $1",
        change as FarmlandChangeId,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update farmland_class set withdrawn = true where change_id = $1 and not withdrawn",
        change as FarmlandChangeId,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update farmland_land_type set withdrawn = true where change_id = $1 and not withdrawn",
        change as FarmlandChangeId,
    )
    .execute(conn)
    .await?;
    Ok(())
}
