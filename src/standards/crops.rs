//! Which crops are eaten: the registry's own list of common names, from practice and no printed table.
//!
//! `crops.csv` has one row per crop or group: `zh`, `en`, `synonyms` (parted by `;`), `edible`, `part_of` (the group above
//! it, which stands before it in the table), `confidence`. What a unit's record says of its crop is free text; it is read as
//! one or several names ([`read`]). A name that is not on the list is unknown and is said to be, never harmless.

use crate::kernel::{Confidence, Text};
use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Crop>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("crops.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<Vec<Row>, _>>()
        .expect("crops.csv is a table of its columns")
        .into_iter()
        .map(Crop::from)
        .collect()
});

static NAMES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (at, crop) in TABLE.iter().enumerate() {
        for name in crop.names() {
            names.insert(plain(name), at);
        }
    }
    names
});

#[derive(Debug, serde::Deserialize)]
struct Row {
    zh: String,
    en: String,
    synonyms: String,
    edible: YesNo,
    part_of: String,
    confidence: Confidence,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum YesNo {
    Yes,
    No,
}

/// A crop, or a group of crops.
#[derive(Debug, PartialEq, Eq)]
pub struct Crop {
    /// 名称
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// Other names, Chinese or English.
    pub synonyms: Vec<String>,
    /// Whether what grows is eaten.
    pub edible: bool,
    /// The Chinese name of the group that it belongs to.
    pub part_of: Option<String>,
    /// How sure the row is.
    pub confidence: Confidence,
}

impl From<Row> for Crop {
    fn from(row: Row) -> Crop {
        Crop {
            zh: row.zh,
            en: row.en,
            synonyms: row.synonyms.split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            edible: row.edible == YesNo::Yes,
            part_of: Some(row.part_of).filter(|group| !group.is_empty()),
            confidence: row.confidence,
        }
    }
}

impl Crop {
    fn names(&self) -> impl Iterator<Item = &str> {
        [self.zh.as_str(), self.en.as_str()].into_iter().chain(self.synonyms.iter().map(String::as_str))
    }

    /// Its name in both languages.
    pub fn name(&self) -> Text {
        Text::new(self.zh.clone(), self.en.clone())
    }

    /// Whether it is `group`, or belongs to it.
    pub fn is_within(&self, group: &Crop) -> bool {
        let mut at = Some(self);
        while let Some(crop) = at {
            if std::ptr::eq(crop, group) {
                return true;
            }
            at = crop.part_of.as_deref().and_then(find);
        }
        false
    }
}

/// Whether something is eaten.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Edible {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The list does not know the name.
    Unknown,
}

impl Edible {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Edible::Yes => "yes",
            Edible::No => "no",
            Edible::Unknown => "unknown",
        }
    }
}

/// One name in what a record says of its crop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As it stands there.
    pub said: String,
    /// What it is, where the list knows it.
    pub crop: Option<&'static Crop>,
}

impl Named {
    /// Whether it is eaten.
    pub fn edible(&self) -> Edible {
        match self.crop {
            Some(crop) if crop.edible => Edible::Yes,
            Some(_) => Edible::No,
            None => Edible::Unknown,
        }
    }
}

/// Every crop, in the order of the table.
pub fn all() -> &'static [Crop] {
    &TABLE
}

/// The crop of a name or synonym, also with the season before it (冬小麦, 早稻).
pub fn find(name: &str) -> Option<&'static Crop> {
    let name = plain(name);
    let known = |name: &str| NAMES.get(name).and_then(|at| TABLE.get(*at));
    known(&name).or_else(|| {
        let rest = name.strip_prefix(['春', '夏', '秋', '冬', '早', '中', '晚'])?;
        known(rest)
    })
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What parts names: a list, a rotation, crops beside one another.
const BETWEEN: [&str; 19] = [
    "轮作", "间作", "套种", "套作", "连作", "、", "，", ",", "；", ";", "/", "／", "+", "＋", "→", "—", "\n", "与",
    "和",
];

/// The names in what a record says of its crop: 小麦、玉米; 冬小麦-夏玉米轮作; rice/rape.
pub fn read(text: &str) -> Vec<Named> {
    let whole = |said: &str| Named { said: said.trim().to_owned(), crop: find(said) };
    let all = whole(text);
    if all.crop.is_some() {
        return vec![all];
    }
    let mut pieces = vec![text.to_owned()];
    for between in BETWEEN {
        pieces = pieces.iter().flat_map(|piece| piece.split(between).map(str::to_owned).collect::<Vec<_>>()).collect();
    }
    let mut named: Vec<Named> = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.trim().is_empty()) {
        let one = whole(piece);
        let dashed: Vec<Named> = piece.split(['-', '–', ' ']).filter(|p| !p.trim().is_empty()).map(whole).collect();
        // A dash or a blank may also stand inside a name.
        let parts =
            if one.crop.is_none() && dashed.iter().any(|part| part.crop.is_some()) { dashed } else { vec![one] };
        for part in parts {
            if !named.contains(&part) {
                named.push(part);
            }
        }
    }
    named
}

/// Whether anything of what a record says is eaten: one edible name is enough, and without one an unknown name leaves it
/// open. A text that names nothing says nothing.
pub fn edible(text: &str) -> Edible {
    let named = read(text);
    if named.iter().any(|one| one.edible() == Edible::Yes) {
        Edible::Yes
    } else if named.is_empty() || named.iter().any(|one| one.edible() == Edible::Unknown) {
        Edible::Unknown
    } else {
        Edible::No
    }
}

/// Whether a ban on a product hits a crop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// It does not.
    No,
    /// It may: one of the two names is not known, or the crop is a group of which the product is one.
    Perhaps,
    /// It does: the same crop, or one of the group that is banned.
    Yes,
}

/// Whether a ban on `product` hits what a record says of its crop.
pub fn bans(product: &str, text: &str) -> Hit {
    let banned = find(product);
    let hit = |one: &Named| match (banned, one.crop) {
        (Some(banned), Some(crop)) if crop.is_within(banned) => Hit::Yes,
        (Some(banned), Some(crop)) if banned.is_within(crop) => Hit::Perhaps,
        (Some(_), Some(_)) => Hit::No,
        _ if plain(product) == plain(&one.said) => Hit::Yes,
        _ => Hit::Perhaps,
    };
    read(text).iter().map(hit).max().unwrap_or(Hit::Perhaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_reads_names_are_unique_and_groups_are_there() {
        assert!(TABLE.len() > 80);
        let mut names = BTreeSet::new();
        for (at, crop) in TABLE.iter().enumerate() {
            assert!(crop.en.is_ascii() && !crop.zh.is_empty(), "{crop:?}");
            for name in crop.names() {
                assert!(names.insert(plain(name)), "{name} is there twice");
            }
            if let Some(group) = &crop.part_of {
                let above = TABLE.iter().position(|c| c.zh == *group);
                assert!(above.is_some_and(|above| above < at), "{} belongs to {group}", crop.zh);
                assert_eq!(find(group).map(|g| g.edible), Some(crop.edible), "{}", crop.zh);
            }
        }
        for crop in TABLE.iter().filter(|crop| crop.edible) {
            assert!(crop.is_within(find("食用农产品").unwrap()), "{}", crop.zh);
        }
    }

    #[test]
    fn what_a_record_says_is_read_name_by_name() {
        for (text, expected) in [
            ("小麦", Edible::Yes),
            ("冬小麦", Edible::Yes),
            ("早稻/晚稻", Edible::Yes),
            ("棉花", Edible::No),
            ("棉花、苗木", Edible::No),
            ("棉花与玉米套种", Edible::Yes),
            ("冬小麦-夏玉米轮作", Edible::Yes),
            ("Cotton", Edible::No),
            ("wheat, cotton", Edible::Yes),
            ("休耕", Edible::No),
            ("某种新作物", Edible::Unknown),
            ("棉花、某种新作物", Edible::Unknown),
            ("小麦、某种新作物", Edible::Yes),
            ("、", Edible::Unknown),
            ("", Edible::Unknown),
        ] {
            assert_eq!(edible(text), expected, "{text}");
        }
        let read: Vec<String> = read("水稻 油菜").into_iter().map(|one| one.said).collect();
        assert_eq!(read, ["水稻", "油菜"]);
    }

    #[test]
    fn a_ban_hits_its_product_and_what_belongs_to_it() {
        for (product, crop, expected) in [
            ("水稻", "稻谷", Hit::Yes),
            ("水稻", "小麦", Hit::No),
            ("蔬菜", "白菜", Hit::Yes),
            ("白菜", "蔬菜", Hit::Perhaps),
            ("食用农产品", "苹果", Hit::Yes),
            ("食用农产品", "棉花", Hit::No),
            ("粮食", "小麦、棉花", Hit::Yes),
            ("水稻", "某种新作物", Hit::Perhaps),
            ("某种新作物", "某种新作物", Hit::Yes),
            ("某种新作物", "小麦", Hit::Perhaps),
        ] {
            assert_eq!(bans(product, crop), expected, "{product} / {crop}");
        }
    }
}
