//! All SQL of `siting_zone`, `siting_zone_publication` and `siting_zone_restriction`.

use crate::kernel::{ApprovalRestrictionId, Day, DocumentId, Result, SitingZoneId, ZonePublicationId};
use crate::platform::overlay::Probe;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A zone as it is registered.
#[derive(Debug, Clone)]
pub struct Zone {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub division_code: String,
    pub published_by: String,
    pub published_on: Day,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub ended_on: Option<Day>,
    pub end_reason: Option<String>,
}

/// A zone with its outline (EWKB).
pub struct Shaped<'a> {
    pub item: &'a Zone,
    pub id: SitingZoneId,
    pub ewkb: &'a [u8],
    pub area_m2: f64,
}

/// A zone as stored.
pub struct ZoneRow {
    pub id: SitingZoneId,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub division_code: String,
    pub published_by: String,
    pub published_on: Day,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub ended_on: Option<Day>,
    pub end_reason: Option<String>,
    pub area_m2: f64,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
    pub wkb: Option<Vec<u8>>,
}

/// The divisions of those with these codes that are registered already.
pub async fn divisions_of(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select code, division_code from siting_zone where code = any($1)", codes);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.code, row.division_code)).collect())
}

/// Adds rows, and takes over those whose code is known; gives how many were added or changed.
pub async fn put(conn: &mut PgConnection, rows: &[Shaped<'_>]) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into siting_zone as t (id, code, name, kind, division_code, published_by, published_on, document_number,
               document_id, ended_on, end_reason, area_m2, geom)
           select id, code, name, kind, division_code, published_by, published_on, document_number, document_id, ended_on,
               end_reason, area_m2, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[],
               $9::uuid[], $10::date[], $11::text[], $12::bytea[], $13::float8[])
               as v (id, code, name, kind, division_code, published_by, published_on, document_number, document_id, ended_on,
                   end_reason, ewkb, area_m2)
           on conflict (code) do update set name = excluded.name, kind = excluded.kind,
               division_code = excluded.division_code, published_by = excluded.published_by,
               published_on = excluded.published_on, document_number = excluded.document_number,
               document_id = coalesce(excluded.document_id, t.document_id), ended_on = excluded.ended_on,
               end_reason = excluded.end_reason, area_m2 = excluded.area_m2, geom = excluded.geom
           where (t.name, t.kind, t.division_code, t.published_by, t.published_on, t.document_number, t.ended_on, t.end_reason)
                   is distinct from (excluded.name, excluded.kind, excluded.division_code, excluded.published_by,
                       excluded.published_on, excluded.document_number, excluded.ended_on, excluded.end_reason)
               or not st_orderingequals(t.geom, excluded.geom)"#,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.kind.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.division_code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.published_by.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.item.published_on).collect::<Vec<_>>() as &[Day],
        &rows.iter().map(|r| r.item.document_number.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.item.document_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<uuid::Uuid>],
        &rows.iter().map(|r| r.item.ended_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.item.end_reason.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.ewkb.to_vec()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.area_m2).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A zone, locked until the act is over.
pub async fn lock(conn: &mut PgConnection, id: SitingZoneId) -> Result<Option<ZoneRow>> {
    Ok(sqlx::query_as!(
        ZoneRow,
        r#"select id as "id: SitingZoneId", code, name, kind, division_code, published_by, published_on as "published_on: Day",
               document_number, document_id as "document_id: DocumentId", ended_on as "ended_on: Day", end_reason, area_m2,
               revision, sys_from, st_asbinary(geom) as wkb
           from siting_zone where id = $1 for update"#,
        id as SitingZoneId,
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends a zone.
pub async fn end(conn: &mut PgConnection, id: SitingZoneId, on: Day, reason: &str) -> Result<()> {
    sqlx::query!(
        "update siting_zone set ended_on = $2, end_reason = $3 where id = $1",
        id as SitingZoneId,
        on as Day,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What zones are narrowed to.
#[derive(Default)]
pub struct ZoneFilter {
    pub scope: Option<Vec<String>>,
    pub id: Option<SitingZoneId>,
    pub kind: Option<String>,
    pub division: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    /// Those that hold on this day; `None`: ended ones too.
    pub on: Option<Day>,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Zones by their codes.
pub async fn list(conn: &mut PgConnection, filter: &ZoneFilter) -> Result<Vec<ZoneRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first), Some(second)],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        ZoneRow,
        r#"select id as "id!: SitingZoneId", code as "code!", name as "name!", kind as "kind!",
               division_code as "division_code!", published_by as "published_by!", published_on as "published_on!: Day",
               document_number, document_id as "document_id: DocumentId", ended_on as "ended_on: Day", end_reason,
               area_m2 as "area_m2!", revision as "revision!", sys_from as "sys_from!", st_asbinary(geom) as wkb
           from (
               select * from siting_zone where $8::timestamptz is null or sys_from <= $8
               union all
               select * from siting_zone_history where sys_from <= $8 and sys_to > $8) as v
           where ($1::text[] is null or division_code = any($1))
               and ($2::uuid is null or id = $2)
               and ($3::text is null or kind = $3)
               and ($4::text is null or division_code in (select d.code from division d where d.ancestors @> array[$4]))
               and ($5::bytea is null or st_intersects(geom, st_geomfromewkb($5)) or st_intersects(geom, st_geomfromewkb($6)))
               and ($7::date is null or (published_on <= $7 and (ended_on is null or ended_on > $7)))
               and ($9::text is null or code > $9)
           order by code
           limit $10"#,
        filter.scope.as_deref(),
        filter.id as Option<SitingZoneId>,
        filter.kind,
        filter.division,
        first,
        second,
        filter.on as Option<Day>,
        filter.known_at,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// A zone that a parcel meets, as the database answers.
pub struct HitRow {
    pub id: SitingZoneId,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub division_code: String,
    pub published_by: String,
    pub published_on: Day,
    pub document_number: Option<String>,
    pub area_m2: f64,
    pub place: i32,
    pub overlap_m2: Option<f64>,
    pub distance_m: f64,
}

/// Zones holding on their days that parcels overlap or touch, or that lie near them.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select q.n as "place!", r.id as "id!: SitingZoneId", r.code as "code!", r.name as "name!", r.kind as "kind!",
               r.division_code as "division_code!", r.published_by as "published_by!",
               r.published_on as "published_on!: Day", r.document_number, r.area_m2 as "area_m2!", o.overlap_m2,
               case when o.overlap_m2 is null then st_distance(r.geom::geography, p.g::geography) else 0 end as "distance_m!"
           from unnest($1::int[], $2::bytea[], $3::date[]) as q (n, ewkb, on_day)
               cross join lateral (
                   select g, platform_near_box(g, $4) as box from st_geomfromewkb(q.ewkb) as g offset 0) as p
               join lateral (
                   select * from siting_zone where geom && p.box and ($5::timestamptz is null or sys_from <= $5)
                   union all
                   select * from siting_zone_history
                   where $5::timestamptz is not null and geom && p.box and sys_from <= $5 and sys_to > $5) as r on true
               cross join lateral (select platform_overlap_m2(r.geom, p.g, r.area_m2) as overlap_m2 offset 0) as o
           where r.published_on <= q.on_day and (r.ended_on is null or r.ended_on > q.on_day)
               and (o.overlap_m2 is not null or st_dwithin(r.geom::geography, p.g::geography, $4))"#,
        &probe.places(),
        &probe.ewkb,
        &probe.on as &[Day],
        probe.near_m,
        probe.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// What makes known which zones of a kind there are in a division, given as its codes from the nation down to it: the latest
/// day of a statement, or of a zone, of it or of a division above it, by a day.
pub async fn published(
    conn: &mut PgConnection,
    ancestors: &[String],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<(String, Day)>> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", max(day) as "day!: Day"
           from (
               select kind, as_of as day from (
                   select kind, as_of, division_code, withdrawn_reason from siting_zone_publication
                   where $3::timestamptz is null or sys_from <= $3
                   union all
                   select kind, as_of, division_code, withdrawn_reason from siting_zone_publication_history
                   where $3::timestamptz is not null and sys_from <= $3 and sys_to > $3) as p
               where division_code = any($1) and as_of <= $2 and withdrawn_reason is null
               union all
               select kind, published_on from (
                   select kind, published_on, division_code from siting_zone
                   where $3::timestamptz is null or sys_from <= $3
                   union all
                   select kind, published_on, division_code from siting_zone_history
                   where $3::timestamptz is not null and sys_from <= $3 and sys_to > $3) as z
               where division_code = any($1) and published_on <= $2) as said
           group by kind order by kind"#,
        ancestors,
        on as Day,
        known_at,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.kind, row.day)).collect())
}

/// That a division has published its zones, as stored.
#[derive(Debug, Clone)]
pub struct Publication {
    pub id: ZonePublicationId,
    pub division_code: String,
    pub kind: String,
    pub as_of: Day,
    pub published_by: String,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub withdrawn_reason: Option<String>,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
}

/// Adds a statement; false where the division has said it of that day already.
pub async fn insert_publication(conn: &mut PgConnection, new: &Publication) -> Result<bool> {
    let done = sqlx::query!(
        "insert into siting_zone_publication (id, division_code, kind, as_of, published_by, document_number, document_id)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (division_code, kind, as_of) do nothing",
        new.id as ZonePublicationId,
        new.division_code,
        new.kind,
        new.as_of as Day,
        new.published_by,
        new.document_number,
        new.document_id as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A statement, locked until the act is over.
pub async fn lock_publication(conn: &mut PgConnection, id: ZonePublicationId) -> Result<Option<Publication>> {
    Ok(sqlx::query_as!(
        Publication,
        r#"select id as "id: ZonePublicationId", division_code, kind, as_of as "as_of: Day", published_by, document_number,
               document_id as "document_id: DocumentId", withdrawn_reason, revision, sys_from
           from siting_zone_publication where id = $1 for update"#,
        id as ZonePublicationId,
    )
    .fetch_optional(conn)
    .await?)
}

/// Marks a statement as entered in error.
pub async fn withdraw_publication(conn: &mut PgConnection, id: ZonePublicationId, reason: &str) -> Result<()> {
    sqlx::query!(
        "update siting_zone_publication set withdrawn_reason = $2 where id = $1",
        id as ZonePublicationId,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What statements and orders are narrowed to.
#[derive(Default)]
pub struct Filter {
    pub scope: Option<Vec<String>>,
    pub id: Option<uuid::Uuid>,
    pub division: Option<String>,
    /// Those that hold on this day; `None`: all.
    pub on: Option<Day>,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<uuid::Uuid>,
    pub limit: i64,
}

/// Statements, the oldest entry first.
pub async fn list_publications(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<Publication>> {
    Ok(sqlx::query_as!(
        Publication,
        r#"select id as "id!: ZonePublicationId", division_code as "division_code!", kind as "kind!",
               as_of as "as_of!: Day", published_by as "published_by!", document_number,
               document_id as "document_id: DocumentId", withdrawn_reason, revision as "revision!", sys_from as "sys_from!"
           from (
               select * from siting_zone_publication where $4::timestamptz is null or sys_from <= $4
               union all
               select * from siting_zone_publication_history where sys_from <= $4 and sys_to > $4) as v
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::date is null or (as_of <= $3 and withdrawn_reason is null))
               and ($5::uuid is null or id > $5)
               and ($7::uuid is null or id = $7)
           order by id
           limit $6"#,
        filter.scope.as_deref(),
        filter.division,
        filter.on as Option<Day>,
        filter.known_at,
        filter.after,
        filter.limit,
        filter.id,
    )
    .fetch_all(conn)
    .await?)
}

/// An order that limits approvals, as stored.
#[derive(Debug, Clone)]
pub struct RestrictionRow {
    pub id: ApprovalRestrictionId,
    pub division_code: String,
    pub label: String,
    pub covers: String,
    pub scope: String,
    pub from_on: Day,
    pub until_on: Option<Day>,
    pub authority: String,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
    pub end_reason: Option<String>,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
}

/// Adds an order.
pub async fn insert_restriction(conn: &mut PgConnection, new: &RestrictionRow) -> Result<()> {
    sqlx::query!(
        "insert into siting_zone_restriction (id, division_code, label, covers, scope, from_on, until_on, authority,
             document_number, document_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id as ApprovalRestrictionId,
        new.division_code,
        new.label,
        new.covers,
        new.scope,
        new.from_on as Day,
        new.until_on as Option<Day>,
        new.authority,
        new.document_number,
        new.document_id as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An order, locked until the act is over.
pub async fn lock_restriction(conn: &mut PgConnection, id: ApprovalRestrictionId) -> Result<Option<RestrictionRow>> {
    Ok(sqlx::query_as!(
        RestrictionRow,
        r#"select id as "id: ApprovalRestrictionId", division_code, label, covers, scope, from_on as "from_on: Day",
               until_on as "until_on: Day", authority, document_number, document_id as "document_id: DocumentId", end_reason,
               revision, sys_from
           from siting_zone_restriction where id = $1 for update"#,
        id as ApprovalRestrictionId,
    )
    .fetch_optional(conn)
    .await?)
}

/// Sets the last day of an order.
pub async fn end_restriction(
    conn: &mut PgConnection,
    id: ApprovalRestrictionId,
    until: Day,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update siting_zone_restriction set until_on = $2, end_reason = $3 where id = $1",
        id as ApprovalRestrictionId,
        until as Day,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Orders, the oldest entry first.
pub async fn list_restrictions(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<RestrictionRow>> {
    Ok(sqlx::query_as!(
        RestrictionRow,
        r#"select id as "id!: ApprovalRestrictionId", division_code as "division_code!", label as "label!",
               covers as "covers!", scope as "scope!", from_on as "from_on!: Day", until_on as "until_on: Day",
               authority as "authority!", document_number, document_id as "document_id: DocumentId", end_reason,
               revision as "revision!", sys_from as "sys_from!"
           from (
               select * from siting_zone_restriction where $4::timestamptz is null or sys_from <= $4
               union all
               select * from siting_zone_restriction_history where sys_from <= $4 and sys_to > $4) as v
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division d where d.ancestors @> array[$2]))
               and ($3::date is null or (from_on <= $3 and (until_on is null or until_on >= $3)))
               and ($5::uuid is null or id > $5)
               and ($7::uuid is null or id = $7)
           order by id
           limit $6"#,
        filter.scope.as_deref(),
        filter.division,
        filter.on as Option<Day>,
        filter.known_at,
        filter.after,
        filter.limit,
        filter.id,
    )
    .fetch_all(conn)
    .await?)
}

/// Orders that hold on a day in any of some divisions.
pub async fn restrictions(
    conn: &mut PgConnection,
    divisions: &[String],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<RestrictionRow>> {
    Ok(sqlx::query_as!(
        RestrictionRow,
        r#"select id as "id!: ApprovalRestrictionId", division_code as "division_code!", label as "label!",
               covers as "covers!", scope as "scope!", from_on as "from_on!: Day", until_on as "until_on: Day",
               authority as "authority!", document_number, document_id as "document_id: DocumentId", end_reason,
               revision as "revision!", sys_from as "sys_from!"
           from (
               select id, division_code, label, covers, scope, from_on, until_on, authority, document_number, document_id,
                   end_reason, revision, sys_from
               from siting_zone_restriction where $3::timestamptz is null or sys_from <= $3
               union all
               select id, division_code, label, covers, scope, from_on, until_on, authority, document_number, document_id,
                   end_reason, revision, sys_from
               from siting_zone_restriction_history
               where $3::timestamptz is not null and sys_from <= $3 and sys_to > $3) as v
           where division_code = any($1) and from_on <= $2 and (until_on is null or until_on >= $2)
           order by from_on, id"#,
        divisions,
        on as Day,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}
