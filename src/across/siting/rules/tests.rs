//! The rules on both sides of each condition, and on both sides of the days on which texts changed.

use super::*;
use crate::across::land_check::{Place, Relation};
use crate::kernel::{Day, DivisionCode};
use crate::standards::industries::IndustryCode;
use crate::standards::law::CODE_IN_FORCE;
use proptest::prelude::*;
use std::collections::BTreeSet;

const LAST_OF_LAW: Day = Day::of(2026, 8, 14);
const ALXA: [&str; 3] = ["150000", "152900", "152921"];
const SHUOZHOU: [&str; 3] = ["140000", "140600", "140602"];
const YUANCHENG: [&str; 3] = ["440000", "441600", "441602"];
const CHIFENG: [&str; 3] = ["150000", "150400", "150402"];

fn place(codes: [&str; 3]) -> Place {
    Place(codes.into_iter().map(|code| DivisionCode::parse(code).unwrap()).collect())
}

fn met(lies: Relation, distance_m: f64) -> Met {
    let overlap_m2 = if lies == Relation::Overlaps { 100.0 } else { 0.0 };
    Met { code: "X".into(), name: None, lies, overlap_m2, distance_m, sliver: false }
}

fn sliver() -> Met {
    Met { overlap_m2: 0.5, sliver: true, ..met(Relation::Overlaps, 0.0) }
}

/// A new smelter in Alxa of which all is known, on ground where nothing is.
fn project(activity: Activity, industry: &str) -> Facts {
    let mut f = Facts::new(activity, CODE_IN_FORCE);
    f.places = vec![place(ALXA)];
    f.procedure = Some(Procedure::Eia);
    f.industry = Some(IndustryCode::parse(industry).unwrap());
    f.builds = Some(Vec::new());
    f.metals = Some(true);
    f.published = ZoneKind::ALL.to_vec();
    f.farmland_known = true;
    f.surveyed = Facility::ALL.to_vec();
    f.reaches = Facility::ALL.iter().map(|facility| (*facility, Reach::of(Some(500.0), None))).collect();
    f.source_reach = Reach::of(Some(500.0), None);
    f.sources_known = true;
    f
}

fn smelter() -> Facts {
    project(Activity::New, "3212")
}

fn fired(f: &Facts) -> Vec<(&'static str, &'static str)> {
    decide(f).rules.iter().map(|rule| (rule.rule, rule.verdict.as_str())).collect()
}

fn of(f: &Facts, rule: &str) -> Option<&'static str> {
    decide(f).rules.iter().find(|fired| fired.rule == rule).map(|fired| fired.verdict.as_str())
}

fn articles(f: &Facts, rule: &str) -> Vec<(String, String)> {
    let decision = decide(f);
    let fired = decision.rules.iter().find(|fired| fired.rule == rule).unwrap();
    fired.citations.iter().map(|c| (c.instrument_zh.clone(), c.article.clone())).collect()
}

#[test]
fn on_clear_ground_of_which_all_is_known_nothing_fires() {
    let decision = decide(&smelter());
    assert_eq!((decision.verdict, decision.rules.len()), (Verdict::Allow, 0));
}

#[test]
fn the_table_is_whole() {
    let ids: BTreeSet<&str> = SITING.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), SITING.len());
    assert!((1..=11).all(|n| ids.contains(format!("Z{n}").as_str())));
    for rule in SITING {
        assert!(!rule.provisions.is_empty() && !rule.verdicts.is_empty() && !rule.activities.is_empty(), "{}", rule.id);
    }
}

#[test]
fn z1_six_industries_are_held_where_priority_farmland_is_concentrated() {
    let zone = |mut f: Facts, met: Met| {
        f.zones.push((ZoneKind::PriorityFarmland, met));
        f
    };
    let inside = || met(Relation::Overlaps, 0.0);
    assert_eq!(of(&zone(smelter(), inside()), "Z1"), Some("hold"));
    for (industry, verdict) in [("2511", Some("hold")), ("32", Some("hold")), ("1310", None), ("3843", None)] {
        assert_eq!(of(&zone(project(Activity::New, industry), inside()), "Z1"), verdict, "{industry}");
    }
    // Touching is outside; a sliver is for a person.
    assert_eq!(of(&zone(smelter(), met(Relation::Touches, 0.0)), "Z1"), None);
    assert_eq!(of(&zone(smelter(), sliver()), "Z1"), None);
    assert_eq!(of(&zone(project(Activity::Existing, "3212"), inside()), "Z1"), Some("warn"));
    let mut unknown = zone(smelter(), inside());
    unknown.industry = None;
    unknown.builds = None;
    assert_eq!(of(&unknown, "Z1"), Some("hold"));
    let mut unpublished = smelter();
    unpublished.published.clear();
    assert_eq!(of(&unpublished, "Z1"), Some("warn"));
    assert_eq!(
        articles(&zone(smelter(), inside()), "Z1").into_iter().map(|(zh, _)| zh).collect::<Vec<_>>(),
        ["土壤污染防治行动计划", "内蒙古自治区土壤污染防治三年攻坚计划", "阿拉善盟土壤污染防治实施方案"]
    );
    let mut early = zone(smelter(), inside());
    early.on = Day::of(2016, 5, 27);
    early.places = vec![place(SHUOZHOU)];
    assert_eq!(of(&early, "Z1"), None, "before the plan");
}

#[test]
fn z2_twelve_industries_in_yuancheng() {
    let mut battery = project(Activity::New, "3843");
    battery.zones.push((ZoneKind::PriorityFarmland, met(Relation::Overlaps, 0.0)));
    assert_eq!((of(&battery, "Z1"), of(&battery, "Z2")), (None, None));
    battery.places = vec![place(YUANCHENG)];
    assert_eq!((of(&battery, "Z1"), of(&battery, "Z2")), (None, Some("hold")));
    battery.activity = Activity::Expansion;
    assert_eq!(of(&battery, "Z2"), None);
    // Land that straddles answers for both.
    let mut both = project(Activity::New, "3843");
    both.places = vec![place(SHUOZHOU), place(YUANCHENG)];
    both.zones.push((ZoneKind::PriorityFarmland, met(Relation::Overlaps, 0.0)));
    assert_eq!(of(&both, "Z2"), Some("hold"));
}

#[test]
fn z3_nothing_that_may_pollute_is_built_on_concentrated_basic_farmland() {
    let with = |activity, industry: &str, stated| {
        let mut f = project(activity, industry);
        f.pollutes = stated;
        f.zones.push((ZoneKind::BasicFarmland, met(Relation::Overlaps, 0.0)));
        f
    };
    for (activity, industry, stated, verdict) in [
        (Activity::New, "3212", None, Some("block")),
        (Activity::New, "1310", Some(true), Some("block")),
        (Activity::New, "1310", None, Some("hold")),
        (Activity::New, "1310", Some(false), None),
        (Activity::New, "3212", Some(false), Some("hold")),
        (Activity::Expansion, "3212", None, Some("hold")),
        (Activity::Reconstruction, "3212", None, Some("hold")),
        (Activity::Existing, "3212", None, Some("hold")),
        (Activity::Existing, "1310", None, Some("warn")),
    ] {
        assert_eq!(of(&with(activity, industry, stated), "Z3"), verdict, "{activity:?} {industry} {stated:?}");
    }
    let existing = decide(&with(Activity::Existing, "3212", None));
    assert!(existing.rules[0].by.as_ref().is_some_and(|by| by.zh.contains("期限")));
    let mut unpublished = smelter();
    unpublished.published = vec![ZoneKind::PriorityFarmland];
    assert_eq!(of(&unpublished, "Z3"), Some("warn"));
}

#[test]
fn code_445_takes_over_from_law_50_on_its_day_and_brings_its_fine() {
    let mut f = smelter();
    f.zones.push((ZoneKind::BasicFarmland, met(Relation::Overlaps, 0.0)));
    let cited = |f: &Facts| articles(f, "Z3").into_iter().map(|(_, article)| article).collect::<Vec<_>>();
    assert_eq!(cited(&f), ["445", "1162(6)"]);
    f.on = LAST_OF_LAW;
    assert_eq!(cited(&f), ["50"]);
    f.on = Day::of(2018, 12, 31);
    assert_eq!(of(&f, "Z3"), None);
    f.on = CODE_IN_FORCE;
    f.places = vec![place(SHUOZHOU)];
    assert_eq!(cited(&f).len(), 3);
}

#[test]
fn z4_priority_farmland_is_not_occupied() {
    let on = |class, activity, exempt| {
        let mut f = project(activity, "1310");
        f.pollutes = Some(false);
        f.metals = Some(false);
        f.exempt = exempt;
        f.units.push((class, met(Relation::Overlaps, 0.0)));
        f
    };
    for (class, activity, exempt, verdict) in [
        (UnitClass::Priority, Activity::New, None, Some("block")),
        (UnitClass::Priority, Activity::Expansion, Some(false), Some("block")),
        (UnitClass::Priority, Activity::New, Some(true), Some("allow_recorded")),
        (UnitClass::Priority, Activity::Existing, None, Some("warn")),
        (UnitClass::Unclassified, Activity::New, None, Some("warn")),
        (UnitClass::Other, Activity::New, None, None),
    ] {
        assert_eq!(of(&on(class, activity, exempt), "Z4"), verdict, "{class:?} {activity:?} {exempt:?}");
    }
    let mut unknown = on(UnitClass::Other, Activity::New, None);
    unknown.units.clear();
    assert_eq!(of(&unknown, "Z4"), None);
    unknown.farmland_known = false;
    assert_eq!(of(&unknown, "Z4"), Some("warn"));
}

#[test]
fn z5_no_smelter_or_coking_plant_around_homes() {
    let beside = |industry: &str, facility, met: Met| {
        let mut f = project(Activity::New, industry);
        f.facilities.push((facility, met));
        f
    };
    let near = |metres| met(Relation::Near, metres);
    for (industry, facility, met, verdict) in [
        ("3212", Facility::Homes, near(500.0), Some("block")),
        ("2521", Facility::CareHomes, near(100.0), Some("block")),
        ("3212", Facility::Homes, near(500.1), None),
        ("3212", Facility::Kindergartens, near(100.0), None),
        ("2614", Facility::Homes, near(100.0), None),
        ("32", Facility::Schools, met(Relation::Touches, 0.0), Some("hold")),
    ] {
        assert_eq!(of(&beside(industry, facility, met.clone()), "Z5"), verdict, "{industry} {facility:?} {met:?}");
    }
    let mut old = beside("3212", Facility::Homes, near(100.0));
    old.activity = Activity::Expansion;
    assert_eq!(of(&old, "Z5"), None);
}

#[test]
fn z6_nothing_that_may_pollute_is_built_around_homes() {
    let beside = |facility, metres, place_of| {
        let mut f = project(Activity::Expansion, "2614");
        f.places = vec![place(place_of)];
        f.facilities.push((facility, met(Relation::Near, metres)));
        f
    };
    for (facility, metres, place_of, verdict) in [
        (Facility::Schools, 499.0, ALXA, Some("block")),
        (Facility::Schools, 501.0, ALXA, None),
        (Facility::Kindergartens, 100.0, ALXA, Some("warn")),
        (Facility::Kindergartens, 100.0, YUANCHENG, Some("block")),
    ] {
        assert_eq!(of(&beside(facility, metres, place_of), "Z6"), verdict, "{facility:?} {metres} {place_of:?}");
    }
    let mut before = beside(Facility::Kindergartens, 100.0, YUANCHENG);
    before.on = Day::of(2019, 2, 28);
    assert_eq!(of(&before, "Z6"), Some("warn"), "Guangdong's measures hold from 2019-03-01");
    let mut stated = beside(Facility::Schools, 100.0, ALXA);
    stated.industry = Some(IndustryCode::parse("1310").unwrap());
    assert_eq!(of(&stated, "Z6"), Some("hold"), "whether it may pollute is unknown");
    stated.pollutes = Some(false);
    assert_eq!(of(&stated, "Z6"), None);
    let mut law = beside(Facility::Schools, 100.0, YUANCHENG);
    let cited = |f: &Facts| articles(f, "Z6").into_iter().map(|(_, article)| article).collect::<Vec<_>>();
    assert_eq!(cited(&law), ["427", "16"]);
    law.on = LAST_OF_LAW;
    assert_eq!(cited(&law), ["32", "16"]);
    law.on = Day::of(2018, 12, 31);
    assert_eq!(of(&law, "Z6"), None);
}

#[test]
fn what_around_means_is_said_where_it_is_not_known() {
    let mut f = smelter();
    f.reaches.clear();
    assert_eq!((of(&f, "Z5"), of(&f, "Z6")), (Some("warn"), Some("warn")));
    let decision = decide(&f);
    let note =
        |rule: &str| decision.rules.iter().find(|fired| fired.rule == rule).unwrap().note.as_ref().unwrap().zh.clone();
    assert!(note("Z6").contains("距离参数未配置"));
    // The project's own protection distance will do; what meets the land lies around it whatever is set.
    f.reaches = Facility::ALL.iter().map(|facility| (*facility, Reach::of(None, Some(800.0)))).collect();
    assert_eq!(fired(&f), []);
    f.facilities.push((Facility::Homes, met(Relation::Near, 700.0)));
    assert_eq!(of(&f, "Z5"), Some("block"));
    let mut unset = smelter();
    unset.reaches.clear();
    unset.facilities.push((Facility::Homes, met(Relation::Touches, 0.0)));
    assert_eq!(of(&unset, "Z5"), Some("block"));
    // A layer that was not loaded is not known to be empty.
    let mut unknown = smelter();
    unknown.surveyed = vec![Facility::Homes];
    assert_eq!((of(&unknown, "Z5"), of(&unknown, "Z6")), (Some("warn"), Some("warn")));
}

#[test]
fn z7_no_approval_of_an_assessment_where_priority_farmland_is_concentrated() {
    let asked = |procedure| {
        let mut f = project(Activity::Reconstruction, "2614");
        f.procedure = procedure;
        f.zones.push((ZoneKind::PriorityFarmland, met(Relation::Overlaps, 0.0)));
        f
    };
    assert_eq!(of(&asked(Some(Procedure::Eia)), "Z7"), Some("block"));
    assert_eq!(of(&asked(Some(Procedure::Planning)), "Z7"), None);
    assert_eq!(of(&asked(None), "Z7"), Some("warn"));
    let mut unknown = asked(Some(Procedure::Eia));
    unknown.industry = Some(IndustryCode::parse("1310").unwrap());
    assert_eq!(of(&unknown, "Z7"), Some("hold"));
    unknown.pollutes = Some(false);
    assert_eq!(of(&unknown, "Z7"), None);
    let mut early = asked(Some(Procedure::Eia));
    early.on = Day::of(2017, 10, 31);
    assert_eq!(of(&early, "Z7"), None, "Order 46 holds from 2017-11-01");
}

#[test]
fn z8_homes_in_guangdong_look_at_contaminated_plots_around() {
    let building = |builds: Option<Vec<Facility>>| {
        let mut f = project(Activity::New, "3212");
        f.places = vec![place(YUANCHENG)];
        f.industry = None;
        f.builds = builds;
        f.sources.push(met(Relation::Near, 100.0));
        f
    };
    let homes = || building(Some(vec![Facility::Homes]));
    assert_eq!(of(&homes(), "Z8"), Some("warn"));
    assert_eq!(of(&building(Some(Vec::new())), "Z8"), None);
    assert_eq!(of(&building(None), "Z8"), Some("warn"), "what is built was not stated");
    let mut elsewhere = homes();
    elsewhere.places = vec![place(ALXA)];
    assert_eq!(of(&elsewhere, "Z8"), None);
    let mut clear = homes();
    clear.sources.clear();
    assert_eq!(of(&clear, "Z8"), None);
    clear.source_reach = Reach::of(None, None);
    assert_eq!(of(&clear, "Z8"), Some("warn"));
    clear.source_reach = Reach::of(Some(500.0), None);
    clear.sources_known = false;
    assert_eq!(of(&clear, "Z8"), Some("warn"));
    // Homes pollute no soil: the other rules leave them alone.
    assert_eq!(fired(&homes()), [("Z8", "warn")]);
}

#[test]
fn z9_special_limits_from_2019_in_four_places() {
    let there = |on| {
        let mut f = smelter();
        f.places = vec![place(CHIFENG)];
        f.on = on;
        f
    };
    assert_eq!(of(&there(Day::of(2018, 12, 31)), "Z9"), None);
    assert_eq!(of(&there(Day::of(2019, 1, 1)), "Z9"), Some("allow_recorded"));
    assert_eq!(of(&smelter(), "Z9"), None, "not in Alxa");
    let mut f = there(CODE_IN_FORCE);
    f.metals = None;
    assert_eq!(of(&f, "Z9"), Some("allow_recorded"), "a smelter is presumed to");
    f.industry = Some(IndustryCode::parse("2614").unwrap());
    assert_eq!(of(&f, "Z9"), Some("warn"));
    f.metals = Some(false);
    assert_eq!(of(&f, "Z9"), None);
    f.metals = Some(true);
    f.activity = Activity::Expansion;
    assert_eq!(of(&f, "Z9"), None);
}

#[test]
fn z10_emissions_are_offset_in_shuozhou() {
    let there = |metals, offset| {
        let mut f = project(Activity::New, "3843");
        f.places = vec![place(SHUOZHOU)];
        f.metals = metals;
        f.offset = offset;
        f
    };
    for (metals, offset, verdict) in [
        (Some(true), None, Some("hold")),
        (Some(true), Some(false), Some("hold")),
        (Some(true), Some(true), Some("allow_recorded")),
        (None, None, Some("warn")),
        (Some(false), None, None),
    ] {
        assert_eq!(of(&there(metals, offset), "Z10"), verdict, "{metals:?} {offset:?}");
    }
    let mut early = there(Some(true), None);
    early.on = Day::of(2021, 8, 10);
    assert_eq!(of(&early, "Z10"), None);
}

#[test]
fn z11_nothing_is_approved_under_an_order() {
    let under = |covers, assessments_only, procedure| {
        let mut f = project(Activity::New, "2614");
        f.procedure = procedure;
        f.orders.push(Order {
            division: "152900".into(),
            assessments_only,
            covers,
            scope: "涉重金属".into(),
            named: "1号".into(),
        });
        f
    };
    let eia = Some(Procedure::Eia);
    for (covers, only, procedure, verdict) in [
        (Covers::Every, true, eia, Some("block")),
        (Covers::SoilPolluting, true, eia, Some("block")),
        (Covers::AsWorded, true, eia, Some("hold")),
        (Covers::Every, true, Some(Procedure::Approval), None),
        (Covers::Every, false, Some(Procedure::Approval), Some("block")),
        (Covers::Every, false, Some(Procedure::Planning), None),
        (Covers::Every, false, None, Some("warn")),
    ] {
        assert_eq!(of(&under(covers, only, procedure), "Z11"), verdict, "{covers:?} {only} {procedure:?}");
    }
    let mut clean = under(Covers::SoilPolluting, true, eia);
    clean.industry = Some(IndustryCode::parse("1310").unwrap());
    assert_eq!(of(&clean, "Z11"), Some("hold"));
    clean.pollutes = Some(false);
    assert_eq!(of(&clean, "Z11"), Some("allow_recorded"));
    clean.activity = Activity::Existing;
    assert_eq!(of(&clean, "Z11"), None);
}

#[test]
fn zp_line_a_sliver_is_for_a_person() {
    let mut f = smelter();
    f.zones.push((ZoneKind::BasicFarmland, sliver()));
    assert_eq!(fired(&f), [("ZP-LINE", "warn")]);
    let mut other = smelter();
    other.units.push((UnitClass::Other, sliver()));
    assert_eq!(fired(&other), []);
}

#[test]
fn zp_contradiction_a_statement_against_the_industry_is_shown() {
    let mut f = smelter();
    f.pollutes = Some(false);
    assert_eq!(fired(&f), [("ZP-CONTRADICTION", "warn")]);
    f.pollutes = Some(true);
    f.metals = Some(false);
    assert_eq!(fired(&f), [("ZP-CONTRADICTION", "warn")]);
}

fn lies_and_distance() -> impl Strategy<Value = Met> {
    prop_oneof![
        Just(met(Relation::Overlaps, 0.0)),
        Just(sliver()),
        Just(met(Relation::Touches, 0.0)),
        (0.1..2000.0_f64).prop_map(|metres| met(Relation::Near, metres)),
    ]
}

/// The same record after the project moved away from it.
fn moved(was: &Met, metres: f64) -> Met {
    match (was.lies, was.sliver) {
        (Relation::Overlaps, false) if metres < 1.0 => sliver(),
        (Relation::Overlaps, _) if metres < 2.0 => met(Relation::Touches, 0.0),
        _ => met(Relation::Near, was.distance_m + metres),
    }
}

proptest! {
    #[test]
    fn moving_away_never_makes_it_worse(
        industry in prop::sample::select(vec!["3212", "2521", "2614", "3843", "32", "1310"]),
        activity in prop::sample::select(Activity::ALL.to_vec()),
        procedure in prop::option::of(prop::sample::select(Procedure::ALL.to_vec())),
        at in prop::sample::select(vec![ALXA, SHUOZHOU, YUANCHENG, CHIFENG]),
        pollutes in any::<Option<bool>>(),
        published in any::<bool>(),
        surveyed in any::<bool>(),
        reach in prop::option::of(1.0..1500.0_f64),
        zones in prop::collection::vec((prop::sample::select(ZoneKind::ALL.to_vec()), lies_and_distance()), 0..3),
        units in prop::collection::vec((prop::sample::select(vec![UnitClass::Priority, UnitClass::Unclassified]), lies_and_distance()), 0..3),
        facilities in prop::collection::vec((prop::sample::select(Facility::ALL.to_vec()), lies_and_distance()), 0..3),
        sources in prop::collection::vec(lies_and_distance(), 0..2),
        builds in any::<bool>(),
        metres in 0.1..3000.0_f64,
    ) {
        let mut here = project(activity, industry);
        here.procedure = procedure;
        here.places = vec![place(at)];
        here.pollutes = pollutes;
        here.builds = Some(if builds { vec![Facility::Homes] } else { Vec::new() });
        if !published { here.published.clear(); }
        if !surveyed { here.surveyed.clear(); }
        here.reaches = Facility::ALL.iter().map(|facility| (*facility, Reach::of(reach, None))).collect();
        here.source_reach = Reach::of(reach, None);
        let mut away = here.clone();
        away.zones = zones.iter().map(|(kind, was)| (*kind, moved(was, metres))).collect();
        away.units = units.iter().map(|(class, was)| (*class, moved(was, metres))).collect();
        away.facilities = facilities.iter().map(|(kind, was)| (*kind, moved(was, metres))).collect();
        away.sources = sources.iter().map(|was| moved(was, metres)).collect();
        here.zones = zones;
        here.units = units;
        here.facilities = facilities;
        here.sources = sources;
        let (near, far) = (decide(&here), decide(&away));
        prop_assert!(far.verdict <= near.verdict, "{:?} then {:?}", near.verdict, far.verdict);
    }
}
