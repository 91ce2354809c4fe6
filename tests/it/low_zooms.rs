//! Tiles at low zooms: what is drawn from which zoom on, and what stands for the rest.

use crate::layers::fields;
use crate::loading::{feature, load};
use crate::support::{World, expect, square};
use jingtu::kernel::Day;
use jingtu::platform::{Permission, Reply, Role};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A feature of a tile: its shape (1 a point, 3 an area), its properties, how many numbers its geometry has.
#[derive(Debug)]
struct Feature {
    shape: u64,
    properties: BTreeMap<String, Value>,
    numbers: usize,
}

impl Feature {
    fn text(&self, name: &str) -> String {
        self.properties[name].as_str().unwrap().to_owned()
    }

    fn number(&self, name: &str) -> u64 {
        self.properties[name].as_u64().unwrap()
    }
}

type Layers = BTreeMap<String, Vec<Feature>>;

fn varints(bytes: &[u8]) -> Vec<u64> {
    let mut all = Vec::new();
    let (mut n, mut shift) = (0, 0);
    for byte in bytes {
        n |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if *byte < 0x80 {
            all.push(n);
            (n, shift) = (0, 0);
        }
    }
    all
}

fn read(tile: &[u8]) -> Layers {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let value = |bytes: &[u8]| match fields(bytes).remove(0) {
        (1, Err(t)) => json!(text(t)),
        (3, Err(n)) => json!(f64::from_le_bytes(n.try_into().unwrap())),
        (5, Ok(n)) => json!(n),
        (7, Ok(b)) => json!(b == 1),
        other => panic!("{other:?}"),
    };
    let layer = |bytes: &[u8]| {
        let all = fields(bytes);
        let bytes_of = |n| all.iter().filter(move |f| f.0 == n).map(|f| f.1.unwrap_err());
        let keys: Vec<String> = bytes_of(3).map(text).collect();
        let values: Vec<Value> = bytes_of(4).map(value).collect();
        let feature = |bytes: &[u8]| {
            let mut feature = Feature { shape: 0, properties: BTreeMap::new(), numbers: 0 };
            for field in fields(bytes) {
                match field {
                    (2, Err(tags)) => {
                        for pair in varints(tags).chunks(2) {
                            let at = |n: u64| usize::try_from(n).unwrap();
                            feature.properties.insert(keys[at(pair[0])].clone(), values[at(pair[1])].clone());
                        }
                    }
                    (3, Ok(shape)) => feature.shape = shape,
                    (4, Err(commands)) => feature.numbers = varints(commands).len(),
                    other => panic!("{other:?}"),
                }
            }
            feature
        };
        (text(bytes_of(1).next().unwrap()), bytes_of(2).map(feature).collect())
    };
    fields(tile).into_iter().map(|(_, bytes)| layer(bytes.unwrap_err())).collect()
}

/// The tile of a zoom that a place lies in, as `zoom/row/column`.
fn place(zoom: u32, lon: f64, lat: f64) -> String {
    let world = f64::from(1_u32 << zoom);
    let row = (0.5 - lat.to_radians().tan().asinh() / std::f64::consts::TAU) * world;
    format!("{zoom}/{}/{}", row.floor(), ((lon + 180.0) / 360.0 * world).floor())
}

struct Low {
    world: World,
}

impl Low {
    async fn bytes(&self, layer: &str, rest: &str, key: Option<&str>) -> (bool, Vec<u8>) {
        let mut request = self.world.get(&format!("/ogc/collections/{layer}/tiles/WebMercatorQuad/{rest}"));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.unwrap();
        assert!(response.status() == 200 || response.status() == 204, "{layer} {rest}: {}", response.status());
        let truncated = response.headers().get("jingtu-truncated").is_some_and(|value| value == "true");
        (truncated, response.bytes().await.unwrap().to_vec())
    }

    async fn tile(&self, layer: &str, rest: &str, key: Option<&str>) -> Layers {
        read(&self.bytes(layer, rest, key).await.1)
    }

    async fn run(&self, permission: Permission, sql: &'static str) {
        let mut act = self.world.act(permission).await;
        sqlx::query(sql).execute(act.tx()).await.unwrap();
        act.note("test", json!({"changed": true}));
        act.finish(Reply::nothing()).await.unwrap();
    }

    async fn known_before(&self) -> String {
        let then = format!("known_at={}", Day::of(2026, 11, 22).start().format("%Y-%m-%dT%H:%M:%SZ"));
        self.world.clock.move_to(Day::of(2026, 11, 25));
        then
    }
}

async fn sites(low: &Low, code: &str, n: usize, division: &str, (lon, lat): (f64, f64), stage: &str) {
    let site = |i: usize| {
        let properties =
            json!({"code": format!("{code}{i}"), "name": "地块", "division_code": division, "stage": stage});
        let (column, row) = ((i % 10) as f64, (i / 10) as f64);
        feature(properties, square(lon + column * 0.013, lat + row * 0.011, 100.0))
    };
    let all: Vec<_> = (0..n).map(site).collect();
    load(&low.world, "sites", &all, 1000).await;
}

#[tokio::test]
async fn clusters_count_what_the_caller_sees() {
    let low = Low { world: World::new().await };
    sites(&low, "A", 40, "152921", (105.0, 38.0), "suspected").await;
    sites(&low, "B", 20, "140602", (112.4, 39.3), "suspected").await;
    sites(&low, "C", 7, "152921", (105.5, 38.5), "contaminated").await;
    let county = low.world.key(Role::CountyEcology, "152921").await;
    let nation = low.world.key(Role::Auditor, "000000").await;
    let count = async |layer: &str, zoom: u32, query: &str, key: Option<&str>| {
        // Every tile that they could lie in, each asked once.
        let mut places = BTreeSet::new();
        for (lon, lat) in [(105.0, 38.0), (112.4, 39.3), (105.5, 38.5)] {
            for step in [0.0, 0.03, 0.06, 0.09, 0.12] {
                for up in [0.0, 0.015, 0.03, 0.045] {
                    places.insert(place(zoom, lon + step, lat + up));
                }
            }
        }
        let (mut points, mut counted, mut outlines) = (0, 0, 0);
        for place in places {
            for (name, features) in low.tile(layer, &format!("{place}{query}"), key).await {
                if name == layer {
                    outlines += features.len();
                    continue;
                }
                assert_eq!(name, format!("{layer}-points"));
                for feature in features {
                    assert_eq!(feature.shape, 1);
                    let n = feature.number("point_count");
                    assert_eq!(feature.text("point_count_abbreviated"), n.to_string());
                    let classes = feature.properties.iter().filter(|(name, _)| name.starts_with("count_"));
                    assert_eq!(classes.map(|(_, n)| n.as_u64().unwrap()).sum::<u64>(), n);
                    assert!(!feature.properties.contains_key("id"));
                    (points, counted) = (points + 1, counted + n);
                }
            }
        }
        (points, counted, outlines)
    };
    for zoom in [0, 1, 4, 7, 9] {
        let (points, counted, outlines) = count("suspected-sites", zoom, "", Some(&county)).await;
        assert_eq!((counted, outlines), (40, 0), "zoom {zoom}");
        assert!(points < 40 && (zoom > 4 || points == 1), "zoom {zoom}: {points}");
        assert_eq!(count("suspected-sites", zoom, "", Some(&nation)).await.1, 60, "zoom {zoom}");
        assert_eq!(count("contaminated-sites", zoom, "", None).await.1, 7, "zoom {zoom}");
    }
    assert_eq!(count("suspected-sites", 5, "?code=A3", Some(&county)).await.1, 1);
    assert_eq!(count("suspected-sites", 5, "?code=B3", Some(&county)).await.1, 0);
    let then = low.known_before().await;
    sites(&low, "D", 5, "152921", (105.02, 38.05), "suspected").await;
    assert_eq!(count("suspected-sites", 3, "", Some(&county)).await.1, 45);
    assert_eq!(count("suspected-sites", 3, &format!("?{then}"), Some(&county)).await.1, 40);

    // Nearer by each is a point with its properties, once; nearer still an outline.
    for (zoom, shape) in [(10, 1), (11, 1), (14, 3)] {
        let tile = low.tile("contaminated-sites", &place(zoom, 105.5003, 38.5003), None).await;
        let name = if shape == 1 { "contaminated-sites-points" } else { "contaminated-sites" };
        assert_eq!(tile.keys().collect::<Vec<_>>(), [name], "zoom {zoom}");
        let features = &tile[name];
        assert!(features.iter().all(|f| f.shape == shape && f.text("stage") == "contaminated"), "zoom {zoom}");
        let codes: BTreeSet<_> = features.iter().map(|f| f.text("code")).collect();
        assert!(codes.contains("C0") && codes.len() == features.len(), "zoom {zoom}: {codes:?}");
    }
}

#[tokio::test]
async fn points_are_gathered_from_afar_and_themselves_near_by() {
    let low = Low { world: World::new().await };
    low.run(
        Permission::SamplingWrite,
        "insert into sampling_point (id, code, division_code, program, geom)
         select gen_random_uuid(), 'P' || i, '152921', 'survey', case when i < 9 then st_setsrid(st_point(105 + i * 0.001, 38), 4490) end
         from generate_series(0, 9) i",
    )
    .await;
    let key = low.world.key(Role::Agriculture, "152921").await;
    let far = low.tile("sampling-points", &place(6, 105.0, 38.0), Some(&key)).await;
    let clusters = &far["sampling-points-points"];
    assert_eq!((far.len(), clusters.iter().map(|f| f.number("point_count")).sum::<u64>()), (1, 9));
    assert_eq!(clusters.iter().map(|f| f.number("count_survey")).sum::<u64>(), 9);
    let near = low.tile("sampling-points", &place(10, 105.0, 38.0), Some(&key)).await;
    assert_eq!((near.len(), near["sampling-points"].len()), (1, 9));
}

/// Fields of many sizes about the middle of one tile of zoom 14, of three classes.
const FIELDS: &str = "
    insert into farmland_unit (id, code, division_code, land_type, class, area_m2, geom)
    select md5(i::text)::uuid, 'F' || i, case when i % 2 = 0 then '152921' else '140602' end, 'paddy',
           (array['priority_protection', 'safe_use', 'strict_control'])[i % 3 + 1], 1,
           st_expand(st_setsrid(st_point(105.0073242 + (i % 20 - 10) * 0.0003, 38.0005 + (i / 20 - 15) * 0.0003), 4490),
                     0.00003 * 1.02 ^ (i % 190))
    from generate_series(0, 599) i";

#[tokio::test]
async fn a_field_is_drawn_from_some_zoom_on_and_stood_for_before() {
    let low = Low { world: World::new().await };
    low.run(Permission::FarmlandWrite, FIELDS).await;
    let nation = low.world.key(Role::Auditor, "000000").await;
    let county = low.world.key(Role::Agriculture, "152921").await;
    let rows: Vec<(String, i16, i16, String, String)> =
        sqlx::query_as("select id::text, drawn_from, seen_from, class, division_code from farmland_unit")
            .fetch_all(low.world.app.db())
            .await
            .unwrap();
    assert!(rows.iter().all(|row| row.2 <= row.1.max(3)), "each stands for itself at least");
    assert!(
        rows.iter().any(|row| row.2 < row.1 - 1)
            && rows.iter().any(|row| row.1 < 13)
            && rows.iter().any(|row| row.1 > 15)
    );
    let mut before = BTreeSet::new();
    for zoom in 0..=15 {
        let mut drawn = BTreeSet::new();
        for step in [-0.006, -0.003, 0.0, 0.003, 0.006] {
            for up in [-0.006, -0.003, 0.0, 0.003, 0.006] {
                let place = place(zoom, 105.0073242 + step, 38.0005 + up);
                let tile = low.tile("farmland", &place, Some(&nation)).await;
                drawn.extend(tile.get("farmland").into_iter().flatten().map(|f| f.text("id")));
                if zoom >= 12 {
                    assert!(!tile.contains_key("farmland-overview"), "zoom {zoom}");
                }
            }
        }
        let zoom = i16::try_from(zoom).unwrap();
        let wanted: BTreeSet<_> =
            rows.iter().filter(|row| row.1 <= zoom || zoom >= 12).map(|row| row.0.clone()).collect();
        assert_eq!(drawn, wanted, "zoom {zoom}");
        assert!(before.is_subset(&drawn), "zoom {zoom}");
        before = drawn;
    }
    // Squares stand where what is not drawn is: for each caller of its own rows, and by what is asked for.
    for zoom in 0..=11 {
        for (key, query, rest) in
            [(&nation, "", None), (&county, "", Some("152921")), (&nation, "?class=strict_control", None)]
        {
            let tile = low.tile("farmland", &format!("{}{query}", place(zoom, 105.0073242, 38.0005)), Some(key)).await;
            let zoom = i16::try_from(zoom).unwrap();
            let small: BTreeSet<_> = rows
                .iter()
                .filter(|row| row.1 > zoom)
                .filter(|row| rest.is_none_or(|division| row.4 == division))
                .filter(|row| query.is_empty() || query.ends_with(row.3.as_str()))
                .map(|row| row.3.clone())
                .collect();
            let squares = tile.get("farmland-overview").map_or(&[][..], Vec::as_slice);
            assert!(squares.iter().all(|f| f.shape == 3 && f.properties.len() == 1), "zoom {zoom}");
            let shown: BTreeSet<_> = squares.iter().map(|f| f.text("class")).collect();
            assert!(shown.is_subset(&small), "zoom {zoom}{query}: {shown:?} {small:?}");
            assert!(shown.is_empty() == small.is_empty(), "zoom {zoom}{query}");
        }
    }
    let then = low.known_before().await;
    low.run(Permission::FarmlandWrite, "update farmland_unit set class = 'unclassified'").await;
    for (query, class) in [(String::new(), true), (format!("?{then}"), false)] {
        let tile = low.tile("farmland", &format!("{}{query}", place(11, 105.0073242, 38.0005)), Some(&nation)).await;
        for layer in ["farmland", "farmland-overview"] {
            assert!(
                !tile[layer].is_empty() && tile[layer].iter().all(|f| (f.text("class") == "unclassified") == class)
            );
        }
    }
}

/// Fields 30 m wide, so many on a board whose fields are 330 m apart.
async fn board(low: &Low, from: u32, to: u32) {
    let mut act = low.world.act(Permission::FarmlandWrite).await;
    sqlx::query(
        "insert into farmland_unit (id, code, division_code, land_type, class, area_m2, geom)
         select md5(i::text)::uuid, 'F' || i, case when i % 1000 = 0 then '152921' else '140602' end, 'paddy', 'safe_use', 1,
                st_expand(st_setsrid(st_point(105 + (i % 400) * 0.003, 38 + (i / 400) * 0.003), 4490), 0.00015)
         from generate_series($1, $2) i",
    )
    .bind(i32::try_from(from).unwrap())
    .bind(i32::try_from(to).unwrap() - 1)
    .execute(act.tx())
    .await
    .unwrap();
    act.note("test", json!({"changed": true}));
    act.finish(Reply::nothing()).await.unwrap();
}

#[tokio::test]
async fn squares_are_about_all_where_that_is_not_too_much_and_else_about_a_sample() {
    let low = Low { world: World::new().await };
    let nation = low.world.key(Role::Auditor, "000000").await;
    let county = low.world.key(Role::Agriculture, "152921").await;
    let squares = async |zoom: u32, key: &str| {
        let tile = low.tile("farmland", &place(zoom, 105.6, 38.4), Some(key)).await;
        tile.get("farmland-overview").map_or(0, Vec::len)
    };
    board(&low, 0, 100_000).await;
    let mut few = Vec::new();
    for zoom in 0..=10 {
        few.push(squares(zoom, &nation).await);
    }
    assert!(few.iter().all(|n| *n > 0), "{few:?}");
    let own = squares(9, &county).await;
    // One field more than can be counted in: a sample stands for all, that still is to be seen from afar. Who sees few of
    // them sees every one.
    board(&low, 100_000, 100_002).await;
    let k: i16 = sqlx::query_scalar(
        "select max(k)::smallint from generate_series(3, 10) k
         where (select count(*) from farmland_unit where seen_from <= k) <= 20000",
    )
    .fetch_one(low.world.app.db())
    .await
    .unwrap();
    assert!(k > 8, "{k}");
    for zoom in 0..=10_i16 {
        let sample: i64 = sqlx::query_scalar(
            "select count(*) from farmland_unit where seen_from <= greatest($1, $2) and drawn_from > $1",
        )
        .bind(zoom)
        .bind(k)
        .fetch_one(low.world.app.db())
        .await
        .unwrap();
        let zoom = u32::try_from(zoom).unwrap();
        let n = squares(zoom, &nation).await;
        assert!(n > 0 && n <= usize::try_from(sample).unwrap(), "zoom {zoom}: {n} of {sample}");
        assert!(squares(zoom, &county).await > 0);
    }
    assert_eq!(squares(9, &county).await, own);
}

#[tokio::test]
async fn a_tile_with_too_much_has_the_largest() {
    let low = Low { world: World::new().await };
    // Specks, and one field among them whose identifier is the last.
    low.run(
        Permission::FarmlandWrite,
        "insert into farmland_unit (id, code, division_code, land_type, area_m2, geom)
         select case when i = 0 then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else md5(i::text)::uuid end, 'F' || i, '152921', 'paddy', 1,
                st_expand(st_setsrid(st_point(105.0127 + (i % 225) * 0.00005, 38.0003 + (i / 225) * 0.00004), 4490),
                          case when i = 0 then 0.0005 else 0.00001 end)
         from generate_series(0, 50100) i",
    )
    .await;
    let key = low.world.key(Role::Agriculture, "152921").await;
    let (truncated, bytes) = low.bytes("farmland", &place(14, 105.0183, 38.0048), Some(&key)).await;
    let tile = read(&bytes);
    let n = tile["farmland"].len();
    assert!(truncated && bytes.len() < 5 << 20 && n > 20_000 && n <= 50_000, "{truncated} {} {n}", bytes.len());
    assert!(tile["farmland"].iter().any(|f| f.text("code") == "F0"));
    let again = low.bytes("farmland", &place(14, 105.0183, 38.0048), Some(&key)).await;
    assert!(again.0 && again.1 == bytes, "the same rows, the same bytes");
    let (truncated, _) = low.bytes("farmland", &place(17, 105.0127, 38.0003), Some(&key)).await;
    assert!(!truncated);
}

#[tokio::test]
async fn boundaries_have_few_vertices_from_afar_and_all_near_by() {
    let low = Low { world: World::new().await };
    low.run(
        Permission::DivisionWrite,
        "update division set geom = (
            select st_setsrid(st_makepolygon(st_addpoint(line, st_startpoint(line))), 4490)
            from (select st_makeline(st_point(105 + r * cos(a), 38 + r * sin(a)) order by a) as line
                  from (select i * pi() / 10000 as a, 1 + 0.002 * sin(i * pi() / 25) + 0.0003 * sin(i * 2.1) as r
                        from generate_series(0, 19999) i) s) l)
         where code = '152921'",
    )
    .await;
    let numbers = async |rest: String| {
        let tile = low.tile("divisions", &rest, None).await;
        let found = tile["divisions"].iter().find(|f| f.text("code") == "152921").unwrap();
        assert_eq!(found.shape, 3);
        found.numbers
    };
    let (far, near) = (numbers(place(3, 105.0, 38.0)).await, numbers(place(6, 105.9, 38.0)).await);
    assert!(far > 8 && far < 200 && near < 3_000, "{far} {near}");
    // As the rows are from zoom 10 on: an eighth of the boundary is in this tile.
    assert!(numbers(place(10, 106.0, 38.05)).await > 500);
    let then = low.known_before().await;
    low.run(
        Permission::DivisionWrite,
        "update division set geom = st_makeenvelope(104, 37, 106, 39, 4490) where code = '152921'",
    )
    .await;
    assert!(numbers(place(3, 105.0, 38.0)).await < 20);
    assert_eq!(numbers(format!("{}?{then}", place(3, 105.0, 38.0))).await, far);
}

#[tokio::test]
async fn what_tiles_leave_out_is_said() {
    let low = Low { world: World::new().await };
    let key = low.world.key(Role::Auditor, "000000").await;
    let get = async |path: &str| expect(low.world.get(path).bearer_auth(&key), 200).await;
    let document = get("/ogc/collections/farmland/tiles/WebMercatorQuad/tilejson").await;
    let omission = &document["omissions"][0];
    assert_eq!((&omission["belowZoom"], &omission["narrowerThanPixels"]), (&json!(12), &json!(6)));
    assert_eq!(omission["instead"], "farmland-overview");
    let layers = document["vector_layers"].as_array().unwrap();
    assert_eq!((&layers[1]["id"], &layers[1]["maxzoom"]), (&json!("farmland-overview"), &json!(11)));
    assert_eq!(layers[1]["fields"], json!({"class": "String"}));
    let document = get("/ogc/collections/contaminated-sites/tiles/WorldCRS84Quad/tilejson").await;
    let points = &document["vector_layers"][1];
    assert_eq!((&points["id"], &points["maxzoom"]), (&json!("contaminated-sites-points"), &json!(11)));
    for field in ["id", "code", "point_count", "point_count_abbreviated", "count_risk_control"] {
        assert!(points["fields"].get(field).is_some(), "{field}");
    }
    let set = get("/ogc/collections/sampling-points/tiles/WebMercatorQuad").await;
    assert_eq!(set["omissions"][0]["belowZoom"], 10);
    let set = get("/ogc/collections/control-zones/tiles/WebMercatorQuad").await;
    assert!(set.get("omissions").is_none());
}
