//! The only dynamic SQL. Identifiers and expressions come from the constants of a [`Layer`]; every value is bound.

use super::def::{Column, ColumnKind, Layer};
use super::query::{Filter, Page, Selection, Values};
use super::tiles::Cut;
use super::view::{Reach, View};
use crate::kernel::{Bbox, Day, Error, Kind, Result, Text};
use crate::platform::App;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, Transaction};
use uuid::Uuid;

type Sql = QueryBuilder<Postgres>;

/// Rows are counted up to this many; a larger number costs more than the page itself and is left out.
const COUNTED: i64 = 10_000;

/// Begins reading one state of the registry. A box that covers little and one that covers the layer want different
/// plans, and a plan made for neither reads everything for both: so plans are made for the values. Compiling them costs
/// more than a page does.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn snapshot(app: &App) -> Result<Transaction<'static, Postgres>> {
    let begin = format!(
        "begin isolation level repeatable read read only; set local statement_timeout = {}; \
         set local plan_cache_mode = force_custom_plan; set local jit = off",
        app.config().statement_timeout_ms
    );
    app.transaction(begin).await
}

/// A statement over a layer failed. One that ran out of time is the asker's to narrow, not a fault of ours.
pub(super) fn failed(error: sqlx::Error) -> Error {
    // 57014: the statement was cancelled, which only its time limit does.
    let too_slow = error.as_database_error().is_some_and(|db| db.code().as_deref() == Some("57014"));
    if !too_slow {
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

/// The registry's revision: every act leaves a line in the audit chain, so the number of its last line changes with
/// every change of any row.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn revision(db: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("select seq from platform_audit_head").fetch_one(db).await?)
}

/// A page: `id`, geometry as well-known binary, whether restricted columns are disclosed, then the view's columns. One
/// row more than the page has, which tells whether there is a next.
pub(super) fn page(view: &View, selection: &Selection, page: &Page) -> Sql {
    let table = view.layer.table;
    let mut sql = Sql::new("select ");
    push_feature_columns(&mut sql, view, selection.known_at);
    // The limit stands below the expressions, which would else be evaluated for every row before the sort.
    sql.push(format_args!(" from (select {table}.* from "));
    push_source(&mut sql, view.layer, selection.known_at);
    push_conditions(&mut sql, view, selection);
    if let Some(after) = page.after {
        sql.push(format_args!(" and {table}.id > ")).push_bind(after);
    }
    sql.push(format_args!(" order by {table}.id limit ")).push_bind(i64::from(page.limit) + 1);
    sql.push(format_args!(") as {table} order by {table}.id"));
    sql
}

/// One feature, in the shape of a row of [`page`].
pub(super) fn feature(view: &View, known_at: Option<DateTime<Utc>>, id: Uuid) -> Sql {
    let mut sql = Sql::new("select ");
    push_feature_columns(&mut sql, view, known_at);
    sql.push(" from ");
    push_source(&mut sql, view.layer, known_at);
    push_conditions(&mut sql, view, &Selection { known_at, ..Selection::default() });
    sql.push(format_args!(" and {}.id = ", view.layer.table)).push_bind(id);
    sql
}

/// The number of rows selected, where it is small enough to be counted.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn count(db: &mut PgConnection, view: &View, selection: &Selection) -> Result<Option<u64>> {
    let mut sql = Sql::new("select count(*) from (select 1 from ");
    push_source(&mut sql, view.layer, selection.known_at);
    push_conditions(&mut sql, view, selection);
    sql.push(" limit ").push_bind(COUNTED + 1).push(") as counted");
    let n: i64 = sql.build_query_scalar().fetch_one(db).await.map_err(failed)?;
    Ok(if n <= COUNTED { u64::try_from(n).ok() } else { None })
}

/// Where and when the rows of a view lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Extent {
    pub bbox: Option<Bbox>,
    /// First and last day on which a row is true; `None` is an open end. `None` altogether where rows have no days.
    pub days: Option<(Option<Day>, Option<Day>)>,
}

/// The exact extent of a view's rows.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn extent(db: &mut PgConnection, view: &View) -> Result<Extent> {
    let (first, last) = view.layer.valid;
    let mut sql = Sql::new("select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e), first, last from (select ");
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
    push_source(&mut sql, view.layer, None);
    push_conditions(&mut sql, view, &Selection::default());
    sql.push(") as extent");
    let row = sql.build().fetch_one(db).await.map_err(failed)?;
    let bounds: (Option<f64>, Option<f64>, Option<f64>, Option<f64>) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let bbox = match bounds {
        (Some(west), Some(south), Some(east), Some(north)) => Some(Bbox { west, south, east, north }),
        _ => None,
    };
    let days = match view.layer.valid {
        (None, None) => None,
        _ => Some((row.try_get(4)?, row.try_get(5)?)),
    };
    Ok(Extent { bbox, days })
}

/// One tile: Mapbox vector tile bytes, empty when nothing lies in it. Features come in the order of their ids, so that
/// the same rows give the same bytes.
pub(super) fn tile(view: &View, selection: &Selection, cut: &Cut) -> Sql {
    let table = view.layer.table;
    let mut sql = Sql::new("select st_asmvt(tile.*, ");
    sql.push_bind(view.layer.id);
    sql.push(format_args!(", {}, 'geom') from (select ", Cut::EXTENT));
    // A layer that leaves nothing out shows what is smaller than a grid cell as a point: the overview is not empty then.
    if view.layer.full_zoom == 0 {
        sql.push("coalesce(");
        push_cut(&mut sql, cut, &format!("{table}.geom"));
        sql.push(", ");
        push_cut(&mut sql, cut, &format!("st_pointonsurface({table}.geom)"));
        sql.push(")");
    } else {
        push_cut(&mut sql, cut, &format!("{table}.geom"));
    }
    sql.push(format_args!(" as geom, {table}.id::text as id"));
    for column in view.columns().filter(|column| column.in_tiles) {
        let value = match column.kind {
            ColumnKind::Day | ColumnKind::Uuid => format!("({})::text", column.sql),
            ColumnKind::Instant => {
                format!("to_char(({}) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", column.sql)
            }
            kind => format!("({})::{}", column.sql, sql_type(kind)),
        };
        match view.disclosed().filter(|_| !column.public) {
            Some(reach) => {
                sql.push(", case when ");
                push_reach(&mut sql, view.layer, reach, selection.known_at);
                sql.push(format_args!(" then {value} end"));
            }
            None => {
                sql.push(", ").push(value);
            }
        }
        sql.push(format_args!(" as \"{}\"", column.name));
    }
    sql.push(" from ");
    push_source(&mut sql, view.layer, selection.known_at);
    push_conditions(&mut sql, view, selection);
    // The box is transformed, never the column: an index knows the column as it is stored.
    sql.push(" and (");
    push_box(&mut sql, table, &cut.search);
    sql.push(")");
    if cut.zoom < view.layer.full_zoom {
        // Read from the box that is stored in front of the geometry, which is not unpacked for it.
        for (n, axis) in ["x", "y"].into_iter().enumerate() {
            sql.push(if n == 0 { " and (" } else { " or " });
            sql.push(format_args!(
                "st_{axis}max(box2d({table}.geom)::box3d) - st_{axis}min(box2d({table}.geom)::box3d) >= "
            ));
            sql.push_bind(cut.pixel[n]);
        }
        sql.push(")");
    }
    sql.push(format_args!(" order by {table}.id) as tile"));
    sql
}

/// A geometry in the coordinates of the tile; null when nothing of it is left there.
fn push_cut(sql: &mut Sql, cut: &Cut, geometry: &str) {
    match cut.srid {
        4490 => sql.push(format_args!("st_asmvtgeom({geometry}")),
        srid => sql.push(format_args!("st_asmvtgeom(st_transform({geometry}, {srid})")),
    };
    sql.push(", st_makeenvelope(");
    let mut bounds = sql.separated(", ");
    for bound in cut.bounds {
        bounds.push_bind(bound);
    }
    bounds.push_unseparated(format_args!(", {})", cut.srid));
    sql.push(format_args!("::box2d, {}, {}, true)", Cut::EXTENT, Cut::BUFFER));
}

fn push_feature_columns(sql: &mut Sql, view: &View, known_at: Option<DateTime<Utc>>) {
    let table = view.layer.table;
    sql.push(format_args!("{table}.id, st_asbinary({table}.geom), "));
    match view.disclosed() {
        Some(reach) => {
            sql.push("coalesce(");
            push_reach(sql, view.layer, reach, known_at);
            sql.push(", false)");
        }
        None => {
            sql.push("true");
        }
    }
    for column in view.columns() {
        sql.push(format_args!(", ({})::{}", column.sql, sql_type(column.kind)));
    }
}

/// The table as it is, or as it was known at an instant, under its own name either way.
fn push_source(sql: &mut Sql, layer: &Layer, known_at: Option<DateTime<Utc>>) {
    let table = layer.table;
    match known_at {
        None => {
            sql.push(table);
        }
        Some(at) => {
            sql.push(format_args!("(select * from {table} where sys_from <= ")).push_bind(at);
            sql.push(format_args!(" union all select * from {table}_history where sys_from <= ")).push_bind(at);
            sql.push(" and sys_to > ").push_bind(at);
            sql.push(format_args!(") as {table}"));
        }
    }
}

fn push_conditions(sql: &mut Sql, view: &View, selection: &Selection) {
    let Layer { table, rows, valid: (first, last), .. } = view.layer;
    sql.push(format_args!(" where ({rows})"));
    if let Some(reach) = view.rows() {
        sql.push(" and ");
        push_reach(sql, view.layer, reach, selection.known_at);
    }
    if let Some(bbox) = &selection.bbox {
        for (n, part) in bbox.parts().iter().enumerate() {
            sql.push(if n == 0 { " and (" } else { " or " });
            push_box(sql, table, part);
        }
        sql.push(")");
    }
    let (from, to) = selection.during.unwrap_or((None, None));
    if let (Some(first), Some(to)) = (first, to) {
        sql.push(format_args!(" and (({first}) is null or ({first}) <= ")).push_bind(to).push(")");
    }
    if let (Some(last), Some(from)) = (last, from) {
        sql.push(format_args!(" and (({last}) is null or ({last}) >= ")).push_bind(from).push(")");
    }
    for Filter { column, values } in &selection.filters {
        sql.push(" and ");
        // A hidden value must not be found out by filtering either.
        if let Some(reach) = view.disclosed().filter(|_| !column.public) {
            push_reach(sql, view.layer, reach, selection.known_at);
            sql.push(" and ");
        }
        push_filter(sql, column, values);
    }
}

fn push_filter(sql: &mut Sql, column: &Column, values: &Values) {
    let value = column.sql;
    match values {
        Values::Texts(v) => sql.push(format_args!("({value})::text = any(")).push_bind(v.clone()),
        Values::Integers(v) => sql.push(format_args!("({value}) = any(")).push_bind(v.clone()),
        Values::Numbers(v) => sql.push(format_args!("({value}) = any(")).push_bind(v.clone()),
        Values::Booleans(v) => sql.push(format_args!("({value}) = any(")).push_bind(v.clone()),
        Values::Days(v) => {
            let days: Vec<String> = v.iter().map(Day::to_string).collect();
            sql.push(format_args!("({value}) = any(")).push_bind(days).push("::text[]::date[]")
        }
        Values::Instants(v) => sql.push(format_args!("({value}) = any(")).push_bind(v.clone()),
        Values::Uuids(v) => sql.push(format_args!("({value}) = any(")).push_bind(v.clone()),
    };
    sql.push(")");
}

/// Whether a row is within reach. A version of the past must be so as the row is now, too: a wrong division or owner
/// that was put right since gives nobody a claim to what stood beside it.
fn push_reach(sql: &mut Sql, layer: &Layer, reach: &Reach, known_at: Option<DateTime<Utc>>) {
    let table = layer.table;
    push_within(sql, reach);
    if known_at.is_some() && matches!(reach, Reach::Divisions(..) | Reach::Own(..)) {
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
