//! Statutory clocks: started, stopped, counted anew, listed for any day.

use crate::loading::{feature, load};
use crate::support::{CREDIT_CODE, World, expect, forged};
use jingtu::config::Config;
use jingtu::kernel::{Day, DeadlineId, Result};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::deadline::rules::catalogue::PRELIMINARY_SURVEY_SIX_MONTHS as SIX_MONTHS;
use jingtu::registers::deadline::rules::catalogue::{
    DETAILED_SURVEY_AS_NOTIFIED, DIRECTORY_PUBLICATION, EFFECT_REVIEW, SOIL_TRANSPORT_NOTICE,
};
use jingtu::registers::deadline::rules::{Change, ChangeKind, Closed, Course, Status, status};
use jingtu::registers::deadline::{self, ClockKey, OpenDeadline, Subject};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub const RULE: &str = "preliminary_survey_six_months";

pub fn subject(n: u128, division: &str) -> Subject {
    Subject {
        register: "site",
        id: Uuid::from_u128(n),
        code: format!("{division}-{n}"),
        name: format!("地块 {n}"),
        division_code: division.to_owned(),
        owner_credit_code: None,
    }
}

pub async fn open(world: &World, subject: Subject, start_on: Day) -> DeadlineId {
    let mut act = world.act(Permission::SiteEvent).await;
    let id = deadline::open(&mut act, six_months(subject, start_on)).await.expect("opened");
    act.finish(Reply::nothing()).await.expect("commit");
    id
}

pub fn six_months(subject: Subject, start_on: Day) -> OpenDeadline {
    let occasion = String::new();
    OpenDeadline { rule: &SIX_MONTHS, subject, occasion, opened_on: start_on, start_on, set_due_on: None }
}

/// The key of the six months of a site.
pub fn clock(subject: &Subject) -> ClockKey<'static> {
    ClockKey { register: "site", subject: subject.id, rule: RULE, occasion: "" }
}

pub async fn list(world: &World, key: &str, query: &str) -> Value {
    expect(world.get(&format!("/v1/deadlines?{query}")).bearer_auth(key), 200).await
}

pub fn ids(list: &Value) -> Vec<String> {
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
        assert_eq!(
            (clocks[0].id, clocks[0].due_on.expect("a last day").to_string().as_str()),
            (id, cells[2]),
            "{line}"
        );
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
    // They are counted once, unless somebody asks for them or not.
    assert!(page["counts"].is_object());
    assert_eq!(list(&world, &key, "limit=7&counts=false").await["counts"], Value::Null);
    let next = page["links"][0]["href"].as_str().expect("a link");
    assert_eq!(expect(world.get(next).bearer_auth(&key), 200).await["counts"], Value::Null);
    let again = expect(world.get(&format!("{next}&counts=true")).bearer_auth(&key), 200).await;
    assert_eq!(again["counts"], page["counts"]);
    let next = again["links"][0]["href"].as_str().expect("a link");
    assert_eq!(expect(world.get(next).bearer_auth(&key), 200).await["counts"], page["counts"]);
    let cursor =
        page["links"][0]["href"].as_str().and_then(|h| h.split("cursor=").nth(1)).expect("a cursor").to_owned();
    let other = expect(world.get(&format!("/v1/deadlines?status=open&cursor={cursor}")).bearer_auth(&key), 400).await;
    assert_eq!(other["code"], "bad_cursor");
    for wrong in ["", "x", "|", "|x", "2026-13-01|00000000-0000-7000-8000-000000000000"] {
        let path = format!("/v1/deadlines?limit=7&cursor={}", forged(&page, wrong));
        assert_eq!(expect(world.get(&path).bearer_auth(&key), 400).await["code"], "bad_cursor", "{wrong:?}");
    }
}

/// The function in SQL and the rule in Rust are one rule, on any days and after any changes.
#[tokio::test]
async fn the_status_in_sql_is_the_status_in_rust() {
    let world = World::new().await;
    let days = |day: Day| sqlx::types::chrono::NaiveDate::parse_from_str(&day.to_string(), "%Y-%m-%d").expect("a date");
    // A change: days since the one before, which kind, days by which the last day moves.
    let changes = proptest::collection::vec((0_i64..25, 0_u8..3, 0_i64..40), 0..5);
    let strategy =
        (-40_i64..40, proptest::option::of(-60_i64..60), proptest::bool::ANY, -60_i64..60, 0_u32..40, changes);
    let mut runner = TestRunner::new(Runs::default());
    let mut seen = BTreeSet::new();
    for _ in 0..800 {
        let (due, closed, cancelled, asked, soon, drawn) = strategy.new_tree(&mut runner).expect("a case").current();
        let base = Day::of(2026, 11, 21);
        let on = base.add_days(asked);
        let closed_on = closed.map(|n| base.add_days(n));
        let (mut due_on, mut at) = (base.add_days(due), base.add_days(-50));
        let mut changes = Vec::new();
        for (later, kind, moved) in drawn {
            at = at.add_days(later);
            let kind = [ChangeKind::Extended, ChangeKind::Suspended, ChangeKind::Resumed][usize::from(kind)];
            let was_due_on = due_on;
            due_on = if kind == ChangeKind::Suspended { due_on } else { due_on.add_days(moved) };
            let (until, days, cause, document_id) = (None, None, None, None);
            changes.push(Change { kind, on: at, until, days, cause, document_id, was_due_on, due_on });
        }
        let course =
            Course { due_on: Some(due_on), changes: &changes, closed: closed_on.map(|on| Closed { on, cancelled }) };
        let rule = course.status(on, soon);
        let sql: String = sqlx::query_scalar("select deadline_status($1, $2, $3, $4, $5, $6)")
            .bind(days(due_on))
            .bind(closed_on.map(days))
            .bind(cancelled && closed_on.is_some())
            .bind(serde_json::to_value(&changes).expect("JSON"))
            .bind(days(on))
            .bind(i32::try_from(soon).expect("small"))
            .fetch_one(world.app.db())
            .await
            .expect("status");
        assert_eq!(sql, rule.as_str(), "{course:?} on {on} soon {soon}");
        if changes.is_empty() {
            assert_eq!(rule, status(due_on, course.closed, on, soon));
        }
        seen.insert(rule.as_str());
    }
    assert_eq!(seen.len(), Status::ALL.len(), "only {seen:?} came up");
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

/// Does something in an act of its own that lasts.
macro_rules! lasting {
    ($world:expr, $act:ident => $what:expr) => {{
        let mut $act = $world.act(Permission::SiteEvent).await;
        let done = $what.await.expect("done");
        $act.finish(Reply::nothing()).await.expect("commit");
        done
    }};
}
pub(crate) use lasting;

async fn one(world: &World, key: &str, id: DeadlineId, query: &str) -> Value {
    expect(world.get(&format!("/v1/deadlines/{id}?{query}")).bearer_auth(key), 200).await
}

#[tokio::test]
async fn an_extension_counts_from_its_day_and_is_taken_back_without_a_trace() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let site = subject(1, "152921");
    let id = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
    let before = one(&world, &key, id, "").await;
    assert_eq!((&before["due_on"], &before["status"]), (&json!("2026-10-08"), &json!("overdue")));

    let mut act = world.act(Permission::SiteEvent).await;
    let decided = Day::of(2026, 9, 20);
    for (until, cause, code) in [(Day::of(2026, 10, 8), "疫情", "not_later"), (Day::of(2026, 12, 1), " ", "missing")]
    {
        let refused = deadline::extend(&mut act, &clock(&site), until, decided, cause, None).await;
        assert_eq!(refused.expect_err("refused").faults()[0].code, code);
    }
    act.abandon().await.expect("undone");
    // A Saturday: what is decided stays as it is.
    let until = Day::of(2026, 11, 28);
    lasting!(world, act => deadline::extend(&mut act, &clock(&site), until, decided, "采样受阻", None));
    for (on, due_on, status, changes) in [
        ("2026-09-19", "2026-10-08", "due_soon", 0),
        ("2026-09-20", "2026-11-28", "open", 1),
        ("2026-11-21", "2026-11-28", "due_soon", 1),
        ("2026-11-29", "2026-11-28", "overdue", 1),
    ] {
        let then = one(&world, &key, id, &format!("on={on}")).await;
        assert_eq!((&then["due_on"], &then["status"]), (&json!(due_on), &json!(status)), "{on}");
        assert_eq!(then["changes"].as_array().map(Vec::len), Some(changes), "{on}");
    }
    let extended = one(&world, &key, id, "").await;
    let change = &extended["changes"][0];
    assert_eq!(
        (&change["kind"], &change["on"], &change["until"], &change["cause"], &change["was_due_on"]),
        (&json!("extended"), &json!("2026-09-20"), &json!("2026-11-28"), &json!("采样受阻"), &json!("2026-10-08"))
    );
    let last = extended["why"].as_array().and_then(|why| why.last()).expect("why");
    assert!(last["text_zh"].as_str().is_some_and(|zh| zh.contains("延期至 2026-11-28")));
    assert_eq!(last["citations"][0]["confidence"], "unconfirmed");

    lasting!(world, act => deadline::take_back_extension(&mut act, &clock(&site)));
    assert_eq!(one(&world, &key, id, "").await, before);
    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(deadline::take_back_extension(&mut act, &clock(&site)).await.expect_err("none").code(), "internal");
    act.abandon().await.expect("undone");
}

#[tokio::test]
async fn a_clock_that_stands_still_gets_its_days_back() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let site = subject(1, "152921");
    let id = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
    let before = one(&world, &key, id, "").await;
    let key_of = clock(&site);
    lasting!(world, act => deadline::suspend(&mut act, &key_of, Day::of(2026, 9, 1), "诉讼期间"));
    let suspended = one(&world, &key, id, "").await;
    assert_eq!((&suspended["status"], &suspended["suspended_on"]), (&json!("suspended"), &json!("2026-09-01")));
    assert_eq!((&suspended["days_left"], &suspended["days_overdue"]), (&Value::Null, &json!(0)));
    assert_eq!(one(&world, &key, id, "on=2026-08-31").await["status"], "open");
    assert_eq!(list(&world, &key, "status=suspended").await["counts"]["suspended"], 1);

    let mut act = world.act(Permission::SiteEvent).await;
    let (until, on) = (Day::of(2027, 1, 1), Day::of(2026, 9, 2));
    let code = |refused: Result<DeadlineId>| refused.expect_err("refused").code();
    assert_eq!(code(deadline::suspend(&mut act, &key_of, on, "x").await), "deadline_suspended");
    assert_eq!(code(deadline::extend(&mut act, &key_of, until, on, "x", None).await), "deadline_suspended");
    let early = deadline::resume(&mut act, &key_of, Day::of(2026, 8, 31)).await.expect_err("refused");
    assert_eq!(early.faults()[0].code, "out_of_order");
    act.abandon().await.expect("undone");

    // 1 October and 61 days is 1 December.
    lasting!(world, act => deadline::resume(&mut act, &key_of, Day::of(2026, 11, 1)));
    for (on, due_on, status) in [
        ("2026-08-31", "2026-10-08", "open"),
        ("2026-09-01", "2026-10-08", "suspended"),
        ("2026-10-31", "2026-10-08", "suspended"),
        ("2026-11-01", "2026-12-01", "due_soon"),
        ("2026-12-02", "2026-12-01", "overdue"),
    ] {
        let then = one(&world, &key, id, &format!("on={on}")).await;
        assert_eq!((&then["due_on"], &then["status"]), (&json!(due_on), &json!(status)), "{on}");
    }
    assert_eq!(one(&world, &key, id, "").await["changes"][1]["days"], 61);
    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(code(deadline::resume(&mut act, &key_of, Day::of(2026, 11, 2)).await), "deadline_not_suspended");
    act.abandon().await.expect("undone");

    lasting!(world, act => deadline::take_back_resumption(&mut act, &key_of));
    assert_eq!(one(&world, &key, id, "").await, suspended);
    // Handed in while it stood still: as on the day it stopped.
    lasting!(world, act => deadline::close(&mut act, &key_of, Day::of(2026, 11, 20)));
    assert_eq!(one(&world, &key, id, "").await["status"], "met");
    lasting!(world, act => deadline::reopen(&mut act, &key_of));
    lasting!(world, act => deadline::take_back_suspension(&mut act, &key_of));
    assert_eq!(one(&world, &key, id, "").await, before);
}

#[tokio::test]
async fn several_clocks_of_a_rule_run_for_a_record_and_a_mistaken_one_is_passed_over() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let site = subject(1, "152921");
    let transport = |event: &str, on: Day| OpenDeadline {
        rule: &SOIL_TRANSPORT_NOTICE,
        subject: site.clone(),
        occasion: event.to_owned(),
        opened_on: Day::of(2026, 9, 1),
        start_on: on,
        set_due_on: None,
    };
    let key_of = |occasion: &'static str| ClockKey { rule: "soil_transport_notice", occasion, ..clock(&site) };
    // Five working days before 11 October 2021 and 25 February 2026, as the rulebook counts them.
    let first = lasting!(world, act => deadline::open(&mut act, transport("event-3", Day::of(2021, 10, 11))));
    let second = lasting!(world, act => deadline::open(&mut act, transport("event-4", Day::of(2026, 2, 25))));
    let mut act = world.act(Permission::SiteEvent).await;
    let twice = deadline::open(&mut act, transport("event-4", Day::of(2026, 3, 25))).await;
    assert_eq!(twice.expect_err("refused").code(), "deadline_running");
    act.abandon().await.expect("undone");
    let days = [one(&world, &key, first, "").await, one(&world, &key, second, "").await];
    assert_eq!([&days[0]["due_on"], &days[1]["due_on"]], ["2021-09-28", "2026-02-11"]);
    assert_eq!([&days[0]["occasion"], &days[1]["occasion"]], ["event-3", "event-4"]);

    lasting!(world, act => deadline::close(&mut act, &key_of("event-3"), Day::of(2026, 9, 2)));
    let again = transport("event-3", Day::of(2026, 10, 9));
    let mistaken = lasting!(world, act => deadline::open(&mut act, again));
    let cause = deadline::ENTERED_IN_ERROR;
    lasting!(world, act => deadline::void(&mut act, &key_of("event-3"), Day::of(2026, 9, 3)));
    assert_eq!(lasting!(world, act => deadline::reopen(&mut act, &key_of("event-3"))), first);
    assert_eq!(one(&world, &key, mistaken, "").await["cause"], cause);
    // What fell away for a cause runs again.
    lasting!(world, act => deadline::cancel(&mut act, &key_of("event-4"), Day::of(2026, 9, 3), "转运取消"));
    assert_eq!(one(&world, &key, second, "").await["cause"], "转运取消");
    assert_eq!(lasting!(world, act => deadline::reopen(&mut act, &key_of("event-4"))), second);
    assert_eq!(one(&world, &key, second, "").await["cause"], Value::Null);
}

/// The site's gates let nobody resume a clock that ended; once it is reopened it stands still as before.
#[tokio::test]
async fn a_clock_that_ended_while_it_stood_still_stands_still_again_when_reopened() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    for (n, called_off) in [(1, false), (2, true)] {
        let site = subject(n, "152921");
        let id = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
        let key_of = clock(&site);
        lasting!(world, act => deadline::suspend(&mut act, &key_of, Day::of(2026, 9, 1), "诉讼期间"));
        let suspended = one(&world, &key, id, "").await;
        if called_off {
            lasting!(world, act => deadline::cancel(&mut act, &key_of, Day::of(2026, 9, 20), "义务消灭"));
        } else {
            lasting!(world, act => deadline::close(&mut act, &key_of, Day::of(2026, 9, 20)));
        }
        assert_eq!(lasting!(world, act => deadline::reopen(&mut act, &key_of)), id);
        assert_eq!(one(&world, &key, id, "").await, suspended);

        let mut act = world.act(Permission::SiteEvent).await;
        let extended = deadline::extend(&mut act, &key_of, Day::of(2027, 1, 1), Day::of(2026, 10, 1), "x", None).await;
        assert_eq!(extended.expect_err("refused").code(), "deadline_suspended");
        act.abandon().await.expect("undone");

        // It stood still from 1 September to 1 November, whatever was thought of it on the 20th: 61 days on from 1 October.
        lasting!(world, act => deadline::resume(&mut act, &key_of, Day::of(2026, 11, 1)));
        let resumed = one(&world, &key, id, "").await;
        assert_eq!((&resumed["due_on"], &resumed["changes"][1]["days"]), (&json!("2026-12-01"), &json!(61)));
        assert_eq!((&resumed["status"], &resumed["suspended_on"]), (&json!("due_soon"), &Value::Null));
        lasting!(world, act => deadline::extend(&mut act, &key_of, Day::of(2026, 12, 31), Day::of(2026, 11, 2), "x", None));
        assert_eq!(one(&world, &key, id, "").await["due_on"], "2026-12-31");
    }
}

/// What was entered in error is told by the clock itself and not by its words.
#[tokio::test]
async fn a_voided_clock_counts_as_never_opened() {
    let world = World::new().await;
    let site = subject(1, "152921");
    let key_of = clock(&site);
    let first = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
    lasting!(world, act => deadline::cancel(&mut act, &key_of, Day::of(2026, 5, 1), "义务消灭"));
    let second = open(&world, site.clone(), Day::of(2026, 6, 1)).await;
    assert_eq!(lasting!(world, act => deadline::void(&mut act, &key_of, Day::of(2026, 6, 2))), second);
    let mut conn = world.app.db().acquire().await.expect("connect");
    let clocks = deadline::all(&mut conn).await.expect("read");
    let seen: Vec<_> = clocks.iter().map(|clock| (clock.id, clock.cancelled, clock.in_error)).collect();
    assert_eq!(seen, [(first, true, false), (second, true, true)]);
    assert!(clocks.iter().all(|clock| !deadline::is_recounted(clock)));
    assert_eq!(clocks[1].cause.as_deref(), Some(deadline::ENTERED_IN_ERROR));
    let mut act = world.act(Permission::SiteEvent).await;
    assert_eq!(
        deadline::close(&mut act, &key_of, Day::of(2026, 6, 3)).await.expect_err("none runs").code(),
        "internal"
    );
    act.abandon().await.expect("undone");
    assert_eq!(lasting!(world, act => deadline::reopen(&mut act, &key_of)), first);
    let clocks = deadline::all(&mut conn).await.expect("read");
    assert_eq!(clocks.iter().map(deadline::is_recounted).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn a_number_that_was_tampered_with_differs_from_the_rules() {
    let world = World::new().await;
    let (today, none) = (Day::of(2026, 11, 21), BTreeMap::new());
    open(&world, subject(1, "152921"), Day::of(2026, 4, 1)).await;
    let set = |rule, subject, set_due_on| OpenDeadline { rule, set_due_on, ..six_months(subject, Day::of(2026, 9, 1)) };
    let review = set(&EFFECT_REVIEW, subject(2, "370102"), None);
    lasting!(world, act => deadline::open(&mut act, review));
    let notified = set(&DETAILED_SURVEY_AS_NOTIFIED, subject(3, "152921"), Some(Day::of(2026, 12, 1)));
    lasting!(world, act => deadline::open(&mut act, notified));
    let mut conn = world.app.db().acquire().await.expect("connect");
    let clocks = deadline::all(&mut conn).await.expect("read");
    assert_eq!(clocks.len(), 3);
    for clock in &clocks {
        assert_eq!(deadline::number_differs(clock, today, &none), None, "{}", clock.rule);
    }
    let differs_of = |n: usize, change: &dyn Fn(&mut deadline::Deadline)| {
        let mut clock = clocks[n].clone();
        change(&mut clock);
        deadline::number_differs(&clock, today, &none)
    };
    let differs = |change: &dyn Fn(&mut deadline::Deadline)| differs_of(1, change);
    let said = differs(&|clock| clock.parameter_value = Some(16)).expect("another number");
    assert!(said.contains("16 (370000)") && said.contains("15 (370000)"), "{said}");
    assert_eq!(differs(&|clock| clock.jurisdiction = String::new()), None, "the same number, whichever text gave it");
    assert!(differs(&|clock| clock.parameter = Some("survey_review_working_days".to_owned())).is_some());
    assert!(differs(&|clock| clock.rule = "none".to_owned()).is_some());
    // What the operator sets, or no text said on that day, has nothing to be held against.
    assert_eq!(differs(&|clock| (clock.parameter_value, clock.configured) = (Some(16), true)), None);
    assert!(differs_of(0, &|clock| clock.parameter_value = Some(7)).is_some());
    assert_eq!(differs_of(0, &|clock| (clock.parameter_value, clock.start_on) = (Some(7), Day::of(1990, 1, 1))), None);
}

#[tokio::test]
async fn the_number_is_that_of_the_place_and_says_what_it_stands_on() {
    let set = |code: &str, value| BTreeMap::from([(code.to_owned(), value)]);
    let parameters = BTreeMap::from([("list_publication_working_days".to_owned(), set("150000", 10))]);
    let world = World::with(Config { parameters, ..Config::default() }).await;
    let key = world.key(Role::Auditor, "000000").await;
    let start_on = Day::of(2026, 9, 18);
    let mut opened = Vec::new();
    for (n, rule, division) in [
        (1, &DIRECTORY_PUBLICATION, "152921"),
        (2, &DIRECTORY_PUBLICATION, "140602"),
        (3, &EFFECT_REVIEW, "370102"),
        (4, &EFFECT_REVIEW, "152921"),
    ] {
        let (subject, occasion) = (subject(n, division), String::new());
        let new = OpenDeadline { rule, subject, occasion, opened_on: start_on, start_on, set_due_on: None };
        opened.push(lasting!(world, act => deadline::open(&mut act, new)));
    }
    let mut seen = Vec::new();
    for id in &opened {
        let clock = one(&world, &key, *id, "").await;
        let first = clock["why"][0].clone();
        let said = first["text_zh"].as_str().expect("words").to_owned();
        let cited: Vec<String> = first["citations"]
            .as_array()
            .expect("citations")
            .iter()
            .map(|c| format!("{} {}", c["instrument_zh"].as_str().unwrap_or(""), c["article"].as_str().unwrap_or("")))
            .collect();
        let period = &clock["period"];
        seen.push(json!([
            period["value"],
            period["unit"],
            period["jurisdiction"],
            period["configured"],
            clock["confidence"],
            clock["internal"],
            clock["due_on"]
        ]));
        let own = [
            ("10 个工作日", "由运行单位设定，未经确认", "政府信息公开条例 26"),
            ("20 个工作日", "全国；已核对原文", "政府信息公开条例 26"),
            ("15 个工作日", "区划 370000；已核对原文", "山东省土壤污染防治条例 57"),
            ("20 个工作日", "内部时限，非法律规定", "本系统规则（非法律规定）"),
        ][seen.len() - 1];
        assert!(said.contains(own.0) && said.contains(own.1), "{said}");
        assert!(cited.iter().any(|c| c.starts_with(own.2)), "{cited:?}");
    }
    // 20 working days after 18 September 2026 end on 22 October, as the rulebook counts them.
    assert_eq!(
        seen,
        [
            json!([10, "working_days", "150000", true, "unconfirmed", false, "2026-10-09"]),
            json!([20, "working_days", "000000", false, "recalled", false, "2026-10-22"]),
            json!([15, "working_days", "370000", false, "verified", false, "2026-10-15"]),
            json!([20, "working_days", "000000", false, "unconfirmed", true, "2026-10-22"]),
        ]
    );
    // Local service levels are told apart in lists and calendars.
    assert_eq!(ids(&list(&world, &key, "internal=true").await), [opened[3].to_string()]);
    assert_eq!(list(&world, &key, "internal=false").await["numberReturned"], 3);
    let calendar = world.get("/v1/deadlines.ics").bearer_auth(&key).send().await.expect("an answer");
    let calendar = calendar.text().await.expect("a body").replace("\r\n ", "");
    assert_eq!(calendar.matches("CATEGORIES:内部时限").count(), 1);
    assert!(calendar.contains("SUMMARY:效果评估报告评审：地块 4（内部时限）"), "{calendar}");
    let only = world.get("/v1/deadlines.ics?internal=true").bearer_auth(&key).send().await.expect("an answer");
    assert_eq!(only.text().await.expect("a body").matches("BEGIN:VEVENT").count(), 1);
}

#[tokio::test]
async fn a_day_set_by_a_notice_is_the_last_one_and_no_other_rule_takes_one() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let (site, start_on, until) = (subject(1, "152921"), Day::of(2026, 9, 1), Day::of(2026, 11, 29));
    let notified = |rule, set_due_on| OpenDeadline {
        rule,
        subject: site.clone(),
        occasion: String::new(),
        opened_on: start_on,
        start_on,
        set_due_on,
    };
    let id = lasting!(world, act => deadline::open(&mut act, notified(&DETAILED_SURVEY_AS_NOTIFIED, Some(until))));
    let clock = one(&world, &key, id, "").await;
    // A Sunday, and stays one.
    assert_eq!((&clock["due_on"], &clock["set_due_on"]), (&json!("2026-11-29"), &json!("2026-11-29")));
    assert_eq!((&clock["period"], &clock["provisional"]), (&Value::Null, &json!(false)));
    let mut act = world.act(Permission::SiteEvent).await;
    for (rule, set) in [(&DETAILED_SURVEY_AS_NOTIFIED, None), (&SIX_MONTHS, Some(until))] {
        let refused = deadline::open(&mut act, notified(rule, set)).await.expect_err("refused");
        assert_eq!(refused.code(), "internal");
    }
    act.abandon().await.expect("undone");
}

#[tokio::test]
async fn a_calendar_leaves_extensions_and_days_set_and_counts_the_rest_anew() {
    let world = World::new().await;
    let (april, sites) = (Day::of(2027, 4, 1), [1, 2, 3, 4].map(|n| subject(n, "152921")));
    open(&world, sites[0].clone(), april).await;
    open(&world, sites[1].clone(), april).await;
    let until = Day::of(2027, 12, 31);
    lasting!(world, act => deadline::extend(&mut act, &clock(&sites[1]), until, Day::of(2027, 5, 1), "x", None));
    open(&world, sites[2].clone(), april).await;
    lasting!(world, act => deadline::suspend(&mut act, &clock(&sites[2]), Day::of(2027, 5, 1), "x"));
    lasting!(world, act => deadline::resume(&mut act, &clock(&sites[2]), Day::of(2027, 5, 3)));
    let publication =
        OpenDeadline { rule: &DIRECTORY_PUBLICATION, ..six_months(sites[3].clone(), Day::of(2027, 9, 28)) };
    lasting!(world, act => deadline::open(&mut act, publication));
    let days: Vec<Value> = [(10, 1), (10, 2), (10, 3), (10, 4), (10, 5), (10, 6), (10, 7)]
        .map(|(month, day)| json!({"name": "国庆节", "date": Day::of(2027, month, day), "isOffDay": true}))
        .to_vec();
    let file = json!({"year": 2027, "papers": ["https://example.com/notice"], "days": days}).to_string();
    let mut act = world.act(Permission::CalendarWrite).await;
    let done = deadline::import_calendar(&mut act, file.as_bytes()).await.expect("loaded");
    act.finish(Reply::nothing()).await.expect("commit");
    let moved: BTreeMap<_, _> =
        done.recomputed.iter().map(|r| (r.subject_code.as_str(), (r.was_due_on, r.due_on, r.provisional))).collect();
    assert_eq!(moved["152921-1"], (Day::of(2027, 10, 1), Day::of(2027, 10, 8), false));
    assert_eq!(moved["152921-2"].1, until);
    // Two days on from 1 October: still in the holiday.
    assert_eq!(moved["152921-3"], (Day::of(2027, 10, 3), Day::of(2027, 10, 8), false));
    // Five days of the holiday are Monday to Friday: two in September's week, so many later.
    assert_eq!(moved["152921-4"], (Day::of(2027, 10, 26), Day::of(2027, 11, 2), false));

    // Others hear of every last day that moved, and of no other.
    let auditor = world.key(Role::Auditor, "000000").await;
    let told = expect(world.get("/v1/changes?limit=1000").bearer_auth(&auditor), 200).await;
    let recounted: BTreeMap<String, Value> = told["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter(|change| change["kind"] == "deadline.recounted")
        .map(|change| (change["subject"]["code"].as_str().expect("a code").to_owned(), change["data"].clone()))
        .collect();
    assert_eq!(recounted.keys().collect::<Vec<_>>(), ["152921-1", "152921-3", "152921-4"]);
    let data = &recounted["152921-3"];
    assert_eq!(
        (&data["was_due_on"], &data["due_on"], &data["provisional"]),
        (&json!("2027-10-03"), &json!("2027-10-08"), &json!(false)),
        "{data}"
    );

    // What is stored is what is counted from the first, for every clock.
    let mut conn = world.app.db().acquire().await.expect("connect");
    let calendar = deadline::calendar(&mut conn).await.expect("calendar");
    let clocks = deadline::all(&mut conn).await.expect("read");
    assert_eq!(clocks.len(), 4);
    for clock in &clocks {
        let due = deadline::recount(clock, &calendar).expect("counted").expect("a last day");
        assert_eq!(
            (Some(due.nominal_due_on), Some(due.due_on), due.provisional),
            (clock.nominal_due_on, clock.due_on, clock.provisional),
            "{}",
            clock.subject_code
        );
    }
}

#[tokio::test]
async fn what_was_known_at_an_instant_can_be_asked() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let site = subject(1, "152921");
    world.clock.move_to(Day::of(2026, 4, 2));
    let id = open(&world, site.clone(), Day::of(2026, 4, 1)).await;
    world.clock.move_to(Day::of(2026, 10, 20));
    lasting!(world, act => deadline::close(&mut act, &clock(&site), Day::of(2026, 10, 7)));
    world.clock.move_to(Day::of(2026, 11, 21));
    // That it was done on the 7th became known on the 20th only.
    for (known_at, status) in [("2026-10-19T04:00:00Z", "overdue"), ("2026-10-21T04:00:00Z", "met")] {
        let then = one(&world, &key, id, &format!("known_at={known_at}")).await;
        assert_eq!(then["status"], status, "{known_at}");
        let page = list(&world, &key, &format!("known_at={known_at}&status={status}")).await;
        assert_eq!((ids(&page), &page["counts"][status]), (vec![id.to_string()], &json!(1)), "{known_at}");
    }
    let early = "known_at=2026-04-01T04:00:00Z&on=2026-04-01";
    assert_eq!(
        expect(world.get(&format!("/v1/deadlines/{id}?{early}")).bearer_auth(&key), 404).await["code"],
        "not_found"
    );
    assert_eq!(list(&world, &key, early).await["numberReturned"], 0);
    let elsewhere = world.key(Role::CountyEcology, "140602").await;
    expect(world.get(&format!("/v1/deadlines/{id}")).bearer_auth(&elsewhere), 404).await;
    // The site goes to another division: who had it then does not see it, and who has it now did not have it then.
    let moved = Subject { division_code: "140602".to_owned(), ..site.clone() };
    lasting!(world, act => deadline::subject_changed(&mut act, &moved));
    let auditor = world.key(Role::Auditor, "000000").await;
    for (who, then, seen) in [(&key, true, 0), (&elsewhere, true, 0), (&elsewhere, false, 1), (&auditor, true, 1)] {
        let query = if then { "known_at=2026-10-21T04:00:00Z" } else { "on=2026-11-21" };
        let page = list(&world, who, query).await;
        assert_eq!((&page["numberReturned"], &page["counts"]["met"]), (&json!(seen), &json!(seen)), "{query}");
        let single = world.get(&format!("/v1/deadlines/{id}?{query}")).bearer_auth(who);
        expect(single, if seen == 1 { 200 } else { 404 }).await;
    }
    expect(world.get("/v1/deadlines/none").bearer_auth(&key), 404).await;
    expect(world.get(&format!("/v1/deadlines/{id}?known_at=now")).bearer_auth(&key), 400).await;
}
