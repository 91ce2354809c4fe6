//! The layer `control-zones`.

use crate::kernel::Text;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::layers::style::{Class, Label, Paint};
use crate::layers::{Drawn, Layer, Style};
use crate::platform::Permission;
use std::borrow::Cow;

const STYLE: Style = Style {
    dimension: Some(2),
    class: Some("undeveloped"),
    classes: &[
        Class::new("true", "暂不开发利用", "Temporarily undeveloped", "#5b2a86"),
        Class::new("false", "其他管控区域", "Other control zones", "#a06cc9"),
    ],
    colour: "#a06cc9",
    ended: Some("ended_on"),
    label: Some(Label { zh: &["name", "code"], en: &["name", "code"], from: 12.5 }),
    paints: &[
        Paint::Fill { colour: None, opacity: &[(0.0, 0.18)] },
        Paint::Line { class: None, from: 0.0, width: &[(8.0, 1.2), (15.0, 2.6)], dash: &[4.0, 1.5] },
        Paint::Dot {
            until: Some(12.5),
            radius: &[(3.0, 2.4), (9.0, 3.8), (12.5, 1.0)],
            opacity: &[(10.5, 1.0), (12.5, 0.0)],
            ring: 0.0,
        },
    ],
};

/// Control zones, those that were ended included.
pub static CONTROL_ZONES: Layer = Layer {
    id: Cow::Borrowed("control-zones"),
    title: Text::fixed("管控区域", "Control zones"),
    description: Text::fixed(
        "人民政府划定并批准的管控区域，含已终止者（见终止日期）。公开。",
        "Zones drawn and approved by governments, ended ones included (see the day of ending). Public.",
    ),
    table: "control_zone",
    rows: "true",
    on_day: None,
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("code", ColumnKind::Text, "编号", "Code"),
        Column::new("name", ColumnKind::Text, "名称", "Name"),
        Column::new("division_code", ColumnKind::Text, "区划代码", "Division code"),
        Column::new("site_code", ColumnKind::Text, "地块编码", "Site code"),
        Column::new("undeveloped", ColumnKind::Boolean, "暂不开发利用", "Temporarily undeveloped"),
        Column::new("approved_by", ColumnKind::Text, "批准机关", "Approved by"),
        Column::new("approved_on", ColumnKind::Day, "批准日期", "Approved on"),
        Column::new("document_number", ColumnKind::Text, "批准文号", "Document number").not_in_tiles(),
        Column::new("ended_on", ColumnKind::Day, "终止日期", "Ended on"),
        Column::new("area_m2", ColumnKind::Number, "面积（平方米）", "Area (m²)"),
    ]),
    made_of: &["control_zones"],
    division: Some("division_code"),
    owners: &[],
    valid: (Some("approved_on"), Some("(ended_on - 1)")),
    permission: Permission::Open,
    public: Visibility::Public,
    style: &STYLE,
    drawn: Drawn::ALWAYS,
};
