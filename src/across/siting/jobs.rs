//! What the server does by itself: the watch over siting checks.

use super::actions::watch::SitingChecks;
use crate::across::land_check::keep_watching;
use crate::platform::App;
use std::future::Future;

/// Watches until `stop` comes to its end. Every server does; an answer is superseded once all the same.
pub async fn run_worker(app: App, stop: impl Future<Output = ()>) {
    tokio::select! {
        () = stop => {}
        () = keep_watching::<SitingChecks>(&app) => {}
    }
}
