//! A site's whole life over HTTP: every route from the lead to aftercare with a clock that moves, every event taken back
//! again, what the database refuses below the application, and many writers at once.

mod below;
mod paths;
mod routes;
mod through_time;
mod voiding;
mod writers;

use crate::support::{CREDIT_CODE, World, expect, square};
use futures_util::future::join_all;
use jingtu::kernel::Day;
use jingtu::platform::Role;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

const HERE: &str = "152921";

/// Who takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    County,
    Prefecture,
    Province,
    Government,
    LandUser,
    Agency,
}

use Who::{Agency, County, Government, LandUser, Prefecture, Province};

impl Who {
    const ALL: [Who; 6] = [County, Prefecture, Province, Government, LandUser, Agency];

    const fn role(self) -> Role {
        match self {
            County => Role::CountyEcology,
            Prefecture => Role::PrefectureEcology,
            Province => Role::ProvinceEcology,
            Government => Role::Government,
            LandUser => Role::LandUser,
            Agency => Role::ThirdParty,
        }
    }
}

const FILED: &[Who] = &[LandUser, Agency, County, Prefecture];
const FILED_WITH_PROVINCE: &[Who] = &[LandUser, Agency, County, Prefecture, Province];
const ANY_BUREAU: &[Who] = &[County, Prefecture, Province];

/// Every event type with the rule that a refusal names and with whoever may do it (rulebook 2.3).
const EVENTS: [(&str, &str, &[Who]); 29] = [
    ("suspected_listed", "T2", &[County, Prefecture]),
    ("survey_notice_served", "T3", &[County, Prefecture]),
    ("preliminary_report_submitted", "T4", FILED),
    ("preliminary_report_reviewed", "T5", &[Prefecture]),
    ("detailed_notice_served", "T8", &[Prefecture]),
    ("detailed_report_submitted", "T9", FILED),
    ("risk_assessment_submitted", "T10", FILED_WITH_PROVINCE),
    ("risk_assessment_reviewed", "T11", &[Province]),
    ("control_plan_filed", "T13", FILED),
    ("control_zone_approved", "T13", &[Government]),
    ("remediation_plan_filed", "T15", FILED),
    ("works_started", "T15a", FILED),
    ("soil_transport_reported", "T15b", FILED),
    ("works_completed", "T16", FILED),
    ("effect_report_submitted", "T16", FILED_WITH_PROVINCE),
    ("effect_reviewed", "T17", &[Province]),
    ("aftercare_started", "T19", FILED),
    ("aftercare_ended", "T19", ANY_BUREAU),
    ("spread_reported", "T20", &Who::ALL),
    ("emergency_reported", "T20", &Who::ALL),
    ("liable_party_changed", "T21", &[County, Prefecture, Government]),
    ("deadline_extended", "clock", ANY_BUREAU),
    ("disclosed", "disclosure", &Who::ALL),
    ("entered_in_error", "entered_in_error", &Who::ALL),
    ("monitoring_reported", "T13", &[LandUser, Agency, County, Prefecture, Government]),
    ("stop_work_ordered", "T18", ANY_BUREAU),
    ("deadline_suspended", "clock", ANY_BUREAU),
    ("deadline_resumed", "clock", ANY_BUREAU),
    ("deadline_cancelled", "clock", ANY_BUREAU),
];

/// A step of a route.
#[derive(Debug, Clone)]
struct Planned {
    on: Day,
    who: Who,
    event: Value,
}

/// A site with everybody who has to do with it.
struct Case {
    world: World,
    keys: Vec<String>,
    planning: String,
    /// Path, identifier, code.
    path: String,
    id: String,
    code: String,
    /// The stages at which everybody tried everything.
    tried: RefCell<BTreeSet<String>>,
}

impl Case {
    /// A lead that the planning bureau registered on a day, at which the clock stands then.
    async fn new(on: Day) -> Case {
        Case::in_division(HERE, on).await
    }

    async fn in_division(division: &str, on: Day) -> Case {
        let world = World::new().await;
        Case::of(world, division, on).await
    }

    async fn of(world: World, division: &str, on: Day) -> Case {
        world.clock.move_to(on);
        let mut keys = Vec::new();
        for who in Who::ALL {
            let place = match who {
                Prefecture => format!("{}00", &division[..4]),
                Province => format!("{}0000", &division[..2]),
                _ => division.to_owned(),
            };
            keys.push(world.key(who.role(), &place).await);
        }
        let planning = world.key(Role::Planning, division).await;
        let properties = json!({
            "name": "原化工厂", "division_code": division, "address": "工业路 1 号",
            "land_user": {"name": "（演示）北方化工", "credit_code": CREDIT_CODE},
            "former_industry": "2614", "land_use": {"system": "GB/T 21010-2017", "code": "0601"},
            "basis": "关闭搬迁", "stage": "candidate",
        });
        let body = json!({"type": "Feature", "geometry": square(105.7, 38.8, 200.0), "properties": properties});
        let site = expect(world.post("/v1/sites").bearer_auth(&planning).json(&body), 201).await;
        let id = site["id"].as_str().expect("id").to_owned();
        Case {
            keys,
            planning,
            path: format!("/v1/sites/{id}"),
            code: site["properties"]["code"].as_str().expect("code").to_owned(),
            id,
            tried: RefCell::new(BTreeSet::new()),
            world,
        }
    }

    fn key(&self, who: Who) -> &str {
        &self.keys[who as usize]
    }

    async fn paper(&self, who: Who) -> Value {
        self.world.document(self.key(who)).await
    }

    fn send(&self, key: &str, event: &Value) -> RequestBuilder {
        self.world.post(&format!("{}/events", self.path)).bearer_auth(key).json(event)
    }

    /// Takes a step whose day is `on`, whatever the clock says; the site after it.
    async fn record(&self, on: Day, who: Who, event: &Value) -> Value {
        let mut event = event.clone();
        event["occurred_on"] = json!(on);
        event["document_id"] = self.paper(who).await;
        expect(self.send(self.key(who), &event), 201).await["site"]["properties"].clone()
    }

    /// Moves the clock to the day of the step, and takes it.
    async fn take(&self, step: &Planned) -> Value {
        self.world.clock.move_to(step.on);
        self.record(step.on, step.who, &step.event).await
    }

    /// What comes of a step that is refused; its paper is there.
    async fn refused(&self, on: Day, who: Who, event: Value, status: u16) -> Value {
        self.world.clock.move_to(on);
        let mut event = event;
        event["occurred_on"] = json!(on);
        event["document_id"] = self.paper(who).await;
        let problem = expect(self.send(self.key(who), &event), status).await;
        assert!(problem["citations"].as_array().is_some_and(|c| !c.is_empty()), "{problem}");
        assert!(problem["rule"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }

    /// Takes the steps of a route up to the next event of a type, with it. Wherever the site comes to on the way, all
    /// that is out of place and everybody whose business it is not is refused.
    async fn go(&self, steps: &mut impl Iterator<Item = Planned>, until: &str) -> Value {
        loop {
            let step = steps.next().unwrap_or_else(|| panic!("no {until} on this route"));
            self.world.clock.move_to(step.on);
            self.try_everything().await;
            let site = self.take(&step).await;
            if step.event["type"] == until {
                return site;
            }
        }
    }

    /// Everybody tries every event type without saying when: what the stage has not is refused with what it has, what it
    /// has to whoever may not do it, and to the others only because the day is missing.
    async fn try_everything(&self) {
        let before = self.site().await;
        let stage = format!("{} {} {}", before["stage"], before["mode"], before["flags"]);
        if !self.tried.borrow_mut().insert(stage.clone()) {
            return;
        }
        let ask = &async |who: Who, event: &Value| {
            let answer = self.send(self.key(who), event).send().await.expect("an answer");
            let status = answer.status().as_u16();
            (who, status, answer.json::<Value>().await.expect("a problem"))
        };
        let tries = EVENTS.iter().map(|(name, rule, by)| async move {
            let event = json!({"type": name});
            let mut answers = vec![ask(by[0], &event).await];
            // What the stage has not, it has for nobody; what it has, everybody tries.
            if answers[0].2["code"] != "step_not_allowed" {
                let others = Who::ALL.into_iter().filter(|who| *who != by[0]);
                answers.extend(join_all(others.map(|who| ask(who, &event))).await);
            }
            (*name, *rule, *by, answers)
        });
        let (mut possible, mut offered) = (BTreeSet::new(), BTreeSet::new());
        for (name, rule, by, answers) in join_all(tries).await {
            for (who, status, problem) in answers {
                let told = format!("{name} by {who:?} at {stage}: {status} {problem}");
                assert_eq!(problem["rule"], rule, "{told}");
                assert!(problem["citations"].as_array().is_some_and(|c| !c.is_empty()), "{told}");
                match (status, problem["code"].as_str().expect("code")) {
                    (409, "step_not_allowed") => {
                        let allowed = names(&problem["allowed"]);
                        assert!(!allowed.contains(name), "{told}");
                        offered.insert(allowed);
                    }
                    (409, "not_in_force") => {
                        assert!(name == "stop_work_ordered" && self.world.app.today() < Day::of(2026, 8, 15), "{told}");
                        possible.insert(name.to_owned());
                    }
                    (403, "other_role_must_act") => {
                        assert!(name == "entered_in_error" || !by.contains(&who), "{told}");
                        possible.insert(name.to_owned());
                    }
                    (422, "invalid_input") => {
                        assert!(by.contains(&who), "{told}");
                        possible.insert(name.to_owned());
                    }
                    _ => panic!("{told}"),
                }
            }
        }
        assert_eq!(offered, BTreeSet::from([possible]), "what a refusal offers is what the stage has: {stage}");
        let refused = expect(self.send(&self.planning, &json!({"type": "disclosed"})), 403).await;
        assert_eq!(refused["code"], "role_not_allowed");
        assert_eq!(self.site().await, before, "nothing was written");
    }

    async fn see(&self, who: Who, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(self.key(who)), 200).await
    }

    async fn site(&self) -> Value {
        self.see(Prefecture, &self.path).await["properties"].clone()
    }

    /// The clocks that are not over: rule, occasion and last day, sorted.
    async fn running(&self) -> Vec<String> {
        clocks(&self.site().await).into_iter().filter(is_running).map(|c| told(&c, false)).collect()
    }

    /// The clocks that are over: rule, occasion, last day, how and when they ended, sorted.
    async fn ended(&self) -> Vec<String> {
        clocks(&self.site().await).into_iter().filter(|c| !is_running(c)).map(|c| told(&c, true)).collect()
    }

    /// Every clock of the site, as the deadline register shows it on a day, as [`Case::ended`] shows them.
    async fn on_day(&self, rule: &str, on: Day) -> Vec<String> {
        let page = self.see(Prefecture, &format!("/v1/deadlines?rule={rule}&on={on}&limit=1000")).await;
        let mut found: Vec<_> =
            page["deadlines"].as_array().expect("deadlines").iter().map(|clock| told(clock, true)).collect();
        found.sort_unstable();
        found
    }

    /// Which lists the site is on, on a day.
    async fn lists(&self, on: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        for list in ["suspected_list", "contaminated_directory", "control_list"] {
            let page = self.see(Prefecture, &format!("/v1/lists/{list}?on={on}")).await;
            let sites = page["features"].as_array().expect("features");
            if sites.iter().any(|site| site["properties"]["code"] == self.code) {
                found.push(list);
            }
        }
        found
    }

    /// The duties to publish that stand in some way on a day: `duty status`, sorted, released ones left out.
    async fn publicity(&self, on: Day) -> Vec<String> {
        let page = self.see(Prefecture, &format!("/v1/publicity?subject={}&on={on}&limit=1000", self.id)).await;
        let mut found: Vec<String> = page["duties"]
            .as_array()
            .expect("duties")
            .iter()
            .filter(|duty| duty["status"] != "released")
            .map(|duty| format!("{} {}", text(&duty["duty"]), text(&duty["status"])))
            .collect();
        found.sort_unstable();
        found
    }

    /// What others were told of the site, in order.
    async fn changes(&self) -> Vec<Value> {
        let page = self.see(Prefecture, &format!("/v1/changes?subject={}&limit=10000", self.id)).await;
        page["changes"].as_array().expect("changes").clone()
    }

    /// Kinds of what others were told, in order, those left out that begin with one of these.
    async fn kinds_but(&self, left_out: &[&str]) -> Vec<String> {
        let changes = self.changes().await;
        let kinds = changes.iter().map(|change| text(&change["kind"]).to_owned());
        kinds.filter(|kind| !left_out.iter().any(|prefix| kind.starts_with(prefix))).collect()
    }

    async fn log(&self) -> Value {
        self.see(Prefecture, &format!("{}/events", self.path)).await
    }

    /// The stages as others were told of them.
    async fn stages_told(&self) -> Vec<String> {
        let changes = self.changes().await;
        let moves = changes.iter().filter(|change| change["kind"] == "site.stage_changed");
        moves.map(|change| label(&change["data"]["to"])).collect()
    }

    /// Log, chain, timeline and clocks fit together; the number of entries.
    async fn require_whole(&self) -> usize {
        let log = self.log().await;
        let events = log["events"].as_array().expect("events");
        require_chain(&log);
        assert_eq!(implied(events), self.implied_by_registers().await);

        let timeline = self.see(Prefecture, &format!("{}/timeline", self.path)).await;
        let items = timeline["items"].as_array().expect("items");
        let days: Vec<&str> = items.iter().map(|item| item["on"].as_str().unwrap_or_default()).collect();
        assert!(days.is_sorted(), "{days:?}");
        let of = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count();
        let mut seqs: Vec<u64> = items
            .iter()
            .filter(|item| item["kind"] == "event")
            .map(|item| item["seq"].as_u64().expect("seq"))
            .collect();
        seqs.sort_unstable();
        assert!(seqs.into_iter().eq(1..=events.len() as u64));
        assert_eq!(of("document"), events.iter().filter(|e| e["payload"]["document_id"].is_string()).count());
        let clocks = clocks(&self.site().await);
        assert_eq!((of("deadline_started"), of("deadline_due")), (clocks.len(), clocks.len()));
        assert_eq!(of("deadline_ended"), clocks.iter().filter(|clock| !is_running(clock)).count());

        // What is told of a clock begins with its start, and every change that an event brings is told.
        let changes = self.changes().await;
        let mut open = BTreeSet::new();
        for change in &changes {
            let clock = (change["data"]["rule"].to_string(), change["data"]["occasion"].to_string());
            match text(&change["kind"]) {
                "deadline.opened" => assert!(open.insert(clock), "{change}"),
                "deadline.closed" | "deadline.cancelled" => assert!(open.remove(&clock), "{change}"),
                "deadline.reopened" => assert!(open.insert(clock), "{change}"),
                _ => {}
            }
        }
        assert_eq!(open.len(), clocks.iter().filter(|clock| is_running(clock)).count());
        assert!(changes.windows(2).all(|pair| pair[0]["seq"].as_i64() < pair[1]["seq"].as_i64()));
        events.len()
    }

    /// What [`implied`] makes of the log, as the registers have it.
    async fn implied_by_registers(&self) -> Implied {
        let site = self.site().await;
        let clocks = clocks(&site)
            .into_iter()
            .filter(|clock| is_running(clock) && !BY_PUBLICITY.contains(&text(&clock["rule"])))
            .map(|clock| {
                format!("{} {} {}", text(&clock["rule"]), text(&clock["occasion"]), clock["status"] == "suspended")
            })
            .collect();
        let set = |of: &Value, at: &str| {
            of.as_array()
                .expect("an array")
                .iter()
                .map(|item| if at.is_empty() { text(item) } else { text(&item[at]) }.to_owned())
                .collect()
        };
        let page = self.see(Prefecture, &format!("/v1/publicity?subject={}&status=owed&limit=1000", self.id)).await;
        let owed: BTreeSet<String> = set(&page["duties"], "duty");
        assert_eq!(owed, set(&site["publicity_owed"], "duty"));
        Implied { clocks, lists: set(&site["lists"], "list"), flags: set(&site["flags"], ""), owed }
    }
}

/// The rules of clocks that duties to publish start, not events.
const BY_PUBLICITY: [&str; 6] = [
    "report_publication",
    "directory_publication",
    "county_government_told",
    "control_list_publication",
    "delisting_publication",
    "control_zone_sign",
];

/// What a log implies: clocks that are not over (and whether they stand still), lists, flags, duties to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Implied {
    clocks: BTreeSet<String>,
    lists: BTreeSet<String>,
    flags: BTreeSet<String>,
    owed: BTreeSet<String>,
}

/// Adds up the effects of a log, apart from the product's own rules.
fn implied(events: &[Value]) -> Implied {
    let mut clocks: BTreeMap<(String, String), bool> = BTreeMap::new();
    let (mut lists, mut flags) = (BTreeSet::new(), BTreeSet::new());
    // How often what is owed was made public.
    let mut duties: BTreeMap<(String, String), usize> = BTreeMap::new();
    for effect in events.iter().flat_map(|event| event["effects"].as_array().expect("effects")) {
        let (undone, effect) = if effect["kind"] == "undone" { (true, &effect["effect"]) } else { (false, effect) };
        let own = |at: &str| effect[at].as_str().unwrap_or_default().to_owned();
        let clock = (own("rule"), own("occasion"));
        match (text(&effect["kind"]), undone) {
            ("deadline_opened" | "deadline_reopened", false) | ("deadline_closed" | "deadline_cancelled", true) => {
                assert_eq!(clocks.insert(clock, false), None, "{effect}");
            }
            ("deadline_closed" | "deadline_cancelled", false) | ("deadline_opened" | "deadline_reopened", true) => {
                assert!(clocks.remove(&clock).is_some(), "{effect}");
            }
            ("deadline_suspended", _) => assert_eq!(clocks.insert(clock, !undone), Some(undone), "{effect}"),
            ("deadline_resumed", _) => assert_eq!(clocks.insert(clock, undone), Some(!undone), "{effect}"),
            ("list_entered", false) | ("list_left", true) => assert!(lists.insert(own("list")), "{effect}"),
            ("list_left", false) | ("list_entered", true) => assert!(lists.remove(&own("list")), "{effect}"),
            ("flag_raised", false) | ("flag_lowered", true) => assert!(flags.insert(own("flag")), "{effect}"),
            ("flag_lowered", false) | ("flag_raised", true) => assert!(flags.remove(&own("flag")), "{effect}"),
            ("publicity_owed", false) => assert_eq!(duties.insert((own("duty"), own("occasion")), 0), None, "{effect}"),
            ("publicity_owed", true) => {
                assert_eq!(duties.remove(&(own("duty"), own("occasion"))), Some(0), "{effect}");
            }
            ("publicity_met", _) => {
                let shown = duties.get_mut(&(own("duty"), own("occasion"))).expect("what is met is owed");
                *shown = if undone { *shown - 1 } else { *shown + 1 };
            }
            _ => {}
        }
    }
    let clocks = clocks.into_iter().map(|((rule, occasion), stands)| format!("{rule} {occasion} {stands}")).collect();
    let owed = duties.into_iter().filter(|(_, shown)| *shown == 0).map(|((duty, _), _)| duty).collect();
    Implied { clocks, lists, flags, owed }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text, not {value}"))
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|name| text(name).to_owned()).collect()
}

/// Identifiers of the restrictions of a site.
fn restrictions(site: &Value) -> BTreeSet<&str> {
    site["restrictions"].as_array().expect("restrictions").iter().map(|r| text(&r["id"])).collect()
}

fn label(stage: &Value) -> String {
    match stage["mode"].as_str() {
        Some(mode) => format!("{}/{mode}", text(&stage["stage"])),
        None => text(&stage["stage"]).to_owned(),
    }
}

fn clocks(site: &Value) -> Vec<Value> {
    let mut clocks = site["deadlines"].as_array().expect("deadlines").clone();
    clocks.sort_by_key(|clock| told(clock, true));
    clocks
}

fn is_running(clock: &Value) -> bool {
    ["open", "due_soon", "overdue", "suspended"].contains(&text(&clock["status"]))
}

/// A clock in one line.
fn told(clock: &Value, ended: bool) -> String {
    let mut line = text(&clock["rule"]).to_owned();
    for part in [&clock["occasion"], &clock["due_on"]] {
        if !text(part).is_empty() {
            line = format!("{line} {}", text(part));
        }
    }
    if ended {
        line = format!("{line} {}", text(&clock["status"]));
        if let Some(day) = clock["closed_on"].as_str() {
            line = format!("{line} {day}");
        }
    }
    line
}

/// JSON with sorted keys and no blanks, written apart from the server's.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            let parts: Vec<String> = sorted.iter().map(|(k, v)| format!("{}:{}", json!(k), canonical(v))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

/// The numbers of a log have no gap, and every hash is that of its entry behind the one before.
fn require_chain(log: &Value) {
    let mut previous = "0".repeat(64);
    for (i, event) in log["events"].as_array().expect("events").iter().enumerate() {
        assert_eq!(event["seq"], json!(i + 1));
        assert_eq!(event["prev_hash"], json!(previous), "{event}");
        let mut entry = json!({"site_id": log["site_id"]});
        for field in ["actor", "day_assumed", "effects", "occurred_on", "payload", "recorded_at", "seq", "type"] {
            entry[field] = event[field].clone();
        }
        let mut sha = Sha256::new();
        sha.update(hex::decode(&previous).expect("hex"));
        sha.update(canonical(&entry));
        previous = hex::encode(sha.finalize());
        assert_eq!(event["hash"], json!(previous), "{event}");
    }
    assert_eq!(log["head"], json!(previous));
}
