//! The answer in the form in which it is given and stored. It is made once, inside the act; afterwards its bytes are read
//! from the record.

use super::rules::{CoverageStatus, Fired, Operation, Register, SurveyState, Verdict};
use crate::kernel::AreaGeometry;
use crate::kernel::{Area, Citation, Confidence, Day, LandCheckId, Text, mu};
use crate::standards::land_use::LandUse;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A reply to a land check.
#[derive(Debug, Serialize, ToSchema)]
pub struct LandCheckReply {
    /// Identifier (UUIDv7).
    pub id: LandCheckId,
    /// Number: `CX`, division, year, and a serial without gaps per division and year.
    #[schema(example = "CX-152921-2026-000017")]
    pub number: String,
    /// When it was asked and answered.
    pub checked_at: DateTime<Utc>,
    /// Day of the operation; the law of that day is applied.
    pub on: Day,
    /// What is to be done with the land.
    #[schema(example = "reclaim")]
    pub operation: &'static str,
    /// 操作
    #[schema(example = "收回")]
    pub operation_zh: String,
    /// Operation in English.
    pub operation_en: String,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Use of the land now, as stated.
    pub current_use: Option<UseView>,
    /// Use it is meant for, as stated.
    pub planned_use: Option<UseView>,
    /// What else the caller stated; a fact left out is unknown.
    pub stated: StatedView,
    /// The parcel.
    pub parcel: ParcelView,
    /// `allow`, `allow_recorded`, `warn`, `hold` or `block`: the worst of the rules that fired.
    #[schema(example = "block")]
    pub verdict: &'static str,
    /// 结论
    #[schema(example = "禁止")]
    pub verdict_zh: String,
    /// Verdict in English.
    pub verdict_en: String,
    /// Every rule that fired, worst first.
    pub rules: Vec<RuleView>,
    /// The records that the parcel meets, largest overlap first.
    pub hits: Vec<HitView>,
    /// What each register knows of the ground.
    pub coverage: Vec<CoverageView>,
    /// Whether the ecology bureau's written reply is needed.
    pub reply: ReplyState,
    /// How the answer stood when it was given.
    pub standing: Standing,
}

/// A land use by code.
#[derive(Debug, Serialize, ToSchema)]
pub struct UseView {
    /// Code system.
    #[schema(example = "GB/T 21010-2017")]
    pub system: &'static str,
    /// Code in it.
    #[schema(example = "0701")]
    pub code: &'static str,
    /// 名称
    #[schema(example = "城镇住宅用地")]
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
}

/// What the caller stated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatedView {
    /// Industry that stood on the land, GB/T 4754-2017.
    pub former_industry: Option<String>,
    /// Whether it is production land of a key unit.
    pub key_unit: Option<bool>,
    /// Whether the use right was taken back already.
    pub already_reclaimed: Option<bool>,
    /// Whether it stands in the year's supply plan.
    pub in_supply_plan: Option<bool>,
    /// How far its survey has come.
    pub survey_state: Option<&'static str>,
}

/// The parcel asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcelView {
    /// As asked, rings right-handed.
    #[schema(value_type = AreaGeometry)]
    pub geometry: serde_json::Value,
    /// Ellipsoidal area, m².
    pub area_m2: f64,
    /// The same in mu (1 mu = 10000/15 m²).
    pub area_mu: f64,
    /// Divisions that it lies in, largest share first; the number belongs to the first.
    #[schema(example = json!(["152921"]))]
    pub division_codes: Vec<String>,
}

/// A rule that fired.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// `G1`-`G31` of the decision table, `S-C0`-`S-C14` by stage of a site, `P-*` of this registry.
    #[schema(example = "G3")]
    pub rule: &'static str,
    /// How hard it closes.
    #[schema(example = "block")]
    pub verdict: &'static str,
    /// 标题
    pub title_zh: String,
    /// Title.
    pub title_en: String,
    /// The texts in force on the day of the operation.
    pub citations: Vec<Citation>,
    /// Of the weakest text or parameter that it rests on.
    pub confidence: Confidence,
    /// The facts it used.
    pub facts: Vec<FactView>,
    /// Role of who must act.
    #[schema(example = "land_user")]
    pub actor: &'static str,
    /// 责任主体
    pub actor_zh: String,
    /// Who must act.
    pub actor_en: String,
    /// 应做事项
    pub must_do_zh: String,
    /// What that one must do.
    pub must_do_en: String,
    /// 期限；没有规定期限的为空
    pub by: Option<String>,
    /// By when; null where no text gives a time.
    pub by_en: Option<String>,
    /// 说明
    pub note_zh: Option<String>,
    /// What the reader must know of this finding.
    pub note_en: Option<String>,
}

/// A fact that a rule used.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactView {
    /// Its name.
    #[schema(example = "survey_state")]
    pub name: &'static str,
    /// Its value.
    #[schema(example = "none")]
    pub value: String,
    /// `registry`, `stated` or `unknown`.
    #[schema(example = "registry")]
    pub source: &'static str,
    /// 中文
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

/// A record that the parcel meets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HitView {
    /// Register it stands in.
    #[schema(example = "suspected_sites")]
    pub register: &'static str,
    /// The record.
    pub id: uuid::Uuid,
    /// Its code.
    #[schema(example = "152921YS20260001")]
    pub code: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Stage, of a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "preliminary_survey")]
    pub stage: Option<&'static str>,
    /// Class, of a farmland unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// `overlaps`, `touches` or `near`.
    #[schema(example = "overlaps")]
    pub relation: &'static str,
    /// Ellipsoidal area shared, m².
    pub overlap_m2: f64,
    /// Shared area as a share of the parcel, 0 to 1.
    pub overlap_share: f64,
    /// Shared area as a share of the record, 0 to 1.
    pub record_share: f64,
    /// Ellipsoidal distance, m; 0 when they meet.
    pub distance_m: f64,
    /// Whether the shared area is so small that it may be a fault of the boundary (压线).
    pub sliver: bool,
}

/// What a register knows of the ground.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageView {
    /// The register.
    #[schema(example = "contaminated_sites")]
    pub register: &'static str,
    /// `recorded`, `investigated_clean`, `never_investigated` or `outside_coverage`.
    #[schema(example = "never_investigated")]
    pub status: &'static str,
    /// 状态
    pub status_zh: String,
    /// Status in English.
    pub status_en: String,
    /// Day of the source that says so; null where there is none.
    pub as_of: Option<Day>,
}

/// The ecology bureau's written reply.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyState {
    /// `not_required` or `awaiting`.
    #[schema(example = "awaiting")]
    pub status: &'static str,
}

/// How an answer stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    /// `valid` when the answer is given.
    #[schema(example = "valid")]
    pub status: &'static str,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why it no longer is; empty here.
    pub because: Vec<String>,
}

impl From<LandUse> for UseView {
    fn from(land_use: LandUse) -> UseView {
        let Text { zh, en } = land_use.name();
        UseView { system: land_use.system().as_str(), code: land_use.code(), name_zh: zh.into(), name_en: en.into() }
    }
}

impl From<Fired> for RuleView {
    fn from(fired: Fired) -> RuleView {
        let facts = fired.facts.into_iter().map(|fact| FactView {
            name: fact.name,
            value: fact.value,
            source: fact.source.as_str(),
            text_zh: fact.text.zh.into(),
            text_en: fact.text.en.into(),
        });
        let (actor, must_do) = (fired.actor.text(), fired.must_do);
        let (by, by_en) = split(fired.by);
        let (note_zh, note_en) = split(fired.note);
        RuleView {
            rule: fired.rule,
            verdict: fired.verdict.as_str(),
            title_zh: fired.title.zh.into(),
            title_en: fired.title.en.into(),
            citations: fired.citations,
            confidence: fired.confidence,
            facts: facts.collect(),
            actor: fired.actor.as_str(),
            actor_zh: actor.zh.into(),
            actor_en: actor.en.into(),
            must_do_zh: must_do.zh.into(),
            must_do_en: must_do.en.into(),
            by,
            by_en,
            note_zh,
            note_en,
        }
    }
}

fn split(text: Option<Text>) -> (Option<String>, Option<String>) {
    match text {
        Some(Text { zh, en }) => (Some(zh.into()), Some(en.into())),
        None => (None, None),
    }
}

impl CoverageView {
    /// What a register knows, by the source of that day.
    pub fn of(register: Register, status: CoverageStatus, as_of: Option<Day>) -> CoverageView {
        let Text { zh, en } = status.text();
        CoverageView {
            register: register.as_str(),
            status: status.as_str(),
            status_zh: zh.into(),
            status_en: en.into(),
            as_of,
        }
    }
}

impl StatedView {
    /// The survey state's name on the wire.
    pub fn survey_name(state: Option<SurveyState>) -> Option<&'static str> {
        state.map(SurveyState::as_str)
    }
}

impl ParcelView {
    /// The parcel with its area and divisions.
    pub fn of(area: &Area, area_m2: f64, division_codes: Vec<String>) -> ParcelView {
        ParcelView { geometry: area.to_geojson(), area_m2, area_mu: mu(area_m2), division_codes }
    }
}

/// Names of a verdict and an operation in both languages.
pub fn names(verdict: Verdict, operation: Operation) -> (Text, Text) {
    (verdict.text(), operation.text())
}
