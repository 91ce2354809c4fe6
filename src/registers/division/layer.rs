//! The layer `divisions`.

use crate::kernel::Text;
use crate::layers::Layer;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::platform::Permission;
use std::borrow::Cow;

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
    full_zoom: 6,
};
