//! The geometry of a GeoPackage: a head of its own (OGC 12-128r19, 2.1.3), then ISO well-known binary.

use super::shape::finite;
use crate::kernel::{Fault, Text};
use serde_json::{Value, json};

/// Deepest nesting of collections.
const MAX_DEPTH: usize = 8;

/// A geometry, read.
#[derive(Debug, PartialEq)]
pub(super) struct Blob {
    /// GeoJSON; null for an empty one.
    pub(super) geometry: Value,
    /// Whether it has heights or measures, which are not taken.
    pub(super) more_than_plane: bool,
    /// The reference system that it says it is in.
    pub(super) srs_id: i32,
}

/// Reads a geometry.
///
/// # Errors
/// `bad_geometry`, `geometry_type_unsupported`, `coordinate_not_finite`.
pub(super) fn read(bytes: &[u8]) -> Result<Blob, Fault> {
    let [b'G', b'P', version, flags, rest @ ..] = bytes else { return Err(bad()) };
    if *version != 0 {
        return Err(bad());
    }
    if flags & 0x20 != 0 {
        return Err(unsupported(
            "扩展几何（ExtendedGeoPackageBinary）",
            "a geometry of an extension (ExtendedGeoPackageBinary)",
        ));
    }
    let mut reader = Reader { bytes: rest, little: flags & 1 == 1, more_than_plane: false };
    #[expect(clippy::cast_possible_wrap, reason = "the same four bytes")]
    let srs_id = reader.int().ok_or_else(bad)? as i32;
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err(bad()),
    };
    reader.bytes = reader.bytes.get(envelope..).ok_or_else(bad)?;
    let empty = flags & 0x10 != 0;
    let geometry = if empty { Value::Null } else { reader.geometry(0, None)?.unwrap_or(Value::Null) };
    Ok(Blob { geometry, more_than_plane: reader.more_than_plane, srs_id })
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
    more_than_plane: bool,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn int(&mut self) -> Option<u32> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(if self.little { u32::from_le_bytes(*head) } else { u32::from_be_bytes(*head) })
    }

    fn ordinate(&mut self) -> Option<f64> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(if self.little { f64::from_le_bytes(*head) } else { f64::from_be_bytes(*head) })
    }

    /// A number of things of at least so many bytes each, as many as there can be at most.
    fn count(&mut self, each: usize) -> Result<usize, Fault> {
        let count = self.int().and_then(|count| usize::try_from(count).ok()).ok_or_else(bad)?;
        if count > self.bytes.len() / each { Err(bad()) } else { Ok(count) }
    }

    /// One geometry; `None` for an empty one. `only` is the kind that stands in a list of its own kind.
    fn geometry(&mut self, depth: usize, only: Option<u32>) -> Result<Option<Value>, Fault> {
        if depth > MAX_DEPTH {
            return Err(bad());
        }
        self.little = match self.byte() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(bad()),
        };
        let kind = self.int().ok_or_else(bad)?;
        // The high bits are PostGIS's way to say what ISO says in thousands.
        let more = usize::from(kind & 0x8000_0000 != 0) + usize::from(kind & 0x4000_0000 != 0);
        let kind = kind & 0x1fff_ffff;
        let more = match kind / 1000 {
            0 => more,
            1 | 2 => 1,
            3 => 2,
            _ => return Err(bad()),
        };
        let kind = kind % 1000;
        if only.is_some_and(|only| only != kind) {
            return Err(bad());
        }
        self.more_than_plane |= more > 0;
        let each = 16 + 8 * more;
        Ok(match kind {
            1 => {
                let point = self.positions(1, more)?;
                // A point with no place is how an empty one is written.
                if point[0].iter().all(|ordinate| ordinate.is_nan()) {
                    return Ok(None);
                }
                finite(&point)?;
                Some(json!({"type": "Point", "coordinates": point[0]}))
            }
            2 => {
                let line = self.line(each, more)?;
                (!line.is_empty()).then(|| json!({"type": "LineString", "coordinates": line}))
            }
            3 => {
                let mut rings = Vec::new();
                for _ in 0..self.count(4)? {
                    rings.push(self.line(each, more)?);
                }
                (!rings.is_empty()).then(|| json!({"type": "Polygon", "coordinates": rings}))
            }
            4..=6 => {
                let mut parts = Vec::new();
                for _ in 0..self.count(5)? {
                    let part = self.geometry(depth + 1, Some(kind - 3))?;
                    parts.extend(part.map(|mut part| part["coordinates"].take()));
                }
                let name = ["MultiPoint", "MultiLineString", "MultiPolygon"][kind as usize - 4];
                (!parts.is_empty()).then(|| json!({"type": name, "coordinates": parts}))
            }
            7 => {
                let mut parts = Vec::new();
                for _ in 0..self.count(5)? {
                    parts.extend(self.geometry(depth + 1, None)?);
                }
                (!parts.is_empty()).then(|| json!({"type": "GeometryCollection", "geometries": parts}))
            }
            8..=17 => {
                return Err(unsupported(
                    "曲线或曲面几何，请先转换为折线",
                    "a geometry with curves or patches; turn it into straight lines first",
                ));
            }
            _ => return Err(bad()),
        })
    }

    fn line(&mut self, each: usize, more: usize) -> Result<Vec<[f64; 2]>, Fault> {
        let count = self.count(each)?;
        let line = self.positions(count, more)?;
        finite(&line)?;
        Ok(line)
    }

    fn positions(&mut self, count: usize, more: usize) -> Result<Vec<[f64; 2]>, Fault> {
        let position = |reader: &mut Self| {
            let place = [reader.ordinate()?, reader.ordinate()?];
            reader.bytes = reader.bytes.get(8 * more..)?;
            Some(place)
        };
        (0..count).map(|_| position(self)).collect::<Option<_>>().ok_or_else(bad)
    }
}

fn bad() -> Fault {
    Fault::new(
        "/geometry",
        "bad_geometry",
        Text::fixed("不是完整的 GeoPackage 几何。", "This is no whole GeoPackage geometry."),
    )
}

fn unsupported(zh: &str, en: &str) -> Fault {
    Fault::new(
        "/geometry",
        "geometry_type_unsupported",
        Text::new(format!("几何为{zh}，不能读取。"), format!("The geometry is {en}; it is not read.")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A geometry with head: flags, then well-known binary of little-endian parts.
    fn blob(flags: u8, envelope: usize, wkb: &[u8]) -> Vec<u8> {
        let srs = if flags & 1 == 1 { 4490_u32.to_le_bytes() } else { 4490_u32.to_be_bytes() };
        [b"GP\0", [flags].as_slice(), &srs, &vec![0; envelope], wkb].concat()
    }

    fn point(little: bool, x: f64, y: f64) -> Vec<u8> {
        if little {
            [[1].as_slice(), &1_u32.to_le_bytes(), &x.to_le_bytes(), &y.to_le_bytes()].concat()
        } else {
            [[0].as_slice(), &1_u32.to_be_bytes(), &x.to_be_bytes(), &y.to_be_bytes()].concat()
        }
    }

    #[test]
    fn heads_of_every_size_and_both_byte_orders_are_read() {
        let expected = json!({"type": "Point", "coordinates": [105.5, 38.5]});
        for (flags, envelope) in [(1, 0), (0, 0), (3, 32), (5, 48), (7, 48), (9, 64)] {
            for little in [true, false] {
                let read = read(&blob(flags, envelope, &point(little, 105.5, 38.5))).expect("a point");
                assert_eq!((read.geometry, read.srs_id), (expected.clone(), 4490), "{flags}");
            }
        }
        assert_eq!(read(&blob(0x11, 0, &[])).expect("empty").geometry, Value::Null);
        assert_eq!(read(&blob(1, 0, &point(true, f64::NAN, f64::NAN))).expect("empty").geometry, Value::Null);
    }

    #[test]
    fn areas_lose_their_heights_and_lists_hold_only_their_kind() {
        let mut high = vec![1];
        for n in [1003_u32, 1, 4] {
            high.extend(n.to_le_bytes());
        }
        for [x, y] in [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0_f64]] {
            high.extend([x, y, 7.0].iter().flat_map(|n: &f64| n.to_le_bytes()));
        }
        let one = read(&blob(1, 0, &high)).expect("an area");
        let ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
        assert_eq!((one.geometry, one.more_than_plane), (json!({"type": "Polygon", "coordinates": [ring]}), true));
        let multi = |kind: u32, part: &[u8]| [[1].as_slice(), &kind.to_le_bytes(), &1_u32.to_le_bytes(), part].concat();
        let many = read(&blob(1, 0, &multi(6, &high))).expect("areas");
        assert_eq!(many.geometry, json!({"type": "MultiPolygon", "coordinates": [[ring]]}));
        assert_eq!(read(&blob(1, 0, &multi(4, &high))).unwrap_err().code, "bad_geometry");
        assert_eq!(read(&blob(1, 0, &multi(7, &high))).expect("a collection").geometry["type"], "GeometryCollection");
        let deep = (0..40).fold(point(true, 1.0, 2.0), |inner, _| multi(7, &inner));
        assert_eq!(read(&blob(1, 0, &deep)).unwrap_err().code, "bad_geometry");
    }

    #[test]
    fn what_is_none_is_told() {
        let code = |bytes: &[u8]| read(bytes).unwrap_err().code;
        assert_eq!(code(b""), "bad_geometry");
        assert_eq!(code(&blob(0x21, 0, &[])), "geometry_type_unsupported");
        assert_eq!(code(&blob(0x0b, 0, &[])), "bad_geometry");
        assert_eq!(code(&blob(1, 0, &[1, 10, 0, 0, 0])), "geometry_type_unsupported");
        assert_eq!(code(&blob(1, 0, &point(true, f64::INFINITY, 0.0))), "coordinate_not_finite");
        let huge = [[1].as_slice(), &2_u32.to_le_bytes(), &u32::MAX.to_le_bytes(), &[0; 40]].concat();
        assert_eq!(code(&blob(1, 0, &huge)), "bad_geometry");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fall_over(
            flags in any::<u8>(), kind in 0_u32..18, more in 0_u32..4, rest in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let wkb = [[1].as_slice(), &(more * 1000 + kind).to_le_bytes(), &rest].concat();
            let _ = read(&[b"GP\0", [flags].as_slice(), &[0; 4], &wkb].concat());
            let _ = read(&rest);
        }
    }
}
