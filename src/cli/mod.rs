//! The commands, one file each. They call the same actions as the HTTP handlers, as the operator.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the answer is "no".

mod audit;
mod calendar;
mod check;
mod demo;
mod doctor;
mod export;
mod import;
mod key;
mod migrate;
mod openapi;
mod say;
mod serve;
mod signing_key;
mod verify;

use crate::across::rulebook;
use crate::config::{Config, LogFormat};
use crate::kernel::{Clock, Error, Kind, Result, Text};
use crate::layers::def;
use crate::pg;
use crate::platform::{App, app};
use crate::registers;
use clap::{Args, Parser, Subcommand};
use say::{aside, say};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Jingtu 净土: 污染地块登记系统 / the registry of contaminated land.
#[derive(Debug, Parser)]
#[command(name = "jingtu", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// Configuration file (TOML); without it, ./jingtu.toml where there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the embedded PostgreSQL lives [default: ./.jingtu]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "database_url")]
    data_dir: Option<PathBuf>,
    /// A PostgreSQL 15+ with PostGIS 3 to use instead of the embedded one
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Machine-readable output where there is a report
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve {
        /// Address to listen on [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
        /// Load the invented sample data into an empty registry, and print a fresh key per role
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database schema up to date
    Migrate,
    /// Sample data, all of it invented
    #[command(subcommand)]
    Demo(demo::Command),
    /// Load a file into a register
    Import(import::Arguments),
    /// Write a layer to a file
    Export(export::Arguments),
    /// Check the parcels of a file; exit code 3 when one is on hold or blocked
    Check(check::Arguments),
    /// Load a year's calendar of rest days
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// List and rotate the keys that sign replies
    #[command(subcommand)]
    SigningKey(signing_key::Command),
    /// Check what the registry signed, without it; exit code 3 when something was changed
    Verify(verify::Arguments),
    /// Check the audit chain and the log of what was signed
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the OpenAPI document
    Openapi,
    /// Look at this machine and database, and say what is missing
    Doctor,
}

/// What a command came to.
enum Outcome {
    /// Done.
    Done,
    /// The answer is "no".
    No,
}

/// Runs a command and gives the exit code. Nothing else reads arguments or writes to the terminal.
pub fn run(arguments: Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            aside!("jingtu: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(arguments)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(3),
        Err(error) => {
            aside!("jingtu: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                aside!("  {inner}");
                cause = inner.source();
            }
            if matches!(error.kind(), Kind::Malformed) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn dispatch(Arguments { common, command }: Arguments) -> Result<Outcome> {
    let mut config = Config::load(common.config.as_deref())?;
    if let Some(dir) = common.data_dir {
        config.data_dir = dir;
        config.database_url = None;
    }
    if common.database_url.is_some() {
        config.database_url = common.database_url;
    }
    log_to_stderr(&config)?;
    // `doctor` says it among what else it finds.
    if !matches!(command, Command::Doctor) {
        check_settings(&config)?;
    }
    match command {
        Command::Serve { listen, demo } => {
            config.listen = listen.unwrap_or(config.listen);
            // The demo's farmland is invented, so that everybody may see it.
            if demo {
                config.layers.entry("farmland".to_owned()).or_default().public.get_or_insert(true);
            }
            // Whoever tries it has no receiver on the open network yet.
            config.webhook_http_loopback |= demo;
            serve::run(config, demo).await
        }
        Command::Migrate => migrate::run(config).await,
        Command::Demo(command) => demo::run(config, &command).await,
        Command::Import(arguments) => import::run(config, arguments, common.json).await,
        Command::Export(arguments) => export::run(config, arguments).await,
        Command::Check(arguments) => check::run(config, arguments, common.json).await,
        Command::Calendar(command) => calendar::run(config, command, common.json).await,
        Command::Key(command) => key::run(config, command, common.json).await,
        Command::SigningKey(command) => signing_key::run(config, &command, common.json).await,
        Command::Verify(arguments) => verify::run(&arguments, common.json),
        Command::Audit(command) => audit::run(config, &command, common.json).await,
        Command::Openapi => openapi::run(),
        Command::Doctor => doctor::run(&config, common.json).await,
    }
}

/// Holds the settings against what they are about.
///
/// # Errors
/// `bad_config` naming the setting.
fn check_settings(config: &Config) -> Result<()> {
    rulebook::check_settings(config)?;
    def::check_settings(config, registers::layers(), registers::FAMILIES)
}

fn log_to_stderr(config: &Config) -> Result<()> {
    // Notices of the database are its answers to questions of ours, such as that an extension is there already.
    let filter = EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{}", config.log)).map_err(|error| {
        Error::new(Kind::Malformed, "bad_config", Text::fixed("log 过滤式有误。", "The log filter cannot be read."))
            .because(error)
    })?;
    let on_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(on_terminal);
    match config.log_format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}

/// The application of a command, over its own or a running server's database.
struct Opened {
    app: App,
    attached: Option<pg::Attached>,
}

impl Opened {
    async fn close(self) -> Result<()> {
        self.app.db().close().await;
        match self.attached {
            Some(attached) => attached.close().await.map_err(cluster_error),
            None => Ok(()),
        }
    }
}

/// Opens the database for a command; its schema is brought up to date first.
async fn open(config: Config) -> Result<Opened> {
    let opened = open_as_is(config).await?;
    app::migrate(opened.app.db()).await?;
    Ok(opened)
}

async fn open_as_is(config: Config) -> Result<Opened> {
    let (url, attached) = match &config.database_url {
        Some(url) => {
            require_serving(url).await?;
            (url.clone(), None)
        }
        None => {
            let attached = pg::attach(&config.data_dir, cluster_options(&config)).await.map_err(cluster_error)?;
            (attached.url(), Some(attached))
        }
    };
    let db = app::connect(&url, &config).await?;
    Ok(Opened { app: App::new(db, Clock::system(config.today), config), attached })
}

fn cluster_options(config: &Config) -> pg::Options {
    pg::Options { binaries: config.pg_bin.clone(), ..pg::Options::default() }
}

/// An external database must have what the registry needs; what is missing is said with what mends it.
async fn require_serving(url: &str) -> Result<()> {
    let inspection = pg::inspect(url).await.map_err(cluster_error)?;
    if inspection.serves() {
        return Ok(());
    }
    let say = |pick: fn(&pg::Finding) -> &str| {
        inspection.findings.iter().map(|f| format!("{} → {}", pick(f), f.mend)).collect::<Vec<_>>().join("\n")
    };
    Err(Error::new(
        Kind::Unavailable,
        "database_lacks",
        Text::new(
            format!("所给数据库缺少所需条件：\n{}", say(|f| &f.zh)),
            format!("The database given lacks what is needed:\n{}", say(|f| &f.en)),
        ),
    ))
}

fn cluster_error(error: pg::PgError) -> Error {
    Error::new(
        Kind::Unavailable,
        "embedded_postgresql",
        Text::fixed("PostgreSQL 未能就绪。", "PostgreSQL is not ready."),
    )
    .because(error)
}

/// Prints a value as JSON on one line.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    say!("{}", serde_json::to_string(value).map_err(Error::internal)?)?;
    Ok(())
}
