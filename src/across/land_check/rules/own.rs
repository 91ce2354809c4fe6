//! What this registry adds on its own account: G29, G31, line contact, neighbours, contradictions, unknown place, and what
//! a local setting decided.

use super::facts::{
    FactUsed, Facts, FarmlandClass, History, Hit, Matter, Operation, Register, Relation, Source, show_hits,
};
use super::verdict::{Actor, Finding, Fired, Verdict};
use super::{Settings, by_facts};
use crate::kernel::{Confidence, Text};

/// A reviewed survey has looked into the history itself, so it settles the question.
pub(super) fn g29(f: &Facts, _: &Settings) -> Option<Finding> {
    (f.history() == History::Unknown && !f.is_surveyed()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "人工核查用地历史（档案、影像、走访），记录核查人和结论。",
                "Check the land's history by hand (files, imagery, visits) and record who checked and what was found.",
            ),
            vec![f.show_industry(), f.show_current(), f.show_coverage(Register::SuspectedSites), f.show_survey()],
        )
    })
}

/// Whether a record of this kind could have closed a gate, had it overlapped by more than a sliver.
fn matters(hit: &Hit, operation: Operation) -> bool {
    match &hit.matter {
        Matter::Site { .. } | Matter::NegativeList { .. } | Matter::ControlZone { .. } | Matter::KeyUnit => true,
        Matter::Farmland { class } => {
            matches!(class, FarmlandClass::StrictControl | FarmlandClass::Unclassified)
                && matches!(operation, Operation::FarmlandConversion | Operation::ChangeUse)
        }
    }
}

pub(super) fn line_contact(f: &Facts, _: &Settings) -> Option<Finding> {
    let slivers: Vec<&Hit> = f
        .hits
        .iter()
        .filter(|hit| hit.relation == Relation::Overlaps && hit.sliver && matters(hit, f.operation))
        .collect();
    (!slivers.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "核对界线，由人工判定是否重叠，并记录判定人和理由。",
                "Compare the boundaries; a person decides whether they overlap, and records who and why.",
            ),
            show_hits(&slivers),
        )
    })
}

pub(super) fn neighbours(f: &Facts, s: &Settings) -> Option<Finding> {
    let beside: Vec<&Hit> = f
        .hits
        .iter()
        .filter(|hit| match hit.relation {
            // What touches is nearer than near.
            Relation::Touches => s.touching_warns || s.near_warns,
            Relation::Near => s.near_warns,
            Relation::Overlaps => false,
        })
        .filter(|hit| matters(hit, f.operation))
        .collect();
    (!beside.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "关注相邻地块的土壤和地下水污染影响。",
                "Consider the effect of the neighbouring records on soil and groundwater.",
            ),
            show_hits(&beside),
        )
        .note(Text::fixed(
            "相接、邻近的提示及其距离为系统参数，不是法定要求。",
            "Warning of neighbours, and the distance, are settings; no text asks for them.",
        ))
    })
}

pub(super) fn contradictions(f: &Facts, _: &Settings) -> Option<Finding> {
    let facts = f.contradicted();
    (!facts.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "以登记簿为准判定；核实申报内容，登记有误的申请更正。",
                "Judged by the registry; check the statement, and have the registry corrected where it is wrong.",
            ),
            facts,
        )
    })
}

pub(super) fn division_unknown(f: &Facts, _: &Settings) -> Option<Finding> {
    f.places.is_empty().then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed("确定地块所在区划后重新查询。", "Find out the parcel's division and check again."),
            vec![f.show_operation()],
        )
    })
}

/// The answer is about a day that is past; what the land meets today must not go unseen for that.
pub(super) fn since_then(f: &Facts, _: &Settings) -> Option<Finding> {
    let since: Vec<&Hit> =
        f.since.iter().filter(|hit| hit.relation == Relation::Overlaps && matters(hit, f.operation)).collect();
    (!since.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "本回复针对过去的日期；该日之后登记情况已变化，如现在办理须以今日日期重新查询。",
                "This answer is about a past day; the records have changed since. To go on now, ask again with today's day.",
            ),
            show_hits(&since),
        )
    })
}

/// Which rules fire, or do not, because a setting is not the usual one. A setting that changes nothing here is not named.
pub(super) fn local_choice(f: &Facts, s: &Settings, fired: &[Fired]) -> Option<Finding> {
    let usual = Settings::default();
    let choices = [
        ("adopt_regional", s.adopt_regional, Settings { adopt_regional: usual.adopt_regional, ..s.clone() }),
        ("touching_warns", s.touching_warns, Settings { touching_warns: usual.touching_warns, ..s.clone() }),
        (
            "interchange_exempt",
            s.interchange_exempt,
            Settings { interchange_exempt: usual.interchange_exempt, ..s.clone() },
        ),
    ];
    let facts: Vec<FactUsed> = choices
        .into_iter()
        .filter(|(_, _, otherwise)| otherwise != s)
        .filter_map(|(key, value, otherwise)| {
            // How hard a rule closes may rest on what comes later, such as the written reply; whether it speaks does not.
            let otherwise = by_facts(f, &otherwise);
            let missing_in = |these: &[Fired], those: &[Fired]| -> Vec<&'static str> {
                these.iter().map(|one| one.rule).filter(|rule| those.iter().all(|other| other.rule != *rule)).collect()
            };
            let (with, without) = (missing_in(fired, &otherwise), missing_in(&otherwise, fired));
            let differs = fired
                .iter()
                .any(|one| otherwise.iter().any(|other| other.rule == one.rule && other.verdict != one.verdict));
            (differs || !with.is_empty() || !without.is_empty()).then(|| chosen(key, value, &with, &without))
        })
        .collect();
    (!facts.is_empty()).then(|| {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "核对当地作此设定的依据并留存；按系统通常设定，适用的规则不同。",
                "Check what the local setting rests on and keep it on file; by the usual setting other rules apply.",
            ),
            facts,
        )
        .resting_on(Confidence::Unconfirmed)
        .note(Text::fixed("该设定是当地的选择，不是法定要求。", "The setting is a local choice; no text asks for it."))
    })
}

fn chosen(key: &'static str, value: bool, with: &[&str], without: &[&str]) -> FactUsed {
    let (mut zh, mut en) = (format!("本地设定 {key} = {value}"), format!("local setting {key} = {value}"));
    if !with.is_empty() {
        zh.push_str(&format!("；因此适用：{}", with.join("、")));
        en.push_str(&format!("; applies because of it: {}", with.join(", ")));
    }
    if !without.is_empty() {
        zh.push_str(&format!("；因此不适用：{}", without.join("、")));
        en.push_str(&format!("; does not apply because of it: {}", without.join(", ")));
    }
    if with.is_empty() && without.is_empty() {
        zh.push_str("；规则的结论因此不同");
        en.push_str("; a rule closes otherwise because of it");
    }
    FactUsed { name: key, value: value.to_string(), source: Source::Registry, text: Text::new(zh, en) }
}

/// "No hit" is: no site, negative list or control zone under the parcel. Farmland of any class and a key unit's land are
/// hits of the rules that ask for them, and those fire.
pub(super) fn g31(f: &Facts, _: &Settings, fired: &[Fired]) -> Option<Finding> {
    let hit = f.hits.iter().any(|hit| {
        hit.counts()
            && matches!(hit.matter, Matter::Site { .. } | Matter::NegativeList { .. } | Matter::ControlZone { .. })
    });
    let triggered = fired.iter().any(|rule| rule.verdict > Verdict::AllowRecorded);
    (!hit && !triggered).then(|| {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed("将查询编号归档。", "Keep the number of this query on file."),
            vec![f.show_operation()],
        )
    })
}
