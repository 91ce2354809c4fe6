//! Land checks over HTTP: what the registers hold decides, by the law of the day, and the answer stays as it was given.

use crate::loading::{counts, feature, load};
use crate::support::{CREDIT_CODE, TODAY, World, expect, expect_response, forged, square};
use futures_util::future::join_all;
use jingtu::across::land_check;
use jingtu::config::Config;
use jingtu::kernel::Day;
use jingtu::platform::{Permission, Role};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config as Cases, TestRunner};
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Executor;
use std::collections::BTreeSet;

const HERE: &str = "152921";

/// A rectangle from its west, south, east and north.
fn rect(west: f64, south: f64, east: f64, north: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
}

/// A rectangle about 868 m wide and 111 m high from a longitude on; where nothing is said of the latitude, all lies there.
fn strip(west: f64, east: f64) -> Value {
    rect(west, 38.8, east, 38.801)
}

fn asked(geometry: &Value, properties: Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}

fn use_of(code: &str) -> Value {
    json!({"system": "GB/T 21010-2017", "code": code})
}

/// A registry, and a planning bureau that asks it.
struct Desk {
    world: World,
    planning: String,
}

impl Desk {
    async fn new() -> Desk {
        Desk::with(Config::default()).await
    }

    async fn with(config: Config) -> Desk {
        let world = World::with(config).await;
        Desk { planning: world.key(Role::Planning, HERE).await, world }
    }

    fn post(&self, geometry: &Value, properties: Value) -> RequestBuilder {
        self.post_as(&self.planning, geometry, properties)
    }

    fn post_as(&self, key: &str, geometry: &Value, properties: Value) -> RequestBuilder {
        self.world.post("/v1/land-checks").bearer_auth(key).json(&asked(geometry, properties))
    }

    async fn ask(&self, geometry: &Value, properties: Value) -> Value {
        expect(self.post(geometry, properties), 201).await
    }

    /// A site of an existing register, through the importer.
    async fn site(&self, code: &str, stage: &str, more: Value, geometry: &Value) {
        let mut facts = json!({"code": code, "name": format!("{code} 地块"), "division_code": HERE, "stage": stage});
        facts.as_object_mut().expect("facts").extend(more.as_object().expect("more").clone());
        self.load("sites", facts, geometry).await;
    }

    async fn load(&self, target: &str, facts: Value, geometry: &Value) {
        let outcomes = load(&self.world, target, &[feature(facts, geometry.clone())], 10).await;
        assert_eq!(counts(&outcomes), (1, 0, 0), "{outcomes:?}");
    }

    async fn coverage(&self, code: &str, registers: &[&str], status: &str, as_of: &str, geometry: &Value) {
        let facts = json!({"code": code, "name": "某处", "division_code": HERE, "registers": registers, "status": status, "as_of": as_of});
        self.load("coverage", facts, geometry).await;
    }

    /// A site that was listed and noticed through the HTTP surface: its preliminary survey runs. Its code.
    async fn noticed(&self, geometry: &Value) -> String {
        let county = self.world.key(Role::CountyEcology, HERE).await;
        let properties = json!({
            "name": "原化工厂", "division_code": HERE, "former_industry": "2614", "stage": "suspected", "suspected_on": "2026-05-01",
            "land_user": {"name": "（演示）北方化工", "credit_code": CREDIT_CODE},
            "land_use": {"system": "GB/T 21010-2017", "code": "0601"}, "basis": "关闭搬迁",
        });
        let site = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        let site = expect(self.world.post("/v1/sites").bearer_auth(&county).json(&site), 201).await;
        let form = Form::new()
            .part("file", Part::bytes(b"%PDF-1.7\n%test\n".as_slice()).file_name("notice.pdf"))
            .text("kind", "notice")
            .text("title", "初步调查通知书");
        let paper = expect(self.world.post("/v1/documents").bearer_auth(&county).multipart(form), 201).await;
        let event = json!({"type": "survey_notice_served", "occurred_on": "2026-05-21", "received_on": "2026-05-21",
            "served_how": "直接送达", "document_id": paper["id"]});
        let path = format!("/v1/sites/{}/events", site["id"].as_str().expect("id"));
        let served = expect(self.world.post(&path).bearer_auth(&county).json(&event), 201).await;
        assert_eq!(served["site"]["properties"]["stage"], "preliminary_survey");
        site["properties"]["code"].as_str().expect("a code").to_owned()
    }
}

#[tokio::test]
async fn what_a_local_setting_decided_is_said_in_the_answer() {
    let here = strip(105.0, 105.01);
    let housing = json!({"operation": "change_use", "current_use": use_of("0806"), "planned_use": use_of("0701"),
        "facts": {"former_industry": "5211", "key_unit": false}});
    let reclaim = json!({"operation": "reclaim", "facts": {"former_industry": "5211", "key_unit": false}});
    let names =
        |answer: &Value| -> Vec<String> { fired(answer).into_iter().map(|(rule, _)| rule.to_owned()).collect() };
    let desk = Desk::new().await;
    let (exempt, adopted) = (desk.ask(&here, housing.clone()).await, desk.ask(&here, reclaim.clone()).await);
    assert!(names(&exempt).contains(&"G27".to_owned()) && !names(&exempt).contains(&"P-LOCAL".to_owned()), "{exempt}");
    assert!(names(&adopted).contains(&"G1".to_owned()) && !names(&adopted).contains(&"P-LOCAL".to_owned()));

    let config = Config { adopt_regional: false, touching_warns: true, interchange_exempt: false, ..Config::default() };
    let desk = Desk::with(config).await;
    let strict = desk.ask(&here, housing).await;
    assert_eq!(strict["verdict"], "block");
    let local = rule(&strict, "P-LOCAL");
    let said = local["facts"][0]["text_en"].as_str().expect("text");
    assert!(said.starts_with("local setting interchange_exempt = false") && said.contains("G27"), "{said}");
    assert_eq!(
        (&local["confidence"], &local["verdict"], local["facts"].as_array().map(Vec::len)),
        (&json!("unconfirmed"), &json!("allow_recorded"), Some(1))
    );
    assert!(local["note_zh"].as_str().is_some_and(|note| note.contains("不是法定要求")), "{local}");
    let own = desk.ask(&here, reclaim).await;
    assert!(!names(&own).contains(&"G1".to_owned()), "{own}");
    assert_eq!(rule(&own, "P-LOCAL")["facts"][0]["name"], "adopt_regional");
    // A site that only shares a boundary warns, because that is set.
    desk.site("N1", "listed", json!({}), &strip(105.01, 105.02)).await;
    let beside = desk.ask(&here, json!({"operation": "planning_conditions", "planned_use": use_of("0601"), "facts": {"former_industry": "5211", "key_unit": false}})).await;
    assert!(names(&beside).contains(&"P-NEAR".to_owned()), "{beside}");
    assert_eq!(rule(&beside, "P-LOCAL")["facts"][0]["name"], "touching_warns");
}

#[tokio::test]
async fn the_class_that_a_site_was_assessed_for_wins_over_what_is_stated() {
    let desk = Desk::new().await;
    let here = strip(105.0, 105.01);
    let class = |class: &str| json!({"former_industry": "5211", "assessed_class": class});
    desk.site("C2", "not_contaminated", class("class_2"), &strip(104.999, 105.011)).await;
    let ask = |assessed: &str| {
        let facts = json!({"key_unit": false, "assessed_use": use_of(assessed)});
        json!({"operation": "supply", "current_use": use_of("0601"), "planned_use": use_of("0701"), "facts": facts})
    };
    // The caller says that it was assessed for housing; the register, that it was for class 2.
    let answer = desk.ask(&here, ask("0701")).await;
    assert_eq!((&answer["verdict"], rule(&answer, "G17")["verdict"].as_str()), (&json!("block"), Some("block")));
    let shown = rule(&answer, "P-CONTRADICTION")["facts"].as_array().expect("facts");
    let shown = shown.iter().find(|fact| fact["name"] == "assessed_use").expect("what was assessed");
    assert_eq!((&shown["value"], &shown["source"]), (&json!("GB 36600-2018:class_2"), &json!("registry")));
    let text = shown["text_zh"].as_str().expect("text");
    assert!(text.contains("GB 36600 第二类用地（申报为：0701"), "{text}");
    // What agrees contradicts nothing.
    let agreed = desk.ask(&here, ask("0601")).await;
    assert!(fired(&agreed).iter().all(|(name, _)| *name != "P-CONTRADICTION"), "{agreed}");
    // A site on part of the parcel says nothing of the rest of it: there the statement stands.
    let partly = desk.ask(&strip(105.0, 105.03), ask("0701")).await;
    assert!(fired(&partly).iter().all(|(name, _)| *name != "P-CONTRADICTION"), "{partly}");
    // Of two that take it all in, the stricter reading holds.
    desk.site("C1", "not_contaminated", class("class_1"), &strip(104.998, 105.012)).await;
    assert_eq!(desk.ask(&here, ask("0701")).await["verdict"], "block");
}

/// Rules and how hard they close, in the order of the answer.
fn fired(answer: &Value) -> Vec<(&str, &str)> {
    let rules = answer["rules"].as_array().expect("rules");
    rules
        .iter()
        .map(|rule| (rule["rule"].as_str().expect("rule"), rule["verdict"].as_str().expect("verdict")))
        .collect()
}

fn rule<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let rules = answer["rules"].as_array().expect("rules");
    rules.iter().find(|rule| rule["rule"] == name).unwrap_or_else(|| panic!("{name} in {:?}", fired(answer)))
}

/// Instrument and article of every citation of a rule.
fn cited<'a>(answer: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let citations = rule(answer, name)["citations"].as_array().expect("citations");
    citations
        .iter()
        .map(|c| (c["instrument_zh"].as_str().expect("instrument"), c["article"].as_str().expect("article")))
        .collect()
}

fn hit<'a>(answer: &'a Value, code: &str) -> &'a Value {
    let hits = answer["hits"].as_array().expect("hits");
    hits.iter().find(|hit| hit["code"] == code).unwrap_or_else(|| panic!("{code} in {hits:?}"))
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().expect("hits").iter().map(|hit| hit["code"].as_str().expect("code")).collect()
}

fn coverage<'a>(answer: &'a Value, register: &str) -> (&'a str, &'a Value) {
    let all = answer["coverage"].as_array().expect("coverage");
    let one = all.iter().find(|c| c["register"] == register).expect("the register");
    (one["status"].as_str().expect("status"), &one["as_of"])
}

// ---------------------------------------------------------------------------------------------------------------------
// The gates, through the registers.

#[tokio::test]
async fn a_noticed_site_is_not_taken_back_before_its_survey_is_reviewed() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let code = desk.noticed(&ground).await;
    let answer = desk.ask(&ground, json!({"operation": "reclaim", "reference": "GD-1"})).await;

    assert_eq!((&answer["verdict"], &answer["verdict_zh"]), (&json!("block"), &json!("禁止")));
    assert_eq!(
        fired(&answer),
        [("G3", "block"), ("G2", "hold"), ("G4", "hold"), ("S-C2", "hold"), ("G6", "warn"), ("G1", "allow_recorded")]
    );
    // What stood there the register of sites knows.
    assert_eq!(rule(&answer, "G4")["facts"][0]["source"], "registry");
    // Inner Mongolia's own plan; the other two are Shuozhou's, taken over as this registry's default, and say so.
    assert_eq!(
        cited(&answer, "G3"),
        [("内蒙古自治区土壤污染防治三年攻坚计划", "未经调查评估不予回收 / not taken back without survey")]
    );
    assert_eq!(rule(&answer, "G3")["confidence"], "verified");
    assert_eq!(
        (&rule(&answer, "G3")["actor"], rule(&answer, "G3")["must_do_zh"].as_str().map(|zh| zh.contains("不予收回"))),
        (&json!("planning"), Some(true))
    );
    for adopted in ["G1", "G2"] {
        assert_eq!(cited(&answer, adopted)[0].0, "朔州市2021年土壤污染防治行动计划");
        assert_eq!(rule(&answer, adopted)["confidence"], "unconfirmed");
        assert!(rule(&answer, adopted)["note_zh"].as_str().is_some_and(|zh| zh.contains("不是本地法定要求")));
    }
    assert_eq!(answer["reply"]["status"], "awaiting");
    let met = hit(&answer, &code);
    assert_eq!(
        (&met["register"], &met["stage"], &met["relation"], &met["overlap_share"], &met["sliver"]),
        (&json!("suspected_sites"), &json!("preliminary_survey"), &json!("overlaps"), &json!(1), &json!(false))
    );
    // The survey's state is the register's, whatever the caller says of it, and the contradiction is said.
    let stated = desk
        .ask(&ground, json!({"operation": "reclaim", "facts": {"survey_state": "reviewed_within_screening"}}))
        .await;
    assert_eq!((&stated["verdict"], &rule(&stated, "G3")["verdict"]), (&json!("block"), &json!("block")));
    assert_eq!(rule(&stated, "P-CONTRADICTION")["verdict"], "warn");

    // In Shuozhou the reply is Shuozhou's own rule, and Inner Mongolia's is the one taken over.
    let shuozhou = desk.world.key(Role::Planning, "140602").await;
    let there = expect(desk.post_as(&shuozhou, &ground, json!({"operation": "reclaim"})), 201).await;
    assert_eq!(
        (&rule(&there, "G2")["confidence"], &rule(&there, "G3")["confidence"]),
        (&json!("verified"), &json!("unconfirmed"))
    );
    assert!(there["number"].as_str().is_some_and(|number| number.starts_with("CX-140602-2026-")));
}

#[tokio::test]
async fn housing_needs_a_reviewed_survey_whatever_stood_there() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let unit = json!({"code": "NYD-1", "division_code": HERE, "land_type": "upland", "class": "strict_control"});
    desk.load("farmland", unit, &ground).await;
    let question = |facts: Value| json!({"operation": "farmland_conversion", "current_use": use_of("0103"), "planned_use": use_of("0701"), "facts": facts});
    let answer = desk.ask(&ground, question(json!({}))).await;
    assert_eq!(answer["verdict"], "block");
    assert_eq!(rule(&answer, "G8")["verdict"], "block");
    assert_eq!(cited(&answer, "G8"), [("生态环境法典", "454(2)"), ("生态环境法典", "454(3)")]);
    assert_eq!(
        (&rule(&answer, "G8")["actor"], &rule(&answer, "G8")["by"]),
        (&json!("land_user"), &json!("用途变更之前"))
    );
    assert_eq!(rule(&answer, "G13")["verdict"], "hold");
    let met = hit(&answer, "NYD-1");
    assert_eq!(
        (&met["register"], &met["class"], met.get("stage")),
        (&json!("farmland"), &json!("strict_control"), None)
    );

    let surveyed = desk.ask(&ground, question(json!({"survey_state": "reviewed_within_screening"}))).await;
    assert!(!fired(&surveyed).iter().any(|(name, _)| ["G8", "G28"].contains(name)), "{:?}", fired(&surveyed));
    assert_ne!(surveyed["verdict"], "block");
}

#[tokio::test]
async fn listed_land_is_barred_from_housing_and_public_use_and_out_of_supply() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let barred = json!([
        {"system": "GB/T 21010-2017", "code": "0601", "why": "风险未解除"},
        {"system": "GB/T 21010-2017", "code": "0604", "since": "2027-01-01"},
    ]);
    desk.site("L1", "listed", json!({"negative_list": barred}), &ground).await;
    let ask = |operation: &str, planned: &str| {
        desk.ask(
            &ground,
            json!({"operation": operation, "current_use": use_of("0601"), "planned_use": use_of(planned)}),
        )
    };
    let school = ask("planning_conditions", "0803").await;
    assert_eq!((&school["verdict"], &rule(&school, "G14")["verdict"]), (&json!("block"), &json!("block")));
    assert_eq!(cited(&school, "G14"), [("生态环境法典", "456(2)")]);
    assert_eq!(
        (&hit(&school, "L1")["register"], &hit(&school, "L1")["stage"]),
        (&json!("control_list"), &json!("listed"))
    );
    assert_eq!(school["hits"].as_array().map(Vec::len), Some(1), "a negative list is no record of its own");
    let untold = desk.ask(&ground, json!({"operation": "registration"})).await;
    assert_eq!(rule(&untold, "G14")["verdict"], "hold");

    let supply = ask("supply", "0601").await;
    assert_eq!(supply["verdict"], "block");
    assert_eq!(rule(&supply, "G17")["verdict"], "block");
    assert!(cited(&supply, "G17").iter().any(|(instrument, _)| *instrument == "土壤污染防治行动计划"));
    assert!(!cited(&supply, "G17").iter().any(|(instrument, _)| instrument.contains("朔州")), "not Shuozhou's here");
    assert_eq!(rule(&supply, "G20")["verdict"], "block");
    assert!(rule(&supply, "G20")["must_do_zh"].as_str().is_some_and(|zh| zh.contains("风险未解除")));
    assert!(!fired(&supply).iter().any(|(name, _)| *name == "G14"), "industry is neither housing nor public");
    // A use that is barred from next year on is not barred today, and is on that day.
    assert_eq!(rule(&ask("supply", "0604").await, "G20")["verdict"], "allow_recorded");
    let later = json!({"operation": "supply", "planned_use": use_of("0604"), "on": "2027-01-01"});
    assert_eq!(rule(&desk.ask(&ground, later).await, "G20")["verdict"], "block");

    // Containment is on the list only where the register says so.
    let beside = strip(105.1, 105.11);
    desk.site("L2", "risk_control", json!({"mode": "containment"}), &beside).await;
    let contained = desk.ask(&beside, json!({"operation": "supply", "planned_use": use_of("0701")})).await;
    assert!(!fired(&contained).iter().any(|(name, _)| *name == "G14"));
    assert_eq!(hit(&contained, "L2")["register"], "contaminated_sites");
    let further = strip(105.2, 105.21);
    desk.site("L3", "risk_control", json!({"mode": "containment", "on_control_list": true}), &further).await;
    let listed = desk.ask(&further, json!({"operation": "supply", "planned_use": use_of("0701")})).await;
    assert_eq!(
        (&rule(&listed, "G14")["verdict"], &hit(&listed, "L3")["register"]),
        (&json!("block"), &json!("control_list"))
    );
}

#[tokio::test]
async fn a_control_zone_bars_development_and_a_key_unit_its_transfer() {
    let desk = Desk::new().await;
    let zone_ground = strip(105.0, 105.01);
    let zone = json!({"code": "GK-1", "name": "某管控区域", "division_code": HERE, "approved_by": "某旗人民政府", "approved_on": "2025-01-01"});
    desk.load("control-zones", zone, &zone_ground).await;
    let permit =
        desk.ask(&zone_ground, json!({"operation": "construction_permit", "planned_use": use_of("0601")})).await;
    assert_eq!((&permit["verdict"], &rule(&permit, "G21")["verdict"]), (&json!("block"), &json!("block")));
    assert_eq!(
        cited(&permit, "G21").iter().map(|(instrument, _)| *instrument).collect::<Vec<_>>(),
        ["土壤污染防治行动计划", "内蒙古自治区土壤污染防治三年攻坚计划", "阿拉善盟土壤污染防治实施方案"]
    );
    assert_eq!(hit(&permit, "GK-1")["register"], "control_zones");
    let transfer = desk.ask(&zone_ground, json!({"operation": "transfer"})).await;
    assert_eq!(rule(&transfer, "G21")["verdict"], "warn");
    // Before it was approved there was no zone.
    let before = desk.ask(&zone_ground, json!({"operation": "construction_permit", "on": "2024-12-31"})).await;
    assert_eq!(before["hits"], json!([]));

    let plant = strip(105.1, 105.11);
    let unit =
        json!({"code": "ZD-1", "name": "某厂", "division_code": HERE, "industry": "2614", "listed_on": "2020-01-01"});
    desk.load("key-units", unit, &plant).await;
    let sold = desk.ask(&plant, json!({"operation": "transfer", "facts": {"key_unit": false}})).await;
    assert_eq!((&sold["verdict"], &rule(&sold, "G6")["verdict"]), (&json!("block"), &json!("block")));
    assert_eq!(cited(&sold, "G6"), [("生态环境法典", "462")]);
    assert_eq!(hit(&sold, "ZD-1")["register"], "key_units");
}

#[tokio::test]
async fn unknown_ground_warns_and_known_clean_ground_is_let_through_on_record() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let unknown = desk.ask(&ground, json!({"operation": "transfer", "planned_use": use_of("0601")})).await;
    assert_eq!(unknown["verdict"], "warn");
    assert_eq!(fired(&unknown), [("G6", "warn"), ("G29", "warn")]);
    assert_eq!(unknown["hits"], json!([]));
    let industry = rule(&unknown, "G29")["facts"].as_array().expect("facts")[0].clone();
    assert_eq!(
        (&industry["name"], &industry["value"], &industry["source"]),
        (&json!("former_industry"), &json!("unknown"), &json!("unknown"))
    );

    let harmless = json!({"operation": "transfer", "planned_use": use_of("0601"), "facts": {"former_industry": "5211", "key_unit": false}});
    let stated = desk.ask(&ground, harmless).await;
    assert_eq!((&stated["verdict"], fired(&stated)), (&json!("allow_recorded"), vec![("G31", "allow_recorded")]));
    assert_eq!(stated["reply"]["status"], "not_required");
    // A code too coarse to tell is not taken for harmless: division 32 holds smelting and rolling.
    let coarse =
        desk.ask(&ground, json!({"operation": "reclaim", "facts": {"former_industry": "32", "key_unit": false}})).await;
    assert_eq!(rule(&coarse, "G4")["verdict"], "hold");
    let fine = desk
        .ask(&ground, json!({"operation": "reclaim", "facts": {"former_industry": "3251", "key_unit": false}}))
        .await;
    assert_eq!(fired(&fine), [("G1", "allow_recorded"), ("G31", "allow_recorded")]);

    // The registers themselves know the ground: nobody need state anything.
    desk.coverage("FG-1", &["suspected_sites", "key_units"], "investigated_clean", "2026-05-01", &ground).await;
    let known = desk.ask(&ground, json!({"operation": "transfer", "planned_use": use_of("0601")})).await;
    assert_eq!((&known["verdict"], fired(&known)), (&json!("allow_recorded"), vec![("G31", "allow_recorded")]));
    // Planning conditions move no land: nothing fires, nothing need be kept.
    let paper = desk.ask(&ground, json!({"operation": "planning_conditions", "planned_use": use_of("0601")})).await;
    assert_eq!((&paper["verdict"], &paper["rules"]), (&json!("allow"), &json!([])));
}

#[tokio::test]
async fn the_law_is_that_of_the_day_of_the_operation() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    desk.site("L1", "listed", json!({}), &ground).await;
    let on = |day: &str| desk.ask(&ground, json!({"operation": "supply", "planned_use": use_of("0701"), "on": day}));
    let last = on("2026-08-14").await;
    let citation = &rule(&last, "G14")["citations"][0];
    assert_eq!(
        (&citation["instrument_zh"], &citation["article"], &citation["effective_from"], &citation["effective_to"]),
        (&json!("土壤污染防治法"), &json!("61(2)"), &json!("2019-01-01"), &json!("2026-08-14"))
    );
    assert_eq!(
        (
            &citation["successor"]["instrument_zh"],
            &citation["successor"]["article"],
            &citation["successor"]["effective_from"]
        ),
        (&json!("生态环境法典"), &json!("456(2)"), &json!("2026-08-15"))
    );
    let first = on("2026-08-15").await;
    let citation = &rule(&first, "G14")["citations"][0];
    assert_eq!(
        (&citation["instrument_zh"], &citation["article"], &citation["effective_from"], citation.get("successor")),
        (&json!("生态环境法典"), &json!("456(2)"), &json!("2026-08-15"), None)
    );
    assert_eq!(
        (&first["on"], &first["verdict"], &last["verdict"]),
        (&json!("2026-08-15"), &json!("block"), &json!("block"))
    );
    // The bar came with the Soil Law; what stood before is cited still.
    let before = on("2018-12-31").await;
    assert!(!fired(&before).iter().any(|(name, _)| *name == "G14"), "{:?}", fired(&before));
    assert_eq!(rule(&before, "G17")["verdict"], "block");
    // Without a day the law of today holds.
    let today = desk.ask(&ground, json!({"operation": "supply", "planned_use": use_of("0701")})).await;
    assert_eq!((&today["on"], cited(&today, "G14")), (&json!(TODAY), cited(&first, "G14")));
}

// ---------------------------------------------------------------------------------------------------------------------
// Geometry.

/// Area between two meridians and two parallels on the CGCS2000 ellipsoid, m², by its closed form.
fn zone_m2(west: f64, south: f64, east: f64, north: f64) -> f64 {
    let (a, f): (f64, f64) = (6_378_137.0, 1.0 / 298.257_222_101);
    let e: f64 = (f * (2.0 - f)).sqrt();
    let q = |lat: f64| -> f64 {
        let s: f64 = lat.to_radians().sin();
        s / (1.0 - e * e * s * s) + ((1.0 + e * s) / (1.0 - e * s)).ln() / (2.0 * e)
    };
    let b = a * (1.0 - f);
    (east - west).to_radians() * b * b / 2.0 * (q(north) - q(south))
}

#[tokio::test]
async fn shared_area_is_that_of_the_ellipsoid_and_touching_is_told_from_overlapping() {
    let desk = Desk::with(Config { near_distance_m: Some(60.0), ..Config::default() }).await;
    let parcel = strip(105.0, 105.01);
    desk.site("PART", "suspected", json!({}), &rect(105.0075, 38.8, 105.0275, 38.802)).await;
    desk.site("EDGE", "suspected", json!({}), &strip(104.99, 105.0)).await;
    desk.site("CORNER", "suspected", json!({}), &rect(104.99, 38.801, 105.0, 38.802)).await;
    // 0.0005 degrees of latitude are 55.5 m, 0.0006 are 66.6 m.
    desk.site("NEAR", "suspected", json!({}), &rect(105.0, 38.7990, 105.005, 38.7995)).await;
    desk.site("FAR", "suspected", json!({}), &rect(105.006, 38.7990, 105.0072, 38.7994)).await;
    let question = json!({"operation": "transfer", "facts": {"former_industry": "5211", "key_unit": false}});
    let answer = desk.ask(&parcel, question.clone()).await;
    assert_eq!(codes(&answer), ["PART", "CORNER", "EDGE", "NEAR"]);

    let part = hit(&answer, "PART");
    let by_hand = zone_m2(105.0075, 38.8, 105.01, 38.801);
    let whole = zone_m2(105.0, 38.8, 105.01, 38.801);
    let number = |value: &Value| value.as_f64().expect("a number");
    for (got, expected) in [
        (&part["overlap_m2"], by_hand),
        (&part["overlap_share"], 0.25),
        (&part["record_share"], by_hand / zone_m2(105.0075, 38.8, 105.0275, 38.802)),
        (&answer["parcel"]["area_m2"], whole),
        (&answer["parcel"]["area_mu"], whole * 15.0 / 10_000.0),
    ] {
        assert!((number(got) / expected - 1.0).abs() < 1e-3, "{got} for {expected}");
    }
    // A quarter of 868 m by 111 m.
    assert!((24_000.0..24_200.0).contains(&by_hand), "{by_hand}");
    for touching in ["EDGE", "CORNER"] {
        let met = hit(&answer, touching);
        assert_eq!(
            (&met["relation"], &met["overlap_m2"], &met["overlap_share"], &met["distance_m"], &met["sliver"]),
            (&json!("touches"), &json!(0), &json!(0), &json!(0), &json!(false))
        );
    }
    let near = hit(&answer, "NEAR");
    assert_eq!((&near["relation"], &near["overlap_m2"]), (&json!("near"), &json!(0)));
    assert!((number(&near["distance_m"]) - 55.5).abs() < 0.1, "{near}");
    assert_eq!(rule(&answer, "P-NEAR")["verdict"], "warn");

    // What only touches closes no gate.
    let beside = desk.ask(&rect(104.98, 38.8, 104.99, 38.801), json!({"operation": "reclaim"})).await;
    assert_eq!((codes(&beside), &hit(&beside, "EDGE")["relation"]), (vec!["CORNER", "EDGE"], &json!("touches")));
    assert!(!fired(&beside).iter().any(|(name, _)| ["G2", "G3"].contains(name)), "{:?}", fired(&beside));

    // Without a distance nothing is near, and no neighbour warns.
    let plain = Desk::new().await;
    plain.site("NEAR", "suspected", json!({}), &rect(105.0, 38.7990, 105.005, 38.7995)).await;
    plain.site("EDGE", "suspected", json!({}), &strip(104.99, 105.0)).await;
    let answer = plain.ask(&parcel, question).await;
    assert_eq!(codes(&answer), ["EDGE"]);
    assert_eq!(answer["verdict"], "allow_recorded");
}

#[tokio::test]
async fn line_contact_is_for_a_person_to_decide() {
    let desk = Desk::new().await;
    let parcel = strip(105.0, 105.01);
    // 5e-8 degrees of longitude are 4.3 mm: half a square metre along 111 m of boundary.
    desk.site("LINE", "suspected", json!({}), &strip(104.99, 105.000_000_05)).await;
    let answer = desk
        .ask(&parcel, json!({"operation": "reclaim", "facts": {"former_industry": "5211", "key_unit": false}}))
        .await;
    let met = hit(&answer, "LINE");
    assert_eq!((&met["relation"], &met["sliver"]), (&json!("overlaps"), &json!(true)));
    assert!(met["overlap_m2"].as_f64().is_some_and(|m2| (0.4..0.6).contains(&m2)), "{met}");
    assert_eq!(answer["verdict"], "warn");
    assert_eq!(fired(&answer), [("P-LINE", "warn"), ("G1", "allow_recorded")]);

    // A small overlap that is a large part of the parcel is no fault of the boundary: this parcel is a square of 0.6 m.
    let small = desk.ask(&square(104.995, 38.8005, 0.6), json!({"operation": "reclaim"})).await;
    assert_eq!((&hit(&small, "LINE")["sliver"], &small["verdict"]), (&json!(false), &json!("block")));
    // So is one of more than a square metre, however small a part it is: 4e-7 degrees, 3.9 m2 of 96,000.
    let edge = desk.ask(&strip(104.999_999_65, 105.01), json!({"operation": "reclaim"})).await;
    let met = hit(&edge, "LINE");
    assert!(met["overlap_share"].as_f64().is_some_and(|share| share < 0.001), "{met}");
    assert_eq!((&met["sliver"], &edge["verdict"]), (&json!(false), &json!("block")));

    // The bounds are settings.
    let strict = Desk::with(Config { sliver_max_m2: 0.0, ..Config::default() }).await;
    strict.site("LINE", "suspected", json!({}), &strip(104.99, 105.000_000_05)).await;
    let answer = strict.ask(&parcel, json!({"operation": "reclaim"})).await;
    assert_eq!((&hit(&answer, "LINE")["sliver"], &answer["verdict"]), (&json!(false), &json!("block")));
}

#[tokio::test]
async fn coverage_is_honest() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let question = json!({"operation": "transfer"});
    let empty = desk.ask(&ground, question.clone()).await;
    assert_eq!(empty["coverage"].as_array().map(Vec::len), Some(6));
    for said in empty["coverage"].as_array().expect("coverage") {
        assert_eq!((&said["status"], &said["as_of"]), (&json!("outside_coverage"), &Value::Null), "{said}");
    }
    desk.coverage("A", &["suspected_sites", "key_units", "farmland"], "kept", "2026-03-01", &strip(104.9, 105.1)).await;
    desk.coverage("B", &["suspected_sites"], "investigated_clean", "2026-05-01", &strip(104.99, 105.02)).await;
    // Half of the parcel is not the parcel.
    desk.coverage("C", &["contaminated_sites"], "investigated_clean", "2026-05-01", &strip(105.0, 105.005)).await;
    let unit = json!({"code": "NYD-1", "division_code": HERE, "land_type": "upland", "class": "priority_protection"});
    desk.load("farmland", unit, &strip(105.009, 105.02)).await;
    let answer = desk.ask(&ground, question.clone()).await;
    assert_eq!(coverage(&answer, "farmland"), ("recorded", &json!("2026-11-21")));
    assert_eq!(coverage(&answer, "suspected_sites"), ("investigated_clean", &json!("2026-05-01")));
    assert_eq!(coverage(&answer, "key_units"), ("never_investigated", &json!("2026-03-01")));
    assert_eq!(coverage(&answer, "contaminated_sites").0, "outside_coverage");
    assert_eq!(coverage(&answer, "control_list").0, "outside_coverage");
    // What touches is not recorded here.
    let beside = desk.ask(&strip(105.0, 105.009), question.clone()).await;
    assert_eq!(
        (&hit(&beside, "NYD-1")["relation"], coverage(&beside, "farmland").0),
        (&json!("touches"), "never_investigated")
    );
    // Of a day before the investigation it tells nothing.
    let mut past = question;
    past["on"] = json!("2026-04-30");
    assert_eq!(coverage(&desk.ask(&ground, past).await, "suspected_sites").0, "never_investigated");
}

#[tokio::test]
async fn a_parcel_across_a_boundary_answers_for_both_sides() {
    let desk = Desk::new().await;
    for (code, west, east) in [("152921", 105.0, 106.0), ("152922", 104.0, 105.0), ("140602", 106.0, 107.0)] {
        desk.load("divisions", json!({"code": code}), &rect(west, 38.0, east, 39.0)).await;
    }
    let question = json!({"operation": "reclaim", "facts": {"former_industry": "5211", "key_unit": false}});
    let mostly_here = desk.ask(&strip(104.996, 105.006), question.clone()).await;
    assert_eq!(mostly_here["parcel"]["division_codes"], json!(["152921", "152922"]));
    assert_eq!(mostly_here["number"], "CX-152921-2026-000001");
    // Across the provinces both have their own rules: neither is taken over from elsewhere.
    let code = desk.noticed(&strip(105.995, 106.005)).await;
    let across = desk.ask(&strip(105.990, 106.002), question.clone()).await;
    assert_eq!(across["parcel"]["division_codes"], json!(["152921", "140602"]));
    assert_eq!(
        (&rule(&across, "G2")["confidence"], &rule(&across, "G3")["confidence"]),
        (&json!("verified"), &json!("verified"))
    );
    assert_eq!(codes(&across), [code.as_str()]);

    // Most of it lies with the neighbours: theirs to ask.
    let refused = expect(desk.post(&strip(104.990, 105.002), question.clone()), 403).await;
    assert_eq!(refused["code"], "outside_division");
    let elsewhere = expect(desk.post(&strip(104.5, 104.51), question.clone()), 403).await;
    assert_eq!(elsewhere["code"], "outside_division");
    let league = desk.world.key(Role::Planning, "152900").await;
    let theirs = expect(desk.post_as(&league, &strip(104.990, 105.002), question), 201).await;
    assert_eq!(
        (&theirs["parcel"]["division_codes"], &theirs["number"]),
        (&json!(["152922", "152921"]), &json!("CX-152922-2026-000001"))
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// The record.

#[tokio::test]
async fn an_answer_is_read_again_byte_for_byte_by_whom_it_concerns() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    desk.noticed(&ground).await;
    let send =
        || desk.post(&ground, json!({"operation": "reclaim", "reference": "GD-7"})).header("idempotency-key", "q7");
    let first = send().send().await.expect("an answer");
    assert_eq!(first.status(), 201);
    let path = first.headers()["location"].to_str().expect("text").to_owned();
    let body = first.bytes().await.expect("a body");

    // What the registers say later changes no answer given.
    desk.site("L1", "listed", json!({}), &ground).await;
    desk.world.clock.move_to(Day::of(2026, 12, 1));
    let again = desk.world.get(&path).bearer_auth(&desk.planning).send().await.expect("an answer");
    assert_eq!((again.status().as_u16(), &again.bytes().await.expect("a body")), (200, &body));
    let replayed = send().send().await.expect("an answer");
    assert_eq!(
        (replayed.status().as_u16(), &replayed.headers()["idempotency-replayed"]),
        (201, &"true".parse().expect("a value"))
    );
    assert_eq!(replayed.bytes().await.expect("a body"), body, "the same check, and no second number");
    let other = desk.post(&ground, json!({"operation": "acquire"})).header("idempotency-key", "q7");
    assert_eq!(expect(other, 409).await["code"], "idempotency_key_reused");

    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["number"], "CX-152921-2026-000001");
    let listed = expect(desk.world.get("/v1/land-checks?reference=GD-7").bearer_auth(&desk.planning), 200).await;
    assert_eq!((&listed["numberReturned"], &listed["features"][0]["id"]), (&json!(1), &answer["id"]));
    assert_eq!(
        (&listed["features"][0]["properties"]["verdict"], &listed["features"][0]["properties"]["awaits_reply"]),
        (&json!("block"), &json!(true))
    );
    // The audit chain holds its digest.
    let note = crate::loading::last_note(&desk.world, "land_check/CX-152921-2026-000001").await;
    assert_eq!(note["sha256"], hex::encode(Sha256::digest(&body)));

    let stranger = desk.world.key(Role::Planning, "140602").await;
    expect(desk.world.get(&path).bearer_auth(&stranger), 404).await;
    let theirs = expect(desk.world.get("/v1/land-checks").bearer_auth(&stranger), 200).await;
    assert_eq!(theirs["numberReturned"], 0);
    expect(desk.world.get(&path), 401).await;
    let land_user = desk.world.key(Role::LandUser, HERE).await;
    expect(desk.world.get(&path).bearer_auth(&land_user), 403).await;
    expect(desk.post_as(&land_user, &ground, json!({"operation": "reclaim"})), 403).await;
    let auditor = desk.world.key(Role::Auditor, "000000").await;
    expect(desk.world.get(&path).bearer_auth(&auditor), 200).await;
    expect(desk.world.get("/v1/land-checks/nothing").bearer_auth(&auditor), 404).await;
}

#[tokio::test]
async fn what_was_answered_cannot_be_changed_or_removed() {
    let desk = Desk::new().await;
    desk.ask(&strip(105.0, 105.01), json!({"operation": "reclaim"})).await;
    for statement in [
        "update land_check set verdict = 'allow'",
        "update land_check set body = '{}', body_sha256 = sha256('{}')",
        "delete from land_check",
    ] {
        let refused = desk.world.app.db().execute(statement).await.expect_err(statement);
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("JT004"), "{statement}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_have_no_gaps_whoever_asks_at_once_and_whatever_fails() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let bow_tie = json!({"type": "Polygon", "coordinates": [[[105.0, 38.0], [105.1, 38.1], [105.1, 38.0], [105.0, 38.1], [105.0, 38.0]]]});
    let asking = join_all((0..20).map(|_| desk.ask(&ground, json!({"operation": "reclaim"}))));
    let failing = join_all((0..10).map(|_| expect(desk.post(&bow_tie, json!({"operation": "reclaim"})), 422)));
    // These come as far as their number, and are then given up.
    let given_up = join_all((0..5).map(|_| async {
        let mut act = desk.world.act(Permission::LandCheckAsk).await;
        let body = asked(&ground, json!({"operation": "reclaim", "division_code": HERE}));
        let question =
            land_check::read_question(serde_json::from_value(body).expect("a question"), TODAY).expect("a question");
        let answered = land_check::ask(&mut act, question).await.expect("an answer");
        drop(act);
        answered.number
    }));
    let (answers, _, lost) = tokio::join!(asking, failing, given_up);
    assert!(lost.iter().all(|number| number.starts_with("CX-152921-2026-")), "{lost:?}");
    let given: BTreeSet<String> = answers.iter().map(|a| a["number"].as_str().expect("number").to_owned()).collect();
    let expected: BTreeSet<String> = (1..=20).map(|serial| format!("CX-152921-2026-{serial:06}")).collect();
    assert_eq!(given, expected);

    // Each division and each year counts for itself; the year is that of the asking, not of the operation.
    let next = desk.ask(&ground, json!({"operation": "reclaim", "on": "2027-03-01"})).await;
    assert_eq!(next["number"], "CX-152921-2026-000021");
    let stranger = desk.world.key(Role::Planning, "140602").await;
    let theirs = expect(desk.post_as(&stranger, &ground, json!({"operation": "reclaim"})), 201).await;
    assert_eq!(theirs["number"], "CX-140602-2026-000001");
    desk.world.clock.move_to(Day::of(2027, 1, 1));
    let new_year = desk.ask(&ground, json!({"operation": "reclaim"})).await;
    assert_eq!(new_year["number"], "CX-152921-2027-000001");
    let page = expect(desk.world.get("/v1/land-checks?limit=1").bearer_auth(&desk.planning), 200).await;
    for bad in ["", "x", "\0"] {
        let path = format!("/v1/land-checks?limit=1&cursor={}", forged(&page, bad));
        assert_eq!(expect(desk.world.get(&path).bearer_auth(&desk.planning), 400).await["code"], "bad_cursor");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What is refused.

#[tokio::test]
async fn what_cannot_be_judged_is_refused_and_its_place_is_named_in_both_languages() {
    let desk = Desk::new().await;
    let ground = strip(105.0, 105.01);
    let polygon = |ring: Value| json!({"type": "Polygon", "coordinates": [ring]});
    let bow_tie = polygon(json!([[105.0, 38.0], [105.1, 38.1], [105.1, 38.0], [105.0, 38.1], [105.0, 38.0]]));
    // Gauss-Kruger zone 35, north and east in metres.
    let projected = polygon(json!([
        [35_500_000.0, 4_296_000.0],
        [35_500_100.0, 4_296_000.0],
        [35_500_100.0, 4_296_100.0],
        [35_500_000.0, 4_296_000.0]
    ]));
    let open = polygon(json!([[105.0, 38.0], [105.1, 38.0], [105.1, 38.1], [105.0, 38.1]]));
    let plain = json!({"operation": "reclaim"});
    for (geometry, properties, pointer, code, said_zh, said_en) in [
        (
            &bow_tie,
            plain.clone(),
            "/geometry",
            "invalid_geometry",
            "自相交，位置 [105.05, 38.05]",
            "Self-intersection at [105.05, 38.05]",
        ),
        (&projected, plain.clone(), "/geometry/coordinates/0/0", "coordinate_out_of_range", "", ""),
        (&open, plain.clone(), "/geometry/coordinates/0/3", "ring_not_closed", "", ""),
        (
            &json!({"type": "Point", "coordinates": [105.0, 38.0]}),
            plain.clone(),
            "/geometry/type",
            "geometry_type",
            "",
            "Point",
        ),
        (
            &ground,
            json!({"operation": "supply", "planned_use": {"system": "GB/T 21010-2017", "code": "9999"}}),
            "/properties/planned_use/code",
            "",
            "9999",
            "9999",
        ),
        (
            &ground,
            json!({"operation": "supply", "current_use": {"system": "GB 1", "code": "0701"}}),
            "/properties/current_use/system",
            "",
            "GB 1",
            "GB 1",
        ),
        (
            &ground,
            json!({"operation": "supply", "facts": {"former_industry": "C26"}}),
            "/properties/facts/former_industry",
            "industry_code_unreadable",
            "C26",
            "C26",
        ),
        (&ground, json!({"operation": "sell"}), "/properties/operation", "bad_field", "sell", "sell"),
        (
            &ground,
            json!({"operation": "supply", "facts": {"survey_state": "done"}}),
            "/properties/facts/survey_state",
            "bad_field",
            "done",
            "done",
        ),
        (
            &ground,
            json!({"operation": "supply", "purpose": "x"}),
            "/properties/purpose",
            "bad_field",
            "purpose",
            "purpose",
        ),
        (&ground, json!({}), "/properties/operation", "bad_field", "operation", "operation"),
        (
            &ground,
            json!({"operation": "supply", "division_code": "999999"}),
            "/properties/division_code",
            "unknown_division",
            "999999",
            "999999",
        ),
        (
            &ground,
            json!({"operation": "supply", "reference": "x".repeat(201)}),
            "/properties/reference",
            "too_long",
            "200",
            "200",
        ),
    ] {
        for (language, said) in [("zh", said_zh), ("en", said_en)] {
            let request = desk.post(geometry, properties.clone()).header("accept-language", language);
            let problem = expect(request, 422).await;
            let fault = &problem["errors"][0];
            assert_eq!(fault["pointer"], pointer, "{problem}");
            if !code.is_empty() {
                assert_eq!(fault["code"], code, "{problem}");
            }
            let message = fault["message"].as_str().expect("a message");
            assert!(message.contains(said), "{said} in {message}");
            assert_eq!(message.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), language == "zh", "{message}");
        }
    }
    let no_day = expect(desk.post(&ground, json!({"operation": "supply", "on": "2026-02-30"})), 422).await;
    assert_eq!(no_day["errors"][0]["pointer"], "/properties/on");
    // Several faults come at once.
    let both = desk
        .post(&open, json!({"operation": "supply", "planned_use": use_of("9999"), "facts": {"former_industry": "x"}}));
    let problem = expect(both, 422).await;
    let pointers: BTreeSet<&str> =
        problem["errors"].as_array().expect("errors").iter().map(|e| e["pointer"].as_str().expect("pointer")).collect();
    assert_eq!(
        pointers,
        BTreeSet::from([
            "/geometry/coordinates/0/3",
            "/properties/planned_use/code",
            "/properties/facts/former_industry"
        ])
    );
    let broken =
        desk.world.post("/v1/land-checks").bearer_auth(&desk.planning).header("content-type", "application/geo+json");
    assert_eq!(expect(broken.body("{\"type\":"), 400).await["code"], "bad_json");
    for query in ["?verdict=maybe", "?operation=sell", "?colour=red"] {
        expect(desk.world.get(&format!("/v1/land-checks{query}")).bearer_auth(&desk.planning), 400).await;
    }

    // Where no boundary tells the place, one who holds the whole country says which division it is.
    let nation = desk.world.key(Role::Planning, "000000").await;
    let nowhere = expect(desk.post_as(&nation, &ground, plain.clone()), 422).await;
    assert_eq!(
        (&nowhere["errors"][0]["pointer"], &nowhere["errors"][0]["code"]),
        (&json!("/properties/division_code"), &json!("division_unknown"))
    );
    let foreign = json!({"operation": "reclaim", "division_code": "140602"});
    assert_eq!(expect(desk.post(&ground, foreign.clone()), 403).await["code"], "outside_division");
    let (head, answer) = expect_response(desk.post_as(&nation, &ground, foreign), 201).await;
    assert_eq!(head.headers()["location"], format!("/v1/land-checks/{}", answer["id"].as_str().expect("id")).as_str());
    assert_eq!(answer["number"], "CX-140602-2026-000001", "what was refused took no number");
}

// ---------------------------------------------------------------------------------------------------------------------
// Properties.

/// About 1.7 m by 2.2 m, so that no overlap of whole cells is line contact.
const CELL: f64 = 2e-5;

/// West, south, east and north of a rectangle, in cells from a corner.
type Cells = (i32, i32, i32, i32);

fn outline((west, south, east, north): Cells, corner: f64) -> [f64; 4] {
    let (x, y) = (|n: i32| corner + f64::from(n) * CELL, |n: i32| 38.8 + f64::from(n) * CELL);
    [x(west), y(south), x(east), y(north)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_area_is_the_intersections_and_does_not_hang_on_how_the_outline_is_written() {
    let desk = Desk::new().await;
    let handle = tokio::runtime::Handle::current();
    let side = || (0_i32..300, 0_i32..300, 1_i32..300, 1_i32..300).prop_map(|(x, y, w, h)| (x, y, x + w, y + h));
    let strategy = (side(), side(), 0_usize..4);
    let mut runner = TestRunner::new(Cases { cases: 16, failure_persistence: None, ..Cases::default() });
    let case = std::sync::atomic::AtomicU32::new(0);
    tokio::task::block_in_place(|| {
        runner
            .run(&strategy, |(parcel, record, start)| {
                handle.block_on(async {
                    let n = case.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    // Each case on ground of its own.
                    let corner = 100.0 + f64::from(n) * 0.02;
                    let [w, s, e, t] = outline(parcel, corner);
                    let [rw, rs, re, rt] = outline(record, corner);
                    let code = format!("R{n}");
                    desk.site(&code, "suspected", json!({}), &rect(rw, rs, re, rt)).await;

                    let ring = vec![[w, s], [e, s], [e, t], [w, t]];
                    let closed = |mut ring: Vec<[f64; 2]>| {
                        ring.push(ring[0]);
                        json!([ring])
                    };
                    let mut turned = ring.clone();
                    turned.rotate_left(start);
                    let mut reversed = turned.clone();
                    reversed.reverse();
                    let mut answers = Vec::new();
                    for geometry in [
                        json!({"type": "Polygon", "coordinates": closed(ring.clone())}),
                        json!({"type": "Polygon", "coordinates": closed(turned)}),
                        json!({"type": "Polygon", "coordinates": closed(reversed.clone())}),
                        json!({"type": "MultiPolygon", "coordinates": [closed(reversed)]}),
                    ] {
                        answers.push(desk.ask(&geometry, json!({"operation": "reclaim"})).await);
                    }

                    let (iw, is, ie, it) = (w.max(rw), s.max(rs), e.min(re), t.min(rt));
                    let shared = parcel.0.max(record.0) < parcel.2.min(record.2)
                        && parcel.1.max(record.1) < parcel.3.min(record.3);
                    let expected: f64 = if shared {
                        sqlx::query_scalar("select st_area(st_makeenvelope($1, $2, $3, $4, 4490)::geography)")
                            .bind(iw)
                            .bind(is)
                            .bind(ie)
                            .bind(it)
                            .fetch_one(desk.world.app.db())
                            .await
                            .expect("an area")
                    } else {
                        0.0
                    };
                    let of = |answer: &Value| {
                        let hits = answer["hits"].as_array().expect("hits");
                        hits.iter().find(|hit| hit["code"] == code.as_str()).cloned()
                    };
                    let number = |value: &Value| value.as_f64().expect("a number");
                    let first = of(&answers[0]);
                    if shared {
                        let hit = first.as_ref().expect("a hit");
                        assert_eq!(hit["relation"], "overlaps");
                        assert!(
                            (number(&hit["overlap_m2"]) - expected).abs() < 1e-3 + expected * 1e-6,
                            "{hit} for {expected}"
                        );
                        let share = number(&hit["overlap_share"]);
                        assert!(
                            (0.0..=1.0).contains(&share) && (0.0..=1.0).contains(&number(&hit["record_share"])),
                            "{hit}"
                        );
                        assert!((share - expected / number(&answers[0]["parcel"]["area_m2"])).abs() < 1e-5, "{hit}");
                        assert!(expected / zone_m2(iw, is, ie, it) - 1.0 < 1e-3);
                    } else if let Some(hit) = &first {
                        assert_eq!((&hit["relation"], number(&hit["overlap_m2"])), (&json!("touches"), 0.0));
                    }
                    for answer in &answers[1..] {
                        let other = of(answer);
                        assert_eq!(other.is_some(), first.is_some());
                        if let (Some(a), Some(b)) = (&first, &other) {
                            for field in ["register", "id", "stage", "relation", "sliver"] {
                                assert_eq!(a[field], b[field], "{field}");
                            }
                            assert!((number(&a["overlap_m2"]) - number(&b["overlap_m2"])).abs() < 1e-3, "{a} {b}");
                        }
                        assert_eq!(
                            answer["hits"].as_array().map(Vec::len),
                            answers[0]["hits"].as_array().map(Vec::len)
                        );
                        assert_eq!((&answer["verdict"], fired(answer)), (&answers[0]["verdict"], fired(&answers[0])));
                    }
                });
                Ok(())
            })
            .expect("the property");
    });
}
