//! Farmland units: one by one, in bulk, and as input to checks.

use crate::loading::{counts, faults, feature, features, load, sample};
use crate::support::{TODAY, World, expect, expect_response, forged, probe, square};
use jingtu::kernel::{Area, Day};
use jingtu::platform::overlay::{Probe, Relation};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::farmland;
use serde_json::{Value, json};

fn unit(code: &str, division: &str, geometry: Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": {"code": code, "division_code": division, "land_type": "paddy", "class": "safe_use", "pbf": true, "crop": "水稻"}})
}

/// A rectangle of about 110 m by 100 m for each thousandth of a degree.
pub fn rect(west: f64, east: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[west, 23.7], [east, 23.7], [east, 23.701], [west, 23.701], [west, 23.7]]]})
}

/// A unit of 441602 with a class.
pub fn with_class(code: &str, class: &str, geometry: &Value) -> Value {
    let mut body = unit(code, "441602", geometry.clone());
    body["properties"]["class"] = json!(class);
    body
}

/// Sets a class as an adjustment does.
pub async fn set_class(world: &World, id: &str, class: &'static str, from_on: &str) {
    let from_on = Day::parse(from_on).unwrap();
    let mut act = world.act(Permission::FarmlandWrite).await;
    let new = farmland::NewClass {
        unit: id.parse().unwrap(),
        class,
        elements: Some([Some(3), Some(1), Some(1), Some(2), Some(1)]),
        from_on,
        trigger: "routine_monitoring".to_owned(),
        adjustment_id: uuid::Uuid::nil(),
        approval_number: "（演示）类别〔2026〕1号".to_owned(),
        approved_on: from_on,
    };
    farmland::set_classes(&mut act, &[new]).await.unwrap();
    act.finish(Reply::nothing()).await.unwrap();
}

fn ewkb(geometry: &Value) -> Vec<u8> {
    Area::from_geojson(geometry, "").unwrap().to_ewkb()
}

#[tokio::test]
async fn a_unit_is_registered_read_and_found() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let body = unit("U1", "441602", square(114.7, 23.7, 100.0));
    let (created, unit_view) =
        expect_response(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await;
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let properties = &unit_view["properties"];
    let area = properties["area_m2"].as_f64().unwrap();
    assert!((area - 10_000.0).abs() < 100.0, "{area}");
    assert!((properties["area_mu"].as_f64().unwrap() - area * 15.0 / 10_000.0).abs() < 1e-9);
    assert_eq!(unit_view["geometry"]["coordinates"][0].as_array().unwrap().len(), 5);

    let (read, again) = expect_response(world.get(&location).bearer_auth(&key), 200).await;
    assert_eq!(again, unit_view);
    expect(world.get(&location).bearer_auth(&key).header("if-none-match", read.headers()["etag"].clone()), 304).await;
    let classes = expect(world.get(&format!("{location}/classes")).bearer_auth(&key), 200).await;
    assert_eq!(classes["classes"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&classes["classes"][0]["class"], &classes["classes"][0]["known_to"]),
        (&json!("safe_use"), &Value::Null)
    );

    for (query, n) in [
        ("class=safe_use", 1),
        ("class=strict_control", 0),
        ("land_type=paddy", 1),
        ("land_type=forest", 0),
        ("division=440000", 1),
        ("division=441602", 1),
        ("division=150000", 0),
        ("pbf=true", 1),
        ("pbf=false", 0),
        ("code=U1", 1),
        ("code=U2", 0),
        ("bbox=114,23,115,24", 1),
        ("bbox=110,23,111,24", 0),
    ] {
        let page = expect(world.get(&format!("/v1/farmland-units?{query}")).bearer_auth(&key), 200).await;
        assert_eq!(page["numberReturned"], n, "{query}");
    }
    expect(world.get("/v1/farmland-units?class=best").bearer_auth(&key), 400).await;
    expect(world.get("/v1/farmland-units/nonsense").bearer_auth(&key), 404).await;
}

#[tokio::test]
async fn who_may_see_and_write_is_held() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let body = unit("U1", "441602", square(114.7, 23.7, 100.0));
    let (created, _) = expect_response(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await;
    let location = created.headers()["location"].to_str().unwrap().to_owned();

    for path in ["/v1/farmland-units", &location, &format!("{location}/classes")] {
        expect(world.get(path), 401).await;
    }
    let elsewhere = world.key(Role::Planning, "150000").await;
    assert_eq!(expect(world.get("/v1/farmland-units").bearer_auth(&elsewhere), 200).await["numberReturned"], 0);
    expect(world.get(&location).bearer_auth(&elsewhere), 404).await;
    expect(world.get(&format!("{location}/classes")).bearer_auth(&elsewhere), 404).await;
    let agency = world.key(Role::ThirdParty, "440000").await;
    expect(world.get("/v1/farmland-units").bearer_auth(&agency), 403).await;

    let post = |key: &str, body: &Value| world.post("/v1/farmland-units").bearer_auth(key).json(body);
    expect(world.post("/v1/farmland-units").json(&body), 401).await;
    assert_eq!(expect(post(&elsewhere, &body), 403).await["code"], "role_not_allowed");
    let outside = unit("U2", "152921", square(105.6, 38.8, 100.0));
    assert_eq!(expect(post(&key, &outside), 403).await["code"], "outside_division");
}

#[tokio::test]
async fn wrong_units_are_refused_with_every_fault_in_its_place() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "000000").await;
    let post = |body: Value| world.post("/v1/farmland-units").bearer_auth(&key).json(&body);
    expect(post(unit("U1", "441602", square(114.7, 23.7, 100.0))), 201).await;
    assert_eq!(expect(post(unit("U1", "441602", square(114.8, 23.7, 100.0))), 409).await["code"], "code_taken");

    let pointers = |problem: &Value| {
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let bow = json!({"type": "Polygon", "coordinates": [[[114.0, 23.0], [114.1, 23.1], [114.1, 23.0], [114.0, 23.1], [114.0, 23.0]]]});
    assert_eq!(pointers(&expect(post(unit("U2", "441602", bow)), 422).await), ["/geometry"]);
    assert_eq!(
        pointers(&expect(post(unit("U2", "449999", square(114.7, 23.7, 1.0))), 422).await),
        ["/properties/division_code"]
    );
    let mut bad = unit("", "441602", json!({"type": "Polygon", "coordinates": [[[38.0, 105.0]]]}));
    bad["properties"]["stated_area_m2"] = json!(-1);
    let world_wide =
        json!({"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]});
    assert_eq!(expect(post(unit("U2", "441602", world_wide)), 422).await["errors"][0]["code"], "no_area");
    let found = pointers(&expect(post(bad), 422).await);
    assert_eq!(found, ["/properties/code", "/properties/stated_area_m2", "/geometry/coordinates/0/0"]);
    let mut unknown = unit("U2", "441602", square(114.7, 23.7, 1.0));
    unknown["properties"]["colour"] = json!("green");
    assert_eq!(pointers(&expect(post(unknown), 422).await), ["/properties/colour"]);
}

#[tokio::test]
async fn the_sample_loads_in_bulk_and_pages_neither_drop_nor_repeat() {
    let world = World::new().await;
    load(&world, "divisions", &sample("divisions.geojson"), 1000).await;
    let units = sample("farmland.geojson");
    assert_eq!(counts(&load(&world, "farmland", &units, 1000).await), (units.len(), 0, 0));
    let key = world.key(Role::Planning, "000000").await;
    let mut codes = Vec::new();
    let mut next = "/v1/farmland-units?limit=500".to_owned();
    loop {
        let page = expect(world.get(&next).bearer_auth(&key), 200).await;
        codes.extend(
            page["features"].as_array().unwrap().iter().map(|f| f["properties"]["code"].as_str().unwrap().to_owned()),
        );
        match page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next") {
            Some(link) => next = link["href"].as_str().unwrap().to_owned(),
            None => break,
        }
    }
    let first = expect(world.get("/v1/farmland-units?limit=5").bearer_auth(&key), 200).await;
    let path = format!("/v1/farmland-units?limit=5&cursor={}", forged(&first, "\0"));
    assert_eq!(expect(world.get(&path).bearer_auth(&key), 400).await["code"], "bad_cursor");
    let mut expected: Vec<String> = units.iter().map(|u| u.properties["code"].as_str().unwrap().to_owned()).collect();
    expected.sort();
    assert_eq!(codes, expected);

    let again = load(&world, "farmland", &units[..3], 1000).await;
    assert!(again.iter().all(|o| faults(o) == [("/properties/code".to_owned(), "code_taken")]), "{again:?}");
}

#[tokio::test]
async fn bulk_rows_that_cannot_be_taken_say_why() {
    let world = World::new().await;
    let ok = json!({"code": "A", "division_code": "441602", "land_type": "upland"});
    let with = |key: &str, value: Value| {
        let mut properties = ok.clone();
        properties[key] = value;
        properties
    };
    let here = square(114.7, 23.7, 100.0);
    // A spike of no width: the repair takes it off and changes no area.
    let spike = json!({"type": "Polygon", "coordinates": [[[114.7, 23.7], [114.71, 23.7], [114.71, 23.71], [114.71, 23.72], [114.71, 23.71], [114.7, 23.71], [114.7, 23.7]]]});
    let flat =
        json!({"type": "Polygon", "coordinates": [[[114.7, 23.7], [114.71, 23.7], [114.72, 23.7], [114.7, 23.7]]]});
    let rows = [
        feature(ok.clone(), here.clone()),
        feature(ok.clone(), here.clone()),
        feature(with("code", json!("B")), spike),
        feature(with("code", json!("C")), flat),
        feature(with("code", json!("D")), Value::Null),
        feature(with("division_code", json!("999999")), here.clone()),
        feature(with("land_type", json!("lake")), here.clone()),
        feature(json!({"pbf": "yes", "class_since": "2026"}), here),
    ];
    let outcomes = load(&world, "farmland", &rows, 100).await;
    assert_eq!(counts(&outcomes), (1, 1, 6));
    let codes: Vec<Vec<&str>> =
        outcomes.iter().map(|o| faults(o).into_iter().map(|(_, code)| code).collect()).collect();
    assert_eq!(codes[1], ["repeated_in_file"]);
    assert_eq!(codes[3], ["invalid_geometry"]);
    assert_eq!(codes[4], ["geometry_missing"]);
    assert_eq!(codes[5], ["repeated_in_file"]);
    assert_eq!(codes[6], ["not_in_list"]);
    assert_eq!(codes[7], ["missing", "missing", "missing", "not_boolean", "not_a_day"]);
}

/// Rings of a few points on a small grid are crossed, flat, doubled and pinched in every way there is.
#[tokio::test]
async fn no_outline_whatever_its_form_fails_its_neighbours() {
    let world = World::new().await;
    let mut state = 20_261_121_u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut rows = Vec::new();
    for i in 0..600 {
        let scale = [0.001, 1.0, 40.0][i % 3];
        let mut ring = || {
            let mut ring: Vec<[f64; 2]> =
                (0..3 + next(5)).map(|_| [next(4) as f64 * scale, next(3) as f64 * scale]).collect();
            ring.push(ring[0]);
            ring
        };
        let polygon = [ring(), ring()];
        let geometry = match i % 4 {
            0 => json!({"type": "Polygon", "coordinates": [polygon[0]]}),
            1 => json!({"type": "Polygon", "coordinates": polygon}),
            2 => json!({"type": "MultiPolygon", "coordinates": [[polygon[0]], [polygon[1]]]}),
            _ => json!({"type": "MultiPolygon", "coordinates": [polygon, polygon]}),
        };
        rows.push(feature(
            json!({"code": format!("F{i}"), "division_code": "441602", "land_type": "upland"}),
            geometry,
        ));
    }
    for (code, ring) in [
        ("world", json!([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]])),
        ("pole", json!([[-180, 90], [0, 90], [180, 90], [-180, 90]])),
        ("line", json!([[0, 0], [180, 0], [-180, 0], [0, 0]])),
    ] {
        let geometry = json!({"type": "Polygon", "coordinates": [ring]});
        rows.push(feature(json!({"code": code, "division_code": "441602", "land_type": "upland"}), geometry));
    }
    let outcomes = load(&world, "farmland", &rows, 1000).await;
    let (written, repaired, rejected) = counts(&outcomes);
    assert!(written > 0 && repaired > 0 && rejected > 0, "{written} {repaired} {rejected}");
    let invalid: i64 =
        sqlx::query_scalar("select count(*) from farmland_unit where not st_isvalid(geom) or area_m2 <= 0")
            .fetch_one(world.app.db())
            .await
            .unwrap();
    assert_eq!(invalid, 0);
}

#[tokio::test]
async fn checks_learn_what_overlaps_touches_and_lies_near() {
    let world = World::new().await;
    let rows = [
        unit("half", "441602", rect(114.7005, 114.7015)),
        unit("edge", "441602", rect(114.699, 114.7)),
        unit("near", "441602", rect(114.7015, 114.702)),
        unit("far", "441602", rect(114.8, 114.801)),
    ];
    assert_eq!(counts(&load(&world, "farmland", &features(&json!({"features": rows})), 10).await), (4, 0, 0));
    let parcel = rect(114.7, 114.701);
    let mut conn = world.app.db().acquire().await.unwrap();
    let within = probe(&mut conn, &parcel, TODAY).await;
    let mut met = farmland::hits(&mut conn, &within).await.unwrap();
    met.sort_by_key(|met| std::cmp::Reverse(met.record.code.clone()));
    assert_eq!(
        met.iter().map(|h| (h.record.code.as_str(), h.overlay.relation)).collect::<Vec<_>>(),
        [("half", Relation::Overlaps), ("edge", Relation::Touches)]
    );
    let half = &met[0].overlay;
    assert!((half.share_of_parcel - 0.5).abs() < 1e-6 && (half.share_of_record - 0.5).abs() < 1e-6, "{half:?}");
    let parcel_m2: f64 = sqlx::query_scalar("select st_area(st_geomfromewkb($1)::geography)")
        .bind(ewkb(&parcel))
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert!((half.overlap_m2 - parcel_m2 / 2.0).abs() < 0.01 && half.distance_m == 0.0);
    assert_eq!((met[1].overlay.overlap_m2, met[1].overlay.distance_m), (0.0, 0.0));

    // From 114.701 to 114.7015 at 23.7 degrees north are about 51 m.
    let d = farmland::hits(&mut conn, &Probe { near_m: Some(52.0), ..within.clone() }).await.unwrap();
    let near = d.iter().find(|h| h.record.code == "near").unwrap();
    assert_eq!((near.overlay.relation, near.overlay.overlap_m2), (Relation::Near, 0.0));
    assert!((near.overlay.distance_m - 51.0).abs() < 0.5, "{near:?}");
    assert_eq!(farmland::hits(&mut conn, &Probe { near_m: Some(50.0), ..within }).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_class_of_a_past_day_is_the_one_that_held_then() {
    let world = World::new().await;
    let geometry = square(114.7, 23.7, 100.0);
    let mut row = unit("U", "441602", geometry.clone());
    row["properties"]["class_since"] = json!("2021-01-01");
    load(&world, "farmland", &features(&json!({"features": [row]})), 10).await;
    let id = hits_id(&world, &geometry).await;
    set_class(&world, &id, "strict_control", "2026-06-01").await;

    let mut conn = world.app.db().acquire().await.unwrap();
    for (day, class) in [
        ("2026-11-21", "strict_control"),
        ("2026-06-01", "strict_control"),
        ("2026-05-31", "safe_use"),
        ("2020-12-31", "unclassified"),
    ] {
        let parcel = probe(&mut conn, &geometry, Day::parse(day).unwrap()).await;
        let hits = farmland::hits(&mut conn, &parcel).await.unwrap();
        assert_eq!(hits[0].record.class, class, "{day}");
    }
    let key = world.key(Role::Auditor, "000000").await;
    let classes = expect(world.get(&format!("/v1/farmland-units/{id}/classes")).bearer_auth(&key), 200).await;
    let said: Vec<_> = classes["classes"].as_array().unwrap().iter().map(|c| c["class"].as_str().unwrap()).collect();
    assert_eq!(said, ["safe_use", "strict_control"]);
    let [first, last] = [&classes["classes"][0], &classes["classes"][1]];
    assert_eq!((&first["from_on"], &first["until"]), (&json!("2021-01-01"), &json!("2026-05-31")));
    assert_eq!((&last["from_on"], &last["until"]), (&json!("2026-06-01"), &Value::Null));
    assert_eq!((&last["trigger"], &last["known_to"]), (&json!("routine_monitoring"), &Value::Null));
    assert_eq!(last["elements"], json!({"Cd": 3, "Hg": 1, "As": 1, "Pb": 2, "Cr": 1, "zh": 3}));
}

async fn hits_id(world: &World, geometry: &Value) -> String {
    let mut conn = world.app.db().acquire().await.unwrap();
    let parcel = probe(&mut conn, geometry, TODAY).await;
    farmland::hits(&mut conn, &parcel).await.unwrap()[0].record.id.to_string()
}

#[tokio::test]
async fn checks_pass_over_units_that_do_not_exist_on_their_day() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let mut body = with_class("U", "safe_use", &rect(114.7, 114.702));
    body["properties"]["began_on"] = json!("2020-01-01");
    let id = expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await["id"].clone();
    let became =
        json!({"became": {"system": "GB/T 21010-2017", "code": "0601"}, "changed_on": "2026-06-01", "reason": "x"});
    let address = format!("/v1/farmland-units/{}/land-type", id.as_str().unwrap());
    expect(world.post(&address).bearer_auth(&key).json(&became), 200).await;
    let mut conn = world.app.db().acquire().await.unwrap();
    for (day, n) in [("2019-12-31", 0), ("2020-01-01", 1), ("2026-05-31", 1), ("2026-06-01", 0), ("2026-11-21", 0)] {
        let parcel = probe(&mut conn, &rect(114.7, 114.702), Day::parse(day).unwrap()).await;
        let met = farmland::hits(&mut conn, &parcel).await.unwrap();
        assert_eq!(met.len(), n, "{day}");
    }
}

#[tokio::test]
async fn others_learn_what_was_true_of_units_on_a_day() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let mut ids = Vec::new();
    for (code, west) in [("B", 114.71), ("A", 114.7)] {
        let body = with_class(code, "priority_protection", &rect(west, west + 0.001));
        let unit = expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await;
        ids.push(unit["id"].as_str().unwrap().to_owned());
    }
    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::minutes(1));
    set_class(&world, &ids[1], "strict_control", "2026-06-01").await;
    let ids: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
    let mut conn = world.app.db().acquire().await.unwrap();
    let day = Day::parse("2026-05-31").unwrap();
    for (on, known_at, class) in [
        (TODAY, None, "strict_control"),
        (day, None, "priority_protection"),
        (TODAY, Some(before), "priority_protection"),
    ] {
        let units = farmland::units(&mut conn, &ids, on, known_at).await.unwrap();
        assert_eq!(units.iter().map(|u| u.code.as_str()).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(
            (units[0].class.as_str(), units[1].class.as_str()),
            (class, "priority_protection"),
            "{on} {known_at:?}"
        );
        assert!(units.iter().all(|unit| unit.exists_on(on)));
    }
    let unknown = farmland::unit(&mut conn, ids[0], TODAY, Some(before - chrono::Duration::days(1))).await.unwrap();
    assert_eq!(unknown, None);
    let lineage = farmland::lineage(&mut conn, ids[0]).await.unwrap();
    assert!(lineage.parents.is_empty() && lineage.children.is_empty());

    // Before the last that is known, and for what is unknown, no class is set.
    let new = |unit, from_on: &str| farmland::NewClass {
        unit,
        class: "safe_use",
        elements: None,
        from_on: Day::parse(from_on).unwrap(),
        trigger: "co_monitoring".to_owned(),
        adjustment_id: uuid::Uuid::nil(),
        approval_number: "x".to_owned(),
        approved_on: TODAY,
    };
    let mut act = world.act(Permission::FarmlandWrite).await;
    let late = farmland::set_classes(&mut act, &[new(ids[1], "2026-05-31")]).await.unwrap_err();
    assert_eq!(late.code(), "later_fact");
    let nobody = "0190a0a0-0000-7000-8000-000000000000".parse().unwrap();
    let nobody = farmland::set_classes(&mut act, &[new(nobody, "2026-05-31")]).await.unwrap_err();
    assert_eq!(nobody.code(), "unit_not_living");
}

/// Registers that were kept before there were tracks keep their answers.
#[tokio::test]
async fn what_was_registered_before_becomes_the_tracks() {
    let world = World::new().await;
    let name = format!("old_{}", std::process::id());
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name} template template0")))
        .execute(world.app.db())
        .await
        .unwrap();
    let options = world.app.db().connect_options().as_ref().clone().database(&name);
    let old = sqlx::PgPool::connect_with(options).await.unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let (before, after): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.file_name().unwrap().to_str().unwrap() < "0025");
    for file in before {
        run(&old, std::fs::read_to_string(file).unwrap()).await;
    }
    let act = |at: &str| {
        format!(
            "select set_config('jingtu.act', '0190a0a0-0000-7000-8000-000000000001', true), set_config('jingtu.now', '{at}', true);"
        )
    };
    let outline = "st_setsrid(st_makeenvelope(114.7, 23.7, 114.701, 23.701), 4490)";
    run(
        &old,
        format!(
            "{} insert into farmland_unit (id, code, division_code, land_type, class, class_since, area_m2, geom) values
                 ('0190a0a0-0000-7000-8000-00000000000a', 'A', '000000', 'paddy', 'safe_use', '2021-01-01', 1, {outline}),
                 ('0190a0a0-0000-7000-8000-00000000000b', 'B', '000000', 'paddy', 'unclassified', null, 1, {outline});",
            act("2025-01-01T00:00:00Z")
        ),
    )
    .await;
    // A new class, then a crop, then a correction that holds from an earlier day; and a land type put right.
    for (at, change) in [
        ("2025-02-01T00:00:00Z", "class = 'strict_control', class_since = '2024-01-01' where code = 'A'"),
        ("2025-03-01T00:00:00Z", "crop = 'x' where code = 'A'"),
        ("2025-04-01T00:00:00Z", "class = 'priority_protection', class_since = '2023-01-01' where code = 'A'"),
        ("2025-05-01T00:00:00Z", "land_type = 'upland' where code = 'B'"),
    ] {
        run(&old, format!("{} update farmland_unit set {change};", act(at))).await;
    }
    for file in after.into_iter().filter(|file| file.file_name().unwrap().to_str().unwrap() < "0028") {
        run(&old, std::fs::read_to_string(file).unwrap()).await;
    }
    for (code, day, known, class, land_type) in [
        ("A", "2020-12-31", None, "unclassified", "paddy"),
        ("A", "2021-01-01", None, "safe_use", "paddy"),
        ("A", "2022-12-31", None, "safe_use", "paddy"),
        ("A", "2025-06-01", None, "priority_protection", "paddy"),
        ("A", "2023-06-01", Some("2025-03-15T00:00:00Z"), "safe_use", "paddy"),
        ("A", "2025-06-01", Some("2025-03-15T00:00:00Z"), "strict_control", "paddy"),
        ("A", "2025-06-01", Some("2025-01-15T00:00:00Z"), "safe_use", "paddy"),
        ("B", "2025-06-01", None, "unclassified", "upland"),
        ("B", "2025-06-01", Some("2025-04-15T00:00:00Z"), "unclassified", "paddy"),
    ] {
        // By the track itself, and by the unit with its last facts.
        let found: (String, String, String, String) = sqlx::query_as(
            "select u.class, u.land_type,
                 coalesce((select class from farmland_class_at(u.id, $2::date, $3::timestamptz)), 'unclassified'),
                 (select land_type from farmland_land_type_at(u.id, $2::date, $3::timestamptz))
             from farmland_units_at($2::date, $3::timestamptz) as u where code = $1",
        )
        .bind(code)
        .bind(Day::parse(day).unwrap())
        .bind(known.map(|at| chrono::DateTime::parse_from_rfc3339(at).unwrap()))
        .fetch_one(&old)
        .await
        .unwrap();
        let expected = (class.to_owned(), land_type.to_owned(), class.to_owned(), land_type.to_owned());
        assert_eq!(found, expected, "{code} {day} {known:?}");
    }
    old.close().await;
}

async fn run(db: &sqlx::PgPool, sql: String) {
    let mut tx = db.begin().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}
