//! From what was written to what it means: names become properties, operands become typed, and everything that does not
//! fit is named where it stands.

use super::ast::{End, Expr, Kind, List, Place, Property, Queryable, Scalar, Sort, Subject, Time};
use super::raw::{self, At, Growth, Node, Op, Raw, excerpt};
use super::{accenti, casei};
use crate::kernel::{Fault, Text};

/// Checks a whole filter.
///
/// # Errors
/// Every fault, the first twenty of many.
pub(super) fn filter(node: Node, queryables: &[Queryable<'_>], growth: &Growth<'_>) -> Result<Expr, Vec<Fault>> {
    let mut checker = Checker { queryables, growth, faults: Vec::new() };
    match checker.condition(node) {
        Some(expr) if checker.faults.is_empty() => Ok(expr),
        _ => Err(checker.faults),
    }
}

/// Faults that are said at once.
const MAX_FAULTS: usize = 20;

/// A checked value and where it stands.
type Placed = (At, Scalar);

/// Nothing is given only where a fault was said. The tree is no deeper than the limits allow, so descent is safe.
struct Checker<'a, 'g> {
    queryables: &'a [Queryable<'a>],
    growth: &'a Growth<'g>,
    faults: Vec<Fault>,
}

impl Checker<'_, '_> {
    fn say(&mut self, at: At, code: &'static str, message: Text) {
        // The place of each is counted from the beginning of the source, and nobody reads a thousand.
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(*self.growth.fault(at, code, message));
        }
    }

    fn no<T>(&mut self, at: At, zh: &str, en: &str) -> Option<T> {
        self.say(at, "wrong_operand", Text::new(format!("这里应为{zh}。"), format!("Here {en} should stand.")));
        None
    }

    /// Exactly `N` operands.
    fn operands<const N: usize>(&mut self, at: At, nodes: Vec<Node>) -> Option<[Node; N]> {
        if let Ok(nodes) = <[Node; N]>::try_from(nodes) {
            return Some(nodes);
        }
        self.say(
            at,
            "operand_count",
            Text::new(format!("这一运算应有 {N} 个参数。"), format!("This operator takes {N} operands.")),
        );
        None
    }

    /// All of them looked at, so that all faults are found.
    fn all<T>(&mut self, nodes: Vec<Node>, one: impl Fn(&mut Self, Node) -> Option<T>) -> Option<Vec<T>> {
        let checked: Vec<Option<T>> = nodes.into_iter().map(|node| one(self, node)).collect();
        checked.into_iter().collect()
    }

    fn condition(&mut self, node: Node) -> Option<Expr> {
        let at = node.at;
        match node.raw {
            Raw::Op(op, operands) => self.operation(at, op, operands),
            Raw::Boolean(value) => Some(Expr::Holds(Scalar::Boolean(value))),
            Raw::Property { name, .. } => match self.property(at, &name)? {
                property if property.kind == Kind::Boolean => Some(Expr::Holds(Scalar::Property(property))),
                _ => self.no(at, "条件，而此属性不是布尔值", "a condition, and this property is no boolean"),
            },
            _ => self.no(at, "条件", "a condition"),
        }
    }

    fn operation(&mut self, at: At, op: Op, operands: Vec<Node>) -> Option<Expr> {
        match op {
            Op::And | Op::Or => {
                if operands.len() < 2 {
                    return self.no(at, "至少两个条件", "two conditions at least");
                }
                let parts = self.all(operands, Self::condition)?;
                Some(if op == Op::And { Expr::And(parts) } else { Expr::Or(parts) })
            }
            Op::Not => {
                let [part] = self.operands(at, operands)?;
                Some(Expr::Not(Box::new(self.condition(part)?)))
            }
            Op::Compare(comparison) => {
                let [a, b] = self.operands(at, operands)?;
                let [a, b] = self.alike([a, b])?;
                Some(Expr::Compare(comparison, a, b))
            }
            Op::Between => {
                let [value, low, high] = self.operands(at, operands)?;
                let [value, low, high] = self.alike([value, low, high])?;
                Some(Expr::Between { value, low, high })
            }
            Op::Like => self.like(at, operands),
            Op::In => self.is_in(at, operands),
            Op::IsNull => {
                let [subject] = self.operands(at, operands)?;
                Some(Expr::IsNull(self.subject(subject)?))
            }
            Op::Spatial(spatial) => {
                let [a, b] = self.operands(at, operands)?;
                let (a, b) = (self.place(a), self.place(b));
                Some(Expr::Spatial(spatial, a?, b?))
            }
            Op::Temporal(temporal) => {
                let [a, b] = self.operands(at, operands)?;
                let places = [a.at, b.at];
                let (a, b) = (self.time(a), self.time(b));
                let (a, b) = (a?, b?);
                if temporal.needs_intervals() {
                    for (at, time) in places.into_iter().zip([&a, &b]) {
                        if matches!(time, Time::At(_)) {
                            self.say(
                                at,
                                "interval_needed",
                                Text::new(
                                    format!("{} 只用于区间 INTERVAL(…, …)。", temporal.text()),
                                    format!("{} is for intervals only: INTERVAL(…, …).", temporal.text()),
                                ),
                            );
                        }
                    }
                }
                Some(Expr::Temporal(temporal, a, b))
            }
            Op::Array(array) => {
                let [a, b] = self.operands(at, operands)?;
                let (a, b) = (self.list(a), self.list(b));
                let ((a_at, a, a_sort), (b_at, b, b_sort)) = (a?, b?);
                // A set without elements is of every sort.
                if let (Some(a_sort), Some(b_sort)) = (a_sort, b_sort)
                    && a_sort != b_sort
                {
                    self.differ(a_at.max(b_at), a_sort, b_sort);
                    return None;
                }
                Some(Expr::Array(array, a, b))
            }
            Op::CaseI | Op::AccentI | Op::Arithmetic(_) => self.no(at, "条件", "a condition"),
        }
    }

    fn property(&mut self, at: At, name: &str) -> Option<Property> {
        let found = self.queryables.iter().enumerate().find(|(_, queryable)| queryable.name == name);
        if let Some((index, queryable)) = found {
            return Some(Property { index, name: queryable.name.into(), kind: queryable.kind });
        }
        let known = self.queryables.iter().map(|queryable| queryable.name).collect::<Vec<_>>().join(", ");
        let name = excerpt(name);
        self.say(
            at,
            "unknown_property",
            Text::new(
                format!("没有属性 {name}，可用：{known}。"),
                format!("There is no property {name}; there are: {known}."),
            ),
        );
        None
    }

    fn scalar(&mut self, node: Node) -> Option<Placed> {
        let at = node.at;
        let scalar = match node.raw {
            Raw::Property { name, .. } => {
                let property = self.property(at, &name)?;
                match property.kind {
                    Kind::Texts => {
                        return self.no(
                            at,
                            "单个取值，而此属性是数组",
                            "a single value, and this property is an array",
                        );
                    }
                    Kind::Geometry => {
                        return self.no(
                            at,
                            "单个取值，而此属性是几何",
                            "a single value, and this property is a geometry",
                        );
                    }
                    _ => Scalar::Property(property),
                }
            }
            Raw::Text(text) => Scalar::Text(text),
            Raw::Integer(value) => Scalar::Integer(value),
            Raw::Number(value) => Scalar::Number(value),
            Raw::Boolean(value) => Scalar::Boolean(value),
            Raw::Day(day) => Scalar::Day(day),
            Raw::Instant(instant) => Scalar::Instant(instant),
            Raw::Op(op @ (Op::CaseI | Op::AccentI), operands) => {
                let [inner] = self.operands(at, operands)?;
                let (inner_at, inner) = self.scalar(inner)?;
                if inner.sort() != Sort::Text {
                    return self.no(inner_at, "文本", "a text");
                }
                let inner = Box::new(inner);
                if op == Op::CaseI { Scalar::CaseI(inner) } else { Scalar::AccentI(inner) }
            }
            Raw::Op(Op::Arithmetic(op), operands) => {
                let [a, b] = self.operands(at, operands)?;
                let (a, b) = (self.number(a), self.number(b));
                Scalar::Arithmetic(op, Box::new(a?), Box::new(b?))
            }
            Raw::Op(..) | Raw::List(_) | Raw::Interval(_) | Raw::Open | Raw::Geometry(_) | Raw::Bbox(_) => {
                return self.no(at, "单个取值", "a single value");
            }
        };
        Some((at, scalar))
    }

    fn number(&mut self, node: Node) -> Option<Scalar> {
        let (at, scalar) = self.scalar(node)?;
        if scalar.sort() == Sort::Number { Some(scalar) } else { self.no(at, "数字", "a number") }
    }

    /// Values that are compared with one another.
    fn alike<const N: usize>(&mut self, nodes: [Node; N]) -> Option<[Scalar; N]> {
        let values = self.all(nodes.into(), Self::scalar)?;
        self.agreed(values, Sort::meets)?.try_into().ok()
    }

    /// The same for any number of values. A text beside a UUID, a day or an instant is read as one: there is nothing else
    /// that it could mean.
    fn agreed(&mut self, mut values: Vec<Placed>, meet: impl Fn(Sort, Sort) -> bool) -> Option<Vec<Scalar>> {
        let sorts = values.iter().map(|(_, value)| value.sort());
        let lead = sorts.into_iter().find(|sort| sort.is_time() || *sort == Sort::Uuid);
        if let Some(lead) = lead {
            for (at, value) in &mut values {
                if let Scalar::Text(text) = value {
                    *value = self.told(*at, text, lead)?;
                }
            }
        }
        if self.growth.draft && values.iter().any(|(_, value)| value.sort() == Sort::Boolean) {
            for (_, value) in &mut values {
                if let Scalar::Integer(bit @ (0 | 1)) = value {
                    *value = Scalar::Boolean(*bit == 1);
                }
            }
        }
        let first = values.first()?.1.sort();
        for (at, value) in &values {
            if !meet(first, value.sort()) {
                self.differ(*at, first, value.sort());
                return None;
            }
        }
        Some(values.into_iter().map(|(_, value)| value).collect())
    }

    fn told(&mut self, at: At, text: &str, sort: Sort) -> Option<Scalar> {
        if sort != Sort::Uuid {
            let text = text.strip_suffix('T').filter(|_| self.growth.draft).unwrap_or(text);
            let day = crate::kernel::Day::parse(text).map(Scalar::Day);
            if let Some(time) = day.or_else(|| raw::instant(text).map(Scalar::Instant)) {
                return Some(time);
            }
            return self.no(at, "日期 DATE('…') 或时刻 TIMESTAMP('…')", "a DATE('…') or a TIMESTAMP('…')");
        }
        match raw::uuid(text) {
            Some(uuid) => Some(Scalar::Uuid(uuid)),
            None => self.no(at, " UUID", "a UUID"),
        }
    }

    fn differ(&mut self, at: At, one: Sort, other: Sort) {
        let (one_zh, one_en) = said(one);
        let (other_zh, other_en) = said(other);
        self.say(
            at,
            "types_differ",
            Text::new(
                format!("{one_zh}不能与{other_zh}比较。"),
                format!("A value of type {one_en} cannot be compared with one of type {other_en}."),
            ),
        );
    }

    fn like(&mut self, at: At, operands: Vec<Node>) -> Option<Expr> {
        let [value, pattern] = self.operands(at, operands)?;
        let (value, pattern) = (self.scalar(value), self.scalar(pattern));
        let ((value_at, value), (pattern_at, pattern)) = (value?, pattern?);
        if value.sort() != Sort::Text {
            return self.no(value_at, "文本", "a text");
        }
        let Some((literal, folded)) = folded(&pattern) else {
            return self.no(
                pattern_at,
                "文本模式，可在 CASEI 和 ACCENTI 之内",
                "a pattern: a text, perhaps in CASEI and ACCENTI",
            );
        };
        if ends_in_escape(literal) || ends_in_escape(&folded) {
            self.say(
                pattern_at,
                "pattern_ends_in_escape",
                Text::fixed("模式不能以单个反斜杠结尾。", "A pattern cannot end in a backslash that escapes nothing."),
            );
            return None;
        }
        Some(Expr::Like { value, pattern })
    }

    fn is_in(&mut self, at: At, operands: Vec<Node>) -> Option<Expr> {
        let [value, list] = self.operands(at, operands)?;
        let list_at = list.at;
        let value = self.scalar(value);
        let Raw::List(items) = list.raw else { return self.no(list_at, "一列取值", "a list of values") };
        let items = self.all(items, Self::scalar);
        let mut values = vec![value?];
        values.extend(items?);
        if values.len() < 2 {
            return self.no(list_at, "至少一个取值", "one value at least");
        }
        let mut values = self.agreed(values, Sort::meets)?.into_iter();
        Some(Expr::In { value: values.next()?, list: values.collect() })
    }

    fn subject(&mut self, node: Node) -> Option<Subject> {
        let condition = match &node.raw {
            Raw::Property { name, .. } => {
                let property = self.property(node.at, name)?;
                return Some(match property.kind {
                    Kind::Texts => Subject::Texts(property),
                    Kind::Geometry => Subject::Place(Place::Property(property)),
                    _ => Subject::Scalar(Scalar::Property(property)),
                });
            }
            Raw::Geometry(_) | Raw::Bbox(_) => return self.place(node).map(Subject::Place),
            Raw::Interval(_) => return self.time(node).map(Subject::Interval),
            Raw::Op(op, _) => !matches!(op, Op::CaseI | Op::AccentI | Op::Arithmetic(_)),
            _ => false,
        };
        if condition {
            self.condition(node).map(|expr| Subject::Condition(Box::new(expr)))
        } else {
            self.scalar(node).map(|(_, scalar)| Subject::Scalar(scalar))
        }
    }

    fn place(&mut self, node: Node) -> Option<Place> {
        let at = node.at;
        match node.raw {
            Raw::Geometry(geometry) => Some(Place::Geometry(geometry)),
            Raw::Bbox(bbox) => Some(Place::Bbox(bbox)),
            Raw::Property { name, .. } => match self.property(at, &name)? {
                property if property.kind == Kind::Geometry => Some(Place::Property(property)),
                _ => self.no(at, "几何，而此属性不是几何", "a geometry, and this property is none"),
            },
            _ => self.no(at, "几何", "a geometry"),
        }
    }

    fn time(&mut self, node: Node) -> Option<Time> {
        let at = node.at;
        let Raw::Interval(ends) = node.raw else { return self.moment(node).map(Time::At) };
        let [first, last] = self.operands(at, ends)?;
        let (first, last) = (self.end(first), self.end(last));
        let (first, last) = (first?, last?);
        let reversed = match (&first, &last) {
            (End::At(Scalar::Day(first)), End::At(Scalar::Day(last))) => first > last,
            (End::At(Scalar::Instant(first)), End::At(Scalar::Instant(last))) => first > last,
            (End::At(Scalar::Day(first)), End::At(Scalar::Instant(last))) => *first > crate::kernel::Day::at(*last),
            (End::At(Scalar::Instant(first)), End::At(Scalar::Day(last))) => crate::kernel::Day::at(*first) > *last,
            _ => false,
        };
        if reversed {
            self.say(
                at,
                "interval_reversed",
                Text::fixed("区间的起点晚于终点。", "The interval begins after it ends."),
            );
            return None;
        }
        Some(Time::Interval(first, last))
    }

    fn end(&mut self, node: Node) -> Option<End> {
        if matches!(node.raw, Raw::Open) { Some(End::Open) } else { self.moment(node).map(End::At) }
    }

    fn moment(&mut self, node: Node) -> Option<Scalar> {
        match self.scalar(node)? {
            (_, scalar) if scalar.sort().is_time() => Some(scalar),
            (at, Scalar::Text(text)) => self.told(at, &text, Sort::Instant),
            (at, _) => self.no(at, "日期、时刻或区间", "a day, an instant or an interval"),
        }
    }

    /// A set, and the sort of its elements where it has any.
    fn list(&mut self, node: Node) -> Option<(At, List, Option<Sort>)> {
        let at = node.at;
        match node.raw {
            Raw::Property { name, .. } => match self.property(at, &name)? {
                property if property.kind == Kind::Texts => Some((at, List::Property(property), Some(Sort::Text))),
                _ => self.no(at, "数组，而此属性不是数组", "an array, and this property is none"),
            },
            Raw::List(items) if items.is_empty() => Some((at, List::Items(Vec::new()), None)),
            Raw::List(items) => {
                let values = self.all(items, Self::item)?;
                let values = self.agreed(values, |a, b| a == b)?;
                let sort = values.first().map(Scalar::sort);
                Some((at, List::Items(values), sort))
            }
            _ => self.no(at, "数组", "an array"),
        }
    }

    /// An element of an array. The standard's own tests put texts in double quotes here, where by its grammar names stand;
    /// so a quoted name that is nobody's is a text.
    fn item(&mut self, node: Node) -> Option<Placed> {
        match node.raw {
            Raw::Property { name, quoted: true } if !self.queryables.iter().any(|q| q.name == name) => {
                match self.growth.text(node.at, name) {
                    Ok(text) => Some((node.at, Scalar::Text(text))),
                    Err(fault) => {
                        self.faults.push(*fault);
                        None
                    }
                }
            }
            _ => self.scalar(node),
        }
    }
}

fn said(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Text => ("文本", "text"),
        Sort::Number => ("数字", "number"),
        Sort::Boolean => ("布尔值", "boolean"),
        Sort::Day => ("日期", "date"),
        Sort::Instant => ("时刻", "timestamp"),
        Sort::Uuid => (" UUID ", "UUID"),
    }
}

/// The literal of a pattern, and what it is after its functions.
fn folded(pattern: &Scalar) -> Option<(&str, String)> {
    match pattern {
        Scalar::Text(text) => Some((text, text.clone())),
        Scalar::CaseI(inner) => folded(inner).map(|(literal, text)| (literal, casei(&text))),
        Scalar::AccentI(inner) => folded(inner).map(|(literal, text)| (literal, accenti(&text))),
        _ => None,
    }
}

fn ends_in_escape(pattern: &str) -> bool {
    pattern.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}
