//! Reference layers as collections: what was imported is asked for, filtered, drawn and found by checks, and shown to whom it
//! is said.

use crate::layers::ogrinfo;
use crate::loading::{counts, feature, load};
use crate::support::{World, expect, expect_response, square};
use jingtu::across::imports::reader::Source;
use jingtu::across::imports::{self, Mode, OnError, Options, Watch};
use jingtu::config::{Audience, Config, LayerSettings};
use jingtu::kernel::{Area, Result};
use jingtu::platform::jobs::{Counts, RowFinding};
use jingtu::platform::{App, Reply, Role};
use jingtu::registers::ImportFeature;
use jingtu::registers::reference::rules::columns::FieldKind;
use jingtu::registers::reference::{Within, near};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing_subscriber::layer::{Context, SubscriberExt};

const WELLS: &str = "/ogc/collections/ref-wells";

fn point(lon: f64, lat: f64) -> Value {
    json!({"type": "Point", "coordinates": [lon, lat]})
}

/// Three wells, of the last of which little is known.
fn wells() -> Vec<ImportFeature> {
    let known = json!({"code": "A", "name": "一号井", "depth_m": 12.5, "users": 3, "in_use": true, "drilled_on": "2020-05-01",
        "read_at": "2026-01-01T08:00:00+08:00", "owner": "某村", "id": 7, "limit": "x", "a,b": [1, 2]});
    let other = json!({"code": "B", "name": "二号井", "depth_m": 40, "users": 11, "in_use": false, "drilled_on": "2024-02-29",
        "read_at": "2026-06-01T00:00:00.250Z", "owner": "别村", "id": 8, "limit": "y"});
    vec![
        feature(known, point(105.6, 38.8)),
        feature(other, point(105.7, 38.8)),
        feature(json!({"code": "C"}), point(105.8, 38.8)),
    ]
}

fn in_order(page: &Value) -> Vec<&str> {
    let features = page["features"].as_array().unwrap_or_else(|| panic!("{page}"));
    features.iter().map(|feature| feature["properties"]["code"].as_str().expect("a code")).collect()
}

/// Sorted: what came at one instant has no order of its own.
fn codes(page: &Value) -> Vec<&str> {
    let mut codes = in_order(page);
    codes.sort_unstable();
    codes
}

fn of<'a>(page: &'a Value, code: &str) -> &'a Value {
    let features = page["features"].as_array().unwrap_or_else(|| panic!("{page}"));
    let one = features.iter().find(|feature| feature["properties"]["code"] == code);
    one.unwrap_or_else(|| panic!("no {code} in {page}"))
}

async fn change(world: &World, key: &str, layer: &str, change: Value) -> Value {
    let path = format!("/v1/reference-layers/{layer}");
    let (head, _) = expect_response(world.get(&path).bearer_auth(key), 200).await;
    let tag = head.headers()["etag"].to_str().expect("a tag").to_owned();
    expect(world.patch(&path).bearer_auth(key).header("if-match", tag).json(&change), 200).await
}

/// Another server over the same database.
async fn beside(world: &World) -> SocketAddr {
    let app = App::new(world.app.db().clone(), world.clock.clone(), Config::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let addr = listener.local_addr().expect("an address");
    let router = jingtu::api::router(&app);
    tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
    addr
}

#[tokio::test]
async fn an_import_is_a_collection_with_its_own_queryables() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, "152921").await;
    expect(world.get(WELLS).bearer_auth(&planning), 404).await;
    let collection = json!({"type": "FeatureCollection", "features": wells().iter().map(|well| {
        json!({"type": "Feature", "geometry": well.geometry, "properties": well.properties})
    }).collect::<Vec<_>>()});
    let form = Form::new()
        .part("file", Part::text(collection.to_string()).file_name("wells.geojson"))
        .text("target", "reference:wells");
    let job = expect(world.post("/v1/imports").bearer_auth(&planning).multipart(form), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let job = expect(world.get(&format!("/v1/jobs/{}", job["id"].as_str().expect("id"))).bearer_auth(&planning), 200);
    assert_eq!(job.await["counts"]["written"], 3);

    let get = |path: &str| world.get(path).bearer_auth(&planning).header("accept-language", "en");
    let listed = expect(get("/ogc/collections"), 200).await;
    let all = listed["collections"].as_array().expect("collections");
    let own = all.iter().find(|one| one["id"] == "ref-wells").expect("the layer is listed");
    assert_eq!(own["extent"]["spatial"]["bbox"][0], json!([105.6, 38.8, 105.8, 38.8]));
    assert_eq!(own["extent"]["temporal"]["interval"][0], json!([null, null]));
    assert_eq!(expect(get(WELLS), 200).await["extent"], own["extent"]);

    let queryables = expect(get(&format!("{WELLS}/queryables")), 200).await;
    let kind_of = |name: &str| {
        let property = &queryables["properties"][name];
        (property["type"].as_str().unwrap_or("none"), property["format"].as_str().unwrap_or("none"))
    };
    for (name, kind) in [
        ("code", ("string", "none")),
        ("name", ("string", "none")),
        ("ended_on", ("string", "date")),
        ("depth_m", ("number", "none")),
        ("users", ("integer", "none")),
        ("in_use", ("boolean", "none")),
        ("drilled_on", ("string", "date")),
        ("read_at", ("string", "date-time")),
        ("owner", ("string", "none")),
        // What has another meaning there, or cannot stand in a list, is called a little otherwise.
        ("id_", ("integer", "none")),
        ("limit_", ("string", "none")),
        ("a_b", ("string", "none")),
        ("limit", ("none", "none")),
    ] {
        assert_eq!(kind_of(name), kind, "{name}");
    }

    let items = format!("{WELLS}/items");
    let whole = expect(get(&items), 200).await;
    assert_eq!((codes(&whole), &whole["numberMatched"]), (vec!["A", "B", "C"], &json!(3)));
    assert_eq!(
        of(&whole, "A")["properties"],
        json!({"code": "A", "name": "一号井", "ended_on": null, "a_b": "[1, 2]", "depth_m": 12.5, "drilled_on": "2020-05-01",
               "id_": 7, "in_use": true, "limit_": "x", "owner": "某村", "read_at": "2026-01-01T00:00:00Z", "users": 3})
    );
    assert_eq!(of(&whole, "C")["properties"]["users"], Value::Null);
    let id = of(&whole, "B")["id"].as_str().expect("an id");
    assert_eq!(expect(get(&format!("{items}/{id}")), 200).await["properties"]["code"], "B");

    // By parameters of every kind.
    for (name, value, found) in [
        ("code", "A,C", vec!["A", "C"]),
        ("depth_m", "12.5", vec!["A"]),
        ("users", "3,11", vec!["A", "B"]),
        ("in_use", "false", vec!["B"]),
        ("drilled_on", "2024-02-29", vec!["B"]),
        ("read_at", "2026-01-01T00:00:00Z", vec!["A"]),
        ("owner", "某村", vec!["A"]),
        ("id_", "8", vec!["B"]),
        ("limit_", "x", vec!["A"]),
        ("bbox", "105.65,38,105.75,39", vec!["B"]),
        ("datetime", "2026-01-01", vec!["A", "B", "C"]),
    ] {
        let page = expect(get(&items).query(&[(name, value)]), 200).await;
        assert_eq!(codes(&page), found, "{name}");
    }
    assert_eq!(expect(get(&items).query(&[("users", "many")]), 400).await["code"], "bad_parameter");
    // By CQL2, as text and as JSON.
    for (filter, found) in [
        ("depth_m > 20", vec!["B"]),
        ("users BETWEEN 1 AND 5 AND in_use = TRUE", vec!["A"]),
        ("drilled_on < DATE('2021-01-01')", vec!["A"]),
        ("T_AFTER(read_at, TIMESTAMP('2026-03-01T00:00:00Z'))", vec!["B"]),
        ("owner LIKE '某%' OR users IS NULL", vec!["A", "C"]),
        ("CASEI(limit_) = CASEI('X')", vec!["A"]),
        ("users * 2 > depth_m AND S_INTERSECTS(geometry, BBOX(105,38,105.75,39))", vec![]),
        ("\"a_b\" IS NOT NULL", vec!["A"]),
    ] {
        let page = expect(get(&items).query(&[("filter", filter)]), 200).await;
        assert_eq!(codes(&page), found, "{filter}");
    }
    for (filter, found) in [
        (json!({"op": "=", "args": [{"property": "users"}, 11]}), vec!["B"]),
        (json!({"op": "<", "args": [{"property": "drilled_on"}, {"date": "2021-01-01"}]}), vec!["A"]),
        (json!({"op": "not", "args": [{"op": "isNull", "args": [{"property": "depth_m"}]}]}), vec!["A", "B"]),
    ] {
        let asked = get(&items).query(&[("filter-lang", "cql2-json"), ("filter", &filter.to_string())]);
        assert_eq!(codes(&expect(asked, 200).await), found, "{filter}");
    }
    assert_eq!(expect(get(&items).query(&[("filter", "depth = 1")]), 400).await["code"], "bad_filter");
    // In order, the unknown last; and page by page.
    for (sort, found) in [
        ("-users", vec!["B", "A", "C"]),
        ("depth_m", vec!["A", "B", "C"]),
        ("-drilled_on", vec!["B", "A", "C"]),
        ("-read_at,code", vec!["B", "A", "C"]),
        ("-code", vec!["C", "B", "A"]),
    ] {
        assert_eq!(in_order(&expect(get(&items).query(&[("sortby", sort)]), 200).await), found, "{sort}");
        let mut path = format!("{items}?limit=1&sortby={sort}");
        let mut seen = Vec::new();
        loop {
            let page = expect(get(&path), 200).await;
            seen.extend(codes(&page).into_iter().map(str::to_owned));
            let links = page["links"].as_array().expect("links");
            let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
            let next = next["href"].as_str().expect("an address");
            path = next[next.find("/ogc").expect("a path")..].to_owned();
        }
        assert_eq!(seen, found, "{sort} page by page");
    }
    let one = expect(get(&items).query(&[("properties", "users"), ("skipGeometry", "true"), ("code", "A")]), 200).await;
    assert_eq!(
        (&one["features"][0]["properties"], &one["features"][0]["geometry"]),
        (&json!({"users": 3}), &Value::Null)
    );

    let tile = get(&format!("{WELLS}/tiles/WebMercatorQuad/5/12/25")).send().await.expect("a tile");
    assert_eq!(tile.status(), StatusCode::OK);
    let bytes = tile.bytes().await.expect("bytes");
    for said in ["ref-wells", "depth_m", "某村", "2020-05-01"] {
        assert!(bytes.windows(said.len()).any(|part| part == said.as_bytes()), "{said}");
    }
    let few = get(&format!("{WELLS}/tiles/WebMercatorQuad/5/12/25?users=3")).send().await.expect("a tile");
    assert!(few.bytes().await.expect("bytes").len() < bytes.len());
    let style = expect(get("/ogc/styles/ref-wells"), 200).await;
    let kinds: BTreeSet<_> =
        style["layers"].as_array().expect("layers").iter().filter_map(|layer| layer["type"].as_str()).collect();
    assert!(kinds.contains("circle") && !kinds.contains("fill"), "points are drawn as points: {kinds:?}");
    let tilejson = expect(get(&format!("{WELLS}/tiles/WebMercatorQuad/tilejson")), 200).await;
    assert_eq!(tilejson["vector_layers"][0]["fields"]["users"], "Number");
}

#[tokio::test]
async fn a_layer_has_its_own_features_and_no_others() {
    let world = World::new().await;
    load(&world, "reference:wells", &wells(), 10).await;
    load(&world, "reference:springs", &[feature(json!({"code": "S", "users": "many"}), point(105.6, 38.8))], 10).await;
    let key = world.key(Role::Auditor, "000000").await;
    let get = |path: &str| world.get(path).bearer_auth(&key);
    let springs = expect(get("/ogc/collections/ref-springs/items"), 200).await;
    assert_eq!(codes(&springs), ["S"]);
    let id = springs["features"][0]["id"].as_str().expect("an id");
    expect(get(&format!("{WELLS}/items/{id}")), 404).await;
    assert_eq!(codes(&expect(get(&format!("{WELLS}/items?bbox=105.5,38.7,105.65,38.9")), 200).await), ["A"]);
    // A name of the same column is of another kind there.
    let kinds = [("ref-springs", "string"), ("ref-wells", "integer")];
    for (layer, kind) in kinds {
        let schema = expect(get(&format!("/ogc/collections/{layer}/schema")), 200).await;
        assert_eq!(schema["properties"]["users"]["type"], kind, "{layer}");
    }
    for path in ["/ogc/collections/ref-none", "/ogc/collections/ref-", "/ogc/collections/ref-none/items"] {
        expect(get(path), 404).await;
    }
}

#[tokio::test]
async fn each_caller_sees_the_layers_and_fields_that_are_for_it() {
    let world = World::new().await;
    let nation = world.key(Role::Planning, "000000").await;
    load(&world, "reference:wells", &wells(), 10).await;
    let items = format!("{WELLS}/items");
    let elsewhere = world.key(Role::CountyEcology, "140602").await;
    let user = world.key(Role::LandUser, "152921").await;
    let as_caller = |path: &str, key: Option<&str>| -> RequestBuilder {
        let request = world.get(path);
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    };
    let callers = [(None, false), (Some(user.as_str()), false), (Some(elsewhere.as_str()), true)];
    // Not public: departments alone, and nobody else is told that there is one.
    for (key, department) in callers {
        for path in
            ["", "/queryables", "/items", "/tiles", "/tiles/WebMercatorQuad/5/12/25", "/tiles/WebMercatorQuad/tilejson"]
        {
            let status = as_caller(&format!("{WELLS}{path}"), key).send().await.expect("an answer").status();
            assert_eq!(status, if department { 200 } else { 404 }, "{path}");
        }
        let listed = expect(as_caller("/ogc/collections", key), 200).await;
        assert_eq!(listed.to_string().contains("ref-wells"), department);
    }
    // Public: its fields are not, until that is said.
    let changed = change(&world, &nation, "wells", json!({"public": true})).await;
    assert!(changed["fields"].as_array().expect("fields").iter().all(|field| field["audience"] == "departments"));
    let own = json!({"code": "A", "name": "一号井", "ended_on": null});
    for key in [None, Some(user.as_str())] {
        assert_eq!(of(&expect(as_caller(&items, key), 200).await, "A")["properties"], own);
        for asked in ["users=3", "filter=users%3D3", "sortby=users", "properties=users"] {
            expect(as_caller(&format!("{items}?{asked}"), key), 400).await;
        }
        let tile = as_caller(&format!("{WELLS}/tiles/WebMercatorQuad/5/12/25"), key).send().await.expect("a tile");
        let tile = tile.bytes().await.expect("bytes");
        assert!(!tile.windows(6).any(|part| part == "某村".as_bytes()));
        // The register's own answers hide them as well.
        let listed = expect(as_caller("/v1/reference-layers/wells/features", key), 200).await;
        assert_eq!(of(&listed, "A")["properties"]["attributes"], json!({}));
        assert_eq!(expect(as_caller("/v1/reference-layers/wells", key), 200).await["fields"], json!([]));
    }
    let open = json!({"fields": {"users": {"audience": "public", "title_zh": "用户数", "title_en": "Users"}}});
    let changed = change(&world, &nation, "wells", open).await;
    let field = changed["fields"].as_array().expect("fields").iter().find(|field| field["name"] == "users");
    assert_eq!(
        field,
        Some(&json!({"name": "users", "key": "users", "kind": "integer", "title_zh": "用户数", "title_en": "Users",
                     "audience": "public"}))
    );
    let page = expect(as_caller(&format!("{items}?users=3"), None), 200).await;
    assert_eq!(page["features"][0]["properties"], json!({"code": "A", "name": "一号井", "ended_on": null, "users": 3}));
    let listed = expect(as_caller("/v1/reference-layers/wells/features", None), 200).await;
    assert_eq!(of(&listed, "A")["properties"]["attributes"], json!({"users": 3}));
    let schema = as_caller(&format!("{WELLS}/schema"), None).header("accept-language", "en");
    assert_eq!(expect(schema, 200).await["properties"]["users"]["title"], "Users");
    assert_eq!(of(&expect(as_caller(&items, Some(&elsewhere)), 200).await, "A")["properties"]["owner"], "某村");

    // What is no longer public is not to be had of the past either.
    world.clock.advance(chrono::Duration::minutes(1));
    let then = world.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    world.clock.advance(chrono::Duration::hours(1));
    change(&world, &nation, "wells", json!({"public": false})).await;
    for path in [&items, "/v1/reference-layers/wells", "/v1/reference-layers/wells/features"] {
        expect(as_caller(&format!("{path}?known_at={then}"), None), 404).await;
        expect(as_caller(&format!("{path}?known_at={then}"), Some(&elsewhere)), 200).await;
    }

    for (wrong, pointer, code) in [
        (json!({"fields": {"depth": {"audience": "public"}}}), "/fields/depth", "unknown_field"),
        (json!({"fields": {"users": {"title_zh": " "}}}), "/fields/users/title_zh", "text_unfit"),
    ] {
        let (head, _) = expect_response(world.get("/v1/reference-layers/wells").bearer_auth(&nation), 200).await;
        let patch = world.patch("/v1/reference-layers/wells").bearer_auth(&nation);
        let refused = expect(patch.header("if-match", &head.headers()["etag"]).json(&wrong), 422).await;
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
}

#[tokio::test]
async fn the_operator_says_who_sees_what_will_be_imported() {
    let fields = [("owner".to_owned(), Audience::Public), ("name".to_owned(), Audience::Departments)].into();
    let settings = LayerSettings { public: Some(true), fields };
    let config = Config { layers: [("ref-wells".to_owned(), settings)].into(), ..Config::default() };
    let world = World::with(config).await;
    load(&world, "reference:wells", &wells(), 10).await;
    let page = expect(world.get(&format!("{WELLS}/items?code=A")), 200).await;
    assert_eq!(page["features"][0]["properties"], json!({"code": "A", "ended_on": null, "owner": "某村"}));
}

#[tokio::test]
async fn every_server_shows_a_layer_as_it_was_committed_last() {
    let world = World::new().await;
    let nation = world.key(Role::Planning, "000000").await;
    let servers = [world.addr, beside(&world).await, beside(&world).await];
    let client = Client::builder().no_proxy().build().expect("a client");
    let ask = |server: SocketAddr, path: &str, key: Option<&str>| {
        let request = client.get(format!("http://{server}{path}")).header("host", "maps.test");
        let request = if let Some(key) = key { request.bearer_auth(key) } else { request };
        async move { request.send().await.expect("an answer") }
    };
    let (ask, items) = (&ask, &format!("{WELLS}/items"));
    for server in servers {
        assert_eq!(ask(server, items, Some(&nation)).await.status(), 404);
    }
    load(&world, "reference:wells", &wells(), 10).await;
    let mut tags = BTreeSet::new();
    for server in servers {
        let answer = ask(server, items, Some(&nation)).await;
        assert_eq!(answer.status(), 200);
        tags.insert(answer.headers()["etag"].to_str().expect("a tag").to_owned());
    }
    assert_eq!(tags.len(), 1, "one state is one tag on every server");
    let tag = tags.first().expect("a tag");
    let again = |server: SocketAddr| {
        let request = client.get(format!("http://{server}{items}")).header("host", "maps.test");
        let request = request.bearer_auth(&nation).header("if-none-match", tag);
        async move { request.send().await.expect("an answer").status() }
    };
    assert_eq!(again(servers[1]).await, StatusCode::NOT_MODIFIED);
    // A column more, rights, a feature: each is another answer, everywhere and at once.
    let more = feature(json!({"code": "D", "salty": false}), point(105.9, 38.8));
    load(&world, "reference:wells", &[more], 10).await;
    for server in servers {
        assert_eq!(again(server).await, StatusCode::OK);
        let page: Value = ask(server, items, Some(&nation)).await.json().await.expect("JSON");
        assert_eq!((codes(&page).len(), &of(&page, "D")["properties"]["salty"]), (4, &json!(false)));
        assert_eq!(ask(server, items, None).await.status(), 404);
    }
    for (public, status) in [(true, 200), (false, 404), (true, 200)] {
        change(&world, &nation, "wells", json!({"public": public})).await;
        for server in servers {
            assert_eq!(ask(server, items, None).await.status(), status);
        }
    }
    // Somebody else's act leaves the answer as it is.
    let tag_of = |server: SocketAddr| async move {
        ask(server, items, None).await.headers()["etag"].to_str().expect("a tag").to_owned()
    };
    let before = tag_of(servers[0]).await;
    world.key(Role::Auditor, "000000").await;
    assert_eq!(tag_of(servers[2]).await, before);
}

#[tokio::test]
async fn the_past_is_shown_by_the_columns_of_today() {
    let world = World::new().await;
    let key = world.key(Role::Planning, "000000").await;
    load(&world, "reference:wells", &wells(), 10).await;
    change(&world, &key, "wells", json!({"on_import": "replace"})).await;
    world.clock.advance(chrono::Duration::minutes(1));
    let then = world.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    world.clock.advance(chrono::Duration::days(1));
    // Of another kind, no longer there, and new.
    let now = [feature(json!({"code": "A", "depth_m": "about 12", "salty": true}), point(105.6, 38.8))];
    load(&world, "reference:wells", &now, 10).await;
    let items = format!("{WELLS}/items");
    let get = |path: String| expect(world.get(&path).bearer_auth(&key), 200);
    let page = get(format!("{items}?datetime=2026-11-23/..")).await;
    assert_eq!(codes(&page), ["A"]);
    assert_eq!(
        page["features"][0]["properties"],
        json!({"code": "A", "name": null, "ended_on": null, "depth_m": "about 12", "salty": true})
    );
    let past = get(format!("{items}?known_at={then}")).await;
    assert_eq!(codes(&past), ["A", "B", "C"]);
    assert_eq!(of(&past, "A")["properties"]["depth_m"], "12.5");
    assert_eq!(codes(&get(format!("{items}?known_at={then}&depth_m=40&bbox=105,38,106,39")).await), ["B"]);
    // The keepers say what a column is: what is none of the kind is unknown.
    change(&world, &key, "wells", json!({"fields": {"depth_m": {"kind": "number"}}})).await;
    assert_eq!(of(&get(items.clone()).await, "A")["properties"]["depth_m"], Value::Null);
    assert_eq!(get(format!("{items}?known_at={then}&depth_m=40")).await["features"][0]["properties"]["code"], "B");
    load(&world, "reference:wells", &now, 10).await;
    let schema = get(format!("{WELLS}/schema")).await;
    assert_eq!(schema["properties"]["depth_m"]["type"], "number");
}

/// A value read as text, integer, number, boolean, day and instant.
type Readings = (Option<String>, Option<i64>, Option<f64>, Option<bool>, Option<String>, Option<String>);

#[tokio::test]
async fn what_a_value_is_said_to_be_the_database_reads() {
    let world = World::new().await;
    let values = [
        "0",
        "-7",
        "999999999999999999",
        "-999999999999999999",
        "1000000000000000000",
        "18446744073709551615",
        "7.0",
        "-0.5",
        "1e20",
        "1.5e-7",
        "123456789.123456789",
        "1.7976931348623157e308",
        "5e-324",
        "true",
        "false",
        "\"true\"",
        "\"0123\"",
        "\"2024-02-29\"",
        "\"2023-02-29\"",
        "\"1900-02-28\"",
        "\"2026-04-31\"",
        "\"2026-12-31\"",
        "\"0000-01-01\"",
        "\"2026-11-22T08:00:00Z\"",
        "\"2026-11-22T08:00:00.123456789+08:00\"",
        "\"2026-11-22T23:59:59-03:30\"",
        "\"2026-11-22T24:00:00Z\"",
        "\"2026-02-30T00:00:00Z\"",
        "\"2026-11-22 08:00:00Z\"",
        "\"\"",
        "\" \"",
        "[1]",
        "{\"a\":1}",
        "null",
        "\"１２\"",
        "\"2026-11-22\\n\"",
    ];
    for text in values {
        let value: Value = serde_json::from_str(text).expect("JSON");
        let attributes = json!({"a": value});
        let read: Readings = sqlx::query_as(
            "select reference_text($1, 'a'), reference_integer($1, 'a'), reference_number($1, 'a'), reference_boolean($1, 'a'),
                 reference_day($1, 'a')::text, (reference_instant($1, 'a') at time zone 'UTC')::text",
        )
        .bind(&attributes)
        .fetch_one(world.app.db())
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
        let (text_read, integer, number, boolean, day, instant) = read;
        match FieldKind::of(&value) {
            None => assert!(text_read.is_none_or(|read| read.is_empty()), "{text}"),
            Some(FieldKind::Text) => assert!(text_read.is_some(), "{text}"),
            Some(FieldKind::Integer) => assert_eq!((integer, number), (value.as_i64(), value.as_f64()), "{text}"),
            // Beyond 300 digits a number is unknown.
            Some(FieldKind::Number) if matches!(text, "1.7976931348623157e308" | "5e-324") => assert_eq!(number, None),
            Some(FieldKind::Number) => assert_eq!(number, value.as_f64(), "{text}"),
            Some(FieldKind::Boolean) => assert_eq!(boolean, value.as_bool(), "{text}"),
            Some(FieldKind::Day) => assert_eq!(day.as_deref(), value.as_str(), "{text}"),
            Some(FieldKind::Instant) => {
                let said = chrono::DateTime::parse_from_rfc3339(value.as_str().expect("a text")).expect("an instant");
                let said = said.to_utc().format("%Y-%m-%d %H:%M:%S").to_string();
                assert!(instant.as_deref().is_some_and(|read| read.starts_with(&said)), "{text}: {instant:?}");
            }
        }
        // What is no day or instant by its form is none to the database either.
        let kind = FieldKind::of(&value);
        assert!(kind == Some(FieldKind::Day) || day.is_none(), "{text}: {day:?}");
        assert!(kind == Some(FieldKind::Instant) || instant.is_none(), "{text}: {instant:?}");
    }
}

/// Counts the statements that this thread sends.
struct Statements(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn many_layers_are_listed_by_few_statements() {
    let world = World::new().await;
    for n in 0..50 {
        let rows = [feature(json!({"code": "A", "n": n}), point(105.0 + f64::from(n) / 100.0, 38.8))];
        load(&world, &format!("reference:layer-{n}"), &rows, 10).await;
    }
    let key = world.key(Role::Auditor, "000000").await;
    let count = Arc::new(AtomicUsize::new(0));
    // The server runs on this thread too.
    let counted = tracing_subscriber::registry().with(Statements(Arc::clone(&count)));
    let _guard = tracing::subscriber::set_default(counted);
    let mut statements = Vec::new();
    for _ in 0..2 {
        let before = count.load(Ordering::Relaxed);
        let listed = expect(world.get("/ogc/collections").bearer_auth(&key), 200).await;
        statements.push(count.load(Ordering::Relaxed) - before);
        let all = listed["collections"].as_array().expect("collections");
        let own: Vec<&Value> =
            all.iter().filter(|one| one["id"].as_str().is_some_and(|id| id.starts_with("ref-layer-"))).collect();
        assert_eq!(own.len(), 50);
        let boxes: BTreeSet<String> = own.iter().map(|one| one["extent"]["spatial"]["bbox"][0].to_string()).collect();
        assert_eq!(boxes.len(), 50, "each has its own extent");
    }
    assert!(statements[0] > 3 && statements[0] <= 15, "{statements:?}");
    assert!(statements[1] <= 6, "what did not change is not read again: {statements:?}");
}

#[tokio::test]
async fn siting_checks_find_what_was_imported_under_any_name() {
    let parameters: BTreeMap<_, _> =
        [("siting_distance_schools_m".to_owned(), [("152921".to_owned(), 500)].into())].into();
    let world = World::with(Config { parameters, ..Config::default() }).await;
    let key = world.key(Role::Planning, "152921").await;
    let collection = json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": "school-7", "geometry": point(105.6, 38.8), "properties": {"学校名称": "一小", "pupils": 320}},
        {"type": "Feature", "geometry": point(105.9, 38.9), "properties": {"学校名称": "二小", "pupils": 80}}]});
    let form = Form::new()
        .part("file", Part::text(collection.to_string()).file_name("xuexiao.geojson"))
        .text("target", "reference:xuexiao");
    expect(world.post("/v1/imports").bearer_auth(&key).multipart(form), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let ask = || async {
        let asked = json!({"type": "Feature", "geometry": square(105.601, 38.8, 100.0),
            "properties": {"activity": "new", "industry": "3212", "operation": "eia", "division_code": "152921"}});
        expect(world.post("/v1/siting-checks").bearer_auth(&key).json(&asked), 201).await
    };
    let schools = |answer: &Value| -> Vec<Value> {
        let hits = answer["hits"].as_array().expect("hits").iter();
        hits.filter(|hit| hit["kind"] == "schools").cloned().collect()
    };
    let before = ask().await;
    assert_eq!(schools(&before), Vec::<Value>::new(), "nobody has said yet that they are schools");
    let then = world.clock.now();
    world.clock.advance(chrono::Duration::hours(1));
    let changed = change(&world, &key, "xuexiao", json!({"kind": "schools", "title_zh": "学校"})).await;
    assert_eq!((&changed["kind"], &changed["division_code"]), (&json!("schools"), &json!("152921")));
    let after = ask().await;
    let found = schools(&after);
    // What the file called it outside its attributes is its code.
    assert_eq!(
        (found.len(), &found[0]["register"], &found[0]["code"]),
        (1, &json!("reference:xuexiao"), &json!("school-7")),
        "{after}"
    );
    let coverage = after["coverage"].as_array().expect("coverage");
    let known = coverage.iter().find(|one| one["register"] == "reference:schools").expect("schools");
    assert_eq!(known["status"], "recorded");
    // As it was known then, they were something else.
    let parcel = Area::from_geojson(&square(105.601, 38.8, 100.0), "").expect("an area").to_ewkb();
    let within = [Within { kind: "schools", metres: Some(500.0) }];
    let mut conn = world.app.db().acquire().await.expect("a connection");
    for (known_at, found) in [(Some(then), 0), (None, 1)] {
        let near = near(&mut conn, &parcel, &within, world.app.today(), known_at, 10).await.expect("found");
        assert_eq!(near.len(), found, "{known_at:?}");
    }
    // Its collection has the attributes under their own names; the second had no name of its own at all.
    let page = expect(world.get("/ogc/collections/ref-xuexiao/items").bearer_auth(&key), 200).await;
    assert_eq!(of(&page, "school-7")["properties"]["学校名称"], "一小");
    assert!(codes(&page)[1].starts_with('~'), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gdal_reads_an_imported_layer_with_its_fields() {
    let world = World::new().await;
    load(&world, "reference:wells", &wells(), 10).await;
    let key = world.key(Role::Auditor, "000000").await;
    let run = |more: &[&str]| {
        let login = ["--config", "GDAL_HTTP_HEADERS"].into_iter().map(str::to_owned);
        let login = login.chain([format!("Authorization: Bearer {key}"), format!("OAPIF:{}", world.url("/ogc"))]);
        ogrinfo(login.chain(more.iter().map(ToString::to_string)).collect())
    };
    let Some(said) = run(&["-so", "ref-wells"]).await else { return };
    for wanted in [
        "Feature Count: 3",
        "depth_m: Real",
        "users: Integer",
        "in_use: Integer(Boolean)",
        "drilled_on: Date",
        "read_at: DateTime",
        "owner: String",
        "id_: Integer",
        "Extent: (105.600000, 38.800000) - (105.800000, 38.800000)",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let rows = run(&["ref-wells", "-where", "users > 5"]).await.expect("rows");
    assert!(rows.contains("code (String) = B") && !rows.contains("code (String) = A"), "{rows}");
}

/// Nobody watches.
struct Unwatched;

impl Watch for Unwatched {
    fn progress<'a>(&'a mut self, _: u64, _: u64, _: &'a Counts) -> futures_util::future::BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn findings<'a>(&'a mut self, _: Vec<RowFinding>) -> futures_util::future::BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn real_files_are_collections_without_a_word_about_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/fiboa_samples/convert");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let world = World::new().await;
    let key = world.key(Role::Auditor, "000000").await;
    let files = [
        ("nl", "nl/brpgewaspercelen_definitief_2023.gpkg", vec![("gewascode", "integer"), ("gewas", "string")]),
        ("ch", "ch/lwb_nutzungsflaechen_v2_0_lv95.gpkg", vec![("ist_definitiv", "boolean"), ("flaeche_m2", "integer")]),
        ("hr", "hr/land_parcels.gpkg", vec![("slope", "number"), ("jpaid", "string")]),
        ("vn", "ai4sf/1_vietnam_areas.gpkg", vec![("country", "string"), ("id_", "integer")]),
    ];
    let turned = tempfile::tempdir().expect("a folder");
    for (name, file, kinds) in files {
        let mut path = folder.join(file);
        // Those on a datum of their own are turned before, as their importer is told to.
        if name != "vn" {
            let out = turned.path().join(format!("{name}.geojson"));
            let ran =
                Command::new("ogr2ogr").args(["-f", "GeoJSON", "-t_srs", "EPSG:4326"]).arg(&out).arg(&path).output();
            let Ok(ran) = ran else {
                println!("left out: ogr2ogr is not installed");
                continue;
            };
            assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
            path = out;
        }
        let importer = imports::importer(&format!("reference:{name}")).expect("a target");
        let mut act = world.act(importer.permission()).await;
        let options =
            Options { mode: Mode::Commit, on_error: OnError::AcceptValid, crs: None, mapping: BTreeMap::new() };
        let counts = imports::run(&mut act, &*importer, &Source::File(path), &options, &mut Unwatched).await;
        let counts = counts.unwrap_or_else(|error| panic!("{name}: {error}"));
        act.finish(Reply::nothing()).await.expect("commit");
        assert_eq!(counts.read, 100, "{name}");
        let collection = format!("/ogc/collections/ref-{name}");
        let get = |path: &str| world.get(&format!("{collection}{path}")).bearer_auth(&key);
        let stored: i64 = sqlx::query_scalar(
            "select count(*) from reference_feature f join reference_layer l on l.id = f.layer_id where l.name = $1",
        )
        .bind(name)
        .fetch_one(world.app.db())
        .await
        .expect("a count");
        let page = expect(get("/items?limit=1000"), 200).await;
        assert_eq!(page["numberReturned"], json!(stored), "{name}");
        println!("{name}: {stored} of 100 features, {counts:?}");
        assert!(stored >= 90, "{name}: {counts:?}");
        let schema = expect(get("/schema"), 200).await;
        for (column, kind) in kinds {
            assert_eq!(schema["properties"][column]["type"], kind, "{name}: {column}");
        }
        // Every value that a page shows selects the features that show it.
        let first = page["features"][0]["properties"].as_object().expect("properties");
        for (column, value) in first.iter().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if text.contains(',') || text.trim() != text {
                continue;
            }
            let selected = expect(get("/items?limit=1000").query(&[(column, &text)]), 200).await;
            let features = page["features"].as_array().expect("features");
            let alike = features.iter().filter(|feature| feature["properties"][column] == *value).count();
            assert_eq!(selected["numberReturned"], json!(alike), "{name}: {column}={text}");
        }
    }
}

#[tokio::test]
async fn a_features_code_is_what_its_source_calls_it_or_made_of_what_it_is() {
    let world = World::new().await;
    let rows = || {
        vec![
            feature(json!({"name": "一", "n": 1}), point(105.6, 38.8)),
            feature(json!({"name": "一", "n": 2}), point(105.6, 38.8)),
            feature(json!({"id": 9, "n": 3}), point(105.6, 38.8)),
        ]
    };
    assert_eq!(counts(&load(&world, "reference:nameless", &rows(), 10).await), (3, 0, 0));
    let key = world.key(Role::Auditor, "000000").await;
    let items = || expect(world.get("/ogc/collections/ref-nameless/items").bearer_auth(&key), 200);
    let first = items().await;
    assert_eq!(codes(&first)[0], "9");
    // The same file again changes nothing.
    load(&world, "reference:nameless", &rows(), 10).await;
    assert_eq!(items().await["features"], first["features"]);
}
