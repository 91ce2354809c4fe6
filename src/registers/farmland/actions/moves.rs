//! Where cultivated land (耕地) leaves or joins the class of priority protection: what counties are warned of.

use super::super::rules::CULTIVATED;
use super::super::units::Unit;
use crate::kernel::{Day, Result};
use crate::platform::Act;
use crate::registers::protection::{self, Move, MoveCause};
use serde_json::json;

/// What a unit's new class moves of the cultivated area under priority protection, if anything.
pub fn of_class(unit: &Unit, class: &str, on: Day, cause: MoveCause) -> Option<Move> {
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

/// What is done with the moves of an act: each stands in the audit chain, and the warnings of counties are weighed.
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
    protection::weigh(act, moves).await
}
