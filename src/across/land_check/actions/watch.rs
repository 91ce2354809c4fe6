//! Every reply is watched: what is written to a register is held against the replies that it may make untrue, in one
//! set-based pass per change and without looking at the others.

use super::compare::{Difference, Essence};
use super::gather::Bench;
use super::question::Answer;
use super::{Asked, judge_of_record, settings};
use crate::across::land_check::rules::{GATES, Settings};
use crate::across::land_check::store::standing::{self, NewTurn};
use crate::kernel::{ActId, Day, Error, LandCheckId, Result};
use crate::platform::act::RequestMark;
use crate::platform::{Act, App, Begun, Caller, Change, Permission, Reply, touch};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Acts looked at together.
const ACTS: i64 = 500;
/// Replies judged together.
const CHUNK: usize = 500;
/// Counts up when a judgement of the rules changes in a way that their table does not show.
const JUDGEMENTS: u32 = 1;

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

/// Holds everything that was written since the last pass, and everything that began or ended by the calendar, against the
/// replies that it touches. After a change of the program's rules or of their settings, every reply is held against them.
/// Several servers may do it at once: what one has superseded, another does not supersede again.
///
/// # Errors
/// When the database cannot be reached; what was done by then stands, and the next pass goes on.
pub async fn watch(app: &App) -> Result<Pass> {
    let mut pass = Pass::default();
    loop {
        let mut conn = app.db().acquire().await?;
        let state = standing::watch(&mut conn).await?;
        let touches = touch::since(&mut conn, state.seq, ACTS).await?;
        let late = touch::late(&mut conn, ACTS).await?;
        let today = app.today();
        let near_m = app.config().near_distance_m;
        let mut ids = Vec::new();
        if !touches.is_empty() || !late.is_empty() {
            let acts: Vec<ActId> = touches.iter().map(|touch| touch.act).collect();
            ids = standing::touched(&mut conn, &acts, near_m).await?;
        }
        if let Some(day) = state.day.filter(|day| *day < today) {
            ids.extend(standing::turning(&mut conn, day, today, near_m).await?);
            ids.sort_unstable();
            ids.dedup();
        }
        drop(conn);
        pass.add(judge_anew(app, &ids).await?);
        let mut conn = app.db().acquire().await?;
        standing::watched(&mut conn, touches.last().map_or(state.seq, |touch| touch.seq), today).await?;
        touch::forget_late(&mut conn, &late).await?;
        let through =
            i64::try_from(touches.len()).unwrap_or(ACTS) < ACTS && i64::try_from(late.len()).unwrap_or(ACTS) < ACTS;
        if through {
            pass.add(sweep(app, &mut conn, state.rules.as_deref(), state.sweep_after).await?);
            return Ok(pass);
        }
    }
}

/// Judges every valid reply on record anew, whatever the watch has seen; gives those that are not true any more, without
/// writing anything. What the watch has superseded must be just these.
///
/// # Errors
/// When the database cannot be read.
pub async fn untrue(app: &App) -> Result<Vec<LandCheckId>> {
    let (mut after, mut found) = (Uuid::nil(), Vec::new());
    loop {
        let mut conn = app.db().acquire().await?;
        let ids = standing::valid_after(&mut conn, after, i64::try_from(CHUNK).unwrap_or(i64::MAX)).await?;
        let Some(last) = ids.last() else { return Ok(found) };
        after = last.0;
        found.extend(compare(app, &mut conn, &ids).await?.into_iter().map(|fallen| fallen.id));
    }
}

/// Holds every reply against rules or settings that are not those of the last time.
async fn sweep(app: &App, conn: &mut PgConnection, known: Option<&str>, after: Option<Uuid>) -> Result<Pass> {
    let rules = digest(&settings(app.config())?, app.config().near_distance_m);
    let mut after = match (known == Some(&rules), after) {
        (true, None) => return Ok(Pass::default()),
        (true, Some(after)) => after,
        // The first server of a new registry has nothing to hold against them.
        (false, _) => Uuid::nil(),
    };
    let mut pass = Pass::default();
    loop {
        let ids = standing::valid_after(conn, after, i64::try_from(CHUNK).unwrap_or(i64::MAX)).await?;
        pass.add(judge_anew(app, &ids).await?);
        let Some(last) = ids.last() else {
            standing::sweep(conn, &rules, None).await?;
            return Ok(pass);
        };
        after = last.0;
        standing::sweep(conn, &rules, Some(after)).await?;
    }
}

/// A digest of everything beside the registers that a verdict depends on.
fn digest(settings: &Settings, near_m: Option<f64>) -> String {
    let mut sha = Sha256::new();
    sha.update(format!("{JUDGEMENTS} {settings:?} {near_m:?}"));
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

/// A reply that is not true any more.
struct Fallen {
    id: LandCheckId,
    number: String,
    division_code: String,
    then: String,
    now: String,
    because: Vec<Difference>,
}

/// Judges replies anew and supersedes those that would be answered otherwise.
async fn judge_anew(app: &App, ids: &[LandCheckId]) -> Result<Pass> {
    let mut pass = Pass { judged: ids.len(), superseded: 0 };
    for chunk in ids.chunks(CHUNK) {
        let mut conn = app.db().acquire().await?;
        let fallen = compare(app, &mut conn, chunk).await?;
        drop(conn);
        if !fallen.is_empty() {
            pass.superseded += supersede(app, &fallen).await?;
        }
    }
    Ok(pass)
}

async fn compare(app: &App, conn: &mut PgConnection, ids: &[LandCheckId]) -> Result<Vec<Fallen>> {
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
        if !because.is_empty() {
            fallen.push(Fallen {
                id: candidate.id,
                number: candidate.number,
                division_code: candidate.division_code,
                then: then.verdict().to_owned(),
                now: now.verdict().to_owned(),
                because,
            });
        }
    }
    Ok(fallen)
}

/// Writes that replies are not valid any more, and tells those who watch them.
async fn supersede(app: &App, fallen: &[Fallen]) -> Result<usize> {
    let mark = RequestMark { id: "watch".to_owned(), idempotency: None };
    let mut act = match Act::begin(app, &Caller::Operator, Permission::LandCheckWatch, mark).await? {
        Begun::Fresh(act) => *act,
        Begun::Replayed(_) => return Err(Error::internal("an act without idempotency key was replayed")),
    };
    let turns: Vec<NewTurn<'_>> = fallen
        .iter()
        .map(|one| NewTurn {
            id: one.id,
            status: "superseded",
            because: json!(one.because),
            verdict_now: Some(&one.now),
            reason: None,
        })
        .collect();
    let (now, id) = (act.now(), act.id());
    let turned = standing::turn(act.tx(), &turns, now, None, id).await?;
    let fallen: HashMap<Uuid, &Fallen> = fallen.iter().map(|one| (one.id.0, one)).collect();
    for id in &turned {
        let Some(one) = fallen.get(id) else { continue };
        act.note(
            format!("land_check/{}", one.number),
            json!({"standing": "superseded", "verdict_then": one.then, "verdict_now": one.now}),
        );
        act.tell(Change {
            kind: "land_check.superseded",
            register: "land_check",
            id: one.id.0,
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
