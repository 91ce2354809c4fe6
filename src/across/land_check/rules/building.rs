//! The control list, construction and environmental assessment: G14-G16, G23, G24.

use super::Settings;
use super::changing::{survey_missing, unassessed};
use super::facts::{Facts, Hit, SurveyState, show_hits};
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::Text;
use crate::standards::law::CODE_IN_FORCE;

/// Holds for every operation whose planned use is housing or public; there is no way round it but off the list.
pub(super) fn g14(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(Hit::is_on_control_list);
    if hits.is_empty() {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.push(f.show_planned());
    match f.planned() {
        Some(planned) if planned.is_statutory_sensitive() => Some(
            Finding::new(
                Verdict::Block,
                Actor::Planning,
                Text::fixed(
                    "不得作为居住、公共管理与公共服务用地；完成管控、修复并移出名录后再办理。",
                    "Not for housing or public use; only after control or remediation and removal from the list.",
                ),
                facts,
            )
            .by(Text::fixed("移出名录之前", "until it is off the list")),
        ),
        Some(_) => None,
        None => Some(Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed("补充规划用途后重新查询。", "State the planned use and check again."),
            facts,
        )),
    }
}

fn targets_open(f: &Facts) -> bool {
    matches!(f.survey_state.get(), Some(SurveyState::ActionRequired | SurveyState::EffectNotMet))
}

/// Works that serve the control or remediation itself are let through when that is stated; not stated, they count as
/// unrelated.
pub(super) fn g15(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(Hit::is_on_control_list);
    if hits.is_empty() && !targets_open(f) {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.extend([f.show_survey(), f.show_remediation()]);
    Some(if f.serves_remediation.get() == Some(&true) {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "留存工程属于风险管控、修复的依据（方案备案材料）。",
                "Keep the filed scheme that shows the works to be control or remediation.",
            ),
            facts,
        )
    } else {
        Finding::new(
            Verdict::Block,
            Actor::Planning,
            // To stop works already begun came with the Code.
            if f.on >= CODE_IN_FORCE {
                Text::fixed(
                    "不得开工建设任何与风险管控、修复无关的项目；已开工的立即停工。属于管控、修复工程的，申报并附方案。",
                    "No construction unrelated to control or remediation; works begun stop at once. State it, with the scheme, if the works are such.",
                )
            } else {
                Text::fixed(
                    "不得开工建设任何与风险管控、修复无关的项目。属于管控、修复工程的，申报并附方案。",
                    "No construction unrelated to control or remediation. State it, with the scheme, if the works are such.",
                )
            },
            facts,
        )
        .by(Text::fixed("达到管控、修复目标之前", "until the targets are met"))
    })
}

pub(super) fn g16(f: &Facts, s: &Settings) -> Option<Finding> {
    let missing = survey_missing(f, s);
    if missing == Some(false) {
        return None;
    }
    let mut facts = show_hits(&f.hits_that(unassessed));
    facts.extend([f.show_planned(), f.show_current(), f.show_industry(), f.show_survey()]);
    Some(if missing.is_some() {
        Finding::new(
            Verdict::Block,
            Actor::LandUser,
            Text::fixed(
                "未按规定完成调查、风险评估，不得开工；已开工的立即停止。完成并通过评审后再申请。",
                "Survey or assessment due was not done: do not build, stop works begun, apply again after the review.",
            ),
            facts,
        )
        .by(Text::fixed("开工之前；已开工的立即", "before works begin; at once where they have"))
    } else {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "补充规划用途，核实是否有应做未做的调查评估。",
                "State the planned use, and find out whether a survey was due.",
            ),
            facts,
        )
    })
}

/// Land that was found contaminated and has since been found acceptable or remediated.
fn was_contaminated(state: SurveyState) -> bool {
    matches!(state, SurveyState::RiskAcceptable | SurveyState::EffectMet)
}

/// Contaminated once, and closed as acceptable or remediated.
fn is_closed(hit: &Hit) -> bool {
    !hit.is_open() && hit.survey_state().is_some_and(was_contaminated)
}

/// Redevelopment begins where the site ends, so land found acceptable or remediated is met too, and land that is known to
/// be or to have been contaminated by its survey alone.
pub(super) fn g23(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(|hit| hit.is_contaminated() || is_closed(hit));
    let known = f.survey().get().is_some_and(|state| state.is_adverse() || was_contaminated(*state));
    (!hits.is_empty() || known).then(|| {
        let mut facts = show_hits(&hits);
        facts.push(f.show_survey());
        Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "建设主管部门会同生态环境部门核查污染地块再开发利用条件后再审批施工。",
                "The construction authority checks with the ecology bureau before it permits works on the site.",
            ),
            facts,
        )
        .by(Text::fixed("施工许可之前", "before the permit"))
    })
}

/// Two ways to fail: not remediated, or remediated (or found acceptable) for another use than the planned one. Whether it
/// serves the planned use is for a person where record and code do not tell.
pub(super) fn g24(f: &Facts, _: &Settings) -> Option<Finding> {
    let (open, closed) = (f.hits_that(Hit::is_open), f.hits_that(is_closed));
    let mut fits: Vec<Option<bool>> = closed.iter().map(|hit| f.fits(hit)).collect();
    if f.survey().get().is_some_and(|state| was_contaminated(*state))
        && let Some(assessed) = f.assessed_use.get()
    {
        fits.push(f.planned().and_then(|planned| assessed.serves(planned)));
    }
    let fails = !open.is_empty() || f.adverse_state().is_some() || fits.contains(&Some(false));
    if !fails && fits.iter().all(|fit| *fit == Some(true)) {
        return None;
    }
    let mut facts = show_hits(&open);
    facts.extend(show_hits(&closed));
    facts.extend([f.show_planned(), f.show_survey(), f.show_remediation()]);
    if !f.assessed_use.is_unknown() {
        facts.push(f.show_assessed());
    }
    if f.serves_remediation.get() == Some(&true) {
        return Some(Finding::new(
            Verdict::AllowRecorded,
            Actor::PrefectureEcology,
            Text::fixed(
                "项目本身为风险管控、修复的，留存方案备案材料后审批。",
                "The project is the control or remediation itself: keep the filed scheme and approve on it.",
            ),
            facts,
        ));
    }
    if !fails {
        return Some(Finding::new(
            Verdict::Warn,
            Actor::PrefectureEcology,
            Text::fixed(
                "核对修复、评估结论对应的用途是否符合项目用途；不符合的，环境影响评价文件不予批准。",
                "Compare the use that the site was found fit for with the project's; do not approve where it does not meet it.",
            ),
            facts,
        ));
    }
    Some(
        Finding::new(
            Verdict::Block,
            Actor::PrefectureEcology,
            Text::fixed(
                "未经治理修复或不符合用途要求的污染地块，环境影响评价文件不予批准。",
                "Do not approve: the site is not remediated or does not meet the use.",
            ),
            facts,
        )
        .by(Text::fixed("治理修复并符合用途要求之前", "until it is remediated and fit for the use")),
    )
}
