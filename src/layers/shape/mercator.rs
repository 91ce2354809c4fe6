//! From latitude to rows of a Mercator tile. The logarithm of a tangent costs some twenty times an addition; over the height
//! of a few tiles it is as good as a polynomial, whose error is looked at before it is trusted.

use std::f64::consts::PI;

/// Beyond this latitude nothing is drawn; Mercator's poles are infinitely far. Twice as far as web maps go, so that what
/// crosses their edge still leaves them where it did.
const FARTHEST: f64 = 89.9;
/// Coefficients of the polynomial.
const TERMS: usize = 8;
/// The error of the polynomial that is taken for none, in units of a tile of 4096: less than what rounding to them hides.
const TOLERANCE: f64 = 1.0 / 1024.0;
/// Heights of tiles above and below the tile that the polynomial is tried for, so that what crosses the tile's edges is
/// served as well; the last is little more than the margin.
const REACHES: [f64; 3] = [1.0, 0.25, 0.02];

/// Distance from the northern edge of the web's square world at a latitude, in parts of its height.
pub fn fraction(latitude: f64) -> f64 {
    let radians = latitude.clamp(-FARTHEST, FARTHEST).to_radians();
    0.5 - radians.tan().asinh() / (2.0 * PI)
}

/// The latitude at a distance from the northern edge, the inverse of [`fraction`].
pub fn latitude(fraction: f64) -> f64 {
    ((0.5 - fraction) * 2.0 * PI).sinh().atan().to_degrees()
}

/// Latitudes as units downward from the northern edge of one row of tiles.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Units of the whole world's height.
    world: f64,
    /// Units above the row.
    above: f64,
    near: Option<Near>,
}

/// A polynomial over a range of latitudes.
#[derive(Debug, Clone, Copy)]
pub struct Near {
    middle: f64,
    inverse: f64,
    low: f64,
    high: f64,
    terms: [f64; TERMS],
}

impl Row {
    /// The row of tiles `row` at `zoom`, each tile so many units high.
    pub fn new(zoom: u8, row: u32, units: f64) -> Row {
        let exact = Row { world: units * 2_f64.powi(i32::from(zoom)), above: units * f64::from(row), near: None };
        let near = REACHES.into_iter().find_map(|reach| {
            let edge = |units: f64| latitude((exact.above + units) / exact.world);
            let (low, high) = (edge(units * (1.0 + reach)), edge(units * -reach));
            Near::fit(&exact, low.max(-FARTHEST), high.min(FARTHEST), TOLERANCE * units / 4096.0)
        });
        Row { near, ..exact }
    }

    /// Units from the northern edge, downward, for any latitude: exact.
    pub fn exact(&self, latitude: f64) -> f64 {
        fraction(latitude) * self.world - self.above
    }

    /// The polynomial, where one is good enough; at low zooms none is.
    pub fn near(&self) -> Option<&Near> {
        self.near.as_ref()
    }
}

impl Near {
    /// Interpolates at Chebyshev's points, where the error is nearly as even as it can be.
    fn fit(row: &Row, low: f64, high: f64, tolerance: f64) -> Option<Near> {
        let middle = (low + high) / 2.0;
        let half = (high - low) / 2.0;
        let mut nodes = [0.0; TERMS];
        let mut values = [0.0; TERMS];
        for (n, (node, value)) in nodes.iter_mut().zip(&mut values).enumerate() {
            *node = ((2 * n + 1) as f64 * PI / (2 * TERMS) as f64).cos();
            *value = row.exact(middle + half * *node);
        }
        let near = Near { middle, inverse: half.recip(), low, high, terms: powers(&nodes, values) };
        // Between the points, and at the ends.
        let worst = (0..=64).map(|n| {
            let latitude = low + (high - low) * f64::from(n) / 64.0;
            (near.at(latitude) - row.exact(latitude)).abs()
        });
        // What is not a number is no proof.
        worst.into_iter().all(|error| error <= tolerance).then_some(near)
    }

    /// Whether a latitude is in its range.
    #[inline(always)]
    pub fn holds(&self, latitude: f64) -> bool {
        latitude >= self.low && latitude <= self.high
    }

    /// The southern and northern end of its range.
    pub fn range(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// Units from the northern edge of the row, within the range.
    #[inline(always)]
    pub fn at(&self, latitude: f64) -> f64 {
        let t = (latitude - self.middle) * self.inverse;
        // Pairs, so that products need not wait for each other.
        let [a, b, c, d, e, f, g, h] = self.terms;
        let t2 = t * t;
        let t4 = t2 * t2;
        ((a + b * t) + (c + d * t) * t2) + ((e + f * t) + (g + h * t) * t2) * t4
    }
}

/// The polynomial through some points, as coefficients of powers: Newton's divided differences, multiplied out.
fn powers(nodes: &[f64; TERMS], values: [f64; TERMS]) -> [f64; TERMS] {
    let mut differences = values;
    for order in 1..TERMS {
        for n in (order..TERMS).rev() {
            differences[n] = (differences[n] - differences[n - 1]) / (nodes[n] - nodes[n - order]);
        }
    }
    let mut terms = [0.0; TERMS];
    for n in (0..TERMS).rev() {
        // terms = terms * (t - nodes[n]) + differences[n]
        for power in (1..TERMS).rev() {
            terms[power] = terms[power - 1] - nodes[n] * terms[power];
        }
        terms[0] = differences[n] - nodes[n] * terms[0];
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula as textbooks have it.
    fn textbook(latitude: f64) -> f64 {
        let radians = latitude.to_radians();
        0.5 - (radians / 2.0 + PI / 4.0).tan().ln() / (2.0 * PI)
    }

    #[test]
    fn latitudes_go_where_textbooks_say_and_come_back() {
        for n in -899..=899 {
            let degrees = f64::from(n) / 10.0;
            assert!((fraction(degrees) - textbook(degrees)).abs() < 1e-14, "{degrees}");
            assert!((latitude(fraction(degrees)) - degrees).abs() < 1e-9, "{degrees}");
        }
        assert!(fraction(85.051_128_779_806_59).abs() < 1e-12);
        assert_eq!(fraction(0.0), 0.5);
        // Poles are far, and not infinitely far.
        assert!(fraction(90.0) < -0.5 && fraction(90.0).is_finite() && fraction(-200.0).is_finite());
    }

    #[test]
    fn the_polynomial_is_as_good_as_the_logarithm() {
        let mut near_rows = 0;
        for zoom in 0..=24_u8 {
            let rows = 1_u32 << zoom;
            for part in 0..40 {
                let at = u32::try_from(u64::from(rows) * part / 40).unwrap();
                let row = Row::new(zoom, at, 4096.0);
                let Some(near) = row.near() else {
                    assert!(zoom < 5, "{zoom}/{at} has none");
                    continue;
                };
                near_rows += 1;
                let [low, high] = near.range();
                for n in 0..=1000 {
                    let degrees = (low + (high - low) * f64::from(n) / 1000.0).clamp(low, high);
                    assert!(near.holds(degrees));
                    let error = (near.at(degrees) - row.exact(degrees)).abs();
                    assert!(error < 2.0 * TOLERANCE, "{zoom}/{at} at {degrees}: {error}");
                }
                // The tile and its margin are in the range.
                assert!(near.at(high) <= -64.0 && near.at(low) >= 4096.0 + 64.0, "{zoom}/{at}");
                assert!(!near.holds(high + 1e-3 * (high - low)) && !near.holds(f64::NAN));
            }
        }
        assert!(near_rows > 700);
    }

    #[test]
    fn rows_are_counted_from_the_north() {
        let row = Row::new(10, 388, 4096.0);
        assert!(row.exact(39.9) > 0.0 && row.exact(39.9) < 4096.0, "Beijing");
        assert!((row.exact(latitude(388.0 / 1024.0))).abs() < 1e-6);
        assert!((row.exact(latitude(389.0 / 1024.0)) - 4096.0).abs() < 1e-6);
    }
}
