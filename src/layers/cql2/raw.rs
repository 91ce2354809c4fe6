//! What both encodings are read into before types are looked at, and the limits that hold while it grows.

use super::ast::{ArithmeticOp, ArrayOp, Comparison, SpatialOp, TemporalOp};
use super::geometry::{Geometry, Position};
use super::{Axes, Limits};
use crate::kernel::{Bbox, Day, Fault, Text};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where something stands: an offset in bytes (text), or the number of a path (JSON).
pub(super) type At = usize;

/// A fault is boxed so that the many frames of a deep descent stay small.
pub(super) type Read<T> = Result<T, Box<Fault>>;

/// One node, as written.
#[derive(Debug)]
pub(super) struct Node {
    pub at: At,
    pub raw: Raw,
    depth: usize,
}

#[derive(Debug)]
pub(super) enum Raw {
    Op(Op, Vec<Node>),
    /// An array, or the list of an `IN`.
    List(Vec<Node>),
    /// `quoted` where it stood in double quotes.
    Property {
        name: String,
        quoted: bool,
    },
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Day(Day),
    Instant(DateTime<Utc>),
    Interval(Vec<Node>),
    /// `'..'` as an end of an interval.
    Open,
    Geometry(Geometry),
    Bbox(Bbox),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Op {
    And,
    Or,
    Not,
    Compare(Comparison),
    Like,
    Between,
    In,
    IsNull,
    CaseI,
    AccentI,
    Spatial(SpatialOp),
    Temporal(TemporalOp),
    Array(ArrayOp),
    Arithmetic(ArithmeticOp),
}

/// How a place in the source is said.
enum Places<'a> {
    Characters(&'a str),
    Paths(Vec<String>),
}

/// What counts and names while a filter is read.
pub(super) struct Growth<'a> {
    /// What the filter is called: `?filter`, or a pointer into a body.
    name: &'a str,
    places: Places<'a>,
    pub limits: Limits,
    /// Whether it is in [`super::Encoding::Draft`].
    pub draft: bool,
    axes: Axes,
    nodes: usize,
    positions: usize,
}

impl<'a> Growth<'a> {
    pub fn of_text(source: &'a str, name: &'a str, limits: Limits, axes: Axes) -> Growth<'a> {
        Growth { name, places: Places::Characters(source), limits, draft: false, axes, nodes: 0, positions: 0 }
    }

    pub fn of_draft(mut self) -> Growth<'a> {
        self.draft = true;
        self
    }

    pub fn of_json(name: &'a str, limits: Limits, axes: Axes) -> Growth<'a> {
        Growth { name, places: Places::Paths(Vec::new()), limits, draft: false, axes, nodes: 0, positions: 0 }
    }

    /// Keeps a path (`/args/0`) and gives the place that stands for it; for text, of no use.
    pub fn place(&mut self, path: &str) -> At {
        match &mut self.places {
            Places::Characters(_) => 0,
            Places::Paths(paths) => {
                paths.push(path.to_owned());
                paths.len() - 1
            }
        }
    }

    /// Undoes the last [`Growth::place`].
    pub fn forget_last_place(&mut self) {
        if let Places::Paths(paths) = &mut self.places {
            paths.pop();
        }
    }

    pub fn fault(&self, at: At, code: &'static str, message: Text) -> Box<Fault> {
        match &self.places {
            Places::Characters(source) => self.fault_in(source, at, code, message),
            Places::Paths(paths) => {
                let path = paths.get(at).map_or("", String::as_str);
                Box::new(Fault::new(format!("{}{path}", self.name), code, message))
            }
        }
    }

    /// A fault at a character of the source.
    pub fn fault_in(&self, source: &str, at: At, code: &'static str, message: Text) -> Box<Fault> {
        let characters = source.char_indices().take_while(|(byte, _)| *byte < at).count();
        Box::new(Fault::new(format!("{}#char={characters}", self.name), code, message))
    }

    /// # Errors
    /// `too_complex`, `too_deep`: no tree is ever deeper than can be walked, or dropped, on a small stack.
    pub fn node(&mut self, at: At, raw: Raw) -> Read<Node> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(self.fault(
                at,
                "too_complex",
                Text::new(
                    format!("过滤条件的运算和取值超过 {} 个。", self.limits.nodes),
                    format!("The filter has more than {} operators and operands.", self.limits.nodes),
                ),
            ));
        }
        let depth = 1 + match &raw {
            Raw::Op(_, nodes) | Raw::List(nodes) | Raw::Interval(nodes) => {
                nodes.iter().map(|node| node.depth).max().unwrap_or(0)
            }
            _ => 0,
        };
        if depth > self.limits.depth {
            return Err(self.too_deep(at));
        }
        Ok(Node { at, raw, depth })
    }

    pub fn too_deep(&self, at: At) -> Box<Fault> {
        self.fault(at, "too_deep", self.is_too_deep())
    }

    pub fn is_too_deep(&self) -> Text {
        Text::new(
            format!("过滤条件嵌套超过 {} 层。", self.limits.depth),
            format!("The filter is nested more than {} levels deep.", self.limits.depth),
        )
    }

    /// A position as x, y, out of coordinates in the order they were written.
    ///
    /// # Errors
    /// `too_many_positions`, `coordinate_out_of_range`.
    pub fn position(&mut self, at: At, [first, second]: Position) -> Read<Position> {
        self.positions += 1;
        if self.positions > self.limits.positions {
            return Err(self.fault(
                at,
                "too_many_positions",
                Text::new(
                    format!("过滤条件中的坐标点超过 {} 个。", self.limits.positions),
                    format!("The geometries of the filter have more than {} positions.", self.limits.positions),
                ),
            ));
        }
        let [x, y] = if self.axes.north_first { [second, first] } else { [first, second] };
        let degrees = (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y);
        if !(x.is_finite() && y.is_finite()) || (self.axes.degrees && !degrees) {
            return Err(self.fault(
                at,
                "coordinate_out_of_range",
                Text::new(
                    format!("坐标 {first} {second} 超出范围；经纬度可能颠倒。"),
                    format!("The position {first} {second} is out of range; the two may be swapped."),
                ),
            ));
        }
        Ok([x, y])
    }

    /// A box out of its four or six numbers; heights are dropped.
    ///
    /// # Errors
    /// As [`Growth::position`], and `bbox_reversed`.
    pub fn bbox(&mut self, at: At, numbers: &[f64]) -> Read<Bbox> {
        let ([a, b, c, d] | [a, b, _, c, d, _]) = numbers else {
            return Err(self.fault(
                at,
                "bbox_form",
                Text::fixed("BBOX 应为四个或六个数。", "A BBOX is four numbers, or six."),
            ));
        };
        let [west, south] = self.position(at, [*a, *b])?;
        let [east, north] = self.position(at, [*c, *d])?;
        if south > north || (west > east && !self.axes.degrees) {
            return Err(self.fault(
                at,
                "bbox_reversed",
                Text::fixed(
                    "BBOX 的下角应不大于上角；只有经度可以跨越 180 度。",
                    "The lower corner of a BBOX must not lie above the upper; longitudes only may cross the antimeridian.",
                ),
            ));
        }
        Ok(Bbox { west, south, east, north })
    }

    /// # Errors
    /// `line_too_short`.
    pub fn line(&self, at: At, line: Vec<Position>) -> Read<Vec<Position>> {
        if line.len() < 2 {
            return Err(self.fault(
                at,
                "line_too_short",
                Text::fixed("线至少需要两个点。", "A line has at least two positions."),
            ));
        }
        Ok(line)
    }

    /// # Errors
    /// `ring_too_short`, `ring_not_closed`.
    pub fn ring(&self, at: At, ring: Vec<Position>) -> Read<Vec<Position>> {
        if ring.len() < 4 {
            return Err(self.fault(
                at,
                "ring_too_short",
                Text::fixed(
                    "环至少需要四个点，首尾相同。",
                    "A ring has at least four positions, the first and the last alike.",
                ),
            ));
        }
        if ring.first() != ring.last() {
            return Err(self.fault(
                at,
                "ring_not_closed",
                Text::fixed(
                    "环没有闭合：末点应与首点相同。",
                    "The ring is not closed: its last position must equal its first.",
                ),
            ));
        }
        Ok(ring)
    }

    /// # Errors
    /// `nul_character`: no text of the database can hold one.
    pub fn text(&self, at: At, text: String) -> Read<String> {
        if text.contains('\0') {
            return Err(self.fault(
                at,
                "nul_character",
                Text::fixed("文本中不能有字符 U+0000。", "A text cannot hold the character U+0000."),
            ));
        }
        Ok(text)
    }

    /// `DATE`.
    ///
    /// # Errors
    /// `bad_date`.
    pub fn day(&self, at: At, text: &str) -> Read<Day> {
        Day::parse(text).ok_or_else(|| {
            self.fault(
                at,
                "bad_date",
                Text::new(
                    format!("“{}”不是 1900 至 2999 年的日期 YYYY-MM-DD；区间的开端用 '..'。", excerpt(text)),
                    format!(
                        "`{}` is not a day YYYY-MM-DD of the years 1900 to 2999; an open end of an interval is '..'.",
                        excerpt(text)
                    ),
                ),
            )
        })
    }

    /// `TIMESTAMP`.
    ///
    /// # Errors
    /// `bad_timestamp`.
    pub fn instant(&self, at: At, text: &str) -> Read<DateTime<Utc>> {
        instant(text).ok_or_else(|| {
            self.fault(
                at,
                "bad_timestamp",
                Text::new(
                    format!("“{}”不是 1900 至 2999 年的时刻，如 2026-11-21T04:00:00Z，至多到微秒。", excerpt(text)),
                    format!(
                        "`{}` is not an instant such as 2026-11-21T04:00:00Z of the years 1900 to 2999, to the \
                         microsecond at most.",
                        excerpt(text)
                    ),
                ),
            )
        })
    }

    /// An end of an interval: a day, an instant or `..`.
    ///
    /// # Errors
    /// `bad_date`, `bad_timestamp`.
    pub fn end(&mut self, at: At, text: &str) -> Read<Node> {
        let raw = if text == ".." {
            Raw::Open
        } else if text.len() > 10 {
            Raw::Instant(self.instant(at, text)?)
        } else {
            Raw::Day(self.day(at, text)?)
        };
        self.node(at, raw)
    }
}

/// An RFC 3339 instant that PostgreSQL can hold exactly, of the years that a [`Day`] can be in.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let nanoseconds = instant.timestamp_subsec_nanos();
    // A leap second is more than a thousand million nanoseconds.
    let exact = nanoseconds < 1_000_000_000 && nanoseconds % 1000 == 0;
    (exact && Day::parse(&Day::at(instant).to_string()).is_some()).then_some(instant)
}

pub(super) fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

/// The beginning of what was sent, short enough for a message.
pub(super) fn excerpt(text: &str) -> &str {
    match text.char_indices().nth(40) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}
