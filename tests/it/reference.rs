//! Reference layers: made by hand or by their first import, added to or replaced, seen by whom they are for.

use crate::loading::{counts, faults, feature, importer, last_note, load};
use crate::support::{World, expect, expect_response, square};
use jingtu::across::imports;
use jingtu::kernel::Area;
use jingtu::platform::Role;
use jingtu::registers::reference::{Within, near};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

fn point(lon: f64, lat: f64) -> Value {
    json!({"type": "Point", "coordinates": [lon, lat]})
}

fn layer(name: &str) -> Value {
    json!({"name": name, "kind": "schools", "title_zh": "学校", "title_en": "Schools", "division_code": "152921"})
}

async fn codes(world: &World, key: &str, path: &str) -> Vec<String> {
    let page = expect(world.get(path).bearer_auth(key), 200).await;
    let features = page["features"].as_array().expect("features");
    features.iter().map(|f| f["properties"]["code"].as_str().expect("code").to_owned()).collect()
}

#[tokio::test]
async fn an_import_makes_a_layer_of_the_kind_that_it_is_called_as() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, "152921").await;
    let collection = json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": point(105.6, 38.8), "properties": {"id": 7, "name": "一小", "pupils": 320, "open": true}},
        {"type": "Feature", "geometry": square(105.7, 38.8, 100.0), "properties": {"code": "B", "name": "二小"}},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[105.6, 38.8], [105.61, 38.8]]}, "properties": {"code": "C"}},
    ]});
    let send = |target: &str| {
        let form = Form::new()
            .part("file", Part::text(collection.to_string()).file_name("schools.geojson"))
            .text("target", target.to_owned());
        world.post("/v1/imports").bearer_auth(&planning).multipart(form)
    };
    let job = expect(send("reference:schools"), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let path = format!("/v1/jobs/{}", job["id"].as_str().expect("id"));
    let done = expect(world.get(&path).bearer_auth(&planning), 200).await;
    assert_eq!((&done["status"], &done["counts"]["written"]), (&json!("done"), &json!(3)), "{done}");
    let made = expect(world.get("/v1/reference-layers/schools").bearer_auth(&planning), 200).await;
    for (name, value) in [
        ("kind", json!("schools")),
        ("division_code", json!("152921")),
        ("public", json!(false)),
        ("on_import", json!("add")),
        ("loaded_on", json!("2026-11-21")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let page = expect(world.get("/v1/reference-layers/schools/features").bearer_auth(&planning), 200).await;
    let first = &page["features"][0];
    assert_eq!(first["geometry"], point(105.6, 38.8));
    assert_eq!(
        first["properties"],
        json!({"code": "7", "name": "一小", "attributes": {"id": 7, "pupils": 320, "open": true}, "ended_on": null})
    );
    assert_eq!(page["numberReturned"], 3);
    // Departments only: the public sees neither the layer nor its features.
    expect(world.get("/v1/reference-layers/schools/features"), 404).await;
    assert_eq!(expect(world.get("/v1/reference-layers"), 200).await["layers"], json!([]));

    // One that is called as no kind is of the kind `other`, until its keepers say more; a family without a name is no target.
    let job = expect(send("reference:wells"), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let path = format!("/v1/jobs/{}", job["id"].as_str().expect("id"));
    assert_eq!(expect(world.get(&path).bearer_auth(&planning), 200).await["status"], "done");
    let made = expect(world.get("/v1/reference-layers/wells").bearer_auth(&planning), 200).await;
    for (name, value) in [
        ("kind", json!("other")),
        ("title_zh", json!("wells")),
        ("division_code", json!("152921")),
        ("public", json!(false)),
        ("collection", json!("ref-wells")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    for (target, code) in
        [("reference:", "bad_layer_name"), ("reference:学校", "bad_layer_name"), ("reference", "unknown_target")]
    {
        assert_eq!(expect(send(target), 422).await["errors"][0]["code"], code, "{target}");
    }
}

#[tokio::test]
async fn a_layer_that_is_replaced_ends_what_its_file_does_not_hold() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, "152921").await;
    let made = expect(world.post("/v1/reference-layers").bearer_auth(&planning).json(&layer("schools")), 201).await;
    assert_eq!((&made["revision"], &made["loaded_on"]), (&json!(1), &Value::Null));
    let school = |code: &str| feature(json!({"code": code, "name": code}), point(105.6, 38.8));
    load(&world, "reference:schools", &[school("A"), school("B")], 1).await;
    let features = "/v1/reference-layers/schools/features";
    // Added to: what the file does not hold stays.
    load(&world, "reference:schools", &[school("C")], 10).await;
    assert_eq!(codes(&world, &planning, features).await, ["A", "B", "C"]);

    let path = "/v1/reference-layers/schools";
    let (head, _) = expect_response(world.get(path).bearer_auth(&planning), 200).await;
    let tag = head.headers()["etag"].to_str().expect("a tag").to_owned();
    expect(world.patch(path).bearer_auth(&planning).json(&json!({"on_import": "replace"})), 428).await;
    let change = || world.patch(path).bearer_auth(&planning).json(&json!({"on_import": "replace", "public": true}));
    let changed = expect(change().header("if-match", &tag), 200).await;
    assert_eq!((&changed["on_import"], &changed["public"]), (&json!("replace"), &json!(true)));
    expect(change().header("if-match", &tag), 412).await;

    // A file with a rejected row may have held what it does not: nothing ends.
    let broken = feature(json!({"code": "?"}), point(200.0, 38.8));
    let outcomes = load(&world, "reference:schools", &[school("B"), broken], 10).await;
    assert_eq!(
        (counts(&outcomes), faults(&outcomes[1])),
        ((1, 0, 1), vec![("/geometry/coordinates".to_owned(), "coordinate_out_of_range")])
    );
    assert_eq!(codes(&world, &planning, features).await, ["A", "B", "C"]);
    world.clock.advance(chrono::Duration::hours(1));
    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::days(1));
    load(&world, "reference:schools", &[school("B"), school("D")], 1).await;
    assert_eq!(
        last_note(&world, "reference/schools").await,
        json!({"replaced": true, "ended": 2, "columns": 0, "on": "2026-11-22"})
    );
    assert_eq!(codes(&world, &planning, features).await, ["B", "D"]);
    assert_eq!(codes(&world, &planning, &format!("{features}?true_on=2026-11-21")).await, ["A", "B", "C", "D"]);
    let known = before.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(codes(&world, &planning, &format!("{features}?known_at={known}")).await, ["A", "B", "C"]);
    // A feature that comes back is there again; pages go on where they ended.
    load(&world, "reference:schools", &[school("A"), school("B"), school("D")], 1).await;
    let first = expect(world.get(&format!("{features}?limit=2")), 200).await;
    let next = first["links"][1]["href"].as_str().expect("a next page");
    assert_eq!(codes(&world, &planning, &format!("{features}?limit=2")).await, ["A", "B"]);
    assert_eq!(expect(world.get(next), 200).await["features"][0]["properties"]["code"], "D");
    expect(world.get(&format!("{features}?limits=2")), 400).await;
    assert_eq!(codes(&world, &planning, &format!("{features}?bbox=105.7,38,106,39")).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_layer_is_kept_by_its_division() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, "152921").await;
    let elsewhere = world.key(Role::Planning, "140602").await;
    let post = |key: &str, body: Value| world.post("/v1/reference-layers").bearer_auth(key).json(&body);
    expect(post(&elsewhere, layer("schools")), 403).await;
    let nation = json!({"name": "n", "kind": "other", "title_zh": "N", "title_en": "N"});
    assert_eq!(expect(post(&planning, nation), 403).await["code"], "outside_division");
    expect(post(&planning, layer("schools")), 201).await;
    assert_eq!(expect(post(&planning, layer("schools")), 409).await["code"], "name_taken");
    let wrong = json!({"name": "1", "kind": "schools", "title_zh": "", "title_en": "x", "as_of": "2027-01-01", "division_code": "152921"});
    let said = expect(post(&planning, wrong), 422).await;
    let codes: Vec<_> = said["errors"].as_array().expect("errors").iter().map(|e| e["code"].clone()).collect();
    assert_eq!(codes, ["bad_layer_name", "text_unfit", "day_in_future"]);
    // Another county's key loads nothing into it.
    let caller =
        jingtu::platform::identity::authenticate(world.app.db(), &elsewhere, world.app.today()).await.expect("key");
    let target = importer("reference:schools");
    let begun = jingtu::platform::Act::begin(&world.app, &caller, target.permission(), Default::default())
        .await
        .expect("begin");
    let jingtu::platform::Begun::Fresh(mut act) = begun else { panic!("replayed") };
    let refused = target.write(&mut act, &[feature(json!({"code": "A"}), point(105.6, 38.8))]).await;
    assert_eq!(refused.map(|_| ()).map_err(|error| error.code()), Err("outside_division"));
}

#[tokio::test]
async fn what_is_near_is_found_by_kind_and_distance() {
    let world = World::new().await;
    let school = |code: &str, geometry: Value| feature(json!({"code": code}), geometry);
    let rows = [
        school("inside", point(105.6005, 38.8005)),
        school("corner", point(105.6, 38.8)),
        school("near", point(105.605, 38.8005)),
        school("far", point(105.7, 38.8)),
        school("campus", square(105.6008, 38.8008, 200.0)),
    ];
    assert_eq!(counts(&load(&world, "reference:schools", &rows, 10).await), (5, 0, 0));
    load(&world, "reference:homes", &[school("home", point(105.605, 38.8005))], 10).await;
    let parcel = json!({"type": "Polygon", "coordinates": [[[105.6, 38.8], [105.601, 38.8], [105.601, 38.801], [105.6, 38.801], [105.6, 38.8]]]});
    let ewkb = Area::from_geojson(&parcel, "").expect("an area").to_ewkb();
    let mut conn = world.app.db().acquire().await.expect("a connection");
    let within = [Within { kind: "schools", metres: Some(500.0) }, Within { kind: "homes", metres: None }];
    let found = near(&mut conn, &ewkb, &within, world.app.today(), None, 10).await.expect("found");
    let shown: Vec<_> = found.iter().map(|n| (n.code.as_str(), n.relation.as_str(), n.distance_m.round())).collect();
    assert_eq!(
        shown,
        [("campus", "overlaps", 0.0), ("corner", "touches", 0.0), ("inside", "overlaps", 0.0), ("near", "near", 347.0)]
    );
    assert!(found[0].overlap_m2 > 100.0 && found[2].overlap_m2 == 0.0);
    let one = near(&mut conn, &ewkb, &within[..1], world.app.today(), None, 1).await.expect("found");
    assert_eq!(one.len(), 1, "no more than asked for");
}
