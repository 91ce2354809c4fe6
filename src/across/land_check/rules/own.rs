//! What this registry adds on its own account: G29, G31, line contact, neighbours, contradictions, unknown place.

use super::Settings;
use super::facts::{Facts, FarmlandClass, History, Hit, Matter, Operation, Register, Relation, show_hits};
use super::verdict::{Actor, Finding, Fired, Verdict};
use crate::kernel::Text;

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
