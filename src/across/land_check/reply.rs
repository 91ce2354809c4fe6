//! The answer in the form in which it is given and stored. It is made once, inside the act; afterwards its bytes are read
//! from the record.

use super::actions::compare::Difference;
use super::rules::{CoverageStatus, FactUsed, Fired, Operation, Register, Verdict};
use crate::kernel::AreaGeometry;
use crate::kernel::{Citation, Confidence, Day, LandCheckBatchId, LandCheckId, Text};
use crate::platform::Caller;
use crate::platform::seal::ProofView;
use crate::platform::touch::Versions;
use crate::registers::coverage;
use crate::standards::land_use::LandUse;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A reply to a land check.
#[derive(Debug, Serialize, ToSchema)]
pub struct LandCheckReply {
    /// Identifier (UUIDv7). None, where the answer is not of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<LandCheckId>,
    /// Number: `CX`, division, year, and a serial without gaps per division and year. None, where the answer is not of
    /// record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "CX-152921-2026-000017")]
    pub number: Option<String>,
    /// Whether this is a reply of record: numbered, signed, stored and watched. An answer as of an instant is not.
    pub of_record: bool,
    /// When it was asked and answered.
    pub checked_at: DateTime<Utc>,
    /// The instant whose knowledge was asked, where the answer is not of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<DateTime<Utc>>,
    /// Who asked; null for a command at the machine itself.
    pub operator: Option<OperatorView>,
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
    /// 地块土壤环境质量状况结果
    pub soil_quality_zh: String,
    /// What the registry knows of the soil.
    pub soil_quality_en: String,
    /// How far the survey is, and who says so.
    pub survey_state: FactView,
    /// Every rule that fired, worst first.
    pub rules: Vec<RuleView>,
    /// The records that the parcel meets, largest overlap first.
    pub hits: Vec<HitView>,
    /// What each register knows of the ground.
    pub coverage: Vec<CoverageView>,
    /// The data that the answer rests on.
    pub registry: RegistryView,
    /// Whether the ecology bureau's written reply is needed. Only in a reply of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<ReplyState>,
    /// How the answer stood when it was given. Only in a reply of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// A reply of record as it is sent and stored, with its proof: canonical JSON (RFC 8785), made by the seal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealedLandCheckReply {
    /// The answer.
    #[serde(flatten)]
    pub reply: LandCheckReply,
    /// Its proof.
    pub proof: ProofView,
}

/// Who asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperatorView {
    /// What the key was named.
    pub name: String,
    /// Its role.
    #[schema(example = "planning")]
    pub role: &'static str,
    /// 单位类别
    pub role_zh: String,
    /// Role in English.
    pub role_en: String,
    /// The division in which it holds.
    #[schema(example = "152921")]
    pub division_code: String,
}

impl OperatorView {
    /// The holder of a key; nobody for a command of the operator.
    pub fn of(caller: &Caller) -> Option<OperatorView> {
        let Caller::Key(holder) = caller else { return None };
        let Text { zh, en } = holder.role.title();
        Some(OperatorView {
            name: holder.name.clone(),
            role: holder.role.as_str(),
            role_zh: zh.into(),
            role_en: en.into(),
            division_code: holder.division.to_string(),
        })
    }
}

/// The data that an answer rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegistryView {
    /// End of the audit chain when the registers were read: everything up to it counted.
    pub version: i64,
    /// Each register's own version.
    pub registers: Vec<RegisterVersionView>,
}

/// The version of a register's data.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegisterVersionView {
    /// The register.
    #[schema(example = "sites")]
    pub register: String,
    /// Number in the audit chain of the last act that wrote to it; 0: none since versions are kept.
    pub version: i64,
    /// When that was.
    pub changed_at: Option<DateTime<Utc>>,
}

impl RegistryView {
    /// As read.
    pub fn of(versions: &Versions) -> RegistryView {
        let registers = versions.registers.iter().map(|one| RegisterVersionView {
            register: one.register.clone(),
            version: one.seq,
            changed_at: one.changed_at,
        });
        RegistryView { version: versions.seq, registers: registers.collect() }
    }
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
#[derive(Debug, Serialize, ToSchema)]
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
    /// The use for which the survey, assessment or evaluation was made.
    pub assessed_use: Option<UseView>,
    /// Whether the works serve risk control or remediation itself.
    pub serves_remediation: Option<bool>,
    /// Whether food is to be processed or stored there.
    pub food_site: Option<bool>,
}

/// The parcel asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcelView {
    /// As asked, rings right-handed.
    #[schema(value_type = AreaGeometry)]
    pub geometry: serde_json::Value,
    /// Coordinate reference system of the geometry.
    #[schema(example = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")]
    pub crs: &'static str,
    /// 宗地代码
    pub parcel_code: Option<String>,
    /// 不动产单元号
    pub real_estate_unit_number: Option<String>,
    /// 坐落
    pub address: Option<String>,
    /// 土地使用权人
    pub land_user: Option<LandUserView>,
    /// Use of the land in the register of parcels.
    pub registered_use: Option<UseView>,
    /// Parcels that came of this one, where it does not exist any more on the day of the operation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<String>,
    /// Ellipsoidal area, m².
    pub area_m2: f64,
    /// The same in mu (1 mu = 10000/15 m²).
    pub area_mu: f64,
    /// Divisions that it lies in, largest share first; the number belongs to the first.
    #[schema(example = json!(["152921"]))]
    pub division_codes: Vec<String>,
}

/// The land user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LandUserView {
    /// Name.
    pub name: Option<String>,
    /// Unified social credit code.
    pub credit_code: Option<String>,
}

/// A rule that fired.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FiredRuleView)]
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
#[derive(Debug, Clone, Serialize, ToSchema)]
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
    /// Day of the latest source that says so; null where there is none.
    pub as_of: Option<Day>,
    /// The coverage areas that speak of this ground, each with its own day.
    pub sources: Vec<SourceView>,
}

/// A coverage area that speaks of the ground.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceView {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `kept` or `investigated_clean`.
    #[schema(example = "kept")]
    pub status: &'static str,
    /// Who says so: report, notice, document.
    pub source: Option<String>,
    /// The day whose state it tells.
    pub as_of: Day,
    /// Share of the parcel that it takes in, 0 to 1.
    pub share: f64,
}

impl From<coverage::Source> for SourceView {
    fn from(source: coverage::Source) -> SourceView {
        let coverage::Source { code, name, status, source, as_of, share } = source;
        SourceView { code, name, status, source, as_of, share: (share * 1e9).round() / 1e9 }
    }
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
    pub because: Vec<Difference>,
}

impl From<LandUse> for UseView {
    fn from(land_use: LandUse) -> UseView {
        let Text { zh, en } = land_use.name();
        UseView { system: land_use.system().as_str(), code: land_use.code(), name_zh: zh.into(), name_en: en.into() }
    }
}

impl From<FactUsed> for FactView {
    fn from(fact: FactUsed) -> FactView {
        FactView {
            name: fact.name,
            value: fact.value,
            source: fact.source.as_str(),
            text_zh: fact.text.zh.into(),
            text_en: fact.text.en.into(),
        }
    }
}

impl From<&Fired> for RuleView {
    fn from(fired: &Fired) -> RuleView {
        let (actor, must_do) = (fired.actor.text(), fired.must_do.clone());
        let (by, by_en) = split(fired.by.clone());
        let (note_zh, note_en) = split(fired.note.clone());
        RuleView {
            rule: fired.rule,
            verdict: fired.verdict.as_str(),
            title_zh: fired.title.zh.clone().into(),
            title_en: fired.title.en.clone().into(),
            citations: fired.citations.clone(),
            confidence: fired.confidence,
            facts: fired.facts.iter().cloned().map(FactView::from).collect(),
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
    pub fn of(
        register: Register,
        status: CoverageStatus,
        as_of: Option<Day>,
        sources: impl Iterator<Item = SourceView>,
    ) -> CoverageView {
        let Text { zh, en } = status.text();
        CoverageView {
            register: register.as_str(),
            status: status.as_str(),
            status_zh: zh.into(),
            status_en: en.into(),
            as_of,
            sources: sources.collect(),
        }
    }
}

/// Names of a verdict and an operation in both languages.
pub fn names(verdict: Verdict, operation: Operation) -> (Text, Text) {
    (verdict.text(), operation.text())
}

/// What a batch came to: every row as asked, each answered or refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestView {
    /// Identifier of the batch.
    pub id: LandCheckBatchId,
    /// Rows asked: `answered` and `refused` together.
    #[schema(example = 10000)]
    pub asked: i32,
    /// Rows with a reply of record.
    pub answered: i32,
    /// Rows that could not be answered.
    pub refused: i32,
    /// How many replies have each verdict.
    pub verdicts: BTreeMap<String, u32>,
    /// What was sent.
    pub source: ManifestSource,
    /// Who asked; null for a command at the machine itself.
    pub by: Option<OperatorView>,
    /// When the batch was taken in.
    pub begun_at: DateTime<Utc>,
    /// When its last row was through.
    pub at: DateTime<Utc>,
    /// Every row, in the order asked.
    pub rows: Vec<ManifestRow>,
}

/// What was sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestSource {
    /// Name of the file, where there was one.
    pub name: Option<String>,
    /// SHA-256 of the body or file, hexadecimal.
    pub sha256: String,
}

/// What a row came to: `id`, `number`, `verdict` and `payload_sha256`, or `error_code`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestRow {
    /// The row, from 1.
    pub row: i32,
    /// The reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<LandCheckId>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "CX-152921-2026-000017")]
    pub number: Option<String>,
    /// Its verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "hold")]
    pub verdict: Option<String>,
    /// `payload_sha256` of its proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_sha256: Option<String>,
    /// Why the row was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "invalid_input")]
    pub error_code: Option<String>,
}

/// A manifest as it is sent and stored, with its proof: canonical JSON (RFC 8785), made by the seal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealedManifest {
    /// What the batch came to.
    pub manifest: ManifestView,
    /// Its proof.
    pub proof: ProofView,
}

/// The line of a row that could not be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRow {
    /// The row, from 1.
    pub row: usize,
    /// Why.
    pub error: RefusalView,
}

/// Why a row could not be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// Stable, snake_case.
    #[schema(example = "invalid_input")]
    pub code: &'static str,
    /// 说明
    pub detail_zh: String,
    /// The same in English.
    pub detail_en: String,
    /// Each thing wrong with the row, with its place.
    pub errors: Vec<ErrorView>,
}

/// One thing wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorView {
    /// RFC 6901 pointer into the Feature.
    #[schema(example = "/geometry/coordinates/0/3")]
    pub pointer: String,
    /// Stable, snake_case.
    pub code: &'static str,
    /// 说明
    pub message_zh: String,
    /// The same in English.
    pub message_en: String,
}
