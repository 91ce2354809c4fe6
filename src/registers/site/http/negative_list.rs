//! The negative list of a site over HTTP.

use super::super::actions::negative_list::{self, NewBar};
use super::super::actions::{Sight, not_found, sight};
use super::super::store::lists::{self as store, Barred};
use super::super::store::{self as sites, instant};
use super::{known_at, read_id};
use crate::kernel::{Citation, Day, DocumentId, Error, Result, SiteId};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Stop};
use axum::extract::Path;
use axum::http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_negative_list, bar_use)).routes(routes!(lift_bar))
}

/// A use to be barred.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "GB/T 21010-2017", "code": "07", "why": "未达到住宅用地土壤环境质量要求", "since": "2026-11-20"}))]
struct NewBarBody {
    /// Land-use system: `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    system: String,
    /// Land-use code that the system prints; all below it is barred too.
    code: String,
    /// Why, 1 to 2000 characters.
    why: String,
    /// First day; not after today.
    since: Day,
    /// The decision, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// The end of a bar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2026-11-20", "why": "修复效果评估通过"}))]
struct EndBody {
    /// Last day on which it holds; not after today.
    until: Day,
    /// Why, 1 to 2000 characters.
    why: String,
}

/// A use barred on a site's land.
#[derive(Debug, Serialize, ToSchema)]
struct BarredView {
    /// Its identifier; it ends under `/negative-list/{id}/end`.
    id: Uuid,
    /// Land-use system.
    #[schema(example = "GB/T 21010-2017")]
    system: String,
    /// Land-use code; all below it is meant too.
    #[schema(example = "07")]
    code: String,
    /// Why.
    why: Option<String>,
    /// First day; `null` where an existing register did not say.
    since: Option<Day>,
    /// Last day; `null` while it holds.
    until: Option<Day>,
    /// Why it ended.
    lifted_why: Option<String>,
    /// The decision; `null` for the public.
    document_id: Option<DocumentId>,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded, UTC.
    recorded_at: String,
}

impl BarredView {
    fn of(barred: Barred, full: bool) -> BarredView {
        BarredView {
            id: barred.id,
            system: barred.use_system,
            code: barred.code_prefix,
            why: barred.why,
            since: barred.since,
            until: barred.until,
            lifted_why: barred.lifted_why,
            document_id: barred.document_id.filter(|_| full),
            revision: barred.revision,
            recorded_at: instant(barred.sys_from),
        }
    }
}

/// The negative list of a site.
#[derive(Debug, Serialize, ToSchema)]
struct NegativeList {
    /// The site.
    site_id: SiteId,
    /// The day asked; `null`: every bar that there ever was.
    on: Option<Day>,
    /// The barred uses, by system and code.
    entries: Vec<BarredView>,
    /// What the list stands on, of the day asked.
    citations: Vec<Citation>,
}

/// On which day.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BarredQuery {
    /// The bars that held on this day; left out, every bar that there ever was.
    on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// The negative list of a site
///
/// Uses barred on its land (开发利用负面清单), on a day or ever. Whoever may see the site may see them.
#[utoipa::path(
    get, path = "/v1/sites/{id}/negative-list", operation_id = "get_negative_list", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site"), BarredQuery),
    responses((status = 200, description = "The barred uses", body = NegativeList)),
    extensions(("x-permission" = json!("site.read")))
)]
async fn get_negative_list(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<BarredQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::SiteRead)?;
    let id = read_id(&id)?;
    let at = known_at(query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let present = sites::find(&mut tx, id).await?.ok_or_else(not_found)?;
    // As of the site itself: nobody sees more of the past than is theirs today and was theirs then.
    let mut seen = sight(call.caller(), &present);
    if let Some(at) = at {
        let then = sites::find_known_at(&mut tx, id, at).await?.ok_or_else(not_found)?;
        seen = seen.min(sight(call.caller(), &then));
    }
    if seen == Sight::Nothing {
        return Err(not_found().into());
    }
    let entries = store::barred(&mut tx, id, query.on, at).await?;
    let view = NegativeList {
        site_id: id,
        on: query.on,
        entries: entries.into_iter().map(|barred| BarredView::of(barred, seen == Sight::Full)).collect(),
        citations: negative_list::citations(&present.division_code, query.on.unwrap_or(call.today())),
    };
    Ok(Reply::json(&view)?.with_header(header::VARY, "authorization"))
}

/// Bar a use on a site's land
///
/// By the ecology bureaus that keep the lists, or the bureau of natural resources and planning of the place. Land checks
/// answer by it from that day on.
#[utoipa::path(
    post, path = "/v1/sites/{id}/negative-list", operation_id = "bar_use", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site")),
    request_body(content = NewBarBody, content_type = "application/json"),
    responses((status = 201, description = "Barred", body = BarredView)),
    extensions(("x-permission" = json!("negative_list.write")))
)]
async fn bar_use(call: Call, Path(id): Path<String>, Body(body): Body<NewBarBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::NegativeListWrite).await?;
    let id = read_id(&id)?;
    let new = NewBar {
        system: body.system,
        code: body.code,
        why: body.why,
        since: body.since,
        document_id: body.document_id,
    };
    let entry = negative_list::bar(&mut act, id, new).await?;
    let view = BarredView::of(negative_list::find(&mut act, id, entry).await?, true);
    let revision = view.revision;
    Ok(act
        .finish(Reply::json(&view)?.created(format!("/v1/sites/{id}/negative-list#{entry}")).revision(revision))
        .await?)
}

/// Lift a bar on a site's land
///
/// The entry stays, with its last day and why it ended.
#[utoipa::path(
    post, path = "/v1/sites/{id}/negative-list/{entry}/end", operation_id = "lift_bar", tag = "sites",
    params(("id" = Uuid, Path, description = "Identifier of the site"),
           ("entry" = Uuid, Path, description = "Identifier of the entry")),
    request_body(content = EndBody, content_type = "application/json"),
    responses((status = 200, description = "Ended", body = BarredView)),
    extensions(("x-permission" = json!("negative_list.write")))
)]
async fn lift_bar(
    call: Call,
    Path((id, entry)): Path<(String, String)>,
    Body(body): Body<EndBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::NegativeListWrite).await?;
    let id = read_id(&id)?;
    let entry: Uuid = entry.parse().map_err(|_| Error::not_found("负面清单条目", "negative-list entry"))?;
    negative_list::lift(&mut act, id, entry, body.until, &body.why).await?;
    let view = BarredView::of(negative_list::find(&mut act, id, entry).await?, true);
    let revision = view.revision;
    Ok(act.finish(Reply::json(&view)?.revision(revision)).await?)
}
