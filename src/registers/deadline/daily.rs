//! What is done once a civil day: yearly duties are opened, and running clocks take their steps of escalation. Every server
//! does it, at its start and when the day has changed; a duty is opened and a step taken once all the same.

use super::actions::{self, OpenDeadline, Subject, told};
use super::rules::catalogue::{ANNUAL_CITY_REPORT, ANNUAL_PROVINCE_REPORT};
use super::rules::{DeadlineRule, catalogue, escalation::FIRST_STEP_DAYS};
use super::store::{self, Keeper};
use crate::kernel::{Day, Error, Result};
use crate::platform::act::RequestMark;
use crate::platform::{Act, App, Begun, Caller, Permission, Reply};
use crate::registers::division;
use serde_json::json;
use std::future::Future;
use std::time::Duration;

/// How often a server looks whether the day has changed.
const LOOK: Duration = Duration::from_secs(30);
/// Clocks that are escalated in one act.
const BATCH: i64 = 1_000;

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The civil day of it.
    pub on: Day,
    /// Yearly duties that it opened.
    pub opened: usize,
    /// Steps of escalation that it took.
    pub escalated: usize,
}

/// The daily work, once. Doing it again on the same day, or at the same time elsewhere, does nothing more.
///
/// # Errors
/// When the database cannot be written; what was done before stands, and the next pass goes on.
pub async fn pass(app: &App) -> Result<Pass> {
    let on = app.today();
    let opened = daily(app).await?;
    // Before the steps are looked for: a clock that has its last day now may have reached one.
    date(app).await?;
    Ok(Pass { on, opened, escalated: escalate(app).await? })
}

/// Does the daily work at once and whenever the civil day has changed, until `stop` comes to its end.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    let work = async {
        let mut done: Option<Day> = None;
        loop {
            if done != Some(app.today()) {
                match pass(&app).await {
                    Ok(pass) => {
                        tracing::info!(on = %pass.on, opened = pass.opened, escalated = pass.escalated, "deadlines looked through");
                        done = Some(pass.on);
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "deadlines cannot be looked through");
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = stop => {}
        () = work => {}
    }
}

async fn begin(app: &App) -> Result<Act> {
    let mark = RequestMark { id: "daily".to_owned(), idempotency: None };
    match Act::begin(app, &Caller::Operator, Permission::DeadlineKeep, mark).await? {
        Begun::Fresh(act) => Ok(*act),
        Begun::Replayed(_) => Err(Error::internal("an act without idempotency key was replayed")),
    }
}

/// A yearly report: who owes it, and from which day of the year reported on its period starts.
struct Yearly {
    rule: &'static DeadlineRule,
    level: &'static str,
    /// Whether its period starts on the last day of the year reported on; on the first otherwise.
    starts_at_end: bool,
}

static YEARLY: [Yearly; 2] = [
    Yearly { rule: &ANNUAL_CITY_REPORT, level: "prefecture", starts_at_end: false },
    Yearly { rule: &ANNUAL_PROVINCE_REPORT, level: "province", starts_at_end: true },
];

impl Yearly {
    /// The report that is due next: the year reported on, and the day its period starts.
    fn next(&self, division: &str, today: Day, app: &App) -> Option<(i32, Day)> {
        let calendar = crate::standards::workdays::WorkCalendar::statutory();
        (today.year() - 1..=today.year() + 1).find_map(|year| {
            let start = if self.starts_at_end {
                Day::parse(&format!("{year}-12-31"))?
            } else {
                Day::parse(&format!("{year}-01-01"))?
            };
            let length = self.rule.length(division, start, today, &app.config().parameters)?;
            let counting = self.rule.period.counting(length.resolved.map(|resolved| resolved.value), None)?;
            let nominal = super::rules::count(counting, start, &calendar, false).nominal_due_on;
            (nominal >= today).then_some((year, start))
        })
    }
}

/// Opens the yearly reports that are due next, for each prefecture and province that has sites in the registry; gives how
/// many were opened. A report that was opened before, whatever became of it, is not opened again.
///
/// # Errors
/// When the database cannot be written.
pub async fn daily(app: &App) -> Result<usize> {
    let mut act = begin(app).await?;
    // One server at a time: a report handed in meanwhile is seen by whoever comes second.
    store::hold_yearly(act.tx()).await?;
    let today = act.today();
    let mut opened = 0;
    for yearly in &YEARLY {
        for keeper in store::keepers(act.tx(), yearly.level).await? {
            let Some((year, start_on)) = yearly.next(&keeper.code, today, app) else { continue };
            let occasion = year.to_string();
            if store::was_opened(act.tx(), division::REGISTER.id, keeper.id, yearly.rule.id, &occasion).await? {
                continue;
            }
            let Keeper { id, code, name } = keeper;
            let subject = Subject {
                register: division::REGISTER.id,
                id,
                division_code: code.clone(),
                code,
                name,
                owner_credit_code: None,
            };
            let new =
                OpenDeadline { rule: yearly.rule, subject, occasion, opened_on: today, start_on, set_due_on: None };
            actions::open(&mut act, new).await?;
            opened += 1;
        }
    }
    if opened == 0 {
        act.abandon().await?;
    } else {
        act.finish(Reply::nothing()).await?;
    }
    Ok(opened)
}

/// Counts the running clocks without a last day whose number an operator has set since; gives how many.
///
/// # Errors
/// When the database cannot be written; batches that were done stand.
pub async fn date(app: &App) -> Result<usize> {
    let mut dated = 0;
    for rule in catalogue::ALL.iter().copied().filter(|rule| rule.may_be_undated()) {
        // Each pass leaves nothing behind that it could find again: what it counts has a last day.
        loop {
            let mut act = begin(app).await?;
            let done = actions::date_undated(&mut act, rule, BATCH).await?;
            if done == 0 {
                act.abandon().await?;
                break;
            }
            act.finish(Reply::nothing()).await?;
            dated += done;
        }
    }
    Ok(dated)
}

/// Takes the step of escalation that each running clock has reached and not taken; gives how many were taken. Of several
/// steps that are past, because the clock was entered late or no server ran, only the last one is taken. A clock that
/// stands still takes none.
///
/// # Errors
/// When the database cannot be written; batches that were done stand.
pub async fn escalate(app: &App) -> Result<usize> {
    let today = app.today();
    let mut after = None;
    let mut taken = 0;
    loop {
        let mut act = begin(app).await?;
        let candidates = store::to_escalate(act.tx(), today, today.add_days(FIRST_STEP_DAYS), after, BATCH).await?;
        let Some(last) = candidates.last() else {
            act.abandon().await?;
            return Ok(taken);
        };
        after = Some(last.id);
        let (act_id, now) = (act.id(), act.now());
        let mine = store::escalate(act.tx(), &candidates, today, act_id, now).await?;
        if mine.is_empty() {
            act.abandon().await?;
            continue;
        }
        taken += mine.len();
        for clock in candidates.into_iter().filter(|clock| mine.contains(&clock.id)) {
            act.note(
                format!("deadline/{}", clock.id),
                json!({"rule": clock.rule, "escalated": clock.step, "due_on": clock.due_on}),
            );
            act.tell(told(
                "deadline.escalated",
                &clock.subject,
                Some(today),
                json!({
                    "deadline_id": clock.id, "rule": clock.rule, "occasion": clock.occasion, "step": clock.step,
                    "due_on": clock.due_on, "responsible": clock.responsible, "internal": clock.internal,
                }),
            ));
        }
        act.finish(Reply::nothing()).await?;
    }
}
