//! What lies around (周边): Z5, Z6, Z8. No text prints a distance.

use super::facts::{Facility, Facts, Known, Met, Named, show_met, show_reach};
use crate::across::land_check::{Actor, FactUsed, Finding, Verdict};
use crate::kernel::{Confidence, Text};
use crate::standards::industries::{IndustrySet, KeyIndustry, Standing, standing};
use crate::standards::law::GUANGDONG_16;

/// What the nation's texts name.
const NATION: [Facility; 4] = [Facility::Homes, Facility::Schools, Facility::Hospitals, Facility::CareHomes];

/// What is known of the surroundings as regards some facilities.
struct Around<'a> {
    within: Vec<(Facility, &'a Met)>,
    /// Those for which neither a parameter nor the project's assessment gives a distance.
    unset: Vec<Facility>,
    /// Those of which no layer is complete for the place.
    unknown: Vec<Facility>,
}

impl<'a> Around<'a> {
    fn of(f: &'a Facts, kinds: &[Facility]) -> Around<'a> {
        let having = |wanted: &dyn Fn(Facility) -> bool| kinds.iter().copied().filter(|kind| wanted(*kind)).collect();
        Around {
            within: f.around(kinds),
            unset: having(&|kind| f.reach(kind).metres.is_none()),
            unknown: having(&|kind| !f.surveyed.contains(&kind)),
        }
    }

    fn is_known_clear(&self) -> bool {
        self.within.is_empty() && self.unset.is_empty() && self.unknown.is_empty()
    }

    fn facts(&self, f: &Facts, more: Vec<FactUsed>) -> Vec<FactUsed> {
        let mut facts: Vec<FactUsed> = self.within.iter().map(|(kind, met)| show_met(kind.as_str(), met)).collect();
        let mut shown: Vec<Facility> =
            self.within.iter().map(|(kind, _)| *kind).chain(self.unset.iter().copied()).collect();
        shown.sort_unstable();
        shown.dedup();
        facts.extend(shown.into_iter().map(|kind| f.show_reach(kind)));
        facts.extend(more);
        facts
    }

    /// What the reader must know of a distance that was not set and of layers that are not there.
    fn note(&self) -> Option<Text> {
        let list = |kinds: &[Facility]| {
            let texts: Vec<Text> = kinds.iter().map(|kind| kind.text()).collect();
            let zh: Vec<&str> = texts.iter().map(|text| text.zh.as_ref()).collect();
            let en: Vec<&str> = texts.iter().map(|text| text.en.as_ref()).collect();
            (zh.join("、"), en.join(", "))
        };
        let (mut zh, mut en) = (String::new(), String::new());
        if !self.unset.is_empty() {
            let (names_zh, names_en) = list(&self.unset);
            zh += &format!(
                "距离参数未配置（{names_zh}）：法律和规划未规定“周边”的距离，只判定了与项目用地重叠、相接的。"
            );
            en += &format!(
                "Distance not set ({names_en}): no text says how far \"around\" reaches, so only what meets the land was judged. "
            );
        }
        if !self.unknown.is_empty() {
            let (names_zh, names_en) = list(&self.unknown);
            zh += &format!("未导入所在区划的参考图层（{names_zh}），有无不详。");
            en += &format!(
                "No reference layer is complete for the place ({names_en}), so whether there are any is unknown. "
            );
        }
        (!zh.is_empty()).then(|| Text::new(zh, en.trim_end().to_owned()))
    }

    /// Whether a distance that decided was the operator's.
    fn confidence(&self, f: &Facts) -> Confidence {
        let by_parameter = self.within.iter().any(|(kind, met)| {
            let reach = f.reach(*kind);
            met.distance_m > 0.0 && reach.assessed_m.is_none_or(|assessed| met.distance_m > assessed)
        });
        if by_parameter || !self.unset.is_empty() { Confidence::Unconfirmed } else { Confidence::Verified }
    }

    fn noted(&self, f: &Facts, finding: Finding) -> Finding {
        let finding = finding.resting_on(self.confidence(f));
        match self.note() {
            Some(note) => finding.note(note),
            None => finding,
        }
    }
}

/// Whether it smelts non-ferrous metals or makes coke: the two industries that the plans name before "and the like" (等).
fn smelts_or_cokes(f: &Facts) -> Named {
    let two = [KeyIndustry::NonferrousSmelting, KeyIndustry::Coking];
    match (&f.industry, f.named(IndustrySet::SurveySix)) {
        (Some(code), Named::Yes(confidence)) => match standing(code, IndustrySet::SurveySix) {
            Standing::Key(found) if two.contains(&found.industry) => Named::Yes(confidence),
            _ => Named::No,
        },
        (Some(code), Named::Unknown) => match standing(code, IndustrySet::SurveySix) {
            Standing::Undecided(below) if below.iter().any(|one| two.contains(one)) => Named::Unknown,
            _ => Named::No,
        },
        (_, named) => named,
    }
}

pub(super) fn z5(f: &Facts) -> Option<Finding> {
    let named = smelts_or_cokes(f);
    let around = Around::of(f, &NATION);
    if named == Named::No || around.is_known_clear() {
        return None;
    }
    let facts = around.facts(f, vec![f.show_industry(), f.show_activity()]);
    let confidence = if let Named::Yes(confidence) = named { confidence } else { Confidence::Verified };
    let finding = match (around.within.is_empty(), named) {
        (false, Named::Yes(_)) => Finding::new(
            Verdict::Block,
            Actor::Planning,
            Text::fixed("禁止新建，另行选址。", "It is not built: choose another site."),
            facts,
        ),
        (false, _) => Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "补充行业代码（GB/T 4754，至小类）；属有色金属冶炼、焦化的，禁止新建。",
                "State the industry (GB/T 4754, to the class); smelters of non-ferrous metals and coking plants are not built there.",
            ),
            facts,
        ),
        (true, _) => Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "人工核查周边有无居民区、学校、医疗和养老机构，记录核查人、距离和结论。",
                "Look by hand for homes, schools, hospitals and homes for the elderly around, and record who looked, how far, and what was found.",
            ),
            facts,
        ),
    };
    Some(around.noted(f, finding.resting_on(confidence)))
}

/// Kindergartens are named by Guangdong's measures; elsewhere "and the like" may take them in, so they warn.
pub(super) fn z6(f: &Facts) -> Option<Finding> {
    let pollution = f.pollution();
    if pollution == Known::No {
        return None;
    }
    let kindergartens_named = f.is_in("44") && GUANGDONG_16.cite(f.on).is_some();
    let named: &[Facility] = if kindergartens_named { Facility::ALL } else { &NATION };
    let around = Around::of(f, named);
    let others: Vec<(Facility, &Met)> =
        if kindergartens_named { Vec::new() } else { f.around(&[Facility::Kindergartens]) };
    if around.is_known_clear() && others.is_empty() {
        return None;
    }
    let mut facts = around.facts(f, vec![f.show_pollution(), f.show_activity()]);
    facts.extend(others.iter().map(|(kind, met)| show_met(kind.as_str(), met)));
    let finding = match (around.within.is_empty(), pollution.holds()) {
        (false, true) => Finding::new(
            Verdict::Block,
            Actor::Planning,
            Text::fixed(
                "禁止新建、改建、扩建，另行选址。",
                "It is not built, rebuilt or extended: choose another site.",
            ),
            facts,
        ),
        (false, false) => Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "由生态环境主管部门认定是否可能造成土壤污染；可能的，禁止新建、改建、扩建。",
                "Ecology decides whether it may pollute soil; if so, it is not built, rebuilt or extended.",
            ),
            facts,
        ),
        (true, _) if !others.is_empty() && around.is_known_clear() => Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "周边有幼儿园，由主管部门认定是否属于条文所称“等”。",
                "There are kindergartens around: the authority decides whether the text's \"and the like\" takes them in.",
            ),
            facts,
        ),
        (true, _) => Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "人工核查周边有无居民区、学校、医院、疗养院、养老院等，记录核查人、距离和结论。",
                "Look by hand for homes, schools, hospitals, sanatoria and homes for the elderly around, and record who looked, how far, and what was found.",
            ),
            facts,
        ),
    };
    Some(around.noted(f, finding.resting_on(pollution.confidence())))
}

/// What is built must be known to be no home, school or hospital; an industry that was stated says so.
pub(super) fn z8(f: &Facts) -> Option<Finding> {
    let builds = match &f.builds {
        Some(builds) if builds.is_empty() => return None,
        None if f.industry.is_some() => return None,
        Some(builds) => Some(builds),
        None => None,
    };
    let around = f.sources_around();
    let unset = f.source_reach.metres.is_none();
    let unknown = !f.sources_known;
    if around.is_empty() && !unset && !unknown {
        return None;
    }
    let mut facts: Vec<FactUsed> = around.iter().map(|met| show_met("contaminated", met)).collect();
    facts.push(show_reach(
        "contaminated",
        Text::fixed("污染地块、污染源", "contaminated sites and sources"),
        &f.source_reach,
    ));
    facts.push(f.show_activity());
    let must_do = match (builds, around.is_empty()) {
        (Some(_), false) => Text::fixed(
            "环评中分析周边污染地块和污染源对项目的影响，并提出防护措施。",
            "The assessment analyses what the contaminated plots and sources around do to the project, and what protects it.",
        ),
        (Some(_), true) => Text::fixed(
            "人工核查周边有无污染地块和污染源；有的，在环评中分析其影响。",
            "Look by hand for contaminated plots and sources around; where there are any, the assessment analyses them.",
        ),
        (None, _) => Text::fixed(
            "说明是否为住宅、学校、医院等项目；是的，在环评中分析周边污染地块和污染源的影响。",
            "Say whether homes, schools or hospitals are built; if so, the assessment analyses contaminated plots and sources around.",
        ),
    };
    let finding = Finding::new(Verdict::Warn, Actor::LandUser, must_do, facts);
    Some(match (unset, unknown) {
        (false, false) => finding,
        (true, false) => finding.note(Text::fixed("距离参数未配置。", "The distance is not set.")),
        (false, true) => finding.note(Text::fixed(
            "污染地块、重点监管单位登记未覆盖该地块，有无不详。",
            "The registers of sites and key units are not kept for this ground, so whether there are any is unknown.",
        )),
        (true, true) => finding.note(Text::fixed(
            "距离参数未配置；污染地块、重点监管单位登记未覆盖该地块，有无不详。",
            "The distance is not set, and the registers of sites and key units are not kept for this ground.",
        )),
    }
    .resting_on(if f.source_reach.parameter_m.is_some() || unset { Confidence::Unconfirmed } else { Confidence::Verified }))
}
