//! The world a test lives in: a database of its own, a clock that it moves, a server on loopback.
//!
//! One private PostgreSQL serves the whole run. A template is migrated once; each test's database is cloned from it.

mod bless;

pub use bless::committed;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jingtu::config::Config;
use jingtu::kernel::{Area, Clock, Day, DivisionCode};
use jingtu::pg;
use jingtu::platform::identity::{NewKey, keys};
use jingtu::platform::overlay::Probe;
use jingtu::platform::{Act, App, Permission, Reply, Role, topology};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

/// The day on which every world begins: a Saturday.
pub const TODAY: Day = Day::of(2026, 11, 21);

struct Shared {
    cluster: pg::Cluster,
    /// A static is never dropped: the next run's [`sweep`] removes the folder.
    _dir: tempfile::TempDir,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

async fn shared() -> &'static Shared {
    SHARED
        .get_or_init(|| async {
            sweep();
            let prefix = format!("jingtu-test-{}-", std::process::id());
            let dir = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a temporary folder");
            open_to_all(dir.path());
            let options = pg::Options { fsync: false, max_connections: 300, ..pg::Options::default() };
            let cluster = pg::Cluster::start(dir.path(), options).await.expect("PostgreSQL starts");
            let mut admin = PgConnection::connect(&cluster.admin_url("postgres")).await.expect("connect");
            admin.execute("create database template_jingtu template template0 encoding 'UTF8'").await.expect("create");
            let pool = PgPool::connect(&cluster.admin_url("template_jingtu")).await.expect("connect to the template");
            jingtu::platform::app::migrate(&pool).await.expect("migrations");
            pool.close().await;
            Shared { cluster, _dir: dir }
        })
        .await
}

/// Removes the folders of runs that have ended.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).expect("the temporary folder").flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix("jingtu-test-")?.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists()) {
            // Another run may be sweeping too; what is gone is gone.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// The cluster's unprivileged user must be able to enter the folder that root made.
fn open_to_all(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// A registry of its own, with a server on loopback.
pub struct World {
    /// The state behind the server, for acts and queries.
    pub app: App,
    /// The clock; it stands at noon of [`TODAY`] until moved.
    pub clock: Clock,
    /// Where the server listens.
    pub addr: SocketAddr,
    client: Client,
    server: tokio::task::JoinHandle<()>,
}

impl World {
    /// A world with the sample's divisions.
    pub async fn new() -> World {
        World::with(Config::default()).await
    }

    /// A world under other settings.
    pub async fn with(config: Config) -> World {
        let shared = shared().await;
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&shared.cluster.admin_url("postgres")).await.expect("connect");
        admin
            .execute(AssertSqlSafe(format!("create database {name} template template_jingtu")))
            .await
            .expect("clone the template");
        admin.close().await.expect("close");
        let options = PgConnectOptions::from_str(&shared.cluster.admin_url(&name)).expect("url");
        let db = PgPoolOptions::new().max_connections(8).connect_with(options).await.expect("connect");
        let clock = Clock::manual(TODAY);
        let app = App::new(db, clock.clone(), config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let addr = listener.local_addr().expect("address");
        let router = jingtu::api::router(&app);
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
        let client = Client::builder().no_proxy().tls_certs_only([]).build().expect("client");
        let world = World { app, clock, addr, client, server };
        world.load_divisions().await;
        world
    }

    async fn load_divisions(&self) {
        let mut act = self.act(Permission::DivisionWrite).await;
        for (code, name, level, parent, ancestors) in DIVISIONS {
            sqlx::query(
                "insert into division (id, code, name_zh, level, parent_code, ancestors) values (gen_random_uuid(), $1, $2, $3, $4, $5)",
            )
            .bind(code)
            .bind(name)
            .bind(level)
            .bind(parent)
            .bind(ancestors.split('/').map(str::to_owned).collect::<Vec<_>>())
            .execute(act.tx())
            .await
            .expect("division");
        }
        act.note("division/test", json!({"rows": DIVISIONS.len()}));
        act.finish(Reply::nothing()).await.expect("commit");
    }

    /// An act of the operator.
    pub async fn act(&self, permission: Permission) -> Act {
        Act::operator(&self.app, permission).await.expect("begin")
    }

    /// A key of a role in a division; a land user's carries [`CREDIT_CODE`].
    pub async fn key(&self, role: Role, division: &str) -> String {
        let mut act = self.act(Permission::KeyManage).await;
        let new = NewKey {
            name: format!("{} {division}", role.as_str()),
            role,
            division: DivisionCode::parse(division).expect("division code"),
            credit_code: (role == Role::LandUser).then(|| CREDIT_CODE.to_owned()),
            expires_on: None,
            demo: false,
        };
        let token = keys::create(&mut act, new).await.expect("key");
        act.finish(Reply::nothing()).await.expect("commit");
        token
    }

    /// Files a paper with a key; gives its identifier.
    pub async fn document(&self, key: &str) -> Value {
        let form = Form::new()
            .part("file", Part::bytes(b"%PDF-1.7\n%test\n".as_slice()).file_name("paper.pdf"))
            .text("kind", "paper")
            .text("title", "文书");
        expect(self.post("/v1/documents").bearer_auth(key).multipart(form), 201).await["id"].clone()
    }

    /// The address of its database, for commands.
    pub async fn database_url(&self) -> String {
        let options = self.app.db().connect_options();
        shared().await.cluster.admin_url(options.get_database().expect("a database"))
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A GET as the public; add `.bearer_auth(&key)`.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// A POST.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// A PATCH.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.client.patch(self.url(path))
    }

    /// Any method.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Credit code of the land user whose keys [`World::key`] makes.
pub const CREDIT_CODE: &str = "91150000MA0TEXT00X";

/// Sends and asserts the status; gives the JSON body (null where there is none).
pub async fn expect(request: RequestBuilder, status: u16) -> Value {
    let (_, body) = expect_response(request, status).await;
    body
}

/// As [`expect`], with the response's head.
pub async fn expect_response(request: RequestBuilder, status: u16) -> (Response, Value) {
    let response = request.send().await.expect("an answer");
    let got = response.status().as_u16();
    let head = axum::http::Response::builder().status(got).body(()).expect("head");
    let (mut parts, ()) = head.into_parts();
    parts.headers = response.headers().clone();
    let text = response.text().await.expect("a body");
    assert_eq!(got, status, "{text}");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    (Response::from(axum::http::Response::from_parts(parts, "")), body)
}

/// The cursor of a page's `next` link with another key in it: it fits the filters, and no list ever wrote it.
pub fn forged(page: &Value, key: &str) -> String {
    let links = page["links"].as_array().expect("links");
    let next = links.iter().find(|link| link["rel"] == "next").expect("a next page");
    let cursor = next["href"].as_str().and_then(|href| href.split("cursor=").nth(1)).expect("a cursor");
    let bytes = URL_SAFE_NO_PAD.decode(cursor.split('&').next().unwrap_or_default()).expect("base64url");
    // The digest of the filters comes first.
    URL_SAFE_NO_PAD.encode([&bytes[..8], key.as_bytes()].concat())
}

/// A polygon in zone 35 of Gauss-Krueger on CGCS2000 (EPSG:4523), in the axes of the register: north before east.
pub async fn in_zone_35(world: &World, geometry: &Value) -> Value {
    let turned: String = sqlx::query_scalar(
        "select st_asgeojson(st_flipcoordinates(st_transform(st_setsrid(st_geomfromgeojson($1), 4490), 4523)), 9)",
    )
    .bind(geometry.to_string())
    .fetch_one(world.app.db())
    .await
    .expect("a place of the zone");
    let mut turned: Value = serde_json::from_str(&turned).expect("JSON");
    if let Value::Object(members) = &mut turned {
        members.remove("crs");
    }
    turned
}

/// A square of about `side_m` metres with its south-west corner at a place.
pub fn square(lon: f64, lat: f64, side_m: f64) -> Value {
    let dy = side_m / 111_000.0;
    let dx = dy / lat.to_radians().cos();
    json!({"type": "Polygon", "coordinates": [[[lon, lat], [lon + dx, lat], [lon + dx, lat + dy], [lon, lat + dy], [lon, lat]]]})
}

const DIVISIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("150000", "内蒙古自治区", "province", "000000", "000000/150000"),
    ("152900", "阿拉善盟", "prefecture", "150000", "000000/150000/152900"),
    ("152921", "阿拉善左旗", "county", "152900", "000000/150000/152900/152921"),
    ("152922", "阿拉善右旗", "county", "152900", "000000/150000/152900/152922"),
    ("152971", "阿拉善高新区", "county", "152900", "000000/150000/152900/152971"),
    ("140000", "山西省", "province", "000000", "000000/140000"),
    ("140600", "朔州市", "prefecture", "140000", "000000/140000/140600"),
    ("140602", "朔城区", "county", "140600", "000000/140000/140600/140602"),
    ("440000", "广东省", "province", "000000", "000000/440000"),
    ("441600", "河源市", "prefecture", "440000", "000000/440000/441600"),
    ("441602", "源城区", "county", "441600", "000000/440000/441600/441602"),
];

/// A parcel as registers are asked about it, on a day.
pub async fn probe(conn: &mut PgConnection, geometry: &Value, on: Day) -> Probe {
    let ewkb = Area::from_geojson(geometry, "").expect("an area").to_ewkb();
    let area_m2 = topology::area_m2(conn, &ewkb).await.expect("its area");
    Probe::one(ewkb, area_m2, on)
}
