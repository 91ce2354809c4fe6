//! Every reply is watched: what is written to a register is held against the replies that it may make untrue, in one
//! set-based pass per change and without looking at the others. What is watched is a [`Watched`]: land checks here, and other
//! kinds of replies by the same passes.

use super::compare::{Difference, Essence};
use super::gather::Bench;
use super::question::Answer;
use super::{Asked, judge_of_record, settings};
use crate::across::land_check::rules::{GATES, Settings};
use crate::across::land_check::store::standing::{self, Candidate, Logged, NewTurn};
use crate::config::Config;
use crate::kernel::{ActId, Day, Error, LandCheckId, Result};
use crate::platform::act::RequestMark;
use crate::platform::{Act, App, Begun, Caller, Change, Permission, Reply, touch, watch};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::future::Future;
use uuid::Uuid;

/// Acts looked at together.
const ACTS: i64 = 500;
/// Replies judged together.
const CHUNK: usize = 500;
/// Counts up when a judgement of the rules changes in a way that their table does not show.
const JUDGEMENTS: u32 = 2;
/// What land checks are called in events, in the audit chain and where late answers are noted.
pub(super) const KIND: &str = "land_check";

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Replies judged anew.
    pub judged: usize,
    /// Replies that are not valid any more.
    pub superseded: usize,
}

impl Pass {
    fn add(&mut self, other: Pass) {
        self.judged += other.judged;
        self.superseded += other.superseded;
    }
}

/// A reply that is not true any more.
#[derive(Debug)]
pub struct Fallen {
    /// The reply.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Its division.
    pub division_code: String,
    /// Its verdict.
    pub then: String,
    /// Verdict of the same question now.
    pub now: String,
    /// What differs.
    pub because: Vec<Difference>,
}

impl Fallen {
    /// A reply held against what would be answered now; `None` where nothing differs that matters.
    pub fn of(candidate: Candidate, then: &str, now: &str, because: Vec<Difference>) -> Option<Fallen> {
        let Candidate { id, number, division_code, .. } = candidate;
        let (then, now) = (then.to_owned(), now.to_owned());
        (!because.is_empty()).then_some(Fallen { id, number, division_code, then, now, because })
    }
}

/// Replies that are watched: what a change may make untrue, and what becomes of them.
pub trait Watched: Send + Sync + 'static {
    /// What they are called in events, in the audit chain and where late answers are noted.
    const KIND: &'static str;
    /// The event that tells of one that is not true any more.
    const EVENT: &'static str;

    /// A digest of everything beside the registers that an answer depends on.
    ///
    /// # Errors
    /// `bad_config` for settings that cannot be meant.
    fn digest(config: &Config) -> Result<String>;
    /// Valid replies on which what these acts wrote may bear, as it was before or is after; and those that were late.
    fn touched(
        conn: &mut PgConnection,
        config: &Config,
        acts: &[ActId],
    ) -> impl Future<Output = Result<Vec<Uuid>>> + Send;
    /// Valid replies on which what begins or ends after one day and up to another may bear.
    fn turning(
        conn: &mut PgConnection,
        config: &Config,
        after: Day,
        until: Day,
    ) -> impl Future<Output = Result<Vec<Uuid>>> + Send;
    /// Valid replies in the order of their identifiers, after one of them.
    fn valid_after(conn: &mut PgConnection, after: Uuid, limit: i64) -> impl Future<Output = Result<Vec<Uuid>>> + Send;
    /// Which of them are not true any more.
    fn fallen(app: &App, conn: &mut PgConnection, ids: &[Uuid]) -> impl Future<Output = Result<Vec<Fallen>>> + Send;
    /// Writes that they are superseded, where they are valid still; gives those that were.
    fn supersede(
        conn: &mut PgConnection,
        fallen: &[Fallen],
        now: DateTime<Utc>,
        act: ActId,
    ) -> impl Future<Output = Result<Vec<Uuid>>> + Send;
    /// Replies of record in the order of the log, from a place in it on.
    fn logged(conn: &mut PgConnection, from: i64, limit: i64) -> impl Future<Output = Result<Vec<Logged>>> + Send;
}

/// Replies to land checks.
pub(in super::super) struct LandChecks;

impl Watched for LandChecks {
    const KIND: &'static str = KIND;
    const EVENT: &'static str = "land_check.superseded";

    fn digest(config: &Config) -> Result<String> {
        Ok(digest(&settings(config)?, config))
    }

    async fn touched(conn: &mut PgConnection, config: &Config, acts: &[ActId]) -> Result<Vec<Uuid>> {
        standing::touched(conn, acts, config.near_distance_m).await
    }

    async fn turning(conn: &mut PgConnection, config: &Config, after: Day, until: Day) -> Result<Vec<Uuid>> {
        standing::turning(conn, after, until, config.near_distance_m).await
    }

    async fn valid_after(conn: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
        standing::valid_after(conn, after, limit).await
    }

    async fn fallen(app: &App, conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Fallen>> {
        compare(app, conn, ids).await
    }

    async fn supersede(
        conn: &mut PgConnection,
        fallen: &[Fallen],
        now: DateTime<Utc>,
        act: ActId,
    ) -> Result<Vec<Uuid>> {
        let turns: Vec<NewTurn<'_>> = fallen
            .iter()
            .map(|one| NewTurn {
                id: LandCheckId(one.id),
                status: "superseded",
                because: json!(one.because),
                verdict_now: Some(&one.now),
                reason: None,
            })
            .collect();
        standing::turn(conn, &turns, now, None, act).await
    }

    async fn logged(conn: &mut PgConnection, from: i64, limit: i64) -> Result<Vec<Logged>> {
        standing::logged(conn, from, limit).await
    }
}

/// Watches replies to land checks; see [`pass`].
///
/// # Errors
/// As [`pass`].
pub async fn watch(app: &App) -> Result<Pass> {
    pass::<LandChecks>(app).await
}

/// Judges every valid reply to a land check anew; see [`untrue_of`].
///
/// # Errors
/// When the database cannot be read.
pub async fn untrue(app: &App) -> Result<Vec<LandCheckId>> {
    Ok(untrue_of::<LandChecks>(app).await?.into_iter().map(LandCheckId).collect())
}

/// Holds everything that was written since the last pass, and everything that began or ended by the calendar, against the
/// replies that it touches. After a change of the program's rules or of their settings, every reply is held against them.
/// Several servers may do it at once: what one has superseded, another does not supersede again.
///
/// # Errors
/// When the database cannot be reached; what was done by then stands, and the next pass goes on.
pub async fn pass<W: Watched>(app: &App) -> Result<Pass> {
    let mut pass = Pass::default();
    loop {
        let mut conn = app.db().acquire().await?;
        let state = watch::state(&mut conn, W::KIND).await?;
        let touches = touch::since(&mut conn, state.seq, ACTS).await?;
        let late = touch::late(&mut conn, W::KIND, ACTS).await?;
        let today = app.today();
        let mut ids = Vec::new();
        if !touches.is_empty() || !late.is_empty() {
            let acts: Vec<ActId> = touches.iter().map(|touch| touch.act).collect();
            ids = W::touched(&mut conn, app.config(), &acts).await?;
        }
        if let Some(day) = state.day.filter(|day| *day < today) {
            ids.extend(W::turning(&mut conn, app.config(), day, today).await?);
            ids.sort_unstable();
            ids.dedup();
        }
        drop(conn);
        pass.add(judge_anew::<W>(app, &ids).await?);
        let mut conn = app.db().acquire().await?;
        let seq = touches.last().map_or(state.seq, |touch| touch.seq);
        watch::judged(&mut conn, W::KIND, seq, today).await?;
        touch::forget_late(&mut conn, &late).await?;
        let through =
            i64::try_from(touches.len()).unwrap_or(ACTS) < ACTS && i64::try_from(late.len()).unwrap_or(ACTS) < ACTS;
        if through {
            pass.add(sweep::<W>(app, &mut conn, state.rules.as_deref(), state.sweep_after).await?);
            return Ok(pass);
        }
    }
}

/// Judges every valid reply on record anew, whatever the watch has seen; gives those that are not true any more, without
/// writing anything. What the watch has superseded must be just these.
///
/// # Errors
/// When the database cannot be read.
pub async fn untrue_of<W: Watched>(app: &App) -> Result<Vec<Uuid>> {
    let (mut after, mut found) = (Uuid::nil(), Vec::new());
    loop {
        let mut conn = app.db().acquire().await?;
        let ids = W::valid_after(&mut conn, after, i64::try_from(CHUNK).unwrap_or(i64::MAX)).await?;
        let Some(last) = ids.last() else { return Ok(found) };
        after = *last;
        found.extend(W::fallen(app, &mut conn, &ids).await?.into_iter().map(|fallen| fallen.id));
    }
}

/// Holds every reply against rules or settings that are not those of the last time.
async fn sweep<W: Watched>(
    app: &App,
    conn: &mut PgConnection,
    known: Option<&str>,
    after: Option<Uuid>,
) -> Result<Pass> {
    let rules = W::digest(app.config())?;
    let mut after = match (known == Some(&rules), after) {
        (true, None) => return Ok(Pass::default()),
        (true, Some(after)) => after,
        // The first server of a new registry has nothing to hold against them.
        (false, _) => Uuid::nil(),
    };
    let mut pass = Pass::default();
    loop {
        let ids = W::valid_after(conn, after, i64::try_from(CHUNK).unwrap_or(i64::MAX)).await?;
        pass.add(judge_anew::<W>(app, &ids).await?);
        let Some(last) = ids.last() else {
            watch::swept(conn, W::KIND, &rules, None).await?;
            return Ok(pass);
        };
        after = *last;
        watch::swept(conn, W::KIND, &rules, Some(after)).await?;
    }
}

/// A digest of everything beside the registers that a verdict depends on.
fn digest(settings: &Settings, config: &Config) -> String {
    let mut sha = Sha256::new();
    let Config { near_distance_m, sliver_max_m2, sliver_max_share, .. } = config;
    sha.update(format!("{JUDGEMENTS} {settings:?} {near_distance_m:?} {sliver_max_m2} {sliver_max_share}"));
    for gate in GATES {
        sha.update(format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?}",
            gate.id, gate.operations, gate.verdicts, gate.from, gate.to, gate.jurisdiction, gate.settings
        ));
        for provision in gate.provisions {
            for basis in provision.0 {
                sha.update(format!(
                    "{} {} {:?} {:?}",
                    basis.instrument.id, basis.article, basis.instrument.from, basis.instrument.to
                ));
            }
        }
    }
    hex::encode(sha.finalize())
}

/// Judges replies anew and supersedes those that would be answered otherwise.
async fn judge_anew<W: Watched>(app: &App, ids: &[Uuid]) -> Result<Pass> {
    let mut pass = Pass { judged: ids.len(), superseded: 0 };
    for chunk in ids.chunks(CHUNK) {
        let mut conn = app.db().acquire().await?;
        let fallen = W::fallen(app, &mut conn, chunk).await?;
        drop(conn);
        if !fallen.is_empty() {
            pass.superseded += supersede::<W>(app, &fallen).await?;
        }
    }
    Ok(pass)
}

async fn compare(app: &App, conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Fallen>> {
    let candidates = standing::candidates(conn, ids).await?;
    let (mut answers, mut questions, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in &candidates {
        let answer = Answer::read(&candidate.body)?;
        questions.push(answer.question()?);
        days.push(Day::at(answer.checked_at));
        answers.push(Essence::from(answer));
    }
    let settings = settings(app.config())?;
    let bench = Bench { config: app.config(), settings: &settings, today: app.today(), known_at: None };
    let asked = Asked { questions: &questions, days: &days, home: None };
    let judged = judge_of_record(conn, &bench, &asked).await?;
    let mut fallen = Vec::new();
    for ((candidate, then), judged) in candidates.into_iter().zip(answers).zip(judged) {
        // What could be judged once can be again: its outline and its division are those it was judged by.
        let now = Essence::from(&judged?);
        let because = then.superseded_by(&now);
        fallen.extend(Fallen::of(candidate, then.verdict(), now.verdict(), because));
    }
    Ok(fallen)
}

/// Writes that replies are not valid any more, and tells those who watch them.
async fn supersede<W: Watched>(app: &App, fallen: &[Fallen]) -> Result<usize> {
    let mark = RequestMark { id: "watch".to_owned(), idempotency: None };
    let mut act = match Act::begin(app, &Caller::Operator, Permission::LandCheckWatch, mark).await? {
        Begun::Fresh(act) => *act,
        Begun::Replayed(_) => return Err(Error::internal("an act without idempotency key was replayed")),
    };
    let (now, id) = (act.now(), act.id());
    let turned = W::supersede(act.tx(), fallen, now, id).await?;
    let fallen: HashMap<Uuid, &Fallen> = fallen.iter().map(|one| (one.id, one)).collect();
    for id in &turned {
        let Some(one) = fallen.get(id) else { continue };
        act.note(
            format!("{}/{}", W::KIND, one.number),
            json!({"standing": "superseded", "verdict_then": one.then, "verdict_now": one.now}),
        );
        act.tell(Change {
            kind: W::EVENT,
            register: W::KIND,
            id: one.id,
            code: one.number.clone(),
            division_code: one.division_code.clone(),
            owner_credit_code: None,
            public: false,
            occurred_on: None,
            data: json!({"verdict_then": one.then, "verdict_now": one.now, "because": one.because}),
        });
    }
    if turned.is_empty() {
        act.abandon().await?;
    } else {
        act.finish(Reply::nothing()).await?;
    }
    Ok(turned.len())
}
