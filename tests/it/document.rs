//! Documents: filed once, read by whom they concern, never by the public.

use crate::support::{World, expect, expect_response};
use jingtu::kernel::{Day, DivisionCode, DocumentId, SiteId};
use jingtu::platform::{Act, Begun, Permission, Reply, Role, identity};
use jingtu::registers::document::{self, NewDocument, Subject};
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n";

fn form(name: &str, content: &'static [u8]) -> Form {
    Form::new()
        .part("file", Part::bytes(content).file_name(name.to_owned()))
        .text("kind", "notice")
        .text("title", "初步调查通知书")
        .text("issued_on", "2026-05-20")
}

fn file(world: &World, key: &str, name: &str, content: &'static [u8]) -> RequestBuilder {
    world.post("/v1/documents").bearer_auth(key).multipart(form(name, content))
}

#[tokio::test]
async fn a_paper_is_filed_and_read_back_byte_for_byte() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let (head, filed) = expect_response(file(&world, &key, "C:\\文件\\通知书.pdf", PDF), 201).await;
    let sha = hex::encode(Sha256::digest(PDF));
    assert_eq!(filed["sha256"], json!(sha));
    assert_eq!(filed["bytes"], json!(PDF.len()));
    assert_eq!(filed["media_type"], "application/pdf");
    assert_eq!((&filed["kind"], &filed["title"]), (&json!("notice"), &json!("初步调查通知书")));
    assert_eq!((&filed["file_name"], &filed["issued_on"]), (&json!("通知书.pdf"), &json!("2026-05-20")));
    assert!(filed["recorded_at"].as_str().is_some_and(|at| at.starts_with("2026-11-21T04:00:00")));
    let address = head.headers()["location"].to_str().expect("ascii").to_owned();
    assert_eq!(address, format!("/v1/documents/{}", filed["id"].as_str().expect("an id")));
    assert_eq!(expect(world.get(&address).bearer_auth(&key), 200).await, filed);

    let response = world.get(&format!("{address}/content")).bearer_auth(&key).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "application/pdf");
    let said = crate::openapi::document();
    let kinds = &said["paths"]["/v1/documents/{id}/content"]["get"]["responses"]["200"]["content"];
    assert!(kinds["*/*"].is_object(), "papers are of many kinds: {kinds}");
    assert_eq!(headers["etag"], format!("\"{sha}\""));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E9%80%9A%E7%9F%A5%E4%B9%A6.pdf"
    );
    assert_eq!(response.bytes().await.expect("bytes"), PDF);
    let again =
        world.get(&format!("{address}/content")).bearer_auth(&key).header("if-none-match", format!("\"{sha}\""));
    assert_eq!(again.send().await.expect("an answer").status(), 304);
}

#[tokio::test]
async fn equal_contents_are_stored_once_and_every_filing_is_a_document() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let first = expect(file(&world, &key, "a.pdf", PDF), 201).await;
    let second = expect(file(&world, &key, "b.pdf", PDF), 201).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["sha256"], second["sha256"]);
    let stored: i64 =
        sqlx::query_scalar("select count(*) from document_content").fetch_one(world.app.db()).await.expect("count");
    assert_eq!(stored, 1);
    let changed = sqlx::query("update document_content set content = 'x', bytes = 1").execute(world.app.db()).await;
    assert!(changed.is_err(), "content can be changed");
}

#[tokio::test]
async fn the_same_request_is_answered_once() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let body = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n通知\r\n--x\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\nnotice\r\n--x\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nt\r\n--x--\r\n";
    let send = || {
        world
            .post("/v1/documents")
            .bearer_auth(&key)
            .header("idempotency-key", "once")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body)
    };
    let first = expect(send(), 201).await;
    assert_eq!(first["media_type"], "text/plain; charset=utf-8");
    assert_eq!(first["issued_on"], Value::Null);
    assert_eq!(expect(send(), 201).await, first);
}

#[tokio::test]
async fn what_is_no_document_is_refused_in_both_languages() {
    let world = World::with(jingtu::config::Config { max_body_bytes: 20_000, ..Default::default() }).await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let program = expect(file(&world, &key, "notice.pdf", b"MZ\x90\0\x03\0"), 415).await;
    assert_eq!(program["code"], "document_type");
    assert!(program["detail"].as_str().is_some_and(|zh| zh.contains("不接受")));
    let english = file(&world, &key, "x.html", b"<script>").header("accept-language", "en");
    assert!(expect(english, 415).await["detail"].as_str().is_some_and(|en| en.contains("not taken")));
    assert_eq!(expect(file(&world, &key, "a.pdf", &[b'a'; 30_000]), 413).await["code"], "body_too_large");

    let wrong = Form::new().part("file", Part::bytes(&b""[..]).file_name("a.pdf")).text("issued_on", "20/05/2026");
    let wrong = expect(world.post("/v1/documents").bearer_auth(&key).multipart(wrong), 422).await;
    let at: Vec<_> = wrong["errors"].as_array().expect("errors").iter().map(|e| (&e["pointer"], &e["code"])).collect();
    assert_eq!(
        json!(at),
        json!([["/file", "empty_file"], ["/kind", "required"], ["/title", "required"], ["/issued_on", "bad_day"]])
    );
    let tomorrow = Form::new()
        .part("file", Part::bytes(PDF).file_name("a.pdf"))
        .text("kind", "notice")
        .text("title", "t")
        .text("issued_on", "2026-11-22");
    let tomorrow = expect(world.post("/v1/documents").bearer_auth(&key).multipart(tomorrow), 422).await;
    assert_eq!(tomorrow["errors"][0]["code"], "day_in_future");
    let stranger = form("a.pdf", PDF).text("titel", "t");
    let stranger = expect(world.post("/v1/documents").bearer_auth(&key).multipart(stranger), 422).await;
    assert_eq!(stranger["errors"][0]["pointer"], "/titel");
    let json = world.post("/v1/documents").bearer_auth(&key).json(&json!({}));
    assert_eq!(expect(json, 415).await["code"], "unsupported_media_type");
    let stored: i64 = sqlx::query_scalar("select count(*) from document").fetch_one(world.app.db()).await.expect("n");
    assert_eq!(stored, 0);
}

async fn act_as(world: &World, token: &str) -> Act {
    let caller = identity::authenticate(world.app.db(), token, world.app.today()).await.expect("a key");
    match Act::begin(&world.app, &caller, Permission::SiteEvent, Default::default()).await.expect("begin") {
        Begun::Fresh(act) => *act,
        Begun::Replayed(_) => unreachable!("no idempotency key"),
    }
}

#[tokio::test]
async fn a_paper_is_read_by_whom_its_division_or_record_concerns() {
    let world = World::new().await;
    let county = world.key(Role::CountyEcology, "152921").await;
    let mut may = vec![world.key(Role::PrefectureEcology, "152900").await, world.key(Role::Auditor, "000000").await];
    let neighbour = world.key(Role::CountyEcology, "152922").await;
    let land_user = world.key(Role::LandUser, "152921").await;
    let agency = world.key(Role::ThirdParty, "152921").await;
    may.push(world.key(Role::Planning, "152921").await);
    let filed = expect(file(&world, &county, "a.pdf", PDF), 201).await;
    let address = format!("/v1/documents/{}", filed["id"].as_str().expect("an id"));
    for path in [address.clone(), format!("{address}/content")] {
        assert_eq!(expect(world.get(&path), 401).await["code"], "unauthenticated");
        for key in &may {
            world.get(&path).bearer_auth(key).send().await.expect("an answer").error_for_status().expect("may read");
        }
        for key in [&neighbour, &land_user, &agency] {
            assert_eq!(expect(world.get(&path).bearer_auth(key), 404).await["code"], "not_found", "{path}");
        }
    }
    let own = expect(file(&world, &agency, "report.pdf", PDF), 201).await;
    let own = format!("/v1/documents/{}", own["id"].as_str().expect("an id"));
    expect(world.get(&own).bearer_auth(&agency), 200).await;
    expect(world.get(&own).bearer_auth(&county), 200).await;

    // Attached to a record of the land user's, it is the land user's to read; its neighbour still does not see it.
    let id: DocumentId = filed["id"].as_str().expect("an id").parse().expect("an id");
    let subject = Subject {
        register: "site",
        id: ids_of_no_record(),
        division_code: "152921",
        owner_credit_code: Some(crate::support::CREDIT_CODE),
    };
    let mut act = act_as(&world, &county).await;
    assert!(document::exists(&mut act, id).await.expect("read"));
    document::attach(&mut act, id, &subject, "/document_id").await.expect("attached");
    act.finish(Reply::nothing()).await.expect("commit");
    expect(world.get(&address).bearer_auth(&land_user), 200).await;
    expect(world.get(&address).bearer_auth(&neighbour), 404).await;

    // Nobody gains sight of a paper by attaching it to a record of theirs.
    let mut act = act_as(&world, &neighbour).await;
    assert!(!document::exists(&mut act, id).await.expect("read"));
    let refused = document::attach(&mut act, id, &Subject { division_code: "152922", ..subject }, "/document_id").await;
    let refused = refused.expect_err("refused");
    assert_eq!((refused.faults()[0].pointer.as_str(), refused.faults()[0].code), ("/document_id", "unknown_document"));
}

fn ids_of_no_record() -> uuid::Uuid {
    SiteId::new(Day::of(2026, 1, 1).start()).0
}

#[tokio::test]
async fn the_operator_files_for_a_division() {
    let world = World::new().await;
    let mut act = world.act(Permission::DocumentAdd).await;
    let new = NewDocument {
        content: PDF.into(),
        file_name: "a.pdf".to_owned(),
        kind: "notice".to_owned(),
        title: "示例".to_owned(),
        issued_on: None,
        division: DivisionCode::parse("152921"),
    };
    let id = document::add(&mut act, new).await.expect("filed");
    act.finish(Reply::nothing()).await.expect("commit");
    let key = world.key(Role::CountyEcology, "152921").await;
    expect(world.get(&format!("/v1/documents/{id}")).bearer_auth(&key), 200).await;
    for nothing in ["/v1/documents/x", "/v1/documents/0190a0a0-0000-7000-8000-000000000000/content"] {
        assert_eq!(expect(world.get(nothing).bearer_auth(&key), 404).await["code"], "not_found");
    }
}
