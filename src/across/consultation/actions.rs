//! Asking the bureau, taking a letter back, entering the reply, sharing a quarter.

use super::rules::again::Answer;
use super::rules::{
    After, CheckFacts, Fallen, GATE, GivenLetter, GivenReply, Letter, Quarter, again, draft, given, may_consult,
    may_reply, may_withdraw,
};
use super::sheet::{QuarterReport, ShareHead, ShareRow};
use super::store::{self, By, CHECKS, CLOCK, Check, LetterRow, NewLetter, NewReply, QuarterFilter, ReplyRow, Share};
use crate::across::land_check::certificate::WrittenReply as OnPaper;
use crate::across::land_check::{self, Became, WrittenReply, not_found};
use crate::config::Config;
use crate::kernel::{
    ConsultationId, ConsultationReplyId, Day, DivisionCode, DocumentId, Error, LandCheckId, QuarterShareId, Result,
    Text, ids,
};
use crate::platform::pdf::{self, Align, Block, Paragraph, Sheet};
use crate::platform::{Act, App, Caller, Change, Role, Scope};
use crate::registers::{deadline, division, document, notice};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// Checks that one report of a quarter tells at most: it is one file, made in one act.
pub(super) const MAX_SHARED: i64 = 50_000;

/// Checks read at a time.
const PAGE: i64 = 1_000;

/// A check with what was written about it.
pub(super) struct Case {
    pub check: Check,
    pub letters: Vec<LetterRow>,
    pub replies: Vec<ReplyRow>,
    /// What became of the check itself, oldest first; none: it is valid.
    pub became: Vec<Became>,
}

impl Case {
    /// The letter that stands.
    pub fn letter(&self) -> Option<&LetterRow> {
        self.letters.iter().rfind(|letter| letter.stands())
    }

    /// The reply that stands.
    pub fn reply(&self) -> Option<&ReplyRow> {
        self.replies.last()
    }

    /// The stored answer, read again.
    ///
    /// # Errors
    /// An internal error where the bytes are no answer of ours.
    pub fn answer(&self) -> Result<Answer> {
        serde_json::from_slice(&self.check.body).map_err(Error::internal)
    }

    /// Why the check is not valid any more; `None`: it is.
    pub fn fallen(&self) -> Option<Fallen> {
        let became = self.became.last()?;
        Some(if became.status == "withdrawn" { Fallen::Withdrawn } else { Fallen::Superseded })
    }

    fn facts(&self) -> CheckFacts {
        CheckFacts {
            on: self.check.on,
            division_code: self.check.division_code.clone(),
            checked_on: Day::at(self.check.checked_at),
            awaits_reply: self.check.awaits_reply,
            letter: self.letter().map(|letter| letter.number.clone()),
            letter_on: self.letter().map(|letter| letter.sent_on),
            replies: i32::try_from(self.replies.len()).unwrap_or(i32::MAX),
            replied_on: self.reply().map(|reply| reply.replied_on),
            fallen: self.fallen(),
        }
    }
}

/// A check with its letters and replies, as known at an instant or now.
///
/// # Errors
/// `not_found`.
pub(super) async fn case(conn: &mut PgConnection, id: LandCheckId, known_at: Option<DateTime<Utc>>) -> Result<Case> {
    let check = store::check(conn, id, known_at).await?.ok_or_else(not_found)?;
    let letters = store::letters(conn, id, known_at).await?;
    let replies = store::replies(conn, id, known_at).await?;
    let became = land_check::became(conn, id, known_at).await?;
    Ok(Case { check, letters, replies, became })
}

/// As [`case`], held until the act is over, for whoever's division it lies in.
async fn take(act: &mut Act, id: LandCheckId) -> Result<Case> {
    store::hold(act.tx(), id).await?;
    let case = case(act.tx(), id, None).await?;
    if act.caller().holds_in(&case.check.division_code) { Ok(case) } else { Err(not_found()) }
}

/// Role and division of whoever acts, as they are kept.
fn who(caller: &Caller) -> (String, String) {
    match caller {
        Caller::Key(holder) => (holder.role.as_str().to_owned(), holder.division.as_str().to_owned()),
        Caller::Operator => ("operator".to_owned(), DivisionCode::nation().as_str().to_owned()),
        Caller::Public => ("public".to_owned(), DivisionCode::nation().as_str().to_owned()),
    }
}

fn told(kind: &'static str, check: &Check, on: Day, data: serde_json::Value) -> Change {
    Change {
        kind,
        register: CHECKS,
        id: check.id.0,
        code: check.number.clone(),
        division_code: check.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: Some(on),
        data,
    }
}

async fn attach(act: &mut Act, paper: Option<DocumentId>, check: &Check) -> Result<()> {
    let Some(paper) = paper else { return Ok(()) };
    let subject = document::Subject {
        register: CHECKS,
        id: check.id.0,
        division_code: &check.division_code,
        owner_credit_code: None,
    };
    document::attach(act, paper, &subject, "/document_id").await
}

fn clock<'a>(check: &Check, letter: &'a str) -> deadline::ClockKey<'a> {
    deadline::ClockKey { register: CHECKS, subject: check.id.0, rule: CLOCK, occasion: letter }
}

/// Asks the bureau: the letter, its number, its clock.
///
/// # Errors
/// `not_found`; `reply_not_required`, `already_replied`, `already_consulted` (409), under G2; `no_longer_valid` (409) of a
/// check that was superseded or withdrawn; `invalid_input`, also for a document that the caller may not read.
pub(super) async fn consult(act: &mut Act, id: LandCheckId, new: GivenLetter, paper: Option<DocumentId>) -> Result<()> {
    let case = take(act, id).await?;
    let facts = case.facts();
    may_consult(&facts)?;
    let terms = new.read(&facts, act.today()).map_err(Error::invalid)?;
    let check = &case.check;
    let (role, place) = who(act.caller());
    let sender = match &terms.sender {
        Some(sender) => sender.clone(),
        None => sender_name(act, &role, &place, &check.division_code).await?,
    };
    let addressed_to = match &terms.addressed_to {
        Some(bureau) => bureau.clone(),
        None => {
            let app = act.app().clone();
            notice::office_name(act.tx(), app.config(), &check.division_code).await?
        }
    };
    attach(act, paper, check).await?;
    let answer = case.answer()?;
    let year = terms.sent_on.year();
    let serial = store::next_serial(act.tx(), &check.division_code, year).await?;
    let number = format!("ZX-{}-{year}-{serial:04}", check.division_code);
    let letter = draft(&answer, &terms, number, sender, addressed_to);
    let new = NewLetter {
        id: ConsultationId::new(act.now()),
        check: id,
        division_code: &check.division_code,
        year,
        serial,
        contact: terms.contact.as_deref(),
        questions: terms.questions.as_deref(),
        letter: &letter,
        document: paper,
        by: By { role: &role, division: &place },
        recorded_at: act.now(),
    };
    store::insert_letter(act.tx(), &new).await?;
    let rule =
        deadline::find(CLOCK).ok_or_else(|| Error::internal(format!("the deadline register has no rule {CLOCK}")))?;
    let subject = deadline::Subject {
        register: CHECKS,
        id: id.0,
        code: check.number.clone(),
        name: format!("{}准入查询", answer.operation_zh),
        division_code: check.division_code.clone(),
        owner_credit_code: None,
    };
    act.note(
        format!("consultation/{}", letter.number),
        json!({"check": check.number, "sent_on": letter.sent_on, "document": paper}),
    );
    act.tell(told(
        "land_check.consulted",
        check,
        letter.sent_on,
        json!({"number": letter.number, "sent_on": letter.sent_on, "verdict": check.verdict}),
    ));
    let opened = deadline::OpenDeadline {
        rule,
        subject,
        occasion: letter.number.clone(),
        opened_on: letter.sent_on,
        start_on: letter.sent_on,
        set_due_on: None,
    };
    deadline::open(act, opened).await?;
    Ok(())
}

/// The office that asks, after its division: that of its key, or the check's for a key of the whole nation.
async fn sender_name(act: &mut Act, role: &str, place: &str, check_division: &str) -> Result<String> {
    let place = if place == DivisionCode::nation().as_str() { check_division } else { place };
    let (name, _) = store::division_name(act.tx(), place)
        .await?
        .ok_or_else(|| Error::internal(format!("division {place} is not in the registry")))?;
    Ok(match Role::parse(role) {
        Some(Role::Government) => format!("{name}人民政府"),
        Some(Role::Agriculture) => format!("{name}农业农村部门"),
        _ => format!("{name}自然资源部门"),
    })
}

/// Takes the letter that stands back: its clock is called off, and another may be sent.
///
/// # Errors
/// `not_found`; `not_consulted`, `already_replied` (409); `invalid_input` without a reason.
pub(super) async fn withdraw(act: &mut Act, id: LandCheckId, reason: &str) -> Result<()> {
    let case = take(act, id).await?;
    let number = may_withdraw(&case.facts())?.to_owned();
    let reason = given::reason("/reason", reason)?;
    let letter = case.letter().ok_or_else(|| Error::internal("the letter that stands is not there"))?;
    let (role, place) = who(act.caller());
    let (today, now) = (act.today(), act.now());
    let by = By { role: &role, division: &place };
    store::insert_withdrawal(act.tx(), ids::v7(now), letter.id, today, &reason, by, now).await?;
    act.note(format!("consultation/{number}"), json!({"withdrawn_on": today}));
    act.tell(told("land_check.consultation_withdrawn", &case.check, today, json!({"number": number})));
    deadline::cancel(act, &clock(&case.check, &number), today, &reason).await?;
    Ok(())
}

/// Enters a written reply: the first one stops the letter's clock, a later one takes the place of the one before.
///
/// # Errors
/// `not_found`; `reply_not_required`, `already_replied` (409), under G2; `no_longer_valid` (409) of a check that was superseded
/// or withdrawn before anybody asked; `invalid_input`.
pub(super) async fn reply(act: &mut Act, id: LandCheckId, new: GivenReply, paper: Option<DocumentId>) -> Result<()> {
    let case = take(act, id).await?;
    let facts = case.facts();
    may_reply(&facts, new.corrects.as_deref())?;
    let terms = new.read(&facts, act.today()).map_err(Error::invalid)?;
    let check = &case.check;
    attach(act, paper, check).await?;
    let after = decide_again(&case, terms.conclusion)?;
    let (role, place) = who(act.caller());
    let letter = case.letter();
    let new = NewReply {
        id: ConsultationReplyId::new(act.now()),
        check: id,
        letter: letter.map(|letter| letter.id),
        ordinal: facts.replies + 1,
        number: &terms.number,
        replied_on: terms.replied_on,
        conclusion: terms.conclusion.as_str(),
        conditions: terms.conditions.as_deref(),
        text: &terms.text,
        document: paper,
        corrects: terms.corrects.as_deref(),
        verdict_after: after.verdict.as_str(),
        by: By { role: &role, division: &place },
        recorded_at: act.now(),
    };
    store::insert_reply(act.tx(), &new).await?;
    act.note(
        format!("land_check/{}", check.number),
        json!({
            "reply": new.ordinal, "replied_on": terms.replied_on, "conclusion": new.conclusion,
            "verdict_after": new.verdict_after, "document": paper,
        }),
    );
    act.tell(told(
        "land_check.replied",
        check,
        terms.replied_on,
        json!({
            "number": terms.number, "replied_on": terms.replied_on, "conclusion": new.conclusion,
            "verdict": check.verdict, "verdict_after": new.verdict_after, "corrects": terms.corrects.is_some(),
        }),
    ));
    if let Some(letter) = letter.filter(|_| facts.replies == 0) {
        deadline::close(act, &clock(check, &letter.number), terms.replied_on).await?;
    }
    Ok(())
}

/// The decision on the facts of a check, by the law of its day, with the bureau's reply.
///
/// # Errors
/// An internal error where the stored answer is none of ours.
pub(super) fn decide_again(case: &Case, reply: WrittenReply) -> Result<After> {
    again(&case.answer()?, reply)
        .ok_or_else(|| Error::internal(format!("the stored answer of {} has an unknown verdict", case.check.number)))
}

/// What a reply came to.
///
/// # Errors
/// An internal error for a row that is none of ours.
pub(super) fn conclusion(row: &ReplyRow) -> Result<WrittenReply> {
    WrittenReply::parse(&row.conclusion)
        .ok_or_else(|| Error::internal(format!("there is no conclusion {}", row.conclusion)))
}

/// The reply that stands, as the check's certificate prints it; `None` without one.
///
/// # Errors
/// An internal error where the stored answer, or the row, is none of ours.
pub(super) async fn on_paper(conn: &mut PgConnection, config: &Config, case: &Case) -> Result<Option<OnPaper>> {
    let Some(row) = case.reply() else { return Ok(None) };
    let reply = conclusion(row)?;
    let after = decide_again(case, reply)?;
    let asked = after.rules.into_iter().find(|rule| rule.rule == GATE);
    Ok(Some(OnPaper {
        number: row.number.clone(),
        on: row.replied_on,
        bureau: notice::office_name(conn, config, &row.replied_by_division).await?,
        conclusion: reply.text(),
        conditions: row.conditions.clone(),
        text: row.text.clone(),
        verdict_after: after.verdict.as_str().to_owned(),
        must_do: asked.map_or(Text::fixed("", ""), |rule| Text::new(rule.must_do_zh, rule.must_do_en)),
        recorded_at: row.recorded_at,
    }))
}

/// A letter as PDF.
///
/// # Errors
/// `font_missing` (503) where the server has no Chinese font.
pub(super) async fn letter_pdf(app: &App, letter: &Letter) -> Result<Vec<u8>> {
    let fonts = app.fonts().await?;
    let sheet = sheet(letter);
    tokio::task::spawn_blocking(move || pdf::write(&sheet, &fonts)).await.map_err(Error::internal)?
}

fn sheet(letter: &Letter) -> Sheet {
    let mut blocks = vec![
        Block::Paragraph(Paragraph::title(letter.sender.clone())),
        Block::Paragraph(Paragraph::title(letter.title.clone())),
        Block::Space(6.0),
        Block::Paragraph(Paragraph::at(Align::Centre, letter.number.clone())),
        Block::Rule,
        Block::Space(14.0),
        Block::Paragraph(Paragraph::flush(format!("{}：", letter.addressed_to))),
        Block::Paragraph(Paragraph::body(letter.opening.clone())),
    ];
    for (heading, paragraphs) in &letter.sections {
        blocks.push(Block::Paragraph(Paragraph { bold: true, ..Paragraph::body(heading.clone()) }));
        blocks.extend(paragraphs.iter().map(|text| Block::Paragraph(Paragraph::body(text.clone()))));
    }
    blocks.push(Block::Paragraph(Paragraph::body(letter.contact.clone())));
    blocks.push(Block::Space(pdf::BODY_PITCH * 1.5));
    let day = letter.sent_on;
    let signed = |text: String| Paragraph { indent: (6.0, 2.0), ..Paragraph::at(Align::Right, text) };
    blocks.push(Block::Together(vec![
        signed(letter.sender.clone()),
        signed(format!("{}年{}月{}日", day.year(), day.month(), day.day())),
        signed("（印章）".to_owned()),
    ]));
    Sheet { title: letter.title.clone(), author: letter.sender.clone(), number: letter.number.clone(), day, blocks }
}

/// A quarter to be shared.
#[derive(Debug, Clone)]
pub(super) struct NewShare {
    pub division_code: String,
    pub quarter: Quarter,
    pub reason: Option<String>,
}

/// The name of a division that the caller names.
///
/// # Errors
/// `invalid_input` at the pointer for one that there is not.
pub(super) async fn known_division(conn: &mut PgConnection, code: &str, pointer: &'static str) -> Result<String> {
    let found = store::division_name(conn, code).await?;
    found.map(|(name, _)| name).ok_or_else(|| {
        let fault = division::unknown(code);
        Error::fault(pointer, "unknown_division", fault.message)
    })
}

/// Shares the checks of a quarter: the report is made of what the registry knows now, and kept byte for byte. Gives its
/// identifier.
///
/// # Errors
/// `outside_division`; `invalid_input`: an unknown division, a quarter to come; `reason_needed` (409) for a further edition
/// without a reason; `too_many_checks` (409).
pub(super) async fn share(act: &mut Act, new: NewShare) -> Result<QuarterShareId> {
    act.caller().require_division(&new.division_code)?;
    let name = known_division(act.tx(), &new.division_code, "/division_code").await?;
    let quarter = new.quarter;
    if quarter > Quarter::of(act.today()) {
        return Err(Error::fault(
            "/quarter",
            "in_the_future",
            Text::new(format!("{quarter} 尚未开始。"), format!("{quarter} has not begun.")),
        ));
    }
    let edition = store::next_edition(act.tx(), &new.division_code, &quarter.to_string()).await?;
    let reason = match (edition, new.reason) {
        (1, _) => None,
        (_, Some(reason)) => Some(given::reason("/reason", &reason)?),
        (_, None) => {
            return Err(Error::conflict(
                "reason_needed",
                Text::new(
                    format!("{quarter} 已共享（第 {} 版），再次共享须说明理由；原版保留。", edition - 1),
                    format!(
                        "{quarter} was shared, edition {}; another needs its reason, and the first stays.",
                        edition - 1
                    ),
                ),
            ));
        }
    };
    let scope = Scope::All;
    let filter = QuarterFilter { scope: &scope, division: &new.division_code, identifiers: quarter.identifiers() };
    let rows = all_rows(act.tx(), filter).await?;
    let (role, place) = who(act.caller());
    let id = QuarterShareId::new(act.now());
    let (now, today) = (act.now(), act.today());
    let counts = store::quarter_counts(act.tx(), filter, today).await?;
    let head = ShareHead {
        id: Some(id),
        division_code: new.division_code.clone(),
        division_name: name,
        edition: Some(edition),
        as_of: now,
        made_by_role: Some(role.clone()),
        reason: reason.clone(),
    };
    let report = QuarterReport::of(head, quarter, today, &counts, rows)?;
    let body = serde_json::to_vec(&report).map_err(Error::internal)?;
    let share = Share {
        id,
        division_code: new.division_code,
        quarter: quarter.to_string(),
        edition,
        checks: i64::try_from(report.checks.len()).map_err(Error::internal)?,
        made_at: now,
        made_by_role: role,
        made_by_division: place,
        reason,
        sha256: Sha256::digest(&body).to_vec(),
    };
    store::insert_share(act.tx(), &share, &body).await?;
    act.note(
        format!("consultation/quarter/{id}"),
        json!({
            "division": share.division_code, "quarter": share.quarter, "edition": edition, "checks": share.checks,
            "sha256": hex::encode(&share.sha256),
        }),
    );
    act.tell(Change {
        kind: "land_check.quarter_shared",
        register: CHECKS,
        id: id.0,
        code: format!("{}-{}-{edition}", share.division_code, share.quarter),
        division_code: share.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: Some(today),
        data: json!({
            "quarter": share.quarter, "edition": edition, "checks": share.checks, "sha256": hex::encode(&share.sha256),
            "href": format!("/v1/land-checks/quarterly/{id}"),
        }),
    });
    Ok(id)
}

/// Every check of a quarter.
///
/// # Errors
/// `too_many_checks` (409).
pub(super) async fn all_rows(conn: &mut PgConnection, filter: QuarterFilter<'_>) -> Result<Vec<ShareRow>> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = store::quarter_rows(&mut *conn, filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some(last.id);
        let whole = i64::try_from(page.len()).map_err(Error::internal)? < PAGE;
        for row in page {
            rows.push(ShareRow::of(row)?);
        }
        if i64::try_from(rows.len()).map_err(Error::internal)? > MAX_SHARED {
            return Err(Error::conflict(
                "too_many_checks",
                Text::new(
                    format!("本季度查询超过 {MAX_SHARED} 件，请按下级区划分别共享。"),
                    format!("The quarter has more than {MAX_SHARED} checks; share it by the divisions below."),
                ),
            ));
        }
        if whole {
            return Ok(rows);
        }
    }
}
