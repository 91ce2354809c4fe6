//! The outbox: what other systems are told of. An act says it with [`Act::tell`](super::Act::tell); it is stored with the
//! act's other rows, or not at all.
//!
//! Changes are numbered while the act holds the end of the audit chain, so the numbers have no gaps and grow in the order
//! of commits: whoever has read up to one number never finds a smaller one later. `GET /v1/changes` is that, read from a
//! number on.

mod atom;
mod http;
pub(super) mod kinds;
pub(super) mod view;

pub use http::routes;

use super::Scope;
use super::audit::Header;
use crate::kernel::{ActId, ChangeId, Day, Error, Result};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use view::Row;

/// What servers listen to for new changes.
pub(super) const CHANNEL: &str = "jingtu_outbox";

/// Changes stored in one statement.
const CHUNK: usize = 5_000;

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
    if let Some(fault) = changes.iter().find_map(Change::fault) {
        return Err(Error::internal(fault));
    }
    for chunk in changes.chunks(CHUNK) {
        append_chunk(tx, header, chunk).await?;
    }
    sqlx::query!("select pg_notify($1, '')", CHANNEL).fetch_one(&mut *tx).await?;
    Ok(())
}

/// Stores some changes of an act in one statement. Where a record lies is found by joins: a register that has no
/// outlines leaves it open, and so do divisions, which are matched by their codes. A change under the name of the clocks
/// lies where the clock's record does.
async fn append_chunk(tx: &mut PgConnection, header: &Header<'_>, changes: &[Change]) -> Result<()> {
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
         select (select coalesce(max(seq), 0) from platform_outbox) + c.n, c.id, $1, $2, c.kind, c.register, c.subject,
                c.code, c.division, c.owner, c.public, c.day, c.data,
                coalesce(s.geom, f.geom, z.geom, k.geom, l.geom)
         from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::bool[],
                     $11::date[], $12::jsonb[])
              with ordinality as c (id, kind, register, subject, code, division, owner, public, day, data, n)
              left join deadline d on d.id = case when c.register = 'deadline' then c.subject end
              cross join lateral (select coalesce(d.subject_register, c.register) as register,
                                         coalesce(d.subject_id, c.subject) as id) w
              left join site s on s.id = case when w.register = 'site' then w.id end
              left join farmland_unit f
                   on f.id = case when w.register in ('farmland', 'farmland_unit') then w.id end
              left join control_zone z
                   on z.id = case when w.register in ('control_zone', 'control_zones') then w.id end
              left join key_unit k on k.id = case when w.register in ('key_unit', 'key_units') then w.id end
              left join land_check l on l.id = case when w.register = 'land_check' then w.id end",
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
    .execute(tx)
    .await?;
    Ok(())
}

/// Which changes, in which direction.
struct Filter<'a> {
    scope: &'a Scope,
    kinds: Option<&'a [String]>,
    division: Option<&'a str>,
    register: Option<&'a str>,
    subject: Option<Uuid>,
}

/// Changes with numbers above `after`, the smallest first.
async fn page(db: &PgPool, filter: &Filter<'_>, after: i64, limit: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select seq, id as "id: ChangeId", act_id as "act_id: ActId", recorded_at, kind, register, subject_id,
                  subject_code, division_code, owner_credit_code, public, occurred_on as "occurred_on: Day", data
           from platform_outbox
           where seq > $1
             and ($2::text[] is null or division_code = any($2))
             and ($3::text is null or owner_credit_code = $3)
             and (not $4 or public)
             and ($5::text[] is null or kind = any($5))
             and ($6::text is null or division_code in (select d.code from division d where d.ancestors @> array[$6::text]))
             and ($7::text is null or register = $7)
             and ($8::uuid is null or subject_id = $8)
           order by seq limit $9"#,
        after,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.scope.is_public(),
        filter.kinds,
        filter.division,
        filter.register,
        filter.subject,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// The changes with the largest numbers, the largest first.
async fn newest(db: &PgPool, filter: &Filter<'_>, limit: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select seq, id as "id: ChangeId", act_id as "act_id: ActId", recorded_at, kind, register, subject_id,
                  subject_code, division_code, owner_credit_code, public, occurred_on as "occurred_on: Day", data
           from platform_outbox
           where ($1::text[] is null or division_code = any($1))
             and ($2::text is null or owner_credit_code = $2)
             and (not $3 or public)
             and ($4::text[] is null or kind = any($4))
             and ($5::text is null or division_code in (select d.code from division d where d.ancestors @> array[$5::text]))
             and ($6::text is null or register = $6)
             and ($7::uuid is null or subject_id = $7)
           order by seq desc limit $8"#,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.scope.is_public(),
        filter.kinds,
        filter.division,
        filter.register,
        filter.subject,
        limit,
    )
    .fetch_all(db)
    .await?)
}
