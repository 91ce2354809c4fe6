//! A local standard as it is entered: what is wrong with it, and where it is not stricter than the nation's.

use crate::kernel::{Day, Decimal, Fault, Measured, Text, Unit};
use crate::standards::gb15618::{self, Column, Value};
use crate::standards::gb36600;
use crate::standards::screening::{Class, GB_15618, GB_36600, LocalLand, read_ph};
use crate::standards::substances::{self, Substance};

/// Most limit values of a standard.
pub const MAX_LIMITS: usize = 1_000;
const MAX_CODE: usize = 60;
/// Most characters of a title.
const MAX_TITLE: usize = 300;
/// Most characters of an article, note, address or reason.
const MAX_NOTE: usize = 2_000;

/// For which land a standard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 建设用地
    Construction,
    /// 农用地
    Farmland,
}

impl Kind {
    /// The name on the wire and in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Construction => "construction",
            Kind::Farmland => "farmland",
        }
    }

    /// Reads it.
    pub fn parse(name: &str) -> Option<Kind> {
        [Kind::Construction, Kind::Farmland].into_iter().find(|kind| kind.as_str() == name)
    }

    /// The national standard for this land.
    pub const fn national(self) -> &'static str {
        match self {
            Kind::Construction => GB_36600,
            Kind::Farmland => GB_15618,
        }
    }
}

/// The code of a standard without blanks and signs, in small letters: what tells one from another.
pub fn key_of(code: &str) -> String {
    code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The national standard that a code means: `GB 36600-2018`, `GB36600`, `gb36600-2018`.
pub fn national(code: &str) -> Option<&'static str> {
    match key_of(code).as_str() {
        "gb15618" | "gb156182018" => Some(GB_15618),
        "gb36600" | "gb366002018" => Some(GB_36600),
        _ => None,
    }
}

/// The name of a land on the wire and in the table.
pub const fn land_name(land: LocalLand) -> &'static str {
    match land {
        LocalLand::Class(Class::One) => "class1",
        LocalLand::Class(Class::Two) => "class2",
        LocalLand::EitherClass => "construction",
        LocalLand::Farmland(Column::Paddy) => "paddy",
        LocalLand::Farmland(Column::Orchard) => "orchard",
        LocalLand::Farmland(Column::Other) => "other",
        LocalLand::Farmland(Column::Any) => "any",
    }
}

/// Reads such a name.
pub fn land(name: &str) -> Option<LocalLand> {
    [
        LocalLand::Class(Class::One),
        LocalLand::Class(Class::Two),
        LocalLand::EitherClass,
        LocalLand::Farmland(Column::Paddy),
        LocalLand::Farmland(Column::Orchard),
        LocalLand::Farmland(Column::Other),
        LocalLand::Farmland(Column::Any),
    ]
    .into_iter()
    .find(|land| land_name(*land) == name)
}

/// Words of a standard, as given.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Number of the standard.
    pub code: String,
    /// 名称
    pub name_zh: String,
    /// English name.
    pub name_en: Option<String>,
    /// 文件名称
    pub instrument_zh: String,
    /// Title in English.
    pub instrument_en: Option<String>,
    /// Number of the paper.
    pub number: Option<String>,
    /// Article or table.
    pub article: Option<String>,
    /// Where it can be read.
    pub url: Option<String>,
}

/// What is wrong with the words.
pub fn check_words(words: &Words, faults: &mut Vec<Fault>) {
    let mut text = |pointer: &str, value: Option<&str>, max: usize| {
        if value.is_some_and(|value| !fits(value, max)) {
            faults.push(bad_text(pointer, max));
        }
    };
    text("/code", Some(&words.code), MAX_CODE);
    text("/name_zh", Some(&words.name_zh), MAX_TITLE);
    text("/name_en", words.name_en.as_deref(), MAX_TITLE);
    text("/instrument/title_zh", Some(&words.instrument_zh), MAX_TITLE);
    text("/instrument/title_en", words.instrument_en.as_deref(), MAX_TITLE);
    text("/instrument/number", words.number.as_deref(), MAX_TITLE);
    text("/instrument/article", words.article.as_deref(), MAX_NOTE);
    text("/instrument/url", words.url.as_deref(), MAX_NOTE);
    if words.url.as_deref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        faults.push(Fault::new(
            "/instrument/url",
            "bad_url",
            Text::fixed("网址应以 https:// 或 http:// 开头。", "An address begins with https:// or http://."),
        ));
    }
    if key_of(&words.code).is_empty() && fits(&words.code, MAX_CODE) {
        faults.push(Fault::new(
            "/code",
            "bad_code",
            Text::fixed("标准号应含字母或数字。", "The number of a standard has letters or digits."),
        ));
    }
    if let Some(national) = national(&words.code) {
        faults.push(Fault::new(
            "/code",
            "national_standard",
            Text::new(
                format!("{national} 为国家标准，已内置，不能登记为地方标准。"),
                format!("{national} is the nation's, is built in, and cannot be entered as a local standard."),
            ),
        ));
    }
}

/// A reason that must be given.
pub fn check_reason(reason: &str, faults: &mut Vec<Fault>) {
    if !fits(reason, MAX_NOTE) {
        faults.push(bad_text("/reason", MAX_NOTE));
    }
}

fn fits(value: &str, max: usize) -> bool {
    !value.trim().is_empty() && value.chars().count() <= max && !value.chars().any(|c| c.is_control() && c != '\n')
}

fn bad_text(pointer: &str, max: usize) -> Fault {
    Fault::new(
        pointer,
        "bad_text",
        Text::new(
            format!("应为 1 至 {max} 个字符，不含控制字符。"),
            format!("must have 1 to {max} characters, none of them control characters."),
        ),
    )
}

/// What is wrong with the days.
pub fn check_days(from: Day, to: Option<Day>, faults: &mut Vec<Fault>) {
    if to.is_some_and(|to| to < from) {
        faults.push(Fault::new(
            "/effective_to",
            "day_order",
            Text::new(format!("不能早于施行日 {from}。"), format!("It cannot lie before the first day, {from}.")),
        ));
    }
}

/// A limit value as given.
#[derive(Debug, Clone, Default)]
pub struct GivenLimit {
    /// Name, CAS number or symbol.
    pub substance: String,
    /// Class of construction land; both where there is none.
    pub class: Option<Class>,
    /// Kind of farmland; every kind where there is none.
    pub land: Option<Column>,
    /// The band begins above this pH.
    pub ph_gt: Option<String>,
    /// The band ends with this pH.
    pub ph_le: Option<String>,
    /// Screening value: number and unit.
    pub screening: Option<(String, String)>,
    /// Intervention value: number and unit.
    pub intervention: Option<(String, String)>,
    /// A remark.
    pub note: Option<String>,
}

/// A limit value as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The substance.
    pub substance: &'static Substance,
    /// For which land.
    pub land: LocalLand,
    /// The band begins above this pH.
    pub ph_gt: Option<Decimal>,
    /// The band ends with this pH.
    pub ph_le: Option<Decimal>,
    /// Screening value, as printed.
    pub screening: Option<(Decimal, Unit)>,
    /// Intervention value, as printed.
    pub intervention: Option<(Decimal, Unit)>,
    /// A remark.
    pub note: Option<String>,
}

/// A value with its unit in mg/kg.
pub fn mg_kg((value, unit): (Decimal, Unit)) -> Decimal {
    Measured { below: false, value, unit }.mg_kg()
}

/// Reads the limit values of a standard; faults are at `/limits/{i}`.
pub fn read_limits(kind: Kind, given: &[GivenLimit], faults: &mut Vec<Fault>) -> Vec<Limit> {
    if given.is_empty() || given.len() > MAX_LIMITS {
        faults.push(Fault::new(
            "/limits",
            "limit_count",
            Text::new(
                format!("限值应有 1 至 {MAX_LIMITS} 条。"),
                format!("A standard has 1 to {MAX_LIMITS} limit values."),
            ),
        ));
        return Vec::new();
    }
    let mut read: Vec<(usize, Limit)> = Vec::with_capacity(given.len());
    for (i, given) in given.iter().enumerate() {
        let before = faults.len();
        let limit = read_limit(kind, &format!("/limits/{i}"), given, faults);
        if let (Some(limit), true) = (limit, faults.len() == before) {
            if let Some((twin, _)) = read.iter().find(|(_, other)| overlap(other, &limit)) {
                faults.push(Fault::new(
                    format!("/limits/{i}"),
                    "limit_twice",
                    Text::new(
                        format!("与第 {} 条限值的污染物、用地、pH 范围重叠。", twin + 1),
                        format!("It is of the same substance, land and pH as limit {}.", twin + 1),
                    ),
                ));
            }
            read.push((i, limit));
        }
    }
    read.into_iter().map(|(_, limit)| limit).collect()
}

fn read_limit(kind: Kind, pointer: &str, given: &GivenLimit, faults: &mut Vec<Fault>) -> Option<Limit> {
    let substance =
        substances::read(&format!("{pointer}/substance"), &given.substance).map_err(|f| faults.push(f)).ok();
    let foreign = match kind {
        Kind::Construction => given.land.map(|_| "land"),
        Kind::Farmland => given.class.map(|_| "class"),
    };
    if let Some(name) = foreign {
        faults.push(Fault::new(
            format!("{pointer}/{name}"),
            "other_kind_of_land",
            Text::fixed(
                "建设用地标准的限值按用地类别（class），农用地标准按地类（land）。",
                "Values of construction land are told by `class`, those of farmland by `land`.",
            ),
        ));
    }
    let land = match kind {
        Kind::Construction => given.class.map_or(LocalLand::EitherClass, LocalLand::Class),
        Kind::Farmland => LocalLand::Farmland(given.land.unwrap_or(Column::Any)),
    };
    let mut edge = |name: &str, text: &Option<String>| {
        let text = text.as_deref().filter(|text| !text.trim().is_empty())?;
        read_ph(&format!("{pointer}/{name}"), text).map_err(|f| faults.push(f)).ok()
    };
    let (ph_gt, ph_le) = (edge("ph_gt", &given.ph_gt), edge("ph_le", &given.ph_le));
    if let (Some(low), Some(high)) = (ph_gt, ph_le)
        && low >= high
    {
        faults.push(Fault::new(
            format!("{pointer}/ph_le"),
            "ph_band",
            Text::fixed("pH 上限应大于下限。", "The upper edge of a pH band lies above the lower."),
        ));
    }
    let screening = read_value(&format!("{pointer}/screening"), given.screening.as_ref(), faults);
    let intervention = read_value(&format!("{pointer}/intervention"), given.intervention.as_ref(), faults);
    if given.screening.is_none() && given.intervention.is_none() {
        faults.push(Fault::new(
            pointer,
            "no_value",
            Text::fixed(
                "筛选值与管制值至少应有其一。",
                "There must be a screening value, an intervention value, or both.",
            ),
        ));
    }
    if let (Some(low), Some(high)) = (screening, intervention)
        && mg_kg(low) > mg_kg(high)
    {
        faults.push(Fault::new(
            format!("{pointer}/intervention"),
            "value_order",
            Text::fixed("管制值不能低于筛选值。", "An intervention value does not lie below the screening value."),
        ));
    }
    if given.note.as_deref().is_some_and(|note| !fits(note, MAX_NOTE)) {
        faults.push(bad_text(&format!("{pointer}/note"), MAX_NOTE));
    }
    Some(Limit { substance: substance?, land, ph_gt, ph_le, screening, intervention, note: given.note.clone() })
}

fn read_value(pointer: &str, given: Option<&(String, String)>, faults: &mut Vec<Fault>) -> Option<(Decimal, Unit)> {
    let (value, unit) = given?;
    let measured = Measured::read(pointer, value, unit, None).map_err(|found| faults.extend(found)).ok()?;
    if measured.below || measured.value.is_zero() {
        faults.push(Fault::new(
            format!("{pointer}/value"),
            "value_not_positive",
            Text::fixed("限值应为大于 0 的数，不带“<”。", "A limit value is a number above 0, without `<`."),
        ));
        return None;
    }
    Some((measured.value, measured.unit))
}

/// Whether two values would speak for one and the same soil.
fn overlap(one: &Limit, other: &Limit) -> bool {
    let same_land = one.land == other.land
        || matches!(
            (one.land, other.land),
            (LocalLand::EitherClass, LocalLand::Class(_)) | (LocalLand::Class(_), LocalLand::EitherClass)
        );
    let apart = |low: &Limit, high: &Limit| matches!((low.ph_le, high.ph_gt), (Some(le), Some(gt)) if le <= gt);
    one.substance.key == other.substance.key && same_land && !apart(one, other) && !apart(other, one)
}

/// Where a value is not stricter than the nation's: place of the limit, and what to say. Such a value is entered all the
/// same, and the nation's speaks.
pub fn not_stricter(limits: &[Limit]) -> Vec<Fault> {
    let mut out = Vec::new();
    for (i, limit) in limits.iter().enumerate() {
        for (name, value, which) in [
            ("screening", limit.screening, Value::Screening),
            ("intervention", limit.intervention, Value::Intervention),
        ] {
            let Some(value) = value.map(mg_kg) else { continue };
            let national = printed(limit, which);
            let (some, all) =
                (national.iter().any(|printed| *printed <= value), national.iter().all(|printed| *printed <= value));
            let pointer = format!("/limits/{i}/{name}");
            if some && all {
                out.push(Fault::new(
                    pointer,
                    "not_stricter",
                    Text::fixed(
                        "不严于国家标准的值；判定时适用国家标准。",
                        "It is not stricter than the national value, which applies.",
                    ),
                ));
            } else if some {
                out.push(Fault::new(
                    pointer,
                    "partly_not_stricter",
                    Text::fixed(
                        "在部分用地或 pH 范围内不严于国家标准；该范围内适用国家标准。",
                        "For some land or pH it is not stricter than the national value, which applies there.",
                    ),
                ));
            }
        }
    }
    out
}

/// The national values that are printed for what a limit is for.
fn printed(limit: &Limit, which: Value) -> Vec<Decimal> {
    let key = limit.substance.key.as_str();
    match limit.land {
        LocalLand::Class(_) | LocalLand::EitherClass => {
            let Some(row) = gb36600::row(key) else { return Vec::new() };
            let of = match which {
                Value::Screening => row.screening,
                Value::Intervention => row.intervention,
            };
            match limit.land {
                LocalLand::Class(Class::One) => vec![of[0]],
                LocalLand::Class(Class::Two) => vec![of[1]],
                _ => of.to_vec(),
            }
        }
        LocalLand::Farmland(column) => {
            let rows = || gb15618::all().iter().filter(|row| row.substance == key && row.kind == which);
            // Land that the table does not tell apart for the substance is "other".
            let told = column == Column::Any || rows().any(|row| row.land == column);
            let column = if told { column } else { Column::Other };
            rows()
                .filter(|row| column == Column::Any || row.land == Column::Any || row.land == column)
                .filter(|row| {
                    let apart =
                        |le: Option<Decimal>, gt: Option<Decimal>| matches!((le, gt), (Some(le), Some(gt)) if le <= gt);
                    !apart(row.ph_le, limit.ph_gt) && !apart(limit.ph_le, row.ph_gt)
                })
                .map(|row| row.value)
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(substance: &str, screening: &str) -> GivenLimit {
        GivenLimit {
            substance: substance.to_owned(),
            screening: Some((screening.to_owned(), "mg/kg".to_owned())),
            ..GivenLimit::default()
        }
    }

    fn faults(kind: Kind, given: &[GivenLimit]) -> Vec<(String, &'static str)> {
        let mut faults = Vec::new();
        read_limits(kind, given, &mut faults);
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn what_is_no_limit_is_said_with_its_place() {
        let one = |given: GivenLimit| faults(Kind::Construction, &[given]);
        assert_eq!(one(limit("Pb", "300")), []);
        assert_eq!(faults(Kind::Construction, &[]), [("/limits".to_owned(), "limit_count")]);
        for (given, pointer, code) in [
            (limit("unobtainium", "1"), "/limits/0/substance", "substance_unknown"),
            (limit("Pb", "0"), "/limits/0/screening/value", "value_not_positive"),
            (limit("Pb", "<1"), "/limits/0/screening/value", "value_not_positive"),
            (limit("Pb", "-1"), "/limits/0/screening/value", "value_negative"),
            (GivenLimit { screening: None, ..limit("Pb", "1") }, "/limits/0", "no_value"),
            (GivenLimit { land: Some(Column::Paddy), ..limit("Pb", "1") }, "/limits/0/land", "other_kind_of_land"),
            (GivenLimit { ph_gt: Some("15".into()), ..limit("Pb", "1") }, "/limits/0/ph_gt", "ph_out_of_range"),
            (
                GivenLimit { ph_gt: Some("6".into()), ph_le: Some("6".into()), ..limit("Pb", "1") },
                "/limits/0/ph_le",
                "ph_band",
            ),
            (
                GivenLimit { intervention: Some(("0.5".into(), "mg/kg".into())), ..limit("Pb", "1") },
                "/limits/0/intervention",
                "value_order",
            ),
        ] {
            assert_eq!(one(given), [(pointer.to_owned(), code)]);
        }
        let band =
            |gt: &str, le: &str| GivenLimit { ph_gt: Some(gt.into()), ph_le: Some(le.into()), ..limit("Cd", "0.2") };
        assert_eq!(faults(Kind::Farmland, &[band("5", "6"), band("6", "7")]), []);
        assert_eq!(
            faults(Kind::Farmland, &[band("5", "6"), band("5.9", "7")]),
            [("/limits/1".to_owned(), "limit_twice")]
        );
        let class = GivenLimit { class: Some(Class::One), ..limit("Pb", "200") };
        assert_eq!(faults(Kind::Construction, &[limit("Pb", "300"), class]), [("/limits/1".to_owned(), "limit_twice")]);
    }

    #[test]
    fn a_value_that_is_not_stricter_is_warned_of() {
        let warned = |kind, given: GivenLimit| {
            let mut faults = Vec::new();
            let read = read_limits(kind, &[given], &mut faults);
            assert!(faults.is_empty());
            not_stricter(&read).into_iter().map(|warning| warning.code).collect::<Vec<_>>()
        };
        assert_eq!(warned(Kind::Construction, limit("Pb", "399.9")), [""; 0]);
        assert_eq!(warned(Kind::Construction, limit("Pb", "400")), ["partly_not_stricter"]);
        assert_eq!(warned(Kind::Construction, limit("Pb", "800")), ["not_stricter"]);
        assert_eq!(warned(Kind::Construction, limit("Zn", "1000000")), [""; 0]);
        assert_eq!(warned(Kind::Farmland, limit("Cd", "0.29")), [""; 0]);
        assert_eq!(warned(Kind::Farmland, limit("Cd", "0.3")), ["partly_not_stricter"]);
        let high = GivenLimit { ph_gt: Some("7.5".into()), land: Some(Column::Paddy), ..limit("Cd", "0.79") };
        assert_eq!(warned(Kind::Farmland, high), [""; 0]);
    }

    #[test]
    fn codes_are_told_apart_by_letters_and_digits() {
        assert_eq!(key_of("DB15/T 1234—2020"), "db15t12342020");
        for code in ["GB 36600-2018", "gb36600", "GB36600—2018", "GB/36600"] {
            assert_eq!(national(code), Some(GB_36600), "{code}");
        }
        assert_eq!((national("gb15618"), national("GB 366002")), (Some(GB_15618), None));
        for name in ["class1", "class2", "construction", "paddy", "orchard", "other", "any"] {
            assert_eq!(land(name).map(land_name), Some(name));
        }
    }
}
