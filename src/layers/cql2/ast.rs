//! What a filter is once it is read and checked: a tree to be matched on. Whoever holds one need check nothing again:
//! operands of one predicate are of one [`Sort`] (days and instants may meet), texts that stand for a UUID or a time are
//! that already, coordinates are x, y.

use super::geometry::Geometry;
use crate::kernel::{Bbox, Day};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Kind of a property that may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared by code points.
    Text,
    /// Whole number of 64 bits.
    Integer,
    /// Number of double precision.
    Number,
    /// True or false.
    Boolean,
    /// Civil day of China.
    Day,
    /// Instant, to the microsecond.
    Instant,
    /// UUID, compared byte by byte; said as text.
    Uuid,
    /// Set of texts.
    Texts,
    /// Geometry.
    Geometry,
}

/// A property that a filter may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queryable<'a> {
    /// Its name in filters.
    pub name: &'a str,
    /// What it holds.
    pub kind: Kind,
}

/// A queryable that a filter does name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Where it stands in the queryables that the filter was read with.
    pub index: usize,
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    pub kind: Kind,
}

/// A condition: true, false or, where something is not known, neither.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them, at least two.
    And(Vec<Expr>),
    /// Any of them, at least two.
    Or(Vec<Expr>),
    /// Not it.
    Not(Box<Expr>),
    /// A boolean literal or property by itself.
    Holds(Scalar),
    /// One scalar against another.
    Compare(Comparison, Scalar, Scalar),
    /// `value LIKE pattern`: `%` any characters, `_` one, `\` takes the next as it is.
    Like {
        /// A text.
        value: Scalar,
        /// A literal, perhaps in `CASEI` and `ACCENTI`; neither before nor after them does it end in an escape.
        pattern: Scalar,
    },
    /// `low <= value AND value <= high`.
    Between {
        /// What is compared.
        value: Scalar,
        /// The least.
        low: Scalar,
        /// The greatest.
        high: Scalar,
    },
    /// `value = item OR ...`.
    In {
        /// What is compared.
        value: Scalar,
        /// At least one.
        list: Vec<Scalar>,
    },
    /// Whether something is not known.
    IsNull(Subject),
    /// One geometry against another.
    Spatial(SpatialOp, Place, Place),
    /// One time against another.
    Temporal(TemporalOp, Time, Time),
    /// One set against another.
    Array(ArrayOp, List, List),
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A property of a kind that is neither `Texts` nor `Geometry`.
    Property(Property),
    /// A text without U+0000.
    Text(String),
    /// `CASEI`, of a text; see [`casei`](super::casei).
    CaseI(Box<Scalar>),
    /// `ACCENTI`, of a text; see [`accenti`](super::accenti).
    AccentI(Box<Scalar>),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// Arithmetic over numbers, always in double precision. What that cannot hold is not known: see [`ArithmeticOp`].
    Arithmetic(ArithmeticOp, Box<Scalar>, Box<Scalar>),
    /// True or false.
    Boolean(bool),
    /// A civil day of China.
    Day(Day),
    /// An instant, whole microseconds.
    Instant(DateTime<Utc>),
    /// A UUID.
    Uuid(Uuid),
}

/// What a scalar is, so that two can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Text.
    Text,
    /// Number, whole or not.
    Number,
    /// True or false.
    Boolean,
    /// Civil day of China.
    Day,
    /// Instant.
    Instant,
    /// UUID.
    Uuid,
}

impl Sort {
    /// Whether a value of one can be compared with a value of the other. A day meets an instant as the civil day of China
    /// that the instant lies in.
    pub fn meets(self, other: Sort) -> bool {
        self == other || (self.is_time() && other.is_time())
    }

    /// A day or an instant.
    pub fn is_time(self) -> bool {
        matches!(self, Sort::Day | Sort::Instant)
    }
}

impl Scalar {
    /// What it is.
    pub fn sort(&self) -> Sort {
        match self {
            Scalar::Property(property) => match property.kind {
                Kind::Integer | Kind::Number => Sort::Number,
                Kind::Boolean => Sort::Boolean,
                Kind::Day => Sort::Day,
                Kind::Instant => Sort::Instant,
                Kind::Uuid => Sort::Uuid,
                // The last two are no scalars; `check` makes no such property one.
                Kind::Text | Kind::Texts | Kind::Geometry => Sort::Text,
            },
            Scalar::Text(_) | Scalar::CaseI(_) | Scalar::AccentI(_) => Sort::Text,
            Scalar::Integer(_) | Scalar::Number(_) | Scalar::Arithmetic(..) => Sort::Number,
            Scalar::Boolean(_) => Sort::Boolean,
            Scalar::Day(_) => Sort::Day,
            Scalar::Instant(_) => Sort::Instant,
            Scalar::Uuid(_) => Sort::Uuid,
        }
    }
}

/// What may be asked whether it is null.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A single value.
    Scalar(Scalar),
    /// A geometry.
    Place(Place),
    /// An interval: null where one of its ends is.
    Interval(Time),
    /// A property of kind `Texts`.
    Texts(Property),
    /// A condition: null where it is neither true nor false.
    Condition(Box<Expr>),
}

/// A geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A property of kind `Geometry`.
    Property(Property),
    /// A geometry written out. Whether its rings cross each other is not looked at.
    Geometry(Geometry),
    /// A box; `west > east` crosses the antimeridian, and is two boxes ([`Bbox::parts`]).
    Bbox(Bbox),
}

/// An instant or a day, or the closed interval between two.
#[derive(Debug, Clone, PartialEq)]
pub enum Time {
    /// A scalar of sort `Day` or `Instant`: the interval from it to itself.
    At(Scalar),
    /// From the first end to the last, both in it. Where both are literals, the first is not the later.
    Interval(End, End),
}

/// End of an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// `'..'`: before, or after, every time.
    Open,
    /// A scalar of sort `Day` or `Instant`. A null one makes the whole predicate null; it is not an open end.
    At(Scalar),
}

impl Time {
    /// The scalars in it.
    pub fn scalars(&self) -> impl Iterator<Item = &Scalar> {
        let (first, last) = match self {
            Time::At(scalar) => (Some(scalar), None),
            Time::Interval(first, last) => (first.scalar(), last.scalar()),
        };
        first.into_iter().chain(last)
    }

    /// Whether two times are compared by civil days of China, because there is a day in them. Otherwise it is by instants.
    pub fn by_days(a: &Time, b: &Time) -> bool {
        a.scalars().chain(b.scalars()).any(|scalar| scalar.sort() == Sort::Day)
    }
}

impl End {
    fn scalar(&self) -> Option<&Scalar> {
        match self {
            End::Open => None,
            End::At(scalar) => Some(scalar),
        }
    }
}

/// A set.
#[derive(Debug, Clone, PartialEq)]
pub enum List {
    /// A property of kind `Texts`.
    Property(Property),
    /// Scalars of one sort (days and instants do not mix here); with a null one among them the set is not known.
    Items(Vec<Scalar>),
}

/// Operators of one family with their names in text and in JSON.
macro_rules! operators {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal, $json:literal;)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// Its name in CQL2 text.
            pub fn text(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Its name in CQL2 JSON.
            pub fn json(self) -> &'static str {
                match self { $($name::$variant => $json),+ }
            }
        }
    };
}

operators! {
    /// How two scalars are compared.
    Comparison {
        /// Equal.
        Equal = "=", "=";
        /// Not equal.
        NotEqual = "<>", "<>";
        /// Less.
        Less = "<", "<";
        /// Greater.
        Greater = ">", ">";
        /// Less or equal.
        AtMost = "<=", "<=";
        /// Greater or equal.
        AtLeast = ">=", ">=";
    }
}

operators! {
    /// Arithmetic in double precision. A result that is not a finite number is null, and so is a product, quotient or
    /// power that comes out as zero only because it is too small.
    ArithmeticOp {
        /// Sum.
        Add = "+", "+";
        /// Difference.
        Subtract = "-", "-";
        /// Product.
        Multiply = "*", "*";
        /// Quotient, never rounded to a whole one.
        Divide = "/", "/";
        /// `a - b * trunc(a / b)`: the remainder, with the sign of the first.
        Modulo = "%", "%";
        /// `trunc(a / b)`.
        Div = "DIV", "div";
        /// Power; null also for a negative number to a fraction.
        Power = "^", "^";
    }
}

operators! {
    /// How two geometries lie to each other, in the sense of OGC Simple Features (DE-9IM).
    SpatialOp {
        /// They share a point.
        Intersects = "S_INTERSECTS", "s_intersects";
        /// They are the same set of points.
        Equals = "S_EQUALS", "s_equals";
        /// They share none.
        Disjoint = "S_DISJOINT", "s_disjoint";
        /// They share points of their boundaries only.
        Touches = "S_TOUCHES", "s_touches";
        /// The first lies in the second.
        Within = "S_WITHIN", "s_within";
        /// They share part of their interiors, of the same dimension, and each has more.
        Overlaps = "S_OVERLAPS", "s_overlaps";
        /// They share part of their interiors, of a lower dimension than the greater has.
        Crosses = "S_CROSSES", "s_crosses";
        /// The second lies in the first.
        Contains = "S_CONTAINS", "s_contains";
    }
}

operators! {
    /// How two closed intervals lie to each other. With `s` and `e` for their starts and ends:
    TemporalOp {
        /// `s1 > e2`
        After = "T_AFTER", "t_after";
        /// `e1 < s2`
        Before = "T_BEFORE", "t_before";
        /// `s1 < s2 AND e1 > e2`; intervals only.
        Contains = "T_CONTAINS", "t_contains";
        /// `e1 < s2 OR s1 > e2`
        Disjoint = "T_DISJOINT", "t_disjoint";
        /// `s1 > s2 AND e1 < e2`; intervals only.
        During = "T_DURING", "t_during";
        /// `s1 = s2 AND e1 = e2`
        Equals = "T_EQUALS", "t_equals";
        /// `s1 < s2 AND e1 = e2`; intervals only.
        FinishedBy = "T_FINISHEDBY", "t_finishedBy";
        /// `s1 > s2 AND e1 = e2`; intervals only.
        Finishes = "T_FINISHES", "t_finishes";
        /// `s1 <= e2 AND e1 >= s2`
        Intersects = "T_INTERSECTS", "t_intersects";
        /// `e1 = s2`; intervals only.
        Meets = "T_MEETS", "t_meets";
        /// `s1 = e2`; intervals only.
        MetBy = "T_METBY", "t_metBy";
        /// `s1 > s2 AND s1 < e2 AND e1 > e2`; intervals only.
        OverlappedBy = "T_OVERLAPPEDBY", "t_overlappedBy";
        /// `s1 < s2 AND e1 > s2 AND e1 < e2`; intervals only.
        Overlaps = "T_OVERLAPS", "t_overlaps";
        /// `s1 = s2 AND e1 > e2`; intervals only.
        StartedBy = "T_STARTEDBY", "t_startedBy";
        /// `s1 = s2 AND e1 < e2`; intervals only.
        Starts = "T_STARTS", "t_starts";
    }
}

impl TemporalOp {
    /// Whether the standard defines it for intervals alone.
    pub fn needs_intervals(self) -> bool {
        !matches!(
            self,
            TemporalOp::After | TemporalOp::Before | TemporalOp::Disjoint | TemporalOp::Equals | TemporalOp::Intersects
        )
    }
}

operators! {
    /// How two sets lie to each other; order and repetition mean nothing.
    ArrayOp {
        /// The same elements.
        Equals = "A_EQUALS", "a_equals";
        /// All of the second are in the first.
        Contains = "A_CONTAINS", "a_contains";
        /// All of the first are in the second.
        ContainedBy = "A_CONTAINEDBY", "a_containedBy";
        /// One element at least is in both.
        Overlaps = "A_OVERLAPS", "a_overlaps";
    }
}
