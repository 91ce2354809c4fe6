//! All SQL of farmland units; that of their tracks is in [`tracks`], that of parentage in [`lineage`], that of the area
//! ledger in [`ledger`].

pub mod classify;
pub mod ledger;
pub mod lineage;
pub mod tracks;

use crate::kernel::{Day, FarmlandChangeId, FarmlandFactId, FarmlandUnitId, Result};
use crate::platform::overlay::Probe;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashSet;

/// A unit as it is registered.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub code: String,
    pub division_code: String,
    pub land_type: String,
    pub crop: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub pbf: Option<bool>,
    pub class: String,
    pub class_since: Option<Day>,
    /// First day on which it exists; `None`: since before anything known.
    pub began_on: Option<Day>,
    pub stated_area_m2: Option<f64>,
}

/// A unit as known at an instant, with what is true of it on a day.
pub struct UnitRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    pub land_type: String,
    pub crop: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub pbf: Option<bool>,
    pub class: String,
    pub class_since: Option<Day>,
    pub area_m2: f64,
    pub stated_area_m2: Option<f64>,
    pub land_type_since: Option<Day>,
    pub reclassification_due_on: Option<Day>,
    pub began_on: Option<Day>,
    pub began_by: Option<FarmlandChangeId>,
    pub ended_on: Option<Day>,
    pub ended_by: Option<FarmlandChangeId>,
    /// Whether it exists on the day.
    pub living: bool,
    pub revision: i32,
    pub wkb: Option<Vec<u8>>,
}

/// When: the civil day asked about, and the instant as of which the registry's knowledge is asked for; `None` is now.
#[derive(Debug, Clone, Copy)]
pub struct When {
    pub on: Day,
    pub known_at: Option<DateTime<Utc>>,
}

/// What a list is narrowed to.
pub struct Filter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    pub class: Option<String>,
    pub land_type: Option<String>,
    pub division: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    pub pbf: Option<bool>,
    pub code: Option<String>,
    /// Whether a change of land use waits for a new class.
    pub reclassification_due: Option<bool>,
    pub when: When,
    /// Whether those that do not exist on the day are wanted as well.
    pub ended: bool,
    pub after: Option<String>,
    pub limit: i64,
}

/// A unit with its outline (EWKB) and ellipsoidal area.
pub struct Shaped<'a> {
    pub unit: &'a NewUnit,
    pub id: FarmlandUnitId,
    pub ewkb: &'a [u8],
    pub area_m2: f64,
}

/// Which of these codes are taken.
pub async fn taken(conn: &mut PgConnection, codes: &[String]) -> Result<HashSet<String>> {
    let rows =
        sqlx::query_scalar!("select code from farmland_unit where code = any($1)", codes).fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Adds units, each with the first fact of its tracks; one whose code somebody else has just taken is left out. Gives the
/// codes that were added.
pub async fn insert(conn: &mut PgConnection, now: DateTime<Utc>, units: &[Shaped<'_>]) -> Result<HashSet<String>> {
    let texts = |get: fn(&NewUnit) -> &str| units.iter().map(|u| get(u.unit).to_owned()).collect::<Vec<String>>();
    let optional = |get: fn(&NewUnit) -> &Option<String>| {
        units.iter().map(|u| get(u.unit).clone()).collect::<Vec<Option<String>>>()
    };
    let fact_ids = || units.iter().map(|_| FarmlandFactId::new(now).0).collect::<Vec<_>>();
    let rows = sqlx::query_scalar!(
        r#"with given as (
               select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                   $8::bool[], $9::text[], $10::date[], $11::float8[], $12::float8[], $13::bytea[], $14::date[], $15::uuid[],
                   $16::uuid[])
                   as v (id, code, division_code, land_type, crop, township, village, pbf, class, class_since, area_m2, stated,
                       ewkb, began_on, class_id, land_type_id)),
           added as (
               insert into farmland_unit (id, code, division_code, land_type, crop, township, village, pbf, class, class_since,
                   area_m2, stated_area_m2, geom, began_on)
               select id, code, division_code, land_type, crop, township, village, pbf, class, class_since, area_m2, stated,
                   st_geomfromewkb(ewkb), began_on
               from given
               on conflict (code) do nothing
               returning id, code),
           classed as (
               insert into farmland_class (id, unit_id, from_on, class, trigger)
               select g.class_id, g.id, g.class_since, g.class, 'registered' from given as g join added as a on a.id = g.id),
           typed as (
               insert into farmland_land_type (id, unit_id, land_type)
               select g.land_type_id, g.id, g.land_type from given as g join added as a on a.id = g.id)
           select code as "code!" from added"#,
        &units.iter().map(|u| u.id.0).collect::<Vec<_>>(),
        &texts(|u| &u.code),
        &texts(|u| &u.division_code),
        &texts(|u| &u.land_type),
        &optional(|u| &u.crop) as &[Option<String>],
        &optional(|u| &u.township) as &[Option<String>],
        &optional(|u| &u.village) as &[Option<String>],
        &units.iter().map(|u| u.unit.pbf).collect::<Vec<_>>() as &[Option<bool>],
        &texts(|u| &u.class),
        &units.iter().map(|u| u.unit.class_since).collect::<Vec<_>>() as &[Option<Day>],
        &units.iter().map(|u| u.area_m2).collect::<Vec<_>>(),
        &units.iter().map(|u| u.unit.stated_area_m2).collect::<Vec<_>>() as &[Option<f64>],
        &units.iter().map(|u| u.ewkb.to_vec()).collect::<Vec<_>>(),
        &units.iter().map(|u| u.unit.began_on).collect::<Vec<_>>() as &[Option<Day>],
        &fact_ids(),
        &fact_ids(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}

/// A unit by its identifier, within a scope; also one that does not exist on the day.
pub async fn get(
    conn: &mut PgConnection,
    id: FarmlandUnitId,
    when: When,
    scope: Option<&[String]>,
) -> Result<Option<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select id as "id!: FarmlandUnitId", code as "code!", division_code as "division_code!", land_type as "land_type!", crop,
               township, village, pbf, class as "class!", class_since as "class_since: Day", area_m2 as "area_m2!",
               stated_area_m2, land_type_since as "land_type_since: Day",
               reclassification_due_on as "reclassification_due_on: Day", began_on as "began_on: Day",
               began_by as "began_by: FarmlandChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: FarmlandChangeId",
               living as "living!", revision as "revision!", st_asbinary(geom) as wkb
           from farmland_units_at($3, $4) where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as FarmlandUnitId,
        scope,
        when.on as Day,
        when.known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// Units by their identifiers, without their outlines, in no order; also those that do not exist on the day.
pub async fn among(conn: &mut PgConnection, ids: &[FarmlandUnitId], when: When) -> Result<Vec<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select id as "id!: FarmlandUnitId", code as "code!", division_code as "division_code!", land_type as "land_type!", crop,
               township, village, pbf, class as "class!", class_since as "class_since: Day", area_m2 as "area_m2!",
               stated_area_m2, land_type_since as "land_type_since: Day",
               reclassification_due_on as "reclassification_due_on: Day", began_on as "began_on: Day",
               began_by as "began_by: FarmlandChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: FarmlandChangeId",
               living as "living!", revision as "revision!", null::bytea as wkb
           from farmland_units_at($2, $3) where id = any($1)"#,
        ids as &[FarmlandUnitId],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Units in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<UnitRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first), Some(second)],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select id as "id!: FarmlandUnitId", code as "code!", division_code as "division_code!", land_type as "land_type!", crop,
               township, village, pbf, class as "class!", class_since as "class_since: Day", area_m2 as "area_m2!",
               stated_area_m2, land_type_since as "land_type_since: Day",
               reclassification_due_on as "reclassification_due_on: Day", began_on as "began_on: Day",
               began_by as "began_by: FarmlandChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: FarmlandChangeId",
               living as "living!", revision as "revision!", st_asbinary(geom) as wkb
           from farmland_units_at($11, $12)
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or class = $2)
               and ($3::text is null or land_type = $3)
               and ($4::text is null or division_code in (select d.code from division d where d.ancestors @> array[$4]))
               and ($5::bytea is null or st_intersects(geom, st_geomfromewkb($5))
                   or st_intersects(geom, st_geomfromewkb($6)))
               and ($7::bool is null or pbf = $7)
               and ($8::text is null or code = $8)
               and ($9::text is null or code > $9)
               and ($13 or living)
               and ($14::bool is null or (reclassification_due_on is not null) = $14)
           order by code
           limit $10"#,
        filter.scope.as_deref(),
        filter.class,
        filter.land_type,
        filter.division,
        first,
        second,
        filter.pbf,
        filter.code,
        filter.after,
        filter.limit,
        filter.when.on as Day,
        filter.when.known_at,
        filter.ended,
        filter.reclassification_due,
    )
    .fetch_all(conn)
    .await?)
}

/// A unit that a parcel meets, as the database answers.
pub struct HitRow {
    pub id: FarmlandUnitId,
    pub code: String,
    pub division_code: String,
    pub class: String,
    pub pbf: Option<bool>,
    pub area_m2: f64,
    pub place: i32,
    pub overlap_m2: Option<f64>,
    pub distance_m: f64,
}

/// Units existing on their days that parcels overlap or touch, or that lie near them; the class is that of the day.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select q.n as "place!", u.id as "id!: FarmlandUnitId", u.code as "code!", u.division_code as "division_code!",
               u.class as "class!", u.pbf, u.area_m2 as "area_m2!", o.overlap_m2,
               case when o.overlap_m2 is null then st_distance(u.geom::geography, p.g::geography) else 0 end as "distance_m!"
           from unnest($1::int[], $2::bytea[], $3::date[]) as q (n, ewkb, on_day)
               cross join lateral (
                   select g, platform_near_box(g, $4) as box from st_geomfromewkb(q.ewkb) as g offset 0) as p
               join lateral farmland_units_about(p.box, q.on_day, $5) as u on true
               cross join lateral (select platform_overlap_m2(u.geom, p.g, u.area_m2) as overlap_m2 offset 0) as o
           where u.living and (o.overlap_m2 is not null or st_dwithin(u.geom::geography, p.g::geography, $4))"#,
        &probe.places(),
        &probe.ewkb,
        &probe.on as &[Day],
        probe.near_m,
        probe.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// What a unit's record says where it can be put right.
#[derive(Debug, Clone, Default)]
pub struct Corrected {
    pub crop: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub pbf: Option<bool>,
    pub stated_area_m2: Option<f64>,
}

/// Writes a unit's record as corrected.
pub async fn correct(conn: &mut PgConnection, id: FarmlandUnitId, new: &Corrected, reason: &str) -> Result<()> {
    sqlx::query!(
        "update farmland_unit set crop = $2, township = $3, village = $4, pbf = $5, stated_area_m2 = $6, correction_reason = $7
         where id = $1",
        id as FarmlandUnitId,
        new.crop,
        new.township,
        new.village,
        new.pbf,
        new.stated_area_m2,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Units of some classes and land types that exist on a day, in a division and below, without their outlines.
pub async fn of_classes(
    conn: &mut PgConnection,
    division: &str,
    classes: &[&str],
    land_types: &[&str],
    when: When,
) -> Result<Vec<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select id as "id!: FarmlandUnitId", code as "code!", division_code as "division_code!", land_type as "land_type!", crop,
               township, village, pbf, class as "class!", class_since as "class_since: Day", area_m2 as "area_m2!",
               stated_area_m2, land_type_since as "land_type_since: Day",
               reclassification_due_on as "reclassification_due_on: Day", began_on as "began_on: Day",
               began_by as "began_by: FarmlandChangeId", ended_on as "ended_on: Day", ended_by as "ended_by: FarmlandChangeId",
               living as "living!", revision as "revision!", null::bytea as wkb
           from farmland_units_at($4, $5)
           where division_code in (select d.code from division d where d.ancestors @> array[$1])
               and class = any($2) and land_type = any($3) and living
           order by code"#,
        division,
        classes as &[&str],
        land_types as &[&str],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Area by division and class of the units of some land types that exist on a day, in a division and below.
pub async fn class_areas(
    conn: &mut PgConnection,
    division: &str,
    land_types: &[&str],
    when: When,
) -> Result<Vec<super::ClassArea>> {
    Ok(sqlx::query_as!(
        super::ClassArea,
        r#"select division_code as "division_code!", class as "class!", count(*) as "units!",
               sum(round(area_m2::numeric, 2)) as "area_m2!"
           from farmland_units_at($3, $4)
           where division_code in (select d.code from division d where d.ancestors @> array[$1])
               and land_type = any($2) and living
           group by division_code, class
           order by division_code, class"#,
        division,
        land_types as &[&str],
        when.on as Day,
        when.known_at,
    )
    .fetch_all(conn)
    .await?)
}
