//! What of a ring or a line lies in an upright window (Sutherland and Hodgman's way for rings, side by side).

/// An upright rectangle: everything from `low` to `high` on both axes, edges included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Least ordinate of both axes.
    pub low: f64,
    /// Greatest ordinate of both axes.
    pub high: f64,
}

impl Window {
    /// Whether a position lies in it.
    #[inline(always)]
    pub fn holds(&self, [x, y]: [f64; 2]) -> bool {
        x >= self.low && x <= self.high && y >= self.low && y <= self.high
    }
}

/// Cuts a ring, first position not repeated at the end, down to the window. `spare` is a buffer.
///
/// The area enclosed is that of the intersection. Where a ring leaves the window and comes back, its parts stay one ring
/// that runs along the window's edge between them, to and fro.
pub fn ring(points: &mut Vec<[f64; 2]>, spare: &mut Vec<[f64; 2]>, window: Window) {
    half::<0, false>(points, spare, window.low);
    half::<0, true>(spare, points, window.high);
    half::<1, false>(points, spare, window.low);
    half::<1, true>(spare, points, window.high);
}

/// Keeps of a ring what lies on one side of a limit on one axis.
fn half<const AXIS: usize, const BELOW: bool>(from: &[[f64; 2]], to: &mut Vec<[f64; 2]>, limit: f64) {
    to.clear();
    let inside = |p: [f64; 2]| if BELOW { p[AXIS] <= limit } else { p[AXIS] >= limit };
    let Some(mut before) = from.last().copied() else { return };
    let mut was = inside(before);
    for &point in from {
        let is = inside(point);
        if is != was {
            to.push(crossing::<AXIS>(before, point, limit));
        }
        if is {
            to.push(point);
        }
        (before, was) = (point, is);
    }
}

/// Where a segment meets a limit between its ends. The same for both directions of the segment, so that neighbours that
/// share an edge are cut at the same place.
fn crossing<const AXIS: usize>(p: [f64; 2], q: [f64; 2], limit: f64) -> [f64; 2] {
    let (a, b) = if p[AXIS] < q[AXIS] { (p, q) } else { (q, p) };
    let other = 1 - AXIS;
    let t = (limit - a[AXIS]) / (b[AXIS] - a[AXIS]);
    let along = a[other] + (b[other] - a[other]) * t;
    // Rounding must not lead beyond the ends.
    let along = along.max(a[other].min(b[other])).min(a[other].max(b[other]));
    if AXIS == 0 { [limit, along] } else { [along, limit] }
}

/// Gives `part` each run of positions of a line that lies in the window. `spare` is a buffer.
pub fn line(points: &[[f64; 2]], spare: &mut Vec<[f64; 2]>, window: Window, mut part: impl FnMut(&[[f64; 2]])) {
    spare.clear();
    for pair in points.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let Some((from, to)) = segment(a, b, window) else { continue };
        if spare.last() != Some(&from) {
            if spare.len() > 1 {
                part(spare);
            }
            spare.clear();
            spare.push(from);
        }
        spare.push(to);
    }
    if spare.len() > 1 {
        part(spare);
    }
    spare.clear();
}

/// The part of a segment in the window.
fn segment(mut a: [f64; 2], mut b: [f64; 2], window: Window) -> Option<([f64; 2], [f64; 2])> {
    if !(half_segment::<0, false>(&mut a, &mut b, window.low)
        && half_segment::<0, true>(&mut a, &mut b, window.high)
        && half_segment::<1, false>(&mut a, &mut b, window.low)
        && half_segment::<1, true>(&mut a, &mut b, window.high))
    {
        return None;
    }
    Some((a, b))
}

fn half_segment<const AXIS: usize, const BELOW: bool>(a: &mut [f64; 2], b: &mut [f64; 2], limit: f64) -> bool {
    let inside = |p: [f64; 2]| if BELOW { p[AXIS] <= limit } else { p[AXIS] >= limit };
    match (inside(*a), inside(*b)) {
        (true, true) => {}
        (true, false) => *b = crossing::<AXIS>(*a, *b, limit),
        (false, true) => *a = crossing::<AXIS>(*a, *b, limit),
        (false, false) => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::{any_star, area_within, signed_area};
    use proptest::prelude::*;

    const WINDOW: Window = Window { low: -64.0, high: 4160.0 };

    fn cut(mut ring_points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
        ring(&mut ring_points, &mut Vec::new(), WINDOW);
        ring_points
    }

    fn open(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
        ring.pop();
        ring
    }

    fn parts(points: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
        let mut out = Vec::new();
        line(points, &mut Vec::new(), WINDOW, |part| out.push(part.to_vec()));
        out
    }

    fn length(points: &[[f64; 2]]) -> f64 {
        points.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum()
    }

    #[test]
    fn rings_are_cut_to_the_window() {
        let square = |low: f64, high: f64| vec![[low, low], [high, low], [high, high], [low, high]];
        let same = |a: &[[f64; 2]], b: &[[f64; 2]]| a.len() == b.len() && a.iter().all(|p| b.contains(p));
        assert_eq!(cut(square(0.0, 10.0)), square(0.0, 10.0));
        assert!(same(&cut(square(-1e9, 1e9)), &square(-64.0, 4160.0)));
        assert!(same(&cut(square(4000.0, 5000.0)), &square(4000.0, 4160.0)));
        assert!(cut(square(5000.0, 6000.0)).is_empty());
        assert!(cut(Vec::new()).is_empty());
        // A comb whose back is outside: one ring, and the area of its teeth.
        let comb: Vec<[f64; 2]> = vec![
            [-500.0, 0.0],
            [100.0, 0.0],
            [100.0, 100.0],
            [-400.0, 100.0],
            [-400.0, 200.0],
            [100.0, 200.0],
            [100.0, 300.0],
            [-500.0, 300.0],
        ];
        assert_eq!(signed_area(&cut(comb)), 2.0 * 164.0 * 100.0);
    }

    #[test]
    fn neighbours_are_cut_at_the_same_place() {
        let (a, b) = ([-1234.0, 77.0], [999.0, 3456.0]);
        assert_eq!(crossing::<0>(a, b, -64.0), crossing::<0>(b, a, -64.0));
        assert_eq!(crossing::<1>(a, b, 1000.0), crossing::<1>(b, a, 1000.0));
        // Far ends do not carry the place beyond the segment.
        assert_eq!(crossing::<0>([-1e11, 5.0], [1e11, 5.0], 4160.0), [4160.0, 5.0]);
    }

    #[test]
    fn lines_are_cut_to_the_window() {
        assert_eq!(parts(&[[0.0, 0.0], [10.0, 10.0]]), [[[0.0, 0.0], [10.0, 10.0]]]);
        assert_eq!(
            parts(&[[-164.0, 0.0], [36.0, 200.0], [36.0, 300.0]]),
            [[[-64.0, 100.0], [36.0, 200.0], [36.0, 300.0]]]
        );
        // Out and in again: two parts. Past a corner: none.
        let through = parts(&[[0.0, 100.0], [5000.0, 100.0], [5000.0, 200.0], [0.0, 200.0]]);
        assert_eq!(through, [[[0.0, 100.0], [4160.0, 100.0]], [[4160.0, 200.0], [0.0, 200.0]]]);
        assert!(parts(&[[-300.0, 0.0], [0.0, -300.0]]).is_empty());
        assert!(parts(&[[0.0, 0.0]]).is_empty());
        assert_eq!(parts(&[[-1000.0, 5.0], [9000.0, 5.0]]), [[[-64.0, 5.0], [4160.0, 5.0]]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn a_cut_ring_has_the_area_of_the_intersection(star in any_star()) {
            let expected = area_within(std::slice::from_ref(&star), WINDOW.low, WINDOW.high);
            let ring = open(star);
            let cut = cut(ring.clone());
            prop_assert!(cut.iter().all(|p| WINDOW.holds(*p)));
            let area = signed_area(&cut);
            prop_assert!((area - expected).abs() < 1e-6 * (1.0 + expected), "{} {}", area, expected);
            // The other way round.
            let back = self::cut(ring.into_iter().rev().collect());
            prop_assert!((signed_area(&back) + area).abs() < 1e-6 * (1.0 + expected));
        }

        #[test]
        fn parts_of_a_line_are_what_lies_in_the_window(star in any_star()) {
            let cut = parts(&star);
            let mut sum = 0.0;
            for part in &cut {
                prop_assert!(part.len() > 1 && part.iter().all(|p| WINDOW.holds(*p)));
                sum += length(part);
            }
            // Measured in small steps instead.
            let steps = 500;
            let mut inside = 0.0;
            for p in star.windows(2) {
                let step = (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1]) / f64::from(steps);
                for n in 0..steps {
                    let t = (f64::from(n) + 0.5) / f64::from(steps);
                    let at = [p[0][0] + (p[1][0] - p[0][0]) * t, p[0][1] + (p[1][1] - p[0][1]) * t];
                    inside += if WINDOW.holds(at) { step } else { 0.0 };
                }
            }
            prop_assert!((sum - inside).abs() <= 4e-3 * length(&star), "{} {}", sum, inside);
        }
    }
}
