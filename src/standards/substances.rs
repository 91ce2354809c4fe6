//! The substances that the soil standards name, and what laboratories call them.
//!
//! `substances.csv` has one row per substance: `key` (stable, snake_case), `cas`, `symbol`, `name_zh`, `name_en`, `synonyms`
//! (with `|` between) and `components` (for a sum, the keys that it is the sum of). Names and CAS numbers of what the
//! standards print are theirs; synonyms are those of laboratory reports.
//!
//! Chromium(VI) and chromium are two substances: `Cr` is the total. Sums are substances of their own, beside their parts.

use crate::kernel::{Fault, Text};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A substance.
#[derive(Debug, PartialEq, Eq)]
pub struct Substance {
    /// Stable, snake_case.
    pub key: String,
    /// CAS registry number, where it has one of its own.
    pub cas: Option<String>,
    /// Chemical symbol, where it has one.
    pub symbol: Option<String>,
    /// 名称
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Other names in use.
    pub synonyms: Vec<String>,
    /// Keys of the substances that this one is the sum of; empty where it is none.
    pub components: Vec<String>,
}

static TABLE: LazyLock<Vec<Substance>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("substances.csv").as_bytes())
        .into_deserialize::<Row>()
        .map(|row| row.expect("substances.csv is a table of its columns").into())
        .collect()
});

/// Every name of every substance, folded, with its place in the table.
static NAMES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (at, substance) in TABLE.iter().enumerate() {
        for name in substance.names() {
            names.insert(fold(name), at);
        }
    }
    names
});

#[derive(serde::Deserialize)]
struct Row {
    key: String,
    cas: Option<String>,
    symbol: Option<String>,
    name_zh: String,
    name_en: String,
    synonyms: Option<String>,
    components: Option<String>,
}

impl From<Row> for Substance {
    fn from(row: Row) -> Substance {
        let list =
            |text: Option<String>| text.map(|text| text.split('|').map(str::to_owned).collect()).unwrap_or_default();
        Substance {
            key: row.key,
            cas: row.cas,
            symbol: row.symbol,
            name_zh: row.name_zh,
            name_en: row.name_en,
            synonyms: list(row.synonyms),
            components: list(row.components),
        }
    }
}

impl Substance {
    /// Every name it is found by.
    fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.key.as_str()), self.cas.as_deref(), self.symbol.as_deref()]
            .into_iter()
            .flatten()
            .chain([self.name_zh.as_str(), self.name_en.as_str()])
            .chain(self.synonyms.iter().map(String::as_str))
    }

    /// Both names.
    pub fn name(&'static self) -> Text {
        Text::new(self.name_zh.as_str(), self.name_en.as_str())
    }
}

/// Every substance, those of GB 36600 in printed order first.
pub fn all() -> &'static [Substance] {
    &TABLE
}

/// The substance of a key, CAS number, symbol, name or synonym, whatever the capitals, widths of signs and blanks.
pub fn find(name: &str) -> Option<&'static Substance> {
    NAMES.get(&fold(name)).and_then(|at| TABLE.get(*at))
}

/// As [`find`].
///
/// # Errors
/// `substance_unknown`, at the given pointer.
pub fn read(pointer: &str, name: &str) -> Result<&'static Substance, Fault> {
    find(name).ok_or_else(|| {
        Fault::new(
            pointer,
            "substance_unknown",
            Text::new(
                format!("不认识的污染物“{}”；请用 CAS 号、元素符号或标准中的名称。", name.trim()),
                format!("There is no substance `{}`; use CAS number, symbol or the standards' name.", name.trim()),
            ),
        )
    })
}

/// Names as one compares them: small letters, half-width signs, one kind of bracket, dash and prime, no blanks.
fn fold(name: &str) -> String {
    name.trim()
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(|c| {
            match c {
                '（' | '［' | '[' => '(',
                '）' | '］' | ']' => ')',
                '，' | '、' => ',',
                '－' | '–' | '—' | '‐' | '‑' | '−' => '-',
                '’' | '′' | '‘' | '＇' => '\'',
                '＋' | '⁺' => '+',
                '／' => '/',
                '⁶' => '6',
                c => c,
            }
            .to_lowercase()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_name_belongs_to_one_substance() {
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for substance in all() {
            for name in substance.names() {
                let owner = owners.entry(fold(name)).or_insert(&substance.key);
                assert_eq!(*owner, substance.key, "{name}");
            }
        }
    }

    #[test]
    fn cas_numbers_bear_their_check_digit() {
        for cas in all().iter().filter_map(|substance| substance.cas.as_deref()) {
            let digits: Vec<u32> = cas.chars().filter_map(|c| c.to_digit(10)).collect();
            let (check, rest) = digits.split_last().unwrap();
            let sum: u32 = rest.iter().rev().zip(1..).map(|(digit, place)| digit * place).sum();
            assert_eq!(sum % 10, *check, "{cas}");
        }
    }

    #[test]
    fn sums_are_of_substances_of_the_table() {
        let sums: Vec<_> = all().iter().filter(|substance| !substance.components.is_empty()).collect();
        assert_eq!(sums.len(), 4);
        for part in sums.iter().flat_map(|substance| &substance.components) {
            assert!(find(part).is_some_and(|found| found.key == *part && found.components.is_empty()), "{part}");
        }
    }

    #[test]
    fn substances_are_known_by_the_names_of_reports() {
        for (name, key) in [
            ("Cd", "cadmium"),
            ("7440-43-9", "cadmium"),
            ("镉", "cadmium"),
            ("CADMIUM", "cadmium"),
            ("Cr", "chromium"),
            ("总铬", "chromium"),
            ("六价铬", "chromium_vi"),
            ("Cr6+", "chromium_vi"),
            ("铬(六价)", "chromium_vi"),
            ("苯并（a）芘", "benzo_a_pyrene"),
            ("Benzo[a]pyrene", "benzo_a_pyrene"),
            ("m,p-Xylene", "m_p_xylene"),
            ("间，对-二甲苯", "m_p_xylene"),
            ("108-38-3", "m_xylene"),
            ("p,p′-DDE", "pp_dde"),
            ("TPH", "petroleum_c10_c40"),
            ("二噁英", "dioxins_teq"),
        ] {
            assert_eq!(find(name).map(|substance| substance.key.as_str()), Some(key), "{name}");
        }
        assert_eq!(find("unobtainium"), None);
        assert_eq!(read("/results/0/substance", "").unwrap_err().code, "substance_unknown");
    }
}
