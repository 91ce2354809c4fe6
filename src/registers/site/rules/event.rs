//! An event of a site's life with its facts: read once from what was sent, right from then on.

use super::stage::RiskGrade;
use super::table::{Case, EventType, Publicity};
use crate::kernel::{Day, DocumentId, Fault, Text};

/// Characters of a text field at most: a reason is a paragraph, the rest belongs into a document.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// A field that an event may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Day on which the notice was received.
    ReceivedOn,
    /// Day on which the notice was issued.
    IssuedOn,
    /// How the notice was served.
    ServedHow,
    /// The document that proves it.
    DocumentId,
    /// What the review concluded.
    Conclusion,
    /// Risk grade of a contaminated site.
    RiskGrade,
    /// Class of GB 36600 that the conclusion holds for.
    AssessedClass,
    /// Why.
    Reason,
    /// Where it was published.
    Channel,
    /// Address of the publication.
    Url,
    /// First day of publication.
    From,
    /// Last day of publication.
    To,
    /// Which duty to publish it meets.
    Subject,
    /// Anything worth remembering.
    Note,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 14] = [
        Field::ReceivedOn,
        Field::IssuedOn,
        Field::ServedHow,
        Field::DocumentId,
        Field::Conclusion,
        Field::RiskGrade,
        Field::AssessedClass,
        Field::Reason,
        Field::Channel,
        Field::Url,
        Field::From,
        Field::To,
        Field::Subject,
        Field::Note,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Field::ReceivedOn => "received_on",
            Field::IssuedOn => "issued_on",
            Field::ServedHow => "served_how",
            Field::DocumentId => "document_id",
            Field::Conclusion => "conclusion",
            Field::RiskGrade => "risk_grade",
            Field::AssessedClass => "assessed_class",
            Field::Reason => "reason",
            Field::Channel => "channel",
            Field::Url => "url",
            Field::From => "from",
            Field::To => "to",
            Field::Subject => "subject",
            Field::Note => "note",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Field::ReceivedOn => Text::fixed("签收日期", "day of receipt"),
            Field::IssuedOn => Text::fixed("发文日期", "day of issue"),
            Field::ServedHow => Text::fixed("送达方式", "how it was served"),
            Field::DocumentId => Text::fixed("文件", "document"),
            Field::Conclusion => Text::fixed("评审结论", "conclusion"),
            Field::RiskGrade => Text::fixed("风险等级", "risk grade"),
            Field::AssessedClass => Text::fixed("评价所依据的用地类别", "land class assessed"),
            Field::Reason => Text::fixed("原因", "reason"),
            Field::Channel => Text::fixed("公开渠道", "channel"),
            Field::Url => Text::fixed("公开网址", "address of the publication"),
            Field::From => Text::fixed("公开起始日", "first day of publication"),
            Field::To => Text::fixed("公开截止日", "last day of publication"),
            Field::Subject => Text::fixed("公开事项", "what was published"),
            Field::Note => Text::fixed("备注", "note"),
        }
    }

    fn pointer(self) -> String {
        format!("/{}", self.as_str())
    }
}

/// Whether an event must carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Required,
    /// It may.
    Optional,
    /// With this conclusion; with another it may not.
    RequiredWith(Case),
    /// It may with this conclusion; with another it may not.
    OptionalWith(Case),
}

/// A field of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Which.
    pub field: Field,
    /// Whether it must be there.
    pub need: Need,
}

/// Class of GB 36600 (第一类用地, 第二类用地).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessedClass {
    /// 第一类用地: housing, schools, hospitals, welfare, community parks
    #[serde(rename = "class_1")]
    Class1,
    /// 第二类用地: the others
    #[serde(rename = "class_2")]
    Class2,
}

impl AssessedClass {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            AssessedClass::Class1 => "class_1",
            AssessedClass::Class2 => "class_2",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<AssessedClass> {
        [AssessedClass::Class1, AssessedClass::Class2].into_iter().find(|c| c.as_str() == s)
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            AssessedClass::Class1 => Text::fixed("第一类用地", "class 1 land"),
            AssessedClass::Class2 => Text::fixed("第二类用地", "class 2 land"),
        }
    }
}

/// What was sent for an event, before it is known to be right: any field may be missing, or be there for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// See [`Field::ReceivedOn`].
    pub received_on: Option<Day>,
    /// See [`Field::IssuedOn`].
    pub issued_on: Option<Day>,
    /// See [`Field::ServedHow`].
    pub served_how: Option<String>,
    /// See [`Field::DocumentId`].
    pub document_id: Option<DocumentId>,
    /// See [`Field::Conclusion`]; a wire name of [`Case`].
    pub conclusion: Option<String>,
    /// See [`Field::RiskGrade`]; a wire name of [`RiskGrade`] or the Chinese word.
    pub risk_grade: Option<String>,
    /// See [`Field::AssessedClass`]; a wire name of [`AssessedClass`].
    pub assessed_class: Option<String>,
    /// See [`Field::Reason`].
    pub reason: Option<String>,
    /// See [`Field::Channel`].
    pub channel: Option<String>,
    /// See [`Field::Url`].
    pub url: Option<String>,
    /// See [`Field::From`].
    pub from: Option<Day>,
    /// See [`Field::To`].
    pub to: Option<Day>,
    /// See [`Field::Subject`]; a wire name of [`Publicity`].
    pub subject: Option<String>,
    /// See [`Field::Note`].
    pub note: Option<String>,
}

/// What the review of a preliminary report concluded, with what belongs to each conclusion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "conclusion", rename_all = "snake_case")]
pub enum Conclusion {
    /// 非污染地块
    NotContaminated {
        /// The land class that the conclusion holds for, where it was said.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assessed_class: Option<AssessedClass>,
    },
    /// 污染地块
    Contaminated {
        /// The grade it is entered with in the directory.
        risk_grade: RiskGrade,
    },
    /// 退回
    Returned {
        /// What the report lacks.
        reason: String,
    },
}

impl Conclusion {
    /// Which of the three.
    pub fn case(&self) -> Case {
        match self {
            Conclusion::NotContaminated { .. } => Case::NotContaminated,
            Conclusion::Contaminated { .. } => Case::Contaminated,
            Conclusion::Returned { .. } => Case::Returned,
        }
    }
}

/// An event with its facts. As stored, it is an object with `type` and the fields of that type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// 列入疑似污染地块名单
    SuspectedListed {
        /// The decision, where there is one on paper.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Why it is suspected.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 送达初步调查书面通知
    SurveyNoticeServed {
        /// Day of receipt, which the period counts from.
        received_on: Day,
        /// Day of issue, not after that of receipt.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issued_on: Option<Day>,
        /// How, in the office's words (直接送达, 邮寄送达 …).
        served_how: String,
        /// The notice with proof of receipt.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 提交初步调查报告
    PreliminaryReportSubmitted {
        /// The report.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 评审初步调查报告
    PreliminaryReportReviewed {
        /// What was concluded.
        #[serde(flatten)]
        conclusion: Conclusion,
        /// The review's opinion.
        document_id: DocumentId,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 信息公开
    Disclosed {
        /// Website, gazette, notice board …, in the office's words.
        channel: String,
        /// Address, `http` or `https`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        url: Option<String>,
        /// First day.
        from: Day,
        /// Last day, not before the first; open when missing.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<Day>,
        /// The duty it meets; when missing, every duty that whoever discloses has then.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        subject: Option<Publicity>,
        /// Proof of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// 误录作废
    EnteredInError {
        /// What was wrong.
        reason: String,
        /// Proof of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        document_id: Option<DocumentId>,
        /// Anything worth remembering.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
}

impl Event {
    /// Which event type it is.
    pub fn event_type(&self) -> EventType {
        match self {
            Event::SuspectedListed { .. } => EventType::SuspectedListed,
            Event::SurveyNoticeServed { .. } => EventType::SurveyNoticeServed,
            Event::PreliminaryReportSubmitted { .. } => EventType::PreliminaryReportSubmitted,
            Event::PreliminaryReportReviewed { .. } => EventType::PreliminaryReportReviewed,
            Event::Disclosed { .. } => EventType::Disclosed,
            Event::EnteredInError { .. } => EventType::EnteredInError,
        }
    }

    /// Its conclusion, where it carries one.
    pub fn case(&self) -> Option<Case> {
        match self {
            Event::PreliminaryReportReviewed { conclusion, .. } => Some(conclusion.case()),
            _ => None,
        }
    }

    /// The document it names, which must be on file.
    pub fn document_id(&self) -> Option<DocumentId> {
        match self {
            Event::SurveyNoticeServed { document_id, .. }
            | Event::PreliminaryReportSubmitted { document_id, .. }
            | Event::PreliminaryReportReviewed { document_id, .. } => Some(*document_id),
            Event::SuspectedListed { document_id, .. }
            | Event::Disclosed { document_id, .. }
            | Event::EnteredInError { document_id, .. } => *document_id,
        }
    }

    /// Reads what was sent for an event of this type, naming everything that is wrong at once.
    ///
    /// # Errors
    /// One fault per missing field, field that does not belong, value outside its list, blank or overlong text, day out of
    /// order within the event.
    pub fn read(event_type: EventType, draft: Draft) -> Result<Event, Vec<Fault>> {
        let mut reader = Reader { draft, faults: Vec::new() };
        reader.check_presence(event_type);
        let event = reader.build(event_type);
        match event {
            Some(event) if reader.faults.is_empty() => Ok(event),
            _ => Err(reader.faults),
        }
    }
}

impl Draft {
    /// Whether the field is there.
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::ReceivedOn => self.received_on.is_some(),
            Field::IssuedOn => self.issued_on.is_some(),
            Field::ServedHow => self.served_how.is_some(),
            Field::DocumentId => self.document_id.is_some(),
            Field::Conclusion => self.conclusion.is_some(),
            Field::RiskGrade => self.risk_grade.is_some(),
            Field::AssessedClass => self.assessed_class.is_some(),
            Field::Reason => self.reason.is_some(),
            Field::Channel => self.channel.is_some(),
            Field::Url => self.url.is_some(),
            Field::From => self.from.is_some(),
            Field::To => self.to.is_some(),
            Field::Subject => self.subject.is_some(),
            Field::Note => self.note.is_some(),
        }
    }
}

struct Reader {
    draft: Draft,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, field: Field, code: &'static str, message: Text) {
        self.faults.push(Fault::new(field.pointer(), code, message));
    }

    fn check_presence(&mut self, event_type: EventType) {
        let kind = event_type.kind();
        let case = self.draft.conclusion.as_deref().and_then(Case::parse);
        for rule in kind.fields {
            let (field, there) = (rule.field, self.draft.has(rule.field));
            let missing = match rule.need {
                Need::Required => !there,
                Need::Optional | Need::OptionalWith(_) => false,
                Need::RequiredWith(with) => case == Some(with) && !there,
            };
            let idle = match rule.need {
                Need::RequiredWith(with) | Need::OptionalWith(with) => there && case.is_some_and(|c| c != with),
                Need::Required | Need::Optional => false,
            };
            if missing {
                let (title, event) = (field.title(), &kind.title);
                let (why_zh, why_en) = match field {
                    Field::ReceivedOn => ("，期限自签收之日起算", ": the period counts from receipt"),
                    _ => ("", ""),
                };
                self.fault(
                    field,
                    "missing",
                    Text::new(
                        format!("“{}”须填写{}{why_zh}。", event.zh, title.zh),
                        format!("\"{}\" needs the {} (`{}`){why_en}.", event.en, title.en, field.as_str()),
                    ),
                );
            } else if idle {
                self.unexpected(field, "此结论不带该项。", "This conclusion does not carry this field.");
            }
        }
        for field in Field::ALL {
            if self.draft.has(field) && !kind.fields.iter().any(|rule| rule.field == field) {
                self.unexpected(field, "此类事件不带该项。", "This event type does not carry this field.");
            }
        }
    }

    fn unexpected(&mut self, field: Field, zh: &'static str, en: &'static str) {
        self.fault(field, "unexpected_field", Text::fixed(zh, en));
    }

    /// A text that is there, trimmed; blank and overlong ones are faults.
    fn text(&mut self, field: Field, value: Option<String>) -> Option<String> {
        let value = value?;
        let trimmed = value.trim();
        if trimmed.is_empty() {
            self.fault(field, "blank", Text::fixed("不能为空白。", "Must not be blank."));
            return None;
        }
        if trimmed.chars().count() > MAX_TEXT_CHARS {
            self.fault(
                field,
                "too_long",
                Text::new(format!("不得超过 {MAX_TEXT_CHARS} 字。"), format!("At most {MAX_TEXT_CHARS} characters.")),
            );
            return None;
        }
        Some(trimmed.to_owned())
    }

    /// A word out of a list.
    fn word<T>(
        &mut self,
        field: Field,
        value: Option<String>,
        parse: impl Fn(&str) -> Option<T>,
        allowed: &str,
    ) -> Option<T> {
        let value = value?;
        let word = parse(value.trim());
        if word.is_none() {
            self.fault(
                field,
                "not_in_list",
                Text::new(format!("只能是：{allowed}。"), format!("Must be one of: {allowed}.")),
            );
        }
        word
    }

    /// `None` only where a fault was noted.
    fn build(&mut self, event_type: EventType) -> Option<Event> {
        let draft = std::mem::take(&mut self.draft);
        let document_id = draft.document_id;
        let note = self.text(Field::Note, draft.note);
        match event_type {
            EventType::SuspectedListed => {
                let reason = self.text(Field::Reason, draft.reason);
                Some(Event::SuspectedListed { document_id, reason, note })
            }
            EventType::SurveyNoticeServed => {
                if let (Some(received), Some(issued)) = (draft.received_on, draft.issued_on)
                    && received < issued
                {
                    self.fault(
                        Field::ReceivedOn,
                        "received_before_issued",
                        Text::new(
                            format!("签收日期不得早于发文日期 {issued}。"),
                            format!("The day of receipt must not lie before the day of issue, {issued}."),
                        ),
                    );
                }
                let served_how = self.text(Field::ServedHow, draft.served_how);
                Some(Event::SurveyNoticeServed {
                    received_on: draft.received_on?,
                    issued_on: draft.issued_on,
                    served_how: served_how?,
                    document_id: document_id?,
                    note,
                })
            }
            EventType::PreliminaryReportSubmitted => {
                Some(Event::PreliminaryReportSubmitted { document_id: document_id?, note })
            }
            EventType::PreliminaryReportReviewed => {
                let case = self.word(
                    Field::Conclusion,
                    draft.conclusion,
                    Case::parse,
                    "not_contaminated, contaminated, returned",
                );
                let risk_grade = self.word(Field::RiskGrade, draft.risk_grade, RiskGrade::parse, "high, medium, low");
                let assessed_class =
                    self.word(Field::AssessedClass, draft.assessed_class, AssessedClass::parse, "class_1, class_2");
                let reason = self.text(Field::Reason, draft.reason);
                let conclusion = match case? {
                    Case::NotContaminated => Conclusion::NotContaminated { assessed_class },
                    Case::Contaminated => Conclusion::Contaminated { risk_grade: risk_grade? },
                    Case::Returned => Conclusion::Returned { reason: reason? },
                };
                Some(Event::PreliminaryReportReviewed { conclusion, document_id: document_id?, note })
            }
            EventType::Disclosed => {
                let channel = self.text(Field::Channel, draft.channel);
                let url = self.text(Field::Url, draft.url);
                if url.as_deref().is_some_and(|url| !is_web_address(url)) {
                    self.fault(
                        Field::Url,
                        "not_a_web_address",
                        Text::fixed("须为 http:// 或 https:// 开头的网址。", "Must be an http:// or https:// address."),
                    );
                }
                if let (Some(from), Some(to)) = (draft.from, draft.to)
                    && to < from
                {
                    self.fault(
                        Field::To,
                        "ends_before_it_starts",
                        Text::new(
                            format!("公开截止日不得早于起始日 {from}。"),
                            format!("The last day must not lie before the first, {from}."),
                        ),
                    );
                }
                let subject = self.word(
                    Field::Subject,
                    draft.subject,
                    |s| Publicity::ALL.into_iter().find(|p| p.as_str() == s),
                    "preliminary_report, contaminated_directory",
                );
                Some(Event::Disclosed {
                    channel: channel?,
                    url,
                    from: draft.from?,
                    to: draft.to,
                    subject,
                    document_id,
                    note,
                })
            }
            EventType::EnteredInError => {
                let reason = self.text(Field::Reason, draft.reason);
                Some(Event::EnteredInError { reason: reason?, document_id, note })
            }
            // Types whose step the registry does not take have no facts to read; the step itself refuses them by name.
            EventType::DetailedNoticeServed
            | EventType::DetailedReportSubmitted
            | EventType::RiskAssessmentSubmitted
            | EventType::RiskAssessmentReviewed
            | EventType::ControlPlanFiled
            | EventType::ControlZoneApproved
            | EventType::RemediationPlanFiled
            | EventType::WorksStarted
            | EventType::SoilTransportReported
            | EventType::WorksCompleted
            | EventType::EffectReportSubmitted
            | EventType::EffectReviewed
            | EventType::AftercareStarted
            | EventType::AftercareEnded
            | EventType::SpreadReported
            | EventType::EmergencyReported
            | EventType::LiablePartyChanged
            | EventType::DeadlineExtended => {
                self.faults.push(Fault::new(
                    "/type",
                    "step_not_taken",
                    Text::fixed("本系统尚不办理此类事件。", "This registry does not take events of this type."),
                ));
                None
            }
        }
    }
}

fn is_web_address(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
