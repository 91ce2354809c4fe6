//! Taking back: the last event is void, step by step to the lead, and each time everything is as it was before it.

use super::routes::{self, day};
use super::{Case, Planned, Prefecture, clocks, is_running, require_chain, text};
use serde_json::{Value, json};

/// The day on which all is entered and taken back: what differs by day differs by nothing then.
const TODAY: &str = "2026-11-20";

/// What an event may change.
async fn snapshot(case: &Case) -> Value {
    let site = case.site().await;
    let mut seen = json!({});
    for field in [
        "stage",
        "mode",
        "stage_since",
        "lists",
        "flags",
        "risk_grade",
        "assessed_class",
        "restrictions",
        "liable_party",
        "liable_parties",
        "controls",
        "returned",
        "next_due_on",
        "overdue",
        "publicity_owed",
    ] {
        seen[field] = site[field].clone();
    }
    let running: Vec<Value> = clocks(&site).into_iter().filter(is_running).collect();
    seen["clocks"] = json!(running);
    seen["duties"] = json!(case.publicity(day(TODAY)).await);
    let mut lists = Vec::new();
    for on in ["2025-06-01", "2025-12-01", "2026-06-01", TODAY] {
        lists.push(case.lists(on).await);
    }
    seen["lists_on_days"] = json!(lists);
    let zones = case.see(Prefecture, &format!("/v1/control-zones?on={TODAY}")).await;
    seen["zones"] = zones["features"].clone();
    seen
}

async fn forth_and_back(case: &Case, steps: &[Planned]) {
    let mut before = Vec::new();
    for step in steps {
        before.push(snapshot(case).await);
        case.record(step.on, step.who, &step.event).await;
    }
    let first = case.log().await["events"].as_array().expect("events").len() + 1 - steps.len();
    for (i, (step, was)) in steps.iter().zip(&before).enumerate().rev() {
        case.record(day(TODAY), step.who, &json!({"type": "entered_in_error", "reason": "录入有误"})).await;
        let is = snapshot(case).await;
        for (field, was) in was.as_object().expect("an object") {
            assert_eq!(&is[field], was, "{field} after step {i}, {}, was void", step.event);
        }
    }
    case.require_whole().await;
    let log = case.log().await;
    let events = log["events"].as_array().expect("events");
    require_chain(&log);
    for (i, step) in steps.iter().enumerate() {
        let event = &events[first - 1 + i];
        assert_eq!(event["type"], step.event["type"], "it stays where it was");
        let void = &events[events.len() - 1 - i];
        assert_eq!((text(&void["type"]), &event["voided_by"]), ("entered_in_error", &void["seq"]));
        assert_eq!(void["effects"][0], json!({"kind": "voided", "seq": event["seq"]}));
    }
    let timeline = case.see(Prefecture, &format!("{}/timeline", case.path)).await;
    let voided = timeline["items"].as_array().expect("items").iter();
    let voided = voided.filter(|item| item["kind"] == "event" && item["voided"] == true).count();
    assert_eq!(voided, events.len() / 2);
}

/// A route, taken back to the lead.
async fn taken_back(name: &str) {
    let (_, steps) = routes::all().into_iter().find(|(n, _)| *n == name).expect("a route");
    let case = Case::new(day(TODAY)).await;
    forth_and_back(&case, &steps).await;
    assert_eq!(case.site().await["stage"], "candidate");
}

#[tokio::test]
async fn a_clean_survey_is_taken_back_to_the_lead_and_walked_again() {
    let case = Case::new(day(TODAY)).await;
    forth_and_back(&case, &routes::clean()).await;
    forth_and_back(&case, &routes::contaminated()).await;
}

#[tokio::test]
async fn an_acceptable_risk_is_taken_back_to_the_lead() {
    taken_back("acceptable").await;
}

#[tokio::test]
async fn a_remediation_is_taken_back_to_the_lead() {
    taken_back("remediated").await;
}

#[tokio::test]
async fn safe_use_with_missed_targets_is_taken_back_to_the_lead() {
    taken_back("used safely").await;
}

#[tokio::test]
async fn a_containment_with_its_zone_is_taken_back_to_the_lead() {
    taken_back("contained").await;
}

#[tokio::test]
async fn returned_reports_are_taken_back_to_the_lead() {
    taken_back("returned").await;
}

#[tokio::test]
async fn what_happened_beside_the_stages_is_taken_back_to_the_lead() {
    taken_back("beside").await;
}
