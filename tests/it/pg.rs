//! The managed PostgreSQL: real clusters, each in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jingtu::pg::{
    Attached, Binaries, Cluster, Options, PgError, Status, attach, inspect, install_postgis, running_url,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A directory that the user who runs PostgreSQL may pass through, as those of a machine are.
fn open_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    // Not left to the mask of whoever runs the tests.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// As in service, but small.
fn durable() -> Options {
    Options { shared_buffers_mb: 32, max_connections: 20, elsewhere: None, ..Options::default() }
}

/// The same for tests that do not ask what is on the disk; it saves a second for each.
fn small() -> Options {
    Options { fsync: false, ..durable() }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn count(url: &str) -> i64 {
    let mut connection = connect(url).await;
    let rows = sqlx::query_scalar("select count(*) from t").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}

async fn add_a_row(url: &str) {
    let mut connection = connect(url).await;
    sqlx::raw_sql("create table if not exists t (n bigint primary key); insert into t select count(*) from t")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// Waits for something outside this process; fails when it does not come about.
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Ended, whether or not its parent has taken notice.
fn is_gone(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_err()
        || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test]
async fn a_cluster_keeps_its_data_over_stop_and_start() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let cluster = Cluster::start(&data_dir, durable()).await.unwrap();
    add_a_row(&cluster.url()).await;
    let postmaster = cluster.postmaster().unwrap();
    cluster.stop().await.unwrap();
    assert!(is_gone(postmaster));
    assert_eq!(running_url(&data_dir).await.unwrap(), None);

    let cluster = Cluster::start(&data_dir, durable()).await.unwrap();
    assert_eq!(count(&cluster.url()).await, 1);
    let mut connection = connect(&cluster.url()).await;
    let (area, encoding, superuser, checksums, fsync): (f64, String, bool, String, String) = sqlx::query_as(
        "select st_area('POLYGON((0 0,2 0,2 2,0 2,0 0))'::geometry), current_setting('server_encoding'), \
         (select rolsuper from pg_roles where rolname = current_user), current_setting('data_checksums'), \
         current_setting('fsync')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!((area, encoding.as_str(), superuser), (4.0, "UTF8", false));
    assert_eq!((checksums.as_str(), fsync.as_str()), ("on", "on"));
    connection.close().await.unwrap();
    cluster.stop().await.unwrap();

    let log = fs::read_to_string(data_dir.join("pg/log")).unwrap();
    assert!(!log.contains("was not properly shut down"), "{log}");
}

#[tokio::test]
async fn only_private_ways_lead_into_the_cluster() {
    let dir = open_dir();
    let cluster = Cluster::start(&dir.path().join("data"), small()).await.unwrap();
    assert_eq!(fs::metadata(cluster.socket_dir()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(dir.path().join("data/pg")).unwrap().mode() & 0o777, 0o700);
    let mut connection = connect(&cluster.admin_url("postgres")).await;
    let (listen, methods): (String, Vec<String>) = sqlx::query_as(
        "select current_setting('listen_addresses'), (select array_agg(distinct auth_method) from pg_hba_file_rules)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!((listen.as_str(), methods), ("", vec!["peer".to_owned()]));
    connection.close().await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_directory_is_refused_and_a_command_joins() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let first = Cluster::start(&data_dir, small()).await.unwrap();

    let refused = Cluster::start(&data_dir, small()).await.unwrap_err();
    let PgError::InUse { pid, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(refused.zh().contains("正由另一个 jingtu 进程"), "{refused}");
    assert!(refused.en().contains("in use by another jingtu process"), "{refused}");
    assert!(refused.en().contains(data_dir.to_str().unwrap()), "{refused}");

    assert_eq!(running_url(&data_dir).await.unwrap(), Some(first.url()));
    let joined = attach(&data_dir, small()).await.unwrap();
    assert!(matches!(&joined, Attached::Joined { url } if *url == first.url()));
    joined.close().await.unwrap();
    add_a_row(&first.url()).await;
    first.stop().await.unwrap();

    let own = attach(&data_dir, small()).await.unwrap();
    assert!(matches!(own, Attached::Own(_)));
    assert_eq!(count(&own.url()).await, 1);
    own.close().await.unwrap();
}

#[tokio::test]
async fn a_killed_postgresql_is_started_again_and_every_committed_row_is_there() {
    let dir = open_dir();
    let cluster = Cluster::start(&dir.path().join("data"), durable()).await.unwrap();
    let url = cluster.url();
    let mut writer = connect(&url).await;
    sqlx::raw_sql("create table t (n bigint primary key)").execute(&mut writer).await.unwrap();
    let mut status = cluster.status();
    assert_eq!(*status.borrow_and_update(), Status::Ready { restarts: 0 });

    let mut acknowledged = 0_i64;
    for restarts in 1..=2_u64 {
        // Never looks up from its work by itself, so it outlives its postmaster.
        let mut busy = connect(&url).await;
        let busy_pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut busy).await.unwrap();
        let busy = tokio::spawn(async move {
            sqlx::query("select count(*) from generate_series(1, 1e15::bigint)").execute(&mut busy).await.is_err()
        });
        let postmaster = cluster.postmaster().unwrap();
        let mut killed = false;
        while sqlx::query("insert into t values ($1)").bind(acknowledged).execute(&mut writer).await.is_ok() {
            acknowledged += 1;
            if acknowledged % 200 == 0 && !killed {
                kill(Pid::from_raw(postmaster), Signal::SIGKILL).unwrap();
                killed = true;
            }
        }
        assert!(killed);
        status.wait_for(|now| *now == Status::Ready { restarts }).await.unwrap();
        assert!(busy.await.unwrap(), "the query of the old postmaster's backend was cut off");
        assert!(is_gone(busy_pid));
        assert_ne!(cluster.postmaster(), Some(postmaster));
        writer = connect(&url).await;
        let rows = count(&url).await;
        // The insert under way when the connection broke may have been committed without our hearing of it.
        assert!(rows == acknowledged || rows == acknowledged + 1, "{rows} rows, {acknowledged} acknowledged");
        acknowledged = rows;
    }
    drop(writer);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_dropped_cluster_stops_too() {
    let dir = open_dir();
    let cluster = Cluster::start(&dir.path().join("data"), small()).await.unwrap();
    let (postmaster, mut status) = (cluster.postmaster().unwrap(), cluster.status());
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
    assert!(is_gone(postmaster));
    assert_eq!(*status.borrow_and_update(), Status::Stopped);
}

/// Holds a cluster until it is killed: the data directory comes on standard input, the postmaster goes out.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn holder() {
    let mut data_dir = String::new();
    std::io::stdin().read_line(&mut data_dir).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cluster = runtime.block_on(Cluster::start(Path::new(data_dir.trim()), small())).unwrap();
    runtime.block_on(add_a_row(&cluster.url()));
    println!("\npostmaster {}", cluster.postmaster().unwrap());
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn start_holder(data_dir: &Path) -> (std::process::Child, i32) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pg::holder", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "{}", data_dir.display()).unwrap();
    let postmaster = BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .find_map(|line| line.unwrap().strip_prefix("postmaster ").map(|pid| pid.parse().unwrap()))
        .unwrap();
    (child, postmaster)
}

#[tokio::test]
async fn postgresql_ends_when_its_server_is_killed() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let (mut server, postmaster) = start_holder(&data_dir);
    assert!(matches!(Cluster::start(&data_dir, small()).await,
        Err(PgError::InUse { pid, .. }) if pid == Some(server.id())));
    server.kill().unwrap();
    server.wait().unwrap();
    until("PostgreSQL ends after its server", || is_gone(postmaster));

    let log = fs::read_to_string(data_dir.join("pg/log")).unwrap();
    assert!(log.contains("fast shutdown") && log.contains("database system is shut down"), "{log}");
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    assert_eq!(count(&cluster.url()).await, 1);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_starts_at_once_after_both_were_killed() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let (mut server, postmaster) = start_holder(&data_dir);
    server.kill().unwrap();
    // May have ended by itself already.
    kill(Pid::from_raw(postmaster), Signal::SIGKILL).ok();
    server.wait().unwrap();
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    assert_eq!(count(&cluster.url()).await, 1);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_postmaster_left_over_is_stopped_first() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    add_a_row(&cluster.url()).await;
    let postgres = cluster.binaries().program("postgres");
    let socket_dir = cluster.socket_dir().to_owned();
    cluster.stop().await.unwrap();

    let data = data_dir.join("pg/data");
    let owner = fs::metadata(&data).unwrap();
    let mut stray = Command::new(postgres);
    stray.arg("-D").arg(&data).args(["-c", "listen_addresses="]).arg("-k").arg(&socket_dir);
    stray.stdout(Stdio::null()).stderr(Stdio::null());
    if Uid::effective().is_root() {
        stray.uid(owner.uid()).gid(owner.gid());
    }
    let mut stray = stray.spawn().unwrap();
    until("the stray PostgreSQL is up", || {
        fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| text.contains("ready"))
    });
    // A parent has to collect its child, or it stays in the table of processes.
    let collector = std::thread::spawn(move || stray.wait().unwrap());

    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    assert!(collector.join().unwrap().success(), "stopped by fast shutdown");
    assert_eq!(count(&cluster.url()).await, 1);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_killed_first_start_left_is_made_good() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    // Exactly what is on disk when the first start is killed before the cluster has its name.
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    cluster.stop().await.unwrap();
    fs::rename(data_dir.join("pg/data"), data_dir.join("pg/data.new-0011223344556677")).unwrap();
    fs::remove_file(data_dir.join("pg/data.new-0011223344556677/PG_VERSION")).unwrap();

    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    add_a_row(&cluster.url()).await;
    cluster.stop().await.unwrap();
    let left: Vec<_> = fs::read_dir(data_dir.join("pg"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("data."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_stale_process_id_of_another_program_does_not_stop_the_start() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    cluster.stop().await.unwrap();
    // A number that is taken by a program of the cluster's own user.
    let data = data_dir.join("pg/data");
    let owner = fs::metadata(&data).unwrap();
    let mut other = Command::new("sleep");
    other.arg("600");
    if Uid::effective().is_root() {
        other.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = other.spawn().unwrap();
    let stale = data.join("postmaster.pid");
    fs::write(&stale, format!("{}\n{}\n0\n5432\n\n\n0 0\nready\n", other.id(), data.display())).unwrap();
    std::os::unix::fs::chown(&stale, Some(owner.uid()), Some(owner.gid())).unwrap();

    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    cluster.stop().await.unwrap();
    assert!(other.try_wait().unwrap().is_none(), "the other program was left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_deep_directory_with_any_name_gets_its_socket_elsewhere() {
    let dir = open_dir();
    let data_dir = dir.path().join("登记 库, \"a+b\" 100%").join("d".repeat(120)).join("data");
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    let socket_dir = cluster.socket_dir().to_owned();
    assert!(!socket_dir.starts_with(dir.path()));
    let found = fs::metadata(&socket_dir).unwrap();
    assert_eq!((found.mode() & 0o777, found.uid()), (0o700, fs::metadata(data_dir.join("pg")).unwrap().uid()));
    add_a_row(&cluster.url()).await;
    assert_eq!(running_url(&data_dir).await.unwrap(), Some(cluster.url()));
    cluster.stop().await.unwrap();
    assert!(!socket_dir.exists(), "nothing is left outside the data directory");

    // And with such a name, but short enough.
    let data_dir = dir.path().join("a,b \"c\"");
    let cluster = Cluster::start(&data_dir, small()).await.unwrap();
    assert!(cluster.socket_dir().starts_with(&data_dir));
    add_a_row(&cluster.url()).await;
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn under_root_a_closed_directory_is_named_or_avoided() {
    if !Uid::effective().is_root() {
        eprintln!("skipped: needs root, for whom PostgreSQL runs as another user");
        return;
    }
    let dir = open_dir();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = closed.join("project/.jingtu");

    let refused = Cluster::start(&data_dir, small()).await.unwrap_err();
    assert!(matches!(&refused, PgError::NotTraversable { dir, .. } if *dir == closed), "{refused}");
    assert!(refused.en().contains(&format!("chmod o+x {}", closed.display())), "{refused}");

    let elsewhere = dir.path().join("elsewhere");
    let options = Options { elsewhere: Some(elsewhere.clone()), ..small() };
    let cluster = Cluster::start(&data_dir, options.clone()).await.unwrap();
    add_a_row(&cluster.url()).await;
    cluster.stop().await.unwrap();
    assert!(fs::read_link(data_dir.join("pg")).unwrap().starts_with(&elsewhere));
    let cluster = Cluster::start(&data_dir, options).await.unwrap();
    assert_eq!(count(&cluster.url()).await, 1);
    assert_eq!(running_url(&data_dir).await.unwrap(), Some(cluster.url()));
    cluster.stop().await.unwrap();

    // A data directory that is closed itself is the program's own to open, without letting others read it.
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
    Cluster::start(&own, small()).await.unwrap().stop().await.unwrap();
    assert_eq!(fs::metadata(&own).unwrap().mode() & 0o777, 0o711);
}

const IN_EITHER_ROLE: [&str; 4] = [
    "a_cluster_keeps_its_data_over_stop_and_start",
    "a_killed_postgresql_is_started_again_and_every_committed_row_is_there",
    "postgresql_ends_when_its_server_is_killed",
    "a_deep_directory_with_any_name_gets_its_socket_elsewhere",
];

/// The tests above in which the user matters, as an ordinary one, where the tests run as root.
#[test]
fn an_ordinary_user_can_do_all_this() {
    if !Uid::effective().is_root() {
        eprintln!("skipped: the tests run as an ordinary user already");
        return;
    }
    let user = User::from_name("nobody").unwrap().expect("every Debian has the user nobody");
    let dir = open_dir();
    // The build directory may lie where that user may not go.
    let program = dir.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    let output = Command::new(&program)
        .args(["--test-threads=2", "--exact"])
        .args(IN_EITHER_ROLE.map(|name| format!("pg::{name}")))
        .env("TMPDIR", &home)
        .current_dir(&home)
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for name in IN_EITHER_ROLE {
        assert!(said.contains(&format!("pg::{name} ... ok")), "{said}");
    }
}

#[tokio::test]
async fn a_cluster_of_another_user_is_refused() {
    if !Uid::effective().is_root() {
        eprintln!("skipped: needs root to make a directory of another user");
        return;
    }
    let dir = open_dir();
    let pg = dir.path().join("data/pg");
    fs::create_dir_all(&pg).unwrap();
    let refused = Cluster::start(&dir.path().join("data"), small()).await.unwrap_err();
    assert!(matches!(&refused, PgError::ForeignOwner { owner, .. } if owner == "root"), "{refused}");
    assert!(refused.en().contains(&format!("chown -R postgres {}", pg.canonicalize().unwrap().display())), "{refused}");
}

fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A directory of programs that say what one of them would.
fn pretend(dir: &Path, version: &str, with_postgis: bool) -> PathBuf {
    let (bin, share) = (dir.join("bin"), dir.join("share"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(share.join("extension")).unwrap();
    program(&bin.join("postgres"), &format!("echo 'postgres (PostgreSQL) {version}'"));
    program(&bin.join("initdb"), "exit 1");
    program(&bin.join("pg_config"), &format!("echo '{}'", share.display()));
    if with_postgis {
        fs::write(share.join("extension/postgis.control"), "").unwrap();
    }
    bin
}

#[tokio::test]
async fn what_is_missing_on_the_machine_is_said_with_the_way_out() {
    let dir = open_dir();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let options = Options { binaries: Some(empty.clone()), ..small() };
    let refused = Cluster::start(&dir.path().join("data"), options).await.unwrap_err();
    assert!(matches!(&refused, PgError::BadBinaries { dir, .. } if *dir == empty), "{refused}");

    let refused = Binaries::find(Some(&pretend(&dir.path().join("a"), "17.2 (Debian)", false))).unwrap_err();
    assert!(refused.zh().contains("没有安装 PostGIS") && refused.zh().contains("postgresql-17-postgis-3"), "{refused}");
    assert!(refused.en().contains("sudo apt-get install -y postgresql-17-postgis-3"), "{refused}");

    let refused = Binaries::find(Some(&pretend(&dir.path().join("b"), "13.9", true))).unwrap_err();
    assert!(matches!(refused, PgError::TooOld { major: 13, .. }), "{refused}");

    let none = PgError::NoBinaries { looked: vec!["/usr/lib/postgresql/*/bin".to_owned()] };
    assert!(none.zh().contains("未找到 PostgreSQL") && none.en().contains("sudo apt-get install -y"), "{none}");
}

#[tokio::test]
async fn a_cluster_is_only_run_by_the_version_that_made_it() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    Cluster::start(&data_dir, small()).await.unwrap().stop().await.unwrap();
    let other = pretend(&dir.path().join("other"), "99.1", true);
    let options = Options { binaries: Some(other), ..small() };
    let refused = Cluster::start(&data_dir, options).await.unwrap_err();
    assert!(matches!(&refused, PgError::WrongMajor { installed, .. } if installed == &[99]), "{refused}");
}

#[tokio::test]
async fn a_start_that_fails_says_what_postgresql_said() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    Cluster::start(&data_dir, small()).await.unwrap().stop().await.unwrap();
    let conf = data_dir.join("pg/data/postgresql.conf");
    let good = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{good}\nno_such_setting = 1\n")).unwrap();
    let refused = Cluster::start(&data_dir, small()).await.unwrap_err();
    assert!(matches!(&refused, PgError::StartFailed { tail, .. } if tail.contains("no_such_setting")), "{refused}");

    fs::write(&conf, good).unwrap();
    Cluster::start(&data_dir, small()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn an_external_database_is_looked_at() {
    let dir = open_dir();
    let cluster = Cluster::start(&dir.path().join("data"), small()).await.unwrap();
    let found = inspect(&cluster.url()).await.unwrap();
    assert!(found.serves() && found.postgis.is_some() && found.encoding == "UTF8", "{found:?}");

    let mut admin = connect(&cluster.admin_url("postgres")).await;
    for sql in [
        "create database plain template template0 encoding 'UTF8'",
        "create database latin template template0 encoding 'LATIN1' locale 'C'",
        "create role stranger login",
    ] {
        sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
    }
    admin.close().await.unwrap();

    let as_jingtu = cluster.url().replace("/jingtu?", "/plain?");
    let found = inspect(&as_jingtu).await.unwrap();
    let codes: Vec<_> = found.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["no_create_right", "postgis_not_created"], "{found:?}");
    assert!(!found.postgis_can_be_created);

    // What it says to do, done, mends it.
    let mut admin = connect(&cluster.admin_url("plain")).await;
    for finding in &found.findings {
        sqlx::raw_sql(sqlx::AssertSqlSafe(finding.mend.clone())).execute(&mut admin).await.unwrap();
    }
    admin.close().await.unwrap();
    assert!(inspect(&as_jingtu).await.unwrap().serves());

    // A superuser can make the extension itself.
    let latin = cluster.admin_url("latin");
    let found = inspect(&latin).await.unwrap();
    assert!(found.postgis_can_be_created);
    assert_eq!(found.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["encoding"]);
    install_postgis(&latin).await.unwrap();
    assert!(inspect(&latin).await.unwrap().postgis.is_some());

    let refused = inspect(&cluster.url().replace("/jingtu?", "/nowhere?")).await.unwrap_err();
    assert!(refused.zh().contains("数据库操作失败") && refused.en().contains("nowhere"), "{refused}");
    assert!(matches!(inspect("not a url").await, Err(PgError::BadUrl { .. })));
    cluster.stop().await.unwrap();
}
