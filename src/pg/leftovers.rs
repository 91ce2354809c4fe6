//! What an earlier PostgreSQL may have left running on a cluster, and getting rid of it.
//!
//! When a postmaster is killed, its backends notice only when they next wait for something; until the last one is gone
//! the cluster must not be started again. PostgreSQL refuses that by itself, but waits for nobody: this module does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{IoContext, PgError};

/// How long an old postmaster may take for its last checkpoint before it is told more firmly.
const FAST_SHUTDOWN: Duration = Duration::from_secs(60);
/// How long a process may take to end after a signal that admits no delay.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);

/// Ends every PostgreSQL process on this cluster and removes a `postmaster.pid` that no longer means one.
///
/// The caller holds the lock of the data directory, so these processes are nobody's any more.
pub(super) fn clear(data: &Path) -> Result<(), PgError> {
    if !proc_is_there() {
        // Without /proc PostgreSQL's own interlock decides: it refuses to start, and the caller tries again later.
        return Ok(());
    }
    if let Some(postmaster) = recorded_postmaster(data)
        && processes(data)?.contains(&postmaster)
    {
        tracing::warn!(pid = postmaster, "an earlier PostgreSQL still runs on this cluster; stopping it");
        signal(&[postmaster], Signal::SIGINT)?;
        wait_until_gone(FAST_SHUTDOWN, || Ok(processes(data)?.into_iter().filter(|p| *p == postmaster).collect()))?;
    }
    for stronger in [Signal::SIGQUIT, Signal::SIGKILL] {
        let left = processes(data)?;
        if left.is_empty() {
            break;
        }
        tracing::warn!(pids = ?left, signal = stronger.as_str(), "ending processes of an earlier PostgreSQL");
        signal(&left, stronger)?;
        wait_until_gone(IMMEDIATE_SHUTDOWN, || processes(data))?;
    }
    let left = processes(data)?;
    if !left.is_empty() {
        return Err(PgError::Leftovers { pids: left, data: data.to_owned() });
    }
    // Its process id may by now be another program's, and PostgreSQL would refuse to start beside that.
    let pid_file = pid_file(data);
    match fs::remove_file(&pid_file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context("remove", &pid_file),
        _ => Ok(()),
    }
}

/// Removes a dead socket and its lock file from the cluster's private directory: the process id in that lock, too, may
/// by now be another program's.
pub(super) fn clear_socket(socket_dir: &Path) -> Result<(), PgError> {
    for entry in fs::read_dir(socket_dir).context("list", socket_dir)? {
        let entry = entry.context("list", socket_dir)?;
        if entry.file_name().to_string_lossy().starts_with(".s.PGSQL.") {
            let path = entry.path();
            fs::remove_file(&path).context("remove", &path)?;
        }
    }
    Ok(())
}

/// True when `postmaster.pid` says that this postmaster accepts connections.
pub(super) fn is_ready(data: &Path, postmaster: i32) -> bool {
    // Line 1 is the process id, line 8 the state; `pg_ctl` reads the same two.
    let Ok(text) = fs::read_to_string(pid_file(data)) else { return false };
    let mut lines = text.lines();
    lines.next().and_then(|line| line.trim().parse().ok()) == Some(postmaster)
        && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

fn pid_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

fn recorded_postmaster(data: &Path) -> Option<i32> {
    fs::read_to_string(pid_file(data)).ok()?.lines().next()?.trim().parse().ok()
}

fn proc_is_there() -> bool {
    fs::read_link("/proc/self/cwd").is_ok()
}

/// The PostgreSQL processes that work in this directory. All of a cluster's processes do, and nothing else that is
/// named `postgres` does.
fn processes(data: &Path) -> Result<Vec<i32>, PgError> {
    let proc_dir = Path::new("/proc");
    let mut found = Vec::new();
    for entry in fs::read_dir(proc_dir).context("list", proc_dir)?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let works_here = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data);
        if works_here && fs::read_link(entry.path().join("exe")).is_ok_and(|exe| is_postgres(&exe)) {
            found.push(pid);
        }
    }
    Ok(found)
}

fn is_postgres(exe: &Path) -> bool {
    // The kernel adds " (deleted)" when a package upgrade has replaced the program.
    exe.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.trim_end_matches(" (deleted)") == "postgres")
}

fn signal(pids: &[i32], signal: Signal) -> Result<(), PgError> {
    for pid in pids {
        match kill(Pid::from_raw(*pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => return Err(errno).context("signal the process", Path::new(&pid.to_string())),
        }
    }
    Ok(())
}

fn wait_until_gone(at_most: Duration, left: impl Fn() -> Result<Vec<i32>, PgError>) -> Result<(), PgError> {
    let deadline = Instant::now() + at_most;
    while !left()?.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
