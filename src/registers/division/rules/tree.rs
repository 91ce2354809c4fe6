//! Where a division hangs, and what that means for those below it.

use crate::kernel::{DivisionCode, Fault, Text};
use crate::platform::fields::at;
use std::collections::{BTreeMap, HashSet};

/// Level of a division. The order is that of the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 国家
    Nation,
    /// 省级
    Province,
    /// 地级
    Prefecture,
    /// 县级
    County,
}

impl Level {
    /// Names on the wire, from above.
    pub const NAMES: [&'static str; 4] = ["nation", "province", "prefecture", "county"];
    const ALL: [Level; 4] = [Level::Nation, Level::Province, Level::Prefecture, Level::County];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        Level::NAMES[self as usize]
    }

    /// Reads a wire name.
    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// What the digits of a code say.
    pub fn of_digits(code: &DivisionCode) -> Level {
        match code.as_str() {
            "000000" => Level::Nation,
            c if c.ends_with("0000") => Level::Province,
            c if c.ends_with("00") => Level::Prefecture,
            _ => Level::County,
        }
    }
}

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A division of GB/T 2260.
    Gb2260,
    /// A development zone that acts like a county, with a statistical code.
    DevelopmentZone,
}

impl Kind {
    /// Names on the wire.
    pub const NAMES: [&'static str; 2] = ["gb2260", "development_zone"];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        Kind::NAMES[self as usize]
    }

    /// Reads a wire name.
    pub fn parse(text: &str) -> Option<Kind> {
        [Kind::Gb2260, Kind::DevelopmentZone].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A division's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its level.
    pub level: Level,
    /// What its code is.
    pub kind: Kind,
    /// The code it hangs under; `None` for the nation only.
    pub parent: Option<DivisionCode>,
    /// No parent was given; the digits say where it hangs, as far as divisions are there.
    pub derived: bool,
}

/// What a file says of a division's place. What it does not say stays as it is, or follows from the digits.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The code.
    pub code: &'a DivisionCode,
    /// The level, if given.
    pub level: Option<Level>,
    /// The kind, if given.
    pub kind: Option<Kind>,
    /// The parent, if given.
    pub parent: Option<&'a DivisionCode>,
}

impl Wanted<'_> {
    /// The level it will have where nothing else is known: what order a batch is placed in.
    pub fn level_or_digits(&self) -> Level {
        self.level.unwrap_or_else(|| Level::of_digits(self.code))
    }
}

/// All divisions and their places.
#[derive(Debug, Clone, Default)]
pub struct Tree(BTreeMap<DivisionCode, Node>);

impl Tree {
    /// From what is stored.
    pub fn new(nodes: impl IntoIterator<Item = (DivisionCode, Node)>) -> Tree {
        Tree(nodes.into_iter().collect())
    }

    /// A division's place.
    pub fn get(&self, code: &DivisionCode) -> Option<&Node> {
        self.0.get(code)
    }

    /// Puts a division in its place, or moves it. `holds` says whether the caller's jurisdiction takes in a division.
    ///
    /// # Errors
    /// What is wrong with the level, kind or parent. The tree is then as it was.
    pub fn place(&mut self, wanted: &Wanted<'_>, holds: impl Fn(&str) -> bool) -> Result<(), Vec<Fault>> {
        let code = wanted.code;
        let old = self.0.get(code);
        let kind = wanted.kind.or(old.map(|node| node.kind)).unwrap_or(Kind::Gb2260);
        let level = wanted.level.or(old.map(|node| node.level)).unwrap_or_else(|| Level::of_digits(code));
        let by_digits = Level::of_digits(code);
        let fits = match kind {
            Kind::Gb2260 => level == by_digits,
            Kind::DevelopmentZone => matches!(level, Level::Prefecture | Level::County) && !code.is_nation(),
        };
        if !fits {
            let (kind, level, by_digits) = (kind.as_str(), level.as_str(), by_digits.as_str());
            return Err(vec![at(
                "level",
                "level_mismatch",
                Text::new(
                    format!("代码 {code}（{kind}）的级别不能是 {level}；按数字应为 {by_digits}。"),
                    format!("{code} ({kind}) cannot be of level {level}; by its digits it is a {by_digits}."),
                ),
            )]);
        }
        if old.is_some_and(|node| node.level != level)
            && self.0.values().any(|child| child.parent.as_ref() == Some(code) && child.level <= level)
        {
            return Err(vec![at(
                "level",
                "level_below_children",
                Text::new(
                    format!("{code} 有下级区划，级别不能改为 {}。", level.as_str()),
                    format!("{code} has divisions below it and cannot become a {}.", level.as_str()),
                ),
            )]);
        }
        let (parent, derived) = match (wanted.parent, old) {
            _ if level == Level::Nation => (None, false),
            (Some(parent), _) => (Some(self.check_parent(code, level, parent)?), false),
            (None, Some(node)) if !node.derived => {
                (node.parent.as_ref().map(|parent| self.check_parent(code, level, parent)).transpose()?, false)
            }
            (None, _) => (Some(self.nearest(code, level)), true),
        };
        let ours = |code: &DivisionCode| holds(code.as_str());
        let held = ours(code) || parent.as_ref().is_some_and(ours);
        let held_before = old.is_none_or(|_| ours(code));
        if !(held && held_before) {
            return Err(vec![at(
                "code",
                "outside_division",
                Text::new(
                    format!("区划 {code} 不在您的管辖范围内。"),
                    format!("Division {code} is outside your jurisdiction."),
                ),
            )]);
        }
        self.0.insert(code.clone(), Node { level, kind, parent, derived });
        Ok(())
    }

    /// Looks again for the parent of every division that was given none.
    pub fn rehang(&mut self) {
        let moves: Vec<(DivisionCode, DivisionCode)> = self
            .0
            .iter()
            .filter(|(_, node)| node.derived)
            .map(|(code, node)| (code.clone(), self.nearest(code, node.level)))
            .collect();
        for (code, parent) in moves {
            if let Some(node) = self.0.get_mut(&code) {
                node.parent = Some(parent);
            }
        }
    }

    /// Codes from the nation down to and including this division. Levels rise strictly from parent to child, so the way
    /// up ends; the guard holds for rows that somebody changed by hand.
    pub fn ancestors(&self, code: &DivisionCode) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut path = Vec::new();
        let mut at = Some(code);
        while let Some(code) = at {
            if !seen.insert(code) {
                break;
            }
            path.push(code.as_str().to_owned());
            at = self.0.get(code).and_then(|node| node.parent.as_ref());
        }
        path.reverse();
        path
    }

    /// Every division.
    pub fn iter(&self) -> impl Iterator<Item = (&DivisionCode, &Node)> {
        self.0.iter()
    }

    fn nearest(&self, code: &DivisionCode, level: Level) -> DivisionCode {
        let mut up = code.parent_by_digits();
        while let Some(candidate) = up {
            if self.0.get(&candidate).is_some_and(|node| node.level < level) {
                return candidate;
            }
            up = candidate.parent_by_digits();
        }
        DivisionCode::nation()
    }

    fn check_parent(
        &self,
        code: &DivisionCode,
        level: Level,
        parent: &DivisionCode,
    ) -> Result<DivisionCode, Vec<Fault>> {
        match self.0.get(parent) {
            None => Err(vec![at(
                "parent_code",
                "unknown_parent",
                Text::new(
                    format!("上级区划 {parent} 不存在，请先导入上级，或省略 parent_code。"),
                    format!("There is no division {parent}: load it first, or leave parent_code out."),
                ),
            )]),
            Some(node) if node.level >= level => Err(vec![at(
                "parent_code",
                "parent_not_above",
                Text::new(
                    format!(
                        "{parent}（{}）的级别不高于 {code}（{}），不能作为上级。",
                        node.level.as_str(),
                        level.as_str()
                    ),
                    format!(
                        "{parent} ({}) is not above {code} ({}) and cannot be its parent.",
                        node.level.as_str(),
                        level.as_str()
                    ),
                ),
            )]),
            Some(_) => Ok(parent.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> DivisionCode {
        text.parse().unwrap()
    }

    fn nation() -> Tree {
        let node = Node { level: Level::Nation, kind: Kind::Gb2260, parent: None, derived: false };
        Tree::new([(DivisionCode::nation(), node)])
    }

    fn put(tree: &mut Tree, c: &str, parent: Option<&str>) -> Result<(), &'static str> {
        let (c, parent) = (code(c), parent.map(code));
        let wanted = Wanted { code: &c, level: None, kind: None, parent: parent.as_ref() };
        let placed = tree.place(&wanted, |_| true).map_err(|faults| faults[0].code);
        tree.rehang();
        placed
    }

    fn path(tree: &Tree, c: &str) -> String {
        tree.ancestors(&code(c)).join(">")
    }

    #[test]
    fn a_county_before_its_prefecture_moves_under_it_later() {
        let mut tree = nation();
        put(&mut tree, "152921", None).unwrap();
        assert_eq!(path(&tree, "152921"), "000000>152921");
        put(&mut tree, "150000", None).unwrap();
        assert_eq!(path(&tree, "152921"), "000000>150000>152921");
        put(&mut tree, "152900", None).unwrap();
        assert_eq!(path(&tree, "152921"), "000000>150000>152900>152921");
    }

    #[test]
    fn a_place_directly_under_its_province_stays_there() {
        let mut tree = nation();
        for c in ["650000", "440000"] {
            put(&mut tree, c, None).unwrap();
        }
        put(&mut tree, "659006", Some("650000")).unwrap();
        put(&mut tree, "659000", None).unwrap();
        assert_eq!(path(&tree, "659006"), "000000>650000>659006");
        put(&mut tree, "441900", None).unwrap();
        assert_eq!(tree.get(&code("441900")).unwrap().level, Level::Prefecture);
        assert_eq!(path(&tree, "441900"), "000000>440000>441900");
    }

    #[test]
    fn what_cannot_hang_there_is_refused_and_changes_nothing() {
        let mut tree = nation();
        put(&mut tree, "150000", None).unwrap();
        put(&mut tree, "152900", None).unwrap();
        put(&mut tree, "152921", None).unwrap();
        let before = tree.clone().0;
        assert_eq!(put(&mut tree, "152922", Some("152921")), Err("parent_not_above"));
        assert_eq!(put(&mut tree, "152922", Some("152922")), Err("unknown_parent"));
        assert_eq!(put(&mut tree, "150000", Some("152900")), Err("parent_not_above"));
        let c = code("152900");
        let county = Wanted { code: &c, level: Some(Level::County), kind: None, parent: None };
        assert_eq!(tree.place(&county, |_| true).unwrap_err()[0].code, "level_mismatch");
        let zone = Wanted { kind: Some(Kind::DevelopmentZone), ..county };
        assert_eq!(tree.place(&zone, |_| true).unwrap_err()[0].code, "level_below_children");
        let c = code("152971");
        let zone = Wanted { code: &c, ..zone };
        assert_eq!(tree.place(&zone, |code| code == "140000").unwrap_err()[0].code, "outside_division");
        assert_eq!(tree.0, before);
        assert!(tree.place(&zone, |code| code == "152900").is_ok());
    }

    proptest! {
        /// In whatever order codes arrive, the tree is the same, and every path leads from the nation strictly down.
        #[test]
        fn the_order_of_arrival_does_not_matter(
            codes in proptest::collection::btree_set((1_u32..3, 0_u32..3, 0_u32..3), 1..20),
            seed in any::<u64>(),
        ) {
            let text: Vec<String> = codes.iter().map(|(p, c, x)| format!("{p:02}{c:02}{x:02}")).collect();
            let mut shuffled = text.clone();
            shuffled.sort_by_key(|c| c.bytes().fold(seed, |h, b| h.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(b))));
            let (mut a, mut b) = (nation(), nation());
            for c in &text {
                put(&mut a, c, None).unwrap();
            }
            for c in &shuffled {
                put(&mut b, c, None).unwrap();
            }
            prop_assert_eq!(&a.0, &b.0);
            for c in &text {
                let path = a.ancestors(&code(c));
                prop_assert_eq!(&path[0], "000000");
                prop_assert_eq!(path.last().unwrap(), c);
                let levels: Vec<_> = path.iter().map(|c| a.get(&code(c)).unwrap().level).collect();
                prop_assert!(levels.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}
