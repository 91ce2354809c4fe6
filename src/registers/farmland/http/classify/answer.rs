//! What a classification answers.

use super::super::super::actions::classify::{Asked, Asset, County, OptionUsed, class_of};
use super::super::super::rules::classify::point::WhyNot;
use super::super::super::rules::classify::{
    CropFinding, Element, ElementFinding, Finding, Grade, PROVISIONS, Part, PointFinding, Said, Source, Step,
};
use super::super::super::store::classify::PartRow;
use super::super::FarmlandClass;
use crate::kernel::basis::cite_all;
use crate::kernel::quantity::Exact;
use crate::kernel::{AreaGeometry, Citation, Confidence, Day, Error, Result, mu, wkb};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Decimals of degrees on the wire.
const DECIMALS: u8 = 9;

/// How much to tell of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Every step, point and sample.
    Steps,
    /// The class, by element as well, and what has to be confirmed.
    Classes,
    /// No units: counts and moves only.
    Summary,
}

/// Proposed classes. Nothing was written.
#[derive(Serialize, ToSchema)]
pub struct Classification {
    #[serde(flatten)]
    head: Head,
    /// The units in the order of their codes, those brought with the request in theirs.
    units: Vec<ClassifiedUnit>,
}

/// What holds of all units.
#[derive(Serialize, ToSchema)]
pub struct Head {
    /// The civil day.
    on: Day,
    /// As the registry knew it then; `null`: now.
    known_at: Option<DateTime<Utc>>,
    /// How much is told of each unit.
    detail: Detail,
    /// The standard that contents were held against.
    #[schema(example = "GB 15618-2018")]
    standard: &'static str,
    /// The numbers of the steps.
    options: Vec<ClassOption>,
    /// What the steps stand on.
    citations: Vec<Citation>,
    /// By proposed class.
    counts: Vec<ClassCount>,
    /// From the class of the day to the proposed one.
    moves: Vec<ClassMove>,
    /// Units for which a named person has to confirm something.
    review_required: u64,
    /// Samples brought with the request that lie in none of its units.
    samples_outside: Vec<String>,
}

/// A number of the steps.
#[derive(Serialize, ToSchema)]
struct ClassOption {
    /// The parameter.
    #[schema(example = "class_dominance_percent")]
    id: &'static str,
    /// 参数名称
    title_zh: String,
    /// Its name.
    title_en: String,
    /// The number.
    #[schema(example = 80)]
    value: u32,
    /// Where it comes from.
    source: OptionSource,
    /// First digits of the divisions in which it holds; empty for the nation, or for the whole request.
    jurisdiction: String,
    /// How well it is known.
    confidence: Confidence,
}

/// Where a number comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OptionSource {
    /// The request.
    Request,
    /// The operator's setting.
    Configured,
    /// The registry's own table of parameters.
    Default,
}

/// Units of a class.
#[derive(Serialize, ToSchema)]
struct ClassCount {
    /// The class.
    #[schema(value_type = FarmlandClass)]
    class: &'static str,
    #[serde(flatten)]
    amount: Amount,
}

/// Units that go from a class to another, or stay.
#[derive(Serialize, ToSchema)]
struct ClassMove {
    /// The class of the day; `null`: not known.
    #[schema(value_type = Option<FarmlandClass>)]
    from: Option<String>,
    /// The proposed class.
    #[schema(value_type = FarmlandClass)]
    to: &'static str,
    #[serde(flatten)]
    amount: Amount,
}

/// How many units, and how much land. Units without an outline have no area.
#[derive(Serialize, ToSchema, Default, Clone, Copy)]
struct Amount {
    /// Units.
    units: u64,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
    /// The same in mu.
    area_mu: f64,
    /// The same in hectares.
    area_ha: f64,
}

impl Amount {
    fn add(&mut self, area_m2: Option<f64>) {
        self.units += 1;
        self.area_m2 += area_m2.unwrap_or(0.0);
        self.area_mu = mu(self.area_m2);
        self.area_ha = self.area_m2 / 10_000.0;
    }
}

/// Counts and moves.
pub struct Totals {
    counts: BTreeMap<&'static str, Amount>,
    moves: BTreeMap<(Option<String>, &'static str), Amount>,
    review_required: u64,
}

impl Totals {
    /// Counts the units of a county.
    pub fn of(county: &County) -> Totals {
        let mut totals = Totals { counts: BTreeMap::new(), moves: BTreeMap::new(), review_required: 0 };
        for (n, unit) in county.units.iter().enumerate() {
            let finding = county.weighed.finding(n);
            let class = class_of(finding.class);
            totals.counts.entry(class).or_default().add(unit.area_m2);
            totals.moves.entry((unit.class.clone(), class)).or_default().add(unit.area_m2);
            totals.review_required += u64::from(finding.review_required());
        }
        totals
    }
}

impl Head {
    /// What holds of all units.
    pub fn new(county: &County, asked: &Asked, detail: Detail, totals: Totals) -> Head {
        let count =
            |class: &'static str| ClassCount { class, amount: totals.counts.get(class).copied().unwrap_or_default() };
        Head {
            on: asked.on,
            known_at: asked.known_at,
            detail,
            standard: "GB 15618-2018",
            options: county.options.iter().map(option).collect(),
            citations: cite_all(PROVISIONS, asked.on),
            counts: super::super::super::CLASSES.into_iter().map(count).collect(),
            moves: totals.moves.into_iter().map(|((from, to), amount)| ClassMove { from, to, amount }).collect(),
            review_required: totals.review_required,
            samples_outside: county.strays.clone(),
        }
    }
}

fn option(used: &OptionUsed) -> ClassOption {
    let OptionUsed { parameter, value, resolved } = used;
    ClassOption {
        id: parameter.id,
        title_zh: parameter.title.zh.to_string(),
        title_en: parameter.title.en.to_string(),
        value: *value,
        source: match resolved {
            None => OptionSource::Request,
            Some(resolved) if resolved.configured => OptionSource::Configured,
            Some(_) => OptionSource::Default,
        },
        jurisdiction: resolved.as_ref().map_or_else(String::new, |resolved| resolved.jurisdiction.clone()),
        confidence: resolved.as_ref().map_or(Confidence::Unconfirmed, |resolved| resolved.confidence),
    }
}

/// A unit with its proposed class. What is left out, the detail asked for does not have.
#[derive(Serialize, ToSchema)]
pub struct ClassifiedUnit {
    /// Its identifier; left out for a unit brought with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<uuid::Uuid>,
    /// Its code.
    code: String,
    /// Where it lies.
    division_code: Option<String>,
    /// Its class on the day.
    #[schema(value_type = Option<FarmlandClass>)]
    current_class: Option<String>,
    /// The proposed class of the unit as a whole, as it lies.
    #[schema(value_type = FarmlandClass)]
    class: &'static str,
    /// The class by soil alone.
    #[schema(value_type = FarmlandClass)]
    soil_class: &'static str,
    /// Ellipsoidal area, m².
    area_m2: Option<f64>,
    /// The same in mu.
    area_mu: Option<f64>,
    /// By element.
    elements: Elements,
    /// An expert has to decide.
    needs_expert: bool,
    /// Somebody has to look in the field.
    needs_field_check: bool,
    /// A named person has to confirm something before the class is proposed (边界核实).
    review: Review,
    /// What the products show; left out where none were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    crop: Option<Crop>,
    /// The steps of the unit; those of an element stand with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<ClassStep>>,
    /// Warnings, of elements too.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<ClassStep>>,
    /// Parts proposed to be cut out. Parts of different elements may overlap.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<ClassPart>>,
    /// What is left when they are cut out; left out where no part is proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    remainder: Option<ClassRemainder>,
    /// Samples that the class rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_used: Option<Vec<String>>,
    /// Samples left aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_not_used: Option<Vec<UnusedSample>>,
}

/// The five elements.
#[derive(Serialize, ToSchema)]
struct Elements {
    /// 镉
    #[serde(rename = "Cd")]
    cd: ElementClass,
    /// 汞
    #[serde(rename = "Hg")]
    hg: ElementClass,
    /// 砷
    #[serde(rename = "As")]
    arsenic: ElementClass,
    /// 铅
    #[serde(rename = "Pb")]
    pb: ElementClass,
    /// 铬
    #[serde(rename = "Cr")]
    cr: ElementClass,
}

/// The class by an element.
#[derive(Serialize, ToSchema)]
struct ElementClass {
    /// 1, 2 or 3; `null`: it cannot be told.
    #[schema(minimum = 1, maximum = 3)]
    class: Option<u8>,
    /// Where it comes from.
    source: ClassSource,
    /// How many points are of class 1, 2 and 3.
    counts: [usize; 3],
    /// The steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<ClassStep>>,
    /// What each point says.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Vec<PointClass>>,
}

/// Where a class by an element comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ClassSource {
    /// The unit's own points.
    Points,
    /// The units it touches.
    Neighbours,
    /// It lies outside the survey's scope.
    OutsideSurvey,
    /// Nothing: there is no class.
    Nothing,
}

/// What a point says by an element.
#[derive(Serialize, ToSchema)]
struct PointClass {
    /// The point.
    point: String,
    /// The sample that speaks for it; `null`: none was tested.
    sample: Option<String>,
    /// 1, 2 or 3; `null`: it cannot be compared.
    #[schema(minimum = 1, maximum = 3)]
    class: Option<u8>,
    /// The content, mg/kg; with `below` the detection limit.
    #[schema(value_type = Option<f64>)]
    value_mg_kg: Option<Exact>,
    /// Below detection.
    below: bool,
    /// pH of the sample.
    #[schema(value_type = Option<f64>)]
    ph: Option<Exact>,
    /// Screening value, mg/kg.
    #[schema(value_type = Option<f64>)]
    screening_mg_kg: Option<Exact>,
    /// Intervention value, mg/kg.
    #[schema(value_type = Option<f64>)]
    intervention_mg_kg: Option<Exact>,
    /// Why it cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// A reason.
#[derive(Serialize, ToSchema)]
struct Reason {
    /// Stable code.
    #[schema(example = "ph_missing")]
    code: &'static str,
    /// 原因
    text_zh: &'static str,
    /// In English.
    text_en: &'static str,
}

/// A step with its reason.
#[derive(Serialize, ToSchema)]
struct ClassStep {
    /// Stable code.
    #[schema(example = "dominant_class")]
    code: &'static str,
    /// Of which element; left out for the unit as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Cd")]
    element: Option<&'static str>,
    /// 理由
    text_zh: String,
    /// In English.
    text_en: String,
    /// How well the rule is known.
    confidence: Confidence,
}

/// What has to be confirmed.
#[derive(Serialize, ToSchema)]
struct Review {
    /// Whether anything has.
    required: bool,
    /// What.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_confirm: Option<Vec<ClassStep>>,
}

/// What products show.
#[derive(Serialize, ToSchema)]
struct Crop {
    /// Product points tested for all that the soil is over in.
    tested: usize,
    /// Product points within their limits, over them, and far over them.
    counts: [usize; 3],
    /// Whether the class was relaxed.
    relaxed: bool,
    /// What each product point says.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Vec<ProductClass>>,
}

/// What a product point says.
#[derive(Serialize, ToSchema)]
struct ProductClass {
    /// The point.
    point: String,
    /// 1 within its limits, 2 over them, 3 far over them.
    class: u8,
    /// By Cd, Hg, As, Pb, Cr; `null`: not tested, or not comparable.
    elements: [Option<u8>; 5],
}

/// A part proposed to be cut out.
#[derive(Serialize, ToSchema)]
struct ClassPart {
    /// What kind of part.
    kind: PartKind,
    /// Its own class: the worst of its points.
    #[schema(value_type = FarmlandClass)]
    class: &'static str,
    /// The elements by which it differs from the rest, with its class.
    elements: BTreeMap<&'static str, u8>,
    /// Its points.
    points: Vec<String>,
    /// Suggested outline: what lies nearer to its points than to others, cut with the unit. To be fitted to plots, villages,
    /// roads and ditches in the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AreaGeometry>)]
    outline: Option<Box<RawValue>>,
    /// Ellipsoidal area of the outline, m².
    #[serde(skip_serializing_if = "Option::is_none")]
    area_m2: Option<f64>,
}

/// What kind of part.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PartKind {
    /// 连续点位
    SubUnit,
    /// 孤立的 3 类点位
    IsolatedPoint,
}

/// What is left when the parts are cut out.
#[derive(Serialize, ToSchema)]
struct ClassRemainder {
    /// Its class by soil.
    #[schema(value_type = FarmlandClass)]
    class: &'static str,
    /// By Cd, Hg, As, Pb, Cr.
    elements: [Option<u8>; 5],
    /// Points left.
    points: usize,
}

/// A sample that was left aside.
#[derive(Serialize, ToSchema)]
struct UnusedSample {
    /// The sample.
    sample: String,
    /// Why.
    reason: Reason,
}

impl ClassifiedUnit {
    /// A unit as it is told. `outline` gives what is suggested for a part, by its place.
    ///
    /// # Errors
    /// When an outline is no geometry: a fault of ours.
    pub fn of<'a>(
        unit: &Asset,
        finding: &Finding,
        detail: Detail,
        outline: impl Fn(usize) -> Option<&'a PartRow>,
    ) -> Result<ClassifiedUnit> {
        let whole = detail == Detail::Steps;
        let told = |keep: fn(&Step) -> bool| {
            let kept = finding.all_steps().filter(|(_, step)| keep(step));
            whole.then(|| kept.map(|(element, one)| step(one, element)).collect::<Vec<_>>())
        };
        let parts = finding.parts.iter().enumerate().map(|(n, one)| part(one, outline(n)));
        Ok(ClassifiedUnit {
            id: unit.id.map(|id| id.0),
            code: unit.code.clone(),
            division_code: unit.division_code.clone(),
            current_class: unit.class.clone(),
            class: class_of(finding.class),
            soil_class: class_of(finding.soil_class),
            area_m2: unit.area_m2,
            area_mu: unit.area_m2.map(mu),
            elements: elements(&finding.elements, whole),
            needs_expert: finding.needs_expert,
            needs_field_check: finding.needs_field_check,
            review: Review { required: finding.review_required(), to_confirm: told(Step::to_confirm) },
            crop: finding.crop.as_ref().map(|one| crop(one, finding, whole)),
            steps: whole.then(|| finding.steps.iter().map(|one| step(one, None)).collect()),
            warnings: told(Step::is_warning),
            parts: if whole { Some(parts.collect::<Result<_>>()?) } else { None },
            remainder: finding.remainder.as_ref().filter(|_| whole).map(|left| ClassRemainder {
                class: class_of(left.class),
                elements: left.elements.map(|class| class.map(Grade::number)),
                points: left.points,
            }),
            samples_used: whole.then(|| finding.used.clone()),
            samples_not_used: whole.then(|| {
                let unused = finding.unused.iter();
                unused.map(|one| UnusedSample { sample: one.sample.clone(), reason: unused_reason(one.why) }).collect()
            }),
        })
    }
}

fn elements(found: &[ElementFinding; 5], whole: bool) -> Elements {
    let of = |element: Element| {
        let one = &found[element as usize];
        ElementClass {
            class: one.class.map(Grade::number),
            source: match one.source {
                Source::Points => ClassSource::Points,
                Source::Neighbours => ClassSource::Neighbours,
                Source::OutsideSurvey => ClassSource::OutsideSurvey,
                Source::Nothing => ClassSource::Nothing,
            },
            counts: one.counts,
            steps: whole.then(|| one.steps.iter().map(|one| step(one, None)).collect()),
            points: whole.then(|| one.points.iter().map(point).collect()),
        }
    };
    Elements {
        cd: of(Element::Cd),
        hg: of(Element::Hg),
        arsenic: of(Element::As),
        pb: of(Element::Pb),
        cr: of(Element::Cr),
    }
}

fn point(found: &PointFinding) -> PointClass {
    let (class, reason) = match found.said {
        Said::Class(grade) => (Some(grade.number()), None),
        Said::Nothing(why) => (None, Some(why_not(why))),
    };
    PointClass {
        point: found.point.clone(),
        sample: found.sample.clone(),
        class,
        value_mg_kg: found.content.map(|content| Exact(content.mg_kg())),
        below: found.content.is_some_and(|content| content.below),
        ph: found.ph.map(Exact),
        screening_mg_kg: found.screening.map(|row| Exact(row.value)),
        intervention_mg_kg: found.intervention.map(|row| Exact(row.value)),
        reason,
    }
}

fn why_not(why: WhyNot) -> Reason {
    let (text_zh, text_en) = why.words();
    Reason { code: why.code(), text_zh, text_en }
}

fn unused_reason(why: super::super::super::rules::classify::WhyUnused) -> Reason {
    let (text_zh, text_en) = why.words();
    Reason { code: why.code(), text_zh, text_en }
}

fn step(step: &Step, element: Option<Element>) -> ClassStep {
    let text = step.text();
    ClassStep {
        code: step.code(),
        element: element.map(Element::symbol),
        text_zh: text.zh.into_owned(),
        text_en: text.en.into_owned(),
        confidence: step.confidence(),
    }
}

fn crop(found: &CropFinding, finding: &Finding, whole: bool) -> Crop {
    let points = found.points.iter().map(|point| ProductClass {
        point: point.point.clone(),
        class: point.class.number(),
        elements: point.elements.map(|class| class.map(Grade::number)),
    });
    Crop {
        tested: found.tested,
        counts: found.counts,
        relaxed: finding.class < finding.soil_class,
        points: whole.then(|| points.collect()),
    }
}

fn part(part: &Part, outline: Option<&PartRow>) -> Result<ClassPart> {
    let drawn = outline
        .map(|row| -> Result<Box<RawValue>> {
            let mut text = Vec::with_capacity(row.wkb.len() * 2);
            wkb::to_geojson(&row.wkb, DECIMALS, &mut text).map_err(Error::internal)?;
            RawValue::from_string(String::from_utf8(text).map_err(Error::internal)?).map_err(Error::internal)
        })
        .transpose()?;
    Ok(ClassPart {
        kind: if part.contiguous { PartKind::SubUnit } else { PartKind::IsolatedPoint },
        class: part.class.class(),
        elements: part.elements.iter().map(|(element, class)| (element.symbol(), class.number())).collect(),
        points: part.points.clone(),
        outline: drawn,
        area_m2: outline.map(|row| row.area_m2),
    })
}
