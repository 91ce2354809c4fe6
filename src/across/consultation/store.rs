//! All SQL of the consultation tables. Of checks and clocks, what concerns a letter is read beside them.

use super::rules::Letter;
use crate::kernel::{
    ConsultationId, ConsultationReplyId, Day, DeadlineId, DocumentId, LandCheckId, QuarterShareId, Result,
};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// The clock that a letter starts.
pub(super) const CLOCK: &str = "land_check_reply";

/// What clocks, papers and changes call a land check.
pub(super) const CHECKS: &str = "land_check";

/// A land check as its row says.
pub(super) struct Check {
    pub id: LandCheckId,
    pub number: String,
    pub division_code: String,
    pub checked_at: DateTime<Utc>,
    pub on: Day,
    pub verdict: String,
    pub awaits_reply: bool,
    pub body: Vec<u8>,
    pub asked_by_role: Option<String>,
    pub asked_by_division: Option<String>,
}

/// A land check; as known at an instant, where it was there then.
pub(super) async fn check(
    conn: &mut PgConnection,
    id: LandCheckId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Check>> {
    Ok(sqlx::query_as!(
        Check,
        r#"select c.id as "id: LandCheckId", c.number, c.division_code, c.checked_at, c.on_day as "on: Day", c.verdict,
                  c.awaits_reply, c.body, k.role as "asked_by_role?", k.division_code as "asked_by_division?"
           from land_check c left join platform_api_key k on k.id = c.key_id
           where c.id = $1 and ($2::timestamptz is null or c.checked_at <= $2)"#,
        id as LandCheckId,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// Lets one act at a time write beside a check.
pub(super) async fn hold(conn: &mut PgConnection, id: LandCheckId) -> Result<()> {
    sqlx::query!("select id from land_check where id = $1 for no key update", id as LandCheckId)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// A letter, with its withdrawal.
#[derive(Debug, Clone)]
pub(super) struct LetterRow {
    pub id: ConsultationId,
    pub number: String,
    pub sender: String,
    pub addressed_to: String,
    pub contact: Option<String>,
    pub questions: Option<String>,
    pub sent_on: Day,
    pub letter: Json<Letter>,
    pub document_id: Option<DocumentId>,
    pub sent_by_role: String,
    pub sent_by_division: String,
    pub recorded_at: DateTime<Utc>,
    pub withdrawn_on: Option<Day>,
    pub withdrawn_reason: Option<String>,
    pub withdrawn_by_role: Option<String>,
    pub withdrawn_by_division: Option<String>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl LetterRow {
    pub fn stands(&self) -> bool {
        self.withdrawn_on.is_none()
    }
}

/// The letters about a check, oldest first, as known at an instant or now.
pub(super) async fn letters(
    conn: &mut PgConnection,
    check: LandCheckId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<LetterRow>> {
    Ok(sqlx::query_as!(
        LetterRow,
        r#"select k.id as "id: ConsultationId", k.number, k.sender, k.addressed_to, k.contact, k.questions,
                  k.sent_on as "sent_on: Day", k.letter as "letter: Json<Letter>",
                  k.document_id as "document_id: DocumentId", k.sent_by_role, k.sent_by_division, k.recorded_at,
                  w.withdrawn_on as "withdrawn_on?: Day", w.reason as "withdrawn_reason?",
                  w.withdrawn_by_role as "withdrawn_by_role?", w.withdrawn_by_division as "withdrawn_by_division?",
                  w.recorded_at as "withdrawn_at?"
           from consultation k
           left join consultation_withdrawal w
                on w.consultation_id = k.id and ($2::timestamptz is null or w.recorded_at <= $2)
           where k.check_id = $1 and ($2::timestamptz is null or k.recorded_at <= $2)
           order by k.id"#,
        check as LandCheckId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A reply as stored.
#[derive(Debug, Clone)]
pub(super) struct ReplyRow {
    pub ordinal: i32,
    pub letter_number: Option<String>,
    pub number: String,
    pub replied_on: Day,
    pub conclusion: String,
    pub conditions: Option<String>,
    pub text: String,
    pub document_id: Option<DocumentId>,
    pub corrects: Option<String>,
    pub verdict_after: String,
    pub replied_by_role: String,
    pub replied_by_division: String,
    pub recorded_at: DateTime<Utc>,
}

/// The replies to a check, oldest first, as known at an instant or now.
pub(super) async fn replies(
    conn: &mut PgConnection,
    check: LandCheckId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<ReplyRow>> {
    Ok(sqlx::query_as!(
        ReplyRow,
        r#"select r.ordinal, k.number as "letter_number?", r.number, r.replied_on as "replied_on: Day", r.conclusion,
                  r.conditions, r.body as text, r.document_id as "document_id: DocumentId", r.corrects, r.verdict_after,
                  r.replied_by_role, r.replied_by_division, r.recorded_at
           from consultation_reply r left join consultation k on k.id = r.consultation_id
           where r.check_id = $1 and ($2::timestamptz is null or r.recorded_at <= $2)
           order by r.ordinal"#,
        check as LandCheckId,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// The clock of a letter.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub id: DeadlineId,
    pub due_on: Option<Day>,
    pub provisional: bool,
}

/// The clock that a letter started, as known at an instant or now.
pub(super) async fn clock(
    conn: &mut PgConnection,
    check: LandCheckId,
    letter: &str,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Clock>> {
    Ok(sqlx::query_as!(
        Clock,
        r#"select d.id as "id!: DeadlineId", d.due_on as "due_on: Day", d.provisional as "provisional!"
           from (select id, due_on, provisional, sys_from from deadline
                 where subject_register = $1 and subject_id = $2 and rule = $3 and occasion = $4
                 union all
                 select id, due_on, provisional, sys_from from deadline_history
                 where subject_register = $1 and subject_id = $2 and rule = $3 and occasion = $4 and sys_to > $5) d
           where $5::timestamptz is null or d.sys_from <= $5"#,
        CHECKS,
        check as LandCheckId,
        CLOCK,
        letter,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// The next serial of a division and year. Holds its row until the act ends, so that a letter that fails leaves no gap.
pub(super) async fn next_serial(conn: &mut PgConnection, division: &str, year: i32) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into consultation_counter as c (division_code, year, last) values ($1, $2, 1)
         on conflict (division_code, year) do update set last = c.last + 1
         returning last",
        division,
        year,
    )
    .fetch_one(conn)
    .await?)
}

/// Who writes: role and division.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'a> {
    pub role: &'a str,
    pub division: &'a str,
}

/// A letter to be written.
pub(super) struct NewLetter<'a> {
    pub id: ConsultationId,
    pub check: LandCheckId,
    pub division_code: &'a str,
    pub year: i32,
    pub serial: i32,
    pub contact: Option<&'a str>,
    pub questions: Option<&'a str>,
    pub letter: &'a Letter,
    pub document: Option<DocumentId>,
    pub by: By<'a>,
    pub recorded_at: DateTime<Utc>,
}

pub(super) async fn insert_letter(conn: &mut PgConnection, new: &NewLetter<'_>) -> Result<()> {
    sqlx::query!(
        "insert into consultation (id, check_id, number, division_code, year, serial, sender, addressed_to, contact,
                                   questions, sent_on, letter, document_id, sent_by_role, sent_by_division, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        new.id as ConsultationId,
        new.check as LandCheckId,
        new.letter.number,
        new.division_code,
        new.year,
        new.serial,
        new.letter.sender,
        new.letter.addressed_to,
        new.contact,
        new.questions,
        new.letter.sent_on as Day,
        Json(new.letter) as _,
        new.document as Option<DocumentId>,
        new.by.role,
        new.by.division,
        new.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_withdrawal(
    conn: &mut PgConnection,
    id: Uuid,
    letter: ConsultationId,
    on: Day,
    reason: &str,
    by: By<'_>,
    recorded_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into consultation_withdrawal (id, consultation_id, withdrawn_on, reason, withdrawn_by_role,
                                              withdrawn_by_division, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        letter as ConsultationId,
        on as Day,
        reason,
        by.role,
        by.division,
        recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A reply to be written.
pub(super) struct NewReply<'a> {
    pub id: ConsultationReplyId,
    pub check: LandCheckId,
    pub letter: Option<ConsultationId>,
    pub ordinal: i32,
    pub number: &'a str,
    pub replied_on: Day,
    pub conclusion: &'a str,
    pub conditions: Option<&'a str>,
    pub text: &'a str,
    pub document: Option<DocumentId>,
    pub corrects: Option<&'a str>,
    pub verdict_after: &'a str,
    pub by: By<'a>,
    pub recorded_at: DateTime<Utc>,
}

pub(super) async fn insert_reply(conn: &mut PgConnection, new: &NewReply<'_>) -> Result<()> {
    sqlx::query!(
        "insert into consultation_reply (id, check_id, consultation_id, ordinal, number, replied_on, conclusion,
                                         conditions, body, document_id, corrects, verdict_after, replied_by_role,
                                         replied_by_division, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        new.id as ConsultationReplyId,
        new.check as LandCheckId,
        new.letter as Option<ConsultationId>,
        new.ordinal,
        new.number,
        new.replied_on as Day,
        new.conclusion,
        new.conditions,
        new.text,
        new.document as Option<DocumentId>,
        new.corrects,
        new.verdict_after,
        new.by.role,
        new.by.division,
        new.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Name and level of a division.
pub(super) async fn division_name(conn: &mut PgConnection, code: &str) -> Result<Option<(String, String)>> {
    let found = sqlx::query!("select name_zh, level from division where code = $1", code).fetch_optional(conn).await?;
    Ok(found.map(|row| (row.name_zh, row.level)))
}

/// What the inbox is narrowed to.
#[derive(Debug)]
pub(super) struct InboxFilter<'a> {
    pub scope: &'a Scope,
    /// `not_consulted`, `awaiting`, `overdue` or `replied`; all but the first when left out.
    pub status: Option<&'a str>,
    pub division: Option<&'a str>,
    /// The day asked about: papers of later days are not there yet.
    pub on: Day,
    pub known_at: Option<DateTime<Utc>>,
    pub before: Option<LandCheckId>,
    pub limit: i64,
}

/// A check of the inbox.
#[derive(Debug)]
pub(super) struct InboxRow {
    pub id: LandCheckId,
    pub number: String,
    pub division_code: String,
    pub checked_at: DateTime<Utc>,
    pub operation: String,
    pub verdict: String,
    pub reference: Option<String>,
    pub letter_number: Option<String>,
    pub addressed_to: Option<String>,
    pub sent_on: Option<Day>,
    pub deadline_id: Option<DeadlineId>,
    pub due_on: Option<Day>,
    pub provisional: Option<bool>,
    pub reply_number: Option<String>,
    pub replied_on: Option<Day>,
    pub conclusion: Option<String>,
    pub verdict_after: Option<String>,
    pub check_standing: Option<String>,
    pub status: String,
}

/// Checks that need a reply, the newest first: those asked about or answered, or with `not_consulted` the valid ones that are
/// neither.
pub(super) async fn inbox(conn: &mut PgConnection, filter: &InboxFilter<'_>) -> Result<Vec<InboxRow>> {
    Ok(sqlx::query_as!(
        InboxRow,
        r#"select c.id as "id: LandCheckId", c.number, c.division_code, c.checked_at, c.operation, c.verdict, c.reference,
                  k.number as "letter_number?", k.addressed_to as "addressed_to?", k.sent_on as "sent_on?: Day",
                  d.id as "deadline_id?: DeadlineId", d.due_on as "due_on?: Day", d.provisional as "provisional?",
                  r.number as "reply_number?", r.replied_on as "replied_on?: Day", r.conclusion as "conclusion?",
                  r.verdict_after as "verdict_after?", t.status as "check_standing?", s.status as "status!"
           from land_check c
           left join lateral (
               select t.status from land_check_standing t
               where t.check_id = c.id and ($5::timestamptz is null or t.since <= $5) order by t.seq desc limit 1) t on true
           left join lateral (
               select k.* from consultation k
               where k.check_id = c.id and k.sent_on <= $4 and ($5::timestamptz is null or k.recorded_at <= $5)
                 and not exists (select from consultation_withdrawal w
                                 where w.consultation_id = k.id and w.withdrawn_on <= $4
                                   and ($5::timestamptz is null or w.recorded_at <= $5))
               order by k.id desc limit 1) k on true
           left join lateral (
               select r.* from consultation_reply r
               where r.check_id = c.id and r.replied_on <= $4 and ($5::timestamptz is null or r.recorded_at <= $5)
               order by r.ordinal desc limit 1) r on true
           left join lateral (
               select d.id, d.due_on, d.provisional
               from (select id, due_on, provisional, sys_from from deadline
                     where subject_register = $6 and subject_id = c.id and rule = $7 and occasion = k.number
                     union all
                     select id, due_on, provisional, sys_from from deadline_history
                     where subject_register = $6 and subject_id = c.id and rule = $7 and occasion = k.number
                       and sys_to > $5) d
               where $5::timestamptz is null or d.sys_from <= $5 limit 1) d on true
           cross join lateral (select case when r.id is not null then 'replied'
                                           when k.id is null then 'not_consulted'
                                           when d.due_on < $4 then 'overdue'
                                           else 'awaiting' end as status) s
           where c.awaits_reply
             and ($5::timestamptz is null or c.checked_at <= $5)
             and ($1::text[] is null or c.division_code = any($1))
             and ($2::text is null or c.division_code in (select v.code from division v where v.ancestors @> array[$2]))
             and ($3::text = 'not_consulted'
                  or c.id in (select check_id from consultation union all select check_id from consultation_reply))
             and s.status <> all(case when $3 is null then array['not_consulted'] else '{}'::text[] end)
             and ($3 is null or s.status = $3)
             and (s.status <> 'not_consulted' or t.status is null)
             and ($8::uuid is null or c.id < $8)
           order by c.id desc
           limit $9"#,
        filter.scope.divisions(),
        filter.division,
        filter.status,
        filter.on as Day,
        filter.known_at,
        CHECKS,
        CLOCK,
        filter.before as Option<LandCheckId>,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Which checks of a quarter.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuarterFilter<'a> {
    pub scope: &'a Scope,
    /// This division and below.
    pub division: &'a str,
    /// Identifiers from the first on and below the second.
    pub identifiers: (LandCheckId, LandCheckId),
}

/// A check of a quarter.
pub(super) struct QuarterRow {
    pub id: LandCheckId,
    pub division_code: String,
    pub awaits_reply: bool,
    pub body: Vec<u8>,
    pub letter_number: Option<String>,
    pub sent_on: Option<Day>,
    pub due_on: Option<Day>,
    pub reply_number: Option<String>,
    pub replied_on: Option<Day>,
    pub conclusion: Option<String>,
    pub conditions: Option<String>,
    pub verdict_after: Option<String>,
}

/// Checks of a quarter in the order in which they were made, after one.
pub(super) async fn quarter_rows(
    conn: &mut PgConnection,
    filter: QuarterFilter<'_>,
    after: Option<LandCheckId>,
    limit: i64,
) -> Result<Vec<QuarterRow>> {
    Ok(sqlx::query_as!(
        QuarterRow,
        r#"select c.id as "id: LandCheckId", c.division_code, c.awaits_reply, c.body, k.number as "letter_number?",
                  k.sent_on as "sent_on?: Day", d.due_on as "due_on?: Day", r.number as "reply_number?",
                  r.replied_on as "replied_on?: Day", r.conclusion as "conclusion?", r.conditions as "conditions?",
                  r.verdict_after as "verdict_after?"
           from land_check c
           left join lateral (
               select k.* from consultation k
               where k.check_id = c.id
                 and not exists (select from consultation_withdrawal w where w.consultation_id = k.id)
               order by k.id desc limit 1) k on true
           left join lateral (
               select r.* from consultation_reply r where r.check_id = c.id order by r.ordinal desc limit 1) r on true
           left join deadline d on d.subject_register = $6 and d.subject_id = c.id and d.rule = $7 and d.occasion = k.number
           where c.division_code in (select v.code from division v where v.ancestors @> array[$2::text])
             and c.id >= greatest($3::uuid, $5) and c.id < $4 and ($5::uuid is null or c.id > $5)
             and ($1::text[] is null or c.division_code = any($1))
           order by c.id
           limit $8"#,
        filter.scope.divisions(),
        filter.division,
        filter.identifiers.0 as LandCheckId,
        filter.identifiers.1 as LandCheckId,
        after as Option<LandCheckId>,
        CHECKS,
        CLOCK,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// How many checks of an operation came to a verdict, and how their replies stand.
pub(super) struct QuarterCount {
    pub operation: String,
    pub verdict: String,
    pub state: String,
    pub n: i64,
}

/// Checks of a quarter, counted.
pub(super) async fn quarter_counts(
    conn: &mut PgConnection,
    filter: QuarterFilter<'_>,
    today: Day,
) -> Result<Vec<QuarterCount>> {
    Ok(sqlx::query_as!(
        QuarterCount,
        r#"select c.operation, c.verdict, s.state as "state!", count(*) as "n!"
           from land_check c
           left join lateral (
               select k.number from consultation k
               where c.awaits_reply and k.check_id = c.id
                 and not exists (select from consultation_withdrawal w where w.consultation_id = k.id)
               order by k.id desc limit 1) k on true
           left join lateral (
               select r.conclusion from consultation_reply r where c.awaits_reply and r.check_id = c.id
               order by r.ordinal desc limit 1) r on true
           left join deadline d on d.subject_register = $6 and d.subject_id = c.id and d.rule = $7 and d.occasion = k.number
           cross join lateral (select case when not c.awaits_reply then 'not_required'
                                           when r.conclusion is not null then r.conclusion
                                           when k.number is null then 'not_consulted'
                                           when d.due_on < $5 then 'overdue'
                                           else 'awaiting' end as state) s
           where c.division_code in (select v.code from division v where v.ancestors @> array[$2::text])
             and c.id >= $3 and c.id < $4
             and ($1::text[] is null or c.division_code = any($1))
           group by c.operation, c.verdict, s.state
           order by c.operation, c.verdict, s.state"#,
        filter.scope.divisions(),
        filter.division,
        filter.identifiers.0 as LandCheckId,
        filter.identifiers.1 as LandCheckId,
        today as Day,
        CHECKS,
        CLOCK,
    )
    .fetch_all(conn)
    .await?)
}

/// A quarter as it was shared, without its bytes.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub id: QuarterShareId,
    pub division_code: String,
    pub quarter: String,
    pub edition: i32,
    pub checks: i64,
    pub made_at: DateTime<Utc>,
    pub made_by_role: String,
    pub made_by_division: String,
    pub reason: Option<String>,
    pub sha256: Vec<u8>,
}

/// The edition that comes next for a division and a quarter; the division's row is held, so that two at once follow one
/// another.
pub(super) async fn next_edition(conn: &mut PgConnection, division: &str, quarter: &str) -> Result<i32> {
    sqlx::query!("select code from division where code = $1 for no key update", division)
        .fetch_optional(&mut *conn)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max(edition), 0) + 1 as "next!" from consultation_share
           where division_code = $1 and quarter = $2"#,
        division,
        quarter,
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn insert_share(conn: &mut PgConnection, share: &Share, body: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into consultation_share (id, division_code, quarter, edition, checks, made_at, made_by_role,
                                         made_by_division, reason, body, sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        share.id as QuarterShareId,
        share.division_code,
        share.quarter,
        share.edition,
        share.checks,
        share.made_at,
        share.made_by_role,
        share.made_by_division,
        share.reason,
        body,
        share.sha256,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The editions of a division's quarter, oldest first.
pub(super) async fn shares(conn: &mut PgConnection, division: &str, quarter: &str) -> Result<Vec<Share>> {
    Ok(sqlx::query_as!(
        Share,
        r#"select id as "id: QuarterShareId", division_code, quarter, edition, checks, made_at, made_by_role,
                  made_by_division, reason, sha256
           from consultation_share where division_code = $1 and quarter = $2 order by edition"#,
        division,
        quarter,
    )
    .fetch_all(conn)
    .await?)
}

/// A shared quarter with its bytes, within a scope.
pub(super) async fn share(
    conn: &mut PgConnection,
    scope: &Scope,
    id: QuarterShareId,
) -> Result<Option<(Share, Vec<u8>)>> {
    let found = sqlx::query!(
        r#"select id as "id: QuarterShareId", division_code, quarter, edition, checks, made_at, made_by_role,
                  made_by_division, reason, sha256, body
           from consultation_share where id = $1 and ($2::text[] is null or division_code = any($2))"#,
        id as QuarterShareId,
        scope.divisions(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| {
        let share = Share {
            id: row.id,
            division_code: row.division_code,
            quarter: row.quarter,
            edition: row.edition,
            checks: row.checks,
            made_at: row.made_at,
            made_by_role: row.made_by_role,
            made_by_division: row.made_by_division,
            reason: row.reason,
            sha256: row.sha256,
        };
        (share, row.body)
    }))
}
