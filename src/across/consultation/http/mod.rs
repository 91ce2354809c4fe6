//! `/v1/land-checks/{id}/consultation`, `/reply`, `/history`, `/v1/consultations` and the quarter.

mod certificate;
mod quarter;

use super::actions::{self, Case, conclusion};
use super::rules::again::{RuleAfter, verdict};
use super::rules::{Fallen, GATE, GivenLetter, GivenReply, citations};
use super::store::{self, CLOCK, Clock, InboxFilter, InboxRow, LetterRow, ReplyRow};
use crate::across::land_check::{Operation, Verdict, WrittenReply, not_found};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Citation, Confidence, Day, DeadlineId, DivisionCode, DocumentId, Error, LandCheckId, Result, Text,
};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{Act, App, Body, Call, Params, Permission, Reply, Role, Stop};
use axum::extract::{OriginalUri, Path};
use axum::http::{HeaderName, header};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(consult_on_land_check, get_consultation))
        .routes(routes!(withdraw_consultation))
        .routes(routes!(get_consultation_letter))
        .routes(routes!(reply_to_land_check, get_land_check_reply))
        .routes(routes!(get_land_check_history))
        .routes(routes!(list_consultations))
        .merge(certificate::routes())
        .merge(quarter::routes())
}

/// A letter to the ecology bureau.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sent_on": "2026-11-20", "contact": "国土空间用途管制科 0349-0000000"}))]
struct NewConsultation {
    /// The bureau asked; left out, the ecology bureau of the check's division (as configured under `office_names`).
    #[serde(default)]
    #[schema(max_length = 200)]
    addressed_to: Option<String>,
    /// Who asks, as it signs; left out, after role and division of the key.
    #[serde(default)]
    #[schema(max_length = 200)]
    sender: Option<String>,
    /// Whom to ask back.
    #[serde(default)]
    #[schema(max_length = 200)]
    contact: Option<String>,
    /// What is asked beyond the state of the soil and the opinion itself, a line each.
    #[serde(default)]
    #[schema(max_length = 2000)]
    questions: Option<String>,
    /// The day on the letter, from which the time to reply is counted; today when left out. Not after today, not before
    /// the check.
    #[serde(default)]
    sent_on: Option<Day>,
    /// The letter as it was signed, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Why a letter is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsultationWithdrawal, example = json!({"reason": "地块范围有误，重新查询后再行征求意见"}))]
struct Withdrawal {
    /// Why, 1 to 2000 characters.
    reason: String,
}

/// What the bureau's reply comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Conclusion {
    /// No objection.
    Agrees,
    /// No objection under conditions.
    Conditions,
    /// Objection.
    Objects,
}

impl From<Conclusion> for WrittenReply {
    fn from(conclusion: Conclusion) -> WrittenReply {
        match conclusion {
            Conclusion::Agrees => WrittenReply::Agrees,
            Conclusion::Conditions => WrittenReply::Conditions,
            Conclusion::Objects => WrittenReply::Objects,
        }
    }
}

impl From<WrittenReply> for Conclusion {
    fn from(reply: WrittenReply) -> Conclusion {
        match reply {
            WrittenReply::Agrees => Conclusion::Agrees,
            WrittenReply::Conditions => Conclusion::Conditions,
            WrittenReply::Objects => Conclusion::Objects,
        }
    }
}

/// A written reply of the ecology bureau.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "number": "朔环函〔2026〕17号", "replied_on": "2026-11-20", "conclusion": "conditions",
    "conditions": "完成土壤污染状况调查并通过评审后再行收回。", "text": "经核，该地块列入疑似污染地块名单……"
}))]
struct NewReplyBody {
    /// The bureau's own number of it.
    #[schema(max_length = 200)]
    number: String,
    /// The day on it; not after today, not before the check, the letter or the reply that it corrects.
    replied_on: Day,
    /// What it comes to.
    conclusion: Conclusion,
    /// Under which conditions; with `conditions` only, and needed there.
    #[serde(default)]
    #[schema(max_length = 2000)]
    conditions: Option<String>,
    /// Its text.
    #[schema(max_length = 20000)]
    text: String,
    /// The reply as it was signed, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// Why it takes the place of the reply before; needed with every reply after the first.
    #[serde(default)]
    #[schema(max_length = 2000)]
    corrects: Option<String>,
}

/// Until when the bureau's reply is due.
#[derive(Debug, Serialize, ToSchema)]
struct ReplyDue {
    /// The clock.
    #[schema(example = "land_check_reply")]
    rule: &'static str,
    /// The clock in the list of deadlines.
    deadline_id: Option<DeadlineId>,
    /// Last day in time; `null` while nobody has set `parameters.land_check_reply_days` for the division.
    due_on: Option<Day>,
    /// It may change when a year's calendar is announced.
    provisional: bool,
    /// Days past the last one; 0 when none are.
    days_overdue: i64,
    /// How well the time is known: no text gives one.
    confidence: Confidence,
    /// 说明
    note_zh: String,
    /// What to know of it.
    note_en: String,
}

fn due(clock: Option<&Clock>, on: Day, running: bool) -> ReplyDue {
    let due_on = clock.and_then(|clock| clock.due_on);
    let note = match due_on {
        Some(_) => Text::fixed(
            "没有任何文件规定回复期限；本期限由当地设定（未经确认，非法定）。",
            "No text gives a time for the reply; this one was set locally (unconfirmed, not law).",
        ),
        None => Text::fixed(
            "期限参数 land_check_reply_days 未配置，不计算到期日；没有任何文件规定回复期限。",
            "The parameter land_check_reply_days is not set, so no last day is counted; no text gives a time for the reply.",
        ),
    };
    ReplyDue {
        rule: CLOCK,
        deadline_id: clock.map(|clock| clock.id),
        due_on,
        provisional: clock.is_some_and(|clock| clock.provisional),
        days_overdue: due_on.filter(|_| running).map_or(0, |due_on| on.days_since(due_on).max(0)),
        confidence: Confidence::Unconfirmed,
        note_zh: note.zh.into_owned(),
        note_en: note.en.into_owned(),
    }
}

/// Who wrote something.
#[derive(Debug, Serialize, ToSchema)]
struct Writer {
    /// Role; `operator` for a command at the machine itself.
    #[schema(example = "planning")]
    role: String,
    /// 角色
    role_zh: String,
    /// Role in English.
    role_en: String,
    /// Division.
    #[schema(example = "140602")]
    division_code: String,
}

impl Writer {
    fn of(role: &str, division: &str) -> Writer {
        let title =
            Role::parse(role).map_or_else(|| Text::fixed("系统运维", "somebody at the machine itself"), Role::title);
        Writer {
            role: role.to_owned(),
            role_zh: title.zh.into_owned(),
            role_en: title.en.into_owned(),
            division_code: division.to_owned(),
        }
    }
}

/// That a letter was taken back.
#[derive(Debug, Serialize, ToSchema)]
struct WithdrawnView {
    /// On which day.
    on: Day,
    /// Why.
    reason: Option<String>,
    /// By whom.
    by: Writer,
}

/// A letter that asks the ecology bureau.
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationView {
    /// Its number: `ZX`, division, year, and a serial without gaps per division and year.
    #[schema(example = "ZX-140602-2026-0001")]
    number: String,
    /// `awaiting`, `replied` or `withdrawn`.
    #[schema(example = "awaiting")]
    status: &'static str,
    /// Who asks, as it signs.
    sender: String,
    /// The bureau asked.
    addressed_to: String,
    /// Whom to ask back.
    contact: Option<String>,
    /// What is asked beyond the state of the soil and the opinion itself.
    questions: Option<String>,
    /// The day on it.
    sent_on: Day,
    /// The letter as it was signed.
    document_id: Option<DocumentId>,
    /// The letter as PDF, of the last letter that stands.
    letter_href: Option<String>,
    /// Who sent it.
    sent_by: Writer,
    /// When it was entered.
    recorded_at: DateTime<Utc>,
    /// Until when the reply is due.
    due: ReplyDue,
    /// That it was taken back.
    withdrawn: Option<WithdrawnView>,
}

/// How the check itself stands: a reply to an answer that is not valid any more does not make it so again.
#[derive(Debug, Serialize, ToSchema)]
struct CheckStanding {
    /// `valid`, `superseded` or `withdrawn`.
    #[schema(example = "valid")]
    status: &'static str,
    /// 状态
    status_zh: String,
    /// Status in English.
    status_en: String,
    /// Since when.
    since: DateTime<Utc>,
}

impl CheckStanding {
    fn of(case: &Case) -> CheckStanding {
        let (status, text) = standing_words(case.fallen());
        let since = case.became.last().map_or(case.check.checked_at, |became| became.at);
        CheckStanding { status, status_zh: text.zh.into_owned(), status_en: text.en.into_owned(), since }
    }
}

fn standing_words(fallen: Option<Fallen>) -> (&'static str, Text) {
    match fallen {
        None => ("valid", Text::fixed("有效", "valid")),
        Some(Fallen::Superseded) => (
            "superseded",
            Text::fixed("已失效（登记情况变化），须重新查询", "superseded by a change of the records: ask anew"),
        ),
        Some(Fallen::Withdrawn) => ("withdrawn", Text::fixed("已撤回，须重新查询", "withdrawn: ask anew")),
    }
}

/// The letters about a land check.
#[derive(Debug, Serialize, ToSchema)]
struct Consultations {
    /// The check.
    land_check_id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-140602-2026-000017")]
    land_check: String,
    /// The gate that asks for the reply.
    #[schema(example = "G2")]
    rule: &'static str,
    /// What it stands on, of the day of the operation.
    citations: Vec<Citation>,
    /// How the check itself stands.
    check_standing: CheckStanding,
    /// The letter that stands; `null` where none does.
    standing: Option<ConsultationView>,
    /// Every letter, oldest first, those withdrawn among them.
    consultations: Vec<ConsultationView>,
}

async fn letter_view(
    conn: &mut PgConnection,
    case: &Case,
    letter: &LetterRow,
    on: Day,
    known: Option<DateTime<Utc>>,
) -> Result<ConsultationView> {
    let clock = store::clock(conn, case.check.id, &letter.number, known).await?;
    let replied = case.replies.iter().any(|reply| reply.letter_number.as_ref() == Some(&letter.number));
    let status = match (letter.stands(), replied) {
        (false, _) => "withdrawn",
        (true, true) => "replied",
        (true, false) => "awaiting",
    };
    let withdrawn = letter.withdrawn_on.map(|on| WithdrawnView {
        on,
        reason: letter.withdrawn_reason.clone(),
        by: Writer::of(
            letter.withdrawn_by_role.as_deref().unwrap_or_default(),
            letter.withdrawn_by_division.as_deref().unwrap_or_default(),
        ),
    });
    Ok(ConsultationView {
        number: letter.number.clone(),
        status,
        sender: letter.sender.clone(),
        addressed_to: letter.addressed_to.clone(),
        contact: letter.contact.clone(),
        questions: letter.questions.clone(),
        sent_on: letter.sent_on,
        document_id: letter.document_id,
        letter_href: letter.stands().then(|| format!("/v1/land-checks/{}/consultation/letter.pdf", case.check.id)),
        sent_by: Writer::of(&letter.sent_by_role, &letter.sent_by_division),
        recorded_at: letter.recorded_at,
        due: due(clock.as_ref(), on, status == "awaiting"),
        withdrawn,
    })
}

async fn letters_view(
    conn: &mut PgConnection,
    case: &Case,
    on: Day,
    known: Option<DateTime<Utc>>,
) -> Result<Consultations> {
    let mut consultations = Vec::with_capacity(case.letters.len());
    for letter in &case.letters {
        consultations.push(letter_view(conn, case, letter, on, known).await?);
    }
    let standing = match case.letter() {
        Some(letter) => Some(letter_view(conn, case, letter, on, known).await?),
        None => None,
    };
    Ok(Consultations {
        land_check_id: case.check.id,
        land_check: case.check.number.clone(),
        rule: GATE,
        citations: citations(case.check.on, &case.check.division_code),
        check_standing: CheckStanding::of(case),
        standing,
        consultations,
    })
}

/// A written reply as kept.
#[derive(Debug, Serialize, ToSchema)]
struct WrittenReplyView {
    /// Counts the replies to the check from 1.
    #[schema(example = 1)]
    ordinal: i32,
    /// The bureau's own number of it.
    #[schema(example = "朔环函〔2026〕17号")]
    number: String,
    /// The letter that it answers; `null` where the bureau wrote by itself.
    consultation: Option<String>,
    /// The day on it.
    replied_on: Day,
    /// What it comes to.
    conclusion: Conclusion,
    /// 回复结论
    conclusion_zh: String,
    /// Conclusion in English.
    conclusion_en: String,
    /// Under which conditions.
    conditions: Option<String>,
    /// Its text.
    text: String,
    /// The reply as it was signed.
    document_id: Option<DocumentId>,
    /// Why it took the place of the reply before.
    corrects: Option<String>,
    /// The check's verdict with it.
    #[schema(example = "warn")]
    verdict_after: String,
    /// Who entered it.
    replied_by: Writer,
    /// When it was entered.
    recorded_at: DateTime<Utc>,
}

impl TryFrom<&ReplyRow> for WrittenReplyView {
    type Error = Error;

    fn try_from(row: &ReplyRow) -> Result<WrittenReplyView> {
        let conclusion = conclusion(row)?;
        let text = conclusion.text();
        Ok(WrittenReplyView {
            ordinal: row.ordinal,
            number: row.number.clone(),
            consultation: row.letter_number.clone(),
            replied_on: row.replied_on,
            conclusion: conclusion.into(),
            conclusion_zh: text.zh.into_owned(),
            conclusion_en: text.en.into_owned(),
            conditions: row.conditions.clone(),
            text: row.text.clone(),
            document_id: row.document_id,
            corrects: row.corrects.clone(),
            verdict_after: row.verdict_after.clone(),
            replied_by: Writer::of(&row.replied_by_role, &row.replied_by_division),
            recorded_at: row.recorded_at,
        })
    }
}

/// A rule before and after the reply.
#[derive(Debug, Serialize, ToSchema)]
struct RuleAfterView {
    /// Its number.
    #[schema(example = "G2")]
    rule: String,
    /// 标题
    title_zh: String,
    /// Title.
    title_en: String,
    /// How hard it closed without the reply.
    #[schema(example = "hold")]
    verdict_before: &'static str,
    /// How hard it closes with it.
    #[schema(example = "warn")]
    verdict_after: &'static str,
    /// Whether the reply changed it.
    changed: bool,
    /// 应做事项
    must_do_zh: String,
    /// What must be done now.
    must_do_en: String,
}

impl From<RuleAfter> for RuleAfterView {
    fn from(rule: RuleAfter) -> RuleAfterView {
        RuleAfterView {
            rule: rule.rule,
            title_zh: rule.title_zh,
            title_en: rule.title_en,
            verdict_before: rule.before.as_str(),
            verdict_after: rule.after.as_str(),
            changed: rule.before != rule.after,
            must_do_zh: rule.must_do_zh,
            must_do_en: rule.must_do_en,
        }
    }
}

/// Where the written reply to a land check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReplyStatus {
    /// The check needs none.
    NotRequired,
    /// It needs one, and has none.
    Awaiting,
    /// It has one.
    Replied,
}

/// The written reply to a land check, as it stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsultationReplyState)]
struct ReplyState {
    /// The check.
    land_check_id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-140602-2026-000017")]
    land_check: String,
    /// Where it stands.
    status: ReplyStatus,
    /// The gate that asks for it.
    #[schema(example = "G2")]
    rule: &'static str,
    /// What that gate stands on, of the day of the operation.
    citations: Vec<Citation>,
    /// How the check itself stands.
    check_standing: CheckStanding,
    /// Number of the letter that stands.
    #[schema(example = "ZX-140602-2026-0001")]
    consultation: Option<String>,
    /// Day of that letter; `null` where nobody asked the bureau yet.
    consulted_on: Option<Day>,
    /// Until when it is due; of a letter that awaits it.
    due: Option<ReplyDue>,
    /// Whether the last day is past.
    overdue: bool,
    /// The verdict as it was answered.
    #[schema(example = "hold")]
    verdict: String,
    /// 结论
    verdict_zh: Option<String>,
    /// Verdict in English.
    verdict_en: Option<String>,
    /// The reply that stands.
    reply: Option<WrittenReplyView>,
    /// The verdict with the reply, on the facts of the check and by the law of its day.
    #[schema(example = "warn")]
    verdict_after: Option<String>,
    /// 回复后结论
    verdict_after_zh: Option<String>,
    /// Verdict after the reply, in English.
    verdict_after_en: Option<String>,
    /// Every rule that fires with the reply, worst first; empty without one.
    rules_after: Vec<RuleAfterView>,
    /// Since when the verdict with the reply stands: the day of the reply.
    since: Option<Day>,
    /// Every reply, oldest first; each after the first corrects the one before.
    history: Vec<WrittenReplyView>,
}

async fn state(conn: &mut PgConnection, case: &Case, on: Day, known: Option<DateTime<Utc>>) -> Result<ReplyState> {
    let status = match (case.reply(), case.check.awaits_reply) {
        (Some(_), _) => ReplyStatus::Replied,
        (None, true) => ReplyStatus::Awaiting,
        (None, false) => ReplyStatus::NotRequired,
    };
    let letter = case.letter();
    let due = match letter.filter(|_| status == ReplyStatus::Awaiting) {
        Some(letter) => {
            let clock = store::clock(conn, case.check.id, &letter.number, known).await?;
            Some(due(clock.as_ref(), on, true))
        }
        None => None,
    };
    let after = case.reply().map(|row| actions::decide_again(case, conclusion(row)?)).transpose()?;
    let after_verdict = after.as_ref().map(|after| after.verdict);
    let text = after_verdict.map(Verdict::text);
    let answered = verdict(&case.check.verdict).map(Verdict::text);
    Ok(ReplyState {
        land_check_id: case.check.id,
        land_check: case.check.number.clone(),
        status,
        rule: GATE,
        citations: citations(case.check.on, &case.check.division_code),
        check_standing: CheckStanding::of(case),
        consultation: letter.map(|letter| letter.number.clone()),
        consulted_on: letter.map(|letter| letter.sent_on),
        overdue: due.as_ref().is_some_and(|due| due.days_overdue > 0),
        due,
        verdict: case.check.verdict.clone(),
        verdict_zh: answered.as_ref().map(|text| text.zh.to_string()),
        verdict_en: answered.map(|text| text.en.into_owned()),
        reply: case.reply().map(WrittenReplyView::try_from).transpose()?,
        verdict_after: after_verdict.map(|verdict| verdict.as_str().to_owned()),
        verdict_after_zh: text.as_ref().map(|text| text.zh.to_string()),
        verdict_after_en: text.map(|text| text.en.into_owned()),
        rules_after: after.into_iter().flat_map(|after| after.rules).map(RuleAfterView::from).collect(),
        since: case.reply().map(|reply| reply.replied_on),
        history: case.replies.iter().map(WrittenReplyView::try_from).collect::<Result<_>>()?,
    })
}

/// What an entity tag of an append-only set of papers counts.
fn revision(case: &Case) -> i32 {
    let withdrawn = case.letters.iter().filter(|letter| !letter.stands()).count();
    i32::try_from(1 + case.letters.len() + withdrawn + case.replies.len() + case.became.len()).unwrap_or(i32::MAX)
}

fn read_id(id: &str) -> Result<LandCheckId> {
    id.parse().map_err(|_| not_found())
}

/// A check that the caller may see, with its papers, on one snapshot.
struct Seen {
    tx: sqlx::Transaction<'static, sqlx::Postgres>,
    case: Case,
    on: Day,
    known: Option<DateTime<Utc>>,
}

async fn see(call: &Call, id: &str, known: Option<&str>) -> Result<Seen> {
    let scope = call.read(Permission::LandCheckRead)?;
    let id = read_id(id)?;
    let known = known_at(known)?;
    let mut tx = call.app().snapshot().await?;
    let case = actions::case(&mut tx, id, known).await?;
    if !scope.covers(&case.check.division_code) {
        return Err(not_found());
    }
    Ok(Seen { tx, case, on: known.map_or_else(|| call.today(), Day::at), known })
}

/// Ask the ecology bureau about a land check
///
/// Only where the check is valid and awaits a written reply (G2), and once: a further letter needs the first withdrawn with
/// its reason. A check that was superseded or withdrawn is refused (409 `no_longer_valid`): ask of the parcel anew.
/// The letter is numbered without gaps and kept; its clock `land_check_reply` is in the list of deadlines.
#[utoipa::path(
    post, path = "/v1/land-checks/{id}/consultation", operation_id = "consult_on_land_check", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check")),
    request_body(content = NewConsultation, content_type = "application/json"),
    responses((status = 201, description = "Asked", body = Consultations)),
    extensions(("x-permission" = json!("land_check.consult")))
)]
async fn consult_on_land_check(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<NewConsultation>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckConsult).await?;
    let id = read_id(&id)?;
    let new = GivenLetter {
        sender: body.sender,
        addressed_to: body.addressed_to,
        contact: body.contact,
        questions: body.questions,
        sent_on: body.sent_on,
    };
    actions::consult(&mut act, id, new, body.document_id).await?;
    let reply = letters_reply(&mut act, id).await?.created(format!("/v1/land-checks/{id}/consultation"));
    Ok(act.finish(reply).await?)
}

async fn letters_reply(act: &mut Act, id: LandCheckId) -> Result<Reply> {
    let today = act.today();
    let case = actions::case(act.tx(), id, None).await?;
    let view = letters_view(act.tx(), &case, today, None).await?;
    Ok(Reply::json(&view)?.revision_as_shown(revision(&case)))
}

/// Letters about a land check
#[utoipa::path(
    get, path = "/v1/land-checks/{id}/consultation", operation_id = "get_consultation", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check"), KnownParams),
    responses((status = 200, description = "The letters", body = Consultations)),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_consultation(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let mut seen = see(&call, &id, params.known_at.as_deref()).await?;
    let view = letters_view(&mut seen.tx, &seen.case, seen.on, seen.known).await?;
    Ok(Reply::json(&view)?.revision_as_shown(revision(&seen.case)))
}

/// Withdraw the letter about a land check
///
/// Before it was answered, with a reason. Its number stays taken and it stays to be seen; its clock is called off.
#[utoipa::path(
    post, path = "/v1/land-checks/{id}/consultation/withdraw", operation_id = "withdraw_consultation", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check")),
    request_body(content = Withdrawal, content_type = "application/json"),
    responses((status = 200, description = "The letters as they stand now", body = Consultations)),
    extensions(("x-permission" = json!("land_check.consult")))
)]
async fn withdraw_consultation(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<Withdrawal>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckConsult).await?;
    let id = read_id(&id)?;
    actions::withdraw(&mut act, id, &body.reason).await?;
    let reply = letters_reply(&mut act, id).await?;
    Ok(act.finish(reply).await?)
}

/// The letter about a land check as PDF
///
/// Of the letter that stands. Without a Chinese font on the server the answer is 503 `font_missing`.
#[utoipa::path(
    get, path = "/v1/land-checks/{id}/consultation/letter.pdf", operation_id = "get_consultation_letter", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check")),
    responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf")),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_consultation_letter(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let seen = see(&call, &id, None).await?;
    let letter = seen.case.letter().ok_or_else(|| Error::not_found("征求意见函", "letter"))?;
    let content = actions::letter_pdf(call.app(), &letter.letter).await?;
    Ok(Reply::bytes("application/pdf", content)
        .with_header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}.pdf\"", letter.number))
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
        .with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// Reply in writing to a land check
///
/// By the ecology bureau in whose division the check lies, also without a letter. A later reply corrects the one before
/// and says why; all are kept. A letter is answered also where the check was superseded or withdrawn meanwhile, and
/// `check_standing` says so; without a letter that is refused (409 `no_longer_valid`). The answer is the verdict with the reply: the decision on the facts of the check, by the law
/// of its day.
#[utoipa::path(
    post, path = "/v1/land-checks/{id}/reply", operation_id = "reply_to_land_check", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check")),
    request_body(content = NewReplyBody, content_type = "application/json"),
    responses((status = 201, description = "The reply, and the verdict with it", body = ReplyState)),
    extensions(("x-permission" = json!("land_check.reply")))
)]
async fn reply_to_land_check(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<NewReplyBody>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckReply).await?;
    let id = read_id(&id)?;
    let new = GivenReply {
        number: body.number,
        replied_on: body.replied_on,
        conclusion: body.conclusion.into(),
        conditions: body.conditions,
        text: body.text,
        corrects: body.corrects,
    };
    actions::reply(&mut act, id, new, body.document_id).await?;
    let today = act.today();
    let case = actions::case(act.tx(), id, None).await?;
    let view = state(act.tx(), &case, today, None).await?;
    let reply = Reply::json(&view)?.created(format!("/v1/land-checks/{id}/reply")).revision_as_shown(revision(&case));
    Ok(act.finish(reply).await?)
}

/// The written reply to a land check
///
/// As it stands now: not required, awaited since when and until when, or given; with the verdict after it and every reply.
#[utoipa::path(
    get, path = "/v1/land-checks/{id}/reply", operation_id = "get_land_check_reply", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check"), KnownParams),
    responses((status = 200, description = "Where the reply stands", body = ReplyState)),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_land_check_reply(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let mut seen = see(&call, &id, params.known_at.as_deref()).await?;
    let view = state(&mut seen.tx, &seen.case, seen.on, seen.known).await?;
    Ok(Reply::json(&view)?.revision_as_shown(revision(&seen.case)))
}

/// What happened to a land check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HistoryKind {
    /// Asked and answered.
    Issued,
    /// The ecology bureau was asked.
    Consulted,
    /// The letter was taken back.
    ConsultationWithdrawn,
    /// The ecology bureau replied.
    Replied,
    /// A reply took the place of the one before.
    ReplyCorrected,
    /// The records changed so that the answer is not true any more.
    Superseded,
    /// The answer was taken back.
    Withdrawn,
}

/// A step of a land check.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryStep {
    /// What happened.
    what: HistoryKind,
    /// 事项
    what_zh: String,
    /// What happened, in English.
    what_en: String,
    /// The day on the paper.
    on: Day,
    /// When it was entered.
    recorded_at: DateTime<Utc>,
    /// Who entered it.
    by: Writer,
    /// Number of the paper.
    #[schema(example = "ZX-140602-2026-0001")]
    number: String,
    /// What the reply came to.
    conclusion: Option<Conclusion>,
    /// Why: of a withdrawal, of a correction.
    reason: Option<String>,
    /// The verdict from then on.
    #[schema(example = "hold")]
    verdict: String,
    /// Whether it is another one than before.
    verdict_changed: bool,
    /// The paper.
    document_id: Option<DocumentId>,
}

/// What happened to a land check, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsultationHistory)]
struct History {
    /// The check.
    land_check_id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-140602-2026-000017")]
    land_check: String,
    /// The steps, in the order in which they were entered.
    steps: Vec<HistoryStep>,
}

/// A step without what only some have.
fn step(what: HistoryKind, on: Day, recorded_at: DateTime<Utc>, by: Writer, number: &str) -> HistoryStep {
    let text = match what {
        HistoryKind::Issued => Text::fixed("查询并答复", "asked and answered"),
        HistoryKind::Consulted => Text::fixed("书面征求意见", "ecology bureau asked in writing"),
        HistoryKind::ConsultationWithdrawn => Text::fixed("撤回征求意见函", "letter withdrawn"),
        HistoryKind::Replied => Text::fixed("书面回复", "written reply"),
        HistoryKind::ReplyCorrected => Text::fixed("更正书面回复", "written reply corrected"),
        HistoryKind::Superseded => Text::fixed("因登记情况变化失效", "superseded by a change of the records"),
        HistoryKind::Withdrawn => Text::fixed("撤回查询回复", "answer withdrawn"),
    };
    HistoryStep {
        what,
        what_zh: text.zh.into_owned(),
        what_en: text.en.into_owned(),
        on,
        recorded_at,
        by,
        number: number.to_owned(),
        conclusion: None,
        reason: None,
        verdict: String::new(),
        verdict_changed: false,
        document_id: None,
    }
}

/// The steps of a check, of which each says the verdict from then on.
fn steps(case: &Case) -> Result<Vec<HistoryStep>> {
    let check = &case.check;
    let asked_by = Writer::of(
        check.asked_by_role.as_deref().unwrap_or("operator"),
        check.asked_by_division.as_deref().unwrap_or(&check.division_code),
    );
    let issued = step(HistoryKind::Issued, Day::at(check.checked_at), check.checked_at, asked_by, &check.number);
    let mut steps = vec![HistoryStep { verdict: check.verdict.clone(), ..issued }];
    for letter in &case.letters {
        let by = Writer::of(&letter.sent_by_role, &letter.sent_by_division);
        let sent = step(HistoryKind::Consulted, letter.sent_on, letter.recorded_at, by, &letter.number);
        steps.push(HistoryStep { document_id: letter.document_id, ..sent });
        if let (Some(on), Some(at)) = (letter.withdrawn_on, letter.withdrawn_at) {
            let by = Writer::of(
                letter.withdrawn_by_role.as_deref().unwrap_or_default(),
                letter.withdrawn_by_division.as_deref().unwrap_or_default(),
            );
            let back = step(HistoryKind::ConsultationWithdrawn, on, at, by, &letter.number);
            steps.push(HistoryStep { reason: letter.withdrawn_reason.clone(), ..back });
        }
    }
    for reply in &case.replies {
        let what = if reply.ordinal == 1 { HistoryKind::Replied } else { HistoryKind::ReplyCorrected };
        let by = Writer::of(&reply.replied_by_role, &reply.replied_by_division);
        steps.push(HistoryStep {
            conclusion: Some(conclusion(reply)?.into()),
            reason: reply.corrects.clone(),
            verdict: reply.verdict_after.clone(),
            document_id: reply.document_id,
            ..step(what, reply.replied_on, reply.recorded_at, by, &reply.number)
        });
    }
    for turn in &case.became {
        let what = if turn.status == "withdrawn" { HistoryKind::Withdrawn } else { HistoryKind::Superseded };
        let by = Writer::of(
            turn.role.as_deref().unwrap_or("operator"),
            turn.division_code.as_deref().unwrap_or(&check.division_code),
        );
        let turned = step(what, Day::at(turn.at), turn.at, by, &check.number);
        steps.push(HistoryStep {
            reason: turn.reason.clone(),
            verdict: turn.verdict_now.clone().unwrap_or_default(),
            ..turned
        });
    }
    steps.sort_by_key(|step| step.recorded_at);
    let mut verdict = check.verdict.clone();
    for step in &mut steps {
        if step.verdict.is_empty() {
            step.verdict.clone_from(&verdict);
        }
        step.verdict_changed = step.verdict != verdict;
        verdict.clone_from(&step.verdict);
    }
    Ok(steps)
}

/// What happened to a land check
///
/// Asked and answered, the bureau asked, its replies, what became of the answer, and the verdict after each.
#[utoipa::path(
    get, path = "/v1/land-checks/{id}/history", operation_id = "get_land_check_history", tag = "land checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the land check"), KnownParams),
    responses((status = 200, description = "The steps, oldest first", body = History)),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn get_land_check_history(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let seen = see(&call, &id, params.known_at.as_deref()).await?;
    let check = &seen.case.check;
    let steps = steps(&seen.case)?;
    let history = History { land_check_id: check.id, land_check: check.number.clone(), steps };
    Ok(Reply::json(&history)?.revision_as_shown(revision(&seen.case)))
}

/// Where the reply to a check of the inbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InboxStatus {
    /// It needs a reply, and nobody asked the bureau yet.
    NotConsulted,
    /// Asked, in time or without a last day.
    Awaiting,
    /// Asked, and the last day is past.
    Overdue,
    /// Answered.
    Replied,
}

impl InboxStatus {
    fn as_str(self) -> &'static str {
        match self {
            InboxStatus::NotConsulted => "not_consulted",
            InboxStatus::Awaiting => "awaiting",
            InboxStatus::Overdue => "overdue",
            InboxStatus::Replied => "replied",
        }
    }
}

/// Which consultations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InboxParams {
    /// Where they stand. Left out: all that were asked or answered.
    #[param(inline)]
    status: Option<InboxStatus>,
    /// In this division and below.
    #[param(example = "140600")]
    division: Option<DivisionCode>,
    /// The day asked about: papers of later days are not there yet. Default: today, or the day of `known_at`.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// A check that the bureau was asked about, or answered.
#[derive(Debug, Serialize, ToSchema)]
struct InboxItem {
    /// The check.
    land_check_id: LandCheckId,
    /// Its number.
    #[schema(example = "CX-140602-2026-000017")]
    land_check: String,
    /// Its division.
    #[schema(example = "140602")]
    division_code: String,
    /// When it was asked and answered.
    checked_at: DateTime<Utc>,
    /// What is to be done with the land.
    #[schema(example = "reclaim")]
    operation: String,
    /// 操作
    operation_zh: Option<String>,
    /// Operation in English.
    operation_en: Option<String>,
    /// Its verdict as answered.
    #[schema(example = "hold")]
    verdict: String,
    /// 结论
    verdict_zh: Option<String>,
    /// Verdict in English.
    verdict_en: Option<String>,
    /// The caller's own reference.
    reference: Option<String>,
    /// `not_consulted`, `awaiting`, `overdue` or `replied`.
    #[schema(example = "awaiting")]
    status: String,
    /// 状态
    status_zh: String,
    /// Status in English.
    status_en: String,
    /// Number of the letter that stands.
    #[schema(example = "ZX-140602-2026-0001")]
    consultation: Option<String>,
    /// The bureau asked.
    addressed_to: Option<String>,
    /// Day of the letter.
    sent_on: Option<Day>,
    /// Until when the reply is due; of a letter that awaits it.
    due: Option<ReplyDue>,
    /// Number of the reply that stands.
    reply: Option<String>,
    /// Day of the reply.
    replied_on: Option<Day>,
    /// What it came to.
    conclusion: Option<String>,
    /// The verdict with it.
    verdict_after: Option<String>,
    /// How the check itself stands: `valid`, `superseded` or `withdrawn`.
    #[schema(example = "valid")]
    check_standing: String,
    /// Where the reply is, and is entered.
    reply_href: String,
}

fn item(row: InboxRow, on: Day) -> InboxItem {
    let awaits = matches!(row.status.as_str(), "awaiting" | "overdue");
    let clock =
        row.deadline_id.map(|id| Clock { id, due_on: row.due_on, provisional: row.provisional.unwrap_or(false) });
    let both = |text: Option<Text>| text.map(|text| (text.zh.into_owned(), text.en.into_owned())).unzip();
    let (operation_zh, operation_en) = both(Operation::parse(&row.operation).map(Operation::text));
    let (verdict_zh, verdict_en) = both(verdict(&row.verdict).map(Verdict::text));
    let status = match row.status.as_str() {
        "not_consulted" => Text::fixed("尚未征求意见", "bureau not asked yet"),
        "overdue" => Text::fixed("逾期未回复", "reply overdue"),
        "replied" => Text::fixed("已回复", "replied"),
        _ => Text::fixed("待回复", "reply awaited"),
    };
    InboxItem {
        operation_zh,
        operation_en,
        verdict_zh,
        verdict_en,
        status_zh: status.zh.into_owned(),
        status_en: status.en.into_owned(),
        due: awaits.then(|| due(clock.as_ref(), on, true)),
        reply_href: format!("/v1/land-checks/{}/reply", row.id),
        land_check_id: row.id,
        land_check: row.number,
        division_code: row.division_code,
        checked_at: row.checked_at,
        operation: row.operation,
        verdict: row.verdict,
        reference: row.reference,
        status: row.status,
        consultation: row.letter_number,
        addressed_to: row.addressed_to,
        sent_on: row.sent_on,
        reply: row.reply_number,
        replied_on: row.replied_on,
        conclusion: row.conclusion,
        verdict_after: row.verdict_after,
        check_standing: row.check_standing.unwrap_or_else(|| "valid".to_owned()),
    }
}

/// A page of consultations, the newest check first.
#[derive(Debug, Serialize, ToSchema)]
struct InboxPage {
    /// The day asked about.
    true_on: Day,
    /// The page.
    consultations: Vec<InboxItem>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// List consultations on land checks
///
/// The ecology bureau's inbox: what it was asked, what is overdue, what it answered. With `status=not_consulted`, checks
/// that are valid, need a reply and that nobody asked about yet.
#[utoipa::path(
    get, path = "/v1/consultations", operation_id = "list_consultations", tag = "land checks", params(InboxParams),
    responses((status = 200, description = "A page", body = InboxPage)),
    extensions(("x-permission" = json!("land_check.read")))
)]
async fn list_consultations(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(params): Params<InboxParams>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let limit = paging::limit(params.limit)?;
    let known = known_at(params.known_at.as_deref())?;
    let on = params.true_on.unwrap_or_else(|| known.map_or_else(|| call.today(), Day::at));
    let status = params.status.map(InboxStatus::as_str);
    let filters = format!("{:?}", (status, &params.division, params.true_on, known, scope.mark()));
    let before = Cursor::key(params.cursor.as_deref(), &filters)?;
    let filter = InboxFilter {
        scope: &scope,
        status,
        division: params.division.as_ref().map(DivisionCode::as_str),
        on,
        known_at: known,
        before,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let mut rows = store::inbox(&mut conn, &filter).await?;
    let links = Link::pages(&uri, &mut rows, limit, &filters, JSON, |row| row.id.to_string());
    let consultations = rows.into_iter().map(|row| item(row, on)).collect();
    Ok(Reply::json(&InboxPage { true_on: on, consultations, links })?)
}
