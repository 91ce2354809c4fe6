//! Which units may be proposed, and what a proposal comes to.

use crate::kernel::{FarmlandUnitId, Fault, Text};
use std::collections::{BTreeMap, BTreeSet};

/// Units of a proposal at most.
pub const MAX_UNITS: usize = 10_000;

/// Longest text, characters.
const MAX_TEXT: usize = 2_000;

/// Classes of the five elements, 1 to 3: priority protection, safe use, strict control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProposalElements, example = json!({"Cd": 2, "Hg": 1, "As": 1, "Pb": 1, "Cr": 1}))]
pub struct Elements {
    /// Cadmium.
    #[serde(rename = "Cd", default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3)]
    pub cd: Option<u8>,
    /// Mercury.
    #[serde(rename = "Hg", default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3)]
    pub hg: Option<u8>,
    /// Arsenic.
    #[serde(rename = "As", default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3)]
    pub arsenic: Option<u8>,
    /// Lead.
    #[serde(rename = "Pb", default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3)]
    pub pb: Option<u8>,
    /// Chromium.
    #[serde(rename = "Cr", default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3)]
    pub cr: Option<u8>,
}

impl Elements {
    /// In the order Cd, Hg, As, Pb, Cr.
    pub const fn array(self) -> [Option<u8>; 5] {
        [self.cd, self.hg, self.arsenic, self.pb, self.cr]
    }

    /// From that order; `None` where no element has a class.
    pub fn of([cd, hg, arsenic, pb, cr]: [Option<u8>; 5]) -> Option<Elements> {
        let elements = Elements { cd, hg, arsenic, pb, cr };
        (elements != Elements::default()).then_some(elements)
    }
}

/// Names of the elements in that order.
const ELEMENTS: [&str; 5] = ["Cd", "Hg", "As", "Pb", "Cr"];

/// A unit as it is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUnit {
    /// Which.
    pub unit: FarmlandUnitId,
    /// The class it is to have, as on the wire.
    pub class: &'static str,
    /// Classes of the elements, where they are known.
    pub elements: Option<Elements>,
    /// Why, where the proposal's own reasons do not say.
    pub reason: Option<String>,
}

/// The class to propose where the samples were asked: theirs, or another one with a reason. `asked` is the class that the
/// proposal gives, `found` what the samples say, `None` where they say nothing.
///
/// # Errors
/// `class_not_found`, `reason_needed`.
pub fn settle(
    place: usize,
    asked: Option<&'static str>,
    found: Option<&'static str>,
    reason: Option<&str>,
) -> Result<&'static str, Fault> {
    match (asked, found) {
        (None, Some(found)) => Ok(found),
        (None, None) => Err(Fault::new(
            format!("/units/{place}/class"),
            "class_not_found",
            Text::fixed(
                "样品不足以判定该单元的类别，须给出类别并说明理由。",
                "The samples do not tell the unit's class; give it, with the reason.",
            ),
        )),
        (Some(asked), found) if found == Some(asked) || reason.is_some_and(|reason| !reason.trim().is_empty()) => {
            Ok(asked)
        }
        (Some(asked), found) => Err(Fault::new(
            format!("/units/{place}/reason"),
            "reason_needed",
            Text::new(
                format!("拟定类别 {asked} 与样品判定（{}）不同，须说明理由。", found.unwrap_or("无法判定")),
                format!("{asked} is not what the samples say ({}): give the reason.", found.unwrap_or("nothing")),
            ),
        )),
    }
}

/// A unit as the registry has it on the day of the proposal, or as far as whoever proposes may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its code.
    pub code: String,
    /// Its division.
    pub division: String,
    /// Its class.
    pub class: String,
    /// It is no more.
    pub ended: bool,
}

/// A text of 1 to 2000 characters, else its fault.
pub fn text_fault(pointer: &str, text: &str) -> Option<Fault> {
    let bad =
        text.trim().is_empty() || text.chars().count() > MAX_TEXT || text.chars().any(|c| c.is_control() && c != '\n');
    bad.then(|| {
        Fault::new(
            pointer,
            "bad_text",
            Text::new(
                format!("应为 1 至 {MAX_TEXT} 个字符，不含控制字符。"),
                format!("must have 1 to {MAX_TEXT} characters, none of them control characters."),
            ),
        )
    })
}

/// What is wrong with the units of a proposal. `found` is parallel to `units`: `None` for a unit that is not there, or that
/// whoever proposes may not see.
pub fn check(units: &[NewUnit], found: &[Option<Found>], county: &str, confirm: bool) -> Vec<Fault> {
    if units.is_empty() || units.len() > MAX_UNITS {
        return vec![Fault::new(
            "/units",
            "bad_count",
            Text::new(
                format!("应有 1 至 {MAX_UNITS} 个单元，实有 {} 个。", units.len()),
                format!("1 to {MAX_UNITS} units, not {}.", units.len()),
            ),
        )];
    }
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (i, (unit, found)) in units.iter().zip(found).enumerate() {
        let at = |field: &str| format!("/units/{i}/{field}");
        if !seen.insert(unit.unit) {
            faults.push(Fault::new(
                at("unit_id"),
                "repeated",
                Text::fixed("同一单元列了两次。", "The same unit is listed twice."),
            ));
        }
        let classes = unit.elements.map(Elements::array).unwrap_or_default();
        for (name, class) in ELEMENTS.iter().zip(classes) {
            if class.is_some_and(|class| !(1..=3).contains(&class)) {
                faults.push(Fault::new(
                    at(&format!("elements/{name}")),
                    "not_a_class",
                    Text::fixed("应为 1、2 或 3。", "must be 1, 2 or 3."),
                ));
            }
        }
        faults.extend(unit.reason.as_ref().and_then(|reason| text_fault(&at("reason"), reason)));
        match found {
            None => faults.push(Fault::new(
                at("unit_id"),
                "unknown_unit",
                Text::new(
                    format!("没有农用地单元 {}，或您无权查看。", unit.unit),
                    format!("There is no farmland unit {}, or you may not see it.", unit.unit),
                ),
            )),
            Some(found) if found.division != county => faults.push(Fault::new(
                at("unit_id"),
                "other_county",
                Text::new(
                    format!("单元 {} 属于 {}，不属于 {county}。", found.code, found.division),
                    format!("Unit {} lies in {}, not in {county}.", found.code, found.division),
                ),
            )),
            Some(found) if found.ended => faults.push(Fault::new(
                at("unit_id"),
                "unit_ended",
                Text::new(
                    format!("单元 {} 已终止（拆分、合并或改作他用）。", found.code),
                    format!("Unit {} has ended: split, merged, or no farmland any more.", found.code),
                ),
            )),
            Some(_) => {}
        }
    }
    let changes = || units.iter().zip(found).any(|(unit, found)| found.as_ref().is_none_or(|f| f.class != unit.class));
    if faults.is_empty() && !confirm && !changes() {
        faults.push(Fault::new(
            "/units",
            "nothing_changes",
            Text::fixed(
                "所列单元的类别均无变化；如系定期确认，请填 confirm: true。",
                "No class of these units changes; say `confirm: true` where classes are confirmed periodically.",
            ),
        ));
    }
    faults
}

/// What a proposal moves from class to class.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ChangeSum {
    /// Class at the proposal.
    pub from: String,
    /// Class proposed.
    pub to: String,
    /// How many units.
    pub units: u64,
    /// Their area, m².
    pub area_m2: f64,
}

/// The sums by class before and after of (from, to, area in m²).
pub fn sums<'a>(units: impl Iterator<Item = (&'a str, &'a str, f64)>) -> Vec<ChangeSum> {
    let mut sums: BTreeMap<(&str, &str), (u64, f64)> = BTreeMap::new();
    for (from, to, area) in units {
        let sum = sums.entry((from, to)).or_default();
        sum.0 += 1;
        sum.1 += area;
    }
    sums.into_iter()
        .map(|((from, to), (units, area_m2))| ChangeSum { from: from.to_owned(), to: to.to_owned(), units, area_m2 })
        .collect()
}
