//! Splitting, merging and re-drawing units: how many of which, what is inherited.

use super::Class;
use crate::kernel::{Fault, Text};

/// Parents and children of a change at most.
pub const MAX_UNITS: usize = 500;

/// What is done to the outlines of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 拆分: one unit becomes several that together are it.
    Split,
    /// 合并: several units become one that is all of them.
    Merge,
    /// 边界更正: one unit's outline is corrected.
    Redraw,
    /// 转出农用地: the land is farmland no more.
    LeftFarming,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Split, Kind::Merge, Kind::Redraw, Kind::LeftFarming];

    /// On the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Split => "split",
            Kind::Merge => "merge",
            Kind::Redraw => "redraw",
            Kind::LeftFarming => "left_farming",
        }
    }

    /// Reads a kind off the wire.
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether the children together must be the parents together.
    pub const fn keeps_the_land(self) -> bool {
        matches!(self, Kind::Split | Kind::Merge)
    }
}

/// Whether a change has as many parents and children as its kind asks for.
pub fn counted(kind: Kind, parents: usize, children: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut ask = |pointer: &str, n: usize, least: usize, most: usize, zh: &str, en: &str| {
        if !(least..=most).contains(&n) {
            let (code, wanted) = if least == most {
                ("wrong_number", least.to_string())
            } else {
                ("wrong_number", format!("{least}–{most}"))
            };
            faults.push(Fault::new(
                pointer,
                code,
                Text::new(
                    format!("{}需要 {wanted} 个{zh}单元，给出了 {n} 个。", kind.title().zh),
                    format!("A {} has {wanted} {en}; {n} are given.", kind.title().en),
                ),
            ));
        }
    };
    let (parents_asked, children_asked) = match kind {
        Kind::Split => ((1, 1), (2, MAX_UNITS)),
        Kind::Merge => ((2, MAX_UNITS), (1, 1)),
        Kind::Redraw => ((1, 1), (1, 1)),
        Kind::LeftFarming => ((1, 1), (0, 0)),
    };
    ask("/parents", parents, parents_asked.0, parents_asked.1, "来源", "parents");
    ask("/children", children, children_asked.0, children_asked.1, "新", "children");
    faults
}

impl Kind {
    /// Its name.
    pub fn title(self) -> Text {
        match self {
            Kind::Split => Text::fixed("拆分", "split"),
            Kind::Merge => Text::fixed("合并", "merger"),
            Kind::Redraw => Text::fixed("边界更正", "correction of a boundary"),
            Kind::LeftFarming => Text::fixed("转出农用地", "leaving of farming"),
        }
    }
}

/// The class that a child inherits: its parent's, or the strictest of its parents'. A merger never relaxes what held for
/// any part of the land, and does not put land under priority protection that nobody classified. `None` without parents.
pub fn inherited(parents: &[Class]) -> Option<Class> {
    parents.iter().copied().max()
}

/// Codes for children that came without one: the parent's with `-1`, `-2` behind it, those left out that are taken.
pub fn codes_after<'a>(parent: &'a str, taken: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
    (1_u32..).map(move |n| format!("{parent}-{n}")).filter(move |code| !taken(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_numbers() {
        let right = [
            (Kind::Split, 1, 2),
            (Kind::Split, 1, 500),
            (Kind::Merge, 2, 1),
            (Kind::Redraw, 1, 1),
            (Kind::LeftFarming, 1, 0),
        ];
        for (kind, parents, children) in right {
            assert_eq!(counted(kind, parents, children), [], "{kind:?}");
        }
        for (kind, parents, children, pointers) in [
            (Kind::Split, 1, 1, vec!["/children"]),
            (Kind::Split, 2, 2, vec!["/parents"]),
            (Kind::Split, 1, 501, vec!["/children"]),
            (Kind::Merge, 1, 1, vec!["/parents"]),
            (Kind::Merge, 2, 2, vec!["/children"]),
            (Kind::Redraw, 0, 2, vec!["/parents", "/children"]),
        ] {
            let found: Vec<String> = counted(kind, parents, children).into_iter().map(|f| f.pointer).collect();
            assert_eq!(found, pointers, "{kind:?}");
        }
    }

    #[test]
    fn a_merger_takes_the_strictest_class_and_protects_nothing_unseen() {
        use Class::{PriorityProtection as P, SafeUse as S, StrictControl as C, Unclassified as U};
        for (parents, class) in [
            (vec![P], P),
            (vec![P, P], P),
            (vec![U, U], U),
            (vec![P, S], S),
            (vec![C, S, P], C),
            (vec![P, U], U),
            (vec![U, S], S),
            (vec![U, C], C),
        ] {
            assert_eq!(inherited(&parents), Some(class), "{parents:?}");
            let mut turned = parents.clone();
            turned.reverse();
            assert_eq!(inherited(&turned), Some(class), "{turned:?}");
        }
        assert_eq!(inherited(&[]), None);
    }

    #[test]
    fn codes_go_on_where_they_are_taken() {
        let codes: Vec<String> = codes_after("U", |code| code == "U-1" || code == "U-3").take(3).collect();
        assert_eq!(codes, ["U-2", "U-4", "U-5"]);
    }
}
