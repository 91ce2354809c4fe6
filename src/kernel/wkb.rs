//! Well-known binary: written for PostGIS, and turned straight into GeoJSON text on the way out.
//!
//! Text made inside PostgreSQL is what costs most on a page of features, so rows leave it as binary and become text here.

use super::Area;

const EWKB_SRID: u32 = 0x2000_0000;
const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
const SRID_CGCS2000: u32 = 4490;

/// The bytes are not well-known binary of a kind that GeoJSON can say.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not well-known binary that GeoJSON can say: {0}")]
pub struct BadWkb(&'static str);

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

/// Appends the GeoJSON geometry of WKB or EWKB bytes to `out`. Ordinates are rounded to `decimals` (at most 15);
/// heights and measures are dropped.
///
/// # Errors
/// When the bytes end early or hold a kind that GeoJSON has no name for. `out` then holds a broken tail.
pub fn to_geojson(wkb: &[u8], decimals: u8, out: &mut Vec<u8>) -> Result<(), BadWkb> {
    let mut reader = Reader { bytes: wkb, little: true };
    geometry(&mut reader, decimals.min(15), out)
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadWkb> {
        let (head, tail) = self.bytes.split_first_chunk::<N>().ok_or(BadWkb("it ends early"))?;
        self.bytes = tail;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, BadWkb> {
        let b = self.take()?;
        Ok(if self.little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
    }

    fn f64(&mut self) -> Result<f64, BadWkb> {
        let b = self.take()?;
        Ok(if self.little { f64::from_le_bytes(b) } else { f64::from_be_bytes(b) })
    }

    /// Kind 1-7 and the number of ordinates to a position.
    fn head(&mut self) -> Result<(u32, usize), BadWkb> {
        self.little = self.take::<1>()?[0] == 1;
        let word = self.u32()?;
        if word & EWKB_SRID != 0 {
            self.u32()?;
        }
        let iso = (word & 0xffff) / 1000;
        let mut ordinates = 2;
        ordinates += usize::from(word & EWKB_Z != 0 || iso == 1 || iso == 3);
        ordinates += usize::from(word & EWKB_M != 0 || iso == 2 || iso == 3);
        Ok(((word & 0xffff) % 1000, ordinates))
    }
}

fn geometry(r: &mut Reader<'_>, decimals: u8, out: &mut Vec<u8>) -> Result<(), BadWkb> {
    let (kind, ordinates) = r.head()?;
    let name: &[u8] = match kind {
        1 => b"Point",
        2 => b"LineString",
        3 => b"Polygon",
        4 => b"MultiPoint",
        5 => b"MultiLineString",
        6 => b"MultiPolygon",
        7 => {
            out.extend_from_slice(b"{\"type\":\"GeometryCollection\",\"geometries\":[");
            let n = r.u32()?;
            for i in 0..n {
                if i > 0 {
                    out.push(b',');
                }
                geometry(r, decimals, out)?;
            }
            out.extend_from_slice(b"]}");
            return Ok(());
        }
        _ => return Err(BadWkb("an unknown kind")),
    };
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(name);
    out.extend_from_slice(b"\",\"coordinates\":");
    coordinates(r, kind, ordinates, decimals, out)?;
    out.push(b'}');
    Ok(())
}

fn coordinates(r: &mut Reader<'_>, kind: u32, ordinates: usize, decimals: u8, out: &mut Vec<u8>) -> Result<(), BadWkb> {
    match kind {
        1 => position(r, ordinates, decimals, out),
        2 => list(r, out, |r, out| position(r, ordinates, decimals, out)),
        3 => list(r, out, |r, out| list(r, out, |r, out| position(r, ordinates, decimals, out))),
        _ => list(r, out, |r, out| {
            let (inner, ordinates) = r.head()?;
            coordinates(r, inner, ordinates, decimals, out)
        }),
    }
}

fn list(
    r: &mut Reader<'_>,
    out: &mut Vec<u8>,
    mut each: impl FnMut(&mut Reader<'_>, &mut Vec<u8>) -> Result<(), BadWkb>,
) -> Result<(), BadWkb> {
    let n = r.u32()?;
    out.push(b'[');
    for i in 0..n {
        if i > 0 {
            out.push(b',');
        }
        each(r, out)?;
    }
    out.push(b']');
    Ok(())
}

fn position(r: &mut Reader<'_>, ordinates: usize, decimals: u8, out: &mut Vec<u8>) -> Result<(), BadWkb> {
    out.push(b'[');
    number(r.f64()?, decimals, out);
    out.push(b',');
    number(r.f64()?, decimals, out);
    for _ in 2..ordinates {
        r.f64()?;
    }
    out.push(b']');
    Ok(())
}

/// Appends `n` rounded to `decimals`, without trailing zeros.
pub fn number(n: f64, decimals: u8, out: &mut Vec<u8>) {
    let scale = 10_f64.powi(i32::from(decimals));
    let rounded = (n * scale).round() / scale;
    // -0 would be valid JSON and a needless difference between two equal answers.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format(rounded);
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
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
    fn numbers_are_rounded_and_short() {
        for (n, expect) in [(105.0, "105"), (0.123_456_789, "0.1234568"), (-0.000_000_001, "0"), (-1.5, "-1.5")] {
            let mut out = Vec::new();
            number(n, 7, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
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
