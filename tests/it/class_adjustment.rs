//! Adjustments of farmland classes: proposal, county, prefecture, province, upload; returned, proposed again, voided.

use crate::support::{World, expect, expect_response, forged, square};
use jingtu::platform::{Permission, Reply, Role};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const HERE: &str = "152921";

struct Offices {
    world: World,
    agriculture: String,
    county: String,
    prefecture: String,
    province: String,
}

impl Offices {
    async fn new() -> Offices {
        let world = World::new().await;
        Offices {
            agriculture: world.key(Role::Agriculture, HERE).await,
            county: world.key(Role::CountyEcology, HERE).await,
            prefecture: world.key(Role::PrefectureEcology, "152900").await,
            province: world.key(Role::Government, "150000").await,
            world,
        }
    }

    /// A unit of the county, about four hectares; each `n` has its own place.
    async fn unit(&self, n: u32, class: &str) -> Value {
        let body = json!({"type": "Feature", "geometry": square(105.6 + f64::from(n) * 0.01, 38.8, 200.0), "properties": {
            "code": format!("U{n}"), "division_code": HERE, "land_type": "paddy", "class": class
        }});
        expect(self.world.post("/v1/farmland-units").bearer_auth(&self.agriculture).json(&body), 201).await["id"]
            .clone()
    }

    fn propose(&self, key: &str, body: &Value) -> RequestBuilder {
        self.world.post("/v1/class-adjustments").bearer_auth(key).json(body)
    }

    async fn proposed(&self, units: &[(&Value, &str)]) -> Value {
        expect(self.propose(&self.agriculture, &proposal(units)), 201).await
    }

    fn step(&self, key: &str, adjustment: &Value, event: &Value) -> RequestBuilder {
        self.world.post(&format!("{}/events", path(adjustment))).bearer_auth(key).json(event)
    }

    async fn county_agrees(&self, adjustment: &Value) -> Value {
        let event = json!({"type": "county_agreed", "occurred_on": "2026-11-21",
            "boundary_review": {"reviewer": "（演示）核查人", "reviewed_on": "2026-11-18"}});
        expect(self.step(&self.county, adjustment, &event), 201).await
    }

    async fn prefecture_agrees(&self, adjustment: &Value) -> Value {
        let event = json!({"type": "prefecture_agreed", "occurred_on": "2026-11-21"});
        expect(self.step(&self.prefecture, adjustment, &event), 201).await
    }

    fn approve(&self, adjustment: &Value) -> RequestBuilder {
        self.step(&self.province, adjustment, &approval())
    }

    /// All steps up to the approval.
    async fn approved(&self, adjustment: &Value) -> Value {
        self.county_agrees(adjustment).await;
        self.prefecture_agrees(adjustment).await;
        expect(self.approve(adjustment), 201).await
    }

    async fn get(&self, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(&self.agriculture), 200).await
    }

    /// The class of a unit on a day.
    async fn class_on(&self, unit: &Value, day: &str) -> Value {
        let path = format!("/v1/farmland-units/{}?true_on={day}", unit.as_str().expect("id"));
        self.get(&path).await["properties"]["class"].clone()
    }
}

fn approval() -> Value {
    json!({"type": "province_approved", "occurred_on": "2026-11-21", "approval_number": "内政土〔2026〕7号",
        "approved_on": "2026-11-21"})
}

fn proposal(units: &[(&Value, &str)]) -> Value {
    let units: Vec<Value> = units.iter().map(|(id, class)| json!({"unit_id": id, "class": class})).collect();
    json!({"division_code": HERE, "trigger": "routine_monitoring", "units": units,
        "evidence": {"text": "2026年例行监测"}})
}

fn path(adjustment: &Value) -> String {
    format!("/v1/class-adjustments/{}", adjustment["id"].as_str().expect("id"))
}

fn steps(adjustment: &Value) -> Vec<&str> {
    let steps = adjustment["next_steps"].as_array().expect("steps");
    steps.iter().map(|step| step["type"].as_str().expect("a type")).collect()
}

fn codes(refused: &Value) -> Vec<(&str, &str)> {
    let errors = refused["errors"].as_array().expect("errors");
    errors.iter().map(|e| (e["pointer"].as_str().unwrap_or(""), e["code"].as_str().unwrap_or(""))).collect()
}

#[tokio::test]
async fn a_proposal_goes_from_the_county_to_the_provincial_government_and_its_classes_hold() {
    let offices = Offices::new().await;
    let (first, second) = (offices.unit(1, "priority_protection").await, offices.unit(2, "unclassified").await);
    let paper = offices.world.document(&offices.agriculture).await;
    let sample = "01974000-0000-7000-8000-00000000000a";
    let body = json!({
        "division_code": HERE, "trigger": "co_monitoring", "effective_on": "2026-11-21", "note": "首批",
        "units": [
            {"unit_id": first, "class": "safe_use", "elements": {"Cd": 2, "Pb": 1}, "reason": "镉超筛选值"},
            {"unit_id": second, "class": "priority_protection"}
        ],
        "evidence": {"document_ids": [paper], "sample_ids": [sample], "text": "协同监测"}
    });
    let (head, made) = expect_response(offices.propose(&offices.agriculture, &body), 201).await;
    assert_eq!(head.headers()["location"].to_str().ok(), Some(path(&made).as_str()));
    for (name, value) in [
        ("number", json!("152921-类别-2026-0001")),
        ("status", json!("proposed")),
        ("round", json!(1)),
        ("units_total", json!(2)),
        ("approved_on", Value::Null),
        ("status_since", json!("2026-11-21")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made["evidence"], json!({"document_ids": [paper], "sample_ids": [sample], "text": "协同监测"}));
    let unit = &made["units"][0];
    assert_eq!((&unit["from_class"], &unit["class"]), (&json!("priority_protection"), &json!("safe_use")));
    assert_eq!((&unit["elements"], &unit["unit_code"]), (&json!({"Cd": 2, "Pb": 1}), &json!("U1")));
    let area = unit["area_m2"].as_f64().expect("an area");
    assert!((area - 40_000.0).abs() < 400.0, "{area}");
    assert!((unit["area_mu"].as_f64().expect("mu") - area * 15.0 / 10_000.0).abs() < 1e-9);
    let turn = &made["turn"];
    assert_eq!((&turn["type"], &turn["since"]), (&json!("county_agreed"), &json!("2026-11-21")));
    assert_eq!(turn["actors"][0]["division_code"], HERE);
    assert!(turn["clock_zh"].as_str().is_some_and(|text| text.contains("未见")));

    // Whoever's turn it is sees the steps, and nobody else.
    let seen = expect(offices.world.get(&path(&made)).bearer_auth(&offices.province), 200).await;
    assert_eq!(steps(&seen), Vec::<&str>::new());
    let seen = expect(offices.world.get(&path(&made)).bearer_auth(&offices.county), 200).await;
    assert_eq!(steps(&seen), ["county_agreed", "returned"]);
    let early = expect(offices.approve(&made), 409).await;
    assert_eq!((&early["code"], &early["rule"]), (&json!("step_not_allowed"), &json!("A4")));
    assert_eq!(early["allowed"], json!(["county_agreed", "returned"]));
    assert!(early["citations"].to_string().contains("省级人民政府审定"));

    let unreviewed = json!({"type": "county_agreed", "occurred_on": "2026-11-21"});
    let refused = expect(offices.step(&offices.county, &made, &unreviewed), 422).await;
    assert_eq!(codes(&refused), [("/boundary_review", "missing")]);
    let wrong = expect(offices.step(&offices.prefecture, &made, &unreviewed), 403).await;
    assert_eq!((&wrong["code"], &wrong["rule"]), (&json!("other_role_must_act"), &json!("A2")));
    let agreed = offices.county_agrees(&made).await;
    assert_eq!((&agreed["status"], &agreed["turn"]["type"]), (&json!("county_agreed"), &json!("prefecture_agreed")));
    assert_eq!(agreed["events"][1]["boundary_review"]["reviewer"], "（演示）核查人");
    let agreed = offices.prefecture_agrees(&made).await;
    assert_eq!(agreed["turn"]["actors"][0]["division_code"], "150000");
    // Until the approval nothing has changed.
    assert_eq!(offices.class_on(&first, "2026-11-21").await, "priority_protection");
    let agriculture = offices.world.key(Role::Agriculture, "150000").await;
    assert_eq!(expect(offices.step(&agriculture, &made, &approval()), 403).await["code"], "other_role_must_act");
    let approved = expect(offices.approve(&made), 201).await;
    assert_eq!(
        (&approved["status"], &approved["approval_number"]),
        (&json!("province_approved"), &json!("内政土〔2026〕7号"))
    );
    assert_eq!(offices.class_on(&first, "2026-11-21").await, "safe_use");
    assert_eq!(offices.class_on(&second, "2026-11-21").await, "priority_protection");
    assert_eq!(offices.class_on(&first, "2026-11-20").await, "priority_protection");

    let upload = json!({"type": "uploaded", "occurred_on": "2026-11-21", "system": "全国农用地土壤环境管理信息系统",
        "receipt": "HZ-2026-1", "uploaded_on": "2026-11-21"});
    let done = expect(offices.step(&offices.agriculture, &made, &upload), 201).await;
    assert_eq!((&done["status"], &done["turn"]), (&json!("uploaded"), &Value::Null));
    assert_eq!(done["approval_number"], "内政土〔2026〕7号");
    let entry = &done["events"][4];
    assert_eq!((&entry["system"], &entry["rule"]), (&json!("farmland_soil_system"), &json!("A5")));
    assert!(entry["citations"].to_string().contains("内蒙古自治区土壤污染防治三年攻坚计划"), "{entry}");
    let log = offices.get(&format!("{}/events", path(&made))).await;
    let types: Vec<&str> = log["events"].as_array().expect("a log").iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(types, ["proposed", "county_agreed", "prefecture_agreed", "province_approved", "uploaded"]);

    let told = offices.get("/v1/changes?register=class_adjustment").await;
    let kinds: Vec<&str> =
        told["changes"].as_array().expect("changes").iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        ["proposed", "agreed", "agreed", "approved", "uploaded"].map(|kind| format!("class_adjustment.{kind}"))
    );
    // The reviewer's name goes to nobody outside, nor into the audit chain.
    assert!(!told.to_string().contains("核查人"));
    let kept: i64 = sqlx::query_scalar("select count(*) from platform_audit where line like '%核查人%'")
        .fetch_one(offices.world.app.db())
        .await
        .expect("a count");
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn what_cannot_be_proposed_is_refused_by_its_place() {
    let offices = Offices::new().await;
    let unit = offices.unit(1, "safe_use").await;
    let nobody = json!("01974000-0000-7000-8000-00000000000b");
    let refused = expect(offices.propose(&offices.agriculture, &proposal(&[])), 422).await;
    assert_eq!(codes(&refused), [("/units", "bad_count")]);
    let refused =
        expect(offices.propose(&offices.agriculture, &proposal(&[(&nobody, "safe_use"), (&unit, "safe_use")])), 422)
            .await;
    assert_eq!(codes(&refused), [("/units/0/unit_id", "unknown_unit")]);
    let refused = expect(offices.propose(&offices.agriculture, &proposal(&[(&unit, "safe_use")])), 422).await;
    assert_eq!(codes(&refused), [("/units", "nothing_changes")]);
    let mut bare = proposal(&[(&unit, "strict_control")]);
    bare["evidence"] = json!({});
    let refused = expect(offices.propose(&offices.agriculture, &bare), 422).await;
    assert_eq!(codes(&refused), [("/evidence", "missing")]);
    bare["evidence"] = json!({"document_ids": [nobody]});
    let refused = expect(offices.propose(&offices.agriculture, &bare), 422).await;
    assert_eq!(codes(&refused), [("/evidence/document_ids/0", "unknown_document")]);
    let mut elsewhere = proposal(&[(&unit, "strict_control")]);
    elsewhere["division_code"] = json!("152922");
    assert_eq!(expect(offices.propose(&offices.agriculture, &elsewhere), 403).await["code"], "outside_division");
    let refused = expect(offices.propose(&offices.prefecture, &elsewhere), 422).await;
    assert_eq!(codes(&refused), [("/units/0/unit_id", "other_county")]);
    let mut later = proposal(&[(&unit, "strict_control")]);
    later["proposed_on"] = json!("2026-11-22");
    assert_eq!(
        codes(&expect(offices.propose(&offices.agriculture, &later), 422).await),
        [("/proposed_on", "in_the_future")]
    );
    // A periodic confirmation says that it is one.
    let mut same = proposal(&[(&unit, "safe_use")]);
    same["confirm"] = json!(true);
    let made = expect(offices.propose(&offices.agriculture, &same), 201).await;
    assert_eq!(made["changes"][0]["from_class"], made["changes"][0]["to_class"]);
    // Numbers have no gaps, whatever was refused before.
    assert_eq!(made["number"], "152921-类别-2026-0001");
    let refused = expect(offices.propose(&offices.county, &proposal(&[(&unit, "strict_control")])), 409).await;
    assert_eq!(refused["code"], "adjustment_pending");
    assert!(refused["detail"].as_str().is_some_and(|zh| zh.contains("U1") && zh.contains("152921-类别-2026-0001")));
    let planning = offices.world.key(Role::Planning, HERE).await;
    assert_eq!(expect(offices.propose(&planning, &same), 403).await["code"], "role_not_allowed");
}

#[tokio::test]
async fn what_is_returned_is_free_and_may_be_proposed_again_with_other_units() {
    let offices = Offices::new().await;
    let (first, second) = (offices.unit(1, "unclassified").await, offices.unit(2, "unclassified").await);
    let made = offices.proposed(&[(&first, "safe_use"), (&second, "safe_use")]).await;
    offices.county_agrees(&made).await;
    let back = json!({"type": "returned", "occurred_on": "2026-11-21", "reason": "边界与图斑不符"});
    // The level whose turn it is returns it.
    assert_eq!(expect(offices.step(&offices.county, &made, &back), 403).await["code"], "other_role_must_act");
    let returned = expect(offices.step(&offices.prefecture, &made, &back), 201).await;
    assert_eq!((&returned["status"], &returned["turn"]["type"]), (&json!("returned"), &json!("resubmitted")));
    // Its units may go into another proposal meanwhile, which then holds them.
    let other = offices.proposed(&[(&second, "strict_control")]).await;
    assert_eq!(other["number"], "152921-类别-2026-0002");
    let again = json!({"type": "resubmitted", "occurred_on": "2026-11-21"});
    let refused = expect(offices.step(&offices.agriculture, &made, &again), 409).await;
    assert_eq!(refused["code"], "adjustment_pending");
    // To void the return would take them back too.
    let void = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "退回有误"});
    assert_eq!(expect(offices.step(&offices.prefecture, &made, &void), 409).await["code"], "adjustment_pending");
    let again = json!({"type": "resubmitted", "occurred_on": "2026-11-21", "units": [{"unit_id": first, "class": "strict_control"}]});
    let resubmitted = expect(offices.step(&offices.agriculture, &made, &again), 201).await;
    assert_eq!((&resubmitted["status"], &resubmitted["round"]), (&json!("proposed"), &json!(2)));
    assert_eq!((&resubmitted["units_total"], &resubmitted["units"][0]["class"]), (&json!(1), &json!("strict_control")));
    assert_eq!(resubmitted["evidence"]["text"], "2026年例行监测");
    // Voided by whoever made it, the first round stands again, returned.
    assert_eq!(expect(offices.step(&offices.county, &made, &void), 403).await["rule"], "A8");
    let voided = expect(offices.step(&offices.agriculture, &made, &void), 201).await;
    assert_eq!(
        (&voided["status"], &voided["round"], &voided["units_total"]),
        (&json!("returned"), &json!(1), &json!(2))
    );
    assert_eq!((&voided["events"][3]["voided_by"], &voided["events"][4]["voids_seq"]), (&json!(5), &json!(4)));
    let resubmitted = expect(offices.step(&offices.agriculture, &made, &again), 201).await;
    assert_eq!(resubmitted["round"], 3);
    let approved = offices.approved(&made).await;
    assert_eq!(approved["status"], "province_approved");
    assert_eq!(offices.class_on(&first, "2026-11-21").await, "strict_control");
    assert_eq!(offices.class_on(&second, "2026-11-21").await, "unclassified");
}

#[tokio::test]
async fn an_approval_finds_the_classes_that_were_proposed_upon_or_is_refused() {
    let offices = Offices::new().await;
    let unit = offices.unit(1, "unclassified").await;
    let slow = offices.proposed(&[(&unit, "safe_use")]).await;
    let back = json!({"type": "returned", "occurred_on": "2026-11-21", "reason": "待核"});
    expect(offices.step(&offices.county, &slow, &back), 201).await;
    let quick = offices.proposed(&[(&unit, "strict_control")]).await;
    offices.approved(&quick).await;
    let void = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "误退"});
    expect(offices.step(&offices.county, &slow, &void), 201).await;
    offices.county_agrees(&slow).await;
    offices.prefecture_agrees(&slow).await;
    let refused = expect(offices.approve(&slow), 409).await;
    assert_eq!(refused["code"], "class_moved");
    assert!(refused["detail"].as_str().is_some_and(|zh| zh.contains("U1")));
    assert_eq!(offices.class_on(&unit, "2026-11-21").await, "strict_control");
    // Nothing of the refused approval is there.
    let seen = offices.get(&path(&slow)).await;
    assert_eq!((&seen["status"], seen["events"].as_array().map(Vec::len)), (&json!("prefecture_agreed"), Some(5)));
}

#[tokio::test]
async fn an_approval_entered_in_error_is_taken_back_while_its_classes_hold() {
    let offices = Offices::new().await;
    let unit = offices.unit(1, "priority_protection").await;
    let made = offices.proposed(&[(&unit, "safe_use")]).await;
    offices.approved(&made).await;
    let void = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "文号属另一批次"});
    let other = offices.world.key(Role::ProvinceEcology, "150000").await;
    assert_eq!(expect(offices.step(&other, &made, &void), 403).await["code"], "other_role_must_act");
    let before = offices.world.app.clock().now();
    offices.world.clock.advance(chrono::Duration::minutes(5));
    let voided = expect(offices.step(&offices.province, &made, &void), 201).await;
    assert_eq!((&voided["status"], &voided["approved_on"]), (&json!("prefecture_agreed"), &Value::Null));
    assert_eq!(offices.class_on(&unit, "2026-11-21").await, "priority_protection");
    // What was known before stays known; the unit is held again.
    let then = offices.get(&format!("{}?known_at={}", path(&made), before.format("%Y-%m-%dT%H:%M:%S%.6fZ"))).await;
    assert_eq!((&then["status"], &then["approval_number"]), (&json!("province_approved"), &json!("内政土〔2026〕7号")));
    assert_eq!((then["events"].as_array().map(Vec::len), steps(&then).len()), (Some(4), 0));
    assert_eq!(
        expect(offices.propose(&offices.agriculture, &proposal(&[(&unit, "safe_use")])), 409).await["code"],
        "adjustment_pending"
    );
    expect(offices.approve(&made), 201).await;
    assert_eq!(offices.class_on(&unit, "2026-11-21").await, "safe_use");
    // Once another approval gave the unit a class again, the first one cannot be taken back.
    let mut same = proposal(&[(&unit, "safe_use")]);
    same["confirm"] = json!(true);
    let later = expect(offices.propose(&offices.agriculture, &same), 201).await;
    offices.world.clock.advance(chrono::Duration::minutes(5));
    offices.approved(&later).await;
    let refused = expect(offices.step(&offices.province, &made, &void), 409).await;
    assert_eq!(refused["code"], "class_moved");
    assert!(refused["detail"].as_str().is_some_and(|zh| zh.contains("152921-类别-2026-0002")));
}

#[tokio::test]
async fn a_county_directly_under_its_province_has_no_prefecture_to_wait_for() {
    let world = World::new().await;
    let mut act = world.act(Permission::DivisionWrite).await;
    sqlx::query(
        "insert into division (id, code, name_zh, level, parent_code, ancestors)
         values (gen_random_uuid(), '149001', '（演示）直辖县', 'county', '140000', '{000000,140000,149001}')",
    )
    .execute(act.tx())
    .await
    .expect("division");
    act.note("division/test", json!({"rows": 1}));
    act.finish(Reply::nothing()).await.expect("commit");
    let agriculture = world.key(Role::Agriculture, "149001").await;
    let unit = json!({"type": "Feature", "geometry": square(112.4, 39.3, 200.0), "properties": {
        "code": "D1", "division_code": "149001", "land_type": "upland"
    }});
    let unit = expect(world.post("/v1/farmland-units").bearer_auth(&agriculture).json(&unit), 201).await["id"].clone();
    let mut body = proposal(&[(&unit, "priority_protection")]);
    body["division_code"] = json!("149001");
    let made = expect(world.post("/v1/class-adjustments").bearer_auth(&agriculture).json(&body), 201).await;
    let events = format!("{}/events", path(&made));
    let agreed = json!({"type": "county_agreed", "occurred_on": "2026-11-21",
        "boundary_review": {"reviewer": "（演示）复核人", "reviewed_on": "2026-11-20"}});
    let agreed = expect(world.post(&events).bearer_auth(&agriculture).json(&agreed), 201).await;
    assert_eq!(agreed["turn"]["type"], "province_approved");
    let government = world.key(Role::Government, "140000").await;
    let approved = expect(world.post(&events).bearer_auth(&government).json(&approval()), 201).await;
    assert_eq!(approved["status"], "province_approved");
}

#[tokio::test]
async fn lists_are_narrowed_paged_and_of_ones_own_divisions() {
    let offices = Offices::new().await;
    let mut units = Vec::new();
    for n in 1..=3 {
        units.push(offices.unit(n, "unclassified").await);
    }
    let first = offices.proposed(&[(&units[0], "safe_use")]).await;
    offices.world.clock.advance(chrono::Duration::minutes(5));
    let known = offices.world.app.clock().now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    offices.world.clock.advance(chrono::Duration::minutes(5));
    let second = offices.proposed(&[(&units[1], "safe_use")]).await;
    offices.world.clock.advance(chrono::Duration::minutes(5));
    let mut body = proposal(&[(&units[2], "strict_control")]);
    body["trigger"] = json!("land_use_change");
    expect(offices.propose(&offices.agriculture, &body), 201).await;
    offices.county_agrees(&first).await;
    let list = async |query: &str| {
        let page = offices.get(&format!("/v1/class-adjustments?{query}")).await;
        let rows = page["class_adjustments"].as_array().expect("rows").clone();
        rows.iter()
            .map(|row| row["number"].as_str().and_then(|n| n.rsplit('-').next()).expect("a number").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["0003", "0002", "0001"]);
    assert_eq!(list("status=county_agreed").await, ["0001"]);
    assert_eq!(list("trigger=land_use_change&division=152900").await, ["0003"]);
    assert_eq!(list("division=152922").await, Vec::<String>::new());
    assert_eq!(list(&format!("unit={}", units[1].as_str().expect("id"))).await, ["0002"]);
    assert_eq!(list(&format!("known_at={known}")).await, ["0001"]);
    assert_eq!(list(&format!("known_at={known}&status=proposed")).await, ["0001"]);
    let page = offices.get("/v1/class-adjustments?limit=2").await;
    let next = page["links"][0]["href"].as_str().expect("a next page");
    let rest = offices.get(next).await;
    assert_eq!((&rest["numberReturned"], &rest["class_adjustments"][0]["id"]), (&json!(1), &first["id"]));
    let agriculture = offices.agriculture.clone();
    let bad = |query: String| offices.world.get(&format!("/v1/class-adjustments?{query}")).bearer_auth(&agriculture);
    assert_eq!(expect(bad(format!("limit=2&cursor={}", forged(&page, "no-id"))), 400).await["code"], "bad_cursor");
    expect(bad("colour=red".to_owned()), 400).await;
    expect(bad("known_at=yesterday".to_owned()), 400).await;
    // Another county sees nothing of it.
    let stranger = offices.world.key(Role::Agriculture, "152922").await;
    let page = expect(offices.world.get("/v1/class-adjustments").bearer_auth(&stranger), 200).await;
    assert_eq!(page["numberReturned"], 0);
    expect(offices.world.get(&path(&second)).bearer_auth(&stranger), 404).await;
    let event = json!({"type": "returned", "occurred_on": "2026-11-21", "reason": "x"});
    expect(offices.step(&stranger, &second, &event), 404).await;
    expect(offices.world.get("/v1/class-adjustments/none").bearer_auth(&offices.agriculture), 404).await;
    // The same request with the same key is answered once.
    let body = json!({"type": "returned", "occurred_on": "2026-11-21", "reason": "x"});
    let send = || offices.step(&offices.county, &second, &body).header("idempotency-key", "k1");
    let (once, twice) = (expect(send(), 201).await, expect(send(), 201).await);
    assert_eq!(once, twice);
}

#[tokio::test]
async fn two_proposals_at_once_do_not_hold_the_same_unit() {
    let offices = Offices::new().await;
    let unit = offices.unit(1, "unclassified").await;
    let body = proposal(&[(&unit, "safe_use")]);
    let tries = (0..4)
        .map(|_| async { offices.propose(&offices.agriculture, &body).send().await.expect("an answer").status() });
    let mut answers: Vec<u16> = futures_util::future::join_all(tries).await.into_iter().map(|s| s.as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409]);
}

#[tokio::test]
async fn an_approval_that_takes_priority_land_away_warns_the_county() {
    let offices = Offices::new().await;
    let (lost, kept) = (offices.unit(1, "priority_protection").await, offices.unit(2, "safe_use").await);
    let none = offices.get("/v1/protection-warnings").await;
    assert_eq!(none["protection_warnings"], json!([]));
    let adjustment = offices.proposed(&[(&lost, "safe_use"), (&kept, "strict_control")]).await;
    offices.approved(&adjustment).await;
    let page = offices.get("/v1/protection-warnings").await;
    let warnings = page["protection_warnings"].as_array().expect("warnings");
    // Alxa: the league warns, and the word is of the region's own plan.
    let dropped = warnings.iter().find(|w| w["kind"] == "quality_dropped").expect("the warning");
    let text = dropped.to_string();
    assert!(text.contains("152900") && text.contains("区域限批"), "{text}");
    let ledger =
        offices.get(&format!("/v1/farmland/ledger?division={HERE}&from=2026-11-20&to=2026-11-21")).await.to_string();
    assert!(ledger.contains("class_changed"), "{ledger}");
}
