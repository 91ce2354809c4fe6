//! `POST /v1/farmland-units/classify`: a dry run; nothing is written.

mod answer;
mod request;

pub use answer::ClassifiedUnit;

use super::super::actions::classify::{self as actions, Asked, County, MAX_OUTLINED};
use super::super::rules::classify::{Finding, Given};
use super::super::store::classify::{PartRow, Which};
use crate::kernel::{Error, Result};
use crate::platform::{App, Body, Call, Stop};
use answer::{Classification, Detail, Head, Totals};
use axum::body::Body as HttpBody;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use request::{ClassifyRequest, Land};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Units of a chunk of a streamed answer.
const CHUNK_UNITS: usize = 500;
/// Up to so many units the steps are given when no detail is asked for.
const STEPS_UP_TO: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(classify_farmland))
}

/// Proposes classes for farmland units out of soil and crop samples, with the reason of every step. A dry run: nothing is
/// written.
///
/// Either units of the registry (`unit_ids`, `division`, `bbox` or `geometry`) with the samples it holds, or `units` and
/// `samples` brought with the request. Rules whose numbers are not confirmed say so with each step.
#[utoipa::path(
    post, path = "/v1/farmland-units/classify", operation_id = "classify_farmland", tag = "farmland",
    request_body = ClassifyRequest,
    responses((status = 200, body = Classification)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn classify_farmland(call: Call, Body(body): Body<ClassifyRequest>) -> Result<Response, Stop> {
    let scope = super::scope(&call)?;
    let (detail, outlines, known_at) = (body.detail, body.outlines, body.known_at);
    let on = body.on.unwrap_or_else(|| call.today());
    let options = body.options()?;
    let land = body.land()?;
    let outside_is_priority = options.outside_is_priority;
    let asked = Asked { on, known_at, given: options.given, outside_is_priority, scope: scope.clone() };
    let overrides = &call.app().config().parameters;

    let mut tx = call.app().snapshot().await?;
    let county = match land {
        Land::Given { units, samples } => actions::brought(&mut tx, overrides, &asked, units, samples).await?,
        land => {
            let mut which = Which { scope, ..Which::default() };
            if let Some(geometry) = &options.survey_scope {
                which.survey = Some(actions::area(&mut tx, geometry, "/options/survey_scope").await?);
            }
            match land {
                Land::Ids(ids) => which.ids = Some(ids),
                Land::Division(code) => which.division = Some(code),
                Land::Area(geometry, pointer) => which.area = Some(actions::area(&mut tx, &geometry, pointer).await?),
                Land::Given { .. } => {}
            }
            actions::registered(&mut tx, overrides, &asked, which).await?
        }
    };
    let detail = detail.unwrap_or(if county.units.len() <= STEPS_UP_TO { Detail::Steps } else { Detail::Classes });
    let drawn = if outlines { drawn(&mut tx, &county, &asked).await? } else { HashMap::new() };
    tx.rollback().await?;

    let county = Arc::new(county);
    let counted = Arc::clone(&county);
    let totals = tokio::task::spawn_blocking(move || Totals::of(&counted)).await.map_err(Error::internal)?;
    let head = Head::new(&county, &asked, detail, totals);
    Ok(streamed(head, county, detail, drawn)?)
}

/// Outlines suggested for the parts.
async fn drawn(
    conn: &mut sqlx::PgConnection,
    county: &County,
    asked: &Asked,
) -> Result<HashMap<(usize, usize), PartRow>> {
    if county.units.len() > MAX_OUTLINED {
        return Err(actions::too_many_for_outlines());
    }
    let findings: Vec<Finding> = (0..county.units.len()).map(|n| county.weighed.finding(n)).collect();
    actions::part_outlines(conn, county, &findings, asked.on, asked.known_at).await
}

/// The answer, a chunk of units at a time: a county's steps are never in memory together.
fn streamed(
    head: Head,
    county: Arc<County>,
    detail: Detail,
    drawn: HashMap<(usize, usize), PartRow>,
) -> Result<Response> {
    let mut first = serde_json::to_vec(&head).map_err(Error::internal)?;
    // The units go where the head ends.
    first.pop();
    first.extend_from_slice(b",\"units\":[");
    let all = if detail == Detail::Summary { 0 } else { county.units.len() };
    let pieces = stream::try_unfold((Some(first), 0), move |(begun, at)| {
        let piece = piece(begun, at, all, &county, detail, &drawn);
        async move { piece }
    });
    let mut response = Response::new(HttpBody::from_stream(pieces));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

type Next = Option<(Bytes, (Option<Vec<u8>>, usize))>;

/// The next piece: what was begun, and units from `at` on. Behind the last unit the answer is closed.
fn piece(
    begun: Option<Vec<u8>>,
    at: usize,
    all: usize,
    county: &County,
    detail: Detail,
    drawn: &HashMap<(usize, usize), PartRow>,
) -> Result<Next> {
    if begun.is_none() && at >= all {
        return Ok(None);
    }
    let mut out = begun.unwrap_or_default();
    let end = (at + CHUNK_UNITS).min(all);
    for n in at..end {
        if n > 0 {
            out.push(b',');
        }
        let unit =
            ClassifiedUnit::of(&county.units[n], &county.weighed.finding(n), detail, |part| drawn.get(&(n, part)))?;
        serde_json::to_writer(&mut out, &unit).map_err(Error::internal)?;
    }
    if end == all {
        out.extend_from_slice(b"]}");
    }
    Ok(Some((Bytes::from(out), (None, end))))
}

/// Every step of a finding, as it is kept with a proposal.
///
/// # Errors
/// When it cannot be written: a fault of ours.
pub fn kept(county: &County, n: usize, finding: &Finding) -> Result<serde_json::Value> {
    let unit = ClassifiedUnit::of(&county.units[n], finding, Detail::Steps, |_| None)?;
    serde_json::to_value(unit).map_err(Error::internal)
}

/// Numbers given with a request for a run of its own.
pub(super) struct Options {
    given: Given,
    outside_is_priority: bool,
    survey_scope: Option<serde_json::Value>,
}
