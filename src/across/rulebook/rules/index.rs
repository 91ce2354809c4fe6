//! Where a rule is used, and which tests pin it: `index.txt`, written from the source's tokens by a test and read here.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The committed text.
pub const TEXT: &str = include_str!("../index.txt");

/// What the source knows of a rule.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Known {
    /// Functions and tables that name it: `across/land_check/rules/building.rs::g14`.
    pub used_in: Vec<String>,
    /// Tests that pin it.
    pub pinned_by: Vec<String>,
    /// Roles that its function names.
    pub acts: Vec<String>,
    /// What its function says must be done, Chinese and English.
    pub remedies: Vec<(String, String)>,
}

/// What the index says of the rule of an identifier.
pub fn of(id: &str) -> Option<&'static Known> {
    static INDEX: LazyLock<HashMap<String, Known>> = LazyLock::new(|| parse(TEXT));
    INDEX.get(id)
}

/// Reads the text: a rule's identifier begins its line, what belongs to it is indented, one word and the rest.
pub fn parse(text: &str) -> HashMap<String, Known> {
    let mut index: HashMap<String, Known> = HashMap::new();
    let mut id = String::new();
    for line in text.lines() {
        let Some(inner) = line.strip_prefix("  ") else {
            id = line.split("  ").next().unwrap_or_default().to_owned();
            continue;
        };
        let Some((word, rest)) = inner.trim().split_once("  ") else { continue };
        let rest = rest.trim();
        let known = index.entry(id.clone()).or_default();
        match word {
            "used" => known.used_in.push(rest.to_owned()),
            "pinned" => known.pinned_by.push(rest.to_owned()),
            "acts" => known.acts.push(rest.to_owned()),
            "remedy" => {
                let (zh, en) = rest.split_once(" | ").unwrap_or((rest, ""));
                known.remedies.push((zh.to_owned(), en.to_owned()));
            }
            // What a reader wants and the program has elsewhere: the rules that rest on an article.
            _ => {}
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back() {
        let text = "title\n\nG1  一 / one\n  used    a.rs::f\n  pinned  tests/t.rs::g1_x\n  acts    planning\n  remedy  做 | do\n  rests   X\n\nG2  二\n";
        let index = parse(text);
        assert_eq!(
            index["G1"],
            Known {
                used_in: vec!["a.rs::f".to_owned()],
                pinned_by: vec!["tests/t.rs::g1_x".to_owned()],
                acts: vec!["planning".to_owned()],
                remedies: vec![("做".to_owned(), "do".to_owned())],
            }
        );
        assert!(!index.contains_key("G2"));
    }
}
