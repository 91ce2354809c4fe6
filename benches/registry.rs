//! A registry as it runs: PostgreSQL that keeps what it committed, the program in a process of its own, and what both cost.

use crate::ground;
use jingtu::config::Config;
use jingtu::kernel::{Clock, Day, DivisionCode};
use jingtu::pg;
use jingtu::platform::identity::{NewKey, keys};
use jingtu::platform::{Act, App, Permission, Reply, Role, app};
use reqwest::Client;
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// CPU time.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// Of PostgreSQL, all its processes.
    pub database: Duration,
    /// Of the program that asks it: the server, or for bare SQL this measurement.
    pub program: Duration,
}

impl Cpu {
    /// All of it.
    pub fn sum(self) -> Duration {
        self.database + self.program
    }

    /// What was used since.
    pub fn since(self, before: Cpu) -> Cpu {
        Cpu { database: self.database - before.database, program: self.program - before.program }
    }
}

/// Whose CPU time counts beside PostgreSQL's.
#[derive(Debug, Clone, Copy)]
pub enum Asker {
    /// The server's.
    Server,
    /// This process's.
    Bare,
    /// That of a program started by this process, and of the processes that it started.
    Program(u32),
}

/// A client for requests one by one.
pub fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).tcp_nodelay(true).build().expect("a client")
}

/// A connection of this measurement's own.
pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("connect")
}

/// The registry.
pub struct Registry {
    /// For statements of the measurement itself.
    pub db: PgPool,
    /// Where the server listens.
    pub base: String,
    /// The planning department's key.
    pub planning: String,
    /// The ecology bureau's key.
    pub ecology: String,
    app: App,
    server: Child,
    cluster: pg::Cluster,
    _dir: tempfile::TempDir,
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_jingtu");

impl Registry {
    /// A registry with sixteen counties, coverage of each, and its server.
    pub async fn start() -> Registry {
        let dir = tempfile::Builder::new().prefix("jingtu-bench-").tempdir().expect("a temporary folder");
        open_to_all(dir.path());
        let options = pg::Options { max_connections: 60, shared_buffers_mb: 2_048, ..pg::Options::default() };
        let cluster = pg::Cluster::start(dir.path(), options).await.expect("PostgreSQL starts");
        // Loading millions of rows takes longer than a statement of the server may.
        let config = Config { statement_timeout_ms: 0, ..Config::default() };
        let db = app::connect(&cluster.url(), &config).await.expect("connect");
        app::migrate(&db).await.expect("migrations");
        let app = App::new(db.clone(), Clock::system(None), config);
        counties(&app).await;
        let (server, base) = serve(&cluster.url(), &[]);
        let planning = key(&app, Role::Planning, "140000").await;
        let ecology = key(&app, Role::PrefectureEcology, "140600").await;
        let registry = Registry { db, base, planning, ecology, app, server, cluster, _dir: dir };
        registry.answers().await;
        registry
    }

    /// Starts the server anew, with these settings.
    pub async fn restart(&mut self, settings: &[(&str, &str)]) {
        drop(self.server.kill());
        drop(self.server.wait());
        (self.server, self.base) = serve(&self.cluster.url(), settings);
        self.answers().await;
        self.rests().await;
    }

    /// Waits until what the server does of its own accord, after rows were loaded, is done.
    async fn rests(&self) {
        for _ in 0..300 {
            let before = self.cpu(Asker::Server);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.cpu(Asker::Server).since(before).sum() < Duration::from_millis(50) {
                return;
            }
        }
        println!("the server did not come to rest in five minutes");
    }

    async fn answers(&self) {
        let client = client();
        let asked = || async { client.get(format!("{}/healthz", self.base)).send().await };
        let mut alive = false;
        for _ in 0..600 {
            alive = asked().await.is_ok_and(|answer| answer.status().is_success());
            if alive {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(alive, "the server does not answer");
    }

    /// Puts fields from a number to another on record. Written past triggers and one by one indexes: loading is not what is
    /// measured here.
    pub async fn fields(&self, from: u64, to: u64) {
        let (drop, make): (Vec<String>, Vec<String>) = sqlx::query_as::<_, (String, String)>(
            "select 'drop index ' || indexrelid::regclass, pg_get_indexdef(indexrelid) from pg_index
             where indrelid in ('farmland_unit'::regclass, 'farmland_class'::regclass, 'farmland_land_type'::regclass)
                 and not indisunique",
        )
        .fetch_all(&self.db)
        .await
        .expect("indexes")
        .into_iter()
        .unzip();
        let mut act = self.loading(Permission::FarmlandWrite).await;
        run(act.tx(), &drop).await;
        run(
            act.tx(),
            &["create temp table outline (n bigint, geom geometry(Polygon, 4490)) on commit drop".to_owned()],
        )
        .await;
        copy(act.tx(), (from..to).map(|n| (n, ground::field(n)))).await;
        run(
            act.tx(),
            &[
                "insert into farmland_unit (id, code, division_code, land_type, class, township, village, crop, pbf, area_m2, geom)
                 select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'FU' || lpad(n::text, 9, '0'), '140602',
                     (array['paddy', 'upland', 'irrigated'])[1 + n % 3],
                     (array['priority_protection', 'safe_use', 'strict_control', 'unclassified'])[1 + (n * 7 / 5) % 4],
                     '乡镇' || n % 40, '行政村' || n % 400, 'maize', n % 5 = 0, st_area(geom::geography), geom
                 from outline"
                    .to_owned(),
                format!(
                    "insert into farmland_class (id, unit_id, class, trigger)
                     select ('00000000-0000-7000-8001-' || lpad(to_hex(n), 12, '0'))::uuid,
                         ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                         (array['priority_protection', 'safe_use', 'strict_control', 'unclassified'])[1 + (n * 7 / 5) % 4],
                         'registered' from generate_series({from}, {}) as n",
                    to - 1
                ),
                format!(
                    "insert into farmland_land_type (id, unit_id, land_type)
                     select ('00000000-0000-7000-8002-' || lpad(to_hex(n), 12, '0'))::uuid,
                         ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                         (array['paddy', 'upland', 'irrigated'])[1 + n % 3] from generate_series({from}, {}) as n",
                    to - 1
                ),
            ],
        )
        .await;
        run(act.tx(), &make).await;
        act.note("bench/farmland", json!({"units": to - from}));
        act.finish(Reply::nothing()).await.expect("commit");
        self.settle().await;
    }

    /// Puts sites on record, on the ground of the first `fields` fields.
    pub async fn sites(&self, fields: u64, sites: u64) {
        let mut act = self.loading(Permission::SiteRegister).await;
        run(
            act.tx(),
            &["create temp table outline (n bigint, geom geometry(Polygon, 4490)) on commit drop".to_owned()],
        )
        .await;
        copy(act.tx(), (0..sites).map(|n| (n, ground::site(fields, n)))).await;
        run(
            act.tx(),
            &["insert into site (id, code, name, division_code, former_industry, stage, stage_since, on_suspected_list,
                                 in_directory, on_control_list, area_m2, geom)
               select ('00000000-0000-7000-8003-' || lpad(to_hex(n), 12, '0'))::uuid, 'ST' || lpad(n::text, 9, '0'), '地块' || n,
                   '140602', (array['2614', '2710', '3340', '1713', null])[1 + n % 5], v.stage, date '2020-01-01' + (n % 2000)::int,
                   v.stage = 'suspected', v.stage in ('contaminated', 'listed'), v.stage = 'listed', st_area(geom::geography), geom
               from outline cross join lateral (select (array['suspected', 'not_contaminated', 'contaminated', 'listed', 'delisted',
                   'candidate'])[1 + (n * 11 / 3) % 6] as stage) as v"
                .to_owned()],
        )
        .await;
        act.note("bench/sites", json!({"sites": sites}));
        act.finish(Reply::nothing()).await.expect("commit");
        self.settle().await;
    }

    /// Puts copies of the newest replies on record.
    pub async fn replies(&self, newest: u64, copies: u64) {
        let mut act = self.loading(Permission::LandCheckAsk).await;
        run(
            act.tx(),
            &[format!(
                "insert into land_check (id, number, division_code, year, serial, checked_at, on_day, operation, verdict,
                                         awaits_reply, area_m2, geom, act_id, body, body_sha256, read_seq)
                 select gen_random_uuid(), c.number || '-' || k, c.division_code, c.year, c.serial + k * 1000000, c.checked_at,
                     c.on_day, c.operation, c.verdict, c.awaits_reply, c.area_m2, c.geom, c.act_id, c.body, c.body_sha256,
                     c.read_seq
                 from (select * from land_check order by id desc limit {newest}) as c cross join generate_series(1, {copies}) as k"
            )],
        )
        .await;
        act.note("bench/replies", json!({"copies": copies}));
        act.finish(Reply::nothing()).await.expect("commit");
        self.settle().await;
    }

    async fn loading(&self, permission: Permission) -> Act {
        let mut act = Act::operator(&self.app, permission).await.expect("begin");
        // Of the superuser alone; the cluster is this measurement's own.
        let mut admin = connect(&self.cluster.admin_url("postgres")).await;
        run(&mut admin, &["grant set on parameter session_replication_role to jingtu".to_owned()]).await;
        run(act.tx(), &["set local session_replication_role = replica".to_owned()]).await;
        act
    }

    /// Statistics, visibility and dirty pages are not left to whoever comes first.
    pub async fn settle(&self) {
        let mut admin = connect(&self.cluster.admin_url("jingtu")).await;
        run(&mut admin, &["vacuum analyze".to_owned(), "checkpoint".to_owned()]).await;
    }

    /// CPU time used so far.
    pub fn cpu(&self, asker: Asker) -> Cpu {
        let postmaster = self.cluster.postmaster().expect("PostgreSQL runs");
        let program = match asker {
            Asker::Server => family(self.server.id().cast_signed()),
            Asker::Program(pid) => family(pid.cast_signed()),
            Asker::Bare => ticks("/proc/self/stat", false).unwrap_or_default().1,
        };
        let tick = |n: u64| Duration::from_millis(n * 10);
        Cpu { database: tick(family(postmaster)), program: tick(program) }
    }

    /// Memory of the server at most so far, MiB.
    pub fn server_peak_mib(&self) -> u64 {
        self.server_memory("VmHWM:") / 1024
    }

    /// Memory of the server now and at most so far, KiB.
    pub fn server_memory_kib(&self) -> (u64, u64) {
        (self.server_memory("VmRSS:"), self.server_memory("VmHWM:"))
    }

    fn server_memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
    }

    /// Where the database is reached by the programs of others: the folder of its socket.
    pub fn socket_dir(&self) -> &std::path::Path {
        self.cluster.socket_dir()
    }

    /// A connection to the database, as the server has them.
    pub async fn connect(&self) -> PgConnection {
        connect(&self.cluster.url()).await
    }

    /// Size of the database, MiB.
    pub async fn size_mib(&self) -> i64 {
        sqlx::query_scalar("select pg_database_size(current_database()) / 1048576")
            .fetch_one(&self.db)
            .await
            .expect("size")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It holds nothing that is wanted, and its database ends with it.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Starts the program; where it listens.
fn serve(url: &str, settings: &[(&str, &str)]) -> (Child, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    let server = Command::new(PROGRAM)
        .args(["--database-url", url, "serve", "--listen", &listen])
        .env("JINGTU_LOG", "warn")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the server starts");
    (server, format!("http://{listen}"))
}

/// A port of loopback on which nothing listens.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

/// Clock ticks of a process, of those that it started, and of those of its children that have ended.
fn family(pid: i32) -> u64 {
    let mut all: Vec<(i32, i32, u64)> = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        if let Some((parent, used)) = ticks(&format!("/proc/{pid}/stat"), true) {
            all.push((pid, parent, used));
        }
    }
    let mut sum = all.iter().filter(|(own, ..)| *own == pid).map(|(.., used)| *used).sum();
    let mut members = vec![pid];
    while let Some(member) = members.pop() {
        for (child, _, used) in all.iter().filter(|(_, parent, _)| *parent == member) {
            members.push(*child);
            sum += used;
        }
    }
    sum
}

/// Parent and clock ticks (a hundredth of a second) of a process, with those of its children that have ended where wanted.
fn ticks(path: &str, reaped: bool) -> Option<(i32, u64)> {
    let stat = std::fs::read_to_string(path).ok()?;
    // The name may hold blanks; it ends at the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    let own = number(11) + number(12);
    Some((fields.get(1)?.parse().ok()?, if reaped { own + number(13) + number(14) } else { own }))
}

async fn run(conn: &mut PgConnection, statements: &[String]) {
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&mut *conn)
            .await
            .expect("a statement of the bench");
    }
}

/// Copies outlines into the table `outline`.
async fn copy(conn: &mut PgConnection, outlines: impl Iterator<Item = (u64, ground::Ring)>) {
    let mut sink = conn.copy_in_raw("copy outline from stdin (format binary)").await.expect("copy");
    let mut buffer = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for (n, ring) in outlines {
        let ewkb = ground::ewkb(&ring);
        buffer.extend(2_i16.to_be_bytes());
        buffer.extend(8_i32.to_be_bytes());
        buffer.extend((n as i64).to_be_bytes());
        buffer.extend((ewkb.len() as i32).to_be_bytes());
        buffer.extend(ewkb);
        if buffer.len() > 1 << 20 {
            sink.send(std::mem::take(&mut buffer)).await.expect("rows");
        }
    }
    buffer.extend((-1_i16).to_be_bytes());
    sink.send(buffer).await.expect("rows");
    sink.finish().await.expect("copied");
}

async fn key(app: &App, role: Role, division: &str) -> String {
    let mut act = Act::operator(app, Permission::KeyManage).await.expect("begin");
    let new = NewKey {
        name: format!("{} of the measurement", role.as_str()),
        role,
        division: DivisionCode::parse(division).expect("a code"),
        credit_code: None,
        expires_on: None,
        demo: false,
    };
    let token = keys::create(&mut act, new).await.expect("a key");
    act.finish(Reply::nothing()).await.expect("commit");
    token
}

/// A province of sixteen counties, and for each what the registers are kept for.
async fn counties(app: &App) {
    let mut act = Act::operator(app, Permission::DivisionWrite).await.expect("begin");
    let insert = "insert into division (id, code, name_zh, level, parent_code, ancestors, geom)
                  values (gen_random_uuid(), $1, $1, $2, $3, string_to_array($4, '/'), st_geomfromewkb($5))";
    let above =
        [("140000", "province", "000000", "000000/140000"), ("140600", "prefecture", "140000", "000000/140000/140600")];
    for (code, level, parent, ancestors) in above {
        sqlx::query(insert)
            .bind(code)
            .bind(level)
            .bind(parent)
            .bind(ancestors)
            .bind(None::<Vec<u8>>)
            .execute(act.tx())
            .await
            .expect("a division");
    }
    for (n, ring) in ground::counties().iter().enumerate() {
        let (code, outline) = (format!("1406{:02}", n + 2), ground::ewkb(ring));
        let ancestors = format!("000000/140000/140600/{code}");
        sqlx::query(insert)
            .bind(&code)
            .bind("county")
            .bind("140600")
            .bind(ancestors)
            .bind(&outline)
            .execute(act.tx())
            .await
            .expect("a county");
        sqlx::query(
            "insert into coverage_area (id, code, name, division_code, registers, status, as_of, source, geom)
             values (gen_random_uuid(), 'CV' || $1, '登记范围', $1, array['suspected_sites', 'contaminated_sites', 'control_list',
                     'farmland', 'key_units', 'control_zones'], 'kept', $2, '县级登记', st_geomfromewkb($3))",
        )
        .bind(&code)
        .bind(Day::of(2026, 1, 1))
        .bind(&outline)
        .execute(act.tx())
        .await
        .expect("coverage");
    }
    act.note("bench/divisions", json!({}));
    act.finish(Reply::nothing()).await.expect("commit");
}

/// The cluster's unprivileged user must be able to enter the folder that root made.
fn open_to_all(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}
