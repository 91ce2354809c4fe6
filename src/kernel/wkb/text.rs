//! Geometry as text: GeoJSON, and WKT for tables.

use super::fixed::Fixed;
use super::walk::{BadWkb, Kind, NotFinite, Positions, Sink, walk};

/// Appends the GeoJSON geometry of well-known binary. `turn` is done to each position first: `|p| p` for none, `|[x, y]|
/// [y, x]` for a CRS whose first axis is north.
///
/// An empty point has empty `coordinates`, and is left out of a MultiPoint. Rings keep their direction: what the registry writes is turned as RFC 7946 wants it when it comes in.
///
/// # Errors
/// When the bytes are no geometry or an ordinate is not finite; `out` is then as it was.
pub fn geojson(
    wkb: &[u8],
    numbers: Fixed,
    out: &mut Vec<u8>,
    turn: impl Fn([f64; 2]) -> [f64; 2],
) -> Result<(), BadWkb> {
    let start = out.len();
    let mut sink = Json { numbers, turn, multi: false, comma: false, out };
    let walked = walk(wkb, &mut sink);
    if walked.is_err() {
        out.truncate(start);
    }
    walked
}

/// Appends the well-known text, such as `POLYGON((0 0,1 0,1 1,0 0))`, numbers without exponents. `turn` as for [`geojson`].
///
/// # Errors
/// As [`geojson`].
pub fn wkt(wkb: &[u8], decimals: u8, out: &mut Vec<u8>, turn: impl Fn([f64; 2]) -> [f64; 2]) -> Result<(), BadWkb> {
    let start = out.len();
    let mut sink = Wkt { numbers: Fixed::plain(decimals), turn, multi: false, comma: false, open: 0, out };
    let walked = walk(wkb, &mut sink);
    if walked.is_err() {
        out.truncate(start);
    }
    walked
}

/// Positions for which room is made at once.
const BLOCK: usize = 256;
/// Bytes of a position with what stands around it, at most.
const LONGEST: usize = 2 * Fixed::LENGTH + 2;

/// Appends positions: what stands before, between and after the two numbers of each.
fn list(
    numbers: Fixed,
    turn: &impl Fn([f64; 2]) -> [f64; 2],
    positions: Positions<'_>,
    around: (u8, u8, &[u8]),
    out: &mut Vec<u8>,
) -> Result<(), NotFinite> {
    match numbers.decimals() {
        Fixed::DEGREES => list_of::<{ Fixed::DEGREES }>(numbers, turn, positions, around, out),
        Fixed::METRES => list_of::<{ Fixed::METRES }>(numbers, turn, positions, around, out),
        _ => list_of::<{ Fixed::ANY }>(numbers, turn, positions, around, out),
    }
}

#[inline(always)]
fn list_of<const DECIMALS: u8>(
    numbers: Fixed,
    turn: &impl Fn([f64; 2]) -> [f64; 2],
    positions: Positions<'_>,
    (before, between, after): (u8, u8, &[u8]),
    out: &mut Vec<u8>,
) -> Result<(), NotFinite> {
    let mut at = out.len();
    out.resize(at + positions.len() * LONGEST + Fixed::ROOM, 0);
    let room = out.as_mut_slice();
    let mut finite = true;
    positions.each(|position| {
        let [x, y] = turn(position);
        let end =
            numbers.put::<DECIMALS>(before, x, room, at).and_then(|end| numbers.put::<DECIMALS>(between, y, room, end));
        match end {
            Ok(end) => at = end,
            Err(NotFinite) => finite = false,
        }
        for byte in after {
            if let Some(to) = room.get_mut(at) {
                *to = *byte;
            }
            at += 1;
        }
    });
    out.truncate(at);
    if finite { Ok(()) } else { Err(NotFinite) }
}

struct Json<'a, T> {
    numbers: Fixed,
    turn: T,
    /// Whether the geometry is a part of one that was begun, so that only its coordinates are said.
    multi: bool,
    /// Whether something stands before, in the same list.
    comma: bool,
    out: &'a mut Vec<u8>,
}

impl<T> Json<'_, T> {
    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
    }
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Sink for Json<'_, T> {
    fn begin(&mut self, kind: Kind, parts: u32) {
        if self.multi {
            if kind == Kind::Polygon {
                self.separate();
                self.out.push(b'[');
                self.comma = false;
            }
            return;
        }
        self.separate();
        self.comma = false;
        self.out.extend_from_slice(b"{\"type\":\"");
        self.out.extend_from_slice(kind.name().as_bytes());
        match kind {
            Kind::GeometryCollection => self.out.extend_from_slice(b"\",\"geometries\":["),
            Kind::Point if parts == 0 => self.out.extend_from_slice(b"\",\"coordinates\":[]"),
            Kind::Point | Kind::LineString => self.out.extend_from_slice(b"\",\"coordinates\":"),
            _ => self.out.extend_from_slice(b"\",\"coordinates\":["),
        }
        self.multi = kind.is_multi();
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        self.separate();
        self.comma = true;
        if kind != Kind::Point {
            self.out.push(b'[');
        }
        for (n, block) in positions.blocks(BLOCK).enumerate() {
            if n > 0 {
                self.out.push(b',');
            }
            list(self.numbers, &self.turn, block, (b'[', b',', b"],"), self.out)?;
            // The last position's comma.
            self.out.pop();
        }
        if kind != Kind::Point {
            self.out.push(b']');
        }
        Ok(())
    }

    fn end(&mut self, kind: Kind) {
        let part = self.multi && !kind.is_multi();
        match kind {
            Kind::Point | Kind::LineString if part => return,
            Kind::Polygon if part => self.out.push(b']'),
            Kind::Point | Kind::LineString => self.out.push(b'}'),
            _ => self.out.extend_from_slice(b"]}"),
        }
        self.multi = part;
        self.comma = true;
    }
}

struct Wkt<'a, T> {
    numbers: Fixed,
    turn: T,
    multi: bool,
    comma: bool,
    /// A bit for each geometry that has not ended, the innermost last: whether it has a bracket to be closed.
    open: u64,
    out: &'a mut Vec<u8>,
}

impl<T> Wkt<'_, T> {
    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
    }
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Sink for Wkt<'_, T> {
    fn begin(&mut self, kind: Kind, parts: u32) {
        self.separate();
        self.comma = false;
        if !self.multi {
            self.out.extend_from_slice(kind.name().to_ascii_uppercase().as_bytes());
        }
        // A point and a line have their bracket from their positions.
        let bracket = parts > 0 && !matches!(kind, Kind::Point | Kind::LineString);
        self.open = self.open << 1 | u64::from(bracket);
        if bracket {
            self.out.push(b'(');
        } else if parts == 0 {
            let empty: &[u8] = if self.multi { b"EMPTY" } else { b" EMPTY" };
            self.out.extend_from_slice(empty);
        }
        self.multi |= kind.is_multi();
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        self.separate();
        self.comma = true;
        if positions.is_empty() {
            // Of a line, its beginning has said so.
            if kind == Kind::Polygon {
                self.out.extend_from_slice(b"EMPTY");
            }
            return Ok(());
        }
        let start = self.out.len();
        for block in positions.blocks(BLOCK) {
            list(self.numbers, &self.turn, block, (b',', b' ', b""), self.out)?;
        }
        // Each position has a comma before it, the first one a bracket.
        if let Some(first) = self.out.get_mut(start) {
            *first = b'(';
        }
        self.out.push(b')');
        Ok(())
    }

    fn end(&mut self, kind: Kind) {
        if self.open & 1 == 1 {
            self.out.push(b')');
        }
        self.open >>= 1;
        self.multi &= !kind.is_multi();
        self.comma = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Dice, Shape, dialects, ewkb, one_of_each, star, wkb};
    use super::super::walk::WkbFault;
    use super::*;
    use proptest::prelude::*;

    fn json(bytes: &[u8], decimals: u8) -> Result<String, BadWkb> {
        let mut out = b"before ".to_vec();
        let written = geojson(bytes, Fixed::json(decimals), &mut out, |p| p);
        assert!(out.starts_with(b"before ") && (written.is_ok() || out.len() == 7));
        written.map(|()| String::from_utf8(out[7..].to_vec()).unwrap())
    }

    fn table(shape: &Shape) -> String {
        let mut out = Vec::new();
        wkt(&ewkb(shape), 7, &mut out, |p| p).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The same by the plainest means: a position after another, each number by the search for its shortest text.
    fn plainly(bytes: &[u8], decimals: u8) -> String {
        let mut out = String::new();
        let (kind, rest) = plain_geometry(bytes, decimals, &mut out);
        assert!((1..=7).contains(&kind) && rest.is_empty());
        out
    }

    fn plain_number(n: f64, decimals: u8) -> String {
        let scale = 10_f64.powi(i32::from(decimals));
        let rounded = (n * scale).round() / scale;
        let text = ryu::Buffer::new().format(if rounded == 0.0 { 0.0 } else { rounded }).to_owned();
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    }

    /// What a geometry is made of: its kind, ordinates of a position, byte order, and what follows.
    fn plain_head(bytes: &[u8]) -> (u32, usize, bool, &[u8]) {
        let little = bytes[0] == 1;
        let (word, mut rest) = plain_u32(&bytes[1..], little);
        if word & 0x2000_0000 != 0 {
            rest = &rest[4..];
        }
        let iso = (word & 0xffff) / 1000;
        let z = word & 0x8000_0000 != 0 || iso == 1 || iso == 3;
        let m = word & 0x4000_0000 != 0 || iso == 2 || iso == 3;
        ((word & 0xffff) % 1000, 2 + usize::from(z) + usize::from(m), little, rest)
    }

    fn plain_u32(bytes: &[u8], little: bool) -> (u32, &[u8]) {
        let (word, rest) = bytes.split_first_chunk().unwrap();
        (if little { u32::from_le_bytes(*word) } else { u32::from_be_bytes(*word) }, rest)
    }

    fn plain_geometry<'a>(bytes: &'a [u8], decimals: u8, out: &mut String) -> (u32, &'a [u8]) {
        let (kind, ordinates, little, rest) = plain_head(bytes);
        let name = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"];
        if kind < 7 {
            out.push_str(&format!("{{\"type\":\"{}\",\"coordinates\":", name[kind as usize - 1]));
            let rest = plain_coordinates(kind, ordinates, little, rest, decimals, out);
            out.push('}');
            return (kind, rest);
        }
        out.push_str("{\"type\":\"GeometryCollection\",\"geometries\":");
        let rest = plain_list(little, rest, out, |bytes, out| plain_geometry(bytes, decimals, out).1);
        out.push('}');
        (kind, rest)
    }

    fn plain_coordinates<'a>(
        kind: u32,
        ordinates: usize,
        little: bool,
        bytes: &'a [u8],
        decimals: u8,
        out: &mut String,
    ) -> &'a [u8] {
        let position = |bytes: &'a [u8], out: &mut String| {
            let read = if little { f64::from_le_bytes } else { f64::from_be_bytes };
            let all: Vec<f64> = bytes.as_chunks().0.iter().take(2).map(|eight| read(*eight)).collect();
            out.push_str(&format!("[{},{}]", plain_number(all[0], decimals), plain_number(all[1], decimals)));
            &bytes[8 * ordinates..]
        };
        match kind {
            1 => position(bytes, out),
            2 => plain_list(little, bytes, out, position),
            3 => plain_list(little, bytes, out, |bytes, out| plain_list(little, bytes, out, position)),
            _ => plain_list(little, bytes, out, |bytes, out| {
                let (kind, ordinates, little, rest) = plain_head(bytes);
                plain_coordinates(kind, ordinates, little, rest, decimals, out)
            }),
        }
    }

    fn plain_list<'a>(
        little: bool,
        bytes: &'a [u8],
        out: &mut String,
        mut each: impl FnMut(&'a [u8], &mut String) -> &'a [u8],
    ) -> &'a [u8] {
        let (n, mut rest) = plain_u32(bytes, little);
        out.push('[');
        for i in 0..n {
            out.push_str(if i > 0 { "," } else { "" });
            rest = each(rest, out);
        }
        out.push(']');
        rest
    }

    #[test]
    fn json_is_what_plain_means_make() {
        for shape in one_of_each() {
            for dialect in dialects() {
                let bytes = wkb(&shape, dialect);
                for decimals in [0, 3, 7, 9, 15] {
                    let text = json(&bytes, decimals).unwrap();
                    assert_eq!(text, plainly(&bytes, decimals));
                    serde_json::from_str::<serde_json::Value>(&text).unwrap();
                }
            }
        }
        // More positions than one block has, and just as many.
        for vertices in [255, 256, 257, 512, 100_000] {
            let bytes = ewkb(&Shape::Polygon(vec![star(&mut Dice(1), [116.0, 34.0], [3.0, 3.0], vertices - 1)]));
            assert_eq!(json(&bytes, 7).unwrap(), plainly(&bytes, 7));
        }
    }

    #[test]
    fn empty_points_are_json_too() {
        let two =
            Shape::Multi(4, vec![Shape::NoPoint, Shape::Point([1.0, 2.0]), Shape::NoPoint, Shape::Point([3.0, 4.0])]);
        for (shape, text) in [
            (Shape::NoPoint, r#"{"type":"Point","coordinates":[]}"#),
            (two, r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#),
            (
                Shape::Collection(vec![Shape::NoPoint, Shape::Point([1.0, 2.0])]),
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[]},{"type":"Point","coordinates":[1,2]}]}"#,
            ),
        ] {
            assert_eq!(json(&ewkb(&shape), 7).unwrap(), text);
        }
    }

    #[test]
    fn axes_can_be_turned() {
        let mut out = Vec::new();
        geojson(&ewkb(&Shape::Line(vec![[1.0, 2.0], [3.0, 4.0]])), Fixed::json(7), &mut out, |[x, y]| [y, x]).unwrap();
        assert_eq!(out, br#"{"type":"LineString","coordinates":[[2,1],[4,3]]}"#);
        out.clear();
        wkt(&ewkb(&Shape::Point([1.0, 2.0])), 7, &mut out, |[x, y]| [y, x]).unwrap();
        assert_eq!(out, b"POINT(2 1)");
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for bad in [f64::NAN, f64::INFINITY] {
            let bytes = ewkb(&Shape::Line(vec![[0.0, 0.0], [1.0, bad], [2.0, 2.0]]));
            let refused = json(&bytes, 7).unwrap_err();
            assert_eq!((refused.at, refused.fault), (13, WkbFault::NotFinite));
            let mut out = b"kept".to_vec();
            assert!(wkt(&bytes, 7, &mut out, |p| p).is_err());
            assert_eq!(out, b"kept");
        }
    }

    #[test]
    fn tables_get_well_known_text() {
        let square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
        let hole = vec![[0.5, 0.1], [0.6, 0.2], [0.6, 0.1], [0.5, 0.1]];
        let polygon = Shape::Polygon(vec![square.clone(), hole]);
        for (shape, text) in [
            (Shape::Point([116.391_234_56, -0.000_001]), "POINT(116.3912346 -0.000001)"),
            (Shape::NoPoint, "POINT EMPTY"),
            (Shape::Line(vec![[0.0, 0.0], [1.5, 2.0]]), "LINESTRING(0 0,1.5 2)"),
            (Shape::Line(vec![]), "LINESTRING EMPTY"),
            (polygon.clone(), "POLYGON((0 0,1 0,1 1,0 0),(0.5 0.1,0.6 0.2,0.6 0.1,0.5 0.1))"),
            (Shape::Polygon(vec![]), "POLYGON EMPTY"),
            (Shape::Polygon(vec![square.clone(), vec![]]), "POLYGON((0 0,1 0,1 1,0 0),EMPTY)"),
            (
                Shape::Multi(4, vec![Shape::Point([1.0, 2.0]), Shape::NoPoint, Shape::Point([3.0, 4.0])]),
                "MULTIPOINT((1 2),EMPTY,(3 4))",
            ),
            (
                Shape::Multi(5, vec![Shape::Line(vec![]), Shape::Line(vec![[1.0, 1.0], [2.0, 2.0]])]),
                "MULTILINESTRING(EMPTY,(1 1,2 2))",
            ),
            (
                Shape::Multi(6, vec![Shape::Polygon(vec![square.clone()]), Shape::Polygon(vec![square.clone()])]),
                "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((0 0,1 0,1 1,0 0)))",
            ),
            (Shape::Multi(6, vec![]), "MULTIPOLYGON EMPTY"),
            (
                Shape::Collection(vec![
                    Shape::Point([1.0, 2.0]),
                    Shape::Multi(4, vec![Shape::Point([5.0, 6.0])]),
                    Shape::Collection(vec![Shape::Line(vec![[1.0, 1.0], [2.0, 2.0]])]),
                    Shape::Point([3.0, 4.0]),
                ]),
                "GEOMETRYCOLLECTION(POINT(1 2),MULTIPOINT((5 6)),GEOMETRYCOLLECTION(LINESTRING(1 1,2 2)),POINT(3 4))",
            ),
            (Shape::Collection(vec![]), "GEOMETRYCOLLECTION EMPTY"),
        ] {
            assert_eq!(table(&shape), text);
        }
        let long = table(&Shape::Line((0..600).map(|n| [f64::from(n), 0.5]).collect()));
        assert_eq!(long, format!("LINESTRING({})", (0..600).map(|n| format!("{n} 0.5")).collect::<Vec<_>>().join(",")));
    }

    proptest! {
        #[test]
        fn every_polygon_is_written_as_by_plain_means(seed: u64, x in -170.0..170.0_f64, y in -80.0..80.0_f64, size in 1e-6..9.0_f64, n in 3..80_usize) {
            let bytes = ewkb(&Shape::Polygon(vec![star(&mut Dice(seed), [x, y], [size, size], n)]));
            prop_assert_eq!(json(&bytes, 7).unwrap(), plainly(&bytes, 7));
        }
    }
}
