//! CQL2 JSON, read and written.

use super::ast::{
    ArithmeticOp, ArrayOp, Comparison, End, Expr, List, Place, Scalar, SpatialOp, Subject, TemporalOp, Time,
};
use super::geometry::{Geometry, Position};
use super::raw::{At, Growth, Node, Op, Raw, Read, excerpt};
use super::text::{arity, number_out_of_range, unknown_function};
use super::value::{self, Bad, Json};
use crate::kernel::{Fault, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Members = BTreeMap<String, Json>;

/// Reads JSON.
pub(super) fn read(source: &str, growth: &mut Growth<'_>) -> Read<Node> {
    // An operator is an object with an array in it; a collection of polygons has seven brackets.
    let depth = 2 * growth.limits.depth + 8;
    let value = value::read(source, depth).map_err(|bad| match bad {
        Bad::Depth(at) => growth.fault_in(source, at, "too_deep", growth.is_too_deep()),
        Bad::Syntax(at) => {
            growth.fault_in(source, at, "bad_json", Text::fixed("过滤条件不是 JSON。", "The filter is not JSON."))
        }
        Bad::Number(at) => growth.fault_in(source, at, "number_out_of_range", number_out_of_range()),
        Bad::Twice(at) => growth.fault_in(
            source,
            at,
            "member_twice",
            Text::fixed("同一对象中成员名重复。", "The object has a member of this name already."),
        ),
    })?;
    Reader { growth, path: String::new() }.node(&value)
}

/// Reads by descent, no deeper than the JSON was read.
struct Reader<'g, 'a> {
    growth: &'g mut Growth<'a>,
    path: String,
}

impl Reader<'_, '_> {
    fn here(&mut self) -> At {
        self.growth.place(&self.path)
    }

    fn under<T>(&mut self, step: &str, inner: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(step);
        let inner = inner(self);
        self.path.truncate(length);
        inner
    }

    fn fault(&mut self, code: &'static str, message: Text) -> Box<Fault> {
        let at = self.here();
        self.growth.fault(at, code, message)
    }

    fn wrong(&mut self, zh: &'static str, en: &'static str) -> Box<Fault> {
        self.fault("bad_member", Text::new(format!("这里应为{zh}。"), format!("Here {en} should stand.")))
    }

    fn make(&mut self, raw: Raw) -> Read<Node> {
        let at = self.here();
        self.growth.node(at, raw)
    }

    fn each<T>(&mut self, values: &[Json], mut one: impl FnMut(&mut Self, &Json) -> Read<T>) -> Read<Vec<T>> {
        let mut all = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            all.push(self.under(&i.to_string(), |reader| one(reader, value))?);
        }
        Ok(all)
    }

    fn array<'v>(&mut self, value: &'v Json) -> Read<&'v [Json]> {
        match value {
            Json::Array(values) => Ok(values),
            _ => Err(self.wrong("数组", "an array")),
        }
    }

    fn string<'v>(&mut self, value: &'v Json) -> Read<&'v str> {
        match value {
            Json::Text(text) => Ok(text),
            _ => Err(self.wrong("文本", "a string")),
        }
    }

    fn node(&mut self, value: &Json) -> Read<Node> {
        match value {
            Json::Null => Err(self.fault(
                "bad_member",
                Text::fixed(
                    "null 不能作为取值；是否为空用 isNull。",
                    "null is no value; whether something is null is asked with isNull.",
                ),
            )),
            Json::Bool(value) => self.make(Raw::Boolean(*value)),
            Json::Integer(value) => self.make(Raw::Integer(*value)),
            Json::Number(value) => self.make(Raw::Number(*value)),
            Json::Text(text) => {
                let at = self.here();
                let text = self.growth.text(at, text.clone())?;
                self.growth.node(at, Raw::Text(text))
            }
            Json::Array(values) => {
                let items = self.each(values, Self::node)?;
                self.make(Raw::List(items))
            }
            Json::Object(object) => self.object(object),
        }
    }

    fn object(&mut self, object: &Members) -> Read<Node> {
        if let Some(op) = object.get("op") {
            self.only(object, &["op", "args"])?;
            return self.operation(op, object.get("args"));
        }
        if object.contains_key("type") {
            let geometry = self.geometry(object, true)?;
            return self.make(Raw::Geometry(geometry));
        }
        let mut members = object.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return Err(self.unknown_object());
        };
        match name.as_str() {
            "property" => {
                let name = self.under("property", |reader| reader.string(value).map(str::to_owned))?;
                self.make(Raw::Property { name, quoted: false })
            }
            "date" => {
                let day = self.under("date", |reader| {
                    let text = reader.string(value)?;
                    let at = reader.here();
                    reader.growth.day(at, text)
                })?;
                self.make(Raw::Day(day))
            }
            "timestamp" => {
                let instant = self.under("timestamp", |reader| {
                    let text = reader.string(value)?;
                    let at = reader.here();
                    reader.growth.instant(at, text)
                })?;
                self.make(Raw::Instant(instant))
            }
            "interval" => {
                let ends = self.under("interval", |reader| {
                    let ends = reader.array(value)?;
                    if ends.len() != 2 {
                        let at = reader.here();
                        return Err(arity(reader.growth, at, "interval", 2));
                    }
                    reader.each(ends, |reader, end| match end {
                        Json::Text(text) => {
                            let at = reader.here();
                            reader.growth.end(at, text)
                        }
                        other => reader.node(other),
                    })
                })?;
                self.make(Raw::Interval(ends))
            }
            "bbox" => {
                let bbox = self.under("bbox", |reader| {
                    let numbers = reader.array(value)?;
                    let numbers = reader.each(numbers, Self::coordinate)?;
                    let at = reader.here();
                    reader.growth.bbox(at, &numbers)
                })?;
                self.make(Raw::Bbox(bbox))
            }
            // As drafts of the standard wrote them, and clients still do.
            "casei" | "accenti" => {
                let op = if name == "casei" { Op::CaseI } else { Op::AccentI };
                let operand = self.under(name, |reader| reader.node(value))?;
                self.make(Raw::Op(op, vec![operand]))
            }
            _ => Err(self.unknown_object()),
        }
    }

    fn unknown_object(&mut self) -> Box<Fault> {
        self.fault(
            "bad_member",
            Text::fixed(
                "对象应有 op 和 args，或者只有 property、date、timestamp、interval、bbox 之一，或者是 GeoJSON 几何。",
                "An object has op and args, or one alone of property, date, timestamp, interval and bbox, or it is a \
                 GeoJSON geometry.",
            ),
        )
    }

    /// A member that means nothing here might have been meant to mean something.
    fn only(&mut self, object: &Members, known: &[&str]) -> Read<()> {
        match object.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(other) => {
                let other = excerpt(other).to_owned();
                Err(self.fault(
                    "unknown_member",
                    Text::new(
                        format!("这里没有成员 {other}，可用：{}。", known.join(", ")),
                        format!("There is no member {other} here; there are: {}.", known.join(", ")),
                    ),
                ))
            }
        }
    }

    fn operation(&mut self, op: &Json, operands: Option<&Json>) -> Read<Node> {
        let name = self.under("op", |reader| reader.string(op))?;
        let Some(op) = named(name) else {
            let at = self.here();
            return Err(unknown_function(self.growth, at, name));
        };
        let operands = self.under("args", |reader| {
            let operands = reader.array(operands.unwrap_or(&Json::Null))?;
            reader.each(operands, Self::node)
        })?;
        self.make(Raw::Op(op, operands))
    }

    fn geometry(&mut self, object: &Members, collections: bool) -> Read<Geometry> {
        let kind = match object.get("type") {
            Some(kind) => self.under("type", |reader| reader.string(kind))?,
            None => "",
        };
        let collection = kind == "GeometryCollection";
        let member = if collection { "geometries" } else { "coordinates" };
        self.only(object, &["type", member, "bbox"])?;
        let inner = object.get(member).unwrap_or(&Json::Null);
        self.under(member, |reader| {
            Ok(match kind {
                "Point" => Geometry::Point(reader.position(inner)?),
                "LineString" => Geometry::LineString(reader.line(inner)?),
                "Polygon" => Geometry::Polygon(reader.parts(inner, Self::ring)?),
                "MultiPoint" => Geometry::MultiPoint(reader.parts(inner, Self::position)?),
                "MultiLineString" => Geometry::MultiLineString(reader.parts(inner, Self::line)?),
                "MultiPolygon" => {
                    Geometry::MultiPolygon(reader.parts(inner, |reader, rings| reader.parts(rings, Self::ring))?)
                }
                "GeometryCollection" if collections => {
                    Geometry::GeometryCollection(reader.parts(inner, |reader, part| match part {
                        Json::Object(part) => reader.geometry(part, false),
                        _ => Err(reader.wrong("几何", "a geometry")),
                    })?)
                }
                _ => return Err(reader.wrong("几何", "a geometry of one of GeoJSON's kinds")),
            })
        })
    }

    fn parts<T>(&mut self, value: &Json, one: impl FnMut(&mut Self, &Json) -> Read<T>) -> Read<Vec<T>> {
        let parts = self.array(value)?;
        if parts.is_empty() {
            return Err(self.fault("geometry_empty", Text::fixed("几何不能为空。", "The geometry must not be empty.")));
        }
        self.each(parts, one)
    }

    fn line(&mut self, value: &Json) -> Read<Vec<Position>> {
        let line = self.parts(value, Self::position)?;
        let at = self.here();
        self.growth.line(at, line)
    }

    fn ring(&mut self, value: &Json) -> Read<Vec<Position>> {
        let ring = self.parts(value, Self::position)?;
        let at = self.here();
        self.growth.ring(at, ring)
    }

    fn position(&mut self, value: &Json) -> Read<Position> {
        let numbers = match value {
            Json::Array(numbers) => match &numbers[..] {
                [x, y] | [x, y, _] => number(x).zip(number(y)),
                _ => None,
            },
            _ => None,
        };
        let Some((x, y)) = numbers else { return Err(self.wrong("坐标", "a position of two or three numbers")) };
        // Of a hundred thousand positions only one that is refused needs its place kept.
        let at = self.here();
        let position = self.growth.position(at, [x, y])?;
        self.growth.forget_last_place();
        Ok(position)
    }

    fn coordinate(&mut self, value: &Json) -> Read<f64> {
        number(value).ok_or_else(|| self.wrong("数字", "a number"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a coordinate is a double")]
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Integer(value) => Some(*value as f64),
        Json::Number(value) => Some(*value),
        _ => None,
    }
}

fn named(name: &str) -> Option<Op> {
    fn find<T: Copy>(all: &[T], json: impl Fn(T) -> &'static str, name: &str) -> Option<T> {
        all.iter().copied().find(|op| json(*op).eq_ignore_ascii_case(name))
    }
    let simple = [
        ("and", Op::And),
        ("or", Op::Or),
        ("not", Op::Not),
        ("like", Op::Like),
        ("between", Op::Between),
        ("in", Op::In),
        ("isNull", Op::IsNull),
        ("casei", Op::CaseI),
        ("accenti", Op::AccentI),
    ];
    simple
        .into_iter()
        .find(|(op, _)| op.eq_ignore_ascii_case(name))
        .map(|(_, op)| op)
        .or_else(|| find(Comparison::ALL, Comparison::json, name).map(Op::Compare))
        .or_else(|| find(ArithmeticOp::ALL, ArithmeticOp::json, name).map(Op::Arithmetic))
        .or_else(|| find(SpatialOp::ALL, SpatialOp::json, name).map(Op::Spatial))
        .or_else(|| find(TemporalOp::ALL, TemporalOp::json, name).map(Op::Temporal))
        .or_else(|| find(ArrayOp::ALL, ArrayOp::json, name).map(Op::Array))
}

// ---------------------------------------------------------------------------------------------------------------------

/// Writes a condition, so that reading it again gives the same.
pub(super) fn write(expr: &Expr) -> Value {
    match expr {
        Expr::And(parts) => op("and", parts.iter().map(write)),
        Expr::Or(parts) => op("or", parts.iter().map(write)),
        Expr::Not(part) => op("not", [write(part)]),
        Expr::Holds(value) => scalar(value),
        Expr::Compare(comparison, a, b) => op(comparison.json(), [scalar(a), scalar(b)]),
        Expr::Like { value, pattern } => op("like", [scalar(value), scalar(pattern)]),
        Expr::Between { value, low, high } => op("between", [scalar(value), scalar(low), scalar(high)]),
        Expr::In { value, list } => op("in", [scalar(value), list.iter().map(scalar).collect()]),
        Expr::IsNull(subject) => {
            let subject = match subject {
                Subject::Scalar(value) => scalar(value),
                Subject::Place(value) => place(value),
                Subject::Interval(value) => time(value),
                Subject::Texts(property) => json!({"property": &*property.name}),
                Subject::Condition(value) => write(value),
            };
            op("isNull", [subject])
        }
        Expr::Spatial(spatial, a, b) => op(spatial.json(), [place(a), place(b)]),
        Expr::Temporal(temporal, a, b) => op(temporal.json(), [time(a), time(b)]),
        Expr::Array(array, a, b) => op(array.json(), [list(a), list(b)]),
    }
}

fn op(name: &str, operands: impl IntoIterator<Item = Value>) -> Value {
    json!({"op": name, "args": operands.into_iter().collect::<Value>()})
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Property(property) => json!({"property": &*property.name}),
        Scalar::Text(text) => json!(text),
        Scalar::CaseI(value) => op("casei", [scalar(value)]),
        Scalar::AccentI(value) => op("accenti", [scalar(value)]),
        Scalar::Integer(value) => json!(value),
        Scalar::Number(value) => json!(value),
        Scalar::Arithmetic(arithmetic, a, b) => op(arithmetic.json(), [scalar(a), scalar(b)]),
        Scalar::Boolean(value) => json!(value),
        Scalar::Day(day) => json!({"date": day}),
        Scalar::Instant(instant) => json!({"timestamp": super::written(*instant)}),
        Scalar::Uuid(uuid) => json!(uuid.to_string()),
    }
}

fn list(value: &List) -> Value {
    match value {
        List::Property(property) => json!({"property": &*property.name}),
        List::Items(items) => items.iter().map(scalar).collect(),
    }
}

fn place(value: &Place) -> Value {
    match value {
        Place::Property(property) => json!({"property": &*property.name}),
        Place::Geometry(geometry) => geometry.to_geojson(),
        Place::Bbox(b) => json!({"bbox": [b.west, b.south, b.east, b.north]}),
    }
}

fn time(value: &Time) -> Value {
    let end = |end: &End| match end {
        End::Open => json!(".."),
        End::At(Scalar::Day(day)) => json!(day),
        End::At(Scalar::Instant(instant)) => json!(super::written(*instant)),
        End::At(value) => scalar(value),
    };
    match value {
        Time::At(value) => scalar(value),
        Time::Interval(first, last) => json!({"interval": [end(first), end(last)]}),
    }
}
