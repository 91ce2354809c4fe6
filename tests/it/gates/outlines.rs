//! However a parcel's outline lies to the records: what holds for every one, and the shapes that are easily got wrong.

use super::{Desk, fired, rank, rect};
use crate::loading::feature;
use crate::support::expect;
use futures_util::StreamExt;
use futures_util::stream;
use jingtu::config::Config;
use jingtu::registers::ImportFeature;
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const HERE: &str = "152921";

/// A registry that knows one division's boundary, and to which 60 m are near.
async fn desk() -> Desk {
    let desk = Desk::with(Config { near_distance_m: Some(60.0), ..Config::default() }).await;
    let division = feature(json!({"code": HERE}), rect(100.0, 38.0, 106.0, 39.0));
    desk.load(BTreeMap::from([("divisions", vec![division])])).await;
    desk
}

fn site(code: &str, stage: &str, geometry: Value) -> ImportFeature {
    feature(json!({"code": code, "name": "某地块", "division_code": HERE, "stage": stage}), geometry)
}

/// Records that stand against the use of land, each in a register of its own kind.
const ADVERSE: [&str; 10] = [
    "suspected",
    "preliminary_review",
    "contaminated",
    "risk_assessment",
    "listed",
    "remediation",
    "negative",
    "zone",
    "key_unit",
    "strict_farmland",
];

fn adverse(kind: &str, code: &str, geometry: Value) -> (&'static str, ImportFeature) {
    match kind {
        "negative" => {
            let barred = json!([{"system": "GB/T 21010-2017", "code": "0601"}]);
            let facts = json!({"code": code, "name": "某地块", "division_code": HERE, "stage": "contaminated", "negative_list": barred});
            ("sites", feature(facts, geometry))
        }
        "zone" => {
            let facts = json!({"code": code, "name": "某区", "division_code": HERE, "approved_by": "旗人民政府", "approved_on": "2020-01-01"});
            ("control-zones", feature(facts, geometry))
        }
        "key_unit" => (
            "key-units",
            feature(json!({"code": code, "name": "某厂", "division_code": HERE, "listed_on": "2020-01-01"}), geometry),
        ),
        "strict_farmland" => {
            let facts = json!({"code": code, "division_code": HERE, "land_type": "upland", "class": "strict_control"});
            ("farmland", feature(facts, geometry))
        }
        stage => ("sites", site(code, stage, geometry)),
    }
}

/// Questions on known and harmless land, so that what a record does to the verdict is seen.
fn question(operation: &str, planned: &str) -> Value {
    let use_of = |code: &str| json!({"system": "GB/T 21010-2017", "code": code});
    json!({"operation": operation, "current_use": use_of("0501"), "planned_use": use_of(planned),
        "facts": {"former_industry": "5211", "already_reclaimed": false}})
}

const OPERATIONS: [&str; 12] = [
    "requisition",
    "reclaim",
    "acquire",
    "transfer",
    "change_use",
    "planning_conditions",
    "supply",
    "construction_permit",
    "eia",
    "registration",
    "reclamation_to_farmland",
    "farmland_conversion",
];

/// Values of a strategy, the same in every run.
fn some<S: Strategy>(n: usize, strategy: &S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..n).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn overlaps(answer: &Value) -> BTreeMap<String, f64> {
    let hits = answer["hits"].as_array().expect("hits");
    hits.iter().map(|hit| (hit["code"].as_str().expect("code").to_owned(), number(&hit["overlap_m2"]))).collect()
}

fn hit<'a>(answer: &'a Value, code: &str) -> Option<&'a Value> {
    answer["hits"].as_array().expect("hits").iter().find(|hit| hit["code"] == code)
}

/// Metres as degrees at 38.5 north.
fn east(metres: f64) -> f64 {
    metres / 87_100.0
}

fn north(metres: f64) -> f64 {
    metres / 111_000.0
}

/// A parcel that is led away from a record over which it lay: from step to step the verdict never becomes worse, and clear of
/// the record it is that of empty ground.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_a_parcel_away_from_a_record_never_worsens_the_verdict() {
    let desk = desk().await;
    let lines = some(14, &(0..ADVERSE.len(), 0..OPERATIONS.len(), 0..3_usize, 0.0..std::f64::consts::TAU));
    let mut records: BTreeMap<&'static str, Vec<ImportFeature>> = BTreeMap::new();
    let corner = |n: usize| (100.5 + n as f64 * 0.05, 38.5);
    let square = |x: f64, y: f64, side: f64| rect(x, y, x + east(side), y + north(side));
    for (n, (kind, ..)) in lines.iter().enumerate() {
        let (x, y) = corner(n);
        let (target, record) = adverse(ADVERSE[*kind], &format!("A{n}"), square(x, y, 80.0));
        records.entry(target).or_default().push(record);
    }
    desk.load(records).await;
    // Over it, half over it, on its edge, near, clear of it.
    let steps = [0.0, 25.0, 50.0, 79.0, 120.0, 170.0, 260.0];
    let asked = stream::iter(lines.iter().enumerate()).map(async |(n, (kind, operation, planned, angle))| {
        let question = question(OPERATIONS[*operation], ["0601", "0701", "0103"][*planned]);
        let mut verdicts = Vec::new();
        for metres in steps {
            let (x, y) = corner(n);
            let parcel = square(x + east(metres * angle.cos()), y + north(metres * angle.sin()), 80.0);
            let answer = desk.ask(&parcel, &question, 201).await;
            verdicts.push((rank(answer["verdict"].as_str().expect("verdict")), metres, fired(&answer)));
        }
        let empty = desk.ask(&square(corner(n).0, 38.7, 80.0), &question, 201).await;
        (
            format!("{} {question}", ADVERSE[*kind]),
            verdicts,
            (rank(empty["verdict"].as_str().expect("verdict")), fired(&empty)),
        )
    });
    let answers: Vec<_> = asked.buffer_unordered(4).collect().await;
    let worse = answers.iter().filter(|(_, verdicts, (empty, _))| verdicts[0].0 > *empty).count();
    assert!(worse > answers.len() / 2, "most records must stand against what is asked, not {worse}");
    for (what, verdicts, (empty, rules)) in answers {
        for pair in verdicts.windows(2) {
            assert!(pair[0].0 >= pair[1].0, "{what}: {:?} and farther away {:?}", pair[0], pair[1]);
        }
        let last = verdicts.last().expect("a step");
        assert_eq!((last.0, &last.2), (empty, &rules), "{what}: clear of it");
    }
}

/// Cut in two, a parcel meets in its halves every record that it met whole, and shares as much area with it, to a hundredth
/// of a square metre; so the halves together are never judged milder than the whole by a record that either meets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cutting_a_parcel_in_two_loses_no_hit_and_no_area() {
    let desk = desk().await;
    let side = || (0.0..60.0_f64, 0.0..60.0_f64, 15.0..70.0_f64, 15.0..70.0_f64);
    let grounds = some(12, &(proptest::collection::vec((0..ADVERSE.len(), side()), 1..5), 0.1..0.9_f64, 0.1..0.9_f64));
    let mut records: BTreeMap<&'static str, Vec<ImportFeature>> = BTreeMap::new();
    let corner = |n: usize| (100.5 + n as f64 * 0.05, 38.5);
    for (n, (lies, ..)) in grounds.iter().enumerate() {
        let (x, y) = corner(n);
        for (k, (kind, (dx, dy, w, h))) in lies.iter().enumerate() {
            let (west, south) = (x + east(*dx), y + north(*dy));
            let outline = rect(west, south, west + east(*w), south + north(*h));
            let (target, record) = adverse(ADVERSE[*kind], &format!("C{n}-{k}"), outline);
            records.entry(target).or_default().push(record);
        }
    }
    desk.load(records).await;
    for (n, (lies, a, b)) in grounds.iter().enumerate() {
        let (west, south) = corner(n);
        let (right, top) = (west + east(80.0), south + north(80.0));
        // From a point of the southern edge to one of the northern.
        let (low, high) = (west + (right - west) * a, west + (right - west) * b);
        let polygon = |ring: Value| json!({"type": "Polygon", "coordinates": [ring]});
        let whole = polygon(json!([
            [west, south],
            [low, south],
            [right, south],
            [right, top],
            [high, top],
            [west, top],
            [west, south]
        ]));
        let halves = [
            polygon(json!([[west, south], [low, south], [high, top], [west, top], [west, south]])),
            polygon(json!([[low, south], [right, south], [right, top], [high, top], [low, south]])),
        ];
        let question = question("transfer", "0601");
        let whole = desk.ask(&whole, &question, 201).await;
        let halves = [desk.ask(&halves[0], &question, 201).await, desk.ask(&halves[1], &question, 201).await];
        let met = overlaps(&whole);
        let in_halves = halves.each_ref().map(overlaps);
        assert!(met.len() <= lies.len());
        for (code, m2) in &met {
            let parts: Vec<f64> = in_halves.iter().filter_map(|half| half.get(code).copied()).collect();
            assert!(!parts.is_empty(), "{code} is met whole and by no half: {lies:?}");
            let sum: f64 = parts.iter().sum();
            assert!((sum - m2).abs() < 0.01, "{code}: {m2} whole, {parts:?} in halves");
        }
        let codes: BTreeSet<&String> = in_halves.iter().flat_map(BTreeMap::keys).collect();
        assert_eq!(codes, met.keys().collect(), "the halves meet what the whole does");
        let areas: f64 = halves.iter().map(|half| number(&half["parcel"]["area_m2"])).sum();
        assert!((areas - number(&whole["parcel"]["area_m2"])).abs() < 0.01, "{areas}");
    }
}

/// A record more under a parcel never makes the verdict milder. The records lie under a part of it only: one that takes in
/// all of it may tell that it has been surveyed, which is to know more of it and not to have one more thing against it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_more_never_makes_the_verdict_milder() {
    let desk = desk().await;
    let grounds =
        some(10, &(proptest::collection::vec(0..ADVERSE.len(), 3), 0..OPERATIONS.len(), 0..3_usize, 0.1..0.9_f64));
    let parcel = |n: usize| {
        let x = 100.5 + n as f64 * 0.05;
        rect(x, 38.5, x + east(100.0), 38.5 + north(100.0))
    };
    let ask = async |n: usize| {
        let (_, operation, planned, _) = &grounds[n];
        let question = question(OPERATIONS[*operation], ["0601", "0701", "0103"][*planned]);
        let answer = desk.ask(&parcel(n), &question, 201).await;
        (rank(answer["verdict"].as_str().expect("verdict")), fired(&answer))
    };
    let mut before = Vec::new();
    for n in 0..grounds.len() {
        before.push(ask(n).await);
    }
    for k in 0..3_u8 {
        let mut records: BTreeMap<&'static str, Vec<ImportFeature>> = BTreeMap::new();
        for (n, (kinds, .., share)) in grounds.iter().enumerate() {
            let x = 100.5 + n as f64 * 0.05;
            let outline =
                rect(x - 0.001, 38.499, x + east(100.0) * share, 38.5 + north(100.0) * (0.3 + 0.2 * f64::from(k)));
            let (target, record) = adverse(ADVERSE[kinds[usize::from(k)]], &format!("M{n}-{k}"), outline);
            records.entry(target).or_default().push(record);
        }
        desk.load(records).await;
        for (n, was) in before.iter_mut().enumerate() {
            let now = ask(n).await;
            assert!(now.0 >= was.0, "{:?}: {was:?}, and with {k} {now:?}", grounds[n]);
            *was = now;
        }
    }
}

/// Holes, parts, slivers along a border, and outlines of a hundred thousand corners.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shapes_are_taken_as_they_are_drawn() {
    let desk = desk().await;
    let at = |n: usize| 100.5 + n as f64 * 0.05;
    let ring = |west: f64, south: f64, right: f64, top: f64| {
        json!([[west, south], [right, south], [right, top], [west, top], [west, south]])
    };
    let (x0, x1, x2, x3) = (at(0), at(1), at(2), at(3));
    let ringed = |x: f64| json!({"type": "Polygon", "coordinates": [ring(x, 38.5, x + 0.01, 38.51), ring(x + 0.003, 38.503, x + 0.007, 38.507)]});
    desk.load(BTreeMap::from([(
        "sites",
        vec![
            // In the hole, exactly the hole, and across the hole's border.
            site("IN", "suspected", rect(x0 + 0.004, 38.504, x0 + 0.006, 38.506)),
            site("FILLS", "suspected", rect(x0 + 0.003, 38.503, x0 + 0.007, 38.507)),
            site("CROSSES", "suspected", rect(x0 + 0.005, 38.505, x0 + 0.008, 38.506)),
            // A record with a hole, in which a parcel lies.
            site("RING", "suspected", ringed(x1)),
            // Under the second of two parts.
            site("SECOND", "suspected", rect(x2 + 0.02, 38.5, x2 + 0.03, 38.505)),
            site("ROUND", "suspected", rect(x3, 38.5, x3 + 0.02, 38.52)),
        ],
    )]))
    .await;
    let plain = question("transfer", "0601");

    let holed = desk.ask(&ringed(x0), &plain, 201).await;
    assert!(hit(&holed, "IN").is_none_or(|hit| hit["relation"] != "overlaps"), "{holed}");
    let fills = hit(&holed, "FILLS").expect("it touches");
    assert_eq!((&fills["relation"], number(&fills["overlap_m2"])), (&json!("touches"), 0.0));
    // A third of its width lies beyond the hole.
    let crosses = hit(&holed, "CROSSES").expect("a hit");
    assert_eq!(crosses["relation"], "overlaps");
    assert!((number(&crosses["record_share"]) - 1.0 / 3.0).abs() < 1e-3, "{crosses}");
    let within = desk.ask(&rect(x1 + 0.0045, 38.5045, x1 + 0.0055, 38.5055), &plain, 201).await;
    assert_eq!(hit(&within, "RING").map(|hit| &hit["relation"]), None, "{within}");

    let parts = json!({"type": "MultiPolygon", "coordinates": [
        [ring(x2, 38.5, x2 + 0.01, 38.51)], [ring(x2 + 0.02, 38.5, x2 + 0.03, 38.51)]]});
    let answer = desk.ask(&parts, &plain, 201).await;
    let second = hit(&answer, "SECOND").expect("a hit");
    assert!((number(&second["overlap_share"]) - 0.25).abs() < 1e-4, "{second}");
    assert!((number(&second["record_share"]) - 1.0).abs() < 1e-6, "{second}");

    // A circle of a hundred thousand corners within the record, and one corner too many.
    let circle = |corners: usize| {
        let mut ring: Vec<[f64; 2]> = (0..corners - 1)
            .map(|n| {
                let angle = std::f64::consts::TAU * n as f64 / (corners - 1) as f64;
                [x3 + 0.01 + 0.008 * angle.cos(), 38.51 + 0.008 * angle.sin()]
            })
            .collect();
        ring.push(ring[0]);
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let round = desk.ask(&circle(100_000), &plain, 201).await;
    let whole = hit(&round, "ROUND").expect("a hit");
    assert!((number(&whole["overlap_share"]) - 1.0).abs() < 1e-9, "{whole}");
    let by_hand = std::f64::consts::PI * 0.008 * 0.008 * 87_170.0 * 111_010.0;
    assert!(
        (number(&round["parcel"]["area_m2"]) / by_hand - 1.0).abs() < 2e-3,
        "{} {by_hand}",
        round["parcel"]["area_m2"]
    );
    assert_eq!(round["verdict"], "hold");
    let refused = desk.ask(&circle(100_001), &plain, 422).await;
    assert_eq!(refused["errors"][0]["code"], "too_many_vertices");
}

/// What is no area is refused, with the place of the fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_outline_is_refused_and_the_place_of_its_fault_is_named() {
    let desk = desk().await;
    let polygon = |rings: Value| json!({"type": "Polygon", "coordinates": rings});
    let shell = json!([[105.0, 38.5], [105.01, 38.5], [105.01, 38.51], [105.0, 38.51], [105.0, 38.5]]);
    let across = json!([[105.005, 38.505], [105.02, 38.505], [105.02, 38.506], [105.005, 38.506], [105.005, 38.505]]);
    let outside = json!([[105.02, 38.5], [105.03, 38.5], [105.03, 38.51], [105.02, 38.51], [105.02, 38.5]]);
    let spike = json!([[105.0, 38.5], [105.01, 38.5], [105.01, 38.51], [105.02, 38.51], [105.0, 38.51], [105.0, 38.5]]);
    for (name, geometry, place) in [
        ("a hole across the shell", polygon(json!([shell, across])), "105.01, 38.50"),
        ("a hole outside the shell", polygon(json!([shell, outside])), "105.0"),
        ("a line out and back", polygon(json!([spike])), "105.0"),
        ("two parts that overlap", json!({"type": "MultiPolygon", "coordinates": [[shell], [shell]]}), "105.0"),
        ("no area", polygon(json!([[[105.0, 38.5], [105.01, 38.5], [105.02, 38.5], [105.0, 38.5]]])), ""),
    ] {
        let body = json!({"type": "Feature", "geometry": geometry, "properties": {"operation": "transfer"}});
        let request =
            desk.world.post("/v1/land-checks").bearer_auth(&desk.planning).header("accept-language", "en").json(&body);
        let problem = expect(request, 422).await;
        let fault = &problem["errors"][0];
        assert!(fault["pointer"].as_str().is_some_and(|pointer| pointer.starts_with("/geometry")), "{name}: {problem}");
        assert!(fault["message"].as_str().is_some_and(|message| message.contains(place)), "{name}: {problem}");
    }
}
