//! The layer `farmland`.

use crate::kernel::Text;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::layers::style::{Class, Label, Paint};
use crate::layers::{Drawn, Layer, Small, Style};
use crate::platform::Permission;
use std::borrow::Cow;

/// Green, yellow and red, as the classes are drawn on every map of the field.
const STYLE: Style = Style {
    dimension: Some(2),
    class: Some("class"),
    classes: &[
        Class::new("priority_protection", "优先保护类", "Priority protection", "#4f9d63"),
        Class::new("safe_use", "安全利用类", "Safe use", "#e6b93a"),
        Class::new("strict_control", "严格管控类", "Strict control", "#cf4a36"),
        Class::new("unclassified", "未划定类别", "Unclassified", "#a9aca6"),
    ],
    colour: "#a9aca6",
    ended: None,
    label: Some(Label { zh: &["code"], en: &["code"], from: 15.0 }),
    paints: &[
        Paint::Fill { colour: None, opacity: &[(8.0, 0.7), (14.0, 0.45)] },
        Paint::Line { class: None, from: 10.0, width: &[(10.0, 0.3), (15.0, 1.2)], dash: &[] },
    ],
};

/// Farmland units that exist, with their class; on a day, those that existed with the class and land type of that day, as
/// `farmland_units_at` has them.
pub static FARMLAND: Layer = Layer {
    id: Cow::Borrowed("farmland"),
    title: Text::fixed("农用地单元", "Farmland units"),
    description: Text::fixed(
        "现存农用地单元及其土壤环境质量类别。供各部门使用；运行者可设为公开。",
        "Farmland units that exist, and their soil-quality class. For departments; the operator may open it to the public.",
    ),
    table: "farmland_unit",
    rows: "ended_on is null",
    on_day: Some(
        "(farmland_unit.began_on is null or farmland_unit.began_on <= {day}) \
         and (farmland_unit.ended_on is null or farmland_unit.ended_on > {day})",
    ),
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("code", ColumnKind::Text, "单元编码", "Code"),
        Column::new("class", ColumnKind::Text, "质量类别", "Class").values(&super::CLASSES).on_day(
            "case when farmland_unit.class_since is null or farmland_unit.class_since <= {day} then farmland_unit.class \
             else coalesce((select c.class from farmland_class_at(farmland_unit.id, {day}, {known}) as c), 'unclassified') end",
        ),
        Column::new("land_type", ColumnKind::Text, "地类", "Land type").values(&super::LAND_TYPES).on_day(
            "case when farmland_unit.land_type_since is null or farmland_unit.land_type_since <= {day} \
             then farmland_unit.land_type \
             else coalesce((select t.land_type from farmland_land_type_at(farmland_unit.id, {day}, {known}) as t), \
                           farmland_unit.land_type) end",
        ),
        Column::new("division_code", ColumnKind::Text, "区划代码", "Division code"),
        Column::new("area_m2", ColumnKind::Number, "面积（平方米）", "Area (m²)"),
        Column::new("area_mu", ColumnKind::Number, "面积（亩）", "Area (mu)").sql("(area_m2 * 15 / 10000)"),
        Column::new("crop", ColumnKind::Text, "作物", "Crop"),
        Column::new("pbf", ColumnKind::Boolean, "永久基本农田", "Permanent basic farmland"),
        Column::new("township", ColumnKind::Text, "乡镇", "Township").not_in_tiles(),
        Column::new("village", ColumnKind::Text, "村", "Village").not_in_tiles(),
    ]),
    made_of: &["farmland"],
    division: Some("division_code"),
    owners: &[],
    valid: (None, None),
    permission: Permission::FarmlandRead,
    public: Visibility::Departments,
    style: &STYLE,
    drawn: Drawn::from_zoom(12, Small::Sampled).by("class"),
};
