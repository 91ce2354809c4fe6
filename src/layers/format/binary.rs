//! Geometry as well-known binary of the plainest kind: little-endian, two ordinates, no number of a system.

use super::{Axes, turned};
use crate::kernel::wkb::walk::NotFinite;
use crate::kernel::wkb::{BadWkb, Kind, Positions, Sink, walk};

/// What a geometry takes up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Least x and y.
    pub least: [f64; 2],
    /// Greatest x and y.
    pub greatest: [f64; 2],
}

impl Extent {
    /// Of nothing.
    pub const EMPTY: Extent = Extent { least: [f64::INFINITY; 2], greatest: [f64::NEG_INFINITY; 2] };

    /// Whether nothing was taken in.
    pub fn is_empty(&self) -> bool {
        self.least[0] > self.greatest[0]
    }

    /// Takes in a place.
    #[inline(always)]
    pub fn place(&mut self, [x, y]: [f64; 2]) {
        // Not `min` and `max`, which ask about NaN each time.
        self.least[0] = if x < self.least[0] { x } else { self.least[0] };
        self.least[1] = if y < self.least[1] { y } else { self.least[1] };
        self.greatest[0] = if x > self.greatest[0] { x } else { self.greatest[0] };
        self.greatest[1] = if y > self.greatest[1] { y } else { self.greatest[1] };
    }

    /// Takes in another.
    pub fn join(&mut self, other: &Extent) {
        if !other.is_empty() {
            self.place(other.least);
            self.place(other.greatest);
        }
    }

    /// Least x, least y, greatest x, greatest y.
    pub fn parts(&self) -> [f64; 4] {
        [self.least[0], self.least[1], self.greatest[0], self.greatest[1]]
    }
}

/// Appends a geometry with its axes as wanted, and says what it is and where. An empty point has ordinates that are no
/// numbers, as is the custom.
///
/// # Errors
/// When the bytes are no geometry or an ordinate is not finite; `out` is then as it was.
pub fn push(wkb: &[u8], axes: Axes, out: &mut Vec<u8>) -> Result<(Kind, Extent), BadWkb> {
    let start = out.len();
    let written = turned!(axes.turn(wkb)?, each => {
        let mut sink = Plain { each, out: &mut *out, extent: Extent::EMPTY, kind: None };
        let walked = walk(wkb, &mut sink);
        walked.map(|()| (sink.kind, sink.extent))
    });
    match written {
        Ok((Some(kind), extent)) => Ok((kind, extent)),
        Ok((None, _)) => Ok((Kind::GeometryCollection, Extent::EMPTY)),
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

struct Plain<'a, T> {
    each: T,
    out: &'a mut Vec<u8>,
    extent: Extent,
    /// Of the outermost.
    kind: Option<Kind>,
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Sink for Plain<'_, T> {
    fn begin(&mut self, kind: Kind, parts: u32) {
        self.kind.get_or_insert(kind);
        self.out.push(1);
        self.out.extend_from_slice(&(kind as u32).to_le_bytes());
        match kind {
            Kind::Point if parts == 0 => {
                self.out.extend_from_slice(&f64::NAN.to_le_bytes());
                self.out.extend_from_slice(&f64::NAN.to_le_bytes());
            }
            // A line says its length with its positions.
            Kind::Point | Kind::LineString => {}
            _ => self.out.extend_from_slice(&parts.to_le_bytes()),
        }
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        if kind != Kind::Point {
            let length = u32::try_from(positions.len()).unwrap_or(u32::MAX);
            self.out.extend_from_slice(&length.to_le_bytes());
        }
        let at = self.out.len();
        self.out.resize(at + positions.len() * 16, 0);
        let room = self.out.get_mut(at..).unwrap_or_default();
        let mut places = room.as_chunks_mut::<8>().0.as_chunks_mut::<2>().0.iter_mut();
        let (mut extent, mut sum) = (self.extent, 0.0);
        positions.each(|position| {
            let [x, y] = (self.each)(position);
            extent.place([x, y]);
            // Nothing but what is not finite makes anything else than nothing of it.
            sum += x * 0.0 + y * 0.0;
            if let Some(place) = places.next() {
                *place = [x.to_le_bytes(), y.to_le_bytes()];
            }
        });
        self.extent = extent;
        if sum == 0.0 { Ok(()) } else { Err(NotFinite) }
    }

    fn end(&mut self, _: Kind) {}
}
