//! The layer `key-units`.

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
    colour: "#3b5fa8",
    ended: Some("removed_on"),
    label: Some(Label { zh: &["name", "code"], en: &["name", "code"], from: 12.5 }),
    paints: &[
        Paint::Fill { colour: None, opacity: &[(0.0, 0.3)] },
        Paint::Line { class: None, from: 0.0, width: &[(8.0, 1.0), (15.0, 2.2)], dash: &[] },
        Paint::Dot {
            until: Some(12.5),
            radius: &[(3.0, 2.4), (9.0, 3.8), (12.5, 1.0)],
            opacity: &[(10.5, 1.0), (12.5, 0.0)],
            ring: 0.0,
        },
    ],
};

/// Key supervised units, those taken off the list included.
pub static KEY_UNITS: Layer = Layer {
    id: Cow::Borrowed("key-units"),
    title: Text::fixed("土壤污染重点监管单位", "Key supervised units"),
    description: Text::fixed(
        "土壤污染重点监管单位的生产经营用地，含已移出者（见移出日期）。供各部门使用。",
        "Production land of key supervised units, removed ones included (see the day of removal). For departments.",
    ),
    table: "key_unit",
    rows: "true",
    on_day: None,
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("code", ColumnKind::Text, "编号", "Code"),
        Column::new("name", ColumnKind::Text, "单位名称", "Name"),
        Column::new("credit_code", ColumnKind::Text, "统一社会信用代码", "Credit code").not_in_tiles(),
        Column::new("division_code", ColumnKind::Text, "区划代码", "Division code"),
        Column::new("industry", ColumnKind::Text, "行业代码", "Industry (GB/T 4754)"),
        Column::new("listed_on", ColumnKind::Day, "列入日期", "Listed on"),
        Column::new("removed_on", ColumnKind::Day, "移出日期", "Removed on"),
        Column::new("area_m2", ColumnKind::Number, "面积（平方米）", "Area (m²)"),
    ]),
    made_of: &["key_units"],
    division: Some("division_code"),
    owners: &[],
    valid: (Some("listed_on"), Some("(removed_on - 1)")),
    permission: Permission::CheckBasisRead,
    public: Visibility::Departments,
    style: &STYLE,
    drawn: Drawn::points(13, 9),
};
