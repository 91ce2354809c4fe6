//! `/v1/sampling/rescreen` and what came of it.

use super::super::actions::{self, Cause};
use super::super::rules::meaning::{self, Meaning};
use super::super::store::screening::{self, DifferenceRow, RunRow};
use super::reach;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::quantity::Exact;
use crate::kernel::{Day, DivisionCode, Error, RescreeningId, Result, SampleId, SamplingPointId};
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, Caller, Params, Permission, Reply, Stop};
use crate::standards::screening::Outcome;
use crate::standards::substances;
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(rescreen_samples))
        .routes(routes!(list_rescreenings))
        .routes(routes!(get_rescreening))
        .routes(routes!(list_rescreening_differences))
}

/// Differences that a run's own answer gives at most; the others are on their pages.
const SHOWN: i64 = 100;

/// A run that held results to the standards anew.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RescreeningView {
    /// Its identifier.
    id: RescreeningId,
    /// Why.
    #[schema(value_type = Cause)]
    cause: String,
    /// In this division and below; `null`: everywhere.
    division_code: Option<String>,
    /// The sample that it is about, where it is about one.
    sample_id: Option<SampleId>,
    /// The point whose samples it is about, where it is about one's.
    point_id: Option<SamplingPointId>,
    /// Civil day whose standards were applied.
    judged_on: Day,
    /// When.
    run_at: DateTime<Utc>,
    /// Role of who asked; `null`: the operator.
    by_role: Option<String>,
    /// Soil samples judged.
    samples: i64,
    /// Results judged.
    results: i64,
    /// Results, and sums formed of them, that had not been judged before.
    first_judged: i64,
    /// Results whose outcome is another than before.
    differences_count: i64,
    /// The first of them, in answers to what caused the run and of the run itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<DifferenceView>>,
    /// `differences`: all of them.
    links: Vec<Link>,
}

/// A result that came out otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DifferenceView {
    /// Its place in the run, from 1.
    n: i64,
    /// The sample.
    sample_id: SampleId,
    /// Its code.
    sample_code: String,
    /// Code of the point.
    point_code: String,
    /// Where the point lies.
    division_code: String,
    /// Key of the substance.
    #[schema(example = "cadmium")]
    substance: String,
    /// 名称
    substance_zh: String,
    /// Its name.
    substance_en: String,
    /// How it came out before; `null`: there was no result.
    before: Option<OutcomeView>,
    /// How it comes out now; `null`: there is no result any more.
    after: Option<OutcomeView>,
    /// Code of what it would mean.
    #[schema(example = "detailed_survey")]
    meaning: String,
    /// 意味着什么
    meaning_zh: String,
    /// What it would mean.
    meaning_en: String,
    /// The farmland unit in which the point lies.
    unit: Option<DifferenceUnit>,
    /// The site that the point is about.
    site_id: Option<Uuid>,
}

/// How a result came out, and by which values.
#[derive(Debug, Serialize, ToSchema)]
struct OutcomeView {
    /// The outcome.
    #[schema(value_type = Outcome)]
    outcome: String,
    /// The screening value, mg/kg.
    screening_mg_kg: Option<Exact>,
    /// The intervention value, mg/kg.
    intervention_mg_kg: Option<Exact>,
}

/// A farmland unit that would be reconsidered.
#[derive(Debug, Serialize, ToSchema)]
struct DifferenceUnit {
    /// Its identifier.
    id: Uuid,
    /// Its code.
    code: String,
    /// Its class on the day judged.
    #[schema(example = "priority_protection")]
    class: String,
}

impl RescreeningView {
    fn of(run: RunRow) -> RescreeningView {
        let href = format!("/v1/sampling/rescreenings/{}/differences", run.id);
        RescreeningView {
            id: run.id,
            cause: run.cause,
            division_code: run.division_code,
            sample_id: run.sample_id,
            point_id: run.point_id,
            judged_on: run.judged_on,
            run_at: run.run_at,
            by_role: run.by_role,
            samples: run.samples,
            results: run.results,
            first_judged: run.first_judged,
            differences_count: run.differences,
            differences: None,
            links: vec![Link { href, rel: "differences".to_owned(), media_type: "application/json".to_owned() }],
        }
    }

    /// With the first of its differences.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn with_differences(conn: &mut PgConnection, run: RunRow) -> Result<RescreeningView> {
        let rows = screening::differences(conn, run.id, 0, SHOWN).await?;
        let differences = rows.into_iter().map(difference).collect();
        Ok(RescreeningView { differences: Some(differences), ..RescreeningView::of(run) })
    }
}

fn difference(row: DifferenceRow) -> DifferenceView {
    let DifferenceRow { difference: d, sample_code, point_code, division_code } = row;
    let outcome = |word: &Option<String>| {
        word.as_deref().and_then(|word| Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word))
    };
    let classes = outcome(&d.before_outcome)
        .and_then(meaning::point_class)
        .zip(outcome(&d.after_outcome).and_then(meaning::point_class));
    let text = Meaning::parse(&d.meaning).map(|meaning| meaning.text(classes, d.unit_code.as_deref()));
    let (meaning_zh, meaning_en) = text.map(|text| (text.zh.into_owned(), text.en.into_owned())).unwrap_or_default();
    let substance = substances::find(&d.substance);
    let unit = match (d.unit_id, d.unit_code, d.unit_class) {
        (Some(id), Some(code), Some(class)) => Some(DifferenceUnit { id, code, class }),
        _ => None,
    };
    DifferenceView {
        n: d.n,
        sample_id: d.sample_id,
        sample_code,
        point_code,
        division_code,
        substance_zh: substance.map(|substance| substance.name_zh.clone()).unwrap_or_default(),
        substance_en: substance.map(|substance| substance.name_en.clone()).unwrap_or_default(),
        substance: d.substance,
        before: d.before_outcome.map(|outcome| OutcomeView {
            outcome,
            screening_mg_kg: d.before_screening.map(Exact),
            intervention_mg_kg: d.before_intervention.map(Exact),
        }),
        after: d.after_outcome.map(|outcome| OutcomeView {
            outcome,
            screening_mg_kg: d.after_screening.map(Exact),
            intervention_mg_kg: d.after_intervention.map(Exact),
        }),
        meaning: d.meaning,
        meaning_zh,
        meaning_en,
        unit,
        site_id: d.site_id,
    }
}

/// What is to be screened again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RescreenOrder {
    /// In this division and below; the caller's own where left out.
    #[serde(default)]
    division: Option<DivisionCode>,
    /// Why. Default: `manual`.
    #[serde(default)]
    cause: Option<Cause>,
}

/// Holds every soil result of a division to today's standards, local ones included, and keeps what comes out otherwise.
///
/// After a local standard was entered or withdrawn, or one has come into force. What comes out as before is left as it is: a
/// second run finds nothing. A run decides nothing; each difference says what it would mean.
#[utoipa::path(
    post, path = "/v1/sampling/rescreen", operation_id = "rescreen_samples", tag = "sampling", request_body = RescreenOrder,
    responses((status = 201, body = RescreeningView)),
    extensions(("x-permission" = json!("sampling.write")))
)]
async fn rescreen_samples(call: Call, Body(body): Body<RescreenOrder>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SamplingWrite).await?;
    let division = match (body.division, act.caller()) {
        (Some(division), _) => Some(division),
        (None, Caller::Key(holder)) => Some(holder.division.clone()),
        (None, _) => None,
    };
    let division = division.filter(|division| !division.is_nation() || !act.caller().holds_in(division.as_str()));
    if let Some(division) = &division {
        act.caller().require_division(division.as_str())?;
        let codes = [division.as_str().to_owned()];
        if crate::registers::division::known(act.tx(), &codes).await?.is_empty() {
            let fault = crate::registers::division::unknown(division.as_str());
            return Err(Error::fault("/division", fault.code, fault.message).into());
        }
    }
    let cause = body.cause.unwrap_or(Cause::Manual);
    let screened = actions::rescreen_division(&mut act, cause, division.as_ref().map(DivisionCode::as_str)).await?;
    let id = screened.run.id;
    let view = RescreeningView::with_differences(act.tx(), screened.run).await?;
    Ok(act.finish(Reply::json(&view)?.created(format!("/v1/sampling/rescreenings/{id}"))).await?)
}

/// Which runs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RunQuery {
    /// Of this division and those below.
    division: Option<DivisionCode>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
struct RescreeningPage {
    /// The latest first.
    rescreenings: Vec<RescreeningView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// The divisions whose runs the caller sees; land users and the public see none.
fn seen(call: &Call) -> Result<Option<Vec<String>>> {
    let reach = reach(call)?;
    Ok(if reach.owner.is_some() { Some(Vec::new()) } else { reach.divisions })
}

/// Runs that held results to the standards anew, the latest first.
#[utoipa::path(
    get, path = "/v1/sampling/rescreenings", operation_id = "list_rescreenings", tag = "sampling", params(RunQuery),
    responses((status = 200, body = RescreeningPage)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn list_rescreenings(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<RunQuery>,
) -> Result<Reply, Stop> {
    let seen = seen(&call)?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (&query.division, &seen));
    let before = Cursor::key(query.cursor.as_deref(), &filters)?;
    let mut conn = call.app().db().acquire().await?;
    let division = query.division.as_ref().map(DivisionCode::as_str);
    let mut rows =
        screening::list_runs(&mut conn, seen.as_deref(), division, None, before, i64::from(limit) + 1).await?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |last| last.id.to_string());
    let rescreenings = rows.into_iter().map(RescreeningView::of).collect();
    Ok(Reply::json(&RescreeningPage { rescreenings, links })?)
}

async fn find(call: &Call, conn: &mut PgConnection, id: &str) -> Result<RunRow> {
    let none = || Error::not_found("该次复筛", "rescreening");
    let id: RescreeningId = id.parse().map_err(|_| none())?;
    let rows = screening::list_runs(conn, seen(call)?.as_deref(), None, Some(id), None, 1).await?;
    rows.into_iter().next().ok_or_else(none)
}

/// One run with the first of its differences.
#[utoipa::path(
    get, path = "/v1/sampling/rescreenings/{id}", operation_id = "get_rescreening", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    responses((status = 200, body = RescreeningView)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn get_rescreening(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let mut conn = call.app().db().acquire().await?;
    let run = find(&call, &mut conn, &id).await?;
    Ok(Reply::json(&RescreeningView::with_differences(&mut conn, run).await?)?)
}

/// Which differences.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DifferenceQuery {
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A page of differences.
#[derive(Debug, Serialize, ToSchema)]
struct DifferencePage {
    /// In the order of the run.
    differences: Vec<DifferenceView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// What came out otherwise in a run, with what each would mean.
#[utoipa::path(
    get, path = "/v1/sampling/rescreenings/{id}/differences", operation_id = "list_rescreening_differences", tag = "sampling",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), DifferenceQuery),
    responses((status = 200, body = DifferencePage)),
    extensions(("x-permission" = json!("sampling.read")))
)]
async fn list_rescreening_differences(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    Params(query): Params<DifferenceQuery>,
) -> Result<Reply, Stop> {
    let limit = paging::limit(query.limit)?;
    let mut conn = call.app().db().acquire().await?;
    let run = find(&call, &mut conn, &id).await?;
    let filters = run.id.to_string();
    let after = Cursor::key(query.cursor.as_deref(), &filters)?.unwrap_or(0);
    let mut rows = screening::differences(&mut conn, run.id, after, i64::from(limit) + 1).await?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |last| last.difference.n.to_string());
    let differences = rows.into_iter().map(difference).collect();
    Ok(Reply::json(&DifferencePage { differences, links })?)
}
