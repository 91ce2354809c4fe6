//! What the server does by itself: the watch over replies, woken by every write to a register that answers rest on; and
//! batches that are answered in the background, woken by every job that is queued.

use super::actions::batch::{self, Defaults, File, Form, Line, On, Rows, Sink};
use super::actions::watch::{LandChecks, Watched, pass};
use super::store::batch as store;
use crate::across::imports::{self, Mode};
use crate::kernel::{Error, Fault, JobId, Kind, Result, Text};
use crate::platform::act::RequestMark;
use crate::platform::crs::BodyCrs;
use crate::platform::jobs::{self, Claim, Counts, NewJob, RowFinding};
use crate::platform::{Act, App, Begun, Permission, Reply, touch};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgListener;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often the watch looks when nobody wakes it: for what begins and ends by the calendar, and for knocks that were lost.
const LOOK: Duration = Duration::from_secs(15);

/// Watches and works off batches until `stop` comes to its end. Every server does; a reply is superseded once, and a row
/// answered once, all the same.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    tokio::select! {
        () = stop => {}
        () = keep_watching::<LandChecks>(&app) => {}
        () = keep_answering(&app) => {}
    }
}

/// Watches replies of a kind for ever, woken by every write to a register that answers rest on.
pub async fn keep_watching<W: Watched>(app: &App) {
    {
        let mut listener = None;
        loop {
            match pass::<W>(app).await {
                Ok(pass) if pass.superseded > 0 => {
                    tracing::info!(kind = W::KIND, pass.judged, pass.superseded, "replies superseded");
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the watch over replies cannot go on");
                }
            }
            if listener.is_none() {
                listener = listen(app, touch::TOUCHED).await;
            }
            match &mut listener {
                Some(knocks) => {
                    if let Ok(Err(error)) = tokio::time::timeout(LOOK, knocks.recv()).await {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the watch over replies hears nothing"
                        );
                        listener = None;
                    }
                }
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

async fn listen(app: &App, channel: &str) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(app.db()).await.ok()?;
    listener.listen(channel).await.ok()?;
    Some(listener)
}

/// Kind of the jobs that answer a batch sent with `Prefer: respond-async`.
const BATCH: &str = "land_check_batch";
/// Kind of the jobs that answer a file of parcels.
const FILE: &str = "land_check_file";
/// The name under which both are followed, and files are imported.
const TARGET: &str = "land-checks";
/// How often a server at work says that it lives.
const BEAT: Duration = Duration::from_secs(5);
/// Rows of a dry run judged together.
const TOGETHER: usize = 250;

/// Files of parcels, as imports take them.
pub static FILES: imports::Elsewhere =
    imports::Elsewhere { target: TARGET, permission: Permission::LandCheckAsk, kind: FILE };

/// What the worker needs to know of a batch.
#[derive(Serialize, Deserialize)]
struct Stored {
    form: Form,
    defaults: Defaults,
    /// Value of the header `Content-Crs`; none: CRS84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crs: Option<String>,
}

/// Queues a batch.
///
/// # Errors
/// When the database cannot be written.
pub async fn enqueue(act: &mut Act, body: &Bytes, form: Form, defaults: &Defaults, crs: BodyCrs) -> Result<JobId> {
    let sha256 = Sha256::digest(body).to_vec();
    let crs = (crs != BodyCrs::Crs84).then(|| format!("<{}>", crs.uri()));
    let options = serde_json::to_value(Stored { form, defaults: defaults.clone(), crs }).map_err(Error::internal)?;
    let new = NewJob { kind: BATCH, target: TARGET, options, file_name: "", content: body, sha256: &sha256 };
    jobs::enqueue(act, new).await
}

async fn keep_answering(app: &App) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(app, jobs::CHANNEL).await;
        }
        if let Err(error) = work_off_batches(app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the queue of batches cannot be worked on");
        }
        match &mut listener {
            Some(knocks) => {
                if let Ok(Err(error)) = tokio::time::timeout(LOOK, knocks.recv()).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the queue of batches hears nothing");
                    listener = None;
                }
            }
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Answers the batches that are queued now, until none is; gives how many that were.
///
/// # Errors
/// When the database cannot be reached. What is wrong with a job is that job's end, not an error.
pub async fn work_off_batches(app: &App) -> Result<usize> {
    let mut done = 0;
    for kind in [BATCH, FILE] {
        while let Some(claim) = jobs::claim(app, kind).await? {
            let mut counts = Counts::default();
            let beating = async {
                loop {
                    tokio::time::sleep(BEAT).await;
                    // What a beat cannot say, silence will.
                    if let Err(error) = claim.beat(app.db()).await {
                        tracing::warn!(job = %claim.id, error = &error as &dyn std::error::Error, "no beat");
                    }
                }
            };
            let ended = tokio::select! {
                ended = one(app, &claim, kind, &mut counts) => ended,
                never = beating => never,
            };
            let ended = match ended {
                Ok(()) => {
                    let mut conn = app.db().acquire().await?;
                    claim.done(&mut conn, app.clock().now(), &counts).await
                }
                // The job stays running and is taken up again when this server has been silent long enough.
                Err(error) if error.kind() == Kind::Unavailable => return Err(error),
                Err(error) => {
                    if error.kind() == Kind::Internal {
                        tracing::error!(job = %claim.id, error = &error as &dyn std::error::Error, "a batch failed");
                    }
                    let mut conn = app.db().acquire().await?;
                    claim.failed(&mut conn, app.clock().now(), &counts, &error).await
                }
            };
            match ended {
                Err(error) if error.code() == "job_taken" => {
                    tracing::warn!(job = %claim.id, "another server has the job");
                }
                ended => ended?,
            }
            done += 1;
        }
    }
    Ok(done)
}

/// One job from its rows to its manifest. Taken up again, it goes on where the record ends.
async fn one(app: &App, claim: &Claim, kind: &str, counts: &mut Counts) -> Result<()> {
    let caller = claim.caller(app).await?;
    let content = Bytes::from(claim.content(app.db()).await?);
    let on = On { app: app.clone(), caller, request_id: claim.request_id.clone() };
    let (rows, notes) = if kind == BATCH {
        let Stored { form, defaults, crs } = serde_json::from_value(claim.options.clone()).map_err(Error::internal)?;
        let crs = crs.map_or(Ok(BodyCrs::Crs84), |value| BodyCrs::parse(&value))?;
        (Rows::read(&content, form, defaults, crs)?, Vec::new())
    } else {
        let options = imports::stored_options(&claim.options)?;
        let mode = options.mode;
        let file = File { name: claim.file_name.clone(), content, options };
        let (rows, remarks) = batch::of_file(app, &file, Defaults::default()).await?;
        let notes = remarks.findings();
        if mode == Mode::DryRun {
            return rehearse(&on, claim, &rows, notes, counts).await;
        }
        (rows, notes)
    };
    let id = match store::of_job(app.db(), claim.id).await? {
        Some(id) => id,
        None => open(&on, claim, &rows).await?,
    };
    let mut progress = Progress { app, claim, counts, total: rows.len() as u64, notes };
    batch::run(&on, id, &Arc::new(rows), &mut progress).await
}

async fn open(on: &On, claim: &Claim, rows: &Rows) -> Result<crate::kernel::LandCheckBatchId> {
    let mark = RequestMark { id: on.request_id.clone(), idempotency: None };
    let Begun::Fresh(mut act) = Act::begin(&on.app, &on.caller, Permission::LandCheckAsk, mark).await? else {
        return Err(Error::internal("an act without idempotency key was replayed"));
    };
    let id = batch::open(&mut act, rows, Some(claim.id)).await?;
    jobs::lead_to(act.tx(), claim.id, &format!("/v1/land-checks/batches/{id}")).await?;
    act.finish(Reply::nothing()).await?;
    Ok(id)
}

/// Judges every row and says what came of it, without number, proof or record.
async fn rehearse(on: &On, claim: &Claim, rows: &Rows, mut notes: Vec<RowFinding>, counts: &mut Counts) -> Result<()> {
    let (db, total, today) = (on.app.db(), rows.len() as u64, on.app.today());
    for from in (0..rows.len()).step_by(TOGETHER) {
        let (mut questions, mut refused) = (Vec::new(), Vec::new());
        let many = (rows.len() - from).min(TOGETHER);
        for read in rows.questions(&on.app, from, many, today).await? {
            refused.push(read.map(|question| questions.push(question)).err());
        }
        let mut judged = batch::rehearse(on, &questions).await?.into_iter();
        // The findings of a row are kept together: those on columns stand with the first.
        let mut findings = std::mem::take(&mut notes);
        for (at, refused) in refused.into_iter().enumerate() {
            let outcome = match refused {
                Some(error) => Err(error),
                None => judged.next().ok_or_else(|| Error::internal("a question has no judgement"))?,
            };
            counts.read += 1;
            match &outcome {
                Ok(_) => counts.valid += 1,
                Err(_) => counts.rejected += 1,
            }
            findings.extend(batch::rehearsed((from + at + 1) as u64, &outcome));
        }
        claim.keep_rows(db, &findings).await?;
        claim.progress(db, counts.read, total, counts).await?;
    }
    Ok(())
}

/// Tells the job how far its batch is, and which rows were refused.
struct Progress<'a> {
    app: &'a App,
    claim: &'a Claim,
    counts: &'a mut Counts,
    total: u64,
    notes: Vec<RowFinding>,
}

impl Sink for Progress<'_> {
    fn take<'a>(&'a mut self, lines: Vec<Line>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // The findings of a row are kept together: those on columns stand with the first.
            let mut findings = std::mem::take(&mut self.notes);
            for line in &lines {
                let Some(row) = line.row else { continue };
                self.counts.read += 1;
                if line.verdict.is_some() {
                    self.counts.valid += 1;
                    self.counts.written += 1;
                } else {
                    self.counts.rejected += 1;
                    findings.extend(refusals(row, &line.body)?);
                }
            }
            if !findings.is_empty() {
                self.claim.keep_rows(self.app.db(), &findings).await?;
            }
            self.claim.progress(self.app.db(), self.counts.read, self.total, self.counts).await
        })
    }
}

/// What a job says of a refused row, read off the line that stands on record.
fn refusals(row: u32, line: &[u8]) -> Result<Vec<RowFinding>> {
    let line: Value = serde_json::from_slice(line).map_err(Error::internal)?;
    let error = &line["error"];
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let finding = |pointer: String, code: String, zh: String, en: String| {
        let message = Text::new(format!("{code}：{zh}"), format!("{code}: {en}"));
        let fault = Fault::new(pointer, "row_refused", message);
        RowFinding { row: u64::from(row), rejected: true, noted: false, fault, hint: None }
    };
    let faults = error["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if faults.is_empty() {
        let (zh, en) = (text(error, "detail_zh"), text(error, "detail_en"));
        return Ok(vec![finding(String::new(), text(error, "code"), zh, en)]);
    }
    let findings = faults.iter().map(|fault| {
        finding(text(fault, "pointer"), text(fault, "code"), text(fault, "message_zh"), text(fault, "message_en"))
    });
    Ok(findings.collect())
}
