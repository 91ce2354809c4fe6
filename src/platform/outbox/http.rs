//! The feed of changes over HTTP.

use super::atom::{self, Feed};
use super::view::{ChangeView, Row, is_kind};
use super::{Filter, newest, page};
use crate::kernel::{DivisionCode, Error, Result, Text, paging};
use crate::platform::{App, Params, Permission, Reply, Stop, call};
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The operations of the feed.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_changes))
}

/// Which changes, in which form.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangeParams {
    /// Changes with numbers above this one: `last` of the answer before, or the `seq` last worked on. Default: 0, from
    /// the beginning.
    #[param(minimum = 0, default = 0, example = 4711)]
    after: Option<i64>,
    /// `true`: the changes with the largest numbers, the largest first, as feed readers want them. Not with `after`.
    newest: Option<bool>,
    /// Changes of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// What happened, several parted by commas.
    #[param(example = "site.stage_changed")]
    kind: Option<String>,
    /// In this division and below.
    #[param(value_type = Option<String>, example = "152900")]
    division: Option<DivisionCode>,
    /// Of records of this register.
    #[param(example = "site")]
    register: Option<String>,
    /// Of this record.
    subject: Option<Uuid>,
    /// `json` or `atom`, before `Accept`.
    #[param(inline)]
    f: Option<FeedFormat>,
}

/// Form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FeedFormat {
    /// JSON.
    Json,
    /// Atom (RFC 4287).
    Atom,
}

/// A page of changes.
#[derive(Serialize, ToSchema)]
struct ChangeList {
    /// The smallest number first; with `newest`, the largest.
    changes: Vec<ChangeView>,
    /// Changes on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// The largest number on this page, or the `after` that was asked with: ask with it as `after` to go on, now or later.
    last: i64,
    /// `self`, and `next` where there is more already.
    links: Vec<FeedLink>,
}

/// A link of the feed.
#[derive(Serialize, ToSchema)]
struct FeedLink {
    /// `self`, `next`
    #[schema(example = "next")]
    rel: String,
    /// Media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Address.
    href: String,
}

/// The feed of changes
///
/// Every change that the caller may read, in the order in which the registry came to know it: a reader who keeps the
/// last number and asks on from there misses nothing and sees nothing twice, whatever is written meanwhile. Departments
/// see their divisions, land users what is their own, everybody what is public. JSON, or Atom by `f=atom` or `Accept`.
#[utoipa::path(
    get, path = "/v1/changes", operation_id = "list_changes", tag = "changes",
    params(ChangeParams),
    responses((status = 200, description = "A page of changes", content(
        (ChangeList = "application/json"), (String = "application/atom+xml")
    ))),
    extensions(("x-permission" = json!("change.read")))
)]
async fn list_changes(
    call: call::Call,
    Params(params): Params<ChangeParams>,
    headers: HeaderMap,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::ChangeRead)?;
    let asked = Asked::read(&params)?;
    let filter = Filter {
        scope: &scope,
        kinds: asked.kinds.as_deref(),
        division: params.division.as_ref().map(DivisionCode::as_str),
        register: params.register.as_deref(),
        subject: params.subject,
    };
    let limit = asked.limit as usize;
    let mut rows = if asked.newest {
        newest(call.app().db(), &filter, i64::from(asked.limit)).await?
    } else {
        page(call.app().db(), &filter, asked.after, i64::from(asked.limit) + 1).await?
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.iter().map(|row| row.seq).max().unwrap_or(asked.after);
    let modified = rows.iter().map(|row| row.recorded_at).max();
    let reply = match wanted(&params, &headers) {
        FeedFormat::Json => as_json(&call, &params, &asked, rows, last, more)?,
        FeedFormat::Atom => as_atom(&call, &params, &asked, rows, last, more)?,
    };
    let reply = reply.with_header(header::VARY, "accept");
    Ok(match modified {
        Some(at) => reply.with_header(header::LAST_MODIFIED, at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        None => reply,
    })
}

/// Parameters as judged.
struct Asked {
    after: i64,
    newest: bool,
    limit: u32,
    kinds: Option<Vec<String>>,
}

impl Asked {
    fn read(params: &ChangeParams) -> Result<Asked> {
        let newest = params.newest.unwrap_or(false);
        if newest && params.after.is_some() {
            return Err(Error::bad_parameter(
                "newest",
                Text::fixed("newest 与 after 不能同时使用。", "is not asked for together with after."),
            ));
        }
        let after = params.after.unwrap_or(0);
        if after < 0 {
            return Err(Error::bad_parameter("after", Text::fixed("不得小于 0。", "must not be below 0.")));
        }
        let kinds = params.kind.as_ref().map(|kinds| kinds.split(',').map(str::to_owned).collect::<Vec<_>>());
        if let Some(kind) = kinds.iter().flatten().find(|kind| !is_kind(kind)) {
            return Err(Error::bad_parameter(
                "kind",
                Text::new(format!("“{kind}”不是变更类型。"), format!("`{kind}` is no kind of change.")),
            ));
        }
        if let Some(register) = params.register.as_ref().filter(|register| !is_kind(register)) {
            return Err(Error::bad_parameter(
                "register",
                Text::new(format!("“{register}”不是登记簿。"), format!("`{register}` is no register.")),
            ));
        }
        Ok(Asked { after, newest, limit: paging::limit(params.limit)?, kinds })
    }
}

fn wanted(params: &ChangeParams, headers: &HeaderMap) -> FeedFormat {
    params.f.unwrap_or_else(|| {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut named = accept.split(',').map(|part| part.split(';').next().unwrap_or("").trim());
        match named.find(|name| matches!(*name, "application/json" | "application/atom+xml")) {
            Some(atom::MEDIA_TYPE) => FeedFormat::Atom,
            _ => FeedFormat::Json,
        }
    })
}

/// The filters of a request as they stand in an address. Every value that got here is made of lower-case letters,
/// digits, `_`, `.`, `-` and commas, and needs no escaping.
fn filters(params: &ChangeParams) -> Vec<String> {
    let mut pairs = Vec::new();
    if let Some(kind) = &params.kind {
        pairs.push(format!("kind={kind}"));
    }
    if let Some(division) = &params.division {
        pairs.push(format!("division={division}"));
    }
    if let Some(register) = &params.register {
        pairs.push(format!("register={register}"));
    }
    if let Some(subject) = &params.subject {
        pairs.push(format!("subject={subject}"));
    }
    pairs
}

/// Address of a page, after the base.
fn address(params: &ChangeParams, asked: &Asked, after: i64, format: Option<&str>) -> String {
    let place = if asked.newest { "newest=true".to_owned() } else { format!("after={after}") };
    let mut pairs = vec![place, format!("limit={}", asked.limit)];
    pairs.extend(filters(params));
    pairs.extend(format.map(|format| format!("f={format}")));
    format!("/v1/changes?{}", pairs.join("&"))
}

fn as_json(
    call: &call::Call,
    params: &ChangeParams,
    asked: &Asked,
    rows: Vec<Row>,
    last: i64,
    more: bool,
) -> Result<Reply> {
    let format = params.f.map(|_| "json");
    let link = |rel: &str, after: i64| FeedLink {
        rel: rel.to_owned(),
        media_type: "application/json".to_owned(),
        href: call.address(&address(params, asked, after, format)),
    };
    let mut links = vec![link("self", asked.after)];
    if more {
        links.push(link("next", last));
    }
    let changes: Vec<ChangeView> = rows.into_iter().map(ChangeView::from).collect();
    Reply::json(&ChangeList { number_returned: changes.len(), changes, last, links })
}

fn as_atom(
    call: &call::Call,
    params: &ChangeParams,
    asked: &Asked,
    rows: Vec<Row>,
    last: i64,
    more: bool,
) -> Result<Reply> {
    let base = call.base().unwrap_or("http://localhost");
    let own = filters(params).join("&");
    let feed = Feed {
        id: if own.is_empty() { format!("{base}/v1/changes") } else { format!("{base}/v1/changes?{own}") },
        address: format!("{base}{}", address(params, asked, asked.after, Some("atom"))),
        next: more.then(|| format!("{base}{}", address(params, asked, last, Some("atom")))),
    };
    Ok(Reply::bytes("application/atom+xml; charset=utf-8", atom::write(&feed, rows)?))
}
