//! Splitting, merging and re-drawing parcels, and taking such a change back.

use super::actions::{REGISTER, in_future, no_parcel, reason_of, taken_text};
use super::rules::{Kind, counted, normal};
use super::store::{self, ChangeRow, NewChangeRow, NewParcel, ParcelRow, Shaped};
use crate::kernel::{Area, Day, DocumentId, Error, Fault, ParcelChangeId, ParcelId, Result, Text};
use crate::platform::call::stale;
use crate::platform::outbox::Change;
use crate::platform::outlines::{self, Judged, Redrawn};
use crate::platform::{Act, topology};
use crate::registers::document;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A parcel that ends in a change, by its identifier or its code.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    /// Its identifier.
    pub id: Option<ParcelId>,
    /// Its code.
    pub code: Option<String>,
    /// The version that the sender has seen.
    pub revision: Option<i32>,
}

/// A parcel that begins in a change. What is left out is as with the parents, where they agree.
#[derive(Debug, Clone)]
pub(super) struct Child {
    /// Its outline.
    pub area: Area,
    /// Its attributes; the division is the parents'.
    pub parcel: NewParcel,
}

/// A change of outlines.
#[derive(Debug, Clone)]
pub(super) struct NewChange {
    /// Split, merger or re-drawing.
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
/// parents together or overlap each other; `stale`; `parcel_ended`, `parcel_not_begun`, `code_taken` (409).
pub(super) async fn record(act: &mut Act, new: NewChange) -> Result<ParcelChangeId> {
    let reason = check_form(&new, act.today())?;
    let parents = lock(act, &new.parents).await?;
    check_parents(&new, &parents)?;
    let first = parents.first().ok_or_else(|| Error::internal("a change without parents"))?;
    let (outlines, areas_m2) = check_outlines(act, &new, &parents).await?;

    let id = ParcelChangeId::new(act.now());
    let row = NewChangeRow {
        id,
        kind: new.kind.as_str(),
        division_code: &first.division_code,
        effective_on: new.effective_on,
        reason: Some(&reason),
        document_id: new.document_id,
        imported: false,
    };
    store::insert_change(act.tx(), &row).await?;
    if let Some(paper) = new.document_id {
        let subject = document::Subject {
            register: "parcel_change",
            id: id.0,
            division_code: &first.division_code,
            owner_credit_code: None,
        };
        document::attach(act, paper, &subject, "/document_id").await?;
    }
    let ids: Vec<ParcelId> = parents.iter().map(|parcel| parcel.id).collect();
    store::end(act.tx(), &ids, id, new.effective_on).await?;

    let heirs: Vec<NewParcel> = new.children.iter().map(|child| heir(&child.parcel, &parents, &new)).collect();
    let now = act.now();
    let rows: Vec<Shaped<'_>> = heirs
        .iter()
        .zip(outlines.iter().zip(&areas_m2))
        .map(|(parcel, (ewkb, area_m2))| Shaped {
            id: ParcelId::new(now),
            parcel,
            began_by: Some(id),
            ended_by: None,
            ewkb,
            area_m2: *area_m2,
        })
        .collect();
    let added = store::insert(act.tx(), &rows).await?;
    if let Some((n, row)) = rows.iter().enumerate().find(|(_, row)| !added.contains(&row.parcel.code)) {
        let text = taken_text(&row.parcel.code);
        let fault = Fault::new(format!("/children/{n}/properties/code"), "code_taken", text.clone());
        return Err(Error::conflict("code_taken", text).with_faults(vec![fault]));
    }
    let links: Vec<_> = ids.iter().flat_map(|parent| rows.iter().map(|row| (id, *parent, row.id))).collect();
    store::parentage(act.tx(), now, &links).await?;
    let children: Vec<(ParcelId, String)> = rows.iter().map(|row| (row.id, row.parcel.code.clone())).collect();
    tell(act, id, &new, &parents, &children);
    Ok(id)
}

/// A child with what it inherits: what all parents say alike, where it says nothing itself.
fn heir(child: &NewParcel, parents: &[ParcelRow], new: &NewChange) -> NewParcel {
    let land_use = child.land_use.or_else(|| {
        let (system, code) = agreed(parents, |p| p.land_use_system.clone().zip(p.land_use_code.clone()))?;
        crate::standards::land_use::LandUseSystem::parse(&system)
            .and_then(|system| crate::standards::land_use::LandUse::parse(system, &code))
            .ok()
            .map(|land_use| (land_use.system().as_str(), land_use.code()))
    });
    // Name and code of a land user go together.
    let own = child.land_user_name.is_some() || child.land_user_credit_code.is_some();
    let user =
        if own { None } else { agreed(parents, |p| Some((p.land_user_name.clone(), p.land_user_credit_code.clone()))) };
    let (name, credit_code) =
        user.unwrap_or_else(|| (child.land_user_name.clone(), child.land_user_credit_code.clone()));
    NewParcel {
        code: child.code.clone(),
        code_form: child.code_form,
        division_code: parents.first().map_or_else(String::new, |first| first.division_code.clone()),
        address: child.address.clone().or_else(|| agreed(parents, |p| p.address.clone())),
        land_user_name: name,
        land_user_credit_code: credit_code,
        land_use,
        began_on: Some(new.effective_on),
        ended_on: None,
    }
}

/// What all parents say alike.
fn agreed<T: PartialEq>(parents: &[ParcelRow], of: impl Fn(&ParcelRow) -> Option<T>) -> Option<T> {
    let mut said = parents.iter().map(of);
    let first = said.next()??;
    said.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// Takes back a change that was entered in error: its parents live on, its children never were, and their codes are free
/// again. Nothing is deleted.
///
/// # Errors
/// `invalid_input` for a reason that is none; `change_voided`, `later_fact` where a child has ended since (409).
pub(super) async fn void(act: &mut Act, id: ParcelChangeId, reason: &str) -> Result<()> {
    let reason = reason_of(reason)?;
    store::lock_change(act.tx(), id).await?;
    let change: ChangeRow = store::change(act.tx(), id, None, None).await?.ok_or_else(no_change)?;
    if !act.caller().holds_in(&change.division_code) {
        return Err(no_change());
    }
    if change.voided {
        return Err(Error::conflict(
            "change_voided",
            Text::fixed("该变更已作废。", "The change has been taken back already."),
        ));
    }
    let parts = store::parts(act.tx(), &[id]).await?;
    let all: Vec<ParcelId> = parts.iter().map(|part| part.id).collect();
    let locked = store::lock(act.tx(), &all, &[]).await?;
    if let Some(code) = store::lived_on(act.tx(), id).await?.first() {
        return Err(Error::conflict(
            "later_fact",
            Text::new(
                format!("宗地 {code} 其后已终止，不能作废该变更；请先作废后来的变更。"),
                format!("Parcel {code} has ended since: take that back first."),
            ),
        ));
    }
    store::void(act.tx(), id, &reason).await?;
    act.note(format!("parcel_change/{id}"), json!({"voided": true}));
    for parcel in locked {
        let child = parts.iter().any(|part| part.child && part.id == parcel.id);
        act.tell(Change {
            kind: "parcel.change_voided",
            register: REGISTER,
            id: parcel.id.0,
            code: parcel.code,
            division_code: parcel.division_code,
            owner_credit_code: None,
            public: false,
            occurred_on: Some(change.effective_on),
            data: json!({"change_id": id, "kind": change.kind, "lives": !child}),
        });
    }
    Ok(())
}

/// There is no such change in what the caller may see.
pub(super) fn no_change() -> Error {
    Error::not_found("该宗地变更", "change of parcels")
}

/// Locks the parents, in the order given.
async fn lock(act: &mut Act, parents: &[Parent]) -> Result<Vec<ParcelRow>> {
    let ids: Vec<ParcelId> = parents.iter().filter_map(|parent| parent.id).collect();
    let codes: Vec<String> = parents.iter().filter_map(|parent| parent.code.as_deref().map(normal)).collect();
    let mut found = store::lock(act.tx(), &ids, &codes).await?;
    found.retain(|parcel| act.caller().holds_in(&parcel.division_code));
    let mut out: Vec<ParcelRow> = Vec::with_capacity(parents.len());
    let mut faults = Vec::new();
    for (n, parent) in parents.iter().enumerate() {
        let is = |parcel: &ParcelRow| {
            parent.id.is_none_or(|id| id == parcel.id)
                && parent.code.as_deref().is_none_or(|code| normal(code) == parcel.code)
        };
        if let Some(at) = found.iter().position(is) {
            let parcel = found.swap_remove(at);
            if parent.revision.is_some_and(|seen| seen != parcel.revision) {
                return Err(stale());
            }
            out.push(parcel);
            continue;
        }
        let (code, text) = if out.iter().any(is) {
            ("repeated", Text::fixed("同一来源宗地出现了两次。", "This parent is named twice."))
        } else {
            (
                "unknown_parcel",
                Text::fixed("没有此宗地，或不在您的辖区。", "There is no such parcel in your divisions."),
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
    for (n, parent) in new.parents.iter().enumerate() {
        if parent.id.is_none() && parent.code.is_none() {
            let text = Text::fixed("须给出 id 或 code。", "Needs id or code.");
            faults.push(Fault::new(format!("/parents/{n}"), "missing", text));
        }
    }
    let mut seen = HashSet::new();
    for (n, child) in new.children.iter().enumerate() {
        if !seen.insert(&child.parcel.code) {
            let text = Text::fixed("代码与前面的新宗地重复。", "An earlier child has this code.");
            faults.push(Fault::new(format!("/children/{n}/properties/code"), "repeated", text));
        }
    }
    match reason_of(&new.reason) {
        Ok(reason) if faults.is_empty() => Ok(reason),
        Ok(_) => Err(Error::invalid(faults)),
        Err(error) => Err(error.with_faults(faults)),
    }
}

/// Whether the parents can end on the day, and go together.
fn check_parents(new: &NewChange, parents: &[ParcelRow]) -> Result<()> {
    let mut faults = Vec::new();
    for (n, parcel) in parents.iter().enumerate() {
        check_existing(&parcel.code, parcel.began_on, parcel.ended_on, new.effective_on)?;
        if parcel.division_code != parents[0].division_code {
            let text = Text::fixed("只能合并同一区划内的宗地。", "Only parcels of one division can be merged.");
            faults.push(Fault::new(format!("/parents/{n}"), "divisions_differ", text));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Whether a parcel exists on a day and since.
fn check_existing(code: &str, began_on: Option<Day>, ended_on: Option<Day>, on: Day) -> Result<()> {
    if let Some(ended) = ended_on {
        return Err(Error::conflict(
            "parcel_ended",
            Text::new(format!("宗地 {code} 已于 {ended} 终止。"), format!("Parcel {code} ended on {ended}.")),
        ));
    }
    if let Some(began) = began_on.filter(|began| *began > on) {
        return Err(Error::conflict(
            "parcel_not_begun",
            Text::new(
                format!("宗地 {code} 自 {began} 起才存在，早于此日的 {on} 不可用。"),
                format!("Parcel {code} exists from {began} on, which is after {on}."),
            ),
        ));
    }
    Ok(())
}

/// Whether the children's outlines are areas, and lie as the kind of change asks; gives them in EWKB, and their areas, m².
async fn check_outlines(act: &mut Act, new: &NewChange, parents: &[ParcelRow]) -> Result<(Vec<Vec<u8>>, Vec<f64>)> {
    let mut faults = Vec::new();
    for (n, child) in new.children.iter().enumerate() {
        faults.extend(topology::fault(act.tx(), &child.area, &format!("/children/{n}/geometry")).await?);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let begin: Vec<Vec<u8>> = new.children.iter().map(|child| child.area.to_ewkb()).collect();
    let end: Vec<Vec<u8>> = parents.iter().filter_map(|parcel| parcel.wkb.clone()).collect();
    let change = Redrawn {
        children: &begin,
        parents: &end,
        parents_m2: parents.iter().map(|parcel| parcel.area_m2).sum(),
        keeps_the_land: new.kind.keeps_the_land(),
        noun_zh: "宗地",
    };
    let Judged { areas_m2, faults } = outlines::judge(act.tx(), change).await?;
    if faults.is_empty() { Ok((begin, areas_m2)) } else { Err(Error::invalid(faults)) }
}

/// Leaves the change in the audit chain, and tells others of every parcel that ended or began.
fn tell(act: &mut Act, id: ParcelChangeId, new: &NewChange, parents: &[ParcelRow], children: &[(ParcelId, String)]) {
    let parent_codes: Vec<&str> = parents.iter().map(|parcel| parcel.code.as_str()).collect();
    let child_codes: Vec<&str> = children.iter().map(|(_, code)| code.as_str()).collect();
    let kind = new.kind.as_str();
    act.note(
        format!("parcel_change/{id}"),
        json!({"kind": kind, "effective_on": new.effective_on, "parents": parent_codes, "children": child_codes}),
    );
    let division = parents.first().map_or(String::new(), |parcel| parcel.division_code.clone());
    let mut change = |what: &'static str, parcel: ParcelId, code: &str, data: Value| {
        act.tell(Change {
            kind: what,
            register: REGISTER,
            id: parcel.0,
            code: code.to_owned(),
            division_code: division.clone(),
            owner_credit_code: None,
            public: false,
            occurred_on: Some(new.effective_on),
            data,
        });
    };
    for parcel in parents {
        let data = json!({"change_id": id, "kind": kind, "successors": child_codes});
        change("parcel.ended", parcel.id, &parcel.code, data);
    }
    for (parcel, code) in children {
        let data = json!({"change_id": id, "kind": kind, "predecessors": parent_codes});
        change("parcel.began", *parcel, code, data);
    }
}

/// The parcel that a path names, by its identifier or its code.
///
/// # Errors
/// When there is none.
pub(super) async fn named(conn: &mut sqlx::PgConnection, text: &str) -> Result<ParcelId> {
    match text.parse::<ParcelId>() {
        Ok(id) => Ok(id),
        Err(_) => store::by_code(conn, &normal(text)).await?.ok_or_else(no_parcel),
    }
}
