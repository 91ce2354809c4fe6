//! Written notices: what they say by the law of their day, who issues them where, their numbers, their PDF, their service.

use crate::support::{CREDIT_CODE, World, expect, expect_response, square};
use jingtu::config::Config;
use jingtu::kernel::Day;
use jingtu::platform::Role;
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const HERE: &str = "152921";
const LAND_USER: &str = "（演示）北方化工有限公司";

struct Office {
    world: World,
    county: String,
    prefecture: String,
    land_user: String,
}

impl Office {
    async fn new() -> Office {
        Office::with(Config::default()).await
    }

    async fn with(config: Config) -> Office {
        let world = World::with(config).await;
        Office {
            county: world.key(Role::CountyEcology, HERE).await,
            prefecture: world.key(Role::PrefectureEcology, "152900").await,
            land_user: world.key(Role::LandUser, HERE).await,
            world,
        }
    }

    /// A site on the list of suspected sites since a day.
    async fn suspected(&self, name: &str, listed_on: &str) -> Value {
        self.registered(json!({
            "name": name, "division_code": HERE, "address": "巴彦浩特镇工业路 1 号", "stage": "suspected",
            "suspected_on": listed_on, "land_user": {"name": LAND_USER, "credit_code": CREDIT_CODE}
        }))
        .await
    }

    async fn registered(&self, properties: Value) -> Value {
        let body = json!({"type": "Feature", "geometry": square(105.7, 38.8, 200.0), "properties": properties});
        expect(self.world.post("/v1/sites").bearer_auth(&self.county).json(&body), 201).await["id"].clone()
    }

    async fn paper(&self, key: &str) -> Value {
        let form = Form::new()
            .part("file", Part::bytes(b"%PDF-1.7\n%proof\n".as_slice()).file_name("proof.pdf"))
            .text("kind", "proof_of_service")
            .text("title", "送达回证");
        expect(self.world.post("/v1/documents").bearer_auth(key).multipart(form), 201).await["id"].clone()
    }

    fn issue(&self, key: &str, body: &Value) -> RequestBuilder {
        self.world.post("/v1/notices").bearer_auth(key).json(body)
    }

    fn serve(&self, key: &str, notice: &Value, body: &Value) -> RequestBuilder {
        self.world.post(&format!("{}/service", path(notice))).bearer_auth(key).json(body)
    }

    async fn event(&self, key: &str, site: &Value, event: Value) -> Value {
        let path = format!("/v1/sites/{}/events", site.as_str().expect("id"));
        expect(self.world.post(&path).bearer_auth(key).json(&event), 201).await
    }

    async fn site(&self, site: &Value) -> Value {
        let path = format!("/v1/sites/{}", site.as_str().expect("id"));
        expect(self.world.get(&path).bearer_auth(&self.county), 200).await["properties"].clone()
    }

    /// The site goes on to the review of its preliminary report.
    async fn reviewed(&self, site: &Value) {
        let paper = self.paper(&self.county).await;
        self.event(
            &self.county,
            site,
            json!({"type": "survey_notice_served", "occurred_on": "2026-05-21",
            "received_on": "2026-05-21", "served_how": "直接送达", "document_id": paper}),
        )
        .await;
        let report = self.paper(&self.land_user).await;
        self.event(
            &self.land_user,
            site,
            json!({"type": "preliminary_report_submitted", "occurred_on": "2026-10-30",
            "document_id": report}),
        )
        .await;
    }

    async fn contaminated(&self, name: &str) -> Value {
        let site = self.suspected(name, "2026-05-10").await;
        self.reviewed(&site).await;
        let opinion = self.paper(&self.prefecture).await;
        self.event(
            &self.prefecture,
            &site,
            json!({"type": "preliminary_report_reviewed", "occurred_on": "2026-11-10",
            "conclusion": "contaminated", "risk_grade": "high", "document_id": opinion}),
        )
        .await;
        site
    }

    async fn pdf(&self, key: &str, notice: &Value) -> Vec<u8> {
        let response =
            self.world.get(&format!("{}/notice.pdf", path(notice))).bearer_auth(key).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/pdf");
        response.bytes().await.expect("bytes").to_vec()
    }
}

fn path(notice: &Value) -> String {
    format!("/v1/notices/{}", notice["id"].as_str().expect("id"))
}

/// The text of a PDF as poppler reads it, without blanks and line breaks: where lines break is no matter of words.
fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("notice.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = Command::new("pdftotext")
        .arg("-enc")
        .arg("UTF-8")
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext of poppler-utils is installed (scripts/setup.sh test)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8").split_whitespace().collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn articles(citations: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    citations.as_array().expect("citations").iter().map(|c| (text(&c["instrument_zh"]), text(&c["article"]))).collect()
}

#[tokio::test]
async fn a_survey_notice_is_issued_served_and_starts_the_six_months() {
    let office = Office::new().await;
    let site = office.suspected("（演示）原北方化工厂地块", "2026-05-10").await;
    let body = json!({"site_id": site, "kind": "preliminary_survey", "issued_on": "2026-05-21",
        "contact": "土壤生态环境科 0483-0000000"});
    let (head, notice) = expect_response(office.issue(&office.county, &body), 201).await;
    assert_eq!(head.headers()["location"].to_str().ok(), Some(path(&notice).as_str()));
    for (name, value) in [
        ("number", json!("152921-初调-2026-0001")),
        ("kind", json!("preliminary_survey")),
        ("title_zh", json!("土壤环境初步调查通知书")),
        ("status", json!("issued")),
        ("issuer", json!("阿拉善左旗生态环境局")),
        ("recipient", json!(LAND_USER)),
        ("issued_on", json!("2026-05-21")),
        ("received_on", Value::Null),
    ] {
        assert_eq!(notice[name], value, "{name}");
    }
    assert_eq!(notice["due"]["rule"], "preliminary_survey_six_months");
    assert_eq!((&notice["due"]["from"], &notice["due"]["due_on"]), (&json!("receipt"), &Value::Null));
    // The Soil Law of that day, with its successor; Order 42 as recalled; the province's own text.
    let cited = articles(&notice["citations"]);
    assert_eq!(cited[0], ("污染地块土壤环境管理办法（试行）".to_owned(), "13".to_owned()));
    assert_eq!(notice["citations"][0]["confidence"], "recalled");
    assert_eq!(cited[1].0, "内蒙古自治区土壤污染防治三年攻坚计划");
    assert_eq!(articles(&notice["consequence"]["citations"]), [("土壤污染防治法".to_owned(), "94".to_owned())]);
    assert!(notice["to_check"].to_string().contains("未与原文核对"));

    let text = notice["text_zh"].as_str().expect("text");
    let served_as = office.world.get(&format!("{}/text", path(&notice))).bearer_auth(&office.county);
    assert_eq!(served_as.send().await.expect("an answer").text().await.expect("text"), text);
    let pdf = text_of(&office.pdf(&office.county, &notice).await);
    for said in [
        "阿拉善左旗生态环境局",
        "土壤环境初步调查通知书",
        "152921-初调-2026-0001",
        "（演示）北方化工有限公司：",
        "2026年11月23日届满",
        "《污染地块土壤环境管理办法（试行）》（环境保护部令第42号）第十三条",
        "《土壤污染防治法》第九十四条（自2026年8月15日起为《生态环境法典》第一千一百六十五条）",
        "土壤生态环境科0483-0000000",
        "送达回证",
    ] {
        assert!(pdf.contains(said), "{said}\n{pdf}");
        assert!(squeezed(text).contains(said), "{said}\n{text}");
    }
    // The PDF is a document like any other.
    let filed = notice["document_id"].as_str().expect("a document");
    let document = expect(office.world.get(&format!("/v1/documents/{filed}")).bearer_auth(&office.county), 200).await;
    assert_eq!((&document["sha256"], &document["kind"]), (&notice["sha256"], &json!("notice")));
    assert_eq!(document["media_type"], "application/pdf");

    // Until it is served the land user knows nothing of it.
    expect(office.world.get(&path(&notice)).bearer_auth(&office.land_user), 404).await;
    expect(office.world.get(&format!("/v1/documents/{filed}")).bearer_auth(&office.land_user), 404).await;
    let proof = office.paper(&office.county).await;
    let service = json!({"served_how": "直接送达", "served_on": "2026-05-21", "received_on": "2026-05-21",
        "document_id": proof});
    let received = expect(office.serve(&office.county, &notice, &service), 200).await;
    assert_eq!((&received["status"], &received["due"]["due_on"]), (&json!("received"), &json!("2026-11-23")));
    assert_eq!(received["site_event_seq"], 2);
    let now = office.site(&site).await;
    assert_eq!(now["stage"], "preliminary_survey");
    let clock = &now["deadlines"][0];
    assert_eq!((&clock["rule"], &clock["due_on"]), (&json!("preliminary_survey_six_months"), &json!("2026-11-23")));
    let seen = expect(office.world.get(&path(&notice)).bearer_auth(&office.land_user), 200).await;
    assert_eq!(seen["received_on"], "2026-05-21");
    expect(office.world.get(&format!("/v1/documents/{filed}")).bearer_auth(&office.land_user), 200).await;
    expect(office.world.get(&path(&notice)).bearer_auth(office.world.key(Role::CountyEcology, "140602").await), 404)
        .await;
    // It is served once.
    assert_eq!(expect(office.serve(&office.county, &notice, &service), 409).await["code"], "notice_closed");
    let void = office.world.post(&format!("{}/void", path(&notice))).bearer_auth(&office.county);
    assert_eq!(expect(void.json(&json!({"reason": "x"})), 409).await["code"], "notice_closed");
}

#[tokio::test]
async fn the_law_is_that_of_the_day_of_issue() {
    let office = Office::new().await;
    for (issued_on, instrument, article, absent) in [
        ("2026-08-14", "土壤污染防治法", "94", "处理依照《生态环境法典》"),
        ("2026-08-15", "生态环境法典", "1165", "《土壤污染防治法》"),
    ] {
        office.world.clock.move_to(Day::parse(issued_on).expect("a day"));
        let site = office.suspected("（演示）甲地块", issued_on).await;
        let notice =
            expect(office.issue(&office.county, &json!({"site_id": site, "kind": "preliminary_survey"})), 201).await;
        assert_eq!(notice["issued_on"], issued_on);
        let cited = articles(&notice["consequence"]["citations"]);
        assert_eq!(cited, [(instrument.to_owned(), article.to_owned())]);
        assert!(!notice["text_zh"].as_str().expect("text").contains(absent), "{notice}");
    }
}

#[tokio::test]
async fn works_are_stopped_by_the_code_and_were_not_by_the_law() {
    let office = Office::new().await;
    let site = office.contaminated("（演示）乙地块").await;
    let body = |on: &str| {
        json!({"site_id": site, "kind": "stop_work", "issued_on": on,
        "reason": "未开展详细调查和风险评估即开工建设住宅项目", "recipient": "（演示）某建设有限公司"})
    };
    let refused = expect(office.issue(&office.county, &body("2026-08-14")), 409).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("no_legal_ground"), &json!("T18")));
    assert_eq!(articles(&refused["citations"]), [("土壤污染防治法".to_owned(), "66(3)".to_owned())]);
    assert_eq!(refused["citations"][0]["successor"]["article"], "461(3)");
    let english = office.issue(&office.county, &body("2026-08-14")).header("accept-language", "en");
    assert!(expect(english, 409).await["detail"].as_str().is_some_and(|en| en.contains("66(3)")));
    let notice = expect(office.issue(&office.county, &body("2026-08-15")), 201).await;
    assert_eq!(articles(&notice["citations"]), [("生态环境法典".to_owned(), "461(3)".to_owned())]);
    assert_eq!((&notice["recipient"], &notice["due"]["from"]), (&json!("（演示）某建设有限公司"), &json!("at_once")));
    assert_eq!(notice["consequence"], Value::Null);
    let pdf = text_of(&office.pdf(&office.county, &notice).await);
    assert!(pdf.contains("《生态环境法典》第四百六十一条第三款") && pdf.contains("（演示）某建设有限公司："), "{pdf}");
    // The site is public by now, and the bureau of another province has nothing to say of it.
    let shanxi = office.world.key(Role::ProvinceEcology, "140000").await;
    assert_eq!(expect(office.issue(&shanxi, &body("2026-11-01")), 403).await["code"], "outside_division");
}

#[tokio::test]
async fn each_kind_has_its_stage_its_bureau_and_its_facts() {
    let office = Office::new().await;
    let suspected = office.suspected("（演示）丙地块", "2026-05-10").await;
    let listing = expect(office.issue(&office.county, &json!({"site_id": suspected, "kind": "listing"})), 201).await;
    assert_eq!((&listing["number"], &listing["due"]["from"]), (&json!("152921-名单-2026-0001"), &json!("nothing")));
    assert!(listing["text_zh"].as_str().is_some_and(|zh| zh.contains("2026年5月10日列入疑似污染地块名单")));

    // A detailed survey is not for a suspected site, whoever asks, and not for the county.
    let detailed = |site: &Value| json!({"site_id": site, "kind": "detailed_survey", "due_on": "2027-03-31"});
    let refused = expect(office.issue(&office.prefecture, &detailed(&suspected)), 409).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("notice_not_allowed"), &json!("T8")));
    assert!(
        articles(&refused["citations"]).contains(&("污染地块土壤环境管理办法（试行）".to_owned(), "16".to_owned()))
    );
    let allowed: BTreeSet<_> =
        refused["allowed"].as_array().expect("allowed").iter().filter_map(Value::as_str).collect();
    assert_eq!(allowed, BTreeSet::from(["listing", "preliminary_survey", "stop_work"]));
    let contaminated = office.contaminated("（演示）丁地块").await;
    let refused = expect(office.issue(&office.county, &detailed(&contaminated)), 403).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("other_role_must_act"), &json!("T8")));
    let no_day = json!({"site_id": contaminated, "kind": "detailed_survey"});
    let refused = expect(office.issue(&office.prefecture, &no_day), 422).await;
    assert_eq!((&refused["errors"][0]["pointer"], &refused["rule"]), (&json!("/due_on"), &json!("T8")));
    let notice = expect(office.issue(&office.prefecture, &detailed(&contaminated)), 201).await;
    assert_eq!(notice["number"], "152900-详调-2026-0001");
    assert_eq!((&notice["issuer"], &notice["due"]["due_on"]), (&json!("阿拉善盟生态环境局"), &json!("2027-03-31")));
    let pdf = text_of(&office.pdf(&office.prefecture, &notice).await);
    assert!(pdf.contains("2027年3月31日前") && pdf.contains("风险等级为高风险"), "{pdf}");

    // A report is returned by whoever reviews it, and the six months run on.
    let reviewed = office.suspected("（演示）戊地块", "2026-05-10").await;
    office.reviewed(&reviewed).await;
    let returned = json!({"site_id": reviewed, "kind": "return", "reason": "采样点位不足\n缺少地下水检测数据"});
    assert_eq!(expect(office.issue(&office.county, &returned), 403).await["rule"], "T5");
    let bare = json!({"site_id": reviewed, "kind": "return"});
    assert_eq!(expect(office.issue(&office.prefecture, &bare), 422).await["errors"][0]["pointer"], "/reason");
    let notice = expect(office.issue(&office.prefecture, &returned), 201).await;
    assert_eq!(articles(&notice["citations"]), [("生态环境法典".to_owned(), "454(3)".to_owned())]);
    assert!(notice["text_zh"].as_str().is_some_and(|zh| zh.contains("原期限于2026年11月23日届满")), "{notice}");

    // Nobody can be addressed where no land user is registered.
    let nobody = office.registered(json!({"name": "无主地块", "division_code": HERE, "stage": "suspected"})).await;
    let refused = expect(office.issue(&office.county, &json!({"site_id": nobody, "kind": "listing"})), 422).await;
    assert_eq!(refused["errors"][0]["code"], "no_recipient");
    let tomorrow = json!({"site_id": suspected, "kind": "preliminary_survey", "issued_on": "2026-11-22"});
    assert_eq!(expect(office.issue(&office.county, &tomorrow), 422).await["errors"][0]["pointer"], "/issued_on");
}

#[tokio::test]
async fn the_day_that_a_notice_sets_is_the_clock_that_its_receipt_starts() {
    let office = Office::new().await;
    let site = office.contaminated("（演示）庚地块").await;
    let body = json!({"site_id": site, "kind": "detailed_survey", "due_on": "2027-03-31"});
    let notice = expect(office.issue(&office.prefecture, &body), 201).await;
    let proof = office.paper(&office.prefecture).await;
    let service = json!({"served_how": "直接送达", "served_on": "2026-11-21", "received_on": "2026-11-21",
        "document_id": proof});
    let served = expect(office.serve(&office.prefecture, &notice, &service), 200).await;
    assert_eq!((&served["status"], &served["due"]["due_on"]), (&json!("received"), &json!("2027-03-31")));
    let after = office.site(&site).await;
    assert_eq!(after["stage"], "detailed_survey");
    let clocks = after["deadlines"].as_array().expect("clocks");
    let clock = clocks.iter().find(|c| c["rule"] == "detailed_survey_as_notified").expect("the clock of the notice");
    assert_eq!((&clock["due_on"], &clock["internal"]), (&json!("2027-03-31"), &json!(false)));
}

/// What the page offers is read off the same rows that refuse.
#[tokio::test]
async fn the_catalogue_says_what_is_issued_where_by_whom_and_what_it_asks_for() {
    let office = Office::new().await;
    let catalogue = expect(office.world.get("/v1/notices/catalogue").bearer_auth(&office.county), 200).await;
    let kinds = catalogue["kinds"].as_array().expect("kinds");
    let names: Vec<_> = kinds.iter().filter_map(|kind| kind["kind"].as_str()).collect();
    assert_eq!(names, ["listing", "preliminary_survey", "detailed_survey", "return", "stop_work"]);
    let asked: Vec<_> = kinds.iter().map(|k| (k["due_on"].as_str().unwrap_or(""), &k["needs_reason"])).collect();
    let (yes, no) = (json!(true), json!(false));
    let expected = [("no", &no), ("no", &no), ("required", &no), ("optional", &yes), ("no", &yes)];
    assert_eq!(asked, expected);
    let detailed = &kinds[2];
    assert_eq!(detailed["places"][0]["stages"], json!(["contaminated"]));
    assert_eq!(detailed["places"][0]["issuers"], json!(["prefecture_ecology"]));
    assert_eq!(
        (&detailed["clock"], &detailed["step"]),
        (&json!("detailed_survey_as_notified"), &json!("detailed_notice_served"))
    );
    assert!(kinds.iter().all(|k| !k["places"][0]["citations"].as_array().expect("citations").is_empty()));

    // A step names its fields as a form asks for them; one that goes with some cases only says with which.
    let site = office.suspected("（演示）辛地块", "2026-05-10").await;
    office.reviewed(&site).await;
    let here = expect(
        office.world.get(&format!("/v1/sites/{}", site.as_str().expect("id"))).bearer_auth(&office.prefecture),
        200,
    )
    .await;
    let steps = here["properties"]["next_steps"].as_array().expect("steps");
    let review = steps.iter().find(|s| s["type"] == "preliminary_report_reviewed").expect("the review");
    let form = review["form"].as_array().expect("a form");
    let fields: Vec<_> = form.iter().map(|f| f["field"].clone()).collect();
    assert_eq!(json!(fields), review["fields"]);
    let field = |name: &str| form.iter().find(|f| f["field"] == name).expect("the field");
    assert_eq!(field("risk_grade")["cases"], json!(["contaminated"]));
    assert_eq!((&field("risk_grade")["required"], &field("note")["required"]), (&yes, &no));
    assert_eq!((&field("conclusion")["cases"], &field("document_id")["title_zh"]), (&json!([]), &json!("文件")));
}

#[tokio::test]
async fn numbers_have_no_gaps_whoever_asks_when() {
    let office = Office::new().await;
    let mut sites = Vec::new();
    for n in 0..8 {
        sites.push(office.suspected(&format!("地块 {n}"), "2026-05-10").await);
    }
    let one = |site: &Value, on: &str| {
        office.issue(&office.county, &json!({"site_id": site, "kind": "preliminary_survey", "issued_on": on})).send()
    };
    // Every other one fails: it takes no number.
    let answers = futures_util::future::join_all(
        sites.iter().flat_map(|site| [one(site, "2026-11-20"), one(site, "2026-11-22")]),
    )
    .await;
    let mut numbers = BTreeSet::new();
    for answer in answers {
        let answer = answer.expect("an answer");
        if answer.status() == 201 {
            let notice: Value = answer.json().await.expect("JSON");
            numbers.insert(notice["number"].as_str().expect("number").to_owned());
        }
    }
    let expected: BTreeSet<String> = (1..=8).map(|n| format!("152921-初调-2026-{n:04}")).collect();
    assert_eq!(numbers, expected);
    // One of a kind at a time is on its way; a void one keeps its number.
    let again = json!({"site_id": sites[0], "kind": "preliminary_survey"});
    assert_eq!(expect(office.issue(&office.county, &again), 409).await["code"], "notice_under_way");
    let list = format!("/v1/notices?site={}", sites[0].as_str().expect("id"));
    let listed = expect(office.world.get(&list).bearer_auth(&office.county), 200).await;
    let first = &listed["notices"][0];
    let void = office.world.post(&format!("{}/void", path(first))).bearer_auth(&office.county);
    let voided = expect(void.json(&json!({"reason": "受送达人名称有误"})), 200).await;
    assert_eq!((&voided["status"], &voided["void_reason"]), (&json!("void"), &json!("受送达人名称有误")));
    assert_eq!(expect(office.issue(&office.county, &again), 201).await["number"], "152921-初调-2026-0009");
    // Years count apart.
    let early = json!({"site_id": sites[1], "kind": "listing", "issued_on": "2025-12-31"});
    assert_eq!(expect(office.issue(&office.county, &early), 201).await["number"], "152921-名单-2025-0001");

    // Lists narrow and page.
    let count = async |query: &str, key: &str| {
        let listed = expect(office.world.get(&format!("/v1/notices?{query}")).bearer_auth(key), 200).await;
        listed["numberReturned"].as_u64().expect("a number")
    };
    assert_eq!(count("kind=preliminary_survey", &office.county).await, 9);
    assert_eq!(count("status=void", &office.county).await, 1);
    assert_eq!(count("division=152900&status=issued", &office.prefecture).await, 9);
    assert_eq!(count("division=140600", &office.prefecture).await, 0);
    assert_eq!(count("", &office.land_user).await, 0, "nothing is served");
    let page = expect(office.world.get("/v1/notices?limit=4").bearer_auth(&office.county), 200).await;
    let next = page["links"][0]["href"].as_str().expect("a next page").to_owned();
    let second = expect(office.world.get(&next).bearer_auth(&office.county), 200).await;
    assert_eq!(second["numberReturned"], 4);
    assert_ne!(page["notices"][0]["id"], second["notices"][0]["id"]);
    let other = next.replace("limit=4", "limit=4&kind=listing");
    assert_eq!(expect(office.world.get(&other).bearer_auth(&office.county), 400).await["code"], "bad_cursor");
    expect(office.world.get("/v1/notices?kind=letter").bearer_auth(&office.county), 400).await;
}

#[tokio::test]
async fn what_the_site_refuses_is_refused_and_nothing_is_half_written() {
    let office = Office::new().await;
    let site = office.suspected("（演示）己地块", "2026-05-10").await;
    // Issued before the day of the listing: the site's rules take no receipt that lies before it.
    let body = json!({"site_id": site, "kind": "preliminary_survey", "issued_on": "2026-05-01"});
    let notice = expect(office.issue(&office.county, &body), 201).await;
    let proof = office.paper(&office.county).await;
    let service = |received: &str, proof: &Value| {
        json!({"served_how": "直接送达", "served_on": received,
        "received_on": received, "document_id": proof})
    };
    let refused = expect(office.serve(&office.county, &notice, &service("2026-05-05", &proof)), 422).await;
    assert_eq!(refused["rule"], "T3");
    let as_it_was = expect(office.world.get(&path(&notice)).bearer_auth(&office.county), 200).await;
    assert_eq!((&as_it_was["status"], &as_it_was["proof_document_id"]), (&json!("issued"), &Value::Null));
    let now = office.site(&site).await;
    // The service level of serving the notice promptly runs on, and no other clock.
    let clocks: Vec<_> =
        now["deadlines"].as_array().expect("clocks").iter().map(|c| (&c["rule"], &c["closed_on"])).collect();
    assert_eq!((&now["stage"], clocks), (&json!("suspected"), vec![(&json!("survey_notice"), &Value::Null)]));
    let attached: i64 = sqlx::query_scalar("select count(*) from document_attachment where document_id = $1::uuid")
        .bind(proof.as_str())
        .fetch_one(office.world.app.db())
        .await
        .expect("count");
    assert_eq!(attached, 0, "the proof is attached to nothing");

    // Without a proof there is no service.
    let bare = json!({"served_how": "邮寄送达", "served_on": "2026-05-18"});
    let refused = expect(office.serve(&office.county, &notice, &bare), 422).await;
    assert_eq!(refused["errors"][0]["pointer"], "/document_id");
    let unknown = json!("01974000-0000-7000-8000-000000000009");
    let refused = expect(office.serve(&office.county, &notice, &service("2026-05-21", &unknown)), 422).await;
    assert_eq!(refused["errors"][0]["code"], "unknown_document");

    // A letter is posted, and its receipt is known later: only that is the site's step.
    let posted = json!({"served_how": "邮寄送达", "served_on": "2026-05-18", "document_id": proof});
    assert_eq!(expect(office.serve(&office.county, &notice, &posted), 200).await["status"], "served");
    assert_eq!(office.site(&site).await["stage"], "suspected");
    let receipt = json!({"received_on": "2026-05-21", "document_id": proof});
    let received = expect(office.serve(&office.county, &notice, &receipt), 200).await;
    assert_eq!((&received["served_how"], &received["served_on"]), (&json!("邮寄送达"), &json!("2026-05-18")));
    assert_eq!(received["due"]["due_on"], "2026-11-23");
    assert_eq!(office.site(&site).await["stage"], "preliminary_survey");

    // The step taken on the site itself: the notice that comes after it is refused by the site's rules, and can be voided.
    let other = office.suspected("（演示）庚地块", "2026-05-10").await;
    let late = json!({"site_id": other, "kind": "preliminary_survey", "issued_on": "2026-05-20"});
    let late = expect(office.issue(&office.county, &late), 201).await;
    office
        .event(
            &office.county,
            &other,
            json!({"type": "survey_notice_served", "occurred_on": "2026-05-20",
            "received_on": "2026-05-20", "served_how": "直接送达", "document_id": proof}),
        )
        .await;
    let refused = expect(office.serve(&office.county, &late, &service("2026-05-21", &proof)), 409).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("step_not_allowed"), &json!("T3")));
    let void = office.world.post(&format!("{}/void", path(&late))).bearer_auth(&office.county);
    expect(void.json(&json!({"reason": "已另行送达"})), 200).await;
}

#[tokio::test]
async fn the_same_facts_give_the_same_bytes_and_long_names_are_not_cut() {
    let name = "（演示）".to_owned() + &"内蒙古自治区阿拉善左旗巴彦浩特镇原某某化工有限责任公司第二生产区".repeat(5);
    let land_user = "（演示）某某某（集团）股份有限公司".repeat(9);
    let mut digests = BTreeSet::new();
    for _ in 0..2 {
        let office = Office::new().await;
        let site = office
            .registered(json!({"name": name, "division_code": HERE, "stage": "suspected", "suspected_on": "2026-11-02",
                "address": "工业园区".repeat(120), "land_user": {"name": land_user}}))
            .await;
        let body = json!({"site_id": site, "kind": "preliminary_survey", "issued_on": "2026-11-20",
            "reason": "拆除现场堆存ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789号桶"});
        let notice = expect(office.issue(&office.county, &body), 201).await;
        digests.insert(notice["sha256"].as_str().expect("a digest").to_owned());
        let pdf = text_of(&office.pdf(&office.county, &notice).await);
        // Page numbers stand between the lines of two pages.
        let flat: String =
            pdf.replace("—1—", "").replace("—2—", "").replace("—3—", "").replace("—4—", "").replace('\u{c}', "");
        for said in [
            name.as_str(),
            land_user.as_str(),
            &"工业园区".repeat(120),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789号桶",
        ] {
            assert!(flat.contains(said), "{said}\n{flat}");
        }
        assert!(pdf.contains("—3—"), "it goes on: {pdf}");
    }
    assert_eq!(digests.len(), 1);
}

#[tokio::test]
async fn without_a_font_there_is_the_text_and_a_clear_answer() {
    let font = std::env::temp_dir().join("no-such-folder/Song.ttf");
    let names = std::collections::BTreeMap::from([(HERE.to_owned(), "阿拉善盟生态环境局阿拉善左旗分局".to_owned())]);
    let config = Config { cjk_font: Some(font), office_names: names, ..Config::default() };
    let office = Office::with(config).await;
    let site = office.suspected("（演示）辛地块", "2026-05-10").await;
    let notice =
        expect(office.issue(&office.county, &json!({"site_id": site, "kind": "preliminary_survey"})), 201).await;
    assert_eq!((&notice["document_id"], &notice["sha256"]), (&Value::Null, &Value::Null));
    assert_eq!(notice["issuer"], "阿拉善盟生态环境局阿拉善左旗分局");
    let pdf = || office.world.get(&format!("{}/notice.pdf", path(&notice))).bearer_auth(&office.county);
    let (head, refused) = expect_response(pdf(), 503).await;
    assert_eq!(refused["code"], "font_missing");
    assert!(head.headers().contains_key("retry-after"));
    assert!(refused["detail"].as_str().is_some_and(|zh| zh.contains("字体") && zh.contains("cjk_font")));
    let english = expect(pdf().header("accept-language", "en"), 503).await;
    assert!(english["detail"].as_str().is_some_and(|en| en.contains("cjk_font")), "{english}");
    let text = office.world.get(&format!("{}/text", path(&notice))).bearer_auth(&office.county);
    assert_eq!(text.send().await.expect("an answer").status(), 200);
    // It can be served all the same.
    let proof = office.paper(&office.county).await;
    let service = json!({"served_how": "留置送达", "served_on": "2026-11-21", "received_on": "2026-11-21",
        "document_id": proof});
    assert_eq!(expect(office.serve(&office.county, &notice, &service), 200).await["due"]["due_on"], "2027-05-21");
}
