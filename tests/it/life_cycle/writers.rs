//! Many writers on one site: its events stand one behind the other, and its clocks are those that the log says.

use super::routes::{FIRST, day, surveyed_only};
use super::{Agency, Case, County, Government, LandUser, Prefecture, Province, Who, clocks, is_running, text};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What everybody sends at once. Which of them are taken, and in which order, is for the registry to say.
fn bustle() -> Vec<(Who, Value)> {
    let clock = |event: &str, more: Value| {
        let mut event = json!({"type": event, "deadline_rule": "preliminary_survey_six_months"});
        event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event
    };
    let spread =
        |status: &str| json!({"type": "spread_reported", "status": status, "media": ["soil"], "measures": "截渗墙"});
    let mut all = vec![
        (LandUser, json!({"type": "preliminary_report_submitted"})),
        (Agency, json!({"type": "preliminary_report_submitted"})),
        (LandUser, spread("ongoing")),
        (County, spread("ongoing")),
        (Agency, spread("ended")),
        (Government, spread("ended")),
        (County, json!({"type": "emergency_reported", "status": "ongoing", "measures": "切断污染源"})),
        (Province, json!({"type": "emergency_reported", "status": "ended", "measures": "处置完毕"})),
        (Prefecture, clock("deadline_suspended", json!({"reason": "案件调查"}))),
        (County, clock("deadline_resumed", json!({}))),
        (
            Government,
            json!({"type": "liable_party_changed", "ground": "government", "party": {"name": "某旗人民政府"}}),
        ),
        (County, json!({"type": "stop_work_ordered", "status": "ongoing", "reason": "擅自开工"})),
    ];
    for until in ["2025-10-10", "2025-10-20", "2025-10-30"] {
        all.push((County, clock("deadline_extended", json!({"until": until, "reason": "汛期"}))));
    }
    for who in [LandUser, County, Prefecture, Province, Government] {
        all.push((who, json!({"type": "disclosed", "channel": "门户网站", "from": "2025-06-02"})));
    }
    all
}

#[tokio::test]
async fn twenty_events_at_once_stand_one_behind_the_other() {
    for round in 0..3_usize {
        let case = Case::new(FIRST).await;
        for step in surveyed_only() {
            case.take(&step).await;
        }
        let today = day("2025-06-03");
        case.world.clock.move_to(today);
        let mut bustle = bustle();
        assert_eq!(bustle.len(), 20);
        bustle.rotate_left(round * 7);
        let mut sent = Vec::new();
        for (who, mut event) in bustle {
            event["occurred_on"] = json!(today);
            event["document_id"] = case.paper(who).await;
            sent.push((who, event));
        }
        let answers = join_all(sent.iter().map(|(who, event)| case.send(case.key(*who), event).send())).await;

        // Every event that was acknowledged is in the log, with the number that it was given, and no other.
        let (mut taken, mut refused) = (BTreeMap::new(), Vec::new());
        for (answer, (_, event)) in answers.into_iter().zip(&sent) {
            let answer = answer.expect("an answer");
            let status = answer.status().as_u16();
            let body: Value = answer.json().await.expect("JSON");
            match status {
                201 => drop(taken.insert(body["event"]["seq"].as_u64().expect("seq"), (body["event"].clone(), event))),
                409 | 422 => refused.push((text(&event["type"]).to_owned(), text(&body["code"]).to_owned())),
                other => panic!("{other}: {body}"),
            }
        }
        assert_eq!(taken.len() + refused.len(), 20);
        let count = case.require_whole().await;
        assert_eq!(count, 2 + taken.len());
        let log = case.log().await;
        let events = log["events"].as_array().expect("events");
        for (seq, (acknowledged, event)) in &taken {
            let entry = &events[usize::try_from(*seq).expect("seq") - 1];
            assert_eq!(entry, acknowledged);
            assert_eq!((&entry["type"], &entry["payload"]["document_id"]), (&event["type"], &event["document_id"]));
        }
        // Of two reports one only found the stage that it needs; a disclosure is taken whenever it comes.
        let reports = events.iter().filter(|e| e["type"] == "preliminary_report_submitted").count();
        assert_eq!(reports, 1);
        let lost: Vec<_> = refused.iter().filter(|(event, _)| event == "preliminary_report_submitted").collect();
        assert_eq!(lost, [&("preliminary_report_submitted".to_owned(), "step_not_allowed".to_owned())]);
        for (event, code) in &refused {
            let expected = event == "preliminary_report_submitted"
                || event.starts_with("deadline_")
                    && ["invalid_input", "step_not_allowed", "deadline_suspended"].contains(&code.as_str())
                || (event.as_str(), code.as_str()) == ("stop_work_ordered", "not_in_force");
            assert!(expected, "{event} {code}");
        }

        // The stage and the one clock of the law are those that the log leads to.
        let site = case.site().await;
        assert_eq!(site["stage"], "preliminary_review");
        let running: Vec<Value> = clocks(&site).into_iter().filter(is_running).collect();
        assert!(running.iter().all(|clock| clock["rule"] != "preliminary_survey_six_months"), "{running:?}");
        let until =
            events.iter().rev().find(|e| e["type"] == "deadline_extended").map(|e| e["payload"]["until"].clone());
        let clocks = clocks(&site);
        let survey = clocks.iter().find(|clock| clock["rule"] == "preliminary_survey_six_months").expect("the clock");
        assert_eq!((&survey["status"], &survey["closed_on"]), (&json!("met"), &json!(today)));
        assert_eq!(survey["due_on"], until.unwrap_or(json!("2025-09-10")));
        let flags: Vec<&str> = site["flags"].as_array().expect("flags").iter().map(text).collect();
        assert!(flags.iter().all(|flag| ["spread", "emergency"].contains(flag)), "{flags:?}");
    }
}
