//! Codes of land use in the three systems that are met, and what the soil rules ask of them.
//!
//! `land_use.csv` has one row per printed code: `system`, `code`, `name_zh`, `name_en`, `gb36600_class` (`1`, `2`,
//! `farmland`; `subtype` where the class turns on more than the code says; `unplaced` where the mapping has no word for it),
//! `group` (what kind of land it is) and `facility` (what a school, hospital or home rule looks for). The codes are recalled;
//! the mapping to the classes of GB 36600 is engineering practice after the standard's section 4, recalled as well. That an
//! unclear use is held to class 1 is the standard's own rule (5.3.1), verified.
//!
//! A code given coarsely (`08`, `A3`) is understood as all that lies below it, and may be answered with "possibly".

use crate::kernel::{Confidence, Fault, Text};
use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("land_use.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .expect("land_use.csv is a table of its columns")
});

#[derive(Debug, serde::Deserialize)]
struct Row {
    system: LandUseSystem,
    code: String,
    name_zh: String,
    name_en: String,
    gb36600_class: ClassCell,
    group: Group,
    facility: Option<Facility>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
enum ClassCell {
    #[serde(rename = "1")]
    One,
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "farmland")]
    Farmland,
    #[serde(rename = "subtype")]
    Subtype,
    #[serde(rename = "unplaced")]
    Unplaced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Facility {
    School,
    Medical,
    Elderly,
    /// Social welfare without a word on for whom; homes for the elderly among it.
    Welfare,
    /// Service land of a neighbourhood: kindergarten, clinic, day care.
    Community,
}

/// A printed system of land-use codes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub enum LandUseSystem {
    /// 土地利用现状分类: land surveys and older permits.
    #[serde(rename = "GB/T 21010-2017")]
    GbT21010,
    /// 国土空间调查、规划、用途管制用地用海分类指南（自然资发〔2023〕234号）
    #[serde(rename = "LUSC-2023")]
    Lusc2023,
    /// 城市用地分类与规划建设用地标准: older town plans, and the letters that GB 36600 uses.
    #[serde(rename = "GB 50137-2011")]
    Gb50137,
}

impl LandUseSystem {
    /// Every system.
    pub const ALL: [LandUseSystem; 3] = [LandUseSystem::GbT21010, LandUseSystem::Lusc2023, LandUseSystem::Gb50137];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            LandUseSystem::GbT21010 => "GB/T 21010-2017",
            LandUseSystem::Lusc2023 => "LUSC-2023",
            LandUseSystem::Gb50137 => "GB 50137-2011",
        }
    }

    /// Reads the name on the wire.
    ///
    /// # Errors
    /// `land_use_system_unknown`, naming the three.
    pub fn parse(s: &str) -> Result<LandUseSystem, Fault> {
        LandUseSystem::ALL.into_iter().find(|system| system.as_str() == s).ok_or_else(|| {
            let known = LandUseSystem::ALL.map(LandUseSystem::as_str);
            Fault::new(
                "",
                "land_use_system_unknown",
                Text::new(
                    format!("用地分类“{s}”不在可用的分类之中：{}。", known.join("、")),
                    format!("`{s}` is not a system of land-use codes; there are {}.", known.join(", ")),
                ),
            )
        })
    }
}

impl std::fmt::Display for LandUseSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of land a code is, across the systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// 耕地
    Farmland,
    /// 园地
    Garden,
    /// 林地
    Forest,
    /// 草地
    Grassland,
    /// 湿地
    Wetland,
    /// 农业设施建设用地
    RuralFacility,
    /// 居住用地
    Housing,
    /// 公共管理与公共服务用地
    PublicService,
    /// 商业服务业用地
    Commercial,
    /// 工业用地
    Industrial,
    /// 采矿用地、盐田
    Mining,
    /// 仓储用地
    Storage,
    /// 交通运输用地
    Transport,
    /// 公用设施用地. In GB/T 21010 a part of class 08.
    Utilities,
    /// 绿地与广场. In GB/T 21010 a part of class 08.
    Green,
    /// 特殊用地
    Special,
    /// 水域
    Water,
    /// 用海
    Sea,
    /// 其他土地
    Other,
    /// 留白用地、城乡居民点建设用地: may become anything.
    Open,
}

/// A use that a rule asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// 居住用地 (住宅用地 in the Soil Law).
    Housing,
    /// 公共管理与公共服务用地, by the province's reading.
    PublicService(PublicServiceReading),
    /// 商业用地. Surveyed under 土十条 and class 2 in GB 36600 all the same.
    Commercial,
    /// 学校: schools of every kind, kindergartens and universities among them.
    School,
    /// 医疗
    Medical,
    /// 养老机构
    Elderly,
}

/// Whether a code is of a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Nothing under the code is.
    No,
    /// Something under the code may be.
    Possibly,
    /// Everything under the code is.
    Yes,
}

/// How a province reads "public administration and public service land" for codes of GB/T 21010, where utilities (0809) and
/// parks (0810) lie inside class 08; the guide of 2023 prints them outside, as classes 13 and 14, and GB 50137 as U and G.
/// Which reading applies is unconfirmed: an answer that turns on it ([`LandUse::turns_on_reading`]) says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicServiceReading {
    /// Class 08 as GB/T 21010 prints it: utilities and parks are in. The default, because it holds more land back.
    #[default]
    Wide,
    /// Class 08 as the guide of 2023 prints it: utilities and parks are out.
    Narrow,
}

impl PublicServiceReading {
    /// How well it is known which reading applies.
    pub const CONFIDENCE: Confidence = Confidence::Unconfirmed;
}

/// The class of land whose limit values apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoilClass {
    /// 第一类用地 (GB 36600)
    Class1,
    /// 第二类用地 (GB 36600)
    Class2,
    /// 农用地: GB 15618 applies in the place of GB 36600.
    Farmland,
}

/// A class, and whether it was read off the code or had to be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassReading {
    /// The class to hold the land to.
    pub class: SoilClass,
    /// Why class 1 had to be assumed, where the code does not settle the class.
    pub assumed: Option<Text>,
    /// How well the mapping, or the rule behind the assumption, is known.
    pub confidence: Confidence,
}

/// A printed land-use code of one of the systems.
#[derive(Debug, Clone, Copy)]
pub struct LandUse(&'static Row);

impl PartialEq for LandUse {
    fn eq(&self, other: &LandUse) -> bool {
        (self.0.system, &self.0.code) == (other.0.system, &other.0.code)
    }
}

impl Eq for LandUse {}

impl LandUse {
    /// Reads a code of a system; small letters of GB 50137 are taken as capitals.
    ///
    /// # Errors
    /// `land_use_code_unknown`, naming the printed codes nearest to it, and the system that does print it, where one does.
    pub fn parse(system: LandUseSystem, code: &str) -> Result<LandUse, Fault> {
        let code = code.trim().to_ascii_uppercase();
        if let Some(row) = TABLE.iter().find(|row| row.system == system && row.code == code) {
            return Ok(LandUse(row));
        }
        let near = near(system, &code);
        let near_zh: Vec<String> = near.iter().map(|row| format!("{} {}", row.code, row.name_zh)).collect();
        let near_en: Vec<String> = near.iter().map(|row| format!("{} {}", row.code, row.name_en)).collect();
        let elsewhere: Vec<&str> = TABLE.iter().filter(|row| row.code == code).map(|row| row.system.as_str()).collect();
        let (also_zh, also_en) = if elsewhere.is_empty() {
            (String::new(), String::new())
        } else {
            (
                format!("该代码见于 {}，请核对所选分类。", elsewhere.join("、")),
                format!(" {} prints it; check the system.", elsewhere.join(" and ")),
            )
        };
        Err(Fault::new(
            "",
            "land_use_code_unknown",
            Text::new(
                format!("{system} 没有代码“{code}”。相近的代码：{}。{also_zh}", near_zh.join("、")),
                format!("{system} prints no code `{code}`. Near ones: {}.{also_en}", near_en.join(", ")),
            ),
        ))
    }

    /// Every code of a system, in printed order.
    pub fn all(system: LandUseSystem) -> impl Iterator<Item = LandUse> {
        TABLE.iter().filter(move |row| row.system == system).map(LandUse)
    }

    /// The system.
    pub fn system(self) -> LandUseSystem {
        self.0.system
    }

    /// The code as printed.
    pub fn code(self) -> &'static str {
        &self.0.code
    }

    /// The name as printed, and in English.
    pub fn name(self) -> Text {
        Text::new(self.0.name_zh.as_str(), self.0.name_en.as_str())
    }

    /// What kind of land it is.
    pub fn group(self) -> Group {
        self.0.group
    }

    /// The code one level up, where there is one.
    pub fn parent(self) -> Option<LandUse> {
        let step = if self.0.system == LandUseSystem::Gb50137 { 1 } else { 2 };
        let above = self.0.code.get(..self.0.code.len().checked_sub(step)?)?;
        TABLE.iter().find(|row| row.system == self.0.system && row.code == above).map(LandUse)
    }

    /// Whether this code is `other` or lies below it in the same system: 080403 is within 0804 and within 08.
    pub fn is_within(self, other: LandUse) -> bool {
        self.0.system == other.0.system && self.0.code.starts_with(&other.0.code)
    }

    /// The class whose limit values apply; class 1 where the code leaves it open (GB 36600-2018, 5.3.1).
    pub fn gb36600_class(self) -> ClassReading {
        let certain = |class| ClassReading { class, assumed: None, confidence: Confidence::Recalled };
        let assume = |zh: String, en: String| ClassReading {
            class: SoilClass::Class1,
            assumed: Some(Text::new(zh, en)),
            confidence: Confidence::Verified,
        };
        let (code, name) = (&self.0.code, self.name());
        match self.0.gb36600_class {
            ClassCell::One => certain(SoilClass::Class1),
            ClassCell::Two => certain(SoilClass::Class2),
            ClassCell::Farmland => certain(SoilClass::Farmland),
            ClassCell::Subtype => assume(
                format!(
                    "{code} {}既可能含第一类用地，也可能含第二类用地，代码未说明；规划用途不明确的按第一类用地（GB 36600-2018 第5.3.1条）。",
                    name.zh
                ),
                format!(
                    "{code} {} may hold land of class 1 and of class 2, and the code does not say which; an unclear use is \
                     held to class 1 (GB 36600-2018, 5.3.1).",
                    name.en
                ),
            ),
            ClassCell::Unplaced => assume(
                format!(
                    "{code} {}未列入 GB 36600 用地分类的对应表；规划用途不明确的按第一类用地（GB 36600-2018 第5.3.1条）。",
                    name.zh
                ),
                format!(
                    "{code} {} has no place in the mapping to the classes of GB 36600; an unclear use is held to class 1 \
                     (GB 36600-2018, 5.3.1).",
                    name.en
                ),
            ),
        }
    }

    /// Whether the land is of a use: yes and no where everything under the code agrees, else possibly.
    pub fn holds(self, wanted: Use) -> Holds {
        let below = || TABLE.iter().filter(|row| row.system == self.0.system && row.code.starts_with(&self.0.code));
        let leaves = below()
            .filter(|row| !below().any(|finer| finer.code.len() > row.code.len() && finer.code.starts_with(&row.code)));
        let mut answers = leaves.map(|row| row.holds(wanted));
        let first = answers.next().unwrap_or(Holds::No);
        if answers.all(|answer| answer == first) { first } else { Holds::Possibly }
    }

    /// Certainly housing.
    pub fn is_housing(self) -> bool {
        self.holds(Use::Housing) == Holds::Yes
    }

    /// Certainly public administration and public service land, by the province's reading.
    pub fn is_public_service(self, reading: PublicServiceReading) -> bool {
        self.holds(Use::PublicService(reading)) == Holds::Yes
    }

    /// Whether the two readings of public service land give different answers for this code.
    pub fn turns_on_reading(self) -> bool {
        self.holds(Use::PublicService(PublicServiceReading::Wide))
            != self.holds(Use::PublicService(PublicServiceReading::Narrow))
    }

    /// Certainly commercial.
    pub fn is_commercial(self) -> bool {
        self.holds(Use::Commercial) == Holds::Yes
    }

    /// Certainly a school.
    pub fn is_school(self) -> bool {
        self.holds(Use::School) == Holds::Yes
    }

    /// Certainly medical.
    pub fn is_medical(self) -> bool {
        self.holds(Use::Medical) == Holds::Yes
    }

    /// Certainly for the elderly.
    pub fn is_elderly(self) -> bool {
        self.holds(Use::Elderly) == Holds::Yes
    }
}

impl std::fmt::Display for LandUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0.system, self.0.code)
    }
}

impl Row {
    fn holds(&self, wanted: Use) -> Holds {
        if self.group == Group::Open {
            return Holds::Possibly;
        }
        let yes = |is: bool| if is { Holds::Yes } else { Holds::No };
        match wanted {
            Use::Housing => yes(self.group == Group::Housing),
            Use::Commercial => yes(self.group == Group::Commercial),
            Use::PublicService(reading) => yes(self.group == Group::PublicService
                // Printed inside class 08 by GB/T 21010 only.
                || (reading == PublicServiceReading::Wide
                    && self.system == LandUseSystem::GbT21010
                    && matches!(self.group, Group::Utilities | Group::Green))),
            Use::School => match self.facility {
                Some(Facility::School) => Holds::Yes,
                Some(Facility::Community) => Holds::Possibly,
                _ => Holds::No,
            },
            Use::Medical => match self.facility {
                Some(Facility::Medical) => Holds::Yes,
                Some(Facility::Community) => Holds::Possibly,
                _ => Holds::No,
            },
            Use::Elderly => match self.facility {
                Some(Facility::Elderly) => Holds::Yes,
                Some(Facility::Community | Facility::Welfare) => Holds::Possibly,
                _ => Holds::No,
            },
        }
    }
}

/// The printed codes nearest to one that is not: those that share most of its beginning, the shortest of them first.
fn near(system: LandUseSystem, code: &str) -> Vec<&'static Row> {
    let shared = |row: &Row| row.code.bytes().zip(code.bytes()).take_while(|(a, b)| a == b).count();
    let mut rows: Vec<&'static Row> = TABLE.iter().filter(|row| row.system == system).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(shared(row)), row.code.len()));
    rows.truncate(6);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use LandUseSystem::{Gb50137, GbT21010, Lusc2023};
    use PublicServiceReading::{Narrow, Wide};
    use std::collections::BTreeSet;

    fn land(system: LandUseSystem, code: &str) -> LandUse {
        LandUse::parse(system, code).unwrap()
    }

    #[test]
    fn the_table_reads_and_every_code_hangs_under_a_printed_one() {
        let keys: BTreeSet<_> = TABLE.iter().map(|row| (row.system, &row.code)).collect();
        assert_eq!(keys.len(), TABLE.len(), "a code is there twice");
        for row in TABLE.iter() {
            let top = if row.system == Gb50137 { 1 } else { 2 };
            assert_eq!(LandUse(row).parent().is_none(), row.code.len() == top, "{row:?}");
            assert!(row.name_en.is_ascii() && !row.name_zh.is_ascii(), "{row:?}");
        }
        assert_eq!(LandUse::all(GbT21010).filter(|land| land.parent().is_none()).count(), 12);
        assert_eq!(LandUse::all(GbT21010).filter(|land| land.parent().is_some()).count(), 73);
        assert_eq!(LandUse::all(Lusc2023).filter(|land| land.parent().is_none()).count(), 24);
    }

    #[test]
    fn systems_have_their_names_on_the_wire() {
        for system in LandUseSystem::ALL {
            assert_eq!(LandUseSystem::parse(system.as_str()), Ok(system));
            assert_eq!(serde_json::to_value(system).unwrap(), system.as_str());
        }
        let fault = LandUseSystem::parse("GB/T 21010").unwrap_err();
        assert_eq!(fault.code, "land_use_system_unknown");
        assert!(fault.message.zh.contains("LUSC-2023"));
    }

    #[test]
    fn an_unknown_code_is_refused_with_near_ones() {
        let fault = LandUse::parse(GbT21010, "0811").unwrap_err();
        assert_eq!(fault.code, "land_use_code_unknown");
        assert!(fault.message.zh.contains("0810 公园与绿地") && fault.message.en.contains("0810 Parks"), "{fault:?}");
        let fault = LandUse::parse(GbT21010, "080403").unwrap_err();
        assert!(
            fault.message.zh.contains("该代码见于 LUSC-2023") && fault.message.zh.contains("0804 科研用地"),
            "{fault:?}"
        );
        for (system, code) in [(Lusc2023, "R2"), (Gb50137, "07"), (Gb50137, "R2B1"), (Lusc2023, ""), (Lusc2023, "7")] {
            let fault = LandUse::parse(system, code).unwrap_err();
            assert_eq!(
                (fault.code, fault.message.zh.matches('、').count() >= 5),
                ("land_use_code_unknown", true),
                "{code}"
            );
        }
        assert_eq!(land(Gb50137, "a33").code(), "A33");
    }

    #[test]
    fn levels_are_understood() {
        let school = land(Lusc2023, "080403");
        assert_eq!(school.parent(), Some(land(Lusc2023, "0804")));
        assert!(school.is_within(land(Lusc2023, "08")) && school.is_within(school));
        assert!(!land(Lusc2023, "08").is_within(school));
        assert!(!land(GbT21010, "0804").is_within(land(Lusc2023, "08")));
        assert_eq!(land(Gb50137, "A33").parent(), Some(land(Gb50137, "A3")));
    }

    #[test]
    fn the_mapping_to_the_classes_of_gb_36600_is_the_rulebook_s() {
        use SoilClass::{Class1, Class2, Farmland};
        for (system, codes, class, assumed) in [
            (Gb50137, &["R", "R2", "R22", "A33", "A5", "A51", "A6"][..], Class1, false),
            (
                Lusc2023,
                &["07", "070102", "0704", "080403", "080404", "0806", "080602", "0807", "080701"],
                Class1,
                false,
            ),
            (GbT21010, &["07", "0701", "0702", "0805", "0806"], Class1, false),
            (
                Gb50137,
                &["A1", "A2", "A31", "A35", "A4", "A7", "A9", "B", "B41", "M3", "W", "S42", "U22", "G2", "G3"],
                Class2,
                false,
            ),
            (
                Lusc2023,
                &[
                    "0801", "0802", "0803", "080401", "080402", "080405", "0805", "09", "0902", "10", "100103", "11",
                    "12", "13", "1402", "1403",
                ],
                Class2,
                false,
            ),
            (
                GbT21010,
                &["05", "0507", "06", "0601", "0801", "0802", "0804", "0807", "0808", "0809", "10"],
                Class2,
                false,
            ),
            (GbT21010, &["01", "0103", "02", "03", "0404"], Farmland, false),
            (Lusc2023, &["01", "0102", "0204", "0304", "04"], Farmland, false),
            // Left open by the code: class 1, and said so.
            (GbT21010, &["08", "0803", "0810", "09", "12"], Class1, true),
            (Lusc2023, &["08", "0804", "14", "1401", "15", "16", "1701"], Class1, true),
            (Gb50137, &["A", "A3", "G", "G1", "H1", "E2"], Class1, true),
        ] {
            for code in codes {
                let reading = land(system, code).gb36600_class();
                assert_eq!((reading.class, reading.assumed.is_some()), (class, assumed), "{system} {code}");
                let confidence = if assumed { Confidence::Verified } else { Confidence::Recalled };
                assert_eq!(reading.confidence, confidence);
            }
        }
        let why = land(GbT21010, "0803").gb36600_class().assumed.unwrap();
        assert!(why.zh.contains("0803 教育用地") && why.zh.contains("5.3.1") && why.en.contains("held to class 1"));
    }

    #[test]
    fn housing_and_commerce_are_read_in_every_system() {
        for (system, code) in
            [(GbT21010, "07"), (GbT21010, "0702"), (Lusc2023, "0701"), (Lusc2023, "0702"), (Gb50137, "R3")]
        {
            assert!(land(system, code).is_housing() && !land(system, code).is_commercial(), "{system} {code}");
        }
        for (system, code) in [(GbT21010, "0505"), (Lusc2023, "090102"), (Gb50137, "B"), (Gb50137, "B14")] {
            assert!(land(system, code).is_commercial() && !land(system, code).is_housing(), "{system} {code}");
            assert_eq!(land(system, code).gb36600_class().class, SoilClass::Class2);
        }
        for (system, code) in [(Lusc2023, "16"), (Gb50137, "H1"), (Gb50137, "H")] {
            for wanted in [Use::Housing, Use::Commercial, Use::PublicService(Wide), Use::School, Use::Elderly] {
                assert_eq!(land(system, code).holds(wanted), Holds::Possibly, "{system} {code} {wanted:?}");
            }
        }
        assert_eq!(land(GbT21010, "0601").holds(Use::Housing), Holds::No);
    }

    #[test]
    fn public_service_land_is_wider_in_gb_t_21010_by_one_reading() {
        for (system, code, wide, narrow) in [
            (GbT21010, "0801", Holds::Yes, Holds::Yes),
            (GbT21010, "0809", Holds::Yes, Holds::No),
            (GbT21010, "0810", Holds::Yes, Holds::No),
            (GbT21010, "08", Holds::Yes, Holds::Possibly),
            (GbT21010, "0604", Holds::No, Holds::No),
            (Lusc2023, "08", Holds::Yes, Holds::Yes),
            (Lusc2023, "080403", Holds::Yes, Holds::Yes),
            (Lusc2023, "13", Holds::No, Holds::No),
            (Lusc2023, "1401", Holds::No, Holds::No),
            (Gb50137, "A", Holds::Yes, Holds::Yes),
            (Gb50137, "U2", Holds::No, Holds::No),
            (Gb50137, "G1", Holds::No, Holds::No),
        ] {
            let land = land(system, code);
            assert_eq!(land.holds(Use::PublicService(Wide)), wide, "{system} {code}");
            assert_eq!(land.holds(Use::PublicService(Narrow)), narrow, "{system} {code}");
            assert_eq!(land.turns_on_reading(), wide != narrow);
            assert_eq!(land.is_public_service(Narrow), narrow == Holds::Yes);
        }
        assert_eq!(PublicServiceReading::default(), Wide);
        assert_eq!(PublicServiceReading::CONFIDENCE, Confidence::Unconfirmed);
    }

    #[test]
    fn schools_hospitals_and_homes_are_told_apart() {
        for (system, code, school, medical, elderly) in [
            (GbT21010, "0803", Holds::Yes, Holds::No, Holds::No),
            (GbT21010, "0805", Holds::No, Holds::Yes, Holds::No),
            (GbT21010, "0806", Holds::No, Holds::No, Holds::Possibly),
            (GbT21010, "0804", Holds::No, Holds::No, Holds::No),
            (Lusc2023, "0804", Holds::Yes, Holds::No, Holds::No),
            (Lusc2023, "080401", Holds::Yes, Holds::No, Holds::No),
            (Lusc2023, "080602", Holds::No, Holds::Yes, Holds::No),
            (Lusc2023, "080701", Holds::No, Holds::No, Holds::Yes),
            (Lusc2023, "080702", Holds::No, Holds::No, Holds::No),
            (Lusc2023, "0807", Holds::No, Holds::No, Holds::Possibly),
            (Lusc2023, "08", Holds::Possibly, Holds::Possibly, Holds::Possibly),
            (Lusc2023, "0702", Holds::Possibly, Holds::Possibly, Holds::Possibly),
            (Gb50137, "A33", Holds::Yes, Holds::No, Holds::No),
            (Gb50137, "A3", Holds::Possibly, Holds::No, Holds::No),
            (Gb50137, "A35", Holds::No, Holds::No, Holds::No),
            (Gb50137, "A5", Holds::No, Holds::Yes, Holds::No),
            (Gb50137, "A6", Holds::No, Holds::No, Holds::Possibly),
            (Gb50137, "R22", Holds::Possibly, Holds::Possibly, Holds::Possibly),
            (Gb50137, "R21", Holds::No, Holds::No, Holds::No),
        ] {
            let land = land(system, code);
            let found = (land.holds(Use::School), land.holds(Use::Medical), land.holds(Use::Elderly));
            assert_eq!(found, (school, medical, elderly), "{system} {code}");
            let certain = (land.is_school(), land.is_medical(), land.is_elderly());
            assert_eq!(certain, (school == Holds::Yes, medical == Holds::Yes, elderly == Holds::Yes));
        }
    }
}
