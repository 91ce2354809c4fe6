//! Siting checks over HTTP: the table of cases, and the answer on record.

use crate::loading::{counts, feature, load};
use crate::support::{World, expect, expect_response, forged, in_zone_35};
use jingtu::config::Config;
use jingtu::platform::Role;
use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const CASES: &str = include_str!("siting/cases.txt");
const HERE: &str = "152921";

/// Where metres of the table are counted from.
const ORIGINS: [(&str, f64, f64); 6] = [
    ("152921", 105.6, 38.8),
    ("152922", 101.6, 39.2),
    ("152971", 106.6, 39.4),
    ("140602", 112.4, 39.3),
    ("441602", 114.66, 23.75),
    ("150402", 118.97, 42.2),
];

fn position(division: &str, east: f64, north: f64) -> [f64; 2] {
    let (_, lon, lat) = ORIGINS.iter().find(|(code, ..)| *code == division).expect("a division of the table");
    [lon + east / (111_320.0 * lat.to_radians().cos()), lat + north / 111_000.0]
}

fn land(division: &str, east: f64, north: f64, side: f64) -> Value {
    let corner = |dx: f64, dy: f64| position(division, east + dx, north + dy);
    let ring = [corner(0.0, 0.0), corner(side, 0.0), corner(side, side), corner(0.0, side), corner(0.0, 0.0)];
    json!({"type": "Polygon", "coordinates": [ring]})
}

const FACILITIES: [&str; 5] = ["homes", "schools", "hospitals", "care_homes", "kindergartens"];
const ZONES: [&str; 2] = ["priority_farmland_concentration", "permanent_basic_farmland_concentration"];
const LONG_AGO: &str = "2015-01-01";

/// The world that a table's lines describe.
struct Described {
    parameters: BTreeMap<String, BTreeMap<String, u32>>,
    /// Importer and rows, in the order to be loaded.
    rows: Vec<(&'static str, Value, Value)>,
    known: Vec<String>,
    orders: Vec<Value>,
    places: BTreeMap<String, (String, Value)>,
}

fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

fn described(text: &str) -> Described {
    let mut world = Described {
        parameters: BTreeMap::new(),
        rows: Vec::new(),
        known: Vec::new(),
        orders: Vec::new(),
        places: BTreeMap::new(),
    };
    for line in text.lines().filter(|line| !line.contains('|') && !line.starts_with(' ')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["known", division] => world.known.push((*division).to_owned()),
            ["distance", division, metres, kinds @ ..] => {
                for kind in kinds {
                    let of = world.parameters.entry(format!("siting_distance_{kind}_m")).or_default();
                    of.insert((*division).to_owned(), metres.parse().expect("metres"));
                }
            }
            ["zone", code, division, east, north, side, kind] => world.rows.push((
                "siting-zones",
                json!({"code": code, "name": code, "kind": kind, "division_code": division, "published_by": "某人民政府", "published_on": LONG_AGO}),
                land(division, number(east), number(north), number(side)),
            )),
            ["unit", code, division, east, north, side, class] => world.rows.push((
                "farmland",
                json!({"code": code, "division_code": division, "land_type": "upland", "class": class}),
                land(division, number(east), number(north), number(side)),
            )),
            ["site", code, division, east, north, side, stage] => world.rows.push((
                "sites",
                json!({"code": code, "name": code, "division_code": division, "stage": stage}),
                land(division, number(east), number(north), number(side)),
            )),
            ["point", code, division, east, north, kind] => {
                let target = FACILITIES.iter().position(|facility| facility == kind).expect("a facility");
                let geometry = json!({"type": "Point", "coordinates": position(division, number(east), number(north))});
                world.rows.push((LAYERS[target], json!({"code": format!("{division}-{code}"), "name": code}), geometry));
            }
            ["order", division, label, covers, from, until] => world.orders.push(json!({
                "division_code": division, "label": label, "covers": covers, "scope": "建设项目环评", "from": from,
                "until": until, "authority": "某行政公署"
            })),
            ["place", name, division, east, north] => {
                let place = ((*division).to_owned(), land(division, number(east), number(north), 100.0));
                assert!(world.places.insert((*name).to_owned(), place).is_none(), "{name} stands twice");
            }
            _ => {}
        }
    }
    world
}

/// Points of the table stand in the layers of its first division; those of the others are complete and hold nothing.
const LAYERS: [&str; 5] =
    ["reference:homes", "reference:schools", "reference:hospitals", "reference:care_homes", "reference:kindergartens"];

struct Desk {
    world: World,
    key: String,
}

impl Desk {
    async fn of(described: &Described) -> Desk {
        let config = Config { parameters: described.parameters.clone(), ..Config::default() };
        let world = World::with(config).await;
        let chifeng = [("150400", "赤峰市", "prefecture", "150000"), ("150402", "红山区", "county", "150400")];
        let rows: Vec<_> = chifeng
            .iter()
            .map(|(code, name, level, parent)| {
                feature(json!({"code": code, "name_zh": name, "level": level, "parent_code": parent}), Value::Null)
            })
            .collect();
        assert_eq!(counts(&load(&world, "divisions", &rows, 10).await).2, 0);
        let key = world.key(Role::Planning, "000000").await;
        let government = world.key(Role::Government, "000000").await;
        for (at, division) in described.known.iter().enumerate() {
            for kind in FACILITIES {
                let name = if at == 0 { kind.to_owned() } else { format!("{kind}-{division}") };
                let body = json!({"name": name, "kind": kind, "title_zh": kind, "title_en": kind, "division_code": division, "as_of": LONG_AGO});
                expect(world.post("/v1/reference-layers").bearer_auth(&key).json(&body), 201).await;
                load(&world, &format!("reference:{name}"), &[], 10).await;
            }
            for kind in ZONES {
                let body =
                    json!({"division_code": division, "kind": kind, "as_of": LONG_AGO, "published_by": "某人民政府"});
                expect(world.post("/v1/siting-zone-publications").bearer_auth(&government).json(&body), 201).await;
            }
            let registers =
                ["suspected_sites", "contaminated_sites", "control_list", "farmland", "key_units", "control_zones"];
            let kept = json!({"code": format!("C-{division}"), "name": "全区", "division_code": division, "registers": registers, "status": "kept", "as_of": LONG_AGO});
            let outcomes =
                load(&world, "coverage", &[feature(kept, land(division, -5000.0, -5000.0, 40_000.0))], 10).await;
            assert_eq!(counts(&outcomes), (1, 0, 0), "{outcomes:?}");
        }
        for (target, properties, geometry) in &described.rows {
            let outcomes = load(&world, target, &[feature(properties.clone(), geometry.clone())], 10).await;
            assert_eq!(counts(&outcomes), (1, 0, 0), "{target} {properties}: {outcomes:?}");
        }
        for order in &described.orders {
            expect(world.post("/v1/approval-restrictions").bearer_auth(&government).json(order), 201).await;
        }
        Desk { world, key }
    }

    fn post(&self, geometry: &Value, properties: Value) -> RequestBuilder {
        let asked = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        self.world.post("/v1/siting-checks").bearer_auth(&self.key).json(&asked)
    }

    async fn ask(&self, geometry: &Value, properties: Value) -> Value {
        expect(self.post(geometry, properties), 201).await
    }
}

/// The properties of a case's question.
fn question(division: &str, words: &[&str]) -> Value {
    let [industry, activity, operation, day, more] = words else { panic!("{words:?}") };
    let mut asked = Map::new();
    let mut set = |name: &str, value: Value| {
        asked.insert(name.to_owned(), value);
    };
    set("division_code", json!(division));
    set("activity", json!(activity));
    set("on", json!(day));
    for (name, value) in [("industry", industry), ("operation", operation)] {
        if *value != "-" {
            set(name, json!(value));
        }
    }
    for (name, value) in more.split_whitespace().filter_map(|word| word.split_once('=')) {
        let yes = json!(value == "yes");
        match name {
            "pollutes" => set("pollutes_soil", json!(value)),
            "metals" => set("metal_emissions", yes),
            "offset" => set("offset_recorded", yes),
            "exempt" => set("statutory_key_project_exempt", yes),
            "protection" => set("protection_distance_m", json!(number(value))),
            "builds" if value == "none" => set("sensitive_use", json!([])),
            "builds" => set("sensitive_use", json!([value])),
            _ => panic!("{name} is no fact of a case"),
        }
    }
    Value::Object(asked)
}

/// Verdict, rules and the citations of one rule, as the table writes them.
fn outcome(answer: &Value, rule: &str) -> [String; 3] {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let rules = answer["rules"].as_array().expect("rules");
    let fired: Vec<String> = rules.iter().map(|r| format!("{}:{}", text(&r["rule"]), text(&r["verdict"]))).collect();
    let cited = rules.iter().find(|r| r["rule"] == rule).map(|r| {
        let citations = r["citations"].as_array().expect("citations").iter();
        let one = |c: &Value| {
            format!("《{}》{}", text(&c["instrument_zh"]), text(&c["article"]).split(" / ").next().unwrap_or_default())
        };
        citations.map(one).collect::<Vec<_>>().join("；")
    });
    let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    [text(&answer["verdict"]), or_none(fired.join(" ")), or_none(cited.unwrap_or_default())]
}

/// Pins: Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, ZP-LINE, ZP-CONTRADICTION
#[tokio::test]
async fn the_cases_of_the_table_are_answered_as_it_says() {
    let described = described(CASES);
    let desk = Desk::of(&described).await;
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for line in CASES.lines().filter(|line| line.starts_with('Z') && line.contains('|')) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [rule, _, place, asked @ .., verdict, rules, cited] = columns.as_slice() else { panic!("{line}") };
        let (division, geometry) = described.places.get(*place).unwrap_or_else(|| panic!("no place {place}"));
        let answer = desk.ask(geometry, question(division, asked)).await;
        let got = outcome(&answer, rule);
        if got.iter().map(String::as_str).ne([*verdict, *rules, *cited]) {
            wrong.push([columns[..8].join(" | "), got.join(" | ")].join(" | "));
        }
        seen.entry((*rule).to_owned()).or_default().insert(got[2] != "-");
    }
    assert!(wrong.is_empty(), "{} cases are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
    let both: BTreeSet<bool> = [false, true].into();
    for n in 1..=11 {
        assert_eq!(seen.get(&format!("Z{n}")), Some(&both), "Z{n} has cases on both sides");
    }
}

fn world_of_one_school() -> Described {
    described(
        "known 152921\ndistance 152921 500 homes schools hospitals care_homes kindergartens\npoint S1 152921 0 0 schools\n\
         zone ZA 152921 -200 -200 400 priority_farmland_concentration\nunit U1 152921 -300 -300 600 priority_protection",
    )
}

#[tokio::test]
async fn a_project_that_moves_away_is_answered_no_worse() {
    let desk = Desk::of(&world_of_one_school()).await;
    let verdicts = ["allow", "allow_recorded", "warn", "hold", "block"];
    let mut last = verdicts.len() - 1;
    let mut steps = Vec::new();
    for east in [0.0, 150.0, 199.996, 200.0, 250.0, 299.0, 300.0, 480.0, 499.0, 520.0, 2000.0, 9000.0] {
        let asked = json!({"activity": "new", "industry": "3212", "operation": "eia", "division_code": HERE});
        let answer = desk.ask(&land(HERE, east, -50.0, 100.0), asked).await;
        let now = verdicts.iter().position(|verdict| answer["verdict"] == *verdict).expect("a verdict");
        assert!(now <= last, "{east} m: {} after {}", verdicts[now], verdicts[last]);
        last = now;
        steps.push(verdicts[now]);
    }
    assert_eq!((steps[0], steps[steps.len() - 1]), ("block", "allow"), "{steps:?}");
}

#[tokio::test]
async fn an_answer_is_numbered_kept_and_given_again_byte_for_byte() {
    let desk = Desk::of(&world_of_one_school()).await;
    let asked = json!({"activity": "new", "industry": "3212", "operation": "eia", "division_code": HERE, "reference": "P-1", "protection_distance_m": 900});
    let first = desk.post(&land(HERE, 700.0, -50.0, 100.0), asked.clone()).send().await.expect("an answer");
    assert_eq!(first.status(), 201);
    let path = first.headers()["location"].to_str().expect("a path").to_owned();
    let body = first.bytes().await.expect("a body");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["number"], "XZ-152921-2026-000001");
    assert_eq!(
        (&answer["verdict"], &answer["activity_zh"], &answer["operation_zh"]),
        (&json!("block"), &json!("新建"), &json!("环评审批"))
    );
    // The protection distance of the project's assessment is wider than the local parameter, and is said to be what decided.
    let school =
        answer["hits"].as_array().expect("hits").iter().find(|hit| hit["kind"] == "schools").expect("the school");
    assert_eq!((&school["register"], &school["relation"]), (&json!("reference:schools"), &json!("near")));
    assert!((school["distance_m"].as_f64().expect("m") - 700.0).abs() < 3.0, "{school}");
    let distance = |answer: &Value, kind: &str| {
        let all = answer["distances"].as_array().expect("distances");
        let one = all.iter().find(|d| d["kind"] == kind).expect("a distance");
        (one["metres"].clone(), one["source"].clone())
    };
    assert_eq!(distance(&answer, "schools"), (json!(900), json!("protection_distance")));
    assert_eq!(distance(&answer, "contaminated"), (Value::Null, json!("unset")));
    let known = |answer: &Value, register: &str| {
        let all = answer["coverage"].as_array().expect("coverage");
        let one = all.iter().find(|c| c["register"] == register).unwrap_or_else(|| panic!("{register}"));
        (one["status"].clone(), one["as_of"].clone())
    };
    assert_eq!(known(&answer, "reference:schools"), (json!("recorded"), json!(LONG_AGO)));
    assert_eq!(known(&answer, "reference:homes"), (json!("none_found"), json!(LONG_AGO)));
    assert_eq!(
        known(&answer, "siting_zones:permanent_basic_farmland_concentration"),
        (json!("none_found"), json!(LONG_AGO))
    );
    assert_eq!(known(&answer, "approval_restrictions"), (json!("not_covered"), Value::Null));
    assert_eq!(answer["operator"]["role"], "planning");
    assert_eq!(answer["parcel"]["division_codes"], json!([HERE]));

    // The world changes; the answer stays.
    let again = desk.world.get(&path).bearer_auth(&desk.key).send().await.expect("an answer");
    assert_eq!(again.bytes().await.expect("a body"), body);
    let kept: (Vec<u8>, Vec<u8>) = sqlx::query_as("select body, body_sha256 from siting_check")
        .fetch_one(desk.world.app.db())
        .await
        .expect("a row");
    assert_eq!((kept.0.as_slice(), kept.1.as_slice()), (body.as_ref(), Sha256::digest(&body).as_slice()));
    for change in ["update siting_check set verdict = 'allow'", "delete from siting_check"] {
        assert!(sqlx::query(change).execute(desk.world.app.db()).await.is_err(), "{change}");
    }

    // A refusal leaves no gap, nor does the same request sent twice.
    let mut wrong = asked.clone();
    wrong["industry"] = json!("C26");
    wrong["protection_distance_m"] = json!(-1);
    let said = expect(desk.post(&land(HERE, 0.0, 0.0, 100.0), wrong), 422).await;
    let pointers: Vec<_> = said["errors"].as_array().expect("errors").iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/properties/industry", "/properties/protection_distance_m"]);
    desk.world.clock.advance(chrono::Duration::seconds(1));
    let twice = || desk.post(&land(HERE, 0.0, 0.0, 100.0), asked.clone()).header("idempotency-key", "one");
    let second = expect(twice(), 201).await;
    assert_eq!(expect(twice(), 201).await, second);
    assert_eq!(second["number"], "XZ-152921-2026-000002");
    desk.world.clock.advance(chrono::Duration::seconds(1));
    let third = desk
        .ask(
            &land(HERE, 20_000.0, 0.0, 100.0),
            json!({"activity": "new", "industry": "1310", "pollutes_soil": "no", "division_code": HERE}),
        )
        .await;
    assert_eq!(
        (&third["number"], &third["verdict"], &third["operation"]),
        (&json!("XZ-152921-2026-000003"), &json!("allow"), &Value::Null)
    );

    // Listed, narrowed and paged; not seen from elsewhere.
    let list = |key: &str, query: &str| desk.world.get(&format!("/v1/siting-checks{query}")).bearer_auth(key);
    let numbers = |page: &Value| -> Vec<String> {
        let features = page["features"].as_array().expect("features");
        features.iter().map(|f| f["properties"]["number"].as_str().expect("number")[15..].to_owned()).collect()
    };
    assert_eq!(numbers(&expect(list(&desk.key, ""), 200).await), ["000003", "000002", "000001"]);
    assert_eq!(numbers(&expect(list(&desk.key, "?verdict=allow"), 200).await), ["000003"]);
    assert_eq!(
        numbers(&expect(list(&desk.key, "?industry=32&division=152900&reference=P-1"), 200).await),
        ["000002", "000001"]
    );
    expect(list(&desk.key, "?verdict=maybe"), 400).await;
    let page = expect(list(&desk.key, "?limit=2"), 200).await;
    let next = page["links"][1]["href"].as_str().expect("a next page");
    assert_eq!(numbers(&expect(desk.world.get(next).bearer_auth(&desk.key), 200).await), ["000001"]);
    expect(list(&desk.key, &format!("?limit=2&cursor={}", forged(&page, "x"))), 400).await;
    let elsewhere = desk.world.key(Role::Planning, "140602").await;
    assert_eq!(numbers(&expect(list(&elsewhere, ""), 200).await), Vec::<String>::new());
    expect(desk.world.get(&path).bearer_auth(&elsewhere), 404).await;
    let refused = json!({"type": "Feature", "geometry": land(HERE, 0.0, 0.0, 100.0), "properties": {"activity": "new", "division_code": HERE}});
    let refused = desk.world.post("/v1/siting-checks").bearer_auth(&elsewhere).json(&refused);
    assert_eq!(expect(refused, 403).await["code"], "outside_division");
}

#[tokio::test]
async fn land_in_a_gauss_krueger_zone_is_answered_as_in_degrees() {
    let desk = Desk::of(&world_of_one_school()).await;
    let asked = json!({"activity": "new", "industry": "3212", "operation": "eia", "division_code": HERE});
    let degrees = land(HERE, 150.0, -50.0, 100.0);
    let zone = in_zone_35(&desk.world, &degrees).await;
    let uri = "<http://www.opengis.net/def/crs/EPSG/0/4523>";
    let send = |geometry: &Value| desk.post(geometry, asked.clone()).header("content-crs", uri);
    let (one, other) = (desk.ask(&degrees, asked.clone()).await, expect(send(&zone), 201).await);
    let ground = |answer: &Value| {
        let hits = answer["hits"].as_array().expect("hits").iter();
        let metres = |value: &Value| value.as_f64().expect("a measure").round();
        let hits = hits
            .map(|h| (h["code"].clone(), h["relation"].clone(), metres(&h["overlap_m2"]), metres(&h["distance_m"])));
        (metres(&answer["parcel"]["area_m2"]), answer["verdict"].clone(), hits.collect::<Vec<_>>())
    };
    assert_eq!(ground(&other), ground(&one));
    assert_eq!((one["hits"].as_array().map(Vec::len), &one["verdict"]), (Some(3), &json!("block")), "{one}");
    // Degrees are no place of the zone, and a header that is no URI is none.
    let refused = expect(send(&degrees), 422).await;
    assert_eq!(
        (&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]),
        (&json!("easting_implausible"), &json!("/geometry/coordinates"))
    );
    let unread = desk.post(&zone, asked.clone()).header("content-crs", "EPSG:4523");
    assert_eq!(expect(unread, 400).await["code"], "content_crs_unreadable");
}

#[tokio::test]
async fn what_is_not_known_of_a_place_is_said() {
    let desk = Desk::of(&described("")).await;
    let (_, answer) = expect_response(
        desk.post(&land(HERE, 0.0, 0.0, 100.0), json!({"activity": "new", "industry": "3212", "division_code": HERE})),
        201,
    )
    .await;
    let [verdict, rules, _] = outcome(&answer, "Z6");
    assert_eq!((verdict.as_str(), rules.as_str()), ("warn", "Z1:warn Z3:warn Z4:warn Z5:warn Z6:warn Z7:warn"));
    let z6 = answer["rules"].as_array().expect("rules").iter().find(|rule| rule["rule"] == "Z6").expect("Z6");
    for word in ["距离参数未配置", "未导入"] {
        assert!(z6["note_zh"].as_str().is_some_and(|note| note.contains(word)), "{z6}");
    }
    assert_eq!(z6["confidence"], "unconfirmed");
    let coverage = answer["coverage"].as_array().expect("coverage");
    assert!(coverage.iter().all(|known| known["status"] == "not_covered" && known["as_of"].is_null()), "{coverage:?}");
    // A loaded layer tells more, and a ban where it holds something beside the land, whatever the distance.
    let school = feature(json!({"code": "S"}), json!({"type": "Point", "coordinates": position(HERE, 50.0, 50.0)}));
    load(&desk.world, "reference:schools", &[school], 10).await;
    let answer = desk
        .ask(&land(HERE, 0.0, 0.0, 100.0), json!({"activity": "new", "industry": "3212", "division_code": HERE}))
        .await;
    assert_eq!(outcome(&answer, "Z5")[0], "block");
}
