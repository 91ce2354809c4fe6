//! Filters in CQL2 and other reference systems over HTTP: what the database selects is what the language says.

use crate::layers::{Maps, codes, href, sorted};
use jingtu::kernel::{Bbox, Chart, Day};
use jingtu::layers::cql2::{self, Datum, Encoding, Kind, Parser, Place, Property, Queryable, Record, SpatialOp};
use jingtu::platform::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::Value;
use std::collections::BTreeMap;

const QUERYABLES: &[(&str, Kind)] = &[
    ("code", Kind::Text),
    ("name_zh", Kind::Text),
    ("level", Kind::Text),
    ("number", Kind::Integer),
    ("valid_from", Kind::Day),
    ("recorded_at", Kind::Instant),
    ("secret", Kind::Text),
    ("geometry", Kind::Geometry),
    ("id", Kind::Uuid),
];

fn encoded(filter: &str) -> String {
    filter
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn items(filter: &str) -> String {
    format!("/ogc/collections/open/items?limit=1000&filter={}", encoded(filter))
}

/// A feature as the language sees it.
struct Row {
    properties: BTreeMap<String, Value>,
    day: Option<Day>,
    at: Option<chrono::DateTime<chrono::Utc>>,
    id: uuid::Uuid,
    square: Bbox,
}

impl Row {
    fn of(feature: &Value) -> Row {
        let properties: BTreeMap<String, Value> =
            serde_json::from_value(feature["properties"].clone()).expect("an object");
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let ring = feature["geometry"]["coordinates"][0].as_array().expect("a ring");
        let axis = |n: usize| ring.iter().map(move |p| p[n].as_f64().expect("a number"));
        let (low, high) = (|n| axis(n).fold(f64::MAX, f64::min), |n| axis(n).fold(f64::MIN, f64::max));
        Row {
            day: text("valid_from").and_then(Day::parse),
            at: text("recorded_at").map(|at| at.parse().expect("an instant")),
            id: feature["id"].as_str().expect("an identifier").parse().expect("a UUID"),
            square: Bbox { west: low(0), south: low(1), east: high(0), north: high(1) },
            properties,
        }
    }
}

impl Record for Row {
    fn value(&self, property: &Property) -> Datum<'_> {
        match (&*property.name, self.properties.get(&*property.name)) {
            ("geometry", _) => Datum::Geometry,
            ("id", _) => Datum::Uuid(self.id),
            ("valid_from", _) => self.day.map_or(Datum::Null, Datum::Day),
            ("recorded_at", _) => self.at.map_or(Datum::Null, Datum::Instant),
            (_, Some(Value::String(text))) => Datum::Text(text),
            (_, Some(Value::Number(number))) => Datum::Integer(number.as_i64().expect("an integer")),
            _ => Datum::Null,
        }
    }

    /// The geometries are squares, and those of the filters are boxes.
    fn relate(&self, op: SpatialOp, a: &Place, b: &Place) -> Option<bool> {
        let of = |place: &Place| match place {
            Place::Property(_) => self.square,
            Place::Bbox(bbox) => *bbox,
            Place::Geometry(_) => panic!("only boxes here"),
        };
        let (a, b) = (of(a), of(b));
        let apart = a.east < b.west || b.east < a.west || a.north < b.south || b.north < a.south;
        let inside = a.east > b.west && b.east > a.west && a.north > b.south && b.north > a.south;
        let within =
            |a: Bbox, b: Bbox| a.west >= b.west && a.east <= b.east && a.south >= b.south && a.north <= b.north;
        Some(match op {
            SpatialOp::Intersects => !apart,
            SpatialOp::Disjoint => apart,
            SpatialOp::Touches => !apart && !inside,
            SpatialOp::Equals => within(a, b) && within(b, a),
            SpatialOp::Within => within(a, b),
            SpatialOp::Contains => within(b, a),
            SpatialOp::Overlaps => inside && !within(a, b) && !within(b, a),
            // Areas do not cross.
            SpatialOp::Crosses => false,
        })
    }
}

fn any_of(of: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    proptest::sample::select(of).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> + Clone {
    let plain = any_of(&[
        "code",
        "name_zh",
        "level",
        "secret",
        "'900003'",
        "'county'",
        "'COUNTY'",
        "'inner 900001'",
        "'Région ÉTÉ'",
        "'it''s'",
        "''",
    ]);
    let folded = (any_of(&["CASEI", "ACCENTI"]), plain.clone()).prop_map(|(fold, text)| format!("{fold}({text})"));
    prop_oneof![plain, folded]
}

fn number() -> impl Strategy<Value = String> + Clone {
    let plain = any_of(&["number", "900002", "0", "-3", "2.5", "1e300", "3"]);
    let made = (plain.clone(), any_of(&["+", "-", "*", "/", "%", "div", "^"]), plain.clone())
        .prop_map(|(a, op, b)| format!("({a} {op} {b})"));
    prop_oneof![plain, made]
}

fn time() -> impl Strategy<Value = String> + Clone {
    any_of(&[
        "valid_from",
        "recorded_at",
        "DATE('2020-01-02')",
        "DATE('2020-01-03')",
        "DATE('1970-01-01')",
        "TIMESTAMP('2020-01-02T16:00:00Z')",
        "TIMESTAMP('2026-05-18T00:00:00Z')",
    ])
}

fn interval() -> impl Strategy<Value = String> + Clone {
    let end = any_of(&["'..'", "valid_from", "DATE('2020-01-01')", "DATE('2020-01-02')", "DATE('2020-01-04')"]);
    (end.clone(), end).prop_map(|(a, b)| format!("INTERVAL({a},{b})"))
}

fn place() -> impl Strategy<Value = String> + Clone {
    any_of(&[
        "geometry",
        "BBOX(105.0,38.0,105.015,38.01)",
        "BBOX(105.004,38.0,105.01,38.004)",
        "BBOX(105.0,38.0,105.004,38.004)",
        "BBOX(104.0,37.0,106.0,39.0)",
        "BBOX(105.021,38.001,105.022,38.002)",
    ])
}

fn condition() -> impl Strategy<Value = String> {
    let comparison = any_of(&["=", "<>", "<", ">", "<=", ">="]);
    let leaf = prop_oneof![
        (text(), comparison.clone(), text()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number(), comparison.clone(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (time(), comparison, time()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (text(), any_of(&["'9%3'", "'%inner%'", "'_ounty'", "'区%'", "'\\%%'", "'%'", "''"]))
            .prop_map(|(a, b)| format!("{a} LIKE {b}")),
        (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
        (text(), text(), text()).prop_map(|(a, b, c)| format!("{a} IN ({b},{c})")),
        any_of(&["secret IS NULL", "valid_from IS NOT NULL", "geometry IS NULL", "code IS NULL"]),
        (
            any_of(&[
                "S_INTERSECTS",
                "S_DISJOINT",
                "S_TOUCHES",
                "S_EQUALS",
                "S_WITHIN",
                "S_CONTAINS",
                "S_OVERLAPS",
                "S_CROSSES"
            ]),
            place(),
            place()
        )
            .prop_map(|(op, a, b)| format!("{op}({a},{b})")),
        (any_of(&["T_AFTER", "T_BEFORE", "T_DISJOINT", "T_EQUALS", "T_INTERSECTS"]), time(), time())
            .prop_map(|(op, a, b)| format!("{op}({a},{b})")),
        (
            any_of(&[
                "T_CONTAINS",
                "T_DURING",
                "T_FINISHEDBY",
                "T_FINISHES",
                "T_MEETS",
                "T_METBY",
                "T_OVERLAPPEDBY",
                "T_OVERLAPS",
                "T_STARTEDBY",
                "T_STARTS",
                "T_INTERSECTS",
                "T_AFTER"
            ]),
            interval(),
            interval()
        )
            .prop_map(|(op, a, b)| format!("{op}({a},{b})")),
        (any_of(&["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]), text(), text(), text())
            .prop_map(|(op, a, b, c)| format!("{op}(({a},{b}),({c},'county'))")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_selects_what_the_language_says() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_004, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_103, "140602", 105.002, 38.0, 0.004).await;
    maps.change(
        "update division set valid_from = case when code::integer % 3 = 0 then null else date '2020-01-01' + code::integer % 4 end,
             name_zh = case code when '900001' then 'Région été' when '900002' then 'COUNTY' else name_zh end",
    )
    .await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let all = maps.get("/ogc/collections/open/items?limit=1000&precision=15", Some(&county)).await;
    let rows: Vec<Row> = all["features"].as_array().expect("features").iter().map(Row::of).collect();
    assert!(rows.iter().any(|row| !row.properties.contains_key("secret")), "some are hidden from it");
    let queryables: Vec<Queryable<'_>> = QUERYABLES.iter().map(|&(name, kind)| Queryable { name, kind }).collect();
    let handle = tokio::runtime::Handle::current();
    let mut runner = TestRunner::new(Cases { cases: 400, failure_persistence: None, ..Cases::default() });
    tokio::task::block_in_place(|| {
        runner
            .run(&condition(), |source| {
                // What is of two kinds at once is refused, in either place.
                let parsed = Parser::new(&queryables).parse(Encoding::Text, &source);
                handle.block_on(async {
                    let Ok(filter) = parsed else {
                        assert_eq!(maps.refused(&items(&source), Some(&county)).await.1, "bad_filter", "{source}");
                        return;
                    };
                    let code = |row: &Row| row.properties["code"].as_str().expect("a code").to_owned();
                    let mut expected: Vec<String> =
                        rows.iter().filter(|row| cql2::eval(&filter, *row) == Some(true)).map(code).collect();
                    expected.sort();
                    assert_eq!(sorted(&maps.get(&items(&source), Some(&county)).await), expected, "{source}");
                    let json = format!("{}&filter-lang=cql2-json", items(&filter.to_json().to_string()));
                    assert_eq!(sorted(&maps.get(&json, Some(&county)).await), expected, "{json}");
                });
                Ok(())
            })
            .unwrap();
    });
}

#[tokio::test]
async fn a_filter_goes_with_everything_else_that_is_asked() {
    let maps = Maps::new().await;
    maps.add(900_000..900_020).await;
    let filter = "number >= 900005 AND S_INTERSECTS(geometry, BBOX(105,37,105.105,39))";
    let page = maps.get(&format!("{}&sortby=-code", items(filter).replace("limit=1000", "limit=4")), None).await;
    assert_eq!(codes(&page), ["900010", "900009", "900008", "900007"]);
    let next = maps.get(&href(&page, "next").expect("a next page"), None).await;
    assert_eq!(codes(&next), ["900006", "900005"]);
    assert_eq!(maps.get(&format!("{}&resultType=hits", items(filter)), None).await["numberMatched"], 6);
    assert_eq!(codes(&maps.get(&format!("{}&code=900007,900001", items(filter)), None).await), ["900007"]);
    // A cursor belongs to its filter.
    let cursor = href(&page, "next").expect("a next page").split("cursor=").nth(1).expect("a cursor").to_owned();
    let other = format!("{}&sortby=-code&cursor={cursor}", items("number >= 900004").replace("limit=1000", "limit=4"));
    assert_eq!(maps.refused(&other, None).await.1, "bad_cursor");
    // Tiles take the filters of items, and hand them on.
    let tile = "/ogc/collections/open/tiles/WebMercatorQuad/9/197/405";
    assert_eq!(maps.ask(&format!("{tile}?filter={}", encoded("code = '900001'")), None).await.status(), 200);
    assert_eq!(maps.ask(&format!("{tile}?filter={}", encoded("code = '1'")), None).await.status(), 204);
    let tilejson = format!("/ogc/collections/open/tiles/WebMercatorQuad/tilejson?filter={}", encoded("code = '1'"));
    assert!(maps.get(&tilejson, None).await["tiles"][0].as_str().expect("a template").contains("?filter=code"));
    // Latitude first where the reference system has it so.
    for (crs, polygon) in [
        ("http://www.opengis.net/def/crs/EPSG/0/4490", "POLYGON((37 105,39 105,39 105.006,37 105.006,37 105))"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "POLYGON((105 37,105.006 37,105.006 39,105 39,105 37))"),
    ] {
        let path = format!("{}&filter-crs={crs}", items(&format!("S_INTERSECTS(geometry,{polygon})")));
        assert_eq!(sorted(&maps.get(&path, None).await), ["900000"], "{crs}");
    }
    // As GDAL writes it, in the language of a draft.
    for (filter, found) in [
        ("(number >= 900002) AND (number < 900004)", vec!["900002", "900003"]),
        ("code ILIKE '90000_' AND valid_from < '1900-01-01T'", vec![]),
    ] {
        let path = format!("{}&filter-lang=cql-text", items(filter));
        assert_eq!(sorted(&maps.get(&path, None).await), found, "{filter}");
    }
    assert_eq!(maps.refused(&items("code ILIKE '90000_'"), None).await.1, "bad_filter");
    let identifier = page["features"][0]["id"].as_str().expect("an identifier");
    assert_eq!(codes(&maps.get(&items(&format!("id = '{identifier}'")), None).await), ["900010"]);
}

#[tokio::test]
async fn a_filter_that_cannot_be_is_refused_with_its_place() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    for bad in [
        "",
        "code",
        "code =",
        "code = 1",
        "nothing = 1",
        "secret = 'inner 900001'",
        "code = 'x' OR",
        "number LIKE 'a'",
        "f(code) = 1",
        "S_INTERSECTS(code, geometry)",
        "code = 'a' AND (",
        "number > 'a'",
        "T_DURING(code, number)",
        "code LIKE 'a\\'",
    ] {
        let response = maps.ask(&items(bad), None).await;
        let problem = expect_problem(response).await;
        assert_eq!(problem["code"], "bad_filter", "{bad}: {problem}");
        let fault = &problem["errors"][0];
        assert!(fault["pointer"].as_str().expect("a pointer").starts_with("?filter"), "{bad}: {problem}");
        assert!(!fault["message"].as_str().expect("a message").is_empty(), "{bad}");
    }
    let rings = "S_INTERSECTS(geometry, POLYGON((105 38,105.1 38.1,105.1 38,105 38.1,105 38)))";
    let crossing =
        maps.ask(&items(&format!("{rings} OR S_TOUCHES(geometry, GEOMETRYCOLLECTION(POINT(105 38))) ")), None).await;
    assert!(crossing.status().is_success() || crossing.status() == 400, "{}", crossing.status());
    for (parameter, code) in [
        ("filter-lang=sql", "bad_parameter"),
        ("filter-crs=urn:jingtu:crs:gcj02", "bad_parameter"),
        ("filter-crs=EPSG:4490", "bad_parameter"),
    ] {
        let path = format!("{}&{parameter}", items("code = '900000'"));
        assert_eq!(maps.refused(&path, None).await.1, code, "{parameter}");
    }
    // Attempts to break out: each is read as what it is, or refused; none is an error of the server's.
    for line in include_str!("../../src/layers/cql2/injection.txt").lines().filter(|line| !line.starts_with('#')) {
        let quoted = format!("name_zh = '{}'", line.replace('\\', r"\\").replace('\'', "''"));
        assert_eq!(codes(&maps.get(&items(&quoted), None).await).len(), 0, "{line}");
        let status = maps.ask(&items(line), None).await.status();
        assert!(status == 200 || status == 400, "{line}: {status}");
    }
    assert_eq!(codes(&maps.get("/ogc/collections/open/items", None).await).len(), 2);
}

async fn expect_problem(response: reqwest::Response) -> Value {
    assert_eq!(response.status(), 400);
    response.json().await.expect("a problem")
}

#[tokio::test]
async fn a_hidden_value_is_not_found_out_by_any_filter() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_002, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_102, "140602", 112.0, 39.0, 0.004).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    for (filter, found) in [
        ("secret = 'inner 900100'", vec![]),
        ("secret LIKE 'inner%'", vec!["900000", "900001"]),
        ("NOT (secret = 'nothing')", vec!["900000", "900001"]),
        ("secret IS NULL", vec!["900100", "900101"]),
        ("secret IN ('inner 900100','inner 900000')", vec!["900000"]),
        ("CASEI(secret) = CASEI('INNER 900100')", vec![]),
        ("secret <> 'inner 900100' OR secret = 'inner 900101'", vec!["900000", "900001"]),
    ] {
        assert_eq!(sorted(&maps.get(&items(filter), Some(&county)).await), found, "{filter}");
    }
    assert_eq!(maps.refused(&items("secret IS NULL"), None).await.1, "bad_filter", "the public does not know of it");
}

/// The first position of each feature's first ring.
fn corners(page: &Value) -> Vec<[f64; 2]> {
    let features = page["features"].as_array().expect("features");
    features
        .iter()
        .map(|f| serde_json::from_value(f["geometry"]["coordinates"][0][0].clone()).expect("a position"))
        .collect()
}

#[tokio::test]
async fn coordinates_come_in_the_system_asked_for() {
    let maps = Maps::new().await;
    maps.add(900_000..900_004).await;
    let page = async |rest: &str| {
        let response = maps.ask(&format!("/ogc/collections/open/items?sortby=code&{rest}"), None).await;
        assert_eq!(response.status(), 200, "{rest}");
        let crs = response.headers()["content-crs"].to_str().expect("text").to_owned();
        (response.json::<Value>().await.expect("JSON"), crs)
    };
    let plain = corners(&page("").await.0);
    let epsg = |code: u32| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
    let (swapped, said) = page(&format!("crs={}", epsg(4490))).await;
    assert_eq!(said, format!("<{}>", epsg(4490)));
    assert_eq!(corners(&swapped), plain.iter().map(|&[x, y]| [y, x]).collect::<Vec<_>>());

    for (code, north_first) in [(4527_u32, true), (3857, false), (4549, true), (32648, false)] {
        let got = corners(&page(&format!("crs={}", epsg(code))).await.0);
        for (&[lon, lat], got) in plain.iter().zip(got) {
            let (x, y): (f64, f64) = sqlx::query_as(
                "select st_x(p), st_y(p) from (select st_transform(st_setsrid(st_makepoint($1, $2), 4490), $3::int) as p) as t",
            )
            .bind(lon)
            .bind(lat)
            .bind(i32::try_from(code).expect("a code"))
            .fetch_one(maps.world.app.db())
            .await
            .expect("a place");
            let want = if north_first { [y, x] } else { [x, y] };
            assert!((want[0] - got[0]).abs() < 0.001 && (want[1] - got[1]).abs() < 0.001, "{code}: {want:?} {got:?}");
        }
    }
    for chart in Chart::ALL {
        let (shifted, said) = page(&format!("crs=urn:jingtu:crs:{}", chart.name())).await;
        assert_eq!(said, format!("<urn:jingtu:crs:{}>", chart.name()));
        for (place, got) in plain.iter().zip(corners(&shifted)) {
            let want = chart.shift(*place);
            assert!((want[0] - got[0]).abs() < 1e-6 && (want[1] - got[1]).abs() < 1e-6, "{chart:?}");
            assert!((got[0] - place[0]).abs() > 1e-3, "it is shifted");
        }
    }
    for bad in ["EPSG:4490", &epsg(1), &epsg(4979), "urn:jingtu:crs:none", "x", ""] {
        assert_eq!(
            maps.refused(&format!("/ogc/collections/open/items?crs={bad}"), None).await.1,
            "bad_parameter",
            "{bad}"
        );
    }
    let collection = maps.get("/ogc/collections/open", None).await;
    assert_eq!(collection["storageCrs"], epsg(4490));
    for crs in collection["crs"].as_array().expect("a list") {
        page(&format!("limit=1&crs={}", crs.as_str().expect("a URI"))).await;
    }
}

#[tokio::test]
async fn a_page_of_another_datum_is_as_quick_as_another() {
    // A search for the way from datum to datum takes some 0.1 s: one for each feature would be given up.
    let maps = Maps::new().await;
    maps.add(900_000..901_000).await;
    for crs in ["EPSG/0/3857", "EPSG/0/4527", "EPSG/0/32648", "ESRI/0/102025"] {
        let path = format!("/ogc/collections/open/items?limit=1000&crs=http://www.opengis.net/def/crs/{crs}");
        assert_eq!(maps.get(&path, None).await["numberReturned"], 1000, "{crs}");
    }
}

#[tokio::test]
async fn geometries_of_filters_are_read_in_their_system() {
    let maps = Maps::new().await;
    maps.add(900_000..900_012).await;
    let ids: Vec<String> = codes(&maps.get("/ogc/collections/open/items?sortby=code", None).await);
    for (code, srid) in [("EPSG/0/4527", 4527), ("EPSG/0/4523", 4523), ("EPSG/0/3857", 3857), ("EPSG/0/32648", 32648)] {
        let uri = format!("http://www.opengis.net/def/crs/{code}");
        let page = maps.get(&format!("/ogc/collections/open/items?sortby=code&crs={uri}"), None).await;
        let asked = async |filter: &str| {
            let path = format!("/ogc/collections/open/items?limit=1000&filter-crs={uri}&filter={}", encoded(filter));
            sorted(&maps.get(&path, None).await)
        };
        // What is given out is found again where it was said to be: each square by its own outline, and no other.
        for (feature, id) in page["features"].as_array().expect("features").iter().zip(&ids) {
            let ring = feature["geometry"]["coordinates"][0].as_array().expect("a ring");
            let written: Vec<String> = ring.iter().map(|at| format!("{} {}", at[0], at[1])).collect();
            let outline = format!("S_INTERSECTS(geometry, POLYGON(({})))", written.join(","));
            assert_eq!(asked(&outline).await, [id.as_str()], "{code}");
            let axis = |n: usize| ring.iter().map(move |at| at[n].as_f64().expect("a number"));
            let (low, high) = (|n| axis(n).fold(f64::MAX, f64::min), |n| axis(n).fold(f64::MIN, f64::max));
            let bbox = format!(
                "S_WITHIN(geometry, BBOX({},{},{},{}))",
                low(0) - 9.0,
                low(1) - 9.0,
                high(0) + 9.0,
                high(1) + 9.0
            );
            assert_eq!(asked(&bbox).await, [id.as_str()], "{code}");
        }
        // By what PostGIS says of the same line.
        let (a, b): (String, String) = sqlx::query_as(
            "select st_x(p) || ' ' || st_y(p), st_y(p) || ' ' || st_x(p)
             from (select st_transform(st_setsrid(st_makepoint(105.032, 38.002), 4490), $1) as p) as t",
        )
        .bind(srid)
        .fetch_one(maps.world.app.db())
        .await
        .expect("a place");
        let point = if srid == 4527 || srid == 4523 { b } else { a };
        assert_eq!(asked(&format!("S_CONTAINS(geometry, POINT({point}))")).await, ["900003"], "{code}");
    }
    // What cannot be in a system is the asker's to know.
    let uri = "http://www.opengis.net/def/crs/EPSG/0/3857";
    let far = format!(
        "/ogc/collections/open/items?filter-crs={uri}&filter={}",
        encoded("S_INTERSECTS(geometry, POINT(1e300 1e300))")
    );
    let status = maps.ask(&far, None).await.status();
    assert!(status == 400 || status == 200, "{status}");
    let reversed = format!(
        "/ogc/collections/open/items?filter-crs={uri}&filter={}",
        encoded("S_INTERSECTS(geometry, BBOX(2,0,1,1))")
    );
    assert_eq!(maps.refused(&reversed, None).await.1, "bad_filter");
}

#[tokio::test]
async fn boxes_are_read_in_their_system() {
    let maps = Maps::new().await;
    maps.add(900_000..900_004).await;
    let found = async |bbox: &str, crs: &str| {
        let path = format!("/ogc/collections/open/items?bbox={bbox}&bbox-crs={crs}");
        sorted(&maps.get(&path, None).await)
    };
    let epsg = |code: u32| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
    assert_eq!(found("37.9,105.009,38.1,105.011", &epsg(4490)).await, ["900001"]);
    assert_eq!(found("105.009,37.9,105.011,38.1", "CRS84").await, ["900001"]);
    // With heights, of which nothing here has any.
    assert_eq!(found("37.9,105.009,7,38.1,105.011,8", &epsg(4490)).await, ["900001"]);
    assert_eq!(found("105.009,37.9,7,105.011,38.1,8", "CRS84").await, ["900001"]);
    // In a zone of Gauss-Krueger, north before east; in web Mercator, east before north.
    let corner = async |code: i32, lon: f64, lat: f64| {
        let place: (f64, f64) = sqlx::query_as(
            "select st_x(p), st_y(p) from (select st_transform(st_setsrid(st_makepoint($1, $2), 4490), $3) as p) as t",
        )
        .bind(lon)
        .bind(lat)
        .bind(code)
        .fetch_one(maps.world.app.db())
        .await
        .expect("a place");
        place
    };
    for (code, north_first) in [(4523_i32, true), (3857, false)] {
        let ((west, south), (east, north)) = (corner(code, 105.009, 37.99).await, corner(code, 105.011, 38.01).await);
        let bbox = if north_first {
            format!("{south},{west},{north},{east}")
        } else {
            format!("{west},{south},{east},{north}")
        };
        assert_eq!(found(&bbox, &epsg(code.cast_unsigned())).await, ["900001"], "{code}");
    }
    for (bbox, crs) in [
        ("1,2,3", epsg(3857)),
        ("3,4,1,2", epsg(3857)),
        ("1,2,3,x", epsg(4490)),
        ("200,0,201,1", epsg(4490)),
        ("1,2,3,4", "urn:jingtu:crs:gcj02".to_owned()),
        ("1,2,3,91", "urn:jingtu:crs:gcj-02".to_owned()),
        ("1,2,3,4", "EPSG:3857".to_owned()),
    ] {
        let path = format!("/ogc/collections/open/items?bbox={bbox}&bbox-crs={crs}");
        assert_eq!(maps.refused(&path, None).await.1, "bad_parameter", "{bbox} {crs}");
    }
}
