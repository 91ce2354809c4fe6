//! `/v1/samples/{id}/screening`.

use super::super::actions::{self, Live};
use super::super::store::{self, samples, screening};
use super::samples::read_id;
use super::{no_point, no_sample, reach};
use crate::kernel::quantity::Exact;
use crate::kernel::{Citation, Confidence, Day, RescreeningId, Result, SampleId};
use crate::platform::call::known_at;
use crate::platform::{App, Call, Params, Reply, Stop};
use crate::standards::screening::{self as rules, Judgement, LimitUsed, Outcome, Reason};
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_sample_screening))
}

/// How a sample comes out against the standards of a day.
#[derive(Debug, Serialize, ToSchema)]
struct SampleScreening {
    /// The sample.
    sample_id: SampleId,
    /// Its code.
    sample_code: String,
    /// Civil day whose standards are applied.
    on: Day,
    /// What was sampled; anything but soil is not comparable with the soil standards.
    #[schema(example = "soil")]
    medium: String,
    /// Number of the national standard applied.
    #[schema(example = "GB 15618-2018")]
    standard: &'static str,
    /// Land it is held to: `paddy`, `orchard`, `other`, `rotation`; `class1`, `class2`.
    #[schema(example = "paddy")]
    land: &'static str,
    /// Soil pH used.
    ph: Option<Exact>,
    /// What was assumed of the land.
    assumptions: Vec<ScreeningReason>,
    /// The worst outcome; `null` where there is no result.
    worst: Option<Outcome>,
    /// One for each result, and for sums that the standard prints.
    results: Vec<ScreenedResult>,
    /// How it came out when it was last judged and kept; `null` for what is not screened.
    kept: Option<KeptScreening>,
}

/// A reason.
#[derive(Debug, Serialize, ToSchema)]
struct ScreeningReason {
    /// Stable code.
    #[schema(example = "ph_missing")]
    code: &'static str,
    /// 中文
    zh: String,
    /// English
    en: String,
}

impl From<&Reason> for ScreeningReason {
    fn from(reason: &Reason) -> ScreeningReason {
        ScreeningReason { code: reason.code, zh: reason.zh.to_string(), en: reason.en.to_string() }
    }
}

/// How a result comes out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SampleScreenedResult)]
struct ScreenedResult {
    /// Key of the substance.
    #[schema(example = "cadmium")]
    substance: &'static str,
    /// 名称
    name_zh: &'static str,
    /// Its name.
    name_en: &'static str,
    /// Content in mg/kg; the limit of detection where it lies below.
    value_mg_kg: Exact,
    /// `<` where it lies below detection; else empty.
    qualifier: &'static str,
    /// Keys of what it is the sum of, where it was summed here.
    sum_of: Vec<&'static str>,
    /// What it is worth.
    outcome: Outcome,
    /// Content by screening value.
    ratio: Option<Exact>,
    /// The screening value.
    screening: Option<ScreeningLimit>,
    /// The intervention value.
    intervention: Option<ScreeningLimit>,
    /// Why.
    reasons: Vec<ScreeningReason>,
}

/// A limit value that was compared with.
#[derive(Debug, Serialize, ToSchema)]
struct ScreeningLimit {
    /// mg/kg
    value_mg_kg: Exact,
    /// Code of the standard.
    #[schema(example = "GB 15618-2018")]
    standard: String,
    /// A local standard speaks.
    local: bool,
    /// Table.
    table: Option<u8>,
    /// Item in the table.
    item: Option<u8>,
    /// 适用土地
    land_zh: String,
    /// For which land.
    land_en: String,
    /// Where it is printed.
    citation: Citation,
    /// How well it is known.
    confidence: Confidence,
}

impl From<&LimitUsed> for ScreeningLimit {
    fn from(limit: &LimitUsed) -> ScreeningLimit {
        ScreeningLimit {
            value_mg_kg: Exact(limit.value),
            standard: limit.standard.to_string(),
            local: limit.local,
            table: limit.table,
            item: limit.item,
            land_zh: limit.land.zh.to_string(),
            land_en: limit.land.en.to_string(),
            citation: (*limit.citation).clone(),
            confidence: limit.confidence,
        }
    }
}

/// How a sample came out when it was last judged.
#[derive(Debug, Serialize, ToSchema)]
struct KeptScreening {
    /// Civil day whose standards were applied.
    judged_on: Day,
    /// Number of the national standard.
    standard: String,
    /// Land it was held to.
    land: String,
    /// Soil pH used.
    ph: Option<Exact>,
    /// The worst outcome.
    #[schema(value_type = Outcome)]
    worst: String,
    /// The run; `null`: when it was loaded.
    rescreening_id: Option<RescreeningId>,
}

fn view(judgement: &Judgement) -> ScreenedResult {
    let below = judgement.measured.is_some_and(|measured| measured.below);
    ScreenedResult {
        substance: &judgement.substance.key,
        name_zh: &judgement.substance.name_zh,
        name_en: &judgement.substance.name_en,
        value_mg_kg: Exact(judgement.mg_kg),
        qualifier: if below { "<" } else { "" },
        sum_of: judgement.parts.clone(),
        outcome: judgement.outcome,
        ratio: judgement.ratio.map(Exact),
        screening: judgement.screening.as_ref().map(ScreeningLimit::from),
        intervention: judgement.intervention.as_ref().map(ScreeningLimit::from),
        reasons: judgement.reasons.iter().map(ScreeningReason::from).collect(),
    }
}

/// When.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ScreeningQuery {
    /// Day whose standards apply; today when left out.
    on: Option<Day>,
    /// As the registry knew it at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// How a sample comes out against the standards of a day, by its land and pH; and how it came out when it was last kept.
#[utoipa::path(
    get, path = "/v1/samples/{id}/screening", operation_id = "get_sample_screening", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), ScreeningQuery),
    responses((status = 200, body = SampleScreening)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn get_sample_screening(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<ScreeningQuery>,
) -> Result<Reply, Stop> {
    let reach = reach(&call)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let on = query.on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
    let mut conn = call.app().db().acquire().await?;
    let sample = samples::get_sample(&mut conn, read_id(&id)?, &reach, known_at).await?.ok_or_else(no_sample)?;
    let point =
        store::get_point(&mut conn, sample.point_id, &store::Reach::default(), known_at).await?.ok_or_else(no_point)?;
    let results = samples::results_of(&mut conn, &[sample.id], known_at).await?;
    let Live { land, standard, assumed, judgements } =
        actions::judged_live(&mut conn, &sample, &point, &results, on, known_at).await?;
    let kept = screening::kept(&mut conn, sample.id, known_at).await?.map(|kept| KeptScreening {
        judged_on: kept.judged_on,
        standard: kept.standard,
        land: kept.land,
        ph: kept.ph.map(Exact),
        worst: kept.worst,
        rescreening_id: kept.rescreening_id,
    });
    Ok(Reply::json(&SampleScreening {
        sample_id: sample.id,
        sample_code: sample.code,
        on,
        medium: sample.medium,
        standard,
        land,
        ph: sample.ph.map(Exact),
        assumptions: assumed.iter().map(ScreeningReason::from).collect(),
        worst: rules::worst(&judgements),
        results: judgements.iter().map(view).collect(),
        kept,
    })?)
}
