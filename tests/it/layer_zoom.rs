//! `zoom-level`: geometries as coarse as a map needs them, in every system and form, and valid.

use crate::support::{World, expect};
use jingtu::layers::format::Form;
use jingtu::platform::{Caller, Permission, Reply};
use serde_json::{Value, json};

const ITEMS: &str = "/ogc/collections/divisions/items?limit=1000&filter=code%20IN%20('152921','140602','441602')";

/// A boundary of 20,000 vertices with an enclave of 2,000; a coast with 300 islands of all sizes, some of them near each other;
/// and one division that is a speck.
const BOUNDARIES: &str = "
    update division set geom = (
        select st_setsrid(st_makepolygon(st_addpoint(line, st_startpoint(line)), array[st_addpoint(enclave, st_startpoint(enclave))]), 4490)
        from (select st_makeline(st_point(105 + r * cos(a), 38 + r * sin(a)) order by a) as line
              from (select i * pi() / 10000 as a, 1 + 0.002 * sin(i * pi() / 25) + 0.0003 * sin(i * 2.1) as r
                    from generate_series(0, 19999) i) s) l,
             (select st_makeline(st_point(105.3 + r * cos(a), 38 + r * sin(a)) order by a) as enclave
              from (select i * pi() / 1000 as a, 0.3 + 0.01 * sin(i * pi() / 40) as r from generate_series(0, 1999) i) s) e)
    where code = '152921';
    update division set geom = (
        select st_multi(st_union(st_setsrid(st_buffer(st_point(117 + 0.03 * (i % 20), 37.5 + 0.031 * (i / 20)), 0.0145 * (1 + sin(i * 1.7)) / 2 + 0.0002, 16), 4490)))
        from generate_series(0, 299) i)
    where code = '441602';
    update division set geom = st_setsrid(st_buffer(st_point(112, 39), 0.0001, 12), 4490) where code = '140602'";

/// A pixel at a zoom, degrees of longitude.
fn pixel(zoom: f64) -> f64 {
    360.0 / 256.0 / zoom.exp2()
}

async fn world() -> World {
    let world = World::new().await;
    let mut act = world.act(Permission::DivisionWrite).await;
    sqlx::raw_sql(BOUNDARIES).execute(act.tx()).await.unwrap();
    act.note("test", json!({"changed": true}));
    act.finish(Reply::nothing()).await.unwrap();
    world
}

async fn get(world: &World, more: &str) -> Value {
    expect(world.get(&format!("{ITEMS}{more}")), 200).await
}

fn features(page: &Value) -> Vec<&Value> {
    let mut all: Vec<&Value> = page["features"].as_array().unwrap().iter().collect();
    all.sort_by_key(|feature| feature["properties"]["code"].as_str().unwrap());
    assert_eq!(all.len(), 3);
    all
}

/// Positions of a geometry; every ring of one has at least four, the last the first.
fn positions(coordinates: &Value) -> usize {
    let list = coordinates.as_array().unwrap();
    if list[0][0].is_number() {
        assert!(list.len() >= 4 && list.first() == list.last(), "{list:?}");
        return list.len();
    }
    list.iter().map(positions).sum()
}

/// Whether PostGIS takes a geometry for valid, and how far it is from another at most.
async fn held(world: &World, one: &Value, other: &Value) -> (bool, f64) {
    sqlx::query_as(
        "select st_isvalid(a), st_hausdorffdistance(a, b) from (select st_geomfromgeojson($1::text) a, st_geomfromgeojson($2::text) b) g",
    )
    .bind(one.to_string())
    .bind(other.to_string())
    .fetch_one(world.app.db())
    .await
    .unwrap()
}

#[tokio::test]
async fn geometries_are_as_coarse_as_the_zoom_and_valid() {
    let world = world().await;
    let whole = get(&world, "").await;
    let mut before = [0; 3];
    for zoom in [0.0, 2.0, 5.0, 7.5, 9.0, 12.0, 14.0, 24.0] {
        let page = get(&world, &format!("&zoom-level={zoom}")).await;
        for (n, (feature, as_it_is)) in features(&page).into_iter().zip(features(&whole)).enumerate() {
            let (geometry, original) = (&feature["geometry"], &as_it_is["geometry"]);
            assert_eq!(geometry["type"], original["type"]);
            assert_eq!(feature["properties"], as_it_is["properties"]);
            let (left, all) = (positions(&geometry["coordinates"]), positions(&original["coordinates"]));
            // A box has a corner more than a triangle, which a larger ring may be.
            assert!(left * 5 >= before[n] * 4 && left <= all, "zoom {zoom}: {left} of {all}");
            before[n] = left;
            let (valid, apart) = held(&world, geometry, original).await;
            assert!(valid && apart <= 2.0 * pixel(zoom), "zoom {zoom}: {valid} {apart}");
            if zoom == 24.0 {
                assert_eq!(geometry, original);
            }
            if n == 2 {
                let parts = |value: &Value| value["coordinates"].as_array().unwrap().len();
                assert_eq!(parts(geometry), parts(original), "no island is lost");
            }
        }
    }
    let far = get(&world, "&zoom-level=5").await;
    let [speck, land, islands] = features(&far)[..] else { panic!() };
    let count = |feature: &Value| positions(&feature["geometry"]["coordinates"]);
    assert_eq!(count(speck), 5, "a box");
    assert!(count(land) < 200 && count(islands) < 6000, "{} {}", count(land), count(islands));
    assert_eq!(land["geometry"]["coordinates"].as_array().unwrap().len(), 2, "with its enclave");
}

#[tokio::test]
async fn every_system_and_precision_has_the_same_vertices() {
    let world = world().await;
    for zoom in [5, 9] {
        let plain = get(&world, &format!("&zoom-level={zoom}")).await;
        let counts = |page: &Value| -> Vec<usize> {
            features(page).iter().map(|feature| positions(&feature["geometry"]["coordinates"])).collect()
        };
        let wanted = counts(&plain);
        for crs in ["EPSG/0/4490", "EPSG/0/4326", "EPSG/0/3857", "EPSG/0/4527", "EPSG/0/2343"] {
            let crs = format!("http://www.opengis.net/def/crs/{crs}");
            let page = get(&world, &format!("&zoom-level={zoom}&crs={crs}")).await;
            for (feature, wanted) in features(&page).into_iter().zip(&wanted) {
                let (valid, _) = held(&world, &feature["geometry"], &feature["geometry"]).await;
                let n = positions(&feature["geometry"]["coordinates"]);
                // Where two vertices matter as much, another system may keep the other one.
                let off = n.abs_diff(*wanted) as f64 / *wanted as f64;
                assert!(valid && off < 0.05, "{crs}: {valid}, {n} for {wanted}");
            }
        }
        for chart in ["gcj-02", "bd-09"] {
            assert_eq!(counts(&get(&world, &format!("&zoom-level={zoom}&crs=urn:jingtu:crs:{chart}")).await), wanted);
        }
        let rounded = get(&world, &format!("&zoom-level={zoom}&precision=4")).await;
        assert_eq!(counts(&rounded), wanted);
        let digits = rounded["features"][0]["geometry"].to_string();
        assert!(digits.split([',', '[', ']']).all(|n| n.split_once('.').is_none_or(|(_, after)| after.len() <= 4)));
    }
}

#[tokio::test]
async fn every_form_and_way_of_asking_has_the_same_geometries() {
    let world = world().await;
    let page = get(&world, "&zoom-level=6").await;
    let wanted: Vec<Value> = features(&page).into_iter().map(|feature| feature["geometry"].clone()).collect();
    let bytes = async |form: &str, zoom: &str| {
        let path = format!("{}&f={form}{zoom}", ITEMS.replace("limit=1000&", ""));
        let response = world.get(&path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{form}");
        (response.headers()["etag"].clone(), response.bytes().await.unwrap().to_vec())
    };
    for form in Form::ALL.map(Form::name).into_iter().chain(["jsonfg"]) {
        let ((tag, coarse), (other_tag, whole)) = (bytes(form, "&zoom-level=6").await, bytes(form, "").await);
        assert!(tag != other_tag && coarse.len() * 2 < whole.len(), "{form}: {} {}", coarse.len(), whole.len());
        if form == "geojsonseq" {
            let text = String::from_utf8(coarse).unwrap();
            for line in text.split('\u{1e}').skip(1) {
                let feature: Value = serde_json::from_str(line).unwrap();
                assert!(wanted.contains(&feature["geometry"]));
            }
        } else if form == "csv" {
            let text = String::from_utf8(coarse).unwrap();
            for geometry in &wanted {
                let first = &geometry["coordinates"][0][0];
                let first = if first[0].is_number() { first } else { &first[0] };
                assert!(text.contains(&format!("(({} {},", first[0], first[1])), "{first}");
            }
        } else if form == "jsonfg" {
            let document: Value = serde_json::from_slice(&coarse).unwrap();
            assert!(document["features"].as_array().unwrap().iter().all(|f| wanted.contains(&f["geometry"])));
        }
    }
    // One by its identifier, a search, the command line.
    for (feature, geometry) in features(&page).into_iter().zip(&wanted) {
        let id = feature["id"].as_str().unwrap();
        let one = expect(world.get(&format!("/ogc/collections/divisions/items/{id}?zoom-level=6")), 200).await;
        assert_eq!(&one["geometry"], geometry);
    }
    let boxed = get(&world, "&zoom-level=6&bbox=100,20,120,50").await;
    assert_eq!(features(&boxed), features(&page));
    let body = json!({"filter": "code IN ('152921','140602','441602')", "zoom-level": 6.0});
    let found = expect(world.post("/ogc/collections/divisions/search").json(&body), 200).await;
    assert_eq!(features(&found).into_iter().map(|f| f["geometry"].clone()).collect::<Vec<_>>(), wanted);
    let layer = jingtu::registers::layers().find(|layer| layer.id == "divisions").unwrap();
    let pairs = [("filter", "code IN ('152921','140602','441602')"), ("zoom-level", "6")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut out = std::io::Cursor::new(Vec::new());
    jingtu::layers::export(&world.app, layer, &Caller::Operator, pairs, Form::GeoJson, &mut out).await.unwrap();
    let exported: Value = serde_json::from_slice(out.get_ref()).unwrap();
    assert_eq!(features(&exported).into_iter().map(|f| f["geometry"].clone()).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn what_is_no_zoom_is_refused() {
    let world = World::new().await;
    for bad in ["", "-1", "24.5", "x", "NaN", "inf", "5,6"] {
        let path = format!("/ogc/collections/divisions/items?zoom-level={bad}");
        for (language, word) in [("en", "from 0 to 24"), ("zh", "0 至 24")] {
            let problem = expect(world.get(&path).header("accept-language", language), 400).await;
            assert_eq!(
                (&problem["code"], &problem["errors"][0]["pointer"]),
                (&json!("bad_parameter"), &json!("?zoom-level"))
            );
            assert!(problem.to_string().contains(word), "{problem}");
        }
    }
    let none = expect(world.get("/ogc/collections/divisions/items?zoom-level=3&skipGeometry=true&limit=2"), 200).await;
    assert!(none["features"].as_array().unwrap().iter().all(|feature| feature["geometry"].is_null()));
    let classes = expect(world.get("/ogc/conformance"), 200).await;
    for class in ["zoom-level", "zoom-level-features"] {
        let class = format!("http://www.opengis.net/spec/ogcapi-features-7/1.0/conf/{class}");
        assert!(classes["conformsTo"].as_array().unwrap().contains(&json!(class)));
    }
}
