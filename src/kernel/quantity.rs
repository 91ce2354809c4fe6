//! Exact amounts: decimals as they were written, with the unit they were written in. No binary float comes near them, from
//! the text of a request or a file to the comparison with a limit value: 0.00003 % is 0.3 mg/kg, and not above it.

use super::{Fault, Text};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

pub use rust_decimal::Decimal;

/// Most digits behind the point, and most digits at all, that an amount may be written with. Within them every change of
/// unit is exact; no laboratory writes more.
const MAX_SCALE: u32 = 18;
const MAX_DIGITS: usize = 20;

/// Numbers that stand for "no value" in measured tables. A positive one (9999) can be a measurement, so it is none of them.
const SENTINELS: [&str; 5] = ["-9999", "-999", "-99999", "-999.9", "-99"];

/// A unit of content by mass, dry matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// mg/kg
    MgKg,
    /// g/kg
    GKg,
    /// µg/g
    UgG,
    /// µg/kg
    UgKg,
    /// ng/g
    NgG,
    /// ng/kg
    NgKg,
    /// pg/g
    PgG,
    /// Mass per cent.
    Percent,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Unit; 8] =
        [Unit::MgKg, Unit::GKg, Unit::UgG, Unit::UgKg, Unit::NgG, Unit::NgKg, Unit::PgG, Unit::Percent];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::MgKg => "mg/kg",
            Unit::GKg => "g/kg",
            Unit::UgG => "µg/g",
            Unit::UgKg => "µg/kg",
            Unit::NgG => "ng/g",
            Unit::NgKg => "ng/kg",
            Unit::PgG => "pg/g",
            Unit::Percent => "%",
        }
    }

    /// The power of ten that turns an amount in this unit into mg/kg.
    const fn exponent(self) -> i32 {
        match self {
            Unit::MgKg | Unit::UgG => 0,
            Unit::GKg => 3,
            Unit::UgKg | Unit::NgG => -3,
            Unit::NgKg | Unit::PgG => -6,
            Unit::Percent => 4,
        }
    }

    /// Reads a unit as laboratories write it: either sign for micro or `u`, small or capital letters, full-width signs, a
    /// `TEQ` between, dry weight behind.
    ///
    /// # Errors
    /// `unit_unknown`, naming the units there are. `ppm` and `ppb` are among the unknown: they do not say of what.
    pub fn parse(text: &str) -> Result<Unit, Fault> {
        let mut plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                '\u{b5}' | '\u{3bc}' => 'u',
                '／' => '/',
                '％' => '%',
                c => c.to_ascii_lowercase(),
            })
            .collect();
        for mark in ["(dw)", "dw", "（干重）", "(干重)", "干重", "who-teq", "i-teq", "teq"] {
            plain = plain.replace(mark, "");
        }
        let unit = match plain.as_str() {
            "mg/kg" | "mg·kg-1" | "mgkg-1" => Unit::MgKg,
            "g/kg" => Unit::GKg,
            "ug/g" => Unit::UgG,
            "ug/kg" => Unit::UgKg,
            "ng/g" => Unit::NgG,
            "ng/kg" => Unit::NgKg,
            "pg/g" => Unit::PgG,
            "%" | "percent" => Unit::Percent,
            _ => return Err(unknown_unit(text)),
        };
        Ok(unit)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn unknown_unit(text: &str) -> Fault {
    let known = Unit::ALL.map(Unit::as_str);
    let text = text.trim();
    let (zh, en) = match text.to_ascii_lowercase().as_str() {
        "ppm" | "ppb" | "ppt" => {
            ("该单位未说明以何为基准，请改用质量含量单位。", " It does not say of what; give a content by mass.")
        }
        text if text.contains("/l") || text.contains("/m3") || text.contains("/m³") => (
            "这是水或气的浓度单位，不能与土壤含量比较。",
            " It is a concentration in water or air, not a content of soil.",
        ),
        _ => ("", ""),
    };
    Fault::new(
        "",
        "unit_unknown",
        Text::new(
            format!("单位“{text}”无法换算为 mg/kg；可用：{}。{zh}", known.join("、")),
            format!("`{text}` cannot be turned into mg/kg; there are {}.{en}", known.join(", ")),
        ),
    )
}

/// A content as a laboratory states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The content lies below `value`, the limit of detection (`<`).
    pub below: bool,
    /// The number as written, not negative.
    pub value: Decimal,
    /// The unit it was written in.
    pub unit: Unit,
}

impl Measured {
    /// Reads a content: number, unit, and the qualifier `<` or none. A `<` before the number itself says the same.
    ///
    /// # Errors
    /// Faults at `value`, `unit` and `qualifier` below `pointer`: `value_missing` for an empty field or a mark such as `NA`,
    /// `value_not_a_number`, `value_sentinel` for a number that stands for none (-9999), `value_negative`,
    /// `too_many_digits`, `unit_unknown`, `qualifier_unknown`.
    pub fn read(pointer: &str, value: &str, unit: &str, qualifier: Option<&str>) -> Result<Measured, Vec<Fault>> {
        let place = |name: &str, fault: Fault| Fault { pointer: format!("{pointer}/{name}"), ..fault };
        let mut faults = Vec::new();
        let value = value.trim();
        let (marked, number) = match value.strip_prefix(['<', '＜']) {
            Some(rest) => (true, rest.trim()),
            None => (false, value),
        };
        let below = match qualifier.map(str::trim) {
            None | Some("") => marked,
            Some("<" | "＜") => true,
            Some(other) => {
                faults.push(place(
                    "qualifier",
                    Fault::new(
                        "",
                        "qualifier_unknown",
                        Text::new(
                            format!("限定符应为“<”或留空，不能是“{other}”。"),
                            format!("The qualifier is `<` or nothing, not `{other}`."),
                        ),
                    ),
                ));
                false
            }
        };
        let number = content(number).map_err(|fault| faults.push(place("value", fault)));
        let unit = Unit::parse(unit).map_err(|fault| faults.push(place("unit", fault)));
        match (number, unit) {
            (Ok(value), Ok(unit)) if faults.is_empty() => Ok(Measured { below, value, unit }),
            _ => Err(faults),
        }
    }

    /// The number in mg/kg, exact.
    pub fn mg_kg(&self) -> Decimal {
        shift(self.value, self.unit.exponent())
    }
}

/// A number that may be a content: not negative, and none of those that stand for a missing value.
fn content(text: &str) -> Result<Decimal, Fault> {
    let number = decimal(text)?;
    if SENTINELS.iter().any(|sentinel| decimal(sentinel).is_ok_and(|sentinel| sentinel == number)) {
        return Err(Fault::new(
            "",
            "value_sentinel",
            Text::new(
                format!("{text} 是表示缺失的占位数，不是测定值。"),
                format!("{text} stands for a missing value and is not a measurement."),
            ),
        ));
    }
    if number.is_sign_negative() && !number.is_zero() {
        return Err(Fault::new(
            "",
            "value_negative",
            Text::new(format!("含量不能为负：{text}。"), format!("A content is not negative: {text}.")),
        ));
    }
    Ok(number)
}

/// Reads a decimal as it is written, plain or with an exponent.
///
/// # Errors
/// `value_missing`, `value_not_a_number`, `too_many_digits`.
pub fn decimal(text: &str) -> Result<Decimal, Fault> {
    let text = text.trim();
    if matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "-" | "—" | "/" | "na" | "n/a" | "nan" | "null" | "none" | "nd" | "未检出" | "缺失" | "无"
    ) {
        return Err(Fault::new(
            "",
            "value_missing",
            Text::new(
                format!("缺少数值（“{text}”）；未检出应填检出限并以“<”限定。"),
                format!("There is no value (`{text}`); what was not detected is the limit of detection with `<`."),
            ),
        ));
    }
    let number = text.strip_prefix('+').unwrap_or(text);
    let fine = number.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    let read = if !fine {
        None
    } else if number.contains(['e', 'E']) {
        Decimal::from_scientific(number).ok()
    } else {
        Decimal::from_str_exact(number).ok()
    };
    let Some(read) = read else {
        return Err(Fault::new(
            "",
            "value_not_a_number",
            Text::new(format!("“{text}”不是数。"), format!("`{text}` is not a number.")),
        ));
    };
    let plain = read.normalize();
    if plain.scale() > MAX_SCALE || plain.mantissa().unsigned_abs().to_string().len() > MAX_DIGITS {
        return Err(Fault::new(
            "",
            "too_many_digits",
            Text::new(
                format!("“{text}”位数过多：最多 {MAX_DIGITS} 位有效数字、{MAX_SCALE} 位小数。"),
                format!("`{text}` has more than {MAX_DIGITS} digits, or more than {MAX_SCALE} behind the point."),
            ),
        ));
    }
    Ok(plain)
}

/// Times a power of ten, exactly: within the digits that are read nothing is rounded.
fn shift(value: Decimal, exponent: i32) -> Decimal {
    let (mantissa, scale) = (value.mantissa(), value.scale());
    let up = u32::try_from(exponent).unwrap_or(0);
    let down = u32::try_from(-exponent).unwrap_or(0);
    let (mantissa, scale) =
        if up > scale { (mantissa * 10_i128.pow(up - scale), 0) } else { (mantissa, scale + down - up) };
    Decimal::from_i128_with_scale(mantissa, scale).normalize()
}

/// A number on the wire as it is written there, digit by digit; a text holding a number, or nothing, is kept as well, for the
/// reader to judge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written(pub String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Written).map_err(D::Error::custom),
            Some(b'n') => Ok(Written::default()),
            Some(b'{' | b'[' | b't' | b'f') | None => Err(D::Error::custom("应为数 / must be a number")),
            Some(_) => Ok(Written(text.to_owned())),
        }
    }
}

impl utoipa::PartialSchema for Written {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Number, Type::String, Type::Null]))
            .description(Some("A decimal, taken as it is written; a text is read as a number. / 按所写数字逐位读取"))
            .into()
    }
}

impl utoipa::ToSchema for Written {}

/// A decimal given out as a JSON number with exactly its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(pub Decimal);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.normalize().to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Exact {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

impl utoipa::ToSchema for Exact {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: &str, unit: &str) -> Result<Measured, Vec<&'static str>> {
        Measured::read("", value, unit, None).map_err(|faults| faults.iter().map(|fault| fault.code).collect())
    }

    fn mg_kg(value: &str, unit: &str) -> String {
        read(value, unit).map(|measured| measured.mg_kg().to_string()).unwrap_or_default()
    }

    #[test]
    fn units_are_turned_into_mg_kg_digit_by_digit() {
        for (value, unit, expected) in [
            ("0.3", "mg/kg", "0.3"),
            ("0.00003", "%", "0.3"),
            ("300", "µg/kg", "0.3"),
            ("300", "μg/kg", "0.3"),
            ("300", "ug/kg", "0.3"),
            ("300", "ng/g", "0.3"),
            ("0.3", "ug/g", "0.3"),
            ("0.0003", "g/kg", "0.3"),
            ("10", "ng/kg", "0.00001"),
            ("10", "ng TEQ/kg", "0.00001"),
            ("10", "pg/g", "0.00001"),
            ("3e-1", "MG/KG", "0.3"),
            ("1.30E+1", "mg／kg", "13"),
            ("0.30000000000000001", "mg/kg", "0.30000000000000001"),
            ("100", "％", "1000000"),
        ] {
            assert_eq!(mg_kg(value, unit), expected, "{value} {unit}");
        }
    }

    #[test]
    fn what_is_no_content_is_said_to_be_none() {
        for (value, unit, code) in [
            ("", "mg/kg", "value_missing"),
            ("NA", "mg/kg", "value_missing"),
            ("未检出", "mg/kg", "value_missing"),
            ("-9999", "mg/kg", "value_sentinel"),
            ("-0.1", "mg/kg", "value_negative"),
            ("1,5", "mg/kg", "value_not_a_number"),
            ("0x10", "mg/kg", "value_not_a_number"),
            ("Infinity", "mg/kg", "value_not_a_number"),
            ("1.2.3", "mg/kg", "value_not_a_number"),
            ("1e40", "mg/kg", "value_not_a_number"),
            ("0.1234567890123456789", "mg/kg", "too_many_digits"),
            ("1", "ppm", "unit_unknown"),
            ("1", "mg/L", "unit_unknown"),
            ("1", "", "unit_unknown"),
        ] {
            assert_eq!(read(value, unit), Err(vec![code]), "{value} {unit}");
        }
    }

    #[test]
    fn the_qualifier_stands_before_the_number_or_beside_it() {
        assert!(read("<0.01", "mg/kg").is_ok_and(|measured| measured.below));
        assert!(Measured::read("", "0.01", "mg/kg", Some("<")).is_ok_and(|measured| measured.below));
        assert!(Measured::read("", "0.01", "mg/kg", Some("")).is_ok_and(|measured| !measured.below));
        let faults = Measured::read("/results/3", "x", "lb", Some(">")).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/results/3/qualifier", "/results/3/value", "/results/3/unit"]);
    }

    #[test]
    fn numbers_cross_the_wire_with_all_their_digits() {
        #[derive(Deserialize)]
        struct Row {
            value: Written,
        }
        for (json, text) in [
            (r#"{"value": 0.30000000000000001}"#, "0.30000000000000001"),
            (r#"{"value": 1e-5}"#, "1e-5"),
            (r#"{"value": "<0.01"}"#, "<0.01"),
            (r#"{"value": null}"#, ""),
        ] {
            let mut deserializer = serde_json::Deserializer::from_slice(json.as_bytes());
            let row: Row = serde_path_to_error::deserialize(&mut deserializer).unwrap();
            assert_eq!(row.value.0, text);
        }
        assert!(serde_json::from_str::<Row>(r#"{"value": [1]}"#).is_err());
        assert_eq!(
            serde_json::to_string(&Exact(Decimal::new(30_000_000_000_000_001, 17))).unwrap(),
            "0.30000000000000001"
        );
    }

    proptest! {
        #[test]
        fn a_change_of_unit_and_back_changes_nothing(mantissa in 0_i64..1_000_000_000_000_000, scale in 0_u32..=15) {
            let value = Decimal::new(mantissa, scale);
            for unit in Unit::ALL {
                let there = Measured { below: false, value, unit }.mg_kg();
                prop_assert_eq!(shift(there, -unit.exponent()), value);
            }
        }
    }
}
