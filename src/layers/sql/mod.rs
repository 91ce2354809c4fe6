//! The only dynamic SQL. Identifiers and expressions come from the constants of a [`Layer`]; every value is bound.

pub(super) mod charted;
mod filter;
pub(super) mod tile;

use super::crs::{Crs, STORED};
use super::def::{Column, ColumnKind, Layer};
use super::query::{After, Filter, Page, Selection, Shape, SortKey, Values, When};
use super::revision::Versions;
use super::view::{Reach, View};
use crate::kernel::{Bbox, Day, Error, Kind, Result, Text};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;

type Sql = QueryBuilder<Postgres>;

/// How long a whole layer may be read, milliseconds.
const PATIENT_MS: u32 = 30 * 60 * 1000;

/// Words of PostGIS when it cannot compute with a geometry.
const COMPUTING: [&str; 7] =
    ["proj string", "TopologyException", "GEOS", "LWGEOMCOLLECTION", "transform", "IllegalArgumentException", "lwgeom"];

/// A statement over a layer failed. One that ran out of time is the asker's to narrow, not a fault of ours; so is a geometry
/// that cannot be computed with.
pub(super) fn failed(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|db| db.code()).map(|code| code.into_owned());
    let said = error.as_database_error().map_or("", |db| db.message());
    if code.as_deref() == Some("XX000") && COMPUTING.iter().any(|word| said.contains(word)) {
        // What PostGIS cannot compute: stored geometries are valid, so it is one of the filter's, or a place where the
        // reference system asked for has no coordinates.
        return Error::new(
            Kind::Malformed,
            "not_computable",
            Text::fixed(
                "几何运算失败：请检查过滤条件中的几何（自相交、不支持的组合），或所选坐标参考系是否适用于该区域。",
                "The geometry cannot be computed with: look at the geometries of the filter (rings that cross themselves, \
                 collections), or whether the reference system asked for is made for this place.",
            ),
        )
        .because(error);
    }
    // 57014: the statement was cancelled, which only its time limit does.
    if code.as_deref() != Some("57014") {
        return error.into();
    }
    Error::new(
        Kind::Unavailable,
        "query_too_slow",
        Text::fixed(
            "查询超过时限，已放弃；请缩小范围或增加筛选条件后重试。",
            "The query ran out of time and was given up; narrow it by a smaller box or more filters.",
        ),
    )
    .retry_after(10)
    .because(error)
}

/// The newest act that wrote to each register.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn versions(db: &mut PgConnection) -> Result<Versions> {
    let rows = sqlx::query!("select register, seq from platform_register_version").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.register, row.seq)).collect())
}

/// The layer's revision, as `at.seq`, of the same moment as the rows of its statement.
fn push_at(sql: &mut Sql, layer: &Layer) {
    sql.push("(select coalesce(max(seq), 0) as seq from platform_register_version where register = any(");
    sql.push_bind(layer.made_of.to_vec()).push(")) as at");
}

/// What stands before a view's columns in a row of [`page`]: the layer's revision, the feature's identifier (null where
/// there is no feature at all), its geometry as well-known binary, and whether restricted columns are disclosed. After the
/// columns come the values that the page is sorted by, as text; then, where the shape has them, two days; last, where the
/// shape has a zoom, what a pixel of zoom 0 takes up.
pub(super) const BEFORE_COLUMNS: usize = 4;

/// A page. One row more than the page has, which tells whether there is a next. One statement, because every statement
/// costs a page's worth of waiting, and because the revision read in it is exactly that of its rows.
///
/// # Errors
/// A fault of ours: the filter was checked against another view.
pub(super) fn page(view: &View, selection: &Selection, shape: &Shape, page: &Page) -> Result<Sql> {
    let (table, when) = (view.layer.table, selection.when);
    let mut sql = Sql::new("select at.seq, page.* from ");
    push_at(&mut sql, &view.layer);
    sql.push(" left join lateral (select ");
    push_row(&mut sql, view, shape, when, &shape.sort);
    // The limit stands below the expressions, which would else be evaluated for every row before the sort.
    sql.push(format_args!(" from (select {table}.* from "));
    push_source(&mut sql, &view.layer, when);
    push_conditions(&mut sql, view, selection)?;
    if let Some(after) = &page.after {
        sql.push(" and ");
        push_after(&mut sql, view, when, &shape.sort, after);
    }
    push_order(&mut sql, view, shape, when);
    sql.push(" limit ").push_bind(i64::from(page.limit) + 1);
    if page.offset > 0 {
        sql.push(" offset ").push_bind(i64::from(page.offset));
    }
    sql.push(format_args!(") as {table}"));
    push_order(&mut sql, view, shape, when);
    sql.push(") as page on true");
    Ok(sql)
}

/// A box with more rows than these is not read whole for its first page.
const FEW: i64 = 10_000;

/// The first page of a box that holds few rows; `None` where it is no such page. Its rows are those of [`page`], but where the
/// box holds more than a few there is a single one without a revision, and it is [`page`] that has to be asked.
///
/// Left to itself, the database reads rows in the order of their identifiers until enough of them are in the box, as if rows
/// were spread over the layer by chance. But rows that came in together lie together: for ten of them it may read the layer.
/// Here the rows of the box are found first, by their places in the table alone, which are sorted and read once more.
///
/// # Errors
/// As [`page`].
pub(super) fn page_of_few(view: &View, selection: &Selection, shape: &Shape, page: &Page) -> Result<Option<Sql>> {
    let (table, when) = (view.layer.table, selection.when);
    let first = page.after.is_none() && page.offset == 0;
    if selection.bbox.is_none() || !first || !shape.sort.is_empty() || when.known_at.is_some() {
        return Ok(None);
    }
    let mut sql = Sql::new(format!("with few as materialized (select {table}.ctid as place, {table}.id from {table}"));
    push_conditions(&mut sql, view, selection)?;
    sql.push(format_args!(" limit {FEW} + 1), counted as materialized (select count(*) <= {FEW} as are_few from few)"));
    sql.push(" select case when counted.are_few then at.seq end, page.* from counted cross join ");
    push_at(&mut sql, &view.layer);
    sql.push(" left join lateral (select ");
    push_row(&mut sql, view, shape, when, &shape.sort);
    sql.push(format_args!(" from {table} where {table}.ctid = any(array("));
    sql.push("select few.place from few where (select counted.are_few from counted) order by few.id limit ");
    sql.push_bind(i64::from(page.limit) + 1).push(format_args!(")) order by {table}.id) as page on true"));
    Ok(Some(sql))
}

/// All features selected, in the shape of rows of [`page`], at most `limit` of them.
///
/// # Errors
/// As [`page`].
pub(super) fn whole(view: &View, selection: &Selection, shape: &Shape, limit: Option<u32>) -> Result<Sql> {
    let mut sql = Sql::new("select at.seq, whole.* from ");
    push_at(&mut sql, &view.layer);
    sql.push(" left join lateral (select ");
    push_row(&mut sql, view, shape, selection.when, &[]);
    sql.push(" from ");
    push_source(&mut sql, &view.layer, selection.when);
    push_conditions(&mut sql, view, selection)?;
    push_order(&mut sql, view, shape, selection.when);
    // Without a limit where it is null.
    sql.push(" limit ").push_bind(limit.map(i64::from));
    sql.push(") as whole on true");
    Ok(sql)
}

/// Lets the statements after it run for as long as a client may take to read a whole layer. One that reads all rows in the
/// order of their ids finds that order in an index; sorting them all would write them to disk first.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn patient(db: &mut PgConnection, all_by_id: bool) -> Result<()> {
    sqlx::query_scalar!(
        r#"select set_config('statement_timeout', $1, false) || set_config('enable_sort', $2, false) as "set!""#,
        PATIENT_MS.to_string(),
        if all_by_id { "off" } else { "on" },
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// What [`patient`] has set is as it was.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn impatient(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("reset statement_timeout").execute(&mut *db).await?;
    sqlx::query!("reset enable_sort").execute(db).await?;
    Ok(())
}

/// The statements after it see the rows as they are now, until [`release`].
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn hold(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("begin transaction isolation level repeatable read read only").execute(db).await?;
    Ok(())
}

/// Statements see the rows as they are then again.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn release(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("commit").execute(db).await?;
    Ok(())
}

/// What a reference system is, as WKT; `None` where the database does not know it by a code.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn srtext(db: &mut PgConnection, authority: &str, code: i32) -> Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"select srtext as "srtext!" from spatial_ref_sys where auth_name = $1 and auth_srid = $2 and srtext is not null"#,
        authority,
        code,
    );
    Ok(found.fetch_optional(db).await?)
}

/// One feature, in the shape of a row of [`page`].
///
/// # Errors
/// As [`page`].
pub(super) fn feature(view: &View, shape: &Shape, when: When, id: Uuid) -> Result<Sql> {
    let mut sql = Sql::new("select at.seq, feature.* from ");
    push_at(&mut sql, &view.layer);
    sql.push(" left join lateral (select ");
    push_row(&mut sql, view, shape, when, &[]);
    sql.push(" from ");
    push_source(&mut sql, &view.layer, when);
    push_conditions(&mut sql, view, &Selection { when, ..Selection::default() })?;
    sql.push(format_args!(" and {}.id = ", view.layer.table)).push_bind(id);
    sql.push(") as feature on true");
    Ok(sql)
}

/// The layer's revision and the number of rows selected, where there are at most so many.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn count(
    db: &mut PgConnection,
    view: &View,
    selection: &Selection,
    most: Option<i64>,
) -> Result<(i64, Option<u64>)> {
    let mut sql = Sql::new("select at.seq, (select count(*) from (select 1 from ");
    push_source(&mut sql, &view.layer, selection.when);
    push_conditions(&mut sql, view, selection)?;
    // Without a limit where it is null.
    sql.push(" limit ").push_bind(most.map(|most| most + 1));
    sql.push(") as counted) from ");
    push_at(&mut sql, &view.layer);
    let (seq, n): (i64, i64) = sql.build_query_as().fetch_one(db).await.map_err(failed)?;
    Ok((seq, u64::try_from(n).ok().filter(|_| most.is_none_or(|most| n <= most))))
}

/// Where and when the rows of a view lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Extent {
    pub bbox: Option<Bbox>,
    /// First and last day on which a row is true; `None` is an open end. `None` altogether where rows have no days.
    pub days: Option<(Option<Day>, Option<Day>)>,
}

/// The revisions of views' layers and the exact extents of their rows, in the order of the views, by one statement.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn extents(db: &mut PgConnection, views: &[&View]) -> Result<Vec<(i64, Extent)>> {
    let mut sql = Sql::new("");
    for (n, view) in views.iter().enumerate() {
        if n > 0 {
            sql.push(" union all ");
        }
        push_extent(&mut sql, n, view)?;
    }
    sql.push(" order by n");
    let rows = sql.build().fetch_all(db).await.map_err(failed)?;
    let read = |(row, view): (&PgRow, &&View)| {
        let bounds: (Option<f64>, Option<f64>, Option<f64>, Option<f64>) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let bbox = match bounds {
            (Some(west), Some(south), Some(east), Some(north)) => Some(Bbox { west, south, east, north }),
            _ => None,
        };
        let days = match view.layer.valid {
            (None, None) => None,
            _ => Some((row.try_get(5)?, row.try_get(6)?)),
        };
        Ok((row.try_get(7)?, Extent { bbox, days }))
    };
    rows.iter().zip(views).map(read).collect()
}

/// The extent of the `n`th view.
fn push_extent(sql: &mut Sql, n: usize, view: &View) -> Result<()> {
    let (first, last) = view.layer.valid;
    sql.push(format_args!(
        "select {n} as n, st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e), first, last, at.seq from "
    ));
    push_at(sql, &view.layer);
    sql.push(", (select ");
    sql.push(format_args!("st_extent({}.geom) as e", view.layer.table));
    // One row with an open end leaves the whole open.
    match first {
        Some(first) => sql.push(format_args!(", case when count(*) = count({first}) then min({first}) end as first")),
        None => sql.push(", null::date as first"),
    };
    match last {
        Some(last) => sql.push(format_args!(", case when count(*) = count({last}) then max({last}) end as last")),
        None => sql.push(", null::date as last"),
    };
    sql.push(" from ");
    push_source(sql, &view.layer, When::default());
    push_conditions(sql, view, &Selection::default())?;
    sql.push(") as extent");
    Ok(())
}

/// The box in longitude and latitude that a box in another system lies in.
///
/// # Errors
/// `bad_parameter` when it is outside what the system is made for; when the database cannot be read.
pub(super) async fn located(db: &mut PgConnection, [west, south, east, north]: [f64; 4], crs: &Crs) -> Result<Bbox> {
    let Some(proj) = crs.proj() else {
        return Ok(Bbox { west, south, east, north });
    };
    let outside = || {
        Error::bad_parameter(
            "bbox",
            Text::fixed(
                "范围不在该坐标参考系的适用区域内。",
                "the box is outside what the reference system is made for.",
            ),
        )
    };
    let mut sql = Sql::new("select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e) from (select coalesce(");
    sql.push("st_transform(st_setsrid(box, ");
    push_srid(&mut sql, &proj);
    sql.push("), 4490), st_transform(box, ").push_bind(proj).push(", ").push_bind(STORED);
    // Its sides bend: points between the corners are looked at too.
    sql.push(")) as e from (select st_segmentize(st_makeenvelope(");
    let mut bounds = sql.separated(", ");
    for bound in [west, south, east, north] {
        bounds.push_bind(bound);
    }
    sql.push("), ").push_bind(((east - west).max(north - south) / 32.0).max(f64::MIN_POSITIVE));
    sql.push(") as box) as given) as located");
    let found: Result<(f64, f64, f64, f64), sqlx::Error> = sql.build_query_as().fetch_one(db).await;
    match found {
        Ok((west, south, east, north)) if [west, south, east, north].into_iter().all(f64::is_finite) => {
            Ok(Bbox { west, south, east, north })
        }
        Ok(_) => Err(outside()),
        Err(error) if error.as_database_error().is_some_and(|db| db.code().as_deref() == Some("XX000")) => {
            Err(outside().because(error))
        }
        Err(error) => Err(failed(error)),
    }
}

/// All columns of a row, as [`BEFORE_COLUMNS`] says; with the values of these keys.
fn push_row(sql: &mut Sql, view: &View, shape: &Shape, when: When, keys: &[SortKey]) {
    push_feature_columns(sql, view, shape, when);
    for key in keys {
        sql.push(", ");
        push_text(sql, view, view.column(key.column), when);
    }
    push_days(sql, view, shape);
    push_pixel(sql, view, shape);
}

fn push_feature_columns(sql: &mut Sql, view: &View, shape: &Shape, when: When) {
    let table = view.layer.table;
    match (shape.geometry, shape.crs.proj()) {
        (true, None) => sql.push(format_args!("{table}.id, st_asbinary({table}.geom), ")),
        (true, Some(proj)) => {
            sql.push(format_args!("{table}.id, st_asbinary(coalesce(st_transform({table}.geom, "));
            push_srid(sql, &proj);
            sql.push(format_args!("), st_transform({table}.geom, ")).push_bind(STORED);
            sql.push(", ").push_bind(proj).push("))), ")
        }
        (false, _) => sql.push(format_args!("{table}.id, null::bytea, ")),
    };
    match view.disclosed() {
        Some(reach) => {
            sql.push("coalesce(");
            push_reach(sql, &view.layer, reach, when);
            sql.push(", false)");
        }
        None => {
            sql.push("true");
        }
    }
    for at in &shape.columns {
        sql.push(", ");
        push_value(sql, view.column(*at), when);
    }
}

/// The first and the last day on which a row is true, null for open ends.
fn push_days(sql: &mut Sql, view: &View, shape: &Shape) {
    let (first, last) = view.layer.valid;
    for day in [first, last].into_iter().filter(|_| shape.days) {
        sql.push(format_args!(", ({})", day.unwrap_or("null::date")));
    }
}

/// What a pixel of a map at zoom 0 takes up where a feature is, in the square of the units that its geometry comes in: 256
/// of them go round the earth. In degrees that is 1.40625 squared, a parallel's share of the equator; another system says
/// how large a small triangle becomes in it.
fn push_pixel(sql: &mut Sql, view: &View, shape: &Shape) {
    let table = view.layer.table;
    if shape.zoom.is_none() || !shape.geometry {
        return;
    }
    let side = |axis: &str, side: &str| format!("st_{axis}{side}(box2d({table}.geom)::box3d)");
    let middle = |axis: &str| format!("(({} + {}) / 2)", side(axis, "min"), side(axis, "max"));
    sql.push(format_args!(", 1.9775390625 * cos(radians(least(89, abs({}))))", middle("y")));
    if let Some(proj) = shape.crs.proj() {
        sql.push(
            " * (select abs((st_x(b) - st_x(a)) * (st_y(c) - st_y(a)) - (st_y(b) - st_y(a)) * (st_x(c) - st_x(a))) * 1e6
               from (select st_pointn(there, 1) as a, st_pointn(there, 2) as b, st_pointn(there, 3) as c
                     from (select coalesce(st_transform(here, ",
        );
        push_srid(sql, &proj);
        sql.push("), st_transform(here, ").push_bind(STORED).push(", ").push_bind(proj);
        let (x, y) = (middle("x"), middle("y"));
        sql.push(format_args!(
            ")) as there from (select st_setsrid(st_makeline(array[st_point({x}, {y}), st_point({x} + 0.001, {y}),
               st_point({x}, {y} + 0.001)]), 4490) as here offset 0) as small offset 0) as turned offset 0) as corners)"
        ));
    }
}

/// A column's value, in its kind's own type.
fn push_value(sql: &mut Sql, column: &Column, when: When) {
    sql.push("(");
    push_timed(sql, column.on_day.filter(|_| when.true_on.is_some()).unwrap_or(column.sql), when);
    if let Some(key) = &column.key {
        sql.push_bind(key.clone().into_owned()).push(")");
    }
    sql.push(format_args!(")::{}", sql_type(column.kind)));
}

/// The number under which PostGIS keeps the definition of a system that PROJ calls so; null where it keeps none. By its
/// number PostGIS makes a transformation once, by its name once for each geometry: 0.1 s each into web Mercator, for which
/// PROJ has many ways to choose from.
fn push_srid(sql: &mut Sql, proj: &str) {
    let (authority, code) = proj.split_once(':').unwrap_or((proj, ""));
    sql.push("(select srid from spatial_ref_sys where srid = ").push_bind(code.parse::<i32>().ok());
    sql.push(" and auth_srid = srid and auth_name = ").push_bind(authority.to_owned()).push(")");
}

/// A column's value where the caller may see it, else null: whatever is compared or sorted by is this, so that a hidden
/// value cannot be found out either.
fn push_seen(sql: &mut Sql, view: &View, column: &Column, when: When) {
    match view.disclosed().filter(|_| !column.public) {
        Some(reach) => {
            sql.push("(case when ");
            push_reach(sql, &view.layer, reach, when);
            sql.push(" then ");
            push_value(sql, column, when);
            sql.push(" end)");
        }
        None => push_value(sql, column, when),
    }
    // Texts in the order of their code points, whatever the database's language.
    if column.kind == ColumnKind::Text {
        sql.push(" collate \"C\"");
    }
}

/// A column's value as text that a cursor keeps.
fn push_text(sql: &mut Sql, view: &View, column: &Column, when: When) {
    let instant = column.kind == ColumnKind::Instant;
    sql.push(if instant { "to_char((" } else { "(" });
    push_seen(sql, view, column, when);
    sql.push(if instant { ") at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" } else { ")::text" });
}

fn push_order(sql: &mut Sql, view: &View, shape: &Shape, when: When) {
    sql.push(" order by ");
    for SortKey { column, descending } in &shape.sort {
        push_seen(sql, view, view.column(*column), when);
        sql.push(if *descending { " desc nulls last, " } else { " nulls last, " });
    }
    sql.push(format_args!("{}.id", view.layer.table));
}

/// Rows behind a row in the order of the keys, then of ids.
fn push_after(sql: &mut Sql, view: &View, when: When, keys: &[SortKey], after: &After) {
    let (Some((key, keys)), Some((value, values))) = (keys.split_first(), after.values.split_first()) else {
        sql.push(format_args!("{}.id > ", view.layer.table)).push_bind(after.id);
        return;
    };
    let rest = After { values: values.to_vec(), id: after.id };
    sql.push("(");
    match value {
        Some(value) => {
            let column = view.column(key.column);
            let cast = sql_type(column.kind);
            push_seen(sql, view, column, when);
            sql.push(if key.descending { " < " } else { " > " }).push_bind(value.clone());
            sql.push(format_args!("::text::{cast} or "));
            push_seen(sql, view, column, when);
            sql.push(" is null or (");
            push_seen(sql, view, column, when);
            sql.push(" = ").push_bind(value.clone()).push(format_args!("::text::{cast} and "));
        }
        None => {
            sql.push("(");
            push_seen(sql, view, view.column(key.column), when);
            sql.push(" is null and ");
        }
    }
    push_after(sql, view, when, keys, &rest);
    sql.push("))");
}

/// The table as it is, or as it was known at an instant, under its own name either way.
fn push_source(sql: &mut Sql, layer: &Layer, when: When) {
    let table = layer.table;
    match when.known_at {
        None => {
            sql.push(table);
        }
        Some(at) => {
            // The condition stands outside the union, so that the planner merges the two in the order of their ids and stops
            // at the page's end.
            sql.push(format_args!(
                "(select * from (select * from {table} union all select * from {table}_history) as version"
            ));
            sql.push(" where sys_from <= ").push_bind(at).push(" and (sys_to is null or sys_to > ").push_bind(at);
            sql.push(format_args!(")) as {table}"));
        }
    }
}

/// SQL of a layer's declaration: `{day}` and `{known}` in it stand for the day and the instant that are asked about, null
/// where none is.
fn push_timed(sql: &mut Sql, declared: &str, when: When) {
    let mut rest = declared;
    while let Some((before, after)) = rest.split_once('{') {
        sql.push(before);
        rest = if let Some(after) = after.strip_prefix("day}") {
            match when.true_on {
                Some(day) => sql.push_bind(day),
                None => sql.push("null::date"),
            };
            after
        } else if let Some(after) = after.strip_prefix("known}") {
            match when.known_at {
                Some(at) => sql.push_bind(at),
                None => sql.push("null::timestamptz"),
            };
            after
        } else {
            sql.push("{");
            after
        };
    }
    sql.push(rest);
}

/// The rows that are true on the day asked about, where one is; else the rows of the layer. Of what was known in the past,
/// what was found entered in error since is shown to departments alone, each in its scope.
fn push_layer(sql: &mut Sql, view: &View, when: When) {
    let Layer { rows, on_day, voided, .. } = view.layer.as_ref();
    sql.push(" where (");
    match on_day.filter(|_| when.true_on.is_some()) {
        Some(rows) => push_timed(sql, rows, when),
        None => {
            sql.push(*rows);
        }
    }
    sql.push(")");
    let Some(voided) = voided.filter(|_| when.known_at.is_some() && !matches!(view.reach, Reach::Every)) else {
        return;
    };
    sql.push(" and (not (");
    push_timed(sql, voided, when);
    sql.push(")");
    if matches!(view.reach, Reach::Divisions(..)) {
        sql.push(" or ");
        push_reach(sql, &view.layer, &view.reach, when);
    }
    sql.push(")");
}

fn push_conditions(sql: &mut Sql, view: &View, selection: &Selection) -> Result<()> {
    let Layer { table, member, valid: (first, last), on_day, .. } = view.layer.as_ref();
    push_layer(sql, view, selection.when);
    if let Some((column, value)) = member {
        sql.push(format_args!(" and {table}.{column} = ")).push_bind(*value);
    }
    if let Some(reach) = view.rows() {
        sql.push(" and ");
        push_reach(sql, &view.layer, reach, selection.when);
    }
    if let Some(bbox) = &selection.bbox {
        push_boxes(sql, " and ", table, &bbox.parts());
    }
    if !selection.left_out.is_empty() {
        sql.push(format_args!(" and {table}.id <> all(")).push_bind(selection.left_out.clone()).push(")");
    }
    let days_of_it = selection.when.true_on.filter(|_| on_day.is_none()).map(|day| (Some(day), Some(day)));
    let (from, to) = days_of_it.or(selection.during).unwrap_or((None, None));
    if let (Some(first), Some(to)) = (first, to) {
        sql.push(format_args!(" and (({first}) is null or ({first}) <= ")).push_bind(to).push(")");
    }
    if let (Some(last), Some(from)) = (last, from) {
        sql.push(format_args!(" and (({last}) is null or ({last}) >= ")).push_bind(from).push(")");
    }
    for Filter { column, values } in &selection.filters {
        let column = view.column(*column);
        sql.push(" and ");
        // A hidden value must not be found out by filtering either.
        if let Some(reach) = view.disclosed().filter(|_| !column.public) {
            push_reach(sql, &view.layer, reach, selection.when);
            sql.push(" and ");
        }
        push_values(sql, column, values, selection.when);
    }
    if let Some(filter) = &selection.filter {
        sql.push(" and ");
        let elsewhere = selection.filter_crs.and_then(|crs| crs.proj());
        let chart = selection.filter_crs.and_then(|crs| crs.chart());
        let over = filter::Over { view, elsewhere: elsewhere.as_deref(), chart, when: selection.when };
        filter::push_filter(sql, over, filter.expr())?;
    }
    Ok(())
}

fn push_values(sql: &mut Sql, column: &Column, values: &Values, when: When) {
    sql.push("(");
    push_value(sql, column, when);
    match values {
        Values::Texts(v) => sql.push(" = any(").push_bind(v.clone()),
        Values::Integers(v) => sql.push(" = any(").push_bind(v.clone()),
        Values::Numbers(v) => sql.push(" = any(").push_bind(v.clone()),
        Values::Booleans(v) => sql.push(" = any(").push_bind(v.clone()),
        Values::Days(v) => {
            let days: Vec<String> = v.iter().map(Day::to_string).collect();
            sql.push(" = any(").push_bind(days).push("::text[]::date[]")
        }
        Values::Instants(v) => sql.push(" = any(").push_bind(v.clone()),
        Values::Uuids(v) => sql.push(" = any(").push_bind(v.clone()),
    };
    sql.push("))");
}

/// Whether a row is within reach. A version of the past must be so as the row is now, too: a wrong division or owner
/// that was put right since gives nobody a claim to what stood beside it.
fn push_reach(sql: &mut Sql, layer: &Layer, reach: &Reach, when: When) {
    let table = layer.table;
    push_within(sql, reach);
    if when.known_at.is_some() && matches!(reach, Reach::Divisions(..) | Reach::Own(..)) {
        // Inside, the table's name means the table as it is.
        sql.push(format_args!(" and {table}.id in (select {table}.id from {table} where "));
        push_within(sql, reach);
        sql.push(")");
    }
}

/// Unknown, thus not true, for a row without division or owner. Bare comparisons, so that an index can serve them.
fn push_within(sql: &mut Sql, reach: &Reach) {
    match reach {
        Reach::Every => sql.push("true"),
        Reach::Divisions(division, codes) => {
            sql.push(format_args!("({division})::text = any(")).push_bind(codes.clone()).push(")")
        }
        Reach::Own(owners, code) => {
            sql.push("(false");
            for owner in *owners {
                sql.push(format_args!(" or ({owner})::text = ")).push_bind(code.clone());
            }
            sql.push(")")
        }
        Reach::None => sql.push("false"),
    };
}

/// Whether bounds meet one of some boxes, in parentheses after `before`; nothing where there is none.
fn push_boxes(sql: &mut Sql, before: &str, table: &str, boxes: &[Bbox]) {
    for (n, part) in boxes.iter().enumerate() {
        sql.push(if n == 0 { before } else { " or " });
        sql.push(if n == 0 { "(" } else { "" });
        push_box(sql, table, part);
    }
    sql.push(if boxes.is_empty() { "" } else { ")" });
}

fn push_box(sql: &mut Sql, table: &str, bbox: &Bbox) {
    sql.push(format_args!("{table}.geom && st_makeenvelope("));
    let mut bounds = sql.separated(", ");
    for bound in [bbox.west, bbox.south, bbox.east, bbox.north] {
        bounds.push_bind(bound);
    }
    sql.push(", 4490)");
}

fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer => "int8",
        ColumnKind::Number => "float8",
        ColumnKind::Boolean => "bool",
        ColumnKind::Day => "date",
        ColumnKind::Instant => "timestamptz",
        ColumnKind::Uuid => "uuid",
    }
}
