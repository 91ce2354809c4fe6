//! What the stage of a site lets the land be used for: S-C0 to S-C14.
//!
//! Operations fall into three kinds. *Use* puts the land to use or into another user's hands; *taking* brings it to the
//! state, where G2's written reply decides, so a contaminated site holds; *paper* (planning conditions, registration)
//! moves nothing, so it warns, as G22 does. The list's absolute bars are G14-G17's and stand beside these.

use super::Settings;
use super::facts::{Facts, Hit, Operation, SurveyState, show_hits};
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::Text;
use crate::registers::site::{ControlMode, Stage};

#[derive(PartialEq, Clone, Copy)]
enum Kind {
    Use,
    Taking,
    Paper,
}

fn kind(operation: Operation) -> Kind {
    match operation {
        Operation::Requisition | Operation::Reclaim | Operation::Acquire => Kind::Taking,
        Operation::PlanningConditions | Operation::Registration => Kind::Paper,
        Operation::Transfer
        | Operation::ChangeUse
        | Operation::Supply
        | Operation::ConstructionPermit
        | Operation::Eia
        | Operation::ReclamationToFarmland
        | Operation::FarmlandConversion => Kind::Use,
    }
}

/// The sites that count and stand at a stage; of risk control, in either mode.
fn at(f: &Facts, stage: Stage) -> Vec<&Hit> {
    let is_at = |found: Stage| match stage {
        Stage::RiskControl(_) => matches!(found, Stage::RiskControl(_)),
        _ => found == stage,
    };
    f.hits.iter().filter(|hit| hit.counts() && hit.stage().is_some_and(is_at)).collect()
}

pub(super) fn c0(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = at(f, Stage::Candidate);
    (!hits.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::CountyEcology,
            Text::fixed(
                "核查线索，决定是否列入疑似污染地块名单；办理前征求其意见。",
                "Look into the lead and decide whether to list the site; ask before going on.",
            ),
            show_hits(&hits),
        )
    })
}

fn unsurveyed(f: &Facts, stage: Stage, actor: Actor, must_do: Text) -> Option<Finding> {
    let hits = at(f, stage);
    let verdict = if kind(f.operation) == Kind::Paper { Verdict::Warn } else { Verdict::Hold };
    (!hits.is_empty()).then(|| {
        let mut facts = show_hits(&hits);
        facts.push(f.show_operation());
        Finding::new(verdict, actor, must_do, facts)
    })
}

pub(super) fn c1(f: &Facts, _: &Settings) -> Option<Finding> {
    unsurveyed(
        f,
        Stage::Suspected,
        Actor::CountyEcology,
        Text::fixed(
            "书面通知土地使用权人开展初步调查；结论评审前暂缓办理。",
            "Serve the written notice for the preliminary survey; wait for its reviewed conclusion.",
        ),
    )
    .map(|finding| {
        finding.by(Text::fixed(
            "土地使用权人自接到通知之日起六个月内完成初步调查",
            "the land user's survey is due six months from receipt of the notice",
        ))
    })
}

pub(super) fn c2(f: &Facts, _: &Settings) -> Option<Finding> {
    unsurveyed(
        f,
        Stage::PreliminarySurvey,
        Actor::LandUser,
        Text::fixed(
            "完成并提交初步调查报告；结论评审前暂缓办理。",
            "Complete and submit the preliminary survey; wait for its reviewed conclusion.",
        ),
    )
    .map(|finding| finding.by(Text::fixed("自接到书面通知之日起六个月内", "six months from receipt of the notice")))
}

pub(super) fn c3(f: &Facts, _: &Settings) -> Option<Finding> {
    unsurveyed(
        f,
        Stage::PreliminaryReview,
        Actor::PrefectureEcology,
        Text::fixed(
            "会同自然资源部门评审初步调查报告；结论作出前暂缓办理。",
            "Review the report together with natural resources; wait for the conclusion.",
        ),
    )
}

/// A closed site serves the use it was found fit for. Not recorded which, or a code that does not tell: a person looks.
fn closed(f: &Facts, stage: Stage, must_do: Text) -> Option<Finding> {
    let hits = at(f, stage);
    if hits.is_empty() {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.push(f.show_planned());
    if !f.assessed_use.is_unknown() {
        facts.push(f.show_assessed());
    }
    let fits: Vec<Option<bool>> = hits.iter().map(|hit| f.fits(hit)).collect();
    let (verdict, must_do) = if kind(f.operation) != Kind::Use || fits.iter().all(|fit| *fit == Some(true)) {
        (Verdict::AllowRecorded, must_do)
    } else if fits.contains(&Some(false)) {
        (
            Verdict::Hold,
            Text::fixed(
                "原结论不对应规划用途，按规划用途重新调查评估。",
                "The conclusion was made for another use: survey and assess again for the planned one.",
            ),
        )
    } else {
        (
            Verdict::Warn,
            Text::fixed(
                "核对原结论对应的用途与规划用途是否一致。",
                "Compare the use that the conclusion was made for with the planned one.",
            ),
        )
    };
    Some(Finding::new(verdict, Actor::Planning, must_do, facts))
}

pub(super) fn c4(f: &Facts, _: &Settings) -> Option<Finding> {
    closed(
        f,
        Stage::NotContaminated,
        Text::fixed(
            "留存调查结论；改变为其他类别用途的，重新调查。",
            "Keep the conclusion; survey again for another class of use.",
        ),
    )
}

pub(super) fn c8(f: &Facts, _: &Settings) -> Option<Finding> {
    closed(
        f,
        Stage::RiskAcceptable,
        Text::fixed(
            "留存风险评估结论；改变为其他用途的，重新评估。",
            "Keep the assessment's conclusion; assess again for another use.",
        ),
    )
}

pub(super) fn c13(f: &Facts, _: &Settings) -> Option<Finding> {
    closed(
        f,
        Stage::Delisted,
        Text::fixed(
            "按修复目标用途利用，遵守制度控制要求。",
            "Use it for the target use and keep to institutional controls.",
        ),
    )
}

pub(super) fn c14(f: &Facts, _: &Settings) -> Option<Finding> {
    closed(
        f,
        Stage::Aftercare,
        Text::fixed(
            "遵守长期监测和制度控制要求，不得破坏后期管理设施。",
            "Keep to long-term monitoring and institutional controls; leave their installations alone.",
        ),
    )
}

/// A contaminated site. `always`: use is blocked whatever the planned use, but for works that serve control or remediation
/// itself, and for a transfer to a use that is not sensitive, on which the liable party may agree. A survey state that is known without a site on record counts the same.
fn contaminated(
    f: &Facts,
    stage: Stage,
    implied_by: Option<SurveyState>,
    always: bool,
    actor: Actor,
    must_do: Text,
) -> Option<Finding> {
    let hits = at(f, stage);
    // A site on record speaks by its own stage; only what is known without one is spoken for here.
    let on_record = f.hits.iter().any(|hit| hit.counts() && hit.survey_state() == implied_by);
    let implied = implied_by.is_some() && f.survey_state.get().copied() == implied_by && !on_record;
    if hits.is_empty() && !implied {
        return None;
    }
    let sensitive = f.planned().map(|planned| planned.is_sensitive());
    let serves = f.serves_remediation.get() == Some(&true)
        && matches!(f.operation, Operation::ConstructionPermit | Operation::Eia);
    let verdict = match kind(f.operation) {
        Kind::Paper => Verdict::Warn,
        Kind::Taking => Verdict::Hold,
        Kind::Use if always && serves => Verdict::AllowRecorded,
        Kind::Use if sensitive == Some(true) => Verdict::Block,
        Kind::Use if always && f.operation != Operation::Transfer => Verdict::Block,
        Kind::Use => Verdict::Hold,
    };
    let mut facts = show_hits(&hits);
    if implied {
        facts.push(f.show_survey());
    }
    facts.push(f.show_planned());
    Some(Finding::new(verdict, actor, must_do, facts))
}

pub(super) fn c5(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::Contaminated,
        Some(SurveyState::ReviewedAboveScreening),
        false,
        Actor::PrefectureEcology,
        Text::fixed(
            "通知土地使用权人开展详细调查和风险评估；不得用于敏感用途，其他用途对照负面清单。",
            "Have detailed survey and risk assessment made; no sensitive use, and other uses only against the negative list.",
        ),
    )
}

pub(super) fn c6(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::DetailedSurvey,
        None,
        true,
        Actor::LandUser,
        Text::fixed("完成详细调查和风险评估后再办理。", "Complete detailed survey and risk assessment first."),
    )
}

pub(super) fn c7(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::RiskAssessment,
        None,
        true,
        Actor::ProvinceEcology,
        Text::fixed("风险评估报告评审后再办理。", "Wait for the review of the risk assessment."),
    )
}

pub(super) fn c9(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::Listed,
        Some(SurveyState::ActionRequired),
        true,
        Actor::LandUser,
        Text::fixed(
            "实施风险管控、修复；此前只可进行与之有关的工程。",
            "Carry out control or remediation; until then only works that belong to it.",
        ),
    )
}

pub(super) fn c10(f: &Facts, _: &Settings) -> Option<Finding> {
    let safe_use =
        f.hits.iter().any(|hit| hit.counts() && hit.stage() == Some(Stage::RiskControl(ControlMode::SafeUse)));
    let must_do = if safe_use {
        Text::fixed("风险管控效果评估通过前不得利用。", "No use until the control's effect has been evaluated.")
    } else {
        Text::fixed(
            "暂不开发利用，继续风险管控和监测。",
            "Not to be developed for now; go on with control and monitoring.",
        )
    };
    contaminated(f, Stage::RiskControl(ControlMode::Containment), None, true, Actor::LandUser, must_do)
}

pub(super) fn c11(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::Remediation,
        None,
        true,
        Actor::LandUser,
        Text::fixed("完成修复并通过效果评估后再办理。", "Complete remediation and have its effect evaluated first."),
    )
}

pub(super) fn c12(f: &Facts, _: &Settings) -> Option<Finding> {
    contaminated(
        f,
        Stage::EffectEvaluation,
        Some(SurveyState::EffectNotMet),
        true,
        Actor::ProvinceEcology,
        Text::fixed(
            "效果评估通过并移出名录后再办理。",
            "Wait until the effect has been evaluated and the site is off the list.",
        ),
    )
}
