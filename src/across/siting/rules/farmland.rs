//! Zones around farmland, and farmland itself: Z1-Z4, Z7.

use super::facts::{Activity, Facts, Known, Met, Named, Procedure, UnitClass, ZoneKind, show_met};
use crate::across::land_check::{Actor, FactUsed, Finding, Verdict};
use crate::kernel::{Confidence, Text};
use crate::standards::industries::IndustrySet;

const NOT_PUBLISHED: Text = Text::fixed(
    "所在区划未见公布该类集中区域；集中区域以公布的为准，系统不自行划定。",
    "The division is not known to have published such areas; an area is one because it was published, and none is computed.",
);

fn shown(kind: ZoneKind, zones: &[&Met]) -> Vec<FactUsed> {
    zones.iter().map(|met| show_met(kind.as_str(), met)).collect()
}

/// What a finding says of the kind of zone: those that the land lies in, or that none is known.
fn zone_facts(f: &Facts, kind: ZoneKind, more: Vec<FactUsed>) -> Vec<FactUsed> {
    let mut facts = shown(kind, &f.inside(kind));
    if facts.is_empty() {
        facts.push(f.show_published(kind));
    }
    facts.extend(more);
    facts
}

/// Strict control in the zones of concentrated priority-protection farmland, of the industries that a text names.
fn controlled(f: &Facts, set: IndustrySet) -> Option<Finding> {
    let kind = ZoneKind::PriorityFarmland;
    let named = f.named(set);
    if named == Named::No {
        return None;
    }
    let facts = zone_facts(f, kind, vec![f.show_industry(), f.show_activity()]);
    let confidence = if let Named::Yes(confidence) = named { confidence } else { Confidence::Verified };
    if f.inside(kind).is_empty() {
        return (!f.published.contains(&kind)).then(|| {
            Finding::new(
                Verdict::Warn,
                Actor::Government,
                Text::fixed(
                    "核实是否位于优先保护类耕地集中区域；由农业农村、生态环境主管部门公布区域后重新核查。",
                    "Find out whether it lies where priority-protection farmland is concentrated; check again when the areas are published.",
                ),
                facts,
            )
            .note(NOT_PUBLISHED)
            .resting_on(confidence)
        });
    }
    if f.activity != Activity::New {
        return Some(
            Finding::new(
                Verdict::Warn,
                Actor::LandUser,
                Text::fixed(
                    "现有企业采用新技术、新工艺，加快提标升级改造。",
                    "An existing plant takes up new technology and is upgraded without delay.",
                ),
                facts,
            )
            .resting_on(confidence),
        );
    }
    let must_do = if named == Named::Unknown {
        Text::fixed(
            "补充行业代码（GB/T 4754，至小类）；属于所列行业的，须由发展改革、生态环境主管部门说明理由后审批。",
            "State the industry (GB/T 4754, to the class); where it is one of those named, development and reform and ecology decide with reasons.",
        )
    } else {
        Text::fixed(
            "严格控制：须由发展改革、生态环境主管部门论证选址并说明理由后审批，或另行选址。",
            "Strictly controlled: development and reform and ecology decide with reasons, or another site is chosen.",
        )
    };
    Some(Finding::new(Verdict::Hold, Actor::Government, must_do, facts).resting_on(confidence))
}

pub(super) fn z1(f: &Facts) -> Option<Finding> {
    controlled(f, IndustrySet::SurveySix)
}

pub(super) fn z2(f: &Facts) -> Option<Finding> {
    controlled(f, IndustrySet::YuanchengTwelve)
}

/// New: barred. What is extended or rebuilt there stands where it must close, so it does not go on. What stands there is
/// registered, with the day by which it closes.
pub(super) fn z3(f: &Facts) -> Option<Finding> {
    let kind = ZoneKind::BasicFarmland;
    let pollution = f.pollution();
    if pollution == Known::No {
        return None;
    }
    let facts = zone_facts(f, kind, vec![f.show_pollution(), f.show_activity()]);
    let finding = if f.inside(kind).is_empty() {
        if f.published.contains(&kind) {
            return None;
        }
        Finding::new(
            Verdict::Warn,
            Actor::Government,
            Text::fixed(
                "核实是否位于永久基本农田集中区域；区域公布后重新核查。",
                "Find out whether it lies where permanent basic farmland is concentrated; check again when the areas are published.",
            ),
            facts,
        )
        .note(NOT_PUBLISHED)
    } else {
        match (f.activity, pollution.holds()) {
            (Activity::New, true) => Finding::new(
                Verdict::Block,
                Actor::Planning,
                Text::fixed("不得新建，另行选址。", "It is not built: choose another site."),
                facts,
            ),
            (Activity::New, false) => Finding::new(
                Verdict::Hold,
                Actor::Planning,
                Text::fixed(
                    "由生态环境主管部门认定是否可能造成土壤污染；可能的，不得新建。",
                    "Ecology decides whether it may pollute soil; if so, it is not built.",
                ),
                facts,
            ),
            (Activity::Expansion | Activity::Reconstruction, _) => Finding::new(
                Verdict::Hold,
                Actor::Government,
                Text::fixed(
                    "已建成的可能造成土壤污染的项目应当限期关闭拆除，不宜改建、扩建；由县级以上地方人民政府决定。",
                    "What stands there and may pollute soil is to be closed and removed in time, and is not to be extended or rebuilt; the government decides.",
                ),
                facts,
            ),
            (Activity::Existing, true) => Finding::new(
                Verdict::Hold,
                Actor::Government,
                Text::fixed(
                    "列入限期关闭拆除登记，载明关闭拆除的期限。",
                    "Register it for closure and removal, with the day by which it closes.",
                ),
                facts,
            )
            .by(Text::fixed(
                "县级以上地方人民政府确定的期限（法律未规定天数）",
                "the time limit that the government sets (the law prints none)",
            )),
            (Activity::Existing, false) => Finding::new(
                Verdict::Warn,
                Actor::CountyEcology,
                Text::fixed(
                    "由生态环境主管部门认定是否可能造成土壤污染；可能的，限期关闭拆除。",
                    "Ecology decides whether it may pollute soil; if so, it is closed and removed in time.",
                ),
                facts,
            ),
        }
    };
    Some(finding.resting_on(pollution.confidence()))
}

/// The exemption is the caller's statement and is kept on file; one that was not stated is none.
pub(super) fn z4(f: &Facts) -> Option<Finding> {
    let priority = f.on_units(UnitClass::Priority);
    let unclassified = f.on_units(UnitClass::Unclassified);
    let show = |units: &[&Met]| -> Vec<FactUsed> {
        let mut facts: Vec<FactUsed> = units.iter().map(|met| show_met("farmland", met)).collect();
        facts.push(f.show_activity());
        facts
    };
    if f.activity == Activity::Existing {
        return (!priority.is_empty()).then(|| {
            Finding::new(
                Verdict::Warn,
                Actor::Planning,
                Text::fixed(
                    "核实占用优先保护类耕地的依据；没有依据的，依法处理。",
                    "Find out on what ground priority-protection farmland is occupied, and act where there is none.",
                ),
                show(&priority),
            )
        });
    }
    if !priority.is_empty() {
        let mut facts = show(&priority);
        facts.push(f.show_exempt());
        return Some(if f.exempt == Some(true) {
            Finding::new(
                Verdict::AllowRecorded,
                Actor::Planning,
                Text::fixed(
                    "留存重点建设项目和选址确实无法避让的证明文件。",
                    "Keep on file what proves the key project and that it cannot avoid the place.",
                ),
                facts,
            )
        } else {
            Finding::new(
                Verdict::Block,
                Actor::Planning,
                Text::fixed(
                    "不得占用；确属法律规定的重点建设项目且无法避让的，提交证明文件后重新核查。",
                    "Not to be occupied; where it is a statutory key project that cannot avoid the place, hand in what proves it and check again.",
                ),
                facts,
            )
        });
    }
    if !unclassified.is_empty() {
        return Some(Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "占用的农用地尚未划分类别，由农业农村主管部门确认是否为优先保护类。",
                "The farmland is not classified yet: agriculture says whether it is of priority protection.",
            ),
            show(&unclassified),
        ));
    }
    (!f.farmland_known && f.on_units(UnitClass::Other).is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "农用地类别登记未覆盖该地块，由农业农村主管部门确认是否占用优先保护类耕地。",
                "The register of farmland classes is not kept for this ground: agriculture says whether priority-protection land is occupied.",
            ),
            vec![f.show_activity()],
        )
    })
}

pub(super) fn z7(f: &Facts) -> Option<Finding> {
    let kind = ZoneKind::PriorityFarmland;
    let pollution = f.pollution();
    if pollution == Known::No {
        return None;
    }
    let facts = zone_facts(f, kind, vec![f.show_pollution(), f.show_procedure()]);
    if f.inside(kind).is_empty() {
        return (!f.published.contains(&kind)).then(|| {
            Finding::new(
                Verdict::Warn,
                Actor::CountyEcology,
                Text::fixed(
                    "审批环评前核实是否位于优先保护类耕地集中区域。",
                    "Before the assessment is approved, find out whether it lies where priority-protection farmland is concentrated.",
                ),
                facts,
            )
            .note(NOT_PUBLISHED)
            .resting_on(pollution.confidence())
        });
    }
    let finding = match (f.procedure, pollution.holds()) {
        (Some(Procedure::Eia), true) => Finding::new(
            Verdict::Block,
            Actor::CountyEcology,
            Text::fixed("不予审批环境影响评价文件。", "The assessment is not approved."),
            facts,
        ),
        (Some(_), _) => Finding::new(
            Verdict::Hold,
            Actor::CountyEcology,
            Text::fixed(
                "先认定是否可能造成耕地土壤污染；可能的，不予审批环境影响评价文件。",
                "First decide whether it may pollute the soil of farmland; if so, the assessment is not approved.",
            ),
            facts,
        ),
        (None, _) => Finding::new(
            Verdict::Warn,
            Actor::CountyEcology,
            Text::fixed(
                "未说明办理事项：办理环评的，可能造成耕地土壤污染的项目不予审批。",
                "The procedure was not stated: in an assessment, what may pollute the soil of farmland is not approved.",
            ),
            facts,
        ),
    };
    Some(finding.resting_on(pollution.confidence()))
}
