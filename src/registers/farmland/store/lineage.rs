//! All SQL of changes and parentage: which unit came of which.

use crate::kernel::{Day, FarmlandChangeId, FarmlandUnitId, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A unit that another came of, or that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kin {
    /// Of which unit it is the relative.
    pub of: FarmlandUnitId,
    /// The relative.
    pub id: FarmlandUnitId,
    /// Its code.
    pub code: String,
    /// The change by which one came of the other.
    pub change_id: FarmlandChangeId,
    /// Day of that change.
    pub effective_on: Day,
    /// Whether the relative is a child of the unit, else a parent.
    pub child: bool,
}

/// Parents and children of units, as known at an instant; changes entered in error are left out. In the order of days and
/// codes.
pub async fn kin(conn: &mut PgConnection, ids: &[FarmlandUnitId], known_at: Option<DateTime<Utc>>) -> Result<Vec<Kin>> {
    Ok(sqlx::query_as!(
        Kin,
        r#"with known as (
               select c.id, c.effective_on from farmland_change as c
               where not c.voided and ($2::timestamptz is null or c.sys_from <= $2)
               union all
               select h.id, h.effective_on from farmland_change_history as h
               where not h.voided and h.sys_from <= $2 and h.sys_to > $2)
           select k.of as "of!: FarmlandUnitId", u.id as "id!: FarmlandUnitId", u.code as "code!",
               c.id as "change_id!: FarmlandChangeId", c.effective_on as "effective_on!: Day", k.child as "child!"
           from (
                   select p.parent_id as of, p.child_id as id, p.change_id, true as child from farmland_parentage as p
                   where p.parent_id = any($1)
                   union all
                   select p.child_id, p.parent_id, p.change_id, false from farmland_parentage as p
                   where p.child_id = any($1)) as k
               join known as c on c.id = k.change_id
               join farmland_unit as u on u.id = k.id
           order by c.effective_on, u.code"#,
        ids as &[FarmlandUnitId],
        known_at,
    )
    .fetch_all(conn)
    .await?)
}
