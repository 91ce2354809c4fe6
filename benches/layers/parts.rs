//! The kinds of work, each against its limit and its peers.

use super::client::{self, Connection, Until, crowd};
use super::peers::{self, CONNECTIONS, Missing, Peer};
use super::report::{Finding, Measured, Wanted, ms, ratio};
use super::{Bench, SPAN, features, measured, next, returned, sql, texts};
use crate::registry::{Asker, Cpu};
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const ITEMS: &str = "/ogc/collections/farmland/items";
/// Features of a page.
const PAGE: usize = 1_000;
/// A tile of fewer bytes shows nothing.
const EMPTY: u64 = 200;
/// Features that are read by following `next`.
const FOLLOWED: usize = 200_000;

/// One of the programs that answer pages, and how they are asked for.
type Paged = (&'static str, f64, fn(&str) -> String);

/// The path of a page by its query.
fn tipg_path(query: &str) -> String {
    format!("/collections/peers.farmland/items?f=geojson&{query}")
}

fn pygeoapi_path(query: &str) -> String {
    format!("/collections/farmland/items?f=json&{query}")
}

fn mapserver_path(query: &str) -> String {
    format!("/mapserv/bench/ogcapi/collections/farmland/items?f=json&{query}")
}

async fn start(bench: &Bench, name: &str) -> Result<Peer, Missing> {
    let peer = match name {
        "tipg" => peers::tipg(&bench.registry).await,
        "pygeoapi" => peers::pygeoapi(&bench.registry).await,
        _ => peers::mapserver(&bench.registry).await,
    };
    peer.inspect_err(|why| println!("  {name} is skipped: {why}"))
}

fn bbox([west, south, east, north]: [f64; 4]) -> String {
    format!("bbox={west},{south},{east},{north}")
}

/// Pages of a thousand features in random boxes.
pub async fn items(bench: &mut Bench) {
    bench.report.section(
        "Items: a page of 1,000 features in a random box",
        "Random boxes of some 2,700 units, features in the order of their identifiers, no cache. The bare statement makes the same \
         text; its bytes are compared with ours. Of it only PostgreSQL's CPU time counts.",
    );
    let boxes = Arc::new(bench.ground.boxes(500));
    let base = bench.base();
    // The same bytes, before anything is measured.
    let (mut conn, mut connection) = (bench.bare_connection().await, Connection::new(&base));
    let mut per_page = 0.0;
    for area in boxes.iter().take(20) {
        let path = format!("{ITEMS}?{}&limit={PAGE}", bbox(*area));
        let page = connection.fetch(&path).await.text(&path);
        let rows = texts(&mut conn, sql::IN_BOX, *area, PAGE as i64).await;
        let (ours, theirs) = (features(&page), rows.join(","));
        let differ = ours.bytes().zip(theirs.bytes()).position(|(one, other)| one != other);
        let around = |text: &str, at: usize| text.chars().skip(at.saturating_sub(60)).take(90).collect::<String>();
        if let Some(at) = differ {
            println!("{path}\n{}\n{}", around(ours, at), around(&theirs, at));
        }
        assert!(ours == theirs, "ours and the bare statement's differ");
        per_page += rows.len() as f64 / 20.0;
    }
    drop(conn);
    bench
        .report
        .note(format!("Twenty pages have the bytes of the bare statement's rows, {per_page:.0} features each."));
    let query = |area: &[f64; 4]| format!("{}&limit={PAGE}", bbox(*area));
    let bare = bench.bare("bare SQL that makes the text", sql::IN_BOX, &boxes, PAGE as i64).await;
    let ours =
        bench.ours("jingtu", boxes.iter().map(|area| format!("{ITEMS}?{}", query(area))), Until::Past(SPAN)).await;
    let sites = boxes.iter().map(|area| format!("/ogc/collections/contaminated-sites/items?{}", query(area)));
    bench.ours("jingtu: contaminated-sites", sites, Until::Past(SPAN)).await;
    let per_thousand = |cpu: f64| cpu * 1e3 / per_page;
    bench.report.find(Finding {
        work: "items, random box, limit 1000: CPU of 1,000 features".to_owned(),
        ours: format!("{:.2} ms", per_thousand(ours.sum())),
        against: format!("bare SQL: {:.2} ms", per_thousand(bare.sum())),
        ratio: ratio(&ours, &bare, Measured::sum),
        wanted: Wanted::AtMost(0.55),
    });
    let others: [Paged; 3] =
        [("tipg", 10.0, tipg_path), ("pygeoapi", 20.0, pygeoapi_path), ("MapServer", 8.0, mapserver_path)];
    for (name, least, path) in others {
        let theirs = page_rate(bench, name, path, &boxes).await;
        let work = "items, random box, limit 1000: throughput";
        bench.rates(work, &ours, theirs.as_ref(), name, least);
    }
}

async fn page_rate(
    bench: &mut Bench,
    name: &str,
    path: fn(&str) -> String,
    boxes: &[[f64; 4]],
) -> Result<Measured, Missing> {
    let peer = start(bench, name).await?;
    let paths: Vec<String> = boxes.iter().map(|area| path(&format!("{}&limit={PAGE}", bbox(*area)))).collect();
    for (area, path) in boxes.iter().zip(&paths).take(3) {
        let ours = returned(&bench.base(), &format!("{ITEMS}?{}&limit={PAGE}", bbox(*area))).await?;
        let theirs = returned(&peer.base, path).await?;
        if ours != theirs {
            return Err(format!("{name} gives {theirs} features where there are {ours}"));
        }
    }
    let requests = Bench::requests(&peer.base, paths);
    Ok(bench.crowd(&peer.name, (&peer.base, peer.asker()), &requests, (Until::Past(SPAN), 200)).await)
}

/// One at a time: an item, a page of ten.
pub async fn waits(bench: &mut Bench) {
    bench.report.section(
        "One at a time: an item, a page of ten",
        "One client on one connection; ours over HTTP and the bare statement, prepared, by an asynchronous client over the socket \
         that the server uses, in turns.",
    );
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from farmland_unit order by md5(id::text) limit 1000")
        .fetch_all(&bench.registry.db)
        .await
        .expect("identifiers");
    let boxes = bench.ground.boxes(500);
    // Look-ups by identifier have the same plan whatever it is; boxes do not.
    let mut plain = bench.registry.connect().await;
    let mut planned = bench.bare_connection().await;
    for what in ["one item", "items, limit 10", "items in a random box, limit 10"] {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        let (mut bytes, mut bare_bytes) = (0, 0);
        let mut connection = Connection::new(&bench.base());
        let host = client::host(&bench.base()).to_owned();
        for n in 0..3_000 {
            let (id, area) = (ids[n % ids.len()], boxes[n % boxes.len()]);
            let path = match what {
                "one item" => format!("{ITEMS}/{id}"),
                "items, limit 10" => format!("{ITEMS}?limit=10"),
                _ => format!("{ITEMS}?{}&limit=10", bbox(area)),
            };
            let request = client::get(&host, &path, "Accept: */*\r\n");
            let start = Instant::now();
            let answer = connection.ask(&request, false).await.expect("an answer");
            let took = start.elapsed();
            assert_eq!(answer.status, 200, "{path}");
            let start = Instant::now();
            let length = bare_texts(what, &mut plain, &mut planned, id, area).await;
            let bare_took = start.elapsed();
            // The first five hundred warm up.
            if n >= 500 {
                ours.push(took);
                bare.push(bare_took);
                bytes += answer.bytes;
                bare_bytes += length as u64;
            }
        }
        let none = Cpu { database: Duration::ZERO, program: Duration::ZERO };
        let line = |who: &str, mut took: Vec<Duration>, bytes| {
            took.sort_unstable();
            measured(who, client::Answered { elapsed: took.iter().sum(), took, bytes, failed: None }, none)
        };
        let (ours, bare) =
            (line(&format!("jingtu: {what}"), ours, bytes), line(&format!("bare SQL: {what}"), bare, bare_bytes));
        bench.report.line(&ours);
        bench.report.line(&bare);
        bench.report.find(Finding {
            work: format!("{what}: p50"),
            ours: format!("{:.3} ms", ours.within(50)),
            against: format!("bare prepared statement: {:.3} ms", bare.within(50)),
            ratio: ratio(&ours, &bare, |m| m.within(50)),
            wanted: Wanted::AtMost(1.5),
        });
    }
    bench.report.note("CPU time is not measured here: 0 stands for that.".to_owned());
}

async fn bare_texts(
    what: &str,
    plain: &mut PgConnection,
    planned: &mut PgConnection,
    id: Uuid,
    area: [f64; 4],
) -> usize {
    let rows: Vec<String> = match what {
        "one item" => sqlx::query_scalar(sql::ONE).bind(id).fetch_all(plain).await.expect("a feature"),
        "items, limit 10" => sqlx::query_scalar(sql::FIRST).bind(10_i64).fetch_all(plain).await.expect("features"),
        _ => texts(planned, sql::FIRST_IN_BOX, area, 10).await,
    };
    assert!(!rows.is_empty(), "{what}");
    rows.iter().map(String::len).sum()
}

fn our_tile(layer: &str, zoom: u8, (column, row): (u32, u32)) -> String {
    format!("/ogc/collections/{layer}/tiles/WebMercatorQuad/{zoom}/{row}/{column}")
}

fn their_tile(zoom: u8, (column, row): (u32, u32)) -> String {
    format!("/farmland/{zoom}/{column}/{row}")
}

/// Tiles of some zooms as paths of ours and of martin's, in a random order that is the same for both.
fn tiles_of(bench: &Bench, zooms: std::ops::RangeInclusive<u8>, most: usize) -> (Vec<String>, Vec<String>) {
    let lists: Vec<(u8, Vec<(u32, u32)>)> = zooms.map(|zoom| (zoom, bench.ground.tiles(zoom, most))).collect();
    let longest = lists.iter().map(|(_, list)| list.len()).max().unwrap_or_default();
    let mixed = (0..longest).flat_map(|n| lists.iter().filter_map(move |(zoom, list)| Some((*zoom, *list.get(n)?))));
    mixed.map(|(zoom, tile)| (our_tile("farmland", zoom, tile), their_tile(zoom, tile))).unzip()
}

/// Tiles that no cache holds.
pub async fn tiles(bench: &mut Bench) {
    bench.report.section(
        "Tiles, uncached",
        "WebMercatorQuad, 4096 units and a margin of 64 in both, the same attributes in both. z12 to z14: as many random tiles of each zoom, \
         none twice. z6 to z10: random tiles of each zoom, some twice where the ground has fewer; both without a cache. Below the zoom from which on a \
         layer is drawn whole (farmland: 12) ours leave out what is small and show a sample of it as squares, as the style says; martin \
         leaves out nothing. The sizes of tiles stand beside.",
    );
    let martin = peers::martin(&bench.registry, false).await.inspect_err(|why| println!("  martin is skipped: {why}"));
    // Connections and caches of the database, before anything is measured.
    let (warm, theirs_warm) = tiles_of(bench, 11..=11, 100);
    let base = bench.base();
    crowd(&base, CONNECTIONS, &Bench::requests(&base, warm), Until::Done, 200).await;
    if let Ok(martin) = &martin {
        crowd(&martin.base, CONNECTIONS, &Bench::requests(&martin.base, theirs_warm), Until::Done, 200).await;
    }
    let (ours, theirs) = tiles_of(bench, 12..=14, 1_000);
    let ours = bench.ours("jingtu: z12 to z14", ours, Until::Done).await;
    let theirs = uncached(bench, &martin, "z12 to z14", theirs).await;
    bench.rates("tiles, uncached, random z12-z14: throughput", &ours, theirs.as_ref(), "martin without cache", 2.0);
    // Every zoom has the same share: what counts is the mean time of a tile.
    let (mut our_time, mut their_time, mut missing) = (0.0, 0.0, None);
    for zoom in 6..=10 {
        // A tile of z6 holds half of all units: eight of them are enough.
        let many = if zoom < 9 { CONNECTIONS } else { 8 * CONNECTIONS };
        let (mut ours, mut theirs) = tiles_of(bench, zoom..=zoom, many);
        for list in [&mut ours, &mut theirs] {
            *list = list.iter().cycle().take(many).cloned().collect();
        }
        let ours = bench.ours(&format!("jingtu: z{zoom}"), ours, Until::Done).await;
        our_time += 1.0 / ours.rate();
        // Leaving out what is small is one thing, leaving out everything another.
        if ours.bytes < EMPTY * ours.n as u64 {
            missing = Some(format!("tiles of z{zoom} are empty"));
        }
        match uncached(bench, &martin, &format!("z{zoom}"), theirs).await {
            Ok(theirs) => {
                their_time += 1.0 / theirs.rate();
                missing = missing.take().or_else(|| ratio(&ours, &theirs, Measured::rate).err());
            }
            Err(why) => missing = Some(format!("not measured: {why}")),
        }
        let sites = bench.ground.tiles(zoom, many).into_iter().map(|tile| our_tile("contaminated-sites", zoom, tile));
        bench.ours(&format!("jingtu: z{zoom} of contaminated-sites"), sites, Until::Done).await;
    }
    bench.report.find(Finding {
        work: "tiles, uncached, random z6-z10: throughput".to_owned(),
        ours: format!("{:.2}/s", 5.0 / our_time),
        against: format!("martin without cache: {:.2}/s", 5.0 / their_time.max(1e-9)),
        ratio: missing.map_or(Ok(their_time / our_time), Err),
        wanted: Wanted::AtLeast(8.0),
    });
}

async fn uncached(
    bench: &mut Bench,
    martin: &Result<Peer, Missing>,
    what: &str,
    paths: Vec<String>,
) -> Result<Measured, Missing> {
    let martin = martin.as_ref().map_err(Clone::clone)?;
    let requests = Bench::requests(&martin.base, paths);
    let who = format!("{}: {what}", martin.name);
    // Where a tile has nothing martin answers 204; none of these is empty.
    Ok(bench.crowd(&who, (&martin.base, martin.asker()), &requests, (Until::Done, 200)).await)
}

/// 200,000 features page by page, by one client.
pub async fn paging(bench: &mut Bench) {
    let units = usize::try_from(bench.ground.units).expect("a count");
    let followed = FOLLOWED.min(units / PAGE * PAGE);
    bench.report.section(
        &format!("{followed} features by following next"),
        "Pages of 1,000, one client on one connection, no cache. The links of tipg and pygeoapi lead to offsets, which are asked for as they \
         stand there.",
    );
    let base = bench.base();
    let pages = followed / PAGE;
    let [west, south, east, north] = bench.ground.bounds();
    let whole = bbox([west - 1.0, south - 1.0, east + 1.0, north + 1.0]);
    let mut plain = None;
    for (what, first) in [
        ("", format!("{ITEMS}?limit={PAGE}")),
        (", in a box that covers the layer", format!("{ITEMS}?{whole}&limit={PAGE}")),
    ] {
        let (walk, last) = follow(bench, &format!("jingtu{what}"), &first, pages).await;
        plain.get_or_insert(walk);
        let (first, last) = in_turns(bench, &base, &first, &last, 200).await;
        bench.report.find(Finding {
            work: format!("last page of {followed} against the first{what}: p50"),
            ours: format!("last {:.2} ms", ms(last)),
            against: format!("first {:.2} ms", ms(first)),
            ratio: Ok(last.as_secs_f64() / first.as_secs_f64()),
            wanted: Wanted::AtMost(1.5),
        });
    }
    let walk = plain.expect("a walk");
    let others: [Paged; 2] = [("tipg", 20.0, tipg_path), ("pygeoapi", 20.0, pygeoapi_path)];
    for (name, least, path) in others {
        let theirs = match start(bench, name).await {
            Ok(peer) => {
                let paths = (0..pages).map(|n| path(&format!("limit={PAGE}&offset={}", n * PAGE)));
                let requests = Bench::requests(&peer.base, paths);
                let before = bench.registry.cpu(peer.asker());
                let answered = crowd(&peer.base, 1, &requests, Until::Done, 200).await;
                let line = measured(&peer.name, answered, bench.registry.cpu(peer.asker()).since(before));
                bench.report.line(&line);
                Ok(line)
            }
            Err(why) => Err(why),
        };
        bench.rates(&format!("{followed} features by following next"), &walk, theirs.as_ref(), name, least);
    }
    keyset(bench, units).await;
}

/// Follows `next` from a page on; the path of the last page.
async fn follow(bench: &mut Bench, who: &str, first: &str, pages: usize) -> (Measured, String) {
    let mut connection = Connection::new(&bench.base());
    let before = bench.registry.cpu(Asker::Server);
    let (mut path, mut took, mut bytes) = (first.to_owned(), Vec::new(), 0);
    let mut reading = Duration::ZERO;
    loop {
        let start = Instant::now();
        let answer = connection.fetch(&path).await;
        took.push(start.elapsed());
        // Looking for the link is the client's own time, of which a peer's has none.
        let start = Instant::now();
        bytes += answer.bytes;
        let page = answer.text(&path);
        let following = next(&page);
        reading += start.elapsed();
        match following {
            Some(following) if took.len() < pages => path = following,
            _ => break,
        }
    }
    assert_eq!(took.len(), pages, "there are as many pages");
    took.sort_unstable();
    let elapsed = took.iter().sum();
    let cpu = bench.registry.cpu(Asker::Server).since(before);
    let line = measured(who, client::Answered { took, elapsed, bytes, failed: None }, cpu);
    bench.report.line(&line);
    bench
        .report
        .note(format!("{who}: looking for the links took the client {:.0} ms, which are not counted.", ms(reading)));
    (line, path)
}

/// The median of two paths' answers, asked in turns.
async fn in_turns(bench: &Bench, base: &str, one: &str, other: &str, times: usize) -> (Duration, Duration) {
    let (mut connection, host) = (Connection::new(base), client::host(base));
    let requests = [client::get(host, one, "Accept: */*\r\n"), client::get(host, other, "Accept: */*\r\n")];
    let mut took = [Vec::new(), Vec::new()];
    for n in 0..2 * times {
        let start = Instant::now();
        let answer = connection.ask(&requests[n % 2], false).await.expect("an answer");
        took[n % 2].push(start.elapsed());
        assert_eq!(answer.status, 200, "{}", bench.base());
    }
    let [mut one, mut other] = took;
    one.sort_unstable();
    other.sort_unstable();
    (one[times / 2], other[times / 2])
}

/// The first page and the thousandth, of a hundred features each.
async fn keyset(bench: &mut Bench, units: usize) {
    let (limit, far) = (100, 1_000.min(units / 200));
    bench.report.section(
        &format!("Page 1 and page {far}"),
        "Pages of 100, by the links; each asked a hundred times, then the other, ten times over. CPU time of the server and PostgreSQL.",
    );
    let base = bench.base();
    let mut connection = Connection::new(&base);
    let first = format!("{ITEMS}?limit={limit}");
    let mut path = first.clone();
    for _ in 1..far {
        path = next(&connection.fetch(&path).await.text(&path)).expect("a next page");
    }
    let mut lines: [Vec<(client::Answered, Cpu)>; 2] = [Vec::new(), Vec::new()];
    let lists = [Bench::requests(&base, vec![first; 100]), Bench::requests(&base, vec![path; 100])];
    for round in 0..11 {
        for (lines, list) in lines.iter_mut().zip(&lists) {
            let before = bench.registry.cpu(Asker::Server);
            let answered = crowd(&base, 1, list, Until::Done, 200).await;
            // The first round warms up.
            if round > 0 {
                lines.push((answered, bench.registry.cpu(Asker::Server).since(before)));
            }
        }
    }
    let whole = |who: &str, parts: Vec<(client::Answered, Cpu)>| {
        let mut all = client::Answered::default();
        let mut cpu = Cpu { database: Duration::ZERO, program: Duration::ZERO };
        for (part, used) in parts {
            all.took.extend(part.took);
            all.elapsed += part.elapsed;
            all.bytes += part.bytes;
            all.failed = all.failed.or(part.failed);
            cpu = Cpu { database: cpu.database + used.database, program: cpu.program + used.program };
        }
        all.took.sort_unstable();
        measured(who, all, cpu)
    };
    let [first, last] = lines;
    let (first, last) = (whole("page 1", first), whole(&format!("page {far}"), last));
    bench.report.line(&first);
    bench.report.line(&last);
    bench.report.find(Finding {
        work: format!("keyset page {far} against page 1: CPU"),
        ours: format!("page {far}: {:.3} ms", last.sum()),
        against: format!("page 1: {:.3} ms", first.sum()),
        ratio: ratio(&last, &first, Measured::sum),
        wanted: Wanted::AtMost(1.1),
    });
}

/// The whole layer in one answer.
pub async fn whole(bench: &mut Bench) {
    let units = bench.ground.units;
    bench.report.section(
        &format!("The whole layer, {units} features"),
        "One client; the faster of two. The limit is COPY of the same text made in SQL, read to its end over the socket.",
    );
    let mut copied = Duration::MAX;
    for _ in 0..2 {
        let before = bench.registry.cpu(Asker::Bare);
        let (took, bytes, rows) = copy(bench).await;
        assert_eq!(rows, units, "every feature is copied");
        let cpu = Cpu { program: Duration::ZERO, ..bench.registry.cpu(Asker::Bare).since(before) };
        let answered = client::Answered { took: vec![took], elapsed: took, bytes, failed: None };
        bench.report.line(&measured("COPY of text made in SQL", answered, cpu));
        copied = copied.min(took);
    }
    let mut sequence = false;
    for (f, title, least) in [("geojsonseq", "GeoJSONSeq", 3.5), ("fgb", "FlatGeobuf", 1.0)] {
        let (work, path) = (format!("whole layer, {title}: speed"), format!("{ITEMS}?f={f}"));
        let base = bench.base();
        let request = client::get(client::host(&base), &path, "Accept: */*\r\n");
        let probe = Connection::new(&base).ask(&request, false).await.expect("an answer");
        if probe.status != 200 {
            bench.missing(&work, "COPY of text made in SQL", Wanted::AtLeast(least));
            continue;
        }
        let (mut best, mut failed) = (Duration::MAX, None);
        for _ in 0..2 {
            let line = bench.ours_alone(&format!("jingtu: {title}"), &request).await;
            best = best.min(line.elapsed);
            failed = failed.or(line.failed);
        }
        if f == "geojsonseq" {
            sequence = true;
            let rows = lines_of(&base, &path).await;
            if rows != units {
                failed = Some(format!("{rows} features came of {units}"));
            }
        }
        bench.report.find(Finding {
            work,
            ours: format!("{:.2} s", best.as_secs_f64()),
            against: format!("COPY of text made in SQL: {:.2} s", copied.as_secs_f64()),
            ratio: failed.map_or(Ok(copied.as_secs_f64() / best.as_secs_f64()), Err),
            wanted: Wanted::AtLeast(least),
        });
    }
    memory(bench, sequence).await;
}

/// Everything that COPY gives: how long, how many bytes, how many rows.
async fn copy(bench: &Bench) -> (Duration, u64, u64) {
    let mut conn = bench.bare_connection().await;
    let start = Instant::now();
    let mut stream = conn.copy_out_raw(sql::WHOLE).await.expect("copy");
    let (mut bytes, mut rows) = (0, 0);
    while let Some(part) = stream.try_next().await.expect("rows") {
        bytes += part.len() as u64;
        rows += part.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    (start.elapsed(), bytes, rows)
}

/// Lines of an answer.
async fn lines_of(base: &str, path: &str) -> u64 {
    let mut answer = crate::registry::client().get(format!("{base}{path}")).send().await.expect("an answer");
    let mut lines = 0;
    while let Ok(Some(part)) = answer.chunk().await {
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    lines
}

/// The server's memory while sixteen clients take the whole layer, without the cache.
async fn memory(bench: &mut Bench, sequence: bool) {
    const CLIENTS: usize = 16;
    let work = format!("whole layer, {CLIENTS} clients: memory above idle");
    let wanted = Wanted::AtMost(60.0);
    if sequence {
        bench.serve(true, CLIENTS).await;
        let base = bench.base();
        let request = client::get(client::host(&base), &format!("{ITEMS}?f=geojsonseq"), "Accept: */*\r\n");
        let idle = bench.registry.server_memory_kib().0;
        let requests = Arc::new(vec![request; CLIENTS]);
        let before = bench.registry.cpu(Asker::Server);
        let answered = crowd(&base, CLIENTS, &requests, Until::Done, 200).await;
        let line = measured(
            &format!("jingtu: GeoJSONSeq, {CLIENTS} at once"),
            answered,
            bench.registry.cpu(Asker::Server).since(before),
        );
        bench.report.line(&line);
        let above = bench.registry.server_memory_kib().1.saturating_sub(idle) as f64 / 1024.0;
        bench.report.find(Finding {
            work,
            ours: format!("{above:.1} MiB above {:.1} MiB", idle as f64 / 1024.0),
            against: "60 MiB".to_owned(),
            ratio: line.failed.map_or(Ok(above), Err),
            wanted,
        });
        bench.uncached().await;
    } else {
        bench.missing(&work, "60 MiB", wanted);
    }
}

/// Answers that the server has made before.
pub async fn cached(bench: &mut Bench) {
    bench.report.section(
        "Tiles and pages, cached",
        "Two hundred random tiles of z12 to z14 and a hundred pages of 100 features, all asked for before; then the same with the entity \
         tag of each. martin with a cache of 512 MB.",
    );
    bench.serve(false, CONNECTIONS).await;
    let (ours, theirs) = tiles_of(bench, 12..=14, 67);
    let pages: Vec<String> =
        bench.ground.boxes(100).iter().map(|area| format!("{ITEMS}?{}&limit=100", bbox(*area))).collect();
    let martin = peers::martin(&bench.registry, true).await.inspect_err(|why| println!("  martin is skipped: {why}"));
    let cached = match &martin {
        Ok(martin) => {
            let requests = Bench::requests(&martin.base, theirs.clone());
            let who = format!("{}: cached tiles", martin.name);
            let line = bench.crowd(&who, (&martin.base, martin.asker()), &requests, (Until::Past(SPAN), 200)).await;
            if let Some(tagged) = with_tags(&martin.base, &theirs).await {
                let who = format!("{}: 304", martin.name);
                bench.crowd(&who, (&martin.base, martin.asker()), &tagged, (Until::Past(SPAN), 304)).await;
            }
            Ok(line)
        }
        Err(why) => Err(why.clone()),
    };
    let against = "martin's cache";
    for (what, paths) in [("tiles", ours), ("pages", pages)] {
        let line = bench.ours(&format!("jingtu: cached {what}"), paths.clone(), Until::Past(SPAN)).await;
        bench.rates(&format!("{what}, cached: throughput"), &line, cached.as_ref(), against, 1.5);
        let base = bench.base();
        match with_tags(&base, &paths).await {
            Some(tagged) => {
                let who = format!("jingtu: 304 for {what}");
                let line = bench.crowd(&who, (&base, Asker::Server), &tagged, (Until::Past(SPAN), 304)).await;
                bench.rates(&format!("{what}, 304: throughput"), &line, cached.as_ref(), against, 1.5);
            }
            None => bench.missing(&format!("{what}, 304: throughput"), against, Wanted::AtLeast(1.5)),
        }
    }
}

/// The paths with the entity tag of each; `None` where they have none.
async fn with_tags(base: &str, paths: &[String]) -> Option<Arc<Vec<Vec<u8>>>> {
    let mut connection = Connection::new(base);
    let mut requests = Vec::new();
    for path in paths {
        let tag = connection.fetch(path).await.etag?;
        requests.push(client::get(client::host(base), path, &format!("Accept: */*\r\nIf-None-Match: {tag}\r\n")));
    }
    Some(Arc::new(requests))
}
