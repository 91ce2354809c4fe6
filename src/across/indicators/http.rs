//! `/v1/indicators` and `/v1/indicator-reports`.

use super::actions::{self, NewReport};
use super::gather::{self, Question};
use super::rules::Indicator;
use super::store::{self, Report, ReportRow};
use super::view::{self, IndicatorView, RowView};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::quantity::Exact;
use crate::kernel::{Day, DivisionCode, DocumentId, Error, IndicatorReportId, Result, Text};
use crate::platform::call::known_at;
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, Caller, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Routes of the indicators.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_indicators))
        .routes(routes!(list_indicator_rows))
        .routes(routes!(list_indicator_reports, freeze_indicators))
        .routes(routes!(get_indicator_report))
        .routes(routes!(list_indicator_report_rows))
}

/// Of which division and year.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IndicatorQuery {
    /// The division, with all below it; the key's own when left out.
    #[param(example = "152900")]
    division: Option<DivisionCode>,
    /// The year reported on; this year when left out. While it runs, its state of today is counted.
    #[param(example = 2026)]
    year: Option<i32>,
    /// This indicator only.
    #[param(inline)]
    code: Option<Indicator>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    known_at: Option<String>,
}

/// Numerator or denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// Rows that count.
    Numerator,
    /// All rows.
    #[default]
    Denominator,
}

/// Which rows.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowQuery {
    /// The division, with all below it; the key's own when left out.
    #[param(example = "152900")]
    division: Option<DivisionCode>,
    /// The year reported on; this year when left out.
    year: Option<i32>,
    /// Rows of the numerator, or of the denominator.
    #[serde(default)]
    #[param(inline)]
    part: Part,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// The indicators of a division and a year.
#[derive(Debug, Serialize, ToSchema)]
struct Indicators {
    /// The division.
    #[schema(example = "152900")]
    division_code: String,
    /// The year.
    #[schema(example = 2026)]
    year: i32,
    /// The day whose state was counted: the year's last, or today while it runs.
    as_of: Day,
    /// The indicators.
    indicators: Vec<IndicatorView>,
}

/// A page of an indicator's rows.
#[derive(Debug, Serialize, ToSchema)]
struct IndicatorRows {
    /// Which.
    code: Indicator,
    /// By division and code.
    rows: Vec<RowView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// A report to be frozen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division_code": "152900", "year": 2025}))]
struct NewReportBody {
    /// The division, with all below it.
    division_code: DivisionCode,
    /// The year reported on.
    year: i32,
    /// Why there is another edition; needed from the second on.
    #[serde(default)]
    reason: Option<String>,
    /// The report as sent, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Indicators as reported, frozen.
#[derive(Debug, Serialize, ToSchema)]
struct ReportView {
    /// Its identifier.
    id: IndicatorReportId,
    /// The division.
    #[schema(example = "152900")]
    division_code: String,
    /// The year.
    #[schema(example = 2025)]
    year: i32,
    /// Counts the reports of this division and year from 1.
    #[schema(example = 1)]
    edition: i32,
    /// The day whose state was counted.
    as_of: Day,
    /// When it was made: what the registry knew then was counted.
    made_at: DateTime<Utc>,
    /// Why there is this edition.
    reason: Option<String>,
    /// The report as sent.
    document_id: Option<DocumentId>,
    /// SHA-256 over figures and rows.
    sha256: String,
    /// The indicators, as they were counted.
    #[schema(value_type = Vec<IndicatorView>)]
    indicators: Box<RawValue>,
}

/// Reports.
#[derive(Debug, Serialize, ToSchema)]
struct Reports {
    /// Oldest first.
    reports: Vec<ReportView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which reports.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    /// Of this division and those below.
    division: Option<DivisionCode>,
    /// Of this year.
    year: Option<i32>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Which rows of a report.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportRowQuery {
    /// Of this indicator.
    #[param(inline, required = true)]
    code: Option<Indicator>,
    /// Rows of the numerator, or of the denominator.
    #[serde(default)]
    #[param(inline)]
    part: Part,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

impl TryFrom<Report> for ReportView {
    type Error = Error;

    fn try_from(report: Report) -> Result<ReportView> {
        Ok(ReportView {
            id: report.id,
            division_code: report.division_code,
            year: report.year,
            edition: report.edition,
            as_of: report.as_of,
            made_at: report.made_at,
            reason: report.reason,
            document_id: report.document_id,
            sha256: hex::encode(&report.sha256),
            indicators: RawValue::from_string(report.figures).map_err(Error::internal)?,
        })
    }
}

impl From<ReportRow> for RowView {
    fn from(row: ReportRow) -> RowView {
        RowView {
            href: view::address(&row.register, row.record_id),
            register: row.register,
            id: row.record_id,
            code: row.code,
            division_code: row.division_code,
            whole: Exact(row.whole),
            part: Exact(row.part),
            why_zh: row.why_zh,
            why_en: row.why_en,
        }
    }
}

/// A question about a division that the caller covers; its own where none is named.
fn asked(call: &Call, named: Option<&DivisionCode>, year: Option<i32>, known: Option<&str>) -> Result<Question> {
    call.read(Permission::IndicatorRead)?;
    let division = match (named, call.caller()) {
        (Some(division), _) => division,
        (None, Caller::Key(holder)) => &holder.division,
        (None, Caller::Operator | Caller::Public) => {
            return Err(Error::bad_parameter(
                "division",
                Text::fixed("须注明区划。", "names the division; it is missing."),
            ));
        }
    };
    call.caller().require_division(division.as_str())?;
    let known_at = known_at(known)?;
    Ok(Question { known_at, ..actions::question(division.as_str(), year, call.today())? })
}

fn not_found() -> Error {
    Error::not_found("该指标报告", "indicator report")
}

/// Indicators of a division and a year
///
/// Rulebook section 7: formula, numerator and denominator with the rows they are counted on, every target of the plans with
/// its operator (≈, ≥) and year, and how the figure stands to it. Counted anew each time; a report freezes them.
#[utoipa::path(
    get, path = "/v1/indicators", operation_id = "list_indicators", tag = "indicators", params(IndicatorQuery),
    responses((status = 200, body = Indicators)),
    extensions(("x-permission" = json!("indicator.read")))
)]
async fn list_indicators(call: Call, Params(query): Params<IndicatorQuery>) -> Result<Reply, Stop> {
    let question = asked(&call, query.division.as_ref(), query.year, query.known_at.as_deref())?;
    let wanted: Vec<Indicator> = query.code.map_or_else(|| Indicator::ALL.to_vec(), |code| vec![code]);
    let overrides = &call.app().config().parameters;
    let known = query.known_at.as_deref().map(|at| format!("&known_at={}", at.replace(['+', ' '], "%2B")));
    let mut tx = call.app().snapshot().await?;
    let mut indicators = Vec::new();
    for indicator in wanted {
        let rows = gather::rows(&mut tx, indicator, &question).await?;
        indicators.push(view::indicator(indicator, &question, &rows, overrides, |part| {
            format!(
                "/v1/indicators/{}/rows?division={}&year={}&part={part}{}",
                indicator.as_str(),
                question.division,
                question.year,
                known.as_deref().unwrap_or_default()
            )
        }));
    }
    Ok(Reply::json(&Indicators {
        division_code: question.division,
        year: question.year,
        as_of: question.on,
        indicators,
    })?)
}

/// Rows behind an indicator
///
/// What each record adds to numerator and denominator, and why.
#[utoipa::path(
    get, path = "/v1/indicators/{code}/rows", operation_id = "list_indicator_rows", tag = "indicators",
    params(("code" = Indicator, Path, description = "Which indicator"), RowQuery),
    responses((status = 200, body = IndicatorRows)),
    extensions(("x-permission" = json!("indicator.read")))
)]
async fn list_indicator_rows(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Path(code): Path<String>,
    Params(query): Params<RowQuery>,
) -> Result<Reply, Stop> {
    let question = asked(&call, query.division.as_ref(), query.year, query.known_at.as_deref())?;
    let indicator = Indicator::parse(&code).ok_or_else(|| Error::not_found("该指标", "indicator"))?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (indicator, &question.division, question.year, query.part, &query.known_at));
    let after: usize = Cursor::key(query.cursor.as_deref(), &filters)?.unwrap_or(0);
    let mut tx = call.app().snapshot().await?;
    let all = gather::rows(&mut tx, indicator, &question).await?;
    let mut page: Vec<(usize, RowView)> = all
        .iter()
        .filter(|row| query.part == Part::Denominator || !row.part.is_zero())
        .enumerate()
        .skip(after)
        .take(limit as usize + 1)
        .map(|(n, row)| (n + 1, RowView::from(row)))
        .collect();
    let links = Link::pages(&uri, &mut page, limit, &filters, JSON, |(n, _)| n.to_string());
    let rows = page.into_iter().map(|(_, row)| row).collect();
    Ok(Reply::json(&IndicatorRows { code: indicator, rows, links })?)
}

/// Freeze the indicators of a year
///
/// Figures, targets and rows are kept as they are now, for what was reported; a later edition needs its reason and stands
/// beside the earlier one.
#[utoipa::path(
    post, path = "/v1/indicator-reports", operation_id = "freeze_indicators", tag = "indicators",
    request_body(content = NewReportBody, content_type = "application/json"),
    responses((status = 201, description = "Frozen", body = ReportView)),
    extensions(("x-permission" = json!("indicator.freeze")))
)]
async fn freeze_indicators(call: Call, Body(body): Body<NewReportBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::IndicatorFreeze).await?;
    let new = NewReport {
        division_code: body.division_code.as_str().to_owned(),
        year: body.year,
        reason: body.reason,
        document_id: body.document_id,
    };
    let id = actions::freeze(&mut act, new).await?;
    let report = store::find(act.tx(), id, None).await?.ok_or_else(not_found)?;
    let reply = Reply::json(&ReportView::try_from(report)?)?.created(format!("/v1/indicator-reports/{id}")).revision(1);
    Ok(act.finish(reply).await?)
}

/// Indicators as reported, oldest report first.
#[utoipa::path(
    get, path = "/v1/indicator-reports", operation_id = "list_indicator_reports", tag = "indicators", params(ReportQuery),
    responses((status = 200, body = Reports)),
    extensions(("x-permission" = json!("indicator.read")))
)]
async fn list_indicator_reports(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<ReportQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::IndicatorRead)?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (&query.division, query.year, &scope));
    let after = Cursor::key(query.cursor.as_deref(), &filters)?;
    let filter = store::Filter {
        scope,
        division: query.division.map(|division| division.as_str().to_owned()),
        year: query.year,
        after,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let rows = store::list(&mut conn, &filter).await?;
    let mut reports = rows.into_iter().map(ReportView::try_from).collect::<Result<Vec<_>>>()?;
    let links = Link::pages(&uri, &mut reports, limit, &filters, JSON, |report| report.id.to_string());
    Ok(Reply::json(&Reports { reports, links })?)
}

/// One report of indicators.
#[utoipa::path(
    get, path = "/v1/indicator-reports/{id}", operation_id = "get_indicator_report", tag = "indicators",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    responses((status = 200, body = ReportView)),
    extensions(("x-permission" = json!("indicator.read")))
)]
async fn get_indicator_report(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let report = report(&call, &id).await?;
    Ok(Reply::json(&ReportView::try_from(report)?)?.revision(1))
}

async fn report(call: &Call, id: &str) -> Result<Report> {
    let scope = call.read_departments(Permission::IndicatorRead)?;
    let id: IndicatorReportId = id.parse().map_err(|_| not_found())?;
    let mut conn = call.app().db().acquire().await?;
    store::find(&mut conn, id, scope.as_deref()).await?.ok_or_else(not_found)
}

/// Rows of a report, as they were counted.
#[utoipa::path(
    get, path = "/v1/indicator-reports/{id}/rows", operation_id = "list_indicator_report_rows", tag = "indicators",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), ReportRowQuery),
    responses((status = 200, body = IndicatorRows)),
    extensions(("x-permission" = json!("indicator.read")))
)]
async fn list_indicator_report_rows(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    Params(query): Params<ReportRowQuery>,
) -> Result<Reply, Stop> {
    let report = report(&call, &id).await?;
    let Some(code) = query.code else {
        return Err(
            Error::bad_parameter("code", Text::fixed("须注明指标。", "names the indicator; it is missing.")).into()
        );
    };
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (report.id, code, query.part));
    let after: i32 = Cursor::key(query.cursor.as_deref(), &filters)?.unwrap_or(0);
    let mut conn = call.app().db().acquire().await?;
    let counted = query.part == Part::Numerator;
    let mut found = store::rows(&mut conn, report.id, code.as_str(), counted, after, i64::from(limit) + 1).await?;
    let links = Link::pages(&uri, &mut found, limit, &filters, JSON, |row| row.n.to_string());
    Ok(Reply::json(&IndicatorRows { code, rows: found.into_iter().map(RowView::from).collect(), links })?)
}
