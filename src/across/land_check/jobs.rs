//! The watch over replies, by the server itself: woken by every write to a register that answers rest on.

use super::actions::watch::watch;
use crate::platform::{App, touch};
use sqlx::postgres::PgListener;
use std::future::Future;
use std::time::Duration;

/// How often the watch looks when nobody wakes it: for what begins and ends by the calendar, and for knocks that were lost.
const LOOK: Duration = Duration::from_secs(15);

/// Watches until `stop` comes to its end. Every server does; a reply is superseded once all the same.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    let work = async {
        let mut listener = None;
        loop {
            match watch(&app).await {
                Ok(pass) if pass.superseded > 0 => {
                    tracing::info!(pass.judged, pass.superseded, "replies to land checks superseded");
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the watch over replies cannot go on");
                }
            }
            if listener.is_none() {
                listener = listen(&app).await;
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
    };
    tokio::select! {
        () = stop => {}
        () = work => {}
    }
}

async fn listen(app: &App) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(app.db()).await.ok()?;
    listener.listen(touch::TOUCHED).await.ok()?;
    Some(listener)
}
