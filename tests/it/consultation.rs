//! Consultation of the ecology bureau on a land check: the letter, the reply, the verdict after it, its clock, and what is
//! shared of a quarter.

use crate::loading::{counts, feature, load};
use crate::support::{TODAY, World, expect, expect_response, forged, square};
use jingtu::across::land_check;
use jingtu::config::Config;
use jingtu::kernel::Day;
use jingtu::platform::{App, Permission, Reply, Role};
use jingtu::registers::deadline;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::process::Command;

/// 朔城区, whose own plan asks for the reply.
const HERE: &str = "140602";

struct Office {
    world: World,
    planning: String,
    county: String,
    city: String,
}

impl Office {
    async fn new() -> Office {
        Office::with(Config::default()).await
    }

    async fn with(config: Config) -> Office {
        let world = World::with(config).await;
        Office {
            planning: world.key(Role::Planning, HERE).await,
            county: world.key(Role::CountyEcology, HERE).await,
            city: world.key(Role::PrefectureEcology, "140600").await,
            world,
        }
    }

    /// A suspected site at a longitude.
    async fn suspected(&self, code: &str, lon: f64) {
        let facts = json!({"code": code, "name": format!("{code} 厂"), "division_code": HERE, "stage": "suspected"});
        let outcomes = load(&self.world, "sites", &[feature(facts, square(lon, 39.3, 200.0))], 10).await;
        assert_eq!(counts(&outcomes), (1, 0, 0), "{outcomes:?}");
    }

    async fn ask(&self, lon: f64, properties: Value) -> Value {
        let body = json!({"type": "Feature", "geometry": square(lon, 39.3, 100.0), "properties": properties});
        // No two in one millisecond: identifiers tell their order.
        self.world.clock.advance(chrono::Duration::seconds(1));
        expect(self.world.post("/v1/land-checks").bearer_auth(&self.planning).json(&body), 201).await
    }

    /// A check that awaits the bureau's word: land of a suspected site is to be bought.
    async fn awaiting(&self) -> Value {
        self.suspected("S1", 112.40).await;
        let check = self.acquire(112.40).await;
        assert_eq!((&check["reply"]["status"], &check["verdict"]), (&json!("awaiting"), &json!("hold")), "{check}");
        check
    }

    async fn acquire(&self, lon: f64) -> Value {
        let facts = json!({"survey_state": "running", "already_reclaimed": false, "former_industry": "5211"});
        let factory = json!({"system": "GB/T 21010-2017", "code": "0601"});
        self.ask(lon, json!({"operation": "acquire", "division_code": HERE, "facts": facts, "planned_use": factory}))
            .await
    }

    fn consult(&self, key: &str, check: &Value, body: &Value) -> RequestBuilder {
        self.world.post(&path(check, "/consultation")).bearer_auth(key).json(body)
    }

    fn reply(&self, key: &str, check: &Value, body: &Value) -> RequestBuilder {
        self.world.post(&path(check, "/reply")).bearer_auth(key).json(body)
    }

    async fn read(&self, address: &str) -> Value {
        expect(self.world.get(address).bearer_auth(&self.planning), 200).await
    }

    async fn state(&self, check: &Value) -> Value {
        self.read(&path(check, "/reply")).await
    }

    async fn inbox(&self, query: &str) -> Vec<(String, String)> {
        let page = expect(self.world.get(&format!("/v1/consultations?{query}")).bearer_auth(&self.county), 200).await;
        let rows = page["consultations"].as_array().expect("rows");
        rows.iter().map(|row| (text(&row["land_check"]), text(&row["status"]))).collect()
    }

    /// The clocks of letters, as the bureau sees them on a day.
    async fn clocks(&self, query: &str) -> Vec<Value> {
        let path = format!("/v1/deadlines?rule=land_check_reply&{query}");
        let list = expect(self.world.get(&path).bearer_auth(&self.county), 200).await;
        list["deadlines"].as_array().expect("rows").clone()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn path(check: &Value, end: &str) -> String {
    format!("/v1/land-checks/{}{end}", check["id"].as_str().expect("id"))
}

fn agreed() -> Value {
    json!({"number": "朔环函〔2026〕17号", "replied_on": TODAY, "conclusion": "agrees", "text": "经核，同意办理。"})
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
    body
}

fn set(days: u32) -> Config {
    let there = BTreeMap::from([("140600".to_owned(), days)]);
    Config { parameters: BTreeMap::from([("land_check_reply_days".to_owned(), there)]), ..Config::default() }
}

// ---------------------------------------------------------------------------------------------------------------------
// The letter.

#[tokio::test]
async fn a_letter_is_numbered_drafted_and_sent_once() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    let number = text(&check["number"]);
    let before = office.state(&check).await;
    assert_eq!(
        (&before["status"], &before["consulted_on"], &before["due"]),
        (&json!("awaiting"), &Value::Null, &Value::Null)
    );

    let paper = office.world.document(&office.planning).await;
    let body = json!({"contact": "用途管制科 0349-0000000", "questions": "是否需要详细调查\n\n 边界是否准确 ", "document_id": paper});
    let (head, made) = expect_response(office.consult(&office.planning, &check, &body), 201).await;
    assert_eq!(head.headers()["location"].to_str().ok(), Some(path(&check, "/consultation").as_str()));
    assert_eq!(made, office.read(&path(&check, "/consultation")).await);
    let letter = &made["standing"];
    for (name, value) in [
        ("number", json!("ZX-140602-2026-0001")),
        ("status", json!("awaiting")),
        ("sender", json!("朔城区自然资源部门")),
        ("addressed_to", json!("朔城区生态环境局")),
        ("sent_on", json!(TODAY)),
        ("document_id", paper.clone()),
    ] {
        assert_eq!(letter[name], value, "{name}");
    }
    assert_eq!((&made["rule"], &made["land_check"]), (&json!("G2"), &check["number"]));
    assert_eq!(made["citations"].as_array().map(Vec::len), Some(1), "Shuozhou's own text");
    // The bureau reads the paper, because it is attached to the check.
    let document = office.world.get(&format!("/v1/documents/{}", text(&paper))).bearer_auth(&office.county);
    expect(document, 200).await;

    let response = office.world.get(&path(&check, "/consultation/letter.pdf")).bearer_auth(&office.county);
    let response = response.send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/pdf".parse().unwrap())
    );
    let pdf = pdf_text(&response.bytes().await.expect("bytes"));
    for said in [
        "关于征求收购（收储）地块土壤环境意见的函",
        "ZX-140602-2026-0001",
        "朔城区生态环境局：",
        number.as_str(),
        "根据《朔州市2021年土壤污染防治行动计划》（任务8：书面回复）",
        "S1S1厂（疑似污染地块名单）",
        "3.是否需要详细调查",
        "4.边界是否准确",
        "用途管制科0349-0000000",
        "2026年11月21日",
    ] {
        assert!(pdf.contains(said), "{said}\n{pdf}");
    }

    // Once only; the refusal names the gate and its text.
    let again = expect(office.consult(&office.planning, &check, &json!({})), 409).await;
    assert_eq!((&again["code"], &again["rule"]), (&json!("already_consulted"), &json!("G2")));
    assert_eq!(again["citations"][0]["instrument_zh"], "朔州市2021年土壤污染防治行动计划");
    // What was refused has taken no number, and what is withdrawn keeps its own.
    let withdraw = |reason: &str| {
        let address = path(&check, "/consultation/withdraw");
        office.world.post(&address).bearer_auth(&office.planning).json(&json!({"reason": reason}))
    };
    assert_eq!(expect(withdraw("  "), 422).await["errors"][0]["pointer"], "/reason");
    let back = expect(withdraw("范围有误"), 200).await;
    assert_eq!((&back["standing"], &back["consultations"][0]["status"]), (&Value::Null, &json!("withdrawn")));
    assert_eq!(back["consultations"][0]["withdrawn"]["reason"], "范围有误");
    assert_eq!(expect(withdraw("又"), 409).await["code"], "not_consulted");
    assert_eq!(office.clocks("").await[0]["status"], "cancelled");
    expect(office.world.get(&path(&check, "/consultation/letter.pdf")).bearer_auth(&office.county), 404).await;
    let second = expect(office.consult(&office.planning, &check, &json!({"addressed_to": "市生态环境局"})), 201).await;
    assert_eq!(
        (&second["standing"]["number"], &second["standing"]["addressed_to"]),
        (&json!("ZX-140602-2026-0002"), &json!("市生态环境局"))
    );
    assert_eq!(second["consultations"].as_array().map(Vec::len), Some(2));
}

fn pdf_text(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("letter.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = Command::new("pdftotext").args(["-enc", "UTF-8"]).arg(&file).arg("-").output();
    let out = out.expect("pdftotext of poppler-utils is installed (scripts/setup.sh test)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8").split_whitespace().collect()
}

#[tokio::test]
async fn the_certificate_prints_the_written_reply_whole_and_the_verdict_after_it() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    let paper = || async {
        let get = office.world.get(&path(&check, "/certificate.pdf")).bearer_auth(&office.planning);
        let response = get.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        pdf_text(&response.bytes().await.expect("bytes"))
    };
    let before = paper().await;
    assert!(before.contains("须由生态环境部门书面回复") && !before.contains("书面回复后的结论"), "{before}");

    // As long as a reply may be: every paragraph is numbered, so that none can be missing unseen.
    let paragraphs: Vec<String> =
        (0..700).map(|at| format!("第{at:03}段：经核，该地块列入疑似污染地块名单。")).collect();
    let body = json!({
        "number": "朔环函〔2026〕17号", "replied_on": TODAY, "conclusion": "conditions",
        "conditions": "完成土壤污染状况调查并通过评审后再行收购。", "text": paragraphs.join("\n"),
    });
    office.world.clock.advance(chrono::Duration::hours(2));
    let state = expect(office.reply(&office.county, &check, &body), 201).await;
    let (verdict, rules) = (text(&state["verdict_after_zh"]), state["rules_after"].as_array().expect("rules").clone());
    let asked = rules.iter().find(|rule| rule["rule"] == "G2").expect("the gate that asked");
    let after = paper().await;
    let shown = format!("书面回复后的结论：{verdict}");
    let must_do = text(&asked["must_do_zh"]);
    for said in [
        "朔环函〔2026〕17号",
        "朔城区生态环境局",
        "2026年11月21日",
        "完成土壤污染状况调查并通过评审后再行收购。",
        &shown,
        &must_do,
    ] {
        assert!(after.contains(&said.split_whitespace().collect::<String>()), "{said}\n{after}");
    }
    let missing: Vec<&String> = paragraphs.iter().filter(|paragraph| !after.contains(*paragraph)).collect();
    // A paragraph may be parted by the foot of a page, and its beginning stands on the page before.
    assert!(missing.len() < 12, "{missing:?}");
    for at in 0..700 {
        assert!(after.contains(&format!("第{at:03}段")), "paragraph {at}");
    }
    assert!(!after.contains("出具时尚未收到"), "{after}");

    // The reply that stands is printed, not the one before it.
    let corrected = json!({
        "number": "朔环函〔2026〕18号", "replied_on": TODAY, "conclusion": "objects", "text": "不同意收购。",
        "corrects": "前函所引名单有误",
    });
    expect(office.reply(&office.city, &check, &corrected), 201).await;
    let last = paper().await;
    for said in ["朔环函〔2026〕18号", "朔州市生态环境局", "不同意收购。", "书面回复后的结论：禁止"]
    {
        assert!(last.contains(said), "{said}\n{last}");
    }
    assert!(!last.contains("朔环函〔2026〕17号"), "{last}");
    // Another division's planners see neither.
    let elsewhere = office.world.key(Role::Planning, "152921").await;
    expect(office.world.get(&path(&check, "/certificate.pdf")).bearer_auth(&elsewhere), 404).await;
}

#[tokio::test]
async fn the_letter_follows_anothers_text_where_it_has_none_of_its_own() {
    let office = Office::new().await;
    let there = "152921";
    let key = office.world.key(Role::Planning, there).await;
    let facts = json!({"code": "A1", "name": "A1", "division_code": there, "stage": "suspected"});
    let outcomes = load(&office.world, "sites", &[feature(facts, square(105.6, 38.8, 200.0))], 10).await;
    assert_eq!(counts(&outcomes), (1, 0, 0));
    let body =
        json!({"type": "Feature", "geometry": square(105.6, 38.8, 100.0), "properties": {"operation": "reclaim"}});
    let check = expect(office.world.post("/v1/land-checks").bearer_auth(&key).json(&body), 201).await;
    let config = json!({"sender": "阿拉善左旗自然资源局"});
    let made = expect(office.consult(&key, &check, &config), 201).await;
    assert_eq!(made["standing"]["sender"], "阿拉善左旗自然资源局");
    let cited: Vec<String> =
        made["citations"].as_array().expect("citations").iter().map(|c| text(&c["instrument_zh"])).collect();
    assert_eq!(cited, ["朔州市2021年土壤污染防治行动计划", "本系统规则（非法律规定）"]);
    let pdf = office.world.get(&path(&check, "/consultation/letter.pdf")).bearer_auth(&key).send().await.expect("sent");
    let pdf = pdf_text(&pdf.bytes().await.expect("bytes"));
    assert!(pdf.contains("参照《朔州市2021年土壤污染防治行动计划》") && pdf.contains("不是本地法定要求"), "{pdf}");
    // Shuozhou's bureaus do not see it, and cannot answer it.
    expect(office.world.get(&path(&check, "/reply")).bearer_auth(&office.county), 404).await;
    expect(office.reply(&office.county, &check, &agreed()), 404).await;
}

#[tokio::test]
async fn a_letter_is_refused_where_it_is_not_needed_or_not_right() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    // Supply of the same land, and purchase of clean land: no reply is needed.
    let supply = office.ask(112.40, json!({"operation": "supply", "division_code": HERE})).await;
    let clean = office.acquire(112.60).await;
    for other in [&supply, &clean] {
        let refused = expect(office.consult(&office.planning, other, &json!({})), 409).await;
        assert_eq!((&refused["code"], &refused["rule"]), (&json!("reply_not_required"), &json!("G2")), "{refused}");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("不需要书面回复")));
        assert_eq!(expect(office.reply(&office.county, other, &agreed()), 409).await["code"], "reply_not_required");
        assert_eq!(office.state(other).await["status"], "not_required");
    }
    let yesterday = TODAY.add_days(-1);
    for (body, pointer, code) in [
        (json!({"sent_on": TODAY.next()}), "/sent_on", "in_the_future"),
        (json!({"sent_on": yesterday}), "/sent_on", "out_of_order"),
        (json!({"addressed_to": "x".repeat(201)}), "/addressed_to", "text_unfit"),
        (json!({"contact": "a\nb"}), "/contact", "text_unfit"),
        (json!({"document_id": check["id"]}), "/document_id", "unknown_document"),
    ] {
        let refused = expect(office.consult(&office.planning, &check, &body), 422).await;
        let fault = &refused["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{refused}");
    }
    let wrong = expect(office.consult(&office.planning, &check, &json!({"sent": "2026-11-21"})), 422).await;
    assert_eq!(wrong["errors"][0]["code"], "bad_field");
    // Who asks is not who answers, nor the other way round.
    assert_eq!(expect(office.consult(&office.county, &check, &json!({})), 403).await["code"], "role_not_allowed");
    assert_eq!(expect(office.reply(&office.planning, &check, &agreed()), 403).await["code"], "role_not_allowed");
    let elsewhere = office.world.key(Role::Planning, "152921").await;
    expect(office.consult(&elsewhere, &check, &json!({})), 404).await;
    // Nothing of it took a number.
    let made = expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    assert_eq!(made["standing"]["number"], "ZX-140602-2026-0001");
}

#[tokio::test]
async fn the_same_letter_sent_again_is_one_letter() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    let send = || office.consult(&office.planning, &check, &json!({})).header("idempotency-key", "letter-1");
    let first = expect(send(), 201).await;
    assert_eq!(first, expect(send(), 201).await);
    assert_eq!(office.clocks("").await.len(), 1);
    // Two at once: one is sent, the other refused.
    let office = Office::new().await;
    let check = office.awaiting().await;
    let body = json!({});
    let (one, other) = tokio::join!(
        office.consult(&office.planning, &check, &body).send(),
        office.consult(&office.planning, &check, &body).send()
    );
    let mut statuses = [one, other].map(|answer| answer.expect("an answer").status().as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

// ---------------------------------------------------------------------------------------------------------------------
// The reply.

/// Pins: G2
#[tokio::test]
async fn the_reply_decides_anew_on_the_facts_of_the_check() {
    for (conclusion, more, after, g2) in [
        ("agrees", json!({}), "warn", "allow_recorded"),
        ("conditions", json!({"conditions": "先行开展调查"}), "warn", "warn"),
        ("objects", json!({}), "block", "block"),
    ] {
        let office = Office::new().await;
        let check = office.awaiting().await;
        // The rest of the rules, as they were answered: what the reply leaves is the worst of them.
        let rest: Vec<&Value> =
            check["rules"].as_array().expect("rules").iter().filter(|r| r["rule"] != "G2").collect();
        let expected = match conclusion {
            "objects" => "block",
            _ if rest.iter().any(|rule| rule["verdict"] == "hold") => "hold",
            _ => after,
        };
        expect(office.consult(&office.planning, &check, &json!({})), 201).await;
        // What the registers say later does not matter: the site is found contaminated meanwhile.
        office.suspected("S2", 112.40).await;
        let paper = office.world.document(&office.county).await;
        let body = with(agreed(), with(json!({"conclusion": conclusion, "document_id": paper}), more));
        let replied = expect(office.reply(&office.county, &check, &body), 201).await;
        assert_eq!((&replied["status"], &replied["verdict"]), (&json!("replied"), &json!("hold")), "{conclusion}");
        assert_eq!(replied["verdict_after"], expected, "{conclusion}: {replied}");
        assert_eq!((&replied["since"], &replied["consultation"]), (&json!(TODAY), &json!("ZX-140602-2026-0001")));
        let rules = replied["rules_after"].as_array().expect("rules");
        assert_eq!(rules.len(), check["rules"].as_array().map_or(0, Vec::len), "the rules of the check and no other");
        for rule in rules {
            let before = check["rules"].as_array().expect("rules").iter().find(|r| r["rule"] == rule["rule"]);
            assert_eq!(before.expect("there before")["verdict"], rule["verdict_before"]);
            let now = if rule["rule"] == "G2" { json!(g2) } else { rule["verdict_before"].clone() };
            assert_eq!(rule["verdict_after"], now, "{rule}");
            assert_eq!(rule["changed"], json!(rule["rule"] == "G2"));
        }
        let reply = &replied["reply"];
        assert_eq!(
            (&reply["conclusion"], &reply["document_id"], &reply["ordinal"]),
            (&json!(conclusion), &paper, &json!(1))
        );
        assert_eq!(replied, office.state(&check).await);
        // Planning reads the bureau's paper.
        expect(office.world.get(&format!("/v1/documents/{}", text(&paper))).bearer_auth(&office.planning), 200).await;
        // The stored answer is what it was.
        let stored = office.read(&path(&check, "")).await;
        assert_eq!((&stored["verdict"], &stored["reply"]["status"]), (&json!("hold"), &json!("awaiting")));
        assert_eq!(expect(office.consult(&office.planning, &check, &json!({})), 409).await["code"], "already_replied");
        let back = office.world.post(&path(&check, "/consultation/withdraw")).bearer_auth(&office.planning);
        assert_eq!(expect(back.json(&json!({"reason": "x"})), 409).await["code"], "already_replied");
    }
}

#[tokio::test]
async fn nothing_new_is_begun_about_a_check_that_is_not_valid_any_more() {
    let office = Office::new().await;
    let asked_before = office.awaiting().await;
    let untouched = office.acquire(112.40).await;
    let taken_back = office.acquire(112.40).await;
    expect(office.consult(&office.planning, &asked_before, &json!({})), 201).await;
    let withdrawal = office.world.post(&path(&taken_back, "/withdrawal")).bearer_auth(&office.planning);
    expect(withdrawal.json(&json!({"reason": "范围有误"})), 201).await;
    assert_eq!(office.inbox("status=not_consulted").await.len(), 1, "who was taken back awaits nothing");

    // The site is measured anew: both answers left are untrue.
    office.world.clock.advance(chrono::Duration::hours(1));
    let site = asked_before["hits"][0]["id"].as_str().expect("id");
    let moved = json!({"geometry": square(112.4003, 39.3, 200.0), "reason": "实测"});
    let address = format!("/v1/sites/{site}");
    let patch = office.world.patch(&address).bearer_auth(&office.county).header("if-match", "\"1\"").json(&moved);
    expect(patch, 200).await;
    land_check::watch(&office.world.app).await.expect("a pass");

    for (check, standing) in [(&untouched, "superseded"), (&taken_back, "withdrawn")] {
        let letter = expect(office.consult(&office.planning, check, &json!({})), 409).await;
        assert_eq!((&letter["code"], &letter["rule"]), (&json!("no_longer_valid"), &Value::Null), "{letter}");
        assert!(letter["detail"].as_str().is_some_and(|said| said.contains("POST /v1/land-checks")), "{letter}");
        assert_eq!(expect(office.reply(&office.county, check, &agreed()), 409).await["code"], "no_longer_valid");
        assert_eq!(office.state(check).await["check_standing"]["status"], standing);
    }
    assert_eq!(office.inbox("status=not_consulted").await, [], "nobody need ask about them");

    // The bureau answers the letter that it has, and everybody sees that the check is not valid any more.
    let replied = expect(office.reply(&office.county, &asked_before, &agreed()), 201).await;
    assert_eq!(
        (&replied["status"], &replied["check_standing"]["status"]),
        (&json!("replied"), &json!("superseded")),
        "{replied}"
    );
    assert_eq!(replied["check_standing"]["status_zh"], "已失效（登记情况变化），须重新查询");
    let letters = office.read(&path(&asked_before, "/consultation")).await;
    assert_eq!(letters["check_standing"], replied["check_standing"]);
    let inbox = expect(office.world.get("/v1/consultations").bearer_auth(&office.county), 200).await;
    assert_eq!(inbox["consultations"][0]["check_standing"], "superseded");
    // The new answer is consulted upon as ever.
    let anew = office.acquire(112.40).await;
    expect(office.consult(&office.planning, &anew, &json!({})), 201).await;
}

#[tokio::test]
async fn a_bureau_may_write_by_itself_and_correct_itself_and_all_is_kept() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    expect(office.reply(&office.county, &check, &with(agreed(), json!({"corrects": "x"}))), 422).await;
    let first = expect(office.reply(&office.city, &check, &agreed()), 201).await;
    assert_eq!((&first["consultation"], &first["reply"]["consultation"]), (&Value::Null, &Value::Null));
    assert_eq!(first["reply"]["replied_by"]["role"], "prefecture_ecology");
    assert_eq!(office.clocks("").await, Vec::<Value>::new(), "nobody asked, so nothing was due");

    office.world.clock.move_to(TODAY.add_days(3));
    let objects = json!({"number": "朔环函〔2026〕18号", "replied_on": TODAY.add_days(3), "conclusion": "objects", "text": "经复核，不同意。"});
    let refused = expect(office.reply(&office.county, &check, &objects), 409).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("already_replied"), &json!("G2")));
    let known = office.world.clock.now();
    office.world.clock.move_to(TODAY.add_days(4));
    let corrected =
        expect(office.reply(&office.county, &check, &with(objects, json!({"corrects": "原件引用地块有误"}))), 201)
            .await;
    assert_eq!((&corrected["verdict_after"], &corrected["since"]), (&json!("block"), &json!(TODAY.add_days(3))));
    let history: Vec<_> = corrected["history"]
        .as_array()
        .expect("history")
        .iter()
        .map(|r| (text(&r["number"]), r["corrects"].clone()))
        .collect();
    assert_eq!(
        history,
        [("朔环函〔2026〕17号".to_owned(), Value::Null), ("朔环函〔2026〕18号".to_owned(), json!("原件引用地块有误"))]
    );
    // As the registry knew it before the correction.
    let then =
        office.read(&format!("{}?known_at={}", path(&check, "/reply"), known.format("%Y-%m-%dT%H:%M:%SZ"))).await;
    assert_eq!(
        (&then["reply"]["number"], then["history"].as_array().map(Vec::len)),
        (&json!("朔环函〔2026〕17号"), Some(1))
    );
    let refused =
        expect(office.world.get(&format!("{}?knownat=x", path(&check, "/reply"))).bearer_auth(&office.planning), 400)
            .await;
    assert_eq!(refused["code"], "bad_parameter");
    let steps = office.read(&path(&check, "/history")).await;
    let told: Vec<_> = steps["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|s| {
            (
                text(&s["what"]),
                text(&s["by"]["role"]),
                text(&s["by"]["division_code"]),
                text(&s["verdict"]),
                s["verdict_changed"] == true,
            )
        })
        .collect();
    let step = |what: &str, role: &str, place: &str, verdict: &str, changed: bool| {
        (what.to_owned(), role.to_owned(), place.to_owned(), verdict.to_owned(), changed)
    };
    let after = text(&first["verdict_after"]);
    assert_eq!(
        told,
        [
            step("issued", "planning", HERE, "hold", false),
            step("replied", "prefecture_ecology", "140600", &after, after != "hold"),
            step("reply_corrected", "county_ecology", HERE, "block", true),
        ]
    );
    // A check of before its own answer is not there.
    let long_ago = format!("{}?known_at=2026-11-20T00:00:00Z", path(&check, "/history"));
    expect(office.world.get(&long_ago).bearer_auth(&office.planning), 404).await;
}

#[tokio::test]
async fn a_reply_is_refused_with_the_place_of_its_fault() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    office.world.clock.move_to(TODAY.add_days(2));
    expect(office.consult(&office.planning, &check, &json!({"sent_on": TODAY.add_days(2)})), 201).await;
    let reply = with(agreed(), json!({"replied_on": TODAY.add_days(2)}));
    for (more, pointer, code) in [
        (json!({"replied_on": TODAY.add_days(3)}), "/replied_on", "in_the_future"),
        (json!({"replied_on": TODAY.add_days(1)}), "/replied_on", "out_of_order"),
        (json!({"number": " "}), "/number", "missing"),
        (json!({"text": ""}), "/text", "missing"),
        (json!({"text": "字".repeat(20_001)}), "/text", "text_unfit"),
        (json!({"conclusion": "conditions"}), "/conditions", "missing"),
        (json!({"conditions": "x"}), "/conditions", "not_allowed"),
        (json!({"conclusion": "maybe"}), "/conclusion", "bad_field"),
        (json!({"corrects": "x"}), "/corrects", "nothing_to_correct"),
        (json!({"document_id": check["id"]}), "/document_id", "unknown_document"),
    ] {
        let refused = expect(office.reply(&office.county, &check, &with(reply.clone(), more)), 422).await;
        let faults: Vec<_> = refused["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|e| (text(&e["pointer"]), text(&e["code"])))
            .collect();
        assert!(faults.contains(&(pointer.to_owned(), code.to_owned())), "{pointer} {code}: {refused}");
    }
    assert_eq!(office.state(&check).await["status"], "awaiting");
    expect(office.reply(&office.county, &check, &reply), 201).await;
}

// ---------------------------------------------------------------------------------------------------------------------
// The clock.

/// Pins: PRODUCT_REPLY_TIME, deadline.land_check_reply
#[tokio::test]
async fn without_a_number_there_is_no_last_day_and_it_is_said() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    let made = expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    let due = &made["standing"]["due"];
    assert_eq!(
        (&due["due_on"], &due["confidence"], &due["days_overdue"]),
        (&Value::Null, &json!("unconfirmed"), &json!(0))
    );
    assert!(text(&due["note_zh"]).contains("未配置") && text(&due["note_en"]).contains("not set"));

    let clocks = office.clocks("").await;
    let clock = &clocks[0];
    for (name, value) in [
        ("status", json!("open")),
        ("due_on", Value::Null),
        ("nominal_due_on", Value::Null),
        ("days_left", Value::Null),
        ("period", Value::Null),
        ("internal", json!(true)),
        ("confidence", json!("unconfirmed")),
        ("responsible", json!("county_ecology")),
        ("start_on", json!(TODAY)),
        ("occasion", json!("ZX-140602-2026-0001")),
    ] {
        assert_eq!(clock[name], value, "{name}");
    }
    assert_eq!((&clock["subject"]["register"], &clock["subject"]["code"]), (&json!("land_check"), &check["number"]));
    let why: Vec<String> = clock["why"].as_array().expect("why").iter().map(|why| text(&why["text_zh"])).collect();
    assert!(why.last().is_some_and(|last| last.contains("land_check_reply_days 未配置")), "{why:?}");
    assert_eq!(clock["why"][0]["citations"][0]["instrument_zh"], "本系统规则（非法律规定）");

    // However long it takes, it is never overdue, and no calendar shows it.
    office.world.clock.move_to(Day::of(2027, 11, 1));
    assert_eq!(office.clocks("status=open").await.len(), 1);
    assert_eq!(office.clocks("status=overdue").await.len(), 0);
    assert_eq!(office.inbox("status=awaiting").await.len(), 1);
    assert_eq!(office.inbox("status=overdue").await.len(), 0);
    let ics = office.world.get("/v1/deadlines.ics?rule=land_check_reply").bearer_auth(&office.county).send().await;
    assert!(!ics.expect("an answer").text().await.expect("text").contains("BEGIN:VEVENT"));
    assert_eq!(deadline::escalate(&office.world.app).await.expect("pass"), 0);
    let body = with(agreed(), json!({"replied_on": "2027-11-01"}));
    expect(office.reply(&office.county, &check, &body), 201).await;
    assert_eq!(office.clocks("").await[0]["status"], "met");
}

#[tokio::test]
async fn a_number_that_is_set_gives_the_last_day_by_the_calendar() {
    let office = Office::with(set(3)).await;
    let check = office.awaiting().await;
    // Saturday; Monday, Tuesday, Wednesday are counted.
    let made = expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    let last = Day::of(2026, 11, 25);
    let due = &made["standing"]["due"];
    assert_eq!((&due["due_on"], &due["confidence"]), (&json!(last), &json!("unconfirmed")));
    assert!(text(&due["note_zh"]).contains("非法定"));
    let clocks = office.clocks("").await;
    let clock = &clocks[0];
    assert_eq!((&clock["period"]["value"], &clock["period"]["configured"]), (&json!(3), &json!(true)));
    assert_eq!((&clock["period"]["jurisdiction"], &clock["internal"]), (&json!("140600"), &json!(true)));

    office.world.clock.move_to(last);
    let state = office.state(&check).await;
    assert_eq!((&state["overdue"], &state["due"]["days_overdue"]), (&json!(false), &json!(0)));
    assert_eq!((office.inbox("status=awaiting").await.len(), office.inbox("status=overdue").await.len()), (1, 0));
    assert_eq!(office.clocks("status=due_soon").await.len(), 1);
    office.world.clock.move_to(last.next());
    let state = office.state(&check).await;
    assert_eq!((&state["overdue"], &state["due"]["days_overdue"]), (&json!(true), &json!(1)));
    assert_eq!((office.inbox("status=awaiting").await.len(), office.inbox("status=overdue").await.len()), (0, 1));
    assert_eq!(office.clocks("status=overdue").await[0]["days_overdue"], 1);
    // As of the last day it was not.
    assert_eq!(office.inbox(&format!("status=overdue&true_on={last}")).await.len(), 0);
    let body = with(agreed(), json!({"replied_on": last.next()}));
    let replied = expect(office.reply(&office.county, &check, &body), 201).await;
    assert_eq!((&replied["overdue"], &replied["due"]), (&json!(false), &Value::Null));
    assert_eq!(office.clocks("").await[0]["status"], "met_late");
    assert_eq!(office.inbox("status=replied").await.len(), 1);
    // A correction leaves the clock as it ended.
    let body = with(body, json!({"corrects": "错别字", "replied_on": last.next()}));
    expect(office.reply(&office.county, &check, &body), 201).await;
    assert_eq!(office.clocks("").await[0]["closed_on"], json!(last.next()));
    // In another prefecture nothing is set.
    assert_eq!(made["standing"]["due"]["rule"], "land_check_reply");
}

#[tokio::test]
async fn a_number_set_later_counts_what_runs_from_its_start() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    office.suspected("S2", 112.50).await;
    let answered = office.acquire(112.50).await;
    expect(office.consult(&office.planning, &answered, &json!({})), 201).await;
    expect(office.reply(&office.county, &answered, &agreed()), 201).await;
    assert_eq!(deadline::date(&office.world.app).await.expect("pass"), 0, "nobody has set it");
    let known = office.world.clock.now();

    office.world.clock.move_to(Day::of(2026, 11, 27));
    let elsewhere = BTreeMap::from([("land_check_reply_days".to_owned(), BTreeMap::from([("150000".to_owned(), 3)]))]);
    let elsewhere = Config { parameters: elsewhere, ..Config::default() };
    let app = |config| App::new(office.world.app.db().clone(), office.world.clock.clone(), config);
    assert_eq!(deadline::date(&app(elsewhere)).await.expect("pass"), 0, "it is set for another place");
    deadline::pass(&app(set(3))).await.expect("pass");
    assert_eq!(deadline::date(&app(set(3))).await.expect("pass"), 0, "once");
    let clocks = office.clocks("status=overdue").await;
    assert_eq!(clocks.len(), 1);
    assert_eq!((&clocks[0]["due_on"], &clocks[0]["subject"]["code"]), (&json!("2026-11-25"), &check["number"]));
    assert_eq!((&clocks[0]["period"]["value"], &clocks[0]["days_overdue"]), (&json!(3), &json!(2)));
    // Its last day being past already, the step of that is taken.
    let steps = format!("/v1/deadlines/{}/escalations", text(&clocks[0]["id"]));
    let steps = expect(office.world.get(&steps).bearer_auth(&office.county), 200).await;
    assert_eq!(
        (steps["escalations"].as_array().map(Vec::len), &steps["escalations"][0]["step"]),
        (Some(1), &json!("t0"))
    );
    // What had ended stays without a last day; and what was known before is known of before.
    assert_eq!(office.clocks("status=met").await[0]["due_on"], Value::Null);
    let then = format!("known_at={}", known.format("%Y-%m-%dT%H:%M:%SZ"));
    assert!(office.clocks(&then).await.iter().all(|clock| clock["due_on"].is_null()));
    let state = office.read(&format!("{}?{then}", path(&check, "/reply"))).await;
    assert_eq!((&state["due"]["due_on"], &state["overdue"]), (&Value::Null, &json!(false)));
    assert_eq!(office.state(&check).await["overdue"], true);
    // The register holds together: nothing is found wrong with such clocks.
    let proof = jingtu::registers::site::recompute_deadlines(&office.world.app).await.expect("proof");
    assert!(proof.findings.is_empty(), "{:?}", proof.findings);
}

#[tokio::test]
async fn clocks_without_a_last_day_stand_behind_the_others_page_by_page() {
    let office = Office::with(set(3)).await;
    let check = office.awaiting().await;
    expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    // The same number set for another place only: three more without a last day.
    let open = App::new(office.world.app.db().clone(), office.world.clock.clone(), Config::default());
    for n in 0..3_u128 {
        let mut act = jingtu::platform::Act::operator(&open, Permission::DeadlineKeep).await.expect("begin");
        let subject = deadline::Subject {
            register: "land_check",
            id: uuid::Uuid::from_u128(n),
            code: format!("X{n}"),
            name: "x".to_owned(),
            division_code: HERE.to_owned(),
            owner_credit_code: None,
        };
        let rule = deadline::find("land_check_reply").expect("a rule");
        let (opened_on, start_on, occasion) = (TODAY, TODAY, String::new());
        let new = deadline::OpenDeadline { rule, subject, occasion, opened_on, start_on, set_due_on: None };
        deadline::open(&mut act, new).await.expect("open");
        act.finish(Reply::nothing()).await.expect("commit");
    }
    let mut seen = Vec::new();
    let mut address = "/v1/deadlines?rule=land_check_reply&limit=1".to_owned();
    loop {
        let page = expect(office.world.get(&address).bearer_auth(&office.county), 200).await;
        let rows = page["deadlines"].as_array().expect("rows");
        seen.extend(rows.iter().map(|row| (row["due_on"].clone(), text(&row["id"]))));
        let next = page["links"].as_array().and_then(|links| links.iter().find(|link| link["rel"] == "next").cloned());
        match next {
            Some(next) => address = text(&next["href"]),
            None => break,
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[0].0, json!("2026-11-25"));
    assert!(seen[1..].iter().all(|(due, _)| due.is_null()) && seen[1..].is_sorted_by(|a, b| a.1 < b.1));
}

// ---------------------------------------------------------------------------------------------------------------------
// The inbox, and what others are told.

#[tokio::test]
async fn the_inbox_tells_apart_what_is_asked_answered_and_not_asked() {
    let office = Office::with(set(3)).await;
    office.suspected("S1", 112.40).await;
    let mut checks = Vec::new();
    for _ in 0..4 {
        checks.push(office.acquire(112.40).await);
    }
    let numbers: Vec<String> = checks.iter().map(|check| text(&check["number"])).collect();
    let now = |i: usize, status: &str| (numbers[i].clone(), status.to_owned());
    expect(office.consult(&office.planning, &checks[1], &json!({})), 201).await;
    expect(office.reply(&office.county, &checks[2], &agreed()), 201).await;
    expect(office.consult(&office.planning, &checks[3], &json!({})), 201).await;
    office.world.clock.move_to(Day::of(2026, 11, 25));
    let known = office.world.clock.now();
    office.world.clock.move_to(Day::of(2026, 11, 26));
    let late = with(agreed(), json!({"replied_on": "2026-11-26"}));
    expect(office.reply(&office.county, &checks[1], &late), 201).await;
    assert_eq!(office.inbox("").await, [now(3, "overdue"), now(2, "replied"), now(1, "replied")]);
    assert_eq!(office.inbox("status=not_consulted").await, [now(0, "not_consulted")]);
    assert_eq!(office.inbox("status=overdue&division=140600").await, [now(3, "overdue")]);
    assert_eq!(office.inbox("division=150000").await, []);
    let then = format!("known_at={}", known.format("%Y-%m-%dT%H:%M:%SZ"));
    assert_eq!(office.inbox(&then).await, [now(3, "awaiting"), now(2, "replied"), now(1, "awaiting")]);
    assert_eq!(office.inbox("true_on=2026-11-20").await, []);

    let first = expect(office.world.get("/v1/consultations?limit=2").bearer_auth(&office.county), 200).await;
    let next =
        first["links"].as_array().and_then(|links| links.iter().find(|l| l["rel"] == "next")).expect("a next page");
    let second = expect(office.world.get(&text(&next["href"])).bearer_auth(&office.county), 200).await;
    assert_eq!(second["consultations"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["consultations"][0]["land_check"], json!(numbers[1]));
    let bad = office.world.get(&format!("/v1/consultations?limit=2&cursor={}", forged(&first, "x")));
    assert_eq!(expect(bad.bearer_auth(&office.county), 400).await["code"], "bad_cursor");
    let item = &first["consultations"][0];
    assert_eq!((&item["due"]["due_on"], &item["due"]["days_overdue"]), (&json!("2026-11-25"), &json!(1)));
    for wrong in ["status=late", "division=1", "limit=0", "known_at=now", "state=x"] {
        let refused = office.world.get(&format!("/v1/consultations?{wrong}")).bearer_auth(&office.county);
        assert_eq!(expect(refused, 400).await["code"], "bad_parameter", "{wrong}");
    }
    let elsewhere = office.world.key(Role::CountyEcology, "152921").await;
    let theirs = expect(office.world.get("/v1/consultations").bearer_auth(&elsewhere), 200).await;
    assert_eq!(theirs["consultations"], json!([]));
    let land_user = office.world.key(Role::LandUser, HERE).await;
    expect(office.world.get("/v1/consultations").bearer_auth(&land_user), 403).await;
}

#[tokio::test]
async fn others_are_told_without_what_was_written() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    let secret = "联系人王某 13900000000";
    expect(office.consult(&office.planning, &check, &json!({"contact": secret, "questions": secret})), 201).await;
    let address = path(&check, "/consultation/withdraw");
    let back = office.world.post(&address).bearer_auth(&office.planning).json(&json!({"reason": secret}));
    expect(back, 200).await;
    expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    expect(office.reply(&office.county, &check, &with(agreed(), json!({"text": secret}))), 201).await;
    let feed = expect(office.world.get("/v1/changes?register=land_check").bearer_auth(&office.county), 200).await;
    let kinds: Vec<String> = feed["changes"].as_array().expect("changes").iter().map(|c| text(&c["kind"])).collect();
    assert_eq!(
        kinds,
        [
            "land_check.consulted",
            "deadline.opened",
            "land_check.consultation_withdrawn",
            "deadline.cancelled",
            "land_check.consulted",
            "deadline.opened",
            "land_check.replied",
            "deadline.closed"
        ]
    );
    assert!(!feed.to_string().contains("王某"));
    let subject = &feed["changes"][6]["subject"];
    assert_eq!((&subject["id"], &subject["code"]), (&check["id"], &check["number"]));
    let data = &feed["changes"][6]["data"];
    assert_eq!(
        (&data["conclusion"], &data["verdict"], data["verdict_after"].is_string()),
        (&json!("agrees"), &json!("hold"), true)
    );
    // Nor does the audit chain say it.
    let lines: Vec<String> = sqlx::query_scalar("select line from platform_audit where line like '%consultation%'")
        .fetch_all(office.world.app.db())
        .await
        .expect("lines");
    assert!(lines.len() >= 3 && !lines.iter().any(|line| line.contains("王某")), "{lines:?}");
}

#[tokio::test]
async fn nothing_of_it_is_ever_changed_or_removed() {
    let office = Office::new().await;
    let check = office.awaiting().await;
    expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    let back = office.world.post(&path(&check, "/consultation/withdraw")).bearer_auth(&office.planning);
    expect(back.json(&json!({"reason": "x"})), 200).await;
    expect(office.consult(&office.planning, &check, &json!({})), 201).await;
    expect(office.reply(&office.county, &check, &agreed()), 201).await;
    let shared = json!({"division_code": HERE, "quarter": "2026Q4"});
    expect(office.world.post("/v1/land-checks/quarterly").bearer_auth(&office.planning).json(&shared), 201).await;
    for (table, column) in [
        ("consultation", "sender"),
        ("consultation_withdrawal", "reason"),
        ("consultation_reply", "body"),
        ("consultation_share", "quarter"),
    ] {
        for sql in [format!("update {table} set {column} = {column}"), format!("delete from {table}")] {
            let mut act = office.world.act(Permission::LandCheckConsult).await;
            let refused = sqlx::query(AssertSqlSafe(sql.clone())).execute(act.tx()).await.expect_err("refused");
            let code = refused.as_database_error().and_then(|db| db.code().map(|code| code.into_owned()));
            assert_eq!(code.as_deref(), Some("JT004"), "{sql}");
        }
        // And nothing is written outside an act.
        let copied = format!("insert into {table} select * from {table}");
        let refused = sqlx::query(AssertSqlSafe(copied)).execute(office.world.app.db()).await.expect_err("refused");
        let code = refused.as_database_error().and_then(|db| db.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("JT001"), "{table}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The quarter.

#[tokio::test]
async fn a_quarter_is_counted_shown_and_shared_byte_for_byte() {
    let office = Office::new().await;
    office.suspected("S1", 112.40).await;
    // The last minute of the quarter before, and the first of this one, in China.
    office.world.clock.move_to(Day::of(2026, 9, 30));
    office.acquire(112.40).await;
    office.world.clock.move_to(Day::of(2026, 10, 1));
    let asked = office.acquire(112.40).await;
    let answered = office.acquire(112.40).await;
    // A key industry on ground where nothing is registered.
    let lead = json!({"operation": "supply", "division_code": HERE, "reference": "=GD-1", "facts": {"former_industry": "2614"},
        "planned_use": {"system": "GB/T 21010-2017", "code": "0701"}});
    let lead = office.ask(112.70, lead).await;
    expect(office.consult(&office.planning, &asked, &json!({})), 201).await;
    let conditions =
        json!({"replied_on": "2026-10-01", "conclusion": "conditions", "conditions": "先行调查，\n再行收购"});
    expect(office.reply(&office.county, &answered, &with(agreed(), conditions)), 201).await;

    let now = office.read(&format!("/v1/land-checks/quarterly?division={HERE}&quarter=2026Q4")).await;
    let numbers: Vec<_> = now["checks"].as_array().expect("checks").iter().map(|c| c["number"].clone()).collect();
    assert_eq!(numbers, [asked["number"].clone(), answered["number"].clone(), lead["number"].clone()]);
    let operations: Vec<_> = now["counts"]
        .as_array()
        .expect("counts")
        .iter()
        .map(|c| (text(&c["operation"]), c["checks"].clone()))
        .collect();
    assert_eq!(operations, [("acquire".to_owned(), json!(2)), ("supply".to_owned(), json!(1))]);
    let replies = &now["replies"];
    assert_eq!(
        (&replies["required"], &replies["awaiting"], &replies["conditions"], &replies["not_consulted"]),
        (&json!(2), &json!(1), &json!(1), &json!(0))
    );
    let rows = now["checks"].as_array().expect("checks");
    assert_eq!(
        (&rows[0]["reply_status"], &rows[0]["consultation"]),
        (&json!("consulted"), &json!("ZX-140602-2026-0001"))
    );
    assert_eq!((&rows[1]["reply_status"], &rows[1]["conclusion"]), (&json!("replied"), &json!("conditions")));
    assert_eq!((&rows[1]["sites"], &rows[1]["lead"]), (&json!(["S1"]), &json!(false)));
    assert_eq!((&rows[2]["lead"], &rows[2]["planned_use"]), (&json!(true), &json!("GB/T 21010-2017:0701")));
    assert!((rows[2]["area_mu"].as_f64().unwrap() - rows[2]["area_m2"].as_f64().unwrap() * 0.0015).abs() < 1e-6);
    let cited: Vec<String> =
        now["citations"].as_array().expect("citations").iter().map(|c| text(&c["confidence"])).collect();
    assert_eq!(cited, ["verified", "verified", "unconfirmed"], "the quarter itself is no law");
    assert_eq!((&now["id"], &now["shared"]), (&Value::Null, &json!([])));
    let before = office.read("/v1/land-checks/quarterly?quarter=2026Q3").await;
    assert_eq!(before["checks"].as_array().map(Vec::len), Some(1), "the division is the key's own");

    // Page by page the same rows.
    let first = office.read("/v1/land-checks/quarterly?limit=2").await;
    assert_eq!(first["checks"].as_array().map(Vec::len), Some(2));
    let next = first["links"].as_array().and_then(|links| links.iter().find(|l| l["rel"] == "next")).expect("next");
    let second = office.read(&text(&next["href"])).await;
    assert_eq!((&second["checks"][0]["number"], &second["replies"]["required"]), (&lead["number"], &json!(2)));

    // Tables: what a spreadsheet would run is made inert.
    let csv =
        office.world.get("/v1/land-checks/quarterly?f=csv").bearer_auth(&office.planning).send().await.expect("sent");
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let csv = csv.text().await.expect("text");
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    assert!(csv.starts_with("\u{feff}查询编号,查询日期,办件编号,"));
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("a table");
    assert_eq!(records.len(), 3);
    assert_eq!(&records[2][2], "'=GD-1");
    assert_eq!(&records[1][21], "先行调查，\n再行收购");

    // Shared: the bytes stay.
    let share = |more: Value| {
        let body = with(json!({"division_code": HERE, "quarter": "2026Q4"}), more);
        office.world.post("/v1/land-checks/quarterly").bearer_auth(&office.planning).json(&body)
    };
    let made = expect(share(json!({})), 201).await;
    assert_eq!((&made["edition"], &made["checks"], &made["made_by_role"]), (&json!(1), &json!(3), &json!("planning")));
    expect(office.reply(&office.county, &asked, &with(agreed(), json!({"replied_on": "2026-10-01"}))), 201).await;
    let address = text(&made["href"]);
    let kept = office.world.get(&address).bearer_auth(&office.county).send().await.expect("sent");
    assert_eq!(kept.status(), 200, "the bureau reads it");
    let bytes = kept.bytes().await.expect("bytes");
    assert_eq!(hex::encode(Sha256::digest(&bytes)), text(&made["sha256"]));
    let report: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(
        (&report["id"], &report["replies"]["awaiting"], &report["checks"]),
        (&made["id"], &json!(1), &now["checks"])
    );
    let sheet = office.world.get(&format!("{address}?f=xlsx")).bearer_auth(&office.county).send().await.expect("sent");
    let xlsx = sheet.bytes().await.expect("bytes");
    assert!(xlsx.starts_with(b"PK"));
    let kept_csv =
        office.world.get(&format!("{address}?f=csv")).bearer_auth(&office.county).send().await.expect("sent");
    assert_eq!(kept_csv.text().await.expect("text"), csv, "of the state that was shared");
    assert_eq!(expect(share(json!({})), 409).await["code"], "reason_needed");
    assert_eq!(expect(share(json!({"reason": " "})), 422).await["errors"][0]["pointer"], "/reason");
    let second = expect(share(json!({"reason": "补报回复"})), 201).await;
    assert_eq!((&second["edition"], &second["reason"]), (&json!(2), &json!("补报回复")));
    let listed = office.read("/v1/land-checks/quarterly?quarter=2026Q4").await;
    assert_eq!(listed["shared"].as_array().map(Vec::len), Some(2));

    let feed = "/v1/changes?kind=land_check.quarter_shared";
    let told = expect(office.world.get(feed).bearer_auth(&office.county), 200).await;
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&told["changes"][0]["data"]["sha256"], &told["changes"][0]["subject"]["id"]),
        (&made["sha256"], &made["id"])
    );
}

#[tokio::test]
async fn a_quarter_is_refused_where_it_is_none_or_not_theirs() {
    let office = Office::new().await;
    for (query, status, code) in [
        ("quarter=2026Q5", 400, "bad_parameter"),
        ("quarter=2026", 400, "bad_parameter"),
        ("division=140699", 403, "outside_division"),
        ("division=152921", 403, "outside_division"),
        ("f=pdf", 400, "bad_parameter"),
        ("limit=0", 400, "bad_parameter"),
        ("cursor=x", 400, "bad_cursor"),
    ] {
        let refused = office.world.get(&format!("/v1/land-checks/quarterly?{query}")).bearer_auth(&office.planning);
        assert_eq!(expect(refused, status).await["code"], code, "{query}");
    }
    let share = |key: &str, division: &str, quarter: &str| {
        let body = json!({"division_code": division, "quarter": quarter});
        office.world.post("/v1/land-checks/quarterly").bearer_auth(key).json(&body)
    };
    let refused = expect(share(&office.planning, HERE, "2027Q1"), 422).await;
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/quarter"), &json!("in_the_future"))
    );
    assert_eq!(expect(share(&office.planning, HERE, "x"), 422).await["errors"][0]["code"], "bad_quarter");
    assert_eq!(expect(share(&office.planning, "152921", "2026Q3"), 403).await["code"], "outside_division");
    assert_eq!(expect(share(&office.county, HERE, "2026Q3"), 403).await["code"], "role_not_allowed");
    let nation = office.world.key(Role::Planning, "000000").await;
    assert_eq!(expect(share(&nation, "999999", "2026Q3"), 422).await["errors"][0]["code"], "unknown_division");
    let unknown = office.world.get("/v1/land-checks/quarterly?division=999999").bearer_auth(&nation);
    assert_eq!(expect(unknown, 400).await["code"], "bad_parameter");
    // An empty quarter is shared too: that nothing was asked is news.
    let made = expect(share(&office.planning, HERE, "2026Q3"), 201).await;
    let elsewhere = office.world.key(Role::CountyEcology, "152921").await;
    let address = text(&made["href"]);
    expect(office.world.get(&address).bearer_auth(&elsewhere), 404).await;
    expect(office.world.get("/v1/land-checks/quarterly/x").bearer_auth(&office.county), 404).await;
    let city = expect(office.world.get(&address).bearer_auth(&office.city), 200).await;
    assert_eq!((&city["checks"], &city["counts"]), (&json!([]), &json!([])));
}
