//! What holds whatever the samples: more contamination never relaxes, order never matters.

use super::point::Said;
use super::*;
use crate::kernel::quantity::Unit as Mass;
use proptest::prelude::*;

fn mg_kg(hundredths: u32) -> Measured {
    Measured { below: false, value: Decimal::new(i64::from(hundredths), 2), unit: Mass::MgKg }
}

/// A soil sample whose contents of Cd stand for a class on upland at pH 6 (screening 0.3, intervention 2.0 mg/kg), the other
/// elements clean.
fn soil(point: &str, place: Option<[f64; 2]>, class: u8) -> Sample {
    let cd = [10, 100, 300][usize::from(class) - 1];
    Sample {
        id: format!("S-{point}"),
        point: point.to_owned(),
        place,
        taken_on: Some(Day::of(2024, 5, 1)),
        medium: Medium::Soil,
        depth_from_m: None,
        ph: Some(Decimal::from(6)),
        contents: [Some(mg_kg(cd)), Some(mg_kg(1)), Some(mg_kg(100)), Some(mg_kg(100)), Some(mg_kg(100))],
        limits: [None; 5],
    }
}

/// A product of which each element is held to 0.2 mg/kg, with as much Cd as given in hundredths.
fn product(point: &str, cd: u32) -> Sample {
    let mut sample = soil(point, None, 1);
    sample.medium = Medium::Crop;
    sample.id = format!("P-{point}");
    sample.contents = [Some(mg_kg(cd)), Some(mg_kg(1)), Some(mg_kg(1)), Some(mg_kg(1)), Some(mg_kg(1))];
    sample.limits = [Some(Decimal::new(20, 2)); 5];
    sample
}

fn unit(samples: Vec<Sample>) -> Unit {
    Unit {
        code: "U".to_owned(),
        land: Land::Other,
        by_reference: false,
        samples,
        neighbours: Vec::new(),
        outside_survey: false,
        settings: Settings::default(),
    }
}

fn one(samples: Vec<Sample>) -> Finding {
    classify(&[unit(samples)]).remove(0)
}

/// The findings of units on a day after all their samples.
fn classify(units: &[Unit]) -> Vec<Finding> {
    let weighed = Weighed::new(units.to_vec(), Day::of(2026, 11, 22));
    (0..units.len()).map(|n| weighed.finding(n)).collect()
}

fn number(class: Option<Grade>) -> u8 {
    class.map_or(0, Grade::number)
}

fn codes(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(Step::code).collect()
}

/// Points in a row, a hundredth of a degree apart.
fn row(classes: &[u8]) -> Vec<Sample> {
    let place = |n: usize| Some([114.7 + 0.01 * f64::from(u32::try_from(n).unwrap()), 23.7]);
    classes.iter().enumerate().map(|(n, class)| soil(&format!("{n:03}"), place(n), *class)).collect()
}

/// Pins: CLASS_GUIDE_UNIT, GB_15618_TABLE_1, GB_15618_TABLE_3, LAW_49_CODE_444
#[test]
fn a_unit_has_the_class_of_its_points() {
    for (classes, class, step) in [
        (&[1, 1, 1][..], 1, "all_points_same"),
        (&[2, 2], 2, "all_points_same"),
        (&[3], 3, "all_points_same"),
        // 5 of 6 are more than 80 %, 4 of 5 are not.
        (&[1, 1, 1, 2, 1, 1], 1, "isolated_points_outvoted"),
        (&[1, 1, 2, 1, 1], 2, "no_dominant_class"),
        (&[1, 1, 1, 3, 1, 1], 3, "isolated_strict_point"),
        (&[1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1], 2, "sub_unit"),
        (&[1, 1, 1, 1, 1, 2, 1, 2, 1, 1, 1], 1, "isolated_points_outvoted"),
        (&[2, 2, 2, 1, 2, 2], 2, "isolated_points_outvoted"),
        (&[3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3], 3, "sub_unit"),
        (&[1, 2, 3], 3, "no_dominant_class"),
    ] {
        let found = one(row(classes));
        assert_eq!(number(found.class), class, "{classes:?}");
        assert!(codes(&found.elements[0].steps).contains(&step), "{classes:?}: {:?}", found.elements[0].steps);
        assert_eq!(found.elements[1..].iter().map(|e| number(e.class)).collect::<Vec<_>>(), [1; 4]);
    }
}

#[test]
fn what_is_cut_and_what_is_left_have_classes_of_their_own() {
    let found = one(row(&[1, 1, 1, 1, 1, 1, 1, 2, 3, 1, 1, 1, 1]));
    assert_eq!(number(found.class), 3);
    let [part] = &found.parts[..] else { panic!("{:?}", found.parts) };
    assert_eq!((part.contiguous, part.class, part.points.join(" ")), (true, Grade::Three, "007 008".to_owned()));
    assert_eq!(part.elements, [(Element::Cd, Grade::Three)]);
    let left = found.remainder.unwrap();
    assert_eq!((left.class, left.points), (Some(Grade::One), 11));
    assert!(found.needs_field_check && !found.needs_expert);
}

#[test]
fn a_point_speaks_through_its_newest_topsoil_sample() {
    let older = soil("A", None, 3);
    let mut newer = soil("A", None, 1);
    (newer.id, newer.taken_on) = ("S-new".to_owned(), Some(Day::of(2025, 5, 1)));
    let mut deep = soil("A", None, 3);
    (deep.id, deep.taken_on, deep.depth_from_m) =
        ("S-deep".to_owned(), Some(Day::of(2026, 5, 1)), Some(Decimal::new(2, 1)));
    let found = one(vec![deep.clone(), older.clone(), newer.clone()]);
    assert_eq!((number(found.class), found.used.join(" ")), (1, "S-new".to_owned()));
    let left: Vec<_> = found.unused.iter().map(|unused| (unused.sample.as_str(), unused.why)).collect();
    assert_eq!(left, [("S-A", WhyUnused::Older), ("S-deep", WhyUnused::BelowTopsoil)]);

    // A layer from 19 cm on is topsoil; of one day the worst counts, and of unknown day it may be as new.
    deep.depth_from_m = Some(Decimal::new(19, 2));
    assert_eq!(number(one(vec![deep.clone(), newer.clone()]).class), 3);
    newer.taken_on = None;
    assert_eq!(number(one(vec![older, newer.clone()]).class), 3);
    // What a newer sample was not tested for, an older one says.
    deep.contents = [Some(mg_kg(10)), None, None, None, None];
    let found = one(vec![deep, soil("A", None, 3)]);
    assert_eq!((number(found.class), found.used.len()), (1, 2));
}

#[test]
fn a_sample_taken_after_the_day_is_not_there_yet() {
    let mut later = soil("B", None, 3);
    later.taken_on = Some(Day::of(2024, 5, 2));
    let weighed = Weighed::new(vec![unit(vec![soil("A", None, 1), later])], Day::of(2024, 5, 1));
    let found = weighed.finding(0);
    assert_eq!(number(found.class), 1);
    assert_eq!(found.unused, [Unused { sample: "S-B".to_owned(), why: WhyUnused::TakenLater }]);
}

#[test]
fn what_cannot_be_compared_is_never_class_1() {
    let mut no_ph = soil("A", None, 1);
    no_ph.ph = None;
    let found = one(vec![no_ph.clone()]);
    assert_eq!((number(found.class), found.needs_expert), (0, true));
    assert_eq!(found.elements[0].points[0].said, Said::Nothing(point::WhyNot::PhMissing));
    assert_eq!(codes(&found.elements[0].steps), ["points_not_comparable", "nothing_comparable"]);

    let mut below = soil("A", None, 1);
    for (limit, class) in [(30, 1), (31, 0)] {
        below.contents[0] = Some(Measured { below: true, ..mg_kg(limit) });
        assert_eq!(number(one(vec![below.clone()]).class), class, "< 0.{limit}");
    }
    // The other elements are clean: not enough for class 1; one that is not is enough for class 2.
    below.contents[3] = Some(mg_kg(20_000));
    let found = one(vec![below]);
    assert_eq!((number(found.class), codes(&found.steps)), (2, vec!["elements_missing", "worst_element"]));
}

#[test]
fn a_unit_without_points_looks_at_its_neighbours() {
    let alone = |neighbours: Vec<usize>, outside_survey| Unit { neighbours, outside_survey, ..unit(Vec::new()) };
    let with = |code: &str, classes: &[u8]| Unit { code: code.to_owned(), ..unit(row(classes)) };
    for (near, outside, class, step) in [
        (vec![with("A", &[2]), with("B", &[2])], true, 2, "neighbours"),
        (vec![with("A", &[2]), with("B", &[1])], true, 0, "neighbours_differ"),
        (vec![with("A", &[2]), unit(Vec::new())], false, 2, "neighbours"),
        (vec![unit(Vec::new())], false, 0, "no_neighbours"),
        (vec![unit(Vec::new())], true, 1, "outside_survey"),
    ] {
        let mut units = vec![alone((1..=near.len()).collect(), outside)];
        units.extend(near);
        let found = classify(&units).remove(0);
        assert_eq!(number(found.class), class, "{step}");
        assert_eq!(codes(&found.elements[0].steps), ["no_points", step]);
        assert!(found.elements[0].steps[1].to_confirm());
    }
    // A unit whose points say nothing is not answered for by its neighbours.
    let mut mute = soil("A", None, 1);
    mute.ph = None;
    let units = [Unit { neighbours: vec![1], ..unit(vec![mute]) }, with("B", &[1])];
    assert_eq!(classify(&units)[0].class, None);
}

/// Pins: CLASS_GUIDE_CROP
#[test]
fn products_relax_by_the_table_and_never_tighten() {
    // Soil class, Cd of the products in hundredths of a mg/kg against a limit of 0.20, class.
    for (soil_class, products, class, step) in [
        (3, &[10, 10][..], 3, "crop_too_few"),
        (1, &[90, 90, 90], 1, "crop_kept"),
        (2, &[20, 20, 20], 1, "crop_relaxed"),
        (2, &[20, 20, 21], 2, "crop_kept"),
        (3, &[20, 20, 20], 2, "crop_relaxed"),
        // 2 of 3 are 66.7 %, 13 of 20 are 65 % to the point, 3 of 5 are not enough.
        (3, &[20, 20, 40], 2, "crop_relaxed"),
        (3, &[10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 30, 30, 30, 30, 30, 30, 30], 2, "crop_relaxed"),
        (3, &[10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 30, 30, 30, 30, 30, 30, 30, 30], 3, "crop_kept"),
        // Twice the limit is over it, more is far over it.
        (3, &[20, 20, 41], 3, "crop_kept"),
    ] {
        let mut samples = row(&[soil_class]);
        samples.extend(products.iter().enumerate().map(|(n, cd)| product(&format!("P{n}"), *cd)));
        let found = one(samples);
        assert_eq!(number(found.class), class, "{soil_class} {products:?}");
        assert_eq!(number(found.soil_class), soil_class);
        assert!(codes(&found.steps).contains(&step), "{soil_class} {products:?}: {:?}", found.steps);
        assert_eq!(codes(&found.steps).contains(&"priority_crops_fail"), soil_class == 1, "{products:?}");
    }
}

#[test]
fn a_product_speaks_only_of_what_it_was_tested_for() {
    let with = |change: &dyn Fn(&mut Sample)| {
        let mut samples = row(&[3]);
        samples.extend((0..3).map(|n| product(&format!("P{n}"), 10)));
        change(&mut samples[1]);
        one(samples)
    };
    assert_eq!(number(with(&|_| ()).class), 2);
    let left = |found: &Finding| found.unused.iter().map(|unused| unused.why).collect::<Vec<_>>();
    let found = with(&|sample| sample.limits = [None; 5]);
    assert_eq!((number(found.class), left(&found)), (3, vec![WhyUnused::LimitNotStated]));
    let found = with(&|sample| sample.contents[0] = None);
    assert_eq!((number(found.class), left(&found)), (3, vec![WhyUnused::ProductPartlyTested]));
    let found = with(&|sample| {
        sample.contents = [None; 5];
        sample.contents[0] = Some(Measured { below: true, ..mg_kg(21) });
    });
    assert_eq!((number(found.class), left(&found)), (3, vec![WhyUnused::ProductDetectionLimit]));
    // Without lead the class by soil is not whole, and nothing is relaxed.
    let mut samples = row(&[3]);
    samples[0].contents[3] = None;
    samples.extend((0..3).map(|n| product(&format!("P{n}"), 10)));
    let found = one(samples);
    assert_eq!((number(found.class), codes(&found.steps).contains(&"crop_not_heard")), (3, true));
}

/// Settings that a request or an operator may choose.
fn settings() -> impl Strategy<Value = Settings> {
    (50_u32..=100, 1_u32..=4, 1_u32..=5, 50_u32..=100, 100_u32..=400).prop_map(|numbers| {
        let (dominance_percent, min_contiguous, crop_min_samples, crop_share_percent, crop_heavy_percent) = numbers;
        Settings { dominance_percent, min_contiguous, crop_min_samples, crop_share_percent, crop_heavy_percent }
    })
}

fn content() -> impl Strategy<Value = Option<Measured>> {
    // Around every limit of Cd; the other elements are then clean or near their own.
    let amount = prop_oneof![Just(1_u32), 20_u32..500, 5_000_u32..140_000].prop_map(mg_kg);
    prop_oneof![
        1 => Just(None),
        12 => amount.clone().prop_map(Some),
        1 => amount.prop_map(|amount| Some(Measured { below: true, ..amount })),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let place = prop_oneof![1 => Just(None), 6 => (0_u8..6, 0_u8..6).prop_map(Some)];
    let contents = proptest::array::uniform5(content());
    let ph = prop_oneof![1 => Just(None), 9 => (40_i64..90).prop_map(|ph| Some(Decimal::new(ph, 1)))];
    let day = prop_oneof![1 => Just(None), 6 => (1_u32..4).prop_map(|day| Some(Day::of(2024, 5, day)))];
    (0_u8..12, place, contents, ph, day, 0_u8..8).prop_map(|(point, place, contents, ph, taken_on, kind)| {
        let (crop, limit) = (kind < 3, Some(Decimal::TWO));
        Sample {
            id: String::new(),
            point: format!("{}{point}", if crop { "P" } else { "A" }),
            place: place.map(|(x, y)| [114.7 + f64::from(x) * 0.01, 23.7 + f64::from(y) * 0.01]),
            taken_on,
            medium: if crop { Medium::Crop } else { Medium::Soil },
            depth_from_m: (kind == 7).then(|| Decimal::new(3, 1)),
            ph,
            contents,
            limits: if crop { [limit, limit, limit, None, limit] } else { [None; 5] },
        }
    })
}

/// Some units that touch each other, each with some samples.
fn county() -> impl Strategy<Value = Vec<Unit>> {
    let land = prop_oneof![Just(Land::Paddy), Just(Land::Other), Just(Land::Rotation)];
    let one = (proptest::collection::vec(sample(), 0..14), land, any::<bool>());
    (proptest::collection::vec(one, 1..5), settings()).prop_map(|(units, settings)| {
        let all = units.len();
        units
            .into_iter()
            .enumerate()
            .map(|(n, (mut samples, land, outside_survey))| {
                for (k, sample) in samples.iter_mut().enumerate() {
                    sample.id = format!("{n}-{k:02}");
                }
                let neighbours = (0..all).filter(|other| *other != n).collect();
                Unit { code: format!("U{n}"), land, by_reference: false, samples, neighbours, outside_survey, settings }
            })
            .collect()
    })
}

fn raised(content: Option<Measured>, by: u32) -> Option<Measured> {
    content.map(|content| {
        // A detection limit is no content; it is left as it is.
        if content.below { content } else { Measured { value: content.value + mg_kg(by).value, ..content } }
    })
}

/// The milder a class, the less it says; one that cannot be told any more asks for an expert and relaxes nothing.
fn milder(before: Option<Grade>, after: Option<Grade>) -> bool {
    after.is_some_and(|after| before.is_some_and(|before| after < before))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn more_contamination_never_relaxes(
        mut units in county(),
        at in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..5),
        by in prop_oneof![1_u32..300, 5_000_u32..150_000],
    ) {
        let before = classify(&units);
        let unit = at.0.index(units.len());
        let samples = &mut units[unit].samples;
        prop_assume!(!samples.is_empty());
        let sample = at.1.index(samples.len());
        samples[sample].contents[at.2] = raised(samples[sample].contents[at.2], by);
        let after = classify(&units);
        for (n, (before, after)) in before.iter().zip(&after).enumerate() {
            prop_assert!(!milder(before.class, after.class), "unit {n}: {:?} then {:?}", before.class, after.class);
            for (before, after) in before.elements.iter().zip(&after.elements) {
                prop_assert!(!milder(before.class, after.class));
            }
            // A unit is unclassified for its neighbours only, when their samples change.
            prop_assert!(n != unit || before.class.is_none() || after.class.is_some());
        }
    }

    #[test]
    fn the_order_of_units_points_and_samples_never_matters(units in county(), seed in any::<u64>()) {
        let found = classify(&units);
        let mut order: Vec<usize> = (0..units.len()).collect();
        shuffle(&mut order, seed);
        let mut turned: Vec<Unit> = order.iter().map(|n| units[*n].clone()).collect();
        for (n, unit) in turned.iter_mut().enumerate() {
            shuffle(&mut unit.samples, seed ^ 0x9e37_79b9_7f4a_7c15);
            unit.neighbours =
                unit.neighbours.iter().filter_map(|old| order.iter().position(|place| place == old)).rev().collect();
            prop_assert!(!unit.neighbours.contains(&n));
        }
        let again = classify(&turned);
        for (n, old) in order.into_iter().enumerate() {
            prop_assert_eq!(&again[n], &found[old]);
        }
    }

    #[test]
    fn products_never_tighten(units in county()) {
        for found in classify(&units) {
            prop_assert!(found.class <= found.soil_class);
            prop_assert_eq!(found.class.is_some(), found.soil_class.is_some());
        }
    }

    #[test]
    fn more_points_of_the_one_class_there_is_change_nothing(class in 1_u8..=3, few in 1_usize..8, more in 1_usize..8) {
        let of = |n: usize| one(row(&vec![class; n]));
        let (before, after) = (of(few), of(few + more));
        prop_assert_eq!(before.class, after.class);
        prop_assert_eq!(number(after.class), class);
        prop_assert!(after.parts.is_empty());
    }

    #[test]
    fn every_sample_is_used_or_said_to_be_left_aside(units in county()) {
        for (unit, found) in units.iter().zip(classify(&units)) {
            let mut seen: Vec<&str> =
                found.used.iter().map(String::as_str).chain(found.unused.iter().map(|u| u.sample.as_str())).collect();
            seen.sort_unstable();
            let mut all: Vec<&str> = unit.samples.iter().map(|sample| sample.id.as_str()).collect();
            all.sort_unstable();
            prop_assert_eq!(seen, all);
        }
    }
}

/// A shuffle that a seed repeats.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for n in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(n, usize::try_from(seed >> 33).unwrap() % (n + 1));
    }
}
