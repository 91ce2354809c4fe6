//! Raising warnings, and following them up.

use super::rules::{
    Actor, EventType, Facts, Given, Here, IssuerLevel, Last, Loss, Move, Status, Step, addressee, find_addressee,
    losses, read, step,
};
use super::store::{self, EventRow, NewEvent, NewMove, NewRow, Row, Standing, Sum};
use crate::kernel::{Day, DocumentId, Error, ProtectionWarningId, Result};
use crate::platform::{Act, Caller, Change, Role};
use crate::registers::{division, document};
use serde_json::json;

/// What this register is called where others keep its papers and changes.
const REGISTER: &str = "protection";

/// What is said of a warning that the caller may not see: the same as of one that is not there.
pub(super) fn not_found() -> Error {
    Error::not_found("优先保护类耕地预警", "protection warning")
}

/// Weighs how priority-protection land moved in an act: a loss raises the warning of its county, year and kind, or adds to
/// it; a warning that was closed is raised again by a further loss. What moved the other way is counted where a warning
/// stands, and raises none.
///
/// The caller of this has checked who may change the land; no permission is asked for here.
///
/// # Errors
/// When the database cannot be reached, or a county has no province.
pub async fn weigh(act: &mut Act, moves: &[Move]) -> Result<()> {
    for loss in losses(moves) {
        match store::lock_of(act.tx(), loss.county, loss.year, loss.kind).await? {
            Some(row) => add(act, &row, &loss).await?,
            None if loss.raises => raise(act, &loss).await?,
            None => {}
        }
    }
    Ok(())
}

fn sum(loss: &Loss<'_>) -> Result<Sum> {
    let days = || loss.moves.iter().map(|counted| counted.of.on);
    let (Some(first_on), Some(last_on)) = (days().min(), days().max()) else {
        return Err(Error::internal("a loss without moves"));
    };
    Ok(Sum {
        first_on,
        last_on,
        moves: i32::try_from(loss.moves.len()).map_err(Error::internal)?,
        lost: loss.lost(),
        gained: loss.gained(),
    })
}

async fn add_moves(act: &mut Act, id: ProtectionWarningId, loss: &Loss<'_>) -> Result<()> {
    let now = act.now();
    let moves: Vec<NewMove<'_>> = loss
        .moves
        .iter()
        .map(|counted| NewMove {
            id: crate::kernel::ids::v7(now),
            unit_code: &counted.of.unit_code,
            on: counted.of.on,
            cause: counted.of.cause,
            before: counted.before,
            after: counted.after,
        })
        .collect();
    store::add_moves(act.tx(), id, &moves, now).await
}

/// Raises a warning, addressed as the texts of the day of its first move have it.
async fn raise(act: &mut Act, loss: &Loss<'_>) -> Result<()> {
    let sum = sum(loss)?;
    let Some(text) = addressee(loss.county, sum.first_on) else {
        act.note(
            REGISTER,
            json!({
                "no_text_in_force": {"division": loss.county, "year": loss.year, "kind": loss.kind, "on": sum.first_on},
            }),
        );
        return Ok(());
    };
    let above = division::above(act.tx(), loss.county).await?;
    let (prefecture, province) = above.map(|above| (above.prefecture, above.province)).unwrap_or_default();
    // A county directly under its province has nobody between.
    let (level, issuer) = match (text.level, prefecture, province) {
        (IssuerLevel::Prefecture, Some(prefecture), _) => (IssuerLevel::Prefecture, prefecture),
        (_, _, Some(province)) => (IssuerLevel::Province, province),
        _ => return Err(Error::internal(format!("division {} lies in no province", loss.county))),
    };
    let id = ProtectionWarningId::new(act.now());
    let number = format!("{}-预警-{}-{}", loss.county, loss.year, loss.kind.mark());
    let (raised_on, recorded_at) = (act.today(), act.now());
    let row = NewRow {
        id,
        number: &number,
        county: loss.county,
        year: loss.year,
        kind: loss.kind,
        raised_on,
        sum: &sum,
        issuer_level: level.as_str(),
        issuer_division: &issuer,
        addressee: text.id,
        restriction: text.restriction.as_str(),
        recorded_at,
    };
    if !store::insert(act.tx(), &row).await? {
        // Another act has just raised it and was waited for.
        let row = store::lock_of(act.tx(), loss.county, loss.year, loss.kind).await?;
        return add(act, &row.ok_or_else(|| Error::internal(format!("warning {number} is there and is not")))?, loss)
            .await;
    }
    add_moves(act, id, loss).await?;
    enter(act, id, (EventType::Raised, raised_on), (None, Status::Raised), None, &Facts::default(), true).await?;
    act.tell(Change {
        kind: "protection.raised",
        occurred_on: Some(raised_on),
        data: json!({
            "number": number, "kind": loss.kind, "year": loss.year, "moves": sum.moves, "lost_m2": m2(sum.lost),
            "gained_m2": m2(sum.gained), "issuer_level": level, "issuer_division": issuer,
            "restriction": text.restriction,
        }),
        ..about(id, &number, loss.county)
    });
    act.note(
        format!("{REGISTER}/{id}"),
        json!({"raised": number, "moves": sum.moves, "lost_m2": m2(sum.lost), "gained_m2": m2(sum.gained)}),
    );
    Ok(())
}

/// Adds moves to a warning; raises it again where it was closed and they are a loss.
async fn add(act: &mut Act, row: &Row, loss: &Loss<'_>) -> Result<()> {
    let (sum, today) = (sum(loss)?, act.today());
    let again = row.status()? == Status::Closed && loss.raises;
    add_moves(act, row.id, loss).await?;
    store::grow(act.tx(), row.id, &sum, again.then_some(today)).await?;
    if again {
        let facts = Facts { reason: Some("further loss in the same year".to_owned()), ..Facts::default() };
        let way = (Some(Status::Closed), Status::Raised);
        enter(act, row.id, (EventType::Raised, today), way, None, &facts, true).await?;
    }
    act.tell(Change {
        kind: if again { "protection.raised" } else { "protection.grew" },
        occurred_on: Some(today),
        data: json!({
            "number": row.number, "kind": loss.kind, "year": loss.year, "moves": sum.moves, "lost_m2": m2(sum.lost),
            "gained_m2": m2(sum.gained), "issuer_level": row.issuer_level, "issuer_division": row.issuer_division,
            "restriction": row.restriction,
        }),
        ..about(row.id, &row.number, &row.division_code)
    });
    act.note(
        format!("{REGISTER}/{}", row.id),
        json!({
            "grew": row.number, "raised_again": again, "moves": sum.moves, "lost_m2": m2(sum.lost),
            "gained_m2": m2(sum.gained),
        }),
    );
    Ok(())
}

/// Square metres of hundredths.
#[expect(clippy::cast_precision_loss, reason = "areas are far below 2^53 hundredths")]
fn m2(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// A change told with the warning as subject, for departments only.
fn about(id: ProtectionWarningId, number: &str, county: &str) -> Change {
    Change {
        kind: "",
        register: REGISTER,
        id: id.0,
        code: number.to_owned(),
        division_code: county.to_owned(),
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({}),
    }
}

async fn enter(
    act: &mut Act,
    id: ProtectionWarningId,
    (event_type, occurred_on): (EventType, Day),
    (before, after): (Option<Status>, Status),
    voids_seq: Option<i32>,
    facts: &Facts,
    by_registry: bool,
) -> Result<i32> {
    let (by_role, by_division) = match act.caller() {
        Caller::Key(holder) if !by_registry => (Some(holder.role.as_str()), Some(holder.division.as_str().to_owned())),
        _ => (None, None),
    };
    let entry = NewEvent {
        id: crate::kernel::ids::v7(act.now()),
        warning: id,
        event_type,
        occurred_on,
        before,
        after,
        voids_seq,
        facts,
        by_role,
        by_division: by_division.as_deref(),
        recorded_at: act.now(),
    };
    store::add_event(act.tx(), &entry).await
}

/// Who acts.
pub(super) fn actor(caller: &Caller) -> Actor {
    match caller {
        Caller::Key(holder) => Actor { role: Some(holder.role), division: Some(holder.division.as_str().to_owned()) },
        Caller::Operator | Caller::Public => Actor { role: None, division: None },
    }
}

/// The entries that stand: neither voided nor voiding.
fn standing(log: &[EventRow]) -> impl DoubleEndedIterator<Item = &EventRow> {
    log.iter().filter(|entry| entry.voided_by.is_none() && entry.voids_seq.is_none())
}

/// A warning as its next step sees it.
pub(super) fn here(row: &Row, log: &[EventRow]) -> Result<Here> {
    let last = standing(log).next_back().filter(|entry| entry.event_type != EventType::Raised.as_str());
    let last = last.and_then(|entry| {
        Some(Last {
            before: entry.status_before.as_deref().and_then(Status::parse)?,
            role: entry.by_role.as_deref().and_then(Role::parse),
            division: entry.by_division.clone(),
        })
    });
    let text = find_addressee(&row.addressee);
    Ok(Here {
        status: row.status()?,
        county: row.division_code.clone(),
        issuer: row.issuer_division.clone(),
        level: IssuerLevel::parse(&row.issuer_level)
            .ok_or_else(|| Error::internal(format!("warning {} is for a {}", row.id, row.issuer_level)))?,
        addressee: text.ok_or_else(|| Error::internal(format!("there is no text {}", row.addressee)))?,
        last,
    })
}

/// Takes a step of the follow-up.
///
/// # Errors
/// `not_found`; `step_not_allowed` (409), `other_role_must_act` (403), with rule and articles; `invalid_input` for what is
/// missing or too much.
pub(super) async fn record(act: &mut Act, id: ProtectionWarningId, event: EventType, given: Given) -> Result<()> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    if !act.caller().holds_in(&row.division_code) {
        return Err(not_found());
    }
    let log = store::log(act.tx(), id, None).await?;
    let (here, today) = (here(&row, &log)?, act.today());
    let law_of = given.occurred_on.unwrap_or(today);
    let Step { to, rule } =
        step(&here, event, &actor(act.caller())).map_err(|refusal| refusal.into_error(&here, law_of))?;
    // Raised by what is entered late, a warning may have been given on paper before the registry raised it.
    let not_before = standing(&log)
        .rev()
        .find(|entry| entry.event_type != EventType::Raised.as_str())
        .map_or(row.first_move_on, |entry| entry.occurred_on);
    let (on, facts) = read(event, given, not_before.min(today), today).map_err(Error::invalid)?;
    if let Some(paper) = facts.document_id {
        attach(act, id, &row.division_code, paper).await?;
    }
    let voids =
        (event == EventType::EnteredInError).then(|| standing(&log).next_back().map(|entry| entry.seq)).flatten();
    let seq = enter(act, id, (event, on), (Some(here.status), to), voids, &facts, false).await?;
    let log = store::log(act.tx(), id, None).await?;
    store::set_standing(act.tx(), id, &stands(&row, &log)?).await?;
    act.tell(Change {
        kind: match event {
            EventType::Raised => "protection.raised",
            EventType::Issued => "protection.issued",
            EventType::Answered => "protection.answered",
            EventType::Restricted => "protection.restricted",
            EventType::Closed => "protection.closed",
            EventType::EnteredInError => "protection.voided",
        },
        occurred_on: Some(on),
        data: json!({
            "number": row.number, "seq": seq, "type": event, "from": here.status, "to": to, "voids": voids,
            "document_number": facts.document_number, "served_on": facts.served_on, "restricted_from": facts.from,
            "restricted_to": facts.to, "restriction": row.restriction,
        }),
        ..about(id, &row.number, &row.division_code)
    });
    act.note(
        format!("{REGISTER}/{id}"),
        json!({
            "event": event, "seq": seq, "on": on, "from": here.status, "to": to, "rule": rule, "voids": voids,
            "document": facts.document_id, "document_number": facts.document_number,
        }),
    );
    Ok(())
}

async fn attach(act: &mut Act, id: ProtectionWarningId, county: &str, paper: DocumentId) -> Result<()> {
    let subject = document::Subject { register: REGISTER, id: id.0, division_code: county, owner_credit_code: None };
    document::attach(act, paper, &subject, "/document_id").await
}

/// What the entries that stand make of the warning.
fn stands<'a>(row: &Row, log: &'a [EventRow]) -> Result<Standing<'a>> {
    let mut now = Standing {
        status: Status::Raised,
        since: row.raised_on,
        document_number: None,
        issued_on: None,
        served_on: None,
        restricted: (None, None),
        closed_on: None,
    };
    for entry in standing(log) {
        let (facts, on, after) = (&entry.facts.0, entry.occurred_on, entry.after()?);
        if after != now.status || entry.status_before.is_none() {
            now.since = on;
        }
        now.status = after;
        now.closed_on = None;
        match entry.event_type()? {
            EventType::Issued => {
                now.document_number = facts.document_number.as_deref();
                (now.issued_on, now.served_on) = (Some(on), facts.served_on);
            }
            EventType::Restricted => now.restricted = (facts.from, facts.to),
            EventType::Closed => {
                now.closed_on = Some(on);
                // With the case, a restriction without a last day ends; one that had not begun never does.
                now.restricted = match now.restricted {
                    (Some(from), None) if from > on => (None, None),
                    (Some(from), None) => (Some(from), Some(on)),
                    other => other,
                };
            }
            EventType::Raised | EventType::Answered | EventType::EnteredInError => {}
        }
    }
    Ok(now)
}
