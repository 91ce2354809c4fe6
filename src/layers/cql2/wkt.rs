//! Well-known text: the geometries of CQL2 text.

use super::geometry::{Geometry, Position};
use super::raw::{At, Read};
use super::text::Reader;
use crate::kernel::{Fault, Text};

/// Kind of a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
}

impl Kind {
    pub fn named(word: &str) -> Option<Kind> {
        let names = [
            ("POINT", Kind::Point),
            ("LINESTRING", Kind::LineString),
            ("POLYGON", Kind::Polygon),
            ("MULTIPOINT", Kind::MultiPoint),
            ("MULTILINESTRING", Kind::MultiLineString),
            ("MULTIPOLYGON", Kind::MultiPolygon),
            ("GEOMETRYCOLLECTION", Kind::GeometryCollection),
        ];
        names.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
    }
}

/// Reads what follows the name of the kind. Heights are dropped.
pub(super) fn geometry(reader: &mut Reader<'_, '_, '_>, kind: Kind) -> Read<Geometry> {
    reader.eat_word("Z")?;
    if reader.is_word("EMPTY") {
        return Err(reader.growth.fault(
            reader.at(),
            "geometry_empty",
            Text::fixed("几何不能为空。", "The geometry must not be empty."),
        ));
    }
    Ok(match kind {
        Kind::Point => Geometry::Point(reader.enclosed("(", position)?),
        Kind::LineString => Geometry::LineString(line(reader)?),
        Kind::Polygon => Geometry::Polygon(parts(reader, ring)?),
        Kind::MultiPoint => Geometry::MultiPoint(parts(reader, |reader| {
            // Each in parentheses of its own or not: both are widely written.
            if reader.is_sign("(") { reader.enclosed("(", position) } else { position(reader) }
        })?),
        Kind::MultiLineString => Geometry::MultiLineString(parts(reader, line)?),
        Kind::MultiPolygon => Geometry::MultiPolygon(parts(reader, |reader| parts(reader, ring))?),
        Kind::GeometryCollection => Geometry::GeometryCollection(parts(reader, |reader| {
            let at = reader.at();
            let kind = match reader.advance()? {
                super::lex::Token::Word(word) => Kind::named(word),
                _ => None,
            };
            match kind {
                Some(kind) if kind != Kind::GeometryCollection => geometry(reader, kind),
                _ => Err(no_part(reader, at)),
            }
        })?),
    })
}

fn no_part(reader: &Reader<'_, '_, '_>, at: At) -> Box<Fault> {
    reader.growth.fault(
        at,
        "collection_part",
        Text::fixed(
            "几何集合由点、线、面及其复合几何组成，不能再含集合。",
            "A collection is made of points, lines, polygons and multiples of them, not of collections.",
        ),
    )
}

fn parts<T>(reader: &mut Reader<'_, '_, '_>, one: impl FnMut(&mut Reader<'_, '_, '_>) -> Read<T>) -> Read<Vec<T>> {
    let mut one = one;
    reader.enclosed("(", |reader| reader.several(|reader| one(reader)))
}

fn line(reader: &mut Reader<'_, '_, '_>) -> Read<Vec<Position>> {
    let at = reader.at();
    let line = parts(reader, position)?;
    reader.growth.line(at, line)
}

fn ring(reader: &mut Reader<'_, '_, '_>) -> Read<Vec<Position>> {
    let at = reader.at();
    let ring = parts(reader, position)?;
    reader.growth.ring(at, ring)
}

fn position(reader: &mut Reader<'_, '_, '_>) -> Read<Position> {
    let at = reader.at();
    let position = [reader.coordinate()?, reader.coordinate()?];
    if !reader.is_sign(",") && !reader.is_sign(")") {
        reader.coordinate()?;
    }
    reader.growth.position(at, position)
}

/// Writes a geometry, every coordinate with all its digits.
pub(super) fn write(geometry: &Geometry, out: &mut String) {
    match geometry {
        Geometry::Point(position) => {
            out.push_str("POINT(");
            point(position, out);
            out.push(')');
        }
        Geometry::LineString(line) => {
            out.push_str("LINESTRING");
            points(line, out);
        }
        Geometry::Polygon(rings) => {
            out.push_str("POLYGON");
            listed(rings, out, |ring, out| points(ring, out));
        }
        Geometry::MultiPoint(all) => {
            out.push_str("MULTIPOINT");
            listed(all, out, |position, out| {
                out.push('(');
                point(position, out);
                out.push(')');
            });
        }
        Geometry::MultiLineString(lines) => {
            out.push_str("MULTILINESTRING");
            listed(lines, out, |line, out| points(line, out));
        }
        Geometry::MultiPolygon(polygons) => {
            out.push_str("MULTIPOLYGON");
            listed(polygons, out, |rings, out| listed(rings, out, |ring, out| points(ring, out)));
        }
        Geometry::GeometryCollection(parts) => {
            out.push_str("GEOMETRYCOLLECTION");
            listed(parts, out, write);
        }
    }
}

fn listed<T>(items: &[T], out: &mut String, one: impl Fn(&T, &mut String)) {
    out.push('(');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        one(item, out);
    }
    out.push(')');
}

fn points(line: &[Position], out: &mut String) {
    listed(line, out, point);
}

fn point([x, y]: &Position, out: &mut String) {
    number(*x, out);
    out.push(' ');
    number(*y, out);
}

/// A coordinate, shortest.
pub(super) fn number(n: f64, out: &mut String) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(n);
    out.push_str(text.strip_suffix(".0").unwrap_or(text));
}
