//! Starting, stopping and counting clocks.

use super::rules::catalogue::find;
use super::rules::{DeadlineRule, Reason};
use super::store::{self, Counted, Deadline, NewRow, Why};
use crate::kernel::{Day, DeadlineId, Error, Result};
use crate::platform::Act;
use crate::standards::workdays::{self, WorkCalendar};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// The record that a clock runs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Identifier of its register: `site`.
    pub register: &'static str,
    /// Its identifier.
    pub id: Uuid,
    /// Its code for people.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its division.
    pub division_code: String,
    /// Credit code of the land user whose record it is.
    pub owner_credit_code: Option<String>,
}

/// A clock to be started.
#[derive(Debug, Clone)]
pub struct OpenDeadline {
    /// Which: see [`super::rules::catalogue::find`].
    pub rule: &'static DeadlineRule,
    /// For which record.
    pub subject: Subject,
    /// From which day the clock is there; not before `start_on`.
    pub opened_on: Day,
    /// The day that is counted from and is itself not counted: receipt of the notice.
    pub start_on: Day,
}

/// Starts a clock and computes its due date by the calendar known now.
///
/// # Errors
/// `deadline_running` when the same clock already runs for the record.
pub async fn open(act: &mut Act, new: OpenDeadline) -> Result<DeadlineId> {
    let calendar = calendar(act.tx()).await?;
    let rolls_forward = rolls_forward(act, new.rule);
    let due = new.rule.due(new.start_on, &calendar, rolls_forward);
    let why = steps(&due.why, due.start_on);
    let id = DeadlineId::new(act.now());
    let row = NewRow {
        id,
        rule: new.rule.id,
        subject: &new.subject,
        responsible: new.rule.responsible,
        opened_on: new.opened_on,
        start_on: new.start_on,
        rolls_forward,
        counted: Counted {
            rule_version: version(new.rule)?,
            nominal_due_on: due.nominal_due_on,
            due_on: due.due_on,
            provisional: due.provisional,
            why: &why,
        },
    };
    store::insert(act.tx(), &row).await?;
    act.note(
        format!("deadline/{id}"),
        json!({
            "rule": new.rule.id, "version": new.rule.version, "start_on": new.start_on, "due_on": due.due_on,
            "provisional": due.provisional, "subject": format!("{}/{}", new.subject.register, new.subject.id),
        }),
    );
    Ok(id)
}

fn version(rule: &DeadlineRule) -> Result<i32> {
    i32::try_from(rule.version).map_err(Error::internal)
}

/// The operator's setting, else the rule's own.
fn rolls_forward(act: &Act, rule: &DeadlineRule) -> bool {
    let config = act.app().config();
    if config.roll_forward.contains_key(rule.id) { config.rolls_forward(rule.id) } else { rule.roll_forward_default }
}

fn steps(why: &[Reason], on: Day) -> Vec<Why> {
    why.iter()
        .map(|reason| Why {
            text_zh: reason.text.zh.to_string(),
            text_en: reason.text.en.to_string(),
            citations: reason.basis.and_then(|basis| basis.cite(on)).into_iter().collect(),
        })
        .collect()
}

/// Stops the running clock of a rule: its duty was done on `on`, in time or late.
///
/// # Errors
/// An internal error when no such clock runs: whoever stops one knows that it does.
pub async fn close(act: &mut Act, register: &str, subject: Uuid, rule: &str, on: Day) -> Result<DeadlineId> {
    end(act, register, subject, rule, on, false).await
}

/// Calls off the running clock of a rule as of `on`: the step that started it was entered in error, or the duty fell away.
///
/// # Errors
/// As [`close`].
pub async fn cancel(act: &mut Act, register: &str, subject: Uuid, rule: &str, on: Day) -> Result<DeadlineId> {
    end(act, register, subject, rule, on, true).await
}

async fn end(act: &mut Act, register: &str, subject: Uuid, rule: &str, on: Day, cancelled: bool) -> Result<DeadlineId> {
    let id = store::lock_latest(act.tx(), register, subject, rule, true)
        .await?
        .ok_or_else(|| Error::internal(format!("no clock {rule} runs for {register}/{subject}")))?;
    store::set_end(act.tx(), id, Some(on), cancelled).await?;
    let word = if cancelled { "cancelled_on" } else { "closed_on" };
    act.note(format!("deadline/{id}"), json!({"rule": rule, word: on}));
    Ok(id)
}

/// Lets the clock of a rule that was stopped last run on, with its first start and due date: the report was returned, or
/// the step that stopped it was entered in error.
///
/// # Errors
/// An internal error when no such clock was stopped; `deadline_running` when another one runs meanwhile.
pub async fn reopen(act: &mut Act, register: &str, subject: Uuid, rule: &str) -> Result<DeadlineId> {
    let id = store::lock_latest(act.tx(), register, subject, rule, false)
        .await?
        .ok_or_else(|| Error::internal(format!("no clock {rule} was stopped for {register}/{subject}")))?;
    store::set_end(act.tx(), id, None, false).await?;
    act.note(format!("deadline/{id}"), json!({"rule": rule, "reopened": true}));
    Ok(id)
}

/// Keeps the clocks of a record in step with its code, name, division and land user.
///
/// # Errors
/// When the database cannot be written.
pub async fn subject_changed(act: &mut Act, subject: &Subject) -> Result<()> {
    let changed = store::set_subject(act.tx(), subject).await?;
    if changed > 0 {
        act.note(format!("{}/{}", subject.register, subject.id), json!({"deadlines_kept_in_step": changed}));
    }
    Ok(())
}

/// The clocks of a record, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn for_subject(conn: &mut PgConnection, register: &str, subject: Uuid) -> Result<Vec<Deadline>> {
    store::for_subject(conn, register, subject).await
}

/// The working-day calendar: the years built in, then those loaded.
///
/// # Errors
/// When the database cannot be read.
pub async fn calendar(conn: &mut PgConnection) -> Result<WorkCalendar> {
    let loaded = store::loaded_years(conn).await?;
    Ok(loaded.into_iter().fold(WorkCalendar::statutory(), |calendar, notice| calendar.with_year(notice)))
}

/// What loading a calendar did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CalendarImport {
    /// Years in the file.
    pub years: Vec<i32>,
    /// Those of them that are new or differ from what was known.
    pub changed_years: Vec<i32>,
    /// What the operator should look at, Chinese and English.
    pub doubts: Vec<(String, String)>,
    /// The clocks whose due date was counted anew with another result.
    pub recomputed: Vec<Recomputed>,
}

/// A due date that a calendar changed or settled.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Recomputed {
    /// The clock.
    pub id: DeadlineId,
    /// Its record's code.
    pub subject_code: String,
    /// Last day in time as it was.
    pub was_due_on: Day,
    /// Last day in time now.
    pub due_on: Day,
    /// Whether it may still change.
    pub provisional: bool,
}

/// Loads the calendar of one or more years (the forms of [`workdays::parse_notices`]) and counts every due date anew that
/// rests on it.
///
/// # Errors
/// `invalid_input` with everything wrong with the file; nothing is then written.
pub async fn import_calendar(act: &mut Act, bytes: &[u8]) -> Result<CalendarImport> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Error::fault(
            "",
            "not_utf8",
            crate::kernel::Text::fixed("日历文件不是 UTF-8 文本。", "The calendar file is not UTF-8 text."),
        )
    })?;
    let notices = workdays::parse_notices(text).map_err(Error::invalid)?;
    let sha256 = Sha256::digest(bytes).to_vec();
    let mut done = CalendarImport {
        years: notices.iter().map(workdays::YearNotice::year).collect(),
        changed_years: Vec::new(),
        doubts: Vec::new(),
        recomputed: Vec::new(),
    };
    for notice in &notices {
        done.doubts.extend(notice.doubts().into_iter().map(|doubt| (doubt.zh.into_owned(), doubt.en.into_owned())));
        let id = crate::kernel::ids::v7(act.now());
        if store::keep_year(act.tx(), id, notice, &sha256).await? {
            done.changed_years.push(notice.year());
        }
    }
    done.recomputed = recompute(act).await?;
    act.note(
        "calendar",
        json!({
            "years": done.years, "changed": done.changed_years, "sha256": hex::encode(&sha256),
            "deadlines_recomputed": done.recomputed.len(),
        }),
    );
    Ok(done)
}

async fn recompute(act: &mut Act) -> Result<Vec<Recomputed>> {
    let calendar = calendar(act.tx()).await?;
    let mut changed = Vec::new();
    for clock in store::lock_countable(act.tx()).await? {
        let rule = find(&clock.rule)
            .ok_or_else(|| Error::internal(format!("clock {} has no rule {}", clock.id, clock.rule)))?;
        let due = rule.due(clock.start_on, &calendar, clock.rolls_forward);
        let why = steps(&due.why, due.start_on);
        let same = (due.nominal_due_on, due.due_on, due.provisional)
            == (clock.nominal_due_on, clock.due_on, clock.provisional);
        if same && why == clock.why.0 {
            continue;
        }
        let counted = Counted {
            rule_version: version(rule)?,
            nominal_due_on: due.nominal_due_on,
            due_on: due.due_on,
            provisional: due.provisional,
            why: &why,
        };
        store::set_counted(act.tx(), clock.id, &counted).await?;
        act.note(
            format!("deadline/{}", clock.id),
            json!({"recomputed": {"was_due_on": clock.due_on, "due_on": due.due_on, "provisional": due.provisional}}),
        );
        changed.push(Recomputed {
            id: clock.id,
            subject_code: clock.subject_code,
            was_due_on: clock.due_on,
            due_on: due.due_on,
            provisional: due.provisional,
        });
    }
    Ok(changed)
}
