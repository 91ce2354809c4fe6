//! Owing, meeting and releasing duties to make something public.

use super::rules::catalogue::find;
use super::rules::{Audience, DutyRule, Shown};
use super::store::{self, Key, Locked, NewPublication, NewRow};
use crate::kernel::{Day, DeadlineId, DocumentId, Error, Fault, PublicityDutyId, Result, Text, ids};
use crate::platform::{Act, Change};
use crate::registers::deadline::{self, ClockKey, OpenDeadline, Subject};
use crate::registers::document;
use serde_json::{Value, json};
use uuid::Uuid;

/// Longest channel, in characters.
const CHANNEL_MAX: usize = 200;
/// Longest address, in characters.
const URL_MAX: usize = 2000;

/// Which duty of which record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutyKey<'a> {
    /// Identifier of the record's register: `site`.
    pub register: &'static str,
    /// The record.
    pub subject: Uuid,
    /// Identifier of the duty in the catalogue.
    pub duty: &'a str,
    /// Tells duties of one kind and record apart; empty where a record has one at a time.
    pub occasion: &'a str,
}

/// A duty that a step brings about.
#[derive(Debug, Clone)]
pub struct NewDuty {
    /// Which: see [`super::rules::catalogue::find`].
    pub rule: &'static DutyRule,
    /// About which record.
    pub subject: Subject,
    /// Tells duties of one kind and record apart; empty where a record has one at a time.
    pub occasion: String,
    /// Civil day of the step; its clock is counted from there.
    pub since: Day,
}

/// Something that was made public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Web site, notice board, announcement, letter: in the office's words.
    pub channel: String,
    /// Its address, http or https, where it is on the web.
    pub url: Option<String>,
    /// First day; not in the future.
    pub from: Day,
    /// Last day, as announced; `None` until it is taken down.
    pub to: Option<Day>,
    /// What proves it.
    pub document_id: Option<DocumentId>,
}

/// Records that a step obliges somebody to make something public, and starts the clock of that, where it has one.
///
/// # Errors
/// `publicity_owed` when the same duty is owed and not met yet.
pub async fn owe(act: &mut Act, new: NewDuty) -> Result<()> {
    let deadline_id = start_clock(act, &new).await?;
    let id = PublicityDutyId::new(act.now());
    let row = NewRow {
        id,
        duty: new.rule.id,
        subject: &new.subject,
        record_is_public: new.rule.is_list,
        occasion: &new.occasion,
        owed_by: new.rule.owed_by.as_str(),
        owed_since: new.since,
        deadline_id,
    };
    store::insert(act.tx(), &row).await?;
    act.tell(Change {
        kind: "publicity.owed",
        register: new.subject.register,
        id: new.subject.id,
        code: new.subject.code.clone(),
        division_code: new.subject.division_code.clone(),
        owner_credit_code: new.subject.owner_credit_code.clone(),
        // What is not done is between those who have to and those who watch over it.
        public: false,
        occurred_on: Some(new.since),
        data: json!({
            "publicity_id": id, "duty": new.rule.id, "occasion": new.occasion, "owed_by": new.rule.owed_by.as_str(),
            "deadline_id": deadline_id,
        }),
    });
    act.note(
        format!("publicity/{id}"),
        json!({
            "duty": new.rule.id, "occasion": new.occasion, "owed_since": new.since,
            "subject": format!("{}/{}", new.subject.register, new.subject.id),
        }),
    );
    Ok(())
}

/// Lets a duty that is not met fall away on `on`: the step that brought it about was entered in error. Its clock is called
/// off.
///
/// # Errors
/// An internal error when no such duty is owed, or when it has publications: those are taken back first.
pub async fn release(act: &mut Act, key: &DutyKey<'_>, on: Day) -> Result<()> {
    let duty = latest(act, key).await?;
    if duty.first_shown_on.is_some() {
        return Err(Error::internal(format!("the duty {} was met and cannot be released", describe(key))));
    }
    let on = on.max(duty.owed_since);
    store::release(act.tx(), duty.id, on).await?;
    if duty.deadline_id.is_some() {
        turn_clock(act, key, Turn::CallOff(on)).await?;
    }
    tell(act, "publicity.released", key, &duty, false, Some(on), json!({}));
    act.note(format!("publicity/{}", duty.id), json!({"duty": key.duty, "released_on": on}));
    Ok(())
}

/// Records a publication of what a duty is about. The first one stops its clock; further ones are other channels, or put
/// up again what came down too early. One that is to last shorter than the law's least is recorded and does not meet the
/// duty.
///
/// # Errors
/// `invalid_input` with pointers `/channel`, `/url`, `/from`, `/to`, `/document_id`; an internal error when no such duty is
/// owed.
pub async fn meet(act: &mut Act, key: &DutyKey<'_>, publication: &Publication) -> Result<()> {
    check(publication, act.today())?;
    let duty = latest(act, key).await?;
    let rule = rule(key)?;
    if let Some(document) = publication.document_id {
        let subject = document::Subject {
            register: key.register,
            id: key.subject,
            division_code: &duty.division_code,
            owner_credit_code: duty.owner_credit_code.as_deref(),
        };
        document::attach(act, document, &subject, "/document_id").await?;
    }
    let at_least_until = rule.at_least.and_then(|parameter| {
        let months = parameter.resolve(&duty.division_code, publication.from, &act.app().config().parameters)?;
        Some(publication.from.add_months(months.value))
    });
    let new = NewPublication {
        id: ids::v7(act.now()),
        duty: duty.id,
        channel: publication.channel.trim(),
        url: publication.url.as_deref(),
        from: publication.from,
        to: publication.to,
        at_least_until,
        document_id: publication.document_id,
    };
    let seq = store::add_publication(act.tx(), &new).await?;
    store::set_first_shown(act.tx(), duty.id).await?;
    if duty.first_shown_on.is_none() && duty.deadline_id.is_some() {
        // Made public before the step that asks for it, it is done from the first day on.
        turn_clock(act, key, Turn::Stop(publication.from.max(duty.owed_since))).await?;
    }
    let shown = Shown { from: publication.from, to: publication.to, at_least_until };
    tell(
        act,
        "publicity.met",
        key,
        &duty,
        everybody_may_know(rule, &duty),
        Some(publication.from),
        json!({
            "url": publication.url, "from": publication.from, "to": publication.to, "at_least_until": at_least_until,
            "long_enough": shown.is_long_enough(),
        }),
    );
    act.note(
        format!("publicity/{}", duty.id),
        json!({
            "duty": key.duty, "publication": seq, "from": publication.from, "to": publication.to,
            "at_least_until": at_least_until, "document": publication.document_id,
        }),
    );
    Ok(())
}

/// Takes back the publication recorded last: it was entered in error. When none is left, the duty is owed as before, and
/// its clock runs on.
///
/// # Errors
/// An internal error when the duty has no publication; `publicity_owed` when the same duty was owed again meanwhile.
pub async fn unmeet(act: &mut Act, key: &DutyKey<'_>) -> Result<()> {
    let duty = latest(act, key).await?;
    let seq = store::withdraw_last(act.tx(), duty.id)
        .await?
        .ok_or_else(|| Error::internal(format!("the duty {} has no publication", describe(key))))?;
    let left = store::set_first_shown(act.tx(), duty.id).await?;
    if left.is_none() && duty.deadline_id.is_some() {
        turn_clock(act, key, Turn::Restart).await?;
    }
    let public = everybody_may_know(rule(key)?, &duty);
    tell(act, "publicity.unmet", key, &duty, public, None, json!({"withdrawn": seq}));
    act.note(format!("publicity/{}", duty.id), json!({"duty": key.duty, "withdrawn": seq}));
    Ok(())
}

/// Records that everything still public under a duty has `on` as its last day: the land left the list, the works are over.
///
/// # Errors
/// An internal error when no such duty is there.
pub async fn take_down(act: &mut Act, key: &DutyKey<'_>, on: Day) -> Result<()> {
    let duty = latest(act, key).await?;
    let taken_down = store::take_down(act.tx(), duty.id, on).await?;
    let public = everybody_may_know(rule(key)?, &duty);
    tell(act, "publicity.taken_down", key, &duty, public, Some(on), json!({"publications": taken_down}));
    act.note(
        format!("publicity/{}", duty.id),
        json!({"duty": key.duty, "taken_down_on": on, "publications": taken_down}),
    );
    Ok(())
}

/// Undoes [`take_down`] with that day.
///
/// # Errors
/// As [`take_down`].
pub async fn put_back(act: &mut Act, key: &DutyKey<'_>, on: Day) -> Result<()> {
    let duty = latest(act, key).await?;
    let back = store::put_back(act.tx(), duty.id, on).await?;
    let public = everybody_may_know(rule(key)?, &duty);
    tell(act, "publicity.put_back", key, &duty, public, Some(on), json!({"publications": back}));
    act.note(format!("publicity/{}", duty.id), json!({"duty": key.duty, "put_back": on, "publications": back}));
    Ok(())
}

/// Keeps the duties of a record in step with its code, name, division and land user, and with whether everybody may see
/// the record itself: where not, the public sees of its publications only those that make a list known.
///
/// # Errors
/// When the database cannot be written.
pub async fn subject_changed(act: &mut Act, subject: &Subject, is_public: bool) -> Result<()> {
    let changed = store::set_subject(act.tx(), subject, is_public).await?;
    if changed > 0 {
        act.note(format!("{}/{}", subject.register, subject.id), json!({"publicity_kept_in_step": changed}));
    }
    Ok(())
}

/// Whether the public sees the publications of a duty.
fn everybody_may_know(rule: &DutyRule, duty: &Locked) -> bool {
    rule.audience == Audience::Public && (rule.is_list || duty.record_is_public)
}

/// Tells others what became of a duty, as a change of its record.
fn tell(
    act: &mut Act,
    kind: &'static str,
    key: &DutyKey<'_>,
    duty: &Locked,
    public: bool,
    on: Option<Day>,
    mut data: Value,
) {
    data["publicity_id"] = json!(duty.id);
    data["duty"] = json!(key.duty);
    data["occasion"] = json!(key.occasion);
    act.tell(Change {
        kind,
        register: key.register,
        id: key.subject,
        code: duty.subject_code.clone(),
        division_code: duty.division_code.clone(),
        owner_credit_code: duty.owner_credit_code.clone(),
        public,
        occurred_on: on,
        data,
    });
}

/// Whether there is such a duty, met or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_kept(act: &mut Act, key: &DutyKey<'_>) -> Result<bool> {
    let row = Key { register: key.register, subject: key.subject, duty: key.duty, occasion: key.occasion };
    Ok(store::lock_latest(act.tx(), &row).await?.is_some())
}

async fn latest(act: &mut Act, key: &DutyKey<'_>) -> Result<Locked> {
    let row = Key { register: key.register, subject: key.subject, duty: key.duty, occasion: key.occasion };
    store::lock_latest(act.tx(), &row)
        .await?
        .ok_or_else(|| Error::internal(format!("there is no duty {}", describe(key))))
}

fn rule(key: &DutyKey<'_>) -> Result<&'static DutyRule> {
    find(key.duty).ok_or_else(|| Error::internal(format!("there is no duty {} in the catalogue", key.duty)))
}

fn describe(key: &DutyKey<'_>) -> String {
    format!("{} ({}) of {}/{}", key.duty, key.occasion, key.register, key.subject)
}

fn check(publication: &Publication, today: Day) -> Result<()> {
    let mut faults = Vec::new();
    let channel = publication.channel.trim();
    if channel.is_empty() || channel.chars().count() > CHANNEL_MAX {
        faults.push(Fault::new(
            "/channel",
            "bad_channel",
            Text::new(
                format!("请填写公开渠道（网站、公告牌、公告等），不超过 {CHANNEL_MAX} 字。"),
                format!("Say where it is public (web site, notice board, announcement), in at most {CHANNEL_MAX} characters."),
            ),
        ));
    }
    if publication.url.as_deref().is_some_and(|url| !is_web_address(url)) {
        faults.push(Fault::new(
            "/url",
            "bad_url",
            Text::new(
                format!("应为以 http:// 或 https:// 开头的网址，不超过 {URL_MAX} 字符。"),
                format!("An address that begins with http:// or https://, of at most {URL_MAX} characters."),
            ),
        ));
    }
    if publication.from > today {
        faults.push(Fault::new(
            "/from",
            "day_in_future",
            Text::fixed("公开起始日不能晚于今天。", "Nothing is public from a day that has not come."),
        ));
    }
    if publication.to.is_some_and(|to| to < publication.from) {
        faults.push(Fault::new(
            "/to",
            "ends_before_it_begins",
            Text::fixed("公开截止日不能早于起始日。", "The last day lies before the first one."),
        ));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// What may stand behind a link of a public page: another scheme could run a script there.
fn is_web_address(url: &str) -> bool {
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| url.get(..scheme.len()).filter(|s| s.eq_ignore_ascii_case(scheme)).map(|s| &url[s.len()..]));
    url.chars().count() <= URL_MAX
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
        && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

async fn start_clock(act: &mut Act, new: &NewDuty) -> Result<Option<DeadlineId>> {
    let Some(clock) = new.rule.clock else { return Ok(None) };
    let rule = deadline::find(clock)
        .ok_or_else(|| Error::internal(format!("the duty {} names no clock: {clock}", new.rule.id)))?;
    let clock = OpenDeadline {
        rule,
        subject: new.subject.clone(),
        occasion: new.rule.clock_occasion(&new.occasion),
        opened_on: new.since,
        start_on: new.since,
        set_due_on: None,
    };
    Ok(Some(deadline::open(act, clock).await?))
}

/// What is done to a clock that runs or ran.
enum Turn {
    Stop(Day),
    Restart,
    /// The step that started it was entered in error.
    CallOff(Day),
}

async fn turn_clock(act: &mut Act, key: &DutyKey<'_>, turn: Turn) -> Result<()> {
    let rule = rule(key)?;
    let Some(clock) = rule.clock else { return Ok(()) };
    let occasion = rule.clock_occasion(key.occasion);
    let clock = ClockKey { register: key.register, subject: key.subject, rule: clock, occasion: &occasion };
    match turn {
        Turn::Stop(on) => deadline::close(act, &clock, on).await?,
        Turn::Restart => deadline::reopen(act, &clock).await?,
        Turn::CallOff(on) => deadline::void(act, &clock, on).await?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_web_is_taken() {
        for url in
            ["http://a.example/x?y=1", "https://例子.example/公告", "HTTPS://a.example", "https://[2001:db8::1]/"]
        {
            assert!(is_web_address(url), "{url}");
        }
        let long = format!("https://a.example/{}", "x".repeat(URL_MAX));
        for url in ["javascript:alert(1)", "www.example.com", "https://", "http:///x", "https://a b", "", &long] {
            assert!(!is_web_address(url), "{url}");
        }
    }

    #[test]
    fn everything_wrong_with_a_publication_is_said_at_once() {
        let today = Day::of(2026, 11, 21);
        let wrong = Publication {
            channel: " ".to_owned(),
            url: Some("ftp://x".to_owned()),
            from: today.next(),
            to: Some(today),
            document_id: None,
        };
        let error = check(&wrong, today).expect_err("refused");
        let pointers: Vec<_> = error.faults().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/channel", "/url", "/from", "/to"]);
        let right =
            Publication { channel: "门户网站".to_owned(), url: None, from: today, to: None, document_id: None };
        assert!(check(&right, today).is_ok());
    }
}
