//! Published zones, the statement that they are published, orders that limit approvals, and the aid to drawing zones.

use crate::loading::{counts, faults, feature, load};
use crate::support::{World, expect, expect_response, square};
use jingtu::platform::Role;
use serde_json::{Value, json};

const KIND: &str = "priority_farmland_concentration";

fn zone(code: &str, division: &str) -> Value {
    json!({"type": "Feature", "geometry": square(105.6, 38.8, 1000.0), "properties": {
        "code": code, "name": "某集中区域", "kind": KIND, "division_code": division, "published_by": "某旗人民政府",
        "published_on": "2026-05-01", "document_number": "左政发〔2026〕5号"}})
}

#[tokio::test]
async fn a_zone_is_published_and_ended_and_everybody_sees_it() {
    let world = World::new().await;
    let agriculture = world.key(Role::Agriculture, "152921").await;
    let post = |body: Value| world.post("/v1/siting-zones").bearer_auth(&agriculture).json(&body);
    let (head, made) = expect_response(post(zone("Z1", "152921")), 201).await;
    let path = head.headers()["location"].to_str().expect("a path").to_owned();
    assert!((made["properties"]["area_mu"].as_f64().expect("mu") - 1500.0).abs() < 15.0, "{made}");
    assert_eq!(expect(post(zone("Z1", "152921")), 409).await["code"], "code_taken");
    expect(post(zone("Z2", "140602")), 403).await;
    let mut early = zone("Z2", "152921");
    early["properties"]["published_on"] = json!("2027-01-01");
    assert_eq!(expect(post(early), 422).await["errors"][0]["pointer"], "/properties/published_on");
    assert_eq!(expect(world.get("/v1/siting-zones"), 200).await["numberReturned"], 1);
    assert_eq!(expect(world.get("/v1/siting-zones?true_on=2026-04-30"), 200).await["numberReturned"], 0);
    assert_eq!(
        expect(world.get("/v1/siting-zones?kind=permanent_basic_farmland_concentration"), 200).await["numberReturned"],
        0
    );

    world.clock.advance(chrono::Duration::hours(1));
    let before = world.app.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    world.clock.advance(chrono::Duration::hours(1));
    let end = |day: &str| {
        let body = json!({"ended_on": day, "reason": "调整公布"});
        world.patch(&path).bearer_auth(&agriculture).json(&body)
    };
    expect(end("2026-11-01"), 428).await;
    expect(end("2026-04-01").header("if-match", "\"1\""), 422).await;
    let ended = expect(end("2026-11-01").header("if-match", "\"1\""), 200).await;
    assert_eq!((&ended["properties"]["ended_on"], &ended["properties"]["revision"]), (&json!("2026-11-01"), &json!(2)));
    expect(end("2026-11-02").header("if-match", "\"1\""), 412).await;
    assert_eq!(expect(end("2026-11-02").header("if-match", "\"2\""), 409).await["code"], "already_ended");
    assert_eq!(expect(world.get("/v1/siting-zones"), 200).await["numberReturned"], 0);
    assert_eq!(expect(world.get("/v1/siting-zones?true_on=2026-10-31"), 200).await["numberReturned"], 1);
    assert_eq!(expect(world.get(&format!("/v1/siting-zones?known_at={before}")), 200).await["numberReturned"], 1);
    assert_eq!(expect(world.get(&path), 200).await["properties"]["ended_on"], "2026-11-01");
    let kinds = expect(world.get("/v1/changes"), 200).await;
    let kinds: Vec<_> = kinds["changes"].as_array().expect("changes").iter().map(|c| c["kind"].clone()).collect();
    assert_eq!(kinds, ["siting_zone.published", "siting_zone.ended"]);
}

#[tokio::test]
async fn files_of_zones_are_read_row_by_row() {
    let world = World::new().await;
    let row = |properties: Value| feature(properties, square(105.6, 38.8, 500.0));
    let good = zone("Z1", "152921")["properties"].clone();
    let rows = [
        row(good.clone()),
        row(
            json!({"code": "Z2", "name": "x", "kind": "zone", "division_code": "152921", "published_by": "x", "published_on": "2026-05-01", "ended_on": "2026-01-01"}),
        ),
        row(
            json!({"code": "Z3", "name": "x", "kind": KIND, "division_code": "159999", "published_by": "x", "published_on": "2026-05-01"}),
        ),
    ];
    let outcomes = load(&world, "siting-zones", &rows, 10).await;
    assert_eq!(counts(&outcomes), (1, 0, 2));
    let said: Vec<_> = faults(&outcomes[1]).into_iter().map(|(_, code)| code).collect();
    assert_eq!(said, ["ends_before_it_begins", "not_in_list"]);
    assert_eq!(faults(&outcomes[2])[0].1, "unknown_division");
    load(&world, "siting-zones", &[row(good)], 10).await;
    assert_eq!(crate::loading::last_note(&world, "siting_zones").await["unchanged"], 1);
}

#[tokio::test]
async fn a_statement_is_made_once_a_day_and_can_be_withdrawn() {
    let world = World::new().await;
    let ecology = world.key(Role::CountyEcology, "152921").await;
    let body = json!({"division_code": "152921", "kind": KIND, "as_of": "2026-10-01", "published_by": "某旗人民政府"});
    let post = || world.post("/v1/siting-zone-publications").bearer_auth(&ecology).json(&body);
    let (head, _) = expect_response(post(), 201).await;
    let path = head.headers()["location"].to_str().expect("a path").to_owned();
    assert_eq!(expect(post(), 409).await["code"], "already_declared");
    let list = |query: &str| world.get(&format!("/v1/siting-zone-publications{query}")).bearer_auth(&ecology);
    let of = |page: &Value| page["publications"].as_array().expect("rows").len();
    assert_eq!(of(&expect(list("?true_on=2026-10-01"), 200).await), 1);
    assert_eq!(of(&expect(list("?true_on=2026-09-30"), 200).await), 0);
    let withdraw =
        || world.patch(&path).bearer_auth(&ecology).json(&json!({"reason": "误录"})).header("if-match", "\"1\"");
    assert_eq!(expect(withdraw(), 200).await["withdrawn_reason"], "误录");
    expect(withdraw(), 412).await;
    assert_eq!(of(&expect(list("?true_on=2026-10-01"), 200).await), 0);
    assert_eq!(of(&expect(list(""), 200).await), 1);
    assert_eq!(expect(world.get(&path).bearer_auth(&ecology), 200).await["revision"], 2);
    let elsewhere = world.key(Role::CountyEcology, "140602").await;
    expect(world.get(&path).bearer_auth(&elsewhere), 404).await;
}

#[tokio::test]
async fn an_order_holds_to_its_last_day() {
    let world = World::new().await;
    let government = world.key(Role::Government, "152900").await;
    let body = json!({"division_code": "152921", "label": "regional_approvals", "covers": "as_worded", "scope": "新增涉重金属项目",
        "from": "2026-06-01", "authority": "阿拉善盟行政公署", "document_number": "阿署发〔2026〕1号"});
    let post = |body: &Value| world.post("/v1/approval-restrictions").bearer_auth(&government).json(body);
    let (head, made) = expect_response(post(&body), 201).await;
    assert_eq!((&made["from"], &made["until"]), (&json!("2026-06-01"), &Value::Null));
    let path = head.headers()["location"].to_str().expect("a path").to_owned();
    let mut wrong = body.clone();
    wrong["until"] = json!("2026-05-01");
    wrong["scope"] = json!(" ");
    let said = expect(post(&wrong), 422).await;
    let pointers: Vec<_> = said["errors"].as_array().expect("errors").iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/scope", "/until"]);
    let end = json!({"until": "2026-11-20", "reason": "整改完成"});
    let ended = expect(world.patch(&path).bearer_auth(&government).json(&end).header("if-match", "\"1\""), 200).await;
    assert_eq!(ended["until"], "2026-11-20");
    for (day, n) in [("2026-05-31", 0), ("2026-06-01", 1), ("2026-11-20", 1), ("2026-11-21", 0)] {
        let page = world.get(&format!("/v1/approval-restrictions?true_on={day}")).bearer_auth(&government);
        assert_eq!(expect(page, 200).await["restrictions"].as_array().expect("rows").len(), n, "{day}");
    }
    assert_eq!(expect(world.get(&path).bearer_auth(&government), 200).await["end_reason"], "整改完成");
}

#[tokio::test]
async fn groups_of_farmland_are_an_aid_and_no_zone() {
    let world = World::new().await;
    let unit = |code: &str, class: &str, west: f64| {
        let rect = json!({"type": "Polygon", "coordinates": [[[west, 38.8], [west + 0.01, 38.8], [west + 0.01, 38.81], [west, 38.81], [west, 38.8]]]});
        feature(json!({"code": code, "division_code": "152921", "land_type": "upland", "class": class}), rect)
    };
    let rows = [
        unit("A1", "priority_protection", 105.6),
        unit("A2", "priority_protection", 105.61),
        unit("A3", "safe_use", 105.65),
        unit("B1", "priority_protection", 105.628),
        unit("C1", "priority_protection", 105.7),
    ];
    assert_eq!(counts(&load(&world, "farmland", &rows, 10).await), (5, 0, 0));
    let agriculture = world.key(Role::Agriculture, "152900").await;
    let ask = |query: &str| {
        world.get(&format!("/v1/siting-zones/candidates?division=152900{query}")).bearer_auth(&agriculture)
    };
    let groups = |page: &Value| -> Vec<(String, i64)> {
        let features = page["features"].as_array().expect("features");
        features
            .iter()
            .map(|f| {
                (
                    f["properties"]["first_code"].as_str().expect("code").to_owned(),
                    f["properties"]["units"].as_i64().expect("n"),
                )
            })
            .collect()
    };
    let one = |code: &str, n: i64| (code.to_owned(), n);
    let page = expect(ask(""), 200).await;
    assert_eq!(groups(&page), [one("A1", 2), one("B1", 1), one("C1", 1)]);
    assert!(
        page["note_zh"].as_str().is_some_and(|note| note.contains("不是"))
            && page["features"][0]["geometry"]["type"] == "MultiPolygon"
    );
    // A wider gap makes one group of two.
    assert_eq!(groups(&expect(ask("&gap_m=1000&limit=1"), 200).await), [one("A1", 3)]);
    assert_eq!(groups(&expect(ask("&min_ha=150"), 200).await), [one("A1", 2)]);
    assert_eq!(
        groups(&expect(world.get("/v1/siting-zones/candidates?division=140600").bearer_auth(&agriculture), 200).await),
        []
    );
    for bad in ["&min_ha=-1", "&gap_m=5000", "&gap=1"] {
        expect(ask(bad), 400).await;
    }
    assert_eq!(expect(world.get("/v1/siting-zones"), 200).await["numberReturned"], 0);
}
