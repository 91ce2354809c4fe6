//! Areas and boxes in CGCS2000 longitude, latitude (EPSG:4490 in x, y order), as GeoJSON gives them.

use super::{Fault, Text};
use serde_json::Value;

/// Rings of one polygon, exterior first; closed; exterior counter-clockwise, holes clockwise (RFC 7946).
pub type Rings = Vec<Vec<[f64; 2]>>;

/// A polygon or multipolygon whose rings are closed and oriented. Whether rings cross is a question of topology and is
/// PostGIS's to answer (`platform::topology`).
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    polygons: Vec<Rings>,
    multi: bool,
}

/// Longitude and latitude bounds; `west > east` means the box crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    /// Western longitude, degrees.
    pub west: f64,
    /// Southern latitude, degrees.
    pub south: f64,
    /// Eastern longitude, degrees.
    pub east: f64,
    /// Northern latitude, degrees.
    pub north: f64,
}

/// Square metres as mu (亩): 10000/15 m² are one.
pub fn mu(m2: f64) -> f64 {
    m2 * 15.0 / 10_000.0
}

/// Outlines agree when what one has and the other has not is at most this share of the area that changes: the digitising of
/// a shared edge never comes out the same twice.
pub const TOLERANCE_SHARE: f64 = 1e-4;
/// ... or at most this area, m²: of a small outline the share would be less than a boundary stone.
pub const TOLERANCE_M2: f64 = 1.0;

/// The area, m², by which outlines of this area may differ.
pub fn tolerance_m2(area_m2: f64) -> f64 {
    (area_m2 * TOLERANCE_SHARE).max(TOLERANCE_M2)
}

impl Area {
    /// Reads a GeoJSON geometry of type Polygon or MultiPolygon. `pointer` is where it stands in the request
    /// (`/geometry`), so that each fault names its ring and vertex. Heights are dropped; ring direction is put right.
    ///
    /// # Errors
    /// Every fault of the geometry's form, not only the first: wrong type, open or short rings, positions that are not
    /// numbers, coordinates that cannot be degrees.
    pub fn from_geojson(value: &Value, pointer: &str) -> Result<Area, Vec<Fault>> {
        let mut faults = Vec::new();
        let kind = value.get("type").and_then(Value::as_str);
        let coordinates = value.get("coordinates");
        let at = format!("{pointer}/coordinates");
        let polygons = match (kind, coordinates) {
            (Some("Polygon"), Some(rings)) => vec![read_polygon(rings, &at, &mut faults)],
            (Some("MultiPolygon"), Some(Value::Array(polygons))) if !polygons.is_empty() => polygons
                .iter()
                .enumerate()
                .map(|(i, rings)| read_polygon(rings, &format!("{at}/{i}"), &mut faults))
                .collect(),
            (Some("Polygon" | "MultiPolygon"), _) => {
                return Err(vec![Fault::new(
                    at,
                    "coordinates_missing",
                    Text::fixed("几何缺少坐标。", "The geometry has no coordinates."),
                )]);
            }
            (Some(other), _) => {
                return Err(vec![Fault::new(
                    format!("{pointer}/type"),
                    "geometry_type",
                    Text::new(
                        format!("几何类型 {other} 不能作为面，只接受 Polygon 或 MultiPolygon。"),
                        format!("A {other} is not an area; Polygon or MultiPolygon is."),
                    ),
                )]);
            }
            (None, _) => {
                return Err(vec![Fault::new(
                    pointer,
                    "geometry_missing",
                    Text::fixed(
                        "缺少几何（Polygon 或 MultiPolygon）。",
                        "The geometry (Polygon or MultiPolygon) is missing.",
                    ),
                )]);
            }
        };
        if faults.is_empty() { Ok(Area { polygons, multi: kind == Some("MultiPolygon") }) } else { Err(faults) }
    }

    /// The polygons.
    pub fn polygons(&self) -> &[Rings] {
        &self.polygons
    }

    /// Whether it was given as a MultiPolygon.
    pub fn is_multi(&self) -> bool {
        self.multi
    }

    /// Number of positions in all rings, closing ones included.
    pub fn vertices(&self) -> usize {
        self.polygons.iter().flatten().map(Vec::len).sum()
    }

    /// The bounds.
    pub fn bbox(&self) -> Bbox {
        let mut b = Bbox { west: f64::MAX, south: f64::MAX, east: f64::MIN, north: f64::MIN };
        for [x, y] in self.polygons.iter().flatten().flatten() {
            b.west = b.west.min(*x);
            b.east = b.east.max(*x);
            b.south = b.south.min(*y);
            b.north = b.north.max(*y);
        }
        b
    }

    /// As PostGIS reads it: EWKB, little-endian, SRID 4490.
    pub fn to_ewkb(&self) -> Vec<u8> {
        super::wkb::write_area(self)
    }

    /// As GeoJSON, every coordinate with all its digits.
    pub fn to_geojson(&self) -> Value {
        if self.multi {
            serde_json::json!({"type": "MultiPolygon", "coordinates": self.polygons})
        } else {
            serde_json::json!({"type": "Polygon", "coordinates": self.polygons[0]})
        }
    }
}

impl Bbox {
    /// Reads `west,south,east,north` (or the six-number form with heights, which are ignored).
    ///
    /// # Errors
    /// A sentence on what is wrong.
    pub fn parse(text: &str) -> Result<Bbox, Text> {
        let form = || {
            Text::fixed(
                "应为 west,south,east,north 四个数（CRS84 经度、纬度）。",
                "must be the four numbers west,south,east,north (CRS84 longitude, latitude).",
            )
        };
        let numbers: Vec<f64> =
            text.split(',').map(|n| n.trim().parse::<f64>()).collect::<Result<_, _>>().map_err(|_| form())?;
        let (west, south, east, north) = match numbers[..] {
            [w, s, e, n] | [w, s, _, e, n, _] => (w, s, e, n),
            _ => return Err(form()),
        };
        if numbers.iter().any(|n| !n.is_finite()) {
            return Err(form());
        }
        if south > north || !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) {
            return Err(Text::fixed(
                "纬度应在 -90 与 90 之间，且南不大于北。",
                "latitudes must lie between -90 and 90, south not above north.",
            ));
        }
        if !(-180.0..=180.0).contains(&west) || !(-180.0..=180.0).contains(&east) {
            return Err(Text::fixed("经度应在 -180 与 180 之间。", "longitudes must lie between -180 and 180."));
        }
        Ok(Bbox { west, south, east, north })
    }

    /// One box, or two where it crosses the antimeridian.
    pub fn parts(&self) -> Vec<Bbox> {
        if self.west > self.east {
            vec![Bbox { east: 180.0, ..*self }, Bbox { west: -180.0, ..*self }]
        } else {
            vec![*self]
        }
    }
}

fn read_polygon(value: &Value, at: &str, faults: &mut Vec<Fault>) -> Rings {
    let Some(rings) = value.as_array().filter(|rings| !rings.is_empty()) else {
        faults.push(Fault::new(at, "polygon_empty", Text::fixed("多边形没有环。", "The polygon has no ring.")));
        return Vec::new();
    };
    rings.iter().enumerate().map(|(i, ring)| read_ring(ring, i == 0, &format!("{at}/{i}"), faults)).collect()
}

fn read_ring(value: &Value, exterior: bool, at: &str, faults: &mut Vec<Fault>) -> Vec<[f64; 2]> {
    let Some(positions) = value.as_array() else {
        faults.push(Fault::new(
            at,
            "ring_not_array",
            Text::fixed("环不是坐标数组。", "The ring is not an array of positions."),
        ));
        return Vec::new();
    };
    let before = faults.len();
    let mut ring: Vec<[f64; 2]> =
        positions.iter().enumerate().filter_map(|(i, p)| read_position(p, &format!("{at}/{i}"), faults)).collect();
    if faults.len() > before {
        return ring;
    }
    if ring.len() < 4 {
        faults.push(Fault::new(
            at,
            "ring_too_short",
            Text::new(
                format!("环只有 {} 个点，至少需要 4 个（首尾相同）。", ring.len()),
                format!("The ring has {} positions; at least 4 are needed, first and last alike.", ring.len()),
            ),
        ));
    } else if ring.first() != ring.last() {
        faults.push(Fault::new(
            format!("{at}/{}", ring.len() - 1),
            "ring_not_closed",
            Text::fixed(
                "环没有闭合：末点应与首点相同。",
                "The ring is not closed: its last position must equal its first.",
            ),
        ));
    } else {
        let ccw = doubled_area(&ring) >= 0.0;
        if ccw != exterior {
            ring.reverse();
        }
    }
    ring
}

fn read_position(value: &Value, at: &str, faults: &mut Vec<Fault>) -> Option<[f64; 2]> {
    let numbers: Option<Vec<f64>> =
        value.as_array().and_then(|p| p.iter().map(|n| n.as_f64().filter(|n| n.is_finite())).collect());
    let Some([lon, lat]) = numbers.as_deref().and_then(|n| n.get(..2)).map(|n| [n[0], n[1]]) else {
        faults.push(Fault::new(
            at,
            "position_not_numbers",
            Text::fixed("坐标应为 [经度, 纬度] 数字。", "A position must be the numbers [longitude, latitude]."),
        ));
        return None;
    };
    if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
        return Some([lon, lat]);
    }
    let message = if lon.abs() > 1000.0 || lat.abs() > 1000.0 {
        Text::new(
            format!("[{lon}, {lat}] 像是投影坐标（米）；请转换为 CGCS2000 经纬度，或在导入时注明 crs。"),
            format!("[{lon}, {lat}] looks projected (metres); give CGCS2000 degrees, or state the crs on import."),
        )
    } else {
        Text::new(
            format!("[{lon}, {lat}] 不是 [经度, 纬度]；经纬度可能颠倒。"),
            format!("[{lon}, {lat}] is not [longitude, latitude]; the two may be swapped."),
        )
    };
    faults.push(Fault::new(at, "coordinate_out_of_range", message));
    None
}

/// Twice the signed area in square degrees, relative to the first vertex for precision; positive when
/// counter-clockwise.
fn doubled_area(ring: &[[f64; 2]]) -> f64 {
    let [ox, oy] = ring[0];
    ring.windows(2).map(|pair| (pair[0][0] - ox) * (pair[1][1] - oy) - (pair[1][0] - ox) * (pair[0][1] - oy)).sum()
}

/// Polygon or MultiPolygon in CRS84, longitude and latitude in degrees, rings right-handed (RFC 7946).
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "type")]
#[schema(example = json!({"type": "Polygon", "coordinates": [[[112.41, 39.28], [112.42, 39.28], [112.42, 39.29], [112.41, 39.28]]]}))]
pub enum AreaGeometry {
    /// One polygon: its rings, exterior first.
    Polygon {
        /// Rings of positions.
        coordinates: Vec<Vec<[f64; 2]>>,
    },
    /// Several polygons.
    MultiPolygon {
        /// Polygons of rings of positions.
        coordinates: Vec<Vec<Vec<[f64; 2]>>>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(geometry: &Value) -> Vec<(String, &'static str)> {
        Area::from_geojson(geometry, "/geometry").err().into_iter().flatten().map(|f| (f.pointer, f.code)).collect()
    }

    #[test]
    fn either_winding_is_read_and_comes_out_right_handed() {
        let cw = json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]], [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.2]]]});
        let area = Area::from_geojson(&cw, "").unwrap();
        assert!(doubled_area(&area.polygons()[0][0]) > 0.0);
        assert!(doubled_area(&area.polygons()[0][1]) < 0.0);
    }

    #[test]
    fn every_fault_names_its_place() {
        assert_eq!(
            faults(&json!({"type": "Point", "coordinates": [1, 2]})),
            [("/geometry/type".into(), "geometry_type")]
        );
        assert_eq!(faults(&json!(null)), [("/geometry".into(), "geometry_missing")]);
        assert_eq!(
            faults(&json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]})),
            [("/geometry/coordinates/0/3".into(), "ring_not_closed")]
        );
        assert_eq!(
            faults(
                &json!({"type": "MultiPolygon", "coordinates": [[[[105, 38], ["x", 1], [38, 105], [105, 38]]], [[[0, 0], [1, 1], [0, 0]]]]})
            ),
            [
                ("/geometry/coordinates/0/0/1".into(), "position_not_numbers"),
                ("/geometry/coordinates/0/0/2".into(), "coordinate_out_of_range"),
                ("/geometry/coordinates/1/0".into(), "ring_too_short"),
            ]
        );
    }

    #[test]
    fn small_outlines_have_a_square_metre_and_large_ones_a_share() {
        assert_eq!((tolerance_m2(100.0), tolerance_m2(10_000.0), tolerance_m2(1e6)), (1.0, 1.0, 100.0));
    }

    #[test]
    fn a_box_across_the_antimeridian_is_two() {
        let parts = Bbox::parse("170,-10,-170,10").unwrap().parts();
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|p| p.west <= p.east));
        for bad in ["1,2,3", "a,b,c,d", "0,10,1,-10", "0,0,0,91", "NaN,0,1,1", ""] {
            assert!(Bbox::parse(bad).is_err(), "{bad}");
        }
    }
}
