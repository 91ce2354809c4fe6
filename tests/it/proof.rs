//! What the logs prove, and that whatever is changed behind the application's back is found.

use crate::support::{World, expect, square};
use jingtu::kernel::Day;
use jingtu::platform::Role;
use jingtu::registers::site;
use serde_json::{Value, json};

const HERE: &str = "152921";

/// Three sites on their way, one with a voided event, an extension and a publication.
async fn office() -> (World, Vec<String>) {
    let world = World::new().await;
    let county = world.key(Role::CountyEcology, HERE).await;
    let prefecture = world.key(Role::PrefectureEcology, "152900").await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let body = json!({
            "type": "Feature",
            "geometry": square(105.6 + f64::from(n) * 0.02, 38.8, 200.0),
            "properties": {"name": format!("地块 {n}"), "division_code": HERE, "stage": "suspected",
                "suspected_on": "2026-05-01"},
        });
        let made = expect(world.post("/v1/sites").bearer_auth(&county).json(&body), 201).await;
        let path = format!("/v1/sites/{}", made["id"].as_str().expect("id"));
        let send = async |key: &str, event: Value| {
            expect(world.post(&format!("{path}/events")).bearer_auth(key).json(&event), 201).await
        };
        let paper = world.document(&county).await;
        send(
            &county,
            json!({"type": "survey_notice_served", "occurred_on": "2026-05-21", "received_on": "2026-05-21",
            "served_how": "直接送达", "document_id": paper}),
        )
        .await;
        send(
            &county,
            json!({"type": "deadline_extended", "occurred_on": "2026-11-02", "until": "2027-01-29",
            "deadline_rule": "preliminary_survey_six_months", "reason": "不可抗力"}),
        )
        .await;
        send(
            &county,
            json!({"type": "preliminary_report_submitted", "occurred_on": "2026-11-05", "document_id": paper}),
        )
        .await;
        send(&county, json!({"type": "entered_in_error", "occurred_on": "2026-11-06", "reason": "误录"})).await;
        send(
            &county,
            json!({"type": "preliminary_report_submitted", "occurred_on": "2026-11-07", "document_id": paper}),
        )
        .await;
        send(
            &county,
            json!({"type": "disclosed", "occurred_on": "2026-11-08", "from": "2026-11-08", "channel": "网站",
            "subject": "preliminary_report"}),
        )
        .await;
        let paper = world.document(&prefecture).await;
        send(
            &prefecture,
            json!({"type": "preliminary_report_reviewed", "occurred_on": "2026-11-10",
            "conclusion": "contaminated", "risk_grade": "low", "document_id": paper}),
        )
        .await;
        ids.push(made["id"].as_str().expect("id").to_owned());
    }
    (world, ids)
}

/// Whoever can write to the database can switch its guards off; what the logs prove does not rest on them.
async fn tamper(world: &World, sql: &'static str) {
    let mut tx = world.app.db().begin().await.expect("begin");
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.expect("guards off");
    let done = sqlx::query(sql).execute(&mut *tx).await.expect("written");
    assert!(done.rows_affected() > 0, "{sql}");
    tx.commit().await.expect("commit");
}

async fn codes(world: &World) -> Vec<&'static str> {
    let found = site::verify_logs(&world.app).await.expect("verified");
    found.findings.iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn what_was_recorded_holds_and_every_clock_is_implied_by_it() {
    let (world, _) = office().await;
    let proof = site::verify_logs(&world.app).await.expect("verified");
    assert_eq!((proof.sites, proof.looked_at, &proof.findings[..]), (3, 24, &[][..]));
    let proof = site::recompute_deadlines(&world.app).await.expect("recomputed");
    assert!(proof.findings.is_empty() && proof.looked_at > 12, "{proof:?}");
}

#[tokio::test]
async fn an_entry_changed_dropped_or_moved_is_found() {
    for (sql, expected) in [
        ("update site_event set payload = payload || '{\"note\": \"x\"}' where seq = 4", "entry_changed"),
        ("update site_event set occurred_on = occurred_on - 1 where seq = 2", "entry_changed"),
        ("update site_event set actor_role = 'prefecture_ecology' where seq = 2", "entry_changed"),
        ("delete from site_event where seq = 3", "entry_missing"),
        ("delete from site_event where seq = 8", "entry_missing"),
        (
            "update site_event set seq = case seq when 6 then 7 when 7 then 6 end + 100 where seq in (6, 7)",
            "entry_missing",
        ),
    ] {
        let (world, _) = office().await;
        tamper(&world, sql).await;
        assert!(codes(&world).await.contains(&expected), "{sql}");
    }
}

/// The end cut off and the record set back with it: the audit chain knows better.
#[tokio::test]
async fn a_log_cut_short_together_with_its_record_is_found() {
    let (world, _) = office().await;
    tamper(&world, "delete from site_event where seq = 8").await;
    tamper(&world, "update site set events = 7, stage = 'preliminary_review', risk_grade = null, in_directory = false")
        .await;
    let found = codes(&world).await;
    assert_eq!(found.iter().filter(|code| **code == "entry_missing").count(), 3, "{found:?}");
}

/// An entry made up with a hash of its own fits its log; the audit chain does not have it.
#[tokio::test]
async fn an_entry_that_nobody_made_is_found() {
    let (world, _) = office().await;
    tamper(&world, "delete from platform_audit where line like '%preliminary_report_reviewed%'").await;
    assert_eq!(codes(&world).await, ["not_audited"; 3]);
    tamper(
        &world,
        "update site set risk_grade = 'high', liable_party_name = 'x', flags = '{spread}' where name = '地块 1'",
    )
    .await;
    assert!(codes(&world).await.contains(&"record_differs"));
}

#[tokio::test]
async fn a_site_that_is_gone_with_its_log_is_found() {
    let (world, _) = office().await;
    tamper(&world, "delete from site_event where site_id = (select id from site where name = '地块 1')").await;
    tamper(&world, "delete from site where name = '地块 1'").await;
    assert_eq!(codes(&world).await, ["site_missing"]);
    let clocks = site::recompute_deadlines(&world.app).await.expect("recomputed");
    assert!(clocks.findings.iter().all(|finding| finding.code == "clock_not_implied") && !clocks.findings.is_empty());
}

#[tokio::test]
async fn a_stage_that_the_log_does_not_lead_to_is_found() {
    let (world, _) = office().await;
    tamper(&world, "update site set stage = 'delisted' where name = '地块 1'").await;
    assert_eq!(codes(&world).await, ["stage_differs"]);
}

#[tokio::test]
async fn a_clock_that_differs_is_missing_or_was_made_up_is_found() {
    for (sql, expected) in [
        ("update deadline set due_on = due_on + 30 where rule = 'directory_publication'", "due_date_differs"),
        (
            "update deadline set parameter_value = 18, due_on = '2027-11-22' where rule = 'preliminary_survey_six_months'",
            "number_differs",
        ),
        ("update deadline set start_on = start_on + 1 where rule = 'preliminary_survey_six_months'", "clock_differs"),
        ("update deadline set closed_on = null where rule = 'survey_notice'", "clock_differs"),
        ("delete from deadline where rule = 'detailed_notice'", "clock_missing"),
        ("update deadline set rule = 'effect_review' where rule = 'detailed_notice'", "clock_not_implied"),
    ] {
        let (world, _) = office().await;
        tamper(&world, sql).await;
        let found = site::recompute_deadlines(&world.app).await.expect("recomputed");
        assert!(found.findings.iter().any(|finding| finding.code == expected), "{sql}: {:?}", found.findings);
    }
}

/// Loading a calendar moves due dates; the register follows, and so does the proof.
#[tokio::test]
async fn a_register_taken_over_is_proved_too() {
    let (world, _) = office().await;
    world.clock.move_to(Day::of(2027, 3, 1));
    let proof = site::recompute_deadlines(&world.app).await.expect("recomputed");
    assert!(proof.findings.is_empty(), "{proof:?}");
}
