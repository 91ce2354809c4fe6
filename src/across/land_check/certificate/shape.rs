//! Geometry for the plan: GeoJSON flattened, projected, thinned and clipped. All of it for the eye; nothing is measured here.

use crate::platform::pdf::Spot;
use serde_json::Value;

/// Longitude and latitude, degrees.
pub(super) type Place = (f64, f64);

/// A geometry taken apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Flat {
    /// Polygons: the outer ring first, then the holes.
    pub areas: Vec<Vec<Vec<Place>>>,
    pub lines: Vec<Vec<Place>>,
    pub points: Vec<Place>,
}

impl Flat {
    /// Takes a GeoJSON geometry apart; what is none has no parts.
    pub(super) fn of(geometry: &Value) -> Flat {
        let mut flat = Flat::default();
        flat.add(geometry, 0);
        flat
    }

    fn add(&mut self, geometry: &Value, depth: u8) {
        let coordinates = &geometry["coordinates"];
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let line = |value: &Value| list(value).iter().filter_map(place).collect::<Vec<_>>();
        match geometry["type"].as_str() {
            Some("Polygon") => self.areas.push(list(coordinates).iter().map(line).collect()),
            Some("MultiPolygon") => {
                self.areas.extend(list(coordinates).iter().map(|rings| list(rings).iter().map(line).collect()));
            }
            Some("LineString") => self.lines.push(line(coordinates)),
            Some("MultiLineString") => self.lines.extend(list(coordinates).iter().map(line)),
            Some("Point") => self.points.extend(place(coordinates)),
            Some("MultiPoint") => self.points.extend(line(coordinates)),
            Some("GeometryCollection") if depth < 4 => {
                list(&geometry["geometries"]).iter().for_each(|part| self.add(part, depth + 1));
            }
            _ => {}
        }
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.areas.iter().flatten().flatten().chain(self.lines.iter().flatten()).chain(&self.points)
    }

    /// West, south, east, north; `None` of nothing.
    pub(super) fn extent(&self) -> Option<(f64, f64, f64, f64)> {
        self.places().fold(None, |extent, &(lon, lat)| {
            let (west, south, east, north) = extent.unwrap_or((lon, lat, lon, lat));
            Some((west.min(lon), south.min(lat), east.max(lon), north.max(lat)))
        })
    }

    /// Corners: every vertex of every ring once.
    pub(super) fn corners(&self) -> usize {
        self.areas.iter().flatten().map(|ring| open(ring).len()).sum()
    }
}

/// A ring without the repetition of its first vertex.
pub(super) fn open(ring: &[Place]) -> &[Place] {
    match ring {
        [first, middle @ .., last] if first == last && !middle.is_empty() => &ring[..ring.len() - 1],
        _ => ring,
    }
}

fn place(value: &Value) -> Option<Place> {
    Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?))
}

/// A local equirectangular projection onto paper: degrees to points, north upwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    centre: Place,
    /// Metres of a degree, of longitude and of latitude.
    degree: (f64, f64),
    /// Points of a metre.
    scale: f64,
    /// Where the centre lies on the drawing.
    at: (f64, f64),
}

/// Ellipsoid of CGCS2000.
const A: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_222_101;

/// Metres of a degree of longitude and of latitude at a latitude.
pub(super) fn metres_of_degree(lat: f64) -> (f64, f64) {
    let e2 = F * (2.0 - F);
    let (sin, cos) = lat.to_radians().sin_cos();
    let w = (1.0 - e2 * sin * sin).sqrt();
    let degree = std::f64::consts::PI / 180.0;
    // At the poles a degree of longitude has no width; nothing is drawn there.
    ((A / w * cos * degree).max(1.0), A * (1.0 - e2) / w.powi(3) * degree)
}

impl Projection {
    pub(super) fn new(centre: Place, scale: f64, at: (f64, f64)) -> Projection {
        Projection { centre, degree: metres_of_degree(centre.1), scale, at }
    }

    pub(super) fn to(&self, (lon, lat): Place) -> (f64, f64) {
        (
            self.at.0 + (lon - self.centre.0) * self.degree.0 * self.scale,
            self.at.1 - (lat - self.centre.1) * self.degree.1 * self.scale,
        )
    }

    pub(super) fn back(&self, (x, y): (f64, f64)) -> Place {
        (
            self.centre.0 + (x - self.at.0) / self.scale / self.degree.0,
            self.centre.1 - (y - self.at.1) / self.scale / self.degree.1,
        )
    }
}

/// A rectangle on paper: left, top, right, bottom.
pub(super) type Frame = (f64, f64, f64, f64);

/// Vertices nearer to each other than this are one on paper, points.
const FINEST: f64 = 0.1;

/// A ring on paper: projected, thinned and clipped to a frame. Empty where nothing of it is seen.
pub(super) fn ring(ring: &[Place], projection: &Projection, frame: Frame) -> Vec<(f64, f64)> {
    clip(thin(open(ring).iter().map(|&place| projection.to(place))), frame)
}

fn thin(spots: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for spot in spots {
        let near = kept.last().is_some_and(|last: &(f64, f64)| (last.0 - spot.0).hypot(last.1 - spot.1) < FINEST);
        if !near {
            kept.push(spot);
        }
    }
    kept
}

/// Sutherland and Hodgman: side after side of the frame.
fn clip(mut ring: Vec<(f64, f64)>, (left, top, right, bottom): Frame) -> Vec<(f64, f64)> {
    // How far inside of a side a spot lies.
    let sides: [&dyn Fn((f64, f64)) -> f64; 4] = [&|p| p.0 - left, &|p| right - p.0, &|p| p.1 - top, &|p| bottom - p.1];
    for inside in sides {
        if ring.iter().all(|&p| inside(p) >= 0.0) {
            continue;
        }
        let mut kept = Vec::with_capacity(ring.len());
        for (at, &here) in ring.iter().enumerate() {
            let before = ring[(at + ring.len() - 1) % ring.len()];
            let (a, b) = (inside(before), inside(here));
            if (a >= 0.0) != (b >= 0.0) {
                let t = a / (a - b);
                kept.push((before.0 + (here.0 - before.0) * t, before.1 + (here.1 - before.1) * t));
            }
            if b >= 0.0 {
                kept.push(here);
            }
        }
        ring = kept;
    }
    ring
}

/// The stretches of a line that a frame lets be seen, on paper.
pub(super) fn line(line: &[Place], projection: &Projection, frame: Frame) -> Vec<Vec<(f64, f64)>> {
    let spots = thin(line.iter().map(|&place| projection.to(place)));
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in spots.windows(2) {
        let Some((from, to)) = stretch(pair[0], pair[1], frame) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

/// Liang and Barsky: what of a stretch lies in a frame.
fn stretch(from: (f64, f64), to: (f64, f64), (left, top, right, bottom): Frame) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut begin, mut end) = (0.0f64, 1.0f64);
    for (p, q) in [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - top), (dy, bottom - from.1)] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            begin = begin.max(q / p);
        } else {
            end = end.min(q / p);
        }
    }
    let at = |t: f64| {
        if t <= 0.0 {
            from
        } else if t >= 1.0 {
            to
        } else {
            (from.0 + dx * t, from.1 + dy * t)
        }
    };
    (begin <= end).then(|| (at(begin), at(end)))
}

/// Places inside rings (even-odd) where a label may stand, the widest room first: middles of the widest stretch at several
/// heights.
pub(super) fn inside(rings: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let spots = || rings.iter().flatten();
    let top = spots().map(|p| p.1).fold(f64::MAX, f64::min);
    let bottom = spots().map(|p| p.1).fold(f64::MIN, f64::max);
    if top > bottom {
        return Vec::new();
    }
    let mut found: Vec<(f64, (f64, f64))> = [0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9]
        .into_iter()
        .filter_map(|share| {
            let y = top + (bottom - top) * share;
            let mut crossings: Vec<f64> = rings
                .iter()
                .flat_map(|ring| {
                    ring.iter().enumerate().filter_map(move |(at, &a)| {
                        let b = ring[(at + 1) % ring.len()];
                        ((a.1 <= y) != (b.1 <= y)).then(|| a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0))
                    })
                })
                .collect();
            crossings.sort_by(f64::total_cmp);
            let stretches =
                crossings.chunks_exact(2).map(|pair| (pair[1] - pair[0], (f64::midpoint(pair[0], pair[1]), y)));
            stretches.max_by(|a, b| a.0.total_cmp(&b.0))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, spot)| spot).collect()
}

/// On paper.
pub(super) fn spot((x, y): (f64, f64)) -> Spot {
    #[expect(clippy::cast_possible_truncation, reason = "points on paper; a float holds them to a thousandth")]
    (x as f32, y as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_geometry_is_taken_apart() {
        let polygon = json!({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 1], [0, 0]], [[0.5, 0.1], [0.6, 0.1], [0.6, 0.2], [0.5, 0.1]]]});
        let flat = Flat::of(&json!({"type": "GeometryCollection", "geometries": [
            polygon, {"type": "Point", "coordinates": [5, 6]}, {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}
        ]}));
        assert_eq!((flat.areas.len(), flat.areas[0].len(), flat.lines.len(), flat.points.len()), (1, 2, 1, 1));
        assert_eq!(flat.corners(), 6);
        assert_eq!(flat.extent(), Some((0.0, 0.0, 5.0, 6.0)));
        assert_eq!(Flat::of(&json!(null)).extent(), None);
    }

    #[test]
    fn a_degree_is_as_long_as_the_ellipsoid_makes_it() {
        let (lon, lat) = metres_of_degree(0.0);
        assert!((lon - 111_319.49).abs() < 0.01 && (lat - 110_574.28).abs() < 0.02, "{lon} {lat}");
        let (lon, lat) = metres_of_degree(38.8);
        assert!((lon - 86_867.0).abs() < 60.0 && (lat - 111_010.0).abs() < 30.0, "{lon} {lat}");
    }

    #[test]
    fn a_label_stands_inside_also_where_the_middle_is_a_hole() {
        let square = |a: f64, b: f64| vec![(a, a), (b, a), (b, b), (a, b)];
        let spots = inside(&[square(0.0, 10.0), square(2.0, 8.0)]);
        assert!(!spots.is_empty());
        for (x, y) in spots {
            let within = |a: f64, b: f64| x > a && x < b && y > a && y < b;
            assert!(within(0.0, 10.0) && !within(2.0, 8.0), "{x} {y}");
        }
    }

    proptest! {
        #[test]
        fn what_is_clipped_lies_in_the_frame(ring in prop::collection::vec((-50.0..150.0f64, -50.0..150.0f64), 3..40)) {
            for (x, y) in clip(ring.clone(), (0.0, 0.0, 100.0, 80.0)) {
                prop_assert!((-1e-6..=100.000_001).contains(&x) && (-1e-6..=80.000_001).contains(&y), "{} {}", x, y);
            }
            let projection = Projection::new((0.0, 0.0), 1.0 / 111_319.49, (0.0, 0.0));
            for part in line(&ring, &projection, (0.0, -80.0, 100.0, 0.0)) {
                for (x, y) in part {
                    prop_assert!((-1e-6..=100.000_001).contains(&x) && (-80.000_001..=1e-6).contains(&y), "{} {}", x, y);
                }
            }
        }

        #[test]
        fn projecting_and_back_is_nothing(lon in 73.0..135.0f64, lat in 3.0..53.0f64, dx in -0.1..0.1f64, dy in -0.1..0.1f64) {
            let projection = Projection::new((lon, lat), 0.01, (200.0, 150.0));
            let (x, y) = projection.back(projection.to((lon + dx, lat + dy)));
            prop_assert!((x - lon - dx).abs() < 1e-9 && (y - lat - dy).abs() < 1e-9);
        }
    }
}
