//! What the registers say of units, ban zones and sites on a day, as known at an instant. Reads only.

use super::rules::ORCHARD_OR_FOREST;
use crate::kernel::{Day, FarmlandMeasureId, FarmlandUnitId, Result, SiteId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What is asked.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub on: Day,
    pub known_at: Option<DateTime<Utc>>,
    /// Divisions of units that the caller may see; `None`: all.
    pub units: Option<&'a [String]>,
    /// Divisions of sites that the caller may see; `None`: all.
    pub sites: Option<&'a [String]>,
    pub division: Option<&'a str>,
    pub unit: Option<FarmlandUnitId>,
}

/// What a statement is planned for is seldom what it is asked next, and compiling it takes longer than running it.
pub(super) async fn plan_anew(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "select set_config('plan_cache_mode', 'force_custom_plan', true) as plan, set_config('jit', 'off', true) as jit"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What the units in question say of their crops, each text once.
pub(super) async fn crop_texts(conn: &mut PgConnection, q: &Question<'_>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct u.crop as "crop!" from farmland_units_at($1, $2) u
           where u.living and u.crop is not null
             and ($3::text[] is null or u.division_code = any($3))
             and ($4::text is null
                  or u.division_code in (select d.code from division d where d.ancestors @> array[$4::text]))
             and ($5::uuid is null or u.id = $5)"#,
        q.on as Day,
        q.known_at,
        q.units,
        q.division,
        q.unit as Option<FarmlandUnitId>,
    )
    .fetch_all(conn)
    .await?)
}

/// The products named by ban zones that hold.
pub(super) async fn banned_products(conn: &mut PgConnection, q: &Question<'_>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct p.name as "name!"
           from farmland_measures_known($2) m cross join lateral unnest(m.products) as p (name)
           where m.kind = 'crop_ban_zone'
             and farmland_measure_status(m.kind, m.from_on, m.to_on, m.approved_on, m.effective_on, m.ended_on,
                                         m.withdrawn_on, $1) = 'in_force'"#,
        q.on as Day,
        q.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// What was decided of crops, and which conflicts are wanted.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub eaten: Vec<String>,
    pub eaten_certainly: Vec<bool>,
    pub banned_product: Vec<String>,
    pub banned_text: Vec<String>,
    pub banned_certainly: Vec<bool>,
}

/// Which conflicts are wanted, out of what, and behind which one.
#[derive(Debug)]
pub(super) struct Wanted {
    pub class: bool,
    pub ban_zone: bool,
    pub site: bool,
    pub certain: Option<bool>,
    pub orchard: Option<bool>,
    /// The sliver is one that is smaller than both.
    pub sliver_m2: f64,
    pub sliver_share: f64,
    /// Code of the unit, rank of the source, code of what meets it.
    pub after: Option<(String, i32, String)>,
    pub limit: i64,
}

/// A unit and what meets it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub rank: i32,
    pub certain: bool,
    pub unit_id: FarmlandUnitId,
    pub unit_code: String,
    pub division_code: String,
    pub land_type: String,
    pub class: String,
    pub crop: Option<String>,
    pub area_m2: f64,
    pub other: String,
    pub measure_id: Option<FarmlandMeasureId>,
    pub measure_title: Option<String>,
    pub measure_division: Option<String>,
    pub measure_from: Option<Day>,
    pub approval_number: Option<String>,
    pub products: Option<Vec<String>>,
    pub site_id: Option<SiteId>,
    pub site_name: Option<String>,
    pub site_division: Option<String>,
    pub stage: Option<String>,
    pub lists: Option<Vec<String>>,
    pub overlap_m2: Option<f64>,
    pub site_m2: Option<f64>,
    pub sliver: bool,
}

/// Units and what meets them, by the unit's code, then class, ban zones, sites.
///
/// A zone covers the units attached to it, those that came of them, and those of its division that its outline overlaps by
/// more than a sliver. Of sites, those count that are on a list on the day, or whose stage began by it.
pub(super) async fn page(
    conn: &mut PgConnection,
    q: &Question<'_>,
    decided: &Decided,
    wanted: &Wanted,
) -> Result<Vec<Row>> {
    let (after_code, after_rank, after_other) = match &wanted.after {
        Some((code, rank, other)) => (Some(code), Some(*rank), Some(other)),
        None => (None, None, None),
    };
    let orchard: Vec<String> = ORCHARD_OR_FOREST.iter().map(|kind| (*kind).to_owned()).collect();
    Ok(sqlx::query_as!(
        Row,
        r#"with recursive below as materialized (
               select d.code from division d where d.ancestors @> array[$5::text]),
           eaten as materialized (
               select * from unnest($6::text[], $7::bool[]) as e (crop, certain)),
           banned as materialized (
               select * from unnest($8::text[], $9::text[], $10::bool[]) as b (product, crop, certain)),
           zone as materialized (
               select m.id, m.number, m.title, m.division_code, m.from_on, m.approval_number, m.products, m.geom
               from farmland_measures_known($2) m
               where $12 and m.kind = 'crop_ban_zone'
                 and farmland_measure_status(m.kind, m.from_on, m.to_on, m.approved_on, m.effective_on, m.ended_on,
                                             m.withdrawn_on, $1) = 'in_force'),
           attached as (
               select z.id as zone_id, a.unit_id
               from zone z join farmland_measure_units_known($2) a on a.measure_id = z.id
               union
               select a.zone_id, p.child_id
               from attached a
                   join farmland_parentage p on p.parent_id = a.unit_id and p.child_id is not null
                       and ($2::timestamptz is null or p.sys_from <= $2)
                   join farmland_change h on h.id = p.change_id and (not h.voided or h.sys_from > $2)),
           outlined as (
               select z.id as zone_id, c.id as unit_id
               from zone z
                   cross join lateral (
                       select n.id, n.division_code, n.area_m2, n.geom from farmland_unit n
                       where n.geom && z.geom and ($2::timestamptz is null or n.sys_from <= $2)
                         and ($5::text is null or n.division_code in (select b.code from below b))
                       union all
                       select h.id, h.division_code, h.area_m2, h.geom from farmland_unit_history h
                       where $2::timestamptz is not null and h.geom && z.geom and h.sys_from <= $2 and h.sys_to > $2
                       offset 0) as c
                   join division d on d.code = c.division_code and d.ancestors @> array[z.division_code]
                   cross join lateral (select platform_overlap_m2(c.geom, z.geom, c.area_m2) as overlap_m2 offset 0) as o
               where z.geom is not null and o.overlap_m2 > 0
                 and not (o.overlap_m2 < $16 and o.overlap_m2 < $17 * c.area_m2)),
           planted as materialized (
               select z.id as zone_id, z.products = '{}' as all_edible, z.products, u.id, u.code, u.division_code, u.land_type,
                      u.class, u.crop, u.area_m2
               from (select a.zone_id, a.unit_id from attached a union select o.zone_id, o.unit_id from outlined o) as i
                   join zone z on z.id = i.zone_id
                   join farmland_units_at($1, $2) u on u.id = i.unit_id
               where u.living and u.crop is not null and ($3::text[] is null or u.division_code = any($3))
                 and ($5::text is null or u.division_code in (select b.code from below b))),
           verdict as (
               select p.zone_id, p.id, e.certain
               from planted p join eaten e on e.crop = p.crop where p.all_edible
               union all
               select p.zone_id, p.id, bool_or(b.certain)
               from planted p join banned b on b.crop = p.crop and b.product = any(p.products)
               group by p.zone_id, p.id),
           shared as materialized (
               select s.id, s.code, s.name, s.division_code, s.stage, s.stage_since, s.area_m2, c.id as unit_id, o.overlap_m2
               from (
                       select n.id, n.code, n.name, n.division_code, n.stage, n.stage_since, n.area_m2, n.geom from site n
                       where $2::timestamptz is null or n.sys_from <= $2
                       union all
                       select h.id, h.code, h.name, h.division_code, h.stage, h.stage_since, h.area_m2, h.geom
                       from site_history h
                       where $2::timestamptz is not null and h.sys_from <= $2 and h.sys_to > $2) as s
                   cross join lateral (
                       select n.id, n.area_m2, n.geom from farmland_unit n
                       where n.geom && s.geom and ($2::timestamptz is null or n.sys_from <= $2)
                         and ($3::text[] is null or n.division_code = any($3))
                         and ($5::text is null or n.division_code in (select b.code from below b))
                       union all
                       select h.id, h.area_m2, h.geom from farmland_unit_history h
                       where $2::timestamptz is not null and h.geom && s.geom and h.sys_from <= $2 and h.sys_to > $2
                       offset 0) as c
                   cross join lateral (select platform_overlap_m2(c.geom, s.geom, c.area_m2) as overlap_m2 offset 0) as o
               where $13 and o.overlap_m2 > 0 and ($4::text[] is null or s.division_code = any($4))),
           met as (
               select 0 as rank, e.certain, u.id, u.code, u.division_code, u.land_type, u.class, u.crop, u.area_m2,
                      '' as other, null::uuid as measure_id, null::text as measure_title, null::text as measure_division,
                      null::date as measure_from, null::text as approval_number, null::text[] as products,
                      null::uuid as site_id, null::text as site_name, null::text as site_division, null::text as stage,
                      null::text[] as lists, null::float8 as overlap_m2, null::float8 as site_m2, false as sliver
               from farmland_units_at($1, $2) u join eaten e on e.crop = u.crop
               where $11 and u.living and u.class = 'strict_control'
                 and ($3::text[] is null or u.division_code = any($3))
                 and ($15::bool is null or (u.land_type = any($21)) = $15)
               union all
               select 1, v.certain, p.id, p.code, p.division_code, p.land_type, p.class, p.crop, p.area_m2,
                      z.number, z.id, z.title, z.division_code, z.from_on, z.approval_number, z.products,
                      null, null, null, null, null, null, null, false
               from verdict v
                   join planted p on p.zone_id = v.zone_id and p.id = v.id
                   join zone z on z.id = v.zone_id
               union all
               select 2, true, u.id, u.code, u.division_code, u.land_type, u.class, u.crop, u.area_m2,
                      s.code, null, null, null, null, null, null,
                      s.id, s.name, s.division_code, case when coalesce(s.stage_since, '-infinity') <= $1 then s.stage end,
                      l.lists, s.overlap_m2, s.area_m2,
                      s.overlap_m2 < $16 and s.overlap_m2 < $17 * least(u.area_m2, s.area_m2)
               from shared s
                   join farmland_units_at($1, $2) u on u.id = s.unit_id and u.living and u.class = 'priority_protection'
                   cross join lateral (
                       select coalesce(array_agg(distinct e.list order by e.list), '{}') as lists
                       from (
                           select n.list, n.entered_on, n.left_on, n.left_seq, n.withdrawn from site_list_entry n
                           where n.site_id = s.id and ($2::timestamptz is null or n.sys_from <= $2)
                           union all
                           select h.list, h.entered_on, h.left_on, h.left_seq, h.withdrawn from site_list_entry_history h
                           where h.site_id = s.id and $2::timestamptz is not null and h.sys_from <= $2 and h.sys_to > $2)
                           as e
                       where not e.withdrawn and (e.entered_on is null or e.entered_on <= $1)
                         and (e.left_seq is null or e.left_on > $1)) as l
               where ($3::text[] is null or u.division_code = any($3))
                 and (l.lists <> '{}' or coalesce(s.stage_since, '-infinity') <= $1))
           select m.rank as "rank!", m.certain as "certain!", m.id as "unit_id!: FarmlandUnitId", m.code as "unit_code!",
                  m.division_code as "division_code!", m.land_type as "land_type!", m.class as "class!", m.crop,
                  m.area_m2 as "area_m2!", m.other as "other!", m.measure_id as "measure_id: FarmlandMeasureId",
                  m.measure_title, m.measure_division, m.measure_from as "measure_from: Day", m.approval_number, m.products,
                  m.site_id as "site_id: SiteId", m.site_name, m.site_division, m.stage, m.lists, m.overlap_m2, m.site_m2,
                  m.sliver as "sliver!"
           from met m
           where ($5::text is null or m.division_code in (select b.code from below b))
             and ($14::bool is null or m.certain = $14)
             and ($22::uuid is null or m.id = $22)
             and ($18::text is null or (m.code, m.rank, m.other) > ($18, $19, $20))
           order by m.code, m.rank, m.other
           limit $23"#,
        q.on as Day,
        q.known_at,
        q.units,
        q.sites,
        q.division,
        &decided.eaten,
        &decided.eaten_certainly,
        &decided.banned_product,
        &decided.banned_text,
        &decided.banned_certainly,
        wanted.class,
        wanted.ban_zone,
        wanted.site,
        wanted.certain,
        wanted.orchard,
        wanted.sliver_m2,
        wanted.sliver_share,
        after_code,
        after_rank,
        after_other,
        &orchard,
        q.unit as Option<FarmlandUnitId>,
        wanted.limit,
    )
    .fetch_all(conn)
    .await?)
}
