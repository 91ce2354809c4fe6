//! SQL of the land checks' own tables.

pub(super) mod batch;
pub(super) mod outlines;
pub(super) mod standing;

use crate::kernel::{ActId, Day, Error, KeyId, LandCheckId, Result};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;

/// The next serials of divisions in a year, of which as many are taken as wanted. Holds their rows until the act ends, so
/// that a check that fails leaves no gap.
pub(super) async fn next_serials(
    conn: &mut PgConnection,
    wanted: &BTreeMap<String, i32>,
    year: i32,
) -> Result<BTreeMap<String, i32>> {
    let divisions: Vec<String> = wanted.keys().cloned().collect();
    let counts: Vec<i32> = wanted.values().copied().collect();
    let rows = sqlx::query!(
        r#"insert into land_check_counter as c (division_code, year, last)
           select w.division, $2, w.n from unnest($1::text[], $3::int[]) as w (division, n) order by w.division
           on conflict (division_code, year) do update set last = c.last + excluded.last
           returning division_code, last"#,
        &divisions,
        year,
        &counts,
    )
    .fetch_all(conn)
    .await?;
    let first = rows.into_iter().map(|row| {
        let taken = wanted.get(&row.division_code).copied().unwrap_or_default();
        (row.division_code, row.last - taken + 1)
    });
    Ok(first.collect())
}

/// A land check to be recorded.
pub(super) struct NewCheck {
    pub id: LandCheckId,
    pub number: String,
    pub division_code: String,
    pub serial: i32,
    pub on: Day,
    pub operation: &'static str,
    pub verdict: &'static str,
    pub awaits_reply: bool,
    pub reference: Option<String>,
    pub area_m2: f64,
    pub ewkb: Vec<u8>,
    pub body: Vec<u8>,
    pub body_sha256: Vec<u8>,
    pub log_index: u64,
}

/// What all checks recorded together share.
pub(super) struct Batch {
    pub year: i32,
    pub checked_at: DateTime<Utc>,
    pub read_seq: i64,
    pub key: Option<KeyId>,
    pub act: ActId,
}

pub(super) async fn insert(conn: &mut PgConnection, batch: &Batch, rows: &[NewCheck]) -> Result<()> {
    fn column<'a, T>(rows: &'a [NewCheck], of: impl Fn(&'a NewCheck) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let places = rows.iter().map(|row| i64::try_from(row.log_index).map_err(Error::internal));
    sqlx::query!(
        "insert into land_check (id, number, division_code, year, serial, checked_at, on_day, operation, verdict, awaits_reply,
                                 reference, area_m2, geom, key_id, act_id, body, body_sha256, read_seq, log_index)
         select r.id, r.number, r.division, $1, r.serial, $2, r.on_day, r.operation, r.verdict, r.awaits, r.reference,
                r.area_m2, st_geomfromewkb(r.ewkb), $3, $4, r.body, r.sha256, $5, r.log_index
         from unnest($6::uuid[], $7::text[], $8::text[], $9::int[], $10::date[], $11::text[], $12::text[], $13::bool[],
                     $14::text[], $15::float8[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bigint[])
              as r (id, number, division, serial, on_day, operation, verdict, awaits, reference, area_m2, ewkb, body, sha256,
                    log_index)",
        batch.year,
        batch.checked_at,
        batch.key as Option<KeyId>,
        batch.act as ActId,
        batch.read_seq,
        &column(rows, |row| row.id.0),
        &column(rows, |row| row.number.clone()),
        &column(rows, |row| row.division_code.clone()),
        &column(rows, |row| row.serial),
        &column(rows, |row| row.on) as &[Day],
        &column(rows, |row| row.operation) as &[&str],
        &column(rows, |row| row.verdict) as &[&str],
        &column(rows, |row| row.awaits_reply),
        &column(rows, |row| row.reference.clone()) as &[Option<String>],
        &column(rows, |row| row.area_m2),
        &column(rows, |row| row.ewkb.as_slice()) as &[&[u8]],
        &column(rows, |row| row.body.as_slice()) as &[&[u8]],
        &column(rows, |row| row.body_sha256.as_slice()) as &[&[u8]],
        &places.collect::<Result<Vec<i64>>>()?,
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
