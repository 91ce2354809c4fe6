//! Which points of a unit lie side by side.
//!
//! Two points are contiguous where no third one lies between them: within the circle over the line that joins them (the
//! Gabriel graph). This is the registry's reading of "contiguous" (连续), flagged as unconfirmed like the numbers.

/// A third point is between two others when it lies within their circle by more than this share of the circle's power, so
/// that the corners of a square grid, which lie on it, never are.
const CLEARLY: f64 = 1e-3;

/// Groups of contiguous points among `chosen` (indices of `places`), each sorted, largest-first order not implied. A point
/// whose place is not known may lie beside any other, and is taken to.
pub fn groups(places: &[Option<[f64; 2]>], chosen: &[usize]) -> Vec<Vec<usize>> {
    let mut of: Vec<usize> = (0..chosen.len()).collect();
    for a in 0..chosen.len() {
        for b in a + 1..chosen.len() {
            let (root_a, root_b) = (root(&of, a), root(&of, b));
            if root_a != root_b && contiguous(places, chosen[a], chosen[b]) {
                of[root_a.max(root_b)] = root_a.min(root_b);
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); chosen.len()];
    for (n, point) in chosen.iter().enumerate() {
        groups[root(&of, n)].push(*point);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn root(of: &[usize], mut n: usize) -> usize {
    while of[n] != n {
        n = of[n];
    }
    n
}

fn contiguous(places: &[Option<[f64; 2]>], a: usize, b: usize) -> bool {
    let (Some(p), Some(q)) = (places[a], places[b]) else { return true };
    // Degrees of longitude are shortened by the latitude half-way, so that the circle is one on the ground.
    let shorten = f64::midpoint(p[1], q[1]).to_radians().cos();
    let power = ((p[0] - q[0]) * shorten).powi(2) + (p[1] - q[1]).powi(2);
    let between = |c: [f64; 2]| {
        let dot = (p[0] - c[0]) * (q[0] - c[0]) * shorten.powi(2) + (p[1] - c[1]) * (q[1] - c[1]);
        dot < -CLEARLY * power
    };
    !places.iter().flatten().any(|c| between(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places by metres east and north of 114.7° E 23.7° N.
    fn grid(places: &[(f64, f64)]) -> Vec<Option<[f64; 2]>> {
        let lat = |y: f64| 23.7 + y / 111_000.0;
        places.iter().map(|(x, y)| Some([114.7 + x / 111_000.0 / lat(*y).to_radians().cos(), lat(*y)])).collect()
    }

    #[test]
    fn a_point_between_keeps_two_apart() {
        let row = grid(&[(0.0, 0.0), (500.0, 0.0), (1000.0, 0.0)]);
        assert_eq!(groups(&row, &[0, 2]), [vec![0], vec![2]]);
        assert_eq!(groups(&row, &[0, 1]), [vec![0, 1]]);
        // Off the line, within the circle, and outside it.
        assert_eq!(groups(&grid(&[(0.0, 0.0), (500.0, 490.0), (1000.0, 0.0)]), &[0, 2]).len(), 2);
        assert_eq!(groups(&grid(&[(0.0, 0.0), (500.0, 510.0), (1000.0, 0.0)]), &[0, 2]).len(), 1);
    }

    #[test]
    fn corners_of_a_square_are_contiguous_across() {
        let square = grid(&[(0.0, 0.0), (1000.0, 0.0), (0.0, 1000.0), (1000.0, 1000.0)]);
        assert_eq!(groups(&square, &[0, 3]), [vec![0, 3]]);
        assert_eq!(groups(&square, &[1, 2]), [vec![1, 2]]);
    }

    #[test]
    fn a_point_of_unknown_place_lies_beside_every_other() {
        let mut row = grid(&[(0.0, 0.0), (500.0, 0.0), (1000.0, 0.0)]);
        row.push(None);
        assert_eq!(groups(&row, &[0, 2, 3]), [vec![0, 2, 3]]);
        assert_eq!(groups(&row, &[3]), [vec![3]]);
    }

    #[test]
    fn points_of_one_place_are_contiguous() {
        let row = grid(&[(0.0, 0.0), (0.0, 0.0), (1.0, 0.0)]);
        assert_eq!(groups(&row, &[0, 1]), [vec![0, 1]]);
    }
}
