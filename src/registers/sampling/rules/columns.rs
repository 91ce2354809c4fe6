//! Columns of a table of samples: which are ours, which are substances, and which are neither.

use crate::standards::substances::{self, Substance};

/// Attributes of points and samples that a row may have.
pub const KNOWN: [&str; 40] = [
    "point_code",
    "point_id",
    "point_name",
    "lon",
    "lat",
    "division_code",
    "program",
    "site_id",
    "key_unit_id",
    "credit_code",
    "land_type",
    "rotation",
    "land_use_system",
    "land_use_code",
    "township",
    "village",
    "in_use_from",
    "source",
    "sample_code",
    "sample_program",
    "medium",
    "product",
    "material",
    "depth_from_m",
    "depth_to_m",
    "sampled_on",
    "laboratory",
    "method",
    "ph",
    "pH",
    "document_id",
    "substance",
    "value",
    "unit",
    "qualifier",
    "result_method",
    "limit_value",
    "limit_unit",
    "limit_instrument",
    "remarks",
];

/// A column that holds contents of a substance, and the unit that its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The substance.
    pub substance: &'static Substance,
    /// The unit in the name: `Cd (mg/kg)`, `Cd_mg_kg`.
    pub unit: Option<String>,
}

/// Reads a column's name as a substance, with a unit behind it or without.
pub fn content(name: &str) -> Option<Content> {
    let found = |name: &str, unit: Option<String>| substances::find(name).map(|substance| Content { substance, unit });
    if let Some(found) = found(name, None) {
        return Some(found);
    }
    let name = name.trim();
    for (open, close) in [('(', ')'), ('（', '）'), ('[', ']')] {
        if let Some(rest) = name.strip_suffix(close)
            && let Some(at) = rest.rfind(open)
            && let Some(content) = found(&rest[..at], Some(rest[at + open.len_utf8()..].to_owned()))
        {
            return Some(content);
        }
    }
    for (suffix, unit) in [
        ("_mg_kg", "mg/kg"),
        ("_ug_kg", "µg/kg"),
        ("_ng_kg", "ng/kg"),
        ("_ug_g", "µg/g"),
        ("_g_kg", "g/kg"),
        ("_pct", "%"),
    ] {
        let Some(at) = name.len().checked_sub(suffix.len()) else { continue };
        if name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            && let Some(content) = found(&name[..at], Some(unit.to_owned()))
        {
            return Some(content);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_says_substance_and_unit() {
        for (name, key, unit) in [
            ("Cd", "cadmium", None),
            ("7440-43-9", "cadmium", None),
            ("镉", "cadmium", None),
            ("Cd (mg/kg)", "cadmium", Some("mg/kg")),
            ("镉（mg/kg）", "cadmium", Some("mg/kg")),
            ("Cd_mg_kg", "cadmium", Some("mg/kg")),
            ("hg_UG_KG", "mercury", Some("µg/kg")),
            ("Cr(VI)", "chromium_vi", None),
            ("Cr(VI) [mg/kg]", "chromium_vi", Some("mg/kg")),
            ("Pb_pct", "lead", Some("%")),
        ] {
            let read = content(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((read.substance.key.as_str(), read.unit.as_deref()), (key, unit), "{name}");
        }
        for name in ["LITHO", "ALT", "Pb204", "LOI_480", "_mg_kg", "(mg/kg)", "值_mg_kg", ""] {
            assert_eq!(content(name), None, "{name}");
        }
    }
}
