//! A CQL2 filter as SQL over a view: a total match over a checked tree. Every literal is bound; a property is what the
//! caller sees of it, so that a hidden value is null here too. `cql2::eval` says what this must answer.

use super::{Sql, push_seen, push_srid};
use crate::kernel::{Bbox, Chart, Error, Result};
use crate::layers::charted;
use crate::layers::cql2::{
    ArithmeticOp, ArrayOp, Comparison, End, Expr, List, Place, Property, Scalar, Sort, SpatialOp, Subject, TemporalOp,
    Time, accenti, casei,
};
use crate::layers::crs;
use crate::layers::query::When;
use crate::layers::view::View;

/// SRID of what is stored and of every literal once it was read or transformed.
const STORED: u32 = 4490;

/// Where a filter's properties are found.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub view: &'a View,
    /// What literal geometries are in, for PROJ; `None` is longitude and latitude.
    pub elsewhere: Option<&'a str>,
    /// The chart that they were drawn on.
    pub chart: Option<Chart>,
    pub when: When,
}

/// Appends a condition that is true for the rows that meet the filter.
///
/// # Errors
/// A fault of ours: the filter was checked against other properties than the view's.
pub(super) fn push_filter(sql: &mut Sql, over: Over<'_>, expr: &Expr) -> Result<()> {
    match expr {
        Expr::And(parts) => push_joined(sql, over, parts, " and ", "true"),
        Expr::Or(parts) => push_joined(sql, over, parts, " or ", "false"),
        Expr::Not(part) => {
            sql.push("(not ");
            push_filter(sql, over, part)?;
            close(sql)
        }
        Expr::Holds(value) => push_scalar(sql, over, value),
        Expr::Compare(comparison, a, b) => push_compared(sql, over, *comparison, a, b),
        Expr::Like { value, pattern } => {
            sql.push("(");
            push_scalar(sql, over, value)?;
            sql.push(" like ");
            push_scalar(sql, over, pattern)?;
            close(sql)
        }
        Expr::Between { value, low, high } => {
            sql.push("(");
            push_compared(sql, over, Comparison::AtLeast, value, low)?;
            sql.push(" and ");
            push_compared(sql, over, Comparison::AtMost, value, high)?;
            close(sql)
        }
        Expr::In { value, list } => {
            sql.push("(false");
            for item in list {
                sql.push(" or ");
                push_compared(sql, over, Comparison::Equal, value, item)?;
            }
            close(sql)
        }
        Expr::IsNull(subject) => push_null(sql, over, subject),
        Expr::Spatial(op, a, b) => push_spatial(sql, over, *op, a, b),
        Expr::Temporal(op, a, b) => push_temporal(sql, over, *op, a, b),
        Expr::Array(op, a, b) => push_array(sql, over, *op, a, b),
    }
}

fn close(sql: &mut Sql) -> Result<()> {
    sql.push(")");
    Ok(())
}

fn push_joined(sql: &mut Sql, over: Over<'_>, parts: &[Expr], joint: &str, none: &str) -> Result<()> {
    sql.push("(");
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            sql.push(joint);
        }
        push_filter(sql, over, part)?;
    }
    if parts.is_empty() {
        sql.push(none);
    }
    close(sql)
}

fn push_property(sql: &mut Sql, over: Over<'_>, property: &Property) -> Result<()> {
    let columns = over.view.columns().count();
    match over.view.columns().nth(property.index) {
        Some(column) => push_seen(sql, over.view, column, over.when),
        None if property.index == columns => {
            sql.push(format_args!("{}.geom", over.view.layer.table));
        }
        None if property.index == columns + 1 => {
            sql.push(format_args!("{}.id", over.view.layer.table));
        }
        None => return Err(Error::internal("a filter names a property that the view does not have")),
    }
    Ok(())
}

/// A value: `text`, `int8` or `float8`, `bool`, `date`, `timestamptz`, `uuid`, by its sort.
fn push_scalar(sql: &mut Sql, over: Over<'_>, value: &Scalar) -> Result<()> {
    match value {
        Scalar::Property(property) => return push_property(sql, over, property),
        Scalar::Text(text) => sql.push_bind(text.clone()).push("::text collate \"C\""),
        Scalar::CaseI(inner) | Scalar::AccentI(inner) => match literal(value) {
            Some(text) => sql.push_bind(text).push("::text collate \"C\""),
            None => {
                let folds_case = matches!(value, Scalar::CaseI(_));
                sql.push(if folds_case { "(layers_casei(" } else { "(layers_accenti(" });
                push_scalar(sql, over, inner)?;
                sql.push(") collate \"C\")")
            }
        },
        Scalar::Integer(value) => sql.push_bind(*value).push("::int8"),
        Scalar::Number(value) => sql.push_bind(*value).push("::float8"),
        Scalar::Arithmetic(op, a, b) => {
            sql.push("layers_arithmetic(").push_bind(operator(*op)).push("::text, (");
            push_scalar(sql, over, a)?;
            sql.push(")::float8, (");
            push_scalar(sql, over, b)?;
            sql.push(")::float8)")
        }
        Scalar::Boolean(value) => sql.push_bind(*value).push("::bool"),
        Scalar::Day(day) => sql.push_bind(day.to_string()).push("::text::date"),
        Scalar::Instant(instant) => sql.push_bind(*instant).push("::timestamptz"),
        Scalar::Uuid(uuid) => sql.push_bind(*uuid).push("::uuid"),
    };
    Ok(())
}

/// A text that no row has part in, folded as it says.
fn literal(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::CaseI(inner) => literal(inner).map(|text| casei(&text)),
        Scalar::AccentI(inner) => literal(inner).map(|text| accenti(&text)),
        _ => None,
    }
}

/// As `layers_arithmetic` knows it.
fn operator(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Modulo => "%",
        ArithmeticOp::Div => "div",
        ArithmeticOp::Power => "^",
    }
}

fn push_compared(sql: &mut Sql, over: Over<'_>, comparison: Comparison, a: &Scalar, b: &Scalar) -> Result<()> {
    let days = a.sort() != b.sort() && a.sort().is_time() && b.sort().is_time();
    sql.push("(");
    push_moment(sql, over, a, days)?;
    sql.push(match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::Greater => " > ",
        Comparison::AtMost => " <= ",
        Comparison::AtLeast => " >= ",
    });
    push_moment(sql, over, b, days)?;
    close(sql)
}

/// A value; an instant as its day in China where days are compared.
fn push_moment(sql: &mut Sql, over: Over<'_>, value: &Scalar, days: bool) -> Result<()> {
    if !(days && value.sort() == Sort::Instant) {
        return push_scalar(sql, over, value);
    }
    sql.push("((");
    push_scalar(sql, over, value)?;
    sql.push(") at time zone interval '08:00')::date");
    Ok(())
}

fn push_null(sql: &mut Sql, over: Over<'_>, subject: &Subject) -> Result<()> {
    match subject {
        Subject::Scalar(value) => {
            sql.push("((");
            push_scalar(sql, over, value)?;
            sql.push(") is null)");
        }
        Subject::Place(Place::Property(property)) | Subject::Texts(property) => {
            sql.push("(");
            push_property(sql, over, property)?;
            sql.push(" is null)");
        }
        Subject::Place(Place::Geometry(_) | Place::Bbox(_)) => {
            sql.push("false");
        }
        Subject::Interval(time) => {
            sql.push("(false");
            for value in time.scalars() {
                sql.push(" or (");
                push_scalar(sql, over, value)?;
                sql.push(") is null");
            }
            sql.push(")");
        }
        Subject::Condition(expr) => {
            sql.push("(");
            push_filter(sql, over, expr)?;
            sql.push(" is null)");
        }
    }
    Ok(())
}

fn push_place(sql: &mut Sql, over: Over<'_>, place: &Place) -> Result<()> {
    if let (Some(proj), Place::Geometry(_) | Place::Bbox(_)) = (over.elsewhere, place) {
        push_elsewhere(sql, proj, place);
        return Ok(());
    }
    if let Some(found) = over.chart.and_then(|chart| charted::found(chart, place)) {
        sql.push("st_geomfromewkb(").push_bind(found.to_ewkb(STORED)).push(")");
        return Ok(());
    }
    match place {
        Place::Property(property) => return push_property(sql, over, property),
        Place::Geometry(geometry) => sql.push("st_geomfromewkb(").push_bind(geometry.to_ewkb(STORED)).push(")"),
        Place::Bbox(bbox) => {
            let parts = bbox.parts();
            sql.push(if parts.len() > 1 { "st_union(array[" } else { "(" });
            for (n, Bbox { west, south, east, north }) in parts.iter().enumerate() {
                if n > 0 {
                    sql.push(", ");
                }
                sql.push("st_makeenvelope(");
                let mut bounds = sql.separated(", ");
                for bound in [west, south, east, north] {
                    bounds.push_bind(*bound);
                }
                bounds.push_unseparated(", 4490)");
            }
            sql.push(if parts.len() > 1 { "])" } else { ")" })
        }
    };
    Ok(())
}

/// A literal in another system, as it is stored: transformed once, for no row has part in it, vertex by vertex as features
/// are when they are given out. The sides of a box bend: they have points between the corners.
fn push_elsewhere(sql: &mut Sql, proj: &str, place: &Place) {
    sql.push("(select st_setsrid(coalesce(st_transform(st_setsrid(given.g, ");
    push_srid(sql, proj);
    sql.push("), 4490), st_transform(given.g, ").push_bind(proj.to_owned());
    sql.push(", ").push_bind(crs::STORED).push(")), 4490) from (select ");
    match place {
        Place::Property(_) => {}
        Place::Geometry(geometry) => {
            sql.push("st_geomfromewkb(").push_bind(geometry.to_ewkb(STORED)).push(")");
        }
        Place::Bbox(Bbox { west, south, east, north }) => {
            sql.push("st_segmentize(st_makeenvelope(");
            let mut bounds = sql.separated(", ");
            for bound in [west, south, east, north] {
                bounds.push_bind(*bound);
            }
            let side = ((east - west).max(north - south) / 32.0).max(f64::MIN_POSITIVE);
            sql.push("), ").push_bind(side).push(")");
        }
    }
    sql.push(" as g) as given)");
}

/// Relations of PostGIS, which read the index where one of the two is the layer's geometry.
fn push_spatial(sql: &mut Sql, over: Over<'_>, op: SpatialOp, a: &Place, b: &Place) -> Result<()> {
    sql.push(match op {
        SpatialOp::Intersects => "st_intersects(",
        SpatialOp::Equals => "st_equals(",
        SpatialOp::Disjoint => "st_disjoint(",
        SpatialOp::Touches => "st_touches(",
        SpatialOp::Within => "st_within(",
        SpatialOp::Overlaps => "st_overlaps(",
        SpatialOp::Crosses => "st_crosses(",
        SpatialOp::Contains => "st_contains(",
    });
    push_place(sql, over, a)?;
    sql.push(", ");
    push_place(sql, over, b)?;
    close(sql)
}

/// The ends of a time, as days or as instants: the first or the last.
fn push_end(sql: &mut Sql, over: Over<'_>, time: &Time, last: bool, days: bool) -> Result<()> {
    let end = match time {
        Time::At(value) => Some(value),
        Time::Interval(first, last_end) => match if last { last_end } else { first } {
            End::At(value) => Some(value),
            End::Open => None,
        },
    };
    match end {
        Some(value) => push_moment(sql, over, value, days),
        None => {
            sql.push(match (last, days) {
                (false, true) => "'-infinity'::date",
                (true, true) => "'infinity'::date",
                (false, false) => "'-infinity'::timestamptz",
                (true, false) => "'infinity'::timestamptz",
            });
            Ok(())
        }
    }
}

fn push_temporal(sql: &mut Sql, over: Over<'_>, op: TemporalOp, a: &Time, b: &Time) -> Result<()> {
    let days = Time::by_days(a, b);
    // The four ends once, so that each condition can name them. A null among them makes the whole null.
    sql.push("(select case when num_nulls(t.s1, t.e1, t.s2, t.e2) = 0 then ");
    sql.push(match op {
        TemporalOp::After => "t.s1 > t.e2",
        TemporalOp::Before => "t.e1 < t.s2",
        TemporalOp::Contains => "t.s1 < t.s2 and t.e1 > t.e2",
        TemporalOp::Disjoint => "t.e1 < t.s2 or t.s1 > t.e2",
        TemporalOp::During => "t.s1 > t.s2 and t.e1 < t.e2",
        TemporalOp::Equals => "t.s1 = t.s2 and t.e1 = t.e2",
        TemporalOp::FinishedBy => "t.s1 < t.s2 and t.e1 = t.e2",
        TemporalOp::Finishes => "t.s1 > t.s2 and t.e1 = t.e2",
        TemporalOp::Intersects => "t.s1 <= t.e2 and t.e1 >= t.s2",
        TemporalOp::Meets => "t.e1 = t.s2",
        TemporalOp::MetBy => "t.s1 = t.e2",
        TemporalOp::OverlappedBy => "t.s1 > t.s2 and t.s1 < t.e2 and t.e1 > t.e2",
        TemporalOp::Overlaps => "t.s1 < t.s2 and t.e1 > t.s2 and t.e1 < t.e2",
        TemporalOp::StartedBy => "t.s1 = t.s2 and t.e1 > t.e2",
        TemporalOp::Starts => "t.s1 = t.s2 and t.e1 < t.e2",
    });
    sql.push(" end from (select ");
    for (n, (time, last)) in [(a, false), (a, true), (b, false), (b, true)].into_iter().enumerate() {
        if n > 0 {
            sql.push(", ");
        }
        push_end(sql, over, time, last, days)?;
    }
    sql.push(") as t (s1, e1, s2, e2))");
    Ok(())
}

fn push_list(sql: &mut Sql, over: Over<'_>, list: &List) -> Result<()> {
    match list {
        List::Property(property) => push_property(sql, over, property),
        List::Items(items) => {
            sql.push("layers_set(array[");
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    sql.push(", ");
                }
                push_scalar(sql, over, item)?;
            }
            sql.push("]::text[])");
            Ok(())
        }
    }
}

fn push_array(sql: &mut Sql, over: Over<'_>, op: ArrayOp, a: &List, b: &List) -> Result<()> {
    sql.push("(select ");
    sql.push(match op {
        ArrayOp::Equals => "t.a @> t.b and t.a <@ t.b",
        ArrayOp::Contains => "t.a @> t.b",
        ArrayOp::ContainedBy => "t.a <@ t.b",
        ArrayOp::Overlaps => "t.a && t.b",
    });
    sql.push(" from (select ");
    push_list(sql, over, a)?;
    sql.push(", ");
    push_list(sql, over, b)?;
    sql.push(") as t (a, b))");
    Ok(())
}
