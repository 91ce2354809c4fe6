//! The industries that the duties name, by code of GB/T 4754-2017. The texts name them in words; the codes are this
//! registry's reading of those words, so every list carries its confidence.

use crate::kernel::Confidence;

/// A set of industries that some text names.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// The text's wording.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// Leading digits of its codes.
    pub codes: &'static [&'static str],
    /// How well the reading as codes is known.
    pub confidence: Confidence,
}

/// Six industries of the State Council plan and of Order 42 arts 2, 3.
pub static SIX: Group = Group {
    zh: "有色金属冶炼、石油加工、化工、焦化、电镀、制革",
    en: "non-ferrous smelting, oil refining, chemicals, coking, electroplating, tanning",
    codes: &["321", "322", "323", "251", "26", "2521", "336", "191", "1931"],
    confidence: Confidence::Recalled,
};

/// Storage, use and disposal of hazardous waste (Order 42 arts 2, 3; Inner Mongolia plan).
pub static HAZARDOUS_WASTE: Group = Group {
    zh: "危险废物贮存、利用、处置",
    en: "storage, use and disposal of hazardous waste",
    codes: &["7724"],
    confidence: Confidence::Verified,
};

/// Landfills, incinerators, sludge plants: Yuancheng's table, row 14.
pub static FACILITIES: Group = Group {
    zh: "垃圾填埋场、垃圾焚烧厂、污泥处理处置设施",
    en: "landfills, waste incinerators, sludge plants",
    codes: &["7820", "4417", "4620"],
    confidence: Confidence::Unconfirmed,
};

/// Twelve industries and five kinds of facilities of Guangdong's measures, art. 37. The twelve are read as those of
/// Yuancheng's table, row 9; the power, gas and chemical-storage codes are a reading too.
pub static GUANGDONG: Group = Group {
    zh: "十二类行业及火力发电、燃气生产和供应、垃圾填埋、焚烧、污泥处理处置",
    en: "twelve industries; power, gas, landfill, incineration, sludge",
    codes: &[
        "321", "322", "323", "251", "26", "2521", "336", "191", "1931", "09", "27", "3843", "4210", "7724", "5941",
        "5942", "5949", "441", "45", "7820", "4620",
    ],
    confidence: Confidence::Unconfirmed,
};

/// An industry that stood on the land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Industry {
    digits: String,
}

impl Industry {
    /// Two to four digits of GB/T 4754-2017, with or without the letter of the section; anything else is `None`.
    pub fn parse(code: &str) -> Option<Industry> {
        let digits = code.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(code);
        ((2..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| Industry { digits: digits.to_owned() })
    }

    /// The digits of the code.
    pub fn code(&self) -> &str {
        &self.digits
    }

    /// Whether it stands in the group. A code too coarse to tell (`32` holds smelting and rolling) counts as inside:
    /// who knows more can say it with more digits.
    pub fn is_in(&self, group: &Group) -> bool {
        group.codes.iter().any(|code| self.digits.starts_with(code) || code.starts_with(&self.digits))
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
        for inside in ["3211", "3229", "2511", "2614", "2521", "3360", "1910", "1931", "32", "C26"] {
            assert!(is_in(inside, &SIX), "{inside}");
        }
        // 324 alloys and 325 rolling stand in division 32 but smelt nothing; 7724 is the other group.
        for outside in ["3240", "3251", "7724", "0111", "5211", "2710"] {
            assert!(!is_in(outside, &SIX), "{outside}");
        }
        assert!(is_in("7724", &HAZARDOUS_WASTE) && is_in("2710", &GUANGDONG) && is_in("7820", &FACILITIES));
    }
}
