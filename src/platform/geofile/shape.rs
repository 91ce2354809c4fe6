//! One record of a `.shp`: ESRI Shapefile Technical Description, July 1998. Every count is held against the bytes that are
//! there before anything is made of it.

use super::rings::{self, Ring};
use crate::kernel::{Fault, Text};
use serde_json::{Value, json};

/// A shape, read.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    /// GeoJSON; null for a record without a shape.
    pub(super) geometry: Value,
    /// Whether it has heights or measures, which are not taken.
    pub(super) more_than_plane: bool,
}

/// Reads the content of a record.
///
/// # Errors
/// `bad_shape`, `shape_type_unsupported`, `coordinate_not_finite`, those of [`rings::polygons`].
pub(super) fn read(content: &[u8]) -> Result<Shape, Fault> {
    let mut reader = Reader { bytes: content };
    let kind = reader.int().ok_or_else(cut)?;
    let plain = match kind {
        0 => return Ok(Shape { geometry: Value::Null, more_than_plane: false }),
        1 | 3 | 5 | 8 => kind,
        11 | 13 | 15 | 18 => kind - 10,
        21 | 23 | 25 | 28 => kind - 20,
        other => {
            let name = if other == 31 { " (MultiPatch)" } else { "" };
            return Err(Fault::new(
                "/geometry",
                "shape_type_unsupported",
                Text::new(
                    format!("图形类型 {other}{name} 不能读取；可用点、线、面。"),
                    format!("Shapes of type {other}{name} are not read; points, lines and areas are."),
                ),
            ));
        }
    };
    let geometry = match plain {
        1 => {
            let point = reader.point().ok_or_else(cut)?;
            finite(&[point])?;
            json!({"type": "Point", "coordinates": point})
        }
        8 => {
            reader.skip(32).ok_or_else(cut)?;
            let count = reader.count(16).ok_or_else(cut)?;
            let points = reader.points(count).ok_or_else(cut)?;
            finite(&points)?;
            json!({"type": "MultiPoint", "coordinates": points})
        }
        _ => {
            let parts = reader.parts().ok_or_else(cut)?;
            for part in &parts {
                finite(part)?;
            }
            if plain == 3 { lines(parts) } else { areas(parts)? }
        }
    };
    Ok(Shape { geometry, more_than_plane: kind != plain })
}

fn lines(mut parts: Vec<Ring>) -> Value {
    match parts.len() {
        0 => Value::Null,
        1 => json!({"type": "LineString", "coordinates": parts.swap_remove(0)}),
        _ => json!({"type": "MultiLineString", "coordinates": parts}),
    }
}

fn areas(parts: Vec<Ring>) -> Result<Value, Fault> {
    let mut polygons = rings::polygons(parts)?;
    Ok(match polygons.len() {
        0 => Value::Null,
        1 => json!({"type": "Polygon", "coordinates": polygons.swap_remove(0)}),
        _ => json!({"type": "MultiPolygon", "coordinates": polygons}),
    })
}

/// JSON has no word for what is no number.
pub(super) fn finite(points: &[[f64; 2]]) -> Result<(), Fault> {
    if points.iter().flatten().all(|ordinate| ordinate.is_finite()) {
        return Ok(());
    }
    Err(Fault::new(
        "/geometry",
        "coordinate_not_finite",
        Text::fixed("坐标中有非数值（NaN 或无穷大）。", "A coordinate is not a number (NaN or infinite)."),
    ))
}

fn cut() -> Fault {
    Fault::new(
        "/geometry",
        "bad_shape",
        Text::fixed("图形记录已损坏：点数与记录长度不符。", "The shape is damaged: its counts do not fit its length."),
    )
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn skip(&mut self, n: usize) -> Option<()> {
        self.bytes = self.bytes.get(n..)?;
        Some(())
    }

    fn int(&mut self) -> Option<i32> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(i32::from_le_bytes(*head))
    }

    /// A number of things of so many bytes each, as many as there can be at most.
    fn count(&mut self, each: usize) -> Option<usize> {
        let count = usize::try_from(self.int()?).ok()?;
        (count <= self.bytes.len() / each).then_some(count)
    }

    fn ordinate(&mut self) -> Option<f64> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(f64::from_le_bytes(*head))
    }

    fn point(&mut self) -> Option<[f64; 2]> {
        Some([self.ordinate()?, self.ordinate()?])
    }

    fn points(&mut self, count: usize) -> Option<Ring> {
        (0..count).map(|_| self.point()).collect()
    }

    /// Box, number of parts, number of points, where each part begins, points.
    fn parts(&mut self) -> Option<Vec<Ring>> {
        self.skip(32)?;
        let (parts, points) = (usize::try_from(self.int()?).ok()?, usize::try_from(self.int()?).ok()?);
        let needed = parts.checked_mul(4)?.checked_add(points.checked_mul(16)?)?;
        if needed > self.bytes.len() {
            return None;
        }
        let begins: Option<Vec<usize>> = (0..parts).map(|_| usize::try_from(self.int()?).ok()).collect();
        let begins = begins?;
        let ends = begins.iter().skip(1).copied().chain([points]);
        if begins.first().is_some_and(|first| *first != 0) {
            return None;
        }
        let mut out = Vec::with_capacity(parts);
        for (begin, end) in begins.iter().zip(ends) {
            let part = self.points(end.checked_sub(*begin)?)?;
            // Some writers leave empty parts.
            if !part.is_empty() {
                out.push(part);
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: i32, parts: &[i32], points: &[[f64; 2]]) -> Vec<u8> {
        let mut out = kind.to_le_bytes().to_vec();
        out.extend([0; 32]);
        out.extend(i32::try_from(parts.len()).unwrap().to_le_bytes());
        out.extend(i32::try_from(points.len()).unwrap().to_le_bytes());
        parts.iter().for_each(|part| out.extend(part.to_le_bytes()));
        points.iter().flatten().for_each(|ordinate| out.extend(ordinate.to_le_bytes()));
        out
    }

    const SQUARE: [[f64; 2]; 5] = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];

    #[test]
    fn shapes_of_every_kind_are_read() {
        let square = json!({"type": "Polygon", "coordinates": [SQUARE]});
        assert_eq!(read(&record(5, &[0], &SQUARE)), Ok(Shape { geometry: square.clone(), more_than_plane: false }));
        let mut high = record(15, &[0], &SQUARE);
        high.extend([0; 56]);
        assert_eq!(read(&high), Ok(Shape { geometry: square, more_than_plane: true }));
        let line = read(&record(23, &[0, 2], &SQUARE)).expect("lines");
        assert_eq!(line.geometry["type"], "MultiLineString");
        assert_eq!(read(&0_i32.to_le_bytes()).expect("none").geometry, Value::Null);
        assert_eq!(read(&record(5, &[], &[])).expect("empty").geometry, Value::Null);
        let point = [1_i32.to_le_bytes().as_slice(), &1.5_f64.to_le_bytes(), &2.5_f64.to_le_bytes()].concat();
        assert_eq!(read(&point).expect("a point").geometry, json!({"type": "Point", "coordinates": [1.5, 2.5]}));
    }

    #[test]
    fn counts_that_do_not_fit_are_told() {
        let code = |content: &[u8]| read(content).unwrap_err().code;
        assert_eq!(code(&[]), "bad_shape");
        assert_eq!(code(&record(5, &[0], &SQUARE)[..60]), "bad_shape");
        assert_eq!(code(&record(5, &[0, 9], &SQUARE)), "bad_shape");
        assert_eq!(code(&record(5, &[3, 0], &SQUARE)), "bad_shape");
        assert_eq!(code(&record(5, &[-1], &SQUARE)), "bad_shape");
        assert_eq!(code(&record(31, &[0], &SQUARE)), "shape_type_unsupported");
        assert_eq!(code(&record(3, &[0], &[[0.0, f64::NAN], [1.0, 1.0]])), "coordinate_not_finite");
        let mut huge = record(5, &[0], &SQUARE);
        for (at, n) in [(36, i32::MAX), (40, i32::MAX), (36, -1), (40, -1)] {
            huge[at..at + 4].copy_from_slice(&n.to_le_bytes());
            assert_eq!(code(&huge), "bad_shape");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fall_over(
            kind in prop::sample::select(vec![0_i32, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31, 99]),
            rest in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = read(&[kind.to_le_bytes().as_slice(), &rest].concat());
        }
    }
}
