//! The layers over HTTP, against the bare statements that give the same rows and against the programs that people use for
//! it: each kind of work by ours and theirs, one after the other, over the same million farmland units.
//!
//! Every program has as many connections to the database, and every answer is read to its end. Rates are by the clock, with
//! the one that asks on the same cores; CPU time is that of PostgreSQL and of the program that answers, never of the one that
//! asks. What a peer cannot do, or what is not there yet, is said and counts as not reached.

mod client;
mod parts;
mod peers;
mod places;
mod report;
mod sql;

use crate::registry::{Asker, Cpu, Registry};
use client::{Answered, Connection, Until};
use jingtu::kernel::Clock;
use peers::CONNECTIONS;
use places::Ground;
use report::{Finding, Measured, Report, Wanted, ratio};
use sqlx::PgConnection;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Farmland units of the report.
const UNITS: u64 = 1_000_000;
/// Sites beside them.
const SITES: u64 = 100_000;
/// How long each is asked, after a while of warming up.
const SPAN: Duration = Duration::from_secs(8);
const WARMING: Duration = Duration::from_secs(2);

/// What all parts need.
struct Bench {
    registry: Registry,
    ground: Ground,
    report: Report,
}

/// The whole of it; prints its tables and writes the report.
pub async fn measure(units: Option<&str>) {
    let units: u64 = units.map_or(UNITS, |units| units.parse().expect("a number of units"));
    let registry = Registry::start().await;
    registry.fields(0, units).await;
    registry.sites(units, SITES.min(units / 10)).await;
    sqlx::raw_sql(sql::TABLE).execute(&registry.db).await.expect("the table of the others");
    registry.settle().await;
    let mut bench = Bench { registry, ground: Ground { units }, report: Report::default() };
    bench.about().await;
    bench.uncached().await;
    parts::items(&mut bench).await;
    parts::waits(&mut bench).await;
    parts::tiles(&mut bench).await;
    parts::paging(&mut bench).await;
    parts::whole(&mut bench).await;
    parts::cached(&mut bench).await;
    bench.report.print();
    let whole = units == UNITS;
    let path = if whole {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md")
    } else {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("BENCHMARKS.md")
    };
    std::fs::write(&path, bench.report.markdown()).expect("the report");
    println!("\nwritten: {}", path.display());
}

/// What a program says, or that it is not there.
fn said(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let text =
        out.ok().filter(|out| out.status.success()).map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    text.unwrap_or_else(|| "unknown".to_owned())
}

impl Bench {
    async fn about(&mut self) {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let line = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
        };
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let (database, postgis): (String, String) = sqlx::query_as("select version(), postgis_lib_version()")
            .fetch_one(&self.registry.db)
            .await
            .expect("versions");
        let commit = said("git", &["rev-parse", "--short", "HEAD"]);
        let changed = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let (units, mib) = (self.ground.units, self.registry.size_mib().await);
        let sites = SITES.min(units / 10);
        let about = [
            ("measured on", Clock::system(None).today().to_string()),
            (
                "machine",
                format!(
                    "{}, {cores} cores, {}",
                    line(&file("/proc/cpuinfo"), "model name"),
                    line(&file("/proc/meminfo"), "MemTotal")
                ),
            ),
            (
                "system",
                format!("Linux {}, {}", file("/proc/sys/kernel/osrelease").trim(), said("rustc", &["--version"])),
            ),
            ("jingtu", format!("{} {commit}{}", env!("CARGO_PKG_VERSION"), if changed { " with changes" } else { "" })),
            (
                "database",
                format!(
                    "{}, PostGIS {postgis}, 2 GiB of shared buffers",
                    database.split(" on ").next().unwrap_or_default()
                ),
            ),
            (
                "data",
                format!(
                    "{units} farmland units of 14 to 25 vertices and {sites} sites, made from a fixed seed; everything in memory ({mib} MiB). \
                     `farmland` is served with {} attributes and the identifier; the peers read a plain table of the same rows and columns",
                    sql::ATTRIBUTES.len()
                ),
            ),
            (
                "asked by",
                format!(
                    "{CONNECTIONS} connections over HTTP/1.1 on loopback, unless said otherwise; no compression, no line of a log for each request. Each program has {CONNECTIONS} connections to the database"
                ),
            ),
            (
                "command",
                if units == UNITS {
                    "`make bench ONLY=layers`".to_owned()
                } else {
                    format!("`make bench ONLY=layers UNITS={units}`")
                },
            ),
        ];
        for (name, value) in about {
            println!("{name}: {value}");
            self.report.about.push((name.to_owned(), value));
        }
    }

    /// The server without its cache.
    async fn uncached(&mut self) {
        self.serve(true, CONNECTIONS).await;
    }

    /// The server anew, with so many connections for maps.
    async fn serve(&mut self, uncached: bool, connections: usize) {
        let connections = connections.to_string();
        let mut settings =
            vec![("JINGTU_LAYERS__FARMLAND__PUBLIC", "true"), ("JINGTU_MAP_CONNECTIONS", connections.as_str())];
        if uncached {
            settings.push(("JINGTU_LAYERS_CACHE_MIB", "0"));
        }
        self.registry.restart(&settings).await;
    }

    fn base(&self) -> String {
        self.registry.base.clone()
    }

    /// Requests of paths, as a server's own.
    fn requests(base: &str, paths: impl IntoIterator<Item = String>) -> Arc<Vec<Vec<u8>>> {
        let host = client::host(base);
        Arc::new(paths.into_iter().map(|path| client::get(host, &path, "Accept: */*\r\n")).collect())
    }

    /// What a crowd is answered, for the table.
    async fn crowd(
        &mut self,
        who: &str,
        (base, asker): (&str, Asker),
        requests: &Arc<Vec<Vec<u8>>>,
        (until, status): (Until, u16),
    ) -> Measured {
        if let Until::Past(_) = until {
            client::crowd(base, CONNECTIONS, requests, Until::Past(WARMING), status).await;
        }
        let before = self.registry.cpu(asker);
        let answered = client::crowd(base, CONNECTIONS, requests, until, status).await;
        let cpu = self.registry.cpu(asker).since(before);
        let measured = measured(who, answered, cpu);
        self.report.line(&measured);
        measured
    }

    /// Ours asked by a crowd.
    async fn ours(&mut self, who: &str, paths: impl IntoIterator<Item = String>, until: Until) -> Measured {
        let base = self.base();
        let requests = Bench::requests(&base, paths);
        self.crowd(who, (&base, Asker::Server), &requests, (until, 200)).await
    }

    /// One request of ours by one client.
    async fn ours_alone(&mut self, who: &str, request: &[u8]) -> Measured {
        let before = self.registry.cpu(Asker::Server);
        let answered = client::crowd(&self.base(), 1, &Arc::new(vec![request.to_vec()]), Until::Done, 200).await;
        let measured = measured(who, answered, self.registry.cpu(Asker::Server).since(before));
        self.report.line(&measured);
        measured
    }

    /// A statement run for boxes by as many connections at once.
    async fn bare(&mut self, who: &str, statement: &'static str, boxes: &Arc<Vec<[f64; 4]>>, limit: i64) -> Measured {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(self.bare_connection().await);
        }
        // What a connection learns first is not measured.
        (connections, _) = select(connections, statement, boxes, limit, WARMING).await;
        let before = self.registry.cpu(Asker::Bare);
        let (_, answered) = select(connections, statement, boxes, limit, SPAN).await;
        // What asks is this process, as for all others.
        let cpu = Cpu { program: Duration::ZERO, ..self.registry.cpu(Asker::Bare).since(before) };
        let measured = measured(who, answered, cpu);
        self.report.line(&measured);
        measured
    }

    /// A connection as a careful user of plain SQL has it: plans for the values of a box, as ours.
    async fn bare_connection(&self) -> PgConnection {
        let mut conn = self.registry.connect().await;
        sqlx::raw_sql("set plan_cache_mode = force_custom_plan; set jit = off")
            .execute(&mut conn)
            .await
            .expect("settings");
        conn
    }

    /// A comparison of two rates.
    fn rates(&mut self, work: &str, ours: &Measured, theirs: Result<&Measured, &String>, peer: &str, least: f64) {
        let given = |m: &Measured| format!("{:.1}/s, {:.2} CPU ms", m.rate(), m.sum());
        let (against, ratio) = match theirs {
            Ok(theirs) => (format!("{peer}: {}", given(theirs)), ratio(ours, theirs, Measured::rate)),
            Err(why) => (peer.to_owned(), Err(format!("not measured: {why}"))),
        };
        let (work, wanted) = (format!("{work}, against {peer}"), Wanted::AtLeast(least));
        self.report.find(Finding { work, ours: given(ours), against, ratio, wanted });
    }

    /// Something that the server does not do yet.
    fn missing(&mut self, work: &str, against: &str, wanted: Wanted) {
        let ratio = Err("not there yet".to_owned());
        self.report.find(Finding {
            work: work.to_owned(),
            ours: "-".to_owned(),
            against: against.to_owned(),
            ratio,
            wanted,
        });
    }
}

fn measured(who: &str, Answered { took, elapsed, bytes, failed }: Answered, cpu: Cpu) -> Measured {
    Measured { who: who.to_owned(), n: took.len(), elapsed, took, cpu, bytes, failed }
}

/// A statement run over boxes again and again, by each of these connections at once.
async fn select(
    connections: Vec<PgConnection>,
    statement: &'static str,
    boxes: &Arc<Vec<[f64; 4]>>,
    limit: i64,
    span: Duration,
) -> (Vec<PgConnection>, Answered) {
    let began = Instant::now();
    let step = connections.len();
    let tasks: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(mut n, mut conn)| {
            let boxes = Arc::clone(boxes);
            tokio::spawn(async move {
                let (mut took, mut bytes) = (Vec::new(), 0);
                while began.elapsed() < span {
                    let start = Instant::now();
                    let rows = texts(&mut conn, statement, boxes[n % boxes.len()], limit).await;
                    took.push(start.elapsed());
                    bytes += rows.iter().map(String::len).sum::<usize>();
                    n += step;
                }
                (conn, took, bytes)
            })
        })
        .collect();
    let (mut back, mut all) = (Vec::new(), Answered::default());
    for task in tasks {
        let (conn, took, bytes) = task.await.expect("a connection");
        back.push(conn);
        all.took.extend(took);
        all.bytes += bytes as u64;
    }
    all.elapsed = began.elapsed();
    all.took.sort_unstable();
    (back, all)
}

/// The texts of a statement over a box.
async fn texts(
    conn: &mut PgConnection,
    statement: &'static str,
    [west, south, east, north]: [f64; 4],
    limit: i64,
) -> Vec<String> {
    sqlx::query_scalar(statement)
        .bind(west)
        .bind(south)
        .bind(east)
        .bind(north)
        .bind(limit)
        .fetch_all(conn)
        .await
        .expect("features")
}

/// The text of the features of a page, without what stands around them.
fn features(page: &str) -> &str {
    let begin = page.find("\"features\":[").expect("features") + "\"features\":[".len();
    let end = page.rfind("],\"numberReturned\"").expect("the end of features");
    &page[begin..end]
}

/// The path of the link to the next page.
fn next(page: &str) -> Option<String> {
    let tail = &page[page.rfind("],\"numberReturned\"")?..];
    let tail: serde_json::Value = serde_json::from_str(&format!("{{{}", &tail[2..])).expect("the end of a page");
    let link = tail["links"].as_array()?.iter().find(|link| link["rel"] == "next")?;
    let (_, rest) = link["href"].as_str()?.split_once("://")?;
    Some(rest[rest.find('/')?..].to_owned())
}

/// How many features a page has.
async fn returned(base: &str, path: &str) -> Result<usize, String> {
    let answer = Connection::new(base).fetch(path).await;
    let body: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|error| format!("{path}: {} {error}", answer.status))?;
    body["features"]
        .as_array()
        .map(Vec::len)
        .ok_or_else(|| format!("{path} is answered {} without features", answer.status))
}
