//! Land that is used otherwise: as another kind of farmland, or as farmland no more.

use super::super::rules::CULTIVATED;
use super::super::rules::lineage::Kind;
use super::super::store::lineage::{self as store, LockedRow, NewChangeRow};
use super::super::store::tracks;
use super::classes::later_fact;
use super::lineage::{attach, check_existing, check_living};
use super::moves;
use super::{REGISTER, in_future, reason_of};
use crate::kernel::{Day, DocumentId, Error, FarmlandChangeId, FarmlandUnitId, Result, Text};
use crate::platform::Act;
use crate::platform::outbox::Change;
use crate::registers::protection::{Move, MoveCause};
use crate::registers::{document, sampling};
use crate::standards::land_use::{Group, LandUse, LandUseSystem};
use serde_json::{Value, json};

/// What land becomes.
#[derive(Debug, Clone)]
pub enum Becomes {
    /// Farmland of another type; one of [`LAND_TYPES`](super::super::LAND_TYPES).
    Farmland(&'static str),
    /// Farmland no more: the name of a land-use system and a code of it.
    Other {
        /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
        system: String,
        /// A code that the system prints.
        code: String,
    },
}

/// A change of a unit's land use.
#[derive(Debug, Clone)]
pub struct NewUse {
    /// To what.
    pub becomes: Becomes,
    /// First day on which it is used so.
    pub changed_on: Day,
    /// Why.
    pub reason: String,
    /// The paper it rests on.
    pub document_id: Option<DocumentId>,
}

/// Records a change of land use. As another kind of farmland the unit keeps its class until it is classified anew; land
/// that leaves farming ends the unit, and the change is given.
///
/// # Errors
/// `invalid_input` for a day in the future, an unknown code, a code of farmland, or a land type that it has already;
/// `unit_ended`, `unit_not_begun`, `later_fact` (409).
pub async fn change_use(act: &mut Act, id: FarmlandUnitId, new: NewUse) -> Result<Option<FarmlandChangeId>> {
    let today = act.today();
    let reason = reason_of(&new.reason, "/reason")?;
    if new.changed_on > today {
        return Err(Error::invalid(vec![in_future("/changed_on", new.changed_on, today)]));
    }
    let unit = super::locked(act, id).await?;
    match new.becomes {
        Becomes::Farmland(land_type) => {
            other_type(act, &unit, land_type, new.changed_on, &reason, new.document_id).await?;
            Ok(None)
        }
        Becomes::Other { system, code } => {
            let land_use = left(&system, &code)?;
            check_living(&unit, new.changed_on)?;
            Ok(Some(leave(act, &unit, land_use, new.changed_on, &reason, new.document_id).await?))
        }
    }
}

async fn other_type(
    act: &mut Act,
    unit: &LockedRow,
    land_type: &'static str,
    on: Day,
    reason: &str,
    document_id: Option<DocumentId>,
) -> Result<()> {
    check_existing(unit, on)?;
    if unit.land_type == land_type {
        return Err(Error::fault(
            "/land_type",
            "unchanged",
            Text::new(format!("该单元地类已是 {land_type}。"), format!("The unit is {land_type} already.")),
        ));
    }
    // A class from a later day on is of the land as it was used by then, and stands in nobody's way.
    if let Some(known) = unit.land_type_since.filter(|known| *known > on) {
        return Err(later_fact(&unit.code, known, on));
    }
    if let Some(paper) = document_id {
        let subject = document::Subject {
            register: REGISTER,
            id: unit.id.0,
            division_code: &unit.division_code,
            owner_credit_code: None,
        };
        document::attach(act, paper, &subject, "/document_id").await?;
    }
    let now = act.now();
    tracks::add_land_type(act.tx(), now, unit.id, on, land_type, document_id, reason).await?;
    act.note(format!("farmland/{}", unit.id), json!({"land_type": land_type, "from": unit.land_type, "on": on}));
    let data = json!({"from": unit.land_type, "to": land_type, "reclassification_due": true});
    tell(act, "farmland.land_type_changed", unit, on, data);
    sampling::land_changed(act, unit.id, &unit.division_code).await?;
    let after = if CULTIVATED.contains(&land_type) { unit.area_m2 } else { 0.0 };
    moves::priority_moves(act, moved(unit, on, after).as_slice()).await
}

/// The unit ends: its land is farmland no more.
async fn leave(
    act: &mut Act,
    unit: &LockedRow,
    became: LandUse,
    on: Day,
    reason: &str,
    document_id: Option<DocumentId>,
) -> Result<FarmlandChangeId> {
    let id = FarmlandChangeId::new(act.now());
    let row = NewChangeRow {
        id,
        kind: Kind::LeftFarming.as_str(),
        division_code: &unit.division_code,
        effective_on: on,
        reason,
        document_id,
        became: Some((became.system().as_str(), became.code())),
    };
    store::insert_change(act.tx(), &row).await?;
    if let Some(paper) = document_id {
        attach(act, paper, id, &unit.division_code).await?;
    }
    store::end(act.tx(), &[unit.id], id, on).await?;
    let now = act.now();
    store::parentage(act.tx(), now, id, &[unit.id], &[None]).await?;
    let data = json!({
        "change_id": id, "kind": Kind::LeftFarming.as_str(),
        "became": {"system": became.system().as_str(), "code": became.code()},
    });
    act.note(format!("farmland_change/{id}"), json!({"left_farming": unit.code, "on": on, "became": became.code()}));
    tell(act, "farmland.ended", unit, on, data);
    moves::priority_moves(act, moved(unit, on, 0.0).as_slice()).await?;
    Ok(id)
}

/// The use that land has when it leaves farming.
fn left(system: &str, code: &str) -> Result<LandUse> {
    let system = LandUseSystem::parse(system).map_err(|fault| under("/became/system", fault))?;
    let land_use = LandUse::parse(system, code).map_err(|fault| under("/became/code", fault))?;
    if matches!(land_use.group(), Group::Farmland | Group::Garden | Group::Forest | Group::Grassland) {
        return Err(Error::fault(
            "/became/code",
            "still_farmland",
            Text::new(
                format!("{} 仍属农用地，请用 land_type 登记地类变更。", land_use.name().zh),
                format!("{} is farmland still: give land_type instead.", land_use.name().en),
            ),
        ));
    }
    Ok(land_use)
}

fn under(pointer: &str, fault: crate::kernel::Fault) -> Error {
    Error::fault(pointer, fault.code, fault.message)
}

/// What the use moves of the cultivated land under priority protection.
fn moved(unit: &LockedRow, on: Day, after_m2: f64) -> Option<Move> {
    let protected = unit.class == super::super::PRIORITY;
    let before_m2 = if CULTIVATED.contains(&unit.land_type.as_str()) { unit.area_m2 } else { 0.0 };
    (protected && before_m2 != after_m2).then(|| Move {
        division_code: unit.division_code.clone(),
        unit_code: unit.code.clone(),
        on,
        cause: MoveCause::LandUseChanged,
        before_m2,
        after_m2,
    })
}

fn tell(act: &mut Act, kind: &'static str, unit: &LockedRow, on: Day, data: Value) {
    act.tell(Change {
        kind,
        register: REGISTER,
        id: unit.id.0,
        code: unit.code.clone(),
        division_code: unit.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: Some(on),
        data,
    });
}
