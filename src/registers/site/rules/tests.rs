//! The life cycle as tests: each transition taken and refused, the table stage × event as text, and what must hold for any
//! sequence of events.

use super::step::{UnderReview, Works, cases};
use super::table::{KINDS, TRANSITIONS};
use super::*;
use crate::kernel::{Day, DocumentId, Error, Kind};
use crate::platform::Role;
use crate::standards::parameters::Overrides;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

const TODAY: Day = Day::of(2026, 11, 21);
const LISTED: Day = Day::of(2026, 5, 6);
const RECEIVED: Day = Day::of(2026, 5, 21);
const SUBMITTED: Day = Day::of(2026, 9, 1);
const REVIEWED: Day = Day::of(2026, 9, 20);

fn document(n: u128) -> DocumentId {
    DocumentId(uuid::Uuid::from_u128(n))
}

static NO_OVERRIDES: LazyLock<Overrides> = LazyLock::new(Overrides::new);

/// In Alxa's Left Banner, as printed.
fn place() -> Place<'static> {
    Place { division: "152921", overrides: &NO_OVERRIDES }
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
        _ => Draft { reason: Some("缺少检测报告".into()), ..draft },
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

fn party(n: u32) -> PartyDraft {
    PartyDraft { name: format!("单位{n}"), credit_code: Some(format!("91150000MA0N0000{n:02}")) }
}

fn outline() -> serde_json::Value {
    serde_json::json!({"type": "Polygon", "coordinates": [[[105.7, 38.8], [105.71, 38.8], [105.71, 38.81], [105.7, 38.8]]]})
}

fn media() -> Vec<String> {
    Medium::ALL.iter().map(|medium| medium.as_str().to_owned()).collect()
}

fn concluding(case: Case) -> Draft {
    Draft { conclusion: Some(case.as_str().into()), document_id: Some(document(4)), ..Draft::default() }
}

fn plan(case: Case) -> Draft {
    let draft = Draft { mode: Some(case.as_str().into()), document_id: Some(document(5)), ..Draft::default() };
    match case {
        Case::Containment => {
            Draft { plan_year: Some(2026), media: Some(media()), report_every_months: Some(6), ..draft }
        }
        _ => Draft { groundwater: Some("监测井".into()), ..draft },
    }
}

fn clock_draft() -> Draft {
    Draft { deadline_rule: Some(CLOCK.as_str().into()), reason: Some("不可抗力".into()), ..Draft::default() }
}

/// A right draft of each type.
fn sample(event_type: EventType, case: Option<Case>) -> Draft {
    let why = Some("说明".to_owned());
    match (event_type, case) {
        (EventType::SuspectedListed | EventType::WorksCompleted, _) => listing(),
        (EventType::SurveyNoticeServed, _) => notice(),
        (EventType::DetailedNoticeServed, _) => Draft { due_on: Some(Day::of(2027, 3, 1)), ..notice() },
        (
            EventType::PreliminaryReportSubmitted
            | EventType::DetailedReportSubmitted
            | EventType::RiskAssessmentSubmitted
            | EventType::AftercareEnded,
            _,
        ) => report(),
        (EventType::PreliminaryReportReviewed, Some(case)) => review(case),
        (EventType::RiskAssessmentReviewed | EventType::EffectReviewed, Some(case)) => {
            Draft { reason: why.filter(|_| matches!(case, Case::Returned | Case::NotMet)), ..concluding(case) }
        }
        (EventType::ControlPlanFiled, Some(case)) => plan(case),
        (EventType::ControlZoneApproved, _) => {
            Draft { geometry: Some(outline()), approved_by: Some("某旗人民政府".into()), ..report() }
        }
        (EventType::RemediationPlanFiled, _) => Draft { groundwater: why, ..report() },
        (EventType::WorksStarted, _) => Draft { contractor: Some(party(1)), ..Draft::default() },
        (EventType::SoilTransportReported, _) => Draft {
            transport_on: Some(Day::of(2026, 6, 10)),
            transport_mode: why.clone(),
            route: why.clone(),
            quantity_t: serde_json::Number::from_f64(1200.5),
            destination: why.clone(),
            final_disposal: why,
            destination_division: Some("150400".into()),
            origin_told_on: Some(TODAY),
            destination_told_on: Some(TODAY),
            ..report()
        },
        (EventType::EffectReportSubmitted, _) => Draft { evaluator: Some(party(2)), ..report() },
        (EventType::AftercareStarted, _) => Draft { report_every_months: Some(12), ..report() },
        (EventType::SpreadReported, _) => Draft {
            status: Some("ongoing".into()),
            media: Some(vec!["groundwater".into()]),
            measures: why,
            ..Draft::default()
        },
        (EventType::EmergencyReported, _) => {
            Draft { status: Some("ongoing".into()), measures: why, ..Draft::default() }
        }
        (EventType::LiablePartyChanged, _) => {
            Draft { ground: Some("successor".into()), party: Some(party(3)), ..report() }
        }
        (EventType::MonitoringReported, _) => Draft { media: Some(media()), exceeded: Some(false), ..report() },
        (EventType::StopWorkOrdered, _) => Draft { status: Some("ongoing".into()), reason: why, ..report() },
        (EventType::DeadlineExtended, _) => Draft { until: Some(Day::of(2027, 6, 1)), ..clock_draft() },
        (EventType::DeadlineSuspended | EventType::DeadlineCancelled, _) => clock_draft(),
        (EventType::DeadlineResumed, _) => Draft { reason: None, ..clock_draft() },
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
        let (event, step) = take(&self.state, event_type, draft, on, TODAY, actor, place())?;
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

fn opened(rule: StatutoryClock, occasion: &str, start_on: Day, start_from: StartFrom) -> Effect {
    let occasion = occasion.to_owned();
    Effect::DeadlineOpened { rule, occasion, start_on, start_from, set_due_on: None, responsible: rule.responsible() }
}

fn set(rule: StatutoryClock, occasion: &str, start_on: Day, start_from: StartFrom, due: Day) -> Effect {
    let occasion = occasion.to_owned();
    let set_due_on = Some(due);
    Effect::DeadlineOpened { rule, occasion, start_on, start_from, set_due_on, responsible: rule.responsible() }
}

fn closed(rule: StatutoryClock, occasion: &str, on: Day) -> Effect {
    Effect::DeadlineClosed { rule, occasion: occasion.to_owned(), on }
}

fn owed(duty: Publicity, seq: u32) -> Effect {
    Effect::PublicityOwed { duty, by: duty.owed_by(), occasion: format!("event-{seq}") }
}

fn met(duty: Publicity, seq: u32) -> Effect {
    Effect::PublicityMet { duty, occasion: format!("event-{seq}") }
}

fn duties(log: &Log) -> Vec<Publicity> {
    log.state.owed().iter().map(|owed| owed.duty).collect()
}

const BUREAU_STEPS: [&str; 11] = [
    "deadline_extended",
    "disclosed",
    "entered_in_error",
    "stop_work_ordered",
    "deadline_suspended",
    "deadline_cancelled",
    "spread_reported",
    "emergency_reported",
    "liable_party_changed",
    "deadline_resumed",
    "monitoring_reported",
];

/// The steps of the procedure proper, without what may happen at any stage.
fn proper<'a>(steps: &[&'a str]) -> Vec<&'a str> {
    steps.iter().copied().filter(|step| !BUREAU_STEPS.contains(step)).collect()
}

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
    assert_eq!(
        log.last_effects(),
        [
            Effect::ListEntered { list: List::SuspectedList },
            opened(StatutoryClock::SurveyNotice, "", LISTED, StartFrom::Event),
        ]
    );
}

#[test]
fn t2_listing_twice_is_refused_with_what_the_stage_has_and_the_article() {
    let mut log = Log::suspected();
    let refusal = log.enter(EventType::SuspectedListed, listing(), LISTED, Role::CountyEcology).unwrap_err();
    let error = Error::from(refusal);
    assert_eq!((error.kind(), error.code(), error.rule()), (Kind::Conflict, "step_not_allowed", Some("T2")));
    assert_eq!(proper(&error.allowed().iter().map(AsRef::as_ref).collect::<Vec<_>>()), ["survey_notice_served"]);
    assert_eq!(error.citations()[0].article, "12");
    assert!(error.detail().zh.contains("线索") && error.detail().en.contains("Candidate"));
}

#[test]
fn t2_registering_as_suspected_without_the_day_lets_earlier_days_follow() {
    let (entry, step) = registered_as_suspected(None, TODAY, Role::CountyEcology, place()).unwrap();
    assert!(entry.day_assumed && entry.occurred_on == TODAY);
    assert_eq!((step.new_stage(), step.state.last_on()), (Stage::Suspected, None));
    assert!(
        take(&step.state, EventType::SurveyNoticeServed, notice(), RECEIVED, TODAY, Role::CountyEcology, place())
            .is_ok()
    );
    assert_eq!(replay(&[entry]).unwrap().state, step.state);

    let (entry, step) = registered_as_suspected(Some(LISTED), TODAY, Role::CountyEcology, place()).unwrap();
    assert!(!entry.day_assumed);
    assert_eq!(step.state.last_on(), Some(LISTED));
    assert!(matches!(
        registered_as_suspected(None, TODAY, Role::Planning, place()).unwrap_err(),
        Refusal::OtherRole { .. }
    ));
}

// T3, Order 42 art. 13

#[test]
fn t3_the_notice_starts_six_months_with_its_receipt() {
    let log = Log::in_survey();
    assert_eq!(log.state.stage(), Stage::PreliminarySurvey);
    assert_eq!(
        log.last_effects(),
        [closed(StatutoryClock::SurveyNotice, "", RECEIVED), opened(CLOCK, "", RECEIVED, StartFrom::Receipt)]
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
            closed(CLOCK, "", SUBMITTED),
            opened(StatutoryClock::SurveyReportReview, "", SUBMITTED, StartFrom::Event),
            owed(Publicity::PreliminaryReport, 3),
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
    assert_eq!(log.state.stage(), Stage::NotContaminated);
    assert_eq!(log.state.standing().assessed_class(), Some(AssessedClass::Class2));
    assert_eq!(
        log.last_effects(),
        [Effect::ListLeft { list: List::SuspectedList }, closed(StatutoryClock::SurveyReportReview, "", REVIEWED)]
    );
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
            closed(StatutoryClock::SurveyReportReview, "", REVIEWED),
            opened(StatutoryClock::DetailedNotice, "", REVIEWED, StartFrom::Event),
            owed(Publicity::ContaminatedDirectory, 4),
            owed(Publicity::CountyGovernmentTold, 4),
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
    assert_eq!(
        log.last_effects(),
        [
            closed(StatutoryClock::SurveyReportReview, "", REVIEWED),
            Effect::DeadlineReopened { rule: CLOCK, occasion: String::new(), closed_on: SUBMITTED }
        ]
    );
    let known = log.state.standing();
    assert_eq!((known.notice().unwrap().start_on, known.returned()), (RECEIVED, Some("缺少检测报告")));
    // Resubmission stops the clock again; the duty to publish is owed still, not twice.
    let again = log.with(EventType::PreliminaryReportSubmitted, report(), Day::of(2026, 10, 9), Role::LandUser);
    let on = Day::of(2026, 10, 9);
    assert_eq!(
        again.last_effects(),
        [closed(CLOCK, "", on), opened(StatutoryClock::SurveyReportReview, "", on, StartFrom::Event)]
    );
    assert_eq!(duties(&again), [Publicity::PreliminaryReport]);
    assert_eq!(again.state.standing().returned(), None);
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

// The second half: T8 to T21

impl Log {
    fn contaminated() -> Log {
        Log::concluded(Case::Contaminated)
    }

    fn step(self, event_type: EventType, case: Option<Case>, on: Day) -> Log {
        let draft = match event_type {
            EventType::DetailedNoticeServed => Draft { received_on: Some(on), ..sample(event_type, case) },
            EventType::SoilTransportReported => {
                let told = Some(on);
                Draft { origin_told_on: told, destination_told_on: told, ..sample(event_type, case) }
            }
            _ => sample(event_type, case),
        };
        self.with(event_type, draft, on, event_type.kind().actors[0])
    }

    fn assessed() -> Log {
        Log::contaminated()
            .step(EventType::DetailedNoticeServed, None, ON)
            .step(EventType::DetailedReportSubmitted, None, ON)
            .step(EventType::RiskAssessmentSubmitted, None, ON)
    }

    fn listed() -> Log {
        Log::assessed().step(EventType::RiskAssessmentReviewed, Some(Case::ActionRequired), ON)
    }

    fn remediated() -> Log {
        Log::listed().step(EventType::RemediationPlanFiled, None, ON).step(EventType::WorksStarted, None, ON).step(
            EventType::WorksCompleted,
            None,
            ON,
        )
    }

    fn evaluated() -> Log {
        Log::remediated().step(EventType::EffectReportSubmitted, None, ON)
    }

    fn contained() -> Log {
        Log::contaminated().step(EventType::ControlPlanFiled, Some(Case::Containment), ON)
    }

    fn refused(&self, event_type: EventType, draft: Draft, actor: Role) -> Error {
        Error::from(self.clone().enter(event_type, draft, ON, actor).unwrap_err())
    }

    fn flags(&self) -> &[Flag] {
        self.state.standing().flags()
    }
}

const ON: Day = Day::of(2026, 10, 12);

fn on_lists(log: &Log) -> Vec<List> {
    List::ALL.into_iter().filter(|list| log.state.standing().is_on(*list) == Some(true)).collect()
}

#[test]
fn t8_order_42_16_the_second_notice_sets_a_day_only_where_it_says_one() {
    let log = Log::contaminated().step(EventType::DetailedNoticeServed, None, ON);
    assert_eq!(log.state.stage(), Stage::DetailedSurvey);
    let clock = StatutoryClock::DetailedSurveyAsNotified;
    assert_eq!(
        log.last_effects(),
        [closed(StatutoryClock::DetailedNotice, "", ON), set(clock, "", ON, StartFrom::Receipt, Day::of(2027, 3, 1)),]
    );
    let without = Draft { received_on: Some(ON), ..notice() };
    let log = Log::contaminated().with(EventType::DetailedNoticeServed, without, ON, Role::PrefectureEcology);
    assert_eq!(log.last_effects(), [closed(StatutoryClock::DetailedNotice, "", ON)]);
    let early = Draft { received_on: Some(ON), due_on: Some(ON), ..notice() };
    let error = Log::contaminated().refused(EventType::DetailedNoticeServed, early, Role::PrefectureEcology);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/due_on", "before_previous_event"));
    let error = Log::contaminated().refused(EventType::DetailedNoticeServed, notice(), Role::CountyEcology);
    assert_eq!((error.code(), error.rule()), ("other_role_must_act", Some("T8")));
}

#[test]
fn t9_order_42_16_the_detailed_report_stops_the_clock_and_is_published() {
    let log = Log::contaminated().step(EventType::DetailedNoticeServed, None, ON).step(
        EventType::DetailedReportSubmitted,
        None,
        ON,
    );
    assert_eq!(log.state.stage(), Stage::RiskAssessment);
    assert_eq!(
        log.last_effects(),
        [closed(StatutoryClock::DetailedSurveyAsNotified, "", ON), owed(Publicity::DetailedReport, 6)]
    );
    let error = Log::contaminated().refused(EventType::DetailedReportSubmitted, report(), Role::LandUser);
    assert_eq!((error.code(), error.citations()[0].article.as_str()), ("step_not_allowed", "16"));
}

#[test]
fn t10_law_60_code_455_an_assessment_is_reviewed_before_another_comes() {
    let log = Log::assessed();
    assert_eq!(log.state.stage(), Stage::RiskAssessment);
    assert_eq!(
        log.last_effects(),
        [opened(StatutoryClock::RiskAssessmentReview, "", ON, StartFrom::Event), owed(Publicity::RiskAssessment, 7)]
    );
    let error = log.refused(EventType::RiskAssessmentSubmitted, report(), Role::LandUser);
    assert_eq!((error.code(), error.citations()[0].article.as_str()), ("step_not_allowed", "455"));
    assert!(error.detail().zh.contains("评审中") && error.detail().en.contains("under review"));
    // Returned, it comes again.
    let returned = log.step(EventType::RiskAssessmentReviewed, Some(Case::Returned), ON);
    assert_eq!((returned.state.stage(), returned.state.standing().returned()), (Stage::RiskAssessment, Some("说明")));
    let again = returned.step(EventType::RiskAssessmentSubmitted, None, ON);
    assert_eq!(again.state.standing().returned(), None);
    assert_eq!(duties(&again).iter().filter(|duty| **duty == Publicity::RiskAssessment).count(), 1);
}

#[test]
fn t11_law_61_code_456_an_acceptable_risk_stays_in_the_directory_and_off_the_control_list() {
    let acceptable = Draft { assessed_class: Some("class_2".into()), ..concluding(Case::Acceptable) };
    let log = Log::assessed().with(EventType::RiskAssessmentReviewed, acceptable, ON, Role::ProvinceEcology);
    assert_eq!(log.state.stage(), Stage::RiskAcceptable);
    assert_eq!(on_lists(&log), [List::ContaminatedDirectory]);
    assert_eq!(log.state.standing().assessed_class(), Some(AssessedClass::Class2));
    assert_eq!(log.last_effects(), [closed(StatutoryClock::RiskAssessmentReview, "", ON)]);
    let error = Log::assessed().refused(
        EventType::RiskAssessmentReviewed,
        concluding(Case::Acceptable),
        Role::PrefectureEcology,
    );
    assert_eq!((error.code(), error.citations()[0].article.as_str()), ("other_role_must_act", "456"));
    let waiting = Log::contaminated().step(EventType::DetailedNoticeServed, None, ON).step(
        EventType::DetailedReportSubmitted,
        None,
        ON,
    );
    let error = waiting.refused(EventType::RiskAssessmentReviewed, concluding(Case::Acceptable), Role::ProvinceEcology);
    assert!(error.detail().zh.contains("尚未提交报告"));
}

#[test]
fn t12_law_58_code_453_what_needs_action_is_on_the_control_list_and_the_list_is_published() {
    let log = Log::listed();
    assert_eq!(on_lists(&log), [List::ContaminatedDirectory, List::ControlList]);
    assert_eq!(
        log.last_effects(),
        [
            Effect::ListEntered { list: List::ControlList },
            closed(StatutoryClock::RiskAssessmentReview, "", ON),
            owed(Publicity::ControlList, 8),
        ]
    );
    let event = &log.entries.last().unwrap().event;
    let step = Log::assessed().enter(
        EventType::RiskAssessmentReviewed,
        concluding(Case::ActionRequired),
        ON,
        Role::ProvinceEcology,
    );
    let cited = |on| -> Vec<String> {
        step.clone().unwrap().citations(event, on).into_iter().map(|citation| citation.article).collect()
    };
    assert_eq!(cited(ON), ["456", "453"]);
    assert_eq!(cited(Day::of(2026, 8, 14)), ["61", "58"]);
}

#[test]
fn t13_order_42_18_containment_has_its_yearly_plan_its_monitoring_and_its_zone() {
    let log = Log::contained();
    assert_eq!(log.state.stage(), Stage::RiskControl(ControlMode::Containment));
    assert_eq!(on_lists(&log), [List::ContaminatedDirectory]);
    assert_eq!(
        log.last_effects(),
        [
            Effect::DeadlineCancelled {
                rule: StatutoryClock::DetailedNotice,
                occasion: String::new(),
                on: ON,
                cause: "风险管控方案备案 / Risk control plan filed".into()
            },
            opened(StatutoryClock::AnnualControlPlan, "2027", Day::of(2026, 1, 1), StartFrom::PlanYear),
            set(StatutoryClock::MonitoringReportAsPlanned, "event-5", ON, StartFrom::Event, Day::of(2027, 4, 12)),
            owed(Publicity::ControlPlan, 5),
        ]
    );
    // Next year's plan ends the clock of this year's and starts another.
    let next = Draft { plan_year: Some(2027), report_every_months: None, ..plan(Case::Containment) };
    let log = log.with(EventType::ControlPlanFiled, next, TODAY, Role::CountyEcology);
    assert_eq!(log.state.stage(), Stage::RiskControl(ControlMode::Containment));
    assert!(log.last_effects().contains(&closed(StatutoryClock::AnnualControlPlan, "2027", TODAY)));
    let running: Vec<&str> = log.state.standing().clocks().iter().map(|clock| clock.occasion.as_str()).collect();
    assert_eq!(running, ["2028"]);
    let log = log.step(EventType::ControlZoneApproved, None, TODAY);
    assert_eq!(log.last_effects(), [owed(Publicity::ControlZone, 7), Effect::ZoneApproved]);
}

#[test]
fn t13_law_63_code_458_the_zone_is_approved_by_the_government_and_by_nobody_else() {
    let draft = sample(EventType::ControlZoneApproved, None);
    for actor in [Role::CountyEcology, Role::PrefectureEcology, Role::LandUser] {
        let error = Log::contained().refused(EventType::ControlZoneApproved, draft.clone(), actor);
        assert_eq!((error.code(), error.rule()), ("other_role_must_act", Some("T13")));
        assert!(error.citations().iter().any(|citation| citation.article == "458"));
    }
    let line = Draft { geometry: Some(serde_json::json!({"type": "Point", "coordinates": [105.7, 38.8]})), ..draft };
    let error = Log::contained().refused(EventType::ControlZoneApproved, line, Role::Government);
    assert!(error.faults().iter().all(|fault| fault.pointer.starts_with("/geometry")));
}

#[test]
fn t13_what_is_monitored_differs_by_jurisdiction() {
    let without_air = Draft {
        media: Some(vec!["soil".into(), "surface_water".into(), "groundwater".into()]),
        ..plan(Case::Containment)
    };
    let file = |division| {
        let place = Place { division, overrides: &NO_OVERRIDES };
        let state = Log::contaminated().state;
        take(&state, EventType::ControlPlanFiled, without_air.clone(), ON, TODAY, Role::CountyEcology, place)
    };
    // Inner Mongolia's plan leaves air out, Alxa's and the nation's have it.
    assert!(file("150400").is_ok());
    for division in ["152921", "140602"] {
        let refusal = file(division).unwrap_err();
        // The text that has it there: Alxa's own plan, the nation's elsewhere.
        let text = if division == "152921" { "Alxa League" } else { "Action Plan" };
        assert!(refusal.citations().iter().any(|c| c.instrument_en.contains(text)), "{division}");
        assert_eq!(faults(refusal), [("/media".to_owned(), "medium_missing")]);
    }
}

#[test]
fn t13_a_contained_site_goes_on_where_the_procedure_was_left() {
    let log = Log::contained().step(EventType::DetailedNoticeServed, None, ON);
    assert_eq!(log.state.stage(), Stage::DetailedSurvey);
    let running: Vec<StatutoryClock> = log.state.standing().clocks().iter().map(|clock| clock.rule).collect();
    assert_eq!(running, [StatutoryClock::DetailedSurveyAsNotified]);
    // From the control list it is controlled or remediated, not surveyed again; and not before it is on it.
    let listed = Log::listed().step(EventType::ControlPlanFiled, Some(Case::Containment), ON);
    assert_eq!(on_lists(&listed), [List::ContaminatedDirectory, List::ControlList]);
    let again = Draft { received_on: Some(ON), ..notice() };
    let error = listed.refused(EventType::DetailedNoticeServed, again, Role::PrefectureEcology);
    assert!(error.detail().zh.contains("已列入风险管控和修复名录"));
    assert_eq!(listed.clone().step(EventType::RemediationPlanFiled, None, ON).state.stage(), Stage::Remediation);
    let error = Log::contained().refused(
        EventType::RemediationPlanFiled,
        sample(EventType::RemediationPlanFiled, None),
        Role::LandUser,
    );
    assert!(error.detail().en.contains("not on the control list"));
}

#[test]
fn t14_law_62_code_457_safe_use_says_what_is_done_about_groundwater() {
    let log = Log::listed().step(EventType::ControlPlanFiled, Some(Case::SafeUse), ON);
    assert_eq!(log.state.stage(), Stage::RiskControl(ControlMode::SafeUse));
    let dry = Draft { groundwater: None, ..plan(Case::SafeUse) };
    let error = Log::listed().refused(EventType::ControlPlanFiled, dry, Role::LandUser);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/groundwater", "missing"));
    assert!(error.citations().iter().any(|citation| citation.article == "457"));
    let error = Log::contaminated().refused(EventType::ControlPlanFiled, plan(Case::SafeUse), Role::LandUser);
    assert_eq!(error.code(), "step_not_allowed");
    let log = log
        .step(EventType::WorksStarted, None, ON)
        .step(EventType::WorksCompleted, None, ON)
        .step(EventType::EffectReportSubmitted, None, ON)
        .step(EventType::EffectReviewed, Some(Case::NotMet), ON);
    assert_eq!(log.state.stage(), Stage::RiskControl(ControlMode::SafeUse), "back to where it came from");
}

#[test]
fn t15_law_64_code_459_a_scheme_is_filed_before_works_begin() {
    let log = Log::listed().step(EventType::RemediationPlanFiled, None, ON);
    assert_eq!((log.state.stage(), log.state.standing().works()), (Stage::Remediation, Works::NotStarted));
    let again = log.clone().step(EventType::RemediationPlanFiled, None, ON);
    let begun = again.step(EventType::WorksStarted, None, ON);
    let scheme = sample(EventType::RemediationPlanFiled, None);
    let error = begun.refused(EventType::RemediationPlanFiled, scheme.clone(), Role::LandUser);
    assert!(error.detail().zh.contains("工程已经开工"));
    let dry = Draft { groundwater: None, ..scheme };
    let error = Log::listed().refused(EventType::RemediationPlanFiled, dry, Role::LandUser);
    assert_eq!(error.faults()[0].pointer, "/groundwater");
    assert_eq!(error.citations()[0].article, "459");
}

#[test]
fn t15a_law_40_3_code_435_3_works_need_a_contractor_and_a_notice_board() {
    let log = Log::listed().step(EventType::RemediationPlanFiled, None, ON).step(EventType::WorksStarted, None, ON);
    assert_eq!(log.last_effects(), [owed(Publicity::WorksNoticeBoard, 10)]);
    let error = Log::listed().step(EventType::RemediationPlanFiled, None, ON).refused(
        EventType::WorksStarted,
        Draft::default(),
        Role::LandUser,
    );
    assert_eq!(error.faults()[0].pointer, "/contractor");
    assert_eq!(error.citations()[0].article, "435(3)");
    let error = log.refused(EventType::WorksStarted, sample(EventType::WorksStarted, None), Role::LandUser);
    assert_eq!(error.code(), "step_not_allowed");
}

#[test]
fn t15b_law_41_code_436_transport_is_told_to_both_bureaus_with_six_facts() {
    let log = Log::listed().step(EventType::RemediationPlanFiled, None, ON);
    let complete = Draft {
        origin_told_on: Some(ON),
        destination_told_on: Some(Day::of(2026, 10, 15)),
        transport_on: Some(Day::of(2026, 10, 20)),
        ..sample(EventType::SoilTransportReported, None)
    };
    let told = log.clone().with(EventType::SoilTransportReported, complete.clone(), ON, Role::LandUser);
    // It is told with the later of the two; whether that was five working days ahead, the clock says.
    let rule = StatutoryClock::SoilTransportNotice;
    assert_eq!(
        told.last_effects(),
        [
            opened(rule, "event-10", Day::of(2026, 10, 20), StartFrom::Transport),
            closed(rule, "event-10", Day::of(2026, 10, 15)),
        ]
    );
    let error = log.refused(EventType::SoilTransportReported, report(), Role::LandUser);
    let missing: Vec<&str> = error.faults().iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        missing,
        [
            "/transport_on",
            "/transport_mode",
            "/route",
            "/quantity_t",
            "/destination",
            "/final_disposal",
            "/destination_division",
            "/origin_told_on",
            "/destination_told_on"
        ]
    );
    assert_eq!(error.citations()[0].article, "436");
    let nothing = Draft { quantity_t: serde_json::Number::from_f64(0.0), ..complete };
    let error = log.refused(EventType::SoilTransportReported, nothing, Role::LandUser);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/quantity_t", "out_of_range"));
}

#[test]
fn t16_order_42_26_who_carried_out_the_works_does_not_evaluate_them() {
    let log = Log::remediated();
    let own = Draft { evaluator: Some(PartyDraft { name: "别名".into(), ..party(1) }), ..report() };
    let error = log.refused(EventType::EffectReportSubmitted, own, Role::LandUser);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/evaluator", "evaluator_is_contractor"));
    assert!(error.citations().iter().any(|citation| citation.article == "26"));
    let same_name = Draft { evaluator: Some(PartyDraft { credit_code: None, ..party(1) }), ..report() };
    assert_eq!(log.refused(EventType::EffectReportSubmitted, same_name, Role::LandUser).code(), "invalid_input");
    let log = log.step(EventType::EffectReportSubmitted, None, ON);
    assert_eq!(log.state.stage(), Stage::EffectEvaluation);
    assert_eq!(
        log.last_effects(),
        [opened(StatutoryClock::EffectReview, "", ON, StartFrom::Event), owed(Publicity::EffectReport, 12)]
    );
}

#[test]
fn t16_law_65_code_460_the_effect_is_evaluated_after_the_works() {
    let log = Log::listed().step(EventType::RemediationPlanFiled, None, ON);
    let draft = sample(EventType::EffectReportSubmitted, None);
    let error = log.refused(EventType::EffectReportSubmitted, draft.clone(), Role::LandUser);
    assert!(error.detail().zh.contains("工程尚未完工"));
    let error =
        log.step(EventType::WorksStarted, None, ON).refused(EventType::EffectReportSubmitted, draft, Role::LandUser);
    assert_eq!((error.code(), error.citations()[0].article.as_str()), ("step_not_allowed", "460"));
}

#[test]
fn t17_law_66_code_461_targets_met_take_the_site_off_the_list_and_its_zones_with_it() {
    let met = Draft {
        assessed_class: Some("class_1".into()),
        controls: Some("不得开采地下水".into()),
        ..concluding(Case::Met)
    };
    let log = Log::evaluated().with(EventType::EffectReviewed, met, ON, Role::ProvinceEcology);
    assert_eq!(log.state.stage(), Stage::Delisted);
    assert_eq!(on_lists(&log), []);
    assert_eq!(
        log.last_effects(),
        [
            Effect::ListLeft { list: List::ContaminatedDirectory },
            Effect::ListLeft { list: List::ControlList },
            closed(StatutoryClock::EffectReview, "", ON),
            owed(Publicity::ControlListRemoval, 13),
            Effect::ZonesLifted,
        ]
    );
    let known = log.state.standing();
    assert_eq!((known.assessed_class(), known.controls()), (Some(AssessedClass::Class1), Some("不得开采地下水")));
    let returned = Log::evaluated().step(EventType::EffectReviewed, Some(Case::Returned), ON);
    assert_eq!((returned.state.stage(), returned.state.standing().works()), (Stage::Remediation, Works::Completed));
    assert_eq!(returned.step(EventType::EffectReportSubmitted, None, ON).state.stage(), Stage::EffectEvaluation);
}

#[test]
fn t18_law_66_3_code_461_3_targets_missed_bar_construction_and_from_the_code_on_stop_what_was_begun() {
    let log = Log::evaluated().step(EventType::EffectReviewed, Some(Case::NotMet), ON);
    assert_eq!((log.state.stage(), log.flags()), (Stage::Remediation, &[Flag::TargetsMissed][..]));
    assert_eq!(
        log.last_effects(),
        [
            closed(StatutoryClock::EffectReview, "", ON),
            Effect::FlagRaised { flag: Flag::TargetsMissed },
            Effect::WorksMustStop,
        ]
    );
    // New works, and another evaluation.
    let again = log
        .step(EventType::WorksStarted, None, ON)
        .step(EventType::WorksCompleted, None, ON)
        .step(EventType::EffectReportSubmitted, None, ON)
        .step(EventType::EffectReviewed, Some(Case::Met), ON);
    assert_eq!((again.state.stage(), again.flags()), (Stage::Delisted, &[][..]));
}

/// A site in remediation long before the Code, as an existing register had it.
fn given_evaluation() -> SiteState {
    let draft = given::GivenDraft { stage: "effect_evaluation".into(), ..given::GivenDraft::default() };
    SiteState::registered(&Given::read(&draft, TODAY).unwrap()).0
}

#[test]
fn law_66_3_and_code_461_3_differ_on_the_two_sides_of_2026_08_15() {
    let state = given_evaluation();
    let (last, first) = (Day::of(2026, 8, 14), Day::of(2026, 8, 15));
    let missed = |on| {
        let draft = Draft { reason: Some("未达标".into()), ..concluding(Case::NotMet) };
        take(&state, EventType::EffectReviewed, draft, on, TODAY, Role::ProvinceEcology, place()).unwrap().1
    };
    assert!(!missed(last).effects.contains(&Effect::WorksMustStop));
    assert!(missed(first).effects.contains(&Effect::WorksMustStop));
    let text = |on| {
        let found = restrictions(&missed(on).state, on);
        let stop = found.iter().find(|r| r.id == "works_must_stop").unwrap();
        (stop.text.zh.contains("立即停止建设"), stop.citations[0].article.clone())
    };
    assert_eq!(text(last), (false, "66(3)".to_owned()));
    assert_eq!(text(first), (true, "461(3)".to_owned()));
    // An order to stop works has its ground in the Code only.
    let order = |on| {
        let draft = sample(EventType::StopWorkOrdered, None);
        take(&state, EventType::StopWorkOrdered, draft, on, TODAY, Role::CountyEcology, place()).map(|(_, step)| step)
    };
    let error = Error::from(order(last).unwrap_err());
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "not_in_force"));
    let cited: Vec<&str> = error.citations().iter().map(|citation| citation.article.as_str()).collect();
    assert_eq!(cited, ["66(3)", "461(3)"]);
    assert!(error.detail().zh.contains("2026-08-15"));
    assert_eq!(order(first).unwrap().effects, [Effect::FlagRaised { flag: Flag::WorksStopped }]);
}

#[test]
fn t19_law_42_3_code_437_3_aftercare_has_its_reports_and_ends() {
    let log = Log::evaluated().step(EventType::EffectReviewed, Some(Case::Met), ON).step(
        EventType::AftercareStarted,
        None,
        ON,
    );
    assert_eq!(log.state.stage(), Stage::Aftercare);
    let rule = StatutoryClock::MonitoringReportAsPlanned;
    assert_eq!(log.last_effects(), [set(rule, "event-14", ON, StartFrom::Event, Day::of(2027, 10, 12))]);
    let reported = log.clone().step(EventType::MonitoringReported, None, TODAY);
    assert_eq!(
        reported.last_effects(),
        [closed(rule, "event-14", TODAY), set(rule, "event-15", TODAY, StartFrom::Event, Day::of(2027, 11, 21))]
    );
    let ended = log.with(EventType::AftercareEnded, report(), TODAY, Role::PrefectureEcology);
    assert_eq!((ended.state.stage(), ended.state.standing().clocks()), (Stage::Delisted, &[][..]));
    let above = Draft { exceeded: Some(true), ..sample(EventType::MonitoringReported, None) };
    let error = reported.refused(EventType::MonitoringReported, Draft { measures: None, ..above }, Role::LandUser);
    assert_eq!(error.faults()[0].pointer, "/measures");
}

#[test]
fn t20_order_42_21_spread_stands_over_the_site_until_it_has_ended() {
    let spread = sample(EventType::SpreadReported, None);
    let log = Log::contained().with(EventType::SpreadReported, spread.clone(), ON, Role::LandUser);
    assert_eq!(log.flags(), [Flag::Spread]);
    assert!(restrictions(&log.state, ON).iter().any(|r| r.id == "spread_to_be_stopped" && r.gate == Gate::Block));
    // Reported again, nothing is raised twice.
    let log = log.with(EventType::SpreadReported, spread.clone(), ON, Role::CountyEcology);
    assert_eq!(log.last_effects(), []);
    let ended = Draft { status: Some("ended".into()), ..spread };
    let log = log.with(EventType::SpreadReported, ended, ON, Role::CountyEcology);
    assert_eq!((log.flags(), log.last_effects()), (&[][..], &[Effect::FlagLowered { flag: Flag::Spread }][..]));
}

#[test]
fn t20_law_44_code_443_an_emergency_stands_over_the_site_too() {
    let log = Log::suspected().step(EventType::EmergencyReported, None, ON);
    assert_eq!(log.flags(), [Flag::Emergency]);
    let error = Log::suspected().refused(EventType::EmergencyReported, Draft::default(), Role::LandUser);
    assert_eq!(error.citations()[0].article, "443");
    assert!(Log::new().clone().enter(EventType::EmergencyReported, Draft::default(), ON, Role::LandUser).is_err());
}

#[test]
fn t21_law_45_code_439_the_chain_of_liable_parties_is_kept() {
    let change = |ground: &str, n| Draft { ground: Some(ground.into()), party: Some(party(n)), ..report() };
    let log = Log::contaminated()
        .with(EventType::LiablePartyChanged, change("successor", 3), ON, Role::CountyEcology)
        .with(EventType::LiablePartyChanged, change("agreement", 4), TODAY, Role::PrefectureEcology);
    let chain: Vec<_> =
        log.state.standing().liable().iter().map(|l| (l.party.name.as_str(), l.ground, l.since, l.seq)).collect();
    assert_eq!(chain, [("单位3", Ground::Successor, ON, 5), ("单位4", Ground::Agreement, TODAY, 6)]);
    assert_eq!(log.clone().voided(TODAY, Role::PrefectureEcology).state.standing().liable().len(), 1);
}

#[test]
fn t21_law_68_code_463_the_government_is_liable_where_nobody_is_left() {
    let change = Draft { ground: Some("government".into()), party: Some(party(5)), ..report() };
    let error = Log::contaminated().refused(EventType::LiablePartyChanged, change.clone(), Role::CountyEcology);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/ground", "nobody_left_only"));
    assert!(error.citations().iter().any(|citation| citation.article == "463"));
    let log = Log::contaminated().with(EventType::LiablePartyChanged, change, ON, Role::Government);
    assert_eq!(log.state.standing().liable()[0].ground, Ground::Government);
}

// What was public

#[test]
fn what_was_public_may_go_when_its_occasion_has_passed() {
    let show = |duty: Publicity| Draft { subject: Some(duty.as_str().into()), from: Some(ON), ..disclosure() };
    let ended = |duty, seq: u32| Effect::PublicityEnded { duty, occasion: format!("event-{seq}"), on: ON };
    let log = Log::listed()
        .with(EventType::Disclosed, show(Publicity::ControlList), ON, Role::ProvinceEcology)
        .step(EventType::RemediationPlanFiled, None, ON)
        .step(EventType::WorksStarted, None, ON)
        .with(EventType::Disclosed, show(Publicity::WorksNoticeBoard), ON, Role::LandUser)
        .step(EventType::WorksCompleted, None, ON);
    assert_eq!(log.last_effects(), [ended(Publicity::WorksNoticeBoard, 11)]);
    let log = log.step(EventType::EffectReportSubmitted, None, ON).step(EventType::EffectReviewed, Some(Case::Met), ON);
    assert!(log.last_effects().contains(&ended(Publicity::ControlList, 8)));
    assert!(!log.last_effects().contains(&ended(Publicity::WorksNoticeBoard, 11)));
}

// Clocks changed by hand

/// Pins: clock
#[test]
fn a_clock_is_extended_suspended_resumed_and_called_off_with_cause() {
    let extend = |until| Draft { until: Some(until), ..clock_draft() };
    let log = Log::in_survey().with(EventType::DeadlineExtended, extend(TODAY.next()), TODAY, Role::CountyEcology);
    assert!(
        matches!(log.last_effects(), [Effect::DeadlineExtended { rule: CLOCK, until, .. }] if *until == TODAY.next())
    );
    let error = Log::in_survey().refused(EventType::DeadlineExtended, extend(ON), Role::CountyEcology);
    assert_eq!(error.faults()[0].pointer, "/until");
    // No law at hand has an extension, and the answer says so.
    assert!(error.citations()[0].instrument_zh.contains("非法律规定"));
    assert_eq!(error.citations()[0].confidence, crate::kernel::Confidence::Unconfirmed);
    let log = log.with(EventType::DeadlineSuspended, clock_draft(), TODAY, Role::PrefectureEcology);
    assert!(log.state.standing().clocks()[0].stands);
    let resume = Draft { reason: None, ..clock_draft() };
    let log = log.with(EventType::DeadlineResumed, resume.clone(), TODAY, Role::PrefectureEcology);
    assert!(!log.state.standing().clocks()[0].stands);
    let log = log.with(EventType::DeadlineCancelled, clock_draft(), TODAY, Role::PrefectureEcology);
    assert_eq!(log.state.standing().clocks(), []);
    let error =
        Error::from(log.clone().enter(EventType::DeadlineResumed, resume, TODAY, Role::CountyEcology).unwrap_err());
    assert!(error.detail().zh.contains("没有中止的期限"));
    let other = Draft { deadline_rule: Some("effect_review".into()), ..clock_draft() };
    let error = Log::in_survey().refused(EventType::DeadlineCancelled, other, Role::CountyEcology);
    assert_eq!((error.faults()[0].pointer.as_str(), error.faults()[0].code), ("/deadline_rule", "not_running"));
    // The survey can be completed all the same.
    let done = log.with(EventType::PreliminaryReportSubmitted, report(), TODAY, Role::LandUser);
    assert_eq!(done.state.stage(), Stage::PreliminaryReview);
}

#[test]
fn a_clock_that_stood_still_when_it_was_stopped_stands_still_again_when_the_report_comes_back() {
    let log = Log::in_survey()
        .with(EventType::DeadlineSuspended, clock_draft(), REVIEWED, Role::PrefectureEcology)
        .with(EventType::PreliminaryReportSubmitted, report(), REVIEWED, Role::LandUser)
        .with(EventType::PreliminaryReportReviewed, review(Case::Returned), ON, Role::PrefectureEcology);
    assert!(log.state.standing().clocks()[0].stands);
    let resume = Draft { reason: None, ..clock_draft() };
    let log = log.with(EventType::DeadlineResumed, resume, TODAY, Role::PrefectureEcology);
    assert!(!log.state.standing().clocks()[0].stands);
}

#[test]
fn an_amended_plan_starts_no_clock_of_a_plan_that_is_filed() {
    let of = |year| Draft { plan_year: Some(year), report_every_months: None, ..plan(Case::Containment) };
    let log = Log::contained().with(EventType::ControlPlanFiled, of(2027), TODAY, Role::CountyEcology).with(
        EventType::ControlPlanFiled,
        of(2026),
        TODAY,
        Role::CountyEcology,
    );
    let running: Vec<&str> = log.state.standing().clocks().iter().map(|clock| clock.occasion.as_str()).collect();
    assert_eq!(running, ["2028"]);
}

#[test]
fn an_agency_takes_back_what_an_agency_entered_and_nothing_of_the_land_users() {
    let by = |actor| Log::in_survey().with(EventType::PreliminaryReportSubmitted, report(), SUBMITTED, actor);
    let voids = |log: &Log, role| log.clone().enter(EventType::EnteredInError, mistake(), TODAY, role).is_ok();
    assert!(!voids(&by(Role::LandUser), Role::ThirdParty));
    assert!(voids(&by(Role::ThirdParty), Role::ThirdParty) && voids(&by(Role::ThirdParty), Role::LandUser));
}

/// A log that was kept when the review of a report had no clock: nothing is stopped that was never started.
#[test]
fn a_log_is_replayed_with_the_clocks_and_duties_that_were_started_then() {
    let log = Log::in_review();
    let kept = |effects: &[Effect]| -> Vec<Effect> {
        let told_apart = |effect: &&Effect| {
            !matches!(
                effect,
                Effect::DeadlineOpened { rule: StatutoryClock::SurveyNotice | StatutoryClock::SurveyReportReview, .. }
                    | Effect::DeadlineClosed { rule: StatutoryClock::SurveyNotice, .. }
            )
        };
        effects.iter().filter(told_apart).cloned().chain([Effect::ToInform { whom: Role::Government }]).collect()
    };
    let entries: Vec<_> = log.entries.iter().cloned().zip(log.effects.iter().map(|effects| kept(effects))).collect();
    let state = replay_as_kept(SiteState::candidate(), &entries).unwrap().state;
    assert_eq!((state.stage(), state.standing().clocks()), (Stage::PreliminaryReview, &[][..]));
    let draft = review(Case::Contaminated);
    let kind = EventType::PreliminaryReportReviewed;
    let (_, step) = take(&state, kind, draft, REVIEWED, TODAY, Role::PrefectureEcology, place()).unwrap();
    assert!(!step.effects.iter().any(|effect| matches!(effect, Effect::DeadlineClosed { .. })));
    let (_, back) =
        take(&state, EventType::EnteredInError, mistake(), TODAY, TODAY, Role::CountyEcology, place()).unwrap();
    assert_eq!(
        back.effects,
        [
            Effect::Voided { seq: 3 },
            Effect::Undone { effect: Box::new(owed(Publicity::PreliminaryReport, 3)) },
            Effect::Undone { effect: Box::new(closed(CLOCK, "", SUBMITTED)) },
        ]
    );
}

// Sites that an existing register had, at every stage

#[test]
fn a_site_taken_over_at_any_stage_goes_on_from_there() {
    for (stage, mode, event_type, case, to) in [
        ("detailed_survey", None, EventType::DetailedReportSubmitted, None, Stage::RiskAssessment),
        ("risk_assessment", None, EventType::RiskAssessmentReviewed, Some(Case::ActionRequired), Stage::Listed),
        ("listed", None, EventType::RemediationPlanFiled, None, Stage::Remediation),
        ("risk_control", Some("safe_use"), EventType::EffectReportSubmitted, None, Stage::EffectEvaluation),
        ("remediation", None, EventType::EffectReportSubmitted, None, Stage::EffectEvaluation),
        ("effect_evaluation", None, EventType::EffectReviewed, Some(Case::NotMet), Stage::Remediation),
        ("delisted", None, EventType::AftercareStarted, None, Stage::Aftercare),
        ("aftercare", None, EventType::AftercareEnded, None, Stage::Delisted),
        ("risk_control", Some("containment"), EventType::RemediationPlanFiled, None, Stage::Remediation),
        ("risk_control", Some("containment"), EventType::DetailedNoticeServed, None, Stage::DetailedSurvey),
    ] {
        let draft =
            given::GivenDraft { stage: stage.into(), mode: mode.map(str::to_owned), ..given::GivenDraft::default() };
        let (state, _) = SiteState::registered(&Given::read(&draft, TODAY).unwrap());
        let draft = match event_type {
            EventType::DetailedNoticeServed => Draft { received_on: Some(ON), ..notice() },
            _ => sample(event_type, case),
        };
        let actor = event_type.kind().actors[0];
        let (_, step) =
            take(&state, event_type, draft, ON, TODAY, actor, place()).unwrap_or_else(|e| panic!("{stage}: {e:?}"));
        assert_eq!(step.new_stage(), to, "{stage}");
    }
    assert!(matches!(given_evaluation().standing().works(), Works::Unknown));
    assert!(UnderReview::Unknown != UnderReview::Nothing);
}

// Disclosure

/// Pins: disclosure
#[test]
fn a_disclosure_meets_the_duties_of_whoever_makes_it() {
    let mut log = Log::concluded(Case::Contaminated);
    let told = Publicity::CountyGovernmentTold;
    assert_eq!(duties(&log), [Publicity::PreliminaryReport, Publicity::ContaminatedDirectory, told]);
    let step = log.enter(EventType::Disclosed, disclosure(), REVIEWED, Role::ThirdParty).unwrap();
    assert_eq!(step.effects, [met(Publicity::PreliminaryReport, 3)]);
    assert_eq!(step.new_stage(), Stage::Contaminated);
    let directory = Draft { subject: Some("contaminated_directory".into()), ..disclosure() };
    let refusal = log.enter(EventType::Disclosed, directory.clone(), REVIEWED, Role::LandUser).unwrap_err();
    assert_eq!(faults(refusal), [("/subject".to_owned(), "duty_of_another")]);
    let step = log.enter(EventType::Disclosed, directory, REVIEWED, Role::CountyEcology).unwrap();
    assert_eq!(step.effects, [met(Publicity::ContaminatedDirectory, 4)]);
    // An announcement to everybody is no letter to the government.
    assert_eq!(log.enter(EventType::Disclosed, disclosure(), REVIEWED, Role::PrefectureEcology).unwrap().effects, []);
    let letter =
        Draft { subject: Some(told.as_str().into()), channel: Some("函告".into()), url: None, ..disclosure() };
    let step = log.enter(EventType::Disclosed, letter, REVIEWED, Role::PrefectureEcology).unwrap();
    assert_eq!(step.effects, [met(told, 4)]);
    assert_eq!(duties(&log), []);
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
            ("/subject".to_owned(), "not_in_list"),
            ("/to".to_owned(), "ends_before_it_starts")
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
            Effect::Undone { effect: Box::new(owed(Publicity::PreliminaryReport, 3)) },
            Effect::Undone {
                effect: Box::new(opened(StatutoryClock::SurveyReportReview, "", SUBMITTED, StartFrom::Event))
            },
            Effect::Undone { effect: Box::new(closed(CLOCK, "", SUBMITTED)) },
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
    assert_eq!(Error::from(refusal).allowed(), ["suspected_listed", "spread_reported", "emergency_reported"]);
}

// Steps of another stage

#[test]
fn a_later_step_is_refused_with_the_stages_that_have_it_and_its_article() {
    let mut log = Log::suspected();
    let error =
        Error::from(log.enter(EventType::EffectReviewed, Draft::default(), TODAY, Role::ProvinceEcology).unwrap_err());
    assert_eq!((error.code(), error.rule()), ("step_not_allowed", Some("T17")));
    assert!(error.detail().zh.contains("效果评估") && error.detail().en.contains("Effect evaluation"));
    assert_eq!(error.citations()[0].article, "461");
}

// Next steps

#[test]
fn next_steps_are_those_of_the_role() {
    let log = Log::in_review();
    let steps = |role| -> Vec<&str> { next_steps(&log.state, role).iter().map(|n| n.kind.name).collect() };
    assert_eq!(proper(&steps(Some(Role::PrefectureEcology))), ["preliminary_report_reviewed"]);
    assert_eq!(steps(Some(Role::LandUser)), ["spread_reported", "emergency_reported", "disclosed", "entered_in_error"]);
    assert_eq!(steps(Some(Role::Auditor)), [""; 0]);
    let next = next_steps(&log.state, None);
    let review = next.iter().find(|n| n.kind.event_type == EventType::PreliminaryReportReviewed).unwrap();
    assert_eq!(review.leads_to, [Stage::NotContaminated, Stage::Contaminated, Stage::PreliminarySurvey]);
    assert_eq!(review.cases, [Case::NotContaminated, Case::Contaminated, Case::Returned]);
    let void = next.iter().find(|n| n.kind.event_type == EventType::EnteredInError).unwrap();
    assert_eq!(void.leads_to, [Stage::PreliminarySurvey]);
}

/// A next step is exactly what is not refused for stage or role.
#[test]
fn what_is_listed_as_next_is_what_is_permitted() {
    for log in a_log_at_every_reached_stage() {
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
    let logs = a_log_at_every_reached_stage();
    let every = logs.iter().flat_map(|log| &log.entries);
    for entry in log.entries.iter().chain(&other.entries).chain(every) {
        let stored = serde_json::to_value(&entry.event).unwrap();
        assert_eq!(stored["type"], entry.event.event_type().as_str());
        assert_eq!(serde_json::from_value::<Event>(stored).unwrap(), entry.event);
    }
    for log in logs.iter().chain([&log]) {
        let stored = serde_json::to_string(&log.effects).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Vec<Effect>>>(&stored).unwrap(), log.effects);
    }
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
            "conclusion": "perhaps", "document_id": document(1)}))
        .is_err()
    );
}

// The fields of the table against what is read

#[test]
fn the_table_of_fields_is_what_events_are_read_by() {
    for kind in &KINDS {
        for case in cases_or_none(kind.event_type) {
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
}

fn cases_or_none(event_type: EventType) -> Vec<Option<Case>> {
    if event_type == EventType::EnteredInError { vec![None] } else { cases(event_type) }
}

fn without(mut draft: Draft, field: Field) -> Draft {
    match field {
        Field::ReceivedOn => draft.received_on = None,
        Field::IssuedOn => draft.issued_on = None,
        Field::ServedHow => draft.served_how = None,
        Field::DocumentId => draft.document_id = None,
        Field::DueOn => draft.due_on = None,
        Field::Conclusion => draft.conclusion = None,
        Field::Mode => draft.mode = None,
        Field::RiskGrade => draft.risk_grade = None,
        Field::AssessedClass => draft.assessed_class = None,
        Field::Reason => draft.reason = None,
        Field::PlanYear => draft.plan_year = None,
        Field::Media => draft.media = None,
        Field::Groundwater => draft.groundwater = None,
        Field::ReportEveryMonths => draft.report_every_months = None,
        Field::Geometry => draft.geometry = None,
        Field::ApprovedBy => draft.approved_by = None,
        Field::DocumentNumber => draft.document_number = None,
        Field::Contractor => draft.contractor = None,
        Field::Evaluator => draft.evaluator = None,
        Field::Party => draft.party = None,
        Field::Ground => draft.ground = None,
        Field::TransportOn => draft.transport_on = None,
        Field::TransportMode => draft.transport_mode = None,
        Field::Route => draft.route = None,
        Field::QuantityT => draft.quantity_t = None,
        Field::Destination => draft.destination = None,
        Field::DestinationDivision => draft.destination_division = None,
        Field::FinalDisposal => draft.final_disposal = None,
        Field::OriginToldOn => draft.origin_told_on = None,
        Field::DestinationToldOn => draft.destination_told_on = None,
        Field::Exceeded => draft.exceeded = None,
        Field::Measures => draft.measures = None,
        Field::Status => draft.status = None,
        Field::Controls => draft.controls = None,
        Field::DeadlineRule => draft.deadline_rule = None,
        Field::Occasion => draft.occasion = None,
        Field::Until => draft.until = None,
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
    let of = |occasion: &str| if occasion.is_empty() { String::new() } else { " of its occasion".to_owned() };
    match effect {
        Effect::DeadlineOpened { rule, occasion, responsible, .. } => {
            format!("opens {}{} for {}", rule.as_str(), of(occasion), responsible.as_str())
        }
        Effect::DeadlineClosed { rule, occasion, .. } => format!("closes {}{}", rule.as_str(), of(occasion)),
        Effect::DeadlineReopened { rule, .. } => format!("reopens {}", rule.as_str()),
        Effect::DeadlineCancelled { rule, occasion, .. } => format!("calls off {}{}", rule.as_str(), of(occasion)),
        Effect::DeadlineExtended { rule, .. } => format!("extends {}", rule.as_str()),
        Effect::DeadlineSuspended { rule, .. } => format!("suspends {}", rule.as_str()),
        Effect::DeadlineResumed { rule, .. } => format!("resumes {}", rule.as_str()),
        Effect::ListEntered { list } => format!("enters {}", list.as_str()),
        Effect::ListLeft { list } => format!("leaves {}", list.as_str()),
        Effect::RiskGraded { .. } => "is graded".into(),
        Effect::PublicityOwed { duty, by, .. } => format!("{} owes publication of {}", by.as_str(), duty.as_str()),
        Effect::PublicityMet { duty, .. } => format!("{} is published", duty.as_str()),
        Effect::PublicityEnded { duty, .. } => format!("{} need be public no longer", duty.as_str()),
        Effect::ZoneApproved => "a control zone is drawn".into(),
        Effect::ZonesLifted => "its control zones end".into(),
        Effect::FlagRaised { flag } => format!("stands under {}", flag.as_str()),
        Effect::FlagLowered { flag } => format!("stands no longer under {}", flag.as_str()),
        Effect::WorksMustStop => "works already begun must stop".into(),
        Effect::LiablePartySet { ground, .. } => format!("another party is liable: {}", ground.as_str()),
        Effect::ToInform { whom } => format!("{} is told", whom.as_str()),
        Effect::EnteredOnBehalf { of } => format!("entered for {}", of.as_str()),
        Effect::Voided { .. } => "the last event is void".into(),
        Effect::Undone { effect } => format!("undone: {}", describe(effect)),
    }
}

/// A right draft of a step that is taken on a day.
fn sample_on(event_type: EventType, case: Option<Case>, on: Day) -> Draft {
    let draft = sample(event_type, case);
    let told = Some(on).filter(|_| event_type == EventType::SoilTransportReported);
    Draft { received_on: draft.received_on.map(|_| on), origin_told_on: told, destination_told_on: told, ..draft }
}

/// One log for each stage and what steps depend on beside it.
fn a_log_at_every_reached_stage() -> Vec<Log> {
    let key = |log: &Log| {
        let known = log.state.standing();
        let waits = Guard::ReportSubmitted;
        (known.stage(), known.works(), known.is_on(List::ControlList), known.holds(waits))
    };
    let mut logs = vec![Log::new()];
    let mut next = 0;
    while next < logs.len() {
        let log = logs[next].clone();
        next += 1;
        for event_type in EventType::all() {
            for case in cases(event_type) {
                let Some(&actor) = event_type.kind().actors.first() else { continue };
                let mut after = log.clone();
                let draft = sample_on(event_type, case, TODAY);
                if after.enter(event_type, draft, TODAY, actor).is_ok()
                    && logs.iter().all(|seen| key(seen) != key(&after))
                {
                    logs.push(after);
                }
            }
        }
    }
    logs
}

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
        let here: Vec<&Log> = logs.iter().filter(|log| log.state.stage() == stage).collect();
        assert!(!here.is_empty(), "{stage} is not reached");
        let mut refused = Vec::new();
        for event_type in EventType::all() {
            let kind = event_type.kind();
            let mut taken = false;
            for case in cases_or_none(event_type) {
                let attempt =
                    |log: &Log, role| log.clone().enter(event_type, sample_on(event_type, case, TODAY), TODAY, role);
                let Some(log) = here.iter().find(|log| Role::ALL.into_iter().any(|role| attempt(log, role).is_ok()))
                else {
                    continue;
                };
                let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| attempt(log, *role).is_ok()).collect();
                taken = true;
                let step = attempt(log, roles[0]).unwrap();
                writeln!(
                    text,
                    "  {}{} [{}] → {}",
                    kind.name,
                    case.map(|c| format!(" {}", c.as_str())).unwrap_or_default(),
                    step.transition.map_or(kind.rule, |t| t.id),
                    step.new_stage()
                )
                .unwrap();
                if let Some(guard) = step.transition.map(|t| t.guard).filter(|guard| *guard != Guard::None) {
                    writeln!(text, "      unless {}", guard.missing().en).unwrap();
                }
                writeln!(text, "      by {}", roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "))
                    .unwrap();
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
fn every_transition_is_taken_from_each_of_its_stages() {
    let logs = a_log_at_every_reached_stage();
    for transition in TRANSITIONS.iter().filter(|t| t.id != "clock") {
        for from in transition.from {
            let actor = transition.event.kind().actors[0];
            let draft = sample_on(transition.event, transition.case, TODAY);
            let step = logs
                .iter()
                .filter(|log| log.state.stage() == *from)
                .find_map(|log| log.clone().enter(transition.event, draft.clone(), TODAY, actor).ok())
                .unwrap_or_else(|| panic!("{} is not taken from {from}", transition.id));
            let to = match transition.to {
                To::Stage(to) => to,
                To::Stay => *from,
                To::Back => step.new_stage(),
            };
            assert_eq!(step.new_stage(), to, "{} from {from}", transition.id);
            assert!(step.transition.is_some_and(|taken| taken.event == transition.event));
        }
    }
}

/// What the procedure does not have at a stage is refused there, for everybody, with rule and article.
#[test]
fn every_transition_is_refused_from_every_other_stage() {
    let logs = a_log_at_every_reached_stage();
    for log in &logs {
        for kind in KINDS.iter().filter(|kind| kind.event_type != EventType::EnteredInError) {
            if kind.event_type.stages().contains(&log.state.stage()) {
                continue;
            }
            for role in Role::ALL {
                let draft = sample_on(kind.event_type, cases(kind.event_type)[0], TODAY);
                let error = Error::from(log.clone().enter(kind.event_type, draft, TODAY, role).unwrap_err());
                assert_eq!((error.code(), error.rule()), ("step_not_allowed", Some(kind.rule)));
                assert!(!error.citations().is_empty(), "{}", kind.name);
            }
        }
    }
}

// Any sequence of events

/// The clocks that a log implies, by rule and occasion: since when, and how each ended; taken from the effects alone.
type Clocks = BTreeMap<(StatutoryClock, String), Vec<Run>>;

/// Since when, how it ended, how often it was extended, whether it stands still.
type Run = (Day, Option<(Day, bool)>, u32, bool);

fn clocks(effects: &[Vec<Effect>]) -> Clocks {
    let mut all = Clocks::new();
    for effect in effects.iter().flatten() {
        let (undone, effect) = match effect {
            Effect::Undone { effect } => (true, &**effect),
            effect => (false, effect),
        };
        let (rule, occasion) = match effect {
            Effect::DeadlineOpened { rule, occasion, .. }
            | Effect::DeadlineClosed { rule, occasion, .. }
            | Effect::DeadlineReopened { rule, occasion, .. }
            | Effect::DeadlineCancelled { rule, occasion, .. }
            | Effect::DeadlineExtended { rule, occasion, .. }
            | Effect::DeadlineSuspended { rule, occasion, .. }
            | Effect::DeadlineResumed { rule, occasion, .. } => (*rule, occasion.clone()),
            _ => continue,
        };
        let these = all.entry((rule, occasion)).or_default();
        let end = |clock: &mut Run, to: Option<(Day, bool)>| {
            assert_eq!(clock.1.is_some(), to.is_none(), "a running clock ends, an ended one runs on");
            clock.1 = to;
        };
        match (effect, undone) {
            (Effect::DeadlineOpened { start_on, .. }, false) => {
                assert!(these.iter().all(|clock| clock.1.is_some()), "no clock is opened that runs");
                these.push((*start_on, None, 0, false));
            }
            (Effect::DeadlineOpened { start_on, .. }, true) => {
                assert_eq!(these.pop(), Some((*start_on, None, 0, false)), "what is undone is the last one, running");
            }
            (Effect::DeadlineClosed { on, .. }, false) => end(these.last_mut().unwrap(), Some((*on, false))),
            (Effect::DeadlineCancelled { on, .. }, false) => end(these.last_mut().unwrap(), Some((*on, true))),
            (Effect::DeadlineClosed { .. } | Effect::DeadlineCancelled { .. }, true) => {
                end(these.last_mut().unwrap(), None);
            }
            (Effect::DeadlineReopened { .. }, false) => end(these.last_mut().unwrap(), None),
            (Effect::DeadlineReopened { closed_on, .. }, true) => {
                end(these.last_mut().unwrap(), Some((*closed_on, false)));
            }
            (Effect::DeadlineExtended { .. }, false) => these.last_mut().unwrap().2 += 1,
            (Effect::DeadlineExtended { .. }, true) => these.last_mut().unwrap().2 -= 1,
            (Effect::DeadlineSuspended { .. }, undone) => these.last_mut().unwrap().3 = !undone,
            (Effect::DeadlineResumed { .. }, undone) => these.last_mut().unwrap().3 = undone,
            _ => {}
        }
    }
    all.retain(|_, these| !these.is_empty());
    all
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
            ..Draft::default()
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

fn duties_of(state: &SiteState) -> Vec<Publicity> {
    state.owed().iter().map(|owed| owed.duty).collect()
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
                        let by = event_type.kind().actors.iter().rfind(|role| role.is_department()).unwrap();
                        voided.enter(EventType::EnteredInError, mistake(), on, *by).unwrap();
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
        prop_assert_eq!(straight.state.stage(), log.state.stage());
        prop_assert_eq!(duties_of(&straight.state), duties_of(&log.state));
        prop_assert_eq!(straight.state.standing().flags(), log.state.standing().flags());
        let named = |clocks: &Clocks| -> Vec<(StatutoryClock, Vec<Run>)> {
            let mut all: Vec<_> = clocks.iter().map(|((rule, _), these)| (*rule, these.clone())).collect();
            all.sort();
            all
        };
        prop_assert_eq!(named(&clocks(&straight.effects)), named(&clocks(&log.effects)));
        // The clocks that run are exactly those that the state names.
        let mut running: Vec<(StatutoryClock, String, bool)> = clocks(&log.effects)
            .into_iter()
            .filter_map(|((rule, occasion), these)| {
                these.last().filter(|clock| clock.1.is_none()).map(|clock| (rule, occasion, clock.3))
            })
            .collect();
        let mut known: Vec<(StatutoryClock, String, bool)> =
            log.state.standing().clocks().iter().map(|c| (c.rule, c.occasion.clone(), c.stands)).collect();
        running.sort();
        known.sort();
        prop_assert_eq!(running, known);
        // Lists entered and left add up to those of the stage.
        for list in List::ALL {
            let on = straight.effects.iter().flatten().fold(false, |on, effect| match effect {
                Effect::ListEntered { list: l } if *l == list => true,
                Effect::ListLeft { list: l } if *l == list => false,
                _ => on,
            });
            prop_assert_eq!(Some(on), log.state.standing().is_on(list));
        }
    }
}

#[test]
fn words_are_written_as_they_are_named() {
    fn holds<T: serde::Serialize + std::fmt::Display>(words: &[T]) {
        for word in words {
            assert_eq!(serde_json::to_value(word).unwrap(), word.to_string());
        }
    }
    holds(AssessedClass::ALL);
    holds(Medium::ALL);
    holds(Course::ALL);
    holds(Ground::ALL);
}
