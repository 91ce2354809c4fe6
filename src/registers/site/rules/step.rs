//! From one state to the next, or a refusal that says what is missing, who must act, and by which article.
//!
//! A site's state is what its log says: [`replay`] makes it from the entries, [`step`] adds one. Both go through the same
//! transition, so that what was accepted once is what the log replays to. Who may act and which days are possible is asked
//! when an event is entered, never again when it is replayed.

use super::effect::{Effect, StartFrom};
use super::event::{AssessedClass, Conclusion, Draft, Event};
use super::given::Given;
use super::stage::{Impossible, List, OnList, RiskGrade, Stage};
use super::table::{Case, EventKind, EventType, Publicity, StatutoryClock, TRANSITIONS, Taken, Transition};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, DocumentId, Error, Fault, Provision, Text};
use crate::platform::Role;
use crate::standards::law;

/// The written notice of the preliminary survey, as served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The day that the six months count from.
    pub start_on: Day,
    /// What day that is.
    pub start_from: StartFrom,
    /// The notice with its proof of receipt; `None` where an existing register gave the day only.
    pub document_id: Option<DocumentId>,
}

/// A preliminary report, as submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The day of submission.
    pub submitted_on: Day,
    /// The report.
    pub document_id: DocumentId,
}

/// A review's opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// The day of the conclusion.
    pub concluded_on: Day,
    /// The opinion.
    pub document_id: DocumentId,
}

/// The stage with what is known at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A lead that nobody has decided on.
    Candidate,
    /// On the list; the notice is to be served.
    Suspected,
    /// The clock of the preliminary survey runs.
    PreliminarySurvey {
        /// What started the clock.
        notice: Notice,
        /// Why the last report went back, if one did.
        returned: Option<String>,
    },
    /// A report is under review.
    PreliminaryReview {
        /// What started the clock.
        notice: Notice,
        /// What is reviewed.
        report: Report,
    },
    /// Closed.
    NotContaminated {
        /// The opinion.
        review: Review,
        /// The land class that it holds for, where it was said.
        assessed_class: Option<AssessedClass>,
    },
    /// In the directory.
    Contaminated {
        /// The opinion.
        review: Review,
        /// The grade in the directory.
        risk_grade: RiskGrade,
    },
    /// As an existing register had it: the stage is known, and what led to it is not.
    AsGiven {
        /// The stage.
        stage: Stage,
        /// The grade, where the register had one.
        risk_grade: Option<RiskGrade>,
        /// The land class that a clean survey holds for, where the register said it.
        assessed_class: Option<AssessedClass>,
    },
}

impl Standing {
    /// The stage.
    pub fn stage(&self) -> Stage {
        match self {
            Standing::Candidate => Stage::Candidate,
            Standing::Suspected => Stage::Suspected,
            Standing::PreliminarySurvey { .. } => Stage::PreliminarySurvey,
            Standing::PreliminaryReview { .. } => Stage::PreliminaryReview,
            Standing::NotContaminated { .. } => Stage::NotContaminated,
            Standing::Contaminated { .. } => Stage::Contaminated,
            Standing::AsGiven { stage, .. } => *stage,
        }
    }

    /// The grade in the directory.
    pub fn risk_grade(&self) -> Option<RiskGrade> {
        match self {
            Standing::Contaminated { risk_grade, .. } => Some(*risk_grade),
            Standing::AsGiven { risk_grade, .. } => *risk_grade,
            _ => None,
        }
    }

    /// The land class that a clean survey holds for, where it is known.
    pub fn assessed_class(&self) -> Option<AssessedClass> {
        match self {
            Standing::NotContaminated { assessed_class, .. } | Standing::AsGiven { assessed_class, .. } => {
                *assessed_class
            }
            _ => None,
        }
    }
}

/// What an entry of the log changed, so that it can be voided.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Past {
    seq: u32,
    event_type: EventType,
    actor: Role,
    before: Standing,
    since: Option<Day>,
    last_on: Option<Day>,
    owed: Vec<Publicity>,
    effects: Vec<Effect>,
}

/// Where a site stands, and how it came there as far as that can be voided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteState {
    standing: Standing,
    since: Option<Day>,
    last_on: Option<Day>,
    owed: Vec<Publicity>,
    past: Vec<Past>,
    recorded: u32,
}

/// One entry of a site's log, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number in the log, from 1, without gaps.
    pub seq: u32,
    /// What happened.
    pub event: Event,
    /// When.
    pub occurred_on: Day,
    /// The day was not stated but taken to be that of the entry (a site registered as suspected without the day of its
    /// listing). Later events may lie before it.
    pub day_assumed: bool,
    /// Who entered it.
    pub actor: Role,
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The state after it.
    pub state: SiteState,
    /// What follows.
    pub effects: Vec<Effect>,
    /// The transition taken; `None` when an event was voided.
    pub transition: Option<&'static Transition>,
}

/// A log, replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The state after the last entry.
    pub state: SiteState,
    /// What followed from each entry, in their order.
    pub effects: Vec<Vec<Effect>>,
    /// For each entry the number of the one that voided it.
    pub voided_by: Vec<Option<u32>>,
}

/// A step that somebody may take next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// By which event.
    pub kind: &'static EventKind,
    /// Who may.
    pub actors: Vec<Role>,
    /// The stages it leads to; the same stage where it stays. For voiding: the stage that comes back.
    pub leads_to: Vec<Stage>,
}

/// Why a step is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The stage does not have it.
    NotAllowed {
        /// What was asked.
        event_type: EventType,
        /// Where the site stands.
        stage: Stage,
        /// What the stage has instead.
        allowed: Vec<EventType>,
        /// The day it is judged by.
        on: Day,
    },
    /// Another role must act.
    OtherRole {
        /// What was asked.
        event_type: EventType,
        /// Who asked.
        actor: Role,
        /// Who may.
        actors: Vec<Role>,
        /// The day it is judged by.
        on: Day,
    },
    /// A field, document or day is missing or wrong.
    Faults {
        /// What was asked.
        event_type: EventType,
        /// What is wrong, place by place.
        faults: Vec<Fault>,
        /// The day it is judged by.
        on: Day,
    },
}

impl Refusal {
    /// The rule that refuses.
    pub fn rule(&self) -> &'static str {
        self.event_type().kind().rule
    }

    /// The articles of that rule, of the day of the event.
    pub fn citations(&self) -> Vec<Citation> {
        let (Refusal::NotAllowed { on, .. } | Refusal::OtherRole { on, .. } | Refusal::Faults { on, .. }) = self;
        let mut citations = cite_all(self.event_type().kind().provisions, *on);
        if let Refusal::Faults { faults, .. } = self
            && faults.iter().any(|fault| DAY_ORDER_CODES.contains(&fault.code))
        {
            citations.extend(law::PRODUCT_ORDER_OF_DAYS.cite(*on));
        }
        citations
    }

    /// What was asked.
    pub fn event_type(&self) -> EventType {
        match self {
            Refusal::NotAllowed { event_type, .. }
            | Refusal::OtherRole { event_type, .. }
            | Refusal::Faults { event_type, .. } => *event_type,
        }
    }
}

/// The faults that the rule on the order of days stands behind.
const DAY_ORDER_CODES: [&str; 2] = ["in_the_future", "before_previous_event"];

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let (rule, citations) = (refusal.rule(), refusal.citations());
        let title = &refusal.event_type().kind().title;
        match &refusal {
            Refusal::NotAllowed { event_type, stage, allowed, .. } => {
                let here = stage.title();
                let (reason_zh, reason_en) = why_not(*event_type, *stage);
                Error::conflict(
                    "step_not_allowed",
                    Text::new(
                        format!("地块现处于“{}”阶段，不能办理“{}”：{reason_zh}。", here.zh, title.zh),
                        format!("The site is at \"{}\"; \"{}\" is not possible: {reason_en}.", here.en, title.en),
                    ),
                )
                .allowing(allowed.iter().map(|step| step.as_str()))
            }
            Refusal::OtherRole { actor, actors, .. } => {
                let zh: Vec<_> = actors.iter().map(|role| role.title().zh).collect();
                let en: Vec<_> = actors.iter().map(|role| role.title().en).collect();
                let who = actor.title();
                Error::forbidden(
                    "other_role_must_act",
                    Text::new(
                        format!("“{}”应由{}办理，{}无权办理。", title.zh, zh.join("、"), who.zh),
                        format!("\"{}\" is for: {}. {} may not do it.", title.en, en.join(", "), who.en),
                    ),
                )
            }
            Refusal::Faults { faults, .. } => Error::invalid(faults.clone()),
        }
        .under(rule, citations)
    }
}

/// What would have to be so for the step to be possible.
fn why_not(event_type: EventType, stage: Stage) -> (String, String) {
    let stages = event_type.stages();
    if event_type.kind().taken == Taken::ByVoiding {
        return ("没有可作废的事件".into(), "there is no event to void".into());
    }
    if stages.contains(&stage) {
        return ("本系统尚不办理此步骤".into(), "this registry does not take that step".into());
    }
    let zh: Vec<_> = stages.iter().map(|s| format!("“{}”", s.title().zh)).collect();
    let en: Vec<_> = stages.iter().map(|s| format!("\"{}\"", s.title().en)).collect();
    (format!("仅可在{}阶段办理", zh.join("、")), format!("only at {}", en.join(", ")))
}

impl SiteState {
    /// A site of which nothing but the lead is known.
    pub fn candidate() -> SiteState {
        SiteState {
            standing: Standing::Candidate,
            since: None,
            last_on: None,
            owed: Vec::new(),
            past: Vec::new(),
            recorded: 0,
        }
    }

    /// A site as an existing register had it, and what follows from its being registered so. Its first entry is that
    /// registration, which is no step and cannot be voided; what the register did not say stays unknown.
    pub fn registered(given: &Given) -> (SiteState, Vec<Effect>) {
        let stage = given.stage();
        let notice = |start_on| Notice { start_on, start_from: StartFrom::Receipt, document_id: None };
        let standing = match (stage, given.notice_received_on()) {
            (Stage::Candidate, _) => Standing::Candidate,
            (Stage::Suspected, _) => Standing::Suspected,
            (Stage::PreliminarySurvey, Some(received)) => {
                Standing::PreliminarySurvey { notice: notice(received), returned: None }
            }
            _ => Standing::AsGiven { stage, risk_grade: given.risk_grade(), assessed_class: given.assessed_class() },
        };
        let on = |list| match stage.on(list) {
            OnList::Yes => true,
            OnList::No => false,
            OnList::ByHistory => given.on_control_list() == Some(true),
        };
        let mut effects: Vec<Effect> =
            List::ALL.into_iter().filter(|list| on(*list)).map(|list| Effect::ListEntered { list }).collect();
        effects.extend(given.risk_grade().map(|grade| Effect::RiskGraded { grade }));
        let rule = StatutoryClock::PreliminarySurveySixMonths;
        if let Some((start_on, start_from)) = start_of(rule, &standing) {
            effects.push(Effect::DeadlineOpened { rule, start_on, start_from, responsible: rule.responsible() });
        }
        let since = given.stage_since();
        (SiteState { standing, since, last_on: since, owed: Vec::new(), past: Vec::new(), recorded: 1 }, effects)
    }

    /// The stage with what is known at it.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.standing.stage()
    }

    /// The day since which the site stands at its stage, where that is known.
    pub fn since(&self) -> Option<Day> {
        self.since
    }

    /// The day of the last event that stands; later ones may not lie before it. `None` when there is none or its day was
    /// not stated.
    pub fn last_on(&self) -> Option<Day> {
        self.last_on
    }

    /// What must be published and is not yet, as far as the log says.
    pub fn owed(&self) -> &[Publicity] {
        &self.owed
    }

    /// Number of entries in the log, void ones among them.
    pub fn recorded(&self) -> u32 {
        self.recorded
    }

    /// Number and type of the event that [`Event::EnteredInError`] would void.
    pub fn voidable(&self) -> Option<(u32, EventType)> {
        self.past.last().map(|past| (past.seq, past.event_type))
    }

    /// Who may take a step of this type, whatever the stage. Whoever may do a thing may also void it; but what a bureau
    /// entered, no land user or agency takes back.
    fn actors(&self, kind: &EventKind) -> Vec<Role> {
        match (&kind.taken, self.past.last()) {
            (Taken::ByVoiding, Some(last)) => {
                let actors = last.event_type.kind().actors.iter().copied();
                actors.filter(|role| role.is_department() || !last.actor.is_department()).collect()
            }
            _ => kind.actors.to_vec(),
        }
    }

    fn has(&self, kind: &EventKind) -> bool {
        match kind.taken {
            Taken::ByTransition => kind.event_type.transitions().any(|t| t.from.contains(&self.stage())),
            Taken::ByVoiding => !self.past.is_empty(),
            Taken::Not(_) => false,
        }
    }

    /// The event types that this state has, whoever may do them.
    pub fn allowed(&self) -> Vec<EventType> {
        EventType::all().filter(|t| self.has(t.kind())).collect()
    }
}

/// The steps that are open, to `role` where one is given, to anybody otherwise.
pub fn next_steps(state: &SiteState, role: Option<Role>) -> Vec<NextStep> {
    state
        .allowed()
        .into_iter()
        .map(|event_type| {
            let kind = event_type.kind();
            let leads_to = match kind.taken {
                Taken::ByVoiding => state.past.last().map(|past| past.before.stage()).into_iter().collect(),
                _ => event_type
                    .transitions()
                    .filter(|t| t.from.contains(&state.stage()))
                    .map(|t| t.to.unwrap_or(state.stage()))
                    .collect(),
            };
            NextStep { kind, actors: state.actors(kind), leads_to }
        })
        .filter(|next| role.is_none_or(|role| next.actors.contains(&role)))
        .collect()
}

/// Whether a step of this type is possible here and for this role, before its facts are looked at.
///
/// # Errors
/// [`Refusal::NotAllowed`], then [`Refusal::OtherRole`].
pub fn permit(state: &SiteState, event_type: EventType, occurred_on: Day, actor: Role) -> Result<(), Refusal> {
    let kind = event_type.kind();
    if !state.has(kind) {
        return Err(Refusal::NotAllowed {
            event_type,
            stage: state.stage(),
            allowed: state.allowed(),
            on: occurred_on,
        });
    }
    let actors = state.actors(kind);
    if !actors.contains(&actor) {
        return Err(Refusal::OtherRole { event_type, actor, actors, on: occurred_on });
    }
    Ok(())
}

/// The step for an event whose facts are right in themselves.
///
/// `occurred_on` may lie before `today`, not after it, and not before the event it follows; the law of that day is cited.
///
/// # Errors
/// Every [`Refusal`].
pub fn step(state: &SiteState, event: &Event, occurred_on: Day, today: Day, actor: Role) -> Result<Step, Refusal> {
    enter(state, event, occurred_on, false, today, actor)
}

fn enter(
    state: &SiteState,
    event: &Event,
    occurred_on: Day,
    day_assumed: bool,
    today: Day,
    actor: Role,
) -> Result<Step, Refusal> {
    let event_type = event.event_type();
    permit(state, event_type, occurred_on, actor)?;
    let mut faults = day_faults(state, event, occurred_on, today);
    faults.extend(subject_fault(event, actor));
    if !faults.is_empty() {
        return Err(Refusal::Faults { event_type, faults, on: occurred_on });
    }
    apply(state, event, occurred_on, day_assumed, actor).ok_or_else(|| Refusal::NotAllowed {
        event_type,
        stage: state.stage(),
        allowed: state.allowed(),
        on: occurred_on,
    })
}

/// The step for what was sent: is it possible here, may this role, are the facts right, are the days.
///
/// # Errors
/// Every [`Refusal`], the facts' faults all at once.
pub fn take(
    state: &SiteState,
    event_type: EventType,
    draft: Draft,
    occurred_on: Day,
    today: Day,
    actor: Role,
) -> Result<(Event, Step), Refusal> {
    permit(state, event_type, occurred_on, actor)?;
    let event = Event::read(event_type, draft).map_err(|mut faults| {
        faults.extend(occurrence_fault(state, occurred_on, today));
        Refusal::Faults { event_type, faults, on: occurred_on }
    })?;
    let step = step(state, &event, occurred_on, today, actor)?;
    Ok((event, step))
}

/// The first entry of a site registered as suspected. Without `listed_on` the day of the listing is not known: it is
/// entered with `today`, and later events may lie before that.
///
/// # Errors
/// [`Refusal::OtherRole`], or [`Refusal::Faults`] for a day in the future.
pub fn registered_as_suspected(listed_on: Option<Day>, today: Day, actor: Role) -> Result<(Entry, Step), Refusal> {
    let event = Event::SuspectedListed { document_id: None, reason: None, note: None };
    let (occurred_on, day_assumed) = (listed_on.unwrap_or(today), listed_on.is_none());
    let step = enter(&SiteState::candidate(), &event, occurred_on, day_assumed, today, actor)?;
    Ok((Entry { seq: 1, event, occurred_on, day_assumed, actor }, step))
}

/// The state that a log leads to, for a site whose log begins with its first event.
///
/// # Errors
/// See [`replay_from`].
pub fn replay(entries: &[Entry]) -> Result<Replayed, Impossible> {
    replay_from(SiteState::candidate(), entries)
}

/// The state that a log leads to from `origin`: a candidate, or a site as it was registered ([`SiteState::registered`]), in
/// which case the entries are those after the registration.
///
/// # Errors
/// A number out of order, or an event that the state before it does not have: such a log was not written by these rules.
pub fn replay_from(origin: SiteState, entries: &[Entry]) -> Result<Replayed, Impossible> {
    let first = origin.recorded.saturating_add(1);
    let mut state = origin;
    let mut effects: Vec<Vec<Effect>> = Vec::with_capacity(entries.len());
    let mut voided_by = vec![None; entries.len()];
    for entry in entries {
        if entry.seq != state.recorded + 1 {
            return Err(Impossible(format!("entry {} follows entry {}", entry.seq, state.recorded)));
        }
        if let (Event::EnteredInError { .. }, Some((voided, _))) = (&entry.event, state.voidable())
            && let Some(slot) = voided.checked_sub(first).and_then(|n| voided_by.get_mut(usize::try_from(n).ok()?))
        {
            *slot = Some(entry.seq);
        }
        let step = apply(&state, &entry.event, entry.occurred_on, entry.day_assumed, entry.actor).ok_or_else(|| {
            Impossible(format!(
                "entry {}: `{}` at stage `{}`",
                entry.seq,
                entry.event.event_type().as_str(),
                state.stage()
            ))
        })?;
        state = step.state;
        effects.push(step.effects);
    }
    Ok(Replayed { state, effects, voided_by })
}

fn occurrence_fault(state: &SiteState, occurred_on: Day, today: Day) -> Option<Fault> {
    if occurred_on > today {
        return Some(in_the_future("/occurred_on", today));
    }
    let last = state.last_on.filter(|last| occurred_on < *last)?;
    Some(Fault::new(
        "/occurred_on",
        "before_previous_event",
        Text::new(
            format!("不得早于上一事件的发生日 {last}。"),
            format!("Must not lie before the day of the previous event, {last}."),
        ),
    ))
}

fn in_the_future(pointer: &str, today: Day) -> Fault {
    Fault::new(
        pointer,
        "in_the_future",
        Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
    )
}

fn day_faults(state: &SiteState, event: &Event, occurred_on: Day, today: Day) -> Vec<Fault> {
    let mut faults: Vec<Fault> = occurrence_fault(state, occurred_on, today).into_iter().collect();
    match event {
        Event::SurveyNoticeServed { received_on, .. } => {
            let (pointer, start) = ("/received_on", *received_on);
            if start > today {
                faults.push(in_the_future(pointer, today));
            }
            // A notice follows the listing; one that was there before cannot be the notice of this listing.
            if let Some(listed_on) = state.last_on.filter(|listed_on| start < *listed_on) {
                faults.push(Fault::new(
                    pointer,
                    "before_previous_event",
                    Text::new(
                        format!("不得早于列入名单之日 {listed_on}。"),
                        format!("Must not lie before the day of the listing, {listed_on}."),
                    ),
                ));
            }
        }
        Event::Disclosed { from, .. } if *from > today => faults.push(in_the_future("/from", today)),
        _ => {}
    }
    faults
}

/// A land user and its agency meet their own duties; a bureau may publish for anybody.
fn subject_fault(event: &Event, actor: Role) -> Option<Fault> {
    let Event::Disclosed { subject: Some(subject), .. } = event else { return None };
    if actor.is_department() || subject.owed_by() == principal(actor) {
        return None;
    }
    let who = subject.owed_by().title();
    Some(Fault::new(
        "/subject",
        "duty_of_another",
        Text::new(format!("该公开义务由{}承担。", who.zh), format!("That duty to publish is one of: {}.", who.en)),
    ))
}

/// For whom a role acts.
fn principal(actor: Role) -> Role {
    match actor {
        Role::ThirdParty => Role::LandUser,
        other => other,
    }
}

/// The transition itself; `None` when the state does not have it.
fn apply(state: &SiteState, event: &Event, occurred_on: Day, day_assumed: bool, actor: Role) -> Option<Step> {
    let recorded = state.recorded.checked_add(1)?;
    if let Event::EnteredInError { .. } = event {
        return void(state, recorded);
    }
    let transition = TRANSITIONS
        .iter()
        .find(|t| t.event == event.event_type() && t.case == event.case() && t.from.contains(&state.stage()))?;
    let standing = arrive(&state.standing, event, occurred_on)?;
    let effects = effects_of(state, transition, &standing, event, occurred_on, actor);
    let mut owed = state.owed.clone();
    for effect in &effects {
        match effect {
            Effect::PublicityOwed { duty, .. } => owed.push(*duty),
            Effect::PublicityMet { duty } => owed.retain(|d| d != duty),
            _ => {}
        }
    }
    let mut past = state.past.clone();
    past.push(Past {
        seq: recorded,
        event_type: event.event_type(),
        actor,
        before: state.standing.clone(),
        since: state.since,
        last_on: state.last_on,
        owed: state.owed.clone(),
        effects: effects.clone(),
    });
    let last_on = if day_assumed { state.last_on } else { Some(occurred_on) };
    let since = if standing.stage() == state.stage() { state.since } else { Some(occurred_on) };
    Some(Step {
        state: SiteState { standing, since, last_on, owed, past, recorded },
        effects,
        transition: Some(transition),
    })
}

/// The former state comes back; only the count of entries goes on.
fn void(state: &SiteState, recorded: u32) -> Option<Step> {
    let mut past = state.past.clone();
    let last = past.pop()?;
    let mut effects = vec![Effect::Voided { seq: last.seq }];
    // Taken back in the reverse order. What was told or noted stays told and noted.
    effects.extend(
        last.effects
            .into_iter()
            .rev()
            .filter(|effect| !matches!(effect, Effect::ToInform { .. } | Effect::EnteredOnBehalf { .. }))
            .map(|effect| Effect::Undone { effect: Box::new(effect) }),
    );
    Some(Step {
        state: SiteState {
            standing: last.before,
            since: last.since,
            last_on: last.last_on,
            owed: last.owed,
            past,
            recorded,
        },
        effects,
        transition: None,
    })
}

/// What is known after the event; `None` for an event that this standing does not have.
fn arrive(before: &Standing, event: &Event, occurred_on: Day) -> Option<Standing> {
    Some(match (before, event) {
        (Standing::Candidate, Event::SuspectedListed { .. }) => Standing::Suspected,
        (Standing::Suspected, Event::SurveyNoticeServed { received_on, document_id, .. }) => {
            let notice =
                Notice { start_on: *received_on, start_from: StartFrom::Receipt, document_id: Some(*document_id) };
            Standing::PreliminarySurvey { notice, returned: None }
        }
        (Standing::PreliminarySurvey { notice, .. }, Event::PreliminaryReportSubmitted { document_id, .. }) => {
            let report = Report { submitted_on: occurred_on, document_id: *document_id };
            Standing::PreliminaryReview { notice: *notice, report }
        }
        (
            Standing::PreliminaryReview { notice, .. },
            Event::PreliminaryReportReviewed { conclusion, document_id, .. },
        ) => {
            let review = Review { concluded_on: occurred_on, document_id: *document_id };
            match conclusion {
                Conclusion::NotContaminated { assessed_class } => {
                    Standing::NotContaminated { review, assessed_class: *assessed_class }
                }
                Conclusion::Contaminated { risk_grade } => Standing::Contaminated { review, risk_grade: *risk_grade },
                Conclusion::Returned { reason } => {
                    Standing::PreliminarySurvey { notice: *notice, returned: Some(reason.clone()) }
                }
            }
        }
        // Where the stage alone is known, what led to it stays unknown until an event says more.
        (Standing::AsGiven { stage: Stage::PreliminarySurvey, .. }, Event::PreliminaryReportSubmitted { .. }) => {
            as_given(Stage::PreliminaryReview)
        }
        (
            Standing::AsGiven { stage: Stage::PreliminaryReview, .. },
            Event::PreliminaryReportReviewed { conclusion, document_id, .. },
        ) => {
            let review = Review { concluded_on: occurred_on, document_id: *document_id };
            match conclusion {
                Conclusion::NotContaminated { assessed_class } => {
                    Standing::NotContaminated { review, assessed_class: *assessed_class }
                }
                Conclusion::Contaminated { risk_grade } => Standing::Contaminated { review, risk_grade: *risk_grade },
                Conclusion::Returned { .. } => as_given(Stage::PreliminarySurvey),
            }
        }
        (standing, Event::Disclosed { .. }) => standing.clone(),
        _ => return None,
    })
}

fn as_given(stage: Stage) -> Standing {
    Standing::AsGiven { stage, risk_grade: None, assessed_class: None }
}

fn effects_of(
    state: &SiteState,
    transition: &Transition,
    after: &Standing,
    event: &Event,
    occurred_on: Day,
    actor: Role,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let (left, reached) = (state.stage(), after.stage());
    for list in List::ALL {
        match (left.on(list), reached.on(list)) {
            (OnList::Yes, OnList::No) => effects.push(Effect::ListLeft { list }),
            (OnList::No, OnList::Yes) => effects.push(Effect::ListEntered { list }),
            _ => {}
        }
    }
    if let (None, Some(grade)) = (state.standing.risk_grade(), after.risk_grade()) {
        effects.push(Effect::RiskGraded { grade });
    }
    for &rule in transition.opens {
        if let Some((start_on, start_from)) = start_of(rule, after) {
            effects.push(Effect::DeadlineOpened { rule, start_on, start_from, responsible: rule.responsible() });
        }
    }
    for &rule in transition.closes {
        // A site taken over from an existing register without the day of its notice has no clock to stop.
        if start_of(rule, &state.standing).is_some() {
            effects.push(Effect::DeadlineClosed { rule, on: occurred_on });
        }
    }
    for &rule in transition.reopens {
        if let Some(closed_on) = closed_on(rule, &state.standing) {
            effects.push(Effect::DeadlineReopened { rule, closed_on });
        }
    }
    for &duty in transition.publicity {
        // A duty that is owed already is not owed twice.
        if !state.owed.contains(&duty) {
            effects.push(Effect::PublicityOwed { duty, by: duty.owed_by() });
        }
    }
    if let Event::Disclosed { subject, .. } = event {
        let met = state.owed.iter().filter(|duty| match subject {
            Some(subject) => *duty == subject,
            None => duty.owed_by() == principal(actor),
        });
        effects.extend(met.map(|&duty| Effect::PublicityMet { duty }));
    }
    for &whom in transition.informs {
        effects.push(Effect::ToInform { whom });
    }
    if transition.event == EventType::PreliminaryReportSubmitted && principal(actor) != Role::LandUser {
        effects.push(Effect::EnteredOnBehalf { of: Role::LandUser });
    }
    effects
}

/// The day a clock counts from, out of what is known once it runs.
fn start_of(rule: StatutoryClock, after: &Standing) -> Option<(Day, StartFrom)> {
    match (rule, after) {
        (StatutoryClock::PreliminarySurveySixMonths, Standing::PreliminarySurvey { notice, .. }) => {
            Some((notice.start_on, notice.start_from))
        }
        _ => None,
    }
}

/// The day a clock was stopped on, out of what was known while it stood.
fn closed_on(rule: StatutoryClock, before: &Standing) -> Option<Day> {
    match (rule, before) {
        (StatutoryClock::PreliminarySurveySixMonths, Standing::PreliminaryReview { report, .. }) => {
            Some(report.submitted_on)
        }
        _ => None,
    }
}

impl Step {
    /// The stage after it.
    pub fn new_stage(&self) -> Stage {
        self.state.stage()
    }

    /// What it stands on: the event type's articles and those of the way taken, of the day of the event.
    pub fn citations(&self, event: &Event, occurred_on: Day) -> Vec<Citation> {
        let mut provisions: Vec<&Provision> = event.event_type().kind().provisions.to_vec();
        provisions.extend(self.transition.into_iter().flat_map(|t| t.provisions.iter().copied()));
        cite_all(&provisions, occurred_on)
    }
}

/// The conclusions that an event type can carry, in the order of the table; one `None` where it carries none.
pub fn cases(event_type: EventType) -> Vec<Option<Case>> {
    let mut cases: Vec<Option<Case>> = event_type.transitions().map(|t| t.case).collect();
    cases.dedup();
    cases
}
