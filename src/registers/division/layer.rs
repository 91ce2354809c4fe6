//! The layer `divisions`.

use crate::kernel::Text;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::layers::style::{Class, Label, Paint};
use crate::layers::{Drawn, Layer, Small, Style};
use crate::platform::Permission;
use std::borrow::Cow;

const STYLE: Style = Style {
    dimension: Some(2),
    class: Some("level"),
    classes: &[
        Class::new("province", "省级", "Province", "#6f6b58"),
        Class::new("prefecture", "地级", "Prefecture", "#97937f"),
        Class::new("county", "县级", "County", "#b9b6a6"),
    ],
    colour: "#6f6b58",
    ended: None,
    label: Some(Label { zh: &["name_zh", "code"], en: &["name_en", "name_zh", "code"], from: 4.0 }),
    paints: &[
        // The ground that everything else lies on.
        Paint::Fill { colour: Some("#fbfaf5"), opacity: &[(0.0, 1.0)] },
        Paint::Line { class: Some("county"), from: 5.0, width: &[(5.0, 0.4), (12.0, 1.2)], dash: &[3.0, 2.0] },
        Paint::Line { class: Some("prefecture"), from: 0.0, width: &[(4.0, 0.7), (12.0, 2.0)], dash: &[] },
        Paint::Line { class: Some("province"), from: 0.0, width: &[(3.0, 0.9), (12.0, 2.6)], dash: &[] },
    ],
};

/// Divisions with and without boundary. One without is an item whose geometry is `null`; tiles leave it out.
pub static DIVISIONS: Layer = Layer {
    id: Cow::Borrowed("divisions"),
    title: Text::fixed("行政区划", "Administrative divisions"),
    description: Text::fixed(
        "行政区划与行使县级职能的开发区：代码、名称、上级、有效期；界线未知者几何为空。公开。",
        "Administrative divisions and development zones that act like counties: code, name, parent, validity; geometry is null where no boundary is known. Public.",
    ),
    table: "division",
    rows: "true",
    on_day: None,
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("code", ColumnKind::Text, "代码", "Code"),
        Column::new("name_zh", ColumnKind::Text, "名称", "Name (Chinese)"),
        Column::new("name_en", ColumnKind::Text, "英文名称", "Name (English)"),
        Column::new("level", ColumnKind::Text, "级别", "Level").values(&["nation", "province", "prefecture", "county"]),
        Column::new("kind", ColumnKind::Text, "类别", "Kind").values(&["gb2260", "development_zone"]),
        Column::new("parent_code", ColumnKind::Text, "上级代码", "Parent code"),
        Column::new("valid_from", ColumnKind::Day, "启用日期", "First day"),
        Column::new("valid_to", ColumnKind::Day, "最后有效日", "Last day"),
    ]),
    made_of: &["divisions"],
    division: Some("code"),
    owners: &[],
    valid: (Some("valid_from"), Some("valid_to")),
    permission: Permission::DivisionRead,
    public: Visibility::Public,
    style: &STYLE,
    drawn: Drawn::from_zoom(6, Small::Pixel).outlines(&[(3, "outline_3"), (6, "outline_6"), (9, "outline_9")]),
};
