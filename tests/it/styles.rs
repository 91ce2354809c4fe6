//! Styles and tile sets: what is drawn, in which colours, by whom it can be had, and where there are tiles at all.

use crate::layers::{Maps, href};
use crate::support::{World, expect};
use jingtu::config::Config;
use jingtu::kernel::Text;
use jingtu::layers::style::{Class, Label, Paint};
use jingtu::layers::{Column, ColumnKind, Drawn, Layer, Small, Style, Visibility};
use jingtu::platform::{Permission, Role};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const STYLE: &str = "application/vnd.mapbox.style+json";

/// The names that expressions in a style look up.
fn looked_up(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            if let [Value::String(verb), Value::String(name)] = &items[..]
                && ["get", "has"].contains(&verb.as_str())
            {
                found.insert(name.clone());
            }
            items.iter().for_each(|item| looked_up(item, found));
        }
        Value::Object(members) => members.values().for_each(|member| looked_up(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_collection_has_a_style_that_fits_its_tiles_and_is_valid() {
    let world = World::new().await;
    let key = world.key(Role::Auditor, "000000").await;
    let validator = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/node_modules/.bin/gl-style-validate");
    if !validator.exists() {
        println!("skipped in part: styles are validated by what `npm ci` in web/ installs");
    }
    let folder = tempfile::tempdir().unwrap();
    for layer in jingtu::registers::layers() {
        let id = layer.id.to_string();
        let about = expect(world.get(&format!("/ogc/styles/{id}/metadata")).bearer_auth(&key), 200).await;
        assert_eq!(about["stylesheets"][0]["link"]["type"], STYLE);
        for entry in about["legend"].as_array().unwrap() {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            assert!(!text("title_zh").is_ascii() && text("title_en").is_ascii(), "{id}: {entry}");
            assert!(text("colour").starts_with('#') && text("colour").len() == 7, "{id}: {entry}");
        }
        let column = |name: &str| layer.columns.iter().find(|column| column.name == name);
        if let Some(class) = layer.style.class {
            assert_eq!(about["class"], class, "{id}: the class is carried in tiles and open to departments");
            let values = column(class).unwrap().values;
            for class in layer.style.classes.iter().filter(|_| !values.is_empty()) {
                assert!(values.contains(&class.value), "{id}: nothing is ever {}", class.value);
            }
        }
        for glyphs in ["", "?glyphs=local", "?glyphs=https://fonts.example/%7Bfontstack%7D/%7Brange%7D.pbf"] {
            let response = world.get(&format!("/ogc/styles/{id}{glyphs}")).bearer_auth(&key).send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()["content-type"]),
                (200, &STYLE.parse().unwrap())
            );
            let style: Value = response.json().await.unwrap();
            assert_eq!((&style["version"], &style["metadata"]["jingtu:legend"]), (&json!(8), &about["legend"]));
            let tilejson = style["sources"][&id]["url"].as_str().unwrap();
            let tilejson = &tilejson[tilejson.find("/ogc/").unwrap()..];
            let tilejson = expect(world.get(tilejson).bearer_auth(&key), 200).await;
            let layers = style["layers"].as_array().unwrap();
            for drawn in layers {
                let mut names = BTreeSet::new();
                looked_up(drawn, &mut names);
                assert_eq!(drawn["source"], id.as_str());
                let carried = tilejson["vector_layers"].as_array().unwrap();
                let carried = carried.iter().find(|carried| carried["id"] == drawn["source-layer"]);
                let fields = carried.expect("a layer of the tiles")["fields"].as_object().unwrap();
                for name in &names {
                    assert!(fields.contains_key(name), "{id}: tiles carry no {name} in {}", drawn["source-layer"]);
                }
            }
            let written = layers.iter().any(|drawn| drawn["id"] == format!("{id}-label"));
            assert_eq!(written, !glyphs.is_empty() && layer.style.label.is_some(), "{id}{glyphs}");
            assert_eq!(style["glyphs"].is_string(), glyphs.contains("https"), "{id}{glyphs}");
            if validator.exists() {
                let file = folder.path().join("style.json");
                std::fs::write(&file, style.to_string()).unwrap();
                let out = Command::new(&validator).arg(&file).output().unwrap();
                let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
                assert!(out.status.success() && said.trim().is_empty(), "{id}{glyphs}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn farmland_is_green_yellow_and_red() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let style = expect(world.get("/ogc/styles/farmland").bearer_auth(&key), 200).await;
    let legend = &style["metadata"]["jingtu:legend"];
    let named = |n: usize| (legend[n]["title_zh"].as_str().unwrap(), legend[n]["colour"].as_str().unwrap());
    assert_eq!(named(0), ("优先保护类", "#4f9d63"));
    assert_eq!(named(1), ("安全利用类", "#e6b93a"));
    assert_eq!(named(2), ("严格管控类", "#cf4a36"));
    let layers = style["layers"].as_array().unwrap();
    let fill = &layers.iter().find(|layer| layer["id"] == "farmland-fill").unwrap()["paint"]["fill-color"];
    assert_eq!(
        fill,
        &json!([
            "match",
            ["get", "class"],
            "priority_protection",
            "#4f9d63",
            "safe_use",
            "#e6b93a",
            "strict_control",
            "#cf4a36",
            "unclassified",
            "#a9aca6",
            "#a9aca6"
        ])
    );
    assert_eq!(style["metadata"]["jingtu:complete_from"], 12, "small units are left out of the tiles below");
}

static SECRETS: Style = Style {
    class: Some("secret"),
    classes: &[Class::new("inner 900000", "内部甲", "Inner A", "#112233")],
    label: Some(Label { zh: &["secret", "name_zh"], en: &["secret"], from: 3.0 }),
    paints: &[
        Paint::Fill { colour: None, opacity: &[(0.0, 0.5)] },
        Paint::Line { class: Some("inner 900000"), from: 0.0, width: &[(0.0, 1.0)], dash: &[] },
    ],
    ..Style::PLAIN
};
static COLUMNS: [Column; 3] = [
    Column::new("name_zh", ColumnKind::Text, "名称", "Name"),
    Column::new("level", ColumnKind::Text, "级别", "Level"),
    Column::new("secret", ColumnKind::Text, "内部", "Internal").sql("name_en").restricted(),
];

const fn layer(id: &'static str, public: Visibility) -> Layer {
    Layer {
        id: Cow::Borrowed(id),
        title: Text::fixed("样式测试", "Style under test"),
        description: Text::fixed("测试", "For tests"),
        table: "division",
        rows: "kind = 'development_zone'",
        on_day: None,
        voided: None,
        member: None,
        columns: Cow::Borrowed(&COLUMNS),
        made_of: &["divisions"],
        division: Some("parent_code"),
        owners: &[],
        valid: (Some("valid_from"), Some("valid_to")),
        permission: Permission::SiteRead,
        public,
        drawn: Drawn::from_zoom(12, Small::Pixel),
        style: &SECRETS,
    }
}
static OPEN: Layer = layer("painted", Visibility::Public);
static CLOSED: Layer = layer("shut", Visibility::Departments);

#[tokio::test]
async fn styles_show_what_their_caller_may_see() {
    let maps = Maps::with(Config::default(), &[&OPEN, &CLOSED]).await;
    maps.add(900_000..900_002).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let names = |list: &Value| list["styles"].as_array().unwrap().iter().map(|s| s["id"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&maps.get("/ogc/styles", None).await), [json!("painted")]);
    assert_eq!(names(&maps.get("/ogc/styles", Some(&county)).await), [json!("painted"), json!("shut")]);
    for path in ["/ogc/styles/shut", "/ogc/styles/shut/metadata", "/ogc/collections/shut/styles"] {
        assert_eq!(maps.refused(path, None).await.0, 401, "{path}");
        maps.get(path, Some(&county)).await;
    }
    assert_eq!(maps.refused("/ogc/styles/none", None).await.0, 404);
    let public = maps.get("/ogc/styles/painted?glyphs=local", None).await;
    assert!(!public.to_string().contains("secret") && !public.to_string().contains("inner"), "{public}");
    assert_eq!(public["metadata"]["jingtu:legend"][0]["title_en"], "Style under test");
    // In English there is no name that the public may see; the line is of a class that it does not see.
    assert_eq!(public["layers"].as_array().unwrap().len(), 1);
    let inner = maps.get("/ogc/styles/painted?glyphs=local", Some(&county)).await;
    assert_eq!(inner["metadata"]["jingtu:class"], "secret");
    assert_eq!(inner["layers"].as_array().unwrap().len(), 3);
    // Where the rows are.
    let center: [f64; 2] = serde_json::from_value(public["center"].clone()).unwrap();
    assert!((center[0] - 105.0).abs() < 0.1 && (center[1] - 38.0).abs() < 0.1, "{center:?}");
    let page = maps.ask("/ogc/styles/painted?f=html", None).await;
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn what_a_style_is_asked_with_is_asked_of_its_tiles() {
    let maps = Maps::with(Config::default(), &[&OPEN]).await;
    maps.add(900_000..900_002).await;
    let asked = "level=county&datetime=2026-01-01&known_at=2026-11-20T00:00:00Z&filter=name_zh%20LIKE%20'a%25'";
    let path = format!("/ogc/styles/painted?f=json&glyphs=local&tms=WebMercatorQuad&{asked}");
    let style = maps.get(&path, None).await;
    let url = style["sources"]["painted"]["url"].as_str().unwrap();
    let tilejson = maps.get(url, None).await;
    let template = tilejson["tiles"][0].as_str().unwrap();
    let query = |url: &str| {
        let pairs = reqwest::Url::parse(&url.replace(['{', '}'], "")).unwrap();
        pairs.query_pairs().into_owned().collect::<Vec<_>>()
    };
    let wanted = query(&format!("http://h/?{asked}"));
    assert_eq!((query(url), query(template)), (wanted.clone(), wanted.clone()));
    // And back from the TileJSON to the style that draws the same.
    assert_eq!(query(&href(&tilejson, "stylesheet").unwrap()), wanted);
    for (query, code) in [
        ("nonsense=1", "unknown_parameter"),
        ("bbox=1,1,2,2", "unknown_parameter"),
        ("datetime=yesterday", "bad_parameter"),
        ("tms=CGCS2000Quad", "bad_parameter"),
        ("glyphs=javascript:alert(1)", "bad_parameter"),
        ("glyphs=https://fonts.example/all.pbf", "bad_parameter"),
        ("secret=x", "unknown_parameter"),
    ] {
        let (status, got, _) = maps.refused(&format!("/ogc/styles/painted?{query}"), None).await;
        assert_eq!((status, got.as_str()), (400, code), "{query}");
    }
}

#[tokio::test]
async fn tile_sets_say_where_there_are_tiles() {
    let maps = Maps::with(Config::default(), &[&OPEN, &CLOSED]).await;
    maps.add(900_000..900_004).await;
    for tms in ["WebMercatorQuad", "WorldCRS84Quad", "CGCS2000Quad"] {
        let set = maps.get(&format!("/ogc/collections/painted/tiles/{tms}"), None).await;
        let definition = maps.get(&format!("/ogc/tileMatrixSets/{tms}"), None).await;
        let limits = set["tileMatrixSetLimits"].as_array().unwrap();
        assert_eq!(limits.len(), definition["tileMatrices"].as_array().unwrap().len(), "{tms}");
        for (zoom, limits) in limits.iter().enumerate().take(13).skip(9) {
            let of = |name: &str| limits[name].as_u64().unwrap();
            assert_eq!(limits["tileMatrix"], zoom.to_string());
            let (rows, columns) = (of("minTileRow")..=of("maxTileRow"), of("minTileCol")..=of("maxTileCol"));
            assert!(rows.clone().count() * columns.clone().count() <= 4, "{tms} {zoom}: {limits}");
            let mut drawn = 0;
            // All of them and one more on every side.
            for row in rows.start() - 1..=rows.end() + 1 {
                for column in columns.start() - 1..=columns.end() + 1 {
                    let path = format!("/ogc/collections/painted/tiles/{tms}/{zoom}/{row}/{column}");
                    let status = maps.ask(&path, None).await.status().as_u16();
                    let within = rows.contains(&row) && columns.contains(&column);
                    assert!(status == 204 || (status == 200 && within), "{path}: {status}");
                    drawn += usize::from(status == 200);
                }
            }
            assert!(drawn > 0, "{tms} {zoom}");
        }
        assert_eq!(set["boundingBox"]["lowerLeft"], json!([105.0, 38.0]));
        assert_eq!(set["boundingBox"]["upperRight"], json!([105.034, 38.004]));
        assert_eq!(set["centerPoint"]["coordinates"][0], 105.017);
        let layer = &set["layers"][0];
        assert_eq!((&layer["id"], &layer["dataType"]), (&json!("painted"), &json!("vector")));
        let carried = layer["propertiesSchema"]["properties"].as_object().unwrap();
        assert!(carried.contains_key("name_zh") && !carried.contains_key("secret"), "{carried:?}");
        let styled = href(&set, "stylesheet");
        assert_eq!(styled.is_some(), tms == "WebMercatorQuad", "a style is of web maps alone");
    }
    // A caller in whose part nothing lies.
    let elsewhere = maps.world.key(Role::CountyEcology, "140602").await;
    let set = maps.get("/ogc/collections/shut/tiles/CGCS2000Quad", Some(&elsewhere)).await;
    assert!(set.get("tileMatrixSetLimits").is_none() && set.get("boundingBox").is_none(), "{set}");
    assert_eq!(set["accessConstraints"], "restricted");
}

#[tokio::test]
async fn tile_matrix_sets_are_described_as_registered() {
    let maps = Maps::with(Config::default(), &[&OPEN]).await;
    let set = async |id: &str| maps.get(&format!("/ogc/tileMatrixSets/{id}"), None).await;
    let mercator = set("WebMercatorQuad").await;
    assert_eq!(
        (&mercator["orderedAxes"], mercator["tileMatrices"].as_array().unwrap().len()),
        (&json!(["X", "Y"]), 25)
    );
    assert_eq!(mercator["tileMatrices"][0]["scaleDenominator"], json!(559_082_264.028_717));
    assert_eq!(mercator["tileMatrices"][0]["pointOfOrigin"], json!([-20_037_508.342_789_2, 20_037_508.342_789_2]));
    let crs84 = set("WorldCRS84Quad").await;
    assert_eq!(crs84["wellKnownScaleSet"], "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad");
    assert_eq!((&crs84["orderedAxes"], crs84["tileMatrices"].as_array().unwrap().len()), (&json!(["Lon", "Lat"]), 24));
    let ours = set("CGCS2000Quad").await;
    assert!(ours.get("uri").is_none() && ours.get("wellKnownScaleSet").is_none());
    assert_eq!(
        (&ours["orderedAxes"], &ours["tileMatrices"][0]["pointOfOrigin"]),
        (&json!(["Lat", "Lon"]), &json!([90.0, -180.0]))
    );
    let size =
        |zoom: usize| ["matrixWidth", "matrixHeight"].map(|name| ours["tileMatrices"][zoom][name].as_u64().unwrap());
    assert_eq!([0, 1, 2, 10].map(size), [[1, 1], [2, 1], [4, 2], [1024, 512]]);
    assert_eq!(ours["boundingBox"]["lowerLeft"], json!([-90.0, -180.0]));
    for beyond in ["CGCS2000Quad/1/1/0", "CGCS2000Quad/10/512/810", "WorldCRS84Quad/24/0/0"] {
        let (status, code, _) = maps.refused(&format!("/ogc/collections/painted/tiles/{beyond}"), None).await;
        assert_eq!((status, code.as_str()), (404, "no_such_tile"), "{beyond}");
    }
}
