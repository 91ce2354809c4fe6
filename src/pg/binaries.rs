//! Finding an installed PostgreSQL with PostGIS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::OLDEST_MAJOR;
use super::error::PgError;

/// The programs of one installed PostgreSQL that has PostGIS beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
}

/// Folders whose sub-folders are installed versions, and what leads from such a sub-folder to its programs.
///
/// In this order: Debian and Ubuntu, the PostgreSQL project's RPMs, Homebrew on ARM and Intel, a build from source.
const PLACES: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

impl Binaries {
    /// The newest installed PostgreSQL (15 or newer) that has PostGIS.
    ///
    /// `explicit` is a directory of programs from the configuration; when given, nothing else is looked at.
    ///
    /// # Errors
    /// [`PgError::NoBinaries`], [`PgError::BadBinaries`], [`PgError::TooOld`] or [`PgError::NoPostgis`]: what is
    /// missing, with the command that installs it.
    pub fn find(explicit: Option<&Path>) -> Result<Self, PgError> {
        choose(candidates(explicit)?)
    }

    /// The installed PostgreSQL of exactly this major version, for a cluster that it made.
    pub(super) fn find_major(explicit: Option<&Path>, data: &Path, major: u32) -> Result<Self, PgError> {
        let found = candidates(explicit)?;
        let (same, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|c| c.major == major);
        if same.is_empty() {
            return Err(PgError::WrongMajor {
                data: data.to_owned(),
                have: major,
                installed: other.iter().filter(|c| c.has_postgis).map(|c| c.major).collect(),
            });
        }
        choose(same)
    }

    /// The directory of the programs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of the programs, such as `pg_dump`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

#[derive(Debug)]
struct Candidate {
    dir: PathBuf,
    major: u32,
    has_postgis: bool,
}

fn choose(mut found: Vec<Candidate>) -> Result<Binaries, PgError> {
    found.sort_by_key(|c| std::cmp::Reverse(c.major));
    if let Some(best) = found.iter().find(|c| c.major >= OLDEST_MAJOR && c.has_postgis) {
        return Ok(Binaries { dir: best.dir.clone(), major: best.major });
    }
    match found.into_iter().next() {
        None => Err(PgError::NoBinaries { looked: places_in_words() }),
        Some(c) if c.major < OLDEST_MAJOR => Err(PgError::TooOld { dir: c.dir, major: c.major }),
        Some(c) => Err(PgError::NoPostgis { dir: c.dir, major: c.major }),
    }
}

fn candidates(explicit: Option<&Path>) -> Result<Vec<Candidate>, PgError> {
    if let Some(dir) = explicit {
        return look_at(dir)
            .map(|candidate| vec![candidate])
            .map_err(|why| PgError::BadBinaries { dir: dir.to_owned(), why });
    }
    let mut dirs: Vec<PathBuf> = Vec::new();
    for (parent, prefix, bin) in PLACES {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) {
                dirs.push(entry.path().join(bin));
            }
        }
    }
    // The search path is left to the system's own look-up of `pg_config`: only the configuration reads the environment.
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && output.status.success()
    {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    let mut seen = std::collections::BTreeSet::new();
    Ok(dirs
        .into_iter()
        .filter_map(|dir| fs::canonicalize(dir).ok())
        .filter(|dir| seen.insert(dir.clone()))
        .filter_map(|dir| look_at(&dir).ok())
        .collect())
}

fn places_in_words() -> Vec<String> {
    let mut places: Vec<String> =
        PLACES.iter().map(|(parent, prefix, bin)| format!("{parent}/{prefix}*/{bin}")).collect();
    places.push("PATH (pg_config)".to_owned());
    places
}

/// Asks the programs in a directory what they are; the text of an error says what is wrong with the directory.
fn look_at(dir: &Path) -> Result<Candidate, String> {
    for program in ["postgres", "initdb"] {
        if !dir.join(program).is_file() {
            return Err(format!("no {program}"));
        }
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| format!("postgres --version: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let major = major_of(&said).ok_or_else(|| format!("postgres --version: {}", said.trim()))?;
    let has_postgis = share_dirs(dir, major).iter().any(|share| share.join("extension/postgis.control").is_file());
    Ok(Candidate { dir: dir.to_owned(), major, has_postgis })
}

/// The major version out of `postgres (PostgreSQL) 15.18 (Debian ...)` or `... 18beta1`.
fn major_of(said: &str) -> Option<u32> {
    let after = said.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Where the server's extensions may lie: what `pg_config` beside it says, or the layouts of packages without it.
fn share_dirs(bin: &Path, major: u32) -> Vec<PathBuf> {
    if let Ok(output) = Command::new(bin.join("pg_config")).arg("--sharedir").output()
        && output.status.success()
    {
        return vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())];
    }
    let mut dirs = vec![PathBuf::from(format!("/usr/share/postgresql/{major}"))];
    if let Some(prefix) = bin.parent() {
        dirs.push(prefix.join("share"));
        dirs.push(prefix.join("share/postgresql"));
        dirs.push(prefix.join(format!("share/postgresql@{major}")));
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(major: u32, has_postgis: bool) -> Candidate {
        Candidate { dir: PathBuf::from(format!("/pg/{major}")), major, has_postgis }
    }

    #[test]
    fn the_major_version_is_read_from_every_form_of_the_version_line() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("mysqld  Ver 8.0"), None);
    }

    #[test]
    fn the_newest_version_with_postgis_wins() {
        let found = choose(vec![candidate(15, true), candidate(17, true), candidate(18, false)]);
        assert_eq!(found.map(|b| b.major()).ok(), Some(17));
    }

    #[test]
    fn what_is_missing_is_told_apart() {
        assert!(matches!(choose(vec![]), Err(PgError::NoBinaries { .. })));
        assert!(matches!(choose(vec![candidate(13, true)]), Err(PgError::TooOld { major: 13, .. })));
        assert!(matches!(choose(vec![candidate(16, false)]), Err(PgError::NoPostgis { major: 16, .. })));
    }
}
