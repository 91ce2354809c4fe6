//! Which act wrote to which register that answers rest on: the version of their data, and what has changed since.
//!
//! A table of such a register calls `platform_watched()` once in a migration. From then on every act that writes to it
//! leaves a row in `platform_touch`, numbered by its last line in the audit chain, which is the order of commits. One of a
//! register that layers alone are made of calls `platform_numbered()`: its versions are kept as well, and nobody is told.

use crate::kernel::{ActId, Day, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub use super::audit::TOUCHED;

/// What the registers' data was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// End of the audit chain.
    pub seq: i64,
    /// Each register's own version, by name.
    pub registers: Vec<RegisterVersion>,
}

/// The version of a register's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterVersion {
    /// The register.
    pub register: String,
    /// Number of the last line in the audit chain of the last act that wrote to it; 0: never written to since this is kept.
    pub seq: i64,
    /// When that was.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The versions of now. Read before the registers are: what changes while they are read then counts as changed since.
///
/// Inside a transaction, what is asked of the registers after it is planned once per connection, whatever it is asked with:
/// their questions about a place are answered by the same plan for every place, and planning them costs more than they do.
///
/// # Errors
/// When the database cannot be read.
pub async fn versions(conn: &mut PgConnection) -> Result<Versions> {
    let rows = sqlx::query!(
        r#"select h.seq as "head!", v.register as "register?", v.seq as "seq?", v.changed_at,
               set_config('plan_cache_mode', 'force_generic_plan', true) as plans
           from platform_audit_head h left join platform_register_version v on v.answers
           order by v.register"#
    )
    .fetch_all(conn)
    .await?;
    let seq = rows.first().map_or(0, |row| row.head);
    let registers = rows
        .into_iter()
        .filter_map(|row| Some(RegisterVersion { register: row.register?, seq: row.seq?, changed_at: row.changed_at }));
    Ok(Versions { seq, registers: registers.collect() })
}

/// The versions as they were at an instant.
///
/// # Errors
/// When the database cannot be read.
pub async fn versions_at(conn: &mut PgConnection, at: DateTime<Utc>) -> Result<Versions> {
    let seq = sqlx::query_scalar!(r#"select coalesce(max(seq), 0) as "seq!" from platform_audit where at <= $1"#, at)
        .fetch_one(&mut *conn)
        .await?;
    let rows = sqlx::query!(
        r#"select v.register, t.seq as "seq?", t.at as "at?"
           from platform_register_version v
               left join lateral (
                   select seq, at from platform_touch
                   where at <= $1 and registers @> array[v.register]
                   order by seq desc limit 1) t on true
           where v.answers
           order by v.register"#,
        at,
    )
    .fetch_all(conn)
    .await?;
    let registers = rows.into_iter().map(|row| RegisterVersion {
        register: row.register,
        seq: row.seq.unwrap_or(0),
        changed_at: row.at,
    });
    Ok(Versions { seq, registers: registers.collect() })
}

/// An act that wrote to registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Its number in the order of commits.
    pub seq: i64,
    /// The act.
    pub act: ActId,
    /// When it was.
    pub at: DateTime<Utc>,
    /// The registers that it wrote to.
    pub registers: Vec<String>,
}

impl Touch {
    /// The civil day of the act.
    pub fn day(&self) -> Day {
        Day::at(self.at)
    }
}

/// The acts after a number that wrote to registers, oldest first, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn since(conn: &mut PgConnection, after: i64, limit: i64) -> Result<Vec<Touch>> {
    Ok(sqlx::query_as!(
        Touch,
        r#"select seq, act_id as "act: ActId", at, registers from platform_touch where seq > $1 order by seq limit $2"#,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Acts whose answers of a kind were late: another act had changed registers before they were committed.
///
/// # Errors
/// When the database cannot be read.
pub async fn late(conn: &mut PgConnection, answers: &str, limit: i64) -> Result<Vec<ActId>> {
    Ok(sqlx::query_scalar!(
        r#"select act_id as "act: ActId" from platform_late_act where answers = $1 order by act_id limit $2"#,
        answers,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Forgets late acts whose answers were looked at again.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_late(conn: &mut PgConnection, acts: &[ActId]) -> Result<()> {
    let acts: Vec<uuid::Uuid> = acts.iter().map(|act| act.0).collect();
    sqlx::query!("delete from platform_late_act where act_id = any($1)", &acts).execute(conn).await?;
    Ok(())
}
