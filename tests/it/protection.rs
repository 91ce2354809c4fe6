//! Warnings on priority-protection land: what raises one, whom it is for, and its follow-up.

use crate::support::{World, expect, forged};
use jingtu::kernel::Day;
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::protection::{Move, MoveCause, weigh};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

fn moved(county: &str, unit: &str, on: &str, cause: MoveCause, before_m2: f64, after_m2: f64) -> Move {
    let on = Day::parse(on).expect("a day");
    Move { division_code: county.to_owned(), unit_code: unit.to_owned(), on, cause, before_m2, after_m2 }
}

/// What a change of farmland tells the register, in an act of its own.
async fn happened(world: &World, moves: &[Move]) {
    let mut act = world.act(Permission::FarmlandWrite).await;
    act.note("farmland/test", json!({"moves": moves.len()}));
    weigh(&mut act, moves).await.expect("weighed");
    act.finish(Reply::nothing()).await.expect("commit");
}

async fn division(world: &World, code: &str, name: &str, level: &str, parent: &str, ancestors: &str) {
    let mut act = world.act(Permission::DivisionWrite).await;
    sqlx::query(
        "insert into division (id, code, name_zh, level, parent_code, ancestors)
         values (gen_random_uuid(), $1, $2, $3, $4, string_to_array($5, '/'))",
    )
    .bind(code)
    .bind(name)
    .bind(level)
    .bind(parent)
    .bind(ancestors)
    .execute(act.tx())
    .await
    .expect("division");
    act.note("division/test", json!({"rows": 1}));
    act.finish(Reply::nothing()).await.expect("commit");
}

async fn warnings(world: &World, key: &str, query: &str) -> Vec<Value> {
    let page = expect(world.get(&format!("/v1/protection-warnings?{query}")).bearer_auth(key), 200).await;
    page["protection_warnings"].as_array().expect("warnings").clone()
}

fn path(warning: &Value) -> String {
    format!("/v1/protection-warnings/{}", warning["id"].as_str().expect("id"))
}

fn step(world: &World, key: &str, warning: &Value, event: &Value) -> RequestBuilder {
    world.post(&format!("{}/events", path(warning))).bearer_auth(key).json(event)
}

fn steps(warning: &Value) -> Vec<&str> {
    let steps = warning["next_steps"].as_array().expect("steps");
    steps.iter().map(|step| step["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn a_warning_is_addressed_as_the_plans_of_the_county_have_it() {
    let world = World::new().await;
    division(&world, "150400", "赤峰市", "prefecture", "150000", "000000/150000/150400").await;
    division(&world, "150402", "红山区", "county", "150400", "000000/150000/150400/150402").await;
    let moves: Vec<Move> = ["152921", "150402", "140602", "441602"]
        .iter()
        .map(|county| moved(county, "U1", "2026-03-01", MoveCause::ClassChanged, 40_000.5, 0.0))
        .collect();
    happened(&world, &moves).await;
    let auditor = world.key(Role::Auditor, "000000").await;
    let all = warnings(&world, &auditor, "").await;
    assert_eq!(all.len(), 4);
    for (county, level, issuer, name, restriction, rule) in [
        ("152921", "prefecture", "152900", "阿拉善盟行政公署", "区域限批", "protection.priority_land_alxa"),
        ("150402", "prefecture", "150400", "赤峰市人民政府", "环评限批", "protection.priority_land_inner_mongolia"),
        ("140602", "province", "140000", "山西省人民政府", "环评限批", "protection.priority_land_nation"),
        ("441602", "province", "440000", "广东省人民政府", "环评限批", "protection.priority_land_nation"),
    ] {
        let warning = all.iter().find(|w| w["recipient"]["division_code"] == county).expect("a warning");
        assert_eq!(warning["number"], format!("{county}-预警-2026-质量"));
        assert_eq!((&warning["kind"], &warning["status"]), (&json!("quality_dropped"), &json!("raised")));
        let whom = &warning["issuer"];
        assert_eq!((&whom["level"], &whom["division_code"]), (&json!(level), &json!(issuer)));
        assert_eq!((&whom["name_zh"], &warning["restriction_zh"]), (&json!(name), &json!(restriction)));
        assert_eq!(warning["rule"], rule);
        assert_eq!((&warning["lost_m2"], &warning["moves_total"]), (&json!(40_000.5), &json!(1)));
        assert!((warning["lost_mu"].as_f64().expect("mu") - 60.000_75).abs() < 1e-9);
        // Of the day of the move the Soil Law was in force.
        assert!(warning["citations"].to_string().contains("土壤污染防治法"));
    }
    let alxa = all.iter().find(|w| w["recipient"]["division_code"] == "152921").expect("a warning");
    let labels: Vec<&str> = alxa["restriction_wordings"]
        .as_array()
        .expect("wordings")
        .iter()
        .filter_map(|wording| wording["restriction_zh"].as_str())
        .collect();
    assert_eq!(labels, ["区域限批", "环评限批", "环评限批"]);
    assert_eq!(alxa["recipient"]["name_zh"], "阿拉善左旗人民政府");
    // The rulebook says the same.
    let rule = expect(world.get("/v1/rules?q=priority_land_alxa").bearer_auth(&auditor), 200).await;
    assert!(rule.to_string().contains("区域限批"), "{rule}");
    let told = expect(world.get("/v1/changes?kind=protection.raised").bearer_auth(&auditor), 200).await;
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn one_warning_a_year_and_kind_takes_in_what_comes_later() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    // A gain raises none, nor does what is made up for in the same act.
    happened(&world, &[moved("152921", "U1", "2026-01-05", MoveCause::ClassChanged, 0.0, 5_000.0)]).await;
    happened(
        &world,
        &[
            moved("152921", "U2", "2026-01-05", MoveCause::LandUseChanged, 1_000.0, 0.0),
            moved("152921", "U3", "2026-01-05", MoveCause::BoundaryCorrected, 2_000.0, 3_000.0),
            moved("152921", "U4", "2026-01-05", MoveCause::UnitSplit, 90_000.0, 89_999.5),
        ],
    )
    .await;
    assert_eq!(warnings(&world, &key, "").await, Vec::<Value>::new());
    happened(&world, &[moved("152921", "U2", "2026-02-05", MoveCause::LandUseChanged, 1_000.25, 0.0)]).await;
    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::minutes(5));
    happened(
        &world,
        &[
            moved("152921", "U5", "2026-04-05", MoveCause::UnitMerged, 500.0, 400.0),
            moved("152921", "U6", "2026-04-05", MoveCause::ClassChanged, 700.0, 0.0),
            moved("152921", "U7", "2025-12-31", MoveCause::LandUseChanged, 1.0, 0.0),
        ],
    )
    .await;
    happened(&world, &[moved("152921", "U3", "2026-05-05", MoveCause::BoundaryCorrected, 3_000.0, 3_100.1)]).await;
    let all = warnings(&world, &key, "").await;
    let mut numbers: Vec<&str> = all.iter().filter_map(|w| w["number"].as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["152921-预警-2025-面积", "152921-预警-2026-质量", "152921-预警-2026-面积"]);
    let shrunk = &warnings(&world, &key, "year=2026&kind=area_shrunk").await[0];
    assert_eq!(
        (&shrunk["lost_m2"], &shrunk["gained_m2"], &shrunk["moves_total"]),
        (&json!(1_100.25), &json!(100.1), &json!(3))
    );
    assert_eq!((&shrunk["first_move_on"], &shrunk["last_move_on"]), (&json!("2026-02-05"), &json!("2026-05-05")));
    let full = expect(world.get(&path(shrunk)).bearer_auth(&key), 200).await;
    let causes: Vec<&str> =
        full["by_cause"].as_array().expect("causes").iter().filter_map(|c| c["cause"].as_str()).collect();
    assert_eq!(causes, ["boundary_corrected", "land_use_changed", "unit_merged"]);
    // As it was known before the others came.
    let at = before.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    assert_eq!(warnings(&world, &key, &format!("known_at={at}")).await.len(), 1);
    let then = expect(world.get(&format!("{}?known_at={at}", path(shrunk))).bearer_auth(&key), 200).await;
    assert_eq!((&then["lost_m2"], &then["moves_total"]), (&json!(1_000.25), &json!(1)));
    assert_eq!(then["by_cause"].as_array().map(Vec::len), Some(1));
    let moves = expect(world.get(then["links"][0]["href"].as_str().expect("moves")).bearer_auth(&key), 200).await;
    assert_eq!((&moves["numberReturned"], &moves["moves"][0]["unit_code"]), (&json!(1), &json!("U2")));
    // Its moves, page by page.
    let page = expect(world.get(&format!("{}/moves?limit=2", path(shrunk))).bearer_auth(&key), 200).await;
    let rest = expect(world.get(page["links"][0]["href"].as_str().expect("next")).bearer_auth(&key), 200).await;
    assert_eq!((&rest["moves"][0]["seq"], &rest["moves"][0]["after_m2"]), (&json!(3), &json!(3_100.1)));
    let bad = format!("{}/moves?limit=2&cursor={}", path(shrunk), forged(&page, "x"));
    assert_eq!(expect(world.get(&bad).bearer_auth(&key), 400).await["code"], "bad_cursor");
    let page = expect(world.get("/v1/protection-warnings?limit=2").bearer_auth(&key), 200).await;
    let rest = expect(world.get(page["links"][0]["href"].as_str().expect("next")).bearer_auth(&key), 200).await;
    assert_eq!(rest["numberReturned"], 1);
    expect(world.get("/v1/protection-warnings?colour=red").bearer_auth(&key), 400).await;
    // Another county sees none of them.
    let stranger = world.key(Role::CountyEcology, "140602").await;
    assert_eq!(warnings(&world, &stranger, "").await, Vec::<Value>::new());
    for path in [path(shrunk), format!("{}/moves", path(shrunk)), format!("{}/events", path(shrunk))] {
        expect(world.get(&path).bearer_auth(&stranger), 404).await;
    }
}

#[tokio::test]
async fn a_warning_is_issued_answered_restricted_and_closed_by_whom_the_plans_name() {
    let world = World::new().await;
    happened(&world, &[moved("152921", "U1", "2026-03-01", MoveCause::ClassChanged, 40_000.0, 0.0)]).await;
    let league = world.key(Role::Government, "152900").await;
    let bureau = world.key(Role::PrefectureEcology, "152900").await;
    let banner = world.key(Role::Government, "152921").await;
    let region = world.key(Role::Government, "150000").await;
    let warning = warnings(&world, &league, "").await.remove(0);
    let paper = world.document(&league).await;
    let issued = json!({"type": "issued", "occurred_on": "2026-11-18", "document_number": "阿署预〔2026〕1号",
        "document_id": paper, "served_on": "2026-11-19"});
    for wrong in [&banner, &region] {
        let refused = expect(step(&world, wrong, &warning, &issued), 403).await;
        assert_eq!((&refused["code"], &refused["rule"]), (&json!("other_role_must_act"), &json!("W2")));
        assert!(refused["citations"].to_string().contains("阿拉善盟土壤污染防治实施方案"));
    }
    let seen = expect(world.get(&path(&warning)).bearer_auth(&league), 200).await;
    assert_eq!(steps(&seen), ["issued", "closed"]);
    let issued = expect(step(&world, &league, &warning, &issued), 201).await;
    for (name, value) in [
        ("status", json!("issued")),
        ("status_since", json!("2026-11-18")),
        ("document_number", json!("阿署预〔2026〕1号")),
        ("served_on", json!("2026-11-19")),
    ] {
        assert_eq!(issued[name], value, "{name}");
    }
    // The county reads the paper that it was served.
    let filed = format!("/v1/documents/{}", paper.as_str().expect("id"));
    expect(world.get(&filed).bearer_auth(&banner), 200).await;
    let account = world.document(&banner).await;
    let answer =
        json!({"type": "answered", "occurred_on": "2026-11-20", "text": "已制定整改方案", "document_id": account});
    assert_eq!(expect(step(&world, &league, &warning, &answer), 403).await["rule"], "W3");
    let answered = expect(step(&world, &banner, &warning, &answer), 201).await;
    assert_eq!(answered["status"], "answered");
    let order = world.document(&bureau).await;
    let restricted = json!({"type": "restricted", "occurred_on": "2026-11-20", "document_number": "阿环限〔2026〕1号",
        "document_id": order, "from": "2026-11-21"});
    let restricted = expect(step(&world, &bureau, &warning, &restricted), 201).await;
    assert_eq!((&restricted["status"], &restricted["restricted_from"]), (&json!("restricted"), &json!("2026-11-21")));
    assert_eq!(restricted["restricted_to"], Value::Null);
    assert!(restricted["events"][3]["citations"].to_string().contains("158"));
    // The league's own key does not void what the bureau entered.
    let void = json!({"type": "entered_in_error", "occurred_on": "2026-11-21", "reason": "文号有误"});
    assert_eq!(expect(step(&world, &league, &warning, &void), 403).await["rule"], "W6");
    let voided = expect(step(&world, &bureau, &warning, &void), 201).await;
    assert_eq!((&voided["status"], &voided["restricted_from"]), (&json!("answered"), &Value::Null));
    assert_eq!((&voided["status_since"], &voided["events"][3]["voided_by"]), (&json!("2026-11-20"), &json!(5)));
    let again = json!({"type": "restricted", "occurred_on": "2026-11-20", "document_number": "阿环限〔2026〕2号",
        "document_id": order, "from": "2026-11-21"});
    expect(step(&world, &bureau, &warning, &again), 201).await;
    let unreasoned = json!({"type": "closed", "occurred_on": "2026-11-21"});
    let refused = expect(step(&world, &league, &warning, &unreasoned), 422).await;
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    let close = json!({"type": "closed", "occurred_on": "2026-11-21", "reason": "面积已恢复"});
    let closed = expect(step(&world, &league, &warning, &close), 201).await;
    assert_eq!((&closed["status"], &closed["restricted_to"]), (&json!("closed"), &json!("2026-11-21")));
    assert_eq!(steps(&closed), ["entered_in_error"]);
    let refused = expect(step(&world, &banner, &warning, &answer), 409).await;
    assert_eq!((&refused["code"], &refused["allowed"]), (&json!("step_not_allowed"), &json!(["entered_in_error"])));
    // A gain leaves it closed; a further loss of the year raises it again, with all that was before.
    happened(&world, &[moved("152921", "U1", "2026-06-01", MoveCause::ClassChanged, 0.0, 1_000.0)]).await;
    assert_eq!(warnings(&world, &league, "status=closed").await.len(), 1);
    happened(&world, &[moved("152921", "U9", "2026-07-01", MoveCause::ClassChanged, 2_000.0, 0.0)]).await;
    let again = expect(world.get(&path(&warning)).bearer_auth(&league), 200).await;
    assert_eq!((&again["status"], &again["closed_on"]), (&json!("raised"), &Value::Null));
    assert_eq!((&again["lost_m2"], &again["gained_m2"]), (&json!(42_000.0), &json!(1_000.0)));
    assert_eq!(steps(&again), ["issued", "closed"]);
    let log = expect(world.get(&format!("{}/events", path(&warning))).bearer_auth(&banner), 200).await;
    let types: Vec<&str> = log["events"].as_array().expect("a log").iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(
        types,
        ["raised", "issued", "answered", "restricted", "entered_in_error", "restricted", "closed", "raised"]
    );
    let told = expect(world.get("/v1/changes?register=protection").bearer_auth(&banner), 200).await;
    let kinds: Vec<&str> =
        told["changes"].as_array().expect("changes").iter().filter_map(|c| c["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        ["raised", "issued", "answered", "restricted", "voided", "restricted", "closed", "grew", "raised"]
            .map(|kind| format!("protection.{kind}"))
    );
}

#[tokio::test]
async fn losses_at_once_come_to_one_warning_with_all_of_them() {
    let world = World::new().await;
    let tries = (0..4).map(|n| {
        let world = &world;
        async move {
            happened(world, &[moved("140602", &format!("U{n}"), "2026-03-01", MoveCause::LandUseChanged, 100.0, 0.0)])
                .await;
        }
    });
    futures_util::future::join_all(tries).await;
    let key = world.key(Role::Government, "140000").await;
    let all = warnings(&world, &key, "").await;
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["moves_total"], &all[0]["lost_m2"]), (&json!(4), &json!(400.0)));
}
