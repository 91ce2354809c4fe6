//! Makes deliveries of changes and takes them to their subscribers. Every server runs one; they share the work.
//!
//! A delivery's row stays locked in the database while an attempt is under way, and is not committed as delivered before
//! the subscriber has acknowledged. When a server dies, the database gives its rows back at once, and another server
//! tries again. All other times are those of the application's clock.

use super::address::{self, Careful, Refused};
use super::signature::sign;
use super::{Pause, subject_of};
use crate::kernel::{ActId, ChangeId, Day, DeliveryId, Error, KeyId, Kind, Result, SubscriptionId};
use crate::platform::identity::keys;
use crate::platform::outbox::CHANNEL;
use crate::platform::outbox::view::{ChangeView, Row};
use crate::platform::{Act, App, Caller, Permission, Reply, Scope};
use chrono::{DateTime, Duration, Utc};
use futures_util::future::{join, join_all};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::{PgConnection, Postgres, Transaction};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// Attempts under way at once; each holds a connection to the database.
const LANES: usize = 4;
/// Deliveries that a lane takes up in one turn.
const TURN: usize = 50;
/// Changes looked at for a subscription in one statement.
const BATCH: i64 = 5_000;
/// Seconds before the second attempt; each later pause is twice as long.
const FIRST_BACKOFF_S: i32 = 1;
/// Seconds between two attempts at most.
const LONGEST_BACKOFF_S: i32 = 3600;
/// How long the worker sleeps when nobody knocks: at most, and at least.
const POLL_MS: (i64, i64) = (5_000, 250);

/// What takes deliveries to subscribers.
pub struct Courier {
    app: App,
    /// For https; made when it is first needed, from the root certificates of the machine.
    secure: OnceLock<std::result::Result<Client, String>>,
    /// For plain http to loopback; needs no certificates.
    plain: OnceLock<std::result::Result<Client, String>>,
    stopping: AtomicBool,
    stopped: Notify,
    /// One for each lane: there may be something to attempt.
    made: [Notify; LANES],
}

/// Makes the deliveries that are to be made, and attempts every one that is due; gives how many attempts that were.
///
/// # Errors
/// When the database cannot be reached. What is wrong with a subscriber is its deliveries' state, not an error.
pub async fn pump(app: &App) -> Result<usize> {
    Courier::new(app).pump().await
}

/// Takes deliveries to subscribers until `stop` comes to its end; attempts under way are then brought to theirs. It
/// wakes when something changes, and when a delivery is due.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    let courier = Courier::new(&app);
    let work = courier.keep_working();
    tokio::pin!(stop, work);
    tokio::select! {
        () = &mut stop => {}
        () = &mut work => return,
    }
    courier.stopping.store(true, Ordering::Relaxed);
    courier.stopped.notify_one();
    courier.call_lanes();
    work.await;
}

impl Courier {
    /// A courier. Nothing is opened yet.
    pub fn new(app: &App) -> Courier {
        Courier {
            app: app.clone(),
            secure: OnceLock::new(),
            plain: OnceLock::new(),
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
            made: std::array::from_fn(|_| Notify::new()),
        }
    }

    /// Deliveries are made beside the lanes, and each lane goes on by itself: a subscriber that takes its time over an
    /// answer holds up the lane that is with it, and nothing else.
    async fn keep_working(&self) {
        join(self.keep_making(), join_all((0..LANES).map(|lane| self.keep_carrying(lane)))).await;
    }

    fn call_lanes(&self) {
        for lane in &self.made {
            lane.notify_one();
        }
    }

    /// Makes deliveries whenever somebody knocks, and now and then.
    async fn keep_making(&self) {
        let pause = std::time::Duration::from_millis(POLL_MS.0.unsigned_abs());
        let mut listener = None;
        while !self.stopping.load(Ordering::Relaxed) {
            if listener.is_none() {
                listener = listen(&self.app).await;
            }
            if let Err(error) = self.make_deliveries().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "deliveries cannot be made");
            }
            // A knock may be about an address or a pause as well, of deliveries that are there already.
            self.call_lanes();
            let knocked = async {
                match &mut listener {
                    // An error means that the connection is gone: listen anew after the pause.
                    Some(open) => open.recv().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                heard = knocked => heard,
                () = self.stopped.notified() => true,
                () = tokio::time::sleep(pause) => true,
            };
            if !heard {
                listener = None;
                tokio::select! {
                    () = self.stopped.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }

    /// Takes turns of one lane, and sleeps while nothing is due.
    async fn keep_carrying(&self, lane: usize) {
        while !self.stopping.load(Ordering::Relaxed) {
            let pause = match self.carry(lane).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, lane, "deliveries cannot be attempted");
                    Some(std::time::Duration::from_millis(POLL_MS.0.unsigned_abs()))
                }
            };
            if let Some(pause) = pause {
                tokio::select! {
                    () = self.made[lane].notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }

    /// One turn of a lane; gives how long to sleep after it, `None` where there is more to do.
    async fn carry(&self, lane: usize) -> Result<Option<std::time::Duration>> {
        if self.lane(lane).await?.more {
            return Ok(None);
        }
        let due = sqlx::query_scalar!(
            "select min(greatest(first.next_at, p.rests_until))
             from platform_subscription s
                 join platform_subscription_progress p on p.subscription_id = s.id
                 cross join lateral (
                    select d.next_at from platform_delivery d
                    where d.subscription_id = s.id and d.state = 'waiting'
                      and not exists (
                         select 1 from platform_delivery e
                         where e.subscription_id = d.subscription_id and e.register = d.register
                           and e.subject_id = d.subject_id and e.state = 'waiting' and e.seq < d.seq)
                    order by d.next_at limit 1) first
             where s.status = 'active'"
        )
        .fetch_one(self.app.db())
        .await?;
        let (longest, shortest) = POLL_MS;
        let left = due.map_or(longest, |due| (due - self.app.clock().now()).num_milliseconds());
        Ok(Some(std::time::Duration::from_millis(left.clamp(shortest, longest).unsigned_abs())))
    }

    /// As [`pump`], with this courier's connections.
    ///
    /// # Errors
    /// As [`pump`]. What the other lanes have under way is brought to its end before.
    pub async fn pump(&self) -> Result<usize> {
        let mut attempts = 0;
        loop {
            self.make_deliveries().await?;
            let mut more = false;
            let mut failed = Vec::new();
            for turn in join_all((0..LANES).map(|lane| self.lane(lane))).await {
                match turn {
                    Ok(turn) => {
                        attempts += turn.attempts;
                        more |= turn.more;
                    }
                    Err(error) => failed.push(error),
                }
            }
            first_of(failed)?;
            if !more {
                return Ok(attempts);
            }
        }
    }

    // ---- from changes to deliveries ----

    /// Looks at every change that a subscription has not been asked about yet.
    async fn make_deliveries(&self) -> Result<()> {
        let behind = sqlx::query!(
            r#"select s.id as "id: SubscriptionId", s.key_id as "key_id: KeyId"
               from platform_subscription s join platform_subscription_progress p on p.subscription_id = s.id
               where s.status = 'active' and p.scanned_seq < (select max(seq) from platform_outbox)
               order by s.id"#
        )
        .fetch_all(self.app.db())
        .await?;
        // A batch of each, round after round: one with much to look at does not keep the others waiting.
        let mut left: Vec<_> = behind.into_iter().map(|behind| (behind.id, behind.key_id)).collect();
        let mut failed = Vec::new();
        while !left.is_empty() && !self.stopping.load(Ordering::Relaxed) {
            let mut more = Vec::new();
            for (id, key) in left {
                match self.look(id, key).await {
                    Ok(true) => more.push((id, key)),
                    Ok(false) => {}
                    Err(error) => failed.push(error),
                }
            }
            self.call_lanes();
            left = more;
        }
        first_of(failed)
    }

    /// Looks at a batch of changes for a subscription. Gives whether there may be more.
    async fn look(&self, id: SubscriptionId, key: KeyId) -> Result<bool> {
        let reader = self.reader(&mut *self.app.db().acquire().await?, key).await?;
        match reader {
            Some(reader) => self.scan(id, &reader.scope(Permission::ChangeRead)).await,
            None => {
                self.pause(id, Pause::KeyNotValid).await?;
                Ok(false)
            }
        }
    }

    /// Who a key's holder is now; `None` when the key was revoked or has expired.
    async fn reader(&self, conn: &mut PgConnection, key: KeyId) -> Result<Option<Caller>> {
        match keys::recall(conn, key, self.app.today()).await {
            Ok(caller) => Ok(Some(caller)),
            Err(error) if error.kind() == Kind::Unauthenticated => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the deliveries of the next changes of a subscription, and remembers how far it looked: one statement, so
    /// both or neither. A change of a record whose earlier one waits for its next attempt waits with it. Gives whether
    /// there may be more. Where another server is at it, there is nothing to do.
    async fn scan(&self, id: SubscriptionId, scope: &Scope) -> Result<bool> {
        let now = self.app.clock().now();
        let looked = sqlx::query_scalar!(
            r#"with held as (
                select subscription_id, scanned_seq, run from platform_subscription_progress
                where subscription_id = $1 for no key update skip locked),
               span as (
                select h.*, least(h.scanned_seq + $2, (select coalesce(max(seq), 0) from platform_outbox)) as until from held h),
               moved as (
                update platform_subscription_progress p set scanned_seq = span.until
                from span where p.subscription_id = span.subscription_id and span.until > span.scanned_seq
                returning span.until - span.scanned_seq as looked),
               made as (
                insert into platform_delivery (id, subscription_id, run, seq, register, subject_id, created_at, next_at)
                select platform_uuid_v7($3), s.id, span.run, o.seq, o.register, o.subject_id, $3,
                       greatest($3, (select e.next_at from platform_delivery e
                                     where e.subscription_id = s.id and e.register = o.register
                                       and e.subject_id = o.subject_id and e.state = 'waiting'
                                     order by e.seq limit 1))
                from span
                    join platform_subscription s on s.id = span.subscription_id
                    join platform_outbox o on o.seq > span.scanned_seq and o.seq <= span.until
                where ($4::text[] is null or o.division_code = any($4))
                  and ($5::text is null or o.owner_credit_code = $5)
                  and (not $6 or o.public)
                  and (s.kinds is null or o.kind = any(s.kinds))
                  and (s.division_code is null
                       or o.division_code in (select d.code from division d where d.ancestors @> array[s.division_code]))
                  and (s.subject_id is null or (o.register = s.subject_register and o.subject_id = s.subject_id))
                  and (s.area is null or st_intersects(o.place, s.area)))
               select looked as "looked!" from moved"#,
            id as SubscriptionId,
            BATCH,
            now,
            scope.divisions(),
            scope.own_credit_code(),
            scope.is_public(),
        )
        .fetch_optional(self.app.db())
        .await?;
        Ok(looked.is_some_and(|looked| looked >= BATCH))
    }

    /// Pauses a subscription for a reason that lies in it.
    async fn pause(&self, id: SubscriptionId, why: Pause) -> Result<()> {
        let mut act = Act::operator(&self.app, Permission::SubscriptionManage).await?;
        let now = act.now();
        let paused = sqlx::query!(
            "update platform_subscription set status = 'paused', paused_because = $2, paused_at = $3
             where id = $1 and status = 'active'",
            id as SubscriptionId,
            why.as_str(),
            now,
        )
        .execute(act.tx())
        .await?;
        if paused.rows_affected() == 0 {
            return act.abandon().await;
        }
        tracing::warn!(subscription = %id, because = why.as_str(), "a subscription is paused");
        act.note(subject_of(id), json!({"paused": true, "because": why.as_str()}));
        act.finish(Reply::nothing()).await?;
        Ok(())
    }

    // ---- from deliveries to subscribers ----

    /// A turn: attempts what is due, one after the other, until nothing is or the turn is over. Lanes begin at different
    /// subscribers, so that a slow one does not hold them all.
    async fn lane(&self, lane: usize) -> Result<Turn> {
        let mut attempts = 0;
        'next: for taken in 0..TURN {
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(Turn { attempts, more: false });
            }
            let mut tx = self.app.transaction("begin").await?;
            let mut due = due(&mut tx, self.app.clock().now()).await?;
            let first = (lane + taken) % due.len().max(1);
            due.rotate_left(first);
            for subscription in due {
                if let Some(claim) = claim(&mut tx, subscription, self.app.clock().now()).await? {
                    attempts += usize::from(self.one(tx, claim).await?);
                    continue 'next;
                }
            }
            return Ok(Turn { attempts, more: false });
        }
        Ok(Turn { attempts, more: true })
    }

    /// One delivery, from its claim to its note. Gives whether there was an attempt.
    async fn one(&self, mut tx: Transaction<'static, Postgres>, claim: Claim) -> Result<bool> {
        let Some(reader) = self.reader(&mut tx, claim.key_id).await? else {
            tx.rollback().await?;
            self.pause(claim.subscription_id, Pause::KeyNotValid).await?;
            return Ok(false);
        };
        if !claim.row.is_for(&reader.scope(Permission::ChangeRead)) {
            sqlx::query!("update platform_delivery set state = 'withheld' where id = $1", claim.id as DeliveryId)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            return Ok(false);
        }
        let body = serde_json::to_vec(&ChangeView::from(claim.row.clone())).map_err(Error::internal)?;
        let sent_at = self.app.clock().now();
        let outcome = self.send(&claim, sent_at, body).await;
        let now = self.app.clock().now();
        match outcome {
            Outcome::Acknowledged(status) => {
                sqlx::query!(
                    "update platform_delivery
                     set state = 'delivered', delivered_at = $2, attempts = attempts + 1, last_attempt_at = $3,
                         last_status = $4, last_error = null
                     where id = $1",
                    claim.id as DeliveryId,
                    now,
                    sent_at,
                    i32::from(status),
                )
                .execute(&mut *tx)
                .await?;
                // What follows takes other locks, and this one's are given back before.
                tx.commit().await?;
                self.back(&claim, now).await?;
            }
            Outcome::Failed { status, error } => {
                let backoff_s = next_backoff(claim.backoff_s);
                let next_at = now + Duration::seconds(i64::from(backoff_s));
                let since = claim.failing_since.unwrap_or(sent_at);
                sqlx::query!(
                    "update platform_delivery
                     set attempts = attempts + 1, backoff_s = $2, next_at = $3, failing_since = $4, last_attempt_at = $5,
                         last_status = $6, last_error = $7
                     where id = $1",
                    claim.id as DeliveryId,
                    backoff_s,
                    next_at,
                    since,
                    sent_at,
                    status.map(i32::from),
                    error.as_str(),
                )
                .execute(&mut *tx)
                .await?;
                tx.commit().await?;
                tracing::info!(delivery = %claim.id, status, error = error.as_str(), "not acknowledged");
                self.not_back(&claim, error, sent_at, now, next_at).await?;
                if now - since >= Duration::days(i64::from(self.app.config().webhook_give_up_days)) {
                    self.pause(claim.subscription_id, Pause::Undelivered).await?;
                }
            }
        }
        Ok(true)
    }

    /// After an acknowledgement: a receiver that could not be reached before is there again, and need not wait out its
    /// pauses; nor need what was never attempted because it came after them.
    async fn back(&self, claim: &Claim, now: DateTime<Utc>) -> Result<()> {
        let was_away = sqlx::query!(
            "update platform_subscription_progress set failures = 0, rests_until = null
             where subscription_id = $1 and failures > 0",
            claim.subscription_id as SubscriptionId
        )
        .execute(self.app.db())
        .await?;
        if was_away.rows_affected() > 0 {
            sqlx::query!(
                "update platform_delivery set next_at = $2, backoff_s = 0
                 where id in (select id from platform_delivery
                              where subscription_id = $1 and state = 'waiting' and next_at > $2
                                and (last_error is null or last_error = 'not_reached')
                              for update skip locked)",
                claim.subscription_id as SubscriptionId,
                now,
            )
            .execute(self.app.db())
            .await?;
        }
        Ok(())
    }

    /// After a failure: later changes of the record would wait anyway, and need not be looked at. A receiver that gives
    /// no answer at all rests, so that it does not keep the others waiting.
    async fn not_back(
        &self,
        claim: &Claim,
        error: Failure,
        sent_at: DateTime<Utc>,
        now: DateTime<Utc>,
        next_at: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query!(
            "update platform_delivery set next_at = $5
             where id in (select id from platform_delivery
                          where subscription_id = $1 and register = $2 and subject_id = $3 and state = 'waiting'
                            and seq > $4 and next_at < $5
                          for update skip locked)",
            claim.subscription_id as SubscriptionId,
            claim.row.register,
            claim.row.subject_id,
            claim.row.seq,
            next_at,
        )
        .execute(self.app.db())
        .await?;
        if error == Failure::HttpStatus {
            sqlx::query!(
                "update platform_subscription_progress set failures = 0, rests_until = null
                 where subscription_id = $1 and failures > 0",
                claim.subscription_id as SubscriptionId
            )
            .execute(self.app.db())
            .await?;
            return Ok(());
        }
        // Attempts that ran side by side count as one.
        sqlx::query!(
            "update platform_subscription_progress
             set failures = failures + 1,
                 rests_until = $3::timestamptz + make_interval(secs => least($4::float8, $5::float8 * 2 ^ least(failures, 20)))
             where subscription_id = $1 and (rests_until is null or rests_until <= $2)",
            claim.subscription_id as SubscriptionId,
            sent_at,
            now,
            f64::from(LONGEST_BACKOFF_S),
            f64::from(FIRST_BACKOFF_S),
        )
        .execute(self.app.db())
        .await?;
        Ok(())
    }

    /// Sends it, signed, and hears what the subscriber says.
    async fn send(&self, claim: &Claim, at: DateTime<Utc>, body: Vec<u8>) -> Outcome {
        let failed = |error| Outcome::Failed { status: None, error };
        // The operator's setting may have changed since the subscription was made.
        let Ok(url) = address::judge(&claim.url, self.app.config().webhook_http_loopback) else {
            return failed(Failure::AddressRefused);
        };
        let client = match self.client(&url) {
            Ok(client) => client,
            Err(why) => {
                tracing::error!(why, "no client for deliveries");
                return failed(Failure::NoCertificates);
            }
        };
        let sent = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("Jingtu-Delivery", claim.id.to_string())
            .header("Jingtu-Subscription", claim.subscription_id.to_string())
            .header("Jingtu-Signature", sign(&claim.secret, at.timestamp(), &body))
            .body(body)
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_success() => Outcome::Acknowledged(response.status().as_u16()),
            Ok(response) => Outcome::Failed { status: Some(response.status().as_u16()), error: Failure::HttpStatus },
            Err(error) => failed(Failure::of(&error)),
        }
    }

    /// The client for an address, or why there is none.
    fn client(&self, url: &Url) -> std::result::Result<&Client, &String> {
        let config = self.app.config();
        let frame = || {
            Client::builder()
                .user_agent(concat!("Jingtu/", env!("CARGO_PKG_VERSION")))
                // A subscriber is where it said; what it redirects to nobody has judged.
                .redirect(Policy::none())
                .no_proxy()
                .timeout(std::time::Duration::from_millis(u64::from(config.webhook_timeout_ms)))
                .dns_resolver(Arc::new(Careful { loopback: config.webhook_http_loopback }))
        };
        let said = |error: reqwest::Error| format!("{error:?}");
        if url.scheme() == "https" {
            self.secure.get_or_init(|| frame().https_only(true).build().map_err(said)).as_ref()
        } else {
            self.plain.get_or_init(|| frame().tls_certs_only([]).build().map_err(said)).as_ref()
        }
    }
}

/// What a lane did in a turn.
struct Turn {
    attempts: usize,
    /// The turn was over before the work was.
    more: bool,
}

/// The first of several failures; the others are noted.
fn first_of(failed: Vec<Error>) -> Result<()> {
    let mut failed = failed.into_iter();
    let Some(first) = failed.next() else { return Ok(()) };
    for other in failed {
        tracing::warn!(error = &other as &dyn std::error::Error, "deliveries failed");
    }
    Err(first)
}

/// What came of an attempt.
enum Outcome {
    /// 2xx.
    Acknowledged(u16),
    /// Anything else.
    Failed { status: Option<u16>, error: Failure },
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// An answer that is not 2xx, a redirect among them.
    HttpStatus,
    /// No answer in time.
    TimedOut,
    /// No connection.
    NotReached,
    /// The address is one that the server does not connect to.
    AddressRefused,
    /// The machine has no certificates to trust.
    NoCertificates,
}

impl Failure {
    const fn as_str(self) -> &'static str {
        match self {
            Failure::HttpStatus => "http_status",
            Failure::TimedOut => "timed_out",
            Failure::NotReached => "not_reached",
            Failure::AddressRefused => "address_refused",
            Failure::NoCertificates => "no_certificates",
        }
    }

    fn of(error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            return Failure::TimedOut;
        }
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            if inner.is::<Refused>() {
                return Failure::AddressRefused;
            }
            cause = inner.source();
        }
        Failure::NotReached
    }
}

/// One second, then twice as long each time, up to an hour.
fn next_backoff(last_s: i32) -> i32 {
    last_s.saturating_mul(2).clamp(FIRST_BACKOFF_S, LONGEST_BACKOFF_S)
}

/// A delivery that is due, its row locked.
struct Claim {
    id: DeliveryId,
    subscription_id: SubscriptionId,
    key_id: KeyId,
    url: String,
    secret: String,
    backoff_s: i32,
    failing_since: Option<DateTime<Utc>>,
    row: Row,
}

/// The subscriptions that have something to be attempted, the longest due first.
async fn due(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<SubscriptionId>> {
    Ok(sqlx::query_scalar!(
        r#"select s.id as "id: SubscriptionId"
           from platform_subscription s
               join platform_subscription_progress p on p.subscription_id = s.id
               cross join lateral (
                  select d.next_at from platform_delivery d
                  where d.subscription_id = s.id and d.state = 'waiting' and d.next_at <= $1
                    and not exists (
                       select 1 from platform_delivery e
                       where e.subscription_id = d.subscription_id and e.register = d.register
                         and e.subject_id = d.subject_id and e.state = 'waiting' and e.seq < d.seq)
                  order by d.next_at limit 1) first
           where s.status = 'active' and (p.rests_until is null or p.rests_until <= $1)
           order by first.next_at, s.id"#,
        now,
    )
    .fetch_all(tx)
    .await?)
}

/// Takes the delivery of a subscription that is due longest, of those that nobody else is at. One that an earlier change
/// of its record is still waiting in front of is not due; that the earlier one is under way elsewhere is seen by its
/// state, which changes only when it is acknowledged.
async fn claim(tx: &mut PgConnection, subscription: SubscriptionId, now: DateTime<Utc>) -> Result<Option<Claim>> {
    let row = sqlx::query!(
        r#"select d.id as "id: DeliveryId", d.subscription_id as "subscription_id: SubscriptionId",
                  s.key_id as "key_id: KeyId", s.url, x.secret, d.backoff_s, d.failing_since, o.seq,
                  o.id as "change_id: ChangeId", o.act_id as "act_id: ActId", o.recorded_at, o.kind, o.register, o.subject_id,
                  o.subject_code, o.division_code, o.owner_credit_code, o.public, o.occurred_on as "occurred_on: Day", o.data
           from platform_delivery d
               join platform_subscription s on s.id = d.subscription_id
               join platform_subscription_secret x on x.subscription_id = s.id
               join platform_subscription_progress p on p.subscription_id = s.id
               join platform_outbox o on o.seq = d.seq
           where d.subscription_id = $2 and d.state = 'waiting' and d.next_at <= $1 and s.status = 'active'
             and (p.rests_until is null or p.rests_until <= $1)
             and not exists (
                select 1 from platform_delivery e
                where e.subscription_id = d.subscription_id and e.register = d.register and e.subject_id = d.subject_id
                  and e.state = 'waiting' and e.seq < d.seq)
           order by d.next_at, d.seq limit 1
           for update of d skip locked"#,
        now,
        subscription as SubscriptionId,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Claim {
        id: row.id,
        subscription_id: row.subscription_id,
        key_id: row.key_id,
        url: row.url,
        secret: row.secret,
        backoff_s: row.backoff_s,
        failing_since: row.failing_since,
        row: Row {
            seq: row.seq,
            id: row.change_id,
            act_id: row.act_id,
            recorded_at: row.recorded_at,
            kind: row.kind,
            register: row.register,
            subject_id: row.subject_id,
            subject_code: row.subject_code,
            division_code: row.division_code,
            owner_credit_code: row.owner_credit_code,
            public: row.public,
            occurred_on: row.occurred_on,
            data: row.data,
        },
    }))
}

async fn listen(app: &App) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(app.db()).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_one_second_to_an_hour() {
        let mut pauses = vec![next_backoff(0)];
        while pauses.len() < 14 {
            pauses.push(next_backoff(pauses[pauses.len() - 1]));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
    }
}
