//! SQL of the siting checks' own tables, and the aid to drawing zones.

pub(super) mod standing;

use crate::kernel::{ActId, Day, KeyId, Result, SitingCheckId};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

/// The next serial of a division and year. Holds its row until the act ends, so that a check that fails leaves no gap.
pub(super) async fn next_serial(conn: &mut PgConnection, division: &str, year: i32) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into siting_check_counter as c (division_code, year, last) values ($1, $2, 1)
         on conflict (division_code, year) do update set last = c.last + 1
         returning last",
        division,
        year,
    )
    .fetch_one(conn)
    .await?)
}

/// A siting check to be recorded.
pub(super) struct NewCheck<'a> {
    pub id: SitingCheckId,
    pub number: &'a str,
    pub division_code: &'a str,
    pub year: i32,
    pub serial: i32,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub activity: &'a str,
    pub operation: Option<&'a str>,
    pub industry: Option<&'a str>,
    pub verdict: &'a str,
    pub reference: Option<&'a str>,
    pub area_m2: f64,
    pub ewkb: &'a [u8],
    /// How far from the land records bear on the answer, m.
    pub reach_m: Option<f64>,
    pub places: &'a [String],
    pub log_index: i64,
    pub key: Option<KeyId>,
    pub act: ActId,
    pub body: &'a [u8],
    pub body_sha256: &'a [u8],
}

pub(super) async fn insert(conn: &mut PgConnection, new: &NewCheck<'_>) -> Result<()> {
    sqlx::query!(
        "insert into siting_check (id, number, division_code, year, serial, checked_at, on_day, activity, operation, industry,
                                   verdict, reference, area_m2, geom, around, places, log_index, key_id, act_id, body,
                                   body_sha256)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, g, st_setsrid(platform_near_box(g, $15), 4490), $16,
                $17, $18, $19, $20, $21
         from st_geomfromewkb($14) as g",
        new.id as SitingCheckId,
        new.number,
        new.division_code,
        new.year,
        new.serial,
        new.checked_at,
        new.on as Day,
        new.activity,
        new.operation,
        new.industry,
        new.verdict,
        new.reference,
        new.area_m2,
        new.ewkb,
        new.reach_m,
        new.places,
        new.log_index,
        new.key as Option<KeyId>,
        new.act as ActId,
        new.body,
        new.body_sha256,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The bytes of an answer, if the caller may see it.
pub(super) async fn body(db: &PgPool, scope: &Scope, id: SitingCheckId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select body from siting_check where id = $1 and ($2::text[] is null or division_code = any($2))",
        id as SitingCheckId,
        scope.divisions(),
    )
    .fetch_optional(db)
    .await?)
}

/// What a list of answers is narrowed by.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub verdict: Option<&'a str>,
    pub activity: Option<&'a str>,
    pub industry: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub below: Option<&'a str>,
    pub before: Option<SitingCheckId>,
}

/// An answer as listed.
#[derive(Debug)]
pub(super) struct Listed {
    pub id: SitingCheckId,
    pub number: String,
    pub division_code: String,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub activity: String,
    pub operation: Option<String>,
    pub industry: Option<String>,
    pub verdict: String,
    pub reference: Option<String>,
    pub area_m2: f64,
    pub wkb: Vec<u8>,
}

/// The newest answers first.
pub(super) async fn list(db: &PgPool, scope: &Scope, filter: &Filter<'_>, limit: i64) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"select c.id as "id: SitingCheckId", c.number, c.division_code, c.checked_at, c.on_day as "on: Day", c.activity,
                  c.operation, c.industry, c.verdict, c.reference, c.area_m2, st_asbinary(c.geom) as "wkb!"
           from siting_check c
           where ($1::text[] is null or c.division_code = any($1))
             and ($2::text is null or c.verdict = $2)
             and ($3::text is null or c.activity = $3)
             and ($4::text is null or starts_with(c.industry, $4))
             and ($5::text is null or c.reference = $5)
             and ($6::text is null or c.division_code in (select d.code from division d where d.ancestors @> array[$6]))
             and ($7::uuid is null or c.id < $7)
           order by c.id desc
           limit $8"#,
        scope.divisions(),
        filter.verdict,
        filter.activity,
        filter.industry,
        filter.reference,
        filter.below,
        filter.before as Option<SitingCheckId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// A group of units of priority-protection cultivated land that lie together.
#[derive(Debug)]
pub(super) struct Cluster {
    pub units: i64,
    pub area_m2: f64,
    pub first_code: String,
    pub wkb: Vec<u8>,
}

/// How many units of priority-protection cultivated land a division and those below have on a day.
pub(super) async fn priority_units(
    conn: &mut PgConnection,
    scope: Option<&[String]>,
    division: &str,
    on: Day,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from farmland_units_at($2, null) u
           where u.living and u.class = 'priority_protection' and u.land_type in ('paddy', 'upland', 'irrigated')
               and u.division_code in (select d.code from division d where d.ancestors @> array[$1])
               and ($3::text[] is null or u.division_code = any($3))"#,
        division,
        on as Day,
        scope,
    )
    .fetch_one(conn)
    .await?)
}

/// Groups of priority-protection cultivated land whose units lie not farther apart than some degrees, the largest first.
pub(super) async fn clusters(
    conn: &mut PgConnection,
    scope: Option<&[String]>,
    division: &str,
    on: Day,
    gap_degrees: f64,
    min_m2: f64,
    limit: i64,
) -> Result<Vec<Cluster>> {
    Ok(sqlx::query_as!(
        Cluster,
        r#"select count(*) as "units!", sum(area_m2) as "area_m2!", min(code) as "first_code!",
               st_asbinary(st_multi(st_unaryunion(st_collect(geom)))) as "wkb!"
           from (
               select u.code, u.area_m2, u.geom, st_clusterdbscan(u.geom, $4, 1) over () as cluster
               from farmland_units_at($2, null) u
               where u.living and u.class = 'priority_protection' and u.land_type in ('paddy', 'upland', 'irrigated')
                   and u.division_code in (select d.code from division d where d.ancestors @> array[$1])
                   and ($3::text[] is null or u.division_code = any($3))) as grouped
           group by cluster
           having sum(area_m2) >= $5
           order by sum(area_m2) desc, min(code)
           limit $6"#,
        division,
        on as Day,
        scope,
        gap_degrees,
        min_m2,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
