//! Well-known binary: written for PostGIS, and turned straight into text on the way out, in one pass over its bytes, without
//! an object for each vertex and without an allocation for each feature.
//!
//! ```text
//! walk     well-known binary → runs of positions      fixed    ordinates as decimal text, fixed point
//! text     runs → GeoJSON, WKT
//! ```
//!
//! Text made inside PostgreSQL is what costs most on a page of features, so rows leave it as binary and become text here.
//! Heights and measures are passed over everywhere. What turns positions before they are written (the order of axes, a
//! national shift) is a function that the caller hands in and the compiler folds into the loop.

pub mod fixed;
pub mod text;
pub mod walk;

#[cfg(test)]
pub(crate) mod samples;

pub use fixed::Fixed;
pub use walk::{BadWkb, Kind, Positions, Sink, walk};

use super::Area;

const EWKB_SRID: u32 = 0x2000_0000;
const SRID_CGCS2000: u32 = 4490;

/// EWKB of an area: little-endian, SRID 4490.
pub(super) fn write_area(area: &Area) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + area.vertices() * 16);
    let kind: u32 = if area.is_multi() { 6 } else { 3 };
    out.push(1);
    put_u32(&mut out, kind | EWKB_SRID);
    put_u32(&mut out, SRID_CGCS2000);
    if area.is_multi() {
        put_len(&mut out, area.polygons().len());
    }
    for rings in area.polygons() {
        if area.is_multi() {
            out.push(1);
            put_u32(&mut out, 3);
        }
        put_len(&mut out, rings.len());
        for ring in rings {
            put_len(&mut out, ring.len());
            for [x, y] in ring {
                out.extend_from_slice(&x.to_le_bytes());
                out.extend_from_slice(&y.to_le_bytes());
            }
        }
    }
    out
}

fn put_u32(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn put_len(out: &mut Vec<u8>, n: usize) {
    put_u32(out, u32::try_from(n).unwrap_or(u32::MAX));
}

/// Appends the GeoJSON geometry of WKB or EWKB bytes to `out`, longitude and latitude as they stand. Ordinates are rounded to
/// `decimals` (at most 15).
///
/// # Errors
/// When the bytes are no geometry or an ordinate is not finite; `out` is then as it was.
pub fn to_geojson(wkb: &[u8], decimals: u8, out: &mut Vec<u8>) -> Result<(), BadWkb> {
    text::geojson(wkb, Fixed::json(decimals), out, |place| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(wkb: &[u8]) -> Result<String, BadWkb> {
        let mut out = Vec::new();
        to_geojson(wkb, 7, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_area_comes_back_as_it_was() {
        for geometry in [
            json!({"type": "Polygon", "coordinates": [[[105.1, 38.0], [106.0, 38.0], [106.0, 39.0], [105.1, 38.0]]]}),
            json!({"type": "MultiPolygon", "coordinates": [[[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]], [[[5.0, 5.0], [6.0, 5.0], [6.0, 6.0], [5.0, 5.0]]]]}),
        ] {
            let area = Area::from_geojson(&geometry, "").unwrap();
            let back: serde_json::Value = serde_json::from_str(&text(&area.to_ewkb()).unwrap()).unwrap();
            assert_eq!(Area::from_geojson(&back, "").unwrap(), area);
        }
    }

    #[test]
    fn bytes_that_end_early_are_refused() {
        let whole =
            Area::from_geojson(&json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}), "")
                .unwrap()
                .to_ewkb();
        for n in 0..whole.len() {
            assert!(text(&whole[..n]).is_err(), "{n}");
        }
        assert!(text(&whole).is_ok());
    }
}
