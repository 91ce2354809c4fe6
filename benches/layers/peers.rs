//! The programs of others over the same rows, installed from their registries into a folder of the build and configured as
//! their manuals have it: as many connections, no cache where ours has none, counting switched off where it can be.

use super::client::Connection;
use super::sql::ATTRIBUTES;
use crate::registry::{Asker, Registry, free_port};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Connections to the database, of ours as of theirs.
pub const CONNECTIONS: usize = 8;
/// Processes of those that are made of processes, which share the connections.
const PROCESSES: usize = 2;
/// What Debian's packages of MapServer and of a server in front of it are called.
const DEBIAN: [&str; 2] = ["cgi-mapserver", "lighttpd"];
/// Its newest release that runs is asked for: each needs a Python of its own.
const PYGEOAPI: &str = "pygeoapi>=0.20,<0.25";
const MARTIN: &str = "1.14.0";

/// One of them, running.
pub struct Peer {
    /// Its name and version.
    pub name: String,
    /// Where it listens.
    pub base: String,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Peer {
    /// Whose CPU time is its.
    pub fn asker(&self) -> Asker {
        Asker::Program(self.child.id())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It leads a group of its own: those that it started go with it.
        let group = Pid::from_raw(self.child.id().cast_signed());
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            // There may be nobody left.
            let _ = killpg(group, signal);
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(self.child.wait());
    }
}

/// Why there is none.
pub type Missing = String;

/// Where they are installed: beside what cargo builds.
fn folder() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_jingtu"));
    program.parent().and_then(Path::parent).expect("the folder of the build").join("peers")
}

/// Runs a command to its end; what it said, where it fails.
fn run(command: &mut Command) -> Result<String, Missing> {
    let out = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    Err(format!("{command:?} failed: {}", last.into_iter().rev().collect::<Vec<_>>().join(" / ")))
}

/// Starts a program in a group of its own and waits until it answers a path.
async fn start(
    name: String,
    command: &mut Command,
    port: u16,
    path: &str,
    dir: tempfile::TempDir,
) -> Result<Peer, Missing> {
    let log = dir.path().join("log");
    let out = fs::File::create(&log).map_err(|error| error.to_string())?;
    let both = out.try_clone().map_err(|error| error.to_string())?;
    let child = command.stdin(Stdio::null()).stdout(out).stderr(both).process_group(0).spawn();
    let child = child.map_err(|error| format!("{command:?}: {error}"))?;
    let mut peer = Peer { name, base: format!("http://127.0.0.1:{port}"), child, _dir: dir };
    let request = super::client::get(&format!("127.0.0.1:{port}"), path, "");
    let mut said = String::new();
    for _ in 0..600 {
        if let Ok(answer) = Connection::new(&peer.base).ask(&request, true).await {
            if answer.status == 200 {
                return Ok(peer);
            }
            said = format!("{path} is answered {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        if peer.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = fs::read_to_string(&log).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(5).collect();
    Err(format!("it does not run: {said} {}", last.into_iter().rev().collect::<Vec<_>>().join(" / ")))
}

fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("jingtu-bench-peer-").tempdir().expect("a temporary folder")
}

/// The database as a URL without a query, which is what all of them understand.
fn url(registry: &Registry) -> String {
    let dir = registry.socket_dir().to_string_lossy().replace('/', "%2F");
    format!("postgresql://jingtu@{dir}/jingtu")
}

/// martin, with its cache or without.
///
/// # Errors
/// Why it cannot be had.
pub async fn martin(registry: &Registry, cached: bool) -> Result<Peer, Missing> {
    let root = folder().join("martin");
    let program = root.join("bin/martin");
    if !program.exists() {
        println!("installing martin {MARTIN}, which is built from source");
        let mut cargo = Command::new("cargo");
        cargo.args([
            "install",
            "martin",
            "--version",
            MARTIN,
            "--locked",
            "--no-default-features",
            "--features",
            "postgres",
        ]);
        run(cargo.arg("--root").arg(&root).env("CARGO_TARGET_DIR", folder().join("martin-build")))?;
        drop(fs::remove_dir_all(folder().join("martin-build")));
    }
    let (dir, port) = (scratch(), free_port());
    let cache = if cached { "{ size_mb: 512 }" } else { "disable" };
    // What our tiles carry.
    let properties: String = ATTRIBUTES
        .iter()
        .filter(|(.., in_tiles)| *in_tiles)
        .map(|(name, kind, _)| format!("        {name}: {kind}\n"))
        .collect();
    let config = format!(
        "listen_addresses: '127.0.0.1:{port}'\nworker_processes: {PROCESSES}\ncache: {cache}\npostgres:\n  connection_string: '{}'\n  \
         pool_size: {CONNECTIONS}\n  auto_bounds: skip\n  auto_publish: false\n  tables:\n    farmland:\n      schema: peers\n      \
         table: farmland\n      srid: 4326\n      geometry_column: geom\n      geometry_type: POLYGON\n      extent: 4096\n      \
         buffer: 64\n      clip_geom: true\n      properties:\n        id: uuid\n{properties}",
        url(registry)
    );
    let file = dir.path().join("martin.yaml");
    fs::write(&file, config).map_err(|error| error.to_string())?;
    let version = run(Command::new(&program).arg("--version"))?;
    let mut command = Command::new(&program);
    command.arg("--config").arg(&file).env("RUST_LOG", "error");
    start(version, &mut command, port, "/farmland", dir).await
}

/// A Python with virtual environments, the newest there is.
fn python() -> Result<String, Missing> {
    let list = "for p in python3.14 python3.13 python3.12 python3.11 python3 \"$HOME\"/.pyenv/versions/3.*/bin/python3; do \
                \"$p\" -c 'import sys, venv; print(sys.version_info[1], sys.executable)' 2>/dev/null; done | sort -n | tail -1";
    let found = run(Command::new("sh").args(["-c", list]))?;
    found
        .split_once(' ')
        .map(|(_, program)| program.to_owned())
        .ok_or_else(|| "there is no Python with venv".to_owned())
}

/// A virtual environment with these packages; the version of the first.
fn venv(name: &str, packages: &[&str]) -> Result<(PathBuf, String), Missing> {
    let root = folder().join(name);
    let pip = root.join("bin/pip");
    let done = root.join("installed");
    if !done.exists() {
        println!("installing {}", packages.join(", "));
        run(Command::new(python()?).args(["-m", "venv", "--clear"]).arg(&root))?;
        run(Command::new(&pip).args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))?;
        fs::write(&done, "").map_err(|error| error.to_string())?;
    }
    let shown = run(Command::new(&pip).args(["--disable-pip-version-check", "show", name]))?;
    let version = shown.lines().find_map(|line| line.strip_prefix("Version: ")).unwrap_or_default().to_owned();
    Ok((root, format!("{name} {version}")))
}

/// tipg. It counts what a page selects; that cannot be switched off.
///
/// # Errors
/// Why it cannot be had.
pub async fn tipg(registry: &Registry) -> Result<Peer, Missing> {
    let (root, name) = venv("tipg", &["tipg==1.6.*", "uvicorn", "uvloop", "httptools"])?;
    let (dir, port) = (scratch(), free_port());
    let mut command = Command::new(root.join("bin/uvicorn"));
    command
        .args(["tipg.main:app", "--host", "127.0.0.1", "--log-level", "warning", "--no-access-log"])
        .args(["--port", &port.to_string(), "--workers", &PROCESSES.to_string()])
        .current_dir(dir.path())
        .env("DATABASE_URL", url(registry))
        .env("DB_MAX_CONN_SIZE", (CONNECTIONS / PROCESSES).to_string())
        .env("DB_MIN_CONN_SIZE", (CONNECTIONS / PROCESSES).to_string())
        .env("TIPG_DB_SCHEMAS", "[\"peers\"]")
        // Its look at the extent of each table would take longer than anything that is measured.
        .env("TIPG_DB_SPATIAL_EXTENT", "false")
        .env("TIPG_DB_DATETIME_EXTENT", "false")
        .env("TIPG_CATALOG_TTL", "86400");
    start(name, &mut command, port, "/collections/peers.farmland/items?limit=1&f=geojson", dir).await
}

/// pygeoapi, its counting switched off.
///
/// # Errors
/// Why it cannot be had.
pub async fn pygeoapi(registry: &Registry) -> Result<Peer, Missing> {
    let (root, name) = venv("pygeoapi", &[PYGEOAPI, "gunicorn", "psycopg2-binary", "geoalchemy2", "sqlalchemy>=2"])?;
    let (dir, port) = (scratch(), free_port());
    let config = dir.path().join("pygeoapi.yml");
    let text = format!(
        "server:\n  bind: {{ host: 127.0.0.1, port: {port} }}\n  url: http://127.0.0.1:{port}\n  mimetype: application/json\n  \
         encoding: utf-8\n  gzip: false\n  languages: [en-US]\n  limits: {{ default_items: 10, max_items: 10000 }}\n  limit: 10000\n  \
         map: {{ url: 'https://localhost/{{z}}', attribution: none }}\nlogging: {{ level: ERROR }}\nmetadata:\n  identification: \
         {{ title: bench, description: bench, keywords: [bench], keywords_type: theme, terms_of_service: none, url: 'http://localhost' }}\n  \
         license: {{ name: none, url: 'http://localhost' }}\n  provider: {{ name: none, url: 'http://localhost' }}\n  contact: \
         {{ name: none, position: none, address: none, city: none, stateorprovince: none, postalcode: none, country: none, phone: none, \
         fax: none, email: none, url: 'http://localhost', hours: none, instructions: none, role: none }}\nresources:\n  farmland:\n    \
         type: collection\n    title: farmland\n    description: farmland\n    keywords: [farmland]\n    extents:\n      spatial: \
         {{ bbox: [-180, -90, 180, 90], crs: 'http://www.opengis.net/def/crs/OGC/1.3/CRS84' }}\n    providers:\n      - type: feature\n        \
         name: PostgreSQL\n        data: {{ host: '{}', port: 5432, dbname: jingtu, user: jingtu, password: none, search_path: [peers] }}\n        \
         options: {{ pool_size: {per}, max_overflow: 0 }}\n        id_field: id\n        table: farmland\n        geom_field: geom\n        \
         count: false\n",
        registry.socket_dir().display(),
        per = CONNECTIONS / PROCESSES,
    );
    fs::write(&config, text).map_err(|error| error.to_string())?;
    let openapi = dir.path().join("openapi.yml");
    let made = run(Command::new(root.join("bin/pygeoapi"))
        .args(["openapi", "generate"])
        .arg(&config)
        .env("PYGEOAPI_CONFIG", &config)
        .env("PYGEOAPI_OPENAPI", &openapi))?;
    if !openapi.exists() {
        fs::write(&openapi, made).map_err(|error| error.to_string())?;
    }
    let mut command = Command::new(root.join("bin/gunicorn"));
    command
        .args(["pygeoapi.flask_app:APP", "--worker-class", "gthread", "--keep-alive", "60", "--log-level", "error"])
        .args(["--workers", &PROCESSES.to_string(), "--threads", &(CONNECTIONS / PROCESSES).to_string()])
        .args(["--bind", &format!("127.0.0.1:{port}"), "--timeout", "600"])
        .env("PYGEOAPI_CONFIG", &config)
        .env("PYGEOAPI_OPENAPI", &openapi)
        .current_dir(dir.path());
    start(name, &mut command, port, "/collections/farmland/items?limit=1&f=json", dir).await
}

/// MapServer, as FastCGI behind lighttpd, its connections kept. Debian's packages are unpacked, not installed.
///
/// # Errors
/// Why it cannot be had.
pub async fn mapserver(registry: &Registry) -> Result<Peer, Missing> {
    let root = folder().join("debian");
    let done = root.join("installed");
    if !done.exists() {
        println!("fetching {}", DEBIAN.join(", "));
        let archives = root.join("archives");
        fs::create_dir_all(archives.join("partial")).map_err(|error| error.to_string())?;
        run(Command::new("apt-get")
            .args(["-y", "--no-install-recommends", "--download-only", "-o", "Debug::NoLocking=1", "-o"])
            .arg(format!("Dir::Cache::archives={}", archives.display()))
            .arg("install")
            .args(DEBIAN))?;
        for entry in fs::read_dir(&archives).map_err(|error| error.to_string())?.flatten() {
            if entry.path().extension().is_some_and(|end| end == "deb") {
                run(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(&root))?;
            }
        }
        fs::write(&done, "").map_err(|error| error.to_string())?;
    }
    // Packages that are installed already are not fetched.
    let find = |path: &str| [root.join(path), Path::new("/").join(path)].into_iter().find(|path| path.exists());
    let missing = |what: &str| format!("Debian's packages hold no {what}");
    let mapserv =
        find("usr/lib/cgi-bin/mapserv").or_else(|| find("usr/bin/mapserv")).ok_or_else(|| missing("mapserv"))?;
    let lighttpd = find("usr/sbin/lighttpd").ok_or_else(|| missing("lighttpd"))?;
    let modules = find("usr/lib/lighttpd").ok_or_else(|| missing("modules of lighttpd"))?;
    let libraries: Vec<String> = fs::read_dir(root.join("usr/lib"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("linux-gnu"))
        .map(|entry| entry.path().display().to_string())
        .collect();
    let libraries = libraries.join(":");
    let version = run(Command::new(&mapserv).arg("-v").env("LD_LIBRARY_PATH", &libraries))?;
    let version = version.split_whitespace().take(3).collect::<Vec<_>>().join(" ").replace(" version", "");
    let (dir, port) = (scratch(), free_port());
    let path = dir.path().display();
    let map = format!(
        "MAP\nNAME \"bench\"\nSTATUS ON\nSIZE 512 512\nEXTENT -180 -90 180 90\nPROJECTION \"init=epsg:4326\" END\nWEB METADATA\n\
         \"ows_title\" \"bench\"\n\"oga_onlineresource\" \"http://127.0.0.1:{port}/mapserv/bench/ogcapi\"\n\"ows_enable_request\" \"*\"\n\
         \"oga_enable_request\" \"*\"\nEND END\nLAYER\nNAME \"farmland\"\nTYPE POLYGON\nTEMPLATE \"VOID\"\nSTATUS ON\nCONNECTIONTYPE POSTGIS\n\
         CONNECTION \"host={} dbname=jingtu user=jingtu\"\nPROCESSING \"CLOSE_CONNECTION=DEFER\"\n\
         DATA \"geom from peers.farmland using unique id using srid=4326\"\nPROJECTION \"init=epsg:4326\" END\nEXTENT -180 -90 180 90\n\
         METADATA \"ows_title\" \"farmland\" \"gml_include_items\" \"all\" \"gml_featureid\" \"id\" END\nEND\nEND\n",
        registry.socket_dir().display()
    );
    let config = format!("CONFIG\nENV\nEND\nMAPS\n\"bench\" \"{path}/bench.map\"\nEND\nPLUGINS\nEND\nEND\n");
    let server = format!(
        "server.modules = (\"mod_fastcgi\")\nserver.document-root = \"{path}\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
         server.max-keep-alive-requests = 1000000\nserver.stream-response-body = 1\n\
         fastcgi.server = (\"/mapserv\" => ((\"socket\" => \"{path}/socket\", \"bin-path\" => \"{}\", \"check-local\" => \"disable\", \
         \"max-procs\" => {CONNECTIONS}, \"bin-environment\" => (\"MAPSERVER_CONFIG_FILE\" => \"{path}/mapserver.conf\", \
         \"LD_LIBRARY_PATH\" => \"{libraries}\"))))\n",
        mapserv.display()
    );
    for (name, text) in [("bench.map", map), ("mapserver.conf", config), ("lighttpd.conf", server)] {
        fs::write(dir.path().join(name), text).map_err(|error| error.to_string())?;
    }
    let mut command = Command::new(lighttpd);
    command.arg("-D").arg("-f").arg(dir.path().join("lighttpd.conf")).arg("-m").arg(modules);
    command.env("LD_LIBRARY_PATH", &libraries);
    start(version, &mut command, port, "/mapserv/bench/ogcapi/collections/farmland/items?limit=1&f=json", dir).await
}
