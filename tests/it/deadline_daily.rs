//! Clocks by the day: yearly duties, escalation, and the figures of a period.

use crate::deadline::{RULE, clock, lasting, list, open, subject};
use crate::support::{World, expect, square};
use jingtu::kernel::{Day, DeadlineId};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::registers::deadline::rules::Step;
use jingtu::registers::deadline::rules::catalogue::{DIRECTORY_PUBLICATION, SURVEY_REPORT_REVIEW};
use jingtu::registers::deadline::{self, OpenDeadline};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn site_in(world: &World, division: &str, lon: f64, lat: f64) {
    let key = world.key(Role::CountyEcology, division).await;
    let properties = json!({"name": format!("地块 {division}"), "division_code": division, "stage": "candidate"});
    let site = json!({"type": "Feature", "geometry": square(lon, lat, 100.0), "properties": properties});
    expect(world.post("/v1/sites").bearer_auth(&key).json(&site), 201).await;
}

fn rows(list: &Value) -> Vec<Value> {
    list["deadlines"].as_array().expect("deadlines").clone()
}

async fn steps(world: &World, key: &str, id: DeadlineId) -> Vec<String> {
    let taken = expect(world.get(&format!("/v1/deadlines/{id}/escalations")).bearer_auth(key), 200).await;
    let taken = taken["escalations"].as_array().expect("escalations").iter();
    taken.map(|step| step["step"].as_str().expect("step").to_owned()).collect()
}

#[tokio::test]
async fn yearly_reports_are_opened_once_where_there_are_sites_and_handed_in_by_who_owes_them() {
    let world = World::new().await;
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 0, "no sites, no duties");
    site_in(&world, "152921", 105.7, 38.8).await;
    site_in(&world, "152922", 105.8, 38.8).await;
    let (one, other) = tokio::join!(deadline::daily(&world.app), deadline::daily(&world.app));
    assert_eq!(one.expect("pass") + other.expect("pass"), 2);
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 0);
    let auditor = world.key(Role::Auditor, "000000").await;
    let yearly = rows(&list(&world, &auditor, "").await);
    let told: Vec<Value> = yearly
        .iter()
        .map(|d| json!([d["rule"], d["occasion"], d["division_code"], d["opened_on"], d["due_on"], d["internal"]]))
        .collect();
    // The report on 2026 is due to the province this year, to the ministry next; neither rolls.
    assert_eq!(
        told,
        [
            json!(["annual_city_report", "2026", "152900", "2026-11-21", "2026-12-31", false]),
            json!(["annual_province_report", "2026", "150000", "2026-11-21", "2027-01-31", false]),
        ]
    );
    assert_eq!(yearly[0]["subject"]["register"], "divisions");
    assert_eq!(yearly[0]["subject"]["name"], "阿拉善盟");

    let address = format!("/v1/deadlines/{}/fulfilment", yearly[0]["id"].as_str().expect("id"));
    let body = json!({"on": "2026-11-20", "note": "公文交换"});
    let league = world.key(Role::PrefectureEcology, "152900").await;
    for (role, division, status, code) in [
        (Role::CountyEcology, "152921", 403, "role_not_allowed"),
        (Role::PrefectureEcology, "140600", 404, "not_found"),
        (Role::ProvinceEcology, "150000", 403, "other_role_must_act"),
    ] {
        let key = world.key(role, division).await;
        let refused = expect(world.post(&address).bearer_auth(&key).json(&body), status).await;
        assert_eq!(refused["code"], code, "{role:?}");
    }
    for (wrong, pointer) in [
        (json!({"on": "2026-11-22", "note": "x"}), "/on"),
        (json!({"on": "2025-12-31", "note": "x"}), "/on"),
        (json!({"on": "2026-11-20", "note": " "}), "/note"),
        (json!({"on": "2026-11-20", "note": "x", "document_id": DeadlineId(uuid::Uuid::nil())}), "/document_id"),
    ] {
        let refused = expect(world.post(&address).bearer_auth(&league).json(&wrong), 422).await;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let done = expect(world.post(&address).bearer_auth(&league).json(&body), 200).await;
    assert_eq!((&done["status"], &done["closed_on"]), (&json!("met"), &json!("2026-11-20")));
    assert_eq!(done["fulfilment"]["note"], "公文交换");
    let twice = expect(world.post(&address).bearer_auth(&league).json(&body), 409).await;
    assert_eq!(twice["code"], "deadline_not_running");

    // What a register closes is not for a hand to close.
    let id = open(&world, subject(1, "152921"), Day::of(2026, 5, 21)).await;
    let by_hand = world.post(&format!("/v1/deadlines/{id}/fulfilment")).bearer_auth(&league).json(&body);
    let refused = expect(by_hand, 409).await;
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("closed_by_register"), &json!(RULE)));

    // Handed in is not opened again; the year that follows is.
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 0);
    world.clock.move_to(Day::of(2026, 12, 31));
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 0);
    world.clock.move_to(Day::of(2027, 1, 1));
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 1);
    world.clock.move_to(Day::of(2027, 2, 1));
    assert_eq!(deadline::daily(&world.app).await.expect("pass"), 1);
    let occasions: BTreeSet<String> = rows(&list(&world, &auditor, "rule=annual_province_report").await)
        .iter()
        .map(|d| format!("{} {}", d["occasion"].as_str().unwrap_or(""), d["due_on"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(occasions, ["2026 2027-01-31", "2027 2028-01-31"].map(str::to_owned).into());
}

#[tokio::test]
async fn each_step_of_escalation_is_taken_once_however_many_look() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let site = subject(1, "152921");
    let id = open(&world, site.clone(), Day::of(2026, 5, 21)).await;
    let due_on = Day::of(2026, 11, 23);
    let mut expected = Vec::new();
    for ahead in -62..18 {
        let today = due_on.add_days(ahead);
        world.clock.move_to(today);
        // Two servers look at the same time, and one again.
        let (one, other) = tokio::join!(deadline::escalate(&world.app), deadline::escalate(&world.app));
        let taken = one.expect("pass") + other.expect("pass") + deadline::escalate(&world.app).await.expect("pass");
        let step = Step::reached(due_on, today).filter(|step| step.day(due_on) == today);
        assert_eq!(taken, usize::from(step.is_some()), "{today}");
        expected.extend(step.map(|step| step.to_string()));
    }
    assert_eq!(expected, ["t-60", "t-30", "t-7", "t0", "week-1", "week-2"]);
    assert_eq!(steps(&world, &key, id).await, expected);
    let told: Vec<(Value, String)> = sqlx::query_as(
        "select data, division_code from platform_outbox where kind = 'deadline.escalated' order by seq",
    )
    .fetch_all(world.app.db())
    .await
    .expect("outbox");
    assert_eq!(told.iter().map(|(data, _)| data["step"].as_str().expect("step")).collect::<Vec<_>>(), expected);
    for (data, division) in &told {
        assert_eq!((&data["due_on"], &data["rule"]), (&json!("2026-11-23"), &json!(RULE)));
        assert_eq!((&data["responsible"], division.as_str()), (&json!("land_user"), "152921"));
    }

    // A last day that was moved begins anew; one that stands still or ended escalates no more.
    lasting!(world, act => deadline::extend(&mut act, &clock(&site), Day::of(2027, 1, 9), world.app.today(), "x", None));
    assert_eq!(deadline::escalate(&world.app).await.expect("pass"), 1);
    assert_eq!(steps(&world, &key, id).await.last().map(String::as_str), Some("t-30"));
    lasting!(world, act => deadline::suspend(&mut act, &clock(&site), world.app.today(), "x"));
    world.clock.move_to(Day::of(2027, 1, 9));
    assert_eq!(deadline::escalate(&world.app).await.expect("pass"), 0);
    lasting!(world, act => deadline::resume(&mut act, &clock(&site), world.app.today()));
    lasting!(world, act => deadline::close(&mut act, &clock(&site), world.app.today()));
    world.clock.move_to(Day::of(2027, 6, 1));
    assert_eq!(deadline::escalate(&world.app).await.expect("pass"), 0);
    let changed = sqlx::query("update deadline_escalation set step = 't0'").execute(world.app.db()).await;
    assert!(changed.is_err(), "what was taken stays");
}

#[tokio::test]
async fn a_clock_entered_late_takes_the_last_step_only() {
    let world = World::new().await;
    let key = world.key(Role::CountyEcology, "152921").await;
    let late = open(&world, subject(1, "152921"), Day::of(2026, 3, 2)).await;
    let soon = open(&world, subject(2, "152921"), Day::of(2026, 6, 10)).await;
    let far = open(&world, subject(3, "152921"), Day::of(2026, 11, 20)).await;
    let pass = deadline::pass(&world.app).await.expect("pass");
    assert_eq!((pass.opened, pass.escalated), (0, 2));
    // Due on 2 September, eighty days ago.
    assert_eq!(steps(&world, &key, late).await, ["week-11"]);
    assert_eq!(steps(&world, &key, soon).await, ["t-30"]);
    assert_eq!(steps(&world, &key, far).await, [""; 0]);
    let elsewhere = world.key(Role::CountyEcology, "140602").await;
    expect(world.get(&format!("/v1/deadlines/{late}/escalations")).bearer_auth(&elsewhere), 404).await;
}

#[tokio::test]
async fn figures_are_counted_from_rows_that_their_links_show() {
    let world = World::new().await;
    let key = world.key(Role::Auditor, "000000").await;
    let mut act = world.act(Permission::SiteEvent).await;
    for n in 0..48_i64 {
        let division = ["152921", "152922", "140602", "152900"][usize::try_from(n % 4).expect("small")];
        let site = subject(n.unsigned_abs().into(), division);
        let start_on = Day::of(2025, 11, 1).add_days(n * 7);
        let rule = [deadline::find(RULE).expect("a rule"), &SURVEY_REPORT_REVIEW, &DIRECTORY_PUBLICATION]
            [usize::try_from(n % 3).expect("small")];
        let new = OpenDeadline {
            rule,
            subject: site.clone(),
            occasion: String::new(),
            opened_on: start_on,
            start_on,
            set_due_on: None,
        };
        deadline::open(&mut act, new).await.expect("opened");
        let of = deadline::ClockKey { rule: rule.id, ..clock(&site) };
        let end = start_on.add_days(10 + n * 4);
        match n % 5 {
            0 | 1 => drop(deadline::close(&mut act, &of, end).await.expect("closed")),
            2 => drop(deadline::cancel(&mut act, &of, end, "责任灭失").await.expect("cancelled")),
            3 => drop(deadline::suspend(&mut act, &of, end, "诉讼").await.expect("suspended")),
            _ => {}
        }
    }
    act.finish(Reply::nothing()).await.expect("commit");
    let period = "from=2026-01-01&to=2026-09-30";
    for level in ["own", "county", "prefecture", "province", "nation"] {
        let figures =
            expect(world.get(&format!("/v1/deadlines/figures?{period}&level={level}")).bearer_auth(&key), 200).await;
        let mut opened = 0;
        for (part, internal) in [("statutory", false), ("internal", true)] {
            let of = figures[part].as_array().expect("figures");
            assert!(!of.is_empty(), "{level} {part}");
            for figure in of {
                let mut median = Vec::new();
                for name in ["opened", "met", "met_late", "cancelled", "running", "overdue"] {
                    let link = format!("{}&limit=10000", figure["links"][name].as_str().expect("a link"));
                    let shown = expect(world.get(&link).bearer_auth(&key), 200).await;
                    assert_eq!(shown["numberReturned"], figure[name], "{level} {name} of {figure}: {link}");
                    for row in rows(&shown) {
                        assert_eq!((&row["rule"], &row["internal"]), (&figure["rule"], &json!(internal)));
                        if name.starts_with("met") {
                            let day = |at: &str| Day::parse(row[at].as_str().expect("a day")).expect("a day");
                            median.push(day("closed_on").days_since(day("start_on")) as f64);
                        }
                    }
                }
                median.sort_by(f64::total_cmp);
                let middle = match median.len() {
                    0 => Value::Null,
                    n => json!((median[(n - 1) / 2] + median[n / 2]) / 2.0),
                };
                assert_eq!(figure["median_days"], middle, "{figure}");
                let n = |name: &str| figure[name].as_i64().expect("a number");
                let due = n("met") + n("met_late") + n("overdue");
                let share = if due > 0 { json!(n("met") as f64 / due as f64) } else { Value::Null };
                assert_eq!(figure["timely_share"], share, "{figure}");
                opened += n("opened");
            }
        }
        let all = list(&world, &key, "on=2026-09-30&opened_from=2026-01-01&opened_to=2026-09-30&limit=10000").await;
        assert_eq!(all["numberReturned"], opened, "{level}");
    }
    let own = world.key(Role::CountyEcology, "152921").await;
    let figures =
        expect(world.get(&format!("/v1/deadlines/figures?{period}&level=nation")).bearer_auth(&own), 200).await;
    let link = figures["statutory"][0]["links"]["opened"].as_str().expect("a link").to_owned();
    let shown = expect(world.get(&link).bearer_auth(&own), 200).await;
    assert_eq!(shown["numberReturned"], figures["statutory"][0]["opened"]);
    // Nothing of a whole province is said of one county's clocks.
    let figures = |level: &str, division: &str| {
        world.get(&format!("/v1/deadlines/figures?{period}&division={division}&level={level}")).bearer_auth(&key)
    };
    for (level, division) in [("prefecture", "152921"), ("province", "152900"), ("nation", "150000")] {
        let refused = expect(figures(level, division), 400).await;
        assert_eq!(
            (&refused["code"], &refused["errors"][0]["pointer"]),
            (&json!("bad_parameter"), &json!("?level")),
            "{refused}"
        );
    }
    for (level, division) in [("own", "152921"), ("county", "152921"), ("prefecture", "150000"), ("nation", "000000")] {
        expect(figures(level, division), 200).await;
    }
    expect(world.get("/v1/deadlines/figures?from=2026-02-01&to=2026-01-01").bearer_auth(&key), 400).await;
    expect(world.get("/v1/deadlines/figures"), 401).await;
}
