//! The industries that the duties of a land check name. Which codes they are is `standards::industries`'s to say.

use crate::standards::industries::{IndustryCode, IndustrySet, Standing, standing};

/// The industries that one text names.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    sets: &'static [IndustrySet],
    /// Leading digits of codes that the text names and no set holds.
    more: &'static [&'static str],
}

/// The State Council plan's six, and hazardous waste (Order 42 arts 2, 3; Inner Mongolia's plan).
pub static KEY: Group = Group { sets: &[IndustrySet::SuspectedSite], more: &[] };

/// Landfills, incinerators, sludge plants: Yuancheng's table, row 14.
pub static FACILITIES: Group = Group { sets: &[IndustrySet::YuanchengFacilities], more: &[] };

/// Twelve industries and five kinds of facilities of Guangdong's measures, art. 37. The twelve are read as those of
/// Yuancheng's table, row 9; power (441) and gas (45) are a reading too. All of it is to be confirmed, and G11 says so.
pub static GUANGDONG: Group =
    Group { sets: &[IndustrySet::YuanchengTwelve, IndustrySet::YuanchengFacilities], more: &["441", "45"] };

/// An industry that stood on the land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Industry(IndustryCode);

impl Industry {
    /// Two to four digits of GB/T 4754, with or without the letter of the section; anything else is `None`.
    pub fn parse(code: &str) -> Option<Industry> {
        let digits = code.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(code);
        IndustryCode::parse(digits).ok().map(Industry)
    }

    /// The digits of the code.
    pub fn code(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it stands in the group. A code too coarse to tell (`32` holds smelting and rolling) counts as inside:
    /// who knows more can say it with more digits.
    pub fn is_in(&self, group: &Group) -> bool {
        group.sets.iter().any(|set| standing(&self.0, *set) != Standing::NotKey)
            || group.more.iter().any(|code| self.code().starts_with(code) || code.starts_with(self.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_with_and_without_the_section_letter() {
        for (code, digits) in [("C2614", "2614"), ("2614", "2614"), ("26", "26")] {
            assert_eq!(Industry::parse(code).unwrap().code(), digits);
        }
        for bad in ["", "C", "2", "26145", "c26", "2x", "２６"] {
            assert_eq!(Industry::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn groups_hold_what_their_words_say_and_nothing_beside() {
        let is_in = |code: &str, group: &Group| Industry::parse(code).unwrap().is_in(group);
        for inside in ["3211", "3229", "2511", "2614", "2521", "3360", "1910", "1931", "32", "C26", "7724"] {
            assert!(is_in(inside, &KEY), "{inside}");
        }
        // 324 alloys and 325 rolling stand in division 32 but smelt nothing.
        for outside in ["3240", "3251", "0111", "5211", "2710", "7820"] {
            assert!(!is_in(outside, &KEY), "{outside}");
        }
        assert!(is_in("7820", &FACILITIES) && !is_in("2614", &FACILITIES));
        for inside in ["2710", "2614", "7820", "4411", "4511", "0911"] {
            assert!(is_in(inside, &GUANGDONG), "{inside}");
        }
        assert!(!is_in("5211", &GUANGDONG));
    }
}
