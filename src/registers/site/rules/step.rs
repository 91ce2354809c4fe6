//! From one state to the next, or a refusal that says what is missing, who must act, and by which article.
//!
//! A site's state is what its log says: [`replay`] makes it from the entries, [`step`] adds one. Both go through the same
//! transition, so that what was accepted once is what the log replays to. Who may act, which days are possible and what a
//! jurisdiction asks for besides is asked when an event is entered, never again when it is replayed.

use super::effect::{Effect, Flag, StartFrom};
use super::event::{AssessedClass, Course, Draft, Event, Field, Ground, Medium, Party};
use super::given::Given;
use super::stage::{ControlMode, Impossible, List, OnList, RiskGrade, Stage};
use super::table::{Case, EventKind, EventType, Guard, Publicity, StatutoryClock, To, Transition};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, DocumentId, Error, Fault, Provision, Text};
use crate::platform::Role;
use crate::standards::law;
use crate::standards::parameters::{self, Overrides, Resolved};

/// The written notice of the preliminary survey, as served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The day that the six months count from.
    pub start_on: Day,
    /// The notice with its proof of receipt; `None` where an existing register gave the day only.
    pub document_id: Option<DocumentId>,
}

/// A report under review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The day of submission.
    pub submitted_on: Day,
    /// The report.
    pub document_id: DocumentId,
    /// The stage that it was submitted from.
    pub from: Stage,
}

/// A report that a review waits for, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderReview {
    /// None.
    Nothing,
    /// This one.
    Report(Report),
    /// An existing register gave the stage only.
    Unknown,
}

/// How far works are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Works {
    /// Not begun.
    NotStarted,
    /// Under way.
    UnderWay,
    /// Completed.
    Completed,
    /// An existing register did not say.
    Unknown,
}

/// Who is liable, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liable {
    /// Who.
    pub party: Party,
    /// Why.
    pub ground: Ground,
    /// Since when.
    pub since: Day,
    /// The event's number in the log.
    pub seq: u32,
}

/// A duty to publish that is not met yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What.
    pub duty: Publicity,
    /// For which occasion.
    pub occasion: String,
}

/// A clock that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Which.
    pub rule: StatutoryClock,
    /// Of which occasion.
    pub occasion: String,
    /// It stands still.
    pub stands: bool,
}

/// What is known of a site, apart from how it came there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    stage: Stage,
    since: Option<Day>,
    last_on: Option<Day>,
    notice: Option<Notice>,
    /// Why the last report went back, if one did.
    returned: Option<String>,
    under_review: UnderReview,
    /// The day on which the clock of the preliminary survey was stopped last, and whether it stood still then.
    survey_closed: Option<(Day, bool)>,
    /// The last year that a control plan of the contained site was filed for.
    plan_year: Option<i32>,
    risk_grade: Option<RiskGrade>,
    assessed_class: Option<AssessedClass>,
    on_control_list: Option<bool>,
    works: Works,
    contractor: Option<Party>,
    controls: Option<String>,
    report_every_months: Option<u32>,
    liable: Vec<Liable>,
    flags: Vec<Flag>,
    owed: Vec<Owed>,
    /// What was owed and made public, the latest last, until the occasion for it has passed: it may be put up again, or in
    /// another place.
    shown: Vec<Owed>,
    clocks: Vec<Running>,
}

impl Standing {
    fn at(stage: Stage) -> Standing {
        Standing {
            stage,
            since: None,
            last_on: None,
            notice: None,
            returned: None,
            under_review: UnderReview::Nothing,
            survey_closed: None,
            plan_year: None,
            risk_grade: None,
            assessed_class: None,
            on_control_list: Some(stage.on(List::ControlList) == OnList::Yes),
            works: Works::NotStarted,
            contractor: None,
            controls: None,
            report_every_months: None,
            liable: Vec::new(),
            flags: Vec::new(),
            owed: Vec::new(),
            shown: Vec::new(),
            clocks: Vec::new(),
        }
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The written notice of the preliminary survey, while that is not concluded.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Why the last report went back, where one did and no other came since.
    pub fn returned(&self) -> Option<&str> {
        self.returned.as_deref()
    }

    /// The grade in the directory.
    pub fn risk_grade(&self) -> Option<RiskGrade> {
        self.risk_grade
    }

    /// The land class that a clean survey, an acceptable risk or met targets hold for, where it is known.
    pub fn assessed_class(&self) -> Option<AssessedClass> {
        self.assessed_class
    }

    /// Institutional controls that the land stays under.
    pub fn controls(&self) -> Option<&str> {
        self.controls.as_deref()
    }

    /// How far works are.
    pub fn works(&self) -> Works {
        self.works
    }

    /// Who was and is liable, the present one last; empty while it is the land user of the record.
    pub fn liable(&self) -> &[Liable] {
        &self.liable
    }

    /// What stands over the site beside its stage.
    pub fn flags(&self) -> &[Flag] {
        &self.flags
    }

    /// The clocks that are not over.
    pub fn clocks(&self) -> &[Running] {
        &self.clocks
    }

    /// Whether the site is on a list; `None` where an existing register did not say.
    pub fn is_on(&self, list: List) -> Option<bool> {
        match self.stage.on(list) {
            OnList::Yes => Some(true),
            OnList::No => Some(false),
            OnList::ByHistory => self.on_control_list,
        }
    }

    pub(super) fn holds(&self, guard: Guard) -> bool {
        match guard {
            Guard::None => true,
            Guard::ReportAwaited => !matches!(self.under_review, UnderReview::Report(_)),
            Guard::ReportSubmitted => self.under_review != UnderReview::Nothing,
            Guard::WorksNotStarted => matches!(self.works, Works::NotStarted | Works::Unknown),
            Guard::WorksUnderWay => matches!(self.works, Works::UnderWay | Works::Unknown),
            Guard::WorksCompleted => matches!(self.works, Works::Completed | Works::Unknown),
            Guard::Listed => self.is_on(List::ControlList) != Some(false),
            Guard::NotListed => self.is_on(List::ControlList) != Some(true),
            Guard::ClockRuns => self.clocks.iter().any(|clock| !clock.stands),
            Guard::ClockStands => self.clocks.iter().any(|clock| clock.stands),
        }
    }

    /// Where a transition leads from here.
    fn target(&self, to: To) -> Stage {
        match to {
            To::Stay => self.stage,
            To::Stage(stage) => stage,
            To::Back => match self.under_review {
                UnderReview::Report(report) => report.from,
                UnderReview::Nothing | UnderReview::Unknown => Stage::Remediation,
            },
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
    effects: Vec<Effect>,
}

/// Where a site stands, and how it came there as far as that can be voided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteState {
    standing: Standing,
    past: Vec<Past>,
    recorded: u32,
}

/// What a jurisdiction asks for besides.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Division of the site.
    pub division: &'a str,
    /// The operator's settings of parameters.
    pub overrides: &'a Overrides,
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
    /// The conclusions, or modes, that are possible here; empty where the event carries none.
    pub cases: Vec<Case>,
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
        /// What must be so first, where the stage has it but something else is missing.
        missing: Option<Guard>,
        /// What the stage has instead.
        allowed: Vec<EventType>,
        /// The day it is judged by.
        on: Day,
    },
    /// No law had it on that day.
    NotInForce {
        /// What was asked.
        event_type: EventType,
        /// From which day a law has it.
        since: Day,
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
        /// What stands behind a single fault, beside the event type's own articles.
        behind: Vec<Citation>,
        /// The day it is judged by.
        on: Day,
    },
}

impl Refusal {
    /// The rule that refuses.
    pub fn rule(&self) -> &'static str {
        self.event_type().kind().rule
    }

    fn on(&self) -> Day {
        match self {
            Refusal::NotAllowed { on, .. }
            | Refusal::NotInForce { on, .. }
            | Refusal::OtherRole { on, .. }
            | Refusal::Faults { on, .. } => *on,
        }
    }

    /// The articles of that rule, of the day of the event; what stands behind a single fault besides.
    pub fn citations(&self) -> Vec<Citation> {
        let on = self.on();
        let mut citations = cite_all(self.event_type().kind().provisions, on);
        if let Refusal::NotInForce { since, .. } = self {
            // What will have it is named as well, for it did not yet.
            citations.extend(cite_all(self.event_type().kind().provisions, *since));
            citations.dedup();
        }
        if let Refusal::Faults { faults, behind, .. } = self {
            citations.extend(behind.iter().cloned());
            for (codes, provision) in BEHIND_FAULTS {
                if faults.iter().any(|fault| codes.contains(&fault.code)) {
                    citations.extend(provision.cite(on));
                }
            }
        }
        citations
    }

    /// What was asked.
    pub fn event_type(&self) -> EventType {
        match self {
            Refusal::NotAllowed { event_type, .. }
            | Refusal::NotInForce { event_type, .. }
            | Refusal::OtherRole { event_type, .. }
            | Refusal::Faults { event_type, .. } => *event_type,
        }
    }
}

/// The faults that a rule of its own stands behind.
static BEHIND_FAULTS: &[(&[&str], &Provision)] = &[
    (&["in_the_future", "before_previous_event"], &law::PRODUCT_ORDER_OF_DAYS),
    (&["nobody_left_only"], &law::LAW_68_CODE_463),
];

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let (rule, citations) = (refusal.rule(), refusal.citations());
        let title = &refusal.event_type().kind().title;
        match &refusal {
            Refusal::NotAllowed { event_type, stage, missing, allowed, .. } => {
                let here = stage.title();
                let reason = why_not(*event_type, *missing);
                Error::conflict(
                    "step_not_allowed",
                    Text::new(
                        format!("地块现处于“{}”阶段，不能办理“{}”：{}。", here.zh, title.zh, reason.zh),
                        format!("The site is at \"{}\"; \"{}\" is not possible: {}.", here.en, title.en, reason.en),
                    ),
                )
                .allowing(allowed.iter().map(|step| step.as_str()))
            }
            Refusal::NotInForce { since, on, .. } => Error::conflict(
                "not_in_force",
                Text::new(
                    format!("“{}”自 {since} 起有法律依据，{on} 尚无此规定。", title.zh),
                    format!("\"{}\" has a ground in law from {since} on; on {on} there was none.", title.en),
                ),
            ),
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
fn why_not(event_type: EventType, missing: Option<Guard>) -> Text {
    if event_type == EventType::EnteredInError {
        return Text::fixed("没有可作废的事件", "there is no event to void");
    }
    if let Some(guard) = missing {
        return guard.missing();
    }
    let stages = event_type.stages();
    let zh: Vec<_> = stages.iter().map(|s| format!("“{}”", s.title().zh)).collect();
    let en: Vec<_> = stages.iter().map(|s| format!("\"{}\"", s.title().en)).collect();
    Text::new(format!("仅可在{}阶段办理", zh.join("、")), format!("only at {}", en.join(", ")))
}

impl SiteState {
    /// A site of which nothing but the lead is known.
    pub fn candidate() -> SiteState {
        SiteState { standing: Standing::at(Stage::Candidate), past: Vec::new(), recorded: 0 }
    }

    /// A site as an existing register had it, and what follows from its being registered so. Its first entry is that
    /// registration, which is no step and cannot be voided; what the register did not say stays unknown.
    pub fn registered(given: &Given) -> (SiteState, Vec<Effect>) {
        let stage = given.stage();
        let mut standing = Standing::at(stage);
        standing.since = given.stage_since();
        standing.last_on = given.stage_since();
        standing.risk_grade = given.risk_grade();
        standing.assessed_class = given.assessed_class();
        standing.on_control_list = match stage.on(List::ControlList) {
            OnList::Yes => Some(true),
            OnList::No => Some(false),
            OnList::ByHistory => given.on_control_list(),
        };
        if matches!(stage, Stage::PreliminaryReview | Stage::RiskAssessment | Stage::EffectEvaluation) {
            standing.under_review = UnderReview::Unknown;
        }
        if matches!(stage, Stage::RiskControl(ControlMode::SafeUse) | Stage::Remediation | Stage::EffectEvaluation) {
            standing.works = Works::Unknown;
        }
        let mut effects: Vec<Effect> = List::ALL
            .into_iter()
            .filter(|list| standing.is_on(*list) == Some(true))
            .map(|list| Effect::ListEntered { list })
            .collect();
        effects.extend(given.risk_grade().map(|grade| Effect::RiskGraded { grade }));
        if let (Stage::PreliminarySurvey, Some(start_on)) = (stage, given.notice_received_on()) {
            let rule = StatutoryClock::PreliminarySurveySixMonths;
            standing.notice = Some(Notice { start_on, document_id: None });
            effects.push(Effect::DeadlineOpened {
                rule,
                occasion: String::new(),
                start_on,
                start_from: StartFrom::Receipt,
                set_due_on: None,
                responsible: rule.responsible(),
            });
        }
        for effect in &effects {
            standing.bear(effect);
        }
        (SiteState { standing, past: Vec::new(), recorded: 1 }, effects)
    }

    /// What is known of it.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.standing.stage
    }

    /// The day since which the site stands at its stage, where that is known.
    pub fn since(&self) -> Option<Day> {
        self.standing.since
    }

    /// The day of the last event that stands; later ones may not lie before it. `None` when there is none or its day was
    /// not stated.
    pub fn last_on(&self) -> Option<Day> {
        self.standing.last_on
    }

    /// What must be published and is not yet, as far as the log says.
    pub fn owed(&self) -> &[Owed] {
        &self.standing.owed
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
    /// entered no land user takes back, and an agency only what an agency entered.
    fn actors(&self, kind: &EventKind) -> Vec<Role> {
        match (kind.event_type, self.past.last()) {
            (EventType::EnteredInError, Some(last)) => {
                let actors = last.event_type.kind().actors.iter().copied();
                let may = |role: &Role| match (*role, last.actor) {
                    (Role::ThirdParty, by) => by == Role::ThirdParty,
                    (Role::LandUser, by) => !by.is_department(),
                    _ => true,
                };
                actors.filter(may).collect()
            }
            _ => kind.actors.to_vec(),
        }
    }

    /// The ways that this state has for an event type.
    fn ways(&self, event_type: EventType) -> impl Iterator<Item = &'static Transition> + '_ {
        event_type.transitions().filter(|t| t.from.contains(&self.stage()) && self.standing.holds(t.guard))
    }

    fn has(&self, event_type: EventType) -> bool {
        match event_type {
            EventType::EnteredInError => !self.past.is_empty(),
            _ => self.ways(event_type).next().is_some(),
        }
    }

    /// The event types that this state has, whoever may do them.
    pub fn allowed(&self) -> Vec<EventType> {
        EventType::all().filter(|t| self.has(*t)).collect()
    }

    fn not_allowed(&self, event_type: EventType, case: Option<Case>, on: Day) -> Refusal {
        let missing = event_type
            .transitions()
            .filter(|t| t.from.contains(&self.stage()) && (case.is_none() || t.case == case))
            .map(|t| t.guard)
            .find(|guard| !self.standing.holds(*guard));
        Refusal::NotAllowed { event_type, stage: self.stage(), missing, allowed: self.allowed(), on }
    }
}

/// The steps that are open, to `role` where one is given, to anybody otherwise.
pub fn next_steps(state: &SiteState, role: Option<Role>) -> Vec<NextStep> {
    state
        .allowed()
        .into_iter()
        .map(|event_type| {
            let kind = event_type.kind();
            let mut leads_to: Vec<Stage> = match event_type {
                EventType::EnteredInError => state.past.last().map(|past| past.before.stage).into_iter().collect(),
                _ => state.ways(event_type).map(|t| state.standing.target(t.to)).collect(),
            };
            leads_to.dedup();
            let cases = state.ways(event_type).filter_map(|t| t.case).collect();
            NextStep { kind, actors: state.actors(kind), cases, leads_to }
        })
        .filter(|next| role.is_none_or(|role| next.actors.contains(&role)))
        .collect()
}

/// Whether a step of this type is possible here and for this role, before its facts are looked at.
///
/// # Errors
/// [`Refusal::NotAllowed`], [`Refusal::NotInForce`], then [`Refusal::OtherRole`].
pub fn permit(state: &SiteState, event_type: EventType, occurred_on: Day, actor: Role) -> Result<(), Refusal> {
    let kind = event_type.kind();
    if !state.has(event_type) {
        return Err(state.not_allowed(event_type, None, occurred_on));
    }
    if let Some(since) = event_type.since().filter(|since| occurred_on < *since) {
        return Err(Refusal::NotInForce { event_type, since, on: occurred_on });
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
pub fn step(
    state: &SiteState,
    event: &Event,
    occurred_on: Day,
    today: Day,
    actor: Role,
    place: Place<'_>,
) -> Result<Step, Refusal> {
    enter(state, event, (occurred_on, false), today, actor, place)
}

fn enter(
    state: &SiteState,
    event: &Event,
    (occurred_on, day_assumed): (Day, bool),
    today: Day,
    actor: Role,
    place: Place<'_>,
) -> Result<Step, Refusal> {
    let event_type = event.event_type();
    permit(state, event_type, occurred_on, actor)?;
    if event_type != EventType::EnteredInError && state.ways(event_type).all(|t| t.case != event.case()) {
        return Err(state.not_allowed(event_type, event.case(), occurred_on));
    }
    let mut faults = day_faults(state, event, occurred_on, today);
    faults.extend(subject_fault(event, actor));
    faults.extend(fact_faults(state, event, occurred_on, actor, place));
    if !faults.is_empty() {
        let behind = match faults.iter().any(|fault| fault.code == "medium_missing") {
            true => air(place, occurred_on).map_or_else(Vec::new, |air| air.citations(occurred_on)),
            false => Vec::new(),
        };
        return Err(Refusal::Faults { event_type, faults, behind, on: occurred_on });
    }
    apply(state, event, (occurred_on, day_assumed), actor, None)
        .ok_or_else(|| state.not_allowed(event_type, event.case(), occurred_on))
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
    place: Place<'_>,
) -> Result<(Event, Step), Refusal> {
    permit(state, event_type, occurred_on, actor)?;
    let event = Event::read(event_type, draft).map_err(|mut faults| {
        faults.extend(occurrence_fault(state, occurred_on, today));
        Refusal::Faults { event_type, faults, behind: Vec::new(), on: occurred_on }
    })?;
    let step = step(state, &event, occurred_on, today, actor, place)?;
    Ok((event, step))
}

/// The first entry of a site registered as suspected. Without `listed_on` the day of the listing is not known: it is
/// entered with `today`, and later events may lie before that.
///
/// # Errors
/// [`Refusal::OtherRole`], or [`Refusal::Faults`] for a day in the future.
pub fn registered_as_suspected(
    listed_on: Option<Day>,
    today: Day,
    actor: Role,
    place: Place<'_>,
) -> Result<(Entry, Step), Refusal> {
    let event = Event::SuspectedListed { document_id: None, reason: None, note: None };
    let (occurred_on, day_assumed) = (listed_on.unwrap_or(today), listed_on.is_none());
    let step = enter(&SiteState::candidate(), &event, (occurred_on, day_assumed), today, actor, place)?;
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
    run(origin, &entries.iter().map(|entry| (entry, None)).collect::<Vec<_>>())
}

/// As [`replay_from`], with what followed from each entry as it was carried out and kept: clocks and duties are those that
/// were started then, whatever the rules would start today.
///
/// # Errors
/// As [`replay_from`].
pub fn replay_as_kept(origin: SiteState, entries: &[(Entry, Vec<Effect>)]) -> Result<Replayed, Impossible> {
    run(origin, &entries.iter().map(|(entry, effects)| (entry, Some(effects.as_slice()))).collect::<Vec<_>>())
}

fn run(origin: SiteState, entries: &[(&Entry, Option<&[Effect]>)]) -> Result<Replayed, Impossible> {
    let first = origin.recorded.saturating_add(1);
    let mut state = origin;
    let mut effects: Vec<Vec<Effect>> = Vec::with_capacity(entries.len());
    let mut voided_by = vec![None; entries.len()];
    for &(entry, kept) in entries {
        if entry.seq != state.recorded + 1 {
            return Err(Impossible(format!("entry {} follows entry {}", entry.seq, state.recorded)));
        }
        if let (Event::EnteredInError { .. }, Some((voided, _))) = (&entry.event, state.voidable())
            && let Some(slot) = voided.checked_sub(first).and_then(|n| voided_by.get_mut(usize::try_from(n).ok()?))
        {
            *slot = Some(entry.seq);
        }
        let days = (entry.occurred_on, entry.day_assumed);
        let step = apply(&state, &entry.event, days, entry.actor, kept).ok_or_else(|| {
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
    let last = state.last_on().filter(|last| occurred_on < *last)?;
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
        Event::SurveyNoticeServed { received_on, .. } | Event::DetailedNoticeServed { received_on, .. } => {
            let (pointer, start) = ("/received_on", *received_on);
            if start > today {
                faults.push(in_the_future(pointer, today));
            }
            // A notice follows the listing; one that was there before cannot be the notice of this listing.
            if let Some(listed_on) = state.last_on().filter(|listed_on| start < *listed_on) {
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
        Event::SoilTransportReported { origin_told_on, destination_told_on, .. } => {
            for (pointer, told) in [("/origin_told_on", origin_told_on), ("/destination_told_on", destination_told_on)]
            {
                if *told > today {
                    faults.push(in_the_future(pointer, today));
                }
            }
        }
        Event::DeadlineExtended { until, .. } if *until <= occurred_on => faults.push(Fault::new(
            "/until",
            "before_previous_event",
            Text::new(
                format!("须晚于办理日 {occurred_on}。"),
                format!("Must lie after the day of the extension, {occurred_on}."),
            ),
        )),
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

/// What the facts lack in this state and this place.
fn fact_faults(state: &SiteState, event: &Event, occurred_on: Day, actor: Role, place: Place<'_>) -> Vec<Fault> {
    let known = &state.standing;
    let fault = |field: Field, code, zh: String, en: String| {
        vec![Fault::new(format!("/{}", field.as_str()), code, Text::new(zh, en))]
    };
    match event {
        Event::ControlPlanFiled { mode: Case::Containment, media, plan_year, .. } => {
            let mut faults = Vec::new();
            let year = occurred_on.year();
            if plan_year.is_some_and(|plan| plan != year && plan != year + 1) {
                faults.extend(fault(
                    Field::PlanYear,
                    "out_of_range",
                    format!("应为 {year} 或 {} 年。", year + 1),
                    format!("Must be {year} or {}.", year + 1),
                ));
            }
            let there = media.as_deref().unwrap_or_default();
            let missing: Vec<Medium> =
                monitored(place, occurred_on).into_iter().filter(|medium| !there.contains(medium)).collect();
            if !missing.is_empty() {
                let (zh, en): (Vec<_>, Vec<_>) = missing.iter().map(|m| (m.title().zh, m.title().en)).unzip();
                faults.extend(fault(
                    Field::Media,
                    "medium_missing",
                    format!("监测内容还应包括：{}。", zh.join("、")),
                    format!("What is monitored must include: {}.", en.join(", ")),
                ));
            }
            faults
        }
        Event::EffectReportSubmitted { evaluator, .. }
            if known.contractor.as_ref().is_some_and(|contractor| contractor.is_same(evaluator)) =>
        {
            fault(
                Field::Evaluator,
                "evaluator_is_contractor",
                "效果评估应另行委托，不得由施工单位承担。".into(),
                "The effect is evaluated by another agency than whoever carried out the works.".into(),
            )
        }
        Event::LiablePartyChanged { ground: Ground::Government, .. }
            if !matches!(actor, Role::Government | Role::PrefectureEcology) =>
        {
            fault(
                Field::Ground,
                "nobody_left_only",
                "由政府承担责任的，应由人民政府或市级生态环境部门登记。".into(),
                "That the government is liable is entered by the government or the prefecture's bureau.".into(),
            )
        }
        Event::DeadlineExtended { deadline_rule, occasion, .. }
        | Event::DeadlineSuspended { deadline_rule, occasion, .. }
        | Event::DeadlineCancelled { deadline_rule, occasion, .. } => {
            clock_fault(known, *deadline_rule, occasion.as_deref(), false)
        }
        Event::DeadlineResumed { deadline_rule, occasion, .. } => {
            clock_fault(known, *deadline_rule, occasion.as_deref(), true)
        }
        _ => Vec::new(),
    }
}

/// Whether air is monitored there, and by what text.
fn air(place: Place<'_>, on: Day) -> Option<Resolved> {
    parameters::CONTAINMENT_MONITORS_AIR.resolve(place.division, on, place.overrides)
}

/// What is monitored around a contained site.
pub fn monitored(place: Place<'_>, on: Day) -> Vec<Medium> {
    let air = air(place, on);
    Medium::ALL
        .iter()
        .copied()
        .filter(|medium| *medium != Medium::Air || air.as_ref().is_none_or(|air| air.value == 1))
        .collect()
}

/// The clock that is meant: the one of that rule and occasion, or of that rule where there is one only.
fn meant<'a>(
    known: &'a Standing,
    rule: StatutoryClock,
    occasion: Option<&str>,
    stands: bool,
) -> Result<&'a Running, usize> {
    let found: Vec<&Running> = known
        .clocks
        .iter()
        .filter(|c| c.rule == rule && c.stands == stands && occasion.is_none_or(|occasion| c.occasion == occasion))
        .collect();
    match found[..] {
        [one] => Ok(one),
        _ => Err(found.len()),
    }
}

fn clock_fault(known: &Standing, rule: StatutoryClock, occasion: Option<&str>, stands: bool) -> Vec<Fault> {
    let clocks = known.clocks.iter().filter(|c| c.stands == stands);
    match meant(known, rule, occasion, stands) {
        Ok(_) => Vec::new(),
        Err(0) => {
            let names: Vec<&str> = clocks.map(|c| c.rule.as_str()).collect();
            vec![Fault::new(
                "/deadline_rule",
                "not_running",
                Text::new(
                    format!("没有这样的期限；现有：{}。", names.join("、")),
                    format!("There is no such clock; there are: {}.", names.join(", ")),
                ),
            )]
        }
        Err(_) => {
            let names: Vec<&str> = clocks.filter(|c| c.rule == rule).map(|c| c.occasion.as_str()).collect();
            vec![Fault::new(
                "/occasion",
                "missing",
                Text::new(
                    format!("该规则下有多个期限，须注明事项：{}。", names.join("、")),
                    format!("There are several clocks of that rule; say which: {}.", names.join(", ")),
                ),
            )]
        }
    }
}

/// For whom a role acts.
fn principal(actor: Role) -> Role {
    match actor {
        Role::ThirdParty => Role::LandUser,
        other => other,
    }
}

/// The transition itself; `None` when the state does not have it.
/// `kept` is what followed from it when it was entered, where it is replayed.
fn apply(
    state: &SiteState,
    event: &Event,
    (occurred_on, day_assumed): (Day, bool),
    actor: Role,
    kept: Option<&[Effect]>,
) -> Option<Step> {
    let recorded = state.recorded.checked_add(1)?;
    if let Event::EnteredInError { .. } = event {
        return void(state, recorded);
    }
    let transition = state.ways(event.event_type()).find(|t| t.case == event.case())?;
    let mut standing = state.standing.clone();
    standing.learn(event, transition, occurred_on, recorded);
    let effects = match kept {
        Some(kept) => kept.to_vec(),
        None => effects_of(state, transition, &standing, event, occurred_on, actor)?,
    };
    for effect in &effects {
        standing.bear(effect);
    }
    if !day_assumed {
        standing.last_on = Some(occurred_on);
    }
    let mut past = state.past.clone();
    past.push(Past {
        seq: recorded,
        event_type: event.event_type(),
        actor,
        before: state.standing.clone(),
        effects: effects.clone(),
    });
    Some(Step { state: SiteState { standing, past, recorded }, effects, transition: Some(transition) })
}

/// The former state comes back; only the count of entries goes on.
fn void(state: &SiteState, recorded: u32) -> Option<Step> {
    let mut past = state.past.clone();
    let last = past.pop()?;
    let mut effects = vec![Effect::Voided { seq: last.seq }];
    // Taken back in the reverse order. What was noted stays noted.
    effects.extend(
        last.effects
            .into_iter()
            .rev()
            .filter(|effect| {
                !matches!(effect, Effect::EnteredOnBehalf { .. } | Effect::WorksMustStop | Effect::ToInform { .. })
            })
            .map(|effect| Effect::Undone { effect: Box::new(effect) }),
    );
    Some(Step { state: SiteState { standing: last.before, past, recorded }, effects, transition: None })
}

impl Standing {
    /// What the event says, and where it leads.
    fn learn(&mut self, event: &Event, transition: &Transition, occurred_on: Day, seq: u32) {
        let (left, reached) = (self.stage, self.target(transition.to));
        let report = |document_id: DocumentId| {
            UnderReview::Report(Report { submitted_on: occurred_on, document_id, from: left })
        };
        match event {
            Event::SurveyNoticeServed { received_on, document_id, .. } => {
                self.notice = Some(Notice { start_on: *received_on, document_id: Some(*document_id) });
            }
            Event::PreliminaryReportSubmitted { document_id, .. }
            | Event::RiskAssessmentSubmitted { document_id, .. }
            | Event::EffectReportSubmitted { document_id, .. } => {
                self.under_review = report(*document_id);
                self.returned = None;
            }
            Event::PreliminaryReportReviewed { conclusion, risk_grade, reason, assessed_class, .. } => {
                self.under_review = UnderReview::Nothing;
                self.returned.clone_from(reason);
                self.risk_grade = *risk_grade;
                self.assessed_class = *assessed_class;
                if *conclusion != Case::Returned {
                    self.notice = None;
                }
            }
            Event::RiskAssessmentReviewed { reason, assessed_class, risk_grade, .. } => {
                self.under_review = UnderReview::Nothing;
                self.returned.clone_from(reason);
                self.assessed_class = assessed_class.or(self.assessed_class);
                self.risk_grade = risk_grade.or(self.risk_grade);
            }
            Event::ControlPlanFiled { report_every_months, plan_year, .. } => {
                self.report_every_months = *report_every_months;
                self.plan_year = self.plan_year.max(*plan_year);
            }
            Event::RemediationPlanFiled { report_every_months, .. } => {
                self.report_every_months = *report_every_months;
                if left != reached {
                    self.works = Works::NotStarted;
                    self.contractor = None;
                }
            }
            Event::WorksStarted { contractor, .. } => {
                self.works = Works::UnderWay;
                self.contractor = Some(contractor.clone());
            }
            Event::WorksCompleted { .. } => self.works = Works::Completed,
            Event::EffectReviewed { conclusion, reason, assessed_class, controls, .. } => {
                match conclusion {
                    Case::Met => {
                        self.assessed_class = *assessed_class;
                        self.controls.clone_from(controls);
                    }
                    Case::NotMet => self.works = Works::NotStarted,
                    _ => {}
                }
                self.under_review = UnderReview::Nothing;
                self.returned.clone_from(reason);
            }
            Event::AftercareStarted { report_every_months, controls, .. } => {
                self.report_every_months = *report_every_months;
                if controls.is_some() {
                    self.controls.clone_from(controls);
                }
            }
            Event::LiablePartyChanged { ground, party, .. } => {
                self.liable.push(Liable { party: party.clone(), ground: *ground, since: occurred_on, seq });
            }
            _ => {}
        }
        if left != reached {
            self.on_control_list = match reached.on(List::ControlList) {
                OnList::Yes => Some(true),
                OnList::No => Some(false),
                OnList::ByHistory => self.on_control_list,
            };
            if left == Stage::RiskControl(ControlMode::Containment) {
                self.plan_year = None;
            }
            self.stage = reached;
            self.since = Some(occurred_on);
        }
    }

    /// Keeps in mind what clocks run, what is owed and what stands over the site.
    fn bear(&mut self, effect: &Effect) {
        match effect {
            Effect::DeadlineOpened { rule, occasion, .. } => {
                self.clocks.push(Running { rule: *rule, occasion: occasion.clone(), stands: false });
            }
            Effect::DeadlineClosed { rule, occasion, on } => {
                let is_meant = |c: &mut Running| c.rule == *rule && c.occasion == *occasion;
                let stood = self.clocks.extract_if(.., is_meant).any(|clock| clock.stands);
                if *rule == StatutoryClock::PreliminarySurveySixMonths {
                    self.survey_closed = Some((*on, stood));
                }
            }
            Effect::DeadlineCancelled { rule, occasion, .. } => {
                self.clocks.retain(|c| !(c.rule == *rule && c.occasion == *occasion));
            }
            Effect::DeadlineReopened { rule, occasion, .. } => {
                // One that stood still when it was stopped stands still again.
                let stands = self.survey_closed.take().is_some_and(|(_, stood)| stood);
                self.clocks.push(Running { rule: *rule, occasion: occasion.clone(), stands });
            }
            Effect::DeadlineSuspended { rule, occasion, .. } => self.stand(*rule, occasion, true),
            Effect::DeadlineResumed { rule, occasion, .. } => self.stand(*rule, occasion, false),
            Effect::PublicityOwed { duty, occasion, .. } => {
                self.owed.push(Owed { duty: *duty, occasion: occasion.clone() });
            }
            Effect::PublicityMet { duty, occasion } => {
                let is_meant = |owed: &mut Owed| owed.duty == *duty && owed.occasion == *occasion;
                self.shown.extend(self.owed.extract_if(.., is_meant));
            }
            Effect::PublicityEnded { duty, occasion, .. } => {
                self.shown.retain(|shown| !(shown.duty == *duty && shown.occasion == *occasion));
            }
            Effect::FlagRaised { flag } => {
                self.flags.push(*flag);
                self.flags.sort_unstable();
                self.flags.dedup();
            }
            Effect::FlagLowered { flag } => self.flags.retain(|f| f != flag),
            _ => {}
        }
    }

    fn stand(&mut self, rule: StatutoryClock, occasion: &str, stands: bool) {
        for clock in self.clocks.iter_mut().filter(|c| c.rule == rule && c.occasion == occasion) {
            clock.stands = stands;
        }
    }
}

/// `None` where the event means a clock that is not there.
fn effects_of(
    state: &SiteState,
    transition: &Transition,
    after: &Standing,
    event: &Event,
    occurred_on: Day,
    actor: Role,
) -> Option<Vec<Effect>> {
    let before = &state.standing;
    let seq = state.recorded.checked_add(1)?;
    let mut effects = Vec::new();
    for list in List::ALL {
        match (before.is_on(list), after.is_on(list)) {
            (Some(true), Some(false)) => effects.push(Effect::ListLeft { list }),
            (Some(false) | None, Some(true)) => effects.push(Effect::ListEntered { list }),
            _ => {}
        }
    }
    if let Some(grade) = after.risk_grade.filter(|_| before.risk_grade != after.risk_grade) {
        effects.push(Effect::RiskGraded { grade });
    }
    effects.extend(clock_effects(before, transition, after, event, occurred_on, seq)?);
    for &duty in transition.publicity {
        // A duty that is owed already is not owed twice.
        if before.owed.iter().all(|owed| owed.duty != duty) {
            effects.push(Effect::PublicityOwed { duty, by: duty.owed_by(), occasion: format!("event-{seq}") });
        }
    }
    let left = |list| before.is_on(list) != Some(false) && after.is_on(list) == Some(false);
    let over = |duty: &Publicity| match duty {
        Publicity::ContaminatedDirectory => left(List::ContaminatedDirectory),
        Publicity::ControlList => left(List::ControlList),
        Publicity::WorksNoticeBoard | Publicity::RemediationPlan => matches!(event, Event::WorksCompleted { .. }),
        Publicity::ControlZone => matches!(event, Event::EffectReviewed { conclusion: Case::Met, .. }),
        _ => false,
    };
    effects.extend(before.shown.iter().filter(|shown| over(&shown.duty)).map(|shown| Effect::PublicityEnded {
        duty: shown.duty,
        occasion: shown.occasion.clone(),
        on: occurred_on,
    }));
    match event {
        Event::Disclosed { subject, .. } => {
            let mut met: Vec<&Owed> = before
                .owed
                .iter()
                .filter(|owed| match subject {
                    Some(subject) => owed.duty == *subject,
                    None => owed.duty.is_met_by_announcement() && owed.duty.owed_by() == principal(actor),
                })
                .collect();
            // What came down too early is put up again by its name.
            if let (Some(subject), true) = (subject, met.is_empty()) {
                met.extend(before.shown.iter().rev().find(|shown| shown.duty == *subject));
            }
            effects.extend(
                met.into_iter().map(|owed| Effect::PublicityMet { duty: owed.duty, occasion: owed.occasion.clone() }),
            );
        }
        Event::ControlZoneApproved { .. } => effects.push(Effect::ZoneApproved),
        Event::SpreadReported { status, .. } => effects.extend(course(before, Flag::Spread, *status)),
        Event::EmergencyReported { status, .. } => effects.extend(course(before, Flag::Emergency, *status)),
        Event::StopWorkOrdered { status, .. } => effects.extend(course(before, Flag::WorksStopped, *status)),
        Event::EffectReviewed { conclusion: Case::NotMet, .. } => {
            effects.extend(course(before, Flag::TargetsMissed, Course::Ongoing));
            if occurred_on >= law::CODE_IN_FORCE {
                effects.push(Effect::WorksMustStop);
            }
        }
        Event::EffectReviewed { conclusion: Case::Met, .. } => {
            effects.push(Effect::ZonesLifted);
            for flag in [Flag::TargetsMissed, Flag::WorksStopped] {
                effects.extend(course(before, flag, Course::Ended));
            }
        }
        Event::LiablePartyChanged { ground, party, .. } => {
            effects.push(Effect::LiablePartySet { party: party.clone(), ground: *ground });
        }
        _ => {}
    }
    let kind = event.event_type().kind();
    let filed_by_liable = kind.actors.starts_with(&[Role::LandUser, Role::ThirdParty])
        && event.event_type() != EventType::Disclosed
        && !matches!(event, Event::SpreadReported { .. } | Event::EmergencyReported { .. });
    if filed_by_liable && actor.is_department() && actor != Role::Government {
        effects.push(Effect::EnteredOnBehalf { of: Role::LandUser });
    }
    Some(effects)
}

/// Raising what is not up, lowering what is.
fn course(before: &Standing, flag: Flag, status: Course) -> Option<Effect> {
    let up = before.flags.contains(&flag);
    match status {
        Course::Ongoing if !up => Some(Effect::FlagRaised { flag }),
        Course::Ended if up => Some(Effect::FlagLowered { flag }),
        _ => None,
    }
}

/// What becomes of clocks: first those that end, then those that start.
fn clock_effects(
    before: &Standing,
    transition: &Transition,
    after: &Standing,
    event: &Event,
    occurred_on: Day,
    seq: u32,
) -> Option<Vec<Effect>> {
    let mut effects = Vec::new();
    // A site taken over from an existing register without the day of its notice has no clock to stop.
    let running = |rule| before.clocks.iter().filter(move |c| c.rule == rule);
    for &rule in transition.closes {
        let on = occurred_on;
        effects.extend(running(rule).filter(|clock| is_done(clock, event)).map(|clock| Effect::DeadlineClosed {
            rule,
            occasion: clock.occasion.clone(),
            on,
        }));
    }
    for &rule in transition.cancels {
        effects.extend(running(rule).map(|clock| Effect::DeadlineCancelled {
            rule,
            occasion: clock.occasion.clone(),
            on: occurred_on,
            cause: format!("{} / {}", event.event_type().kind().title.zh, event.event_type().kind().title.en),
        }));
    }
    for &rule in transition.reopens {
        if let Some((closed_on, _)) = before.survey_closed {
            effects.push(Effect::DeadlineReopened { rule, occasion: String::new(), closed_on });
        }
    }
    for &rule in transition.opens {
        // An amended plan of an earlier year starts no clock of a plan that is filed already.
        let amended = rule == StatutoryClock::AnnualControlPlan
            && before.plan_year.is_some_and(|filed| after.plan_year == Some(filed));
        if let Some(start) = start_of(rule, event, after, occurred_on, seq).filter(|_| !amended) {
            let already = running(rule).any(|c| {
                c.occasion == start.occasion
                    && !effects.iter().any(|effect| {
                        matches!(effect, Effect::DeadlineClosed { rule: r, occasion, .. }
                            | Effect::DeadlineCancelled { rule: r, occasion, .. } if *r == rule && *occasion == c.occasion)
                    })
            });
            if already {
                continue;
            }
            effects.push(Effect::DeadlineOpened {
                rule,
                occasion: start.occasion.clone(),
                start_on: start.on,
                start_from: start.from,
                set_due_on: start.set_due_on,
                responsible: rule.responsible(),
            });
            // What is told is done with the telling; whether in time, the clock says.
            if let Event::SoilTransportReported { origin_told_on, destination_told_on, .. } = event {
                let on = *origin_told_on.max(destination_told_on);
                effects.push(Effect::DeadlineClosed { rule, occasion: start.occasion, on });
            }
        }
    }
    match event {
        Event::DeadlineExtended { deadline_rule, occasion, until, reason, .. } => {
            let clock = meant(before, *deadline_rule, occasion.as_deref(), false).ok()?;
            let (rule, occasion) = (clock.rule, clock.occasion.clone());
            effects.push(Effect::DeadlineExtended { rule, occasion, until: *until, cause: reason.clone() });
        }
        Event::DeadlineSuspended { deadline_rule, occasion, reason, .. } => {
            let clock = meant(before, *deadline_rule, occasion.as_deref(), false).ok()?;
            let (rule, occasion) = (clock.rule, clock.occasion.clone());
            effects.push(Effect::DeadlineSuspended { rule, occasion, on: occurred_on, cause: reason.clone() });
        }
        Event::DeadlineResumed { deadline_rule, occasion, .. } => {
            let clock = meant(before, *deadline_rule, occasion.as_deref(), true).ok()?;
            effects.push(Effect::DeadlineResumed {
                rule: clock.rule,
                occasion: clock.occasion.clone(),
                on: occurred_on,
            });
        }
        Event::DeadlineCancelled { deadline_rule, occasion, reason, .. } => {
            let clock = meant(before, *deadline_rule, occasion.as_deref(), false).ok()?;
            let (rule, occasion) = (clock.rule, clock.occasion.clone());
            effects.push(Effect::DeadlineCancelled { rule, occasion, on: occurred_on, cause: reason.clone() });
        }
        _ => {}
    }
    Some(effects)
}

/// A yearly plan ends the clock of its year and of those before, and no other.
fn is_done(clock: &Running, event: &Event) -> bool {
    match (clock.rule, event) {
        (StatutoryClock::AnnualControlPlan, Event::ControlPlanFiled { plan_year: Some(year), .. }) => {
            clock.occasion.parse::<i32>().is_ok_and(|due| due <= *year)
        }
        _ => true,
    }
}

struct Start {
    occasion: String,
    on: Day,
    from: StartFrom,
    set_due_on: Option<Day>,
}

/// The day a clock counts from; `None` where nothing starts it.
fn start_of(rule: StatutoryClock, event: &Event, after: &Standing, occurred_on: Day, seq: u32) -> Option<Start> {
    let plain = |on, from| Start { occasion: String::new(), on, from, set_due_on: None };
    Some(match (rule, event) {
        (StatutoryClock::PreliminarySurveySixMonths, Event::SurveyNoticeServed { received_on, .. }) => {
            plain(*received_on, StartFrom::Receipt)
        }
        (StatutoryClock::DetailedSurveyAsNotified, Event::DetailedNoticeServed { received_on, due_on, .. }) => {
            Start { set_due_on: Some((*due_on)?), ..plain(*received_on, StartFrom::Receipt) }
        }
        // The plan of the year after is made before that year begins.
        (StatutoryClock::AnnualControlPlan, Event::ControlPlanFiled { plan_year, .. }) => {
            let year = (*plan_year)?;
            let on = Day::parse(&format!("{year:04}-01-01"))?;
            Start { occasion: (year + 1).to_string(), ..plain(on, StartFrom::PlanYear) }
        }
        (StatutoryClock::MonitoringReportAsPlanned, _) => Start {
            occasion: format!("event-{seq}"),
            set_due_on: Some(occurred_on.add_months(after.report_every_months?)),
            ..plain(occurred_on, StartFrom::Event)
        },
        (StatutoryClock::SoilTransportNotice, Event::SoilTransportReported { transport_on, .. }) => {
            Start { occasion: format!("event-{seq}"), ..plain(*transport_on, StartFrom::Transport) }
        }
        _ => plain(occurred_on, StartFrom::Event),
    })
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
    match event_type.cases() {
        cases if cases.is_empty() && event_type != EventType::EnteredInError => vec![None],
        cases => cases.into_iter().map(Some).collect(),
    }
}
