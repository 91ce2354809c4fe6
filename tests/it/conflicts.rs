//! Conflicts on farmland, computed when they are asked for.

use crate::farmland_measure::{event, make, measure, unit, unit_at};
use crate::loading::{counts, feature, load};
use crate::support::{TODAY, World, expect, forged, square};
use jingtu::platform::Role;
use serde_json::{Value, json};

async fn conflicts(world: &World, key: &str, query: &str) -> Vec<Value> {
    let page = expect(world.get(&format!("/v1/farmland/conflicts?{query}")).bearer_auth(key), 200).await;
    let found = page["conflicts"].as_array().unwrap().clone();
    assert_eq!(page["numberReturned"], found.len());
    found
}

fn brief(found: &[Value]) -> Vec<(&str, &str, &str)> {
    let text = |value: &'_ Value| value.as_str().unwrap().to_owned().leak() as &str;
    found.iter().map(|c| (text(&c["unit"]["code"]), text(&c["kind"]), text(&c["severity"]))).collect()
}

fn articles(conflict: &Value) -> Vec<&str> {
    conflict["citations"].as_array().unwrap().iter().map(|c| c["article"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn edible_crops_on_class_3_land_are_found_by_land_type_and_region() {
    let world = World::new().await;
    for (code, division, class, more) in [
        ("A1", "140602", "strict_control", json!({"crop": "冬小麦-夏玉米轮作"})),
        ("A2", "140602", "strict_control", json!({"crop": "棉花、苗木"})),
        ("A3", "140602", "strict_control", json!({"crop": "某种新作物"})),
        ("A4", "140602", "strict_control", json!({})),
        ("A5", "140602", "safe_use", json!({"crop": "小麦"})),
        ("A6", "140602", "strict_control", json!({"crop": "苹果", "land_type": "orchard"})),
        ("A7", "140602", "strict_control", json!({"crop": "小麦", "class_since": "2026-06-01"})),
        ("B1", "152921", "strict_control", json!({"crop": "枸杞", "land_type": "forest"})),
        ("B2", "152921", "strict_control", json!({"crop": "休耕"})),
        ("C1", "441602", "strict_control", json!({"crop": "荔枝", "land_type": "orchard"})),
    ] {
        unit(&world, code, division, class, more).await;
    }
    let key = world.key(Role::Agriculture, "000000").await;
    let all = conflicts(&world, &key, "").await;
    assert_eq!(
        brief(&all),
        [
            ("A1", "edible_crop_in_strict_control", "conflict"),
            ("A3", "crop_unknown_in_strict_control", "warn"),
            ("A6", "edible_crop_on_polluted_orchard_or_forest", "warn"),
            ("A7", "edible_crop_in_strict_control", "conflict"),
            ("B1", "edible_crop_on_polluted_orchard_or_forest", "conflict"),
            ("C1", "edible_crop_on_polluted_orchard_or_forest", "warn"),
        ]
    );
    let first = &all[0];
    assert_eq!(articles(first)[0], "449");
    let said: Vec<_> = first["crops"].as_array().unwrap().iter().map(|c| (&c["said"], &c["crop_en"])).collect();
    assert_eq!(said, [(&json!("冬小麦"), &json!("Wheat")), (&json!("夏玉米"), &json!("Maize"))]);
    // The list of crops is the registry's own, and every answer that rests on it says so.
    assert!(all.iter().all(|c| c["confidence"] == "unconfirmed"));
    assert_eq!(first["must_act"], json!(["agriculture", "government"]));
    assert_eq!((&all[1]["crops"][0]["edible"], &all[1]["crops"][0]["crop_zh"]), (&json!("unknown"), &Value::Null));
    assert!(articles(&all[4])[0].contains("严禁在重度污染林地、园地种植"), "{:?}", articles(&all[4]));
    assert!(all[2]["to_do_zh"].as_str().unwrap().starts_with("检测产出"));
    assert_eq!(articles(&all[5])[0], "13");

    for (query, codes) in [
        ("kind=edible_crop_in_strict_control", vec!["A1", "A7"]),
        ("kind=crop_unknown_in_strict_control", vec!["A3"]),
        ("kind=edible_crop_on_polluted_orchard_or_forest", vec!["A6", "B1", "C1"]),
        ("kind=edible_crop_in_ban_zone", vec![]),
        ("kind=site_in_priority_unit", vec![]),
        ("division=150000", vec!["B1"]),
        // The class began later.
        ("division=140602&on=2026-05-31", vec!["A1", "A3", "A6"]),
    ] {
        let found = conflicts(&world, &key, query).await;
        assert_eq!(brief(&found).iter().map(|(code, ..)| *code).collect::<Vec<_>>(), codes, "{query}");
    }
    let id = all[0]["unit"]["id"].as_str().unwrap();
    assert_eq!(conflicts(&world, &key, &format!("unit={id}")).await.len(), 1);
    // The law of the day: before the Code, the Law; before the Law, the State plan alone.
    let before = conflicts(&world, &key, &format!("unit={id}&on=2026-08-14")).await;
    assert_eq!((articles(&before[0])[0], &before[0]["citations"][0]["successor"]["article"]), ("54", &json!("449")));
    let earlier = conflicts(&world, &key, &format!("unit={id}&on=2018-12-31")).await;
    assert!(articles(&earlier[0])[0].contains("严格管控类耕地"));

    // Pages neither drop nor repeat.
    let mut codes = Vec::new();
    let mut next = "/v1/farmland/conflicts?limit=2".to_owned();
    let mut first_page = None;
    loop {
        let page = expect(world.get(&next).bearer_auth(&key), 200).await;
        codes.extend(page["conflicts"].as_array().unwrap().iter().map(|c| c["unit"]["code"].clone()));
        let link = page["links"].as_array().unwrap().first().map(|link| link["href"].as_str().unwrap().to_owned());
        first_page.get_or_insert(page);
        match link {
            Some(link) => next = link,
            None => break,
        }
    }
    assert_eq!(codes, ["A1", "A3", "A6", "A7", "B1", "C1"]);
    let first_page = first_page.unwrap();
    for bad in ["x", "[\"A\\u0000\",0,\"\"]", "[1,2]"] {
        let path = format!("/v1/farmland/conflicts?on={TODAY}&limit=2&cursor={}", forged(&first_page, bad));
        assert_eq!(expect(world.get(&path).bearer_auth(&key), 400).await["code"], "bad_cursor", "{bad}");
    }
    for query in ["kind=none", "on=2026", "colour=green", "limit=0", "known_at=x"] {
        expect(world.get(&format!("/v1/farmland/conflicts?{query}")).bearer_auth(&key), 400).await;
    }
    expect(world.get("/v1/farmland/conflicts"), 401).await;
    let county = world.key(Role::Planning, "152921").await;
    assert_eq!(brief(&conflicts(&world, &county, "").await).len(), 1);
}

#[tokio::test]
async fn banned_products_are_found_in_zones_by_name_by_group_and_by_outline() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let government = world.key(Role::Government, "152921").await;
    let mut ids = Vec::new();
    for (code, class, crop) in [
        ("A1", "strict_control", "稻谷"),
        ("A2", "strict_control", "棉花"),
        ("A3", "safe_use", "白菜"),
        ("A4", "safe_use", "某种新作物"),
        ("A5", "safe_use", "小麦"),
    ] {
        ids.push(unit(&world, code, "152921", class, json!({"crop": crop})).await);
    }
    let units: Vec<_> = ids.iter().map(|id| json!({"unit_id": id})).collect();
    let body = measure(
        "crop_ban_zone",
        "152921",
        json!({"products": ["水稻", "蔬菜"], "units": units, "to_on": "2027-12-31"}),
    );
    let (path, _) = make(&world, &key, &body).await;
    let zone = "kind=edible_crop_in_ban_zone";
    // A proposal bans nothing.
    assert!(conflicts(&world, &key, zone).await.is_empty());
    let before = world.clock.now();
    world.clock.move_to(TODAY.add_days(3));
    let approval =
        json!({"type": "approved", "occurred_on": "2026-03-10", "body": "阿拉善左旗人民政府", "number": "1号"});
    event(&world, &government, &path, approval, 200).await;
    let found = conflicts(&world, &key, "").await;
    assert_eq!(
        brief(&found),
        [
            ("A1", "edible_crop_in_strict_control", "conflict"),
            ("A1", "edible_crop_in_ban_zone", "conflict"),
            ("A3", "edible_crop_in_ban_zone", "conflict"),
            ("A4", "crop_unknown_in_ban_zone", "warn"),
        ]
    );
    assert_eq!(articles(&found[1])[..2], ["21", "449"]);
    assert_eq!(found[1]["measure"]["number"], "152921-禁产-2026-0001");
    assert_eq!(
        (&found[1]["measure"]["products"], &found[1]["measure"]["approval_number"]),
        (&json!(["水稻", "蔬菜"]), &json!("1号"))
    );
    assert_eq!(
        brief(&conflicts(&world, &key, "kind=crop_unknown_in_ban_zone").await),
        [("A4", "crop_unknown_in_ban_zone", "warn")]
    );
    for (on, n) in [("2026-03-09", 0), ("2026-03-10", 2), ("2027-12-31", 2), ("2028-01-01", 0)] {
        assert_eq!(conflicts(&world, &key, &format!("{zone}&on={on}")).await.len(), n, "{on}");
    }
    let then = before.to_rfc3339().replace('+', "%2B");
    assert!(conflicts(&world, &key, &format!("{zone}&on=2026-04-01&known_at={then}")).await.is_empty());
    // Before the statute of 2022 was in force, Law 54 alone is cited.
    let old = conflicts(&world, &key, &format!("{zone}&on=2026-08-14")).await;
    assert_eq!(articles(&old[0])[1], "54");

    // A zone that names no product bans every edible one, on all of its division's land that its outline overlaps.
    let (lon, lat) = (105.6, 38.8);
    unit_at(&world, "B1", "152921", "safe_use", square(lon, lat, 100.0), json!({"crop": "小麦"})).await;
    unit_at(&world, "B2", "152921", "safe_use", square(lon + 0.01, lat, 100.0), json!({"crop": "小麦"})).await;
    unit_at(&world, "B3", "152922", "safe_use", square(lon, lat, 100.0), json!({"crop": "小麦"})).await;
    unit_at(&world, "B4", "152921", "safe_use", square(lon, lat, 50.0), json!({"crop": "棉花"})).await;
    let mut body = measure("crop_ban_zone", "152921", json!({}));
    body["geometry"] = square(lon, lat, 200.0);
    let (path, _) = make(&world, &key, &body).await;
    let approval =
        json!({"type": "approved", "occurred_on": "2026-03-10", "body": "阿拉善左旗人民政府", "number": "2号"});
    event(&world, &government, &path, approval, 200).await;
    let nation = world.key(Role::Auditor, "000000").await;
    let codes: Vec<_> = conflicts(&world, &nation, zone).await.iter().map(|c| c["unit"]["code"].clone()).collect();
    assert_eq!(codes, ["A1", "A3", "B1"]);
}

#[tokio::test]
async fn a_site_in_priority_land_is_shown_with_what_it_shares_to_who_may_see_both() {
    let world = World::new().await;
    let (lon, lat) = (105.6, 38.8);
    let dx = 100.0 / 111_000.0 / f64::to_radians(lat).cos();
    unit_at(&world, "P1", "152921", "priority_protection", square(lon, lat, 100.0), json!({})).await;
    unit_at(&world, "P2", "152921", "priority_protection", square(lon + 10.0 * dx, lat, 100.0), json!({})).await;
    unit_at(&world, "P3", "152921", "priority_protection", square(lon + 20.0 * dx, lat, 100.0), json!({})).await;
    unit_at(&world, "S1", "152921", "safe_use", square(lon, lat, 100.0), json!({})).await;
    let site = |code: &str, division: &str, stage: &str, place: f64| {
        let properties = json!({"code": code, "name": "某地块", "division_code": division, "stage": stage, "stage_since": "2026-05-01"});
        feature(properties, square(lon + place * dx, lat, 100.0))
    };
    let rows = [
        site("X1", "152921", "contaminated", 0.5),
        site("X2", "152922", "contaminated", 10.5),
        // 0.5 mm of a hundred metres.
        site("X3", "152921", "suspected", 20.999_995),
        // A lead is on no list.
        site("X4", "152921", "candidate", 0.9),
        site("X5", "152921", "contaminated", 5.0),
    ];
    assert_eq!(counts(&load(&world, "sites", &rows, 10).await), (5, 0, 0));
    let nation = world.key(Role::Agriculture, "000000").await;
    let found = conflicts(&world, &nation, "kind=site_in_priority_unit").await;
    let said: Vec<_> = found
        .iter()
        .map(|c| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&c["unit"]["code"]),
                text(&c["site"]["code"]),
                text(&c["severity"]),
                c["site"]["line_contact"] == true,
            )
        })
        .collect();
    let expected = [
        ("P1", "X1", "conflict", false),
        ("P1", "X4", "warn", false),
        ("P2", "X2", "conflict", false),
        ("P3", "X3", "warn", true),
    ];
    assert_eq!(said, expected.map(|(u, s, v, l)| (u.to_owned(), s.to_owned(), v.to_owned(), l)));
    let site = &found[0]["site"];
    assert_eq!((&site["stage"], &site["lists"]), (&json!("contaminated"), &json!(["contaminated_directory"])));
    assert!((site["share_of_unit"].as_f64().unwrap() - 0.5).abs() < 1e-3, "{site}");
    assert!((site["share_of_site"].as_f64().unwrap() - 0.5).abs() < 1e-3, "{site}");
    assert!((site["overlap_m2"].as_f64().unwrap() - 5_000.0).abs() < 50.0, "{site}");
    assert_eq!(articles(&found[0])[1], "445");
    assert_eq!(found[0]["must_act"], json!(["county_ecology", "agriculture"]));
    assert_eq!(found[0]["crops"], json!([]));
    // The neighbour's site is not shown to who may not see it, nor the unit to the neighbour.
    let county = world.key(Role::Planning, "152921").await;
    let seen: Vec<_> = conflicts(&world, &county, "").await.iter().map(|c| c["site"]["code"].clone()).collect();
    assert_eq!(seen, ["X1", "X4", "X3"]);
    let neighbour = world.key(Role::Planning, "152922").await;
    assert!(conflicts(&world, &neighbour, "").await.is_empty());
    // Before the site was on the list there was no conflict.
    assert!(conflicts(&world, &nation, "on=2026-04-30").await.is_empty());
    assert_eq!(conflicts(&world, &nation, "on=2026-05-01").await.len(), 4);
}

fn strip(west: f64, east: f64) -> Value {
    let (south, north) = (38.8, 38.801);
    json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
}

#[tokio::test]
async fn what_came_of_a_unit_in_a_zone_is_in_the_zone_still() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let government = world.key(Role::Government, "152921").await;
    let parent = unit_at(&world, "U", "152921", "strict_control", strip(105.6, 105.602), json!({"crop": "小麦"})).await;
    let stranger = unit(&world, "V", "152921", "strict_control", json!({"crop": "棉花"})).await;
    let body = measure("crop_ban_zone", "152921", json!({"products": ["小麦"], "units": [{"unit_id": parent}]}));
    let (path, _) = make(&world, &key, &body).await;
    let approval =
        json!({"type": "approved", "occurred_on": "2026-03-10", "body": "阿拉善左旗人民政府", "number": "1号"});
    event(&world, &government, &path, approval, 200).await;
    let child = |west: f64, east: f64| json!({"type": "Feature", "geometry": strip(west, east), "properties": {}});
    let split = json!({
        "kind": "split", "effective_on": "2026-11-20", "reason": "权属调整", "parents": [{"code": "U"}],
        "children": [child(105.6, 105.6012), child(105.6012, 105.602)]
    });
    let done = expect(world.post("/v1/farmland-changes").bearer_auth(&key).json(&split), 201).await;
    let zone = "kind=edible_crop_in_ban_zone";
    let codes = |found: &[Value]| found.iter().map(|c| c["unit"]["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&conflicts(&world, &key, zone).await), ["U-1", "U-2"]);
    assert_eq!(codes(&conflicts(&world, &key, &format!("{zone}&on=2026-11-19")).await), ["U"]);
    // The zone says that its unit is no more, and takes what came of it, and nothing else.
    let view = expect(world.get(&path).bearer_auth(&key), 200).await;
    assert_eq!(view["properties"]["warnings"][0]["code"], "unit_does_not_exist");
    let attach = |id: &str| {
        let body = json!({"attach": [{"unit_id": id}]});
        world.post(&format!("{path}/units")).bearer_auth(&key).json(&body)
    };
    assert_eq!(expect(attach(&stranger), 409).await["code"], "units_fixed_by_approval");
    let first = done["children"][0]["id"].as_str().unwrap();
    assert_eq!(expect(attach(first), 200).await["properties"]["units"], 2);
    assert_eq!(codes(&conflicts(&world, &key, zone).await), ["U-1", "U-2"]);
}
