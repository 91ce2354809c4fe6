//! `/v1/sampling/coverage` and `/v1/sampling/summary`: counts per county, which everybody may see.

use super::super::counties::{self, CountyCoverage};
use super::super::store::summary;
use crate::kernel::{Day, DivisionCode, Result};
use crate::platform::call::known_at;
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_sampling_coverage)).routes(routes!(get_sampling_summary))
}

/// Where and when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CountQuery {
    /// Counties of this division; of the nation when left out.
    division: Option<DivisionCode>,
    /// The day; today when left out.
    on: Option<Day>,
    /// The same as `on`.
    true_on: Option<Day>,
    /// As the registry knew it at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

impl CountQuery {
    fn read(&self, call: &Call) -> Result<(String, Day, Option<DateTime<Utc>>)> {
        let known_at = known_at(self.known_at.as_deref())?;
        let on = self.on.or(self.true_on).unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
        let division = self.division.clone().unwrap_or_else(DivisionCode::nation);
        Ok((division.as_str().to_owned(), on, known_at))
    }
}

/// Coverage of counties by monitoring points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SamplingCoverageView)]
struct CoverageView {
    /// The division.
    division_code: String,
    /// The day.
    on: Day,
    /// How it is counted.
    formula_zh: &'static str,
    /// How it is counted.
    formula_en: &'static str,
    /// Counties with at least one routine monitoring point in use on the day.
    covered: usize,
    /// Counties that exist on the day.
    counties_count: usize,
    /// `covered` by `counties_count`; `null` where there are no counties.
    share: Option<f64>,
    /// The counties, in the order of their codes.
    counties: Vec<CountyView>,
}

/// A county's points in use.
#[derive(Debug, Serialize, ToSchema)]
struct CountyView {
    /// Its code.
    #[schema(example = "140602")]
    division_code: String,
    /// 名称
    name_zh: String,
    /// Its name.
    name_en: Option<String>,
    /// At least one routine monitoring point is in use on the day.
    covered: bool,
    /// Points in use on the day, by programme.
    points: ProgramCounts,
    /// Last day on which anything was sampled at them.
    latest_sampled_on: Option<Day>,
}

/// Points by programme.
#[derive(Debug, Serialize, ToSchema)]
struct ProgramCounts {
    /// 详查、普查
    survey: i64,
    /// 国控、省控例行监测
    routine_monitoring: i64,
    /// 企业自行监测
    self_monitoring: i64,
    /// 地块调查
    investigation: i64,
}

/// Coverage of counties by monitoring points on a day (监测点位县域覆盖率): counts only.
#[utoipa::path(
    get, path = "/v1/sampling/coverage", operation_id = "get_sampling_coverage", tag = "sampling", params(CountQuery),
    responses((status = 200, body = CoverageView)),
    extensions(("x-permission" = json!("sampling.summary_read")))
)]
async fn get_sampling_coverage(call: Call, Params(query): Params<CountQuery>) -> Result<Reply, Stop> {
    call.read(Permission::SamplingSummaryRead)?;
    let (division_code, on, known_at) = query.read(&call)?;
    let mut conn = call.app().db().acquire().await?;
    let rows = counties::coverage(&mut conn, &division_code, on, known_at).await?;
    let (covered, counties_count) = (rows.iter().filter(|row| row.covered()).count(), rows.len());
    #[expect(clippy::cast_precision_loss, reason = "there are some three thousand counties")]
    let share = (counties_count > 0).then(|| covered as f64 / counties_count as f64);
    let counties = rows
        .into_iter()
        .map(|row: CountyCoverage| CountyView {
            covered: row.covered(),
            division_code: row.division_code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            points: ProgramCounts {
                survey: row.survey,
                routine_monitoring: row.routine_monitoring,
                self_monitoring: row.self_monitoring,
                investigation: row.investigation,
            },
            latest_sampled_on: row.latest_sampled_on,
        })
        .collect();
    Ok(Reply::json(&CoverageView {
        division_code,
        on,
        formula_zh: "当日在用例行监测点位不少于 1 个的县级区划数 ÷ 县级区划总数（公式为本系统自拟，待确认）",
        formula_en: "counties with at least one routine monitoring point in use on the day ÷ counties (the formula is this program's own, to be confirmed)",
        covered,
        counties_count,
        share,
        counties,
    })?)
}

/// Counts of samples per county.
#[derive(Debug, Serialize, ToSchema)]
struct SummaryView {
    /// The division.
    division_code: String,
    /// Samples taken on or before this day.
    on: Day,
    /// 说明
    note_zh: &'static str,
    /// What is counted.
    note_en: &'static str,
    /// Counties with points, in the order of their codes.
    counties: Vec<CountySummary>,
}

/// Counts of a county.
#[derive(Debug, Serialize, ToSchema)]
struct CountySummary {
    /// Its code.
    #[schema(example = "140602")]
    division_code: String,
    /// 名称
    name_zh: String,
    /// Its name.
    name_en: Option<String>,
    /// Points.
    points: i64,
    /// Samples of all media, not withdrawn.
    samples: i64,
    /// Soil samples among them.
    soil_samples: i64,
    /// Crop samples among them.
    crop_samples: i64,
    /// Soil samples by worst outcome when last screened.
    soil_outcomes: OutcomeCounts,
}

/// Soil samples by worst outcome.
#[derive(Debug, Serialize, ToSchema)]
struct OutcomeCounts {
    /// 均未超过筛选值
    within: i64,
    /// 有项目无法比较，其余未超过
    not_comparable: i64,
    /// 超过筛选值
    above_screening: i64,
    /// 超过管制值
    above_intervention: i64,
}

/// Points and samples per county, and what soil came out as: counts only, for everybody.
#[utoipa::path(
    get, path = "/v1/sampling/summary", operation_id = "get_sampling_summary", tag = "sampling", params(CountQuery),
    responses((status = 200, body = SummaryView)),
    extensions(("x-permission" = json!("sampling.summary_read")))
)]
async fn get_sampling_summary(call: Call, Params(query): Params<CountQuery>) -> Result<Reply, Stop> {
    call.read(Permission::SamplingSummaryRead)?;
    let (division_code, on, known_at) = query.read(&call)?;
    let mut conn = call.app().db().acquire().await?;
    let rows = summary::summary(&mut conn, &division_code, on, known_at).await?;
    let counties = rows
        .into_iter()
        .map(|row| CountySummary {
            division_code: row.division_code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            points: row.points,
            samples: row.samples,
            soil_samples: row.soil_samples,
            crop_samples: row.crop_samples,
            soil_outcomes: OutcomeCounts {
                within: row.within,
                not_comparable: row.not_comparable,
                above_screening: row.above_screening,
                above_intervention: row.above_intervention,
            },
        })
        .collect();
    Ok(Reply::json(&SummaryView {
        division_code,
        on,
        note_zh: "仅为计数，不含点位位置；未作小数抑制，因未见要求抑制的规定。",
        note_en: "Counts only, without positions; small counts are not suppressed, since no rule that asks for it is known.",
        counties,
    })?)
}
