//! The outbox: what other systems are told of. An act says it with [`Act::tell`](super::Act::tell); it is stored with the
//! act's other rows, or not at all.
//!
//! Changes are numbered while the act holds the end of the audit chain, so the numbers have no gaps and grow in the order
//! of commits: whoever has read up to one number never finds a smaller one later. `GET /v1/changes` is that, read from a
//! number on.

use super::audit::Header;
use crate::kernel::{ActId, ChangeId, Day, Error, Result};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// What servers listen to for new changes.
pub(super) const CHANNEL: &str = "jingtu_outbox";

/// A change that others are told of.
///
/// `data` holds codes, stages, days and figures, never personal data: it goes to everybody who may read the change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What happened: `<register>.<what>` in snake_case, such as `site.stage_changed`.
    pub kind: &'static str,
    /// Register of the record that changed. What happens to a record's clocks, papers and duties is told with the record
    /// itself as subject (`site`), so that a watcher of the record hears of it and hears it in order.
    pub register: &'static str,
    /// The record.
    pub id: Uuid,
    /// Its code for people.
    pub code: String,
    /// Its division.
    pub division_code: String,
    /// Credit code of the land user whose record it is, who may read it then; never shown.
    pub owner_credit_code: Option<String>,
    /// Whether everybody may know.
    pub public: bool,
    /// Civil day on which it happened, where it has one.
    pub occurred_on: Option<Day>,
    /// What others need to know of it, a JSON object.
    pub data: Value,
}

/// Stores the changes of an act, in the order told. The act must hold the end of the audit chain: that is what puts the
/// numbers in the order of commits.
pub(super) async fn append(tx: &mut PgConnection, header: &Header<'_>, changes: &[Change]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    if let Some(change) = changes.iter().find(|change| !change.data.is_object()) {
        return Err(Error::internal(format!("the data of a change {} is no object", change.kind)));
    }
    let column = |of: fn(&Change) -> String| changes.iter().map(of).collect::<Vec<String>>();
    let ids: Vec<ChangeId> = changes.iter().map(|_| ChangeId::new(header.at)).collect();
    let subjects: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
    let owners: Vec<Option<String>> = changes.iter().map(|change| change.owner_credit_code.clone()).collect();
    let public: Vec<bool> = changes.iter().map(|change| change.public).collect();
    let days: Vec<Option<Day>> = changes.iter().map(|change| change.occurred_on).collect();
    let data: Vec<Value> = changes.iter().map(|change| change.data.clone()).collect();
    sqlx::query!(
        "insert into platform_outbox (seq, id, act_id, recorded_at, kind, register, subject_id, subject_code,
                                      division_code, owner_credit_code, public, occurred_on, data, place)
         select coalesce((select max(seq) from platform_outbox), 0) + c.n, c.id, $1, $2, c.kind, c.register, c.subject,
                c.code, c.division, c.owner, c.public, c.day, c.data, platform_outbox_place(c.register, c.subject)
         from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::bool[],
                     $11::date[], $12::jsonb[])
              with ordinality as c (id, kind, register, subject, code, division, owner, public, day, data, n)",
        header.act as ActId,
        header.at,
        &ids as &[ChangeId],
        &column(|change| change.kind.to_owned()),
        &column(|change| change.register.to_owned()),
        &subjects,
        &column(|change| change.code.clone()),
        &column(|change| change.division_code.clone()),
        &owners as &[Option<String>],
        &public,
        &days as &[Option<Day>],
        &data,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("select pg_notify($1, '')", CHANNEL).fetch_one(&mut *tx).await?;
    Ok(())
}
