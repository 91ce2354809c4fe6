//! The layer `sampling-points`.

use crate::kernel::Text;
use crate::layers::def::{Column, ColumnKind, Visibility};
use crate::layers::style::{Class, Label, Paint};
use crate::layers::{Drawn, Layer, Style};
use crate::platform::Permission;
use std::borrow::Cow;

const STYLE: Style = Style {
    dimension: Some(0),
    class: Some("program"),
    classes: &[
        Class::new("survey", "详查", "Survey", "#2f6fb0"),
        Class::new("routine_monitoring", "例行监测", "Routine monitoring", "#1d8a90"),
        Class::new("self_monitoring", "自行监测", "Self-monitoring", "#b9621a"),
        Class::new("investigation", "地块调查", "Site investigation", "#8b3f9b"),
    ],
    colour: "#667a88",
    ended: Some("in_use_to"),
    label: Some(Label { zh: &["code"], en: &["code"], from: 14.0 }),
    paints: &[Paint::Dot {
        until: None,
        radius: &[(3.0, 2.2), (10.0, 4.0), (16.0, 6.5)],
        opacity: &[(0.0, 1.0)],
        ring: 0.8,
    }],
};

/// Sampling points, those given up included.
pub static SAMPLING_POINTS: Layer = Layer {
    id: Cow::Borrowed("sampling-points"),
    title: Text::fixed("采样点位", "Sampling points"),
    description: Text::fixed(
        "土壤与农产品采样点位：详查、例行监测、自行监测、地块调查；含已停用者。供各部门使用，详查点位不公开。",
        "Points where soil and crops are sampled: survey, routine monitoring, self-monitoring, site investigation; those given up included. For departments; survey points are not public.",
    ),
    table: "sampling_point",
    rows: "true",
    on_day: None,
    voided: None,
    member: None,
    columns: Cow::Borrowed(&[
        Column::new("code", ColumnKind::Text, "点位编码", "Code"),
        Column::new("name", ColumnKind::Text, "名称", "Name").not_in_tiles(),
        Column::new("program", ColumnKind::Text, "采样类型", "Programme").values(&super::PROGRAMS),
        Column::new("division_code", ColumnKind::Text, "区划代码", "Division code"),
        Column::new("land_type", ColumnKind::Text, "地类", "Land type"),
        Column::new("land_use_system", ColumnKind::Text, "用地分类", "Land-use system").not_in_tiles(),
        Column::new("land_use_code", ColumnKind::Text, "用地代码", "Land-use code").not_in_tiles(),
        Column::new("township", ColumnKind::Text, "乡镇", "Township").not_in_tiles(),
        Column::new("village", ColumnKind::Text, "村", "Village").not_in_tiles(),
        Column::new("in_use_from", ColumnKind::Day, "启用日期", "In use from"),
        Column::new("in_use_to", ColumnKind::Day, "停用日期", "In use to"),
    ]),
    made_of: &["sampling"],
    division: Some("division_code"),
    owners: &["(case when program = 'self_monitoring' then owner_credit_code end)"],
    valid: (Some("in_use_from"), Some("in_use_to")),
    permission: Permission::SamplingRead,
    public: Visibility::Departments,
    style: &STYLE,
    drawn: Drawn::clusters(10, "point(st_x(sampling_point.geom), st_y(sampling_point.geom))").by("program"),
};
