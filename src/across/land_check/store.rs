//! SQL of the land checks' own tables.

pub(super) mod outlines;

use crate::kernel::{ActId, Day, KeyId, LandCheckId, Result};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

/// Ellipsoidal area of an area (EWKB, EPSG:4490), m².
pub(super) async fn area_m2(conn: &mut PgConnection, ewkb: &[u8]) -> Result<f64> {
    Ok(sqlx::query_scalar!(r#"select st_area(st_geomfromewkb($1)::geography) as "m2!""#, ewkb).fetch_one(conn).await?)
}

/// The next serial of a division and year. Holds its row until the act ends, so that a check that fails leaves no gap.
pub(super) async fn next_serial(conn: &mut PgConnection, division: &str, year: i32) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into land_check_counter as c (division_code, year, last) values ($1, $2, 1)
         on conflict (division_code, year) do update set last = c.last + 1
         returning last",
        division,
        year,
    )
    .fetch_one(conn)
    .await?)
}

/// A land check to be recorded.
pub(super) struct NewCheck<'a> {
    pub id: LandCheckId,
    pub number: &'a str,
    pub division_code: &'a str,
    pub year: i32,
    pub serial: i32,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub operation: &'a str,
    pub verdict: &'a str,
    pub awaits_reply: bool,
    pub reference: Option<&'a str>,
    pub area_m2: f64,
    pub ewkb: &'a [u8],
    pub key: Option<KeyId>,
    pub act: ActId,
    pub body: &'a [u8],
    pub body_sha256: &'a [u8],
}

pub(super) async fn insert(conn: &mut PgConnection, new: &NewCheck<'_>) -> Result<()> {
    sqlx::query!(
        "insert into land_check (id, number, division_code, year, serial, checked_at, on_day, operation, verdict, awaits_reply,
                                 reference, area_m2, geom, key_id, act_id, body, body_sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, st_geomfromewkb($13), $14, $15, $16, $17)",
        new.id as LandCheckId,
        new.number,
        new.division_code,
        new.year,
        new.serial,
        new.checked_at,
        new.on as Day,
        new.operation,
        new.verdict,
        new.awaits_reply,
        new.reference,
        new.area_m2,
        new.ewkb,
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
pub(super) async fn body(db: &PgPool, scope: &Scope, id: LandCheckId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select body from land_check where id = $1 and ($2::text[] is null or division_code = any($2))",
        id as LandCheckId,
        scope.divisions(),
    )
    .fetch_optional(db)
    .await?)
}

/// What a list of answers is narrowed by.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub verdict: Option<&'a str>,
    pub operation: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub below: Option<&'a str>,
    pub before: Option<LandCheckId>,
}

/// An answer as listed.
#[derive(Debug)]
pub(super) struct Listed {
    pub id: LandCheckId,
    pub number: String,
    pub division_code: String,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub operation: String,
    pub verdict: String,
    pub awaits_reply: bool,
    pub reference: Option<String>,
    pub area_m2: f64,
    pub wkb: Vec<u8>,
}

/// The newest answers first.
pub(super) async fn list(db: &PgPool, scope: &Scope, filter: &Filter<'_>, limit: i64) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"select c.id as "id: LandCheckId", c.number, c.division_code, c.checked_at, c.on_day as "on: Day", c.operation,
                  c.verdict, c.awaits_reply, c.reference, c.area_m2, st_asbinary(c.geom) as "wkb!"
           from land_check c
           where ($1::text[] is null or c.division_code = any($1))
             and ($2::text is null or c.verdict = $2)
             and ($3::text is null or c.operation = $3)
             and ($4::text is null or c.reference = $4)
             and ($5::text is null or c.division_code in (select d.code from division d where d.ancestors @> array[$5]))
             and ($6::uuid is null or c.id < $6)
           order by c.id desc
           limit $7"#,
        scope.divisions(),
        filter.verdict,
        filter.operation,
        filter.reference,
        filter.below,
        filter.before as Option<LandCheckId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}
