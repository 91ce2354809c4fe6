//! The indicators' definitions and the targets that plans set, as data (rulebook section 7).

use super::Indicator;
use crate::kernel::{Confidence, Decimal, Provision, Text};
use crate::standards::law;

/// How a figure comes of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Per cent, of areas in m².
    AreaShare,
    /// Per cent, of a number of things.
    CountShare,
    /// The amount after less the amount before, m².
    Change,
}

/// How a target is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub enum Operator {
    /// 左右
    #[serde(rename = "≈")]
    About,
    /// 以上、不低于
    #[serde(rename = "≥")]
    AtLeast,
}

/// A target that a plan sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// First digits of the divisions it is set for; empty is the nation.
    pub jurisdiction: &'static str,
    /// The year it is set for; `None`: every year.
    pub year: Option<i32>,
    /// How it is to be read.
    pub operator: Operator,
    /// Hundredths of a per cent, or of the measure's unit; `None`: the plan gives no number.
    pub hundredths: Option<i64>,
    /// As the plan words it.
    pub wording: Text,
    /// The plan.
    pub provision: &'static Provision,
    /// How well it is known.
    pub confidence: Confidence,
}

impl Target {
    /// The number, in per cent or the measure's unit.
    pub fn value(&self) -> Option<Decimal> {
        self.hundredths.map(|hundredths| Decimal::new(hundredths, 2).normalize())
    }
}

/// An indicator.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    /// Which.
    pub indicator: Indicator,
    /// What it is called.
    pub title: Text,
    /// How it is counted.
    pub formula: Text,
    /// What the numerator is.
    pub numerator: Text,
    /// What the denominator is.
    pub denominator: Text,
    /// How figures come of rows.
    pub measure: Measure,
    /// What the formula rests on.
    pub provisions: &'static [&'static Provision],
    /// How well the formula is known.
    pub confidence: Confidence,
    /// What this registry's count leaves out or takes for granted.
    pub caveat: Text,
    /// The targets, the nation's first.
    pub targets: &'static [Target],
}

impl Definition {
    /// The targets that are set for a division: the nation's and those of its own plans.
    pub fn targets_in<'a>(&'a self, division: &'a str) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| division.starts_with(target.jurisdiction))
    }
}

const fn target(
    jurisdiction: &'static str,
    year: i32,
    operator: Operator,
    hundredths: i64,
    wording: Text,
    provision: &'static Provision,
    confidence: Confidence,
) -> Target {
    Target { jurisdiction, year: Some(year), operator, hundredths: Some(hundredths), wording, provision, confidence }
}

const fn without_number(jurisdiction: &'static str, year: i32, wording: Text, provision: &'static Provision) -> Target {
    Target {
        jurisdiction,
        year: Some(year),
        operator: AtLeast,
        hundredths: None,
        wording,
        provision,
        confidence: Verified,
    }
}

use Confidence::{Recalled, Unconfirmed, Verified};
use Operator::{About, AtLeast};

const SAFE_USE_TARGETS: &[Target] = &[
    target("", 2020, About, 9_000, Text::fixed("90%左右", "about 90 %"), &law::PLAN_STATE_TARGETS, Verified),
    target("", 2025, About, 9_300, Text::fixed("93%左右", "about 93 %"), &law::FIVE_YEAR_14_SOIL, Recalled),
    target("", 2027, AtLeast, 9_400, Text::fixed("94%以上", "at least 94 %"), &law::SOURCE_PLAN_TARGETS, Verified),
    target("", 2030, AtLeast, 9_500, Text::fixed("95%以上", "at least 95 %"), &law::PLAN_STATE_TARGETS, Verified),
    target(
        "15",
        2020,
        AtLeast,
        9_800,
        Text::fixed("98%以上", "at least 98 %"),
        &law::PLAN_INNER_MONGOLIA_TARGETS,
        Verified,
    ),
    target("1529", 2020, About, 9_000, Text::fixed("90%左右", "about 90 %"), &law::PLAN_ALXA_TARGETS, Verified),
    target("1529", 2030, AtLeast, 9_500, Text::fixed("95%以上", "at least 95 %"), &law::PLAN_ALXA_TARGETS, Verified),
    without_number(
        "441602",
        2020,
        Text::fixed("完成省、市下达的任务", "as province and city set"),
        &law::PLAN_YUANCHENG_TARGETS,
    ),
    without_number(
        "1406",
        2021,
        Text::fixed("满足省级考核要求", "as the province's assessment asks"),
        &law::PLAN_SHUOZHOU_TARGETS,
    ),
];

static K1: Definition = Definition {
    indicator: Indicator::K1,
    title: Text::fixed(
        "受污染耕地安全利用率（试行核算方法）",
        "Share of polluted cultivated land used safely (trial method)",
    ),
    formula: Text::fixed(
        "A＝(B＋C＋D)÷E×100%。B：已采取优先保护措施的轻微污染耕地；C：已采取安全利用或治理修复措施且农产品达标的轻中度污染耕地；D：已采取严格管控措施的重度污染耕地；E：全部受污染耕地（轻微＋轻中度＋重度）。同一地块不重复计。",
        "A = (B + C + D) / E × 100 %. B: slightly polluted land under priority-protection measures; C: lightly and moderately \
         polluted land under safe-use or remediation measures with products up to standard; D: heavily polluted land under \
         strict control; E: all polluted cultivated land. No plot is counted twice.",
    ),
    numerator: Text::fixed("B＋C＋D，平方米", "B + C + D, m²"),
    denominator: Text::fixed("E，平方米", "E, m²"),
    measure: Measure::AreaShare,
    provisions: &[&law::SAFE_USE_RATE_METHOD],
    confidence: Verified,
    caveat: Text::fixed(
        "类别本身不区分未污染与轻微污染：登记有优先保护措施的优先保护类耕地计为轻微污染，其余优先保护类不计入分母。",
        "The classes do not tell unpolluted land from slightly polluted: priority land with a priority-protection measure on \
         record is counted as slightly polluted, other priority land stays out of the denominator.",
    ),
    targets: SAFE_USE_TARGETS,
};

static K1B: Definition = Definition {
    indicator: Indicator::K1b,
    title: Text::fixed(
        "受污染耕地安全利用率（按类别面积）",
        "Share of polluted cultivated land used safely (by class)",
    ),
    formula: Text::fixed(
        "安全利用类、严格管控类耕地中已采取相应措施且（安全利用类）农产品达标的面积÷两类耕地总面积×100%。",
        "Area of safe-use and strict-control cultivated land under its measures (for safe use: with products up to standard) \
         ÷ area of both classes × 100 %.",
    ),
    numerator: Text::fixed(
        "落实措施的安全利用类、严格管控类耕地，平方米",
        "Safe-use and strict-control land under its measures, m²",
    ),
    denominator: Text::fixed("安全利用类、严格管控类耕地，平方米", "Safe-use and strict-control land, m²"),
    measure: Measure::AreaShare,
    provisions: &[&law::PRODUCT_K1B],
    confidence: Unconfirmed,
    caveat: Text::fixed(
        "“十四五”“十五五”核算方法未核。",
        "The method of the 14th and 15th five-year plans was not at hand.",
    ),
    targets: SAFE_USE_TARGETS,
};

static K2: Definition = Definition {
    indicator: Indicator::K2,
    title: Text::fixed("污染地块安全利用率", "Share of contaminated sites used safely"),
    formula: Text::fixed(
        "符合规划用地土壤环境质量要求的再开发利用污染地块面积÷全部再开发利用污染地块面积×100%；未再开发的不计入。",
        "Area of contaminated sites taken into use again that meet what the planned use asks of the soil ÷ area of all \
         contaminated sites taken into use again × 100 %; sites left idle are outside both.",
    ),
    numerator: Text::fixed("符合要求的再开发面积，平方米", "Area taken into use that meets the requirement, m²"),
    denominator: Text::fixed("全部再开发面积，平方米", "All area taken into use, m²"),
    measure: Measure::AreaShare,
    provisions: &[&law::PLAN_STATE_TARGETS],
    confidence: Recalled,
    caveat: Text::fixed(
        "历年累计；以登记的再开发利用决定为准，年末所处阶段为风险可接受、移出名录、后期管理或非污染地块的视为符合要求。",
        "Added up over all years; by the decisions on record; a site that at the end of the year is risk-acceptable, delisted, \
         in aftercare or found not contaminated is taken to meet the requirement.",
    ),
    targets: &[
        target("", 2020, AtLeast, 9_000, Text::fixed("90%以上", "at least 90 %"), &law::PLAN_STATE_TARGETS, Verified),
        target("", 2030, AtLeast, 9_500, Text::fixed("95%以上", "at least 95 %"), &law::PLAN_STATE_TARGETS, Verified),
        target(
            "15",
            2020,
            AtLeast,
            9_000,
            Text::fixed("不低于90%", "no less than 90 %"),
            &law::PLAN_INNER_MONGOLIA_TARGETS,
            Verified,
        ),
        target(
            "1529",
            2020,
            AtLeast,
            9_000,
            Text::fixed("90%以上", "at least 90 %"),
            &law::PLAN_ALXA_TARGETS,
            Verified,
        ),
        target(
            "1529",
            2030,
            AtLeast,
            9_500,
            Text::fixed("95%以上", "at least 95 %"),
            &law::PLAN_ALXA_TARGETS,
            Verified,
        ),
        without_number(
            "1406",
            2021,
            Text::fixed("满足省级考核要求", "as the province's assessment asks"),
            &law::PLAN_SHUOZHOU_TARGETS,
        ),
    ],
};

static K3: Definition = Definition {
    indicator: Indicator::K3,
    title: Text::fixed("重点建设用地安全利用", "Safe use of key building land"),
    formula: Text::fixed(
        "当年变更为住宅、公共管理与公共服务用地的地块中，划拨决定书或出让合同之前已完成调查（及必要的风险评估、修复）的面积÷全部面积×100%。",
        "Of the land given to housing and to public administration and service in the year, the area whose survey (and risk \
         assessment and remediation where needed) was done before the allocation or the grant ÷ all of it × 100 %.",
    ),
    numerator: Text::fixed("此前已完成调查的面积，平方米", "Area surveyed before, m²"),
    denominator: Text::fixed("变更为“一住两公”的面积，平方米", "Area given to housing and public uses, m²"),
    measure: Measure::AreaShare,
    provisions: &[&law::KEY_LAND_METHOD],
    confidence: Unconfirmed,
    caveat: Text::fixed(
        "范围与时点有据，公式未核；“有效保障”无数值目标。",
        "Scope and time are on record, the formula is not confirmed; \"effectively ensured\" has no number.",
    ),
    targets: &[Target {
        jurisdiction: "",
        year: Some(2025),
        operator: AtLeast,
        hundredths: None,
        wording: Text::fixed("得到有效保障", "effectively ensured"),
        provision: &law::KEY_LAND_METHOD,
        confidence: Verified,
    }],
};

static K5: Definition = Definition {
    indicator: Indicator::K5,
    title: Text::fixed("土壤环境质量监测点位县域覆盖率", "Counties covered by monitoring points"),
    formula: Text::fixed(
        "至少有一个在用监测点位的县（市、区、旗）数÷全部县数×100%。",
        "Counties with a monitoring point in use ÷ all counties × 100 %.",
    ),
    numerator: Text::fixed("有监测点位的县", "Counties with a point"),
    denominator: Text::fixed("全部县", "All counties"),
    measure: Measure::CountShare,
    provisions: &[&law::PLAN_STATE_MONITORING],
    confidence: Unconfirmed,
    caveat: Text::fixed(
        "目标有据，公式为本系统所拟；只计例行监测点位。",
        "The target is printed, the formula is ours; points of routine monitoring only.",
    ),
    targets: &[
        target(
            "",
            2020,
            AtLeast,
            10_000,
            Text::fixed("所有县（市、区）全覆盖", "every county"),
            &law::PLAN_STATE_MONITORING,
            Verified,
        ),
        target(
            "15",
            2020,
            AtLeast,
            10_000,
            Text::fixed("所有旗县全覆盖", "every county"),
            &law::PLAN_INNER_MONGOLIA_MONITORING,
            Verified,
        ),
        target(
            "1529",
            2020,
            AtLeast,
            10_000,
            Text::fixed("所有旗（区）全覆盖", "every county"),
            &law::PLAN_ALXA_MONITORING,
            Verified,
        ),
    ],
};

static K6: Definition = Definition {
    indicator: Indicator::K6,
    title: Text::fixed("优先保护类耕地面积变化", "Change of cultivated land under priority protection"),
    formula: Text::fixed(
        "年末面积－上年末面积，分县；小于零即预警。",
        "Area at the year's end less the year before, county by county; below zero is a warning.",
    ),
    numerator: Text::fixed("年末面积，平方米", "Area at the year's end, m²"),
    denominator: Text::fixed("上年末面积，平方米", "Area at the end of the year before, m²"),
    measure: Measure::Change,
    provisions: &[&law::PLAN_STATE_PRIORITY_WARNING, &law::PLAN_INNER_MONGOLIA_PRIORITY_WARNING],
    confidence: Unconfirmed,
    caveat: Text::fixed(
        "面积不减少有据，公式为本系统所拟。",
        "That the area must not shrink is printed, the formula is ours.",
    ),
    targets: &[Target {
        jurisdiction: "",
        year: None,
        operator: AtLeast,
        hundredths: Some(0),
        wording: Text::fixed("面积不减少", "no less area"),
        provision: &law::PLAN_STATE_PRIORITY_WARNING,
        confidence: Verified,
    }],
};

/// What an indicator is.
pub fn definition(indicator: Indicator) -> &'static Definition {
    match indicator {
        Indicator::K1 => &K1,
        Indicator::K1b => &K1B,
        Indicator::K2 => &K2,
        Indicator::K3 => &K3,
        Indicator::K5 => &K5,
        Indicator::K6 => &K6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(indicator: Indicator, division: &str) -> Vec<(Option<i32>, Operator, Option<i64>)> {
        definition(indicator).targets_in(division).map(|t| (t.year, t.operator, t.hundredths)).collect()
    }

    /// Pins: SAFE_USE_RATE_METHOD, PLAN_STATE_TARGETS, PLAN_INNER_MONGOLIA_TARGETS, PLAN_ALXA_TARGETS, SOURCE_PLAN_TARGETS
    #[test]
    fn targets_keep_their_operators_by_plan_and_year() {
        let nation = [
            (Some(2020), About, Some(9_000)),
            (Some(2025), About, Some(9_300)),
            (Some(2027), AtLeast, Some(9_400)),
            (Some(2030), AtLeast, Some(9_500)),
        ];
        assert_eq!(targets(Indicator::K1, "110101"), nation);
        assert_eq!(targets(Indicator::K1, "150402").last(), Some(&(Some(2020), AtLeast, Some(9_800))));
        assert_eq!(targets(Indicator::K1, "152921").len(), 7);
        assert_eq!(targets(Indicator::K1, "441602").last(), Some(&(Some(2020), AtLeast, None)));
        assert_eq!(targets(Indicator::K2, "140602").len(), 3);
        assert_eq!(targets(Indicator::K5, "152921"), [(Some(2020), AtLeast, Some(10_000)); 3]);
        assert_eq!(targets(Indicator::K6, "140602"), [(None, AtLeast, Some(0))]);
    }

    #[test]
    fn every_indicator_has_its_definition() {
        for indicator in Indicator::ALL {
            assert_eq!(definition(indicator).indicator, indicator);
            assert!(!definition(indicator).provisions.is_empty());
        }
    }
}
