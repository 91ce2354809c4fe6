//! Starting, stopping and counting clocks.

use super::rules::catalogue::{Length, find};
use super::rules::{Change, ChangeKind, DeadlineRule, Due, Reason, Recounted, Terms, recount as count_anew};
use super::store::{self, Counted, Deadline, NewRow, Why};
use crate::kernel::basis::cite_all;
use crate::kernel::{Confidence, Day, DeadlineId, DocumentId, Error, Provision, Result, Text};
use crate::platform::Act;
use crate::standards::parameters::Unit;
use crate::standards::workdays::{self, WorkCalendar};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// The cause of a cancellation by which the clock counts as never opened: the step that opened it was entered in error.
/// [`reopen`] passes over such a clock, to the one that ended before it was opened.
pub const ENTERED_IN_ERROR: &str =
    "开启该时限的事件系误录，已作废 / the step that opened it was entered in error and voided";

/// Characters of a cause at most.
const MAX_CAUSE: usize = 2_000;

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

/// Which clock of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockKey<'a> {
    /// Register of the record: `site`.
    pub register: &'static str,
    /// The record.
    pub subject: Uuid,
    /// The rule's identifier.
    pub rule: &'a str,
    /// Empty where a record has one of the rule at a time; else what tells them apart: `2026`, `event-7`.
    pub occasion: &'a str,
}

/// A clock to be started.
#[derive(Debug, Clone)]
pub struct OpenDeadline {
    /// Which: see [`super::rules::catalogue::find`].
    pub rule: &'static DeadlineRule,
    /// For which record.
    pub subject: Subject,
    /// See [`ClockKey::occasion`].
    pub occasion: String,
    /// From which day the clock is there.
    pub opened_on: Day,
    /// The day that is counted from and is itself not counted: receipt of the notice. Of a period that is counted
    /// backwards, the day of what must not come sooner. Where the last day is set, the day it was.
    pub start_on: Day,
    /// The last day, for a rule whose day a notice or plan sets; for no other.
    pub set_due_on: Option<Day>,
}

/// Starts a clock and computes its due date by the calendar known now, from the number that holds in the record's division
/// on the day it starts.
///
/// # Errors
/// `deadline_running` when the same clock already runs for the record.
pub async fn open(act: &mut Act, new: OpenDeadline) -> Result<DeadlineId> {
    let rule = new.rule;
    let calendar = calendar(act.tx()).await?;
    let rolls_forward = rolls_forward(act, rule);
    let division = &new.subject.division_code;
    let length = rule
        .length(division, new.start_on, act.today(), &act.app().config().parameters)
        .ok_or_else(|| Error::internal(format!("no length of {} holds in {division}", rule.id)))?;
    let resolved = length.resolved.as_ref();
    if new.set_due_on.is_some() != rule.period.parameter().is_none() {
        return Err(Error::internal(format!("clock {} is opened with a day set: {:?}", rule.id, new.set_due_on)));
    }
    let terms = Terms {
        rule,
        start_on: new.start_on,
        value: resolved.map(|resolved| resolved.value),
        set_due_on: new.set_due_on,
        rolls_forward,
        changes: &[],
    };
    let Recounted { due, .. } = counted(&terms, &calendar)?;
    let why = why(&Spoken::of_length(rule, &length, new.start_on), &due);
    let confidence = resolved.map_or(rule.confidence, |resolved| resolved.confidence.max(rule.confidence));
    let confidence = if length.of_later_text { Confidence::Unconfirmed } else { confidence };
    let id = DeadlineId::new(act.now());
    let row = NewRow {
        id,
        rule: rule.id,
        occasion: &new.occasion,
        internal: resolved.is_some_and(|resolved| resolved.internal),
        confidence,
        parameter: rule.period.parameter().map(|parameter| parameter.id),
        parameter_value: resolved.map(|resolved| as_i32(resolved.value)).transpose()?,
        jurisdiction: resolved.map_or("", |resolved| resolved.jurisdiction.as_str()),
        configured: resolved.is_some_and(|resolved| resolved.configured),
        set_due_on: new.set_due_on,
        subject: &new.subject,
        responsible: rule.responsible,
        opened_on: new.opened_on,
        start_on: new.start_on,
        rolls_forward,
        counted: Counted {
            rule_version: as_i32(rule.version)?,
            nominal_due_on: due.nominal_due_on,
            due_on: due.due_on,
            provisional: due.provisional,
            why: &why,
            changes: &[],
        },
    };
    store::insert(act.tx(), &row).await?;
    act.note(
        format!("deadline/{id}"),
        json!({
            "rule": rule.id, "version": rule.version, "occasion": new.occasion, "start_on": new.start_on,
            "due_on": due.due_on, "provisional": due.provisional, "value": row.parameter_value,
            "subject": format!("{}/{}", new.subject.register, new.subject.id),
        }),
    );
    Ok(id)
}

fn as_i32(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(Error::internal)
}

fn counted(terms: &Terms<'_>, calendar: &WorkCalendar) -> Result<Recounted> {
    count_anew(terms, calendar)
        .ok_or_else(|| Error::internal(format!("clock {} lacks its number or its day", terms.rule.id)))
}

/// The operator's setting, else the rule's own.
fn rolls_forward(act: &Act, rule: &DeadlineRule) -> bool {
    let config = act.app().config();
    if config.roll_forward.contains_key(rule.id) { config.rolls_forward(rule.id) } else { rule.roll_forward_default }
}

/// The rule and its number in words: the first reason of a due date.
struct Spoken {
    text: Text,
    provisions: Vec<&'static Provision>,
}

impl Spoken {
    fn of_length(rule: &'static DeadlineRule, length: &Length, start_on: Day) -> Spoken {
        let mut provisions: Vec<_> = rule.provisions.first().copied().into_iter().collect();
        let Some(resolved) = &length.resolved else { return Spoken { text: rule.runs_from.clone(), provisions } };
        for provision in resolved.provisions {
            if !provisions.contains(provision) {
                provisions.push(provision);
            }
        }
        let (mut zh, mut en) = (rule.runs_from.zh.to_string(), rule.runs_from.en.to_string());
        let (amount_zh, amount_en) = amount(rule, resolved.value);
        let place = match resolved.jurisdiction.as_str() {
            "" => Text::fixed("全国", "nationwide"),
            digits => Text::new(format!("区划 {digits:0<6}"), format!("division {digits:0<6}")),
        };
        let kind = if resolved.configured {
            Text::fixed("由运行单位设定，未经确认", "set by the operator, unconfirmed")
        } else if resolved.internal {
            Text::fixed("内部时限，非法律规定", "a local service level, not law")
        } else {
            match resolved.confidence {
                Confidence::Verified => Text::fixed("已核对原文", "held against the text"),
                Confidence::Recalled => Text::fixed("未核对原文", "not held against the text"),
                Confidence::Unconfirmed => Text::fixed("未经确认", "unconfirmed"),
            }
        };
        zh.push_str(&format!("期限：{amount_zh}（{}；{}）。", place.zh, kind.zh));
        en.push_str(&format!(" Period: {amount_en} ({}; {}).", place.en, kind.en));
        if resolved.configured && resolved.internal {
            zh.push_str("属内部时限，非法律规定。");
            en.push_str(" It is a local service level, not law.");
        }
        if length.of_later_text {
            zh.push_str(&format!("{start_on} 尚无相应文本施行，按开启时施行的文本计算，未经确认。"));
            en.push_str(&format!(
                " No text was in force on {start_on}; the one in force when the clock was opened is used, unconfirmed."
            ));
        }
        Spoken { text: Text::new(zh, en), provisions }
    }
}

fn amount(rule: &DeadlineRule, value: u32) -> (String, String) {
    let s = if value == 1 { "" } else { "s" };
    match rule.period.parameter().map(|parameter| parameter.unit) {
        Some(Unit::Months) => (format!("{value} 个月"), format!("{value} month{s}")),
        Some(Unit::WorkingDays) => (format!("{value} 个工作日"), format!("{value} working day{s}")),
        Some(Unit::DayOfYear) => {
            (format!("{} 月 {} 日", value / 100, value % 100), format!("{:02}-{:02}", value / 100, value % 100))
        }
        Some(Unit::Flag) | None => (value.to_string(), value.to_string()),
    }
}

/// All reasons of a due date: the rule with its number, then the counting.
fn why(first: &Spoken, due: &Due) -> Vec<Why> {
    let first = Why {
        text_zh: first.text.zh.to_string(),
        text_en: first.text.en.to_string(),
        citations: cite_all(&first.provisions, due.start_on),
    };
    std::iter::once(first).chain(steps(&due.why, due.start_on)).collect()
}

fn steps(why: &[Reason], on: Day) -> impl Iterator<Item = Why> + '_ {
    why.iter().map(move |reason| Why {
        text_zh: reason.text.zh.to_string(),
        text_en: reason.text.en.to_string(),
        citations: reason.basis.and_then(|basis| basis.cite(on)).into_iter().collect(),
    })
}

/// Stops the running clock of a key: its duty was done on `on`, in time or late.
///
/// # Errors
/// An internal error when no such clock runs: whoever stops one knows that it does.
pub async fn close(act: &mut Act, key: &ClockKey<'_>, on: Day) -> Result<DeadlineId> {
    let clock = running(act, key).await?;
    store::set_end(act.tx(), clock.id, Some(on), false, None).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "closed_on": on}));
    Ok(clock.id)
}

/// Calls off the running clock of a key as of `on`: the duty fell away; or, with [`ENTERED_IN_ERROR`] as cause, the step
/// that opened it was entered in error.
///
/// # Errors
/// As [`close`]; `invalid_input` without a cause.
pub async fn cancel(act: &mut Act, key: &ClockKey<'_>, on: Day, cause: &str) -> Result<DeadlineId> {
    let cause = read_cause(cause)?;
    let clock = running(act, key).await?;
    store::set_end(act.tx(), clock.id, Some(on), true, Some(cause)).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "cancelled_on": on}));
    Ok(clock.id)
}

/// Lets the clock of a key that ended last run on, with its first start and due date: the report was returned, or the step
/// that ended it was entered in error.
///
/// # Errors
/// An internal error when no such clock ended; `deadline_running` when another one runs meanwhile.
pub async fn reopen(act: &mut Act, key: &ClockKey<'_>) -> Result<DeadlineId> {
    let clock = store::lock_latest(act.tx(), key, false)
        .await?
        .ok_or_else(|| Error::internal(format!("no clock {} ended for {}/{}", key.rule, key.register, key.subject)))?;
    store::set_end(act.tx(), clock.id, None, false, None).await?;
    // What a calendar changed while it stood ended counts for it again.
    let calendar = calendar(act.tx()).await?;
    keep_counted(act, &clock, &clock.changes.0, clock.suspended_on, false, &calendar).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "reopened": true}));
    Ok(clock.id)
}

async fn running(act: &mut Act, key: &ClockKey<'_>) -> Result<Deadline> {
    store::lock_latest(act.tx(), key, true)
        .await?
        .ok_or_else(|| Error::internal(format!("no clock {} runs for {}/{}", key.rule, key.register, key.subject)))
}

fn read_cause(cause: &str) -> Result<&str> {
    let cause = cause.trim();
    if cause.is_empty() || cause.chars().count() > MAX_CAUSE || cause.contains('\0') {
        return Err(Error::fault(
            "/cause",
            "missing",
            Text::new(
                format!("须说明原因（1 至 {MAX_CAUSE} 字）。"),
                format!("The cause is needed, 1 to {MAX_CAUSE} characters."),
            ),
        ));
    }
    Ok(cause)
}

/// Gives a running clock a later last day, decided on `on` and counting from then. The day is taken as it is and does not
/// roll. The document is attached to the record by whoever calls.
///
/// # Errors
/// `not_later` at `/until` when the day is not after the last day that stands; `cause` missing; `out_of_order` at
/// `/occurred_on` when a later decision stands; `deadline_suspended` while the clock stands still. An internal error when
/// no such clock runs.
pub async fn extend(
    act: &mut Act,
    key: &ClockKey<'_>,
    until: Day,
    on: Day,
    cause: &str,
    document: Option<DocumentId>,
) -> Result<DeadlineId> {
    let cause = read_cause(cause)?;
    let clock = running(act, key).await?;
    require_order(&clock, on)?;
    if clock.suspended_on.is_some() {
        return Err(Error::conflict(
            "deadline_suspended",
            Text::fixed(
                "该时限已中止，恢复后方可延期。",
                "The clock stands still; it can be extended once it runs again.",
            ),
        ));
    }
    if until <= clock.due_on {
        return Err(Error::fault(
            "/until",
            "not_later",
            Text::new(
                format!("延期后的日期应晚于现期限 {}。", clock.due_on),
                format!("An extension ends after the last day that stands, {}.", clock.due_on),
            ),
        ));
    }
    let change = Change {
        kind: ChangeKind::Extended,
        on,
        until: Some(until),
        days: None,
        cause: Some(cause.to_owned()),
        document_id: document,
        was_due_on: clock.due_on,
        due_on: until,
    };
    add_change(act, &clock, change, None, true).await?;
    let detail =
        json!({"rule": key.rule, "extended_on": on, "was_due_on": clock.due_on, "due_on": until, "document": document});
    act.note(format!("deadline/{}", clock.id), detail);
    Ok(clock.id)
}

/// Takes the last extension back, entered in error: the last day before it stands again.
///
/// # Errors
/// An internal error when the last change of the running clock is no extension.
pub async fn take_back_extension(act: &mut Act, key: &ClockKey<'_>) -> Result<DeadlineId> {
    take_back(act, key, ChangeKind::Extended, None, true).await
}

/// Makes a running clock stand still from `on` on.
///
/// # Errors
/// `deadline_suspended` when it does already; else as [`extend`].
pub async fn suspend(act: &mut Act, key: &ClockKey<'_>, on: Day, cause: &str) -> Result<DeadlineId> {
    let cause = read_cause(cause)?;
    let clock = running(act, key).await?;
    require_order(&clock, on)?;
    if clock.suspended_on.is_some() {
        return Err(Error::conflict(
            "deadline_suspended",
            Text::fixed("该时限已中止。", "The clock stands still already."),
        ));
    }
    let change = Change {
        kind: ChangeKind::Suspended,
        on,
        until: None,
        days: None,
        cause: Some(cause.to_owned()),
        document_id: None,
        was_due_on: clock.due_on,
        due_on: clock.due_on,
    };
    add_change(act, &clock, change, Some(on), false).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "suspended_on": on}));
    Ok(clock.id)
}

/// Lets a clock that stands still run on from `on`: the calendar days between are added to its nominal last day, which is
/// then rolled.
///
/// # Errors
/// `deadline_not_suspended` when it runs; `out_of_order` when `on` is before the suspension. An internal error when no such
/// clock is there.
pub async fn resume(act: &mut Act, key: &ClockKey<'_>, on: Day) -> Result<DeadlineId> {
    let clock = running(act, key).await?;
    require_order(&clock, on)?;
    let Some(since) = clock.suspended_on else {
        return Err(Error::conflict(
            "deadline_not_suspended",
            Text::fixed("该时限未中止，无从恢复。", "The clock does not stand still."),
        ));
    };
    let change = Change {
        kind: ChangeKind::Resumed,
        on,
        until: None,
        days: Some(on.days_since(since)),
        cause: None,
        document_id: None,
        was_due_on: clock.due_on,
        due_on: clock.due_on,
    };
    let due_on = add_change(act, &clock, change, None, true).await?;
    act.note(
        format!("deadline/{}", clock.id),
        json!({"rule": key.rule, "resumed_on": on, "days": on.days_since(since), "was_due_on": clock.due_on, "due_on": due_on}),
    );
    Ok(clock.id)
}

/// Takes a suspension back, entered in error: the clock has run all the time.
///
/// # Errors
/// An internal error when the last change of the running clock is no suspension.
pub async fn take_back_suspension(act: &mut Act, key: &ClockKey<'_>) -> Result<DeadlineId> {
    take_back(act, key, ChangeKind::Suspended, None, false).await
}

/// Takes a resumption back, entered in error: the clock stands still again, since when it did.
///
/// # Errors
/// An internal error when the last change of the running clock is no resumption.
pub async fn take_back_resumption(act: &mut Act, key: &ClockKey<'_>) -> Result<DeadlineId> {
    let clock = running(act, key).await?;
    let since = clock.changes.0.iter().rfind(|change| change.kind == ChangeKind::Suspended).map(|change| change.on);
    take_back(act, key, ChangeKind::Resumed, since, true).await
}

/// Refuses a decision of a day before one that stands: each counts from its day on.
fn require_order(clock: &Deadline, on: Day) -> Result<()> {
    match clock.changes.0.last() {
        Some(last) if on < last.on => Err(Error::fault(
            "/occurred_on",
            "out_of_order",
            Text::new(
                format!("早于该时限的上一次变更（{}）。", last.on),
                format!("It is before the clock's last change, of {}.", last.on),
            ),
        )),
        _ => Ok(()),
    }
}

async fn add_change(
    act: &mut Act,
    clock: &Deadline,
    change: Change,
    suspended_on: Option<Day>,
    moved: bool,
) -> Result<Day> {
    let calendar = calendar(act.tx()).await?;
    let mut changes = clock.changes.0.clone();
    changes.push(change);
    keep_counted(act, clock, &changes, suspended_on, moved, &calendar).await
}

async fn take_back(
    act: &mut Act,
    key: &ClockKey<'_>,
    kind: ChangeKind,
    suspended_on: Option<Day>,
    moved: bool,
) -> Result<DeadlineId> {
    let clock = running(act, key).await?;
    let mut changes = clock.changes.0.clone();
    let taken = changes
        .pop()
        .filter(|change| change.kind == kind)
        .ok_or_else(|| Error::internal(format!("the last change of clock {} is not {kind:?}", clock.id)))?;
    let calendar = calendar(act.tx()).await?;
    let due_on = keep_counted(act, &clock, &changes, suspended_on, moved, &calendar).await?;
    act.note(
        format!("deadline/{}", clock.id),
        json!({"rule": key.rule, "taken_back": kind, "of": taken.on, "was_due_on": clock.due_on, "due_on": due_on}),
    );
    Ok(clock.id)
}

/// Counts a clock with these changes and keeps the outcome.
async fn keep_counted(
    act: &mut Act,
    clock: &Deadline,
    changes: &[Change],
    suspended_on: Option<Day>,
    moved: bool,
    calendar: &WorkCalendar,
) -> Result<Day> {
    let rule = rule_of(clock)?;
    let Recounted { due, changes } = counted(&terms(clock, rule, changes)?, calendar)?;
    let why: Vec<Why> = first_reason(clock).into_iter().chain(steps(&due.why, due.start_on)).collect();
    let counted = Counted {
        rule_version: as_i32(rule.version)?,
        nominal_due_on: due.nominal_due_on,
        due_on: due.due_on,
        provisional: due.provisional,
        why: &why,
        changes: &changes,
    };
    store::set_counted(act.tx(), clock.id, &counted, suspended_on, moved).await?;
    Ok(due.due_on)
}

/// The rule with its number, as it was said when the clock was opened: both stay what they were.
fn first_reason(clock: &Deadline) -> Option<Why> {
    clock.why.0.first().cloned()
}

fn rule_of(clock: &Deadline) -> Result<&'static DeadlineRule> {
    find(&clock.rule).ok_or_else(|| Error::internal(format!("clock {} has no rule {}", clock.id, clock.rule)))
}

fn terms<'a>(clock: &Deadline, rule: &'static DeadlineRule, changes: &'a [Change]) -> Result<Terms<'a>> {
    Ok(Terms {
        rule,
        start_on: clock.start_on,
        value: clock.parameter_value.map(u32::try_from).transpose().map_err(Error::internal)?,
        set_due_on: clock.set_due_on,
        rolls_forward: clock.rolls_forward,
        changes,
    })
}

/// Counts a clock from the first: its start, the number or day that it was opened with, and its changes that stand. What
/// comes out differs from what is stored only where the stored row was tampered with, or a calendar was not applied.
///
/// # Errors
/// An internal error when the rule has gone, or the row lacks its number.
pub fn recount(clock: &Deadline, calendar: &WorkCalendar) -> Result<Due> {
    let rule = rule_of(clock)?;
    Ok(counted(&terms(clock, rule, &clock.changes.0)?, calendar)?.due)
}

/// Every clock of a register's records, by record and day.
///
/// # Errors
/// When the database cannot be read.
pub async fn all_of(conn: &mut PgConnection, register: &str) -> Result<Vec<Deadline>> {
    store::all_of(conn, register).await
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
        Error::fault("", "not_utf8", Text::fixed("日历文件不是 UTF-8 文本。", "The calendar file is not UTF-8 text."))
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
        let rule = rule_of(&clock)?;
        let Recounted { due, changes } = counted(&terms(&clock, rule, &clock.changes.0)?, &calendar)?;
        let why: Vec<Why> = first_reason(&clock).into_iter().chain(steps(&due.why, due.start_on)).collect();
        let same = (due.nominal_due_on, due.due_on, due.provisional)
            == (clock.nominal_due_on, clock.due_on, clock.provisional);
        if same && why == clock.why.0 && changes == clock.changes.0 {
            continue;
        }
        let counted = Counted {
            rule_version: as_i32(rule.version)?,
            nominal_due_on: due.nominal_due_on,
            due_on: due.due_on,
            provisional: due.provisional,
            why: &why,
            changes: &changes,
        };
        store::set_counted(act.tx(), clock.id, &counted, clock.suspended_on, false).await?;
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
