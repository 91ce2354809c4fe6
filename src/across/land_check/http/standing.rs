//! `/v1/land-checks/{id}/standing`, `/explain`, `/withdrawal`: what has become of a reply.

use super::super::actions::compare::Difference;
use super::super::actions::standing::{self, Against, not_found};
use crate::kernel::{LandCheckId, Result, Text};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Stop};
use axum::extract::Path;
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_standing)).routes(routes!(explain)).routes(routes!(withdraw))
}

pub(super) fn read_id(id: &str) -> Result<LandCheckId> {
    id.parse().map_err(|_| not_found())
}

/// How a reply stands now.
#[derive(Debug, Serialize, ToSchema)]
struct StandingNow {
    /// The reply.
    id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-152921-2026-000017")]
    number: String,
    /// `valid`, `superseded` or `withdrawn`.
    #[schema(example = "superseded")]
    status: String,
    /// 状态
    status_zh: String,
    /// Status in English.
    status_en: String,
    /// Since when: from the answer on where it is valid.
    since: DateTime<Utc>,
    /// What changed; empty where it is valid or was withdrawn.
    because: Vec<Difference>,
    /// Verdict of the same question when the reply was superseded.
    verdict_now: Option<String>,
    /// Why it was withdrawn.
    reason: Option<String>,
    /// Everything written to the registers up to this number in the audit chain has been held against the reply.
    watched_through: i64,
    /// Whether something was written after that: then the standing may change in a moment.
    pending: bool,
}

impl From<standing::Now> for StandingNow {
    fn from(now: standing::Now) -> StandingNow {
        let Text { zh, en } = now.status.text();
        StandingNow {
            id: now.id,
            number: now.number,
            status: now.status.as_str().to_owned(),
            status_zh: zh.into(),
            status_en: en.into(),
            since: now.since,
            because: now.because,
            verdict_now: now.verdict_now,
            reason: now.reason,
            watched_through: now.watched_through,
            pending: now.pending,
        }
    }
}

/// How a reply to a land check stands now.
#[utoipa::path(get, path = "/v1/land-checks/{id}/standing", operation_id = "get_land_check_standing", tag = "land checks",
    params(("id" = LandCheckId, Path, description = "Identifier of the land check")),
    responses((status = 200, body = StandingNow)), extensions(("x-permission" = json!("land_check.read"))))]
async fn get_standing(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let now = standing::now(call.app(), &scope, read_id(&id)?).await?.ok_or_else(not_found)?;
    Ok(Reply::json(&StandingNow::from(now))?.with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// What a reply is held against.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExplainParams {
    /// `now` (default), or an instant: what the registry knew then
    against: Option<String>,
}

/// What differs between a reply and what would be answered otherwise.
#[derive(Debug, Serialize, ToSchema)]
struct Explained {
    /// The reply.
    id: LandCheckId,
    /// Its number.
    number: String,
    /// When it was answered.
    checked_at: DateTime<Utc>,
    /// `now`, or the instant.
    against: String,
    /// Whether nothing differs.
    same: bool,
    /// Verdict of the reply.
    #[schema(example = "allow_recorded")]
    verdict_then: String,
    /// Verdict by the registry as held against.
    #[schema(example = "hold")]
    verdict_now: String,
    /// Everything that differs: verdict, records, rules, coverage.
    differences: Vec<Difference>,
}

/// What has changed since a land check was answered: the same question, judged by the registry of now or of an instant.
#[utoipa::path(get, path = "/v1/land-checks/{id}/explain", operation_id = "explain_land_check", tag = "land checks",
    params(("id" = LandCheckId, Path, description = "Identifier of the land check"), ExplainParams),
    responses((status = 200, body = Explained)), extensions(("x-permission" = json!("land_check.read"))))]
async fn explain(
    call: Call,
    Path(id): Path<String>,
    params: Result<Params<ExplainParams>, Stop>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let Params(params) = params?;
    let against = Against::read(params.against.as_deref())?;
    let found = standing::explain(call.app(), &scope, read_id(&id)?, against).await?.ok_or_else(not_found)?;
    Ok(Reply::json(&Explained {
        id: found.id,
        number: found.number,
        checked_at: found.checked_at,
        against: against.to_string(),
        same: found.differences.is_empty(),
        verdict_then: found.verdict_then,
        verdict_now: found.verdict_now,
        differences: found.differences,
    })?)
}

/// Why a reply is not relied on any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    /// The reason.
    #[schema(example = "地块界线有误，已重新查询", min_length = 1, max_length = 500)]
    reason: String,
}

/// Withdraw a reply: it stays on record, and says from now on that it is not to be relied on.
#[utoipa::path(post, path = "/v1/land-checks/{id}/withdrawal", operation_id = "withdraw_land_check", tag = "land checks",
    params(("id" = LandCheckId, Path, description = "Identifier of the land check")), request_body = Withdrawal,
    responses((status = 201, body = StandingNow)), extensions(("x-permission" = json!("land_check.withdraw"))))]
async fn withdraw(call: Call, Path(id): Path<String>, body: Result<Body<Withdrawal>, Stop>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckWithdraw).await?;
    let Body(Withdrawal { reason }) = body?;
    let id = read_id(&id)?;
    let now = standing::withdraw(&mut act, id, &reason).await?;
    let reply = Reply::json(&StandingNow::from(now))?.created(format!("/v1/land-checks/{id}/standing"));
    Ok(act.finish(reply).await?)
}
