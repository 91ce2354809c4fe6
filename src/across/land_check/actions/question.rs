//! What is asked, and how it is read again from an answer.

use super::super::rules::{Operation, SurveyState};
use super::compare::RuleSaid;
use crate::kernel::{Area, Day, Error, Result};
use crate::standards::industries::IndustryCode;
use crate::standards::land_use::{LandUse, LandUseSystem};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The parcel.
    pub area: Area,
    /// What else names it.
    pub identity: Identity,
    /// What is to be done with it.
    pub operation: Operation,
    /// Day of the operation.
    pub on: Day,
    /// Use of the land now.
    pub current_use: Option<LandUse>,
    /// Use it is meant for.
    pub planned_use: Option<LandUse>,
    /// What else the caller states.
    pub stated: Stated,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Division of the parcel, where the registry's boundaries do not tell.
    pub division_code: Option<String>,
}

/// What names a parcel beside its outline.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// 宗地代码
    pub parcel_code: Option<String>,
    /// 不动产单元号
    pub real_estate_unit_number: Option<String>,
    /// 坐落
    pub address: Option<String>,
    /// Name of the land user.
    pub land_user_name: Option<String>,
    /// Its unified social credit code.
    pub land_user_credit_code: Option<String>,
    /// Use of the land in the register of parcels, which wins over what is stated.
    pub registered_use: Option<LandUse>,
    /// Parcels that came of this one and exist on the day, where it does not exist any more.
    pub successors: Vec<String>,
}

/// What the caller states of the parcel; `None` is unknown.
#[derive(Debug, Clone, Default)]
pub struct Stated {
    /// Industry that stood on the land.
    pub former_industry: Option<IndustryCode>,
    /// Whether it is production land of a key unit.
    pub key_unit: Option<bool>,
    /// Whether the use right was taken back already.
    pub already_reclaimed: Option<bool>,
    /// Whether it stands in the year's supply plan.
    pub in_supply_plan: Option<bool>,
    /// How far its survey has come.
    pub survey_state: Option<SurveyState>,
    /// The use for which the survey, assessment or evaluation was made.
    pub assessed_use: Option<LandUse>,
    /// Whether the works serve risk control or remediation itself.
    pub serves_remediation: Option<bool>,
    /// Whether food is to be processed or stored there.
    pub food_site: Option<bool>,
}

/// An answer on record, as far as its question is made again from it and compared with what would be answered now.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Answer {
    pub number: String,
    pub checked_at: DateTime<Utc>,
    on: Day,
    operation: String,
    reference: Option<String>,
    current_use: Option<UseSaid>,
    planned_use: Option<UseSaid>,
    stated: StatedSaid,
    parcel: ParcelSaid,
    pub verdict: String,
    pub rules: Vec<RuleSaid>,
    pub hits: Vec<HitSaid>,
    pub coverage: Vec<CoverageSaid>,
}

#[derive(Debug, Deserialize)]
struct UseSaid {
    system: String,
    code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatedSaid {
    former_industry: Option<String>,
    key_unit: Option<bool>,
    already_reclaimed: Option<bool>,
    in_supply_plan: Option<bool>,
    survey_state: Option<String>,
    assessed_use: Option<UseSaid>,
    serves_remediation: Option<bool>,
    food_site: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ParcelSaid {
    geometry: Value,
    division_codes: Vec<String>,
    #[serde(default)]
    parcel_code: Option<String>,
    #[serde(default)]
    registered_use: Option<UseSaid>,
}

/// A hit, as far as answers are compared by it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(in super::super) struct HitSaid {
    pub register: String,
    pub id: uuid::Uuid,
    pub code: String,
    #[serde(default)]
    pub stage: Option<String>,
    #[serde(default)]
    pub class: Option<String>,
    pub relation: String,
    pub overlap_m2: f64,
    pub sliver: bool,
}

/// What a register knew of the ground.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in super::super) struct CoverageSaid {
    pub register: String,
    pub status: String,
}

impl Answer {
    /// Reads a stored answer.
    ///
    /// # Errors
    /// When it is none: a fault of ours.
    pub fn read(body: &[u8]) -> Result<Answer> {
        serde_json::from_slice(body).map_err(Error::internal)
    }

    /// The question that it answers.
    ///
    /// # Errors
    /// When a code that was taken then is none now: a fault of ours.
    pub fn question(&self) -> Result<Question> {
        let unknown = |what: &str| Error::internal(format!("the answer {} names an unknown {what}", self.number));
        let area = Area::from_geojson(&self.parcel.geometry, "/geometry").map_err(|_| unknown("outline"))?;
        let stated = &self.stated;
        let industry = stated.former_industry.as_deref().map(IndustryCode::parse).transpose();
        Ok(Question {
            area,
            identity: Identity {
                parcel_code: self.parcel.parcel_code.clone(),
                registered_use: land_use(self.parcel.registered_use.as_ref())?,
                ..Identity::default()
            },
            operation: Operation::parse(&self.operation).ok_or_else(|| unknown("operation"))?,
            on: self.on,
            current_use: land_use(self.current_use.as_ref())?,
            planned_use: land_use(self.planned_use.as_ref())?,
            stated: Stated {
                former_industry: industry.map_err(|_| unknown("industry"))?,
                key_unit: stated.key_unit,
                already_reclaimed: stated.already_reclaimed,
                in_supply_plan: stated.in_supply_plan,
                survey_state: match stated.survey_state.as_deref() {
                    Some(name) => Some(SurveyState::parse(name).ok_or_else(|| unknown("survey state"))?),
                    None => None,
                },
                assessed_use: land_use(stated.assessed_use.as_ref())?,
                serves_remediation: stated.serves_remediation,
                food_site: stated.food_site,
            },
            reference: self.reference.clone(),
            division_code: self.parcel.division_codes.first().cloned(),
        })
    }
}

fn land_use(said: Option<&UseSaid>) -> Result<Option<LandUse>> {
    let Some(UseSaid { system, code }) = said else { return Ok(None) };
    let read = LandUseSystem::parse(system).and_then(|system| LandUse::parse(system, code));
    read.map(Some).map_err(|_| Error::internal(format!("no such land use: {system} {code}")))
}
