//! The kinds of notices, as data.

use crate::kernel::{Day, Provision, Text};
use crate::platform::Role;
use crate::registers::site::{ControlMode, EventType, Stage};
use crate::standards::law;
use Role::{CountyEcology, PrefectureEcology, ProvinceEcology};

/// A kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// 列入疑似污染地块名单告知书
    Listing,
    /// 土壤环境初步调查通知书
    PreliminarySurvey,
    /// 土壤环境详细调查通知书
    DetailedSurvey,
    /// 报告退回补正通知书
    Return,
    /// 停止建设通知书
    StopWork,
}

/// Until when the recipient has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing is asked by a day.
    None,
    /// A period of this clock's rule, from the receipt of the notice.
    FromReceipt(&'static str),
    /// A day that the bureau sets, because no article gives a period; it is kept by this clock.
    SetByBureau(&'static str),
    /// A day that the bureau may set.
    MayBeSet,
    /// At once.
    AtOnce,
}

/// At which stages a kind is issued, by whom and on what.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The rulebook's number of the step that it belongs to.
    pub rule: &'static str,
    /// Stages of the site.
    pub stages: &'static [Stage],
    /// Who issues it.
    pub issuers: &'static [Role],
    /// What it stands on.
    pub provisions: &'static [&'static Provision],
    /// The report that it is about, where it is about one.
    pub report: Option<Text>,
}

/// What is known of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Which.
    pub kind: NoticeKind,
    /// Its name on the wire.
    pub name: &'static str,
    /// Its word in numbers.
    pub mark: &'static str,
    /// What it is called.
    pub title: Text,
    /// Where it has its place.
    pub places: &'static [Place],
    /// What it stands on besides in some provinces: first two digits of the division, and the text there.
    pub regional: &'static [(&'static str, &'static Provision)],
    /// The first day on which the law lets it be issued, where an earlier text of its provisions does not.
    pub since: Option<Day>,
    /// Whether a reason must be given.
    pub needs_reason: bool,
    /// Until when.
    pub due: Due,
    /// What follows from not doing what it asks, where the law is known to say so.
    pub consequence: Option<&'static Provision>,
    /// The step of the site that its receipt is.
    pub step: Option<EventType>,
}

const CONTAINMENT: Stage = Stage::RiskControl(ControlMode::Containment);
const SAFE_USE: Stage = Stage::RiskControl(ControlMode::SafeUse);

/// County bureaus list and notify; where they are branches of the prefecture's bureau, that one may (Order 42 art. 4).
const COUNTY_OR_ITS_PREFECTURE: &[Role] = &[CountyEcology, PrefectureEcology];

/// Every kind, in the order of [`NoticeKind`].
pub static KINDS: [Kind; 5] = [
    Kind {
        kind: NoticeKind::Listing,
        name: "listing",
        mark: "名单",
        title: Text::fixed("列入疑似污染地块名单告知书", "Notice of Entry in the List of Suspected Sites"),
        places: &[Place {
            rule: "T2",
            stages: &[Stage::Suspected, Stage::PreliminarySurvey, Stage::PreliminaryReview],
            issuers: COUNTY_OR_ITS_PREFECTURE,
            provisions: &[&law::ORDER_42_2_3, &law::ORDER_42_12],
            report: None,
        }],
        regional: &[],
        since: None,
        needs_reason: false,
        due: Due::None,
        consequence: None,
        step: None,
    },
    Kind {
        kind: NoticeKind::PreliminarySurvey,
        name: "preliminary_survey",
        mark: "初调",
        title: Text::fixed("土壤环境初步调查通知书", "Notice of Preliminary Soil Survey"),
        places: &[Place {
            rule: "T3",
            stages: &[Stage::Suspected],
            issuers: COUNTY_OR_ITS_PREFECTURE,
            provisions: &[&law::ORDER_42_13],
            report: None,
        }],
        regional: &[("15", &law::PLAN_INNER_MONGOLIA_SIX_MONTHS)],
        since: None,
        needs_reason: false,
        due: Due::FromReceipt("preliminary_survey_six_months"),
        consequence: Some(&law::LAW_94_CODE_1165),
        step: Some(EventType::SurveyNoticeServed),
    },
    Kind {
        kind: NoticeKind::DetailedSurvey,
        name: "detailed_survey",
        mark: "详调",
        title: Text::fixed("土壤环境详细调查通知书", "Notice of Detailed Soil Survey"),
        places: &[Place {
            rule: "T8",
            stages: &[Stage::Contaminated],
            issuers: &[PrefectureEcology],
            provisions: &[&law::ORDER_42_14, &law::ORDER_42_16],
            report: None,
        }],
        regional: &[],
        since: None,
        needs_reason: false,
        due: Due::SetByBureau("detailed_survey_as_notified"),
        consequence: None,
        step: Some(EventType::DetailedNoticeServed),
    },
    // Who reviews a report returns it.
    Kind {
        kind: NoticeKind::Return,
        name: "return",
        mark: "退补",
        title: Text::fixed("报告退回补正通知书", "Notice of Return of a Report for Correction"),
        places: &[
            Place {
                rule: "T5",
                stages: &[Stage::PreliminaryReview, Stage::PreliminarySurvey],
                issuers: &[PrefectureEcology],
                provisions: &[&law::LAW_59_3_CODE_454_3],
                report: Some(Text::fixed("土壤环境初步调查报告", "preliminary survey report")),
            },
            Place {
                rule: "T11",
                stages: &[Stage::RiskAssessment],
                issuers: &[ProvinceEcology],
                provisions: &[&law::LAW_61_CODE_456],
                report: Some(Text::fixed("土壤污染风险评估报告", "risk assessment report")),
            },
            Place {
                rule: "T17",
                stages: &[Stage::EffectEvaluation],
                issuers: &[ProvinceEcology],
                provisions: &[&law::LAW_66_CODE_461],
                report: Some(Text::fixed("风险管控、修复效果评估报告", "effect evaluation report")),
            },
        ],
        regional: &[],
        since: None,
        needs_reason: true,
        due: Due::MayBeSet,
        consequence: None,
        step: None,
    },
    // The Law bars unrelated works; only the Code has those begun stopped, and bars them too where a duty was not done.
    Kind {
        kind: NoticeKind::StopWork,
        name: "stop_work",
        mark: "停建",
        title: Text::fixed("停止建设通知书", "Notice to Stop Construction"),
        places: &[Place {
            rule: "T18",
            stages: &[
                Stage::Suspected,
                Stage::PreliminarySurvey,
                Stage::PreliminaryReview,
                Stage::Contaminated,
                Stage::DetailedSurvey,
                Stage::RiskAssessment,
                Stage::Listed,
                CONTAINMENT,
                SAFE_USE,
                Stage::Remediation,
                Stage::EffectEvaluation,
            ],
            issuers: &[CountyEcology, PrefectureEcology, ProvinceEcology],
            provisions: &[&law::LAW_66_3_CODE_461_3],
            report: None,
        }],
        regional: &[],
        since: Some(law::CODE_IN_FORCE),
        needs_reason: true,
        due: Due::AtOnce,
        consequence: None,
        step: None,
    },
];

impl NoticeKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = NoticeKind> {
        KINDS.iter().map(|kind| kind.kind)
    }

    /// Its row.
    pub fn row(self) -> &'static Kind {
        &KINDS[self as usize]
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<NoticeKind> {
        NoticeKind::all().find(|kind| kind.as_str() == s)
    }
}

impl Kind {
    /// Its place at a stage.
    pub fn place(&self, stage: Stage) -> Option<&'static Place> {
        let places: &'static [Place] = self.kind.row().places;
        places.iter().find(|place| place.stages.contains(&stage))
    }

    /// The number of the `serial`-th notice of this kind of a division and year.
    pub fn number(&self, division: &str, year: i32, serial: i32) -> String {
        format!("{division}-{}-{year}-{serial:04}", self.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_rows_stand_in_the_order_of_the_type() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.kind as usize, at, "{}", kind.name);
            assert_eq!(NoticeKind::parse(kind.name), Some(kind.kind));
            assert_eq!(serde_json::to_value(kind.kind).unwrap(), kind.name);
        }
        let marks: BTreeSet<&str> = KINDS.iter().map(|kind| kind.mark).collect();
        assert_eq!(marks.len(), KINDS.len());
        assert_eq!(NoticeKind::PreliminarySurvey.row().number("152921", 2026, 1), "152921-初调-2026-0001");
    }

    #[test]
    fn every_place_has_issuers_and_ground_and_no_stage_has_two_places_of_a_kind() {
        for kind in &KINDS {
            for place in kind.places {
                assert!(!place.issuers.is_empty() && !place.provisions.is_empty(), "{}", kind.name);
                assert!(place.issuers.iter().all(|role| role.is_department()));
            }
            for stage in Stage::ALL {
                assert!(kind.places.iter().filter(|p| p.stages.contains(&stage)).count() <= 1, "{} {stage}", kind.name);
            }
        }
    }

    #[test]
    fn whoever_takes_the_step_issues_the_notice_of_it() {
        for (kind, expected) in [
            (NoticeKind::PreliminarySurvey, COUNTY_OR_ITS_PREFECTURE),
            (NoticeKind::DetailedSurvey, &[PrefectureEcology][..]),
        ] {
            assert!(kind.row().step.is_some());
            assert_eq!(kind.row().places[0].issuers, expected);
        }
    }
}
