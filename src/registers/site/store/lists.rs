//! SQL of the three lists' history and of the negative list.

use super::super::rules::{List, RiskGrade};
use crate::kernel::{Day, DocumentId, Result, SiteId, ids};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An entry in a list, to be written.
#[derive(Debug, Clone)]
pub(in super::super) struct NewEntry {
    pub site_id: SiteId,
    pub list: List,
    pub on: Option<Day>,
    pub seq: i32,
    /// The grade that the directory carries from the entry on.
    pub risk_grade: Option<RiskGrade>,
}

/// Writes entries, however many, with their first grades, in two statements.
pub(in super::super) async fn enter(conn: &mut PgConnection, now: DateTime<Utc>, rows: &[NewEntry]) -> Result<()> {
    fn each<'a, T>(rows: &'a [NewEntry], value: impl Fn(&'a NewEntry) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<Uuid> = rows.iter().map(|_| ids::v7(now)).collect();
    sqlx::query!(
        "insert into site_list_entry (id, site_id, list, entered_on, entered_seq)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::int4[])",
        &keys,
        &each(rows, |row| row.site_id.0),
        &each(rows, |row| row.list.as_str()) as &[&str],
        &each(rows, |row| row.on) as &[Option<Day>],
        &each(rows, |row| row.seq),
    )
    .execute(&mut *conn)
    .await?;
    let graded: Vec<(Uuid, &NewEntry, RiskGrade)> =
        keys.iter().zip(rows).filter_map(|(key, row)| Some((*key, row, row.risk_grade?))).collect();
    if graded.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into site_list_grade (id, entry_id, risk_grade, since, seq)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::int4[])",
        &graded.iter().map(|_| ids::v7(now)).collect::<Vec<_>>(),
        &graded.iter().map(|(key, ..)| *key).collect::<Vec<_>>(),
        &graded.iter().map(|(_, _, grade)| grade.as_str()).collect::<Vec<_>>() as &[&str],
        &graded.iter().map(|(_, row, _)| row.on).collect::<Vec<_>>() as &[Option<Day>],
        &graded.iter().map(|(_, row, _)| row.seq).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the open entry of a site; whether there was one.
pub(in super::super) async fn leave(
    conn: &mut PgConnection,
    (site, list): (SiteId, List),
    on: Option<Day>,
    seq: i32,
    because: Option<&str>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update site_list_entry set left_on = $3, left_seq = $4, left_because = $5
         where site_id = $1 and list = $2 and left_seq is null and not withdrawn",
        site as SiteId,
        list.as_str(),
        on as Option<Day>,
        seq,
        because,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Opens the entry again that was ended last; whether there was one.
pub(in super::super) async fn reinstate(conn: &mut PgConnection, site: SiteId, list: List) -> Result<bool> {
    let done = sqlx::query!(
        "update site_list_entry set left_on = null, left_seq = null, left_because = null
         where id = (select e.id from site_list_entry e
                     where e.site_id = $1 and e.list = $2 and e.left_seq is not null and not e.withdrawn
                     order by e.left_seq desc limit 1)",
        site as SiteId,
        list.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the open entry of a site as one that never was; whether there was one.
pub(in super::super) async fn withdraw(conn: &mut PgConnection, site: SiteId, list: List) -> Result<bool> {
    let done = sqlx::query!(
        "update site_list_entry set withdrawn = true
         where site_id = $1 and list = $2 and left_seq is null and not withdrawn",
        site as SiteId,
        list.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Grades the open entry in the directory; whether there is one.
pub(in super::super) async fn grade(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    site: SiteId,
    grade: RiskGrade,
    since: Option<Day>,
    seq: i32,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into site_list_grade (id, entry_id, risk_grade, since, seq)
         select $1, e.id, $3, coalesce($4, e.entered_on), $5 from site_list_entry e
         where e.site_id = $2 and e.list = 'contaminated_directory' and e.left_seq is null and not e.withdrawn",
        ids::v7(now),
        site as SiteId,
        grade.as_str(),
        since as Option<Day>,
        seq,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the last grading of a site as one that never was; whether there was one.
pub(in super::super) async fn withdraw_grade(conn: &mut PgConnection, site: SiteId) -> Result<bool> {
    let done = sqlx::query!(
        "update site_list_grade set withdrawn = true
         where id = (select g.id from site_list_grade g join site_list_entry e on e.id = g.entry_id
                     where e.site_id = $1 and not g.withdrawn order by g.seq desc limit 1)",
        site as SiteId,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A site as it stands on a list.
#[derive(Debug, Clone)]
pub(in super::super) struct Line {
    pub entry_id: Uuid,
    pub site_id: SiteId,
    pub code: String,
    pub national_code: Option<String>,
    pub directory_code: Option<String>,
    pub name: String,
    pub division_code: String,
    pub division_name: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub former_industry: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub entered_on: Option<Day>,
    pub left_on: Option<Day>,
    pub risk_grade: Option<String>,
    /// `None`: the site was on the list that day, and at which stage nobody said.
    pub stage: Option<String>,
    pub control_mode: Option<String>,
    pub stage_since: Option<Day>,
    pub area_m2: f64,
    pub invented: bool,
    pub lon: f64,
    pub lat: f64,
    pub wkb: Vec<u8>,
}

/// Which lines of a list.
#[derive(Debug, Clone)]
pub(in super::super) struct Question {
    pub list: List,
    /// The day on which it is asked who was on the list.
    pub on: Day,
    /// What the registry knew at this instant; `None`: all that it knows.
    pub known_at: Option<DateTime<Utc>>,
    pub scope: Scope,
    /// This division and all below it.
    pub division: Option<String>,
    pub risk_grade: Option<RiskGrade>,
    /// After which code and entry to go on.
    pub after: (String, Uuid),
    /// `None`: all.
    pub limit: Option<i64>,
}

/// Lines from a table of them named `q`.
macro_rules! lines {
    ([$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Line,
            r#"select q.entry_id as "entry_id!", q.site_id as "site_id!: SiteId", q.code as "code!", q.national_code,
                      q.directory_code, q.name as "name!", q.division_code as "division_code!",
                      q.division_name as "division_name!", q.address, q.land_user_name, q.land_user_credit_code,
                      q.former_industry, q.land_use_system, q.land_use_code, q.entered_on as "entered_on: Day",
                      q.left_on as "left_on: Day", q.risk_grade, q.stage, q.control_mode, q.stage_since as "stage_since: Day",
                      q.area_m2 as "area_m2!", q.invented as "invented!", q.lon as "lon!", q.lat as "lat!", q.wkb as "wkb!""# + $($rest)+
            $(, $arg)*
        )
    };
}

/// The lines of a list, by code, as they come from the database.
///
/// Stage and grade are those of the day asked: of the versions of a site known then, the last whose stage began by that day
/// says it, because a later version that knew better began its stage no later. What was voided since is shown to
/// departments only.
pub(in super::super) fn lines<'a>(
    conn: &'a mut PgConnection,
    q: &'a Question,
) -> BoxStream<'a, std::result::Result<Line, sqlx::Error>> {
    let lines = async move {
        // A plan for whatever limit and filters cannot know that a page is short, and reads the whole list. Compiling the
        // statement takes seconds, and running it milliseconds.
        sqlx::query!(
            "select set_config('plan_cache_mode', 'force_custom_plan', true) as plan, set_config('jit', 'off', true) as jit"
        )
        .fetch_one(&mut *conn)
        .await?;
        Ok::<_, sqlx::Error>(match q.known_at {
            None => lines_now(conn, q),
            Some(at) => lines_known(conn, q, at),
        })
    };
    stream::once(lines).try_flatten().boxed()
}

/// What the registry knows. The page is picked by code first, from the tables as they stand, and geometry, grade and stage
/// are read of its rows only.
fn lines_now<'a>(conn: &'a mut PgConnection, q: &'a Question) -> BoxStream<'a, std::result::Result<Line, sqlx::Error>> {
    lines!(
        [" from (
               select e.entry_id, e.site_id, s.code, s.national_code, s.directory_code, s.name, s.division_code,
                      d.name_zh as division_name, s.address, s.land_user_name, s.land_user_credit_code,
                      s.former_industry, s.land_use_system, s.land_use_code, e.entered_on, e.left_on,
                      case when e.list = 'suspected_list' then null else (
                          select g.risk_grade from site_list_grade g join site_list_entry of on of.id = g.entry_id
                          where of.site_id = e.site_id and (e.list = 'control_list' or of.id = e.entry_id)
                            and not g.withdrawn and coalesce(g.since, '-infinity'::date) <= $2
                          order by g.seq desc limit 1) end as risk_grade,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $2 then s.stage else b.stage end as stage,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $2 then s.control_mode
                           else b.control_mode end as control_mode,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $2 then s.stage_since
                           else b.stage_since end as stage_since,
                      s.area_m2, s.invented, st_x(st_centroid(s.geom)) as lon, st_y(st_centroid(s.geom)) as lat,
                      st_asbinary(s.geom) as wkb
               from (select e.id as entry_id, e.site_id, s.code, e.list, e.entered_on, e.left_on
                     from site_list_entry e join site s on s.id = e.site_id
                     where e.list = $1 and not e.withdrawn
                       and coalesce(e.entered_on, '-infinity'::date) <= $2
                       and case when e.left_seq is null then 'infinity'::date else e.left_on end > $2
                       and ($3::text[] is null or s.division_code = any($3))
                       and ($4::text is null or $4 in (s.land_user_credit_code, s.liable_party_credit_code))
                       and ($5::text is null
                            or s.division_code = any(array(
                                select v.code from division v where v.ancestors @> array[$5::text])))
                       and ($6::text is null or e.list <> 'suspected_list' and exists (
                            select from (
                                select g.risk_grade from site_list_grade g join site_list_entry of on of.id = g.entry_id
                                where of.site_id = e.site_id and (e.list = 'control_list' or of.id = e.id)
                                  and not g.withdrawn and coalesce(g.since, '-infinity'::date) <= $2
                                order by g.seq desc limit 1) last
                            where last.risk_grade = $6))
                       and s.code >= $7::text collate \"C\"
                       and (s.code, e.id) > ($7::text collate \"C\", $8)
                     order by s.code, e.id
                     limit $9) e
                   join site s on s.id = e.site_id
                   join division d on d.code = s.division_code
                   left join lateral (
                       select v.stage, v.control_mode, v.stage_since from site_history v
                       where s.stage_since > $2 and v.id = e.site_id and coalesce(v.stage_since, '-infinity'::date) <= $2
                       order by v.revision desc limit 1) b on true
           ) q
           order by q.code, q.entry_id"],
        q.list.as_str(),
        q.on as Day,
        q.scope.divisions(),
        q.scope.own_credit_code(),
        q.division.as_deref(),
        q.risk_grade.map(RiskGrade::as_str),
        q.after.0,
        q.after.1,
        q.limit,
    )
    .fetch(conn)
}

/// What the registry knew at an instant.
fn lines_known<'a>(
    conn: &'a mut PgConnection,
    q: &'a Question,
    at: DateTime<Utc>,
) -> BoxStream<'a, std::result::Result<Line, sqlx::Error>> {
    let departments = matches!(q.scope, Scope::All | Scope::Divisions(_));
    lines!(
        [" from (
               select e.id as entry_id, e.site_id, s.code, s.national_code, s.directory_code, s.name, s.division_code,
                      d.name_zh as division_name, s.address, s.land_user_name, s.land_user_credit_code,
                      s.former_industry, s.land_use_system, s.land_use_code, e.entered_on, e.left_on,
                      case when e.list = 'suspected_list' then null else (
                          select g.risk_grade
                          from (select * from site_list_grade union all select * from site_list_grade_history) g
                              join site_list_entry of on of.id = g.entry_id
                          where of.site_id = e.site_id and (e.list = 'control_list' or of.id = e.id)
                            and g.sys_from <= $2
                            and (g.sys_to is null or g.sys_to > $2)
                            and not g.withdrawn and coalesce(g.since, '-infinity'::date) <= $3
                          order by g.seq desc limit 1) end as risk_grade,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $3 then s.stage else b.stage end as stage,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $3 then s.control_mode
                           else b.control_mode end as control_mode,
                      case when coalesce(s.stage_since, '-infinity'::date) <= $3 then s.stage_since
                           else b.stage_since end as stage_since,
                      s.area_m2, s.invented, st_x(st_centroid(s.geom)) as lon, st_y(st_centroid(s.geom)) as lat,
                      st_asbinary(s.geom) as wkb
               from (select * from site_list_entry where list = $1
                     union all
                     select * from site_list_entry_history
                     where list = $1 and sys_to > $2) e
                   join site now on now.id = e.site_id
                   cross join lateral (
                       select * from site v
                       where v.id = e.site_id and v.sys_from <= $2
                       union all
                       select * from site_history v
                       where v.id = e.site_id and v.sys_from <= $2
                         and v.sys_to > $2) s
                   join division d on d.code = s.division_code
                   left join lateral (
                       select v.stage, v.control_mode, v.stage_since from site_history v
                       where s.stage_since > $3 and v.id = e.site_id
                         and v.sys_from <= $2
                         and coalesce(v.stage_since, '-infinity'::date) <= $3
                       order by v.revision desc limit 1) b on true
               where e.sys_from <= $2
                 and not e.withdrawn
                 and coalesce(e.entered_on, '-infinity'::date) <= $3
                 and (e.left_seq is null or e.left_on > $3)
                 and ($4::text[] is null or (s.division_code = any($4) and now.division_code = any($4)))
                 and ($5::text is null or ($5 in (s.land_user_credit_code, s.liable_party_credit_code)
                                           and $5 in (now.land_user_credit_code, now.liable_party_credit_code)))
                 and ($6 or exists (select 1 from site_list_entry n where n.id = e.id and not n.withdrawn))
                 and ($7::text is null
                      or s.division_code in (select v.code from division v where v.ancestors @> array[$7::text]))
           ) q
           where ($8::text is null or q.risk_grade = $8)
             and (q.code, q.entry_id) > ($9::text collate \"C\", $10)
           order by q.code, q.entry_id
           limit $11"],
        q.list.as_str(),
        at,
        q.on as Day,
        q.scope.divisions(),
        q.scope.own_credit_code(),
        departments,
        q.division.as_deref(),
        q.risk_grade.map(RiskGrade::as_str),
        q.after.0,
        q.after.1,
        q.limit,
    )
    .fetch(conn)
}

/// How many sites that a caller may see are on a list on a day, by grade (`None`: not graded).
pub(in super::super) async fn count(
    conn: &mut PgConnection,
    list: List,
    scope: &Scope,
    on: Day,
) -> Result<Vec<(Option<String>, i64)>> {
    let rows = sqlx::query!(
        r#"select case when e.list = 'suspected_list' then null else (
                      select g.risk_grade from site_list_grade g join site_list_entry of on of.id = g.entry_id
                      where of.site_id = e.site_id and (e.list = 'control_list' or of.id = e.id)
                        and not g.withdrawn and coalesce(g.since, '-infinity'::date) <= $4
                      order by g.seq desc limit 1) end as risk_grade,
                  count(*) as "n!"
           from site_list_entry e join site s on s.id = e.site_id
           where e.list = $1 and not e.withdrawn and (e.left_seq is null or e.left_on > $4)
             and coalesce(e.entered_on, '-infinity'::date) <= $4
             and ($2::text[] is null or s.division_code = any($2))
             and ($3::text is null or $3 in (s.land_user_credit_code, s.liable_party_credit_code))
           group by 1 order by 1"#,
        list.as_str(),
        scope.divisions(),
        scope.own_credit_code(),
        on as Day,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.risk_grade, row.n)).collect())
}

/// A stay of a site on a list, as known now.
#[derive(Debug, Clone)]
pub(in super::super) struct Stay {
    pub id: Uuid,
    pub entered_on: Option<Day>,
    pub entered_seq: i32,
    pub left_on: Option<Day>,
    pub left_seq: Option<i32>,
    pub left_because: Option<String>,
    pub left_by: Option<String>,
    pub withdrawn: bool,
    pub recorded_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

/// A grade of a stay.
#[derive(Debug, Clone)]
pub(in super::super) struct Grade {
    pub entry_id: Uuid,
    pub risk_grade: String,
    pub since: Option<Day>,
    pub seq: i32,
    pub withdrawn: bool,
}

/// The stays of a site on a list, oldest first, with the type of the event that ended each.
pub(in super::super) async fn stays(conn: &mut PgConnection, site: SiteId, list: List) -> Result<Vec<Stay>> {
    Ok(sqlx::query_as!(
        Stay,
        r#"select e.id, e.entered_on as "entered_on: Day", e.entered_seq, e.left_on as "left_on: Day", e.left_seq,
                  e.left_because, (select v.type from site_event v where v.site_id = e.site_id and v.seq = e.left_seq) as left_by,
                  e.withdrawn,
                  coalesce((select min(h.sys_from) from site_list_entry_history h where h.id = e.id), e.sys_from)
                      as "recorded_at!",
                  e.sys_from as "changed_at"
           from site_list_entry e where e.site_id = $1 and e.list = $2 order by e.entered_seq, e.id"#,
        site as SiteId,
        list.as_str(),
    )
    .fetch_all(conn)
    .await?)
}

/// The grades of a site's stays in the directory, oldest first.
pub(in super::super) async fn grades(conn: &mut PgConnection, site: SiteId) -> Result<Vec<Grade>> {
    Ok(sqlx::query_as!(
        Grade,
        r#"select g.entry_id, g.risk_grade, g.since as "since: Day", g.seq, g.withdrawn
           from site_list_grade g join site_list_entry e on e.id = g.entry_id
           where e.site_id = $1 order by g.seq, g.id"#,
        site as SiteId,
    )
    .fetch_all(conn)
    .await?)
}

/// A use barred on a site's land, with its papers.
#[derive(Debug, Clone)]
pub(in super::super) struct Barred {
    pub id: Uuid,
    pub use_system: String,
    pub code_prefix: String,
    pub why: Option<String>,
    pub since: Option<Day>,
    pub until: Option<Day>,
    pub document_id: Option<DocumentId>,
    pub lifted_why: Option<String>,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
}

/// The uses barred on a site's land: on a day (`None`: ever), as known at an instant (`None`: now).
pub(in super::super) async fn barred(
    conn: &mut PgConnection,
    site: SiteId,
    on: Option<Day>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Barred>> {
    Ok(sqlx::query_as!(
        Barred,
        r#"select b.id as "id!", b.use_system as "use_system!", b.code_prefix as "code_prefix!", b.why,
                  b.since as "since: Day", b.until as "until: Day", b.document_id as "document_id: DocumentId",
                  b.lifted_why, b.revision as "revision!", b.sys_from as "sys_from!"
           from (select * from site_negative_list union all select * from site_negative_list_history) b
           where b.site_id = $1
             and b.sys_from <= coalesce($3, 'infinity'::timestamptz)
             and (b.sys_to is null or b.sys_to > coalesce($3, 'infinity'::timestamptz))
             and ($2::date is null or (coalesce(b.since, '-infinity'::date) <= $2
                                       and coalesce(b.until, 'infinity'::date) >= $2))
           order by b.use_system, b.code_prefix, b.since nulls first, b.id"#,
        site as SiteId,
        on as Option<Day>,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// Bars a use.
pub(in super::super) async fn bar(
    conn: &mut PgConnection,
    site: SiteId,
    id: Uuid,
    (system, code): (&str, &str),
    why: &str,
    since: Day,
    document: Option<DocumentId>,
) -> Result<()> {
    sqlx::query!(
        "insert into site_negative_list (id, site_id, use_system, code_prefix, why, since, document_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        site as SiteId,
        system,
        code,
        why,
        since as Day,
        document as Option<DocumentId>,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lifts a bar: `until` is the last day on which it holds.
pub(in super::super) async fn lift(conn: &mut PgConnection, id: Uuid, until: Day, why: &str) -> Result<()> {
    sqlx::query!("update site_negative_list set until = $2, lifted_why = $3 where id = $1", id, until as Day, why)
        .execute(conn)
        .await?;
    Ok(())
}

/// Identifiers of divisions by their codes.
pub(in super::super) async fn divisions(conn: &mut PgConnection, codes: &[String]) -> Result<BTreeMap<String, Uuid>> {
    let rows = sqlx::query!("select code, id from division where code = any($1)", codes).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.code, row.id)).collect())
}
