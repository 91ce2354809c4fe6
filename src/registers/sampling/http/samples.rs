//! `/v1/samples`: read and correct.

use super::super::actions::{self, SampleChange};
use super::super::rules::row::{self, Said};
use super::super::store::samples::{self, ResultRow, SampleFilter, SampleRow};
use super::runs::RescreeningView;
use super::{Program, SampledMedium, given, no_sample, reach, reason};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::quantity::{Exact, Written, decimal};
use crate::kernel::{Day, Decimal, DivisionCode, Error, Fault, Result, SampleId, SamplingPointId, Text};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop};
use crate::standards::screening::{self, Outcome};
use crate::standards::substances;
use axum::extract::{OriginalUri, Path};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_samples)).routes(routes!(get_sample, correct_sample))
}

/// A sample with its results.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleView {
    /// Its identifier.
    id: SampleId,
    /// Its code, unique in the registry.
    #[schema(example = "140602XC0001/2026-05-01/soil")]
    code: String,
    /// Where it was taken.
    point_id: SamplingPointId,
    /// Code of that point.
    point_code: String,
    /// Where the point lies.
    division_code: String,
    /// Whose sampling it was.
    #[schema(value_type = Program)]
    program: String,
    /// What was sampled.
    #[schema(value_type = SampledMedium)]
    medium: String,
    /// The crop.
    product: Option<String>,
    /// The material in the report's words.
    material: Option<String>,
    /// Upper end, metres below ground.
    depth_from_m: Option<Exact>,
    /// Lower end.
    depth_to_m: Option<Exact>,
    /// Civil day of sampling.
    sampled_on: Day,
    /// Who analysed it.
    laboratory: Option<String>,
    /// How it was analysed.
    method: Option<String>,
    /// Soil pH; `null`: not measured.
    ph: Option<Exact>,
    /// The report.
    document_id: Option<Uuid>,
    /// Longitude and latitude that the report states, where they differ from the point's.
    stated_position: Option<[f64; 2]>,
    /// Withdrawn: it counts no more.
    withdrawn: bool,
    /// Why it was corrected last, or withdrawn.
    reason: Option<String>,
    /// What was found, by substance.
    results: Vec<ResultView>,
}

/// What was found of a substance.
#[derive(Debug, Serialize, ToSchema)]
struct ResultView {
    /// Key of the substance.
    #[schema(example = "cadmium")]
    substance: String,
    /// Its symbol.
    symbol: Option<&'static str>,
    /// 名称
    name_zh: &'static str,
    /// Its name.
    name_en: &'static str,
    /// The number as stated.
    value: Exact,
    /// The unit as stated.
    #[schema(example = "mg/kg")]
    unit: String,
    /// `<` where it lies below detection, which is `value`; else empty.
    qualifier: &'static str,
    /// The number in mg/kg.
    value_mg_kg: Exact,
    /// How it was analysed.
    method: Option<String>,
    /// The limit that the report of a crop states.
    limit: Option<StatedLimitView>,
    /// Withdrawn: it counts no more.
    withdrawn: bool,
    /// Why it was corrected last, or withdrawn.
    reason: Option<String>,
}

/// A limit as a report states it.
#[derive(Debug, Serialize, ToSchema)]
struct StatedLimitView {
    /// The number as stated.
    value: Exact,
    /// Its unit.
    unit: String,
    /// The number in mg/kg.
    value_mg_kg: Exact,
    /// Where the report says that it is from.
    #[schema(example = "GB 2762-2022")]
    instrument: Option<String>,
}

fn result_view(row: ResultRow) -> Option<ResultView> {
    let substance = substances::find(&row.substance)?;
    let limit = match (row.limit_value, row.limit_unit, row.limit_mg_kg) {
        (Some(value), Some(unit), Some(mg_kg)) => Some(StatedLimitView {
            value: Exact(value),
            unit,
            value_mg_kg: Exact(mg_kg),
            instrument: row.limit_instrument,
        }),
        _ => None,
    };
    Some(ResultView {
        substance: row.substance,
        symbol: substance.symbol.as_deref(),
        name_zh: &substance.name_zh,
        name_en: &substance.name_en,
        value: Exact(row.value),
        unit: row.unit,
        qualifier: if row.below { "<" } else { "" },
        value_mg_kg: Exact(row.mg_kg),
        method: row.method,
        limit,
        withdrawn: row.withdrawn,
        reason: row.reason,
    })
}

pub(super) fn view(row: SampleRow, results: Vec<ResultRow>) -> SampleView {
    SampleView {
        id: row.id,
        code: row.code,
        point_id: row.point_id,
        point_code: row.point_code,
        division_code: row.division_code,
        program: row.program,
        medium: row.medium,
        product: row.product,
        material: row.material,
        depth_from_m: row.depth_from_m.map(Exact),
        depth_to_m: row.depth_to_m.map(Exact),
        sampled_on: row.sampled_on,
        laboratory: row.laboratory,
        method: row.method,
        ph: row.ph.map(Exact),
        document_id: row.document_id,
        stated_position: row.stated_lon.zip(row.stated_lat).map(|(lon, lat)| [lon, lat]),
        withdrawn: row.withdrawn,
        reason: row.reason,
        results: results.into_iter().filter_map(result_view).collect(),
    }
}

/// A page of samples.
#[derive(Debug, Serialize, ToSchema)]
struct SamplePage {
    /// The samples of this page.
    samples: Vec<SampleView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which samples.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SampleQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// Taken at this point: its identifier or code.
    point: Option<String>,
    /// What was sampled.
    #[param(inline)]
    medium: Option<SampledMedium>,
    /// Whose sampling it was.
    #[param(inline)]
    program: Option<Program>,
    /// Taken on or after this day.
    from: Option<Day>,
    /// Taken on or before this day.
    to: Option<Day>,
    /// Taken on or before this day, as `to`.
    true_on: Option<Day>,
    /// With a result of this substance: CAS number, symbol or name.
    #[param(example = "Cd")]
    substance: Option<String>,
    /// Soil whose worst outcome was this when it was last screened.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// The sample with this code.
    code: Option<String>,
    /// Those withdrawn as well.
    include_withdrawn: Option<bool>,
    /// As the registry knew it at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Samples with their results, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/samples", operation_id = "list_samples", tag = "sampling", params(SampleQuery),
    responses((status = 200, body = SamplePage)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn list_samples(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<SampleQuery>,
) -> Result<Reply, Stop> {
    let reach = reach(&call)?;
    let limit = paging::limit(query.limit)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let substance = query.substance.as_deref().map(|name| {
        substances::read("?substance", name).map_err(|fault| Error::bad_parameter("substance", fault.message))
    });
    let substance = substance.transpose()?.map(|substance| substance.key.clone());
    let to = [query.to, query.true_on].into_iter().flatten().min();
    let all = query.include_withdrawn.unwrap_or(false);
    let filters = format!(
        "{:?}",
        (
            (&query.division, &query.point, query.medium, query.program, query.from, to),
            (&substance, query.outcome, &query.code, all, known_at, &reach)
        )
    );
    let point_id: Option<SamplingPointId> = query.point.as_deref().and_then(|point| point.parse().ok());
    let filter = SampleFilter {
        reach,
        division: query.division.map(|code| code.as_str().to_owned()),
        point: point_id,
        point_code: query.point.filter(|_| point_id.is_none()),
        medium: query.medium.map(|medium| medium.as_str().to_owned()),
        program: query.program.map(|program| program.as_str().to_owned()),
        from: query.from,
        to,
        substance,
        outcome: query.outcome.map(|outcome| outcome.as_str().to_owned()),
        code: query.code,
        withdrawn: all,
        known_at,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = samples::list_samples(&mut conn, &filter).await?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |last| last.code.clone());
    let ids: Vec<SampleId> = rows.iter().map(|row| row.id).collect();
    let mut results: HashMap<SampleId, Vec<ResultRow>> = HashMap::new();
    for result in samples::results_of(&mut conn, &ids, known_at).await? {
        results.entry(result.sample_id).or_default().push(result);
    }
    let views: Vec<SampleView> = rows
        .into_iter()
        .map(|row| {
            let results = results.remove(&row.id).unwrap_or_default();
            view(row, results)
        })
        .collect();
    Ok(Reply::json(&SamplePage { number_returned: views.len(), samples: views, links })?)
}

/// One sample, withdrawn or not.
#[utoipa::path(
    get, path = "/v1/samples/{id}", operation_id = "get_sample", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = SampleView)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn get_sample(call: Call, Path(id): Path<String>, Params(query): Params<KnownParams>) -> Result<Reply, Stop> {
    let reach = reach(&call)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    let row = samples::get_sample(&mut conn, read_id(&id)?, &reach, known_at).await?.ok_or_else(no_sample)?;
    let results = samples::results_of(&mut conn, &[row.id], known_at).await?;
    let revision = row.revision;
    Ok(Reply::json(&view(row, results))?.revision_as_shown(revision))
}

pub(super) fn read_id(text: &str) -> Result<SampleId> {
    text.parse().map_err(|_| no_sample())
}

/// A result as a request gives it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewResult {
    /// CAS number, symbol or name.
    #[schema(example = "Cd")]
    pub(super) substance: String,
    /// The number as stated.
    #[schema(example = 0.31)]
    pub(super) value: Written,
    /// Its unit.
    #[schema(example = "mg/kg")]
    pub(super) unit: String,
    /// `<` where it lies below detection.
    #[serde(default)]
    pub(super) qualifier: Option<String>,
    /// How it was analysed.
    #[serde(default)]
    pub(super) method: Option<String>,
    /// The limit that the report of a crop states.
    #[serde(default)]
    pub(super) limit: Option<NewLimit>,
}

/// A limit as a report states it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewReportingLimit)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLimit {
    /// The number as stated.
    #[schema(example = 0.2)]
    pub(super) value: Written,
    /// Its unit; the result's where left out.
    #[serde(default)]
    pub(super) unit: Option<String>,
    /// Where the report says that it is from.
    #[serde(default)]
    #[schema(example = "GB 2762-2022")]
    pub(super) instrument: Option<String>,
}

impl NewResult {
    /// Judges the words.
    ///
    /// # Errors
    /// See [`row::result`].
    pub(super) fn read(&self, pointer: &str) -> Result<row::ResultFacts, Vec<Fault>> {
        let limit = self.limit.as_ref();
        row::result(
            pointer,
            Said {
                substance: &self.substance,
                value: &self.value.0,
                unit: &self.unit,
                qualifier: self.qualifier.as_deref(),
                method: self.method.as_deref(),
                limit_value: limit.map(|limit| limit.value.0.as_str()),
                limit_unit: limit.and_then(|limit| limit.unit.as_deref()),
                limit_instrument: limit.and_then(|limit| limit.instrument.as_deref()),
            },
        )
    }
}

/// What is to be another of a sample; what is left out stays, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SampleCorrection {
    /// Why.
    #[schema(example = "实验室更正报告")]
    reason: String,
    /// What was sampled.
    #[serde(default)]
    medium: Option<SampledMedium>,
    /// The crop.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    product: Option<Option<String>>,
    /// The material in the report's words.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    material: Option<Option<String>>,
    /// Upper end, metres below ground.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Written>)]
    depth_from_m: Option<Option<Written>>,
    /// Lower end.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Written>)]
    depth_to_m: Option<Option<Written>>,
    /// Civil day of sampling.
    #[serde(default)]
    sampled_on: Option<Day>,
    /// Who analysed it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    laboratory: Option<Option<String>>,
    /// How it was analysed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    method: Option<Option<String>>,
    /// Soil pH.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Written>)]
    ph: Option<Option<Written>>,
    /// The report.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    document_id: Option<Option<Uuid>>,
    /// Results that take the place of those of the same substances, or are added.
    #[serde(default)]
    results: Vec<NewResult>,
    /// Substances whose results are withdrawn: CAS number, symbol or name.
    #[serde(default)]
    withdraw_results: Vec<String>,
    /// `true` withdraws the sample as a whole.
    #[serde(default)]
    withdrawn: Option<bool>,
}

/// A sample as corrected.
#[derive(Debug, Serialize, ToSchema)]
struct CorrectedSampleView {
    /// The sample.
    sample: SampleView,
    /// The run in which it was screened again; `null` for what is not screened.
    rescreening: Option<RescreeningView>,
}

/// Corrects or withdraws a sample. A soil sample is screened again in the same act, and what comes out otherwise is told.
#[utoipa::path(
    patch, path = "/v1/samples/{id}", operation_id = "correct_sample", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), ("If-Match" = String, Header, description = "The sample's ETag")),
    request_body = SampleCorrection,
    responses((status = 200, body = CorrectedSampleView)),
    extensions(("x-permission" = json!("sampling.write")))
)]
async fn correct_sample(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<SampleCorrection>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SamplingWrite).await?;
    let done = actions::correct_sample(&mut act, read_id(&id)?, revision, change(body)?).await?;
    let rescreening = match done.screened {
        Some(screened) => Some(RescreeningView::with_differences(act.tx(), screened.run).await?),
        None => None,
    };
    let results = samples::results_of(act.tx(), &[done.sample.id], None).await?;
    let revision = done.sample.revision;
    let reply = Reply::json(&CorrectedSampleView { sample: view(done.sample, results), rescreening })?;
    Ok(act.finish(reply.revision_as_shown(revision)).await?)
}

fn change(body: SampleCorrection) -> Result<SampleChange> {
    let mut faults = Vec::new();
    let mut depth = |name: &str, said: Option<Option<Written>>| -> Option<Option<Decimal>> {
        said.map(|said| {
            said.and_then(|text| match decimal(&text.0) {
                Ok(depth) if depth >= Decimal::ZERO && depth <= Decimal::from(1000) => Some(depth),
                Ok(_) => {
                    let text = Text::fixed("深度应在 0 至 1000 米之间。", "A depth lies between 0 and 1000 m.");
                    faults.push(Fault::new(format!("/{name}"), "depth_out_of_range", text));
                    None
                }
                Err(fault) => {
                    faults.push(Fault { pointer: format!("/{name}"), ..fault });
                    None
                }
            })
        })
    };
    let (depth_from_m, depth_to_m) = (depth("depth_from_m", body.depth_from_m), depth("depth_to_m", body.depth_to_m));
    let ph = body
        .ph
        .map(|said| said.and_then(|text| screening::read_ph("/ph", &text.0).map_err(|fault| faults.push(fault)).ok()));
    let mut results = Vec::new();
    for (i, result) in body.results.iter().enumerate() {
        match result.read(&format!("/results/{i}")) {
            Ok(found) => results.push(found),
            Err(wrong) => faults.extend(wrong),
        }
    }
    row::repeated(&results, &mut faults);
    let mut withdraw_results = Vec::new();
    for (i, name) in body.withdraw_results.iter().enumerate() {
        match substances::read(&format!("/withdraw_results/{i}"), name) {
            Ok(substance) => withdraw_results.push(substance.key.clone()),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    Ok(SampleChange {
        reason: reason(&body.reason)?,
        medium: body.medium.map(SampledMedium::as_str),
        product: body.product,
        material: body.material,
        depth_from_m,
        depth_to_m,
        sampled_on: body.sampled_on,
        laboratory: body.laboratory,
        method: body.method,
        ph,
        document_id: body.document_id,
        results,
        withdraw_results,
        withdraw: body.withdrawn.unwrap_or(false),
    })
}
