//! Rings of a Shapefile's polygon sorted into outlines with their holes. The file gives all rings in one list: those that run
//! clockwise are outlines, the others holes, and which hole belongs to which outline is not said.

use crate::kernel::{Fault, Text};

/// A closed line of positions.
pub(super) type Ring = Vec<[f64; 2]>;

/// Comparisons that sorting one polygon may take. Real ones, with thousands of islands, stay far below; a crafted one must
/// not keep a server busy.
const MAX_WORK: u64 = 50_000_000;

/// Polygons, each its outline first.
///
/// # Errors
/// `hole_without_outline`, `too_many_rings`.
pub(super) fn polygons(rings: Vec<Ring>) -> Result<Vec<Vec<Ring>>, Fault> {
    if rings.len() == 1 {
        return Ok(vec![rings]);
    }
    let turns: Vec<f64> = rings.iter().map(|ring| twice_area(ring)).collect();
    // Where no ring runs as outlines should, the writer knew no direction, and only how rings lie in each other counts.
    let directed = turns.iter().any(|turn| *turn < 0.0);
    let boxes: Vec<[f64; 4]> = rings.iter().map(|ring| bounds(ring)).collect();
    let mut work = 0;
    let mut around = |at: usize, among: &[usize]| -> Result<Option<usize>, Fault> {
        let mut innermost: Option<usize> = None;
        for other in among.iter().copied().filter(|other| *other != at) {
            work += 1;
            if !within(&boxes[at], &boxes[other]) {
                continue;
            }
            work += rings[other].len() as u64;
            if work > MAX_WORK {
                return Err(Fault::new(
                    "/geometry",
                    "too_many_rings",
                    Text::fixed(
                        "环的数量太多，无法判定孔洞归属；请将多部件要素拆分后重新导出。",
                        "There are too many rings to tell which hole belongs where; split the feature into its parts.",
                    ),
                ));
            }
            if holds(&rings[other], &rings[at]) && innermost.is_none_or(|inner| turns[other].abs() < turns[inner].abs())
            {
                innermost = Some(other);
            }
        }
        Ok(innermost)
    };
    let all: Vec<usize> = (0..rings.len()).collect();
    let (mut outlines, mut holes) = (Vec::new(), Vec::new());
    if directed {
        (outlines, holes) = all.iter().copied().partition(|at| turns[*at] <= 0.0);
    } else {
        // How deep a ring lies says what it is: nothing around it, or an even number of rings, an outline.
        let mut parents = Vec::with_capacity(rings.len());
        for at in &all {
            parents.push(around(*at, &all)?);
        }
        for at in &all {
            let (mut depth, mut up) = (0, parents[*at]);
            while let Some(parent) = up
                && depth <= rings.len()
            {
                depth += 1;
                up = parents[parent];
            }
            if depth % 2 == 0 { outlines.push(*at) } else { holes.push(*at) }
        }
    }
    let mut belongs: Vec<(usize, usize)> = Vec::with_capacity(holes.len());
    for hole in holes {
        match around(hole, &outlines)? {
            Some(outline) => belongs.push((outline, hole)),
            None => {
                return Err(Fault::new(
                    "/geometry",
                    "hole_without_outline",
                    Text::new(
                        format!(
                            "第 {} 个环按方向是孔洞，但不在任何外环之内；请在制图软件中修复几何后重新导出。",
                            hole + 1
                        ),
                        format!(
                            "Ring {} runs as a hole does and lies in no outline; repair the geometry in the GIS and export it again.",
                            hole + 1
                        ),
                    ),
                ));
            }
        }
    }
    let mut rings: Vec<Option<Ring>> = rings.into_iter().map(Some).collect();
    let mut out: Vec<Vec<Ring>> = outlines.iter().map(|at| rings[*at].take().into_iter().collect()).collect();
    for (outline, hole) in belongs {
        if let Ok(place) = outlines.binary_search(&outline) {
            out[place].extend(rings[hole].take());
        }
    }
    Ok(out)
}

/// Twice the area, negative where the ring runs clockwise.
fn twice_area(ring: &[[f64; 2]]) -> f64 {
    let Some([x0, y0]) = ring.first().copied() else { return 0.0 };
    // Relative to the first position: eastings of eight digits would cost the last ones.
    ring.windows(2).map(|pair| (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0)).sum()
}

fn bounds(ring: &[[f64; 2]]) -> [f64; 4] {
    let none = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    ring.iter().fold(none, |[w, s, e, n], [x, y]| [w.min(*x), s.min(*y), e.max(*x), n.max(*y)])
}

fn within(inner: &[f64; 4], outer: &[f64; 4]) -> bool {
    inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3]
}

/// Whether a ring lies in another, told by its first position that is not on the other's line.
fn holds(outer: &[[f64; 2]], inner: &[[f64; 2]]) -> bool {
    /// Positions of the inner ring that may lie on the outer one before it is taken for inside.
    const TRIED: usize = 16;
    inner.iter().take(TRIED).find_map(|point| side(outer, *point)).unwrap_or(true)
}

/// Whether a point is inside of a ring; `None` on its line.
fn side(ring: &[[f64; 2]], [x, y]: [f64; 2]) -> Option<bool> {
    let mut inside = false;
    for pair in ring.windows(2) {
        let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
        let cross = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
        if cross == 0.0 && x >= ax.min(bx) && x <= ax.max(bx) && y >= ay.min(by) && y <= ay.max(by) {
            return None;
        }
        if (ay > y) != (by > y) && (cross < 0.0) == (by < ay) {
            inside = !inside;
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square, clockwise as outlines are, from its south-western corner.
    fn square(x: f64, y: f64, side: f64) -> Ring {
        vec![[x, y], [x, y + side], [x + side, y + side], [x + side, y], [x, y]]
    }

    fn turned(mut ring: Ring) -> Ring {
        ring.reverse();
        ring
    }

    fn sizes(rings: Vec<Ring>) -> Result<Vec<usize>, &'static str> {
        polygons(rings).map(|all| all.iter().map(Vec::len).collect()).map_err(|fault| fault.code)
    }

    #[test]
    fn direction_decides_and_holes_go_to_the_smallest_outline_around_them() {
        let island = square(4.0, 4.0, 2.0);
        let rings = vec![
            turned(square(4.5, 4.5, 1.0)),
            square(0.0, 0.0, 10.0),
            turned(square(3.0, 3.0, 4.0)),
            island.clone(),
            square(20.0, 0.0, 1.0),
        ];
        let found = polygons(rings).expect("sorted");
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(found[1], [island, turned(square(4.5, 4.5, 1.0))]);
    }

    #[test]
    fn without_direction_how_rings_lie_decides() {
        let counter = |x, y, side| turned(square(x, y, side));
        assert_eq!(sizes(vec![counter(0.0, 0.0, 10.0)]), Ok(vec![1]));
        assert_eq!(
            sizes(vec![counter(3.0, 3.0, 4.0), counter(0.0, 0.0, 10.0), counter(4.0, 4.0, 1.0)]),
            Ok(vec![2, 1])
        );
        assert_eq!(sizes(vec![counter(0.0, 0.0, 1.0), counter(5.0, 0.0, 1.0)]), Ok(vec![1, 1]));
    }

    #[test]
    fn a_hole_in_nothing_and_a_crafted_list_are_refused() {
        assert_eq!(sizes(vec![square(0.0, 0.0, 1.0), turned(square(5.0, 5.0, 1.0))]), Err("hole_without_outline"));
        let crafted = (0..40_000).map(|n| {
            let ring = square(-f64::from(n), -f64::from(n), 2.0 * f64::from(n) + 1.0);
            if n % 2 == 0 { ring } else { turned(ring) }
        });
        assert_eq!(sizes(crafted.collect()), Err("too_many_rings"));
    }

    #[test]
    fn a_hole_that_touches_its_outline_is_inside() {
        let touching = turned(vec![[0.0, 5.0], [5.0, 7.0], [5.0, 3.0], [0.0, 5.0]]);
        assert_eq!(sizes(vec![square(0.0, 0.0, 10.0), touching]), Ok(vec![2]));
    }
}
