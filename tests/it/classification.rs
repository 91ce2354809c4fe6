//! Classes of farmland units out of samples: hand-computed cases as text tables, and areas of the registry.
//!
//! The tables in `tests/it/classification/` are read line by line; each says at its head what its words mean. Places are in
//! metres east and north of 114.7° E 23.7° N.

use crate::support::{World, expect, square};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::farmland;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const ELEMENTS: [&str; 5] = ["Cd", "Hg", "As", "Pb", "Cr"];
/// Contents of Cd, Hg, As, Pb and Cr that are clean on every land at every pH.
const CLEAN: [&str; 5] = ["0.1", "0.1", "10", "10", "10"];
/// Contents of Cd that stand for the classes on upland at pH 6.
const CD: [&str; 3] = ["0.1", "1", "3"];

/// Longitude and latitude of a place in metres.
fn place(x: f64, y: f64) -> [f64; 2] {
    let lat = 23.7 + y / 111_000.0;
    [114.7 + x / 111_000.0 / lat.to_radians().cos(), lat]
}

/// A case of a table: the request, and what is expected of its units.
#[derive(Default)]
struct Case {
    title: String,
    options: Map<String, Value>,
    units: Vec<Value>,
    samples: Vec<Value>,
    expected: Vec<Vec<String>>,
}

impl Case {
    fn request(&self) -> Value {
        json!({"units": self.units, "samples": self.samples, "options": self.options, "detail": "steps"})
    }

    fn soil(&mut self, unit: &str, point: &str, at: Option<[f64; 2]>, ph: &str, contents: [&str; 5]) {
        let results: Vec<Value> = ELEMENTS
            .iter()
            .zip(contents)
            .filter(|(_, content)| *content != "-")
            .map(|(element, content)| json!({"substance": element, "value": content, "unit": "mg/kg"}))
            .collect();
        let mut sample = json!({"id": format!("{unit}/{point}"), "unit": unit, "point": point, "results": results});
        if let Some([lon, lat]) = at {
            (sample["lon"], sample["lat"]) = (json!(lon), json!(lat));
        }
        if ph != "-" {
            sample["ph"] = json!(ph);
        }
        self.samples.push(sample);
    }

    fn classed(&mut self, unit: &str, n: usize, at: Option<[f64; 2]>, class: &str) {
        let cd = CD[class.parse::<usize>().expect("a class") - 1];
        let name = char::from(b'A' + u8::try_from(n).expect("few points")).to_string();
        self.soil(unit, &name, at, "6", [cd, CLEAN[1], CLEAN[2], CLEAN[3], CLEAN[4]]);
    }

    fn product(&mut self, unit: &str, n: usize, percent: &str, limit: bool) {
        let results: Vec<Value> = ELEMENTS
            .iter()
            .map(|element| {
                let content = if *element == "Cd" { percent } else { "10" };
                let mut result = json!({"substance": element, "value": content, "unit": "ug/kg"});
                if limit {
                    result["limit"] = json!({"value": "0.1", "unit": "mg/kg"});
                }
                result
            })
            .collect();
        self.samples.push(json!({"id": format!("{unit}/P{n}"), "unit": unit, "medium": "crop", "results": results}));
    }

    /// Reads a line of a case.
    fn line(&mut self, words: &[&str]) {
        let number = |word: &str| word.parse::<f64>().expect("a number");
        match words {
            ["option", name, value] => {
                let value = value.parse::<u32>().map_or_else(|_| json!(value), |number| json!(number));
                self.options.insert((*name).to_owned(), value);
            }
            ["unit", code, land, rest @ ..] => {
                let touches = rest.iter().position(|word| *word == "touches").map_or(&[][..], |at| &rest[at + 1..]);
                self.units.push(json!({
                    "code": code, "land_type": land, "rotation": rest.contains(&"rotation"),
                    "outside_survey": rest.contains(&"outside"), "neighbours": touches,
                }));
            }
            ["soil", point, x, y, ph, cd, hg, arsenic, pb, cr, rest @ ..] => {
                let unit = if let ["in", unit] = rest { *unit } else { "U" };
                let at = Some(place(number(x), number(y)));
                self.soil(unit, point, at, ph, [*cd, *hg, *arsenic, *pb, *cr]);
            }
            ["soilclass", unit, class] => self.classed(unit, 0, None, class),
            ["dots", unit, classes @ ..] => {
                for (n, class) in classes.iter().enumerate() {
                    self.classed(unit, n, Some(place(500.0 * f64::from(u32::try_from(n).expect("few")), 0.0)), class);
                }
            }
            ["grid", unit, classes @ ..] => {
                let (mut column, mut row, mut n) = (0.0, 0.0, 0);
                for class in classes {
                    if *class == "/" {
                        (column, row) = (0.0, row - 500.0);
                    } else {
                        self.classed(unit, n, Some(place(column, row)), class);
                        (column, n) = (column + 500.0, n + 1);
                    }
                }
            }
            ["list", unit, classes @ ..] => {
                for (n, class) in classes.iter().enumerate() {
                    self.classed(unit, n, None, class);
                }
            }
            ["products", unit, percents @ ..] => {
                let limit = !percents.contains(&"nolimit");
                for (n, percent) in percents.iter().filter(|word| **word != "nolimit").enumerate() {
                    self.product(unit, n, percent, limit);
                }
            }
            ["is" | "step" | "part" | "left" | "review" | "crop", ..] => {
                self.expected.push(words.iter().map(|word| (*word).to_owned()).collect());
            }
            _ => panic!("{}: `{}` is no line of a case", self.title, words.join(" ")),
        }
    }

    /// Holds an answer against what is expected; gives what differs.
    fn differences(&self, answer: &Value) -> Vec<String> {
        let units: BTreeMap<&str, &Value> =
            answer["units"].as_array().unwrap().iter().map(|unit| (unit["code"].as_str().unwrap(), unit)).collect();
        let mut wrong = Vec::new();
        let mut parts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for expected in &self.expected {
            let words: Vec<&str> = expected.iter().map(String::as_str).collect();
            let unit = units[words[1]];
            let found = match &words[..] {
                ["is", _, _, _, _, _, _, _] => {
                    let classes = ELEMENTS.map(|element| class(&unit["elements"][element]["class"]));
                    format!("{} {}", classes.join(" "), unit["class"].as_str().unwrap())
                }
                ["is", _, _, _] => {
                    format!("{} {}", class(&unit["elements"]["Cd"]["class"]), unit["class"].as_str().unwrap())
                }
                ["step", _, "--", ..] => format!("-- {}", codes(&unit["steps"])),
                ["step", _, element, ..] => format!("{element} {}", codes(&unit["elements"][*element]["steps"])),
                ["part", ..] => {
                    let said = parts.entry(words[1]).or_insert_with(|| {
                        unit["parts"].as_array().unwrap().iter().rev().map(part).collect()
                    });
                    said.pop().unwrap_or_default()
                }
                ["left", ..] => unit["remainder"]["class"].as_str().unwrap_or("nothing").to_owned(),
                ["review", ..] => review(unit).to_owned(),
                ["crop", ..] => crop(&unit["crop"]),
                _ => unreachable!("other lines are not kept"),
            };
            let wanted = words[2..].join(" ");
            if found != wanted {
                wrong.push(format!("{}: {} of {}: {found}, not {wanted}", self.title, words[0], words[1]));
            }
        }
        wrong
    }
}

fn class(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |class| class.to_string())
}

fn codes(steps: &Value) -> String {
    let codes: Vec<&str> = steps.as_array().unwrap().iter().map(|step| step["code"].as_str().unwrap()).collect();
    codes.join(" ")
}

fn part(part: &Value) -> String {
    let points: Vec<&str> = part["points"].as_array().unwrap().iter().map(|point| point.as_str().unwrap()).collect();
    format!("{} {} {}", part["kind"].as_str().unwrap(), part["class"].as_str().unwrap(), points.join(" "))
}

fn review(unit: &Value) -> &'static str {
    let yes = |name: &str| unit[name] == json!(true);
    assert_eq!(
        unit["review"]["required"] == json!(true),
        !unit["review"]["to_confirm"].as_array().unwrap().is_empty()
    );
    match (yes("needs_expert"), yes("needs_field_check"), unit["review"]["required"] == json!(true)) {
        (true, false, true) => "expert",
        (false, true, true) => "field",
        (false, false, true) => "confirm",
        (false, false, false) => "none",
        _ => "both",
    }
}

fn crop(crop: &Value) -> String {
    let counts: Vec<String> = crop["counts"].as_array().unwrap().iter().map(Value::to_string).collect();
    let relaxed = if crop["relaxed"] == json!(true) { "relaxed" } else { "kept" };
    format!("{} {} {relaxed}", crop["tested"], counts.join("/"))
}

/// The cases of a table.
fn cases(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/classification").join(name);
    let text = std::fs::read_to_string(&path).expect("the table");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            cases.push(Case { title: format!("{name}: {title}"), ..Case::default() });
        } else if let Some(case) = cases.last_mut()
            && !line.trim().is_empty()
        {
            case.line(&line.split_whitespace().collect::<Vec<_>>());
        }
    }
    assert!(cases.iter().all(|case| !case.expected.is_empty()) && cases.len() > 10, "{name} has cases");
    cases
}

async fn hold(table: &str) {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let mut wrong = Vec::new();
    for case in cases(table) {
        let post = world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&case.request());
        wrong.extend(case.differences(&expect(post, 200).await));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn points_are_classed_as_the_table_has_it() {
    hold("points.txt").await;
}

#[tokio::test]
async fn units_are_classed_as_the_table_has_it() {
    hold("units.txt").await;
}

#[tokio::test]
async fn products_are_heard_as_the_table_has_it() {
    hold("crops.txt").await;
}

/// A soil sample with a class by Cd on upland, at a place.
fn soil_at(id: &str, [lon, lat]: [f64; 2], class: usize) -> Value {
    let results: Vec<Value> = ELEMENTS
        .iter()
        .zip([CD[class - 1], CLEAN[1], CLEAN[2], CLEAN[3], CLEAN[4]])
        .map(|(element, content)| json!({"substance": element, "value": content, "unit": "mg/kg"}))
        .collect();
    json!({"id": id, "lon": lon, "lat": lat, "ph": 6, "results": results})
}

#[tokio::test]
async fn samples_and_neighbours_are_found_by_outlines() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let unit = |code: &str, x: f64| {
        let [lon, lat] = place(x, 0.0);
        json!({"code": code, "land_type": "upland", "geometry": square(lon, lat, 1000.0), "class": "unclassified"})
    };
    // A, B and C in a row, each 1 km wide; C touches B, and D lies apart.
    let units = [unit("A", 0.0), unit("B", 1000.0), unit("C", 2000.0), unit("D", 9000.0)];
    let samples = [
        soil_at("a", place(500.0, 500.0), 1),
        soil_at("b", place(1500.0, 500.0), 2),
        soil_at("nowhere", place(7000.0, 500.0), 3),
    ];
    let body = json!({"units": units, "samples": samples});
    let answer = expect(world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body), 200).await;
    let classes: Vec<&str> =
        answer["units"].as_array().unwrap().iter().map(|unit| unit["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["priority_protection", "safe_use", "safe_use", "unclassified"]);
    assert_eq!(answer["samples_outside"], json!(["nowhere"]));
    let area = |n: usize| answer["units"][n]["area_m2"].as_f64().unwrap();
    let count = |class: &str| {
        let found = answer["counts"].as_array().unwrap().iter().find(|count| count["class"] == class).unwrap();
        (found["units"].as_u64().unwrap(), found["area_m2"].as_f64().unwrap())
    };
    assert_eq!(count("safe_use"), (2, area(1) + area(2)));
    assert_eq!(count("strict_control"), (0, 0.0));
    let to_safe = answer["moves"].as_array().unwrap().iter().find(|one| one["to"] == "safe_use").unwrap();
    assert_eq!((&to_safe["from"], &to_safe["units"]), (&json!("unclassified"), &json!(2)));
    let mu = to_safe["area_mu"].as_f64().unwrap();
    assert!((mu - (area(1) + area(2)) * 15.0 / 10_000.0).abs() < 1e-6);
}

#[tokio::test]
async fn outlines_are_suggested_for_parts() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let [lon, lat] = place(0.0, 0.0);
    let units = [json!({"code": "U", "land_type": "upland", "geometry": square(lon, lat, 12_000.0)})];
    let samples: Vec<Value> = [1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1]
        .iter()
        .enumerate()
        .map(|(n, class)| {
            soil_at(&format!("{n:02}"), place(500.0 + 1000.0 * f64::from(u32::try_from(n).unwrap()), 6000.0), *class)
        })
        .collect();
    let body = json!({"units": units, "samples": samples, "outlines": true});
    let answer = expect(world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body), 200).await;
    let unit = &answer["units"][0];
    let part = &unit["parts"][0];
    assert_eq!((&part["kind"], &part["points"]), (&json!("sub_unit"), &json!(["06", "07"])));
    // Each point stands for a stripe of a twelfth of the unit.
    let share = part["area_m2"].as_f64().unwrap() / unit["area_m2"].as_f64().unwrap();
    assert!((share - 2.0 / 12.0).abs() < 1e-3, "{share}");
    let ring = part["outline"]["coordinates"][0].as_array().unwrap();
    assert_eq!(part["outline"]["type"], "Polygon");
    let west = ring.iter().map(|at| at[0].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
    assert!((west - place(6000.0, 6000.0)[0]).abs() < 1e-4, "{west}");
}

#[tokio::test]
async fn wrong_requests_are_refused_with_every_fault_in_its_place() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let post = |body: Value| world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body);
    let said = |problem: &Value| -> Vec<(String, String)> {
        let errors = problem["errors"].as_array().unwrap().iter();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        errors.map(|error| (text(error, "pointer"), text(error, "code"))).collect()
    };
    let unit = json!({"code": "U", "land_type": "paddy"});
    for (body, place, code) in [
        (json!({}), "", "one_of"),
        (json!({"division": "441602", "bbox": "1,2,3,4"}), "", "one_of"),
        (json!({"division": "441602", "samples": []}), "/samples", "units_needed"),
        (json!({"bbox": "1,2,3"}), "/bbox", "bad_bbox"),
        (json!({"division": "441602", "on": "2018-07-31"}), "/on", "standard_not_in_force"),
        (json!({"division": "441602", "options": {"dominance_percent": 49}}), "/options/dominance_percent", "out_of_range"),
        (
            json!({"division": "441602", "options": {"outside_survey": "priority"}}),
            "/options/survey_scope",
            "survey_scope_needed",
        ),
        (json!({"unit_ids": [uuid::Uuid::nil()]}), "/unit_ids/0", "unit_unknown"),
        (json!({"units": [unit, unit]}), "/units/1/code", "repeated"),
        (json!({"units": [{"code": "U", "land_type": "paddy", "neighbours": ["V"]}]}), "/units/0/neighbours/0", "unit_unknown"),
        (json!({"units": [{"code": "U", "land_type": "paddy", "geometry": {"type": "Point"}}]}), "/units/0/geometry/type", "geometry_type"),
        (json!({"units": [unit], "samples": [{"unit": "V", "results": []}]}), "/samples/0/unit", "unit_unknown"),
        (json!({"units": [unit], "samples": [{"results": []}]}), "/samples/0", "place_missing"),
        (json!({"units": [unit], "samples": [{"lon": 114, "results": []}]}), "/samples/0/lon", "bad_position"),
        (json!({"units": [unit], "samples": [{"unit": "U", "ph": 15, "results": []}]}), "/samples/0/ph", "ph_out_of_range"),
        (
            json!({"units": [unit], "samples": [{"unit": "U", "results": [{"substance": "Cd", "value": -9999, "unit": "mg/kg"}]}]}),
            "/samples/0/results/0/value",
            "value_sentinel",
        ),
        (
            json!({"units": [unit], "samples": [{"unit": "U", "results": [{"substance": "Xx", "value": 1, "unit": "mg/kg"}]}]}),
            "/samples/0/results/0/substance",
            "substance_unknown",
        ),
        (
            json!({"units": [unit], "samples": [{"unit": "U", "results": [{"substance": "Cd", "value": 1, "unit": "mg/L"}]}]}),
            "/samples/0/results/0/unit",
            "unit_unknown",
        ),
    ] {
        let problem = expect(post(body.clone()), 422).await;
        assert!(said(&problem).contains(&(place.to_owned(), code.to_owned())), "{body}: {problem}");
    }
    let misspelt = json!({"division": "441602", "optoins": {}});
    assert_eq!(expect(post(misspelt), 422).await["errors"][0]["pointer"], "/optoins");
}

#[tokio::test]
async fn the_numbers_say_where_they_come_from() {
    let mut config = jingtu::config::Config::default();
    config.parameters.entry("class_crop_min_samples".to_owned()).or_default().insert("440000".to_owned(), 5);
    let world = World::with(config).await;
    let key = world.key(Role::Auditor, "000000").await;
    let units = json!([
        {"code": "U", "land_type": "paddy", "division_code": "441602"},
        {"code": "V", "land_type": "paddy", "division_code": "140602"},
    ]);
    let body = json!({"units": units, "options": {"dominance_percent": 90}});
    let answer = expect(world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body), 200).await;
    let said: Vec<(&str, u64, &str, &str)> = answer["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| {
            let text = |name: &str| option[name].as_str().unwrap();
            assert_eq!(text("confidence"), "unconfirmed");
            (text("id"), option["value"].as_u64().unwrap(), text("source"), text("jurisdiction"))
        })
        .collect();
    assert_eq!(
        said,
        [
            ("class_dominance_percent", 90, "request", ""),
            ("class_min_contiguous", 2, "default", ""),
            ("class_crop_min_samples", 3, "default", ""),
            ("class_crop_min_samples", 5, "configured", "44"),
            ("class_crop_share_percent", 65, "default", ""),
            ("class_crop_heavy_percent", 200, "default", ""),
        ]
    );
    assert!(answer["citations"].as_array().unwrap().iter().any(|c| c["number"] == "环办土壤〔2019〕53号"));
}
