//! The state that every request and command shares.

use crate::config::Config;
use crate::kernel::{Clock, Day};
use sqlx::PgPool;
use std::sync::Arc;

/// Handles to what the process holds: the database, the clock, the configuration. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: PgPool,
    clock: Clock,
    config: Config,
}

impl App {
    /// Puts the parts together. Nothing is opened here.
    pub fn new(db: PgPool, clock: Clock, config: Config) -> App {
        App(Arc::new(Inner { db, clock, config }))
    }

    /// Connections to the registry's database. Reading only: writes go through [`super::Act`].
    pub fn db(&self) -> &PgPool {
        &self.0.db
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The civil day in China.
    pub fn today(&self) -> Day {
        self.0.clock.today()
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }
}
