//! What land checks look at beside sites and farmland: control zones, key units, coverage.

use crate::loading::{counts, faults, feature, last_note, load, sample};
use crate::support::{TODAY, World, expect, probe, square};
use jingtu::kernel::Area;
use jingtu::platform::Role;
use jingtu::platform::overlay::Relation;
use jingtu::registers::{control_zone, coverage, key_unit};
use serde_json::{Value, json};

fn ewkb(geometry: &Value) -> Vec<u8> {
    Area::from_geojson(geometry, "").unwrap().to_ewkb()
}

fn zone(code: &str, approved_on: &str, ended_on: Option<&str>) -> Value {
    json!({"code": code, "name": "某管控区域", "division_code": "152921", "approved_by": "某旗人民政府", "approved_on": approved_on, "ended_on": ended_on})
}

#[tokio::test]
async fn the_sample_loads_and_lists_show_it_to_whom_it_is_for() {
    let world = World::new().await;
    load(&world, "divisions", &sample("divisions.geojson"), 1000).await;
    for (target, file, subject) in [
        ("control-zones", "control-zones.geojson", "control_zones"),
        ("key-units", "key-units.geojson", "key_units"),
        ("coverage", "coverage.geojson", "coverage"),
    ] {
        let rows = sample(file);
        assert_eq!(counts(&load(&world, target, &rows, 20).await), (rows.len(), 0, 0), "{target}");
        load(&world, target, &rows, 1000).await;
        let note = last_note(&world, subject).await;
        assert_eq!((&note["changed"], &note["unchanged"]), (&json!(0), &json!(rows.len())), "{target}");
    }
    assert_eq!(expect(world.get("/v1/control-zones"), 200).await["numberReturned"], 3);
    let alxa = world.key(Role::Planning, "152900").await;
    let nation = world.key(Role::Auditor, "000000").await;
    for (path, all) in [("/v1/key-units", 6), ("/v1/coverage-areas", 49)] {
        expect(world.get(path), 401).await;
        assert_eq!(expect(world.get(path).bearer_auth(&nation), 200).await["numberReturned"], all, "{path}");
        let page = expect(world.get(path).bearer_auth(&alxa), 200).await;
        let codes: Vec<_> = page["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["properties"]["division_code"].as_str().unwrap())
            .collect();
        assert!(!codes.is_empty() && codes.iter().all(|code| code.starts_with("1529")), "{path}: {codes:?}");
        let first = expect(world.get(&format!("{path}?limit=1")).bearer_auth(&nation), 200).await;
        let next = first["links"][1]["href"].as_str().unwrap();
        let second = expect(world.get(next).bearer_auth(&nation), 200).await;
        assert_ne!(first["features"][0]["id"], second["features"][0]["id"]);
    }
    let in_140600 = expect(world.get("/v1/key-units?division=140600").bearer_auth(&nation), 200).await;
    assert_eq!(in_140600["numberReturned"], 2);
    let elsewhere = expect(world.get("/v1/control-zones?bbox=114,23,115,24"), 200).await;
    assert_eq!(elsewhere["numberReturned"], 0);
}

#[tokio::test]
async fn a_zone_holds_from_its_approval_to_the_day_it_is_ended() {
    let world = World::new().await;
    let geometry = square(105.66, 38.84, 200.0);
    let rows = [feature(zone("Z", "2020-01-01", Some("2025-06-01")), geometry.clone())];
    assert_eq!(counts(&load(&world, "control-zones", &rows, 10).await), (1, 0, 0));
    let mut conn = world.app.db().acquire().await.unwrap();
    for (on, n) in [("2019-12-31", 0), ("2020-01-01", 1), ("2025-05-31", 1), ("2025-06-01", 0)] {
        let parcel = probe(&mut conn, &geometry, on.parse().unwrap()).await;
        let hits = control_zone::hits(&mut conn, &parcel).await.unwrap();
        assert_eq!(hits.len(), n, "{on}");
        let page = expect(world.get(&format!("/v1/control-zones?on={on}")), 200).await;
        assert_eq!(page["numberReturned"], n, "{on}");
    }
    // A row with the same code replaces what is registered.
    let again = [feature(zone("Z", "2020-01-01", None), geometry.clone())];
    load(&world, "control-zones", &again, 10).await;
    let parcel = probe(&mut conn, &geometry, TODAY).await;
    let hits = control_zone::hits(&mut conn, &parcel).await.unwrap();
    assert_eq!((hits.len(), hits[0].record.undeveloped, hits[0].overlay.relation), (1, true, Relation::Overlaps));
    assert!((hits[0].overlay.share_of_record - 1.0).abs() < 1e-9);
    assert_eq!(last_note(&world, "control_zones").await["changed"], 1);
}

#[tokio::test]
async fn wrong_rows_say_why() {
    let world = World::new().await;
    let here = square(105.66, 38.84, 200.0);
    let rows = [
        feature(zone("A", "2027-01-01", None), here.clone()),
        feature(zone("B", "2020-01-01", Some("2019-01-01")), here.clone()),
        feature(json!({}), here.clone()),
    ];
    let found: Vec<_> = load(&world, "control-zones", &rows, 10).await.iter().map(faults).collect();
    assert_eq!(found[0], [("/properties/approved_on".to_owned(), "day_in_future")]);
    assert_eq!(found[1], [("/properties/ended_on".to_owned(), "ends_before_it_begins")]);
    let missing: Vec<_> = found[2].iter().map(|(pointer, _)| pointer.as_str()).collect();
    let expected = [
        "/properties/approved_on",
        "/properties/code",
        "/properties/name",
        "/properties/division_code",
        "/properties/approved_by",
    ];
    assert_eq!(missing, expected);

    let unit = json!({"code": "K", "name": "某厂", "division_code": "152921", "industry": "C26", "credit_code": "1", "listed_on": "2020-01-01"});
    let found = faults(&load(&world, "key-units", &[feature(unit, here.clone())], 10).await[0]);
    assert_eq!(found.iter().map(|(_, code)| *code).collect::<Vec<_>>(), ["bad_industry", "bad_credit_code"]);
    let area = json!({"code": "C", "name": "某处", "division_code": "159999", "registers": ["farmland"], "status": "kept", "as_of": "2026-01-01"});
    let found = faults(&load(&world, "coverage", &[feature(area, here)], 10).await[0]);
    assert_eq!(found[0].1, "unknown_division");
}

#[tokio::test]
async fn a_removed_key_unit_is_no_hit() {
    let world = World::new().await;
    let here = square(105.66, 38.84, 200.0);
    let unit = json!({"code": "K", "name": "某厂", "division_code": "152921", "industry": "2614", "listed_on": "2020-01-01", "removed_on": "2026-01-01"});
    load(&world, "key-units", &[feature(unit, here.clone())], 10).await;
    let mut conn = world.app.db().acquire().await.unwrap();
    let last = probe(&mut conn, &here, "2025-12-31".parse().unwrap()).await;
    let hits = key_unit::hits(&mut conn, &last).await.unwrap();
    assert_eq!(hits[0].record.industry.as_deref(), Some("2614"));
    let removed = probe(&mut conn, &here, "2026-01-01".parse().unwrap()).await;
    assert!(key_unit::hits(&mut conn, &removed).await.unwrap().is_empty());
}

#[tokio::test]
async fn coverage_says_what_share_of_a_parcel_is_known() {
    let world = World::new().await;
    let rect = |west: f64, east: f64| json!({"type": "Polygon", "coordinates": [[[west, 38.8], [east, 38.8], [east, 38.81], [west, 38.81], [west, 38.8]]]});
    let area = |code: &str, registers: &[&str], status: &str, as_of: &str, geometry: Value| {
        feature(
            json!({"code": code, "name": "某处", "division_code": "152921", "registers": registers, "status": status, "as_of": as_of}),
            geometry,
        )
    };
    let rows = [
        area("A", &["suspected_sites", "farmland"], "kept", "2026-03-01", rect(105.0, 105.005)),
        area("B", &["suspected_sites"], "kept", "2026-10-01", rect(105.0025, 105.0075)),
        area("C", &["suspected_sites"], "investigated_clean", "2026-05-01", rect(105.0, 105.001)),
        area("D", &["key_units"], "kept", "2026-05-01", rect(106.0, 106.001)),
    ];
    assert_eq!(counts(&load(&world, "coverage", &rows, 10).await), (4, 0, 0));
    let mut conn = world.app.db().acquire().await.unwrap();
    let parcel = ewkb(&rect(105.0, 105.01));
    let statuses = coverage::statuses_of(&mut conn, &parcel, TODAY).await.unwrap();
    assert_eq!(statuses.iter().map(|s| s.register).collect::<Vec<_>>(), coverage::REGISTERS);
    let of = |register: &str| statuses.iter().find(|s| s.register == register).unwrap();
    let sites = of("suspected_sites");
    assert!((sites.kept - 0.75).abs() < 1e-4, "ground that two areas take in counts once: {sites:?}");
    assert!((sites.investigated_clean - 0.1).abs() < 1e-4, "{sites:?}");
    assert_eq!(sites.as_of, "2026-10-01".parse().ok());
    assert!((of("farmland").kept - 0.5).abs() < 1e-4);
    assert_eq!((of("key_units").kept, of("key_units").as_of), (0.0, None));
    let before = coverage::statuses_of(&mut conn, &parcel, "2026-04-30".parse().unwrap()).await.unwrap();
    let sites = before.iter().find(|s| s.register == "suspected_sites").unwrap();
    assert_eq!(sites.investigated_clean, 0.0, "what is found later says nothing of that day");
}
