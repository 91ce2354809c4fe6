//! `/v1/siting-checks`, `/v1/siting-zones/candidates`.

use super::actions::{self, Question, watch};
use super::reply::SitingCheckReply;
use super::rules::{Activity, Facility, Procedure};
use super::store;
use crate::across::land_check::{Difference, Verdict, read_outline, wire_names};
use crate::kernel::paging;
use crate::kernel::{Area, AreaGeometry, Day, DivisionCode, Error, Fault, Result, SitingCheckId, Text, mu};
use crate::platform::call::known_name;
use crate::platform::crs::area_in_crs;
use crate::platform::feature::{Feature, FeaturePage, FeatureType, geometry};
use crate::platform::{App, Body, Call, ContentCrs, Params, Permission, Reply, Stop};
use crate::standards::industries::IndustryCode;
use axum::extract::{OriginalUri, Path};
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The operations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask_siting_check, list_siting_checks))
        .routes(routes!(get_siting_check))
        .routes(routes!(get_siting_check_standing))
        .routes(routes!(list_zone_candidates))
}

/// A protection distance at most, m.
const MAX_DISTANCE_M: f64 = 50_000.0;

wire_names! {
    /// What is done with the project.
    ActivityName for Activity {
        /// 新建
        New,
        /// 扩建
        Expansion,
        /// 改建
        Reconstruction,
        /// 现有
        Existing,
    }
}

wire_names! {
    /// In which procedure it is asked.
    SitingOperation for Procedure {
        /// 环评审批
        Eia,
        /// 规划
        Planning,
        /// 项目审批（核准、备案）
        Approval,
    }
}

wire_names! {
    /// What is built that must look at contaminated plots around it.
    SensitiveUse for Facility {
        /// 居民区
        Homes,
        /// 学校
        Schools,
        /// 医院、疗养院
        Hospitals,
        /// 养老院
        CareHomes,
        /// 幼儿园
        Kindergartens,
    }
}

/// Yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum YesNo {
    /// 是
    Yes,
    /// 否
    No,
    /// 不详
    Unknown,
}

impl YesNo {
    fn said(self) -> Option<bool> {
        match self {
            YesNo::Yes => Some(true),
            YesNo::No => Some(false),
            YesNo::Unknown => None,
        }
    }
}

/// A project and its land.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what GeoJSON has is taken, and not used")]
pub struct SitingAsked {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Not used; the reply has an identifier of its own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<serde::de::IgnoredAny>,
    /// Not used; computed from the geometry.
    #[serde(default)]
    #[schema(value_type = Option<Vec<f64>>)]
    pub bbox: Option<serde::de::IgnoredAny>,
    /// The project's land: Polygon or MultiPolygon, in CRS84 or as `Content-Crs` says.
    #[schema(value_type = AreaGeometry)]
    pub geometry: serde_json::Value,
    /// The question.
    pub properties: SitingAskedProperties,
}

/// What the project is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"industry": "3212", "activity": "new", "operation": "eia", "reference": "项目代码 2026-01"}))]
pub struct SitingAskedProperties {
    /// Industry, GB/T 4754-2017, two to four digits. Left out, it is unknown.
    #[serde(default)]
    #[schema(example = "3212")]
    pub industry: Option<String>,
    /// What is done with the project.
    pub activity: ActivityName,
    /// In which procedure it is asked. Left out, it may be any.
    #[serde(default)]
    pub operation: Option<SitingOperation>,
    /// Day of the plan or approval, default today; the law of that day is applied.
    #[serde(default)]
    pub on: Option<Day>,
    /// Whether it may pollute soil (可能造成土壤污染). Left out or `unknown`, the industries that law and plans name are presumed
    /// to, and of others it is unknown.
    #[serde(default)]
    pub pollutes_soil: Option<YesNo>,
    /// Whether it is a key project by law that cannot avoid the place. Left out, it is none.
    #[serde(default)]
    pub statutory_key_project_exempt: Option<bool>,
    /// Protection distance of the project's environmental impact assessment, m; it widens what "around" means.
    #[serde(default)]
    #[schema(minimum = 0.0, maximum = 50000.0)]
    pub protection_distance_m: Option<f64>,
    /// Whether it emits heavy metals. Left out, smelting of non-ferrous metals is presumed to, and of others it is unknown.
    #[serde(default)]
    pub metal_emissions: Option<bool>,
    /// Whether its emissions of heavy metals were offset on record. Left out, they were not.
    #[serde(default)]
    pub offset_recorded: Option<bool>,
    /// Homes, schools, hospitals and the like that are built; an empty list says none. Left out with an industry, none.
    #[serde(default)]
    pub sensitive_use: Option<Vec<SensitiveUse>>,
    /// The caller's own reference.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub reference: Option<String>,
    /// Division of the land, where the registry's boundaries do not tell.
    #[serde(default)]
    #[schema(example = "152921")]
    pub division_code: Option<String>,
    /// Answer by what the registry knew at this instant: an answer that is not of record, without number, proof or
    /// standing, with status 200.
    #[serde(default)]
    pub known_at: Option<DateTime<Utc>>,
}

/// Turns what was asked, of an outline that was read, into a question, or names every fault.
fn read_question(given: SitingAskedProperties, area: Result<Area>, today: Day) -> Result<Question> {
    let mut faults = Vec::new();
    let area = read_outline(area, &Text::fixed("项目用地", "The land"), &mut faults)?;
    let industry = given.industry.and_then(|code| {
        IndustryCode::parse(&code)
            .map_err(|fault| faults.push(Fault { pointer: "/properties/industry".to_owned(), ..fault }))
            .ok()
    });
    if given.protection_distance_m.is_some_and(|metres| !(0.0..=MAX_DISTANCE_M).contains(&metres)) {
        faults.push(Fault::new(
            "/properties/protection_distance_m",
            "distance_unfit",
            Text::new(
                format!("防护距离应为 0 至 {MAX_DISTANCE_M} 米。"),
                format!("A protection distance is 0 to {MAX_DISTANCE_M} m."),
            ),
        ));
    }
    if given.reference.as_ref().is_some_and(|text| text.chars().count() > 200) {
        faults.push(Fault::new(
            "/properties/reference",
            "too_long",
            Text::fixed("编号不超过 200 个字符。", "A reference has at most 200 characters."),
        ));
    }
    let mut builds: Option<Vec<Facility>> =
        given.sensitive_use.map(|uses| uses.into_iter().map(Facility::from).collect());
    if let Some(builds) = &mut builds {
        builds.sort_unstable();
        builds.dedup();
    }
    match (area, faults.is_empty()) {
        (Some(area), true) => Ok(Question {
            area,
            activity: given.activity.into(),
            procedure: given.operation.map(Procedure::from),
            on: given.on.unwrap_or(today),
            industry,
            pollutes: given.pollutes_soil.and_then(YesNo::said),
            exempt: given.statutory_key_project_exempt,
            protection_m: given.protection_distance_m,
            metals: given.metal_emissions,
            offset: given.offset_recorded,
            builds,
            reference: given.reference,
            division_code: given.division_code,
        }),
        _ => Err(Error::invalid(faults)),
    }
}

/// Ask whether a project may stand where it is planned
///
/// The answer is a decision with every rule (Z1-Z11) that fired and its articles, stored, numbered, signed and watched. Zones
/// are those that were published; "around" reaches as far as local parameters and the project's protection distance say, and
/// what is not known is said. With `known_at` it is what the answer would have been, by what the registry knew then, and
/// nothing is stored.
#[utoipa::path(post, path = "/v1/siting-checks", operation_id = "ask_siting_check", tag = "siting checks",
    params(("Content-Crs" = Option<String>, Header, example = "<http://www.opengis.net/def/crs/EPSG/0/4528>",
        description = "Reference system of the outline, in its axes: the URI in angle brackets; CRS84 without it")),
    request_body(content = SitingAsked, content_type = "application/geo+json"),
    responses((status = 201, body = SitingCheckReply), (status = 200, body = SitingCheckReply, description = "With `known_at`: not of record")),
    extensions(("x-permission" = json!("land_check.ask"))))]
async fn ask_siting_check(
    call: Call,
    crs: Result<ContentCrs, Stop>,
    body: Result<Body<SitingAsked>, Stop>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckAsk).await?;
    let (ContentCrs(crs), Body(asked)) = (crs?, body?);
    let area = area_in_crs(call.app().db(), &asked.geometry, crs, "/geometry").await;
    let known_at = asked.properties.known_at;
    let question = read_question(asked.properties, area, act.today())?;
    if let Some(known_at) = known_at {
        act.abandon().await?;
        return Ok(Reply::json(&actions::as_of(call.app(), call.caller(), &question, known_at).await?)?);
    }
    let answered = actions::ask(&mut act, &question).await?;
    let reply = Reply::bytes("application/json", answered.body).created(format!("/v1/siting-checks/{}", answered.id));
    Ok(act.finish(reply).await?)
}

fn not_found() -> Error {
    Error::not_found("选址核查", "siting check")
}

fn read_id(id: &str) -> Result<SitingCheckId> {
    id.parse().map_err(|_| not_found())
}

/// Read a siting check, byte for byte as it was answered.
#[utoipa::path(get, path = "/v1/siting-checks/{id}", operation_id = "get_siting_check", tag = "siting checks",
    params(("id" = SitingCheckId, Path, description = "Identifier of the siting check")),
    responses((status = 200, body = SitingCheckReply)), extensions(("x-permission" = json!("land_check.read"))))]
async fn get_siting_check(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let body = store::body(call.app().db(), &scope, read_id(&id)?).await?.ok_or_else(not_found)?;
    Ok(Reply::bytes("application/json", body).with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// How a siting check stands now.
#[derive(Debug, Serialize, ToSchema)]
struct SitingStanding {
    /// The check.
    id: SitingCheckId,
    /// Its number.
    #[schema(example = "XZ-152921-2026-000003")]
    number: String,
    /// `valid` or `superseded`.
    #[schema(example = "superseded")]
    status: &'static str,
    /// 状态
    status_zh: String,
    /// Status in English.
    status_en: String,
    /// Since when: from the answer on where it is valid.
    since: DateTime<Utc>,
    /// What changed; empty where it is valid.
    because: Vec<Difference>,
    /// Verdict of the same question when the answer was superseded.
    verdict_now: Option<String>,
    /// Everything written to the registers up to this number in the audit chain has been held against the answer.
    watched_through: i64,
    /// Whether something was written after that: then the standing may change in a moment.
    pending: bool,
}

impl From<watch::Now> for SitingStanding {
    fn from(now: watch::Now) -> SitingStanding {
        let Text { zh, en } = now.status.text();
        SitingStanding {
            id: now.id,
            number: now.number,
            status: now.status.as_str(),
            status_zh: zh.into(),
            status_en: en.into(),
            since: now.since,
            because: now.because,
            verdict_now: now.verdict_now,
            watched_through: now.watched_through,
            pending: now.pending,
        }
    }
}

/// How a siting check stands now.
#[utoipa::path(get, path = "/v1/siting-checks/{id}/standing", operation_id = "get_siting_check_standing",
    tag = "siting checks", params(("id" = SitingCheckId, Path, description = "Identifier of the siting check")),
    responses((status = 200, body = SitingStanding)), extensions(("x-permission" = json!("land_check.read"))))]
async fn get_siting_check_standing(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let mut conn = call.app().db().acquire().await.map_err(Error::from)?;
    let now = watch::now(&mut conn, &scope, read_id(&id)?).await?.ok_or_else(not_found)?;
    Ok(Reply::json(&SitingStanding::from(now))?.with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// What a list of siting checks is narrowed by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `allow`, `allow_recorded`, `warn`, `hold` or `block`
    verdict: Option<String>,
    /// `new`, `expansion`, `reconstruction` or `existing`
    activity: Option<String>,
    /// Industry, or its first digits
    industry: Option<String>,
    /// The caller's own reference
    reference: Option<String>,
    /// Division, and those below it
    division: Option<DivisionCode>,
    /// Checks on a page
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended
    cursor: Option<String>,
}

/// A siting check as listed.
#[derive(Debug, Serialize, ToSchema)]
struct ListedSitingCheck {
    /// Number.
    #[schema(example = "XZ-152921-2026-000003")]
    number: String,
    /// Division of the number.
    #[schema(example = "152921")]
    division_code: String,
    /// When it was asked and answered.
    checked_at: DateTime<Utc>,
    /// Day of the plan or approval.
    on: Day,
    /// What is done with the project.
    #[schema(example = "new")]
    activity: String,
    /// In which procedure.
    operation: Option<String>,
    /// Industry, GB/T 4754-2017.
    industry: Option<String>,
    /// Verdict.
    #[schema(example = "block")]
    verdict: String,
    /// The caller's own reference.
    reference: Option<String>,
    /// Ellipsoidal area of the land, m².
    area_m2: f64,
}

/// List siting checks, newest first.
#[utoipa::path(get, path = "/v1/siting-checks", operation_id = "list_siting_checks", tag = "siting checks", params(ListParams),
    responses((status = 200, content_type = "application/geo+json", body = FeaturePage<ListedSitingCheck>)),
    extensions(("x-permission" = json!("land_check.read"))))]
async fn list_siting_checks(
    call: Call,
    OriginalUri(uri): OriginalUri,
    params: Result<Params<ListParams>, Stop>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let Params(params) = params?;
    let limit = paging::limit(params.limit)?;
    known_name("verdict", params.verdict.as_deref(), |name| Verdict::ALL.iter().any(|v| v.as_str() == name))?;
    known_name("activity", params.activity.as_deref(), |name| Activity::parse(name).is_some())?;
    let filters = format!(
        "{:?}",
        (&params.verdict, &params.activity, &params.industry, &params.reference, &params.division, scope.mark())
    );
    let before = paging::Cursor::key(params.cursor.as_deref(), &filters)?;
    let filter = store::Filter {
        verdict: params.verdict.as_deref(),
        activity: params.activity.as_deref(),
        industry: params.industry.as_deref(),
        reference: params.reference.as_deref(),
        below: params.division.as_ref().map(DivisionCode::as_str),
        before,
    };
    let rows = store::list(call.app().db(), &scope, &filter, i64::from(limit) + 1).await?;
    let features = rows
        .into_iter()
        .map(|row| {
            let properties = ListedSitingCheck {
                number: row.number,
                division_code: row.division_code,
                checked_at: row.checked_at,
                on: row.on,
                activity: row.activity,
                operation: row.operation,
                industry: row.industry,
                verdict: row.verdict,
                reference: row.reference,
                area_m2: row.area_m2,
            };
            Feature::of(row.id.0, Some(&row.wkb), properties)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Reply::geojson(&FeaturePage::of(&uri, features, limit, &filters, |feature| feature.id.to_string()))?)
}

/// Where to look for groups of farmland.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CandidateParams {
    /// Division, and those below it; left out, all that the caller sees
    division: Option<DivisionCode>,
    /// Groups of this area at least, hectares
    #[param(minimum = 0.0, default = 10.0)]
    min_ha: Option<f64>,
    /// Units that lie not farther apart than this belong together, metres; measured in degrees of latitude, so a little less
    /// from west to east
    #[param(minimum = 0.0, maximum = 1000.0, default = 10.0)]
    gap_m: Option<f64>,
    /// As the units stand on this day, default today
    true_on: Option<Day>,
    /// Groups at most, the largest first
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
}

/// Farmland units that lie together.
#[derive(Debug, Serialize, ToSchema)]
struct CandidateProperties {
    /// How many units.
    units: i64,
    /// Sum of their ellipsoidal areas, m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
    /// The first of their codes.
    first_code: String,
}

/// Groups of priority-protection farmland, as an aid to drawing.
#[derive(Debug, Serialize, ToSchema)]
struct Candidates {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: crate::platform::feature::CollectionType,
    /// The largest first.
    features: Vec<CandidateFeature>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// 说明
    note_zh: &'static str,
    /// What these are not.
    note_en: &'static str,
}

/// A group of units.
#[derive(Debug, Serialize, ToSchema)]
struct CandidateFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: FeatureType,
    /// The outlines of its units, joined.
    #[schema(value_type = AreaGeometry)]
    geometry: Box<serde_json::value::RawValue>,
    /// What is known of it.
    properties: CandidateProperties,
}

/// Units that are grouped in one request at most.
const MOST_UNITS: i64 = 200_000;
/// Metres of a degree of latitude, the least there are.
const DEGREE_M: f64 = 110_574.0;

/// Groups of contiguous priority-protection farmland, as an aid to drawing zones
///
/// A group is no zone: "concentrated" has no measure in any text, so a zone is one because the authority published it. Not
/// paged: the largest groups come first, at most `limit`.
#[utoipa::path(get, path = "/v1/siting-zones/candidates", operation_id = "list_zone_candidates", tag = "siting checks",
    params(CandidateParams), responses((status = 200, body = Candidates, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read"))))]
async fn list_zone_candidates(call: Call, Params(params): Params<CandidateParams>) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let limit = paging::limit(params.limit)?;
    let (min_ha, gap_m) = (params.min_ha.unwrap_or(10.0), params.gap_m.unwrap_or(10.0));
    for (name, value, most) in [("min_ha", min_ha, f64::MAX), ("gap_m", gap_m, 1000.0)] {
        if !(0.0..=most).contains(&value) {
            return Err(Error::bad_parameter(name, Text::fixed("超出取值范围。", "is out of range.")).into());
        }
    }
    let on = params.true_on.unwrap_or_else(|| call.today());
    let division = params.division.unwrap_or_else(DivisionCode::nation);
    let division = division.as_str();
    let mut conn = call.app().db().acquire().await?;
    let units = store::priority_units(&mut conn, scope.as_deref(), division, on).await?;
    if units > MOST_UNITS {
        return Err(Error::bad_parameter(
            "division",
            Text::new(
                format!("{division} 有 {units} 个优先保护类单元，超过 {MOST_UNITS} 个，请选择下级区划。"),
                format!("{division} has {units} priority-protection units, more than {MOST_UNITS}: choose a division below it."),
            ),
        )
        .into());
    }
    let gap = gap_m / DEGREE_M;
    let clusters =
        store::clusters(&mut conn, scope.as_deref(), division, on, gap, min_ha * 1e4, i64::from(limit)).await?;
    let features = clusters.into_iter().map(candidate).collect::<Result<Vec<_>>>()?;
    Ok(Reply::geojson(&Candidates {
        kind: crate::platform::feature::CollectionType::FeatureCollection,
        number_returned: features.len(),
        features,
        note_zh: "仅供勾绘参考，不是优先保护类耕地集中区域；集中区域以主管部门公布的为准。",
        note_en: "An aid to drawing only, and no zone: areas of concentrated farmland are those that the authority publishes.",
    })?)
}

fn candidate(cluster: store::Cluster) -> Result<CandidateFeature> {
    Ok(CandidateFeature {
        kind: FeatureType::Feature,
        geometry: geometry(&cluster.wkb)?,
        properties: CandidateProperties {
            units: cluster.units,
            area_m2: cluster.area_m2,
            area_mu: mu(cluster.area_m2),
            first_code: cluster.first_code,
        },
    })
}
