//! The area ledger, read: the store's facts put into the rules' balance.

use super::super::rules::Class;
use super::super::rules::ledger::{Amount, Cause, ClassFact, FlowKey, History, Ledger, Line, TypeFact};
use super::super::rules::lineage::Kind;
use super::super::store::ledger::{self as store, LedgerFilter, WalkedRow};
use crate::kernel::{Day, Error, FarmlandChangeId, FarmlandUnitId, Result};
use sqlx::PgConnection;

/// Units walked in one statement.
const CHUNK: i64 = 100_000;
/// Units walked in one statement where a page of moves is wanted.
const PAGE_CHUNK: i64 = 10_000;

/// The ledger from the end of the filter's first day to the end of `to`.
///
/// # Errors
/// When the database cannot be read.
pub async fn ledger(conn: &mut PgConnection, filter: &LedgerFilter, to: Day) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    for row in store::rest(conn, filter).await? {
        let class = class(&row.class)?;
        ledger.rest(&row.division_code, class, Amount { units: row.units, area: row.area });
    }
    let mut walk = Walk::from(None, CHUNK);
    while let Some(rows) = walk.next(conn, filter).await? {
        for row in &rows {
            ledger.walk(&row.division_code, &history(row, &filter.land_types)?, filter.from, to);
        }
    }
    Ok(ledger)
}

/// A walk over the units to which something happened, chunk by chunk in the order of codes.
struct Walk {
    first: Option<String>,
    chunk: i64,
    /// Whether the first unit was walked already.
    walked: bool,
    ended: bool,
}

impl Walk {
    /// Begins at the unit with a code, or at the very first.
    fn from(first: Option<String>, chunk: i64) -> Walk {
        Walk { first, chunk, walked: false, ended: false }
    }

    async fn next(&mut self, conn: &mut PgConnection, filter: &LedgerFilter) -> Result<Option<Vec<WalkedRow>>> {
        if self.ended {
            return Ok(None);
        }
        let mut rows = store::walked(conn, filter, self.first.as_deref(), self.chunk).await?;
        self.ended = i64::try_from(rows.len()).is_ok_and(|n| n < self.chunk);
        if self.walked && rows.first().is_some_and(|row| Some(&row.code) == self.first.as_ref()) {
            rows.remove(0);
        }
        if let Some(last) = rows.last() {
            self.first = Some(last.code.clone());
            self.walked = true;
        }
        Ok(Some(rows))
    }
}

/// A unit's move in the ledger.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The unit.
    pub id: FarmlandUnitId,
    /// Its code.
    pub code: String,
    /// Its division.
    pub division_code: String,
    /// Its place among the moves of the unit, from 0.
    pub nth: usize,
    /// The move.
    pub line: Line,
    /// The change of outlines by which it moved, where it was one.
    pub change_id: Option<FarmlandChangeId>,
}

/// Moves of the ledger that are wanted, by code and day, after the `nth` move of the unit with a code.
///
/// # Errors
/// When the database cannot be read.
pub async fn moves(
    conn: &mut PgConnection,
    filter: &LedgerFilter,
    to: Day,
    wanted: impl Fn(&FlowKey) -> bool,
    after: Option<(String, usize)>,
    limit: usize,
) -> Result<Vec<Moved>> {
    let mut out: Vec<Moved> = Vec::new();
    // The last unit of the page before may have moves left.
    let mut walk = Walk::from(after.as_ref().map(|(code, _)| code.clone()), PAGE_CHUNK);
    let seen = |moved: &Moved| after.as_ref().is_some_and(|(code, nth)| moved.code == *code && moved.nth <= *nth);
    while let Some(rows) = walk.next(conn, filter).await? {
        for row in &rows {
            out.extend(moves_of(row, filter, to, &wanted)?.into_iter().filter(|moved| !seen(moved)));
            if out.len() >= limit {
                out.truncate(limit);
                return Ok(out);
            }
        }
    }
    Ok(out)
}

fn moves_of(row: &WalkedRow, filter: &LedgerFilter, to: Day, wanted: impl Fn(&FlowKey) -> bool) -> Result<Vec<Moved>> {
    let lines = history(row, &filter.land_types)?.moves(filter.from, to);
    let moved = lines.into_iter().enumerate().filter(|(_, line)| wanted(&FlowKey::of(line)));
    Ok(moved
        .map(|(nth, line)| Moved {
            id: row.id,
            code: row.code.clone(),
            division_code: row.division_code.clone(),
            nth,
            change_id: match line.cause {
                Cause::ClassChanged | Cause::Registered => None,
                // Out of the books on the day it ended, or into them on the day it began.
                _ if line.to.is_none() && row.ended_on == Some(line.on) => row.ended_change,
                _ if line.from.is_none() && row.began_on == Some(line.on) => row.began_change,
                _ => None,
            },
            line,
        })
        .collect())
}

fn class(text: &str) -> Result<Class> {
    Class::parse(text).ok_or_else(|| Error::internal(format!("{text} is no class")))
}

fn history(row: &WalkedRow, land_types: &[String]) -> Result<History> {
    let facts = row.class_days.iter().zip(&row.classes).zip(&row.triggers);
    let classes = facts
        .map(|((from, said), trigger)| Ok(ClassFact { from: *from, class: class(said)?, trigger: trigger.clone() }))
        .collect::<Result<Vec<_>>>()?;
    let types = row.type_days.iter().zip(&row.land_types);
    let types = types.map(|(from, said)| TypeFact { from: *from, counts: land_types.contains(said) }).collect();
    Ok(History {
        area: row.area,
        began: row.began_on,
        began_by: cause(row.began_by.as_deref())?,
        ended: row.ended_on,
        ended_by: cause(row.ended_by.as_deref())?,
        classes,
        types,
    })
}

/// The cause that a kind of change is in the ledger; a unit that no change made was registered.
fn cause(kind: Option<&str>) -> Result<Cause> {
    let Some(kind) = kind else { return Ok(Cause::Registered) };
    Ok(match Kind::parse(kind).ok_or_else(|| Error::internal(format!("{kind} is no kind of change")))? {
        Kind::Split => Cause::UnitSplit,
        Kind::Merge => Cause::UnitMerged,
        Kind::Redraw => Cause::BoundaryCorrected,
        Kind::LeftFarming => Cause::LandUseChanged,
    })
}
