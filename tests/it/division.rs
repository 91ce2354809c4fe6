//! Divisions: the tree, loading, reading.

use crate::loading::{counts, faults, feature, features, last_note, load, sample};
use crate::support::{World, expect, expect_response, forged, square};
use jingtu::platform::{Act, Permission, Role};
use jingtu::registers::division::code_lists;
use jingtu::registers::{ImportFeature, Outcome};
use serde_json::{Value, json};
use std::io::Read;
use std::path::PathBuf;

async fn division(world: &World, code: &str) -> Value {
    expect(world.get(&format!("/v1/divisions/{code}")), 200).await
}

async fn path(world: &World, code: &str) -> String {
    let ancestors = division(world, code).await["properties"]["ancestors"].clone();
    ancestors.as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect::<Vec<_>>().join(">")
}

async fn codes(world: &World, query: &str) -> Vec<String> {
    let page = expect(world.get(&format!("/v1/divisions?{query}")), 200).await;
    let features = page["features"].as_array().unwrap();
    assert_eq!(page["numberReturned"], features.len());
    features.iter().map(|f| f["properties"]["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_sample_loads_and_is_found_by_every_filter() {
    let world = World::new().await;
    let sample = sample("divisions.geojson");
    assert_eq!(counts(&load(&world, "divisions", &sample, 7).await), (sample.len(), 0, 0));

    assert_eq!(codes(&world, "level=province").await, ["140000", "150000", "440000"]);
    assert_eq!(codes(&world, "parent=441600").await.len(), 6);
    let below = codes(&world, "below=152900").await;
    assert_eq!(below, ["152900", "152921", "152922", "152923", "152971"]);
    assert_eq!(codes(&world, "q=源城").await, ["441602"]);
    assert_eq!(codes(&world, "q=yuancheng").await, ["441602"]);
    assert!(codes(&world, "q=1529").await.contains(&"152971".to_owned()));
    assert_eq!(codes(&world, "q=%25").await, Vec::<String>::new(), "a percent sign is no wildcard");
    assert_eq!(codes(&world, "bbox=105.6,38.8,105.61,38.81&level=county").await, ["152921"]);
    assert_eq!(codes(&world, "bbox=170,-10,-170,10").await, Vec::<String>::new());

    assert!(!codes(&world, "parent=140600").await.contains(&"140624".to_owned()), "Huairen County has ended");
    let in_2017 = codes(&world, "parent=140600&on=2017-06-01").await;
    assert!(in_2017.contains(&"140624".to_owned()) && !in_2017.contains(&"140681".to_owned()));
    let ended = division(&world, "140624").await;
    assert_eq!((&ended["geometry"], &ended["properties"]["successor_code"]), (&Value::Null, &json!("140681")));
    let zone = division(&world, "152971").await;
    assert_eq!(
        (&zone["properties"]["kind"], &zone["properties"]["parent_code"]),
        (&json!("development_zone"), &json!("152900"))
    );
    assert_eq!(zone["geometry"]["type"], "Polygon");

    expect(world.get("/v1/divisions/999999"), 404).await;
    assert_eq!(expect(world.get("/v1/divisions?level=city"), 400).await["code"], "bad_parameter");
    assert_eq!(expect(world.get("/v1/divisions?colour=red"), 400).await["code"], "bad_parameter");
    assert_eq!(expect(world.get("/v1/divisions?bbox=1,2,3"), 400).await["code"], "bad_parameter");
}

#[tokio::test]
async fn pages_follow_each_other_and_a_cursor_belongs_to_its_filters() {
    let world = World::new().await;
    load(&world, "divisions", &sample("divisions.geojson"), 1000).await;
    let all = codes(&world, "limit=1000").await;
    let mut seen = Vec::new();
    let mut next = "/v1/divisions?limit=5".to_owned();
    loop {
        let page = expect(world.get(&next), 200).await;
        seen.extend(
            page["features"].as_array().unwrap().iter().map(|f| f["properties"]["code"].as_str().unwrap().to_owned()),
        );
        match page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next") {
            Some(link) => next = link["href"].as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let page = expect(world.get("/v1/divisions?limit=5"), 200).await;
    let path = format!("/v1/divisions?limit=5&cursor={}", forged(&page, "\0"));
    assert_eq!(expect(world.get(&path), 400).await["code"], "bad_cursor");
    let link = page["links"][1]["href"].as_str().unwrap().to_owned();
    assert_eq!(expect(world.get(&format!("{link}&level=county")), 400).await["code"], "bad_cursor");
}

#[tokio::test]
async fn loading_merges_and_what_did_not_change_gets_no_version() {
    let world = World::new().await;
    let sample = sample("divisions.geojson");
    load(&world, "divisions", &sample, 1000).await;
    let (first, _) = expect_response(world.get("/v1/divisions/152921"), 200).await;
    load(&world, "divisions", &sample, 1000).await;
    assert_eq!(last_note(&world, "divisions").await["unchanged"], sample.len());
    let (again, _) = expect_response(world.get("/v1/divisions/152921"), 200).await;
    assert_eq!(again.headers()["etag"], first.headers()["etag"]);

    let renamed = [feature(json!({"code": "152921", "name_zh": "左旗", "name_en": null}), Value::Null)];
    assert_eq!(counts(&load(&world, "divisions", &renamed, 10).await), (1, 0, 0));
    let now = division(&world, "152921").await;
    assert_eq!(now["properties"]["name_zh"], "左旗");
    assert_eq!(now["properties"]["name_en"], "Alxa Left Banner");
    assert_ne!(now["geometry"], Value::Null);
}

#[tokio::test]
async fn rows_that_cannot_be_taken_say_why_and_the_others_go_in() {
    let world = World::new().await;
    let bow = json!({"type": "Polygon", "coordinates": [[[105.0, 38.0], [106.0, 39.0], [106.0, 38.0], [105.0, 39.0], [105.0, 38.0]]]});
    let rows = [
        feature(json!({"code": "152923", "name_zh": "额济纳旗"}), square(100.0, 41.0, 1000.0)),
        feature(json!({"code": "152923", "name_zh": "重复"}), Value::Null),
        feature(
            json!({"gb": "", "name": "境界线"}),
            json!({"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]}),
        ),
        feature(json!({"gb": "156xx", "name": "x"}), Value::Null),
        feature(json!({"code": "152924"}), Value::Null),
        feature(json!({"code": "152925", "name_zh": "x", "parent_code": "159900"}), Value::Null),
        feature(json!({"code": "152926", "name_zh": "x", "parent_code": "152921"}), Value::Null),
        feature(json!({"code": "152927", "name_zh": "x", "level": "province"}), Value::Null),
        feature(json!({"code": "152928", "name_zh": "x"}), bow),
        feature(
            json!({"code": 7, "name_zh": ["x"], "level": "town", "valid_from": "yesterday"}),
            json!({"type": "Point"}),
        ),
        feature(
            json!({"code": "152929", "name_zh": "x", "valid_from": "2020-01-02", "valid_to": "2020-01-01"}),
            Value::Null,
        ),
        feature(json!({}), Value::Null),
        feature(json!({"code": "000000", "level": "county"}), Value::Null),
    ];
    let outcomes = load(&world, "divisions", &rows, 100).await;
    let found: Vec<Vec<&str>> =
        outcomes.iter().map(|o| faults(o).into_iter().map(|(_, code)| code).collect()).collect();
    let expected: [&[&str]; 13] = [
        &[],
        &["repeated_in_file"],
        &["not_a_division", "geometry_type"],
        &["bad_division_code"],
        &["missing"],
        &["unknown_parent"],
        &["parent_not_above"],
        &["level_mismatch"],
        &["invalid_geometry"],
        &["bad_division_code", "not_text", "not_in_list", "not_a_day", "geometry_type"],
        &["ends_before_it_begins"],
        &["missing"],
        &["level_mismatch"],
    ];
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found, expected, "row {i}");
    }
    assert_eq!(path(&world, "152923").await, "000000>150000>152900>152923");
    expect(world.get("/v1/divisions/152928"), 404).await;
}

#[tokio::test]
async fn the_order_of_rows_in_a_batch_does_not_matter_and_late_parents_take_their_children() {
    let world = World::new().await;
    let rows = [
        feature(json!({"code": "659006", "name_zh": "铁门关市"}), Value::Null),
        feature(json!({"code": "654321", "name_zh": "某县", "parent_code": "654300"}), Value::Null),
        feature(json!({"code": "654300", "name_zh": "某地区"}), Value::Null),
    ];
    assert_eq!(counts(&load(&world, "divisions", &rows, 10).await), (3, 0, 0));
    assert_eq!(path(&world, "654321").await, "000000>654300>654321");
    let province = [feature(json!({"code": "650000", "name_zh": "新疆维吾尔自治区"}), Value::Null)];
    load(&world, "divisions", &province, 10).await;
    assert_eq!(path(&world, "654321").await, "000000>650000>654300>654321");
    assert_eq!(path(&world, "659006").await, "000000>650000>659006");
    assert_eq!(last_note(&world, "divisions").await["moved"], 3);
}

#[tokio::test]
async fn an_administrator_of_a_league_changes_nothing_outside_it() {
    let world = World::new().await;
    let key = world.key(Role::Admin, "152900").await;
    let caller = jingtu::platform::identity::authenticate(world.app.db(), &key, world.app.today()).await.unwrap();
    let begun = Act::begin(&world.app, &caller, Permission::DivisionWrite, Default::default()).await.unwrap();
    let jingtu::platform::Begun::Fresh(mut act) = begun else { panic!("nothing was sent before") };
    let rows = [
        feature(json!({"code": "152923", "name_zh": "额济纳旗"}), Value::Null),
        feature(json!({"code": "140602", "name_zh": "x"}), Value::Null),
        feature(json!({"code": "152971", "kind": "development_zone", "parent_code": "140600"}), Value::Null),
        feature(json!({"code": "140602", "parent_code": "152900"}), Value::Null),
    ];
    let outcomes = crate::loading::importer("divisions").write(&mut act, &rows).await.unwrap();
    let found: Vec<_> = outcomes.iter().map(|o| faults(o).first().map(|(_, code)| *code)).collect();
    assert_eq!(found[0], None);
    assert_eq!(found[1], Some("outside_division"));
    assert_eq!(found[3], Some("repeated_in_file"));
    act.abandon().await.unwrap();
}

fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is not here", path.display());
    }
    bytes
}

fn list(name: &str) -> Option<Vec<ImportFeature>> {
    let bytes = shared(&format!("cn_admin_codes/{name}"))?;
    Some(code_lists::read(&bytes, name).expect("a code table").expect("readable"))
}

#[tokio::test]
async fn the_real_boundaries_and_code_tables_load() {
    let world = World::new().await;
    let Some(packed) = shared("cn_admin_tianditu/china_district.geojson.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    assert!(code_lists::read(&packed, "china_district.geojson.gz").is_none(), "GeoJSON is no code table");
    let districts = features(&serde_json::from_str(&text).unwrap());
    assert_eq!(districts.len(), 2898);
    let outcomes = load(&world, "divisions", &districts, 500).await;
    assert_eq!(counts(&outcomes), (2890, 1, 7));
    for (row, outcome) in districts.iter().zip(&outcomes) {
        match outcome {
            Outcome::Rejected(found) => {
                assert_eq!(row.properties["gb"], "");
                assert_eq!(found.iter().map(|f| f.code).collect::<Vec<_>>(), ["not_a_division", "geometry_type"]);
            }
            Outcome::Repaired(fault) => {
                assert_eq!((&row.properties["gb"], fault.code), (&json!("156659006"), "geometry_repaired"));
                assert!(fault.message.en.contains("the area was 1860760382.6 m²"), "{}", fault.message.en);
            }
            Outcome::Written | Outcome::Noted(_) => {}
        }
    }
    assert_eq!(path(&world, "659006").await, "000000>659006");
    assert_eq!(path(&world, "152923").await, "000000>150000>152900>152923", "the league was there");
    assert_eq!(division(&world, "441900").await["properties"]["level"], "prefecture");

    let Some(ministry) = list("mca_divisions_20251231.json.gz") else { return };
    assert_eq!(ministry.len(), 33 + 333 + 2845);
    assert_eq!(counts(&load(&world, "divisions", &ministry, 500).await).2, 0);
    assert_eq!(path(&world, "659006").await, "000000>650000>659006");
    assert_eq!(path(&world, "110101").await, "000000>110000>110101");
    assert_eq!(path(&world, "441900").await, "000000>440000>441900");
    assert_ne!(division(&world, "441900").await["geometry"], Value::Null, "the table gives no boundary and takes none");

    let (before, _) = expect_response(world.get("/v1/divisions/659006"), 200).await;
    load(&world, "divisions", &districts, 500).await;
    load(&world, "divisions", &ministry, 500).await;
    let (after, _) = expect_response(world.get("/v1/divisions/659006"), 200).await;
    assert_eq!(after.headers()["etag"], before.headers()["etag"], "what did not change gets no version");

    for name in ["quhua_divisions_v1.json", "nbs2023_provinces.csv", "nbs2023_cities.csv", "nbs2023_areas.csv"] {
        let rows = list(name).expect("beside the others");
        let outcomes = load(&world, "divisions", &rows, 1000).await;
        let (written, repaired, rejected) = counts(&outcomes);
        assert_eq!(
            (written, repaired, rejected),
            (rows.len(), 0, 0),
            "{name}: {:?}",
            outcomes.iter().find(|o| !faults(o).is_empty())
        );
    }
    assert_eq!(path(&world, "429004").await, "000000>420000>429004", "no grouping entry came between");
    let broken: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select d.code, d.ancestors from division d left join division p on p.code = d.parent_code
         where d.ancestors is distinct from coalesce(p.ancestors, '{}') || d.code",
    )
    .fetch_all(world.app.db())
    .await
    .unwrap();
    assert!(broken.is_empty(), "{broken:?}");
}
