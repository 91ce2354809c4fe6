//! `POST /v1/screen`.

use super::super::actions;
use super::super::rules::entry;
use super::super::rules::understand::{self, LandType, Said};
use super::super::store;
use crate::kernel::quantity::{Exact, Written};
use crate::kernel::{Citation, Confidence, Day, Decimal, DivisionCode, Error, Fault, Measured, Result, Text};
use crate::platform::{App, Body, Call, Permission, Reply, Stop};
use crate::standards::gb15618::Land;
use crate::standards::land_use::{LandUse, LandUseSystem};
use crate::standards::screening::{
    self, Class, Context, GB_15618, GB_36600, Judgement, LandHeld, LimitUsed, Medium, Outcome, Reading, Reason,
};
use crate::standards::substances::{self, Substance};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Most results of a request.
const MAX_RESULTS: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(screen_results))
}

/// Results to be screened, and what they are held against.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenRequest {
    /// Contents, 1 to 10,000.
    #[schema(min_items = 1, max_items = 10000)]
    results: Vec<ScreenResult>,
    /// The land and the soil.
    #[serde(default)]
    context: ScreenContext,
}

/// The content of a substance, as a laboratory states it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenResult {
    /// CAS number, chemical symbol, Chinese or English name, or a usual synonym.
    #[schema(example = "Cd")]
    substance: String,
    /// The number as written, digit by digit.
    #[serde(default)]
    #[schema(example = 0.35)]
    value: Written,
    /// `mg/kg`, `g/kg`, `µg/g`, `µg/kg`, `ng/g`, `ng/kg`, `pg/g` or `%`, dry matter.
    #[serde(default)]
    #[schema(example = "mg/kg")]
    unit: String,
    /// `<` where the content lies below `value`, the limit of detection.
    #[serde(default)]
    #[schema(example = "<")]
    qualifier: Option<String>,
    /// Which sample it is of. Parts are added up to sums within a sample only; results that name none are of one.
    #[serde(default)]
    #[schema(example = "S-1")]
    sample: Option<String>,
}

/// What the contents are held against.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenContext {
    /// National standard: `GB 15618-2018` or `GB 36600-2018`. Follows from the land where that is given.
    #[serde(default)]
    #[schema(example = "GB 15618-2018")]
    standard: Option<String>,
    /// Kind of farmland.
    #[serde(default)]
    land_type: Option<ScreenLandType>,
    /// Paddy and upland in turn: the stricter value.
    #[serde(default)]
    rotation: Option<bool>,
    /// pH of the soil, 0 to 14.
    #[serde(default)]
    #[schema(value_type = Option<Written>)]
    ph: Option<Written>,
    /// Land use, planned where it is to change.
    #[serde(default)]
    land_use: Option<ScreenLandUse>,
    /// Class of construction land (GB 36600): 1 or 2.
    #[serde(default)]
    land_class: Option<LandClass>,
    /// What the samples are of.
    #[serde(default)]
    medium: Medium,
    /// Where the soil lies: the local standards of the place apply beside the national ones.
    #[serde(default)]
    division_code: Option<DivisionCode>,
    /// Day whose standards apply. Default: today.
    #[serde(default)]
    on: Option<Day>,
    /// Background of the soil by substance (arsenic, cobalt, vanadium).
    #[serde(default)]
    background: BTreeMap<String, ScreenContent>,
}

/// Kind of farmland.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScreenLandType {
    /// 水田
    Paddy,
    /// 旱地
    Upland,
    /// 水浇地
    Irrigated,
    /// 园地
    Orchard,
    /// 草地
    Grassland,
    /// 林地
    Forest,
}

impl From<ScreenLandType> for LandType {
    fn from(given: ScreenLandType) -> LandType {
        match given {
            ScreenLandType::Paddy => LandType::Paddy,
            ScreenLandType::Upland => LandType::Upland,
            ScreenLandType::Irrigated => LandType::Irrigated,
            ScreenLandType::Orchard => LandType::Orchard,
            ScreenLandType::Grassland => LandType::Grassland,
            ScreenLandType::Forest => LandType::Forest,
        }
    }
}

/// A land-use code with the system it is of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenLandUse {
    /// Which system.
    system: LandUseSystem,
    /// The printed code.
    #[schema(example = "0101")]
    code: String,
}

/// A content without qualifier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenContent {
    /// The number as written.
    #[schema(example = 40)]
    value: Written,
    /// Its unit.
    #[schema(example = "mg/kg")]
    unit: String,
}

/// Class of construction land: `1`, `2`, `"class1"`, `"class2"`.
#[derive(Debug, Clone, Copy)]
pub(super) struct LandClass(pub Class);

impl<'de> Deserialize<'de> for LandClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LandClass, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = LandClass;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("1, 2, class1, class2")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<LandClass, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<LandClass, E> {
                match text {
                    "1" | "class1" => Ok(LandClass(Class::One)),
                    "2" | "class2" => Ok(LandClass(Class::Two)),
                    _ => Err(E::custom(format!("`{text}` 应为 1 或 2 / must be 1 or 2"))),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl utoipa::PartialSchema for LandClass {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
            .enum_values(Some([
                serde_json::json!(1),
                serde_json::json!(2),
                serde_json::json!("class1"),
                serde_json::json!("class2"),
            ]))
            .description(Some("Class of construction land (GB 36600) / 建设用地类别"))
            .into()
    }
}

impl ToSchema for LandClass {}

/// What the contents are worth.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenReply {
    /// Day whose standards apply.
    on: Day,
    /// The national standard that applies.
    #[schema(example = "GB 15618-2018")]
    standard: &'static str,
    /// The land and the soil as understood.
    context: UnderstoodContext,
    /// In the order given; behind them the sums that were formed.
    results: Vec<ScreenedResult>,
    /// All of it in figures.
    summary: ScreenSummary,
}

/// The land and the soil as understood.
#[derive(Debug, Serialize, ToSchema)]
struct UnderstoodContext {
    /// The land whose values apply: `paddy`, `orchard`, `other`, `rotation`, `class1`, `class2`.
    #[schema(example = "paddy")]
    land: &'static str,
    /// 适用地类
    land_zh: String,
    /// The land in words.
    land_en: String,
    /// How well it is known that the land is of this kind.
    confidence: Confidence,
    /// pH of the soil.
    ph: Option<Exact>,
    /// What the samples are of.
    medium: Medium,
    /// Where the soil lies.
    #[schema(example = "150400")]
    division_code: Option<String>,
    /// Local standards that hold there on that day.
    local_standards: Vec<String>,
    /// What had to be assumed, and what else is to be said of the land.
    assumptions: Vec<ScreenReason>,
}

/// Why something is as it is.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenReason {
    /// Stable, snake_case.
    #[schema(example = "ph_missing")]
    code: &'static str,
    /// 中文
    zh: String,
    /// English
    en: String,
    /// What it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    citation: Option<Citation>,
}

impl From<&Reason> for ScreenReason {
    fn from(reason: &Reason) -> ScreenReason {
        ScreenReason {
            code: reason.code,
            zh: reason.zh.to_string(),
            en: reason.en.to_string(),
            citation: reason.citation.as_deref().cloned(),
        }
    }
}

/// A substance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubstanceName {
    /// Stable, snake_case.
    #[schema(example = "cadmium")]
    pub key: &'static str,
    /// CAS registry number, where it has one of its own.
    #[schema(example = "7440-43-9")]
    pub cas: Option<&'static str>,
    /// Chemical symbol, where it has one.
    #[schema(example = "Cd")]
    pub symbol: Option<&'static str>,
    /// 名称
    #[schema(example = "镉")]
    pub name_zh: &'static str,
    /// English name.
    #[schema(example = "Cadmium")]
    pub name_en: &'static str,
}

impl From<&'static Substance> for SubstanceName {
    fn from(substance: &'static Substance) -> SubstanceName {
        SubstanceName {
            key: &substance.key,
            cas: substance.cas.as_deref(),
            symbol: substance.symbol.as_deref(),
            name_zh: &substance.name_zh,
            name_en: &substance.name_en,
        }
    }
}

/// A result as it was given.
#[derive(Debug, Serialize, ToSchema)]
struct GivenResult {
    /// Name as given.
    #[schema(example = "Cd")]
    substance: String,
    /// The number, character by character.
    #[schema(example = "0.35")]
    value: String,
    /// Its unit.
    #[schema(example = "mg/kg")]
    unit: String,
    /// `<`, or nothing.
    #[schema(example = "")]
    qualifier: String,
}

/// A limit value that was compared with.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenLimit {
    /// mg/kg
    #[schema(example = 0.3)]
    value: Exact,
    /// Always `mg/kg`.
    #[schema(example = "mg/kg")]
    unit: &'static str,
    /// Code of the standard that speaks.
    #[schema(example = "GB 15618-2018")]
    standard: String,
    /// Whether it is a local standard.
    local: bool,
    /// Table, of the national standards.
    #[schema(example = 1)]
    table: Option<u8>,
    /// Item number in the table.
    #[schema(example = 1)]
    item: Option<u8>,
    /// The name as printed.
    #[schema(example = "镉")]
    printed_zh: String,
    /// 适用地类
    #[schema(example = "水田")]
    land_zh: String,
    /// For which land it is printed.
    #[schema(example = "paddy")]
    land_en: String,
    /// The band begins above this pH.
    #[serde(skip_serializing_if = "Option::is_none")]
    ph_gt: Option<Exact>,
    /// The band ends with this pH.
    #[serde(skip_serializing_if = "Option::is_none")]
    ph_le: Option<Exact>,
    /// Where it is printed.
    citation: Citation,
    /// How well it is known.
    confidence: Confidence,
}

impl From<&LimitUsed> for ScreenLimit {
    fn from(limit: &LimitUsed) -> ScreenLimit {
        ScreenLimit {
            value: Exact(limit.value),
            unit: "mg/kg",
            standard: limit.standard.to_string(),
            local: limit.local,
            table: limit.table,
            item: limit.item,
            printed_zh: limit.printed_zh.to_string(),
            land_zh: limit.land.zh.to_string(),
            land_en: limit.land.en.to_string(),
            ph_gt: limit.ph_gt.map(Exact),
            ph_le: limit.ph_le.map(Exact),
            citation: (*limit.citation).clone(),
            confidence: limit.confidence,
        }
    }
}

/// What one content, or a sum, is worth.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenedResult {
    /// Place among the results given, from 0; none for a sum that was formed.
    #[schema(example = 0)]
    index: Option<usize>,
    /// The sample it is of, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
    /// The substance, where it is known.
    substance: Option<SubstanceName>,
    /// The result as given; none for a sum that was formed.
    given: Option<GivenResult>,
    /// The content in mg/kg, exact; its upper end where something lies below detection.
    #[schema(example = 0.35)]
    value_mg_kg: Option<Exact>,
    /// Its lower end, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_mg_kg: Option<Exact>,
    /// Keys of what a sum was formed of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<&'static str>,
    /// What it is worth.
    outcome: Outcome,
    /// 判定
    #[schema(example = "超过筛选值")]
    outcome_zh: String,
    /// The outcome in words.
    outcome_en: String,
    /// The value that decided, mg/kg: the intervention value where it is exceeded, else the screening value.
    #[schema(example = 0.3)]
    limit: Option<Exact>,
    /// Where that value is printed.
    citation: Option<Citation>,
    /// Content by screening value, to four digits behind the point; never 1 where it is above. Below detection it is the most
    /// that the ratio can be.
    #[schema(example = 1.1667)]
    ratio: Option<Exact>,
    /// The reason that decided, where one did: always where the result cannot be compared.
    #[schema(example = "ph_missing")]
    reason: Option<&'static str>,
    /// The screening value (筛选值).
    screening: Option<ScreenLimit>,
    /// The intervention value (管制值).
    intervention: Option<ScreenLimit>,
    /// Every reason, and what else is to be said.
    reasons: Vec<ScreenReason>,
}

/// All of it in figures.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenSummary {
    /// The worst outcome. What cannot be compared is worse than what is within.
    worst: Outcome,
    /// How many of which; sums that were formed are counted too.
    counts: ScreenCounts,
    /// Results given.
    #[schema(example = 1)]
    given: usize,
    /// Sums that were formed.
    #[schema(example = 0)]
    sums: usize,
}

/// How many results came out how.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ScreenCounts {
    /// At or below the screening value.
    within: usize,
    /// Above the screening value.
    above_screening: usize,
    /// Above the intervention value.
    above_intervention: usize,
    /// Not comparable.
    not_comparable: usize,
}

/// Screen contents of soil against the standards
///
/// Holds results against GB 15618-2018 or GB 36600-2018, and against stricter local values of the place; registers nothing and
/// needs no key. A result that cannot be read or compared is `not_comparable` with its reason, and the others are judged all
/// the same. What the context does not settle is assumed to the strict side, and the assumption is said.
#[utoipa::path(
    post, path = "/v1/screen", operation_id = "screen_results", tag = "standards",
    request_body(content = ScreenRequest, content_type = "application/json"),
    responses((status = 200, description = "Screened", body = ScreenReply)),
    extensions(("x-permission" = json!("open")))
)]
async fn screen_results(call: Call, Body(request): Body<ScreenRequest>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let asked = read_context(&request, call.today())?;
    let mut conn = call.app().db().acquire().await?;
    let mut context = asked.context;
    if let Some(division) = &asked.division {
        if store::division_name(&mut conn, division).await?.is_none() {
            return Err(Error::invalid(vec![actions::unknown_division("/context/division_code", division)]).into());
        }
        context.local = actions::local_limits(&mut conn, division, context.on, None).await?.into();
    }
    drop(conn);
    let results = judge(&context, request.results);
    Ok(Reply::json(&reply(context, asked.division, &asked.assumptions, results))?)
}

/// A context as read, local values not looked up yet.
struct Asked {
    context: Context,
    division: Option<String>,
    assumptions: Vec<Reason>,
}

fn read_context(request: &ScreenRequest, today: Day) -> Result<Asked> {
    let given = &request.context;
    let mut faults = Vec::new();
    if request.results.is_empty() || request.results.len() > MAX_RESULTS {
        faults.push(Fault::new(
            "/results",
            "result_count",
            Text::new(
                format!("应有 1 至 {MAX_RESULTS} 个结果。"),
                format!("There are 1 to {MAX_RESULTS} results in a request."),
            ),
        ));
    }
    let said = read_land(given, &mut faults);
    let ph = given
        .ph
        .as_ref()
        .filter(|ph| !ph.0.trim().is_empty())
        .and_then(|ph| screening::read_ph("/context/ph", &ph.0).map_err(|fault| faults.push(fault)).ok());
    let background = read_background(given, &mut faults);
    let land = said.and_then(|said| understand::land(&said).map_err(|fault| faults.push(fault)).ok());
    match land {
        Some((land, assumptions)) if faults.is_empty() => Ok(Asked {
            context: Context { ph, medium: given.medium, background, ..Context::of(land, given.on.unwrap_or(today)) },
            division: given.division_code.as_ref().map(|code| code.as_str().to_owned()),
            assumptions,
        }),
        _ => Err(Error::invalid(faults)),
    }
}

fn read_land(given: &ScreenContext, faults: &mut Vec<Fault>) -> Option<Said> {
    let before = faults.len();
    let standard = given.standard.as_deref().and_then(|name| {
        let found = entry::national(name);
        if found.is_none() {
            faults.push(Fault::new(
                "/context/standard",
                "standard_unknown",
                Text::new(
                    format!("“{name}”不是可用的国家标准：{GB_15618}、{GB_36600}；地方标准随 division_code 适用。"),
                    format!(
                        "`{name}` is neither {GB_15618} nor {GB_36600}; local standards follow from `division_code`."
                    ),
                ),
            ));
        }
        found
    });
    let land_use = given.land_use.as_ref().and_then(|land_use| {
        LandUse::parse(land_use.system, &land_use.code)
            .map_err(|fault| faults.push(Fault { pointer: "/context/land_use/code".to_owned(), ..fault }))
            .ok()
    });
    (faults.len() == before).then(|| Said {
        standard,
        land_type: given.land_type.map(LandType::from),
        rotation: given.rotation,
        land_use,
        class: given.land_class.map(|class| class.0),
    })
}

fn read_background(given: &ScreenContext, faults: &mut Vec<Fault>) -> BTreeMap<String, Decimal> {
    let mut background = BTreeMap::new();
    for (name, content) in &given.background {
        let pointer = format!("/context/background/{}", name.replace('~', "~0").replace('/', "~1"));
        let substance = substances::read(&pointer, name).map_err(|fault| faults.push(fault));
        let measured =
            Measured::read(&pointer, &content.value.0, &content.unit, None).map_err(|found| faults.extend(found));
        let (Ok(substance), Ok(measured)) = (substance, measured) else { continue };
        if measured.below {
            faults.push(Fault::new(
                format!("{pointer}/value"),
                "background_below_detection",
                Text::fixed("背景值应为确定的数，不带“<”。", "A background is a definite number, without `<`."),
            ));
        } else if background.insert(substance.key.clone(), measured.mg_kg()).is_some() {
            faults.push(Fault::new(
                pointer,
                "background_twice",
                Text::fixed("同一污染物的背景值重复。", "The substance's background is given twice."),
            ));
        }
    }
    background
}

/// Judges results sample by sample: in the order given, and behind them the sums.
fn judge(context: &Context, given: Vec<ScreenResult>) -> Vec<ScreenedResult> {
    let mut samples: BTreeMap<Option<String>, (Vec<usize>, Vec<Reading>)> = BTreeMap::new();
    let mut results: Vec<Option<ScreenedResult>> = Vec::with_capacity(given.len());
    for (index, result) in given.iter().enumerate() {
        match read_result(result) {
            Ok(reading) => {
                let (places, readings) = samples.entry(result.sample.clone()).or_default();
                places.push(index);
                readings.push(reading);
                results.push(None);
            }
            Err(reasons) => results.push(Some(unread(index, result, &reasons))),
        }
    }
    let mut sums = Vec::new();
    for (sample, (places, readings)) in samples {
        for judgement in screening::screen(context, &readings) {
            match judgement.reading.and_then(|at| places.get(at).copied()) {
                Some(index) => {
                    let view = judged(&judgement, Some(index), given.get(index), sample.clone());
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(view);
                    }
                }
                None => sums.push(judged(&judgement, None, None, sample.clone())),
            }
        }
    }
    results.into_iter().flatten().chain(sums).collect()
}

fn read_result(result: &ScreenResult) -> Result<Reading, Vec<Reason>> {
    let substance = substances::read("", &result.substance);
    let measured = Measured::read("", &result.value.0, &result.unit, result.qualifier.as_deref());
    match (substance, measured) {
        (Ok(substance), Ok(measured)) => Ok(Reading { substance, measured }),
        (substance, measured) => {
            Err(substance.err().into_iter().chain(measured.err().unwrap_or_default()).map(Reason::from).collect())
        }
    }
}

fn given_view(result: &ScreenResult) -> GivenResult {
    GivenResult {
        substance: result.substance.clone(),
        value: result.value.0.clone(),
        unit: result.unit.clone(),
        qualifier: result.qualifier.clone().unwrap_or_default(),
    }
}

/// A result that cannot be read.
fn unread(index: usize, result: &ScreenResult, reasons: &[Reason]) -> ScreenedResult {
    let title = Outcome::NotComparable.title();
    ScreenedResult {
        index: Some(index),
        sample: result.sample.clone(),
        substance: substances::find(&result.substance).map(SubstanceName::from),
        given: Some(given_view(result)),
        value_mg_kg: None,
        least_mg_kg: None,
        parts: Vec::new(),
        outcome: Outcome::NotComparable,
        outcome_zh: title.zh.into_owned(),
        outcome_en: title.en.into_owned(),
        limit: None,
        citation: None,
        ratio: None,
        reason: reasons.first().map(|reason| reason.code),
        screening: None,
        intervention: None,
        reasons: reasons.iter().map(ScreenReason::from).collect(),
    }
}

fn judged(
    judgement: &Judgement,
    index: Option<usize>,
    given: Option<&ScreenResult>,
    sample: Option<String>,
) -> ScreenedResult {
    let title = judgement.outcome.title();
    let decided = judgement.decided_by();
    ScreenedResult {
        index,
        sample,
        substance: Some(judgement.substance.into()),
        given: given.map(given_view),
        value_mg_kg: Some(Exact(judgement.mg_kg)),
        least_mg_kg: (judgement.least_mg_kg != judgement.mg_kg).then_some(Exact(judgement.least_mg_kg)),
        parts: judgement.parts.clone(),
        outcome: judgement.outcome,
        outcome_zh: title.zh.into_owned(),
        outcome_en: title.en.into_owned(),
        limit: decided.map(|limit| Exact(limit.value)),
        citation: decided.map(|limit| (*limit.citation).clone()),
        ratio: judgement.ratio.map(Exact),
        reason: judgement.reason().map(|reason| reason.code),
        screening: judgement.screening.as_ref().map(ScreenLimit::from),
        intervention: judgement.intervention.as_ref().map(ScreenLimit::from),
        reasons: judgement.reasons.iter().map(ScreenReason::from).collect(),
    }
}

fn reply(
    context: Context,
    division_code: Option<String>,
    assumptions: &[Reason],
    results: Vec<ScreenedResult>,
) -> ScreenReply {
    let mut counts = ScreenCounts::default();
    for result in &results {
        match result.outcome {
            Outcome::Within => counts.within += 1,
            Outcome::AboveScreening => counts.above_screening += 1,
            Outcome::AboveIntervention => counts.above_intervention += 1,
            Outcome::NotComparable => counts.not_comparable += 1,
        }
    }
    let sums = results.iter().filter(|result| result.index.is_none()).count();
    let summary = ScreenSummary {
        worst: results.iter().map(|result| result.outcome).max().unwrap_or(Outcome::NotComparable),
        counts,
        given: results.len() - sums,
        sums,
    };
    let (land, land_words, confidence, assumed) = match &context.land {
        LandHeld::Farmland(land) => {
            let (name, words) = match land {
                Land::Paddy => ("paddy", Text::fixed("水田", "paddy")),
                Land::Orchard => ("orchard", Text::fixed("果园", "orchard")),
                Land::Other => ("other", Text::fixed("其他", "other farmland")),
                Land::Rotation => {
                    ("rotation", Text::fixed("水田与其他地类中较严者", "the stricter of paddy and other farmland"))
                }
            };
            let by_reference = assumptions.iter().any(|reason| reason.code == "by_reference");
            (name, words, if by_reference { Confidence::Recalled } else { Confidence::Verified }, None)
        }
        LandHeld::Construction { class, assumed, confidence } => {
            let name = match class {
                Class::One => "class1",
                Class::Two => "class2",
            };
            (name, class.title(), *confidence, assumed.clone())
        }
    };
    let assumed = assumed.map(|why| ScreenReason {
        code: "class1_assumed",
        zh: why.zh.into_owned(),
        en: why.en.into_owned(),
        citation: None,
    });
    ScreenReply {
        on: context.on,
        standard: context.land.standard(),
        context: UnderstoodContext {
            land,
            land_zh: land_words.zh.into_owned(),
            land_en: land_words.en.into_owned(),
            confidence,
            ph: context.ph.map(Exact),
            medium: context.medium,
            division_code,
            local_standards: context
                .local
                .iter()
                .map(|limit| limit.standard.to_string())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            assumptions: assumptions.iter().map(ScreenReason::from).chain(assumed).collect(),
        },
        results,
        summary,
    }
}
