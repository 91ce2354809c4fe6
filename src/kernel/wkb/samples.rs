//! Shapes for tests: written as well-known binary in every dialect, made at random, and measured in ways that the code under
//! test does not know.

use proptest::prelude::*;

pub type P = [f64; 2];

/// A geometry as a test writes it down.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Point(P),
    NoPoint,
    Line(Vec<P>),
    Polygon(Vec<Vec<P>>),
    /// Parts of one kind: 4, 5 or 6.
    Multi(u32, Vec<Shape>),
    Collection(Vec<Shape>),
}

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub little: bool,
    pub srid: bool,
    pub z: bool,
    pub m: bool,
    /// ISO's numbers (1001 ...) instead of PostGIS's flags.
    pub iso: bool,
}

/// As PostGIS sends it.
pub const POSTGIS: Dialect = Dialect { little: true, srid: true, z: false, m: false, iso: false };

/// Without anything that is not needed.
pub const PLAIN: Dialect = Dialect { srid: false, ..POSTGIS };

pub fn dialects() -> impl Iterator<Item = Dialect> {
    (0..32_u8).map(|n| Dialect { little: n & 1 != 0, srid: n & 2 != 0, z: n & 4 != 0, m: n & 8 != 0, iso: n & 16 != 0 })
}

pub fn ewkb(shape: &Shape) -> Vec<u8> {
    wkb(shape, POSTGIS)
}

pub fn wkb(shape: &Shape, dialect: Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    write(shape, dialect, true, &mut out);
    out
}

fn write(shape: &Shape, d: Dialect, outermost: bool, out: &mut Vec<u8>) {
    let number = |n: u32, out: &mut Vec<u8>| {
        out.extend(if d.little { n.to_le_bytes() } else { n.to_be_bytes() });
    };
    let count = |n: usize, out: &mut Vec<u8>| number(u32::try_from(n).unwrap(), out);
    let position = |p: &P, out: &mut Vec<u8>| {
        let extra = usize::from(d.z) + usize::from(d.m);
        for n in p.iter().copied().chain([77.5, 88.5].into_iter().take(extra)) {
            out.extend(if d.little { n.to_le_bytes() } else { n.to_be_bytes() });
        }
    };
    let kind = match shape {
        Shape::Point(_) | Shape::NoPoint => 1,
        Shape::Line(_) => 2,
        Shape::Polygon(_) => 3,
        Shape::Multi(kind, _) => *kind,
        Shape::Collection(_) => 7,
    };
    out.push(u8::from(d.little));
    let mut word = kind;
    if d.iso {
        word += 1000 * u32::from(d.z) + 2000 * u32::from(d.m);
    } else {
        word |= if d.z { 0x8000_0000 } else { 0 } | if d.m { 0x4000_0000 } else { 0 };
    }
    let srid = d.srid && outermost;
    number(if srid { word | 0x2000_0000 } else { word }, out);
    if srid {
        number(4490, out);
    }
    match shape {
        Shape::Point(p) => position(p, out),
        Shape::NoPoint => position(&[f64::NAN, f64::NAN], out),
        Shape::Line(points) => {
            count(points.len(), out);
            points.iter().for_each(|p| position(p, out));
        }
        Shape::Polygon(rings) => {
            count(rings.len(), out);
            for ring in rings {
                count(ring.len(), out);
                ring.iter().for_each(|p| position(p, out));
            }
        }
        Shape::Multi(_, parts) | Shape::Collection(parts) => {
            count(parts.len(), out);
            parts.iter().for_each(|part| write(part, d, false, out));
        }
    }
}

/// One of every kind, and empty ones.
pub fn one_of_each() -> Vec<Shape> {
    let ring = |x: f64, y: f64, side: f64| vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]];
    let polygon = Shape::Polygon(vec![ring(105.123_456_7, 38.0, 1.0), ring(105.4, 38.4, 0.2)]);
    let line = Shape::Line(vec![[0.0, -0.000_000_04], [-12.5, 7.123_456_78], [179.999_999_96, -89.999]]);
    vec![
        Shape::Point([116.391_2, 39.907_2]),
        line.clone(),
        polygon.clone(),
        Shape::Multi(4, vec![Shape::Point([1.0, 2.0]), Shape::Point([3.5, -4.25])]),
        Shape::Multi(5, vec![line.clone(), Shape::Line(vec![[1.0, 1.0], [2.0, 2.0]])]),
        Shape::Multi(6, vec![polygon.clone(), Shape::Polygon(vec![ring(-5.0, -6.0, 0.5)])]),
        Shape::Collection(vec![
            Shape::Point([1.0, 2.0]),
            Shape::Multi(6, vec![polygon.clone()]),
            Shape::Collection(vec![line, Shape::Multi(4, vec![Shape::Point([9.0, 9.0])])]),
            polygon,
        ]),
        Shape::Line(Vec::new()),
        Shape::Polygon(Vec::new()),
        Shape::Multi(4, Vec::new()),
        Shape::Multi(5, vec![Shape::Line(Vec::new())]),
        Shape::Multi(6, vec![Shape::Polygon(Vec::new())]),
        Shape::Collection(Vec::new()),
    ]
}

/// Numbers that follow from a seed.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// From 0 to 1.
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A ring that does not meet itself: a star around a middle, closed.
pub fn star(dice: &mut Dice, middle: P, radius: P, vertices: usize) -> Vec<P> {
    let mut ring: Vec<P> = (0..vertices)
        .map(|n| {
            let angle = (n as f64 + 0.9 * dice.roll()) / vertices as f64 * std::f64::consts::TAU;
            let reach = 0.2 + 0.8 * dice.roll();
            [middle[0] + radius[0] * reach * angle.cos(), middle[1] + radius[1] * reach * angle.sin()]
        })
        .collect();
    ring.push(ring[0]);
    ring
}

pub fn any_star() -> impl Strategy<Value = Vec<P>> {
    (any::<u64>(), -3000.0..7000.0, -3000.0..7000.0, 1.0..9000.0, 1.0..9000.0, 3..60_usize)
        .prop_map(|(seed, x, y, a, b, n)| star(&mut Dice(seed), [x, y], [a, b], n))
}

/// The area of rings (of a polygon with holes: inside is what an odd number of them encloses) within an upright window, by
/// slices between all heights at which anything happens: each slice is a row of trapezoids.
pub fn area_within(rings: &[Vec<P>], low: f64, high: f64) -> f64 {
    let edges: Vec<(P, P)> = rings
        .iter()
        .flat_map(|ring| (0..ring.len()).map(move |n| (ring[n], ring[(n + 1) % ring.len()])))
        .filter(|(a, b)| a[1] != b[1])
        .collect();
    let mut heights = vec![low, high];
    for (a, b) in &edges {
        heights.extend([a[1], b[1]]);
        for side in [low, high] {
            if (a[0] < side) != (b[0] < side) {
                heights.push(a[1] + (b[1] - a[1]) * (side - a[0]) / (b[0] - a[0]));
            }
        }
    }
    heights.retain(|y| (low..=high).contains(y));
    heights.sort_by(f64::total_cmp);
    let mut sum = 0.0;
    for pair in heights.windows(2) {
        let (bottom, top) = (pair[0], pair[1]);
        let middle = (bottom + top) / 2.0;
        let mut crossings: Vec<f64> = edges
            .iter()
            .filter(|(a, b)| (a[1] < middle) != (b[1] < middle))
            .map(|(a, b)| a[0] + (b[0] - a[0]) * (middle - a[1]) / (b[1] - a[1]))
            .collect();
        crossings.sort_by(f64::total_cmp);
        for span in crossings.chunks_exact(2) {
            sum += (span[1].clamp(low, high) - span[0].clamp(low, high)) * (top - bottom);
        }
    }
    sum
}

/// The area of a ring with its sign.
pub fn signed_area(ring: &[P]) -> f64 {
    (0..ring.len()).map(|n| (ring[n], ring[(n + 1) % ring.len()])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>()
        / 2.0
}
