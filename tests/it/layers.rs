//! The engine of layers over a layer of the tests' own: paging, filters, visibility, tiles, and GDAL's word on them.

use crate::loading::{feature, load};
use crate::support::{World, expect, forged, square};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use jingtu::api::{middleware, problem};
use jingtu::config::{Config, LayerSettings};
use jingtu::kernel::{Day, DivisionCode, Text};
use jingtu::layers::{Column, ColumnKind, Drawn, Layer, Small, Style, Visibility};
use jingtu::platform::identity::{NewKey, keys};
use jingtu::platform::{App, Permission, Reply, Role};
use proptest::test_runner::{Config as Cases, TestRunner};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tower_http::compression::CompressionLayer;

static COLUMNS: &[Column] = &[
    Column::new("code", ColumnKind::Text, "代码", "Code"),
    Column::new("name_zh", ColumnKind::Text, "名称", "Name"),
    Column::new("level", ColumnKind::Text, "级别", "Level").values(&["nation", "province", "prefecture", "county"]),
    Column::new("number", ColumnKind::Integer, "代码数", "Code as a number").sql("code::integer"),
    Column::new("valid_from", ColumnKind::Day, "自", "From"),
    Column::new("recorded_at", ColumnKind::Instant, "记录时刻", "Recorded at").sql("sys_from").not_in_tiles(),
    Column::new("secret", ColumnKind::Text, "内部", "Internal").sql("name_en").restricted(),
];

const fn layer(id: &'static str, public: Visibility, permission: Permission, rows: &'static str) -> Layer {
    Layer {
        id: Cow::Borrowed(id),
        title: Text::fixed("测试图层 <b>", "Layer under test <b>"),
        description: Text::fixed("测试", "For tests"),
        table: "division",
        rows,
        on_day: None,
        voided: None,
        member: None,
        columns: Cow::Borrowed(COLUMNS),
        made_of: &["divisions"],
        division: Some("parent_code"),
        owners: &["successor_code"],
        valid: (Some("valid_from"), Some("valid_to")),
        permission,
        public,
        style: &Style::PLAIN,
        drawn: Drawn::from_zoom(12, Small::Pixel),
    }
}

const ZONES: &str = "kind = 'development_zone'";

static OPEN: Layer = layer("open", Visibility::Public, Permission::SiteRead, ZONES);
static CLOSED: Layer = layer("closed", Visibility::Departments, Permission::FarmlandRead, ZONES);
static OWNED: Layer = layer("owned", Visibility::Departments, Permission::SiteRead, ZONES);
/// No statement over it ends in time.
static SLOW: Layer = layer("slow", Visibility::Public, Permission::SiteRead, "pg_sleep(60) is not null");
static FARM: Layer = layer("farm", Visibility::Departments, Permission::FarmlandRead, ZONES);

/// Serves layers as the real server does.
async fn serve(app: &App, layers: &[&'static Layer]) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (router, document) = jingtu::layers::http::routes(layers.iter().copied(), &[]).split_for_parts();
    let of_layers = std::sync::Arc::new(jingtu::api::layers_document(&document));
    let document = document.to_json().unwrap();
    let described = ([("content-type", "application/json")], document);
    let router: Router<()> = router
        .route("/openapi.json", get(async || described))
        .layer(axum::Extension(of_layers))
        .layer(from_fn(middleware::entity_tag))
        .layer(from_fn_with_state(app.clone(), middleware::mark))
        .layer(from_fn(problem::write_out))
        .layer(CompressionLayer::new())
        .layer(from_fn(middleware::packed_tags))
        .with_state(app.clone());
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    addr
}

/// Settings under which everybody sees the rows of a layer.
fn opened(layer: &str) -> Config {
    let settings = LayerSettings { public: Some(true), ..LayerSettings::default() };
    Config { layers: [(layer.to_owned(), settings)].into(), ..Config::default() }
}

/// A world whose server serves the layers of these tests.
pub(crate) struct Maps {
    pub(crate) world: World,
    addr: SocketAddr,
    pub(crate) client: Client,
}

impl Maps {
    pub(crate) async fn new() -> Maps {
        Maps::with(Config::default(), &[&OPEN, &CLOSED, &OWNED, &FARM]).await
    }

    pub(crate) async fn with(config: Config, layers: &[&'static Layer]) -> Maps {
        let world = World::with(config).await;
        let addr = serve(&world.app, layers).await;
        Maps { world, addr, client: Client::builder().no_proxy().build().unwrap() }
    }

    /// Another server of the same layers over the same database.
    pub(crate) async fn beside(&self, config: Config) -> SocketAddr {
        let app = App::new(self.world.app.db().clone(), self.world.clock.clone(), config);
        serve(&app, &[&OPEN, &CLOSED, &OWNED, &FARM]).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("http://{}{path}", self.addr) }
    }

    pub(crate) async fn ask(&self, path: &str, key: Option<&str>) -> Response {
        let mut request = self.client.get(self.url(path)).header("accept-language", "en");
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, key: Option<&str>) -> Value {
        let response = self.ask(path, key).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn refused(&self, path: &str, key: Option<&str>) -> (u16, String, String) {
        let response = self.ask(path, key).await;
        let status = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        (status, problem["code"].as_str().unwrap().to_owned(), problem["detail"].as_str().unwrap().to_owned())
    }

    /// Adds zones with these numbers as codes, each a small square in a row eastward from 105 E, 38 N.
    pub(crate) async fn add(&self, numbers: std::ops::Range<u32>) {
        self.add_under(numbers, "152921", 105.0, 38.0, 0.004).await;
    }

    pub(crate) async fn add_under(&self, numbers: std::ops::Range<u32>, parent: &str, lon: f64, lat: f64, side: f64) {
        let mut act = self.world.act(Permission::DivisionWrite).await;
        let (first, n) = (numbers.start, numbers.len());
        sqlx::query(
            "insert into division (id, code, name_zh, name_en, level, kind, parent_code, ancestors, geom)
             select gen_random_uuid(), i::text, '区\"' || i, 'inner ' || i, 'county', 'development_zone', $3, array['000000', i::text],
                    st_makeenvelope($4 + (i - $1) * 0.01, $5, $4 + (i - $1) * 0.01 + $6, $5 + $6, 4490)
             from generate_series($1, $2) i",
        )
        .bind(i32::try_from(first).unwrap())
        .bind(i32::try_from(numbers.end).unwrap() - 1)
        .bind(parent)
        .bind(lon)
        .bind(lat)
        .bind(side)
        .execute(act.tx())
        .await
        .unwrap();
        act.note("division/test", json!({"rows": n}));
        act.finish(Reply::nothing()).await.unwrap();
    }

    /// A key of the land user whose credit code is 91150000MA0ABCDE0X.
    pub(crate) async fn owner_key(&self) -> String {
        let mut act = self.world.act(Permission::KeyManage).await;
        let new = NewKey {
            name: "owner".to_owned(),
            role: Role::LandUser,
            division: DivisionCode::nation(),
            credit_code: Some("91150000MA0ABCDE0X".to_owned()),
            expires_on: None,
            demo: false,
        };
        let token = keys::create(&mut act, new).await.unwrap();
        act.finish(Reply::nothing()).await.unwrap();
        token
    }

    pub(crate) async fn change(&self, sql: &'static str) {
        let mut act = self.world.act(Permission::DivisionWrite).await;
        sqlx::query(sql).execute(act.tx()).await.unwrap();
        act.note("division/test", json!({"changed": true}));
        act.finish(Reply::nothing()).await.unwrap();
    }
}

pub(crate) fn codes(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap();
    features.iter().map(|f| f["properties"]["code"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn sorted(page: &Value) -> Vec<String> {
    let mut codes = codes(page);
    codes.sort();
    codes
}

pub(crate) fn href(document: &Value, rel: &str) -> Option<String> {
    let links = document["links"].as_array().unwrap();
    links.iter().find(|link| link["rel"] == rel).map(|link| link["href"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_entrance_leads_to_everything() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    let landing = maps.get("/ogc", None).await;
    for rel in ["self", "service-desc", "service-doc", "conformance", "data"] {
        assert!(href(&landing, rel).is_some(), "{rel}");
    }
    let classes = maps.get(&href(&landing, "conformance").unwrap(), None).await;
    let classes: Vec<&str> = classes["conformsTo"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert!(classes.contains(&"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"));
    for class in ["1.0/conf/oas30", "1.1/conf/oas31"] {
        let class = format!("http://www.opengis.net/spec/ogcapi-features-1/{class}");
        assert!(classes.contains(&class.as_str()), "{class}");
    }
    // What QGIS looks for before it leaves conditions to the server; the last is a draft's name.
    for class in ["cql2-text", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison"] {
        let class = format!("http://www.opengis.net/spec/cql2/1.0/conf/{class}");
        assert!(classes.contains(&class.as_str()), "{class}");
    }
    assert!(classes.contains(&"http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators"));
    let collections = maps.get(&href(&landing, "data").unwrap(), None).await;
    let open = &collections["collections"][0];
    assert_eq!((&open["id"], &open["itemType"]), (&json!("open"), &json!("feature")));
    assert_eq!(open["title"], "Layer under test <b>");
    assert_eq!(open["extent"]["spatial"]["bbox"], json!([[105.0, 38.0, 105.024, 38.004]]));
    assert_eq!(open["extent"]["temporal"]["interval"], json!([[null, null]]));
    let relation = |name| format!("http://www.opengis.net/def/rel/ogc/1.0/{name}");
    for rel in ["items", "self", &relation("queryables"), &relation("sortables"), &relation("schema")] {
        maps.get(&href(open, rel).unwrap(), None).await;
    }
    let tilesets = maps.get(&href(open, "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector").unwrap(), None).await;
    assert_eq!(tilesets["tilesets"].as_array().unwrap().len(), 3);
    for document in [&landing, open] {
        let styles = maps.get(&href(document, &relation("styles")).unwrap(), None).await;
        assert_eq!((styles["styles"].as_array().unwrap().len(), &styles["styles"][0]["id"]), (1, &json!("open")));
    }
    let chinese = maps.client.get(maps.url("/ogc/collections/open")).send().await.unwrap();
    assert_eq!(chinese.headers()["content-language"], "zh");
    assert_eq!(chinese.json::<Value>().await.unwrap()["title"], "测试图层 <b>");
    assert_eq!(maps.refused("/ogc/collections/none", None).await.0, 404);
    assert_eq!(maps.refused("/ogc?x=1", None).await.1, "unknown_parameter");
    // Clients that join paths ask for the root of the API with a slash.
    let root = maps.get("/ogc/", None).await;
    assert_eq!(href(&root, "data"), href(&landing, "data"));
}

#[tokio::test]
async fn a_page_names_its_queryables_in_its_headers() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    let path = "/ogc/collections/open/items?limit=1&code=900000,900001";
    let links = |response: &Response| response.headers()["link"].to_str().unwrap().to_owned();
    let header = links(&maps.ask(path, None).await);
    let queryables = maps.url("/ogc/collections/open/queryables");
    let rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
    let expected = format!("<{queryables}>; rel=\"{rel}\"; type=\"application/schema+json\"");
    assert!(header.contains(&expected), "{header}");
    for (rel, form, media_type) in [("self", "json", "application/geo+json"), ("alternate", "html", "text/html")] {
        let expected = format!("<{}&f={form}>; rel=\"{rel}\"; type=\"{media_type}\"", maps.url(path));
        assert!(header.contains(&expected), "{header}");
    }
    let page = maps.get("/ogc/collections/open/items", None).await;
    assert_eq!(href(&page, rel), Some(queryables));
    let long = format!("/ogc/collections/open/items?filter=code%20IN%20('900000'{})", ",'900001'".repeat(200));
    let short = links(&maps.ask(&long, None).await);
    assert!(short.contains("/queryables>") && short.len() < 1000, "{short}");
    // What is told of a page is told without it, too.
    let head = maps.client.head(maps.url(path)).header("accept-language", "en").send().await.unwrap();
    assert_eq!((head.status().as_u16(), links(&head)), (200, header));
}

#[tokio::test]
async fn a_browser_gets_pages_whose_texts_are_escaped() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    maps.change("update division set name_zh = '<script>x</script>' where code = '900000'").await;
    let id = maps.get("/ogc/collections/open/items?code=900000", None).await["features"][0]["id"].clone();
    let item = format!("/ogc/collections/open/items/{}", id.as_str().unwrap());
    for path in [
        "/ogc",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/open",
        "/ogc/collections/open/items",
        &item,
        "/ogc/collections/open/queryables",
        "/ogc/collections/open/sortables",
        "/ogc/collections/open/schema",
        "/ogc/collections/open/tiles",
        "/ogc/collections/open/tiles/WebMercatorQuad",
        "/ogc/tileMatrixSets",
        "/ogc/tileMatrixSets/CGCS2000Quad",
    ] {
        let response = maps.client.get(maps.url(path)).header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        let page = response.text().await.unwrap();
        assert!(
            page.starts_with("<!doctype html>") && !page.contains("<script") && !page.contains("<b>"),
            "{path}: {page}"
        );
        let json =
            maps.client.get(maps.url(path)).query(&[("f", "json")]).header("accept", "text/html").send().await.unwrap();
        assert!(json.headers()["content-type"].to_str().unwrap().contains("json"), "{path}");
    }
    let page = maps.ask("/ogc/collections/open/items?f=html", None).await.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;"));
    assert_eq!(maps.refused("/ogc?f=xml", None).await.0, 400);
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let maps = Maps::new().await;
    maps.add(900_000..900_025).await;
    let mut url = "/ogc/collections/open/items?limit=10&level=county".to_owned();
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = maps.get(&url, None).await;
        sizes.push(page["numberReturned"].as_u64().unwrap());
        if seen.is_empty() {
            assert_eq!(page.get("numberMatched"), None, "a page that is read for its rows does not pay for counting");
        }
        seen.extend(codes(&page));
        match href(&page, "next") {
            Some(next) => url = next,
            None => break,
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 25);
    let first = maps.get("/ogc/collections/open/items?limit=10&level=county", None).await;
    let cursor = href(&first, "next").unwrap().split("cursor=").nth(1).unwrap().to_owned();
    // A cursor belongs to its filters and to its caller's view.
    for other in ["", "level=county&bbox=1,1,2,2&", "level=province&"] {
        let (status, code, _) =
            maps.refused(&format!("/ogc/collections/open/items?{other}cursor={cursor}"), None).await;
        assert_eq!((status, code.as_str()), (400, "bad_cursor"));
    }
    for key in ["", "x", "\0"] {
        let path = format!("/ogc/collections/open/items?level=county&cursor={}", forged(&first, key));
        let (status, code, _) = maps.refused(&path, None).await;
        assert_eq!((status, code.as_str()), (400, "bad_cursor"), "{key:?}");
    }
    let key = maps.world.key(Role::CountyEcology, "152921").await;
    let path = format!("/ogc/collections/open/items?level=county&cursor={cursor}");
    assert_eq!(maps.refused(&path, Some(&key)).await.1, "bad_cursor");
    for bad in ["0", "-1", "x", ""] {
        assert_eq!(maps.refused(&format!("/ogc/collections/open/items?limit={bad}"), None).await.0, 400, "{bad}");
    }
    assert_eq!(maps.get("/ogc/collections/open/items?limit=99999999999", None).await["numberReturned"], 25);
}

/// Every page from an address on, by its `next` links.
pub(crate) async fn follow(maps: &Maps, path: &str, key: Option<&str>) -> Vec<Value> {
    let (mut url, mut pages) = (Some(path.to_owned()), Vec::new());
    while let Some(path) = url {
        let page = maps.get(&path, key).await;
        url = href(&page, "next");
        pages.push(page);
        assert!(pages.len() < 200, "pages without end");
    }
    pages
}

#[tokio::test]
async fn pages_are_in_the_order_asked_for_with_the_unknown_last() {
    let maps = Maps::new().await;
    maps.add(900_000..900_030).await;
    maps.change(
        "update division set valid_from = case when code::integer % 3 = 0 then null else date '2020-01-01' + code::integer % 4 end",
    )
    .await;
    let all = maps.get("/ogc/collections/open/items?limit=1000", None).await;
    let rows: Vec<(String, Option<String>)> = all["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| {
            let of = |name: &str| feature["properties"][name].as_str().map(str::to_owned);
            (of("code").unwrap(), of("valid_from"))
        })
        .collect();
    let key = |(code, day): &(String, Option<String>)| (day.is_none(), day.clone(), code.clone());
    for limit in [1, 4, 7, 30] {
        let mut expected = rows.clone();
        expected.sort_by_key(key);
        let pages =
            follow(&maps, &format!("/ogc/collections/open/items?sortby=valid_from,code&limit={limit}"), None).await;
        let seen: Vec<String> = pages.iter().flat_map(codes).collect();
        assert_eq!(seen, expected.iter().map(|(code, _)| code.clone()).collect::<Vec<_>>(), "{limit}");

        // Largest first; within a day by code, and the unknown last all the same.
        expected.sort_by(|a, b| (a.1.is_none(), &b.1, &a.0).cmp(&(b.1.is_none(), &a.1, &b.0)));
        let pages =
            follow(&maps, &format!("/ogc/collections/open/items?sortby=-valid_from,%2Bcode&limit={limit}"), None).await;
        let seen: Vec<String> = pages.iter().flat_map(codes).collect();
        assert_eq!(seen, expected.iter().map(|(code, _)| code.clone()).collect::<Vec<_>>(), "{limit}");
    }
    // Every kind can be sorted by, and each page goes on where the one before ended.
    for column in ["code", "name_zh", "level", "number", "valid_from", "recorded_at"] {
        for sign in ["", "-"] {
            let path = format!("/ogc/collections/open/items?sortby={sign}{column}&limit=7");
            let seen: Vec<String> = follow(&maps, &path, None).await.iter().flat_map(codes).collect();
            assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (30, 30), "{path}");
        }
    }
    let page = maps.get("/ogc/collections/open/items?sortby=code&limit=7", None).await;
    let cursor = href(&page, "next").unwrap().split("cursor=").nth(1).unwrap().to_owned();
    for other in ["sortby=-code&", "sortby=number&", ""] {
        assert_eq!(
            maps.refused(&format!("/ogc/collections/open/items?{other}cursor={cursor}"), None).await.1,
            "bad_cursor"
        );
    }
    let page = maps.get("/ogc/collections/open/items?sortby=number&limit=7", None).await;
    for key in [
        r#"{"values":["x"],"id":"00000000-0000-7000-8000-000000000000"}"#,
        r#"{"values":[],"id":"00000000-0000-7000-8000-000000000000"}"#,
    ] {
        let path = format!("/ogc/collections/open/items?sortby=number&cursor={}", forged(&page, key));
        assert_eq!(maps.refused(&path, None).await.1, "bad_cursor", "{key}");
    }
    for bad in ["nothing", "secret", "-", "code;drop", "code,name_zh,level,number,valid_from"] {
        let (status, code, _) = maps.refused(&format!("/ogc/collections/open/items?sortby={bad}"), None).await;
        match bad {
            "-" | "nothing" | "secret" | "code;drop" => {
                assert_eq!((status, code.as_str()), (400, "bad_parameter"), "{bad}")
            }
            _ => assert_eq!(status, 400, "{bad}"),
        }
    }
}

#[tokio::test]
async fn the_order_of_hidden_values_is_hidden_too() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_003, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_110, "140602", 112.0, 39.0, 0.004).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let path = "/ogc/collections/open/items?sortby=-secret&limit=4";
    let before: Vec<String> = follow(&maps, path, Some(&county)).await.iter().flat_map(codes).collect();
    assert_eq!(before[..3], ["900002", "900001", "900000"], "its own, largest first");
    maps.change("update division set name_en = 'inner ' || (1000000 - code::integer) where parent_code = '140602'")
        .await;
    let after: Vec<String> = follow(&maps, path, Some(&county)).await.iter().flat_map(codes).collect();
    assert_eq!(before, after, "what is hidden decides nothing");
}

#[tokio::test]
async fn a_feature_has_what_was_asked_for_of_it() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_003, "152921", 105.123_456_789, 38.0, 0.004).await;
    let items = |rest: &str| format!("/ogc/collections/open/items?{rest}");
    let page = maps.get(&items("properties=level,code&skipGeometry=true"), None).await;
    let feature = &page["features"][0];
    let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        (names, &feature["geometry"]),
        (vec!["code", "level"].into_iter().map(str::to_owned).collect::<Vec<_>>().iter().collect(), &Value::Null)
    );
    let west = |page: &Value| page["features"][0]["geometry"]["coordinates"][0][0][0].clone();
    assert_eq!(west(&maps.get(&items("code=900000"), None).await), json!(105.1234568));
    assert_eq!(west(&maps.get(&items("code=900000&precision=2"), None).await), json!(105.12));
    assert_eq!(west(&maps.get(&items("code=900000&precision=0"), None).await), json!(105));
    let id = feature["id"].as_str().unwrap();
    let one = maps.get(&format!("/ogc/collections/open/items/{id}?properties=code&skipGeometry=true"), None).await;
    assert_eq!((one["properties"].as_object().unwrap().len(), &one["geometry"]), (1, &Value::Null));
    for bad in [
        "properties=nothing",
        "properties=secret",
        "skipGeometry=1",
        "precision=16",
        "precision=-1",
        "precision=x",
        "offset=-1",
        "offset=100001",
        "resultType=all",
    ] {
        let (status, code, _) = maps.refused(&items(bad), None).await;
        assert_eq!((status, code.as_str()), (400, "bad_parameter"), "{bad}");
    }
    let strict = maps.client.get(maps.url(&items("limit=1"))).header("prefer", "handling=strict").send().await.unwrap();
    assert_eq!(strict.headers()["preference-applied"], "handling=strict");
}

#[tokio::test]
async fn rows_are_counted_for_who_asks_and_left_out_for_who_cannot_follow() {
    let maps = Maps::new().await;
    maps.add(900_000..900_025).await;
    let items = |rest: &str| format!("/ogc/collections/open/items?{rest}");
    let hits = maps.get(&items("resultType=hits&level=county"), None).await;
    assert_eq!(
        (&hits["numberMatched"], &hits["numberReturned"], &hits["features"]),
        (&json!(25), &json!(0), &json!([]))
    );
    assert_eq!(maps.get(&items("limit=1&level=county"), None).await["numberMatched"], 25);
    // Of a whole collection it is said in any case, and never what it was before the last write.
    assert_eq!(maps.get(&items("limit=10"), None).await["numberMatched"], 25);
    assert_eq!(maps.get(&items("resultType=hits"), None).await["numberMatched"], 25);
    maps.add(900_100..900_101).await;
    let page = maps.get(&items("limit=10"), None).await;
    assert_eq!(page["numberMatched"], 26);
    assert_eq!(maps.get(&href(&page, "next").unwrap(), None).await.get("numberMatched"), None);

    let all = codes(&maps.get(&items("limit=100&sortby=code"), None).await);
    let page = maps.get(&items("limit=10&offset=20&sortby=code"), None).await;
    assert_eq!(codes(&page), all[20..]);
    let page = maps.get(&items("limit=10&offset=5&sortby=code"), None).await;
    let next = maps.get(&href(&page, "next").unwrap(), None).await;
    assert_eq!((codes(&page), codes(&next)), (all[5..15].to_vec(), all[15..25].to_vec()));
    assert_eq!(codes(&maps.get(&items("offset=100000"), None).await).len(), 0);
}

#[tokio::test]
async fn schemas_say_what_may_be_asked() {
    let maps = Maps::new().await;
    maps.add(900_000..900_001).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let schema = maps.get("/ogc/collections/open/schema", None).await;
    assert_eq!(schema["properties"]["id"]["x-ogc-role"], "id");
    assert_eq!(schema["properties"]["geometry"]["x-ogc-role"], "primary-geometry");
    assert_eq!(schema["properties"].get("secret"), None);
    let schema = maps.get("/ogc/collections/open/schema", Some(&county)).await;
    let item = maps.get("/ogc/collections/open/items", Some(&county)).await["features"][0].clone();
    for name in item["properties"].as_object().unwrap().keys() {
        assert!(schema["properties"].get(name).is_some(), "{name}");
    }
    for name in maps.get("/ogc/collections/open/sortables", None).await["properties"].as_object().unwrap().keys() {
        maps.get(&format!("/ogc/collections/open/items?sortby={name}"), None).await;
    }
}

#[tokio::test]
async fn a_crowd_is_told_to_come_back_and_leaves_nothing_running() {
    let config = Config { map_connections: 1, ..Config::default() };
    let maps = Maps::with(config, &[&OPEN, &SLOW]).await;
    maps.add(900_000..900_001).await;
    let db = maps.world.app.db();
    let running = async || {
        sqlx::query_scalar::<_, i64>(
            "select count(*) from pg_stat_activity where application_name = 'jingtu-maps' and state = 'active'",
        )
        .fetch_one(db)
        .await
        .unwrap()
    };
    let ask = |path: &str| maps.client.get(maps.url(path)).send();
    // One that takes a minute has the only connection.
    let slow = tokio::spawn(ask("/ogc/collections/slow/items"));
    while running().await == 0 {
        tokio::task::yield_now().await;
    }
    // Some wait a little, more do not even that; all are told when to come back.
    let crowd: Vec<_> = (0..12).map(|_| tokio::spawn(ask("/ogc/collections/open/items"))).collect();
    for one in crowd {
        let response = one.await.unwrap().unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "overloaded");
    }
    // Whoever goes away takes its statement along, and the next is served.
    slow.abort();
    while running().await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(maps.get("/ogc/collections/open/items", None).await["numberReturned"], 1);
}

#[tokio::test]
async fn a_large_page_is_streamed_whole() {
    let maps = Maps::new().await;
    maps.add(900_000..908_000).await;
    let response = maps.ask("/ogc/collections/open/items?limit=8000", None).await;
    assert_eq!(response.headers().get("content-length"), None);
    assert_eq!(response.headers()["content-crs"], "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>");
    let page: Value = response.json().await.unwrap();
    assert_eq!(codes(&page).into_iter().collect::<BTreeSet<_>>().len(), 8000);
    assert_eq!((&page["numberReturned"], &page["numberMatched"]), (&json!(8000), &json!(8000)));
    assert_eq!(href(&page, "next"), None);
    let feature = &page["features"][0];
    assert_eq!(feature["geometry"]["type"], "Polygon");
    assert_eq!(feature["properties"]["name_zh"], format!("区\"{}", feature["properties"]["code"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_next_under_concurrent_writes_neither_drops_nor_repeats() {
    let maps = Maps::new().await;
    maps.add(900_000..900_060).await;
    let handle = tokio::runtime::Handle::current();
    let mut next_code = 910_000_u32;
    let strategy = (1_u32..25, proptest::collection::vec(0_u32..8, 0..12));
    let mut runner = TestRunner::new(Cases { cases: 24, failure_persistence: None, ..Cases::default() });
    // Each case: pages of some size, and before each page some rows are written and one is changed.
    tokio::task::block_in_place(|| {
        let (maps, next_code) = (&maps, std::cell::RefCell::new(&mut next_code));
        runner
            .run(&strategy, |(limit, writes)| {
                handle.block_on(async {
                    let before: BTreeSet<String> =
                        codes(&maps.get("/ogc/collections/open/items?limit=10000", None).await).into_iter().collect();
                    let mut url = format!("/ogc/collections/open/items?limit={limit}");
                    let mut seen = Vec::new();
                    let mut writes = writes.into_iter();
                    loop {
                        let page = maps.get(&url, None).await;
                        seen.extend(codes(&page));
                        if let Some(n) = writes.next() {
                            let first = **next_code.borrow();
                            **next_code.borrow_mut() += n;
                            maps.add(first..first + n).await;
                            maps.change("update division set name_zh = name_zh || '.' where code = '900030'").await;
                        }
                        match href(&page, "next") {
                            Some(next) => url = next,
                            None => break,
                        }
                    }
                    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
                    assert_eq!(distinct.len(), seen.len(), "a row came twice");
                    assert!(before.is_subset(&distinct), "a row was dropped");
                });
                Ok(())
            })
            .unwrap();
    });
}

#[tokio::test]
async fn a_box_has_the_same_pages_however_much_it_holds() {
    let maps = Maps::new().await;
    // More than the first page of a box reads whole.
    maps.add_under(900_000..910_050, "152921", 20.0, 38.0, 0.004).await;
    let page = maps.get("/ogc/collections/open/items?limit=10000", None).await;
    let mut all = codes(&page);
    all.extend(codes(&maps.get(&href(&page, "next").unwrap(), None).await));
    assert_eq!(all.len(), 10_050);
    let walk = async |what: &str| {
        let mut path = format!("/ogc/collections/open/items?{what}");
        let mut walked = Vec::new();
        for _ in 0..3 {
            let page = maps.get(&path, None).await;
            walked.extend(codes(&page));
            match href(&page, "next") {
                Some(next) => path = next,
                None => break,
            }
        }
        walked
    };
    // 12 rows, 10,000 rows and all 10,050, each in the order of their identifiers.
    let inside = |last: usize| {
        let codes = all.iter().filter(|code| code.parse::<usize>().unwrap() <= last);
        codes.cloned().collect::<Vec<_>>()
    };
    assert_eq!(walk("bbox=19,37,20.1101,39&limit=5").await, inside(900_011));
    let ten_thousand = walk("bbox=19,37,119.9901,39&limit=7").await;
    assert_eq!(ten_thousand, inside(909_999)[..21]);
    assert_eq!(walk("bbox=19,37,130,39&limit=7").await, all[..21]);
    assert_eq!(walk("bbox=19,37,130,39&limit=9999").await, all);
    assert_eq!(walk("bbox=30,10,40,20&limit=7").await, [""; 0]);
}

#[tokio::test]
async fn boxes_select_by_place_across_the_antimeridian_too() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_005, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_101, "152921", 179.5, 10.0, 0.1).await;
    maps.add_under(900_101..900_102, "152921", -179.5, 10.0, 0.1).await;
    let at = |bbox: &str| format!("/ogc/collections/open/items?bbox={bbox}");
    assert_eq!(sorted(&maps.get(&at("105.009,37,105.022,39"), None).await), ["900001", "900002"]);
    assert_eq!(sorted(&maps.get(&at("179,9,-179,11"), None).await), ["900100", "900101"]);
    assert_eq!(sorted(&maps.get(&at("0,0,1,1"), None).await), [""; 0]);
    let crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
    let path = format!("{}&bbox-crs={crs84}&crs={crs84}", at("179,9,-179,11"));
    assert_eq!(maps.get(&path, None).await["numberReturned"], 2);
    for bad in ["bbox=1,2,3", "bbox=a,b,c,d", "crs=EPSG:4490", "bbox-crs=x", "bbox=1,1,2,2&bbox=1,1,2,2"] {
        let (status, code, _) = maps.refused(&format!("/ogc/collections/open/items?{bad}"), None).await;
        assert_eq!((status, code.as_str()), (400, "bad_parameter"), "{bad}");
    }
}

#[tokio::test]
async fn properties_select_by_value_and_unknown_parameters_are_refused() {
    let maps = Maps::new().await;
    maps.add(900_000..900_005).await;
    let items = |query: &str| format!("/ogc/collections/open/items?{query}");
    assert_eq!(sorted(&maps.get(&items("code=900001,900003"), None).await), ["900001", "900003"]);
    assert_eq!(sorted(&maps.get(&items("number=900001&level=county"), None).await), ["900001"]);
    assert_eq!(maps.get(&items("level=province"), None).await["numberMatched"], 0);
    assert_eq!(maps.get(&items("code=%27%20or%20true--"), None).await["numberReturned"], 0);
    assert_eq!(maps.get(&items("name_zh=%E5%8C%BA%22900004"), None).await["numberReturned"], 1);
    for (bad, code) in [
        ("number=x", "bad_parameter"),
        ("level=village", "bad_parameter"),
        ("valid_from=2026", "bad_parameter"),
        ("colour=red", "unknown_parameter"),
        ("secret=inner%20900001", "unknown_parameter"),
        ("true_on=2026", "bad_parameter"),
        ("%22;drop=1", "unknown_parameter"),
    ] {
        let (status, got, detail) = maps.refused(&items(bad), None).await;
        assert_eq!((status, got.as_str()), (400, code), "{bad}");
        assert!(code != "unknown_parameter" || (detail.contains("level") && detail.contains("bbox")), "{detail}");
        assert!(!detail.contains("there are: secret") && !detail.contains(", secret"), "{detail}");
    }
    let queryables = maps.get("/ogc/collections/open/queryables", None).await;
    assert_eq!(queryables["properties"]["number"]["type"], "integer");
    assert_eq!(queryables["properties"]["valid_from"]["format"], "date");
    assert_eq!(queryables["properties"]["level"]["enum"][3], "county");
    assert!(queryables["properties"].get("secret").is_none());
}

#[tokio::test]
async fn what_the_database_cannot_hold_is_refused_before_it_is_asked() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    let id = maps.get("/ogc/collections/open/items?limit=1", None).await["features"][0]["id"].clone();
    let id = id.as_str().unwrap();
    for (path, code) in [
        ("open/items?code=%00", "nul_character"),
        ("open/items?code=900000,9%00", "nul_character"),
        ("open/items?name_zh=a%00b", "nul_character"),
        ("open/items?level=county%00", "nul_character"),
        ("open/tiles/WebMercatorQuad/9/197/405?code=%00", "nul_character"),
        ("open/tiles/WebMercatorQuad/tilejson?code=%00", "nul_character"),
        ("open/items?c%00de=1", "nul_character"),
        ("op%00en", "nul_character"),
        ("open%00/items", "nul_character"),
        ("open/items/%00", "nul_character"),
        (&format!("open/items/{id}%00"), "nul_character"),
        ("open/tiles/%00/9/197/405", "nul_character"),
        ("open/items?valid_from=0000-01-01", "bad_parameter"),
        ("open/items?valid_from=2026-01-01,0000-01-01", "bad_parameter"),
        ("open/items?datetime=0000-01-01", "bad_parameter"),
        ("open/items?datetime=0000-01-01/..", "bad_parameter"),
        ("open/items?datetime=0000-01-01T00:00:00Z", "bad_parameter"),
        ("open/tiles/WebMercatorQuad/9/197/405?valid_from=0000-01-01", "bad_parameter"),
    ] {
        let (status, got, _) = maps.refused(&format!("/ogc/collections/{path}"), None).await;
        assert_eq!((status, got.as_str()), (400, code), "{path}");
    }
    // Each says which parameter it is about.
    for (query, pointer) in [("valid_from=0000-01-01", "?valid_from"), ("colour=red", "?colour")] {
        let response = maps.ask(&format!("/ogc/collections/open/items?{query}"), None).await;
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test]
async fn what_was_known_is_shown_to_those_alone_who_may_see_the_row_as_it_is() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_005, "152921", 105.0, 38.0, 0.004).await;
    maps.change("update division set successor_code = '91150000MA0ABCDE0X' where code in ('900000', '900003')").await;
    let then = format!("known_at={}", Day::of(2026, 11, 22).start().format("%Y-%m-%dT%H:%M:%SZ"));
    maps.world.clock.move_to(Day::of(2026, 11, 25));
    // 900000 was never the owner's, and 900001 and 900004 never the county's: they were recorded in error. 900002 has
    // come to the owner since.
    maps.change(
        "update division set successor_code = case when code = '900002' then '91150000MA0ABCDE0X' end,
                parent_code = case when code in ('900001', '900004') then '140602' else parent_code end
         where code in ('900000', '900001', '900002', '900004')",
    )
    .await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let nation = maps.world.key(Role::Auditor, "000000").await;
    let owner = maps.owner_key().await;
    let all = maps.get(&format!("/ogc/collections/closed/items?{then}"), Some(&nation)).await;
    assert_eq!(sorted(&all), ["900000", "900001", "900002", "900003", "900004"]);
    let id = |code: &str| {
        let features = all["features"].as_array().unwrap();
        let found = features.iter().find(|f| f["properties"]["code"] == code).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };

    let items = |layer: &str, more: &str| format!("/ogc/collections/{layer}/items?{then}{more}");
    let own = maps.get(&items("owned", ""), Some(&owner)).await;
    assert_eq!((sorted(&own), &own["numberMatched"]), (vec!["900003".to_owned()], &json!(1)));
    for code in ["900000", "900001", "900002", "900004"] {
        let path = format!("/ogc/collections/owned/items/{}?{then}", id(code));
        assert_eq!(maps.refused(&path, Some(&owner)).await.0, 404, "{code}");
    }
    maps.get(&format!("/ogc/collections/owned/items/{}?{then}", id("900003")), Some(&owner)).await;

    assert_eq!(sorted(&maps.get(&items("closed", ""), Some(&county)).await), ["900000", "900002", "900003"]);
    assert_eq!(maps.get(&items("closed", "&limit=1"), Some(&county)).await["numberMatched"], 3);
    let path = format!("/ogc/collections/closed/items/{}?{then}", id("900001"));
    assert_eq!(maps.refused(&path, Some(&county)).await.0, 404);

    // Of an open layer every row is seen, its restricted columns by whom they are shown today.
    let open = maps.get(&items("open", ""), Some(&county)).await;
    let secrets: BTreeSet<_> =
        open["features"].as_array().unwrap().iter().filter_map(|f| f["properties"]["secret"].as_str()).collect();
    assert_eq!(secrets, BTreeSet::from(["inner 900000", "inner 900002", "inner 900003"]));
    assert_eq!(open["numberReturned"], 5);
    for (code, found) in [("900000", 1), ("900001", 0), ("900004", 0)] {
        let page = maps.get(&items("open", &format!("&secret=inner%20{code}")), Some(&county)).await;
        assert_eq!(page["numberMatched"], found, "{code}");
    }
    let path = format!("/ogc/collections/open/items/{}?{then}", id("900001"));
    assert!(maps.get(&path, Some(&county)).await["properties"].get("secret").is_none());

    let tile = async |layer: &str, key: &str| {
        let path = format!("/ogc/collections/{layer}/tiles/WebMercatorQuad/9/197/405?{then}");
        let response = maps.ask(&path, Some(key)).await;
        assert_eq!(response.status(), 200, "{layer}");
        read_tile(&response.bytes().await.unwrap()).remove(0)
    };
    assert_eq!(tile("owned", &owner).await.features, 1);
    assert_eq!(tile("closed", &county).await.features, 3);
    assert_eq!(tile("closed", &nation).await.features, 5);
    let open = tile("open", &county).await;
    assert_eq!(open.features, 5);
    assert!(open.texts.contains("inner 900000") && !open.texts.contains("inner 900001"), "{open:?}");
    assert!(!open.texts.contains("inner 900004"), "{open:?}");
}

#[tokio::test]
async fn time_selects_by_validity_and_by_what_was_known() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    maps.change("update division set valid_to = '2020-12-31' where code = '900000'").await;
    maps.change("update division set valid_from = '2021-01-01' where code = '900001'").await;
    let at = |datetime: &str| format!("/ogc/collections/open/items?datetime={datetime}");
    for (datetime, expected) in [
        ("2020-12-31", vec!["900000", "900002"]),
        ("2020-12-31T16:00:00Z", vec!["900001", "900002"]),
        ("2020-06-01/2021-06-01", vec!["900000", "900001", "900002"]),
        ("../2020-01-01", vec!["900000", "900002"]),
        ("2022-01-01/..", vec!["900001", "900002"]),
    ] {
        assert_eq!(sorted(&maps.get(&at(datetime), None).await), expected, "{datetime}");
    }
    assert_eq!(maps.refused(&at("yesterday"), None).await.0, 400);
    let known: chrono::DateTime<chrono::Utc> = Day::of(2026, 11, 22).start();
    maps.world.clock.move_to(Day::of(2026, 11, 25));
    maps.change("update division set name_zh = 'renamed', geom = st_translate(geom, 10, 0) where code = '900002'")
        .await;
    let id = maps.get("/ogc/collections/open/items?code=900002", None).await["features"][0].clone();
    assert_eq!(id["properties"]["name_zh"], "renamed");
    let path = format!("/ogc/collections/open/items/{}", id["id"].as_str().unwrap());
    let then = format!("known_at={}", known.format("%Y-%m-%dT%H:%M:%SZ"));
    let before = maps.get(&format!("{path}?{then}"), None).await;
    assert_eq!(before["properties"]["name_zh"], "区\"900002");
    assert_eq!(maps.get(&format!("/ogc/collections/open/items?{then}"), None).await["numberReturned"], 3);
    let moved = format!("/ogc/collections/open/items?bbox=115,37,116,39&{then}");
    assert_eq!(maps.get(&moved, None).await["numberReturned"], 0);
    let never = "/ogc/collections/open/items?known_at=2000-01-01T00:00:00Z";
    assert_eq!(maps.get(never, None).await["numberReturned"], 0);
    assert_eq!(maps.refused("/ogc/collections/open/items?known_at=2026-01-01", None).await.0, 400);
    assert_eq!(maps.refused(&format!("{path}?bbox=1,1,2,2"), None).await.1, "unknown_parameter");
}

#[tokio::test]
async fn each_caller_sees_its_rows_and_fields_and_is_told_what_is_hidden() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_003, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_102, "140602", 112.0, 39.0, 0.004).await;
    maps.change("update division set successor_code = '91150000MA0ABCDE0X' where code = '900101'").await;

    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let nation = maps.world.key(Role::Auditor, "000000").await;
    let owner = maps.owner_key().await;
    let agency = maps.world.key(Role::ThirdParty, "152921").await;

    // The public: rows of public layers, without restricted fields; of the others the names and the reason.
    let collections = maps.get("/ogc/collections", None).await;
    let ids = |list: &Value| {
        list.as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&collections["collections"]), ["open"]);
    assert_eq!(ids(&collections["restricted"]), ["closed", "owned", "farm"]);
    assert!(collections["restricted"][0]["reason_zh"].as_str().unwrap().contains("农业农村部门"));
    let page = maps.get("/ogc/collections/open/items", None).await;
    assert_eq!(page["numberMatched"], 5);
    assert!(page["features"].as_array().unwrap().iter().all(|f| f["properties"].get("secret").is_none()));
    for path in [
        "",
        "/items",
        "/queryables",
        "/tiles",
        "/tiles/WebMercatorQuad",
        "/tiles/WebMercatorQuad/tilejson",
        "/tiles/WebMercatorQuad/0/0/0",
    ] {
        let (status, code, detail) = maps.refused(&format!("/ogc/collections/closed{path}"), None).await;
        assert_eq!((status, code.as_str()), (401, "unauthenticated"), "{path}");
        assert!(detail.contains("Agriculture bureau"), "{detail}");
        let (status, code, _) = maps.refused(&format!("/ogc/collections/closed{path}"), Some(&agency)).await;
        assert_eq!((status, code.as_str()), (403, "collection_not_visible"), "{path}");
    }

    // A county: its rows of closed layers; restricted fields in its rows only, and no finding them out by a filter.
    let page = maps.get("/ogc/collections/closed/items", Some(&county)).await;
    assert_eq!(sorted(&page), ["900000", "900001", "900002"]);
    assert_eq!(page["numberMatched"], 3);
    let extent = maps.get("/ogc/collections/closed", Some(&county)).await["extent"]["spatial"]["bbox"].clone();
    assert_eq!(extent, json!([[105.0, 38.0, 105.024, 38.004]]));
    let page = maps.get("/ogc/collections/open/items", Some(&county)).await;
    let disclosed = page["features"].as_array().unwrap().iter().filter(|f| f["properties"].get("secret").is_some());
    assert_eq!((disclosed.count(), &page["numberMatched"]), (3, &json!(5)));
    let find = |n: u32| format!("/ogc/collections/open/items?secret=inner%20{n}");
    assert_eq!(maps.get(&find(900_001), Some(&county)).await["numberReturned"], 1);
    assert_eq!(maps.get(&find(900_100), Some(&county)).await["numberReturned"], 0);
    let foreign = maps.get("/ogc/collections/open/items?code=900100", None).await["features"][0]["id"].clone();
    let path = format!("/ogc/collections/closed/items/{}", foreign.as_str().unwrap());
    assert_eq!(maps.refused(&path, Some(&county)).await.0, 404);
    assert_eq!(maps.get(&path, Some(&nation)).await["properties"]["secret"], "inner 900100");

    // A land user: its own rows.
    assert_eq!(sorted(&maps.get("/ogc/collections/owned/items", Some(&owner)).await), ["900101"]);
    assert_eq!(maps.refused("/ogc/collections/farm/items", Some(&owner)).await.0, 403);
}

#[tokio::test]
async fn the_operator_may_open_farmland() {
    let maps = Maps::with(opened("farm"), &[&CLOSED, &FARM]).await;
    maps.add(900_000..900_002).await;
    assert_eq!(maps.get("/ogc/collections/farm/items", None).await["numberReturned"], 2);
    assert_eq!(maps.refused("/ogc/collections/closed/items", None).await.0, 401);
}

#[tokio::test]
async fn entity_tags_change_with_the_registry_and_the_caller() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    for path in [
        "/ogc/collections/open/items",
        "/ogc/collections/open/tiles/WebMercatorQuad/5/12/25",
        "/ogc/collections/open/tiles/WebMercatorQuad/9/0/0",
    ] {
        let first = maps.ask(path, None).await;
        let tag = first.headers()["etag"].clone();
        assert_eq!(first.headers()["cache-control"], "public, no-cache");
        let vary = first.headers().get_all("vary").iter().map(|list| list.to_str().unwrap());
        let mut vary: Vec<&str> = vary.flat_map(|list| list.split(',').map(str::trim)).collect();
        vary.sort_unstable();
        assert_eq!(
            vary,
            ["accept", "accept-encoding", "accept-language", "authorization"],
            "each is said once: {path}"
        );
        let again = |key: Option<&str>| {
            let request = maps.client.get(maps.url(path)).header("accept-language", "en").header("if-none-match", &tag);
            key.map_or(request.try_clone().unwrap(), |key| request.bearer_auth(key)).send()
        };
        assert_eq!(again(None).await.unwrap().status(), 304, "{path}");
        let other = again(Some(&county)).await.unwrap();
        assert_ne!(other.status(), 304, "{path}");
        assert_eq!(other.headers()["cache-control"], "private, no-cache");
        maps.change("update division set name_zh = name_zh || '.' where code = '900001'").await;
        assert_ne!(again(None).await.unwrap().status(), 304, "{path}");
    }
    let tag = maps.ask("/ogc/collections", None).await.headers()["etag"].clone();
    maps.add_under(900_100..900_101, "152921", 110.0, 38.0, 0.004).await;
    assert_ne!(maps.ask("/ogc/collections", None).await.headers()["etag"], tag, "the extent has grown");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up_and_said_so() {
    let maps = Maps::with(Config { statement_timeout_ms: 50, ..Config::default() }, &[&SLOW]).await;
    maps.add(900_000..900_001).await;
    for path in ["", "/items", "/tiles/WebMercatorQuad/12/1579/3242"] {
        let response = maps.ask(&format!("/ogc/collections/slow{path}"), None).await;
        assert_eq!(response.status(), 503, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "query_too_slow", "{path}");
    }
}

#[tokio::test]
async fn every_layer_of_every_register_answers_everything() {
    let world = World::new().await;
    let key = world.key(Role::Auditor, "000000").await;
    let reserved = [
        "limit",
        "cursor",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "known_at",
        "true_on",
        "f",
        "filter",
        "filter-lang",
        "filter-crs",
        "sortby",
        "properties",
        "skipGeometry",
        "precision",
        "offset",
        "resultType",
        "geometry",
        "id",
        "glyphs",
        "tms",
    ];
    let landing = expect(world.get("/ogc"), 200).await;
    for rel in ["service-desc", "service-doc"] {
        let address = href(&landing, rel).unwrap();
        let answer = world.get(&format!("/{}", address.splitn(4, '/').last().unwrap())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{rel}");
        let path = address.split('?').next().unwrap();
        assert!(path.ends_with(answer.url().path()), "{rel} leads on to {}", answer.url());
    }
    for layer in jingtu::registers::layers() {
        for column in layer.columns.iter() {
            assert!(!reserved.contains(&column.name.as_ref()), "{}: {} has another meaning", layer.id, column.name);
        }
        let collection = format!("/ogc/collections/{}", layer.id);
        let known = "known_at=2026-11-21T00:00:00Z";
        for path in [
            "",
            "/queryables",
            "/tiles",
            "/tiles/WebMercatorQuad",
            "/tiles/WebMercatorQuad/tilejson",
            "/styles",
            "/items?limit=2",
            "/items?bbox=70,10,140,60&datetime=2026-01-01/..",
            &format!("/items?{known}"),
            "/items?true_on=2026-01-01&resultType=hits",
            &format!("/items?true_on=2026-01-01&{known}&bbox=70,10,140,60"),
            &format!("/tiles/WebMercatorQuad/tilejson?true_on=2026-01-01&{known}"),
        ] {
            let text = expect(world.get(&format!("{collection}{path}")).bearer_auth(&key), 200).await;
            assert!(text.is_object(), "{}{path}", layer.id);
        }
        for path in [
            "/tiles/WebMercatorQuad/4/6/12".to_owned(),
            format!("/tiles/CGCS2000Quad/4/2/12?{known}&true_on=2026-01-01"),
        ] {
            let status = world.get(&format!("{collection}{path}")).bearer_auth(&key).send().await.unwrap().status();
            assert!(status == 200 || status == 204, "{}{path}: {status}", layer.id);
        }
    }
}

/// A layer of a vector tile: its name, how many features of which shapes, its keys, its texts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TileLayer {
    name: String,
    extent: u64,
    pub(crate) features: usize,
    /// The geometry type of each feature: 1 a point, 2 a line, 3 a polygon.
    shapes: Vec<u64>,
    keys: BTreeSet<String>,
    pub(crate) texts: BTreeSet<String>,
}

/// Fields of a protocol buffer message: number, and a number or bytes.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Result<u64, &[u8]>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut n, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            n |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return n;
            }
        }
    }
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let head = varint(&mut bytes);
        let value = match head & 7 {
            0 => Ok(varint(&mut bytes)),
            wire => {
                let length = match wire {
                    1 => 8,
                    2 => usize::try_from(varint(&mut bytes)).unwrap(),
                    5 => 4,
                    _ => panic!("wire type {wire}"),
                };
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Err(value)
            }
        };
        out.push((head >> 3, value));
    }
    out
}

pub(crate) fn read_tile(bytes: &[u8]) -> Vec<TileLayer> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let read = |bytes: &[u8]| {
        let mut layer = TileLayer::default();
        for field in fields(bytes) {
            match field {
                (1, Err(name)) => layer.name = text(name),
                (2, Err(feature)) => {
                    layer.features += 1;
                    layer.shapes.extend(fields(feature).into_iter().filter_map(|f| match f {
                        (3, Ok(shape)) => Some(shape),
                        _ => None,
                    }));
                }
                (3, Err(key)) => drop(layer.keys.insert(text(key))),
                (4, Err(value)) => layer.texts.extend(fields(value).into_iter().filter_map(|f| match f {
                    (1, Err(value)) => Some(text(value)),
                    _ => None,
                })),
                (5, Ok(extent)) => layer.extent = extent,
                _ => {}
            }
        }
        layer
    };
    fields(bytes).into_iter().map(|(_, layer)| read(layer.unwrap_err())).collect()
}

#[tokio::test]
async fn tiles_show_what_items_show() {
    let maps = Maps::new().await;
    maps.add_under(900_000..900_003, "152921", 105.0, 38.0, 0.004).await;
    maps.add_under(900_100..900_101, "140602", 105.03, 38.0, 0.004).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let tile = async |path: &str, key: Option<&str>| {
        let response = maps.ask(&format!("/ogc/collections/{path}"), key).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/vnd.mapbox-vector-tile");
        let mut layers = read_tile(&response.bytes().await.unwrap());
        assert_eq!(layers.len(), 1);
        layers.remove(0)
    };
    // 105.0 E, 38.0 N lies in column 405, row 197 at zoom 9.
    let open = tile("open/tiles/WebMercatorQuad/9/197/405?code=900000,900001,900002,900100", None).await;
    assert_eq!((open.name.as_str(), open.extent, open.features), ("open", 4096, 4));
    assert!(open.keys.contains("id") && open.keys.contains("code") && !open.keys.contains("secret"), "{open:?}");
    assert!(!open.keys.contains("recorded_at"), "kept out of tiles");
    let disclosed = tile("open/tiles/WebMercatorQuad/9/197/405", Some(&county)).await;
    assert!(disclosed.texts.contains("inner 900001") && !disclosed.texts.contains("inner 900100"), "{disclosed:?}");
    let closed = tile("closed/tiles/WebMercatorQuad/9/197/405", Some(&county)).await;
    assert_eq!(closed.features, 3);
    assert_eq!(tile("open/tiles/WebMercatorQuad/9/197/405?code=900001", None).await.features, 1);
    assert_eq!(tile("open/tiles/WorldCRS84Quad/9/147/810", None).await.features, 4);
    assert_eq!(tile("open/tiles/CGCS2000Quad/10/147/810", None).await.features, 4);

    for empty in ["open/tiles/WebMercatorQuad/9/0/0", "open/tiles/WebMercatorQuad/9/197/405?datetime=2020-01-01&code=1"]
    {
        assert_eq!(maps.ask(&format!("/ogc/collections/{empty}"), None).await.status(), 204, "{empty}");
    }
    // Smaller than a pixel of zoom 3 (0.09 degrees), and thus left out there.
    assert_eq!(maps.ask("/ogc/collections/open/tiles/WebMercatorQuad/3/3/6", None).await.status(), 204);
    for (path, code) in [
        ("open/tiles/WebMercatorQuad/1/2/0", "no_such_tile"),
        ("open/tiles/WebMercatorQuad/1/0/2", "no_such_tile"),
        ("open/tiles/WebMercatorQuad/31/0/0", "no_such_tile"),
        ("open/tiles/WebMercatorQuad/a/0/0", "no_such_tile"),
        ("open/tiles/Elsewhere/0/0/0", "unknown_tile_matrix_set"),
    ] {
        let (status, got, detail) = maps.refused(&format!("/ogc/collections/{path}"), None).await;
        assert_eq!((status, got.as_str()), (404, code), "{path}");
        assert!(code != "unknown_tile_matrix_set" || detail.contains("CGCS2000Quad"));
    }
    assert_eq!(maps.refused("/ogc/collections/open/tiles/WebMercatorQuad/0/0/0?bbox=1,1,2,2", None).await.0, 400);
    let tilejson = maps.get("/ogc/collections/open/tiles/WebMercatorQuad/tilejson?level=county", None).await;
    let template = tilejson["tiles"][0].as_str().unwrap();
    assert!(template.ends_with("/ogc/collections/open/tiles/WebMercatorQuad/{z}/{y}/{x}?level=county"), "{template}");
    assert_eq!(tilejson["vector_layers"][0]["id"], "open");
    assert_eq!(tilejson["vector_layers"][0]["fields"]["number"], "Number");
    let set = maps.get("/ogc/tileMatrixSets/WebMercatorQuad", None).await;
    let scale = set["tileMatrices"][0]["scaleDenominator"].as_f64().unwrap();
    assert!((scale - 559_082_264.028_717_8).abs() < 0.01, "{scale}");
}

#[tokio::test]
async fn a_small_site_is_a_point_from_afar_and_an_outline_near_by() {
    let world = World::new().await;
    let properties = json!({"code": "B", "name": "地块", "division_code": "152921", "stage": "contaminated"});
    load(&world, "sites", &[feature(properties, square(105.0, 38.0, 100.0))], 1).await;
    for (place, name, shape) in [
        ("10/394/810", "contaminated-sites-points", 1),
        ("11/789/1621", "contaminated-sites-points", 1),
        ("14/6319/12970", "contaminated-sites", 3),
    ] {
        let path = format!("/ogc/collections/contaminated-sites/tiles/WebMercatorQuad/{place}");
        let response = world.get(&path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{place}");
        let layer = read_tile(&response.bytes().await.unwrap()).remove(0);
        assert_eq!((layer.name.as_str(), &layer.shapes), (name, &vec![shape]), "{place}");
        assert!(layer.texts.contains("B"), "{place}: {layer:?}");
    }
}

/// What GDAL prints for a layer, as text. The test is left out, with a word, where GDAL is not installed.
pub(crate) async fn ogrinfo(arguments: Vec<String>) -> Option<String> {
    let run = tokio::task::spawn_blocking(move || {
        std::process::Command::new("ogrinfo")
            .args(["-ro"])
            .args(arguments)
            .env("no_proxy", "127.0.0.1")
            .env_remove("http_proxy")
            .output()
    });
    let output = match run.await.unwrap() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("left out: ogrinfo is not installed");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let (said, complaints) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && complaints.is_empty(), "{complaints}\n{said}");
    Some(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gdal_reads_layers_page_by_page_with_filters_and_keys() {
    let maps = Maps::new().await;
    maps.add(900_000..901_200).await;
    let source = format!("OAPIF:{}", maps.url("/ogc"));
    let key = maps.world.key(Role::CountyEcology, "152921").await;
    let run = |more: &[&str]| ogrinfo([source.as_str()].iter().chain(more).map(ToString::to_string).collect());
    let Some(all) = run(&["-so", "open"]).await else { return };
    assert!(all.contains("Feature Count: 1200") && all.contains("code: String"), "{all}");
    assert!(all.contains("valid_from") && !all.contains("secret") && !all.contains("Layer name: closed"), "{all}");
    assert!(all.contains("Extent: (105.0"), "{all}");
    let whole = run(&["open"]).await.unwrap();
    let read: BTreeSet<_> = whole.lines().filter(|line| line.trim_start().starts_with("code (String) = ")).collect();
    assert_eq!((whole.matches("OGRFeature(open)").count(), read.len()), (1200, 1200), "every row once");
    assert_eq!(whole.matches("POLYGON ((").count(), 1200);
    let boxed = run(&["-so", "open", "-spat", "105.009", "37", "105.022", "39"]).await.unwrap();
    assert!(boxed.contains("Feature Count: 2"), "{boxed}");
    let filtered = run(&["-so", "open", "-where", "code = '900007'"]).await.unwrap();
    assert!(filtered.contains("Feature Count: 1"), "{filtered}");
    for login in [
        vec!["--config".to_owned(), "GDAL_HTTP_HEADERS".to_owned(), format!("Authorization: Bearer {key}")],
        vec!["--config".to_owned(), "GDAL_HTTP_USERPWD".to_owned(), format!("key:{key}")],
        vec!["-oo".to_owned(), format!("USERPWD=key:{key}")],
    ] {
        let mut arguments = login.clone();
        arguments.extend(["-so".to_owned(), source.clone(), "closed".to_owned()]);
        let said = ogrinfo(arguments).await.unwrap();
        assert!(said.contains("Feature Count: 1200") && said.contains("secret: String"), "{login:?}: {said}");
    }
}

#[tokio::test]
async fn the_description_names_what_the_caller_may_see_for_clients_of_both_versions() {
    let maps = Maps::new().await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let landing = maps.get("/ogc", None).await;
    let described: Vec<(&str, &str)> = landing["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["rel"] == "service-desc")
        .map(|link| (link["type"].as_str().unwrap(), link["href"].as_str().unwrap()))
        .collect();
    let types: Vec<&str> = described.iter().map(|(media_type, _)| *media_type).collect();
    let (oas30, oas31) =
        ("application/vnd.oai.openapi+json;version=3.0", "application/vnd.oai.openapi+json;version=3.1");
    assert_eq!(types, [oas30, oas31], "whoever takes the first gets what everybody reads");
    for ((media_type, address), version) in described.into_iter().zip(["3.0.3", "3.1.0"]) {
        let answer = maps.ask(address, None).await;
        assert_eq!(answer.headers()["content-type"], media_type);
        let document: Value = answer.json().await.unwrap();
        assert_eq!(document["openapi"], version);
        assert_eq!(document["servers"], json!([{"url": maps.url("/ogc")}]));
        let own = &document["paths"]["/collections/open/items"]["get"];
        let parameters = own["parameters"].as_array().unwrap();
        let named = |name: &str| parameters.iter().find(|parameter| parameter["name"] == name);
        assert!(parameters.contains(&json!({"$ref": "#/components/parameters/limit"})), "{own}");
        let level = named("level").unwrap();
        assert_eq!((&level["in"], &level["explode"]), (&json!("query"), &json!(false)));
        assert_eq!(level["schema"]["items"]["enum"], json!(["nation", "province", "prefecture", "county"]));
        assert!(named("collection").is_none(), "the path has none");
        assert!(named("secret").is_none(), "the public does not see it");
        assert!(document["paths"].get("/collections/closed/items").is_none(), "nor this");
    }
    let seen = maps.get("/ogc/api?f=oas30", Some(&county)).await;
    let parameters = seen["paths"]["/collections/open/items"]["get"]["parameters"].as_array().unwrap();
    assert!(parameters.iter().any(|parameter| parameter["name"] == "secret"));
    for (accept, expected) in [
        ("*/*", oas30),
        ("application/json", oas30),
        ("application/vnd.oai.openapi+json;version=3.0, application/openapi+json;version=3.0, application/json", oas30),
        (oas31, oas31),
    ] {
        let answer = maps.client.get(maps.url("/ogc/api")).header("accept", accept).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &expected.parse().unwrap()));
    }
    let quiet = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for request in
        [quiet.get(maps.url("/ogc/api?f=html")), quiet.get(maps.url("/ogc/api")).header("accept", "text/html")]
    {
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
            (303, maps.url("/docs/").as_str())
        );
    }
    assert_eq!(maps.refused("/ogc/api?f=yaml", None).await.1, "bad_parameter");
}

#[tokio::test]
async fn links_are_what_a_trusted_proxy_says_and_no_stranger() {
    let said = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "soil.example.gov.cn"),
        ("x-forwarded-prefix", "/maps/jt"),
    ];
    let trusting = Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Config::default() };
    let elsewhere = Config { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Config::default() };
    for (config, trusted) in [(trusting, true), (elsewhere, false), (Config::default(), false)] {
        let maps = Maps::with(config, &[&OPEN]).await;
        maps.add(900_000..900_003).await;
        let base = if trusted { "https://soil.example.gov.cn/maps/jt".to_owned() } else { maps.url("") };
        let ask = async |path: &str| {
            let request = said.iter().fold(maps.client.get(maps.url(path)), |r, (name, value)| r.header(*name, *value));
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        let landing = ask("/ogc").await;
        assert_eq!(href(&landing, "data").unwrap(), format!("{base}/ogc/collections"));
        let page = ask("/ogc/collections/open/items?limit=1").await;
        assert!(
            href(&page, "next").unwrap().starts_with(&format!("{base}/ogc/collections/open/items?limit=1&cursor="))
        );
        assert_eq!(ask("/ogc/api").await["servers"][0]["url"], format!("{base}/ogc"));
        // Lists of registers, whose links are relative where nothing is known of the way here.
        let list =
            said.iter().fold(maps.world.get("/v1/divisions?limit=1"), |r, (name, value)| r.header(*name, *value));
        let list = expect(list, 200).await;
        let expected =
            if trusted { format!("{base}/v1/divisions?limit=1") } else { "/v1/divisions?limit=1".to_owned() };
        assert_eq!(list["links"][0]["href"], expected);
        let next = list["links"][1]["href"].as_str().unwrap();
        assert!(next.starts_with(&format!("{expected}&cursor=")), "{next}");
    }
}
