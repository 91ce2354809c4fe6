//! Sites as layers. No contact data at all; the land user's name for departments only. On a day they are what the lists of
//! that day say, with the stage and grade of it.

use super::rules::Stage;
use crate::kernel::Text;
use crate::layers::style::{Class, Label, Paint};
use crate::layers::{Column, ColumnKind, Drawn, Layer, Style, Visibility};
use crate::platform::Permission;
use std::borrow::Cow;

const STAGES: &[&str] = &[
    "candidate",
    "suspected",
    "preliminary_survey",
    "preliminary_review",
    "not_contaminated",
    "contaminated",
    "detailed_survey",
    "risk_assessment",
    "risk_acceptable",
    "listed",
    "risk_control",
    "remediation",
    "effect_evaluation",
    "delisted",
    "aftercare",
];

const fn class(stage: Stage, colour: &'static str) -> Class {
    Class { value: stage.as_str(), title: stage.title(), colour }
}

/// Amber to brown while nobody knows.
const SUSPECTED_STAGES: &[Class] = &[
    class(Stage::Suspected, "#eda92a"),
    class(Stage::PreliminarySurvey, "#e27f1b"),
    class(Stage::PreliminaryReview, "#b9621a"),
];
/// Red from the conclusion on, violet and blue under measures, green where the risk is acceptable.
const CONTAMINATED_STAGES: &[Class] = &[
    class(Stage::Contaminated, "#c1272d"),
    class(Stage::DetailedSurvey, "#d9486b"),
    class(Stage::RiskAssessment, "#b03f86"),
    class(Stage::RiskAcceptable, "#7f9a4c"),
    class(Stage::Listed, "#7d1d3f"),
    Class::new("risk_control", "风险管控", "Risk control", "#6a4fa3"),
    class(Stage::Remediation, "#2f6fb0"),
    class(Stage::EffectEvaluation, "#1d8a90"),
];
/// Those from the listing on.
const CONTROL_STAGES: &[Class] = CONTAMINATED_STAGES.split_at(4).1;

const OUTLINE: &[(f64, f64)] = &[(8.0, 1.0), (15.0, 2.2)];
const FILL: Paint = Paint::Fill { colour: None, opacity: &[(0.0, 0.42)] };
const DOT: Paint = Paint::Dot {
    until: Some(12.5),
    radius: &[(3.0, 2.6), (9.0, 4.2), (11.0, 3.4), (12.5, 1.0)],
    opacity: &[(10.5, 1.0), (12.5, 0.0)],
    ring: 0.0,
};
const LABEL: Label = Label { zh: &["name", "code"], en: &["name", "code"], from: 12.5 };

const SUSPECTED_STYLE: Style = Style {
    dimension: Some(2),
    class: Some("stage"),
    classes: SUSPECTED_STAGES,
    colour: "#8d99a3",
    ended: None,
    label: Some(LABEL),
    paints: &[FILL, Paint::Line { class: None, from: 0.0, width: OUTLINE, dash: &[2.5, 1.5] }, DOT],
};
const CONTAMINATED_STYLE: Style = Style {
    classes: CONTAMINATED_STAGES,
    paints: &[FILL, Paint::Line { class: None, from: 0.0, width: OUTLINE, dash: &[] }, DOT],
    ..SUSPECTED_STYLE
};
const CONTROL_STYLE: Style = Style { classes: CONTROL_STAGES, ..CONTAMINATED_STYLE };

const CODE: Column = Column::new("code", ColumnKind::Text, "编码", "Code");
const NATIONAL_CODE: Column =
    Column::new("national_code", ColumnKind::Text, "国家地块编码", "National code").not_in_tiles();
const NAME: Column = Column::new("name", ColumnKind::Text, "名称", "Name");
const STAGE: Column = Column::new("stage", ColumnKind::Text, "阶段", "Stage").values(STAGES).on_day(
    "case when site.stage_since is null or site.stage_since <= {day} then site.stage \
     else (select s.stage from site_stage_on(site.id, {day}, {known}) as s) end",
);
const STAGE_SINCE: Column = Column::new("stage_since", ColumnKind::Day, "进入阶段日期", "At this stage since").on_day(
    "case when site.stage_since is null or site.stage_since <= {day} then site.stage_since \
     else (select s.stage_since from site_stage_on(site.id, {day}, {known}) as s) end",
);
const DIVISION: Column = Column::new("division_code", ColumnKind::Text, "区划代码", "Division");
const AREA: Column = Column::new("area_m2", ColumnKind::Number, "面积（平方米）", "Area (m²)");
/// The grade of the stay in the directory.
const DIRECTORY_GRADE: Column =
    Column::new("risk_grade", ColumnKind::Text, "风险等级", "Risk grade").values(&["high", "medium", "low"]).on_day(
        "(select g.risk_grade from site_list_grades_on({day}, {known}) as g where g.entry_id = (\
             select e.id from site_list_entries_on('contaminated_directory', {day}, {known}) as e \
             where e.site_id = site.id order by e.entered_seq desc limit 1) \
          order by g.seq desc limit 1)",
    );
/// On the control list the last grade that the site was given in whichever stay.
const CONTROL_LIST_GRADE: Column =
    Column::new("risk_grade", ColumnKind::Text, "风险等级", "Risk grade").values(&["high", "medium", "low"]).on_day(
        "(select g.risk_grade from site_list_grades_on({day}, {known}) as g where g.site_id = site.id \
          order by g.seq desc limit 1)",
    );
const MODE: Column = Column::new("mode", ColumnKind::Text, "管控方式", "Mode of control")
    .sql("control_mode")
    .values(&["containment", "safe_use"])
    .on_day(
        "case when site.stage_since is null or site.stage_since <= {day} then site.control_mode \
     else (select s.control_mode from site_stage_on(site.id, {day}, {known}) as s) end",
    );
const INDUSTRY: Column =
    Column::new("former_industry", ColumnKind::Text, "原行业（GB/T 4754）", "Former industry (GB/T 4754)")
        .not_in_tiles();
const LAND_USER: Column = Column::new("land_user", ColumnKind::Text, "土地使用权人", "Land user")
    .sql("land_user_name")
    .personal()
    .not_in_tiles();
const SUSPECTED_ON: Column =
    Column::new("suspected_on", ColumnKind::Day, "列入疑似名单日期", "Listed as suspected on").not_in_tiles().on_day(
        "(select e.entered_on from site_list_entries_on('suspected_list', {day}, {known}) as e \
          where e.site_id = site.id order by e.entered_seq desc limit 1)",
    );
const CONTAMINATED_ON: Column =
    Column::new("contaminated_on", ColumnKind::Day, "列入名录日期", "In the directory since").not_in_tiles().on_day(
        "(select e.entered_on from site_list_entries_on('contaminated_directory', {day}, {known}) as e \
          where e.site_id = site.id order by e.entered_seq desc limit 1)",
    );
const ON_CONTROL_LIST: Column =
    Column::new("on_control_list", ColumnKind::Boolean, "在管控和修复名录", "On the control list").on_day(
        "case when exists (\
             select from site_list_entries_on('control_list', {day}, {known}) as e where e.site_id = site.id) then true \
         when site.on_control_list is null and (site.stage_since is null or site.stage_since <= {day}) then null \
         else false end",
    );
const CONTROL_LISTED_ON: Column =
    Column::new("control_listed_on", ColumnKind::Day, "列入管控和修复名录日期", "On the control list since")
        .not_in_tiles()
        .on_day(
            "(select e.entered_on from site_list_entries_on('control_list', {day}, {known}) as e \
          where e.site_id = site.id order by e.entered_seq desc limit 1)",
        );
const DIRECTORY_PUBLISHED_AT: Column = Column::new("published_at", ColumnKind::Text, "公开网址", "Where it is public")
    .sql("(select p.url from publicity_address('site', site.id, 'contaminated_directory', {day}, {known}) as p)")
    .not_in_tiles();
const CONTROL_LIST_PUBLISHED_AT: Column =
    Column::new("published_at", ColumnKind::Text, "公开网址", "Where it is public")
        .sql("(select p.url from publicity_address('site', site.id, 'control_list', {day}, {known}) as p)")
        .not_in_tiles();
const INVENTED: Column =
    Column::new("invented", ColumnKind::Boolean, "演示数据", "Invented (sample data)").not_in_tiles();

// Whether a site is on a list is looked up for each row that is read: joined as a whole, a small box would read the list.

/// The land user of the record, and whoever is liable in its stead.
const OWNERS: &[&str] = &["site.land_user_credit_code", "site.liable_party_credit_code"];

/// Outlines near by, points from afar, clusters from farther still.
const DRAWN: Drawn = Drawn::points(13, 10).by("stage");

/// 疑似污染地块名单: from the listing to the review's conclusion.
pub static SUSPECTED_SITES: Layer = Layer {
    id: Cow::Borrowed("suspected-sites"),
    title: Text::fixed("疑似污染地块", "Suspected sites"),
    description: Text::fixed(
        "疑似污染地块名单中的地块：待通知、初步调查、报告评审。供各部门使用。",
        "Sites on the list of suspected sites: to be notified, in preliminary survey, under review. For departments.",
    ),
    table: "site",
    rows: "site.on_suspected_list",
    on_day: Some(
        "coalesce((select true from site_list_entries_on('suspected_list', {day}, {known}) as e \
                   where e.site_id = site.id limit 1), false)",
    ),
    voided: Some(
        "exists (select from site_list_entry as n where n.site_id = site.id and n.list = 'suspected_list' and n.withdrawn) \
         and coalesce((select bool_and(n.withdrawn) from site_list_entries_on('suspected_list', {day}, {known}) as e \
                   join site_list_entry as n on n.id = e.id where e.site_id = site.id), false)",
    ),
    member: None,
    columns: Cow::Borrowed(&[
        CODE,
        NATIONAL_CODE,
        NAME,
        STAGE,
        STAGE_SINCE,
        DIVISION,
        AREA,
        INDUSTRY,
        LAND_USER,
        SUSPECTED_ON,
        INVENTED,
    ]),
    made_of: &["sites", "publicity"],
    division: Some("site.division_code"),
    owners: OWNERS,
    valid: (Some("coalesce(site.suspected_on, site.stage_since)"), None),
    permission: Permission::SiteRead,
    public: Visibility::Departments,
    style: &SUSPECTED_STYLE,
    drawn: DRAWN,
};

/// 污染地块名录: every site in the directory of contaminated sites.
pub static CONTAMINATED_SITES: Layer = Layer {
    id: Cow::Borrowed("contaminated-sites"),
    title: Text::fixed("污染地块", "Contaminated sites"),
    description: Text::fixed(
        "污染地块名录中的地块，向社会公开（不含土地使用权人信息）。",
        "Sites in the directory of contaminated sites, open to everybody without the land user's data.",
    ),
    table: "site",
    rows: "site.in_directory",
    on_day: Some(
        "coalesce((select true from site_list_entries_on('contaminated_directory', {day}, {known}) as e \
                   where e.site_id = site.id limit 1), false)",
    ),
    voided: Some(
        "exists (select from site_list_entry as n where n.site_id = site.id and n.list = 'contaminated_directory' and n.withdrawn) \
         and coalesce((select bool_and(n.withdrawn) from site_list_entries_on('contaminated_directory', {day}, {known}) as e \
                   join site_list_entry as n on n.id = e.id where e.site_id = site.id), false)",
    ),
    member: None,
    columns: Cow::Borrowed(&[
        CODE,
        NATIONAL_CODE,
        NAME,
        STAGE,
        MODE,
        STAGE_SINCE,
        DIVISION,
        AREA,
        DIRECTORY_GRADE,
        ON_CONTROL_LIST,
        INDUSTRY,
        LAND_USER,
        CONTAMINATED_ON,
        DIRECTORY_PUBLISHED_AT,
        INVENTED,
    ]),
    made_of: &["sites", "publicity"],
    division: Some("site.division_code"),
    owners: OWNERS,
    valid: (Some("coalesce(site.contaminated_on, site.stage_since)"), None),
    permission: Permission::SiteRead,
    public: Visibility::Public,
    style: &CONTAMINATED_STYLE,
    drawn: DRAWN,
};

/// 建设用地土壤污染风险管控和修复名录.
pub static CONTROL_LIST: Layer = Layer {
    id: Cow::Borrowed("control-list"),
    title: Text::fixed("风险管控和修复名录", "Control and remediation list"),
    description: Text::fixed(
        "建设用地土壤污染风险管控和修复名录中的地块，向社会公开（不含土地使用权人信息）。",
        "Sites on the control and remediation list, open to everybody without the land user's data.",
    ),
    table: "site",
    rows: "site.on_control_list",
    on_day: Some(
        "coalesce((select true from site_list_entries_on('control_list', {day}, {known}) as e \
                   where e.site_id = site.id limit 1), false)",
    ),
    voided: Some(
        "exists (select from site_list_entry as n where n.site_id = site.id and n.list = 'control_list' and n.withdrawn) \
         and coalesce((select bool_and(n.withdrawn) from site_list_entries_on('control_list', {day}, {known}) as e \
                   join site_list_entry as n on n.id = e.id where e.site_id = site.id), false)",
    ),
    member: None,
    columns: Cow::Borrowed(&[
        CODE,
        NATIONAL_CODE,
        NAME,
        STAGE,
        MODE,
        STAGE_SINCE,
        DIVISION,
        AREA,
        CONTROL_LIST_GRADE,
        INDUSTRY,
        LAND_USER,
        CONTROL_LISTED_ON,
        CONTROL_LIST_PUBLISHED_AT,
        INVENTED,
    ]),
    made_of: &["sites", "publicity"],
    division: Some("site.division_code"),
    owners: OWNERS,
    valid: (Some("coalesce(site.control_listed_on, site.contaminated_on, site.stage_since)"), None),
    permission: Permission::SiteRead,
    public: Visibility::Public,
    style: &CONTROL_STYLE,
    drawn: DRAWN,
};

#[cfg(test)]
mod tests {
    use super::super::rules::{List, OnList, Stage};
    use super::*;

    #[test]
    fn the_stages_of_the_filter_are_those_of_the_rules() {
        let mut named: Vec<&str> = Stage::ALL.map(Stage::as_str).to_vec();
        named.dedup();
        assert_eq!(named, STAGES);
    }

    #[test]
    fn the_stages_of_a_list_have_colours_and_no_others() {
        for (layer, list) in [
            (&SUSPECTED_SITES, List::SuspectedList),
            (&CONTAMINATED_SITES, List::ContaminatedDirectory),
            (&CONTROL_LIST, List::ControlList),
        ] {
            let mut on: Vec<_> = Stage::ALL.into_iter().filter(|stage| stage.on(list) != OnList::No).collect();
            on.dedup_by_key(|stage| stage.as_str());
            let coloured: Vec<_> = layer.style.classes.iter().map(|class| class.value).collect();
            assert_eq!(coloured, on.iter().map(|stage| stage.as_str()).collect::<Vec<_>>(), "{}", layer.id);
        }
    }

    #[test]
    fn what_is_open_to_everybody_is_what_the_law_makes_public() {
        for (layer, list) in [
            (&SUSPECTED_SITES, List::SuspectedList),
            (&CONTAMINATED_SITES, List::ContaminatedDirectory),
            (&CONTROL_LIST, List::ControlList),
        ] {
            assert_eq!(layer.public == Visibility::Public, list.is_public(), "{}", layer.id);
            let says = |column: &Column, word: &str| {
                column.sql.contains(word) || column.on_day.is_some_and(|sql| sql.contains(word))
            };
            let contact = layer.columns.iter().any(|column| says(column, "contact"));
            let name_is_open = layer.columns.iter().any(|column| says(column, "land_user_name") && column.public);
            assert!(!contact && !name_is_open, "{}", layer.id);
        }
    }
}
