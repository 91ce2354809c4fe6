//! What can be done with zones, with the statement that they are published, and with orders that limit approvals.

use super::store::{self, Publication, RestrictionRow, Shaped, Zone, ZoneRow};
use crate::kernel::{
    ApprovalRestrictionId, Area, Day, DocumentId, Error, Fault, Result, SitingZoneId, Text, ZonePublicationId,
};
use crate::platform::call::stale;
use crate::platform::outbox::Change;
use crate::platform::{Act, topology};
use crate::registers::{division, document};
use serde_json::{Value, json};
use uuid::Uuid;

const MAX_TEXT: usize = 500;

/// There is no such zone, or none that the caller may see.
pub fn no_zone() -> Error {
    Error::not_found("选址管控区域", "siting zone")
}

/// There is no such statement, or none that the caller may see.
pub fn no_publication() -> Error {
    Error::not_found("区域公布记录", "publication of zones")
}

/// There is no such order, or none that the caller may see.
pub fn no_restriction() -> Error {
    Error::not_found("限批记录", "limit on approvals")
}

fn words(faults: &mut Vec<Fault>, pointer: &str, text: Option<&str>, required: bool) {
    let length = text.map_or(0, |text| text.trim().chars().count());
    if (required && length == 0) || length > MAX_TEXT {
        faults.push(Fault::new(
            pointer,
            "text_unfit",
            Text::new(format!("应为 1 至 {MAX_TEXT} 字。"), format!("must have 1 to {MAX_TEXT} characters.")),
        ));
    }
}

fn not_to_come(faults: &mut Vec<Fault>, pointer: &str, day: Day, today: Day) {
    if day > today {
        faults.push(Fault::new(
            pointer,
            "day_in_future",
            Text::new(format!("{day} 晚于今天（{today}）。"), format!("{day} lies after today ({today}).")),
        ));
    }
}

fn too_early(faults: &mut Vec<Fault>, pointer: &str, day: Day, from: Day) {
    if day < from {
        faults.push(Fault::new(
            pointer,
            "ends_before_it_begins",
            Text::new(format!("{day} 早于起始日 {from}。"), format!("{day} lies before its first day, {from}.")),
        ));
    }
}

async fn require_known(act: &mut Act, code: &str, pointer: &str) -> Result<()> {
    act.caller().require_division(code)?;
    if division::known(act.tx(), std::slice::from_ref(&code.to_owned())).await?.is_empty() {
        return Err(Error::invalid(vec![Fault { pointer: pointer.to_owned(), ..division::unknown(code) }]));
    }
    Ok(())
}

async fn attach(act: &mut Act, paper: Option<DocumentId>, id: Uuid, division: &str, pointer: &str) -> Result<()> {
    if let Some(paper) = paper {
        let about = document::Subject { register: "siting_zone", id, division_code: division, owner_credit_code: None };
        document::attach(act, paper, &about, pointer).await?;
    }
    Ok(())
}

fn tell(act: &mut Act, kind: &'static str, id: Uuid, code: &str, division: &str, on: Day, data: Value) {
    act.tell(Change {
        kind,
        register: "siting_zone",
        id,
        code: code.to_owned(),
        division_code: division.to_owned(),
        owner_credit_code: None,
        public: true,
        occurred_on: Some(on),
        data,
    });
}

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Enters a zone that was published.
///
/// # Errors
/// `invalid_input`; `outside_division`; `code_taken` (409).
pub async fn publish(act: &mut Act, mut zone: Zone, area: &Area) -> Result<SitingZoneId> {
    let today = act.today();
    let mut faults = Vec::new();
    for (pointer, text) in [
        ("/properties/code", &zone.code),
        ("/properties/name", &zone.name),
        ("/properties/published_by", &zone.published_by),
    ] {
        words(&mut faults, pointer, Some(text), true);
    }
    words(&mut faults, "/properties/document_number", zone.document_number.as_deref(), false);
    not_to_come(&mut faults, "/properties/published_on", zone.published_on, today);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    require_known(act, &zone.division_code, "/properties/division_code").await?;
    topology::check(act.tx(), area, "/geometry").await?;
    zone.code = zone.code.trim().to_owned();
    if !store::divisions_of(act.tx(), std::slice::from_ref(&zone.code)).await?.is_empty() {
        return Err(Error::conflict(
            "code_taken",
            Text::new(format!("已有区域 {}。", zone.code), format!("There is a zone {} already.", zone.code)),
        ));
    }
    let id = SitingZoneId::new(act.now());
    attach(act, zone.document_id, id.0, &zone.division_code, "/properties/document_id").await?;
    let ewkb = area.to_ewkb();
    let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
    store::put(act.tx(), &[Shaped { item: &zone, id, ewkb: &ewkb, area_m2 }]).await?;
    act.note(
        format!("siting_zone/{id}"),
        json!({"published": zone.code, "kind": zone.kind, "division": zone.division_code, "on": zone.published_on}),
    );
    let data = json!({"zone": zone.code, "kind": zone.kind});
    tell(act, "siting_zone.published", id.0, &zone.code, &zone.division_code, zone.published_on, data);
    Ok(id)
}

/// Ends a zone: from `on` it holds no longer.
///
/// # Errors
/// `not_found`, `outside_division`, `stale` (412), `already_ended` (409); `invalid_input`.
pub async fn end(act: &mut Act, id: SitingZoneId, revision: i32, on: Day, reason: &str) -> Result<ZoneRow> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(no_zone)?;
    act.caller().require_division(&row.division_code)?;
    if row.revision != revision {
        return Err(stale());
    }
    if row.ended_on.is_some() {
        return Err(Error::conflict("already_ended", Text::fixed("该区域已终止。", "The zone has ended already.")));
    }
    let mut faults = Vec::new();
    words(&mut faults, "/reason", Some(reason), true);
    too_early(&mut faults, "/ended_on", on, row.published_on);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    store::end(act.tx(), id, on, reason.trim()).await?;
    act.note(format!("siting_zone/{id}"), json!({"ended_on": on}));
    let data = json!({"zone": row.code, "kind": row.kind});
    tell(act, "siting_zone.ended", id.0, &row.code, &row.division_code, on, data);
    store::lock(act.tx(), id).await?.ok_or_else(no_zone)
}

/// A statement that a division has published its zones.
#[derive(Debug, Clone)]
pub struct NewPublication {
    pub division_code: String,
    pub kind: &'static str,
    pub as_of: Day,
    pub published_by: String,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
}

/// Enters that a division has published all its zones of a kind, none among them.
///
/// # Errors
/// `invalid_input`; `outside_division`; `already_declared` (409) for the same day.
pub async fn declare(act: &mut Act, new: NewPublication) -> Result<Publication> {
    let mut faults = Vec::new();
    words(&mut faults, "/published_by", Some(&new.published_by), true);
    words(&mut faults, "/document_number", new.document_number.as_deref(), false);
    not_to_come(&mut faults, "/as_of", new.as_of, act.today());
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    require_known(act, &new.division_code, "/division_code").await?;
    let id = ZonePublicationId::new(act.now());
    attach(act, new.document_id, id.0, &new.division_code, "/document_id").await?;
    let row = Publication {
        id,
        division_code: new.division_code,
        kind: new.kind.to_owned(),
        as_of: new.as_of,
        published_by: new.published_by.trim().to_owned(),
        document_number: trimmed(new.document_number),
        document_id: new.document_id,
        withdrawn_reason: None,
        revision: 1,
        sys_from: act.now(),
    };
    if !store::insert_publication(act.tx(), &row).await? {
        return Err(Error::conflict(
            "already_declared",
            Text::new(
                format!("{} 已登记 {} 的公布情况。", row.division_code, row.as_of),
                format!("{} has said so of {} already.", row.division_code, row.as_of),
            ),
        ));
    }
    act.note(
        format!("siting_zone/{id}"),
        json!({"declared": row.kind, "division": row.division_code, "as_of": row.as_of}),
    );
    let data = json!({"kind": row.kind, "as_of": row.as_of});
    tell(act, "siting_zone.declared", id.0, &row.division_code, &row.division_code, row.as_of, data);
    Ok(row)
}

/// Marks a statement as entered in error.
///
/// # Errors
/// `not_found`, `outside_division`, `stale` (412), `already_withdrawn` (409); `invalid_input`.
pub async fn withdraw(act: &mut Act, id: ZonePublicationId, revision: i32, reason: &str) -> Result<Publication> {
    let row = store::lock_publication(act.tx(), id).await?.ok_or_else(no_publication)?;
    act.caller().require_division(&row.division_code)?;
    if row.revision != revision {
        return Err(stale());
    }
    if row.withdrawn_reason.is_some() {
        return Err(Error::conflict("already_withdrawn", Text::fixed("该记录已作废。", "It was withdrawn already.")));
    }
    let mut faults = Vec::new();
    words(&mut faults, "/reason", Some(reason), true);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    store::withdraw_publication(act.tx(), id, reason.trim()).await?;
    act.note(format!("siting_zone/{id}"), json!({"withdrawn": true}));
    let data = json!({"kind": row.kind, "as_of": row.as_of, "withdrawn": true});
    tell(act, "siting_zone.declared", id.0, &row.division_code, &row.division_code, row.as_of, data);
    store::lock_publication(act.tx(), id).await?.ok_or_else(no_publication)
}

/// An order to be entered.
#[derive(Debug, Clone)]
pub struct NewRestriction {
    pub division_code: String,
    pub label: &'static str,
    pub covers: &'static str,
    pub scope: String,
    pub from_on: Day,
    pub until_on: Option<Day>,
    pub authority: String,
    pub document_number: Option<String>,
    pub document_id: Option<DocumentId>,
}

/// Enters an order that limits approvals in a division and below.
///
/// # Errors
/// `invalid_input`; `outside_division`.
pub async fn restrict(act: &mut Act, new: NewRestriction) -> Result<RestrictionRow> {
    let mut faults = Vec::new();
    words(&mut faults, "/scope", Some(&new.scope), true);
    words(&mut faults, "/authority", Some(&new.authority), true);
    words(&mut faults, "/document_number", new.document_number.as_deref(), false);
    not_to_come(&mut faults, "/from", new.from_on, act.today());
    if let Some(until) = new.until_on {
        too_early(&mut faults, "/until", until, new.from_on);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    require_known(act, &new.division_code, "/division_code").await?;
    let id = ApprovalRestrictionId::new(act.now());
    attach(act, new.document_id, id.0, &new.division_code, "/document_id").await?;
    let row = RestrictionRow {
        id,
        division_code: new.division_code,
        label: new.label.to_owned(),
        covers: new.covers.to_owned(),
        scope: new.scope.trim().to_owned(),
        from_on: new.from_on,
        until_on: new.until_on,
        authority: new.authority.trim().to_owned(),
        document_number: trimmed(new.document_number),
        document_id: new.document_id,
        end_reason: None,
        revision: 1,
        sys_from: act.now(),
    };
    store::insert_restriction(act.tx(), &row).await?;
    act.note(
        format!("siting_zone/{id}"),
        json!({"restricted": row.division_code, "label": row.label, "covers": row.covers, "from": row.from_on, "until": row.until_on}),
    );
    let data = json!({"label": row.label, "covers": row.covers, "from": row.from_on, "until": row.until_on});
    tell(act, "siting_zone.restricted", id.0, &row.division_code, &row.division_code, row.from_on, data);
    Ok(row)
}

/// Sets the last day of an order.
///
/// # Errors
/// `not_found`, `outside_division`, `stale` (412); `invalid_input`.
pub async fn lift(
    act: &mut Act,
    id: ApprovalRestrictionId,
    revision: i32,
    until: Day,
    reason: &str,
) -> Result<RestrictionRow> {
    let row = store::lock_restriction(act.tx(), id).await?.ok_or_else(no_restriction)?;
    act.caller().require_division(&row.division_code)?;
    if row.revision != revision {
        return Err(stale());
    }
    let mut faults = Vec::new();
    words(&mut faults, "/reason", Some(reason), true);
    too_early(&mut faults, "/until", until, row.from_on);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    store::end_restriction(act.tx(), id, until, reason.trim()).await?;
    act.note(format!("siting_zone/{id}"), json!({"until": until}));
    let data = json!({"label": row.label, "until": until});
    tell(act, "siting_zone.restriction_ended", id.0, &row.division_code, &row.division_code, until, data);
    store::lock_restriction(act.tx(), id).await?.ok_or_else(no_restriction)
}
