//! The area ledger: balances, causes, rows, and what was known when.

use crate::farmland::{rect, set_class};
use crate::lineage::{child, plot};
use crate::support::{TODAY, World, expect};
use jingtu::kernel::Day;
use jingtu::platform::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CLASSES: [&str; 4] = ["priority_protection", "safe_use", "strict_control", "unclassified"];

async fn ledger(world: &World, key: &str, query: &str) -> Value {
    expect(world.get(&format!("/v1/farmland/ledger?{query}")).bearer_auth(key), 200).await
}

/// Hundredths of a square metre of an area on the wire, whose JSON text is an exact decimal.
fn centi(area: &Value) -> i64 {
    let text = area.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    assert!(part.len() <= 2, "{text}");
    let digits = format!("{whole}{part:0<2}");
    digits.parse().unwrap()
}

fn class<'a>(ledger: &'a Value, class: &str) -> &'a Value {
    ledger["classes"].as_array().unwrap().iter().find(|row| row["class"] == class).unwrap()
}

fn flows(ledger: &Value) -> Vec<(String, String, String, i64)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let flow =
        |f: &Value| (text(&f["cause"]), text(&f["from_class"]), text(&f["to_class"]), f["units"].as_i64().unwrap());
    ledger["flows"].as_array().unwrap().iter().map(flow).collect()
}

/// Opening, plus what came by the flows, minus what went, is the closing: added up again from what is on the wire.
fn balances(ledger: &Value) {
    for name in CLASSES {
        let row = class(ledger, name);
        let of = |side: &str| -> i64 {
            let flows = ledger["flows"].as_array().unwrap().iter().filter(|f| f[side] == name);
            flows.map(|f| centi(&f["area"]["m2"])).sum()
        };
        let explained = centi(&row["opening"]["m2"]) + of("to_class") - of("from_class");
        assert_eq!(explained, centi(&row["closing"]["m2"]), "{name}: {ledger}");
        assert_eq!((of("to_class"), of("from_class")), (centi(&row["came"]["m2"]), centi(&row["went"]["m2"])));
        assert_eq!(centi(&row["unexplained_m2"]), 0);
    }
}

/// Areas by class as the list of units says for a day.
async fn listed(world: &World, key: &str, when: &str) -> BTreeMap<String, i64> {
    let page = expect(world.get(&format!("/v1/farmland-units?limit=10000&{when}")).bearer_auth(key), 200).await;
    let mut out = BTreeMap::new();
    for unit in page["features"].as_array().unwrap() {
        let of = &unit["properties"];
        let area = (of["area_m2"].as_f64().unwrap() * 100.0).round() as i64;
        *out.entry(of["class"].as_str().unwrap().to_owned()).or_insert(0) += area;
    }
    out
}

async fn record(world: &World, key: &str, kind: &str, on: &str, parents: &[&str], children: &[Value]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|code| json!({"code": code})).collect();
    let body =
        json!({"kind": kind, "effective_on": on, "reason": "（演示）", "parents": parents, "children": children});
    expect(world.post("/v1/farmland-changes").bearer_auth(key).json(&body), 201).await
}

async fn change_use(world: &World, key: &str, id: &str, body: &Value) {
    expect(world.post(&format!("/v1/farmland-units/{id}/land-type")).bearer_auth(key).json(body), 200).await;
}

#[tokio::test]
async fn every_cause_is_told_apart_and_leads_to_its_rows() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let a = plot(&world, &key, "A", "priority_protection", 114.70, 114.702).await;
    plot(&world, &key, "B", "priority_protection", 114.71, 114.712).await;
    plot(&world, &key, "C", "priority_protection", 114.72, 114.721).await;
    plot(&world, &key, "D", "safe_use", 114.721, 114.722).await;
    plot(&world, &key, "E", "safe_use", 114.73, 114.731).await;
    let f = plot(&world, &key, "F", "safe_use", 114.74, 114.741).await;
    let g = plot(&world, &key, "G", "strict_control", 114.75, 114.751).await;
    plot(&world, &key, "H", "unclassified", 114.76, 114.761).await;

    set_class(&world, &a, "safe_use", "2026-03-01").await;
    record(&world, &key, "split", "2026-04-01", &["B"], &[child(114.71, 114.711), child(114.711, 114.712)]).await;
    record(&world, &key, "merge", "2026-05-01", &["C", "D"], &[child(114.72, 114.722)]).await;
    record(&world, &key, "redraw", "2026-06-01", &["E"], &[child(114.73, 114.7315)]).await;
    change_use(&world, &key, &f, &json!({"land_type": "orchard", "changed_on": "2026-07-01", "reason": "x"})).await;
    let became = json!({"system": "GB/T 21010-2017", "code": "0601"});
    change_use(&world, &key, &g, &json!({"became": became, "changed_on": "2026-08-01", "reason": "x"})).await;
    let mut new = crate::farmland::with_class("N", "unclassified", &rect(114.77, 114.771));
    new["properties"]["began_on"] = json!("2026-09-01");
    expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&new), 201).await;

    let year = ledger(&world, &key, "division=441600&from=2025-12-31&to=2026-11-21&land_type=cultivated").await;
    balances(&year);
    let (p, s, c, u) = ("priority_protection", "safe_use", "strict_control", "unclassified");
    let expected = [
        ("registered", "-", u, 1),
        ("class_changed", p, s, 1),
        ("land_use_changed", s, "-", 1),
        ("land_use_changed", c, "-", 1),
        ("unit_split", "-", p, 2),
        ("unit_split", p, "-", 1),
        ("unit_merged", "-", s, 1),
        ("unit_merged", p, "-", 1),
        ("unit_merged", s, "-", 1),
        ("boundary_corrected", "-", s, 1),
        ("boundary_corrected", s, "-", 1),
    ];
    let mut found = flows(&year);
    let mut wanted: Vec<_> =
        expected.iter().map(|(a, b, c, n)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned(), *n)).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    // What stands on the two days is what the list says of them; the orchard is no cultivated land.
    let opening = listed(&world, &key, "true_on=2025-12-31").await;
    assert_eq!(centi(&class(&year, p)["opening"]["m2"]), opening[p]);
    assert_eq!(class(&year, u)["opening_units"], 1);
    assert_eq!(class(&year, u)["closing_units"], 2);
    // The parts of a split are as large as the whole, to what outlines on an ellipsoid allow.
    let split: i64 = year["flows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["cause"] == "unit_split")
        .map(|f| {
            let area = centi(&f["area"]["m2"]);
            if f["to_class"].is_null() { -area } else { area }
        })
        .sum();
    assert!(split.abs() <= 2, "{split}");

    // The county lost land under priority protection: the plain fact, with its amount.
    let warning = &year["warnings"][0];
    assert_eq!((&warning["code"], &warning["division_code"]), (&json!("priority_area_shrunk"), &json!("441602")));
    let lost = centi(&warning["opening"]["m2"]) - centi(&warning["closing"]["m2"]);
    assert!(lost > 0);
    assert_eq!(centi(&class(&year, p)["opening"]["m2"]) - centi(&class(&year, p)["closing"]["m2"]), lost);
    assert!((warning["change"]["mu"].as_f64().unwrap() + lost as f64 * 15e-6).abs() < 1e-6);
    assert_eq!(ledger(&world, &key, "division=150000").await["warnings"], json!([]));

    // Each line leads to its rows, page by page.
    for flow in year["flows"].as_array().unwrap() {
        let mut next = Some(format!("{}&limit=1", flow["rows"].as_str().unwrap()));
        let (mut units, mut area) = (0, 0);
        while let Some(address) = next {
            let page = expect(world.get(&address).bearer_auth(&key), 200).await;
            for row in page["rows"].as_array().unwrap() {
                assert_eq!(
                    (&row["cause"], &row["from_class"], &row["to_class"]),
                    (&flow["cause"], &flow["from_class"], &flow["to_class"])
                );
                units += 1;
                area += centi(&row["area"]["m2"]);
                expect(world.get(row["href"].as_str().unwrap()).bearer_auth(&key), 200).await;
                assert_eq!(
                    row["change_id"].is_null(),
                    ["registered", "class_changed"].contains(&row["cause"].as_str().unwrap()) || row["code"] == "F",
                    "{row}"
                );
            }
            next = page["links"]
                .as_array()
                .unwrap()
                .iter()
                .find(|l| l["rel"] == "next")
                .map(|l| l["href"].as_str().unwrap().to_owned());
        }
        assert_eq!((units, area), (flow["units"].as_i64().unwrap(), centi(&flow["area"]["m2"])), "{flow}");
    }
    let all = expect(
        world
            .get("/v1/farmland/ledger/rows?from=2025-12-31&cause=class_changed&trigger=routine_monitoring")
            .bearer_auth(&key),
        200,
    )
    .await;
    assert_eq!((all["rows"].as_array().unwrap().len(), &all["rows"][0]["on"]), (1, &json!("2026-03-01")));
    for wrong in ["trigger=weather", "cause=magic", "from=2026-12-01&to=2026-11-01", "to=2026-11-22", "cursor=abc"] {
        let problem = expect(world.get(&format!("/v1/farmland/ledger/rows?{wrong}")).bearer_auth(&key), 400).await;
        assert!(["bad_parameter", "bad_cursor"].contains(&problem["code"].as_str().unwrap()), "{wrong}");
    }
    // The orchard joined no other books but its own.
    let orchards = ledger(&world, &key, "from=2025-12-31&land_type=orchard").await;
    balances(&orchards);
    assert_eq!(flows(&orchards), [("land_use_changed".to_owned(), "-".to_owned(), s.to_owned(), 1)]);
    // What a county does not see it does not sum.
    let elsewhere = world.key(Role::Auditor, "150000").await;
    assert_eq!(class(&ledger(&world, &elsewhere, "").await, p)["closing_units"], 0);
}

#[tokio::test]
async fn a_part_cut_off_and_sold_on_one_day_is_land_use_and_no_split() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    plot(&world, &key, "A", "priority_protection", 114.70, 114.702).await;
    record(&world, &key, "split", "2026-04-01", &["A"], &[child(114.70, 114.701), child(114.701, 114.702)]).await;
    let page = expect(world.get("/v1/farmland-units?code=A-2").bearer_auth(&key), 200).await;
    let sold = page["features"][0]["id"].as_str().unwrap();
    let became = json!({"system": "GB/T 21010-2017", "code": "1003"});
    change_use(&world, &key, sold, &json!({"became": became, "changed_on": "2026-04-01", "reason": "道路"})).await;
    let year = ledger(&world, &key, "").await;
    balances(&year);
    let by = |cause: &str, side: &str| -> i64 {
        let flows = year["flows"].as_array().unwrap().iter().filter(|f| f["cause"] == cause && !f[side].is_null());
        flows.map(|f| centi(&f["area"]["m2"])).sum()
    };
    assert!((by("unit_split", "to_class") - by("unit_split", "from_class")).abs() <= 2, "{year}");
    assert!(by("land_use_changed", "from_class") > 1_000_000, "{year}");
}

#[tokio::test]
async fn what_was_known_then_is_balanced_as_it_was_then() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let a = plot(&world, &key, "A", "priority_protection", 114.70, 114.702).await;
    plot(&world, &key, "B", "safe_use", 114.71, 114.711).await;
    let mut asked: Vec<(String, Value)> = Vec::new();
    let mut ask = async |world: &World| {
        world.clock.advance(chrono::Duration::minutes(1));
        let at = world.app.clock().now().to_rfc3339().replace('+', "%2B");
        let mut now = ledger(world, &key, "from=2025-12-31&to=2026-11-21").await;
        now["known_at"] = Value::Null;
        asked.push((at, now));
        world.clock.advance(chrono::Duration::minutes(1));
    };
    ask(&world).await;
    set_class(&world, &a, "strict_control", "2026-02-01").await;
    ask(&world).await;
    let split =
        record(&world, &key, "split", "2026-04-01", &["A"], &[child(114.70, 114.701), child(114.701, 114.702)]).await;
    ask(&world).await;
    let void = format!("/v1/farmland-changes/{}/void", split["id"].as_str().unwrap());
    expect(world.post(&void).bearer_auth(&key).json(&json!({"reason": "x"})), 200).await;
    ask(&world).await;
    change_use(&world, &key, &a, &json!({"land_type": "forest", "changed_on": "2026-09-01", "reason": "x"})).await;
    ask(&world).await;
    let distinct =
        asked.iter().map(|(_, ledger)| ledger["flows"].to_string()).collect::<std::collections::BTreeSet<_>>();
    assert!(distinct.len() >= 3);
    // A void leaves no trace in the balance of today, and stays in that of its time.
    assert_eq!(asked[1].1["classes"], asked[3].1["classes"]);
    assert_eq!(flows(&asked[1].1), flows(&asked[3].1));
    for (at, then) in &asked {
        let mut again = ledger(&world, &key, &format!("from=2025-12-31&to=2026-11-21&known_at={at}")).await;
        balances(&again);
        again["known_at"] = Value::Null;
        assert_eq!(again["classes"], then["classes"], "{at}");
        assert_eq!(flows(&again), flows(then), "{at}");
    }
}

/// Whatever is done to real outlines in whatever order, every period balances, and its ends are what the list of units
/// says of these days.
#[tokio::test]
async fn any_history_of_real_outlines_balances() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let mut state = 20_261_122_u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    // Units that exist: code, identifier, west, east in hundred-thousandths of a degree.
    let mut living: Vec<(String, String, u64, u64)> = Vec::new();
    for n in 0..4 {
        let (west, code) = (n * 2_000, format!("P{n}"));
        let id = plot(&world, &key, &code, CLASSES[n as usize], degrees(west), degrees(west + 1_000)).await;
        living.push((code, id, west, west + 1_000));
    }
    let mut day = Day::of(2026, 1, 1);
    for _ in 0..40 {
        day = day.add_days(i64::try_from(next(15)).unwrap()).min(TODAY);
        let on = day.to_string();
        let n = usize::try_from(next(living.len() as u64)).unwrap();
        let (code, id, west, east) = living[n].clone();
        match next(5) {
            0 => set_class(&world, &id, CLASSES[usize::try_from(next(4)).unwrap()], &on).await,
            1 | 2 if east - west > 20 => {
                let cut = west + 5 + next(east - west - 10);
                let parts = [child(degrees(west), degrees(cut)), child(degrees(cut), degrees(east))];
                let done = record(&world, &key, "split", &on, &[&code], &parts).await;
                living.remove(n);
                for (part, (west, east)) in done["children"].as_array().unwrap().iter().zip([(west, cut), (cut, east)])
                {
                    let text = |name: &str| part[name].as_str().unwrap().to_owned();
                    living.push((text("code"), text("id"), west, east));
                }
            }
            3 => {
                let beside = living.iter().position(|other| other.2 == east);
                if let Some(m) = beside {
                    let other = living[m].clone();
                    let whole = [child(degrees(west), degrees(other.3))];
                    let done = record(&world, &key, "merge", &on, &[&code, &other.0], &whole).await;
                    living.retain(|unit| unit.0 != code && unit.0 != other.0);
                    let text = |name: &str| done["children"][0][name].as_str().unwrap().to_owned();
                    living.push((text("code"), text("id"), west, other.3));
                }
            }
            _ => {
                let free = !living.iter().any(|other| other.2 >= east && other.2 < east + 50);
                if free {
                    let done =
                        record(&world, &key, "redraw", &on, &[&code], &[child(degrees(west), degrees(east + 40))])
                            .await;
                    living.remove(n);
                    let text = |name: &str| done["children"][0][name].as_str().unwrap().to_owned();
                    living.push((text("code"), text("id"), west, east + 40));
                }
            }
        }
    }
    for (from, to) in [
        ("2025-12-31", "2026-11-21"),
        ("2026-02-10", "2026-05-05"),
        ("2026-04-01", "2026-04-01"),
        ("2026-03-03", "2026-09-09"),
    ] {
        let period = ledger(&world, &key, &format!("from={from}&to={to}")).await;
        balances(&period);
        for (side, day) in [("opening", from), ("closing", to)] {
            let areas = listed(&world, &key, &format!("true_on={day}")).await;
            for name in CLASSES {
                assert_eq!(
                    centi(&class(&period, name)[side]["m2"]),
                    areas.get(name).copied().unwrap_or(0),
                    "{name} {day}"
                );
            }
        }
    }
}

fn degrees(hundred_thousandths: u64) -> f64 {
    114.7 + hundred_thousandths as f64 / 100_000.0
}
