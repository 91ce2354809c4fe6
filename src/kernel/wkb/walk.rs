//! Well-known binary is walked once, and whoever listens is given runs of positions that are still bytes. ISO and PostGIS's
//! own dialect, both byte orders, the seven kinds of simple features.

use crate::kernel::Text;
use std::borrow::Cow;

const EWKB_SRID: u32 = 0x2000_0000;
const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
/// Collections within collections that are followed: more would be somebody's attempt on the stack.
const DEPTH: u32 = 32;

/// Kind of a geometry, with its number in well-known binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 1
    Point = 1,
    /// 2
    LineString = 2,
    /// 3
    Polygon = 3,
    /// 4
    MultiPoint = 4,
    /// 5
    MultiLineString = 5,
    /// 6
    MultiPolygon = 6,
    /// 7
    GeometryCollection = 7,
}

impl Kind {
    fn of(n: u32) -> Option<Kind> {
        Some(match n {
            1 => Kind::Point,
            2 => Kind::LineString,
            3 => Kind::Polygon,
            4 => Kind::MultiPoint,
            5 => Kind::MultiLineString,
            6 => Kind::MultiPolygon,
            7 => Kind::GeometryCollection,
            _ => return None,
        })
    }

    /// Whether its parts are geometries of one kind.
    pub fn is_multi(self) -> bool {
        matches!(self, Kind::MultiPoint | Kind::MultiLineString | Kind::MultiPolygon)
    }

    /// Its name in GeoJSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Point => "Point",
            Kind::LineString => "LineString",
            Kind::Polygon => "Polygon",
            Kind::MultiPoint => "MultiPoint",
            Kind::MultiLineString => "MultiLineString",
            Kind::MultiPolygon => "MultiPolygon",
            Kind::GeometryCollection => "GeometryCollection",
        }
    }
}

/// Bytes that are not well-known binary of a geometry that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct BadWkb {
    /// Where it was noticed: bytes from the start.
    pub at: usize,
    /// What is wrong there.
    pub fault: WkbFault,
}

/// What is wrong with well-known binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WkbFault {
    /// More is announced than there is.
    EndsEarly,
    /// The geometry is whole, and bytes follow it.
    Trailing,
    /// A byte order that is neither 0 nor 1.
    ByteOrder(u8),
    /// A kind that is not one of the seven, or that cannot stand where it does.
    Kind(u32),
    /// Collections within collections, too many.
    Deep,
    /// An ordinate that is infinite or not a number.
    NotFinite,
}

impl BadWkb {
    /// The fault in words, with its place.
    pub fn text(&self) -> Text {
        let at = self.at;
        let (zh, en) = match self.fault {
            WkbFault::EndsEarly => ("数据提前结束".to_owned(), "it ends early".to_owned()),
            WkbFault::Trailing => ("几何之后还有多余字节".to_owned(), "bytes follow the geometry".to_owned()),
            WkbFault::ByteOrder(n) => (format!("字节序标记 {n} 无效"), format!("{n} is no byte order")),
            WkbFault::Kind(n) => (format!("此处不能出现类型 {n}"), format!("a geometry of kind {n} cannot stand here")),
            WkbFault::Deep => ("几何集合嵌套过深".to_owned(), "collections are nested too deeply".to_owned()),
            WkbFault::NotFinite => ("坐标不是有限数".to_owned(), "an ordinate is not a finite number".to_owned()),
        };
        Text::new(
            format!("WKB 几何无效：第 {at} 字节处，{zh}。"),
            format!("Not well-known binary: at byte {at}, {en}."),
        )
    }
}

/// An ordinate is infinite or not a number; [`walk`] says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFinite;

/// Who listens to a walk. Parts come in their order; a collection is begun, then each of its geometries, then ended.
pub trait Sink {
    /// A geometry begins that has so many parts: positions of a point or line (a point without any is empty), rings of a
    /// polygon, geometries of the others.
    fn begin(&mut self, kind: Kind, parts: u32);

    /// The position of a point, the positions of a line, or one ring of a polygon, exterior first.
    ///
    /// # Errors
    /// When an ordinate is not finite; the walk ends there.
    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite>;

    /// The geometry that was begun last and has not ended yet ends.
    fn end(&mut self, kind: Kind);
}

/// Positions in a row, still as bytes.
#[derive(Debug, Clone, Copy)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    /// Bytes of one position: 16 to 32.
    stride: usize,
    little: bool,
}

impl Positions<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.stride
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first.
    pub fn first(&self) -> Option<[f64; 2]> {
        let (words, _) = self.bytes.as_chunks::<8>();
        words.first_chunk().map(|words| decode(words, self.little))
    }

    /// The same in blocks of so many at most.
    pub fn blocks(&self, most: usize) -> impl Iterator<Item = Positions<'_>> {
        self.bytes.chunks(self.stride * most.max(1)).map(|bytes| Positions { bytes, ..*self })
    }

    /// Calls `each` with every position.
    #[inline(always)]
    pub fn each(&self, each: impl FnMut([f64; 2])) {
        // One loop only, so that what is done to each position becomes part of it.
        self.pairs().as_chunks::<8>().0.as_chunks::<2>().0.iter().map(pair).for_each(each);
    }

    /// Appends what `map` makes of every position.
    #[inline(always)]
    pub fn extend<T>(&self, out: &mut Vec<T>, map: impl FnMut([f64; 2]) -> T) {
        out.extend(self.pairs().as_chunks::<8>().0.as_chunks::<2>().0.iter().map(pair).map(map));
    }

    /// The positions as PostGIS sends them: little-endian pairs. All others are made so first.
    #[inline(always)]
    fn pairs(&self) -> Cow<'_, [u8]> {
        if self.little && self.stride == 16 { Cow::Borrowed(self.bytes) } else { Cow::Owned(self.rewritten()) }
    }

    #[cold]
    fn rewritten(&self) -> Vec<u8> {
        let positions = self.bytes.chunks_exact(self.stride).filter_map(|bytes| bytes.as_chunks::<8>().0.first_chunk());
        positions.flat_map(|words| decode(words, self.little)).flat_map(f64::to_le_bytes).collect()
    }
}

#[inline(always)]
fn pair([x, y]: &[[u8; 8]; 2]) -> [f64; 2] {
    [f64::from_le_bytes(*x), f64::from_le_bytes(*y)]
}

fn decode([x, y]: &[[u8; 8]; 2], little: bool) -> [f64; 2] {
    let read = if little { f64::from_le_bytes } else { f64::from_be_bytes };
    [read(*x), read(*y)]
}

/// Walks a geometry.
///
/// # Errors
/// The first fault, with its place. The sink has then heard what stands before it.
pub fn walk(wkb: &[u8], sink: &mut impl Sink) -> Result<(), BadWkb> {
    let mut reader = Reader { rest: wkb, whole: wkb.len() };
    geometry(&mut reader, sink, None, DEPTH)?;
    if reader.rest.is_empty() { Ok(()) } else { Err(reader.bad(WkbFault::Trailing)) }
}

/// The first position of a geometry; `None` when it is empty. What is decided once for a whole feature is decided by it.
///
/// # Errors
/// As [`walk`], up to that position.
pub fn first_position(wkb: &[u8]) -> Result<Option<[f64; 2]>, BadWkb> {
    struct First(Option<[f64; 2]>);
    impl Sink for First {
        fn begin(&mut self, _: Kind, _: u32) {}
        fn positions(&mut self, _: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
            self.0 = positions.first();
            // The walk ends by what it takes for a fault.
            if self.0.is_some() { Err(NotFinite) } else { Ok(()) }
        }
        fn end(&mut self, _: Kind) {}
    }
    let mut first = First(None);
    match (walk(wkb, &mut first), first.0) {
        (_, Some(position)) => Ok(Some(position)),
        (walked, None) => walked.map(|()| None),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

/// What stands before the contents of a geometry.
#[derive(Clone, Copy)]
struct Head {
    kind: Kind,
    little: bool,
    stride: usize,
}

impl<'a> Reader<'a> {
    fn bad(&self, fault: WkbFault) -> BadWkb {
        BadWkb { at: self.whole - self.rest.len(), fault }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadWkb> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.bad(WkbFault::EndsEarly))?;
        self.rest = tail;
        Ok(*head)
    }

    fn u32(&mut self, little: bool) -> Result<u32, BadWkb> {
        let bytes = self.take()?;
        Ok(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn head(&mut self) -> Result<Head, BadWkb> {
        let start = BadWkb { at: self.whole - self.rest.len(), fault: WkbFault::EndsEarly };
        let little = match self.take()? {
            [0] => false,
            [1] => true,
            [other] => return Err(BadWkb { fault: WkbFault::ByteOrder(other), ..start }),
        };
        let word = self.u32(little)?;
        if word & EWKB_SRID != 0 {
            self.u32(little)?;
        }
        let number = word & !(EWKB_SRID | EWKB_Z | EWKB_M);
        let dimensions = number / 1000;
        let kind = Kind::of(number % 1000).filter(|_| dimensions < 4);
        let kind = kind.ok_or(BadWkb { fault: WkbFault::Kind(number), ..start })?;
        let mut ordinates = 2;
        ordinates += usize::from(word & EWKB_Z != 0 || dimensions == 1 || dimensions == 3);
        ordinates += usize::from(word & EWKB_M != 0 || dimensions == 2 || dimensions == 3);
        Ok(Head { kind, little, stride: ordinates * 8 })
    }

    /// So many positions. Asked of the bytes before anything is set aside for them: a number alone costs nothing.
    fn run(&mut self, head: Head, n: u32) -> Result<Positions<'a>, BadWkb> {
        let bytes = usize::try_from(n).ok().and_then(|n| n.checked_mul(head.stride));
        let split = bytes.and_then(|bytes| self.rest.split_at_checked(bytes));
        let (bytes, rest) = split.ok_or_else(|| self.bad(WkbFault::EndsEarly))?;
        self.rest = rest;
        Ok(Positions { bytes, stride: head.stride, little: head.little })
    }
}

fn geometry(r: &mut Reader<'_>, sink: &mut impl Sink, within: Option<Kind>, depth: u32) -> Result<(), BadWkb> {
    let start = r.whole - r.rest.len();
    let head = r.head()?;
    let kind = head.kind;
    let expected = match within {
        Some(Kind::MultiPoint) => kind == Kind::Point,
        Some(Kind::MultiLineString) => kind == Kind::LineString,
        Some(Kind::MultiPolygon) => kind == Kind::Polygon,
        _ => true,
    };
    if !expected {
        return Err(BadWkb { at: start, fault: WkbFault::Kind(kind as u32) });
    }
    match kind {
        Kind::Point => {
            let mut position = r.run(head, 1)?;
            // That a point is empty is said by two ordinates that are no numbers.
            if position.first().is_some_and(|[x, y]| x.is_nan() && y.is_nan()) {
                position.bytes = &[];
            }
            sink.begin(kind, u32::from(!position.is_empty()));
            if !position.is_empty() {
                hand_over(r, sink, kind, position)?;
            }
        }
        Kind::LineString => {
            let n = r.u32(head.little)?;
            let positions = r.run(head, n)?;
            sink.begin(kind, n);
            hand_over(r, sink, kind, positions)?;
        }
        Kind::Polygon => {
            let rings = r.u32(head.little)?;
            sink.begin(kind, rings);
            for _ in 0..rings {
                let n = r.u32(head.little)?;
                let positions = r.run(head, n)?;
                hand_over(r, sink, kind, positions)?;
            }
        }
        _ => {
            let depth = depth.checked_sub(1).ok_or(BadWkb { at: start, fault: WkbFault::Deep })?;
            let parts = r.u32(head.little)?;
            sink.begin(kind, parts);
            for _ in 0..parts {
                geometry(r, sink, Some(kind), depth)?;
            }
        }
    }
    sink.end(kind);
    Ok(())
}

fn hand_over(r: &Reader<'_>, sink: &mut impl Sink, kind: Kind, positions: Positions<'_>) -> Result<(), BadWkb> {
    sink.positions(kind, positions)
        .map_err(|NotFinite| BadWkb { at: r.whole - r.rest.len() - positions.bytes.len(), fault: WkbFault::NotFinite })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{PLAIN, POSTGIS, Shape, dialects, one_of_each, wkb};
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Default, PartialEq)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn begin(&mut self, kind: Kind, parts: u32) {
            self.0.push(format!("{} {parts}", kind.name()));
        }
        fn positions(&mut self, _: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
            let mut list = Vec::new();
            positions.each(|p| list.push(p));
            assert_eq!(list.len(), positions.len());
            assert_eq!(list.first().copied(), positions.first());
            assert_eq!(list.is_empty(), positions.is_empty());
            let mut extended = vec![[0.0; 2]];
            positions.extend(&mut extended, |p| p);
            assert_eq!(extended[1..], list);
            let blocks: usize = positions.blocks(2).map(|block| block.len()).sum();
            assert_eq!(blocks, list.len());
            self.0.push(format!("{list:?}"));
            Ok(())
        }
        fn end(&mut self, kind: Kind) {
            self.0.push(format!("end {}", kind.name()));
        }
    }

    fn heard(bytes: &[u8]) -> Result<Vec<String>, BadWkb> {
        let mut sink = Heard::default();
        walk(bytes, &mut sink).map(|()| sink.0)
    }

    #[test]
    fn every_dialect_says_the_same() {
        for shape in one_of_each() {
            let expected = heard(&wkb(&shape, POSTGIS)).unwrap();
            for dialect in dialects() {
                assert_eq!(heard(&wkb(&shape, dialect)), Ok(expected.clone()), "{dialect:?} {shape:?}");
            }
        }
        let point = Shape::Collection(vec![Shape::NoPoint, Shape::Point([1.0, 2.0])]);
        let expected = [
            "GeometryCollection 2",
            "Point 0",
            "end Point",
            "Point 1",
            "[[1.0, 2.0]]",
            "end Point",
            "end GeometryCollection",
        ];
        for dialect in dialects() {
            assert_eq!(heard(&wkb(&point, dialect)).unwrap(), expected);
        }
    }

    #[test]
    fn bytes_that_end_early_or_late_are_refused() {
        for shape in one_of_each() {
            let mut whole = wkb(&shape, POSTGIS);
            for n in 0..whole.len() {
                let bad = heard(&whole[..n]).unwrap_err();
                assert_eq!(bad.fault, WkbFault::EndsEarly, "{n}");
                assert!(bad.at <= n);
            }
            let length = whole.len();
            whole.push(0);
            assert_eq!(heard(&whole), Err(BadWkb { at: length, fault: WkbFault::Trailing }));
        }
    }

    #[test]
    fn what_is_no_geometry_is_refused_with_its_place() {
        let point = wkb(&Shape::Point([1.0, 2.0]), PLAIN);
        let with = |at: usize, byte: u8| {
            let mut bytes = point.clone();
            bytes[at] = byte;
            heard(&bytes).unwrap_err()
        };
        assert_eq!(with(0, 7), BadWkb { at: 0, fault: WkbFault::ByteOrder(7) });
        assert_eq!(with(1, 8), BadWkb { at: 0, fault: WkbFault::Kind(8) });
        assert_eq!(with(1, 0), BadWkb { at: 0, fault: WkbFault::Kind(0) });
        // A line among the points, and four billion positions that are not there.
        let mixed = Shape::Multi(4, vec![Shape::Point([1.0, 2.0]), Shape::Line(vec![[0.0, 0.0]])]);
        assert_eq!(heard(&wkb(&mixed, PLAIN)), Err(BadWkb { at: 9 + 21, fault: WkbFault::Kind(2) }));
        let mut line = wkb(&Shape::Line(vec![[0.0, 0.0]]), PLAIN);
        line[5..9].fill(0xff);
        assert_eq!(heard(&line), Err(BadWkb { at: 9, fault: WkbFault::EndsEarly }));
        let bad = with(1, 8);
        assert_eq!(bad.text().zh, "WKB 几何无效：第 0 字节处，此处不能出现类型 8。");
        assert_eq!(bad.text().en, "Not well-known binary: at byte 0, a geometry of kind 8 cannot stand here.");
        assert_eq!(bad.to_string(), bad.text().to_string());
    }

    #[test]
    fn collections_do_not_nest_for_ever() {
        let nested =
            |depth: usize| (0..depth).fold(Shape::Point([1.0, 2.0]), |inner, _| Shape::Collection(vec![inner]));
        assert!(heard(&wkb(&nested(32), POSTGIS)).is_ok());
        assert_eq!(heard(&wkb(&nested(33), POSTGIS)).unwrap_err().fault, WkbFault::Deep);
        // Deep enough to end any stack, were it followed.
        let mut bytes = Vec::new();
        for _ in 0..1_000_000 {
            bytes.extend([1, 7, 0, 0, 0, 1, 0, 0, 0]);
        }
        assert_eq!(heard(&bytes).unwrap_err().fault, WkbFault::Deep);
    }

    #[test]
    fn the_first_position_is_found() {
        let first = |shape: &Shape| first_position(&wkb(shape, POSTGIS));
        assert_eq!(first(&one_of_each()[6]), Ok(Some([1.0, 2.0])));
        assert_eq!(first(&Shape::NoPoint), Ok(None));
        assert_eq!(
            first(&Shape::Collection(vec![Shape::NoPoint, Shape::Line(vec![[3.0, 4.0]])])),
            Ok(Some([3.0, 4.0]))
        );
        assert!(first_position(&[1, 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..9_u8, order in 0..2_u8) {
            let _ = heard(&bytes);
            // And such that begin as a geometry does.
            if bytes.len() > 5 {
                bytes[0] = order;
                bytes[1..5].copy_from_slice(&if order == 1 { [kind, 0, 0, 0] } else { [0, 0, 0, kind] });
                let _ = heard(&bytes);
                let _ = first_position(&bytes);
            }
        }
    }
}
