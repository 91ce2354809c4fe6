//! Fewer vertices: those go first whose triangle with their neighbours is smallest (Visvalingam and Whyatt's way), which
//! keeps the look of fields and coasts, and takes a time that no shape can drive up.
//!
//! A ring that would have fewer than three vertices left, no area, or another direction stays as it is. A polygon of which
//! any edge would then meet any other, of the same ring or of another, save neighbours at the vertex that they share, or of
//! which a hole would lie outside or in another, stays as it is altogether: so does one that met itself before.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Simplifies lines and polygons; the buffers are kept.
#[derive(Debug, Default)]
pub struct Simplifier {
    /// Twice the area of the triangle from which on a vertex matters.
    least: f64,
    heap: BinaryHeap<Candidate>,
    links: Vec<Link>,
    kept: Vec<[f64; 2]>,
    ends: Vec<usize>,
    edges: Vec<Edge>,
}

/// A vertex among those that are left.
#[derive(Debug, Clone, Copy)]
struct Link {
    before: usize,
    after: usize,
    /// What it matters: a candidate with another number is out of date. Infinite for what stays in any case.
    weight: f64,
    gone: bool,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    weight: f64,
    vertex: usize,
}

impl Ord for Candidate {
    /// The heap's greatest is the vertex that matters least; of equals the first.
    fn cmp(&self, other: &Candidate) -> Ordering {
        other.weight.total_cmp(&self.weight).then(other.vertex.cmp(&self.vertex))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Candidate) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl Simplifier {
    /// Vertices whose triangle with their neighbours has an area of at least `area` stay.
    pub fn new(area: f64) -> Simplifier {
        Simplifier { least: area * 2.0, ..Simplifier::default() }
    }

    /// From now on vertices stay whose triangle has at least this area.
    pub fn set(&mut self, area: f64) {
        self.least = area * 2.0;
    }

    /// Simplifies a line in place. Its ends stay, and so do the vertices that `stays` says.
    pub fn line(&mut self, points: &mut Vec<[f64; 2]>, stays: impl Fn([f64; 2]) -> bool) {
        self.kept.clear();
        self.thin(points, false, stays);
        std::mem::swap(points, &mut self.kept);
    }

    /// Simplifies a polygon in place: its rings one behind the other, the first position not repeated, and where each ends.
    /// Vertices that `stays` says stay, and edges between two such vertices are not asked whether they meet others.
    pub fn polygon(
        &mut self,
        points: &mut Vec<[f64; 2]>,
        ends: &mut Vec<usize>,
        stays: impl Fn([f64; 2]) -> bool + Copy,
    ) {
        self.rings(points, ends, false, stays);
        if self.kept.len() < points.len() && !self.meets(stays) && self.holes_are_inside() {
            std::mem::swap(points, &mut self.kept);
            std::mem::swap(ends, &mut self.ends);
        }
    }

    /// As [`Simplifier::polygon`] with no vertex that stays in any case; a ring whose box has less than the area becomes that
    /// box, and so does a polygon, without its holes. Whether it is another polygon now.
    pub fn or_box(&mut self, points: &mut Vec<[f64; 2]>, ends: &mut Vec<usize>) -> bool {
        let nothing = |_| false;
        let exterior = points.get(..ends.first().copied().unwrap_or(0)).unwrap_or_default();
        let mut sound = false;
        if let Some(corners) = self.box_of(exterior) {
            self.kept.clear();
            self.kept.extend(corners);
            self.ends.clear();
            self.ends.push(self.kept.len());
            sound = self.kept.len() < points.len();
        } else {
            for boxes in [true, false] {
                let boxed = self.rings(points, ends, boxes, nothing);
                sound = self.kept.len() < points.len() && !self.meets(nothing) && self.holes_are_inside();
                if sound || !boxed {
                    break;
                }
            }
        }
        if sound {
            std::mem::swap(points, &mut self.kept);
            std::mem::swap(ends, &mut self.ends);
        }
        sound
    }

    /// Gathers in `kept` what is left of every ring, and whether a box stands for one of them, where boxes may.
    fn rings(
        &mut self,
        points: &[[f64; 2]],
        ends: &[usize],
        boxes: bool,
        stays: impl Fn([f64; 2]) -> bool + Copy,
    ) -> bool {
        self.kept.clear();
        self.ends.clear();
        let (mut start, mut boxed) = (0, false);
        for &end in ends {
            let ring = points.get(start..end).unwrap_or_default();
            let from = self.kept.len();
            if let Some(corners) = self.box_of(ring).filter(|_| boxes) {
                self.kept.extend(corners);
                boxed = true;
            } else {
                self.thin(ring, true, stays);
                let thinned = self.kept.get(from..).unwrap_or_default();
                let (before, after) = (area(ring), area(thinned));
                if thinned.len() < 3 || after == 0.0 || (before > 0.0) != (after > 0.0) {
                    self.kept.truncate(from);
                    self.kept.extend_from_slice(ring);
                }
            }
            self.ends.push(self.kept.len());
            start = end;
        }
        boxed
    }

    /// The corners of a ring's box in the ring's direction, where the box has some area, but less than matters.
    fn box_of(&self, ring: &[[f64; 2]]) -> Option<[[f64; 2]; 4]> {
        let (mut least, mut greatest) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in ring {
            for axis in 0..2 {
                least[axis] = least[axis].min(point[axis]);
                greatest[axis] = greatest[axis].max(point[axis]);
            }
        }
        let size = 2.0 * (greatest[0] - least[0]) * (greatest[1] - least[1]);
        let mut corners = [least, [greatest[0], least[1]], greatest, [least[0], greatest[1]]];
        if area(ring) < 0.0 {
            corners.reverse();
        }
        (ring.len() > 3 && size > 0.0 && size < self.least).then_some(corners)
    }

    /// The polygons of which an edge meets an edge of another, where either says that it may. They are said one by one with
    /// their rings.
    pub fn meeting<'a, R: Iterator<Item = &'a [[f64; 2]]>>(
        &mut self,
        polygons: impl Iterator<Item = (bool, R)>,
    ) -> Vec<usize> {
        self.edges.clear();
        let mut asked = Vec::new();
        for (n, (asks, rings)) in polygons.enumerate() {
            asked.push(asks);
            for ring in rings {
                let after = ring.iter().skip(1).chain(ring.first());
                let edges = ring.iter().zip(after).enumerate();
                self.edges.extend(edges.map(|(at, (a, b))| Edge {
                    a: *a,
                    b: *b,
                    ring: n,
                    at,
                    last: false,
                    first: false,
                }));
            }
        }
        let mut meeting = vec![false; asked.len()];
        let tired = sweep(&mut self.edges, |p, q| {
            if p.ring != q.ring
                && (asked[p.ring] || asked[q.ring])
                && !(meeting[p.ring] && meeting[q.ring])
                && p.meets(q)
            {
                (meeting[p.ring], meeting[q.ring]) = (true, true);
            }
            false
        });
        (0..asked.len()).filter(|n| if tired { asked[*n] } else { meeting[*n] }).collect()
    }

    /// Appends what is left of a ring or line to `kept`.
    fn thin(&mut self, points: &[[f64; 2]], closed: bool, stays: impl Fn([f64; 2]) -> bool) {
        let n = points.len();
        let Simplifier { least, heap, links, kept, .. } = self;
        heap.clear();
        links.clear();
        links.extend(points.iter().enumerate().map(|(at, point)| {
            let end = !closed && (at == 0 || at + 1 == n);
            let (before, after) = (if at == 0 { n - 1 } else { at - 1 }, if at + 1 == n { 0 } else { at + 1 });
            let weight =
                if end || stays(*point) { f64::INFINITY } else { triangle(points[before], *point, points[after]) };
            Link { before, after, weight, gone: false }
        }));
        heap.extend(
            links
                .iter()
                .enumerate()
                .filter(|(_, link)| link.weight < *least)
                .map(|(vertex, link)| Candidate { weight: link.weight, vertex }),
        );
        // Of a line that comes back to where it began the ends are no line.
        let fewest = if closed || points.first() == points.last() { 3 } else { 2 };
        let mut left = n;
        while let Some(Candidate { weight, vertex }) = heap.pop() {
            let link = links[vertex];
            if link.gone || link.weight != weight {
                continue;
            }
            if left <= fewest {
                break;
            }
            left -= 1;
            links[vertex].gone = true;
            links[link.before].after = link.after;
            links[link.after].before = link.before;
            for vertex in [link.before, link.after] {
                let link = &mut links[vertex];
                if link.weight == f64::INFINITY {
                    continue;
                }
                // What matters less only because a neighbour went matters as much as that neighbour did.
                let now = triangle(points[link.before], points[vertex], points[link.after]).max(weight);
                if now != link.weight {
                    link.weight = now;
                    if now < *least {
                        heap.push(Candidate { weight: now, vertex });
                    }
                }
            }
        }
        kept.extend(points.iter().zip(links.iter()).filter(|(_, link)| !link.gone).map(|(point, _)| *point));
    }

    /// Whether each hole of what is in `kept` lies in the exterior and in no other hole. As no edges meet, one vertex of a
    /// ring tells.
    fn holes_are_inside(&self) -> bool {
        let mut start = self.ends.first().copied().unwrap_or(0);
        let holes = self.ends.len().saturating_sub(1);
        // So many holes are no less to look at for having fewer vertices.
        if holes.saturating_mul(self.kept.len()) > PATIENCE {
            return false;
        }
        self.ends.iter().skip(1).all(|&end| {
            let hole = start..end;
            start = end;
            let Some(vertex) = self.kept.get(hole.start) else { return true };
            // Edges of the other rings to the right of the vertex: of the exterior an odd number, of other holes an even.
            let mut odd = false;
            let mut from = 0;
            for &to in &self.ends {
                let ring = self.kept.get(from..to).unwrap_or_default();
                if from != hole.start {
                    odd ^= encloses(ring, *vertex);
                }
                from = to;
            }
            odd
        })
    }

    /// Whether an edge of the rings in `kept` meets one that it should not.
    fn meets(&mut self, stays: impl Fn([f64; 2]) -> bool) -> bool {
        let Simplifier { kept, ends, edges, .. } = self;
        edges.clear();
        let mut start = 0;
        for (ring, &end) in ends.iter().enumerate() {
            for at in start..end {
                let (a, b) = (kept[at], kept[if at + 1 == end { start } else { at + 1 }]);
                if !(stays(a) && stays(b)) {
                    edges.push(Edge { a, b, ring, at, last: at + 1 == end, first: at == start });
                }
            }
            start = end;
        }
        sweep(edges, Edge::meets)
    }
}

/// Holds each edge against those that it may meet, until it is said that this is enough or the edges lie on top of each other
/// so often that asking on would make nothing better. Whether it ended so. Edges are sorted by where they begin on the axis
/// on which they lie less on top of each other, and each is held against those that begin before it ends.
fn sweep(edges: &mut [Edge], mut enough: impl FnMut(&Edge, &Edge) -> bool) -> bool {
    let spread = |axis: usize| -> f64 {
        let length: f64 = edges.iter().map(|edge| edge.high(axis) - edge.low(axis)).sum();
        let low = edges.iter().map(|edge| edge.low(axis)).fold(f64::INFINITY, f64::min);
        let high = edges.iter().map(|edge| edge.high(axis)).fold(f64::NEG_INFINITY, f64::max);
        length / (high - low).max(f64::MIN_POSITIVE)
    };
    let axis = usize::from(spread(1) < spread(0));
    edges.sort_unstable_by(|p, q| p.low(axis).total_cmp(&q.low(axis)).then(p.at.cmp(&q.at)));
    let mut patience = 4096 + 64 * edges.len();
    for (n, edge) in edges.iter().enumerate() {
        let rest = edges.get(n + 1..).unwrap_or_default();
        for other in rest.iter().take_while(|other| other.low(axis) <= edge.high(axis)) {
            if enough(edge, other) || patience == 0 {
                return true;
            }
            patience -= 1;
        }
    }
    false
}

/// Edges that are looked at to see where the holes of a polygon lie.
const PATIENCE: usize = 10_000_000;

/// Whether a position lies in a ring.
pub(super) fn encloses(ring: &[[f64; 2]], at: [f64; 2]) -> bool {
    let Some(mut before) = ring.last().copied() else { return false };
    let mut inside = false;
    for &point in ring {
        if (before[1] > at[1]) != (point[1] > at[1]) {
            let (low, high) = if before[1] < point[1] { (before, point) } else { (point, before) };
            // The edge, upward, passes to the right of it.
            inside ^= side(low, high, at) > 0.0;
        }
        before = point;
    }
    inside
}

/// An edge of a ring.
#[derive(Debug, Clone, Copy)]
struct Edge {
    a: [f64; 2],
    b: [f64; 2],
    ring: usize,
    at: usize,
    first: bool,
    last: bool,
}

impl Edge {
    fn low(&self, axis: usize) -> f64 {
        self.a[axis].min(self.b[axis])
    }

    fn high(&self, axis: usize) -> f64 {
        self.a[axis].max(self.b[axis])
    }

    /// Whether it meets another where rings should not.
    fn meets(&self, other: &Edge) -> bool {
        for axis in 0..2 {
            if self.low(axis) > other.high(axis) || other.low(axis) > self.high(axis) {
                return false;
            }
        }
        if self.ring == other.ring {
            // Neighbours share a vertex; more than that they share when one runs back on the other.
            if self.b == other.a && (self.at + 1 == other.at || self.last && other.first) {
                return runs_back(self.a, self.b, other.b);
            }
            if other.b == self.a && (other.at + 1 == self.at || other.last && self.first) {
                return runs_back(other.a, other.b, self.b);
            }
        }
        let (c, d) = (side(self.a, self.b, other.a), side(self.a, self.b, other.b));
        let (e, f) = (side(other.a, other.b, self.a), side(other.a, other.b, self.b));
        // All on one line: their boxes meet, and so do they.
        c * d <= 0.0 && e * f <= 0.0
    }
}

fn runs_back(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> bool {
    side(a, b, c) == 0.0 && (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0.0
}

/// On which side of a line through two points a third lies: -1, 0, 1.
fn side(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    let cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if cross == 0.0 { 0.0 } else { cross.signum() }
}

/// Twice the area of a triangle.
fn triangle(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs()
}

/// Twice the area of a ring, with its direction's sign.
fn area(ring: &[[f64; 2]]) -> f64 {
    let Some(mut before) = ring.last().copied() else { return 0.0 };
    let mut area = 0.0;
    for &point in ring {
        area += before[0] * point[1] - point[0] * before[1];
        before = point;
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::{Dice, signed_area, star};
    use proptest::prelude::*;

    fn nothing(_: [f64; 2]) -> bool {
        false
    }

    /// Simplifies a polygon; its rings.
    fn simplified(area: f64, rings: &[Vec<[f64; 2]>]) -> Vec<Vec<[f64; 2]>> {
        let mut points = rings.concat();
        let mut ends: Vec<usize> = rings
            .iter()
            .scan(0, |end, ring| {
                *end += ring.len();
                Some(*end)
            })
            .collect();
        Simplifier::new(area).polygon(&mut points, &mut ends, nothing);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, end)| points[start..*end].to_vec()).collect()
    }

    /// Whether no two edges of a ring meet, every pair looked at, by another formula: where two lines cross.
    fn is_simple(ring: &[[f64; 2]]) -> bool {
        let n = ring.len();
        let edge = |i: usize| (ring[i], ring[(i + 1) % n]);
        (0..n).all(|i| {
            (i + 2..n).filter(|j| !(i == 0 && *j == n - 1)).all(|j| {
                let ((a, b), (c, d)) = (edge(i), edge(j));
                let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
                let determinant = r[0] * s[1] - r[1] * s[0];
                let q = [c[0] - a[0], c[1] - a[1]];
                let (t, u) = ((q[0] * s[1] - q[1] * s[0]) / determinant, (q[0] * r[1] - q[1] * r[0]) / determinant);
                determinant == 0.0 || !((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u))
            })
        })
    }

    #[test]
    fn small_corners_go_and_large_ones_stay() {
        let ring = vec![[0.0, 0.0], [50.0, 1.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]];
        assert_eq!(
            simplified(60.0, std::slice::from_ref(&ring)),
            [vec![[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]]]
        );
        assert_eq!(simplified(40.0, std::slice::from_ref(&ring)), [ring]);
        let mut line = vec![[0.0, 0.0], [5.0, 1.0], [10.0, 0.0], [20.0, 50.0]];
        Simplifier::new(6.0).line(&mut line, nothing);
        assert_eq!(line, [[0.0, 0.0], [10.0, 0.0], [20.0, 50.0]]);
        let mut kept = vec![[0.0, 0.0], [5.0, 1.0], [10.0, 0.0]];
        Simplifier::new(1e9).line(&mut kept, |p| p[0] == 5.0);
        assert_eq!(kept.len(), 3, "what is to stay stays");
        let mut two = vec![[0.0, 0.0], [5.0, 1.0]];
        Simplifier::new(1e9).line(&mut two, nothing);
        assert_eq!(two.len(), 2);
        let mut none: Vec<[f64; 2]> = Vec::new();
        Simplifier::new(1e9).line(&mut none, nothing);
        assert!(none.is_empty() && simplified(1.0, &[]).is_empty());
    }

    #[test]
    fn a_ring_never_collapses() {
        let small = vec![[0.0, 0.0], [3.0, 0.0], [3.0, 3.0], [0.0, 3.0]];
        for area in [5.0, 1e9] {
            let left = simplified(area, std::slice::from_ref(&small));
            assert!(left[0].len() >= 3 && signed_area(&left[0]) > 0.0, "{left:?}");
        }
    }

    #[test]
    fn a_ring_that_would_cross_itself_or_another_stays_as_it_is() {
        // A needle from below ends within a shallow notch of the upper side; without the notch it would pierce that side.
        let pierced = vec![
            [0.0, 0.0],
            [49.0, 0.0],
            [50.0, 104.0],
            [51.0, 0.0],
            [100.0, 0.0],
            [100.0, 100.0],
            [50.0, 110.0],
            [0.0, 100.0],
        ];
        assert!(is_simple(&pierced));
        let left = simplified(501.0, std::slice::from_ref(&pierced));
        assert!(is_simple(&left[0]), "{left:?}");
        // A hole within the same notch.
        let outer = vec![[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [50.0, 110.0], [0.0, 100.0]];
        let hole = vec![[49.0, 105.0], [50.0, 107.0], [51.0, 105.0]];
        assert_eq!(simplified(501.0, &[outer.clone(), hole.clone()]), [outer.clone(), hole]);
        assert_eq!(simplified(501.0, &[outer])[0].len(), 4, "without the hole the notch goes");
        // What meets itself before stays, too.
        let eight = vec![[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [5.0, 0.5], [0.0, 10.0]];
        assert_eq!(simplified(3.0, std::slice::from_ref(&eight)), [eight]);
    }

    #[test]
    fn edges_meet_where_they_should_not() {
        let edge = |a, b, at: usize, ring| Edge { a, b, ring, at, first: at == 0, last: false };
        let base = edge([0.0, 0.0], [10.0, 0.0], 0, 0);
        for (other, meets) in [
            (edge([10.0, 0.0], [10.0, 5.0], 1, 0), false),
            (edge([10.0, 0.0], [5.0, 0.0], 1, 0), true),
            (edge([10.0, 0.0], [20.0, 0.0], 1, 0), false),
            (edge([10.0, 0.0], [10.0, 5.0], 2, 0), true),
            (edge([5.0, -5.0], [5.0, 5.0], 3, 0), true),
            (edge([5.0, 1.0], [5.0, 5.0], 3, 0), false),
            (edge([5.0, 0.0], [5.0, 5.0], 0, 1), true),
            (edge([3.0, 0.0], [4.0, 0.0], 0, 1), true),
            (edge([11.0, 0.0], [14.0, 0.0], 0, 1), false),
            (edge([10.0, 0.0], [10.0, 5.0], 1, 1), true),
        ] {
            assert_eq!(base.meets(&other), meets, "{other:?}");
            assert_eq!(other.meets(&base), meets, "{other:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_vertices_are_no_trouble() {
        // A saw, every tooth as large: the worst order for ways that split.
        let mut saw: Vec<[f64; 2]> = (0..100_000).map(|n| [f64::from(n), f64::from(n % 2)]).collect();
        saw.extend([[100_000.0, 5000.0], [0.0, 5000.0]]);
        let left = simplified(10.0, std::slice::from_ref(&saw));
        assert!(left[0].len() < saw.len() / 4 && signed_area(&left[0]) > 0.0, "{}", left[0].len());
        let mut round = star(&mut Dice(3), [0.0, 0.0], [2000.0, 2000.0], 100_000);
        round.pop();
        let area = signed_area(&round);
        let left = simplified(50.0, &[round]);
        assert!((signed_area(&left[0]) - area).abs() < area);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn rings_stay_rings(seed: u64, n in 3..80_usize, area in 0.1..200_000.0_f64) {
            let mut ring: Vec<[f64; 2]> = star(&mut Dice(seed), [2000.0, 2000.0], [2000.0, 1500.0], n);
            ring.iter_mut().flatten().for_each(|v| *v = v.round());
            ring.pop();
            ring.dedup();
            prop_assume!(ring.len() >= 3 && is_simple(&ring) && signed_area(&ring) > 0.0);
            let left = simplified(area, std::slice::from_ref(&ring)).remove(0);
            prop_assert!(left.len() >= 3 && left.len() <= ring.len());
            prop_assert!(is_simple(&left));
            prop_assert!(signed_area(&left) > 0.0);
            prop_assert!(left.iter().all(|p| ring.contains(p)));
            // Each vertex that went took at most its triangle with it.
            let gone = (ring.len() - left.len()) as f64;
            prop_assert!((signed_area(&left) - signed_area(&ring)).abs() <= gone * area + 1e-6);
        }
    }
}
