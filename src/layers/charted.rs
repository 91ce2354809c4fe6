//! What is asked in the coordinates of a Chinese web map: boxes, and geometries of filters.
//!
//! A feature is drawn shifted or not as a whole ([`Chart::covers`] of its first vertex), so that no box and no outline on
//! the map is one on the ground. Nothing is stored in a chart and no index knows one. Therefore:
//!
//! - A box is searched for by a wider one on the ground, which an index answers. Of what it finds, the few features near a
//!   side of the box are drawn here and held against it, once, before anything else is read; the others it surely holds.
//!   Those that are drawn beside the box are then left out by their identifiers. To all that follows - pages, their order
//!   and their links, counts, files - the selection is like any other, and exact.
//! - A geometry of a filter is put where the chart draws it from.

use super::cql2::{Geometry, Place, Position};
use super::gate::Reading;
use super::query::Selection;
use super::sql;
use super::view::View;
use crate::kernel::{Bbox, Chart, Result};

/// Degrees between the points that sides of outlines bend at: GCJ-02 leaves them by 2 cm at most in between, BD-09 by 40 cm.
const BEND: f64 = 0.005;
/// Points that are added to an outline at most.
const BENDS: f64 = 4096.0;

/// Turns a selection's box in another system, where it has one, into what rows are searched by.
///
/// # Errors
/// `bad_parameter` when it is outside what the system is made for; when the database cannot be read.
pub(super) async fn locate(reading: &mut Reading, view: &View, selection: &mut Selection) -> Result<()> {
    let Some((bounds, crs)) = selection.elsewhere.take() else { return Ok(()) };
    let Some(chart) = crs.chart() else {
        selection.bbox = Some(sql::located(reading.conn()?, bounds, &crs).await?);
        return Ok(());
    };
    let [west, south, east, north] = bounds;
    let drawn = Bbox { west, south, east, north };
    selection.bbox = Some(chart.search(&drawn));
    // What is left out must be of the rows that are read after it.
    reading.hold().await?;
    selection.left_out = sql::charted::beside(reading.conn()?, view, selection, chart, &drawn).await?;
    Ok(())
}

/// What a chart draws there, where the place is not a property: as a whole shifted back, or as it is, by its first vertex.
/// Its sides get points in between, for they bend.
pub(super) fn found(chart: Chart, drawn: &Place) -> Option<Geometry> {
    let drawn = match drawn {
        Place::Property(_) => return None,
        Place::Geometry(geometry) => geometry.clone(),
        Place::Bbox(bbox) => outline(bbox),
    };
    let mut first = None;
    let (mut length, mut before) = (0.0, None::<Position>);
    drawn.positions(&mut |position| {
        first.get_or_insert(position);
        // From part to part it is no side, but as long as one may be.
        length += before.replace(position).map_or(0.0, |before| distance(before, position));
    });
    let shifted = first.is_some_and(|first| chart.covers(chart.unshift_anywhere(first)));
    Some(if shifted { Unshifted { chart, step: (length / BENDS).max(BEND) }.geometry(&drawn) } else { drawn })
}

/// A box as an area; two where it goes over the antimeridian.
fn outline(bbox: &Bbox) -> Geometry {
    let ring = |Bbox { west, south, east, north }: Bbox| {
        vec![vec![[west, south], [east, south], [east, north], [west, north], [west, south]]]
    };
    Geometry::MultiPolygon(bbox.parts().into_iter().map(ring).collect())
}

fn distance([ax, ay]: Position, [bx, by]: Position) -> f64 {
    (bx - ax).hypot(by - ay)
}

/// Puts outlines where a chart draws them from.
struct Unshifted {
    chart: Chart,
    /// Degrees between the points of a side.
    step: f64,
}

impl Unshifted {
    fn geometry(&self, drawn: &Geometry) -> Geometry {
        let lines = |lines: &[Vec<Position>]| lines.iter().map(|line| self.line(line)).collect::<Vec<_>>();
        match drawn {
            Geometry::Point(position) => Geometry::Point(self.position(*position)),
            Geometry::MultiPoint(points) => Geometry::MultiPoint(points.iter().map(|at| self.position(*at)).collect()),
            Geometry::LineString(line) => Geometry::LineString(self.line(line)),
            Geometry::MultiLineString(all) => Geometry::MultiLineString(lines(all)),
            Geometry::Polygon(rings) => Geometry::Polygon(lines(rings)),
            Geometry::MultiPolygon(polygons) => {
                Geometry::MultiPolygon(polygons.iter().map(|rings| lines(rings)).collect())
            }
            Geometry::GeometryCollection(parts) => {
                Geometry::GeometryCollection(parts.iter().map(|part| self.geometry(part)).collect())
            }
        }
    }

    fn position(&self, drawn: Position) -> Position {
        self.chart.unshift_anywhere(drawn)
    }

    fn line(&self, drawn: &[Position]) -> Vec<Position> {
        let mut found: Vec<Position> = drawn.first().map(|first| self.position(*first)).into_iter().collect();
        for side in drawn.windows(2) {
            let &[a, b] = side else { continue };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand at most")]
            let parts = (distance(a, b) / self.step).ceil().max(1.0) as u32;
            for part in 1..parts {
                let along = f64::from(part) / f64::from(parts);
                found.push(self.position([a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])]));
            }
            found.push(self.position(b));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Position, b: Position) -> bool {
        distance(a, b) < 1e-10
    }

    fn positions(geometry: &Geometry) -> Vec<Position> {
        let mut all = Vec::new();
        geometry.positions(&mut |position| all.push(position));
        all
    }

    #[test]
    fn an_outline_goes_back_to_where_it_is_drawn_from_as_a_whole() {
        // From within the outline to beyond it, and the other way round.
        let ring = [[124.37, 40.11], [124.40, 40.11], [124.40, 40.09], [124.37, 40.11]];
        let other: Vec<Position> = [1, 2, 0, 1].map(|n| ring[n]).to_vec();
        for chart in Chart::ALL {
            assert!(chart.covers(ring[0]) && !chart.covers(ring[1]));
            let drawn: Vec<Position> = ring.iter().map(|at| chart.shift(*at)).collect();
            let found = found(chart, &Place::Geometry(Geometry::Polygon(vec![drawn.clone()]))).expect("a geometry");
            let found = positions(&found);
            assert!(ring.iter().all(|at| found.iter().any(|other| near(*at, *other))), "{found:?}");
            assert!(found.len() > ring.len() && near(found[0], found[found.len() - 1]));
            // Between its corners it bends with the map.
            let far = found.iter().map(|at| chart.shift(*at)).map(|at| {
                let side = |n: usize| {
                    let (a, b) = (drawn[n], drawn[n + 1]);
                    ((b[0] - a[0]) * (at[1] - a[1]) - (b[1] - a[1]) * (at[0] - a[0])).abs() / distance(a, b)
                };
                side(0).min(side(1)).min(side(2))
            });
            assert!(far.fold(0.0, f64::max) < 1e-10);
            let straight = Place::Geometry(Geometry::Polygon(vec![other.clone()]));
            assert_eq!(super::found(chart, &straight), Some(Geometry::Polygon(vec![other.clone()])));
        }
    }

    #[test]
    fn boxes_are_areas_and_points_stay_points() {
        let chart = Chart::Gcj02;
        let place = [105.0, 38.0];
        let point = Place::Geometry(Geometry::Point(chart.shift(place)));
        let Some(Geometry::Point(found)) = found(chart, &point) else { panic!("no point") };
        assert!(near(found, place));
        let whole = Place::Bbox(Bbox { west: 90.0, south: 32.0, east: -170.0, north: 90.0 });
        let Some(Geometry::MultiPolygon(parts)) = super::found(chart, &whole) else { panic!("no areas") };
        assert_eq!(parts.len(), 2);
        let bends: usize = parts.iter().flatten().map(Vec::len).sum();
        assert!(bends > 1000 && bends < 4200, "{bends}");
        assert!(parts.iter().flatten().flatten().flatten().all(|n| n.is_finite()));
    }
}
