//! Which user runs PostgreSQL, and starting programs as that user.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, User};

use super::binaries::Binaries;
use super::error::{IoContext, PgError};

/// Tried in this order when root starts the server. `nobody` last: other programs may run as it, too.
const ORDINARY_USERS: [&str; 4] = ["postgres", "jingtu", "daemon", "nobody"];

/// The user that runs PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) name: String,
    /// True when this process is root and must step down to that user.
    step_down: bool,
}

impl Account {
    /// The user for a cluster: its owner when it exists already, else this process's user, else, for root, an
    /// ordinary one.
    pub(super) fn choose(existing: Option<&Path>, wanted: Option<&str>) -> Result<Self, PgError> {
        let me = Uid::effective();
        if let Some(dir) = existing {
            let owner = Uid::from_raw(fs::metadata(dir).context("look at", dir)?.uid());
            if owner.is_root() || (!me.is_root() && owner != me) {
                let user = if me.is_root() { Self::for_root(wanted)?.name } else { name_of(me) };
                return Err(PgError::ForeignOwner { dir: dir.to_owned(), owner: name_of(owner), user });
            }
            return Self::of(owner, me.is_root());
        }
        if me.is_root() { Self::for_root(wanted) } else { Self::of(me, false) }
    }

    fn for_root(wanted: Option<&str>) -> Result<Self, PgError> {
        let names: Vec<&str> = wanted.map_or_else(|| ORDINARY_USERS.to_vec(), |name| vec![name]);
        for name in &names {
            if let Some(user) = User::from_name(name).context("look up user", Path::new(name))?
                && !user.uid.is_root()
            {
                return Ok(Self { uid: user.uid, gid: user.gid, name: user.name, step_down: true });
            }
        }
        Err(PgError::NoAccount { tried: names.into_iter().map(str::to_owned).collect() })
    }

    fn of(uid: Uid, step_down: bool) -> Result<Self, PgError> {
        let user = User::from_uid(uid)
            .context("look up user", Path::new(&uid.to_string()))?
            .ok_or(PgError::NamelessUser { uid: uid.as_raw() })?;
        Ok(Self { uid: user.uid, gid: user.gid, name: user.name, step_down })
    }

    /// The users that may connect over the socket: the one that runs PostgreSQL, and root where root started it.
    pub(super) fn peers(&self) -> Result<Vec<String>, PgError> {
        let mut names = vec![self.name.clone()];
        let me = Uid::effective();
        if me != self.uid {
            names.push(Self::of(me, false)?.name);
        }
        Ok(names)
    }

    /// A program of PostgreSQL, to be run as this user: in its own session, so that Ctrl-C at the terminal reaches the
    /// server only, which then stops PostgreSQL after its last request; with a bare environment, because `PG*` and
    /// `PROJ_*` variables meant for other programs would change what it does.
    ///
    /// `on_our_death` is the signal it gets when the calling *thread* ends (Linux ties this to the thread, not to the
    /// process), so the thread that starts a lasting program must last as long.
    pub(super) fn command(&self, program: &Path, on_our_death: Option<Signal>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").stdin(Stdio::null());
        if self.step_down {
            // std drops the supplementary groups of root as well.
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        in_own_session(&mut command, on_our_death);
        command.current_dir("/");
        command
    }

    /// Whether this user may enter a directory, found out by doing it: mode bits alone would miss access lists.
    fn may_enter(&self, binaries: &Binaries, dir: &Path) -> Result<bool, PgError> {
        let postgres = binaries.program("postgres");
        let mut command = self.command(&postgres, None);
        command.arg("--version").current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
        match command.status() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(source) => Err(PgError::Io { what: "run", path: postgres, source }),
        }
    }

    /// The first directory on the way from the root to `dir` (itself included) that this user may not enter.
    pub(super) fn first_closed(&self, binaries: &Binaries, dir: &Path) -> Result<Option<PathBuf>, PgError> {
        if !self.step_down || self.may_enter(binaries, dir)? {
            return Ok(None);
        }
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        for step in way {
            if !self.may_enter(binaries, step)? {
                return Ok(Some(step.to_owned()));
            }
        }
        Ok(None)
    }

    /// Makes a directory with mode 0700 that belongs to this user. An existing one is left as it is.
    pub(super) fn make_dir(&self, dir: &Path) -> Result<(), PgError> {
        use std::os::unix::fs::DirBuilderExt;
        match fs::DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => self.own(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error).context("make the directory", dir),
        }
    }

    fn own(&self, path: &Path) -> Result<(), PgError> {
        if self.step_down {
            std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
                .context("change the owner of", path)?;
        }
        Ok(())
    }

    /// Replaces a file of this user whole (mode 0600). The directory is under that user's control, so root must not
    /// follow links there: the text goes to a new file, which then takes the name.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), PgError> {
        let fresh = path.with_extension("new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).context("remove", &fresh),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .context("make the file", &fresh)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("write", &fresh)?;
        self.own(&fresh)?;
        fs::rename(&fresh, path).context("put in place", path)
    }

    /// Opens a log file of this user for appending, links not followed.
    pub(super) fn open_log(&self, path: &Path) -> Result<fs::File, PgError> {
        let file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)
            .context("open", path)?;
        self.own(path)?;
        Ok(file)
    }
}

fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

#[expect(unsafe_code, reason = "the one place where something must happen between fork and exec")]
fn in_own_session(command: &mut Command, on_our_death: Option<Signal>) {
    let parent = nix::unistd::getpid();
    let prepare = move || {
        nix::unistd::setsid()?;
        #[cfg(target_os = "linux")]
        if let Some(signal) = on_our_death {
            // After the change of user, which would clear it.
            nix::sys::prctl::set_pdeathsig(signal)?;
            if nix::unistd::getppid() != parent {
                // The server ended before the line above.
                return Err(io::Error::from(nix::errno::Errno::ESRCH));
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (parent, on_our_death);
        Ok(())
    };
    // SAFETY: only async-signal-safe system calls (setsid, prctl, getppid); no allocation, no lock.
    unsafe {
        command.pre_exec(prepare);
    }
}
