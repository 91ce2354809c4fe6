//! The answer in the form in which it is given and stored. It has the shape of a land check's, with what a siting check knows
//! in its parts.

use super::rules::{Activity, Facility, Procedure, Reach};
use crate::across::land_check::Verdict;
use crate::across::land_check::reply::{OperatorView, RegistryView, RuleView, Standing};
use crate::kernel::{Area, AreaGeometry, Day, SitingCheckId, Text, mu};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A reply to a siting check.
#[derive(Debug, Serialize, ToSchema)]
pub struct SitingCheckReply {
    /// Identifier (UUIDv7). None, where the answer is not of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<SitingCheckId>,
    /// Number: `XZ`, division, year, and a serial without gaps per division and year. None, where the answer is not of
    /// record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "XZ-152921-2026-000003")]
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
    /// Day of the plan or approval; the law of that day is applied.
    pub on: Day,
    /// `new`, `expansion`, `reconstruction` or `existing`.
    #[schema(example = "new")]
    pub activity: &'static str,
    /// 建设性质
    #[schema(example = "新建")]
    pub activity_zh: String,
    /// Activity in English.
    pub activity_en: String,
    /// `eia`, `planning` or `approval`; null where it was not stated.
    #[schema(example = "eia")]
    pub operation: Option<&'static str>,
    /// 办理事项
    pub operation_zh: Option<String>,
    /// Procedure in English.
    pub operation_en: Option<String>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// What the caller stated; a fact left out is unknown.
    pub stated: SitingStated,
    /// The project's land.
    pub parcel: SitingParcel,
    /// `allow`, `allow_recorded`, `warn`, `hold` or `block`: the worst of the rules that fired.
    #[schema(example = "block")]
    pub verdict: &'static str,
    /// 结论
    #[schema(example = "禁止")]
    pub verdict_zh: String,
    /// Verdict in English.
    pub verdict_en: String,
    /// Every rule that fired, worst first: `Z1`-`Z11`, and `ZP-*` of this registry.
    pub rules: Vec<RuleView>,
    /// What the land meets or has around it, the nearest first.
    pub hits: Vec<SitingHit>,
    /// How far "around" (周边) reached.
    pub distances: Vec<SitingDistance>,
    /// What is known of the place.
    pub coverage: Vec<SitingCoverage>,
    /// The data that the answer rests on.
    pub registry: RegistryView,
    /// How the answer stood when it was given. Only in a reply of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// What the caller stated.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SitingStated {
    /// Industry, GB/T 4754-2017.
    #[schema(example = "3212")]
    pub industry: Option<String>,
    /// Whether it may pollute soil; null where it was not stated.
    pub pollutes_soil: Option<bool>,
    /// Whether it is a statutory key project that cannot avoid the place.
    pub statutory_key_project_exempt: Option<bool>,
    /// Protection distance of the project's assessment, m.
    pub protection_distance_m: Option<f64>,
    /// Whether it emits heavy metals.
    pub metal_emissions: Option<bool>,
    /// Whether its emissions were offset on record.
    pub offset_recorded: Option<bool>,
    /// Homes, schools, hospitals and the like that are built; null where it was not stated.
    pub sensitive_use: Option<Vec<&'static str>>,
}

/// The project's land.
#[derive(Debug, Serialize, ToSchema)]
pub struct SitingParcel {
    /// As asked, rings right-handed.
    #[schema(value_type = AreaGeometry)]
    pub geometry: serde_json::Value,
    /// Reference system of the geometry.
    #[schema(example = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")]
    pub crs: &'static str,
    /// Ellipsoidal area, m².
    pub area_m2: f64,
    /// The same in mu (1 mu = 10000/15 m²).
    pub area_mu: f64,
    /// Divisions that it lies in, largest share first; the number belongs to the first.
    #[schema(example = json!(["152921"]))]
    pub division_codes: Vec<String>,
}

impl SitingParcel {
    /// The land with its area and divisions.
    pub fn of(area: &Area, area_m2: f64, division_codes: Vec<String>) -> SitingParcel {
        SitingParcel {
            geometry: area.to_geojson(),
            crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            area_m2,
            area_mu: mu(area_m2),
            division_codes,
        }
    }
}

/// What the land meets or has around it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SitingHit {
    /// `siting_zones`, `farmland`, `sites`, `key_units`, or `reference:<layer>`.
    #[schema(example = "reference:schools")]
    pub register: String,
    /// The record.
    pub id: uuid::Uuid,
    /// Its code.
    #[schema(example = "S-001")]
    pub code: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Kind of a zone or of a facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "schools")]
    pub kind: Option<String>,
    /// Stage, of a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// Class, of a farmland unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `overlaps`, `touches` or `near`.
    #[schema(example = "near")]
    pub relation: &'static str,
    /// Ellipsoidal area shared, m²; 0 for points and lines.
    pub overlap_m2: f64,
    /// Shared area as a share of the project's land, 0 to 1.
    pub overlap_share: f64,
    /// Ellipsoidal distance, m; 0 when they meet.
    pub distance_m: f64,
    /// Whether the shared area is so small that it may be a fault of the boundary (压线).
    pub sliver: bool,
}

/// How far "around" reached for a kind of facilities.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SitingDistance {
    /// `homes`, `schools`, `hospitals`, `care_homes`, `kindergartens` or `contaminated`.
    #[schema(example = "schools")]
    pub kind: &'static str,
    /// Metres; null where none is set and only what meets the land was judged.
    pub metres: Option<f64>,
    /// `parameter`, `protection_distance` or `unset`.
    #[schema(example = "unset")]
    pub source: &'static str,
    /// 说明
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

impl SitingDistance {
    /// How far it reached.
    pub fn of(kind: &'static str, reach: &Reach) -> SitingDistance {
        let (source, text) = match reach.metres {
            Some(metres) if reach.assessed_m == Some(metres) => (
                "protection_distance",
                Text::fixed("项目环评防护距离（申报）", "protection distance of the project's assessment, as stated"),
            ),
            Some(_) => ("parameter", Text::fixed("本地参数，非法定距离", "local parameter, not law")),
            None => ("unset", Text::fixed("距离参数未配置", "distance not set")),
        };
        SitingDistance { kind, metres: reach.metres, source, text_zh: text.zh.into(), text_en: text.en.into() }
    }
}

/// What is known of the place as regards one source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SitingCoverage {
    /// `reference:<kind>`, `siting_zones:<kind>`, `farmland`, `suspected_sites`, `contaminated_sites`, `key_units` or
    /// `approval_restrictions`.
    #[schema(example = "siting_zones:priority_farmland_concentration")]
    pub register: String,
    /// `recorded`: something stands in the answer; `none_found`: known for the place, and nothing met; `not_covered`: not
    /// known for all of the place, so that nothing met means nothing.
    #[schema(example = "not_covered")]
    pub status: &'static str,
    /// 状态
    pub status_zh: String,
    /// Status in English.
    pub status_en: String,
    /// Day of the source that says so; null where there is none.
    pub as_of: Option<Day>,
    /// Layers that say so.
    pub layers: Vec<String>,
}

impl SitingCoverage {
    /// What is known, by whether anything met and whether the source is complete for the place.
    pub fn of(
        register: String,
        recorded: bool,
        covered: bool,
        as_of: Option<Day>,
        layers: Vec<String>,
    ) -> SitingCoverage {
        let (status, text) = match (recorded, covered) {
            (true, _) => ("recorded", Text::fixed("有记录", "recorded")),
            (false, true) => ("none_found", Text::fixed("已覆盖，未命中", "covered, none found")),
            (false, false) => ("not_covered", Text::fixed("未覆盖，有无不详", "not covered, unknown")),
        };
        SitingCoverage { register, status, status_zh: text.zh.into(), status_en: text.en.into(), as_of, layers }
    }
}

/// Names of a verdict, an activity and a procedure in both languages.
pub fn names(verdict: Verdict, activity: Activity, procedure: Option<Procedure>) -> (Text, Text, Option<Text>) {
    (verdict.text(), activity.text(), procedure.map(Procedure::text))
}

/// Names of facilities on the wire.
pub fn facilities(kinds: &[Facility]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.as_str()).collect()
}
