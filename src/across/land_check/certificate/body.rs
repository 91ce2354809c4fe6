//! The stored reply as the certificate reads it: its JSON, not the types that made it, so that a reply of an earlier form can
//! be put on paper for ever. What an earlier form lacks is absent here and said to be so.

use crate::kernel::{Citation, Confidence, Day, Error, Result};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub(super) struct Body {
    pub number: String,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub operation_zh: String,
    pub operation_en: String,
    pub reference: Option<String>,
    pub operator: Option<Operator>,
    pub current_use: Option<Use>,
    pub planned_use: Option<Use>,
    pub parcel: Parcel,
    pub soil_quality_zh: Option<String>,
    pub soil_quality_en: Option<String>,
    pub survey_state: Option<SurveyState>,
    pub verdict: String,
    pub verdict_zh: String,
    pub verdict_en: String,
    #[serde(default)]
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub hits: Vec<Hit>,
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    pub registry: Option<Registry>,
    pub reply: Option<Status>,
    pub standing: Option<Standing>,
    pub proof: Option<Proof>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operator {
    pub name: Option<String>,
    pub role: Option<String>,
    pub role_zh: Option<String>,
    pub role_en: Option<String>,
    pub division_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Use {
    pub system: String,
    pub code: String,
    #[serde(default)]
    pub name_zh: String,
    #[serde(default)]
    pub name_en: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parcel {
    pub geometry: Value,
    pub area_m2: f64,
    pub area_mu: f64,
    #[serde(default)]
    pub division_codes: Vec<String>,
    pub crs: Option<String>,
    pub parcel_code: Option<String>,
    pub real_estate_unit_number: Option<String>,
    pub address: Option<String>,
    pub land_user: Option<LandUser>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LandUser {
    pub name: Option<String>,
    pub credit_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SurveyState {
    pub source: Option<String>,
    pub text_zh: Option<String>,
    pub text_en: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub rule: String,
    pub verdict: String,
    pub title_zh: String,
    pub title_en: String,
    #[serde(default)]
    pub citations: Vec<Citation>,
    pub confidence: Confidence,
    #[serde(default)]
    pub facts: Vec<Fact>,
    pub actor_zh: Option<String>,
    pub actor_en: Option<String>,
    pub must_do_zh: Option<String>,
    pub must_do_en: Option<String>,
    pub by: Option<String>,
    pub by_en: Option<String>,
    pub note_zh: Option<String>,
    pub note_en: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Fact {
    pub source: String,
    pub text_zh: String,
    pub text_en: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    pub register: String,
    pub id: Uuid,
    pub code: String,
    pub name: Option<String>,
    pub stage: Option<String>,
    pub class: Option<String>,
    pub relation: String,
    pub overlap_m2: f64,
    pub overlap_share: f64,
    pub record_share: f64,
    pub distance_m: f64,
    #[serde(default)]
    pub sliver: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Coverage {
    pub register: String,
    pub status: String,
    pub status_zh: String,
    pub status_en: String,
    pub as_of: Option<Day>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Registry {
    pub version: Option<Value>,
    #[serde(default)]
    pub registers: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Layer {
    pub register: String,
    pub version: Option<Value>,
    pub changed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub status: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    pub status: String,
    pub since: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Proof {
    pub alg: Option<String>,
    pub key_id: Option<String>,
    pub public_key: Option<String>,
    pub payload_sha256: Option<String>,
    pub log: Option<String>,
    pub log_index: Option<u64>,
    pub signature: Option<String>,
}

impl Body {
    pub(super) fn read(body: &[u8]) -> Result<Body> {
        serde_json::from_slice(body).map_err(|error| Error::internal(format!("a stored reply cannot be read: {error}")))
    }

    /// Whether somebody answers for it with a key.
    pub(super) fn is_signed(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.signature.is_some())
    }
}

/// A number of a version as it is written.
pub(super) fn version(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
