//! Land checks over HTTP on a registry of a million and of ten million farmland units, against the SQL that finds and
//! measures the same hits.
//!
//! The server runs in a process of its own and PostgreSQL keeps what it committed. What counts is CPU time of both, which
//! other work on the machine does not change much; the time of the client that asks is not part of it. The bare limit's
//! client is.

use crate::ground;
use crate::registry::{Asker, Cpu, Registry, client};
use serde_json::{Value, json};
use sqlx::Row;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SITES: u64 = 100_000;
const PARCELS: u64 = 10_000;
/// Copies of each reply that are put on record before the watch is measured.
const COPIES: u64 = 99;
/// Checks asked one at a time, and per number of clients.
const ASKED: usize = 2_000;

/// Units on record in each round, unless others are named. Ten million take some 15 GB where temporary files go.
const ROUNDS: &str = "1000000,10000000";

/// The whole of it; prints its own tables.
pub async fn measure(rounds: Option<&str>) {
    let rounds =
        rounds.unwrap_or(ROUNDS).split(',').map(|units| units.parse().expect("numbers of units, with commas between"));
    let rounds: Vec<u64> = rounds.collect();
    let first = rounds.first().copied().expect("a round");
    let registry = Arc::new(Registry::start().await);
    let parcels: Vec<ground::Ring> = (0..PARCELS).map(|n| ground::parcel(first, n)).collect();
    let parcels = Arc::new(parcels);
    registry.sites(first, SITES).await;
    let (mut on_record, mut costs) = (0, Vec::new());
    for units in rounds {
        registry.fields(on_record, units).await;
        on_record = units;
        println!("\n{units} farmland units, {SITES} sites, database {} MiB", registry.size_mib().await);
        costs.push((units, round(&registry, &parcels).await));
        if units == first {
            watch(&registry, &parcels).await;
        }
    }
    if let [(few, before), .., (many, after)] = costs.as_slice() {
        println!(
            "\na check at {many} units costs {:.2} times what it costs at {few}",
            ms(after.sum()) / ms(before.sum())
        );
    }
}

fn ms(of: Duration) -> f64 {
    of.as_secs_f64() * 1e3
}

fn feature(ring: &ground::Ring) -> Value {
    let ring: Vec<[f64; 2]> = ring.iter().map(|&(x, y)| [x, y]).collect();
    json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
           "properties": {"operation": "supply", "planned_use": {"system": "GB/T 21010-2017", "code": "0701"}}})
}

/// One number of units: single checks, clients at once, and in bulk. Gives the cost of a check.
async fn round(registry: &Arc<Registry>, parcels: &Arc<Vec<ground::Ring>>) -> Cpu {
    let each = |cpu: Cpu| Cpu { database: cpu.database / ASKED as u32, program: cpu.program / ASKED as u32 };
    let show = |what: &str, cpu: Cpu| {
        println!("{what:<58} {:>9.3} {:>9.3} {:>9.3}", ms(cpu.database), ms(cpu.program), ms(cpu.sum()));
    };
    // The connections and their plans, before anything is measured.
    ask(registry, parcels, 4, 200).await;
    println!("{:<58} {:>9} {:>9} {:>9}", "CPU ms of one", "database", "program", "sum");
    let (bare, hits) = bare_hits(registry, parcels).await;
    let bare = each(bare);
    show(&format!("bare: hits and exact areas ({:.1} hits)", hits as f64 / ASKED as f64), bare);
    let mut check = None;
    let mut lines = Vec::new();
    for clients in [1, 4, 16] {
        let before = registry.cpu(Asker::Server);
        let asked = ask(registry, parcels, clients, ASKED).await;
        let cpu = each(registry.cpu(Asker::Server).since(before));
        check.get_or_insert(cpu);
        lines.push((clients, asked, cpu));
    }
    let check = check.expect("a check");
    let insert = each(bare_insert(registry).await);
    show("bare: committed insert of the same replies", insert);
    show("check over HTTP, stored, signed, logged", check);
    println!("{:<58} {:>29.2}", "ratio (wanted: 2.0 at most)", ms(check.sum()) / (ms(bare.sum()) + ms(insert.sum())));
    println!("{:<20} {:>9} {:>9} {:>9} {:>12}", "clients", "p50 ms", "p99 ms", "per s", "CPU s/1000");
    for (clients, Asked { mut took, all }, cpu) in lines {
        took.sort_unstable();
        let at = |share: usize| ms(took[(took.len() * share / 100).min(took.len() - 1)]);
        let rate = took.len() as f64 / all.as_secs_f64();
        println!("{clients:<20} {:>9.2} {:>9.2} {rate:>9.0} {:>12.2}", at(50), at(99), ms(cpu.sum()));
    }
    bulk(registry, parcels).await;
    check
}

/// How long the answers took.
struct Asked {
    took: Vec<Duration>,
    all: Duration,
}

/// Asks checks with so many clients at once.
async fn ask(registry: &Arc<Registry>, parcels: &Arc<Vec<ground::Ring>>, clients: usize, many: usize) -> Asked {
    let next = Arc::new(AtomicUsize::new(0));
    let bodies: Arc<Vec<String>> = Arc::new(parcels.iter().take(many).map(|ring| feature(ring).to_string()).collect());
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (registry, bodies, next) = (Arc::clone(registry), Arc::clone(&bodies), Arc::clone(&next));
            tokio::spawn(async move {
                let (client, mut took) = (client(), Vec::new());
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let answer = client
                        .post(format!("{}/v1/land-checks", registry.base))
                        .bearer_auth(&registry.planning)
                        .header("content-type", "application/geo+json")
                        .body(body.clone())
                        .send()
                        .await
                        .expect("an answer");
                    let status = answer.status();
                    let text = answer.text().await.expect("a body");
                    assert_eq!(status, 201, "{text}");
                    took.push(start.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::with_capacity(many);
    for task in tasks {
        took.extend(task.await.expect("a client"));
    }
    Asked { took, all: began.elapsed() }
}

/// What an expert would write to find and measure the same hits.
const HITS: &str = "with parcel as materialized (select n, st_geomfromewkb(ewkb) as g from unnest($1::bytea[]) with ordinality as v (ewkb, n))
    select p.n, u.id, u.code, u.class, st_area(st_intersection(u.geom, p.g)::geography) as m2
    from parcel p join farmland_unit u on u.geom && p.g and st_intersects(u.geom, p.g)
    union all
    select p.n, s.id, s.code, s.stage, st_area(st_intersection(s.geom, p.g)::geography)
    from parcel p join site s on s.geom && p.g and st_intersects(s.geom, p.g)";

async fn bare_hits(registry: &Registry, parcels: &[ground::Ring]) -> (Cpu, usize) {
    let outlines: Vec<Vec<u8>> = parcels.iter().map(|ring| ground::ewkb(ring)).collect();
    let mut conn = registry.db.acquire().await.expect("a connection");
    let mut hits = 0;
    let mut before = registry.cpu(Asker::Bare);
    for (n, outline) in outlines.iter().enumerate().take(ASKED + 100).map(|(n, outline)| (n, outline.clone())) {
        // The first hundred warm the connection up.
        if n == 100 {
            (before, hits) = (registry.cpu(Asker::Bare), 0);
        }
        hits += sqlx::query(HITS).bind(vec![outline]).fetch_all(&mut *conn).await.expect("hits").len();
    }
    (registry.cpu(Asker::Bare).since(before), hits)
}

/// Inserts the newest replies once more, each in a transaction of its own, into a table with the same indexes.
async fn bare_insert(registry: &Registry) -> Cpu {
    let mut conn = registry.db.acquire().await.expect("a connection");
    let rows = sqlx::query("select id, number, division_code, year, serial, area_m2, st_asewkb(geom) as ewkb, body, body_sha256, log_index from land_check where log_index is not null order by id desc limit $1")
        .bind(ASKED as i64)
        .fetch_all(&mut *conn)
        .await
        .expect("replies");
    sqlx::raw_sql("drop table if exists bare_reply; create table bare_reply (like land_check including all)")
        .execute(&mut *conn)
        .await
        .expect("a table");
    let before = registry.cpu(Asker::Bare);
    for row in &rows {
        sqlx::query(
            "insert into bare_reply (id, number, division_code, year, serial, checked_at, on_day, operation, verdict, awaits_reply, area_m2,
                                     geom, act_id, body, body_sha256, log_index)
             values ($1, $2, $3, $4, $5, now(), current_date, 'supply', 'warn', false, $6, st_geomfromewkb($7), $1, $8, $9, $10)",
        )
        .bind(row.get::<uuid::Uuid, _>("id"))
        .bind(row.get::<String, _>("number"))
        .bind(row.get::<String, _>("division_code"))
        .bind(row.get::<i32, _>("year"))
        .bind(row.get::<i32, _>("serial"))
        .bind(row.get::<f64, _>("area_m2"))
        .bind(row.get::<Vec<u8>, _>("ewkb"))
        .bind(row.get::<Vec<u8>, _>("body"))
        .bind(row.get::<Vec<u8>, _>("body_sha256"))
        .bind(row.get::<i64, _>("log_index"))
        .execute(&mut *conn)
        .await
        .expect("inserted");
    }
    registry.cpu(Asker::Bare).since(before)
}

/// All parcels in one call, against one statement.
async fn bulk(registry: &Registry, parcels: &[ground::Ring]) {
    let outlines: Vec<Vec<u8>> = parcels.iter().map(|ring| ground::ewkb(ring)).collect();
    let mut conn = registry.db.acquire().await.expect("a connection");
    let (mut bare, mut bare_cpu) = (Duration::MAX, None);
    for _ in 0..3 {
        let (before, start) = (registry.cpu(Asker::Bare), Instant::now());
        let rows = sqlx::query(HITS).bind(&outlines).fetch_all(&mut *conn).await.expect("hits");
        if start.elapsed() < bare {
            (bare, bare_cpu) = (start.elapsed(), Some((registry.cpu(Asker::Bare).since(before), rows.len())));
        }
    }
    let (bare_cpu, hits) = bare_cpu.expect("a run");
    let lines: String = parcels.iter().map(|ring| format!("{}\n", feature(ring))).collect();
    let client = client();
    let (mut product, mut product_cpu) = (Duration::MAX, None);
    for _ in 0..3 {
        let (before, start) = (registry.cpu(Asker::Server), Instant::now());
        let answer = client
            .post(format!("{}/v1/land-checks/batch", registry.base))
            .bearer_auth(&registry.planning)
            .header("content-type", "application/x-ndjson")
            .body(lines.clone())
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        let body = answer.bytes().await.expect("a body");
        let took = start.elapsed();
        assert_eq!(
            body.iter().filter(|byte| **byte == b'\n').count() as u64,
            PARCELS + 1,
            "a line per parcel, and the manifest"
        );
        let last = body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().expect("a last line");
        let manifest: Value = serde_json::from_slice(last).expect("the manifest");
        assert_eq!(manifest["manifest"]["refused"], 0, "no row is refused");
        if took < product {
            (product, product_cpu) = (took, Some((registry.cpu(Asker::Server).since(before), body.len())));
        }
    }
    let (cpu, bytes) = product_cpu.expect("a run");
    println!("{:<58} {:>9} {:>9} {:>9}", format!("{PARCELS} in bulk, s"), "database", "program", "elapsed");
    let show = |what: &str, cpu: Cpu, took: Duration| {
        println!(
            "{what:<58} {:>9.2} {:>9.2} {:>9.2}",
            cpu.database.as_secs_f64(),
            cpu.program.as_secs_f64(),
            took.as_secs_f64()
        );
    };
    show(&format!("bare: one statement ({hits} hits)"), bare_cpu, bare);
    show(&format!("streamed, stored, signed, logged ({} MB)", bytes / 1_000_000), cpu, product);
    println!("{:<58} {:>29.2}", "ratio (wanted: 1.5 at most)", product.as_secs_f64() / bare.as_secs_f64());
    println!("the server's memory was {} MiB at most", registry.server_peak_mib());
}

/// One site's change against a million replies, a hundred on each of ten thousand parcels.
async fn watch(registry: &Registry, parcels: &[ground::Ring]) {
    registry.replies(PARCELS, COPIES).await;
    let on_record: i64 =
        sqlx::query_scalar("select count(*) from land_check").fetch_one(&registry.db).await.expect("a count");
    let client = client();
    let (mut longest, mut product_cpu) = (Duration::ZERO, None);
    let (mut bare, mut judged) = (Duration::MAX, 0);
    for parcel in parcels.iter().take(5) {
        let (x, y) = parcel[0];
        let corner = |east: f64, north: f64| [((x + east) * 1e7).round() / 1e7, ((y + north) * 1e7).round() / 1e7];
        let (a, b, c, d) =
            (corner(-0.0006, -0.0005), corner(0.0006, -0.0005), corner(0.0006, 0.0005), corner(-0.0006, 0.0005));
        let geometry = json!({"type": "Polygon", "coordinates": [[a, b, c, d, a]]});
        let county: String = sqlx::query_scalar(
            "select d.code from division_part p join division d on d.id = p.division_id where st_intersects(p.geom, st_setsrid(st_makepoint($1, $2), 4490)) limit 1",
        )
        .bind(x)
        .bind(y)
        .fetch_one(&registry.db)
        .await
        .expect("a county");
        let find = "select length(body) from land_check c where c.geom && st_setsrid(st_geomfromgeojson($1), 4490)
                    and st_intersects(c.geom, st_setsrid(st_geomfromgeojson($1), 4490))
                    and not exists (select from land_check_standing s where s.check_id = c.id)";
        let start = Instant::now();
        let met = sqlx::query(find).bind(geometry.to_string()).fetch_all(&registry.db).await.expect("replies").len();
        bare = bare.min(start.elapsed());
        let superseded = "select count(*) from land_check_standing";
        let known: i64 = sqlx::query_scalar(superseded).fetch_one(&registry.db).await.expect("a count");
        let before = registry.cpu(Asker::Server);
        let answer = client
            .post(format!("{}/v1/sites", registry.base))
            .bearer_auth(&registry.ecology)
            .json(&json!({"type": "Feature", "geometry": geometry, "properties": {
                "name": "新增疑似地块", "division_code": county, "stage": "suspected", "suspected_on": "2026-05-19",
                "address": "示例路1号", "former_industry": "3360",
                "land_user": {"name": "示例企业", "credit_code": "91152921MA0EXAMP15"},
                "land_use": {"system": "GB/T 21010-2017", "code": "0601"}, "basis": "关停企业用地"}}))
            .send()
            .await
            .expect("an answer");
        let status = answer.status();
        assert_eq!(status, 201, "{}", answer.text().await.expect("a body"));
        let start = Instant::now();
        loop {
            let now: i64 = sqlx::query_scalar(superseded).fetch_one(&registry.db).await.expect("a count");
            if now - known >= met as i64 {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{} of {met} replies were superseded", now - known);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if start.elapsed() > longest {
            longest = start.elapsed();
            product_cpu = Some(registry.cpu(Asker::Server).since(before));
        }
        judged = judged.max(met);
    }
    let cpu = product_cpu.expect("a site");
    println!(
        "one site registered, {on_record} replies on record, {judged} of them on its ground (the slowest of five):"
    );
    println!(
        "  all superseded {:.0} ms after the site's answer (wanted: 1000 at most), {:.0} ms of CPU; found by bare SQL in {:.1} ms",
        ms(longest),
        ms(cpu.sum()),
        ms(bare)
    );
}
