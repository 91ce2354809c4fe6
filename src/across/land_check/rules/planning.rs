//! Barred uses, control zones, plans: G20-G22.

use super::Settings;
use super::facts::{BarredUse, Facts, Hit, Matter, Operation, UseFact, show_hits};
use super::verdict::{Actor, Finding, Verdict};
use crate::kernel::Text;

fn entries(hit: &Hit) -> &[BarredUse] {
    match &hit.matter {
        Matter::NegativeList { entries } => entries,
        _ => &[],
    }
}

fn is_negative_list(hit: &Hit) -> bool {
    matches!(hit.matter, Matter::NegativeList { .. })
}

fn bars(entry: &BarredUse, planned: &UseFact) -> bool {
    entry.system == planned.system && planned.code.starts_with(&entry.code_prefix)
}

/// Codes of different systems are not compared: an entry in another system than the planned use holds for a person. So
/// does a planned use coarser than an entry (`07` against a barred `0701`).
pub(super) fn g20(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(is_negative_list);
    if hits.is_empty() {
        return None;
    }
    let mut facts = show_hits(&hits);
    facts.push(f.show_planned());
    let all = || hits.iter().flat_map(|hit| entries(hit));
    let barred = f.planned_use.get().and_then(|planned| all().find(|entry| bars(entry, planned)));
    if let Some(entry) = barred {
        return Some(Finding::new(
            Verdict::Block,
            Actor::Planning,
            Text::new(
                format!(
                    "规划用途在负面清单内（{} {}：{}），另行选址或调整用途。",
                    entry.system, entry.code_prefix, entry.why
                ),
                format!(
                    "The planned use is barred ({} {}: {}): choose another site or use.",
                    entry.system, entry.code_prefix, entry.why
                ),
            ),
            facts,
        ));
    }
    let unclear = match f.planned_use.get() {
        None => true,
        Some(planned) => {
            all().any(|entry| entry.system != planned.system || entry.code_prefix.starts_with(&planned.code))
        }
    };
    if unclear {
        return Some(Finding::new(
            Verdict::Hold,
            Actor::Planning,
            Text::fixed(
                "补充规划用途或按负面清单所用分类标准逐项核对。",
                "State the planned use, or compare it by hand in the list's own code system.",
            ),
            facts,
        ));
    }
    Some(if hits.iter().any(|hit| entries(hit).is_empty()) {
        Finding::new(
            Verdict::Warn,
            Actor::PrefectureEcology,
            Text::fixed("负面清单未载明禁止用途，补充后再判定。", "The list names no barred use: complete it."),
            facts,
        )
    } else {
        Finding::new(
            Verdict::AllowRecorded,
            Actor::Planning,
            Text::fixed(
                "规划用途不在负面清单内，留存核对结果。",
                "The planned use is not barred: keep the comparison on file.",
            ),
            facts,
        )
    })
}

/// Development is blocked where the zone stands for a site not to be developed; whether it does is not always recorded,
/// and then development holds. Change of owner disturbs nothing, but whoever handles it must know.
pub(super) fn g21(f: &Facts, _: &Settings) -> Option<Finding> {
    let zones = f.hits_that(|hit| matches!(hit.matter, Matter::ControlZone { .. }));
    if zones.is_empty() {
        return None;
    }
    let stands = |state: Option<bool>| zones.iter().any(|hit| hit.matter == Matter::ControlZone { undeveloped: state });
    let develops = matches!(
        f.operation,
        Operation::ChangeUse
            | Operation::PlanningConditions
            | Operation::Supply
            | Operation::ConstructionPermit
            | Operation::Eia
            | Operation::ReclamationToFarmland
            | Operation::FarmlandConversion
    );
    let serves = matches!(f.operation, Operation::ConstructionPermit | Operation::Eia)
        && f.serves_remediation.get() == Some(&true);
    let verdict = match develops && !serves {
        true if stands(Some(true)) => Verdict::Block,
        true if stands(None) => Verdict::Hold,
        _ => Verdict::Warn,
    };
    let mut facts = show_hits(&zones);
    facts.push(f.show_operation());
    Some(Finding::new(
        verdict,
        Actor::Planning,
        match verdict {
            Verdict::Block => Text::fixed(
                "管控区域暂不开发利用，不得办理开发事项；须先解除管控区域。",
                "The zone is not to be developed: it must be lifted first.",
            ),
            Verdict::Hold => Text::fixed(
                "核实管控区域是否属于暂不开发利用；是的，不得开发。",
                "Find out whether the zone bars development for now; if so, do not develop.",
            ),
            _ => Text::fixed(
                "告知管控区域要求，避免扰动土壤，遵守标识和公告。",
                "Make the zone's rules known; leave the soil undisturbed, heed sign and announcement.",
            ),
        },
        facts,
    ))
}

pub(super) fn g22(f: &Facts, _: &Settings) -> Option<Finding> {
    let hits = f.hits_that(|hit| hit.is_suspected() || hit.is_contaminated() || is_negative_list(hit));
    (!hits.is_empty()).then(|| {
        let mut facts = show_hits(&hits);
        facts.push(f.show_survey());
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "附叠加分析，以土壤环境调查结论为规划条件的参考内容，合理确定用途。",
                "Attach the overlay, take the survey's conclusion as reference, and choose the use accordingly.",
            ),
            facts,
        )
    })
}
