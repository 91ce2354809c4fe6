//! The certificate of a land check over HTTP: who may read it, what it carries, and that its plan shows the records as they
//! were known when the answer was given.

use crate::loading::{counts, feature, load};
use crate::support::{World, expect, square};
use jingtu::config::Config;
use jingtu::platform::{Role, pdf};
use serde_json::{Value, json};
use std::process::Command;

const HERE: &str = "152921";

fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("certificate.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext of poppler-utils is installed (scripts/setup.sh test)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).chars().filter(|c| !c.is_whitespace()).collect()
}

async fn site(world: &World, code: &str, name: &str, geometry: &Value) {
    let facts = json!({"code": code, "name": name, "division_code": HERE, "stage": "contaminated"});
    let outcomes = load(world, "sites", &[feature(facts, geometry.clone())], 10).await;
    assert_eq!(counts(&outcomes), (1, 0, 0), "{outcomes:?}");
}

async fn asked(world: &World, key: &str) -> Value {
    let parcel =
        json!({"type": "Feature", "geometry": square(105.6, 38.8, 100.0), "properties": {"operation": "supply"}});
    expect(world.post("/v1/land-checks").bearer_auth(key).json(&parcel), 201).await
}

fn path(check: &Value) -> String {
    format!("/v1/land-checks/{}/certificate.pdf", check["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn it_carries_the_answer_byte_for_byte_and_names_every_record() {
    let config = Config { public_url: Some("https://soil.example.gov.cn".to_owned()), ..Config::default() };
    let world = World::with(config).await;
    let planning = world.key(Role::Planning, HERE).await;
    site(&world, "152921WR20260001", "原某某化工厂", &square(105.6, 38.8, 80.0)).await;
    let check = asked(&world, &planning).await;
    let stored = world
        .get(&format!("/v1/land-checks/{}", check["id"].as_str().expect("an id")))
        .bearer_auth(&planning)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    let get = || world.get(&path(&check)).bearer_auth(&planning);
    let response = get().send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    let number = check["number"].as_str().expect("a number");
    assert_eq!(header("content-disposition"), format!("inline; filename=\"{number}.pdf\""));
    let tag = header("etag");
    let paper = response.bytes().await.expect("a body");
    assert_eq!(pdf::attachment(&paper).expect("the attachment"), stored);
    let text = text_of(&paper);
    let address = format!("https://soil.example.gov.cn/#/verify?number={number}&sha256=");
    let proof = |name: &str| check["proof"][name].as_str().expect("of the proof").to_owned();
    let (key, digest) = (proof("key_id"), proof("payload_sha256"));
    for said in [number, "152921WR20260001", "原某某化工厂", &key, &digest, &address] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("未签名"), "{text}");
    assert!(!text.contains("没有边界图形可绘的记录"), "the site is drawn: {text}");
    // The same answer gives the same paper.
    assert_eq!(get().header("if-none-match", tag).send().await.expect("an answer").status(), 304);
}

#[tokio::test]
async fn it_is_for_those_who_may_read_the_answer() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, HERE).await;
    let check = asked(&world, &planning).await;
    let elsewhere = world.key(Role::Planning, "140600").await;
    expect(world.get(&path(&check)).bearer_auth(&elsewhere), 404).await;
    expect(world.get(&path(&check)), 401).await;
    expect(world.get("/v1/land-checks/none/certificate.pdf").bearer_auth(&planning), 404).await;
}

#[tokio::test]
async fn without_a_font_it_is_refused_and_the_answer_stays() {
    let config = Config { cjk_font: Some("/nowhere/Song.ttf".into()), ..Config::default() };
    let world = World::with(config).await;
    let planning = world.key(Role::Planning, HERE).await;
    let check = asked(&world, &planning).await;
    let refused = expect(world.get(&path(&check)).bearer_auth(&planning), 503).await;
    assert_eq!(refused["code"], "font_missing");
}

#[tokio::test]
async fn the_plan_shows_a_record_as_it_was_known_when_the_answer_was_given() {
    let world = World::new().await;
    let planning = world.key(Role::Planning, HERE).await;
    site(&world, "152921WR20260001", "原某某化工厂", &square(105.6, 38.8, 80.0)).await;
    let check = asked(&world, &planning).await;
    let paper = || async {
        let response = world.get(&path(&check)).bearer_auth(&planning).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("a body")
    };
    let before = paper().await;
    world.clock.advance(chrono::Duration::hours(1));
    let id = check["hits"][0]["id"].as_str().expect("an id");
    let county = world.key(Role::CountyEcology, HERE).await;
    let moved = json!({"geometry": square(105.62, 38.82, 80.0), "reason": "实测"});
    let patch = world.patch(&format!("/v1/sites/{id}")).bearer_auth(&county).header("if-match", "\"1\"").json(&moved);
    expect(patch, 200).await;
    assert!(paper().await == before, "the paper is the same to the byte");
    let later = asked(&world, &planning).await;
    assert_eq!(later["hits"], json!([]), "the site has moved");
}
