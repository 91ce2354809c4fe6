//! Sites: the first half of the life cycle over HTTP, who may what, what is said to whom, and existing registers.

use crate::loading::{feature, importer, load};
use crate::support::{CREDIT_CODE, TODAY, World, expect, expect_response, probe, square};
use jingtu::kernel::Day;
use jingtu::platform::overlay::Probe;
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::{ImportFeature, Outcome, deadline, site};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const HERE: &str = "152921";

/// The bureaus and people of one county.
struct Office {
    world: World,
    county: String,
    prefecture: String,
    planning: String,
    land_user: String,
}

impl Office {
    async fn new() -> Office {
        let world = World::new().await;
        Office {
            county: world.key(Role::CountyEcology, HERE).await,
            prefecture: world.key(Role::PrefectureEcology, "152900").await,
            planning: world.key(Role::Planning, HERE).await,
            land_user: world.key(Role::LandUser, HERE).await,
            world,
        }
    }

    fn register(&self, key: &str, properties: Value) -> RequestBuilder {
        let body = json!({"type": "Feature", "geometry": square(105.7, 38.8, 200.0), "properties": properties});
        self.world.post("/v1/sites").bearer_auth(key).json(&body)
    }

    /// A site on the list of suspected sites; its path.
    async fn suspected(&self, name: &str, listed_on: Day) -> String {
        let site = expect(self.register(&self.county, facts(name, "suspected", Some(listed_on))), 201).await;
        format!("/v1/sites/{}", site["id"].as_str().expect("id"))
    }

    async fn document(&self, key: &str) -> Value {
        self.world.document(key).await
    }

    fn event(&self, key: &str, site: &str, event: &Value) -> RequestBuilder {
        self.world.post(&format!("{site}/events")).bearer_auth(key).json(event)
    }

    async fn notice(&self, site: &str, received_on: Day) -> Value {
        let paper = self.document(&self.county).await;
        let event = json!({"type": "survey_notice_served", "occurred_on": received_on, "received_on": received_on,
            "served_how": "直接送达", "document_id": paper});
        expect(self.event(&self.county, site, &event), 201).await
    }

    async fn report(&self, site: &str, on: Day) -> Value {
        let paper = self.document(&self.land_user).await;
        let event = json!({"type": "preliminary_report_submitted", "occurred_on": on, "document_id": paper});
        expect(self.event(&self.land_user, site, &event), 201).await
    }

    async fn review(&self, site: &str, on: Day, conclusion: Value) -> Value {
        let mut event = conclusion;
        event["type"] = json!("preliminary_report_reviewed");
        event["occurred_on"] = json!(on);
        event["document_id"] = self.document(&self.prefecture).await;
        expect(self.event(&self.prefecture, site, &event), 201).await
    }

    async fn contaminated(&self, name: &str) -> String {
        let site = self.suspected(name, Day::of(2026, 5, 1)).await;
        self.notice(&site, Day::of(2026, 5, 21)).await;
        self.report(&site, Day::of(2026, 10, 30)).await;
        self.review(&site, Day::of(2026, 11, 10), json!({"conclusion": "contaminated", "risk_grade": "high"})).await;
        site
    }

    async fn see(&self, key: &str, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(key), 200).await
    }
}

fn facts(name: &str, stage: &str, listed_on: Option<Day>) -> Value {
    let mut facts = json!({
        "name": name, "division_code": HERE, "address": "工业路 1 号",
        "land_user": {"name": "（演示）北方化工", "credit_code": CREDIT_CODE, "contact": "0483-7654321"},
        "former_industry": "2614", "land_use": {"system": "GB/T 21010-2017", "code": "0601"},
        "basis": "关闭搬迁", "stage": stage,
    });
    if let Some(day) = listed_on {
        facts["suspected_on"] = json!(day);
    }
    facts
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| item[field].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn from_the_listing_to_the_directory_each_step_by_whom_the_order_says() {
    let office = Office::new().await;
    let (head, site) = expect_response(
        office.register(&office.county, facts("原化工厂", "suspected", Some(Day::of(2026, 5, 1)))),
        201,
    )
    .await;
    let path = head.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(head.headers()["etag"], "\"1\"");
    let p = &site["properties"];
    assert_eq!(
        (&p["code"], &p["stage"], &p["stage_zh"]),
        (&json!("152921YS20260001"), &json!("suspected"), &json!("疑似污染地块（待通知）"))
    );
    let (m2, mu) = (p["area_m2"].as_f64().expect("m2"), p["area_mu"].as_f64().expect("mu"));
    assert!((m2 - 40_000.0).abs() < 400.0 && (mu * 2000.0 / 3.0 - m2).abs() < 1e-6, "{m2} {mu}");
    assert_eq!(names(&p["lists"], "list"), ["suspected_list"]);
    assert_eq!(names(&p["next_steps"], "type")[0], "survey_notice_served");
    assert!(!names(&p["next_steps"], "type").contains(&"detailed_notice_served".to_owned()));
    let step = &p["next_steps"][0];
    assert_eq!((&step["rule"], &step["citations"][0]["article"]), (&json!("T3"), &json!("13")));
    assert!(names(&p["restrictions"], "id").contains(&"held_until_survey_is_reviewed".to_owned()));

    let served = office.notice(&path, Day::of(2026, 5, 21)).await;
    assert_eq!(
        (&served["event"]["seq"], &served["site"]["properties"]["stage"]),
        (&json!(2), &json!("preliminary_survey"))
    );
    let clock = &served["site"]["properties"]["deadlines"][0];
    assert_eq!(
        (&clock["rule"], &clock["start_on"], &clock["nominal_due_on"], &clock["due_on"], &clock["status"]),
        (
            &json!("preliminary_survey_six_months"),
            &json!("2026-05-21"),
            &json!("2026-11-21"),
            &json!("2026-11-23"),
            &json!("due_soon")
        )
    );
    assert_eq!(
        names(&office.see(&office.land_user, &path).await["properties"]["next_steps"], "type"),
        ["preliminary_report_submitted", "spread_reported", "emergency_reported", "disclosed"]
    );

    office.report(&path, Day::of(2026, 10, 30)).await;
    let reviewed =
        office.review(&path, Day::of(2026, 11, 10), json!({"conclusion": "contaminated", "risk_grade": "high"})).await;
    let p = &reviewed["site"]["properties"];
    assert_eq!(
        (&p["stage"], &p["risk_grade"], &p["stage_since"], &p["directory_code"], &p["code"]),
        (
            &json!("contaminated"),
            &json!("high"),
            &json!("2026-11-10"),
            &json!("152921WR20260001"),
            &json!("152921YS20260001")
        )
    );
    assert_eq!(names(&p["lists"], "list"), ["contaminated_directory"]);
    assert_eq!(p["deadlines"][0]["status"], "met");
    assert!(names(&p["publicity_owed"], "duty").contains(&"contaminated_directory".to_owned()));

    let timeline = office.see(&office.county, &format!("{path}/timeline")).await;
    let kinds = names(&timeline["items"], "kind");
    for kind in ["event", "document", "deadline_started", "deadline_due", "deadline_ended"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} in {kinds:?}");
    }
    let days: Vec<_> = timeline["items"].as_array().expect("items").iter().map(|i| i["on"].to_string()).collect();
    assert!(days.is_sorted(), "{days:?}");
}

#[tokio::test]
async fn a_clean_survey_closes_the_case_for_the_class_that_was_assessed() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 5, 1)).await;
    office.notice(&path, Day::of(2026, 5, 21)).await;
    office.report(&path, Day::of(2026, 8, 1)).await;
    let clean = json!({"conclusion": "not_contaminated", "assessed_class": "class_2"});
    let p = &office.review(&path, Day::of(2026, 9, 1), clean).await["site"]["properties"];
    assert_eq!(
        (&p["stage"], &p["assessed_class"], &p["lists"]),
        (&json!("not_contaminated"), &json!("class_2"), &json!([]))
    );
    assert!(p["restrictions"][0]["text_zh"].as_str().is_some_and(|zh| zh.contains("第二类用地")));
}

#[tokio::test]
async fn refusals_come_in_their_order_and_name_the_article() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 5, 1)).await;
    let report = json!({"type": "preliminary_report_submitted", "occurred_on": TODAY});

    let problem = expect(office.event(&office.county, &path, &report), 409).await;
    assert_eq!((&problem["code"], &problem["rule"]), (&json!("step_not_allowed"), &json!("T4")));
    assert_eq!(problem["allowed"][0], "survey_notice_served");
    assert_eq!(problem["citations"][0]["article"], "13");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("疑似污染地块")));
    let english = expect(office.event(&office.county, &path, &report).header("accept-language", "en"), 409).await;
    assert!(english["detail"].as_str().is_some_and(|d| d.contains("Suspected")), "{english}");
    let later = json!({"type": "works_started", "occurred_on": TODAY});
    assert_eq!(expect(office.event(&office.county, &path, &later), 409).await["rule"], "T15a");

    let notice = json!({"type": "survey_notice_served"});
    let other = expect(office.event(&office.land_user, &path, &notice), 403).await;
    assert_eq!((&other["code"], &other["rule"]), (&json!("other_role_must_act"), &json!("T3")));

    let missing = expect(office.event(&office.county, &path, &notice), 422).await;
    let pointers: BTreeSet<String> = names(&missing["errors"], "pointer").into_iter().collect();
    let expected = ["/occurred_on", "/received_on", "/served_how", "/document_id"].map(str::to_owned);
    assert_eq!(pointers, BTreeSet::from(expected));
    assert_eq!(missing["citations"][0]["article"], "13");

    let notice = |day: Day, paper: &Value| json!({"type": "survey_notice_served", "occurred_on": day, "received_on": day, "served_how": "邮寄", "document_id": paper});
    let nowhere = json!("0190a0a0-0000-7000-8000-000000000000");
    let unknown = expect(office.event(&office.county, &path, &notice(TODAY, &nowhere)), 422).await;
    assert_eq!(
        (&unknown["errors"][0]["pointer"], &unknown["errors"][0]["code"]),
        (&json!("/document_id"), &json!("unknown_document"))
    );
    let paper = office.document(&office.county).await;
    let future = expect(office.event(&office.county, &path, &notice(TODAY.next(), &paper)), 422).await;
    assert!(names(&future["errors"], "code").contains(&"in_the_future".to_owned()));
    let early = expect(office.event(&office.county, &path, &notice(Day::of(2026, 4, 30), &paper)), 422).await;
    assert!(names(&early["errors"], "code").contains(&"before_previous_event".to_owned()));

    let stranger = office.world.key(Role::CountyEcology, "140602").await;
    let hidden = expect(office.event(&stranger, &path, &report), 404).await;
    assert_eq!(hidden["code"], "not_found");
    expect(office.event(&office.planning, &path, &report), 403).await;
    expect(office.world.post(&format!("{path}/events")).json(&report), 401).await;
    assert_eq!(office.see(&office.county, &path).await["properties"]["revision"], 1, "nothing was written");

    let open = office.contaminated("公开地块").await;
    assert_eq!(expect(office.event(&stranger, &open, &report), 403).await["code"], "outside_division");
}

#[tokio::test]
async fn who_may_register_what_and_what_is_wrong_is_named() {
    let office = Office::new().await;
    let lead = expect(office.register(&office.planning, facts("线索", "candidate", None)), 201).await;
    assert_eq!((&lead["properties"]["stage"], &lead["properties"]["lists"]), (&json!("candidate"), &json!([])));
    let log = office.see(&office.county, &format!("/v1/sites/{}/events", lead["id"].as_str().expect("id"))).await;
    assert_eq!(log["events"], json!([]));
    let refused = expect(office.register(&office.planning, facts("线索", "suspected", None)), 403).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("other_role_must_act"), &json!("T2")));
    expect(office.register(&office.land_user, facts("线索", "candidate", None)), 403).await;

    let stranger = office.world.key(Role::CountyEcology, "140602").await;
    assert_eq!(
        expect(office.register(&stranger, facts("x", "candidate", None)), 403).await["code"],
        "outside_division"
    );
    let nation = office.world.key(Role::CountyEcology, "000000").await;
    let mut far = facts("x", "candidate", None);
    far["division_code"] = json!("999999");
    assert_eq!(expect(office.register(&nation, far), 422).await["errors"][0]["code"], "unknown_division");

    let mut wrong = facts(" ", "candidate", None);
    wrong["land_use"]["code"] = json!("9999");
    wrong["former_industry"] = json!("C26");
    wrong["land_user"]["credit_code"] = json!("short");
    wrong["national_code"] = json!("12");
    let pointers = names(&expect(office.register(&office.county, wrong), 422).await["errors"], "pointer");
    for at in ["name", "land_use/code", "former_industry", "land_user/credit_code", "national_code"] {
        assert!(pointers.contains(&format!("/properties/{at}")), "{at} in {pointers:?}");
    }
    let bow_tie = json!({"type": "Feature", "properties": facts("x", "candidate", None), "geometry":
        {"type": "Polygon", "coordinates": [[[105.0, 38.0], [105.1, 38.1], [105.1, 38.0], [105.0, 38.1], [105.0, 38.0]]]}});
    let bad = expect(office.world.post("/v1/sites").bearer_auth(&office.county).json(&bow_tie), 422).await;
    assert_eq!(bad["errors"][0]["code"], "invalid_geometry");
    // What was refused took no serial.
    let next = expect(office.register(&office.county, facts("下一个", "candidate", None)), 201).await;
    assert_eq!(next["properties"]["code"], "152921YS20260002");
}

#[tokio::test]
async fn the_same_request_sent_again_is_answered_again_and_done_once() {
    let office = Office::new().await;
    let send =
        |name: &str| office.register(&office.county, facts(name, "suspected", None)).header("idempotency-key", "k1");
    let (first, a) = expect_response(send("地块"), 201).await;
    let (second, b) = expect_response(send("地块"), 201).await;
    assert_eq!((a, first.headers().get("etag")), (b, second.headers().get("etag")));
    assert_eq!(second.headers()["idempotency-replayed"], "true");
    assert_eq!(expect(send("另一地块"), 409).await["code"], "idempotency_key_reused");
    assert_eq!(office.see(&office.county, "/v1/sites").await["numberReturned"], 1);
}

#[tokio::test]
async fn a_correction_needs_version_and_reason_and_leaves_the_version_before_in_the_history() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 5, 1)).await;
    let before = office.see(&office.county, &path).await;
    let patch = |body: Value| office.world.patch(&path).bearer_auth(&office.county).json(&body);
    let body = json!({"properties": {"name": "新名称", "address": null}, "geometry": square(105.7, 38.8, 100.0), "reason": "实测"});
    assert_eq!(expect(patch(body.clone()), 428).await["code"], "if_match_required");
    assert_eq!(expect(patch(body.clone()).header("if-match", "\"7\""), 412).await["code"], "stale");
    let (head, after) = expect_response(patch(body).header("if-match", "\"1\""), 200).await;
    assert_eq!(head.headers()["etag"], "\"2\"");
    let p = &after["properties"];
    assert_eq!((&p["name"], &p["address"], &p["former_industry"]), (&json!("新名称"), &Value::Null, &json!("2614")));
    assert!(p["area_m2"].as_f64().is_some_and(|m2| (m2 - 10_000.0).abs() < 100.0));

    for (body, pointer) in [
        (json!({"properties": {"name": "x"}, "reason": " "}), "/reason"),
        (json!({"properties": {"name": "新名称"}, "reason": "x"}), ""),
        (json!({"properties": {"stage": "delisted"}, "reason": "x"}), "/properties/stage"),
        (json!({"properties": {"name": "x"}}), "/reason"),
    ] {
        let problem = expect(patch(body).header("if-match", "\"2\""), 422).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    expect(
        office
            .world
            .patch(&path)
            .bearer_auth(&office.planning)
            .header("if-match", "\"2\"")
            .json(&json!({"reason": "x"})),
        403,
    )
    .await;

    let history = office.see(&office.county, &format!("{path}/history")).await;
    let versions = history["versions"].as_array().expect("versions");
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[1]["changed"], json!(["address", "area_m2", "geometry", "name"]));
    assert_eq!(
        (&versions[1]["reason"], &versions[1]["to"], &versions[0]["to"]),
        (&json!("实测"), &Value::Null, &versions[1]["from"])
    );

    let at = before["properties"]["recorded_at"].as_str().expect("instant");
    let then = office.see(&office.county, &format!("{path}?known_at={at}")).await;
    assert_eq!(
        (&then["properties"]["name"], &then["properties"]["revision"], &then["geometry"]),
        (&json!("地块"), &json!(1), &before["geometry"])
    );
    expect(office.world.get(&format!("{path}?known_at=2026-11-20T00:00:00Z")).bearer_auth(&office.county), 404).await;
    expect(office.world.get(&format!("{path}?known_at=yesterday")).bearer_auth(&office.county), 400).await;

    // An event of a version that is not meant any more.
    let event = json!({"type": "disclosed", "occurred_on": TODAY, "channel": "网站", "from": TODAY});
    expect(office.event(&office.county, &path, &event).header("if-match", "\"1\""), 412).await;
    let done = expect(office.event(&office.county, &path, &event).header("if-match", "\"2\""), 201).await;
    assert_eq!(done["site"]["properties"]["revision"], 3);
}

/// Rows of the published vectors for six months, so that they are tried where the file is not at hand.
const SIX_MONTHS: [(&str, &str); 6] = [
    ("2017-08-31", "2018-02-28"),
    ("2021-08-30", "2022-02-28"),
    ("2020-02-29", "2020-08-31"),
    ("2025-08-16", "2026-02-24"),
    ("2026-04-01", "2026-10-08"),
    ("2026-05-21", "2026-11-23"),
];

#[tokio::test]
async fn due_dates_are_those_of_the_vectors_from_the_receipt_of_the_notice() {
    let office = Office::new().await;
    let mut rows: Vec<(Day, Day)> =
        SIX_MONTHS.iter().map(|(start, due)| (start.parse().expect("day"), due.parse().expect("day"))).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/domain/deadline_vectors.csv");
    match std::fs::read_to_string(file) {
        Ok(text) => {
            for line in text.lines().filter(|line| line.starts_with("6_months,")) {
                let cells: Vec<&str> = line.split(',').collect();
                let row = (cells[1].parse().expect("day"), cells[2].parse().expect("day"));
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        Err(error) => println!("skipped the file of vectors: {error}"),
    }
    for (i, (received, due)) in rows.into_iter().enumerate() {
        office.world.clock.move_to(received);
        let path = office.suspected(&format!("地块 {i}"), received).await;
        office.notice(&path, received).await;
        let id = path.rsplit('/').next().expect("id");
        for (on, status) in [(due, "due_soon"), (due.next(), "overdue")] {
            let listed = office.see(&office.county, &format!("/v1/deadlines?on={on}&limit=1000")).await;
            let clocks = listed["deadlines"].as_array().expect("deadlines");
            let clock = clocks
                .iter()
                .find(|c| c["subject"]["id"] == id && c["rule"] == "preliminary_survey_six_months")
                .expect("the clock");
            assert_eq!((&clock["due_on"], &clock["status"]), (&json!(due), &json!(status)), "{received} on {on}");
        }
        office.world.clock.move_to(due.next());
        let late = office.see(&office.county, "/v1/sites?overdue=true").await;
        assert!(names(&late["features"], "id").contains(&id.to_owned()), "{received}");
        assert_eq!(office.see(&office.county, &path).await["properties"]["overdue"], true);
    }
}

#[tokio::test]
async fn the_clock_starts_with_receipt_and_not_without_it() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 3, 1)).await;
    let paper = office.document(&office.county).await;
    let issued_only = json!({"type": "survey_notice_served", "occurred_on": "2026-04-01", "issued_on": "2026-04-01",
        "served_how": "公告", "document_id": paper});
    let refused = expect(office.event(&office.county, &path, &issued_only), 422).await;
    assert_eq!(names(&refused["errors"], "pointer"), ["/received_on"]);
    let said = refused["errors"][0].to_string();
    assert!(said.contains("missing") && said.contains("签收之日起算"), "{said}");
    assert_eq!(refused["citations"][0]["article"], "13");
    let received = json!({"type": "survey_notice_served", "occurred_on": "2026-05-18", "issued_on": "2026-04-01",
        "received_on": "2026-05-21", "served_how": "邮寄", "document_id": paper});
    let served = expect(office.event(&office.county, &path, &received), 201).await;
    let clocks = served["site"]["properties"]["deadlines"].as_array().expect("clocks").clone();
    let seen: Vec<_> = clocks.iter().map(|c| (c["start_on"].clone(), c["status"].clone())).collect();
    // The law's clock first, then the service level of serving the notice promptly, which this office missed.
    assert_eq!(seen, [(json!("2026-05-21"), json!("due_soon")), (json!("2026-03-01"), json!("met_late"))]);
    assert_eq!((&clocks[0]["internal"], &clocks[1]["internal"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_due_date_beyond_the_announced_calendar_is_counted_again_when_that_is_loaded() {
    let office = Office::new().await;
    office.world.clock.move_to(Day::of(2027, 4, 1));
    let path = office.suspected("地块", Day::of(2027, 4, 1)).await;
    office.notice(&path, Day::of(2027, 4, 1)).await;
    let clock = office.see(&office.county, &path).await["properties"]["deadlines"][0].clone();
    assert_eq!((&clock["due_on"], &clock["provisional"]), (&json!("2027-10-01"), &json!(true)));
    // A stand-in for a notice that is not announced.
    let days: Vec<Value> =
        (1..=7).map(|d| json!({"name": "假日", "date": Day::of(2027, 10, d), "isOffDay": true})).collect();
    let file = json!({"year": 2027, "papers": ["https://example.com/notice"], "days": days}).to_string();
    let mut act = office.world.act(Permission::CalendarWrite).await;
    deadline::import_calendar(&mut act, file.as_bytes()).await.expect("loaded");
    act.finish(Reply::nothing()).await.expect("commit");
    let after = office.see(&office.county, &path).await["properties"].clone();
    assert_eq!(
        (&after["deadlines"][0]["due_on"], &after["deadlines"][0]["provisional"]),
        (&json!("2027-10-08"), &json!(false))
    );
    assert_eq!(after["next_due_on"], "2027-10-08");
}

/// JSON with sorted keys and no blanks, written apart from the server's.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            let parts: Vec<String> = sorted.iter().map(|(k, v)| format!("{}:{}", json!(k), canonical(v))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[tokio::test]
async fn the_log_is_a_chain_that_anybody_can_verify_and_nobody_can_change() {
    let office = Office::new().await;
    let path = office.contaminated("地块").await;
    let log = office.see(&office.county, &format!("{path}/events")).await;
    let events = log["events"].as_array().expect("events");
    assert_eq!(
        names(&log["events"], "type"),
        ["suspected_listed", "survey_notice_served", "preliminary_report_submitted", "preliminary_report_reviewed"]
    );
    let mut previous = "0".repeat(64);
    for event in events {
        assert_eq!(event["prev_hash"], json!(previous));
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
    assert_eq!(events[2]["actor"]["role"], "land_user");
    assert!(!canonical(&log).contains("0483-7654321"));
    let changed =
        sqlx::query("update site_event set type = 'x'").execute(office.world.app.db()).await.expect_err("refused");
    assert_eq!(changed.as_database_error().and_then(|e| e.code().map(|c| c.to_string())).as_deref(), Some("JT002"));
}

/// Pins: event.entered_in_error
#[tokio::test]
async fn what_was_entered_in_error_is_void_and_stays_in_the_log() {
    let office = Office::new().await;
    let path = office.contaminated("地块").await;
    let void = |day: Day| json!({"type": "entered_in_error", "occurred_on": day, "reason": "录错地块"});
    let refused = expect(office.event(&office.county, &path, &void(TODAY)), 403).await;
    assert_eq!(refused["code"], "other_role_must_act");
    let p = expect(office.event(&office.prefecture, &path, &void(TODAY)), 201).await["site"]["properties"].clone();
    assert_eq!(
        (&p["stage"], &p["risk_grade"], &p["contaminated_on"], &p["stage_since"]),
        (&json!("preliminary_review"), &Value::Null, &Value::Null, &json!("2026-10-30"))
    );
    assert_eq!(names(&p["lists"], "list"), ["suspected_list"]);
    // The report too: its clock runs on.
    let p = expect(office.event(&office.land_user, &path, &void(TODAY)), 201).await["site"]["properties"].clone();
    assert_eq!(
        (&p["stage"], &p["deadlines"][0]["status"], &p["deadlines"][0]["closed_on"]),
        (&json!("preliminary_survey"), &json!("due_soon"), &Value::Null)
    );
    let log = office.see(&office.county, &format!("{path}/events")).await;
    let voided: Vec<_> = log["events"].as_array().expect("events").iter().map(|e| e["voided_by"].clone()).collect();
    assert_eq!(voided, [Value::Null, Value::Null, json!(6), json!(5), Value::Null, Value::Null]);
    // The way forward again; the directory keeps the code that it gave.
    office.report(&path, TODAY).await;
    let p = office.review(&path, TODAY, json!({"conclusion": "returned", "reason": "缺少检测报告"})).await["site"]["properties"].clone();
    assert_eq!(
        (&p["stage"], &p["deadlines"][0]["due_on"], &p["directory_code"]),
        (&json!("preliminary_survey"), &json!("2026-11-23"), &json!("152921WR20260001"))
    );
}

#[tokio::test]
async fn the_public_sees_the_directory_without_the_land_user() {
    let office = Office::new().await;
    let open = office.contaminated("公开地块").await;
    let closed = office.suspected("内部地块", Day::of(2026, 5, 1)).await;
    expect(office.world.get(&closed), 404).await;
    let site = expect(office.world.get(&open), 200).await;
    let p = &site["properties"];
    assert_eq!(
        (&p["name"], &p["land_user"], &p["deadlines"], &p["next_steps"]),
        (&json!("公开地块"), &Value::Null, &json!([]), &json!([]))
    );
    assert!(names(&p["hidden_fields"], "field").contains(&"land_user".to_owned()));
    assert!(
        p["hidden_fields"]
            .as_array()
            .expect("fields")
            .iter()
            .all(|f| f["reason_zh"].is_string() && f["reason_en"].is_string())
    );
    assert_eq!(p["restrictions"][0]["gate"], "block");
    let list = expect(office.world.get("/v1/sites"), 200).await;
    assert_eq!(names(&list["features"], "id"), [site["id"].as_str().expect("id")]);
    assert!(!list.to_string().contains("0483-7654321") && !site.to_string().contains("0483-7654321"));
    expect(office.world.get("/v1/sites?overdue=true"), 403).await;
    expect(office.world.get(&format!("{open}/events")), 401).await;
    let stranger = office.world.key(Role::Planning, "140602").await;
    assert_eq!(
        expect(office.world.get(&format!("{open}/events")).bearer_auth(&stranger), 403).await["code"],
        "log_not_public"
    );
    assert_eq!(office.see(&stranger, &open).await["properties"]["land_user"], Value::Null);
    expect(office.world.get(&format!("{closed}/events")).bearer_auth(&stranger), 404).await;
    let full = office.see(&office.county, &open).await;
    assert_eq!(
        (&full["properties"]["land_user"]["contact"], &full["properties"]["hidden_fields"]),
        (&json!("0483-7654321"), &json!([]))
    );
}

#[tokio::test]
async fn a_land_user_sees_and_acts_on_its_own_sites_only_and_an_agency_files_for_it() {
    let office = Office::new().await;
    let own = office.suspected("本单位地块", Day::of(2026, 5, 1)).await;
    let mut of_another = facts("别家地块", "suspected", Some(Day::of(2026, 5, 1)));
    of_another["land_user"] = json!({"name": "别家", "credit_code": "91150000MA0TEXT11A"});
    let other = expect(office.register(&office.county, of_another), 201).await;
    let other = format!("/v1/sites/{}", other["id"].as_str().expect("id"));
    let list = office.see(&office.land_user, "/v1/sites").await;
    assert_eq!(names(&list["features"], "id"), [own.rsplit('/').next().expect("id")]);
    expect(office.world.get(&other).bearer_auth(&office.land_user), 404).await;
    let event = json!({"type": "preliminary_report_submitted", "occurred_on": TODAY});
    expect(office.event(&office.land_user, &other, &event), 404).await;
    assert_eq!(office.see(&office.county, "/v1/sites").await["numberReturned"], 2);

    office.notice(&own, Day::of(2026, 5, 21)).await;
    let agency = office.world.key(Role::ThirdParty, HERE).await;
    expect(office.world.get(&own).bearer_auth(&agency), 404).await;
    let paper = office.document(&agency).await;
    let report = json!({"type": "preliminary_report_submitted", "occurred_on": TODAY, "document_id": paper});
    let filed = expect(office.event(&agency, &own, &report), 201).await;
    assert_eq!(filed["event"]["actor"]["role"], "third_party");
    let far = office.world.key(Role::ThirdParty, "140602").await;
    expect(office.event(&far, &own, &report), 404).await;
    // The paper is the county's and the land user's to read now.
    expect(
        office.world.get(&format!("/v1/documents/{}", paper.as_str().expect("id"))).bearer_auth(&office.land_user),
        200,
    )
    .await;
}

#[tokio::test]
async fn of_two_events_at_once_only_one_finds_the_stage_it_needs() {
    let office = Office::new().await;
    for round in 0..4 {
        let path = office.suspected(&format!("地块 {round}"), Day::of(2026, 5, 1)).await;
        let paper = office.document(&office.county).await;
        let notice = json!({"type": "survey_notice_served", "occurred_on": TODAY, "received_on": TODAY,
            "served_how": "直接送达", "document_id": paper});
        let send = || async {
            office.event(&office.county, &path, &notice).send().await.expect("an answer").status().as_u16()
        };
        let (a, b, c) = tokio::join!(send(), send(), send());
        let mut statuses = [a, b, c];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409]);
        let log = office.see(&office.county, &format!("{path}/events")).await;
        assert_eq!(names(&log["events"], "type"), ["suspected_listed", "survey_notice_served"]);
        let clocks = office.see(&office.county, &path).await["properties"]["deadlines"].clone();
        assert_eq!(names(&clocks, "rule"), ["preliminary_survey_six_months", "survey_notice"]);
    }
}

#[tokio::test]
async fn codes_have_no_gaps_when_many_register_at_once() {
    let office = Office::new().await;
    let sends = (0..12).map(|i| {
        let request = office.register(&office.county, facts(&format!("地块 {i}"), "candidate", None));
        async move { expect(request, 201).await["properties"]["code"].as_str().expect("code").to_owned() }
    });
    let mut codes = futures_util::future::join_all(sends).await;
    codes.sort_unstable();
    let expected: Vec<String> = (1..=12).map(|n| format!("152921YS2026{n:04}")).collect();
    assert_eq!(codes, expected);
}

fn existing(code: &str, stage: &str, more: Value, at: f64) -> ImportFeature {
    let mut properties = json!({"code": code, "name": format!("地块 {code}"), "division_code": HERE, "stage": stage});
    for (key, value) in more.as_object().expect("an object") {
        properties[key] = value.clone();
    }
    feature(properties, square(at, 38.8, 100.0))
}

fn codes(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Rejected(faults) => faults.iter().map(|f| format!("{} {}", f.pointer, f.code)).collect(),
        Outcome::Written | Outcome::Repaired(_) | Outcome::Noted(_) => Vec::new(),
    }
}

#[tokio::test]
async fn an_existing_register_is_taken_over_as_it_is() {
    let office = Office::new().await;
    let negative = json!([{"system": "GB/T 21010-2017", "code": "07", "why": "风险管控目标"}]);
    let rows = [
        existing(
            "L1",
            "listed",
            json!({"stage_since": "2024-03-01", "risk_grade": "高", "negative_list": negative}),
            105.1,
        ),
        existing("L2", "risk_control", json!({"mode": "containment", "on_control_list": true}), 105.2),
        existing(
            "L3",
            "preliminary_survey",
            json!({"notice_received_on": "2026-05-21", "land_user_name": "甲", "land_user_contact": "0483-7654321"}),
            105.3,
        ),
        existing("152921YS20260040", "candidate", json!({}), 105.4),
        feature(
            json!({"national_code": "1529211320006", "name": "国家编码", "division_code": HERE, "stage": "delisted"}),
            square(105.5, 38.8, 100.0),
        ),
        feature(json!({"name": "无编码", "division_code": HERE, "stage": "contaminated"}), square(105.6, 38.8, 100.0)),
        existing("L1", "listed", json!({}), 105.7),
        existing("L8", "closed", json!({"division_code": "999999", "risk_grade": "很高"}), 105.8),
        existing("L9", "suspected", json!({"risk_grade": "high"}), 105.9),
    ];
    let outcomes = load(&office.world, "sites", &rows, 100).await;
    assert!(outcomes[..6].iter().all(|o| matches!(o, Outcome::Written)), "{outcomes:?}");
    assert_eq!(codes(&outcomes[6]), ["/properties/code repeated_in_file"]);
    assert_eq!(codes(&outcomes[7]), ["/properties/stage not_in_list", "/properties/risk_grade not_in_list"]);
    assert_eq!(codes(&outcomes[8]), ["/properties/risk_grade contradicts_stage"]);
    let again = load(&office.world, "sites", &rows[..1], 100).await;
    assert_eq!(codes(&again[0]), ["/properties/code code_taken"]);

    let list = office.see(&office.county, "/v1/sites?sortby=code").await;
    assert_eq!(
        list["features"]
            .as_array()
            .expect("features")
            .iter()
            .map(|f| f["properties"]["code"].as_str().expect("code"))
            .collect::<Vec<_>>(),
        ["152921WR20260001", "152921YS20260040", "1529211320006", "L1", "L2", "L3"]
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let find = async |code: &str| {
        let found = office.see(&office.county, &format!("/v1/sites?q={code}")).await;
        let id = found["features"][0]["id"].as_str().expect("id").to_owned();
        office.see(&office.county, &format!("/v1/sites/{id}")).await
    };
    let listed = find("L1").await;
    let p = &listed["properties"];
    assert_eq!(
        (&p["stage"], &p["risk_grade"], &p["stage_since"]),
        (&json!("listed"), &json!("high"), &json!("2024-03-01"))
    );
    assert_eq!(names(&p["lists"], "list"), ["contaminated_directory", "control_list"]);
    assert_eq!(
        (&p["negative_list"][0]["code"], &p["restrictions"][0]["id"]),
        (&json!("07"), &json!("no_housing_or_public_use"))
    );
    let log = office.see(&office.county, &format!("/v1/sites/{}/events", listed["id"].as_str().expect("id"))).await;
    assert_eq!(
        (&log["events"][0]["type"], &log["events"][0]["payload"]["stage"]),
        (&json!("registered"), &json!("listed"))
    );
    assert_eq!(names(&find("L2").await["properties"]["lists"], "list"), ["contaminated_directory", "control_list"]);
    let running = find("L3").await;
    assert_eq!(running["properties"]["deadlines"][0]["due_on"], "2026-11-23");
    // And on from there by the rules; the next interim code is the first that nobody has.
    let path = format!("/v1/sites/{}", running["id"].as_str().expect("id"));
    let paper = office.document(&office.county).await;
    let report = json!({"type": "preliminary_report_submitted", "occurred_on": TODAY, "document_id": paper});
    let done = expect(office.event(&office.county, &path, &report), 201).await;
    assert_eq!(
        (&done["event"]["seq"], &done["site"]["properties"]["deadlines"][0]["status"]),
        (&json!(2), &json!("met"))
    );
    let next = expect(office.register(&office.county, facts("新", "candidate", None)), 201).await;
    assert_eq!(next["properties"]["code"], "152921YS20260001");
}

#[tokio::test]
async fn interim_codes_of_a_register_are_its_divisions_own_and_use_up_no_year() {
    let office = Office::new().await;
    let rows = [
        existing("140602YS20260005", "candidate", json!({}), 105.1),
        existing("152921YS20270001", "candidate", json!({}), 105.2),
        existing("152921YS20269999", "candidate", json!({}), 105.3),
        existing("152921YS20260002", "candidate", json!({}), 105.4),
        existing("152921WR20250003", "listed", json!({}), 105.5),
    ];
    let outcomes = load(&office.world, "sites", &rows, 100).await;
    assert_eq!(codes(&outcomes[0]), ["/properties/code code_of_other_division"]);
    assert_eq!(codes(&outcomes[1]), ["/properties/code code_of_future_year"]);
    assert!(outcomes[2..].iter().all(|o| matches!(o, Outcome::Written)), "{outcomes:?}");
    // The highest serial was brought along; those between are free still.
    for expected in ["152921YS20260001", "152921YS20260003", "152921YS20260004"] {
        let next = expect(office.register(&office.county, facts("新", "candidate", None)), 201).await;
        assert_eq!(next["properties"]["code"], expected);
    }
    // A file that brings a code and leaves another out gets the next one beside it.
    let mixed = [
        feature(json!({"name": "无编码", "division_code": HERE, "stage": "candidate"}), square(105.6, 38.8, 100.0)),
        existing("152921YS20260005", "candidate", json!({}), 105.7),
    ];
    assert!(load(&office.world, "sites", &mixed, 100).await.iter().all(|o| matches!(o, Outcome::Written)));
    let list = office.see(&office.county, "/v1/sites?q=无编码").await;
    assert_eq!(list["features"][0]["properties"]["code"], "152921YS20260006");
}

#[tokio::test]
async fn a_year_without_codes_left_is_a_finding_of_the_row() {
    let office = Office::new().await;
    // A year in which all serials but one are given.
    sqlx::query("insert into site_code_counter (division_code, year, kind, last) values ($1, 2026, 'YS', 9998)")
        .bind(HERE)
        .execute(office.world.app.db())
        .await
        .expect("a counter");
    let bare = |name: &str, at: f64| {
        feature(json!({"name": name, "division_code": HERE, "stage": "candidate"}), square(at, 38.8, 100.0))
    };
    let rows = [bare("甲", 105.1), bare("乙", 105.2), existing("L1", "candidate", json!({}), 105.3)];
    let outcomes = load(&office.world, "sites", &rows, 100).await;
    assert!(matches!((&outcomes[0], &outcomes[2]), (Outcome::Written, Outcome::Written)), "{outcomes:?}");
    assert_eq!(codes(&outcomes[1]), ["/properties/code codes_used_up"]);
    let refused = expect(office.register(&office.county, facts("新", "candidate", None)), 409).await;
    assert_eq!(refused["code"], "codes_used_up");
}

#[tokio::test]
async fn what_is_known_of_the_past_is_shown_to_those_in_reach_today() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 5, 1)).await;
    let before = office.see(&office.land_user, &path).await;
    let at = before["properties"]["recorded_at"].as_str().expect("instant").to_owned();
    let then = format!("{path}?known_at={at}");
    assert_eq!(office.see(&office.land_user, &then).await["properties"]["name"], "地块");
    let patch =
        json!({"properties": {"land_user": {"name": "别家", "credit_code": "91150000MA0TEXT11A"}}, "reason": "录错"});
    expect(office.world.patch(&path).bearer_auth(&office.county).header("if-match", "\"1\"").json(&patch), 200).await;
    expect(office.world.get(&path).bearer_auth(&office.land_user), 404).await;
    expect(office.world.get(&then).bearer_auth(&office.land_user), 404).await;
    let seen = office.see(&office.county, &then).await;
    assert_eq!(seen["properties"]["land_user"]["credit_code"], CREDIT_CODE);

    // A site that left the directory is not the public's by way of the past.
    let open = office.contaminated("公开地块").await;
    let at =
        expect(office.world.get(&open), 200).await["properties"]["recorded_at"].as_str().expect("instant").to_owned();
    expect(office.world.get(&format!("{open}?known_at={at}")), 200).await;
    let void = json!({"type": "entered_in_error", "occurred_on": TODAY, "reason": "录错地块"});
    expect(office.event(&office.prefecture, &open, &void), 201).await;
    expect(office.world.get(&format!("{open}?known_at={at}")), 404).await;
}

#[tokio::test]
async fn an_outline_far_from_the_known_boundary_of_its_division_is_refused() {
    let office = Office::new().await;
    // The county's boundary is not known, its prefecture's is.
    let boundary = feature(json!({"code": "152900"}), square(105.0, 38.0, 100_000.0));
    assert!(matches!(load(&office.world, "divisions", &[boundary], 1).await[..], [Outcome::Written]));
    let register = |lon: f64, lat: f64| {
        let body = json!({"type": "Feature", "geometry": square(lon, lat, 200.0), "properties": facts("地块", "candidate", None)});
        office.world.post("/v1/sites").bearer_auth(&office.county).json(&body)
    };
    let far = expect(register(116.4, 39.9), 422).await;
    assert_eq!(
        (&far["errors"][0]["pointer"], &far["errors"][0]["code"]),
        (&json!("/geometry"), &json!("outside_division"))
    );
    // Within the tolerance of a generalised boundary, about 11 km south of it.
    expect(register(105.5, 37.9), 201).await;
    let site = expect(register(105.5, 38.5), 201).await;
    let path = format!("/v1/sites/{}", site["id"].as_str().expect("id"));
    let patch = |lon: f64, revision: &str| {
        let body = json!({"geometry": square(lon, 38.5, 200.0), "reason": "实测"});
        office.world.patch(&path).bearer_auth(&office.county).header("if-match", revision).json(&body)
    };
    assert_eq!(expect(patch(108.0, "\"1\""), 422).await["errors"][0]["code"], "outside_division");
    expect(patch(105.6, "\"1\""), 200).await;
}

#[tokio::test]
async fn the_tag_of_a_site_changes_with_everything_that_it_shows() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 5, 1)).await;
    office.notice(&path, Day::of(2026, 5, 21)).await;
    let tag = async |key: &str| {
        let (head, _) = expect_response(office.world.get(&path).bearer_auth(key), 200).await;
        head.headers()["etag"].to_str().expect("text").to_owned()
    };
    let known = tag(&office.county).await;
    assert!(known.starts_with("\"2-"), "{known}");
    assert_ne!(known, tag(&office.land_user).await, "the steps open to it differ");
    let again =
        |status| expect(office.world.get(&path).bearer_auth(&office.county).header("if-none-match", &known), status);
    again(304).await;
    office.world.clock.move_to(Day::of(2026, 11, 24));
    let late = again(200).await;
    assert_eq!(late["properties"]["deadlines"][0]["status"], "overdue");
    // What was read may be acted on: the revision in the tag is the one that is meant.
    let event = json!({"type": "disclosed", "occurred_on": TODAY, "channel": "网站", "from": TODAY});
    expect(office.event(&office.county, &path, &event).header("if-match", &known), 201).await;
    expect(office.event(&office.county, &path, &event).header("if-match", &known), 412).await;
}

#[tokio::test]
async fn a_day_however_early_has_its_place_in_the_order() {
    // An unknown day stands at the beginning of the era.
    let office = Office::new().await;
    let rows = [
        existing("D1", "listed", json!({"stage_since": "1900-01-01"}), 105.1),
        existing("D2", "listed", json!({"stage_since": "1900-01-02"}), 105.2),
        existing("D3", "listed", json!({}), 105.3),
        existing("D4", "listed", json!({"stage_since": "2026-01-01"}), 105.4),
    ];
    load(&office.world, "sites", &rows, 10).await;
    for (sortby, expected) in [("stage_since", ["D3", "D1", "D2", "D4"]), ("-stage_since", ["D4", "D2", "D1", "D3"])] {
        let mut seen = Vec::new();
        let mut at = Some(format!("/v1/sites?sortby={sortby}&limit=1"));
        while let Some(path) = at {
            let page = office.see(&office.county, &path).await;
            for feature in page["features"].as_array().expect("features") {
                seen.push(feature["properties"]["code"].as_str().expect("code").to_owned());
            }
            let links = page["links"].as_array().expect("links");
            at = links.iter().find(|l| l["rel"] == "next").map(|l| l["href"].as_str().expect("href").to_owned());
        }
        assert_eq!(seen, expected, "{sortby}");
    }
}

#[tokio::test]
async fn layers_know_since_when_a_site_is_on_a_list_and_not_only_at_its_stage() {
    let office = Office::new().await;
    let path = office.suspected("地块", Day::of(2026, 3, 1)).await;
    office.notice(&path, Day::of(2026, 5, 21)).await;
    let found = async |layer: &str, on: &str| {
        let items = format!("/ogc/collections/{layer}/items?f=json&datetime={on}");
        office.see(&office.county, &items).await["features"].as_array().expect("features").len()
    };
    assert_eq!(found("suspected-sites", "2026-04-01").await, 1);
    assert_eq!(found("suspected-sites", "2026-02-28").await, 0);
    office.report(&path, Day::of(2026, 10, 30)).await;
    office.review(&path, Day::of(2026, 11, 10), json!({"conclusion": "contaminated", "risk_grade": "high"})).await;
    let paper = office.document(&office.prefecture).await;
    let second = json!({"type": "detailed_notice_served", "occurred_on": "2026-11-15", "received_on": "2026-11-15",
        "served_how": "直接送达", "document_id": paper});
    expect(office.event(&office.prefecture, &path, &second), 201).await;
    assert_eq!(found("contaminated-sites", "2026-11-12").await, 1);
    assert_eq!(found("contaminated-sites", "2026-11-09").await, 0);
}

#[tokio::test]
async fn lists_filter_order_and_page_without_dropping_or_repeating() {
    let office = Office::new().await;
    let stages = ["suspected", "candidate", "not_contaminated", "listed"];
    let rows: Vec<ImportFeature> = (0_u8..57)
        .map(|i| {
            let day = TODAY.add_days(-i64::from(i % 5));
            existing(
                &format!("P{i:03}"),
                stages[usize::from(i % 4)],
                json!({"name": format!("地块{}", i % 7), "stage_since": day}),
                100.0 + f64::from(i) * 0.1,
            )
        })
        .collect();
    load(&office.world, "sites", &rows, 20).await;
    for sortby in ["code", "-code", "name", "-name", "area_m2", "-area_m2", "stage_since", "-stage_since"] {
        let mut seen = Vec::new();
        let mut at = Some(format!("/v1/sites?sortby={sortby}&limit=10"));
        while let Some(path) = at {
            let page = office.see(&office.county, &path).await;
            seen.extend(names(&page["features"], "id"));
            let links = page["links"].as_array().expect("links");
            at = links.iter().find(|l| l["rel"] == "next").map(|l| l["href"].as_str().expect("href").to_owned());
        }
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (57, 57), "{sortby}");
    }
    let count =
        async |query: &str| office.see(&office.county, &format!("/v1/sites?{query}")).await["numberReturned"].clone();
    assert_eq!(count("stage=suspected,listed").await, 29);
    assert_eq!(count("bbox=99.95,38,100.35,39").await, 4);
    assert_eq!(count("q=p00").await, 10);
    assert_eq!(count("division=152900").await, 57);
    assert_eq!(count("division=152922").await, 0);
    assert_eq!(count("overdue=true").await, 0);
    for bad in ["stage=closed", "sortby=risk", "bbox=1,2", "limit=0", "colour=red", "cursor=x"] {
        expect(office.world.get(&format!("/v1/sites?{bad}")).bearer_auth(&office.county), 400).await;
    }
}

#[tokio::test]
async fn what_lies_beside_a_parcel_is_found_whatever_its_stage() {
    let office = Office::new().await;
    let rows = [
        existing("OVER", "listed", json!({"negative_list": [{"system": "LUSC-2023", "code": "07"}]}), 105.0),
        existing("LEAD", "candidate", json!({}), 105.0),
        existing("GONE", "delisted", json!({}), 105.002),
        existing("FAR", "suspected", json!({}), 105.5),
    ];
    load(&office.world, "sites", &rows, 10).await;
    let mut conn = office.world.app.db().acquire().await.expect("connect");
    let parcel = probe(&mut conn, &square(105.0, 38.8, 50.0), TODAY).await;
    let mut hits = site::hits(&mut conn, &parcel).await.expect("hits");
    hits.sort_by(|a, b| a.record.code.cmp(&b.record.code));
    assert_eq!(hits.iter().map(|h| h.record.code.as_str()).collect::<Vec<_>>(), ["LEAD", "OVER"]);
    let over = &hits[1];
    assert!((over.overlay.share_of_parcel - 1.0).abs() < 1e-6 && (over.overlay.share_of_record - 0.25).abs() < 0.01);
    assert_eq!((over.record.negative_list[0].code_prefix.as_str(), over.record.lists.len()), ("07", 2));
    let near = site::hits(&mut conn, &Probe { near_m: Some(500.0), ..parcel }).await.expect("hits");
    let gone = near.iter().find(|h| h.record.code == "GONE").expect("near");
    assert!((100.0..150.0).contains(&gone.overlay.distance_m), "{}", gone.overlay.distance_m);
    assert_eq!(near.len(), 3);
}

#[tokio::test]
async fn layers_show_the_lists_to_whom_they_are_open() {
    let office = Office::new().await;
    let land_user = json!({"land_user": {"name": "甲公司", "contact": "0483-7654321"}});
    let rows = [
        existing("A", "suspected", land_user.clone(), 105.0),
        existing("B", "contaminated", land_user.clone(), 105.1),
        existing("C", "listed", land_user, 105.2),
    ];
    load(&office.world, "sites", &rows, 10).await;
    let items = |layer: &str| office.world.get(&format!("/ogc/collections/{layer}/items?f=json"));
    for (layer, expected) in [("contaminated-sites", vec!["B", "C"]), ("control-list", vec!["C"])] {
        let page = expect(items(layer), 200).await;
        let mut found: Vec<_> = page["features"]
            .as_array()
            .expect("features")
            .iter()
            .map(|f| f["properties"]["code"].as_str().expect("code").to_owned())
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{layer}");
        assert!(!page.to_string().contains("甲公司") && !page.to_string().contains("0483-7654321"));
    }
    let page = expect(items("suspected-sites").bearer_auth(&office.county), 200).await;
    assert_eq!(
        (&page["features"][0]["properties"]["code"], &page["features"][0]["properties"]["land_user"]),
        (&json!("A"), &json!("甲公司"))
    );
    assert!(!page.to_string().contains("0483-7654321"));
    let public = items("suspected-sites").send().await.expect("an answer");
    assert!(public.status().is_client_error(), "{}", public.status());
    assert_eq!(importer("sites").permission(), Permission::SiteImport);
}

#[tokio::test]
async fn a_register_of_ten_thousand_sites_is_taken_over_whole() {
    let office = Office::new().await;
    let rows: Vec<ImportFeature> = (0_u32..10_000)
        .map(|i| {
            let (column, row) = (f64::from(i % 100), f64::from(i / 100));
            let properties = json!({"code": format!("T{i:05}"), "name": format!("地块 {i}"), "division_code": HERE,
                "stage": "listed", "risk_grade": "low"});
            feature(properties, square(100.0 + column * 0.01, 35.0 + row * 0.01, 100.0))
        })
        .collect();
    let outcomes = load(&office.world, "sites", &rows, 1_000).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Written)));
    let page = office.see(&office.county, "/v1/sites?stage=listed&limit=10000").await;
    assert_eq!(page["numberReturned"], 10_000);
}
