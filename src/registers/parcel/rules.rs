//! Forms of parcel codes, and how many parcels end and begin in a change.

use crate::kernel::{Fault, Text};

/// Parcels that end, and that begin, in a change at most.
pub const MAX_PARCELS: usize = 500;
/// Characters of a parcel code (宗地代码).
const PARCEL_LENGTH: usize = 19;

/// The form of a parcel's code, as GB/T 37346 builds them. Other codes are taken as they are: older ones are everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeForm {
    /// 宗地代码, 19 characters: county, cadastral district and sub-district (12 digits), two letters for the kind of right,
    /// five digits.
    Parcel,
    /// 不动产单元代码, 28 characters: a parcel code, a letter for what stands on it (`W`: nothing) and eight digits.
    RealEstateUnit,
    /// Neither.
    Other,
}

impl CodeForm {
    /// The form of a code.
    pub fn of(code: &str) -> CodeForm {
        let bytes = code.as_bytes();
        match bytes.len() {
            PARCEL_LENGTH if is_parcel(bytes) => CodeForm::Parcel,
            28 if is_parcel(&bytes[..PARCEL_LENGTH])
                && bytes[PARCEL_LENGTH].is_ascii_uppercase()
                && bytes[PARCEL_LENGTH + 1..].iter().all(u8::is_ascii_digit) =>
            {
                CodeForm::RealEstateUnit
            }
            _ => CodeForm::Other,
        }
    }

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            CodeForm::Parcel => "parcel",
            CodeForm::RealEstateUnit => "real_estate_unit",
            CodeForm::Other => "other",
        }
    }
}

fn is_parcel(bytes: &[u8]) -> bool {
    bytes[..12].iter().all(u8::is_ascii_digit)
        && bytes[12..14].iter().all(u8::is_ascii_uppercase)
        && bytes[14..].iter().all(u8::is_ascii_digit)
}

/// A code as it is kept: without blanks around it, and in capitals where that gives it one of the two forms.
pub fn normal(code: &str) -> String {
    let capitals = code.trim().to_ascii_uppercase();
    if CodeForm::of(&capitals) == CodeForm::Other { code.trim().to_owned() } else { capitals }
}

/// The parcel code (19 characters) in a code; `None` where it has neither form.
pub fn parcel_code(code: &str) -> Option<&str> {
    match CodeForm::of(code) {
        CodeForm::Parcel | CodeForm::RealEstateUnit => code.get(..PARCEL_LENGTH),
        CodeForm::Other => None,
    }
}

/// The real-estate unit number (28 characters), where the code is one.
pub fn real_estate_unit_number(code: &str) -> Option<&str> {
    (CodeForm::of(code) == CodeForm::RealEstateUnit).then_some(code)
}

/// What is done to the outlines of parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 分割: one parcel becomes several that together are it.
    Split,
    /// 合并: several parcels become one that is all of them.
    Merge,
    /// 边界调整: one parcel's outline is drawn anew.
    Redraw,
    /// 重划: several became several; known from files only.
    Rearranged,
}

impl Kind {
    /// On the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Split => "split",
            Kind::Merge => "merge",
            Kind::Redraw => "redraw",
            Kind::Rearranged => "rearranged",
        }
    }

    /// What a change is, of which a file says how many ended and began.
    pub const fn of(parents: usize, children: usize) -> Kind {
        match (parents, children) {
            (1, 1) => Kind::Redraw,
            (1, _) => Kind::Split,
            (_, 1) => Kind::Merge,
            _ => Kind::Rearranged,
        }
    }

    /// Whether the children together must be the parents together.
    pub const fn keeps_the_land(self) -> bool {
        matches!(self, Kind::Split | Kind::Merge)
    }

    /// Its name.
    pub const fn title(self) -> Text {
        match self {
            Kind::Split => Text::fixed("分割", "split"),
            Kind::Merge => Text::fixed("合并", "merger"),
            Kind::Redraw => Text::fixed("边界调整", "re-drawing"),
            Kind::Rearranged => Text::fixed("重划", "rearrangement"),
        }
    }
}

/// Whether a change has as many parents and children as its kind asks for.
pub fn counted(kind: Kind, parents: usize, children: usize) -> Vec<Fault> {
    let (parents_asked, children_asked) = match kind {
        Kind::Split => ((1, 1), (2, MAX_PARCELS)),
        Kind::Merge => ((2, MAX_PARCELS), (1, 1)),
        Kind::Redraw => ((1, 1), (1, 1)),
        Kind::Rearranged => ((1, MAX_PARCELS), (1, MAX_PARCELS)),
    };
    let mut faults = Vec::new();
    for (pointer, n, (least, most), zh, en) in [
        ("/parents", parents, parents_asked, "来源宗地", "parents"),
        ("/children", children, children_asked, "新宗地", "children"),
    ] {
        if !(least..=most).contains(&n) {
            let wanted = if least == most { least.to_string() } else { format!("{least}–{most}") };
            let title = kind.title();
            faults.push(Fault::new(
                pointer,
                "wrong_number",
                Text::new(
                    format!("{}需要 {wanted} 个{zh}，给出了 {n} 个。", title.zh),
                    format!("A {} has {wanted} {en}; {n} are given.", title.en),
                ),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARCEL: &str = "140602001002GB00123";
    const UNIT: &str = "140602001002GB00123W00000000";

    #[test]
    fn forms_are_told_by_length_digits_and_letters() {
        for (code, form) in [
            (PARCEL, CodeForm::Parcel),
            (UNIT, CodeForm::RealEstateUnit),
            ("140602001002GB00123F00010001", CodeForm::RealEstateUnit),
            ("140602001002gb00123", CodeForm::Other),
            ("140602001002G100123", CodeForm::Other),
            ("14060200100XGB00123", CodeForm::Other),
            ("140602001002GB0012", CodeForm::Other),
            ("140602001002GB00123WW0000000", CodeForm::Other),
            ("朔城区-2019-07 号", CodeForm::Other),
            ("", CodeForm::Other),
        ] {
            assert_eq!(CodeForm::of(code), form, "{code}");
        }
    }

    #[test]
    fn a_unit_number_holds_its_parcel_code_and_small_letters_are_capitals() {
        assert_eq!((parcel_code(UNIT), real_estate_unit_number(UNIT)), (Some(PARCEL), Some(UNIT)));
        assert_eq!((parcel_code(PARCEL), real_estate_unit_number(PARCEL)), (Some(PARCEL), None));
        assert_eq!((parcel_code("x"), real_estate_unit_number("x")), (None, None));
        assert_eq!(normal(" 140602001002gb00123 "), PARCEL);
        assert_eq!(normal(" old no. 7 "), "old no. 7");
    }

    #[test]
    fn a_kind_has_its_numbers() {
        for (kind, parents, children, pointers) in [
            (Kind::Split, 1, 2, vec![]),
            (Kind::Merge, 2, 1, vec![]),
            (Kind::Redraw, 1, 1, vec![]),
            (Kind::Split, 1, 1, vec!["/children"]),
            (Kind::Split, 2, 501, vec!["/parents", "/children"]),
            (Kind::Merge, 1, 1, vec!["/parents"]),
            (Kind::Redraw, 0, 0, vec!["/parents", "/children"]),
        ] {
            let found: Vec<String> = counted(kind, parents, children).into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(found, pointers, "{kind:?} {parents} {children}");
        }
    }

    proptest! {
        #[test]
        fn what_a_file_says_is_of_a_kind_that_takes_those_numbers(parents in 1_usize..500, children in 1_usize..500) {
            prop_assert_eq!(counted(Kind::of(parents, children), parents, children), vec![]);
        }

        #[test]
        fn a_code_is_kept_the_same_however_often_it_is_read(code in "\\PC{0,40}") {
            let once = normal(&code);
            prop_assert_eq!(normal(&once), once.clone());
            prop_assert!(parcel_code(&once).is_none_or(|parcel| once.starts_with(parcel)));
        }
    }
}
