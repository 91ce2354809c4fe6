//! Statutory clocks: started, stopped, counted anew, listed for any day.

use crate::loading::{feature, load};
use crate::support::{CREDIT_CODE, World, expect};
use jingtu::config::Config;
use jingtu::kernel::{Day, DeadlineId};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::deadline::rules::catalogue::{self, PRELIMINARY_SURVEY_SIX_MONTHS as SIX_MONTHS};
use jingtu::registers::deadline::rules::{Closed, status};
use jingtu::registers::deadline::{self, ClockKey, OpenDeadline, Subject};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const RULE: &str = "preliminary_survey_six_months";

fn subject(n: u128, division: &str) -> Subject {
    Subject {
        register: "site",
        id: Uuid::from_u128(n),
        code: format!("{division}-{n}"),
        name: format!("地块 {n}"),
        division_code: division.to_owned(),
        owner_credit_code: None,
    }
}

async fn open(world: &World, subject: Subject, start_on: Day) -> DeadlineId {
    let mut act = world.act(Permission::SiteEvent).await;
    let id = deadline::open(&mut act, six_months(subject, start_on)).await.expect("opened");
    act.finish(Reply::nothing()).await.expect("commit");
    id
}

fn six_months(subject: Subject, start_on: Day) -> OpenDeadline {
    let occasion = String::new();
    OpenDeadline { rule: &SIX_MONTHS, subject, occasion, opened_on: start_on, start_on, set_due_on: None }
}

/// The key of the six months of a site.
fn clock(subject: &Subject) -> ClockKey<'static> {
    ClockKey { register: "site", subject: subject.id, rule: RULE, occasion: "" }
}

async fn list(world: &World, key: &str, query: &str) -> Value {
    expect(world.get(&format!("/v1/deadlines?{query}")).bearer_auth(key), 200).await
}

fn ids(list: &Value) -> Vec<String> {
    list["deadlines"].as_array().expect("deadlines").iter().map(|d| d["id"].as_str().expect("id").to_owned()).collect()
}

#[tokio::test]
async fn a_clock_says_when_why_and_who() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let id = open(&world, subject(1, "152921"), Day::of(2026, 5, 21)).await;
    let listed = list(&world, &key, "").await;
    let clock = &listed["deadlines"][0];
    assert_eq!(ids(&listed), [id.to_string()]);
    assert_eq!(clock["rule"], RULE);
    assert_eq!(
        clock["subject"],
        json!({"register": "site", "id": Uuid::from_u128(1), "code": "152921-1", "name": "地块 1"})
    );
    for (name, value) in [
        ("start_on", json!("2026-05-21")),
        ("nominal_due_on", json!("2026-11-21")),
        ("due_on", json!("2026-11-23")),
        ("provisional", json!(false)),
        ("status", json!("due_soon")),
        ("days_left", json!(2)),
        ("days_overdue", json!(0)),
        ("responsible", json!("land_user")),
        ("responsible_zh", json!("土地使用权人")),
        ("closed_on", Value::Null),
    ] {
        assert_eq!(clock[name], value, "{name}");
    }
    let articles: Vec<_> =
        clock["why"].as_array().expect("why").iter().map(|w| w["citations"][0]["article"].clone()).collect();
    assert_eq!(articles, ["13", "201", "202", "203"]);
    assert!(clock["why"][3]["text_zh"].as_str().is_some_and(|zh| zh.contains("2026-11-23")));
    assert!(clock["why"][3]["text_en"].as_str().is_some_and(|en| en.contains("rest day")));
    assert_eq!(
        listed["counts"],
        json!({"open": 0, "due_soon": 1, "overdue": 0, "met": 0, "met_late": 0, "cancelled": 0, "suspended": 0})
    );

    // The last day itself is in time; it is not there before it was opened.
    assert_eq!(list(&world, &key, "on=2026-11-23").await["deadlines"][0]["status"], "due_soon");
    let late = list(&world, &key, "on=2026-11-24&status=overdue").await;
    assert_eq!((&late["deadlines"][0]["days_overdue"], &late["deadlines"][0]["days_left"]), (&json!(1), &Value::Null));
    assert_eq!(ids(&list(&world, &key, "on=2026-05-20").await), [""; 0]);
}

#[tokio::test]
async fn six_months_hold_every_vector() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/deadline_vectors.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let world = World::new().await;
    let mut held = 0;
    for (n, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[0] != "6_months" {
            continue;
        }
        let subject = subject(n as u128, "152921");
        let id = open(&world, subject.clone(), Day::parse(cells[1]).expect("a day")).await;
        let mut conn = world.app.db().acquire().await.expect("connect");
        let clocks = deadline::for_subject(&mut conn, "site", subject.id).await.expect("read");
        assert_eq!((clocks[0].id, clocks[0].due_on.to_string().as_str()), (id, cells[2]), "{line}");
        held += 1;
    }
    assert_eq!(held, 6);
}

#[tokio::test]
async fn a_clock_is_stopped_reopened_and_called_off() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let (site, other) = (subject(1, "152921"), subject(2, "152921"));
    let id = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
    open(&world, other.clone(), Day::of(2026, 4, 1)).await;

    let mut act = world.act(Permission::SiteEvent).await;
    let twice = six_months(site.clone(), site_day());
    assert_eq!(deadline::open(&mut act, twice).await.expect_err("refused").code(), "deadline_running");
    act.abandon().await.expect("undone");

    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(deadline::close(&mut act, &clock(&site), Day::of(2026, 10, 8)).await.expect("closed"), id);
    deadline::cancel(&mut act, &clock(&other), Day::of(2026, 6, 1), "责任灭失").await.expect("cancelled");
    act.finish(Reply::nothing()).await.expect("commit");
    let stands = |on: &'static str| {
        let (world, key) = (&world, &key);
        async move {
            let listed = list(world, key, &format!("on={on}")).await;
            let mut stands: Vec<(String, String)> = listed["deadlines"]
                .as_array()
                .expect("deadlines")
                .iter()
                .map(|d| {
                    (
                        d["subject"]["code"].as_str().expect("code").to_owned(),
                        d["status"].as_str().expect("status").to_owned(),
                    )
                })
                .collect();
            stands.sort();
            stands.into_iter().map(|(_, status)| status).collect::<Vec<_>>()
        }
    };
    // What was stopped later still runs on the day asked.
    assert_eq!(stands("2026-05-31").await, ["open", "open"]);
    assert_eq!(stands("2026-06-01").await, ["open", "cancelled"]);
    assert_eq!(stands("2026-10-07").await, ["due_soon", "cancelled"]);
    assert_eq!(stands("2026-10-08").await, ["met", "cancelled"]);

    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(deadline::reopen(&mut act, &clock(&site)).await.expect("reopened"), id);
    act.finish(Reply::nothing()).await.expect("commit");
    assert_eq!(stands("2026-11-21").await, ["overdue", "cancelled"]);
    let mut act = world.act(Permission::SiteEvent).await;
    deadline::close(&mut act, &clock(&site), Day::of(2026, 11, 20)).await.expect("closed");
    act.finish(Reply::nothing()).await.expect("commit");
    let listed = list(&world, &key, "status=met_late").await;
    assert_eq!((&listed["deadlines"][0]["days_overdue"], &listed["counts"]["cancelled"]), (&json!(43), &json!(1)));

    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(deadline::close(&mut act, &clock(&site), site_day()).await.expect_err("none runs").code(), "internal");
    let history: i64 = sqlx::query_scalar("select count(*) from deadline_history where id = $1")
        .bind(id.0)
        .fetch_one(world.app.db())
        .await
        .expect("history");
    assert_eq!(history, 3);
}

fn site_day() -> Day {
    Day::of(2026, 6, 1)
}

#[tokio::test]
async fn a_due_date_in_a_year_not_announced_is_provisional_until_the_calendar_is_loaded() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    // Six months from 1 April 2027 end on 1 October, a holiday of every year.
    let id = open(&world, subject(1, "152921"), Day::of(2027, 4, 1)).await;
    let settled = open(&world, subject(2, "152921"), Day::of(2026, 4, 1)).await;
    let on = "on=2027-04-02";
    let before = list(&world, &key, on).await;
    let clock =
        before["deadlines"].as_array().expect("rows").iter().find(|d| d["id"] == json!(id)).expect("there").clone();
    assert_eq!((&clock["due_on"], &clock["provisional"]), (&json!("2027-10-01"), &json!(true)));

    // A stand-in for the notice of 2027 in the form of the published files; not the real one, which is not announced.
    let days: Vec<Value> = [(1, 1), (5, 1), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5), (10, 6), (10, 7)]
        .map(|(month, day)| json!({"name": "假日", "date": Day::of(2027, month, day), "isOffDay": true}))
        .to_vec();
    let file = json!({"year": 2027, "papers": ["https://example.com/notice"], "days": days}).to_string();
    let mut act = world.act(Permission::CalendarWrite).await;
    let done = deadline::import_calendar(&mut act, file.as_bytes()).await.expect("loaded");
    act.finish(Reply::nothing()).await.expect("commit");
    assert_eq!((done.years, done.changed_years, done.doubts.len()), (vec![2027], vec![2027], 0));
    let recomputed: Vec<_> = done.recomputed.iter().map(|r| (r.id, r.was_due_on, r.due_on, r.provisional)).collect();
    assert_eq!(recomputed, [(id, Day::of(2027, 10, 1), Day::of(2027, 10, 8), false)]);
    let after = list(&world, &key, on).await;
    let clock = |id: DeadlineId| {
        after["deadlines"].as_array().expect("rows").iter().find(|d| d["id"] == json!(id)).expect("there")
    };
    assert_eq!((&clock(id)["due_on"], &clock(id)["provisional"]), (&json!("2027-10-08"), &json!(false)));
    assert_eq!(clock(settled)["due_on"], "2026-10-08");

    // Loading it again changes nothing, and a placeholder is refused whole.
    let mut act = world.act(Permission::CalendarWrite).await;
    let again = deadline::import_calendar(&mut act, file.as_bytes()).await.expect("loaded");
    assert_eq!((again.changed_years.len(), again.recomputed.len()), (0, 0));
    act.abandon().await.expect("undone");
    let mut act = world.act(Permission::CalendarWrite).await;
    let empty = json!({"year": 2028, "papers": [], "days": []}).to_string();
    let refused = deadline::import_calendar(&mut act, empty.as_bytes()).await.expect_err("refused");
    assert_eq!(refused.faults()[0].code, "calendar_year_empty");
    let mut conn = world.app.db().acquire().await.expect("connect");
    let calendar = deadline::calendar(&mut conn).await.expect("calendar");
    assert!(calendar.has_year(2027) && !calendar.has_year(2028) && calendar.has_year(2007));
}

#[tokio::test]
async fn rolling_forward_is_a_setting_of_the_rule() {
    let roll_forward = BTreeMap::from([(RULE.to_owned(), false)]);
    let world = World::with(Config { roll_forward, ..Config::default() }).await;
    let key = world.key(Role::CountyEcology, "152921").await;
    open(&world, subject(1, "152921"), Day::of(2026, 5, 21)).await;
    assert_eq!(list(&world, &key, "").await["deadlines"][0]["due_on"], "2026-11-21");
}

#[tokio::test]
async fn everybody_sees_the_clocks_of_their_own() {
    let world = World::new().await;
    let own = Subject { owner_credit_code: Some(CREDIT_CODE.to_owned()), ..subject(1, "152921") };
    open(&world, own.clone(), Day::of(2026, 5, 21)).await;
    open(&world, subject(2, "152971"), Day::of(2026, 5, 21)).await;
    open(&world, subject(3, "140602"), Day::of(2026, 5, 21)).await;
    for (role, division, query, expected) in [
        (Role::CountyEcology, "152921", "", vec!["152921-1"]),
        (Role::PrefectureEcology, "152900", "", vec!["152921-1", "152971-2"]),
        (Role::PrefectureEcology, "152900", "division=152971", vec!["152971-2"]),
        (Role::CountyEcology, "152922", "", vec![]),
        (Role::LandUser, "140602", "", vec!["152921-1"]),
        (Role::Auditor, "000000", "", vec!["152921-1", "152971-2", "140602-3"]),
        (Role::Auditor, "000000", "division=150000", vec!["152921-1", "152971-2"]),
        (
            Role::Auditor,
            "000000",
            "division=000000&rule=preliminary_survey_six_months",
            vec!["152921-1", "152971-2", "140602-3"],
        ),
    ] {
        let key = world.key(role, division).await;
        let listed = list(&world, &key, query).await;
        let seen: BTreeSet<_> = listed["deadlines"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|d| d["subject"]["code"].as_str().expect("code"))
            .collect();
        assert_eq!(seen, expected.iter().copied().collect(), "{role:?} {division} {query}");
        assert_eq!(listed["counts"]["due_soon"], json!(expected.len()), "{role:?} {division} {query}");
    }
    assert_eq!(expect(world.get("/v1/deadlines"), 401).await["code"], "unauthenticated");

    // A record that moves takes its clocks along.
    let mut act = world.act(Permission::SiteEvent).await;
    let moved = Subject { division_code: "152922".to_owned(), name: "改名".to_owned(), ..own };
    deadline::subject_changed(&mut act, &moved).await.expect("kept in step");
    act.finish(Reply::nothing()).await.expect("commit");
    let key = world.key(Role::CountyEcology, "152922").await;
    assert_eq!(list(&world, &key, "").await["deadlines"][0]["subject"]["name"], "改名");
}

#[tokio::test]
async fn a_division_is_what_hangs_below_it_and_not_what_its_digits_say() {
    let world = World::new().await;
    // Digits of Shanxi, under Alxa League all the same.
    let zone = json!({"code": "140671", "name_zh": "飞地", "level": "county", "parent_code": "152900"});
    load(&world, "divisions", &[feature(zone, Value::Null)], 1).await;
    open(&world, subject(1, "140671"), Day::of(2026, 5, 21)).await;
    open(&world, subject(2, "140602"), Day::of(2026, 5, 21)).await;
    let key = world.key(Role::Auditor, "000000").await;
    for (division, expected) in
        [("152900", "140671-1"), ("150000", "140671-1"), ("140671", "140671-1"), ("140600", "140602-2")]
    {
        let listed = list(&world, &key, &format!("division={division}")).await;
        let seen: Vec<_> =
            listed["deadlines"].as_array().expect("rows").iter().map(|d| d["subject"]["code"].clone()).collect();
        assert_eq!((seen, &listed["counts"]["due_soon"]), (vec![json!(expected)], &json!(1)), "{division}");
        let address = format!("/v1/deadlines.ics?division={division}");
        let calendar = world.get(&address).bearer_auth(&key).send().await.expect("an answer");
        let calendar = calendar.text().await.expect("a body");
        assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 1, "{division}");
        assert!(calendar.contains(expected), "{division}: {calendar}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    for query in ["status=late", "division=15", "rule=none", "on=2026-13-01", "limit=0", "cursor=x", "stat=open"] {
        let refused = expect(world.get(&format!("/v1/deadlines?{query}")).bearer_auth(&key), 400).await;
        assert!(
            ["bad_parameter", "bad_cursor"].contains(&refused["code"].as_str().expect("code")),
            "{query}: {refused}"
        );
    }
}

#[tokio::test]
async fn pages_give_every_clock_once_and_the_sql_agrees_with_the_rule() {
    let world = World::new().await;
    let key = world.key(Role::Auditor, "000000").await;
    // Clocks of many ages, some ended in time, late or called off.
    let mut act = world.act(Permission::SiteEvent).await;
    for n in 0..60_i64 {
        let start_on = Day::of(2026, 1, 1).add_days(n * 5 - n % 3);
        let site = subject(n.unsigned_abs().into(), "152921");
        let new = six_months(site.clone(), start_on);
        deadline::open(&mut act, new).await.expect("opened");
        let end = start_on.add_days(150 + n);
        match n % 4 {
            1 => drop(deadline::close(&mut act, &clock(&site), end).await.expect("closed")),
            2 => drop(deadline::cancel(&mut act, &clock(&site), end, "责任灭失").await.expect("cancelled")),
            _ => {}
        }
    }
    act.finish(Reply::nothing()).await.expect("commit");
    for on in ["2026-03-01", "2026-07-01", "2026-09-15", "2026-11-21", "2027-06-01"] {
        let whole = list(&world, &key, &format!("on={on}&limit=10000")).await;
        let mut seen = Vec::new();
        let mut next = Some(format!("/v1/deadlines?on={on}&limit=7"));
        while let Some(path) = next {
            let page = expect(world.get(&path).bearer_auth(&key), 200).await;
            seen.extend(ids(&page));
            next = page["links"]
                .as_array()
                .expect("links")
                .iter()
                .find(|l| l["rel"] == "next")
                .map(|l| l["href"].as_str().expect("href").to_owned());
        }
        assert_eq!(seen, ids(&whole), "{on}");
        let mut by_status: BTreeMap<String, i64> = BTreeMap::new();
        for clock in whole["deadlines"].as_array().expect("rows") {
            *by_status.entry(clock["status"].as_str().expect("status").to_owned()).or_default() += 1;
        }
        for (name, n) in whole["counts"].as_object().expect("counts") {
            assert_eq!(by_status.get(name).copied().unwrap_or(0), n.as_i64().expect("n"), "{on} {name}");
            let some = list(&world, &key, &format!("on={on}&status={name}&limit=10000")).await;
            let wanted: Vec<_> = whole["deadlines"]
                .as_array()
                .expect("rows")
                .iter()
                .filter(|d| d["status"] == json!(name))
                .map(|d| d["id"].as_str().expect("id").to_owned())
                .collect();
            assert_eq!(ids(&some), wanted, "{on} {name}");
        }
    }
    let page = list(&world, &key, "limit=7").await;
    let cursor =
        page["links"][0]["href"].as_str().and_then(|h| h.split("cursor=").nth(1)).expect("a cursor").to_owned();
    let other = expect(world.get(&format!("/v1/deadlines?status=open&cursor={cursor}")).bearer_auth(&key), 400).await;
    assert_eq!(other["code"], "bad_cursor");
}

/// The function in SQL and the rule in Rust are one rule, on any days.
#[tokio::test]
async fn the_status_in_sql_is_the_status_in_rust() {
    let world = World::new().await;
    let days = |day: Day| sqlx::types::chrono::NaiveDate::parse_from_str(&day.to_string(), "%Y-%m-%d").expect("a date");
    let strategy = (-40_i64..40, proptest::option::of(-60_i64..60), proptest::bool::ANY, -60_i64..60, 0_u32..40);
    let mut runner = TestRunner::new(Runs::default());
    for _ in 0..500 {
        let (due, closed, cancelled, asked, soon) = strategy.new_tree(&mut runner).expect("a case").current();
        let base = Day::of(2026, 11, 21);
        let (due_on, on) = (base.add_days(due), base.add_days(asked));
        let closed_on = closed.map(|n| base.add_days(n));
        let rule = status(due_on, closed_on.map(|on| Closed { on, cancelled }), on, soon);
        let sql: String = sqlx::query_scalar("select deadline_status($1, $2, $3, '[]', $4, $5)")
            .bind(days(due_on))
            .bind(closed_on.map(days))
            .bind(cancelled && closed_on.is_some())
            .bind(days(on))
            .bind(i32::try_from(soon).expect("small"))
            .fetch_one(world.app.db())
            .await
            .expect("status");
        assert_eq!(sql, rule.as_str(), "due {due_on} closed {closed_on:?} {cancelled} on {on} soon {soon}");
    }
    assert!(catalogue::ALL.iter().all(|rule| rule.due_soon_days > 0));
}

#[tokio::test]
async fn the_calendar_is_one_that_mail_programs_read() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let name = "老厂区，东侧; 一\\二";
    let id = open(&world, Subject { name: name.to_owned(), ..subject(1, "152921") }, Day::of(2026, 5, 21)).await;
    open(&world, subject(2, "152921"), Day::of(2026, 10, 21)).await;
    let response =
        world.get("/v1/deadlines.ics?status=due_soon").basic_auth("", Some(&key)).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().is_ok_and(|t| t.starts_with("text/calendar")));
    let text = response.text().await.expect("text");
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
    let lines: Vec<String> = text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect();
    assert_eq!((lines[0].as_str(), lines[lines.len() - 2].as_str()), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
    for line in [
        &format!("UID:{id}@deadlines.jingtu"),
        "DTSTAMP:20261121T040000Z",
        "DTSTART;VALUE=DATE:20261123",
        "DTEND;VALUE=DATE:20261124",
        "SUMMARY:疑似污染地块土壤环境初步调查（六个月）：老厂区，东侧\\; 一\\\\二",
        "CATEGORIES:即将到期",
        "STATUS:CONFIRMED",
    ] {
        assert_eq!(lines.iter().filter(|l| *l == line).count(), 1, "{line}\n{text}");
    }
    assert_eq!(lines.iter().filter(|l| *l == "BEGIN:VEVENT").count(), 1);
    assert_eq!(expect(world.get("/v1/deadlines.ics"), 401).await["code"], "unauthenticated");
}
