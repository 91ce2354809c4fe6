//! The rulebook over HTTP: every rule with the law of the day, and what changed in substance on 2026-08-15, on both sides of
//! that day.

use crate::loading::{counts, feature, load};
use crate::support::{TODAY, World, expect, expect_response, square};
use jingtu::config::Config;
use jingtu::kernel::Day;
use jingtu::platform::Role;
use reqwest::header;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const HERE: &str = "152921";
/// The last day of the Soil Law and the first of the Code.
const LAST: &str = "2026-08-14";
const FIRST: &str = "2026-08-15";

async fn ids(world: &World, query: &str) -> BTreeSet<String> {
    let list = expect(world.get(&format!("/v1/rules?{query}")), 200).await;
    let rules = list["rules"].as_array().expect("rules");
    assert_eq!(list["numberReturned"], rules.len());
    rules.iter().map(|rule| rule["id"].as_str().expect("id").to_owned()).collect()
}

async fn rule(world: &World, id: &str, query: &str) -> Value {
    expect(world.get(&format!("/v1/rules/{id}?{query}")), 200).await
}

/// Instrument, article, and the article of the successor.
fn cited(rule: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let citations = rule["citations"].as_array().expect("citations");
    citations
        .iter()
        .map(|c| {
            (
                c["instrument_zh"].as_str().expect("instrument"),
                c["article"].as_str().expect("article"),
                c["successor"]["article"].as_str(),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_rule_is_listed_with_the_text_of_the_day() {
    let world = World::new().await;
    let before = ids(&world, &format!("on={LAST}")).await;
    let after = ids(&world, &format!("on={FIRST}")).await;
    for id in ["G7", "G9", "G16", "duty.underground_tank_report", "provision.CODE_461_3"] {
        assert!(!before.contains(id) && after.contains(id), "{id}");
    }
    for id in
        ["G14", "T7", "event.suspected_listed", "deadline.preliminary_survey_six_months", "publicity.effect_report"]
    {
        assert!(before.contains(id) && after.contains(id), "{id}");
    }
    let g14 = rule(&world, "G14", &format!("on={LAST}")).await;
    assert_eq!(cited(&g14), [("土壤污染防治法", "61(2)", Some("456(2)"))]);
    let g14 = rule(&world, "G14", &format!("on={FIRST}")).await;
    assert_eq!(cited(&g14), [("生态环境法典", "456(2)", None)]);
    assert_eq!(g14["versions"].as_array().map(Vec::len), Some(2), "{}", g14["versions"]);
    assert_eq!((&g14["valid_from"], &g14["valid_to"]), (&json!("2019-01-01"), &Value::Null));
    // Without a day it is today's law, and the clock says what today is.
    assert_eq!(cited(&rule(&world, "G14", "").await), [("生态环境法典", "456(2)", None)]);
    world.clock.move_to(LAST.parse().expect("a day"));
    assert_eq!(cited(&rule(&world, "G14", "").await), [("土壤污染防治法", "61(2)", Some("456(2)"))]);
    world.clock.move_to(TODAY);
    // A rule asked for on a day on which it does not hold says so.
    let g16 = rule(&world, "G16", &format!("on={LAST}")).await;
    assert_eq!((&g16["in_force"], &g16["valid_from"], cited(&g16)), (&json!(false), &json!(FIRST), cited(&g16)));
}

#[tokio::test]
async fn a_rule_says_who_acts_when_and_what_follows_and_where_the_source_has_it() {
    let world = World::new().await;
    let g7 = rule(&world, "G7", "").await;
    assert_eq!(g7["actors"], json!(["planning"]));
    assert!(g7["trigger"]["zh"].as_str().is_some_and(|text| text.contains("登记")), "{}", g7["trigger"]);
    let remedies = g7["remedies"].as_array().expect("remedies");
    assert!(remedies.iter().any(|r| r["zh"].as_str().is_some_and(|zh| zh.contains("要求申请人补交"))), "{remedies:?}");
    assert!(g7["used_in"].as_array().expect("used").contains(&json!("across/land_check/rules/taking.rs::g7")));
    let pinned = g7["pinned_by"].as_array().expect("pinned");
    assert!(pinned.contains(&json!("src/across/land_check/rules/tests.rs::g7_comes_with_the_code")), "{pinned:?}");
    let listed = rule(&world, "event.suspected_listed", "").await;
    assert!(listed["actors"].as_array().expect("actors").contains(&json!("county_ecology")));
    let six = rule(&world, "preliminary_survey_six_months", "division=152921").await;
    assert_eq!(
        (&six["id"], &six["confidence"]),
        (&json!("deadline.preliminary_survey_six_months"), &json!("recalled"))
    );
    assert_eq!(six["parameters"][0]["value"], 6);
    let articles = rule(&world, "provision.LAW_61_2_CODE_456_2", "").await;
    assert!(!articles["used_in"].as_array().expect("used").is_empty());
    for (id, status) in [("G99", 404), ("site-life-cycle.png", 404)] {
        expect(world.get(&format!("/v1/rules/{id}")), status).await;
    }
}

#[tokio::test]
async fn lists_are_narrowed_by_kind_place_confidence_and_words() {
    let world = World::new().await;
    let gates = ids(&world, "kind=gate").await;
    assert!(gates.contains("G14") && gates.contains("S-C9") && gates.contains("P-LINE"));
    assert!(!gates.contains("T7"));
    let shuozhou = ids(&world, "kind=gate&division=140602").await;
    let chifeng = ids(&world, "kind=gate&division=150400").await;
    assert!(shuozhou.contains("G12") && !chifeng.contains("G12"));
    let own = ids(&world, "jurisdiction=140600").await;
    assert!(own.contains("G12") && !own.contains("G14"));
    let shandong = ids(&world, "jurisdiction=370000&kind=parameter").await;
    assert!(shandong.contains("parameter.effect_review_working_days"), "{shandong:?}");
    let unsure = ids(&world, "confidence=unconfirmed&kind=gate").await;
    assert!(unsure.contains("G9") && !unsure.contains("G14"), "{unsure:?}");
    let found = ids(&world, "q=456&kind=gate").await;
    assert!(found.contains("G14") && !found.contains("G3"), "{found:?}");
    for wrong in ["kind=gates", "division=15", "confidence=sure", "on=soon", "colour=red"] {
        expect(world.get(&format!("/v1/rules?{wrong}")), 400).await;
    }
    // A region's text is law at home and a default elsewhere.
    let at_home = rule(&world, "G3", "division=150400").await;
    let elsewhere = rule(&world, "G3", "division=140602").await;
    assert_eq!((&at_home["adopted"], &at_home["confidence"]), (&json!(false), &json!("verified")));
    assert_eq!((&elsewhere["adopted"], &elsewhere["confidence"]), (&json!(true), &json!("unconfirmed")));
    // An answer that has not changed is not sent again.
    let (head, _) = expect_response(world.get("/v1/rules/G14"), 200).await;
    let tag = head.headers()[header::ETAG].clone();
    expect(world.get("/v1/rules/G14").header(header::IF_NONE_MATCH, tag), 304).await;
}

#[tokio::test]
async fn what_the_operator_set_is_shown_where_it_holds_and_is_never_called_law() {
    let mut config = Config::default();
    let places = BTreeMap::from([("150000".to_owned(), 10)]);
    config.parameters.insert("list_publication_working_days".to_owned(), places);
    config.survey_before.insert("150000".to_owned(), vec!["supply".to_owned()]);
    let world = World::with(config).await;
    let id = "parameter.list_publication_working_days";
    let here = rule(&world, id, "division=152921").await;
    let value = &here["parameters"][0];
    assert_eq!(
        (&value["value"], &value["configured"], &here["confidence"]),
        (&json!(10), &json!(true), &json!("unconfirmed"))
    );
    assert_eq!(value["jurisdiction"], "150000");
    assert_eq!(here["configurable"][0]["key"], "parameters.list_publication_working_days");
    assert_eq!(here["configurable"][0]["value"], "{\"150000\":10}");
    let there = rule(&world, id, "division=140602").await;
    assert_eq!((&there["parameters"][0]["value"], &there["confidence"]), (&json!(20), &json!("verified")));
    let shandong = rule(&world, "parameter.effect_review_working_days", "division=370100").await;
    assert_eq!(
        (&shandong["parameters"][0]["value"], &shandong["parameters"][0]["internal"]),
        (&json!(15), &json!(false))
    );
    let g9 = rule(&world, "G9", "").await;
    assert_eq!(g9["configurable"][0]["key"], "survey_before");
    assert_eq!(g9["configurable"][0]["value"], "{\"150000\":[\"supply\"]}");
    assert_eq!(g9["confidence"], "unconfirmed");
    // A text that is not taken over from its region holds at home, and nowhere else.
    let world = World::with(Config { adopt_regional: false, ..Config::default() }).await;
    let held = async |division: &str| {
        let list = expect(world.get(&format!("/v1/rules?kind=gate&division={division}")), 200).await;
        list["rules"].as_array().expect("rules").iter().any(|rule| rule["id"] == "G3")
    };
    assert!(held("150400").await && !held("140602").await);
    let elsewhere = rule(&world, "G3", "division=140602").await;
    assert_eq!(elsewhere["adopted"], false);
    assert_eq!(elsewhere["configurable"][0], json!({"key": "adopt_regional", "value": "false"}));
    let unset = rule(&World::new().await, "G9", "").await;
    assert_eq!(unset["configurable"][0].get("value"), None);
}

#[test]
fn settings_that_cannot_be_meant_are_refused_at_the_start() {
    let run = |toml: &str| {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("jingtu.toml");
        std::fs::write(&file, toml).expect("a file");
        let out = Command::new(env!("CARGO_BIN_EXE_jingtu"))
            .args(["openapi", "--config"])
            .arg(&file)
            // A switch of the test run, and no setting.
            .env_remove("JINGTU_BLESS")
            .output();
        let out = out.expect("the program runs");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    for (toml, key, zh) in [
        ("[parameters.preliminary_survey_month]\n150000 = 6\n", "parameters.preliminary_survey_month", "没有此参数"),
        ("[parameters.preliminary_survey_months]\n15 = 6\n", "parameters.preliminary_survey_months.15", "六位数字"),
        (
            "[parameters.annual_city_report_day]\n000000 = 1301\n",
            "parameters.annual_city_report_day.000000",
            "不合单位",
        ),
        ("[survey_before]\n152900 = [\"supply\"]\n", "survey_before.152900", "省级区划代码"),
        ("[survey_before]\n150000 = [\"sell\"]\n", "survey_before.150000", "没有此操作"),
        ("[roll_forward]\nsix_months = true\n", "roll_forward.six_months", "没有此期限规则"),
        ("adopt_regional = \"maybe\"\n", "adopt_regional", "配置有误"),
        ("touching_warns = 2\n", "touching_warns", "配置有误"),
        ("interchange_exempt = []\n", "interchange_exempt", "配置有误"),
    ] {
        let (code, said) = run(toml);
        assert_eq!(code, Some(2), "{toml}{said}");
        assert!(said.contains(key) && said.contains(zh) && said.contains("The configuration is wrong"), "{said}");
    }
    let (code, said) =
        run("[parameters.preliminary_survey_months]\n150000 = 6\n[survey_before]\n150000 = [\"supply\"]\n");
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn the_life_cycle_is_drawn_and_the_pages_are_whole_and_load_nothing() {
    let world = World::new().await;
    let text = |path: &'static str| {
        let request = world.get(path);
        async move {
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), 200, "{path}");
            let media = response.headers()[header::CONTENT_TYPE].to_str().expect("text").to_owned();
            (media, response.headers().clone(), response.text().await.expect("text"))
        }
    };
    let (media, _, svg) = text("/v1/rules/site-life-cycle.svg").await;
    assert!(media.starts_with("image/svg+xml") && svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("id=\"stage-preliminary_survey\"") && svg.contains("survey_notice_served"));
    let (_, _, mermaid) = text("/v1/rules/site-life-cycle.mmd").await;
    assert!(
        mermaid.starts_with("stateDiagram-v2") && mermaid.contains("suspected --> preliminary_survey"),
        "{mermaid}"
    );
    for path in [
        "/rules",
        "/rules?on=2026-08-14&kind=gate&division=&jurisdiction=&confidence=&q=",
        "/rules/G14?on=2026-08-14&division=152921",
        "/rules/T7",
    ] {
        let (media, headers, page) = text(path).await;
        assert!(media.starts_with("text/html"), "{path}");
        let csp = headers["content-security-policy"].to_str().expect("text");
        assert!(csp.contains("default-src 'none'"), "{csp}");
        for foreign in ["http://", "https://", "<script", "src="] {
            let rest = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!rest.contains(foreign), "{path}: {foreign}");
        }
        assert!(page.contains("<html lang=\"zh-CN\">") && page.ends_with("</html>"), "{path}");
    }
    let (_, _, page) = text("/rules?on=2026-08-14").await;
    assert!(page.contains("id=\"G14\"") && page.contains("《土壤污染防治法》61(2)（→《生态环境法典》456(2)）"));
    assert!(!page.contains("id=\"G16\""));
    assert!(page.contains("<svg"));
}

// ---------------------------------------------------------------------------------------------------------------------
// What changed in substance on 2026-08-15.

struct Desk {
    world: World,
    planning: String,
}

impl Desk {
    async fn with(config: Config) -> Desk {
        let world = World::with(config).await;
        Desk { planning: world.key(Role::Planning, HERE).await, world }
    }

    async fn ask(&self, geometry: &Value, on: &str, mut properties: Value) -> Value {
        properties["on"] = json!(on);
        let body = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        expect(self.world.post("/v1/land-checks").bearer_auth(&self.planning).json(&body), 201).await
    }
}

fn fired<'a>(answer: &'a Value, id: &str) -> Option<&'a Value> {
    answer["rules"].as_array().expect("rules").iter().find(|rule| rule["rule"] == id)
}

fn verdict<'a>(answer: &'a Value, id: &str) -> Option<&'a str> {
    fired(answer, id).map(|rule| rule["verdict"].as_str().expect("verdict"))
}

fn use_of(code: &str) -> Value {
    json!({"system": "GB/T 21010-2017", "code": code})
}

/// Pins: G9
#[tokio::test]
async fn code_454_gives_the_provinces_a_time_limit_that_is_configuration_and_says_so() {
    let mut config = Config::default();
    config.survey_before.insert("150000".to_owned(), vec!["supply".to_owned(), "planning_conditions".to_owned()]);
    let desk = Desk::with(config).await;
    let ground = square(105.7, 38.8, 100.0);
    let plan =
        |operation: &str| json!({"operation": operation, "planned_use": use_of("0701"), "current_use": use_of("0601")});
    for (on, expected) in [(LAST, None), (FIRST, Some("block"))] {
        let answer = desk.ask(&ground, on, plan("supply")).await;
        assert_eq!(verdict(&answer, "G9"), expected, "{on}");
    }
    let answer = desk.ask(&ground, FIRST, plan("supply")).await;
    let g9 = fired(&answer, "G9").expect("fired");
    assert_eq!(g9["confidence"], "unconfirmed");
    assert!(g9["note_zh"].as_str().is_some_and(|note| note.contains("须经核对")), "{g9}");
    // An operation that the province did not name goes on.
    assert_eq!(verdict(&desk.ask(&ground, FIRST, plan("transfer")).await, "G9"), None);
    // Where nothing was entered, a change of use is warned of.
    let bare = Desk::with(Config::default()).await;
    assert_eq!(verdict(&bare.ask(&ground, FIRST, plan("supply")).await, "G9"), None);
    for (on, expected) in [(LAST, None), (FIRST, Some("warn"))] {
        assert_eq!(verdict(&bare.ask(&ground, on, plan("change_use")).await, "G9"), expected, "{on}");
    }
}

/// Pins: G15, G16
#[tokio::test]
async fn code_461_stops_works_and_bars_construction_where_a_step_was_skipped() {
    let desk = Desk::with(Config::default()).await;
    let (listed, suspected) = (square(105.7, 38.8, 100.0), square(105.72, 38.8, 100.0));
    for (code, stage, ground) in [("L", "listed", &listed), ("S", "suspected", &suspected)] {
        let facts = json!({"code": code, "name": "某地块", "division_code": HERE, "stage": stage});
        assert_eq!(counts(&load(&desk.world, "sites", &[feature(facts, ground.clone())], 10).await), (1, 0, 0));
    }
    let permit =
        json!({"operation": "construction_permit", "planned_use": use_of("0601"), "current_use": use_of("0601")});
    // Targets not met: barred by both; works already begun stop from the Code on.
    for (on, article, stops) in [(LAST, "66(3)", false), (FIRST, "461(3)", true)] {
        let answer = desk.ask(&listed, on, permit.clone()).await;
        let g15 = fired(&answer, "G15").expect("fired");
        assert_eq!((&g15["verdict"], cited(g15)[0].1), (&json!("block"), article), "{on}");
        let must_do = g15["must_do_zh"].as_str().expect("what to do");
        assert_eq!(must_do.contains("立即停工"), stops, "{on}: {must_do}");
    }
    // A survey that was due and not done: a ground of its own from the Code on.
    for (on, expected) in [(LAST, None), (FIRST, Some("block"))] {
        let answer = desk.ask(&suspected, on, permit.clone()).await;
        assert_eq!(verdict(&answer, "G16"), expected, "{on}");
    }
    let answer = desk.ask(&suspected, FIRST, permit).await;
    assert!(fired(&answer, "G16").expect("fired")["must_do_zh"].as_str().expect("text").contains("已开工的立即停止"));
}

/// Pins: G6, G7
#[tokio::test]
async fn code_462_has_the_registry_demand_the_report() {
    let desk = Desk::with(Config::default()).await;
    let plant = square(105.7, 38.8, 100.0);
    let unit = json!({"code": "K1", "name": "某厂", "division_code": HERE, "listed_on": "2020-03-31"});
    assert_eq!(counts(&load(&desk.world, "key-units", &[feature(unit, plant.clone())], 10).await), (1, 0, 0));
    for (on, expected) in [(LAST, None), (FIRST, Some("hold"))] {
        let answer = desk.ask(&plant, on, json!({"operation": "registration"})).await;
        assert_eq!(verdict(&answer, "G7"), expected, "{on}");
        // The duty to survey before a transfer is older.
        let answer = desk.ask(&plant, on, json!({"operation": "transfer", "planned_use": use_of("0601")})).await;
        assert_eq!(verdict(&answer, "G6"), Some("block"), "{on}");
    }
}

/// Pins: CODE_414, CODE_414_4, CODE_414_5, DEMOLITION_FILING_WORKING_DAYS
#[tokio::test]
async fn code_414_gives_key_units_duties_for_groundwater_and_tanks() {
    let world = World::new().await;
    let unit = json!({"code": "K1", "name": "某厂", "division_code": HERE, "listed_on": "2026-03-31"});
    assert_eq!(counts(&load(&world, "key-units", &[feature(unit, square(105.7, 38.8, 100.0))], 10).await), (1, 0, 0));
    let auditor = world.key(Role::Auditor, "000000").await;
    let mut owed: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    for on in [LAST, FIRST] {
        let page = expect(world.get(&format!("/v1/key-units?on={on}")).bearer_auth(&auditor), 200).await;
        let duties = page["features"][0]["properties"]["duties"].as_array().expect("duties").clone();
        owed.insert(on, duties.into_iter().map(|d| (d["duty"].as_str().expect("duty").to_owned(), d)).collect());
    }
    let (before, after) = (&owed[LAST], &owed[FIRST]);
    let added: Vec<&str> = after.keys().filter(|duty| !before.contains_key(*duty)).map(String::as_str).collect();
    assert_eq!(
        added,
        ["groundwater_hidden_danger_investigation", "surroundings_monitoring", "underground_tank_report"]
    );
    assert!(before.keys().all(|duty| after.contains_key(duty)));
    let report = |on: &str| cited(&owed[on]["annual_toxic_emission_report"])[0].1.to_owned();
    assert_eq!([report(LAST), report(FIRST)], ["21", "414"]);
    let tank = &after["underground_tank_report"];
    assert_eq!(
        (cited(tank), &tank["sanctions"][0]["article"]),
        (vec![("生态环境法典", "414(4)", None)], &json!("1166(2)"))
    );
    let rounds = &after["hidden_danger_investigation"];
    assert_eq!(
        (&rounds["first_due_on"], &rounds["at_least_months"], &rounds["every_months"]),
        (&json!("2027-03-31"), &json!(24), &json!(36))
    );
    let demolition = &after["demolition_plan_filing"];
    assert_eq!((&demolition["working_days_before"], &demolition["confidence"]), (&json!(15), &json!("recalled")));
    let wells = &after["monitoring_groundwater_class_1"];
    assert_eq!((&wells["every_months"], &wells["beside_sensitive_months"]), (&json!(6), &json!(3)));
    // Each duty is a rule of the rulebook.
    for duty in after.keys() {
        rule(&world, &format!("duty.{duty}"), "").await;
    }
    assert!(TODAY > FIRST.parse::<Day>().expect("a day"));
}
