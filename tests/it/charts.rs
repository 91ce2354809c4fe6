//! Layers for Chinese web maps: boxes, filters and tiles in the coordinates that those maps have, held against every feature
//! drawn one by one.

use crate::layers::{Maps, codes, fields, follow, href, sorted};
use crate::loading::{feature, load};
use crate::support::{World, expect, square};
use jingtu::kernel::{Bbox, Chart, Day};
use jingtu::layers::format::Form;
use jingtu::platform::{Caller, Permission, Reply, Role};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;

type Place = [f64; 2];

/// Triangles: within China; on both sides of the Yalu, where first vertices decide; in Taiwan, which one of the charts leaves
/// straight; about Hanoi; over the meridian 105 E; and three of the size of provinces, one of which begins in China.
const TRIANGLES: &str = "
    insert into division (id, code, name_zh, name_en, level, kind, parent_code, ancestors, geom)
    select gen_random_uuid(), (900000 + i)::text, '三角', 'inner', 'county', 'development_zone', '152921', array['000000', (900000 + i)::text],
           st_setsrid(st_makepolygon(st_makeline(array[
               st_point(lon + size * cos(turn), lat + size * sin(turn)), st_point(lon + size * cos(turn + 2), lat + size * sin(turn + 2)),
               st_point(lon + size * cos(turn + 4), lat + size * sin(turn + 4)), st_point(lon + size * cos(turn), lat + size * sin(turn))])), 4490)
    from (select i, turn, lon0 + (x - 0.5) * wide as lon, lat0 + (y - 0.5) * wide as lat,
                 case when i >= 447 then 1.5 else 0.0006 * 20 ^ s end as size
          from (select i, abs(sin(i * 12.9898)) * 43758.5453 - floor(abs(sin(i * 12.9898)) * 43758.5453) as x,
                       abs(sin(i * 78.233)) * 43758.5453 - floor(abs(sin(i * 78.233)) * 43758.5453) as y,
                       abs(sin(i * 37.719)) * 43758.5453 - floor(abs(sin(i * 37.719)) * 43758.5453) as s, i * 0.7 as turn,
                       case when i < 150 then 106.2 when i < 300 then 124.38 when i < 350 then 121.5 when i < 400 then 105.85
                            when i < 447 then 105.0 when i = 447 then 107.0 when i = 448 then 125.0 else 105.5 end as lon0,
                       case when i < 150 then 38.2 when i < 300 then 40.1 when i < 350 then 25.0 when i < 400 then 21.03
                            when i < 447 then 34.0 when i = 447 then 38.0 when i = 448 then 40.2 else 22.3 end as lat0,
                       case when i between 150 and 299 then 0.06 when i < 447 then 0.12 else 0 end as wide
                from generate_series(0, 449) i) s1) s2";

const GROUPS: [(f64, f64); 5] = [(106.2, 38.2), (124.38, 40.1), (121.5, 25.0), (105.85, 21.03), (105.0, 34.0)];

/// Numbers from 0 to 1, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A place in one of the groups, and a little beyond.
    fn place(&mut self, group: usize) -> Place {
        let (lon, lat) = GROUPS[group % GROUPS.len()];
        [lon + (self.roll() - 0.5) * 0.3, lat + (self.roll() - 0.5) * 0.3]
    }

    /// Degrees, some few and some many.
    fn size(&mut self, most: f64) -> f64 {
        0.0002 * (most / 0.0002).powf(self.roll())
    }
}

fn uri(chart: Chart) -> String {
    format!("urn:jingtu:crs:{}", chart.name())
}

fn encoded(text: &str) -> String {
    let form = reqwest::Url::parse_with_params("http://h/", [("a", text)]).unwrap();
    form.query().unwrap().trim_start_matches("a=").replace('+', "%20")
}

/// Every triangle by its code, its corners as they are given out.
async fn drawn(maps: &Maps, crs: &str) -> BTreeMap<String, Vec<Place>> {
    let page = maps.get(&format!("/ogc/collections/open/items?limit=10000&precision=15&crs={crs}"), None).await;
    let features = page["features"].as_array().unwrap();
    let corners = |f: &Value| serde_json::from_value(f["geometry"]["coordinates"][0].clone()).unwrap();
    features.iter().map(|f| (f["properties"]["code"].as_str().unwrap().to_owned(), corners(f))).collect()
}

fn bounds(corners: &[Place]) -> Bbox {
    let over = |n: usize, from: f64, pick: fn(f64, f64) -> f64| corners.iter().map(|at| at[n]).fold(from, pick);
    Bbox {
        west: over(0, f64::MAX, f64::min),
        south: over(1, f64::MAX, f64::min),
        east: over(0, f64::MIN, f64::max),
        north: over(1, f64::MIN, f64::max),
    }
}

/// How far two boxes are apart; less than nothing where they meet.
fn gap(a: &Bbox, b: &Bbox) -> f64 {
    (a.west - b.east).max(b.west - a.east).max(a.south - b.north).max(b.south - a.north)
}

fn text(bbox: &Bbox) -> String {
    format!("{:.7},{:.7},{:.7},{:.7}", bbox.west, bbox.south, bbox.east, bbox.north)
}

async fn triangles() -> Maps {
    let maps = Maps::new().await;
    maps.change(TRIANGLES).await;
    maps
}

#[tokio::test]
async fn features_are_drawn_by_their_first_vertex_as_a_whole() {
    let maps = triangles().await;
    let straight = drawn(&maps, "CRS84").await;
    assert_eq!(straight.len(), 450);
    for chart in Chart::ALL {
        let (mut shifted, mut torn) = (0, 0);
        for (code, corners) in drawn(&maps, &uri(chart)).await {
            let places = &straight[&code];
            let covered = chart.covers(places[0]);
            (shifted, torn) = (
                shifted + usize::from(covered),
                torn + usize::from(places.iter().any(|place| chart.covers(*place) != covered)),
            );
            for (place, corner) in places.iter().zip(corners) {
                let wanted = if covered { chart.shift(*place) } else { *place };
                assert!(gap(&bounds(&[wanted]), &bounds(&[corner])) < 1e-12, "{code}");
            }
        }
        assert!(shifted > 200 && shifted < 390 && torn > 10, "{chart:?}: {shifted} of 450, {torn} over the outline");
    }
}

#[tokio::test]
async fn a_box_of_a_chart_has_what_the_chart_draws_in_it() {
    let maps = triangles().await;
    let mut dice = Dice(7);
    for chart in Chart::ALL {
        let features = drawn(&maps, &uri(chart)).await;
        let features: Vec<(String, Bbox)> =
            features.iter().map(|(code, corners)| (code.clone(), bounds(corners))).collect();
        let (mut found, mut beside) = (0, 0);
        for n in 0..130 {
            let [west, south] = dice.place(n);
            let (width, height) = (dice.size(2.0), dice.size(2.0));
            let mut asked = Bbox { west, south, east: west + width, north: south + height };
            if n % 13 == 0 {
                asked = Bbox { west: 106.3, south, east: -170.0, north: 42.0 };
            }
            // One side that just touches a feature, or just does not.
            if n % 2 == 0 {
                let (_, of) = &features[n * 3 % features.len()];
                let by = if n % 4 == 0 { 1e-6 } else { -1e-6 };
                asked = Bbox {
                    west: of.west - width,
                    south: of.south - height,
                    east: of.west + by,
                    north: of.north + height,
                };
            }
            let bbox = text(&asked);
            let asked = Bbox::parse(&bbox).unwrap();
            let path = format!("/ogc/collections/open/items?bbox={bbox}&bbox-crs={}&limit=10000", uri(chart));
            let got: BTreeSet<String> = codes(&maps.get(&path, None).await).into_iter().collect();
            let near = |of: &Bbox| asked.parts().iter().map(|part| gap(part, of)).fold(f64::MAX, f64::min);
            for (code, of) in &features {
                let gap = near(of);
                assert!(
                    gap.abs() < 1e-9 || (gap <= 0.0) == got.contains(code),
                    "{chart:?} {bbox}: {code} is {gap} apart, {}",
                    got.contains(code)
                );
            }
            found += got.len();
            let path = format!("/ogc/collections/open/items?bbox={bbox}&limit=10000");
            let plain: BTreeSet<String> = codes(&maps.get(&path, None).await).into_iter().collect();
            beside += got.symmetric_difference(&plain).count();
        }
        assert!(found > 1000 && beside > 100, "{chart:?}: {found} found, {beside} otherwise than without a chart");
    }
}

#[tokio::test]
async fn pages_counts_and_files_of_a_box_of_a_chart_agree() {
    let maps = triangles().await;
    let layer = "/ogc/collections/open";
    for (chart, asked) in [
        (Chart::Gcj02, "106.15,38.15,106.25,38.3"),
        (Chart::Bd09, "106.15,38.15,106.25,38.3"),
        (Chart::Gcj02, "124.36,40.08,124.4,40.13"),
        (Chart::Bd09, "124.36,40.08,124.4,40.13"),
    ] {
        let features = drawn(&maps, &uri(chart)).await;
        let bbox = Bbox::parse(asked).unwrap();
        let wanted: Vec<String> = features
            .iter()
            .filter(|(_, corners)| gap(&bbox, &bounds(corners)) <= 0.0)
            .map(|(code, _)| code.clone())
            .collect();
        assert!(wanted.len() > 12 && wanted.len() < 140, "{}", wanted.len());
        let query = format!("bbox={asked}&bbox-crs={}&crs={}", uri(chart), uri(chart));
        let items = format!("{layer}/items?{query}");
        assert_eq!(sorted(&maps.get(&format!("{items}&limit=1000"), None).await), wanted);
        // Page by page, in the order of identifiers and in another: nothing is dropped, nothing comes twice, and each page
        // but the last is full.
        for order in ["", "&sortby=-code"] {
            let pages = follow(&maps, &format!("{items}&limit=5{order}"), None).await;
            let all: Vec<String> = pages.iter().flat_map(codes).collect();
            assert_eq!(all.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), wanted);
            assert_eq!(all.len(), wanted.len());
            let (last, full) = pages.split_last().unwrap();
            assert!(full.iter().all(|page| page["numberReturned"] == 5) && href(last, "next").is_none());
            if !order.is_empty() {
                assert!(all.iter().rev().eq(&wanted));
                let skipped = maps.get(&format!("{items}&limit=5&offset=7{order}"), None).await;
                assert_eq!(codes(&skipped), all[7..12]);
            }
        }
        let hits = maps.get(&format!("{items}&resultType=hits"), None).await;
        assert_eq!((&hits["numberMatched"], &hits["numberReturned"]), (&json!(wanted.len()), &json!(0)));
        assert_eq!(maps.get(&format!("{items}&limit=1"), None).await["numberMatched"], wanted.len());
        let half = wanted.len() / 2;
        let code = &wanted[half];
        let filtered = format!("{items}&limit=1000&filter={}", encoded(&format!("code < '{code}'")));
        assert_eq!(sorted(&maps.get(&filtered, None).await), wanted[..half]);

        let lines = async |path: String| maps.ask(&path, None).await.text().await.unwrap();
        let csv = lines(format!("{items}&f=csv&skipGeometry=true&properties=code")).await;
        let mut rows: Vec<&str> = csv.lines().skip(1).map(|row| row.rsplit(',').next().unwrap()).collect();
        rows.sort_unstable();
        assert_eq!(rows, wanted);
        let sequence = lines(format!("{items}&f=geojsonseq")).await;
        assert_eq!(sequence.lines().count(), wanted.len());
        assert_eq!(lines(format!("{items}&f=geojsonseq&limit=6")).await.lines().count(), 6);
        for file in ["fgb", "parquet", "gpkg", "html", "jsonfg"] {
            assert_eq!(maps.ask(&format!("{items}&f={file}"), None).await.status(), 200, "{file}");
        }
        let body = json!({"bbox": asked, "bbox-crs": uri(chart), "limit": 1000});
        let response = maps.client.post(maps.url(&format!("{layer}/search"))).json(&body).send().await.unwrap();
        assert_eq!(sorted(&response.json().await.unwrap()), wanted);

        let pairs = [("bbox", asked.to_owned()), ("bbox-crs", uri(chart))];
        let mut out = std::io::Cursor::new(Vec::new());
        let divisions = jingtu::registers::layers().find(|layer| layer.id == "divisions").unwrap();
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value)).to_vec();
        jingtu::layers::export(&maps.world.app, divisions, &Caller::Operator, pairs, Form::GeoJson, &mut out)
            .await
            .unwrap();
        let exported: Value = serde_json::from_slice(out.get_ref()).unwrap();
        let exported: Vec<String> = sorted(&exported).into_iter().filter(|code| code.starts_with('9')).collect();
        assert_eq!(exported, wanted);
    }
}

#[tokio::test]
async fn a_box_of_a_chart_is_of_the_past_too_and_of_what_the_caller_sees() {
    let maps = triangles().await;
    let chart = Chart::Gcj02;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let query = format!("bbox=106.1,38.1,106.25,38.3&bbox-crs={}&limit=1000", uri(chart));
    let get = async |layer: &str, rest: &str| {
        sorted(&maps.get(&format!("/ogc/collections/{layer}/items?{query}{rest}"), Some(&county)).await)
    };
    let before = get("open", "").await;
    assert!(before.len() > 20);
    assert_eq!(get("closed", "").await, before);
    let then = Day::of(2026, 11, 22).start().format("%Y-%m-%dT%H:%M:%SZ");
    maps.world.clock.move_to(Day::of(2026, 11, 25));
    maps.change("update division set geom = st_translate(geom, 20, 0) where code like '9000%'").await;
    assert!(get("open", "").await.len() < before.len() / 2);
    assert_eq!(get("open", &format!("&known_at={then}")).await, before);
    let other = maps.world.key(Role::CountyEcology, "140602").await;
    let page = maps.get(&format!("/ogc/collections/closed/items?{query}"), Some(&other)).await;
    assert_eq!(codes(&page).len(), 0);
}

/// Whether two triangles meet, by how far apart they are at most along any of their sides' normals.
fn apart(a: &[Place], b: &[Place]) -> f64 {
    let sides = |ring: &[Place]| ring.windows(2).map(|side| [side[0], side[1]]).collect::<Vec<_>>();
    let mut apart = f64::MIN;
    for [p, q] in sides(a).into_iter().chain(sides(b)) {
        let length = (q[0] - p[0]).hypot(q[1] - p[1]);
        let normal = [(q[1] - p[1]) / length, (p[0] - q[0]) / length];
        let span = |ring: &[Place]| {
            let along = ring.iter().map(|at| at[0] * normal[0] + at[1] * normal[1]);
            along.fold((f64::MAX, f64::MIN), |(low, high), n| (low.min(n), high.max(n)))
        };
        let ((a0, a1), (b0, b1)) = (span(a), span(b));
        apart = apart.max(a0 - b1).max(b0 - a1);
    }
    apart
}

#[tokio::test]
async fn a_filter_finds_what_was_drawn_on_the_map() {
    let maps = triangles().await;
    let straight = drawn(&maps, "CRS84").await;
    let mut dice = Dice(3);
    for chart in Chart::ALL {
        // Those of the size of provinces have sides that bend.
        let mut features = drawn(&maps, &uri(chart)).await;
        features.retain(|_, corners| bounds(corners).east - bounds(corners).west < 1.0);
        let wkt = |corners: &[Place]| {
            let at: Vec<String> = corners.iter().map(|[x, y]| format!("{x:.9} {y:.9}")).collect();
            format!("POLYGON(({}))", at.join(","))
        };
        let found = async |filter: String| -> BTreeSet<String> {
            let path = format!(
                "/ogc/collections/open/items?limit=10000&filter-crs={}&filter={}",
                uri(chart),
                encoded(&filter)
            );
            codes(&maps.get(&path, None).await).into_iter().collect()
        };
        // In China, and where nothing is shifted; what bends between corners is within what is passed over.
        let mut hits = 0;
        for group in [0, 0, 2, 3, 4].into_iter().cycle().take(25) {
            let [x, y] = dice.place(group);
            let size = 0.02 + dice.size(0.2);
            let drawn: Vec<Place> =
                [0.3, 2.5, 4.4, 0.3].map(|a: f64| [x + size * a.cos(), y + size * a.sin()]).to_vec();
            let bbox = Bbox { west: x, south: y, east: x + size, north: y + size / 2.0 };
            let corners = |b: Bbox| {
                vec![[b.west, b.south], [b.east, b.south], [b.east, b.north], [b.west, b.north], [b.west, b.south]]
            };
            for (literal, outline) in [(wkt(&drawn), drawn.clone()), (format!("BBOX({})", text(&bbox)), corners(bbox))]
            {
                let within = found(format!("S_INTERSECTS(geometry, {literal})")).await;
                let beside = found(format!("S_DISJOINT(geometry, {literal})")).await;
                for (code, of) in &features {
                    let apart = apart(&outline, of);
                    assert!(
                        apart.abs() < 8e-5 || (apart < 0.0) == within.contains(code),
                        "{chart:?} {literal}: {code} {apart}"
                    );
                    assert!(within.contains(code) != beside.contains(code));
                    hits += usize::from(within.contains(code));
                }
            }
        }
        assert!(hits > 50, "{hits}");
        // By its own first corner each is found wherever it is; but not where it is drawn straight in a place that the chart
        // draws another one in.
        for (code, corners) in features.iter().step_by(7) {
            let [x, y] = corners[0];
            if !chart.covers(straight[code][0]) && chart.covers(chart.unshift(corners[0])) {
                continue;
            }
            let [a, b, c] = [corners[0], corners[1], corners[2]];
            let inner = [a[0] + (b[0] + c[0] - 2.0 * a[0]) * 0.02, a[1] + (b[1] + c[1] - 2.0 * a[1]) * 0.02];
            let line = format!("LINESTRING({x:.9} {y:.9}, {:.9} {:.9})", inner[0], inner[1]);
            assert!(found(format!("S_INTERSECTS(geometry, {line})")).await.contains(code), "{chart:?} {code}");
        }
    }
}

/// What a tile has: by layer, the features with their texts, kinds and the lists of their positions.
type Tile = BTreeMap<String, Vec<Drawn>>;

#[derive(Debug)]
struct Drawn {
    texts: BTreeMap<String, String>,
    rings: Vec<Vec<[i64; 2]>>,
}

fn varints(bytes: &[u8]) -> Vec<u64> {
    let (mut all, mut n, mut shift) = (Vec::new(), 0, 0);
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

fn rings(commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let (mut all, mut at, mut n): (Vec<Vec<[i64; 2]>>, [i64; 2], usize) = (Vec::new(), [0, 0], 0);
    while n < commands.len() {
        let (id, count) = (commands[n] & 7, commands[n] >> 3);
        n += 1;
        for _ in 0..if id == 7 { 0 } else { count } {
            for part in &mut at {
                let zigzag = commands[n];
                *part += (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
                n += 1;
            }
            if id == 1 {
                all.push(Vec::new());
            }
            all.last_mut().unwrap().push(at);
        }
    }
    all
}

fn read(tile: &[u8]) -> Tile {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let layer = |bytes: &[u8]| {
        let all = fields(bytes);
        let of = |n| all.iter().filter(move |f| f.0 == n).map(|f| f.1.unwrap_err());
        let keys: Vec<String> = of(3).map(text).collect();
        let values: Vec<Option<String>> = of(4)
            .map(|value| match fields(value).remove(0) {
                (1, Err(value)) => Some(text(value)),
                _ => None,
            })
            .collect();
        let feature = |bytes: &[u8]| {
            let mut drawn = Drawn { texts: BTreeMap::new(), rings: Vec::new() };
            for field in fields(bytes) {
                match field {
                    (2, Err(tags)) => {
                        for pair in varints(tags).chunks(2) {
                            let at = |n: u64| usize::try_from(n).unwrap();
                            if let Some(value) = &values[at(pair[1])] {
                                drawn.texts.insert(keys[at(pair[0])].clone(), value.clone());
                            }
                        }
                    }
                    (4, Err(commands)) => drawn.rings = rings(&varints(commands)),
                    _ => {}
                }
            }
            drawn
        };
        (text(of(1).next().unwrap()), of(2).map(feature).collect())
    };
    fields(tile).into_iter().map(|(_, bytes)| layer(bytes.unwrap_err())).collect()
}

/// Where a place is in a tile matrix set, in units of a tile of 4096.
fn units(tms: &str, zoom: u32, [lon, lat]: Place) -> Place {
    let across = f64::from(1_u32 << zoom) * 4096.0;
    match tms {
        "WebMercatorQuad" => [(lon + 180.0) / 360.0 * across, (0.5 - lat.to_radians().tan().asinh() / TAU) * across],
        "WorldCRS84Quad" => [(lon + 180.0) / 180.0 * across, (90.0 - lat) / 180.0 * across],
        _ => [(lon + 180.0) / 360.0 * across, (90.0 - lat) / 360.0 * across],
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a tile's number")]
fn tile_of([x, y]: Place) -> [i64; 2] {
    [(x / 4096.0).floor() as i64, (y / 4096.0).floor() as i64]
}

async fn tile(request: RequestBuilder) -> Tile {
    let response = request.send().await.unwrap();
    assert!(response.status() == 200 || response.status() == 204, "{}", response.status());
    read(&response.bytes().await.unwrap())
}

#[tokio::test]
async fn tiles_of_a_chart_show_features_where_it_draws_them() {
    let maps = triangles().await;
    for chart in Chart::ALL {
        let features = drawn(&maps, &uri(chart)).await;
        for (tms, zoom) in [
            ("WebMercatorQuad", 12),
            ("WebMercatorQuad", 15),
            ("WorldCRS84Quad", 12),
            ("CGCS2000Quad", 13),
            ("CGCS2000Quad", 17),
        ] {
            // Tiles about features of each kind, next to one another two by two.
            let (mut shown, mut seams) = (0, 0);
            for n in [3, 11, 40, 150, 161, 200, 233, 299, 310, 360, 410] {
                let corner = units(tms, zoom, features[&format!("{}", 900_000 + n)][0]);
                let [column, row] = tile_of(corner);
                let mut beside: BTreeMap<String, (i64, Vec<[i64; 2]>)> = BTreeMap::new();
                for column in [column - 1, column] {
                    let path = format!("/ogc/collections/open/tiles/{tms}/{zoom}/{row}/{column}?crs={}", uri(chart));
                    let mut tile = tile(maps.client.get(maps.url(&path))).await;
                    let got = tile.remove("open").unwrap_or_default();
                    let got: BTreeMap<&str, &Vec<Vec<[i64; 2]>>> =
                        got.iter().map(|f| (f.texts["code"].as_str(), &f.rings)).collect();
                    for (code, corners) in &features {
                        let origin = [column as f64 * 4096.0, row as f64 * 4096.0];
                        let corners: Vec<Place> = corners
                            .iter()
                            .map(|at| units(tms, zoom, *at))
                            .map(|[x, y]| [x - origin[0], y - origin[1]])
                            .collect();
                        let window = |slack: f64| {
                            let (low, high) = (-64.0 - slack, 4160.0 + slack);
                            vec![[low, low], [high, low], [high, high], [low, high], [low, low]]
                        };
                        let rings = got.get(code.as_str());
                        // Rounding leaves slivers at the window's edge to chance.
                        assert!(rings.is_some() || apart(&window(-2.0), &corners) > -2.0, "{path}: {code} is missing");
                        assert!(rings.is_none() || apart(&window(2.0), &corners) < 0.0, "{path}: {code} is beside it");
                        let Some(rings) = rings else { continue };
                        shown += 1;
                        let on_edge = |n: i64| n == -64 || n == 4160;
                        let drawn: Vec<[i64; 2]> = rings.iter().flatten().copied().collect();
                        for at in drawn.iter().filter(|at| !on_edge(at[0]) && !on_edge(at[1])) {
                            let near = corners.iter().any(|corner| {
                                (corner[0] - at[0] as f64).abs() <= 0.51 && (corner[1] - at[1] as f64).abs() <= 0.51
                            });
                            assert!(near, "{path}: {code} has {at:?}, not of {corners:?}");
                        }
                        // Both sides of a seam have the same corners where their margins overlap.
                        if let Some((other, before)) = beside.insert(code.clone(), (column, drawn.clone())) {
                            let moved = before.iter().map(|[x, y]| [x - 4096 * (column - other), *y]);
                            let in_both = |at: &[i64; 2]| (-63..64).contains(&at[0]) && !on_edge(at[1]);
                            let (a, b): (BTreeSet<_>, BTreeSet<_>) =
                                (moved.filter(in_both).collect(), drawn.into_iter().filter(in_both).collect());
                            assert_eq!(a, b, "{path}: {code} tears at the seam");
                            seams += 1;
                        }
                    }
                }
            }
            assert!(shown > 25 && seams > 2, "{tms} {zoom}: {shown} shown, {seams} over seams");
        }
    }
}

#[tokio::test]
async fn points_clusters_and_squares_stand_where_the_chart_has_them() {
    let world = World::new().await;
    let site = |code: &str, division: &str, lon: f64, lat: f64| {
        let properties = json!({"code": code, "name": "地块", "division_code": division, "stage": "contaminated"});
        feature(properties, square(lon, lat, 100.0))
    };
    let key = world.key(Role::Auditor, "000000").await;
    load(&world, "sites", &[site("S1", "152921", 105.48, 38.52)], 10).await;
    let mut act = world.act(Permission::FarmlandWrite).await;
    sqlx::query(
        "insert into farmland_unit (id, code, division_code, land_type, class, area_m2, geom)
         select md5(i::text)::uuid, 'F' || i, '152921', 'paddy', 'safe_use', 1,
                st_expand(st_setsrid(st_point(104.7 + (i % 30) * 0.05, 38.1 + (i / 30) * 0.05), 4490), 0.0004)
         from generate_series(0, 599) i",
    )
    .execute(act.tx())
    .await
    .unwrap();
    act.note("test", json!({"changed": true}));
    act.finish(Reply::nothing()).await.unwrap();
    let spot: String = sqlx::query_scalar("select spot::text from site").fetch_one(world.app.db()).await.unwrap();
    let spot: Place = serde_json::from_str(&spot.replace('(', "[").replace(')', "]")).unwrap();
    for chart in Chart::ALL {
        for (tms, zoom) in
            [("WebMercatorQuad", 7), ("WebMercatorQuad", 11), ("WorldCRS84Quad", 6), ("CGCS2000Quad", 11)]
        {
            let at = units(tms, zoom, chart.shift(spot));
            let [column, row] = tile_of(at);
            let path =
                format!("/ogc/collections/contaminated-sites/tiles/{tms}/{zoom}/{row}/{column}?crs={}", uri(chart));
            let tile = tile(world.get(&path).bearer_auth(&key)).await;
            let [x, y] = tile["contaminated-sites-points"][0].rings[0][0];
            let wanted = [at[0] - 4096.0 * column as f64, at[1] - 4096.0 * row as f64];
            assert!((wanted[0] - x as f64).abs() <= 1.0 && (wanted[1] - y as f64).abs() <= 1.0, "{path}: {wanted:?}");
            assert_eq!(tile["contaminated-sites-points"].len(), 1);
        }
        for zoom in [8_u32, 10, 11] {
            let rows: Vec<(String, bool)> =
                sqlx::query_as("select spot::text, seen_from <= $1 from farmland_unit where drawn_from > $1")
                    .bind(i16::try_from(zoom).unwrap())
                    .fetch_all(world.app.db())
                    .await
                    .unwrap();
            let squares_of = |all: bool, moved: &dyn Fn(Place) -> Place| -> BTreeSet<[i64; 2]> {
                let at = rows.iter().filter(|(_, sampled)| all || *sampled).map(|(spot, _)| {
                    let place: Place = serde_json::from_str(&spot.replace('(', "[").replace(')', "]")).unwrap();
                    units("WebMercatorQuad", zoom, moved(place))
                });
                #[expect(clippy::cast_possible_truncation, reason = "a square's number")]
                let square = |n: f64| (n / 128.0).floor() as i64;
                at.map(|at| at.map(square)).collect()
            };
            let wanted = squares_of(true, &|place| chart.shift(place));
            let tiles: BTreeSet<[i64; 2]> = wanted.iter().map(|at| at.map(|n| n.div_euclid(32))).collect();
            let mut got = BTreeSet::new();
            for [column, row] in tiles {
                let path =
                    format!("/ogc/collections/farmland/tiles/WebMercatorQuad/{zoom}/{row}/{column}?crs={}", uri(chart));
                for square in
                    tile(world.get(&path).bearer_auth(&key)).await.remove("farmland-overview").unwrap_or_default()
                {
                    let ring = &square.rings[0];
                    let over = |n: usize| {
                        (ring.iter().map(|at| at[n]).min().unwrap(), ring.iter().map(|at| at[n]).max().unwrap())
                    };
                    let ((west, east), (north, _)) = (over(0), over(1));
                    got.extend((west / 128..east / 128).map(|x| [column * 32 + x, row * 32 + north / 128]));
                }
            }
            // Those of the sample at least, and none but of what is there.
            assert!(got.is_subset(&wanted), "{chart:?} {zoom}: {got:?}");
            assert!(got.is_superset(&squares_of(false, &|place| chart.shift(place))), "{chart:?} {zoom}: {got:?}");
            let straight = squares_of(true, &|place| place);
            assert!(zoom < 11 || !got.is_subset(&straight), "{chart:?} {zoom}: nothing is shifted");
        }
    }
}

#[tokio::test]
async fn what_leads_to_tiles_leads_to_those_of_the_chart() {
    let maps = triangles().await;
    let tiles = "/ogc/collections/open/tiles/WebMercatorQuad";
    let crs = uri(Chart::Gcj02);
    let plain = maps.get(&format!("{tiles}/tilejson?level=county"), None).await;
    let json = maps.get(&format!("{tiles}/tilejson?level=county&crs={crs}"), None).await;
    let template = json["tiles"][0].as_str().unwrap();
    assert!(template.ends_with(&format!("{tiles}/{{z}}/{{y}}/{{x}}?level=county&crs={crs}")), "{template}");
    assert_ne!(json["bounds"], plain["bounds"]);
    let style = href(&json, "stylesheet").unwrap();
    assert!(style.contains(&format!("crs={crs}")), "{style}");
    let style = maps.get(&style, None).await;
    let back = style["sources"]["open"]["url"].as_str().unwrap();
    assert_eq!(maps.get(back, None).await["tiles"], json["tiles"]);

    let all = maps.get(&format!("/ogc/collections/open/tiles?crs={crs}"), None).await;
    for item in all["tilesets"].as_array().unwrap() {
        let own = href(item, "self").unwrap();
        let set = maps.get(&own, None).await;
        assert_eq!(
            (&set["chart"], &set["boundingBox"]["crs"], &set["centerPoint"]["crs"]),
            (&json!(crs), &json!(crs), &json!(crs))
        );
        for rel in ["self", "item", "describedby"] {
            assert!(href(&set, rel).unwrap().ends_with(&format!("?crs={crs}")), "{rel}");
            assert_eq!(href(&set, rel), href(item, rel));
        }
        assert_eq!(set["crs"], plain_set(&maps, &set).await["crs"], "the grid stays");
    }
    let set = maps.get(tiles, None).await;
    assert!(set.get("chart").is_none());
    let others: Vec<String> = set["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["rel"] == "alternate")
        .map(|link| link["href"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(others.len(), 2);
    for (other, chart) in others.iter().zip(Chart::ALL) {
        let set = maps.get(other, None).await;
        assert_eq!(set["chart"], uri(chart));
        // The tiles that there are said to be are all that show anything: one square of zoom 10 after another.
        let limits = &set["tileMatrixSetLimits"][10];
        for corners in drawn(&maps, &uri(chart)).await.values() {
            for at in corners {
                let [column, row] = tile_of(units("WebMercatorQuad", 10, *at));
                let within = |low: &str, high: &str, n: i64| {
                    limits[low].as_i64().unwrap() <= n && n <= limits[high].as_i64().unwrap()
                };
                assert!(within("minTileCol", "maxTileCol", column) && within("minTileRow", "maxTileRow", row));
            }
        }
    }

    // One address, one tile: a chart's is another than that of none.
    let [column, row] = tile_of(units("WebMercatorQuad", 13, [106.2, 38.2]));
    let path = format!("{tiles}/13/{row}/{column}");
    let mut tags = BTreeSet::new();
    for crs in ["CRS84".to_owned(), uri(Chart::Gcj02), uri(Chart::Bd09)] {
        let response = maps.ask(&format!("{path}?crs={crs}"), None).await;
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let request = maps.client.get(maps.url(&format!("{path}?crs={crs}"))).header("accept-language", "en");
        assert_eq!(request.header("if-none-match", &tag).send().await.unwrap().status(), 304);
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 3);
    let none = maps.ask(&path, None).await;
    assert!(tags.contains(none.headers()["etag"].to_str().unwrap()));

    for path in [
        format!("{path}?crs=http://www.opengis.net/def/crs/EPSG/0/3857"),
        format!("{path}?crs=gcj-02"),
        format!("{tiles}?crs=http://www.opengis.net/def/crs/EPSG/0/4490"),
        format!("{tiles}/tilejson?crs=http://www.opengis.net/def/crs/EPSG/0/4490"),
        "/ogc/styles/open?crs=http://www.opengis.net/def/crs/EPSG/0/4490".to_owned(),
        "/ogc/collections/open/tiles?crs=x".to_owned(),
    ] {
        let (status, code, detail) = maps.refused(&path, None).await;
        assert_eq!((status, code.as_str()), (400, "bad_parameter"), "{path}");
        assert!(detail.contains("crs"), "{detail}");
    }
    let layers = expect(maps.world.get("/ogc/collections/divisions/tiles"), 200).await;
    assert_eq!(layers["tilesets"].as_array().unwrap().len(), 3);
}

/// The same tile set without a chart.
async fn plain_set(maps: &Maps, set: &Value) -> Value {
    let own = href(set, "self").unwrap();
    maps.get(own.split('?').next().unwrap(), None).await
}
