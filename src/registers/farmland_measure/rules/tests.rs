//! Tests of the rules, with the life cycle as committed text.

use super::*;
use crate::kernel::Day;
use crate::standards::law;
use proptest::prelude::*;
use std::fmt::Write;

fn life_cycle() -> String {
    let mut text = String::from(
        "Kind × stage × event: every step that the registry takes, found by trying each. JINGTU_BLESS=1 writes this file anew.\n",
    );
    for kind in MeasureKind::ALL {
        let row = kind.row();
        writeln!(text, "\n{}  {} / {}", kind.as_str(), row.title.zh, row.title.en).unwrap();
        for stage in Stage::ALL {
            let mut refused = Vec::new();
            writeln!(text, "  {}", stage.as_str()).unwrap();
            for event in MeasureEvent::ALL {
                match step(kind, stage, event) {
                    Ok(step) => {
                        let roles: Vec<_> = step.roles.iter().map(|role| role.as_str()).collect();
                        writeln!(
                            text,
                            "    {} → {}  by {}{}",
                            event.as_str(),
                            step.to.unwrap_or(stage).as_str(),
                            roles.join(", "),
                            if step.needs.is_empty() { String::new() } else { format!("  with {:?}", step.needs) }
                        )
                        .unwrap();
                    }
                    Err(_) => refused.push(event.as_str()),
                }
            }
            writeln!(text, "    refused: {}", refused.join(", ")).unwrap();
        }
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that can write its expected text anew; no part of the server")]
fn the_table_kind_by_stage_by_event_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/registers/farmland_measure/rules/life_cycle.txt");
    let now = life_cycle();
    if std::env::var("JINGTU_BLESS").as_deref() == Ok("1") {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == now, "the life cycle differs from {path}; it now reads:\n{now}");
}

/// Pins: LAW_53_CODE_448, LAW_54_CODE_449, LAW_55_CODE_450, LAW_57_CODE_452, LAW_50_CODE_445, FARM_PRODUCT_LAW_21
/// Pins: ORDER_46_20, LAW_82_CODE_406, PLAN_STATE_SAFE_USE, PLAN_STATE_STRICT_CONTROL, PLAN_INNER_MONGOLIA_SAFE_USE
/// Pins: PLAN_INNER_MONGOLIA_RESTRUCTURING, PLAN_ALXA_STRICT_CONTROL, PLAN_YUANCHENG_8, PLAN_YUANCHENG_11
#[test]
fn each_kind_stands_on_its_articles_and_is_meant_for_its_class() {
    let today = Day::of(2026, 11, 21);
    for (kind, class, articles) in [
        (MeasureKind::SafeUsePlan, &["safe_use"][..], &["448", "安全利用方案", "约20"][..]),
        (MeasureKind::CropBanZone, &["strict_control"], &["449", "21", "严格管控类耕地"]),
        (MeasureKind::RestructuringPlan, &["strict_control"], &["449", "严格管控类耕地"]),
        (MeasureKind::Remediation, &["safe_use", "strict_control"], &["452"]),
        (MeasureKind::GroundwaterPlan, &["safe_use", "strict_control"], &["450", "严格管控类耕地"]),
        (MeasureKind::PriorityProtection, &["priority_protection"], &["445"]),
    ] {
        let row = kind.row();
        assert_eq!((row.kind, row.classes), (kind, class));
        assert_eq!(MeasureKind::parse(kind.as_str()), Some(kind));
        let cited: Vec<_> = row.provisions_in("140602").iter().filter_map(|p| p.cite(today)).collect();
        assert_eq!(cited.len(), articles.len());
        for (citation, article) in cited.iter().zip(articles) {
            assert!(citation.article.contains(article), "{}: {}", kind.as_str(), citation.article);
        }
    }
    let regional =
        |kind: MeasureKind, division: &str| kind.row().provisions_in(division).len() - kind.row().provisions.len();
    assert_eq!(["152921", "150402", "441602"].map(|d| regional(MeasureKind::RestructuringPlan, d)), [2, 1, 0]);
    assert_eq!(["152921", "150402", "441602"].map(|d| regional(MeasureKind::CropBanZone, d)), [1, 0, 1]);
    assert_eq!(["152921", "150402", "441602"].map(|d| regional(MeasureKind::PriorityProtection, d)), [0, 0, 1]);
    assert_eq!(["152921", "150402", "441602"].map(|d| regional(MeasureKind::SafeUsePlan, d)), [1, 1, 0]);
    // Before the Code the Law is cited, and the Code as its successor.
    let before = law::LAW_54_CODE_449.cite(Day::of(2026, 8, 14)).unwrap();
    assert_eq!((before.article.as_str(), before.successor.unwrap().article.as_str()), ("54", "449"));
    assert_eq!(law::LAW_82_CODE_406.cite(today).unwrap().article, "406");
}

#[test]
fn a_government_decides_on_ban_zones_and_nothing_holds_before_its_decision() {
    let (from, to) = (Day::of(2026, 1, 1), Some(Day::of(2027, 12, 31)));
    let approved = Entry {
        event: MeasureEvent::Approved,
        on: Day::of(2026, 3, 10),
        body: Some("某旗人民政府".to_owned()),
        number: Some("某政发〔2026〕1号".to_owned()),
    };
    let zone = MeasureKind::CropBanZone;
    let standing = Standing::of(zone, std::slice::from_ref(&approved));
    let on = |day: Day| standing.status(zone, from, to, day);
    assert_eq!(on(Day::of(2026, 3, 9)), MeasureStatus::Draft);
    assert_eq!(on(Day::of(2026, 3, 10)), MeasureStatus::InForce);
    assert_eq!(on(Day::of(2027, 12, 31)), MeasureStatus::InForce);
    assert_eq!(on(Day::of(2028, 1, 1)), MeasureStatus::Ended);
    assert!(is_governments(step(zone, Stage::Draft, MeasureEvent::Approved).unwrap()));
    assert!(is_governments(step(zone, Stage::Effective, MeasureEvent::Ended).unwrap()));
    assert_eq!(
        step(zone, Stage::Draft, MeasureEvent::Filed).unwrap_err(),
        [MeasureEvent::Approved, MeasureEvent::Withdrawn, MeasureEvent::EnteredInError]
    );
    // A plan counts from its filing; an approval before it is not yet enough.
    let plan = Standing::of(MeasureKind::SafeUsePlan, std::slice::from_ref(&approved));
    assert_eq!(plan.stage(), Stage::Approved);
    assert_eq!(plan.status(MeasureKind::SafeUsePlan, from, to, Day::of(2026, 5, 1)), MeasureStatus::Approved);
}

fn days() -> impl Strategy<Value = Option<Day>> {
    proptest::option::of((0..60_i64).prop_map(|n| Day::of(2026, 1, 1).add_days(n)))
}

proptest! {
    /// A measure that held in a year was in force on a day of it, and the other way round.
    #[test]
    fn what_held_in_a_year_was_in_force_on_a_day_of_it(
        effective in days(), ended in days(), to in days(), from in 0..60_i64
    ) {
        let from = Day::of(2025, 12, 15).add_days(from);
        let standing = Standing { effective_on: effective, filed_on: effective, ended_on: ended, ..Standing::default() };
        for year in [2025, 2026] {
            let days = (0..365).map(|n| Day::of(year, 1, 1).add_days(n));
            let any = days.into_iter().any(|day| {
                standing.status(MeasureKind::SafeUsePlan, from, to, day) == MeasureStatus::InForce
            });
            prop_assert_eq!(standing.held_in(from, to, year), any);
        }
    }

    /// Whatever is entered step by step, the stage after the fold is the stage of the table.
    #[test]
    fn the_stage_of_the_events_is_the_stage_of_the_table(kind in 0..6_usize, events in prop::collection::vec(0..6_usize, 0..8)) {
        let kind = MeasureKind::ALL[kind];
        let mut entries = Vec::new();
        let mut stage = Stage::Draft;
        for event in events {
            let event = MeasureEvent::ALL[event];
            if let Ok(step) = step(kind, stage, event) {
                stage = step.to.unwrap_or(stage);
                entries.push(Entry { event, on: Day::of(2026, 1, 1), body: None, number: None });
                prop_assert_eq!(Standing::of(kind, &entries).stage(), stage);
            }
        }
    }
}
