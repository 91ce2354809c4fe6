//! The background worker of imports. Every server runs one; they share the queue.

use super::reader::Source;
use super::run::{self, Mode, OnError, Options, Watch};
use super::whole;
use crate::kernel::{Error, JobId, Result};
use crate::platform::act::RequestMark;
use crate::platform::crs::Crs;
use crate::platform::jobs::{self, Claim, Counts, NewJob, RowFinding};
use crate::platform::{Act, App, Begun, Caller, Reply};
use crate::registers::{Importer, Target};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgListener;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// The kind of these jobs.
const KIND: &str = "import";
/// How often the queue is looked at when nobody knocks.
const POLL: Duration = Duration::from_secs(5);
/// How often a server at work says that it lives.
const BEAT: Duration = Duration::from_secs(5);

/// Finds the importer of a target.
pub type Targets = fn(&str) -> Result<Target>;

/// Options as a job keeps them.
#[derive(Serialize, Deserialize)]
struct Stored {
    mode: Mode,
    on_error: OnError,
    crs: Option<String>,
    mapping: BTreeMap<String, String>,
}

/// Queues a file for import. `crs` is the text that `options.crs` was read from.
///
/// # Errors
/// When the file is of a kind that is not read (see [`Source::sniff`]), or the database cannot be written.
pub async fn submit(
    act: &mut Act,
    target: &str,
    file_name: &str,
    content: &bytes::Bytes,
    options: &Options,
    crs: Option<&str>,
) -> Result<JobId> {
    options.check()?;
    let elsewhere = whole::elsewhere(target);
    let kind = elsewhere.map_or(KIND, |elsewhere| elsewhere.kind);
    let source = Source::Bytes { name: file_name.to_owned(), content: content.clone() };
    if source.table(target).transpose()?.is_none() {
        // A target that nobody knows fails when its job runs, with the names there are.
        let tables = run::importer(target).is_ok_and(|importer| importer.takes_tables());
        source.sniff(tables || elsewhere.is_some())?;
    }
    let sha256 = Sha256::digest(content).to_vec();
    let stored = Stored {
        mode: options.mode,
        on_error: options.on_error,
        crs: crs.map(str::to_owned),
        mapping: options.mapping.clone(),
    };
    let new = NewJob {
        kind,
        target,
        options: serde_json::to_value(stored).map_err(Error::internal)?,
        file_name,
        content,
        sha256: &sha256,
    };
    let id = jobs::enqueue(act, new).await?;
    act.note(
        format!("job/{id}"),
        serde_json::json!({
            "queued": kind, "target": target, "mode": options.mode, "sha256": hex::encode(&sha256), "bytes": content.len(),
        }),
    );
    Ok(id)
}

/// Works on imports until `stop` comes to its end. A job under way is then broken off without effect, and taken up again by
/// the next server. It wakes when a job is queued, and looks now and then.
pub async fn run_worker(app: App, targets: Targets, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    tokio::select! {
        () = &mut stop => {}
        () = keep_working(&app, targets) => {}
    }
}

async fn keep_working(app: &App, targets: Targets) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(app).await;
        }
        if let Err(error) = work_off(app, targets).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the queue of imports cannot be worked on");
        }
        let knocked = async {
            match &mut listener {
                // An error means that the connection is gone: listen anew after the pause.
                Some(open) => open.recv().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        if tokio::time::timeout(POLL, knocked).await == Ok(false) {
            listener = None;
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn listen(app: &App) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(app.db()).await.ok()?;
    listener.listen(jobs::CHANNEL).await.ok()?;
    Some(listener)
}

/// Works on what is queued now, until nothing is; gives how many jobs that were.
///
/// # Errors
/// When the database cannot be reached. What is wrong with a job is that job's end, not an error.
pub async fn work_off(app: &App, targets: Targets) -> Result<usize> {
    let mut done = 0;
    while let Some(claim) = jobs::claim(app, KIND).await? {
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
            ended = one(app, &claim, targets, &mut counts) => ended,
            never = beating => never,
        };
        match ended {
            Ok(()) => {}
            Err(error) if error.code() == "job_taken" => tracing::warn!(job = %claim.id, "another server has the job"),
            // The job stays running and is taken up again when this server has been silent long enough.
            Err(error) if error.kind() == crate::kernel::Kind::Unavailable => return Err(error),
            Err(error) => {
                if error.kind() == crate::kernel::Kind::Internal {
                    tracing::error!(job = %claim.id, error = &error as &dyn std::error::Error, "an import failed");
                }
                let mut conn = app.db().acquire().await?;
                claim.failed(&mut conn, app.clock().now(), &counts, &error).await?;
            }
        }
        done += 1;
    }
    Ok(done)
}

/// The options that a job was queued with by [`submit`].
///
/// # Errors
/// When they are none: a fault of ours.
pub fn stored_options(stored: &serde_json::Value) -> Result<Options> {
    let stored: Stored = serde_json::from_value(stored.clone()).map_err(Error::internal)?;
    Ok(Options {
        mode: stored.mode,
        on_error: stored.on_error,
        crs: stored.crs.as_deref().and_then(Crs::parse),
        mapping: stored.mapping,
    })
}

/// One job from its file to its end.
async fn one(app: &App, claim: &Claim, targets: Targets, seen: &mut Counts) -> Result<()> {
    let options = stored_options(&claim.options)?;
    let importer = targets(&claim.target)?;
    let caller = claim.caller(app).await?;
    let source = Source::Bytes { name: claim.file_name.clone(), content: claim.content(app.db()).await?.into() };
    let mut act = begin(app, &caller, &*importer, &claim.request_id).await?;
    let mut watch = Reporter { app, claim, seen };
    let ran = run::run(&mut act, &*importer, &source, &options, &mut watch).await?;
    *seen = ran;
    let counts = run::conclude(&options, ran)?;
    if options.mode == Mode::DryRun {
        act.abandon().await?;
        let mut conn = app.db().acquire().await?;
        return claim.done(&mut conn, app.clock().now(), &counts).await;
    }
    act.note(format!("job/{}", claim.id), run::audit_line(&*importer, &options, &counts, &claim.sha256));
    let now = act.now();
    claim.done(act.tx(), now, &counts).await?;
    act.finish(Reply::nothing()).await?;
    Ok(())
}

async fn begin(app: &App, caller: &Caller, importer: &dyn Importer, request_id: &str) -> Result<Act> {
    let mark = RequestMark { id: request_id.to_owned(), idempotency: None };
    match Act::begin(app, caller, importer.permission(), mark).await? {
        Begun::Fresh(act) => Ok(*act),
        Begun::Replayed(_) => Err(Error::internal("an act without idempotency key was replayed")),
    }
}

/// Tells the job how it goes.
struct Reporter<'a> {
    app: &'a App,
    claim: &'a Claim,
    seen: &'a mut Counts,
}

impl Watch for Reporter<'_> {
    fn progress<'a>(&'a mut self, done: u64, total: u64, counts: &'a Counts) -> BoxFuture<'a, Result<()>> {
        *self.seen = *counts;
        Box::pin(async move { self.claim.progress(self.app.db(), done, total, counts).await })
    }

    fn findings<'a>(&'a mut self, findings: Vec<RowFinding>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.claim.keep_rows(self.app.db(), &findings).await })
    }
}
