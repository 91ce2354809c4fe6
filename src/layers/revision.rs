//! Which revision layers are at. Whoever asks is answered by a statement that began after it asked, so that what was committed
//! before is never missed, on any number of servers; whoever asks while one is under way waits for the next, together with
//! all others, so that a thousand who ask at once cost a few statements.

use super::def::Layer;
use super::sql;
use crate::kernel::{Error, Result};
use crate::platform::App;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A connection that rested for longer goes back to the pool, which looks whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// The newest act that wrote to each register, by its number in the audit chain.
#[derive(Debug, Default)]
pub(super) struct Versions(HashMap<String, i64>);

impl Versions {
    /// The layer's revision.
    pub fn of(&self, layer: &Layer) -> i64 {
        self.newest(layer.made_of)
    }

    /// The newest of some registers' versions.
    pub fn newest(&self, registers: &[&str]) -> i64 {
        registers.iter().filter_map(|register| self.0.get(*register)).copied().max().unwrap_or(0)
    }
}

impl FromIterator<(String, i64)> for Versions {
    fn from_iter<I: IntoIterator<Item = (String, i64)>>(rows: I) -> Versions {
        Versions(rows.into_iter().collect())
    }
}

type Told = Result<Arc<Versions>, Arc<Error>>;

/// Those who wait to be told, and whether somebody reads for them.
#[derive(Default)]
struct Asking {
    waiting: Vec<oneshot::Sender<Told>>,
    is_read: bool,
    /// What was read by last, and when: taking a connection from the pool and giving it back costs more than the statement.
    rests: Option<(PoolConnection<Postgres>, Instant)>,
}

/// Reads versions for all who ask.
#[derive(Clone, Default)]
pub(super) struct Revisions(Arc<Mutex<Asking>>);

impl Revisions {
    /// The versions, with all that was committed before this was called.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn current(&self, app: &App) -> Result<Arc<Versions>> {
        let (sender, told) = oneshot::channel();
        let begins = {
            let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            asking.waiting.push(sender);
            !std::mem::replace(&mut asking.is_read, true)
        };
        if begins {
            // A task of its own: the others still wait when the one who asked first has gone.
            let (all, app) = (self.clone(), app.clone());
            drop(tokio::spawn(async move { all.read(&app).await }));
        }
        Ok(told.await.map_err(Error::internal)??)
    }

    /// Reads until nobody waits. The more there are who ask, the more of them come while a statement is under way and share
    /// the next one.
    async fn read(&self, app: &App) {
        let mut rested = self.0.lock().unwrap_or_else(PoisonError::into_inner).rests.take();
        loop {
            let waiting = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting);
            let told = read_by(&mut rested, app).await.map(Arc::new).map_err(Arc::new);
            for sender in waiting {
                // Who has gone need not be told.
                drop(sender.send(told.clone()));
            }
            let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if asking.waiting.is_empty() {
                asking.is_read = false;
                asking.rests = rested;
                return;
            }
        }
    }
}

/// The versions, by the connection that rests where there is one. One that failed goes back to the pool.
async fn read_by(rests: &mut Option<(PoolConnection<Postgres>, Instant)>, app: &App) -> Result<Versions> {
    let mut conn = match rests.take().filter(|(_, since)| since.elapsed() < RESTED) {
        Some((conn, _)) => conn,
        None => app.maps().acquire().await?,
    };
    let versions = sql::versions(&mut conn).await?;
    *rests = Some((conn, Instant::now()));
    Ok(versions)
}
