//! The life cycle as tests: each transition taken and refused, the table stage × event as text, and what must hold for any
//! sequence of events.

use super::step::{Standing, cases};
use super::table::{KINDS, TRANSITIONS, Taken};
use super::*;
use crate::kernel::{Day, DocumentId, Error, Kind};
use crate::platform::Role;
use proptest::prelude::*;
use std::fmt::Write as _;

const TODAY: Day = Day::of(2026, 11, 21);
const LISTED: Day = Day::of(2026, 5, 6);
const RECEIVED: Day = Day::of(2026, 5, 21);
const SUBMITTED: Day = Day::of(2026, 9, 1);
const REVIEWED: Day = Day::of(2026, 9, 20);

fn document(n: u128) -> DocumentId {
    DocumentId(uuid::Uuid::from_u128(n))
}

fn listing() -> Draft {
    Draft::default()
}

fn notice() -> Draft {
    Draft {
        received_on: Some(RECEIVED),
        served_how: Some("直接送达".into()),
        document_id: Some(document(1)),
        ..Draft::default()
    }
}

fn report() -> Draft {
    Draft { document_id: Some(document(2)), ..Draft::default() }
}

fn review(case: Case) -> Draft {
    let draft = Draft { conclusion: Some(case.as_str().into()), document_id: Some(document(3)), ..Draft::default() };
    match case {
        Case::NotContaminated => Draft { assessed_class: Some("class_2".into()), ..draft },
        Case::Contaminated => Draft { risk_grade: Some("high".into()), ..draft },
        Case::Returned => Draft { reason: Some("缺少检测报告".into()), ..draft },
    }
}

fn disclosure() -> Draft {
    Draft {
        channel: Some("网站".into()),
        url: Some("https://example.org/notice".into()),
        from: Some(REVIEWED),
        ..Draft::default()
    }
}

fn mistake() -> Draft {
    Draft { reason: Some("地块选错".into()), ..Draft::default() }
}

/// A right draft of each type that is taken.
fn sample(event_type: EventType, case: Option<Case>) -> Draft {
    match (event_type, case) {
        (EventType::SuspectedListed, _) => listing(),
        (EventType::SurveyNoticeServed, _) => notice(),
        (EventType::PreliminaryReportSubmitted, _) => report(),
        (EventType::PreliminaryReportReviewed, Some(case)) => review(case),
        (EventType::Disclosed, _) => disclosure(),
        (EventType::EnteredInError, _) => mistake(),
        _ => Draft::default(),
    }
}

/// A log being written.
#[derive(Clone)]
struct Log {
    state: SiteState,
    entries: Vec<Entry>,
    effects: Vec<Vec<Effect>>,
}

impl Log {
    fn new() -> Log {
        Log { state: SiteState::candidate(), entries: Vec::new(), effects: Vec::new() }
    }

    fn enter(&mut self, event_type: EventType, draft: Draft, on: Day, actor: Role) -> Result<Step, Refusal> {
        let (event, step) = take(&self.state, event_type, draft, on, TODAY, actor)?;
        self.entries.push(Entry { seq: step.state.recorded(), event, occurred_on: on, day_assumed: false, actor });
        self.state = step.state.clone();
        self.effects.push(step.effects.clone());
        Ok(step)
    }

    fn with(mut self, event_type: EventType, draft: Draft, on: Day, actor: Role) -> Log {
        self.enter(event_type, draft, on, actor).unwrap();
        self
    }

    fn suspected() -> Log {
        Log::new().with(EventType::SuspectedListed, listing(), LISTED, Role::CountyEcology)
    }

    fn in_survey() -> Log {
        Log::suspected().with(EventType::SurveyNoticeServed, notice(), RECEIVED, Role::CountyEcology)
    }

    fn in_review() -> Log {
        Log::in_survey().with(EventType::PreliminaryReportSubmitted, report(), SUBMITTED, Role::LandUser)
    }

    fn concluded(case: Case) -> Log {
        Log::in_review().with(EventType::PreliminaryReportReviewed, review(case), REVIEWED, Role::PrefectureEcology)
    }

    fn voided(self, on: Day, actor: Role) -> Log {
        self.with(EventType::EnteredInError, mistake(), on, actor)
    }

    fn last_effects(&self) -> &[Effect] {
        self.effects.last().unwrap()
    }
}

const CLOCK: StatutoryClock = StatutoryClock::PreliminarySurveySixMonths;

fn faults(refusal: Refusal) -> Vec<(String, &'static str)> {
    let error = Error::from(refusal);
    assert_eq!(error.kind(), Kind::Invalid);
    error.faults().iter().map(|f| (f.pointer.clone(), f.code)).collect()
}

// T2, Order 42 art. 12

#[test]
fn t2_listing_puts_a_candidate_on_the_county_list() {
    let log = Log::suspected();
    assert_eq!(log.state.stage(), Stage::Suspected);
    assert_eq!(log.last_effects(), [Effect::ListEntered { list: List::SuspectedList }]);
}

#[test]
fn t2_listing_twice_is_refused_with_what_the_stage_has_and_the_article() {
    let mut log = Log::suspected();
    let refusal = log.enter(EventType::SuspectedListed, listing(), LISTED, Role::CountyEcology).unwrap_err();
    let error = Error::from(refusal);
    assert_eq!((error.kind(), error.code(), error.rule()), (Kind::Conflict, "step_not_allowed", Some("T2")));
    assert_eq!(error.allowed(), ["survey_notice_served", "disclosed", "entered_in_error"]);
    assert_eq!(error.citations()[0].article, "12");
    assert!(error.detail().zh.contains("线索") && error.detail().en.contains("Candidate"));
}

#[test]
fn t2_registering_as_suspected_without_the_day_lets_earlier_days_follow() {
    let (entry, step) = registered_as_suspected(None, TODAY, Role::CountyEcology).unwrap();
    assert!(entry.day_assumed && entry.occurred_on == TODAY);
    assert_eq!((step.new_stage(), step.state.last_on()), (Stage::Suspected, None));
    assert!(take(&step.state, EventType::SurveyNoticeServed, notice(), RECEIVED, TODAY, Role::CountyEcology).is_ok());
    assert_eq!(replay(&[entry]).unwrap().state, step.state);

    let (entry, step) = registered_as_suspected(Some(LISTED), TODAY, Role::CountyEcology).unwrap();
    assert!(!entry.day_assumed);
    assert_eq!(step.state.last_on(), Some(LISTED));
    assert!(matches!(registered_as_suspected(None, TODAY, Role::Planning).unwrap_err(), Refusal::OtherRole { .. }));
}

// T3, Order 42 art. 13

#[test]
fn t3_the_notice_starts_six_months_with_its_receipt() {
    let log = Log::in_survey();
    assert_eq!(log.state.stage(), Stage::PreliminarySurvey);
    assert_eq!(
        log.last_effects(),
        [Effect::DeadlineOpened {
            rule: CLOCK,
            start_on: RECEIVED,
            start_from: StartFrom::Receipt,
            responsible: Role::LandUser
        }]
    );
}

#[test]
fn t3_is_not_taken_without_a_day_of_receipt_whatever_day_of_issue_it_has() {
    let draft = Draft { received_on: None, issued_on: Some(RECEIVED), ..notice() };
    let refusal =
        Log::suspected().enter(EventType::SurveyNoticeServed, draft, RECEIVED, Role::CountyEcology).unwrap_err();
    assert_eq!(refusal.citations()[0].article, "13");
    assert_eq!(faults(refusal), [("/received_on".to_owned(), "missing")]);
}

#[test]
fn t3_names_everything_that_is_missing_at_once() {
    let refusal = Log::suspected()
        .enter(EventType::SurveyNoticeServed, Draft::default(), RECEIVED, Role::CountyEcology)
        .unwrap_err();
    assert_eq!(refusal.citations()[0].article, "13");
    assert_eq!(
        faults(refusal),
        [
            ("/received_on".to_owned(), "missing"),
            ("/served_how".to_owned(), "missing"),
            ("/document_id".to_owned(), "missing")
        ]
    );
}

#[test]
fn t3_refuses_days_that_cannot_be() {
    let serve = |draft| {
        Log::suspected().enter(EventType::SurveyNoticeServed, draft, TODAY, Role::CountyEcology).map_err(faults)
    };
    let one = |pointer: &str, code| Err(vec![(pointer.to_owned(), code)]);
    assert_eq!(
        serve(Draft { received_on: Some(TODAY.next()), ..notice() }).map(|_| ()),
        one("/received_on", "in_the_future")
    );
    assert_eq!(
        serve(Draft { received_on: Some(LISTED.add_days(-1)), ..notice() }).map(|_| ()),
        one("/received_on", "before_previous_event")
    );
    assert_eq!(
        serve(Draft { issued_on: Some(RECEIVED.next()), ..notice() }).map(|_| ()),
        one("/received_on", "received_before_issued")
    );
    assert_eq!(serve(Draft { received_on: Some(LISTED), ..notice() }).map(|_| ()), Ok(()));
}

#[test]
fn t3_is_for_the_ecology_bureaus_and_says_so_in_both_languages() {
    let refusal =
        Log::suspected().enter(EventType::SurveyNoticeServed, notice(), RECEIVED, Role::LandUser).unwrap_err();
    let error = Error::from(refusal);
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "other_role_must_act"));
    assert!(error.detail().zh.contains("县级生态环境部门") && error.detail().en.contains("County ecology bureau"));
    assert_eq!(error.rule(), Some("T3"));
}

#[test]
fn a_step_that_the_stage_does_not_have_is_refused_before_the_role_is_asked() {
    let refusal = Log::new().enter(EventType::SurveyNoticeServed, notice(), RECEIVED, Role::LandUser).unwrap_err();
    assert!(matches!(refusal, Refusal::NotAllowed { stage: Stage::Candidate, .. }));
}

// T4

#[test]
fn t4_submission_stops_the_clock_and_starts_the_duty_to_publish() {
    let log = Log::in_review();
    assert_eq!(log.state.stage(), Stage::PreliminaryReview);
    assert_eq!(
        log.last_effects(),
        [
            Effect::DeadlineClosed { rule: CLOCK, on: SUBMITTED },
            Effect::PublicityOwed { duty: Publicity::PreliminaryReport, by: Role::LandUser }
        ]
    );
}

#[test]
fn t4_an_agency_files_for_the_land_user_and_a_bureau_enters_paper_on_its_behalf() {
    for (actor, on_behalf) in [(Role::ThirdParty, false), (Role::CountyEcology, true), (Role::PrefectureEcology, true)]
    {
        let step = Log::in_survey().enter(EventType::PreliminaryReportSubmitted, report(), SUBMITTED, actor).unwrap();
        assert_eq!(step.effects.contains(&Effect::EnteredOnBehalf { of: Role::LandUser }), on_behalf, "{actor:?}");
    }
    assert!(matches!(
        Log::in_survey().enter(EventType::PreliminaryReportSubmitted, report(), SUBMITTED, Role::Planning),
        Err(Refusal::OtherRole { .. })
    ));
}

#[test]
fn t4_needs_the_report_and_days_in_order() {
    let submit = |draft, on| {
        Log::in_survey()
            .enter(EventType::PreliminaryReportSubmitted, draft, on, Role::LandUser)
            .map(|_| ())
            .map_err(faults)
    };
    assert_eq!(submit(Draft::default(), SUBMITTED), Err(vec![("/document_id".to_owned(), "missing")]));
    assert_eq!(submit(report(), TODAY.next()), Err(vec![("/occurred_on".to_owned(), "in_the_future")]));
    assert_eq!(
        submit(report(), RECEIVED.add_days(-1)),
        Err(vec![("/occurred_on".to_owned(), "before_previous_event")])
    );
    assert_eq!(submit(report(), TODAY), Ok(()));
    // The facts' faults and the day's come together.
    assert_eq!(
        submit(Draft::default(), TODAY.next()),
        Err(vec![("/document_id".to_owned(), "missing"), ("/occurred_on".to_owned(), "in_the_future")])
    );
}

#[test]
fn the_rule_on_the_order_of_days_is_cited_as_a_rule_of_the_registry_not_as_law() {
    let refusal = Log::in_survey()
        .enter(EventType::PreliminaryReportSubmitted, report(), TODAY.next(), Role::LandUser)
        .unwrap_err();
    assert!(refusal.citations().iter().any(|c| c.instrument_zh.contains("非法律规定")));
}

// T5, T6, T7

#[test]
fn t5_the_review_is_the_prefectures() {
    let refusal = Log::in_review()
        .enter(EventType::PreliminaryReportReviewed, review(Case::Contaminated), REVIEWED, Role::CountyEcology)
        .unwrap_err();
    let error = Error::from(refusal);
    assert_eq!(error.kind(), Kind::Forbidden);
    assert!(error.detail().en.contains("Prefecture ecology bureau"));
    // On this day the Code holds; a month before it was the Soil Law.
    assert_eq!(
        (error.citations()[0].instrument_zh.as_str(), error.citations()[0].article.as_str()),
        ("生态环境法典", "454(3)")
    );
}

#[test]
fn t5_on_the_last_day_of_the_soil_law_that_law_is_cited() {
    let mut log =
        Log::in_survey().with(EventType::PreliminaryReportSubmitted, report(), Day::of(2026, 8, 1), Role::LandUser);
    let step = log
        .enter(
            EventType::PreliminaryReportReviewed,
            review(Case::NotContaminated),
            Day::of(2026, 8, 14),
            Role::PrefectureEcology,
        )
        .unwrap();
    let event = &log.entries.last().unwrap().event;
    let cited: Vec<String> = step.citations(event, Day::of(2026, 8, 14)).into_iter().map(|c| c.article).collect();
    assert_eq!(cited[0], "59(3)");
    assert!(cited[1].starts_with("5.3.2"));
    assert_eq!(step.citations(event, Day::of(2026, 8, 15))[0].article, "454(3)");
}

#[test]
fn t6_a_clean_site_leaves_the_list_and_keeps_its_assessed_class() {
    let log = Log::concluded(Case::NotContaminated);
    assert!(matches!(
        log.state.standing(),
        Standing::NotContaminated { assessed_class: Some(AssessedClass::Class2), .. }
    ));
    assert_eq!(log.last_effects(), [Effect::ListLeft { list: List::SuspectedList }]);
}

#[test]
fn t7_a_contaminated_site_moves_to_the_directory_with_its_grade_and_the_government_is_told() {
    let log = Log::concluded(Case::Contaminated);
    assert_eq!(
        log.last_effects(),
        [
            Effect::ListLeft { list: List::SuspectedList },
            Effect::ListEntered { list: List::ContaminatedDirectory },
            Effect::RiskGraded { grade: RiskGrade::High },
            Effect::PublicityOwed { duty: Publicity::ContaminatedDirectory, by: Role::PrefectureEcology },
            Effect::ToInform { whom: Role::Government },
        ]
    );
    assert!(log.state.stage().is_public());
    let status = Status::read("contaminated", None, log.state.standing().risk_grade().map(RiskGrade::as_str)).unwrap();
    assert_eq!(status.risk_grade(), Some(RiskGrade::High));
}

#[test]
fn t5_a_returned_report_leaves_the_first_due_day_standing() {
    let log = Log::concluded(Case::Returned);
    assert_eq!(log.state.stage(), Stage::PreliminarySurvey);
    assert_eq!(log.last_effects(), [Effect::DeadlineReopened { rule: CLOCK, closed_on: SUBMITTED }]);
    assert!(matches!(
        log.state.standing(),
        Standing::PreliminarySurvey { notice, returned: Some(reason) } if notice.start_on == RECEIVED && reason == "缺少检测报告"
    ));
    // Resubmission stops the clock again; the duty to publish is owed still, not twice.
    let again = log.with(EventType::PreliminaryReportSubmitted, report(), Day::of(2026, 10, 9), Role::LandUser);
    assert_eq!(again.last_effects(), [Effect::DeadlineClosed { rule: CLOCK, on: Day::of(2026, 10, 9) }]);
    assert_eq!(again.state.owed(), [Publicity::PreliminaryReport]);
}

#[test]
fn t5_each_conclusion_carries_its_own_fields_and_no_others() {
    let conclude = |draft| {
        Log::in_review()
            .enter(EventType::PreliminaryReportReviewed, draft, REVIEWED, Role::PrefectureEcology)
            .map(|_| ())
            .map_err(faults)
    };
    let bare = |conclusion: &str| Draft {
        conclusion: Some(conclusion.into()),
        document_id: Some(document(3)),
        ..Draft::default()
    };
    let one = |pointer: &str, code| Err(vec![(pointer.to_owned(), code)]);
    assert_eq!(conclude(bare("contaminated")), one("/risk_grade", "missing"));
    assert_eq!(conclude(bare("returned")), one("/reason", "missing"));
    assert_eq!(conclude(bare("not_contaminated")), Ok(()));
    assert_eq!(conclude(bare("perhaps")), one("/conclusion", "not_in_list"));
    assert_eq!(
        conclude(Draft { risk_grade: Some("low".into()), ..bare("not_contaminated") }),
        one("/risk_grade", "unexpected_field")
    );
    assert_eq!(
        conclude(Draft { risk_grade: Some("grave".into()), ..bare("contaminated") }),
        one("/risk_grade", "not_in_list")
    );
    assert_eq!(
        conclude(Draft { received_on: Some(RECEIVED), ..bare("not_contaminated") }),
        one("/received_on", "unexpected_field")
    );
    assert_eq!(conclude(Draft { reason: Some("  ".into()), ..bare("returned") }), one("/reason", "blank"));
    assert_eq!(
        conclude(Draft { note: Some("长".repeat(event::MAX_TEXT_CHARS + 1)), ..bare("not_contaminated") }),
        one("/note", "too_long")
    );
}

// Disclosure

#[test]
fn a_disclosure_meets_the_duties_of_whoever_makes_it() {
    let mut log = Log::concluded(Case::Contaminated);
    assert_eq!(log.state.owed(), [Publicity::PreliminaryReport, Publicity::ContaminatedDirectory]);
    let step = log.enter(EventType::Disclosed, disclosure(), REVIEWED, Role::ThirdParty).unwrap();
    assert_eq!(step.effects, [Effect::PublicityMet { duty: Publicity::PreliminaryReport }]);
    assert_eq!(step.new_stage(), Stage::Contaminated);
    let directory = Draft { subject: Some("contaminated_directory".into()), ..disclosure() };
    let refusal = log.enter(EventType::Disclosed, directory.clone(), REVIEWED, Role::LandUser).unwrap_err();
    assert_eq!(faults(refusal), [("/subject".to_owned(), "duty_of_another")]);
    let step = log.enter(EventType::Disclosed, directory, REVIEWED, Role::CountyEcology).unwrap();
    assert_eq!(step.effects, [Effect::PublicityMet { duty: Publicity::ContaminatedDirectory }]);
    assert_eq!(log.state.owed(), []);
    // Publishing again is no fault and meets nothing.
    assert_eq!(log.enter(EventType::Disclosed, disclosure(), TODAY, Role::LandUser).unwrap().effects, []);
}

#[test]
fn a_disclosure_says_where_and_from_when() {
    let disclose = |draft| {
        Log::suspected().enter(EventType::Disclosed, draft, REVIEWED, Role::CountyEcology).map(|_| ()).map_err(faults)
    };
    assert_eq!(
        disclose(Draft::default()),
        Err(vec![("/channel".to_owned(), "missing"), ("/from".to_owned(), "missing")])
    );
    assert_eq!(
        disclose(Draft {
            url: Some("javascript:alert(1)".into()),
            to: Some(REVIEWED.add_days(-1)),
            subject: Some("everything".into()),
            ..disclosure()
        }),
        Err(vec![
            ("/url".to_owned(), "not_a_web_address"),
            ("/to".to_owned(), "ends_before_it_starts"),
            ("/subject".to_owned(), "not_in_list")
        ])
    );
    assert_eq!(
        disclose(Draft { from: Some(TODAY.next()), ..disclosure() }),
        Err(vec![("/from".to_owned(), "in_the_future")])
    );
    assert!(matches!(
        Log::new().enter(EventType::Disclosed, disclosure(), REVIEWED, Role::CountyEcology),
        Err(Refusal::NotAllowed { .. })
    ));
}

// Voiding

#[test]
fn voiding_takes_the_last_event_back_with_its_effects_and_keeps_both_in_the_log() {
    let before = Log::in_survey();
    let log = Log::in_review().voided(REVIEWED, Role::LandUser);
    assert_eq!(log.state.stage(), Stage::PreliminarySurvey);
    assert_eq!(log.state.standing(), before.state.standing());
    assert_eq!(log.state.last_on(), Some(RECEIVED));
    assert_eq!(
        log.last_effects(),
        [
            Effect::Voided { seq: 3 },
            Effect::Undone {
                effect: Box::new(Effect::PublicityOwed { duty: Publicity::PreliminaryReport, by: Role::LandUser })
            },
            Effect::Undone { effect: Box::new(Effect::DeadlineClosed { rule: CLOCK, on: SUBMITTED }) },
        ]
    );
    let replayed = replay(&log.entries).unwrap();
    assert_eq!(replayed.voided_by, [None, None, Some(4), None]);
    // A second voiding takes the one before, not the voiding.
    let log = log.voided(REVIEWED, Role::CountyEcology);
    assert_eq!(log.state.stage(), Stage::Suspected);
    assert_eq!(replay(&log.entries).unwrap().voided_by, [None, Some(5), Some(4), None, None]);
}

#[test]
fn who_may_do_a_thing_may_void_it_and_nobody_else() {
    let refusal = Log::concluded(Case::NotContaminated)
        .enter(EventType::EnteredInError, mistake(), TODAY, Role::CountyEcology)
        .unwrap_err();
    assert!(matches!(&refusal, Refusal::OtherRole { actors, .. } if actors == &[Role::PrefectureEcology]));
    let closed = Log::concluded(Case::NotContaminated).voided(TODAY, Role::PrefectureEcology);
    assert_eq!(closed.state.stage(), Stage::PreliminaryReview);
}

#[test]
fn what_a_bureau_entered_no_land_user_takes_back() {
    let on_paper =
        Log::in_survey().with(EventType::PreliminaryReportSubmitted, report(), SUBMITTED, Role::CountyEcology);
    let refused = on_paper.clone().enter(EventType::EnteredInError, mistake(), TODAY, Role::LandUser).unwrap_err();
    assert!(matches!(
        &refused,
        Refusal::OtherRole { actors, .. } if actors == &[Role::CountyEcology, Role::PrefectureEcology]
    ));
    assert_eq!(on_paper.voided(TODAY, Role::PrefectureEcology).state.stage(), Stage::PreliminarySurvey);
    // A bureau may void what the land user entered.
    assert_eq!(Log::in_review().voided(TODAY, Role::CountyEcology).state.stage(), Stage::PreliminarySurvey);
}

#[test]
fn voiding_needs_a_reason_and_something_to_void() {
    let refusal =
        Log::suspected().enter(EventType::EnteredInError, Draft::default(), TODAY, Role::CountyEcology).unwrap_err();
    assert_eq!(faults(refusal), [("/reason".to_owned(), "missing")]);
    let refusal = Log::new().enter(EventType::EnteredInError, mistake(), TODAY, Role::CountyEcology).unwrap_err();
    assert_eq!(Error::from(refusal).allowed(), ["suspected_listed"]);
}

// Types whose step is not taken

#[test]
fn a_later_step_is_refused_with_the_stages_that_have_it_and_its_article() {
    let mut log = Log::suspected();
    let error =
        Error::from(log.enter(EventType::EffectReviewed, Draft::default(), TODAY, Role::ProvinceEcology).unwrap_err());
    assert_eq!((error.code(), error.rule()), ("step_not_allowed", Some("T17")));
    assert!(error.detail().zh.contains("效果评估") && error.detail().en.contains("Effect evaluation"));
    assert_eq!(error.citations()[0].article, "461");
    let mut log = Log::concluded(Case::Contaminated);
    let error =
        Error::from(log.enter(EventType::DetailedNoticeServed, notice(), TODAY, Role::PrefectureEcology).unwrap_err());
    assert_eq!(error.code(), "step_not_allowed");
    assert_eq!(error.allowed(), ["disclosed", "entered_in_error"]);
}

// Next steps

#[test]
fn next_steps_are_those_of_the_role() {
    let names = |log: &Log, role| -> Vec<&str> { next_steps(&log.state, role).iter().map(|n| n.kind.name).collect() };
    let log = Log::in_review();
    assert_eq!(
        names(&log, Some(Role::PrefectureEcology)),
        ["preliminary_report_reviewed", "disclosed", "entered_in_error"]
    );
    assert_eq!(names(&log, Some(Role::LandUser)), ["disclosed", "entered_in_error"]);
    assert_eq!(names(&log, Some(Role::Auditor)), [""; 0]);
    assert_eq!(names(&log, None), ["preliminary_report_reviewed", "disclosed", "entered_in_error"]);
    let review = &next_steps(&log.state, None)[0];
    assert_eq!(review.leads_to, [Stage::NotContaminated, Stage::Contaminated, Stage::PreliminarySurvey]);
    assert_eq!(next_steps(&log.state, None)[2].leads_to, [Stage::PreliminarySurvey]);
}

/// A next step is exactly what is not refused for stage or role.
#[test]
fn what_is_listed_as_next_is_what_is_permitted() {
    for log in [Log::new(), Log::suspected(), Log::in_survey(), Log::in_review(), Log::concluded(Case::Contaminated)] {
        for role in Role::ALL {
            let listed: Vec<EventType> =
                next_steps(&log.state, Some(role)).iter().map(|next| next.kind.event_type).collect();
            let permitted: Vec<EventType> =
                EventType::all().filter(|t| permit(&log.state, *t, TODAY, role).is_ok()).collect();
            assert_eq!(listed, permitted, "{} {role:?}", log.state.stage());
        }
    }
}

// As stored

#[test]
fn events_and_effects_are_read_back_as_stored() {
    let mut log = Log::concluded(Case::Contaminated);
    log.enter(EventType::Disclosed, disclosure(), TODAY, Role::LandUser).unwrap();
    let log = log.voided(TODAY, Role::LandUser);
    let issued = Draft { issued_on: Some(LISTED), ..notice() };
    let other = Log::suspected().with(EventType::SurveyNoticeServed, issued, RECEIVED, Role::CountyEcology);
    for entry in log.entries.iter().chain(&other.entries).chain(&Log::concluded(Case::Returned).entries) {
        let stored = serde_json::to_value(&entry.event).unwrap();
        assert_eq!(stored["type"], entry.event.event_type().as_str());
        assert_eq!(serde_json::from_value::<Event>(stored).unwrap(), entry.event);
    }
    let stored = serde_json::to_string(&log.effects).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Vec<Effect>>>(&stored).unwrap(), log.effects);
    assert_eq!(
        serde_json::to_value(&log.entries[1].event).unwrap(),
        serde_json::json!({"type": "survey_notice_served", "received_on": "2026-05-21", "served_how": "直接送达",
            "document_id": document(1)})
    );
}

#[test]
fn a_log_that_these_rules_did_not_write_is_refused_when_read() {
    let log = Log::in_review();
    let mut gap = log.entries.clone();
    gap.remove(1);
    assert!(replay(&gap).unwrap_err().0.contains("follows entry"));
    let mut jump = log.entries.clone();
    jump.remove(1);
    jump[1].seq = 2;
    assert!(replay(&jump).unwrap_err().0.contains("`preliminary_report_submitted` at stage `suspected`"));
    assert!(
        serde_json::from_value::<Event>(serde_json::json!({"type": "preliminary_report_reviewed",
            "conclusion": "contaminated", "document_id": document(1)}))
        .is_err()
    );
}

// The fields of the table against what is read

#[test]
fn the_table_of_fields_is_what_events_are_read_by() {
    for kind in KINDS.iter().filter(|k| !matches!(k.taken, Taken::Not(_))) {
        let cases = if kind.taken == Taken::ByVoiding { vec![None] } else { cases(kind.event_type) };
        for case in cases {
            let draft = sample(kind.event_type, case);
            let event = Event::read(kind.event_type, draft.clone()).unwrap();
            assert_eq!((event.event_type(), event.case()), (kind.event_type, case));
            for field in kind.fields.iter().filter(|f| f.need == event::Need::Required) {
                assert!(draft.has(field.field), "{} {:?}", kind.name, field.field);
                let without = without(draft.clone(), field.field);
                let faults = Event::read(kind.event_type, without).unwrap_err();
                let pointer = format!("/{}", field.field.as_str());
                assert!(faults.iter().any(|f| f.pointer == pointer && f.code == "missing"), "{} {pointer}", kind.name);
            }
        }
    }
    for kind in KINDS.iter().filter(|k| matches!(k.taken, Taken::Not(_))) {
        assert_eq!(Event::read(kind.event_type, Draft::default()).unwrap_err()[0].code, "step_not_taken");
    }
}

fn without(mut draft: Draft, field: Field) -> Draft {
    match field {
        Field::ReceivedOn => draft.received_on = None,
        Field::IssuedOn => draft.issued_on = None,
        Field::ServedHow => draft.served_how = None,
        Field::DocumentId => draft.document_id = None,
        Field::Conclusion => draft.conclusion = None,
        Field::RiskGrade => draft.risk_grade = None,
        Field::AssessedClass => draft.assessed_class = None,
        Field::Reason => draft.reason = None,
        Field::Channel => draft.channel = None,
        Field::Url => draft.url = None,
        Field::From => draft.from = None,
        Field::To => draft.to = None,
        Field::Subject => draft.subject = None,
        Field::Note => draft.note = None,
    }
    draft
}

// Stage × event, as text

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::DeadlineOpened { rule, responsible, .. } => {
            format!("opens {} for {}", rule.as_str(), responsible.as_str())
        }
        Effect::DeadlineClosed { rule, .. } => format!("closes {}", rule.as_str()),
        Effect::DeadlineReopened { rule, .. } => format!("reopens {}", rule.as_str()),
        Effect::ListEntered { list } => format!("enters {}", list.as_str()),
        Effect::ListLeft { list } => format!("leaves {}", list.as_str()),
        Effect::RiskGraded { .. } => "is graded".into(),
        Effect::PublicityOwed { duty, by } => format!("{} owes publication of {}", by.as_str(), duty.as_str()),
        Effect::PublicityMet { duty } => format!("{} is published", duty.as_str()),
        Effect::ToInform { whom } => format!("{} is told", whom.as_str()),
        Effect::EnteredOnBehalf { of } => format!("entered for {}", of.as_str()),
        Effect::Voided { seq } => format!("event {seq} is void"),
        Effect::Undone { effect } => format!("undone: {}", describe(effect)),
    }
}

/// One log per stage that can be reached.
fn a_log_at_every_reached_stage() -> Vec<Log> {
    let mut logs = vec![Log::new()];
    let mut next = 0;
    while next < logs.len() {
        let log = logs[next].clone();
        next += 1;
        for event_type in EventType::all() {
            for case in cases(event_type) {
                let Some(&actor) = event_type.kind().actors.first() else { continue };
                let mut after = log.clone();
                if after.enter(event_type, sample(event_type, case), TODAY_OF_TABLE, actor).is_ok()
                    && logs.iter().all(|seen| seen.state.stage() != after.state.stage())
                {
                    logs.push(after);
                }
            }
        }
    }
    logs
}

const TODAY_OF_TABLE: Day = Day::of(2026, 5, 21);

fn life_cycle() -> String {
    let mut text = String::from(
        "Stage × event: every step that the registry takes, found by trying each event in each stage. \
         JINGTU_BLESS=1 writes this file anew.\n",
    );
    let logs = a_log_at_every_reached_stage();
    for stage in Stage::ALL {
        writeln!(text, "\n{stage}  {}  {}", stage.code(), stage.title()).unwrap();
        let lists: Vec<&str> =
            List::ALL.into_iter().filter(|l| stage.on(*l) == OnList::Yes).map(List::as_str).collect();
        if !lists.is_empty() {
            writeln!(text, "  on {}", lists.join(", ")).unwrap();
        }
        let Some(log) = logs.iter().find(|log| log.state.stage() == stage) else {
            writeln!(text, "  not reached").unwrap();
            continue;
        };
        let mut refused = Vec::new();
        for event_type in EventType::all() {
            let kind = event_type.kind();
            let mut taken = false;
            let cases = if kind.taken == Taken::ByVoiding { vec![None] } else { cases(event_type) };
            for case in cases {
                let roles: Vec<&str> = Role::ALL
                    .into_iter()
                    .filter(|role| {
                        log.clone().enter(event_type, sample(event_type, case), TODAY_OF_TABLE, *role).is_ok()
                    })
                    .map(Role::as_str)
                    .collect();
                let Some(role) = roles.first() else { continue };
                taken = true;
                let step = log
                    .clone()
                    .enter(event_type, sample(event_type, case), TODAY_OF_TABLE, Role::parse(role).unwrap())
                    .unwrap();
                writeln!(
                    text,
                    "  {}{} [{}] → {}",
                    kind.name,
                    case.map(|c| format!(" {}", c.as_str())).unwrap_or_default(),
                    step.transition.map_or(kind.rule, |t| t.id),
                    step.new_stage()
                )
                .unwrap();
                writeln!(text, "      by {}", roles.join(", ")).unwrap();
                for effect in step.effects.iter().filter(|e| !matches!(e, Effect::EnteredOnBehalf { .. })) {
                    writeln!(text, "      {}", describe(effect)).unwrap();
                }
            }
            if !taken {
                refused.push(kind.name);
            }
        }
        writeln!(text, "  refused: {}", refused.join(", ")).unwrap();
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that can write its expected text anew; no part of the server")]
fn the_table_stage_by_event_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/registers/site/rules/life_cycle.txt");
    let now = life_cycle();
    if std::env::var("JINGTU_BLESS").as_deref() == Ok("1") {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == now, "the life cycle differs from {path}; it now reads:\n{now}");
}

#[test]
fn every_transition_is_reached() {
    let logs = a_log_at_every_reached_stage();
    for transition in &TRANSITIONS {
        for from in transition.from.iter().filter(|s| logs.iter().any(|log| log.state.stage() == **s)) {
            let log = logs.iter().find(|log| log.state.stage() == *from).unwrap();
            let actor = transition.event.kind().actors[0];
            let step = log
                .clone()
                .enter(transition.event, sample(transition.event, transition.case), TODAY_OF_TABLE, actor)
                .unwrap();
            assert_eq!(step.new_stage(), transition.to.unwrap_or(*from), "{}", transition.id);
        }
    }
}

// Any sequence of events

/// The clocks that a log implies: running, stopped on a day, or cancelled; taken from the effects alone.
fn clocks(effects: &[Vec<Effect>]) -> Vec<(Day, Option<Day>)> {
    let mut clocks: Vec<(Day, Option<Day>)> = Vec::new();
    for effect in effects.iter().flatten() {
        match effect {
            Effect::DeadlineOpened { start_on, .. } => clocks.push((*start_on, None)),
            Effect::DeadlineClosed { on, .. } => {
                let clock = clocks.last_mut().expect("a clock is closed that was opened");
                assert_eq!(clock.1, None, "a clock is closed that runs");
                clock.1 = Some(*on);
            }
            Effect::DeadlineReopened { closed_on, .. } => {
                let clock = clocks.last_mut().expect("a clock is reopened that was opened");
                assert_eq!(clock.1.take(), Some(*closed_on));
            }
            Effect::Undone { effect } => match &**effect {
                Effect::DeadlineOpened { start_on, .. } => {
                    assert_eq!(clocks.pop(), Some((*start_on, None)), "what is cancelled is the last clock, running");
                }
                Effect::DeadlineClosed { on, .. } => assert_eq!(clocks.last_mut().unwrap().1.take(), Some(*on)),
                Effect::DeadlineReopened { closed_on, .. } => {
                    assert_eq!(clocks.last_mut().unwrap().1.replace(*closed_on), None);
                }
                _ => {}
            },
            _ => {}
        }
    }
    clocks
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let day = || proptest::option::of((-30_i64..800).prop_map(|n| Day::of(2025, 1, 1).add_days(n)));
    let word =
        |words: &'static [&'static str]| proptest::option::of(proptest::sample::select(words).prop_map(str::to_owned));
    (
        (day(), day(), day(), day()),
        proptest::option::of(proptest::num::u128::ANY.prop_map(document)),
        word(&["not_contaminated", "contaminated", "returned", ""]),
        word(&["high", "低", "x"]),
        word(&["class_1", "class_9"]),
        (
            word(&["因", " "]),
            word(&["网站"]),
            word(&["https://example.org", "ftp:"]),
            word(&["preliminary_report", "?"]),
        ),
    )
        .prop_map(|(days, document_id, conclusion, risk_grade, assessed_class, texts)| Draft {
            received_on: days.0,
            issued_on: days.1,
            from: days.2,
            to: days.3,
            document_id,
            conclusion,
            risk_grade,
            assessed_class,
            reason: texts.0.clone(),
            served_how: texts.0,
            channel: texts.1,
            url: texts.2,
            subject: texts.3,
            note: None,
        })
}

/// Mostly right drafts, so that sequences get somewhere, and any others between them.
fn any_step() -> impl Strategy<Value = (EventType, Draft, i64, Role)> {
    let kinds: Vec<EventType> = EventType::all().collect();
    let live: Vec<(EventType, Option<Case>)> = EventType::all()
        .flat_map(|t| cases(t).into_iter().map(move |case| (t, case)))
        .chain([(EventType::EnteredInError, None)])
        .collect();
    let right = (proptest::sample::select(live), 0_i64..20, proptest::sample::select(Role::ALL.to_vec())).prop_map(
        |((event_type, case), days, role)| {
            // An actor of the type mostly, so that the step is taken.
            let actors = event_type.kind().actors;
            let actor = actors.first().copied().filter(|_| days % 5 != 0).unwrap_or(role);
            (event_type, sample(event_type, case), days, actor)
        },
    );
    let wild =
        (proptest::sample::select(kinds), any_draft(), -10_i64..400, proptest::sample::select(Role::ALL.to_vec()));
    prop_oneof![4 => right, 1 => wild]
}

proptest! {
    #[test]
    fn any_sequence_of_events_replays_to_its_state_and_voiding_restores_the_one_before(
        steps in proptest::collection::vec(any_step(), 0..40)
    ) {
        let mut log = Log::new();
        let mut day = LISTED;
        for (event_type, draft, days, actor) in steps {
            let before = log.state.clone();
            let on = day.add_days(days);
            // Every answer is an error with a text or a step; a refused step leaves everything as it was.
            match log.enter(event_type, draft, on, actor) {
                Err(refusal) => {
                    let error = Error::from(refusal);
                    prop_assert!(!error.detail().zh.is_empty() && error.rule().is_some());
                    prop_assert_eq!(&log.state, &before);
                }
                Ok(step) => {
                    day = on;
                    prop_assert_eq!(log.state.recorded(), before.recorded() + 1);
                    prop_assert!(on <= TODAY);
                    if event_type != EventType::EnteredInError {
                        prop_assert_eq!(step.state.last_on(), Some(on));
                        let mut voided = log.clone();
                        // The prefecture bureau may do, and so void, everything.
                        voided.enter(EventType::EnteredInError, mistake(), on, Role::PrefectureEcology).unwrap();
                        prop_assert_eq!(voided.state.standing(), before.standing());
                        prop_assert_eq!(voided.state.last_on(), before.last_on());
                        prop_assert_eq!(voided.state.owed(), before.owed());
                        prop_assert_eq!(voided.state.voidable(), before.voidable());
                        prop_assert_eq!(clocks(&voided.effects), clocks(&log.effects[..log.effects.len() - 1]));
                    }
                }
            }
        }
        let replayed = replay(&log.entries).unwrap();
        prop_assert_eq!(&replayed.state, &log.state);
        prop_assert_eq!(&replayed.effects, &log.effects);
        // What stands, replayed without what was voided and the voiding, leads to the same place with the same clocks.
        let mut standing: Vec<Entry> = log.entries.iter().zip(&replayed.voided_by)
            .filter(|(entry, voided)| voided.is_none() && entry.event.event_type() != EventType::EnteredInError)
            .map(|(entry, _)| entry.clone())
            .collect();
        for (n, entry) in (1..).zip(&mut standing) {
            entry.seq = n;
        }
        let straight = replay(&standing).unwrap();
        prop_assert_eq!(straight.state.standing(), log.state.standing());
        prop_assert_eq!(straight.state.owed(), log.state.owed());
        prop_assert_eq!(clocks(&straight.effects), clocks(&log.effects));
        // The clock runs exactly while the survey does.
        let running = clocks(&log.effects).iter().any(|(_, closed)| closed.is_none());
        prop_assert_eq!(running, log.state.stage() == Stage::PreliminarySurvey);
        // Lists entered and left add up to those of the stage.
        for list in List::ALL {
            let on = straight.effects.iter().flatten().fold(false, |on, effect| match effect {
                Effect::ListEntered { list: l } if *l == list => true,
                Effect::ListLeft { list: l } if *l == list => false,
                _ => on,
            });
            prop_assert_eq!(on, log.state.stage().on(list) == OnList::Yes);
        }
    }
}
