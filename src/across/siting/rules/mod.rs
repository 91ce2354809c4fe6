//! The decision of a siting check: facts in, verdict and every rule that fired out.
//!
//! Pure: the day is one of the facts. The rules are the entries of [`SITING`]; [`decide`] runs those that hold on the day, in
//! the place, for the activity and in the procedure. The worst verdict wins.
//!
//! **Unknown is never silent.** A zone that was not published, a layer that was not loaded, a distance that was not set, an
//! industry that was not stated warn or hold. What meets the land lies around it whatever the distance.
//!
//! **Area counts.** Only overlaps with area put a project inside a zone or on a unit; a sliver warns (`ZP-LINE`). Moving a
//! project away from all that it meets never makes a verdict worse.

mod facts;
mod farmland;
mod metals;
mod orders;
mod own;
mod surroundings;
mod table;
#[cfg(test)]
mod tests;

pub use facts::{Activity, Covers, Facility, Facts, Met, Order, Procedure, Reach, UnitClass, ZoneKind};
pub use table::{Rule, SITING};

use crate::across::land_check::{Decision, Finding, Fired, Jurisdiction, Verdict, home};
use crate::kernel::{Citation, Confidence, Provision};

/// Judges the facts by every rule that holds on the day, in the place, for the activity and in the procedure.
pub fn decide(facts: &Facts) -> Decision {
    let mut rules: Vec<Fired> = Vec::new();
    for rule in SITING {
        let Some(citations) = standing(rule, facts) else { continue };
        if let Some(finding) = (rule.judge)(facts) {
            rules.push(fire(rule, citations, finding));
        }
    }
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.verdict));
    Decision { verdict: rules.iter().map(|fired| fired.verdict).max().unwrap_or(Verdict::Allow), rules }
}

/// What a rule stands on for these facts; `None` when it does not hold. A procedure that was not stated may be any.
fn standing(rule: &Rule, facts: &Facts) -> Option<Vec<Citation>> {
    let in_time = rule.from.is_none_or(|from| from <= facts.on);
    let asked = facts.procedure.is_none_or(|procedure| rule.procedures.contains(&procedure));
    let here = match rule.jurisdiction {
        Jurisdiction::Nation | Jurisdiction::Adopted(_) => true,
        Jurisdiction::Only(prefixes) => prefixes.iter().any(|prefix| facts.is_in(prefix)),
    };
    if !in_time || !asked || !here || !rule.activities.contains(&facts.activity) {
        return None;
    }
    let holds_here = |provision: &&Provision| {
        provision.0.iter().any(|basis| home(basis.instrument).is_none_or(|prefix| facts.is_in(prefix)))
    };
    let citations: Vec<Citation> =
        rule.provisions.iter().copied().filter(holds_here).filter_map(|provision| provision.cite(facts.on)).collect();
    (!citations.is_empty()).then_some(citations)
}

fn fire(rule: &Rule, citations: Vec<Citation>, finding: Finding) -> Fired {
    let texts = citations.iter().map(|citation| citation.confidence).max().unwrap_or(Confidence::Verified);
    Fired {
        rule: rule.id,
        verdict: finding.verdict,
        title: rule.title.clone(),
        citations,
        confidence: texts.max(rule.confidence).max(finding.confidence),
        facts: finding.facts,
        actor: finding.actor,
        must_do: finding.must_do,
        by: finding.by,
        note: finding.note,
    }
}
