//! Which industry codes of GB/T 4754 are the industries that law and plans name.
//!
//! `industries.csv` has one row per printed code: `edition` of GB/T 4754, `code`, `name_zh`, `name_en`, `industry` (which of
//! [`KeyIndustry`], whose wording is the plans') and `confidence` in that mapping. A code stands for everything below it:
//! 321 is in the table, so 3212 is smelting; 324 (alloys) and 325 (rolling) are not, though both lie in division 32. A code
//! given more coarsely than the table (`32`) cannot be decided, and is said to be undecided rather than harmless.

use super::law;
use crate::kernel::{Confidence, Fault, Provision, Text};
use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("industries.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .expect("industries.csv is a table of its columns")
});

#[derive(Debug, serde::Deserialize)]
struct Row {
    edition: u16,
    code: String,
    name_zh: String,
    name_en: String,
    industry: KeyIndustry,
    confidence: Confidence,
}

/// An industry as law and plans word it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyIndustry {
    /// 有色金属矿采选
    NonferrousMining,
    /// 有色金属冶炼
    NonferrousSmelting,
    /// 石油开采
    PetroleumExtraction,
    /// 石油加工
    PetroleumProcessing,
    /// 化工
    Chemicals,
    /// 电石法聚氯乙烯. The code covers every synthetic resin, so what it matches may also be made without carbide.
    CarbidePvc,
    /// 焦化
    Coking,
    /// 电镀. The code covers every surface and heat treatment of metal.
    Electroplating,
    /// 制革
    Tanning,
    /// 医药制造
    Pharmaceuticals,
    /// 铅酸蓄电池制造
    LeadAcidBatteries,
    /// 废旧电子拆解
    ElectronicWaste,
    /// 危险废物处理处置、综合利用
    HazardousWaste,
    /// 危险化学品生产、储存、使用. Production is in the chemical codes; use is in no code, and takes the licence list.
    HazardousChemicals,
    /// 垃圾填埋场
    Landfill,
    /// 垃圾焚烧厂
    WasteIncineration,
    /// 污泥处理处置设施
    SludgeTreatment,
    /// 电力. Guangdong's measures name the land of power works; the code is a reading of that, to be confirmed.
    Power,
    /// 燃气. As power.
    Gas,
}

use KeyIndustry::{
    CarbidePvc, Chemicals, Coking, ElectronicWaste, Electroplating, Gas, HazardousChemicals, HazardousWaste, Landfill,
    LeadAcidBatteries, NonferrousMining, NonferrousSmelting, PetroleumExtraction, PetroleumProcessing, Pharmaceuticals,
    Power, SludgeTreatment, Tanning, WasteIncineration,
};

impl KeyIndustry {
    /// The wording of law and plans.
    pub fn name(self) -> Text {
        match self {
            NonferrousMining => Text::fixed("有色金属矿采选", "non-ferrous metal mining and dressing"),
            NonferrousSmelting => Text::fixed("有色金属冶炼", "non-ferrous metal smelting"),
            PetroleumExtraction => Text::fixed("石油开采", "petroleum extraction"),
            PetroleumProcessing => Text::fixed("石油加工", "petroleum processing"),
            Chemicals => Text::fixed("化工", "chemicals"),
            CarbidePvc => Text::fixed("电石法聚氯乙烯", "PVC by the carbide process"),
            Coking => Text::fixed("焦化", "coking"),
            Electroplating => Text::fixed("电镀", "electroplating"),
            Tanning => Text::fixed("制革", "tanning"),
            Pharmaceuticals => Text::fixed("医药制造", "pharmaceuticals"),
            LeadAcidBatteries => Text::fixed("铅酸蓄电池制造", "lead-acid batteries"),
            ElectronicWaste => Text::fixed("废旧电子拆解", "dismantling of waste electronics"),
            HazardousWaste => Text::fixed("危险废物处理处置、综合利用", "hazardous waste treatment, disposal and use"),
            HazardousChemicals => Text::fixed("危险化学品储存", "storage of hazardous chemicals"),
            Landfill => Text::fixed("垃圾填埋场", "landfills"),
            WasteIncineration => Text::fixed("垃圾焚烧厂", "waste incinerators"),
            SludgeTreatment => Text::fixed("污泥处理处置设施", "sludge treatment and disposal"),
            Power => Text::fixed("电力", "electric power"),
            Gas => Text::fixed("燃气", "gas"),
        }
    }
}

/// Which industries count, by the duty in question: the sources name different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndustrySet {
    /// The six whose land is surveyed before it is taken back or changes use (土十条; Order 42 arts 2, 3).
    SurveySix,
    /// Land that served to store, use or dispose of hazardous waste (Order 42 arts 2, 3). What only stored or used it is in
    /// no industry code.
    HazardousWaste,
    /// Both of the above: what makes land a suspected site under Order 42.
    SuspectedSite,
    /// The eight under supervision: the six, non-ferrous mining and petroleum extraction (土十条; Alxa League).
    SupervisionEight,
    /// The focus list of Inner Mongolia's plan, with carbide PVC and the use of hazardous waste.
    InnerMongoliaFocus,
    /// The twelve of Yuancheng district's task table whose siting is controlled.
    YuanchengTwelve,
    /// The public facilities that Yuancheng district has surveyed like key industries. No code names them alone: unconfirmed.
    YuanchengFacilities,
    /// Twelve industries and five kinds of facilities of Guangdong's measures, art. 37. The twelve are read as those of
    /// Yuancheng's table; all of it is to be confirmed.
    GuangdongMeasures,
}

impl IndustrySet {
    /// The industries of the set.
    pub fn industries(self) -> &'static [KeyIndustry] {
        match self {
            IndustrySet::SurveySix => {
                &[NonferrousSmelting, PetroleumProcessing, Chemicals, Coking, Electroplating, Tanning]
            }
            IndustrySet::HazardousWaste => &[HazardousWaste],
            IndustrySet::SuspectedSite => {
                &[NonferrousSmelting, PetroleumProcessing, Chemicals, Coking, Electroplating, Tanning, HazardousWaste]
            }
            IndustrySet::SupervisionEight => &[
                NonferrousMining,
                NonferrousSmelting,
                PetroleumExtraction,
                PetroleumProcessing,
                Chemicals,
                Coking,
                Electroplating,
                Tanning,
            ],
            IndustrySet::InnerMongoliaFocus => &[
                NonferrousMining,
                NonferrousSmelting,
                Chemicals,
                Coking,
                Electroplating,
                Tanning,
                CarbidePvc,
                HazardousWaste,
            ],
            IndustrySet::YuanchengTwelve => &[
                NonferrousMining,
                NonferrousSmelting,
                PetroleumProcessing,
                Chemicals,
                Coking,
                Electroplating,
                Tanning,
                Pharmaceuticals,
                LeadAcidBatteries,
                ElectronicWaste,
                HazardousWaste,
                HazardousChemicals,
            ],
            IndustrySet::YuanchengFacilities => &[Landfill, WasteIncineration, SludgeTreatment],
            IndustrySet::GuangdongMeasures => &[
                NonferrousMining,
                NonferrousSmelting,
                PetroleumProcessing,
                Chemicals,
                Coking,
                Electroplating,
                Tanning,
                Pharmaceuticals,
                LeadAcidBatteries,
                ElectronicWaste,
                HazardousWaste,
                HazardousChemicals,
                Power,
                Gas,
                Landfill,
                WasteIncineration,
                SludgeTreatment,
            ],
        }
    }

    /// The provision that names the set, where it has a constant; the plans' own lists are told by the set's description.
    pub fn provision(self) -> Option<&'static Provision> {
        match self {
            IndustrySet::SurveySix | IndustrySet::HazardousWaste | IndustrySet::SuspectedSite => {
                Some(&law::ORDER_42_2_3)
            }
            IndustrySet::GuangdongMeasures => Some(&law::GUANGDONG_37),
            IndustrySet::SupervisionEight
            | IndustrySet::InnerMongoliaFocus
            | IndustrySet::YuanchengTwelve
            | IndustrySet::YuanchengFacilities => None,
        }
    }
}

/// A code of GB/T 4754: division, group or class, two to four digits. That the code is printed in the standard is not
/// checked beyond its division: the standard's full table is not part of this program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndustryCode(String);

impl IndustryCode {
    /// Reads two to four digits whose first two are a division, 01 to 97.
    ///
    /// # Errors
    /// `industry_code_unreadable`.
    pub fn parse(code: &str) -> Result<IndustryCode, Fault> {
        let digits = (2..=4).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
        let division = code.get(..2).and_then(|division| division.parse::<u8>().ok());
        if digits && division.is_some_and(|division| (1..=97).contains(&division)) {
            return Ok(IndustryCode(code.to_owned()));
        }
        Err(Fault::new(
            "",
            "industry_code_unreadable",
            Text::new(
                format!(
                    "“{code}”不是国民经济行业代码（GB/T 4754）：应为 2 至 4 位数字，前两位为大类 01–97，例如 2614，不带门类字母。"
                ),
                format!(
                    "`{code}` is not an industry code of GB/T 4754: two to four digits, the first two a division from 01 to \
                     97, for example 2614; without the section's letter."
                ),
            ),
        ))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for IndustryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a code is one of the industries that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Key(Match),
    /// It is too coarse to say: these industries lie below it, and others too.
    Undecided(Vec<KeyIndustry>),
    /// It is none of them.
    NotKey,
}

/// The row that a code was recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Which industry.
    pub industry: KeyIndustry,
    /// The printed code that covers the one asked.
    pub code: &'static str,
    /// The printed code's name.
    pub name: Text,
    /// Edition of GB/T 4754.
    pub edition: u16,
    /// How sure the mapping is.
    pub confidence: Confidence,
}

/// Where a code stands against the industries that count for a duty.
pub fn standing(code: &IndustryCode, set: IndustrySet) -> Standing {
    let rows = || TABLE.iter().filter(|row| set.industries().contains(&row.industry));
    // The finest row that covers the code says it best.
    if let Some(row) = rows().filter(|row| code.0.starts_with(&row.code)).max_by_key(|row| row.code.len()) {
        return Standing::Key(Match {
            industry: row.industry,
            code: &row.code,
            name: Text::new(row.name_zh.as_str(), row.name_en.as_str()),
            edition: row.edition,
            confidence: row.confidence,
        });
    }
    let mut below: Vec<KeyIndustry> = Vec::new();
    for row in rows().filter(|row| row.code.starts_with(&code.0)) {
        if !below.contains(&row.industry) {
            below.push(row.industry);
        }
    }
    if below.is_empty() { Standing::NotKey } else { Standing::Undecided(below) }
}

/// Whether a code counts for a duty, or may: one too coarse to say counts, for who knows more can say it with more digits.
pub fn may_be_key(code: &IndustryCode, set: IndustrySet) -> bool {
    standing(code, set) != Standing::NotKey
}

/// The industry of a code that certainly counts for a duty; `None` where it does not, or is too coarse to say (see
/// [`standing`]).
pub fn is_key_industry(code: &IndustryCode, set: IndustrySet) -> Option<KeyIndustry> {
    match standing(code, set) {
        Standing::Key(found) => Some(found.industry),
        Standing::Undecided(_) | Standing::NotKey => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn code(s: &str) -> IndustryCode {
        IndustryCode::parse(s).unwrap()
    }

    #[test]
    fn the_table_reads_and_every_industry_has_a_code() {
        assert!(TABLE.len() > 40);
        let keys: BTreeSet<_> = TABLE.iter().map(|row| (&row.code, row.industry.name().zh)).collect();
        assert_eq!(keys.len(), TABLE.len(), "a row is there twice");
        for row in TABLE.iter() {
            assert_eq!(IndustryCode::parse(&row.code).map(|code| code.0), Ok(row.code.clone()));
            assert!(row.name_en.is_ascii() && matches!(row.edition, 2011 | 2017), "{row:?}");
        }
        for set in [
            IndustrySet::SurveySix,
            IndustrySet::HazardousWaste,
            IndustrySet::SuspectedSite,
            IndustrySet::SupervisionEight,
            IndustrySet::InnerMongoliaFocus,
            IndustrySet::YuanchengTwelve,
            IndustrySet::YuanchengFacilities,
            IndustrySet::GuangdongMeasures,
        ] {
            for industry in set.industries() {
                assert!(TABLE.iter().any(|row| row.industry == *industry), "{industry:?}");
            }
        }
    }

    #[test]
    fn a_printed_code_covers_what_lies_below_it_and_nothing_beside_it() {
        for (given, expected) in [
            ("3212", Some(NonferrousSmelting)),
            ("321", Some(NonferrousSmelting)),
            ("3221", Some(NonferrousSmelting)),
            ("3239", Some(NonferrousSmelting)),
            ("3240", None),
            ("3251", None),
            ("324", None),
            ("2511", Some(PetroleumProcessing)),
            ("2519", Some(PetroleumProcessing)),
            ("2521", Some(Coking)),
            ("2520", Some(Coking)),
            ("2522", None),
            ("2530", None),
            ("2614", Some(Chemicals)),
            ("2651", Some(Chemicals)),
            ("2664", Some(Chemicals)),
            ("2671", None),
            ("2681", Some(Chemicals)),
            ("3360", Some(Electroplating)),
            ("3351", None),
            ("1910", Some(Tanning)),
            ("1931", Some(Tanning)),
            ("1932", None),
            ("7724", None),
            ("0911", None),
            ("2710", None),
            ("1311", None),
        ] {
            assert_eq!(is_key_industry(&code(given), IndustrySet::SurveySix), expected, "{given}");
        }
    }

    #[test]
    fn each_duty_has_its_own_industries() {
        for (given, set, expected) in [
            ("7724", IndustrySet::HazardousWaste, Some(HazardousWaste)),
            ("7724", IndustrySet::SuspectedSite, Some(HazardousWaste)),
            ("7723", IndustrySet::SuspectedSite, None),
            ("7724", IndustrySet::SupervisionEight, None),
            ("0912", IndustrySet::SupervisionEight, Some(NonferrousMining)),
            ("0711", IndustrySet::SupervisionEight, Some(PetroleumExtraction)),
            ("0721", IndustrySet::SupervisionEight, None),
            ("2651", IndustrySet::InnerMongoliaFocus, Some(CarbidePvc)),
            ("2511", IndustrySet::InnerMongoliaFocus, None),
            ("2720", IndustrySet::YuanchengTwelve, Some(Pharmaceuticals)),
            ("3843", IndustrySet::YuanchengTwelve, Some(LeadAcidBatteries)),
            ("3841", IndustrySet::YuanchengTwelve, None),
            ("5942", IndustrySet::YuanchengTwelve, Some(HazardousChemicals)),
            ("4620", IndustrySet::YuanchengFacilities, Some(SludgeTreatment)),
            ("4620", IndustrySet::SurveySix, None),
        ] {
            assert_eq!(is_key_industry(&code(given), set), expected, "{given} {set:?}");
        }
    }

    #[test]
    fn a_code_too_coarse_to_decide_is_not_taken_for_harmless() {
        for (given, below) in [
            ("32", vec![NonferrousSmelting]),
            ("25", vec![PetroleumProcessing, Coking]),
            ("252", vec![Coking]),
            ("26", vec![Chemicals]),
            ("19", vec![Tanning]),
            ("193", vec![Tanning]),
            ("33", vec![Electroplating]),
        ] {
            assert_eq!(standing(&code(given), IndustrySet::SurveySix), Standing::Undecided(below), "{given}");
            assert_eq!(is_key_industry(&code(given), IndustrySet::SurveySix), None);
        }
        assert_eq!(standing(&code("77"), IndustrySet::SurveySix), Standing::NotKey);
        assert_eq!(standing(&code("77"), IndustrySet::SuspectedSite), Standing::Undecided(vec![HazardousWaste]));
    }

    #[test]
    fn what_may_count_counts_and_what_stands_beside_does_not() {
        let counts = |given: &str, set| may_be_key(&code(given), set);
        for inside in ["3211", "3229", "2511", "2614", "2521", "3360", "1910", "1931", "32", "26", "7724"] {
            assert!(counts(inside, IndustrySet::SuspectedSite), "{inside}");
        }
        // 324 alloys and 325 rolling stand in division 32 but smelt nothing.
        for outside in ["3240", "3251", "0111", "5211", "2710", "7820"] {
            assert!(!counts(outside, IndustrySet::SuspectedSite), "{outside}");
        }
        let facilities = IndustrySet::YuanchengFacilities;
        assert!(counts("7820", facilities) && !counts("2614", facilities));
        for inside in ["2710", "2614", "7820", "4411", "4511", "0911", "44", "441", "45"] {
            assert!(counts(inside, IndustrySet::GuangdongMeasures), "{inside}");
        }
        assert!(!counts("5211", IndustrySet::GuangdongMeasures) && !counts("4430", IndustrySet::GuangdongMeasures));
    }

    #[test]
    fn the_match_says_by_which_row_and_how_surely() {
        let Standing::Key(found) = standing(&code("3212"), IndustrySet::SurveySix) else { panic!("3212 is smelting") };
        assert_eq!((found.code, found.confidence, found.edition), ("3212", Confidence::Verified, 2017));
        assert_eq!(found.name, Text::fixed("铅锌冶炼", "Lead and zinc smelting"));
        let Standing::Key(found) = standing(&code("3222"), IndustrySet::SurveySix) else { panic!("322 is smelting") };
        assert_eq!((found.code, found.confidence), ("322", Confidence::Recalled));
        let Standing::Key(found) = standing(&code("4210"), IndustrySet::YuanchengTwelve) else { panic!("4210 counts") };
        assert_eq!(found.confidence, Confidence::Unconfirmed);
    }

    #[test]
    fn only_two_to_four_digits_of_a_division_are_a_code() {
        for good in ["01", "97", "261", "2614"] {
            assert_eq!(IndustryCode::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "2", "26140", "C2614", "00", "9811", "26 4", "２６", "2614 ", "-26"] {
            assert_eq!(IndustryCode::parse(bad).unwrap_err().code, "industry_code_unreadable", "{bad}");
        }
    }
}
