//! Siting checks are watched: a change that alters one supersedes it, and nothing else does; and what they would have been by
//! what was known before.

use crate::checks::{Checks, Kind, any_history, text, what};
use crate::support::{TODAY, World, expect};
use jingtu::across::land_check::{self, Pass};
use jingtu::across::siting;
use jingtu::config::Config;
use jingtu::platform::{App, Role};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

const HERE: &str = "152921";
const THERE: &str = "140602";
const SMELTER: &str = "3212";

/// Distances as set for the two counties, m.
fn distances(schools: u32) -> Config {
    let set = |metres: u32| BTreeMap::from([(HERE.to_owned(), metres), (THERE.to_owned(), metres)]);
    let parameters = BTreeMap::from([
        ("siting_distance_schools_m".to_owned(), set(schools)),
        ("siting_distance_contaminated_m".to_owned(), set(200)),
    ]);
    Config { parameters, ..Config::default() }
}

/// Metres east and north of a corner of the county.
fn position(east: f64, north: f64) -> [f64; 2] {
    [105.6 + east / (111_320.0 * 38.8_f64.to_radians().cos()), 38.8 + north / 111_000.0]
}

fn land(east: f64, north: f64, side: f64) -> Value {
    let corner = |dx: f64, dy: f64| position(east + dx, north + dy);
    let ring = [corner(0.0, 0.0), corner(side, 0.0), corner(side, side), corner(0.0, side), corner(0.0, 0.0)];
    json!({"type": "Polygon", "coordinates": [ring]})
}

fn point(east: f64, north: f64) -> Value {
    json!({"type": "Point", "coordinates": position(east, north)})
}

/// Siting checks, and a government that publishes and orders.
struct Desk {
    checks: Checks,
    government: String,
}

impl Deref for Desk {
    type Target = Checks;

    fn deref(&self) -> &Checks {
        &self.checks
    }
}

impl Desk {
    async fn new() -> Desk {
        let checks = Checks::of(Kind::Siting, World::with(distances(300)).await, "000000").await;
        let government = checks.world.key(Role::Government, "000000").await;
        Desk { checks, government }
    }

    async fn ask(&self, division: &str, geometry: &Value, more: Value) -> Value {
        let mut properties = json!({"activity": "new", "operation": "eia", "division_code": division});
        properties.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.world.clock.advance(chrono::Duration::seconds(1));
        self.checks.ask(geometry, properties).await
    }

    async fn smelter(&self, east: f64, north: f64) -> Value {
        self.ask(HERE, &land(east, north, 100.0), json!({"industry": SMELTER})).await
    }

    async fn school(&self, code: &str, geometry: &Value) {
        self.load("reference:schools", json!({"code": code, "name": "某小学"}), geometry).await;
    }

    async fn order(&self, division: &str, from: &str, until: Option<&str>) {
        let body = json!({"division_code": division, "label": "eia_approvals", "covers": "every_project",
            "scope": "建设项目环评", "from": from, "until": until, "authority": "某行政公署"});
        expect(self.world.post("/v1/approval-restrictions").bearer_auth(&self.government).json(&body), 201).await;
    }

    async fn published(&self, division: &str, kind: &str, as_of: &str) {
        let body = json!({"division_code": division, "kind": kind, "as_of": as_of, "published_by": "某人民政府"});
        expect(self.world.post("/v1/siting-zone-publications").bearer_auth(&self.government).json(&body), 201).await;
    }
}

#[tokio::test]
async fn a_layer_that_turns_out_to_be_of_schools_supersedes_the_answers_beside_its_features() {
    let desk = Desk::new().await;
    desk.school("S0", &point(-5_000.0, 0.0)).await;
    // Kept by another county, though its features lie here.
    let body = json!({"name": "buildings", "kind": "other", "title_zh": "建筑", "title_en": "Buildings", "division_code": "152922"});
    expect(desk.world.post("/v1/reference-layers").bearer_auth(&desk.government).json(&body), 201).await;
    desk.load("reference:buildings", json!({"code": "S1"}), &point(350.0, 50.0)).await;
    desk.watch().await;
    let (near, far) = (desk.smelter(0.0, 0.0).await, desk.smelter(2_000.0, 0.0).await);
    assert_eq!(desk.watch().await, Pass::default());
    desk.world.clock.advance(chrono::Duration::hours(1));
    let path = "/v1/reference-layers/buildings";
    let now = expect(desk.world.get(path).bearer_auth(&desk.government), 200).await;
    let tag = format!("\"{}\"", now["revision"]);
    let patch = desk.world.patch(path).bearer_auth(&desk.government).header("if-match", tag);
    expect(patch.json(&json!({"kind": "schools"})), 200).await;
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    assert_eq!((desk.status(&near).await, desk.status(&far).await), ("superseded".to_owned(), "valid".to_owned()));
}

#[tokio::test]
async fn a_new_school_within_the_distance_supersedes_the_answer_beside_it_and_no_other() {
    let desk = Desk::new().await;
    // The layer is there, and complete, before anything is asked.
    desk.school("S0", &point(-5_000.0, 0.0)).await;
    desk.watch().await;
    let (near, far) = (desk.smelter(0.0, 0.0).await, desk.smelter(2_000.0, 0.0).await);
    assert_eq!(desk.watch().await, Pass::default());
    let standing = desk.standing(&near).await;
    assert_eq!((text(&standing, "status"), &standing["because"]), ("valid", &json!([])));
    assert_eq!((&standing["since"], &standing["pending"]), (&near["checked_at"], &json!(false)));

    desk.world.clock.advance(chrono::Duration::hours(1));
    desk.school("S1", &point(350.0, 50.0)).await;
    assert_eq!(desk.standing(&near).await["pending"], true, "not judged yet");
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    let standing = desk.standing(&near).await;
    assert_eq!((text(&standing, "status"), text(&standing, "verdict_now")), ("superseded", "block"), "{standing}");
    assert!(["verdict", "hit_added"].iter().all(|one| what(&standing).contains(one)), "{standing}");
    assert_eq!(desk.status(&far).await, "valid");
    let told = desk.told().await;
    assert_eq!(
        (told.len(), &told[0]["subject"]["code"], &told[0]["division_code"]),
        (1, &near["number"], &json!(HERE))
    );
    assert_eq!(told[0]["data"]["verdict_now"], "block");

    // What was signed stays signed, and the proof says how it stands.
    let bytes = desk.world.get(&desk.path(&near, "")).bearer_auth(&desk.planning);
    let bytes = bytes.send().await.expect("an answer").bytes().await.expect("a body");
    let verify = desk.world.post("/v1/verify").header("content-type", "application/json").body(bytes);
    let verified = expect(verify, 200).await;
    assert_eq!((&verified["valid"], &verified["standing"]["status"]), (&json!(true), &json!("superseded")));

    // Nobody else's; and what alters nothing raises nothing.
    let elsewhere = desk.world.key(Role::Planning, "441602").await;
    let path = desk.path(&near, "/standing");
    expect(desk.world.get(&path).bearer_auth(&elsewhere), 404).await;
    desk.school("S2", &point(2_000.0, 5_000.0)).await;
    desk.load(
        "sites",
        json!({"code": "N1", "name": "N1", "division_code": HERE, "stage": "listed"}),
        &land(2_600.0, 0.0, 50.0),
    )
    .await;
    assert_eq!(desk.watch().await, Pass { judged: 0, superseded: 0 });
    // A site that was closed lies beside it, and is no source.
    desk.load(
        "sites",
        json!({"code": "N2", "name": "N2", "division_code": HERE, "stage": "not_contaminated"}),
        &land(2_150.0, 0.0, 20.0),
    )
    .await;
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 0 });
    assert_eq!(desk.superseded().await.len(), 1);
}

#[tokio::test]
async fn an_order_a_publication_and_the_calendar_bear_on_the_division_they_are_for() {
    let desk = Desk::new().await;
    let here = desk.smelter(0.0, 0.0).await;
    let there = desk.ask(THERE, &land(0.0, 0.0, 100.0), json!({"industry": SMELTER})).await;
    let last = TODAY.add_days(1).to_string();
    desk.order(HERE, &TODAY.to_string(), Some(&last)).await;
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    assert!(what(&desk.standing(&here).await).contains(&"rule_added"));
    assert_eq!(desk.status(&there).await, "valid");

    // The order ends by the calendar: an answer that rested on it is not true any more.
    let ordered = desk.smelter(0.0, 0.0).await;
    desk.world.clock.move_to(TODAY.add_days(1));
    assert_eq!(desk.watch().await, Pass { judged: 0, superseded: 0 }, "its last day is today");
    desk.world.clock.move_to(TODAY.add_days(2));
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    assert_eq!(desk.status(&ordered).await, "superseded");

    // That a province has published its zones tells more of every county in it.
    let unknown = desk.smelter(0.0, 0.0).await;
    desk.published("150000", "permanent_basic_farmland_concentration", "2026-01-01").await;
    let pass = desk.watch().await;
    assert_eq!(pass.superseded, 1, "{pass:?}");
    assert_eq!((desk.status(&unknown).await.as_str(), desk.status(&there).await.as_str()), ("superseded", "valid"));
}

#[tokio::test]
async fn a_changed_distance_is_held_against_every_answer() {
    let desk = Desk::new().await;
    desk.school("S0", &point(-5_000.0, 0.0)).await;
    desk.watch().await;
    let (one, other) = (desk.smelter(0.0, 0.0).await, desk.smelter(2_000.0, 0.0).await);
    assert_eq!(desk.watch().await, Pass::default());
    // The same registry under another setting, as after a restart.
    let app = App::new(desk.world.app.db().clone(), desk.world.clock.clone(), distances(800));
    assert_eq!(siting::watch(&app).await.expect("a pass"), Pass { judged: 2, superseded: 2 });
    for answer in [&one, &other] {
        assert_eq!(what(&desk.standing(answer).await), ["distance_changed"]);
    }
    assert_eq!(siting::watch(&app).await.expect("a pass"), Pass::default(), "once");
}

/// An answer that was judged before a change and committed after the watch had dealt with it.
#[tokio::test]
async fn an_answer_that_comes_late_is_looked_at_again_by_its_own_watch() {
    let desk = Desk::new().await;
    desk.school("S0", &point(-5_000.0, 0.0)).await;
    desk.watch().await;
    let answer = desk.smelter(0.0, 0.0).await;
    desk.school("S1", &point(350.0, 50.0)).await;
    let db = desk.world.app.db();
    // The watch went by before the answer was there.
    for sql in [
        "update platform_check_watch set seq = (select seq from platform_audit_head) where kind = 'siting_check'",
        "insert into platform_late_act (act_id, read_seq, answers) select act_id, 0, 'siting_check' from siting_check",
    ] {
        sqlx::query(sql).execute(db).await.expect("done");
    }
    // The watch over land checks leaves it alone.
    land_check::watch(&desk.world.app).await.expect("a pass");
    assert_eq!(desk.watch().await, Pass { judged: 1, superseded: 1 });
    assert_eq!(desk.status(&answer).await, "superseded");
    let left: i64 = sqlx::query_scalar("select count(*) from platform_late_act").fetch_one(db).await.expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_answer_as_of_an_instant_knows_what_was_known_then_and_is_not_of_record() {
    let desk = Desk::new().await;
    let start = desk.world.clock.now().to_rfc3339();
    desk.world.clock.advance(chrono::Duration::hours(1));
    desk.school("S1", &point(350.0, 50.0)).await;
    desk.order(HERE, "2026-05-01", None).await;
    desk.published(HERE, "priority_farmland_concentration", "2026-01-01").await;
    let zone = json!({"code": "Z1", "name": "某区", "kind": "permanent_basic_farmland_concentration",
        "division_code": HERE, "published_by": "某人民政府", "published_on": "2026-05-01"});
    desk.load("siting-zones", zone, &land(-200.0, -200.0, 400.0)).await;
    let farm = json!({"code": "F1", "division_code": HERE, "land_type": "upland", "class": "priority_protection"});
    desk.load("farmland", farm, &land(0.0, 0.0, 60.0)).await;
    let site =
        json!({"code": "N1", "name": "N1", "division_code": HERE, "stage": "listed", "stage_since": "2026-05-01"});
    desk.load("sites", site, &land(150.0, 0.0, 50.0)).await;
    desk.world.clock.advance(chrono::Duration::hours(1));
    let full = desk.world.clock.now().to_rfc3339();
    desk.world.clock.advance(chrono::Duration::hours(1));
    // The school moves away, which was not known before.
    desk.school("S1", &point(5_000.0, 50.0)).await;
    desk.world.clock.advance(chrono::Duration::hours(1));

    let ask = async |known_at: &str| {
        let properties = json!({"activity": "new", "operation": "eia", "industry": SMELTER, "division_code": HERE,
            "sensitive_use": ["homes"], "known_at": known_at});
        let asked = json!({"type": "Feature", "geometry": land(0.0, 0.0, 100.0), "properties": properties});
        expect(desk.world.post("/v1/siting-checks").bearer_auth(&desk.planning).json(&asked), 200).await
    };
    let codes = |answer: &Value| -> BTreeSet<String> {
        answer["hits"].as_array().expect("hits").iter().map(|hit| text(hit, "code").to_owned()).collect()
    };
    let covered = |answer: &Value| -> BTreeSet<String> {
        let known = answer["coverage"].as_array().expect("coverage").iter();
        known.filter(|one| one["status"] != "not_covered").map(|one| text(one, "register").to_owned()).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let nothing = ask(&start).await;
    for absent in ["id", "number", "proof", "standing"] {
        assert!(nothing.get(absent).is_none(), "{absent}: {nothing}");
    }
    assert_eq!((&nothing["of_record"], codes(&nothing), covered(&nothing)), (&json!(false), set(&[]), set(&[])));
    let all = ask(&full).await;
    assert_eq!(codes(&all), set(&["F1", "N1", "S1", "Z1"]), "{all}");
    assert!(covered(&all).contains("approval_restrictions"), "{:?}", covered(&all));
    assert_ne!(nothing["rules"], all["rules"]);
    let now = ask(&desk.world.clock.now().to_rfc3339()).await;
    assert_eq!(codes(&now), set(&["F1", "N1", "Z1"]), "{now}");
    let kept: i64 =
        sqlx::query_scalar("select count(*) from siting_check").fetch_one(desk.world.app.db()).await.expect("count");
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn an_answer_altered_or_removed_on_record_is_found_by_its_entry_in_the_log() {
    let desk = Desk::new().await;
    let answers = [desk.smelter(0.0, 0.0).await, desk.smelter(500.0, 0.0).await, desk.smelter(1_000.0, 0.0).await];
    let app = &desk.world.app;
    assert_eq!(siting::verify_records(app).await.expect("verified"), []);
    assert_eq!(land_check::verify_records(app).await.expect("verified"), [], "another kind's entries are not missed");
    desk.find_altered_and_removed(&answers, SMELTER, "1310").await;
}

// ---------------------------------------------------------------------------------------------------------------------
// Any history: what the watch supersedes is what judging every answer anew finds.

#[derive(Debug, Clone)]
enum Move {
    School { code: u8, cell: (u8, u8) },
    Homes { code: u8, cell: (u8, u8) },
    Zone { cell: (u8, u8), size: u8, kind: &'static str },
    Published { division: &'static str, kind: &'static str },
    Order { division: &'static str, ends: bool },
    Site { cell: (u8, u8), stage: &'static str },
    KeyUnit { cell: (u8, u8) },
    Farmland { cell: (u8, u8), class: &'static str },
    Coverage { cell: (u8, u8), size: u8 },
    Tomorrow,
}

const KINDS: [&str; 2] = ["priority_farmland_concentration", "permanent_basic_farmland_concentration"];

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let cell = || (0_u8..5, 0_u8..5);
    let kind = || prop::sample::select(KINDS.to_vec());
    let division = || prop::sample::select(vec![HERE, THERE, "152900", "150000"]);
    let stages = prop::sample::select(vec!["candidate", "suspected", "not_contaminated", "contaminated", "listed"]);
    let classes = prop::sample::select(vec!["priority_protection", "safe_use", "unclassified"]);
    let one = prop_oneof![
        (0_u8..3, cell()).prop_map(|(code, cell)| Move::School { code, cell }),
        (0_u8..3, cell()).prop_map(|(code, cell)| Move::Homes { code, cell }),
        (cell(), 0_u8..4, kind()).prop_map(|(cell, size, kind)| Move::Zone { cell, size, kind }),
        (division(), kind()).prop_map(|(division, kind)| Move::Published { division, kind }),
        (division(), any::<bool>()).prop_map(|(division, ends)| Move::Order { division, ends }),
        (cell(), stages).prop_map(|(cell, stage)| Move::Site { cell, stage }),
        cell().prop_map(|cell| Move::KeyUnit { cell }),
        (cell(), classes).prop_map(|(cell, class)| Move::Farmland { cell, class }),
        (cell(), 0_u8..4).prop_map(|(cell, size)| Move::Coverage { cell, size }),
        Just(Move::Tomorrow),
    ];
    prop::collection::vec(one, 1..10)
}

fn corner((x, y): (u8, u8)) -> (f64, f64) {
    (f64::from(x) * 400.0, f64::from(y) * 400.0)
}

fn place(cell: (u8, u8), side: f64) -> Value {
    let (east, north) = corner(cell);
    land(east, north, side)
}

async fn carry_out(desk: &Desk, n: usize, step: &Move) {
    let named = |code: String, more: Value| {
        let mut facts = json!({"code": code, "name": "某处", "division_code": HERE});
        facts.as_object_mut().expect("facts").extend(more.as_object().expect("more").clone());
        facts
    };
    let today = desk.world.app.today();
    match step {
        Move::School { code, cell } | Move::Homes { code, cell } => {
            let kind = if matches!(step, Move::School { .. }) { "schools" } else { "homes" };
            let (east, north) = corner(*cell);
            let facts = json!({"code": format!("{kind}-{code}"), "name": format!("第 {n} 次")});
            desk.load(&format!("reference:{kind}"), facts, &point(east + 250.0, north + 50.0)).await;
        }
        Move::Zone { cell, size, kind } => {
            let facts = json!({"kind": kind, "published_by": "某人民政府", "published_on": "2026-11-01"});
            desk.load("siting-zones", named(format!("Z{n}"), facts), &place(*cell, 100.0 + 150.0 * f64::from(*size)))
                .await;
        }
        Move::Published { division, kind } => {
            desk.published(division, kind, &TODAY.add_days(-1 - i64::try_from(n).expect("few")).to_string()).await;
        }
        Move::Order { division, ends } => {
            desk.order(division, "2026-11-01", ends.then(|| today.to_string()).as_deref()).await;
        }
        Move::Site { cell, stage } => {
            desk.load("sites", named(format!("S{n}"), json!({"stage": stage})), &place(*cell, 80.0)).await;
        }
        Move::KeyUnit { cell } => {
            let facts = json!({"listed_on": "2026-11-01"});
            desk.load("key-units", named(format!("K{n}"), facts), &place(*cell, 120.0)).await;
        }
        Move::Farmland { cell, class } => {
            let facts = json!({"land_type": "upland", "class": class});
            desk.load("farmland", named(format!("F{n}"), facts), &place(*cell, 60.0)).await;
        }
        Move::Coverage { cell, size } => {
            let registers = ["farmland", "suspected_sites", "contaminated_sites", "key_units"];
            let facts = json!({"registers": registers, "status": "kept", "as_of": "2026-11-01"});
            desk.load("coverage", named(format!("C{n}"), facts), &place(*cell, 110.0 + 400.0 * f64::from(*size))).await;
        }
        Move::Tomorrow => desk.world.clock.move_to(today.add_days(1)),
    }
}

#[test]
fn what_the_watch_supersedes_is_what_judging_every_answer_anew_finds() {
    any_history(moves(), async |moves| {
        let desk = Desk::new().await;
        for x in 0..5 {
            for y in (x % 2..5).step_by(2) {
                let asked = match (x + y) % 3 {
                    0 => json!({"industry": SMELTER}),
                    1 => json!({"industry": "2614", "protection_distance_m": 500.0}),
                    _ => json!({"sensitive_use": ["homes", "schools"]}),
                };
                let division = if (x + y) % 4 == 0 { THERE } else { HERE };
                desk.ask(division, &place((x, y), 100.0), asked).await;
            }
        }
        let mut superseded = BTreeSet::new();
        for (n, step) in moves.iter().enumerate() {
            carry_out(&desk, n, step).await;
            desk.follow(&mut superseded, step).await;
        }
        assert_eq!(desk.told().await.len(), superseded.len());
    });
}
