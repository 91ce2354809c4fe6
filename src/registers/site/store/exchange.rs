//! SQL of the exchange of lists between departments.

use super::lists::Line;
use crate::kernel::{ActId, Day, Result, SiteId};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// An exchange.
#[derive(Debug, Clone)]
pub(in super::super) struct Exchange {
    pub id: Uuid,
    pub division_code: String,
    pub division_name: String,
    pub number: i32,
    pub from_day: Option<Day>,
    pub to_day: Day,
    pub cut_at: DateTime<Utc>,
    pub made_at: DateTime<Utc>,
    pub made_by: String,
}

/// Locks a division's series until the act is over, and gives its next number with the exchange before it.
pub(in super::super) async fn next(conn: &mut PgConnection, division: &str) -> Result<(i32, Option<Exchange>)> {
    let number = sqlx::query_scalar!(
        "insert into site_exchange_series (division_code, last) values ($1, 1)
         on conflict (division_code) do update set last = site_exchange_series.last + 1
         returning last",
        division,
    )
    .fetch_one(&mut *conn)
    .await?;
    let before = sqlx::query_as!(
        Exchange,
        r#"select x.id, x.division_code, d.name_zh as division_name, x.number, x.from_day as "from_day: Day",
                  x.to_day as "to_day: Day", x.cut_at, x.made_at, x.made_by
           from site_exchange x join division d on d.code = x.division_code
           where x.division_code = $1 and x.number = $2 - 1"#,
        division,
        number,
    )
    .fetch_optional(conn)
    .await?;
    Ok((number, before))
}

/// Writes an exchange's head.
pub(in super::super) async fn insert(conn: &mut PgConnection, x: &Exchange, act: ActId) -> Result<()> {
    sqlx::query!(
        "insert into site_exchange (id, division_code, number, from_day, to_day, cut_at, made_at, act_id, made_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        x.id,
        x.division_code,
        x.number,
        x.from_day as Option<Day>,
        x.to_day as Day,
        x.cut_at,
        x.made_at,
        act as ActId,
        x.made_by,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Freezes what differs between what the division was told of each entry last and what the registry knew at `known_at`
/// (`None`: knows now). Told is compared with known entry by entry, and not one instant with another: an act that lasted
/// later than its own instant is in the next exchange, and never in two. `baseline` takes it for told and tells nothing.
pub(in super::super) async fn freeze(
    conn: &mut PgConnection,
    exchange: Uuid,
    division: &str,
    known_at: Option<DateTime<Utc>>,
    baseline: bool,
) -> Result<u64> {
    // Compiling the statement takes seconds, and running it a fraction of one; set until the act is over.
    sqlx::query!("select set_config('jit', 'off', true) as jit").fetch_one(&mut *conn).await?;
    let done = sqlx::query!(
        r#"with told as (
               select distinct on (r.entry_id) r.*
               from site_exchange_row r join site_exchange x on x.id = r.exchange_id
               where x.division_code = $2
               order by r.entry_id, x.number desc, r.n desc),
           here as materialized (select v.code from division v where v.ancestors @> array[$2::text]),
           -- The sites inside as known then, and those that the division was told of: of no other can anything be told.
           concerned as materialized (
               select v.id from site v
               where v.division_code in (select code from here) and v.sys_from <= coalesce($3, 'infinity'::timestamptz)
               union
               select v.id from site_history v
               where v.division_code in (select code from here) and v.sys_from <= coalesce($3, 'infinity'::timestamptz)
                 and v.sys_to > coalesce($3, 'infinity'::timestamptz)
               union
               select t.site_id from told t),
           entry as (
               select e.* from (select * from site_list_entry union all select * from site_list_entry_history) e
               where e.site_id in (select c.id from concerned c)
                 and e.sys_from <= coalesce($3, 'infinity'::timestamptz)
                 and (e.sys_to is null or e.sys_to > coalesce($3, 'infinity'::timestamptz))),
           known as (
               select e.id as entry_id, e.list, e.entered_on, e.left_on, e.left_seq, e.withdrawn,
                      s.id as site_id, s.code, s.national_code, s.directory_code, s.name, s.division_code,
                      d.name_zh as division_name, s.address, s.land_user_name, s.land_user_credit_code, s.former_industry,
                      s.land_use_system, s.land_use_code, s.stage, s.control_mode, s.stage_since, s.area_m2, s.invented,
                      s.geom, s.division_code in (select code from here) as inside,
                      case when e.list = 'suspected_list' then null else (
                          select g.risk_grade
                          from (select * from site_list_grade union all select * from site_list_grade_history) g
                              join site_list_entry of on of.id = g.entry_id
                          where of.site_id = e.site_id and (e.list = 'control_list' or of.id = e.id)
                            and g.sys_from <= coalesce($3, 'infinity'::timestamptz)
                            and (g.sys_to is null or g.sys_to > coalesce($3, 'infinity'::timestamptz))
                            and not g.withdrawn
                          order by g.seq desc limit 1) end as risk_grade
               from entry e
                   cross join lateral (
                       select * from site v
                       where v.id = e.site_id and v.sys_from <= coalesce($3, 'infinity'::timestamptz)
                       union all
                       select * from site_history v
                       where v.id = e.site_id and v.sys_from <= coalesce($3, 'infinity'::timestamptz)
                         and v.sys_to > coalesce($3, 'infinity'::timestamptz)) s
                   join division d on d.code = s.division_code),
           change as (
               select k.*, t.risk_grade as risk_grade_before, t.stage as stage_before,
                      t.control_mode as control_mode_before, c.change, c.rank
               from known k
                   left join told t on t.entry_id = k.entry_id
                   cross join lateral (select t.entry_id is not null and t.change <> 'moved_out' as was_told) w
                   cross join lateral (values
                       ('baseline', 0, $4 and k.inside and not k.withdrawn),
                       ('entered', 1, not $4 and k.inside and not k.withdrawn and not w.was_told),
                       ('reinstated', 2, w.was_told and k.inside and not k.withdrawn and t.left_seq is not null
                                         and t.left_seq is distinct from k.left_seq),
                       ('graded', 3, w.was_told and k.inside and not k.withdrawn and k.left_seq is null
                                     and t.left_seq is null
                                     and k.risk_grade is distinct from t.risk_grade),
                       ('stage_changed', 4, w.was_told and k.inside and not k.withdrawn and k.left_seq is null
                                            and t.left_seq is null
                                            and (k.stage, k.control_mode) is distinct from (t.stage, t.control_mode)),
                       ('left', 5, not $4 and k.inside and not k.withdrawn and k.left_seq is not null
                                   and (not w.was_told or t.left_seq is distinct from k.left_seq)),
                       ('withdrawn', 6, w.was_told and k.inside and k.withdrawn and not t.withdrawn),
                       ('moved_out', 7, w.was_told and not k.inside and not t.withdrawn and t.left_seq is null)
                   ) as c (change, rank, is_so)
               where c.is_so)
           insert into site_exchange_row (exchange_id, n, change, list, entry_id, site_id, code, national_code,
               directory_code, name, division_code, division_name, address, land_user_name, land_user_credit_code,
               former_industry, land_use_system, land_use_code, entered_on, left_on, left_seq, withdrawn, risk_grade,
               risk_grade_before, stage, control_mode, stage_since, stage_before, control_mode_before, area_m2, invented,
               geom)
           select $1, coalesce((select max(o.n) from site_exchange_row o where o.exchange_id = $1), 0) + row_number() over (order by
                      case c.list when 'suspected_list' then 1 when 'contaminated_directory' then 2 else 3 end,
                      c.code, c.entry_id, c.rank),
                  c.change, c.list, c.entry_id, c.site_id, c.code, c.national_code, c.directory_code, c.name,
                  c.division_code, c.division_name, c.address, c.land_user_name, c.land_user_credit_code,
                  c.former_industry, c.land_use_system, c.land_use_code, c.entered_on, c.left_on, c.left_seq, c.withdrawn,
                  c.risk_grade, case when c.change = 'graded' then c.risk_grade_before end, c.stage, c.control_mode,
                  c.stage_since, case when c.change = 'stage_changed' then c.stage_before end,
                  case when c.change = 'stage_changed' then c.control_mode_before end, c.area_m2, c.invented, c.geom
           from change c"#,
        exchange,
        division,
        known_at,
        baseline,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A change that an exchange tells.
#[derive(Debug, Clone)]
pub(in super::super) struct Told {
    pub n: i32,
    pub change: String,
    pub list: String,
    pub risk_grade_before: Option<String>,
    pub stage_before: Option<String>,
    pub control_mode_before: Option<String>,
    pub line: Line,
}

/// What an exchange tells, in its order, after a row. Geometry is read only where it is wanted.
pub(in super::super) async fn rows(
    conn: &mut PgConnection,
    exchange: Uuid,
    after: i32,
    limit: i64,
) -> Result<Vec<Told>> {
    let rows = sqlx::query!(
        r#"select r.n, r.change, r.list, r.entry_id, r.site_id as "site_id: SiteId", r.code, r.national_code,
                  r.directory_code, r.name, r.division_code, r.division_name, r.address, r.land_user_name,
                  r.land_user_credit_code, r.former_industry, r.land_use_system, r.land_use_code,
                  r.entered_on as "entered_on: Day", r.left_on as "left_on: Day", r.risk_grade, r.risk_grade_before,
                  r.stage, r.control_mode, r.stage_since as "stage_since: Day", r.stage_before, r.control_mode_before,
                  r.area_m2, r.invented, st_x(st_centroid(r.geom)) as "lon!", st_y(st_centroid(r.geom)) as "lat!",
                  st_asbinary(r.geom) as "wkb!"
           from site_exchange_row r
           where r.exchange_id = $1 and r.n > $2 and r.change <> 'baseline' order by r.n limit $3"#,
        exchange,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Told {
            n: r.n,
            change: r.change,
            list: r.list,
            risk_grade_before: r.risk_grade_before,
            stage_before: r.stage_before,
            control_mode_before: r.control_mode_before,
            line: Line {
                entry_id: r.entry_id,
                site_id: r.site_id,
                code: r.code,
                national_code: r.national_code,
                directory_code: r.directory_code,
                name: r.name,
                division_code: r.division_code,
                division_name: r.division_name,
                address: r.address,
                land_user_name: r.land_user_name,
                land_user_credit_code: r.land_user_credit_code,
                former_industry: r.former_industry,
                land_use_system: r.land_use_system,
                land_use_code: r.land_use_code,
                entered_on: r.entered_on,
                left_on: r.left_on,
                risk_grade: r.risk_grade,
                stage: Some(r.stage),
                control_mode: r.control_mode,
                stage_since: r.stage_since,
                area_m2: r.area_m2,
                invented: r.invented,
                lon: r.lon,
                lat: r.lat,
                wkb: r.wkb,
            },
        })
        .collect())
}

/// How many changes of each kind exchanges tell: (exchange, list, change, how many).
pub(in super::super) async fn counts(
    conn: &mut PgConnection,
    exchanges: &[Uuid],
) -> Result<Vec<(Uuid, String, String, i64)>> {
    let rows = sqlx::query!(
        r#"select r.exchange_id, r.list, r.change, count(*) as "n!" from site_exchange_row r
           where r.exchange_id = any($1) and r.change <> 'baseline' group by 1, 2, 3 order by 1, 2, 3"#,
        exchanges,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.exchange_id, r.list, r.change, r.n)).collect())
}

/// Keeps a piece of a file.
pub(in super::super) async fn keep_part(
    conn: &mut PgConnection,
    exchange: Uuid,
    format: &str,
    part: i32,
    content: &[u8],
) -> Result<()> {
    sqlx::query!(
        "insert into site_exchange_part (exchange_id, format, part, content) values ($1, $2, $3, $4)",
        exchange,
        format,
        part,
        content,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A file of an exchange.
#[derive(Debug, Clone)]
pub(in super::super) struct File {
    pub exchange_id: Uuid,
    pub format: String,
    pub bytes: i64,
    pub sha256: Vec<u8>,
}

/// Keeps a file's length and digest.
pub(in super::super) async fn keep_file(conn: &mut PgConnection, file: &File) -> Result<()> {
    sqlx::query!(
        "insert into site_exchange_file (exchange_id, format, bytes, sha256) values ($1, $2, $3, $4)",
        file.exchange_id,
        file.format,
        file.bytes,
        file.sha256,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The files of exchanges.
pub(in super::super) async fn files(conn: &mut PgConnection, exchanges: &[Uuid]) -> Result<Vec<File>> {
    Ok(sqlx::query_as!(
        File,
        "select exchange_id, format, bytes, sha256 from site_exchange_file where exchange_id = any($1)
         order by exchange_id, format",
        exchanges,
    )
    .fetch_all(conn)
    .await?)
}

/// A piece of a file; `None` behind the last.
pub(in super::super) async fn part(
    conn: &mut PgConnection,
    exchange: Uuid,
    format: &str,
    part: i32,
) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select content from site_exchange_part where exchange_id = $1 and format = $2 and part = $3",
        exchange,
        format,
        part,
    )
    .fetch_optional(conn)
    .await?)
}

/// The exchanges of the divisions that a department may see, newest first, before (made at, number, id): several
/// of one division may be of one instant.
pub(in super::super) async fn page(
    conn: &mut PgConnection,
    scope: &Scope,
    division: Option<&str>,
    before: Option<(DateTime<Utc>, i32, Uuid)>,
    limit: i64,
) -> Result<Vec<Exchange>> {
    Ok(sqlx::query_as!(
        Exchange,
        r#"select x.id, x.division_code, d.name_zh as division_name, x.number, x.from_day as "from_day: Day",
                  x.to_day as "to_day: Day", x.cut_at, x.made_at, x.made_by
           from site_exchange x join division d on d.code = x.division_code
           where ($1::text[] is null or x.division_code = any($1))
             and ($2::text is null or x.division_code in (select v.code from division v where v.ancestors @> array[$2::text]))
             and ($3::timestamptz is null or (x.made_at, x.number, x.id) < ($3, $4::int4, $5::uuid))
           order by x.made_at desc, x.number desc, x.id desc limit $6"#,
        scope.divisions(),
        division,
        before.map(|(at, ..)| at),
        before.map_or(0, |(_, number, _)| number),
        before.map_or(Uuid::nil(), |(_, _, id)| id),
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// An exchange.
pub(in super::super) async fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Exchange>> {
    Ok(sqlx::query_as!(
        Exchange,
        r#"select x.id, x.division_code, d.name_zh as division_name, x.number, x.from_day as "from_day: Day",
                  x.to_day as "to_day: Day", x.cut_at, x.made_at, x.made_by
           from site_exchange x join division d on d.code = x.division_code where x.id = $1"#,
        id,
    )
    .fetch_optional(conn)
    .await?)
}
