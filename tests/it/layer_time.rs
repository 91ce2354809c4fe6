//! Layers as they were true on a day and known at an instant, held against what the registers themselves answer for the same
//! day and instant: pages, single features, counts and tiles.

use crate::farmland::{rect, with_class};
use crate::farmland_measure::{event, make, measure};
use crate::layers::read_tile;
use crate::loading::{feature, load};
use crate::support::{TODAY, World, expect, square};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jingtu::kernel::Day;
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::farmland;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The zoom at which no layer leaves anything out.
const ZOOM: u32 = 13;

/// A layer and the register that answers for it.
pub struct Pair<'a> {
    pub world: &'a World,
    pub layer: &'a str,
    /// Path and query of the register's own list, to which the day and the instant are added.
    pub register: &'a str,
    /// Fields of the layer, and what the register calls them.
    pub fields: &'a [(&'a str, &'a str)],
}

fn keyed(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    }
}

/// As it stands in a query.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub fn when(on: Day, known_at: Option<DateTime<Utc>>) -> String {
    known_at.map_or_else(|| format!("true_on={on}"), |at| format!("true_on={on}&known_at={}", instant(at)))
}

/// The tile in which a feature's first position lies.
fn tile_of(feature: &Value) -> (u32, u32) {
    let mut place = &feature["geometry"]["coordinates"];
    while place[0].is_array() {
        place = &place[0];
    }
    let (lon, lat) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
    let n = f64::from(1_u32 << ZOOM);
    let (x, y) = ((lon + 180.0) / 360.0 * n, (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tile's row and column")]
    (x as u32, y as u32)
}

impl Pair<'_> {
    async fn get(&self, path: &str, key: Option<&str>) -> Value {
        expect(keyed(self.world.get(path), key), 200).await
    }

    /// Everything by its identifier: the fields, and the outline.
    fn told(&self, page: &Value, name: impl Fn(&(&str, &str)) -> String) -> BTreeMap<String, (Vec<Value>, Value)> {
        let features = page["features"].as_array().expect("features").iter();
        features
            .map(|f| {
                let fields = self.fields.iter().map(|field| f["properties"][name(field)].clone()).collect();
                (
                    f["properties"][name(&self.fields[0])].as_str().expect("a code").to_owned(),
                    (fields, f["geometry"].clone()),
                )
            })
            .collect()
    }

    /// Holds the layer against the register on a day, as known at an instant; gives how many rows there are. All rows must
    /// lie in one tile.
    pub async fn agree(&self, key: Option<&str>, on: Day, known_at: Option<DateTime<Utc>>) -> usize {
        let when = when(on, known_at);
        let joint = if self.register.contains('?') { '&' } else { '?' };
        let register = self.get(&format!("{}{joint}limit=1000&{when}", self.register), key).await;
        let collection = format!("/ogc/collections/{}", self.layer);
        let layer = self.get(&format!("{collection}/items?limit=1000&precision=9&{when}"), key).await;
        let register = self.told(&register, |(_, name)| (*name).to_owned());
        let shown = self.told(&layer, |(name, _)| (*name).to_owned());
        assert_eq!(shown, register, "{} {when}", self.layer);

        let hits = self.get(&format!("{collection}/items?resultType=hits&{when}"), key).await;
        assert_eq!(hits["numberMatched"], json!(shown.len()), "{} {when}", self.layer);
        let features = layer["features"].as_array().unwrap();
        let Some(first) = features.first() else { return 0 };
        for feature in features {
            let id = feature["id"].as_str().unwrap();
            let one = self.get(&format!("{collection}/items/{id}?{when}"), key).await;
            assert_eq!(one["properties"], feature["properties"], "{} {when}", self.layer);
        }
        let (x, y) = tile_of(first);
        let tile = format!("{collection}/tiles/WebMercatorQuad/{ZOOM}/{y}/{x}?{when}");
        let answer = keyed(self.world.get(&tile), key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{tile}");
        let tile = read_tile(&answer.bytes().await.unwrap()).remove(0);
        assert_eq!(tile.features, shown.len(), "{} {when}: {tile:?}", self.layer);
        for (row, _) in shown.values() {
            // Every text that the register tells and tiles carry.
            for (value, (name, _)) in row.iter().zip(self.fields) {
                let carried = !["national_code", "township", "village", "former_industry"].contains(name)
                    && !name.ends_with("_on")
                    && *name != "published_at";
                if let Some(text) = value.as_str().filter(|_| carried) {
                    assert!(tile.texts.contains(text), "{} {when}: {name} {text} in {tile:?}", self.layer);
                }
            }
        }
        shown.len()
    }
}

/// A generator of numbers that is the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What there is of farmland, and what befell it so far.
struct Farm {
    world: World,
    key: String,
    dice: Dice,
    units: Vec<(String, String)>,
    done: BTreeMap<&'static str, usize>,
}

impl Farm {
    /// Does something that the register may refuse.
    async fn attempt(&mut self, what: &'static str, request: RequestBuilder) -> Option<Value> {
        let answer = request.bearer_auth(&self.key).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert!([200, 201, 409, 422].contains(&status), "{what}: {status} {body}");
        if status > 201 {
            return None;
        }
        *self.done.entry(what).or_default() += 1;
        Some(body)
    }

    /// One of the days that matter: long ago up to today.
    fn day(&mut self) -> Day {
        Day::of(2026, 11, 1).add_days(i64::try_from(self.dice.below(20)).unwrap())
    }

    async fn classed(&mut self, unit: &str, class: &'static str, on: Day) {
        let mut act = self.world.act(Permission::FarmlandWrite).await;
        let new = farmland::NewClass {
            unit: unit.parse().unwrap(),
            class,
            elements: Some([Some(3), Some(1), Some(1), Some(2), Some(1)]),
            from_on: on,
            trigger: "routine_monitoring".to_owned(),
            adjustment_id: uuid::Uuid::nil(),
            approval_number: "（演示）类别〔2026〕1号".to_owned(),
            approved_on: on,
        };
        // Refused where something later is known of the unit already.
        if farmland::set_classes(&mut act, &[new]).await.is_ok() {
            act.finish(Reply::nothing()).await.unwrap();
            *self.done.entry("class").or_default() += 1;
        }
    }

    async fn something_happens(&mut self) {
        let (id, code) = self.dice.one(&self.units).clone();
        let on = self.day();
        match self.dice.below(9) {
            0..=2 => {
                let class = *self.dice.one(&["priority_protection", "safe_use", "strict_control", "unclassified"]);
                self.classed(&id, class, on).await;
            }
            3 | 4 => {
                let land = *self.dice.one(&["paddy", "upland", "orchard", "forest"]);
                let body = json!({"land_type": land, "changed_on": on, "reason": "种植结构调整"});
                let post = self.world.post(&format!("/v1/farmland-units/{id}/land-type")).json(&body);
                self.attempt("land type", post).await;
            }
            5 | 6 => {
                let at = self.world.get(&format!("/v1/farmland-units/{id}")).bearer_auth(&self.key);
                let now = at.send().await.unwrap();
                let tag = now.headers()["etag"].to_str().unwrap().to_owned();
                let crop = *self.dice.one(&["水稻", "玉米", "大豆"]);
                let patch = self.world.patch(&format!("/v1/farmland-units/{id}")).header("if-match", tag);
                self.attempt("correction", patch.json(&json!({"crop": crop, "reason": "录入有误"}))).await;
            }
            _ => {
                let unit =
                    expect(self.world.get(&format!("/v1/farmland-units/{id}")).bearer_auth(&self.key), 200).await;
                let ring = unit["geometry"]["coordinates"].to_string();
                let west = unit["geometry"]["coordinates"][0][0][0].as_f64().unwrap_or_else(|| panic!("{ring}"));
                let east = unit["geometry"]["coordinates"][0][1][0].as_f64().unwrap_or_else(|| panic!("{ring}"));
                let half = f64::midpoint(west, east);
                let child = |west, east| json!({"type": "Feature", "geometry": rect(west, east), "properties": {}});
                let body = json!({
                    "kind": "split", "effective_on": on, "reason": "（演示）权属调整", "parents": [{"code": code}],
                    "children": [child(west, half), child(half, east)],
                });
                let post = self.world.post("/v1/farmland-changes").json(&body);
                let Some(split) = self.attempt("split", post).await else { return };
                for child in split["children"].as_array().unwrap() {
                    let text = |at: &str| child[at].as_str().unwrap().to_owned();
                    self.units.push((text("id"), text("code")));
                }
                if self.dice.below(2) == 0 {
                    self.world.clock.advance(TimeDelta::hours(1));
                    let path = format!("/v1/farmland-changes/{}/void", split["id"].as_str().unwrap());
                    let post = self.world.post(&path).json(&json!({"reason": "录错了单元"}));
                    self.attempt("void", post).await;
                }
            }
        }
    }
}

const FARMLAND: &[(&str, &str)] = &[
    ("code", "code"),
    ("class", "class"),
    ("land_type", "land_type"),
    ("division_code", "division_code"),
    ("area_m2", "area_m2"),
    ("crop", "crop"),
    ("pbf", "pbf"),
    ("township", "township"),
    ("village", "village"),
];

#[tokio::test]
async fn farmland_on_a_day_is_what_the_register_says_of_it_whatever_befell_it() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "441600").await;
    let mut farm = Farm { world, key, dice: Dice(20_261_122), units: Vec::new(), done: BTreeMap::new() };
    for n in 0..4_i32 {
        // Eight hundredths of a degree are less than a tile of this zoom, and lie in one.
        let west = 114.704 + f64::from(n) * 0.002;
        let body = with_class(&format!("U{n}"), "safe_use", &rect(west, west + 0.0016));
        let unit = expect(farm.world.post("/v1/farmland-units").bearer_auth(&farm.key).json(&body), 201).await;
        farm.units.push((unit["id"].as_str().unwrap().to_owned(), format!("U{n}")));
    }
    let mut instants = vec![farm.world.app.clock().now()];
    for _ in 0..60 {
        farm.world.clock.advance(TimeDelta::minutes(7));
        farm.something_happens().await;
        instants.push(farm.world.app.clock().now());
    }
    assert!(farm.done.len() == 5 && farm.done.values().all(|n| *n >= 1), "the dice fell badly: {:?}", farm.done);
    let pair = Pair { world: &farm.world, layer: "farmland", register: "/v1/farmland-units", fields: FARMLAND };
    let mut seen = 0;
    for n in 0..60 {
        let on = Day::of(2026, 10, 30).add_days(i64::try_from(farm.dice.below(24)).unwrap());
        let known_at = (n % 3 > 0).then(|| *farm.dice.one(&instants));
        seen += pair.agree(Some(&farm.key), on, known_at).await;
    }
    assert!(seen > 200, "{seen}");

    // A class of another day is filtered by, sorted by and paged as that of today is.
    let nation = farm.world.key(Role::Auditor, "000000").await;
    let items = format!("/ogc/collections/farmland/items?true_on={}", Day::of(2026, 11, 10));
    let all = pair.get(&format!("{items}&limit=1000&sortby=class"), Some(&nation)).await;
    let classes = |page: &Value| -> Vec<String> {
        let features = page["features"].as_array().unwrap().iter();
        features.map(|f| f["properties"]["class"].as_str().unwrap().to_owned()).collect()
    };
    assert!(classes(&all).is_sorted() && !classes(&all).is_empty());
    let mut paged = Vec::new();
    let mut next = Some(format!("{items}&limit=1&sortby=class"));
    while let Some(path) = next {
        let page = pair.get(&path, Some(&nation)).await;
        paged.extend(classes(&page));
        next = crate::layers::href(&page, "next").map(|next| next[next.find("/ogc").unwrap()..].to_owned());
    }
    assert_eq!(paged, classes(&all));
    for class in ["priority_protection", "safe_use", "strict_control", "unclassified"] {
        let n = classes(&all).iter().filter(|c| *c == class).count();
        for query in [format!("class={class}"), format!("filter=class%3D%27{class}%27")] {
            let page = pair.get(&format!("{items}&{query}&limit=1000"), Some(&nation)).await;
            assert_eq!(page["numberReturned"], json!(n), "{query}");
        }
    }
    // Another county sees none of it on any day.
    let elsewhere = farm.world.key(Role::Agriculture, "152921").await;
    assert_eq!(pair.get(&items, Some(&elsewhere)).await["numberReturned"], 0);
}

fn around(on: Day) -> [Day; 3] {
    [on.add_days(-1), on, on.add_days(1)]
}

#[tokio::test]
async fn what_holds_for_a_span_is_shown_on_its_days() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let at = |n: f64| square(105.68 + n * 0.003, 38.8, 100.0);
    let zone = |code: &str, from: &str, to: Value, n| {
        let properties = json!({
            "code": code, "name": "某区域", "division_code": "152921", "approved_by": "某旗人民政府", "approved_on": from,
            "ended_on": to,
        });
        feature(properties, at(n))
    };
    let unit = |code: &str, from: &str, to: Value, n| {
        let properties = json!({
            "code": code, "name": "某单位", "division_code": "152921", "listed_on": from, "removed_on": to,
        });
        feature(properties, at(n))
    };
    let spans = [
        ("A", "2024-01-01", json!("2025-06-30"), 0.0),
        ("B", "2025-03-01", Value::Null, 1.0),
        ("C", "2025-06-30", Value::Null, 2.0),
    ];
    let zones: Vec<_> = spans.iter().map(|(code, from, to, n)| zone(code, from, to.clone(), *n)).collect();
    let units: Vec<_> = spans.iter().map(|(code, from, to, n)| unit(code, from, to.clone(), *n)).collect();
    load(&world, "control-zones", &zones, 10).await;
    load(&world, "key-units", &units, 10).await;
    let before = world.app.clock().now();
    world.clock.advance(TimeDelta::hours(1));
    load(&world, "control-zones", &[zone("B", "2025-03-01", json!("2026-01-01"), 1.0)], 10).await;
    for (layer, register, fields) in [
        (
            "control-zones",
            "/v1/control-zones",
            &[("code", "code"), ("name", "name"), ("approved_on", "approved_on"), ("ended_on", "ended_on")][..],
        ),
        (
            "key-units",
            "/v1/key-units",
            &[("code", "code"), ("listed_on", "listed_on"), ("removed_on", "removed_on")][..],
        ),
    ] {
        let mut most = 0;
        for on in ["2024-01-01", "2025-03-01", "2025-06-30", "2026-01-01"] {
            for on in around(on.parse().unwrap()) {
                // These registers name the day otherwise, and tell what is known now.
                let list = expect(world.get(&format!("{register}?on={on}")).bearer_auth(&key), 200).await;
                let items = format!("/ogc/collections/{layer}/items?precision=9&true_on={on}");
                let items = expect(world.get(&items).bearer_auth(&key), 200).await;
                let pair = Pair { world: &world, layer, register, fields };
                let shown = pair.told(&items, |(name, _)| (*name).to_owned());
                assert_eq!(shown, pair.told(&list, |(_, name)| (*name).to_owned()), "{layer} {on}");
                most = most.max(shown.len());
            }
        }
        assert!(most >= 2, "{layer}");
    }
    // As known before it was entered that B ended, it held on.
    let items = |when: &str| world.get(&format!("/ogc/collections/control-zones/items?{when}"));
    let now = expect(items("true_on=2026-06-01"), 200).await;
    assert_eq!(crate::layers::sorted(&now), ["C"]);
    let then = expect(items(&when(Day::of(2026, 6, 1), Some(before))), 200).await;
    assert_eq!(crate::layers::sorted(&then), ["B", "C"]);

    // Divisions are those valid on the day.
    let nation = world.key(Role::Auditor, "000000").await;
    for on in [Day::of(2001, 1, 1), Day::of(2020, 1, 1), TODAY] {
        let mut list = Vec::new();
        let mut next = Some(format!("/v1/divisions?on={on}&limit=10000"));
        while let Some(path) = next {
            let page = expect(world.get(&path).bearer_auth(&nation), 200).await;
            list.extend(crate::layers::codes(&page));
            next = crate::layers::href(&page, "next");
        }
        let path = format!("/ogc/collections/divisions/items?true_on={on}&limit=10000&sortby=code&skipGeometry=true");
        let items = expect(world.get(&path), 200).await;
        assert_eq!(crate::layers::codes(&items), list, "{on}");
    }
}

#[tokio::test]
async fn points_and_ban_zones_are_shown_as_their_registers_have_them() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let mut instants = vec![world.app.clock().now()];
    for n in 0..4_i32 {
        world.clock.advance(TimeDelta::minutes(5));
        let body = json!({
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [105.681 + f64::from(n) * 0.001, 38.801]},
            "properties": {"code": format!("P{n}"), "division_code": "152921", "program": "routine_monitoring",
                "land_type": "upland", "in_use_from": Day::of(2025, 1, 1).add_days(i64::from(n) * 30)},
        });
        expect(world.post("/v1/sampling-points").bearer_auth(&key).json(&body), 201).await;
        instants.push(world.app.clock().now());
    }
    let page = expect(world.get("/v1/sampling-points").bearer_auth(&key), 200).await;
    for (n, point) in page["features"].as_array().unwrap().iter().enumerate().take(3) {
        world.clock.advance(TimeDelta::minutes(5));
        let path = format!("/v1/sampling-points/{}", point["id"].as_str().unwrap());
        let change = if n == 0 {
            json!({"reason": "地类有误", "land_type": "paddy"})
        } else {
            json!({"reason": "点位撤销", "in_use_to": Day::of(2025, 6, 1).add_days(i64::try_from(n).unwrap() * 30)})
        };
        let patch = world.patch(&path).bearer_auth(&key).header("if-match", "\"1\"").json(&change);
        expect(patch, 200).await;
        instants.push(world.app.clock().now());
    }
    let fields = [("code", "code"), ("program", "program"), ("land_type", "land_type"), ("in_use_to", "in_use_to")];
    let points = Pair { world: &world, layer: "sampling-points", register: "/v1/sampling-points", fields: &fields };

    let government = world.key(Role::Government, "152921").await;
    for (n, approved_on) in ["2026-03-10", "2026-05-01"].into_iter().enumerate() {
        world.clock.advance(TimeDelta::minutes(5));
        let more = json!({"products": ["水稻"], "from_on": "2026-04-01", "to_on": "2026-10-31"});
        let mut body = measure("crop_ban_zone", "152921", more);
        body["geometry"] = square(105.682 + n as f64 * 0.004, 38.802, 150.0);
        let (path, _) = make(&world, &key, &body).await;
        instants.push(world.app.clock().now());
        world.clock.advance(TimeDelta::minutes(5));
        let approval = json!({"type": "approved", "occurred_on": approved_on, "body": "政府", "number": "1号"});
        event(&world, &government, &path, approval, 200).await;
        instants.push(world.app.clock().now());
    }
    let fields = [("number", "number"), ("title", "title"), ("from_on", "from_on"), ("to_on", "to_on")];
    let register = "/v1/farmland-measures?kind=crop_ban_zone&status=in_force";
    let zones = Pair { world: &world, layer: "crop-ban-zones", register, fields: &fields };

    let mut seen = [0, 0];
    for known_at in instants.into_iter().map(Some).chain([None]) {
        for on in ["2025-01-01", "2025-03-02", "2025-07-01", "2025-08-01", "2026-04-01", "2026-05-01", "2026-10-31"] {
            for on in around(on.parse().unwrap()) {
                seen[0] += points.agree(Some(&key), on, known_at).await;
                seen[1] += zones.agree(Some(&key), on, known_at).await;
            }
        }
    }
    assert!(seen[0] > 100 && seen[1] > 20, "{seen:?}");
}

#[tokio::test]
async fn a_day_is_carried_into_tiles_and_refused_where_it_says_nothing() {
    let world = World::new().await;
    let refused = async |path: &str| {
        let problem = expect(world.get(&format!("/ogc/collections/contaminated-sites{path}")), 400).await;
        (problem["code"].as_str().unwrap().to_owned(), problem["errors"][0]["pointer"].as_str().unwrap().to_owned())
    };
    let bad = ("bad_parameter".to_owned(), "?true_on".to_owned());
    for path in [
        "/items?true_on=2026-01-01&datetime=2026-01-01/..",
        "/items?true_on=yesterday",
        "/items?true_on=",
        "/items?true_on=2026-01-01T00:00:00Z",
        "/items?true_on=2026-02-30",
        "/items?true_on=2026-01-01/2026-02-01",
        "/items?true_on=2026-01-01&true_on=2026-01-02",
        "/tiles/WebMercatorQuad/0/0/0?datetime=..&true_on=2026-01-01",
    ] {
        let said = refused(path).await;
        assert!(said == bad || path.contains("datetime=..&"), "{path}: {said:?}");
    }
    let tilejson = "/ogc/collections/contaminated-sites/tiles/WebMercatorQuad/tilejson";
    let now = feature(
        json!({"code": "A", "name": "甲", "division_code": "152921", "stage": "contaminated", "risk_grade": "high"}),
        square(105.7, 38.8, 100.0),
    );
    load(&world, "sites", &[now], 10).await;
    assert!(expect(world.get(tilejson), 200).await["bounds"].is_array());
    let query = "true_on=2026-01-02&known_at=2026-11-21T04:00:00Z";
    let then = expect(world.get(&format!("{tilejson}?{query}")), 200).await;
    assert_eq!(then["bounds"], Value::Null, "what lies where now is no bound of the past");
    let tiles = then["tiles"][0].as_str().unwrap();
    assert!(tiles.contains("true_on=2026-01-02&known_at=2026-11-21T04"), "{tiles}");

    // A day has an entity tag of its own, and 304 without a look at the rows.
    let ask = async |query: &str, tag: Option<&str>| {
        let request = world.get(&format!("/ogc/collections/contaminated-sites/items?{query}"));
        let request = if let Some(tag) = tag { request.header("if-none-match", tag) } else { request };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers()["etag"].to_str().unwrap().to_owned())
    };
    let (_, one) = ask("true_on=2026-01-02", None).await;
    let (_, other) = ask("true_on=2026-01-03", None).await;
    assert_ne!(one, other);
    assert_eq!(ask("true_on=2026-01-02", Some(&one)).await.0, 304);
    assert_eq!(ask("", Some(&one)).await.0, 200);
}
