//! All SQL of samples: points are here; [`samples`], [`screening`], [`summary`] and [`within`] are what their names say.

pub mod samples;
pub mod screening;
pub mod summary;
pub mod within;

pub use within::{BesideRow, InsideRow, points_inside, samples_of};

use super::rules::row::PointFacts;
use crate::kernel::{Day, Result, SamplingPointId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A point as stored, as known at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct PointRow {
    pub id: SamplingPointId,
    pub code: String,
    pub name: Option<String>,
    pub division_code: String,
    pub program: String,
    pub site_id: Option<Uuid>,
    pub key_unit_id: Option<Uuid>,
    pub owner_credit_code: Option<String>,
    pub land_type: Option<String>,
    pub rotation: bool,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub township: Option<String>,
    pub village: Option<String>,
    pub in_use_from: Option<Day>,
    pub in_use_to: Option<Day>,
    pub source: Option<String>,
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub revision: i32,
}

/// A point to be entered.
pub struct NewPoint<'a> {
    pub id: SamplingPointId,
    pub code: &'a str,
    pub division_code: &'a str,
    pub program: &'a str,
    pub about: &'a PointFacts,
    pub place: Option<[f64; 2]>,
}

/// Adds points; gives the codes that were added, without those that somebody else has just taken.
pub async fn insert_points(conn: &mut PgConnection, points: &[NewPoint<'_>]) -> Result<Vec<String>> {
    let text = |get: fn(&PointFacts) -> Option<String>| points.iter().map(|p| get(p.about)).collect::<Vec<_>>();
    Ok(sqlx::query_scalar!(
        r#"insert into sampling_point (id, code, name, division_code, program, site_id, key_unit_id, owner_credit_code,
               land_type, rotation, land_use_system, land_use_code, township, village, in_use_from, source, geom)
           select id, code, name, division_code, program, site_id, key_unit_id, credit_code, land_type, rotation, system,
               land_use, township, village, in_use_from, source, st_setsrid(st_makepoint(lon, lat), 4490)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[],
               $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[], $15::date[], $16::text[],
               $17::float8[], $18::float8[])
               as v (id, code, name, division_code, program, site_id, key_unit_id, credit_code, land_type, rotation, system,
                   land_use, township, village, in_use_from, source, lon, lat)
           on conflict (code) do nothing
           returning code"#,
        &points.iter().map(|p| p.id).collect::<Vec<_>>() as &[SamplingPointId],
        &points.iter().map(|p| p.code.to_owned()).collect::<Vec<_>>(),
        &text(|a| a.name.clone()) as &[Option<String>],
        &points.iter().map(|p| p.division_code.to_owned()).collect::<Vec<_>>(),
        &points.iter().map(|p| p.program.to_owned()).collect::<Vec<_>>(),
        &points.iter().map(|p| p.about.site_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &points.iter().map(|p| p.about.key_unit_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &text(|a| a.credit_code.clone()) as &[Option<String>],
        &text(|a| a.land_type.map(str::to_owned)) as &[Option<String>],
        &points.iter().map(|p| p.about.rotation.unwrap_or(false)).collect::<Vec<_>>(),
        &text(|a| a.land_use.as_ref().map(|(system, _)| system.clone())) as &[Option<String>],
        &text(|a| a.land_use.as_ref().map(|(_, code)| code.clone())) as &[Option<String>],
        &text(|a| a.township.clone()) as &[Option<String>],
        &text(|a| a.village.clone()) as &[Option<String>],
        &points.iter().map(|p| p.about.in_use_from).collect::<Vec<_>>() as &[Option<Day>],
        &text(|a| a.source.clone()) as &[Option<String>],
        &points.iter().map(|p| p.place.map(|[lon, _]| lon)).collect::<Vec<_>>() as &[Option<f64>],
        &points.iter().map(|p| p.place.map(|[_, lat]| lat)).collect::<Vec<_>>() as &[Option<f64>],
    )
    .fetch_all(conn)
    .await?)
}

/// Points by code or identifier, as they are now.
pub async fn points_named(conn: &mut PgConnection, codes: &[String], ids: &[Uuid]) -> Result<Vec<PointRow>> {
    Ok(sqlx::query_as!(
        PointRow,
        r#"select id as "id: SamplingPointId", code, name, division_code, program, site_id, key_unit_id, owner_credit_code,
               land_type, rotation, land_use_system, land_use_code, township, village,
               in_use_from as "in_use_from: Day", in_use_to as "in_use_to: Day", source, st_x(geom) as lon, st_y(geom) as lat,
               revision
           from sampling_point where code = any($1) or id = any($2)"#,
        codes,
        ids,
    )
    .fetch_all(conn)
    .await?)
}

/// What part of the points a caller sees: divisions (`None`: all), or what is its own.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Divisions.
    pub divisions: Option<Vec<String>>,
    /// Credit code whose self-monitoring is seen.
    pub owner: Option<String>,
}

/// What a list of points is narrowed to.
pub struct PointFilter {
    pub reach: Reach,
    pub division: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    pub program: Option<String>,
    pub code: Option<String>,
    /// In use on this day; `None`: those given up as well.
    pub on: Option<Day>,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Points in the order of their codes.
pub async fn list_points(conn: &mut PgConnection, filter: &PointFilter) -> Result<Vec<PointRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first.as_slice()), Some(second.as_slice())],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        PointRow,
        r#"select id as "id!: SamplingPointId", code as "code!", name, division_code as "division_code!",
               program as "program!", site_id, key_unit_id, owner_credit_code, land_type, rotation as "rotation!",
               land_use_system, land_use_code, township, village, in_use_from as "in_use_from: Day",
               in_use_to as "in_use_to: Day", source, st_x(geom) as lon, st_y(geom) as lat, revision as "revision!"
           from sampling_points_at($1) as p
           where ($2::text[] is null or division_code = any($2))
               and ($3::text is null or (owner_credit_code = $3 and program = 'self_monitoring'))
               and ($4::text is null or division_code in (select d.code from division as d where d.ancestors @> array[$4]))
               and ($5::bytea is null or st_intersects(geom, st_geomfromewkb($5)) or st_intersects(geom, st_geomfromewkb($6)))
               and ($7::text is null or program = $7) and ($8::text is null or code = $8)
               and ($9::date is null or ((in_use_from is null or in_use_from <= $9)
                   and (in_use_to is null or in_use_to >= $9)))
               and ($10::text is null or code > $10)
           order by code
           limit $11"#,
        filter.known_at,
        filter.reach.divisions.as_deref(),
        filter.reach.owner,
        filter.division,
        first,
        second,
        filter.program,
        filter.code,
        filter.on as Option<Day>,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// One point that the caller sees.
pub async fn get_point(
    conn: &mut PgConnection,
    id: SamplingPointId,
    reach: &Reach,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<PointRow>> {
    Ok(sqlx::query_as!(
        PointRow,
        r#"select id as "id!: SamplingPointId", code as "code!", name, division_code as "division_code!",
               program as "program!", site_id, key_unit_id, owner_credit_code, land_type, rotation as "rotation!",
               land_use_system, land_use_code, township, village, in_use_from as "in_use_from: Day",
               in_use_to as "in_use_to: Day", source, st_x(geom) as lon, st_y(geom) as lat, revision as "revision!"
           from sampling_points_at($1)
           where id = $2 and ($3::text[] is null or division_code = any($3))
               and ($4::text is null or (owner_credit_code = $4 and program = 'self_monitoring'))"#,
        known_at,
        id as SamplingPointId,
        reach.divisions.as_deref(),
        reach.owner,
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes a point as corrected; `false` when somebody else has changed it since `revision`.
pub async fn update_point(conn: &mut PgConnection, row: &PointRow, revision: i32) -> Result<bool> {
    let done = sqlx::query!(
        "update sampling_point set name = $3, program = $4, site_id = $5, key_unit_id = $6, owner_credit_code = $7,
             land_type = $8, rotation = $9, land_use_system = $10, land_use_code = $11, township = $12, village = $13,
             in_use_from = $14, in_use_to = $15, source = $16, geom = st_setsrid(st_makepoint($17, $18), 4490)
         where id = $1 and revision = $2",
        row.id as SamplingPointId,
        revision,
        row.name,
        row.program,
        row.site_id,
        row.key_unit_id,
        row.owner_credit_code,
        row.land_type,
        row.rotation,
        row.land_use_system,
        row.land_use_code,
        row.township,
        row.village,
        row.in_use_from as Option<Day>,
        row.in_use_to as Option<Day>,
        row.source,
        row.lon,
        row.lat,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which of these sites and key units are there.
pub async fn known_subjects(conn: &mut PgConnection, sites: &[Uuid], key_units: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!" from site where id = any($1) union all select id from key_unit where id = any($2)"#,
        sites,
        key_units,
    )
    .fetch_all(conn)
    .await?)
}
