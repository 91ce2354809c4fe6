//! All SQL of `farmland_unit`.

use crate::kernel::{Day, FarmlandUnitId, Result};
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
    pub stated_area_m2: Option<f64>,
}

/// A unit as stored.
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
    pub revision: i32,
    pub wkb: Option<Vec<u8>>,
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

/// Adds units; one whose code somebody else has just taken is left out. Gives the codes that were added.
pub async fn insert(conn: &mut PgConnection, units: &[Shaped<'_>]) -> Result<HashSet<String>> {
    let texts = |get: fn(&NewUnit) -> &str| units.iter().map(|u| get(u.unit).to_owned()).collect::<Vec<String>>();
    let optional = |get: fn(&NewUnit) -> &Option<String>| {
        units.iter().map(|u| get(u.unit).clone()).collect::<Vec<Option<String>>>()
    };
    let rows = sqlx::query_scalar!(
        r#"insert into farmland_unit (id, code, division_code, land_type, crop, township, village, pbf, class, class_since,
               area_m2, stated_area_m2, geom)
           select id, code, division_code, land_type, crop, township, village, pbf, class, class_since, area_m2, stated,
               st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
               $9::text[], $10::date[], $11::float8[], $12::float8[], $13::bytea[])
               as v (id, code, division_code, land_type, crop, township, village, pbf, class, class_since, area_m2, stated, ewkb)
           on conflict (code) do nothing
           returning code"#,
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
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}

/// A unit by its identifier, within a scope.
pub async fn get(conn: &mut PgConnection, id: FarmlandUnitId, scope: Option<&[String]>) -> Result<Option<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select id as "id: FarmlandUnitId", code, division_code, land_type, crop, township, village, pbf, class,
               class_since as "class_since: Day", area_m2, stated_area_m2, revision, st_asbinary(geom) as wkb
           from farmland_unit where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as FarmlandUnitId,
        scope,
    )
    .fetch_optional(conn)
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
        r#"select id as "id: FarmlandUnitId", code, division_code, land_type, crop, township, village, pbf, class,
               class_since as "class_since: Day", area_m2, stated_area_m2, revision, st_asbinary(geom) as wkb
           from farmland_unit
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or class = $2)
               and ($3::text is null or land_type = $3)
               and ($4::text is null or division_code in (select d.code from division d where d.ancestors @> array[$4]))
               and ($5::bytea is null or st_intersects(geom, st_geomfromewkb($5))
                   or st_intersects(geom, st_geomfromewkb($6)))
               and ($7::bool is null or pbf = $7)
               and ($8::text is null or code = $8)
               and ($9::text is null or code > $9)
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
    )
    .fetch_all(conn)
    .await?)
}

/// A unit's class in one of its versions.
pub struct ClassRow {
    pub class: String,
    pub class_since: Option<Day>,
    pub known_from: chrono::DateTime<chrono::Utc>,
    pub known_to: Option<chrono::DateTime<chrono::Utc>>,
}

/// Every version of a unit, oldest first.
pub async fn versions(conn: &mut PgConnection, id: FarmlandUnitId) -> Result<Vec<ClassRow>> {
    Ok(sqlx::query_as!(
        ClassRow,
        r#"select class as "class!", class_since as "class_since: Day", sys_from as "known_from!", sys_to as known_to
           from (select class, class_since, sys_from, sys_to from farmland_unit where id = $1
               union all
               select class, class_since, sys_from, sys_to from farmland_unit_history where id = $1) as v
           order by sys_from"#,
        id as FarmlandUnitId,
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
    pub parcel_m2: f64,
    pub relation: String,
    pub overlap_m2: f64,
    pub distance_m: f64,
}

/// Units that a parcel overlaps or touches, or that lie within `near_m` metres of it; the class is that of the day.
pub async fn hits(conn: &mut PgConnection, parcel: &[u8], on: Day, near_m: Option<f64>) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select u.id as "id: FarmlandUnitId", u.code, u.division_code,
               case when u.class_since is null or u.class_since <= $2 then u.class
                   else coalesce((select h.class from farmland_unit_history h
                       where h.id = u.id and (h.class_since is null or h.class_since <= $2)
                       order by h.sys_from desc limit 1), 'unclassified') end as "class!",
               u.pbf, u.area_m2, p.area_m2 as "parcel_m2!", o.relation as "relation!", o.overlap_m2 as "overlap_m2!",
               o.distance_m as "distance_m!"
           from (select g, st_area(g::geography) as area_m2, platform_near_box(g, $3) as box
                   from st_geomfromewkb($1) as g) as p
               join farmland_unit u on u.geom && p.box
               cross join lateral platform_overlay(u.geom, p.g) as o
           where o.relation <> 'near' or o.distance_m <= $3
           order by o.overlap_m2 desc, o.distance_m, u.code"#,
        parcel,
        on as Day,
        near_m,
    )
    .fetch_all(conn)
    .await?)
}
