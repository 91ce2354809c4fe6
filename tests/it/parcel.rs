//! Parcels: registered, put right, split, merged, re-drawn, read from files, and found by codes old and new.

use crate::loading::{counts, faults, feature, load};
use crate::support::{TODAY, World, expect, expect_response};
use jingtu::kernel::{Area, Day};
use jingtu::platform::Role;
use jingtu::registers::parcel;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

const OLD: &str = "152921001002GB00123";

fn rect(west: f64, east: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[west, 38.8], [east, 38.8], [east, 38.802], [west, 38.802], [west, 38.8]]]})
}

fn body(code: &str, west: f64, east: f64) -> Value {
    json!({
        "type": "Feature", "geometry": rect(west, east),
        "properties": {
            "code": code, "division_code": "152921", "address": "（演示）某镇某路 1 号", "began_on": "2020-01-01",
            "land_user": {"name": "示例化工有限公司", "credit_code": "91152900DEMX90021E"},
            "land_use": {"system": "GB/T 21010-2017", "code": "0601"},
        },
    })
}

async fn create(world: &World, key: &str, body: &Value) -> Value {
    expect(world.post("/v1/parcels").bearer_auth(key).json(body), 201).await
}

fn child(code: &str, west: f64, east: f64) -> Value {
    json!({"type": "Feature", "geometry": rect(west, east), "properties": {"code": code}})
}

fn change(kind: &str, on: &str, parents: &[&str], children: &[Value]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|code| json!({"code": code})).collect();
    json!({"kind": kind, "effective_on": on, "reason": "（演示）宗地变更", "parents": parents, "children": children})
}

async fn record(world: &World, key: &str, change: &Value, status: u16) -> Value {
    expect(world.post("/v1/parcel-changes").bearer_auth(key).json(change), status).await
}

async fn get(world: &World, key: &str, path: &str) -> Value {
    expect(world.get(path).bearer_auth(key), 200).await
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

fn listed(page: &Value) -> Vec<&str> {
    page["features"].as_array().unwrap().iter().map(|one| one["properties"]["code"].as_str().unwrap()).collect()
}

fn fault(problem: &Value) -> (&str, &str) {
    (problem["errors"][0]["pointer"].as_str().unwrap(), problem["errors"][0]["code"].as_str().unwrap())
}

async fn resolve(world: &World, code: &str, on: Day) -> Option<parcel::Resolved> {
    let mut conn = world.app.db().acquire().await.unwrap();
    parcel::resolve(&mut conn, code, on, None).await.unwrap()
}

fn heirs(resolved: &parcel::Resolved) -> Vec<&str> {
    resolved.successors.iter().map(|heir| heir.code.as_str()).collect()
}

#[tokio::test]
async fn a_parcel_is_registered_found_and_put_right() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    let (head, made) = expect_response(
        world.post("/v1/parcels").bearer_auth(&key).json(&body(&OLD.to_lowercase(), 105.6, 105.602)),
        201,
    )
    .await;
    let of = &made["properties"];
    assert_eq!((&of["code"], &of["code_form"], &of["parcel_code"]), (&json!(OLD), &json!("parcel"), &json!(OLD)));
    assert_eq!(
        (&of["land_use"]["name_zh"], &of["land_user"]["credit_code"]),
        (&json!("工业用地"), &json!("91152900DEMX90021E"))
    );
    assert_eq!((&of["living"], &of["successors"], &of["voided"]), (&json!(true), &json!([]), &json!(false)));
    let (area, mu) = (of["area_m2"].as_f64().unwrap(), of["area_mu"].as_f64().unwrap());
    assert!((area - 38_553.0).abs() < 100.0 && (mu - area * 0.0015).abs() < 1e-9, "{area} {mu}");

    // By identifier and by code; a code once.
    let address = head.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(get(&world, &key, &address).await, get(&world, &key, &format!("/v1/parcels/{OLD}")).await);
    let twice = world.post("/v1/parcels").bearer_auth(&key).json(&body(OLD, 105.7, 105.702));
    assert_eq!(expect(twice, 409).await["code"], "code_taken");
    let unit = create(&world, &key, &body("152921001002GB00200W00000000", 105.7, 105.702)).await;
    assert_eq!(
        (&unit["properties"]["code_form"], &unit["properties"]["parcel_code"]),
        (&json!("real_estate_unit"), &json!("152921001002GB00200"))
    );
    let other = create(&world, &key, &body("老 7 号", 105.8, 105.802)).await;
    assert_eq!(
        (&other["properties"]["code_form"], &other["properties"]["parcel_code"]),
        (&json!("other"), &Value::Null)
    );

    // Who looks for what.
    for (query, expected) in [
        (String::new(), vec![OLD, "152921001002GB00200W00000000", "老 7 号"]),
        (format!("code={}", OLD.to_lowercase()), vec![OLD]),
        ("q=152921001002GB002".to_owned(), vec!["152921001002GB00200W00000000"]),
        ("q=示例化工&bbox=105.79,38.7,105.9,38.9".to_owned(), vec!["老 7 号"]),
        ("q=nothing".to_owned(), vec![]),
        ("division=140600".to_owned(), vec![]),
        ("true_on=2019-12-31".to_owned(), vec![]),
        ("known_at=2026-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let page = get(&world, &key, &format!("/v1/parcels?{query}")).await;
        assert_eq!(listed(&page), expected, "{query}");
    }
    let first = get(&world, &key, "/v1/parcels?limit=1").await;
    let next = get(&world, &key, first["links"][1]["href"].as_str().unwrap()).await;
    assert_eq!(listed(&next), ["152921001002GB00200W00000000"]);
    let stranger = world.key(Role::Planning, "140600").await;
    expect(world.get(&address).bearer_auth(&stranger), 404).await;
    expect(world.post("/v1/parcels").bearer_auth(&stranger).json(&body("x", 105.6, 105.602)), 403).await;

    // What was wrong is put right, with a reason, by whoever has read it.
    let before = world.app.clock().now().to_rfc3339().replace('+', "%2B");
    let patch = |tag: &str, patch: Value| world.patch(&address).bearer_auth(&key).header(IF_MATCH, tag).json(&patch);
    let right = json!({"address": "（演示）某镇某路 2 号", "land_user": {"name": "示例新材料有限公司"}, "land_use": null, "reason": "权利人变更"});
    let (head, now) = expect_response(patch("\"1\"", right.clone()), 200).await;
    assert_eq!(head.headers()["etag"].to_str().unwrap().trim_matches('"').split('-').next(), Some("2"));
    let of = &now["properties"];
    assert_eq!((&of["address"], &of["land_use"]), (&json!("（演示）某镇某路 2 号"), &Value::Null));
    assert_eq!(of["land_user"], json!({"name": "示例新材料有限公司", "credit_code": null}));
    let then = get(&world, &key, &format!("{address}?known_at={before}")).await;
    assert_eq!(then["properties"]["land_use"]["code"], "0601");
    assert_eq!(expect(patch("\"1\"", right.clone()), 412).await["code"], "stale");
    assert_eq!(fault(&expect(patch("\"2\"", right), 422).await).1, "unchanged");
    for (patched, pointer, code) in [
        (json!({"address": " ", "reason": "x"}), "/address", "text_unfit"),
        (
            json!({"land_use": {"system": "GB/T 21010-2017", "code": "9999"}, "reason": "x"}),
            "/land_use/code",
            "land_use_code_unknown",
        ),
        (json!({"land_user": {"credit_code": "1"}, "reason": "x"}), "/land_user/credit_code", "bad_credit_code"),
        (json!({"ended_on": "2019-01-01", "reason": "x"}), "/ended_on", "ends_before_it_begins"),
        (json!({"ended_on": "2027-01-01", "reason": "x"}), "/ended_on", "day_in_future"),
        (json!({"address": "x", "reason": ""}), "/reason", "reason_unfit"),
    ] {
        assert_eq!(fault(&expect(patch("\"2\"", patched.clone()), 422).await), (pointer, code), "{patched}");
    }
    expect(patch("\"2\"", json!({"ended_on": "2026-11-01", "reason": "注销"})), 200).await;
    assert_eq!(listed(&get(&world, &key, "/v1/parcels").await).len(), 2);
}

#[tokio::test]
async fn every_fault_of_a_new_parcel_names_its_place() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    let wrong = json!({
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[105.6, 38.8], [105.7, 38.8], [105.7, 38.9]]]},
        "properties": {
            "code": " ", "division_code": "152921", "began_on": "2026-11-22", "land_user": {"credit_code": "x"},
            "land_use": {"system": "x", "code": "0601"},
        },
    });
    let problem = expect(world.post("/v1/parcels").bearer_auth(&key).json(&wrong), 422).await;
    let found: Vec<(&str, &str)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    for expected in [
        ("/geometry/coordinates/0", "ring_too_short"),
        ("/properties/code", "missing"),
        ("/properties/began_on", "day_in_future"),
        ("/properties/land_user/credit_code", "bad_credit_code"),
        ("/properties/land_use/system", "land_use_system_unknown"),
    ] {
        assert!(found.contains(&expected), "{expected:?} of {found:?}");
    }
}

#[tokio::test]
async fn an_outline_that_crosses_itself_comes_back_with_a_repair() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    let mut crossing = body("X", 105.6, 105.602);
    crossing["geometry"] = json!({"type": "Polygon", "coordinates": [[
        [105.6, 38.8], [105.602, 38.8], [105.602, 38.802], [105.601, 38.7999], [105.6, 38.802], [105.6, 38.8]
    ]]});
    let post = |body: &Value| world.post("/v1/parcels").bearer_auth(&key).json(body);
    let problem = expect(post(&crossing), 422).await;
    assert_eq!(fault(&problem), ("/geometry", "invalid_geometry"));
    let proposal = problem["errors"][0]["proposal"].clone();
    assert_eq!(proposal["type"], "MultiPolygon", "{problem}");
    Area::from_geojson(&proposal, "").unwrap();
    crossing["geometry"] = proposal;
    create(&world, &key, &crossing).await;
    // Other faults carry none.
    let twice = expect(post(&body("X", 105.6, 105.602)), 409).await;
    assert!(twice["errors"].as_array().is_none_or(|errors| errors.iter().all(|one| one.get("proposal").is_none())));
}

#[tokio::test]
async fn a_body_in_a_gauss_krueger_zone_is_turned() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    // North before east, as the register of reference systems has the axes of zone 35.
    let (n, e) = (4_300_948.739, 35_557_302.241);
    let ring = json!([[n, e], [n, e + 100.0], [n + 100.0, e + 100.0], [n + 100.0, e], [n, e]]);
    let mut parcel = body("GK", 105.6, 105.602);
    parcel["geometry"] = json!({"type": "Polygon", "coordinates": [ring]});
    let post = |crs: &str, body: &Value| {
        world.post("/v1/parcels").bearer_auth(&key).header("Content-Crs", crs.to_owned()).json(body)
    };
    let zone = "<http://www.opengis.net/def/crs/EPSG/0/4523>";
    let made = expect(post(zone, &parcel), 201).await;
    let corner = &made["geometry"]["coordinates"][0][0];
    let (lon, lat) = (corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap());
    assert!((lon - 105.66).abs() < 1e-8 && (lat - 38.84).abs() < 1e-8, "{lon} {lat}");
    // The ellipsoid's area is the grid's but for the scale of the projection.
    assert!((made["properties"]["area_m2"].as_f64().unwrap() - 10_000.0).abs() < 5.0);

    // Latitude before longitude, as EPSG:4490 has them.
    let swapped = json!([[38.84, 105.66], [38.84, 105.662], [38.842, 105.662], [38.842, 105.66], [38.84, 105.66]]);
    parcel["properties"]["code"] = json!("LL");
    parcel["geometry"]["coordinates"] = json!([swapped]);
    let made = expect(post("<http://www.opengis.net/def/crs/EPSG/0/4490>", &parcel), 201).await;
    assert_eq!(made["geometry"]["coordinates"][0][0], json!([105.66, 38.84]));

    parcel["properties"]["code"] = json!("NO");
    for (crs, status, code) in [
        ("EPSG:4523", 400, "content_crs_unreadable"),
        ("<http://www.opengis.net/def/crs/EPSG/0/4523>", 422, "easting_implausible"),
        ("<http://www.opengis.net/def/crs/EPSG/0/2343>", 422, "crs_other_datum"),
        ("<http://www.opengis.net/def/crs/EPSG/0/99999>", 422, "crs_unknown"),
    ] {
        let problem = expect(post(crs, &parcel), status).await;
        let said = if status == 400 { &problem["code"] } else { &problem["errors"][0]["code"] };
        assert_eq!(said, code, "{crs}");
    }
}

#[tokio::test]
async fn a_parcel_is_split_and_its_old_code_still_answers_with_its_successors() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    create(&world, &key, &body(OLD, 105.6, 105.602)).await;
    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::hours(1));
    let split = change("split", "2026-06-01", &[OLD], &[child("A", 105.6, 105.601), child("B", 105.601, 105.602)]);
    let view = record(&world, &key, &split, 201).await;
    assert_eq!((codes(&view["parents"]), codes(&view["children"])), (vec![OLD], vec!["A", "B"]));
    // B is split again, and A and one part of it are merged.
    let again =
        change("split", "2026-07-01", &["B"], &[child("B1", 105.601, 105.6015), child("B2", 105.6015, 105.602)]);
    record(&world, &key, &again, 201).await;
    let merge = change("merge", "2026-08-01", &["A", "B1"], &[child("C", 105.6, 105.6015)]);
    record(&world, &key, &merge, 201).await;

    let old = get(&world, &key, &format!("/v1/parcels/{OLD}")).await;
    let of = &old["properties"];
    assert_eq!((&of["ended_on"], &of["living"]), (&json!("2026-06-01"), &json!(false)));
    assert_eq!(codes(&of["successors"]), ["A", "B"]);
    assert_eq!(of["successors"][1]["ended_on"], "2026-07-01");
    // What a child leaves unsaid is as with its parent.
    let heir = get(&world, &key, "/v1/parcels/A").await;
    assert_eq!(heir["properties"]["land_user"], of["land_user"]);
    assert_eq!(
        (&heir["properties"]["land_use"]["code"], &heir["properties"]["began_on"]),
        (&json!("0601"), &json!("2026-06-01"))
    );
    assert_eq!(codes(&heir["properties"]["predecessors"]), [OLD]);

    let tree = get(&world, &key, &format!("/v1/parcels/{OLD}/lineage")).await;
    assert_eq!(codes(&tree["parcels"]), [OLD, "A", "B", "B1", "B2", "C"]);
    let generations: Vec<i64> =
        tree["parcels"].as_array().unwrap().iter().map(|p| p["generation"].as_i64().unwrap()).collect();
    assert_eq!(generations, [0, 1, 1, 2, 2, 3]);
    assert_eq!(tree["changes"].as_array().unwrap().len(), 3);

    // Whoever checks land by the old code is told what lives of it on the day.
    for (on, expected) in [
        ("2026-05-31", vec![]),
        ("2026-06-01", vec!["A", "B"]),
        ("2026-07-15", vec!["A", "B1", "B2"]),
        ("2026-11-21", vec!["B2", "C"]),
    ] {
        let found = resolve(&world, OLD, on.parse().unwrap()).await.unwrap();
        assert_eq!(heirs(&found), expected, "{on}");
        assert_eq!(found.ended_on, "2026-06-01".parse().ok());
        assert_eq!(found.current_use.map(|land_use| land_use.code()), Some("0601"));
        assert!(found.area_m2 > 38_000.0);
    }
    let mut conn = world.app.db().acquire().await.unwrap();
    let then = parcel::resolve(&mut conn, OLD, TODAY, Some(before)).await.unwrap().unwrap();
    assert_eq!((then.ended_on, heirs(&then)), (None, vec![]));
    // Many at once are answered as each alone; a unit number that is not registered finds its parcel.
    let unit = format!("{OLD}F00010001");
    let asked = ["C", "nowhere", OLD, unit.as_str(), "B"];
    let together = parcel::resolve_all(&mut conn, &asked, &[TODAY; 5], None).await.unwrap();
    let found: Vec<Option<&str>> = together.iter().map(|one| one.as_ref().map(|one| one.code.as_str())).collect();
    assert_eq!(found, [Some("C"), None, Some(OLD), Some(OLD), Some("B")]);
    assert_eq!(together[3].as_ref().unwrap().real_estate_unit_number.as_deref(), Some(unit.as_str()));
    assert_eq!(heirs(together[2].as_ref().unwrap()), heirs(together[3].as_ref().unwrap()));
    assert_eq!(heirs(together[4].as_ref().unwrap()), ["B2", "C"]);
}

#[tokio::test]
async fn outlines_of_a_change_must_fit_and_what_has_ended_does_not_end_again() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    create(&world, &key, &body("P", 105.6, 105.602)).await;
    for (name, children, faults) in [
        (
            "gap",
            vec![child("A", 105.6, 105.601), child("B", 105.6011, 105.602)],
            vec![("/children", "parents_uncovered")],
        ),
        (
            "overlap",
            vec![child("A", 105.6, 105.6011), child("B", 105.601, 105.602)],
            vec![("/children/1/geometry", "children_overlap")],
        ),
        (
            "beside",
            vec![child("A", 105.6, 105.601), child("B", 105.601, 105.6021)],
            vec![("/children/1/geometry", "outside_parents")],
        ),
        ("number", vec![child("A", 105.6, 105.602)], vec![("/children", "wrong_number")]),
        (
            "codes",
            vec![child("A", 105.6, 105.601), child("A", 105.601, 105.602)],
            vec![("/children/1/properties/code", "repeated")],
        ),
    ] {
        let problem = record(&world, &key, &change("split", "2026-06-01", &["P"], &children), 422).await;
        for expected in faults {
            assert_eq!(fault(&problem), expected, "{name}");
        }
    }
    let fitting = [child("A", 105.6, 105.601), child("B", 105.601, 105.602)];
    for (on, status, code) in [("2026-11-22", 422, "day_in_future"), ("2019-12-31", 409, "parcel_not_begun")] {
        let problem = record(&world, &key, &change("split", on, &["P"], &fitting), status).await;
        let said = if status == 422 { &problem["errors"][0]["code"] } else { &problem["code"] };
        assert_eq!(said, code);
    }
    let unknown = record(&world, &key, &change("split", "2026-06-01", &["Q"], &fitting), 422).await;
    assert_eq!(fault(&unknown), ("/parents/0", "unknown_parcel"));
    let far = change("redraw", "2026-06-01", &["P"], &[child("P2", 105.7, 105.702)]);
    assert_eq!(fault(&record(&world, &key, &far, 422).await), ("/children/0/geometry", "not_on_parent"));

    record(&world, &key, &change("split", "2026-06-01", &["P"], &fitting), 201).await;
    let again = record(&world, &key, &change("split", "2026-06-01", &["P"], &fitting), 409).await;
    assert_eq!(again["code"], "parcel_ended");
    let taken = record(&world, &key, &change("redraw", "2026-06-02", &["A"], &[child("B", 105.6, 105.601)]), 409).await;
    assert_eq!((&taken["code"], fault(&taken).0), (&json!("code_taken"), "/children/0/properties/code"));
    let of = get(&world, &key, "/v1/parcels/A").await;
    let patch = json!({"began_on": "2026-06-02", "reason": "x"});
    let patched = world.patch("/v1/parcels/A").bearer_auth(&key).header(IF_MATCH, "\"1\"").json(&patch);
    assert_eq!(expect(patched, 409).await["code"], "day_of_change", "{of}");
}

#[tokio::test]
async fn a_change_entered_in_error_is_taken_back_and_leaves_its_codes_free() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    create(&world, &key, &body("P", 105.6, 105.602)).await;
    let split = change("split", "2026-06-01", &["P"], &[child("A", 105.6, 105.601), child("B", 105.601, 105.602)]);
    let first = record(&world, &key, &split, 201).await;
    let void = |id: &Value, status: u16| {
        let path = format!("/v1/parcel-changes/{}/void", id.as_str().unwrap());
        let request = world.post(&path).bearer_auth(&key).json(&json!({"reason": "录入有误"}));
        async move { expect(request, status).await }
    };
    let later =
        record(&world, &key, &change("redraw", "2026-07-01", &["A"], &[child("A2", 105.6, 105.6009)]), 201).await;
    assert_eq!(void(&first["id"], 409).await["code"], "later_fact");
    void(&later["id"], 200).await;
    let voided = void(&first["id"], 200).await;
    assert_eq!((&voided["voided"], &voided["void_reason"]), (&json!(true), &json!("录入有误")));
    assert_eq!(void(&first["id"], 409).await["code"], "change_voided");
    assert_eq!(listed(&get(&world, &key, "/v1/parcels?include=ended").await), ["P"]);
    let of = get(&world, &key, "/v1/parcels/P").await;
    assert_eq!((&of["properties"]["ended_on"], &of["properties"]["successors"]), (&Value::Null, &json!([])));
    expect(world.get("/v1/parcels/A").bearer_auth(&key), 404).await;
    assert!(resolve(&world, "A", TODAY).await.is_none());
    assert_eq!(codes(&get(&world, &key, "/v1/parcels/P/lineage").await["parcels"]), ["P"]);

    // Entered anew as it should have been, under the same codes.
    let right = change("split", "2026-06-01", &["P"], &[child("A", 105.6, 105.6005), child("B", 105.6005, 105.602)]);
    record(&world, &key, &right, 201).await;
    assert_eq!(heirs(&resolve(&world, "P", TODAY).await.unwrap()), ["A", "B"]);
    let kinds: Vec<String> =
        sqlx::query_scalar("select distinct kind from platform_outbox where kind like 'parcel%' order by kind")
            .fetch_all(world.app.db())
            .await
            .unwrap();
    assert_eq!(kinds, ["parcel.began", "parcel.change_voided", "parcel.ended", "parcel.registered"]);
}

#[tokio::test]
async fn files_say_what_came_of_which() {
    let world = World::new().await;
    let row = |code: &str, began: Option<&str>, predecessors: Value, west: f64, east: f64| {
        let mut properties = json!({"code": code, "division_code": "152921", "predecessors": predecessors});
        if let Some(began) = began {
            properties["began_on"] = json!(began);
        }
        feature(properties, rect(west, east))
    };
    // Split, then two of three merged, all in one file; the last part comes with the next.
    let rows = [
        row("P", None, Value::Null, 105.6, 105.602),
        row("A", Some("2021-01-01"), json!("P"), 105.6, 105.6005),
        row("B", Some("2021-01-01"), json!(["P"]), 105.6005, 105.601),
        row("AB", Some("2023-01-01"), json!("A、B"), 105.6, 105.601),
    ];
    assert_eq!(counts(&load(&world, "parcels", &rows, 10).await), (4, 0, 0));
    let rest = [row("C", Some("2021-01-01"), json!("P"), 105.601, 105.602)];
    assert_eq!(counts(&load(&world, "parcels", &rest, 10).await), (1, 0, 0));
    let key = world.key(Role::Planning, "152921").await;
    let tree = get(&world, &key, "/v1/parcels/P/lineage").await;
    assert_eq!(codes(&tree["parcels"]), ["P", "A", "B", "C", "AB"]);
    let changes: Vec<(&str, &str, bool)> = tree["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["kind"].as_str().unwrap(), one["effective_on"].as_str().unwrap(), one["imported"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(changes, [("merge", "2023-01-01", true), ("split", "2021-01-01", true)]);
    assert_eq!(codes(&tree["changes"][1]["children"]), ["A", "B", "C"]);
    let found = resolve(&world, "P", TODAY).await.unwrap();
    assert_eq!((found.ended_on, heirs(&found)), ("2021-01-01".parse().ok(), vec!["AB", "C"]));

    // What cannot be is told row by row, and takes with it what came of it.
    let wrong = [
        row("D", Some("2022-01-01"), json!("C2"), 105.7, 105.702),
        row("E", None, json!("AB"), 105.7, 105.702),
        row("F", Some("2022-06-01"), json!("A"), 105.7, 105.702),
        row("G", Some("2020-06-01"), json!("C"), 105.7, 105.702),
        row("H", Some("2024-01-01"), json!("H"), 105.7, 105.702),
        row("I", Some("2025-01-01"), json!("F"), 105.7, 105.702),
        row("P", None, Value::Null, 105.7, 105.702),
        row("J", Some("2025-01-01"), json!("C"), 105.7, 105.702),
    ];
    let outcomes = load(&world, "parcels", &wrong, 10).await;
    let said: Vec<Option<&str>> = outcomes.iter().map(|outcome| faults(outcome).first().map(|fault| fault.1)).collect();
    let expected = [
        Some("unknown_parcel"),
        Some("missing"),
        Some("days_differ"),
        Some("parcel_not_begun"),
        Some("own_predecessor"),
        Some("unknown_parcel"),
        Some("code_taken"),
        None,
    ];
    assert_eq!(said, expected);
    // A change that was recorded with its outlines is not added to.
    let split = change("split", "2026-01-01", &["J"], &[child("J1", 105.7, 105.701), child("J2", 105.701, 105.702)]);
    record(&world, &key, &split, 201).await;
    let outcomes = load(&world, "parcels", &[row("J3", Some("2026-01-01"), json!("J"), 105.7, 105.702)], 10).await;
    assert_eq!(faults(&outcomes[0])[0].1, "parcel_ended");
}

#[tokio::test]
async fn a_code_is_enough_of_a_question_and_an_outline_may_come_in_a_zone() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "152921").await;
    create(&world, &key, &body(OLD, 105.0, 105.02)).await;
    let ask = |geometry: Value, code: &str| {
        let properties = json!({"operation": "supply", "parcel_code": code, "division_code": "152921",
            "current_use": {"system": "GB/T 21010-2017", "code": "0701"}});
        let asked = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        world.post("/v1/land-checks").bearer_auth(&key).json(&asked)
    };
    let by_code = expect(ask(Value::Null, OLD), 201).await;
    let drawn = expect(ask(rect(105.0, 105.02), OLD), 201).await;
    assert_eq!(by_code["parcel"]["area_m2"], drawn["parcel"]["area_m2"]);
    let parcel = &by_code["parcel"];
    assert_eq!((&parcel["parcel_code"], &parcel["address"]), (&json!(OLD), &json!("（演示）某镇某路 1 号")));
    assert_eq!((&parcel["registered_use"]["code"], parcel.get("successors")), (&json!("0601"), None));
    // The register's use wins over what is stated, and the contradiction is shown.
    let rules: Vec<&str> =
        by_code["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"P-CONTRADICTION"), "{rules:?}");
    assert_eq!(
        fault(&expect(ask(Value::Null, "152921001002GB09999"), 422).await),
        ("/properties/parcel_code", "unknown_parcel")
    );

    // An old code still answers, with what came of it.
    let children = [child("152921001002GB00124", 105.0, 105.01), child("152921001002GB00125", 105.01, 105.02)];
    record(&world, &key, &change("split", "2026-06-01", &[OLD], &children), 201).await;
    let old = expect(ask(Value::Null, OLD), 201).await;
    assert_eq!(old["parcel"]["successors"], json!(["152921001002GB00124", "152921001002GB00125"]));

    // Zone 35 (central meridian 105 degrees): north, east with the number of the zone before it.
    let ring = [
        [4_296_000.0, 35_500_000.0],
        [4_296_000.0, 35_500_100.0],
        [4_296_100.0, 35_500_100.0],
        [4_296_100.0, 35_500_000.0],
        [4_296_000.0, 35_500_000.0],
    ];
    let zone = |crs: &str| {
        ask(json!({"type": "Polygon", "coordinates": [ring]}), "X1")
            .header("content-crs", format!("<http://www.opengis.net/def/crs/EPSG/0/{crs}>"))
    };
    let answer = expect(zone("4523"), 201).await;
    let area = answer["parcel"]["area_m2"].as_f64().unwrap();
    assert!((area - 10_000.0).abs() < 1.0, "{area}");
    expect(zone("99999"), 422).await;
}
