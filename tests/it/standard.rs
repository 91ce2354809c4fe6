//! Standards and substances: the national tables cell by cell, and local standards as versions.

use crate::screen::{printed, screen};
use crate::support::{World, expect, expect_response};
use jingtu::kernel::{Day, Decimal};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::standard;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

fn number(cell: &Value) -> Option<Decimal> {
    cell.as_number().map(|number| Decimal::from_str(&number.to_string()).expect("a number").normalize())
}

fn told(cell: &str) -> Option<Decimal> {
    (!cell.is_empty()).then(|| Decimal::from_str(cell).expect("a number").normalize())
}

async fn rows(world: &World, code: &str) -> Vec<Value> {
    let view = expect(world.get(&format!("/v1/standards/{code}")), 200).await;
    assert_eq!((&view["level"], &view["status"]), (&json!("national"), &json!("in_force")));
    assert_eq!(view["row_count"].as_u64(), view["rows"].as_array().map(|rows| rows.len() as u64));
    view["rows"].as_array().expect("rows").clone()
}

#[tokio::test]
async fn both_national_standards_are_given_out_row_by_row() {
    let world = World::new().await;
    let farm = rows(&world, "GB%2015618-2018").await;
    let built = rows(&world, "gb36600").await;
    assert_eq!((farm.len(), built.len()), (79, 85));
    if let Some(truth) = printed("gb36600.csv") {
        for (row, truth) in built.iter().zip(&truth) {
            let cells = |row: &Value| {
                ["screening_class1", "screening_class2", "intervention_class1", "intervention_class2"]
                    .map(|name| number(&row[name]))
            };
            let expected = ["screening_class1", "screening_class2", "intervention_class1", "intervention_class2"]
                .map(|name| told(&truth[name]));
            assert_eq!(cells(row), expected, "{truth:?}");
            assert_eq!(row["table"].to_string(), truth["table"]);
            assert_eq!(row["item"].to_string(), truth["item_no"]);
            assert_eq!(row["printed_zh"], truth["pollutant_zh"].as_str());
            // Of the two xylenes both numbers are printed; the sum has none of its own.
            let cas = if truth["cas"].contains(';') { "" } else { &truth["cas"] };
            assert_eq!(row["substance"]["cas"].as_str().unwrap_or(""), cas, "{row}");
            assert_eq!(row["mandatory"], truth["mandatory"].starts_with("basic"));
            assert_eq!(row["background"], truth["background_rule"] == "1");
            assert_eq!(row["unit"], truth["unit"].as_str());
        }
    }
    if let Some(truth) = printed("gb15618.csv") {
        for (row, truth) in farm.iter().zip(&truth) {
            let kind = if truth["value_type"].starts_with("screening") { "screening" } else { "intervention" };
            let other = if kind == "screening" { "intervention" } else { "screening" };
            assert_eq!((number(&row[kind]), number(&row[other])), (told(&truth["value"]), None), "{truth:?}");
            assert_eq!((number(&row["ph_gt"]), number(&row["ph_le"])), (told(&truth["ph_gt"]), told(&truth["ph_le"])));
            assert_eq!(row["table"].to_string(), truth["table"]);
            assert_eq!(row["item"].to_string(), truth["item_no"]);
            assert_eq!(row["printed_zh"], truth["pollutant_zh"].as_str());
            let land = match truth["land_type_zh"].as_str() {
                "水田" => "paddy",
                "果园" => "orchard",
                "其他" => "other",
                _ => "any",
            };
            assert_eq!(row["land"], land, "{truth:?}");
            assert_eq!(row["mandatory"], truth["mandatory"].starts_with("basic"));
        }
    }
    let before = expect(world.get("/v1/standards/GB36600?true_on=2018-07-31"), 200).await;
    assert_eq!((&before["status"], &before["effective_from"]), (&json!("not_yet"), &json!("2018-08-01")));
    expect(world.get("/v1/standards/GB%203838-2002"), 404).await;
    expect(world.get("/v1/standards/GB36600?on=2018-07-31"), 400).await;
    let (head, _) = expect_response(world.get("/v1/standards/GB36600"), 200).await;
    let tag = head.headers()["etag"].to_str().unwrap().to_owned();
    expect(world.get("/v1/standards/GB36600").header("if-none-match", &tag), 304).await;
}

#[tokio::test]
async fn substances_are_listed_with_their_names_and_found_by_any_of_them() {
    let world = World::new().await;
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut path = "/v1/substances?limit=40".to_owned();
    let mut pages = 0;
    loop {
        let page = expect(world.get(&path), 200).await;
        pages += 1;
        for row in page["substances"].as_array().unwrap() {
            assert!(keys.insert(row["key"].as_str().unwrap().to_owned()), "{row}");
            assert!(!row["name_zh"].as_str().unwrap().is_ascii() && row["name_en"].is_string());
        }
        match page["links"].as_array().unwrap().first() {
            Some(link) => path = link["href"].as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, keys.len().div_ceil(40));
    let rows: BTreeSet<String> = [rows(&world, "gb15618").await, rows(&world, "gb36600").await]
        .concat()
        .iter()
        .map(|row| row["substance"]["key"].as_str().unwrap().to_owned())
        .collect();
    assert!(rows.is_subset(&keys));
    for (name, key, standards) in [
        ("Cr6%2B", "chromium_vi", json!(["GB 36600-2018"])),
        ("%E9%95%89", "cadmium", json!(["GB 15618-2018", "GB 36600-2018"])),
        ("50-32-8", "benzo_a_pyrene", json!(["GB 15618-2018", "GB 36600-2018"])),
        ("BHC", "hch_total", json!(["GB 15618-2018"])),
    ] {
        let page = expect(world.get(&format!("/v1/substances?name={name}")), 200).await;
        assert_eq!((&page["numberReturned"], &page["substances"][0]["key"]), (&json!(1), &json!(key)));
        assert_eq!(page["substances"][0]["standards"], standards);
    }
    assert_eq!(expect(world.get("/v1/substances?name=unobtainium"), 200).await["numberReturned"], 0);
    expect(world.get("/v1/substances?q=Cd"), 400).await;
}

struct Province {
    world: World,
    key: String,
}

impl Province {
    async fn new() -> Province {
        let world = World::new().await;
        Province { key: world.key(Role::ProvinceEcology, "150000").await, world }
    }

    async fn enter(&self, body: &Value, status: u16) -> Value {
        expect(self.world.post("/v1/standards").bearer_auth(&self.key).json(body), status).await
    }

    async fn get(&self, rest: &str) -> Value {
        expect(self.world.get(&format!("/v1/standards/DB15%2FT%200000{rest}")), 200).await
    }

    /// What comes out for lead on class 1 land in a division on a day, and which standard spoke.
    async fn lead(&self, value: &str, division: &str, on: &str) -> (String, String) {
        let body = json!({"context": {"land_class": 1, "division_code": division, "on": on},
                          "results": [{"substance": "Pb", "value": value, "unit": "mg/kg"}]});
        let answer = screen(&self.world, &body.to_string()).await;
        let result = &answer["results"][0];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&result["outcome"]), text(&result["screening"]["standard"]))
    }
}

fn standard_from(from: &str, lead: &str) -> Value {
    json!({
        "code": "DB15/T 0000", "name_zh": "（演示）地方标准", "name_en": "Demo local standard", "kind": "construction",
        "division_code": "150000", "instrument": {"title_zh": "（演示）地方标准", "article": "表1"},
        "effective_from": from,
        "limits": [
            {"substance": "Pb", "class": 1, "screening": {"value": lead, "unit": "mg/kg"}},
            {"substance": "锌", "screening": {"value": "0.35", "unit": "%"},
             "intervention": {"value": 10000, "unit": "mg/kg"}}
        ]
    })
}

#[tokio::test]
async fn a_provinces_stricter_value_speaks_from_its_day_on_in_its_divisions() {
    let province = Province::new().await;
    let body = standard_from("2026-03-01", "300");
    let (head, view) = expect_response(
        province.world.post("/v1/standards").bearer_auth(&province.key).header("idempotency-key", "a").json(&body),
        201,
    )
    .await;
    assert_eq!(head.headers()["location"], "/v1/standards/DB15%2FT%200000");
    assert_eq!(head.headers()["etag"], "\"1\"");
    assert_eq!(
        json!([
            view["code"],
            view["level"],
            view["kind"],
            view["division_code"],
            view["status"],
            view["confidence"],
            view["row_count"],
            view["warnings"]
        ]),
        json!(["DB15/T 0000", "local", "construction", "150000", "in_force", "recalled", 2, null])
    );
    assert_eq!((&view["rows"][1]["unit"], &view["rows"][1]["intervention_unit"]), (&json!("%"), &json!("mg/kg")));
    assert_eq!((&view["rows"][0]["land"], &view["rows"][1]["land"]), (&json!("class1"), &json!("construction")));
    // The same request sent again is the same answer.
    let again =
        province.world.post("/v1/standards").bearer_auth(&province.key).header("idempotency-key", "a").json(&body);
    assert_eq!(expect(again, 201).await["id"], view["id"]);
    let (gb, db) = ("GB 36600-2018".to_owned(), "DB15/T 0000".to_owned());
    let above = |standard: &String| ("above_screening".to_owned(), standard.clone());
    let within = |standard: &String| ("within".to_owned(), standard.clone());
    assert_eq!(province.lead("300", "152921", "2026-03-01").await, within(&db));
    assert_eq!(province.lead("300.001", "152921", "2026-03-01").await, above(&db));
    assert_eq!(province.lead("300.001", "150000", "2026-11-21").await, above(&db));
    assert_eq!(province.lead("300.001", "152921", "2026-02-28").await, within(&gb));
    assert_eq!(province.lead("300.001", "140602", "2026-11-21").await, within(&gb));
    // What the nation's standard does not name is judged by the local value, in the unit it was printed in.
    let zinc = |value: &str| {
        json!({"context": {"land_class": 2, "division_code": "152921"},
               "results": [{"substance": "Zn", "value": value, "unit": "mg/kg"}]})
    };
    for (value, outcome) in [
        ("3500", "within"),
        ("3500.1", "above_screening"),
        ("10000", "above_screening"),
        ("10000.1", "above_intervention"),
    ] {
        let answer = screen(&province.world, &zinc(value).to_string()).await;
        let result = &answer["results"][0];
        assert_eq!((&result["outcome"], &result["screening"]["local"]), (&json!(outcome), &json!(true)), "{result}");
        assert_eq!(answer["context"]["local_standards"], json!(["DB15/T 0000"]));
        let citation = &result["citation"];
        assert_eq!((&citation["article"], &citation["confidence"]), (&json!("表1"), &json!("recalled")));
        let law = &result["reasons"][0];
        assert_eq!((&law["code"], &law["citation"]["article"]), (&json!("local_value"), &json!("400")));
    }
    // Others are told.
    let feed = expect(province.world.get("/v1/changes?kind=standard.changed"), 200).await;
    let change = &feed["changes"][0];
    assert_eq!(
        json!([
            change["kind"],
            change["subject"]["register"],
            change["division_code"],
            change["data"]["what"],
            change["data"]["substances"]
        ]),
        json!(["standard.changed", "standard", "150000", "entered", ["lead", "zinc"]]),
        "{feed}"
    );
}

#[tokio::test]
async fn versions_follow_one_another_and_are_withdrawn_or_amended_with_a_reason() {
    let province = Province::new().await;
    let first = province.enter(&standard_from("2024-01-01", "350"), 201).await;
    province.world.clock.advance(chrono::Duration::hours(1));
    let second = province.enter(&standard_from("2026-01-01", "300"), 201).await;
    assert_eq!(second["versions"][0]["effective_to"], "2025-12-31");
    assert_eq!(province.get("").await["id"], second["id"]);
    assert_eq!(province.get("?true_on=2025-12-31").await["id"], first["id"]);
    assert_eq!(province.get("?true_on=2023-12-31").await["status"], "not_yet");
    let lead = |on: &'static str| async { province.lead("320", "152921", on).await.0 };
    assert_eq!([lead("2025-12-31").await, lead("2026-01-01").await], ["within", "above_screening"]);
    // The same day again is refused; so is the code for another division.
    let clash = province.enter(&standard_from("2026-01-01", "200"), 409).await;
    assert_eq!(clash["code"], "standard_version_exists");
    let mut elsewhere = standard_from("2027-01-01", "200");
    elsewhere["division_code"] = json!("152900");
    assert_eq!(province.enter(&elsewhere, 409).await["code"], "standard_of_another");
    // As it was known before the second was entered.
    let known = "2026-11-21T04:30:00Z";
    assert_eq!(province.get(&format!("?known_at={known}")).await["id"], first["id"]);
    let mut conn = province.world.app.db().acquire().await.unwrap();
    let values = async |conn: &mut sqlx::PgConnection, known: Option<&str>| {
        let known = known.map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let limits = standard::local_limits(conn, "152921", Day::of(2026, 6, 1), known).await.unwrap();
        limits.iter().filter_map(|limit| limit.screening).map(|value| value.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(values(&mut conn, None).await, ["300", "3500"]);
    assert_eq!(values(&mut conn, Some(known)).await, ["350", "3500"]);
    assert!(values(&mut conn, Some("2026-11-20T00:00:00Z")).await.is_empty());
    drop(conn);
    // Withdrawn: the first goes on.
    let path = "/v1/standards/db15t0000/withdrawal";
    let withdraw = |body: Value| province.world.post(path).bearer_auth(&province.key).json(&body);
    expect(withdraw(json!({"reason": " "})), 422).await;
    let gone = expect(withdraw(json!({"reason": "录入错误"})), 200).await;
    assert_eq!((&gone["status"], &gone["withdrawn_on"]), (&json!("withdrawn"), &json!("2026-11-21")));
    assert_eq!(lead("2026-06-01").await, "within");
    let shown = province.get("").await;
    assert_eq!((&shown["id"], &shown["effective_to"]), (&first["id"], &Value::Null));
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    let withdrawn = province.world.post(&format!("{path}?version=2026-01-01")).bearer_auth(&province.key);
    assert_eq!(expect(withdrawn.json(&json!({"reason": "x"})), 409).await["code"], "standard_withdrawn");
    // The day may be entered again.
    province.enter(&standard_from("2026-01-01", "310"), 201).await;
    assert_eq!(lead("2026-06-01").await, "above_screening");
    // Amended: an end, and a paper that the values were held against.
    let (head, shown) = expect_response(province.world.get("/v1/standards/db15t0000"), 200).await;
    let tag = head.headers()["etag"].to_str().unwrap().to_owned();
    let patch = |tag: Option<&str>, body: Value| {
        let request = province.world.patch("/v1/standards/db15t0000").bearer_auth(&province.key).json(&body);
        match tag {
            Some(tag) => request.header("if-match", tag),
            None => request,
        }
    };
    expect(patch(None, json!({"reason": "x"})), 428).await;
    expect(patch(Some("\"9\""), json!({"reason": "x"})), 412).await;
    expect(patch(Some(&tag), json!({"reason": "x", "limits": []})), 422).await;
    let early = expect(patch(Some(&tag), json!({"reason": "x", "effective_to": "2025-01-01"})), 422).await;
    assert_eq!(early["errors"][0]["pointer"], "/effective_to");
    let unfiled = expect(patch(Some(&tag), json!({"reason": "x", "verified": true})), 422).await;
    assert_eq!(unfiled["errors"][0]["code"], "text_not_filed");
    let paper = province.world.document(&province.key).await;
    let body = json!({"reason": "已核对原文", "verified": true, "document_id": paper, "effective_to": "2026-10-31"});
    let (head, amended) = expect_response(patch(Some(&tag), body.clone()), 200).await;
    assert_eq!(
        json!([amended["id"], amended["confidence"], amended["effective_to"], amended["status"], amended["note_zh"]]),
        json!([shown["id"], "verified", "2026-10-31", "ended", null])
    );
    expect(patch(Some(&tag), body), 412).await;
    let tag = head.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!([lead("2026-10-31").await, lead("2026-11-01").await], ["above_screening", "within"]);
    let reopened = expect(patch(Some(&tag), json!({"reason": "误填", "effective_to": null})), 200).await;
    assert_eq!((&reopened["effective_to"], &reopened["status"]), (&Value::Null, &json!("in_force")));
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_is_said_at_once_and_who_may_not_is_refused() {
    let province = Province::new().await;
    let wrong = json!({
        "code": "GB 36600-2018", "name_zh": " ", "kind": "farmland", "division_code": "999999",
        "instrument": {"title_zh": "x", "url": "ftp://example.com"}, "effective_from": "2026-01-01",
        "effective_to": "2025-01-01", "verified": true,
        "limits": [
            {"substance": "unobtainium", "screening": {"value": 1, "unit": "mg/kg"}},
            {"substance": "Cd", "class": 1, "screening": {"value": "<1", "unit": "mg/kg"}},
            {"substance": "Cd", "ph_gt": 7, "ph_le": 6, "screening": {"value": 1, "unit": "ppm"}},
            {"substance": "Cd"},
            {"substance": "Hg", "screening": {"value": 2, "unit": "mg/kg"}, "intervention": {"value": 1, "unit": "mg/kg"}}
        ]
    });
    let problem = province.enter(&wrong, 422).await;
    let found: BTreeMap<&str, &str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    let expected = BTreeMap::from([
        ("/code", "national_standard"),
        ("/name_zh", "bad_text"),
        ("/instrument/url", "bad_url"),
        ("/effective_to", "day_order"),
        ("/verified", "text_not_filed"),
        ("/division_code", "unknown_division"),
        ("/limits/0/substance", "substance_unknown"),
        ("/limits/1/class", "other_kind_of_land"),
        ("/limits/1/screening/value", "value_not_positive"),
        ("/limits/2/ph_le", "ph_band"),
        ("/limits/2/screening/unit", "unit_unknown"),
        ("/limits/3", "no_value"),
        ("/limits/4/intervention", "value_order"),
    ]);
    assert_eq!(found, expected);
    let mut nation = standard_from("2026-01-01", "300");
    nation["division_code"] = json!("000000");
    province.enter(&nation, 422).await;
    // A province enters its own.
    let body = standard_from("2026-01-01", "300");
    let shanxi = province.world.key(Role::ProvinceEcology, "140000").await;
    let refused = expect(province.world.post("/v1/standards").bearer_auth(&shanxi).json(&body), 403).await;
    assert_eq!(refused["code"], "outside_division");
    for role in [Role::PrefectureEcology, Role::Admin, Role::Agriculture] {
        let key = province.world.key(role, "150000").await;
        let refused = expect(province.world.post("/v1/standards").bearer_auth(&key).json(&body), 403).await;
        assert_eq!(refused["code"], "role_not_allowed");
    }
    expect(province.world.post("/v1/standards").json(&body), 401).await;
    province.enter(&body, 201).await;
    let path = "/v1/standards/db15t0000/withdrawal";
    let reason = json!({"reason": "x"});
    expect(province.world.post(path).bearer_auth(&shanxi).json(&reason), 403).await;
    let national = province.world.post("/v1/standards/gb36600/withdrawal").bearer_auth(&province.key).json(&reason);
    assert_eq!(expect(national, 409).await["code"], "national_standard");
    let nobody = province.world.post("/v1/standards/db99/withdrawal").bearer_auth(&province.key).json(&reason);
    expect(nobody, 404).await;
}

#[tokio::test]
async fn a_value_that_is_not_stricter_is_entered_with_a_warning_and_the_nations_speaks() {
    let province = Province::new().await;
    let entered = province.enter(&standard_from("2026-01-01", "400"), 201).await;
    let warning = &entered["warnings"][0];
    assert_eq!(
        json!([warning["pointer"], warning["code"], warning["citations"][0]["article"]]),
        json!(["/limits/0/screening", "not_stricter", "400"])
    );
    assert_eq!(entered["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(
        province.lead("401", "152921", "2026-06-01").await,
        ("above_screening".to_owned(), "GB 36600-2018".to_owned())
    );
}

#[tokio::test]
async fn farmland_values_have_their_land_and_their_band() {
    let province = Province::new().await;
    let body = json!({
        "code": "DB15/T 0001", "name_zh": "（演示）农用地标准", "kind": "farmland", "division_code": "152900",
        "instrument": {"title_zh": "（演示）农用地标准"}, "effective_from": "2020-01-01",
        "limits": [
            {"substance": "Cd", "land": "paddy", "ph_gt": 6.5, "ph_le": "7.5", "screening": {"value": "500", "unit": "µg/kg"}},
            {"substance": "Zn", "screening": {"value": 150, "unit": "mg/kg"}, "intervention": {"value": 1000, "unit": "mg/kg"}}
        ]
    });
    province.enter(&body, 201).await;
    let judged = async |substance: &str, value: &str, land: &str, ph: Value, division: &str| {
        let body = json!({"context": {"land_type": land, "ph": ph, "division_code": division},
                          "results": [{"substance": substance, "value": value, "unit": "mg/kg"}]});
        let answer = screen(&province.world, &body.to_string()).await;
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        (text(&answer["results"][0]["outcome"]), text(&answer["results"][0]["screening"]["standard"]))
    };
    for (substance, value, land, ph, division, outcome, standard) in [
        ("Cd", "0.5", "paddy", json!(7.5), "152921", "within", "DB15/T 0001"),
        ("Cd", "0.51", "paddy", json!(7.5), "152921", "above_screening", "DB15/T 0001"),
        ("Cd", "0.51", "paddy", json!(7.5), "150000", "within", "GB 15618-2018"),
        ("Cd", "0.51", "paddy", json!(7.501), "152921", "within", "GB 15618-2018"),
        ("Cd", "0.29", "upland", json!(7), "152921", "within", "GB 15618-2018"),
        ("Zn", "151", "upland", json!(7), "152921", "above_screening", "DB15/T 0001"),
        ("Zn", "1001", "upland", json!(7), "152921", "above_intervention", "DB15/T 0001"),
        ("Cd", "0.1", "paddy", Value::Null, "152921", "not_comparable", ""),
    ] {
        let found = judged(substance, value, land, ph.clone(), division).await;
        assert_eq!(found, (outcome.to_owned(), standard.to_owned()), "{substance} {value} {land} {ph} {division}");
    }
}

#[tokio::test]
async fn the_list_has_the_nations_first_and_goes_on_from_page_to_page() {
    let province = Province::new().await;
    for number in 1..=4 {
        let mut body = standard_from("2026-01-01", "300");
        body["code"] = json!(format!("DB15/T {number}"));
        if number == 4 {
            body["division_code"] = json!("152900");
        }
        province.enter(&body, 201).await;
    }
    let codes = async |query: &str| -> Vec<String> {
        let mut found = Vec::new();
        let mut path = format!("/v1/standards{query}");
        loop {
            let page = expect(province.world.get(&path), 200).await;
            for row in page["standards"].as_array().unwrap() {
                assert!(row["rows"].is_null() && row["row_count"].as_u64().unwrap() > 0);
                found.push(row["code"].as_str().unwrap().to_owned());
            }
            match page["links"].as_array().unwrap().first() {
                Some(link) => path = link["href"].as_str().unwrap().to_owned(),
                None => return found,
            }
        }
    };
    let all = ["GB 15618-2018", "GB 36600-2018", "DB15/T 1", "DB15/T 2", "DB15/T 3", "DB15/T 4"];
    for limit in [1, 2, 3, 5, 6, 100] {
        assert_eq!(codes(&format!("?limit={limit}")).await, all, "{limit}");
    }
    assert_eq!(codes("?kind=farmland").await, ["GB 15618-2018"]);
    assert_eq!(codes("?division=150000&limit=2").await, all[..5]);
    assert_eq!(codes("?division=152921&limit=4").await, all);
    assert_eq!(codes("?division=140602").await, all[..2]);
    let old = expect(province.world.get("/v1/standards?known_at=2026-11-20T00:00:00Z"), 200).await;
    assert_eq!(old["numberReturned"], 2);
    let page = expect(province.world.get("/v1/standards?limit=1"), 200).await;
    let other = page["links"][0]["href"].as_str().unwrap().replace("limit=1", "limit=1&kind=farmland");
    expect(province.world.get(&other), 400).await;
    for (query, status) in [("?limit=0", 400), ("?class=1", 400), ("?true_on=x", 400), ("?cursor=AAAA", 400)] {
        expect(province.world.get(&format!("/v1/standards{query}")), status).await;
    }
}

/// Many versions in many places: what a soil's own place asks for is found by index.
#[tokio::test]
async fn local_values_of_a_place_are_read_fast_among_many() {
    let province = Province::new().await;
    let world = &province.world;
    let mut act = world.act(Permission::StandardWrite).await;
    sqlx::query(
        "with v as (
            insert into standard_local (id, code, key, kind, name_zh, division_code, instrument_zh, effective_from, recorded_at)
            select gen_random_uuid(), 'X ' || n, 'x' || n, 'construction', 'X', case when n % 1000 = 0 then '150000' else '440000' end,
                   'X', '2020-01-01', '2020-01-01'
            from generate_series(1, 20000) n returning id)
         insert into standard_local_limit (id, local_id, seq, substance, land, screening_value, screening_unit)
         select gen_random_uuid(), v.id, 1, 'lead', 'construction', 300, 'mg/kg' from v",
    )
    .execute(act.tx())
    .await
    .unwrap();
    sqlx::query("analyze standard_local").execute(act.tx()).await.unwrap();
    sqlx::query("analyze standard_local_limit").execute(act.tx()).await.unwrap();
    act.note("standard/test", json!({"rows": 20_000}));
    act.finish(Reply::nothing()).await.unwrap();
    let mut conn = world.app.db().acquire().await.unwrap();
    let limits = standard::local_limits(&mut conn, "152921", Day::of(2026, 1, 1), None).await.unwrap();
    assert_eq!(limits.len(), 20);
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select v.id from (select * from standard_local union all select * from standard_local_history) v
         where v.sys_from <= coalesce(null, 'infinity'::timestamptz)
           and (v.sys_to is null or v.sys_to > coalesce(null, 'infinity'::timestamptz))
           and v.division_code = any(coalesce((select d.ancestors from division d where d.code = '152921'), array['152921']))
         order by v.key, v.effective_from, v.id",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("standard_local_division") && !plan.contains("Seq Scan on standard_local "), "{plan}");
}
