//! `/v1/key-units`.

use super::rules::{self, Duty, Period};
use super::store::{self, KeyUnitRow};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Confidence, Day, Result};
use crate::platform::feature::{AreaQuery, Feature, FeaturePage};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use crate::standards::parameters::Overrides;
use axum::extract::OriginalUri;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_key_units))
}

/// Attributes of a key supervised unit of soil pollution.
#[derive(Debug, Serialize, ToSchema)]
struct KeyUnitProperties {
    /// Its name in the list it comes from.
    #[schema(example = "K1")]
    code: String,
    /// Name of the unit.
    #[schema(example = "示例在产二号助剂厂")]
    name: String,
    /// Unified social credit code (GB 32100).
    #[schema(example = "91152900DEMX90021E")]
    credit_code: Option<String>,
    /// Where it lies.
    #[schema(example = "152971")]
    division_code: String,
    /// GB/T 4754-2017, two to four digits.
    #[schema(example = "2661")]
    industry: Option<String>,
    /// The day it was listed.
    listed_on: Day,
    /// The day on which it was taken off the list and from which it is no longer on it.
    removed_on: Option<Day>,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
    /// What is owed on the day asked, by the unit and on its account.
    duties: Vec<DutyView>,
}

/// A duty of a key unit on a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyUnitDutyView)]
struct DutyView {
    /// Which; `GET /v1/rules/duty.{duty}` tells more.
    #[schema(example = "groundwater_hidden_danger_investigation")]
    duty: &'static str,
    /// 义务
    title_zh: String,
    /// What is owed.
    title_en: String,
    /// Role of who owes it.
    #[schema(example = "land_user")]
    owed_by: &'static str,
    /// Months between two times, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 36)]
    every_months: Option<u32>,
    /// Months between two times, at least, where the text gives a span.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 24)]
    at_least_months: Option<u32>,
    /// Months between two times where a groundwater-sensitive area lies within a kilometre.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    beside_sensitive_months: Option<u32>,
    /// Working days that it comes before what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 15)]
    working_days_before: Option<u32>,
    /// The first day by which it must be done, where the texts give one.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_due_on: Option<Day>,
    /// What it stands on.
    citations: Vec<Citation>,
    /// What is said of who neglects it.
    sanctions: Vec<Citation>,
    /// How well the texts and the reading are known: the weakest.
    confidence: Confidence,
}

impl DutyView {
    fn of(duty: &'static Duty, row: &KeyUnitRow, on: Day, overrides: &Overrides) -> DutyView {
        let mut citations = cite_all(duty.provisions, on);
        let mut confidence = duty.confidence_on(on);
        let mut working_days_before = None;
        let (mut every_months, mut at_least_months, mut beside_sensitive_months) = (None, None, None);
        match duty.period {
            Period::Rounds { least, most, .. } => (every_months, at_least_months) = (Some(most), Some(least)),
            Period::Every { months, beside_sensitive } => {
                (every_months, beside_sensitive_months) = (Some(months), beside_sensitive);
            }
            Period::Before(parameter) => {
                if let Some(resolved) = parameter.resolve(&row.division_code, on, overrides) {
                    working_days_before = Some(resolved.value);
                    confidence = resolved.confidence;
                    citations = resolved.citations(on);
                }
            }
            Period::By(_) | Period::BeforeItIsDone | Period::NotPrinted => {}
        }
        DutyView {
            duty: duty.id,
            title_zh: duty.title.zh.to_string(),
            title_en: duty.title.en.to_string(),
            owed_by: duty.owed_by.as_str(),
            every_months,
            at_least_months,
            beside_sensitive_months,
            working_days_before,
            first_due_on: duty.first_due(row.listed_on),
            citations,
            sanctions: cite_all(duty.sanctions, on),
            confidence,
        }
    }
}

fn view(row: KeyUnitRow, on: Day, overrides: &Overrides) -> Result<Feature<KeyUnitProperties>> {
    let duties = rules::duties(&row.division_code, on).map(|duty| DutyView::of(duty, &row, on, overrides)).collect();
    let properties = KeyUnitProperties {
        code: row.code,
        name: row.name,
        credit_code: row.credit_code,
        division_code: row.division_code,
        industry: row.industry,
        listed_on: row.listed_on,
        removed_on: row.removed_on,
        area_m2: row.area_m2,
        duties,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Key supervised units (土壤污染重点监管单位) listed on a day, in the order of their codes, with what they owe on that day.
#[utoipa::path(
    get, path = "/v1/key-units", operation_id = "list_key_units", tag = "check basis", params(AreaQuery),
    responses((status = 200, body = FeaturePage<KeyUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn list_key_units(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<AreaQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let filter = query.filter(scope, call.today())?;
    let mut conn = call.app().db().acquire().await?;
    let overrides = &call.app().config().parameters;
    let rows = store::list(&mut conn, &filter).await?.into_iter();
    let features = rows.map(|row| view(row, filter.on, overrides)).collect::<Result<Vec<_>>>()?;
    let page =
        FeaturePage::of(&uri, features, filter.limit, &filter.filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}
