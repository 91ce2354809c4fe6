//! Columns of a layer: what the attributes of its files are called, and what they are. Pure.

use crate::kernel::Day;
use crate::kernel::text::{names, words};
use chrono::DateTime;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

words! {
    /// What all values of a column are; a value that is none is unknown.
    FieldKind {
        /// 文本
        Text = "text", "文本", "Text";
        /// 整数
        Integer = "integer", "整数", "Integer";
        /// 数字
        Number = "number", "数字", "Number";
        /// 是否
        Boolean = "boolean", "是否", "Yes or no";
        /// 日期
        Day = "day", "日期", "Day";
        /// 时刻
        Instant = "instant", "时刻", "Instant";
    }
}

names! {
    /// What geometries are.
    Shape {
        /// Points.
        Points = "points", "点", "Points";
        /// Lines.
        Lines = "lines", "线", "Lines";
        /// Areas.
        Areas = "areas", "面", "Areas";
    }
}

/// Columns of a layer at most. What else its files have is kept, and found under the feature's attributes.
pub const MAX_COLUMNS: usize = 200;
/// Characters of a column's name at most.
const MAX_NAME: usize = 120;
/// Integers beyond this have no column of integers: 18 digits.
const MAX_INTEGER: u64 = 999_999_999_999_999_999;

/// Names that mean something else where columns are asked for: parameters of items and tiles, members of features, and the
/// columns that every layer has.
const RESERVED: &[&str] = &[
    "access_token",
    "bbox",
    "bbox-crs",
    "code",
    "crs",
    "cursor",
    "datetime",
    "ended_on",
    "f",
    "filter",
    "filter-crs",
    "filter-lang",
    "geometry",
    "id",
    "ids",
    "known_at",
    "lang",
    "limit",
    "name",
    "offset",
    "precision",
    "profile",
    "properties",
    "q",
    "resultType",
    "skipGeometry",
    "sortby",
    "true_on",
    "type",
    "zoom-level",
];

impl FieldKind {
    /// What one value is; `None` where it tells nothing. Texts are days and instants by their form, but numbers never: whoever
    /// wrote `"0123"` with quotes meant a code.
    pub fn of(value: &Value) -> Option<FieldKind> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(FieldKind::Boolean),
            Value::Number(number) => {
                let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
                Some(if whole.is_some_and(|n| n <= MAX_INTEGER) { FieldKind::Integer } else { FieldKind::Number })
            }
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if Day::parse(text).is_some() => Some(FieldKind::Day),
            Value::String(text) if is_instant(text) => Some(FieldKind::Instant),
            Value::String(_) | Value::Array(_) | Value::Object(_) => Some(FieldKind::Text),
        }
    }

    /// What holds values of both kinds.
    pub fn and(self, other: FieldKind) -> FieldKind {
        match (self, other) {
            (a, b) if a == b => a,
            (FieldKind::Integer, FieldKind::Number) | (FieldKind::Number, FieldKind::Integer) => FieldKind::Number,
            _ => FieldKind::Text,
        }
    }
}

/// Whether a text is `YYYY-MM-DDThh:mm:ss`, with a fraction or without, in a zone, and there is such an instant.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let fits = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    let plain = text.is_ascii() && fits(10, b'T') && fits(13, b':') && fits(16, b':') && !fits(17, b'6');
    let end = text.get(19..).unwrap_or_default();
    let zone = match end.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &fraction[digits..]
        }
        None => end,
    };
    let zoned = zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':');
    plain && zoned && text.get(..10).and_then(Day::parse).is_some() && DateTime::parse_from_rfc3339(text).is_ok()
}

/// What the attributes of a file are, gathered while it is read.
#[derive(Debug, Default)]
pub struct Gathered {
    /// By key, in the order in which they came up.
    keys: Vec<(String, FieldKind)>,
    places: HashMap<String, usize>,
    shapes: Vec<Shape>,
}

impl Gathered {
    /// Looks at a feature's attributes.
    pub fn row(&mut self, attributes: &Map<String, Value>) {
        for (key, value) in attributes {
            let Some(kind) = FieldKind::of(value) else { continue };
            match self.places.get(key) {
                Some(at) => self.keys[*at].1 = self.keys[*at].1.and(kind),
                // More than a layer can have is not remembered: an import may have any number of features.
                None if key.trim().is_empty() || self.keys.len() >= MAX_COLUMNS => {}
                None => {
                    self.places.insert(key.clone(), self.keys.len());
                    self.keys.push((key.clone(), kind));
                }
            }
        }
    }

    /// Notes what a feature's geometry is, by its GeoJSON type.
    pub fn geometry(&mut self, name: &str) {
        let shape = match name {
            "Point" | "MultiPoint" => Shape::Points,
            "LineString" | "MultiLineString" => Shape::Lines,
            _ => Shape::Areas,
        };
        if !self.shapes.contains(&shape) {
            self.shapes.push(shape);
        }
    }

    /// What geometries there were.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }
}

/// A column of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What files call it.
    pub key: String,
    /// What the collection calls it.
    pub name: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Whether the kind was given by the layer's keepers.
    pub kind_is_set: bool,
    /// 名称
    pub title_zh: Option<String>,
    /// Title in English.
    pub title_en: Option<String>,
    /// Whether everybody who sees the layer sees it.
    pub public: bool,
    /// Whether the last file that replaced the layer had it.
    pub in_use: bool,
    /// Its place, from 1.
    pub place: i32,
}

/// The columns of a layer once a file is through: those that are new or otherwise than they were. Kinds only widen, because
/// what earlier files brought is still there; `whole` says whether the file was the whole layer.
pub fn settled(known: &[Column], file: &Gathered, whole: bool) -> Vec<Column> {
    let by_key: BTreeMap<&str, &Column> = known.iter().map(|column| (column.key.as_str(), column)).collect();
    let mut taken: HashSet<String> = known.iter().map(|column| column.name.clone()).collect();
    let mut place = known.iter().map(|column| column.place).max().unwrap_or(0);
    let mut changed = Vec::new();
    for (key, kind) in &file.keys {
        match by_key.get(key.as_str()) {
            Some(column) => {
                let kind = if column.kind_is_set { column.kind } else { column.kind.and(*kind) };
                if kind != column.kind || !column.in_use {
                    changed.push(Column { kind, in_use: true, ..(*column).clone() });
                }
            }
            None if known.len() + changed.iter().filter(|column| !by_key.contains_key(column.key.as_str())).count()
                >= MAX_COLUMNS => {}
            None => {
                let name = name(key, &taken);
                taken.insert(name.clone());
                place += 1;
                changed.push(Column {
                    key: key.clone(),
                    name,
                    kind: *kind,
                    kind_is_set: false,
                    title_zh: None,
                    title_en: None,
                    public: false,
                    in_use: true,
                    place,
                });
            }
        }
    }
    // Of a file with more keys than are remembered nobody knows what it lacks.
    let whole = whole && file.keys.len() < MAX_COLUMNS;
    let gone = known.iter().filter(|column| whole && column.in_use && !file.places.contains_key(&column.key));
    changed.extend(gone.map(|column| Column { in_use: false, ..column.clone() }));
    changed
}

/// A key as the name of a column: without what separates or ends names in addresses and documents, none of those that mean
/// something else, and none that is taken.
fn name(key: &str, taken: &HashSet<String>) -> String {
    let fit = |c: char| if c.is_control() || matches!(c, '"' | '\\' | ',') { '_' } else { c };
    let mut name: String = key.trim().chars().map(fit).take(MAX_NAME).collect();
    name.truncate(name.trim_end().len());
    if name.starts_with(['+', '-']) {
        // In `sortby` it would say the direction.
        name.insert(0, '_');
    }
    while RESERVED.contains(&name.as_str()) || taken.contains(&name) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn gathered(rows: &[Value]) -> Gathered {
        let mut file = Gathered::default();
        for row in rows {
            file.row(row.as_object().unwrap());
        }
        file
    }

    fn said(columns: &[Column]) -> Vec<(&str, &str, FieldKind, bool)> {
        columns.iter().map(|c| (c.key.as_str(), c.name.as_str(), c.kind, c.in_use)).collect()
    }

    #[test]
    fn kinds_are_told_by_form_and_widen() {
        for (value, kind) in [
            (json!(null), None),
            (json!(""), None),
            (json!(true), Some(FieldKind::Boolean)),
            (json!(-7), Some(FieldKind::Integer)),
            (json!(999_999_999_999_999_999_u64), Some(FieldKind::Integer)),
            (json!(1_000_000_000_000_000_000_u64), Some(FieldKind::Number)),
            (json!(7.0), Some(FieldKind::Number)),
            (json!("7"), Some(FieldKind::Text)),
            (json!("2026-11-22"), Some(FieldKind::Day)),
            (json!("2026-02-30"), Some(FieldKind::Text)),
            (json!("2026-11-22T08:00:00Z"), Some(FieldKind::Instant)),
            (json!("2026-11-22T08:00:00.123+08:00"), Some(FieldKind::Instant)),
            (json!("2026-11-22T23:59:60Z"), Some(FieldKind::Text)),
            (json!("2026-11-22T08:00:00"), Some(FieldKind::Text)),
            (json!("2026-11-22 08:00:00Z"), Some(FieldKind::Text)),
            (json!("2026-11-22t08:00:00z"), Some(FieldKind::Text)),
            (json!("2026-11-22T08:00:00.Z"), Some(FieldKind::Text)),
            (json!("一二三四五六七八九十T"), Some(FieldKind::Text)),
            (json!([1]), Some(FieldKind::Text)),
        ] {
            assert_eq!(FieldKind::of(&value), kind, "{value}");
        }
        for a in FieldKind::ALL {
            for b in FieldKind::ALL {
                assert_eq!(a.and(*b), b.and(*a));
                for c in FieldKind::ALL {
                    assert_eq!(a.and(*b).and(*c), a.and(b.and(*c)), "{a} {b} {c}");
                }
            }
        }
        assert_eq!(FieldKind::Integer.and(FieldKind::Number), FieldKind::Number);
        assert_eq!(FieldKind::Day.and(FieldKind::Instant), FieldKind::Text);
    }

    #[test]
    fn a_file_adds_columns_and_widens_those_there_are() {
        let first = gathered(&[json!({"pupils": 320, "built": "2001-09-01"}), json!({"pupils": 12.5, "none": null})]);
        let columns = settled(&[], &first, false);
        assert_eq!(
            said(&columns),
            [("built", "built", FieldKind::Day, true), ("pupils", "pupils", FieldKind::Number, true)]
        );
        assert_eq!(columns.iter().map(|c| c.place).collect::<Vec<_>>(), [1, 2]);
        // The same again changes nothing.
        assert_eq!(settled(&columns, &first, true), []);
        let second = gathered(&[json!({"built": "long ago", "town": "x"})]);
        let more = settled(&columns, &second, false);
        assert_eq!(said(&more), [("built", "built", FieldKind::Text, true), ("town", "town", FieldKind::Text, true)]);
        // A file that is the whole layer has no more than its own columns; what it lacks comes back as it was.
        let replaced = settled(&columns, &second, true);
        assert_eq!(said(&replaced)[2..], [("pupils", "pupils", FieldKind::Number, false)]);
        let mut gone = columns.clone();
        gone[1].in_use = false;
        assert_eq!(said(&settled(&gone, &first, false)), [("pupils", "pupils", FieldKind::Number, true)]);
        // What the keepers have said stays.
        let mut set = columns;
        (set[0].kind, set[0].kind_is_set) = (FieldKind::Day, true);
        assert_eq!(said(&settled(&set, &second, false)), [("town", "town", FieldKind::Text, true)]);
    }

    #[test]
    fn names_are_made_fit_and_told_apart() {
        let keys = ["id", "id_", "limit", "a,b", "a\"b", "a_b", "-x", " pupils ", "学生数", "crop:code", "", "  "];
        let row: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), json!(1))).collect();
        let columns = settled(&[], &gathered(&[row.into()]), false);
        let names: BTreeMap<&str, &str> = columns.iter().map(|c| (c.key.as_str(), c.name.as_str())).collect();
        assert_eq!(names.len(), 10, "{names:?}");
        for (key, name) in [
            ("limit", "limit_"),
            ("-x", "_-x"),
            (" pupils ", "pupils"),
            ("学生数", "学生数"),
            ("crop:code", "crop:code"),
        ] {
            assert_eq!(names[key], name);
        }
        let distinct: HashSet<&str> = names.values().copied().collect();
        assert_eq!(distinct.len(), 10, "{names:?}");
        for name in distinct {
            assert!(!name.contains([',', '"', '\\']) && !RESERVED.contains(&name), "{name}");
        }
        let long = "长".repeat(500);
        assert_eq!(settled(&[], &gathered(&[json!({long: 1})]), false)[0].name.chars().count(), MAX_NAME);
    }

    #[test]
    fn a_layer_has_no_more_columns_than_can_be_shown() {
        let row = |from: usize| -> Value {
            (from..from + 150).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>().into()
        };
        let columns = settled(&[], &gathered(&[row(0), row(150)]), false);
        assert_eq!(columns.len(), MAX_COLUMNS);
        assert_eq!(settled(&columns[..150], &gathered(&[row(1_000)]), false).len(), 50);
    }

    #[test]
    fn geometries_are_noted_once() {
        let mut file = Gathered::default();
        for name in ["Point", "MultiPoint", "Polygon", "Point"] {
            file.geometry(name);
        }
        assert_eq!(file.shapes(), [Shape::Points, Shape::Areas]);
    }
}
