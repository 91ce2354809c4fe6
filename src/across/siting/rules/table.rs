//! The table of siting rules. One entry is one rule: for which activities and procedures, what it stands on, where and from
//! when it holds, and the function that judges the facts. Adding a rule is adding an entry.
//!
//! `Z1`-`Z11` are the numbers of the table of siting rules; `ZP-*` are this registry's own.

use super::facts::{Activity, Facts, Procedure};
use super::{farmland, metals, orders, own, surroundings};
use crate::across::land_check::{Finding, Jurisdiction, Verdict};
use crate::kernel::{Confidence, Day, Provision, Text};
use crate::standards::law::*;
use crate::standards::parameters::{self, Parameter};
use Activity::{Expansion, New, Reconstruction};
use Jurisdiction::{Nation, Only};
use Procedure::{Approval, Eia};
use Verdict::{AllowRecorded, Block, Hold, Warn};

/// One rule.
pub struct Rule {
    /// Its number.
    pub id: &'static str,
    /// Its title.
    pub title: Text,
    /// What it looks at.
    pub activities: &'static [Activity],
    /// In which procedures it is asked.
    pub procedures: &'static [Procedure],
    /// The verdicts it may give.
    pub verdicts: &'static [Verdict],
    /// What it stands on. Those of another region are not cited; on a day on which none is in force the rule is silent.
    pub provisions: &'static [&'static Provision],
    /// First day, where the duty began after its text.
    pub from: Option<Day>,
    /// Where it holds.
    pub jurisdiction: Jurisdiction,
    /// How well this reading of the texts is known.
    pub confidence: Confidence,
    /// The local parameters that it reads.
    pub parameters: &'static [&'static Parameter],
    /// The operator's other settings that it reads, as keys of the configuration.
    pub settings: &'static [&'static str],
    /// The judgement.
    pub judge: fn(&Facts) -> Option<Finding>,
}

const EVERY_ACTIVITY: &[Activity] = Activity::ALL;
const EVERY_PROCEDURE: &[Procedure] = Procedure::ALL;
const BUILDING: &[Activity] = &[New, Expansion, Reconstruction];

impl Rule {
    const fn new(
        id: &'static str,
        zh: &'static str,
        en: &'static str,
        activities: &'static [Activity],
        verdicts: &'static [Verdict],
        provisions: &'static [&'static Provision],
        judge: fn(&Facts) -> Option<Finding>,
    ) -> Rule {
        Rule {
            id,
            title: Text::fixed(zh, en),
            activities,
            procedures: EVERY_PROCEDURE,
            verdicts,
            provisions,
            from: None,
            jurisdiction: Nation,
            confidence: Confidence::Verified,
            parameters: &[],
            settings: &[],
            judge,
        }
    }

    const fn from(mut self, day: Day) -> Rule {
        self.from = Some(day);
        self
    }

    const fn at(mut self, prefixes: &'static [&'static str]) -> Rule {
        self.jurisdiction = Only(prefixes);
        self
    }

    const fn asked_in(mut self, procedures: &'static [Procedure]) -> Rule {
        self.procedures = procedures;
        self
    }

    const fn reading(mut self, parameters: &'static [&'static Parameter]) -> Rule {
        self.parameters = parameters;
        self
    }

    const fn set_by(mut self, keys: &'static [&'static str]) -> Rule {
        self.settings = keys;
        self
    }
}

/// Every rule.
pub static SITING: &[Rule] = &[
    Rule::new(
        "Z1",
        "优先保护类耕地集中区域严格控制六类行业",
        "six industries strictly controlled where priority-protection farmland is concentrated",
        EVERY_ACTIVITY,
        &[Warn, Hold],
        &[&PLAN_STATE_SITING, &PLAN_INNER_MONGOLIA_SITING, &PLAN_ALXA_SITING],
        farmland::z1,
    ),
    Rule::new(
        "Z2",
        "源城区：优先保护类耕地集中区域严格控制十二类行业",
        "Yuancheng: twelve industries strictly controlled where priority-protection farmland is concentrated",
        &[New],
        &[Warn, Hold],
        &[&PLAN_YUANCHENG_9],
        farmland::z2,
    )
    .at(&["441602"]),
    Rule::new(
        "Z3",
        "永久基本农田集中区域不得新建可能造成土壤污染的建设项目",
        "nothing that may pollute soil is built where permanent basic farmland is concentrated",
        EVERY_ACTIVITY,
        &[Warn, Hold, Block],
        &[&LAW_50_CODE_445, &CODE_1162_6, &PLAN_SHUOZHOU_3],
        farmland::z3,
    ),
    Rule::new(
        "Z4",
        "优先保护类耕地不得占用",
        "priority-protection farmland is not occupied",
        EVERY_ACTIVITY,
        &[AllowRecorded, Warn, Block],
        &[&PLAN_STATE_NO_OCCUPATION, &PLAN_INNER_MONGOLIA_NO_OCCUPATION, &PLAN_ALXA_NO_OCCUPATION],
        farmland::z4,
    ),
    Rule::new(
        "Z5",
        "居民区、学校、医疗和养老机构周边禁止新建有色金属冶炼、焦化等",
        "no smelters or coking plants around homes, schools, hospitals and homes for the elderly",
        &[New],
        &[Warn, Hold, Block],
        &[&PLAN_STATE_SURROUNDINGS, &PLAN_ALXA_SURROUNDINGS],
        surroundings::z5,
    )
    .reading(FACILITIES),
    Rule::new(
        "Z6",
        "居民区、学校、医院、疗养院、养老院等周边禁止新建、改建、扩建可能造成土壤污染的建设项目",
        "nothing that may pollute soil is built, rebuilt or extended around homes, schools, hospitals and homes for the elderly",
        BUILDING,
        &[Warn, Hold, Block],
        &[&LAW_32_CODE_427, &GUANGDONG_16],
        surroundings::z6,
    )
    .reading(FACILITIES),
    Rule::new(
        "Z7",
        "优先保护类耕地集中区域内可能造成耕地土壤污染的项目，不予审批环评",
        "no EIA approval of what may pollute soil where priority-protection farmland is concentrated",
        BUILDING,
        &[Warn, Hold, Block],
        &[&ORDER_46_SITING],
        farmland::z7,
    )
    .asked_in(&[Eia]),
    Rule::new(
        "Z8",
        "广东：住宅、学校、医院等项目环评须分析周边污染地块和污染源的影响",
        "Guangdong: the EIA of homes, schools and hospitals analyses contaminated plots and sources around",
        BUILDING,
        &[Warn],
        &[&GUANGDONG_19_2],
        surroundings::z8,
    )
    .at(&["44"])
    .reading(&[&parameters::SITING_DISTANCE_CONTAMINATED_M]),
    Rule::new(
        "Z9",
        "四盟市新建排放重金属项目执行特别排放限值",
        "special emission limits for new projects that emit heavy metals in four leagues and cities",
        &[New],
        &[AllowRecorded, Warn],
        &[&PLAN_INNER_MONGOLIA_SPECIAL_LIMITS],
        metals::z9,
    )
    .from(Day::of(2019, 1, 1))
    .at(&["1504", "1507", "1508", "1525"]),
    Rule::new(
        "Z10",
        "朔州：涉重金属项目减量置换、等量置换",
        "Shuozhou: emissions of heavy metals are offset",
        BUILDING,
        &[AllowRecorded, Warn, Hold],
        &[&PLAN_SHUOZHOU_11_OFFSET],
        metals::z10,
    )
    .at(&["1406"]),
    Rule::new(
        "Z11",
        "限批区域",
        "approvals limited in the division",
        BUILDING,
        &[AllowRecorded, Warn, Hold, Block],
        &[
            &PLAN_STATE_PRIORITY_WARNING,
            &PLAN_STATE_POOR_RESULT,
            &PLAN_INNER_MONGOLIA_PRIORITY_WARNING,
            &PLAN_ALXA_PRIORITY_WARNING,
            &PLAN_ALXA_POOR_RESULT,
            &CODE_158,
        ],
        orders::z11,
    )
    .asked_in(&[Eia, Approval]),
    Rule::new(
        "ZP-LINE",
        "压线，由人工判定",
        "line contact, decided by a person",
        EVERY_ACTIVITY,
        &[Warn],
        &[&PRODUCT_LINE_CONTACT],
        own::line_contact,
    )
    .set_by(&["sliver_max_m2", "sliver_max_share"]),
    Rule::new(
        "ZP-CONTRADICTION",
        "申报与行业不一致",
        "statement against industry",
        EVERY_ACTIVITY,
        &[Warn],
        &[&PRODUCT_CONTRADICTION],
        own::contradiction,
    ),
];

/// The distances around what is kept clear of pollution.
const FACILITIES: &[&Parameter] = &[
    &parameters::SITING_DISTANCE_HOMES_M,
    &parameters::SITING_DISTANCE_SCHOOLS_M,
    &parameters::SITING_DISTANCE_HOSPITALS_M,
    &parameters::SITING_DISTANCE_CARE_HOMES_M,
    &parameters::SITING_DISTANCE_KINDERGARTENS_M,
];
