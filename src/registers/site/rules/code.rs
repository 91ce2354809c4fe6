//! Codes of sites: the national one when it is issued, an interim one until then; both are kept (rulebook 8.2).

use crate::kernel::DivisionCode;
use std::fmt;

/// What an interim code was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InterimKind {
    /// `YS` 疑似: at registration
    Suspected,
    /// `WR` 污染: at entry in the directory
    Contaminated,
}

impl InterimKind {
    /// The two letters.
    pub const fn letters(self) -> &'static str {
        match self {
            InterimKind::Suspected => "YS",
            InterimKind::Contaminated => "WR",
        }
    }
}

/// An interim code: division 6 + `YS` or `WR` + year 4 + serial 4, as `152921YS20260001`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterimCode {
    division: DivisionCode,
    kind: InterimKind,
    year: u16,
    serial: u16,
}

impl InterimCode {
    /// The code with these parts; `None` for a year that has not four digits or a serial outside 1 to 9999.
    pub fn new(division: DivisionCode, kind: InterimKind, year: i32, serial: u32) -> Option<InterimCode> {
        let year = u16::try_from(year).ok().filter(|y| (1000..=9999).contains(y))?;
        let serial = u16::try_from(serial).ok().filter(|s| (1..=9999).contains(s))?;
        Some(InterimCode { division, kind, year, serial })
    }

    /// Reads the sixteen characters; anything else is `None`.
    pub fn parse(s: &str) -> Option<InterimCode> {
        if s.len() != 16 || !s.is_ascii() {
            return None;
        }
        let kind = match &s[6..8] {
            "YS" => InterimKind::Suspected,
            "WR" => InterimKind::Contaminated,
            _ => return None,
        };
        if !s[8..].bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        InterimCode::new(DivisionCode::parse(&s[..6])?, kind, s[8..12].parse().ok()?, s[12..].parse().ok()?)
    }

    /// Division, year and serial.
    pub fn parts(&self) -> (&DivisionCode, i32, i32) {
        (&self.division, i32::from(self.year), i32::from(self.serial))
    }

    /// What it was given for.
    pub fn kind(&self) -> InterimKind {
        self.kind
    }
}

impl fmt::Display for InterimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:04}{:04}", self.division, self.kind.letters(), self.year, self.serial)
    }
}

/// A national code: thirteen digits. How they are made up is not confirmed, so nothing is read out of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NationalCode(String);

impl NationalCode {
    /// Thirteen digits, else `None`.
    pub fn parse(s: &str) -> Option<NationalCode> {
        (s.len() == 13 && s.bytes().all(|b| b.is_ascii_digit())).then(|| NationalCode(s.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interim_code_is_read_back_and_nothing_else_is_one() {
        let code = InterimCode::new(DivisionCode::parse("152921").unwrap(), InterimKind::Suspected, 2026, 7).unwrap();
        assert_eq!(code.to_string(), "152921YS20260007");
        assert_eq!(InterimCode::parse("152921YS20260007"), Some(code));
        assert_eq!(InterimCode::parse("152921WR20260007").map(|c| c.kind()), Some(InterimKind::Contaminated));
        for bad in [
            "152921XX20260007",
            "152921YS20260000",
            "152921YS2026007",
            "152921YS+0260007",
            "152921YS+0260007",
            "",
            "一二三四五六",
        ] {
            assert_eq!(InterimCode::parse(bad), None, "{bad}");
        }
        let division = DivisionCode::parse("152921").unwrap();
        assert_eq!(InterimCode::new(division, InterimKind::Suspected, 2026, 10_000), None);
    }

    #[test]
    fn a_national_code_is_thirteen_digits() {
        assert!(NationalCode::parse("3713021320006").is_some());
        assert!(NationalCode::parse("371302132000X").is_none());
        assert!(NationalCode::parse("371302132000").is_none());
    }
}
