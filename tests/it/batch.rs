//! Many land checks in one call: every row is answered or refused, in order, once; a batch that broke off goes on.

use crate::geofile;
use crate::loading::{feature, load};
use crate::support::{World, expect, in_zone_35, square};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use jingtu::across::land_check::{self, batch};
use jingtu::kernel::{Error, Kind, Result, Text};
use jingtu::platform::crs::BodyCrs;
use jingtu::platform::seal::{canonical, key};
use jingtu::platform::{Caller, Permission, Reply, Role};
use jingtu::registers::Outcome;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

const HERE: &str = "152921";
const LINES: &str = "application/x-ndjson";

/// A registry with some sites, and a planning bureau that asks it.
struct Desk {
    world: World,
    planning: String,
}

impl Desk {
    async fn new() -> Desk {
        let world = World::new().await;
        let planning = world.key(Role::Planning, HERE).await;
        for (n, stage) in ["suspected", "contaminated", "listed"].into_iter().enumerate() {
            let facts = json!({"code": format!("S{n}"), "name": "某处", "division_code": HERE, "stage": stage});
            let outline = square(105.6 + n as f64 * 0.03, 38.8, 150.0);
            let outcomes = load(&world, "sites", &[feature(facts, outline)], 10).await;
            assert!(matches!(outcomes[..], [Outcome::Written]), "{outcomes:?}");
        }
        Desk { world, planning }
    }

    fn send(&self, query: &str, media_type: &str, body: String) -> RequestBuilder {
        let path = format!("/v1/land-checks/batch{query}");
        self.world.post(&path).bearer_auth(&self.planning).header("content-type", media_type).body(body)
    }

    async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.world.get(path).bearer_auth(&self.planning).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        response.bytes().await.expect("bytes").to_vec()
    }

    async fn get(&self, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(&self.planning), 200).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.world.app.db()).await.expect("a count")
    }
}

/// A parcel of a grid over and beside the sites.
fn parcel(n: usize) -> Value {
    square(105.6 + (n % 20) as f64 * 0.006, 38.8 + (n / 20) as f64 * 0.004, 100.0)
}

fn asked(n: usize) -> Value {
    let properties = json!({"reference": format!("R{n}"), "facts": {"former_industry": "5211", "key_unit": false}});
    json!({"type": "Feature", "geometry": parcel(n), "properties": properties})
}

/// Rows of which every seventh is wrong, each in its own way; with what it is refused for.
fn rows(many: usize) -> Vec<(String, Option<&'static str>)> {
    let bow_tie = json!({"type": "Polygon", "coordinates": [[[105.6, 38.8], [105.7, 38.9], [105.7, 38.8], [105.6, 38.9], [105.6, 38.8]]]});
    (0..many)
        .map(|n| {
            let mut row = asked(n);
            let code = match n % 7 {
                3 => match n / 7 % 6 {
                    0 => return ("{\"type\": \"Feature\",".to_owned(), Some("bad_json")),
                    1 => {
                        row["geometry"] = bow_tie.clone();
                        "invalid_input"
                    }
                    2 => {
                        row["properties"]["operation"] = json!("sell");
                        "invalid_input"
                    }
                    3 => {
                        row["properties"]["owner"] = json!("x");
                        "invalid_input"
                    }
                    4 => {
                        row["properties"]["division_code"] = json!("152922");
                        "outside_division"
                    }
                    _ => {
                        row["properties"]["known_at"] = json!("2026-11-01T00:00:00Z");
                        "invalid_input"
                    }
                },
                _ => return (row.to_string(), None),
            };
            (row.to_string(), Some(code))
        })
        .collect()
}

fn lines_of(rows: &[(String, Option<&str>)]) -> String {
    rows.iter().map(|(text, _)| format!("{text}\n")).collect()
}

async fn lines(response: Response) -> Vec<String> {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], LINES);
    let text = response.text().await.expect("text");
    assert!(text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).expect("JSON")
}

/// Asserts what a verifier asserts without a database: form, digest, signature.
fn assert_sealed(document: &str) {
    assert_eq!(canonical::of_json(document).expect("canonical"), document.as_bytes());
    let proof = &read(document)["proof"];
    let text = |name: &str| proof[name].as_str().expect("text").to_owned();
    let payload = canonical::without_member(document.as_bytes(), "proof").expect("an object");
    assert_eq!(hex::encode(Sha256::digest(&payload)), text("payload_sha256"));
    let signature = text("signature");
    let signed = document.replace(&format!(",\"signature\":\"{signature}\""), "");
    let public = STANDARD.decode(text("public_key")).expect("base64").try_into().expect("32 bytes");
    assert!(key::verify(&public, signed.as_bytes(), &STANDARD.decode(&signature).expect("base64")));
    let other = signed.replacen("\"row\":1,", "\"row\":2,", 1);
    assert!(other == signed || !key::verify(&public, other.as_bytes(), &STANDARD.decode(signature).expect("base64")));
}

#[tokio::test]
async fn every_row_is_answered_or_refused_in_the_order_asked() {
    let desk = Desk::new().await;
    let rows = rows(300);
    let response = desk.send("?operation=reclaim", LINES, lines_of(&rows)).send().await.expect("an answer");
    let batch = response.headers()["location"].to_str().expect("text").to_owned();
    let lines = lines(response).await;
    assert_eq!(lines.len(), 301);
    let manifest_line = lines.last().expect("the manifest");
    let manifest = read(manifest_line);
    let manifest = &manifest["manifest"];

    let (mut serial, mut verdicts) = (0, BTreeSet::new());
    for (n, ((_, wrong), line)) in rows.iter().zip(&lines).enumerate() {
        let (answer, entry) = (read(line), &manifest["rows"][n]);
        assert_eq!(entry["row"], n + 1);
        match wrong {
            Some(code) => {
                assert_eq!((&answer["row"], &answer["error"]["code"]), (&json!(n + 1), &json!(code)), "{line}");
                assert!(answer["error"]["detail_zh"].is_string() && answer["error"]["errors"].is_array());
                assert_eq!(entry, &json!({"row": n + 1, "error_code": code}));
            }
            None => {
                serial += 1;
                assert_eq!(answer["reference"], format!("R{n}"));
                assert_eq!(answer["number"], format!("CX-{HERE}-2026-{serial:06}"), "without gaps");
                assert_eq!(answer["operation"], "reclaim");
                let (id, digest) = (&answer["id"], &answer["proof"]["payload_sha256"]);
                assert_eq!(
                    entry,
                    &json!({"row": n + 1, "id": id, "number": answer["number"], "verdict": answer["verdict"], "payload_sha256": digest})
                );
                verdicts.insert(answer["verdict"].as_str().expect("a verdict").to_owned());
                if n % 10 == 0 {
                    let path = format!("/v1/land-checks/{}", id.as_str().expect("id"));
                    assert_eq!(desk.bytes(&path).await, line.as_bytes(), "byte for byte");
                    assert_sealed(line);
                }
            }
        }
    }
    assert!(verdicts.len() > 1, "the sites tell some parcels from others: {verdicts:?}");
    assert_eq!((&manifest["asked"], &manifest["answered"]), (&json!(300), &json!(serial)));
    assert_eq!(manifest["refused"], 300 - serial);
    assert_eq!(manifest["by"]["role"], "planning");
    assert_sealed(manifest_line);
    assert_eq!(
        desk.count("select count(*) from platform_log_entry where convert_from(entry, 'UTF8') like '%\"manifest\"%'")
            .await,
        1
    );

    assert_eq!(desk.bytes(&batch).await, manifest_line.as_bytes());
    let whole: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(desk.bytes(&format!("{batch}/replies")).await, whole.as_bytes());
    let rest: String = lines[290..].iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(desk.bytes(&format!("{batch}/replies?after=290")).await, rest.as_bytes());
    let listed = &desk.get("/v1/land-checks/batches").await["batches"][0];
    assert_eq!(
        (&listed["status"], &listed["through"], &listed["href"]),
        (&json!("finished"), &json!(300), &json!(batch))
    );
    // Nobody elsewhere sees it.
    let elsewhere = desk.world.key(Role::Planning, "140602").await;
    expect(desk.world.get(&batch).bearer_auth(&elsewhere), 404).await;
    expect(desk.world.get(&format!("{batch}/replies")).bearer_auth(&elsewhere), 404).await;
    assert_eq!(
        expect(desk.world.get("/v1/land-checks/batches").bearer_auth(&elsewhere), 200).await["batches"],
        json!([])
    );
}

#[tokio::test]
async fn a_client_that_goes_away_is_given_the_same_bytes_when_it_comes_back() {
    let desk = Desk::new().await;
    let body = lines_of(&rows(560));
    let send = |body: &str| desk.send("?operation=reclaim", LINES, body.to_owned()).header("idempotency-key", "plan-1");
    let mut response = send(&body).send().await.expect("an answer");
    let first = response.chunk().await.expect("a chunk").expect("some bytes").to_vec();
    drop(response);

    let response = send(&body).send().await.expect("an answer");
    assert_eq!(response.headers()["idempotency-replayed"], "true");
    let again = response.bytes().await.expect("bytes");
    assert!(!first.is_empty() && again.starts_with(&first), "what was given before is given again");
    assert_eq!(again.iter().filter(|byte| **byte == b'\n').count(), 561);
    let answered =
        read(std::str::from_utf8(&again).expect("text").lines().last().expect("a line"))["manifest"]["answered"]
            .clone();
    assert_eq!(json!(desk.count("select count(*) from land_check").await), answered, "no row is answered twice");
    assert_eq!(
        desk.count("select max(serial)::bigint from land_check").await,
        desk.count("select count(*) from land_check").await
    );

    let finished = send(&body).send().await.expect("an answer").bytes().await.expect("bytes");
    assert_eq!(finished, again, "a finished batch is given again");
    assert_eq!(desk.count("select count(*) from land_check_batch").await, 1);
    let other = expect(send(&lines_of(&rows(3))), 409).await;
    assert_eq!(other["code"], "idempotency_key_reused");
}

/// Takes lines until it has some.
struct Until(usize, Vec<Vec<u8>>);

impl batch::Sink for Until {
    fn take<'a>(&'a mut self, lines: Vec<batch::Line>) -> BoxFuture<'a, Result<()>> {
        self.1.extend(lines.into_iter().map(|line| line.body));
        let full = self.1.len() >= self.0;
        Box::pin(async move {
            let broken = || Error::new(Kind::Unavailable, "broken_off", Text::fixed("中断", "broken off"));
            if full { Err(broken()) } else { Ok(()) }
        })
    }
}

#[tokio::test]
async fn a_batch_that_broke_off_goes_on_where_the_record_ends_and_two_share_the_work() {
    let desk = Desk::new().await;
    let app = &desk.world.app;
    let body = Bytes::from(lines_of(&rows(700)));
    let defaults = || batch::Defaults::read(Some("reclaim"), None, None).expect("defaults");
    let rows = Arc::new(batch::Rows::read(&body, batch::Form::Lines, defaults(), BodyCrs::Crs84).expect("rows"));
    let on = batch::On { app: app.clone(), caller: Caller::Operator, request_id: "test".to_owned() };
    let mut act = desk.world.act(Permission::LandCheckAsk).await;
    let id = batch::open(&mut act, &rows, None).await.expect("opened");
    act.finish(Reply::nothing()).await.expect("commit");

    // The operator's own division is the nation: what no boundary tells lies nowhere, so every row is refused, and recorded.
    let mut broken = Until(1, Vec::new());
    assert_eq!(batch::run(&on, id, &rows, &mut broken).await.expect_err("broken off").code(), "broken_off");
    let path = format!("/v1/land-checks/batches/{id}");
    let auditor = desk.world.key(Role::Auditor, "000000").await;
    let unfinished = expect(desk.world.get(&path).bearer_auth(&auditor), 409).await;
    assert_eq!(unfinished["code"], "batch_unfinished");
    let through = broken.1.len();
    assert!((1..700).contains(&through));

    let (mut one, mut two) = (Until(usize::MAX, Vec::new()), Until(usize::MAX, Vec::new()));
    let (a, b) = tokio::join!(batch::run(&on, id, &rows, &mut one), batch::run(&on, id, &rows, &mut two));
    a.expect("finished");
    b.expect("finished");
    assert_eq!(one.1, two.1);
    assert_eq!((one.1.len(), &one.1[..through]), (701, &broken.1[..]));
    assert_eq!(desk.count("select count(*) from land_check_batch_row").await, 700);
    assert_eq!(desk.count("select count(*) from land_check_batch_manifest").await, 1);

    let other = Arc::new(
        batch::Rows::read(&body, batch::Form::Lines, batch::Defaults::default(), BodyCrs::Crs84).expect("rows"),
    );
    assert_eq!(batch::resume(&on, id, &other).await.expect_err("other rows").code(), "batch_differs");
    batch::resume(&on, id, &rows).await.expect("the same rows");
}

#[tokio::test]
async fn a_file_of_replies_is_held_to_its_manifest_offline() {
    let desk = Desk::new().await;
    let given =
        lines(desk.send("?operation=reclaim", LINES, lines_of(&rows(12))).send().await.expect("an answer")).await;
    assert!(given[3].starts_with("{\"row\":4,"), "a refused row is among them: {}", given[3]);
    let dir = tempfile::Builder::new().prefix("jingtu-verify-").tempdir().expect("a temporary folder");
    let verify = |lines: &[String]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(dir.path().join("replies.ndjson"), text).expect("written");
        let mut program = Command::new(env!("CARGO_BIN_EXE_jingtu"));
        let out =
            program.current_dir(dir.path()).args(["verify", "--json", "replies.ndjson"]).output().expect("it runs");
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        let refuted: Vec<String> = text
            .lines()
            .flat_map(|line| read(line)["findings"].as_array().expect("findings").clone())
            .filter(|finding| finding["ok"] == false)
            .map(|finding| finding["text_en"].as_str().expect("text").to_owned())
            .collect();
        (out.status.code(), refuted)
    };
    assert_eq!(verify(&given), (Some(0), vec![]));
    assert_eq!(verify(&given[12..]), (Some(0), vec![]), "the manifest alone");
    let number = |at: usize| read(&given[at])["number"].as_str().expect("a number").to_owned();
    let changed = |change: fn(&mut Vec<String>)| {
        let mut lines = given.clone();
        change(&mut lines);
        let (code, refuted) = verify(&lines);
        assert_eq!(code, Some(3), "{refuted:?}");
        refuted.join(" ")
    };
    assert_eq!(changed(|lines| drop(lines.remove(5))), format!("Row 6 ({}) is missing.", number(5)));
    assert!(changed(|lines| drop(lines.remove(3))).starts_with("Row 4 ("));
    assert_eq!(changed(|lines| lines.swap(0, 1)), "The order was changed: row 1 stands behind row 2.");
    assert_eq!(changed(|lines| lines.insert(2, lines[0].clone())), "Row 1 is there twice.");
    assert!(changed(|lines| lines[6] = lines[6].replace("R6", "R7")).contains("does not match its digest"));
    // A reply that was signed, but is none of this batch: its own proof holds, and the manifest tells.
    let other = expect(
        desk.world.post("/v1/land-checks").bearer_auth(&desk.planning).json(&{
            let mut row = asked(1);
            row["properties"]["operation"] = json!("reclaim");
            row
        }),
        201,
    )
    .await;
    let path = format!("/v1/land-checks/{}", other["id"].as_str().expect("id"));
    let mut replaced = given.clone();
    replaced[1] = String::from_utf8(desk.bytes(&path).await).expect("UTF-8");
    let (code, refuted) = verify(&replaced);
    assert_eq!(code, Some(3));
    let missing = format!("Row 2 ({}) is missing.", number(1));
    assert_eq!(refuted, ["The manifest does not name this line.", missing.as_str()]);
}

/// What an answer says of the ground, but for the last digits that a projection and back may move.
fn ground(answer: &Value) -> (f64, Vec<(String, String, f64)>) {
    let hits = answer["hits"].as_array().expect("hits");
    let text = |hit: &Value, name: &str| hit[name].as_str().expect("text").to_owned();
    let hit = |hit: &Value| (text(hit, "code"), text(hit, "relation"), hit["overlap_m2"].as_f64().expect("m2").round());
    (answer["parcel"]["area_m2"].as_f64().expect("m2").round(), hits.iter().map(hit).collect())
}

#[tokio::test]
async fn outlines_in_a_gauss_krueger_zone_are_answered_as_in_degrees() {
    let desk = Desk::new().await;
    let (mut degrees, mut zone) = (Vec::new(), Vec::new());
    for n in 0..8 {
        let mut row = asked(n);
        degrees.push(row.clone());
        row["geometry"] = in_zone_35(&desk.world, &row["geometry"]).await;
        zone.push(row);
    }
    let of_lines = |rows: &[Value]| rows.iter().map(|row| format!("{row}\n")).collect::<String>();
    let collection = |rows: &[Value]| json!({"type": "FeatureCollection", "features": rows}).to_string();
    let uri = "<http://www.opengis.net/def/crs/EPSG/0/4523>";
    let send = |media_type: &'static str, body: String| desk.send("?operation=reclaim", media_type, body);
    let answers = |lines: Vec<String>| lines[..8].iter().map(|line| ground(&read(line))).collect::<Vec<_>>();
    let expected = answers(lines(send(LINES, of_lines(&degrees)).send().await.expect("an answer")).await);
    assert!(expected.iter().any(|(_, hits)| !hits.is_empty()) && expected.iter().all(|(area, _)| *area > 9_000.0));
    for (media_type, body) in [(LINES, of_lines(&zone)), ("application/geo+json", collection(&zone))] {
        let sent = send(media_type, body).header("content-crs", uri);
        assert_eq!(answers(lines(sent.send().await.expect("an answer")).await), expected, "{media_type}");
    }

    // In the background too: the job keeps how its body is read.
    let sent = send(LINES, of_lines(&zone)).header("content-crs", uri).header("prefer", "respond-async");
    let accepted = expect(sent, 202).await;
    land_check::work_off_batches(&desk.world.app).await.expect("worked off");
    let path = format!("/v1/land-checks/batches/{}/replies", accepted["id"].as_str().expect("id"));
    let response = desk.world.get(&path).bearer_auth(&desk.planning).send().await.expect("an answer");
    assert_eq!(answers(lines(response).await), expected);

    // One row that is no place of the zone is refused alone; a header that is none, or a second word on it, refuses all.
    let mut mixed = zone.clone();
    mixed[3] = degrees[3].clone();
    let sent = send(LINES, of_lines(&mixed)).header("content-crs", uri);
    let given = lines(sent.send().await.expect("an answer")).await;
    let refused = read(&given[3]);
    assert_eq!(refused["error"]["errors"][0]["code"], "easting_implausible", "{refused}");
    assert_eq!(ground(&read(&given[4])), expected[4]);
    let bad = send(LINES, of_lines(&zone)).header("content-crs", "EPSG:4523");
    assert_eq!(expect(bad, 400).await["code"], "content_crs_unreadable");
    let member = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}});
    let twice = json!({"type": "FeatureCollection", "features": zone, "crs": member}).to_string();
    let refused = expect(send("application/geo+json", twice).header("content-crs", uri), 422).await;
    assert_eq!(refused["errors"][0]["code"], "crs_said_twice");
}

#[tokio::test]
async fn a_parcels_code_counts_in_a_batch_as_alone() {
    let desk = Desk::new().await;
    let code = "152921001002GB00123";
    let land_use = json!({"system": "GB/T 21010-2017", "code": "0601"});
    let properties = json!({"code": code, "division_code": HERE, "began_on": "2020-01-01", "land_use": land_use});
    let parcel = json!({"type": "Feature", "geometry": square(105.6, 38.8, 120.0), "properties": properties});
    let key = desk.world.key(Role::Planning, HERE).await;
    expect(desk.world.post("/v1/parcels").bearer_auth(&key).json(&parcel), 201).await;
    let housing = json!({"system": "GB/T 21010-2017", "code": "0701"});
    let row = |code: &str| {
        let properties = json!({"operation": "reclaim", "parcel_code": code, "current_use": housing});
        json!({"type": "Feature", "geometry": null, "properties": properties})
    };
    let alone = expect(desk.world.post("/v1/land-checks").bearer_auth(&key).json(&row(code)), 201).await;
    let body = format!("{}\n{}\n", row(code), row("152921001002GB09999"));
    let given = lines(desk.send("", LINES, body).send().await.expect("an answer")).await;
    let together = read(&given[0]);
    assert_eq!(together["parcel"]["registered_use"]["code"], "0601", "{together}");
    for name in ["verdict", "rules", "hits", "coverage", "parcel"] {
        assert_eq!(together[name], alone[name], "{name}");
    }
    assert_eq!(read(&given[1])["error"]["errors"][0]["code"], "unknown_parcel");
}

/// A question at random, near the sites.
fn any_question() -> impl Strategy<Value = Value> {
    let operation =
        prop::sample::select(vec!["reclaim", "supply", "transfer", "change_use", "construction_permit", "requisition"]);
    let place = (0..3_u8, -0.003..0.003_f64);
    let flags = (any::<Option<bool>>(), any::<Option<bool>>());
    let planned = prop::sample::select(vec![None, Some("0701"), Some("0601"), Some("0809")]);
    (place, -0.003..0.003_f64, 20.0..400.0_f64, operation, planned, flags).prop_map(
        |((site, east), north, side, operation, planned, (key_unit, food_site))| {
            let planned = planned.map(|code| json!({"system": "GB/T 21010-2017", "code": code}));
            let facts = json!({"key_unit": key_unit, "food_site": food_site});
            let properties = json!({"operation": operation, "planned_use": planned, "facts": facts});
            json!({"type": "Feature", "geometry": square(105.6 + f64::from(site) * 0.03 + east, 38.8 + north, side), "properties": properties})
        },
    )
}

#[tokio::test]
async fn a_batch_answers_as_each_question_alone_is_answered() {
    let desk = Desk::new().await;
    let mut runner = TestRunner::deterministic();
    let questions: Vec<Value> =
        (0..60).map(|_| any_question().new_tree(&mut runner).expect("a question").current()).collect();
    let body = json!({"type": "FeatureCollection", "features": questions}).to_string();
    let together = lines(desk.send("", "application/geo+json", body).send().await.expect("an answer")).await;
    let (mut verdicts, mut hits) = (BTreeSet::new(), 0);
    for (question, line) in questions.iter().zip(&together) {
        let alone = expect(desk.world.post("/v1/land-checks").bearer_auth(&desk.planning).json(question), 201).await;
        let together = read(line);
        for name in
            ["verdict", "rules", "hits", "coverage", "parcel", "stated", "soil_quality_zh", "survey_state", "reply"]
        {
            assert_eq!(together[name], alone[name], "{name} of {question}");
        }
        verdicts.insert(alone["verdict"].to_string());
        hits += alone["hits"].as_array().expect("hits").len();
    }
    assert!(verdicts.len() > 1 && hits > 10, "{verdicts:?}, {hits} hits");
}

#[tokio::test]
async fn a_batch_in_the_background_leads_to_its_manifest() {
    let desk = Desk::new().await;
    let body = lines_of(&rows(30));
    let send = || {
        let request = desk.send("?operation=reclaim", LINES, body.clone());
        request.header("prefer", "respond-async").header("idempotency-key", "plan-2")
    };
    let response = send().send().await.expect("an answer");
    assert_eq!(response.status(), 202);
    let job = response.headers()["location"].to_str().expect("text").to_owned();
    let accepted: Value = response.json().await.expect("JSON");
    assert_eq!(desk.get(&job).await["status"], "queued");
    assert_eq!(land_check::work_off_batches(&desk.world.app).await.expect("worked off"), 1);
    let done = desk.get(&job).await;
    assert_eq!((&done["status"], &done["kind"]), (&json!("done"), &json!("land_check_batch")), "{done}");
    assert_eq!((&done["counts"]["read"], &done["counts"]["rejected"]), (&json!(30), &json!(4)));
    let links = done["links"].as_array().expect("links");
    let result = links.iter().find(|link| link["rel"] == "result").expect("a result")["href"].as_str().expect("text");
    assert_eq!(result, format!("/v1/land-checks/batches/{}", accepted["id"].as_str().expect("id")));
    let manifest = desk.get(result).await;
    assert_eq!((&manifest["manifest"]["asked"], &manifest["manifest"]["answered"]), (&json!(30), &json!(26)));
    let told = desk.get(&format!("{job}/rows?status=rejected")).await;
    assert!(told["rows"].as_array().expect("rows").iter().any(|row| row["row"] == 4), "{told}");
    let replayed = expect(send(), 202).await;
    assert_eq!(replayed["job_id"], accepted["job_id"]);
    assert_eq!(land_check::work_off_batches(&desk.world.app).await.expect("worked off"), 0);
}

#[tokio::test]
async fn a_file_of_parcels_is_rehearsed_and_answered() {
    let desk = Desk::new().await;
    let wkt =
        |west: f64| format!("\"POLYGON (({west} 38.8, {} 38.8, {} 38.801, {west} 38.8))\"", west + 0.001, west + 0.001);
    let table = format!(
        "reference,operation,planned_use,key_unit,former_industry,DKMJ,wkt\n\
         A1,reclaim,GB/T 21010-2017:0701,否,5211,12,{}\n\
         A2,sell,,,,13,{}\n\
         A3,supply,,,,14,\"POINT (1 2)\"\n\
         A4,supply,GB/T 21010-2017:0601,是,,15,{}\n",
        wkt(105.6),
        wkt(105.61),
        wkt(105.7),
    );
    let import = async |mode: &str, name: &str, content: String, crs: Option<&str>| {
        let form = Form::new()
            .part("file", Part::bytes(content.into_bytes()).file_name(name.to_owned()))
            .text("target", "land-checks")
            .text("mode", mode.to_owned());
        let form = match crs {
            Some(crs) => form.text("crs", crs.to_owned()),
            None => form,
        };
        let accepted = expect(desk.world.post("/v1/imports").bearer_auth(&desk.planning).multipart(form), 202).await;
        assert_eq!(land_check::work_off_batches(&desk.world.app).await.expect("worked off"), 1);
        let path = format!("/v1/jobs/{}", accepted["id"].as_str().expect("id"));
        (desk.get(&path).await, desk.get(&format!("{path}/rows")).await)
    };

    let (job, told) = import("dry_run", "plan.csv", table.clone(), None).await;
    assert_eq!(
        (&job["status"], &job["counts"]["valid"], &job["counts"]["written"]),
        (&json!("done"), &json!(2), &json!(0)),
        "{job}"
    );
    let codes: Vec<(i64, &str)> = told["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["row"].as_i64().expect("row"), row["code"].as_str().expect("code")))
        .collect();
    assert_eq!(
        codes,
        [(1, "column_ignored"), (1, "would_be"), (2, "bad_field"), (3, "geometry_type"), (4, "would_be")]
    );
    assert_eq!(desk.count("select count(*) from land_check").await, 0, "nothing is numbered");

    let (job, told) = import("commit", "plan.csv", table, None).await;
    assert_eq!(
        (&job["status"], &job["counts"]["written"], &job["counts"]["rejected"]),
        (&json!("done"), &json!(2), &json!(2)),
        "{job}"
    );
    assert_eq!(told["rows"].as_array().expect("rows").len(), 3, "{told}");
    let result = job["links"][1]["href"].as_str().expect("a result").to_owned();
    let manifest = desk.get(&result).await;
    assert_eq!(manifest["manifest"]["source"]["name"], "plan.csv");
    let replies = String::from_utf8(desk.bytes(&format!("{result}/replies")).await).expect("text");
    let first = read(replies.lines().next().expect("a line"));
    assert_eq!(
        (&first["reference"], &first["planned_use"]["code"], &first["stated"]["key_unit"]),
        (&json!("A1"), &json!("0701"), &json!(false))
    );
    assert_eq!(first["hits"][0]["code"], "S0");

    // In the 3-degree zone 35 of CGCS2000, which the file does not say.
    let outline: String =
        sqlx::query_scalar("select st_asgeojson(st_transform(st_setsrid(st_geomfromgeojson($1), 4490), 4523), 4)")
            .bind(square(105.6, 38.8, 120.0).to_string())
            .fetch_one(desk.world.app.db())
            .await
            .expect("turned");
    let outline: Value = serde_json::from_str(&outline).expect("JSON");
    let outline = json!({"type": outline["type"], "coordinates": outline["coordinates"]});
    let feature = json!({"type": "Feature", "geometry": outline, "properties": {"operation": "reclaim"}});
    let content = json!({"type": "FeatureCollection", "features": [feature]}).to_string();
    let (job, told) = import("commit", "plan.geojson", content, Some("EPSG:4523")).await;
    assert_eq!(job["counts"]["written"], 1, "{told}");
    let result = job["links"][1]["href"].as_str().expect("a result").to_owned();
    let replies = String::from_utf8(desk.bytes(&format!("{result}/replies")).await).expect("text");
    let reply = read(replies.lines().next().expect("a line"));
    assert!((reply["parcel"]["area_m2"].as_f64().expect("an area") - 14_400.0).abs() < 200.0, "{}", reply["parcel"]);
    assert_eq!(reply["hits"][0]["code"], "S0");

    let form = Form::new()
        .part("file", Part::bytes(b"{}".as_slice()).file_name("a.geojson"))
        .text("target", "land-checks")
        .text("on_error", "reject_all");
    expect(desk.world.post("/v1/imports").bearer_auth(&desk.planning).multipart(form), 422).await;
}

/// What a reply says of a parcel, less what differs from asking to asking: numbers, instants, proofs, and the last digits of
/// measures, since rings of a Shapefile begin and run otherwise.
fn said(reply: &Value) -> Value {
    let round = |value: &Value| value.as_f64().map(|number| (number * 100.0).round() / 100.0);
    let hits: Vec<Value> = reply["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .map(|hit| json!([hit["register"], hit["code"], hit["relation"], round(&hit["overlap_m2"])]))
        .collect();
    let rules: Vec<Value> =
        reply["rules"].as_array().expect("rules").iter().map(|rule| json!([rule["rule"], rule["verdict"]])).collect();
    json!([
        reply["reference"],
        reply["operation"],
        reply["verdict"],
        reply["planned_use"],
        reply["stated"],
        round(&reply["parcel"]["area_m2"]),
        rules,
        hits
    ])
}

#[tokio::test]
async fn files_of_gis_programs_are_answered_as_the_same_geojson() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let features: Vec<Value> = (0..24)
        .map(|n| {
            let properties = json!({
                "reference": format!("地块{n}"), "operation": if n % 5 == 4 { "sell" } else { "supply" },
                "planned_use": "GB/T 21010-2017:0701", "former_industry": "5211", "key_unit": n % 2 == 0,
            });
            json!({"type": "Feature", "geometry": parcel(n), "properties": properties})
        })
        .collect();
    let plan = json!({"type": "FeatureCollection", "features": features}).to_string();
    std::fs::write(path("plan.geojson"), &plan).expect("written");
    let systems = ["-nln", "plan", "-s_srs", "EPSG:4490", "-t_srs"];
    let to_shapefile = ["-f", "ESRI Shapefile", "-lco", "ENCODING=GBK"];
    let written = [(&to_shapefile[..], "EPSG:4490", "shape"), (&["-f", "GPKG"], "EPSG:4523", "plan.gpkg")].map(
        |(format, system, out)| {
            let (out, from) = (path(out), path("plan.geojson"));
            geofile::ogr2ogr(&[format, &systems, &[system, &out, &from]].concat())
        },
    );
    if written != [true, true] {
        return;
    }
    let desk = Desk::new().await;
    let ask = async |name: &str, content: Vec<u8>, mapping: &str| {
        let form = Form::new()
            .part("file", Part::bytes(content).file_name(name.to_owned()))
            .text("target", "land-checks")
            .text("mapping", mapping.to_owned());
        let accepted = expect(desk.world.post("/v1/imports").bearer_auth(&desk.planning).multipart(form), 202).await;
        assert_eq!(land_check::work_off_batches(&desk.world.app).await.expect("worked off"), 1);
        let path = format!("/v1/jobs/{}", accepted["id"].as_str().expect("id"));
        let (job, told) = (desk.get(&path).await, desk.get(&format!("{path}/rows")).await);
        assert_eq!(job["status"], "done", "{name}: {job}");
        let result = job["links"][1]["href"].as_str().expect("a result").to_owned();
        let replies = String::from_utf8(desk.bytes(&format!("{result}/replies")).await).expect("text");
        let answered: Vec<Value> =
            replies.lines().map(read).filter(|line| line["verdict"].is_string()).map(|line| said(&line)).collect();
        (job["counts"].clone(), answered, told)
    };
    let (counts, wanted, _) = ask("plan.geojson", plan.into_bytes(), "{}").await;
    assert_eq!((&counts["read"], &counts["rejected"], wanted.len()), (&json!(24), &json!(4), 20));
    assert!(wanted.iter().any(|reply| !reply[7].as_array().expect("hits").is_empty()), "{wanted:?}");

    let shape = geofile::zip_folder(std::path::Path::new(&path("shape")));
    let whole = r#"{"planned_use": "planned_use", "former_industry": "former_industry"}"#;
    let (again, answered, _) = ask("plan.zip", shape.clone(), whole).await;
    assert_eq!((again, answered), (counts.clone(), wanted.clone()));
    let package = std::fs::read(path("plan.gpkg")).expect("read");
    let (again, answered, _) = ask("plan.gpkg", package, "{}").await;
    assert_eq!((again, answered), (counts, wanted));
    // Names that were cut and not mapped are passed over, with what they may mean.
    let (_, _, told) = ask("plan.zip", shape, "{}").await;
    let row = told["rows"].as_array().expect("rows").iter().find(|row| row["field"] == "/properties/planned_us");
    let row = row.unwrap_or_else(|| panic!("{told}"));
    assert!(
        row["code"] == "column_ignored" && row["hint_en"].as_str().is_some_and(|hint| hint.contains("planned_use")),
        "{row}"
    );
}

#[tokio::test]
async fn what_is_no_batch_is_refused_whole() {
    let desk = Desk::new().await;
    let one = lines_of(&rows(1));
    for (query, media_type, body, status, code) in [
        ("", "text/plain", one.as_str(), 415, "unsupported_media_type"),
        ("?use=x", LINES, one.as_str(), 400, "bad_parameter"),
        ("?operation=sell", LINES, one.as_str(), 400, "bad_parameter"),
        ("?planned_use=0701", LINES, one.as_str(), 400, "bad_parameter"),
        ("", LINES, "\n", 422, "invalid_input"),
        ("", "application/json", "{", 400, "bad_json"),
        ("", "application/json", "{\"type\": \"Feature\"}", 422, "not_a_collection"),
    ] {
        let refused = expect(desk.send(query, media_type, body.to_owned()), status).await;
        assert_eq!(refused["code"], code, "{query} {media_type} {body}");
    }
    assert_eq!(desk.count("select count(*) from land_check_batch").await, 0);
    let third_party = desk.world.key(Role::ThirdParty, HERE).await;
    let request = desk.world.post("/v1/land-checks/batch").bearer_auth(&third_party).header("content-type", LINES);
    expect(request.body(one), 403).await;
    // Records of a batch are never changed.
    for sql in [
        "update land_check_batch set asked = 1",
        "delete from land_check_batch_row",
        "truncate land_check_batch_manifest",
    ] {
        let row = desk.send("?operation=reclaim", LINES, lines_of(&rows(1))).send().await.expect("an answer");
        assert_eq!(lines(row).await.len(), 2);
        let refused = sqlx::query(sql).execute(desk.world.app.db()).await.expect_err("append-only");
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}
