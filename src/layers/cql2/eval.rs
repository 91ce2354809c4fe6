//! A filter over one record in memory: what the SQL made of a filter must agree with.

use super::ast::{
    ArithmeticOp, ArrayOp, Comparison, End, Expr, List, Place, Property, Scalar, SpatialOp, Subject, TemporalOp, Time,
};
use super::{Filter, accenti, casei};
use crate::kernel::Day;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::cmp::Ordering;
use uuid::Uuid;

/// What a property of a record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum<'a> {
    /// Nothing is known, or the caller may not know it.
    Null,
    /// Of kind `Text`.
    Text(&'a str),
    /// Of kind `Integer`.
    Integer(i64),
    /// Of kind `Number`; finite.
    Number(f64),
    /// Of kind `Boolean`.
    Boolean(bool),
    /// Of kind `Day`.
    Day(Day),
    /// Of kind `Instant`.
    Instant(DateTime<Utc>),
    /// Of kind `Uuid`.
    Uuid(Uuid),
    /// Of kind `Texts`; none of them is null.
    Texts(Vec<&'a str>),
    /// Of kind `Geometry`: there is one.
    Geometry,
}

/// A record that a filter can be held against.
pub trait Record {
    /// What a property holds. What is not of the property's kind counts as null.
    fn value(&self, property: &Property) -> Datum<'_>;

    /// Whether two geometries lie to each other as asked; nothing where a property among them is null.
    fn relate(&self, op: SpatialOp, a: &Place, b: &Place) -> Option<bool>;
}

/// Whether a record meets a filter; nothing where that is not known. Only what is true is selected.
pub fn eval(filter: &Filter, record: &dyn Record) -> Option<bool> {
    condition(filter.expr(), record)
}

fn condition(expr: &Expr, record: &dyn Record) -> Option<bool> {
    match expr {
        Expr::And(parts) => all(parts.iter().map(|part| condition(part, record))),
        Expr::Or(parts) => any(parts.iter().map(|part| condition(part, record))),
        Expr::Not(part) => condition(part, record).map(|holds| !holds),
        Expr::Holds(value) => match scalar(value, record)? {
            Value::Boolean(holds) => Some(holds),
            _ => None,
        },
        Expr::Compare(comparison, a, b) => compared(*comparison, &scalar(a, record), &scalar(b, record)),
        Expr::Like { value, pattern } => match (scalar(value, record)?, scalar(pattern, record)?) {
            (Value::Text(text), Value::Text(pattern)) => Some(like(&text, &pattern)),
            _ => None,
        },
        Expr::Between { value, low, high } => {
            let value = scalar(value, record);
            all([
                compared(Comparison::AtLeast, &value, &scalar(low, record)),
                compared(Comparison::AtMost, &value, &scalar(high, record)),
            ])
        }
        Expr::In { value, list } => {
            let value = scalar(value, record);
            any(list.iter().map(|item| compared(Comparison::Equal, &value, &scalar(item, record))))
        }
        Expr::IsNull(subject) => Some(match subject {
            Subject::Scalar(value) => scalar(value, record).is_none(),
            Subject::Place(Place::Property(property)) => record.value(property) != Datum::Geometry,
            Subject::Place(_) => false,
            Subject::Interval(time) => time.scalars().any(|value| scalar(value, record).is_none()),
            Subject::Texts(property) => !matches!(record.value(property), Datum::Texts(_)),
            Subject::Condition(expr) => condition(expr, record).is_none(),
        }),
        Expr::Spatial(op, a, b) => record.relate(*op, a, b),
        Expr::Temporal(op, a, b) => temporal(*op, a, b, record),
        Expr::Array(op, a, b) => array(*op, a, b, record),
    }
}

/// False if one is, else unknown if one is, else true.
fn all(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    any(parts.into_iter().map(|part| part.map(|holds| !holds))).map(|holds| !holds)
}

/// True if one is, else unknown if one is, else false.
fn any(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(false) }
}

#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Day(Day),
    Instant(DateTime<Utc>),
    Uuid(Uuid),
}

fn scalar<'a>(value: &'a Scalar, record: &'a dyn Record) -> Option<Value<'a>> {
    Some(match value {
        Scalar::Property(property) => match record.value(property) {
            Datum::Text(text) => Value::Text(text.into()),
            Datum::Integer(value) => Value::Integer(value),
            Datum::Number(value) => Value::Number(value),
            Datum::Boolean(value) => Value::Boolean(value),
            Datum::Day(day) => Value::Day(day),
            Datum::Instant(instant) => Value::Instant(instant),
            Datum::Uuid(uuid) => Value::Uuid(uuid),
            Datum::Null | Datum::Texts(_) | Datum::Geometry => return None,
        },
        Scalar::Text(text) => Value::Text(text.into()),
        Scalar::CaseI(inner) => match scalar(inner, record)? {
            Value::Text(text) => Value::Text(casei(&text).into()),
            _ => return None,
        },
        Scalar::AccentI(inner) => match scalar(inner, record)? {
            Value::Text(text) => Value::Text(accenti(&text).into()),
            _ => return None,
        },
        Scalar::Integer(value) => Value::Integer(*value),
        Scalar::Number(value) => Value::Number(*value),
        Scalar::Arithmetic(op, a, b) => {
            let (a, b) = (double(&scalar(a, record)?)?, double(&scalar(b, record)?)?);
            Value::Number(arithmetic(*op, a, b)?)
        }
        Scalar::Boolean(value) => Value::Boolean(*value),
        Scalar::Day(day) => Value::Day(*day),
        Scalar::Instant(instant) => Value::Instant(*instant),
        Scalar::Uuid(uuid) => Value::Uuid(*uuid),
    })
}

#[expect(clippy::cast_precision_loss, reason = "to the nearest double, as the database casts")]
fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

fn arithmetic(op: ArithmeticOp, a: f64, b: f64) -> Option<f64> {
    let quotient = || {
        let quotient = a / b;
        (quotient.is_finite() && (quotient != 0.0 || a == 0.0)).then_some(quotient)
    };
    let (result, may_be_zero) = match op {
        ArithmeticOp::Add => (a + b, true),
        ArithmeticOp::Subtract => (a - b, true),
        ArithmeticOp::Multiply => (a * b, a == 0.0 || b == 0.0),
        ArithmeticOp::Divide => (quotient()?, true),
        ArithmeticOp::Modulo => {
            let whole = quotient()?.trunc();
            // In the order in which the database would do it: a product, then a difference.
            let product = b * whole;
            (a - product, true)
        }
        ArithmeticOp::Div => (quotient()?.trunc(), true),
        ArithmeticOp::Power => (a.powf(b), a == 0.0),
    };
    (result.is_finite() && (result != 0.0 || may_be_zero)).then_some(result)
}

fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Integer(_) | Value::Number(_), Value::Integer(_) | Value::Number(_)) => {
            double(a)?.partial_cmp(&double(b)?)
        }
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Day(_) | Value::Instant(_), Value::Day(_) | Value::Instant(_)) => Some(day(a)?.cmp(&day(b)?)),
        (Value::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn day(value: &Value<'_>) -> Option<Day> {
    match value {
        Value::Day(day) => Some(*day),
        Value::Instant(instant) => Some(Day::at(*instant)),
        _ => None,
    }
}

fn compared(comparison: Comparison, a: &Option<Value<'_>>, b: &Option<Value<'_>>) -> Option<bool> {
    let order = order(a.as_ref()?, b.as_ref()?)?;
    Some(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtMost => order.is_le(),
        Comparison::AtLeast => order.is_ge(),
    })
}

/// `%` any characters, `_` one, `\` takes the next as it is. In time of text times pattern.
fn like(text: &str, pattern: &str) -> bool {
    enum Piece {
        Any,
        One,
        Just(char),
    }
    let mut pieces = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => Piece::Just(chars.next().unwrap_or('\\')),
            c => Piece::Just(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut piece) = (0, 0);
    // The last `%`: the piece after it, and the character from which that was last tried.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(at) {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                piece += 1;
                retry = Some((piece, at));
                continue;
            }
            Some(Piece::One) => {
                at += 1;
                piece += 1;
                continue;
            }
            Some(Piece::Just(wanted)) if wanted == c => {
                at += 1;
                piece += 1;
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = retry else { return false };
        piece = after;
        at = from + 1;
        retry = Some((after, at));
    }
    pieces.iter().skip(piece).all(|piece| matches!(piece, Piece::Any))
}

/// A place on the line of times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Before,
    Day(Day),
    Instant(DateTime<Utc>),
    After,
}

fn temporal(op: TemporalOp, a: &Time, b: &Time, record: &dyn Record) -> Option<bool> {
    let by_days = Time::by_days(a, b);
    let ((s1, e1), (s2, e2)) = (ends(a, by_days, record)?, ends(b, by_days, record)?);
    Some(match op {
        TemporalOp::After => s1 > e2,
        TemporalOp::Before => e1 < s2,
        TemporalOp::Contains => s1 < s2 && e1 > e2,
        TemporalOp::Disjoint => e1 < s2 || s1 > e2,
        TemporalOp::During => s1 > s2 && e1 < e2,
        TemporalOp::Equals => s1 == s2 && e1 == e2,
        TemporalOp::FinishedBy => s1 < s2 && e1 == e2,
        TemporalOp::Finishes => s1 > s2 && e1 == e2,
        TemporalOp::Intersects => s1 <= e2 && e1 >= s2,
        TemporalOp::Meets => e1 == s2,
        TemporalOp::MetBy => s1 == e2,
        TemporalOp::OverlappedBy => s1 > s2 && s1 < e2 && e1 > e2,
        TemporalOp::Overlaps => s1 < s2 && e1 > s2 && e1 < e2,
        TemporalOp::StartedBy => s1 == s2 && e1 > e2,
        TemporalOp::Starts => s1 == s2 && e1 < e2,
    })
}

fn ends(time: &Time, by_days: bool, record: &dyn Record) -> Option<(Moment, Moment)> {
    let moment = |value: &Scalar| {
        Some(match scalar(value, record)? {
            Value::Instant(instant) if !by_days => Moment::Instant(instant),
            value => Moment::Day(day(&value)?),
        })
    };
    let end = |end: &End, open: Moment| match end {
        End::Open => Some(open),
        End::At(value) => moment(value),
    };
    match time {
        Time::At(value) => moment(value).map(|moment| (moment, moment)),
        Time::Interval(first, last) => Some((end(first, Moment::Before)?, end(last, Moment::After)?)),
    }
}

fn array(op: ArrayOp, a: &List, b: &List, record: &dyn Record) -> Option<bool> {
    let (a, b) = (items(a, record)?, items(b, record)?);
    let has = |set: &[Value<'_>], item: &Value<'_>| set.iter().any(|other| order(other, item) == Some(Ordering::Equal));
    let within = |a: &[Value<'_>], b: &[Value<'_>]| a.iter().all(|item| has(b, item));
    Some(match op {
        ArrayOp::Equals => within(&a, &b) && within(&b, &a),
        ArrayOp::Contains => within(&b, &a),
        ArrayOp::ContainedBy => within(&a, &b),
        ArrayOp::Overlaps => a.iter().any(|item| has(&b, item)),
    })
}

fn items<'a>(list: &'a List, record: &'a dyn Record) -> Option<Vec<Value<'a>>> {
    match list {
        List::Property(property) => match record.value(property) {
            Datum::Texts(texts) => Some(texts.into_iter().map(|text| Value::Text(text.into())).collect()),
            _ => None,
        },
        List::Items(items) => items.iter().map(|item| scalar(item, record)).collect(),
    }
}
