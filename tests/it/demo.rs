//! The program itself, as a newcomer meets it: `serve --demo`, the page in a browser, GDAL, the commands beside the server.

use reqwest::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jingtu");

struct Demo {
    server: Child,
    dir: tempfile::TempDir,
    base: String,
    keys: BTreeMap<String, String>,
}

impl Demo {
    /// Starts the server and reads what it prints for people.
    fn start() -> Demo {
        let dir = tempfile::Builder::new().prefix("jingtu-demo-").tempdir().expect("a temporary folder");
        let (server, base, keys) = serve(dir.path());
        Demo { server, dir, base, keys }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        program().args(arguments).arg("--data-dir").arg(self.dir.path()).output().expect("the program runs")
    }

    async fn get(&self, path: &str, role: Option<&str>) -> Value {
        let mut request = Client::builder().no_proxy().build().expect("client").get(format!("{}{path}", self.base));
        if let Some(role) = role {
            request = request.bearer_auth(&self.keys[role]);
        }
        let response = request.send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.expect("JSON")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A test that failed leaves no server behind; one that stopped it already has nothing to kill.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// The program, without the variable that tells these tests to rewrite what is committed: it refuses what it does not know.
fn program() -> Command {
    let mut program = Command::new(PROGRAM);
    program.env_remove("JINGTU_BLESS");
    program
}

fn serve(dir: &Path) -> (Child, String, BTreeMap<String, String>) {
    serve_with(dir, &[])
}

fn serve_with(dir: &Path, settings: &[(&str, &str)]) -> (Child, String, BTreeMap<String, String>) {
    let mut server = program()
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .env("JINGTU_LOG", "warn")
        .envs(settings.iter().copied())
        .spawn()
        .expect("the server starts");
    let (mut base, mut keys) = (None, BTreeMap::new());
    let printed = BufReader::new(server.stdout.take().expect("stdout"));
    for line in printed.lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "map", address] => base = Some(address.trim_end_matches('/').to_owned()),
            [role, _, token, ..] if token.starts_with("jt_") => {
                keys.insert(role.to_owned(), token.to_owned());
            }
            _ if line.contains("Ctrl-C") => break,
            _ => {}
        }
    }
    (server, base.expect("an address"), keys)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_meets_a_registry_that_works() {
    let mut demo = Demo::start();
    assert_eq!(demo.keys.len(), 10, "one key per role");

    let ready = demo.get("/readyz", None).await;
    assert_eq!(ready["demo"], true);
    let overdue = demo.get("/v1/deadlines?status=overdue", Some("admin")).await;
    let due_soon = demo.get("/v1/deadlines?status=due_soon", Some("admin")).await;
    let open = demo.get("/v1/deadlines?status=open", Some("admin")).await;
    for (list, least) in [(&overdue, 10), (&due_soon, 3), (&open, 20)] {
        assert!(list["deadlines"].as_array().is_some_and(|d| d.len() >= least), "{least}");
    }
    stages_are_as_the_sample_says(&demo).await;
    the_supply_plan_is_judged_as_expected(&demo);
    plans_of_gis_programs_are_judged_as_well(&demo);
    gdal_reads_whole_layers(&demo);
    a_second_server_is_refused(&demo);
    let audit = demo.run(&["audit", "verify"]);
    assert!(audit.status.success(), "{audit:?}");
    the_page_works(&demo).await;
    the_styles_draw(&demo);

    what_was_acknowledged_outlives_postgresql(&demo).await;

    // Stopped and started again: the data is there, the keys are new.
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(demo.server.id().cast_signed()),
        nix::sys::signal::Signal::SIGTERM,
    )
    .expect("signal");
    assert!(demo.server.wait().expect("an end").success(), "a clean stop");
    let (server, base, keys) = serve(demo.dir.path());
    let old = std::mem::replace(&mut demo.keys, keys);
    (demo.server, demo.base) = (server, base);
    assert_ne!(old["planning"], demo.keys["planning"]);
    let checks = demo.get("/v1/land-checks?limit=1", Some("admin")).await;
    assert_eq!(checks["numberReturned"], 1);
}

async fn stages_are_as_the_sample_says(demo: &Demo) {
    let sample: Value = serde_json::from_slice(&std::fs::read(root().join("sample-data/sites.json")).unwrap()).unwrap();
    let sites = demo.get("/v1/sites?limit=1000", Some("admin")).await;
    let stages: BTreeMap<&str, &str> = sites["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["properties"]["name"].as_str().unwrap(), f["properties"]["stage"].as_str().unwrap()))
        .collect();
    let later: Value = serde_json::from_slice(&std::fs::read(root().join("sample-data/later.json")).unwrap()).unwrap();
    let later: BTreeMap<&str, &str> = later["sites"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["site"].as_str().unwrap(), l["ends_in"].as_str().unwrap()))
        .collect();
    assert!(later.len() >= 7, "{later:?}");
    for site in sample["sites"].as_array().unwrap() {
        let stage = stages[site["name"].as_str().unwrap()];
        let expected = site["expected_stage"].as_str().unwrap();
        if let Some(ends_in) = later.get(site["key"].as_str().unwrap()) {
            assert_eq!(&stage, ends_in, "{}", site["key"]);
            continue;
        }
        assert!(stage == expected || (stage == "listed" && expected == "contaminated"), "{}: {stage}", site["key"]);
    }
}

fn the_supply_plan_is_judged_as_expected(demo: &Demo) {
    let plan = root().join("sample-data/supply-plan.geojson");
    let expected: Value = serde_json::from_slice(&std::fs::read(&plan).unwrap()).unwrap();
    let out = demo.run(&["check", plan.to_str().unwrap(), "--json"]);
    assert_eq!(out.status.code(), Some(3), "some are on hold or blocked: {}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).unwrap();
    let mut differ = Vec::new();
    let mut kinds = BTreeMap::new();
    for (line, parcel) in lines.lines().zip(expected["features"].as_array().unwrap()) {
        let reply: Value = serde_json::from_str(line).unwrap();
        let parcel = &parcel["properties"];
        *kinds.entry(reply["verdict"].as_str().unwrap_or("error").to_owned()).or_insert(0) += 1;
        let fired: Vec<&str> =
            reply["rules"].as_array().into_iter().flatten().filter_map(|r| r["rule"].as_str()).collect();
        let all_fired =
            parcel["expected_rules"].as_array().unwrap().iter().all(|r| fired.contains(&r.as_str().unwrap()));
        if reply["verdict"] != parcel["expected_verdict"] || !all_fired {
            let rules: Vec<String> = reply["rules"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|r| format!("{}={}", r["rule"], r["verdict"]))
                .collect();
            differ.push(format!(
                "{} {} {}: {} {:?}, expected {} {}; {}",
                parcel["reference"],
                parcel["operation"],
                parcel["scene"],
                reply["verdict"],
                rules,
                parcel["expected_verdict"],
                parcel["expected_rules"],
                reply["error"]
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &last["manifest"]["answered"]), (51, &Value::from(50)), "the manifest is last");
    assert_eq!(kinds.len(), 5, "all five verdicts: {kinds:?}");
}

/// A plan as GIS programs write it, to the command: names that a Shapefile cut, and a layer chosen of two.
fn plans_of_gis_programs_are_judged_as_well(demo: &Demo) {
    let plan: Value =
        serde_json::from_slice(&std::fs::read(root().join("sample-data/supply-plan.geojson")).unwrap()).unwrap();
    let mut flat = plan.clone();
    for feature in flat["features"].as_array_mut().unwrap() {
        let own = feature["properties"].take();
        let text = |name: &str| own["planned_use"][name].as_str().unwrap().to_owned();
        feature["properties"] = serde_json::json!({
            "reference": own["reference"], "operation": own["operation"], "division_code": own["division_code"],
            "planned_use": format!("{}:{}", text("system"), text("code")),
            "former_industry": own["facts"]["former_industry"], "survey_state": own["facts"]["survey_state"],
            "in_supply_plan": own["facts"]["in_supply_plan"],
        });
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("plan.geojson"), flat.to_string()).expect("written");
    let shape = ["-f", "ESRI Shapefile", "-a_srs", "EPSG:4490", "-nln", "供地", "-lco", "ENCODING=GBK"];
    let package = ["-f", "GPKG", "-a_srs", "EPSG:4490", "-nln"];
    let (shapes, gpkg, from) = (path("shape"), path("plan.gpkg"), path("plan.geojson"));
    if !crate::geofile::ogr2ogr(&[&shape[..], &[&shapes, &from]].concat()) {
        return;
    }
    for more in [&["供地"][..], &["别的", "-update"]] {
        crate::geofile::ogr2ogr(&[&package[..], more, &[&gpkg, &from]].concat());
    }
    std::fs::write(path("plan.zip"), crate::geofile::zip_folder(Path::new(&shapes))).expect("written");
    let cut = ["division_code", "planned_use", "former_industry", "survey_state", "in_supply_plan"];
    let cut: Vec<String> = cut.iter().flat_map(|name| ["--map".to_owned(), format!("{name}={name}")]).collect();
    let layer = ["--map".to_owned(), "#layer=供地".to_owned()];
    let refused = demo.run(&["check", &gpkg, "--json"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(refused.status.code() == Some(1) && said.contains("供地, 别的"), "{said}");
    for (file, options) in [(path("plan.zip"), &cut[..]), (gpkg, &layer)] {
        let arguments: Vec<&str> =
            ["check", &file, "--json"].into_iter().chain(options.iter().map(String::as_str)).collect();
        let out = demo.run(&arguments);
        let complained = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(3), "{file}: {complained}");
        let lines = String::from_utf8(out.stdout).unwrap();
        assert_eq!(lines.lines().count(), 51, "{file}: {complained}");
        for (line, parcel) in lines.lines().zip(plan["features"].as_array().unwrap()) {
            let reply: Value = serde_json::from_str(line).unwrap();
            let wanted = &parcel["properties"];
            assert_eq!((&reply["reference"], &reply["verdict"]), (&wanted["reference"], &wanted["expected_verdict"]));
        }
    }
}

/// GDAL asks for gzip, so this also reads large pages through the encoder.
fn gdal_reads_whole_layers(demo: &Demo) {
    let source = format!("OAPIF:{}/ogc", demo.base);
    for (layer, role, least) in
        [("farmland", None, 3000), ("contaminated-sites", None, 20), ("suspected-sites", Some("admin"), 100)]
    {
        let mut ogrinfo = Command::new("ogrinfo");
        ogrinfo.args(["-ro", "-q", "-oo", "PAGE_SIZE=10000", "-geom=SUMMARY", &source, layer]);
        if let Some(role) = role {
            ogrinfo.env("GDAL_HTTP_USERPWD", format!("key:{}", demo.keys[role]));
        }
        let out = match ogrinfo.output() {
            Ok(out) => out,
            Err(error) => {
                println!("skipped: ogrinfo is not installed ({error})");
                return;
            }
        };
        let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success() && complained.is_empty(), "{layer}: {complained}");
        let count = said.matches("OGRFeature").count();
        assert!(count >= least, "{layer}: {count}");
    }
}

fn a_second_server_is_refused(demo: &Demo) {
    let second = demo.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(&demo.server.id().to_string()), "it names who holds the directory: {said}");
}

/// Kills PostgreSQL in the middle of writes: whatever was answered 201 is there afterwards, and the server goes on by itself.
async fn what_was_acknowledged_outlives_postgresql(demo: &Demo) {
    let client = Client::builder().no_proxy().build().expect("client");
    let parcel = serde_json::json!({
        "type": "Feature",
        "geometry": crate::support::square(105.3, 38.6, 80.0),
        "properties": {"operation": "transfer"},
    });
    let ask = async || {
        let request = client.post(format!("{}/v1/land-checks", demo.base)).bearer_auth(&demo.keys["planning"]);
        let response = request.json(&parcel).send().await.expect("the server itself lives");
        match response.status().as_u16() {
            201 => Some(response.json::<Value>().await.expect("JSON")["id"].as_str().expect("an id").to_owned()),
            503 => None,
            other => panic!("{other}: {}", response.text().await.unwrap_or_default()),
        }
    };
    let killer = std::thread::spawn({
        let pid_file = demo.dir.path().join("pg/data/postmaster.pid");
        move || {
            let text = std::fs::read_to_string(pid_file).expect("postmaster.pid");
            let pid: i32 = text.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process id");
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("kill");
        }
    });
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    // Until forty have been acknowledged after the first was refused: before, during and after the fall.
    let mut after = 0;
    while after < 40 {
        match ask().await {
            Some(id) => {
                acknowledged.push(id);
                after += usize::from(killer.is_finished());
            }
            None => refused += 1,
        }
        assert!(refused < 100_000, "PostgreSQL does not come back");
    }
    killer.join().expect("the kill");
    for id in &acknowledged {
        demo.get(&format!("/v1/land-checks/{id}"), Some("planning")).await;
    }
    let audit = demo.run(&["audit", "verify"]);
    assert!(audit.status.success(), "{audit:?}");
}

async fn the_page_works(demo: &Demo) {
    let page = root().join("web/tests/page.mjs");
    if !root().join("web/node_modules/playwright-core").exists() || !Path::new("/usr/bin/chromium").exists() {
        println!("skipped: the page needs `npm ci` in web/ and chromium (scripts/setup.sh test)");
        return;
    }
    let sites = demo.get("/ogc/collections/contaminated-sites/items?division_code=152921&limit=10", None).await;
    let site = &sites["features"][0];
    let ring = &site["geometry"]["coordinates"][0];
    let ring = if ring[0][0].is_array() { &ring[0] } else { ring };
    let points: Vec<[f64; 2]> = serde_json::from_value(ring.clone()).unwrap();
    let n = points.len() as f64 - 1.0;
    let (lon, lat) = points[1..].iter().fold((0.0, 0.0), |(x, y), p| (x + p[0] / n, y + p[1] / n));
    let target = serde_json::json!({"id": site["id"], "lon": lon, "lat": lat, "name": site["properties"]["name"]});
    let mut test = Command::new("node");
    test.arg(&page)
        .env("BASE_URL", &demo.base)
        .env("JT_KEY", &demo.keys["planning"])
        .env("JT_KEYS", serde_json::to_string(&demo.keys).unwrap())
        .env("JT_SITE", target.to_string());
    let out = test.output().expect("node runs");
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

fn the_styles_draw(demo: &Demo) {
    let test = root().join("web/tests/styles.mjs");
    if !root().join("web/node_modules/playwright-core").exists() || !Path::new("/usr/bin/chromium").exists() {
        return;
    }
    let mut node = Command::new("node");
    let out =
        node.arg(&test).env("BASE_URL", &demo.base).env("JT_KEY", &demo.keys["admin"]).output().expect("node runs");
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_from_file_and_environment_and_unknown_ones_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("jingtu.toml");
    std::fs::write(&file, "near_distance_metres = 5.0\n").expect("a file");
    let misspelt = program().args(["openapi", "--config"]).arg(&file).output().expect("the program runs");
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("near_distance_metres"), "{misspelt:?}");
    for (name, value, named) in [("JINGTU_NONSENSE", "1", "nonsense"), ("JINGTU_TODAY", "yesterday", "today")] {
        let refused = program().arg("openapi").env(name, value).output().expect("the program runs");
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(named), "{refused:?}");
    }

    // A drill on the last day of the Soil Law: the day is fixed for all that is asked, and the server says so.
    let data = tempfile::Builder::new().prefix("jingtu-demo-").tempdir().expect("a temporary folder");
    let (server, base, keys) = serve_with(data.path(), &[("JINGTU_TODAY", "2026-08-14")]);
    let demo = Demo { server, dir: data, base, keys };
    let ready = demo.get("/readyz", None).await;
    assert_eq!((&ready["today"], &ready["today_is_fixed"]), (&serde_json::json!("2026-08-14"), &Value::Bool(true)));
    assert!(ready["calendar_years"].as_array().is_some_and(|years| years.contains(&serde_json::json!(2026))));
    let deadlines = demo.get("/v1/deadlines?limit=1", Some("admin")).await;
    assert_eq!(deadlines["on"], "2026-08-14");
}
