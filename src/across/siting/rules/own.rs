//! What this registry adds on its own account: line contact, statements against the industry.

use super::facts::{Facts, Known, show_met};
use crate::across::land_check::{Actor, Finding, Verdict};
use crate::kernel::Text;

pub(super) fn line_contact(f: &Facts) -> Option<Finding> {
    let slivers = f.line_contacts();
    (!slivers.is_empty()).then(|| {
        Finding::new(
            Verdict::Warn,
            Actor::Planning,
            Text::fixed(
                "核对界线，由人工判定是否重叠，并记录判定人和理由。",
                "Compare the boundaries; a person decides whether they overlap, and records who and why.",
            ),
            slivers.iter().map(|met| show_met("line", met)).collect(),
        )
    })
}

pub(super) fn contradiction(f: &Facts) -> Option<Finding> {
    let mut facts = Vec::new();
    if f.pollution() == Known::Disputed {
        facts.push(f.show_pollution());
    }
    if f.emits_metals() == Known::Disputed {
        facts.push(f.show_metals());
    }
    (!facts.is_empty()).then(|| {
        facts.push(f.show_industry());
        Finding::new(
            Verdict::Warn,
            Actor::CountyEcology,
            Text::fixed(
                "核实申报内容：所报行业一般属于可能造成土壤污染或排放重金属的行业。",
                "Check the statement: the industry stated is one that is taken to pollute soil or to emit heavy metals.",
            ),
            facts,
        )
    })
}
