//! Notices over HTTP.

use super::actions::{self, NewNotice, not_found, visible};
use super::rules::{Due, Given, NoticeKind, SERVICE_WAYS, Status};
use super::store::{self, Filter, Row};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Citation, Day, DivisionCode, DocumentId, NoticeId, Result, SiteId};
use crate::platform::{App, Body, Call, Params, Permission, Reply, Role, Stop};
use crate::registers::site::EventType;
use axum::extract::Path;
use axum::http::{HeaderName, header};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(issue_notice, list_notices))
        .routes(routes!(notice_catalogue))
        .routes(routes!(get_notice))
        .routes(routes!(get_notice_text))
        .routes(routes!(get_notice_pdf))
        .routes(routes!(serve_notice))
        .routes(routes!(void_notice))
}

/// A notice to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "site_id": "01974000-0000-7000-8000-000000000001", "kind": "preliminary_survey", "issued_on": "2026-05-21",
    "contact": "土壤生态环境科 0483-0000000"
}))]
struct NewNoticeBody {
    /// The site that it is about; its land user is addressed.
    site_id: SiteId,
    /// Which notice.
    kind: NoticeKind,
    /// The day on it, which picks the law; today when left out. Not after today.
    #[serde(default)]
    issued_on: Option<Day>,
    /// Last day that the bureau sets: needed with `detailed_survey`, possible with `return`, refused with the others.
    #[serde(default)]
    due_on: Option<Day>,
    /// Why: needed with `return` (what is wrong with the report, a line each) and `stop_work`, possible with the others.
    #[serde(default)]
    reason: Option<String>,
    /// Whom to ask: department, telephone, address. Left out, the paper has blanks for it.
    #[serde(default)]
    contact: Option<String>,
    /// The bureau's name as it signs; left out, as configured (`office_names`), else after its division.
    #[serde(default)]
    issuer: Option<String>,
    /// Who is addressed instead of the land user; with `stop_work` only, for whoever builds there.
    #[serde(default)]
    recipient: Option<String>,
}

/// How and when a notice was served. A letter may be posted first (`served_on`) and its receipt be told later.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "served_how": "直接送达", "served_on": "2026-05-21", "received_on": "2026-05-21",
    "document_id": "01974000-0000-7000-8000-000000000002"
}))]
struct ServiceBody {
    /// How; `service_ways` of a notice lists the usual ways, others are taken too.
    #[serde(default)]
    served_how: Option<String>,
    /// The day it was handed over, left, posted or published; not before that of issue.
    #[serde(default)]
    served_on: Option<Day>,
    /// The day of receipt, from which periods count; left out while it is not known.
    #[serde(default)]
    received_on: Option<Day>,
    /// The proof of service, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Why a notice is void.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "受送达人名称有误，另行签发"}))]
struct VoidBody {
    /// Why, 1 to 2000 characters.
    reason: String,
}

/// The site of a notice.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeSite {
    /// Its identifier.
    id: SiteId,
    /// Its code.
    #[schema(example = "152921YS20260001")]
    code: String,
    /// Its name.
    name: String,
    /// Its division.
    #[schema(example = "152921")]
    division_code: String,
}

/// From what the recipient's time runs.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DueFrom {
    /// From the receipt of the notice.
    Receipt,
    /// To a day that the bureau set.
    SetByBureau,
    /// At once.
    AtOnce,
    /// Nothing is due by a day.
    Nothing,
}

/// Until when the recipient has to act.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeDue {
    /// The clock that receipt starts, where it starts one.
    #[schema(example = "preliminary_survey_six_months")]
    rule: Option<&'static str>,
    /// From what.
    from: DueFrom,
    /// Last day: as set, or as counted from receipt; none before that.
    due_on: Option<Day>,
    /// 期限，如文书所载
    text_zh: String,
    /// As the paper has it.
    text_en: String,
}

/// What follows from not doing what a notice asks.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeConsequence {
    /// 中文
    text_zh: String,
    /// English
    text_en: String,
    /// The article.
    citations: Vec<Citation>,
}

/// Something to be checked before the paper goes out; it is not printed.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeCheck {
    /// 中文
    text_zh: String,
    /// English
    text_en: String,
}

/// A written notice.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeView {
    /// Its identifier.
    id: NoticeId,
    /// Its number: issuing division, word of the kind, year, serial without gaps.
    #[schema(example = "152921-初调-2026-0001")]
    number: String,
    /// Which notice.
    kind: NoticeKind,
    /// 文书名称
    title_zh: String,
    /// What it is called.
    title_en: String,
    /// Where it stands.
    status: Status,
    /// 状态
    status_zh: String,
    /// Where it stands, in words.
    status_en: String,
    /// The site.
    site: NoticeSite,
    /// The bureau, as it signs.
    #[schema(example = "阿拉善左旗生态环境局")]
    issuer: String,
    /// Division of the bureau.
    #[schema(example = "152921")]
    issuer_division: String,
    /// Who is addressed.
    recipient: String,
    /// The day on it.
    issued_on: Day,
    /// Until when.
    due: NoticeDue,
    /// Why, as the bureau said.
    reason: Option<String>,
    /// What it stands on, of the day of issue.
    citations: Vec<Citation>,
    /// What follows from not doing what it asks, where the law is known to say so.
    consequence: Option<NoticeConsequence>,
    /// What to check before the paper goes out.
    to_check: Vec<NoticeCheck>,
    /// 全文
    text_zh: String,
    /// What it says, in English; not a translation to be served.
    summary_en: String,
    /// The PDF as filed; none where the server had no Chinese font.
    document_id: Option<DocumentId>,
    /// SHA-256 of the PDF, hexadecimal.
    sha256: Option<String>,
    /// The usual ways of service; others are taken too.
    service_ways: [&'static str; 6],
    /// How it was served.
    served_how: Option<String>,
    /// When it was served.
    served_on: Option<Day>,
    /// When it was received.
    received_on: Option<Day>,
    /// The proof of service.
    proof_document_id: Option<DocumentId>,
    /// The entry of the site's log that its receipt made.
    site_event_seq: Option<i32>,
    /// When it was voided.
    voided_on: Option<Day>,
    /// Why it was voided.
    void_reason: Option<String>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A link of a page.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeLink {
    /// `next`
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address.
    href: String,
}

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeList {
    /// The newest first.
    notices: Vec<NoticeView>,
    /// How many are here.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there are more.
    links: Vec<NoticeLink>,
}

fn view(row: Row) -> Result<NoticeView> {
    let kind = row.kind()?;
    let status = row.status();
    let (title, status_title) = (&kind.row().title, status.title());
    let drafted = row.paper.0;
    let (rule, from) = match kind.row().due {
        Due::None => (None, DueFrom::Nothing),
        Due::FromReceipt(rule) => (Some(rule), DueFrom::Receipt),
        Due::SetByBureau(rule) => (Some(rule), DueFrom::SetByBureau),
        Due::MayBeSet if row.due_on.is_some() => (None, DueFrom::SetByBureau),
        Due::MayBeSet => (None, DueFrom::Nothing),
        Due::AtOnce => (None, DueFrom::AtOnce),
    };
    Ok(NoticeView {
        id: row.id,
        number: row.number,
        kind,
        title_zh: title.zh.to_string(),
        title_en: title.en.to_string(),
        status,
        status_zh: status_title.zh.into_owned(),
        status_en: status_title.en.into_owned(),
        site: NoticeSite {
            id: row.site_id,
            code: row.site_code,
            name: row.site_name,
            division_code: row.division_code,
        },
        issuer: row.issuer,
        issuer_division: row.issuer_division,
        recipient: row.recipient,
        issued_on: row.issued_on,
        due: NoticeDue { rule, from, due_on: row.due_on, text_zh: drafted.due_zh, text_en: drafted.due_en },
        reason: row.reason,
        citations: drafted.citations,
        consequence: drafted.consequence.map(|c| NoticeConsequence {
            text_zh: c.zh,
            text_en: c.en,
            citations: c.citations,
        }),
        to_check: drafted.to_check.into_iter().map(|c| NoticeCheck { text_zh: c.zh, text_en: c.en }).collect(),
        text_zh: row.text_zh,
        summary_en: drafted.summary_en,
        document_id: row.document_id,
        sha256: row.sha256.map(hex::encode),
        service_ways: SERVICE_WAYS,
        served_how: row.served_how,
        served_on: row.served_on,
        received_on: row.received_on,
        proof_document_id: row.proof_id,
        site_event_seq: row.site_event_seq,
        voided_on: row.voided_on,
        void_reason: row.void_reason,
        recorded_at: row.recorded_at,
    })
}

/// Issue a notice
///
/// Made from the facts of the site: numbered, written as text and as PDF, which is filed with the documents. The same facts
/// give the same bytes. Refused where the stage does not have it, another bureau issues it, or the law of the day of issue
/// does not carry it.
#[utoipa::path(
    post, path = "/v1/notices", operation_id = "issue_notice", tag = "notices",
    request_body = NewNoticeBody,
    responses((status = 201, description = "Issued", body = NoticeView)),
    extensions(("x-permission" = json!("notice.issue")))
)]
async fn issue_notice(call: Call, Body(body): Body<NewNoticeBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::NoticeIssue).await?;
    let new = NewNotice {
        site: body.site_id,
        kind: body.kind,
        issued_on: body.issued_on,
        due_on: body.due_on,
        reason: body.reason,
        contact: body.contact,
        issuer: body.issuer,
        recipient: body.recipient,
    };
    let id = actions::issue(&mut act, new, None).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let reply = Reply::json(&view(row)?)?.created(format!("/v1/notices/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

/// Whether a last day is given when a notice is issued.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DueAsked {
    /// It must be.
    Required,
    /// It may be.
    Optional,
    /// It must not: it follows from receipt, or there is none.
    No,
}

/// At which stages a kind is issued, by whom and on what.
#[derive(Debug, Serialize, ToSchema)]
struct NoticePlace {
    /// Stages of the site.
    #[schema(example = json!(["suspected"]))]
    stages: Vec<&'static str>,
    /// Who issues it.
    issuers: Vec<Role>,
    /// What it stands on, in the text in force today.
    citations: Vec<Citation>,
}

/// A kind of notice.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeKindView {
    /// Which.
    kind: NoticeKind,
    /// 文书名称
    title_zh: String,
    /// What it is called.
    title_en: String,
    /// Where it has its place.
    places: Vec<NoticePlace>,
    /// Whether a reason must be given.
    needs_reason: bool,
    /// Whether a last day is given.
    due_on: DueAsked,
    /// Whether another than the land user may be addressed.
    other_recipient: bool,
    /// The clock that receipt starts, where it starts one.
    #[schema(example = "preliminary_survey_six_months")]
    clock: Option<&'static str>,
    /// The site's step that its receipt is, where it is one.
    step: Option<EventType>,
}

/// The kinds of notices.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeCatalogue {
    /// In the order in which a site meets them.
    kinds: Vec<NoticeKindView>,
    /// The usual ways of service; others are taken too.
    service_ways: [&'static str; 6],
}

/// The kinds of notices
///
/// Which there are, at which stages of a site, who issues them, what each asks for and on what it stands.
#[utoipa::path(
    get, path = "/v1/notices/catalogue", operation_id = "notice_catalogue", tag = "notices",
    responses((status = 200, description = "The kinds", body = NoticeCatalogue)),
    extensions(("x-permission" = json!("notice.read")))
)]
async fn notice_catalogue(call: Call) -> Result<Reply, Stop> {
    call.read(Permission::NoticeRead)?;
    let today = call.today();
    let kinds = NoticeKind::all()
        .map(|kind| {
            let row = kind.row();
            let places = row.places.iter().map(|place| {
                let mut stages: Vec<&'static str> = place.stages.iter().map(|stage| stage.as_str()).collect();
                stages.dedup();
                NoticePlace { stages, issuers: place.issuers.to_vec(), citations: cite_all(place.provisions, today) }
            });
            let (clock, due_on) = match row.due {
                Due::FromReceipt(rule) => (Some(rule), DueAsked::No),
                Due::SetByBureau(rule) => (Some(rule), DueAsked::Required),
                Due::MayBeSet => (None, DueAsked::Optional),
                Due::None | Due::AtOnce => (None, DueAsked::No),
            };
            NoticeKindView {
                kind,
                title_zh: row.title.zh.to_string(),
                title_en: row.title.en.to_string(),
                places: places.collect(),
                needs_reason: row.needs_reason,
                due_on,
                other_recipient: kind == NoticeKind::StopWork,
                clock,
                step: row.step,
            }
        })
        .collect();
    Ok(Reply::json(&NoticeCatalogue { kinds, service_ways: SERVICE_WAYS })?)
}

/// Which notices.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoticeParams {
    /// About this site.
    site: Option<SiteId>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<NoticeKind>,
    /// About sites in this division and below.
    division: Option<DivisionCode>,
    /// Standing so.
    #[param(inline)]
    status: Option<Status>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List notices
///
/// The newest first. Departments see those about sites of their division and below; a land user those served on it, and
/// those served about the land it uses now.
#[utoipa::path(
    get, path = "/v1/notices", operation_id = "list_notices", tag = "notices",
    params(NoticeParams),
    responses((status = 200, description = "A page", body = NoticeList)),
    extensions(("x-permission" = json!("notice.read")))
)]
async fn list_notices(call: Call, Params(params): Params<NoticeParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::NoticeRead)?;
    let limit = paging::limit(params.limit)?;
    let (kind, status) = (params.kind.map(NoticeKind::as_str), params.status.map(Status::as_str));
    let mark = format!(
        "notices site={:?} kind={kind:?} division={:?} status={status:?} scope={}",
        params.site,
        params.division,
        scope.mark()
    );
    let before = Cursor::key(params.cursor.as_deref(), &mark)?;
    let filter = Filter {
        scope: &scope,
        site: params.site,
        kind,
        division: params.division.as_ref().map(DivisionCode::as_str),
        status,
        before,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = store::page(&mut conn, &filter).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| last.id.to_string()) {
        links.push(NoticeLink {
            rel: "next",
            media_type: "application/json",
            href: next_address(&call, &params, limit, &cursor),
        });
    }
    let notices = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&NoticeList { number_returned: notices.len(), notices, links })?)
}

/// Every value is made of letters, digits, `_` and `-`, and needs no escaping.
fn next_address(call: &Call, params: &NoticeParams, limit: u32, cursor: &str) -> String {
    let mut address = call.address(&format!("/v1/notices?limit={limit}"));
    if let Some(site) = params.site {
        address.push_str(&format!("&site={site}"));
    }
    if let Some(kind) = params.kind {
        address.push_str(&format!("&kind={}", kind.as_str()));
    }
    if let Some(division) = &params.division {
        address.push_str(&format!("&division={division}"));
    }
    if let Some(status) = params.status {
        address.push_str(&format!("&status={}", status.as_str()));
    }
    address.push_str(&format!("&cursor={cursor}"));
    address
}

/// The notice, where the caller may see it. An identifier that is none names no notice, just as an unknown one does.
async fn find(call: &Call, id: &str) -> Result<Row> {
    let scope = call.read(Permission::NoticeRead)?;
    let id = id.parse().map_err(|_| not_found())?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::find(&mut conn, id).await?.ok_or_else(not_found)?;
    if visible(&scope, &row) { Ok(row) } else { Err(not_found()) }
}

/// A notice
#[utoipa::path(
    get, path = "/v1/notices/{id}", operation_id = "get_notice", tag = "notices",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the notice")),
    responses((status = 200, description = "The notice", body = NoticeView)),
    extensions(("x-permission" = json!("notice.read")))
)]
async fn get_notice(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    let revision = row.revision;
    // The site's name and code are shown too, and change apart from it.
    Ok(Reply::json(&view(row)?)?.revision_as_shown(revision))
}

/// A notice as text
///
/// The whole text in Chinese, with the form of service; also where there is no PDF.
#[utoipa::path(
    get, path = "/v1/notices/{id}/text", operation_id = "get_notice_text", tag = "notices",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the notice")),
    responses((status = 200, description = "The text", body = String, content_type = "text/plain")),
    extensions(("x-permission" = json!("notice.read")))
)]
async fn get_notice_text(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    Ok(Reply::bytes("text/plain; charset=utf-8", row.text_zh.into_bytes())
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// A notice as PDF
///
/// The bytes that were filed. A notice issued while the server had no Chinese font is written when it is asked for; without
/// one still, the answer is 503 `font_missing`.
#[utoipa::path(
    get, path = "/v1/notices/{id}/notice.pdf", operation_id = "get_notice_pdf", tag = "notices",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the notice")),
    responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf")),
    extensions(("x-permission" = json!("notice.read")))
)]
async fn get_notice_pdf(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    let content = match &row.sha256 {
        Some(sha256) => {
            let mut conn = call.app().db().acquire().await?;
            store::content(&mut conn, sha256).await?
        }
        None => actions::render(call.app(), &row.paper).await?,
    };
    Ok(Reply::bytes("application/pdf", content)
        .with_header(header::CONTENT_DISPOSITION, format!("inline; filename=\"notice-{}.pdf\"", row.id))
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
        .with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// Record the service of a notice
///
/// How, when, received when, with the proof. Receipt of a survey notice is the site's step in the same act
/// (`survey_notice_served`, `detailed_notice_served`): it starts the clock, and what the site's rules refuse is refused
/// here, with nothing written.
#[utoipa::path(
    post, path = "/v1/notices/{id}/service", operation_id = "serve_notice", tag = "notices",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the notice")),
    request_body = ServiceBody,
    responses((status = 200, description = "The notice as it stands now", body = NoticeView)),
    extensions(("x-permission" = json!("notice.issue")))
)]
async fn serve_notice(call: Call, Path(id): Path<String>, Body(body): Body<ServiceBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::NoticeIssue).await?;
    let id: NoticeId = id.parse().map_err(|_| not_found())?;
    let given = Given {
        served_how: body.served_how,
        served_on: body.served_on,
        received_on: body.received_on,
        document_id: body.document_id,
    };
    actions::serve(&mut act, id, given, None).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    Ok(act.finish(Reply::json(&view(row)?)?.revision(revision)).await?)
}

/// Void a notice
///
/// Before it was served. Its number stays taken, and it stays to be seen.
#[utoipa::path(
    post, path = "/v1/notices/{id}/void", operation_id = "void_notice", tag = "notices",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the notice")),
    request_body = VoidBody,
    responses((status = 200, description = "The notice as it stands now", body = NoticeView)),
    extensions(("x-permission" = json!("notice.issue")))
)]
async fn void_notice(call: Call, Path(id): Path<String>, Body(body): Body<VoidBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::NoticeIssue).await?;
    let id: NoticeId = id.parse().map_err(|_| not_found())?;
    actions::void(&mut act, id, &body.reason).await?;
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    Ok(act.finish(Reply::json(&view(row)?)?.revision(revision)).await?)
}
