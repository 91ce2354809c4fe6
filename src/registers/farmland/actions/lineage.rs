//! Splitting, merging and re-drawing units, and taking such a change back.

use super::super::rules::lineage::{Kind, codes_after, counted, inherited};
use super::super::rules::{CULTIVATED, Class};
use super::super::store::lineage::{self as store, Birth, ChildRow, LockedRow, NewChangeRow};
use super::super::store::{self as units};
use super::classes::later_fact;
use super::moves;
use super::{REGISTER, in_future, reason_of};
use crate::kernel::{
    Area, Day, DocumentId, Error, FarmlandChangeId, FarmlandUnitId, Fault, Result, Text, tolerance_m2,
};
use crate::platform::call::stale;
use crate::platform::outbox::Change;
use crate::platform::outlines::{self, Judged, Redrawn, at};
use crate::platform::{Act, topology};
use crate::registers::document;
use crate::registers::protection::{Move, MoveCause};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A unit that ends in a change, by its identifier or its code.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Its identifier.
    pub id: Option<FarmlandUnitId>,
    /// Its code.
    pub code: Option<String>,
    /// The version that the sender has seen.
    pub revision: Option<i32>,
}

/// A unit that begins in a change. What is left out is as with the parents, where they agree.
#[derive(Debug, Clone)]
pub struct Child {
    /// Its outline.
    pub area: Area,
    /// Its code.
    pub code: Option<String>,
    /// Its land type, which is its parents'.
    pub land_type: Option<String>,
    /// What grows there.
    pub crop: Option<String>,
    /// Township.
    pub township: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// Permanent basic farmland.
    pub pbf: Option<bool>,
    /// Area as the source states it, m².
    pub stated_area_m2: Option<f64>,
}

/// A change of outlines.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// Split, merger or correction of a boundary.
    pub kind: Kind,
    /// Day on which the parents end and the children begin.
    pub effective_on: Day,
    /// Why.
    pub reason: String,
    /// The paper it rests on.
    pub document_id: Option<DocumentId>,
    /// What ends.
    pub parents: Vec<Parent>,
    /// What begins.
    pub children: Vec<Child>,
}

/// Records a change of outlines: the parents end and the children begin on its day.
///
/// # Errors
/// `invalid_input` naming the parent or child for a wrong number, an outline that is no area, children that are not the
/// parents together, overlap each other or take another unit's land; `outside_division`; `stale`; `unit_ended`,
/// `unit_not_begun`, `later_fact`, `code_taken` (409).
pub async fn record(act: &mut Act, new: NewChange) -> Result<FarmlandChangeId> {
    let reason = check_form(&new, act.today())?;
    let parents = lock(act, &new.parents).await?;
    let first = parents.first().ok_or_else(|| Error::internal("a change without parents"))?;
    check_parents(&new, &parents)?;
    store::one_at_a_time(act.tx(), &first.division_code).await?;
    let codes = codes(act, &new, first).await?;
    check_outlines(act, &new, &parents).await?;

    let id = FarmlandChangeId::new(act.now());
    let ids: Vec<FarmlandUnitId> = parents.iter().map(|unit| unit.id).collect();
    let row = NewChangeRow {
        id,
        kind: new.kind.as_str(),
        division_code: &first.division_code,
        effective_on: new.effective_on,
        reason: &reason,
        document_id: new.document_id,
        became: None,
    };
    store::insert_change(act.tx(), &row).await?;
    if let Some(paper) = new.document_id {
        attach(act, paper, id, &first.division_code).await?;
    }
    store::end(act.tx(), &ids, id, new.effective_on).await?;
    let classes: Vec<Class> = parents.iter().map(class_of).collect();
    let class = inherited(&classes).ok_or_else(|| Error::internal("a change without parents"))?;
    let due = parents.iter().filter_map(|unit| unit.reclassification_due_on).min();
    let birth = Birth {
        change: id,
        on: new.effective_on,
        division_code: &first.division_code,
        land_type: &first.land_type,
        class: class.as_str(),
        // Land of several classes under one is to be looked at again.
        reclassification_due_on: due.or_else(|| classes.iter().any(|of| *of != class).then_some(new.effective_on)),
        heir_of: (parents.len() == 1).then_some(first.id),
        parents: &ids,
    };
    let mut children = Vec::with_capacity(new.children.len());
    for (child, code) in new.children.iter().zip(codes) {
        let ewkb = child.area.to_ewkb();
        let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
        children.push(ChildRow {
            id: FarmlandUnitId::new(act.now()),
            code,
            crop: child.crop.clone().or_else(|| agreed(&parents, |unit| unit.crop.clone())),
            township: child.township.clone().or_else(|| agreed(&parents, |unit| unit.township.clone())),
            village: child.village.clone().or_else(|| agreed(&parents, |unit| unit.village.clone())),
            pbf: child.pbf.or_else(|| agreed(&parents, |unit| unit.pbf)),
            stated_area_m2: child.stated_area_m2,
            ewkb,
            area_m2,
        });
    }
    let now = act.now();
    let added = store::bear(act.tx(), now, &birth, &children).await?;
    if let Some((n, child)) = children.iter().enumerate().find(|(_, child)| !added.contains(&child.code)) {
        return Err(code_taken(n, &child.code));
    }
    tell(act, id, new.kind, new.effective_on, class, &parents, &children);
    let after_m2 = children.iter().filter(|_| is_protected(class, &first.land_type)).map(|child| child.area_m2).sum();
    let moved = moved(new.kind, new.effective_on, first, protected_m2(&parents), after_m2);
    moves::priority_moves(act, moved.as_slice()).await?;
    Ok(id)
}

/// Takes back a change that was entered in error: its parents live on, its children never were. Nothing is deleted.
///
/// # Errors
/// `invalid_input` for a reason that is none; `change_voided`, `later_fact` where something befell the children since,
/// `overlaps_unit` where the parents' land is another unit's by now (409).
pub async fn void(act: &mut Act, id: FarmlandChangeId, reason: &str) -> Result<()> {
    let reason = reason_of(reason, "/reason")?;
    let change = one(act, id).await?.ok_or_else(no_change)?;
    store::one_at_a_time(act.tx(), &change.division_code).await?;
    let parts = store::parts(act.tx(), &[id]).await?;
    let of = |child: bool| parts.iter().filter(move |part| part.child == child).map(|part| part.id);
    let all: Vec<FarmlandUnitId> = of(false).chain(of(true)).collect();
    let locked = store::lock(act.tx(), &all, &[]).await?;
    // Whoever came first may have taken it back meanwhile.
    let change = one(act, id).await?.ok_or_else(no_change)?;
    if change.voided {
        return Err(Error::conflict(
            "change_voided",
            Text::fixed("该变更已作废。", "The change has been taken back already."),
        ));
    }
    let lived_on = store::lived_on(act.tx(), id).await?;
    if let Some(code) = lived_on.first() {
        return Err(Error::conflict(
            "later_fact",
            Text::new(
                format!("单元 {code} 其后已有新的记录或已终止，不能作废该变更；请先处理后来的记录。"),
                format!("Unit {code} has had facts of its own since, or has ended: take those back first."),
            ),
        ));
    }
    let parents: Vec<FarmlandUnitId> = of(false).collect();
    let (ids, outlines): (Vec<_>, Vec<_>) = store::outlines(act.tx(), &parents).await?.into_iter().unzip();
    let children: Vec<FarmlandUnitId> = of(true).collect();
    let own: Vec<FarmlandUnitId> = ids.iter().copied().chain(children.iter().copied()).collect();
    for taken in store::takes(act.tx(), &outlines, &children, &own, change.effective_on).await? {
        let area = locked.iter().find(|unit| ids.get(taken.outline) == Some(&unit.id)).map_or(0.0, |unit| unit.area_m2);
        if taken.overlap_m2 > tolerance_m2(area) {
            return Err(Error::conflict("overlaps_unit", overlaps(&taken)));
        }
    }
    store::void(act.tx(), id, &reason).await?;
    act.note(format!("farmland_change/{id}"), json!({"voided": true}));
    for unit in &locked {
        act.tell(Change {
            kind: "farmland.change_voided",
            register: REGISTER,
            id: unit.id.0,
            code: unit.code.clone(),
            division_code: unit.division_code.clone(),
            owner_credit_code: None,
            public: false,
            occurred_on: Some(change.effective_on),
            data: json!({"change_id": id, "kind": change.kind, "lives": !children.contains(&unit.id)}),
        });
    }
    // What had moved moves back.
    let (begun, ended): (Vec<LockedRow>, Vec<LockedRow>) =
        locked.into_iter().partition(|unit| children.contains(&unit.id));
    let kind = Kind::parse(&change.kind).ok_or_else(|| Error::internal("a change of no kind"))?;
    let moved = ended
        .first()
        .and_then(|first| moved(kind, change.effective_on, first, protected_m2(&begun), protected_m2(&ended)));
    moves::priority_moves(act, moved.as_slice()).await
}

/// A change as it is now, if there is one.
async fn one(act: &mut Act, id: FarmlandChangeId) -> Result<Option<store::ChangeRow>> {
    let filter = store::ChangeFilter {
        scope: None,
        id: Some(id),
        division: None,
        kind: None,
        from: None,
        to: None,
        unit: None,
        known_at: None,
        after: None,
        limit: 1,
    };
    let row = store::changes(act.tx(), &filter).await?.pop();
    if let Some(row) = &row
        && !act.caller().holds_in(&row.division_code)
    {
        return Ok(None);
    }
    Ok(row)
}

/// There is no such change in what the caller may see.
pub fn no_change() -> Error {
    Error::not_found("该农用地变更", "change of farmland units")
}

/// Locks the parents, in the order given.
async fn lock(act: &mut Act, parents: &[Parent]) -> Result<Vec<LockedRow>> {
    let ids: Vec<FarmlandUnitId> = parents.iter().filter_map(|parent| parent.id).collect();
    let codes: Vec<String> = parents.iter().filter_map(|parent| parent.code.clone()).collect();
    let mut found = store::lock(act.tx(), &ids, &codes).await?;
    found.retain(|unit| act.caller().holds_in(&unit.division_code));
    let mut out: Vec<LockedRow> = Vec::with_capacity(parents.len());
    let mut faults = Vec::new();
    for (n, parent) in parents.iter().enumerate() {
        let is = |unit: &LockedRow| {
            parent.id.is_none_or(|id| id == unit.id) && parent.code.as_ref().is_none_or(|code| *code == unit.code)
        };
        let (code, text) = if let Some(at) = found.iter().position(is) {
            let unit = found.swap_remove(at);
            if parent.revision.is_some_and(|seen| seen != unit.revision) {
                return Err(stale());
            }
            out.push(unit);
            continue;
        } else if out.iter().any(is) {
            ("repeated", Text::fixed("同一来源单元出现了两次。", "This parent is named twice."))
        } else {
            (
                "unknown_unit",
                Text::fixed("没有此农用地单元，或不在您的辖区。", "There is no such unit in your divisions."),
            )
        };
        faults.push(Fault::new(format!("/parents/{n}"), code, text));
    }
    if faults.is_empty() { Ok(out) } else { Err(Error::invalid(faults)) }
}

/// What can be said of a change without looking anywhere. Gives the reason, trimmed.
fn check_form(new: &NewChange, today: Day) -> Result<String> {
    let mut faults = counted(new.kind, new.parents.len(), new.children.len());
    if new.effective_on > today {
        faults.push(in_future("/effective_on", new.effective_on, today));
    }
    let reason = reason_of(&new.reason, "/reason");
    for (n, parent) in new.parents.iter().enumerate() {
        if parent.id.is_none() && parent.code.is_none() {
            faults.push(Fault::new(
                format!("/parents/{n}"),
                "missing",
                Text::fixed("须给出 id 或 code。", "Needs id or code."),
            ));
        }
    }
    let mut seen = HashSet::new();
    for (n, child) in new.children.iter().enumerate() {
        if child.code.as_ref().is_some_and(|code| !seen.insert(code)) {
            faults.push(Fault::new(
                format!("/children/{n}/properties/code"),
                "repeated",
                Text::fixed("编码与前面的新单元重复。", "An earlier child has this code."),
            ));
        }
    }
    match reason {
        Ok(reason) if faults.is_empty() => Ok(reason),
        Ok(_) => Err(Error::invalid(faults)),
        Err(error) => Err(error.with_faults(faults)),
    }
}

/// Whether the parents can end on the day, and go together.
fn check_parents(new: &NewChange, parents: &[LockedRow]) -> Result<()> {
    for unit in parents {
        check_living(unit, new.effective_on)?;
    }
    let mut faults = Vec::new();
    for (n, unit) in parents.iter().enumerate().skip(1) {
        if unit.division_code != parents[0].division_code {
            faults.push(Fault::new(
                format!("/parents/{n}"),
                "divisions_differ",
                Text::fixed("只能合并同一区划内的单元。", "Only units of one division can be merged."),
            ));
        }
        if unit.land_type != parents[0].land_type {
            faults.push(Fault::new(
                format!("/parents/{n}"),
                "land_types_differ",
                Text::new(
                    format!("地类不同（{} 与 {}），请先登记土地利用变更。", parents[0].land_type, unit.land_type),
                    format!(
                        "The land types differ ({} and {}): record the change of land use first.",
                        parents[0].land_type, unit.land_type
                    ),
                ),
            ));
        }
    }
    for (n, child) in new.children.iter().enumerate() {
        if child.land_type.as_ref().is_some_and(|of| *of != parents[0].land_type) {
            faults.push(Fault::new(
                format!("/children/{n}/properties/land_type"),
                "land_type_differs",
                Text::new(
                    format!("新单元沿袭地类 {}；地类变更请在其后另行登记。", parents[0].land_type),
                    format!(
                        "A child has its parents' land type, {}; record a change of it afterwards.",
                        parents[0].land_type
                    ),
                ),
            ));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Whether a unit exists on a day and since, with nothing known of it from a later day on.
pub(super) fn check_living(unit: &LockedRow, on: Day) -> Result<()> {
    check_existing(unit, on)?;
    match unit.class_since.max(unit.land_type_since).filter(|known| *known > on) {
        Some(known) => Err(later_fact(&unit.code, known, on)),
        None => Ok(()),
    }
}

/// Whether a unit exists on a day and since.
pub(super) fn check_existing(unit: &LockedRow, on: Day) -> Result<()> {
    let code = &unit.code;
    if let Some(ended) = unit.ended_on {
        return Err(Error::conflict(
            "unit_ended",
            Text::new(format!("单元 {code} 已于 {ended} 终止。"), format!("Unit {code} ended on {ended}.")),
        ));
    }
    if let Some(began) = unit.began_on.filter(|began| *began > on) {
        return Err(Error::conflict(
            "unit_not_begun",
            Text::new(
                format!("单元 {code} 自 {began} 起才存在，早于此日的 {on} 不可用。"),
                format!("Unit {code} exists from {began} on, which is after {on}."),
            ),
        ));
    }
    Ok(())
}

/// The children's codes: as given, or the first parent's with a number behind it.
async fn codes(act: &mut Act, new: &NewChange, parent: &LockedRow) -> Result<Vec<String>> {
    let given: HashSet<String> = new.children.iter().filter_map(|child| child.code.clone()).collect();
    // Numbers go on until none is taken: as many candidates as there are children, and as many more as are taken already.
    let mut taken = given.clone();
    let mut free: Vec<String> = Vec::new();
    while free.len() < new.children.len() {
        let candidates: Vec<String> =
            codes_after(&parent.code, |code| taken.contains(code) || free.iter().any(|f| f == code))
                .take(new.children.len())
                .collect();
        let used = units::taken(act.tx(), &candidates).await?;
        free.extend(candidates.into_iter().filter(|code| !used.contains(code)));
        taken.extend(used);
    }
    let used = units::taken(act.tx(), &given.into_iter().collect::<Vec<_>>()).await?;
    let mut free = free.into_iter();
    let mut out = Vec::with_capacity(new.children.len());
    for (n, child) in new.children.iter().enumerate() {
        match &child.code {
            Some(code) if used.contains(code) => return Err(code_taken(n, code)),
            Some(code) => out.push(code.clone()),
            None => out.extend(free.next()),
        }
    }
    Ok(out)
}

fn code_taken(n: usize, code: &str) -> Error {
    let text = Text::new(format!("编码 {code} 已存在。"), format!("There is a farmland unit {code} already."));
    Error::conflict("code_taken", text.clone()).with_faults(vec![Fault::new(
        format!("/children/{n}/properties/code"),
        "code_taken",
        text,
    )])
}

/// Whether the children's outlines are areas, and lie as the kind of change asks.
async fn check_outlines(act: &mut Act, new: &NewChange, parents: &[LockedRow]) -> Result<()> {
    let pointer = |n: usize| format!("/children/{n}/geometry");
    let mut faults = Vec::new();
    for (n, child) in new.children.iter().enumerate() {
        faults.extend(topology::fault(act.tx(), &child.area, &pointer(n)).await?);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let outlines: Vec<Vec<u8>> = new.children.iter().map(|child| child.area.to_ewkb()).collect();
    let land: Vec<FarmlandUnitId> = parents.iter().map(|unit| unit.id).collect();
    let (_, ending): (Vec<_>, Vec<Vec<u8>>) = store::outlines(act.tx(), &land).await?.into_iter().unzip();
    let change = Redrawn {
        children: &outlines,
        parents: &ending,
        parents_m2: parents.iter().map(|unit| unit.area_m2).sum(),
        keeps_the_land: new.kind.keeps_the_land(),
        noun_zh: "单元",
    };
    let Judged { areas_m2, mut faults } = outlines::judge(act.tx(), change).await?;
    for taken in store::takes(act.tx(), &outlines, &land, &land, new.effective_on).await? {
        let area = areas_m2.get(taken.outline).copied().unwrap_or_default();
        // Beside the parents by no more than the tolerance is beside nobody's land.
        if taken.overlap_m2 > tolerance_m2(area) {
            faults.push(Fault::new(pointer(taken.outline), "overlaps_unit", overlaps(&taken)));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

fn overlaps(taken: &store::Taken) -> Text {
    at(
        taken.at,
        format!("与现存单元 {} 重叠 {:.2} m²", taken.code, taken.overlap_m2),
        format!("overlaps unit {} by {:.2} m²", taken.code, taken.overlap_m2),
    )
}

fn class_of(unit: &LockedRow) -> Class {
    Class::parse(&unit.class).unwrap_or(Class::Unclassified)
}

/// What all parents say alike.
fn agreed<T: PartialEq>(parents: &[LockedRow], of: impl Fn(&LockedRow) -> Option<T>) -> Option<T> {
    let mut said = parents.iter().map(of);
    let first = said.next()??;
    said.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// Attaches the paper that a change rests on.
pub(super) async fn attach(act: &mut Act, paper: DocumentId, id: FarmlandChangeId, division: &str) -> Result<()> {
    let subject =
        document::Subject { register: "farmland_change", id: id.0, division_code: division, owner_credit_code: None };
    document::attach(act, paper, &subject, "/document_id").await
}

/// Cultivated area under priority protection among units, m².
fn protected_m2(units: &[LockedRow]) -> f64 {
    let protected = units.iter().filter(|unit| is_protected(class_of(unit), &unit.land_type));
    protected.map(|unit| unit.area_m2).sum()
}

fn is_protected(class: Class, land_type: &str) -> bool {
    class == Class::PriorityProtection && CULTIVATED.contains(&land_type)
}

/// The area under priority protection that a change of outlines moved, beyond what outlines may differ by.
fn moved(kind: Kind, on: Day, first: &LockedRow, before_m2: f64, after_m2: f64) -> Option<Move> {
    let cause = match kind {
        Kind::Split => MoveCause::UnitSplit,
        Kind::Merge => MoveCause::UnitMerged,
        Kind::Redraw => MoveCause::BoundaryCorrected,
        Kind::LeftFarming => MoveCause::LandUseChanged,
    };
    ((before_m2 - after_m2).abs() > tolerance_m2(before_m2.max(after_m2))).then(|| Move {
        division_code: first.division_code.clone(),
        unit_code: first.code.clone(),
        on,
        cause,
        before_m2,
        after_m2,
    })
}

/// Leaves the change in the audit chain, and tells others of every unit that ended or began.
fn tell(
    act: &mut Act,
    id: FarmlandChangeId,
    kind: Kind,
    on: Day,
    class: Class,
    parents: &[LockedRow],
    children: &[ChildRow],
) {
    let parent_codes: Vec<&str> = parents.iter().map(|unit| unit.code.as_str()).collect();
    let child_codes: Vec<&str> = children.iter().map(|unit| unit.code.as_str()).collect();
    act.note(
        format!("farmland_change/{id}"),
        json!({"kind": kind.as_str(), "effective_on": on, "parents": parent_codes, "children": child_codes}),
    );
    let division = parents.first().map_or(String::new(), |unit| unit.division_code.clone());
    let mut change = |what: &'static str, unit: FarmlandUnitId, code: &str, data: Value| {
        act.tell(Change {
            kind: what,
            register: REGISTER,
            id: unit.0,
            code: code.to_owned(),
            division_code: division.clone(),
            owner_credit_code: None,
            public: false,
            occurred_on: Some(on),
            data,
        });
    };
    for unit in parents {
        let data = json!({"change_id": id, "kind": kind.as_str(), "successors": child_codes});
        change("farmland.ended", unit.id, &unit.code, data);
    }
    for unit in children {
        let data = json!({
            "change_id": id, "kind": kind.as_str(), "class": class.as_str(), "predecessors": parent_codes,
        });
        change("farmland.began", unit.id, &unit.code, data);
    }
}
