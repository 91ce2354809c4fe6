//! Sampling points and samples over HTTP: registered, loaded in every form, corrected, seen by whom it may be.

use crate::support::{CREDIT_CODE, World, expect, expect_response, square};
use chrono::TimeDelta;
use jingtu::across::imports;
use jingtu::kernel::Day;
use jingtu::platform::Role;
use jingtu::registers::sampling;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A world with an agriculture bureau of 140602.
async fn world() -> (World, String) {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140602").await;
    (world, key)
}

/// A sample of paddy soil at a point of its own.
pub fn sample(point: &str, lon: f64, ph: Value, results: Value) -> Value {
    json!({
        "point": {"code": point, "lon": lon, "lat": 39.3, "division_code": "140602", "program": "survey", "land_type": "paddy"},
        "sampled_on": "2026-05-01", "ph": ph, "depth_from_m": 0, "depth_to_m": 0.2, "results": results,
    })
}

/// A result in mg/kg.
pub fn mg_kg(substance: &str, value: Value) -> Value {
    json!({"substance": substance, "value": value, "unit": "mg/kg"})
}

/// Loads samples; gives the answer.
pub async fn load(world: &World, key: &str, samples: Value) -> Value {
    expect(world.post("/v1/samples").bearer_auth(key).json(&json!({"samples": samples})), 200).await
}

#[tokio::test]
async fn a_point_is_registered_given_up_and_read_as_it_was() {
    let (world, key) = world().await;
    let body = json!({
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [112.4, 39.3]},
        "properties": {"code": "P1", "division_code": "140602", "program": "routine_monitoring", "land_type": "upland", "in_use_from": "2020-01-01"},
    });
    let (response, point) = expect_response(world.post("/v1/sampling-points").bearer_auth(&key).json(&body), 201).await;
    assert_eq!(response.headers()["etag"], "\"1\"");
    let href = format!("/v1/sampling-points/{}", point["id"].as_str().expect("an id"));
    assert_eq!(response.headers()["location"], href.as_str());
    assert_eq!(point["geometry"], json!({"type": "Point", "coordinates": [112.4, 39.3]}));
    expect(world.post("/v1/sampling-points").bearer_auth(&key).json(&body), 409).await;

    let before = world.app.clock().now();
    world.clock.advance(TimeDelta::seconds(60));
    let change = json!({"reason": "点位撤销", "in_use_to": "2026-06-30"});
    let patch = |tag: &str| world.patch(&href).bearer_auth(&key).header("if-match", tag.to_owned()).json(&change);
    expect(world.patch(&href).bearer_auth(&key).json(&change), 428).await;
    let done = expect(patch("\"1\""), 200).await;
    assert_eq!(done["point"]["properties"]["in_use_to"], "2026-06-30");
    assert_eq!(done["rescreening"], Value::Null, "the land stayed");
    expect(patch("\"1\""), 412).await;

    let codes = async |query: &str| {
        let page = expect(world.get(&format!("/v1/sampling-points{query}")).bearer_auth(&key), 200).await;
        page["features"]
            .as_array()
            .expect("features")
            .iter()
            .map(|f| f["properties"]["code"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, Vec::<Value>::new());
    assert_eq!(codes("?include_given_up=true").await, [json!("P1")]);
    assert_eq!(codes("?true_on=2026-06-30").await, [json!("P1")]);
    assert_eq!(codes("?true_on=2019-12-31").await, Vec::<Value>::new());
    assert_eq!(codes(&format!("?known_at={}", before.to_rfc3339().replace('+', "%2B"))).await, [json!("P1")]);
    assert_eq!(codes("?include_given_up=true&bbox=112,39,113,40&program=routine_monitoring").await, [json!("P1")]);
    assert_eq!(codes("?include_given_up=true&bbox=100,39,101,40").await, Vec::<Value>::new());
    expect(world.get("/v1/sampling-points?unknown=1").bearer_auth(&key), 400).await;

    let faults = json!({
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": []},
        "properties": {"code": "", "division_code": "140602", "program": "survey", "land_use": {"system": "GB 50137-2011", "code": "Q9"}, "credit_code": "x"},
    });
    let said = expect(world.post("/v1/sampling-points").bearer_auth(&key).json(&faults), 422).await;
    let pointers: Vec<_> = said["errors"].as_array().expect("errors").iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/properties/code", "/properties/land_use/code", "/properties/credit_code", "/geometry"]);
}

#[tokio::test]
async fn what_a_report_states_is_kept_and_repeated_loading_changes_nothing() {
    let (world, key) = world().await;
    let soil = sample(
        "P1",
        112.4,
        json!(6.1),
        json!([
            {"substance": "7440-43-9", "value": "0.30000000000000001", "unit": "mg/kg"},
            {"substance": "汞", "value": "5", "unit": "µg/kg", "qualifier": "<", "method": "HJ 680-2013"},
        ]),
    );
    let crop = json!({
        "point": "P1", "medium": "crop", "product": "稻谷", "sampled_on": "2026-09-20", "results": [
            {"substance": "Cd", "value": "0.25", "unit": "mg/kg", "limit": {"value": 0.2, "instrument": "GB 2762-2022"}}]});
    let done = load(&world, &key, json!([soil, crop])).await;
    assert_eq!(done["counts"], json!({"read": 2, "valid": 2, "rejected": 0, "points": 1, "samples": 2, "results": 3}));
    let again = load(&world, &key, json!([soil, crop])).await;
    assert_eq!(again["counts"], json!({"read": 2, "valid": 2, "rejected": 0, "points": 0, "samples": 0, "results": 0}));
    assert_eq!(again["samples"][0]["id"], done["samples"][0]["id"]);

    let page = expect(world.get("/v1/samples?medium=soil").bearer_auth(&key), 200).await;
    let [got] = &page["samples"].as_array().expect("samples")[..] else { panic!("{page}") };
    assert_eq!(got["code"], "P1/2026-05-01/soil/0-0.2");
    // Digit by digit, which a reader of floats cannot see.
    let text = world.get("/v1/samples?medium=soil").bearer_auth(&key).send().await.expect("an answer").text().await;
    assert!(text.expect("a body").contains("0.30000000000000001"));
    assert_eq!(
        (&got["results"][1]["unit"], &got["results"][1]["qualifier"], &got["results"][1]["value_mg_kg"]),
        (&json!("µg/kg"), &json!("<"), &json!(0.005))
    );
    let page = expect(world.get("/v1/samples?medium=crop&substance=Cd&point=P1").bearer_auth(&key), 200).await;
    assert_eq!(page["samples"][0]["results"][0]["limit"]["instrument"], "GB 2762-2022");
    // A crop is never screened as soil.
    let id = page["samples"][0]["id"].as_str().expect("an id");
    let screening = expect(world.get(&format!("/v1/samples/{id}/screening")).bearer_auth(&key), 200).await;
    assert_eq!((&screening["worst"], &screening["kept"]), (&json!("not_comparable"), &Value::Null));
    expect(world.get("/v1/samples?substance=unobtainium").bearer_auth(&key), 400).await;

    // Another value, another pH, another place: corrections go another way.
    let mut other = soil.clone();
    other["results"][0]["value"] = json!(0.9);
    other["ph"] = json!(7);
    other["point"]["lon"] = json!(113.4);
    let said = expect(world.post("/v1/samples").bearer_auth(&key).json(&json!({"samples": [other, crop]})), 422).await;
    assert_eq!(said["code"], "rows_rejected");
    let codes: Vec<_> =
        said["errors"].as_array().expect("errors").iter().map(|e| (e["pointer"].clone(), e["code"].clone())).collect();
    assert_eq!(
        codes,
        [
            (json!("/samples/0/point"), json!("point_elsewhere")),
            (json!("/samples/0/ph"), json!("sample_differs")),
            (json!("/samples/0/results/0"), json!("result_taken")),
        ]
    );
    let taken =
        world.post("/v1/samples?on_error=accept_valid").bearer_auth(&key).json(&json!({"samples": [other, crop]}));
    assert_eq!(expect(taken, 200).await["counts"]["rejected"], 1);
}

#[tokio::test]
async fn wrong_rows_are_said_with_their_places_and_nothing_is_written() {
    let (world, key) = world().await;
    let bad = sample(
        "P1",
        112.4,
        json!(15),
        json!([
        mg_kg("unobtainium", json!(1)), mg_kg("Cd", json!(-9999)), {"substance": "Pb", "value": 1, "unit": "ppm"}]),
    );
    let stranger =
        json!({"point": {"code": "P2", "division_code": "152921", "program": "survey"}, "sampled_on": "2026-05-01"});
    let unknown = json!({"point": "P3", "sampled_on": "2026-05-01"});
    let said =
        expect(world.post("/v1/samples").bearer_auth(&key).json(&json!({"samples": [bad, stranger, unknown]})), 422)
            .await;
    let codes: Vec<_> = said["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|e| format!("{} {}", e["pointer"].as_str().unwrap_or(""), e["code"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        codes,
        [
            "/samples/0/ph ph_out_of_range",
            "/samples/0/results/0/substance substance_unknown",
            "/samples/0/results/1/value value_sentinel",
            "/samples/0/results/2/unit unit_unknown",
            "/samples/1/point/division_code outside_division",
            "/samples/2/point/division_code missing",
            "/samples/2/point/program missing",
        ]
    );
    let page = expect(world.get("/v1/sampling-points?include_given_up=true").bearer_auth(&key), 200).await;
    assert_eq!(page["numberReturned"], 0);
    expect(world.post("/v1/samples").bearer_auth(&key).json(&json!({"samples": []})), 422).await;
    expect(world.post("/v1/samples").bearer_auth(&key).body("x"), 415).await;
}

#[tokio::test]
async fn tables_stream_in_long_and_wide() {
    let (world, key) = world().await;
    let long = "point_code,lon,lat,division_code,program,land_type,sampled_on,ph,substance,value,unit,qualifier,note\n\
        P1,112.4,39.3,140602,survey,paddy,2026-05-01,6.1,Cd,0.31,mg/kg,,a\n\
        P1,112.4,39.3,140602,survey,paddy,2026-05-01,6.1,Hg,10,ng/g,<,b\n\
        P1,112.4,39.3,140602,survey,paddy,2026-05-01,6.1,Pb,NA,mg/kg,,c\n\
        P1,112.4,39.3,140602,survey,paddy,2026-05-01,6.1,As,many,mg/kg,,d\n\
        P1,112.4\n";
    let post = |query: &str, body: &str| {
        world
            .post(&format!("/v1/samples{query}"))
            .bearer_auth(&key)
            .header("content-type", "text/csv; charset=utf-8")
            .body(body.to_owned())
    };
    let said = expect(post("", long), 422).await;
    assert_eq!(said["errors"][0]["pointer"], "/rows/3/value");
    let done = expect(post("?on_error=accept_valid", long), 200).await;
    assert_eq!(done["counts"], json!({"read": 5, "valid": 3, "rejected": 2, "points": 1, "samples": 1, "results": 2}));
    let told: Vec<_> = done["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| format!("{} {} {}", f["row"], f["status"].as_str().unwrap_or(""), f["code"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        told,
        ["1 noted column_ignored", "3 noted value_missing", "4 rejected value_not_a_number", "5 rejected cells_differ"]
    );

    let wide =
        "point_code;sampled_on;pH;Cd (mg/kg);Hg_ug_kg;镉砷比\nP1;2026-06-01;6.2;0,3;20;1\nP1;2026-06-02;;0.3;20;1\n";
    let done = expect(post("?on_error=accept_valid", wide), 200).await;
    assert_eq!(done["counts"], json!({"read": 2, "valid": 1, "rejected": 1, "points": 0, "samples": 1, "results": 2}));
    let page = expect(world.get("/v1/samples?from=2026-06-02").bearer_auth(&key), 200).await;
    assert_eq!(
        (&page["samples"][0]["ph"], &page["samples"][0]["results"][1]["value_mg_kg"]),
        (&Value::Null, &json!(0.02))
    );
    expect(post("", "nothing"), 200).await;
    expect(post("", ""), 422).await;
}

#[tokio::test]
async fn points_are_seen_by_whom_they_concern() {
    let (world, key) = world().await;
    let own = json!({
        "point": {"code": "M1", "lon": 112.5, "lat": 39.3, "division_code": "140602", "program": "self_monitoring", "credit_code": CREDIT_CODE, "land_use": {"system": "GB 50137-2011", "code": "M2"}},
        "sampled_on": "2026-05-01", "results": [mg_kg("Cd", json!(70))]});
    load(&world, &key, json!([sample("P1", 112.4, json!(6), json!([mg_kg("Cd", json!(0.1))])), own])).await;
    let number = async |key: Option<&str>, path: &str| {
        let request = world.get(path);
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        expect(request, 200).await["numberReturned"].clone()
    };
    let land_user = world.key(Role::LandUser, "000000").await;
    let elsewhere = world.key(Role::CountyEcology, "152921").await;
    let province = world.key(Role::ProvinceEcology, "140000").await;
    for path in ["/v1/sampling-points", "/v1/samples"] {
        assert_eq!(number(Some(&land_user), path).await, 1, "{path}");
        assert_eq!(number(Some(&elsewhere), path).await, 0, "{path}");
        assert_eq!(number(Some(&province), path).await, 2, "{path}");
        expect(world.get(path), 401).await;
    }
    assert_eq!(number(Some(&province), "/ogc/collections/sampling-points/items").await, 2);
    assert_eq!(number(Some(&land_user), "/ogc/collections/sampling-points/items").await, 1);
    let page = expect(world.get("/v1/samples?outcome=above_screening").bearer_auth(&province), 200).await;
    assert_eq!(page["samples"][0]["point_code"], "M1");
    let item = expect(world.get("/ogc/collections/sampling-points/items").bearer_auth(&land_user), 200).await;
    assert_eq!(item["features"][0]["geometry"]["type"], "Point");

    // Counts are public; positions are not in them.
    let summary = expect(world.get("/v1/sampling/summary?division=140000"), 200).await;
    assert_eq!(
        summary["counties"][0]["soil_outcomes"],
        json!({"within": 1, "not_comparable": 0, "above_screening": 1, "above_intervention": 0})
    );
    assert_eq!((&summary["counties"][0]["points"], &summary["counties"][0]["samples"]), (&json!(2), &json!(2)));
    let before = expect(world.get("/v1/sampling/summary?division=140000&on=2026-04-30"), 200).await;
    assert_eq!(before["counties"][0]["samples"], 0);
    assert!(!summary.to_string().contains("112."));
}

#[tokio::test]
async fn counties_are_covered_by_monitoring_points_in_use() {
    let (world, _) = world().await;
    let key = world.key(Role::ProvinceEcology, "150000").await;
    for (code, division, program, from, to) in [
        ("A", "152921", "routine_monitoring", "2020-01-01", Value::Null),
        ("B", "152922", "routine_monitoring", "2020-01-01", json!("2024-12-31")),
        ("C", "152971", "survey", "2018-01-01", Value::Null),
    ] {
        let body = json!({"type": "Feature", "geometry": null, "properties": {"code": code, "division_code": division, "program": program, "in_use_from": from}});
        let point = expect(world.post("/v1/sampling-points").bearer_auth(&key).json(&body), 201).await;
        if !to.is_null() {
            let href = format!("/v1/sampling-points/{}", point["id"].as_str().expect("an id"));
            expect(
                world
                    .patch(&href)
                    .bearer_auth(&key)
                    .header("if-match", "\"1\"")
                    .json(&json!({"reason": "撤销", "in_use_to": to})),
                200,
            )
            .await;
        }
    }
    load(&world, &key, json!([{"point": "A", "sampled_on": "2026-03-01"}, {"point": "A", "sampled_on": "2025-03-01"}]))
        .await;
    let at = async |query: &str| expect(world.get(&format!("/v1/sampling/coverage?division=152900{query}")), 200).await;
    let now = at("").await;
    assert_eq!((&now["covered"], &now["counties_count"]), (&json!(1), &json!(3)));
    assert_eq!(now["counties"][0]["latest_sampled_on"], "2026-03-01");
    assert_eq!(
        now["counties"][2]["points"],
        json!({"survey": 1, "routine_monitoring": 0, "self_monitoring": 0, "investigation": 0})
    );
    assert_eq!(at("&on=2024-06-01").await["covered"], 2);
    assert_eq!(at("&on=2019-06-01").await["covered"], 0);
    assert_eq!(at("&known_at=2020-01-01T00:00:00Z").await["covered"], 0);
}

#[tokio::test]
async fn classification_is_given_every_sample_in_a_unit() {
    let (world, key) = world().await;
    let unit = json!({"type": "Feature", "geometry": square(112.4, 39.3, 500.0), "properties": {"code": "U1", "division_code": "140602", "land_type": "paddy"}});
    let unit = expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&unit), 201).await;
    let inside = |day: &str, cd: f64| {
        let mut sample = sample(
            "P1",
            112.401,
            json!(6.1),
            json!([mg_kg("Cd", json!(cd)), mg_kg("Cu", json!(1)), {"substance": "Hg", "value": 0.01, "unit": "mg/kg", "qualifier": "<"}]),
        );
        sample["point"]["lat"] = json!(39.301);
        sample["sampled_on"] = json!(day);
        sample
    };
    let crop = json!({"point": "P1", "medium": "crop", "product": "稻谷", "sampled_on": "2026-05-02", "results": [
        {"substance": "Cd", "value": 300, "unit": "µg/kg", "limit": {"value": "200", "instrument": "GB 2762-2022"}}]});
    let outside = sample("P2", 112.9, json!(6), json!([mg_kg("Cd", json!(9))]));
    load(&world, &key, json!([inside("2025-05-01", 0.2), inside("2026-05-01", 0.3), crop, outside])).await;
    let mut conn = world.app.db().acquire().await.expect("a connection");
    let id = unit["id"].as_str().expect("an id").parse().expect("an id");
    let on = Day::of(2026, 5, 1);
    let found = sampling::within_units(&mut conn, sampling::Units::Ids(&[id]), on, None).await.expect("samples");
    let days: Vec<_> = found.iter().map(|(unit, sample)| (*unit == id, sample.sampled_on.to_string())).collect();
    assert_eq!(days, [(true, "2025-05-01".to_owned()), (true, "2026-05-01".to_owned())]);
    let newest = &found[1].1;
    assert_eq!(newest.results[0].map(|m| m.mg_kg().to_string()), Some("0.3".to_owned()));
    assert!(newest.results[1].is_some_and(|m| m.below) && newest.results[2].is_none());
    let later = Day::of(2026, 11, 1);
    let found =
        sampling::within_units(&mut conn, sampling::Units::Division("140000"), later, None).await.expect("samples");
    assert_eq!(found.len(), 3);
    let crop = &found[2].1;
    assert_eq!(crop.crop_limits[0].as_ref().map(|limit| limit.mg_kg.to_string()), Some("0.2".to_owned()));
    let then = Some(Day::of(2020, 1, 1).start());
    let found =
        sampling::within_units(&mut conn, sampling::Units::Division("140000"), later, then).await.expect("samples");
    assert!(found.is_empty());
    let now = Some(world.app.clock().now());
    let found = sampling::within_units(&mut conn, sampling::Units::Ids(&[id]), later, now).await.expect("samples");
    assert_eq!(found.len(), 3);
}

// ---------------------------------------------------------------------------------------------------------------------
// Real tables, as they are.

fn real(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/soil_metals").join(name);
    let found = std::fs::read(&path).or_else(|_| {
        std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/soil_metals").join(name))
    });
    if found.is_err() {
        eprintln!("skipped: ../shared/data/soil_metals/{name} is not here");
    }
    found.ok()
}

/// Loads a table through the import and gives its finished job with the findings.
async fn import(world: &World, key: &str, name: &str, content: Vec<u8>, mapping: &Value) -> (Value, Vec<Value>) {
    let form = Form::new()
        .text("target", "samples")
        .text("mapping", mapping.to_string())
        .part("file", Part::bytes(content).file_name(name.to_owned()));
    let job = expect(world.post("/v1/imports").bearer_auth(key).multipart(form), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("the queue");
    let href = job["href"].as_str().expect("an address");
    let done = expect(world.get(href).bearer_auth(key), 200).await;
    let rows = expect(world.get(&format!("{href}/rows?limit=10000")).bearer_auth(key), 200).await;
    (done, rows["rows"].as_array().expect("rows").clone())
}

/// Outcomes of the kept screening by substance, counted: within, above screening, above intervention, not comparable.
async fn figures(world: &World, substances: &[&str]) -> Vec<(String, [i64; 4])> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "select s.substance, s.outcome, count(*) from sampling_screening, unnest(substances, outcomes) as s (substance, outcome)
         group by 1, 2",
    )
    .fetch_all(world.app.db())
    .await
    .expect("figures");
    substances
        .iter()
        .map(|substance| {
            let n =
                |outcome: &str| rows.iter().filter(|(s, o, _)| s == substance && o == outcome).map(|(_, _, n)| n).sum();
            ((*substance).to_owned(), ["within", "above_screening", "above_intervention", "not_comparable"].map(n))
        })
        .collect()
}

const EIGHT: [&str; 8] = ["cadmium", "mercury", "arsenic", "lead", "chromium", "copper", "nickel", "zinc"];

/// 756 samples of the organic horizon, pH 2.8 to 5.6, held to the values of upland at that pH. Where pH is missing (2), the
/// eight metals of table 1 cannot be compared. The file does not say when it was sampled: the day is the loader's.
#[tokio::test]
async fn trondelag_is_loaded_as_it_is() {
    let Some(content) = real("trondelagO.csv") else { return };
    let (world, key) = world().await;
    let mapping = json!({
        "X.Loc_ID": "point_code", "X.Medium": "material", "=medium": "soil", "=unit": "mg/kg", "=division_code": "140602",
        "=program": "survey", "=land_type": "upland", "=sampled_on": "2013-07-01", "=source": "trondelagO.csv",
    });
    let (job, rows) = import(&world, &key, "trondelagO.csv", content, &mapping).await;
    assert_eq!(
        job["counts"],
        json!({"read": 756, "valid": 756, "repaired": 0, "rejected": 0, "written": 756}),
        "{rows:?}"
    );
    let told =
        |code: &str| rows.iter().filter(|row| row["code"] == code).map(|row| row["row"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (told("value_missing"), told("position_missing")),
        (vec![json!(445), json!(682)], vec![json!(445), json!(682)])
    );
    let ignored: Vec<_> =
        rows.iter().filter(|row| row["code"] == "column_ignored").filter_map(|row| row["field"].as_str()).collect();
    assert!(
        ["LITHO", "Alt_masl", "E32wgs", "Pb204", "LOI_480"]
            .iter()
            .all(|name| ignored.iter().any(|field| field.ends_with(name))),
        "{ignored:?}"
    );
    assert!(!ignored.iter().any(|field| field.ends_with("/Cd")));
    // Within, above screening, above intervention, not comparable. Most of the organic topsoil lies above 0.3 mg/kg of
    // cadmium. Copper, nickel and zinc have no intervention value.
    let expected = [
        ("cadmium", [130, 621, 3, 2]),
        ("mercury", [754, 0, 0, 2]),
        ("arsenic", [750, 4, 0, 2]),
        ("lead", [746, 7, 1, 2]),
        ("chromium", [752, 1, 1, 2]),
        ("copper", [741, 13, 0, 2]),
        ("nickel", [752, 2, 0, 2]),
        ("zinc", [753, 1, 0, 2]),
    ];
    assert_eq!(figures(&world, &EIGHT).await, expected.map(|(substance, figures)| (substance.to_owned(), figures)));
}

/// 615 samples of 15 media at 41 places, two of which are given at several positions. 82 are soil (O and C horizon) and are
/// screened, without pH: none of the eight metals of farmland can be compared. The other 533 are plants and fungi, and are
/// never screened as soil.
#[tokio::test]
async fn gjovik_is_loaded_as_it_is() {
    let Some(content) = real("gjovik.csv") else { return };
    let (world, key) = world().await;
    let mapping = json!({
        "ID": "point_code", "MAT": "material", "MAT=OHO": "medium=soil", "MAT=CHO": "medium=soil", "=medium": "plant",
        "XCOO": "lon", "YCOO": "lat", "=unit": "mg/kg", "=division_code": "140602", "=program": "survey",
        "=land_type": "upland", "=sampled_on": "2013-07-01",
    });
    let (job, rows) = import(&world, &key, "gjovik.csv", content, &mapping).await;
    assert_eq!(
        job["counts"],
        json!({"read": 615, "valid": 615, "repaired": 0, "rejected": 0, "written": 615}),
        "{rows:?}"
    );
    let with_missing: std::collections::BTreeSet<_> = rows
        .iter()
        .filter(|row| row["code"] == "value_missing" && row["field"].as_str().is_some_and(|f| f.ends_with("Cd")))
        .map(|row| row["row"].to_string())
        .collect();
    assert_eq!(with_missing.len(), 11);
    assert_eq!(rows.iter().filter(|row| row["code"] == "place_differs").count(), 3, "kept with their stated positions");
    assert_eq!(figures(&world, &EIGHT).await, EIGHT.map(|substance| (substance.to_owned(), [0, 0, 0, 82])));
    let soil = expect(world.get("/v1/sampling/summary?division=140602"), 200).await;
    assert_eq!(
        (&soil["counties"][0]["points"], &soil["counties"][0]["samples"], &soil["counties"][0]["soil_samples"]),
        (&json!(41), &json!(615), &json!(82))
    );
}

/// How fast results stream in and are screened again; `cargo test --release --test it stream_in -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn a_million_results_stream_in() {
    let (world, key) = world().await;
    let samples = if cfg!(debug_assertions) { 5_000 } else { 125_000 };
    let mut table =
        String::from("point_code,lon,lat,division_code,program,land_type,sampled_on,ph,substance,value,unit\n");
    for n in 0..samples {
        for substance in ["Cd", "Hg", "As", "Pb", "Cr", "Cu", "Ni", "Zn"] {
            let (lon, lat) = (112.0 + f64::from(n % 400) * 0.001, 39.0 + f64::from(n / 400) * 0.001);
            table.push_str(&format!("P{n},{lon},{lat},140602,survey,upland,2026-05-01,6.1,{substance},0.{n},mg/kg\n"));
        }
    }
    let results = f64::from(samples) * 8.0;
    let begun = std::time::Instant::now();
    let request = world.post("/v1/samples").bearer_auth(&key).header("content-type", "text/csv").body(table);
    let done = expect(request, 200).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "loaded and screened {} results in {seconds:.1} s: {:.0} a second",
        done["counts"]["results"],
        results / seconds
    );
    let begun = std::time::Instant::now();
    let run = expect(world.post("/v1/sampling/rescreen").bearer_auth(&key).json(&json!({})), 201).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!("screened {} results again in {seconds:.1} s: {:.0} a second", run["results"], results / seconds);
    assert_eq!(run["differences_count"], 0);
}
