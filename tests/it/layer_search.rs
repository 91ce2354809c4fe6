//! Searches by a body, and JSON-FG: the same features as by an address, in other words.

use crate::layers::{Maps, codes, href, sorted};
use jingtu::platform::Role;
use reqwest::Response;
use serde_json::{Value, json};

const SEARCH: &str = "/ogc/collections/open/search";
const ITEMS: &str = "/ogc/collections/open/items";
const JSON_FG: &str = "application/vnd.ogc.fg+json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn send(maps: &Maps, media_type: &str, body: String) -> Response {
    let request = maps.client.post(maps.url(SEARCH)).header("accept-language", "en").header("content-type", media_type);
    request.body(body).send().await.expect("an answer")
}

async fn search(maps: &Maps, body: &Value) -> Value {
    let response = send(maps, "application/json", body.to_string()).await;
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert_eq!(status, 200, "{body}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn refused(maps: &Maps, media_type: &str, body: &str) -> (u16, String, String) {
    let response = send(maps, media_type, body.to_owned()).await;
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem");
    let pointer = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
    (status, problem["code"].as_str().unwrap_or_default().to_owned(), pointer.to_owned())
}

/// A ring of so many positions around 105.01 E, 38 N, a tenth of a degree wide.
fn ring(positions: u32) -> Vec<[f64; 2]> {
    let at = |n: u32| {
        let angle = f64::from(n % (positions - 1)) / f64::from(positions - 1) * std::f64::consts::TAU;
        // Seven digits, as maps have them: JSON readers that are not exact would make others of more.
        [105.01 + 0.02 * angle.cos(), 38.002 + 0.02 * angle.sin()].map(|n| (n * 1e7).round() / 1e7)
    };
    (0..positions).map(at).collect()
}

#[tokio::test]
async fn a_search_finds_what_items_have() {
    let maps = Maps::new().await;
    maps.add(900_000..900_012).await;
    for (body, parameters) in [
        (json!({}), "limit=100"),
        (json!({"limit": 3, "sortby": ["-code"]}), "limit=3&sortby=-code"),
        (json!({"bbox": [105.009, 37.9, 105.031, 38.1]}), "bbox=105.009,37.9,105.031,38.1"),
        (json!({"filter": "number > 900008", "properties": ["code"]}), "filter=number%3E900008&properties=code"),
        (json!({"filter": {"op": ">", "args": [{"property": "number"}, 900_008]}}), "filter=number%3E900008"),
        (json!({"code": ["900003", "900005"], "skipGeometry": true}), "code=900003,900005&skipGeometry=true"),
        (
            json!({"crs": "http://www.opengis.net/def/crs/EPSG/0/4527", "precision": 2, "limit": 2, "offset": 4}),
            "crs=http://www.opengis.net/def/crs/EPSG/0/4527&precision=2&limit=2&offset=4",
        ),
        (json!({"bbox": null, "limit": "2", "datetime": "2026-01-01/.."}), "limit=2&datetime=2026-01-01/.."),
    ] {
        let found = search(&maps, &body).await;
        let listed = maps.get(&format!("{ITEMS}?{parameters}"), None).await;
        assert_eq!(found["features"], listed["features"], "{body}");
        assert_eq!(found["numberMatched"], listed["numberMatched"], "{body}");
        let form = send(&maps, FORM, parameters.to_owned()).await;
        assert_eq!(form.headers()["content-type"], "application/geo+json");
        let form: Value = form.json().await.expect("JSON");
        assert_eq!(form["features"], listed["features"], "{parameters}");
    }
    let hits = search(&maps, &json!({"resultType": "hits"})).await;
    assert_eq!((hits["numberMatched"].as_u64(), codes(&hits).len()), (Some(12), 0));
}

#[tokio::test]
async fn searches_go_on_by_the_body_of_their_next_link() {
    let maps = Maps::new().await;
    maps.add(900_000..900_025).await;
    let body =
        json!({"filter": {"op": ">=", "args": [{"property": "number"}, 900_003]}, "limit": 6, "sortby": "-code"});
    let mut asked = vec![body.to_string()];
    // A form goes on as JSON that says the same.
    asked.push("limit=6&sortby=-code&filter=number%3E%3D900003".to_owned());
    for (n, begin) in asked.into_iter().enumerate() {
        let mut page: Value =
            send(&maps, if n == 0 { "application/json" } else { FORM }, begin).await.json().await.expect("JSON");
        let mut found = Vec::new();
        let mut pages = 0;
        loop {
            found.extend(codes(&page));
            pages += 1;
            assert_eq!(href(&page, "self"), None, "no address alone leads here");
            let links = page["links"].as_array().expect("links").clone();
            let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
            assert_eq!((&next["method"], next["href"].as_str()), (&json!("POST"), Some(maps.url(SEARCH).as_str())));
            assert!(!next["body"]["filter"].is_null());
            page = search(&maps, &next["body"]).await;
        }
        let expected: Vec<String> = (900_003..900_025).rev().map(|code| code.to_string()).collect();
        assert_eq!((pages, found), (4, expected));
    }
}

#[tokio::test]
async fn a_filter_may_be_longer_than_any_address() {
    let maps = Maps::new().await;
    maps.add(900_000..900_012).await;
    let ring = ring(5_000);
    let inside = maps.get(&format!("{ITEMS}?bbox=104.99,37.99,105.0303,38.02"), None).await;
    let geometry = json!({"type": "Polygon", "coordinates": [ring]});
    let body = json!({"filter": {"op": "s_intersects", "args": [{"property": "geometry"}, geometry]}, "limit": 2});
    assert!(body.to_string().len() > 100_000);
    let mut page = search(&maps, &body).await;
    let mut found = codes(&page);
    while let Some(next) =
        page["links"].as_array().expect("links").iter().find(|link| link["rel"] == "next").map(|l| l["body"].clone())
    {
        page = search(&maps, &next).await;
        found.extend(codes(&page));
    }
    found.sort();
    assert_eq!(found, sorted(&inside));
    assert!(found.len() > 2 && found.len() < 12, "{found:?}");
    // The same in text, as JSON and as a form.
    let positions: Vec<String> = ring.iter().map(|[x, y]| format!("{x} {y}")).collect();
    let text = format!("S_INTERSECTS(geometry, POLYGON(({})))", positions.join(","));
    assert_eq!(sorted(&search(&maps, &json!({"filter": text})).await), found);
    let form = format!("filter={}", text.replace(' ', "+"));
    let form: Value = send(&maps, FORM, form).await.json().await.expect("JSON");
    assert_eq!(sorted(&form), found);
}

#[tokio::test]
async fn what_a_body_gets_wrong_is_told_in_its_place() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    let json = "application/json";
    for (media_type, body, expected) in [
        (json, r#"{"colour": "red"}"#, (400, "unknown_parameter", "/colour")),
        (json, r#"{"secret": "x"}"#, (400, "unknown_parameter", "/secret")),
        (json, r#"{"limit": 0}"#, (400, "bad_parameter", "/limit")),
        (json, r#"{"limit": 2.5}"#, (400, "bad_parameter", "/limit")),
        (json, r#"{"code": {"a": 1}}"#, (400, "bad_parameter", "/code")),
        (json, r#"{"limit": 1, "limit": 2}"#, (400, "bad_parameter", "/limit")),
        (json, r#"{"cursor": "x"}"#, (400, "bad_cursor", "")),
        (json, r#"{"f": "html"}"#, (400, "bad_parameter", "/f")),
        (
            json,
            r#"{"filter": {"op": "=", "args": [{"property": "secret"}, "x"]}}"#,
            (400, "bad_filter", "/filter/args/0"),
        ),
        (json, r#"{"filter": {}, "filter-lang": "cql2-text"}"#, (400, "bad_filter", "")),
        (json, "{", (400, "bad_json", "")),
        (FORM, "colour=red", (400, "unknown_parameter", "/colour")),
        (FORM, "code=%00", (400, "nul_character", "")),
        ("text/plain", "{}", (415, "unsupported_media_type", "")),
    ] {
        let (status, code, pointer) = refused(&maps, media_type, body).await;
        assert_eq!((status, code.as_str()), (expected.0, expected.1), "{body}");
        assert!(expected.2.is_empty() || pointer == expected.2, "{body}: {pointer}");
    }
    let long = format!(r#"{{"filter": "code = '{}'"}}"#, "x".repeat(1_100_000));
    assert_eq!(refused(&maps, json, &long).await.0, 413);
    let post = |path: &str| maps.client.post(maps.url(path)).header("content-type", json).body("{}");
    assert_eq!(post(&format!("{SEARCH}?limit=1")).send().await.expect("an answer").status(), 400);
    assert_eq!(post("/ogc/collections/closed/search").send().await.expect("an answer").status(), 401);
    assert_eq!(post("/ogc/collections/nothing/search").send().await.expect("an answer").status(), 404);
    assert_eq!(post(SEARCH).header("accept", "text/html").send().await.expect("an answer").status(), 406);
    let known = post(SEARCH).send().await.expect("an answer").headers()["etag"].clone();
    let again = post(SEARCH).header("if-none-match", known).send().await.expect("an answer");
    assert_eq!(again.status(), 200, "whether the client has it is a question of GET");
}

#[tokio::test]
async fn a_search_shows_each_caller_its_own() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_003, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_110, "140602", 112.0, 39.0, 0.004).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let post = maps.client.post(maps.url(SEARCH)).bearer_auth(&county).header("content-type", "application/json");
    let page: Value = post.body(r#"{"filter": "secret LIKE 'inner%'"}"#).send().await.unwrap().json().await.unwrap();
    assert_eq!(sorted(&page), ["900000", "900001", "900002"]);
}

#[tokio::test]
async fn a_search_gives_files_too() {
    let maps = Maps::new().await;
    maps.add(900_000..900_004).await;
    let response = send(&maps, "application/json", json!({"f": "csv", "filter": "number > 900001"}).to_string()).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(response.text().await.unwrap().lines().count(), 3);
}

#[tokio::test]
async fn json_fg_says_type_time_and_place() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    maps.change("update division set valid_from = '2016-08-01', valid_to = '2026-11-21' where code = '900001'").await;
    maps.change("update division set valid_from = '2016-08-01', valid_to = null where code = '900002'").await;
    let core = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core";
    let types = "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas";
    let zone = "http://www.opengis.net/def/crs/EPSG/0/4527";
    let plain = maps.get(&format!("{ITEMS}?sortby=code"), None).await;
    for (crs, parameters) in [(None, String::new()), (Some(zone), format!("&crs={zone}"))] {
        let geojson = maps.get(&format!("{ITEMS}?sortby=code{parameters}"), None).await;
        let response = maps.ask(&format!("{ITEMS}?f=jsonfg&sortby=code{parameters}"), None).await;
        assert_eq!(response.headers()["content-type"], JSON_FG);
        let page: Value = response.json().await.unwrap();
        // The root says once what holds of all features.
        assert_eq!((&page["type"], &page["featureType"]), (&json!("FeatureCollection"), &json!("open")));
        assert_eq!(page["conformsTo"], json!([core, types]));
        assert_eq!(page["featureSchema"], maps.url("/ogc/collections/open/schema"));
        assert_eq!(page.get("coordRefSys").and_then(Value::as_str), crs);
        assert_eq!(page["numberMatched"], geojson["numberMatched"]);
        let features = page["features"].as_array().unwrap();
        for (feature, known) in features.iter().zip(geojson["features"].as_array().unwrap()) {
            let names: Vec<&String> = feature.as_object().unwrap().keys().collect();
            assert!(
                ["type", "id", "time", "place", "geometry", "properties"].iter().all(|n| names.iter().any(|m| m == n))
            );
            assert_eq!(names.len(), 6, "{names:?}");
            assert_eq!((&feature["id"], &feature["properties"]), (&known["id"], &known["properties"]));
            let (here, other) = if crs.is_some() { ("place", "geometry") } else { ("geometry", "place") };
            assert_eq!((&feature[here], &feature[other]), (&known["geometry"], &Value::Null));
        }
        assert_eq!(features[1]["time"], json!({"interval": ["2016-08-01", "2026-11-21"]}));
        assert_eq!(features[2]["time"], json!({"interval": ["2016-08-01", ".."]}));
        // One by its identifier says it all itself.
        let id = features[1]["id"].as_str().unwrap();
        let one = maps.get(&format!("{ITEMS}/{id}?f=jsonfg{parameters}"), None).await;
        assert_eq!((&one["conformsTo"], &one["featureType"]), (&page["conformsTo"], &page["featureType"]));
        assert_eq!(one.get("coordRefSys").and_then(Value::as_str), crs);
        for member in ["type", "id", "time", "place", "geometry", "properties"] {
            assert_eq!(one[member], features[1][member], "{member}");
        }
        let own = href(&one, "self").unwrap();
        assert!(own.contains("f=jsonfg"), "{own}");
    }
    let paged = maps.get(&format!("{ITEMS}?f=jsonfg&limit=2&sortby=code"), None).await;
    let next = maps.get(&href(&paged, "next").unwrap(), None).await;
    assert_eq!((&next["featureType"], codes(&next)), (&json!("open"), vec!["900002".to_owned()]));
    let hits = maps.get(&format!("{ITEMS}?f=jsonfg&resultType=hits"), None).await;
    assert_eq!((&hits["featureType"], &hits["numberMatched"]), (&json!("open"), &json!(3)));
    assert_eq!(codes(&search(&maps, &json!({"f": "jsonfg", "sortby": "code"})).await), codes(&plain));
    // By its profile it is GeoJSON that says more.
    for (query, media_type, profile) in [
        ("", "application/geo+json", "rfc7946"),
        ("&profile=rfc7946", "application/geo+json", "rfc7946"),
        ("&profile=jsonfg", "application/geo+json", "jsonfg"),
        ("&profile=jsonfg-plus,jsonfg,rfc7946", "application/geo+json", "jsonfg"),
        ("&f=jsonfg", JSON_FG, "jsonfg"),
        ("&f=jsonfg&profile=jsonfg", JSON_FG, "jsonfg"),
    ] {
        let first = plain["features"][0]["id"].as_str().unwrap();
        for path in [format!("{ITEMS}?sortby=code{query}"), format!("{ITEMS}/{first}?skipGeometry=false{query}")] {
            let response = maps.ask(&path, None).await;
            assert_eq!(
                (response.status().as_u16(), &response.headers()["content-type"]),
                (200, &media_type.parse().unwrap())
            );
            let document: Value = response.json().await.unwrap();
            let said = format!("http://www.opengis.net/def/profile/OGC/0/{profile}");
            assert_eq!(href(&document, "profile").as_deref(), Some(said.as_str()), "{path}");
            assert_eq!(document.get("conformsTo").is_some(), profile == "jsonfg", "{path}");
            for link in document["links"].as_array().unwrap().iter().filter(|link| link["rel"] == "alternate") {
                let there = maps.client.get(link["href"].as_str().unwrap()).send().await.unwrap();
                assert_eq!(there.status(), 200, "{link}");
            }
        }
    }
    for query in ["profile=geojson", "f=jsonfg&profile=rfc7946"] {
        let (status, code, detail) = maps.refused(&format!("{ITEMS}?{query}"), None).await;
        assert_eq!((status, code.as_str(), detail.contains("jsonfg")), (400, "bad_parameter", true), "{query}");
    }
    // By the header, with weights; and never in the place of JSON.
    for (accept, media_type) in [
        (JSON_FG, JSON_FG),
        ("application/geo+json;q=0.5, application/vnd.ogc.fg+json;q=0.8", JSON_FG),
        ("application/vnd.ogc.fg+json;q=0.5, application/geo+json", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("*/*", "application/geo+json"),
    ] {
        let response = maps.client.get(maps.url(ITEMS)).header("accept", accept).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], media_type, "{accept}");
    }
}
