//! Service: how a notice reached whom, and when. Receipt is what periods count from.

use crate::kernel::{Day, DocumentId, Fault, Text};

/// Ways that offices serve; others are taken in their own words.
pub const SERVICE_WAYS: [&str; 6] = ["直接送达", "留置送达", "委托送达", "邮寄送达", "公告送达", "电子送达"];

/// Longest way of service, characters.
const MAX_WAY: usize = 200;

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = NoticeStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Issued, not served.
    Issued,
    /// Served: on its way, the day of receipt not known yet.
    Served,
    /// Received.
    Received,
    /// Void, before it was served.
    Void,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [Status::Issued, Status::Served, Status::Received, Status::Void];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Issued => "issued",
            Status::Served => "served",
            Status::Received => "received",
            Status::Void => "void",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Status::Issued => Text::fixed("已签发，未送达", "Issued, not served"),
            Status::Served => Text::fixed("已送出，待签收", "Served, receipt not known yet"),
            Status::Received => Text::fixed("已签收", "Received"),
            Status::Void => Text::fixed("已作废", "Void"),
        }
    }

    /// What the days of a notice make of it.
    pub const fn of(served: bool, received: bool, voided: bool) -> Status {
        match (voided, received, served) {
            (true, ..) => Status::Void,
            (false, true, _) => Status::Received,
            (false, false, true) => Status::Served,
            (false, false, false) => Status::Issued,
        }
    }
}

/// What is told of a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// How.
    pub served_how: Option<String>,
    /// When it was handed over, left, posted, or published.
    pub served_on: Option<Day>,
    /// When it was received, or counts as received.
    pub received_on: Option<Day>,
    /// The proof.
    pub document_id: Option<DocumentId>,
}

/// A service whose facts are right in themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// How.
    pub how: String,
    /// When.
    pub served_on: Day,
    /// When it was received, where that is known.
    pub received_on: Option<Day>,
    /// The proof.
    pub proof: DocumentId,
}

/// Reads a service. What an earlier one said stands where this one says nothing: a letter is posted, and received later.
/// Nothing lies before the day of issue or after today, nor receipt before service.
///
/// # Errors
/// Every fault.
pub fn serve(given: Given, before: Option<(String, Day)>, issued_on: Day, today: Day) -> Result<Served, Vec<Fault>> {
    let mut faults = Vec::new();
    let missing =
        |pointer: &str, zh: &'static str, en: &'static str| Fault::new(pointer, "missing", Text::fixed(zh, en));
    let first = before.is_none();
    let (how_before, day_before) = before.unzip();
    let how = given.served_how.map(|how| how.trim().to_owned()).or(how_before);
    match &how {
        None => faults.push(missing("/served_how", "须填写送达方式。", "How it was served (`served_how`) is missing.")),
        Some(how) if how.is_empty() || how.chars().count() > MAX_WAY || how.chars().any(char::is_control) => {
            faults.push(Fault::new(
                "/served_how",
                "bad_text",
                Text::new(
                    format!("应为 1 至 {MAX_WAY} 个字符，不含控制字符。"),
                    format!("must have 1 to {MAX_WAY} characters, none of them control characters."),
                ),
            ));
        }
        Some(_) => {}
    }
    let served_on = given.served_on.or(day_before);
    if served_on.is_none() {
        faults.push(missing("/served_on", "须填写送达日期。", "The day of service (`served_on`) is missing."));
    }
    if !first && given.received_on.is_none() && given.served_on.is_none() {
        faults.push(missing("/received_on", "须填写签收日期。", "The day of receipt (`received_on`) is missing."));
    }
    if given.document_id.is_none() {
        faults.push(missing(
            "/document_id",
            "须附送达凭证（送达回证、邮寄回执、公告页等），请先上传文件。",
            "The proof of service (`document_id`) is missing; file it first.",
        ));
    }
    let days = [
        ("/served_on", given.served_on, issued_on),
        ("/received_on", given.received_on, served_on.unwrap_or(issued_on)),
    ];
    for (pointer, day, earliest) in days {
        let Some(day) = day else { continue };
        if day > today {
            faults.push(Fault::new(
                pointer,
                "in_the_future",
                Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
            ));
        } else if day < earliest {
            faults.push(Fault::new(
                pointer,
                "before_previous_event",
                Text::new(format!("不得早于 {earliest}。"), format!("Must not lie before {earliest}.")),
            ));
        }
    }
    match (how, served_on, given.document_id) {
        (Some(how), Some(served_on), Some(proof)) if faults.is_empty() => {
            Ok(Served { how, served_on, received_on: given.received_on, proof })
        }
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: Day = Day::of(2026, 5, 20);
    const TODAY: Day = Day::of(2026, 11, 21);

    fn given(served: Option<Day>, received: Option<Day>) -> Given {
        Given {
            served_how: Some("直接送达".to_owned()),
            served_on: served,
            received_on: received,
            document_id: Some(DocumentId(uuid::Uuid::nil())),
        }
    }

    fn codes(result: Result<Served, Vec<Fault>>) -> Vec<(String, &'static str)> {
        result.err().unwrap_or_default().into_iter().map(|f| (f.pointer, f.code)).collect()
    }

    #[test]
    fn a_service_needs_how_when_and_a_proof() {
        assert_eq!(
            codes(serve(Given::default(), None, ISSUED, TODAY)),
            [
                ("/served_how".to_owned(), "missing"),
                ("/served_on".to_owned(), "missing"),
                ("/document_id".to_owned(), "missing")
            ]
        );
        assert!(serve(given(Some(ISSUED), Some(ISSUED)), None, ISSUED, TODAY).is_ok());
    }

    #[test]
    fn days_stand_in_their_order() {
        let before = ISSUED.add_days(-1);
        assert_eq!(
            codes(serve(given(Some(before), None), None, ISSUED, TODAY)),
            [("/served_on".to_owned(), "before_previous_event")]
        );
        assert_eq!(
            codes(serve(given(Some(TODAY), Some(ISSUED)), None, ISSUED, TODAY)),
            [("/received_on".to_owned(), "before_previous_event")]
        );
        assert_eq!(
            codes(serve(given(Some(ISSUED), Some(TODAY.next())), None, ISSUED, TODAY)),
            [("/received_on".to_owned(), "in_the_future")]
        );
    }

    #[test]
    fn a_letter_is_posted_and_received_later() {
        let posted = serve(given(Some(ISSUED), None), None, ISSUED, TODAY).unwrap();
        assert_eq!(posted.received_on, None);
        let later = Given { served_how: None, ..given(None, Some(ISSUED.add_days(3))) };
        let received = serve(later, Some((posted.how, posted.served_on)), ISSUED, TODAY).unwrap();
        assert_eq!((received.how.as_str(), received.served_on), ("直接送达", ISSUED));
        assert_eq!(received.received_on, Some(ISSUED.add_days(3)));
        let nothing_new = Given { served_how: None, ..given(None, None) };
        assert_eq!(
            codes(serve(nothing_new, Some(("邮寄送达".to_owned(), ISSUED)), ISSUED, TODAY)),
            [("/received_on".to_owned(), "missing")]
        );
    }
}
