//! Subscriptions over HTTP.

use super::{Changes, DeliveryRow, NewSubscription, Subscription, deliveries, not_found, select};
use crate::kernel::AreaGeometry;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Area, DeliveryId, DivisionCode, Error, Fault, KeyId, LandCheckId, Result, SiteId, SubscriptionId, Text, wkb,
};
use crate::platform::outbox::kinds::{self, KINDS};
use crate::platform::outbox::view::is_kind;
use crate::platform::{App, Body, IfMatch, Params, Permission, Reply, Stop, call};
use axum::extract::Path;
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The operations on subscriptions.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_subscription, list_subscriptions))
        .routes(routes!(get_subscription, change_subscription, end_subscription))
        .routes(routes!(replay_subscription))
        .routes(routes!(list_deliveries))
}

// ---- what is sent ----

/// A record of a register.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WatchedRecord {
    /// Its register, as changes name it.
    #[schema(example = "farmland")]
    register: String,
    /// Its identifier.
    id: Uuid,
}

/// A new subscription. Of `site`, `check` and `subject` one at most; all that is given must hold; nothing given is every
/// change that the key may read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://planning.example.org/hooks/soil", "name": "供地系统", "division": "152900", "kinds": ["site.stage_changed"]}))]
struct NewSubscriptionBody {
    /// Where it is told: https, at a host with a name and public addresses, without user name, password and fragment.
    url: String,
    /// For people, 1 to 200 characters.
    #[serde(default)]
    name: Option<String>,
    /// Changes in this division and below.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "152900")]
    division: Option<DivisionCode>,
    /// Changes of this site.
    #[serde(default)]
    site: Option<SiteId>,
    /// Changes of this land check.
    #[serde(default)]
    check: Option<LandCheckId>,
    /// Changes of any record.
    #[serde(default)]
    subject: Option<WatchedRecord>,
    /// Changes of records whose outline meets this area: Polygon or MultiPolygon, CRS84.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    area: Option<Value>,
    /// Changes of these kinds, as `GET /v1/changes` names them. A kind that there is not is refused.
    #[serde(default)]
    kinds: Option<Vec<String>>,
    /// Begins after this change; left out, with the changes to come. 0: everything there is.
    #[serde(default)]
    #[schema(minimum = 0)]
    after: Option<i64>,
}

impl NewSubscriptionBody {
    fn read(self) -> Result<NewSubscription> {
        let mut faults = Vec::new();
        let mut subjects: Vec<(String, Uuid, &'static str)> = Vec::new();
        subjects.extend(self.site.map(|id| ("site".to_owned(), id.0, "/site")));
        subjects.extend(self.check.map(|id| ("land_check".to_owned(), id.0, "/check")));
        subjects.extend(self.subject.map(|record| (record.register, record.id, "/subject")));
        if let Some((_, _, pointer)) = subjects.get(1) {
            faults.push(Fault::new(
                *pointer,
                "one_record_only",
                Text::fixed("site、check、subject 只能给出一个。", "Of site, check and subject, give one."),
            ));
        }
        if let Some((register, _, _)) = subjects.first().filter(|(register, _, _)| !is_kind(register)) {
            faults.push(Fault::new(
                "/subject/register",
                "bad_register",
                Text::new(format!("“{register}”不是登记簿。"), format!("`{register}` is no register.")),
            ));
        }
        let area = match self.area.as_ref().map(|area| Area::from_geojson(area, "/area")) {
            Some(Ok(area)) => Some(area),
            Some(Err(found)) => {
                faults.extend(found);
                None
            }
            None => None,
        };
        if let Some(kinds) = &self.kinds {
            if kinds.is_empty() || kinds.len() > 100 {
                faults.push(Fault::new(
                    "/kinds",
                    "bad_kinds",
                    Text::fixed(
                        "应列 1 至 100 个类型；不限类型时不要给出。",
                        "Name 1 to 100 kinds; leave it out for all.",
                    ),
                ));
            }
            // A slip of the pen would be silence for ever.
            faults.extend(kinds.iter().enumerate().filter(|(_, kind)| !kinds::is_known(kind)).map(|(i, kind)| {
                Fault::new(
                    format!("/kinds/{i}"),
                    if is_kind(kind) { "unknown_kind" } else { "bad_kind" },
                    Text::new(
                        format!("“{kind}”不是变更类型。现有类型：{}。", KINDS.join("、")),
                        format!("`{kind}` is no kind of change. There are: {}.", KINDS.join(", ")),
                    ),
                )
            }));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        Ok(NewSubscription {
            name: self.name.unwrap_or_else(|| self.url.chars().take(200).collect()),
            url: self.url,
            division: self.division,
            subject: subjects.into_iter().next(),
            area,
            kinds: self.kinds,
            after: self.after,
        })
    }
}

/// Whether a subscription is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SubscriptionStatus {
    /// Told of every change that fits.
    Active,
    /// Told of nothing, and missing nothing: when it is resumed, it is told of what came meanwhile.
    Paused,
}

/// What is changed of a subscription; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "paused"}))]
struct SubscriptionPatch {
    /// Pause or resume. Resumed, what is waiting is tried at once.
    #[serde(default)]
    status: Option<SubscriptionStatus>,
    /// Another address.
    #[serde(default)]
    url: Option<String>,
    /// Another name.
    #[serde(default)]
    name: Option<String>,
}

/// From where on to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"after": 4711}))]
struct ReplayBody {
    /// The number of a change: those above it that fit are sent anew, in new deliveries. 0: from the beginning.
    #[schema(minimum = 0)]
    after: i64,
}

// ---- what is answered ----

/// A subscription.
#[derive(Serialize, ToSchema)]
struct SubscriptionView {
    /// Its identifier.
    id: SubscriptionId,
    /// For people.
    name: String,
    /// The key that it belongs to: told is what this key may read at the time.
    key_id: KeyId,
    /// Where it is told.
    url: String,
    /// Changes in this division and below.
    #[schema(example = "152900")]
    division: Option<String>,
    /// Changes of this record.
    subject: Option<WatchedRecord>,
    /// Changes of records that meet this outline.
    #[schema(value_type = Option<AreaGeometry>)]
    area: Option<Box<RawValue>>,
    /// Changes of these kinds.
    kinds: Option<Vec<String>>,
    /// Whether it is told.
    status: SubscriptionStatus,
    /// Why it is not.
    paused: Option<PausedView>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Every change up to this number was looked at.
    scanned: i64,
    /// Deliveries that were not acknowledged yet.
    waiting: i64,
    /// `self`, `deliveries`.
    links: Vec<SubscriptionLink>,
}

/// Why a subscription is not told.
#[derive(Serialize, ToSchema)]
struct PausedView {
    /// `holder`: somebody asked for it; `key_not_valid`: the key was revoked or has expired; `undelivered`: nobody
    /// acknowledged for too long.
    #[schema(example = "undelivered")]
    because: String,
    /// 中文
    because_zh: String,
    /// English
    because_en: String,
    /// Since when.
    since: DateTime<Utc>,
}

/// A link of a subscription or a page.
#[derive(Serialize, ToSchema)]
struct SubscriptionLink {
    /// `self`, `deliveries`, `next`
    #[schema(example = "deliveries")]
    rel: String,
    /// Media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Address.
    href: String,
}

/// A subscription just made.
#[derive(Serialize, ToSchema)]
struct NewSubscriptionView {
    /// The subscription.
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// What its deliveries are signed with. Keep it: it is shown this once. Null where the same request with the same
    /// `Idempotency-Key` is answered again.
    #[schema(example = "jts_u4Yc0Zf0a4mV7Zp2l7xk2d4t6m8q0s2u4w6y8A0C2E4")]
    secret: Option<String>,
    /// 密钥为何不再显示
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_note_zh: Option<&'static str>,
    /// Why the secret is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_note_en: Option<&'static str>,
}

/// A page of subscriptions.
#[derive(Serialize, ToSchema)]
struct SubscriptionList {
    /// The oldest first.
    subscriptions: Vec<SubscriptionView>,
    /// Subscriptions on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<SubscriptionLink>,
}

/// A change on its way.
#[derive(Serialize, ToSchema)]
struct DeliveryView {
    /// Its identifier, the same through all attempts: the header `Jingtu-Delivery`.
    id: DeliveryId,
    /// The change's number.
    seq: i64,
    /// The change's kind.
    #[schema(example = "site.stage_changed")]
    kind: String,
    /// The record that changed.
    subject: WatchedRecord,
    /// Its code for people.
    subject_code: String,
    /// The replay it belongs to; 1 before any.
    run: i32,
    /// How far it is.
    state: DeliveryState,
    /// Attempts so far.
    attempts: i32,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Not tried before this instant; of one that is waiting. Earlier changes of the record go first.
    next_attempt_at: Option<DateTime<Utc>>,
    /// The last attempt.
    last_attempt_at: Option<DateTime<Utc>>,
    /// HTTP status of the last attempt, where there was an answer.
    last_status: Option<i32>,
    /// Why the last attempt failed.
    last_error: Option<DeliveryError>,
    /// When it was acknowledged.
    delivered_at: Option<DateTime<Utc>>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    /// Not acknowledged yet.
    Waiting,
    /// Acknowledged with 2xx.
    Delivered,
    /// Not sent: the subscription's key may not read it any more.
    Withheld,
    /// Not sent: a replay took its place.
    Cancelled,
}

impl DeliveryState {
    const ALL: [DeliveryState; 4] =
        [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::Withheld, DeliveryState::Cancelled];

    const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Withheld => "withheld",
            DeliveryState::Cancelled => "cancelled",
        }
    }
}

/// Why an attempt failed.
#[derive(Serialize, ToSchema)]
struct DeliveryError {
    /// `http_status`, `timed_out`, `not_reached`, `address_refused`, `no_certificates`
    #[schema(example = "not_reached")]
    code: String,
    /// 中文
    message_zh: String,
    /// English
    message_en: String,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
struct DeliveryList {
    /// The newest first.
    deliveries: Vec<DeliveryView>,
    /// Deliveries on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<SubscriptionLink>,
}

fn link(call: &call::Call, rel: &str, path: &str) -> SubscriptionLink {
    SubscriptionLink { rel: rel.to_owned(), media_type: "application/json".to_owned(), href: call.address(path) }
}

/// Why a subscription is paused, for people.
fn because(code: &str, app: &App) -> Text {
    match code {
        "holder" => Text::fixed("由订阅方暂停。", "Paused by its holder."),
        "key_not_valid" => {
            Text::fixed("订阅所属的密钥已撤销或已过期。", "The key that it belongs to was revoked or has expired.")
        }
        _ => {
            let days = app.config().webhook_give_up_days;
            Text::new(
                format!("接收方连续 {days} 天未确认。恢复后从中断处继续，不会遗漏。"),
                format!(
                    "Nobody acknowledged for {days} days. Resumed, it goes on where it stopped, and misses nothing."
                ),
            )
        }
    }
}

fn why_failed(code: &str, status: Option<i32>) -> Text {
    match code {
        "http_status" => {
            let status = status.unwrap_or_default();
            Text::new(
                format!("接收方回答 {status}，应为 2xx。"),
                format!("The receiver answered {status}; 2xx was due."),
            )
        }
        "timed_out" => Text::fixed("接收方未在限时内回答。", "The receiver did not answer in time."),
        "address_refused" => Text::fixed(
            "地址不在公共网络上，服务器不连接。",
            "The address is not on the open network; the server does not connect to it.",
        ),
        "no_certificates" => Text::fixed(
            "服务器缺少受信任的根证书，请联系管理员。",
            "The server has no root certificates to trust; tell its administrator.",
        ),
        _ => Text::fixed("无法连接接收方。", "The receiver could not be reached."),
    }
}

fn view(call: &call::Call, row: Subscription) -> Result<SubscriptionView> {
    let path = format!("/v1/subscriptions/{}", row.id);
    let area = match &row.area {
        Some(bytes) => {
            let mut text = Vec::new();
            wkb::to_geojson(bytes, 9, &mut text).map_err(Error::internal)?;
            let text = String::from_utf8(text).map_err(Error::internal)?;
            Some(RawValue::from_string(text).map_err(Error::internal)?)
        }
        None => None,
    };
    let paused = row.paused_because.zip(row.paused_at).map(|(code, since)| {
        let text = because(&code, call.app());
        PausedView { because: code, because_zh: text.zh.into_owned(), because_en: text.en.into_owned(), since }
    });
    Ok(SubscriptionView {
        id: row.id,
        name: row.name,
        key_id: row.key_id,
        url: row.url,
        division: row.division_code,
        subject: row.subject_register.zip(row.subject_id).map(|(register, id)| WatchedRecord { register, id }),
        area,
        kinds: row.kinds,
        status: if row.status == "active" { SubscriptionStatus::Active } else { SubscriptionStatus::Paused },
        paused,
        created_at: row.created_at,
        scanned: row.scanned_seq,
        waiting: row.waiting,
        links: vec![link(call, "self", &path), link(call, "deliveries", &format!("{path}/deliveries"))],
    })
}

// ---- operations ----

/// Subscribe to changes
///
/// Each change that fits is sent to `url` as a POST, signed with the secret that this answer shows once, and tried until
/// it is acknowledged with 2xx: after one second, then twice as long each time, up to an hour. Changes of one record
/// come one after the other, in the order of the feed. The body is the change as in `GET /v1/changes`; the headers are
/// `Jingtu-Delivery` (the same through all attempts), `Jingtu-Subscription`, and `Jingtu-Signature: t=<seconds>,v1=<hex>`,
/// where `v1` is HMAC-SHA256 under the secret over `t`, a dot, and the body. The secret is stored as it is, because
/// signing needs it; the answer that is kept for the same `Idempotency-Key` has none, so a repeated request is answered
/// with `secret` null. A subscriber is told what the key may read at the time.
#[utoipa::path(
    post, path = "/v1/subscriptions", operation_id = "create_subscription", tag = "changes",
    request_body = NewSubscriptionBody,
    responses((status = 201, description = "The subscription, with its secret", body = NewSubscriptionView)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn create_subscription(call: call::Call, Body(body): Body<NewSubscriptionBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SubscriptionManage).await?;
    let new = body.read()?;
    let (id, secret) = super::create(&mut act, new).await?;
    let row = super::select_in(act.tx(), id).await?;
    let revision = row.revision;
    let mut view = NewSubscriptionView {
        subscription: view(&call, row)?,
        secret: Some(secret),
        secret_note_zh: None,
        secret_note_en: None,
    };
    let made = |view: &NewSubscriptionView| {
        Ok::<_, Error>(
            Reply::json(view)?
                .created(call.address(&format!("/v1/subscriptions/{id}")))
                .revision(revision)
                .with_header(header::CACHE_CONTROL, "no-store"),
        )
    };
    let reply = made(&view)?;
    view.secret = None;
    view.secret_note_zh = Some("密钥只在首次应答中显示；遗失的，请删除此订阅并新建。");
    view.secret_note_en =
        Some("The secret was in the first answer only; if it is lost, end this subscription and make another.");
    let kept = made(&view)?;
    Ok(act.finish_showing_once(reply, &kept).await?)
}

/// Which subscriptions.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SubscriptionParams {
    /// Subscriptions of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// List subscriptions
///
/// One's own; auditors and administrators see all.
#[utoipa::path(
    get, path = "/v1/subscriptions", operation_id = "list_subscriptions", tag = "changes",
    params(SubscriptionParams),
    responses((status = 200, description = "A page of subscriptions", body = SubscriptionList)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn list_subscriptions(call: call::Call, Params(params): Params<SubscriptionParams>) -> Result<Reply, Stop> {
    call.caller().require(Permission::SubscriptionManage)?;
    let limit = paging::limit(params.limit)?;
    let mark = format!("subscriptions {}", call.caller().mark());
    let after = Cursor::key(params.cursor.as_deref(), &mark)?;
    let mut rows = select(call.app().db(), call.caller(), None, after, i64::from(limit) + 1).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| last.id.to_string()) {
        links.push(link(&call, "next", &format!("/v1/subscriptions?limit={limit}&cursor={cursor}")));
    }
    let subscriptions = rows.into_iter().map(|row| view(&call, row)).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&SubscriptionList { number_returned: subscriptions.len(), subscriptions, links })?)
}

/// A subscription that this caller may see.
async fn find(call: &call::Call, id: &str) -> Result<Subscription> {
    call.caller().require(Permission::SubscriptionManage)?;
    let id = read_id(id)?;
    select(call.app().db(), call.caller(), Some(id), None, 1).await?.pop().ok_or_else(not_found)
}

fn read_id(id: &str) -> Result<SubscriptionId> {
    id.parse().map_err(|_| not_found())
}

/// Read a subscription
///
/// Its secret is not shown again.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}", operation_id = "get_subscription", tag = "changes",
    params(("id" = Uuid, Path, description = "Identifier of the subscription")),
    responses((status = 200, description = "The subscription", body = SubscriptionView)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn get_subscription(call: call::Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    let revision = row.revision;
    Ok(Reply::json(&view(&call, row)?)?.revision_as_shown(revision))
}

/// Pause, resume, move or rename a subscription
///
/// A paused subscription keeps its place: resumed, it is told of all that came meanwhile.
#[utoipa::path(
    patch, path = "/v1/subscriptions/{id}", operation_id = "change_subscription", tag = "changes",
    params(
        ("id" = Uuid, Path, description = "Identifier of the subscription"),
        ("If-Match" = String, Header, description = "The subscription's ETag")
    ),
    request_body = SubscriptionPatch,
    responses((status = 200, description = "The subscription as it is now", body = SubscriptionView)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn change_subscription(
    call: call::Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<SubscriptionPatch>,
) -> Result<Reply, Stop> {
    let id = read_id(&id)?;
    let mut act = call.begin(Permission::SubscriptionManage).await?;
    let changes = Changes {
        name: patch.name,
        url: patch.url,
        paused: patch.status.map(|status| status == SubscriptionStatus::Paused),
    };
    super::change(&mut act, id, revision, changes).await?;
    let row = super::select_in(act.tx(), id).await?;
    let revision = row.revision;
    let reply = Reply::json(&view(&call, row)?)?.revision_as_shown(revision);
    Ok(act.finish(reply).await?)
}

/// End a subscription
///
/// For good; what is waiting is not sent.
#[utoipa::path(
    delete, path = "/v1/subscriptions/{id}", operation_id = "end_subscription", tag = "changes",
    params(
        ("id" = Uuid, Path, description = "Identifier of the subscription"),
        ("If-Match" = String, Header, description = "The subscription's ETag")
    ),
    responses((status = 204, description = "Ended")),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn end_subscription(call: call::Call, Path(id): Path<String>, IfMatch(revision): IfMatch) -> Result<Reply, Stop> {
    let id = read_id(&id)?;
    let mut act = call.begin(Permission::SubscriptionManage).await?;
    super::end(&mut act, id, revision).await?;
    Ok(act.finish(Reply::nothing()).await?)
}

/// Send again from a change on
///
/// Every change above `after` that fits is sent anew, in new deliveries, in the order of the feed. What is still waiting
/// of them is cancelled first, so that none is sent twice over.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/replay", operation_id = "replay_subscription", tag = "changes",
    params(("id" = Uuid, Path, description = "Identifier of the subscription")),
    request_body = ReplayBody,
    responses((status = 200, description = "The subscription, back at that place", body = SubscriptionView)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn replay_subscription(
    call: call::Call,
    Path(id): Path<String>,
    Body(body): Body<ReplayBody>,
) -> Result<Reply, Stop> {
    let id = read_id(&id)?;
    let mut act = call.begin(Permission::SubscriptionManage).await?;
    super::replay(&mut act, id, body.after).await?;
    let row = super::select_in(act.tx(), id).await?;
    let reply = Reply::json(&view(&call, row)?)?;
    Ok(act.finish(reply).await?)
}

/// Which deliveries.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryParams {
    /// Only those that are this far.
    state: Option<DeliveryState>,
    /// Deliveries of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// Follow the deliveries of a subscription
///
/// What was sent, what is waiting, how often it was tried and why that failed. The newest first.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}/deliveries", operation_id = "list_deliveries", tag = "changes",
    params(("id" = Uuid, Path, description = "Identifier of the subscription"), DeliveryParams),
    responses((status = 200, description = "A page of deliveries", body = DeliveryList)),
    extensions(("x-permission" = json!("subscription.manage")))
)]
async fn list_deliveries(
    call: call::Call,
    Path(id): Path<String>,
    Params(params): Params<DeliveryParams>,
) -> Result<Reply, Stop> {
    let subscription = find(&call, &id).await?.id;
    let limit = paging::limit(params.limit)?;
    let state = params.state.map(DeliveryState::as_str);
    let mark = format!("deliveries {subscription} state={}", state.unwrap_or("all"));
    let before = match &params.cursor {
        Some(cursor) => {
            let key = Cursor::read(cursor, &mark)?;
            key.split_once('.')
                .and_then(|(run, seq)| Some((run.parse().ok()?, seq.parse().ok()?)))
                .ok_or_else(Cursor::refused)?
        }
        None => (i32::MAX, i64::MAX),
    };
    let mut rows = deliveries(call.app().db(), subscription, state, before, i64::from(limit) + 1).await?;
    let mut links = Vec::new();
    if let Some(cursor) = Cursor::behind(&mut rows, limit, &mark, |last| format!("{}.{}", last.run, last.seq)) {
        let filter = state.map(|state| format!("&state={state}")).unwrap_or_default();
        let path = format!("/v1/subscriptions/{subscription}/deliveries?limit={limit}{filter}&cursor={cursor}");
        links.push(link(&call, "next", &path));
    }
    let deliveries = rows.into_iter().map(delivery).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&DeliveryList { number_returned: deliveries.len(), deliveries, links })?)
}

fn delivery(row: DeliveryRow) -> Result<DeliveryView> {
    let state = DeliveryState::ALL
        .into_iter()
        .find(|state| state.as_str() == row.state)
        .ok_or_else(|| Error::internal(format!("delivery {} has the unknown state {}", row.id, row.state)))?;
    let last_error = row.last_error.map(|code| {
        let text = why_failed(&code, row.last_status);
        DeliveryError { code, message_zh: text.zh.into_owned(), message_en: text.en.into_owned() }
    });
    Ok(DeliveryView {
        id: row.id,
        seq: row.seq,
        kind: row.kind,
        subject: WatchedRecord { register: row.register, id: row.subject_id },
        subject_code: row.subject_code,
        run: row.run,
        state,
        attempts: row.attempts,
        created_at: row.created_at,
        next_attempt_at: (state == DeliveryState::Waiting).then_some(row.next_at),
        last_attempt_at: row.last_attempt_at,
        last_status: row.last_status,
        last_error,
        delivered_at: row.delivered_at,
    })
}
