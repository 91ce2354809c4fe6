//! `/v1/farmland-measures`.

use super::actions::{self, Changes, Coverage, GivenResult, MAX_ROWS, NewEvent, NewMeasure, NewTarget, not_found};
use super::rules::{KINDS, MeasureAction, MeasureEvent, MeasureKind, MeasureStatus, Need, STEPS, Step, class_title};
use super::store::{self, Covered, Filter, Row, Target, UnitRow, When};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Area, AreaGeometry, Citation, Day, DivisionCode, DocumentId, Error, FarmlandMeasureId, FarmlandUnitId, Result,
    Text, mu,
};
use crate::platform::call::known_at;
use crate::platform::feature::{Feature, FeaturePage, FeatureType};
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Role, Stop};
use crate::standards::crops::{self, Edible};
use crate::standards::law;
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_farmland_measures, create_farmland_measure))
        .routes(routes!(farmland_measure_catalogue))
        .routes(routes!(get_farmland_measure, change_farmland_measure))
        .routes(routes!(list_farmland_measure_units, change_farmland_measure_units))
        .routes(routes!(list_farmland_measure_events, record_farmland_measure_event))
        .routes(routes!(list_farmland_measure_results, record_farmland_measure_results))
}

/// How many units that do not fit a measure are named; `units_that_do_not_fit` says of how many there are more.
const NAMED: u32 = 20;

// ---------------------------------------------------------------------------------------------------------------------
// Requests.

/// A measure to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "Feature", "geometry": null,
    "properties": {
        "kind": "safe_use_plan", "title": "朔城区受污染耕地安全利用方案（2026—2028年）", "division_code": "140602",
        "from_on": "2026-01-01", "to_on": "2028-12-31", "proposed_by": "朔城区农业农村局",
        "actions": ["agronomic_control", "training"],
        "units": [{"unit_id": "01974000-0000-7000-8000-000000000001"}]
    }
}))]
struct NewMeasureFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "its being there is what is checked")]
    kind: FeatureType,
    /// Outline of a crop ban zone, CRS84; `null` for a zone given by its units, and for every other kind.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    geometry: Option<serde_json::Value>,
    /// The measure.
    properties: NewMeasureProperties,
}

/// Attributes of a measure to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMeasureProperties {
    /// Which measure.
    kind: MeasureKind,
    /// What it is called, 1 to 300 characters.
    #[schema(example = "朔城区受污染耕地安全利用方案（2026—2028年）")]
    title: String,
    /// Division of whoever makes it. A crop ban zone is approved by the government of this very division.
    division_code: DivisionCode,
    /// First day that it is made for.
    from_on: Day,
    /// Last day that it is made for; left out: until it is ended.
    #[serde(default)]
    to_on: Option<Day>,
    /// The body that makes or proposes it, 1 to 300 characters.
    #[schema(example = "朔城区农业农村局")]
    proposed_by: String,
    /// Day on which it was made or proposed; today when left out. Not after today.
    #[serde(default)]
    proposed_on: Option<Day>,
    /// Who carries it out; needed for a remediation, whose effect another agency evaluates.
    #[serde(default)]
    executor: Option<String>,
    /// What is done; which actions a kind has, the catalogue says.
    #[serde(default)]
    actions: Vec<MeasureAction>,
    /// Products that nobody grows in a crop ban zone; none: no edible product at all.
    #[serde(default)]
    products: Vec<String>,
    /// Area to be reached, by year and action.
    #[serde(default)]
    targets: Vec<TargetBody>,
    /// The plan or proposal, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// A remark, at most 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// Units that it covers, at most 10,000; more can be added.
    #[serde(default)]
    units: Vec<CoveredUnit>,
    /// Whether to cover the units of the division that the outline overlaps too, each with the share that lies in it.
    #[serde(default)]
    overlapping_units: bool,
}

/// A unit to be covered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CoveredUnit {
    /// The unit.
    unit_id: FarmlandUnitId,
    /// Share of its area; left out: all of it.
    #[serde(default)]
    #[schema(exclusive_minimum = 0.0, maximum = 1.0, example = 1.0)]
    area_share: Option<f64>,
}

/// Area to be reached in a year.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TargetBody {
    /// The year.
    #[schema(minimum = 2000, maximum = 2999, example = 2027)]
    year: i32,
    /// By what.
    action: MeasureAction,
    /// The area, m².
    #[schema(exclusive_minimum = 0.0, example = 200000.0)]
    area_m2: f64,
}

/// What is changed; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "朔城区受污染耕地安全利用方案（2026—2028年，修订）", "actions": ["agronomic_control"]}))]
struct MeasureChanges {
    /// What it is called.
    #[serde(default)]
    title: Option<String>,
    /// First day; fixed once approved or filed.
    #[serde(default)]
    from_on: Option<Day>,
    /// Last day; fixed once approved or filed.
    #[serde(default)]
    to_on: Option<Day>,
    /// Who carries it out; fixed once the report on the effect was filed.
    #[serde(default)]
    executor: Option<String>,
    /// What is done.
    #[serde(default)]
    actions: Option<Vec<MeasureAction>>,
    /// Products banned; fixed once approved.
    #[serde(default)]
    products: Option<Vec<String>>,
    /// Area to be reached, in the place of what was said before.
    #[serde(default)]
    targets: Option<Vec<TargetBody>>,
    /// The plan, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// A remark; empty: none.
    #[serde(default)]
    note: Option<String>,
}

/// Units to be covered and taken out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"attach": [{"unit_id": "01974000-0000-7000-8000-000000000001", "area_share": 0.5}]}))]
struct UnitChanges {
    /// Units to be covered, or covered with another share.
    #[serde(default)]
    attach: Vec<CoveredUnit>,
    /// Units to be taken out.
    #[serde(default)]
    detach: Vec<FarmlandUnitId>,
    /// Whether to cover the units that the outline overlaps too.
    #[serde(default)]
    overlapping: bool,
}

/// An event to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "approved", "occurred_on": "2026-03-10", "body": "阿拉善左旗人民政府", "number": "阿左政发〔2026〕1号"
}))]
struct MeasureEventBody {
    /// What happened.
    r#type: MeasureEvent,
    /// When; today when left out. Not after today, and not before the last event.
    #[serde(default)]
    occurred_on: Option<Day>,
    /// The government that approved, the system uploaded to, the agency that evaluated.
    #[serde(default)]
    body: Option<String>,
    /// Number of the document, or receipt.
    #[serde(default)]
    number: Option<String>,
    /// The paper, filed before. An approval that the agriculture bureau records needs the government's.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// Why; needed to end, withdraw and void.
    #[serde(default)]
    reason: Option<String>,
}

/// The results of a year.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "year": 2026,
    "results": [{"unit_id": "01974000-0000-7000-8000-000000000001", "implemented": true, "products_ok": "yes"}]
}))]
struct MeasureResultsBody {
    /// The year; not after this one.
    #[schema(minimum = 2000, maximum = 2999, example = 2026)]
    year: i32,
    /// Unit by unit, 1 to 10,000. A result recorded before is replaced and kept in the history.
    results: Vec<MeasureResultBody>,
}

/// What was done on a unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MeasureResultBody {
    /// The unit; the measure must cover it.
    unit_id: FarmlandUnitId,
    /// Whether the measure was carried out there.
    implemented: bool,
    /// Whether its products were up to standard.
    #[serde(default)]
    products_ok: ProductsOk,
    /// The evidence, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// A remark, at most 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

/// Whether products were up to standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProductsOk {
    /// They were.
    Yes,
    /// They were not.
    No,
    /// Nobody tested them, or nothing grew.
    #[default]
    Unknown,
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers.

/// Attributes of a measure.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureProperties {
    /// Its number: division, word of the kind, year, serial.
    #[schema(example = "152921-禁产-2026-0001")]
    number: String,
    /// Which measure.
    kind: MeasureKind,
    /// 措施类型
    #[schema(example = "特定农产品禁止生产区域")]
    kind_zh: String,
    /// What it is.
    #[schema(example = "Crop ban zone")]
    kind_en: String,
    /// What it is called.
    title: String,
    /// Division of whoever makes it.
    #[schema(example = "152921")]
    division_code: String,
    /// How it stands on the day asked.
    status: MeasureStatus,
    /// First day that it is made for.
    from_on: Day,
    /// Last day that it is made for; `null`: until it is ended.
    to_on: Option<Day>,
    /// First day on which it holds; `null` before its approval or filing.
    holds_from: Option<Day>,
    /// The body that makes or proposes it.
    proposed_by: String,
    /// Day of that.
    proposed_on: Day,
    /// Who carries it out.
    executor: Option<String>,
    /// What is done.
    #[schema(value_type = Vec<MeasureAction>)]
    actions: Vec<String>,
    /// Products that nobody grows in a crop ban zone; none: no edible product at all.
    products: Vec<ProductView>,
    /// Area to be reached, by year and action.
    targets: Vec<TargetView>,
    /// Day of the government's approval.
    approved_on: Option<Day>,
    /// The government.
    approved_by: Option<String>,
    /// Number of the approval.
    approval_number: Option<String>,
    /// Day of the filing.
    filed_on: Option<Day>,
    /// Day of the upload into the national system.
    uploaded_on: Option<Day>,
    /// Day on which the report on its effect was filed.
    effect_reported_on: Option<Day>,
    /// The day from which it holds no longer.
    ended_on: Option<Day>,
    /// Day on which it was given up.
    withdrawn_on: Option<Day>,
    /// The plan or proposal.
    document_id: Option<DocumentId>,
    /// A remark.
    note: Option<String>,
    /// How many units it covers.
    #[schema(example = 12)]
    units: i64,
    /// Area of these units that it covers (CGCS2000, ellipsoidal), m².
    covered_m2: f64,
    /// The same in mu (10000/15 m²).
    covered_mu: f64,
    /// Area of the outline, m²; `null` where there is none.
    outline_m2: Option<f64>,
    /// On what it stands, on its first day.
    citations: Vec<Citation>,
    /// What does not fit; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<MeasureWarning>>,
    /// Events open to the caller now; left out in lists and of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_steps: Option<Vec<MeasureEvent>>,
    /// Counts the versions of the record.
    #[schema(example = 1)]
    revision: i32,
}

/// A product that is banned.
#[derive(Debug, Serialize, ToSchema)]
struct ProductView {
    /// As the approval names it.
    #[schema(example = "水稻")]
    name: String,
    /// 作物名称（对照表）
    #[schema(example = "水稻")]
    crop_zh: Option<String>,
    /// What the registry's list of crops takes it for; `null`: it is not on the list.
    #[schema(example = "Rice")]
    crop_en: Option<String>,
    /// Whether it is eaten.
    edible: Edible,
}

impl ProductView {
    fn of(name: String) -> ProductView {
        let crop = crops::find(&name);
        ProductView {
            crop_zh: crop.map(|crop| crop.zh.clone()),
            crop_en: crop.map(|crop| crop.en.clone()),
            edible: crop.map_or(Edible::Unknown, |crop| if crop.edible { Edible::Yes } else { Edible::No }),
            name,
        }
    }
}

/// Area to be reached in a year.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeasureTargetView)]
struct TargetView {
    /// The year.
    year: i32,
    /// By what.
    #[schema(value_type = MeasureAction)]
    action: String,
    /// The area, m².
    area_m2: f64,
    /// The same in mu.
    area_mu: f64,
}

/// Something about a measure that does not fit.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureWarning {
    /// `class_does_not_fit`, `unit_does_not_exist`, `units_that_do_not_fit` (there are more than are named),
    /// `product_not_on_the_list`.
    #[schema(example = "class_does_not_fit")]
    code: &'static str,
    /// 提示
    text_zh: String,
    /// What it is.
    text_en: String,
    /// The unit that it is about.
    unit_id: Option<FarmlandUnitId>,
    /// The unit's code.
    unit_code: Option<String>,
    /// On what it stands.
    citations: Vec<Citation>,
}

/// A unit that a measure covers.
#[derive(Debug, Serialize, ToSchema)]
struct CoveredUnitView {
    /// The unit.
    unit_id: FarmlandUnitId,
    /// Its code.
    #[schema(example = "140602NY000001")]
    code: String,
    /// The division that it lies in.
    #[schema(example = "140602")]
    division_code: String,
    /// Its class on the day asked.
    #[schema(example = "safe_use")]
    class: String,
    /// Its land type on the day asked.
    #[schema(example = "paddy")]
    land_type: String,
    /// What grows there.
    crop: Option<String>,
    /// Its area, m².
    area_m2: f64,
    /// Share of it that is covered.
    #[schema(example = 1.0)]
    area_share: f64,
    /// The share as area, m².
    covered_m2: f64,
    /// Whether it exists on the day asked.
    exists: bool,
    /// Whether its class is one that the measure is meant for.
    fits: bool,
}

/// A page of units.
#[derive(Debug, Serialize, ToSchema)]
struct CoveredUnitPage {
    /// In the order of their codes; those in the caller's divisions.
    units: Vec<CoveredUnitView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<MeasureLink>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureLink {
    /// `next`.
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address, relative to the server.
    href: String,
}

/// An event of a measure.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureEventView {
    /// Counts the measure's events from 1.
    seq: i32,
    /// What happened.
    #[schema(value_type = MeasureEvent)]
    r#type: String,
    /// When.
    occurred_on: Day,
    /// The government, agency or system.
    body: Option<String>,
    /// Number of the document, or receipt.
    number: Option<String>,
    /// The paper.
    document_id: Option<DocumentId>,
    /// Why.
    reason: Option<String>,
    /// Role of whoever recorded it.
    #[schema(example = "agriculture")]
    recorded_by: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Entered in error: it does not count.
    voided: bool,
}

/// The events of a measure.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureEvents {
    /// In the order of their entry, voided ones included.
    events: Vec<MeasureEventView>,
}

/// A result.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureResultView {
    /// The unit.
    unit_id: FarmlandUnitId,
    /// Its code.
    unit_code: String,
    /// The year.
    #[schema(example = 2026)]
    year: i32,
    /// Whether the measure was carried out there.
    implemented: bool,
    /// Whether its products were up to standard.
    #[schema(value_type = ProductsOk)]
    products_ok: String,
    /// The evidence.
    document_id: Option<DocumentId>,
    /// A remark.
    note: Option<String>,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

/// A page of results.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureResultPage {
    /// By year and code of the unit; those in the caller's divisions.
    results: Vec<MeasureResultView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<MeasureLink>,
}

/// What became of results that were sent.
#[derive(Debug, Serialize, ToSchema)]
struct ResultsRecorded {
    /// The year.
    year: i32,
    /// How many are new or changed.
    recorded: u64,
    /// How many said what was recorded already.
    unchanged: u64,
}

/// The kinds of measures.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureCatalogue {
    /// The day whose law is shown.
    on: Day,
    /// Every kind.
    kinds: Vec<MeasureKindView>,
}

/// A kind of measure.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureKindView {
    /// Which.
    kind: MeasureKind,
    /// 名称
    title_zh: String,
    /// What it is called.
    title_en: String,
    /// Classes of units that it is meant for.
    #[schema(example = json!(["strict_control"]))]
    classes: &'static [&'static str],
    /// What it can be made of.
    actions: &'static [MeasureAction],
    /// Roles that make or propose it.
    made_by: &'static [Role],
    /// Its events.
    steps: Vec<MeasureStepView>,
    /// On what it stands, in the division asked.
    citations: Vec<Citation>,
}

/// An event of a kind.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureStepView {
    /// The event.
    event: MeasureEvent,
    /// Stages at which it is taken.
    from: Vec<&'static str>,
    /// The stage that it leads to; `null`: the same.
    to: Option<&'static str>,
    /// Roles that record it.
    recorded_by: &'static [Role],
    /// Whether it is recorded at the measure's own division only: the decision is that government's.
    same_level: bool,
    /// Fields that it must carry; `document_id` of an approval not from the government itself.
    needs: Vec<&'static str>,
    /// On what it stands.
    citations: Vec<Citation>,
}

fn step_view(step: &Step, on: Day) -> MeasureStepView {
    let need = |need: &Need| match need {
        Need::Number => "number",
        Need::Document | Need::DocumentUnlessGovernment => "document_id",
        Need::Body => "body",
        Need::Reason => "reason",
    };
    MeasureStepView {
        event: step.event,
        from: step.from.iter().map(|stage| stage.as_str()).collect(),
        to: step.to.map(|stage| stage.as_str()),
        recorded_by: step.roles,
        same_level: super::rules::is_governments(step),
        needs: step.needs.iter().map(need).collect(),
        citations: cite_all(step.provisions, on),
    }
}

fn view(row: Row, targets: Vec<Target>) -> Result<Feature<MeasureProperties>> {
    let kind = row.kind()?;
    let title = &kind.row().title;
    let properties = MeasureProperties {
        kind,
        kind_zh: title.zh.to_string(),
        kind_en: title.en.to_string(),
        status: actions::status(&row)?,
        holds_from: row.effective_on.map(|day| day.max(row.from_on)),
        citations: actions::citations(kind, &row.division_code, row.from_on),
        products: row.products.into_iter().map(ProductView::of).collect(),
        targets: targets
            .into_iter()
            .map(|t| TargetView { year: t.year, action: t.action, area_m2: t.area_m2, area_mu: mu(t.area_m2) })
            .collect(),
        number: row.number,
        title: row.title,
        division_code: row.division_code,
        from_on: row.from_on,
        to_on: row.to_on,
        proposed_by: row.proposed_by,
        proposed_on: row.proposed_on,
        executor: row.executor,
        actions: row.actions,
        approved_on: row.approved_on,
        approved_by: row.approved_by,
        approval_number: row.approval_number,
        filed_on: row.filed_on,
        uploaded_on: row.uploaded_on,
        effect_reported_on: row.effect_reported_on,
        ended_on: row.ended_on,
        withdrawn_on: row.withdrawn_on,
        document_id: row.document_id,
        note: row.note,
        units: row.units,
        covered_m2: row.units_m2,
        covered_mu: mu(row.units_m2),
        outline_m2: row.area_m2,
        warnings: None,
        next_steps: None,
        revision: row.revision,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// One measure with what does not fit, and what is open to the caller.
async fn whole(conn: &mut PgConnection, call: &Call, row: Row, when: When) -> Result<Feature<MeasureProperties>> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let targets = store::targets(conn, &[row.id], when.known_at).await?.into_iter().map(|(_, target)| target).collect();
    let kind = row.kind()?;
    // Before its first day a measure is looked at as of that day.
    let day = when.on.max(row.from_on);
    let classes: Vec<String> = kind.row().classes.iter().map(|class| (*class).to_owned()).collect();
    let asked = When { on: day, known_at: when.known_at };
    let mut unfit =
        store::units(conn, row.id, scope.as_deref(), asked, Some(&classes), None, i64::from(NAMED) + 1).await?;
    let more = unfit.len() > NAMED as usize;
    unfit.truncate(NAMED as usize);
    let mut warnings: Vec<MeasureWarning> = unfit.into_iter().map(|unit| unfit_view(kind, unit, day)).collect();
    if more {
        warnings.push(MeasureWarning {
            code: "units_that_do_not_fit",
            text_zh: format!("另有单元与该措施不符，此处只列前 {NAMED} 个；逐一查看见 /units。"),
            text_en: format!("There are more units that do not fit; the first {NAMED} are named. See /units for each."),
            unit_id: None,
            unit_code: None,
            citations: Vec::new(),
        });
    }
    for product in row.products.iter().filter(|product| crops::find(product).is_none()) {
        warnings.push(MeasureWarning {
            code: "product_not_on_the_list",
            text_zh: format!("“{product}”不在作物名称对照表中：只有名称完全相同的作物才会确认冲突，其余提示人工核查。"),
            text_en: format!(
                "`{product}` is not on the registry's list of crops: only a crop of the very same name is a certain conflict, others are to be looked into."
            ),
            unit_id: None,
            unit_code: None,
            citations: cite_all(&[&law::PRODUCT_CROPS], day),
        });
    }
    let next_steps = match when.known_at {
        None => Some(actions::next_steps(call.caller(), &row)?.into_iter().map(|step| step.event).collect()),
        Some(_) => None,
    };
    let mut feature = view(row, targets)?;
    feature.properties.warnings = Some(warnings);
    feature.properties.next_steps = next_steps;
    Ok(feature)
}

fn unfit_view(kind: MeasureKind, unit: UnitRow, day: Day) -> MeasureWarning {
    let (code, text) = if unit.living {
        let title = &kind.row().title;
        let titles: Vec<Text> = kind.row().classes.iter().map(|class| class_title(class)).collect();
        let zh: Vec<_> = titles.iter().map(|title| title.zh.as_ref()).collect();
        let en: Vec<_> = titles.iter().map(|title| title.en.as_ref()).collect();
        let class = class_title(&unit.class);
        (
            "class_does_not_fit",
            Text::new(
                format!("单元 {} 在 {day} 为{}，而{}适用于{}单元。", unit.code, class.zh, title.zh, zh.join("、")),
                format!(
                    "The class of the unit {} on {day} is {}; this measure ({}) is meant for: {}.",
                    unit.code,
                    class.en,
                    title.en,
                    en.join(", ")
                ),
            ),
        )
    } else {
        (
            "unit_does_not_exist",
            Text::new(
                format!("单元 {} 在 {day} 不存在（尚未设立或已拆分、合并、转出）；请补入其后继单元。", unit.code),
                format!(
                    "The unit {} does not exist on {day}: it has not begun, or was split, merged or left farming. Attach what came of it.",
                    unit.code
                ),
            ),
        )
    };
    MeasureWarning {
        code,
        text_zh: text.zh.into_owned(),
        text_en: text.en.into_owned(),
        unit_id: Some(unit.unit_id),
        unit_code: Some(unit.code),
        citations: cite_all(&[&law::PRODUCT_MEASURE_AND_CLASS], day),
    }
}

fn read_id(text: &str) -> Result<FarmlandMeasureId> {
    text.parse().map_err(|_| not_found())
}

fn covered(units: &[CoveredUnit]) -> Vec<Covered> {
    units.iter().map(|unit| Covered { unit: unit.unit_id, area_share: unit.area_share.unwrap_or(1.0) }).collect()
}

fn targets(targets: &[TargetBody]) -> Vec<NewTarget> {
    targets.iter().map(|t| NewTarget { year: t.year, action: t.action, area_m2: t.area_m2 }).collect()
}

// ---------------------------------------------------------------------------------------------------------------------
// Operations.

/// The day and the instant asked about.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TimeParams {
    /// What held on this day; today, or the day of `known_at`, when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

impl TimeParams {
    fn read(&self, call: &Call) -> Result<When> {
        when(call, self.true_on, self.known_at.as_deref())
    }
}

fn when(call: &Call, true_on: Option<Day>, known: Option<&str>) -> Result<When> {
    let known_at = known_at(known)?;
    Ok(When { on: true_on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at)), known_at })
}

/// Which measures.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MeasureParams {
    /// Made in this division and below.
    division: Option<DivisionCode>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<MeasureKind>,
    /// Standing so on the day asked.
    #[param(inline)]
    status: Option<MeasureStatus>,
    /// Covering this unit.
    unit: Option<FarmlandUnitId>,
    /// Made for a period that this year is in.
    year: Option<i32>,
    /// What held on this day; today, or the day of `known_at`, when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List measures on farmland
///
/// In the order of their numbers. Departments see those of their division, below it and above it.
#[utoipa::path(
    get, path = "/v1/farmland-measures", operation_id = "list_farmland_measures", tag = "farmland", params(MeasureParams),
    responses((status = 200, body = FeaturePage<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_measures(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<MeasureParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let limit = paging::limit(query.limit)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let filters = format!(
        "{:?}",
        (&query.division, query.kind, query.status, query.unit, query.year, query.true_on, when.known_at, &scope)
    );
    let filter = Filter {
        scope: scope.as_deref(),
        division: query.division.as_ref().map(DivisionCode::as_str),
        kind: query.kind.map(MeasureKind::as_str),
        status: query.status.map(MeasureStatus::as_str),
        unit: query.unit,
        year: query.year,
        when,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut tx = call.app().snapshot().await?;
    let rows = store::list(&mut tx, &filter).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let targets = store::targets(&mut tx, &ids, when.known_at).await?;
    let features = rows
        .into_iter()
        .map(|row| {
            let own = targets.iter().filter(|(id, _)| *id == row.id).map(|(_, target)| target.clone()).collect();
            view(row, own)
        })
        .collect::<Result<Vec<_>>>()?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.number.clone());
    Ok(Reply::geojson(&page)?)
}

/// Make a measure
///
/// A draft, or what is proposed to the government. What does not fit the units' classes is taken and said in `warnings`.
#[utoipa::path(
    post, path = "/v1/farmland-measures", operation_id = "create_farmland_measure", tag = "farmland",
    request_body(content = NewMeasureFeature, content_type = "application/geo+json"),
    responses((status = 201, body = Feature<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland_measure.write")))
)]
async fn create_farmland_measure(call: Call, Body(body): Body<NewMeasureFeature>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandMeasureWrite).await?;
    let new = new_measure(body)?;
    let id = actions::make(&mut act, new).await?;
    let when = When { on: call.today(), known_at: None };
    let row = store::find(act.tx(), id, None, when).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let view = whole(act.tx(), &call, row, when).await?;
    let reply = Reply::geojson(&view)?.created(format!("/v1/farmland-measures/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

fn new_measure(body: NewMeasureFeature) -> Result<NewMeasure> {
    let geometry = body.geometry.filter(|geometry| !geometry.is_null());
    let area =
        geometry.map(|geometry| Area::from_geojson(&geometry, "/geometry")).transpose().map_err(Error::invalid)?;
    let p = body.properties;
    Ok(NewMeasure {
        kind: p.kind,
        title: p.title,
        division_code: p.division_code.as_str().to_owned(),
        from_on: p.from_on,
        to_on: p.to_on,
        proposed_by: p.proposed_by,
        proposed_on: p.proposed_on,
        executor: p.executor,
        actions: p.actions,
        products: p.products,
        targets: targets(&p.targets),
        document_id: p.document_id,
        note: p.note,
        units: covered(&p.units),
        overlapping: p.overlapping_units,
        area,
    })
}

/// A measure
///
/// With what does not fit its units on the day asked, and the events open to the caller.
#[utoipa::path(
    get, path = "/v1/farmland-measures/{id}", operation_id = "get_farmland_measure", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure"), TimeParams),
    responses((status = 200, body = Feature<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_measure(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<TimeParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let when = query.read(&call)?;
    let id = read_id(&id)?;
    let mut tx = call.app().snapshot().await?;
    let row = store::find(&mut tx, id, scope.as_deref(), when).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    let view = whole(&mut tx, &call, row, when).await?;
    // Units change apart from the measure, and what is open differs from caller to caller.
    Ok(Reply::geojson(&view)?.revision_as_shown(revision))
}

/// Change a measure
///
/// Days and products are fixed once it was approved or filed; nothing changes once it has ended.
#[utoipa::path(
    patch, path = "/v1/farmland-measures/{id}", operation_id = "change_farmland_measure", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure")),
    request_body = MeasureChanges,
    responses((status = 200, body = Feature<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland_measure.write")))
)]
async fn change_farmland_measure(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<MeasureChanges>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandMeasureWrite).await?;
    let id = read_id(&id)?;
    let changes = Changes {
        title: body.title,
        from_on: body.from_on,
        to_on: body.to_on,
        executor: body.executor,
        actions: body.actions,
        products: body.products,
        targets: body.targets.as_deref().map(targets),
        document_id: body.document_id,
        note: body.note,
    };
    actions::change(&mut act, id, revision, changes).await?;
    let reply = as_it_stands(&call, act.tx(), id).await?;
    Ok(act.finish(reply).await?)
}

async fn as_it_stands(call: &Call, conn: &mut PgConnection, id: FarmlandMeasureId) -> Result<Reply> {
    let when = When { on: call.today(), known_at: None };
    let row = store::find(conn, id, None, when).await?.ok_or_else(not_found)?;
    let revision = row.revision;
    Ok(Reply::geojson(&whole(conn, call, row, when).await?)?.revision(revision))
}

/// A page of what belongs to a measure.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnitParams {
    /// What held on this day; today, or the day of `known_at`, when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List the units of a measure
///
/// With class, land type and existence on the day asked, and whether they fit.
#[utoipa::path(
    get, path = "/v1/farmland-measures/{id}/units", operation_id = "list_farmland_measure_units", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure"), UnitParams),
    responses((status = 200, body = CoveredUnitPage)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_measure_units(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<UnitParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let limit = paging::limit(query.limit)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let id = read_id(&id)?;
    let filters = format!("{:?}", ("units", id, query.true_on, when.known_at, &scope));
    let after: Option<String> = Cursor::key(query.cursor.as_deref(), &filters)?;
    let mut tx = call.app().snapshot().await?;
    let row = store::find(&mut tx, id, scope.as_deref(), when).await?.ok_or_else(not_found)?;
    let kind = row.kind()?.row();
    let mut units =
        store::units(&mut tx, id, scope.as_deref(), when, None, after.as_deref(), i64::from(limit) + 1).await?;
    let links = next(Cursor::behind(&mut units, limit, &filters, |last| last.code.clone()), |cursor| {
        format!(
            "/v1/farmland-measures/{id}/units?limit={limit}{}&cursor={cursor}",
            times(query.true_on, &query.known_at)
        )
    });
    let units: Vec<CoveredUnitView> = units
        .into_iter()
        .map(|unit| CoveredUnitView {
            fits: unit.living && kind.fits(&unit.class),
            covered_m2: unit.area_m2 * unit.area_share,
            unit_id: unit.unit_id,
            code: unit.code,
            division_code: unit.division_code,
            class: unit.class,
            land_type: unit.land_type,
            crop: unit.crop,
            area_m2: unit.area_m2,
            area_share: unit.area_share,
            exists: unit.living,
        })
        .collect();
    Ok(Reply::json(&CoveredUnitPage { number_returned: units.len(), units, links })?)
}

fn next(cursor: Option<String>, address: impl Fn(String) -> String) -> Vec<MeasureLink> {
    let link = |cursor| MeasureLink { rel: "next", media_type: "application/json", href: address(cursor) };
    cursor.into_iter().map(link).collect()
}

/// The time parameters as they were sent; an instant's `+` would be read as a blank, which is read back as a `+`.
fn times(true_on: Option<Day>, known_at: &Option<String>) -> String {
    let day = true_on.map(|day| format!("&true_on={day}")).unwrap_or_default();
    let instant = known_at.as_deref().map(|at| format!("&known_at={}", at.replace(' ', "+"))).unwrap_or_default();
    format!("{day}{instant}")
}

/// Cover units, or take units out
///
/// Those of an approved crop ban zone are fixed: only units that came of those in it can be added.
#[utoipa::path(
    post, path = "/v1/farmland-measures/{id}/units", operation_id = "change_farmland_measure_units", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure")),
    request_body = UnitChanges,
    responses((status = 200, body = Feature<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland_measure.write")))
)]
async fn change_farmland_measure_units(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<UnitChanges>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandMeasureWrite).await?;
    let id = read_id(&id)?;
    let coverage = Coverage { attach: covered(&body.attach), detach: body.detach, overlapping: body.overlapping };
    actions::change_units(&mut act, id, coverage).await?;
    let reply = as_it_stands(&call, act.tx(), id).await?;
    Ok(act.finish(reply).await?)
}

/// List the events of a measure
///
/// Voided ones included.
#[utoipa::path(
    get, path = "/v1/farmland-measures/{id}/events", operation_id = "list_farmland_measure_events", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure"), TimeParams),
    responses((status = 200, body = MeasureEvents)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_measure_events(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<TimeParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let when = query.read(&call)?;
    let id = read_id(&id)?;
    let mut tx = call.app().snapshot().await?;
    store::find(&mut tx, id, scope.as_deref(), when).await?.ok_or_else(not_found)?;
    let events = store::events(&mut tx, id, when.known_at).await?;
    let events = events
        .into_iter()
        .filter(|event| event.occurred_on <= when.on)
        .map(|event| MeasureEventView {
            seq: event.seq,
            r#type: event.r#type,
            occurred_on: event.occurred_on,
            body: event.body,
            number: event.number,
            document_id: event.document_id,
            reason: event.reason,
            recorded_by: event.recorded_by,
            recorded_at: event.recorded_at,
            voided: event.voided,
        })
        .collect();
    Ok(Reply::json(&MeasureEvents { events })?)
}

/// Record an event of a measure
///
/// Approval, filing, upload, report of effect, end; or that the last event was entered in error. What is open at which
/// stage, by whom and with what: `GET /v1/farmland-measures/catalogue`.
#[utoipa::path(
    post, path = "/v1/farmland-measures/{id}/events", operation_id = "record_farmland_measure_event", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure")),
    request_body = MeasureEventBody,
    responses((status = 200, description = "The measure as it stands now", body = Feature<MeasureProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland_measure.write")))
)]
async fn record_farmland_measure_event(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<MeasureEventBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandMeasureWrite).await?;
    let id = read_id(&id)?;
    let new = NewEvent {
        event: body.r#type,
        occurred_on: body.occurred_on,
        body: body.body,
        number: body.number,
        document_id: body.document_id,
        reason: body.reason,
    };
    actions::record(&mut act, id, new).await?;
    let reply = as_it_stands(&call, act.tx(), id).await?;
    Ok(act.finish(reply).await?)
}

/// Of which year.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ResultParams {
    /// Of this year.
    year: Option<i32>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// List the results of a measure
///
/// By year and unit.
#[utoipa::path(
    get, path = "/v1/farmland-measures/{id}/results", operation_id = "list_farmland_measure_results", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure"), ResultParams),
    responses((status = 200, body = MeasureResultPage)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_measure_results(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<ResultParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::FarmlandRead)?;
    let limit = paging::limit(query.limit)?;
    let when = when(&call, None, query.known_at.as_deref())?;
    let id = read_id(&id)?;
    let filters = format!("{:?}", ("results", id, query.year, when.known_at, &scope));
    let after = match &query.cursor {
        Some(cursor) => Some(read_result_key(&Cursor::read(cursor, &filters)?).ok_or_else(Cursor::refused)?),
        None => None,
    };
    let mut tx = call.app().snapshot().await?;
    store::find(&mut tx, id, scope.as_deref(), when).await?.ok_or_else(not_found)?;
    let rows = i64::from(limit) + 1;
    let mut results = store::results_of(&mut tx, id, scope.as_deref(), query.year, when.known_at, after, rows).await?;
    let behind = Cursor::behind(&mut results, limit, &filters, |last| format!("{}|{}", last.year, last.code));
    let links = next(behind, |cursor| {
        let year = query.year.map(|year| format!("&year={year}")).unwrap_or_default();
        let time = times(None, &query.known_at);
        format!("/v1/farmland-measures/{id}/results?limit={limit}{year}{time}&cursor={cursor}")
    });
    let results: Vec<MeasureResultView> = results
        .into_iter()
        .map(|result| MeasureResultView {
            unit_id: result.unit_id,
            unit_code: result.code,
            year: result.year,
            implemented: result.implemented,
            products_ok: result.products_ok,
            document_id: result.document_id,
            note: result.note,
            recorded_at: result.recorded_at,
        })
        .collect();
    Ok(Reply::json(&MeasureResultPage { number_returned: results.len(), results, links })?)
}

fn read_result_key(key: &str) -> Option<(i32, String)> {
    let (year, code) = key.split_once('|')?;
    Some((year.parse().ok()?, code.to_owned()))
}

/// Record the results of a year
///
/// Whether the measure was carried out on each unit and whether its products were up to standard, with the evidence. The
/// rate of safe use is counted by them.
#[utoipa::path(
    post, path = "/v1/farmland-measures/{id}/results", operation_id = "record_farmland_measure_results", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the measure")),
    request_body = MeasureResultsBody,
    responses((status = 200, body = ResultsRecorded)),
    extensions(("x-permission" = json!("farmland_measure.write")))
)]
async fn record_farmland_measure_results(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<MeasureResultsBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandMeasureWrite).await?;
    let id = read_id(&id)?;
    let given: Vec<GivenResult> = body
        .results
        .into_iter()
        .take(MAX_ROWS + 1)
        .map(|result| GivenResult {
            unit: result.unit_id,
            implemented: result.implemented,
            products_ok: match result.products_ok {
                ProductsOk::Yes => Some(true),
                ProductsOk::No => Some(false),
                ProductsOk::Unknown => None,
            },
            document_id: result.document_id,
            note: result.note,
        })
        .collect();
    let recorded = actions::record_results(&mut act, id, body.year, &given).await?;
    let unchanged = given.len() as u64 - recorded;
    let reply = Reply::json(&ResultsRecorded { year: body.year, recorded, unchanged })?;
    Ok(act.finish(reply).await?)
}

/// Where and when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CatalogueParams {
    /// The day whose law is asked about; today when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// The division whose law is asked about; the nation when left out.
    division: Option<DivisionCode>,
}

/// The kinds of measures
///
/// For which classes each is meant, what it can be made of, who makes it, its events with what each needs, and on what it
/// stands.
#[utoipa::path(
    get, path = "/v1/farmland-measures/catalogue", operation_id = "farmland_measure_catalogue", tag = "farmland",
    params(CatalogueParams),
    responses((status = 200, body = MeasureCatalogue)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn farmland_measure_catalogue(call: Call, Params(query): Params<CatalogueParams>) -> Result<Reply, Stop> {
    call.read(Permission::FarmlandRead)?;
    let on = query.true_on.unwrap_or_else(|| call.today());
    let division = query.division.unwrap_or_else(DivisionCode::nation);
    let kinds = KINDS
        .iter()
        .map(|row| MeasureKindView {
            kind: row.kind,
            title_zh: row.title.zh.to_string(),
            title_en: row.title.en.to_string(),
            classes: row.classes,
            actions: row.actions,
            made_by: row.made_by,
            steps: STEPS.iter().filter(|step| step.kinds.contains(&row.kind)).map(|step| step_view(step, on)).collect(),
            citations: cite_all(&row.provisions_in(division.as_str()), on),
        })
        .collect();
    Ok(Reply::json(&MeasureCatalogue { on, kinds })?)
}
