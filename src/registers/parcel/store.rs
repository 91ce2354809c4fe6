//! All SQL of parcels, their changes and their parentage.

use crate::kernel::{ActId, Day, DocumentId, ParcelChangeId, ParcelId, Result, ids};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A parcel about to be added.
#[derive(Debug, Clone, Default)]
pub struct NewParcel {
    pub code: String,
    pub code_form: &'static str,
    pub division_code: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    /// System and code.
    pub land_use: Option<(&'static str, &'static str)>,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
}

/// A parcel about to be added, with its outline.
pub struct Shaped<'a> {
    pub id: ParcelId,
    pub parcel: &'a NewParcel,
    pub began_by: Option<ParcelChangeId>,
    pub ended_by: Option<ParcelChangeId>,
    /// EWKB, EPSG:4490.
    pub ewkb: &'a [u8],
    pub area_m2: f64,
}

/// When to look.
#[derive(Debug, Clone, Copy)]
pub struct When {
    pub on: Day,
    pub known_at: Option<DateTime<Utc>>,
}

/// A parcel as stored.
pub struct ParcelRow {
    pub id: ParcelId,
    pub code: String,
    pub code_form: String,
    pub division_code: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub began_on: Option<Day>,
    pub began_by: Option<ParcelChangeId>,
    pub ended_on: Option<Day>,
    pub ended_by: Option<ParcelChangeId>,
    pub area_m2: f64,
    pub revision: i32,
    /// Exists on the day asked about.
    pub living: bool,
    /// Never was: the change that made it was entered in error.
    pub void: bool,
    pub wkb: Option<Vec<u8>>,
}

/// Adds parcels; gives the codes that were added, which those taken already are not.
pub async fn insert(conn: &mut PgConnection, rows: &[Shaped<'_>]) -> Result<Vec<String>> {
    let texts = |of: fn(&NewParcel) -> Option<String>| rows.iter().map(|r| of(r.parcel)).collect::<Vec<_>>();
    Ok(sqlx::query_scalar!(
        r#"insert into parcel (id, code, code_form, division_code, address, land_user_name, land_user_credit_code,
               land_use_system, land_use_code, began_on, began_by, ended_on, ended_by, area_m2, geom)
           select id, code, form, division, address, user_name, credit, use_system, use_code, began_on, began_by, ended_on,
               ended_by, area_m2, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
               $9::text[], $10::date[], $11::uuid[], $12::date[], $13::uuid[], $14::float8[], $15::bytea[])
               as v (id, code, form, division, address, user_name, credit, use_system, use_code, began_on, began_by, ended_on,
                   ended_by, area_m2, ewkb)
           on conflict (code) where ended_by is null or ended_by is distinct from began_by do nothing
           returning code"#,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.parcel.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.parcel.code_form.to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.parcel.division_code.clone()).collect::<Vec<_>>(),
        &texts(|p| p.address.clone()) as &[Option<String>],
        &texts(|p| p.land_user_name.clone()) as &[Option<String>],
        &texts(|p| p.land_user_credit_code.clone()) as &[Option<String>],
        &texts(|p| p.land_use.map(|(system, _)| system.to_owned())) as &[Option<String>],
        &texts(|p| p.land_use.map(|(_, code)| code.to_owned())) as &[Option<String>],
        &rows.iter().map(|r| r.parcel.began_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.began_by.map(|id| id.0)).collect::<Vec<_>>() as &[Option<uuid::Uuid>],
        &rows.iter().map(|r| r.parcel.ended_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.ended_by.map(|id| id.0)).collect::<Vec<_>>() as &[Option<uuid::Uuid>],
        &rows.iter().map(|r| r.area_m2).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.ewkb.to_vec()).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?)
}

/// Which of these codes are taken.
pub async fn taken(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select code from parcel where code = any($1) and (ended_by is null or ended_by is distinct from began_by)",
        codes
    )
    .fetch_all(conn)
    .await?)
}

/// What parcels are looked for.
pub struct Filter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    pub code: Option<String>,
    pub division: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    /// Begins the code, or stands in the address or the land user's name.
    pub q: Option<String>,
    /// Also those that do not exist on the day.
    pub ended: bool,
    pub when: When,
    /// The code after which to go on.
    pub after: Option<String>,
    pub limit: i64,
}

/// Parcels in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<ParcelRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first), Some(second)],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        ParcelRow,
        r#"select id as "id!: ParcelId", code as "code!", code_form as "code_form!", division_code as "division_code!", address,
               land_user_name, land_user_credit_code, land_use_system, land_use_code, began_on as "began_on: Day",
               began_by as "began_by: ParcelChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: ParcelChangeId",
               area_m2 as "area_m2!", revision as "revision!", living as "living!", void as "void!", st_asbinary(geom) as wkb
           from parcels_at($9, $10)
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::bytea is null or st_intersects(geom, st_geomfromewkb($3))
                   or st_intersects(geom, st_geomfromewkb($4)))
               and ($5::text is null or code = $5)
               and ($6::text is null or starts_with(code, $6) or strpos(address, $6) > 0 or strpos(land_user_name, $6) > 0)
               and ($7::text is null or code > $7)
               and (living or $8) and not void
           order by code
           limit $11"#,
        filter.scope.as_deref(),
        filter.division,
        first,
        second,
        filter.code,
        filter.q,
        filter.after,
        filter.ended,
        filter.when.on as Day,
        filter.when.known_at,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// A parcel by its identifier, within a scope; also one that does not exist on the day.
pub async fn get(
    conn: &mut PgConnection,
    id: ParcelId,
    when: When,
    scope: Option<&[String]>,
) -> Result<Option<ParcelRow>> {
    Ok(sqlx::query_as!(
        ParcelRow,
        r#"select id as "id!: ParcelId", code as "code!", code_form as "code_form!", division_code as "division_code!", address,
               land_user_name, land_user_credit_code, land_use_system, land_use_code, began_on as "began_on: Day",
               began_by as "began_by: ParcelChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: ParcelChangeId",
               area_m2 as "area_m2!", revision as "revision!", living as "living!", void as "void!", st_asbinary(geom) as wkb
           from parcels_at($3, $4) where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as ParcelId,
        scope,
        when.on as Day,
        when.known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// The parcel with a code.
pub async fn by_code(conn: &mut PgConnection, code: &str) -> Result<Option<ParcelId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ParcelId" from parcel
           where code = $1 and (ended_by is null or ended_by is distinct from began_by)"#,
        code
    )
    .fetch_optional(conn)
    .await?)
}

/// A parcel found by the code that somebody asked for.
pub struct FoundRow {
    /// Place of the code in what was asked, from 1.
    pub n: i64,
    pub id: ParcelId,
    pub code: String,
    pub division_code: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
    pub area_m2: f64,
    pub ewkb: Vec<u8>,
}

/// Parcels by their codes, or else by the second code given with each, as known at an instant, in the order asked; codes that
/// name none are left out.
pub async fn find(
    conn: &mut PgConnection,
    codes: &[String],
    else_codes: &[Option<String>],
    on: &[Day],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<FoundRow>> {
    Ok(sqlx::query_as!(
        FoundRow,
        r#"select a.n as "n!", u.id as "id!: ParcelId", u.code as "code!", u.division_code as "division_code!", u.address,
               u.land_user_name, u.land_user_credit_code, u.land_use_system, u.land_use_code, u.began_on as "began_on: Day",
               u.ended_on as "ended_on: Day", u.area_m2 as "area_m2!", st_asewkb(u.geom) as "ewkb!"
           from unnest($1::text[], $2::text[], $3::date[]) with ordinality as a (code, other, day, n)
               cross join lateral (
                   select * from parcels_at(a.day, $4) as p
                   where p.code in (a.code, a.other) and not p.void
                   order by (p.code = a.code) desc limit 1) as u
           order by a.n"#,
        codes,
        else_codes as &[Option<String>],
        on as &[Day],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A parcel that came of another, through however many changes.
pub struct HeirRow {
    /// Place of the other in what was asked, from 1.
    pub n: i64,
    pub id: ParcelId,
    pub code: String,
    pub ended_on: Option<Day>,
}

/// What came of parcels and exists on their days, as known at an instant; by place and code.
pub async fn heirs(
    conn: &mut PgConnection,
    places: &[i64],
    parcels: &[ParcelId],
    on: &[Day],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<HeirRow>> {
    Ok(sqlx::query_as!(
        HeirRow,
        r#"with recursive down (n, id, day) as (
               select v.n, v.id, v.day from unnest($1::bigint[], $2::uuid[], $3::date[]) as v (n, id, day)
               union
               select d.n, p.child_id, d.day
               from down as d join parcel_parentage as p on p.parent_id = d.id
                   join parcel_changes_known($4) as c on c.id = p.change_id and not c.voided)
           select d.n as "n!", u.id as "id!: ParcelId", u.code as "code!", u.ended_on as "ended_on: Day"
           from down as d cross join lateral (select * from parcels_at(d.day, $4) as p where p.id = d.id) as u
           where u.living and not exists (select from unnest($1::bigint[], $2::uuid[]) as v (n, id) where v.n = d.n and v.id = d.id)
           order by d.n, u.code"#,
        places,
        parcels as &[ParcelId],
        on as &[Day],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Locks parcels by identifier or code, in the order of identifiers; void ones are none.
pub async fn lock(conn: &mut PgConnection, ids: &[ParcelId], codes: &[String]) -> Result<Vec<ParcelRow>> {
    Ok(sqlx::query_as!(
        ParcelRow,
        r#"select id as "id: ParcelId", code, code_form, division_code, address, land_user_name, land_user_credit_code,
               land_use_system, land_use_code, began_on as "began_on: Day", began_by as "began_by: ParcelChangeId",
               ended_on as "ended_on: Day", ended_by as "ended_by: ParcelChangeId", area_m2, revision,
               ended_on is null as "living!", false as "void!", st_asewkb(geom) as wkb
           from parcel
           where (id = any($1) or code = any($2)) and (ended_by is null or ended_by is distinct from began_by)
           order by id for update"#,
        ids as &[ParcelId],
        codes,
    )
    .fetch_all(conn)
    .await?)
}

/// What a parcel's record says where it can be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub land_use: Option<(String, String)>,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
}

/// Writes a parcel's record as corrected.
pub async fn correct(conn: &mut PgConnection, id: ParcelId, new: &Corrected, reason: &str) -> Result<()> {
    sqlx::query!(
        "update parcel set address = $2, land_user_name = $3, land_user_credit_code = $4, land_use_system = $5,
             land_use_code = $6, began_on = $7, ended_on = $8, correction_reason = $9
         where id = $1",
        id as ParcelId,
        new.address,
        new.land_user_name,
        new.land_user_credit_code,
        new.land_use.as_ref().map(|(system, _)| system.clone()),
        new.land_use.as_ref().map(|(_, code)| code.clone()),
        new.began_on as Option<Day>,
        new.ended_on as Option<Day>,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A change about to be entered.
pub struct NewChangeRow<'a> {
    pub id: ParcelChangeId,
    pub kind: &'a str,
    pub division_code: &'a str,
    pub effective_on: Day,
    pub reason: Option<&'a str>,
    pub document_id: Option<DocumentId>,
    pub imported: bool,
}

/// Enters a change.
pub async fn insert_change(conn: &mut PgConnection, change: &NewChangeRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into parcel_change (id, kind, division_code, effective_on, reason, document_id, imported)
         values ($1, $2, $3, $4, $5, $6, $7)",
        change.id as ParcelChangeId,
        change.kind,
        change.division_code,
        change.effective_on as Day,
        change.reason,
        change.document_id as Option<DocumentId>,
        change.imported,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says what kind a change is, now that more is known of it.
pub async fn set_kind(conn: &mut PgConnection, id: ParcelChangeId, kind: &str) -> Result<()> {
    sqlx::query!("update parcel_change set kind = $2 where id = $1 and kind <> $2", id as ParcelChangeId, kind)
        .execute(conn)
        .await?;
    Ok(())
}

/// Which of these changes were recorded with their outlines, not read from a file.
pub async fn recorded(conn: &mut PgConnection, changes: &[ParcelChangeId]) -> Result<Vec<ParcelChangeId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ParcelChangeId" from parcel_change where id = any($1) and not imported"#,
        changes as &[ParcelChangeId],
    )
    .fetch_all(conn)
    .await?)
}

/// How many parcels ended and began in a change.
pub async fn counts(conn: &mut PgConnection, id: ParcelChangeId) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(distinct parent_id) as "parents!", count(distinct child_id) as "children!"
           from parcel_parentage where change_id = $1"#,
        id as ParcelChangeId,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.parents, row.children))
}

/// Ends parcels.
pub async fn end(conn: &mut PgConnection, parcels: &[ParcelId], change: ParcelChangeId, on: Day) -> Result<()> {
    sqlx::query!(
        "update parcel set ended_on = $3, ended_by = $2, correction_reason = null where id = any($1)",
        parcels as &[ParcelId],
        change as ParcelChangeId,
        on as Day,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps which child came of which parent, by which change.
pub async fn parentage(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    links: &[(ParcelChangeId, ParcelId, ParcelId)],
) -> Result<()> {
    sqlx::query!(
        "insert into parcel_parentage (id, change_id, parent_id, child_id)
         select v.id, v.change, v.parent, v.child from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
             as v (id, change, parent, child)",
        &links.iter().map(|_| ids::v7(now)).collect::<Vec<_>>(),
        &links.iter().map(|(change, _, _)| change.0).collect::<Vec<_>>(),
        &links.iter().map(|(_, parent, _)| parent.0).collect::<Vec<_>>(),
        &links.iter().map(|(_, _, child)| child.0).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A change as stored.
pub struct ChangeRow {
    pub id: ParcelChangeId,
    pub kind: String,
    pub division_code: String,
    pub effective_on: Day,
    pub reason: Option<String>,
    pub document_id: Option<DocumentId>,
    pub imported: bool,
    pub voided: bool,
    pub void_reason: Option<String>,
    pub revision: i32,
    pub act_id: ActId,
    pub recorded_at: DateTime<Utc>,
}

/// A change by its identifier, within a scope.
pub async fn change(
    conn: &mut PgConnection,
    id: ParcelChangeId,
    scope: Option<&[String]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<ChangeRow>> {
    Ok(sqlx::query_as!(
        ChangeRow,
        r#"select c.id as "id!: ParcelChangeId", c.kind as "kind!", c.division_code as "division_code!",
               c.effective_on as "effective_on!: Day", c.reason, c.document_id as "document_id: DocumentId",
               c.imported as "imported!", c.voided as "voided!", c.void_reason, c.revision as "revision!",
               c.act_id as "act_id!: ActId", c.sys_from as "recorded_at!"
           from parcel_changes_known($3) as c
           where c.id = $1 and ($2::text[] is null or c.division_code = any($2))"#,
        id as ParcelChangeId,
        scope,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// Locks a change; changes of a division follow one another.
pub async fn lock_change(conn: &mut PgConnection, id: ParcelChangeId) -> Result<()> {
    sqlx::query!(
        r#"select id as "id: ParcelChangeId" from parcel_change where id = $1 for update"#,
        id as ParcelChangeId
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Changes that stand and in which parcels of a set both ended and began, as known at an instant; the latest first.
pub async fn changes_among(
    conn: &mut PgConnection,
    parcels: &[ParcelId],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ChangeRow>> {
    Ok(sqlx::query_as!(
        ChangeRow,
        r#"select c.id as "id!: ParcelChangeId", c.kind as "kind!", c.division_code as "division_code!",
               c.effective_on as "effective_on!: Day", c.reason, c.document_id as "document_id: DocumentId",
               c.imported as "imported!", c.voided as "voided!", c.void_reason, c.revision as "revision!",
               c.act_id as "act_id!: ActId", c.sys_from as "recorded_at!"
           from parcel_changes_known($2) as c
           where not c.voided and c.id in (
               select p.change_id from parcel_parentage as p where p.parent_id = any($1) and p.child_id = any($1))
           order by c.effective_on desc, c.id desc"#,
        parcels as &[ParcelId],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A parcel's part in a change.
pub struct PartRow {
    pub change_id: ParcelChangeId,
    pub id: ParcelId,
    pub code: String,
    pub child: bool,
}

/// The parcels that ended and began in changes, by code.
pub async fn parts(conn: &mut PgConnection, changes: &[ParcelChangeId]) -> Result<Vec<PartRow>> {
    Ok(sqlx::query_as!(
        PartRow,
        r#"select distinct p.change_id as "change_id!: ParcelChangeId", u.id as "id!: ParcelId", u.code as "code!",
               u.id = p.child_id as "child!"
           from parcel_parentage as p join parcel as u on u.id in (p.parent_id, p.child_id)
           where p.change_id = any($1)
           order by 3"#,
        changes as &[ParcelChangeId],
    )
    .fetch_all(conn)
    .await?)
}

/// A parcel that another came of, or that came of it.
#[derive(Debug, Clone)]
pub struct Kin {
    /// Of which parcel it is the relative.
    pub of: ParcelId,
    pub id: ParcelId,
    pub code: String,
    pub change_id: ParcelChangeId,
    pub effective_on: Day,
    pub ended_on: Option<Day>,
    /// Whether the relative is a child of the parcel, else a parent.
    pub child: bool,
}

/// Parents and children of parcels, as known at an instant; changes entered in error are left out. In the order of days and
/// codes.
pub async fn kin(conn: &mut PgConnection, parcels: &[ParcelId], when: When) -> Result<Vec<Kin>> {
    Ok(sqlx::query_as!(
        Kin,
        r#"select k.of as "of!: ParcelId", u.id as "id!: ParcelId", u.code as "code!", c.id as "change_id!: ParcelChangeId",
               c.effective_on as "effective_on!: Day", u.ended_on as "ended_on: Day", k.child as "child!"
           from (
                   select p.parent_id as of, p.child_id as id, p.change_id, true as child from parcel_parentage as p
                   where p.parent_id = any($1)
                   union all
                   select p.child_id, p.parent_id, p.change_id, false from parcel_parentage as p
                   where p.child_id = any($1)) as k
               join parcel_changes_known($3) as c on c.id = k.change_id and not c.voided
               join parcels_at($2, $3) as u on u.id = k.id
           order by c.effective_on, u.code"#,
        parcels as &[ParcelId],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A parcel in a tree of descent.
pub struct TreeRow {
    pub id: ParcelId,
    pub code: String,
    pub area_m2: f64,
    pub began_on: Option<Day>,
    pub ended_on: Option<Day>,
    /// Steps down from the parcel asked about; negative: steps up.
    pub generation: i32,
}

/// Whatever a parcel came of and whatever came of it, as known at an instant, the parcel itself with them, by generation and
/// code. A change entered in error leads nowhere.
pub async fn tree(conn: &mut PgConnection, id: ParcelId, when: When) -> Result<Vec<TreeRow>> {
    Ok(sqlx::query_as!(
        TreeRow,
        r#"with recursive up (id, generation) as (
               select $1::uuid, 0
               union
               select p.parent_id, up.generation - 1
               from up join parcel_parentage as p on p.child_id = up.id
                   join parcel_changes_known($3) as c on c.id = p.change_id and not c.voided),
           down (id, generation) as (
               select $1::uuid, 0
               union
               select p.child_id, down.generation + 1
               from down join parcel_parentage as p on p.parent_id = down.id
                   join parcel_changes_known($3) as c on c.id = p.change_id and not c.voided),
           kin (id, generation) as (
               select id, min(generation) from up group by id
               union
               select id, max(generation) from down group by id)
           select k.id as "id!: ParcelId", u.code as "code!", u.area_m2 as "area_m2!", u.began_on as "began_on: Day",
               u.ended_on as "ended_on: Day", k.generation as "generation!"
           from kin as k join parcels_at($2, $3) as u on u.id = k.id
           order by k.generation, u.code"#,
        id as ParcelId,
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Codes among parcels that a change made and that have ended since.
pub async fn lived_on(conn: &mut PgConnection, change: ParcelChangeId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select code from parcel where began_by = $1 and ended_on is not null and ended_by is distinct from $1 order by code",
        change as ParcelChangeId,
    )
    .fetch_all(conn)
    .await?)
}

/// Undoes a change: its parents live on, its children never were.
pub async fn void(conn: &mut PgConnection, change: ParcelChangeId, reason: &str) -> Result<()> {
    sqlx::query!(
        "update parcel_change set voided = true, void_reason = $2 where id = $1",
        change as ParcelChangeId,
        reason,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update parcel set ended_on = began_on, ended_by = began_by, correction_reason = null where began_by = $1",
        change as ParcelChangeId,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update parcel set ended_on = null, ended_by = null, correction_reason = null
         where ended_by = $1 and began_by is distinct from $1",
        change as ParcelChangeId,
    )
    .execute(conn)
    .await?;
    Ok(())
}
