//! Who may what: the table of roles, and every operation tried by everybody.
//!
//! A new operation that is not a GET needs a line in [`cases`]; without one the test fails.

use crate::openapi::{Operation, document, operations};
use crate::support::{World, committed, square};
use jingtu::platform::identity::table_as_text;
use jingtu::platform::{Permission, Role};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Permissions that no operation of the HTTP surface asks for, and why.
const NOT_OVER_HTTP: &[(Permission, &str)] = &[
    (Permission::KeyManage, "keys are made at the machine itself: `jingtu key`"),
    (Permission::AuditRead, "the chain is checked at the machine itself: `jingtu audit verify`"),
    (Permission::LandCheckWatch, "what changed is held against the replies on record by the server itself"),
    (Permission::DeadlineKeep, "yearly duties and escalation are the server's own daily work"),
    (Permission::CalendarWrite, "a year's calendar is loaded at the machine itself: `jingtu calendar import`"),
];

/// What a harmless request of an operation carries. It has the right shape, so that the answer tells of rights and not of
/// syntax, and names nothing that exists, so that nothing happens.
enum Sent {
    /// A JSON body.
    Json(Value),
    /// A multipart form: text fields, and a file.
    Form { fields: &'static [(&'static str, &'static str)], file: Option<(&'static str, &'static str, &'static str)> },
}

/// A case by operationId. `If-Match: "1"` goes with every PUT, PATCH and DELETE.
fn cases() -> BTreeMap<&'static str, Sent> {
    BTreeMap::from([
        (
            "ask_land_check",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {"operation": "reclaim", "division_code": "999999"}
            })),
        ),
        (
            "ask_siting_check",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {"activity": "new", "industry": "3212", "division_code": "999999"}
            })),
        ),
        (
            "publish_siting_zone",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {
                    "code": "X1", "name": "X", "kind": "priority_farmland_concentration", "division_code": "999999",
                    "published_by": "X", "published_on": "2026-11-20"
                }
            })),
        ),
        ("end_siting_zone", Sent::Json(json!({"ended_on": "2026-11-20", "reason": "x"}))),
        (
            "declare_zone_publication",
            Sent::Json(json!({
                "division_code": "999999", "kind": "priority_farmland_concentration", "as_of": "2026-11-20", "published_by": "x"
            })),
        ),
        ("withdraw_zone_publication", Sent::Json(json!({"reason": "x"}))),
        (
            "enter_approval_restriction",
            Sent::Json(json!({
                "division_code": "999999", "label": "eia_approvals", "covers": "every_project", "scope": "x",
                "from": "2026-11-20", "authority": "x"
            })),
        ),
        ("end_approval_restriction", Sent::Json(json!({"until": "2026-11-20", "reason": "x"}))),
        (
            "make_reference_layer",
            Sent::Json(json!({
                "name": "x", "kind": "schools", "title_zh": "X", "title_en": "X", "division_code": "999999"
            })),
        ),
        ("change_reference_layer", Sent::Json(json!({"public": false}))),
        (
            "enter_redevelopment",
            Sent::Json(json!({
                "division_code": "999999", "parcel_code": "X1", "name": "X", "area_m2": 1.0,
                "use": {"system": "LUSC-2023", "code": "07"}, "decision": "grant", "decided_on": "2026-11-20"
            })),
        ),
        ("ask_land_checks", Sent::Json(json!({"type": "FeatureCollection", "features": []}))),
        ("withdraw_land_check", Sent::Json(json!({"reason": "x"}))),
        ("collection_search", Sent::Json(json!({"limit": 1}))),
        ("verify", Sent::Json(json!({"number": "X", "payload_sha256": "x"}))),
        ("withdraw_redevelopment", Sent::Json(json!({"reason": "x"}))),
        ("consult_on_land_check", Sent::Json(json!({"sent_on": "2026-11-20"}))),
        ("withdraw_consultation", Sent::Json(json!({"reason": "x"}))),
        (
            "reply_to_land_check",
            Sent::Json(json!({"number": "1", "replied_on": "2026-11-20", "conclusion": "agrees", "text": "x"})),
        ),
        ("share_quarter", Sent::Json(json!({"division_code": "999999", "quarter": "2026Q3"}))),
        ("freeze_indicators", Sent::Json(json!({"division_code": "999999", "year": 2025}))),
        ("fulfil_deadline", Sent::Json(json!({"on": "2026-11-20", "note": "x"}))),
        ("issue_notice", Sent::Json(json!({"site_id": NOBODY, "kind": "listing"}))),
        ("serve_notice", Sent::Json(json!({"served_how": "直接送达"}))),
        ("void_notice", Sent::Json(json!({"reason": "x"}))),
        ("bar_use", Sent::Json(json!({"system": "GB/T 21010-2017", "code": "07", "why": "x", "since": "2026-11-20"}))),
        ("lift_bar", Sent::Json(json!({"until": "2026-11-20", "why": "x"}))),
        ("make_exchange", Sent::Json(json!({"division": "999999"}))),
        ("correct_site", Sent::Json(json!({"reason": "x"}))),
        ("record_site_event", Sent::Json(json!({"type": "suspected_listed"}))),
        (
            "register_site",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {"name": "X", "division_code": "999999", "stage": "candidate"}
            })),
        ),
        (
            "screen_results",
            Sent::Json(json!({
                "results": [{"substance": "Cd", "value": 0.1, "unit": "mg/kg"}], "context": {"land_class": 1}
            })),
        ),
        (
            "enter_standard",
            Sent::Json(json!({
                "code": "DB00/T 1", "name_zh": "X", "kind": "construction", "division_code": "999999",
                "instrument": {"title_zh": "X"}, "effective_from": "2020-01-01",
                "limits": [{"substance": "Pb", "screening": {"value": 1, "unit": "mg/kg"}}]
            })),
        ),
        ("amend_standard", Sent::Json(json!({"reason": "x"}))),
        ("withdraw_standard", Sent::Json(json!({"reason": "x"}))),
        ("create_subscription", Sent::Json(json!({"url": "https://example.org/hook", "division": "999999"}))),
        ("change_subscription", Sent::Json(json!({"status": "paused"}))),
        ("end_subscription", Sent::Json(Value::Null)),
        ("replay_subscription", Sent::Json(json!({"after": 0}))),
        (
            "create_farmland_unit",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {"code": "X1", "division_code": "999999", "land_type": "paddy"}
            })),
        ),
        ("correct_farmland_unit", Sent::Json(json!({"crop": "小麦", "reason": "x"}))),
        ("change_farmland_use", Sent::Json(json!({"land_type": "orchard", "changed_on": "2026-11-20", "reason": "x"}))),
        (
            "record_farmland_change",
            Sent::Json(json!({
                "kind": "redraw", "effective_on": "2026-11-20", "reason": "x", "parents": [{"id": NOBODY}],
                "children": [{"type": "Feature", "geometry": square(105.6, 38.8, 100.0), "properties": {}}]
            })),
        ),
        ("void_farmland_change", Sent::Json(json!({"reason": "x"}))),
        (
            "create_parcel",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {"code": "X1", "division_code": "999999"}
            })),
        ),
        ("correct_parcel", Sent::Json(json!({"address": "x", "reason": "x"}))),
        (
            "record_parcel_change",
            Sent::Json(json!({
                "kind": "redraw", "effective_on": "2026-11-20", "reason": "x", "parents": [{"id": NOBODY}],
                "children": [{"type": "Feature", "geometry": square(105.6, 38.8, 100.0), "properties": {"code": "X2"}}]
            })),
        ),
        ("void_parcel_change", Sent::Json(json!({"reason": "x"}))),
        (
            "create_coverage_area",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": square(105.6, 38.8, 100.0),
                "properties": {
                    "code": "X1", "name": "X", "division_code": "999999", "registers": ["farmland"], "status": "kept",
                    "as_of": "2026-01-01"
                }
            })),
        ),
        ("correct_coverage_area", Sent::Json(json!({"name": "x", "reason": "x"}))),
        (
            "propose_class_adjustment",
            Sent::Json(json!({
                "division_code": "999999", "trigger": "routine_monitoring", "evidence": {"text": "x"},
                "units": [{"unit_id": NOBODY, "class": "safe_use"}]
            })),
        ),
        (
            "record_class_adjustment_event",
            Sent::Json(json!({"type": "prefecture_agreed", "occurred_on": "2026-11-20"})),
        ),
        ("record_protection_event", Sent::Json(json!({"type": "closed", "occurred_on": "2026-11-20", "reason": "x"}))),
        (
            "create_farmland_measure",
            Sent::Json(json!({
                "type": "Feature",
                "properties": {
                    "kind": "safe_use_plan", "title": "x", "division_code": "999999", "from_on": "2026-11-20", "proposed_by": "x"
                }
            })),
        ),
        ("change_farmland_measure", Sent::Json(json!({"title": "x"}))),
        ("change_farmland_measure_units", Sent::Json(json!({"attach": []}))),
        ("record_farmland_measure_event", Sent::Json(json!({"type": "filed"}))),
        ("record_farmland_measure_results", Sent::Json(json!({"year": 2026, "results": []}))),
        (
            "register_sampling_point",
            Sent::Json(json!({
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [105.6, 38.8]},
                "properties": {"code": "X1", "division_code": "999999", "program": "survey"}
            })),
        ),
        ("correct_sampling_point", Sent::Json(json!({"reason": "x"}))),
        ("load_samples", Sent::Json(json!({"samples": []}))),
        ("correct_sample", Sent::Json(json!({"reason": "x"}))),
        ("rescreen_samples", Sent::Json(json!({"division": "999999"}))),
        (
            "classify_farmland",
            Sent::Json(json!({"units": [{"code": "X1", "land_type": "paddy"}], "samples": [], "detail": "summary"})),
        ),
        (
            "file_document",
            Sent::Form {
                fields: &[("kind", "notice"), ("title", "of a day to come"), ("issued_on", "9999-12-31")],
                file: Some(("file", "notice.txt", "nothing")),
            },
        ),
        (
            "start_import",
            Sent::Form {
                fields: &[("target", "no-such-target")],
                file: Some(("file", "empty.geojson", "{\"type\":\"FeatureCollection\",\"features\":[]}")),
            },
        ),
    ])
}

const NOBODY: &str = "0190a0a0-0000-7000-8000-000000000000";

/// A harmless request that reads.
pub fn reading(world: &World, operation: &Operation) -> RequestBuilder {
    request(world, operation, None)
}

fn request(world: &World, operation: &Operation, sent: Option<&Sent>) -> RequestBuilder {
    let mut path = String::new();
    for (i, piece) in operation.path.split(['{', '}']).enumerate() {
        path.push_str(if i % 2 == 0 { piece } else { filling(operation, piece) });
    }
    let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
    let mut request = world.request(method.clone(), &path);
    if [Method::PUT, Method::PATCH, Method::DELETE].contains(&method) {
        request = request.header("if-match", "\"1\"");
    }
    match sent {
        None => request,
        Some(Sent::Json(body)) => request.json(body),
        Some(Sent::Form { fields, file }) => {
            let mut form = reqwest::multipart::Form::new();
            for (name, value) in *fields {
                form = form.text(*name, *value);
            }
            if let Some((name, file_name, content)) = file {
                form = form.part(*name, reqwest::multipart::Part::text(*content).file_name(*file_name));
            }
            request.multipart(form)
        }
    }
}

/// A value for a path parameter: of the right kind, but of nothing that exists.
fn filling(operation: &Operation, name: &str) -> &'static str {
    let parameters = operation.said["parameters"].as_array();
    let schema =
        parameters.into_iter().flatten().find(|p| p["in"] == "path" && p["name"] == *name).map(|p| &p["schema"]);
    let schema = schema.unwrap_or_else(|| panic!("{} {}: {name} is not documented", operation.method, operation.path));
    if schema["type"] == "integer" { "1" } else { NOBODY }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    code: String,
    text: String,
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = String::from_utf8_lossy(&response.bytes().await.expect("a body")).into_owned();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, code: body["code"].as_str().unwrap_or("").to_owned(), text }
}

#[test]
fn the_committed_table_is_the_policys() {
    committed("src/platform/identity/roles.txt", &table_as_text());
    let text = table_as_text();
    assert_eq!(text.lines().count(), Permission::ALL.len() + 1);
    let names: Vec<&str> = text.lines().next().expect("a head").split_whitespace().skip(2).collect();
    assert_eq!(names, Role::ALL.map(Role::as_str));
}

#[tokio::test]
async fn every_operation_is_open_to_whom_the_policy_says_and_to_nobody_else() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for role in Role::ALL {
        keys.push((role, world.key(role, "152900").await));
    }
    let document = document();
    let operations = operations(&document);
    let cases = cases();
    let mut faults = Vec::new();
    for id in cases.keys() {
        if !operations.iter().any(|o| o.id() == *id) {
            faults.push(format!("the case {id} is of no operation"));
        }
    }
    for operation in &operations {
        let name = format!("{} {} ({})", operation.method, operation.path, operation.id());
        let Some(permission) = operation.permission() else {
            faults.push(format!("{name}: x-permission is no permission of policy.rs"));
            continue;
        };
        let sent = cases.get(operation.id());
        if sent.is_none() && operation.method != "GET" {
            faults.push(format!("{name}: no case in tests/it/authorization.rs"));
            continue;
        }
        let public = answer(request(&world, operation, sent)).await;
        let expected = if permission.is_public() { None } else { Some((401, "unauthenticated")) };
        judge(&format!("{name} as the public"), &public, expected, &mut faults);
        for (role, key) in &keys {
            let holds = permission.is_public() || permission.roles().contains(role);
            let expected = if holds { None } else { Some((403, "role_not_allowed")) };
            let who = format!("{name} as {}", role.as_str());
            judge(&who, &answer(request(&world, operation, sent).bearer_auth(key)).await, expected, &mut faults);
            if !holds {
                // Rights come before everything else of a request.
                let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
                let path = operation.path.replace(['{', '}'], "~");
                let nonsense =
                    world.request(method, &path).bearer_auth(key).header("content-type", "text/nonsense").body("{");
                judge(&format!("{who}, sending nonsense"), &answer(nonsense).await, expected, &mut faults);
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// `expected` is the refusal of who may not; `None` for who may.
fn judge(who: &str, answer: &Answer, expected: Option<(u16, &str)>, faults: &mut Vec<String>) {
    let right = match expected {
        Some((status, code)) => answer.status == status && answer.code == code,
        // Any other answer will do, except that the request was not understood: it then shows nothing of rights.
        None => {
            !matches!(answer.status, 400 | 401 | 405 | 415 | 428 | 500..)
                && answer.code != "role_not_allowed"
                && !answer.text.contains("\"bad_field\"")
        }
    };
    if !right {
        let wanted = expected.map_or("to be let through".to_owned(), |(status, code)| format!("{status} {code}"));
        faults.push(format!("{who}: expected {wanted}, got {} {}", answer.status, answer.text));
    }
}

#[test]
fn every_permission_is_asked_for_somewhere() {
    let document = document();
    let mut asked: BTreeSet<Permission> = operations(&document).iter().filter_map(Operation::permission).collect();
    asked.extend(jingtu::registers::layers().map(|layer| layer.permission));
    asked.extend(jingtu::registers::importers().map(|importer| importer.permission()));
    asked.insert(Permission::Open);
    for (permission, why) in NOT_OVER_HTTP {
        assert!(!why.is_empty());
        assert!(!asked.contains(permission), "{} is asked for over HTTP: take it off the list", permission.as_str());
    }
    let idle: Vec<&str> = Permission::ALL
        .iter()
        .filter(|p| !asked.contains(p) && !NOT_OVER_HTTP.iter().any(|(q, _)| q == *p))
        .map(|p| p.as_str())
        .collect();
    assert!(idle.is_empty(), "no operation, layer or importer asks for {}", idle.join(", "));
}

/// The judge tells right from wrong.
#[test]
fn a_wrong_answer_is_found_out() {
    let say = |status, code: &str| Answer { status, code: code.to_owned(), text: json!({"code": code}).to_string() };
    let verdict = |answer: Answer, expected| {
        let mut faults = Vec::new();
        judge("x", &answer, expected, &mut faults);
        faults.is_empty()
    };
    let refused = Some((403, "role_not_allowed"));
    assert!(verdict(say(403, "role_not_allowed"), refused));
    for (status, code) in [(403, "outside_division"), (404, "not_found"), (422, "invalid_input"), (201, "")] {
        assert!(!verdict(say(status, code), refused), "{status} {code}");
        assert!(verdict(say(status, code), None), "{status} {code}");
    }
    for (status, code) in
        [(401, "unauthenticated"), (403, "role_not_allowed"), (400, "bad_json"), (422, "bad_field"), (500, "internal")]
    {
        assert!(!verdict(say(status, code), None), "{status} {code}");
    }
}
