//! Measures on farmland: made, approved or filed, covering units, with the results of their years.

use crate::support::{CREDIT_CODE, TODAY, World, expect, expect_response, forged, square};
use jingtu::kernel::{Day, FarmlandUnitId};
use jingtu::platform::Role;
use jingtu::registers::farmland_measure::rules::{MeasureKind, Standing};
use jingtu::registers::farmland_measure::{Of, in_force, results};
use serde_json::{Value, json};

/// Registers a unit by the operator's own bureau of agriculture; gives its identifier.
pub async fn unit(world: &World, code: &str, division: &str, class: &str, more: Value) -> String {
    let n = code.bytes().fold(0_u32, |n, b| n.wrapping_mul(31).wrapping_add(u32::from(b))) % 5_000;
    unit_at(world, code, division, class, square(112.0 + f64::from(n) * 0.002, 39.0, 100.0), more).await
}

/// As [`unit`], with an outline.
pub async fn unit_at(world: &World, code: &str, division: &str, class: &str, geometry: Value, more: Value) -> String {
    let key = world.key(Role::Agriculture, division).await;
    let mut properties = json!({"code": code, "division_code": division, "land_type": "paddy", "class": class});
    for (name, value) in more.as_object().into_iter().flatten() {
        properties[name] = value.clone();
    }
    let body = json!({"type": "Feature", "geometry": geometry, "properties": properties});
    let made = expect(world.post("/v1/farmland-units").bearer_auth(&key).json(&body), 201).await;
    made["id"].as_str().unwrap().to_owned()
}

/// A measure as it is sent.
pub fn measure(kind: &str, division: &str, more: Value) -> Value {
    let mut properties = json!({
        "kind": kind, "title": "某措施", "division_code": division, "from_on": "2026-01-01", "proposed_by": "农业农村局",
        "proposed_on": "2026-01-01",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        properties[name] = value.clone();
    }
    json!({"type": "Feature", "geometry": null, "properties": properties})
}

/// Makes it; gives its address and what was answered.
pub async fn make(world: &World, key: &str, body: &Value) -> (String, Value) {
    let (head, made) = expect_response(world.post("/v1/farmland-measures").bearer_auth(key).json(body), 201).await;
    (head.headers()["location"].to_str().unwrap().to_owned(), made)
}

pub async fn event(world: &World, key: &str, path: &str, body: Value, status: u16) -> Value {
    expect(world.post(&format!("{path}/events")).bearer_auth(key).json(&body), status).await
}

fn warned(view: &Value) -> Vec<&str> {
    view["properties"]["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_safe_use_plan_is_filed_and_its_years_are_recorded() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140602").await;
    let fits = unit(&world, "A", "140602", "safe_use", json!({})).await;
    let other = unit(&world, "B", "140602", "priority_protection", json!({})).await;
    let body = measure(
        "safe_use_plan",
        "140602",
        json!({
            "to_on": "2026-12-31", "actions": ["agronomic_control", "training"],
            "targets": [{"year": 2026, "action": "agronomic_control", "area_m2": 15000.0}],
            "units": [{"unit_id": fits}, {"unit_id": other, "area_share": 0.5}],
        }),
    );
    let (path, made) = make(&world, &key, &body).await;
    let p = &made["properties"];
    assert_eq!(p["number"], "140602-安利-2026-0001");
    assert_eq!((&p["status"], &p["holds_from"], &p["units"]), (&json!("draft"), &Value::Null, &json!(2)));
    assert_eq!(p["targets"][0]["area_mu"], 22.5);
    let cited: Vec<_> = p["citations"].as_array().unwrap().iter().map(|c| c["article"].as_str().unwrap()).collect();
    assert_eq!(cited[0], "53", "{cited:?}");
    assert_eq!(p["citations"][0]["successor"]["article"], "448");
    assert_eq!(warned(&made), ["class_does_not_fit"]);
    assert_eq!(p["warnings"][0]["unit_code"], "B");
    assert_eq!(p["next_steps"], json!(["approved", "filed", "withdrawn"]));

    let units = expect(world.get(&format!("{path}/units")).bearer_auth(&key), 200).await;
    let shares: Vec<_> =
        units["units"].as_array().unwrap().iter().map(|u| (&u["code"], &u["area_share"], &u["fits"])).collect();
    assert_eq!(shares, [(&json!("A"), &json!(1.0), &json!(true)), (&json!("B"), &json!(0.5), &json!(false))]);
    let whole = units["units"][0]["area_m2"].as_f64().unwrap() + units["units"][1]["area_m2"].as_f64().unwrap() / 2.0;
    assert!((p["covered_m2"].as_f64().unwrap() - whole).abs() < 1e-6);

    // What is no plan yet has no results.
    let result = json!({"year": 2026, "results": [{"unit_id": fits, "implemented": true, "products_ok": "yes"}]});
    let record = |body: &Value| world.post(&format!("{path}/results")).bearer_auth(&key).json(body);
    assert_eq!(expect(record(&result), 409).await["code"], "not_in_force_that_year");
    let filed = event(&world, &key, &path, json!({"type": "filed", "occurred_on": "2026-02-01"}), 200).await;
    assert_eq!(
        (&filed["properties"]["status"], &filed["properties"]["holds_from"]),
        (&json!("in_force"), &json!("2026-02-01"))
    );
    let uploaded = json!({"type": "uploaded", "body": "全国农用地土壤环境管理信息系统", "number": "R-1", "occurred_on": "2026-02-02"});
    assert_eq!(event(&world, &key, &path, uploaded, 200).await["properties"]["uploaded_on"], "2026-02-02");

    assert_eq!(expect(record(&result), 200).await, json!({"year": 2026, "recorded": 1, "unchanged": 0}));
    assert_eq!(expect(record(&result), 200).await, json!({"year": 2026, "recorded": 0, "unchanged": 1}));
    for (year, status) in [(2025, 409), (2027, 422)] {
        let mut body = result.clone();
        body["year"] = json!(year);
        expect(record(&body), status).await;
    }
    let paper = world.document(&key).await;
    let later = json!({"year": 2026, "results": [
        {"unit_id": fits, "implemented": true, "products_ok": "no", "document_id": paper},
        {"unit_id": other, "implemented": false},
    ]});
    assert_eq!(expect(record(&later), 200).await["recorded"], 2);
    let listed = expect(world.get(&format!("{path}/results?year=2026")).bearer_auth(&key), 200).await;
    let said: Vec<_> =
        listed["results"].as_array().unwrap().iter().map(|r| (&r["unit_code"], &r["products_ok"])).collect();
    assert_eq!(said, [(&json!("A"), &json!("no")), (&json!("B"), &json!("unknown"))]);
    let first = expect(world.get(&format!("{path}/results?limit=1")).bearer_auth(&key), 200).await;
    let second = expect(world.get(first["links"][0]["href"].as_str().unwrap()).bearer_auth(&key), 200).await;
    assert_eq!((&second["results"][0]["unit_code"], second["links"].as_array().unwrap().len()), (&json!("B"), 0));
    for key_of in ["x", "2026|\0", ""] {
        let path = format!("{path}/results?limit=1&cursor={}", forged(&first, key_of));
        assert_eq!(expect(world.get(&path).bearer_auth(&key), 400).await["code"], "bad_cursor");
    }

    let mut conn = world.app.db().acquire().await.unwrap();
    let counted = results(&mut conn, Some("140000"), 2026, None).await.unwrap();
    let mut counted: Vec<_> = counted.iter().map(|r| (r.kind, r.implemented, r.products_ok, r.area_share)).collect();
    counted.sort_by_key(|row| row.1);
    assert_eq!(
        counted,
        [(MeasureKind::SafeUsePlan, false, None, 0.5), (MeasureKind::SafeUsePlan, true, Some(false), 1.0)]
    );
    assert!(results(&mut conn, Some("150000"), 2026, None).await.unwrap().is_empty());
    assert!(results(&mut conn, None, 2025, None).await.unwrap().is_empty());
    let unit: FarmlandUnitId = fits.parse().unwrap();
    for (of, on, n) in [
        (Of::Units(&[unit]), TODAY, 1),
        (Of::Division("140600"), TODAY, 2),
        (Of::Division("140600"), "2026-01-31".parse().unwrap(), 0),
        (Of::Division("140600"), "2027-01-01".parse().unwrap(), 0),
        (Of::Division("150000"), TODAY, 0),
    ] {
        assert_eq!(in_force(&mut conn, of, on, None).await.unwrap().len(), n, "{of:?} {on}");
    }
}

#[tokio::test]
async fn only_the_government_of_the_same_level_approves_a_ban_zone() {
    let world = World::new().await;
    let agriculture = world.key(Role::Agriculture, "152921").await;
    let prefecture = world.key(Role::Agriculture, "152900").await;
    let government = world.key(Role::Government, "152921").await;
    let above = world.key(Role::Government, "152900").await;
    let body = measure("crop_ban_zone", "152921", json!({"products": ["水稻", "某种新作物"], "from_on": "2026-04-01"}));
    // Governments approve; agriculture proposes.
    let refused = expect(world.post("/v1/farmland-measures").bearer_auth(&government).json(&body), 403).await;
    assert_eq!(refused["code"], "maker_of_another_role");
    let (path, made) = make(&world, &agriculture, &body).await;
    assert_eq!(warned(&made), ["product_not_on_the_list"]);
    assert_eq!(made["properties"]["products"][0]["crop_en"], "Rice");
    assert_eq!(made["properties"]["products"][1]["edible"], "unknown");

    let approval = json!({
        "type": "approved", "occurred_on": "2026-03-10", "body": "阿拉善左旗人民政府", "number": "阿左政发〔2026〕1号"
    });
    let filed = event(&world, &agriculture, &path, json!({"type": "filed"}), 409).await;
    assert_eq!((&filed["code"], &filed["rule"]), (&json!("step_not_allowed"), &json!("crop_ban_zone")));
    assert_eq!(filed["allowed"], json!(["approved", "withdrawn", "entered_in_error"]));
    assert_eq!(filed["citations"][0]["article"], "449");
    assert_eq!(event(&world, &government, &path, approval.clone(), 409).await["code"], "measure_covers_nothing");
    let strict = unit(&world, "A", "152921", "strict_control", json!({})).await;
    let attach = json!({"attach": [{"unit_id": strict}]});
    expect(world.post(&format!("{path}/units")).bearer_auth(&agriculture).json(&attach), 200).await;

    // The prefecture holds in the county and is still not its government.
    for key in [&above, &prefecture] {
        let refused = event(&world, key, &path, approval.clone(), 403).await;
        assert_eq!(
            (&refused["code"], &refused["citations"][0]["article"]),
            (&json!("not_the_same_level"), &json!("449"))
        );
    }
    let ecology = world.key(Role::CountyEcology, "152921").await;
    assert_eq!(event(&world, &ecology, &path, approval.clone(), 403).await["code"], "step_of_another_role");
    // The bureau of the same level needs the government's paper.
    assert_eq!(pointers(&event(&world, &agriculture, &path, approval.clone(), 422).await), ["/document_id"]);
    assert_eq!(
        pointers(&event(&world, &government, &path, json!({"type": "approved"}), 422).await),
        ["/number", "/body"]
    );
    let mut with_paper = approval.clone();
    with_paper["document_id"] = world.document(&agriculture).await;
    let approved = event(&world, &agriculture, &path, with_paper, 200).await;
    let p = &approved["properties"];
    assert_eq!((&p["status"], &p["holds_from"]), (&json!("in_force"), &json!("2026-04-01")));
    assert_eq!(
        (&p["approved_by"], &p["approval_number"]),
        (&json!("阿拉善左旗人民政府"), &json!("阿左政发〔2026〕1号"))
    );

    for (on, status) in [("2026-03-09", "draft"), ("2026-03-10", "approved"), ("2026-04-01", "in_force")] {
        let then = expect(world.get(&format!("{path}?true_on={on}")).bearer_auth(&agriculture), 200).await;
        assert_eq!(then["properties"]["status"], status, "{on}");
        let page = expect(
            world.get(&format!("/v1/farmland-measures?true_on={on}&status={status}")).bearer_auth(&agriculture),
            200,
        )
        .await;
        assert_eq!(page["numberReturned"], 1, "{on}");
    }

    // What was approved is not changed behind the government's back.
    let more = unit(&world, "B", "152921", "strict_control", json!({})).await;
    for change in [json!({"attach": [{"unit_id": more}]}), json!({"detach": [strict]}), json!({"overlapping": true})] {
        let refused = expect(world.post(&format!("{path}/units")).bearer_auth(&agriculture).json(&change), 409).await;
        assert_eq!(refused["code"], "units_fixed_by_approval", "{change}");
    }
    let (head, _) = expect_response(world.get(&path).bearer_auth(&agriculture), 200).await;
    let patch = |body: Value| {
        let request = world.patch(&path).bearer_auth(&agriculture).json(&body);
        request.header("if-match", head.headers()["etag"].clone())
    };
    let refused = expect(patch(json!({"products": ["玉米"], "to_on": "2030-01-01"})), 409).await;
    assert_eq!((&refused["code"], pointers(&refused)), (&json!("fixed_by_approval"), vec!["/to_on", "/products"]));
    assert_eq!(expect(patch(json!({"title": "某禁止生产区域"})), 200).await["properties"]["title"], "某禁止生产区域");
    assert_eq!(expect(patch(json!({"title": "x"})), 412).await["code"], "stale");

    // The same government ends it.
    let end = json!({"type": "ended", "occurred_on": "2026-11-01", "reason": "已完成修复", "body": "阿拉善左旗人民政府", "number": "2号"});
    assert_eq!(event(&world, &above, &path, end.clone(), 403).await["code"], "not_the_same_level");
    let ended = event(&world, &government, &path, end, 200).await;
    assert_eq!(
        (&ended["properties"]["status"], &ended["properties"]["next_steps"]),
        (&json!("ended"), &json!(["entered_in_error"]))
    );
    assert_eq!(
        event(&world, &government, &path, json!({"type": "withdrawn", "reason": "x"}), 409).await["code"],
        "step_not_allowed"
    );
    assert_eq!(
        expect(
            world.patch(&path).bearer_auth(&agriculture).header("if-match", "\"9\"").json(&json!({"title": "x"})),
            412
        )
        .await["code"],
        "stale"
    );
    // Entered in error, it holds on.
    let void = event(&world, &government, &path, json!({"type": "entered_in_error", "reason": "误录"}), 200).await;
    assert_eq!((&void["properties"]["status"], &void["properties"]["ended_on"]), (&json!("in_force"), &Value::Null));
    let events = expect(world.get(&format!("{path}/events")).bearer_auth(&agriculture), 200).await;
    let said: Vec<_> = events["events"].as_array().unwrap().iter().map(|e| (&e["type"], &e["voided"])).collect();
    assert_eq!(
        said,
        [
            (&json!("approved"), &json!(false)),
            (&json!("ended"), &json!(true)),
            (&json!("entered_in_error"), &json!(false))
        ]
    );
    // It is told to departments.
    let changes = expect(world.get("/v1/changes?register=farmland_measure").bearer_auth(&agriculture), 200).await;
    let kinds: Vec<_> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["type"].as_str().or(c["kind"].as_str()).unwrap_or("?"))
        .collect();
    assert!(kinds.iter().any(|kind| kind.ends_with("farmland_measure.approved")), "{kinds:?}");
    assert!(kinds.iter().any(|kind| kind.ends_with("farmland_measure.event_voided")), "{kinds:?}");
}

#[tokio::test]
async fn an_outline_covers_the_units_that_it_overlaps_and_is_a_layer() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let (lon, lat) = (105.6, 38.8);
    let dx = 100.0 / 111_000.0 / f64::to_radians(lat).cos();
    unit_at(&world, "IN", "152921", "strict_control", square(lon, lat, 100.0), json!({})).await;
    unit_at(&world, "HALF", "152921", "strict_control", square(lon + 1.5 * dx, lat, 100.0), json!({})).await;
    unit_at(&world, "OUT", "152921", "strict_control", square(lon + 9.0 * dx, lat, 100.0), json!({})).await;
    // Another county's is none of this government's.
    unit_at(&world, "OTHER", "152922", "strict_control", square(lon, lat, 100.0), json!({})).await;
    let mut body = measure("crop_ban_zone", "152921", json!({"overlapping_units": true}));
    body["geometry"] = square(lon, lat, 200.0);
    let (path, made) = make(&world, &key, &body).await;
    assert_eq!((&made["properties"]["units"], warned(&made).len()), (&json!(2), 0));
    let units = expect(world.get(&format!("{path}/units")).bearer_auth(&key), 200).await;
    let share = |code: &str| {
        let unit = units["units"].as_array().unwrap().iter().find(|u| u["code"] == code).unwrap();
        unit["area_share"].as_f64().unwrap()
    };
    assert!((share("IN") - 1.0).abs() < 1e-6 && (share("HALF") - 0.5).abs() < 1e-3);

    // A plan has no outline of its own.
    let mut plan = measure("safe_use_plan", "152921", json!({}));
    plan["geometry"] = square(lon, lat, 200.0);
    let refused = expect(world.post("/v1/farmland-measures").bearer_auth(&key).json(&plan), 422).await;
    assert_eq!(pointers(&refused), ["/geometry"]);
    let without = measure("crop_ban_zone", "152921", json!({"overlapping_units": true}));
    let refused = expect(world.post("/v1/farmland-measures").bearer_auth(&key).json(&without), 422).await;
    assert_eq!(refused["errors"][0]["code"], "no_outline");

    // A draft is not on the map, and the public has no such map.
    let items = "/ogc/collections/crop-ban-zones/items?f=json";
    assert_eq!(expect(world.get(items).bearer_auth(&key), 200).await["numberReturned"], 0);
    let government = world.key(Role::Government, "152921").await;
    let approval = json!({"type": "approved", "occurred_on": "2026-03-10", "body": "政府", "number": "1号"});
    event(&world, &government, &path, approval, 200).await;
    let shown = expect(world.get(items).bearer_auth(&key), 200).await;
    assert_eq!(
        (&shown["numberReturned"], &shown["features"][0]["properties"]["approval_number"]),
        (&json!(1), &json!("1号"))
    );
    let public = world.get(items).send().await.unwrap().status();
    assert!([401, 404].contains(&public.as_u16()), "{public}");
}

#[tokio::test]
async fn the_effect_of_a_remediation_is_evaluated_by_somebody_else() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140602").await;
    let id = unit(&world, "A", "140602", "safe_use", json!({})).await;
    let nobody = measure("remediation", "140602", json!({"units": [{"unit_id": id}]}));
    let refused = expect(world.post("/v1/farmland-measures").bearer_auth(&key).json(&nobody), 422).await;
    assert_eq!(pointers(&refused), ["/properties/executor"]);
    let body = measure(
        "remediation",
        "140602",
        json!({"units": [{"unit_id": id}], "executor": "甲修复公司", "actions": ["biological_remediation"]}),
    );
    let (path, _) = make(&world, &key, &body).await;
    assert_eq!(pointers(&event(&world, &key, &path, json!({"type": "filed"}), 422).await), ["/document_id"]);
    let paper = world.document(&key).await;
    event(&world, &key, &path, json!({"type": "filed", "document_id": paper}), 200).await;
    let report = |by: &str| json!({"type": "effect_report_filed", "body": by, "document_id": paper});
    let refused = event(&world, &key, &path, report("甲修复公司 "), 409).await;
    assert_eq!(
        (&refused["code"], &refused["citations"][0]["article"]),
        (&json!("evaluator_is_executor"), &json!("452"))
    );
    let reported = event(&world, &key, &path, report("乙评估公司"), 200).await;
    assert_eq!(reported["properties"]["effect_reported_on"], TODAY.to_string());
    // With results, its filing is a fact that others rest on.
    let result = json!({"year": 2026, "results": [{"unit_id": id, "implemented": true}]});
    expect(world.post(&format!("{path}/results")).bearer_auth(&key).json(&result), 200).await;
    let void = json!({"type": "entered_in_error", "reason": "误录"});
    event(&world, &key, &path, void.clone(), 200).await;
    assert_eq!(event(&world, &key, &path, void, 409).await["code"], "has_results");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_its_place() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140600").await;
    let post = |body: Value| world.post("/v1/farmland-measures").bearer_auth(&key).json(&body);
    let elsewhere = unit(&world, "E", "152921", "safe_use", json!({})).await;
    let in_county = unit(&world, "C", "140602", "safe_use", json!({})).await;
    for (more, expected) in [
        (json!({"title": " "}), vec!["/properties/title"]),
        (json!({"to_on": "2025-12-31"}), vec!["/properties/to_on"]),
        (json!({"proposed_on": "2026-11-22"}), vec!["/properties/proposed_on"]),
        (json!({"actions": ["training", "fallow"]}), vec!["/properties/actions/1"]),
        (json!({"products": ["水稻"]}), vec!["/properties/products"]),
        (
            json!({"targets": [
                {"year": 1999, "action": "training", "area_m2": 0.0}, {"year": 2026, "action": "fallow", "area_m2": 1.0}]}),
            vec!["/properties/targets/0/year", "/properties/targets/0/area_m2", "/properties/targets/1/action"],
        ),
        (
            json!({"units": [
                {"unit_id": in_county}, {"unit_id": in_county}, {"unit_id": elsewhere},
                {"unit_id": "0190a0a0-0000-7000-8000-000000000000", "area_share": 1.5}]}),
            vec![
                "/properties/units/1/unit_id",
                "/properties/units/3/area_share",
                "/properties/units/2/unit_id",
                "/properties/units/3/unit_id",
            ],
        ),
        (json!({"division_code": "140699"}), vec![]),
        (json!({"colour": "green"}), vec!["/properties/colour"]),
    ] {
        let status = if more.get("division_code").is_some() { 403 } else { 422 };
        let problem = expect(post(measure("safe_use_plan", "140600", more.clone())), status).await;
        if status == 422 {
            assert_eq!(pointers(&problem), expected, "{more}");
        }
    }
    let paper = json!({"document_id": "0190a0a0-0000-7000-8000-000000000000"});
    let problem = expect(post(measure("safe_use_plan", "140600", paper)), 422).await;
    assert_eq!(pointers(&problem), ["/properties/document_id"]);
    // A plan of the prefecture covers units of its counties, one of the county none of its neighbours.
    let (path, _) =
        make(&world, &key, &measure("safe_use_plan", "140600", json!({"units": [{"unit_id": in_county}]}))).await;
    let events = |body: Value| world.post(&format!("{path}/events")).bearer_auth(&key).json(&body);
    for (body, pointer) in [
        (json!({"type": "filed", "document_id": "0190a0a0-0000-7000-8000-000000000000"}), "/document_id"),
        (json!({"type": "filed", "occurred_on": "2026-11-22"}), "/occurred_on"),
        (json!({"type": "filed", "occurred_on": "2025-12-31"}), "/occurred_on"),
        (json!({"type": "withdrawn"}), "/reason"),
    ] {
        assert_eq!(pointers(&expect(events(body), 422).await), [pointer]);
    }
    assert_eq!(
        expect(events(json!({"type": "entered_in_error", "reason": "x"})), 409).await["code"],
        "nothing_to_void"
    );
    let results = |body: Value| world.post(&format!("{path}/results")).bearer_auth(&key).json(&body);
    expect(events(json!({"type": "filed"})), 200).await;
    let row = json!({"unit_id": elsewhere, "implemented": true});
    for (body, pointer) in [
        (json!({"year": 2026, "results": [row]}), "/results/0/unit_id"),
        (json!({"year": 2026, "results": [row, row]}), "/results/1/unit_id"),
        (json!({"year": 2026, "results": []}), "/results"),
        (json!({"year": 2030, "results": [row]}), "/year"),
    ] {
        assert_eq!(pointers(&expect(results(body), 422).await), [pointer]);
    }
    let detach = json!({"detach": [elsewhere]});
    expect(world.post(&format!("{path}/units")).bearer_auth(&key).json(&detach), 422).await;
    expect(world.patch(&path).bearer_auth(&key).json(&json!({"title": "x"})), 428).await;
    let nothing = world.patch(&path).bearer_auth(&key).header("if-match", "\"2\"").json(&json!({}));
    assert_eq!(expect(nothing, 422).await["errors"][0]["code"], "nothing_to_change");
    for query in ["kind=none", "status=none", "limit=0", "known_at=yesterday", "colour=green", "cursor=x"] {
        expect(world.get(&format!("/v1/farmland-measures?{query}")).bearer_auth(&key), 400).await;
    }
    expect(world.get("/v1/farmland-measures/nonsense").bearer_auth(&key), 404).await;
}

#[tokio::test]
async fn lists_page_filter_and_show_each_caller_its_own() {
    let world = World::new().await;
    let nation = world.key(Role::Agriculture, "000000").await;
    let a = unit(&world, "A", "152921", "strict_control", json!({})).await;
    for (kind, division, units) in [
        ("restructuring_plan", "152921", json!([{"unit_id": a}])),
        ("crop_ban_zone", "152921", json!([])),
        ("safe_use_plan", "152922", json!([])),
        ("groundwater_plan", "152900", json!([])),
        ("priority_protection", "140602", json!([])),
    ] {
        make(&world, &nation, &measure(kind, division, json!({"units": units, "to_on": "2027-12-31"}))).await;
    }
    let list = |key: &str, query: &str| world.get(&format!("/v1/farmland-measures?{query}")).bearer_auth(key);
    for (query, n) in [
        ("", 5),
        ("division=150000", 4),
        ("division=152921", 2),
        ("kind=crop_ban_zone", 1),
        ("status=draft", 5),
        ("status=in_force", 0),
        ("year=2026", 5),
        ("year=2027", 5),
        ("year=2028", 0),
        ("true_on=2025-12-31", 0),
        (&format!("unit={a}"), 1),
    ] {
        assert_eq!(expect(list(&nation, query), 200).await["numberReturned"], n, "{query}");
    }
    // A county sees its own and those of the divisions above it; not its neighbour's.
    let county = world.key(Role::Planning, "152921").await;
    let seen = expect(list(&county, ""), 200).await;
    let numbers: Vec<_> =
        seen["features"].as_array().unwrap().iter().map(|f| f["properties"]["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["152900-地水-2026-0001", "152921-禁产-2026-0001", "152921-结构-2026-0001"]);
    let other = world.key(Role::Planning, "152922").await;
    let path = format!("/v1/farmland-measures/{}", seen["features"][1]["id"].as_str().unwrap());
    expect(world.get(&path).bearer_auth(&county), 200).await;
    for path in [path.clone(), format!("{path}/units"), format!("{path}/events"), format!("{path}/results")] {
        expect(world.get(&path).bearer_auth(&other), 404).await;
        expect(world.get(&path), 401).await;
    }
    let agency = world.key(Role::ThirdParty, "152921").await;
    let land_user = world.key(Role::LandUser, "152921").await;
    assert!(!CREDIT_CODE.is_empty());
    for key in [&agency, &land_user] {
        expect(list(key, ""), 403).await;
    }
    // Who may not see it may not record anything either, and who sees it from below neither.
    let neighbour = world.key(Role::Agriculture, "152922").await;
    event(&world, &neighbour, &path, json!({"type": "withdrawn", "reason": "x"}), 404).await;
    let prefectures = format!("/v1/farmland-measures/{}", seen["features"][0]["id"].as_str().unwrap());
    let refused = event(&world, &neighbour, &prefectures, json!({"type": "withdrawn", "reason": "x"}), 403).await;
    assert_eq!(refused["code"], "outside_division");

    let mut all = Vec::new();
    let mut next = "/v1/farmland-measures?limit=2".to_owned();
    loop {
        let page = expect(world.get(&next).bearer_auth(&nation), 200).await;
        all.extend(page["features"].as_array().unwrap().iter().map(|f| f["properties"]["number"].clone()));
        match page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next") {
            Some(link) => next = link["href"].as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(all.len(), 5, "{all:?}");
    let catalogue =
        expect(world.get("/v1/farmland-measures/catalogue?division=152921").bearer_auth(&county), 200).await;
    assert_eq!(catalogue["kinds"].as_array().unwrap().len(), 6);
    assert_eq!(catalogue["kinds"][1]["steps"][0]["same_level"], true);
}

#[tokio::test]
async fn what_the_registry_knew_is_answered_as_it_was_known() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "140602").await;
    let a = unit(&world, "A", "140602", "safe_use", json!({})).await;
    let b = unit(&world, "B", "140602", "safe_use", json!({})).await;
    let (path, _) = make(&world, &key, &measure("safe_use_plan", "140602", json!({"units": [{"unit_id": a}]}))).await;
    let before = world.clock.now();
    world.clock.move_to(TODAY.add_days(10));
    event(&world, &key, &path, json!({"type": "filed", "occurred_on": "2026-02-01"}), 200).await;
    let change = json!({"attach": [{"unit_id": b}], "detach": [a]});
    expect(world.post(&format!("{path}/units")).bearer_auth(&key).json(&change), 200).await;
    let then = before.to_rfc3339().replace('+', "%2B");
    let ask = |tail: &str| world.get(&format!("{path}{tail}")).bearer_auth(&key);
    let read = expect(ask(&format!("?known_at={then}&true_on=2026-03-01")), 200).await;
    assert_eq!((&read["properties"]["status"], &read["properties"]["next_steps"]), (&json!("draft"), &Value::Null));
    assert_eq!(expect(ask("?true_on=2026-03-01"), 200).await["properties"]["status"], "in_force");
    for (tail, code) in [(format!("/units?known_at={then}"), "A"), ("/units".to_owned(), "B")] {
        let units = expect(ask(&tail), 200).await;
        assert_eq!((&units["numberReturned"], &units["units"][0]["code"]), (&json!(1), &json!(code)), "{tail}");
    }
    assert_eq!(expect(ask(&format!("/events?known_at={then}")), 200).await["events"], json!([]));
    let list = format!("/v1/farmland-measures?status=in_force&true_on=2026-03-01&known_at={then}");
    assert_eq!(expect(world.get(&list).bearer_auth(&key), 200).await["numberReturned"], 0);
    let mut conn = world.app.db().acquire().await.unwrap();
    let on: Day = "2026-03-01".parse().unwrap();
    assert!(in_force(&mut conn, Of::Division("140602"), on, Some(before)).await.unwrap().is_empty());
    let now = in_force(&mut conn, Of::Division("140602"), on, None).await.unwrap();
    assert_eq!((now.len(), now[0].unit_id.to_string()), (1, b));
}

/// The database's word for how a measure stands is that of the rules.
#[tokio::test]
async fn the_status_of_the_database_is_that_of_the_rules() {
    let world = World::new().await;
    let day = |n: Option<i64>| n.map(|n| Day::of(2026, 1, 10).add_days(n));
    let days = [None, Some(0), Some(2), Some(4)];
    let mut compared = 0;
    for kind in [MeasureKind::CropBanZone, MeasureKind::SafeUsePlan] {
        for approved in days {
            for effective in days {
                for ended in days.into_iter().filter(|ended| ended.is_none() || effective.is_some()) {
                    for withdrawn in days.into_iter().filter(|day| day.is_none() || effective.is_none()) {
                        for to in days {
                            let standing = Standing {
                                approved_on: day(approved),
                                effective_on: day(effective),
                                ended_on: day(ended),
                                withdrawn_on: day(withdrawn),
                                ..Standing::default()
                            };
                            let from = Day::of(2026, 1, 9);
                            let on: Vec<Day> = (-2..7).filter_map(|n| day(Some(n))).collect();
                            let said: Vec<String> = sqlx::query_scalar(
                                "select farmland_measure_status($1, $2, $3, $4, $5, $6, $7, d) from unnest($8::date[]) with ordinality as x (d, n) order by n",
                            )
                            .bind(kind.as_str())
                            .bind(from)
                            .bind(day(to))
                            .bind(standing.approved_on)
                            .bind(standing.effective_on)
                            .bind(standing.ended_on)
                            .bind(standing.withdrawn_on)
                            .bind(&on)
                            .fetch_all(world.app.db())
                            .await
                            .unwrap();
                            for (on, said) in on.iter().zip(said) {
                                let rule = standing.status(kind, from, day(to), *on);
                                assert_eq!(said, rule.as_str(), "{kind:?} {standing:?} to {to:?} on {on}");
                                compared += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(compared > 2_000, "{compared}");
}
