//! The lock on a data directory: one process owns it, others can see who, and how to reach its database.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{IoContext, PgError};

/// An exclusive lock on `data_dir/lock`, held until dropped or until the process ends, however it ends.
///
/// The file says who holds it: line 1 the process id, line 2, once the database is up, the directory of its socket.
/// What it says counts only while the lock is held, so a file left behind by a killed server harms nothing.
#[derive(Debug)]
pub(super) struct DirLock {
    file: File,
    path: PathBuf,
}

/// What the holder of a lock has written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: Option<u32>,
    pub(super) socket_dir: Option<PathBuf>,
}

fn lock_path(data_dir: &Path) -> PathBuf {
    data_dir.join("lock")
}

impl DirLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`PgError::InUse`] when another process, or another cluster of this one, holds it.
    pub(super) fn take(data_dir: &Path) -> Result<Self, PgError> {
        let path = lock_path(data_dir);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .context("open the lock", &path)?;
        // Someone who only looks (see `holder`) holds the lock for an instant; that must not look like a server.
        let mut patience = 10;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if patience > 0 => {
                    patience -= 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(PgError::InUse { pid: read(&file)?.pid, dir: data_dir.to_owned() });
                }
                Err(TryLockError::Error(source)) => return Err(source).context("take the lock", &path),
            }
        }
        let lock = Self { file, path };
        lock.write(&format!("{}\n", std::process::id()))?;
        Ok(lock)
    }

    /// Tells others how to reach the database.
    pub(super) fn announce(&self, socket_dir: &Path) -> Result<(), PgError> {
        let dir = socket_dir.to_str().ok_or_else(|| PgError::PathNotUtf8 { path: socket_dir.to_owned() })?;
        self.write(&format!("{}\n{dir}\n", std::process::id()))
    }

    fn write(&self, text: &str) -> Result<(), PgError> {
        let mut file = &self.file;
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .context("write the lock", &self.path)
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Emptied first: a looker that meets the instant of release must not read an address that is gone.
        if let Err(error) = self.write("") {
            tracing::warn!(%error, "the lock file could not be emptied");
        }
    }
}

/// Who holds the lock on a data directory; `None` when nobody does, or there is no such directory.
pub(super) fn holder(data_dir: &Path) -> Result<Option<Holder>, PgError> {
    let path = lock_path(data_dir);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("open the lock", &path),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => read(&file).map(Some),
        Err(TryLockError::Error(source)) => Err(source).context("look at the lock", &path),
    }
}

fn read(mut file: &File) -> Result<Holder, PgError> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.read_to_string(&mut text))
        .context("read the lock", Path::new("lock"))?;
    // A line counts only with its end, for it may be read while it is being written.
    let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    Ok(Holder {
        pid: lines.next().and_then(|line| line.parse().ok()),
        socket_dir: lines.next().filter(|line| !line.is_empty()).map(PathBuf::from),
    })
}

/// Makes a directory and those above it if they are not there, with this mode whatever the process's mask: where root's mask is 077, the user
/// that runs PostgreSQL would be shut out.
pub(super) fn make_data_dir(data_dir: &Path, mode: u32) -> Result<(), PgError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if data_dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = data_dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_data_dir(parent, mode)?;
    }
    match fs::DirBuilder::new().mode(mode).create(data_dir) {
        Ok(()) => {
            fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).context("change the mode of", data_dir)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).context("make the directory", data_dir),
    }
}
