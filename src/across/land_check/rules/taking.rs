//! Taking back, buying, and key units' land: G1-G7.

use super::Settings;
use super::facts::{Fact, Facts, History, Hit, Operation, Reply, show_hits};
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::{Confidence, Instrument, Text};
use crate::standards::industries::IndustrySet;
use crate::standards::law;

/// This check is the query; keeping its number is what is left to do.
pub(super) fn g1(f: &Facts, _: &Settings) -> Option<Finding> {
    Some(
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "本次查询即为查询记录：将查询编号、查询日期和地块土壤环境质量状况结果归入收回、收购档案。",
                "This check is the query: keep its number, day and result in the file of the taking back or purchase.",
            ),
            vec![f.show_operation()],
        )
        .by(Text::fixed("收回、收购之前", "before the land is taken back or bought")),
    )
}

pub(super) fn g2(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(|hit| hit.is_suspected() || hit.is_contaminated());
    if hits.is_empty() {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.push(f.show_reply());
    let (verdict, must_do) = after_reply(f.written_reply.get().copied());
    Some(
        Finding::new(verdict, Actor::Planning, must_do, facts)
            .by(Text::fixed("收回、收购完成之前", "before the taking back or purchase is completed")),
    )
}

/// What the ecology bureau's written reply makes of land that meets a suspected or contaminated site (G2): how hard the
/// gate closes, and what planning must do. No other gate looks at the reply.
pub fn after_reply(reply: Option<Reply>) -> (Verdict, Text) {
    match reply {
        None => (
            Verdict::Hold,
            Text::fixed(
                "书面征求生态环境部门意见，取得书面回复并归档后再办理。",
                "Consult the ecology bureau in writing; go on only when its written reply is on file.",
            ),
        ),
        Some(Reply::Agrees) => (
            Verdict::AllowRecorded,
            Text::fixed("书面回复随查询记录归档。", "Keep the written reply with the record of this query."),
        ),
        Some(Reply::Conditions) => (
            Verdict::Warn,
            Text::fixed(
                "落实书面回复所附条件并归档。",
                "Fulfil the conditions of the written reply and keep it on file.",
            ),
        ),
        Some(Reply::Objects) => (
            Verdict::Block,
            Text::fixed(
                "生态环境部门书面回复不同意，不得办理。",
                "The ecology bureau objects in writing: do not go on.",
            ),
        ),
    }
}

/// A review that is stated only does not undo the list: a site on it counts as not surveyed until the registry says so.
pub(super) fn g3(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(Hit::is_suspected);
    if hits.is_empty() || f.is_surveyed() {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.push(f.show_survey());
    Some(
        Finding::new(
            Verdict::Block,
            Actor::Planning,
            Text::fixed(
                "不予收回；由土地使用权人完成土壤污染状况调查并通过评审后再申请。",
                "Do not take it back; apply again when the land user's survey has been reviewed.",
            ),
            facts,
        )
        .by(Text::fixed("调查报告评审通过之前", "until the survey report has been reviewed")),
    )
}

/// The texts on the land user's survey that do not name the industry on the land: the nation's plan and Alxa's name six,
/// Order 42 and Inner Mongolia's plan hazardous waste beside them, and landfills, incinerators and sludge works are in
/// Yuancheng's table alone.
pub(super) fn silent_on_the_industry(f: &Facts) -> Vec<&'static Instrument> {
    let six = f.stood_here(IndustrySet::SurveySix);
    let order_42 = six || f.stood_here(IndustrySet::HazardousWaste);
    let mut silent = Vec::new();
    if !six {
        silent.extend([&law::PLAN_STATE, &law::PLAN_ALXA]);
    }
    if !order_42 {
        silent.extend([&law::ORDER_42, &law::PLAN_INNER_MONGOLIA]);
    }
    silent
}

pub(super) fn g4(f: &Facts, _: &Settings) -> Option<Finding> {
    if f.history() != History::Key || f.is_surveyed() || f.already_reclaimed.get() == Some(&true) {
        return None;
    }
    Some(
        Finding::new(
            Verdict::Hold,
            Actor::LandUser,
            Text::fixed(
                "土地使用权人开展土壤污染状况调查（评估），报告评审并向生态环境、规划、自然资源部门备案后再收回。",
                "The land user surveys (and assesses) the soil; take it back after review and filing with ecology, planning and natural resources.",
            ),
            vec![f.show_industry(), f.show_survey(), f.show_reclaimed()],
        )
        .by(Text::fixed("收回之前", "before the land is taken back"))
        .not_by(silent_on_the_industry(f)),
    )
}

/// The duty is that of G4 for land that is in the state's hands already; Guangdong's measures name more industries. Known
/// harmless land carries none.
pub(super) fn g5(f: &Facts, _: &Settings) -> Option<Finding> {
    if f.is_surveyed() {
        return None;
    }
    let (history, by_guangdong) = (f.history(), f.is_named_by_guangdong());
    let named = history == History::Key || by_guangdong;
    let verdict = match f.already_reclaimed.get() {
        Some(true) if named || history == History::Unknown => Verdict::Hold,
        // Who must survey is not known, nor whether anybody has to before this operation; G4 and G11 hold a taking back.
        None if named && f.operation != Operation::Reclaim => Verdict::Warn,
        _ => return None,
    };
    let silent: &[&'static Instrument] = match history {
        History::Harmless => &[&law::PLAN_STATE],
        History::Key | History::Unknown => &[],
    };
    let government = if f.is_in("1529") {
        Text::fixed("所在地人民政府（管委会）", "the banner's government or the zone's committee")
    } else if f.is_in("44") {
        Text::fixed("负责收储土地的人民政府", "the government that banks the land")
    } else if f.is_in("15") {
        Text::fixed("所在地旗县（市、区）人民政府", "the government of the banner, county, city or district")
    } else {
        Text::fixed("所在地市、县级人民政府", "the city or county government")
    };
    let must_do = if verdict == Verdict::Hold {
        Text::new(
            format!("由{}组织开展土壤污染状况调查评估，评审后再办理。", government.zh),
            format!("Survey and assessment by {}; go on after its review.", government.en),
        )
    } else {
        Text::new(
            format!("核实土地使用权是否已收回；已收回的，由{}组织调查评估。", government.zh),
            format!("Find out whether the use right was taken back; if so, the survey is due from {}.", government.en),
        )
    };
    let facts = vec![f.show_reclaimed(), f.show_industry(), f.show_survey()];
    Some(Finding::new(verdict, Actor::Government, must_do, facts).not_by(silent.iter().copied()))
}

/// Whether the land of a key unit lacks a reviewed survey; `None` when it is not a key unit's or is surveyed.
fn key_unit_unsurveyed(f: &Facts) -> Option<Fact<bool>> {
    let key_unit = f.is_key_unit();
    (!f.is_surveyed() && key_unit.get() != Some(&false)).then_some(key_unit)
}

pub(super) fn g6(f: &Facts, _: &Settings) -> Option<Finding> {
    let key_unit = key_unit_unsurveyed(f)?;
    let facts = vec![f.show_key_unit(), f.show_survey()];
    Some(if key_unit.is_unknown() {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "对照土壤污染重点监管单位名录核实；属于其生产经营用地的，须先完成调查。",
                "Check against the list of key units; if it is production land of one, a survey comes first.",
            ),
            facts,
        )
    } else {
        Finding::new(
            Verdict::Block,
            Actor::LandUser,
            Text::fixed(
                "土地使用权人完成土壤污染状况调查，报告作为不动产登记资料送交登记机构，并报生态环境部门备案。",
                "The land user completes the survey, hands the report to the real-estate registry and files it with the ecology bureau.",
            ),
            facts,
        )
        .by(Text::fixed("用途变更、收回、转让之前", "before change of use, taking back or transfer"))
    })
}

pub(super) fn g7(f: &Facts, _: &Settings) -> Option<Finding> {
    let key_unit = key_unit_unsurveyed(f)?;
    let facts = vec![f.show_key_unit(), f.show_survey()];
    Some(if key_unit.is_unknown() {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "登记机构核实是否为重点监管单位生产经营用地；是的，要求补交调查报告。",
                "The registry finds out whether it is production land of a key unit, and if so demands the survey report.",
            ),
            facts,
        )
    } else {
        Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "登记机构要求申请人补交土壤污染状况调查报告，补齐后再登记。",
                "The registry demands the soil survey report and registers only when it is there.",
            ),
            facts,
        )
        .resting_on(Confidence::Verified)
    })
}
