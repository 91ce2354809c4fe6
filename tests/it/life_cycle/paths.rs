//! Each route from the lead on, step by step by whom the order says, with its clocks, lists and duties on the days that
//! they have.

use super::routes::{self, ALL_MEDIA, CONTRACTOR, FIRST, SUCCESSOR, day, party, step};
use super::{
    CREDIT_CODE, Case, County, Government, LandUser, Planned, Prefecture, Province, names, restrictions, text,
};
use crate::support::{World, expect, square};
use jingtu::platform::{Permission, Reply, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const NONE: [&str; 0] = [];
const NOT_CHANGES_OF_STAGE: &[&str] = &["deadline.", "publicity."];

#[tokio::test]
async fn a_clean_survey_closes_the_case() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::clean().into_iter();
    assert_eq!(case.site().await["stage"], "candidate");
    case.go(&mut steps, "suspected_listed").await;
    assert_eq!(case.running().await, ["survey_notice 2025-03-17"]);
    case.go(&mut steps, "survey_notice_served").await;
    assert_eq!(case.running().await, ["preliminary_survey_six_months 2025-09-10"]);
    assert_eq!(
        case.on_day("preliminary_survey_six_months", day("2025-08-11")).await,
        ["preliminary_survey_six_months 2025-09-10 due_soon"]
    );
    assert_eq!(
        case.on_day("preliminary_survey_six_months", day("2025-08-10")).await,
        ["preliminary_survey_six_months 2025-09-10 open"]
    );
    case.go(&mut steps, "preliminary_report_submitted").await;
    assert_eq!(
        case.running().await,
        ["report_publication preliminary_report/event-3 2025-09-03", "survey_report_review 2025-09-17"]
    );
    assert_eq!(case.publicity(day("2025-08-20")).await, ["preliminary_report owed"]);
    let site = case.go(&mut steps, "preliminary_report_reviewed").await;
    assert_eq!(
        (&site["stage"], &site["assessed_class"], &site["lists"]),
        (&json!("not_contaminated"), &json!("class_2"), &json!([]))
    );
    assert_eq!(restrictions(&site), BTreeSet::from(["assessed_use_only"]));
    case.go(&mut steps, "disclosed").await;
    case.try_everything().await;
    assert_eq!(case.running().await, NONE);
    assert_eq!(
        case.ended().await,
        [
            "preliminary_survey_six_months 2025-09-10 met 2025-08-20",
            "report_publication preliminary_report/event-3 2025-09-03 met 2025-09-02",
            "survey_notice 2025-03-17 met 2025-03-10",
            "survey_report_review 2025-09-17 met 2025-09-01",
        ]
    );
    assert_eq!(case.publicity(day("2025-09-01")).await, ["preliminary_report owed"]);
    assert_eq!(case.publicity(day("2025-09-02")).await, ["preliminary_report on_display"]);
    assert_eq!(case.lists("2025-03-02").await, NONE);
    assert_eq!(case.lists("2025-03-03").await, ["suspected_list"]);
    assert_eq!(case.lists("2025-08-31").await, ["suspected_list"]);
    assert_eq!(case.lists("2025-09-01").await, NONE);
    assert_eq!(case.stages_told().await, ["suspected", "preliminary_survey", "preliminary_review", "not_contaminated"]);
    assert_eq!(
        case.kinds_but(&[]).await,
        [
            "site.registered",
            "list.entered",
            "deadline.opened",
            "site.stage_changed",
            "deadline.closed",
            "deadline.opened",
            "site.stage_changed",
            "deadline.closed",
            "deadline.opened",
            "deadline.opened",
            "publicity.owed",
            "site.stage_changed",
            "list.left",
            "deadline.closed",
            "site.stage_changed",
            "deadline.closed",
            "publicity.met",
        ]
    );
    assert_eq!(case.require_whole().await, 5);
}

/// Pins: event.disclosed, disclosure
#[tokio::test]
async fn an_acceptable_risk_needs_neither_control_nor_remediation() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::acceptable().into_iter();
    let site = case.go(&mut steps, "preliminary_report_reviewed").await;
    assert_eq!(
        (&site["stage"], &site["risk_grade"], &site["contaminated_on"]),
        (&json!("contaminated"), &json!("high"), &Value::Null)
    );
    assert_eq!(
        case.running().await,
        [
            "county_government_told event-4 2025-09-08",
            "detailed_notice 2025-09-15",
            "directory_publication event-4 2025-09-28",
            "report_publication preliminary_report/event-3 2025-09-03",
        ]
    );
    assert_eq!(
        case.publicity(day("2025-09-01")).await,
        ["contaminated_directory owed", "county_government_told owed", "preliminary_report owed"]
    );
    assert_eq!(restrictions(&site), BTreeSet::from(["no_sensitive_use", "not_into_land_procedure"]), "before the Code");
    // What everybody reads does not tell the government, and what the government reads is not the land user's report.
    case.go(&mut steps, "disclosed").await;
    assert_eq!(
        case.publicity(day("2025-09-03")).await,
        ["contaminated_directory on_display", "county_government_told owed", "preliminary_report owed"]
    );
    let refused = case
        .refused(
            day("2025-09-05"),
            LandUser,
            routes::disclosed("2025-09-05", LandUser, Some("county_government_told"), None).event,
            422,
        )
        .await;
    assert_eq!(refused["errors"][0]["code"], "duty_of_another");
    case.go(&mut steps, "disclosed").await;
    case.go(&mut steps, "detailed_notice_served").await;
    assert_eq!(
        case.running().await,
        ["detailed_survey_as_notified 2026-01-30", "report_publication preliminary_report/event-3 2025-09-03"]
    );
    assert_eq!(
        case.on_day("report_publication", day("2025-09-03")).await,
        ["report_publication preliminary_report/event-3 2025-09-03 due_soon"]
    );
    assert_eq!(
        case.on_day("report_publication", day("2025-09-04")).await,
        ["report_publication preliminary_report/event-3 2025-09-03 overdue"]
    );
    case.go(&mut steps, "detailed_report_submitted").await;
    case.go(&mut steps, "risk_assessment_submitted").await;
    assert_eq!(
        case.running().await,
        [
            "report_publication detailed_report/event-8 2026-01-29",
            "report_publication preliminary_report/event-3 2025-09-03",
            "report_publication risk_assessment/event-9 2026-01-30",
            "risk_assessment_review 2026-02-13",
        ]
    );
    // Under review, there is no second one; and only the province concludes.
    let twice = case.refused(day("2026-01-19"), LandUser, json!({"type": "risk_assessment_submitted"}), 409).await;
    assert_eq!((&twice["code"], &twice["rule"]), (&json!("step_not_allowed"), &json!("T10")));
    assert!(names(&twice["allowed"]).contains("risk_assessment_reviewed"));
    let site = case.go(&mut steps, "risk_assessment_reviewed").await;
    assert_eq!((&site["stage"], &site["assessed_class"]), (&json!("risk_acceptable"), &json!("class_2")));
    assert_eq!(restrictions(&site), BTreeSet::from(["assessed_use_only"]));
    case.go(&mut steps, "disclosed").await;
    case.try_everything().await;
    assert_eq!(case.running().await, NONE, "the agency published what the land user owed");
    assert_eq!(
        case.ended().await,
        [
            "county_government_told event-4 2025-09-08 met 2025-09-08",
            "detailed_notice 2025-09-15 met 2025-09-10",
            "detailed_survey_as_notified 2026-01-30 met 2026-01-15",
            "directory_publication event-4 2025-09-28 met 2025-09-03",
            "preliminary_survey_six_months 2025-09-10 met 2025-08-20",
            "report_publication detailed_report/event-8 2026-01-29 met_late 2026-02-02",
            "report_publication preliminary_report/event-3 2025-09-03 met_late 2026-02-02",
            "report_publication risk_assessment/event-9 2026-01-30 met_late 2026-02-02",
            "risk_assessment_review 2026-02-13 met 2026-01-30",
            "survey_notice 2025-03-17 met 2025-03-10",
            "survey_report_review 2025-09-17 met 2025-09-01",
        ]
    );
    // Above the screening value still, it stays in the directory.
    assert_eq!(case.lists("2025-09-01").await, ["contaminated_directory"]);
    assert_eq!(case.lists("2026-02-02").await, ["contaminated_directory"]);
    assert_eq!(
        case.stages_told().await,
        [
            "suspected",
            "preliminary_survey",
            "preliminary_review",
            "contaminated",
            "detailed_survey",
            "risk_assessment",
            "risk_acceptable"
        ]
    );
    case.require_whole().await;
}

#[tokio::test]
async fn a_remediated_site_leaves_the_list_and_is_looked_after() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::remediated().into_iter();
    let site = case.go(&mut steps, "risk_assessment_reviewed").await;
    assert_eq!((&site["stage"], &site["risk_grade"]), (&json!("listed"), &json!("medium")));
    assert_eq!(case.lists("2026-01-29").await, ["contaminated_directory"]);
    assert_eq!(case.lists("2026-01-30").await, ["contaminated_directory", "control_list"]);
    assert!(case.running().await.contains(&"control_list_publication event-8 2026-03-05".to_owned()));
    assert_eq!(
        restrictions(&site),
        BTreeSet::from(["no_housing_or_public_use", "no_unrelated_construction", "not_into_land_procedure"])
    );
    case.go(&mut steps, "disclosed").await;
    let site = case.go(&mut steps, "remediation_plan_filed").await;
    assert_eq!(site["stage"], "remediation");
    let running = case.running().await;
    for clock in
        ["monitoring_report_as_planned event-10 2026-05-10", "report_publication remediation_plan/event-10 2026-03-02"]
    {
        assert!(running.contains(&clock.to_owned()), "{clock} in {running:?}");
    }
    // No evaluation before the works are done, and none without works.
    let early = case.refused(day("2026-02-24"), LandUser, routes::effect_report("2026-02-24").event, 409).await;
    assert_eq!((&early["code"], &early["rule"]), (&json!("step_not_allowed"), &json!("T16")));
    case.go(&mut steps, "works_started").await;
    assert!(case.publicity(day("2026-03-02")).await.contains(&"works_notice_board owed".to_owned()));
    let scheme = case
        .refused(day("2026-03-02"), LandUser, json!({"type": "remediation_plan_filed", "groundwater": "另一方案"}), 409)
        .await;
    assert!(text(&scheme["detail"]).contains("工程已经开工"), "{scheme}");
    case.go(&mut steps, "disclosed").await;
    assert!(case.publicity(day("2026-03-02")).await.contains(&"works_notice_board on_display".to_owned()));

    // Both bureaus are told five working days ahead, of six facts.
    let bare = case.refused(day("2026-04-01"), LandUser, json!({"type": "soil_transport_reported"}), 422).await;
    let missing: BTreeSet<&str> =
        bare["errors"].as_array().expect("errors").iter().map(|fault| text(&fault["pointer"])).collect();
    let facts = [
        "transport_on",
        "transport_mode",
        "route",
        "quantity_t",
        "destination",
        "final_disposal",
        "destination_division",
        "origin_told_on",
        "destination_told_on",
    ];
    assert_eq!(missing, facts.map(|fact| format!("/{fact}")).iter().map(String::as_str).collect());
    case.go(&mut steps, "soil_transport_reported").await;
    case.go(&mut steps, "soil_transport_reported").await;
    assert_eq!(
        case.on_day("soil_transport_notice", day("2026-05-06")).await,
        [
            "soil_transport_notice event-13 2026-04-02 met 2026-04-02",
            "soil_transport_notice event-14 2026-04-24 met_late 2026-04-27"
        ]
    );
    case.go(&mut steps, "monitoring_reported").await;
    assert!(case.running().await.contains(&"monitoring_report_as_planned event-15 2026-08-08".to_owned()));
    case.go(&mut steps, "works_completed").await;

    // Whoever did the works does not say whether they did good.
    let own = json!({"type": "effect_report_submitted", "evaluator": party("某工程公司改名", CONTRACTOR)});
    let refused = case.refused(day("2026-06-18"), LandUser, own, 422).await;
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/evaluator"), &json!("evaluator_is_contractor"))
    );
    let site = case.go(&mut steps, "effect_report_submitted").await;
    assert_eq!(site["stage"], "effect_evaluation");
    let running = case.running().await;
    for clock in ["effect_review 2026-07-20", "report_publication effect_report/event-17 2026-07-06"] {
        assert!(running.contains(&clock.to_owned()), "{clock} in {running:?}");
    }

    // Thirty-eight days are not two months: on display, and not met; then taken down early.
    case.go(&mut steps, "disclosed").await;
    let effect_report = async |on: &str| {
        let page = case.see(Prefecture, &format!("/v1/publicity?subject={}&duty=effect_report&on={on}", case.id)).await;
        (text(&page["duties"][0]["status"]).to_owned(), page["duties"][0]["inside"]["met"].clone())
    };
    assert_eq!(effect_report("2026-06-22").await, ("owed".to_owned(), json!(false)));
    assert_eq!(effect_report("2026-07-31").await, ("on_display".to_owned(), json!(false)));
    let site = case.go(&mut steps, "effect_reviewed").await;
    assert_eq!(
        (&site["stage"], &site["controls"], &site["flags"]),
        (&json!("delisted"), &json!("不得开采地下水"), &json!([]))
    );
    assert_eq!(restrictions(&site), BTreeSet::from(["institutional_controls", "target_use_under_controls"]));
    assert_eq!(case.lists("2026-07-09").await, ["contaminated_directory", "control_list"]);
    assert_eq!(case.lists("2026-07-10").await, NONE);
    assert!(case.running().await.contains(&"delisting_publication event-19 2026-08-07".to_owned()));
    let site = case.go(&mut steps, "aftercare_started").await;
    assert_eq!(restrictions(&site), BTreeSet::from(["institutional_controls", "under_aftercare"]));
    assert!(case.running().await.contains(&"monitoring_report_as_planned event-20 2026-10-20".to_owned()));

    // Put up again for long enough, the duty is met.
    case.world.clock.move_to(day("2026-08-03"));
    assert_eq!(effect_report("2026-08-03").await, ("taken_down_early".to_owned(), json!(false)));
    case.go(&mut steps, "disclosed").await;
    assert_eq!(effect_report("2026-08-03").await, ("on_display".to_owned(), json!(true)));
    assert_eq!(effect_report("2026-10-04").await.0, "ended");

    case.go(&mut steps, "monitoring_reported").await;
    assert!(case.running().await.contains(&"monitoring_report_as_planned event-22 2027-01-15".to_owned()));
    let site = case.go(&mut steps, "aftercare_ended").await;
    assert_eq!(site["stage"], "delisted");
    assert_eq!(case.on_day("effect_review", day("2026-11-20")).await, ["effect_review 2026-07-20 met 2026-07-10"]);
    assert_eq!(
        case.on_day("monitoring_report_as_planned", day("2026-11-20")).await,
        [
            "monitoring_report_as_planned event-10 2026-05-10 met 2026-05-08",
            "monitoring_report_as_planned event-15 2026-08-08 cancelled 2026-07-10",
            "monitoring_report_as_planned event-20 2026-10-20 met 2026-10-15",
            "monitoring_report_as_planned event-22 2027-01-15 cancelled 2026-11-20",
        ]
    );
    assert_eq!(
        case.stages_told().await,
        [
            "suspected",
            "preliminary_survey",
            "preliminary_review",
            "contaminated",
            "detailed_survey",
            "risk_assessment",
            "listed",
            "remediation",
            "effect_evaluation",
            "delisted",
            "aftercare",
            "delisted",
        ]
    );
    assert_eq!(
        case.kinds_but(NOT_CHANGES_OF_STAGE).await,
        [
            "site.registered",
            "list.entered",
            "site.stage_changed",
            "site.stage_changed",
            "site.stage_changed",
            "list.left",
            "list.entered",
            "list.graded",
            "site.stage_changed",
            "site.stage_changed",
            "site.stage_changed",
            "list.entered",
            "list.graded",
            "site.stage_changed",
            "site.stage_changed",
            "site.soil_transport_reported",
            "site.soil_transport_reported",
            "site.stage_changed",
            "list.left",
            "list.left",
            "site.stage_changed",
            "site.stage_changed",
            "site.stage_changed",
        ]
    );
    case.require_whole().await;
}

#[tokio::test]
async fn safe_use_with_its_targets_missed_bars_construction_and_from_the_code_on_stops_it() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::used_safely().into_iter();
    let site = case.go(&mut steps, "control_plan_filed").await;
    assert_eq!((&site["stage"], &site["mode"]), (&json!("risk_control"), &json!("safe_use")));
    let running = case.running().await;
    for clock in
        ["monitoring_report_as_planned event-9 2026-08-10", "report_publication control_plan/event-9 2026-03-02"]
    {
        assert!(running.contains(&clock.to_owned()), "{clock} in {running:?}");
    }
    let works_must_stop = |site: &Value| {
        let found = site["restrictions"]
            .as_array()
            .expect("restrictions")
            .iter()
            .find(|r| r["id"] == "works_must_stop")
            .cloned();
        found.map(|r| (text(&r["text_zh"]).to_owned(), text(&r["citations"][0]["article"]).to_owned()))
    };
    case.go(&mut steps, "effect_report_submitted").await;
    assert!(case.running().await.contains(&"effect_review 2026-05-12".to_owned()), "{:?}", case.running().await);
    let site = case.go(&mut steps, "effect_reviewed").await;
    assert_eq!(
        (&site["stage"], &site["mode"], &site["flags"]),
        (&json!("risk_control"), &json!("safe_use"), &json!(["targets_missed"]))
    );
    let (said, article) = works_must_stop(&site).expect("construction is barred");
    assert!(!said.contains("立即停止") && article == "66(3)", "{article} {said}");
    assert_eq!(site["returned"], "苯仍超过目标值");
    let order = json!({"type": "stop_work_ordered", "status": "ongoing", "reason": "擅自开工"});
    let early = case.refused(day("2026-08-14"), Prefecture, order, 409).await;
    assert_eq!((&early["code"], &early["rule"]), (&json!("not_in_force"), &json!("T18")));
    assert_eq!(works_must_stop(&case.site().await).expect("barred").1, "66(3)");
    case.world.clock.move_to(day("2026-08-15"));
    let (said, article) = works_must_stop(&case.site().await).expect("construction is barred");
    assert!(said.contains("立即停止") && article == "461(3)", "{article} {said}");

    // Works again, and missed again; now what was begun stops.
    case.go(&mut steps, "effect_reviewed").await;
    let told = case.kinds_but(&[]).await;
    assert_eq!(
        told.iter().filter(|kind| *kind == "site.works_must_stop").count(),
        1,
        "not on the first side of the day"
    );
    let site = case.go(&mut steps, "stop_work_ordered").await;
    assert_eq!(names(&site["flags"]), names(&json!(["targets_missed", "works_stopped"])));
    assert!(restrictions(&site).contains("works_stopped_by_order"));
    let site = case.go(&mut steps, "effect_reviewed").await;
    case.try_everything().await;
    assert_eq!((&site["stage"], &site["flags"]), (&json!("delisted"), &json!([])));
    assert_eq!(restrictions(&site), BTreeSet::from(["institutional_controls", "target_use_under_controls"]));
    assert_eq!(
        case.stages_told().await[6..],
        [
            "listed",
            "risk_control/safe_use",
            "effect_evaluation",
            "risk_control/safe_use",
            "effect_evaluation",
            "risk_control/safe_use",
            "effect_evaluation",
            "delisted",
        ]
    );
    assert_eq!(
        case.on_day("effect_review", day("2026-11-20")).await,
        [
            "effect_review 2026-05-12 met 2026-05-08",
            "effect_review 2026-08-31 met 2026-08-20",
            "effect_review 2026-10-26 met 2026-10-12"
        ]
    );
    assert_eq!(case.lists("2026-10-11").await, ["contaminated_directory", "control_list"]);
    assert_eq!(case.lists("2026-10-12").await, NONE);
    case.require_whole().await;
}

/// What a land check says of a control zone: its verdict, where it says anything.
async fn in_a_zone(case: &Case) -> Option<String> {
    let asked = json!({"type": "Feature", "geometry": square(105.7035, 38.8, 50.0),
        "properties": {"operation": "construction_permit", "planned_use": {"system": "GB/T 21010-2017", "code": "0601"}}});
    let answer = expect(case.world.post("/v1/land-checks").bearer_auth(&case.planning).json(&asked), 201).await;
    let rules = answer["rules"].as_array().expect("rules");
    rules.iter().find(|rule| rule["rule"] == "G21").map(|rule| text(&rule["verdict"]).to_owned())
}

#[tokio::test]
async fn a_contained_site_has_its_zone_and_its_yearly_plan_until_it_is_developed_after_all() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::contained().into_iter();
    case.go(&mut steps, "preliminary_report_reviewed").await;
    let refused = case
        .refused(
            day("2025-09-10"),
            County,
            routes::containment("2025-09-10", County, 2025, &["soil", "groundwater"]).event,
            422,
        )
        .await;
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/media"), &json!("medium_missing"))
    );
    let site = case.go(&mut steps, "control_plan_filed").await;
    assert_eq!((&site["stage"], &site["mode"]), (&json!("risk_control"), &json!("containment")));
    assert!(restrictions(&site).contains("not_to_be_developed"));
    let running = case.running().await;
    assert_eq!(
        running,
        [
            "annual_control_plan 2026 2025-12-31",
            "county_government_told event-4 2025-09-08",
            "directory_publication event-4 2025-09-28",
            "monitoring_report_as_planned event-5 2026-03-10",
            "report_publication control_plan/event-5 2025-09-24",
            "report_publication preliminary_report/event-3 2025-09-03",
        ]
    );
    let zone = steps.as_slice()[0].clone();
    assert_eq!(in_a_zone(&case).await, None);
    let bureau = case.refused(zone.on, County, zone.event.clone(), 403).await;
    assert_eq!((&bureau["code"], &bureau["rule"]), (&json!("other_role_must_act"), &json!("T13")));
    let mut crossed = zone.event.clone();
    crossed["geometry"] = json!({"type": "Polygon", "coordinates": [[[105.0, 38.0], [105.1, 38.1], [105.1, 38.0], [105.0, 38.1], [105.0, 38.0]]]});
    case.world.clock.move_to(zone.on);
    crossed["occurred_on"] = json!(zone.on);
    crossed["document_id"] = case.paper(Government).await;
    let bow_tie = expect(case.send(case.key(Government), &crossed), 422).await;
    assert_eq!(
        (&bow_tie["errors"][0]["pointer"], &bow_tie["errors"][0]["code"]),
        (&json!("/geometry"), &json!("invalid_geometry"))
    );
    case.go(&mut steps, "control_zone_approved").await;
    assert!(
        case.running().await.contains(&"control_zone_sign event-6 2025-10-10".to_owned()),
        "{:?}",
        case.running().await
    );
    let zones = async |on: &str| {
        let page = expect(case.world.get(&format!("/v1/control-zones?on={on}")), 200).await;
        let zones = page["features"].as_array().expect("zones");
        zones.iter().map(|zone| zone["properties"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(zones("2025-09-18").await.len(), 0);
    let drawn = zones("2025-09-19").await;
    assert_eq!((drawn.len(), &drawn[0]["site_code"], &drawn[0]["undeveloped"]), (1, &json!(case.code), &json!(true)));
    assert_eq!(
        (&drawn[0]["approved_by"], &drawn[0]["document_number"]),
        (&json!("阿拉善左旗人民政府"), &json!("左政发〔2025〕1号"))
    );
    let layer = expect(case.world.get("/ogc/collections/control-zones/items?f=json"), 200).await;
    assert_eq!(layer["features"][0]["properties"]["code"], drawn[0]["code"]);
    assert_eq!(in_a_zone(&case).await.as_deref(), Some("block"));
    assert!(case.publicity(zone.on).await.contains(&"control_zone owed".to_owned()));
    case.go(&mut steps, "disclosed").await;
    assert!(case.publicity(day("2025-09-24")).await.contains(&"control_zone on_display".to_owned()));

    // The plan of the year to come, in time; one of another year is none.
    let later = case
        .refused(day("2025-12-18"), County, routes::containment("2025-12-18", County, 2027, ALL_MEDIA).event, 422)
        .await;
    assert_eq!(
        (&later["errors"][0]["pointer"], &later["errors"][0]["code"]),
        (&json!("/plan_year"), &json!("out_of_range"))
    );
    case.go(&mut steps, "control_plan_filed").await;
    let running = case.running().await;
    for clock in ["annual_control_plan 2027 2026-12-31", "monitoring_report_as_planned event-8 2026-06-19"] {
        assert!(running.contains(&clock.to_owned()), "{clock} in {running:?}");
    }
    case.go(&mut steps, "monitoring_reported").await;
    // Safe use is for the control list, to which it has not come.
    let listed_only = json!({"type": "control_plan_filed", "mode": "safe_use", "groundwater": "阻隔"});
    let refused = case.refused(day("2026-06-12"), LandUser, listed_only, 409).await;
    assert!(text(&refused["detail"]).contains("须先完成风险评估"), "{refused}");

    let site = case.go(&mut steps, "detailed_notice_served").await;
    assert_eq!(site["stage"], "detailed_survey");
    assert_eq!(
        case.on_day("annual_control_plan", day("2026-07-01")).await,
        [
            "annual_control_plan 2026 2025-12-31 met 2025-12-19",
            "annual_control_plan 2027 2026-12-31 cancelled 2026-07-01"
        ]
    );
    assert_eq!(
        case.on_day("monitoring_report_as_planned", day("2026-07-01")).await,
        [
            "monitoring_report_as_planned event-5 2026-03-10 cancelled 2025-12-19",
            "monitoring_report_as_planned event-8 2026-06-19 met 2026-06-10",
            "monitoring_report_as_planned event-9 2026-12-10 cancelled 2026-07-01",
        ]
    );
    // The zone holds until the land is safe.
    assert_eq!(in_a_zone(&case).await.as_deref(), Some("block"));
    case.go(&mut steps, "risk_assessment_reviewed").await;
    assert_eq!(case.lists("2026-09-14").await, ["contaminated_directory", "control_list"]);
    let site = case.go(&mut steps, "effect_reviewed").await;
    assert_eq!(site["stage"], "delisted");
    assert_eq!((zones("2026-11-08").await.len(), zones("2026-11-09").await.len()), (1, 0));
    assert_eq!(in_a_zone(&case).await, None);
    case.go(&mut steps, "aftercare_started").await;
    case.try_everything().await;
    assert_eq!(
        case.stages_told().await[3..],
        [
            "contaminated",
            "risk_control/containment",
            "detailed_survey",
            "risk_assessment",
            "listed",
            "remediation",
            "effect_evaluation",
            "delisted",
            "aftercare",
        ]
    );
    let zone_told = case.see(Prefecture, "/v1/changes?register=control_zone").await;
    let kinds: Vec<&str> = zone_told["changes"].as_array().expect("changes").iter().map(|c| text(&c["kind"])).collect();
    assert_eq!(kinds, ["zone.approved", "zone.lifted"]);
    case.require_whole().await;
}

#[tokio::test]
async fn around_a_contained_site_is_monitored_what_its_own_plan_asks_for() {
    // In Inner Mongolia without air (150400), in Alxa and elsewhere with it.
    let world = World::new().await;
    let mut act = world.act(Permission::DivisionWrite).await;
    for (code, name, level, parent) in
        [("150400", "赤峰市", "prefecture", "150000"), ("150402", "红山区", "county", "150400")]
    {
        let mut above = vec!["000000".to_owned(), "150000".to_owned(), "150400".to_owned(), code.to_owned()];
        above.dedup();
        sqlx::query("insert into division (id, code, name_zh, level, parent_code, ancestors) values (gen_random_uuid(), $1, $2, $3, $4, $5)")
            .bind(code)
            .bind(name)
            .bind(level)
            .bind(parent)
            .bind(above)
            .execute(act.tx())
            .await
            .expect("division");
    }
    act.note("division/test", json!({"rows": 2}));
    act.finish(Reply::nothing()).await.expect("commit");
    let without_air = ["soil", "surface_water", "groundwater"];
    let case = Case::of(world, "150402", FIRST).await;
    for step in routes::contaminated() {
        case.take(&step).await;
    }
    let without_water = routes::containment("2025-09-10", County, 2025, &["soil", "air"]).event;
    assert_eq!(
        case.refused(day("2025-09-10"), County, without_water, 422).await["errors"][0]["code"],
        "medium_missing"
    );
    let site = case.take(&routes::containment("2025-09-10", County, 2025, &without_air)).await;
    assert_eq!(site["mode"], "containment");

    for division in ["152921", "140602"] {
        let case = Case::in_division(division, FIRST).await;
        for step in routes::contaminated() {
            case.take(&step).await;
        }
        let refused = case
            .refused(
                day("2025-09-10"),
                County,
                routes::containment("2025-09-10", County, 2025, &without_air).event,
                422,
            )
            .await;
        assert_eq!(refused["errors"][0]["code"], "medium_missing", "{division}");
        assert!(refused["errors"][0].to_string().contains("空气"), "{refused}");
        let site = case.take(&routes::containment("2025-09-10", County, 2025, ALL_MEDIA)).await;
        assert_eq!(site["mode"], "containment");
    }
}

#[tokio::test]
async fn a_report_that_went_back_is_handed_in_again() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::returned().into_iter();
    case.go(&mut steps, "preliminary_report_submitted").await;
    // Why it goes back must be said.
    let bare = case
        .refused(
            day("2025-09-01"),
            Prefecture,
            json!({"type": "preliminary_report_reviewed", "conclusion": "returned"}),
            422,
        )
        .await;
    assert_eq!(bare["errors"][0]["pointer"], "/reason");
    let site = case.go(&mut steps, "preliminary_report_reviewed").await;
    assert_eq!((&site["stage"], &site["returned"]), (&json!("preliminary_survey"), &json!("布点不足")));
    assert!(
        case.running().await.contains(&"preliminary_survey_six_months 2025-09-10".to_owned()),
        "the first day stands again"
    );
    let site = case.go(&mut steps, "preliminary_report_submitted").await;
    assert_eq!((&site["stage"], &site["returned"]), (&json!("preliminary_review"), &Value::Null));
    case.go(&mut steps, "preliminary_report_reviewed").await;
    assert_eq!(
        case.on_day("preliminary_survey_six_months", day("2025-09-15")).await,
        ["preliminary_survey_six_months 2025-09-10 met 2025-09-08"]
    );
    assert_eq!(
        case.on_day("survey_report_review", day("2025-09-15")).await,
        ["survey_report_review 2025-09-17 met 2025-09-01", "survey_report_review 2025-10-11 met 2025-09-15"]
    );
    // The detailed report comes after its day.
    case.go(&mut steps, "detailed_report_submitted").await;
    assert_eq!(
        case.on_day("detailed_survey_as_notified", day("2026-01-31")).await,
        ["detailed_survey_as_notified 2026-01-30 overdue"]
    );
    assert_eq!(
        case.on_day("detailed_survey_as_notified", day("2026-02-02")).await,
        ["detailed_survey_as_notified 2026-01-30 met_late 2026-02-02"]
    );
    let site = case.go(&mut steps, "risk_assessment_reviewed").await;
    assert_eq!((&site["stage"], &site["returned"]), (&json!("risk_assessment"), &json!("暴露参数有误")));
    let none = json!({"type": "risk_assessment_reviewed", "conclusion": "acceptable"});
    let nothing = case.refused(day("2026-02-11"), Province, none, 409).await;
    assert!(text(&nothing["detail"]).contains("尚未提交报告"), "{nothing}");
    case.go(&mut steps, "risk_assessment_submitted").await;
    let site = case.go(&mut steps, "risk_assessment_reviewed").await;
    assert_eq!(site["stage"], "listed");
    let site = case.go(&mut steps, "effect_reviewed").await;
    assert_eq!(
        (&site["stage"], &site["returned"], &site["flags"]),
        (&json!("remediation"), &json!("苯仍超过目标值"), &json!([]))
    );
    // The works are done still: another report is enough.
    let site = case.go(&mut steps, "effect_report_submitted").await;
    assert_eq!(site["stage"], "effect_evaluation");
    let site = case.go(&mut steps, "effect_reviewed").await;
    assert_eq!(site["stage"], "delisted");
    assert_eq!(
        case.stages_told().await,
        [
            "suspected",
            "preliminary_survey",
            "preliminary_review",
            "preliminary_survey",
            "preliminary_review",
            "contaminated",
            "detailed_survey",
            "risk_assessment",
            "listed",
            "remediation",
            "effect_evaluation",
            "remediation",
            "effect_evaluation",
            "delisted",
        ]
    );
    assert_eq!(
        case.on_day("risk_assessment_review", day("2026-11-20")).await,
        ["risk_assessment_review 2026-03-09 met 2026-02-10", "risk_assessment_review 2026-03-30 met 2026-03-09"]
    );
    assert_eq!(
        case.on_day("effect_review", day("2026-11-20")).await,
        ["effect_review 2026-06-23 met 2026-06-08", "effect_review 2026-07-14 met 2026-07-06"]
    );
    case.require_whole().await;
}

/// Pins: event.deadline_extended, event.deadline_suspended, event.deadline_resumed, event.deadline_cancelled, clock
#[tokio::test]
async fn spread_emergency_clocks_moved_parties_and_works_stopped_go_beside_the_stages() {
    let case = Case::new(FIRST).await;
    let mut steps = routes::beside().into_iter();
    let site = case.go(&mut steps, "spread_reported").await;
    assert_eq!((&site["stage"], &site["flags"]), (&json!("preliminary_survey"), &json!(["spread"])));
    assert!(restrictions(&site).contains("spread_to_be_stopped"));
    let site = case.go(&mut steps, "emergency_reported").await;
    assert_eq!(site["flags"], json!(["spread", "emergency"]));
    assert!(restrictions(&site).contains("emergency_under_way"));
    case.go(&mut steps, "emergency_reported").await;
    let site = case.go(&mut steps, "spread_reported").await;
    assert_eq!(site["flags"], json!([]));

    // Ten days that do not count, then a day decided.
    let site = case.go(&mut steps, "deadline_suspended").await;
    let status = |site: &Value| {
        let clocks = site["deadlines"].as_array().expect("clocks").clone();
        clocks.into_iter().find(|c| c["rule"] == "preliminary_survey_six_months").expect("the clock")["status"].clone()
    };
    assert_eq!(status(&site), "suspended");
    case.go(&mut steps, "deadline_resumed").await;
    assert_eq!(case.running().await, ["preliminary_survey_six_months 2025-09-22"]);
    case.go(&mut steps, "deadline_extended").await;
    assert_eq!(case.running().await, ["preliminary_survey_six_months 2025-10-31"]);

    // The successor sees and acts from now on; the land user of the record does still.
    let mut act = case.world.act(Permission::KeyManage).await;
    let new = jingtu::platform::identity::NewKey {
        name: "承继公司".to_owned(),
        role: Role::LandUser,
        division: jingtu::kernel::DivisionCode::parse(super::HERE).expect("code"),
        credit_code: Some(SUCCESSOR.to_owned()),
        expires_on: None,
        demo: false,
    };
    let successor = jingtu::platform::identity::keys::create(&mut act, new).await.expect("key");
    act.finish(Reply::nothing()).await.expect("commit");
    let seen_by = async |key: &str| {
        case.world.get(&case.path).bearer_auth(key).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((seen_by(&successor).await, seen_by(case.key(LandUser)).await), (404, 200));
    let site = case.go(&mut steps, "liable_party_changed").await;
    assert_eq!(site["liable_party"], party("承继公司", SUCCESSOR));
    assert_eq!((seen_by(&successor).await, seen_by(case.key(LandUser)).await), (200, 200));
    let own = expect(case.world.get("/v1/deadlines").bearer_auth(&successor), 200).await;
    assert_eq!(own["deadlines"].as_array().map(Vec::len), Some(2), "its clocks are its own now");
    for key in [successor.as_str(), case.key(LandUser)] {
        let told = json!({"type": "disclosed", "occurred_on": "2025-06-10", "channel": "网站", "from": "2025-06-10"});
        expect(case.send(key, &told), 201).await;
    }
    for page in ["/v1/lists/suspected_list", "/v1/sites", "/ogc/collections/suspected-sites/items?f=json"] {
        for key in [successor.as_str(), case.key(LandUser)] {
            let seen = expect(case.world.get(page).bearer_auth(key), 200).await;
            assert_eq!(seen["numberReturned"], 1, "{page}");
        }
    }

    // Nobody is left: the government's, which the county's bureau does not decide.
    let left = json!({"type": "liable_party_changed", "ground": "government", "party": {"name": "阿拉善左旗人民政府"}});
    let refused = case.refused(day("2025-09-30"), County, left, 422).await;
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/ground"), &json!("nobody_left_only"))
    );
    let site = case.go(&mut steps, "liable_party_changed").await;
    let chain: Vec<_> = site["liable_parties"]
        .as_array()
        .expect("parties")
        .iter()
        .map(|liable| (text(&liable["ground"]).to_owned(), text(&liable["since"]).to_owned(), liable["seq"].clone()))
        .collect();
    assert_eq!(
        chain,
        [
            ("successor".to_owned(), "2025-06-10".to_owned(), json!(10)),
            ("government".to_owned(), "2025-09-30".to_owned(), json!(13))
        ]
    );
    assert_eq!(site["land_user"]["credit_code"], CREDIT_CODE);
    assert_eq!((seen_by(&successor).await, seen_by(case.key(LandUser)).await), (404, 200));

    // Overdue until somebody calls it off; and no order to stop before there was a law for it.
    let order = json!({"type": "stop_work_ordered", "status": "ongoing", "reason": "未完成调查即开工"});
    let early = case.refused(day("2026-08-14"), County, order.clone(), 409).await;
    assert_eq!(early["code"], "not_in_force");
    // The day of the event is what counts, not that of the entry.
    case.world.clock.move_to(day("2026-08-17"));
    let mut backdated = order;
    backdated["occurred_on"] = json!("2026-08-14");
    backdated["document_id"] = case.paper(County).await;
    assert_eq!(expect(case.send(case.key(County), &backdated), 409).await["code"], "not_in_force");
    assert_eq!(
        case.on_day("preliminary_survey_six_months", day("2026-08-17")).await,
        ["preliminary_survey_six_months 2025-10-31 overdue"]
    );
    assert!(restrictions(&case.site().await).contains("no_construction_before_survey"));
    let site = case.go(&mut steps, "stop_work_ordered").await;
    assert_eq!(site["flags"], json!(["works_stopped"]));
    assert!(restrictions(&site).contains("works_stopped_by_order"));
    let site = case.go(&mut steps, "stop_work_ordered").await;
    assert_eq!(site["flags"], json!([]));
    case.go(&mut steps, "deadline_cancelled").await;
    case.try_everything().await;
    assert_eq!(case.running().await, NONE);
    assert_eq!(
        case.ended().await,
        ["preliminary_survey_six_months 2025-10-31 cancelled 2026-09-01", "survey_notice 2025-03-17 met 2025-03-10"]
    );
    assert_eq!(
        case.kinds_but(&["publicity."]).await,
        [
            "site.registered",
            "list.entered",
            "deadline.opened",
            "site.stage_changed",
            "deadline.closed",
            "deadline.opened",
            "site.stage_changed",
            "site.flag_raised",
            "site.flag_raised",
            "site.flag_lowered",
            "site.flag_lowered",
            "deadline.suspended",
            "deadline.resumed",
            "deadline.extended",
            "site.liable_party_changed",
            "site.liable_party_changed",
            "site.flag_raised",
            "site.flag_lowered",
            "deadline.cancelled",
        ]
    );
    case.require_whole().await;
}

#[tokio::test]
async fn what_the_successor_is_told_of_its_lists_is_what_it_is_told_of_its_stages() {
    let case = Case::new(FIRST).await;
    for step in routes::surveyed_only() {
        case.take(&step).await;
    }
    // The successor is the one whose keys this world makes; the land user of the record was another.
    let world = &case.world;
    let patch =
        json!({"properties": {"land_user": {"name": "（演示）旧厂", "credit_code": SUCCESSOR}}, "reason": "更正"});
    expect(world.patch(&case.path).bearer_auth(case.key(County)).header("if-match", "\"3\"").json(&patch), 200).await;
    let change =
        json!({"type": "liable_party_changed", "ground": "successor", "party": party("北方化工", CREDIT_CODE)});
    case.take(&Planned { on: day("2025-06-10"), who: County, event: change }).await;
    case.take(&step("2025-08-20", LandUser, json!({"type": "preliminary_report_submitted"}))).await;
    case.take(&step(
        "2025-09-01",
        Prefecture,
        json!({"type": "preliminary_report_reviewed", "conclusion": "not_contaminated"}),
    ))
    .await;
    let page = case.see(LandUser, "/v1/changes?kind=site.stage_changed,list.left").await;
    let kinds: Vec<&str> = page["changes"].as_array().expect("changes").iter().map(|c| text(&c["kind"])).collect();
    assert_eq!(
        kinds,
        ["site.stage_changed", "site.stage_changed", "site.stage_changed", "list.left", "site.stage_changed"],
        "two while it was the land user of the record, three since it is the successor"
    );
}
