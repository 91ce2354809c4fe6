//! Geometry in the units of one tile: projected, rounded, cut to the tile and its margin, freed of what rounding made
//! needless, and wound as vector tiles want it. The buffers are kept from feature to feature.

use super::clip::{self, Window};
use super::mercator::{self, Near, Row};
use super::simplify::Simplifier;
use crate::kernel::wkb::walk::{BadWkb, Kind, NotFinite, Positions, Sink, walk};

/// Units across a tile.
pub const EXTENT: u32 = 4096;
/// Margin around a tile that is drawn as well, in those.
pub const BUFFER: u32 = 64;

const UNITS: f64 = EXTENT as f64;
const MARGIN: f64 = BUFFER as f64;
/// What a tile and its margin cover.
const WINDOW: Window = Window { low: -MARGIN, high: UNITS + MARGIN };
/// Degrees beyond which a longitude is no place, however far round the earth somebody counts.
const FARTHEST: f64 = 1080.0;
/// Added and taken away again, this leaves the nearest integer, ties to even: 2^52 + 2^51, from where on floating point
/// numbers are integers. Exact for what is less than 2^51.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The units of one tile. Longitude runs evenly; latitude runs as Mercator has it, or evenly.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    west: f64,
    /// Units to a degree of longitude.
    across: f64,
    rows: Rows,
    /// Bounds of tile and margin in degrees: west, south, east, north. What lies in them lies in the window.
    bounds: [f64; 4],
}

#[derive(Debug, Clone, Copy)]
enum Rows {
    Mercator(Row),
    Even { north: f64, down: f64 },
}

impl Grid {
    /// A tile of WebMercatorQuad, numbered from the west and the north. Zooms above 24 and tiles that are not there give
    /// numbers without use.
    pub fn mercator(zoom: u8, column: u32, row: u32) -> Grid {
        let side = 360.0 / 2_f64.powi(i32::from(zoom));
        let west = -180.0 + side * f64::from(column);
        let across = UNITS / side;
        let world = 2_f64.powi(i32::from(zoom));
        let edge = |units: f64| mercator::latitude((f64::from(row) + units / UNITS) / world);
        let bounds = [west - MARGIN / across, edge(UNITS + MARGIN), west + side + MARGIN / across, edge(-MARGIN)];
        Grid { west, across, rows: Rows::Mercator(Row::new(zoom, row, UNITS)), bounds }
    }

    /// A tile of a quadtree in degrees (WorldCRS84Quad, CGCS2000Quad) by its north-western corner and its side.
    pub fn degrees(west: f64, north: f64, side: f64) -> Grid {
        let across = UNITS / side;
        let margin = MARGIN / across;
        let bounds = [west - margin, north - side - margin, west + side + margin, north + margin];
        Grid { west, across, rows: Rows::Even { north, down: across }, bounds }
    }

    /// Longitude and latitude as units right and down from the tile's north-western corner, not rounded.
    ///
    /// # Errors
    /// When they are not numbers, or no place at all.
    pub fn place(&self, [longitude, latitude]: [f64; 2]) -> Result<[f64; 2], NotFinite> {
        // What is not a number is not within.
        let somewhere = longitude.abs() <= FARTHEST && latitude.abs() <= FARTHEST;
        if !somewhere {
            return Err(NotFinite);
        }
        let down = match &self.rows {
            Rows::Mercator(row) => match row.near() {
                Some(near) if near.holds(latitude) => near.at(latitude),
                _ => row.exact(latitude),
            },
            Rows::Even { north, down } => (north - latitude) * down,
        };
        Ok([(longitude - self.west) * self.across, down])
    }

    /// As [`Grid::place`], rounded to whole units.
    ///
    /// # Errors
    /// As [`Grid::place`].
    pub fn cell(&self, position: [f64; 2]) -> Result<[f64; 2], NotFinite> {
        self.place(position).map(rounded)
    }

    /// Bounds of the tile with its margin in degrees: west, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        self.bounds
    }
}

#[inline(always)]
fn rounded([x, y]: [f64; 2]) -> [f64; 2] {
    [(x + ROUNDER) - ROUNDER, (y + ROUNDER) - ROUNDER]
}

/// What becomes of a line or an area that is smaller than the grid's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Small {
    /// It is left out.
    Dropped,
    /// It becomes a point, so that an overview is not empty.
    Point,
}

/// Lists of positions, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    points: Vec<[i32; 2]>,
    ends: Vec<usize>,
}

impl Parts {
    fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    fn push(&mut self, points: impl Iterator<Item = [f64; 2]>) {
        self.points.extend(points.map(whole));
        self.ends.push(self.points.len());
    }

    /// Forgets all but the first lists.
    fn truncate(&mut self, lists: usize) {
        self.ends.truncate(lists);
        self.points.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// The lists.
    pub fn iter(&self) -> impl Iterator<Item = &[[i32; 2]]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.points.get(start..*end))
    }

    /// How many lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Positions in all lists.
    pub fn vertices(&self) -> usize {
        self.points.len()
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "whole numbers within the window")]
fn whole([x, y]: [f64; 2]) -> [i32; 2] {
    [x as i32, y as i32]
}

/// What of a feature is in a tile, in the tile's units, y downward. A collection may have some of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Points.
    pub points: Vec<[i32; 2]>,
    /// Lines of at least two positions.
    pub lines: Parts,
    /// Rings of at least three positions, the first not repeated: each exterior, clockwise on the screen, is followed by its
    /// holes, which run the other way.
    pub rings: Parts,
}

impl Drawn {
    /// Whether nothing of the feature is in the tile.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty() && self.rings.is_empty()
    }

    fn clear(&mut self) {
        self.points.clear();
        self.lines.clear();
        self.rings.clear();
    }
}

/// Cuts features for one tile.
#[derive(Debug)]
pub struct Cutter {
    grid: Grid,
    small: Small,
    simplifier: Option<Simplifier>,
    /// The ring or line at hand; whole units.
    ring: Vec<[f64; 2]>,
    spare: Vec<[f64; 2]>,
    /// Rings of the polygon at hand, exterior first, and where each ends: for the simplifier, which wants to see all.
    polygon: Vec<[f64; 2]>,
    ends: Vec<usize>,
    drawn: Drawn,
}

impl Cutter {
    /// For a tile.
    pub fn new(grid: Grid, small: Small) -> Cutter {
        Cutter {
            grid,
            small,
            simplifier: None,
            ring: Vec::new(),
            spare: Vec::new(),
            polygon: Vec::new(),
            ends: Vec::new(),
            drawn: Drawn::default(),
        }
    }

    /// Leaves out vertices that matter less than `area` square units each (see [`Simplifier`]).
    pub fn simplified(mut self, area: f64) -> Cutter {
        self.simplifier = Some(Simplifier::new(area));
        self
    }

    /// The tile's units.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What of a geometry in longitude and latitude is in the tile. `turn` is done to each position first.
    ///
    /// # Errors
    /// When the bytes are no geometry, or a position is no place.
    pub fn cut(&mut self, wkb: &[u8], turn: impl Fn([f64; 2]) -> [f64; 2]) -> Result<&Drawn, BadWkb> {
        self.drawn.clear();
        let mut cutting = Cutting { cutter: self, turn, place: None, exterior: 0.0, holes: 0.0, first_ring: 0 };
        let walked = walk(wkb, &mut cutting);
        let place = cutting.place;
        if walked.is_err() {
            self.drawn.clear();
        } else if self.drawn.is_empty() {
            self.drawn.points.extend(place.map(whole));
        }
        walked.map(|()| &self.drawn)
    }

    /// Puts a run of positions in whole units into `ring`. Of a run that stays beyond one side of the
    /// window only the ends are kept: what lies between cannot be seen, and need not be projected. Returns whether any of
    /// them may be outside.
    fn fill(&mut self, positions: Positions<'_>, turn: impl Fn([f64; 2]) -> [f64; 2]) -> Result<bool, NotFinite> {
        self.ring.clear();
        let Cutter { grid, ring, .. } = self;
        match &grid.rows {
            Rows::Mercator(row) => match row.near() {
                Some(near) => fill(grid, ring, positions, turn, |latitude| Near::at(near, latitude)),
                None => fill(grid, ring, positions, turn, |latitude| row.exact(latitude)),
            },
            Rows::Even { north, down } => fill(grid, ring, positions, turn, |latitude| (north - latitude) * down),
        }
    }
}

/// Beyond which sides of the bounds a position lies, a bit for each; what is not a number lies beyond.
#[inline(always)]
fn beyond([west, south, east, north]: &[f64; 4], [x, y]: [f64; 2]) -> u8 {
    let within =
        u8::from(x >= *west) | u8::from(y >= *south) << 1 | u8::from(x <= *east) << 2 | u8::from(y <= *north) << 3;
    within ^ 0b1111
}

/// A run of positions outside that share a side.
#[derive(Clone, Copy)]
struct Outside {
    /// Bits of the sides that all of them share.
    sides: u8,
    /// The last of them, unless it is the first, which has been kept.
    last: Option<[f64; 2]>,
}

#[inline(always)]
fn fill(
    grid: &Grid,
    ring: &mut Vec<[f64; 2]>,
    positions: Positions<'_>,
    turn: impl Fn([f64; 2]) -> [f64; 2],
    down: impl Fn(f64) -> f64,
) -> Result<bool, NotFinite> {
    // Most features lie within the tile, and what begins there is taken for one until it is seen to leave. Nothing in this
    // loop depends on the position before, so that the processor has several in hand.
    if positions.first().is_some_and(|first| beyond(&grid.bounds, turn(first)) == 0) {
        let [west, south, east, north] = grid.bounds;
        let mut within = true;
        positions.extend(ring, |position| {
            let [x, y] = turn(position);
            within &= (x >= west) & (y >= south) & (x <= east) & (y <= north);
            rounded([(x - grid.west) * grid.across, down(y)])
        });
        if within {
            return Ok(false);
        }
        ring.clear();
    }
    let mut keep = |point: [f64; 2]| {
        if ring.last() != Some(&point) {
            ring.push(point);
        }
    };
    let mut run = Outside { sides: 0, last: None };
    let mut failed = None;
    positions.each(|position| {
        let position = turn(position);
        let sides = beyond(&grid.bounds, position);
        if run.sides & sides != 0 {
            run = Outside { sides: run.sides & sides, last: Some(position) };
            return;
        }
        if let Some(last) = run.last.take() {
            keep_far(grid, last, &mut keep, &mut failed);
        }
        run.sides = sides;
        if sides == 0 {
            keep(rounded([(position[0] - grid.west) * grid.across, down(position[1])]));
        } else {
            keep_far(grid, position, &mut keep, &mut failed);
        }
    });
    if let Some(last) = run.last {
        keep_far(grid, last, &mut keep, &mut failed);
    }
    failed.map_or(Ok(true), Err)
}

#[inline(never)]
fn keep_far(grid: &Grid, position: [f64; 2], keep: &mut impl FnMut([f64; 2]), failed: &mut Option<NotFinite>) {
    match grid.cell(position) {
        Ok(point) => keep(point),
        Err(error) => *failed = Some(error),
    }
}

/// Listens to the walk over one feature.
struct Cutting<'a, T> {
    cutter: &'a mut Cutter,
    turn: T,
    /// Where something was that became too small to be drawn.
    place: Option<[f64; 2]>,
    /// Twice the areas of the polygon at hand: its exterior, all its holes.
    exterior: f64,
    holes: f64,
    /// Rings drawn before it.
    first_ring: usize,
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Sink for Cutting<'_, T> {
    fn begin(&mut self, kind: Kind, _: u32) {
        if kind == Kind::Polygon {
            self.cutter.polygon.clear();
            self.cutter.ends.clear();
            (self.exterior, self.holes) = (0.0, 0.0);
            self.first_ring = self.cutter.drawn.rings.len();
        }
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        match kind {
            Kind::LineString => self.line(positions),
            Kind::Polygon => self.ring(positions),
            _ => self.point(positions),
        }
    }

    fn end(&mut self, kind: Kind) {
        if kind == Kind::Polygon {
            self.polygon();
        }
    }
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Cutting<'_, T> {
    fn point(&mut self, positions: Positions<'_>) -> Result<(), NotFinite> {
        let Some(position) = positions.first() else { return Ok(()) };
        let cell = self.cutter.grid.cell((self.turn)(position))?;
        let point = whole(cell);
        if WINDOW.holds(cell) && self.cutter.drawn.points.last() != Some(&point) {
            self.cutter.drawn.points.push(point);
        }
        Ok(())
    }

    fn line(&mut self, positions: Positions<'_>) -> Result<(), NotFinite> {
        let outside = self.cutter.fill(positions, &self.turn)?;
        self.remember();
        let Cutter { ring, spare, polygon, drawn, simplifier, .. } = &mut *self.cutter;
        let mut draw = |part: &mut Vec<[f64; 2]>| {
            tidy_line(part);
            if part.len() < 2 {
                return;
            }
            if let Some(simplifier) = simplifier {
                simplifier.line(part, on_border);
            }
            drawn.lines.push(part.iter().copied());
        };
        if outside {
            clip::line(ring, spare, WINDOW, |part| {
                polygon.clear();
                polygon.extend(part.iter().copied().map(rounded));
                draw(polygon);
            });
        } else {
            draw(ring);
        }
        Ok(())
    }

    /// The ring at hand joins the polygon at hand, unless it is too small.
    fn ring(&mut self, positions: Positions<'_>) -> Result<(), NotFinite> {
        let is_hole = self.exterior != 0.0;
        let outside = self.cutter.fill(positions, &self.turn)?;
        if !is_hole {
            self.remember();
        }
        let Cutter { ring, spare, polygon, ends, simplifier, drawn, .. } = &mut *self.cutter;
        if outside {
            clip::ring(ring, spare, WINDOW);
            ring.iter_mut().for_each(|point| *point = rounded(*point));
        }
        tidy_ring(ring);
        let area = doubled_area(ring);
        // An exterior without area has no place for holes either; the mark tells the next ring that it is one.
        if !is_hole {
            self.exterior = if area == 0.0 { f64::NEG_INFINITY } else { area.abs() };
        } else {
            self.holes += area.abs();
        }
        if area == 0.0 {
            return Ok(());
        }
        if (area > 0.0) == is_hole {
            ring.reverse();
        }
        if simplifier.is_some() {
            polygon.extend_from_slice(ring);
            ends.push(polygon.len());
        } else {
            drawn.rings.push(ring.iter().copied());
        }
        Ok(())
    }

    fn polygon(&mut self) {
        // Holes that leave nothing of it: either all that is seen lies in a hole, or what is left is too narrow.
        let Cutter { polygon, ends, simplifier, drawn, .. } = &mut *self.cutter;
        if self.exterior <= self.holes {
            drawn.rings.truncate(self.first_ring);
            return;
        }
        let Some(simplifier) = simplifier else { return };
        simplifier.polygon(polygon, ends, on_border);
        let mut start = 0;
        for end in ends.drain(..) {
            if let Some(ring) = polygon.get(start..end) {
                drawn.rings.push(ring.iter().copied());
            }
            start = end;
        }
    }

    /// Where the feature is, should nothing of it be large enough: one of its own vertices that lies in the window.
    fn remember(&mut self) {
        if self.place.is_none() && self.cutter.small == Small::Point {
            self.place = self.cutter.ring.iter().copied().find(|point| WINDOW.holds(*point));
        }
    }
}

/// Whether a position lies on the edge of the window, where the tile's neighbour draws on.
fn on_border([x, y]: [f64; 2]) -> bool {
    x == WINDOW.low || x == WINDOW.high || y == WINDOW.low || y == WINDOW.high
}

#[inline(always)]
fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
}

/// Twice the area, positive when it runs clockwise on the screen (y downward).
fn doubled_area(ring: &[[f64; 2]]) -> f64 {
    let Some(mut before) = ring.last().copied() else { return 0.0 };
    let mut area = 0.0;
    for &point in ring {
        area += before[0] * point[1] - point[0] * before[1];
        before = point;
    }
    area
}

/// Takes out of a ring, closed or not, repetitions, vertices in the middle of straight edges, and spikes without width: the
/// area it encloses stays the same to the last bit. What encloses nothing is empty afterwards.
fn tidy_ring(ring: &mut Vec<[f64; 2]>) {
    let Some(mut last) = ring.first().copied() else { return };
    // The one before the last, while there is one; kept at hand, as both are asked for at every vertex.
    let mut before = last;
    let mut kept = 1_usize;
    for n in 1..ring.len() {
        let point = ring[n];
        while kept >= 2 && cross(before, last, point) == 0.0 {
            kept -= 1;
            last = before;
            before = ring[kept.saturating_sub(2)];
        }
        if last != point {
            ring[kept] = point;
            kept += 1;
            before = last;
            last = point;
        }
    }
    // Where the end meets the beginning.
    let mut start = 0;
    while kept - start >= 3 {
        if cross(ring[kept - 2], ring[kept - 1], ring[start]) == 0.0 {
            kept -= 1;
        } else if cross(ring[kept - 1], ring[start], ring[start + 1]) == 0.0 {
            start += 1;
        } else {
            break;
        }
    }
    if kept - start < 3 {
        ring.clear();
        return;
    }
    ring.truncate(kept);
    if start > 0 {
        ring.drain(..start);
    }
}

/// Takes out of a line repetitions and vertices in the middle of straight edges.
fn tidy_line(line: &mut Vec<[f64; 2]>) {
    let mut kept = 0;
    for n in 0..line.len() {
        let point = line[n];
        if kept >= 1 && line[kept - 1] == point {
            continue;
        }
        if kept >= 2 {
            let (a, b) = (line[kept - 2], line[kept - 1]);
            let onward = (b[0] - a[0]) * (point[0] - b[0]) + (b[1] - a[1]) * (point[1] - b[1]) > 0.0;
            if onward && cross(a, b, point) == 0.0 {
                kept -= 1;
            }
        }
        line[kept] = point;
        kept += 1;
    }
    line.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::{Dice, Shape, any_star, area_within, ewkb, one_of_each, signed_area, star};
    use crate::kernel::wkb::walk::WkbFault;
    use proptest::prelude::*;

    /// A tile whose units are whole numbers of this many degrees, so that shapes can be written in units.
    const DEGREE: f64 = 1.0 / 1024.0;

    fn grid() -> Grid {
        Grid::degrees(100.0, 40.0, 4096.0 * DEGREE)
    }

    fn there([x, y]: [f64; 2]) -> [f64; 2] {
        [100.0 + x * DEGREE, 40.0 - y * DEGREE]
    }

    fn ring_of(points: &[[i32; 2]]) -> Vec<[f64; 2]> {
        points.iter().map(|p| p.map(f64::from)).collect()
    }

    /// A polygon given in units, as it is drawn.
    fn drawn(small: Small, shape: &Shape) -> Drawn {
        Cutter::new(grid(), small).cut(&ewkb(&in_degrees(shape)), |p| p).unwrap().clone()
    }

    fn in_degrees(shape: &Shape) -> Shape {
        let list = |points: &Vec<[f64; 2]>| points.iter().copied().map(there).collect::<Vec<_>>();
        match shape {
            Shape::NoPoint => Shape::NoPoint,
            Shape::Point(p) => Shape::Point(there(*p)),
            Shape::Line(points) => Shape::Line(list(points)),
            Shape::Polygon(rings) => Shape::Polygon(rings.iter().map(list).collect()),
            Shape::Multi(kind, parts) => Shape::Multi(*kind, parts.iter().map(in_degrees).collect()),
            Shape::Collection(parts) => Shape::Collection(parts.iter().map(in_degrees).collect()),
        }
    }

    fn square(low: f64, high: f64) -> Vec<[f64; 2]> {
        vec![[low, low], [high, low], [high, high], [low, high], [low, low]]
    }

    fn rings(drawn: &Drawn) -> Vec<Vec<[i32; 2]>> {
        drawn.rings.iter().map(<[[i32; 2]]>::to_vec).collect()
    }

    fn areas(drawn: &Drawn) -> Vec<f64> {
        drawn.rings.iter().map(|ring| signed_area(&ring_of(ring))).collect()
    }

    #[test]
    fn every_kind_is_drawn_as_what_it_is() {
        let polygon = Shape::Polygon(vec![square(10.0, 110.0), square(20.0, 30.0)]);
        let line = Shape::Line(vec![[0.0, 0.0], [5.0, 0.0], [10.0, 0.0], [10.0, 7.0]]);
        let all = drawn(
            Small::Dropped,
            &Shape::Collection(vec![
                Shape::Point([7.0, 8.0]),
                Shape::NoPoint,
                line.clone(),
                Shape::Collection(vec![Shape::Multi(
                    6,
                    vec![polygon.clone(), Shape::Polygon(vec![square(200.0, 300.0)])],
                )]),
                Shape::Multi(4, vec![Shape::Point([9.0, 9.0]), Shape::Point([9.0, 9.0]), Shape::Point([8.0, 9.0])]),
                Shape::Multi(5, vec![line, Shape::Line(vec![])]),
                polygon,
            ]),
        );
        assert_eq!(all.points, [[7, 8], [9, 9], [8, 9]]);
        let bent = vec![[0, 0], [10, 0], [10, 7]];
        assert_eq!(all.lines.iter().collect::<Vec<_>>(), [bent.clone(), bent], "what lies on a straight edge goes");
        assert_eq!(areas(&all), [10_000.0, -100.0, 10_000.0, 10_000.0, -100.0]);
        assert_eq!((all.rings.len(), all.rings.vertices(), all.lines.vertices()), (5, 20, 6));
        assert!(drawn(Small::Point, &Shape::Collection(vec![Shape::NoPoint, Shape::Polygon(vec![])])).is_empty());
        for shape in one_of_each() {
            Cutter::new(Grid::mercator(0, 0, 0), Small::Point).cut(&ewkb(&shape), |p| p).unwrap();
        }
    }

    #[test]
    fn exteriors_run_clockwise_whatever_they_did_before() {
        let turned = |mut ring: Vec<[f64; 2]>| {
            ring.reverse();
            ring
        };
        let (outer, hole) = (square(0.0, 100.0), square(10.0, 20.0));
        for outer in [outer.clone(), turned(outer)] {
            for hole in [hole.clone(), turned(hole.clone())] {
                assert_eq!(
                    areas(&drawn(Small::Dropped, &Shape::Polygon(vec![outer.clone(), hole]))),
                    [10_000.0, -100.0]
                );
            }
        }
    }

    #[test]
    fn what_is_smaller_than_the_grid_is_left_out_or_a_point() {
        let tiny = Shape::Polygon(vec![square(50.1, 50.3)]);
        let sliver = Shape::Polygon(vec![vec![[10.0, 10.1], [900.0, 10.2], [900.0, 10.3], [10.0, 10.1]]]);
        let stub = Shape::Line(vec![[5.1, 5.1], [5.2, 5.2]]);
        for (shape, point) in [(&tiny, [50, 50]), (&sliver, [10, 10]), (&stub, [5, 5])] {
            assert!(drawn(Small::Dropped, shape).is_empty());
            let point_of = drawn(Small::Point, shape);
            assert_eq!(point_of.points, [point]);
            assert!(point_of.rings.is_empty() && point_of.lines.is_empty());
        }
        // A hole as large as what is around it leaves nothing; a tiny hole goes; a tiny island beside land is no point.
        let thin = Shape::Polygon(vec![square(10.0, 20.0), square(10.2, 19.8)]);
        assert!(drawn(Small::Dropped, &thin).is_empty());
        assert_eq!(drawn(Small::Point, &thin).points.len(), 1);
        assert_eq!(areas(&drawn(Small::Point, &Shape::Polygon(vec![square(0.0, 9.0), square(2.1, 2.2)]))), [81.0]);
        let land = Shape::Multi(6, vec![tiny, Shape::Polygon(vec![square(100.0, 110.0)]), sliver]);
        let land = drawn(Small::Point, &land);
        assert!(land.points.is_empty() && land.rings.len() == 1);
        // A hole of an exterior that went is no exterior.
        let odd = Shape::Polygon(vec![square(10.1, 10.2), square(30.0, 40.0)]);
        assert!(drawn(Small::Dropped, &odd).is_empty());
        // Outside is outside, however small, and around a corner.
        let corner = vec![[-900.0, -900.0], [600.0, -900.0], [-900.0, 600.0], [-900.0, -900.0]];
        for outside in [square(-900.0, -899.9), corner] {
            assert!(drawn(Small::Point, &Shape::Polygon(vec![outside])).is_empty());
        }
    }

    #[test]
    fn repetitions_spikes_and_straight_edges_go() {
        let ring = vec![
            [0.0, 0.0],
            [0.2, 0.1],
            [50.0, 0.0],
            [100.0, 0.0],
            [100.0, 50.0],
            [300.0, 50.0],
            [100.0, 50.0],
            [100.0, 100.0],
            [100.0, 100.0],
            [0.0, 100.0],
            [0.0, 40.0],
            [0.0, 0.0],
        ];
        assert_eq!(
            rings(&drawn(Small::Dropped, &Shape::Polygon(vec![ring]))),
            [[[0, 0], [100, 0], [100, 100], [0, 100]]]
        );
        // The spike at the beginning, and nothing but spikes.
        let first =
            vec![[-40.0, 0.0], [0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0], [0.0, 0.0], [-40.0, 0.0]];
        assert_eq!(areas(&drawn(Small::Dropped, &Shape::Polygon(vec![first]))), [10_000.0]);
        let spikes = vec![[0.0, 0.0], [10.0, 0.0], [0.0, 0.0], [0.0, 10.0], [0.0, 0.0]];
        assert!(drawn(Small::Dropped, &Shape::Polygon(vec![spikes])).is_empty());
        // A line that turns back keeps its end.
        let there_and_back = drawn(Small::Dropped, &Shape::Line(vec![[0.0, 0.0], [10.0, 0.0], [5.0, 0.0]]));
        assert_eq!(there_and_back.lines.iter().collect::<Vec<_>>(), [[[0, 0], [10, 0], [5, 0]]]);
    }

    #[test]
    fn the_tile_is_cut_with_its_margin() {
        let world = Shape::Polygon(vec![square(-1e4, 1e4)]);
        assert_eq!(areas(&drawn(Small::Dropped, &world)), [4224.0 * 4224.0]);
        // Within a hole there is nothing.
        let hollow = Shape::Polygon(vec![square(-1e4, 1e4), square(-9e3, 9e3)]);
        assert!(drawn(Small::Dropped, &hollow).is_empty());
        let half = Shape::Polygon(vec![
            square(-1e4, 1e4),
            vec![[-9e3, -9e3], [2000.0, -9e3], [2000.0, 9e3], [-9e3, 9e3], [-9e3, -9e3]],
        ]);
        assert_eq!(areas(&drawn(Small::Dropped, &half)), [4224.0 * 4224.0, -2064.0 * 4224.0]);
        let points = [[-64.0, 4160.0], [-65.0, 0.0], [0.0, 4161.0], [4160.0, -64.0]].map(Shape::Point).to_vec();
        assert_eq!(drawn(Small::Dropped, &Shape::Multi(4, points)).points, [[-64, 4160], [4160, -64]]);
        let line = Shape::Line(vec![[-1e3, 5.0], [9e3, 5.0], [9e3, 6.0], [-1e3, 6.0]]);
        assert_eq!(
            drawn(Small::Dropped, &line).lines.iter().collect::<Vec<_>>(),
            [[[-64, 5], [4160, 5]], [[4160, 6], [-64, 6]]]
        );
        assert!(drawn(Small::Dropped, &Shape::Polygon(vec![square(5e3, 6e3)])).is_empty());
    }

    #[test]
    fn no_place_is_refused() {
        let mut cutter = Cutter::new(Grid::mercator(10, 843, 388), Small::Dropped);
        for bad in [f64::NAN, f64::INFINITY, -1e9] {
            for position in [[bad, 39.9], [116.4, bad]] {
                for shape in [
                    Shape::Point(position),
                    Shape::Line(vec![[116.4, 39.9], position, [116.41, 39.91]]),
                    Shape::Polygon(vec![vec![[116.4, 39.9], [116.41, 39.9], position, [116.4, 39.9]]]),
                ] {
                    let refused = cutter.cut(&ewkb(&shape), |p| p).unwrap_err();
                    assert_eq!(refused.fault, WkbFault::NotFinite, "{shape:?}");
                    assert!(cutter.drawn.is_empty());
                }
            }
        }
        assert!(!cutter.cut(&ewkb(&Shape::Point([116.4, 39.9])), |p| p).unwrap().is_empty(), "and the next is drawn");
        // Poles, and once more round the earth, are places.
        let far = Shape::Line(vec![[116.4, 39.9], [116.4, 90.0], [300.0, -90.0], [116.4, 39.8]]);
        assert!(!cutter.cut(&ewkb(&far), |p| p).unwrap().is_empty());
    }

    #[test]
    fn positions_can_be_turned_first() {
        let mut cutter = Cutter::new(Grid::mercator(10, 843, 388), Small::Dropped);
        let straight = cutter.cut(&ewkb(&Shape::Point([116.4, 39.9])), |p| p).unwrap().clone();
        let turned = cutter.cut(&ewkb(&Shape::Point([39.9, 116.4])), |[x, y]| [y, x]).unwrap();
        assert_eq!(*turned, straight);
        assert_eq!(cutter.cut(&ewkb(&Shape::Point([115.4, 39.9])), |[x, y]| [x + 1.0, y]).unwrap(), &straight);
    }

    #[test]
    fn bounds_hold_what_the_window_holds() {
        for zoom in 0..=24_u8 {
            let side = 1_u64 << zoom;
            for part in [0, 3, 5, 8, 10] {
                let at = u32::try_from((side * part / 10).min(side - 1)).unwrap();
                let grid = Grid::mercator(zoom, at, at);
                let [west, south, east, north] = grid.bounds();
                for (position, corner) in [([west, north], [-64.0, -64.0]), ([east, south], [4160.0, 4160.0])] {
                    assert_eq!(grid.cell(position).unwrap(), corner, "{zoom}/{at}");
                }
            }
        }
        assert_eq!(grid().bounds(), [100.0 - 0.0625, 36.0 - 0.0625, 104.0625, 40.0625]);
    }

    /// The same by the shortest way there is: everything projected exactly, rounded, cut.
    fn plainly(grid: &Grid, rings: &[Vec<[f64; 2]>]) -> Vec<Vec<[f64; 2]>> {
        rings
            .iter()
            .map(|ring| {
                let mut ring: Vec<_> = ring.iter().map(|p| grid.cell(*p).unwrap()).collect();
                ring.pop();
                clip::ring(&mut ring, &mut Vec::new(), WINDOW);
                ring.iter().map(|p| p.map(f64::round_ties_even)).collect()
            })
            .collect()
    }

    fn any_tile() -> impl Strategy<Value = (u8, [f64; 2], f64, u64, usize)> {
        (0..=20_u8, -179.0..179.0_f64, -84.0..84.0_f64, -2.0..1.5_f64, any::<u64>(), 3..200_usize)
            .prop_map(|(zoom, x, y, size, seed, n)| (zoom, [x, y], 10_f64.powf(size), seed, n))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]
        #[test]
        fn what_is_left_out_on_the_way_makes_no_difference((zoom, middle, size, seed, n) in any_tile()) {
            // From smaller than a unit to larger than all tiles beside it.
            let side = 360.0 / f64::from(1_u32 << zoom);
            let ring = star(&mut Dice(seed), middle, [size * side, size * side * middle[1].to_radians().cos()], n);
            let ring: Vec<_> = ring.into_iter().map(|[x, y]| [x.clamp(-180.0, 180.0), y.clamp(-85.0, 85.0)]).collect();
            let world = f64::from(1_u32 << zoom);
            let at = |fraction: f64| whole([(fraction * world).floor().clamp(0.0, world - 1.0); 2])[0].cast_unsigned();
            let grid = Grid::mercator(zoom, at((middle[0] + 180.0) / 360.0), at(mercator::fraction(middle[1])));
            let plain = plainly(&grid, std::slice::from_ref(&ring));
            let mut cutter = Cutter::new(grid, Small::Dropped);
            let drawn = cutter.cut(&ewkb(&Shape::Polygon(vec![ring.clone()])), |p| p).unwrap().clone();
            let area: f64 = areas(&drawn).iter().sum();
            // To the last unit, as what was left out on the way lies beyond the window altogether.
            prop_assert_eq!(area, signed_area(&plain[0]).abs());
            for ring in drawn.rings.iter() {
                prop_assert!(ring.len() >= 3);
                prop_assert!(ring_of(ring).iter().all(|p| WINDOW.holds(*p)));
                let n = ring.len();
                prop_assert!((0..n).all(|i| ring[i] != ring[(i + 1) % n]));
            }
            // Its vertices are vertices of the plain one.
            let plain = plain.concat();
            prop_assert!(drawn.rings.iter().flatten().all(|p| plain.contains(&p.map(f64::from))));
            // The same cutter again, the same bytes in another order of bytes: the same.
            prop_assert_eq!(cutter.cut(&ewkb(&Shape::Polygon(vec![ring])), |p| p).unwrap(), &drawn);
        }

        #[test]
        fn areas_with_holes_are_those_of_the_intersection(outer in any_star(), share in 0.05..0.9_f64) {
            // The hole is the exterior made smaller around its middle, about which it is a star.
            let n = outer.len() as f64 - 1.0;
            let middle = [0, 1].map(|axis| outer[1..].iter().map(|p| p[axis]).sum::<f64>() / n);
            let hole: Vec<_> = outer.iter().map(|p| [0, 1].map(|axis| middle[axis] + (p[axis] - middle[axis]) * share)).collect();
            let whole = |ring: &[[f64; 2]]| ring.iter().map(|p| p.map(f64::round)).collect::<Vec<_>>();
            let (outer, hole) = (whole(&outer), whole(&hole));
            let drawn = drawn(Small::Dropped, &Shape::Polygon(vec![outer.clone(), hole.clone()]));
            let rings = [outer, hole];
            let inside = |ring: &Vec<[f64; 2]>| area_within(std::slice::from_ref(ring), WINDOW.low, WINDOW.high);
            let expected = (inside(&rings[0]) - inside(&rings[1])).max(0.0);
            let area: f64 = areas(&drawn).iter().sum();
            // Cuts are rounded, half a unit at each.
            let edge: f64 = rings.iter().map(|ring| ring.len() as f64).sum::<f64>() * 4224.0;
            prop_assert!((area - expected).abs() <= edge.min(expected + 8.0 * 4224.0), "{} {}", area, expected);
        }

        #[test]
        fn tiles_agree_along_their_seams(seed: u64, n in 3..60_usize, dx in -0.2..0.4_f64, size in 0.01..1.0_f64) {
            // In the strip that both tiles draw, from 64 units left of the seam to 64 right of it, each drew the same.
            let (zoom, column, row) = (12, 3367, 1643);
            let side = 360.0 / 4096.0;
            let seam = -180.0 + side * f64::from(column + 1);
            let middle = mercator::latitude((f64::from(row) + 0.5) / 4096.0);
            let ring = star(&mut Dice(seed), [seam + dx * side, middle], [size * side, size * side * 0.8], n);
            let bytes = ewkb(&Shape::Polygon(vec![ring]));
            let strip = |column: u32, shift: f64| {
                let mut cutter = Cutter::new(Grid::mercator(zoom, column, row), Small::Dropped);
                let drawn = cutter.cut(&bytes, |p| p).unwrap();
                let rings: Vec<Vec<[f64; 2]>> = drawn
                    .rings
                    .iter()
                    .map(|ring| ring_of(ring).into_iter().map(|[x, y]| [x + shift, y - 2048.0]).collect())
                    .collect();
                let edge: f64 = rings
                    .iter()
                    .flat_map(|ring| (0..ring.len()).map(move |n| (ring[n], ring[(n + 1) % ring.len()])))
                    .filter(|(a, b)| a[0].min(b[0]) < 64.0 && a[0].max(b[0]) > -64.0)
                    .map(|(a, b)| (a[0] - b[0]).abs().min(128.0) + (a[1] - b[1]).abs())
                    .sum();
                // Squeezed so that a square window holds the strip and all heights.
                let squeezed: Vec<Vec<_>> =
                    rings.iter().map(|ring| ring.iter().map(|[x, y]| [*x, y / 40.0]).collect()).collect();
                (area_within(&squeezed, -60.0, 60.0) * 40.0, edge)
            };
            let ((left, edge), (right, _)) = (strip(column, -4096.0), strip(column + 1, 0.0));
            // Where each is cut is rounded by half a unit, which a whole edge in the strip may follow.
            prop_assert!((left - right).abs() <= 0.5 * edge + 1.0, "{} {}", left, right);
        }
    }

    #[test]
    fn a_hundred_thousand_vertices_cross_the_tile_and_come_back() {
        // Teeth through the whole tile, from far left to far right, and their closing far below.
        let teeth = 50_000;
        let mut ring: Vec<[f64; 2]> = (0..teeth)
            .flat_map(|n| {
                let y = f64::from(n) * 4096.0 / f64::from(teeth);
                let (a, b) = if n % 2 == 0 { (-9e3, 9e3) } else { (9e3, -9e3) };
                [[a, y], [b, y]]
            })
            .collect();
        ring.extend([[9e3, 9e3], [-9e3, 9e3], ring[0]]);
        let drawn = drawn(Small::Dropped, &Shape::Polygon(vec![ring]));
        assert!(areas(&drawn).iter().all(|area| *area > 0.0));
        let mut big = star(&mut Dice(9), [2048.0, 2048.0], [9e4, 9e4], 100_000);
        big.rotate_left(1);
        big.pop();
        big.push(big[0]);
        let mut cutter = Cutter::new(grid(), Small::Dropped).simplified(16.0);
        let simple = cutter.cut(&ewkb(&in_degrees(&Shape::Polygon(vec![big]))), |p| p).unwrap();
        assert_eq!(simple.rings.len(), 1);
    }

    #[test]
    fn a_simplified_polygon_keeps_the_edge_of_the_tile() {
        let mut round = star(&mut Dice(4), [4096.0, 2000.0], [1500.0, 1500.0], 3_000);
        round.iter_mut().for_each(|p| {
            let reach = (p[0] - 4096.0).hypot(p[1] - 2000.0);
            *p = [4096.0 + (p[0] - 4096.0) / reach * 1500.0, 2000.0 + (p[1] - 2000.0) / reach * 1500.0];
        });
        let shape = ewkb(&in_degrees(&Shape::Polygon(vec![round.clone()])));
        let full = Cutter::new(grid(), Small::Dropped).cut(&shape, |p| p).unwrap().clone();
        let less = Cutter::new(grid(), Small::Dropped).simplified(200.0).cut(&shape, |p| p).unwrap().clone();
        assert!(
            less.rings.vertices() * 10 < full.rings.vertices(),
            "{} {}",
            less.rings.vertices(),
            full.rings.vertices()
        );
        let border = |drawn: &Drawn| drawn.rings.iter().flatten().filter(|p| p[0] == 4160).copied().collect::<Vec<_>>();
        assert_eq!(border(&less), border(&full));
        let (less, full) = (areas(&less)[0], areas(&full)[0]);
        assert!((less - full).abs() < 0.02 * full, "{less} {full}");
        let line = ewkb(&in_degrees(&Shape::Line(round)));
        let mut cutter = Cutter::new(grid(), Small::Dropped).simplified(200.0);
        assert!(cutter.cut(&line, |p| p).unwrap().lines.vertices() < 80);
    }
}
