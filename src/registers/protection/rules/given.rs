//! What a step of the follow-up says: read against what its kind needs, takes and refuses.

use super::step::EventType;
use crate::kernel::{Day, DocumentId, Fault, Text};

/// Longest number and text, characters.
const MAX_NAME: usize = 200;
const MAX_TEXT: usize = 2_000;

/// A step as sent: whatever was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The day on which it happened.
    pub occurred_on: Option<Day>,
    /// Number of the warning, or of the order.
    pub document_number: Option<String>,
    /// The paper.
    pub document_id: Option<DocumentId>,
    /// The day on which the county government was served.
    pub served_on: Option<Day>,
    /// The county's account.
    pub text: Option<String>,
    /// First day of the restriction.
    pub from: Option<Day>,
    /// Last day of it.
    pub to: Option<Day>,
    /// Why.
    pub reason: Option<String>,
    /// Anything worth remembering.
    pub note: Option<String>,
}

/// What an entry of the log says.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// With `issued` and `restricted`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document_number: Option<String>,
    /// The paper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document_id: Option<DocumentId>,
    /// With `issued`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served_on: Option<Day>,
    /// With `answered`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// With `restricted`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Day>,
    /// With `restricted`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<Day>,
    /// With `closed`, `entered_in_error`, and of the registry's own entries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Anything worth remembering.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// A text of 1 to `max` characters, else its fault.
pub fn text_fault(pointer: &str, text: &str, max: usize) -> Option<Fault> {
    let bad = text.trim().is_empty() || text.chars().count() > max || text.chars().any(|c| c.is_control() && c != '\n');
    bad.then(|| {
        Fault::new(
            pointer,
            "bad_text",
            Text::new(
                format!("应为 1 至 {max} 个字符，不含控制字符。"),
                format!("must have 1 to {max} characters, none of them control characters."),
            ),
        )
    })
}

fn missing(pointer: &str) -> Fault {
    Fault::new(pointer, "missing", Text::fixed("须填写。", "must be given."))
}

/// Reads a step: the day on which it happened, and its facts. Days lie neither in the future nor before `not_before`, the
/// day of the step that it follows; a restriction's may lie ahead.
///
/// # Errors
/// Every fault.
pub fn read(event: EventType, given: Given, not_before: Day, today: Day) -> Result<(Day, Facts), Vec<Fault>> {
    use EventType::{Answered, Closed, EnteredInError, Issued, Restricted};
    let mut faults = Vec::new();
    // Field, whether it is given, who takes it, who needs it.
    let fields: [(&str, bool, &[EventType], &[EventType]); 7] = [
        ("/document_number", given.document_number.is_some(), &[Issued, Restricted], &[Issued, Restricted]),
        ("/document_id", given.document_id.is_some(), &EventType::ALL, &[Issued, Answered, Restricted]),
        ("/served_on", given.served_on.is_some(), &[Issued], &[Issued]),
        ("/text", given.text.is_some(), &[Answered], &[Answered]),
        ("/from", given.from.is_some(), &[Restricted], &[Restricted]),
        ("/to", given.to.is_some(), &[Restricted], &[]),
        ("/reason", given.reason.is_some(), &[Closed, EnteredInError], &[Closed, EnteredInError]),
    ];
    for (pointer, is_given, takes, needs) in fields {
        if is_given && !takes.contains(&event) {
            faults.push(Fault::new(
                pointer,
                "not_of_this_event",
                Text::new(format!("“{}”不含此项。", event.title().zh), format!("`{event}` does not take this.")),
            ));
        } else if !is_given && needs.contains(&event) {
            faults.push(missing(pointer));
        }
    }
    let texts = [
        ("/document_number", &given.document_number, MAX_NAME),
        ("/text", &given.text, MAX_TEXT),
        ("/reason", &given.reason, MAX_TEXT),
        ("/note", &given.note, MAX_TEXT),
    ];
    for (pointer, text, max) in texts {
        faults.extend(text.as_ref().and_then(|text| text_fault(pointer, text, max)));
    }
    let days = [
        ("/occurred_on", given.occurred_on, Some(not_before), true),
        ("/served_on", given.served_on, given.occurred_on, true),
        ("/from", given.from, given.occurred_on, false),
        ("/to", given.to, given.from, false),
    ];
    for (pointer, day, earliest, past) in days {
        let Some(day) = day else { continue };
        if past && day > today {
            faults.push(Fault::new(
                pointer,
                "in_the_future",
                Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
            ));
        } else if let Some(earliest) = earliest.filter(|earliest| day < *earliest) {
            faults.push(Fault::new(
                pointer,
                "before_previous_event",
                Text::new(format!("不得早于 {earliest}。"), format!("Must not lie before {earliest}.")),
            ));
        }
    }
    let Some(on) = given.occurred_on else {
        faults.push(missing("/occurred_on"));
        return Err(faults);
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let facts = Facts {
        document_number: given.document_number,
        document_id: given.document_id,
        served_on: given.served_on,
        text: given.text,
        from: given.from,
        to: given.to,
        reason: given.reason,
        note: given.note,
    };
    Ok((on, facts))
}
