//! What a step says: read against what its kind needs, takes and refuses.

use super::proposal::text_fault;
use super::step::EventType;
use crate::kernel::{Day, DocumentId, Fault, Text};

/// Longest number, name of a person or receipt, characters.
const MAX_NAME: usize = 200;

/// National systems that results are uploaded to; their names vary from document to document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// 全国土壤环境信息化管理平台
    SoilPlatform,
    /// 全国农用地土壤环境管理信息系统
    FarmlandSoilSystem,
    /// 农用地环境信息系统
    FarmlandSystem,
}

impl System {
    /// Every system.
    pub const ALL: [System; 3] = [System::SoilPlatform, System::FarmlandSoilSystem, System::FarmlandSystem];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            System::SoilPlatform => "soil_platform",
            System::FarmlandSoilSystem => "farmland_soil_system",
            System::FarmlandSystem => "farmland_system",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            System::SoilPlatform => {
                Text::fixed("全国土壤环境信息化管理平台", "National Soil Environment Information Platform")
            }
            System::FarmlandSoilSystem => Text::fixed(
                "全国农用地土壤环境管理信息系统",
                "National Information System for the Soil Environment of Agricultural Land",
            ),
            System::FarmlandSystem => {
                Text::fixed("农用地环境信息系统", "Information System for the Environment of Agricultural Land")
            }
        }
    }

    /// Reads a wire name or the Chinese name.
    pub fn parse(s: &str) -> Option<System> {
        System::ALL.into_iter().find(|system| system.as_str() == s || system.title().zh == s)
    }
}

/// Review of the limits of the units, by a named person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BoundaryReview {
    /// Who reviewed them.
    pub reviewer: String,
    /// When.
    pub reviewed_on: Day,
    /// The record of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document_id: Option<DocumentId>,
}

/// A step as sent: whatever was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The day on which it happened.
    pub occurred_on: Option<Day>,
    /// Who reviewed the limits, when, with which paper.
    pub boundary_review: Option<(Option<String>, Option<Day>, Option<DocumentId>)>,
    /// Number of the approval.
    pub approval_number: Option<String>,
    /// Day of the approval.
    pub approved_on: Option<Day>,
    /// The national system.
    pub system: Option<String>,
    /// Its receipt.
    pub receipt: Option<String>,
    /// Day of the upload.
    pub uploaded_on: Option<Day>,
    /// The paper.
    pub document_id: Option<DocumentId>,
    /// Why.
    pub reason: Option<String>,
    /// Whether units, their confirmation, evidence or a first day are given anew.
    pub anew: bool,
    /// Anything worth remembering.
    pub note: Option<String>,
}

/// What an entry of the log says.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// With `county_agreed`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub boundary_review: Option<BoundaryReview>,
    /// With `province_approved`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approval_number: Option<String>,
    /// With `province_approved`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved_on: Option<Day>,
    /// With `uploaded`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub system: Option<System>,
    /// With `uploaded`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub receipt: Option<String>,
    /// With `uploaded`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uploaded_on: Option<Day>,
    /// The paper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document_id: Option<DocumentId>,
    /// With `returned` and `entered_in_error`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Anything worth remembering.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

impl Facts {
    /// The papers that it names, with their places in the request.
    pub fn documents(&self) -> impl Iterator<Item = (&'static str, DocumentId)> {
        let review = self.boundary_review.as_ref().and_then(|review| review.document_id);
        let pairs = [("/document_id", self.document_id), ("/boundary_review/document_id", review)];
        pairs.into_iter().filter_map(|(pointer, id)| Some((pointer, id?)))
    }
}

fn missing(pointer: &str) -> Fault {
    Fault::new(pointer, "missing", Text::fixed("须填写。", "must be given."))
}

/// A name or number of 1 to 200 characters.
fn name(pointer: &str, given: Option<String>, faults: &mut Vec<Fault>) -> Option<String> {
    let Some(text) = given else {
        faults.push(missing(pointer));
        return None;
    };
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        faults.push(Fault::new(
            pointer,
            "bad_text",
            Text::new(
                format!("应为 1 至 {MAX_NAME} 个字符，不含控制字符。"),
                format!("must have 1 to {MAX_NAME} characters, none of them control characters."),
            ),
        ));
        return None;
    }
    Some(text)
}

/// Reads a step: the day on which it happened, and its facts. Days lie neither in the future nor before `not_before`, the
/// day of the step that it follows.
///
/// # Errors
/// Every fault.
pub fn read(event: EventType, given: Given, not_before: Day, today: Day) -> Result<(Day, Facts), Vec<Fault>> {
    let mut faults = Vec::new();
    let no_place = [
        ("/boundary_review", given.boundary_review.is_some(), event == EventType::CountyAgreed),
        ("/approval_number", given.approval_number.is_some(), event == EventType::ProvinceApproved),
        ("/approved_on", given.approved_on.is_some(), event == EventType::ProvinceApproved),
        ("/system", given.system.is_some(), event == EventType::Uploaded),
        ("/receipt", given.receipt.is_some(), event == EventType::Uploaded),
        ("/uploaded_on", given.uploaded_on.is_some(), event == EventType::Uploaded),
        ("/reason", given.reason.is_some(), matches!(event, EventType::Returned | EventType::EnteredInError)),
        ("/units", given.anew, event == EventType::Resubmitted),
    ];
    for (pointer, is_given, has_place) in no_place {
        if is_given && !has_place {
            faults.push(Fault::new(
                pointer,
                "not_of_this_event",
                Text::new(format!("“{}”不含此项。", event.title().zh), format!("`{event}` does not take this.")),
            ));
        }
    }
    let mut facts = Facts { document_id: given.document_id, ..Facts::default() };
    let mut days = vec![("/occurred_on", given.occurred_on, not_before)];
    match event {
        EventType::CountyAgreed => match given.boundary_review {
            None => faults.push(missing("/boundary_review")),
            Some((reviewer, reviewed_on, document_id)) => {
                let reviewer = name("/boundary_review/reviewer", reviewer, &mut faults);
                // The field may have been walked before the proposal was written.
                days.push(("/boundary_review/reviewed_on", reviewed_on, Day::of(1900, 1, 1)));
                if let (Some(reviewer), Some(reviewed_on)) = (reviewer, reviewed_on) {
                    facts.boundary_review = Some(BoundaryReview { reviewer, reviewed_on, document_id });
                }
            }
        },
        EventType::ProvinceApproved => {
            facts.approval_number = name("/approval_number", given.approval_number, &mut faults);
            days.push(("/approved_on", given.approved_on, not_before));
            facts.approved_on = given.approved_on;
        }
        EventType::Uploaded => {
            facts.system = match given.system.as_deref().map(System::parse) {
                None => {
                    faults.push(missing("/system"));
                    None
                }
                Some(None) => {
                    let names = System::ALL.map(System::as_str).join(", ");
                    faults.push(Fault::new(
                        "/system",
                        "not_in_list",
                        Text::new(format!("不在取值范围内：{names}。"), format!("is none of: {names}.")),
                    ));
                    None
                }
                Some(found) => found,
            };
            facts.receipt = name("/receipt", given.receipt, &mut faults);
            days.push(("/uploaded_on", given.uploaded_on, not_before));
            facts.uploaded_on = given.uploaded_on;
        }
        EventType::Returned | EventType::EnteredInError => match given.reason {
            None => faults.push(missing("/reason")),
            Some(reason) => {
                faults.extend(text_fault("/reason", &reason));
                facts.reason = Some(reason.trim().to_owned());
            }
        },
        EventType::Proposed | EventType::PrefectureAgreed | EventType::Resubmitted => {}
    }
    if let Some(note) = given.note {
        faults.extend(text_fault("/note", &note));
        facts.note = Some(note);
    }
    for (pointer, day, earliest) in days {
        match day {
            None => faults.push(missing(pointer)),
            Some(day) if day > today => faults.push(Fault::new(
                pointer,
                "in_the_future",
                Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
            )),
            Some(day) if day < earliest => faults.push(Fault::new(
                pointer,
                "before_previous_event",
                Text::new(format!("不得早于 {earliest}。"), format!("Must not lie before {earliest}.")),
            )),
            Some(_) => {}
        }
    }
    match given.occurred_on {
        Some(on) if faults.is_empty() => Ok((on, facts)),
        _ => Err(faults),
    }
}
