//! The three lists: who was on them on any day as known at any instant, the forms they are handed on in, the exchange between
//! departments, and the negative list.

use crate::loading::{counts, feature, load};
use crate::support::{CREDIT_CODE, TODAY, World, expect, expect_response, square};
use jingtu::kernel::Day;
use jingtu::platform::Role;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const HERE: &str = "152921";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The bureaus and people of one county.
struct Office {
    world: World,
    county: String,
    prefecture: String,
    land_user: String,
}

impl Office {
    async fn new() -> Office {
        let world = World::new().await;
        Office {
            county: world.key(Role::CountyEcology, HERE).await,
            prefecture: world.key(Role::PrefectureEcology, "152900").await,
            land_user: world.key(Role::LandUser, HERE).await,
            world,
        }
    }

    /// A site on the list of suspected sites; its identifier.
    async fn suspected(&self, name: &str, listed_on: Day) -> String {
        let properties = json!({
            "name": name, "division_code": HERE, "address": "工业路 1 号",
            "land_user": {"name": "（演示）北方化工", "credit_code": CREDIT_CODE, "contact": "0483-7654321"},
            "former_industry": "2614", "land_use": {"system": "GB/T 21010-2017", "code": "0601"},
            "stage": "suspected", "suspected_on": listed_on,
        });
        let body = json!({"type": "Feature", "geometry": square(105.7, 38.8, 200.0), "properties": properties});
        let site = expect(self.world.post("/v1/sites").bearer_auth(&self.county).json(&body), 201).await;
        site["id"].as_str().expect("id").to_owned()
    }

    async fn event(&self, key: &str, site: &str, mut event: Value) {
        event["document_id"] = self.world.document(key).await;
        let path = format!("/v1/sites/{site}/events");
        expect(self.world.post(&path).bearer_auth(key).json(&event), 201).await;
    }

    async fn notice(&self, site: &str, on: Day) {
        let event =
            json!({"type": "survey_notice_served", "occurred_on": on, "received_on": on, "served_how": "直接送达"});
        self.event(&self.county, site, event).await;
    }

    async fn report(&self, site: &str, on: Day) {
        let event = json!({"type": "preliminary_report_submitted", "occurred_on": on});
        self.event(&self.land_user, site, event).await;
    }

    async fn review(&self, site: &str, on: Day, conclusion: Value) {
        let mut event = conclusion;
        event["type"] = json!("preliminary_report_reviewed");
        event["occurred_on"] = json!(on);
        self.event(&self.prefecture, site, event).await;
    }

    /// From the list into the directory: surveyed on the days given.
    async fn contaminated(&self, name: &str, listed_on: Day, reviewed_on: Day) -> String {
        let site = self.suspected(name, listed_on).await;
        self.notice(&site, listed_on.next()).await;
        self.report(&site, reviewed_on).await;
        self.review(&site, reviewed_on, json!({"conclusion": "contaminated", "risk_grade": "high"})).await;
        site
    }

    /// Voids the last event of a site; by who entered it.
    async fn void(&self, key: &str, site: &str) {
        let event = json!({"type": "entered_in_error", "occurred_on": self.world.app.today(), "reason": "录入有误"});
        let path = format!("/v1/sites/{site}/events");
        expect(self.world.post(&path).bearer_auth(key).json(&event), 201).await;
    }

    async fn see(&self, key: &str, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(key), 200).await
    }

    /// Codes on a list, as a department sees it.
    async fn on(&self, list: &str, query: &str) -> Vec<String> {
        codes(&self.see(&self.prefecture, &format!("/v1/lists/{list}?{query}")).await)
    }

    fn exchange(&self, key: &str, body: &Value) -> RequestBuilder {
        self.world.post("/v1/exchanges").bearer_auth(key).json(body)
    }
}

fn codes(page: &Value) -> Vec<String> {
    page["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| feature["properties"]["code"].as_str().expect("code").to_owned())
        .collect()
}

#[tokio::test]
async fn a_site_is_on_the_lists_of_each_day_with_the_stage_and_grade_of_that_day() {
    let office = Office::new().await;
    let site = office.contaminated("原化工厂", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    let code = vec!["152921YS20260001".to_owned()];
    let none: Vec<String> = Vec::new();
    assert_eq!(office.on("suspected_list", "on=2026-04-30").await, none);
    assert_eq!(office.on("suspected_list", "on=2026-05-01").await, code);
    assert_eq!(office.on("suspected_list", "on=2026-11-09").await, code);
    assert_eq!(office.on("suspected_list", "true_on=2026-11-09").await, code);
    assert_eq!(office.on("suspected_list", "on=2026-11-10").await, none);
    assert_eq!(office.on("contaminated_directory", "on=2026-11-09").await, none);
    assert_eq!(office.on("contaminated_directory", "").await, code);
    assert_eq!(office.on("contaminated_directory", "risk_grade=high&division=150000").await, code);
    assert_eq!(office.on("contaminated_directory", "risk_grade=low").await, none);
    assert_eq!(office.on("contaminated_directory", "division=152922").await, none);
    assert_eq!(office.on("control_list", "").await, none);

    let day = |page: &Value, at: &str| page["features"][0]["properties"][at].clone();
    let listed = office.see(&office.county, "/v1/lists/suspected_list?on=2026-05-01").await;
    assert_eq!((day(&listed, "stage"), day(&listed, "entered_on")), (json!("suspected"), json!("2026-05-01")));
    assert_eq!(day(&listed, "left_on"), json!("2026-11-10"), "which came since");
    let surveyed = office.see(&office.county, "/v1/lists/suspected_list?on=2026-05-02").await;
    assert_eq!((day(&surveyed, "stage"), day(&surveyed, "stage_zh")), (json!("preliminary_survey"), json!("初步调查")));
    let now = office.see(&office.county, "/v1/lists/contaminated_directory").await;
    assert_eq!((day(&now, "stage"), day(&now, "risk_grade")), (json!("contaminated"), json!("high")));
    assert_eq!((day(&now, "division_name"), day(&now, "left_on")), (json!("阿拉善左旗"), Value::Null));
    assert_eq!(now["features"][0]["geometry"]["type"], "Polygon");

    let stays = office.see(&office.county, &format!("/v1/lists/suspected_list/entries?site={site}")).await;
    let stay = &stays["entries"][0];
    assert_eq!(
        (&stay["entered_seq"], &stay["left_seq"], &stay["left_because"], &stay["withdrawn"]),
        (&json!(1), &json!(4), &json!("T7"), &json!(false))
    );
    assert_eq!(stay["left_because_zh"], "评审初步调查报告");
    let stays = office.see(&office.county, &format!("/v1/lists/contaminated_directory/entries?site={site}")).await;
    let grade = &stays["entries"][0]["risk_grades"][0];
    assert_eq!((&grade["risk_grade"], &grade["since"]), (&json!("high"), &json!("2026-11-10")));

    let lists = office.see(&office.county, "/v1/lists").await;
    let said: Vec<_> = lists["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["keeper"].clone(), l["public"].clone(), l["sites"].clone()))
        .collect();
    assert_eq!(
        said,
        [
            (json!("county_ecology"), json!(false), json!(0)),
            (json!("prefecture_ecology"), json!(true), json!(1)),
            (json!("province_ecology"), json!(true), json!(0)),
        ]
    );
    assert_eq!(lists["lists"][1]["by_grade"], json!([{"risk_grade": "high", "sites": 1}]));
}

#[tokio::test]
async fn what_was_voided_is_gone_from_now_on_and_stands_where_it_was_known() {
    let office = Office::new().await;
    let site = office.contaminated("原化工厂", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    let directory = "/v1/lists/contaminated_directory";
    assert_eq!(codes(&expect(office.world.get(directory), 200).await).len(), 1);
    office.world.clock.move_to(Day::of(2026, 11, 25));
    office.void(&office.prefecture, &site).await;
    let known = "known_at=2026-11-22T00:00:00Z";
    assert!(office.on("contaminated_directory", "").await.is_empty());
    assert_eq!(office.on("contaminated_directory", known).await.len(), 1, "as it was known");
    assert_eq!(office.on("suspected_list", "").await.len(), 1, "it never left");
    assert!(office.on("suspected_list", known).await.is_empty());
    assert!(office.on("contaminated_directory", "known_at=2026-11-01T00:00:00Z").await.is_empty());
    let public = expect(office.world.get(&format!("{directory}?{known}")), 200).await;
    assert!(codes(&public).is_empty(), "a mistake is not told to the public again");

    let stays = office.see(&office.county, &format!("{directory}/entries?site={site}")).await;
    assert_eq!(
        (&stays["entries"][0]["withdrawn"], &stays["entries"][0]["risk_grades"][0]["withdrawn"]),
        (&json!(true), &json!(true))
    );
    let stays = office.see(&office.county, &format!("/v1/lists/suspected_list/entries?site={site}")).await;
    assert_eq!((&stays["entries"][0]["left_on"], &stays["entries"][0]["withdrawn"]), (&Value::Null, &json!(false)));
    expect(office.world.get(&format!("{directory}/entries?site={site}")), 404).await;

    // Reviewed again, with another grade: a stay of its own.
    office.review(&site, Day::of(2026, 11, 12), json!({"conclusion": "contaminated", "risk_grade": "low"})).await;
    assert_eq!(office.on("contaminated_directory", "on=2026-11-12&risk_grade=low").await.len(), 1);
    assert!(office.on("contaminated_directory", "on=2026-11-11").await.is_empty());
    let stays = office.see(&office.county, &format!("{directory}/entries?site={site}")).await;
    assert_eq!(stays["entries"].as_array().unwrap().len(), 2);
    let stays = expect(office.world.get(&format!("{directory}/entries?site={site}")), 200).await;
    assert_eq!((stays["entries"].as_array().unwrap().len(), &stays["entries"][0]["entered_seq"]), (1, &Value::Null));
}

#[tokio::test]
async fn an_existing_registers_sites_are_on_its_lists_since_the_day_it_said_or_since_nobody_knows_when() {
    let office = Office::new().await;
    let site = |code: &str, stage: &str, more: Value| {
        let mut properties = json!({"code": code, "name": code, "division_code": HERE, "stage": stage});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        feature(properties, square(105.7, 38.8, 100.0))
    };
    let features = vec![
        site("A", "contaminated", json!({"stage_since": "2024-03-01", "risk_grade": "medium"})),
        site("B", "listed", json!({"stage_since": "2025-06-01", "risk_grade": "high"})),
        site("C", "risk_control", json!({"mode": "containment", "on_control_list": true})),
        site("D", "not_contaminated", json!({})),
    ];
    assert_eq!(counts(&load(&office.world, "sites", &features, 100).await).0, 4);
    assert_eq!(office.on("contaminated_directory", "").await, ["A", "B", "C"]);
    assert_eq!(office.on("contaminated_directory", "on=2024-02-29").await, ["B", "C"], "of B the day is not known");
    assert_eq!(office.on("control_list", "").await, ["B", "C"]);
    assert_eq!(office.on("control_list", "on=2025-05-31").await, ["C"]);
    assert_eq!(office.on("control_list", "risk_grade=high").await, ["B"]);
    let early = office.see(&office.county, "/v1/lists/contaminated_directory?on=2024-02-29").await;
    let b = &early["features"][0]["properties"];
    assert_eq!((&b["entered_on"], &b["stage"]), (&Value::Null, &Value::Null), "nobody said the stage of that day");
    let pages = office.see(&office.county, "/v1/lists/contaminated_directory?limit=2").await;
    let next = pages["links"][1]["href"].as_str().expect("a next page");
    assert_eq!(
        (codes(&pages), codes(&office.see(&office.county, next).await)),
        (vec!["A".into(), "B".into()], vec!["C".into()])
    );
}

#[tokio::test]
async fn who_may_not_see_a_list_or_its_land_users_does_not() {
    let office = Office::new().await;
    office.suspected("疑似地块", Day::of(2026, 5, 1)).await;
    office.contaminated("污染地块", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    let refused = expect(office.world.get("/v1/lists/suspected_list"), 403).await;
    assert_eq!(refused["code"], "list_not_public");
    assert_eq!(expect(office.world.get("/v1/lists"), 200).await["lists"][0]["sites"], Value::Null);
    assert_eq!(office.see(&office.land_user, "/v1/lists/suspected_list").await["numberReturned"], 1, "its own");
    let elsewhere = office.world.key(Role::CountyEcology, "152922").await;
    assert_eq!(office.see(&elsewhere, "/v1/lists/suspected_list").await["numberReturned"], 0);
    let page = expect(office.world.get("/v1/lists/contaminated_directory"), 200).await;
    assert_eq!(page["features"][0]["properties"]["land_user_name"], Value::Null);
    assert_eq!(page["withheld"][0]["field"], "land_user_name");
    for format in ["csv", "xlsx", "geojson"] {
        let path = format!("/v1/lists/contaminated_directory?format={format}");
        let response = office.world.get(&path).send().await.unwrap();
        assert_eq!(response.headers()["jingtu-withheld"], "land_user_name, land_user_credit_code");
        let bytes = response.bytes().await.unwrap();
        let text = if format == "xlsx" {
            unzip(&bytes).await.unwrap_or_default()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        for hidden in ["北方化工", CREDIT_CODE, "0483-7654321", "土地使用权人,"] {
            assert!(!text.contains(hidden), "{format}: {hidden}");
        }
        let response = office.world.get(&path).bearer_auth(&office.county).send().await.unwrap();
        let bytes = response.bytes().await.unwrap();
        let text = if format == "xlsx" {
            unzip(&bytes).await.unwrap_or(CREDIT_CODE.into())
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        assert!(text.contains(CREDIT_CODE) && !text.contains("0483-7654321"), "{format}: contacts are in no list");
    }
    assert_eq!(expect(office.world.get("/v1/lists/black_list"), 404).await["code"], "not_found");
    assert_eq!(
        expect(office.world.get("/v1/lists/control_list?on=2026-01-01&true_on=2026-01-02"), 400).await["code"],
        "bad_parameter"
    );
    expect(office.world.get("/v1/lists/control_list/entries"), 400).await;
}

/// The sheet of a spreadsheet and its strings, as text; left out, with a word, where there is no Python.
async fn unzip(bytes: &[u8]) -> Option<String> {
    let path = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
    std::fs::write(&path, bytes).expect("write");
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None\n\
                  sys.stdout.buffer.write(b''.join(z.read(n) for n in z.namelist() if n.startswith('xl/')))";
    run("python3", vec!["-c".into(), script.into(), path.to_str().expect("a path").into()]).await
}

async fn run(program: &'static str, arguments: Vec<String>) -> Option<String> {
    let run = tokio::task::spawn_blocking(move || std::process::Command::new(program).args(arguments).output());
    let output = match run.await.unwrap() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("left out: {program} is not installed");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_read_by_others_with_chinese_headings_whole_codes_and_no_formulas() {
    let office = Office::new().await;
    let features: Vec<_> = (0..1_200)
        .map(|i| {
            let name = if i == 0 { "=HYPERLINK(\"http://x\")".to_owned() } else { format!("地块{i}") };
            let properties = json!({
                "code": format!("K{i:05}"), "national_code": format!("{:013}", 1_529_210_000_000_u64 + i), "name": name,
                "division_code": HERE, "stage": "contaminated", "stage_since": "2025-01-31", "risk_grade": "high",
            });
            feature(properties, square(105.7, 38.8, 100.0))
        })
        .collect();
    assert_eq!(counts(&load(&office.world, "sites", &features, 500).await).0, 1_200);
    let path = "/v1/lists/contaminated_directory";
    let fetch = |query: &str| office.world.get(&format!("{path}?{query}")).bearer_auth(&office.county).send();

    let response = fetch("format=csv").await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        response.headers()["content-disposition"],
        format!("attachment; filename=\"contaminated_directory-{TODAY}.csv\"")
    );
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\xef\xbb\xbf"));
    let mut reader = csv::Reader::from_reader(&bytes[3..]);
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(&heads[..6], ["序号", "地块编码", "登记编码", "名录编码", "地块名称", "行政区划代码"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1_200);
    let cell = |row: &csv::StringRecord, head: &str| row[heads.iter().position(|h| h == head).expect(head)].to_owned();
    assert_eq!(cell(&rows[0], "地块名称"), "'=HYPERLINK(\"http://x\")");
    assert_eq!((cell(&rows[7], "地块编码"), cell(&rows[7], "登记编码")), ("1529210000007".into(), "K00007".into()));
    assert_eq!(
        (cell(&rows[7], "所处阶段"), cell(&rows[7], "阶段编码")),
        ("污染地块（已列入名录）".into(), "S1".into())
    );
    assert_eq!((cell(&rows[7], "风险级别"), cell(&rows[7], "列入日期")), ("高风险".into(), "2025-01-31".into()));
    let (m2, mu): (f64, f64) =
        (cell(&rows[7], "面积（平方米）").parse().unwrap(), cell(&rows[7], "面积（亩）").parse().unwrap());
    assert!((mu * 2000.0 / 3.0 - m2).abs() < 4.0, "{m2} {mu}");
    let accepted =
        office.world.get(path).bearer_auth(&office.county).header("accept", "text/csv").send().await.unwrap();
    assert_eq!(accepted.bytes().await.unwrap(), bytes, "by Accept too");
    let platform = fetch("format=csv&headings=platform").await.unwrap().text().await.unwrap();
    let head = platform.lines().next().unwrap();
    for name in ["WRDKBM", "WRDKMC", "XZBM", "HYDM", "ZDMJ", "DKGHYT", "SCJDBM", "FXJB", "POLLUETED"] {
        assert!(head.split(',').any(|h| h == name), "{name} in {head}");
    }

    let response = fetch("format=xlsx").await.unwrap();
    assert_eq!(response.headers()["content-type"], XLSX);
    let bytes = response.bytes().await.unwrap();
    let file = tempfile::Builder::new().suffix(".xlsx").tempfile().expect("a file").into_temp_path();
    std::fs::write(&file, &bytes).expect("write");
    let name = file.to_str().expect("a path").to_owned();
    if let Some(said) =
        run("ogrinfo", vec!["-ro".into(), "-oo".into(), "HEADERS=FORCE".into(), "-al".into(), name]).await
    {
        assert!(said.contains("Layer name: 污染地块名录") && said.contains("Feature Count: 1200"), "{}", &said[..400]);
        assert!(
            said.contains("地块编码: String")
                && said.contains("列入日期: Date")
                && said.contains("面积（平方米）: Real")
        );
        assert!(said.contains("地块编码 (String) = 1529210000007") && said.contains("列入日期 (Date) = 2025/01/31"));
        assert!(said.contains("地块名称 (String) = =HYPERLINK"), "text as it was typed, and text it stays");
    }
    if let Some(inside) = unzip(&bytes).await {
        assert!(!inside.contains("<f>") && inside.contains("quotePrefix=\"1\""), "no formula");
    }
    let whole: Value = fetch("format=geojson").await.unwrap().json().await.unwrap();
    assert_eq!((codes(&whole).len(), &whole["numberReturned"]), (1_200, &json!(1_200)));
    let set: BTreeSet<String> = codes(&whole).into_iter().collect();
    assert_eq!((set.len(), codes(&whole).is_sorted()), (1_200, true));
}

/// What an exchange tells: (list, change, code).
fn told(exchange: &Value) -> Vec<(String, String, String)> {
    let text = |change: &Value, at: &str| change[at].as_str().expect("text").to_owned();
    let changes = exchange["changes"].as_array().expect("changes");
    changes.iter().map(|c| (text(c, "list"), text(c, "change"), text(c, "code"))).collect()
}

async fn exchanged(office: &Office, body: Value) -> Value {
    let made = expect(office.exchange(&office.prefecture, &body), 201).await;
    office.see(&office.prefecture, &format!("/v1/exchanges/{}?limit=10000", made["id"].as_str().expect("id"))).await
}

fn triple(list: &str, change: &str, code: &str) -> (String, String, String) {
    (list.into(), change.into(), code.into())
}

#[tokio::test]
async fn exchanges_tell_everything_once_however_late_it_was_entered() {
    let office = Office::new().await;
    let (one, two) = ("152921YS20260001", "152921YS20260002");
    let first = office.suspected("甲", Day::of(2026, 5, 1)).await;
    let body = json!({"division": "152900"});
    let a = exchanged(&office, body.clone()).await;
    assert_eq!((&a["number"], &a["from"], &a["to"]), (&json!(1), &Value::Null, &json!("2026-11-21")));
    assert_eq!(told(&a), [triple("suspected_list", "entered", one)]);
    assert!(told(&exchanged(&office, body.clone()).await).is_empty(), "nothing twice");

    // Entered now, of days before the last exchange.
    let second = office.suspected("乙", Day::of(2025, 2, 1)).await;
    office.notice(&first, Day::of(2026, 5, 20)).await;
    let b = exchanged(&office, body.clone()).await;
    assert_eq!(told(&b), [triple("suspected_list", "stage_changed", one), triple("suspected_list", "entered", two)]);
    assert_eq!(
        (&b["changes"][0]["stage_before"], &b["changes"][0]["stage"]),
        (&json!("suspected"), &json!("preliminary_survey"))
    );

    // In and out between two exchanges.
    office.notice(&second, Day::of(2026, 6, 1)).await;
    office.report(&second, Day::of(2026, 7, 1)).await;
    office.review(&second, Day::of(2026, 8, 1), json!({"conclusion": "contaminated", "risk_grade": "high"})).await;
    let c = exchanged(&office, body.clone()).await;
    assert_eq!(told(&c), [triple("suspected_list", "left", two), triple("contaminated_directory", "entered", two)]);
    assert_eq!(c["counts"][0], json!({"list": "suspected_list", "change": "left", "change_zh": "移出", "n": 1}));
    office.world.clock.move_to(Day::of(2026, 11, 25));
    office.void(&office.prefecture, &second).await;
    let d = exchanged(&office, body.clone()).await;
    assert_eq!(
        told(&d),
        [triple("suspected_list", "reinstated", two), triple("contaminated_directory", "withdrawn", two)]
    );

    // Each division has its own series, and a first one may begin on a day.
    let county = json!({"division": HERE, "from": "2026-11-25"});
    let e = expect(office.exchange(&office.county, &county), 201).await;
    let e = office.see(&office.county, &format!("/v1/exchanges/{}", e["id"].as_str().unwrap())).await;
    assert_eq!((&e["number"], &e["from"]), (&json!(1), &json!("2026-11-25")));
    assert_eq!(
        told(&e),
        [triple("suspected_list", "reinstated", two), triple("contaminated_directory", "withdrawn", two)],
        "what was known on the 24th was told on paper"
    );

    // The site goes to another county: out of the one, still in the prefecture.
    let site = office.world.get(&format!("/v1/sites/{second}")).bearer_auth(&office.county).send().await.unwrap();
    let tag = site.headers()["etag"].to_str().unwrap().to_owned();
    let patch =
        office.world.patch(&format!("/v1/sites/{second}")).bearer_auth(&office.prefecture).header("if-match", tag);
    expect(patch.json(&json!({"properties": {"division_code": "152922"}, "reason": "区划调整"})), 200).await;
    let f = expect(office.exchange(&office.county, &json!({"division": HERE})), 201).await;
    let f = office.see(&office.county, &format!("/v1/exchanges/{}", f["id"].as_str().unwrap())).await;
    assert_eq!(told(&f), [triple("suspected_list", "moved_out", two)]);
    assert!(told(&exchanged(&office, body).await).is_empty());

    let listed = office.see(&office.county, "/v1/exchanges").await;
    let numbers: Vec<_> =
        listed["exchanges"].as_array().unwrap().iter().map(|x| (&x["division_code"], &x["number"])).collect();
    assert_eq!(
        numbers,
        [(&json!(HERE), &json!(2)), (&json!(HERE), &json!(1))],
        "the prefecture's are the prefecture's"
    );
}

#[tokio::test]
async fn an_exchange_can_be_cut_at_a_past_day_and_says_what_cannot_be() {
    let office = Office::new().await;
    office.suspected("甲", Day::of(2026, 5, 1)).await;
    office.world.clock.move_to(Day::of(2026, 11, 25));
    office.suspected("乙", Day::of(2026, 5, 1)).await;
    let a = exchanged(&office, json!({"division": "152900", "to": "2026-11-24"})).await;
    assert_eq!(told(&a), [triple("suspected_list", "entered", "152921YS20260001")]);
    let fault = |answer: &Value| (answer["errors"][0]["pointer"].clone(), answer["errors"][0]["code"].clone());
    for (body, pointer, code) in [
        (json!({"division": "152900", "to": "2026-11-26"}), "/to", "in_the_future"),
        (json!({"division": "152900", "to": "2026-11-23"}), "/to", "exchanged_already"),
        (json!({"division": "152900", "from": "2026-11-01"}), "/from", "not_where_the_last_ended"),
        (json!({"division": "152902"}), "/division", "unknown_division"),
    ] {
        let key = if pointer == "/division" {
            office.world.key(Role::ProvinceEcology, "000000").await
        } else {
            office.prefecture.clone()
        };
        let answer = expect(office.exchange(&key, &body), 422).await;
        assert_eq!(fault(&answer), (json!(pointer), json!(code)), "{answer}");
    }
    assert_eq!(
        expect(office.exchange(&office.county, &json!({"division": "152900"})), 403).await["code"],
        "outside_division"
    );
    let b = exchanged(&office, json!({"division": "152900", "from": "2026-11-25"})).await;
    assert_eq!((told(&b), &b["number"]), (vec![triple("suspected_list", "entered", "152921YS20260002")], &json!(2)));
}

#[tokio::test]
async fn an_exchanges_files_are_frozen_and_their_digests_true() {
    let office = Office::new().await;
    let site = office.contaminated("=原化工厂", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    let made = expect(office.exchange(&office.prefecture, &json!({"division": "152900"})), 201).await;
    let mut before = BTreeMap::new();
    for file in made["files"].as_array().unwrap() {
        let href = file["href"].as_str().unwrap().to_owned();
        let response = office.world.get(&href).bearer_auth(&office.prefecture).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], file["media_type"].as_str().unwrap());
        let tag = response.headers()["etag"].clone();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(file["sha256"], hex::encode(Sha256::digest(&bytes)), "{href}");
        assert_eq!(file["bytes"], bytes.len());
        let again = office.world.get(&href).bearer_auth(&office.prefecture).header("if-none-match", tag);
        assert_eq!(again.send().await.unwrap().status(), 304);
        before.insert(href, bytes);
    }
    assert_eq!(before.len(), 3);
    let csv = before.iter().find(|(href, _)| href.ends_with("csv")).unwrap().1;
    let text = std::str::from_utf8(csv).unwrap();
    assert!(text.starts_with("\u{feff}序号,名单,变动,地块编码") && text.contains("'=原化工厂"), "{text}");
    let geojson: Value =
        serde_json::from_slice(before.iter().find(|(href, _)| href.ends_with("geojson")).unwrap().1).unwrap();
    assert_eq!(geojson["features"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&geojson["exchange"]["number"], &geojson["features"][0]["geometry"]["type"]),
        (&json!(1), &json!("Polygon"))
    );

    office.world.clock.move_to(Day::of(2026, 11, 25));
    office.void(&office.prefecture, &site).await;
    for (href, bytes) in &before {
        let response = office.world.get(href).bearer_auth(&office.prefecture).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), *bytes, "{href}");
    }
    for change in [
        "update site_exchange_row set name = 'x'",
        "delete from site_exchange_part",
        "update site_exchange set number = 9",
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(change)).execute(office.world.app.db()).await.unwrap_err();
        assert!(refused.to_string().contains("an exchange is frozen"), "{refused}");
    }
}

/// A generator of numbers that is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Whatever happens in whatever order: a reader who follows every exchange holds the lists as they are.
#[tokio::test]
async fn whoever_follows_every_exchange_has_the_lists_as_they_are() {
    let office = Office::new().await;
    let mut dice = Dice(20_261_122);
    let mut sites: Vec<(String, u32)> = Vec::new();
    let mut held: BTreeMap<String, (String, String, Value, Value)> = BTreeMap::new();
    let mut withdrawn = BTreeSet::new();
    let mut today = TODAY;
    for _ in 0..90 {
        match dice.below(10) {
            0 => sites.push((office.suspected("地块", Day::of(2026, 1, 1)).await, 1)),
            1 => {
                today = today.next();
                office.world.clock.move_to(today);
            }
            2 | 3 => {
                let exchange = exchanged(&office, json!({"division": "152900"})).await;
                for change in exchange["changes"].as_array().unwrap() {
                    let entry = change["entry_id"].as_str().unwrap().to_owned();
                    let now = (
                        change["list"].as_str().unwrap().to_owned(),
                        change["code"].as_str().unwrap().to_owned(),
                        change["stage"].clone(),
                        change["risk_grade"].clone(),
                    );
                    let before = match change["change"].as_str().unwrap() {
                        "left" => held.remove(&entry).is_some(),
                        "withdrawn" => {
                            // One that was told to have left may turn out never to have been there.
                            held.remove(&entry);
                            withdrawn.insert(entry)
                        }
                        "entered" | "reinstated" => held.insert(entry.clone(), now).is_none(),
                        "graded" | "stage_changed" => held.insert(entry.clone(), now).is_some(),
                        other => panic!("{other}"),
                    };
                    assert!(before, "told twice, or of what was never told: {change}");
                }
            }
            _ if sites.is_empty() => {}
            step => {
                let at = usize::try_from(dice.below(sites.len() as u64)).unwrap();
                let (site, done) = &mut sites[at];
                // Of any day after the last step's, and before today.
                let on = Day::of(2026, 2, 1).add_days(i64::from(*done) * 3);
                match *done {
                    1 => office.notice(site, on).await,
                    2 => office.report(site, on).await,
                    3 => {
                        let grade = ["high", "medium", "low"][usize::try_from(dice.below(3)).unwrap()];
                        office.review(site, on, json!({"conclusion": "contaminated", "risk_grade": grade})).await;
                    }
                    4 if step < 7 => {
                        office.void(&office.prefecture, site).await;
                        *done -= 2;
                    }
                    _ => continue,
                }
                *done += 1;
            }
        }
    }
    let last = exchanged(&office, json!({"division": "152900"})).await;
    for change in last["changes"].as_array().unwrap() {
        let entry = change["entry_id"].as_str().unwrap().to_owned();
        if matches!(change["change"].as_str(), Some("left" | "withdrawn")) {
            held.remove(&entry);
        } else {
            let text = |at: &str| change[at].as_str().unwrap().to_owned();
            held.insert(entry, (text("list"), text("code"), change["stage"].clone(), change["risk_grade"].clone()));
        }
    }
    let mut are = BTreeMap::new();
    for list in ["suspected_list", "contaminated_directory", "control_list"] {
        let page = office.see(&office.prefecture, &format!("/v1/lists/{list}?limit=10000")).await;
        for feature in page["features"].as_array().unwrap() {
            let p = &feature["properties"];
            let code = p["code"].as_str().unwrap().to_owned();
            are.insert(
                p["entry_id"].as_str().unwrap().to_owned(),
                (list.to_owned(), code, p["stage"].clone(), p["risk_grade"].clone()),
            );
        }
    }
    assert_eq!(held, are);
    assert!(are.len() > 3, "the dice fell badly: {are:?}");
}

#[tokio::test]
async fn a_use_is_barred_by_whom_the_plans_say_and_lifted_and_both_are_kept() {
    let office = Office::new().await;
    let site = office.contaminated("原化工厂", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    let path = format!("/v1/sites/{site}/negative-list");
    let planning = office.world.key(Role::Planning, HERE).await;
    let bar = |key: &str, body: Value| office.world.post(&path).bearer_auth(key).json(&body);
    let paper = office.world.document(&planning).await;
    let body = json!({"system": "GB/T 21010-2017", "code": "07", "why": "未达到住宅用地要求", "since": "2026-11-15", "document_id": paper});
    let (head, entry) = expect_response(bar(&planning, body.clone()), 201).await;
    assert_eq!((&entry["code"], &entry["until"], &entry["document_id"]), (&json!("07"), &Value::Null, &paper));
    assert!(head.headers()["location"].to_str().unwrap().starts_with(&path));
    assert_eq!(expect(bar(&office.prefecture, body.clone()), 409).await["code"], "already_barred");
    let refused = expect(
        bar(&office.county, json!({"system": "GB/T 21010-2017", "code": "7777", "why": " ", "since": "2026-11-22"})),
        422,
    )
    .await;
    let faults: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|f| f["pointer"].as_str().unwrap()).collect();
    assert_eq!(faults, ["/code", "/why", "/since"]);
    assert!(
        refused["citations"].as_array().is_some_and(|c| c.len() == 2),
        "the State's plan and Inner Mongolia's: {refused}"
    );
    assert_eq!(expect(bar(&office.land_user, body.clone()), 403).await["code"], "role_not_allowed");
    let elsewhere = office.world.key(Role::Planning, "152922").await;
    assert_eq!(expect(bar(&elsewhere, body), 403).await["code"], "outside_division");
    let seen = office.see(&office.county, &format!("/v1/sites/{site}")).await;
    assert_eq!(seen["properties"]["negative_list"][0]["code"], "07");

    office.world.clock.move_to(Day::of(2026, 11, 25));
    let end = format!("{path}/{}/end", entry["id"].as_str().unwrap());
    let lift = |body: Value| office.world.post(&end).bearer_auth(&office.prefecture).json(&body);
    let early = expect(lift(json!({"until": "2026-11-14", "why": "x"})), 422).await;
    assert_eq!(early["errors"][0]["code"], "ends_before_it_starts");
    let lifted = expect(lift(json!({"until": "2026-11-24", "why": "修复达标"})), 200).await;
    assert_eq!((&lifted["until"], &lifted["revision"]), (&json!("2026-11-24"), &json!(2)));
    assert_eq!(expect(lift(json!({"until": "2026-11-24", "why": "x"})), 409).await["code"], "already_ended");
    let n = |query: &str| {
        let path = format!("{path}?{query}");
        let request = office.world.get(&path);
        async move { expect(request, 200).await["entries"].as_array().unwrap().len() }
    };
    let days = [
        n("on=2026-11-14").await,
        n("on=2026-11-15").await,
        n("on=2026-11-24").await,
        n("on=2026-11-25").await,
        n("").await,
    ];
    assert_eq!(days, [0, 1, 1, 0, 1]);
    let then = office.see(&office.county, &format!("{path}?known_at=2026-11-22T00:00:00Z")).await;
    assert_eq!((&then["entries"][0]["until"], &then["entries"][0]["revision"]), (&Value::Null, &json!(1)));
    assert_eq!(expect(office.world.get(&path), 200).await["entries"][0]["document_id"], Value::Null);
}

#[tokio::test]
async fn others_are_told_of_every_change_of_a_list() {
    let office = Office::new().await;
    let site = office.contaminated("原化工厂", Day::of(2026, 5, 1), Day::of(2026, 11, 10)).await;
    office.void(&office.prefecture, &site).await;
    let kinds = "kind=list.entered,list.left,list.graded";
    let said = office.see(&office.prefecture, &format!("/v1/changes?after=0&{kinds}")).await;
    let told: Vec<_> = said["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|c| {
            format!("{} {} {}", c["kind"].as_str().unwrap(), c["data"]["list"].as_str().unwrap(), c["data"]["undone"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "list.entered suspected_list false",
            "list.left suspected_list false",
            "list.entered contaminated_directory false",
            "list.graded contaminated_directory false",
            "list.left contaminated_directory true",
            "list.entered suspected_list true",
            "list.graded contaminated_directory true",
        ]
    );
    let public = expect(office.world.get(&format!("/v1/changes?after=0&{kinds}")), 200).await;
    let lists: BTreeSet<_> =
        public["changes"].as_array().expect("changes").iter().map(|c| c["data"]["list"].clone().to_string()).collect();
    assert_eq!(lists, BTreeSet::from(["\"contaminated_directory\"".to_owned()]));
}
