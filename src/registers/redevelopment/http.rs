//! `/v1/redevelopments`.

use super::actions::{self, NewRedevelopment, not_found};
use super::store::{self, Filter, Redevelopment};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, DocumentId, Error, RedevelopmentId, Result, SiteId, mu};
use crate::platform::call::known_at;
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_redevelopments, enter_redevelopment))
        .routes(routes!(get_redevelopment))
        .routes(routes!(withdraw_redevelopment))
}

/// The decision that gave land to a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Decision {
    /// 划拨决定书
    Allocation,
    /// 出让合同
    Grant,
    /// 规划许可
    Permit,
    /// 改变用途
    ChangeOfUse,
}

/// What the survey of a parcel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RedevelopmentConclusion)]
#[serde(rename_all = "snake_case")]
enum Conclusion {
    /// 不属于污染地块
    NotContaminated,
    /// 风险可接受
    RiskAcceptable,
    /// 达到修复或风险管控目标
    EffectMet,
}

impl Conclusion {
    fn as_str(self) -> &'static str {
        match self {
            Conclusion::NotContaminated => "not_contaminated",
            Conclusion::RiskAcceptable => "risk_acceptable",
            Conclusion::EffectMet => "effect_met",
        }
    }
}

/// A land-use code with the system that prints it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UseBody {
    /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    #[schema(example = "LUSC-2023")]
    system: String,
    /// The code.
    #[schema(example = "070102")]
    code: String,
}

/// A decision that takes land into use again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division_code": "152921", "site_id": "0190a0a0-0000-7000-8000-000000000000", "name": "示例地块再开发",
    "use": {"system": "LUSC-2023", "code": "070102"}, "decision": "grant", "decided_on": "2026-11-20"}))]
struct NewRedevelopmentBody {
    /// Where the land lies: the division of the site, where it is one.
    division_code: DivisionCode,
    /// The registered site; left out for land that is none.
    #[serde(default)]
    site_id: Option<SiteId>,
    /// The parcel's code; needed where there is no site.
    #[serde(default)]
    parcel_code: Option<String>,
    /// What it is called, 1 to 500 characters.
    name: String,
    /// The use that it was given to.
    #[serde(rename = "use")]
    land_use: UseBody,
    /// By which decision.
    decision: Decision,
    /// Day of the decision; not after today.
    decided_on: Day,
    /// Area given, m²; the site's when left out.
    #[serde(default)]
    #[schema(exclusive_minimum = 0.0)]
    area_m2: Option<f64>,
    /// What the survey of land that is no registered site came to; a site's own log says it for a site.
    #[serde(default)]
    survey_conclusion: Option<Conclusion>,
    /// Day on which that survey was reviewed.
    #[serde(default)]
    survey_reviewed_on: Option<Day>,
    /// The decision, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Why an entry counts no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "重复录入"}))]
struct WithdrawBody {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// Land taken into use again.
#[derive(Debug, Serialize, ToSchema)]
struct RedevelopmentView {
    /// Its identifier.
    id: RedevelopmentId,
    /// Where it lies.
    #[schema(example = "152921")]
    division_code: String,
    /// The registered site, where it is one.
    site_id: Option<SiteId>,
    /// The parcel's code, where it has one.
    parcel_code: Option<String>,
    /// What it is called.
    name: String,
    /// The use that it was given to.
    #[serde(rename = "use")]
    land_use: UseBody,
    /// By which decision.
    #[schema(value_type = Decision)]
    decision: String,
    /// Day of the decision.
    decided_on: Day,
    /// Area given, m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
    /// What the survey of land that is no registered site came to.
    #[schema(value_type = Option<Conclusion>)]
    survey_conclusion: Option<String>,
    /// Day on which that survey was reviewed.
    survey_reviewed_on: Option<Day>,
    /// The decision.
    document_id: Option<DocumentId>,
    /// Why it counts no more; `null` while it does.
    withdrawn_reason: Option<String>,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

impl From<Redevelopment> for RedevelopmentView {
    fn from(row: Redevelopment) -> RedevelopmentView {
        RedevelopmentView {
            id: row.id,
            division_code: row.division_code,
            site_id: row.site_id,
            parcel_code: row.parcel_code,
            name: row.name,
            land_use: UseBody { system: row.use_system, code: row.use_code },
            decision: row.decision,
            decided_on: row.decided_on,
            area_m2: row.area_m2,
            area_mu: mu(row.area_m2),
            survey_conclusion: row.survey_conclusion,
            survey_reviewed_on: row.survey_reviewed_on,
            document_id: row.document_id,
            withdrawn_reason: row.withdrawn_reason,
            revision: row.revision,
            recorded_at: row.sys_from,
        }
    }
}

/// A page of land taken into use again.
#[derive(Debug, Serialize, ToSchema)]
struct Redevelopments {
    /// Oldest entry first.
    redevelopments: Vec<RedevelopmentView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RedevelopmentQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// Of this site.
    site: Option<SiteId>,
    /// Decided on or after this day.
    from: Option<Day>,
    /// Decided on or before this day.
    to: Option<Day>,
    /// With entries that were withdrawn.
    #[serde(default)]
    withdrawn: bool,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

fn read_id(id: &str) -> Result<RedevelopmentId> {
    id.parse().map_err(|_| not_found())
}

/// Land taken into use again (再开发利用), oldest entry first.
#[utoipa::path(
    get, path = "/v1/redevelopments", operation_id = "list_redevelopments", tag = "indicators",
    params(RedevelopmentQuery), responses((status = 200, body = Redevelopments)),
    extensions(("x-permission" = json!("redevelopment.read")))
)]
async fn list_redevelopments(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<RedevelopmentQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::RedevelopmentRead)?;
    let limit = paging::limit(query.limit)?;
    let filters =
        format!("{:?}", (&query.division, query.site, query.from, query.to, query.withdrawn, &query.known_at, &scope));
    let after = Cursor::key(query.cursor.as_deref(), &filters)?;
    let filter = Filter {
        scope,
        division: query.division.map(|division| division.as_str().to_owned()),
        site_id: query.site,
        from: query.from,
        to: query.to,
        withdrawn: query.withdrawn,
        known_at: known_at(query.known_at.as_deref())?,
        after,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows: Vec<RedevelopmentView> =
        store::list(&mut conn, &filter).await?.into_iter().map(RedevelopmentView::from).collect();
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |row| row.id.to_string());
    Ok(Reply::json(&Redevelopments { redevelopments: rows, links })?)
}

/// One entry of land taken into use again.
#[utoipa::path(
    get, path = "/v1/redevelopments/{id}", operation_id = "get_redevelopment", tag = "indicators",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    responses((status = 200, body = RedevelopmentView)),
    extensions(("x-permission" = json!("redevelopment.read")))
)]
async fn get_redevelopment(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::RedevelopmentRead)?;
    let id = read_id(&id)?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::find(&mut conn, id, scope.as_deref()).await?.ok_or_else(not_found)?;
    Ok(Reply::json(&RedevelopmentView::from(row.clone()))?.revision(row.revision))
}

/// Enter a decision that takes land into use again
///
/// By the bureau of planning and natural resources of the place, or the ecology bureaus. What the shares of safely used
/// building land are counted on (`GET /v1/indicators`).
#[utoipa::path(
    post, path = "/v1/redevelopments", operation_id = "enter_redevelopment", tag = "indicators",
    request_body(content = NewRedevelopmentBody, content_type = "application/json"),
    responses((status = 201, description = "Entered", body = RedevelopmentView)),
    extensions(("x-permission" = json!("redevelopment.write")))
)]
async fn enter_redevelopment(call: Call, Body(body): Body<NewRedevelopmentBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::RedevelopmentWrite).await?;
    let new = NewRedevelopment {
        division_code: body.division_code.as_str().to_owned(),
        site_id: body.site_id,
        parcel_code: body.parcel_code,
        name: body.name,
        use_system: body.land_use.system,
        use_code: body.land_use.code,
        decision: super::DECISIONS[body.decision as usize],
        decided_on: body.decided_on,
        area_m2: body.area_m2,
        survey_conclusion: body.survey_conclusion.map(Conclusion::as_str),
        survey_reviewed_on: body.survey_reviewed_on,
        document_id: body.document_id,
    };
    let id = actions::enter(&mut act, new).await?;
    let row = store::lock(act.tx(), id).await?.ok_or_else(|| Error::internal("an entry just made is not there"))?;
    let reply = Reply::json(&RedevelopmentView::from(row))?.created(format!("/v1/redevelopments/{id}")).revision(1);
    Ok(act.finish(reply).await?)
}

/// Withdraw an entry made in error
///
/// It stays, with the reason, and counts no more.
#[utoipa::path(
    post, path = "/v1/redevelopments/{id}/withdraw", operation_id = "withdraw_redevelopment", tag = "indicators",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = WithdrawBody, content_type = "application/json"),
    responses((status = 200, description = "Withdrawn", body = RedevelopmentView)),
    extensions(("x-permission" = json!("redevelopment.write")))
)]
async fn withdraw_redevelopment(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<WithdrawBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::RedevelopmentWrite).await?;
    let id = read_id(&id)?;
    actions::withdraw(&mut act, id, &body.reason).await?;
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    Ok(act.finish(Reply::json(&RedevelopmentView::from(row))?.revision(revision)).await?)
}
