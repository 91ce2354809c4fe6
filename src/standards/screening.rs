//! Screening: what a soil's contents are worth against GB 15618-2018, GB 36600-2018 and stricter local values.
//!
//! One call judges what was found in one sample. A content equal to a limit is not above it. Whatever cannot be compared is
//! [`Outcome::NotComparable`] and says why; nothing passes in silence.
//!
//! Two readings are this program's own, because the standards' text leaves them open, and every answer that turns on them
//! says so:
//!
//! * Note ① to the tables of GB 36600 (arsenic, cobalt, vanadium within the soil's background are not managed as a
//!   contaminated site) is applied to what is above the *screening* value: such a content is [`Outcome::Within`], with the
//!   reason `within_background`. Above the *intervention* value the background changes nothing
//!   (`background_above_intervention`), although the note's words do not rule it out.
//! * What lies below detection is between nothing and the limit of detection. It is never above, and within only where all
//!   of that range is.

use super::gb15618::{self, Column, Land};
use super::gb36600;
use super::land_use::{LandUse, SoilClass};
use super::law;
use super::substances::{self, Substance};
use crate::kernel::quantity::{self, Measured};
use crate::kernel::{Citation, Confidence, Day, Decimal, Fault, Provision, Text};
use rust_decimal::RoundingStrategy;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Number of the farmland standard.
pub const GB_15618: &str = "GB 15618-2018";
/// Number of the construction land standard.
pub const GB_36600: &str = "GB 36600-2018";

/// What a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// 土壤: the only medium that the two standards have values for.
    #[default]
    Soil,
    /// 底泥、沉积物
    Sediment,
    /// 地下水
    Groundwater,
    /// 地表水
    SurfaceWater,
    /// 空气
    Air,
    /// 农产品
    Crop,
    /// 其他
    Other,
}

impl Medium {
    /// Every medium.
    pub const ALL: [Medium; 7] = [
        Medium::Soil,
        Medium::Sediment,
        Medium::Groundwater,
        Medium::SurfaceWater,
        Medium::Air,
        Medium::Crop,
        Medium::Other,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Medium::Soil => "soil",
            Medium::Sediment => "sediment",
            Medium::Groundwater => "groundwater",
            Medium::SurfaceWater => "surface_water",
            Medium::Air => "air",
            Medium::Crop => "crop",
            Medium::Other => "other",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Medium> {
        Medium::ALL.into_iter().find(|medium| medium.as_str() == name)
    }

    /// In words.
    pub const fn title(self) -> Text {
        match self {
            Medium::Soil => Text::fixed("土壤", "soil"),
            Medium::Sediment => Text::fixed("底泥（沉积物）", "sediment"),
            Medium::Groundwater => Text::fixed("地下水", "groundwater"),
            Medium::SurfaceWater => Text::fixed("地表水", "surface water"),
            Medium::Air => Text::fixed("空气", "air"),
            Medium::Crop => Text::fixed("农产品", "a crop"),
            Medium::Other => Text::fixed("其他介质", "another medium"),
        }
    }
}

/// Class of construction land (GB 36600).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// 第一类用地
    One,
    /// 第二类用地
    Two,
}

impl Class {
    /// 1 or 2.
    pub const fn number(self) -> u8 {
        match self {
            Class::One => 1,
            Class::Two => 2,
        }
    }

    /// The class of its number.
    pub const fn of(number: u8) -> Option<Class> {
        match number {
            1 => Some(Class::One),
            2 => Some(Class::Two),
            _ => None,
        }
    }

    /// In words.
    pub const fn title(self) -> Text {
        match self {
            Class::One => Text::fixed("第一类用地", "class 1 land"),
            Class::Two => Text::fixed("第二类用地", "class 2 land"),
        }
    }

    const fn at(self) -> usize {
        match self {
            Class::One => 0,
            Class::Two => 1,
        }
    }
}

/// The land to whose values a soil is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandHeld {
    /// GB 15618 applies.
    Farmland(Land),
    /// GB 36600 applies.
    Construction {
        /// The class.
        class: Class,
        /// Why class 1 had to be assumed, where it was.
        assumed: Option<Text>,
        /// How well it is known that the land is of the class.
        confidence: Confidence,
    },
}

impl LandHeld {
    /// Construction land of a class that is stated.
    pub const fn class(class: Class) -> LandHeld {
        LandHeld::Construction { class, assumed: None, confidence: Confidence::Verified }
    }

    /// Construction land whose planned use is unknown: class 1 (GB 36600-2018, 5.3.1).
    pub const fn use_unknown() -> LandHeld {
        LandHeld::Construction {
            class: Class::One,
            assumed: Some(Text::fixed(
                "规划用途不明确，按第一类用地（GB 36600-2018 第5.3.1条）。",
                "The planned use is not known; it is held to class 1 (GB 36600-2018, 5.3.1).",
            )),
            confidence: Confidence::Verified,
        }
    }

    /// The land of a land-use code, and what had to be assumed on farmland: a coarse code is held to the stricter of what it
    /// may be.
    pub fn of_use(land_use: LandUse) -> (LandHeld, Option<Reason>) {
        let reading = land_use.gb36600_class();
        let class = match reading.class {
            SoilClass::Class1 => Class::One,
            SoilClass::Class2 => Class::Two,
            SoilClass::Farmland => return farmland_of(land_use),
        };
        (LandHeld::Construction { class, assumed: reading.assumed, confidence: reading.confidence }, None)
    }

    /// Number of the national standard that applies.
    pub const fn standard(&self) -> &'static str {
        match self {
            LandHeld::Farmland(_) => GB_15618,
            LandHeld::Construction { .. } => GB_36600,
        }
    }
}

/// Farmland of a code of GB/T 21010 or the guide of 2023, which number classes 01 to 04 and their paddies and orchards alike.
fn farmland_of(land_use: LandUse) -> (LandHeld, Option<Reason>) {
    let (code, name) = (land_use.code(), land_use.name());
    let by_reference = |zh: &str, en: &str| {
        Some(Reason::new("by_reference", format!("{code} {}：{zh}", name.zh), format!("{code} {}: {en}", name.en)))
    };
    let (land, reason) = match code {
        "01" => (
            Land::Rotation,
            Some(Reason::new(
                "paddy_or_upland_unknown",
                format!("{code} {}未说明是否水田，按较严的值。", name.zh),
                format!("{code} {} does not say whether it is paddy; the stricter value applies.", name.en),
            )),
        ),
        "0101" => (Land::Paddy, None),
        "0201" => (Land::Orchard, by_reference("园地参照执行。", "garden land is held to the standard by reference.")),
        _ if code.starts_with("02") => {
            (Land::Other, by_reference("园地参照执行。", "garden land is held to the standard by reference."))
        }
        _ if code.starts_with("04") => {
            (Land::Other, by_reference("牧草地参照执行。", "pasture is held to the standard by reference."))
        }
        _ if code.starts_with("03") => (
            Land::Other,
            by_reference(
                "标准的适用范围未列林地，仅供参考。",
                "the standard's scope does not name forest land; for orientation only.",
            ),
        ),
        _ => (Land::Other, None),
    };
    (LandHeld::Farmland(land), reason)
}

/// The land that a local value is printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocalLand {
    /// Construction land of one class.
    Class(Class),
    /// Construction land of either class.
    EitherClass,
    /// Farmland of a kind.
    Farmland(Column),
}

/// A value that a local government set, stricter than the nation's or beside them (Code art. 400).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalLimit {
    /// Code of the local standard.
    pub standard: Arc<str>,
    /// Its name.
    pub name: Text,
    /// Division in which it holds.
    pub jurisdiction: String,
    /// First day in force.
    pub from: Day,
    /// Last day in force.
    pub to: Option<Day>,
    /// For which land.
    pub land: LocalLand,
    /// Key of the substance.
    pub substance: String,
    /// The band begins above this pH.
    pub ph_gt: Option<Decimal>,
    /// The band ends with this pH.
    pub ph_le: Option<Decimal>,
    /// Screening value, mg/kg, above nought.
    pub screening: Option<Decimal>,
    /// Intervention value, mg/kg, above nought.
    pub intervention: Option<Decimal>,
    /// Where it is printed, as stated by who entered it.
    pub citation: Arc<Citation>,
    /// How well its text is known.
    pub confidence: Confidence,
}

impl LocalLimit {
    fn is_banded(&self) -> bool {
        self.ph_gt.is_some() || self.ph_le.is_some()
    }

    fn takes(&self, ph: Option<Decimal>) -> bool {
        match ph {
            Some(ph) => self.ph_gt.is_none_or(|edge| ph > edge) && self.ph_le.is_none_or(|edge| ph <= edge),
            None => true,
        }
    }

    fn in_force(&self, on: Day) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}

/// What the contents are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The land.
    pub land: LandHeld,
    /// pH of the soil, 0 to 14 ([`read_ph`]).
    pub ph: Option<Decimal>,
    /// What the sample is of.
    pub medium: Medium,
    /// Day whose standards apply.
    pub on: Day,
    /// Background of the soil by key of the substance, mg/kg, as stated by who asks.
    pub background: BTreeMap<String, Decimal>,
    /// Local values of the place, of any day and land.
    pub local: Arc<[LocalLimit]>,
}

impl Context {
    /// Soil of this land on a day, nothing else being known.
    pub fn of(land: LandHeld, on: Day) -> Context {
        Context { land, ph: None, medium: Medium::Soil, on, background: BTreeMap::new(), local: Arc::from([]) }
    }
}

/// A content of one substance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The substance.
    pub substance: &'static Substance,
    /// Its content.
    pub measured: Measured,
}

/// What a content is worth.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScreeningOutcome)]
pub enum Outcome {
    /// At or below the screening value; or within the soil's background, where that counts.
    Within,
    /// It cannot be compared; the reasons say why.
    NotComparable,
    /// Above the screening value, not above the intervention value.
    AboveScreening,
    /// Above the intervention value.
    AboveIntervention,
}

impl Outcome {
    /// Every outcome, the mildest first.
    pub const ALL: [Outcome; 4] =
        [Outcome::Within, Outcome::NotComparable, Outcome::AboveScreening, Outcome::AboveIntervention];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Within => "within",
            Outcome::NotComparable => "not_comparable",
            Outcome::AboveScreening => "above_screening",
            Outcome::AboveIntervention => "above_intervention",
        }
    }

    /// In words.
    pub const fn title(self) -> Text {
        match self {
            Outcome::Within => Text::fixed("未超过筛选值", "not above the screening value"),
            Outcome::NotComparable => Text::fixed("无法比较", "not comparable"),
            Outcome::AboveScreening => Text::fixed("超过筛选值", "above the screening value"),
            Outcome::AboveIntervention => Text::fixed("超过管制值", "above the intervention value"),
        }
    }
}

/// Why a judgement is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Stable, snake_case.
    pub code: &'static str,
    /// 中文
    pub zh: Cow<'static, str>,
    /// English
    pub en: Cow<'static, str>,
    /// What it stands on, where it stands on a text.
    pub citation: Option<Arc<Citation>>,
}

impl Reason {
    /// A reason put together at run time.
    pub fn new(code: &'static str, zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Reason {
        Reason { code, zh: zh.into(), en: en.into(), citation: None }
    }

    fn citing(mut self, citation: &Arc<Citation>) -> Reason {
        self.citation = Some(Arc::clone(citation));
        self
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Reason {
        Reason { code: fault.code, zh: fault.message.zh, en: fault.message.en, citation: None }
    }
}

/// A limit value that was compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitUsed {
    /// mg/kg
    pub value: Decimal,
    /// Code of the standard.
    pub standard: Cow<'static, str>,
    /// Whether a local standard speaks.
    pub local: bool,
    /// Table, of the national standards.
    pub table: Option<u8>,
    /// Item number in the table, of the national standards.
    pub item: Option<u8>,
    /// The name as printed.
    pub printed_zh: Cow<'static, str>,
    /// For which land it is printed, in words.
    pub land: Text,
    /// The band begins above this pH.
    pub ph_gt: Option<Decimal>,
    /// The band ends with this pH.
    pub ph_le: Option<Decimal>,
    /// Where it is printed.
    pub citation: Arc<Citation>,
    /// How well it is known.
    pub confidence: Confidence,
}

/// What one content, or a sum of contents, is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The substance.
    pub substance: &'static Substance,
    /// Place of the reading among those given; `None` for a sum that was formed here.
    pub reading: Option<usize>,
    /// The content as given; `None` for a sum that was formed here.
    pub measured: Option<Measured>,
    /// The content in mg/kg, exact; its upper end where it lies below detection.
    pub mg_kg: Decimal,
    /// Its lower end: the same, or less where something lies below detection.
    pub least_mg_kg: Decimal,
    /// Keys of what a sum that was formed here is of.
    pub parts: Vec<&'static str>,
    /// The screening value, where there is one.
    pub screening: Option<LimitUsed>,
    /// The intervention value, where there is one.
    pub intervention: Option<LimitUsed>,
    /// `mg_kg` by the screening value, to four digits behind the point; never 1 where it is above. Of a content below
    /// detection it is the most that the ratio can be.
    pub ratio: Option<Decimal>,
    /// What it is worth.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Reasons that say something of a judgement and do not decide it.
const ASIDES: [&str; 8] = [
    "class1_assumed",
    "local_not_stricter",
    "local_value",
    "may_exceed_intervention",
    "no_intervention_value",
    "part_repeated",
    "rotation_stricter",
    "sum_of_parts",
];

impl Judgement {
    /// The value that decided: the intervention value where it is exceeded, else the screening value.
    pub fn decided_by(&self) -> Option<&LimitUsed> {
        match self.outcome {
            Outcome::AboveIntervention => self.intervention.as_ref(),
            Outcome::Within | Outcome::AboveScreening | Outcome::NotComparable => self.screening.as_ref(),
        }
    }

    /// The reason that decided, where one did; of what cannot be compared there always is one.
    pub fn reason(&self) -> Option<&Reason> {
        self.reasons.iter().find(|reason| !ASIDES.contains(&reason.code))
    }
}

/// Reads a pH.
///
/// # Errors
/// `value_missing`, `value_not_a_number`, `too_many_digits`; `ph_out_of_range` outside 0 to 14, -9999 among them.
pub fn read_ph(pointer: &str, text: &str) -> Result<Decimal, Fault> {
    let ph = quantity::decimal(text).map_err(|fault| Fault { pointer: pointer.to_owned(), ..fault })?;
    if ph_in_range(ph) { Ok(ph) } else { Err(Fault::new(pointer, "ph_out_of_range", out_of_range(ph))) }
}

fn ph_in_range(ph: Decimal) -> bool {
    ph >= Decimal::ZERO && ph <= Decimal::from(14)
}

fn out_of_range(ph: Decimal) -> Text {
    Text::new(format!("pH 应在 0 至 14 之间，不能是 {ph}。"), format!("A pH lies between 0 and 14; it cannot be {ph}."))
}

/// Judges the contents of one sample, in their order; behind them the sums that the standard prints and that were not
/// reported as such.
pub fn screen(context: &Context, readings: &[Reading]) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = readings
        .iter()
        .enumerate()
        .map(|(at, reading)| {
            let most = reading.measured.mg_kg();
            let amount = Amount {
                least: if reading.measured.below { Decimal::ZERO } else { most },
                most,
                below: reading.measured.below,
                whole: true,
            };
            let judgement = judge(context, reading.substance, &amount);
            Judgement { reading: Some(at), measured: Some(reading.measured), ..judgement }
        })
        .collect();
    judgements.extend(SUMS.iter().filter_map(|sum| judge_sum(context, sum, readings)));
    judgements
}

/// The worst outcome, where anything was judged.
pub fn worst(judgements: &[Judgement]) -> Option<Outcome> {
    judgements.iter().map(|judgement| judgement.outcome).max()
}

/// The substances that are sums of others.
static SUMS: LazyLock<Vec<&'static Substance>> =
    LazyLock::new(|| substances::all().iter().filter(|substance| !substance.components.is_empty()).collect());

/// Between what two amounts a content lies, mg/kg.
struct Amount {
    least: Decimal,
    most: Decimal,
    /// Something of it lies below detection.
    below: bool,
    /// Nothing of it is missing.
    whole: bool,
}

/// The sum of a sample's parts, where the standard prints it and the sample does not report it.
fn judge_sum(context: &Context, sum: &'static Substance, readings: &[Reading]) -> Option<Judgement> {
    let is_part = |reading: &Reading| {
        sum.components.contains(&reading.substance.key)
            || (reading.substance.key != sum.key
                && !reading.substance.components.is_empty()
                && reading.substance.components.iter().all(|part| sum.components.contains(part)))
    };
    if !readings.iter().any(is_part) || readings.iter().any(|reading| reading.substance.key == sum.key) {
        return None;
    }
    match limits(context, sum) {
        Ok(found) if found.screening.is_none() && found.intervention.is_none() => return None,
        Err(reason) if matches!(reason.code, "no_limit" | "part_of_sum") => return None,
        _ => {}
    }
    // A part reported as a smaller sum stands for its own parts.
    let mut parts: Vec<&'static str> = Vec::new();
    let mut covered: Vec<&str> = Vec::new();
    let mut amount = Amount { least: Decimal::ZERO, most: Decimal::ZERO, below: false, whole: true };
    let mut repeated = false;
    let mut ordered: Vec<&Reading> = readings.iter().filter(|reading| is_part(reading)).collect();
    ordered.sort_by_key(|reading| reading.substance.components.is_empty());
    for reading in ordered {
        let key = reading.substance.key.as_str();
        if parts.contains(&key) || covered.contains(&key) {
            continue;
        }
        // The same part twice: the greater of the two.
        let twins = readings.iter().filter(|other| other.substance.key == key);
        repeated |= twins.clone().count() > 1;
        let most = twins.clone().map(|twin| twin.measured.mg_kg()).max().unwrap_or_default();
        let least = twins
            .map(|twin| if twin.measured.below { Decimal::ZERO } else { twin.measured.mg_kg() })
            .max()
            .unwrap_or_default();
        amount.most = amount.most.saturating_add(most);
        amount.least = amount.least.saturating_add(least);
        amount.below |= least < most;
        parts.push(key);
        covered.push(key);
        covered.extend(reading.substance.components.iter().map(String::as_str));
    }
    let missing: Vec<&'static Substance> = sum
        .components
        .iter()
        .filter(|part| !covered.contains(&part.as_str()))
        .filter_map(|part| substances::find(part))
        .collect();
    amount.whole = missing.is_empty();
    let mut judgement = judge(context, sum, &amount);
    judgement.parts = parts;
    judgement.reasons.insert(0, formed_here(&judgement.parts));
    if !missing.is_empty() {
        let name = |part: &&'static Substance| part.name();
        let (zh, en): (Vec<_>, Vec<_>) =
            missing.iter().map(name).map(|text| (text.zh.into_owned(), text.en.into_owned())).unzip();
        judgement.reasons.push(Reason::new(
            "sum_incomplete",
            format!("合计缺少：{}；已有部分之和为下限。", zh.join("、")),
            format!("The sum lacks {}; what is there is its least.", en.join(", ")),
        ));
    }
    if repeated {
        judgement.reasons.push(Reason::new(
            "part_repeated",
            "同一组分给出多个值，合计取较大者。",
            "A part is given more than once; the sum takes the greater.",
        ));
    }
    Some(judgement)
}

fn formed_here(parts: &[&'static str]) -> Reason {
    let names = |parts: &[&'static str]| -> (Vec<String>, Vec<String>) {
        parts
            .iter()
            .filter_map(|part| substances::find(part))
            .map(|part| (part.name_zh.clone(), part.name_en.clone()))
            .unzip()
    };
    let (zh, en) = names(parts);
    Reason::new(
        "sum_of_parts",
        format!("由各组分相加：{}。", zh.join(" + ")),
        format!("Added up from its parts: {}.", en.join(" + ")),
    )
}

/// The values that apply to a substance, and what is to be said about them.
#[derive(Default)]
struct Limits {
    screening: Option<LimitUsed>,
    intervention: Option<LimitUsed>,
    /// Note ① of GB 36600 counts for the national screening value.
    background: bool,
    reasons: Vec<Reason>,
}

fn judge(context: &Context, substance: &'static Substance, amount: &Amount) -> Judgement {
    let mut judgement = Judgement {
        substance,
        reading: None,
        measured: None,
        mg_kg: amount.most,
        least_mg_kg: amount.least,
        parts: Vec::new(),
        screening: None,
        intervention: None,
        ratio: None,
        outcome: Outcome::NotComparable,
        reasons: Vec::new(),
    };
    let limits = match limits(context, substance) {
        Ok(limits) => limits,
        Err(reason) => {
            judgement.reasons.push(reason);
            return judgement;
        }
    };
    judgement.reasons = limits.reasons;
    judgement.outcome = weigh(&limits.screening, &limits.intervention, amount, &mut judgement.reasons);
    judgement.ratio = limits.screening.as_ref().and_then(|limit| ratio(amount.most, limit.value));
    if matches!(judgement.outcome, Outcome::AboveScreening | Outcome::AboveIntervention) {
        let local = limits.screening.as_ref().is_some_and(|limit| limit.local);
        judgement.outcome = against_background(
            context,
            substance,
            amount,
            (limits.background, local),
            judgement.outcome,
            &mut judgement.reasons,
        );
    }
    if let LandHeld::Construction { assumed: Some(why), .. } = &context.land {
        judgement.reasons.push(Reason::new("class1_assumed", why.zh.clone(), why.en.clone()).citing(&UNCLEAR_USE));
    }
    judgement.screening = limits.screening;
    judgement.intervention = limits.intervention;
    judgement
}

/// Compares an amount with the two values.
fn weigh(
    screening: &Option<LimitUsed>,
    intervention: &Option<LimitUsed>,
    amount: &Amount,
    reasons: &mut Vec<Reason>,
) -> Outcome {
    if intervention.as_ref().is_some_and(|limit| amount.least > limit.value) {
        return Outcome::AboveIntervention;
    }
    let Some(limit) = screening.as_ref() else {
        reasons.push(Reason::new(
            "no_screening_value",
            "该污染物只有管制值而无筛选值；未超过管制值，但不能据此判定为未超过筛选值。",
            "There is an intervention value and no screening value; it is not above the former, which does not make it \
             within the latter.",
        ));
        return Outcome::NotComparable;
    };
    if amount.least > limit.value {
        let open = !amount.whole || amount.least < amount.most;
        if open && intervention.as_ref().is_some_and(|limit| !amount.whole || amount.most > limit.value) {
            reasons.push(Reason::new(
                "may_exceed_intervention",
                "检出限以下或缺少的组分尚未计足，可能超过管制值。",
                "With what is missing or below detection it may be above the intervention value.",
            ));
        }
        return Outcome::AboveScreening;
    }
    if !amount.whole {
        return Outcome::NotComparable;
    }
    if amount.most <= limit.value {
        if amount.below {
            reasons.push(Reason::new(
                "below_detection",
                "未检出，检出限不高于筛选值。",
                "Below detection, and the limit of detection is not above the screening value.",
            ));
        }
        return Outcome::Within;
    }
    reasons.push(Reason::new(
        "detection_limit_above_limit",
        format!("未检出，但检出限（{} mg/kg）高于筛选值 {} mg/kg，无法判定。", amount.most, limit.value),
        format!(
            "Below detection, but the limit of detection ({} mg/kg) is above the screening value of {} mg/kg.",
            amount.most, limit.value
        ),
    ));
    Outcome::NotComparable
}

/// Holds what is above a value against the soil's background, where that is stated. `counts` is whether note ① is printed for
/// the substance, and whether a local value speaks.
fn against_background(
    context: &Context,
    substance: &Substance,
    amount: &Amount,
    counts: (bool, bool),
    outcome: Outcome,
    reasons: &mut Vec<Reason>,
) -> Outcome {
    let Some(background) = context.background.get(&substance.key).copied() else { return outcome };
    let (noted, local) = counts;
    let within = amount.whole && amount.most <= background;
    let found = amount.most;
    let (code, zh, en) = if !noted {
        (
            "background_not_for_substance",
            "背景值规则只适用于建设用地的砷、钴、钒（GB 36600-2018 注①）。".to_owned(),
            "Background counts for arsenic, cobalt and vanadium on construction land only (GB 36600-2018, note ①)."
                .to_owned(),
        )
    } else if !within {
        (
            "above_background",
            format!("含量 {found} mg/kg 也高于所述土壤环境背景值 {background} mg/kg。"),
            format!("{found} mg/kg is above the stated background of {background} mg/kg too."),
        )
    } else if outcome == Outcome::AboveIntervention {
        (
            "background_above_intervention",
            format!(
                "含量超过管制值；所述背景值 {background} mg/kg 高于管制值，请核实，本系统不据此放宽（注①的适用范围待确认）。"
            ),
            format!(
                "Above the intervention value. The stated background of {background} mg/kg is above it too: check it. \
                 This program does not relax on it (the note's reach is unconfirmed)."
            ),
        )
    } else if local {
        (
            "background_not_for_local_value",
            "超过的是地方标准的筛选值，注①未说明其适用，本系统不据此放宽。".to_owned(),
            "It is a local screening value that is exceeded; note ① does not speak of those, and this program does not relax \
             on it."
                .to_owned(),
        )
    } else {
        (
            "within_background",
            format!(
                "含量 {found} mg/kg 超过筛选值，但不高于所述土壤环境背景值 {background} mg/kg，不纳入污染地块管理（注①）。"
            ),
            format!(
                "{found} mg/kg is above the screening value and not above the stated background of {background} mg/kg: not \
                 managed as a contaminated site (note ①)."
            ),
        )
    };
    let relaxed = code == "within_background";
    let reason = Reason::new(code, zh, en);
    reasons.push(match code {
        "background_not_for_substance" => reason,
        "background_above_intervention" | "background_not_for_local_value" => reason.citing(&BACKGROUND_READING),
        _ => reason.citing(&BACKGROUND),
    });
    if relaxed { Outcome::Within } else { outcome }
}

/// To four digits behind the point, but never 1 for what is above.
fn ratio(value: Decimal, limit: Decimal) -> Option<Decimal> {
    let ratio = value.checked_div(limit)?.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
    Some(if value > limit && ratio <= Decimal::ONE { Decimal::new(10_001, 4) } else { ratio.normalize() })
}

/// The values that apply to a substance here and on this day.
fn limits(context: &Context, substance: &'static Substance) -> Result<Limits, Reason> {
    if context.medium != Medium::Soil {
        let medium = context.medium.title();
        return Err(Reason::new(
            "medium_not_soil",
            format!("样品为{}，土壤标准不适用。", medium.zh),
            format!("The sample is of {}; standards of soil do not apply.", medium.en),
        ));
    }
    let mut found = national(context, substance)?;
    add_local(context, substance, &mut found)?;
    if found.screening.is_some() || found.intervention.is_some() {
        return Ok(found);
    }
    Err(nothing_printed(context, substance))
}

/// The national values. `Err` where the value turns on a pH that is not known.
fn national(context: &Context, substance: &Substance) -> Result<Limits, Reason> {
    let mut found = Limits::default();
    if !national_in_force(context) {
        return Ok(found);
    }
    let key = substance.key.as_str();
    match &context.land {
        LandHeld::Construction { class, confidence, .. } => {
            let Some(row) = gb36600::row(key) else { return Ok(found) };
            let limit = |value: Decimal| LimitUsed {
                value,
                standard: Cow::Borrowed(GB_36600),
                local: false,
                table: Some(row.table),
                item: Some(row.item),
                printed_zh: Cow::Borrowed(row.printed_zh.as_str()),
                land: class.title(),
                ph_gt: None,
                ph_le: None,
                citation: Arc::clone(&TABLES_36600[usize::from(row.table == 2)]),
                confidence: *confidence,
            };
            found.screening = row.screening.get(class.at()).copied().map(limit);
            found.intervention = row.intervention.get(class.at()).copied().map(limit);
            found.background = row.background;
        }
        LandHeld::Farmland(land) => {
            let limit = |value: gb15618::Value| match gb15618::find(value, key, *land, context.ph) {
                gb15618::Found::Row(row) => Ok(Some(LimitUsed {
                    value: row.value,
                    standard: Cow::Borrowed(GB_15618),
                    local: false,
                    table: Some(row.table),
                    item: Some(row.item),
                    printed_zh: Cow::Borrowed(row.printed_zh.as_str()),
                    land: column_title(row.land),
                    ph_gt: row.ph_gt,
                    ph_le: row.ph_le,
                    citation: Arc::clone(&TABLES_15618[usize::from(row.table.saturating_sub(1).min(2))]),
                    confidence: Confidence::Verified,
                })),
                gb15618::Found::PhNeeded => Err(ph_missing()),
                gb15618::Found::None => Ok(None),
            };
            found.screening = limit(gb15618::Value::Screening)?;
            found.intervention = limit(gb15618::Value::Intervention)?;
            let banded = found.screening.as_ref().is_some_and(|limit| limit.ph_gt.is_some() || limit.ph_le.is_some());
            if banded && let Some(ph) = context.ph.filter(|ph| !ph_in_range(*ph)) {
                let text = out_of_range(ph);
                return Err(Reason::new("ph_out_of_range", text.zh, text.en));
            }
            if found.screening.is_some() && found.intervention.is_none() {
                found.reasons.push(Reason::new(
                    "no_intervention_value",
                    "标准未规定该项目的管制值。",
                    "The standard prints no intervention value for it.",
                ));
            }
            if *land == Land::Rotation && found.screening.as_ref().is_some_and(|limit| limit.table == Some(1)) {
                found.reasons.push(
                    Reason::new(
                        "rotation_stricter",
                        "水旱轮作或未区分水田、旱地，采用其中较严格的值。",
                        "Paddy and upland in turn, or not told apart: the stricter value applies.",
                    )
                    .citing(&TABLES_15618[0]),
                );
            }
        }
    }
    Ok(found)
}

/// Puts the stricter local values in the place of the national ones. `Err` where a local value turns on a pH that is not
/// known: the national one alone might then say too little.
fn add_local(context: &Context, substance: &Substance, found: &mut Limits) -> Result<(), Reason> {
    let mut speaking: Vec<&LocalLimit> = context
        .local
        .iter()
        .filter(|limit| limit.substance == substance.key && limit.in_force(context.on))
        .filter(|limit| for_land(limit, &context.land, &context.local))
        .collect();
    if speaking.is_empty() {
        return Ok(());
    }
    if speaking.iter().any(|limit| limit.is_banded()) {
        match context.ph {
            None => return Err(ph_missing()),
            Some(ph) if !ph_in_range(ph) => {
                let text = out_of_range(ph);
                return Err(Reason::new("ph_out_of_range", text.zh, text.en));
            }
            Some(_) => {}
        }
    }
    speaking.retain(|limit| limit.takes(context.ph));
    let law = law::LAW_12_CODE_400.cite(context.on).map(Arc::new);
    let mut taken = false;
    for (slot, value) in [
        (&mut found.screening, (|limit| limit.screening) as fn(&LocalLimit) -> Option<Decimal>),
        (&mut found.intervention, |limit| limit.intervention),
    ] {
        let strictest = speaking.iter().filter_map(|limit| Some((value(limit)?, *limit))).min_by_key(|(v, _)| *v);
        let Some((value, local)) = strictest else { continue };
        if slot.as_ref().is_none_or(|national| value < national.value) {
            *slot = Some(local_limit(value, local, substance));
            taken = true;
        }
    }
    if found.intervention.is_some() {
        found.reasons.retain(|reason| reason.code != "no_intervention_value");
    }
    let reason = if taken {
        Reason::new(
            "local_value",
            "地方标准另有或更严的值，适用地方标准。",
            "A local standard has a stricter value, or the only one; it applies.",
        )
    } else {
        Reason::new(
            "local_not_stricter",
            "地方标准的值不严于国家标准，适用国家标准。",
            "The local standard's value is not stricter than the national one, which applies.",
        )
    };
    found.reasons.push(Reason { citation: law, ..reason });
    Ok(())
}

fn local_limit(value: Decimal, local: &LocalLimit, substance: &Substance) -> LimitUsed {
    LimitUsed {
        value,
        standard: Cow::Owned(local.standard.to_string()),
        local: true,
        table: None,
        item: None,
        printed_zh: Cow::Owned(substance.name_zh.clone()),
        land: match local.land {
            LocalLand::Class(class) => class.title(),
            LocalLand::EitherClass => Text::fixed("建设用地", "construction land"),
            LocalLand::Farmland(column) => column_title(column),
        },
        ph_gt: local.ph_gt,
        ph_le: local.ph_le,
        citation: Arc::clone(&local.citation),
        confidence: local.confidence,
    }
}

/// Whether a local value is printed for this land. As in the nation's tables, land that a standard does not tell apart for the
/// substance is "other".
fn for_land(limit: &LocalLimit, land: &LandHeld, all: &[LocalLimit]) -> bool {
    match (limit.land, land) {
        (LocalLand::EitherClass, LandHeld::Construction { .. }) => true,
        (LocalLand::Class(printed), LandHeld::Construction { class, .. }) => printed == *class,
        (LocalLand::Farmland(Column::Any), LandHeld::Farmland(_)) => true,
        (LocalLand::Farmland(printed), LandHeld::Farmland(land)) => {
            let told = |column: Column| {
                all.iter().any(|other| {
                    other.land == LocalLand::Farmland(column)
                        && (&other.standard, &other.substance, other.from)
                            == (&limit.standard, &limit.substance, limit.from)
                })
            };
            land.columns().iter().any(|column| printed == if told(*column) { *column } else { Column::Other })
        }
        _ => false,
    }
}

fn national_in_force(context: &Context) -> bool {
    let instrument = match context.land {
        LandHeld::Farmland(_) => &law::GB_15618,
        LandHeld::Construction { .. } => &law::GB_36600,
    };
    instrument.from.is_none_or(|from| from <= context.on) && instrument.to.is_none_or(|to| context.on <= to)
}

/// Why no value applies.
fn nothing_printed(context: &Context, substance: &'static Substance) -> Reason {
    let standard = context.land.standard();
    if !national_in_force(context) {
        return Reason::new(
            "not_in_force",
            format!("{standard} 自 2018-08-01 起施行，{} 尚未生效；此前的标准未收录。", context.on),
            format!(
                "{standard} is in force from 2018-08-01, and not on {}; what was before it is not kept here.",
                context.on
            ),
        );
    }
    let farmland = matches!(context.land, LandHeld::Farmland(_));
    match substance.key.as_str() {
        "chromium_vi" if farmland => Reason::new(
            "chromium_vi_is_not_total",
            "农用地标准规定的是总铬，六价铬的测定值不能与之比较。",
            "The farmland standard prints total chromium; a content of chromium(VI) cannot be compared with it.",
        ),
        "chromium" if !farmland => Reason::new(
            "total_is_not_chromium_vi",
            "建设用地标准规定的是六价铬，总铬的测定值不能与之比较。",
            "The construction land standard prints chromium(VI); a content of total chromium cannot be compared with it.",
        ),
        key => {
            let sum = SUMS
                .iter()
                .find(|sum| sum.components.iter().any(|part| part == key) && sum.key != key && has_value(context, sum));
            match sum {
                Some(sum) => Reason::new(
                    "part_of_sum",
                    format!("{standard} 不单独规定该项，计入{}判定。", sum.name_zh),
                    format!("{standard} prints no value of its own for it; it counts towards {}.", sum.name_en),
                ),
                None => Reason::new(
                    "no_limit",
                    format!("{standard} 未规定该污染物的限值。"),
                    format!("{standard} prints no value for the substance."),
                ),
            }
        }
    }
}

fn has_value(context: &Context, substance: &Substance) -> bool {
    let printed = match context.land {
        LandHeld::Farmland(_) => gb15618::all().iter().any(|row| row.substance == substance.key),
        LandHeld::Construction { .. } => gb36600::row(&substance.key).is_some(),
    };
    printed
        || context.local.iter().any(|limit| {
            limit.substance == substance.key
                && limit.in_force(context.on)
                && for_land(limit, &context.land, &context.local)
        })
}

fn ph_missing() -> Reason {
    Reason::new("ph_missing", "限值随 pH 分档，缺少 pH，无法比较。", "The value turns on the pH, which is not known.")
}

fn column_title(column: Column) -> Text {
    match column {
        Column::Paddy => Text::fixed("水田", "paddy"),
        Column::Orchard => Text::fixed("果园", "orchard"),
        Column::Other => Text::fixed("其他", "other farmland"),
        Column::Any => Text::fixed("农用地", "farmland"),
    }
}

/// Cites a provision of a national standard. Each has one text, so that every day it is in force cites it alike.
fn cited(provision: &Provision) -> Option<Arc<Citation>> {
    provision.0.first().and_then(|basis| basis.instrument.from).and_then(|from| provision.cite(from)).map(Arc::new)
}

#[expect(clippy::expect_used, reason = "the provisions are part of the program, and a test reads all of them")]
fn text_of(provision: &Provision) -> Arc<Citation> {
    cited(provision).expect("the standards have a first day")
}

static TABLES_36600: LazyLock<[Arc<Citation>; 2]> =
    LazyLock::new(|| [text_of(&law::GB_36600_TABLE_1), text_of(&law::GB_36600_TABLE_2)]);
static TABLES_15618: LazyLock<[Arc<Citation>; 3]> = LazyLock::new(|| {
    [text_of(&law::GB_15618_TABLE_1), text_of(&law::GB_15618_TABLE_2), text_of(&law::GB_15618_TABLE_3)]
});
static BACKGROUND: LazyLock<Arc<Citation>> = LazyLock::new(|| text_of(&law::GB_36600_5_3_2));
/// The note where this program reads more out of it than it says.
static BACKGROUND_READING: LazyLock<Arc<Citation>> =
    LazyLock::new(|| Arc::new(Citation { confidence: Confidence::Unconfirmed, ..(**BACKGROUND).clone() }));
static UNCLEAR_USE: LazyLock<Arc<Citation>> = LazyLock::new(|| text_of(&law::GB_36600_5_3));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::land_use::LandUseSystem;
    use proptest::prelude::*;

    const TODAY: Day = Day::of(2026, 11, 22);

    fn dec(text: &str) -> Decimal {
        quantity::decimal(text).unwrap()
    }

    fn reading(substance: &str, value: &str) -> Reading {
        unit_reading(substance, value, "mg/kg")
    }

    fn unit_reading(substance: &str, value: &str, unit: &str) -> Reading {
        Reading {
            substance: substances::find(substance).unwrap(),
            measured: Measured::read("", value, unit, None).unwrap(),
        }
    }

    fn farm(land: Land, ph: &str) -> Context {
        Context { ph: quantity::decimal(ph).ok(), ..Context::of(LandHeld::Farmland(land), TODAY) }
    }

    fn built(class: Class) -> Context {
        Context::of(LandHeld::class(class), TODAY)
    }

    fn one(context: &Context, substance: &str, value: &str) -> Judgement {
        screen(context, &[reading(substance, value)]).remove(0)
    }

    fn codes(judgement: &Judgement) -> Vec<&'static str> {
        judgement.reasons.iter().map(|reason| reason.code).collect()
    }

    fn local(substance: &str, land: LocalLand, screening: Option<&str>, intervention: Option<&str>) -> LocalLimit {
        LocalLimit {
            standard: Arc::from("DB00/T 1-2020"),
            name: Text::fixed("地方标准", "local standard"),
            jurisdiction: "150000".to_owned(),
            from: Day::of(2020, 1, 1),
            to: None,
            land,
            substance: substance.to_owned(),
            ph_gt: None,
            ph_le: None,
            screening: screening.map(dec),
            intervention: intervention.map(dec),
            citation: Arc::clone(&TABLES_36600[0]),
            confidence: Confidence::Recalled,
        }
    }

    /// Pins: GB_15618_TABLE_1, GB_15618_TABLE_2, GB_15618_TABLE_3, GB_36600_TABLE_1, GB_36600_TABLE_2
    #[test]
    fn a_content_is_above_only_beyond_the_value_and_the_answer_names_the_printed_row() {
        use Outcome::{AboveIntervention, AboveScreening, Within};
        for (context, substance, value, outcome) in [
            (farm(Land::Paddy, "5.5"), "Cd", "0.3", Within),
            (farm(Land::Paddy, "5.5"), "Cd", "0.3001", AboveScreening),
            (farm(Land::Paddy, "5.5"), "Cd", "1.5", AboveScreening),
            (farm(Land::Paddy, "5.5"), "Cd", "1.5001", AboveIntervention),
            (farm(Land::Paddy, "5.51"), "Cd", "0.4", Within),
            (farm(Land::Orchard, "5"), "Cu", "150", Within),
            (farm(Land::Other, "5"), "Cu", "50.01", AboveScreening),
            (farm(Land::Other, "9"), "Zn", "100000", AboveScreening),
            (farm(Land::Other, ""), "benzo[a]pyrene", "0.56", AboveScreening),
            (built(Class::One), "As", "20", Within),
            (built(Class::One), "As", "120.1", AboveIntervention),
            (built(Class::Two), "As", "60", Within),
            (built(Class::Two), "As", "60.1", AboveScreening),
        ] {
            assert_eq!(one(&context, substance, value).outcome, outcome, "{substance} {value} {context:?}");
        }
        for (context, substance, table, article) in [
            (farm(Land::Paddy, "7"), "Cd", 1, "表1 / table 1"),
            (farm(Land::Paddy, ""), "六六六总量", 2, "表2 / table 2"),
            (built(Class::One), "benzene", 1, "表1 / table 1"),
            (built(Class::One), "TPH", 2, "表2 / table 2"),
        ] {
            let limit = one(&context, substance, "0.01").screening.unwrap();
            assert_eq!((limit.table, limit.citation.article.as_str()), (Some(table), article), "{substance}");
        }
        let high = one(&farm(Land::Paddy, "7"), "Cd", "0.01").intervention.unwrap();
        assert_eq!((high.table, high.citation.article.as_str()), (Some(3), "表3 / table 3"));
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let before = Context { on: Day::of(2018, 7, 31), ..built(Class::One) };
        let crop = Context { medium: Medium::Crop, ..farm(Land::Paddy, "6") };
        for (context, substance, value, code) in [
            (farm(Land::Paddy, ""), "Cd", "0.01", "ph_missing"),
            (farm(Land::Paddy, "6"), "Cr6+", "1", "chromium_vi_is_not_total"),
            (built(Class::One), "Cr", "1", "total_is_not_chromium_vi"),
            (built(Class::One), "Zn", "1", "no_limit"),
            (farm(Land::Paddy, "6"), "toluene", "1", "no_limit"),
            (built(Class::One), "As", "<20.1", "detection_limit_above_limit"),
            (before, "As", "1", "not_in_force"),
            (crop, "Cd", "0.1", "medium_not_soil"),
            (farm(Land::Paddy, "6"), "alpha-HCH", "0.01", "part_of_sum"),
        ] {
            let judgement = one(&context, substance, value);
            assert_eq!((judgement.outcome, codes(&judgement)), (Outcome::NotComparable, vec![code]), "{substance}");
        }
        let beyond = Context { ph: Some(dec("14.1")), ..farm(Land::Paddy, "6") };
        assert_eq!(codes(&one(&beyond, "Cd", "0.1")), ["ph_out_of_range"]);
        assert_eq!(one(&beyond, "BaP", "0.1").outcome, Outcome::Within);
        assert_eq!(read_ph("/ph", "-9999").unwrap_err().code, "ph_out_of_range");
        assert_eq!(read_ph("/ph", "14").unwrap(), dec("14"));
    }

    #[test]
    fn below_detection_is_within_up_to_the_value_and_never_above() {
        let judgement = one(&built(Class::One), "As", "<20");
        assert_eq!((judgement.outcome, codes(&judgement)), (Outcome::Within, vec!["below_detection"]));
        assert_eq!(one(&built(Class::One), "As", "<5000").outcome, Outcome::NotComparable);
    }

    /// Pins: GB_36600_5_3_2
    #[test]
    fn background_lifts_arsenic_cobalt_and_vanadium_over_the_screening_value_only() {
        let stated = |context: Context, background: &[(&str, &str)]| Context {
            background: background.iter().map(|(key, value)| ((*key).to_owned(), dec(value))).collect(),
            ..context
        };
        let all = [("arsenic", "40"), ("lead", "1000"), ("vanadium", "400")];
        for (context, substance, value, outcome, code) in [
            (stated(built(Class::One), &all), "As", "40", Outcome::Within, "within_background"),
            (stated(built(Class::One), &all), "As", "40.1", Outcome::AboveScreening, "above_background"),
            (stated(built(Class::One), &all), "Pb", "500", Outcome::AboveScreening, "background_not_for_substance"),
            (stated(built(Class::One), &all), "V", "350", Outcome::AboveIntervention, "background_above_intervention"),
            (stated(farm(Land::Paddy, "8"), &all), "As", "30", Outcome::AboveScreening, "background_not_for_substance"),
        ] {
            let judgement = one(&context, substance, value);
            assert_eq!(
                (judgement.outcome, judgement.reasons[0].code == code || judgement.reasons[1].code == code),
                (outcome, true),
                "{substance} {value}: {:?}",
                codes(&judgement)
            );
        }
        let above = one(&stated(built(Class::One), &all), "V", "350");
        assert_eq!(above.reasons[0].citation.as_ref().unwrap().confidence, Confidence::Unconfirmed);
        let lifted = one(&stated(built(Class::One), &all), "As", "40");
        assert!(lifted.reasons[0].citation.as_ref().unwrap().article.contains("①"));
    }

    #[test]
    fn sums_are_formed_of_parts_where_the_standard_prints_them() {
        let sum = |context: &Context, readings: &[(&str, &str)], key: &str| {
            let readings: Vec<_> = readings.iter().map(|(substance, value)| reading(substance, value)).collect();
            let judged = screen(context, &readings);
            assert_eq!(judged.iter().filter(|judgement| judgement.reading.is_some()).count(), readings.len());
            judged.into_iter().find(|judgement| judgement.reading.is_none() && judgement.substance.key == key)
        };
        let outcome = |judged: Option<Judgement>| judged.map(|judgement| judgement.outcome);
        let (paddy, one) = (farm(Land::Paddy, ""), built(Class::One));
        let hch = |delta: &str| {
            let parts = [("alpha-HCH", "0.02"), ("beta-HCH", "0.03"), ("lindane", "0.04"), ("delta-HCH", delta)];
            outcome(sum(&paddy, &parts, "hch_total"))
        };
        assert_eq!(hch("0.01"), Some(Outcome::Within));
        assert_eq!(hch("0.0101"), Some(Outcome::AboveScreening));
        assert_eq!(hch("<0.01"), Some(Outcome::Within));
        assert_eq!(hch("<0.02"), Some(Outcome::NotComparable));
        let part = [("alpha-HCH", "0.02")];
        let lacking = sum(&paddy, &part, "hch_total").unwrap();
        assert_eq!((lacking.outcome, lacking.reasons.last().unwrap().code), (Outcome::NotComparable, "sum_incomplete"));
        assert_eq!(outcome(sum(&paddy, &[("alpha-HCH", "0.11")], "hch_total")), Some(Outcome::AboveScreening));
        assert_eq!(sum(&paddy, &[("HCH (total)", "0.1"), ("alpha-HCH", "0.2")], "hch_total"), None);
        // Not printed for construction land, where three of the parts have rows of their own.
        assert_eq!(sum(&one, &part, "hch_total"), None);
        let xylene = |m: &str, p: &str| outcome(sum(&one, &[("m-Xylene", m), ("p-Xylene", p)], "m_p_xylene"));
        assert_eq!(xylene("100", "63"), Some(Outcome::Within));
        assert_eq!(xylene("100", "63.001"), Some(Outcome::AboveScreening));
        assert_eq!(xylene("100", "401"), Some(Outcome::AboveIntervention));
        assert_eq!(xylene("164", "<1000"), Some(Outcome::AboveScreening));
        // A smaller sum stands for its parts.
        let ddt = sum(&paddy, &[("DDT", "0.05"), ("p,p'-DDE", "0.03"), ("p,p'-DDD", "0.03")], "ddt_total").unwrap();
        assert_eq!((ddt.outcome, ddt.mg_kg), (Outcome::AboveScreening, dec("0.11")));
        let both = [("DDT", "0.05"), ("p,p'-DDT", "0.04"), ("p,p'-DDE", "0.02"), ("p,p'-DDD", "0.03")];
        assert_eq!(outcome(sum(&paddy, &both, "ddt_total")), Some(Outcome::Within));
        assert_eq!(outcome(sum(&one, &[("o,p'-DDT", "1"), ("p,p'-DDT", "1.1")], "ddt")), Some(Outcome::AboveScreening));
    }

    /// Pins: LAW_12_CODE_400
    #[test]
    fn the_stricter_of_nation_and_province_applies() {
        let with = |limit: LocalLimit, context: Context| Context { local: Arc::from([limit]), ..context };
        let one_land = LocalLand::Class(Class::One);
        let lead = with(local("lead", one_land, Some("300"), None), built(Class::One));
        let judged = one(&lead, "Pb", "301");
        assert_eq!(judged.outcome, Outcome::AboveScreening);
        let (screening, intervention) = (judged.screening.as_ref().unwrap(), judged.intervention.as_ref().unwrap());
        assert!(screening.local && screening.standard == "DB00/T 1-2020" && !intervention.local);
        let reason = judged.reasons.iter().find(|reason| reason.code == "local_value").unwrap();
        assert_eq!(reason.citation.as_ref().unwrap().article, "400");
        let milder = with(local("lead", one_land, Some("500"), None), built(Class::One));
        let judged = one(&milder, "Pb", "450");
        assert_eq!((judged.outcome, codes(&judged)), (Outcome::AboveScreening, vec!["local_not_stricter"]));
        // The other class, the day before, another land.
        let day_before = Context { on: Day::of(2019, 12, 31), ..lead.clone() };
        assert_eq!(one(&day_before, "Pb", "301").outcome, Outcome::Within);
        let other = with(local("lead", one_land, Some("300"), None), built(Class::Two));
        assert_eq!(one(&other, "Pb", "301").outcome, Outcome::Within);
        // A substance that the nation's standard does not name, and one that it keeps apart.
        let zinc = with(local("zinc", LocalLand::EitherClass, Some("3500"), None), built(Class::Two));
        assert_eq!(one(&zinc, "Zn", "3500").outcome, Outcome::Within);
        assert_eq!(one(&zinc, "Zn", "3501").outcome, Outcome::AboveScreening);
        let only_high = with(local("zinc", LocalLand::EitherClass, None, Some("9000")), built(Class::Two));
        assert_eq!(codes(&one(&only_high, "Zn", "1")), ["local_value", "no_screening_value"]);
        assert_eq!(one(&only_high, "Zn", "9001").outcome, Outcome::AboveIntervention);
        // Banded, and no pH: the national value alone might say too little.
        let banded = LocalLimit { ph_gt: Some(dec("7.5")), ..local("lead", one_land, Some("300"), None) };
        assert_eq!(codes(&one(&with(banded.clone(), built(Class::One)), "Pb", "1")), ["ph_missing"]);
        let neutral = Context { ph: Some(dec("7.5")), ..with(banded, built(Class::One)) };
        assert_eq!(one(&neutral, "Pb", "301").outcome, Outcome::Within);
        // Land that the local standard does not tell apart.
        let farm_other = local("cadmium", LocalLand::Farmland(Column::Other), Some("0.1"), None);
        assert_eq!(one(&with(farm_other, farm(Land::Paddy, "6")), "Cd", "0.2").outcome, Outcome::AboveScreening);
    }

    /// Pins: GB_36600_5_3
    #[test]
    fn codes_of_land_use_choose_standard_and_land() {
        let held = |system, code| LandHeld::of_use(LandUse::parse(system, code).unwrap());
        use LandUseSystem::{Gb50137, GbT21010, Lusc2023};
        for (system, code, land, reason) in [
            (GbT21010, "0101", Land::Paddy, None),
            (Lusc2023, "0103", Land::Other, None),
            (GbT21010, "01", Land::Rotation, Some("paddy_or_upland_unknown")),
            (GbT21010, "0201", Land::Orchard, Some("by_reference")),
            (Lusc2023, "0202", Land::Other, Some("by_reference")),
            (GbT21010, "0401", Land::Other, Some("by_reference")),
            (Lusc2023, "03", Land::Other, Some("by_reference")),
        ] {
            let (found, why) = held(system, code);
            assert_eq!((found, why.map(|why| why.code)), (LandHeld::Farmland(land), reason), "{system} {code}");
        }
        assert!(matches!(held(Gb50137, "M").0, LandHeld::Construction { class: Class::Two, assumed: None, .. }));
        let park = Context::of(held(Gb50137, "G1").0, TODAY);
        let judged = one(&park, "As", "21");
        assert_eq!((judged.outcome, codes(&judged)), (Outcome::AboveScreening, vec!["class1_assumed"]));
        assert!(judged.reasons[0].citation.as_ref().unwrap().article.contains("5.3.1"));
    }

    #[test]
    fn every_provision_of_the_standards_can_be_cited() {
        for citation in TABLES_36600.iter().chain(TABLES_15618.iter()).chain([&*BACKGROUND, &*UNCLEAR_USE]) {
            assert_eq!(citation.effective_from, Some(Day::of(2018, 8, 1)));
        }
    }

    #[test]
    fn media_and_outcomes_have_names_on_the_wire() {
        for medium in Medium::ALL {
            assert_eq!(Medium::parse(medium.as_str()), Some(medium));
            assert_eq!(serde_json::to_value(medium).unwrap(), medium.as_str());
        }
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }

    #[test]
    fn a_ratio_is_one_only_at_the_value_and_below() {
        let ratio = |value: &str, limit: &str| ratio(dec(value), dec(limit)).unwrap().to_string();
        assert_eq!(
            [ratio("0.3", "0.3"), ratio("0.4", "0.3"), ratio("0.3000000001", "0.3"), ratio("0.2999999999", "0.3")],
            ["1", "1.3333", "1.0001", "1"]
        );
    }

    fn severity(outcome: Outcome) -> Option<u8> {
        match outcome {
            Outcome::NotComparable => None,
            Outcome::Within => Some(0),
            Outcome::AboveScreening => Some(1),
            Outcome::AboveIntervention => Some(2),
        }
    }

    fn contexts() -> impl Strategy<Value = Context> {
        let land = prop_oneof![
            Just(LandHeld::Farmland(Land::Paddy)),
            Just(LandHeld::Farmland(Land::Orchard)),
            Just(LandHeld::Farmland(Land::Other)),
            Just(LandHeld::Farmland(Land::Rotation)),
            Just(LandHeld::class(Class::One)),
            Just(LandHeld::class(Class::Two)),
        ];
        (land, 0_i64..=1400, proptest::option::of(0_i64..5_000_000), proptest::option::of(1_i64..5_000_000)).prop_map(
            |(land, ph, background, stricter)| {
                let mut context = Context { ph: Some(Decimal::new(ph, 2)), ..Context::of(land, TODAY) };
                let mut limits = Vec::new();
                for substance in ["arsenic", "cobalt", "lead"] {
                    if let Some(background) = background {
                        context.background.insert(substance.to_owned(), Decimal::new(background, 4));
                    }
                    if let Some(stricter) = stricter {
                        for land in [LocalLand::EitherClass, LocalLand::Farmland(Column::Any)] {
                            let limit = local(substance, land, None, None);
                            let screening = Some(Decimal::new(stricter, 4));
                            limits.push(LocalLimit { screening, ..limit });
                        }
                    }
                }
                context.local = limits.into();
                context
            },
        )
    }

    proptest! {
        #[test]
        fn more_of_a_substance_is_never_judged_milder(
            context in contexts(),
            at in 0..substances::all().len(),
            less in 0_i64..10_000_000,
            more in 0_i64..10_000_000,
            scale in 0_u32..9,
        ) {
            let substance = &substances::all()[at];
            let judged = |value: i64| {
                let measured = Measured { below: false, value: Decimal::new(value, scale), unit: crate::kernel::Unit::MgKg };
                severity(screen(&context, &[Reading { substance, measured }])[0].outcome)
            };
            let (mild, hard) = (judged(less), judged(less + more));
            prop_assert_eq!(mild.is_none(), hard.is_none());
            prop_assert!(mild <= hard, "{} {:?}", substance.key, context);
        }

        #[test]
        fn the_unit_and_the_order_of_readings_change_nothing(
            context in contexts(),
            values in proptest::collection::vec((0..substances::all().len(), 0_i64..1_000_000, any::<bool>()), 1..12),
        ) {
            let readings: Vec<Reading> = values
                .iter()
                .map(|(at, value, below)| Reading {
                    substance: &substances::all()[*at],
                    measured: Measured { below: *below, value: Decimal::new(*value, 3), unit: crate::kernel::Unit::MgKg },
                })
                .collect();
            let in_per_cent: Vec<Reading> = readings
                .iter()
                .rev()
                .map(|reading| Reading {
                    measured: Measured {
                        value: reading.measured.value / Decimal::from(10_000),
                        unit: crate::kernel::Unit::Percent,
                        ..reading.measured
                    },
                    ..*reading
                })
                .collect();
            let mut there: Vec<_> = screen(&context, &readings).into_iter().map(|j| (j.substance.key.clone(), j.mg_kg, j.outcome)).collect();
            let mut back: Vec<_> = screen(&context, &in_per_cent).into_iter().map(|j| (j.substance.key.clone(), j.mg_kg, j.outcome)).collect();
            there.sort();
            back.sort();
            prop_assert_eq!(there, back);
            for judgement in screen(&context, &readings) {
                prop_assert!(judgement.outcome != Outcome::NotComparable || judgement.reason().is_some());
            }
        }
    }

    #[test]
    fn every_printed_value_is_within_itself_in_every_unit() {
        let farm_rows = gb15618::all().iter().filter(|row| row.kind == gb15618::Value::Screening).map(|row| {
            let land = match row.land {
                Column::Paddy => Land::Paddy,
                Column::Orchard => Land::Orchard,
                Column::Other | Column::Any => Land::Other,
            };
            let ph = row.ph_le.or(row.ph_gt.map(|_| dec("14")));
            (Context { ph, ..Context::of(LandHeld::Farmland(land), TODAY) }, row.substance.as_str(), row.value)
        });
        let built_rows = gb36600::all().iter().flat_map(|row| {
            [Class::One, Class::Two].map(|class| (built(class), row.substance.as_str(), row.screening[class.at()]))
        });
        for (context, substance, limit) in farm_rows.chain(built_rows) {
            let substance = substances::find(substance).unwrap();
            for unit in crate::kernel::Unit::ALL {
                let in_mg_kg = Measured { below: false, value: Decimal::ONE, unit }.mg_kg();
                let judged = |value: Decimal| {
                    let measured = Measured { below: false, value: value / in_mg_kg, unit };
                    screen(&context, &[Reading { substance, measured }])[0].outcome
                };
                assert_eq!(judged(limit), Outcome::Within, "{} {unit}", substance.key);
                assert_ne!(judged(limit + Decimal::new(1, 12)), Outcome::Within, "{} {unit}", substance.key);
            }
        }
    }

    #[test]
    fn a_per_cent_is_not_lost_on_the_way() {
        let cadmium = unit_reading("Cd", "0.00003", "%");
        let judged = screen(&farm(Land::Paddy, "5"), &[cadmium]).remove(0);
        assert_eq!((judged.outcome, judged.mg_kg, judged.ratio), (Outcome::Within, dec("0.3"), Some(Decimal::ONE)));
        let dioxins = unit_reading("二噁英", "10", "ng TEQ/kg");
        assert_eq!(screen(&built(Class::One), &[dioxins])[0].outcome, Outcome::Within);
    }
}
