//! Soil is held to the standards again when a pH, a land use, a value or a standard changes, and what comes out otherwise is
//! listed with what it would mean.

use crate::sampling::{load, mg_kg, sample};
use crate::support::{World, expect, expect_response, square};
use chrono::TimeDelta;
use jingtu::kernel::Day;
use jingtu::platform::Role;
use jingtu::registers::sampling;
use serde_json::{Value, json};

async fn world() -> (World, String) {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140602").await;
    (world, key)
}

/// What a run's difference says, shortly.
fn said(difference: &Value) -> String {
    let outcome = |side: &str| difference[side]["outcome"].as_str().unwrap_or("-").to_owned();
    format!(
        "{} {} {} → {}: {}",
        difference["point_code"].as_str().unwrap_or(""),
        difference["substance"].as_str().unwrap_or(""),
        outcome("before"),
        outcome("after"),
        difference["meaning"].as_str().unwrap_or("")
    )
}

fn all(view: &Value) -> Vec<String> {
    view["differences"].as_array().expect("differences").iter().map(said).collect()
}

#[tokio::test]
async fn another_ph_screens_the_sample_again_in_the_same_act() {
    let (world, key) = world().await;
    let unit = json!({"type": "Feature", "geometry": square(112.4, 39.2999, 500.0), "properties": {"code": "U1", "division_code": "140602", "land_type": "paddy", "class": "priority_protection"}});
    expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&unit), 201).await;
    // Paddy: cadmium 0.4 up to pH 6.5 and 0.3 up to 5.5; nickel 70 and 60, which decides no class.
    let soil = sample(
        "P1",
        112.4001,
        json!(6.1),
        json!([mg_kg("Cd", json!(0.35)), mg_kg("Ni", json!(65)), mg_kg("Pb", json!(20))]),
    );
    let loaded = load(&world, &key, json!([soil])).await;
    let href = format!("/v1/samples/{}", loaded["samples"][0]["id"].as_str().expect("an id"));
    let (response, _) = expect_response(world.get(&href).bearer_auth(&key), 200).await;
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    let screening = expect(world.get(&format!("{href}/screening")).bearer_auth(&key), 200).await;
    assert_eq!(
        (&screening["worst"], &screening["standard"], &screening["land"]),
        (&json!("within"), &json!("GB 15618-2018"), &json!("paddy"))
    );
    assert_eq!(screening["kept"]["rescreening_id"], Value::Null);

    world.clock.advance(TimeDelta::seconds(60));
    let patch =
        |body: Value, tag: &str| world.patch(&href).bearer_auth(&key).header("if-match", tag.to_owned()).json(&body);
    expect(patch(json!({"reason": " ", "ph": 5.5}), &tag), 422).await;
    let (response, done) = expect_response(patch(json!({"reason": "复测", "ph": 5.5}), &tag), 200).await;
    let run = &done["rescreening"];
    assert_eq!((&run["cause"], &run["samples"], &run["results"]), (&json!("ph"), &json!(1), &json!(3)));
    assert_eq!(
        all(run),
        [
            "P1 cadmium within → above_screening: point_class_stricter",
            "P1 nickel within → above_screening: co_monitoring"
        ]
    );
    assert_eq!(run["differences"][0]["unit"]["code"], "U1");
    assert!(
        run["differences"][0]["meaning_zh"]
            .as_str()
            .is_some_and(|text| text.contains("由 1 类变为 2 类") && text.contains("U1"))
    );
    assert_eq!(run["differences"][0]["before"]["screening_mg_kg"], json!(0.4));
    assert_eq!(run["differences"][0]["after"]["screening_mg_kg"], json!(0.3));
    expect(patch(json!({"reason": "复测", "ph": 5.5}), &tag), 412).await;

    // No pH: what turned on it cannot be compared any more. The earlier states are still there.
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    let (response, done) = expect_response(patch(json!({"reason": "pH 记录有误", "ph": null}), &tag), 200).await;
    assert_eq!(all(&done["rescreening"]).len(), 3);
    assert!(all(&done["rescreening"]).iter().all(|said| said.ends_with("no_longer_comparable")));
    let then = expect(world.get(&format!("{href}?known_at=2026-11-21T04:00:30Z")).bearer_auth(&key), 200).await;
    assert_eq!(then["ph"], json!(6.1));
    let then =
        expect(world.get(&format!("{href}/screening?known_at=2026-11-21T04:00:30Z")).bearer_auth(&key), 200).await;
    assert_eq!((&then["worst"], &then["kept"]["worst"]), (&json!("within"), &json!("within")));

    // A corrected and a withdrawn result; then the whole sample.
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    let body = json!({"reason": "更正", "ph": 6.1, "results": [mg_kg("Cd", json!(3))], "withdraw_results": ["Ni"]});
    let (response, done) = expect_response(patch(body, &tag), 200).await;
    assert_eq!(
        all(&done["rescreening"]),
        [
            "P1 cadmium not_comparable → above_intervention: point_class_stricter",
            "P1 lead not_comparable → within: now_comparable",
            "P1 nickel not_comparable → -: withdrawn",
        ]
    );
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    expect(patch(json!({"reason": "x", "withdraw_results": ["Ni"]}), &tag), 422).await;
    let (response, done) = expect_response(patch(json!({"reason": "样品混淆", "withdrawn": true}), &tag), 200).await;
    assert_eq!((&done["sample"]["withdrawn"], &done["rescreening"]), (&json!(true), &Value::Null));
    let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
    expect(patch(json!({"reason": "x", "ph": 7}), &tag), 409).await;
    let page = expect(world.get("/v1/samples").bearer_auth(&key), 200).await;
    assert_eq!(page["numberReturned"], 0);
    let page = expect(world.get("/v1/samples?include_withdrawn=true").bearer_auth(&key), 200).await;
    assert_eq!(page["numberReturned"], 1);
    let summary = expect(world.get("/v1/sampling/summary?division=140602"), 200).await;
    assert_eq!(summary["counties"][0]["samples"], 0);
}

#[tokio::test]
async fn another_land_use_screens_the_points_samples_again() {
    let (world, key) = world().await;
    let at = |day: &str| {
        json!({
        "point": {"code": "S1", "lon": 112.5, "lat": 39.3, "division_code": "140602", "program": "investigation", "land_use": {"system": "GB 50137-2011", "code": "M2"}},
        "sampled_on": day, "results": [mg_kg("Cd", json!(30)), mg_kg("Pb", json!(500)), mg_kg("Hg", json!(1))]})
    };
    load(&world, &key, json!([at("2026-05-01"), at("2026-06-01")])).await;
    let page = expect(world.get("/v1/sampling-points").bearer_auth(&key), 200).await;
    let href = format!("/v1/sampling-points/{}", page["features"][0]["id"].as_str().expect("an id"));
    let body = json!({"reason": "规划调整为居住", "land_use": {"system": "GB 50137-2011", "code": "R2"}});
    let done = expect(world.patch(&href).bearer_auth(&key).header("if-match", "\"1\"").json(&body), 200).await;
    let run = &done["rescreening"];
    assert_eq!((&run["cause"], &run["samples"], &run["differences_count"]), (&json!("land_use"), &json!(2), &json!(4)));
    // Class 1: cadmium 20 and 47, lead 400 and 800.
    assert!(all(run).iter().all(|said| said.ends_with("within → above_screening: detailed_survey")), "{run}");
    assert!(run["differences"][0]["meaning_en"].as_str().is_some_and(|text| text.contains("5.3.3")));
    let id = run["id"].as_str().expect("an id");
    let first =
        expect(world.get(&format!("/v1/sampling/rescreenings/{id}/differences?limit=3")).bearer_auth(&key), 200).await;
    assert_eq!(all(&first).len(), 3);
    let next =
        first["links"].as_array().expect("links").iter().find(|link| link["rel"] == "next").expect("a next page");
    let rest = expect(world.get(next["href"].as_str().expect("an address")).bearer_auth(&key), 200).await;
    assert_eq!(rest["differences"].as_array().map(Vec::len), Some(1));
    let elsewhere = world.key(Role::CountyEcology, "152921").await;
    expect(world.get(&format!("/v1/sampling/rescreenings/{id}")).bearer_auth(&elsewhere), 404).await;
}

#[tokio::test]
async fn a_stricter_local_standard_is_found_by_a_run_and_a_second_run_finds_nothing() {
    let (world, key) = world().await;
    let soil = |point: &str, lon: f64, cd: f64| sample(point, lon, json!(6.1), json!([mg_kg("Cd", json!(cd))]));
    load(&world, &key, json!([soil("P1", 112.4, 0.35), soil("P2", 112.41, 0.1)])).await;
    let rescreen = async |key: &str, body: Value, status: u16| {
        expect(world.post("/v1/sampling/rescreen").bearer_auth(key).json(&body), status).await
    };
    let none = rescreen(&key, json!({}), 201).await;
    assert_eq!(
        (&none["differences_count"], &none["samples"], &none["division_code"]),
        (&json!(0), &json!(2), &json!("140602"))
    );

    let province = world.key(Role::ProvinceEcology, "140000").await;
    let standard = json!({
        "code": "DB14/T 9999-2026", "name_zh": "示例地方标准", "division_code": "140000", "kind": "farmland",
        "instrument": {"title_zh": "示例地方标准"}, "effective_from": "2026-10-01",
        "limits": [{"substance": "Cd", "land": "paddy", "screening": {"value": 0.2, "unit": "mg/kg"}}],
    });
    expect(world.post("/v1/standards").bearer_auth(&province).json(&standard), 201).await;
    world.clock.advance(TimeDelta::seconds(60));
    let run = rescreen(&province, json!({"division": "140000", "cause": "standard_version"}), 201).await;
    assert_eq!(all(&run), ["P1 cadmium within → above_screening: point_class_stricter"]);
    assert_eq!(run["differences"][0]["after"]["screening_mg_kg"], json!(0.2));
    world.clock.advance(TimeDelta::seconds(60));
    let again = rescreen(&province, json!({"division": "140000", "cause": "standard_version"}), 201).await;
    assert_eq!(again["differences_count"], 0);
    let page = expect(world.get("/v1/sampling/rescreenings").bearer_auth(&province), 200).await;
    let counts: Vec<_> =
        page["rescreenings"].as_array().expect("runs").iter().map(|run| run["differences_count"].clone()).collect();
    assert_eq!(counts, [0, 1, 0]);
    rescreen(&key, json!({"division": "140000"}), 403).await;
    rescreen(&province, json!({"division": "149999"}), 403).await;
    // Before the standard was in force the national value spoke.
    let page = expect(world.get("/v1/samples?point=P1").bearer_auth(&key), 200).await;
    let href = format!("/v1/samples/{}/screening", page["samples"][0]["id"].as_str().expect("an id"));
    let then = expect(world.get(&format!("{href}?on=2026-09-30")).bearer_auth(&key), 200).await;
    assert_eq!((&then["worst"], &then["results"][0]["screening"]["local"]), (&json!("within"), &json!(false)));
    let now = expect(world.get(&href).bearer_auth(&key), 200).await;
    assert_eq!((&now["worst"], &now["results"][0]["screening"]["local"]), (&json!("above_screening"), &json!(true)));
}

#[tokio::test]
async fn a_standard_that_begins_or_is_withdrawn_screens_its_division_again_by_itself() {
    let (world, key) = world().await;
    let soil = |point: &str, lon: f64, cd: f64| sample(point, lon, json!(6.1), json!([mg_kg("Cd", json!(cd))]));
    load(&world, &key, json!([soil("P1", 112.4, 0.35)])).await;
    assert_eq!(sampling::rescreen_due(&world.app).await.unwrap(), 0, "there are no local standards");
    let province = world.key(Role::ProvinceEcology, "140000").await;
    let standard = json!({
        "code": "DB14/T 9999-2026", "name_zh": "示例地方标准", "division_code": "140000", "kind": "farmland",
        "instrument": {"title_zh": "示例地方标准"}, "effective_from": "2026-12-01",
        "limits": [{"substance": "Cd", "land": "paddy", "screening": {"value": 0.2, "unit": "mg/kg"}}],
    });
    expect(world.post("/v1/standards").bearer_auth(&province).json(&standard), 201).await;
    let runs = async || {
        let page = expect(world.get("/v1/sampling/rescreenings").bearer_auth(&province), 200).await;
        let runs = page["rescreenings"].as_array().expect("runs").clone();
        runs.iter().map(|run| (run["cause"].clone(), run["differences_count"].clone())).collect::<Vec<_>>()
    };
    let made = |differences: i64| (json!("standard_version"), json!(differences));
    // Entered before its first day: nothing comes out otherwise yet.
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(sampling::rescreen_due(&world.app).await.unwrap(), 1);
    assert_eq!(sampling::rescreen_due(&world.app).await.unwrap(), 0);
    assert_eq!(runs().await, [made(0)]);
    // On its first day two servers look at once, and one run is made.
    world.clock.move_to(Day::of(2026, 12, 1));
    let (one, other) = tokio::join!(sampling::rescreen_due(&world.app), sampling::rescreen_due(&world.app));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(runs().await.iter().filter(|run| **run == made(1)).count(), 1);
    // Withdrawn, it never held.
    world.clock.advance(TimeDelta::seconds(60));
    let path = "/v1/standards/DB14%2FT%209999-2026/withdrawal";
    let body = json!({"reason": "录入有误"});
    expect(world.post(path).bearer_auth(&province).json(&body), 200).await;
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(sampling::rescreen_due(&world.app).await.unwrap(), 1);
    assert_eq!(runs().await.iter().filter(|run| **run == made(1)).count(), 2);
}

#[tokio::test]
async fn another_land_type_of_a_unit_screens_the_samples_in_it_again() {
    let (world, key) = world().await;
    let unit = json!({"type": "Feature", "geometry": square(112.4, 39.2999, 500.0), "properties": {"code": "U1", "division_code": "140602", "land_type": "paddy", "class": "safe_use"}});
    let unit = expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&unit), 201).await;
    // Paddy: cadmium 0.4 at pH 6.1; other land 0.3. The land is the unit's, since the point's is not stated.
    let mut soil = sample("P1", 112.4001, json!(6.1), json!([mg_kg("Cd", json!(0.35))]));
    soil["point"].as_object_mut().expect("a point").remove("land_type");
    load(&world, &key, json!([soil])).await;
    world.clock.advance(TimeDelta::seconds(60));
    let path = format!("/v1/farmland-units/{}/land-type", unit["id"].as_str().expect("an id"));
    let body = json!({"land_type": "upland", "changed_on": "2026-11-20", "reason": "水改旱"});
    expect(world.post(&path).bearer_auth(&key).json(&body), 200).await;
    let page = expect(world.get("/v1/sampling/rescreenings").bearer_auth(&key), 200).await;
    let run = &page["rescreenings"][0];
    assert_eq!((&run["cause"], &run["differences_count"]), (&json!("land_use"), &json!(1)));
    let id = run["id"].as_str().expect("an id");
    let run = expect(world.get(&format!("/v1/sampling/rescreenings/{id}")).bearer_auth(&key), 200).await;
    assert_eq!(all(&run), ["P1 cadmium within → above_screening: point_class_stricter"]);
}
