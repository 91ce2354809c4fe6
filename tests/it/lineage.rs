//! Farmland units that are split, merged, re-drawn, used otherwise, and corrected.

use crate::farmland::{rect, set_class, with_class};
use crate::support::{World, expect, expect_response};
use jingtu::platform::Role;
use serde_json::{Value, json};

/// Registers a rectangle of paddy land in 441602; gives its identifier.
pub async fn plot(world: &World, key: &str, code: &str, class: &str, west: f64, east: f64) -> String {
    let body = with_class(code, class, &rect(west, east));
    let unit = expect(world.post("/v1/farmland-units").bearer_auth(key).json(&body), 201).await;
    unit["id"].as_str().unwrap().to_owned()
}

/// A unit that begins.
pub fn child(west: f64, east: f64) -> Value {
    json!({"type": "Feature", "geometry": rect(west, east), "properties": {}})
}

fn change(kind: &str, on: &str, parents: &[&str], children: &[Value]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|code| json!({"code": code})).collect();
    json!({"kind": kind, "effective_on": on, "reason": "（演示）权属调整", "parents": parents, "children": children})
}

async fn record(world: &World, key: &str, change: &Value, status: u16) -> Value {
    expect(world.post("/v1/farmland-changes").bearer_auth(key).json(change), status).await
}

async fn unit(world: &World, key: &str, query: &str) -> Value {
    let page = expect(world.get(&format!("/v1/farmland-units?{query}")).bearer_auth(key), 200).await;
    page["features"][0].clone()
}

fn codes(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn fault(problem: &Value) -> (&str, &str) {
    (problem["errors"][0]["pointer"].as_str().unwrap(), problem["errors"][0]["code"].as_str().unwrap())
}

async fn living(world: &World, key: &str, query: &str) -> Vec<String> {
    let page = expect(world.get(&format!("/v1/farmland-units?{query}")).bearer_auth(key), 200).await;
    page["features"].as_array().unwrap().iter().map(|f| f["properties"]["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_unit_is_split_and_its_old_code_still_answers() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let parent = plot(&world, &key, "U", "priority_protection", 114.7, 114.702).await;
    let before = world.app.clock().now().to_rfc3339().replace('+', "%2B");
    world.clock.advance(chrono::Duration::days(1));
    let split = change("split", "2026-11-20", &["U"], &[child(114.7, 114.7012), child(114.7012, 114.702)]);
    let (created, view) = expect_response(world.post("/v1/farmland-changes").bearer_auth(&key).json(&split), 201).await;
    assert_eq!(
        (codes(&view["parents"]), codes(&view["children"])),
        (vec!["U".to_owned()], vec!["U-1".to_owned(), "U-2".to_owned()])
    );
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(expect(world.get(&location).bearer_auth(&key), 200).await["kind"], "split");

    // The old code answers, and leads on; the list shows what exists.
    let old = unit(&world, &key, "code=U").await;
    assert_eq!((&old["properties"]["ended_on"], &old["properties"]["living"]), (&json!("2026-11-20"), &json!(false)));
    assert_eq!(codes(&old["properties"]["successors"]), ["U-1", "U-2"]);
    assert_eq!(living(&world, &key, "").await, ["U-1", "U-2"]);
    assert_eq!(living(&world, &key, "include=ended").await, ["U", "U-1", "U-2"]);
    // The day before, the parent existed; and as known before the split was entered, it still does.
    assert_eq!(living(&world, &key, "true_on=2026-11-19").await, ["U"]);
    assert_eq!(living(&world, &key, &format!("known_at={before}")).await, ["U"]);
    let then =
        expect(world.get(&format!("/v1/farmland-units/{parent}?known_at={before}")).bearer_auth(&key), 200).await;
    assert_eq!((&then["properties"]["ended_on"], &then["properties"]["successors"]), (&Value::Null, &json!([])));

    // Children are as their parent was.
    let first = unit(&world, &key, "code=U-1").await;
    let of = &first["properties"];
    assert_eq!(
        (&of["class"], &of["class_since"], &of["crop"]),
        (&json!("priority_protection"), &json!("2026-11-20"), &json!("水稻"))
    );
    assert_eq!((&of["began_on"], &of["pbf"]), (&json!("2026-11-20"), &json!(true)));
    assert_eq!(codes(&of["predecessors"]), ["U"]);
    let id = first["id"].as_str().unwrap();
    let classes = expect(world.get(&format!("/v1/farmland-units/{id}/classes")).bearer_auth(&key), 200).await;
    assert_eq!(
        (&classes["classes"][0]["trigger"], &classes["classes"][0]["change_id"]),
        (&json!("lineage"), &view["id"])
    );

    // The layer shows what exists.
    let items = expect(world.get("/ogc/collections/farmland/items").bearer_auth(&key), 200).await;
    assert_eq!(items["features"].as_array().unwrap().len(), 2);

    // What has ended is not split again.
    let again = record(&world, &key, &split, 409).await;
    assert_eq!(again["code"], "unit_ended");
}

#[tokio::test]
async fn a_merger_takes_the_strictest_class_and_the_whole_tree_is_told() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    plot(&world, &key, "U", "priority_protection", 114.7, 114.701).await;
    let safe = plot(&world, &key, "V", "safe_use", 114.701, 114.702).await;
    let merge = change("merge", "2026-11-01", &["U", "V"], &[child(114.7, 114.702)]);
    let merged = record(&world, &key, &merge, 201).await;
    assert_eq!(codes(&merged["children"]), ["U-1"]);
    let child_view = unit(&world, &key, "code=U-1").await;
    assert_eq!(child_view["properties"]["class"], "safe_use");
    // Land of two classes under one is to be looked at again.
    assert_eq!(child_view["properties"]["reclassification_due_on"], "2026-11-01");
    assert_eq!(living(&world, &key, "reclassification_due=true").await, ["U-1"]);

    let split = change("split", "2026-11-10", &["U-1"], &[child(114.7, 114.7005), child(114.7005, 114.702)]);
    record(&world, &key, &split, 201).await;
    for from in [safe.as_str(), "V", "U"] {
        let tree = expect(world.get(&format!("/v1/farmland-units/{from}/lineage")).bearer_auth(&key), 200).await;
        let found: Vec<(i64, &str)> = tree["units"]
            .as_array()
            .unwrap()
            .iter()
            .map(|u| (u["generation"].as_i64().unwrap(), u["code"].as_str().unwrap()))
            .collect();
        let own = if from == "U" { "U" } else { "V" };
        assert_eq!(found, [(0, own), (1, "U-1"), (2, "U-1-1"), (2, "U-1-2")]);
        assert_eq!(tree["changes"].as_array().unwrap().len(), 2);
    }
    let tree = expect(world.get("/v1/farmland-units/U-1-2/lineage").bearer_auth(&key), 200).await;
    assert_eq!(codes(&tree["units"]), ["U", "V", "U-1", "U-1-2"]);
    let page = expect(world.get("/v1/farmland-changes?limit=1").bearer_auth(&key), 200).await;
    assert_eq!(page["changes"][0]["kind"], "split");
    let next = page["links"][1]["href"].as_str().unwrap();
    let rest = expect(world.get(next).bearer_auth(&key), 200).await;
    assert_eq!((rest["changes"][0]["kind"].as_str(), rest["links"].as_array().unwrap().len()), (Some("merge"), 1));
    for (query, n) in [
        ("kind=merge", 1),
        ("from=2026-11-05", 1),
        ("to=2026-11-05", 1),
        ("division=150000", 0),
        (&format!("unit={safe}"), 1),
    ] {
        let page = expect(world.get(&format!("/v1/farmland-changes?{query}")).bearer_auth(&key), 200).await;
        assert_eq!(page["changes"].as_array().unwrap().len(), n, "{query}");
    }
    let elsewhere = world.key(Role::Auditor, "150000").await;
    expect(world.get("/v1/farmland-units/U/lineage").bearer_auth(&elsewhere), 404).await;
    let none = expect(world.get("/v1/farmland-changes").bearer_auth(&elsewhere), 200).await;
    assert_eq!(none["changes"], json!([]));
}

#[tokio::test]
async fn outlines_that_do_not_fit_say_where() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    plot(&world, &key, "U", "safe_use", 114.7, 114.702).await;
    plot(&world, &key, "N", "safe_use", 114.702, 114.703).await;
    let two = |a: [f64; 2], b: [f64; 2]| [child(a[0], a[1]), child(b[0], b[1])];
    for (kind, parents, children, expected) in [
        ("split", vec!["U"], two([114.7, 114.701], [114.701, 114.7019]).to_vec(), ("/children", "parents_uncovered")),
        (
            "split",
            vec!["U"],
            two([114.7, 114.701], [114.701, 114.7021]).to_vec(),
            ("/children/1/geometry", "outside_parents"),
        ),
        (
            "split",
            vec!["U"],
            two([114.7, 114.7011], [114.701, 114.702]).to_vec(),
            ("/children/1/geometry", "children_overlap"),
        ),
        ("split", vec!["U"], vec![child(114.7, 114.702)], ("/children", "wrong_number")),
        ("merge", vec!["U", "N"], vec![child(114.7, 114.7025)], ("/children", "parents_uncovered")),
        ("merge", vec!["U", "U"], vec![child(114.7, 114.702)], ("/parents/1", "repeated")),
        ("merge", vec!["U", "X"], vec![child(114.7, 114.702)], ("/parents/1", "unknown_unit")),
        ("redraw", vec!["U"], vec![child(114.6, 114.601)], ("/children/0/geometry", "not_on_parent")),
        ("redraw", vec!["U"], vec![child(114.7, 114.7025)], ("/children/0/geometry", "overlaps_unit")),
    ] {
        let problem = record(&world, &key, &change(kind, "2026-11-20", &parents, &children), 422).await;
        assert_eq!(fault(&problem), expected, "{kind}: {problem}");
    }
    let bow = json!({"type": "Polygon", "coordinates": [[[114.7, 23.7], [114.701, 23.701], [114.701, 23.7], [114.7, 23.701], [114.7, 23.7]]]});
    let crossed = json!({"type": "Feature", "geometry": bow, "properties": {}});
    let problem =
        record(&world, &key, &change("split", "2026-11-20", &["U"], &[child(114.701, 114.702), crossed]), 422).await;
    assert_eq!(fault(&problem), ("/children/1/geometry", "invalid_geometry"));
    // A sliver of less than a square metre is the digitising's.
    let sliver = two([114.7, 114.701], [114.701_000_05, 114.702]);
    record(&world, &key, &change("split", "2026-11-20", &["U"], &sliver), 201).await;
    // Where a unit ended, its neighbour may be drawn anew.
    let wider = change("redraw", "2026-11-20", &["N"], &[child(114.7021, 114.7033)]);
    record(&world, &key, &wider, 201).await;
}

#[tokio::test]
async fn days_and_codes_that_do_not_fit_are_refused() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let id = plot(&world, &key, "U", "safe_use", 114.7, 114.702).await;
    plot(&world, &key, "U-1", "safe_use", 114.71, 114.711).await;
    let halves = [child(114.7, 114.701), child(114.701, 114.702)];
    let at = |day: &str| change("split", day, &["U"], &halves);
    assert_eq!(fault(&record(&world, &key, &at("2026-11-22"), 422).await), ("/effective_on", "day_in_future"));
    set_class(&world, &id, "strict_control", "2026-06-01").await;
    let late = record(&world, &key, &at("2026-05-31"), 409).await;
    assert_eq!(late["code"], "later_fact");
    assert!(late["detail"].as_str().unwrap().contains("2026-06-01"), "{late}");
    let mut taken = at("2026-11-20");
    taken["children"][0]["properties"]["code"] = json!("U-1");
    assert_eq!(record(&world, &key, &taken, 409).await["code"], "code_taken");
    let mut stale = at("2026-11-20");
    stale["parents"][0]["revision"] = json!(1);
    assert_eq!(record(&world, &key, &stale, 412).await["code"], "stale");
    let mut other = at("2026-11-20");
    other["children"][1]["properties"]["land_type"] = json!("forest");
    assert_eq!(
        fault(&record(&world, &key, &other, 422).await),
        ("/children/1/properties/land_type", "land_type_differs")
    );
    let elsewhere = world.key(Role::Agriculture, "150000").await;
    assert_eq!(fault(&record(&world, &elsewhere, &at("2026-11-20"), 422).await), ("/parents/0", "unknown_unit"));
    // On the very day of the last fact; the code that is taken is passed over.
    let done = record(&world, &key, &at("2026-06-01"), 201).await;
    assert_eq!(codes(&done["children"]), ["U-2", "U-3"]);
    assert_eq!(unit(&world, &key, "code=U-3").await["properties"]["class"], "strict_control");
}

#[tokio::test]
async fn a_change_entered_in_error_is_taken_back_while_nothing_befell_its_children() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    plot(&world, &key, "U", "safe_use", 114.7, 114.702).await;
    let split = change("split", "2026-11-20", &["U"], &[child(114.7, 114.701), child(114.701, 114.702)]);
    let done = record(&world, &key, &split, 201).await;
    let during = world.app.clock().now().to_rfc3339().replace('+', "%2B");
    world.clock.advance(chrono::Duration::hours(1));
    let void = format!("/v1/farmland-changes/{}/void", done["id"].as_str().unwrap());
    let post = |reason: &str| world.post(&void).bearer_auth(&key).json(&json!({"reason": reason}));
    expect(post(" "), 422).await;
    let voided = expect(post("录错了单元"), 200).await;
    assert_eq!((&voided["voided"], &voided["void_reason"]), (&json!(true), &json!("录错了单元")));
    assert_eq!(expect(post("再来"), 409).await["code"], "change_voided");
    assert_eq!(living(&world, &key, "").await, ["U"]);
    let never = unit(&world, &key, "code=U-1").await;
    assert_eq!(never["properties"]["ended_on"], never["properties"]["began_on"]);
    assert_eq!(unit(&world, &key, "code=U").await["properties"]["successors"], json!([]));
    // Known then, it was a split.
    assert_eq!(living(&world, &key, &format!("known_at={during}")).await, ["U-1", "U-2"]);
    // The right split takes the next codes.
    let again = record(&world, &key, &split, 201).await;
    assert_eq!(codes(&again["children"]), ["U-3", "U-4"]);
    let heir = unit(&world, &key, "code=U-3").await["id"].as_str().unwrap().to_owned();
    set_class(&world, &heir, "strict_control", "2026-11-21").await;
    let void = format!("/v1/farmland-changes/{}/void", again["id"].as_str().unwrap());
    let refused = expect(world.post(&void).bearer_auth(&key).json(&json!({"reason": "x"})), 409).await;
    assert_eq!(refused["code"], "later_fact");
    assert!(refused["detail"].as_str().unwrap().contains("U-3"));
    let elsewhere = world.key(Role::Agriculture, "150000").await;
    expect(world.post(&void).bearer_auth(&elsewhere).json(&json!({"reason": "x"})), 404).await;
}

#[tokio::test]
async fn land_that_is_used_otherwise_keeps_its_class_or_leaves_the_register() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let id = plot(&world, &key, "U", "safe_use", 114.7, 114.702).await;
    let address = format!("/v1/farmland-units/{id}/land-type");
    let post = |body: Value| world.post(&address).bearer_auth(&key).json(&body);
    let to = |land_type: &str, on: &str| json!({"land_type": land_type, "changed_on": on, "reason": "种植结构调整"});
    let changed = expect(post(to("orchard", "2026-10-01")), 200).await;
    assert_eq!(changed["unit"]["properties"]["land_type"], "orchard");
    assert_eq!(changed["unit"]["properties"]["class"], "safe_use");
    assert_eq!(
        (&changed["reclassification"]["trigger"], &changed["reclassification"]["since"]),
        (&json!("land_use_change"), &json!("2026-10-01"))
    );
    assert_eq!(living(&world, &key, "reclassification_due=true").await, ["U"]);
    let then = unit(&world, &key, "true_on=2026-09-30").await;
    assert_eq!(
        (&then["properties"]["land_type"], &then["properties"]["reclassification_due_on"]),
        (&json!("paddy"), &Value::Null)
    );
    assert_eq!(fault(&expect(post(to("orchard", "2026-11-01")), 422).await), ("/land_type", "unchanged"));
    assert_eq!(expect(post(to("paddy", "2026-09-01")), 409).await["code"], "later_fact");
    assert_eq!(fault(&expect(post(to("paddy", "2026-11-22")), 422).await), ("/changed_on", "day_in_future"));
    let both = json!({"land_type": "paddy", "became": {"system": "GB/T 21010-2017", "code": "0601"}, "changed_on": "2026-11-01", "reason": "x"});
    assert_eq!(fault(&expect(post(both), 422).await).1, "one_of_two");
    // A class approved since settles it.
    set_class(&world, &id, "strict_control", "2026-10-15").await;
    assert_eq!(living(&world, &key, "reclassification_due=true").await, Vec::<String>::new());

    let gone = |code: &str| json!({"became": {"system": "GB/T 21010-2017", "code": code}, "changed_on": "2026-11-01", "reason": "征收为工业用地"});
    assert_eq!(fault(&expect(post(gone("0201")), 422).await), ("/became/code", "still_farmland"));
    assert_eq!(fault(&expect(post(gone("9999")), 422).await).0, "/became/code");
    let left = expect(post(gone("0601")), 200).await;
    assert_eq!(
        (&left["unit"]["properties"]["ended_on"], &left["reclassification"]),
        (&json!("2026-11-01"), &Value::Null)
    );
    let change = left["change_id"].as_str().unwrap().to_owned();
    let view = expect(world.get(&format!("/v1/farmland-changes/{change}")).bearer_auth(&key), 200).await;
    assert_eq!(
        (&view["kind"], &view["became"]["code"], codes(&view["parents"])),
        (&json!("left_farming"), &json!("0601"), vec!["U".to_owned()])
    );
    assert_eq!(expect(post(to("paddy", "2026-11-02")), 409).await["code"], "unit_ended");
    assert_eq!(living(&world, &key, "").await, Vec::<String>::new());
    // Taken back only while its land is nobody else's.
    plot(&world, &key, "W", "safe_use", 114.701, 114.703).await;
    let void = format!("/v1/farmland-changes/{change}/void");
    let refused = expect(world.post(&void).bearer_auth(&key).json(&json!({"reason": "x"})), 409).await;
    assert_eq!(refused["code"], "overlaps_unit");
    let w = unit(&world, &key, "code=W").await["id"].as_str().unwrap().to_owned();
    let away = world.post(&format!("/v1/farmland-units/{w}/land-type")).bearer_auth(&key).json(&gone("0601"));
    expect(away, 200).await;
    expect(world.post(&void).bearer_auth(&key).json(&json!({"reason": "x"})), 200).await;
    assert_eq!(living(&world, &key, "").await, ["U"]);
}

#[tokio::test]
async fn a_record_is_corrected_with_a_reason_and_never_its_class() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let id = plot(&world, &key, "U", "safe_use", 114.7, 114.702).await;
    let address = format!("/v1/farmland-units/{id}");
    let patch = |tag: &str, body: Value| world.patch(&address).bearer_auth(&key).header("if-match", tag).json(&body);
    let unmatched = world.patch(&address).bearer_auth(&key).json(&json!({"crop": "玉米", "reason": "x"}));
    expect(unmatched, 428).await;
    let body = json!({"crop": "玉米", "pbf": null, "stated_area_m2": 20000.0, "reason": "录入有误"});
    let (response, corrected) = expect_response(patch("\"1\"", body), 200).await;
    let of = &corrected["properties"];
    assert_eq!((&of["crop"], &of["pbf"], &of["stated_area_m2"]), (&json!("玉米"), &Value::Null, &json!(20000.0)));
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    expect(patch("\"1\"", json!({"crop": "小麦", "reason": "x"})), 412).await;
    assert_eq!(fault(&expect(patch(&tag, json!({"crop": "玉米", "reason": "x"})), 422).await).1, "unchanged");
    for (body, pointer) in [
        (json!({"crop": "小麦", "reason": ""}), "/reason"),
        (json!({"crop": " ", "reason": "x"}), "/crop"),
        (json!({"stated_area_m2": 0.0, "reason": "x"}), "/stated_area_m2"),
        (json!({"class": "safe_use", "reason": "x"}), "/class"),
        (json!({"land_type": "paddy", "reason": "x"}), "/land_type"),
    ] {
        assert_eq!(fault(&expect(patch(&tag, body), 422).await).0, pointer);
    }
    let elsewhere = world.key(Role::Agriculture, "150000").await;
    let foreign = world.patch(&address).bearer_auth(&elsewhere).header("if-match", &tag);
    expect(foreign.json(&json!({"crop": "小麦", "reason": "x"})), 404).await;
}

#[tokio::test]
async fn whoever_watches_is_told_of_every_unit() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    plot(&world, &key, "U", "priority_protection", 114.7, 114.702).await;
    let split = change("split", "2026-11-20", &["U"], &[child(114.7, 114.701), child(114.701, 114.702)]);
    record(&world, &key, &split, 201).await;
    let feed = expect(world.get("/v1/changes?register=farmland").bearer_auth(&key), 200).await;
    let told: Vec<(&str, &str)> = feed["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["kind"].as_str().unwrap(), c["subject"]["code"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("farmland.ended", "U"), ("farmland.began", "U-1"), ("farmland.began", "U-2")], "{feed}");
}
