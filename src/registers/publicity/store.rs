//! All SQL of the publicity tables. Of the clock that a duty started, only its last day is read beside them.

use crate::kernel::{Day, DeadlineId, DocumentId, Error, PublicityDutyId, Result, Text};
use crate::platform::Scope;
use crate::registers::deadline::Subject;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

pub(super) struct NewRow<'a> {
    pub id: PublicityDutyId,
    pub duty: &'a str,
    pub subject: &'a Subject,
    pub record_is_public: bool,
    pub occasion: &'a str,
    pub owed_by: &'a str,
    pub owed_since: Day,
    pub deadline_id: Option<DeadlineId>,
}

pub(super) async fn insert(conn: &mut PgConnection, row: &NewRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into publicity_duty (id, duty, subject_register, subject_id, subject_code, subject_name, division_code,
                                     owner_credit_code, record_is_public, occasion, owed_by, owed_since, deadline_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8,
                 $9 or exists (select from publicity_duty d
                               where d.subject_register = $3 and d.subject_id = $4 and d.record_is_public
                                 and d.released_on is null),
                 $10, $11, $12, $13)",
        row.id as PublicityDutyId,
        row.duty,
        row.subject.register,
        row.subject.id,
        row.subject.code,
        row.subject.name,
        row.subject.division_code,
        row.subject.owner_credit_code,
        row.record_is_public,
        row.occasion,
        row.owed_by,
        row.owed_since as Day,
        row.deadline_id as Option<DeadlineId>,
    )
    .execute(conn)
    .await
    .map_err(owed_already)?;
    Ok(())
}

fn owed_already(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(db) if db.constraint() == Some("publicity_duty_owed") => Error::conflict(
            "publicity_owed",
            Text::fixed("该记录的同一公开义务尚未履行。", "The same duty to make this record public is already owed."),
        ),
        other => other.into(),
    }
}

/// Where a duty is looked for.
pub(super) struct Key<'a> {
    pub register: &'a str,
    pub subject: Uuid,
    pub duty: &'a str,
    pub occasion: &'a str,
}

/// A duty, locked.
pub(super) struct Locked {
    pub id: PublicityDutyId,
    pub subject_code: String,
    pub division_code: String,
    pub owner_credit_code: Option<String>,
    pub record_is_public: bool,
    pub owed_since: Day,
    pub deadline_id: Option<DeadlineId>,
    pub first_shown_on: Option<Day>,
}

/// The duty of a key that was entered last, locked, released ones left out.
pub(super) async fn lock_latest(conn: &mut PgConnection, key: &Key<'_>) -> Result<Option<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"select id as "id: PublicityDutyId", subject_code, division_code, owner_credit_code, record_is_public,
                  owed_since as "owed_since: Day", deadline_id as "deadline_id: DeadlineId",
                  first_shown_on as "first_shown_on: Day"
           from publicity_duty
           where subject_register = $1 and subject_id = $2 and duty = $3 and occasion = $4 and released_on is null
           order by number desc limit 1 for update"#,
        key.register,
        key.subject,
        key.duty,
        key.occasion,
    )
    .fetch_optional(conn)
    .await?)
}

/// Lets a duty fall away.
pub(super) async fn release(conn: &mut PgConnection, id: PublicityDutyId, on: Day) -> Result<()> {
    sqlx::query!("update publicity_duty set released_on = $2 where id = $1", id as PublicityDutyId, on as Day)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets the first day from the publications that stand.
pub(super) async fn set_first_shown(conn: &mut PgConnection, id: PublicityDutyId) -> Result<Option<Day>> {
    sqlx::query_scalar!(
        r#"update publicity_duty d
           set first_shown_on = (select min(p.shown_from) from publicity_publication p
                                 where p.duty_id = d.id and not p.withdrawn)
           where d.id = $1
           returning d.first_shown_on as "first_shown_on: Day""#,
        id as PublicityDutyId,
    )
    .fetch_one(conn)
    .await
    .map_err(owed_already)
}

pub(super) struct NewPublication<'a> {
    pub id: Uuid,
    pub duty: PublicityDutyId,
    pub channel: &'a str,
    pub url: Option<&'a str>,
    pub from: Day,
    pub to: Option<Day>,
    pub at_least_until: Option<Day>,
    pub document_id: Option<DocumentId>,
}

/// Adds a publication behind the duty's others; gives its place.
pub(super) async fn add_publication(conn: &mut PgConnection, new: &NewPublication<'_>) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into publicity_publication (id, duty_id, seq, channel, url, shown_from, shown_to, at_least_until, document_id)
         values ($1, $2, (select coalesce(max(p.seq), 0) + 1 from publicity_publication p where p.duty_id = $2),
                 $3, $4, $5, $6, $7, $8)
         returning seq",
        new.id,
        new.duty as PublicityDutyId,
        new.channel,
        new.url,
        new.from as Day,
        new.to as Option<Day>,
        new.at_least_until as Option<Day>,
        new.document_id as Option<DocumentId>,
    )
    .fetch_one(conn)
    .await?)
}

/// Withdraws the last publication that stands; gives its place.
pub(super) async fn withdraw_last(conn: &mut PgConnection, duty: PublicityDutyId) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        "update publicity_publication set withdrawn = true
         where id = (select id from publicity_publication where duty_id = $1 and not withdrawn order by seq desc limit 1)
         returning seq",
        duty as PublicityDutyId,
    )
    .fetch_optional(conn)
    .await?)
}

/// Takes down what is still there after `on`; gives how many.
pub(super) async fn take_down(conn: &mut PgConnection, duty: PublicityDutyId, on: Day) -> Result<u64> {
    let done = sqlx::query!(
        "update publicity_publication set taken_down_on = $2
         where duty_id = $1 and not withdrawn and taken_down_on is null and shown_from <= $2
           and (shown_to is null or shown_to > $2)",
        duty as PublicityDutyId,
        on as Day,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Undoes what was taken down on that day.
pub(super) async fn put_back(conn: &mut PgConnection, duty: PublicityDutyId, on: Day) -> Result<u64> {
    let done = sqlx::query!(
        "update publicity_publication set taken_down_on = null where duty_id = $1 and not withdrawn and taken_down_on = $2",
        duty as PublicityDutyId,
        on as Day,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Keeps what duties say of their record in step with it; gives how many changed.
pub(super) async fn set_subject(conn: &mut PgConnection, subject: &Subject, is_public: bool) -> Result<u64> {
    let done = sqlx::query!(
        "update publicity_duty set subject_code = $3, subject_name = $4, division_code = $5, owner_credit_code = $6,
                                   record_is_public = $7
         where subject_register = $1 and subject_id = $2
           and (subject_code, subject_name, division_code, owner_credit_code, record_is_public)
               is distinct from ($3, $4, $5, $6, $7)",
        subject.register,
        subject.id,
        subject.code,
        subject.name,
        subject.division_code,
        subject.owner_credit_code,
        is_public,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A publication as read with its duty.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Publication {
    pub channel: String,
    pub url: Option<String>,
    pub shown_from: Day,
    pub shown_to: Option<Day>,
    pub taken_down_on: Option<Day>,
    pub at_least_until: Option<Day>,
    pub document_id: Option<DocumentId>,
}

/// A duty as stored, with the publications that began by the day asked.
#[derive(Debug, Clone)]
pub(super) struct Duty {
    pub id: PublicityDutyId,
    pub duty: String,
    pub subject_register: String,
    pub subject_id: Uuid,
    pub subject_code: String,
    pub subject_name: String,
    pub division_code: String,
    pub division_name: String,
    pub occasion: String,
    pub owed_by: String,
    pub owed_since: Day,
    pub released_on: Option<Day>,
    pub deadline_id: Option<DeadlineId>,
    pub due_on: Day,
    pub due_provisional: bool,
    /// The last day is past, whether or not the duty was done by then.
    pub late: bool,
    pub publications: Json<Vec<Publication>>,
}

/// What a list is asked for. `open` are the duties whose audience is everybody, `lists` those that make a public list.
pub(super) struct Filter<'a> {
    pub on: Day,
    pub scope: &'a Scope,
    pub statuses: Option<&'a [String]>,
    /// A division: it and all below it.
    pub division: Option<&'a str>,
    pub owed_by: Option<&'a str>,
    pub duty: Option<&'a str>,
    pub subject: Option<Uuid>,
    pub overdue: Option<bool>,
    pub met: Option<bool>,
    pub open: &'a [String],
    pub lists: &'a [String],
}

/// A page in the order in which duties arose, after the row with that key.
pub(super) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<(Day, Uuid)>,
    limit: i64,
) -> Result<Vec<Duty>> {
    let (after_day, after_id) = after.unzip();
    Ok(sqlx::query_as!(
        Duty,
        r#"select d.id as "id: PublicityDutyId", d.duty, d.subject_register, d.subject_id, d.subject_code, d.subject_name,
                  d.division_code, coalesce(v.name_zh, d.division_code) as "division_name!", d.occasion, d.owed_by,
                  d.owed_since as "owed_since: Day", d.released_on as "released_on: Day",
                  d.deadline_id as "deadline_id: DeadlineId",
                  coalesce(deadline_due_then(c.due_on, c.changes, $1), d.owed_since) as "due_on!: Day", coalesce(c.provisional, false) as "due_provisional!",
                  publicity_is_late(d.owed_since, c.due_on, c.changes, $1) as "late!",
                  (select coalesce(json_agg(json_build_object(
                              'channel', p.channel, 'url', p.url, 'shown_from', p.shown_from, 'shown_to', p.shown_to,
                              'taken_down_on', p.taken_down_on, 'at_least_until', p.at_least_until,
                              'document_id', p.document_id) order by p.seq), '[]')
                   from publicity_publication p
                   where p.duty_id = d.id and not p.withdrawn and p.shown_from <= $1)
                      as "publications!: Json<Vec<Publication>>"
           from publicity_duty d
           cross join lateral publicity_status(d.id, d.released_on, $1) s
           left join deadline c on c.id = d.deadline_id
           left join division v on v.code = d.division_code
           where d.owed_since <= $1
             and ($2::text[] is null or d.division_code = any($2))
             and ($3::text is null or d.owner_credit_code = $3)
             and (not $4 or (s.status = 'on_display' and d.duty = any($5) and (d.record_is_public or d.duty = any($6))))
             and ($7::text is null
                  or d.division_code in (select w.code from division w where w.ancestors @> array[$7::text]))
             and ($8::text is null or d.owed_by = $8)
             and ($9::text is null or d.duty = $9)
             and ($10::uuid is null or d.subject_id = $10)
             and ($11::text[] is null or s.status = any($11))
             and ($12::boolean is null or (s.met = $12 and s.status <> 'released'))
             and ($13::boolean is null
                  or (s.status in ('owed', 'taken_down_early') and publicity_is_late(d.owed_since, c.due_on, c.changes, $1)) = $13)
             and ($14::date is null or (d.owed_since, d.id) > ($14, $15))
           order by d.owed_since, d.id
           limit $16"#,
        filter.on as Day,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.scope.is_public(),
        filter.open,
        filter.lists,
        filter.division,
        filter.owed_by,
        filter.duty,
        filter.subject,
        filter.statuses,
        filter.met,
        filter.overdue,
        after_day as Option<Day>,
        after_id,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// How many duties stand where, whatever statuses are asked for.
pub(super) async fn counts(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select s.status as "status!", count(*) as "n!"
           from publicity_duty d
           cross join lateral publicity_status(d.id, d.released_on, $1) s
           left join deadline c on c.id = d.deadline_id
           where d.owed_since <= $1
             and ($2::text[] is null or d.division_code = any($2))
             and ($3::text is null or d.owner_credit_code = $3)
             and (not $4 or (s.status = 'on_display' and d.duty = any($5) and (d.record_is_public or d.duty = any($6))))
             and ($7::text is null
                  or d.division_code in (select w.code from division w where w.ancestors @> array[$7::text]))
             and ($8::text is null or d.owed_by = $8)
             and ($9::text is null or d.duty = $9)
             and ($10::uuid is null or d.subject_id = $10)
             and ($11::boolean is null or (s.met = $11 and s.status <> 'released'))
             and ($12::boolean is null
                  or (s.status in ('owed', 'taken_down_early') and publicity_is_late(d.owed_since, c.due_on, c.changes, $1)) = $12)
           group by 1"#,
        filter.on as Day,
        filter.scope.divisions(),
        filter.scope.own_credit_code(),
        filter.scope.is_public(),
        filter.open,
        filter.lists,
        filter.division,
        filter.owed_by,
        filter.duty,
        filter.subject,
        filter.met,
        filter.overdue,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.n)).collect())
}

/// How many publications the public sees in a division.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub division_code: String,
    pub division_name: String,
    pub n: i64,
}

/// Where there is something that the public sees, in a division and below, or anywhere.
pub(super) async fn places(
    conn: &mut PgConnection,
    on: Day,
    division: Option<&str>,
    open: &[String],
    lists: &[String],
) -> Result<Vec<Place>> {
    Ok(sqlx::query_as!(
        Place,
        r#"select d.division_code, coalesce(v.name_zh, d.division_code) as "division_name!", count(*) as "n!"
           from publicity_duty d
           cross join lateral publicity_status(d.id, d.released_on, $1) s
           left join division v on v.code = d.division_code
           where d.owed_since <= $1
             and s.status = 'on_display' and d.duty = any($3) and (d.record_is_public or d.duty = any($4))
             and ($2::text is null
                  or d.division_code in (select w.code from division w where w.ancestors @> array[$2::text]))
           group by 1, 2
           order by 1"#,
        on as Day,
        division,
        open,
        lists,
    )
    .fetch_all(conn)
    .await?)
}

/// What one bureau, or the land users of one division, have not made public.
#[derive(Debug, Clone)]
pub(super) struct Unmet {
    pub division_code: String,
    pub division_name: String,
    pub owed_by: String,
    pub duties: i64,
    pub owed: i64,
    pub taken_down_early: i64,
    pub too_short: i64,
    pub overdue: i64,
    pub oldest_since: Day,
    pub oldest_due_on: Day,
}

/// Unmet duties by bureau: by division of a level and by who owes them. Without a level each is counted where who owes it
/// sits: a prefecture's duties with the prefecture. A record's own division stands where it has none of the level.
pub(super) async fn unmet(
    conn: &mut PgConnection,
    on: Day,
    scope: &Scope,
    division: Option<&str>,
    level: Option<&str>,
) -> Result<Vec<Unmet>> {
    Ok(sqlx::query_as!(
        Unmet,
        r#"select coalesce(b.code, d.division_code) as "division_code!",
                  coalesce(b.name_zh, d.division_code) as "division_name!", d.owed_by,
                  count(*) as "duties!", count(*) filter (where s.status = 'owed') as "owed!",
                  count(*) filter (where s.status = 'taken_down_early') as "taken_down_early!",
                  count(*) filter (where s.status = 'on_display') as "too_short!",
                  count(*) filter (where s.status in ('owed', 'taken_down_early')
                                     and publicity_is_late(d.owed_since, c.due_on, c.changes, $1)) as "overdue!",
                  min(d.owed_since) as "oldest_since!: Day", min(coalesce(deadline_due_then(c.due_on, c.changes, $1), d.owed_since)) as "oldest_due_on!: Day"
           from publicity_duty d
           cross join lateral publicity_status(d.id, d.released_on, $1) s
           left join deadline c on c.id = d.deadline_id
           left join division v on v.code = d.division_code
           left join division b on b.code = any(v.ancestors)
                and b.level = coalesce($5::text, case d.owed_by when 'prefecture_ecology' then 'prefecture'
                                                                when 'province_ecology' then 'province' else 'county' end)
           where d.owed_since <= $1
             and s.status <> 'released' and not s.met
             and ($2::text[] is null or d.division_code = any($2))
             and ($3::text is null or d.owner_credit_code = $3)
             and ($4::text is null
                  or d.division_code in (select w.code from division w where w.ancestors @> array[$4::text]))
           group by 1, 2, 3
           order by 1, 3"#,
        on as Day,
        scope.divisions(),
        scope.own_credit_code(),
        division,
        level,
    )
    .fetch_all(conn)
    .await?)
}
