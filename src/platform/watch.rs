//! How far the watch over each kind of checks is. A kind is named as late answers of it are ([`touch::late`]). All of it is
//! bookkeeping: what a watch does to checks is an act, where it got to is not.

use super::touch;
use crate::kernel::{Day, Result};
use sqlx::PgConnection;
use uuid::Uuid;

/// How far a watch is.
#[derive(Debug, Clone)]
pub struct State {
    /// Every write up to this number in the audit chain has been judged.
    pub seq: i64,
    /// The civil day up to which what begins and ends by the calendar has been judged.
    pub day: Option<Day>,
    /// Digest of the rules and settings that answers were last held against.
    pub rules: Option<String>,
    /// The last answer that changed rules were held against; `None`: all were.
    pub sweep_after: Option<Uuid>,
}

/// Reads how far a watch is.
///
/// # Errors
/// When the database cannot be read.
pub async fn state(conn: &mut PgConnection, kind: &str) -> Result<State> {
    Ok(sqlx::query_as!(
        State,
        r#"select seq, day as "day: Day", rules, sweep_after from platform_check_watch where kind = $1"#,
        kind,
    )
    .fetch_one(conn)
    .await?)
}

/// Every write up to a number, and what begins and ends up to a day, has been judged. Of several servers the farthest counts.
///
/// # Errors
/// When the database cannot be written.
pub async fn judged(conn: &mut PgConnection, kind: &str, seq: i64, day: Day) -> Result<()> {
    sqlx::query!(
        "update platform_check_watch set seq = greatest(seq, $2), day = greatest(day, $3) where kind = $1",
        kind,
        seq,
        day as Day,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How far a sweep is that holds every answer against rules or settings that have changed; `None`: it is done.
///
/// # Errors
/// When the database cannot be written.
pub async fn swept(conn: &mut PgConnection, kind: &str, rules: &str, after: Option<Uuid>) -> Result<()> {
    sqlx::query!("update platform_check_watch set rules = $2, sweep_after = $3 where kind = $1", kind, rules, after,)
        .execute(conn)
        .await?;
    Ok(())
}

/// What a check's standing says of the watch over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Every write up to this number in the audit chain has been held against it.
    pub through: i64,
    /// Whether registers were written to after that.
    pub pending: bool,
}

/// What the watch over a kind has seen of the registers.
///
/// # Errors
/// When the database cannot be read.
pub async fn seen(conn: &mut PgConnection, kind: &str) -> Result<Seen> {
    let through = state(conn, kind).await?.seq;
    let pending = !touch::since(conn, through, 1).await?.is_empty();
    Ok(Seen { through, pending })
}
