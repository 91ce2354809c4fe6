//! Screening over HTTP: every printed value of both standards at its edge, and what cannot be compared.

use crate::support::{World, expect, expect_response};
use jingtu::kernel::{Day, Decimal};
use jingtu::platform::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The tables as they were taken down beside the rulebook: another copy than the program's. `None`, with the reason printed,
/// where it is not there.
pub fn printed(name: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain").join(name);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(path).expect("a table");
    Some(reader.deserialize().collect::<Result<_, _>>().expect("rows"))
}

pub async fn screen(world: &World, body: &str) -> Value {
    let request = world.post("/v1/screen").header("content-type", "application/json").body(body.to_owned());
    expect(request, 200).await
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str(text).expect("a number")
}

/// The value, the next above and the next below it, three digits finer than it is printed.
fn edges(value: &str) -> [String; 3] {
    let value = dec(value);
    let step = Decimal::new(1, value.scale() + 3);
    [value, value + step, value - step].map(|value| value.to_string())
}

/// A case: substance, content, what must come out, and the value and table that must be named as screening and intervention.
struct Case {
    substance: String,
    content: String,
    outcome: &'static str,
    screening: Option<(Decimal, u64, u64)>,
    intervention: Option<(Decimal, u64, u64)>,
}

/// Sends cases as one request under a context, each a sample of its own, numbers as JSON numbers.
async fn run(world: &World, context: &Value, cases: &[Case]) {
    let results: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(i, case)| {
            format!(
                r#"{{"substance": {}, "value": {}, "unit": "mg/kg", "sample": "{i}"}}"#,
                json!(case.substance),
                case.content
            )
        })
        .collect();
    let answer = screen(world, &format!(r#"{{"context": {context}, "results": [{}]}}"#, results.join(","))).await;
    let screened = answer["results"].as_array().expect("results");
    for (case, result) in cases.iter().zip(screened) {
        let said = format!("{} {} under {context}: {result}", case.substance, case.content);
        assert_eq!(result["outcome"], case.outcome, "{said}");
        for (name, expected) in [("screening", case.screening), ("intervention", case.intervention)] {
            let limit = &result[name];
            let found = limit["value"].as_number().map(|value| {
                (
                    dec(&value.to_string()).normalize(),
                    limit["table"].as_u64().expect("table"),
                    limit["item"].as_u64().expect("item"),
                )
            });
            assert_eq!(
                found,
                expected.map(|(value, table, item)| (value.normalize(), table, item)),
                "{name} of {said}"
            );
        }
    }
    assert!(screened.iter().take(cases.len()).enumerate().all(|(i, result)| result["index"] == i));
}

#[tokio::test]
async fn every_row_of_gb_36600_is_met_at_its_edges() {
    let Some(rows) = printed("gb36600.csv") else { return };
    assert_eq!(rows.len(), 85);
    let world = World::new().await;
    for class in [1, 2] {
        let mut cases = Vec::new();
        for row in &rows {
            let number = |name: &str| row[name].parse::<u64>().expect("a number");
            let of = |name: &str| (dec(&row[&format!("{name}_class{class}")]), number("table"), number("item_no"));
            let (low, high) = (of("screening"), of("intervention"));
            let names: Vec<&String> = [&row["pollutant_zh"], &row["pollutant_en"], &row["cas"]]
                .into_iter()
                .filter(|n| !n.is_empty())
                .collect();
            for name in names {
                let [at, above, below] = edges(&low.0.to_string());
                let beyond = if dec(&above) > high.0 { "above_intervention" } else { "above_screening" };
                let [at_high, above_high, below_high] = edges(&high.0.to_string());
                let same = low.0 == high.0;
                let up_to_high = if same { "within" } else { "above_screening" };
                for (content, outcome) in [
                    (at, "within"),
                    (above, beyond),
                    (below, "within"),
                    (at_high, up_to_high),
                    (above_high, "above_intervention"),
                    (below_high, up_to_high),
                ] {
                    let (screening, intervention) = (Some(low), Some(high));
                    cases.push(Case { substance: name.clone(), content, outcome, screening, intervention });
                }
            }
        }
        assert!(cases.len() > 85 * 12);
        run(&world, &json!({"land_class": class}), &cases).await;
    }
}

#[tokio::test]
async fn every_row_of_gb_15618_is_met_at_its_edges() {
    let Some(rows) = printed("gb15618.csv") else { return };
    assert_eq!(rows.len(), 79);
    let world = World::new().await;
    // Contexts by land and pH: of every band its upper edge, and the first pH beyond its lower one.
    let mut by_context: BTreeMap<(&str, String), Vec<Case>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["value_type"].starts_with("screening")) {
        let lands: &[&str] = match row["land_type_zh"].as_str() {
            "水田" => &["paddy"],
            "果园" => &["orchard"],
            // Copper tells orchards from the rest; most metals paddy from the rest.
            "其他" if row["pollutant_zh"] == "铜" => &["paddy", "upland", "irrigated", "grassland", "forest"],
            "其他" => &["upland", "irrigated", "orchard", "grassland", "forest"],
            _ => &["paddy", "upland", "irrigated", "orchard", "grassland", "forest"],
        };
        let mut phs = Vec::new();
        if !row["ph_le"].is_empty() {
            phs.push(row["ph_le"].clone());
        }
        if !row["ph_gt"].is_empty() {
            phs.push(format!("{}01", dec(&row["ph_gt"])));
        }
        if row["ph_le"].is_empty() {
            phs.push("14".to_owned());
        }
        if row["ph_gt"].is_empty() {
            phs.push("0".to_owned());
        }
        let high = rows.iter().find(|other| {
            other["table"] == "3" && ["pollutant_zh", "ph_gt", "ph_le"].iter().all(|name| other[*name] == row[*name])
        });
        let named = |row: &BTreeMap<String, String>| {
            let number = |name: &str| row[name].parse::<u64>().expect("a number");
            (dec(&row["value"]), number("table"), number("item_no"))
        };
        let mut contents: Vec<(String, &str)> =
            edges(&row["value"]).into_iter().zip(["within", "above_screening", "within"]).collect();
        if let Some(high) = high {
            let outcomes = ["above_screening", "above_intervention", "above_screening"];
            contents.extend(edges(&high["value"]).into_iter().zip(outcomes));
        } else {
            contents.push(("100000".to_owned(), "above_screening"));
        }
        for land in lands {
            for ph in &phs {
                let cases = by_context.entry((*land, ph.clone())).or_default();
                cases.extend(contents.iter().map(|(content, outcome)| Case {
                    substance: row["pollutant_zh"].clone(),
                    content: content.clone(),
                    outcome,
                    screening: Some(named(row)),
                    intervention: high.map(named),
                }));
            }
        }
    }
    assert_eq!(by_context.len(), 6 * 8);
    for ((land, ph), cases) in by_context {
        // Eight metals, three of them without intervention value, and the three substances of table 2.
        let banded = ph != "0" && ph != "14";
        assert!(cases.len() >= 8 * 4, "{land} {ph} {banded}");
        let context = format!(r#"{{"land_type": "{land}", "ph": {ph}}}"#);
        run(&world, &serde_json::from_str(&context).expect("JSON"), &cases).await;
    }
}

#[tokio::test]
async fn rotation_takes_the_stricter_of_both_lands_in_every_band() {
    let Some(rows) = printed("gb15618.csv") else { return };
    let world = World::new().await;
    for ph in ["5.5", "6.5", "7.5", "7.6"] {
        for symbol in [("镉", "Cd"), ("汞", "Hg"), ("砷", "As"), ("铅", "Pb"), ("铬", "Cr"), ("铜", "Cu"), ("镍", "Ni")]
        {
            let fits = |row: &&BTreeMap<String, String>| {
                row["table"] == "1"
                    && row["pollutant_zh"] == symbol.0
                    && row["land_type_zh"] != "果园"
                    && (row["ph_le"].is_empty() || dec(ph) <= dec(&row["ph_le"]))
                    && (row["ph_gt"].is_empty() || dec(ph) > dec(&row["ph_gt"]))
            };
            let strict = rows.iter().filter(fits).map(|row| dec(&row["value"])).min().expect("a value");
            let body = format!(
                r#"{{"context": {{"land_type": "paddy", "rotation": true, "ph": {ph}}},
                    "results": [{{"substance": "{0}", "value": {strict}, "unit": "mg/kg", "sample": "1"}},
                                {{"substance": "{0}", "value": {strict}01, "unit": "mg/kg", "sample": "2"}}]}}"#,
                symbol.1
            );
            let body =
                if strict.scale() == 0 { body.replace(&format!("{strict}01"), &format!("{strict}.01")) } else { body };
            let answer = screen(&world, &body).await;
            let outcomes: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| r["outcome"].clone()).collect();
            assert_eq!(outcomes, ["within", "above_screening"], "{symbol:?} {ph} {answer}");
            assert_eq!(answer["context"]["land"], "rotation");
        }
    }
}

/// One result under a context.
async fn one(world: &World, context: &Value, result: &Value) -> Value {
    screen(world, &json!({"context": context, "results": [result]}).to_string()).await["results"][0].clone()
}

fn content(substance: &str, value: &str, unit: &str) -> Value {
    json!({"substance": substance, "value": value, "unit": unit})
}

#[tokio::test]
async fn units_are_converted_without_loss() {
    let world = World::new().await;
    let paddy = json!({"land_type": "paddy", "ph": 5});
    for (value, unit, outcome) in [
        ("0.00003", "%", "within"),
        ("0.0000300000000001", "%", "above_screening"),
        ("300", "µg/kg", "within"),
        ("300.0001", "ug/kg", "above_screening"),
        ("300", "ng/g", "within"),
        ("0.3", "μg/g", "within"),
        ("0.0003", "g/kg", "within"),
        ("300000", "ng/kg", "within"),
        ("300001", "pg/g", "above_screening"),
        ("3e-1", "mg/kg", "within"),
        ("0.30000000000000001", "mg/kg", "above_screening"),
    ] {
        let result = one(&world, &paddy, &content("Cd", value, unit)).await;
        assert_eq!(result["outcome"], outcome, "{value} {unit}: {result}");
    }
    let result = one(&world, &json!({"land_class": 1}), &content("二噁英类", "10", "ng TEQ/kg")).await;
    assert_eq!((&result["outcome"], &result["ratio"]), (&json!("within"), &json!(1)));
    let result = one(&world, &json!({"land_class": 1}), &content("二噁英类", "10.0001", "ng TEQ/kg")).await;
    assert_eq!((&result["outcome"], result["ratio"].to_string()), (&json!("above_screening"), "1.0001".to_owned()));
    // A JSON number keeps every digit that it is written with.
    let body = r#"{"context": {"land_type": "paddy", "ph": 5.50000000000000001},
                   "results": [{"substance": "Cd", "value": 0.30000000000000001, "unit": "mg/kg"}]}"#;
    let answer = screen(&world, body).await;
    assert_eq!(answer["results"][0]["screening"]["value"].to_string(), "0.4", "{answer}");
    assert_eq!(answer["results"][0]["given"]["value"], "0.30000000000000001");
}

#[tokio::test]
async fn what_cannot_be_compared_is_said_and_the_others_are_judged() {
    let world = World::new().await;
    let body = json!({
        "context": {"land_type": "paddy", "ph": "6"},
        "results": [
            content("Cd", "-9999", "mg/kg"),
            content("Cd", "-1", "mg/kg"),
            content("Cd", "NA", "mg/kg"),
            {"substance": "Cd", "value": null, "unit": "mg/kg"},
            content("Cd", "1,5", "mg/kg"),
            content("Cd", "1", "ppm"),
            content("Cd", "1", "mg/L"),
            {"substance": "Cd", "value": 1},
            content("unobtainium", "1", "mg/kg"),
            {"substance": "Cd", "value": 1, "unit": "mg/kg", "qualifier": ">"},
            content("六价铬", "1", "mg/kg"),
            content("苯", "1", "mg/kg"),
            {"substance": "Cd", "value": 0.5, "unit": "mg/kg", "qualifier": "<"},
            {"substance": "Cd", "value": "<0.4", "unit": "mg/kg"},
            content("Pb", "100", "mg/kg"),
        ]
    });
    let answer = screen(&world, &body.to_string()).await;
    let found: Vec<(&str, &str)> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (result["outcome"].as_str().unwrap(), result["reason"].as_str().unwrap_or("")))
        .collect();
    let expected = [
        ("not_comparable", "value_sentinel"),
        ("not_comparable", "value_negative"),
        ("not_comparable", "value_missing"),
        ("not_comparable", "value_missing"),
        ("not_comparable", "value_not_a_number"),
        ("not_comparable", "unit_unknown"),
        ("not_comparable", "unit_unknown"),
        ("not_comparable", "unit_unknown"),
        ("not_comparable", "substance_unknown"),
        ("not_comparable", "qualifier_unknown"),
        ("not_comparable", "chromium_vi_is_not_total"),
        ("not_comparable", "no_limit"),
        ("not_comparable", "detection_limit_above_limit"),
        ("within", "below_detection"),
        ("within", ""),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        answer["summary"],
        json!({"worst": "not_comparable", "given": 15, "sums": 0,
               "counts": {"within": 2, "above_screening": 0, "above_intervention": 0, "not_comparable": 13}})
    );
    for reason in answer["results"].as_array().unwrap().iter().flat_map(|result| result["reasons"].as_array().unwrap())
    {
        assert!(!reason["zh"].as_str().unwrap().is_ascii() && !reason["en"].as_str().unwrap().is_empty(), "{reason}");
    }
    for (context, substance, code) in [
        (json!({"land_class": 2}), "总铬", "total_is_not_chromium_vi"),
        (json!({"land_class": 2}), "锌", "no_limit"),
        (json!({"land_type": "upland"}), "Cd", "ph_missing"),
        (json!({"land_type": "upland", "ph": null}), "Cd", "ph_missing"),
        (json!({"land_type": "upland", "ph": 6, "medium": "groundwater"}), "Cd", "medium_not_soil"),
        (json!({"land_type": "upland", "ph": 6, "medium": "crop"}), "Cd", "medium_not_soil"),
        (json!({"land_type": "upland", "ph": 6, "on": "2018-07-31"}), "Cd", "not_in_force"),
        (json!({"land_class": 1, "on": "2018-07-31"}), "As", "not_in_force"),
        (json!({"land_type": "upland", "ph": 6}), "alpha-HCH", "part_of_sum"),
    ] {
        let result = one(&world, &context, &content(substance, "0.01", "mg/kg")).await;
        assert_eq!((&result["outcome"], &result["reason"]), (&json!("not_comparable"), &json!(code)), "{context}");
    }
    // The pH is asked for only where the value turns on it; a standard holds from its first day.
    for (context, substance) in [
        (json!({"land_type": "upland"}), "BaP"),
        (json!({"land_type": "upland"}), "六六六"),
        (json!({"land_class": 1, "on": "2018-08-01"}), "As"),
    ] {
        assert_eq!(one(&world, &context, &content(substance, "0.01", "mg/kg")).await["outcome"], "within");
    }
}

#[tokio::test]
async fn a_context_that_cannot_be_read_is_refused_with_its_place() {
    let world = World::new().await;
    let cadmium = json!([{"substance": "Cd", "value": 1, "unit": "mg/kg"}]);
    for (body, pointer, code) in [
        (json!({"results": [], "context": {"land_class": 1}}), "/results", "result_count"),
        (json!({"context": {"land_class": 1}}), "/results", "bad_field"),
        (json!({"results": cadmium}), "/context", "land_not_said"),
        (json!({"results": cadmium, "context": {"land_class": 3}}), "/context/land_class", "bad_field"),
        (json!({"results": cadmium, "context": {"land": "paddy"}}), "/context/land", "bad_field"),
        (json!({"results": [{"substance": "Cd", "value": [1], "unit": "mg/kg"}]}), "/results/0/value", "bad_field"),
        (json!({"results": [{"value": 1, "unit": "mg/kg"}]}), "/results/0/substance", "bad_field"),
        (json!({"results": cadmium, "context": {"land_type": "paddy", "ph": 14.1}}), "/context/ph", "ph_out_of_range"),
        (json!({"results": cadmium, "context": {"land_type": "paddy", "ph": -9999}}), "/context/ph", "ph_out_of_range"),
        (
            json!({"results": cadmium, "context": {"land_type": "paddy", "ph": "acid"}}),
            "/context/ph",
            "value_not_a_number",
        ),
        (
            json!({"results": cadmium, "context": {"land_type": "paddy", "land_class": 1}}),
            "/context/land_class",
            "context_contradiction",
        ),
        (
            json!({"results": cadmium, "context": {"standard": "GB 36600-2018", "land_type": "paddy"}}),
            "/context/land_type",
            "context_contradiction",
        ),
        (json!({"results": cadmium, "context": {"standard": "GB 3838-2002"}}), "/context/standard", "standard_unknown"),
        (
            json!({"results": cadmium, "context": {"land_use": {"system": "LUSC-2023", "code": "R2"}}}),
            "/context/land_use/code",
            "land_use_code_unknown",
        ),
        (
            json!({"results": cadmium, "context": {"land_class": 1, "division_code": "999999"}}),
            "/context/division_code",
            "unknown_division",
        ),
        (
            json!({"results": cadmium, "context": {"land_class": 1, "background": {"As": {"value": -1, "unit": "mg/kg"}}}}),
            "/context/background/As/value",
            "value_negative",
        ),
        (
            json!({"results": cadmium, "context": {"land_class": 1, "background": {
                "As": {"value": 1, "unit": "mg/kg"}, "砷": {"value": 2, "unit": "mg/kg"}}}}),
            "/context/background/砷",
            "background_twice",
        ),
    ] {
        let problem = expect(world.post("/v1/screen").json(&body), 422).await;
        let faults: Vec<_> = problem["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{problem}"))
            .iter()
            .map(|fault| (fault["pointer"].clone(), fault["code"].clone()))
            .collect();
        assert!(faults.contains(&(json!(pointer), json!(code))), "{body}: {problem}");
    }
    let many: Vec<Value> = (0..10_001).map(|_| json!({"substance": "Cd", "value": 1, "unit": "mg/kg"})).collect();
    let problem =
        expect(world.post("/v1/screen").json(&json!({"results": many, "context": {"land_class": 1}})), 422).await;
    assert!(problem.to_string().contains("result_count"));
}

#[tokio::test]
async fn sums_are_formed_sample_by_sample() {
    let world = World::new().await;
    let part = |sample: &str, substance: &str, value: &str| json!({"substance": substance, "value": value, "unit": "mg/kg", "sample": sample});
    let body = json!({
        "context": {"land_class": "class1"},
        "results": [
            part("a", "108-38-3", "100"), part("b", "m-Xylene", "100"),
            part("a", "106-42-3", "63"), part("b", "p-Xylene", "63.001"),
            part("c", "对二甲苯", "164"), part("d", "间二甲苯", "1"), part("d", "间,对-二甲苯", "1"),
        ]
    });
    let answer = screen(&world, &body.to_string()).await;
    let sums: Vec<_> = answer["results"].as_array().unwrap()[7..].to_vec();
    let found: Vec<_> = sums
        .iter()
        .map(|sum| {
            assert_eq!((&sum["index"], &sum["given"]), (&Value::Null, &Value::Null));
            (sum["sample"].clone(), sum["substance"]["key"].clone(), sum["outcome"].clone(), sum["parts"].clone())
        })
        .collect();
    let sum = |sample: &str, outcome: &str, parts: &[&str]| {
        (json!(sample), json!("m_p_xylene"), json!(outcome), json!(parts))
    };
    assert_eq!(
        found,
        [
            sum("a", "within", &["m_xylene", "p_xylene"]),
            sum("b", "above_screening", &["m_xylene", "p_xylene"]),
            // What is there is too much already.
            sum("c", "above_screening", &["p_xylene"]),
        ]
    );
    let codes: Vec<_> = sums[2]["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].clone()).collect();
    assert_eq!(codes, ["sum_of_parts", "may_exceed_intervention", "sum_incomplete"]);
    assert_eq!(answer["summary"]["sums"], 3);
    // The parts of HCH have no value of their own on farmland; on construction land they do, and the sum has none.
    let hch = json!([
        part("a", "α-六六六", "0.05"),
        part("a", "β-BHC", "0.03"),
        part("a", "lindane", "0.02"),
        part("a", "δ-HCH", "0.01")
    ]);
    let farm = screen(&world, &json!({"context": {"land_type": "upland"}, "results": hch}).to_string()).await;
    assert_eq!(farm["results"][4]["outcome"], "above_screening");
    assert_eq!(farm["results"][4]["value_mg_kg"].to_string(), "0.11");
    let built = screen(&world, &json!({"context": {"land_class": 1}, "results": hch}).to_string()).await;
    let outcomes: Vec<_> = built["results"].as_array().unwrap().iter().map(|r| r["outcome"].clone()).collect();
    assert_eq!(outcomes, ["within", "within", "within", "not_comparable"]);
}

#[tokio::test]
async fn an_unknown_use_is_class_1_and_codes_of_three_systems_choose_the_class() {
    let world = World::new().await;
    let arsenic = content("As", "30", "mg/kg");
    for (context, land, assumed) in [
        (json!({"standard": "GB 36600-2018"}), "class1", true),
        (json!({"standard": "gb36600", "land_class": 2}), "class2", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "R2"}}), "class1", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "A33"}}), "class1", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "A5"}}), "class1", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "A6"}}), "class1", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "G1"}}), "class1", true),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "A35"}}), "class2", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "B1"}}), "class2", false),
        (json!({"land_use": {"system": "GB 50137-2011", "code": "M3"}}), "class2", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "0704"}}), "class1", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "080403"}}), "class1", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "080404"}}), "class1", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "0806"}}), "class1", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "0807"}}), "class1", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "1401"}}), "class1", true),
        (json!({"land_use": {"system": "LUSC-2023", "code": "16"}}), "class1", true),
        (json!({"land_use": {"system": "LUSC-2023", "code": "080401"}}), "class2", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "09"}}), "class2", false),
        (json!({"land_use": {"system": "LUSC-2023", "code": "13"}}), "class2", false),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0701"}}), "class1", false),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0803"}}), "class1", true),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0805"}}), "class1", false),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0810"}}), "class1", true),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0809"}}), "class2", false),
        (json!({"land_use": {"system": "GB/T 21010-2017", "code": "0601"}}), "class2", false),
        // A class that is stated settles what the code leaves open.
        (json!({"land_class": 2, "land_use": {"system": "GB 50137-2011", "code": "G1"}}), "class2", false),
    ] {
        let answer = screen(&world, &json!({"context": context, "results": [arsenic]}).to_string()).await;
        assert_eq!(answer["standard"], "GB 36600-2018");
        assert_eq!(answer["context"]["land"], land, "{context}");
        let assumptions = answer["context"]["assumptions"].as_array().unwrap();
        assert_eq!(assumptions.iter().any(|a| a["code"] == "class1_assumed"), assumed, "{context}");
        let result = &answer["results"][0];
        let reasons = result["reasons"].as_array().unwrap();
        assert_eq!(reasons.iter().any(|reason| reason["code"] == "class1_assumed"), assumed, "{context}");
        assert_eq!(result["outcome"], if land == "class1" { "above_screening" } else { "within" }, "{context}");
    }
    for (code, land, assumption) in [
        ("0101", "paddy", None),
        ("0102", "other", None),
        ("0103", "other", None),
        ("01", "rotation", Some("paddy_or_upland_unknown")),
        ("0201", "orchard", Some("by_reference")),
        ("0301", "other", Some("by_reference")),
        ("0401", "other", Some("by_reference")),
    ] {
        for system in ["GB/T 21010-2017", "LUSC-2023"] {
            let context = json!({"ph": 6, "land_use": {"system": system, "code": code}});
            let answer = screen(&world, &json!({"context": context, "results": [arsenic]}).to_string()).await;
            assert_eq!((&answer["standard"], &answer["context"]["land"]), (&json!("GB 15618-2018"), &json!(land)));
            assert_eq!(answer["context"]["assumptions"][0]["code"].as_str(), assumption, "{system} {code}");
        }
    }
}

#[tokio::test]
async fn background_counts_for_three_substances_on_construction_land() {
    let world = World::new().await;
    let background = json!({"As": {"value": "40", "unit": "mg/kg"}, "钴": {"value": "0.03", "unit": "g/kg"},
                            "7440-62-2": {"value": 200, "unit": "mg/kg"}, "Pb": {"value": 900, "unit": "mg/kg"}});
    let built = json!({"land_class": 1, "background": background});
    for (substance, value, outcome, reason) in [
        ("As", "40", "within", "within_background"),
        ("As", "40.001", "above_screening", "above_background"),
        ("As", "20", "within", ""),
        ("Co", "30", "within", "within_background"),
        ("V", "200.5", "above_screening", "above_background"),
        ("Pb", "500", "above_screening", "background_not_for_substance"),
    ] {
        let result = one(&world, &built, &content(substance, value, "mg/kg")).await;
        assert_eq!(
            (&result["outcome"], result["reason"].as_str().unwrap_or("")),
            (&json!(outcome), reason),
            "{substance} {value} {result}"
        );
    }
    let lifted = one(&world, &built, &content("As", "40", "mg/kg")).await;
    // Both facts are shown: what it is above, and what it is within.
    assert_eq!((&lifted["limit"], &lifted["ratio"]), (&json!(20), &json!(2)));
    assert!(lifted["reasons"][0]["citation"]["article"].as_str().unwrap().contains("①"));
    let extreme = json!({"land_class": 1, "background": {"As": {"value": 500, "unit": "mg/kg"}}});
    let result = one(&world, &extreme, &content("As", "121", "mg/kg")).await;
    assert_eq!(
        (&result["outcome"], &result["reason"]),
        (&json!("above_intervention"), &json!("background_above_intervention"))
    );
    let farm = json!({"land_type": "upland", "ph": 8, "background": background});
    let result = one(&world, &farm, &content("As", "26", "mg/kg")).await;
    assert_eq!(result["outcome"], "above_screening");
}

#[tokio::test]
async fn an_answer_says_which_row_spoke_in_two_languages() {
    let world = World::new().await;
    let result = one(
        &world,
        &json!({"land_type": "paddy", "ph": 6.5, "on": "2020-01-01"}),
        &content("7440-43-9", "2.5", "mg/kg"),
    )
    .await;
    assert_eq!(
        result["substance"],
        json!({"key": "cadmium", "cas": "7440-43-9", "symbol": "Cd", "name_zh": "镉", "name_en": "Cadmium"})
    );
    assert_eq!(result["given"], json!({"substance": "7440-43-9", "value": "2.5", "unit": "mg/kg", "qualifier": ""}));
    assert_eq!(
        (&result["outcome"], &result["outcome_zh"], &result["limit"], result["ratio"].to_string()),
        (&json!("above_intervention"), &json!("超过管制值"), &json!(2), "6.25".to_owned())
    );
    assert_eq!(result["citation"]["article"], "表3 / table 3");
    let screening = &result["screening"];
    assert_eq!(
        json!([
            screening["standard"],
            screening["table"],
            screening["item"],
            screening["printed_zh"],
            screening["land_zh"],
            screening["land_en"],
            screening["ph_gt"],
            screening["ph_le"],
            screening["confidence"],
            screening["local"]
        ]),
        json!(["GB 15618-2018", 1, 1, "镉", "水田", "paddy", 5.5, 6.5, "verified", false])
    );
    assert_eq!(screening["citation"]["number"], "GB 15618-2018");
    // It needs no key, and takes one.
    let key = world.key(Role::LandUser, "152921").await;
    let body = json!({"results": [content("Cd", "1", "mg/kg")], "context": {"land_class": 1}});
    let (_, answer) = expect_response(world.post("/v1/screen").bearer_auth(&key).json(&body), 200).await;
    assert_eq!(answer["on"], "2026-11-21");
    world.clock.move_to(Day::of(2027, 1, 5));
    assert_eq!(screen(&world, &body.to_string()).await["on"], "2027-01-05");
}

#[test]
fn edges_are_next_to_the_value() {
    assert_eq!(edges("0.3"), ["0.3", "0.3001", "0.2999"].map(str::to_owned));
    assert_eq!(edges("20"), ["20", "20.001", "19.999"].map(str::to_owned));
}
