//! Classes as they are approved.

use super::super::store::tracks::{self, NewClassRow};
use super::super::units::{self, Unit};
use super::moves::{self, Cause, Move};
use crate::kernel::{Day, Error, FarmlandUnitId, Result, Text};
use crate::platform::Act;
use crate::platform::outbox::Change;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// On it the last fact of every track holds.
const THE_LAST_DAY: Day = Day::of(2999, 12, 31);

/// A class that was approved for a unit.
#[derive(Debug, Clone)]
pub struct NewClass {
    /// The unit.
    pub unit: FarmlandUnitId,
    /// One of [`CLASSES`](super::super::CLASSES).
    pub class: &'static str,
    /// Classes by Cd, Hg, As, Pb and Cr, 1 to 3 each; `None` where an element was not looked at.
    pub elements: Option<[Option<i16>; 5]>,
    /// First day on which the class holds.
    pub from_on: Day,
    /// What led to it; one of [`TRIGGERS`](super::super::TRIGGERS).
    pub trigger: String,
    /// The adjustment by which it was approved.
    pub adjustment_id: Uuid,
    /// Number of the provincial government's approval.
    pub approval_number: String,
    /// Day of that approval.
    pub approved_on: Day,
}

/// Enters approved classes, one per unit at most. Whether the caller may, and whether the class is the one that was
/// proposed upon, is for the register that asks.
///
/// # Errors
/// `unit_not_living` (409) for a unit that does not exist on the day; `later_fact` (409) where a class is known already that
/// holds from a later day.
pub async fn set_classes(act: &mut Act, classes: &[NewClass]) -> Result<()> {
    let ids: Vec<FarmlandUnitId> = classes.iter().map(|new| new.unit).collect();
    if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
        return Err(Error::internal("a unit is given two classes at once"));
    }
    let last: HashMap<FarmlandUnitId, Option<Day>> = tracks::lock(act.tx(), &ids).await?.into_iter().collect();
    let before: HashMap<FarmlandUnitId, Unit> =
        units::units(act.tx(), &ids, THE_LAST_DAY, None).await?.into_iter().map(|unit| (unit.id, unit)).collect();
    let mut rows = Vec::with_capacity(classes.len());
    let mut changes = Vec::with_capacity(classes.len());
    let mut moved = Vec::new();
    for new in classes {
        let unit = before.get(&new.unit).ok_or_else(|| unknown(new.unit))?;
        if !unit.exists_on(new.from_on) || unit.ended_on.is_some() {
            return Err(not_living(unit, new.from_on));
        }
        if let Some(known) = last.get(&new.unit).copied().flatten().filter(|known| *known > new.from_on) {
            return Err(later_fact(&unit.code, known, new.from_on));
        }
        let elements = new.elements.unwrap_or_default();
        rows.push(NewClassRow {
            unit: new.unit,
            from_on: new.from_on,
            class: new.class,
            elements,
            // Of five the worst is known; of fewer it is not.
            zh: elements.iter().copied().collect::<Option<Vec<i16>>>().and_then(|all| all.into_iter().max()),
            trigger: new.trigger.clone(),
            adjustment_id: new.adjustment_id,
            approval_number: new.approval_number.clone(),
            approved_on: new.approved_on,
        });
        moved.extend(Move::of_class(unit, new.class, new.from_on, Cause::ClassChanged));
        changes.push(Change {
            kind: "farmland.class_changed",
            register: "farmland",
            id: new.unit.0,
            code: unit.code.clone(),
            division_code: unit.division_code.clone(),
            owner_credit_code: None,
            public: false,
            occurred_on: Some(new.from_on),
            data: json!({
                "from": unit.class, "to": new.class, "trigger": new.trigger, "adjustment_id": new.adjustment_id,
                "approved_on": new.approved_on,
            }),
        });
    }
    let now = act.now();
    tracks::add_classes(act.tx(), now, &rows).await?;
    let set: Vec<_> = rows.iter().map(|row| json!([row.unit, row.class, row.from_on])).collect();
    act.note("farmland", json!({"classes_set": set}));
    changes.into_iter().for_each(|change| act.tell(change));
    moves::priority_moves(act, &moved).await
}

fn unknown(id: FarmlandUnitId) -> Error {
    Error::conflict(
        "unit_not_living",
        Text::new(format!("没有农用地单元 {id}。"), format!("There is no farmland unit {id}.")),
    )
}

fn not_living(unit: &Unit, on: Day) -> Error {
    let code = &unit.code;
    Error::conflict(
        "unit_not_living",
        Text::new(
            format!("农用地单元 {code} 在 {on} 不存在，或此后已终止。"),
            format!("Farmland unit {code} does not exist on {on}, or has ended since."),
        ),
    )
}

/// A fact that would lie before one that is known.
pub(super) fn later_fact(code: &str, known: Day, on: Day) -> Error {
    Error::conflict(
        "later_fact",
        Text::new(
            format!("单元 {code} 已有自 {known} 起的记录，不能再登记自 {on} 起的变化。"),
            format!("Unit {code} has a fact from {known} on; a change from {on} on would lie before it."),
        ),
    )
}
