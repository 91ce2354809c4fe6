//! Geometry for a map of some zoom: as well-known binary with fewer vertices, of the same kind and still valid.
//!
//! Everything is measured by areas, which no direction and no unequal axes change: what a pixel takes up in the units of the
//! geometry is all that is asked of a reference system.

use super::simplify::{Simplifier, encloses};
use crate::kernel::wkb::walk::NotFinite;
use crate::kernel::wkb::{BadWkb, Kind, Positions, Sink, walk};

/// Makes geometries coarser; the buffers are kept.
#[derive(Debug, Default)]
pub struct Coarsener {
    simplifier: Simplifier,
    out: Vec<u8>,
    polygons: Vec<Polygon>,
    /// Buffers of polygons that were written.
    spare: Vec<Polygon>,
    line: Vec<[f64; 2]>,
}

/// Rings one behind the other, the first position not repeated, and where each ends.
#[derive(Debug, Default)]
struct Rings {
    points: Vec<[f64; 2]>,
    ends: Vec<usize>,
}

#[derive(Debug, Default)]
struct Polygon {
    whole: Rings,
    coarse: Rings,
    /// Whether `coarse` is another than `whole`, and is taken.
    changed: bool,
    /// Whether `whole` is a polygon whose rings are closed and have three corners: only then is it touched.
    sound: bool,
    least: [f64; 2],
    greatest: [f64; 2],
}

impl Rings {
    fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    fn each(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.points.get(start..*end).unwrap_or_default())
    }

    /// Whether a position lies inside.
    fn enclose(&self, at: [f64; 2]) -> bool {
        self.each().filter(|ring| encloses(ring, at)).count() % 2 == 1
    }
}

impl Polygon {
    fn taken(&self) -> &Rings {
        if self.changed { &self.coarse } else { &self.whole }
    }

    fn bound(&mut self) {
        let (mut least, mut greatest) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in &self.taken().points {
            for axis in 0..2 {
                least[axis] = least[axis].min(point[axis]);
                greatest[axis] = greatest[axis].max(point[axis]);
            }
        }
        (self.least, self.greatest) = (least, greatest);
    }
}

/// Edges that are looked at to see whether a part of a geometry lies in another.
const PATIENCE: usize = 10_000_000;
/// Times that the parts of a geometry are held against each other, before all stay as they are.
const ROUNDS: usize = 4;

impl Coarsener {
    /// The geometry without the vertices whose triangle with their neighbours has less than this area, in its own units.
    ///
    /// A ring that is smaller altogether is its box; so is a polygon, whose holes are gone then. A ring never has fewer than
    /// three corners, a line never fewer than its two ends. What would not be valid any more, alone or beside the other
    /// parts of the geometry, stays as it is, and so does a geometry that was not valid before.
    ///
    /// # Errors
    /// When the bytes are no geometry or an ordinate is not finite.
    pub fn coarse(&mut self, wkb: &[u8], area: f64) -> Result<&[u8], BadWkb> {
        self.out.clear();
        self.simplifier.set(area);
        walk(wkb, &mut Taker { coarsener: self, multi: false })?;
        Ok(&self.out)
    }

    fn head(&mut self, kind: Kind, parts: Option<usize>) {
        self.out.push(1);
        self.out.extend_from_slice(&(kind as u32).to_le_bytes());
        if let Some(parts) = parts {
            self.length(parts);
        }
    }

    fn length(&mut self, n: usize) {
        self.out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// Thins the polygons that were gathered, together.
    fn thin(&mut self) {
        let Coarsener { simplifier, polygons, .. } = self;
        for polygon in polygons.iter_mut() {
            polygon.changed = polygon.sound && {
                polygon.coarse.points.clone_from(&polygon.whole.points);
                polygon.coarse.ends.clone_from(&polygon.whole.ends);
                let Rings { points, ends } = &mut polygon.coarse;
                simplifier.or_box(points, ends)
            };
        }
        if polygons.len() < 2 || polygons.iter().all(|polygon| !polygon.changed) {
            return;
        }
        for _ in 0..ROUNDS {
            if !self.part() {
                return;
            }
        }
        self.polygons.iter_mut().for_each(|polygon| polygon.changed = false);
    }

    /// Holds polygons of one geometry against each other: those that meet or lie in another become what they were, whereupon
    /// they may meet others. Whether there were any.
    fn part(&mut self) -> bool {
        let Coarsener { simplifier, polygons, .. } = self;
        polygons.iter_mut().for_each(Polygon::bound);
        let mut meeting = simplifier.meeting(polygons.iter().map(|p| (p.changed, p.taken().each())));
        let mut order: Vec<usize> = (0..polygons.len()).collect();
        order.sort_unstable_by(|p, q| polygons[*p].least[0].total_cmp(&polygons[*q].least[0]));
        let mut patience = PATIENCE;
        for (n, &p) in order.iter().enumerate() {
            let (one, rest) = (&polygons[p], order.get(n + 1..).unwrap_or_default());
            for &q in rest.iter().take_while(|q| polygons[**q].least[0] <= one.greatest[0]) {
                let other = &polygons[q];
                let apart = one.greatest[1] < other.least[1] || other.greatest[1] < one.least[1];
                if apart || !(one.changed || other.changed) {
                    continue;
                }
                let (ours, theirs) = (one.taken(), other.taken());
                let Some(left) = patience.checked_sub(ours.points.len() + theirs.points.len()) else {
                    polygons.iter_mut().for_each(|polygon| polygon.changed = false);
                    return true;
                };
                patience = left;
                // No edges meet, or they are on the list already: one corner tells where all are.
                let inside = ours.points.first().is_some_and(|at| theirs.enclose(*at))
                    || theirs.points.first().is_some_and(|at| ours.enclose(*at));
                if inside {
                    meeting.extend([p, q]);
                }
            }
        }
        let any = !meeting.is_empty();
        for n in meeting {
            polygons[n].changed = false;
        }
        any
    }

    fn write_polygons(&mut self) {
        let polygons = std::mem::take(&mut self.polygons);
        for polygon in &polygons {
            let taken = polygon.taken();
            self.head(Kind::Polygon, Some(taken.ends.len()));
            for ring in taken.each() {
                // What was not touched has every position that it had.
                let closed = if polygon.sound { ring.first() } else { None };
                self.length(ring.len() + usize::from(closed.is_some()));
                for [x, y] in ring.iter().chain(closed) {
                    self.out.extend_from_slice(&x.to_le_bytes());
                    self.out.extend_from_slice(&y.to_le_bytes());
                }
            }
        }
        self.spare.extend(polygons);
    }
}

struct Taker<'a> {
    coarsener: &'a mut Coarsener,
    /// Whether polygons are parts of one geometry.
    multi: bool,
}

impl Sink for Taker<'_> {
    fn begin(&mut self, kind: Kind, parts: u32) {
        let c = &mut *self.coarsener;
        match kind {
            Kind::Polygon => {
                let mut polygon = c.spare.pop().unwrap_or_default();
                polygon.whole.clear();
                (polygon.changed, polygon.sound) = (false, parts > 0);
                c.polygons.push(polygon);
            }
            Kind::Point => {
                c.head(kind, None);
                if parts == 0 {
                    c.out.extend_from_slice(&[f64::NAN.to_le_bytes(), f64::NAN.to_le_bytes()].concat());
                }
            }
            // A line says its length with its positions.
            Kind::LineString => c.head(kind, None),
            _ => c.head(kind, usize::try_from(parts).ok()),
        }
        self.multi |= kind == Kind::MultiPolygon;
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        let c = &mut *self.coarsener;
        let Some(polygon) = c.polygons.last_mut().filter(|_| kind == Kind::Polygon) else {
            c.line.clear();
            positions.extend(&mut c.line, |place| place);
            finite(&c.line)?;
            if kind == Kind::LineString {
                c.simplifier.line(&mut c.line, |_| false);
                c.length(c.line.len());
            }
            for [x, y] in &c.line {
                c.out.extend_from_slice(&x.to_le_bytes());
                c.out.extend_from_slice(&y.to_le_bytes());
            }
            return Ok(());
        };
        let points = &mut polygon.whole.points;
        let from = points.len();
        positions.extend(points, |place| place);
        let ring = points.get(from..).unwrap_or_default();
        finite(ring)?;
        let closed = ring.len() >= 4 && ring.first() == ring.last();
        if polygon.sound && closed {
            points.pop();
        } else if polygon.sound {
            // The rings before it have lost their last positions.
            polygon.sound = false;
            reopen(&mut polygon.whole, from);
        }
        polygon.whole.ends.push(polygon.whole.points.len());
        Ok(())
    }

    fn end(&mut self, kind: Kind) {
        let alone = kind == Kind::Polygon && !self.multi;
        if alone || kind == Kind::MultiPolygon {
            self.coarsener.thin();
            self.coarsener.write_polygons();
            self.multi = false;
        }
    }
}

/// Gives rings that lost it their last position again; behind them stands one that begins at `from`.
fn reopen(rings: &mut Rings, from: usize) {
    let last = rings.points.split_off(from);
    let closed: Vec<Vec<[f64; 2]>> =
        rings.each().map(|ring| ring.iter().chain(ring.first()).copied().collect()).collect();
    rings.clear();
    for ring in closed {
        rings.points.extend(ring);
        rings.ends.push(rings.points.len());
    }
    rings.points.extend(last);
}

fn finite(points: &[[f64; 2]]) -> Result<(), NotFinite> {
    if points.iter().flatten().all(|n| n.is_finite()) { Ok(()) } else { Err(NotFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::{Dice, Shape, dialects, ewkb, one_of_each, signed_area, star, wkb};
    use crate::kernel::wkb::to_geojson;
    use proptest::prelude::*;

    type Ring = Vec<[f64; 2]>;

    fn text(wkb: &[u8]) -> String {
        let mut out = Vec::new();
        to_geojson(wkb, 9, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn coarse(shape: &Shape, area: f64) -> serde_json::Value {
        let bytes = ewkb(shape);
        serde_json::from_str(&text(Coarsener::default().coarse(&bytes, area).unwrap())).unwrap()
    }

    fn polygons(shape: &Shape, area: f64) -> Vec<Vec<Ring>> {
        serde_json::from_value(coarse(shape, area)["coordinates"].clone()).unwrap()
    }

    fn many(parts: &[Vec<Ring>]) -> Shape {
        Shape::Multi(6, parts.iter().cloned().map(Shape::Polygon).collect())
    }

    fn square([x, y]: [f64; 2], side: f64) -> Ring {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    }

    /// Whether two edges have a place in common, by where their lines cross.
    fn meet((a, b): ([f64; 2], [f64; 2]), (c, d): ([f64; 2], [f64; 2])) -> bool {
        let (r, s, q) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]], [c[0] - a[0], c[1] - a[1]]);
        let determinant = r[0] * s[1] - r[1] * s[0];
        let (t, u) = ((q[0] * s[1] - q[1] * s[0]) / determinant, (q[0] * r[1] - q[1] * r[0]) / determinant);
        determinant != 0.0 && (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)
    }

    fn edges(ring: &Ring) -> impl Iterator<Item = ([f64; 2], [f64; 2])> + '_ {
        ring.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// Whether no ring meets itself or another, holes lie inside, and no polygon in another: every pair looked at.
    fn is_valid(parts: &[Vec<Ring>]) -> bool {
        let rings: Vec<&Ring> = parts.iter().flatten().collect();
        let alone = |ring: &Ring| {
            let all: Vec<_> = edges(ring).collect();
            let n = all.len();
            ring.len() >= 4
                && ring[0] == ring[n]
                && (0..n).all(|i| (i + 2..n).filter(|j| i > 0 || *j < n - 1).all(|j| !meet(all[i], all[j])))
        };
        let apart = |p: &Ring, q: &Ring| edges(p).all(|one| edges(q).all(|other| !meet(one, other)));
        let inside = |parts: &[Ring], at| parts.iter().filter(|ring| encloses(&ring[1..], at)).count() % 2 == 1;
        rings.iter().all(|ring| alone(ring))
            && (0..rings.len()).all(|i| (0..i).all(|j| apart(rings[i], rings[j])))
            && parts.iter().all(|part| part[1..].iter().all(|hole| inside(&part[..1], hole[0])))
            && (0..parts.len()).all(|i| (0..parts.len()).all(|j| i == j || !inside(&parts[j], parts[i][0][0])))
    }

    #[test]
    fn what_is_fine_enough_stays_as_it_is() {
        let mut coarsener = Coarsener::default();
        for shape in one_of_each().into_iter().chain([Shape::NoPoint]) {
            for dialect in dialects() {
                let bytes = wkb(&shape, dialect);
                assert_eq!(text(coarsener.coarse(&bytes, 0.0).unwrap()), text(&bytes));
            }
        }
        for bad in [f64::NAN, f64::INFINITY] {
            let line = Shape::Line(vec![[0.0, 0.0], [1.0, bad], [2.0, 2.0]]);
            assert!(coarsener.coarse(&ewkb(&line), 1.0).is_err());
        }
        assert!(coarsener.coarse(&[1, 3, 0], 1.0).is_err());
    }

    #[test]
    fn kinds_stay_and_nothing_is_lost() {
        for shape in one_of_each() {
            let before: serde_json::Value = serde_json::from_str(&text(&ewkb(&shape))).unwrap();
            let after = coarse(&shape, 1e9);
            assert_eq!(before["type"], after["type"]);
            let parts = |value: &serde_json::Value| {
                let list = if value["type"] == "GeometryCollection" { "geometries" } else { "coordinates" };
                value[list].as_array().unwrap().len()
            };
            if before["type"] == "LineString" {
                assert_eq!(parts(&after), parts(&before).min(2));
            } else if before["type"] != "Polygon" {
                assert_eq!(parts(&after), parts(&before));
            }
        }
    }

    #[test]
    fn what_is_too_small_is_its_box() {
        let speck = star(&mut Dice(7), [10.0, 20.0], [0.1, 0.2], 40);
        let with_hole = Shape::Polygon(vec![speck.clone(), star(&mut Dice(8), [10.0, 20.0], [0.01, 0.01], 9)]);
        let rings: Vec<Ring> = serde_json::from_value(coarse(&with_hole, 1.0)["coordinates"].clone()).unwrap();
        assert_eq!((rings.len(), rings[0].len()), (1, 5));
        let far = |n: usize, pick: fn(f64, f64) -> f64| speck.iter().map(|p| p[n]).reduce(pick).unwrap();
        let corner = [far(0, f64::min), far(1, f64::min)].map(|n| (n * 1e9).round() / 1e9);
        assert_eq!(rings[0][0], corner);
        assert!(signed_area(&rings[0]) > 0.0);
        // One of four corners has few enough.
        assert_eq!(
            coarse(&Shape::Polygon(vec![square([0.0, 0.0], 0.1)]), 1.0)["coordinates"][0].as_array().unwrap().len(),
            5
        );
        // A hole keeps its place, and its direction.
        let mut hole = star(&mut Dice(9), [50.0, 50.0], [0.3, 0.3], 30);
        hole.reverse();
        let rings: Vec<Ring> = serde_json::from_value(
            coarse(&Shape::Polygon(vec![square([0.0, 0.0], 100.0), hole]), 1.0)["coordinates"].clone(),
        )
        .unwrap();
        assert_eq!((rings.len(), rings[1].len()), (2, 5));
        assert!(signed_area(&rings[1]) < 0.0);
    }

    #[test]
    fn parts_that_would_meet_stay_as_they_were() {
        // Two crescents that lie in each other: their boxes would overlap.
        let bent = |turn: f64, at: [f64; 2]| -> Ring {
            let arc = (0..=20).map(|n| f64::from(n) / 20.0 * 4.0 + turn);
            let outer = arc.clone().map(|a| [at[0] + a.cos(), at[1] + a.sin()]);
            let inner = arc.rev().map(|a| [at[0] + 0.8 * a.cos(), at[1] + 0.8 * a.sin()]);
            let mut ring: Ring = outer.chain(inner).collect();
            ring.push(ring[0]);
            ring
        };
        let two = [vec![bent(0.0, [0.0, 0.0])], vec![square([-0.3, -0.3], 0.5)]];
        assert!(is_valid(&two));
        assert_eq!(polygons(&many(&two), 10.0), {
            let rounded = |n: f64| (n * 1e9).round() / 1e9;
            two.iter()
                .map(|p| p.iter().map(|r| r.iter().map(|p| p.map(rounded)).collect()).collect::<Vec<Ring>>())
                .collect::<Vec<_>>()
        });
        let apart = [vec![bent(0.0, [0.0, 0.0])], vec![bent(1.0, [9.0, 0.0])]];
        assert!(polygons(&many(&apart), 10.0).iter().all(|part| part[0].len() == 5));
        // An island in a lake, and the lake's shore so small that it would be a box about both.
        let lake = vec![vec![square([0.0, 0.0], 100.0), bent(0.0, [50.0, 50.0])], vec![square([49.9, 49.9], 0.2)]];
        assert!(is_valid(&polygons(&many(&lake), 10.0)));
    }

    #[test]
    fn what_was_no_polygon_before_is_left_alone() {
        let open = vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]];
        let flat = vec![[0.0, 0.0], [9.0, 0.0], [0.0, 0.0]];
        for rings in [
            vec![open.clone()],
            vec![square([0.0, 0.0], 9.0), open.clone(), square([1.0, 1.0], 1.0)],
            vec![square([0.0, 0.0], 9.0), flat],
            vec![square([0.0, 0.0], 9.0), Vec::new()],
        ] {
            let shape = Shape::Polygon(rings);
            assert_eq!(coarse(&shape, 1e9), serde_json::from_str::<serde_json::Value>(&text(&ewkb(&shape))).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn islands_stay_valid_together(seed: u64, side in 2..5_usize, vertices in 3..40_usize, area in 1e-4..1e4_f64) {
            // Stars in the squares of a board, so that none meets another; every second one with a hole.
            let mut dice = Dice(seed);
            let parts: Vec<Vec<Ring>> = (0..side * side)
                .map(|n| {
                    let middle = [(n % side) as f64 * 20.0, (n / side) as f64 * 20.0];
                    let reach = 9.9 * 10_f64.powf(-2.0 * dice.roll());
                    let shore = star(&mut dice, middle, [reach, reach], vertices);
                    let lake = star(&mut dice, middle, [reach * 0.02, reach * 0.02], vertices);
                    if n % 2 == 0 { vec![shore, lake] } else { vec![shore] }
                })
                .collect();
            prop_assume!(is_valid(&parts));
            let left = polygons(&many(&parts), area);
            prop_assert_eq!(left.len(), parts.len());
            prop_assert!(is_valid(&left), "{:?}", left);
            let count = |parts: &[Vec<Ring>]| parts.iter().flatten().map(Vec::len).sum::<usize>();
            prop_assert!(count(&left) <= count(&parts));
        }
    }
}
