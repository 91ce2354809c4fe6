//! Samples and their results.

use super::Reach;
use crate::kernel::{Day, Decimal, Result, SampleId, SampleResultId, SamplingPointId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A sample to be entered.
pub struct NewSample<'a> {
    pub id: SampleId,
    pub point_id: SamplingPointId,
    pub code: &'a str,
    pub program: &'a str,
    pub facts: &'a crate::registers::sampling::rules::row::SampleFacts,
    pub sampled_on: Day,
    pub stated: Option<[f64; 2]>,
}

/// Adds samples; gives how many were added.
pub async fn insert_samples(conn: &mut PgConnection, samples: &[NewSample<'_>]) -> Result<u64> {
    let done = sqlx::query!(
        "insert into sampling_sample (id, point_id, code, program, medium, product, material, depth_from_m, depth_to_m,
             sampled_on, laboratory, method, ph, document_id, stated_geom)
         select id, point_id, code, program, medium, product, material, depth_from, depth_to, sampled_on, laboratory, method,
             ph, document_id, st_setsrid(st_makepoint(lon, lat), 4490)
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[],
             $9::numeric[], $10::date[], $11::text[], $12::text[], $13::numeric[], $14::uuid[], $15::float8[], $16::float8[])
             as v (id, point_id, code, program, medium, product, material, depth_from, depth_to, sampled_on, laboratory,
                 method, ph, document_id, lon, lat)
         on conflict (code) do nothing",
        &samples.iter().map(|s| s.id).collect::<Vec<_>>() as &[SampleId],
        &samples.iter().map(|s| s.point_id).collect::<Vec<_>>() as &[SamplingPointId],
        &samples.iter().map(|s| s.code.to_owned()).collect::<Vec<_>>(),
        &samples.iter().map(|s| s.program.to_owned()).collect::<Vec<_>>(),
        &samples.iter().map(|s| s.facts.medium.to_owned()).collect::<Vec<_>>(),
        &samples.iter().map(|s| s.facts.product.clone()).collect::<Vec<_>>() as &[Option<String>],
        &samples.iter().map(|s| s.facts.material.clone()).collect::<Vec<_>>() as &[Option<String>],
        &samples.iter().map(|s| s.facts.depth_from_m).collect::<Vec<_>>() as &[Option<Decimal>],
        &samples.iter().map(|s| s.facts.depth_to_m).collect::<Vec<_>>() as &[Option<Decimal>],
        &samples.iter().map(|s| s.sampled_on).collect::<Vec<_>>() as &[Day],
        &samples.iter().map(|s| s.facts.laboratory.clone()).collect::<Vec<_>>() as &[Option<String>],
        &samples.iter().map(|s| s.facts.method.clone()).collect::<Vec<_>>() as &[Option<String>],
        &samples.iter().map(|s| s.facts.ph).collect::<Vec<_>>() as &[Option<Decimal>],
        &samples.iter().map(|s| s.facts.document_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &samples.iter().map(|s| s.stated.map(|[lon, _]| lon)).collect::<Vec<_>>() as &[Option<f64>],
        &samples.iter().map(|s| s.stated.map(|[_, lat]| lat)).collect::<Vec<_>>() as &[Option<f64>],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A result to be entered.
pub struct NewResult<'a> {
    pub id: SampleResultId,
    pub sample_id: SampleId,
    pub facts: &'a crate::registers::sampling::rules::row::ResultFacts,
}

/// Adds results; gives how many were added.
pub async fn insert_results(conn: &mut PgConnection, results: &[NewResult<'_>]) -> Result<u64> {
    let limit = |get: fn(&crate::registers::sampling::rules::row::Limit) -> Decimal| {
        results.iter().map(|r| r.facts.limit.as_ref().map(get)).collect::<Vec<Option<Decimal>>>()
    };
    let done = sqlx::query!(
        "insert into sampling_result (id, sample_id, substance, below, value, unit, mg_kg, method, limit_value, limit_unit,
             limit_mg_kg, limit_instrument)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bool[], $5::numeric[], $6::text[], $7::numeric[],
             $8::text[], $9::numeric[], $10::text[], $11::numeric[], $12::text[])
         on conflict (sample_id, substance) do nothing",
        &results.iter().map(|r| r.id).collect::<Vec<_>>() as &[SampleResultId],
        &results.iter().map(|r| r.sample_id).collect::<Vec<_>>() as &[SampleId],
        &results.iter().map(|r| r.facts.substance.key.clone()).collect::<Vec<_>>(),
        &results.iter().map(|r| r.facts.measured.below).collect::<Vec<_>>(),
        &results.iter().map(|r| r.facts.measured.value).collect::<Vec<_>>() as &[Decimal],
        &results.iter().map(|r| r.facts.unit.clone()).collect::<Vec<_>>(),
        &results.iter().map(|r| r.facts.measured.mg_kg()).collect::<Vec<_>>() as &[Decimal],
        &results.iter().map(|r| r.facts.method.clone()).collect::<Vec<_>>() as &[Option<String>],
        &limit(|l| l.value.value) as &[Option<Decimal>],
        &results.iter().map(|r| r.facts.limit.as_ref().map(|l| l.unit.clone())).collect::<Vec<_>>() as &[Option<String>],
        &limit(|l| l.value.mg_kg()) as &[Option<Decimal>],
        &results.iter().map(|r| r.facts.limit.as_ref().and_then(|l| l.instrument.clone())).collect::<Vec<_>>()
            as &[Option<String>],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A sample as stored, with its point's code.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRow {
    pub id: SampleId,
    pub code: String,
    pub point_id: SamplingPointId,
    pub point_code: String,
    pub division_code: String,
    pub owner_credit_code: Option<String>,
    pub program: String,
    pub medium: String,
    pub product: Option<String>,
    pub material: Option<String>,
    pub depth_from_m: Option<Decimal>,
    pub depth_to_m: Option<Decimal>,
    pub sampled_on: Day,
    pub laboratory: Option<String>,
    pub method: Option<String>,
    pub ph: Option<Decimal>,
    pub document_id: Option<Uuid>,
    pub stated_lon: Option<f64>,
    pub stated_lat: Option<f64>,
    pub withdrawn: bool,
    pub reason: Option<String>,
    pub revision: i32,
}

/// A result as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    pub sample_id: SampleId,
    pub substance: String,
    pub below: bool,
    pub value: Decimal,
    pub unit: String,
    pub mg_kg: Decimal,
    pub method: Option<String>,
    pub limit_value: Option<Decimal>,
    pub limit_unit: Option<String>,
    pub limit_mg_kg: Option<Decimal>,
    pub limit_instrument: Option<String>,
    pub withdrawn: bool,
    pub reason: Option<String>,
}

/// Samples by code, as they are now.
pub async fn samples_named(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<SampleRow>> {
    Ok(sqlx::query_as!(
        SampleRow,
        r#"select s.id as "id: SampleId", s.code, s.point_id as "point_id: SamplingPointId", p.code as point_code,
               p.division_code, p.owner_credit_code, s.program, s.medium, s.product, s.material, s.depth_from_m, s.depth_to_m,
               s.sampled_on as "sampled_on: Day", s.laboratory, s.method, s.ph, s.document_id, st_x(s.stated_geom) as stated_lon,
               st_y(s.stated_geom) as stated_lat, s.withdrawn, s.reason, s.revision
           from sampling_sample as s join sampling_point as p on p.id = s.point_id
           where s.code = any($1)"#,
        codes,
    )
    .fetch_all(conn)
    .await?)
}

/// Results of samples, those withdrawn among them, as known at an instant; by substance.
pub async fn results_of(
    conn: &mut PgConnection,
    samples: &[SampleId],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ResultRow>> {
    Ok(sqlx::query_as!(
        ResultRow,
        r#"select sample_id as "sample_id!: SampleId", substance as "substance!", below as "below!", value as "value!",
               unit as "unit!", mg_kg as "mg_kg!", method, limit_value, limit_unit, limit_mg_kg, limit_instrument,
               withdrawn as "withdrawn!", reason
           from sampling_results_at($2) as r
           where sample_id = any($1)
           order by sample_id, substance"#,
        samples as &[SampleId],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// What a list of samples is narrowed to.
pub struct SampleFilter {
    pub reach: Reach,
    pub division: Option<String>,
    pub point: Option<SamplingPointId>,
    pub point_code: Option<String>,
    pub medium: Option<String>,
    pub program: Option<String>,
    pub from: Option<Day>,
    pub to: Option<Day>,
    pub substance: Option<String>,
    pub outcome: Option<String>,
    pub code: Option<String>,
    pub withdrawn: bool,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Samples in the order of their codes.
pub async fn list_samples(conn: &mut PgConnection, filter: &SampleFilter) -> Result<Vec<SampleRow>> {
    Ok(sqlx::query_as!(
        SampleRow,
        r#"select s.id as "id!: SampleId", s.code as "code!", s.point_id as "point_id!: SamplingPointId",
               p.code as "point_code!", p.division_code as "division_code!", p.owner_credit_code, s.program as "program!",
               s.medium as "medium!", s.product, s.material, s.depth_from_m, s.depth_to_m,
               s.sampled_on as "sampled_on!: Day", s.laboratory, s.method, s.ph, s.document_id,
               st_x(s.stated_geom) as stated_lon, st_y(s.stated_geom) as stated_lat, s.withdrawn as "withdrawn!", s.reason,
               s.revision as "revision!"
           from sampling_samples_at($1) as s
               cross join lateral (
                   select q.code, q.division_code, q.owner_credit_code from sampling_points_at($1) as q
                   where q.id = s.point_id limit 1) as p
           where ($2::text[] is null or p.division_code = any($2))
               and ($3::text is null or (p.owner_credit_code = $3 and s.program = 'self_monitoring'))
               and ($4::text is null or p.division_code in (select d.code from division as d where d.ancestors @> array[$4]))
               and ($5::uuid is null or s.point_id = $5) and ($6::text is null or p.code = $6)
               and ($7::text is null or s.medium = $7) and ($8::text is null or s.program = $8)
               and ($9::date is null or s.sampled_on >= $9) and ($10::date is null or s.sampled_on <= $10)
               and ($11::text is null or exists (
                   select 1 from sampling_results_at($1) as r
                   where r.sample_id = s.id and r.substance = $11 and not r.withdrawn))
               and ($12::text is null or exists (
                   select 1 from sampling_screenings_at($1) as j where j.id = s.id and j.worst = $12))
               and ($13::text is null or s.code = $13) and ($14 or not s.withdrawn)
               and ($15::text is null or s.code > $15)
           order by s.code
           limit $16"#,
        filter.known_at,
        filter.reach.divisions.as_deref(),
        filter.reach.owner,
        filter.division,
        filter.point as Option<SamplingPointId>,
        filter.point_code,
        filter.medium,
        filter.program,
        filter.from as Option<Day>,
        filter.to as Option<Day>,
        filter.substance,
        filter.outcome,
        filter.code,
        filter.withdrawn,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// One sample that the caller sees, withdrawn or not.
pub async fn get_sample(
    conn: &mut PgConnection,
    id: SampleId,
    reach: &Reach,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<SampleRow>> {
    Ok(sqlx::query_as!(
        SampleRow,
        r#"select s.id as "id!: SampleId", s.code as "code!", s.point_id as "point_id!: SamplingPointId",
               p.code as "point_code!", p.division_code as "division_code!", p.owner_credit_code, s.program as "program!",
               s.medium as "medium!", s.product, s.material, s.depth_from_m, s.depth_to_m,
               s.sampled_on as "sampled_on!: Day", s.laboratory, s.method, s.ph, s.document_id,
               st_x(s.stated_geom) as stated_lon, st_y(s.stated_geom) as stated_lat, s.withdrawn as "withdrawn!", s.reason,
               s.revision as "revision!"
           from sampling_samples_at($2) as s join sampling_points_at($2) as p on p.id = s.point_id
           where s.id = $1 and ($3::text[] is null or p.division_code = any($3))
               and ($4::text is null or (p.owner_credit_code = $4 and s.program = 'self_monitoring'))"#,
        id as SampleId,
        known_at,
        reach.divisions.as_deref(),
        reach.owner,
    )
    .fetch_optional(conn)
    .await?)
}

/// Identifiers of the samples of a point that are not withdrawn.
pub async fn samples_at_point(conn: &mut PgConnection, point: SamplingPointId) -> Result<Vec<SampleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: SampleId" from sampling_sample where point_id = $1 and not withdrawn order by id"#,
        point as SamplingPointId
    )
    .fetch_all(conn)
    .await?)
}

/// Writes a sample as corrected; `false` when somebody else has changed it since `revision`.
pub async fn update_sample(conn: &mut PgConnection, row: &SampleRow, revision: i32) -> Result<bool> {
    let done = sqlx::query!(
        "update sampling_sample set medium = $3, product = $4, material = $5, depth_from_m = $6, depth_to_m = $7,
             sampled_on = $8, laboratory = $9, method = $10, ph = $11, document_id = $12, withdrawn = $13, reason = $14,
             program = $15
         where id = $1 and revision = $2",
        row.id as SampleId,
        revision,
        row.medium,
        row.product,
        row.material,
        row.depth_from_m,
        row.depth_to_m,
        row.sampled_on as Day,
        row.laboratory,
        row.method,
        row.ph,
        row.document_id,
        row.withdrawn,
        row.reason,
        row.program,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a result in the place of the one that the sample has of the substance, or adds it.
pub async fn replace_result(conn: &mut PgConnection, new: &NewResult<'_>, reason: &str) -> Result<()> {
    let facts = new.facts;
    let limit = facts.limit.as_ref();
    sqlx::query!(
        "insert into sampling_result as t (id, sample_id, substance, below, value, unit, mg_kg, method, limit_value,
             limit_unit, limit_mg_kg, limit_instrument, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (sample_id, substance) do update set below = excluded.below, value = excluded.value,
             unit = excluded.unit, mg_kg = excluded.mg_kg, method = excluded.method, limit_value = excluded.limit_value,
             limit_unit = excluded.limit_unit, limit_mg_kg = excluded.limit_mg_kg,
             limit_instrument = excluded.limit_instrument, withdrawn = false, reason = excluded.reason",
        new.id as SampleResultId,
        new.sample_id as SampleId,
        facts.substance.key,
        facts.measured.below,
        facts.measured.value,
        facts.unit,
        facts.measured.mg_kg(),
        facts.method,
        limit.map(|limit| limit.value.value),
        limit.map(|limit| limit.unit.clone()),
        limit.map(|limit| limit.value.mg_kg()),
        limit.and_then(|limit| limit.instrument.clone()),
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Withdraws results of a sample; gives the substances that it had.
pub async fn withdraw_results(
    conn: &mut PgConnection,
    sample: SampleId,
    substances: &[String],
    reason: &str,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "update sampling_result set withdrawn = true, reason = $3
         where sample_id = $1 and substance = any($2) and not withdrawn
         returning substance",
        sample as SampleId,
        substances,
        reason,
    )
    .fetch_all(conn)
    .await?)
}
