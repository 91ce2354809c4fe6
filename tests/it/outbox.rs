//! What other systems are told: the feed, and deliveries to a receiver on loopback that fails when it is told to.

use crate::support::{CREDIT_CODE, World, expect, expect_response, square};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Duration, Utc};
use jingtu::config::Config;
use jingtu::kernel::{Day, KeyId};
use jingtu::platform::identity::keys;
use jingtu::platform::webhooks::{Courier, pump};
use jingtu::platform::{App, Change, Permission, Reply, Role};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgPoolOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use uuid::Uuid;

const HERE: &str = "152921";
const ELSEWHERE: &str = "140602";
/// The kind that most is told as here, of records of no register.
const MOVED: &str = "site.stage_changed";

async fn world() -> World {
    World::with(Config { webhook_http_loopback: true, ..Config::default() }).await
}

/// A change of the record number `subject`, the `nth` of it.
fn moved(subject: u128, nth: i64) -> Change {
    Change {
        kind: MOVED,
        register: "test",
        id: record(subject),
        code: format!("T{subject}"),
        division_code: HERE.to_owned(),
        owner_credit_code: None,
        public: false,
        occurred_on: Some(Day::of(2026, 11, 20)),
        data: json!({"nth": nth}),
    }
}

fn record(subject: u128) -> Uuid {
    Uuid::from_u128(0x0190_a0a0_0000_7000_8000_0000_0000_0000 + subject)
}

/// One act that tells these changes.
async fn tell(app: &App, changes: Vec<Change>) {
    let mut act = jingtu::platform::Act::operator(app, Permission::SiteEvent).await.expect("begin");
    act.note("test", json!({"changes": changes.len()}));
    for change in changes {
        act.tell(change);
    }
    act.finish(Reply::nothing()).await.expect("commit");
}

/// The feed from its beginning, page after page.
async fn feed(world: &World, key: &str, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = format!("/v1/changes?{query}");
    loop {
        let page = expect(world.get(&path).bearer_auth(key), 200).await;
        all.extend(page["changes"].as_array().expect("changes").iter().cloned());
        match next(&page) {
            Some(href) => path = href,
            None => return all,
        }
    }
}

fn next(page: &Value) -> Option<String> {
    let links = page["links"].as_array().expect("links");
    Some(links.iter().find(|link| link["rel"] == "next")?["href"].as_str().expect("href").to_owned())
}

fn seqs(changes: &[Value]) -> Vec<i64> {
    changes.iter().map(|change| change["seq"].as_i64().expect("seq")).collect()
}

// ---- a receiver ----

/// A request that the receiver got.
#[derive(Debug, Clone)]
struct Received {
    delivery: String,
    signature: String,
    body: Bytes,
    change: Value,
    answered: u16,
}

impl Received {
    fn seq(&self) -> i64 {
        self.change["seq"].as_i64().expect("seq")
    }

    fn subject(&self) -> String {
        self.change["subject"]["id"].as_str().expect("id").to_owned()
    }
}

type Answer = Box<dyn Fn(&Value) -> u16 + Send>;

struct Inbox {
    got: Mutex<Vec<Received>>,
    answer: Mutex<Answer>,
    /// Requests that are answered 0 are never answered; this says that one came.
    hanging: Notify,
}

/// A subscriber's server. Its port is held from the beginning, and refuses connections until [`Receiver::up`].
struct Receiver {
    addr: SocketAddr,
    socket: Option<TcpSocket>,
    inbox: Arc<Inbox>,
    server: Option<tokio::task::JoinHandle<()>>,
}

impl Receiver {
    fn down() -> Receiver {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let addr = socket.local_addr().expect("address");
        let inbox =
            Inbox { got: Mutex::new(Vec::new()), answer: Mutex::new(Box::new(|_| 204)), hanging: Notify::new() };
        Receiver { addr, socket: Some(socket), inbox: Arc::new(inbox), server: None }
    }

    fn new() -> Receiver {
        let mut receiver = Receiver::down();
        receiver.up();
        receiver
    }

    fn up(&mut self) {
        let listener = self.socket.take().expect("it is up already").listen(64).expect("listen");
        let router = Router::new().fallback(receive).with_state(self.inbox.clone());
        self.server = Some(tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") }));
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.addr)
    }

    fn answers(&self, answer: impl Fn(&Value) -> u16 + Send + 'static) {
        *self.inbox.answer.lock().expect("lock") = Box::new(answer);
    }

    fn got(&self) -> Vec<Received> {
        self.inbox.got.lock().expect("lock").clone()
    }

    /// What it acknowledged, and nothing else.
    fn kept(&self) -> Vec<Received> {
        self.got().into_iter().filter(|received| (200..300).contains(&received.answered)).collect()
    }

    fn forget(&self) {
        self.inbox.got.lock().expect("lock").clear();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let change: Value = serde_json::from_slice(&body).expect("JSON");
    let answered = inbox.answer.lock().expect("lock")(&change);
    assert_eq!(text("content-type"), "application/json");
    inbox.got.lock().expect("lock").push(Received {
        delivery: text("jingtu-delivery"),
        signature: text("jingtu-signature"),
        body,
        change,
        answered,
    });
    if answered == 0 {
        inbox.hanging.notify_one();
        std::future::pending::<()>().await;
    }
    let mut head = HeaderMap::new();
    head.insert("location", "/elsewhere".parse().expect("a value"));
    (StatusCode::from_u16(answered).expect("a status"), head)
}

/// HMAC-SHA256 as RFC 2104 writes it down, so that the product's own is not checked with itself.
fn hmac(key: &[u8], text: &[u8]) -> String {
    assert!(key.len() <= 64, "a longer key is hashed first");
    let padded = |with: u8| (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36).as_slice(), text].concat());
    hex::encode(Sha256::digest([padded(0x5c).as_slice(), inner.as_slice()].concat()))
}

/// The instant that a signature names, if it is one of this body under this secret.
fn verified(secret: &str, received: &Received) -> Option<i64> {
    let (at, mac) = received.signature.strip_prefix("t=")?.split_once(",v1=")?;
    let text = [at.as_bytes(), b".", &received.body].concat();
    (hmac(secret.as_bytes(), &text) == mac).then(|| at.parse().expect("seconds"))
}

/// A subscription; its path and its secret.
async fn subscribe(world: &World, key: &str, body: Value) -> (String, String) {
    let (head, made) = expect_response(world.post("/v1/subscriptions").bearer_auth(key).json(&body), 201).await;
    let path = head.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(path, format!("/v1/subscriptions/{}", made["id"].as_str().expect("id")));
    (path, made["secret"].as_str().expect("secret").to_owned())
}

async fn see(world: &World, key: &str, path: &str) -> Value {
    expect(world.get(path).bearer_auth(key), 200).await
}

/// A PATCH with the tag that the subscription has now.
async fn patch(world: &World, key: &str, path: &str, body: Value, status: u16) -> Value {
    let (head, _) = expect_response(world.get(path).bearer_auth(key), 200).await;
    let tag = head.headers()["etag"].clone();
    expect(world.patch(path).bearer_auth(key).header("if-match", tag).json(&body), status).await
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("an instant").parse().expect("an instant")
}

/// For each record the numbers in the order in which they came.
fn by_subject(received: &[Received]) -> BTreeMap<String, Vec<i64>> {
    let mut order: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for one in received {
        order.entry(one.subject()).or_default().push(one.seq());
    }
    order
}

/// Everything of the feed came, once, and in its order for each record; nothing else came.
fn assert_all_came(changes: &[Value], received: &[Received]) {
    let mut order: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for change in changes {
        let subject = change["subject"]["id"].as_str().expect("id").to_owned();
        order.entry(subject).or_default().push(change["seq"].as_i64().expect("seq"));
    }
    assert_eq!(by_subject(received), order);
    for one in received {
        assert!(changes.contains(&one.change), "{} is not in the feed", one.change);
    }
}

// ---- the feed ----

#[tokio::test]
async fn the_feed_neither_drops_nor_repeats_while_others_write() {
    let world = world().await;
    let key = world.key(Role::Auditor, "000000").await;
    const WRITERS: u128 = 6;
    const ACTS: i64 = 12;
    let writing: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let app = world.app.clone();
            tokio::spawn(async move {
                for nth in 0..ACTS {
                    let mut act = jingtu::platform::Act::operator(&app, Permission::SiteEvent).await.expect("begin");
                    act.note("test", json!({"nth": nth}));
                    for part in 0..=(nth % 3) {
                        act.tell(moved(writer, nth * 10 + part));
                    }
                    if nth % 5 == 4 {
                        act.abandon().await.expect("roll back");
                    } else {
                        act.finish(Reply::nothing()).await.expect("commit");
                    }
                }
            })
        })
        .collect();
    let written: i64 = (0..ACTS).filter(|nth| nth % 5 != 4).map(|nth| nth % 3 + 1).sum();
    let total = usize::try_from(written).expect("small") * WRITERS as usize;
    let mut read: Vec<Value> = Vec::new();
    let mut after = 0;
    while read.len() < total {
        let page = see(&world, &key, &format!("/v1/changes?after={after}&limit=7")).await;
        let changes = page["changes"].as_array().expect("changes");
        assert!(changes.len() <= 7 && page["numberReturned"] == changes.len());
        after = page["last"].as_i64().expect("last");
        read.extend(changes.iter().cloned());
    }
    for writer in writing {
        writer.await.expect("a writer");
    }
    assert_eq!(see(&world, &key, &format!("/v1/changes?after={after}")).await["changes"], json!([]));
    assert_eq!(seqs(&read), (1..=i64::try_from(total).expect("small")).collect::<Vec<_>>());
    for writer in 0..WRITERS {
        let own: Vec<i64> = read
            .iter()
            .filter(|change| change["subject"]["id"] == json!(record(writer)))
            .map(|change| change["data"]["nth"].as_i64().expect("nth"))
            .collect();
        let expected: Vec<i64> =
            (0..ACTS).filter(|nth| nth % 5 != 4).flat_map(|nth| (0..=(nth % 3)).map(move |p| nth * 10 + p)).collect();
        assert_eq!(own, expected, "the changes of a record are in the order of its acts");
    }
    // All pages by their links are the same as all at once.
    assert_eq!(feed(&world, &key, "limit=5").await, feed(&world, &key, "limit=10000").await);
}

#[tokio::test]
async fn everybody_reads_what_is_theirs_and_filters_by_kind_division_and_record() {
    let world = world().await;
    let owned = Change { owner_credit_code: Some(CREDIT_CODE.to_owned()), ..moved(2, 0) };
    let open = Change { public: true, kind: "site.flag_raised", ..moved(3, 0) };
    let far = Change { division_code: ELSEWHERE.to_owned(), ..moved(4, 0) };
    tell(&world.app, vec![moved(1, 0), owned, open, far]).await;
    let codes = |changes: Vec<Value>| {
        changes.iter().map(|c| c["subject"]["code"].as_str().expect("code").to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (role, division, expected) in [
        (Role::Auditor, "000000", "T1 T2 T3 T4"),
        (Role::CountyEcology, HERE, "T1 T2 T3"),
        (Role::Planning, "152900", "T1 T2 T3"),
        (Role::CountyEcology, "152922", ""),
        (Role::CountyEcology, ELSEWHERE, "T4"),
        (Role::LandUser, HERE, "T2"),
        (Role::ThirdParty, HERE, "T3"),
    ] {
        let key = world.key(role, division).await;
        assert_eq!(codes(feed(&world, &key, "limit=2").await), expected, "{role:?} {division}");
    }
    let public = expect(world.get("/v1/changes"), 200).await;
    assert_eq!(codes(public["changes"].as_array().expect("changes").clone()), "T3");
    assert!(!public.to_string().contains("credit"), "{public}");

    let key = world.key(Role::Auditor, "000000").await;
    for (query, expected) in [
        ("kind=site.flag_raised", "T3"),
        ("kind=site.stage_changed,site.flag_raised", "T1 T2 T3 T4"),
        ("kind=test.never", ""),
        ("division=150000", "T1 T2 T3"),
        ("division=140600&kind=site.stage_changed", "T4"),
        ("division=440000", ""),
        ("after=2", "T3 T4"),
        ("register=test&subject=0190a0a0-0000-7000-8000-000000000002", "T2"),
        ("register=site", ""),
    ] {
        let changes = feed(&world, &key, &format!("{query}&limit=1")).await;
        assert_eq!(codes(changes), expected, "{query}");
    }
    let newest = see(&world, &key, "/v1/changes?newest=true&limit=2").await;
    assert_eq!(codes(newest["changes"].as_array().expect("changes").clone()), "T4 T3");
    assert_eq!((&newest["last"], next(&newest)), (&json!(4), None));

    for wrong in [
        "nth=1",
        "after=-1",
        "after=x",
        "limit=0",
        "kind=A",
        "kind=",
        "division=15",
        "register=a%20b",
        "newest=true&after=1",
        "f=rss",
    ] {
        let refused = expect(world.get(&format!("/v1/changes?{wrong}")).bearer_auth(&key), 400).await;
        assert_eq!(refused["code"], "bad_parameter", "{wrong}");
    }
}

#[tokio::test]
async fn the_feed_is_tagged_and_dated() {
    let world = world().await;
    tell(&world.app, vec![Change { public: true, ..moved(1, 0) }]).await;
    let (head, page) = expect_response(world.get("/v1/changes"), 200).await;
    let recorded = instant(&page["changes"][0]["recorded_at"]);
    assert_eq!(head.headers()["last-modified"], recorded.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let tag = head.headers()["etag"].clone();
    let again = world.get("/v1/changes").header("if-none-match", tag.clone()).send().await.expect("an answer");
    assert_eq!(again.status(), 304);
    tell(&world.app, vec![Change { public: true, ..moved(1, 1) }]).await;
    expect(world.get("/v1/changes").header("if-none-match", tag), 200).await;
}

#[tokio::test]
async fn the_feed_is_atom_for_feed_readers() {
    let world = world().await;
    let odd = Change { public: true, code: "<T&\"1\">".to_owned(), ..moved(1, 0) };
    tell(&world.app, vec![odd, Change { public: true, ..moved(2, 0) }, Change { public: true, ..moved(3, 0) }]).await;
    let mut path = "/v1/changes?limit=2&kind=site.stage_changed".to_owned();
    let mut ids = BTreeSet::new();
    let mut feed_ids = BTreeSet::new();
    let mut pages = 0;
    loop {
        let request = world.get(&path).header("accept", "application/atom+xml, application/json;q=0.5");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/atom+xml; charset=utf-8");
        let text = response.text().await.expect("a body");
        let root = Element::parse(&text);
        assert_eq!((root.name.as_str(), root.attribute("xmlns")), ("feed", Some("http://www.w3.org/2005/Atom")));
        feed_ids.insert(root.one("id").text.clone());
        assert!(root.one("id").text.starts_with("http://127.0.0.1"), "{text}");
        assert!(!root.one("title").text.is_empty() && !root.one("author").one("name").text.is_empty());
        let updated = instant(&json!(root.one("updated").text));
        let entries = root.all("entry");
        let mut latest = DateTime::UNIX_EPOCH;
        for entry in &entries {
            assert!(ids.insert(entry.one("id").text.clone()), "an entry's id is its own");
            assert!(entry.one("id").text.starts_with("urn:uuid:"));
            latest = latest.max(instant(&json!(entry.one("updated").text)));
            let change: Value = serde_json::from_str(&entry.one("content").text).expect("the change as JSON");
            assert_eq!(
                entry.one("title").text,
                format!("site.stage_changed {}", change["subject"]["code"].as_str().expect("code"))
            );
        }
        assert_eq!(updated, latest);
        let link = |rel: &str| {
            root.all("link")
                .into_iter()
                .find(|l| l.attribute("rel") == Some(rel))
                .map(|l| l.attribute("href").expect("href").to_owned())
        };
        assert!(link("self").expect("a self link").contains("f=atom"));
        pages += 1;
        match link("next") {
            Some(next) => path = next.strip_prefix(&world.url("")).expect("an absolute address").to_owned(),
            None => break,
        }
    }
    assert_eq!((ids.len(), feed_ids.len(), pages), (3, 1, 2));
    // Nothing to say is a feed as well.
    let empty =
        world.get("/v1/changes?f=atom&after=999").send().await.expect("an answer").text().await.expect("a body");
    assert_eq!(Element::parse(&empty).all("entry").len(), 0);
    assert!(instant(&json!(Element::parse(&empty).one("updated").text)) <= world.app.clock().now());
}

/// An element of an XML document that is well-formed; anything else panics.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn parse(document: &str) -> Element {
        let mut rest = document.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").expect("a declaration");
        let mut open = vec![Element::default()];
        while let Some(at) = rest.find('<') {
            open.last_mut().expect("an element").text.push_str(&unescaped(&rest[..at]));
            let (tag, after) = rest[at + 1..].split_once('>').expect("the tag ends");
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                let done = open.pop().expect("an element");
                assert_eq!(done.name, name);
                open.last_mut().expect("a parent").children.push(done);
                continue;
            }
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(name.bytes().all(|b| b.is_ascii_lowercase()), "{name}");
            let mut element = Element { name: name.to_owned(), ..Element::default() };
            while let Some((key, after)) = rest.trim_start().split_once("=\"") {
                let (value, after) = after.split_once('"').expect("the value ends");
                element.attributes.push((key.to_owned(), unescaped(value)));
                rest = after;
            }
            assert_eq!(rest.trim(), "", "nothing else in a tag");
            if empty {
                open.last_mut().expect("a parent").children.push(element);
            } else {
                open.push(element);
            }
        }
        assert_eq!(rest.trim(), "", "nothing after the document");
        assert_eq!(open.len(), 1, "every element ends");
        let mut root = open.pop().expect("the document");
        assert_eq!(root.children.len(), 1);
        root.children.pop().expect("a root")
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &str) -> Vec<&Element> {
        self.children.iter().filter(|child| child.name == name).collect()
    }

    fn one(&self, name: &str) -> &Element {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "one {name} in {}", self.name);
        all[0]
    }
}

fn unescaped(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').expect("a reference ends");
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => panic!("&{other}; is not known"),
        });
        out.push_str(rest);
    }
    out
}

#[tokio::test]
async fn what_was_told_stays_and_what_was_undone_was_never_told() {
    let world = world().await;
    tell(&world.app, vec![moved(1, 0)]).await;
    for statement in
        ["update platform_outbox set public = true", "delete from platform_outbox", "truncate platform_outbox cascade"]
    {
        let refused = sqlx::raw_sql(statement).execute(world.app.db()).await.expect_err("append-only");
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    let mut act = world.act(Permission::SiteEvent).await;
    act.tell(moved(1, 1));
    assert!(act.finish(Reply::nothing()).await.is_err(), "an act without audit line");
    let mut act = world.act(Permission::SiteEvent).await;
    act.note("test", json!({}));
    act.tell(Change { kind: "site.moved", ..moved(1, 1) });
    assert!(act.finish(Reply::nothing()).await.is_err(), "a kind that nobody can ask for");
    let mut act = world.act(Permission::SiteEvent).await;
    act.note("test", json!({}));
    act.tell(Change { data: json!([]), ..moved(1, 2) });
    assert!(act.finish(Reply::nothing()).await.is_err(), "data that is no object");
    let key = world.key(Role::Auditor, "000000").await;
    assert_eq!(seqs(&feed(&world, &key, "").await), [1]);
}

// ---- deliveries ----

#[tokio::test]
async fn a_receiver_that_was_down_gets_every_change_once_it_is_back_in_order_and_nothing_else() {
    let world = world().await;
    let key = world.key(Role::Planning, "152900").await;
    let auditor = world.key(Role::Auditor, "000000").await;
    tell(&world.app, vec![moved(1, -1)]).await;
    let mut receiver = Receiver::down();
    let (path, secret) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    for round in 0..5 {
        tell(&world.app, vec![moved(1, round), Change { kind: "site.flag_raised", ..moved(1, round) }]).await;
        tell(&world.app, vec![moved(2, round), Change { division_code: ELSEWHERE.to_owned(), ..moved(3, round) }])
            .await;
        // Down: each record's oldest change is tried and the others wait behind it.
        pump(&world.app).await.expect("pump");
        world.clock.advance(Duration::seconds(40));
    }
    assert!(receiver.got().is_empty());
    let waiting = see(&world, &key, &format!("{path}/deliveries")).await;
    let deliveries = waiting["deliveries"].as_array().expect("deliveries");
    assert_eq!(deliveries.len(), 10);
    assert!(deliveries.iter().all(|d| d["state"] == "waiting" && d["delivered_at"].is_null()), "{waiting}");
    let tried: Vec<_> = deliveries.iter().filter(|d| d["attempts"] != 0).collect();
    assert_eq!(tried.len(), 2, "one of each record");
    assert!(tried.iter().all(|d| d["last_error"]["code"] == "not_reached"), "{waiting}");

    receiver.up();
    world.clock.advance(Duration::hours(1));
    pump(&world.app).await.expect("pump");
    let told: Vec<Value> = feed(&world, &auditor, "division=152900&kind=site.stage_changed&after=1").await;
    assert_eq!(told.len(), 10);
    assert_all_came(&told, &receiver.got());
    let now = world.app.clock().now().timestamp();
    let ids: BTreeSet<_> = receiver.got().iter().map(|one| one.delivery.clone()).collect();
    assert_eq!(ids.len(), 10);
    for one in receiver.got() {
        assert_eq!(verified(&secret, &one).map(|at| (now - at).abs() < 60), Some(true), "{one:?}");
        assert_eq!(verified("jts_another", &one), None);
    }
    let after = see(&world, &key, &format!("{path}/deliveries?state=delivered")).await;
    assert_eq!(after["numberReturned"], 10);
    let shown: BTreeSet<_> = after["deliveries"]
        .as_array()
        .expect("deliveries")
        .iter()
        .map(|d| d["id"].as_str().expect("id").to_owned())
        .collect();
    assert_eq!(shown, ids);
    // Nothing comes twice, and nothing is invented.
    world.clock.advance(Duration::days(1));
    assert_eq!(pump(&world.app).await.expect("pump"), 0);
    assert_eq!(receiver.got().len(), 10);
    assert_eq!(see(&world, &key, &path).await["waiting"], 0);
}

#[tokio::test]
async fn a_change_that_is_not_acknowledged_holds_up_its_record_and_no_other() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    let (path, _) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    let sick = json!(record(1));
    receiver.answers(move |change| if change["subject"]["id"] == sick { 500 } else { 200 });
    for round in 0..3 {
        tell(&world.app, vec![moved(1, round), moved(2, round)]).await;
    }
    let oldest = format!("{path}/deliveries?state=waiting&limit=10");
    let mut pauses = Vec::new();
    for _ in 0..6 {
        pump(&world.app).await.expect("pump");
        let page = see(&world, &key, &oldest).await;
        let first = page["deliveries"].as_array().expect("deliveries").last().cloned().expect("one is waiting");
        assert_eq!((&first["last_error"]["code"], &first["last_status"]), (&json!("http_status"), &json!(500)));
        let pause = instant(&first["next_attempt_at"]) - instant(&first["last_attempt_at"]);
        pauses.push(pause.num_milliseconds() / 1000);
        // Not before its time.
        assert_eq!(pump(&world.app).await.expect("pump"), 0);
        world.clock.advance(pause);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32]);
    let kept = by_subject(&receiver.kept());
    assert_eq!(kept.keys().collect::<Vec<_>>(), [&record(2).to_string()]);
    assert_eq!(kept.values().map(Vec::len).collect::<Vec<_>>(), [3]);
    let tries: Vec<Received> = receiver.got().into_iter().filter(|one| one.answered == 500).collect();
    assert_eq!(tries.len(), 6);
    assert!(tries.iter().all(|one| one.delivery == tries[0].delivery && one.body == tries[0].body), "{tries:?}");
    assert!(tries.iter().map(|one| &one.signature).collect::<BTreeSet<_>>().len() > 1, "signed anew each time");

    // A redirect is not followed, and is no acknowledgement.
    receiver.answers(|_| 307);
    pump(&world.app).await.expect("pump");
    assert_eq!(receiver.got().last().expect("a request").answered, 307);
    world.clock.advance(Duration::hours(1));
    receiver.answers(|_| 200);
    pump(&world.app).await.expect("pump");
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed").await, &receiver.kept());
}

#[tokio::test]
async fn a_later_change_of_a_record_waits_as_long_as_the_one_before_it() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    let (path, _) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    receiver.answers(|_| 500);
    tell(&world.app, vec![moved(1, 0)]).await;
    pump(&world.app).await.expect("pump");
    tell(&world.app, vec![moved(1, 1), moved(2, 0)]).await;
    receiver.answers(|_| 200);
    assert_eq!(pump(&world.app).await.expect("pump"), 1, "the other record's only");
    let page = see(&world, &key, &format!("{path}/deliveries?state=waiting")).await;
    let next: Vec<_> =
        page["deliveries"].as_array().expect("deliveries").iter().map(|d| &d["next_attempt_at"]).collect();
    assert_eq!((next.len(), next[0]), (2, next[1]), "{page}");
    world.clock.advance(Duration::seconds(2));
    assert_eq!(pump(&world.app).await.expect("pump"), 2);
}

/// More changes and audit lines in an act than one statement or one lane's turn takes.
#[tokio::test]
async fn an_act_of_many_changes_is_numbered_without_gaps_and_delivered_whole() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    subscribe(&world, &key, json!({"url": receiver.url(), "kinds": ["site.flag_raised"]})).await;
    const MANY: i64 = 5_003;
    let mut act = world.act(Permission::SiteEvent).await;
    for nth in 0..MANY {
        act.note("test", json!({"nth": nth}));
        let kind = if nth % 20 == 0 { "site.flag_raised" } else { MOVED };
        act.tell(Change { kind, ..moved(u128::try_from(nth % 7).expect("small"), nth) });
    }
    act.finish(Reply::nothing()).await.expect("commit");
    let told = feed(&world, &key, "limit=10000").await;
    let nths: Vec<_> = told.iter().map(|change| change["data"]["nth"].as_i64().expect("nth")).collect();
    assert_eq!((seqs(&told), nths), ((1..=MANY).collect(), (0..MANY).collect()));
    assert!(jingtu::platform::audit::verify(&world.app).await.expect("read").broken.is_none());
    assert_eq!(pump(&world.app).await.expect("pump"), 251);
    assert_all_came(&feed(&world, &key, "kind=site.flag_raised&limit=10000").await, &receiver.got());
}

#[tokio::test]
async fn a_subscriber_that_never_answers_keeps_nobody_else_waiting() {
    let config = Config { webhook_http_loopback: true, webhook_timeout_ms: 3_600_000, ..Config::default() };
    let world = World::with(config).await;
    let key = world.key(Role::Planning, HERE).await;
    let (hanging, receiver) = (Receiver::new(), Receiver::new());
    hanging.answers(|_| 0);
    let kinds = |kind: &str, to: &Receiver| json!({"url": to.url(), "kinds": [kind]});
    subscribe(&world, &key, kinds("site.flag_raised", &hanging)).await;
    subscribe(&world, &key, kinds(MOVED, &receiver)).await;
    let came = Arc::new(Notify::new());
    receiver.answers({
        let came = came.clone();
        move |_| {
            came.notify_one();
            200
        }
    });
    let worker = tokio::spawn(jingtu::platform::webhooks::run_worker(world.app.clone(), std::future::pending()));
    tell(&world.app, vec![Change { kind: "site.flag_raised", ..moved(1, 0) }]).await;
    hanging.inbox.hanging.notified().await;
    for round in 0..3 {
        tell(&world.app, vec![moved(2, round)]).await;
        came.notified().await;
    }
    assert_eq!(receiver.got().len(), 3);
    worker.abort();
}

#[tokio::test]
async fn two_servers_deliver_each_change_once() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    let other = second_server(&world).await;
    for round in 0..8 {
        tell(&world.app, (1..=6).map(|subject| moved(subject, round)).collect()).await;
    }
    let (one, two) = tokio::join!(pump(&world.app), pump(&other));
    assert_eq!(one.expect("pump") + two.expect("pump"), 48);
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed").await, &receiver.got());
    let ids: BTreeSet<_> = receiver.got().into_iter().map(|one| one.delivery).collect();
    assert_eq!(ids.len(), 48);
}

/// A server of its own over the world's database, at the same clock.
async fn second_server(world: &World) -> App {
    let options = world.app.db().connect_options();
    let db = PgPoolOptions::new().max_connections(6).connect_with((*options).clone()).await.expect("connect");
    App::new(db, world.clock.clone(), world.app.config().clone())
}

#[tokio::test]
async fn a_server_that_dies_under_way_gives_its_delivery_back() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    tell(&world.app, vec![moved(1, 0), moved(1, 1)]).await;
    receiver.answers(|_| 0);
    let dying = second_server(&world).await;
    let at_work = tokio::spawn({
        let dying = dying.clone();
        async move { pump(&dying).await }
    });
    receiver.inbox.hanging.notified().await;
    // While one server is at it, another one is not.
    assert_eq!(pump(&world.app).await.expect("pump"), 0);
    at_work.abort();
    assert!(at_work.await.expect_err("it was ended").is_cancelled());
    dying.db().close().await;
    receiver.answers(|_| 200);
    assert_eq!(pump(&world.app).await.expect("pump"), 2);
    let got = receiver.got();
    assert_eq!(seqs(&got.iter().map(|one| one.change.clone()).collect::<Vec<_>>()), [1, 1, 2]);
    assert_eq!(got[0].delivery, got[1].delivery, "by which the receiver knows that it had it");
    assert_ne!(got[1].delivery, got[2].delivery);
}

#[tokio::test]
async fn a_replay_sends_again_from_a_change_on() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    let (path, secret) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    for round in 0..3 {
        tell(&world.app, vec![moved(1, round), moved(2, round)]).await;
    }
    pump(&world.app).await.expect("pump");
    let first = receiver.got();
    assert_eq!(first.len(), 6);
    // Two more that are not acknowledged: a replay takes their place.
    receiver.answers(|_| 503);
    tell(&world.app, vec![moved(1, 3), moved(3, 0)]).await;
    pump(&world.app).await.expect("pump");
    receiver.forget();
    receiver.answers(|_| 200);
    let replay = |after: Value| world.post(&format!("{path}/replay")).bearer_auth(&key).json(&json!({"after": after}));
    let back = expect(replay(json!(3)), 200).await;
    assert_eq!(back["scanned"], 3);
    assert_eq!(pump(&world.app).await.expect("pump"), 5);
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed&after=3").await, &receiver.got());
    let earlier: BTreeSet<_> = first.iter().map(|one| one.delivery.clone()).collect();
    for one in receiver.got() {
        assert!(!earlier.contains(&one.delivery), "a replay's deliveries are new ones");
        assert!(verified(&secret, &one).is_some());
        if let Some(before) = first.iter().find(|before| before.seq() == one.seq()) {
            assert_eq!(before.body, one.body, "what was said is said again");
        }
    }
    let cancelled = see(&world, &key, &format!("{path}/deliveries?state=cancelled")).await;
    assert_eq!(cancelled["numberReturned"], 2);
    for wrong in [json!(-1), json!(9)] {
        let refused = expect(replay(wrong), 422).await;
        assert_eq!(refused["errors"][0]["pointer"], "/after");
    }
    receiver.forget();
    expect(replay(json!(0)), 200).await;
    pump(&world.app).await.expect("pump");
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed").await, &receiver.got());
    // Page after page, the newest first.
    let mut path = format!("{path}/deliveries?limit=4");
    let mut seen = Vec::new();
    loop {
        let page = see(&world, &key, &path).await;
        seen.extend(
            page["deliveries"].as_array().expect("deliveries").iter().map(|d| (d["run"].as_i64(), d["seq"].as_i64())),
        );
        match next(&page) {
            Some(href) => path = href,
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (8 + 5 + 8, &sorted));
}

#[tokio::test]
async fn a_subscriber_is_told_what_its_key_may_read_and_what_it_watches() {
    let world = world().await;
    let county = world.key(Role::CountyEcology, HERE).await;
    let site = |name: &str, lon: f64| {
        let facts = json!({"name": name, "division_code": HERE, "stage": "candidate"});
        let body = json!({"type": "Feature", "geometry": square(lon, 38.8, 200.0), "properties": facts});
        world.post("/v1/sites").bearer_auth(&county).json(&body)
    };
    let [near, far] = [expect(site("近", 105.7), 201).await, expect(site("远", 105.9), 201).await];
    let id = |site: &Value| site["id"].as_str().expect("id").parse::<Uuid>().expect("a UUID");
    let of_site = |site: &Value| Change { register: "site", id: id(site), ..moved(0, 0) };
    let owned = Change { owner_credit_code: Some(CREDIT_CODE.to_owned()), ..moved(2, 0) };
    let open = Change { public: true, ..moved(3, 0) };
    let there = Change { division_code: ELSEWHERE.to_owned(), ..moved(4, 0) };

    let receiver = Receiver::new();
    let mut watchers = Vec::new();
    for (role, division, watch, expected) in [
        (Role::CountyEcology, HERE, json!({}), vec!["near", "far", "owned", "open"]),
        (Role::CountyEcology, ELSEWHERE, json!({}), vec!["there"]),
        (Role::CountyEcology, "152922", json!({}), vec![]),
        (Role::Auditor, "000000", json!({}), vec!["near", "far", "owned", "open", "there"]),
        (Role::LandUser, HERE, json!({}), vec!["owned"]),
        (Role::ThirdParty, HERE, json!({}), vec!["open"]),
        (Role::ProvinceEcology, "150000", json!({"division": "152921"}), vec!["near", "far", "owned", "open"]),
        (Role::ProvinceEcology, "150000", json!({"division": "140000"}), vec![]),
        (Role::Planning, HERE, json!({"site": near["id"]}), vec!["near"]),
        (Role::Planning, HERE, json!({"subject": {"register": "test", "id": record(2)}}), vec!["owned"]),
        (Role::Planning, HERE, json!({"area": square(105.65, 38.75, 12_000.0)}), vec!["near"]),
        (Role::Planning, HERE, json!({"kinds": ["zone.lifted"]}), vec![]),
    ] {
        let mut body = watch;
        if body.get("kinds").is_none() {
            body["kinds"] = json!([MOVED]);
        }
        let at = format!("{}/{}", receiver.url(), watchers.len());
        body["url"] = json!(at);
        let key = world.key(role, division).await;
        let (path, _) = subscribe(&world, &key, body).await;
        watchers.push((key, path, expected));
    }
    let told = [("near", of_site(&near)), ("far", of_site(&far)), ("owned", owned), ("open", open), ("there", there)];
    let names: BTreeMap<Uuid, &str> = told.iter().map(|(name, change)| (change.id, *name)).collect();
    tell(&world.app, told.into_iter().map(|(_, change)| change).collect()).await;
    pump(&world.app).await.expect("pump");
    for (key, path, expected) in &watchers {
        let page = see(&world, key, &format!("{path}/deliveries")).await;
        let got: BTreeSet<&str> = page["deliveries"]
            .as_array()
            .expect("deliveries")
            .iter()
            .map(|d| {
                assert_eq!(d["state"], "delivered");
                names[&d["subject"]["id"].as_str().expect("id").parse::<Uuid>().expect("a UUID")]
            })
            .collect();
        assert_eq!(got, expected.iter().copied().collect(), "{path}");
    }
    let text = receiver.got().iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect::<String>();
    assert!(!text.contains(CREDIT_CODE) && !text.contains("owner"), "{text}");
}

#[tokio::test]
async fn a_key_that_may_no_more_is_told_no_more() {
    let world = world().await;
    let admin = world.key(Role::Admin, "000000").await;
    let key = world.key(Role::Planning, HERE).await;
    let mover = world.key(Role::Agriculture, HERE).await;
    let mut receiver = Receiver::down();
    let (path, _) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    let (moving, _) = subscribe(&world, &mover, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    tell(&world.app, vec![moved(1, 0)]).await;
    pump(&world.app).await.expect("pump");
    assert_eq!(see(&world, &key, &path).await["waiting"], 1);

    // One is revoked while a delivery waits, the other one's office moves away.
    let revoke = |name: String| {
        let world = &world;
        async move {
            let stored = keys::list(world.app.db()).await.expect("keys");
            let id: KeyId = stored.iter().find(|key| key.name == name).expect("the key").id;
            let mut act = world.act(Permission::KeyManage).await;
            keys::revoke(&mut act, id).await.expect("revoke");
            act.finish(Reply::nothing()).await.expect("commit");
        }
    };
    revoke(format!("planning {HERE}")).await;
    sqlx::query("update platform_api_key set division_code = $1 where role = 'agriculture'")
        .bind(ELSEWHERE)
        .execute(world.app.db())
        .await
        .expect("move");
    receiver.up();
    world.clock.advance(Duration::hours(2));
    pump(&world.app).await.expect("pump");
    assert!(receiver.got().is_empty());
    let paused = see(&world, &admin, &path).await;
    assert_eq!((&paused["status"], &paused["paused"]["because"]), (&json!("paused"), &json!("key_not_valid")));
    assert_eq!(paused["waiting"], 1, "what was not told is still there");
    let withheld = see(&world, &mover, &format!("{moving}/deliveries")).await;
    assert_eq!(withheld["deliveries"][0]["state"], "withheld");
    let refused = patch(&world, &admin, &path, json!({"status": "active"}), 409).await;
    assert_eq!(refused["code"], "key_not_valid");

    // Revoked before anything was told: the change is not even queued.
    let late = world.key(Role::Government, HERE).await;
    let (path, _) = subscribe(&world, &late, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    revoke(format!("government {HERE}")).await;
    tell(&world.app, vec![moved(1, 1)]).await;
    pump(&world.app).await.expect("pump");
    assert!(receiver.got().is_empty());
    let paused = see(&world, &admin, &path).await;
    assert_eq!((&paused["paused"]["because"], &paused["waiting"]), (&json!("key_not_valid"), &json!(0)));
}

#[tokio::test]
async fn a_receiver_that_is_away_for_days_is_paused_and_misses_nothing_when_resumed() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let mut receiver = Receiver::down();
    let (path, _) = subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    tell(&world.app, vec![moved(1, 0), moved(2, 0)]).await;
    pump(&world.app).await.expect("pump");
    world.clock.advance(Duration::days(6));
    pump(&world.app).await.expect("pump");
    assert_eq!(see(&world, &key, &path).await["status"], "active");
    world.clock.advance(Duration::days(1));
    pump(&world.app).await.expect("pump");
    let paused = see(&world, &key, &path).await;
    assert_eq!((&paused["status"], &paused["paused"]["because"]), (&json!("paused"), &json!("undelivered")));
    assert_eq!(paused["waiting"], 2);
    receiver.up();
    world.clock.advance(Duration::days(1));
    tell(&world.app, vec![moved(1, 1)]).await;
    assert_eq!(pump(&world.app).await.expect("pump"), 0, "paused is paused");
    let resumed = patch(&world, &key, &path, json!({"status": "active"}), 200).await;
    assert_eq!((&resumed["status"], &resumed["paused"]), (&json!("active"), &Value::Null));
    pump(&world.app).await.expect("pump");
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed").await, &receiver.got());
}

#[tokio::test]
async fn an_unreachable_receiver_does_not_keep_the_others_waiting() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let (away, there) = (Receiver::down(), Receiver::new());
    subscribe(&world, &key, json!({"url": away.url(), "kinds": [MOVED]})).await;
    subscribe(&world, &key, json!({"url": there.url(), "kinds": [MOVED]})).await;
    tell(&world.app, (1..=40).map(|subject| moved(subject, 0)).collect()).await;
    let attempts = pump(&world.app).await.expect("pump");
    assert_eq!(there.kept().len(), 40);
    assert!(attempts <= 40 + 8, "{attempts} attempts: the receiver that is away rests after the first ones");
}

#[tokio::test]
async fn a_subscription_is_its_holders_to_keep() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let other = world.key(Role::CountyEcology, HERE).await;
    let auditor = world.key(Role::Auditor, "000000").await;
    let admin = world.key(Role::Admin, "000000").await;
    let receiver = Receiver::new();
    let body =
        json!({"url": receiver.url(), "name": "供地系统", "division": "152921", "area": square(105.7, 38.8, 200.0)});
    let (path, secret) = subscribe(&world, &key, body).await;
    assert_eq!(secret.len(), "jts_".len() + 43);
    let seen = see(&world, &key, &path).await;
    assert_eq!(
        (&seen["name"], &seen["division"], &seen["status"]),
        (&json!("供地系统"), &json!("152921"), &json!("active"))
    );
    assert_eq!(seen["area"]["type"], "Polygon");
    for (reader, there) in [(&key, true), (&other, false), (&auditor, true), (&admin, true)] {
        let list = see(&world, reader, "/v1/subscriptions").await;
        assert_eq!(list["numberReturned"], i64::from(there));
        assert!(!list.to_string().contains(&secret), "a secret is shown once");
        expect(world.get(&path).bearer_auth(reader), if there { 200 } else { 404 }).await;
    }
    let change = |who: &str| world.patch(&path).bearer_auth(who).json(&json!({"status": "paused"}));
    assert_eq!(expect(change(&key), 428).await["code"], "if_match_required");
    expect(change(&key).header("if-match", "\"7\""), 412).await;
    expect(change(&other).header("if-match", "\"1\""), 404).await;
    assert_eq!(expect(change(&auditor).header("if-match", "\"1\""), 403).await["code"], "not_the_holder");
    let paused = expect(change(&key).header("if-match", "\"1\""), 200).await;
    assert_eq!(paused["paused"]["because"], "holder");
    let renamed =
        patch(&world, &admin, &path, json!({"name": "新名", "url": format!("{}2", receiver.url())}), 200).await;
    assert_eq!((&renamed["name"], &renamed["status"]), (&json!("新名"), &json!("paused")));
    expect(world.post(&format!("{path}/replay")).bearer_auth(&other).json(&json!({"after": 0})), 404).await;
    expect(world.get(&format!("{path}/deliveries")).bearer_auth(&other), 404).await;
    expect(world.get(&format!("{path}/deliveries?state=lost")).bearer_auth(&key), 400).await;

    let end = |who: &str| world.request(reqwest::Method::DELETE, &path).bearer_auth(who).header("if-match", "\"3\"");
    expect(end(&auditor), 403).await;
    expect(end(&key), 204).await;
    expect(world.get(&path).bearer_auth(&key), 404).await;
    expect(end(&key), 404).await;
    tell(&world.app, vec![moved(1, 0)]).await;
    assert_eq!(pump(&world.app).await.expect("pump"), 0);
    let secrets: i64 = sqlx::query_scalar("select count(*) from platform_subscription_secret")
        .fetch_one(world.app.db())
        .await
        .expect("count");
    assert_eq!(secrets, 0, "the secret went with it");
    assert!(jingtu::platform::audit::verify(&world.app).await.expect("read").broken.is_none());
}

#[tokio::test]
async fn what_cannot_be_watched_or_told_is_refused_with_its_place() {
    let world = World::new().await;
    let key = world.key(Role::Planning, HERE).await;
    let url = "https://example.org/hook";
    for (body, pointer, code) in [
        (json!({"url": "http://example.org/"}), "/url", "https_only"),
        (json!({"url": "http://127.0.0.1:9/"}), "/url", "https_only"),
        (json!({"url": "https://127.0.0.1/"}), "/url", "private_address"),
        (json!({"url": "https://10.0.0.8/"}), "/url", "private_address"),
        (json!({"url": "https://[fd00::1]/"}), "/url", "private_address"),
        (json!({"url": "https://169.254.169.254/latest"}), "/url", "private_address"),
        (json!({"url": "example.org"}), "/url", "bad_url"),
        (json!({"url": url, "division": "999999"}), "/division", "unknown_division"),
        (json!({"url": url, "division": "1529"}), "/division", "bad_field"),
        (json!({"url": url, "site": record(1)}), "/site", "unknown_record"),
        (json!({"url": url, "check": record(1)}), "/check", "unknown_record"),
        (json!({"url": url, "site": record(1), "check": record(1)}), "/check", "one_record_only"),
        (json!({"url": url, "area": {"type": "Point", "coordinates": [1, 2]}}), "/area/type", "geometry_type"),
        (
            json!({"url": url, "area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}),
            "/area",
            "invalid_geometry",
        ),
        (json!({"url": url, "kinds": []}), "/kinds", "bad_kinds"),
        (json!({"url": url, "kinds": [MOVED, "Nothing!"]}), "/kinds/1", "bad_kind"),
        (json!({"url": url, "kinds": [MOVED, "site.stage_change"]}), "/kinds/1", "unknown_kind"),
        (json!({"url": "https://localhost/"}), "/url", "private_address"),
        (json!({"url": "https://93.184.216.34/"}), "/url", "numeric_host"),
        (json!({"url": url, "name": " "}), "/name", "bad_name"),
        (json!({"url": url, "after": 1}), "/after", "no_such_place"),
        (json!({"url": url, "webhook": 1}), "/webhook", "bad_field"),
        (json!({}), "/url", "bad_field"),
    ] {
        let refused = expect(world.post("/v1/subscriptions").bearer_auth(&key).json(&body), 422).await;
        let errors = refused["errors"].as_array().expect("errors");
        assert!(errors.iter().any(|e| e["pointer"] == pointer && e["code"] == code), "{body}: {refused}");
    }
    assert_eq!(see(&world, &key, "/v1/subscriptions").await["subscriptions"], json!([]));
    // The setting may be switched off later: what leads to loopback is then not connected to.
    let open = App::new(
        world.app.db().clone(),
        world.clock.clone(),
        Config { webhook_http_loopback: true, ..Config::default() },
    );
    let receiver = Receiver::new();
    let (path, _) = subscribe(&world, &key, json!({"url": url, "kinds": [MOVED]})).await;
    let mut act = world.act(Permission::SubscriptionManage).await;
    sqlx::query("update platform_subscription set url = $1")
        .bind(receiver.url())
        .execute(act.tx())
        .await
        .expect("move");
    act.note("test", json!({}));
    act.finish(Reply::nothing()).await.expect("commit");
    tell(&world.app, vec![moved(1, 0)]).await;
    assert_eq!(pump(&world.app).await.expect("pump"), 1);
    assert!(receiver.got().is_empty());
    let page = see(&world, &key, &format!("{path}/deliveries")).await;
    assert_eq!(page["deliveries"][0]["last_error"]["code"], "address_refused");
    world.clock.advance(Duration::hours(1));
    assert_eq!(pump(&open).await.expect("pump"), 1);
    assert_eq!(receiver.kept().len(), 1);
}

#[tokio::test]
async fn a_subscription_may_begin_in_the_past_and_a_repeated_request_makes_one() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    tell(&world.app, vec![moved(1, 0), moved(1, 1), moved(2, 0)]).await;
    let receiver = Receiver::new();
    let body = json!({"url": receiver.url(), "kinds": [MOVED], "after": 1});
    let request = || world.post("/v1/subscriptions").bearer_auth(&key).header("idempotency-key", "once").json(&body);
    let first = expect(request(), 201).await;
    let secret = first["secret"].as_str().expect("secret");
    let again = expect(request(), 201).await;
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &Value::Null));
    assert!(again["secret_note_zh"].is_string() && again["secret_note_en"].is_string(), "{again}");
    let kept: Vec<u8> =
        sqlx::query_scalar("select body from platform_idempotency").fetch_one(world.app.db()).await.expect("kept");
    assert!(!String::from_utf8(kept).expect("text").contains(secret), "a secret is not kept for repeated requests");
    assert_eq!(see(&world, &key, "/v1/subscriptions").await["numberReturned"], 1);
    let courier = Courier::new(&world.app);
    assert_eq!(courier.pump().await.expect("pump"), 2);
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed&after=1").await, &receiver.got());
}

/// The worker itself, as `jingtu serve` runs it: it is woken by the change, and brings its work to an end when stopped.
#[tokio::test]
async fn the_worker_wakes_when_something_is_told() {
    let world = world().await;
    let key = world.key(Role::Planning, HERE).await;
    let receiver = Receiver::new();
    subscribe(&world, &key, json!({"url": receiver.url(), "kinds": [MOVED]})).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(jingtu::platform::webhooks::run_worker(world.app.clone(), async move {
        drop(stopped.await);
    }));
    let came = Arc::new(Notify::new());
    receiver.answers({
        let came = came.clone();
        move |_| {
            came.notify_one();
            200
        }
    });
    for round in 0..3 {
        tell(&world.app, vec![moved(1, round)]).await;
        came.notified().await;
    }
    drop(stop);
    worker.await.expect("the worker ends");
    assert_all_came(&feed(&world, &key, "kind=site.stage_changed").await, &receiver.got());
    assert_eq!(pump(&world.app).await.expect("pump"), 0, "what was acknowledged is noted before it ends");
}
