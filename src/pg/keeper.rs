//! The thread that starts PostgreSQL, waits for its end, and starts it again when nobody asked for that end.
//!
//! It is a thread of its own, not a task: Linux delivers the parent-death signal when the *thread* that started a
//! child ends, and the threads of an async runtime come and go. With it, PostgreSQL gets SIGINT (fast shutdown) even
//! when this process is killed with SIGKILL.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
#[cfg(target_os = "linux")]
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::account::Account;
use super::binaries::Binaries;
use super::error::{IoContext, PgError};
use super::leftovers;

/// Shutdown takes as long as the last checkpoint does; beyond this it is cut short, and the next start recovers.
const FAST_SHUTDOWN: Duration = Duration::from_secs(60);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(15);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// After running this long, an end counts as the first again.
const STEADY: Duration = Duration::from_secs(60);

/// Beyond this a log is set aside when PostgreSQL starts, and the one set aside before is dropped.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// How PostgreSQL is doing, as the supervision sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Being started for the first time.
    Starting,
    /// Accepting connections, after this many restarts that nobody asked for.
    Ready {
        /// Restarts since [`super::Cluster::start`].
        restarts: u64,
    },
    /// It ended by itself or was killed, and is being started again.
    Restarting {
        /// Restarts since [`super::Cluster::start`], this one included.
        restarts: u64,
        /// How it ended, or why the last attempt failed; English, for logs.
        because: String,
    },
    /// Stopped on request, or never came up.
    Stopped,
}

/// All that is needed to start PostgreSQL on an existing cluster.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) account: Account,
    pub(super) binaries: Binaries,
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// What the keeper's thread and the holder of the cluster share.
#[derive(Debug)]
pub(super) struct Keeper {
    state: Mutex<State>,
    changed: Condvar,
    status: watch::Sender<Status>,
}

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    /// Set from start to just before the process is reaped, so that a signal never meets a stranger with that number.
    postmaster: Option<Pid>,
    ended: bool,
}

impl Keeper {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            status: watch::Sender::new(Status::Starting),
        })
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Process id of the running postmaster.
    pub(super) fn postmaster(&self) -> Option<i32> {
        self.lock().postmaster.map(Pid::as_raw)
    }

    /// Starts PostgreSQL for the first time, then keeps it running until [`Keeper::stop`]. Blocks until then, except
    /// when the first start fails. `ready` is called once, with how the first start went. The caller ends with
    /// [`Keeper::end`].
    pub(super) fn run(&self, launch: &Launch, ready: impl FnOnce(Result<(), PgError>)) {
        let mut child = match self.start_once(launch) {
            Ok(child) => child,
            Err(error) => {
                ready(Err(error));
                return;
            }
        };
        self.status.send_replace(Status::Ready { restarts: 0 });
        ready(Ok(()));
        let mut restarts = 0_u64;
        let mut pause = FIRST_PAUSE;
        loop {
            let since = Instant::now();
            let how = self.wait_for_end(&mut child);
            if self.is_stopping() {
                break;
            }
            restarts += 1;
            tracing::error!(how, restarts, "PostgreSQL ended unasked; starting it again");
            self.status.send_replace(Status::Restarting { restarts, because: how });
            if since.elapsed() > STEADY {
                pause = FIRST_PAUSE;
            }
            match self.start_again(launch, restarts, &mut pause) {
                Some(started) => child = started,
                None => break,
            }
            tracing::info!(restarts, "PostgreSQL accepts connections again");
            self.status.send_replace(Status::Ready { restarts });
        }
        // After a shutdown that had to be cut short there may be backends left.
        if let Err(error) = leftovers::clear(&launch.data) {
            tracing::error!(error = error.en(), "PostgreSQL did not end cleanly");
        }
    }

    /// Tries until it succeeds, with growing pauses; `None` when asked to stop meanwhile.
    fn start_again(&self, launch: &Launch, restarts: u64, pause: &mut Duration) -> Option<Child> {
        loop {
            if self.pause_unless_stopping(*pause) {
                return None;
            }
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            match self.start_once(launch) {
                Ok(child) => return Some(child),
                Err(PgError::Stopped) => return None,
                Err(error) => {
                    tracing::error!(error = error.en(), "PostgreSQL could not be started again; trying on");
                    self.status.send_replace(Status::Restarting { restarts, because: error.en() });
                }
            }
        }
    }

    /// Clears what an earlier one left, starts PostgreSQL and waits until it accepts connections. There is no limit in
    /// time: recovery after a crash takes what it takes, and a process that hangs is the administrator's to judge.
    fn start_once(&self, launch: &Launch) -> Result<Child, PgError> {
        leftovers::clear(&launch.data)?;
        leftovers::clear_socket(&launch.socket_dir)?;
        set_aside_long_log(launch)?;
        let log = launch.account.open_log(&launch.log)?;
        let log_start = log.metadata().context("look at", &launch.log)?.len();
        let postgres = launch.binaries.program("postgres");
        let mut command = launch.account.command(&postgres, Some(Signal::SIGINT));
        command.arg("-D").arg(&launch.data).args(&launch.arguments);
        command.stdout(log.try_clone().context("share", &launch.log)?).stderr(log);
        let mut child = {
            let mut state = self.lock();
            if state.stopping {
                return Err(PgError::Stopped);
            }
            let child = command.spawn().context("run", &postgres)?;
            state.postmaster = i32::try_from(child.id()).ok().map(Pid::from_raw);
            child
        };
        let mut told = Instant::now();
        loop {
            if let Some(postmaster) = self.postmaster()
                && leftovers::is_ready(&launch.data, postmaster)
            {
                return Ok(child);
            }
            if self.pause_unless_stopping(Duration::from_millis(20)) {
                self.wait_for_end(&mut child);
                return Err(PgError::Stopped);
            }
            #[cfg(target_os = "linux")]
            let ended = has_ended(&child, WaitPidFlag::WNOHANG);
            #[cfg(not(target_os = "linux"))]
            let ended = !matches!(child.try_wait(), Ok(None));
            if ended {
                self.wait_for_end(&mut child);
                return Err(PgError::StartFailed { log: launch.log.clone(), tail: end_of_log(launch, log_start) });
            }
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                tracing::info!("PostgreSQL is starting; after a crash it first replays its log");
            }
        }
    }

    /// Waits for the process to end and says how it did.
    fn wait_for_end(&self, child: &mut Child) -> String {
        // Between the end and the reaping the number still means this process, and `stop` may signal it.
        #[cfg(target_os = "linux")]
        while !has_ended(child, WaitPidFlag::empty()) {}
        #[cfg(target_os = "linux")]
        {
            self.lock().postmaster = None;
        }
        let status = child.wait();
        self.lock().postmaster = None;
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Stops PostgreSQL by fast shutdown and waits until it is gone. Blocks. The error holds what does not end.
    pub(super) fn stop(&self) -> Result<(), Vec<i32>> {
        let mut state = self.lock();
        state.stopping = true;
        self.changed.notify_all();
        let steps = [
            (Signal::SIGINT, FAST_SHUTDOWN),
            (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN),
            (Signal::SIGKILL, IMMEDIATE_SHUTDOWN),
        ];
        for (signal, at_most) in steps {
            if let Some(postmaster) = state.postmaster {
                if signal != Signal::SIGINT {
                    tracing::warn!(signal = signal.as_str(), "PostgreSQL does not stop; insisting");
                }
                if let Err(error) = kill(postmaster, signal) {
                    tracing::warn!(%error, "PostgreSQL could not be signalled");
                }
            }
            let (after, waited) = self
                .changed
                .wait_timeout_while(state, at_most, |state| !state.ended)
                .unwrap_or_else(PoisonError::into_inner);
            state = after;
            if !waited.timed_out() {
                return Ok(());
            }
        }
        tracing::error!("PostgreSQL does not stop");
        Err(state.postmaster.iter().map(|pid| pid.as_raw()).collect())
    }

    /// Marks the keeper as one that runs nothing any more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
        self.status.send_replace(Status::Stopped);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Waits, and says whether a stop was asked for by then.
    fn pause_unless_stopping(&self, pause: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), pause, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        state.stopping
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while holding it; should one, the three fields are still each true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a child has ended; it is left to be reaped later.
#[cfg(target_os = "linux")]
fn has_ended(child: &Child, how: WaitPidFlag) -> bool {
    let Ok(pid) = i32::try_from(child.id()) else { return true };
    match waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | how) {
        Ok(status) => status.pid().is_some(),
        Err(Errno::EINTR) => false,
        // No such child: reaped by someone else, so it has ended.
        Err(_) => true,
    }
}

fn set_aside_long_log(launch: &Launch) -> Result<(), PgError> {
    match fs::symlink_metadata(&launch.log) {
        Ok(log) if log.len() > LONGEST_LOG => {
            fs::rename(&launch.log, launch.log.with_extension("1")).context("set aside", &launch.log)
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context("look at", &launch.log),
        _ => Ok(()),
    }
}

/// The last lines that PostgreSQL wrote since it was started this time.
fn end_of_log(launch: &Launch, start: u64) -> String {
    const LINES: usize = 12;
    const BYTES: u64 = 8 * 1024;
    let mut text = Vec::new();
    let read = fs::File::open(&launch.log).and_then(|mut file| {
        let from = start.max(file.metadata()?.len().saturating_sub(BYTES));
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut text)
    });
    match read {
        Ok(_) => {
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
        }
        Err(error) => error.to_string(),
    }
}
