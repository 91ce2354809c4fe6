//! Outlines of records for the parcel plan, read from the registers' tables.

use super::super::certificate::Outline;
use crate::kernel::{Day, Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Records around a parcel that a plan shows at most.
const MOST_AROUND: i64 = 200;

struct Row {
    register: String,
    id: Uuid,
    code: String,
    geometry: String,
}

impl Row {
    fn outline(self) -> Result<Outline> {
        let geometry = serde_json::from_str(&self.geometry).map_err(Error::internal)?;
        Ok(Outline { register: self.register, id: self.id, code: self.code, geometry })
    }
}

/// The outlines of records by id, as they were known at an instant, by register and code. Ids of other registers are passed
/// over.
pub(in super::super) async fn outlines(
    conn: &mut PgConnection,
    ids: &[Uuid],
    known_at: DateTime<Utc>,
) -> Result<Vec<Outline>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.register as "register!", r.id as "id!", r.code as "code!", st_asgeojson(r.geom, 9) as "geometry!"
           from (
               select 'site' as register, id, code, geom, sys_from, sys_to from site where id = any($1)
               union all
               select 'site', id, code, geom, sys_from, sys_to from site_history where id = any($1)
               union all
               select 'control_zone', id, code, geom, sys_from, sys_to from control_zone where id = any($1)
               union all
               select 'control_zone', id, code, geom, sys_from, sys_to from control_zone_history where id = any($1)
               union all
               select 'key_unit', id, code, geom, sys_from, sys_to from key_unit where id = any($1)
               union all
               select 'key_unit', id, code, geom, sys_from, sys_to from key_unit_history where id = any($1)
               union all
               select 'farmland_unit', id, code, geom, sys_from, sys_to from farmland_unit where id = any($1)
               union all
               select 'farmland_unit', id, code, geom, sys_from, sys_to from farmland_unit_history where id = any($1)) as r
           where r.sys_from <= $2 and (r.sys_to is null or r.sys_to > $2)
           order by 1, 3, 2"#,
        ids,
        known_at,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::outline).collect()
}

/// Records other than these whose outlines reach into a window (west, south, east, north; degrees), that were known at the
/// instant as they stand now and held on the day, in the given divisions (`None`: in all); and whether there are more than
/// are told.
pub(in super::super) async fn around(
    conn: &mut PgConnection,
    (west, south, east, north): (f64, f64, f64, f64),
    on: Day,
    known_at: DateTime<Utc>,
    divisions: Option<&[String]>,
    but: &[Uuid],
) -> Result<(Vec<Outline>, bool)> {
    let mut rows = sqlx::query_as!(
        Row,
        r#"select r.register as "register!", r.id as "id!", r.code as "code!", st_asgeojson(r.geom, 7) as "geometry!"
           from (
               (select 'site' as register, s.id, s.code, s.geom
                from site s
                where s.geom && st_makeenvelope($1, $2, $3, $4, 4490) and s.sys_from <= $5
                    and ($7::text[] is null or s.division_code = any($7)) and s.id <> all($8)
                order by s.id
                limit $9)
               union all
               (select 'control_zone', z.id, z.code, z.geom
                from control_zone z
                where z.geom && st_makeenvelope($1, $2, $3, $4, 4490) and z.sys_from <= $5
                    and z.approved_on <= $6 and (z.ended_on is null or z.ended_on > $6)
                    and ($7::text[] is null or z.division_code = any($7)) and z.id <> all($8)
                order by z.id
                limit $9)
               union all
               (select 'key_unit', k.id, k.code, k.geom
                from key_unit k
                where k.geom && st_makeenvelope($1, $2, $3, $4, 4490) and k.sys_from <= $5
                    and k.listed_on <= $6 and (k.removed_on is null or k.removed_on > $6)
                    and ($7::text[] is null or k.division_code = any($7)) and k.id <> all($8)
                order by k.id
                limit $9)
               union all
               (select 'farmland_unit', f.id, f.code, f.geom
                from farmland_unit f
                where f.geom && st_makeenvelope($1, $2, $3, $4, 4490) and f.sys_from <= $5
                    and (f.began_on is null or f.began_on <= $6) and (f.ended_on is null or f.ended_on > $6)
                    and ($7::text[] is null or f.division_code = any($7)) and f.id <> all($8)
                order by f.id
                limit $9)) as r
           order by 1 desc, 3, 2
           limit $9"#,
        west,
        south,
        east,
        north,
        known_at,
        on as Day,
        divisions,
        but,
        MOST_AROUND + 1,
    )
    .fetch_all(conn)
    .await?;
    let most = usize::try_from(MOST_AROUND).map_err(Error::internal)?;
    let more = rows.len() > most;
    rows.truncate(most);
    Ok((rows.into_iter().map(Row::outline).collect::<Result<_>>()?, more))
}
