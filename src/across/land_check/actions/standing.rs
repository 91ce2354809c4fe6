//! How a reply stands, what differs from it now, and taking it back.

use super::compare::{Difference, Essence};
use super::gather::Bench;
use super::question::Answer;
use super::watch::KIND;
use super::{Asked, judge_of_record, settings};
use crate::across::land_check::store::standing::{self as store, Became, Head, NewTurn, Turn};
use crate::kernel::{Day, Error, LandCheckId, Result, Text};
use crate::platform::{Act, App, Caller, Change, Permission, Scope, watch};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::fmt;

/// Longest reason taken, characters.
const MAX_REASON: usize = 500;

/// What is said of a check that the caller may not see: the same as of one that is not there.
pub fn not_found() -> Error {
    Error::not_found("准入查询", "land check")
}

/// How an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 有效
    Valid,
    /// 已失效: the records or the rules have changed.
    Superseded,
    /// 已撤回: it was taken back.
    Withdrawn,
}

impl Status {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Superseded => "superseded",
            Status::Withdrawn => "withdrawn",
        }
    }

    /// In words.
    pub const fn text(self) -> Text {
        match self {
            Status::Valid => Text::fixed("有效", "valid"),
            Status::Superseded => Text::fixed("已失效（登记情况变化）", "superseded by a change of the records"),
            Status::Withdrawn => Text::fixed("已撤回", "withdrawn"),
        }
    }
}

/// How a reply stands now.
#[derive(Debug)]
pub(in super::super) struct Now {
    pub id: LandCheckId,
    pub number: String,
    pub status: Status,
    pub since: DateTime<Utc>,
    pub because: Vec<Difference>,
    pub verdict_now: Option<String>,
    pub reason: Option<String>,
    pub watched_through: i64,
    pub pending: bool,
}

/// How a reply stands and since when, for whoever knows its identifier: `valid`, `superseded` or `withdrawn`; `None` for no
/// reply.
///
/// # Errors
/// When the database cannot be read.
pub async fn status(conn: &mut PgConnection, id: LandCheckId) -> Result<Option<(&'static str, DateTime<Utc>)>> {
    match store::head(conn, &Scope::All, id).await? {
        Some(head) => {
            let now = of(conn, head).await?;
            Ok(Some((now.status.as_str(), now.since)))
        }
        None => Ok(None),
    }
}

/// Everything that became of a reply by an instant (`None`: by now), oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn became(conn: &mut PgConnection, id: LandCheckId, known_at: Option<DateTime<Utc>>) -> Result<Vec<Became>> {
    store::became(conn, id, known_at).await
}

/// How a reply stands; `None` where the caller sees no such reply.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn now(app: &App, scope: &Scope, id: LandCheckId) -> Result<Option<Now>> {
    let mut conn = app.db().acquire().await?;
    match store::head(&mut conn, scope, id).await? {
        Some(head) => Ok(Some(of(&mut conn, head).await?)),
        None => Ok(None),
    }
}

async fn of(conn: &mut PgConnection, head: Head) -> Result<Now> {
    let seen = watch::seen(conn, KIND).await?;
    let (status, since, because, verdict_now, reason) = match store::turns(conn, head.id).await?.pop() {
        None => (Status::Valid, head.checked_at, Vec::new(), None, None),
        Some(Turn { status, since, because, verdict_now, reason, .. }) => {
            let status = if status == "withdrawn" { Status::Withdrawn } else { Status::Superseded };
            let because = serde_json::from_value(because).map_err(Error::internal)?;
            (status, since, because, verdict_now, reason)
        }
    };
    Ok(Now {
        id: head.id,
        number: head.number,
        status,
        since,
        because,
        verdict_now,
        reason,
        watched_through: seen.through,
        pending: seen.pending,
    })
}

/// What a reply is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Against {
    Now,
    KnownAt(DateTime<Utc>),
}

impl Against {
    /// Reads `now` or an instant.
    ///
    /// # Errors
    /// `bad_parameter`.
    pub fn read(text: Option<&str>) -> Result<Against> {
        match text {
            None | Some("now") => Ok(Against::Now),
            Some(text) => match DateTime::parse_from_rfc3339(text) {
                Ok(at) => Ok(Against::KnownAt(at.to_utc())),
                Err(_) => Err(Error::bad_parameter(
                    "against",
                    Text::fixed("应为 now 或 RFC 3339 时刻。", "must be now or an RFC 3339 instant."),
                )),
            },
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Against::Now => f.write_str("now"),
            Against::KnownAt(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

/// What differs from a reply.
#[derive(Debug)]
pub(in super::super) struct Explained {
    pub id: LandCheckId,
    pub number: String,
    pub checked_at: DateTime<Utc>,
    pub verdict_then: String,
    pub verdict_now: String,
    pub differences: Vec<Difference>,
}

/// Judges the question of a reply by the registry of now, or of an instant, and says what differs; `None` where the caller
/// sees no such reply.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn explain(
    app: &App,
    scope: &Scope,
    id: LandCheckId,
    against: Against,
) -> Result<Option<Explained>> {
    let mut conn = app.snapshot().await?;
    let Some(head) = store::head(&mut conn, scope, id).await? else { return Ok(None) };
    let body = store::candidates(&mut conn, &[id.0]).await?.pop().map(|found| found.body);
    let answer = Answer::read(&body.ok_or_else(|| Error::internal("a reply without body"))?)?;
    let (question, asked_on) = (answer.question()?, Day::at(answer.checked_at));
    let settings = settings(app.config())?;
    let (today, known_at) = match against {
        Against::Now => (app.today(), None),
        Against::KnownAt(at) => (Day::at(at), Some(at)),
    };
    let bench = Bench { config: app.config(), settings: &settings, today, known_at };
    let asked = Asked { questions: std::slice::from_ref(&question), days: &[asked_on], home: None };
    let judged = judge_of_record(&mut conn, &bench, &asked).await?.pop();
    conn.rollback().await?;
    let now = Essence::from(&judged.ok_or_else(|| Error::internal("one question, no judgement"))??);
    let then = Essence::from(answer);
    Ok(Some(Explained {
        id,
        number: head.number,
        checked_at: head.checked_at,
        verdict_then: then.verdict().to_owned(),
        verdict_now: now.verdict().to_owned(),
        differences: then.against(&now),
    }))
}

/// Takes a reply back: whoever asked it, or an ecology bureau of its division.
///
/// # Errors
/// `not_found`; `not_yours` for another's reply; `no_longer_valid` when it was superseded or withdrawn before;
/// `reason_missing`.
pub(in super::super) async fn withdraw(act: &mut Act, id: LandCheckId, reason: &str) -> Result<Now> {
    let caller = act.caller().clone();
    let scope = caller.scope(Permission::LandCheckWithdraw);
    let head = store::head(act.tx(), &scope, id).await?.ok_or_else(not_found)?;
    if let Caller::Key(holder) = &caller
        && head.key != Some(holder.id)
        && !holder.role.is_ecology()
    {
        return Err(Error::forbidden(
            "not_yours",
            Text::fixed(
                "只有查询人或生态环境部门可以撤回。",
                "Only whoever asked, or an ecology bureau, withdraws a reply.",
            ),
        ));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.contains('\0') {
        return Err(Error::fault(
            "/reason",
            "reason_missing",
            Text::new(
                format!("须说明理由（不超过 {MAX_REASON} 字）。"),
                format!("A reason is needed, of at most {MAX_REASON} characters."),
            ),
        ));
    }
    let (now, act_id) = (act.now(), act.id());
    let key = match &caller {
        Caller::Key(holder) => Some(holder.id),
        Caller::Public | Caller::Operator => None,
    };
    let turn = NewTurn { id, status: "withdrawn", because: json!([]), verdict_now: None, reason: Some(reason) };
    if store::turn(act.tx(), &[turn], now, key, act_id).await?.is_empty() {
        return Err(Error::conflict(
            "no_longer_valid",
            Text::fixed("该回复已失效或已撤回。", "The reply was superseded or withdrawn before."),
        ));
    }
    act.note(format!("land_check/{}", head.number), json!({"standing": "withdrawn"}));
    act.tell(Change {
        kind: "land_check.withdrawn",
        register: "land_check",
        id: id.0,
        code: head.number.clone(),
        division_code: head.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({}),
    });
    of(act.tx(), head).await
}
