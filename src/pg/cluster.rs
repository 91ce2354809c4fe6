//! A cluster under a data directory: made once, started, stopped.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use sqlx::{Connection, PgConnection};
use tokio::sync::{oneshot, watch};

use super::account::Account;
use super::binaries::Binaries;
use super::error::{IoContext, PgError};
use super::keeper::{Keeper, Launch, Status};
use super::leftovers;
use super::lock::{self, DirLock};

/// The database, and the role that owns it. The role is no superuser, so row-level security means something for it;
/// it may create databases, and it owns the schema `public` of its own.
const NAME: &str = "jingtu";
/// The cluster's superuser: makes the database and the extension, and is for maintenance after that.
const ADMIN: &str = "postgres";
/// Names the socket file; no TCP port is opened.
const PORT: u16 = 5432;
/// A socket's path holds this many bytes on Linux, its closing zero not counted.
const LONGEST_SOCKET_PATH: usize = 107;
/// How long a command waits for a server that holds the data directory and is still coming up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to run a cluster. The default is right for a small server with data that must be safe.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory of the server's programs; `None` looks in the usual places.
    pub binaries: Option<PathBuf>,
    /// The user that runs a new cluster when root starts it; `None` takes the first of `postgres`, `jingtu`, `daemon`
    /// and `nobody` that exists. An existing cluster is always run by its owner.
    pub user: Option<String>,
    /// Where a new cluster goes when root starts it and that user may not reach the data directory (a clone in root's
    /// home folder is the usual case). The data directory then holds a link to it. `None` makes that an error.
    pub elsewhere: Option<PathBuf>,
    /// False trades every guarantee after a crash of the machine for speed: for tests only.
    pub fsync: bool,
    /// Connections, those of maintenance included.
    pub max_connections: u32,
    /// Shared buffers in MiB.
    pub shared_buffers_mb: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            binaries: None,
            user: None,
            elsewhere: Some(PathBuf::from("/var/lib/jingtu")),
            fsync: true,
            max_connections: 100,
            shared_buffers_mb: 256,
        }
    }
}

/// A running PostgreSQL with PostGIS that belongs to this process.
///
/// Dropping it stops PostgreSQL as [`Cluster::stop`] does, but blocks the thread meanwhile. When this process is
/// killed, PostgreSQL shuts down by itself (on Linux; elsewhere the next start ends it).
#[derive(Debug)]
pub struct Cluster {
    keeper: Arc<Keeper>,
    thread: Option<JoinHandle<()>>,
    place: Place,
    _lock: Arc<DirLock>,
}

/// Where a cluster lies and is reached.
#[derive(Debug, Clone)]
struct Place {
    binaries: Binaries,
    data: PathBuf,
    socket_dir: PathBuf,
}

impl Cluster {
    /// Makes the cluster under `data_dir` if there is none, starts PostgreSQL, and makes sure of the database `jingtu`
    /// with PostGIS in it. A start that was killed at any moment is made good by the next.
    ///
    /// # Errors
    /// [`PgError::InUse`] when another process runs it; else what is missing on this machine, or what PostgreSQL said.
    pub async fn start(data_dir: &Path, options: Options) -> Result<Self, PgError> {
        let keeper = Keeper::new();
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("postgresql".to_owned())
            .spawn({
                let keeper = Arc::clone(&keeper);
                let data_dir = data_dir.to_owned();
                move || run(&keeper, &data_dir, &options, tell)
            })
            .context("start a thread for", data_dir)?;
        let mut guard = Guard { keeper, thread: Some(thread) };
        let (place, lock) = told.await.map_err(|_| PgError::Stopped)??;
        let cluster =
            Self { keeper: Arc::clone(&guard.keeper), thread: guard.thread.take(), place, _lock: Arc::clone(&lock) };
        if let Err(error) = make_database(&cluster.place).await {
            // What ended the connection is more telling when PostgreSQL itself is gone.
            cluster.stop().await?;
            return Err(error);
        }
        lock.announce(&cluster.place.socket_dir)?;
        tracing::info!(
            version = cluster.place.binaries.major(),
            cluster = %cluster.place.data.display(),
            "PostgreSQL accepts connections"
        );
        Ok(cluster)
    }

    /// The URL of the database, for `PgConnectOptions`. It holds no secret.
    pub fn url(&self) -> String {
        url(NAME, NAME, &self.place.socket_dir)
    }

    /// The URL of any database of the cluster as superuser: extensions, templates, maintenance.
    pub fn admin_url(&self, database: &str) -> String {
        url(ADMIN, database, &self.place.socket_dir)
    }

    /// How PostgreSQL is doing, with every change: supervision starts it again when it ends unasked.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.keeper.status()
    }

    /// Process id of the running postmaster; `None` between its end and the next start.
    pub fn postmaster(&self) -> Option<i32> {
        self.keeper.postmaster()
    }

    /// The programs that run it, for `pg_dump` and its kin.
    pub fn binaries(&self) -> &Binaries {
        &self.place.binaries
    }

    /// The directory of the socket.
    pub fn socket_dir(&self) -> &Path {
        &self.place.socket_dir
    }

    /// Stops PostgreSQL by fast shutdown (open transactions are rolled back, everything committed is written) and waits
    /// until it is gone; a shutdown that hangs is cut short after a minute, and the next start recovers.
    ///
    /// # Errors
    /// [`PgError::Leftovers`] when it does not even end when killed.
    pub async fn stop(self) -> Result<(), PgError> {
        let data = self.place.data.clone();
        let stopped = tokio::task::spawn_blocking(move || {
            let stopped = self.keeper.stop();
            drop(self);
            stopped
        })
        .await;
        match stopped {
            Ok(Ok(())) => Ok(()),
            Ok(Err(pids)) => Err(PgError::Leftovers { pids, data }),
            Err(_) => Err(PgError::Stopped),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(Guard { keeper: Arc::clone(&self.keeper), thread: self.thread.take() });
    }
}

/// Stops a keeper and waits for its thread, also when a start is given up half-way.
struct Guard {
    keeper: Arc<Keeper>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // An error has been logged; the thread then waits for a process that cannot be killed, and we do not.
        if self.keeper.stop().is_ok() && thread.join().is_err() {
            tracing::error!("the thread that ran PostgreSQL panicked");
        }
    }
}

/// A database for one command: its own for as long as it lasts, or that of the server that runs.
#[derive(Debug)]
pub enum Attached {
    /// No server runs on the data directory, so PostgreSQL was started for this command.
    Own(Cluster),
    /// A server runs; its database is shared.
    Joined {
        /// The URL of the database.
        url: String,
    },
}

impl Attached {
    /// The URL of the database.
    pub fn url(&self) -> String {
        match self {
            Self::Own(cluster) => cluster.url(),
            Self::Joined { url } => url.clone(),
        }
    }

    /// Stops PostgreSQL if it was started for this command.
    ///
    /// # Errors
    /// As [`Cluster::stop`].
    pub async fn close(self) -> Result<(), PgError> {
        match self {
            Self::Own(cluster) => cluster.stop().await,
            Self::Joined { .. } => Ok(()),
        }
    }
}

/// Joins the server that runs on the data directory, or starts its PostgreSQL for the caller.
///
/// # Errors
/// As [`Cluster::start`] and [`running_url`].
pub async fn attach(data_dir: &Path, options: Options) -> Result<Attached, PgError> {
    // A server may stop, or another command end, between the two questions; then the next round answers.
    for _ in 0..3 {
        if let Some(url) = running_url(data_dir).await? {
            return Ok(Attached::Joined { url });
        }
        match Cluster::start(data_dir, options.clone()).await {
            Err(PgError::InUse { .. }) => {}
            other => return other.map(Attached::Own),
        }
    }
    Err(PgError::NotUpInTime { dir: data_dir.to_owned() })
}

/// The URL of the database of the server that runs on the data directory; `None` when none does. Waits for one that is
/// coming up.
///
/// # Errors
/// [`PgError::NotUpInTime`] when the holder does not come up within a minute; [`PgError::Io`] when the lock cannot be
/// read.
pub async fn running_url(data_dir: &Path) -> Result<Option<String>, PgError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let Some(holder) = lock::holder(data_dir)? else { return Ok(None) };
        if let (Some(pid), Some(socket_dir)) = (holder.pid, holder.socket_dir)
            && is_alive(pid)
        {
            return Ok(Some(url(NAME, NAME, &socket_dir)));
        }
        if tokio::time::Instant::now() > deadline {
            return Err(PgError::NotUpInTime { dir: data_dir.to_owned() });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the lock says may for an instant be the word of a holder that was killed.
fn is_alive(pid: u32) -> bool {
    i32::try_from(pid)
        .is_ok_and(|pid| nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) != Err(nix::errno::Errno::ESRCH))
}

type Started = (Place, Arc<DirLock>);

/// The body of the keeper's thread.
fn run(keeper: &Keeper, data_dir: &Path, options: &Options, tell: oneshot::Sender<Result<Started, PgError>>) {
    // Kept here as well, so that the lock outlasts PostgreSQL even when the cluster's owner has given up on it.
    let (lock, launch, place) = match prepare(data_dir, options) {
        Ok(prepared) => prepared,
        Err(error) => {
            keeper.end();
            // Nobody listens when the start was given up.
            drop(tell.send(Err(error)));
            return;
        }
    };
    let started = (place.clone(), Arc::clone(&lock));
    keeper.run(&launch, |ready| drop(tell.send(ready.map(|()| started))));
    if !place.data.parent().is_some_and(|home| place.socket_dir.starts_with(home))
        && let Err(error) = fs::remove_dir(&place.socket_dir)
    {
        tracing::debug!(%error, "the socket directory stays");
    }
    drop(lock);
    keeper.end();
}

/// Everything before PostgreSQL is started.
fn prepare(data_dir: &Path, options: &Options) -> Result<(Arc<DirLock>, Launch, Place), PgError> {
    let root = Uid::effective().is_root();
    // The user that runs PostgreSQL must pass through it, though not read it.
    lock::make_data_dir(data_dir, if root { 0o711 } else { 0o700 })?;
    let data_dir = fs::canonicalize(data_dir).context("resolve", data_dir)?;
    let lock = Arc::new(DirLock::take(&data_dir)?);

    let pg = data_dir.join("pg");
    let existing = match fs::symlink_metadata(&pg) {
        Ok(_) => Some(fs::canonicalize(&pg).context("resolve", &pg)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("look at", &pg),
    };
    let account = Account::choose(existing.as_deref(), options.user.as_deref())?;
    let binaries = match &existing {
        Some(home) => binaries_for(&home.join("data"), options)?,
        None => Binaries::find(options.binaries.as_deref())?,
    };
    let home = match existing {
        Some(home) => home,
        None => make_home(&account, &binaries, &data_dir, options)?,
    };
    if let Some(dir) = account.first_closed(&binaries, &home)? {
        return Err(PgError::NotTraversable { dir, user: account.name, data_dir });
    }
    let data = home.join("data");
    init(&account, &binaries, &home, &data, options)?;
    admit(&account, &data)?;
    let socket_dir = make_socket_dir(&account, &home)?;
    let launch = Launch {
        arguments: arguments(options, &socket_dir)?,
        log: home.join("log"),
        socket_dir: socket_dir.clone(),
        data: data.clone(),
        account,
        binaries: binaries.clone(),
    };
    Ok((lock, launch, Place { binaries, data, socket_dir }))
}

/// The programs of the version that made the cluster, or the newest where there is none yet.
fn binaries_for(data: &Path, options: &Options) -> Result<Binaries, PgError> {
    let version = data.join("PG_VERSION");
    match fs::read_to_string(&version) {
        Ok(text) => {
            let major = text
                .trim()
                .parse()
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("not a version: {}", text.trim())))
                .context("read the version of the cluster", &version)?;
            Binaries::find_major(options.binaries.as_deref(), data, major)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Binaries::find(options.binaries.as_deref()),
        Err(error) => Err(error).context("read the version of the cluster", &version),
    }
}

/// Makes the directory for the cluster: under the data directory, or, where the user that runs PostgreSQL cannot get
/// there, elsewhere with a link to it.
fn make_home(account: &Account, binaries: &Binaries, data_dir: &Path, options: &Options) -> Result<PathBuf, PgError> {
    let pg = data_dir.join("pg");
    let mut closed = account.first_closed(binaries, data_dir)?;
    if closed.as_deref() == Some(data_dir) {
        // The data directory is ours to open; what lies above it is not.
        let now = fs::metadata(data_dir).context("look at", data_dir)?;
        if now.uid() == Uid::effective().as_raw() {
            tracing::info!(dir = %data_dir.display(), user = account.name, "letting PostgreSQL's user pass through the data directory");
            let mode = fs::Permissions::from_mode(now.mode() & 0o7777 | 0o011);
            fs::set_permissions(data_dir, mode).context("change the mode of", data_dir)?;
            closed = account.first_closed(binaries, data_dir)?;
        }
    }
    let Some(closed) = closed else {
        account.make_dir(&pg)?;
        return Ok(pg);
    };
    let refusal =
        PgError::NotTraversable { dir: closed.clone(), user: account.name.clone(), data_dir: data_dir.to_owned() };
    let Some(base) = options.elsewhere.as_deref() else { return Err(refusal) };
    lock::make_data_dir(base, 0o711)?;
    if account.first_closed(binaries, base)?.is_some() {
        return Err(refusal);
    }
    let home = base.join(format!("pg-{}", random_name()?));
    account.make_dir(&home)?;
    // Linked while still empty: killed before this line, an empty directory is left behind, and never a cluster.
    std::os::unix::fs::symlink(&home, &pg).context("link", &pg)?;
    tracing::warn!(
        cluster = %home.display(),
        link = %pg.display(),
        closed = %closed.display(),
        user = account.name,
        "the user that runs PostgreSQL may not enter a directory above the data directory; the cluster lies elsewhere"
    );
    Ok(home)
}

/// Makes the cluster if there is none: beside its place, and then renamed, so that it is there whole or not at all.
fn init(account: &Account, binaries: &Binaries, home: &Path, data: &Path, options: &Options) -> Result<(), PgError> {
    const HALF_MADE: &str = "data.new-";
    for entry in fs::read_dir(home).context("list", home)? {
        let entry = entry.context("list", home)?;
        if entry.file_name().to_string_lossy().starts_with(HALF_MADE) {
            let path = entry.path();
            // Killing the server kills initdb, too, but perhaps not yet the process that it had started.
            leftovers::clear(&path)?;
            fs::remove_dir_all(&path).context("remove", &path)?;
        }
    }
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    tracing::info!(cluster = %data.display(), version = binaries.major(), user = account.name, "making a new cluster");
    let fresh = home.join(format!("{HALF_MADE}{}", random_name()?));
    let initdb = binaries.program("initdb");
    let mut command = account.command(&initdb, Some(Signal::SIGKILL));
    command.arg("--pgdata").arg(&fresh);
    command.args(["--username", ADMIN, "--auth=peer", "--encoding=UTF8", "--data-checksums", "--no-instructions"]);
    // The same order of text on every machine, whatever its C library; macOS has no C.UTF-8.
    command.arg(if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" });
    if !options.fsync {
        command.arg("--no-sync");
    }
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().context("run", &initdb)?;
    if !output.status.success() {
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return Err(PgError::Initdb { output: said.trim().to_owned() });
    }
    let conf = fresh.join("postgresql.conf");
    let made = fs::read_to_string(&conf).context("read", &conf)?;
    account.write(&conf, &format!("{made}\n{SETTINGS}"))?;
    fs::rename(&fresh, data).context("put in place", data)?;
    fs::File::open(home).and_then(|dir| dir.sync_all()).context("sync", home)
}

/// Appended to `postgresql.conf` when a cluster is made; from then on the administrator's to change.
const SETTINGS: &str = "\
# Jingtu: a small server of its own.
jit = off                               # short queries; compiling them costs more than it saves
random_page_cost = 1.1                  # solid-state disks
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
wal_compression = on
checkpoint_timeout = 15min
timezone = 'UTC'                        # instants; civil days are the program's business
datestyle = 'iso, ymd'
default_text_search_config = 'pg_catalog.simple'
cluster_name = 'jingtu'
# The log must not hold personal data: no statements, no values of rows.
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%a '
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
";

/// Says who may connect (see the module's documentation), anew at each start: the user may have changed.
fn admit(account: &Account, data: &Path) -> Result<(), PgError> {
    let mut map = String::from("# Written at each start. The users that may connect as the roles of the cluster.\n");
    for peer in account.peers()? {
        let peer = peer.replace('"', "\"\"");
        for role in [NAME, ADMIN] {
            map.push_str(&format!("jingtu \"{peer}\" {role}\n"));
        }
    }
    account.write(&data.join("pg_ident.conf"), &map)?;
    account.write(
        &data.join("pg_hba.conf"),
        "# Written at each start. Local users by the map in pg_ident.conf, and nobody else.\n\
         local all all peer map=jingtu\n\
         local replication all peer map=jingtu\n",
    )
}

/// A private directory for the socket: in the cluster's home, or where that path is too long, a short one.
fn make_socket_dir(account: &Account, home: &Path) -> Result<PathBuf, PgError> {
    let near = home.join("run");
    let mut candidates = vec![near];
    let mark = fnv1a(home.as_os_str().as_encoded_bytes());
    candidates.push(if Uid::effective().is_root() {
        PathBuf::from(format!("/run/jingtu-{mark:016x}"))
    } else {
        PathBuf::from(format!("/run/user/{}/jingtu-{mark:016x}", account.uid))
    });
    candidates.push(PathBuf::from(format!("/tmp/jingtu-{}-{mark:016x}", account.uid)));
    let mut why = PgError::SocketDir { dir: home.to_owned(), why: "path too long".to_owned() };
    for dir in candidates {
        if dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() > LONGEST_SOCKET_PATH {
            continue;
        }
        match account.make_dir(&dir).and_then(|()| check_private(account, &dir)) {
            Ok(()) => return Ok(dir),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// In a directory like `/tmp` anyone may have made that name first.
fn check_private(account: &Account, dir: &Path) -> Result<(), PgError> {
    let found = fs::symlink_metadata(dir).context("look at", dir)?;
    let why = if !found.is_dir() {
        "not a directory".to_owned()
    } else if found.uid() != account.uid.as_raw() {
        format!("belongs to user id {}, not to {}", found.uid(), account.name)
    } else if found.mode() & 0o077 != 0 {
        format!("mode is {:o}, must be 700", found.mode() & 0o777)
    } else {
        return Ok(());
    };
    Err(PgError::SocketDir { dir: dir.to_owned(), why })
}

fn arguments(options: &Options, socket_dir: &Path) -> Result<Vec<String>, PgError> {
    let dir = socket_dir.to_str().ok_or_else(|| PgError::PathNotUtf8 { path: socket_dir.to_owned() })?;
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("port={PORT}"),
        // A list, so a comma in the path must not end it.
        format!("unix_socket_directories=\"{}\"", dir.replace('"', "\"\"")),
        "unix_socket_permissions=0700".to_owned(),
        format!("max_connections={}", options.max_connections),
        format!("shared_buffers={}MB", options.shared_buffers_mb),
        "log_destination=stderr".to_owned(),
        "logging_collector=off".to_owned(),
    ];
    if !options.fsync {
        settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
    }
    Ok(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]).collect())
}

/// Makes the role, the database and the extension, each if it is not there.
async fn make_database(place: &Place) -> Result<(), PgError> {
    let admin = |database: &str| url(ADMIN, database, &place.socket_dir);
    let failed = |what| move |source| PgError::Database { what, source };
    let mut connection = match PgConnection::connect(&admin(NAME)).await {
        Ok(connection) => connection,
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {
            let mut connection =
                PgConnection::connect(&admin(ADMIN)).await.map_err(failed("connect to the new cluster"))?;
            let role: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = 'jingtu')")
                .fetch_one(&mut connection)
                .await
                .map_err(failed("look for the role"))?;
            if !role {
                sqlx::query("create role jingtu login createdb")
                    .execute(&mut connection)
                    .await
                    .map_err(failed("create the role"))?;
            }
            sqlx::query("create database jingtu owner jingtu template template0 encoding 'UTF8'")
                .execute(&mut connection)
                .await
                .map_err(failed("create the database"))?;
            connection.close().await.map_err(failed("close the connection"))?;
            PgConnection::connect(&admin(NAME)).await.map_err(failed("connect to the new database"))?
        }
        Err(error) => return Err(failed("connect to the cluster")(error)),
    };
    sqlx::query("create extension if not exists postgis")
        .execute(&mut connection)
        .await
        .map_err(failed("create the extension postgis"))?;
    // The package may have been upgraded since.
    let stale: bool = sqlx::query_scalar(
        "select installed_version <> default_version from pg_available_extensions where name = 'postgis'",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(failed("look at the version of postgis"))?;
    if stale {
        sqlx::query("alter extension postgis update")
            .execute(&mut connection)
            .await
            .map_err(failed("update the extension postgis"))?;
    }
    connection.close().await.map_err(failed("close the connection"))
}

fn url(role: &str, database: &str, socket_dir: &Path) -> String {
    // Whatever the environment says of TLS, a local socket has none.
    format!(
        "postgres://{role}@localhost:{PORT}/{}?host={}&sslmode=disable",
        percent_encoded(database.as_bytes()),
        percent_encoded(socket_dir.as_os_str().as_encoded_bytes()),
    )
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn random_name() -> Result<String, PgError> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| io::Error::other(error.to_string()))
        .context("read random bytes for", Path::new("a directory's name"))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

/// A name for a path that is the same at every start (FNV-1a).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_survives_the_way_through_the_url() {
        let dir = Path::new("/数据 库/a+b&c=d%20/#run?");
        let options: sqlx::postgres::PgConnectOptions = url("jingtu", "jingtu", dir).parse().unwrap();
        assert_eq!(options.get_socket().map(PathBuf::as_path), Some(dir));
        assert_eq!(options.get_username(), "jingtu");
        assert_eq!(options.get_database(), Some("jingtu"));
    }
}
