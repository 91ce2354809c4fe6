//! All SQL of `division`.

use super::rules::tree::{Kind, Level, Node, Tree};
use crate::kernel::{Day, DivisionCode, DivisionId, Error, Result};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// A division as stored.
pub struct DivisionRow {
    pub id: DivisionId,
    pub code: String,
    pub name_zh: String,
    pub name_en: Option<String>,
    pub level: String,
    pub kind: String,
    pub parent_code: Option<String>,
    pub ancestors: Vec<String>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub successor_code: Option<String>,
    pub revision: i32,
    pub wkb: Option<Vec<u8>>,
}

/// What a list is narrowed to.
pub struct Filter {
    pub level: Option<String>,
    pub parent: Option<String>,
    pub below: Option<String>,
    pub q: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    pub on: Day,
    pub after: Option<String>,
    pub limit: i64,
}

/// Which of these codes are divisions, now or formerly.
///
/// # Errors
/// When the database cannot be reached.
pub async fn known(conn: &mut PgConnection, codes: &[String]) -> Result<HashSet<String>> {
    let rows = sqlx::query_scalar!("select code from division where code = any($1)", codes).fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

/// The identifiers of those of these codes that there are.
///
/// # Errors
/// When the database cannot be read.
pub async fn ids(conn: &mut PgConnection, codes: &[String]) -> Result<HashMap<String, DivisionId>> {
    let rows = sqlx::query!(r#"select code, id as "id: DivisionId" from division where code = any($1)"#, codes)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.id)).collect())
}

/// A division by its code.
pub async fn get(conn: &mut PgConnection, code: &str) -> Result<Option<DivisionRow>> {
    Ok(sqlx::query_as!(
        DivisionRow,
        r#"select id as "id: DivisionId", code, name_zh, name_en, level, kind, parent_code, ancestors,
               valid_from as "valid_from: Day", valid_to as "valid_to: Day", successor_code, revision,
               st_asbinary(geom) as wkb
           from division where code = $1"#,
        code,
    )
    .fetch_optional(conn)
    .await?)
}

/// Divisions in the order of their codes.
pub async fn list(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<DivisionRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first), Some(second)],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        DivisionRow,
        r#"select id as "id: DivisionId", code, name_zh, name_en, level, kind, parent_code, ancestors,
               valid_from as "valid_from: Day", valid_to as "valid_to: Day", successor_code, revision,
               st_asbinary(geom) as wkb
           from division
           where ($1::text is null or level = $1)
               and ($2::text is null or parent_code = $2)
               and ($3::text is null or ancestors @> array[$3])
               and ($4::text is null or starts_with(code, $4) or strpos(name_zh, $4) > 0
                   or strpos(lower(name_en), lower($4)) > 0)
               and ($5::bytea is null or st_intersects(geom, st_geomfromewkb($5))
                   or st_intersects(geom, st_geomfromewkb($6)))
               and (valid_from is null or valid_from <= $7) and (valid_to is null or valid_to >= $7)
               and ($8::text is null or code > $8)
           order by code
           limit $9"#,
        filter.level,
        filter.parent,
        filter.below,
        filter.q,
        first,
        second,
        filter.on as Day,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// All divisions' places, and the ancestors stored with them. Nobody else may change the tree until the act ends.
pub async fn tree(conn: &mut PgConnection) -> Result<(Tree, Vec<(DivisionCode, Vec<String>)>)> {
    sqlx::query!("lock table division in share row exclusive mode").execute(&mut *conn).await?;
    let rows = sqlx::query!(
        r#"select code as "code: DivisionCode", level, kind, parent_code as "parent: DivisionCode", parent_derived, ancestors
           from division"#
    )
    .fetch_all(conn)
    .await?;
    let mut nodes = Vec::with_capacity(rows.len());
    let mut ancestors = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(level), Some(kind)) = (Level::parse(&row.level), Kind::parse(&row.kind)) else {
            return Err(Error::internal(format!("division {} is of no known level or kind", row.code)));
        };
        ancestors.push((row.code.clone(), row.ancestors));
        nodes.push((row.code, Node { level, kind, parent: row.parent, derived: row.parent_derived }));
    }
    Ok((Tree::new(nodes), ancestors))
}

/// Columns of many divisions, one entry per division in each.
#[derive(Default)]
pub struct Columns {
    pub id: Vec<uuid::Uuid>,
    pub code: Vec<String>,
    pub name_zh: Vec<Option<String>>,
    pub name_en: Vec<Option<String>>,
    pub level: Vec<&'static str>,
    pub kind: Vec<&'static str>,
    pub parent: Vec<Option<String>>,
    pub derived: Vec<bool>,
    /// Codes joined by commas.
    pub ancestors: Vec<String>,
    pub valid_from: Vec<Option<Day>>,
    pub valid_to: Vec<Option<Day>>,
    pub successor: Vec<Option<String>>,
    pub ewkb: Vec<Option<Vec<u8>>>,
}

/// Adds divisions.
pub async fn insert(conn: &mut PgConnection, c: &Columns) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into division (id, code, name_zh, name_en, level, kind, parent_code, parent_derived, ancestors,
               valid_from, valid_to, successor_code, geom)
           select id, code, name_zh, name_en, level, kind, parent, derived, string_to_array(ancestors, ','),
               valid_from, valid_to, successor, st_geomfromewkb(ewkb)
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
               $9::text[], $10::date[], $11::date[], $12::text[], $13::bytea[])
               as v (id, code, name_zh, name_en, level, kind, parent, derived, ancestors, valid_from, valid_to, successor, ewkb)"#,
        &c.id,
        &c.code,
        &c.name_zh as &[Option<String>],
        &c.name_en as &[Option<String>],
        &c.level as &[&str],
        &c.kind as &[&str],
        &c.parent as &[Option<String>],
        &c.derived,
        &c.ancestors,
        &c.valid_from as &[Option<Day>],
        &c.valid_to as &[Option<Day>],
        &c.successor as &[Option<String>],
        &c.ewkb as &[Option<Vec<u8>>],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Takes over what is given of divisions that are there; gives how many changed. A `null` leaves what is there.
pub async fn update(conn: &mut PgConnection, c: &Columns) -> Result<u64> {
    let done = sqlx::query!(
        r#"update division d
           set name_zh = v.name_zh, name_en = v.name_en, level = v.level, kind = v.kind, parent_code = v.parent,
               parent_derived = v.derived, ancestors = v.ancestors, valid_from = v.valid_from, valid_to = v.valid_to,
               successor_code = v.successor, geom = v.geom
           from (
               select o.code, coalesce(g.name_zh, o.name_zh) as name_zh, coalesce(g.name_en, o.name_en) as name_en,
                   g.level, g.kind, g.parent, g.derived, string_to_array(g.ancestors, ',') as ancestors,
                   coalesce(g.valid_from, o.valid_from) as valid_from, coalesce(g.valid_to, o.valid_to) as valid_to,
                   coalesce(g.successor, o.successor_code) as successor,
                   coalesce(st_geomfromewkb(g.ewkb), o.geom) as geom
               from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[],
                   $8::text[], $9::date[], $10::date[], $11::text[], $12::bytea[])
                   as g (code, name_zh, name_en, level, kind, parent, derived, ancestors, valid_from, valid_to, successor, ewkb)
                   join division o on o.code = g.code) as v
           where d.code = v.code
               and ((d.name_zh, d.name_en, d.level, d.kind, d.parent_code, d.parent_derived, d.ancestors, d.valid_from,
                       d.valid_to, d.successor_code)
                   is distinct from
                   (v.name_zh, v.name_en, v.level, v.kind, v.parent, v.derived, v.ancestors, v.valid_from, v.valid_to,
                       v.successor)
                   or d.geom is distinct from v.geom)"#,
        &c.code,
        &c.name_zh as &[Option<String>],
        &c.name_en as &[Option<String>],
        &c.level as &[&str],
        &c.kind as &[&str],
        &c.parent as &[Option<String>],
        &c.derived,
        &c.ancestors,
        &c.valid_from as &[Option<Day>],
        &c.valid_to as &[Option<Day>],
        &c.successor as &[Option<String>],
        &c.ewkb as &[Option<Vec<u8>>],
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Moves divisions to other places in the tree; `ancestors` as in [`Columns`].
pub async fn rehang(
    conn: &mut PgConnection,
    code: &[String],
    parent: &[Option<String>],
    ancestors: &[String],
) -> Result<u64> {
    let done = sqlx::query!(
        r#"update division d set parent_code = v.parent, ancestors = string_to_array(v.ancestors, ',')
           from unnest($1::text[], $2::text[], $3::text[]) as v (code, parent, ancestors)
           where d.code = v.code"#,
        code,
        parent as &[Option<String>],
        ancestors,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// First and last days of divisions that have one.
pub async fn validity(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<(String, Option<Day>, Option<Day>)>> {
    let rows = sqlx::query!(
        r#"select code, valid_from as "valid_from: Day", valid_to as "valid_to: Day" from division
           where code = any($1) and (valid_from is not null or valid_to is not null)"#,
        codes
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.valid_from, row.valid_to)).collect())
}

/// A division that a parcel lies in.
#[derive(Debug, Clone, PartialEq)]
pub struct Under {
    /// Its code.
    pub code: String,
    /// Codes from the nation down to and including it.
    pub ancestors: Vec<String>,
    /// Share of the parcel that lies in it, 0 to 1.
    pub share: f64,
}

/// For each parcel (EWKB, EPSG:4490, valid) the lowest divisions with a known boundary that it lies in, largest share first.
/// A division is left out where one below it is named, or where less than a thousandth of the parcel lies in it:
/// boundaries are generalised.
///
/// # Errors
/// When the database cannot be read.
pub async fn under(conn: &mut PgConnection, parcels: &[Vec<u8>], on: Day) -> Result<Vec<Vec<Under>>> {
    let places: Vec<i32> = (0..).take(parcels.len()).collect();
    let rows = sqlx::query!(
        r#"with parcel as materialized (
               select q.n, st_geomfromewkb(q.ewkb) as geom from unnest($1::int[], $2::bytea[]) as q (n, ewkb)),
           shared as (
               select p.n, d.division_id, bool_or(c.whole) as whole,
                      sum(case when not c.whole then st_area(st_collectionextract(st_intersection(d.geom, p.geom), 3)) end)
                          / st_area(p.geom) as part
               from parcel p
                   join division_part d on d.geom && p.geom and st_intersects(d.geom, p.geom)
                   cross join lateral (select st_covers(d.geom, p.geom) as whole offset 0) c
               group by p.n, p.geom, d.division_id),
           told as (
               select s.n, d.code, d.ancestors, case when s.whole then 1 else least(s.part, 1) end as share
               from shared s join division d on d.id = s.division_id
               where (s.whole or s.part >= 0.001)
                 and (d.valid_from is null or d.valid_from <= $3) and (d.valid_to is null or d.valid_to >= $3))
           select n as "place!", code as "code!", ancestors as "ancestors!", share as "share!"
           from told
           order by n, share desc, code"#,
        &places,
        parcels,
        on as Day,
    )
    .fetch_all(conn)
    .await?;
    let mut under = vec![Vec::new(); parcels.len()];
    for row in rows {
        if let Some(of_parcel) = usize::try_from(row.place).ok().and_then(|place| under.get_mut(place)) {
            of_parcel.push(Under { code: row.code, ancestors: row.ancestors, share: row.share });
        }
    }
    Ok(under.into_iter().map(lowest).collect())
}

/// Those below which no other is named.
fn lowest(named: Vec<Under>) -> Vec<Under> {
    let above: HashSet<String> =
        named.iter().flat_map(|one| one.ancestors.iter().filter(|code| **code != one.code)).cloned().collect();
    named.into_iter().filter(|one| !above.contains(&one.code)).collect()
}

/// The codes from the nation down to and including a division; `None` when there is no such division.
///
/// # Errors
/// When the database cannot be read.
pub async fn ancestors(conn: &mut PgConnection, code: &str) -> Result<Option<Vec<String>>> {
    Ok(sqlx::query_scalar!("select ancestors from division where code = $1", code).fetch_optional(conn).await?)
}

/// How far an area (EWKB or WKB, EPSG:4490, valid) lies from a division: metres on the ellipsoid between the nearest points
/// of the two, 0 where they meet. Measured to the boundary of the division, or of the nearest one above it whose boundary is
/// known; `None` where none is.
///
/// # Errors
/// When the database cannot be read.
pub async fn distance_m(conn: &mut PgConnection, code: &str, area: &[u8]) -> Result<Option<f64>> {
    Ok(sqlx::query_scalar!(
        r#"select case when st_intersects(d.geom, a.geom) then 0
                       else st_distance(d.geom::geography, a.geom::geography) end as "distance_m!"
           from division own
               join division d on d.code = any(own.ancestors) and d.geom is not null
               cross join (select st_setsrid(st_geomfromewkb($2), 4490) as geom) as a
           where own.code = $1
           order by cardinality(d.ancestors) desc
           limit 1"#,
        code,
        area,
    )
    .fetch_optional(conn)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(code: &str, ancestors: &[&str]) -> Under {
        let ancestors = ancestors.iter().map(|&code| code.to_owned()).collect();
        Under { code: code.to_owned(), ancestors, share: 0.5 }
    }

    #[test]
    fn a_division_is_left_out_where_one_below_it_is_named() {
        let named = vec![
            under("150000", &["000000", "150000"]),
            under("152921", &["000000", "150000", "152900", "152921"]),
            under("140000", &["000000", "140000"]),
        ];
        let codes: Vec<String> = lowest(named).into_iter().map(|one| one.code).collect();
        assert_eq!(codes, ["152921", "140000"]);
    }
}
