//! Who may ask the database for maps now: so many at once, a few more may wait a little, and the rest are told to come back.
//! A crowd of maps never keeps a register's own work waiting, and whole layers never all of the maps.

use super::sql;
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::App;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests that may wait for each one that is answered.
const WAITING_PER_PLACE: usize = 8;

/// How long who waits at a gate waits at most, and when the others are told to come back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    wait: Duration,
    come_back_s: u32,
}

impl Patience {
    /// Of maps: what takes longer nobody looks at any more.
    pub const SHORT: Patience = Patience { wait: Duration::from_secs(2), come_back_s: 1 };
    /// Of whole layers: each takes seconds.
    pub const LONG: Patience = Patience { wait: Duration::from_secs(60), come_back_s: 30 };
}

/// A door to a pool of connections for maps.
pub(super) struct Gate {
    pool: fn(&App) -> &PgPool,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most: usize,
    patience: Patience,
}

/// A connection that reads for a map. Dropped before its statement has ended, it is closed rather than given back, and the
/// database ends the statement.
pub(super) struct Reading {
    conn: Option<PoolConnection<Postgres>>,
    /// Whether its statements see the rows as they were at one moment.
    held: bool,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    /// One that lets so many in at once.
    pub fn new(pool: fn(&App) -> &PgPool, places: u32, patience: Patience) -> Gate {
        let places = usize::try_from(places).unwrap_or(1).max(1);
        Gate {
            pool,
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            most: places * WAITING_PER_PLACE,
            patience,
        }
    }

    /// A connection, as soon as there is one.
    ///
    /// # Errors
    /// `overloaded` when too many others wait or none comes free in time; when the database cannot be reached.
    pub async fn enter(&self, app: &App) -> Result<Reading> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.wait().await?,
        };
        Ok(Reading { conn: Some((self.pool)(app).acquire().await?), held: false, _place: place })
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit> {
        let waiting = Waiting::among(&self.waiting);
        if waiting.before >= self.most {
            return Err(self.overloaded());
        }
        let place = tokio::time::timeout(self.patience.wait, Arc::clone(&self.places).acquire_owned()).await;
        place.map_err(|_| self.overloaded())?.map_err(Error::internal)
    }

    fn overloaded(&self) -> Error {
        Error::new(
            Kind::Unavailable,
            "overloaded",
            Text::fixed(
                "地图请求过多，请稍后重试。",
                "Too many maps are asked for at the moment; try again in a moment.",
            ),
        )
        .retry_after(self.patience.come_back_s)
    }
}

/// One of those who wait, for as long as it does.
struct Waiting<'a> {
    all: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn among(all: &'a AtomicUsize) -> Waiting<'a> {
        Waiting { all, before: all.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reading {
    /// From here on every statement sees the rows of the same moment: what follows from one holds for the next.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn hold(&mut self) -> Result<()> {
        sql::hold(self.conn()?).await?;
        self.held = true;
        Ok(())
    }

    /// Gives the connection back: every statement on it has ended.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn done(mut self) -> Result<()> {
        if self.held {
            sql::release(self.conn()?).await?;
        }
        self.conn = None;
        Ok(())
    }

    /// The connection; an error once it was given back, which is a fault of ours.
    pub fn conn(&mut self) -> Result<&mut PgConnection> {
        let conn = self.conn.as_mut().ok_or_else(|| Error::internal("a connection for maps was given back before"))?;
        Ok(conn)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            drop(conn.detach());
        }
    }
}
