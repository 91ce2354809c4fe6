//! What the land of a site may be used for now (rulebook 2.2, last column). A land check looks at operation and planned use
//! as well; this is what the site's own page says.

use super::effect::Flag;
use super::event::AssessedClass;
use super::stage::{ControlMode, List, Stage};
use super::step::SiteState;
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, Provision, Text};
use crate::standards::law;

/// How far a restriction goes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Allowed, within what the text says.
    Allow,
    /// Look before you deal with the land.
    Warn,
    /// Not before a survey or a reply.
    Hold,
    /// Not at all.
    Block,
}

/// One restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Stable, snake_case.
    pub id: &'static str,
    /// How far it goes.
    pub gate: Gate,
    /// What it says.
    pub text: Text,
    /// What it stands on, of the day asked.
    pub citations: Vec<Citation>,
}

/// The restrictions that a site in this state lies under on `on`, gravest first.
pub fn restrictions(state: &SiteState, on: Day) -> Vec<Restriction> {
    let known = state.standing();
    let mut found = at_stage(state.stage(), known.assessed_class(), on);
    let contained = state.stage() == Stage::RiskControl(ControlMode::Containment);
    if contained && known.is_on(List::ControlList) == Some(true) {
        found.extend([no_housing(on), no_construction(on)]);
    }
    for flag in known.flags() {
        found.push(match flag {
            Flag::Spread => rule(
                "spread_to_be_stopped",
                Gate::Block,
                Text::fixed(
                    "发现污染扩散：须及时隔离、阻断，扩散消除前不得办理用地手续。",
                    "Pollution spreads: it is to be cut off at once, and the land is not dealt with until it is.",
                ),
                &[&law::ORDER_42_21],
                on,
            ),
            Flag::Emergency => rule(
                "emergency_under_way",
                Gate::Block,
                Text::fixed(
                    "突发环境事件处置中：处置结束前不得办理用地手续。",
                    "An emergency is under way: the land is not dealt with until it is over.",
                ),
                &[&law::LAW_44_CODE_443],
                on,
            ),
            Flag::TargetsMissed => rule(
                "works_must_stop",
                Gate::Block,
                if on >= law::CODE_IN_FORCE {
                    Text::fixed(
                        "效果评估未达到目标：不得开工建设与管控、修复无关的项目；已经开工的，应当立即停止建设。",
                        "The targets were not met: no unrelated construction is begun, and what was begun stops at once.",
                    )
                } else {
                    Text::fixed(
                        "效果评估未达到目标：不得开工建设与管控、修复无关的项目。",
                        "The targets were not met: no unrelated construction is begun.",
                    )
                },
                &[&law::LAW_66_3_CODE_461_3],
                on,
            ),
            Flag::WorksStopped => rule(
                "works_stopped_by_order",
                Gate::Block,
                Text::fixed("已责令停止建设。", "Construction was ordered to stop."),
                &[&law::CODE_461_3],
                on,
            ),
        });
    }
    if let Some(controls) = known.controls().filter(|_| matches!(state.stage(), Stage::Delisted | Stage::Aftercare)) {
        found.push(rule(
            "institutional_controls",
            Gate::Allow,
            Text::new(format!("制度控制要求：{controls}"), format!("Institutional controls: {controls}")),
            &[&law::LAW_42_CODE_437],
            on,
        ));
    }
    found.sort_by_key(|restriction| std::cmp::Reverse(restriction.gate));
    found
}

fn rule(id: &'static str, gate: Gate, text: Text, provisions: &[&Provision], on: Day) -> Restriction {
    Restriction { id, gate, text, citations: cite_all(provisions, on) }
}

fn no_construction(on: Day) -> Restriction {
    rule(
        "no_unrelated_construction",
        Gate::Block,
        Text::fixed(
            "未达到风险管控、修复目标，不得开工建设与风险管控、修复无关的项目。",
            "Until the targets of control or remediation are met, no construction unrelated to them.",
        ),
        &[&law::LAW_66_3_CODE_461_3],
        on,
    )
}

fn no_housing(on: Day) -> Restriction {
    rule(
        "no_housing_or_public_use",
        Gate::Block,
        Text::fixed(
            "列入风险管控和修复名录，不得作为住宅（居住）、公共管理与公共服务用地。",
            "On the control list: not to be land for housing, public administration or public services.",
        ),
        &[&law::LAW_61_2_CODE_456_2],
        on,
    )
}

/// How far dealing with the land of a stage is barred, whoever may build on it.
pub fn dealing_gate(stage: Stage, on: Day) -> Gate {
    of_stage(stage, None, on).first().map_or(Gate::Allow, |restriction| restriction.gate)
}

/// From the Code on: where survey or assessment was not done as required, nothing is built, and what was begun stops.
fn step_skipped(on: Day) -> Option<Restriction> {
    (on >= law::CODE_IN_FORCE).then(|| {
        rule(
            "no_construction_before_survey",
            Gate::Block,
            Text::fixed(
                "未按要求完成土壤污染状况调查、风险评估的，不得开工建设；已经开工的，应当立即停止建设。",
                "Where survey or risk assessment was not done as required nothing is built, and what was begun stops at once.",
            ),
            &[&law::CODE_461_3],
            on,
        )
    })
}

/// The restrictions of a stage on `on`, gravest first; `assessed` is the land class that a clean survey holds for.
pub fn at_stage(stage: Stage, assessed: Option<AssessedClass>, on: Day) -> Vec<Restriction> {
    let skipped = match stage {
        Stage::Suspected
        | Stage::PreliminarySurvey
        | Stage::PreliminaryReview
        | Stage::Contaminated
        | Stage::DetailedSurvey
        | Stage::RiskAssessment => step_skipped(on),
        _ => None,
    };
    let mut found = of_stage(stage, assessed, on);
    found.extend(skipped);
    found.sort_by_key(|restriction| std::cmp::Reverse(restriction.gate));
    found
}

fn of_stage(stage: Stage, assessed: Option<AssessedClass>, on: Day) -> Vec<Restriction> {
    let rule = |id, gate, text, provisions: &[&Provision]| rule(id, gate, text, provisions, on);
    let no_construction = || no_construction(on);
    let no_housing = || no_housing(on);
    let no_supply = || {
        rule(
            "not_into_land_procedure",
            Gate::Block,
            Text::fixed(
                "污染地块未达到规划用地土壤环境质量要求，不得进入用地程序；列入开发利用负面清单的用途一律禁止。",
                "Contaminated and below what a planned use demands: stays out of the land procedure; uses on its negative list are barred.",
            ),
            &[&law::PLAN_STATE_ENTRY, &law::PLAN_STATE_NEGATIVE_LIST, &law::ORDER_42_28, &law::LAND_REGULATION_14_2],
        )
    };
    let no_sensitive_use = || {
        rule(
            "no_sensitive_use",
            Gate::Block,
            Text::fixed(
                "不得用于居住、公共管理与公共服务等敏感用途。",
                "Not to be used for housing, public administration, public services or other sensitive uses.",
            ),
            &[&law::LAW_59_2_CODE_454_2, &law::PLAN_STATE_NEGATIVE_LIST],
        )
    };
    match stage {
        Stage::Candidate => vec![rule(
            "check_by_hand",
            Gate::Warn,
            Text::fixed(
                "线索地块，尚未认定；办理用地手续前须人工核查。",
                "A lead, not decided on: check by hand before dealing with the land.",
            ),
            &[&law::PRODUCT_CANDIDATE],
        )],
        Stage::Suspected | Stage::PreliminarySurvey | Stage::PreliminaryReview => vec![
            rule(
                "change_to_sensitive_use_needs_survey",
                Gate::Hold,
                Text::fixed(
                    "变更为住宅（居住）、公共管理与公共服务用地的，变更前须完成土壤污染状况调查。",
                    "Before a change to housing, public administration or public services the soil survey must be done.",
                ),
                &[&law::LAW_59_2_CODE_454_2],
            ),
            rule(
                "held_until_survey_is_reviewed",
                Gate::Hold,
                Text::fixed(
                    "初步调查报告通过评审前，收回、收购、转让、改变用途和供地手续暂缓办理。",
                    "Taking back, buying, transfer, change of use and supply wait until the preliminary report is reviewed.",
                ),
                &[&law::PLAN_STATE_SUPPLY, &law::ORDER_42_28],
            ),
        ],
        Stage::NotContaminated => vec![rule(
            "assessed_use_only",
            Gate::Allow,
            match assessed {
                Some(class) => Text::new(
                    format!("结论仅适用于调查所评价的{}；改为更敏感用途须重新调查。", class.title().zh),
                    format!(
                        "The conclusion holds for {} only; a more sensitive use needs another survey.",
                        class.title().en
                    ),
                ),
                None => Text::fixed(
                    "结论仅适用于调查所评价的用地类别（未登记）；使用前须查阅评审意见。",
                    "The conclusion holds for the land class assessed only, which is not on record: read the review's opinion first.",
                ),
            },
            &[&law::GB_36600_5_3_2],
        )],
        Stage::Contaminated | Stage::DetailedSurvey | Stage::RiskAssessment => vec![no_sensitive_use(), no_supply()],
        Stage::RiskAcceptable => vec![rule(
            "assessed_use_only",
            Gate::Allow,
            Text::fixed(
                "风险可接受的结论仅适用于风险评估所评价的用途。",
                "The risk is acceptable for the use that was assessed, and for no other.",
            ),
            &[&law::LAW_61_CODE_456],
        )],
        Stage::Listed | Stage::Remediation | Stage::EffectEvaluation => {
            vec![no_housing(), no_construction(), no_supply()]
        }
        Stage::RiskControl(ControlMode::SafeUse) => vec![no_housing(), no_construction(), no_supply()],
        // Reached from the directory as well as from the control list: what holds for the whole directory is said here,
        // what holds for the control list only is not.
        Stage::RiskControl(ControlMode::Containment) => vec![
            rule(
                "not_to_be_developed",
                Gate::Block,
                Text::fixed(
                    "暂不开发利用，划定管控区域，禁止开发建设。",
                    "Not to be developed yet: inside its control zone nothing is built.",
                ),
                &[&law::PLAN_STATE_CONTROL_ZONE, &law::ORDER_42_18_22],
            ),
            no_sensitive_use(),
            no_supply(),
        ],
        Stage::Delisted => vec![rule(
            "target_use_under_controls",
            Gate::Allow,
            Text::fixed(
                "可按修复（管控）目标用途使用，须遵守制度控制要求。",
                "May be used as the targets foresee, under the institutional controls.",
            ),
            &[&law::LAW_66_CODE_461, &law::LAW_42_3_CODE_437_3],
        )],
        Stage::Aftercare => vec![rule(
            "under_aftercare",
            Gate::Allow,
            Text::fixed(
                "可使用，须遵守后期管理（长期监测、制度控制）要求。",
                "May be used under the conditions of aftercare: monitoring and institutional controls.",
            ),
            &[&law::LAW_42_3_CODE_437_3],
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_says_something_and_on_a_day_of_today_every_restriction_has_its_article() {
        for stage in Stage::ALL {
            let found = at_stage(stage, None, Day::of(2026, 11, 21));
            assert!(!found.is_empty(), "{stage}");
            assert!(found.iter().all(|r| !r.citations.is_empty()), "{stage}");
            assert!(found.is_sorted_by(|a, b| a.gate >= b.gate), "{stage}");
        }
    }

    #[test]
    fn the_gate_of_each_stage_is_that_of_the_rulebook() {
        let dealing = |s| dealing_gate(s, Day::of(2026, 11, 21));
        let gates: Vec<String> = Stage::ALL.into_iter().map(|s| format!("{} {:?}", s.code(), dealing(s))).collect();
        assert_eq!(
            gates.join("; "),
            "C0 Warn; C1 Hold; C2 Hold; C3 Hold; C4 Allow; C5 Block; C6 Block; C7 Block; C8 Allow; C9 Block; C10a Block; \
             C10b Block; C11 Block; C12 Block; C13 Allow; C14 Allow"
        );
    }

    #[test]
    fn code_461_3_bars_construction_where_a_step_was_skipped_from_its_first_day_on() {
        let barred =
            |stage, day| at_stage(stage, None, day).into_iter().find(|r| r.id == "no_construction_before_survey");
        for stage in Stage::ALL {
            let due = stage.found_contaminated().is_none() && stage != Stage::Candidate
                || matches!(stage, Stage::Contaminated | Stage::DetailedSurvey | Stage::RiskAssessment);
            assert_eq!(barred(stage, Day::of(2026, 8, 14)), None, "{stage}");
            let found = barred(stage, Day::of(2026, 8, 15));
            assert_eq!(found.is_some(), due, "{stage}");
            assert!(found.is_none_or(|r| r.gate == Gate::Block && r.citations[0].article == "461(3)"));
        }
    }

    #[test]
    fn the_law_of_the_day_is_cited() {
        let article = |day| {
            let found = at_stage(Stage::Listed, None, day);
            let housing = found.iter().find(|r| r.id == "no_housing_or_public_use").unwrap();
            (housing.citations[0].instrument_zh.clone(), housing.citations[0].article.clone())
        };
        assert_eq!(article(Day::of(2026, 8, 14)), ("土壤污染防治法".to_owned(), "61(2)".to_owned()));
        assert_eq!(article(Day::of(2026, 8, 15)), ("生态环境法典".to_owned(), "456(2)".to_owned()));
    }

    #[test]
    fn a_clean_site_says_for_which_class_it_is_clean() {
        let day = Day::of(2026, 11, 21);
        let said = at_stage(Stage::NotContaminated, Some(AssessedClass::Class2), day);
        assert!(said[0].text.zh.contains("第二类用地") && said[0].text.en.contains("class 2"));
        assert!(at_stage(Stage::NotContaminated, None, day)[0].text.en.contains("not on record"));
    }
}
