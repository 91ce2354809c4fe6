//! The layers of the three lists on any day as known at any instant, against the lists themselves, while sites walk their
//! routes and steps are taken back and taken again.

use super::routes::{self, FIRST};
use super::{Case, HERE, Planned, Prefecture};
use crate::layer_time::{Dice, Pair, instant, when};
use crate::loading::{feature, load};
use crate::support::{World, expect, square};
use chrono::{DateTime, TimeDelta, Utc};
use jingtu::kernel::Day;
use jingtu::platform::Role;
use serde_json::{Value, json};

const SITE: &[(&str, &str)] = &[
    ("code", "code"),
    ("national_code", "national_code"),
    ("name", "name"),
    ("division_code", "division_code"),
    ("stage", "stage"),
    ("stage_since", "stage_since"),
    ("area_m2", "area_m2"),
    ("former_industry", "former_industry"),
    ("invented", "invented"),
];

/// Names in a layer and in a list.
type Names = &'static [(&'static str, &'static str)];

/// The list, its layer, and what else the two have in common.
const LISTS: [(&str, &str, Names); 3] = [
    ("suspected_list", "suspected-sites", &[("suspected_on", "entered_on")]),
    (
        "contaminated_directory",
        "contaminated-sites",
        &[("contaminated_on", "entered_on"), ("risk_grade", "risk_grade"), ("mode", "mode")],
    ),
    (
        "control_list",
        "control-list",
        &[("control_listed_on", "entered_on"), ("risk_grade", "risk_grade"), ("mode", "mode")],
    ),
];

/// Sites of a register that was there before, of which some days are not known.
async fn taken_over(world: &World) {
    let site = |code: &str, stage: &str, n: f64, more: Value| {
        let mut properties = json!({"code": code, "name": code, "division_code": HERE, "stage": stage});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        feature(properties, square(105.7 + n * 0.003, 38.803, 100.0))
    };
    let sites = [
        site("A", "contaminated", 0.0, json!({"stage_since": "2024-03-01", "risk_grade": "medium"})),
        site("B", "listed", 1.0, json!({"stage_since": "2025-06-01", "risk_grade": "high"})),
        site("C", "risk_control", 2.0, json!({"mode": "containment", "on_control_list": true})),
        site("D", "not_contaminated", 3.0, json!({})),
    ];
    load(world, "sites", &sites, 10).await;
}

/// Walks a route, taking back now and then what was just entered; gives the instants that are worth asking about.
async fn walk(case: &Case, steps: &[Planned], dice: &mut Dice) -> Vec<DateTime<Utc>> {
    let mut instants = Vec::new();
    let mut now = async |case: &Case| {
        instants.push(case.world.app.clock().now());
        case.world.clock.advance(TimeDelta::minutes(20));
    };
    for step in steps {
        if case.world.app.today() < step.on {
            case.world.clock.move_to(step.on);
        }
        case.record(step.on, step.who, &step.event).await;
        now(case).await;
        if dice.below(3) == 0 {
            let void = json!({"type": "entered_in_error", "reason": "录入有误"});
            case.record(case.world.app.today(), step.who, &void).await;
            now(case).await;
            case.record(step.on, step.who, &step.event).await;
            now(case).await;
        }
    }
    instants
}

async fn agrees_everywhere(route: &[Planned], seed: u64) {
    let case = Case::new(FIRST).await;
    taken_over(&case.world).await;
    let mut dice = Dice(seed);
    let instants = walk(&case, route, &mut dice).await;
    let auditor = case.world.key(Role::Auditor, "000000").await;
    let mut days: Vec<Day> =
        route.iter().flat_map(|step| [step.on.add_days(-1), step.on, step.on.add_days(1)]).collect();
    days.extend([Day::of(2024, 2, 29), Day::of(2024, 3, 1), Day::of(2025, 5, 31), Day::of(2025, 6, 1)]);
    let mut seen = [0; 3];
    for n in 0..45 {
        let on = *dice.one(&days);
        let known_at = (n % 3 > 0).then(|| *dice.one(&instants));
        for (at, (list, layer, more)) in LISTS.into_iter().enumerate() {
            let register = format!("/v1/lists/{list}");
            let fields: Vec<_> = SITE.iter().chain(more).copied().collect();
            let pair = Pair { world: &case.world, layer, register: &register, fields: &fields };
            seen[at] += pair.agree(Some(&auditor), on, known_at).await;
            // The land user's own, and the public: what was found entered in error since is told to neither again.
            if list == "suspected_list" {
                pair.agree(Some(case.key(super::LandUser)), on, known_at).await;
            } else {
                pair.agree(None, on, known_at).await;
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 5), "{seen:?}");
}

#[tokio::test]
async fn the_lists_layers_agree_with_the_lists_while_a_site_is_remediated() {
    agrees_everywhere(&routes::remediated(), 20_261_122).await;
}

#[tokio::test]
async fn the_lists_layers_agree_with_the_lists_while_a_site_is_contained() {
    agrees_everywhere(&routes::contained(), 7).await;
}

#[tokio::test]
async fn a_mistake_is_not_told_to_the_public_again_and_an_address_only_where_it_was_one() {
    let case = Case::new(FIRST).await;
    let steps = routes::acceptable();
    let listed = 4;
    walk(&case, &steps[..listed], &mut Dice(1)).await;
    let before = case.world.app.clock().now();
    let disclosed = &steps[listed];
    case.take(disclosed).await;
    let address = "https://www.example.com/1";
    let items = |query: &str| case.world.get(&format!("/ogc/collections/contaminated-sites/items?{query}"));
    let published = async |query: String| {
        let page = expect(items(&query), 200).await;
        assert_eq!(page["numberReturned"], 1, "{query}");
        page["features"][0]["properties"]["published_at"].clone()
    };
    assert_eq!(published(String::new()).await, address);
    assert_eq!(published(when(disclosed.on, None)).await, address);
    assert_eq!(published(when(disclosed.on.add_days(-1), None)).await, Value::Null, "not public yet on that day");
    assert_eq!(published(when(disclosed.on, Some(before))).await, Value::Null, "not known yet at that instant");
    assert_eq!(published(format!("known_at={}", instant(before))).await, Value::Null);

    let then = case.world.app.clock().now();
    case.world.clock.advance(TimeDelta::hours(1));
    let void = json!({"type": "entered_in_error", "reason": "录入有误"});
    case.record(case.world.app.today(), Prefecture, &void).await;
    assert_eq!(published(format!("known_at={}", instant(then))).await, Value::Null, "entered in error");
    case.record(case.world.app.today(), Prefecture, &void).await;
    let auditor = case.world.key(Role::Auditor, "000000").await;
    let county = case.key(super::County).to_owned();
    let elsewhere = case.world.key(Role::CountyEcology, "152922").await;
    for query in [when(disclosed.on, Some(then)), format!("known_at={}", instant(then))] {
        for (key, n) in [(None, 0), (Some(&auditor), 1), (Some(&county), 1), (Some(&elsewhere), 0)] {
            let request = match key {
                Some(key) => items(&query).bearer_auth(key),
                None => items(&query),
            };
            let page = expect(request, 200).await;
            assert_eq!(page["numberReturned"], n, "{query} {key:?}");
        }
    }
}
