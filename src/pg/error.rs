//! What can go wrong around the database server, said in Chinese and English, each with the way out.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A failure of the managed PostgreSQL, or of the way to an external one.
///
/// `Display` gives the Chinese text, a line break, and the English text.
#[derive(Debug)]
pub enum PgError {
    /// No `postgres` and `initdb` in any of the places looked at.
    NoBinaries {
        /// The directories and patterns that were looked at.
        looked: Vec<String>,
    },
    /// The directory named in the configuration holds no usable PostgreSQL.
    BadBinaries {
        /// The directory.
        dir: PathBuf,
        /// What the system or the program said.
        why: String,
    },
    /// Only versions older than [`super::OLDEST_MAJOR`] are installed.
    TooOld {
        /// The directory of the newest one found.
        dir: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// PostgreSQL is installed, PostGIS for it is not.
    NoPostgis {
        /// The directory of the server's programs.
        dir: PathBuf,
        /// The server's major version.
        major: u32,
    },
    /// The cluster was made by a major version that is not installed.
    WrongMajor {
        /// The directory of the cluster.
        data: PathBuf,
        /// The major version that made it.
        have: u32,
        /// The major versions installed with PostGIS.
        installed: Vec<u32>,
    },
    /// Started by root, and there is no unprivileged user to run PostgreSQL as.
    NoAccount {
        /// The user names that were tried.
        tried: Vec<String>,
    },
    /// The user id of this process or of the cluster has no entry in the user database; PostgreSQL refuses to run so.
    NamelessUser {
        /// The user id.
        uid: u32,
    },
    /// The user that runs PostgreSQL may not pass through a directory above the cluster.
    NotTraversable {
        /// The first such directory, from the root.
        dir: PathBuf,
        /// The user.
        user: String,
        /// The data directory asked for.
        data_dir: PathBuf,
    },
    /// The cluster belongs to another user.
    ForeignOwner {
        /// The directory of the cluster.
        dir: PathBuf,
        /// Name or number of the owner.
        owner: String,
        /// Name of the user that wanted to run it.
        user: String,
    },
    /// Another process holds the data directory.
    InUse {
        /// Its process id; `None` while it has not yet written it.
        pid: Option<u32>,
        /// The data directory.
        dir: PathBuf,
    },
    /// `initdb` failed.
    Initdb {
        /// What it printed.
        output: String,
    },
    /// PostgreSQL ended before it was ready.
    StartFailed {
        /// The log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The processes of an earlier PostgreSQL on this cluster do not end.
    Leftovers {
        /// Their process ids.
        pids: Vec<i32>,
        /// The directory of the cluster.
        data: PathBuf,
    },
    /// No private directory for the socket.
    SocketDir {
        /// The directory tried.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A path that is not UTF-8 cannot be written into a URL.
    PathNotUtf8 {
        /// The path, lossily.
        path: PathBuf,
    },
    /// The cluster was stopped while something waited for it.
    Stopped,
    /// The holder of the data directory has not come up in time.
    NotUpInTime {
        /// The data directory.
        dir: PathBuf,
    },
    /// The database URL cannot be parsed.
    BadUrl {
        /// What is wrong; never contains the password.
        why: String,
    },
    /// The server did not answer, or not as it should.
    Database {
        /// What was tried, in English, as a phrase.
        what: &'static str,
        /// The driver's error.
        source: sqlx::Error,
    },
    /// A file or process operation failed.
    Io {
        /// What was tried, in English, as a phrase.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl PgError {
    /// The text in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoBinaries { looked } => format!(
                "未找到 PostgreSQL。请安装 PostgreSQL {} 或更高版本及 PostGIS（Debian/Ubuntu：{}），或用 --database-url 指定外部数据库。已查找：{}",
                super::OLDEST_MAJOR,
                apt_command(None),
                looked.join("、"),
            ),
            Self::BadBinaries { dir, why } => {
                format!("{} 中没有可用的 PostgreSQL 程序（postgres 与 initdb）：{why}", dir.display())
            }
            Self::TooOld { dir, major } => format!(
                "{} 中的 PostgreSQL 版本为 {major}，至少需要 {}。Debian/Ubuntu：{}",
                dir.display(),
                super::OLDEST_MAJOR,
                apt_command(None),
            ),
            Self::NoPostgis { dir, major } => format!(
                "{} 中的 PostgreSQL {major} 没有安装 PostGIS。Debian/Ubuntu：{}",
                dir.display(),
                apt_command(Some(*major)),
            ),
            Self::WrongMajor { data, have, installed } => format!(
                "{} 由 PostgreSQL {have} 建立，而已安装的是 {}。请安装原版本（{}），或先用 pg_upgrade 升级数据。",
                data.display(),
                majors(installed, "、", "无"),
                apt_command(Some(*have)),
            ),
            Self::NoAccount { tried } => format!(
                "以 root 启动时 PostgreSQL 须由普通用户运行，但系统中没有下列用户：{}。请创建：useradd --system --no-create-home jingtu",
                tried.join("、"),
            ),
            Self::NamelessUser { uid } => format!(
                "用户编号 {uid} 在系统用户数据库中没有名称，PostgreSQL 拒绝在其下运行。请以有名称的用户启动，或用 --database-url 指定外部数据库。"
            ),
            Self::NotTraversable { dir, user, data_dir } => format!(
                "PostgreSQL 以用户 {user} 运行，但该用户不能进入目录 {}，因此无法使用 {}。请换一个数据目录（如 --data-dir /var/lib/jingtu），或执行：chmod o+x {}",
                dir.display(),
                data_dir.display(),
                dir.display(),
            ),
            Self::ForeignOwner { dir, owner, user } => format!(
                "{} 属于用户 {owner}，不能由 {user} 运行。请以 {owner} 启动，或更改属主：chown -R {user} {}",
                dir.display(),
                dir.display(),
            ),
            Self::InUse { pid, dir } => format!(
                "数据目录 {} 正由另一个 jingtu 进程{}使用。请先停止该进程，或用 --data-dir 指定另一目录。",
                dir.display(),
                pid.map_or(String::new(), |p| format!("（进程号 {p}）")),
            ),
            Self::Initdb { output } => format!("建立数据库集群失败（initdb）：{output}"),
            Self::StartFailed { log, tail } => {
                format!("PostgreSQL 未能启动，日志 {} 的末尾为：\n{tail}", log.display())
            }
            Self::Leftovers { pids, data } => format!(
                "{} 上一次运行的 PostgreSQL 进程未能结束：{}。请手动结束这些进程后重试。",
                data.display(),
                numbers(pids),
            ),
            Self::SocketDir { dir, why } => format!("不能使用套接字目录 {}：{why}", dir.display()),
            Self::PathNotUtf8 { path } => {
                format!("路径 {} 不是 UTF-8 编码，请换一个数据目录。", path.display())
            }
            Self::Stopped => "数据库已停止。".to_owned(),
            Self::NotUpInTime { dir } => {
                format!("数据目录 {} 正被占用，但其数据库未在限时内就绪，请稍后重试。", dir.display())
            }
            Self::BadUrl { why } => format!("数据库地址无效：{why}"),
            Self::Database { what, source } => format!("数据库操作失败（{what}）：{source}"),
            Self::Io { what, path, source } => {
                format!("操作失败（{what}）：{}：{source}", path.display())
            }
        }
    }

    /// The text in English.
    pub fn en(&self) -> String {
        match self {
            Self::NoBinaries { looked } => format!(
                "PostgreSQL was not found. Install PostgreSQL {} or newer with PostGIS (Debian/Ubuntu: {}), or name an external database with --database-url. Looked in: {}",
                super::OLDEST_MAJOR,
                apt_command(None),
                looked.join(", "),
            ),
            Self::BadBinaries { dir, why } => {
                format!("{} holds no usable PostgreSQL programs (postgres and initdb): {why}", dir.display())
            }
            Self::TooOld { dir, major } => format!(
                "PostgreSQL in {} is version {major}; {} or newer is needed. Debian/Ubuntu: {}",
                dir.display(),
                super::OLDEST_MAJOR,
                apt_command(None),
            ),
            Self::NoPostgis { dir, major } => format!(
                "PostgreSQL {major} in {} has no PostGIS. Debian/Ubuntu: {}",
                dir.display(),
                apt_command(Some(*major)),
            ),
            Self::WrongMajor { data, have, installed } => format!(
                "{} was made by PostgreSQL {have}, but installed is {}. Install that version ({}), or move the data with pg_upgrade first.",
                data.display(),
                majors(installed, ", ", "none"),
                apt_command(Some(*have)),
            ),
            Self::NoAccount { tried } => format!(
                "When started by root, PostgreSQL must run as an ordinary user, but none of these exists: {}. Make one: useradd --system --no-create-home jingtu",
                tried.join(", "),
            ),
            Self::NamelessUser { uid } => format!(
                "User id {uid} has no name in the user database, and PostgreSQL refuses to run so. Start as a user with a name, or name an external database with --database-url."
            ),
            Self::NotTraversable { dir, user, data_dir } => format!(
                "PostgreSQL runs as user {user}, who may not enter the directory {}, so {} cannot be used. Choose another data directory (for example --data-dir /var/lib/jingtu), or run: chmod o+x {}",
                dir.display(),
                data_dir.display(),
                dir.display(),
            ),
            Self::ForeignOwner { dir, owner, user } => format!(
                "{} belongs to user {owner} and cannot be run by {user}. Start as {owner}, or change the owner: chown -R {user} {}",
                dir.display(),
                dir.display(),
            ),
            Self::InUse { pid, dir } => format!(
                "The data directory {} is in use by another jingtu process{}. Stop that process first, or choose another directory with --data-dir.",
                dir.display(),
                pid.map_or(String::new(), |p| format!(" (process {p})")),
            ),
            Self::Initdb { output } => format!("The cluster could not be made (initdb): {output}"),
            Self::StartFailed { log, tail } => {
                format!("PostgreSQL did not start; the end of its log {}:\n{tail}", log.display())
            }
            Self::Leftovers { pids, data } => format!(
                "PostgreSQL processes of an earlier run on {} do not end: {}. End them by hand and try again.",
                data.display(),
                numbers(pids),
            ),
            Self::SocketDir { dir, why } => format!("The socket directory {} cannot be used: {why}", dir.display()),
            Self::PathNotUtf8 { path } => {
                format!("The path {} is not UTF-8; choose another data directory.", path.display())
            }
            Self::Stopped => "The database was stopped.".to_owned(),
            Self::NotUpInTime { dir } => format!(
                "The data directory {} is held by a process whose database has not come up in time; try again later.",
                dir.display()
            ),
            Self::BadUrl { why } => format!("The database URL is not valid: {why}"),
            Self::Database { what, source } => format!("A database operation failed ({what}): {source}"),
            Self::Io { what, path, source } => format!("Failed to {what}: {}: {source}", path.display()),
        }
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.zh(), self.en())
    }
}

impl std::error::Error for PgError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database { source, .. } => Some(source),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The command that installs PostGIS with the server it needs, on Debian and Ubuntu.
pub(super) fn apt_command(major: Option<u32>) -> String {
    match major {
        Some(major) => format!("sudo apt-get install -y postgresql-{major}-postgis-3"),
        // The metapackage follows the release: PostgreSQL 15 on Debian 12, 17 on Debian 13.
        None => "sudo apt-get install -y postgresql-postgis".to_owned(),
    }
}

fn majors(list: &[u32], between: &str, none: &str) -> String {
    if list.is_empty() {
        return none.to_owned();
    }
    list.iter().map(u32::to_string).collect::<Vec<_>>().join(between)
}

fn numbers(list: &[i32]) -> String {
    list.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")
}

/// Turns an IO result into ours, saying what was tried on which path.
pub(super) trait IoContext<T> {
    fn context(self, what: &'static str, path: &std::path::Path) -> Result<T, PgError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, what: &'static str, path: &std::path::Path) -> Result<T, PgError> {
        self.map_err(|source| PgError::Io { what, path: path.to_owned(), source })
    }
}

impl<T> IoContext<T> for nix::Result<T> {
    fn context(self, what: &'static str, path: &std::path::Path) -> Result<T, PgError> {
        self.map_err(|errno| PgError::Io { what, path: path.to_owned(), source: errno.into() })
    }
}
