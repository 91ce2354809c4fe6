//! What the logs prove: that their chains hold and say where each site stands, and that every clock is one they imply.

use super::super::rules::given::REGISTERED;
use super::super::rules::{Effect, Event, List, Publicity};
use super::super::store::{self, Log, Row};
use super::REGISTER;
use crate::kernel::{Day, Error, Result, SiteId, Text};
use crate::platform::{App, audit};
use crate::registers::{deadline, publicity};
use crate::standards::parameters::Overrides;
use crate::standards::workdays::WorkCalendar;
use deadline::ChangeKind;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Something that the logs and the rest of the registry do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The site's code.
    pub site: String,
    /// Number of the entry, where it is about one.
    pub seq: Option<i32>,
    /// Stable, snake_case.
    pub code: &'static str,
    /// 中文
    pub text_zh: String,
    /// English
    pub text_en: String,
}

/// What a look at every log came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Proof {
    /// Sites looked at.
    pub sites: usize,
    /// Entries, or clocks, looked at.
    pub looked_at: usize,
    /// What does not agree; empty where everything does.
    pub findings: Vec<Finding>,
}

impl Proof {
    fn find(&mut self, row: &Row, seq: Option<i32>, code: &'static str, text: Text) {
        self.findings.push(Finding {
            site: row.code.clone(),
            seq,
            code,
            text_zh: text.zh.into_owned(),
            text_en: text.en.into_owned(),
        });
    }
}

/// Recomputes every site's chain, holds it against the audit chain, and replays it to the stage of the record.
///
/// # Errors
/// When the database cannot be read. What is broken is a finding, not an error.
pub async fn verify_logs(app: &App) -> Result<Proof> {
    let mut conn = app.snapshot().await?;
    let mut audited: BTreeMap<SiteId, BTreeMap<i32, String>> = BTreeMap::new();
    let mut proof = Proof::default();
    for entry in audit::entries_of(&mut conn, REGISTER).await? {
        if let (Ok(site), Ok(seq)) = (entry.id.parse(), i32::try_from(entry.seq)) {
            audited.entry(site).or_default().insert(seq, entry.hash);
        }
    }
    for id in store::ids(&mut conn).await? {
        let Some(row) = store::find(&mut conn, id).await? else { continue };
        proof.sites += 1;
        let known = audited.remove(&id).unwrap_or_default();
        verify_log(&mut conn, &row, known, &mut proof).await?;
    }
    for (id, entries) in audited {
        proof.findings.push(Finding {
            site: id.to_string(),
            seq: entries.keys().next().copied(),
            code: "site_missing",
            text_zh: "审计链有此地块的事件，登记中没有此地块".to_owned(),
            text_en: "the audit chain has events of this site, the register has no such site".to_owned(),
        });
    }
    Ok(proof)
}

async fn verify_log(
    conn: &mut PgConnection,
    row: &Row,
    mut audited: BTreeMap<i32, String>,
    proof: &mut Proof,
) -> Result<()> {
    let rows = store::log_rows(conn, row.id, None).await?;
    proof.looked_at += rows.len();
    let mut prev = store::FIRST_HASH.to_vec();
    for (n, entry) in (1_i32..).zip(&rows) {
        if entry.seq != n {
            let text = Text::new(format!("缺少第 {n} 条事件"), format!("event {n} is missing"));
            proof.find(row, Some(n), "entry_missing", text);
            return Ok(());
        }
        if entry.prev_hash != prev {
            let text = Text::fixed("与上一条的哈希不相接", "it does not follow the event before it");
            proof.find(row, Some(n), "chain_broken", text);
        }
        if entry.digest() != entry.hash {
            let text = Text::fixed("内容与哈希不符", "its content does not match its hash");
            proof.find(row, Some(n), "entry_changed", text);
        }
        match audited.remove(&n) {
            Some(hash) if hash == hex::encode(&entry.hash) => {}
            Some(_) => {
                let text = Text::fixed("与审计链所记不符", "it is not what the audit chain has of it");
                proof.find(row, Some(n), "not_as_audited", text);
            }
            // Registers taken over in bulk are audited file by file.
            None if entry.event_type == REGISTERED => {}
            None => {
                let text = Text::fixed("审计链没有此事件", "the audit chain does not have it");
                proof.find(row, Some(n), "not_audited", text);
            }
        }
        prev.clone_from(&entry.hash);
    }
    for seq in audited.into_keys() {
        let text = Text::fixed("审计链有此事件，地块事件中没有", "the audit chain has this event, the log does not");
        proof.find(row, Some(seq), "entry_missing", text);
    }
    if i32::try_from(rows.len()).ok() != Some(row.events) {
        let text = Text::new(
            format!("登记为 {} 条事件，实有 {} 条", row.events, rows.len()),
            format!("the record counts {} events, there are {}", row.events, rows.len()),
        );
        proof.find(row, None, "entry_missing", text);
    }
    match Log::of(rows) {
        Ok(log) if log.rows.is_empty() => {}
        Ok(log) => {
            let (said, stands) = (log.state.stage(), row.status()?.stage());
            if said != stands {
                let text = Text::new(
                    format!("事件推得“{}”，登记为“{}”", said.title().zh, stands.title().zh),
                    format!("its events lead to \"{}\", its record says \"{}\"", said.title().en, stands.title().en),
                );
                proof.find(row, None, "stage_differs", text);
            }
            let differing = differing(row, &log)?;
            if !differing.is_empty() {
                let text = Text::new(
                    format!("登记的 {} 与事件不符", differing.join("、")),
                    format!("its record differs from its events in: {}", differing.join(", ")),
                );
                proof.find(row, None, "record_differs", text);
            }
        }
        Err(error) => {
            let text =
                Text::new(format!("事件无法重演：{error:?}"), format!("its events cannot be replayed: {error:?}"));
            proof.find(row, None, "not_replayable", text);
        }
    }
    Ok(())
}

/// Names of the columns that are not what the log leads to.
fn differing(row: &Row, log: &Log) -> Result<Vec<&'static str>> {
    let known = log.state.standing();
    let mut flags: Vec<&str> = known.flags().iter().map(|flag| flag.as_str()).collect();
    flags.sort_unstable();
    let mut has: Vec<&str> = row.flags.iter().map(String::as_str).collect();
    has.sort_unstable();
    let party = known.liable().last().map(|liable| &liable.party);
    let on = |list| known.is_on(list);
    let checks = [
        ("risk_grade", row.status()?.risk_grade() == known.risk_grade()),
        ("assessed_class", row.assessed_class() == known.assessed_class()),
        ("flags", has == flags),
        ("liable_party", row.liable_party_name.as_ref() == party.map(|party| &party.name)),
        (
            "liable_party_credit_code",
            row.liable_party_credit_code.as_ref() == party.and_then(|party| party.credit_code.as_ref()),
        ),
        ("on_suspected_list", on(List::SuspectedList) == Some(row.on_suspected_list)),
        ("in_directory", on(List::ContaminatedDirectory) == Some(row.in_directory)),
        ("on_control_list", on(List::ControlList) == row.on_control_list),
    ];
    Ok(checks.into_iter().filter_map(|(name, agrees)| (!agrees).then_some(name)).collect())
}

/// A clock as the log implies it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Implied {
    start_on: Day,
    set_due_on: Option<Day>,
    ended: Option<(Day, bool)>,
    changes: Vec<(ChangeKind, Day, Option<Day>)>,
}

type Clocks = BTreeMap<(String, String), Vec<Implied>>;

/// Derives every clock of every site again from its log, each due date from the clock's start, its changes and the calendar,
/// and reports what is not so in the deadline register.
///
/// # Errors
/// When the database cannot be read, or a log cannot be replayed.
pub async fn recompute_deadlines(app: &App) -> Result<Proof> {
    // One state of everything: what is entered meanwhile is not half seen.
    let mut conn = app.snapshot().await?;
    let (today, overrides) = (app.today(), &app.config().parameters);
    let calendar = deadline::calendar(&mut conn).await?;
    let mut kept: BTreeMap<SiteId, Vec<deadline::Deadline>> = BTreeMap::new();
    let mut others = Vec::new();
    for clock in deadline::all(&mut conn).await? {
        match clock.subject_register == REGISTER {
            true => kept.entry(SiteId(clock.subject_id)).or_default().push(clock),
            false => others.push(clock),
        }
    }
    let mut proof = Proof::default();
    for id in store::ids(&mut conn).await? {
        let Some(row) = store::find(&mut conn, id).await? else { continue };
        proof.sites += 1;
        let log = store::log(&mut conn, id, None).await?;
        let implied = implied(&log)?;
        let clocks = kept.remove(&id).unwrap_or_default();
        proof.looked_at += clocks.len();
        compare(&row, implied, clocks, (&calendar, today, overrides), &mut proof)?;
    }
    // The clocks of yearly reports, which no site's log implies, are counted again from their own start.
    for clock in others {
        let counted = deadline::recount(&clock, &calendar)?.map(|due| due.due_on);
        let number = deadline::number_differs(&clock, today, overrides);
        if number.is_some() || (deadline::is_recounted(&clock) && counted != clock.due_on) {
            let said = number.unwrap_or_else(|| format!("{} / {}", shown(clock.due_on), shown(counted)));
            proof.findings.push(Finding {
                site: clock.subject_code.clone(),
                seq: None,
                code: "due_date_differs",
                text_zh: format!("期限 {} 重新计算不符：{said}", clock.rule),
                text_en: format!("the clock {} counted anew differs: {said}", clock.rule),
            });
        }
    }
    for clock in kept.into_values().flatten() {
        proof.findings.push(Finding {
            site: clock.subject_code.clone(),
            seq: None,
            code: "clock_not_implied",
            text_zh: format!("期限 {} 所属地块不存在", clock.rule),
            text_en: format!("the site of the clock {} is not there", clock.rule),
        });
    }
    Ok(proof)
}

fn compare(
    row: &Row,
    mut implied: Clocks,
    clocks: Vec<deadline::Deadline>,
    (calendar, today, overrides): (&WorkCalendar, Day, &Overrides),
    proof: &mut Proof,
) -> Result<()> {
    for clock in clocks.iter().filter(|clock| !clock.in_error && !is_of_old_duty(clock)) {
        let key = (clock.rule.clone(), clock.occasion.clone());
        let named = name(&key);
        let next = implied.get_mut(&key).filter(|these| !these.is_empty()).map(|these| these.remove(0));
        let Some(said) = next else {
            let text = Text::new(format!("事件中没有期限 {named}"), format!("no event implies the clock {named}"));
            proof.find(row, None, "clock_not_implied", text);
            continue;
        };
        let has = Implied {
            start_on: clock.start_on,
            set_due_on: clock.set_due_on,
            ended: clock.closed_on.map(|on| (on, clock.cancelled)),
            changes: clock.changes.0.iter().map(|change| (change.kind, change.on, change.until)).collect(),
        };
        if has != said {
            let text = Text::new(
                format!("期限 {named}：登记为 {has:?}，事件推得 {said:?}"),
                format!("clock {named}: the register has {has:?}, the events imply {said:?}"),
            );
            proof.find(row, None, "clock_differs", text);
            continue;
        }
        if let Some(number) = deadline::number_differs(clock, today, overrides) {
            let text = Text::new(format!("期限 {named}：{number}"), format!("clock {named}: {number}"));
            proof.find(row, None, "number_differs", text);
        }
        let due_on = deadline::recount(clock, calendar)?.map(|due| due.due_on);
        if deadline::is_recounted(clock) && due_on != clock.due_on {
            let text = Text::new(
                format!("期限 {named}：登记到期日 {}，重新计算为 {}", shown(clock.due_on), shown(due_on)),
                format!("clock {named}: due {} in the register, {} counted anew", shown(clock.due_on), shown(due_on)),
            );
            proof.find(row, None, "due_date_differs", text);
        }
    }
    for (key, these) in implied {
        for said in these {
            let named = name(&key);
            let text = Text::new(
                format!("缺少期限 {named}（自 {} 起）", said.start_on),
                format!("the clock {named} from {} is missing", said.start_on),
            );
            proof.find(row, None, "clock_missing", text);
        }
    }
    Ok(())
}

/// A last day, or a dash where there is none.
fn shown(day: Option<Day>) -> String {
    day.map_or_else(|| "–".to_owned(), |day| day.to_string())
}

fn name((rule, occasion): &(String, String)) -> String {
    if occasion.is_empty() { rule.clone() } else { format!("{rule} ({occasion})") }
}

/// The clocks that a log implies, in the order of their opening.
fn implied(log: &Log) -> Result<Clocks> {
    let mut clocks = Clocks::new();
    for row in &log.rows {
        let effects: Vec<Effect> = serde_json::from_value(row.effects.clone()).map_err(Error::internal)?;
        let event: Option<Event> = serde_json::from_value(row.payload.clone()).ok();
        for effect in &effects {
            bear(&mut clocks, effect, event.as_ref(), row.occurred_on)?;
        }
    }
    Ok(clocks)
}

fn bear(clocks: &mut Clocks, effect: &Effect, event: Option<&Event>, on: Option<Day>) -> Result<()> {
    let (undone, effect) = match effect {
        Effect::Undone { effect } => (true, &**effect),
        effect => (false, effect),
    };
    let key = |rule: &str, occasion: &str| (rule.to_owned(), occasion.to_owned());
    let changed = |clocks: &mut Clocks, rule: &str, occasion: &str, change: (ChangeKind, Day, Option<Day>)| {
        if let Some(clock) = clocks.get_mut(&key(rule, occasion)).and_then(|these| these.last_mut()) {
            if undone {
                clock.changes.pop();
            } else {
                clock.changes.push(change);
            }
        }
    };
    match effect {
        Effect::DeadlineOpened { rule, occasion, start_on, set_due_on, .. } => {
            let new = Implied { start_on: *start_on, set_due_on: *set_due_on, ended: None, changes: Vec::new() };
            open(clocks, key(rule.as_str(), occasion), new, undone);
        }
        Effect::DeadlineClosed { rule, occasion, on } => {
            end(clocks, &key(rule.as_str(), occasion), Some((*on, false)).filter(|_| !undone));
        }
        Effect::DeadlineCancelled { rule, occasion, on, .. } => {
            end(clocks, &key(rule.as_str(), occasion), Some((*on, true)).filter(|_| !undone));
        }
        Effect::DeadlineReopened { rule, occasion, closed_on } => {
            end(clocks, &key(rule.as_str(), occasion), Some((*closed_on, false)).filter(|_| undone));
        }
        Effect::DeadlineExtended { rule, occasion, until, .. } => {
            let on = on.ok_or_else(|| Error::internal("an extension without a day"))?;
            changed(clocks, rule.as_str(), occasion, (ChangeKind::Extended, on, Some(*until)));
        }
        Effect::DeadlineSuspended { rule, occasion, on, .. } => {
            changed(clocks, rule.as_str(), occasion, (ChangeKind::Suspended, *on, None));
        }
        Effect::DeadlineResumed { rule, occasion, on } => {
            changed(clocks, rule.as_str(), occasion, (ChangeKind::Resumed, *on, None));
        }
        // Owed before there was a register of duties: its clock, if any, starts with the publication.
        Effect::PublicityOwed { occasion, .. } | Effect::PublicityMet { occasion, .. } if occasion.is_empty() => {}
        Effect::PublicityOwed { duty, occasion, .. } => {
            if let (Some(key), Some(start_on)) = (duty_clock(duty.as_str(), occasion), on) {
                let new = Implied { start_on, set_due_on: None, ended: None, changes: Vec::new() };
                open(clocks, key, new, undone);
            }
        }
        Effect::PublicityMet { duty, occasion } => {
            if let Some(key) = duty_clock(duty.as_str(), occasion) {
                let since = clocks.get(&key).and_then(|these| these.last()).map(|clock| clock.start_on);
                let shown = match event {
                    Some(Event::Disclosed { from, .. }) => since.map(|since| (*from.max(&since), false)),
                    _ => None,
                };
                end(clocks, &key, shown.filter(|_| !undone));
            }
        }
        _ => {}
    }
    Ok(())
}

/// The clock of a duty to publish, as the publicity register starts it.
fn duty_clock(duty: &str, occasion: &str) -> Option<(String, String)> {
    let rule = publicity::find(duty)?;
    Some((rule.clock?.to_owned(), rule.clock_occasion(occasion)))
}

/// Whether a clock is of a duty that was owed before there was a register of duties.
fn is_of_old_duty(clock: &deadline::Deadline) -> bool {
    Publicity::ALL
        .into_iter()
        .filter_map(|duty| duty_clock(duty.as_str(), ""))
        .any(|(rule, occasion)| rule == clock.rule && occasion == clock.occasion)
}

fn open(clocks: &mut Clocks, key: (String, String), new: Implied, undone: bool) {
    let these = clocks.entry(key).or_default();
    if undone {
        these.pop();
    } else {
        these.push(new);
    }
}

fn end(clocks: &mut Clocks, key: &(String, String), ended: Option<(Day, bool)>) {
    if let Some(clock) = clocks.get_mut(key).and_then(|these| these.last_mut()) {
        clock.ended = ended;
    }
}
