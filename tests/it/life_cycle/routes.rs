//! The routes, as days, actors and facts.

use super::{Agency, County, Government, LandUser, Planned, Prefecture, Province, Who};
use crate::support::square;
use jingtu::kernel::Day;
use serde_json::{Value, json};

/// The day on which every lead is registered, a Monday.
pub const FIRST: Day = Day::of(2025, 3, 3);

/// Whoever carries out the works.
pub const CONTRACTOR: &str = "91150000MA0N00001X";
const EVALUATOR: &str = "91150000MA0N00002X";

pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub fn step(on: &str, who: Who, event: Value) -> Planned {
    Planned { on: day(on), who, event }
}

pub fn party(name: &str, credit_code: &str) -> Value {
    json!({"name": format!("（演示）{name}"), "credit_code": credit_code})
}

pub fn disclosed(on: &str, who: Who, subject: Option<&str>, to: Option<&str>) -> Planned {
    let mut event = json!({"type": "disclosed", "channel": "门户网站", "from": on, "url": "https://www.example.com/1"});
    if let Some(subject) = subject {
        event["subject"] = json!(subject);
    }
    if let Some(to) = to {
        event["to"] = json!(to);
    }
    step(on, who, event)
}

fn surveyed() -> Vec<Planned> {
    vec![
        step("2025-03-03", County, json!({"type": "suspected_listed", "reason": "关闭搬迁企业用地"})),
        step(
            "2025-03-10",
            County,
            json!({"type": "survey_notice_served", "received_on": "2025-03-10", "served_how": "直接送达"}),
        ),
        step("2025-08-20", LandUser, json!({"type": "preliminary_report_submitted"})),
    ]
}

/// Until the survey is notified.
pub fn surveyed_only() -> Vec<Planned> {
    let mut steps = surveyed();
    steps.truncate(2);
    steps
}

/// Clean: the case is closed.
pub fn clean() -> Vec<Planned> {
    let mut steps = surveyed();
    steps.push(step(
        "2025-09-01",
        Prefecture,
        json!({"type": "preliminary_report_reviewed", "conclusion": "not_contaminated", "assessed_class": "class_2"}),
    ));
    steps.push(disclosed("2025-09-02", LandUser, None, None));
    steps
}

/// Into the directory.
pub fn contaminated() -> Vec<Planned> {
    let mut steps = surveyed();
    steps.push(step(
        "2025-09-01",
        Prefecture,
        json!({"type": "preliminary_report_reviewed", "conclusion": "contaminated", "risk_grade": "high"}),
    ));
    steps
}

fn detailed(served_on: &str, due_on: &str, report: &str, assessment: &str) -> Vec<Planned> {
    vec![
        step(
            served_on,
            Prefecture,
            json!({"type": "detailed_notice_served", "received_on": served_on, "due_on": due_on, "served_how": "邮寄送达"}),
        ),
        step(report, Agency, json!({"type": "detailed_report_submitted"})),
        step(assessment, LandUser, json!({"type": "risk_assessment_submitted"})),
    ]
}

/// The risk is acceptable.
pub fn acceptable() -> Vec<Planned> {
    let mut steps = contaminated();
    steps.push(disclosed("2025-09-03", Prefecture, None, None));
    steps.push(disclosed("2025-09-08", Prefecture, Some("county_government_told"), None));
    steps.extend(detailed("2025-09-10", "2026-01-30", "2026-01-15", "2026-01-16"));
    steps.push(step(
        "2026-01-30",
        Province,
        json!({"type": "risk_assessment_reviewed", "conclusion": "acceptable", "assessed_class": "class_2"}),
    ));
    steps.push(disclosed("2026-02-02", Agency, None, None));
    steps
}

fn listed() -> Vec<Planned> {
    let mut steps = contaminated();
    steps.extend(detailed("2025-09-10", "2026-01-30", "2026-01-15", "2026-01-16"));
    steps.push(step(
        "2026-01-30",
        Province,
        json!({"type": "risk_assessment_reviewed", "conclusion": "action_required", "risk_grade": "medium"}),
    ));
    steps
}

pub fn transport(on: &str, transport_on: &str, origin: &str, destination: &str) -> Planned {
    step(
        on,
        LandUser,
        json!({"type": "soil_transport_reported", "transport_on": transport_on, "transport_mode": "汽车",
        "route": "工业路至某填埋场", "quantity_t": 1200.5, "destination": "某填埋场", "final_disposal": "水泥窑协同处置",
        "destination_division": "140602", "origin_told_on": origin, "destination_told_on": destination}),
    )
}

pub fn started(on: &str) -> Planned {
    step(on, LandUser, json!({"type": "works_started", "contractor": party("某工程公司", CONTRACTOR)}))
}

pub fn completed(on: &str) -> Planned {
    step(on, LandUser, json!({"type": "works_completed"}))
}

pub fn effect_report(on: &str) -> Planned {
    step(on, LandUser, json!({"type": "effect_report_submitted", "evaluator": party("某评估公司", EVALUATOR)}))
}

pub fn effect(on: &str, conclusion: &str) -> Planned {
    let mut event = json!({"type": "effect_reviewed", "conclusion": conclusion});
    if conclusion == "met" {
        event["assessed_class"] = json!("class_2");
        event["controls"] = json!("不得开采地下水");
    } else {
        event["reason"] = json!("苯仍超过目标值");
    }
    step(on, Province, event)
}

pub fn monitored(on: &str, who: Who) -> Planned {
    step(on, who, json!({"type": "monitoring_reported", "media": ["soil", "groundwater"], "exceeded": false}))
}

/// Remediated, taken off the list, and looked after.
pub fn remediated() -> Vec<Planned> {
    let mut steps = listed();
    steps.extend([
        disclosed("2026-02-03", Province, None, None),
        step("2026-02-10", LandUser, json!({"type": "remediation_plan_filed", "groundwater": "抽出处理", "assessed_class": "class_2", "report_every_months": 3})),
        started("2026-03-02"),
        disclosed("2026-03-02", LandUser, Some("works_notice_board"), None),
        transport("2026-04-02", "2026-04-10", "2026-04-01", "2026-04-02"),
        transport("2026-04-27", "2026-05-06", "2026-04-24", "2026-04-27"),
        monitored("2026-05-08", LandUser),
        completed("2026-06-15"),
        effect_report("2026-06-22"),
        disclosed("2026-06-23", LandUser, Some("effect_report"), Some("2026-07-31")),
        effect("2026-07-10", "met"),
        step("2026-07-20", LandUser, json!({"type": "aftercare_started", "report_every_months": 3})),
        disclosed("2026-08-03", LandUser, Some("effect_report"), Some("2026-10-03")),
        monitored("2026-10-15", LandUser),
        step("2026-11-20", County, json!({"type": "aftercare_ended", "reason": "监测期满"})),
    ]);
    steps
}

/// Used safely, after the targets were missed on both sides of the Code's first day.
pub fn used_safely() -> Vec<Planned> {
    let mut steps = listed();
    steps.extend([
        step(
            "2026-02-10",
            LandUser,
            json!({"type": "control_plan_filed", "mode": "safe_use", "groundwater": "阻隔", "report_every_months": 6}),
        ),
        started("2026-03-02"),
        completed("2026-04-01"),
        effect_report("2026-04-10"),
        effect("2026-05-08", "not_met"),
        started("2026-05-20"),
        completed("2026-07-31"),
        effect_report("2026-08-03"),
        effect("2026-08-20", "not_met"),
        step(
            "2026-08-21",
            Prefecture,
            json!({"type": "stop_work_ordered", "status": "ongoing", "reason": "擅自开工建设"}),
        ),
        started("2026-08-24"),
        completed("2026-09-18"),
        effect_report("2026-09-21"),
        effect("2026-10-12", "met"),
    ]);
    steps
}

pub fn containment(on: &str, who: Who, year: i32, media: &[&str]) -> Planned {
    step(
        on,
        who,
        json!({"type": "control_plan_filed", "mode": "containment", "plan_year": year, "media": media, "report_every_months": 6}),
    )
}

pub const ALL_MEDIA: &[&str] = &["soil", "surface_water", "groundwater", "air"];

/// Contained around a zone, then developed after all.
pub fn contained() -> Vec<Planned> {
    let mut steps = contaminated();
    steps.extend([
        containment("2025-09-10", County, 2025, ALL_MEDIA),
        step(
            "2025-09-19",
            Government,
            json!({"type": "control_zone_approved", "geometry": square(105.699, 38.799, 500.0),
            "approved_by": "阿拉善左旗人民政府", "document_number": "左政发〔2025〕1号"}),
        ),
        disclosed("2025-09-24", County, Some("control_zone"), None),
        containment("2025-12-19", County, 2026, ALL_MEDIA),
        monitored("2026-06-10", Government),
    ]);
    steps.extend(detailed("2026-07-01", "2026-12-31", "2026-08-31", "2026-09-01"));
    steps.extend([
        step("2026-09-14", Province, json!({"type": "risk_assessment_reviewed", "conclusion": "action_required"})),
        step("2026-09-16", LandUser, json!({"type": "remediation_plan_filed", "groundwater": "抽出处理"})),
        started("2026-09-17"),
        completed("2026-10-15"),
        effect_report("2026-10-16"),
        effect("2026-11-09", "met"),
        step("2026-11-20", LandUser, json!({"type": "aftercare_started"})),
    ]);
    steps
}

/// Each of the three reports goes back once.
pub fn returned() -> Vec<Planned> {
    let mut steps = surveyed();
    steps.extend([
        step(
            "2025-09-01",
            Prefecture,
            json!({"type": "preliminary_report_reviewed", "conclusion": "returned", "reason": "布点不足"}),
        ),
        step("2025-09-08", LandUser, json!({"type": "preliminary_report_submitted"})),
        step(
            "2025-09-15",
            Prefecture,
            json!({"type": "preliminary_report_reviewed", "conclusion": "contaminated", "risk_grade": "low"}),
        ),
    ]);
    steps.extend(detailed("2025-09-16", "2026-01-30", "2026-02-02", "2026-02-03"));
    steps.extend([
        step(
            "2026-02-10",
            Province,
            json!({"type": "risk_assessment_reviewed", "conclusion": "returned", "reason": "暴露参数有误"}),
        ),
        step("2026-03-02", Agency, json!({"type": "risk_assessment_submitted"})),
        step("2026-03-09", Province, json!({"type": "risk_assessment_reviewed", "conclusion": "action_required"})),
        step("2026-03-16", LandUser, json!({"type": "remediation_plan_filed", "groundwater": "不涉及"})),
        started("2026-03-20"),
        completed("2026-05-20"),
        effect_report("2026-05-25"),
        effect("2026-06-08", "returned"),
        effect_report("2026-06-15"),
        effect("2026-07-06", "met"),
    ]);
    steps
}

/// What happens beside the stages: spread, emergency, clocks moved by decision, parties that come and go, works stopped.
pub fn beside() -> Vec<Planned> {
    let mut steps = surveyed_only();
    steps.extend([
        step("2025-04-01", LandUser, json!({"type": "spread_reported", "status": "ongoing", "media": ["groundwater"], "measures": "建设截渗墙"})),
        step("2025-04-02", County, json!({"type": "emergency_reported", "status": "ongoing", "measures": "切断污染源"})),
        step("2025-04-10", County, json!({"type": "emergency_reported", "status": "ended", "measures": "处置完毕"})),
        step("2025-04-30", Agency, json!({"type": "spread_reported", "status": "ended", "media": ["groundwater"], "measures": "截渗墙建成"})),
        step("2025-05-12", Prefecture, json!({"type": "deadline_suspended", "deadline_rule": "preliminary_survey_six_months", "reason": "配合案件调查"})),
        step("2025-05-22", Prefecture, json!({"type": "deadline_resumed", "deadline_rule": "preliminary_survey_six_months"})),
        step("2025-06-03", County, json!({"type": "deadline_extended", "deadline_rule": "preliminary_survey_six_months", "until": "2025-10-31", "reason": "汛期无法采样"})),
        step("2025-06-10", County, json!({"type": "liable_party_changed", "ground": "successor", "party": party("承继公司", SUCCESSOR), "reason": "合并"})),
        step("2025-09-30", Government, json!({"type": "liable_party_changed", "ground": "government", "party": {"name": "阿拉善左旗人民政府"}, "reason": "注销"})),
        step("2026-08-17", County, json!({"type": "stop_work_ordered", "status": "ongoing", "reason": "未完成调查即开工"})),
        step("2026-08-31", County, json!({"type": "stop_work_ordered", "status": "ended", "reason": "已停工"})),
        step("2026-09-01", Prefecture, json!({"type": "deadline_cancelled", "deadline_rule": "preliminary_survey_six_months", "reason": "责任主体灭失，由政府另行组织调查"})),
    ]);
    steps
}

/// The successor's credit code.
pub const SUCCESSOR: &str = "91150000MA0N00003X";

/// Every route with its name.
pub fn all() -> Vec<(&'static str, Vec<Planned>)> {
    vec![
        ("clean", clean()),
        ("acceptable", acceptable()),
        ("remediated", remediated()),
        ("used safely", used_safely()),
        ("contained", contained()),
        ("returned", returned()),
        ("beside", beside()),
    ]
}
