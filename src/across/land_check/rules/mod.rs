//! The decision of a land check: facts in, verdict and every rule that fired out.
//!
//! Pure: the day of the operation is one of the facts. The rules are the entries of [`GATES`]; [`decide`] runs those that
//! hold on the day, in the place and for the operation. The worst verdict wins.
//!
//! **Unknown is never silent.** A rule that cannot be judged because a fact is unknown fires as *warn* or *hold*. Three
//! readings belong to that. A survey that neither registry nor caller knows of does not exist: unknown is read as none,
//! which is the strictest reading of every rule that asks for one. With a reviewed survey of unknown use the state itself
//! says "for the planned use". Whether a parcel stands in the supply plan only matters to an encouragement (G26), so not
//! knowing it raises nothing.
//!
//! **A local choice is no silence either.** Where one of the operator's [`Settings`] that is not the usual one makes a rule
//! fire, or keeps it from firing, the answer names the setting and the rule (`P-LOCAL`).
//!
//! **Area counts.** Only overlaps with area close a gate. A sliver warns (`P-LINE`); touching and near records warn where
//! [`Settings`] say so (`P-NEAR`). Adding a record never makes a verdict milder.
//!
//! **Allow and allow on record.** Where land comes into another's hands or use (taking, transfer, change of use, supply,
//! conversion of farmland) the query itself is kept (G1, G31), so the mildest verdict there is *allow_recorded*. Planning
//! conditions, permits, assessments, registration and reclamation carry no such duty: where nothing fires, *allow*.

mod building;
mod changing;
mod facts;
mod gates;
mod own;
mod planning;
mod stages;
mod supplying;
mod taking;
#[cfg(test)]
mod tests;
mod verdict;

pub use facts::{
    BarredUse, Coverage, CoverageStatus, Fact, FactUsed, Facts, FarmlandClass, History, Hit, Matter, Operation, Place,
    Register, Relation, Reply, Source, SurveyState, UseFact, registry_survey_state,
};
pub use gates::{GATES, Gate, Judge, Jurisdiction, home};
pub use taking::after_reply;
pub use verdict::{Actor, Decision, Finding, Fired, Verdict};

use crate::kernel::basis::Provision;
use crate::kernel::{Citation, Confidence, Text};
use crate::standards::law;
use std::collections::BTreeMap;

/// What the operator may set. None of it is law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether a region's text serves as default elsewhere (G1, G2, G3, G26).
    pub adopt_regional: bool,
    /// Whether touching a site's boundary warns.
    pub touching_warns: bool,
    /// Whether a record within the distance asked warns; one that touches lies within every distance.
    pub near_warns: bool,
    /// Whether housing and public use among themselves need no new survey (G27; its text is recalled, not verified).
    pub interchange_exempt: bool,
    /// By the first two digits of a province: the operations that may not go on before the survey is finished, as the
    /// province fixed under Code art. 454(2). A province not named has not been entered, and G9 says so.
    pub survey_before: BTreeMap<String, Vec<Operation>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            adopt_regional: true,
            touching_warns: false,
            near_warns: false,
            interchange_exempt: true,
            survey_before: BTreeMap::new(),
        }
    }
}

/// Judges the facts by every rule that holds on the day, in the place and for the operation.
pub fn decide(facts: &Facts, settings: &Settings) -> Decision {
    let mut rules = by_facts(facts, settings);
    for gate in GATES {
        let Judge::Closing(judge) = gate.judge else { continue };
        let Some(standing) = standing(gate, facts, settings) else { continue };
        rules.extend(judge(facts, settings, &rules).and_then(|finding| fire(gate, standing, finding)));
    }
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.verdict));
    Decision { verdict: rules.iter().map(|fired| fired.verdict).max().unwrap_or(Verdict::Allow), rules }
}

/// The rules that fire by the facts alone, in the order of the table.
fn by_facts(facts: &Facts, settings: &Settings) -> Vec<Fired> {
    let fired = GATES.iter().filter_map(|gate| {
        let Judge::Facts(judge) = gate.judge else { return None };
        let standing = standing(gate, facts, settings)?;
        fire(gate, standing, judge(facts, settings)?)
    });
    fired.collect()
}

/// What a gate stands on for these facts.
struct Standing {
    citations: Vec<Citation>,
    adopted: bool,
}

/// `None` when the gate does not hold on the day, in the place or for the operation.
fn standing(gate: &Gate, facts: &Facts, settings: &Settings) -> Option<Standing> {
    let in_time = gate.from.is_none_or(|from| from <= facts.on) && gate.to.is_none_or(|to| facts.on <= to);
    if !in_time || !gate.operations.contains(&facts.operation) {
        return None;
    }
    let is_at = |prefixes: &[&str]| prefixes.iter().any(|prefix| facts.is_in(prefix));
    let adopted = match gate.jurisdiction {
        Jurisdiction::Nation => false,
        Jurisdiction::Only(prefixes) if is_at(prefixes) => false,
        Jurisdiction::Only(_) => return None,
        Jurisdiction::Adopted(prefixes) if is_at(prefixes) => false,
        Jurisdiction::Adopted(_) if settings.adopt_regional => true,
        Jurisdiction::Adopted(_) => return None,
    };
    let holds_here = |provision: &&Provision| {
        adopted || provision.0.iter().any(|basis| home(basis.instrument).is_none_or(|prefix| facts.is_in(prefix)))
    };
    let mut citations: Vec<Citation> =
        gate.provisions.iter().copied().filter(holds_here).filter_map(|provision| provision.cite(facts.on)).collect();
    if citations.is_empty() {
        return None;
    }
    if adopted {
        citations.extend(law::PRODUCT_ADOPTED.cite(facts.on));
    }
    Some(Standing { citations, adopted })
}

/// `None` when none of the gate's texts speaks of what was found.
fn fire(gate: &Gate, mut standing: Standing, finding: Finding) -> Option<Fired> {
    standing.citations.retain(|citation| finding.not_by.iter().all(|text| text.zh != citation.instrument_zh));
    if standing.citations.is_empty() {
        return None;
    }
    let texts = standing.citations.iter().map(|citation| citation.confidence).max().unwrap_or(Confidence::Verified);
    let mut confidence = texts.max(gate.confidence).max(finding.confidence);
    let mut note = finding.note;
    if standing.adopted {
        confidence = Confidence::Unconfirmed;
        let adopted = Text::fixed(
            "所引为其他地区规定，本地作为系统默认规则采用，不是本地法定要求。",
            "The text cited is another region's, taken over here as this registry's default; it is not law here.",
        );
        note = Some(match note {
            Some(other) => Text::new(format!("{}{}", adopted.zh, other.zh), format!("{} {}", adopted.en, other.en)),
            None => adopted,
        });
    }
    Some(Fired {
        rule: gate.id,
        verdict: finding.verdict,
        title: gate.title.clone(),
        citations: standing.citations,
        confidence,
        facts: finding.facts,
        actor: finding.actor,
        must_do: finding.must_do,
        by: finding.by,
        note,
    })
}
