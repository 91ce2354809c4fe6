//! Subscriptions: who is told of which changes, and where.
//!
//! A subscription belongs to the key that asked for it, and is told what that key may read at the time. Each change that
//! fits becomes one delivery ([`courier`]): a signed POST to the subscriber's address, tried until it is acknowledged
//! with 2xx. Changes of one record go out one after the other, in the order of the feed; other records do not wait.
//!
//! Nothing is given up silently. A subscriber that does not acknowledge for the operator's number of days is paused with
//! the reason, and so is one whose key was revoked or has expired. A paused subscription keeps its place.
//!
//! What a subscriber may rely on: every change that fits, at least once; the same delivery identifier through all
//! attempts; in the order of the feed for each record. A change comes twice only after a server died between the
//! subscriber's answer and the note of it, or when the answer was lost on the way.
//!
//! Subscriptions are made and changed in acts. How far each delivery is, is bookkeeping: it is not audited.

mod address;
mod courier;
mod http;
mod signature;

pub use courier::{Courier, pump, run_worker};
pub use http::routes;
pub use signature::sign;

use super::identity::keys;
use super::{Act, Caller, Permission, Scope, topology};
use crate::kernel::{Area, DivisionCode, Error, Fault, KeyId, Kind, Result, SubscriptionId, Text};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// Subscriptions of one key at most.
const MAX_PER_KEY: i64 = 100;
/// Vertices of a watched area at most.
const MAX_VERTICES: usize = 10_000;

/// Why a subscription is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// Its holder wanted it.
    Holder,
    /// Its key was revoked or has expired.
    KeyNotValid,
    /// Nobody acknowledged for too long.
    Undelivered,
}

impl Pause {
    const fn as_str(self) -> &'static str {
        match self {
            Pause::Holder => "holder",
            Pause::KeyNotValid => "key_not_valid",
            Pause::Undelivered => "undelivered",
        }
    }
}

/// What a new subscription watches, and where it is told. All that is given must hold.
struct NewSubscription {
    name: String,
    url: String,
    division: Option<DivisionCode>,
    /// Register, record, and where the request names it.
    subject: Option<(String, Uuid, &'static str)>,
    area: Option<Area>,
    kinds: Option<Vec<String>>,
    /// Changes above this number; those to come when left out.
    after: Option<i64>,
}

/// A subscription as stored, and how far it is.
struct Subscription {
    id: SubscriptionId,
    name: String,
    key_id: KeyId,
    division_code: Option<String>,
    subject_register: Option<String>,
    subject_id: Option<Uuid>,
    kinds: Option<Vec<String>>,
    url: String,
    status: String,
    paused_because: Option<String>,
    paused_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    area: Option<Vec<u8>>,
    revision: i32,
    scanned_seq: i64,
    waiting: i64,
}

fn subject_of(id: SubscriptionId) -> String {
    format!("subscription/{id}")
}

fn not_found() -> Error {
    Error::not_found("订阅", "subscription")
}

/// Makes a subscription and gives its secret, which nobody is shown again.
async fn create(act: &mut Act, new: NewSubscription) -> Result<(SubscriptionId, String)> {
    let Caller::Key(holder) = act.caller().clone() else {
        return Err(Error::new(
            Kind::Unauthenticated,
            "unauthenticated",
            Text::fixed("订阅属于一个 API 密钥。", "A subscription belongs to an API key."),
        ));
    };
    let scope = act.caller().scope(Permission::ChangeRead);
    let mut faults = Vec::new();
    faults.extend(address::judge(&new.url, act.app().config().webhook_http_loopback).err());
    faults.extend(name_fault(&new.name));
    if let Some(area) = &new.area {
        if area.vertices() > MAX_VERTICES {
            faults.push(Fault::new(
                "/area",
                "too_many_vertices",
                Text::new(
                    format!("范围的顶点不得多于 {MAX_VERTICES} 个。"),
                    format!("An area has at most {MAX_VERTICES} vertices."),
                ),
            ));
        } else {
            faults.extend(topology::fault(act.tx(), area, "/area").await?);
        }
    }
    faults.extend(watched_fault(act.tx(), &scope, &new).await?);
    let newest = newest(act.tx()).await?;
    let after = new.after.unwrap_or(newest);
    faults.extend(place_fault(after, newest));
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    // The key's row keeps two requests of one key from counting at the same time.
    sqlx::query!("select id from platform_api_key where id = $1 for no key update", holder.id as KeyId)
        .fetch_one(act.tx())
        .await?;
    let has = sqlx::query_scalar!(
        r#"select count(*) as "n!" from platform_subscription where key_id = $1 and status <> 'ended'"#,
        holder.id as KeyId
    )
    .fetch_one(act.tx())
    .await?;
    if has >= MAX_PER_KEY {
        return Err(Error::conflict(
            "too_many_subscriptions",
            Text::new(
                format!("每个密钥最多 {MAX_PER_KEY} 个订阅，请先删除不用的。"),
                format!("A key has at most {MAX_PER_KEY} subscriptions; end one first."),
            ),
        ));
    }
    let now = act.now();
    let id = SubscriptionId::new(now);
    let secret = new_secret()?;
    let (register, subject) = match &new.subject {
        Some((register, subject, _)) => (Some(register.as_str()), Some(*subject)),
        None => (None, None),
    };
    sqlx::query!(
        "insert into platform_subscription (id, name, key_id, division_code, subject_register, subject_id, kinds, url,
                                            status, created_at, area)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, st_geomfromewkb($10))",
        id as SubscriptionId,
        new.name,
        holder.id as KeyId,
        new.division.as_ref().map(DivisionCode::as_str),
        register,
        subject,
        new.kinds.as_deref(),
        new.url,
        now,
        new.area.as_ref().map(Area::to_ewkb),
    )
    .execute(act.tx())
    .await?;
    sqlx::query!(
        "insert into platform_subscription_secret (subscription_id, secret) values ($1, $2)",
        id as SubscriptionId,
        secret
    )
    .execute(act.tx())
    .await?;
    sqlx::query!(
        "insert into platform_subscription_progress (subscription_id, scanned_seq) values ($1, $2)",
        id as SubscriptionId,
        after
    )
    .execute(act.tx())
    .await?;
    wake(act.tx()).await?;
    act.note(
        subject_of(id),
        json!({"made": true, "division": new.division, "register": register, "subject": subject,
               "kinds": new.kinds, "area": new.area.is_some(), "after": after}),
    );
    Ok((id, secret))
}

/// 32 random bytes as text; the text itself is the key of the signatures.
fn new_secret() -> Result<String> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    Ok(format!("jts_{}", URL_SAFE_NO_PAD.encode(random)))
}

fn name_fault(name: &str) -> Option<Fault> {
    (name.trim().is_empty() || name.chars().count() > 200).then(|| {
        Fault::new("/name", "bad_name", Text::fixed("名称应为 1 至 200 个字符。", "A name has 1 to 200 characters."))
    })
}

fn place_fault(after: i64, newest: i64) -> Option<Fault> {
    (!(0..=newest).contains(&after)).then(|| {
        Fault::new(
            "/after",
            "no_such_place",
            Text::new(
                format!("应为 0 至 {newest} 之间的变更序号。"),
                format!("It must be the number of a change, from 0 to {newest}."),
            ),
        )
    })
}

/// The number of the last change.
async fn newest(conn: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select coalesce(max(seq), 0) as "seq!" from platform_outbox"#).fetch_one(conn).await?)
}

/// What is watched must be there and be the caller's to see: a slip of the pen would be silence for ever.
async fn watched_fault(conn: &mut PgConnection, scope: &Scope, new: &NewSubscription) -> Result<Option<Fault>> {
    if let Some(code) = &new.division {
        let known =
            sqlx::query_scalar!(r#"select exists(select 1 from division where code = $1) as "known!""#, code.as_str());
        if !known.fetch_one(&mut *conn).await? {
            return Ok(Some(Fault::new(
                "/division",
                "unknown_division",
                Text::new(format!("没有区划 {code}。"), format!("There is no division {code}.")),
            )));
        }
    }
    let Some((register, id, pointer)) = &new.subject else { return Ok(None) };
    let there =
        match register.as_str() {
            "site" => sqlx::query_scalar!(
                r#"select exists(select 1 from site where id = $1 and ($2::text[] is null or division_code = any($2))
                       and ($3::text is null or land_user_credit_code = $3) and (not $4 or in_directory)) as "there!""#,
                id,
                scope.divisions(),
                scope.own_credit_code(),
                scope.is_public(),
            )
            .fetch_one(conn)
            .await?,
            "land_check" => {
                let departments = !scope.is_public() && scope.own_credit_code().is_none();
                sqlx::query_scalar!(
                    r#"select $3 and exists(select 1 from land_check where id = $1
                       and ($2::text[] is null or division_code = any($2))) as "there!""#,
                    id,
                    scope.divisions(),
                    departments,
                )
                .fetch_one(conn)
                .await?
            }
            _ => true,
        };
    Ok((!there).then(|| {
        Fault::new(
            *pointer,
            "unknown_record",
            Text::fixed("没有此记录，或您无权查看。", "There is no such record, or you may not see it."),
        )
    }))
}

/// Wakes the servers, once the act has lasted.
async fn wake(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_notify($1, '')", super::outbox::CHANNEL).fetch_one(conn).await?;
    Ok(())
}

/// What a holder changes about its subscription; what is left out stays.
#[derive(Default)]
struct Changes {
    name: Option<String>,
    url: Option<String>,
    /// Whether it is to be paused, else resumed.
    paused: Option<bool>,
}

/// Changes, pauses or resumes a subscription.
async fn change(act: &mut Act, id: SubscriptionId, revision: i32, changes: Changes) -> Result<()> {
    let row = to_keep(act, id, Some(revision)).await?;
    let mut faults = Vec::new();
    faults.extend(changes.name.as_deref().and_then(name_fault));
    if let Some(url) = &changes.url {
        faults.extend(address::judge(url, act.app().config().webhook_http_loopback).err());
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let now = act.now();
    let resumed = changes.paused == Some(false) && row.status == "paused";
    if resumed {
        let today = act.today();
        keys::recall(&mut *act.tx(), row.key_id, today).await.map_err(|error| match error.kind() {
            Kind::Unauthenticated => Error::conflict(
                "key_not_valid",
                Text::fixed(
                    "此订阅所属的密钥已撤销或已过期，请用有效密钥新建订阅。",
                    "The key of this subscription was revoked or has expired; make a new one with a valid key.",
                ),
            ),
            _ => error,
        })?;
    }
    let status = match changes.paused {
        None => row.status.clone(),
        Some(true) => "paused".to_owned(),
        Some(false) => "active".to_owned(),
    };
    let newly_paused = status == "paused" && row.status != "paused";
    sqlx::query!(
        "update platform_subscription
         set name = coalesce($2, name), url = coalesce($3, url), status = $4,
             paused_because = case when $4 = 'paused' then coalesce(paused_because, $5) end,
             paused_at = case when $4 = 'paused' then coalesce(paused_at, $6) end
         where id = $1",
        id as SubscriptionId,
        changes.name,
        changes.url,
        status,
        Pause::Holder.as_str(),
        now,
    )
    .execute(act.tx())
    .await?;
    if resumed || changes.url.is_some() {
        try_at_once(act.tx(), id, now).await?;
    }
    act.note(
        subject_of(id),
        json!({"renamed": changes.name.is_some(), "moved": changes.url.is_some(), "paused": newly_paused, "resumed": resumed}),
    );
    Ok(())
}

/// A subscriber that is back, or somewhere else, is tried at once, and its patience begins anew.
async fn try_at_once(conn: &mut PgConnection, id: SubscriptionId, now: DateTime<Utc>) -> Result<()> {
    // What is under way is locked, and has its turn already.
    sqlx::query!(
        "update platform_delivery set next_at = $2, backoff_s = 0, failing_since = null
         where id in (select id from platform_delivery where subscription_id = $1 and state = 'waiting' for update skip locked)",
        id as SubscriptionId,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update platform_subscription_progress set failures = 0, rests_until = null where subscription_id = $1",
        id as SubscriptionId
    )
    .execute(&mut *conn)
    .await?;
    wake(conn).await
}

/// Ends a subscription for good. What is still waiting is not sent.
async fn end(act: &mut Act, id: SubscriptionId, revision: i32) -> Result<()> {
    to_keep(act, id, Some(revision)).await?;
    sqlx::query!(
        "update platform_subscription set status = 'ended', paused_because = null, paused_at = null where id = $1",
        id as SubscriptionId
    )
    .execute(act.tx())
    .await?;
    sqlx::query!("delete from platform_subscription_secret where subscription_id = $1", id as SubscriptionId)
        .execute(act.tx())
        .await?;
    let cancelled = cancel_waiting(act.tx(), id, 0).await?;
    act.note(subject_of(id), json!({"ended": true, "cancelled": cancelled}));
    Ok(())
}

/// Cancels what is waiting of changes above a number. Waits for attempts that are under way.
async fn cancel_waiting(conn: &mut PgConnection, id: SubscriptionId, after: i64) -> Result<u64> {
    let cancelled = sqlx::query!(
        "update platform_delivery set state = 'cancelled' where subscription_id = $1 and state = 'waiting' and seq > $2",
        id as SubscriptionId,
        after
    );
    Ok(cancelled.execute(conn).await?.rows_affected())
}

/// Goes back: every change above `after` is looked at again and sent anew, under new delivery identifiers.
async fn replay(act: &mut Act, id: SubscriptionId, after: i64) -> Result<()> {
    let row = to_keep(act, id, None).await?;
    // Held to the end of the act, so that no delivery is made in between.
    let reached = sqlx::query_scalar!(
        "select scanned_seq from platform_subscription_progress where subscription_id = $1 for update",
        id as SubscriptionId
    )
    .fetch_one(act.tx())
    .await?;
    if let Some(fault) = place_fault(after, reached) {
        return Err(Error::invalid(vec![fault]));
    }
    let cancelled = cancel_waiting(act.tx(), id, after).await?;
    sqlx::query!(
        "update platform_subscription_progress set scanned_seq = $2, run = run + 1 where subscription_id = $1",
        id as SubscriptionId,
        after
    )
    .execute(act.tx())
    .await?;
    let now = act.now();
    try_at_once(act.tx(), id, now).await?;
    act.note(
        subject_of(id),
        json!({"replayed_after": after, "reached": reached, "cancelled": cancelled, "status": row.status}),
    );
    Ok(())
}

/// A subscription that the caller keeps, its row locked, but not its key: deliveries refer to it meanwhile.
async fn to_keep(act: &mut Act, id: SubscriptionId, revision: Option<i32>) -> Result<Kept> {
    let row = sqlx::query_as!(
        Kept,
        r#"select key_id as "key_id: KeyId", status, revision from platform_subscription
           where id = $1 and status <> 'ended' for no key update"#,
        id as SubscriptionId
    )
    .fetch_optional(act.tx())
    .await?
    .filter(|row| keeps(act.caller(), row.key_id) || sees(act.caller(), row.key_id))
    .ok_or_else(not_found)?;
    if !keeps(act.caller(), row.key_id) {
        return Err(Error::forbidden(
            "not_the_holder",
            Text::fixed(
                "只有订阅所属的密钥和系统管理员可以变更订阅。",
                "Only the key of a subscription, and administrators, may change it.",
            ),
        ));
    }
    if revision.is_some_and(|revision| revision != row.revision) {
        return Err(super::call::stale());
    }
    Ok(row)
}

/// What a change of a subscription needs to know of it.
struct Kept {
    key_id: KeyId,
    status: String,
    revision: i32,
}

fn holds(caller: &Caller, key: KeyId) -> bool {
    matches!(caller, Caller::Key(holder) if holder.id == key)
}

/// Whether the caller may change a subscription of this key.
fn keeps(caller: &Caller, key: KeyId) -> bool {
    holds(caller, key) || caller.may(Permission::KeyManage)
}

/// Whether the caller may see a subscription of this key.
fn sees(caller: &Caller, key: KeyId) -> bool {
    holds(caller, key) || caller.may(Permission::AuditRead)
}

/// Subscriptions that the caller may see, the oldest first: one of them, or those after one.
async fn select(
    db: &PgPool,
    caller: &Caller,
    only: Option<SubscriptionId>,
    after: Option<SubscriptionId>,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let own = match caller {
        Caller::Key(holder) if !caller.may(Permission::AuditRead) => Some(holder.id),
        Caller::Key(_) | Caller::Operator => None,
        Caller::Public => return Ok(Vec::new()),
    };
    rows(db, own, only, after, limit).await
}

/// The subscription that an act is about, as it is inside the act.
async fn select_in(conn: &mut PgConnection, id: SubscriptionId) -> Result<Subscription> {
    rows(conn, None, Some(id), None, 1).await?.pop().ok_or_else(not_found)
}

async fn rows(
    db: impl PgExecutor<'_>,
    own: Option<KeyId>,
    only: Option<SubscriptionId>,
    after: Option<SubscriptionId>,
    limit: i64,
) -> Result<Vec<Subscription>> {
    Ok(sqlx::query_as!(
        Subscription,
        r#"select s.id as "id: SubscriptionId", s.name, s.key_id as "key_id: KeyId", s.division_code, s.subject_register,
                  s.subject_id, s.kinds, s.url, s.status, s.paused_because, s.paused_at, s.created_at,
                  st_asbinary(s.area) as area, s.revision, p.scanned_seq,
                  (select count(*) from platform_delivery d where d.subscription_id = s.id and d.state = 'waiting') as "waiting!"
           from platform_subscription s join platform_subscription_progress p on p.subscription_id = s.id
           where s.status <> 'ended' and ($1::uuid is null or s.key_id = $1) and ($2::uuid is null or s.id = $2)
             and ($3::uuid is null or s.id > $3)
           order by s.id limit $4"#,
        own as Option<KeyId>,
        only as Option<SubscriptionId>,
        after as Option<SubscriptionId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// A delivery as its subscriber sees it.
struct DeliveryRow {
    id: crate::kernel::DeliveryId,
    run: i32,
    seq: i64,
    kind: String,
    register: String,
    subject_id: Uuid,
    subject_code: String,
    state: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    next_at: DateTime<Utc>,
    last_attempt_at: Option<DateTime<Utc>>,
    last_status: Option<i32>,
    last_error: Option<String>,
    delivered_at: Option<DateTime<Utc>>,
}

/// Deliveries of a subscription before a place (run, number), the newest first.
async fn deliveries(
    db: &PgPool,
    id: SubscriptionId,
    state: Option<&str>,
    before: (i32, i64),
    limit: i64,
) -> Result<Vec<DeliveryRow>> {
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"select d.id as "id: crate::kernel::DeliveryId", d.run, d.seq, o.kind, d.register, d.subject_id, o.subject_code,
                  d.state, d.attempts, d.created_at, d.next_at, d.last_attempt_at, d.last_status, d.last_error, d.delivered_at
           from platform_delivery d join platform_outbox o on o.seq = d.seq
           where d.subscription_id = $1 and ($2::text is null or d.state = $2) and (d.run, d.seq) < ($3, $4)
           order by d.run desc, d.seq desc limit $5"#,
        id as SubscriptionId,
        state,
        before.0,
        before.1,
        limit,
    )
    .fetch_all(db)
    .await?)
}
