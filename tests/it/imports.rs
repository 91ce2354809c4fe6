//! Imports: files of every temper through the reader, jobs from upload to report, and nothing half done.

use crate::support::{World, expect, expect_response, forged, square};
use futures_util::future::BoxFuture;
use jingtu::across::imports::reader::{Form, Outline, Row, Source};
use jingtu::across::imports::{self, Crs, Mode, OnError, Options, Watch};
use jingtu::kernel::{Area, Error, Fault, JobId, Result, Text};
use jingtu::platform::jobs::{Counts, RowFinding};
use jingtu::platform::{Act, Begun, Permission, Role, identity};
use jingtu::registers::{ImportFeature, Importer, Outcome, Target};
use reqwest::multipart::{Form as Multipart, Part};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

// ---------------------------------------------------------------------------------------------------------------------
// The reader.

fn source(name: &str, content: impl Into<Vec<u8>>) -> Source {
    Source::Bytes { name: name.to_owned(), content: content.into().into() }
}

fn read(source: &Source) -> Result<(Outline, Vec<Row>)> {
    let outline = source.outline()?;
    let mut rows = Vec::new();
    source.rows(outline.form, &mut |row| {
        rows.push(row);
        true
    })?;
    Ok((outline, rows))
}

/// Codes of a row's faults with their pointers; empty for a feature.
fn faults(row: &Row) -> Vec<(&str, &str)> {
    match row {
        Row::Feature { .. } => Vec::new(),
        Row::Broken { faults, .. } => faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect(),
    }
}

fn error(name: &str, content: impl Into<Vec<u8>>) -> (&'static str, String, String) {
    let error = read(&source(name, content)).err().unwrap_or_else(|| panic!("{name} was read"));
    (error.code(), error.detail().zh.to_string(), error.detail().en.to_string())
}

const ONE: &str = r#"{"type":"Feature","id":7,"geometry":null,"properties":{"code":"A"}}"#;

fn collection(features: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

#[test]
fn the_forms_of_geojson_are_told_and_read() {
    let gz = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).expect("packed");
        out.finish().expect("packed")
    };
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(ONE).expect("json")).expect("json");
    for (name, content, form, rows) in [
        ("a.geojson", collection("").into_bytes(), Form::Document, 0),
        ("a.json", collection(&format!("{ONE},\n{ONE}")).into_bytes(), Form::Document, 2),
        ("bom", format!("\u{feff}\n {}", collection(ONE)).into_bytes(), Form::Document, 1),
        ("gz", gz(&collection(ONE)), Form::Document, 1),
        (
            "late type",
            format!(r#"{{"features":[{ONE}],"x":{{"features":[1]}},"type":"FeatureCollection"}}"#).into_bytes(),
            Form::Document,
            1,
        ),
        ("one", ONE.as_bytes().to_vec(), Form::Document, 1),
        ("one pretty", pretty.into_bytes(), Form::Document, 1),
        ("lines", format!("{ONE}\r\n\r\n{ONE}\n").into_bytes(), Form::Lines, 2),
        ("a.geojsonl", ONE.as_bytes().to_vec(), Form::Lines, 1),
        ("a.geojsonl.gz", gz(&format!("{ONE}\n{ONE}")), Form::Lines, 2),
        ("records", format!("\x1e{ONE}\n\x1e{ONE}\n").into_bytes(), Form::Records, 2),
        ("records over lines", format!("\u{feff}\x1e{}\n", ONE.replace(',', ",\n")).into_bytes(), Form::Records, 1),
    ] {
        let (outline, read) = read(&source(name, content)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((outline.form, outline.features, read.len() as u64), (form, rows, rows), "{name}");
        for row in read {
            let Row::Feature { feature, id } = row else { panic!("{name}: {row:?}") };
            assert_eq!((feature.properties["code"].as_str(), id), (Some("A"), Some(json!(7))), "{name}");
        }
    }
}

#[test]
fn what_is_no_geojson_is_named() {
    for (name, content, code, said) in [
        ("empty", &b""[..], "empty_file", "empty"),
        ("blank", b" \n\t\n", "empty_file", "empty"),
        ("zip", b"PK\x03\x04...", "bad_zip", "zip archive"),
        ("gpkg", b"SQLite format 3\0...", "bad_geopackage", "GeoPackage"),
        ("shp", b"\x00\x00\x27\x0a...", "unsupported_format", ".dbf"),
        ("csv", b"code,name,lon,lat\n1,2,3,4\n", "unsupported_format", "CSV"),
        ("js", b"var fields = {\"type\": 1}", "not_geojson", "JavaScript"),
        ("jsonp", b"callback({\"type\":\"FeatureCollection\"})", "not_geojson", "JavaScript"),
        ("html", b"<!DOCTYPE html><html>", "not_geojson", "web page"),
        ("plain", b"Cannot GET /datasets/1.geojson", "not_geojson", "Cannot GET"),
        ("array", b"[1]", "not_geojson", "array"),
        ("status", b"{\"status\":\"Processing\"}", "not_geojson", "no `type`"),
        ("bare", b"{\"type\":\"Point\",\"coordinates\":[1,2]}", "not_geojson", "`Point`"),
        ("number", b"{\"type\":1}", "not_geojson", "not a text"),
        ("no features", b"{\"type\":\"FeatureCollection\"}", "not_geojson", "no `features`"),
        ("features", b"{\"type\":\"FeatureCollection\",\"features\":{}}", "not_geojson", "no array"),
        ("twice", b"{\"type\":\"FeatureCollection\",\"features\":[],\"features\":[]}", "not_geojson", "twice"),
        (
            "gbk",
            b"{\"type\":\"FeatureCollection\",\"name\":\"\xb5\xd8\xbf\xe9\",\"features\":[]}",
            "not_utf8",
            "byte 36",
        ),
        ("utf-16", b"\xff\xfe{\0", "not_utf8", "UTF-8"),
        ("cut char", b"{\"type\":\"\xe5\x9c", "not_utf8", "byte 9"),
        ("gzip", b"\x1f\x8b\x08\0garbage", "bad_gzip", "damaged"),
        (
            "cut",
            b"{\"type\":\"FeatureCollection\",\n\"features\":[{\"type\":",
            "bad_json",
            "line 2, column 20, where the file breaks off",
        ),
        ("tail", b"{\"type\":\"FeatureCollection\",\"features\":[]} x", "bad_json", "line 1, column 44"),
    ] {
        let (got, zh, en) = error(name, content);
        assert_eq!(got, code, "{name}: {en}");
        assert!(en.contains(said), "{name}: {en}");
        assert!(!zh.is_ascii() && en.is_ascii(), "{name}: {zh} / {en}");
    }
}

#[test]
fn nesting_and_size_are_no_danger() {
    let deep = format!(r#"{{"type":"FeatureCollection","features":[{}"#, "[".repeat(100_000));
    assert_eq!(error("open", deep).0, "bad_json");
    let closed = collection(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(error("closed", closed).0, "nested_too_deep");
    let line = format!("{ONE}\n{}{}\n{ONE}\n", "[".repeat(100_000), "]".repeat(100_000));
    let (_, rows) = read(&source("lines", line)).expect("read");
    assert_eq!(rows.iter().map(|r| faults(r).len()).collect::<Vec<_>>(), [0, 1, 0]);
    // A few kilobytes that unpack to a feature of 100 MB.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(br#"{"type":"FeatureCollection","features":[{"a":""#).expect("packed");
    for _ in 0..100 {
        bomb.write_all(&[b'x'; 1 << 20]).expect("packed");
    }
    bomb.write_all(br#""}]}"#).expect("packed");
    assert_eq!(error("bomb", bomb.finish().expect("packed")).0, "feature_too_large");
}

#[test]
fn what_is_no_feature_is_a_row_with_faults() {
    let text = collection(
        r#"7,null,{"type":"Point","coordinates":[1,2]},{"type":"Feature","geometry":[1],"properties":[]},
           {"type":"Feature","geometry":null,"properties":{"a":1,"b":{"c":1,"c":2}}},{"type":"Feature","properties":{"n":"x\u0000"}},
           {"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":null}"#,
    );
    let (outline, rows) = read(&source("a", text)).expect("read");
    assert_eq!(outline.features, 7);
    let said: Vec<_> = rows.iter().map(faults).collect();
    assert_eq!(
        said,
        [
            vec![("", "not_a_feature")],
            vec![("", "not_a_feature")],
            vec![("/type", "not_a_feature")],
            vec![("/geometry", "geometry_not_object"), ("/properties", "properties_not_object")],
            vec![("/properties/b/c", "duplicate_key")],
            vec![("/properties/n", "null_character")],
            vec![],
        ]
    );
    let lines = format!("{ONE}\n\n{{broken\n{ONE} x\n{ONE}\n");
    let (outline, rows) = read(&source("a", lines)).expect("read");
    assert_eq!((outline.features, rows.len()), (4, 4));
    assert_eq!(
        rows.iter().map(|r| faults(r).first().map(|f| f.1)).collect::<Vec<_>>(),
        [None, Some("bad_json"), Some("bad_json"), None]
    );
    let Row::Broken { row: 2, faults } = &rows[1] else { panic!("{:?}", rows[1]) };
    assert!(
        faults[0].message.en.contains("Record 3") && faults[0].message.zh.contains("第 3 条"),
        "{}",
        faults[0].message
    );
}

fn torture(folder: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/torture").join(folder);
    if !root.is_dir() {
        eprintln!("skipped: {} is not there", root.display());
        return None;
    }
    let (mut files, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    assert!(!files.is_empty());
    Some(files)
}

#[test]
fn every_file_that_others_stumbled_over_gives_rows_or_says_why_not() {
    for folder in [
        "geojsonhint",
        "geojson_invalid_chrieke",
        "json_test_suite",
        "geojson_fixtures_valid",
        "js_wrapped",
        "scraped_error_pages",
    ] {
        let Some(files) = torture(folder) else { continue };
        let (mut with_rows, mut refused) = (0, 0);
        for path in &files {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let content = std::fs::read(path).expect("read");
            for source in [
                source(&name, content.clone()),
                source(&format!("{name}.geojsonl"), content),
                Source::File(path.clone()),
            ] {
                match read(&source) {
                    Ok((outline, rows)) => {
                        assert_eq!(outline.features, rows.len() as u64, "{}", path.display());
                        assert!(rows.iter().all(|r| !matches!(r, Row::Broken { faults, .. } if faults.is_empty())));
                        with_rows += 1;
                    }
                    Err(error) => {
                        assert!(
                            !error.detail().zh.is_ascii() && !error.detail().en.is_empty(),
                            "{}: {error}",
                            path.display()
                        );
                        assert_ne!(error.code(), "internal", "{}", path.display());
                        refused += 1;
                    }
                }
            }
            if folder == "geojson_invalid_chrieke" && name.starts_with("valid_feature") {
                assert!(read(&Source::File(path.clone())).is_ok(), "{} is valid", path.display());
            }
            if ["js_wrapped", "scraped_error_pages"].contains(&folder) {
                assert_eq!(
                    read(&Source::File(path.clone())).err().map(|e| e.code()),
                    Some("not_geojson"),
                    "{}",
                    path.display()
                );
            }
        }
        assert_eq!(with_rows + refused, files.len() * 3, "{folder}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Jobs.

/// An importer of the test: writes one setting per feature, checks the outline, and knows the words `bad` and `mend`.
struct Settings;

static SETTINGS: Settings = Settings;

impl Importer for Settings {
    fn target(&self) -> &'static str {
        "settings"
    }

    fn permission(&self) -> Permission {
        Permission::FarmlandWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(async move {
            let mut outcomes = Vec::new();
            let (mut keys, mut values) = (Vec::new(), Vec::new());
            for feature in batch {
                let code = feature.properties.get("code").and_then(Value::as_str);
                let area = (!feature.geometry.is_null()).then(|| Area::from_geojson(&feature.geometry, "/geometry"));
                let fault = |code| Fault::new("/properties/code", code, Text::fixed("=编号有误", "=the code is wrong"));
                match (code, area) {
                    (_, Some(Err(faults))) => outcomes.push(Outcome::Rejected(faults)),
                    (None | Some("bad"), _) => {
                        outcomes.push(Outcome::Rejected(vec![fault("required"), fault("second")]))
                    }
                    (Some("crash"), _) => return Err(Error::internal("the importer of the test was told to fail")),
                    (Some(code), _) => {
                        keys.push(format!("{code}/{}", feature.row));
                        values.push(feature.geometry.clone());
                        outcomes.push(if code == "mend" {
                            Outcome::Repaired(fault("mended"))
                        } else {
                            Outcome::Written
                        });
                    }
                }
            }
            sqlx::query("insert into platform_setting (key, value) select * from unnest($1::text[], $2::jsonb[])")
                .bind(&keys)
                .bind(&values)
                .execute(act.tx())
                .await?;
            Ok(outcomes)
        })
    }
}

fn targets(target: &str) -> Result<Target> {
    if target == "settings" { Ok(Target::Fixed(&SETTINGS)) } else { imports::importer(target) }
}

async fn written(world: &World) -> Vec<String> {
    sqlx::query_scalar("select key from platform_setting order by key").fetch_all(world.app.db()).await.expect("keys")
}

fn options(mode: Mode, on_error: OnError) -> Options {
    Options { mode, on_error, crs: None, mapping: BTreeMap::new() }
}

fn feature(code: &str) -> String {
    json!({"type": "Feature", "geometry": square(105.7, 38.8, 100.0), "properties": {"code": code}}).to_string()
}

/// Queues as `POST /v1/imports` does for targets of the registry.
async fn submit(world: &World, key: &str, content: String, options: &Options) -> JobId {
    let caller = identity::authenticate(world.app.db(), key, world.app.today()).await.expect("a key");
    let begun = Act::begin(&world.app, &caller, Permission::ImportRun, Default::default()).await.expect("begin");
    let Begun::Fresh(mut act) = begun else { panic!("replayed") };
    let id = imports::submit(&mut act, "settings", "a.geojson", &content.into(), options, None).await.expect("queued");
    act.finish(jingtu::platform::Reply::nothing()).await.expect("commit");
    id
}

async fn job(world: &World, key: &str, id: JobId) -> Value {
    expect(world.get(&format!("/v1/jobs/{id}")).bearer_auth(key), 200).await
}

fn counts(read: u64, valid: u64, repaired: u64, rejected: u64, written: u64) -> Value {
    json!(Counts { read, valid, repaired, rejected, written })
}

#[tokio::test]
async fn a_dry_run_tells_what_a_commit_would_and_writes_nothing() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let file = collection(&[feature("a"), feature("bad"), "7".to_owned(), feature("mend")].join(","));
    let dry = submit(&world, &key, file.clone(), &options(Mode::DryRun, OnError::AcceptValid)).await;
    let queued = job(&world, &key, dry).await;
    assert_eq!((&queued["status"], &queued["progress"]), (&json!("queued"), &json!({"done": 0, "total": null})));
    let commit = submit(&world, &key, file, &options(Mode::Commit, OnError::AcceptValid)).await;
    assert_eq!(imports::work_off(&world.app, targets).await.expect("worked"), 2);
    let (dry_job, commit_job) = (job(&world, &key, dry).await, job(&world, &key, commit).await);
    assert_eq!((&dry_job["status"], &dry_job["mode"]), (&json!("done"), &json!("dry_run")), "{dry_job}");
    assert_eq!(dry_job["counts"], counts(4, 2, 1, 2, 0));
    assert_eq!(commit_job["counts"], counts(4, 2, 1, 2, 2));
    assert_eq!(commit_job["progress"], json!({"done": 4, "total": 4}));
    assert_eq!(dry_job["receipt"], commit_job["receipt"]);
    assert_eq!(written(&world).await, ["a/1", "mend/4"]);

    let rows = |id: JobId, query: &'static str| {
        expect(world.get(&format!("/v1/jobs/{id}/rows{query}")).bearer_auth(&key), 200)
    };
    let rejected = rows(commit, "?status=rejected").await;
    let said: Vec<_> =
        rejected["rows"].as_array().expect("rows").iter().map(|r| json!([r["row"], r["field"], r["code"]])).collect();
    assert_eq!(
        said,
        [
            json!([2, "/properties/code", "required"]),
            json!([2, "/properties/code", "second"]),
            json!([3, "", "not_a_feature"])
        ]
    );
    assert_eq!(rows(dry, "?status=rejected").await["rows"], rejected["rows"]);
    assert_eq!(rows(commit, "?status=repaired").await["rows"][0]["code"], "mended");
    let first = rows(commit, "?limit=3").await;
    let next = first["links"][0]["href"].as_str().expect("next").to_owned();
    let second = expect(world.get(&next).bearer_auth(&key), 200).await;
    assert_eq!((first["numberReturned"].clone(), second["numberReturned"].clone()), (json!(3), json!(1)));
    assert_eq!((&second["rows"][0]["row"], &second["links"]), (&json!(4), &json!([])));
    for bad in ["", "x", "3", "3.x", "3.0.0", "99999999999999999999.0", "\0"] {
        let path = format!("/v1/jobs/{commit}/rows?limit=3&cursor={}", forged(&first, bad));
        assert_eq!(expect(world.get(&path).bearer_auth(&key), 400).await["code"], "bad_cursor", "{bad:?}");
    }

    let csv =
        world.get(&format!("/v1/jobs/{commit}/rows?status=rejected")).bearer_auth(&key).header("accept", "text/csv");
    let csv = csv.send().await.expect("an answer").bytes().await.expect("bytes");
    let csv = std::str::from_utf8(&csv).expect("utf-8").strip_prefix('\u{feff}').expect("a byte order mark");
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("row,status,field,code,message,hint", 4));
    assert!(lines[1].contains(",'=编号有误,"), "{csv}");

    // One line of the audit chain for what was written, with the receipt and the counts.
    let audited: Vec<String> =
        sqlx::query_scalar("select line from platform_audit where line::jsonb ->> 'subject' = $1 order by seq")
            .bind(format!("job/{commit}"))
            .fetch_all(world.app.db())
            .await
            .expect("lines");
    assert_eq!(audited.len(), 2);
    let line: Value = serde_json::from_str(&audited[1]).expect("json");
    assert_eq!(line["detail"]["counts"], commit_job["counts"]);
    assert_eq!(line["detail"]["sha256"], commit_job["receipt"]["sha256"]);
    let files: i64 =
        sqlx::query_scalar("select count(*) from platform_job_file").fetch_one(world.app.db()).await.expect("n");
    assert_eq!(files, 0);
}

#[tokio::test]
async fn one_bad_row_stops_all_when_all_or_nothing_is_asked_for() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let rows: Vec<_> = (0..1200).map(|n| if n == 1111 { feature("bad") } else { feature("a") }).collect();
    let id = submit(&world, &key, collection(&rows.join(",")), &options(Mode::Commit, OnError::RejectAll)).await;
    imports::work_off(&world.app, targets).await.expect("worked");
    let ended = job(&world, &key, id).await;
    assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!("rows_rejected")));
    assert!(ended["failure"]["message_zh"].as_str().is_some_and(|zh| zh.contains("1200") && zh.contains("全部未写入")));
    assert_eq!(ended["counts"], counts(1200, 1199, 0, 1, 0));
    assert_eq!(written(&world).await, [""; 0]);
    let rows = expect(world.get(&format!("/v1/jobs/{id}/rows")).bearer_auth(&key), 200).await;
    assert_eq!(rows["rows"][0]["row"], 1112);
}

#[tokio::test]
async fn a_file_that_breaks_off_or_an_importer_that_fails_leaves_nothing() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let commit = options(Mode::Commit, OnError::AcceptValid);
    let whole = collection(&vec![feature("a"); 600].join(","));
    let cut = submit(&world, &key, whole[..whole.len() - 5].to_owned(), &commit).await;
    let crash = submit(
        &world,
        &key,
        collection(&[vec![feature("a"); 600], vec![feature("crash")]].concat().join(",")),
        &commit,
    )
    .await;
    let unknown_crs = submit(
        &world,
        &key,
        collection(&feature("a"))
            .replace(r#""features""#, r#""crs":{"type":"name","properties":{"name":"GCJ-02"}},"features""#),
        &commit,
    )
    .await;
    imports::work_off(&world.app, targets).await.expect("worked");
    for (id, code, read) in [(cut, "bad_json", 0), (crash, "internal", 500), (unknown_crs, "invalid_input", 0)] {
        let ended = job(&world, &key, id).await;
        assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!(code)));
        assert!(ended["counts"]["read"].as_u64().expect("n") >= read, "{ended}");
        assert_eq!(ended["counts"]["written"], 0);
    }
    assert_eq!(job(&world, &key, unknown_crs).await["failure"]["errors"][0]["code"], "crs_unreadable");
    assert_eq!(written(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_job_whose_server_died_is_taken_up_again_and_one_that_was_taken_cannot_be_ended_twice() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let id = submit(&world, &key, collection(&feature("a")), &options(Mode::Commit, OnError::RejectAll)).await;
    let claim = jingtu::platform::jobs::claim(&world.app, "import").await.expect("read").expect("a job");
    assert_eq!(claim.id, id);
    assert_eq!(imports::work_off(&world.app, targets).await.expect("worked"), 0, "a live server keeps its job");
    sqlx::query("update platform_job set heartbeat_at = heartbeat_at - interval '1 minute'")
        .execute(world.app.db())
        .await
        .expect("set");
    assert_eq!(imports::work_off(&world.app, targets).await.expect("worked"), 1);
    assert_eq!(job(&world, &key, id).await["status"], "done");
    assert_eq!(written(&world).await, ["a/1"]);
    let mut conn = world.app.db().acquire().await.expect("connect");
    let late = claim.done(&mut conn, world.app.clock().now(), &Counts::default()).await.expect_err("too late");
    assert_eq!(late.code(), "job_taken");

    // One that kills every server is given up.
    let id = submit(&world, &key, collection(&feature("a")), &options(Mode::Commit, OnError::RejectAll)).await;
    sqlx::query("update platform_job set status = 'running', attempt = 3, heartbeat_at = '2020-01-01' where id = $1")
        .bind(id.0)
        .execute(world.app.db())
        .await
        .expect("set");
    assert_eq!(imports::work_off(&world.app, targets).await.expect("worked"), 0);
    let ended = job(&world, &key, id).await;
    assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!("job_abandoned")));
}

#[tokio::test]
async fn several_servers_share_the_queue() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let commit = options(Mode::Commit, OnError::RejectAll);
    for n in 0..6 {
        submit(&world, &key, collection(&feature(&format!("job{n}"))), &commit).await;
    }
    let (one, two, three) = tokio::join!(
        imports::work_off(&world.app, targets),
        imports::work_off(&world.app, targets),
        imports::work_off(&world.app, targets)
    );
    assert_eq!(one.expect("worked") + two.expect("worked") + three.expect("worked"), 6);
    assert_eq!(written(&world).await.len(), 6);
}

#[tokio::test]
async fn a_worker_wakes_when_a_job_is_queued_and_stops_when_told() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(imports::run_worker(world.app.clone(), targets, async move { drop(stopped.await) }));
    let id = submit(&world, &key, collection(&feature("a")), &options(Mode::Commit, OnError::RejectAll)).await;
    let done = async { while job(&world, &key, id).await["status"] != "done" {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), done).await.expect("the worker works");
    stop.send(()).expect("the worker listens");
    tokio::time::timeout(std::time::Duration::from_secs(60), worker).await.expect("it stops").expect("in peace");
}

#[tokio::test]
async fn a_job_acts_with_the_rights_its_key_has_when_it_runs() {
    let world = World::new().await;
    let key = world.key(Role::Agriculture, "152921").await;
    let id = submit(&world, &key, collection(&feature("a")), &options(Mode::Commit, OnError::RejectAll)).await;
    sqlx::query("update platform_api_key set revoked_at = now()").execute(world.app.db()).await.expect("revoked");
    imports::work_off(&world.app, targets).await.expect("worked");
    let auditor = world.key(Role::Auditor, "000000").await;
    assert_eq!(job(&world, &auditor, id).await["failure"]["code"], "bad_token");
    assert_eq!(written(&world).await, [""; 0]);
    // Others do not learn that there is a job.
    let other = world.key(Role::Agriculture, "152921").await;
    for path in [format!("/v1/jobs/{id}"), format!("/v1/jobs/{id}/rows")] {
        assert_eq!(expect(world.get(&path).bearer_auth(&other), 404).await["code"], "not_found");
        assert_eq!(expect(world.get(&path), 401).await["code"], "unauthenticated");
    }
}

/// Runs a file as the command does, and gives the geometries written or the refusal.
async fn run(world: &World, content: &str, options: &Options) -> Result<(Counts, Vec<RowFinding>)> {
    struct Keep(Vec<RowFinding>);
    impl Watch for Keep {
        fn progress<'a>(&'a mut self, done: u64, total: u64, counts: &'a Counts) -> BoxFuture<'a, Result<()>> {
            assert!(done <= total && done == counts.read);
            Box::pin(async { Ok(()) })
        }
        fn findings<'a>(&'a mut self, findings: Vec<RowFinding>) -> BoxFuture<'a, Result<()>> {
            self.0.extend(findings);
            Box::pin(async { Ok(()) })
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("written");
    let mut keep = Keep(Vec::new());
    let report = imports::run_file(&world.app, &SETTINGS, file.path(), options, &mut keep).await?;
    Ok((report.counts, keep.0))
}

#[tokio::test]
async fn coordinates_of_other_systems_arrive_in_cgcs2000() {
    let world = World::new().await;
    let named = |name: &str, coordinates: Value| {
        json!({"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": name}}, "features": [
            {"type": "Feature", "properties": {"code": name}, "geometry": {"type": "Polygon", "coordinates": [coordinates]}}
        ]})
        .to_string()
    };
    let commit = options(Mode::Commit, OnError::RejectAll);
    let degrees = json!([[105.0, 38.0], [105.1, 38.0], [105.1, 38.1], [105.0, 38.0]]);
    let metres =
        json!([[500_000.0, 4_207_500.0], [501_000.0, 4_207_500.0], [501_000.0, 4_208_500.0], [500_000.0, 4_207_500.0]]);
    for name in ["urn:ogc:def:crs:EPSG::4490", "urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"] {
        run(&world, &named(name, degrees.clone()), &commit).await.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    // Three-degree zone with central meridian 105 degrees; checked against the inverse by PostGIS below.
    run(&world, &named("urn:ogc:def:crs:EPSG::4544", metres.clone()), &commit).await.expect("turned");
    let label = collection(
        &json!({"type": "Feature", "properties": {"code": "given"}, "geometry": {"type": "Polygon", "coordinates": [metres]}}).to_string(),
    );
    let given = Options { crs: Crs::parse("EPSG:4544"), ..commit.clone() };
    run(&world, &label, &given).await.expect("turned");
    let stored: Vec<(String, Value)> =
        sqlx::query_as("select key, value -> 'coordinates' from platform_setting order by key")
            .fetch_all(world.app.db())
            .await
            .expect("rows");
    assert_eq!(stored.len(), 5);
    let (mut as_given, mut turned) = (0, 0);
    for (key, coordinates) in stored {
        if key.contains("4544") || key.starts_with("given") {
            let (lon, lat) = (coordinates[0][0][0].as_f64().expect("lon"), coordinates[0][0][1].as_f64().expect("lat"));
            let (x, y): (f64, f64) = sqlx::query_as(
                "select st_x(p), st_y(p) from (select st_transform(st_setsrid(st_makepoint($1, $2), 4490), 4544) p) t",
            )
            .bind(lon)
            .bind(lat)
            .fetch_one(world.app.db())
            .await
            .expect("back");
            assert!((x - 500_000.0).abs() < 0.001 && (y - 4_207_500.0).abs() < 0.001, "{key}: {lon} {lat} is {x} {y}");
            assert!((lon - 105.0).abs() < 1e-9, "{lon}");
            turned += 1;
        } else {
            assert_eq!(coordinates[0], degrees, "{key}");
            as_given += 1;
        }
    }
    assert_eq!((as_given, turned), (3, 2));

    // Unlabelled, they are refused row by row, with what would help.
    let dry = options(Mode::DryRun, OnError::RejectAll);
    let (counts, findings) = run(&world, &label, &dry).await.expect("read");
    assert_eq!((counts.read, counts.rejected, counts.written), (1, 1, 0));
    assert!(
        findings.iter().all(|f| f.rejected && f.hint.as_ref().is_some_and(|h| h.en.contains("crs"))),
        "{findings:?}"
    );
    for (content, options, code) in [
        (named("EPSG:4544", degrees.clone()), given.clone(), None),
        (named("EPSG:4490", degrees.clone()), given.clone(), Some("crs_contradiction")),
        (named("EPSG:2379", degrees.clone()), dry.clone(), Some("crs_other_datum")),
        (named("EPSG:4214", degrees.clone()), dry.clone(), Some("crs_other_datum")),
        (named("EPSG:999999", degrees.clone()), dry.clone(), Some("crs_unknown")),
        (named("GCJ-02", degrees.clone()), dry.clone(), Some("crs_unreadable")),
    ] {
        let refused = run(&world, &content, &Options { mode: Mode::DryRun, ..options }).await;
        let got = refused.as_ref().err().map(|e| e.faults()[0].code);
        assert_eq!(got, code, "{content}");
    }
    // Swapped axes and points outside the projection: those rows only.
    let point = |x: f64, y: f64| {
        json!({"type": "Feature", "properties": {"code": "x"}, "geometry": {"type": "Polygon", "coordinates": [[[x, y], [x + 1.0, y], [x + 1.0, y + 1.0], [x, y]]]}}).to_string()
    };
    let rows =
        collection(&[point(4_207_500.0, 500_000.0), point(500_000.0, 4_207_500.0), point(500_000.0, 9e9)].join(","));
    let (counts, findings) = run(&world, &rows, &Options { mode: Mode::DryRun, ..given }).await.expect("read");
    assert_eq!((counts.read, counts.valid, counts.rejected), (3, 1, 2), "{findings:?}");
    assert_eq!((findings[0].row, findings[0].fault.code, findings[1].row), (1, "easting_implausible", 3));
}

#[tokio::test]
async fn columns_are_renamed_as_the_mapping_says() {
    let world = World::new().await;
    let mapping = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let dry = options(Mode::Commit, OnError::AcceptValid);
    let file = collection(
        r#"{"type":"Feature","id":"F9","geometry":null,"properties":{"DKBM":"D1"}},
           {"type":"Feature","geometry":null,"properties":{"DKBM":"D2","code":"D3"}},
           {"type":"Feature","geometry":null,"properties":{}}"#,
    );
    let (counts, findings) =
        run(&world, &file, &Options { mapping: mapping(&[("DKBM", "code")]), ..dry.clone() }).await.expect("read");
    assert_eq!((counts.valid, counts.rejected), (1, 2));
    assert_eq!((findings[0].row, findings[0].fault.code), (2, "mapping_conflict"));
    run(&world, &file, &Options { mapping: mapping(&[("id", "code")]), ..dry.clone() }).await.expect("read");
    assert_eq!(written(&world).await, ["D1/1", "D3/2", "F9/1"]);
    let twice = run(&world, &file, &Options { mapping: mapping(&[("a", "code"), ("b", "code")]), ..dry }).await;
    assert_eq!(twice.expect_err("refused").faults()[0].code, "mapping_conflict");
}

// ---------------------------------------------------------------------------------------------------------------------
// Over HTTP, into real registers.

fn upload(world: &World, key: &str, name: &str, content: String, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let mut form = Multipart::new().part("file", Part::text(content).file_name(name.to_owned()));
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    world.post("/v1/imports").bearer_auth(key).multipart(form)
}

#[tokio::test]
async fn divisions_arrive_over_http() {
    let world = World::new().await;
    let admin = world.key(Role::Admin, "000000").await;
    let file = collection(
        &json!({"type": "Feature", "geometry": square(105.7, 38.8, 5000.0), "properties": {"code": "152923", "name_zh": "额济纳旗", "level": "county"}}).to_string(),
    );
    let (head, accepted) =
        expect_response(upload(&world, &admin, "d.geojson", file, &[("target", "divisions"), ("mode", "commit")]), 202)
            .await;
    let address = head.headers()["location"].to_str().expect("ascii").to_owned();
    assert_eq!(accepted["href"], json!(address));
    assert_eq!(imports::work_off(&world.app, imports::importer).await.expect("worked"), 1);
    let ended = expect(world.get(&address).bearer_auth(&admin), 200).await;
    assert_eq!((&ended["status"], &ended["counts"]), (&json!("done"), &counts(1, 1, 0, 0, 1)), "{ended}");
    assert_eq!(ended["receipt"]["sha256"], accepted["receipt"]["sha256"]);
    assert_eq!(
        expect(world.get("/v1/divisions/152923").bearer_auth(&admin), 200).await["properties"]["name_zh"],
        "额济纳旗"
    );
    // A code table, which is no GeoJSON.
    let table = "code,name\n15,内蒙古自治区\n".to_owned();
    expect(upload(&world, &admin, "provinces.csv", table, &[("target", "divisions"), ("mode", "dry_run")]), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_at_the_door() {
    let world = World::new().await;
    let farmers = world.key(Role::Agriculture, "152921").await;
    let empty = || collection("");
    for (fields, name, content, status, at) in [
        (vec![("target", "nothing")], "a.geojson", empty(), 422, "unknown_target"),
        (vec![], "a.geojson", empty(), 422, "required"),
        (vec![("target", "farmland"), ("mode", "try")], "a.geojson", empty(), 422, "bad_word"),
        (vec![("target", "farmland"), ("crs", "GCJ-02")], "a.geojson", empty(), 422, "crs_unreadable"),
        (vec![("target", "farmland"), ("mapping", "[]")], "a.geojson", empty(), 422, "bad_mapping"),
        (
            vec![("target", "farmland"), ("mapping", r#"{"a":"c","b":"c"}"#)],
            "a.geojson",
            empty(),
            422,
            "mapping_conflict",
        ),
        (vec![("target", "farmland"), ("colour", "red")], "a.geojson", empty(), 422, "unknown_field"),
        (vec![("target", "farmland")], "a.zip", "PK\x03\x04".to_owned(), 422, "bad_zip"),
        (vec![("target", "farmland")], "a.pdf", "%PDF-1.7".to_owned(), 415, "unsupported_format"),
        (vec![("target", "farmland")], "a.geojson", "<html>".to_owned(), 422, "not_geojson"),
        (vec![("target", "divisions")], "a.geojson", empty(), 403, "role_not_allowed"),
    ] {
        let refused = expect(upload(&world, &farmers, name, content, &fields), status).await;
        let codes = [&refused["code"], &refused["errors"][0]["code"]];
        assert!(codes.contains(&&json!(at)), "{fields:?}: {refused}");
    }
    assert_eq!(expect(upload(&world, "", "a", empty(), &[]), 401).await["status"], 401);
    let jobs: i64 = sqlx::query_scalar("select count(*) from platform_job").fetch_one(world.app.db()).await.expect("n");
    assert_eq!(jobs, 0);
    let key = || upload(&world, &farmers, "a.geojson", empty(), &[("target", "farmland")]);
    assert_eq!(expect(key(), 202).await["status"], "queued");
}

/// A hundred thousand features in well under a minute: `cargo test --release -- --ignored imports::a_hundred`.
#[tokio::test]
#[ignore = "a measurement, to be run by hand"]
async fn a_hundred_thousand_features_take_less_than_a_minute() {
    let world = World::new().await;
    let rows: Vec<_> = (0..100_000)
        .map(|n| {
            let at = square(105.0 + f64::from(n % 300) * 0.002, 38.0 + f64::from(n / 300) * 0.002, 100.0);
            json!({"type": "Feature", "geometry": at, "properties": {
                "code": format!("F{n:06}"), "division_code": "152921", "land_type": "upland", "class": "safe_use", "pbf": false,
            }})
            .to_string()
        })
        .collect();
    let key = world.key(Role::Agriculture, "152900").await;
    let fields = [("target", "farmland")];
    let (head, _) =
        expect_response(upload(&world, &key, "f.geojson", collection(&rows.join(",\n")), &fields), 202).await;
    let started = std::time::Instant::now();
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let took = started.elapsed();
    let address = head.headers()["location"].to_str().expect("ascii").to_owned();
    let ended = expect(world.get(&address).bearer_auth(&key), 200).await;
    assert_eq!(ended["counts"], counts(100_000, 100_000, 0, 0, 100_000), "{ended}");
    assert!(took.as_secs() < 60, "{took:?}");
    eprintln!("{took:?}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Workbooks.

/// A sheet of a workbook: its name, and what fills it.
type Filled<'a> = (&'a str, &'a dyn Fn(&mut rust_xlsxwriter::Worksheet));

/// A workbook with one cell after the other, written by the cell.
fn workbook(sheets: &[Filled<'_>]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, fill) in sheets {
        fill(book.add_worksheet().set_name(*name).expect("a name"));
    }
    book.save_to_buffer().expect("a workbook")
}

fn head(sheet: &mut rust_xlsxwriter::Worksheet, row: u32, columns: &[&str]) {
    for (column, name) in (0_u16..).zip(columns) {
        sheet.write(row, column, *name).expect("a cell");
    }
}

fn wkt(west: f64) -> String {
    let east = west + 0.001;
    format!("POLYGON(({west} 38.8,{east} 38.8,{east} 38.801,{west} 38.801,{west} 38.8))")
}

async fn import_workbook(world: &World, key: &str, content: Vec<u8>, fields: &[(&str, &str)]) -> Value {
    let mut form = Multipart::new().part("file", Part::bytes(content).file_name("a.xlsx"));
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let (accepted, _) = expect_response(world.post("/v1/imports").bearer_auth(key).multipart(form), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let address = accepted.headers()["location"].to_str().expect("ascii").to_owned();
    expect(world.get(&address).bearer_auth(key), 200).await
}

#[test]
fn a_workbooks_cells_are_read_as_they_were_typed() {
    let day = rust_xlsxwriter::Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    let file = workbook(&[("地块", &|sheet| {
        head(sheet, 2, &["code", "number", "day", "flag", "blank"]);
        sheet.write(3, 0, " A ").expect("a cell");
        sheet.write(3, 1, 0.1 + 0.2).expect("a cell");
        let on = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 5).expect("a day");
        sheet.write_with_format(3, 2, on, &day).expect("a cell");
        sheet.write(3, 3, true).expect("a cell");
        sheet.write(5, 0, 140_602.0).expect("a cell");
        sheet.write(5, 1, 100.0).expect("a cell");
        sheet.write(6, 0, 1.406_02e18).expect("a cell");
        sheet.write(6, 7, "stray").expect("a cell");
    })]);
    let (outline, rows) = read(&source("a.xlsx", file)).expect("read");
    assert_eq!((outline.form, outline.features), (Form::Workbook, 3));
    let Row::Feature { feature, .. } = &rows[0] else { panic!("{rows:?}") };
    let expected = json!({"code": "A", "number": "0.3", "day": "2026-01-05", "flag": "true", "blank": ""});
    assert_eq!(Value::Object(feature.properties.clone()), expected);
    let Row::Feature { feature, .. } = &rows[1] else { panic!("{rows:?}") };
    assert_eq!(
        (feature.row, &feature.properties["code"], &feature.properties["number"]),
        (2, &json!("140602"), &json!("100"))
    );
    assert_eq!(faults(&rows[2]), [("/properties/code", "number_too_long"), ("", "cell_without_column")]);
    let Row::Broken { faults, .. } = &rows[2] else { panic!("{rows:?}") };
    assert!(faults[0].message.en.contains("A7") && faults[1].message.zh.contains("H7"), "{faults:?}");
    let empty = workbook(&[("空", &|_| {})]);
    assert_eq!(error("empty", empty).0, "table_head");
    let twice = workbook(&[("x", &|sheet| head(sheet, 0, &["a", "a"]))]);
    assert_eq!(error("twice", twice).0, "table_head");
    let cut = workbook(&[("x", &|sheet| head(sheet, 0, &["a"]))]);
    assert_eq!(error("cut", cut[..cut.len() - 40].to_vec()).0, "bad_workbook");
}

#[tokio::test]
async fn every_target_reads_workbooks() {
    let world = World::new().await;
    let admin = world.key(Role::Admin, "000000").await;
    let parcels = workbook(&[
        ("说明", &|sheet| head(sheet, 0, &["read me"])),
        ("地块", &|sheet| {
            head(sheet, 0, &["宗地代码", "division_code", "began_on", "wkt", "predecessors"]);
            for (row, (code, began, west, from)) in
                (1..).zip([("P1", None, 105.6, ""), ("P2", Some("2026-02-01"), 105.6, "P1"), ("P3", None, 105.7, "")])
            {
                sheet.write(row, 0, code).expect("a cell");
                sheet.write(row, 1, 152_921.0).expect("a cell");
                if let Some(began) = began {
                    sheet.write(row, 2, began).expect("a cell");
                }
                sheet.write(row, 3, if code == "P3" { "POLYGON((0 0".to_owned() } else { wkt(west) }).expect("a cell");
                sheet.write(row, 4, from).expect("a cell");
            }
        }),
    ]);
    let mapping = r##"{"#sheet": "地块", "宗地代码": "code"}"##;
    let fields = [("target", "parcels"), ("on_error", "accept_valid"), ("mapping", mapping)];
    let ended = import_workbook(&world, &admin, parcels.clone(), &fields).await;
    assert_eq!((&ended["status"], &ended["counts"]), (&json!("done"), &counts(3, 2, 0, 1, 2)), "{ended}");
    let old = expect(world.get("/v1/parcels/P1").bearer_auth(&admin), 200).await;
    assert_eq!(old["properties"]["successors"][0]["code"], "P2", "{old}");
    let no_sheet = [("target", "parcels"), ("mapping", r##"{"#sheet": "没有"}"##)];
    let failed = import_workbook(&world, &admin, parcels, &no_sheet).await;
    assert_eq!(
        (&failed["status"], &failed["failure"]["code"]),
        (&json!("failed"), &json!("sheet_unknown")),
        "{failed}"
    );

    // Lists, numbers and flags of registers that know no tables are read from their cells; projected outlines are turned.
    let ecology = world.key(Role::CountyEcology, "152921").await;
    let coverage = workbook(&[("x", &|sheet| {
        head(sheet, 0, &["code", "name", "division_code", "registers", "status", "as_of", "geom"]);
        head(sheet, 1, &["K", "某处", "152921", "farmland、key_units", "kept", "2026-01-05"]);
        let (e, n) = (35_557_302.0, 4_300_948.0);
        let (f, m) = (e + 200.0, n + 200.0);
        sheet.write(1, 6, format!("POLYGON(({e} {n},{f} {n},{f} {m},{e} {m},{e} {n}))")).expect("a cell");
    })]);
    let fields = [("target", "coverage"), ("crs", "EPSG:4523")];
    let ended = import_workbook(&world, &ecology, coverage, &fields).await;
    assert_eq!(ended["counts"], counts(1, 1, 0, 0, 1), "{ended}");
    let page = expect(world.get("/v1/coverage-areas").bearer_auth(&ecology), 200).await;
    assert_eq!(page["features"][0]["properties"]["registers"], json!(["farmland", "key_units"]));
    let farmers = world.key(Role::Agriculture, "152921").await;
    let farmland = workbook(&[("x", &|sheet| {
        head(sheet, 0, &["code", "division_code", "land_type", "pbf", "stated_area_m2", "WKT"]);
        head(sheet, 1, &["U", "152921", "upland", "是", "", &wkt(105.8)]);
        sheet.write(1, 4, 9_600.55).expect("a cell");
    })]);
    let ended = import_workbook(&world, &farmers, farmland, &[("target", "farmland")]).await;
    assert_eq!(ended["counts"], counts(1, 1, 0, 0, 1), "{ended}");
    let page = expect(world.get("/v1/farmland-units?code=U").bearer_auth(&farmers), 200).await;
    let of = &page["features"][0]["properties"];
    assert_eq!((&of["pbf"], &of["stated_area_m2"]), (&json!(true), &json!(9600.55)), "{page}");

    // Points in columns, as CSV has them, and contents with the digits that were typed.
    let samples = workbook(&[("x", &|sheet| {
        let columns = [
            "point_code",
            "lon",
            "lat",
            "division_code",
            "program",
            "land_type",
            "sampled_on",
            "ph",
            "substance",
            "value",
            "unit",
        ];
        head(sheet, 0, &columns);
        head(sheet, 1, &["S1", "", "", "152921", "survey", "paddy", "2026-05-01", "", "Cd", "", "mg/kg"]);
        for (column, number) in [(1, 105.66), (2, 38.84), (7, 6.1), (9, 0.1 + 0.2)] {
            sheet.write(1, column, number).expect("a cell");
        }
    })]);
    let ended = import_workbook(&world, &ecology, samples, &[("target", "samples")]).await;
    assert_eq!(ended["counts"], counts(1, 1, 0, 0, 1), "{ended}");
    let value: String =
        sqlx::query_scalar("select value::text from sampling_result").fetch_one(world.app.db()).await.expect("one");
    assert_eq!(value, "0.3");
}
