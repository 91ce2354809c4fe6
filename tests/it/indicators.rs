//! Indicators: shares with the rows behind them, targets of the plans, and what was reported for a year.

use crate::farmland_measure::{event, make, measure};
use crate::loading::{counts, feature, load};
use crate::support::{World, expect, square};
use jingtu::kernel::Day;
use jingtu::platform::Role;
use serde_json::{Value, json};

/// 朔城区
const HERE: &str = "140602";

struct Office {
    world: World,
    ecology: String,
    planning: String,
    province: String,
}

impl Office {
    async fn new() -> Office {
        let world = World::new().await;
        let ecology = world.key(Role::CountyEcology, HERE).await;
        let planning = world.key(Role::Planning, HERE).await;
        let province = world.key(Role::ProvinceEcology, "140000").await;
        Office { world, ecology, planning, province }
    }

    async fn load(&self, target: &str, facts: Value, geometry: Value) {
        let outcomes = load(&self.world, target, &[feature(facts, geometry)], 10).await;
        assert_eq!(counts(&outcomes), (1, 0, 0), "{outcomes:?}");
    }

    /// A site of an existing register; its identifier.
    async fn site(&self, code: &str, stage: &str, since: &str, lon: f64) -> Value {
        let facts = json!({"code": code, "name": code, "division_code": HERE, "stage": stage, "stage_since": since});
        self.load("sites", facts, square(lon, 39.3, 100.0)).await;
        let found = expect(self.world.get(&format!("/v1/sites?q={code}")).bearer_auth(&self.ecology), 200).await;
        found["features"][0]["id"].clone()
    }

    async fn unit(&self, code: &str, class: &str, since: &str, lon: f64) {
        let facts =
            json!({"code": code, "division_code": HERE, "land_type": "upland", "class": class, "class_since": since});
        self.load("farmland", facts, square(lon, 39.4, 100.0)).await;
    }

    async fn decide(&self, body: Value) -> Value {
        expect(self.world.post("/v1/redevelopments").bearer_auth(&self.planning).json(&body), 201).await
    }

    async fn indicator(&self, code: &str, year: i32) -> Value {
        let path = format!("/v1/indicators?division={HERE}&year={year}&code={code}");
        let found = expect(self.world.get(&path).bearer_auth(&self.ecology), 200).await;
        found["indicators"][0].clone()
    }

    async fn rows(&self, href: &Value) -> Vec<(String, Value)> {
        let found = expect(self.world.get(href.as_str().unwrap()).bearer_auth(&self.ecology), 200).await;
        let rows = found["rows"].as_array().unwrap();
        rows.iter().map(|row| (row["code"].as_str().unwrap().to_owned(), row["part"].clone())).collect()
    }
}

fn housing(site: &Value, area_m2: f64, decided_on: &str) -> Value {
    json!({"division_code": HERE, "site_id": site, "name": "再开发", "use": {"system": "LUSC-2023", "code": "070102"},
        "decision": "grant", "decided_on": decided_on, "area_m2": area_m2})
}

/// Pins: KEY_LAND_METHOD
#[tokio::test]
async fn shares_of_building_land_are_counted_on_decisions_and_stages() {
    let office = Office::new().await;
    let delisted = office.site("A1", "delisted", "2025-03-01", 112.40).await;
    let listed = office.site("A2", "listed", "2025-03-01", 112.41).await;
    let clean = office.site("A3", "not_contaminated", "2025-03-01", 112.42).await;
    office.decide(housing(&delisted, 300.0, "2025-06-01")).await;
    office.decide(housing(&listed, 100.5, "2025-06-01")).await;
    // Never contaminated: outside K2, inside K3.
    office.decide(housing(&clean, 50.0, "2025-06-01")).await;
    // Surveyed after the decision, and never.
    for (code, reviewed) in [("P1", Some("2025-07-01")), ("P2", Some("2025-05-31")), ("P3", None)] {
        let mut body = json!({"division_code": HERE, "parcel_code": code, "name": "宗地", "area_m2": 10.0,
            "use": {"system": "GB/T 21010-2017", "code": "0803"}, "decision": "allocation", "decided_on": "2025-06-01"});
        if let Some(day) = reviewed {
            body["survey_reviewed_on"] = json!(day);
            body["survey_conclusion"] = json!("not_contaminated");
        }
        office.decide(body).await;
    }
    let factory = json!({"division_code": HERE, "parcel_code": "P4", "name": "厂房", "area_m2": 10.0,
        "use": {"system": "LUSC-2023", "code": "100101"}, "decision": "grant", "decided_on": "2025-06-01"});
    office.decide(factory).await;

    let k2 = office.indicator("K2", 2025).await;
    assert_eq!((&k2["numerator"]["value"], &k2["denominator"]["value"]), (&json!(300), &json!(400.5)));
    assert_eq!((&k2["value"], &k2["unit"]), (&json!(74.91), &json!("%")));
    assert_eq!(
        office.rows(&k2["denominator"]["href"]).await,
        [("A1".to_owned(), json!(300)), ("A2".to_owned(), json!(0))]
    );
    assert_eq!(office.rows(&k2["numerator"]["href"]).await, [("A1".to_owned(), json!(300))]);
    let nation = &k2["targets"][0];
    assert_eq!((&nation["operator"], &nation["value"], &nation["year"]), (&json!("≥"), &json!(90), &json!(2020)));
    assert_eq!(nation["standing"], "not_met");

    let k3 = office.indicator("K3", 2025).await;
    assert_eq!((&k3["numerator"]["value"], &k3["denominator"]["value"]), (&json!(360), &json!(480.5)));
    assert_eq!((&k3["confidence"], &k3["targets"][0]["standing"]), (&json!("unconfirmed"), &json!("open")));
    assert_eq!(office.indicator("K3", 2024).await["value"], Value::Null);
}

#[tokio::test]
async fn a_decision_is_checked_kept_and_withdrawn() {
    let office = Office::new().await;
    let site = office.site("A1", "delisted", "2025-03-01", 112.40).await;
    let post = |body: Value| office.world.post("/v1/redevelopments").bearer_auth(&office.planning).json(&body);
    for (change, pointer) in [
        (json!({"decided_on": "2026-11-22"}), "/decided_on"),
        (json!({"use": {"system": "LUSC-2023", "code": "99"}}), "/use/code"),
        (json!({"use": {"system": "LUSC", "code": "07"}}), "/use/system"),
        (json!({"area_m2": -1.0}), "/area_m2"),
        (json!({"site_id": null}), "/parcel_code"),
        (json!({"survey_conclusion": "effect_met"}), "/survey_conclusion"),
        (json!({"name": " "}), "/name"),
    ] {
        let mut body = housing(&site, 10.0, "2025-06-01");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = expect(post(body), 422).await;
        let pointers: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert!(pointers.contains(&json!(pointer)), "{pointer}: {pointers:?}");
    }
    let mut elsewhere = housing(&site, 10.0, "2025-06-01");
    elsewhere["division_code"] = json!("152921");
    expect(post(elsewhere), 403).await;

    let mut body = housing(&site, 10.0, "2025-06-01");
    body.as_object_mut().unwrap().remove("area_m2");
    let entered = expect(post(body), 201).await;
    assert!(entered["area_m2"].as_f64().unwrap() > 9_000.0, "the site's area");
    let path = format!("/v1/redevelopments/{}", entered["id"].as_str().unwrap());
    let before = office.world.clock.now();
    office.world.clock.move_to(Day::of(2026, 11, 23));
    let withdraw = |reason: &str| {
        office.world.post(&format!("{path}/withdraw")).bearer_auth(&office.planning).json(&json!({"reason": reason}))
    };
    expect(withdraw(""), 422).await;
    assert_eq!(expect(withdraw("重复录入"), 200).await["withdrawn_reason"], "重复录入");
    expect(withdraw("又一次"), 409).await;
    let list = |query: String| office.world.get(&format!("/v1/redevelopments?{query}")).bearer_auth(&office.planning);
    let n = |page: Value| page["redevelopments"].as_array().unwrap().len();
    assert_eq!(n(expect(list(String::new()), 200).await), 0);
    assert_eq!(n(expect(list("withdrawn=true".to_owned()), 200).await), 1);
    let known = before.to_rfc3339().replace('+', "%2B");
    assert_eq!(n(expect(list(format!("known_at={known}")), 200).await), 1, "as known before the withdrawal");
    let stranger = office.world.key(Role::Planning, "152921").await;
    expect(office.world.get(&path).bearer_auth(&stranger), 404).await;
}

/// Pins: PLAN_STATE_PRIORITY_WARNING
#[tokio::test]
async fn priority_land_that_shrinks_is_told_by_county() {
    let office = Office::new().await;
    office.unit("U1", "priority_protection", "2020-01-01", 112.50).await;
    office.unit("U2", "priority_protection", "2026-02-01", 112.51).await;
    let same = office.indicator("K6", 2025).await;
    assert_eq!((&same["value"], &same["unit"]), (&json!(0), &json!("m2")));
    let more = office.indicator("K6", 2026).await;
    let grown = more["value"].as_f64().unwrap();
    assert!((9_900.0..10_100.0).contains(&grown), "{grown}");
    assert_eq!(more["targets"][0]["standing"], "met");
    let before = &more["denominator"]["value"];
    assert_eq!(office.rows(&more["numerator"]["href"]).await[0].0, HERE);
    assert!(before.as_f64().unwrap() > 9_900.0);
}

#[tokio::test]
async fn a_report_stays_as_it_was_made() {
    let office = Office::new().await;
    let site = office.site("A1", "listed", "2025-03-01", 112.40).await;
    office.decide(housing(&site, 100.0, "2025-06-01")).await;
    let freeze = |body: Value| office.world.post("/v1/indicator-reports").bearer_auth(&office.province).json(&body);
    let first = expect(freeze(json!({"division_code": "140000", "year": 2025})), 201).await;
    assert_eq!((&first["edition"], &first["as_of"]), (&json!(1), &json!("2025-12-31")));
    let of = |report: &Value, code: &str| {
        report["indicators"].as_array().unwrap().iter().find(|i| i["code"] == code).unwrap().clone()
    };
    assert_eq!(of(&first, "K2")["denominator"]["value"], json!(100));

    // What is entered late changes the figure of the year, not the report of it.
    office.decide(housing(&office.site("A2", "delisted", "2025-02-01", 112.41).await, 300.0, "2025-06-02")).await;
    assert_eq!(office.indicator("K2", 2025).await["value"], json!(75));
    let path = format!("/v1/indicator-reports/{}", first["id"].as_str().unwrap());
    let get = |path: &str| office.world.get(path).bearer_auth(&office.province);
    assert_eq!(expect(get(&path), 200).await, first);
    let href = of(&first, "K2")["denominator"]["href"].as_str().unwrap().to_owned();
    let rows = expect(get(&href), 200).await;
    assert_eq!(rows["rows"].as_array().unwrap().len(), 1);
    assert_eq!(rows["rows"][0]["code"], "A1");

    assert_eq!(expect(freeze(json!({"division_code": "140000", "year": 2025})), 409).await["code"], "reason_needed");
    let second = json!({"division_code": "140000", "year": 2025, "reason": "补录一宗地"});
    let second = expect(freeze(second), 201).await;
    assert_eq!((&second["edition"], &of(&second, "K2")["value"]), (&json!(2), &json!(75)));
    assert_ne!(second["sha256"], first["sha256"]);
    let list = expect(get("/v1/indicator-reports?division=140000&year=2025"), 200).await;
    assert_eq!(list["reports"].as_array().unwrap().len(), 2);

    expect(freeze(json!({"division_code": "140000", "year": 2027})), 422).await;
    expect(freeze(json!({"division_code": "152900", "year": 2025})), 403).await;
    // A county does not read the province's figures.
    let above = office.world.get("/v1/indicators?division=140000").bearer_auth(&office.ecology);
    assert_eq!(expect(above, 403).await["code"], "outside_division");
    expect(office.world.get("/v1/indicators?division=140602&year=2015").bearer_auth(&office.ecology), 400).await;
}

/// Pins: SAFE_USE_RATE_METHOD
#[tokio::test]
async fn polluted_land_counts_by_what_was_done_on_it_and_no_plot_twice() {
    let office = Office::new().await;
    let agriculture = office.world.key(Role::Agriculture, HERE).await;
    for (code, class, lon) in [
        ("P1", "priority_protection", 112.50),
        ("P2", "priority_protection", 112.51),
        ("S1", "safe_use", 112.52),
        ("S2", "safe_use", 112.53),
        ("T1", "strict_control", 112.54),
    ] {
        office.unit(code, class, "2020-01-01", lon).await;
    }
    let units = expect(office.world.get("/v1/farmland-units").bearer_auth(&agriculture), 200).await;
    let id = |code: &str| {
        let features = units["features"].as_array().unwrap();
        features.iter().find(|f| f["properties"]["code"] == code).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let done = async |kind: &str, code: &str, share: f64, products: &str| {
        let body =
            measure(kind, HERE, json!({"executor": "某公司", "units": [{"unit_id": id(code), "area_share": share}]}));
        let (path, _) = make(&office.world, &agriculture, &body).await;
        let paper = office.world.document(&agriculture).await;
        let filed = json!({"type": "filed", "occurred_on": "2026-02-01", "document_id": paper});
        event(&office.world, &agriculture, &path, filed, 200).await;
        let result =
            json!({"year": 2026, "results": [{"unit_id": id(code), "implemented": true, "products_ok": products}]});
        expect(office.world.post(&format!("{path}/results")).bearer_auth(&agriculture).json(&result), 200).await;
    };
    done("priority_protection", "P1", 1.0, "unknown").await;
    done("safe_use_plan", "S1", 1.0, "yes").await;
    // A second measure on the same plot adds nothing.
    done("remediation", "S1", 0.5, "yes").await;
    done("safe_use_plan", "S2", 1.0, "unknown").await;
    let share = |indicator: &Value| {
        let part = |name: &str| indicator[name]["value"].as_f64().unwrap();
        (part("numerator"), part("denominator"))
    };
    // P1 and S1 of P1, S1, S2, T1: P2 is not known to be polluted.
    let k1 = office.indicator("K1", 2026).await;
    let (counted, all) = share(&k1);
    assert!((counted / all - 0.5).abs() < 0.001, "{counted} of {all}");
    assert_eq!(k1["denominator"]["rows"], 4);
    let rows = office.rows(&k1["denominator"]["href"]).await;
    assert_eq!(rows.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["P1", "S1", "S2", "T1"]);
    // By class alone: S1 of S1, S2, T1.
    let k1b = office.indicator("K1b", 2026).await;
    let (counted, all) = share(&k1b);
    assert!((counted / all - 1.0 / 3.0).abs() < 0.001, "{counted} of {all}");
    assert_eq!((&k1["confidence"], &k1b["confidence"]), (&json!("verified"), &json!("unconfirmed")));
    assert_eq!(office.indicator("K1b", 2025).await["numerator"]["value"], json!(0), "results are of their year");
}

/// Pins: PLAN_STATE_MONITORING
#[tokio::test]
async fn counties_are_covered_by_points_of_routine_monitoring_in_use() {
    let office = Office::new().await;
    let league = office.world.key(Role::PrefectureEcology, "152900").await;
    let point = |code: &str, division: &str, program: &str| {
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [105.6, 38.8]},
            "properties": {"code": code, "division_code": division, "program": program}})
    };
    for body in [point("M1", "152921", "routine_monitoring"), point("M2", "152922", "survey")] {
        expect(office.world.post("/v1/sampling-points").bearer_auth(&league).json(&body), 201).await;
    }
    let found = expect(office.world.get("/v1/indicators?code=K5").bearer_auth(&league), 200).await;
    let k5 = &found["indicators"][0];
    assert_eq!((&found["division_code"], &k5["value"]), (&json!("152900"), &json!(33.33)), "the key's own division");
    assert_eq!((&k5["numerator"]["value"], &k5["denominator"]["value"]), (&json!(1), &json!(3)));
    let whole = k5["targets"].as_array().unwrap();
    assert!(whole.iter().all(|target| target["value"] == json!(100) && target["standing"] == "not_met"), "{whole:?}");
}
