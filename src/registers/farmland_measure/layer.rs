//! The layer `crop-ban-zones`.

use crate::kernel::Text;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::layers::style::{Label, Paint};
use crate::layers::{Drawn, Layer, Style};
use crate::platform::Permission;
use std::borrow::Cow;

const STYLE: Style = Style {
    dimension: Some(2),
    class: None,
    classes: &[],
    colour: "#9e2f24",
    ended: Some("ended_on"),
    label: Some(Label { zh: &["title", "number"], en: &["title", "number"], from: 11.0 }),
    paints: &[
        Paint::Fill { colour: None, opacity: &[(0.0, 0.2)] },
        Paint::Line { class: None, from: 0.0, width: &[(8.0, 1.2), (15.0, 2.6)], dash: &[2.0, 1.5] },
    ],
};

/// Crop ban zones with an outline of their own, once approved; ended ones included.
pub static CROP_BAN_ZONES: Layer = Layer {
    id: Cow::Borrowed("crop-ban-zones"),
    title: Text::fixed("特定农产品禁止生产区域", "Crop ban zones"),
    description: Text::fixed(
        "经人民政府批准的特定农产品禁止生产区域，含已终止者（见终止日期）；没有范围图形而只列单元的不在其中。供各部门使用。",
        "Zones in which named products are not grown, approved by governments, ended ones included (see the day of ending); zones given by their units only are not in it. For departments.",
    ),
    table: "farmland_measure",
    rows: "farmland_measure.kind = 'crop_ban_zone' and farmland_measure.geom is not null and farmland_measure.effective_on is not null",
    on_day: None,
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("number", ColumnKind::Text, "编号", "Number"),
        Column::new("title", ColumnKind::Text, "名称", "Title"),
        Column::new("division_code", ColumnKind::Text, "区划代码", "Division code"),
        Column::new("products", ColumnKind::Text, "禁止生产的农产品", "Products banned")
            .sql("array_to_string(farmland_measure.products, '、')"),
        Column::new("approved_by", ColumnKind::Text, "批准机关", "Approved by"),
        Column::new("approved_on", ColumnKind::Day, "批准日期", "Approved on"),
        Column::new("approval_number", ColumnKind::Text, "批准文号", "Number of the approval").not_in_tiles(),
        Column::new("from_on", ColumnKind::Day, "起始日期", "From"),
        Column::new("to_on", ColumnKind::Day, "截止日期", "To"),
        Column::new("ended_on", ColumnKind::Day, "终止日期", "Ended on"),
        Column::new("area_m2", ColumnKind::Number, "面积（平方米）", "Area (m²)"),
    ]),
    made_of: &["farmland_measures"],
    division: Some("farmland_measure.division_code"),
    owners: &[],
    valid: (
        Some("greatest(farmland_measure.from_on, farmland_measure.effective_on)"),
        Some("least(farmland_measure.to_on, farmland_measure.ended_on - 1)"),
    ),
    permission: Permission::FarmlandRead,
    public: Visibility::Departments,
    style: &STYLE,
    drawn: Drawn::ALWAYS,
};
