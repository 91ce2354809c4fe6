//! The table of gates. One entry is one rule: which operations it looks at, what it stands on, where and when it holds,
//! and the function that judges the facts. Adding a rule is adding an entry; nothing else changes.
//!
//! `G1`-`G31` are the decision table's numbers. `S-C0`-`S-C14` say what the stage of a site lets the land be used for.
//! `P-*` are this registry's own: line contact, neighbours, contradictions, unknown place, local settings.

use super::facts::{Facts, INTERCHANGE_FROM, Operation};
use super::verdict::{Finding, Fired, Verdict};
use super::{Settings, building, changing, own, planning, stages, supplying, taking};
use crate::kernel::{Confidence, Day, Instrument, Provision, Text};
use crate::standards::law::*;
use Confidence::{Recalled, Unconfirmed, Verified};
use Jurisdiction::{Adopted, Nation, Only};
use Operation::{
    Acquire, ChangeUse, ConstructionPermit, Eia, FarmlandConversion, PlanningConditions, Reclaim,
    ReclamationToFarmland, Registration, Requisition, Supply, Transfer,
};
use Verdict::{AllowRecorded, Block, Hold, Warn};

/// Where a gate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jurisdiction {
    /// Everywhere.
    Nation,
    /// In divisions whose code begins with these digits.
    Only(&'static [&'static str]),
    /// There by its text; elsewhere as this registry's default, said so in the answer, and switched off by
    /// [`Settings::adopt_regional`].
    Adopted(&'static [&'static str]),
}

/// How a gate comes to its finding.
#[derive(Clone, Copy)]
pub enum Judge {
    /// By the facts.
    Facts(fn(&Facts, &Settings) -> Option<Finding>),
    /// By the facts and what fired before it.
    Closing(fn(&Facts, &Settings, &[Fired]) -> Option<Finding>),
}

/// One rule.
pub struct Gate {
    /// Its number.
    pub id: &'static str,
    /// Its title.
    pub title: Text,
    /// The operations it looks at.
    pub operations: &'static [Operation],
    /// The verdicts it may give.
    pub verdicts: &'static [Verdict],
    /// What it stands on. Those of another region are not cited; on a day on which none is in force the gate is silent.
    pub provisions: &'static [&'static Provision],
    /// First day, where the duty began after its text, or came with a later one.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// Where it holds.
    pub jurisdiction: Jurisdiction,
    /// How well this reading of the texts is known; the answer carries the weaker of this and the texts.
    pub confidence: Confidence,
    /// The operator's settings that it reads, as keys of the configuration.
    pub settings: &'static [&'static str],
    /// The judgement.
    pub judge: Judge,
}

/// The division whose text an instrument is, by the first digits of its code; `None` for the nation's.
pub fn home(instrument: &Instrument) -> Option<&'static str> {
    match instrument.id {
        "inner_mongolia_three_year_plan" => Some("15"),
        "alxa_league_plan" => Some("1529"),
        "shuozhou_2021_plan" => Some("1406"),
        "yuancheng_task_table" => Some("441602"),
        "guangdong_measures" => Some("44"),
        "shandong_regulation" => Some("37"),
        _ => None,
    }
}

const ALL_OPERATIONS: &[Operation] = Operation::ALL;
/// Operations by which land comes into another's hands or another use: their queries are kept.
pub(super) const RECORDED: &[Operation] =
    &[Requisition, Reclaim, Acquire, Transfer, ChangeUse, Supply, FarmlandConversion];

impl Gate {
    const fn new(
        id: &'static str,
        zh: &'static str,
        en: &'static str,
        operations: &'static [Operation],
        verdicts: &'static [Verdict],
        provisions: &'static [&'static Provision],
        judge: Judge,
    ) -> Gate {
        let title = Text::fixed(zh, en);
        Gate {
            id,
            title,
            operations,
            verdicts,
            provisions,
            from: None,
            to: None,
            jurisdiction: Nation,
            confidence: Verified,
            settings: &[],
            judge,
        }
    }

    const fn from(mut self, day: Day) -> Gate {
        self.from = Some(day);
        self
    }

    const fn at(mut self, jurisdiction: Jurisdiction) -> Gate {
        self.jurisdiction = jurisdiction;
        self
    }

    const fn known(mut self, confidence: Confidence) -> Gate {
        self.confidence = confidence;
        self
    }

    const fn set_by(mut self, keys: &'static [&'static str]) -> Gate {
        self.settings = keys;
        self
    }
}

const fn facts(judge: fn(&Facts, &Settings) -> Option<Finding>) -> Judge {
    Judge::Facts(judge)
}

/// The Soil Law's first day: rules that stand on it beside older plans begin with it.
const LAW_FROM: Day = Day::of(2019, 1, 1);

/// Every rule. Closing ones stand last, for they look at what fired before them.
pub static GATES: &[Gate] = &[
    Gate::new(
        "G1",
        "收回、收购前查询并记录",
        "query on record before taking back or buying",
        &[Reclaim, Acquire],
        &[AllowRecorded],
        &[&PLAN_SHUOZHOU_8_QUERY],
        facts(taking::g1),
    )
    .at(Adopted(&["1406"]))
    .set_by(&["adopt_regional"]),
    Gate::new(
        "G2",
        "涉及疑似污染地块、污染地块须取得书面回复",
        "written reply where a suspected or contaminated site is met",
        &[Reclaim, Acquire],
        &[AllowRecorded, Warn, Hold, Block],
        &[&PLAN_SHUOZHOU_8_REPLY],
        facts(taking::g2),
    )
    .at(Adopted(&["1406"]))
    .set_by(&["adopt_regional"]),
    Gate::new(
        "G3",
        "未经调查评估的疑似污染地块不予收回",
        "a suspected site without reviewed survey is not taken back",
        &[Reclaim],
        &[Block],
        &[&PLAN_INNER_MONGOLIA_NOT_TAKEN_BACK],
        facts(taking::g3),
    )
    .at(Adopted(&["15"]))
    .set_by(&["adopt_regional"]),
    Gate::new(
        "G4",
        "收回重点行业、危险废物用地前由土地使用权人调查",
        "survey by the land user before key-industry or hazardous-waste land is taken back",
        &[Reclaim],
        &[Hold],
        &[&PLAN_STATE_SURVEY, &PLAN_INNER_MONGOLIA_SURVEY, &PLAN_ALXA_SURVEY, &PLAN_YUANCHENG_14, &ORDER_42_2_3, &ORDER_42_9],
        facts(taking::g4),
    )
    .from(Day::of(2017, 1, 1))
    .known(Recalled),
    Gate::new(
        "G5",
        "已收回而未调查的，由政府调查",
        "land taken back without survey: the government surveys",
        ALL_OPERATIONS,
        &[Warn, Hold],
        &[&PLAN_STATE_SURVEY_TAKEN_BACK, &PLAN_INNER_MONGOLIA_SURVEY_TAKEN_BACK, &PLAN_ALXA_SURVEY_TAKEN_BACK, &GUANGDONG_37_2],
        facts(taking::g5),
    )
    .from(Day::of(2017, 1, 1))
    .known(Recalled),
    Gate::new(
        "G6",
        "重点监管单位生产经营用地转让、收回、改变用途前须调查",
        "key unit's land: survey before transfer, taking back or change of use",
        &[Transfer, Reclaim, ChangeUse],
        &[Warn, Block],
        &[&LAW_67_CODE_462, &PLAN_SHUOZHOU_10_KEY_UNIT],
        facts(taking::g6),
    )
    .from(LAW_FROM),
    Gate::new(
        "G7",
        "登记机构须要求补交调查报告",
        "the registry demands the missing survey report",
        &[Registration],
        &[Warn, Hold],
        &[&LAW_67_CODE_462],
        facts(taking::g7),
    )
    .from(CODE_IN_FORCE),
    Gate::new(
        "G8",
        "变更为居住、公共管理与公共服务用地前须完成调查",
        "survey before change to housing or public use",
        &[ChangeUse, FarmlandConversion],
        &[Hold, Block],
        &[&LAW_59_2_CODE_454_2, &LAW_59_3_CODE_454_3],
        facts(changing::g8),
    )
    .from(LAW_FROM)
    .set_by(&["interchange_exempt"]),
    Gate::new(
        "G9",
        "调查须在省级规定期限前完成",
        "survey finished by the province's time limit",
        ALL_OPERATIONS,
        &[Warn, Block],
        &[&LAW_59_2_CODE_454_2],
        facts(changing::g9),
    )
    .from(CODE_IN_FORCE)
    .known(Unconfirmed)
    .set_by(&["survey_before", "interchange_exempt"]),
    Gate::new(
        "G10",
        "重点行业用地变更为居住、商业、学校、医疗、养老用途须调查",
        "key-industry land to housing, commerce, school, health care or care of the elderly: survey",
        &[ChangeUse],
        &[Hold],
        &[&PLAN_STATE_SURVEY, &PLAN_INNER_MONGOLIA_SURVEY, &PLAN_ALXA_SURVEY, &PLAN_YUANCHENG_14, &ORDER_42_2_3],
        facts(changing::g10),
    )
    .from(Day::of(2017, 1, 1))
    .known(Recalled),
    Gate::new(
        "G11",
        "广东：收回、转让、变更用途的调查和风险评估",
        "Guangdong: survey and risk assessment before taking back, transfer or change of use",
        &[Reclaim, Transfer, ChangeUse],
        &[Warn, Hold],
        &[&GUANGDONG_37],
        facts(changing::g11),
    )
    .at(Only(&["44"]))
    .known(Unconfirmed),
    Gate::new(
        "G12",
        "朔州：变更为住宅、公共、食品加工储存、农用地或腾退工矿用地的调查评估",
        "Shuozhou: survey and assessment where use changes to housing, public, food or farmland, and of vacated plants and mines",
        &[ChangeUse, Reclaim, Acquire],
        &[Warn, Hold],
        &[&PLAN_SHUOZHOU_5_SURVEY],
        facts(changing::g12),
    )
    .at(Only(&["1406"])),
    Gate::new(
        "G13",
        "严格管控类农用地转为城镇建设用地，由政府组织调查",
        "strictly controlled farmland to construction land: the government has it surveyed",
        &[FarmlandConversion, ChangeUse],
        &[Warn, Hold],
        &[&PLAN_STATE_HEAVY_FARMLAND, &PLAN_ALXA_HEAVY_FARMLAND, &PLAN_YUANCHENG_15],
        facts(changing::g13),
    )
    .from(Day::of(2018, 1, 1)),
    Gate::new(
        "G14",
        "名录内地块不得作为居住、公共管理与公共服务用地",
        "land on the control list is not for housing or public use",
        ALL_OPERATIONS,
        &[Hold, Block],
        &[&LAW_61_2_CODE_456_2],
        facts(building::g14),
    )
    .from(LAW_FROM),
    Gate::new(
        "G15",
        "未达目标前不得开工建设与风险管控、修复无关的项目",
        "no construction unrelated to control or remediation before targets are met",
        &[ConstructionPermit],
        &[AllowRecorded, Block],
        &[&LAW_66_3_CODE_461_3],
        facts(building::g15),
    )
    .from(LAW_FROM),
    Gate::new(
        "G16",
        "未按规定调查评估的不得开工，已开工的停工",
        "no construction where a survey or assessment due was not done; works begun stop",
        &[ConstructionPermit],
        &[Warn, Block],
        &[&LAW_66_3_CODE_461_3],
        facts(building::g16),
    )
    .from(CODE_IN_FORCE)
    .set_by(&["interchange_exempt"]),
    Gate::new(
        "G17",
        "不符合土壤环境要求的不得纳入用地程序",
        "land that does not meet soil requirements stays out of the supply procedure",
        &[Supply],
        &[Hold, Block],
        &[&PLAN_STATE_SUPPLY, &LAND_REGULATION_14_2, &PLAN_SHUOZHOU_6_SUPPLY, &PLAN_ALXA_SUPPLY, &PLAN_YUANCHENG_17],
        facts(supplying::g17),
    )
    .set_by(&["interchange_exempt"]),
    Gate::new(
        "G18",
        "调查评审未超筛选值的，可供地并留存结论",
        "survey within screening values: supply, conclusion on record",
        &[Supply],
        &[AllowRecorded],
        &[&ORDER_42_28, &GB_36600_5_3],
        facts(supplying::g18),
    ),
    Gate::new(
        "G19",
        "移出名录并有制度控制的，管控条款写入合同",
        "off the control list with institutional controls: the clauses enter the contract",
        &[Supply],
        &[AllowRecorded],
        &[&LAW_42_CODE_437],
        facts(supplying::g19),
    )
    .from(LAW_FROM),
    Gate::new(
        "G20",
        "规划用途在开发利用负面清单内",
        "planned use is barred by the negative list",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&PLAN_STATE_NEGATIVE_LIST, &PLAN_INNER_MONGOLIA_NEGATIVE_LIST, &PLAN_ALXA_NEGATIVE_LIST, &PLAN_YUANCHENG_16, &PLAN_SHUOZHOU_6_NEGATIVE_LIST],
        facts(planning::g20),
    ),
    Gate::new(
        "G21",
        "管控区域内不得开发，避免扰动",
        "no development and no disturbance in a control zone",
        ALL_OPERATIONS,
        &[Warn, Hold, Block],
        &[&PLAN_STATE_CONTROL_ZONE, &PLAN_INNER_MONGOLIA_CONTROL_ZONE, &PLAN_ALXA_CONTROL_ZONE],
        facts(planning::g21),
    ),
    Gate::new(
        "G22",
        "规划涉及疑似污染地块、污染地块或负面清单",
        "planning over a suspected or contaminated site or a negative list",
        &[PlanningConditions],
        &[Warn],
        &[&PLAN_STATE_PLANNING, &PLAN_INNER_MONGOLIA_PLANNING, &PLAN_SHUOZHOU_6_NEGATIVE_LIST, &PLAN_ALXA_PLANNING],
        facts(planning::g22),
    ),
    Gate::new(
        "G23",
        "源城：污染地块再开发利用项目施工审批",
        "Yuancheng: construction permit on a contaminated site redeveloped",
        &[ConstructionPermit],
        &[Hold],
        &[&PLAN_YUANCHENG_18],
        facts(building::g23),
    )
    .at(Only(&["441602"])),
    Gate::new(
        "G24",
        "污染地块未修复或不符合用途的，环评不予批准",
        "no approval of an assessment for a project on a contaminated site not fit for it",
        &[Eia],
        &[AllowRecorded, Warn, Block],
        &[&ORDER_42_27],
        facts(building::g24),
    ),
    Gate::new(
        "G25",
        "未利用地、复垦土地作为农用地前须调查",
        "survey before unused or returned land becomes farmland",
        &[ReclamationToFarmland, ChangeUse],
        &[Warn, Hold],
        &[&LAW_51_CODE_446, &PLAN_INNER_MONGOLIA_UNUSED_LAND],
        facts(changing::g25),
    )
    .from(LAW_FROM),
    Gate::new(
        "G26",
        "列入年度供应计划而未调查的，提前调查",
        "in the year's supply plan without survey: survey early",
        ALL_OPERATIONS,
        &[Warn],
        &[&PLAN_SHUOZHOU_5_EARLY],
        facts(supplying::g26),
    )
    .at(Adopted(&["1406"]))
    .set_by(&["adopt_regional"]),
    Gate::new(
        "G27",
        "居住、公共用地之间互换一般不需重新调查",
        "housing and public use among themselves normally need no new survey",
        &[ChangeUse],
        &[AllowRecorded],
        &[&REVIEW_GUIDE_SCOPE],
        facts(changing::g27),
    )
    .from(INTERCHANGE_FROM)
    .set_by(&["interchange_exempt"]),
    Gate::new(
        "G28",
        "农用地、未利用地变更为居住、公共用地仍属变更用途",
        "farmland or unused land to housing or public use is a change of use all the same",
        &[ChangeUse, FarmlandConversion],
        &[Block],
        &[&LAW_59_2_CODE_454_2],
        facts(changing::g28),
    )
    .from(LAW_FROM)
    .set_by(&["interchange_exempt"]),
    Gate::new(
        "G29",
        "原用地行业不详，须人工核查",
        "former industry not known: history is checked by hand",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_UNKNOWN_HISTORY],
        facts(own::g29),
    ),
    Gate::new(
        "G30",
        "办理“一住两公”用途变更须登录国家系统核对",
        "check in the national system before a change to housing or public use",
        &[ChangeUse, FarmlandConversion],
        &[AllowRecorded],
        &[&SOURCE_PLAN_QUERY],
        facts(changing::g30),
    )
    .from(Day::of(2024, 12, 1))
    .known(Unconfirmed),
    Gate::new(
        "S-C0",
        "线索地块须先核查",
        "a lead is looked into first",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_STAGE],
        facts(stages::c0),
    ),
    Gate::new(
        "S-C1",
        "疑似污染地块未完成初步调查",
        "suspected site without preliminary survey",
        ALL_OPERATIONS,
        &[Warn, Hold],
        &[&ORDER_42_13, &PRODUCT_STAGE],
        facts(stages::c1),
    ),
    Gate::new(
        "S-C2",
        "初步调查尚未完成",
        "preliminary survey under way",
        ALL_OPERATIONS,
        &[Warn, Hold],
        &[&ORDER_42_13, &PRODUCT_STAGE],
        facts(stages::c2),
    ),
    Gate::new(
        "S-C3",
        "初步调查报告尚在评审",
        "preliminary report under review",
        ALL_OPERATIONS,
        &[Warn, Hold],
        &[&ORDER_42_13, &PRODUCT_STAGE],
        facts(stages::c3),
    ),
    Gate::new(
        "S-C4",
        "非污染地块，限评审对应的用途",
        "not contaminated, for the class of use assessed",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold],
        &[&GB_36600_5_3, &PRODUCT_STAGE],
        facts(stages::c4),
    ),
    Gate::new(
        "S-C5",
        "污染地块",
        "contaminated site",
        ALL_OPERATIONS,
        &[Warn, Hold, Block],
        &[&ORDER_42_14, &ORDER_42_28, &PRODUCT_STAGE],
        facts(stages::c5),
    ),
    Gate::new(
        "S-C6",
        "污染地块，详细调查中",
        "contaminated site, detailed survey",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&ORDER_42_16, &ORDER_42_28, &PRODUCT_STAGE],
        facts(stages::c6),
    ),
    Gate::new(
        "S-C7",
        "污染地块，风险评估中",
        "contaminated site, risk assessment",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&ORDER_42_28, &PRODUCT_STAGE],
        facts(stages::c7),
    ),
    Gate::new(
        "S-C8",
        "风险可接受，限评估对应的用途",
        "risk acceptable, for the use assessed",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold],
        &[&LAW_61_CODE_456, &PRODUCT_STAGE],
        facts(stages::c8),
    ),
    Gate::new(
        "S-C9",
        "列入风险管控和修复名录",
        "on the control list",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&LAW_61_2_CODE_456_2, &LAW_66_3_CODE_461_3, &PRODUCT_STAGE],
        facts(stages::c9),
    ),
    Gate::new(
        "S-C10",
        "风险管控中",
        "risk control",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&LAW_63_CODE_458, &PRODUCT_STAGE],
        facts(stages::c10),
    ),
    Gate::new(
        "S-C11",
        "修复中",
        "remediation",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&LAW_66_3_CODE_461_3, &PRODUCT_STAGE],
        facts(stages::c11),
    ),
    Gate::new(
        "S-C12",
        "效果评估未通过",
        "effect not evaluated, or targets not met",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold, Block],
        &[&LAW_66_3_CODE_461_3, &PRODUCT_STAGE],
        facts(stages::c12),
    ),
    Gate::new(
        "S-C13",
        "已移出名录，限修复目标用途",
        "off the control list, for the target use",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold],
        &[&LAW_66_CODE_461, &PRODUCT_STAGE],
        facts(stages::c13),
    ),
    Gate::new(
        "S-C14",
        "后期管理，附条件利用",
        "aftercare: use under conditions",
        ALL_OPERATIONS,
        &[AllowRecorded, Warn, Hold],
        &[&LAW_42_CODE_437, &PRODUCT_STAGE],
        facts(stages::c14),
    ),
    Gate::new(
        "P-LINE",
        "压线，由人工判定",
        "line contact, decided by a person",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_LINE_CONTACT],
        facts(own::line_contact),
    )
    .set_by(&["sliver_max_m2", "sliver_max_share"]),
    Gate::new(
        "P-NEAR",
        "与登记地块相接或邻近",
        "beside a registered site",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_NEIGHBOUR],
        facts(own::neighbours),
    )
    .set_by(&["near_distance_m", "touching_warns"]),
    Gate::new(
        "P-CONTRADICTION",
        "申报与登记不一致",
        "statement against registry",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_CONTRADICTION],
        facts(own::contradictions),
    ),
    Gate::new(
        "P-SINCE",
        "所问日期之后登记情况已变化",
        "the records have changed since the day asked about",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_SINCE],
        facts(own::since_then),
    ),
    Gate::new(
        "P-DIVISION",
        "所在区划不明，地方规定未能判定",
        "division unknown, regional rules not judged",
        ALL_OPERATIONS,
        &[Warn],
        &[&PRODUCT_DIVISION_UNKNOWN],
        facts(own::division_unknown),
    ),
    Gate::new(
        "P-LOCAL",
        "本地设定影响了适用的规则",
        "a local setting decided which rules apply",
        ALL_OPERATIONS,
        &[AllowRecorded],
        &[&PRODUCT_LOCAL_CHOICE],
        Judge::Closing(own::local_choice),
    )
    .set_by(&["adopt_regional", "touching_warns", "interchange_exempt"]),
    Gate::new(
        "G31",
        "无命中、无触发，留存查询记录",
        "no hit, no trigger: query on record",
        RECORDED,
        &[AllowRecorded],
        &[&PRODUCT_NO_FINDING],
        Judge::Closing(own::g31),
    ),
];
