//! Counts per county.

use crate::kernel::{Day, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Points and the latest sampling in a county.
pub struct CoverageRow {
    pub division_code: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub survey: i64,
    pub routine_monitoring: i64,
    pub self_monitoring: i64,
    pub investigation: i64,
    pub latest_sampled_on: Option<Day>,
}

/// Every county of a division that exists on the day, with its points in use then.
pub async fn coverage(
    conn: &mut PgConnection,
    division: &str,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CoverageRow>> {
    Ok(sqlx::query_as!(
        CoverageRow,
        r#"with point as (
               select p.id, p.division_code, p.program from sampling_points_at($3) as p
               where (p.in_use_from is null or p.in_use_from <= $2) and (p.in_use_to is null or p.in_use_to >= $2)),
           counted as (
               select division_code, count(*) filter (where program = 'survey') as survey,
                   count(*) filter (where program = 'routine_monitoring') as routine_monitoring,
                   count(*) filter (where program = 'self_monitoring') as self_monitoring,
                   count(*) filter (where program = 'investigation') as investigation
               from point group by division_code),
           latest as (
               select p.division_code, max(s.sampled_on) as sampled_on
               from sampling_samples_at($3) as s join point as p on p.id = s.point_id
               where not s.withdrawn and s.sampled_on <= $2
               group by p.division_code)
           select d.code as division_code, d.name_zh, d.name_en, coalesce(c.survey, 0) as "survey!",
               coalesce(c.routine_monitoring, 0) as "routine_monitoring!", coalesce(c.self_monitoring, 0) as "self_monitoring!",
               coalesce(c.investigation, 0) as "investigation!", l.sampled_on as "latest_sampled_on: Day"
           from division as d left join counted as c on c.division_code = d.code
               left join latest as l on l.division_code = d.code
           where d.level = 'county' and d.ancestors @> array[$1::text]
               and (d.valid_from is null or d.valid_from <= $2) and (d.valid_to is null or d.valid_to >= $2)
           order by d.code"#,
        division,
        on as Day,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Counts of a county.
pub struct SummaryRow {
    pub division_code: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub points: i64,
    pub samples: i64,
    pub soil_samples: i64,
    pub crop_samples: i64,
    pub within: i64,
    pub not_comparable: i64,
    pub above_screening: i64,
    pub above_intervention: i64,
}

/// Points, samples taken on or before a day, and what soil samples came out as, per county that has any.
pub async fn summary(
    conn: &mut PgConnection,
    division: &str,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<SummaryRow>> {
    Ok(sqlx::query_as!(
        SummaryRow,
        r#"with point as (
               select p.id, p.division_code from sampling_points_at($3) as p
               where p.division_code in (select d.code from division as d where d.ancestors @> array[$1::text])),
           points as (select division_code, count(*) as n from point group by division_code),
           samples as (
               select p.division_code, count(*) as n, count(*) filter (where s.medium = 'soil') as soil,
                   count(*) filter (where s.medium = 'crop') as crop,
                   count(*) filter (where j.worst = 'within') as within,
                   count(*) filter (where j.worst = 'not_comparable') as not_comparable,
                   count(*) filter (where j.worst = 'above_screening') as above_screening,
                   count(*) filter (where j.worst = 'above_intervention') as above_intervention
               from sampling_samples_at($3) as s join point as p on p.id = s.point_id
                   left join sampling_screenings_at($3) as j on j.id = s.id and s.medium = 'soil'
               where not s.withdrawn and s.sampled_on <= $2
               group by p.division_code)
           select d.code as division_code, d.name_zh, d.name_en, c.n as "points!", coalesce(s.n, 0) as "samples!",
               coalesce(s.soil, 0) as "soil_samples!", coalesce(s.crop, 0) as "crop_samples!", coalesce(s.within, 0) as "within!",
               coalesce(s.not_comparable, 0) as "not_comparable!", coalesce(s.above_screening, 0) as "above_screening!",
               coalesce(s.above_intervention, 0) as "above_intervention!"
           from points as c join division as d on d.code = c.division_code left join samples as s on s.division_code = d.code
           order by d.code"#,
        division,
        on as Day,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}
