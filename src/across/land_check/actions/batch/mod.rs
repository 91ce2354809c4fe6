//! Many questions asked together. A batch is recorded first; then its rows are judged, numbered, sealed and stored some at
//! a time, each time in an act of its own, so that what was answered lasts and is sent while the rest is judged. At the end
//! stands a signed manifest that names every row.
//!
//! Whoever works on a batch locks it for the time of one act and begins where the record ends. So a batch that broke off is
//! carried on by running it again, two that run it at once share the work, and no row is answered twice.

mod file;
mod rows;

pub use file::{File, Remarks, of_file, rehearsed};
pub use rows::{Defaults, Form, Rows};

use super::super::reply::{
    ErrorView, ManifestRow, ManifestSource, ManifestView, OperatorView, RefusalView, RefusedRow,
};
use super::super::store::batch::{self as store, Batch, Given, NewBatch, NewManifest, NewRows};
use super::{Asked, Bench, Found, Question, judge_of_record, look, record, settings};
use crate::kernel::{Error, JobId, Kind, LandCheckBatchId, Result, Text};
use crate::platform::act::RequestMark;
use crate::platform::seal::{Entry, Sealer};
use crate::platform::{Act, App, Begun, Caller, Permission, Reply};
use futures_util::future::BoxFuture;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// Rows judged in one act at most.
const TOGETHER: usize = 250;
/// Lots of so many rows that are looked up while one is put on record.
const LOTS_AHEAD: usize = 2;
/// Their text at most, bytes: outlines of 100,000 vertices are judged a few at a time.
const TOGETHER_BYTES: usize = 4 << 20;
/// Rows one behind another that may each break a statement; more is no fault of the rows.
const ALONE: u32 = 3;
/// Rows read from the record at once.
const READ: i64 = 100;

/// A line of a batch's answer.
#[derive(Debug)]
pub struct Line {
    /// The row, from 1; `None`: the manifest.
    pub row: Option<u32>,
    /// The verdict, where it was answered.
    pub verdict: Option<String>,
    /// The line without its end.
    pub body: Vec<u8>,
}

/// Where the lines go.
pub trait Sink: Send {
    /// Takes lines, in order.
    fn take<'a>(&'a mut self, lines: Vec<Line>) -> BoxFuture<'a, Result<()>>;
}

/// On whose behalf a batch is run.
#[derive(Clone)]
pub struct On {
    /// The application.
    pub app: App,
    /// Who asks.
    pub caller: Caller,
    /// Id of the request, for audit lines.
    pub request_id: String,
}

impl On {
    async fn act(&self) -> Result<Act> {
        let mark = RequestMark { id: self.request_id.clone(), idempotency: None };
        match Act::begin(&self.app, &self.caller, Permission::LandCheckAsk, mark).await? {
            Begun::Fresh(act) => Ok(*act),
            Begun::Replayed(_) => Err(Error::internal("an act without idempotency key was replayed")),
        }
    }
}

/// Records a batch; none of it is judged yet.
///
/// # Errors
/// When the database cannot be written.
pub async fn open(act: &mut Act, rows: &Rows, job: Option<JobId>) -> Result<LandCheckBatchId> {
    let (begun_at, act_id, mark) = (act.now(), act.id(), act.caller().mark());
    let (key, division) = match act.caller() {
        Caller::Key(holder) => (Some(holder.id), holder.division.to_string()),
        Caller::Public | Caller::Operator => (None, NATION.to_owned()),
    };
    let id = LandCheckBatchId::new(begun_at);
    let (source_name, source_sha256) = rows.source();
    let new = NewBatch {
        id,
        caller: &mark,
        key,
        division_code: &division,
        asked: count(rows.len())?,
        digest: rows.digest(),
        source_name,
        source_sha256,
        job,
        begun_at,
        act: act_id,
    };
    store::insert(act.tx(), &new).await?;
    act.note(
        format!("land_check_batch/{id}"),
        json!({"asked": rows.len(), "sha256": hex::encode(source_sha256), "job": job}),
    );
    Ok(id)
}

/// Division of a batch that was asked at the machine itself.
const NATION: &str = "000000";

/// The batch that a caller means to carry on.
///
/// # Errors
/// Not found when it is nobody's or another's; `batch_differs` when it was opened with other rows.
pub async fn resume(on: &On, id: LandCheckBatchId, rows: &Rows) -> Result<()> {
    let batch = store::get(on.app.db(), id).await?.filter(|batch| batch.caller == on.caller.mark());
    let batch = batch.ok_or_else(missing)?;
    if batch.digest != rows.digest() {
        return Err(Error::conflict(
            "batch_differs",
            Text::fixed(
                "该批次以另一文件或另一选项开始，不能续办。",
                "The batch was begun with another file or other options, and cannot be carried on with these.",
            ),
        ));
    }
    Ok(())
}

/// No such batch.
pub fn missing() -> Error {
    Error::not_found("批量查询", "batch of land checks")
}

/// Gives every line of a batch, in order: what is on record first, the rest as it is judged, the manifest last.
///
/// # Errors
/// What concerns no single row: the database cannot be reached, or the sink takes no more. Run again, it goes on.
pub async fn run(on: &On, id: LandCheckBatchId, rows: &Arc<Rows>, sink: &mut dyn Sink) -> Result<()> {
    let db = on.app.db();
    let batch = store::get(db, id).await?.ok_or_else(missing)?;
    let (mut through, mut together, mut alone) = (0_usize, TOGETHER, 0);
    let mut on_record = true;
    let mut ahead = Ahead::none(on, rows);
    while through < rows.len() {
        if on_record {
            ahead.forget();
            let given = store::given(db, id, count(through)?, READ).await?;
            if given.is_empty() {
                on_record = false;
                continue;
            }
            through += given.len();
            sink.take(given.into_iter().map(line).collect()).await?;
            continue;
        }
        let (many, found) = ahead.next(through, together).await;
        let outcome = match found {
            Ok(asking) => put_on_record(on, id, asking).await,
            Err(error) => Err(error),
        };
        if !matches!(outcome, Ok(Some(_))) {
            ahead.forget();
        }
        match outcome {
            Ok(Some(lines)) => {
                through += lines.len();
                (together, alone) = (TOGETHER, 0);
                sink.take(lines).await?;
            }
            // Somebody else runs the batch too, and was quicker.
            Ok(None) => on_record = true,
            // What breaks a statement is found by halves; one row alone is refused, and the others are answered.
            Err(error) if breaks(&error) && many > 1 => {
                tracing::warn!(batch = %id, row = through + 1, many, error = &error as &dyn std::error::Error, "rows are judged apart");
                together = many / 2;
            }
            Err(error) if breaks(&error) && alone < ALONE => {
                tracing::error!(batch = %id, row = through + 1, error = &error as &dyn std::error::Error, "a row cannot be judged");
                let Some(lines) = refuse(on, id, through, &error).await? else {
                    on_record = true;
                    continue;
                };
                through += lines.len();
                (together, alone) = (TOGETHER, alone + 1);
                sink.take(lines).await?;
            }
            Err(error) => return Err(error),
        }
    }
    let manifest = finish(on, &batch).await?;
    sink.take(vec![Line { row: None, verdict: None, body: manifest }]).await
}

/// Whether a failure may be the fault of one of the rows that were judged together.
fn breaks(error: &Error) -> bool {
    error.kind() == Kind::Internal || error.code() == "query_too_slow"
}

/// The lines of a batch that are on record, after a row; the caller has seen to it that they may be read.
///
/// # Errors
/// When the database cannot be read.
pub async fn on_record(app: &App, id: LandCheckBatchId, after: i32) -> Result<Vec<Line>> {
    Ok(store::given(app.db(), id, after, READ).await?.into_iter().map(line).collect())
}

fn line(given: Given) -> Line {
    Line { row: u32::try_from(given.row).ok(), verdict: given.verdict, body: given.body }
}

fn count(n: usize) -> Result<i32> {
    i32::try_from(n).map_err(Error::internal)
}

/// Rows that were looked up.
struct Asking {
    /// How many rows come before them.
    from: usize,
    /// Those that are questions.
    questions: Vec<Question>,
    /// For each row, why it is none.
    refused: Vec<Option<Error>>,
    /// What the registers say.
    found: Found,
}

/// Rows that are looked up while those in front of them are put on record: lots of them, each on a connection and in a task
/// of its own, so that a plan is judged by more than one processor.
struct Ahead<'a> {
    on: &'a On,
    rows: &'a Arc<Rows>,
    lots: VecDeque<Lot>,
}

/// Rows of one state of the registers.
struct Lot {
    from: usize,
    many: usize,
    found: AbortOnDropHandle<Result<Asking>>,
}

impl<'a> Ahead<'a> {
    fn none(on: &'a On, rows: &'a Arc<Rows>) -> Ahead<'a> {
        Ahead { on, rows, lots: VecDeque::with_capacity(LOTS_AHEAD + 1) }
    }

    /// Gives up what was looked up.
    fn forget(&mut self) {
        self.lots.clear();
    }

    /// How many rows from a place on were looked up, and what was found. The lots after them are begun before.
    async fn next(&mut self, from: usize, together: usize) -> (usize, Result<Asking>) {
        if self.lots.front().is_some_and(|lot| lot.from != from) {
            self.forget();
        }
        let first = match self.lots.pop_front() {
            Some(lot) => lot,
            None => self.begin(from, together),
        };
        let mut end = self.lots.back().map_or(first.from + first.many, |lot| lot.from + lot.many);
        while self.lots.len() < LOTS_AHEAD && end < self.rows.len() {
            let lot = self.begin(end, together);
            end += lot.many;
            self.lots.push_back(lot);
        }
        let found = first.found.await.unwrap_or_else(|broken| Err(Error::internal(broken)));
        (first.many, found)
    }

    fn begin(&self, from: usize, together: usize) -> Lot {
        let many = self.rows.together(from, together, TOGETHER_BYTES);
        let (on, rows) = (self.on.clone(), Arc::clone(self.rows));
        let found = tokio::spawn(async move { look_up(&on, &rows, from, many).await });
        Lot { from, many, found: AbortOnDropHandle::new(found) }
    }
}

/// Judges rows by one state of the registers. An act that changes them before the rows are on record makes them late, and
/// the watch looks at them again.
async fn look_up(on: &On, rows: &Rows, from: usize, many: usize) -> Result<Asking> {
    let today = on.app.today();
    let (mut questions, mut refused) = (Vec::with_capacity(many), Vec::with_capacity(many));
    for read in rows.questions(&on.app, from, many, today).await? {
        refused.push(read.map(|question| questions.push(question)).err());
    }
    let mut snapshot = on.app.snapshot().await?;
    let found = look(&mut snapshot, &on.app, &on.caller, today, &questions).await?;
    snapshot.rollback().await?;
    Ok(Asking { from, questions, refused, found })
}

/// Records rows in one act; `None` when another act recorded them meanwhile, or the day they were asked on is over.
async fn put_on_record(on: &On, id: LandCheckBatchId, asking: Asking) -> Result<Option<Vec<Line>>> {
    let Asking { from, questions, refused, found } = asking;
    let many = refused.len();
    let mut act = on.act().await?;
    if store::lock(act.tx(), id).await? != count(from)? || found.today != act.today() {
        act.abandon().await?;
        return Ok(None);
    }
    let mut answered = record(&mut act, &questions, found).await?.into_iter();
    let (mut lines, mut new, mut wrong) = (Vec::with_capacity(many), NewRows::default(), 0);
    for (at, refused) in refused.into_iter().enumerate() {
        let row = from + at + 1;
        let outcome = match refused {
            Some(error) => Err(error),
            None => answered.next().ok_or_else(|| Error::internal("a question of a batch has no answer"))?,
        };
        new.rows.push(count(row)?);
        match outcome {
            Ok(answer) => {
                new.checks.push(Some(answer.id.0));
                new.payloads.push(Some(answer.payload_sha256.to_vec()));
                new.codes.push(None);
                new.errors.push(None);
                let verdict = Some(answer.verdict.as_str().to_owned());
                lines.push(Line { row: u32::try_from(row).ok(), verdict, body: answer.body });
            }
            // What is no fault of the row's concerns them all.
            Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => return Err(error),
            Err(error) => {
                wrong += 1;
                lines.push(put_refusal(&mut new, row, &error)?);
            }
        }
    }
    let act_id = act.id();
    store::insert_rows(act.tx(), id, act_id, &new).await?;
    act.note(
        format!("land_check_batch/{id}"),
        json!({"rows": [from + 1, from + many], "answered": many - wrong, "refused": wrong}),
    );
    act.finish(Reply::nothing()).await?;
    Ok(Some(lines))
}

/// Records that a row could not be judged.
async fn refuse(on: &On, id: LandCheckBatchId, from: usize, error: &Error) -> Result<Option<Vec<Line>>> {
    let mut act = on.act().await?;
    if store::lock(act.tx(), id).await? != count(from)? {
        act.abandon().await?;
        return Ok(None);
    }
    let mut new = NewRows::default();
    new.rows.push(count(from + 1)?);
    let line = put_refusal(&mut new, from + 1, error)?;
    let act_id = act.id();
    store::insert_rows(act.tx(), id, act_id, &new).await?;
    act.note(format!("land_check_batch/{id}"), json!({"rows": [from + 1, from + 1], "answered": 0, "refused": 1}));
    act.finish(Reply::nothing()).await?;
    Ok(Some(vec![line]))
}

fn put_refusal(new: &mut NewRows, row: usize, error: &Error) -> Result<Line> {
    let detail = error.detail();
    let faults = error.faults().iter().map(|fault| ErrorView {
        pointer: fault.pointer.clone(),
        code: fault.code,
        message_zh: fault.message.zh.to_string(),
        message_en: fault.message.en.to_string(),
    });
    let view = RefusedRow {
        row,
        error: RefusalView {
            code: error.code(),
            detail_zh: detail.zh.to_string(),
            detail_en: detail.en.to_string(),
            errors: faults.collect(),
        },
    };
    let body = serde_json::to_vec(&view).map_err(Error::internal)?;
    new.checks.push(None);
    new.payloads.push(None);
    new.codes.push(Some(error.code().to_owned()));
    new.errors.push(Some(body.clone()));
    Ok(Line { row: u32::try_from(row).ok(), verdict: None, body })
}

/// The manifest: as recorded, or sealed and recorded now that every row is through.
async fn finish(on: &On, batch: &Batch) -> Result<Vec<u8>> {
    let id = batch.id;
    let mut act = on.act().await?;
    let through = store::lock(act.tx(), id).await?;
    if let Some(body) = store::manifest(act.tx(), id).await? {
        act.abandon().await?;
        return Ok(body);
    }
    if through != batch.asked {
        return Err(Error::internal(format!("batch {id} has {through} of {} rows at its end", batch.asked)));
    }
    let entries = store::entries(act.tx(), id).await?;
    let (mut verdicts, mut answered) = (BTreeMap::<String, u32>::new(), 0);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(verdict) = &entry.verdict {
            *verdicts.entry(verdict.clone()).or_default() += 1;
            answered += 1;
        }
        rows.push(ManifestRow {
            row: entry.row,
            id: entry.id,
            number: entry.number,
            verdict: entry.verdict,
            payload_sha256: entry.payload_sha256.map(hex::encode),
            error_code: entry.error_code,
        });
    }
    let (now, act_id, refused) = (act.now(), act.id(), batch.asked - answered);
    let view = ManifestView {
        id,
        asked: batch.asked,
        answered,
        refused,
        verdicts,
        source: ManifestSource { name: batch.source_name.clone(), sha256: hex::encode(&batch.source_sha256) },
        by: OperatorView::of(act.caller()),
        begun_at: batch.begun_at,
        at: now,
        rows,
    };
    let mut sealer = Sealer::open(&mut act).await?;
    let entry = Entry { kind: "manifest", id: id.0, number: &id.to_string() };
    let sealed = sealer.seal(&json!({"manifest": view}), entry)?;
    let sha256 = Sha256::digest(&sealed.bytes);
    let new = NewManifest {
        id,
        answered,
        refused,
        finished_at: now,
        body: &sealed.bytes,
        body_sha256: &sha256,
        log_index: i64::try_from(sealed.log_index).map_err(Error::internal)?,
        act: act_id,
    };
    store::insert_manifest(act.tx(), &new).await?;
    sealer.close(&mut act).await?;
    act.note(
        format!("land_check_batch/{id}"),
        json!({"answered": answered, "refused": refused, "sha256": hex::encode(sha256)}),
    );
    act.finish(Reply::nothing()).await?;
    Ok(sealed.bytes)
}

/// What the answers would be, without number, proof or record.
///
/// # Errors
/// When the database cannot be read. What is wrong with a row is its own error.
pub async fn rehearse(on: &On, questions: &[Question]) -> Result<Vec<Result<super::Decision>>> {
    let app = &on.app;
    let settings = settings(app.config())?;
    let today = app.today();
    let bench = Bench { config: app.config(), settings: &settings, today, known_at: None };
    let home = on.caller.home();
    let asked = Asked { questions, days: &vec![today; questions.len()], home: home.as_deref() };
    let mut snapshot = app.snapshot().await?;
    let judged = judge_of_record(&mut snapshot, &bench, &asked).await?;
    snapshot.rollback().await?;
    let decided = judged.into_iter().map(|outcome| {
        let found = outcome?;
        on.caller.require_division(&found.places[0].code)?;
        Ok(found.decision)
    });
    Ok(decided.collect())
}
