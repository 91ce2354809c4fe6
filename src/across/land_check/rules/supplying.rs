//! Supply of land: G17-G19, G26.

use super::Settings;
use super::changing::{survey_missing, unassessed};
use super::facts::{Facts, Hit, SurveyState, show_hits};
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::Text;
use crate::registers::site::Stage;

/// Four ways to fail: survey or assessment due and missing; harmful as assessed; not remediated; or found fit for another
/// use than the planned one.
pub(super) fn g17(f: &Facts, s: &Settings) -> Option<Finding> {
    let missing = survey_missing(f, s);
    let open = f.hits_that(Hit::is_open);
    let unfit = match (f.assessed_use.get(), f.planned()) {
        (Some(assessed), Some(planned)) if f.is_surveyed() => assessed.serves(planned).map(|serves| !serves),
        (Some(_), None) if f.is_surveyed() => None,
        _ => Some(false),
    };
    let fails = missing == Some(true) || !open.is_empty() || f.adverse_state().is_some() || unfit == Some(true);
    if !fails && missing == Some(false) && unfit == Some(false) {
        return None;
    }
    let mut facts = show_hits(&open);
    facts.extend(show_hits(&f.hits_that(|hit| unassessed(hit) && !hit.is_contaminated())));
    facts.extend([f.show_planned(), f.show_current(), f.show_industry(), f.show_survey()]);
    if !f.assessed_use.is_unknown() {
        facts.push(f.show_assessed());
    }
    let before = Text::fixed("供地之前", "before the land is supplied");
    Some(if fails {
        Finding::new(
            Verdict::Block,
            Actor::Planning,
            Text::fixed(
                "不得纳入用地程序；完成调查、评估、修复并符合规划用途的土壤环境要求后再供地。",
                "Keep it out of the supply procedure until it is surveyed, assessed, remediated and fit for the planned use.",
            ),
            facts,
        )
        .by(before)
    } else {
        Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "补充规划用途，核对调查结论对应的用途后重新查询。",
                "State the planned use, compare it with the use assessed, and check again.",
            ),
            facts,
        )
        .by(before)
    })
}

pub(super) fn g18(f: &Facts, _: &Settings) -> Option<Finding> {
    (f.survey().get() == Some(&SurveyState::ReviewedWithinScreening)).then(|| {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "留存调查结论、对应的用地类别和评审日期；类别须与规划用途一致。",
                "Keep the conclusion, the class of use it was made for and the day of review; the class must match the planned use.",
            ),
            vec![f.show_survey(), f.show_planned(), f.show_assessed()],
        )
    })
}

/// Remediated land, by its record or by its survey alone: which controls it was released under is in the papers.
pub(super) fn g19(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(|hit: &Hit| matches!(hit.stage(), Some(Stage::Delisted | Stage::Aftercare)));
    let remediated = f.survey().get() == Some(&SurveyState::EffectMet);
    (!hits.is_empty() || remediated).then(|| {
        let mut facts = show_hits(&hits);
        facts.push(f.show_survey());
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "核对长期监测、制度控制要求，将管控条款写入划拨决定书或出让合同。",
                "Look up monitoring and institutional controls and copy their clauses into the allocation or the contract.",
            ),
            facts,
        )
        .by(Text::fixed("签订出让合同或核发划拨决定书时", "with the contract or the allocation"))
    })
}

/// An encouragement, no duty: not knowing whether the parcel stands in the plan raises nothing.
pub(super) fn g26(f: &Facts, _: &Settings) -> Option<Finding> {
    (f.in_supply_plan.get() == Some(&true) && !f.is_surveyed()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed("适当提前开展土壤污染状况调查。", "Have the soil surveyed early."),
            vec![f.show_supply_plan(), f.show_survey()],
        )
    })
}
