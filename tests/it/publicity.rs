//! What must be public: owed, met, too short, taken down, seen by whom.

use crate::support::{CREDIT_CODE, TODAY, World, expect, forged};
use jingtu::config::Config;
use jingtu::kernel::{Day, DocumentId};
use jingtu::platform::{Act, Permission, Reply, Role};
use jingtu::registers::deadline::Subject;
use jingtu::registers::document::{self, NewDocument};
use jingtu::registers::publicity::rules::{Shown, catalogue, status};
use jingtu::registers::publicity::{self, DutyKey, NewDuty, Publication};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn site(n: u128, division: &str) -> Subject {
    Subject {
        register: "site",
        id: Uuid::from_u128(n),
        code: format!("{division}-{n}"),
        name: format!("地块 {n}"),
        division_code: division.to_owned(),
        owner_credit_code: None,
    }
}

fn key<'a>(subject: &Subject, duty: &'a str) -> DutyKey<'a> {
    DutyKey { register: "site", subject: subject.id, duty, occasion: "" }
}

fn on_web(from: Day, to: Option<Day>) -> Publication {
    Publication {
        channel: "门户网站".to_owned(),
        url: Some("https://www.example.com/notice/1".to_owned()),
        from,
        to,
        document_id: None,
    }
}

async fn act(world: &World) -> Act {
    world.act(Permission::SiteEvent).await
}

async fn done(act: Act) {
    act.finish(Reply::nothing()).await.expect("commit");
}

async fn owe(world: &World, subject: &Subject, duty: &str, since: Day) {
    let mut act = act(world).await;
    let rule = publicity::find(duty).expect("a duty");
    let new = NewDuty { rule, subject: subject.clone(), occasion: String::new(), since };
    publicity::owe(&mut act, new).await.expect("owed");
    done(act).await;
}

async fn meet(world: &World, subject: &Subject, duty: &str, publication: &Publication) {
    let mut act = act(world).await;
    publicity::meet(&mut act, &key(subject, duty), publication).await.expect("met");
    done(act).await;
}

async fn list(world: &World, key: &str, query: &str) -> Value {
    expect(world.get(&format!("/v1/publicity?{query}")).bearer_auth(key), 200).await
}

async fn public(world: &World, query: &str) -> Value {
    expect(world.get(&format!("/v1/publicity?{query}")), 200).await
}

fn rows(list: &Value) -> &Vec<Value> {
    list["duties"].as_array().expect("duties")
}

/// Which duty of which record, in the order of the page.
fn names(list: &Value) -> Vec<String> {
    let name =
        |d: &Value| format!("{} {}", d["subject"]["code"].as_str().expect("code"), d["duty"].as_str().expect("duty"));
    rows(list).iter().map(name).collect()
}

fn standing(list: &Value) -> Vec<&str> {
    rows(list).iter().map(|d| d["status"].as_str().expect("status")).collect()
}

#[tokio::test]
async fn the_directory_is_to_be_public_within_twenty_working_days_order_42_14() {
    let world = World::new().await;
    let bureau = world.key(Role::PrefectureEcology, "152900").await;
    let land = site(1, "152921");
    owe(&world, &land, "contaminated_directory", Day::of(2026, 9, 18)).await;
    let listed = list(&world, &bureau, "on=2026-10-22").await;
    let duty = &rows(&listed)[0];
    for (name, value) in [
        ("duty", json!("contaminated_directory")),
        ("status", json!("owed")),
        ("owed_by", json!("prefecture_ecology")),
        ("audience", json!("public")),
        ("division_zh", json!("阿拉善左旗")),
        ("publications", json!([])),
    ] {
        assert_eq!(duty[name], value, "{name}");
    }
    let inside = &duty["inside"];
    assert_eq!(
        (&inside["due_on"], &inside["days_overdue"], &inside["met"]),
        (&json!("2026-10-22"), &json!(0), &json!(false))
    );
    let lacking = &inside["lacking"];
    assert!(lacking["text_zh"].as_str().is_some_and(|zh| zh.contains("尚未公开")), "{lacking}");
    let articles: Vec<_> = lacking["citations"].as_array().expect("citations").iter().map(|c| &c["article"]).collect();
    assert_eq!(articles[..2], [&json!("14"), &json!("26")]);

    let clocks = expect(world.get("/v1/deadlines?rule=directory_publication").bearer_auth(&bureau), 200).await;
    assert_eq!(clocks["deadlines"][0]["id"], inside["deadline_id"]);
    assert_eq!(clocks["deadlines"][0]["status"], "overdue");

    let late = list(&world, &bureau, "overdue=true").await;
    assert_eq!(rows(&late)[0]["inside"]["days_overdue"], json!(30));
    assert_eq!(names(&list(&world, &bureau, "overdue=true&on=2026-10-22").await), [""; 0]);
    assert_eq!(names(&list(&world, &bureau, "on=2026-09-17").await), [""; 0]);

    meet(&world, &land, "contaminated_directory", &on_web(Day::of(2026, 11, 20), None)).await;
    let listed = list(&world, &bureau, "").await;
    let duty = &rows(&listed)[0];
    assert_eq!(duty["status"], "on_display");
    assert_eq!((&duty["inside"]["met"], &duty["inside"]["lacking"]), (&json!(true), &Value::Null));
    assert_eq!(duty["publications"][0]["from"], "2026-11-20");
    assert_eq!(listed["counts"]["on_display"], 1);
    let clocks = expect(world.get("/v1/deadlines?rule=directory_publication").bearer_auth(&bureau), 200).await;
    assert_eq!(
        (&clocks["deadlines"][0]["status"], &clocks["deadlines"][0]["closed_on"]),
        (&json!("met_late"), &json!("2026-11-20"))
    );
    // What was made public later was not on the day asked.
    assert_eq!(standing(&list(&world, &bureau, "on=2026-11-19").await), ["owed"]);
}

#[tokio::test]
async fn an_effect_report_is_public_for_two_months_at_least_order_42_26() {
    let world = World::new().await;
    let bureau = world.key(Role::ProvinceEcology, "150000").await;
    let land = site(1, "152921");
    owe(&world, &land, "effect_report", Day::of(2026, 9, 1)).await;
    meet(&world, &land, "effect_report", &on_web(Day::of(2026, 9, 2), Some(Day::of(2026, 11, 1)))).await;

    let listed = list(&world, &bureau, "on=2026-11-01").await;
    let duty = &rows(&listed)[0];
    assert_eq!((&duty["status"], &duty["inside"]["met"]), (&json!("on_display"), &json!(false)));
    assert_eq!(duty["publications"][0]["public_until_at_least"], "2026-11-02");
    let lacking = &duty["inside"]["lacking"];
    for said in ["2026-11-01", "2026-11-02"] {
        let both = [&lacking["text_zh"], &lacking["text_en"]];
        assert!(both.iter().all(|text| text.as_str().is_some_and(|t| t.contains(said))), "{lacking}");
    }
    let least = &lacking["least"];
    assert_eq!(
        (&least["months"], &least["confidence"], &least["configured"]),
        (&json!(2), &json!("recalled"), &json!(false))
    );
    assert_eq!(least["citations"][0]["article"], "26");
    assert_eq!(names(&list(&world, &bureau, "on=2026-11-01&met=false").await).len(), 1);

    // The day after its last it has come down too early, and stays to be done.
    let after = list(&world, &bureau, "").await;
    assert_eq!(standing(&after), ["taken_down_early"]);
    let unmet = expect(world.get("/v1/publicity/unmet").bearer_auth(&bureau), 200).await;
    assert_eq!(unmet["bureaus"][0]["taken_down_early"], 1);

    // Put up again for long enough, it is met, and the first attempt stays on record.
    world.clock.move_to(Day::of(2026, 11, 23));
    meet(&world, &land, "effect_report", &on_web(Day::of(2026, 11, 23), Some(Day::of(2027, 1, 23)))).await;
    let again = list(&world, &bureau, "").await;
    assert_eq!(standing(&again), ["on_display"]);
    assert_eq!(rows(&again)[0]["inside"]["met"], true);
    assert_eq!(rows(&again)[0]["publications"].as_array().map(Vec::len), Some(2));
    assert_eq!(standing(&list(&world, &bureau, "on=2027-01-24").await), ["ended"]);
    assert_eq!(standing(&list(&world, &bureau, "on=2026-11-22").await), ["taken_down_early"]);
    let unmet = expect(world.get("/v1/publicity/unmet").bearer_auth(&bureau), 200).await;
    assert_eq!(unmet["bureaus"], json!([]));
}

#[tokio::test]
async fn the_operators_least_period_says_that_it_is_one() {
    let set = BTreeMap::from([("effect_report_public_months".to_owned(), BTreeMap::from([("152900".to_owned(), 3)]))]);
    let world = World::with(Config { parameters: set, ..Config::default() }).await;
    let bureau = world.key(Role::Auditor, "000000").await;
    for (n, division) in [(1, "152921"), (2, "140602")] {
        owe(&world, &site(n, division), "effect_report", Day::of(2026, 9, 1)).await;
        meet(&world, &site(n, division), "effect_report", &on_web(Day::of(2026, 9, 1), Some(Day::of(2026, 11, 1))))
            .await;
    }
    let listed = list(&world, &bureau, "met=false").await;
    assert_eq!(names(&listed), ["152921-1 effect_report"]);
    let least = &rows(&listed)[0]["inside"]["lacking"]["least"];
    assert_eq!(
        (&least["months"], &least["confidence"], &least["configured"]),
        (&json!(3), &json!("unconfirmed"), &json!(true))
    );
}

#[tokio::test]
async fn a_step_entered_in_error_leaves_what_was_before() {
    let world = World::new().await;
    let bureau = world.key(Role::CountyEcology, "152921").await;
    let land = site(1, "152921");
    let since = Day::of(2026, 11, 2);
    owe(&world, &land, "preliminary_report", since).await;

    // Owed twice at a time it cannot be; another report of the same site has a clock of its own.
    let mut twice = act(&world).await;
    let rule = publicity::find("preliminary_report").expect("a duty");
    let again = NewDuty { rule, subject: land.clone(), occasion: String::new(), since };
    let refused = publicity::owe(&mut twice, again).await.expect_err("refused");
    assert!(["publicity_owed", "deadline_running"].contains(&refused.code()), "{refused:?}");
    twice.abandon().await.expect("undone");
    owe(&world, &land, "detailed_report", since).await;

    let running = |clocks: &Value| {
        clocks["counts"]["open"].as_i64().unwrap_or(0) + clocks["counts"]["due_soon"].as_i64().unwrap_or(0)
    };
    let clocks = "/v1/deadlines?rule=report_publication&on=2026-11-10";
    assert_eq!(running(&expect(world.get(clocks).bearer_auth(&bureau), 200).await), 2);

    meet(&world, &land, "preliminary_report", &on_web(Day::of(2026, 11, 5), None)).await;
    assert_eq!(running(&expect(world.get(clocks).bearer_auth(&bureau), 200).await), 1);
    let query = "duty=preliminary_report";
    assert_eq!(standing(&list(&world, &bureau, query).await), ["on_display"]);

    // Met, it cannot fall away: the publication is taken back first.
    let mut wrong = act(&world).await;
    let refused = publicity::release(&mut wrong, &key(&land, "preliminary_report"), TODAY).await.expect_err("refused");
    assert_eq!(refused.code(), "internal");
    wrong.abandon().await.expect("undone");

    let mut undo = act(&world).await;
    publicity::unmeet(&mut undo, &key(&land, "preliminary_report")).await.expect("taken back");
    done(undo).await;
    assert_eq!(standing(&list(&world, &bureau, query).await), ["owed"]);
    assert_eq!(running(&expect(world.get(clocks).bearer_auth(&bureau), 200).await), 2);

    let mut undo = act(&world).await;
    publicity::release(&mut undo, &key(&land, "preliminary_report"), Day::of(2026, 11, 9)).await.expect("released");
    done(undo).await;
    assert_eq!(standing(&list(&world, &bureau, query).await), ["released"]);
    assert_eq!(standing(&list(&world, &bureau, "duty=preliminary_report&on=2026-11-08").await), ["owed"]);
    assert_eq!(names(&list(&world, &bureau, "met=false").await), ["152921-1 detailed_report"]);
    assert_eq!(running(&expect(world.get(clocks).bearer_auth(&bureau), 200).await), 1);

    // The step comes once more; then its report is returned, and the next one is owed beside the one that was shown.
    owe(&world, &land, "preliminary_report", Day::of(2026, 11, 9)).await;
    meet(&world, &land, "preliminary_report", &on_web(Day::of(2026, 11, 10), None)).await;
    owe(&world, &land, "preliminary_report", Day::of(2026, 11, 12)).await;
    assert_eq!(standing(&list(&world, &bureau, query).await), ["released", "on_display", "owed"]);
    let mut undo = act(&world).await;
    publicity::release(&mut undo, &key(&land, "preliminary_report"), Day::of(2026, 11, 13)).await.expect("released");
    publicity::unmeet(&mut undo, &key(&land, "preliminary_report")).await.expect("taken back");
    done(undo).await;
    assert_eq!(standing(&list(&world, &bureau, query).await), ["released", "owed", "released"]);
    assert_eq!(running(&expect(world.get(clocks).bearer_auth(&bureau), 200).await), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_publication_is_refused_and_nothing_is_kept() {
    let world = World::new().await;
    let bureau = world.key(Role::CountyEcology, "152921").await;
    let land = site(1, "152921");
    owe(&world, &land, "risk_assessment", Day::of(2026, 11, 20)).await;
    let good = on_web(TODAY, None);
    for (pointer, wrong) in [
        ("/url", Publication { url: Some("javascript:alert(1)".to_owned()), ..good.clone() }),
        ("/channel", Publication { channel: String::new(), ..good.clone() }),
        ("/from", Publication { from: TODAY.next(), ..good.clone() }),
        ("/to", Publication { to: Some(TODAY.add_days(-1)), ..good.clone() }),
        ("/document_id", Publication { document_id: Some(DocumentId(Uuid::from_u128(9))), ..good.clone() }),
    ] {
        let mut act = act(&world).await;
        let refused = publicity::meet(&mut act, &key(&land, "risk_assessment"), &wrong).await.expect_err("refused");
        assert_eq!(refused.faults()[0].pointer, pointer);
        act.abandon().await.expect("undone");
    }
    let mut none = act(&world).await;
    let refused = publicity::meet(&mut none, &key(&land, "effect_report"), &good).await.expect_err("not owed");
    assert_eq!(refused.code(), "internal");
    none.abandon().await.expect("undone");
    assert_eq!(standing(&list(&world, &bureau, "").await), ["owed"]);
}

#[tokio::test]
async fn a_notice_board_stands_from_the_first_day_of_the_works_to_the_last_law_40() {
    let world = World::new().await;
    let bureau = world.key(Role::CountyEcology, "152921").await;
    let land = site(1, "152921");
    owe(&world, &land, "works_notice_board", Day::of(2026, 11, 10)).await;
    // No period is given for it: on the next day it is late.
    assert_eq!(names(&list(&world, &bureau, "overdue=true&on=2026-11-10").await), [""; 0]);
    let late = list(&world, &bureau, "overdue=true&on=2026-11-12").await;
    assert_eq!(
        (&rows(&late)[0]["inside"]["days_overdue"], &rows(&late)[0]["inside"]["deadline_id"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(rows(&late)[0]["citations"][0]["article"], "435(3)");

    let board =
        Publication { channel: "施工现场公告牌".to_owned(), url: None, ..on_web(Day::of(2026, 11, 12), None) };
    meet(&world, &land, "works_notice_board", &board).await;
    let mut over = act(&world).await;
    publicity::take_down(&mut over, &key(&land, "works_notice_board"), Day::of(2026, 11, 18))
        .await
        .expect("taken down");
    done(over).await;
    for (on, stands, to) in [
        ("2026-11-17", "on_display", Value::Null),
        ("2026-11-18", "on_display", json!("2026-11-18")),
        ("2026-11-19", "ended", json!("2026-11-18")),
    ] {
        let listed = list(&world, &bureau, &format!("on={on}")).await;
        assert_eq!((standing(&listed), &rows(&listed)[0]["publications"][0]["to"]), (vec![stands], &to), "{on}");
    }
    let mut back = act(&world).await;
    publicity::put_back(&mut back, &key(&land, "works_notice_board"), Day::of(2026, 11, 18)).await.expect("put back");
    done(back).await;
    assert_eq!(standing(&list(&world, &bureau, "").await), ["on_display"]);
}

#[tokio::test]
async fn everybody_sees_the_duties_of_their_own_and_the_public_what_is_on_display() {
    let world = World::new().await;
    let own = Subject { owner_credit_code: Some(CREDIT_CODE.to_owned()), ..site(1, "152921") };
    let (suspected, far) = (site(2, "152921"), site(3, "140602"));
    let day = Day::of(2026, 11, 2);
    for (subject, duty) in [
        (&own, "contaminated_directory"),
        (&own, "county_government_told"),
        (&own, "detailed_report"),
        (&own, "effect_report"),
        (&suspected, "preliminary_report"),
        (&far, "control_list_removal"),
    ] {
        owe(&world, subject, duty, day).await;
    }
    let paper = paper(&world).await;
    let proven = Publication { document_id: Some(paper), ..on_web(day.next(), None) };
    meet(&world, &own, "contaminated_directory", &proven).await;
    meet(&world, &own, "county_government_told", &on_web(day, None)).await;
    meet(&world, &own, "detailed_report", &on_web(day, None)).await;
    meet(&world, &suspected, "preliminary_report", &on_web(day, None)).await;
    meet(&world, &far, "control_list_removal", &on_web(day, None)).await;

    for (role, division, n) in [
        (Role::CountyEcology, "152921", 5),
        (Role::CountyEcology, "152922", 0),
        (Role::PrefectureEcology, "152900", 5),
        (Role::ProvinceEcology, "140000", 1),
        (Role::Auditor, "000000", 6),
        (Role::LandUser, "152921", 4),
    ] {
        let token = world.key(role, division).await;
        let listed = list(&world, &token, "").await;
        assert_eq!(listed["numberReturned"], n, "{role:?} {division}");
        assert!(rows(&listed).iter().all(|d| d["inside"].is_object()));
    }
    let county = world.key(Role::CountyEcology, "152921").await;
    let directory = list(&world, &county, "duty=contaminated_directory").await;
    assert_eq!(rows(&directory)[0]["publications"][0]["document_id"], json!(paper));

    // A record in a public list is shown with all that is on display of it; another one not even by name.
    let seen = public(&world, "").await;
    let mut expected =
        vec!["152921-1 contaminated_directory", "152921-1 detailed_report", "140602-3 control_list_removal"];
    let mut got = names(&seen);
    expected.sort_unstable();
    got.sort_unstable();
    assert_eq!(got, expected);
    for duty in rows(&seen) {
        assert!(duty.get("inside").is_none() && duty["publications"][0].get("document_id").is_none(), "{duty}");
        assert_eq!(duty["publications"][0]["url"], "https://www.example.com/notice/1");
    }
    // Nothing is counted for the public, whoever asks for it.
    for query in ["", "counts=true"] {
        assert_eq!(public(&world, query).await["counts"], Value::Null, "{query}");
    }
    for query in ["status=owed", "overdue=true", "met=false", "division=152922", "duty=preliminary_report"] {
        assert_eq!(names(&public(&world, query).await), [""; 0], "{query}");
    }
    // Somebody with a key but without a part in it sees what the public sees.
    let agency = world.key(Role::ThirdParty, "152921").await;
    assert_eq!(names(&list(&world, &agency, "").await).len(), 3);

    // The register says when everybody may see the record, what it is called, and where it lies.
    let mut act = act(&world).await;
    let renamed = Subject { name: "新名称".to_owned(), division_code: "152922".to_owned(), ..suspected.clone() };
    publicity::subject_changed(&mut act, &renamed, true).await.expect("kept in step");
    publicity::subject_changed(&mut act, &own, false).await.expect("kept in step");
    done(act).await;
    let seen = public(&world, "division=152900").await;
    assert_eq!(
        names(&seen).into_iter().collect::<BTreeSet<_>>(),
        ["152921-1 contaminated_directory", "152921-2 preliminary_report"].map(str::to_owned).into()
    );
    let moved = rows(&seen).iter().find(|d| d["duty"] == "preliminary_report").expect("there");
    assert_eq!((&moved["subject"]["name"], &moved["division_zh"]), (&json!("新名称"), &json!("阿拉善右旗")));
}

#[tokio::test]
async fn a_layer_can_say_where_to_read_more() {
    let world = World::new().await;
    let land = site(1, "152921");
    let address = || async {
        let address: Option<String> = sqlx::query_scalar(
            "select (select url from publicity_address('site', $1, 'contaminated_directory', null, null))",
        )
        .bind(land.id)
        .fetch_one(world.app.db())
        .await
        .expect("an answer");
        address
    };
    owe(&world, &land, "contaminated_directory", Day::of(2026, 11, 2)).await;
    assert_eq!(address().await, None);
    meet(&world, &land, "contaminated_directory", &on_web(Day::of(2026, 11, 3), None)).await;
    let newer = Publication { url: Some("https://www.example.com/notice/2".to_owned()), ..on_web(TODAY, None) };
    meet(&world, &land, "contaminated_directory", &newer).await;
    assert_eq!(address().await.as_deref(), Some("https://www.example.com/notice/2"));
    let mut undo = act(&world).await;
    publicity::unmeet(&mut undo, &key(&land, "contaminated_directory")).await.expect("taken back");
    done(undo).await;
    assert_eq!(address().await.as_deref(), Some("https://www.example.com/notice/1"));
    let mut over = act(&world).await;
    publicity::take_down(&mut over, &key(&land, "contaminated_directory"), TODAY).await.expect("taken down");
    done(over).await;
    assert_eq!(address().await, None);
}

async fn paper(world: &World) -> DocumentId {
    let mut act = world.act(Permission::DocumentAdd).await;
    let new = NewDocument {
        content: bytes::Bytes::from_static(b"as shown on the web site\n"),
        file_name: "proof.txt".to_owned(),
        kind: "publication_proof".to_owned(),
        title: "公开截图".to_owned(),
        issued_on: None,
        division: None,
    };
    let id = document::add(&mut act, new).await.expect("filed");
    done(act).await;
    id
}

#[tokio::test]
async fn what_is_not_met_is_counted_where_its_bureau_sits() {
    let world = World::new().await;
    let province = world.key(Role::ProvinceEcology, "150000").await;
    for (n, division) in [(1, "152921"), (2, "152922"), (3, "152922")] {
        owe(&world, &site(n, division), "contaminated_directory", Day::of(2026, 11, 2)).await;
        owe(&world, &site(n, division), "control_zone", Day::of(2026, 10, 8 + u32::try_from(n).expect("small"))).await;
    }
    meet(&world, &site(3, "152922"), "contaminated_directory", &on_web(Day::of(2026, 11, 3), None)).await;
    owe(&world, &site(1, "152921"), "control_list", Day::of(2026, 11, 4)).await;
    let line = |b: &Value| json!([b["division_code"], b["owed_by"], b["unmet"], b["overdue"], b["oldest_since"]]);
    let unmet = |query: &'static str| {
        let (world, province) = (&world, &province);
        async move {
            let unmet = expect(world.get(&format!("/v1/publicity/unmet?{query}")).bearer_auth(province), 200).await;
            unmet["bureaus"].as_array().expect("bureaus").clone()
        }
    };
    let bureaus = unmet("").await;
    assert_eq!(
        bureaus.iter().map(line).collect::<Vec<_>>(),
        [
            json!(["150000", "province_ecology", 1, 0, "2026-11-04"]),
            json!(["152900", "prefecture_ecology", 2, 0, "2026-11-02"]),
            json!(["152921", "county_ecology", 1, 1, "2026-10-09"]),
            json!(["152922", "county_ecology", 2, 2, "2026-10-10"]),
        ]
    );
    assert_eq!(bureaus[1]["division_zh"], "阿拉善盟");
    for bureau in &bureaus {
        let href = bureau["links"][0]["href"].as_str().expect("a link");
        let behind = expect(world.get(href).bearer_auth(&province), 200).await;
        assert_eq!(behind["numberReturned"], bureau["unmet"], "{href}");
    }
    let by_prefecture: Vec<Value> = unmet("level=prefecture&division=152900").await.iter().map(line).collect();
    assert_eq!(by_prefecture[0], json!(["152900", "county_ecology", 3, 3, "2026-10-09"]));
    assert_eq!(by_prefecture.len(), 3);
    assert_eq!(unmet("division=152922&level=county").await.len(), 2);
    assert_eq!(
        unmet("on=2026-10-09").await.iter().map(line).collect::<Vec<_>>(),
        [json!(["152921", "county_ecology", 1, 0, "2026-10-09"])]
    );

    // A bureau sees its own part; the public none of it.
    let county = world.key(Role::CountyEcology, "152921").await;
    let own = expect(world.get("/v1/publicity/unmet").bearer_auth(&county), 200).await;
    assert_eq!(own["bureaus"].as_array().map(Vec::len), Some(3));
    expect(world.get("/v1/publicity/unmet"), 401).await;
    let refused = expect(world.get("/v1/publicity/unmet?level=town").bearer_auth(&county), 400).await;
    assert_eq!(refused["code"], "bad_parameter");
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let world = World::new().await;
    let bureau = world.key(Role::CountyEcology, "152921").await;
    for n in 0..5 {
        owe(&world, &site(n, "152921"), "control_zone", Day::of(2026, 11, 2)).await;
    }
    let mut seen = BTreeSet::new();
    let mut next =
        "/v1/publicity?limit=2&division=152900&owed_by=county_ecology&duty=control_zone&overdue=true".to_owned();
    let mut pages = 0;
    loop {
        let page = expect(world.get(&next).bearer_auth(&bureau), 200).await;
        seen.extend(names(&page));
        pages += 1;
        // They are counted on the first page, unless somebody asks for them or not.
        assert_eq!(page["counts"].is_object(), pages == 1, "{page}");
        for (asked, given) in [("true", true), ("false", false)] {
            let page = expect(world.get(&format!("{next}&counts={asked}")).bearer_auth(&bureau), 200).await;
            assert_eq!((&page["counts"]["owed"] == 5, page["counts"].is_object()), (given, given), "{page}");
        }
        if pages == 1 {
            let cursor = forged(&page, "2026-11-02");
            let path = format!(
                "/v1/publicity?limit=2&division=152900&owed_by=county_ecology&duty=control_zone&overdue=true&on={TODAY}&cursor={cursor}"
            );
            assert_eq!(expect(world.get(&path).bearer_auth(&bureau), 400).await["code"], "bad_cursor");
        }
        let link = page["links"].as_array().and_then(|links| links.iter().find(|l| l["rel"] == "next")).cloned();
        match link {
            Some(link) => next = link["href"].as_str().expect("href").to_owned(),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (5, 3));
    for wrong in ["status=shown", "division=15", "owed_by=nobody", "duty=nothing", "limit=0", "cursor=x", "other=1"] {
        let refused = expect(world.get(&format!("/v1/publicity?{wrong}")).bearer_auth(&bureau), 400).await;
        assert!(["bad_parameter", "bad_cursor"].contains(&refused["code"].as_str().expect("code")), "{wrong}");
    }
    let one = list(&world, &bureau, &format!("subject={}", Uuid::from_u128(3))).await;
    assert_eq!(names(&one), ["152921-3 control_zone"]);
}

#[tokio::test]
async fn the_catalogue_says_what_is_withheld_and_why_by_place_and_day() {
    let world = World::new().await;
    let all = expect(world.get("/v1/publicity/catalogue"), 200).await;
    let duties = all["duties"].as_array().expect("duties").clone();
    assert_eq!(duties.len(), catalogue::ALL.len());
    let duty = |all: &Value, id: &str| {
        all["duties"].as_array().expect("duties").iter().find(|d| d["id"] == id).expect("there").clone()
    };
    let report = duty(&all, "effect_report");
    assert_eq!(
        (&report["owed_by"], &report["clock"], &report["least"]["months"]),
        (&json!("land_user"), &json!("report_publication"), &json!(2))
    );
    let points =
        &report["withheld"].as_array().expect("withheld").iter().find(|w| w["id"] == "sampling_points").cloned();
    let points = points.as_ref().expect("there");
    assert!(points["why_zh"].as_str().is_some_and(|why| why.contains("密级")));
    assert_eq!(points["citations"][0]["confidence"], "unconfirmed");
    assert_eq!(duty(&all, "works_notice_board")["citations"][0]["article"], "435(3)");

    let before = expect(world.get("/v1/publicity/catalogue?on=2026-08-14&division=152921"), 200).await;
    let cited = &duty(&before, "works_notice_board")["citations"][0];
    assert_eq!((&cited["article"], &cited["successor"]["article"]), (&json!("40(3)"), &json!("435(3)")));
    let zone = duty(&before, "control_zone");
    let plans: Vec<_> =
        zone["citations"].as_array().expect("citations").iter().map(|c| c["instrument_zh"].clone()).collect();
    assert!(plans.contains(&json!("阿拉善盟土壤污染防治实施方案")), "{plans:?}");
    let elsewhere = duty(&all, "control_zone")["citations"].to_string();
    assert!(!elsewhere.contains("阿拉善"));
}

#[tokio::test]
async fn the_page_for_everybody_shows_what_is_on_display_and_nothing_else() {
    let world = World::new().await;
    let land = Subject { name: "<b>旧厂</b>".to_owned(), ..site(1, "152921") };
    owe(&world, &land, "contaminated_directory", Day::of(2026, 11, 2)).await;
    owe(&world, &land, "effect_report", Day::of(2026, 11, 2)).await;
    owe(&world, &site(2, "140602"), "control_list", Day::of(2026, 11, 2)).await;
    owe(&world, &site(3, "152921"), "preliminary_report", Day::of(2026, 11, 2)).await;
    meet(&world, &land, "contaminated_directory", &on_web(Day::of(2026, 11, 3), None)).await;
    meet(&world, &site(2, "140602"), "control_list", &on_web(Day::of(2026, 11, 3), Some(Day::of(2026, 12, 3)))).await;
    meet(&world, &site(3, "152921"), "preliminary_report", &on_web(Day::of(2026, 11, 3), None)).await;

    let response = world.get("/publicity").send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(response.headers()["content-security-policy"].to_str().is_ok_and(|csp| csp.contains("default-src 'none'")));
    let all = response.text().await.expect("a page");
    for said in [
        "152921-1 &lt;b&gt;旧厂&lt;/b&gt;",
        "140602-2",
        "公开污染地块名录",
        "Directory of contaminated sites made public",
        "2026-11-03 — 2026-12-03",
        "href=\"https://www.example.com/notice/1\"",
        "href=\"/publicity?division=140602\"",
        "采样点位坐标",
        "密级",
    ] {
        assert!(all.contains(said), "{said} in {all}");
    }
    for unsaid in ["152921-3", "效果评估报告</span>", "<b>", "<script", "src="] {
        assert!(!all.contains(unsaid), "{unsaid}");
    }
    // A department's key changes nothing on it.
    let bureau = world.key(Role::ProvinceEcology, "150000").await;
    let alxa = world.get("/publicity?division=152900").bearer_auth(&bureau).send().await.expect("an answer");
    let alxa = alxa.text().await.expect("a page");
    assert!(alxa.contains("152921-1") && !alxa.contains("140602-2") && !alxa.contains("152921-3"));
    expect(world.get("/publicity?division=x"), 400).await;
}

#[tokio::test]
async fn others_are_told_of_what_is_owed_and_the_public_of_what_is_shown() {
    let world = World::new().await;
    let bureau = world.key(Role::CountyEcology, "152921").await;
    let (listed, hidden) = (site(1, "152921"), site(2, "152921"));
    for (subject, duty) in [(&listed, "contaminated_directory"), (&hidden, "preliminary_report")] {
        owe(&world, subject, duty, Day::of(2026, 11, 2)).await;
        meet(&world, subject, duty, &on_web(Day::of(2026, 11, 3), None)).await;
        let mut undo = act(&world).await;
        publicity::unmeet(&mut undo, &key(subject, duty)).await.expect("taken back");
        publicity::release(&mut undo, &key(subject, duty), TODAY).await.expect("released");
        done(undo).await;
    }
    let kinds = |changes: &Value| -> Vec<String> {
        let changes = changes["changes"].as_array().expect("changes").iter();
        changes
            .map(|c| format!("{} {}", c["subject"]["code"].as_str().expect("code"), c["kind"].as_str().expect("kind")))
            .filter(|c| c.contains("publicity."))
            .collect()
    };
    let told = expect(world.get("/v1/changes").bearer_auth(&bureau), 200).await;
    let each = ["publicity.owed", "publicity.met", "publicity.unmet", "publicity.released"];
    let expected: Vec<String> =
        ["152921-1", "152921-2"].iter().flat_map(|code| each.map(|kind| format!("{code} {kind}"))).collect();
    assert_eq!(kinds(&told), expected, "{told}");
    let told = expect(world.get("/v1/changes"), 200).await;
    assert_eq!(kinds(&told), ["152921-1 publicity.met", "152921-1 publicity.unmet"], "{told}");
}

/// The rule in Rust and the one in SQL say the same of every duty on every day.
#[tokio::test]
async fn what_the_list_filters_by_is_what_the_rule_says() {
    let world = World::new().await;
    let first = Day::of(2026, 9, 1);
    let day = move || (0_i64..40).prop_map(move |n| first.add_days(n));
    let publication = (
        day(),
        proptest::option::of(0_i64..20),
        proptest::option::of(0_i64..20),
        proptest::option::of(0_i64..20),
        proptest::bool::weighted(0.2),
    );
    let duty = (proptest::collection::vec(publication, 0..4), proptest::option::weighted(0.2, day()));
    let mut runner = TestRunner::new_with_rng(
        Runs::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let mut duties = Vec::new();
    let mut act = act(&world).await;
    for n in 0..80_u128 {
        let (publications, released_on) = duty.new_tree(&mut runner).expect("a duty").current();
        let id = Uuid::from_u128(n);
        sqlx::query(
            "insert into publicity_duty (id, duty, subject_register, subject_id, subject_code, subject_name, division_code,
                                         record_is_public, occasion, owed_by, owed_since, released_on)
             values ($1, 'effect_report', 'site', $1, 'x', 'x', '152921', false, '', 'land_user', $2, $3)",
        )
        .bind(id)
        .bind(first)
        .bind(released_on)
        .execute(act.tx())
        .await
        .expect("a duty");
        for (seq, (from, lasts, least, down, withdrawn)) in (1_i32..).zip(&publications) {
            sqlx::query(
                "insert into publicity_publication (id, duty_id, seq, channel, shown_from, shown_to, at_least_until,
                                                    taken_down_on, withdrawn)
                 values (gen_random_uuid(), $1, $2, 'x', $3, $4, $5, $6, $7)",
            )
            .bind(id)
            .bind(seq)
            .bind(from)
            .bind(lasts.map(|days| from.add_days(days)))
            .bind(least.map(|days| from.add_days(days)))
            .bind(down.map(|days| from.add_days(days)))
            .bind(withdrawn)
            .execute(act.tx())
            .await
            .expect("a publication");
        }
        duties.push((id, publications, released_on));
    }
    let mut met = BTreeMap::new();
    for on in (-1..62).map(|n| first.add_days(n)) {
        let found: Vec<(Uuid, String, bool)> = sqlx::query_as(
            "select d.id, s.status, s.met from publicity_duty d cross join lateral publicity_status(d.id, d.released_on, $1) s",
        )
        .bind(on)
        .fetch_all(act.tx())
        .await
        .expect("statuses");
        for (id, publications, released_on) in &duties {
            let shown: Vec<Shown> = publications
                .iter()
                .filter(|(.., withdrawn)| !withdrawn)
                .map(|(from, lasts, least, down, _)| Shown {
                    from: *from,
                    to: [*lasts, down.filter(|days| from.add_days(*days) <= on)]
                        .into_iter()
                        .flatten()
                        .min()
                        .map(|days| from.add_days(days)),
                    at_least_until: least.map(|days| from.add_days(days)),
                })
                .collect();
            let said = status(&shown, *released_on, on);
            let got = found.iter().find(|(found, ..)| found == id).expect("there");
            assert_eq!(
                (got.1.as_str(), got.2),
                (said.status.as_str(), said.met),
                "{on} {publications:?} {released_on:?}"
            );
            *met.entry((said.status.as_str(), said.met)).or_insert(0) += 1;
        }
    }
    act.abandon().await.expect("undone");
    // Every case came up.
    assert_eq!(met.len(), 6, "{met:?}");
}
