//! The kinds of measures: for which class each is meant, what it is made of, who makes it, on what it stands.

use crate::kernel::{Provision, Text};
use crate::platform::Role;
use crate::standards::law;

/// Kind of a measure on farmland.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// 安全利用方案
    SafeUsePlan,
    /// 特定农产品禁止生产区域
    CropBanZone,
    /// 种植结构调整、退耕还林还草、休耕计划
    RestructuringPlan,
    /// 修复
    Remediation,
    /// 地下水污染防治方案
    GroundwaterPlan,
    /// 优先保护措施
    PriorityProtection,
}

/// What a measure is made of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MeasureAction {
    /// 农艺调控
    AgronomicControl,
    /// 替代种植
    SubstituteCrops,
    /// 土壤和农产品协同监测与评价
    CoMonitoring,
    /// 技术指导和培训
    Training,
    /// 种植结构调整
    Restructuring,
    /// 退耕还林
    ReturnToForest,
    /// 退耕还草
    ReturnToGrass,
    /// 休耕
    Fallow,
    /// 轮作
    Rotation,
    /// 生物修复
    BiologicalRemediation,
    /// 其他修复
    OtherRemediation,
    /// 地下水监测
    GroundwaterMonitoring,
    /// 污染源控制
    SourceControl,
    /// 农产品质量检测
    ProductTesting,
    /// 农产品追溯，避免超标农产品流入市场
    Traceability,
    /// 其他措施
    Other,
}

use MeasureAction::{
    AgronomicControl, BiologicalRemediation, CoMonitoring, Fallow, GroundwaterMonitoring, Other, OtherRemediation,
    ProductTesting, Restructuring, ReturnToForest, ReturnToGrass, Rotation, SourceControl, SubstituteCrops,
    Traceability, Training,
};

impl MeasureAction {
    /// Every action.
    pub const ALL: [MeasureAction; 16] = [
        AgronomicControl,
        SubstituteCrops,
        CoMonitoring,
        Training,
        Restructuring,
        ReturnToForest,
        ReturnToGrass,
        Fallow,
        Rotation,
        BiologicalRemediation,
        OtherRemediation,
        GroundwaterMonitoring,
        SourceControl,
        ProductTesting,
        Traceability,
        Other,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            AgronomicControl => "agronomic_control",
            SubstituteCrops => "substitute_crops",
            CoMonitoring => "co_monitoring",
            Training => "training",
            Restructuring => "restructuring",
            ReturnToForest => "return_to_forest",
            ReturnToGrass => "return_to_grass",
            Fallow => "fallow",
            Rotation => "rotation",
            BiologicalRemediation => "biological_remediation",
            OtherRemediation => "other_remediation",
            GroundwaterMonitoring => "groundwater_monitoring",
            SourceControl => "source_control",
            ProductTesting => "product_testing",
            Traceability => "traceability",
            Other => "other",
        }
    }

    /// Reads a wire name.
    pub fn parse(name: &str) -> Option<MeasureAction> {
        MeasureAction::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// What the law says of a kind.
#[derive(Debug)]
pub struct KindRow {
    /// Which.
    pub kind: MeasureKind,
    /// What it is called.
    pub title: Text,
    /// The word of its numbers.
    pub word: &'static str,
    /// Classes of units that it is meant for.
    pub classes: &'static [&'static str],
    /// What it can be made of.
    pub actions: &'static [MeasureAction],
    /// Who makes or proposes it.
    pub made_by: &'static [Role],
    /// On what it stands, everywhere.
    pub provisions: &'static [&'static Provision],
    /// What stands beside it in a division: first digits of the code, and the text.
    pub regional: &'static [(&'static str, &'static Provision)],
}

const PRIORITY: &str = "priority_protection";
const SAFE_USE: &str = "safe_use";
const STRICT: &str = "strict_control";

/// Every kind.
pub static KINDS: [KindRow; 6] = [
    KindRow {
        kind: MeasureKind::SafeUsePlan,
        title: Text::fixed("安全利用方案", "Safe-use plan"),
        word: "安利",
        classes: &[SAFE_USE],
        actions: &[AgronomicControl, SubstituteCrops, CoMonitoring, Training, Other],
        made_by: &[Role::Agriculture],
        provisions: &[&law::LAW_53_CODE_448, &law::PLAN_STATE_SAFE_USE, &law::ORDER_46_20],
        regional: &[("15", &law::PLAN_INNER_MONGOLIA_SAFE_USE)],
    },
    KindRow {
        kind: MeasureKind::CropBanZone,
        title: Text::fixed("特定农产品禁止生产区域", "Crop ban zone"),
        word: "禁产",
        classes: &[STRICT],
        actions: &[CoMonitoring, Training, Restructuring, Other],
        made_by: &[Role::Agriculture],
        provisions: &[&law::LAW_54_CODE_449, &law::FARM_PRODUCT_LAW_21, &law::PLAN_STATE_STRICT_CONTROL],
        regional: &[("1529", &law::PLAN_ALXA_STRICT_CONTROL), ("441602", &law::PLAN_YUANCHENG_11)],
    },
    KindRow {
        kind: MeasureKind::RestructuringPlan,
        title: Text::fixed("种植结构调整或退耕还林还草计划", "Restructuring plan"),
        word: "结构",
        classes: &[STRICT],
        actions: &[Restructuring, ReturnToForest, ReturnToGrass, Fallow, Rotation, Other],
        made_by: &[Role::Agriculture, Role::Government],
        provisions: &[&law::LAW_54_CODE_449, &law::PLAN_STATE_STRICT_CONTROL],
        regional: &[("15", &law::PLAN_INNER_MONGOLIA_RESTRUCTURING), ("1529", &law::PLAN_ALXA_STRICT_CONTROL)],
    },
    KindRow {
        kind: MeasureKind::Remediation,
        title: Text::fixed("农用地修复", "Remediation of farmland"),
        word: "修复",
        classes: &[SAFE_USE, STRICT],
        actions: &[BiologicalRemediation, OtherRemediation, CoMonitoring, Other],
        made_by: &[Role::Agriculture],
        provisions: &[&law::LAW_57_CODE_452],
        regional: &[],
    },
    KindRow {
        kind: MeasureKind::GroundwaterPlan,
        title: Text::fixed("污染防治方案（影响地下水、饮用水水源）", "Groundwater protection plan"),
        word: "地水",
        classes: &[SAFE_USE, STRICT],
        actions: &[GroundwaterMonitoring, SourceControl, CoMonitoring, Other],
        made_by: &[Role::Agriculture, Role::CountyEcology, Role::PrefectureEcology, Role::ProvinceEcology],
        provisions: &[&law::LAW_55_CODE_450, &law::PLAN_STATE_STRICT_CONTROL],
        regional: &[("1529", &law::PLAN_ALXA_STRICT_CONTROL)],
    },
    KindRow {
        kind: MeasureKind::PriorityProtection,
        title: Text::fixed("优先保护措施", "Priority-protection measures"),
        word: "优保",
        classes: &[PRIORITY],
        actions: &[ProductTesting, Traceability, SourceControl, CoMonitoring, Training, Other],
        made_by: &[Role::Agriculture],
        provisions: &[&law::LAW_50_CODE_445],
        regional: &[("441602", &law::PLAN_YUANCHENG_8)],
    },
];

impl MeasureKind {
    /// Every kind, in the order of the table.
    pub const ALL: [MeasureKind; 6] = [
        MeasureKind::SafeUsePlan,
        MeasureKind::CropBanZone,
        MeasureKind::RestructuringPlan,
        MeasureKind::Remediation,
        MeasureKind::GroundwaterPlan,
        MeasureKind::PriorityProtection,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MeasureKind::SafeUsePlan => "safe_use_plan",
            MeasureKind::CropBanZone => "crop_ban_zone",
            MeasureKind::RestructuringPlan => "restructuring_plan",
            MeasureKind::Remediation => "remediation",
            MeasureKind::GroundwaterPlan => "groundwater_plan",
            MeasureKind::PriorityProtection => "priority_protection",
        }
    }

    /// Reads a wire name.
    pub fn parse(name: &str) -> Option<MeasureKind> {
        MeasureKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its row.
    pub fn row(self) -> &'static KindRow {
        &KINDS[self as usize]
    }
}

/// What people call a class of farmland.
pub fn class_title(class: &str) -> Text {
    match class {
        PRIORITY => Text::fixed("优先保护类", "priority protection"),
        SAFE_USE => Text::fixed("安全利用类", "safe use"),
        STRICT => Text::fixed("严格管控类", "strict control"),
        _ => Text::fixed("未划定", "unclassified"),
    }
}

impl KindRow {
    /// On what it stands in a division.
    pub fn provisions_in(&self, division: &str) -> Vec<&'static Provision> {
        let regional = self.regional.iter().filter(|(place, _)| division.starts_with(place)).map(|(_, text)| *text);
        self.provisions.iter().copied().chain(regional).collect()
    }

    /// Whether it is meant for units of a class.
    pub fn fits(&self, class: &str) -> bool {
        self.classes.contains(&class)
    }
}
