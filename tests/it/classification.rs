//! Classes of farmland units out of samples: hand-computed cases as text tables, and areas of the registry.
//!
//! The tables in `tests/it/classification/` are read line by line; each says at its head what its words mean. Places are in
//! metres east and north of 114.7° E 23.7° N.

use crate::support::{TODAY, World, expect, square};
use jingtu::kernel::{Day, Decimal, FarmlandUnitId, SampleId, SamplingPointId};
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
                    let said = parts
                        .entry(words[1])
                        .or_insert_with(|| unit["parts"].as_array().unwrap().iter().rev().map(part).collect());
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
    assert_eq!(unit["review"]["required"] == json!(true), !unit["review"]["to_confirm"].as_array().unwrap().is_empty());
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
        (
            json!({"division": "441602", "options": {"dominance_percent": 49}}),
            "/options/dominance_percent",
            "out_of_range",
        ),
        (
            json!({"division": "441602", "options": {"outside_survey": "priority"}}),
            "/options/survey_scope",
            "survey_scope_needed",
        ),
        (json!({"unit_ids": [uuid::Uuid::nil()]}), "/unit_ids/0", "unit_unknown"),
        (json!({"units": [unit, unit]}), "/units/1/code", "repeated"),
        (
            json!({"units": [{"code": "U", "land_type": "paddy", "neighbours": ["V"]}]}),
            "/units/0/neighbours/0",
            "unit_unknown",
        ),
        (
            json!({"units": [{"code": "U", "land_type": "paddy", "geometry": {"type": "Point"}}]}),
            "/units/0/geometry/type",
            "geometry_type",
        ),
        (json!({"units": [unit], "samples": [{"unit": "V", "results": []}]}), "/samples/0/unit", "unit_unknown"),
        (json!({"units": [unit], "samples": [{"results": []}]}), "/samples/0", "place_missing"),
        (json!({"units": [unit], "samples": [{"lon": 114, "results": []}]}), "/samples/0/lon", "bad_position"),
        (
            json!({"units": [unit], "samples": [{"unit": "U", "ph": 15, "results": []}]}),
            "/samples/0/ph",
            "ph_out_of_range",
        ),
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

/// A farmland unit of the registry; gives its identifier.
async fn unit_at(world: &World, code: &str, division: &str, x: f64, side_m: f64) -> Value {
    let key = world.key(Role::Agriculture, "000000").await;
    let [lon, lat] = place(x, 0.0);
    let properties = json!({"code": code, "division_code": division, "land_type": "upland"});
    let body = json!({"type": "Feature", "geometry": square(lon, lat, side_m), "properties": properties});
    expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await["id"].clone()
}

/// Soil samples of the registry: code, place in metres, day, class by Cd on upland at pH 6.
async fn taken(world: &World, samples: &[(&str, (f64, f64), &str, usize)]) {
    let mut act = world.act(Permission::FarmlandWrite).await;
    for (code, (x, y), day, class) in samples {
        let [lon, lat] = place(*x, *y);
        let (point, sample) = (SamplingPointId::new(act.now()).0, SampleId::new(act.now()).0);
        sqlx::query(
            "insert into sampling_point (id, code, division_code, program, geom)
             values ($1, $2, '441602', 'survey', st_setsrid(st_makepoint($3, $4), 4490))",
        )
        .bind(point)
        .bind(code)
        .bind(lon)
        .bind(lat)
        .execute(act.tx())
        .await
        .unwrap();
        sqlx::query(
            "insert into sampling_sample (id, point_id, code, program, medium, sampled_on, ph)
             values ($1, $2, $3, 'survey', 'soil', $4::date, 6)",
        )
        .bind(sample)
        .bind(point)
        .bind(format!("S-{code}"))
        .bind(Day::parse(day).unwrap())
        .execute(act.tx())
        .await
        .unwrap();
        for (substance, content) in ["cadmium", "mercury", "arsenic", "lead", "chromium"].iter().zip([
            CD[class - 1],
            CLEAN[1],
            CLEAN[2],
            CLEAN[3],
            CLEAN[4],
        ]) {
            sqlx::query(
                "insert into sampling_result (id, sample_id, substance, below, value, unit, mg_kg)
                 values (gen_random_uuid(), $1, $2, false, $3::numeric, 'mg/kg', $3::numeric)",
            )
            .bind(sample)
            .bind(substance)
            .bind(content.parse::<Decimal>().unwrap())
            .execute(act.tx())
            .await
            .unwrap();
        }
    }
    act.note("sampling/test", json!({"samples": samples.len()}));
    act.finish(Reply::nothing()).await.unwrap();
}

fn classes(answer: &Value) -> Vec<(String, String)> {
    let text = |unit: &Value, name: &str| unit[name].as_str().unwrap().to_owned();
    answer["units"].as_array().unwrap().iter().map(|unit| (text(unit, "code"), text(unit, "class"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(code, class)| ((*code).to_owned(), (*class).to_owned())).collect()
}

#[tokio::test]
async fn an_area_of_the_registry_is_classed_as_it_was_on_a_day_and_known_then() {
    let world = World::new().await;
    // In a row and touching: A, B, C; D apart.
    let a = unit_at(&world, "A", "441602", 0.0, 1000.0).await;
    for (code, x) in [("B", 1000.0), ("C", 2000.0), ("D", 9000.0)] {
        unit_at(&world, code, "441602", x, 1000.0).await;
    }
    taken(&world, &[("a", (300.0, 300.0), "2023-05-01", 1), ("c", (2500.0, 300.0), "2024-05-01", 1)]).await;
    let before = world.clock.now();
    world.clock.advance(chrono::Duration::hours(1));
    taken(&world, &[("a2", (310.0, 310.0), "2025-05-01", 3), ("d", (9500.0, 300.0), "2025-05-01", 2)]).await;

    let key = world.key(Role::Agriculture, "441600").await;
    let ask = |body: Value| world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body);
    let now = expect(ask(json!({"division": "441602"})), 200).await;
    // A has a class-3 and a class-1 point; B touches A and C, which differ.
    let expected = [("A", "strict_control"), ("B", "unclassified"), ("C", "priority_protection"), ("D", "safe_use")];
    assert_eq!(classes(&now), pairs(&expected));
    assert_eq!(now["units"][0]["samples_used"], json!(["S-a", "S-a2"]));
    assert_eq!(now["units"][0]["id"], a);
    // On a day before the later samples, and as known before they were entered, B follows A and C.
    let expected = [
        ("A", "priority_protection"),
        ("B", "priority_protection"),
        ("C", "priority_protection"),
        ("D", "unclassified"),
    ];
    assert_eq!(classes(&expect(ask(json!({"division": "441602", "on": "2024-12-31"})), 200).await), pairs(&expected));
    assert_eq!(classes(&expect(ask(json!({"division": "441602", "known_at": before})), 200).await), pairs(&expected));
    // Before C was sampled, A alone says it.
    let then = expect(ask(json!({"division": "441602", "on": "2023-12-31"})), 200).await;
    assert_eq!(then["units"][1]["elements"]["Cd"]["source"], "neighbours");
    assert_eq!(then["units"][2]["class"], "unclassified");

    // One unit looks at neighbours that were not asked for.
    let [west, south] = place(1200.0, 100.0);
    let [east, north] = place(1300.0, 200.0);
    let body = json!({"bbox": format!("{west},{south},{east},{north}"), "on": "2024-12-31"});
    assert_eq!(classes(&expect(ask(body), 200).await), pairs(&[("B", "priority_protection")]));
    let geometry = square(place(-50.0, -50.0)[0], place(-50.0, -50.0)[1], 100.0);
    let by_area = expect(ask(json!({"geometry": geometry})), 200).await;
    assert_eq!(classes(&by_area), pairs(&[("A", "strict_control")]));
    assert_eq!(classes(&expect(ask(json!({"unit_ids": [a], "outlines": true})), 200).await), classes(&by_area));

    // Outside the survey's scope, only where nothing else is known.
    let scope = square(place(-100.0, -100.0)[0], place(-100.0, -100.0)[1], 4000.0);
    let options = json!({"outside_survey": "priority", "survey_scope": scope});
    let body = json!({"division": "441602", "on": "2024-12-31", "options": options});
    let scoped = expect(ask(body), 200).await;
    assert_eq!(classes(&scoped)[3].1, "priority_protection");
    assert_eq!(scoped["units"][3]["elements"]["Cd"]["source"], "outside_survey");

    // How much is told.
    let summary = expect(ask(json!({"division": "441602", "detail": "summary"})), 200).await;
    assert_eq!((&summary["units"], &summary["review_required"]), (&json!([]), &json!(2)));
    let brief = expect(ask(json!({"division": "441602", "detail": "classes"})), 200).await;
    assert_eq!(classes(&brief), classes(&now));
    assert_eq!(brief["units"][0].get("steps"), None);
    assert_eq!(brief["units"][0]["elements"]["Cd"]["class"], 3);
    // Nothing was written: every class is what it was.
    let page = expect(world.get("/v1/farmland-units").bearer_auth(&key), 200).await;
    assert!(page["features"].as_array().unwrap().iter().all(|f| f["properties"]["class"] == "unclassified"));
}

#[tokio::test]
async fn nobody_classes_units_that_they_may_not_see() {
    let world = World::new().await;
    let hidden = unit_at(&world, "HIDDEN", "140602", 0.0, 1000.0).await;
    unit_at(&world, "SEEN", "441602", 1000.0, 1000.0).await;
    taken(&world, &[("h", (300.0, 300.0), "2023-05-01", 2)]).await;
    let key = world.key(Role::CountyEcology, "441602").await;
    let ask = |body: Value| world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body);
    assert_eq!(expect(ask(json!({"unit_ids": [hidden]})), 422).await["errors"][0]["code"], "unit_unknown");
    assert_eq!(classes(&expect(ask(json!({"division": "140602"})), 200).await), []);
    // It counts as a neighbour, and neither its code nor its samples are told.
    let answer = expect(ask(json!({"division": "441602"})), 200).await;
    assert_eq!(classes(&answer), pairs(&[("SEEN", "safe_use")]));
    let text = answer.to_string();
    assert!(!text.contains("HIDDEN") && !text.contains("S-h"), "{text}");
    let nobody = world.post("/v1/farmland-units/classify").json(&json!({"division": "441602"}));
    expect(nobody, 401).await;
}

#[tokio::test]
async fn an_adjustment_is_given_what_the_samples_say() {
    let world = World::new().await;
    let a = unit_at(&world, "A", "441602", 0.0, 1000.0).await;
    taken(&world, &[("a", (300.0, 300.0), "2023-05-01", 3)]).await;
    let mut conn = world.app.db().acquire().await.unwrap();
    let id = a.as_str().unwrap().parse().unwrap();
    let overrides = &world.app.config().parameters;
    let found = farmland::findings(&mut conn, &[id], TODAY, None, overrides, &[None; 5]).await.unwrap();
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.unit, finding.class), (id, "strict_control"));
    assert_eq!(finding.elements, [Some(3), Some(1), Some(1), Some(1), Some(1)]);
    assert_eq!(finding.json["elements"]["Cd"]["points"][0]["value_mg_kg"], 3);
    assert_eq!(finding.json["samples_used"], json!(["S-a"]));
    let unknown = FarmlandUnitId(uuid::Uuid::nil());
    assert!(farmland::findings(&mut conn, &[unknown], TODAY, None, overrides, &[None; 5]).await.unwrap().is_empty());
}

/// Proposes classes for units by what their samples say.
fn proposal(units: &Value) -> Value {
    json!({
        "division_code": "441602", "trigger": "routine_monitoring", "units": units, "evidence": {"text": "例行监测"},
        "classify": {},
    })
}

#[tokio::test]
async fn a_proposal_is_filled_by_what_the_samples_say() {
    let world = World::new().await;
    let a = unit_at(&world, "A", "441602", 0.0, 1000.0).await;
    let b = unit_at(&world, "B", "441602", 9000.0, 1000.0).await;
    taken(&world, &[("a", (300.0, 300.0), "2023-05-01", 3)]).await;
    let key = world.key(Role::Agriculture, "441602").await;
    let propose = |body: Value| world.post("/v1/class-adjustments").bearer_auth(&key).json(&body);
    let faults = |problem: &Value| {
        let error = &problem["errors"][0];
        (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
    };
    let said = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    // Nobody knows anything of B; and another class than the samples' needs a reason.
    let refused = expect(propose(proposal(&json!([{"unit_id": a}, {"unit_id": b}]))), 422).await;
    assert_eq!(faults(&refused), said("/units/1/class", "class_not_found"));
    let refused = expect(propose(proposal(&json!([{"unit_id": a, "class": "safe_use"}]))), 422).await;
    assert_eq!(faults(&refused), said("/units/0/reason", "reason_needed"));
    let mut bare = proposal(&json!([{"unit_id": a}]));
    bare.as_object_mut().unwrap().remove("classify");
    assert_eq!(faults(&expect(propose(bare), 422).await), said("/units/0/class", "missing"));
    let mut odd = proposal(&json!([{"unit_id": a}]));
    odd["classify"]["options"] = json!({"min_contiguous": 0});
    assert_eq!(faults(&expect(propose(odd), 422).await), said("/classify/options/min_contiguous", "out_of_range"));

    let units = json!([{"unit_id": a}, {"unit_id": b, "class": "safe_use", "reason": "专家判定"}]);
    let made = expect(propose(proposal(&units)), 201).await;
    let unit = &made["units"][0];
    assert_eq!((&unit["class"], &unit["elements"]["Cd"]), (&json!("strict_control"), &json!(3)));
    let address = |unit: &Value| {
        format!("/v1/class-adjustments/{}/units/{}/finding", made["id"].as_str().unwrap(), unit.as_str().unwrap())
    };
    let kept = expect(world.get(&address(&a)).bearer_auth(&key), 200).await;
    assert_eq!((&kept["code"], &kept["samples_used"]), (&json!("A"), &json!(["S-a"])));
    assert_eq!(expect(world.get(&address(&b)).bearer_auth(&key), 200).await["class"], "unclassified");
    let elsewhere = world.key(Role::Agriculture, "152921").await;
    expect(world.get(&address(&a)).bearer_auth(&elsewhere), 404).await;
    expect(world.get(&address(&json!(uuid::Uuid::nil()))).bearer_auth(&key), 404).await;
}

/// A county: units on a grid of `columns` × `rows`, 200 m wide, and a point with five results in every second one; 2 % of the
/// points are over in Cd. Written by SQL, with the tracks that registration writes.
async fn county(world: &World, columns: i32, rows: i32) {
    let mut act = world.act(Permission::FarmlandWrite).await;
    for statement in [
        "insert into farmland_unit (id, code, division_code, land_type, class, area_m2, geom)
         select gen_random_uuid(), format('G%s-%s', lpad(x::text, 4, '0'), lpad(y::text, 4, '0')), '441602', 'upland', 'unclassified',
             40000, st_makeenvelope(114 + x * 0.002, 23 + y * 0.002, 114.002 + x * 0.002, 23.002 + y * 0.002, 4490)
         from generate_series(0, $1 - 1) as x, generate_series(0, $2 - 1) as y",
        "insert into farmland_class (id, unit_id, class, trigger)
         select gen_random_uuid(), id, class, 'registered' from farmland_unit where $1 > 0 and $2 > 0",
        "insert into farmland_land_type (id, unit_id, land_type)
         select gen_random_uuid(), id, land_type from farmland_unit where $1 > 0 and $2 > 0",
        "insert into sampling_point (id, code, division_code, program, geom)
         select gen_random_uuid(), format('P%s-%s', x, y), '441602', 'survey',
             st_setsrid(st_makepoint(114.001 + x * 0.002, 23.001 + y * 0.002), 4490)
         from generate_series(0, $1 - 1) as x, generate_series(0, $2 - 1) as y where (x + y) % 2 = 0",
        "insert into sampling_sample (id, point_id, code, program, medium, sampled_on, ph)
         select gen_random_uuid(), id, 'S' || code, program, 'soil', '2024-05-01', 6 from sampling_point where $1 > 0 and $2 > 0",
        "insert into sampling_result (id, sample_id, substance, below, value, unit, mg_kg)
         select gen_random_uuid(), s.id, v.substance, false, c.content, 'mg/kg', c.content
         from sampling_sample as s
             cross join (values ('cadmium', 0.1), ('mercury', 0.1), ('arsenic', 10), ('lead', 10), ('chromium', 10))
                 as v (substance, clean)
             cross join lateral (select case when v.substance = 'cadmium' and abs(hashtext(s.code)) % 50 = 0 then 1.5
                 else v.clean end as content) as c
         where $1 > 0 and $2 > 0",
    ] {
        sqlx::query(statement).bind(columns).bind(rows).execute(act.tx()).await.unwrap();
    }
    act.note("farmland/test", json!({"columns": columns, "rows": rows}));
    act.finish(Reply::nothing()).await.unwrap();
    sqlx::query("analyze").execute(world.app.db()).await.unwrap();
}

/// What a grid must come to: sampled units say what their point says, the others what all their neighbours say.
async fn reckoned(world: &World) -> BTreeMap<String, u64> {
    let mut conn = world.app.db().acquire().await.unwrap();
    for statement in [
        "create temp table own as select u.id, u.geom, (select max(r.value) from sampling_point as p
                 join sampling_sample as s on s.point_id = p.id
                 join sampling_result as r on r.sample_id = s.id and r.substance = 'cadmium'
             where p.geom && u.geom and st_intersects(u.geom, p.geom)) as cd
         from farmland_unit as u",
        "create index on own using gist (geom) where cd is not null",
        "analyze own",
    ] {
        sqlx::query(statement).execute(&mut *conn).await.unwrap();
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "with classed as (
             select case when o.cd > 0.3 then 'safe_use' when o.cd is not null then 'priority_protection' else (
                 select case when count(*) = 0 or min(n.cd) is distinct from max(n.cd) then 'unclassified'
                     when max(n.cd) > 0.3 then 'safe_use' else 'priority_protection' end
                 from own as n where n.cd is not null and st_intersects(n.geom, o.geom)) end as class
             from own as o)
         select class, count(*) from classed group by class",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    rows.into_iter().map(|(class, n)| (class, u64::try_from(n).unwrap())).collect()
}

fn counted(answer: &Value) -> BTreeMap<String, u64> {
    let counts = answer["counts"].as_array().unwrap().iter();
    counts
        .map(|count| (count["class"].as_str().unwrap().to_owned(), count["units"].as_u64().unwrap()))
        .filter(|(_, n)| *n > 0)
        .collect()
}

#[tokio::test]
async fn a_grid_comes_to_what_plain_sql_reckons() {
    let world = World::new().await;
    county(&world, 40, 30).await;
    let key = world.key(Role::Agriculture, "441600").await;
    let post = world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&json!({"division": "440000"}));
    let answer = expect(post, 200).await;
    assert_eq!(counted(&answer), reckoned(&world).await);
    assert_eq!(counted(&answer).len(), 3, "every class and none is there: {:?}", counted(&answer));
    // More than a thousand units: the classes, without the steps.
    assert_eq!((answer["units"].as_array().unwrap().len(), answer["units"][0].get("steps")), (1200, None));
    assert_eq!(answer["detail"], "classes");
}

/// A county of 100,000 units and 50,000 samples in seconds: `cargo test --release -- --ignored classification::a_county`.
#[tokio::test]
#[ignore = "a measurement, to be run by hand"]
async fn a_county_of_a_hundred_thousand_units() {
    let world = World::new().await;
    let begun = std::time::Instant::now();
    county(&world, 400, 250).await;
    println!("100,000 units, 50,000 samples and 250,000 results written in {:.1} s", begun.elapsed().as_secs_f64());
    let key = world.key(Role::Agriculture, "441600").await;
    let expected = {
        let begun = std::time::Instant::now();
        let reckoned = reckoned(&world).await;
        println!("plain SQL, Cd only: {:.2} s", begun.elapsed().as_secs_f64());
        reckoned
    };
    for body in [
        json!({"division": "441602", "detail": "summary"}),
        json!({"division": "441602"}),
        json!({"division": "441602", "detail": "steps"}),
        json!({"bbox": "114.0,23.0,114.8,23.5"}),
        json!({"bbox": "114.1,23.1,114.12,23.12"}),
    ] {
        for _ in 0..2 {
            let begun = std::time::Instant::now();
            let post = world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body);
            let response = post.send().await.unwrap();
            let headers = begun.elapsed();
            let bytes = response.bytes().await.unwrap();
            let whole = begun.elapsed();
            let answer: Value = serde_json::from_slice(&bytes).unwrap();
            let units = counted(&answer).values().sum::<u64>();
            println!(
                "{body}: {units} units, first byte {:.2} s, whole {:.2} s, {:.1} MB, {:.0} units/s",
                headers.as_secs_f64(),
                whole.as_secs_f64(),
                f64::from(u32::try_from(bytes.len()).unwrap()) / 1e6,
                f64::from(u32::try_from(units).unwrap()) / whole.as_secs_f64()
            );
            if units == 100_000 {
                assert_eq!(counted(&answer), expected);
            }
        }
    }
}
