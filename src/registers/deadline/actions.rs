//! Starting, stopping and counting clocks.

use super::rules::catalogue::{Length, find};
use super::rules::{Change, ChangeKind, DeadlineRule, Due, Reason, Recounted, Terms, recount as count_anew};
use super::store::{self, Counted, Deadline, End, NewRow, Told, Why};
use crate::kernel::basis::cite_all;
use crate::kernel::{Confidence, Day, DeadlineId, DocumentId, Error, Fault, Provision, Result, Text};
use crate::platform::{Act, Change as News, Role};
use crate::registers::document;
use crate::standards::parameters::{Overrides, Unit};
use crate::standards::workdays::{self, WorkCalendar};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// The cause that is shown of a clock whose opening was entered in error: see [`void`].
pub const ENTERED_IN_ERROR: &str =
    "开启该时限的事件系误录，已作废 / the step that opened it was entered in error and voided";

/// Characters of a cause at most.
const MAX_CAUSE: usize = 2_000;

/// What clocks run for beside records of registers: land checks, which the ecology bureau answers.
const ABOVE_THE_REGISTERS: [&str; 1] = ["land_check"];

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

/// What others are told of a clock; its record is the subject, so that who watches the record hears of it in order.
pub(super) fn told(kind: &'static str, subject: &Told, on: Option<Day>, data: Value) -> News {
    // Registers are known when the program is written; a clock of one that has gone keeps this register's name.
    let register = crate::registers::ALL
        .iter()
        .map(|register| register.id)
        .chain(ABOVE_THE_REGISTERS)
        .find(|id| *id == subject.register);
    News {
        kind,
        register: register.unwrap_or(super::REGISTER.id),
        id: subject.id,
        code: subject.code.clone(),
        division_code: subject.division_code.clone(),
        owner_credit_code: subject.owner_credit_code.clone(),
        public: false,
        occurred_on: on,
        data,
    }
}

/// Tells of a change of a stored clock; `more` is added to what identifies it.
fn tell(act: &mut Act, kind: &'static str, clock: &Deadline, on: Option<Day>, more: Value) {
    let mut data = json!({
        "deadline_id": clock.id, "rule": clock.rule, "occasion": clock.occasion, "due_on": clock.due_on,
        "responsible": clock.responsible, "internal": clock.internal,
    });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    let subject = Told {
        register: clock.subject_register.clone(),
        id: clock.subject_id,
        code: clock.subject_code.clone(),
        division_code: clock.division_code.clone(),
        owner_credit_code: clock.owner_credit_code.clone(),
    };
    act.tell(told(kind, &subject, on, data));
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
    let length = rule.length(division, new.start_on, act.today(), &act.app().config().parameters);
    if length.is_none() && !rule.may_be_undated() {
        return Err(Error::internal(format!("no length of {} holds in {division}", rule.id)));
    }
    let resolved = length.as_ref().and_then(|length| length.resolved.as_ref());
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
    let (due, why) = match &length {
        Some(length) => {
            let Recounted { due, .. } = counted(&terms, &calendar)?;
            let why = why(&Spoken::of_length(rule, length, new.start_on), &due);
            (Some(due), why)
        }
        None => (None, undated(rule, new.start_on)),
    };
    let confidence = confidence(rule, length.as_ref());
    let internal = length.as_ref().map_or(rule.may_be_internal(), Length::is_internal);
    let due_on = due.as_ref().map(|due| due.due_on);
    let provisional = due.as_ref().is_some_and(|due| due.provisional);
    let id = DeadlineId::new(act.now());
    let row = NewRow {
        id,
        rule: rule.id,
        occasion: &new.occasion,
        internal,
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
            nominal_due_on: due.as_ref().map(|due| due.nominal_due_on),
            due_on,
            provisional,
            why: &why,
            changes: &[],
        },
    };
    store::insert(act.tx(), &row).await?;
    act.note(
        format!("deadline/{id}"),
        json!({
            "rule": rule.id, "version": rule.version, "occasion": new.occasion, "start_on": new.start_on,
            "due_on": due_on, "provisional": provisional, "value": row.parameter_value,
            "subject": format!("{}/{}", new.subject.register, new.subject.id),
        }),
    );
    let subject = Told {
        register: new.subject.register.to_owned(),
        id: new.subject.id,
        code: new.subject.code.clone(),
        division_code: new.subject.division_code.clone(),
        owner_credit_code: new.subject.owner_credit_code.clone(),
    };
    act.tell(told(
        "deadline.opened",
        &subject,
        Some(new.opened_on),
        json!({
            "deadline_id": id, "rule": rule.id, "occasion": new.occasion, "start_on": new.start_on,
            "due_on": due_on, "provisional": provisional, "responsible": rule.responsible,
            "internal": internal,
        }),
    ));
    Ok(id)
}

/// How well a clock is known: rule and number, the weaker of them. A number that nobody has set is not known at all.
fn confidence(rule: &DeadlineRule, length: Option<&Length>) -> Confidence {
    match length {
        None => Confidence::Unconfirmed,
        Some(length) if length.of_later_text => Confidence::Unconfirmed,
        Some(length) => {
            length.resolved.as_ref().map_or(rule.confidence, |resolved| resolved.confidence.max(rule.confidence))
        }
    }
}

/// The reasons of a clock that has no last day.
fn undated(rule: &'static DeadlineRule, start_on: Day) -> Vec<Why> {
    let parameter = rule.period.parameter().map_or("", |parameter| parameter.id);
    let said = [
        (rule.runs_from.clone(), rule.provisions.first().copied()),
        (
            Text::new(
                format!("期限参数 {parameter} 未配置，无法计算到期日；配置后由系统补算。"),
                format!(
                    "The parameter {parameter} is not set, so that no last day can be counted; it will be once it is."
                ),
            ),
            None,
        ),
    ];
    said.into_iter()
        .map(|(text, provision)| Why {
            text_zh: text.zh.into_owned(),
            text_en: text.en.into_owned(),
            citations: provision.and_then(|provision| provision.cite(start_on)).into_iter().collect(),
        })
        .collect()
}

/// Counts the running clocks without a last day whose number an operator has set since, from the day they started; gives
/// how many. A clock that ended stays as it was.
///
/// # Errors
/// When the database cannot be read or written.
pub(super) async fn date_undated(act: &mut Act, rule: &'static DeadlineRule, limit: i64) -> Result<usize> {
    let calendar = calendar(act.tx()).await?;
    let overrides = act.app().config().parameters.clone();
    let (today, mut dated) = (act.today(), 0);
    for clock in store::lock_undated(act.tx(), rule.id, limit, &store::places_set(rule, &overrides)).await? {
        let Some(length) = rule.length(&clock.division_code, clock.start_on, today, &overrides) else { continue };
        let Some(resolved) = &length.resolved else { continue };
        let terms = Terms { value: Some(resolved.value), ..terms(&clock, rule, &[])? };
        let Recounted { due, .. } = counted(&terms, &calendar)?;
        let why = why(&Spoken::of_length(rule, &length, clock.start_on), &due);
        let number = store::Number {
            value: as_i32(resolved.value)?,
            jurisdiction: &resolved.jurisdiction,
            configured: resolved.configured,
            internal: resolved.internal,
            confidence: confidence(rule, Some(&length)),
        };
        let counted = Counted {
            rule_version: as_i32(rule.version)?,
            nominal_due_on: Some(due.nominal_due_on),
            due_on: Some(due.due_on),
            provisional: due.provisional,
            why: &why,
            changes: &[],
        };
        store::set_number(act.tx(), clock.id, &number, &counted).await?;
        act.note(
            format!("deadline/{}", clock.id),
            json!({"rule": rule.id, "number_set": number.value, "due_on": due.due_on}),
        );
        let more = json!({"was_due_on": null, "due_on": due.due_on, "provisional": due.provisional});
        tell(act, "deadline.recounted", &clock, None, more);
        dated += 1;
    }
    Ok(dated)
}

/// What a clock would count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The due date and its reasons.
    pub due: Due,
    /// The number that holds there and then, where the rule has one: six, of months.
    pub value: Option<u32>,
}

/// What a clock would count, were it started for a record of a division on `start_on`; nothing is written. For papers that
/// say until when before anything has started.
///
/// # Errors
/// When the database cannot be read; an internal error for a rule whose day is set.
pub async fn foresee(act: &mut Act, rule: &'static DeadlineRule, division: &str, start_on: Day) -> Result<Foreseen> {
    let calendar = calendar(act.tx()).await?;
    let length = rule
        .length(division, start_on, act.today(), &act.app().config().parameters)
        .ok_or_else(|| Error::internal(format!("no length of {} holds in {division}", rule.id)))?;
    let value = length.resolved.as_ref().map(|resolved| resolved.value);
    let rolls_forward = rolls_forward(act, rule);
    let terms = Terms { rule, start_on, value, set_due_on: None, rolls_forward, changes: &[] };
    Ok(Foreseen { due: counted(&terms, &calendar)?.due, value })
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
        Some(Unit::Flag | Unit::Percent | Unit::Count | Unit::Metres) | None => (value.to_string(), value.to_string()),
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
    store::set_end(act.tx(), clock.id, Some((on, End::Done))).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "closed_on": on}));
    tell(act, "deadline.closed", &clock, Some(on), json!({"closed_on": on}));
    Ok(clock.id)
}

/// Calls off the running clock of a key as of `on`: the duty fell away. With [`ENTERED_IN_ERROR`] as cause it is [`void`].
///
/// # Errors
/// As [`close`]; `invalid_input` without a cause.
pub async fn cancel(act: &mut Act, key: &ClockKey<'_>, on: Day, cause: &str) -> Result<DeadlineId> {
    let cause = read_cause(cause)?;
    call_off(act, key, on, End::FellAway(cause)).await
}

/// Calls off the running clock of a key as of `on`, because the step that opened it was entered in error: the clock counts
/// as never opened, and [`reopen`] passes over it, to the one that ended before it was opened.
///
/// # Errors
/// As [`close`].
pub async fn void(act: &mut Act, key: &ClockKey<'_>, on: Day) -> Result<DeadlineId> {
    call_off(act, key, on, End::InError(ENTERED_IN_ERROR)).await
}

async fn call_off(act: &mut Act, key: &ClockKey<'_>, on: Day, end: End<'_>) -> Result<DeadlineId> {
    let clock = running(act, key).await?;
    let in_error = matches!(end, End::InError(_));
    store::set_end(act.tx(), clock.id, Some((on, end))).await?;
    act.note(
        format!("deadline/{}", clock.id),
        json!({"rule": key.rule, "cancelled_on": on, "entered_in_error": in_error}),
    );
    tell(act, "deadline.cancelled", &clock, Some(on), json!({"cancelled_on": on, "entered_in_error": in_error}));
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
    store::set_end(act.tx(), clock.id, None).await?;
    // What a calendar changed while it stood ended counts for it again.
    let calendar = calendar(act.tx()).await?;
    let due_on = keep_counted(act, &clock, &clock.changes.0, clock.suspended_on, false, &calendar).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "reopened": true}));
    tell(act, "deadline.reopened", &clock, None, json!({"due_on": due_on}));
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
    let was_due_on = dated(&clock)?;
    if until <= was_due_on {
        return Err(Error::fault(
            "/until",
            "not_later",
            Text::new(
                format!("延期后的日期应晚于现期限 {was_due_on}。"),
                format!("An extension ends after the last day that stands, {was_due_on}."),
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
        was_due_on,
        due_on: until,
    };
    add_change(act, &clock, change, None, true).await?;
    let detail =
        json!({"rule": key.rule, "extended_on": on, "was_due_on": was_due_on, "due_on": until, "document": document});
    act.note(format!("deadline/{}", clock.id), detail);
    tell(act, "deadline.extended", &clock, Some(on), json!({"was_due_on": was_due_on, "due_on": until}));
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
    let was_due_on = dated(&clock)?;
    let change = Change {
        kind: ChangeKind::Suspended,
        on,
        until: None,
        days: None,
        cause: Some(cause.to_owned()),
        document_id: None,
        was_due_on,
        due_on: was_due_on,
    };
    add_change(act, &clock, change, Some(on), false).await?;
    act.note(format!("deadline/{}", clock.id), json!({"rule": key.rule, "suspended_on": on}));
    tell(act, "deadline.suspended", &clock, Some(on), json!({"suspended_on": on}));
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
    let was_due_on = dated(&clock)?;
    let change = Change {
        kind: ChangeKind::Resumed,
        on,
        until: None,
        days: Some(on.days_since(since)),
        cause: None,
        document_id: None,
        was_due_on,
        due_on: was_due_on,
    };
    let due_on = add_change(act, &clock, change, None, true).await?;
    act.note(
        format!("deadline/{}", clock.id),
        json!({"rule": key.rule, "resumed_on": on, "days": on.days_since(since), "was_due_on": clock.due_on, "due_on": due_on}),
    );
    let more = json!({"resumed_on": on, "days": on.days_since(since), "was_due_on": clock.due_on, "due_on": due_on});
    tell(act, "deadline.resumed", &clock, Some(on), more);
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

/// The last day of a clock that is to be extended or stopped.
///
/// # Errors
/// `deadline_undated` where it has none.
fn dated(clock: &Deadline) -> Result<Day> {
    clock.due_on.ok_or_else(|| {
        Error::conflict(
            "deadline_undated",
            Text::fixed(
                "该时限的日数未配置，没有到期日，不能延长或中止。",
                "The clock has no last day, its number being not set: it can be neither extended nor stopped.",
            ),
        )
    })
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
) -> Result<Option<Day>> {
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
    let told = match kind {
        ChangeKind::Extended => "deadline.extended",
        ChangeKind::Suspended => "deadline.suspended",
        ChangeKind::Resumed => "deadline.resumed",
    };
    let more = json!({"taken_back": true, "was_due_on": clock.due_on, "due_on": due_on});
    tell(act, told, &clock, None, more);
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
) -> Result<Option<Day>> {
    let rule = rule_of(clock)?;
    if clock.due_on.is_none() {
        return Ok(None);
    }
    let Recounted { due, changes } = counted(&terms(clock, rule, changes)?, calendar)?;
    let why: Vec<Why> = first_reason(clock).into_iter().chain(steps(&due.why, due.start_on)).collect();
    if !moved && suspended_on == clock.suspended_on && is_kept(clock, &due, &why, &changes) {
        return Ok(Some(due.due_on));
    }
    let counted = Counted {
        rule_version: as_i32(rule.version)?,
        nominal_due_on: Some(due.nominal_due_on),
        due_on: Some(due.due_on),
        provisional: due.provisional,
        why: &why,
        changes: &changes,
    };
    store::set_counted(act.tx(), clock.id, &counted, suspended_on, moved).await?;
    Ok(Some(due.due_on))
}

/// Whether that is what is stored.
fn is_kept(clock: &Deadline, due: &Due, why: &[Why], changes: &[Change]) -> bool {
    (Some(due.nominal_due_on), Some(due.due_on), due.provisional)
        == (clock.nominal_due_on, clock.due_on, clock.provisional)
        && why == clock.why.0
        && changes == clock.changes.0
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
/// comes out differs from what is stored only where the stored row was tampered with, or a calendar was not applied. `None`
/// of a clock whose number is not set: it has no last day.
///
/// # Errors
/// An internal error when the rule has gone, or the row lacks its number.
pub fn recount(clock: &Deadline, calendar: &WorkCalendar) -> Result<Option<Due>> {
    let rule = rule_of(clock)?;
    if clock.parameter.is_some() && clock.parameter_value.is_none() {
        return Ok(None);
    }
    Ok(Some(counted(&terms(clock, rule, &clock.changes.0)?, calendar)?.due))
}

/// Every clock, by record and day.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Deadline>> {
    store::all(conn).await
}

/// Whether a calendar that is loaded counts a clock anew: it runs, or ended while its last day was provisional. One that
/// was called off keeps what was counted last, whatever the calendar says since.
pub fn is_recounted(clock: &Deadline) -> bool {
    !clock.cancelled && (clock.closed_on.is_none() || clock.provisional)
}

/// What the number that a clock stores is instead of the one that its rule gives in its division on the day it starts, in
/// Chinese and English; `None` where they are the same. A number that the operator set, and one of a text that was not in
/// force when the period started, have nothing to be held against: `None`.
///
/// A record that was moved to a division with another number keeps the one that its clock was opened with, and differs.
pub fn number_differs(clock: &Deadline, today: Day, overrides: &Overrides) -> Option<String> {
    let Some(rule) = find(&clock.rule) else {
        return Some(format!("没有规则 {0} / there is no rule {0}", clock.rule));
    };
    let stored = (clock.parameter.as_deref(), clock.parameter_value, clock.jurisdiction.as_str());
    let parameter = rule.period.parameter();
    if clock.configured || clock.due_on.is_none() {
        return None;
    }
    let Some(length) = rule.length(&clock.division_code, clock.start_on, today, overrides) else {
        return Some(format!("{0} 没有期限 / no length holds in {0}", clock.division_code));
    };
    if length.of_later_text || length.resolved.as_ref().is_some_and(|resolved| resolved.configured) {
        return None;
    }
    let resolved = length.resolved.as_ref();
    let value = resolved.and_then(|resolved| i32::try_from(resolved.value).ok());
    let expected = (
        parameter.map(|parameter| parameter.id),
        value,
        resolved.map_or("", |resolved| resolved.jurisdiction.as_str()),
    );
    // Where the same number holds, it does not matter which text gave it.
    ((stored.0, stored.1) != (expected.0, expected.1)).then(|| {
        let words = |(parameter, value, place): (Option<&str>, Option<i32>, &str)| {
            let value = value.map_or_else(|| "–".to_owned(), |value| value.to_string());
            format!("{} = {value} ({place:0<6})", parameter.unwrap_or("–"))
        };
        format!("期限为 {0}，应为 {1} / the number is {0} and not {1}", words(stored), words(expected))
    })
}

/// That a duty was done which no register closes.
#[derive(Debug, Clone)]
pub(super) struct Fulfilment {
    pub on: Day,
    pub document: Option<DocumentId>,
    pub note: String,
}

/// Says of a yearly report that it was handed in.
///
/// # Errors
/// `not_found` for a clock of another division; `closed_by_register` (409) where a register closes it itself;
/// `other_role_must_act` (403); `deadline_not_running` (409); `invalid_input` for a day ahead or before the year reported
/// on, a missing note, an unknown document.
pub(super) async fn fulfil(act: &mut Act, id: DeadlineId, done: Fulfilment) -> Result<()> {
    let clock = store::lock(act.tx(), id)
        .await?
        .filter(|clock| act.caller().holds_in(&clock.division_code))
        .ok_or_else(|| Error::not_found("时限", "deadline"))?;
    let rule = rule_of(&clock)?;
    let citations = cite_all(rule.provisions, act.today());
    if !rule.fulfilled_by_hand {
        return Err(Error::conflict(
            "closed_by_register",
            Text::new(
                format!("“{}”随登记事项自动办结，不能单独填报。", rule.title.zh),
                format!("\"{}\" ends with the step that is entered in its register.", rule.title.en),
            ),
        )
        .under(rule.id, citations));
    }
    let owed_by = Role::parse(&clock.responsible).map(Role::title);
    if act.caller().role().is_some_and(|role| role.as_str() != clock.responsible) {
        let title = owed_by.unwrap_or_else(|| Text::new(clock.responsible.clone(), clock.responsible.clone()));
        return Err(Error::forbidden(
            "other_role_must_act",
            Text::new(format!("应由{}填报。", title.zh), format!("This is for: {}.", title.en)),
        )
        .under(rule.id, citations));
    }
    if clock.closed_on.is_some() {
        return Err(Error::conflict(
            "deadline_not_running",
            Text::fixed("该时限已办结或撤销。", "The deadline was met or called off before."),
        ));
    }
    let mut faults = Vec::new();
    let year_begins = Day::parse(&format!("{}-01-01", clock.occasion)).unwrap_or(clock.start_on);
    if done.on > act.today() || done.on < year_begins {
        faults.push(Fault::new(
            "/on",
            "out_of_order",
            Text::new(
                format!("日期应在 {year_begins} 至今日之间。"),
                format!("The day lies between {year_begins} and today."),
            ),
        ));
    }
    let note = done.note.trim();
    if note.is_empty() || note.chars().count() > MAX_CAUSE || note.contains('\0') {
        faults.push(Fault::new(
            "/note",
            "missing",
            Text::new(
                format!("须说明报送情况（1 至 {MAX_CAUSE} 字）。"),
                format!("How it was handed in is needed, 1 to {MAX_CAUSE} characters."),
            ),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if let Some(paper) = done.document {
        let subject = document::Subject {
            register: &clock.subject_register,
            id: clock.subject_id,
            division_code: &clock.division_code,
            owner_credit_code: clock.owner_credit_code.as_deref(),
        };
        document::attach(act, paper, &subject, "/document_id").await?;
    }
    store::set_fulfilled(act.tx(), id, done.on, note, done.document).await?;
    act.note(
        format!("deadline/{id}"),
        json!({"rule": clock.rule, "occasion": clock.occasion, "closed_on": done.on, "document": done.document}),
    );
    tell(act, "deadline.closed", &clock, Some(done.on), json!({"closed_on": done.on}));
    Ok(())
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
        let Some(was_due_on) = clock.due_on else { continue };
        let rule = rule_of(&clock)?;
        let Recounted { due, changes } = counted(&terms(&clock, rule, &clock.changes.0)?, &calendar)?;
        let why: Vec<Why> = first_reason(&clock).into_iter().chain(steps(&due.why, due.start_on)).collect();
        if is_kept(&clock, &due, &why, &changes) {
            continue;
        }
        let counted = Counted {
            rule_version: as_i32(rule.version)?,
            nominal_due_on: Some(due.nominal_due_on),
            due_on: Some(due.due_on),
            provisional: due.provisional,
            why: &why,
            changes: &changes,
        };
        store::set_counted(act.tx(), clock.id, &counted, clock.suspended_on, false).await?;
        act.note(
            format!("deadline/{}", clock.id),
            json!({"recomputed": {"was_due_on": was_due_on, "due_on": due.due_on, "provisional": due.provisional}}),
        );
        if was_due_on != due.due_on {
            let more = json!({"was_due_on": was_due_on, "due_on": due.due_on, "provisional": due.provisional});
            tell(act, "deadline.recounted", &clock, None, more);
        }
        changed.push(Recomputed {
            id: clock.id,
            subject_code: clock.subject_code,
            was_due_on,
            due_on: due.due_on,
            provisional: due.provisional,
        });
    }
    Ok(changed)
}
