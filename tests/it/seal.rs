//! What is signed and logged, what the log proves, and that whatever is changed in either is found.

use crate::support::{World, expect, expect_response};
use base64::{Engine, engine::general_purpose::STANDARD};
use jingtu::platform::seal::document::{self, Evidence, Inclusion};
use jingtu::platform::seal::merkle::{self, Hash};
use jingtu::platform::seal::note::{Checkpoint, Note, Verifier};
use jingtu::platform::seal::{self, Entry, Sealed, Sealer};
use jingtu::platform::{App, Permission, Reply};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use uuid::Uuid;

/// Any permission that nobody but the operator uses will do: what is sealed here is nobody's record.
const WHATEVER: Permission = Permission::KeyManage;

/// A small document: names in no order, two languages, numbers that need their canonical form.
fn paper(number: &str) -> Value {
    json!({"number": number, "verdict_zh": "禁止", "area_m2": 1234.50, "share": 1e-7, "zone": {"b": [], "a": "\u{1}\"x\""}})
}

/// Seals papers with these numbers in one act.
async fn seal_in(app: &App, numbers: &[String]) -> Vec<Sealed> {
    let mut act = jingtu::platform::Act::operator(app, WHATEVER).await.expect("begin");
    let mut sealer = Sealer::open(&mut act).await.expect("open");
    let sealed = numbers
        .iter()
        .map(|number| {
            let id = Uuid::from_u128(number.bytes().fold(1, |id, byte| id * 256 + u128::from(byte)));
            sealer.seal(&paper(number), Entry { kind: "manifest", id, number }).expect("sealed")
        })
        .collect();
    sealer.close(&mut act).await.expect("close");
    act.note("paper/test", json!({"sealed": numbers.len()}));
    act.finish(Reply::nothing()).await.expect("commit");
    sealed
}

async fn seal_one(app: &App, number: &str) -> Sealed {
    seal_in(app, &[number.to_owned()]).await.remove(0)
}

/// A world with papers P-0, P-1 and so on, three to an act.
async fn office(papers: usize) -> (World, Vec<Sealed>) {
    let world = World::new().await;
    let numbers: Vec<String> = (0..papers).map(|n| format!("P-{n}")).collect();
    let mut sealed = Vec::new();
    for some in numbers.chunks(3) {
        sealed.extend(seal_in(&world.app, some).await);
    }
    (world, sealed)
}

/// Whoever can write to the database can switch its guards off; what the log proves does not rest on them.
async fn tamper(app: &App, sql: &'static str) {
    let mut tx = app.db().begin().await.expect("begin");
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.expect("guards off");
    let done = sqlx::query(sql).execute(&mut *tx).await.expect("written");
    assert!(done.rows_affected() > 0, "{sql}");
    tx.commit().await.expect("commit");
}

async fn codes(app: &App, older: Option<&str>) -> Vec<&'static str> {
    let found = seal::audit::verify(app, older).await.expect("verified");
    found.findings.iter().map(|finding| finding.code).collect()
}

async fn checkpoint(world: &World) -> String {
    let answer = world.get("/v1/land-check-log/checkpoint").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("text")
}

async fn keys(world: &World) -> Vec<Verifier> {
    let keys = expect(world.get("/v1/signing-keys"), 200).await;
    let vkeys = keys["keys"].as_array().expect("keys").iter().map(|key| key["vkey"].as_str().expect("vkey").to_owned());
    vkeys.map(|vkey| Verifier::parse(&vkey).expect("a key")).collect()
}

fn bytes_of(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("text")).expect("base64")
}

fn hash_of(value: &Value) -> Hash {
    bytes_of(value).try_into().expect("32 bytes")
}

fn hashes_of(value: &Value) -> Vec<Hash> {
    value.as_array().expect("hashes").iter().map(hash_of).collect()
}

fn read(checkpoint: &str) -> Checkpoint {
    Checkpoint::parse(&Note::parse(checkpoint).expect("a note").text).expect("a checkpoint")
}

#[tokio::test]
async fn before_anything_is_signed_there_is_no_log() {
    let world = World::new().await;
    assert_eq!(expect(world.get("/v1/signing-keys"), 200).await, json!({"keys": []}));
    for path in ["checkpoint", "proof?index=0", "consistency?from=0"] {
        expect(world.get(&format!("/v1/land-check-log/{path}")), 404).await;
    }
    let none = expect(world.get("/v1/land-check-log/entries"), 200).await;
    assert_eq!(none, json!({"entries": [], "numberReturned": 0, "size": 0, "next": null}));
    assert!(codes(&world.app, None).await.is_empty());
}

#[tokio::test]
async fn a_sealed_document_is_canonical_signed_and_in_the_log() {
    let (world, sealed) = office(7).await;
    let second: Value = serde_json::from_slice(&sealed[2].bytes).expect("JSON");
    let proof = &second["proof"];
    assert_eq!(second["area_m2"], 1234.5);
    assert_eq!((proof["alg"].as_str(), proof["log_index"].as_u64()), (Some("Ed25519"), Some(2)));
    assert_eq!(proof["log"], "jingtu/land-check-log");
    assert_eq!(proof["payload_sha256"], hex::encode(sealed[2].payload_sha256));

    let checkpoint = checkpoint(&world).await;
    let (said, keys) = (read(&checkpoint), keys(&world).await);
    assert_eq!((said.origin.as_str(), said.size, keys.len()), ("jingtu/land-check-log", 7, 1));
    assert!(Note::parse(&checkpoint).expect("a note").is_signed_by(&keys[0]));

    for (index, sealed) in sealed.iter().enumerate() {
        let proof = expect(world.get(&format!("/v1/land-check-log/proof?index={index}")), 200).await;
        let entry = bytes_of(&proof["entry"]);
        assert_eq!((proof["size"].as_u64(), hash_of(&proof["leaf_hash"])), (Some(7), merkle::leaf(&entry)));
        assert_eq!(hash_of(&proof["root"]), said.root);
        let hashes = hashes_of(&proof["hashes"]);
        let inclusion = Inclusion { index: index as u64, size: 7, entry, hashes };
        let evidence = Evidence { keys: Some(&keys), inclusion: Some(&inclusion), checkpoint: Some(&checkpoint) };
        let examined = document::examine(&sealed.bytes, evidence);
        assert!(examined.findings.iter().all(|finding| finding.ok == Some(true)), "{:?}", examined.findings);
        assert_eq!(examined.findings.len(), 6);
    }
    for (path, status) in [
        ("proof?index=7", 404),
        ("proof?index=3&size=3", 404),
        ("proof?index=3&size=8", 400),
        ("proof?index=-1", 400),
        ("proof", 200),
        ("consistency", 200),
        ("consistency?from=8", 400),
        ("consistency?from=5&to=4", 400),
        ("entries?start=3&end=2", 400),
        ("entries?limit=3", 400),
        ("checkpoint?x=1", 400),
    ] {
        let answer = world.get(&format!("/v1/land-check-log/{path}")).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn every_size_of_the_log_proves_itself_over_http() {
    let (world, _) = office(9).await;
    let page = expect(world.get("/v1/land-check-log/entries?start=2&end=4"), 200).await;
    assert_eq!(
        (page["numberReturned"].as_u64(), page["size"].as_u64(), &page["next"]),
        (Some(3), Some(9), &Value::Null)
    );
    assert_eq!(page["entries"][0]["said"]["number"], "P-2");
    let all = expect(world.get("/v1/land-check-log/entries"), 200).await;
    let leaves: Vec<Hash> =
        all["entries"].as_array().expect("entries").iter().map(|e| hash_of(&e["leaf_hash"])).collect();
    let roots: Vec<Hash> = (0..=9)
        .map(|size| {
            let mut edge = merkle::Edge::default();
            leaves[..size].iter().for_each(|leaf| edge.append(*leaf, |_, _| {}));
            edge.root()
        })
        .collect();
    for to in 0..=9_usize {
        for from in 0..=to {
            let proof = expect(world.get(&format!("/v1/land-check-log/consistency?from={from}&to={to}")), 200).await;
            assert_eq!((hash_of(&proof["from_root"]), hash_of(&proof["to_root"])), (roots[from], roots[to]));
            let hashes = hashes_of(&proof["hashes"]);
            assert!(
                merkle::verify_consistency(from as u64, &roots[from], to as u64, &roots[to], &hashes),
                "{from} {to}"
            );
        }
        for (index, leaf) in leaves.iter().enumerate().take(to) {
            let proof = expect(world.get(&format!("/v1/land-check-log/proof?index={index}&size={to}")), 200).await;
            let hashes = hashes_of(&proof["hashes"]);
            assert!(merkle::verify_inclusion(leaf, index as u64, to as u64, &hashes, &roots[to]), "{index} {to}");
        }
    }
    let (head, _) = expect_response(world.get("/v1/land-check-log/checkpoint"), 200).await;
    let tag = head.headers()["etag"].to_str().expect("a tag").to_owned();
    let again =
        world.get("/v1/land-check-log/checkpoint").header("If-None-Match", tag).send().await.expect("an answer");
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn a_page_of_the_log_ends_at_a_thousand() {
    let world = World::new().await;
    let numbers: Vec<String> = (0..1_005).map(|n| format!("P-{n}")).collect();
    let sealed = seal_in(&world.app, &numbers).await;
    assert_eq!(sealed.iter().map(|s| s.log_index).collect::<Vec<_>>(), (0..1_005).collect::<Vec<_>>());
    let first = expect(world.get("/v1/land-check-log/entries"), 200).await;
    assert_eq!((first["numberReturned"].as_u64(), first["next"].as_u64()), (Some(1_000), Some(1_000)));
    let rest = expect(world.get("/v1/land-check-log/entries?start=1000"), 200).await;
    assert_eq!((rest["numberReturned"].as_u64(), &rest["next"]), (Some(5), &Value::Null));
    assert!(codes(&world.app, None).await.is_empty());
}

/// Twenty at once, the very first among them, who makes the key.
#[tokio::test]
async fn acts_at_the_same_time_leave_no_gap() {
    let world = World::new().await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let app = world.app.clone();
            tokio::spawn(async move { seal_one(&app, &format!("P-{n}")).await.log_index })
        })
        .collect();
    let mut indices = Vec::new();
    for task in tasks {
        indices.push(task.await.expect("sealed"));
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..20).collect::<Vec<_>>());
    assert_eq!(keys(&world).await.len(), 1);
    assert!(codes(&world.app, None).await.is_empty());
}

#[tokio::test]
async fn what_is_undone_leaves_no_gap_and_what_is_not_logged_is_not_committed() {
    let (world, _) = office(2).await;
    for number in ["A", "B"] {
        let mut act = world.act(WHATEVER).await;
        let mut sealer = Sealer::open(&mut act).await.expect("open");
        let entry = Entry { kind: "manifest", id: Uuid::nil(), number };
        assert_eq!(sealer.seal(&paper(number), entry).expect("sealed").log_index, 2);
        if number == "A" {
            sealer.close(&mut act).await.expect("close");
            act.abandon().await.expect("undone");
        } else {
            act.note("paper/test", json!({}));
            act.finish(Reply::nothing()).await.expect_err("the sealer was left open");
        }
    }
    assert_eq!(seal_one(&world.app, "C").await.log_index, 2);
    assert!(codes(&world.app, None).await.is_empty());
}

#[tokio::test]
async fn only_an_object_without_proof_can_be_sealed() {
    let world = World::new().await;
    let mut act = world.act(WHATEVER).await;
    let mut sealer = Sealer::open(&mut act).await.expect("open");
    for document in [json!([]), json!("x"), json!({"proof": 1}), json!({"n": 9_007_199_254_740_993_i64})] {
        sealer.seal(&document, Entry { kind: "manifest", id: Uuid::nil(), number: "X" }).expect_err("refused");
    }
    let sealed = sealer.seal(&json!({}), Entry { kind: "manifest", id: Uuid::nil(), number: "净\"X" }).expect("sealed");
    assert_eq!(sealed.log_index, 0);
    sealer.close(&mut act).await.expect("close");
    act.note("paper/test", json!({}));
    act.finish(Reply::nothing()).await.expect("commit");
    assert!(codes(&world.app, None).await.is_empty());
}

#[tokio::test]
async fn a_key_that_is_rotated_out_keeps_verifying_and_cannot_sign() {
    let (world, first) = office(3).await;
    // Another server of the same registry, which has the old key in its memory.
    let other = App::new(world.app.db().clone(), world.clock.clone(), world.app.config().clone());
    seal_one(&other, "Q-0").await;
    let before = read(&checkpoint(&world).await);

    let mut act = world.act(WHATEVER).await;
    let rotation = seal::rotate(&mut act).await.expect("rotated");
    act.finish(Reply::nothing()).await.expect("commit");
    let text = checkpoint(&world).await;
    assert_eq!(read(&text), before);
    let keys = keys(&world).await;
    let handover = Note::parse(&text).expect("a note");
    assert!(keys.len() == 2 && keys.iter().all(|key| handover.is_signed_by(key)));
    let listed = expect(world.get("/v1/signing-keys"), 200).await;
    assert_eq!(rotation.retired.as_deref(), listed["keys"][0]["key_id"].as_str());
    assert_eq!(listed["keys"][0]["current"], false);
    assert_eq!((&listed["keys"][1]["current"], &listed["keys"][1]["retired_at"]), (&json!(true), &Value::Null));
    let left: i64 = sqlx::query_scalar("select count(*) from platform_signing_key where seed is not null")
        .fetch_one(world.app.db())
        .await
        .expect("a count");
    assert_eq!(left, 1);

    let after = seal_one(&other, "Q-1").await;
    let after_json: Value = serde_json::from_slice(&after.bytes).expect("JSON");
    assert_eq!(after_json["proof"]["key_id"], rotation.current.as_str());
    assert!(!Note::parse(&checkpoint(&world).await).expect("a note").is_signed_by(&keys[0]));
    for sealed in first.iter().chain([&after]) {
        let found =
            expect(world.post("/v1/verify").header("content-type", "application/json").body(sealed.bytes.clone()), 200)
                .await;
        assert_eq!(found["valid"], true, "{found}");
    }
    assert!(codes(&world.app, None).await.is_empty());
    assert!(codes(&world.app, Some(&text)).await.is_empty());
}

#[tokio::test]
async fn verify_says_what_holds_and_what_does_not() {
    let (world, sealed) = office(4).await;
    let ask = async |body: Vec<u8>| {
        expect(world.post("/v1/verify").header("content-type", "application/json").body(body), 200).await
    };
    let outcome = |found: &Value| {
        let findings = found["findings"].as_array().expect("findings").iter();
        findings.map(|f| format!("{}:{}", f["what"].as_str().expect("what"), f["ok"])).collect::<Vec<_>>().join(" ")
    };
    let own = ask(sealed[1].bytes.clone()).await;
    assert_eq!(outcome(&own), "canonical:true payload:true signature:true key:true checkpoint:true log:true");
    assert_eq!((&own["valid"], &own["log"]["index"], &own["log"]["included"]), (&json!(true), &json!(1), &json!(true)));
    assert_eq!(own["document"]["number"], "P-1");

    let text = String::from_utf8(sealed[1].bytes.clone()).expect("UTF-8");
    let changed = ask(text.replace("禁止", "允许").into_bytes()).await;
    assert_eq!(outcome(&changed), "canonical:true payload:false signature:false key:false checkpoint:true log:true");
    assert_eq!(changed["valid"], false);
    // The same content in another form is told from other content.
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).expect("JSON")).expect("JSON");
    let reformed = ask(pretty.into_bytes()).await;
    assert_eq!(outcome(&reformed), "canonical:false payload:true signature:true key:true checkpoint:true log:true");
    // Signed with a key of somebody else, for a place that is another's.
    let other = World::new().await;
    let foreign = seal_in(&other.app, &["F-0".to_owned(), "F-1".to_owned()]).await;
    let found = ask(foreign[1].bytes.clone()).await;
    assert_eq!(outcome(&found), "canonical:true payload:true signature:true key:false checkpoint:true log:false");
    assert_eq!((&found["log"]["included"], &found["document"]), (&json!(false), &Value::Null));

    for nothing in ["", "x", "[]", "{}", "{\"proof\":{}}", "{\"number\":\"P-1\"}"] {
        let found = ask(nothing.into()).await;
        assert_eq!((&found["valid"], &found["log"]), (&json!(false), &Value::Null), "{nothing}");
    }
    expect(world.post("/v1/verify").header("content-type", "text/plain").body("x"), 415).await;

    let digest = hex::encode(sealed[3].payload_sha256);
    for (number, digest, expected) in [
        ("P-3", digest.as_str(), "payload:true signature:null checkpoint:true log:true"),
        ("P-2", digest.as_str(), "payload:false signature:null checkpoint:true log:true"),
        ("P-9", digest.as_str(), "log:false"),
    ] {
        let asked = json!({"number": number, "payload_sha256": digest});
        let found = expect(world.post("/v1/verify").json(&asked), 200).await;
        assert_eq!(outcome(&found), expected, "{number}");
        assert_eq!(found["valid"], !expected.contains("false"), "{number}");
    }
}

/// A document, its entry, its proof, the checkpoint: a changed byte in any of them is found, with nothing but what was
/// handed out.
#[tokio::test]
async fn every_byte_that_is_changed_is_found() {
    let (world, sealed) = office(5).await;
    let (keys, checkpoint) = (keys(&world).await, checkpoint(&world).await);
    let proof = expect(world.get("/v1/land-check-log/proof?index=3"), 200).await;
    let inclusion =
        Inclusion { index: 3, size: 5, entry: bytes_of(&proof["entry"]), hashes: hashes_of(&proof["hashes"]) };
    let bytes = &sealed[3].bytes;
    let holds = |bytes: &[u8], inclusion: &Inclusion, checkpoint: &str| {
        let evidence = Evidence { keys: Some(&keys), inclusion: Some(inclusion), checkpoint: Some(checkpoint) };
        document::examine(bytes, evidence).is_valid()
    };
    assert!(holds(bytes, &inclusion, &checkpoint));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!holds(&changed, &inclusion, &checkpoint), "byte {at} of the document");
    }
    for cut in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], b"\n"].concat(), &[b" ", &bytes[..]].concat()] {
        assert!(!holds(cut, &inclusion, &checkpoint));
    }
    for at in 0..inclusion.entry.len() {
        let mut changed = inclusion.clone();
        changed.entry[at] ^= 1;
        assert!(!holds(bytes, &changed, &checkpoint), "byte {at} of the entry");
    }
    for at in 0..inclusion.hashes.len() * 32 {
        let mut changed = inclusion.clone();
        changed.hashes[at / 32][at % 32] ^= 1;
        assert!(!holds(bytes, &changed, &checkpoint), "byte {at} of the proof");
    }
    for at in 0..checkpoint.len() {
        let mut changed = checkpoint.clone().into_bytes();
        changed[at] ^= 1;
        if let Ok(changed) = String::from_utf8(changed) {
            assert!(!holds(bytes, &inclusion, &changed), "byte {at} of the checkpoint");
        }
    }
}

#[tokio::test]
async fn whatever_is_changed_in_the_stored_log_is_found() {
    for (sql, expected) in [
        (
            "update platform_log_entry set entry = replace(convert_from(entry, 'UTF8'), 'P-3', 'P-8')::bytea where idx = 3",
            "leaf_differs",
        ),
        ("update platform_log_entry set entry = '{}' where idx = 0", "entry_unreadable"),
        ("update platform_log_entry set leaf_hash = sha256('x') where idx = 2", "leaf_differs"),
        ("update platform_log_entry set subject_id = gen_random_uuid() where idx = 6", "columns_differ"),
        ("update platform_log_entry set number = 'P-8' where idx = 1", "columns_differ"),
        ("delete from platform_log_entry where idx = 3", "entry_missing"),
        ("delete from platform_log_entry where idx = 6", "head_differs"),
        (
            "update platform_log_entry set idx = case idx when 1 then 2 when 2 then 1 end + 100 where idx in (1, 2)",
            "entry_missing",
        ),
        ("update platform_log_entry set idx = 7 where idx = 0", "entry_missing"),
        ("update platform_log_node set hash = sha256('x') where level = 2", "node_differs"),
        ("delete from platform_log_node where level = 1 and idx = 1", "node_differs"),
        ("insert into platform_log_node (level, idx, hash) values (5, 0, sha256('x'))", "nodes_differ"),
        ("update platform_log_head set size = 6", "head_differs"),
        ("update platform_log_head set peaks[2] = sha256('x')", "head_differs"),
        ("update platform_log_head set checkpoint = replace(checkpoint, '7', '6')", "checkpoint_differs"),
        ("update platform_log_head set checkpoint = checkpoint || 'x'", "checkpoint_differs"),
        (
            "update platform_log_head set checkpoint = replace(checkpoint, E'\\n\\n', E'\\nx\\n\\n')",
            "checkpoint_unsigned",
        ),
        ("update platform_log_head set origin = 'other/land-check-log'", "checkpoint_differs"),
        ("update platform_signing_key set public_key = sha256('x')", "key_changed"),
        ("update platform_signing_key set seed = sha256('x')", "seed_changed"),
        ("update platform_signing_key set id = 'ed25519:' || repeat('0', 32)", "key_missing"),
    ] {
        let (world, _) = office(7).await;
        assert!(codes(&world.app, None).await.is_empty());
        tamper(&world.app, sql).await;
        let found = codes(&world.app, None).await;
        assert!(found.contains(&expected), "{sql}: {found:?}");
    }
}

/// Without its guards switched off, the database refuses.
#[tokio::test]
async fn the_database_refuses_to_change_the_log() {
    let (world, _) = office(3).await;
    for sql in [
        "update platform_log_entry set number = 'x'",
        "delete from platform_log_entry",
        "truncate platform_log_entry",
        "update platform_log_node set hash = sha256('x')",
        "delete from platform_log_node",
        "truncate platform_log_node",
        "update platform_log_head set size = 0",
        "update platform_log_head set origin = 'x'",
        "delete from platform_log_head",
        "truncate platform_log_head",
        "update platform_signing_key set public_key = sha256('x')",
        "delete from platform_signing_key",
        "truncate platform_signing_key cascade",
    ] {
        let refused = sqlx::query(sql).execute(world.app.db()).await.expect_err(sql);
        assert!(
            refused.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "JT002"),
            "{sql}: {refused}"
        );
    }
}

/// Everything set back and signed anew by somebody who has the key: the log holds in itself, and whoever kept a checkpoint
/// sees that it is another.
#[tokio::test]
async fn a_log_written_anew_is_found_by_an_older_checkpoint() {
    let (world, _) = office(5).await;
    let kept = checkpoint(&world).await;
    seal_one(&world.app, "P-5").await;
    seal_one(&world.app, "P-6").await;
    assert!(codes(&world.app, Some(&kept)).await.is_empty());
    let proof = expect(world.get("/v1/land-check-log/consistency?from=5"), 200).await;
    let old = read(&kept);
    let consistent = |proof: &Value| {
        let to = proof["to"].as_u64().expect("a size");
        let newer = read(proof["checkpoint"].as_str().expect("a checkpoint"));
        merkle::verify_consistency(5, &old.root, to, &newer.root, &hashes_of(&proof["hashes"]))
    };
    assert!(consistent(&proof));

    tamper(&world.app, "delete from platform_log_entry").await;
    tamper(&world.app, "delete from platform_log_node").await;
    tamper(&world.app, "update platform_log_head set size = 0, peaks = '{}'").await;
    let numbers: Vec<String> = (0..4).map(|n| format!("P-{n}")).collect();
    // The last of what the checkpoint covers never was.
    seal_in(&world.app, &numbers).await;
    assert!(codes(&world.app, None).await.is_empty());
    assert_eq!(codes(&world.app, Some(&kept)).await, ["older_is_longer"]);
    seal_in(&world.app, &["P-5".to_owned(), "P-6".to_owned()]).await;
    assert!(codes(&world.app, None).await.is_empty());
    assert_eq!(codes(&world.app, Some(&kept)).await, ["older_root_differs"]);
    let proof = expect(world.get("/v1/land-check-log/consistency?from=5"), 200).await;
    assert!(!consistent(&proof));
    assert_ne!(hash_of(&proof["from_root"]), old.root);
    let forged = kept.replacen('5', "3", 1);
    assert!(codes(&world.app, Some(&forged)).await.contains(&"older_not_ours"));
    seal::audit::verify(&world.app, Some("x")).await.expect_err("no checkpoint");
}

#[tokio::test]
async fn the_logs_name_is_the_host_and_stays() {
    use jingtu::config::Config;
    let at = |url: &str| Config { public_url: Some(url.to_owned()), ..Config::default() };
    let world = World::with(at("https://soil.example.gov.cn:8443/x")).await;
    seal_one(&world.app, "P-0").await;
    let moved = App::new(world.app.db().clone(), world.clock.clone(), at("https://other.example"));
    seal_one(&moved, "P-1").await;
    assert_eq!(read(&checkpoint(&world).await).origin, "soil.example.gov.cn:8443/land-check-log");
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_jingtu"));
    program.env_remove("JINGTU_BLESS").current_dir(dir).args(arguments).output().expect("the program runs")
}

/// The command opens no database: it is run in an empty folder, with files only.
#[tokio::test]
async fn the_command_verifies_offline() {
    let (world, sealed) = office(4).await;
    let dir = tempfile::Builder::new().prefix("jingtu-verify-").tempdir().expect("a temporary folder");
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).expect("written");
    let fetch = async |path: &str| world.get(path).send().await.expect("an answer").bytes().await.expect("a body");
    write("keys.json", &fetch("/v1/signing-keys").await);
    write("checkpoint", &fetch("/v1/land-check-log/checkpoint").await);
    write("proof.json", &fetch("/v1/land-check-log/proof?index=2").await);
    write("vkeys", format!("# ours\n{}\n", keys(&world).await[0]).as_bytes());
    write("reply.json", &sealed[2].bytes);
    write("replies.ndjson", &sealed.iter().flat_map(|s| [&s.bytes[..], b"\n"].concat()).collect::<Vec<_>>());
    let other = World::new().await;
    write("foreign.json", &seal_one(&other.app, "P-2").await.bytes);
    let mut changed = sealed[2].bytes.clone();
    changed[40] ^= 1;
    write("changed.json", &changed);
    let mut lines = sealed.iter().map(|s| s.bytes.clone()).collect::<Vec<_>>();
    lines[1].pop();
    write("changed.ndjson", &lines.join(&b'\n'));

    let outcome = |arguments: &[&str]| {
        let out = run(dir.path(), &[&["verify", "--json"], arguments].concat());
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        let reports: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let findings = reports.iter().flat_map(|report| report["findings"].as_array().expect("findings"));
        let said: Vec<String> =
            findings.map(|f| format!("{}:{}", f["what"].as_str().expect("what"), f["ok"])).collect();
        (out.status.code().expect("a code"), said.join(" "))
    };
    let of = |code: i32, said: &str| (code, format!("{said} standing:null"));
    assert_eq!(outcome(&["reply.json"]), of(0, "canonical:true payload:true signature:true key:null log:null"));
    for keys in ["keys.json", "vkeys"] {
        assert_eq!(
            outcome(&["reply.json", "--keys", keys, "--proof", "proof.json"]),
            of(0, "canonical:true payload:true signature:true key:true checkpoint:true log:true")
        );
    }
    assert_eq!(
        outcome(&["reply.json", "--checkpoint", "checkpoint", "--proof", "proof.json"]),
        of(0, "canonical:true payload:true signature:true key:null checkpoint:true log:true")
    );
    assert_eq!(
        outcome(&["foreign.json", "--keys", "vkeys"]),
        of(3, "canonical:true payload:true signature:true key:false log:null")
    );
    assert_eq!(outcome(&["changed.json"]).0, 3);
    assert_eq!(outcome(&["replies.ndjson", "--keys", "vkeys"]).0, 0);
    assert_eq!(outcome(&["changed.ndjson", "--keys", "vkeys"]).0, 3);
    assert_eq!(run(dir.path(), &["verify", "nowhere.json"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["verify", "reply.json", "--keys", "reply.json"]).status.code(), Some(2));
    let shown = String::from_utf8(run(dir.path(), &["verify", "reply.json"]).stdout).expect("UTF-8");
    assert!(shown.contains("Not proved: that it still stands") && shown.contains("未证明"), "{shown}");
}

/// The commands that need the registry: keys, rotation, the log held to itself and to a checkpoint.
#[tokio::test]
async fn the_commands_keep_keys_and_check_the_log() {
    let (world, _) = office(4).await;
    let dir = tempfile::Builder::new().prefix("jingtu-verify-").tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("checkpoint"), checkpoint(&world).await).expect("written");
    let url = world.database_url().await;
    let run = |arguments: &[&str]| run(dir.path(), &[arguments, &["--database-url", &url]].concat());
    let held = ["audit", "verify", "--checkpoint", "checkpoint"];
    assert_eq!(run(&held).status.code(), Some(0));
    let rotated = run(&["signing-key", "rotate", "--json"]);
    assert_eq!(rotated.status.code(), Some(0), "{}", String::from_utf8_lossy(&rotated.stderr));
    let listed: Value = serde_json::from_slice(&run(&["signing-key", "list", "--json"]).stdout).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let said: Value = serde_json::from_slice(&rotated.stdout).expect("JSON");
    assert_eq!((&listed[1]["key_id"], &listed[1]["current"]), (&said["current"], &json!(true)));
    assert_eq!(run(&held).status.code(), Some(0));
    tamper(&world.app, "update platform_log_entry set number = 'x' where idx = 1").await;
    let found = run(&["audit", "verify", "--json"]);
    assert_eq!(found.status.code(), Some(3));
    let found: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(found["signed"]["findings"][0]["code"], "columns_differ");
}
