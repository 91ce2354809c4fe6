//! Heavy metals: Z9, Z10.

use super::facts::{Facts, Known};
use crate::across::land_check::{Actor, Finding, Verdict};
use crate::kernel::Text;

pub(super) fn z9(f: &Facts) -> Option<Finding> {
    let metals = f.emits_metals();
    let facts = vec![f.show_metals(), f.show_activity()];
    let finding = match metals {
        Known::No => return None,
        Known::Yes | Known::Presumed => Finding::new(
            Verdict::AllowRecorded,
            Actor::LandUser,
            Text::fixed(
                "执行重金属重点污染物特别排放限值，写入环评和批复。",
                "The special emission limits for heavy metals are kept, and stand in the assessment and its approval.",
            ),
            facts,
        ),
        Known::Disputed | Known::Unknown => Finding::new(
            Verdict::Warn,
            Actor::CountyEcology,
            Text::fixed(
                "核实是否排放重金属污染物；排放的，执行特别排放限值。",
                "Find out whether heavy metals are emitted; if so, the special emission limits are kept.",
            ),
            facts,
        ),
    };
    Some(finding.resting_on(metals.confidence()))
}

/// An offset that was not stated is none.
pub(super) fn z10(f: &Facts) -> Option<Finding> {
    let metals = f.emits_metals();
    let facts = vec![f.show_metals(), f.show_offset(), f.show_activity()];
    let finding = match metals {
        Known::No => return None,
        Known::Unknown => Finding::new(
            Verdict::Warn,
            Actor::PrefectureEcology,
            Text::fixed(
                "核实是否排放重金属污染物；排放的，须先落实减量置换或等量置换。",
                "Find out whether heavy metals are emitted; if so, the emissions are offset first.",
            ),
            facts,
        ),
        Known::Yes | Known::Presumed | Known::Disputed if f.offset == Some(true) => Finding::new(
            Verdict::AllowRecorded,
            Actor::PrefectureEcology,
            Text::fixed("留存置换方案和来源。", "Keep the offset and its source on file."),
            facts,
        ),
        Known::Yes | Known::Presumed | Known::Disputed => Finding::new(
            Verdict::Hold,
            Actor::PrefectureEcology,
            Text::fixed(
                "落实并登记减量置换或等量置换后再办理。",
                "Not before the emissions are offset, by as much or more, and the offset is on record.",
            ),
            facts,
        ),
    };
    Some(finding.resting_on(metals.confidence()))
}
