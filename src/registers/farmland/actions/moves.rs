//! Where cultivated land (耕地) leaves or joins the class of priority protection: what counties are warned of.

use super::super::rules::CULTIVATED;
use super::super::units::Unit;
use crate::kernel::{Day, Result};
use crate::platform::Act;
use serde_json::json;

/// Why the area under priority protection moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// 类别调整
    ClassChanged,
    /// 土地利用变更
    LandUseChanged,
    /// 单元拆分
    UnitSplit,
    /// 单元合并
    UnitMerged,
    /// 边界更正
    BoundaryCorrected,
}

/// The cultivated area under priority protection of a unit, or of those that came of it, before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The county.
    pub division_code: String,
    /// The unit, or the first of those that ended.
    pub unit_code: String,
    /// From when on.
    pub on: Day,
    /// Why.
    pub cause: Cause,
    /// m² before.
    pub before_m2: f64,
    /// m² after.
    pub after_m2: f64,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Cause::ClassChanged => "class_changed",
            Cause::LandUseChanged => "land_use_changed",
            Cause::UnitSplit => "unit_split",
            Cause::UnitMerged => "unit_merged",
            Cause::BoundaryCorrected => "boundary_corrected",
        }
    }
}

impl Move {
    /// What a unit's new class moves, if anything.
    pub fn of_class(unit: &Unit, class: &str, on: Day, cause: Cause) -> Option<Move> {
        let cultivated = CULTIVATED.contains(&unit.land_type.as_str());
        let area = |class: &str| if cultivated && class == super::super::PRIORITY { unit.area_m2 } else { 0.0 };
        let (before_m2, after_m2) = (area(&unit.class), area(class));
        (before_m2 != after_m2).then(|| Move {
            division_code: unit.division_code.clone(),
            unit_code: unit.code.clone(),
            on,
            cause,
            before_m2,
            after_m2,
        })
    }
}

/// What is done with the moves of an act: each stands in the audit chain. The warnings of counties hang here.
pub async fn priority_moves(act: &mut Act, moves: &[Move]) -> Result<()> {
    for one in moves {
        act.note(
            "farmland",
            json!({
                "priority_protection": {"unit": one.unit_code, "division": one.division_code, "on": one.on,
                    "cause": one.cause.as_str(), "before_m2": one.before_m2, "after_m2": one.after_m2},
            }),
        );
    }
    Ok(())
}
