//! An indicator as it goes over the wire, and into a report.

use super::gather::Question;
use super::rules::{Indicator, Measure, Operator, Row, Standing, definition, figure};
use crate::kernel::basis::cite_all;
use crate::kernel::quantity::Exact;
use crate::kernel::{Citation, Confidence, Decimal, Text};
use crate::standards::parameters::{ABOUT_TARGET_POINTS, Overrides};
use serde::Serialize;
use utoipa::ToSchema;

/// Numerator or denominator of an indicator.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartView {
    /// 含义
    title_zh: String,
    /// What it is.
    title_en: String,
    /// Its amount.
    value: Exact,
    /// `m2` or `count`.
    #[schema(example = "m2")]
    unit: &'static str,
    /// How many rows it is counted on.
    rows: usize,
    /// Where the rows are.
    href: String,
}

/// A target, and how the figure stands to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetView {
    /// First digits of the divisions it is set for; empty is the nation.
    #[schema(example = "15")]
    jurisdiction: &'static str,
    /// The year it is set for; `null`: every year.
    #[schema(example = 2020)]
    year: Option<i32>,
    /// `≈` about (左右), `≥` at least (以上、不低于).
    operator: Operator,
    /// Its number, in the figure's unit; `null` where the plan gives none.
    value: Option<Exact>,
    /// 原文
    wording_zh: String,
    /// As the plan words it.
    wording_en: String,
    /// Whether it is set for the year reported on.
    of_the_year: bool,
    /// How the figure stands to it. `nearly_met`: below a target of "about" by no more than a setting of the operator allows.
    standing: Standing,
    /// By how many points "about" may be missed; of targets of "about" only.
    #[serde(skip_serializing_if = "Option::is_none")]
    about_points: Option<u32>,
    /// The plan; `null` where it was not in force yet.
    citation: Option<Citation>,
    /// How well it is known.
    confidence: Confidence,
}

/// An indicator of a division and a year.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndicatorView {
    /// Which.
    code: Indicator,
    /// 名称
    title_zh: String,
    /// Its name.
    title_en: String,
    /// 计算公式
    formula_zh: String,
    /// How it is counted.
    formula_en: String,
    /// How the figure comes of the rows.
    measure: Measure,
    /// The figure: per cent to two decimals, or m²; `null` where there is nothing to count.
    value: Option<Exact>,
    /// `%` or `m2`.
    #[schema(example = "%")]
    unit: &'static str,
    /// What is counted.
    numerator: PartView,
    /// Of what.
    denominator: PartView,
    /// 口径说明
    caveat_zh: String,
    /// What this count leaves out or takes for granted.
    caveat_en: String,
    /// What the formula rests on.
    citations: Vec<Citation>,
    /// How well the formula is known.
    confidence: Confidence,
    /// Every target set for the division, the nation's first.
    targets: Vec<TargetView>,
}

/// An indicator's view of its rows. `href` gives the address of the rows of a part.
pub(super) fn indicator(
    indicator: Indicator,
    question: &Question,
    rows: &[Row],
    overrides: &Overrides,
    href: impl Fn(&str) -> String,
) -> IndicatorView {
    let definition = definition(indicator);
    let figure = figure(definition, rows);
    let (unit, part_unit) = match definition.measure {
        Measure::AreaShare => ("%", "m2"),
        Measure::CountShare => ("%", "count"),
        Measure::Change => ("m2", "m2"),
    };
    let about = ABOUT_TARGET_POINTS.resolve(&question.division, question.on, overrides).map(|found| found.value);
    let part = |title: &Text, value: Decimal, name: &str, rows: usize| PartView {
        title_zh: title.zh.to_string(),
        title_en: title.en.to_string(),
        value: Exact(value),
        unit: part_unit,
        rows,
        href: href(name),
    };
    let targets = definition
        .targets_in(&question.division)
        .map(|target| TargetView {
            jurisdiction: target.jurisdiction,
            year: target.year,
            operator: target.operator,
            value: target.value().map(Exact),
            wording_zh: target.wording.zh.to_string(),
            wording_en: target.wording.en.to_string(),
            of_the_year: target.year.is_none_or(|year| year == question.year),
            standing: target.judge(definition, &figure, Decimal::from(about.unwrap_or(0))),
            about_points: about.filter(|_| target.operator == Operator::About),
            citation: target.provision.cite(question.on),
            confidence: target.confidence,
        })
        .collect();
    IndicatorView {
        code: indicator,
        title_zh: definition.title.zh.to_string(),
        title_en: definition.title.en.to_string(),
        formula_zh: definition.formula.zh.to_string(),
        formula_en: definition.formula.en.to_string(),
        measure: definition.measure,
        value: figure.value.map(Exact),
        unit,
        numerator: part(
            &definition.numerator,
            figure.numerator,
            "numerator",
            rows.iter().filter(|row| !row.part.is_zero()).count(),
        ),
        denominator: part(
            &definition.denominator,
            figure.denominator,
            "denominator",
            rows.iter().filter(|row| !row.whole.is_zero()).count(),
        ),
        caveat_zh: definition.caveat.zh.to_string(),
        caveat_en: definition.caveat.en.to_string(),
        citations: cite_all(definition.provisions, question.on),
        confidence: definition.confidence,
        targets,
    }
}

/// A row of an indicator.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RowView {
    /// Register of the record.
    #[schema(example = "farmland")]
    pub register: String,
    /// The record.
    pub id: uuid::Uuid,
    /// Its code.
    #[schema(example = "140602NY000001")]
    pub code: String,
    /// Its division.
    #[schema(example = "140602")]
    pub division_code: String,
    /// What it adds to the denominator; of a change, the amount before.
    pub whole: Exact,
    /// What it adds to the numerator; of a change, the amount after.
    pub part: Exact,
    /// 理由
    pub why_zh: String,
    /// Why it counts, or does not.
    pub why_en: String,
    /// Where the record is.
    pub href: Option<String>,
}

/// Where a record of a register is.
pub(super) fn address(register: &str, id: uuid::Uuid) -> Option<String> {
    match register {
        "farmland" => Some(format!("/v1/farmland-units/{id}")),
        "redevelopment" => Some(format!("/v1/redevelopments/{id}")),
        _ => None,
    }
}

impl From<&Row> for RowView {
    fn from(row: &Row) -> RowView {
        RowView {
            register: row.register.to_owned(),
            id: row.id,
            code: row.code.clone(),
            division_code: row.division_code.clone(),
            whole: Exact(row.whole),
            part: Exact(row.part),
            why_zh: row.why.zh.to_string(),
            why_en: row.why.en.to_string(),
            href: address(row.register, row.id),
        }
    }
}

/// A row as it goes into a report's digest.
pub(super) fn line(indicator: &str, row: &Row) -> String {
    format!(
        "\n{indicator}\t{}\t{}\t{}\t{}\t{}\t{}",
        row.register,
        row.id,
        row.code,
        row.division_code,
        row.whole.normalize(),
        row.part.normalize()
    )
}
