//! Coverage: what is known of many parcels at once, on whose word, and as known at an instant.

use crate::loading::{counts, feature, load};
use crate::support::{TODAY, World, expect, expect_response};
use jingtu::kernel::{Area, Day};
use jingtu::platform::Role;
use jingtu::registers::coverage::{self, Source, Status};
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

fn ewkb(geometry: &Value) -> Vec<u8> {
    Area::from_geojson(geometry, "").unwrap().to_ewkb()
}

fn rect(west: f64, south: f64, east: f64, north: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
}

fn strip(west: f64, east: f64) -> Value {
    rect(west, 38.8, east, 38.81)
}

fn area(code: &str, registers: &[&str], status: &str, as_of: &str, source: Option<&str>) -> Value {
    json!({"code": code, "name": format!("{code} 区"), "division_code": "152921", "registers": registers, "status": status,
           "as_of": as_of, "source": source})
}

fn of<'a>(statuses: &'a [Status], register: &str) -> &'a Status {
    statuses.iter().find(|status| status.register == register).unwrap()
}

async fn ask(world: &World, parcels: &[&Value], on: &[Day]) -> Vec<Vec<Status>> {
    let mut conn = world.app.db().acquire().await.unwrap();
    let ewkbs: Vec<Vec<u8>> = parcels.iter().map(|parcel| ewkb(parcel)).collect();
    let ewkbs: Vec<&[u8]> = ewkbs.iter().map(Vec::as_slice).collect();
    coverage::statuses(&mut conn, &ewkbs, on, None).await.unwrap()
}

#[tokio::test]
async fn a_parcel_under_two_sources_names_both_with_their_days_and_shares() {
    let world = World::new().await;
    let rows = [
        feature(area("A", &["farmland"], "kept", "2026-03-01", Some("县农业农村局台账")), strip(105.0, 105.005)),
        feature(area("B", &["farmland"], "kept", "2026-10-01", None), strip(105.0025, 105.0075)),
        feature(
            area("C", &["farmland", "key_units"], "investigated_clean", "2025-05-01", Some("详查报告")),
            strip(105.0, 105.01),
        ),
        feature(area("D", &["farmland"], "kept", "2026-01-01", None), rect(105.01, 38.8, 105.02, 38.81)),
    ];
    assert_eq!(counts(&load(&world, "coverage", &rows, 10).await), (4, 0, 0));
    let statuses = ask(&world, &[&strip(105.0, 105.01)], &[TODAY]).await.remove(0);
    let farmland = of(&statuses, "farmland");
    assert!((farmland.kept - 0.75).abs() < 1e-4, "ground of both counts once: {farmland:?}");
    assert!((farmland.investigated_clean - 1.0).abs() < 1e-12, "{farmland:?}");
    assert_eq!(farmland.as_of, "2026-10-01".parse().ok());
    let said: Vec<(&str, &str, &str, String, Option<&str>)> = farmland
        .sources
        .iter()
        .map(|s| (s.code.as_str(), s.name.as_str(), s.status, s.as_of.to_string(), s.source.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("C", "C 区", "investigated_clean", "2025-05-01".to_owned(), Some("详查报告")),
            ("B", "B 区", "kept", "2026-10-01".to_owned(), None),
            ("A", "A 区", "kept", "2026-03-01".to_owned(), Some("县农业农村局台账")),
        ],
        "what only touches says nothing",
    );
    let shares: Vec<f64> = farmland.sources.iter().map(|source| source.share).collect();
    assert!((shares[0] - 1.0).abs() < 1e-12 && (shares[1] - 0.5).abs() < 1e-4 && (shares[2] - 0.5).abs() < 1e-4);
    let key_units = of(&statuses, "key_units");
    assert_eq!((key_units.kept, key_units.sources.len()), (0.0, 1));
    assert_eq!(of(&statuses, "control_list").sources, []);
}

#[tokio::test]
async fn many_parcels_at_once_are_answered_as_each_alone_in_their_order() {
    let world = World::new().await;
    let mut rows = Vec::new();
    for n in 0..12_u32 {
        let west = 105.0 + f64::from(n % 4) * 0.004;
        let status = if n % 3 == 0 { "investigated_clean" } else { "kept" };
        let registers: &[&str] = if n % 2 == 0 { &["farmland", "suspected_sites"] } else { &["suspected_sites"] };
        let as_of = format!("2026-{:02}-01", n % 11 + 1);
        rows.push(feature(area(&format!("N{n}"), registers, status, &as_of, None), strip(west, west + 0.006)));
    }
    assert_eq!(counts(&load(&world, "coverage", &rows, 100).await), (12, 0, 0));
    let parcels: Vec<Value> =
        (0..20_u32).map(|n| strip(104.998 + f64::from(n) * 0.001, 105.001 + f64::from(n) * 0.001)).collect();
    let days: Vec<Day> = (0..20_i64).map(|n| TODAY.add_days(-n * 17)).collect();
    let together = ask(&world, &parcels.iter().collect::<Vec<_>>(), &days).await;
    assert_eq!(together.len(), 20);
    let mut sources = 0;
    for ((parcel, day), found) in parcels.iter().zip(&days).zip(&together) {
        let alone = ask(&world, &[parcel], &[*day]).await.remove(0);
        assert_eq!(&alone, found);
        assert_eq!(found.iter().map(|status| status.register).collect::<Vec<_>>(), coverage::REGISTERS);
        sources += found.iter().map(|status| status.sources.len()).sum::<usize>();
        for status in found {
            let most = |name: &str| {
                let shares = status.sources.iter().filter(|s| s.status == name).map(|s: &Source| s.share);
                (shares.clone().fold(0.0, f64::max), shares.sum::<f64>())
            };
            for (share, (largest, all)) in
                [(status.kept, most("kept")), (status.investigated_clean, most("investigated_clean"))]
            {
                assert!(largest <= share + 1e-9 && share <= all + 1e-9, "{status:?}");
            }
        }
    }
    assert!(sources > 50, "{sources}");
    assert!(ask(&world, &[], &[]).await.is_empty());
}

#[tokio::test]
async fn what_was_known_at_an_instant_is_told_from_what_is_known_now() {
    let world = World::new().await;
    let parcel = strip(105.0, 105.01);
    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::hours(1));
    let row = feature(area("A", &["farmland"], "kept", "2026-03-01", None), strip(105.0, 105.01));
    load(&world, "coverage", &[row], 10).await;
    let first = world.app.clock().now();
    world.clock.advance(chrono::Duration::hours(1));
    // It reaches half as far only.
    let row = feature(area("A", &["farmland"], "kept", "2026-04-01", None), strip(105.0, 105.005));
    load(&world, "coverage", &[row], 10).await;
    let second = world.app.clock().now();

    let mut conn = world.app.db().acquire().await.unwrap();
    let parcel = ewkb(&parcel);
    for (known_at, kept, as_of) in [
        (Some(before), 0.0, None),
        (Some(first), 1.0, Some("2026-03-01")),
        (Some(second), 0.5, Some("2026-04-01")),
        (None, 0.5, Some("2026-04-01")),
    ] {
        let found = coverage::statuses(&mut conn, &[&parcel], &[TODAY], known_at).await.unwrap().remove(0);
        let farmland = of(&found, "farmland");
        assert!((farmland.kept - kept).abs() < 1e-4, "{known_at:?}: {farmland:?}");
        assert_eq!(farmland.as_of.map(|day| day.to_string()).as_deref(), as_of);
    }
}

#[tokio::test]
async fn bureaus_keep_coverage_areas_one_by_one() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let body = |code: &str| {
        let properties = area(code, &["farmland", "key_units"], "kept", "2026-03-01", Some("（演示）台账"));
        json!({"type": "Feature", "geometry": strip(105.0, 105.01), "properties": properties})
    };
    let post = |body: &Value| world.post("/v1/coverage-areas").bearer_auth(&key).json(body);
    let (head, made) = expect_response(post(&body("K")), 201).await;
    let address = head.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(made["properties"]["registers"], json!(["farmland", "key_units"]));
    assert_eq!(expect(world.get(&address).bearer_auth(&key), 200).await, made);
    assert_eq!(expect(post(&body("K")), 409).await["code"], "code_taken");
    let planning = world.key(Role::Planning, "152921").await;
    expect(world.post("/v1/coverage-areas").bearer_auth(&planning).json(&body("L")), 403).await;
    expect(world.get(&address).bearer_auth(&planning), 200).await;
    let elsewhere = world.key(Role::CountyEcology, "140602").await;
    expect(world.get(&address).bearer_auth(&elsewhere), 404).await;
    expect(world.post("/v1/coverage-areas").bearer_auth(&elsewhere).json(&body("L")), 403).await;
    for (name, value, code) in [
        ("registers", json!([]), "not_a_list"),
        ("registers", json!(["gardens"]), "not_in_list"),
        ("as_of", json!("2026-11-22"), "day_in_future"),
        ("ended_on", json!("2026-01-01"), "ends_before_it_begins"),
    ] {
        let mut wrong = body("M");
        wrong["properties"][name] = value;
        assert_eq!(expect(post(&wrong), 422).await["errors"][0]["code"], code, "{name}");
    }

    let before = world.app.clock().now();
    world.clock.advance(chrono::Duration::hours(1));
    let patch = |tag: &str, body: Value| world.patch(&address).bearer_auth(&key).header(IF_MATCH, tag).json(&body);
    let right = json!({"name": "改名", "source": null, "as_of": "2026-04-01", "reason": "核对"});
    let now = expect(patch("\"1\"", right.clone()), 200).await;
    assert_eq!((&now["properties"]["name"], &now["properties"]["source"]), (&json!("改名"), &Value::Null));
    assert_eq!(expect(patch("\"1\"", right.clone()), 412).await["code"], "stale");
    assert_eq!(expect(patch("\"2\"", right), 422).await["errors"][0]["code"], "unchanged");
    let early = json!({"ended_on": "2026-03-31", "reason": "x"});
    assert_eq!(expect(patch("\"2\"", early), 422).await["errors"][0]["code"], "ends_before_it_begins");
    let then = before.to_rfc3339().replace('+', "%2B");
    let then = expect(world.get(&format!("{address}?known_at={then}")).bearer_auth(&key), 200).await;
    assert_eq!(then["properties"]["name"], "K 区");

    // Ended, it holds no more from that day on, and still answers by its address.
    expect(patch("\"2\"", json!({"ended_on": "2026-11-01", "reason": "详查成果已更新"})), 200).await;
    for (on, kept) in [("2026-10-31", 1.0), ("2026-11-01", 0.0)] {
        let found = ask(&world, &[&strip(105.0, 105.01)], &[on.parse().unwrap()]).await.remove(0);
        assert_eq!(of(&found, "farmland").kept, kept, "{on}");
    }
    assert_eq!(expect(world.get(&address).bearer_auth(&key), 200).await["properties"]["ended_on"], "2026-11-01");
    let page = expect(world.get("/v1/coverage-areas").bearer_auth(&key), 200).await;
    assert_eq!(page["numberReturned"], 0);
}
