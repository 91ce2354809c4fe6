//! Change of use and conversion: G8-G13, G25, G27, G28, G30.

use super::Settings;
use super::facts::{Facts, FarmlandClass, History, Hit, Matter, Operation, SurveyState, show_hits};
use super::taking::silent_on_the_industry;
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::{Confidence, Text};
use crate::standards::industries::IndustrySet;

const BEFORE_CHANGE: Text = Text::fixed("用途变更之前", "before the use is changed");

/// Blocks without a reviewed survey whatever the land was used for before. A survey reviewed for a use that does not
/// serve the planned one is not the survey asked for. Without a planned use nothing can be judged: hold.
pub(super) fn g8(f: &Facts, s: &Settings) -> Option<Finding> {
    let facts = vec![f.show_planned(), f.show_current(), f.show_survey()];
    let submit = Text::fixed(
        "土地使用权人开展土壤污染状况调查，报告经生态环境会同自然资源部门评审通过后提交。",
        "The land user has the soil surveyed and submits the report once ecology and natural resources have reviewed it.",
    );
    let state_use = Text::fixed(
        "补充规划用途（用地分类标准和代码）后重新查询。",
        "State the planned use (code system and code) and check again.",
    );
    match (f.turns_sensitive(s.interchange_exempt), f.is_surveyed()) {
        (Some(true), false) => Some(Finding::new(Verdict::Block, Actor::LandUser, submit, facts).by(BEFORE_CHANGE)),
        (Some(true), true) => match (f.assessed_use.get(), f.planned_use.get()) {
            (Some(assessed), Some(planned)) if assessed.serves(planned) != Some(true) => {
                let mut facts = facts;
                facts.push(f.show_assessed());
                Some(
                    Finding::new(
                        Verdict::Hold,
                        Actor::LandUser,
                        Text::fixed(
                            "已评审的调查不对应规划用途，按规划用途补充调查并评审。",
                            "The survey reviewed was made for another use: survey again for the planned use.",
                        ),
                        facts,
                    )
                    .by(BEFORE_CHANGE),
                )
            }
            _ => None,
        },
        (None, false) => Some(Finding::new(Verdict::Hold, Actor::Planning, state_use, facts).by(BEFORE_CHANGE)),
        // Fit for class 1 is fit for whatever it will be; for another use it depends on the planned one.
        (None, true) if f.assessed_use.get().is_some_and(|assessed| assessed.class1 != Some(true)) => {
            let mut facts = facts;
            facts.push(f.show_assessed());
            Some(Finding::new(Verdict::Hold, Actor::Planning, state_use, facts).by(BEFORE_CHANGE))
        }
        (None, true) | (Some(false), _) => None,
    }
}

/// The statute leaves the time limit to the province. Where it has been entered, the operations named may not go on
/// without a finished survey; where not, a change of use warns that the limit is not known.
pub(super) fn g9(f: &Facts, s: &Settings) -> Option<Finding> {
    let sensitive = f.turns_sensitive(s.interchange_exempt);
    if f.is_surveyed() || sensitive == Some(false) {
        return None;
    }
    let facts = vec![f.show_planned(), f.show_survey(), f.show_operation()];
    let limits: Vec<Option<&Vec<Operation>>> = f
        .places
        .iter()
        .map(|place| s.survey_before.iter().find(|(province, _)| place.is_in(province)).map(|(_, ops)| ops))
        .collect();
    if limits.iter().flatten().any(|operations| operations.contains(&f.operation)) {
        let verdict = if sensitive.is_some() { Verdict::Block } else { Verdict::Warn };
        return Some(
            Finding::new(
                verdict,
                Actor::LandUser,
                Text::fixed(
                    "已到省级规定的期限节点，未完成调查的不得办理本事项。",
                    "The province's time limit is reached: this operation may not go on without a finished survey.",
                ),
                facts,
            )
            .note(Text::fixed("期限节点为系统参数，须经核对。", "The time limit is a setting to be confirmed.")),
        );
    }
    let unset = limits.is_empty() || limits.iter().any(Option::is_none);
    let changes = matches!(f.operation, Operation::ChangeUse | Operation::FarmlandConversion);
    (unset && changes).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "核对本省对调查完成期限的规定。",
                "Look up the time limit that the province has fixed for the survey.",
            ),
            facts,
        )
        .note(Text::fixed("省级期限参数未配置。", "The province's time limit is not set."))
    })
}

pub(super) fn g10(f: &Facts, _: &Settings) -> Option<Finding> {
    let sensitive = f.planned().is_none_or(|planned| planned.is_plan_sensitive());
    (f.history() == History::Key && sensitive && !f.is_surveyed()).then(|| {
        Finding::new(
            Verdict::Hold,
            Actor::LandUser,
            Text::fixed(
                "土地使用权人开展土壤环境状况调查评估，结果向所在地生态环境、规划、自然资源部门备案。",
                "The land user surveys and assesses the soil and files the result with ecology, planning and natural resources.",
            ),
            vec![f.show_industry(), f.show_planned(), f.show_survey()],
        )
        .by(BEFORE_CHANGE)
        .not_by(silent_on_the_industry(f))
    })
}

/// Survey *and* risk assessment: a survey above the screening values without an assessment does not end the duty.
pub(super) fn g11(f: &Facts, _: &Settings) -> Option<Finding> {
    let sensitive = f.planned().is_none_or(|planned| planned.is_plan_sensitive());
    if f.is_assessed() || (f.operation == Operation::ChangeUse && !sensitive) {
        return None;
    }
    let risky = f.hits_that(|hit| hit.is_suspected() || hit.is_contaminated());
    let named = f.stood_here(IndustrySet::GuangdongMeasures);
    let key_unit = f.is_key_unit();
    let due = named || !risky.is_empty() || key_unit.get() == Some(&true) || f.adverse_state().is_some();
    // An unknown industry is G29's; an unknown key unit is this rule's too.
    if !due && !key_unit.is_unknown() {
        return None;
    }
    let mut facts = vec![f.show_industry(), f.show_key_unit(), f.show_planned(), f.show_survey()];
    facts.extend(show_hits(&risky));
    Some(
        Finding::new(
            if due { Verdict::Hold } else { Verdict::Warn },
            Actor::LandUser,
            if due {
                Text::fixed(
                    "开展土壤污染状况调查和风险评估，报告评审后再办理。",
                    "Survey and risk assessment; go on after their review.",
                )
            } else {
                Text::fixed(
                    "核实是否为重点监管单位用地；是的，须调查和风险评估。",
                    "Find out whether it is a key unit's land; if so, survey and risk assessment are due.",
                )
            },
            facts,
        )
        .by(Text::fixed("收回、转让、变更用途之前", "before taking back, transfer or change of use"))
        .note(Text::fixed(
            "行业代码范围为系统对规定文字的理解，须经核对。",
            "The industry codes are this registry's reading of the text, to be confirmed.",
        )),
    )
}

/// Survey *and* risk assessment, as G11. No code of land use is that of food processing or storage alone, so that industry,
/// storage or commerce is meant for food is a fact of its own.
pub(super) fn g12(f: &Facts, _: &Settings) -> Option<Finding> {
    if f.is_assessed() {
        return None;
    }
    let vacated = f.current_use.get().map(|current| current.is_industrial());
    let changes = f.operation == Operation::ChangeUse;
    // Some(true): the text names it; None: a fact that decides it is missing.
    let by_use = match f.planned() {
        _ if !changes => Some(false),
        Some(planned) if planned.is_statutory_sensitive() || planned.farmland => Some(true),
        Some(planned) if planned.is_industrial() || planned.commercial => f.food_site.get().copied(),
        Some(_) => Some(false),
        None => f.food_site.get().copied().filter(|food| *food),
    };
    let verdict = match (by_use, vacated) {
        (Some(true), _) | (_, Some(true)) => Verdict::Hold,
        (Some(false), Some(false)) => return None,
        _ => Verdict::Warn,
    };
    Some(
        Finding::new(
            verdict,
            Actor::LandUser,
            if verdict == Verdict::Hold {
                Text::fixed(
                    "依法开展土壤污染状况调查和风险评估，评审后再办理。",
                    "Survey and risk assessment; go on after their review.",
                )
            } else {
                Text::fixed(
                    "核实现状用途和规划用途（含是否食品加工储存）；属于规定情形的，须调查评估。",
                    "Find out current and planned use, food processing and storage among them; survey where the text names it.",
                )
            },
            vec![f.show_planned(), f.show_current(), f.show_food(), f.show_survey()],
        )
        .by(Text::fixed("用途变更、收回、收购之前", "before change of use, taking back or purchase")),
    )
}

pub(super) fn g13(f: &Facts, _: &Settings) -> Option<Finding> {
    let stays_farmland = f.planned_use.get().is_some_and(|planned| planned.farmland);
    if f.is_surveyed() || stays_farmland {
        return None;
    }
    let strict = f.hits_that(|hit| hit.matter == Matter::Farmland { class: FarmlandClass::StrictControl });
    let unclassified = f.hits_that(|hit| hit.matter == Matter::Farmland { class: FarmlandClass::Unclassified });
    let known = f.coverage_of(super::Register::Farmland);
    // Not known to be other land, it may be farmland that nobody has classified.
    let farmland = f.operation == Operation::FarmlandConversion || f.current_use.get().is_none_or(|now| now.farmland);
    let uncovered =
        farmland && matches!(known, super::CoverageStatus::NeverInvestigated | super::CoverageStatus::OutsideCoverage);
    let (verdict, must_do) = if !strict.is_empty() {
        (
            Verdict::Hold,
            Text::fixed(
                "由所在地人民政府组织开展调查评估，评审后再转用。",
                "The local government has the land surveyed and assessed; convert after the review.",
            ),
        )
    } else if !unclassified.is_empty() || uncovered {
        (
            Verdict::Warn,
            Text::fixed(
                "核实农用地土壤环境质量类别；属严格管控类的，由政府组织调查评估。",
                "Find out the farmland's class; where it is strictly controlled, the government has it surveyed.",
            ),
        )
    } else {
        return None;
    };
    let mut facts = show_hits(&strict);
    facts.extend(show_hits(&unclassified));
    facts.push(f.show_coverage(super::Register::Farmland));
    facts.push(f.show_survey());
    Some(Finding::new(verdict, Actor::Government, must_do, facts).by(Text::fixed("转用之前", "before the conversion")))
}

/// For land opened or returned as farmland; a change of use to farmland of land that is not farmland now is a return.
pub(super) fn g25(f: &Facts, _: &Settings) -> Option<Finding> {
    let to_farmland = match f.operation {
        Operation::ReclamationToFarmland => true,
        _ => {
            f.planned_use.get().is_some_and(|planned| planned.farmland)
                && !f.current_use.get().is_some_and(|current| current.farmland)
        }
    };
    if !to_farmland {
        return None;
    }
    let facts = vec![f.show_current(), f.show_planned(), f.show_survey()];
    if !f.is_surveyed() {
        return Some(
            Finding::new(
                Verdict::Hold,
                Actor::Government,
                Text::fixed(
                    "农业农村会同生态环境、自然资源部门进行土壤污染状况调查，依法分类管理后再作为耕地。",
                    "Agriculture, ecology and natural resources have the soil surveyed and classify it before it is cultivated.",
                ),
                facts,
            )
            .by(Text::fixed("开垦、复垦为耕地之前", "before it becomes cultivated land")),
        );
    }
    f.adverse_state().map(|_| {
        Finding::new(
            Verdict::Warn,
            Actor::Government,
            Text::fixed(
                "不符合标准的，不得种植食用农产品。",
                "Where the standard is not met, no edible crops may be grown.",
            ),
            facts,
        )
    })
}

pub(super) fn g27(f: &Facts, s: &Settings) -> Option<Finding> {
    (s.interchange_exempt && f.is_interchange()).then(|| {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "留存现状用途证明；环卫、污水处理设施用地变更为住宅的除外。",
                "Keep proof of the current use; land of waste and sewage works going to housing is excepted.",
            ),
            vec![f.show_current(), f.show_planned()],
        )
    })
}

pub(super) fn g28(f: &Facts, s: &Settings) -> Option<Finding> {
    let from_farmland = f.operation == Operation::FarmlandConversion
        || f.current_use.get().is_some_and(|current| current.farmland || current.is_unused());
    let sensitive = f.turns_sensitive(s.interchange_exempt) == Some(true);
    (from_farmland && sensitive && !f.is_surveyed()).then(|| {
        Finding::new(
            Verdict::Block,
            Actor::LandUser,
            Text::fixed(
                "农用地、未利用地变更为居住、公共用地同样须先调查；本省有简化规定的，按规定办理并留存依据。",
                "Farmland and unused land need the survey too; where the province simplifies it, follow that and keep the text on file.",
            ),
            vec![f.show_current(), f.show_planned(), f.show_survey()],
        )
        .by(BEFORE_CHANGE)
    })
}

pub(super) fn g30(f: &Facts, _: &Settings) -> Option<Finding> {
    f.planned().is_none_or(|planned| planned.is_statutory_sensitive()).then(|| {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "登录全国建设用地土壤环境管理信息系统核对，留存查询记录。",
                "Check in the national information system for construction land and keep the query on record.",
            ),
            vec![f.show_planned()],
        )
        .by(BEFORE_CHANGE)
        .resting_on(Confidence::Unconfirmed)
        .note(Text::fixed("全国性条文未经核对。", "The national wording has not been confirmed."))
    })
}

/// Whether a survey or assessment was due before this land is supplied or built on, and is missing. `None`: not known,
/// because the planned use is not.
pub(super) fn survey_missing(f: &Facts, s: &Settings) -> Option<bool> {
    let above = f.survey_state.get() == Some(&SurveyState::ReviewedAboveScreening);
    if above || !f.hits_that(unassessed).is_empty() {
        return Some(true);
    }
    if f.is_surveyed() {
        return Some(false);
    }
    let becomes = match (f.turns_sensitive(s.interchange_exempt), f.current_use.get(), f.planned_use.get()) {
        // Built on for the use it already has: nothing changes, so nothing was due.
        (_, Some(current), Some(planned)) if current.system == planned.system && current.code == planned.code => {
            Some(false)
        }
        (sensitive, ..) => sensitive,
    };
    let taken = f.operation == Operation::Supply || f.already_reclaimed.get() == Some(&true);
    match (f.history(), becomes) {
        (_, Some(true)) => Some(true),
        // What the state supplies has been taken back or bought, and a key industry's land was due for survey by then.
        (History::Key, _) if taken => Some(true),
        _ if taken && f.is_named_by_guangdong() => Some(true),
        (History::Key, Some(false)) => Some(f.planned_use.get().is_some_and(|planned| planned.is_plan_sensitive())),
        (_, Some(false)) => Some(false),
        (_, None) => None,
    }
}

/// Sites whose stage says that survey or assessment is still due.
pub(super) fn unassessed(hit: &Hit) -> bool {
    hit.is_suspected() || hit.survey_state() == Some(SurveyState::ReviewedAboveScreening)
}
