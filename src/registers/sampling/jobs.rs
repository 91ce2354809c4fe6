//! What follows a change of a standard: every soil sample of the division is held to the standards anew, by the server
//! itself. Every server looks; a run is made once all the same.

use super::actions::{Cause, rescreen_division};
use super::store::screening;
use crate::kernel::{Error, Result};
use crate::platform::act::RequestMark;
use crate::platform::{Act, App, Begun, Caller, Permission, Reply};
use crate::registers::standard::{self, Moved};
use sqlx::PgConnection;
use std::future::Future;
use std::time::Duration;

/// How often a server looks whether a standard has changed, or a version begun or ended.
const LOOK: Duration = Duration::from_secs(15);

/// Screens anew what a change of a local standard touches, or the first or last day of one; gives how many divisions that
/// were. Doing it again, or at the same time elsewhere, does nothing more.
///
/// # Errors
/// When the database cannot be written; divisions done before stand, and the next pass goes on.
pub async fn rescreen_due(app: &App) -> Result<usize> {
    let mut done = 0;
    let moved = standard::moved(&mut *app.db().acquire().await?, app.today()).await?;
    for one in moved {
        if !is_due(&mut *app.db().acquire().await?, &one).await? {
            continue;
        }
        let mut act = begin(app).await?;
        // Somebody else may be at it: what is done by then is not done again.
        screening::hold_runs(act.tx()).await?;
        if is_due(act.tx(), &one).await? {
            rescreen_division(&mut act, Cause::StandardVersion, Some(&one.division_code)).await?;
            act.finish(Reply::nothing()).await?;
            done += 1;
        }
    }
    Ok(done)
}

/// Whether a division's samples were last screened before its standards were what they are.
async fn is_due(conn: &mut PgConnection, moved: &Moved) -> Result<bool> {
    let last = screening::last_run(conn, &moved.division_code, Cause::StandardVersion.as_str()).await?;
    Ok(last.is_none_or(|(run_at, judged_on)| {
        run_at < moved.recorded_at || moved.began_or_ended.is_some_and(|day| judged_on < day)
    }))
}

async fn begin(app: &App) -> Result<Act> {
    let mark = RequestMark { id: "rescreen".to_owned(), idempotency: None };
    match Act::begin(app, &Caller::Operator, Permission::SamplingWrite, mark).await? {
        Begun::Fresh(act) => Ok(*act),
        Begun::Replayed(_) => Err(Error::internal("an act without idempotency key was replayed")),
    }
}

/// Looks now and then, until `stop` comes to its end.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    let work = async {
        loop {
            match rescreen_due(&app).await {
                Ok(0) => {}
                Ok(divisions) => tracing::info!(divisions, "samples screened anew after a change of standards"),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "samples cannot be screened anew");
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = stop => {}
        () = work => {}
    }
}
