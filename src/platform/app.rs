//! The state that every request and command shares, and how the database is reached.

use super::pdf::Fonts;
use super::seal::KeyCache;
use crate::config::Config;
use crate::kernel::{Clock, Day, Error, Kind, Result, Text};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgPool, Postgres, Transaction};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Handles to what the process holds: the database, the clock, the configuration. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: PgPool,
    maps: PgPool,
    lookups: PgPool,
    clock: Clock,
    config: Config,
    fonts: OnceCell<Fonts>,
    signing_keys: KeyCache,
}

impl App {
    /// Puts the parts together. Nothing is opened here.
    pub fn new(db: PgPool, clock: Clock, config: Config) -> App {
        // One more than maps are read by at once: which revision they are at is asked beside them.
        let maps = for_maps(&db, &config, "force_custom_plan", config.map_connections + 1);
        let lookups = for_maps(&db, &config, "force_generic_plan", config.map_connections);
        App(Arc::new(Inner {
            db,
            maps,
            lookups,
            clock,
            config,
            fonts: OnceCell::new(),
            signing_keys: KeyCache::default(),
        }))
    }

    /// Connections to the registry's database. Reading only: writes go through [`super::Act`].
    pub fn db(&self) -> &PgPool {
        &self.0.db
    }

    /// Connections for maps: they only read, a statement on them is planned for the values it is asked with, and one whose
    /// asker has gone is ended.
    pub fn maps(&self) -> &PgPool {
        &self.0.maps
    }

    /// As [`App::maps`], for what is looked up by an identifier: it has the same plan whatever the identifier is, and making
    /// that takes several times as long as following it. So it is made once on each connection.
    pub fn lookups(&self) -> &PgPool {
        &self.0.lookups
    }

    /// One state of the database, read only, for an answer that is made of several statements.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Postgres>> {
        self.transaction("begin isolation level repeatable read read only").await
    }

    /// A transaction, begun by `opening`: `begin`, and what is set for it, in one round trip. The only way to begin one.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn transaction(&self, opening: impl Into<String>) -> Result<Transaction<'static, Postgres>> {
        let (db, opening) = (self.0.db.clone(), opening.into());
        // In a task of its own: a request that is broken off while its transaction begins would leave the connection to
        // the next one with the transaction open. Here it is begun, and undone when nobody takes it.
        let begun = tokio::spawn(async move { db.begin_with(AssertSqlSafe(opening)).await });
        Ok(begun.await.map_err(Error::internal)??)
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

    /// The key that signs, once it was read.
    pub(super) fn signing_keys(&self) -> &KeyCache {
        &self.0.signing_keys
    }

    /// The fonts that papers are written with, read when they are first asked for. Where there were none they are looked
    /// for again: somebody may have installed them.
    ///
    /// # Errors
    /// `font_missing`.
    pub async fn fonts(&self) -> Result<Fonts> {
        let named = self.0.config.cjk_font.clone();
        let find = || async {
            tokio::task::spawn_blocking(move || Fonts::find(named.as_deref())).await.map_err(Error::internal)?
        };
        self.0.fonts.get_or_try_init(find).await.cloned()
    }
}

/// A connection that nobody used for so long is asked whether it still lives before it is used again.
const RESTED: Duration = Duration::from_secs(1);

/// Opens the pool. A query that runs longer than the configuration allows is ended by PostgreSQL.
///
/// # Errors
/// `bad_config` for a malformed URL; `database_unavailable` when nothing answers.
pub async fn connect(url: &str, config: &Config) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| {
            Error::new(
                Kind::Malformed,
                "bad_config",
                Text::fixed("database_url 无法识别。", "database_url cannot be read."),
            )
            .because(error)
        })?
        .application_name("jingtu")
        .options([("statement_timeout", config.statement_timeout_ms.to_string())]);
    Ok(pool(config.database_connections).connect_with(options).await?)
}

/// The pool of [`App::maps`] or [`App::lookups`], of the same database. A box that covers little and one that covers a layer
/// want different plans, and a plan made for neither reads everything for both: so on one pool plans are made for the values.
/// Compiling them costs more than a page does.
fn for_maps(db: &PgPool, config: &Config, plans: &str, connections: u32) -> PgPool {
    let options = PgConnectOptions::clone(&db.connect_options()).application_name("jingtu-maps").options([
        ("statement_timeout", config.statement_timeout_ms.to_string().as_str()),
        ("default_transaction_read_only", "on"),
        ("plan_cache_mode", plans),
        ("jit", "off"),
        ("client_connection_check_interval", "500ms"),
    ]);
    pool(connections).connect_lazy_with(options)
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        // Asking whether a connection still lives costs as much as a question: one that was just used does.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for >= RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Brings the schema up to what this program needs. Several servers may start at once; one of them does it.
///
/// # Errors
/// When a migration fails or was changed after it ran; nothing of it is then kept.
pub async fn migrate(db: &PgPool) -> Result<()> {
    MIGRATIONS.run(db).await.map_err(Error::internal)
}

/// Whether every migration of this program has run.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_migrated(db: &PgPool) -> Result<bool> {
    let there =
        sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "there!""#).fetch_one(db).await?;
    if !there {
        return Ok(false);
    }
    let newest = sqlx::query_scalar!("select max(version) from _sqlx_migrations where success").fetch_one(db).await?;
    Ok(newest >= MIGRATIONS.iter().map(|m| m.version).max())
}

/// Whether the data is the demo's.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_demo(db: &PgPool) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists(select 1 from platform_setting where key = 'demo') as "there!""#)
        .fetch_one(db)
        .await?)
}

/// Marks the data as the demo's, for ever.
///
/// # Errors
/// When the database cannot be written.
pub async fn mark_demo(act: &mut super::Act) -> Result<()> {
    sqlx::query!("insert into platform_setting (key, value) values ('demo', 'true')").execute(act.tx()).await?;
    Ok(())
}

/// Whether nothing was ever written but keys: no act left a line about anything else.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_empty(act: &mut super::Act) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists(select 1 from platform_audit where line::jsonb ->> 'operation' <> 'key.manage') as "empty!""#
    )
    .fetch_one(act.tx())
    .await?)
}
