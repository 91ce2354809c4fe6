//! Replies to land checks are watched: a change that alters one supersedes it, and nothing else does.

use crate::checks::{Checks, Kind, any_history, text, what};
use crate::support::{TODAY, World, expect, square};
use jingtu::across::land_check::{self, Asked, Pass};
use jingtu::platform::{Act, Permission, Reply, Role};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::Deref;

const HERE: &str = "152921";

/// Land checks, and an ecology bureau that keeps the registry.
struct Desk {
    checks: Checks,
    county: String,
}

impl Deref for Desk {
    type Target = Checks;

    fn deref(&self) -> &Checks {
        &self.checks
    }
}

impl Desk {
    async fn new() -> Desk {
        let checks = Checks::of(Kind::Land, World::new().await, HERE).await;
        let county = checks.world.key(Role::CountyEcology, HERE).await;
        Desk { checks, county }
    }

    async fn load(&self, target: &str, properties: Value, geometry: &Value) {
        let mut facts = json!({"name": "某处", "division_code": HERE});
        facts.as_object_mut().expect("facts").extend(properties.as_object().expect("properties").clone());
        self.checks.load(target, facts, geometry).await;
    }
}

fn reclaim() -> Value {
    json!({"operation": "reclaim", "facts": {"former_industry": "5211", "key_unit": false}})
}

#[tokio::test]
async fn a_new_site_supersedes_the_reply_on_its_ground_and_no_other() {
    let desk = Desk::new().await;
    let (ground, elsewhere) = (square(105.6, 38.8, 200.0), square(105.7, 38.8, 200.0));
    let there = desk.ask(&ground, reclaim()).await;
    let other = desk.ask(&elsewhere, reclaim()).await;
    let before = desk.standing(&there).await;
    assert_eq!(
        (text(&before, "status"), &before["since"], &before["pending"]),
        ("valid", &there["checked_at"], &json!(false))
    );
    desk.load("sites", json!({"code": "S1", "stage": "suspected"}), &square(105.6, 38.8, 100.0)).await;
    assert_eq!(desk.standing(&there).await["pending"], true, "what was written is not judged yet, and that is said");
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });

    let standing = desk.standing(&there).await;
    assert_eq!(
        (text(&standing, "status"), text(&standing, "verdict_now"), &standing["pending"]),
        ("superseded", "block", &json!(false))
    );
    assert_eq!(what(&standing), ["verdict", "hit_added"]);
    assert_eq!(standing["because"][1]["code"], "S1");
    assert!(text(&standing, "since") >= text(&there, "checked_at"));
    assert_eq!(desk.status(&other).await, "valid");
    // The reply itself stays what it was.
    let path = desk.path(&there, "");
    assert_eq!(desk.get(&path).await, there);

    let told = desk.told().await;
    assert_eq!(told.len(), 1);
    let event = &told[0];
    assert_eq!(event["subject"]["code"].as_str().or(event["code"].as_str()), Some(text(&there, "number")), "{event}");
    // Once is enough, whatever else changes there.
    desk.load("sites", json!({"code": "S2", "stage": "contaminated"}), &square(105.6, 38.8, 120.0)).await;
    assert_eq!(desk.watch().await, Pass::default());
    assert_eq!(desk.told().await.len(), 1);
}

#[tokio::test]
async fn what_alters_nothing_raises_nothing() {
    let desk = Desk::new().await;
    let ground = square(105.6, 38.8, 200.0);
    desk.load("sites", json!({"code": "S1", "stage": "suspected"}), &square(105.6, 38.8, 100.0)).await;
    desk.watch().await;
    let answer = desk.ask(&ground, reclaim()).await;
    let page = expect(desk.world.get("/v1/sites?q=S1").bearer_auth(&desk.county), 200).await;
    let id = text(&page["features"][0], "id").to_owned();
    let patch = desk.world.patch(&format!("/v1/sites/{id}")).bearer_auth(&desk.county).header("if-match", "\"1\"");
    expect(patch.json(&json!({"properties": {"name": "另一个名称"}, "reason": "笔误"})), 200).await;
    let lines = || async {
        sqlx::query_scalar::<_, i64>("select count(*) from platform_audit").fetch_one(desk.world.app.db()).await
    };
    let before = lines().await.expect("lines");
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 0 });
    assert_eq!(lines().await.expect("lines"), before, "a pass that changes nothing leaves nothing");
    assert_eq!(desk.status(&answer).await, "valid");
    assert!(desk.told().await.is_empty());
    // Nothing new, nothing judged.
    assert_eq!(desk.watch().await, Pass::default());
}

#[tokio::test]
async fn every_register_that_an_answer_rests_on_is_watched() {
    let desk = Desk::new().await;
    let at = |n: u32| square(105.5 + f64::from(n) * 0.02, 38.8, 200.0);
    let inner = |n: u32| square(105.5 + f64::from(n) * 0.02, 38.8, 100.0);
    let mut answers = Vec::new();
    for n in 0..4 {
        answers.push(
            desk.ask(
                &at(n),
                json!({"operation": "change_use", "planned_use": {"system": "GB/T 21010-2017", "code": "0601"}}),
            )
            .await,
        );
    }
    desk.load(
        "control-zones",
        json!({"code": "Z1", "approved_by": "旗人民政府", "approved_on": "2026-11-01"}),
        &inner(0),
    )
    .await;
    desk.load("key-units", json!({"code": "K1", "listed_on": "2026-11-01"}), &inner(1)).await;
    desk.load("farmland", json!({"code": "F1", "land_type": "upland", "class": "strict_control"}), &inner(2)).await;
    assert_eq!(desk.watch().await, Pass { judged: 3, superseded: 3 });
    for answer in &answers[..3] {
        assert_eq!(desk.status(answer).await, "superseded");
    }
    assert_eq!(desk.status(&answers[3]).await, "valid");
    // Coverage is no record, but a rule that could not be judged can be now.
    let history = text(&answers[3], "verdict").to_owned();
    assert_eq!(history, "warn", "its history is not known");
    let facts = json!({"code": "C1", "registers": ["suspected_sites", "key_units", "farmland"], "status": "investigated_clean", "as_of": "2026-10-01"});
    desk.load("coverage", facts, &square(105.56, 38.8, 1000.0)).await;
    desk.watch().await;
    let standing = desk.standing(&answers[3]).await;
    assert_eq!((text(&standing, "status"), what(&standing)), ("superseded", vec!["verdict"]), "{standing}");
}

#[tokio::test]
async fn a_bar_on_a_use_and_its_end_by_the_calendar_are_seen() {
    let desk = Desk::new().await;
    let ground = square(105.6, 38.8, 100.0);
    desk.load("sites", json!({"code": "S1", "stage": "not_contaminated", "stage_since": "2026-01-01"}), &ground).await;
    desk.watch().await;
    let question =
        json!({"operation": "planning_conditions", "planned_use": {"system": "GB/T 21010-2017", "code": "0601"}});
    let free = desk.ask(&ground, question.clone()).await;
    let page = expect(desk.world.get("/v1/sites?q=S1").bearer_auth(&desk.county), 200).await;
    let id = text(&page["features"][0], "id").to_owned();
    let bar = json!({"system": "GB/T 21010-2017", "code": "06", "why": "砷", "since": TODAY.to_string()});
    let list = format!("/v1/sites/{id}/negative-list");
    let barred = expect(desk.world.post(&list).bearer_auth(&desk.county).json(&bar), 201).await;
    let end = format!("{list}/{}/end", text(&barred, "id"));
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    assert_eq!(desk.status(&free).await, "superseded");
    let barred = desk.ask(&ground, question).await;
    assert_eq!(text(&barred, "verdict"), "block");
    let until = json!({"until": TODAY.to_string(), "why": "已治理"});
    expect(desk.world.post(&end).bearer_auth(&desk.county).json(&until), 200).await;
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 0 }, "its last day is today");
    assert_eq!(desk.status(&barred).await, "valid");
    // The calendar alone ends it.
    desk.world.clock.move_to(TODAY.add_days(1));
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    let standing = desk.standing(&barred).await;
    assert_eq!((text(&standing, "status"), standing["verdict_now"] == "block"), ("superseded", false), "{standing}");
}

/// An answer that was judged before a change and committed after the watch had dealt with it.
#[tokio::test]
async fn an_answer_that_comes_late_is_looked_at_again() {
    let desk = Desk::new().await;
    let ground = square(105.6, 38.8, 200.0);
    let asked =
        json!({"type": "Feature", "geometry": ground, "properties": {"operation": "reclaim", "division_code": HERE}});
    let asked: Asked = serde_json::from_value(asked).expect("a question");
    let mut act = Act::operator(&desk.world.app, Permission::LandCheckAsk).await.expect("begin");
    let question = land_check::read_question(asked, TODAY).expect("a question");
    let answered = land_check::ask(&mut act, question).await.expect("an answer");
    desk.load("sites", json!({"code": "S1", "stage": "suspected"}), &ground).await;
    assert_eq!(desk.watch().await, Pass::default(), "the answer is not there yet");
    act.finish(Reply::nothing()).await.expect("commit");
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    let path = format!("/v1/land-checks/{}/standing", answered.id);
    assert_eq!(text(&desk.get(&path).await, "status"), "superseded");
}

#[tokio::test]
async fn a_reply_altered_or_removed_on_record_is_found_by_its_entry_in_the_log() {
    let desk = Desk::new().await;
    let ask = async |n: u8| desk.ask(&square(105.5 + f64::from(n) * 0.02, 38.8, 200.0), reclaim()).await;
    let answers = [ask(0).await, ask(1).await, ask(2).await];
    assert_eq!(land_check::verify_records(&desk.world.app).await.expect("verified"), []);
    desk.find_altered_and_removed(&answers, "reclaim", "acquire").await;
}

#[tokio::test]
async fn a_change_of_the_rules_is_held_against_every_reply() {
    let desk = Desk::new().await;
    for n in 0..3 {
        desk.ask(&square(105.5 + f64::from(n) * 0.02, 38.8, 200.0), reclaim()).await;
    }
    assert_eq!(desk.watch().await, Pass::default());
    sqlx::query("update platform_check_watch set rules = 'those of another version' where kind = 'land_check'")
        .execute(desk.world.app.db())
        .await
        .expect("update");
    assert_eq!(desk.watch().await, Pass { judged: 3, superseded: 0 });
    assert_eq!(desk.watch().await, Pass::default(), "once");
}

#[tokio::test]
async fn a_reply_is_withdrawn_by_whom_it_concerns_with_a_reason_and_once() {
    let desk = Desk::new().await;
    let answer = desk.ask(&square(105.6, 38.8, 200.0), reclaim()).await;
    let path = desk.path(&answer, "/withdrawal");
    let other = desk.world.key(Role::Planning, HERE).await;
    let reason = json!({"reason": "界线有误"});
    let refused = expect(desk.world.post(&path).bearer_auth(&other).json(&reason), 403).await;
    assert_eq!(refused["code"], "not_yours");
    let blank = expect(desk.world.post(&path).bearer_auth(&desk.planning).json(&json!({"reason": " "})), 422).await;
    assert_eq!(blank["errors"][0]["pointer"], "/reason");
    let done = expect(desk.world.post(&path).bearer_auth(&desk.planning).json(&reason), 201).await;
    assert_eq!((text(&done, "status"), text(&done, "reason")), ("withdrawn", "界线有误"));
    let again = expect(desk.world.post(&path).bearer_auth(&desk.planning).json(&reason), 409).await;
    assert_eq!(again["code"], "no_longer_valid");
    // What is withdrawn is not superseded any more.
    desk.load("sites", json!({"code": "S1", "stage": "suspected"}), &square(105.6, 38.8, 100.0)).await;
    assert_eq!(desk.watch().await, Pass::default());
    let outside = desk.world.key(Role::Planning, "140602").await;
    expect(desk.world.post(&path).bearer_auth(&outside).json(&reason), 404).await;
}

#[tokio::test]
async fn what_changed_since_is_explained_against_now_and_against_an_instant() {
    let desk = Desk::new().await;
    let ground = square(105.6, 38.8, 200.0);
    let answer = desk.ask(&ground, reclaim()).await;
    desk.world.clock.advance(chrono::Duration::hours(1));
    desk.load("sites", json!({"code": "S1", "stage": "suspected"}), &square(105.6, 38.8, 100.0)).await;
    desk.world.clock.advance(chrono::Duration::hours(1));
    let path = desk.path(&answer, "/explain");
    let now = desk.get(&format!("{path}?against=now")).await;
    assert_eq!((&now["same"], text(&now, "verdict_now")), (&json!(false), "block"));
    let differing: BTreeSet<&str> =
        now["differences"].as_array().expect("differences").iter().map(|one| text(one, "what")).collect();
    assert!(differing.is_superset(&BTreeSet::from(["verdict", "hit_added", "rule_added"])), "{now}");
    let then = desk.get(&format!("{path}?against={}", text(&answer, "checked_at"))).await;
    assert_eq!((&then["same"], &then["verdict_now"]), (&json!(true), &answer["verdict"]));
    let wrong = expect(desk.world.get(&format!("{path}?against=yesterday")).bearer_auth(&desk.planning), 400).await;
    assert_eq!(wrong["code"], "bad_parameter");
}

#[tokio::test]
async fn an_answer_as_of_an_instant_is_no_reply_of_record() {
    let desk = Desk::new().await;
    let ground = square(105.6, 38.8, 200.0);
    let before = desk.world.clock.now().to_rfc3339();
    desk.world.clock.advance(chrono::Duration::hours(1));
    desk.load("sites", json!({"code": "S1", "stage": "suspected", "stage_since": "2026-05-01"}), &ground).await;
    desk.world.clock.advance(chrono::Duration::hours(1));
    let ask = |properties: Value| {
        let asked = json!({"type": "Feature", "geometry": ground, "properties": properties});
        desk.world.post("/v1/land-checks").bearer_auth(&desk.planning).json(&asked)
    };
    let mut question = reclaim();
    question["known_at"] = json!(before);
    question["division_code"] = json!(HERE);
    let then = expect(ask(question.clone()), 200).await;
    for absent in ["id", "number", "proof", "standing", "reply"] {
        assert!(then.get(absent).is_none(), "{absent}: {then}");
    }
    assert_eq!((&then["of_record"], then["hits"].as_array().map(Vec::len)), (&json!(false), Some(0)));
    question["known_at"] = json!(desk.world.clock.now().to_rfc3339());
    let now = expect(ask(question.clone()), 200).await;
    assert_eq!((text(&now, "verdict"), text(&now["hits"][0], "code")), ("block", "S1"));
    // What was true on a day: the site was none before it was listed.
    question["on"] = json!("2026-04-30");
    assert_eq!(expect(ask(question), 200).await["hits"], json!([]));
    let kept: i64 =
        sqlx::query_scalar("select count(*) from land_check").fetch_one(desk.world.app.db()).await.expect("count");
    assert_eq!(kept, 0);
    // Of record, a past day does not hide what is there today.
    let mut past = reclaim();
    past["on"] = json!("2026-04-30");
    let past = expect(ask(past), 201).await;
    assert_eq!(past["hits"], json!([]));
    let rules: Vec<&str> = past["rules"].as_array().expect("rules").iter().map(|rule| text(rule, "rule")).collect();
    assert!(rules.contains(&"P-SINCE"), "{rules:?}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Any history: what the watch supersedes is what judging every reply anew finds.

#[derive(Debug, Clone)]
enum Move {
    Site { cell: (u8, u8), size: u8, stage: &'static str },
    Zone { cell: (u8, u8), size: u8 },
    KeyUnit { cell: (u8, u8), size: u8 },
    Farmland { cell: (u8, u8), class: &'static str },
    Redraw { which: usize, cell: (u8, u8), size: u8 },
    Rename { which: usize },
    Listed { which: usize },
}

fn place((x, y): (u8, u8), size: u8) -> Value {
    square(105.5 + f64::from(x) * 0.002, 38.8 + f64::from(y) * 0.002, 60.0 + 60.0 * f64::from(size))
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let cell = || (0_u8..6, 0_u8..6);
    let stages = prop::sample::select(vec!["candidate", "suspected", "not_contaminated", "contaminated", "listed"]);
    let classes = prop::sample::select(vec!["priority_protection", "safe_use", "strict_control", "unclassified"]);
    let one = prop_oneof![
        (cell(), 0_u8..4, stages).prop_map(|(cell, size, stage)| Move::Site { cell, size, stage }),
        (cell(), 0_u8..4).prop_map(|(cell, size)| Move::Zone { cell, size }),
        (cell(), 0_u8..4).prop_map(|(cell, size)| Move::KeyUnit { cell, size }),
        (cell(), classes).prop_map(|(cell, class)| Move::Farmland { cell, class }),
        (any::<prop::sample::Index>(), cell(), 0_u8..4).prop_map(|(which, cell, size)| Move::Redraw {
            which: which.index(1000),
            cell,
            size
        }),
        any::<prop::sample::Index>().prop_map(|which| Move::Rename { which: which.index(1000) }),
        any::<prop::sample::Index>().prop_map(|which| Move::Listed { which: which.index(1000) }),
    ];
    prop::collection::vec(one, 1..10)
}

async fn carry_out(desk: &Desk, n: usize, sites: &mut Vec<(String, u32, bool)>, step: &Move) {
    let site = |which: usize| (!sites.is_empty()).then(|| which % sites.len());
    match step {
        Move::Site { cell, size, stage } => {
            desk.load("sites", json!({"code": format!("S{n}"), "stage": stage}), &place(*cell, *size)).await;
            let page = expect(desk.world.get(&format!("/v1/sites?q=S{n}")).bearer_auth(&desk.county), 200).await;
            sites.push((text(&page["features"][0], "id").to_owned(), 1, *stage == "candidate"));
        }
        Move::Zone { cell, size } => {
            let facts = json!({"code": format!("Z{n}"), "approved_by": "旗人民政府", "approved_on": "2026-11-01"});
            desk.load("control-zones", facts, &place(*cell, *size)).await;
        }
        Move::KeyUnit { cell, size } => {
            desk.load("key-units", json!({"code": format!("K{n}"), "listed_on": "2026-11-01"}), &place(*cell, *size))
                .await;
        }
        Move::Farmland { cell, class } => {
            desk.load(
                "farmland",
                json!({"code": format!("F{n}"), "land_type": "upland", "class": class}),
                &place(*cell, 1),
            )
            .await;
        }
        Move::Redraw { which, cell, size } => {
            let Some(at) = site(*which) else { return };
            let change = json!({"geometry": place(*cell, *size), "reason": "重测"});
            patch(desk, &mut sites[at], &change).await;
        }
        Move::Rename { which } => {
            let Some(at) = site(*which) else { return };
            patch(desk, &mut sites[at], &json!({"properties": {"name": format!("改名 {n}")}, "reason": "笔误"})).await;
        }
        Move::Listed { which } => {
            let Some(at) = site(*which).filter(|at| sites[*at].2) else { return };
            let event = json!({"type": "suspected_listed", "occurred_on": TODAY.to_string()});
            let path = format!("/v1/sites/{}/events", sites[at].0);
            expect(desk.world.post(&path).bearer_auth(&desk.county).json(&event), 201).await;
            sites[at].1 += 1;
            sites[at].2 = false;
        }
    }
}

async fn patch(desk: &Desk, site: &mut (String, u32, bool), change: &Value) {
    let request = desk.world.patch(&format!("/v1/sites/{}", site.0)).bearer_auth(&desk.county);
    expect(request.header("if-match", format!("\"{}\"", site.1)).json(change), 200).await;
    site.1 += 1;
}

#[test]
fn what_the_watch_supersedes_is_what_judging_every_reply_anew_finds() {
    any_history(moves(), async |moves| {
        let desk = Desk::new().await;
        for x in 0..6 {
            for y in (x % 2..6).step_by(2) {
                let operation = ["reclaim", "supply", "change_use"][usize::from((x + y) % 3)];
                let planned = json!({"system": "GB/T 21010-2017", "code": "0701"});
                desk.ask(&place((x, y), 1), json!({"operation": operation, "planned_use": planned})).await;
            }
        }
        let mut sites = Vec::new();
        let mut superseded = BTreeSet::new();
        for (n, step) in moves.iter().enumerate() {
            carry_out(&desk, n, &mut sites, step).await;
            desk.follow(&mut superseded, step).await;
        }
        assert_eq!(desk.told().await.len(), superseded.len());
    });
}
