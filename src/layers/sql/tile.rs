//! Statements of tiles.

use super::super::def::Column;
use super::super::drawn::{Areas, ENOUGH, EXACT, Plan, Spots};
use super::super::query::{Selection, When};
use super::super::tiles::Cut;
use super::super::view::View;
use super::{Sql, failed, push_at, push_box, push_conditions, push_seen, push_source, sql_type};
use crate::kernel::Result;
use sqlx::PgConnection;

/// What stands before a view's columns in a row of [`tile`]: the layer's revision; a feature's identifier and, where it is
/// drawn, its geometry as extended well-known binary; its place as a point, and its class, where they are asked for. A row
/// without an identifier is a place alone.
pub(in super::super) const BEFORE_TAGS: usize = 5;

/// The lowest `seen_from` that there is.
const SAMPLED_FROM: u8 = 3;
/// The highest that there is an index by.
const INDEXED_TO: u8 = 10;

/// In which order features are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Order {
    /// By their ids, so that the same rows give the same bytes.
    ById,
    /// The largest first.
    Largest,
}

/// The features of a tile and its margin with the columns that tiles carry, so many at most, and the places beside them in
/// no order.
///
/// # Errors
/// As [`super::page`].
pub(in super::super) fn tile(
    view: &View,
    selection: &Selection,
    cut: &Cut,
    plan: Plan,
    class: Option<&Column>,
    (order, most): (Order, usize),
) -> Result<Sql> {
    let Plan { areas, spots, .. } = plan;
    let mut sql = Sql::new("select at.seq, tile.* from ");
    push_at(&mut sql, &view.layer);
    sql.push(" left join lateral (");
    let features = areas != Areas::None || spots == Spots::Each;
    if features {
        push_features(&mut sql, view, selection, cut, plan)?;
        let table = view.layer.table;
        sql.push(" order by ");
        if order == Order::Largest {
            push_size(&mut sql, table, "x");
            sql.push(" * ");
            push_size(&mut sql, table, "y");
            sql.push(" desc, ");
        }
        sql.push(format_args!("{table}.id limit ")).push_bind(i64::try_from(most).unwrap_or(i64::MAX)).push(")");
    }
    if matches!(spots, Spots::Clusters | Spots::Squares) {
        sql.push(if features { " union all " } else { "" });
        push_spots(&mut sql, view, selection, cut, plan, class)?;
    }
    sql.push(") as tile on true");
    Ok(sql)
}

/// The layer's revision, and the zoom below which the sample of a view's rows gets no smaller, for having few enough; `None`
/// where there are so few rows at all that no sample is needed.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn sampled_below(db: &mut PgConnection, view: &View) -> Result<(i64, Option<u8>)> {
    let counted = |sql: &mut Sql, seen_from: Option<u8>, most: i64| -> Result<()> {
        sql.push("(select count(*) from (select 1 from ");
        push_source(sql, &view.layer, When::default());
        push_conditions(sql, view, &Selection::default())?;
        if let Some(zoom) = seen_from {
            sql.push(" and ");
            push_seen_from(sql, view.layer.table, zoom);
        }
        sql.push(" limit ").push_bind(most + 1).push(") as counted)");
        Ok(())
    };
    let mut sql = Sql::new("select at.seq, case when ");
    counted(&mut sql, None, EXACT)?;
    sql.push(" > ").push_bind(EXACT).push(" then array[");
    for zoom in SAMPLED_FROM + 1..=INDEXED_TO {
        sql.push(if zoom > SAMPLED_FROM + 1 { ", " } else { "" });
        counted(&mut sql, Some(zoom), ENOUGH)?;
    }
    sql.push("] end from ");
    push_at(&mut sql, &view.layer);
    let (revision, counts): (i64, Option<Vec<i64>>) = sql.build_query_as().fetch_one(db).await.map_err(failed)?;
    let few = |counts: Vec<i64>| counts.into_iter().take_while(|n| *n <= ENOUGH).count();
    Ok((revision, counts.map(|counts| (SAMPLED_FROM..).nth(few(counts)).unwrap_or(INDEXED_TO))))
}

fn push_features(sql: &mut Sql, view: &View, selection: &Selection, cut: &Cut, plan: Plan) -> Result<()> {
    let (table, when) = (view.layer.table, selection.when);
    sql.push(format_args!("(select {table}.id, "));
    if plan.spots == Spots::Each {
        sql.push("case when ");
        push_drawn(sql, table, cut, plan);
        sql.push(format_args!(
            " then {table}.{} end as geom, ({})::point as spot",
            plan.outline, view.layer.drawn.spot
        ));
    } else {
        sql.push(format_args!("{table}.{} as geom, null::point as spot", plan.outline));
    }
    sql.push(", null::text as class");
    for column in view.columns().filter(|column| column.in_tiles) {
        sql.push(", ");
        push_seen(sql, view, column, when);
    }
    push_rows(sql, view, selection, cut)?;
    if plan.spots != Spots::Each {
        sql.push(" and ");
        push_drawn(sql, table, cut, plan);
    }
    Ok(())
}

/// Places alone: of all rows, or of the sample of those that are not drawn.
fn push_spots(
    sql: &mut Sql,
    view: &View,
    selection: &Selection,
    cut: &Cut,
    plan: Plan,
    class: Option<&Column>,
) -> Result<()> {
    sql.push(format_args!("(select null::uuid, null::geometry, ({})::point, ", view.layer.drawn.spot));
    match class {
        Some(column) => push_seen(sql, view, column, selection.when),
        None => {
            sql.push("null::text");
        }
    }
    for column in view.columns().filter(|column| column.in_tiles) {
        sql.push(format_args!(", null::{}", sql_type(column.kind)));
    }
    push_rows(sql, view, selection, cut)?;
    if plan.spots == Spots::Squares {
        let table = view.layer.table;
        sql.push(" and ");
        if let Some(zoom) = plan.sample {
            push_seen_from(sql, table, zoom);
            sql.push(" and ");
        }
        sql.push(format_args!("{table}.drawn_from > {}", plan.zoom));
    }
    sql.push(")");
    Ok(())
}

fn push_rows(sql: &mut Sql, view: &View, selection: &Selection, cut: &Cut) -> Result<()> {
    sql.push(" from ");
    push_source(sql, &view.layer, selection.when);
    push_conditions(sql, view, selection)?;
    // The box is transformed, never the column: an index knows the column as it is stored.
    sql.push(" and (");
    push_box(sql, view.layer.table, &cut.search);
    sql.push(")");
    Ok(())
}

/// Whether a row is drawn as it is.
fn push_drawn(sql: &mut Sql, table: &str, cut: &Cut, plan: Plan) {
    match plan.areas {
        Areas::All => {
            sql.push("true");
        }
        Areas::None => {
            sql.push("false");
        }
        Areas::Wide => {
            sql.push(format_args!("{table}.drawn_from <= {}", plan.zoom));
            if plan.spots == Spots::Squares {
                // So is every row that is drawn, and there is an index by it.
                sql.push(" and ");
                push_seen_from(sql, table, plan.zoom);
            }
        }
        Areas::Pixel => {
            for (n, axis) in ["x", "y"].into_iter().enumerate() {
                sql.push(if n == 0 { "(" } else { " or " });
                push_size(sql, table, axis);
                sql.push(" >= ").push_bind(cut.pixel[n]);
            }
            sql.push(")");
        }
    }
}

/// Whether a row is in the sample of a zoom. The zoom stands in the statement, not beside it: an index is chosen by it.
fn push_seen_from(sql: &mut Sql, table: &str, zoom: u8) {
    sql.push(format_args!("{table}.seen_from <= {}", zoom.max(SAMPLED_FROM)));
}

/// Width or height in degrees, read from the box that is stored in front of the geometry, which is not unpacked for it.
fn push_size(sql: &mut Sql, table: &str, axis: &str) {
    sql.push(format_args!("(st_{axis}max(box2d({table}.geom)::box3d) - st_{axis}min(box2d({table}.geom)::box3d))"));
}
