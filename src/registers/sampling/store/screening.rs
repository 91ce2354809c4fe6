//! What results came out as, and the runs in which they were judged anew.

use crate::kernel::{Day, Decimal, RescreeningId, Result, SampleId, SamplingPointId, ScreeningDifferenceId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A soil sample with all that its judgement turns on, and how it came out last.
pub struct HeldRow {
    pub id: SampleId,
    pub division_code: String,
    pub site_id: Option<Uuid>,
    pub medium: String,
    pub ph: Option<Decimal>,
    pub land_type: Option<String>,
    pub rotation: bool,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub unit_code: Option<String>,
    pub unit_land_type: Option<String>,
    pub substances: Vec<String>,
    pub belows: Vec<bool>,
    pub values: Vec<Decimal>,
    pub units: Vec<String>,
    pub judged: bool,
    pub was_standard: Option<String>,
    pub was_local: Option<Vec<String>>,
    pub was_land: Option<String>,
    pub was_ph: Option<Decimal>,
    pub was_substances: Option<Vec<String>>,
    pub was_outcomes: Option<Vec<String>>,
    pub was_screening: Option<Vec<Option<Decimal>>>,
    pub was_intervention: Option<Vec<Option<Decimal>>>,
    pub was_reasons: Option<Vec<String>>,
}

/// Soil samples by identifier, as they are now; land of the unit that exists on the day only where the point's is not stated.
pub async fn held(conn: &mut PgConnection, ids: &[SampleId], on: Day) -> Result<Vec<HeldRow>> {
    Ok(sqlx::query_as!(
        HeldRow,
        r#"select s.id as "id: SampleId", p.division_code, p.site_id, s.medium, s.ph,
               p.land_type, p.rotation, p.land_use_system, p.land_use_code, u.code as "unit_code?",
               u.land_type as "unit_land_type?",
               r.substances as "substances!", r.belows as "belows!", r.vals as "values!: Vec<Decimal>", r.units as "units!",
               j.id is not null as "judged!", j.standard as "was_standard?", j.local_standards as "was_local?",
               j.land as "was_land?", j.ph as "was_ph?", j.substances as "was_substances?", j.outcomes as "was_outcomes?",
               j.screening_values as "was_screening?: Vec<Option<Decimal>>",
               j.intervention_values as "was_intervention?: Vec<Option<Decimal>>", j.reasons as "was_reasons?"
           from sampling_sample as s
               join sampling_point as p on p.id = s.point_id
               cross join lateral (
                   select coalesce(array_agg(r.substance order by r.substance), '{}') as substances,
                       coalesce(array_agg(r.below order by r.substance), '{}') as belows,
                       coalesce(array_agg(r.value order by r.substance), '{}') as vals,
                       coalesce(array_agg(r.unit order by r.substance), '{}') as units
                   from sampling_result as r where r.sample_id = s.id and not r.withdrawn) as r
               left join sampling_screening as j on j.id = s.id
               left join lateral (
                   select f.code, f.land_type from farmland_unit as f
                   where p.land_type is null and p.land_use_code is null and not p.rotation
                       and st_intersects(f.geom, p.geom)
                       and (f.began_on is null or f.began_on <= $2) and (f.ended_on is null or f.ended_on > $2)
                   order by f.code limit 1) as u on true
           where s.id = any($1) and s.medium = 'soil' and not s.withdrawn
           order by s.id"#,
        ids as &[SampleId],
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// The next soil samples of a division after one, in the order of their identifiers.
pub async fn next_samples(
    conn: &mut PgConnection,
    division: Option<&str>,
    after: Option<SampleId>,
    limit: i64,
) -> Result<Vec<SampleId>> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    Ok(sqlx::query_scalar!(
        r#"select s.id as "id: SampleId"
           from sampling_sample as s join sampling_point as p on p.id = s.point_id
           where s.medium = 'soil' and not s.withdrawn and s.id > $2
               and ($1::text is null or p.division_code in (select d.code from division as d where d.ancestors @> array[$1]))
           order by s.id
           limit $3"#,
        division,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// How a sample comes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub id: SampleId,
    pub standard: &'static str,
    pub local: Vec<String>,
    pub land: &'static str,
    pub ph: Option<Decimal>,
    pub worst: &'static str,
    pub entries: Vec<Entry>,
}

/// How one substance of a sample comes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub substance: &'static str,
    pub outcome: &'static str,
    pub screening: Option<Decimal>,
    pub intervention: Option<Decimal>,
    pub reasons: String,
}

/// Keeps how samples come out.
pub async fn keep(conn: &mut PgConnection, run: Option<RescreeningId>, on: Day, judged: &[Judged]) -> Result<()> {
    // Entries go as flat columns with the number of their sample, because arrays of arrays must all be of one length.
    let flat: Vec<(i64, &Entry)> =
        judged.iter().zip(1..).flat_map(|(sample, n)| sample.entries.iter().map(move |entry| (n, entry))).collect();
    sqlx::query!(
        "with entry as (
             select e.n, array_agg(e.substance order by e.at) as substances, array_agg(e.outcome order by e.at) as outcomes,
                 array_agg(e.screening order by e.at) as screening, array_agg(e.intervention order by e.at) as intervention,
                 array_agg(e.reasons order by e.at) as reasons
             from unnest($9::int8[], $10::text[], $11::text[], $12::numeric[], $13::numeric[], $14::text[]) with ordinality
                 as e (n, substance, outcome, screening, intervention, reasons, at)
             group by e.n)
         insert into sampling_screening (id, rescreening_id, judged_on, standard, local_standards, land, ph, worst,
             substances, outcomes, screening_values, intervention_values, reasons)
         select v.id, $1, $2, v.standard, string_to_array(v.local, chr(31)), v.land, v.ph, v.worst,
             coalesce(e.substances, '{}'), coalesce(e.outcomes, '{}'), coalesce(e.screening, '{}'),
             coalesce(e.intervention, '{}'), coalesce(e.reasons, '{}')
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::text[]) with ordinality
             as v (id, standard, local, land, ph, worst, n) left join entry as e on e.n = v.n
         on conflict (id) do update set rescreening_id = excluded.rescreening_id, judged_on = excluded.judged_on,
             standard = excluded.standard, local_standards = excluded.local_standards, land = excluded.land,
             ph = excluded.ph, worst = excluded.worst, substances = excluded.substances, outcomes = excluded.outcomes,
             screening_values = excluded.screening_values, intervention_values = excluded.intervention_values,
             reasons = excluded.reasons",
        run as Option<RescreeningId>,
        on as Day,
        &judged.iter().map(|j| j.id).collect::<Vec<_>>() as &[SampleId],
        &judged.iter().map(|j| j.standard.to_owned()).collect::<Vec<_>>(),
        &judged.iter().map(|j| j.local.join("\u{1f}")).collect::<Vec<_>>(),
        &judged.iter().map(|j| j.land.to_owned()).collect::<Vec<_>>(),
        &judged.iter().map(|j| j.ph).collect::<Vec<_>>() as &[Option<Decimal>],
        &judged.iter().map(|j| j.worst.to_owned()).collect::<Vec<_>>(),
        &flat.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        &flat.iter().map(|(_, e)| e.substance.to_owned()).collect::<Vec<_>>(),
        &flat.iter().map(|(_, e)| e.outcome.to_owned()).collect::<Vec<_>>(),
        &flat.iter().map(|(_, e)| e.screening).collect::<Vec<_>>() as &[Option<Decimal>],
        &flat.iter().map(|(_, e)| e.intervention).collect::<Vec<_>>() as &[Option<Decimal>],
        &flat.iter().map(|(_, e)| e.reasons.clone()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A farmland unit in which a sample's point lies.
pub struct UnitRow {
    pub sample_id: SampleId,
    pub unit_id: Uuid,
    pub code: String,
    pub class: String,
    pub land_type: String,
}

/// The farmland units on a day in which these samples' points lie; one per sample, the first by code.
pub async fn units_of(conn: &mut PgConnection, samples: &[SampleId], on: Day) -> Result<Vec<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"select s.id as "sample_id: SampleId", u.id as "unit_id!", u.code as "code!", u.class as "class!",
               u.land_type as "land_type!"
           from sampling_sample as s join sampling_point as p on p.id = s.point_id
               cross join lateral (
                   select f.id, f.code, coalesce((select c.class from farmland_class_at(f.id, $2, null) as c), f.class),
                       coalesce((select t.land_type from farmland_land_type_at(f.id, $2, null) as t), f.land_type)
                   from farmland_unit as f
                   where st_intersects(f.geom, p.geom)
                       and (f.began_on is null or f.began_on <= $2) and (f.ended_on is null or f.ended_on > $2)
                   order by f.code limit 1) as u (id, code, class, land_type)
           where s.id = any($1)"#,
        samples as &[SampleId],
        on as Day,
    )
    .fetch_all(conn)
    .await?)
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    pub id: RescreeningId,
    pub cause: String,
    pub division_code: Option<String>,
    pub sample_id: Option<SampleId>,
    pub point_id: Option<SamplingPointId>,
    pub judged_on: Day,
    pub by_role: Option<String>,
    pub run_at: DateTime<Utc>,
    pub samples: i64,
    pub results: i64,
    pub first_judged: i64,
    pub differences: i64,
}

/// When a division was last screened anew for a cause, and by the standards of which day.
pub async fn last_run(conn: &mut PgConnection, division: &str, cause: &str) -> Result<Option<(DateTime<Utc>, Day)>> {
    let row = sqlx::query!(
        r#"select run_at, judged_on as "judged_on: Day" from sampling_rescreening
           where division_code = $1 and cause = $2 order by run_at desc limit 1"#,
        division,
        cause,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.run_at, row.judged_on)))
}

/// Lets one server at a time make runs of its own, until its act is over.
pub async fn hold_runs(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('sampling_rescreening')) as held").fetch_one(conn).await?;
    Ok(())
}

/// Enters a run, its counts as yet unknown or final.
pub async fn insert_run(conn: &mut PgConnection, run: &RunRow) -> Result<()> {
    sqlx::query!(
        "insert into sampling_rescreening (id, cause, division_code, sample_id, point_id, judged_on, by_role, run_at, samples,
             results, first_judged, differences)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        run.id as RescreeningId,
        run.cause,
        run.division_code,
        run.sample_id as Option<SampleId>,
        run.point_id as Option<SamplingPointId>,
        run.judged_on as Day,
        run.by_role,
        run.run_at,
        run.samples,
        run.results,
        run.first_judged,
        run.differences,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what came of a run.
pub async fn count_run(conn: &mut PgConnection, run: &RunRow) -> Result<()> {
    sqlx::query!(
        "update sampling_rescreening set samples = $2, results = $3, first_judged = $4, differences = $5 where id = $1",
        run.id as RescreeningId,
        run.samples,
        run.results,
        run.first_judged,
        run.differences,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Runs that the caller sees, the latest first.
pub async fn list_runs(
    conn: &mut PgConnection,
    divisions: Option<&[String]>,
    division: Option<&str>,
    id: Option<RescreeningId>,
    before: Option<RescreeningId>,
    limit: i64,
) -> Result<Vec<RunRow>> {
    Ok(sqlx::query_as!(
        RunRow,
        r#"select id as "id: RescreeningId", cause, division_code, sample_id as "sample_id: SampleId",
               point_id as "point_id: SamplingPointId", judged_on as "judged_on: Day", by_role, run_at, samples, results,
               first_judged, differences
           from sampling_rescreening
           where ($1::text[] is null or division_code = any($1))
               and ($2::text is null or division_code in (select d.code from division as d where d.ancestors @> array[$2]))
               and ($3::uuid is null or id = $3) and ($4::uuid is null or id < $4)
           order by id desc
           limit $5"#,
        divisions,
        division,
        id as Option<RescreeningId>,
        before as Option<RescreeningId>,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// A result that came out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub id: ScreeningDifferenceId,
    pub n: i64,
    pub sample_id: SampleId,
    pub substance: String,
    pub before_outcome: Option<String>,
    pub before_screening: Option<Decimal>,
    pub before_intervention: Option<Decimal>,
    pub after_outcome: Option<String>,
    pub after_screening: Option<Decimal>,
    pub after_intervention: Option<Decimal>,
    pub meaning: String,
    pub unit_id: Option<Uuid>,
    pub unit_code: Option<String>,
    pub unit_class: Option<String>,
    pub site_id: Option<Uuid>,
}

/// Enters the differences of a run.
pub async fn insert_differences(conn: &mut PgConnection, run: RescreeningId, rows: &[Difference]) -> Result<()> {
    let text = |get: fn(&Difference) -> Option<String>| rows.iter().map(get).collect::<Vec<_>>();
    let number = |get: fn(&Difference) -> Option<Decimal>| rows.iter().map(get).collect::<Vec<_>>();
    sqlx::query!(
        "insert into sampling_difference (id, rescreening_id, n, sample_id, substance, before_outcome, before_screening,
             before_intervention, after_outcome, after_screening, after_intervention, meaning, unit_id, unit_code, unit_class,
             site_id)
         select v.id, $1, v.n, v.sample_id, v.substance, v.before_outcome, v.before_screening, v.before_intervention,
             v.after_outcome, v.after_screening, v.after_intervention, v.meaning, v.unit_id, v.unit_code, v.unit_class, v.site_id
         from unnest($2::uuid[], $3::int8[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::text[],
             $10::numeric[], $11::numeric[], $12::text[], $13::uuid[], $14::text[], $15::text[], $16::uuid[])
             as v (id, n, sample_id, substance, before_outcome, before_screening, before_intervention, after_outcome,
                 after_screening, after_intervention, meaning, unit_id, unit_code, unit_class, site_id)",
        run as RescreeningId,
        &rows.iter().map(|d| d.id).collect::<Vec<_>>() as &[ScreeningDifferenceId],
        &rows.iter().map(|d| d.n).collect::<Vec<_>>(),
        &rows.iter().map(|d| d.sample_id).collect::<Vec<_>>() as &[SampleId],
        &rows.iter().map(|d| d.substance.clone()).collect::<Vec<_>>(),
        &text(|d| d.before_outcome.clone()) as &[Option<String>],
        &number(|d| d.before_screening) as &[Option<Decimal>],
        &number(|d| d.before_intervention) as &[Option<Decimal>],
        &text(|d| d.after_outcome.clone()) as &[Option<String>],
        &number(|d| d.after_screening) as &[Option<Decimal>],
        &number(|d| d.after_intervention) as &[Option<Decimal>],
        &rows.iter().map(|d| d.meaning.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|d| d.unit_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &text(|d| d.unit_code.clone()) as &[Option<String>],
        &text(|d| d.unit_class.clone()) as &[Option<String>],
        &rows.iter().map(|d| d.site_id).collect::<Vec<_>>() as &[Option<Uuid>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A difference with the codes of its sample and point.
pub struct DifferenceRow {
    pub difference: Difference,
    pub sample_code: String,
    pub point_code: String,
    pub division_code: String,
}

/// The differences of a run after the `after`th, in their order.
pub async fn differences(
    conn: &mut PgConnection,
    run: RescreeningId,
    after: i64,
    limit: i64,
) -> Result<Vec<DifferenceRow>> {
    let rows = sqlx::query!(
        r#"select d.id as "id: ScreeningDifferenceId", d.n, d.sample_id as "sample_id: SampleId", d.substance,
               d.before_outcome, d.before_screening, d.before_intervention, d.after_outcome, d.after_screening,
               d.after_intervention, d.meaning, d.unit_id, d.unit_code, d.unit_class, d.site_id, s.code as sample_code,
               p.code as point_code, p.division_code
           from sampling_difference as d join sampling_sample as s on s.id = d.sample_id
               join sampling_point as p on p.id = s.point_id
           where d.rescreening_id = $1 and d.n > $2
           order by d.n
           limit $3"#,
        run as RescreeningId,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|d| DifferenceRow {
            sample_code: d.sample_code,
            point_code: d.point_code,
            division_code: d.division_code,
            difference: Difference {
                id: d.id,
                n: d.n,
                sample_id: d.sample_id,
                substance: d.substance,
                before_outcome: d.before_outcome,
                before_screening: d.before_screening,
                before_intervention: d.before_intervention,
                after_outcome: d.after_outcome,
                after_screening: d.after_screening,
                after_intervention: d.after_intervention,
                meaning: d.meaning,
                unit_id: d.unit_id,
                unit_code: d.unit_code,
                unit_class: d.unit_class,
                site_id: d.site_id,
            },
        })
        .collect())
}

/// What a sample's results came out as when they were last judged, as known at an instant.
pub struct KeptRow {
    pub judged_on: Day,
    pub standard: String,
    pub land: String,
    pub ph: Option<Decimal>,
    pub worst: String,
    pub rescreening_id: Option<RescreeningId>,
}

/// How a sample came out when it was last judged.
pub async fn kept(conn: &mut PgConnection, id: SampleId, known_at: Option<DateTime<Utc>>) -> Result<Option<KeptRow>> {
    Ok(sqlx::query_as!(
        KeptRow,
        r#"select judged_on as "judged_on!: Day", standard as "standard!", land as "land!", ph, worst as "worst!",
               rescreening_id as "rescreening_id: RescreeningId"
           from sampling_screenings_at($2) where id = $1"#,
        id as SampleId,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}
