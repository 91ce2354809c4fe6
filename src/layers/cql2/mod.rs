//! CQL2, the filter language of OGC API Features: its text and its JSON are read into one tree, checked against the
//! properties that may be asked for, written again, and evaluated in memory.
//!
//! ```text
//! lex, text, wkt   CQL2 text and the geometries in it        json   CQL2 JSON, over value
//! raw              what both are read into, and the limits   check  raw → ast: names, types, arity
//! ast              the checked tree, to be matched on        eval   the tree over a record in memory
//! ```
//!
//! All pure. The database evaluates filters by SQL made elsewhere; [`eval`] says what that SQL must answer:
//!
//! - Three values: what touches a null is null, unless the rest decides (`FALSE AND NULL` is false). Only true selects.
//! - Texts are compared by code points, as they are; [`casei`] and [`accenti`] fold them.
//! - Whole numbers are compared as such; beside a number of double precision, and in all arithmetic, they are doubles. What
//!   a double cannot hold (overflow, a division by zero, a product that only vanishes) is null: [`ArithmeticOp`].
//! - A day is a civil day of China (UTC+8, always). Where a day meets an instant, in a comparison or a temporal function,
//!   both are days.
//! - Intervals are closed. A null end makes the predicate null; an open end is written `'..'`.
//! - Arrays are sets. A set with a null among its written elements is null.
//! - Geometries relate as OGC Simple Features says; a null geometry relates to nothing.
//!
//! Beyond the standard's grammar: `BETWEEN` takes everything that can be compared, a boolean property is a condition by
//! itself, names may hold any character in double quotes, arrays may stand in brackets, texts beside times and UUIDs are
//! read as such, `MULTIPOINT(1 2, 3 4)` does without inner parentheses. There are no functions but the standard's.

mod ast;
mod check;
mod eval;
mod geometry;
mod json;
mod lex;
mod raw;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod wkt;

pub use ast::{
    ArithmeticOp, ArrayOp, Comparison, End, Expr, Kind, List, Place, Property, Queryable, Scalar, Sort, SpatialOp,
    Subject, TemporalOp, Time,
};
pub use eval::{Datum, Record, eval};
pub use geometry::{Geometry, Position};

use crate::kernel::{Bbox, Fault, Text};
use chrono::{DateTime, SecondsFormat, Utc};
use raw::Growth;
use unicode_normalization::UnicodeNormalization;

/// How a filter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `cql2-text`
    Text,
    /// `cql2-json`
    Json,
    /// `cql-text`, CQL2 text as its drafts had it, which is what GDAL writes: `ILIKE` beside `LIKE`, 1 and 0 beside booleans,
    /// and days with a `T` at their end, as in `listed_on >= '2026-01-01T'`.
    Draft,
}

/// How large a filter may be. What is larger is refused before it costs anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a filter in text.
    pub text_bytes: usize,
    /// Bytes of a filter in JSON.
    pub json_bytes: usize,
    /// Operators within operators, and parentheses within parentheses.
    pub depth: usize,
    /// Operators and operands together.
    pub nodes: usize,
    /// Positions of all geometries together.
    pub positions: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { text_bytes: 32 * 1024, json_bytes: 1024 * 1024, depth: 64, nodes: 1_000, positions: 100_000 }
    }
}

/// What the coordinates in a filter are; longitude and latitude in degrees unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    /// Whether y (north) is written before x (east). In the tree x is always first.
    pub north_first: bool,
    /// Whether they are degrees: then what is beyond ±180, ±90 is refused, and boxes may cross the antimeridian.
    pub degrees: bool,
}

impl Default for Axes {
    fn default() -> Axes {
        Axes { north_first: false, degrees: true }
    }
}

/// Reads filters over certain properties.
#[derive(Debug, Clone)]
pub struct Parser<'a> {
    queryables: &'a [Queryable<'a>],
    limits: Limits,
    axes: Axes,
    place: &'a str,
}

impl<'a> Parser<'a> {
    /// With the usual limits, coordinates in degrees, east first, and faults that point into the parameter `?filter`.
    pub fn new(queryables: &'a [Queryable<'a>]) -> Parser<'a> {
        Parser { queryables, limits: Limits::default(), axes: Axes::default(), place: "?filter" }
    }

    /// With other limits. A depth of more than a few hundred needs a large stack.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Parser<'a> {
        self.limits = limits;
        self
    }

    /// With other coordinates.
    #[must_use]
    pub fn axes(mut self, axes: Axes) -> Parser<'a> {
        self.axes = axes;
        self
    }

    /// With faults that point there (`/filter` for a member of a body). A text's faults add the characters before the
    /// place (`?filter#char=12`, RFC 5147), and so does what is not JSON; JSON's add a pointer (`/filter/args/0`).
    #[must_use]
    pub fn place(mut self, place: &'a str) -> Parser<'a> {
        self.place = place;
        self
    }

    /// Reads and checks a filter. JSON in a body is given as it is written (`serde_json::value::RawValue`), not as a value
    /// already read, or its numbers would be near what they are.
    ///
    /// # Errors
    /// The first fault of its form, or the first twenty of its meaning: properties that there are not (with those there are),
    /// operands that do not fit.
    pub fn parse(&self, encoding: Encoding, source: &str) -> Result<Filter, Vec<Fault>> {
        let limit = match encoding {
            Encoding::Text | Encoding::Draft => self.limits.text_bytes,
            Encoding::Json => self.limits.json_bytes,
        };
        if source.len() > limit {
            return Err(vec![Fault::new(
                self.place,
                "filter_too_long",
                Text::new(format!("过滤条件超过 {limit} 字节。"), format!("The filter is longer than {limit} bytes.")),
            )]);
        }
        let mut growth = match encoding {
            Encoding::Text => Growth::of_text(source, self.place, self.limits, self.axes),
            Encoding::Draft => Growth::of_text(source, self.place, self.limits, self.axes).of_draft(),
            Encoding::Json => Growth::of_json(self.place, self.limits, self.axes),
        };
        let node = match encoding {
            Encoding::Text | Encoding::Draft => text::read(source, &mut growth),
            Encoding::Json => json::read(source, &mut growth),
        };
        self.check(node, &growth)
    }

    fn check(&self, node: raw::Read<raw::Node>, growth: &Growth<'_>) -> Result<Filter, Vec<Fault>> {
        let node = node.map_err(|fault| vec![*fault])?;
        check::filter(node, self.queryables, growth).map(|expr| Filter { expr })
    }
}

/// Reads and checks a filter over these properties, as [`Parser::new`] has it.
///
/// # Errors
/// As [`Parser::parse`].
pub fn parse(encoding: Encoding, source: &str, queryables: &[Queryable<'_>]) -> Result<Filter, Vec<Fault>> {
    Parser::new(queryables).parse(encoding, source)
}

/// A filter, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// The condition.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// As CQL2 text; equal filters give equal texts, and the text read again (x first) gives the filter.
    pub fn to_text(&self) -> String {
        text::write(&self.expr)
    }

    /// As CQL2 JSON; equal filters give equal JSON, and the JSON read again (x first) gives the filter.
    pub fn to_json(&self) -> serde_json::Value {
        json::write(&self.expr)
    }

    /// A box, in the filter's coordinates, that every geometry meets which the filter selects; nothing where the filter
    /// does not bound them. With `west > east` it crosses the antimeridian.
    pub fn bbox(&self) -> Option<Bbox> {
        bounds(&self.expr)
    }
}

fn bounds(expr: &Expr) -> Option<Bbox> {
    match expr {
        Expr::And(parts) => parts.iter().filter_map(bounds).reduce(narrowed),
        Expr::Spatial(op, a, b) if *op != SpatialOp::Disjoint => match (a, b) {
            (Place::Property(_), Place::Geometry(geometry)) | (Place::Geometry(geometry), Place::Property(_)) => {
                Some(geometry.bbox())
            }
            (Place::Property(_), Place::Bbox(bbox)) | (Place::Bbox(bbox), Place::Property(_)) => Some(*bbox),
            _ => None,
        },
        _ => None,
    }
}

/// What meets two boxes meets each; it need not meet what they share, so the smaller is what can be said.
fn narrowed(a: Bbox, b: Bbox) -> Bbox {
    let area = |b: Bbox| {
        let width = if b.west > b.east { 360.0 - (b.west - b.east) } else { b.east - b.west };
        width * (b.north - b.south)
    };
    if area(b) < area(a) { b } else { a }
}

/// What `CASEI` makes of a text: its full lower case after its full upper case, every final sigma (ς) as σ. In PostgreSQL
/// `translate(lower(upper(x collate "und-x-icu") collate "und-x-icu"), 'ς', 'σ')`. No character is folded otherwise for
/// those around it, so that a pattern folded by itself meets what was folded whole.
pub fn casei(text: &str) -> String {
    text.to_uppercase().to_lowercase().replace('ς', "σ")
}

/// What `ACCENTI` makes of a text: decomposed (NFD), without U+0300 to U+036F, composed again (NFC). In PostgreSQL
/// `normalize(regexp_replace(normalize(x, NFD), '[\u0300-\u036f]', '', 'g'), NFC)`.
pub fn accenti(text: &str) -> String {
    text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc().collect()
}

/// An instant as RFC 3339 in UTC, no more decimals than it has.
fn written(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
