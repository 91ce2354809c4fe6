//! Acts, identity, errors: what every operation relies on.

use crate::support::{World, expect, expect_response};
use jingtu::platform::{Permission, Reply, Role, audit};
use serde_json::json;

#[tokio::test]
async fn the_server_lives_is_ready_and_says_who_asks() {
    let world = World::new().await;
    assert_eq!(expect(world.get("/healthz"), 200).await["status"], "ok");
    let ready = expect(world.get("/readyz"), 200).await;
    assert_eq!((&ready["today"], &ready["demo"]), (&json!("2026-11-21"), &json!(false)));
    assert_eq!(expect(world.get("/v1/me"), 200).await["role"], "public");
    let key = world.key(Role::Planning, "152900").await;
    let me = expect(world.get("/v1/me").bearer_auth(&key), 200).await;
    assert_eq!((&me["role"], &me["division_name_zh"]), (&json!("planning"), &json!("阿拉善盟")));
    let basic = expect(world.get("/v1/me").basic_auth("anyone", Some(&key)), 200).await;
    assert_eq!(basic["role"], "planning", "GDAL and QGIS send the key as a password");
}

#[tokio::test]
async fn a_token_that_is_not_valid_opens_nothing() {
    let world = World::new().await;
    let wrong = format!("jt_{}", "A".repeat(43));
    for token in [wrong.as_str(), "jt_", "nonsense"] {
        let problem = expect(world.get("/v1/me").header("authorization", format!("Bearer {token}")), 401).await;
        assert_eq!(problem["code"], "bad_token", "{token}");
    }
    assert_eq!(expect(world.get("/v1/me").header("authorization", "Digest x"), 401).await["code"], "bad_authorization");
}

#[tokio::test]
async fn problems_speak_the_callers_language_and_carry_the_request_id() {
    let world = World::new().await;
    let (response, zh) = expect_response(world.get("/nowhere").header("x-request-id", "trace-0001"), 404).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["x-request-id"], "trace-0001");
    assert_eq!(
        (&zh["code"], &zh["detail"], &zh["request_id"]),
        (&json!("no_such_path"), &json!("没有此地址。"), &json!("trace-0001"))
    );
    let en = expect(world.get("/nowhere").header("accept-language", "en"), 404).await;
    assert_eq!(en["detail"], "There is nothing at this address.");
    assert_eq!(expect(world.post("/healthz"), 405).await["code"], "method_not_allowed");
}

#[tokio::test]
async fn small_answers_carry_an_entity_tag_and_are_not_sent_twice() {
    let world = World::new().await;
    let (first, _) = expect_response(world.get("/healthz"), 200).await;
    let tag = first.headers()["etag"].clone();
    expect(world.get("/healthz").header("if-none-match", tag), 304).await;
    expect(world.get("/healthz").header("if-none-match", "\"other\""), 200).await;
}

#[tokio::test]
async fn no_row_is_written_outside_an_act_none_is_deleted_and_each_version_is_kept() {
    let world = World::new().await;
    let outside = sqlx::query("update division set name_zh = 'x' where code = '152921'").execute(world.app.db()).await;
    assert_eq!(code(&outside.unwrap_err()), "JT001");

    let mut act = world.act(Permission::DivisionWrite).await;
    sqlx::query("update division set name_zh = '阿左旗' where code = '152921'").execute(act.tx()).await.unwrap();
    act.note("division/152921", json!({"name": true}));
    act.finish(Reply::nothing()).await.unwrap();
    let (now, revision): (String, i32) = sqlx::query_as("select name_zh, revision from division where code = '152921'")
        .fetch_one(world.app.db())
        .await
        .unwrap();
    let (before, ended): (String, bool) = sqlx::query_as(
        "select h.name_zh, h.sys_to = d.sys_from from division_history h join division d using (id) where d.code = '152921'",
    )
    .fetch_one(world.app.db())
    .await
    .unwrap();
    assert_eq!((now.as_str(), revision, before.as_str(), ended), ("阿左旗", 2, "阿拉善左旗", true));

    let mut act = world.act(Permission::DivisionWrite).await;
    let deleted = sqlx::query("delete from division where code = '152971'").execute(act.tx()).await;
    assert_eq!(code(&deleted.unwrap_err()), "JT003");
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|e| e.code().map(|c| c.into_owned())).unwrap_or_default()
}

#[tokio::test]
async fn an_act_without_an_audit_line_is_not_committed() {
    let world = World::new().await;
    let mut act = world.act(Permission::DivisionWrite).await;
    sqlx::query("update division set name_zh = 'x' where code = '152921'").execute(act.tx()).await.unwrap();
    assert_eq!(act.finish(Reply::nothing()).await.unwrap_err().code(), "internal");
    let name: String = sqlx::query_scalar("select name_zh from division where code = '152921'")
        .fetch_one(world.app.db())
        .await
        .unwrap();
    assert_eq!(name, "阿拉善左旗");
}

#[tokio::test]
async fn the_audit_chain_shows_a_changed_and_a_missing_line() {
    let world = World::new().await;
    world.key(Role::Planning, "152900").await;
    world.key(Role::Auditor, "000000").await;
    let whole = audit::verify(&world.app).await.unwrap();
    assert!(whole.broken.is_none() && whole.lines == 3, "{whole:?}");

    let refused = sqlx::query("update platform_audit set line = '{}' where seq = 2").execute(world.app.db()).await;
    assert_eq!(code(&refused.unwrap_err()), "JT002");

    // Somebody with the rights of the database's owner can get round the trigger; the chain then shows it.
    for (forgery, seq) in [
        ("update platform_audit set line = replace(line, 'planning', 'auditor') where seq = 2", 2),
        ("delete from platform_audit where seq = 2", 2),
        ("delete from platform_audit where seq = 3", 3),
    ] {
        let mut tx = world.app.db().acquire().await.unwrap();
        for sql in ["create table kept as table platform_audit", "alter table platform_audit disable trigger all"] {
            sqlx::query(sql).execute(&mut *tx).await.unwrap();
        }
        sqlx::query(forgery).execute(&mut *tx).await.unwrap();
        let found = audit::verify(&world.app).await.unwrap();
        assert_eq!(found.broken.map(|b| b.seq), Some(seq), "{forgery}");
        for sql in [
            "truncate platform_audit",
            "insert into platform_audit table kept",
            "drop table kept",
            "alter table platform_audit enable trigger all",
        ] {
            sqlx::query(sql).execute(&mut *tx).await.unwrap();
        }
    }
    assert!(audit::verify(&world.app).await.unwrap().broken.is_none());
}

/// A request that is broken off while its transaction begins leaves the next one a connection as good as new.
#[tokio::test]
async fn a_transaction_that_nobody_waits_for_is_undone() {
    let world = World::new().await;
    for polls in 1..60 {
        let mut beginning = Box::pin(world.app.snapshot());
        for _ in 0..polls {
            if futures_util::poll!(&mut beginning).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(beginning);
    }
    // All the connections that there are, at once.
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(world.app.db().acquire().await.unwrap());
    }
    for connection in &mut held {
        let isolation: String = sqlx::query_scalar("select current_setting('transaction_isolation')")
            .fetch_one(&mut **connection)
            .await
            .unwrap();
        assert_eq!(isolation, "read committed");
    }
}
