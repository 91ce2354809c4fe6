//! The articles that rules stand on, one constant per provision, found by grepping its number.
//!
//! On 2026-08-15 the Ecological Environment Code took the place of the Soil Law, so a provision of both has both numbers
//! in its name: [`LAW_61_2_CODE_456_2`]. Citing it on a day gives the text in force that day, with the later one as its
//! successor. The concordance was made by text (rulebook 0.2).

use crate::kernel::basis::Doubt;
use crate::kernel::{Basis, Confidence, Day, Instrument, Provision, Text};
use Confidence::{Recalled, Unconfirmed, Verified};

/// First day of the Ecological Environment Code; the Soil Law's last day is the one before (Code art. 1242).
pub const CODE_IN_FORCE: Day = Day::of(2026, 8, 15);

/// 土壤污染防治法
pub static SOIL_LAW: Instrument = Instrument {
    id: "soil_law",
    zh: "土壤污染防治法",
    en: "Soil Pollution Prevention and Control Law",
    number: None,
    from: Some(Day::of(2019, 1, 1)),
    to: Some(Day::of(2026, 8, 14)),
    doubt: None,
};

/// 生态环境法典
pub static CODE: Instrument = Instrument {
    id: "ecological_environment_code",
    zh: "生态环境法典",
    en: "Ecological Environment Code",
    number: None,
    from: Some(CODE_IN_FORCE),
    to: None,
    doubt: None,
};

/// 污染地块土壤环境管理办法（试行）. Its status after 2026-08-15 is unknown (rulebook 0.3); treated as in force.
pub static ORDER_42: Instrument = Instrument {
    id: "order_42",
    zh: "污染地块土壤环境管理办法（试行）",
    en: "Measures for the Soil Environment of Contaminated Sites (Trial)",
    number: Some("环境保护部令第42号"),
    from: Some(Day::of(2017, 7, 1)),
    to: None,
    doubt: Some(Doubt {
        from: CODE_IN_FORCE,
        text: Text::fixed(
            "《生态环境法典》施行后，该办法是否继续有效尚未核实，按有效处理，请法制机构确认。",
            "Whether these measures stand beside the Ecological Environment Code is not confirmed; they are treated as in force, for the legal office to confirm.",
        ),
    }),
};

/// 农用地土壤环境管理办法（试行）. Its status after 2026-08-15 is unknown (rulebook 0.3); treated as in force.
pub static ORDER_46: Instrument = Instrument {
    id: "order_46",
    zh: "农用地土壤环境管理办法（试行）",
    en: "Measures for the Soil Environment of Agricultural Land (Trial)",
    number: Some("环境保护部、农业部令第46号"),
    from: Some(Day::of(2017, 11, 1)),
    to: None,
    doubt: Some(Doubt {
        from: CODE_IN_FORCE,
        text: Text::fixed(
            "《生态环境法典》施行后，该办法是否继续有效尚未核实，按有效处理，请法制机构确认。",
            "Whether these measures stand beside the Ecological Environment Code is not confirmed; they are treated as in force, for the legal office to confirm.",
        ),
    }),
};

/// 农用地土壤环境质量类别划分技术指南; known by number, its text was not obtained and its day not held against it.
pub static CLASS_GUIDE: Instrument = Instrument {
    id: "farmland_class_guide_2019_53",
    zh: "农用地土壤环境质量类别划分技术指南",
    en: "Technical Guide to the Classification of Agricultural Land by Soil Quality",
    number: Some("环办土壤〔2019〕53号"),
    from: None,
    to: None,
    doubt: None,
};

/// 民法典
pub static CIVIL_CODE: Instrument = Instrument {
    id: "civil_code",
    zh: "民法典",
    en: "Civil Code",
    number: None,
    from: Some(Day::of(2021, 1, 1)),
    to: None,
    doubt: None,
};

/// 民法总则, whose rules on counting the Civil Code took over.
pub static CIVIL_GENERAL: Instrument = Instrument {
    id: "general_provisions_of_civil_law",
    zh: "民法总则",
    en: "General Provisions of the Civil Law",
    number: None,
    from: Some(Day::of(2017, 10, 1)),
    to: Some(Day::of(2020, 12, 31)),
    doubt: None,
};

/// 土地管理法实施条例
pub static LAND_REGULATION: Instrument = Instrument {
    id: "land_administration_regulation",
    zh: "土地管理法实施条例",
    en: "Regulation for the Implementation of the Land Administration Law",
    number: None,
    from: Some(Day::of(2021, 9, 1)),
    to: None,
    doubt: None,
};

/// 土壤污染防治行动计划 (土十条)
pub static PLAN_STATE: Instrument = Instrument {
    id: "state_council_action_plan",
    zh: "土壤污染防治行动计划",
    en: "Action Plan for Soil Pollution Prevention and Control",
    number: Some("国发〔2016〕31号"),
    from: Some(Day::of(2016, 5, 28)),
    to: None,
    doubt: None,
};

/// 内蒙古自治区土壤污染防治三年攻坚计划
pub static PLAN_INNER_MONGOLIA: Instrument = Instrument {
    id: "inner_mongolia_three_year_plan",
    zh: "内蒙古自治区土壤污染防治三年攻坚计划",
    en: "Inner Mongolia Three-Year Plan for Soil Pollution",
    number: Some("内政办发〔2018〕97号"),
    from: Some(Day::of(2018, 12, 29)),
    to: None,
    doubt: None,
};

/// 阿拉善盟土壤污染防治实施方案. The published copy carries no date that could be relied on.
pub static PLAN_ALXA: Instrument = Instrument {
    id: "alxa_league_plan",
    zh: "阿拉善盟土壤污染防治实施方案",
    en: "Alxa League Implementation Plan for Soil Pollution",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// 朔州市2021年土壤污染防治行动计划
pub static PLAN_SHUOZHOU: Instrument = Instrument {
    id: "shuozhou_2021_plan",
    zh: "朔州市2021年土壤污染防治行动计划",
    en: "Shuozhou Soil Pollution Action Plan 2021",
    number: Some("朔环发〔2021〕119号"),
    from: Some(Day::of(2021, 8, 11)),
    to: None,
    doubt: None,
};

/// 广东省实施《中华人民共和国土壤污染防治法》办法
pub static GUANGDONG_MEASURES: Instrument = Instrument {
    id: "guangdong_measures",
    zh: "广东省实施《中华人民共和国土壤污染防治法》办法",
    en: "Guangdong Measures for the Implementation of the Soil Law",
    number: None,
    from: Some(Day::of(2019, 3, 1)),
    to: None,
    doubt: None,
};

/// 河源市源城区土壤污染防治重点任务分工. The published copy carries no date that could be relied on.
pub static PLAN_YUANCHENG: Instrument = Instrument {
    id: "yuancheng_task_table",
    zh: "源城区土壤污染防治重点任务分工",
    en: "Yuancheng District Table of Tasks for Soil Pollution",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// Ministry's guide of 2019 on the review of survey, risk assessment and evaluation reports; known by number, its day not
/// held against the text.
pub static REVIEW_GUIDE: Instrument = Instrument {
    id: "review_guide_2019_63",
    zh: "建设用地土壤污染状况调查、风险评估、风险管控及修复效果评估报告评审指南",
    en: "Guide to the Review of Survey, Risk Assessment and Effect Evaluation Reports",
    number: Some("环办土壤〔2019〕63号"),
    from: None,
    to: None,
    doubt: None,
};

/// 土壤污染源头防控行动计划, of November 2024; the day is not known.
pub static SOURCE_PLAN: Instrument = Instrument {
    id: "source_prevention_plan_2024",
    zh: "土壤污染源头防控行动计划",
    en: "Action Plan for Prevention of Soil Pollution at the Source",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// GB 36600-2018
pub static GB_36600: Instrument = Instrument {
    id: "gb_36600",
    zh: "土壤环境质量 建设用地土壤污染风险管控标准（试行）",
    en: "Soil Environmental Quality: Risk Control Standard for Soil Contamination of Development Land (Trial)",
    number: Some("GB 36600-2018"),
    from: Some(Day::of(2018, 8, 1)),
    to: None,
    doubt: None,
};

/// GB 15618-2018
pub static GB_15618: Instrument = Instrument {
    id: "gb_15618",
    zh: "土壤环境质量 农用地土壤污染风险管控标准（试行）",
    en: "Soil Environmental Quality: Risk Control Standard for Soil Contamination of Agricultural Land (Trial)",
    number: Some("GB 15618-2018"),
    from: Some(Day::of(2018, 8, 1)),
    to: None,
    doubt: None,
};

/// 政府信息公开条例
pub static DISCLOSURE_REGULATION: Instrument = Instrument {
    id: "government_information_regulation",
    zh: "政府信息公开条例",
    en: "Regulation on the Disclosure of Government Information",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// 山东省土壤污染防治条例
pub static SHANDONG_REGULATION: Instrument = Instrument {
    id: "shandong_regulation",
    zh: "山东省土壤污染防治条例",
    en: "Shandong Regulation on Soil Pollution",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// 工矿用地土壤环境管理办法（试行）; known by number, its day not held against the text.
pub static ORDER_3: Instrument = Instrument {
    id: "order_3",
    zh: "工矿用地土壤环境管理办法（试行）",
    en: "Measures for the Soil Environment of Industrial and Mining Land (Trial)",
    number: Some("生态环境部令第3号"),
    from: None,
    to: None,
    doubt: None,
};

/// 重点监管单位土壤污染隐患排查指南; its day was not held against the text, so it counts from the first day of its number's
/// year.
pub static HIDDEN_DANGER_GUIDE: Instrument = Instrument {
    id: "hidden_danger_guide_2021_1",
    zh: "重点监管单位土壤污染隐患排查指南",
    en: "Guide to the Investigation of Hidden Dangers at Key Units",
    number: Some("公告2021年第1号"),
    from: Some(Day::of(2021, 1, 1)),
    to: None,
    doubt: None,
};

/// HJ 1209-2021, on what key units monitor; its day was not held against the text, so it counts from the first day of its
/// number's year.
pub static HJ_1209: Instrument = Instrument {
    id: "hj_1209",
    zh: "工业企业土壤和地下水自行监测技术指南（试行）",
    en: "Technical Guide to Self-monitoring of Soil and Groundwater by Industrial Enterprises (Trial)",
    number: Some("HJ 1209-2021"),
    from: Some(Day::of(2021, 1, 1)),
    to: None,
    doubt: None,
};

/// 农产品质量安全法 as revised in 2022; the article was held against the text, its first day was not.
pub static FARM_PRODUCT_LAW: Instrument = Instrument {
    id: "farm_product_safety_law",
    zh: "农产品质量安全法",
    en: "Law on the Quality and Safety of Agricultural Products",
    number: None,
    from: Some(Day::of(2023, 1, 1)),
    to: None,
    doubt: None,
};

/// What this product recommends where law and plans are silent; never presented as law.
pub static PRODUCT: Instrument = Instrument {
    id: "product_rule",
    zh: "本系统规则（非法律规定）",
    en: "Rule of this registry (not law)",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// 受污染耕地安全利用率核算方法（试行）: the trial method of the thirteenth five-year plan.
pub static SAFE_USE_RATE: Instrument = Instrument {
    id: "safe_use_rate_method_2020",
    zh: "受污染耕地安全利用率核算方法（试行）",
    en: "Method for Counting the Share of Polluted Cultivated Land Used Safely (Trial)",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// “十四五”重点建设用地安全利用指标核算方法; its scope and timing are known through a document that quotes it.
pub static KEY_LAND: Instrument = Instrument {
    id: "key_building_land_method",
    zh: "“十四五”重点建设用地安全利用指标核算方法",
    en: "Method for Counting the Safe Use of Key Building Land, 14th Five-Year Plan",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

/// The nation's targets for 2025; recalled, the document was not checked.
pub static FIVE_YEAR_14: Instrument = Instrument {
    id: "targets_14th_five_year_plan",
    zh: "“十四五”国家目标（文件未核）",
    en: "National targets of the 14th five-year plan (document not checked)",
    number: None,
    from: None,
    to: None,
    doubt: None,
};

const fn verified(instrument: &'static Instrument, article: &'static str) -> Basis {
    Basis { instrument, article, confidence: Verified }
}

const fn recalled(instrument: &'static Instrument, article: &'static str) -> Basis {
    Basis { instrument, article, confidence: Recalled }
}

const fn unconfirmed(instrument: &'static Instrument, article: &'static str) -> Basis {
    Basis { instrument, article, confidence: Unconfirmed }
}

macro_rules! provisions {
    ($($(#[$doc:meta])* $name:ident = [$($basis:expr),+ $(,)?];)+) => {$(
        $(#[$doc])*
        pub static $name: Provision = Provision(&[$($basis),+]);
    )+

        /// Every provision with the name of its constant.
        pub static ALL: &[(&str, &Provision)] = &[$((stringify!($name), &$name)),+];
    };
}

provisions! {
    /// Change of use to housing or public use needs a soil survey first.
    LAW_59_2_CODE_454_2 = [verified(&SOIL_LAW, "59(2)"), verified(&CODE, "454(2)")];
    /// The survey report is reviewed by ecology together with natural resources.
    LAW_59_3_CODE_454_3 = [verified(&SOIL_LAW, "59(3)"), verified(&CODE, "454(3)")];
    /// The province keeps the control list and publishes it.
    LAW_58_CODE_453 = [verified(&SOIL_LAW, "58"), verified(&CODE, "453")];
    /// Listed land is not to be housing or public land.
    LAW_61_2_CODE_456_2 = [verified(&SOIL_LAW, "61(2)"), verified(&CODE, "456(2)")];
    /// Risk control of listed land: control zone, measures, monitoring.
    LAW_63_CODE_458 = [verified(&SOIL_LAW, "63"), verified(&CODE, "458")];
    /// No construction unrelated to control or remediation where targets are not met.
    LAW_66_3_CODE_461_3 = [verified(&SOIL_LAW, "66(3)"), verified(&CODE, "461(3)")];
    /// Key unit's production land: survey before change of use, taking back or transfer; report to the registry.
    LAW_67_CODE_462 = [verified(&SOIL_LAW, "67"), verified(&CODE, "462")];
    /// Fines for duties not performed, statutory surveys among them.
    LAW_94_CODE_1165 = [verified(&SOIL_LAW, "94"), verified(&CODE, "1165")];
    /// Definition of suspected sites; the six industries and hazardous waste.
    ORDER_42_2_3 = [verified(&ORDER_42, "2, 3")];
    /// The county keeps the list of suspected sites.
    ORDER_42_12 = [recalled(&ORDER_42, "12")];
    /// Written notice to the land user; preliminary survey within six months of receipt.
    ORDER_42_13 = [recalled(&ORDER_42, "13")];
    /// Directory of contaminated sites with risk grade, made public, county government told.
    ORDER_42_14 = [recalled(&ORDER_42, "14")];
    /// Second written notice: detailed survey.
    ORDER_42_16 = [recalled(&ORDER_42, "16")];
    /// Control zone proposed by the county bureau, approved by the county government.
    ORDER_42_18_22 = [recalled(&ORDER_42, "18-20, 22")];
    /// What may enter the procedure of land supply.
    ORDER_42_28 = [recalled(&ORDER_42, "28")];
    /// County bureaus that are branches of the prefecture bureau: the prefecture bureau organises the work.
    ORDER_42_4 = [recalled(&ORDER_42, "4")];
    /// Who is liable after a change of the land's holder.
    ORDER_42_10 = [recalled(&ORDER_42, "10")];
    /// Spread or failure of control: measures and report at once.
    ORDER_42_21 = [recalled(&ORDER_42, "21")];
    /// Remediation scheme.
    ORDER_42_24 = [recalled(&ORDER_42, "24")];
    /// Works: notice board, transport of soil told five working days ahead.
    ORDER_42_25 = [recalled(&ORDER_42, "25")];
    /// Effect evaluation by another agency; report public for two months.
    ORDER_42_26 = [recalled(&ORDER_42, "26")];
    /// Transport of polluted soil: plan told to origin and destination in advance.
    LAW_41_CODE_436 = [verified(&SOIL_LAW, "41"), verified(&CODE, "436")];
    /// Aftercare of the parcel, as required.
    LAW_42_3_CODE_437_3 = [verified(&SOIL_LAW, "42(3)"), verified(&CODE, "437(3)")];
    /// Emergencies.
    LAW_44_CODE_443 = [verified(&SOIL_LAW, "44"), verified(&CODE, "443")];
    /// Who is liable: polluter, else land user.
    LAW_45_CODE_439 = [verified(&SOIL_LAW, "45"), verified(&CODE, "439")];
    /// A changed liable party: who inherits, inherits the duties.
    LAW_47_CODE_441 = [verified(&SOIL_LAW, "47"), verified(&CODE, "441")];
    /// Risk assessment and what its report holds.
    LAW_60_CODE_455 = [verified(&SOIL_LAW, "60"), verified(&CODE, "455")];
    /// Review of the risk assessment by the province; listing.
    LAW_61_CODE_456 = [verified(&SOIL_LAW, "61"), verified(&CODE, "456")];
    /// Risk control of listed land by the liable party.
    LAW_62_CODE_457 = [verified(&SOIL_LAW, "62"), verified(&CODE, "457")];
    /// Remediation scheme filed before works.
    LAW_64_CODE_459 = [verified(&SOIL_LAW, "64"), verified(&CODE, "459")];
    /// Effect evaluation filed.
    LAW_65_CODE_460 = [verified(&SOIL_LAW, "65"), verified(&CODE, "460")];
    /// Review of the effect, delisting, and what is barred until then.
    LAW_66_CODE_461 = [verified(&SOIL_LAW, "66"), verified(&CODE, "461")];
    /// At or below the screening value: risk generally negligible. As, Co and V within background are not managed.
    GB_36600_5_3_2 = [verified(&GB_36600, "5.3.2, 表1注① / 5.3.2, table 1 note ①")];
    /// Months are counted to the corresponding day, or the month's end.
    CIVIL_202 = [recalled(&CIVIL_GENERAL, "202"), verified(&CIVIL_CODE, "202")];
    /// The day on which a period begins is not counted.
    CIVIL_201 = [recalled(&CIVIL_GENERAL, "201"), verified(&CIVIL_CODE, "201")];
    /// A period whose last day is a statutory rest day ends on the day after the rest.
    CIVIL_203 = [recalled(&CIVIL_GENERAL, "203"), verified(&CIVIL_CODE, "203")];
    /// Land supplied must meet the soil quality its use demands.
    LAND_REGULATION_14_2 = [verified(&LAND_REGULATION, "14(2)")];
    /// No supply of land that was not surveyed, assessed or remediated as required.
    PLAN_STATE_SUPPLY = [verified(&PLAN_STATE, "严格用地准入 / strict land access")];
    /// What meets the quality its planned use demands may enter the land procedure.
    PLAN_STATE_ENTRY = [verified(&PLAN_STATE, "符合相应规划用地土壤环境质量要求的地块，可进入用地程序 / entry to the land procedure")];
    /// Directory of contaminated sites and negative list of uses.
    PLAN_STATE_NEGATIVE_LIST = [verified(&PLAN_STATE, "建立污染地块名录及其开发利用的负面清单 / directory and negative list")];
    /// Sites not to be developed yet: control zone, sign, announcement, monitoring.
    PLAN_STATE_CONTROL_ZONE = [verified(&PLAN_STATE, "落实监管责任、划定管控区域 / control zones")];
    /// Written notice, preliminary survey within six months.
    PLAN_INNER_MONGOLIA_SIX_MONTHS = [verified(&PLAN_INNER_MONGOLIA, "疑似污染地块：六个月内完成初步调查 / suspected sites: six months")];
    /// A suspected site that was not surveyed is not taken back (不予回收).
    PLAN_INNER_MONGOLIA_NOT_TAKEN_BACK = [verified(&PLAN_INNER_MONGOLIA, "未经调查评估不予回收 / not taken back without survey")];
    /// Directory of contaminated sites and negative list of barred uses.
    PLAN_INNER_MONGOLIA_NEGATIVE_LIST = [verified(&PLAN_INNER_MONGOLIA, "开发利用负面清单 / negative list")];
    /// Control area, sign and announcement for sites not developed yet.
    PLAN_INNER_MONGOLIA_CONTROL_ZONE = [verified(&PLAN_INNER_MONGOLIA, "划定管控区域，设立标识、发布公告 / control area")];
    /// Query before taking land back or buying it; day and result on record.
    PLAN_SHUOZHOU_8_QUERY = [verified(&PLAN_SHUOZHOU, "任务8：查询并记录 / task 8: query and record")];
    /// Written reply of the ecology bureau where the parcel touches a suspected or contaminated site.
    PLAN_SHUOZHOU_8_REPLY = [verified(&PLAN_SHUOZHOU, "任务8：书面回复 / task 8: written reply")];
    /// Natural resources share the suspected sites of the land bank with ecology and planning from time to time.
    PLAN_INNER_MONGOLIA_LAND_BANK = [verified(&PLAN_INNER_MONGOLIA, "定期与环境、规划部门共享纳入用地收储平台的疑似污染地块信息 / suspected sites of the land bank are shared periodically")];
    /// Within what time a bureau answers a consultation no text says; the locality may set it.
    PRODUCT_REPLY_TIME = [unconfirmed(&PRODUCT, "准入查询书面回复期限由当地设定，未设定的不计算到期日（非法定） / the time to answer a consultation is set locally; not counted where it is not (not law)")];
    /// Planning shares the land checks of a quarter with the bureaus. The plans say from time to time; the quarter is ours.
    PRODUCT_QUARTERLY_SHARING = [unconfirmed(&PRODUCT, "按季度共享准入查询及其回复（周期非法定） / land checks and replies are shared by the quarter (the period is not law)")];
    /// Land not surveyed, or harmful, or not remediated, stays out of the land procedure.
    PLAN_SHUOZHOU_6_SUPPLY = [verified(&PLAN_SHUOZHOU, "任务6：不得纳入用地程序 / task 6: barred from the land procedure")];
    /// Land uses are planned by the lists and the negative list.
    PLAN_SHUOZHOU_6_NEGATIVE_LIST = [verified(&PLAN_SHUOZHOU, "任务6：负面清单 / task 6: negative list")];
    /// What a registry must show on its own account: unknown history is never a pass.
    PRODUCT_UNKNOWN_HISTORY = [verified(&PRODUCT, "用地历史不明须人工核查 / unknown history is checked by hand")];
    /// A lead that nobody has decided on is a warning to whoever deals with the land.
    PRODUCT_CANDIDATE = [verified(&PRODUCT, "线索地块须人工核查 / a lead is checked by hand")];
    /// A step is entered with the day on which it happened: not in the future, not before the step it follows.
    PRODUCT_ORDER_OF_DAYS = [verified(&PRODUCT, "事件按发生日先后登记 / steps are entered in the order of their days")];
    /// A returned report does not end the survey: the first due day stands.
    PRODUCT_RETURNED_REPORT = [verified(&PRODUCT, "报告退回的，原期限继续计算 / a returned report leaves the first due day standing")];
    /// A mistaken entry is voided with a reason and stays visible.
    PRODUCT_ENTERED_IN_ERROR = [verified(&PRODUCT, "误录事件注明原因作废，记录保留 / a mistaken entry is voided with a reason and kept")];
    /// A query without a finding is recorded all the same.
    PRODUCT_NO_FINDING = [verified(&PRODUCT, "无命中亦留存查询记录 / no finding, recorded")];
    /// Aftercare: long-term monitoring and institutional controls.
    LAW_42_CODE_437 = [verified(&SOIL_LAW, "42"), verified(&CODE, "437")];
    /// Unused or returned land is surveyed before it becomes cultivated land.
    LAW_51_CODE_446 = [verified(&SOIL_LAW, "51"), verified(&CODE, "446")];
    /// The land user surveys; industries and uses that ask for it.
    ORDER_42_9 = [recalled(&ORDER_42, "9")];
    /// No EIA approval for a project on a contaminated site that does not meet its use.
    ORDER_42_27 = [recalled(&ORDER_42, "27")];
    /// All items within the screening values of the planned class of use.
    GB_36600_5_3 = [verified(&GB_36600, "5.3.1, 5.3.2")];
    /// Limit values of construction land, basic items.
    GB_36600_TABLE_1 = [verified(&GB_36600, "表1 / table 1")];
    /// Limit values of construction land, other items.
    GB_36600_TABLE_2 = [verified(&GB_36600, "表2 / table 2")];
    /// Screening values of farmland, basic items; paddy and upland in turn is held to the stricter value (note).
    GB_15618_TABLE_1 = [verified(&GB_15618, "表1 / table 1")];
    /// Screening values of farmland, other items.
    GB_15618_TABLE_2 = [verified(&GB_15618, "表2 / table 2")];
    /// Intervention values of farmland.
    GB_15618_TABLE_3 = [verified(&GB_15618, "表3 / table 3")];
    /// Provinces may set values for what the nation's standards leave out, and stricter ones for the rest.
    LAW_12_CODE_400 = [verified(&SOIL_LAW, "12"), verified(&CODE, "400")];
    /// Land user of six industries surveys before taking back and before change to housing, commerce, school and the like.
    PLAN_STATE_SURVEY = [verified(&PLAN_STATE, "建立调查评估制度：由土地使用权人负责 / survey by the land user")];
    /// Land taken back already: the city or county government surveys.
    PLAN_STATE_SURVEY_TAKEN_BACK = [verified(&PLAN_STATE, "建立调查评估制度：已经收回的 / land taken back already")];
    /// Heavily polluted farmland to urban construction land: the government has it surveyed.
    PLAN_STATE_HEAVY_FARMLAND = [verified(&PLAN_STATE, "建立调查评估制度：重度污染农用地转为城镇建设用地 / heavily polluted farmland")];
    /// Plans consider the risk of contaminated sites.
    PLAN_STATE_PLANNING = [verified(&PLAN_STATE, "编制相关规划时应充分考虑污染地块的环境风险 / plans consider site risk")];
    /// As the State plan, with hazardous-waste land.
    PLAN_INNER_MONGOLIA_SURVEY = [verified(&PLAN_INNER_MONGOLIA, "调查评估：由土地使用权人负责 / survey by the land user")];
    /// Land taken back already: the county government surveys.
    PLAN_INNER_MONGOLIA_SURVEY_TAKEN_BACK = [verified(&PLAN_INNER_MONGOLIA, "调查评估：已经收回土地使用权的 / land taken back already")];
    /// Planning conditions take the survey's conclusion as reference.
    PLAN_INNER_MONGOLIA_PLANNING = [verified(&PLAN_INNER_MONGOLIA, "规划用地条件书阶段以调查结论为参考内容 / planning conditions refer to the survey")];
    /// Unused land to farmland is assessed first.
    PLAN_INNER_MONGOLIA_UNUSED_LAND = [verified(&PLAN_INNER_MONGOLIA, "拟开发为农用地的未利用地 / unused land to farmland")];
    /// As the State plan.
    PLAN_ALXA_SURVEY = [verified(&PLAN_ALXA, "建立调查评估制度：由土地使用权人负责 / survey by the land user")];
    /// Land taken back already: the banner's government or the zone's committee surveys.
    PLAN_ALXA_SURVEY_TAKEN_BACK = [verified(&PLAN_ALXA, "建立调查评估制度：已经收回的，由人民政府（管委会）负责 / land taken back already")];
    /// Heavily polluted farmland: the government or the zone's committee has it surveyed.
    PLAN_ALXA_HEAVY_FARMLAND = [verified(&PLAN_ALXA, "重度污染农用地转为城镇建设用地 / heavily polluted farmland")];
    /// Directory and negative list.
    PLAN_ALXA_NEGATIVE_LIST = [verified(&PLAN_ALXA, "污染地块名录及其开发利用的负面清单 / negative list")];
    /// Control zone, sign, announcement, monitoring with air.
    PLAN_ALXA_CONTROL_ZONE = [verified(&PLAN_ALXA, "划定管控区域，设立标识，发布公告 / control zones")];
    /// Plans consider the risk of contaminated sites.
    PLAN_ALXA_PLANNING = [verified(&PLAN_ALXA, "编制相关规划时应充分考虑污染地块的环境风险 / plans consider site risk")];
    /// Only land that meets the soil quality of its planned use enters the procedure.
    PLAN_ALXA_SUPPLY = [verified(&PLAN_ALXA, "土地开发利用必须符合土壤环境质量要求 / land must meet soil quality")];
    /// Survey by the land user; landfills, incinerators and sludge plants too.
    PLAN_YUANCHENG_14 = [verified(&PLAN_YUANCHENG, "14")];
    /// Heavily polluted farmland: the government that banks the land has it surveyed.
    PLAN_YUANCHENG_15 = [verified(&PLAN_YUANCHENG, "15")];
    /// Directory and negative list.
    PLAN_YUANCHENG_16 = [verified(&PLAN_YUANCHENG, "16")];
    /// Soil quality in planning and supply of land.
    PLAN_YUANCHENG_17 = [verified(&PLAN_YUANCHENG, "17")];
    /// Construction permits for the redevelopment of contaminated sites.
    PLAN_YUANCHENG_18 = [verified(&PLAN_YUANCHENG, "18")];
    /// Guangdong: survey and risk assessment before taking back, transfer, or change to sensitive uses.
    GUANGDONG_37 = [verified(&GUANGDONG_MEASURES, "37")];
    /// Guangdong: land taken back already is surveyed by the government that banks it.
    GUANGDONG_37_2 = [verified(&GUANGDONG_MEASURES, "37(2)")];
    /// Survey and assessment where use changes to housing, public, food or farmland, and of vacated plants and mines.
    PLAN_SHUOZHOU_5_SURVEY = [verified(&PLAN_SHUOZHOU, "任务5：调查和风险评估 / task 5: survey and risk assessment")];
    /// Parcels of the year's supply plan are encouraged to be surveyed early.
    PLAN_SHUOZHOU_5_EARLY = [verified(&PLAN_SHUOZHOU, "任务5：鼓励适当提前开展 / task 5: early survey encouraged")];
    /// Key unit's land is surveyed before change of use, taking back or transfer.
    PLAN_SHUOZHOU_10_KEY_UNIT = [verified(&PLAN_SHUOZHOU, "任务10：重点监管单位用地调查 / task 10: key unit's land")];
    /// Scope: housing and public use among themselves normally need no new survey.
    REVIEW_GUIDE_SCOPE = [recalled(&REVIEW_GUIDE, "适用范围 / scope")];
    /// Check in the national system before a change to housing or public use is handled.
    SOURCE_PLAN_QUERY = [unconfirmed(&SOURCE_PLAN, "用途变更为“一住两公”的查询 / query before change to sensitive use")];
    /// What the stage of a site lets the land be used for.
    PRODUCT_STAGE = [verified(&PRODUCT, "地块阶段与用地限制对照 / stage of a site and use of the land")];
    /// A region's text taken over as the default elsewhere.
    PRODUCT_ADOPTED = [verified(&PRODUCT, "采用其他地区规定作为默认规则 / a region's text as default elsewhere")];
    /// A sliver is decided by a person.
    PRODUCT_LINE_CONTACT = [verified(&PRODUCT, "压线由人工判定 / line contact is decided by a person")];
    /// Records that the parcel touches or lies near.
    PRODUCT_NEIGHBOUR = [verified(&PRODUCT, "相接、邻近提示 / records beside the parcel")];
    /// The registry's facts win over stated ones, and the contradiction is shown.
    PRODUCT_CONTRADICTION = [verified(&PRODUCT, "申报与登记不一致 / statement against registry")];
    /// An answer about a past day says what has changed since.
    PRODUCT_SINCE = [verified(&PRODUCT, "针对过去日期的查询提示其后变化 / an answer about a past day tells what changed since")];
    /// A local setting that decided which rules apply is named.
    PRODUCT_LOCAL_CHOICE = [verified(&PRODUCT, "本地设定影响适用的规则时须注明 / a local setting that decided is named")];
    /// Regional rules need the parcel's division.
    PRODUCT_DIVISION_UNKNOWN = [verified(&PRODUCT, "区划不明 / division unknown")];
    /// What the state holds is made public within twenty working days of its coming into being.
    DISCLOSURE_26 = [verified(&DISCLOSURE_REGULATION, "26")];
    /// Shandong: the review of an effect report is organised within fifteen working days.
    SHANDONG_57 = [verified(&SHANDONG_REGULATION, "57")];
    /// Yearly report: prefecture to province by the end of the year, province to ministry by the end of January. The
    /// content was checked, the article's number was not.
    ORDER_42_YEARLY_REPORT = [recalled(&ORDER_42, "年度报告（条号未核） / yearly report (article not checked)")];
    /// Inner Mongolia: yearly control plan for contained sites; soil, surface water and groundwater are monitored.
    PLAN_INNER_MONGOLIA_CONTAINMENT = [verified(&PLAN_INNER_MONGOLIA, "暂不开发利用的污染地块：制定年度风险管控计划、开展监测 / contained sites: yearly plan, monitoring")];
    /// Shuozhou: yearly control plan for contained sites.
    PLAN_SHUOZHOU_7 = [verified(&PLAN_SHUOZHOU, "任务7：年度风险管控计划 / task 7: yearly control plan")];
    /// The nation's plan and Order 42: soil, surface water, groundwater and air around a contained site are monitored.
    PLAN_STATE_CONTAINMENT = [verified(&PLAN_STATE, "暂不开发利用的地块：开展土壤、地表水、地下水、空气环境监测 / contained sites: soil, surface water, groundwater, air")];
    /// A notice board at the works, with what is done there.
    LAW_40_3_CODE_435_3 = [verified(&SOIL_LAW, "40(3)"), verified(&CODE, "435(3)")];
    /// Land taken back whose polluter was its former user: the local government.
    LAW_68_CODE_463 = [verified(&SOIL_LAW, "68"), verified(&CODE, "463")];
    /// From the Code on, construction already begun stops at once where targets are not met or a step was skipped.
    CODE_461_3 = [verified(&CODE, "461(3)")];
    /// "Promptly" without a number: a local service level of the bureau, not law.
    PRODUCT_SERVICE_LEVEL = [verified(&PRODUCT, "“及时”的内部时限（可配置，非法定） / service level for \"promptly\" (configurable, not law)")];
    /// A clock is extended, suspended or called off with cause, and by whom is on record.
    PRODUCT_CLOCK_CHANGED = [unconfirmed(&PRODUCT, "期限延长、中止、撤销须注明原因（延期依据由办理机关自负） / clocks are changed with cause (the bureau answers for its ground)")];
    /// Key units: emission of toxic substances controlled and reported yearly, hidden dangers, self-monitoring.
    LAW_21_CODE_414 = [verified(&SOIL_LAW, "21"), verified(&CODE, "414")];
    /// From the Code on, key units look for hidden dangers to groundwater too, and put them right.
    CODE_414 = [verified(&CODE, "414")];
    /// From the Code on, key units report underground tanks that hold toxic substances.
    CODE_414_4 = [verified(&CODE, "414(4)")];
    /// The bureaus monitor soil and groundwater around key units.
    CODE_414_5 = [verified(&CODE, "414(5)")];
    /// Fine where the yearly report on toxic emissions is missing.
    CODE_1166_1 = [verified(&CODE, "1166(1)")];
    /// Fine where underground tanks are not reported.
    CODE_1166_2 = [verified(&CODE, "1166(2)")];
    /// A key unit files its plan before it demolishes.
    LAW_22_CODE_415 = [verified(&SOIL_LAW, "22"), verified(&CODE, "415")];
    /// The plan of a demolition is filed fifteen working days before. The content is recalled, the article was not checked.
    ORDER_3_DEMOLITION = [recalled(&ORDER_3, "拆除活动污染防治方案提前备案（条号未核） / demolition plan filed ahead (article not checked)")];
    /// Shandong: the plan of a demolition is filed fifteen working days before. The article's number was not checked.
    SHANDONG_DEMOLITION = [verified(&SHANDONG_REGULATION, "拆除活动方案提前备案（条号未核） / demolition plan filed ahead (article not checked)")];
    /// Hidden dangers are looked for within a year of the listing, then every two to three years.
    HIDDEN_DANGER_GUIDE_ROUNDS = [verified(&HIDDEN_DANGER_GUIDE, "排查频次 / how often")];
    /// How often soil and groundwater of a key unit are monitored.
    HJ_1209_FREQUENCY = [verified(&HJ_1209, "监测频次 / frequency of monitoring")];
    /// Shuozhou 2021: key units plan their monitoring by 31 August, monitor, publish and look for hidden dangers by 31 October.
    PLAN_SHUOZHOU_10_MONITORING = [verified(&PLAN_SHUOZHOU, "任务10：自行监测与隐患排查 / task 10: self-monitoring and hidden dangers")];
    /// Inner Mongolia: the survey report is made public.
    PLAN_INNER_MONGOLIA_REPORT_PUBLIC = [verified(&PLAN_INNER_MONGOLIA, "编制调查报告，及时上传污染地块信息系统并向社会公开 / survey report uploaded and made public")];
    /// The result of the evaluation by a third party is made public.
    PLAN_STATE_EFFECT_PUBLIC = [verified(&PLAN_STATE, "第三方机构评估治理与修复效果，结果向社会公开 / third-party evaluation, result made public")];
    /// The works' notice board, as the nation's plan has it.
    PLAN_STATE_NOTICE_BOARD = [verified(&PLAN_STATE, "治理与修复工程：设立公告牌 / notice board at the works")];
    /// Contact data of natural persons are not published.
    PRODUCT_WITHHELD_CONTACT = [verified(&PRODUCT, "联系人姓名、电话等个人信息不公开 / contact data of persons are withheld")];
    /// Coordinates of sampling points are not published as long as their secrecy class is not confirmed.
    PRODUCT_WITHHELD_POINTS = [unconfirmed(&PRODUCT, "采样点位坐标默认不公开（密级待主管部门确认） / coordinates of sampling points withheld until their secrecy class is confirmed")];
    /// Only what is in a list open to everybody is shown with its name.
    PRODUCT_WITHHELD_UNLISTED = [verified(&PRODUCT, "未列入公开名录的地块，公众查询不显示 / records in no public list are not shown to the public")];
    /// How the share of polluted cultivated land used safely is counted.
    SAFE_USE_RATE_METHOD = [verified(&SAFE_USE_RATE, "A＝(B＋C＋D)÷E×100%")];
    /// What the safe use of key building land is about, and that the survey comes before the allocation or the grant.
    KEY_LAND_METHOD = [verified(&KEY_LAND, "范围：变更为“一住两公”；时点：划拨决定书、出让合同之前 / scope and timing")];
    /// The share of polluted cultivated land used safely is about 93 % by 2025.
    FIVE_YEAR_14_SOIL = [recalled(&FIVE_YEAR_14, "2025年受污染耕地安全利用率93%左右 / about 93 % by 2025")];
    /// The shares of polluted land used safely, for 2020 and 2030.
    PLAN_STATE_TARGETS = [verified(&PLAN_STATE, "主要指标：到2020年、2030年的安全利用率 / main indicators for 2020 and 2030")];
    /// Every county has monitoring points by 2020.
    PLAN_STATE_MONITORING = [verified(&PLAN_STATE, "2020年底前实现土壤环境质量监测点位所有县（市、区）全覆盖 / every county by 2020")];
    /// The shares of polluted land used safely, for 2027.
    SOURCE_PLAN_TARGETS = [verified(&SOURCE_PLAN, "2027年受污染耕地安全利用率94%以上 / at least 94 % by 2027")];
    /// Inner Mongolia's shares for 2020, higher than the nation's.
    PLAN_INNER_MONGOLIA_TARGETS = [verified(&PLAN_INNER_MONGOLIA, "全区受污染耕地安全利用率达到98%以上，污染地块安全利用率不低于90% / shares for 2020")];
    /// Every banner and county of Inner Mongolia has monitoring points by 2020.
    PLAN_INNER_MONGOLIA_MONITORING = [verified(&PLAN_INNER_MONGOLIA, "土壤环境质量监测点位所有旗县（市、区）全覆盖 / every county by 2020")];
    /// Alxa's shares for 2020 and 2030.
    PLAN_ALXA_TARGETS = [verified(&PLAN_ALXA, "到2020年、2030年的安全利用率 / shares for 2020 and 2030")];
    /// Every banner of Alxa has monitoring points by 2020.
    PLAN_ALXA_MONITORING = [verified(&PLAN_ALXA, "土壤环境质量监测点位所有旗（区）全覆盖 / every banner by 2020")];
    /// Yuancheng carries out what province and city set.
    PLAN_YUANCHENG_TARGETS = [verified(&PLAN_YUANCHENG, "完成省、市下达的任务 / as province and city set")];
    /// Shuozhou's shares are what the province's assessment asks.
    PLAN_SHUOZHOU_TARGETS = [verified(&PLAN_SHUOZHOU, "受污染耕地安全利用率和污染地块安全利用率满足省级考核要求 / as the province's assessment asks")];
    /// The provincial government warns counties whose priority-protection land shrinks or drops in quality; EIA approvals
    /// may be limited.
    PLAN_STATE_PRIORITY_WARNING = [verified(&PLAN_STATE, "优先保护类耕地面积减少或土壤环境质量下降：省级人民政府预警提醒、环评限批 / warning by the provincial government")];
    /// Leagues and cities warn their banners and counties; EIA approvals may be limited.
    PLAN_INNER_MONGOLIA_PRIORITY_WARNING = [verified(&PLAN_INNER_MONGOLIA, "优先保护类耕地面积减少或土壤环境质量下降：盟行政公署、市人民政府预警提醒、环评限批 / warning by the league or city")];
    /// What a target of "about" allows.
    PRODUCT_ABOUT = [unconfirmed(&PRODUCT, "“左右”的允许偏差 / what \"about\" allows")];
    /// Counted on classes alone: the formula is this registry's until the method of the later plans is at hand.
    PRODUCT_K1B = [unconfirmed(&PRODUCT, "按类别面积计算安全利用率（方法未核） / share by class (method not confirmed)")];
    /// Fine for moving polluted soil without telling, or not as told.
    LAW_91_3_CODE_1162_5 = [verified(&SOIL_LAW, "91(3)"), verified(&CODE, "1162(5)")];
    /// Fine for building what has nothing to do with control or remediation.
    CODE_1162_7 = [verified(&CODE, "1162(7)")];
    /// Fine for aftercare that is not done.
    LAW_92_CODE_1164 = [verified(&SOIL_LAW, "92"), verified(&CODE, "1164")];
    /// Fines for what is not reported or filed in time.
    LAW_95_CODE_1166_1167 = [verified(&SOIL_LAW, "95"), verified(&CODE, "1166, 1167")];
    /// Farmland of priority protection becomes permanent basic farmland and is strictly protected.
    LAW_50_CODE_445 = [verified(&SOIL_LAW, "50"), verified(&CODE, "445")];
    /// Soil data go into the national platform.
    LAW_82_CODE_406 = [verified(&SOIL_LAW, "82"), verified(&CODE, "406")];
    /// Limits on EIA approvals for regions over their total emissions or short of their quality target. A limit for soil
    /// alone rests on the plans.
    CODE_158 = [verified(&CODE, "158")];
    /// Agriculture and ecology of the province organise the classification; the provincial government approves it. The
    /// content is recalled, the article's number was not checked.
    ORDER_46_CLASSIFICATION = [recalled(&ORDER_46, "类别划分与省级人民政府审定（条号未核） / classification and approval by the provincial government (article not checked)")];
    /// The limits of units are verified in the field before the list goes on: from practice, not held against the guide.
    CLASS_GUIDE_BOUNDARY = [unconfirmed(&CLASS_GUIDE, "边界核实（未与原文核对） / review of the limits of units (not held against the text)")];
    /// The classes are approved by the provincial government, and the data uploaded.
    PLAN_STATE_CLASS_APPROVAL = [verified(&PLAN_STATE, "划定结果由各省级人民政府审定，数据上传 / approval by the provincial government, upload")];
    /// The classes are brought up to date as land use and soil quality change.
    PLAN_STATE_CLASS_UPDATE = [verified(&PLAN_STATE, "根据土地利用变更和土壤环境质量变化情况，定期更新 / periodic update of the classes")];
    /// Inner Mongolia: periodic update, uploaded to the national information system for agricultural land.
    PLAN_INNER_MONGOLIA_CLASS_UPDATE = [verified(&PLAN_INNER_MONGOLIA, "定期更新各类别耕地面积、分布，数据上传 / periodic update and upload of the classes")];
    /// List of classes; data uploaded to the soil information platform.
    PLAN_YUANCHENG_6 = [verified(&PLAN_YUANCHENG, "6")];
    /// Dynamic adjustment of the classes, and its upload.
    PLAN_SHUOZHOU_4 = [verified(&PLAN_SHUOZHOU, "任务4：动态调整，上传全国土壤环境信息化管理平台 / task 4: dynamic adjustment and upload")];
    /// The league's administrative office warns; approvals of the region may be limited.
    PLAN_ALXA_PRIORITY_WARNING = [verified(&PLAN_ALXA, "优先保护类耕地面积减少或土壤环境质量下降：盟行政公署预警提醒、区域限批 / warning by the league's administrative office")];
    /// A proposal that is sent back says why; no clock is known for any step of an approval.
    PRODUCT_ADJUSTMENT_RETURNED = [verified(&PRODUCT, "类别调整退回须注明原因，可修改后再报 / a returned adjustment says why, and may be proposed again")];
    /// A warning is followed up to its end: served, answered, restriction, closed with a reason.
    PRODUCT_WARNING_FOLLOW_UP = [verified(&PRODUCT, "预警的送达、答复、限制措施和结案均留存记录 / a warning is followed up on record to its end")];
    /// Agencies answer for the truth of their reports.
    LAW_90_CODE_1230 = [verified(&SOIL_LAW, "90"), verified(&CODE, "1230")];
    /// Safe-use land: agriculture and forestry make and carry out a plan.
    LAW_53_CODE_448 = [verified(&SOIL_LAW, "53"), verified(&CODE, "448")];
    /// Strictly controlled land: a crop ban zone is proposed and approved by the government of the same level; restructuring.
    LAW_54_CODE_449 = [verified(&SOIL_LAW, "54"), verified(&CODE, "449")];
    /// Farmland that threatens groundwater: ecology and agriculture write a plan.
    LAW_55_CODE_450 = [verified(&SOIL_LAW, "55"), verified(&CODE, "450")];
    /// Remediation of farmland: scheme filed with agriculture, separate evaluator, report filed.
    LAW_57_CODE_452 = [verified(&SOIL_LAW, "57"), verified(&CODE, "452")];
    /// Nobody grows the named products in a crop ban zone.
    FARM_PRODUCT_LAW_21 = [verified(&FARM_PRODUCT_LAW, "21")];
    /// Safe-use plans are approved by the local government and uploaded; the article's number is not sure.
    ORDER_46_20 = [unconfirmed(&ORDER_46, "约20 / about 20")];
    /// Counties with much safe-use land make a safe-use plan.
    PLAN_STATE_SAFE_USE = [verified(&PLAN_STATE, "制定实施受污染耕地安全利用方案 / safe-use plans")];
    /// Strictly controlled cultivated land: ban zones, and no edible products at all; plans for groundwater; restructuring.
    PLAN_STATE_STRICT_CONTROL = [verified(&PLAN_STATE, "加强对严格管控类耕地的用途管理，严禁种植食用农产品 / strict control: no edible products")];
    /// Heavily polluted forest and orchard: products are tested, and planting is restructured where they fail.
    PLAN_STATE_FOREST_ORCHARD = [verified(&PLAN_STATE, "加强对重度污染林地、园地产出食用农（林）产品质量检测 / heavily polluted forest and orchard: products are tested")];
    /// Counties with much safe-use land make a safe-use plan.
    PLAN_INNER_MONGOLIA_SAFE_USE = [verified(&PLAN_INNER_MONGOLIA, "制定实施受污染耕地安全利用方案 / safe-use plans")];
    /// Restructuring or return to forest and grass, by year.
    PLAN_INNER_MONGOLIA_RESTRUCTURING = [verified(&PLAN_INNER_MONGOLIA, "种植结构调整或退耕还林还草计划，分年度实施 / restructuring by year")];
    /// No edible products on heavily polluted forest and orchard.
    PLAN_INNER_MONGOLIA_FOREST_ORCHARD = [verified(&PLAN_INNER_MONGOLIA, "严禁在重度污染林地、园地种植食用农（林）产品 / no edible products on heavily polluted forest and orchard")];
    /// As the State plan.
    PLAN_ALXA_STRICT_CONTROL = [verified(&PLAN_ALXA, "加强对严格管控类耕地的用途管理，严禁种植食用农畜产品 / strict control: no edible products")];
    /// No edible products on heavily polluted forest and orchard.
    PLAN_ALXA_FOREST_ORCHARD = [verified(&PLAN_ALXA, "严禁在重度污染林地、园地种植食用农（林）产品 / no edible products on heavily polluted forest and orchard")];
    /// Slightly polluted land: products are tested and traced, and kept out of the market where they fail.
    PLAN_YUANCHENG_8 = [verified(&PLAN_YUANCHENG, "8")];
    /// Heavily polluted land leaves permanent basic farmland; ban zones.
    PLAN_YUANCHENG_11 = [verified(&PLAN_YUANCHENG, "11")];
    /// Heavily polluted forest and orchard: products are tested, and planting is restructured where they fail.
    PLAN_YUANCHENG_13 = [verified(&PLAN_YUANCHENG, "13")];
    /// Which crops are eaten is the registry's own list; a name that is not on it is unknown.
    PRODUCT_CROPS = [unconfirmed(&PRODUCT, "作物名称对照表（未列名称按未知处理） / list of crops (a name not listed is unknown)")];
    /// A contaminated or suspected site inside priority farmland contradicts one of the two registers.
    PRODUCT_SITE_IN_PRIORITY_UNIT = [verified(&PRODUCT, "优先保护类单元内有登记地块须核实 / a site inside a priority unit is looked into")];
    /// A measure meant for another class than the unit's is entered, and said to be.
    PRODUCT_MEASURE_AND_CLASS = [verified(&PRODUCT, "措施与单元类别不符的提示 / measures that do not fit a unit's class are pointed out")];
    /// Nothing that may pollute soil is built, rebuilt or extended around homes, schools, hospitals, sanatoria and homes for
    /// the elderly.
    LAW_32_CODE_427 = [verified(&SOIL_LAW, "32"), verified(&CODE, "427")];
    /// Fine for building what may pollute soil where permanent basic farmland is concentrated.
    CODE_1162_6 = [verified(&CODE, "1162(6)")];
    /// Guangdong: kindergartens too are kept clear of projects that may pollute soil.
    GUANGDONG_16 = [verified(&GUANGDONG_MEASURES, "16")];
    /// Guangdong: the assessment of homes, schools and hospitals to be built analyses the contaminated plots around them.
    GUANGDONG_19_2 = [verified(&GUANGDONG_MEASURES, "19(2)")];
    /// No EIA approval of what may pollute cultivated land where priority-protection land is concentrated. The content is
    /// recalled, the article's number was not checked.
    ORDER_46_SITING = [recalled(&ORDER_46, "约8（条号未核） / about 8 (article not checked)")];
    /// Six industries are strictly controlled where priority-protection land is concentrated; existing plants are upgraded.
    PLAN_STATE_SITING = [verified(&PLAN_STATE, "防控企业污染：严格控制在优先保护类耕地集中区域新建 / new plants where priority farmland is concentrated")];
    /// Nothing but statutory key projects that cannot avoid it occupies priority-protection land.
    PLAN_STATE_NO_OCCUPATION = [verified(&PLAN_STATE, "除法律规定的重点建设项目选址确实无法避让外，其他任何建设不得占用 / no occupation of priority farmland")];
    /// No smelters, coking plants and the like around homes, schools, hospitals and homes for the elderly.
    PLAN_STATE_SURROUNDINGS = [verified(&PLAN_STATE, "禁止在居民区、学校、医疗和养老机构等周边新建有色金属冶炼、焦化等行业企业 / no smelters or coking plants beside homes and schools")];
    /// EIA approvals stay limited until a failed assessment is put right.
    PLAN_STATE_POOR_RESULT = [verified(&PLAN_STATE, "整改完成前，对有关地区实施建设项目环评限批 / EIA approvals limited until put right")];
    /// As the State plan.
    PLAN_INNER_MONGOLIA_SITING = [verified(&PLAN_INNER_MONGOLIA, "严格控制在优先保护类耕地集中的区域新建 / new plants where priority farmland is concentrated")];
    /// As the State plan.
    PLAN_INNER_MONGOLIA_NO_OCCUPATION = [verified(&PLAN_INNER_MONGOLIA, "除法律规定的重点建设项目选址确实无法避让外，其他任何建设不得占用 / no occupation of priority farmland")];
    /// From 2019 on, new projects that emit heavy metals keep special limits in four leagues and cities.
    PLAN_INNER_MONGOLIA_SPECIAL_LIMITS = [verified(&PLAN_INNER_MONGOLIA, "自2019年起，赤峰市、巴彦淖尔市、呼伦贝尔市、锡林郭勒盟执行重金属重点污染物特别排放限值 / special emission limits from 2019")];
    /// As the State plan.
    PLAN_ALXA_SITING = [verified(&PLAN_ALXA, "防控企业污染：严格控制在优先保护类耕地集中区域新建 / new plants where priority farmland is concentrated")];
    /// As the State plan.
    PLAN_ALXA_NO_OCCUPATION = [verified(&PLAN_ALXA, "除法律规定的重点建设项目选址确实无法避让外，其他任何建设不得占用 / no occupation of priority farmland")];
    /// As the State plan.
    PLAN_ALXA_SURROUNDINGS = [verified(&PLAN_ALXA, "禁止在居民区、学校、医疗和养老机构等周边新建有色金属冶炼、焦化等行业企业 / no smelters or coking plants beside homes and schools")];
    /// EIA approvals stay limited until a failed assessment is put right.
    PLAN_ALXA_POOR_RESULT = [verified(&PLAN_ALXA, "整改完成前，对有关地区实施建设项目环评限批 / EIA approvals limited until put right")];
    /// Yuancheng: twelve industries are strictly controlled where priority-protection land is concentrated.
    PLAN_YUANCHENG_9 = [verified(&PLAN_YUANCHENG, "9")];
    /// Shuozhou: nothing that may pollute soil is planned where permanent basic farmland is concentrated.
    PLAN_SHUOZHOU_3 = [verified(&PLAN_SHUOZHOU, "任务3：永久基本农田集中区域不得规划新建可能造成土壤污染的建设项目 / task 3: nothing that may pollute soil is planned")];
    /// Shuozhou: emissions of heavy metals by a new project are offset, by as much or more.
    PLAN_SHUOZHOU_11_OFFSET = [verified(&PLAN_SHUOZHOU, "任务11：减量置换、等量置换 / task 11: emissions are offset")];
    /// "Around" has no distance in any text: the operator sets one, and what is not set is said.
    PRODUCT_SURROUNDINGS = [unconfirmed(&PRODUCT, "“周边”的距离（可配置，非法定） / what \"around\" means (configurable, not law)")];
    /// Farmland is divided into three classes by its pollution.
    LAW_49_CODE_444 = [verified(&SOIL_LAW, "49"), verified(&CODE, "444")];
    /// Class of a unit out of its points: dominant class, contiguous parts, isolated points, neighbours. From practice, not
    /// held against the guide.
    CLASS_GUIDE_UNIT = [unconfirmed(&CLASS_GUIDE, "评价单元类别判定（未与原文核对） / class of a unit (not held against the text)")];
    /// Products beside the soil relax a class. As an implementer wrote it, not held against the guide.
    CLASS_GUIDE_CROP = [unconfirmed(&CLASS_GUIDE, "农产品协同评价（未与原文核对） / products beside the soil (not held against the text)")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_takes_over_on_its_first_day() {
        let before = LAW_61_2_CODE_456_2.cite(Day::of(2026, 8, 14)).unwrap();
        assert_eq!((before.instrument_zh.as_str(), before.article.as_str()), ("土壤污染防治法", "61(2)"));
        assert_eq!(before.successor.as_deref().map(|s| s.article.as_str()), Some("456(2)"));
        let after = LAW_61_2_CODE_456_2.cite(CODE_IN_FORCE).unwrap();
        assert_eq!((after.instrument_zh.as_str(), after.article.as_str()), ("生态环境法典", "456(2)"));
        assert_eq!(after.successor, None);
    }

    #[test]
    fn nothing_is_cited_before_it_was_in_force() {
        assert_eq!(LAW_61_2_CODE_456_2.cite(Day::of(2018, 12, 31)), None);
        assert_eq!(ORDER_42_13.cite(Day::of(2017, 6, 30)), None);
    }
}
