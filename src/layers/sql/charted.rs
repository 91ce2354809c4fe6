//! Which features a chart draws beside a box that it may draw them in.

use super::super::query::Selection;
use super::super::view::View;
use super::{Sql, failed, push_boxes, push_conditions, push_source};
use crate::kernel::wkb::walk::{self, Kind, NotFinite, Positions, Sink};
use crate::kernel::{Bbox, Chart, Result};
use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// The features selected that meet the selection's box, by which they are searched, but which the chart does not draw in
/// the box `drawn`: a feature's bounds, as it is drawn, are held against it. Looked at are those alone that lie near one of
/// the box's sides; of the others the index tells that they are drawn in it.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn beside(
    db: &mut PgConnection,
    view: &View,
    selection: &Selection,
    chart: Chart,
    drawn: &Bbox,
) -> Result<Vec<Uuid>> {
    let table = view.layer.table;
    let mut sql = Sql::new(format!("select {table}.id, st_asbinary({table}.geom) from "));
    push_source(&mut sql, &view.layer, selection.when);
    push_conditions(&mut sql, view, selection)?;
    let sure = chart.surely(drawn);
    push_boxes(&mut sql, " and ", table, &along_the_sides(selection.bbox.as_ref(), &sure));
    push_boxes(&mut sql, " and not ", table, &sure);
    let parts = drawn.parts();
    let mut beside = Vec::new();
    let mut rows = sql.build().fetch(db);
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let (id, wkb): (Uuid, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
        match bounds(chart, wkb) {
            Ok(Some(bounds)) if parts.iter().any(|part| meet(part, &bounds)) => {}
            Ok(_) => beside.push(id),
            // One bad row must not fail the answer for everybody; it is given out without its geometry.
            Err(error) => tracing::warn!(%id, %error, "a geometry cannot be placed"),
        }
    }
    Ok(beside)
}

/// What is searched but for what is sure, as boxes that overlap at the corners; none where all of it must be looked at.
fn along_the_sides(searched: Option<&Bbox>, sure: &[Bbox]) -> Vec<Bbox> {
    let searched = searched.map(Bbox::parts).unwrap_or_default();
    if searched.len() != sure.len() {
        return Vec::new();
    }
    let sides = |(all, sure): (Bbox, &Bbox)| {
        [
            Bbox { east: sure.west, ..all },
            Bbox { west: sure.east, ..all },
            Bbox { north: sure.south, ..all },
            Bbox { south: sure.north, ..all },
        ]
    };
    searched.into_iter().zip(sure).flat_map(sides).collect()
}

fn meet(a: &Bbox, b: &Bbox) -> bool {
    a.west <= b.east && b.west <= a.east && a.south <= b.north && b.south <= a.north
}

/// The bounds of a geometry where the chart draws it; `None` of an empty one.
fn bounds(chart: Chart, wkb: &[u8]) -> Result<Option<Bbox>, walk::BadWkb> {
    let Some(first) = walk::first_position(wkb)? else { return Ok(None) };
    let [west, south] = [f64::INFINITY; 2];
    let [east, north] = [f64::NEG_INFINITY; 2];
    let mut bounds = Bounds { chart: chart.covers(first).then_some(chart), bbox: Bbox { west, south, east, north } };
    walk::walk(wkb, &mut bounds)?;
    Ok(Some(bounds.bbox))
}

/// Listens to the walk over one geometry.
struct Bounds {
    /// What shifts it.
    chart: Option<Chart>,
    bbox: Bbox,
}

impl Sink for Bounds {
    fn begin(&mut self, _: Kind, _: u32) {}

    fn positions(&mut self, _: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        let Bounds { chart, bbox } = self;
        positions.each(|place| {
            let [x, y] = chart.map_or(place, |chart| chart.shift(place));
            bbox.west = bbox.west.min(x);
            bbox.south = bbox.south.min(y);
            bbox.east = bbox.east.max(x);
            bbox.north = bbox.north.max(y);
        });
        Ok(())
    }

    fn end(&mut self, _: Kind) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_sure_nor_out_of_reach_lies_along_the_sides() {
        let drawn = Bbox { west: 105.0, south: 38.0, east: 105.3, north: 38.2 };
        for chart in Chart::ALL {
            let searched = chart.search(&drawn);
            let (sure, corner) = (chart.surely(&drawn), Bbox { east: 105.02, north: 38.02, ..drawn });
            let sides = along_the_sides(Some(&searched), &sure);
            assert_eq!((sure.len(), sides.len()), (1, 4));
            let [across, up] = [searched.east - searched.west, searched.north - searched.south];
            for n in 0..=400 {
                for m in 0..=400 {
                    let (x, y) =
                        (searched.west + across * f64::from(n) / 400.0, searched.south + up * f64::from(m) / 400.0);
                    let point = Bbox { west: x, south: y, east: x, north: y };
                    assert!(meet(&sure[0], &point) || sides.iter().any(|side| meet(side, &point)), "{x} {y}");
                }
            }
            assert!(along_the_sides(Some(&chart.search(&corner)), &chart.surely(&corner)).is_empty());
        }
        let round = Bbox { west: 170.0, south: 30.0, east: 120.0, north: 40.0 };
        assert_eq!(along_the_sides(Some(&Chart::Bd09.search(&round)), &Chart::Bd09.surely(&round)).len(), 8);
    }
}
