use super::*;
use crate::kernel::{Day, DocumentId, Kind as Refused};
use crate::platform::Role;
use proptest::prelude::*;
use std::fmt::Write;

const TODAY: Day = Day::of(2026, 11, 22);

/// Pins: protection.priority_land_nation, protection.priority_land_inner_mongolia, protection.priority_land_alxa
#[test]
fn the_narrowest_text_says_who_warns_and_what_it_can_lead_to() {
    use IssuerLevel::{Prefecture, Province};
    use Restriction::{EiaApprovals, RegionalApprovals};
    for (county, id, level, restriction, zh) in [
        ("152921", "priority_land_alxa", Prefecture, RegionalApprovals, "区域限批"),
        ("150402", "priority_land_inner_mongolia", Prefecture, EiaApprovals, "环评限批"),
        ("140602", "priority_land_nation", Province, EiaApprovals, "环评限批"),
        ("441602", "priority_land_nation", Province, EiaApprovals, "环评限批"),
    ] {
        let row = addressee(county, TODAY).unwrap();
        assert_eq!((row.id, row.level, row.restriction), (id, level, restriction), "{county}");
        assert_eq!(row.restriction.title().zh, zh);
        assert!(std::ptr::eq(find_addressee(id).unwrap(), row));
    }
    // Every label that holds in the league stays to be seen.
    let labels: Vec<_> = wordings("152921", TODAY).into_iter().map(|(row, _)| row.restriction).collect();
    assert_eq!(labels, [RegionalApprovals, EiaApprovals, EiaApprovals]);
    assert_eq!(wordings("140602", TODAY).len(), 1);
}

#[test]
fn a_text_speaks_from_its_first_day() {
    assert_eq!(addressee("150402", Day::of(2018, 12, 28)).map(|row| row.id), Some("priority_land_nation"));
    assert_eq!(addressee("150402", Day::of(2018, 12, 29)).map(|row| row.id), Some("priority_land_inner_mongolia"));
    assert!(addressee("140602", Day::of(2016, 5, 27)).is_none());
}

fn moved(county: &str, on: Day, cause: MoveCause, before: f64, after: f64) -> Move {
    Move { division_code: county.to_owned(), unit_code: "U1".to_owned(), on, cause, before_m2: before, after_m2: after }
}

#[test]
fn a_class_lost_is_a_loss_whatever_rises_beside_it_and_areas_are_netted() {
    use MoveCause::{BoundaryCorrected, ClassChanged, LandUseChanged, UnitSplit};
    let (here, day) = ("152921", Day::of(2026, 3, 1));
    let of = |moves: &[Move]| {
        losses(moves).into_iter().map(|l| (l.year, l.kind, l.lost(), l.gained(), l.raises)).collect::<Vec<_>>()
    };
    assert_eq!(
        of(&[moved(here, day, ClassChanged, 100.0, 0.0), moved(here, day, ClassChanged, 0.0, 500.0)]),
        [(2026, Kind::QualityDropped, 10_000, 50_000, true)]
    );
    assert_eq!(of(&[moved(here, day, ClassChanged, 0.0, 5.0)]), [(2026, Kind::QualityDropped, 0, 500, false)]);
    assert_eq!(
        of(&[moved(here, day, LandUseChanged, 100.0, 0.0), moved(here, day, BoundaryCorrected, 50.0, 150.0)]),
        [(2026, Kind::AreaShrunk, 10_000, 10_000, false)]
    );
    assert_eq!(
        of(&[moved(here, day, LandUseChanged, 100.01, 0.0), moved(here, day, BoundaryCorrected, 50.0, 150.0)]),
        [(2026, Kind::AreaShrunk, 10_001, 10_000, true)]
    );
    // Years and counties stand apart.
    let apart = [
        moved(here, Day::of(2025, 12, 31), LandUseChanged, 1.0, 0.0),
        moved(here, Day::of(2026, 1, 1), LandUseChanged, 0.0, 1.0),
        moved("152922", day, LandUseChanged, 0.0, 1.0),
    ];
    assert_eq!(of(&apart).into_iter().map(|l| l.4).collect::<Vec<_>>(), [true, false, false]);
    // What halves differ by from the whole is no land; more than that is.
    assert_eq!(of(&[moved(here, day, UnitSplit, 1_000_000.0, 999_900.0)]), []);
    assert_eq!(of(&[moved(here, day, UnitSplit, 1_000_000.0, 999_899.0)])[0].2, 10_100);
    assert_eq!(of(&[moved(here, day, BoundaryCorrected, 1_000_000.0, 999_999.9)])[0].2, 10);
    assert_eq!(of(&[moved(here, day, BoundaryCorrected, 10.0, 10.001)]), []);
}

proptest! {
    /// No cent is lost or counted twice, and the order of the moves is no matter.
    #[test]
    fn what_is_counted_is_what_was_told(
        told in proptest::collection::vec((0..3_usize, 0..2_i32, 0..5_usize, 0..1_000_000_i64, 0..1_000_000_i64), 0..40)
    ) {
        let counties = ["152921", "152922", "140602"];
        let mut moves: Vec<Move> = told
            .iter()
            .map(|(county, year, cause, before, after)| {
                let area = |n: i64| f64::from(i32::try_from(n).unwrap()) / 100.0;
                moved(counties[*county], Day::of(2025 + year, 6, 1), MoveCause::ALL[*cause], area(*before), area(*after))
            })
            .collect();
        let balance = |moves: &[Move]| {
            losses(moves).into_iter()
                .map(|l| (l.county.to_owned(), l.year, l.kind, l.lost(), l.gained(), l.raises))
                .collect::<Vec<_>>()
        };
        let first = balance(&moves);
        for (county, year, kind, lost, gained, raises) in &first {
            let mine = told.iter().filter(|(c, y, cause, before, after)| {
                let sliver = cause_redraws(*cause) && (before - after).abs() <= (before / 10_000).max(100);
                counties[*c] == county && 2025 + y == *year && MoveCause::ALL[*cause].kind() == *kind && !sliver
            });
            let net: i64 = mine.map(|(.., before, after)| before - after).sum();
            prop_assert_eq!(lost - gained, net);
            if *kind == Kind::AreaShrunk { prop_assert_eq!(*raises, net > 0); }
        }
        moves.reverse();
        prop_assert_eq!(first, balance(&moves));
    }
}

fn cause_redraws(cause: usize) -> bool {
    matches!(MoveCause::ALL[cause], MoveCause::UnitSplit | MoveCause::UnitMerged)
}

fn here(status: Status, county: &str, issuer: &str) -> Here {
    let addressee = addressee(county, TODAY).unwrap();
    Here { status, county: county.to_owned(), issuer: issuer.to_owned(), level: addressee.level, addressee, last: None }
}

fn actors() -> Vec<Actor> {
    let divisions = ["152921", "152900", "150000", "152922", "140602", "140600", "140000"];
    divisions
        .iter()
        .flat_map(|division| Role::ALL.map(|role| Actor { role: Some(role), division: Some((*division).to_owned()) }))
        .collect()
}

fn follow_up() -> String {
    let mut text = String::from(
        "Status × event: every step that the registry takes, found by trying each event in each status by everybody. \
         JINGTU_BLESS=1 writes this file anew.\n",
    );
    for (county, issuer) in [("152921", "152900"), ("140602", "140000")] {
        for status in Status::ALL {
            writeln!(text, "\n{}  {}  (of {county}, warned by {issuer})", status.as_str(), status.title().zh).unwrap();
            let mut refused = Vec::new();
            for event in EventType::ALL {
                let mut here = here(status, county, issuer);
                here.last = (event == EventType::EnteredInError).then(|| Last {
                    before: Status::Raised,
                    role: Some(Role::Government),
                    division: Some(issuer.to_owned()),
                });
                let taken: Vec<(Actor, Step)> = actors()
                    .into_iter()
                    .filter_map(|who| Some((who.clone(), step(&here, event, &who).ok()?)))
                    .collect();
                let Some((_, first)) = taken.first() else {
                    refused.push(event.as_str());
                    continue;
                };
                assert!(taken.iter().all(|(_, taken)| taken == first), "{event}");
                let who: Vec<String> = taken
                    .iter()
                    .map(|(who, _)| format!("{} {}", who.division.as_deref().unwrap(), who.role.unwrap().as_str()))
                    .collect();
                let to = if event == EventType::EnteredInError { "before the entry" } else { first.to.as_str() };
                writeln!(text, "  {event} → {to}  {}  by {}", first.rule, who.join(", ")).unwrap();
            }
            writeln!(text, "  409 step_not_allowed: {}", refused.join(", ")).unwrap();
        }
    }
    text
}

/// Pins: W2, W3, W4, W5
#[test]
#[expect(clippy::disallowed_methods, reason = "a test that can write its expected text anew; no part of the server")]
fn the_table_status_by_event_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/registers/protection/rules/follow_up.txt");
    let now = follow_up();
    if std::env::var("JINGTU_BLESS").as_deref() == Ok("1") {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == now, "the follow-up differs from {path}; it now reads:\n{now}");
}

#[test]
fn a_refusal_says_who_acts_and_on_what_text() {
    let raised = here(Status::Raised, "152921", "152900");
    let county = Actor { role: Some(Role::Government), division: Some("152921".to_owned()) };
    let error = step(&raised, EventType::Issued, &county).unwrap_err().into_error(&raised, TODAY);
    assert_eq!((error.kind(), error.code(), error.rule()), (Refused::Forbidden, "other_role_must_act", Some("W2")));
    assert!(error.detail().zh.contains("行政公署（152900）"), "{}", error.detail().zh);
    assert!(error.citations().iter().any(|c| c.instrument_zh.starts_with("阿拉善盟")));
    let error = step(&raised, EventType::Answered, &county).unwrap_err().into_error(&raised, TODAY);
    assert_eq!((error.kind(), error.code()), (Refused::Conflict, "step_not_allowed"));
    assert_eq!(error.allowed(), ["issued", "closed"]);
    // Nobody sends what the registry itself enters.
    assert!(step(&raised, EventType::Raised, &Actor { role: None, division: None }).is_err());
}

#[test]
fn a_step_says_what_its_kind_needs_and_no_more() {
    let (first, day) = (Day::of(2026, 11, 1), Day::of(2026, 11, 20));
    let paper = Some(DocumentId(uuid::Uuid::nil()));
    let faults = |event, given| match read(event, given, first, TODAY) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|f| (f.pointer, f.code)).collect::<Vec<_>>(),
    };
    let own = |list: &[(&str, &'static str)]| list.iter().map(|(p, c)| ((*p).to_owned(), *c)).collect::<Vec<_>>();
    assert_eq!(
        faults(EventType::Issued, Given { occurred_on: Some(day), ..Given::default() }),
        own(&[("/document_number", "missing"), ("/document_id", "missing"), ("/served_on", "missing")])
    );
    let issued = Given {
        occurred_on: Some(day),
        document_number: Some("1号".to_owned()),
        document_id: paper,
        served_on: Some(day.add_days(-1)),
        text: Some("x".to_owned()),
        ..Given::default()
    };
    assert_eq!(
        faults(EventType::Issued, issued),
        own(&[("/text", "not_of_this_event"), ("/served_on", "before_previous_event")])
    );
    let restricted = |from: Day, to: Day| Given {
        occurred_on: Some(day),
        document_number: Some("2号".to_owned()),
        document_id: paper,
        from: Some(from),
        to: Some(to),
        ..Given::default()
    };
    assert_eq!(faults(EventType::Restricted, restricted(TODAY.add_days(10), TODAY.add_days(100))), []);
    assert_eq!(
        faults(EventType::Restricted, restricted(TODAY.add_days(10), TODAY)),
        own(&[("/to", "before_previous_event")])
    );
    assert_eq!(
        faults(EventType::Closed, Given::default()),
        own(&[("/reason", "missing"), ("/occurred_on", "missing")])
    );
}
