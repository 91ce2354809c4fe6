//! Each gate on both sides of its conditions, the day on which the Code took over, and what holds for all gates alike.

use super::Operation::*;
use super::Verdict::{Allow, AllowRecorded, Block, Hold, Warn};
use super::*;
use crate::kernel::{Day, DivisionCode};
use crate::registers::site::{ControlMode, Stage};
use crate::standards::industries::IndustryCode;
use proptest::prelude::*;

/// Under the Soil Law's last day and the Code's first.
const LAST: Day = Day::of(2026, 8, 14);
const FIRST: Day = Day::of(2026, 8, 15);

const DAYS: &[Day] = &[Day::of(2016, 6, 1), Day::of(2018, 6, 1), LAST, FIRST, Day::of(2026, 11, 21)];

const SHUOZHOU: [&str; 3] = ["140602", "140600", "140000"];
const ALXA: [&str; 3] = ["152921", "152900", "150000"];
const CHIFENG: [&str; 3] = ["150402", "150400", "150000"];
const YUANCHENG: [&str; 3] = ["441602", "441600", "440000"];
const YINCHUAN: [&str; 3] = ["640104", "640100", "640000"];

fn place(codes: [&str; 3]) -> Place {
    Place(codes.iter().map(|code| DivisionCode::parse(code).unwrap()).collect())
}

/// Everything known and harmless, in a prefecture without rules of its own.
fn clean(operation: Operation) -> Facts {
    Facts {
        places: vec![place(YINCHUAN)],
        current_use: Fact::stated(warehouse()),
        planned_use: Fact::stated(factory()),
        former_industry: Fact::stated(IndustryCode::parse("5211").unwrap()),
        key_unit: Fact::stated(false),
        already_reclaimed: Fact::stated(false),
        in_supply_plan: Fact::stated(false),
        survey_state: Fact::stated(SurveyState::None),
        coverage: vec![Coverage { register: Register::Farmland, status: CoverageStatus::InvestigatedClean }],
        ..Facts::new(operation, FIRST)
    }
}

fn land_use(code: &str, class1: Option<bool>) -> UseFact {
    UseFact { system: "LUSC-2023".to_owned(), code: code.to_owned(), class1, ..UseFact::default() }
}

fn housing() -> UseFact {
    UseFact { housing: true, ..land_use("0701", Some(true)) }
}

fn school() -> UseFact {
    UseFact { public_service: true, school: true, ..land_use("080403", Some(true)) }
}

fn offices() -> UseFact {
    UseFact { public_service: true, ..land_use("0801", Some(false)) }
}

fn shops() -> UseFact {
    UseFact { commercial: true, ..land_use("0901", Some(false)) }
}

fn factory() -> UseFact {
    land_use("1001", Some(false))
}

fn warehouse() -> UseFact {
    land_use("1101", Some(false))
}

fn fields() -> UseFact {
    UseFact { farmland: true, ..land_use("0101", None) }
}

fn park() -> UseFact {
    land_use("1401", None)
}

fn hit(matter: Matter) -> Hit {
    Hit {
        code: "150400-0007".to_owned(),
        matter,
        relation: Relation::Overlaps,
        overlap_m2: 1234.5,
        overlap_share: 0.25,
        sliver: false,
    }
}

fn site(stage: Stage) -> Hit {
    hit(Matter::Site { stage, control_list: false, assessed_use: None })
}

fn listed() -> Hit {
    hit(Matter::Site { stage: Stage::Contaminated, control_list: true, assessed_use: None })
}

fn fit_for(stage: Stage, assessed: UseFact) -> Hit {
    hit(Matter::Site { stage, control_list: false, assessed_use: Some(assessed) })
}

fn barred(system: &str, prefix: &str) -> Hit {
    hit(Matter::NegativeList {
        entries: vec![BarredUse { system: system.to_owned(), code_prefix: prefix.to_owned(), why: "砷".to_owned() }],
    })
}

fn zone(undeveloped: Option<bool>) -> Hit {
    hit(Matter::ControlZone { undeveloped })
}

fn farmland(class: FarmlandClass) -> Hit {
    hit(Matter::Farmland { class })
}

fn industry(code: &str) -> Fact<IndustryCode> {
    Fact::stated(IndustryCode::parse(code).unwrap())
}

fn run(facts: &Facts) -> Decision {
    decide(facts, &Settings::default())
}

fn rule(facts: &Facts, id: &str) -> Option<Fired> {
    run(facts).rules.into_iter().find(|fired| fired.rule == id)
}

/// What one rule says; `None` when it is silent.
fn says(facts: &Facts, id: &str) -> Option<Verdict> {
    rule(facts, id).map(|fired| fired.verdict)
}

fn ids(facts: &Facts) -> Vec<&'static str> {
    run(facts).rules.iter().map(|fired| fired.rule).collect()
}

fn cited(facts: &Facts, id: &str) -> Vec<(String, String)> {
    let fired = rule(facts, id).unwrap_or_else(|| panic!("{id} is silent"));
    fired.citations.into_iter().map(|c| (c.instrument_zh, c.article)).collect()
}

macro_rules! with {
    ($base:expr, $($field:ident : $value:expr),+ $(,)?) => {{
        let mut facts: Facts = $base;
        $(facts.$field = $value;)+
        facts
    }};
}

const REVIEWED: [SurveyState; 6] = [
    SurveyState::ReviewedAboveScreening,
    SurveyState::ActionRequired,
    SurveyState::EffectNotMet,
    SurveyState::ReviewedWithinScreening,
    SurveyState::RiskAcceptable,
    SurveyState::EffectMet,
];
const UNREVIEWED: [Fact<SurveyState>; 3] = [
    Fact::Unknown,
    Fact::Known { value: SurveyState::None, source: Source::Stated, overruled: None },
    Fact::Known { value: SurveyState::Running, source: Source::Stated, overruled: None },
];

#[test]
fn g1_records_every_taking_back_and_purchase_and_nothing_else() {
    for operation in Operation::ALL {
        let expected = matches!(operation, Reclaim | Acquire).then_some(AllowRecorded);
        assert_eq!(says(&clean(*operation), "G1"), expected, "{operation:?}");
    }
}

#[test]
fn g1_is_shuozhous_text_at_home_and_a_default_elsewhere() {
    let home = rule(&with!(clean(Reclaim), places: vec![place(SHUOZHOU)]), "G1").unwrap();
    assert_eq!((home.confidence, home.note, home.citations.len()), (Confidence::Verified, None, 1));
    let away = rule(&clean(Reclaim), "G1").unwrap();
    assert_eq!(away.confidence, Confidence::Unconfirmed);
    assert!(away.note.unwrap().zh.contains("不是本地法定要求"));
    assert_eq!(away.citations[0].instrument_zh, "朔州市2021年土壤污染防治行动计划");
    assert_eq!(away.citations[1].instrument_zh, "本系统规则（非法律规定）");
    let off = Settings { adopt_regional: false, ..Settings::default() };
    assert!(decide(&clean(Reclaim), &off).rules.iter().all(|fired| fired.rule != "G1"));
    // Its plan is of 2021-08-11.
    let before = with!(clean(Reclaim), places: vec![place(SHUOZHOU)], on: Day::of(2021, 8, 10));
    assert_eq!(says(&before, "G1"), None);
    assert_eq!(says(&with!(before, on: Day::of(2021, 8, 11)), "G1"), Some(AllowRecorded));
}

#[test]
fn g2_holds_until_the_written_reply_is_on_file() {
    for stage in Stage::ALL {
        let met = with!(clean(Acquire), hits: vec![site(stage)]);
        let counts = stage >= Stage::Suspected && stage < Stage::Delisted && stage != Stage::NotContaminated;
        assert_eq!(says(&met, "G2"), counts.then_some(Hold), "{stage:?}");
    }
    assert_eq!(says(&clean(Acquire), "G2"), None);
    assert_eq!(says(&with!(clean(Supply), hits: vec![site(Stage::Contaminated)]), "G2"), None);
    for (reply, verdict) in [(Reply::Agrees, AllowRecorded), (Reply::Conditions, Warn), (Reply::Objects, Block)] {
        let replied =
            with!(clean(Acquire), hits: vec![site(Stage::Contaminated)], written_reply: Fact::registry(reply));
        assert_eq!(says(&replied, "G2"), Some(verdict));
    }
}

#[test]
fn g3_does_not_take_back_a_suspected_site_without_reviewed_survey() {
    for stage in [Stage::Suspected, Stage::PreliminarySurvey, Stage::PreliminaryReview] {
        for survey_state in UNREVIEWED {
            let facts = with!(clean(Reclaim), hits: vec![site(stage)], survey_state: survey_state);
            assert_eq!(says(&facts, "G3"), Some(Block));
            assert_eq!(run(&facts).verdict, Block);
        }
    }
    assert_eq!(says(&with!(clean(Reclaim), hits: vec![site(Stage::Contaminated)]), "G3"), None);
    assert_eq!(says(&with!(clean(Acquire), hits: vec![site(Stage::Suspected)]), "G3"), None);
    let home = with!(clean(Reclaim), hits: vec![site(Stage::Suspected)], places: vec![place(CHIFENG)]);
    assert_eq!(rule(&home, "G3").unwrap().confidence, Confidence::Verified);
}

#[test]
fn a_stated_review_does_not_undo_the_list() {
    let facts = with!(clean(Reclaim), hits: vec![site(Stage::Suspected)],
        survey_state: Fact::stated(SurveyState::ReviewedWithinScreening));
    assert_eq!(says(&facts, "G3"), Some(Block));
    assert_eq!(says(&facts, "P-CONTRADICTION"), Some(Warn));
    let shown = rule(&facts, "G3").unwrap().facts.pop().unwrap();
    assert_eq!((shown.value.as_str(), shown.source), ("none", Source::Registry));
    assert!(shown.text.zh.contains("申报为"));
}

#[test]
fn g4_asks_the_land_user_for_a_survey_of_key_industry_land() {
    for code in ["2614", "2521", "3360", "7724"] {
        assert_eq!(says(&with!(clean(Reclaim), former_industry: industry(code)), "G4"), Some(Hold), "{code}");
    }
    assert_eq!(says(&clean(Reclaim), "G4"), None);
    let key = with!(clean(Reclaim), former_industry: industry("2614"));
    assert_eq!(rule(&key, "G4").unwrap().actor, Actor::LandUser);
    for state in REVIEWED {
        assert_eq!(says(&with!(key.clone(), survey_state: Fact::stated(state)), "G4"), None);
    }
    assert_eq!(says(&with!(key.clone(), already_reclaimed: Fact::stated(true)), "G4"), None);
    assert_eq!(says(&with!(key.clone(), already_reclaimed: Fact::Unknown), "G4"), Some(Hold));
    assert_eq!(says(&with!(key.clone(), on: Day::of(2016, 12, 31)), "G4"), None);
    assert_eq!(says(&with!(key, on: Day::of(2017, 1, 1)), "G4"), Some(Hold));
    // Landfills are Yuancheng's alone.
    let landfill = with!(clean(Reclaim), former_industry: industry("7820"));
    assert_eq!(says(&landfill, "G4"), None);
    assert_eq!(says(&with!(landfill, places: vec![place(YUANCHENG)]), "G4"), Some(Hold));
}

#[test]
fn only_texts_that_name_the_industry_are_cited_for_it() {
    let texts = |code: &str, codes: [&str; 3], id: &str, operation: Operation| {
        let facts = with!(clean(operation), former_industry: industry(code), places: vec![place(codes)],
            planned_use: Fact::stated(shops()));
        let mut texts: Vec<String> = cited(&facts, id).into_iter().map(|(instrument, _)| instrument).collect();
        texts.dedup();
        texts
    };
    for (id, operation) in [("G4", Reclaim), ("G10", ChangeUse)] {
        assert_eq!(
            texts("2614", YINCHUAN, id, operation),
            ["土壤污染防治行动计划", "污染地块土壤环境管理办法（试行）"]
        );
        assert_eq!(texts("7724", YINCHUAN, id, operation), ["污染地块土壤环境管理办法（试行）"]);
        assert_eq!(
            texts("7724", ALXA, id, operation),
            ["内蒙古自治区土壤污染防治三年攻坚计划", "污染地块土壤环境管理办法（试行）"]
        );
        assert_eq!(texts("7820", YUANCHENG, id, operation), ["源城区土壤污染防治重点任务分工"]);
    }
    // Before Order 42 no text of the nation named hazardous waste.
    let waste = with!(clean(Reclaim), former_industry: industry("7724"));
    assert_eq!(says(&with!(waste.clone(), on: Day::of(2017, 6, 30)), "G4"), None);
    assert_eq!(says(&with!(waste, on: Day::of(2017, 7, 1)), "G4"), Some(Hold));
}

#[test]
fn g5_and_the_supply_know_the_industries_of_guangdong() {
    let pharma = |operation| {
        with!(clean(operation), former_industry: industry("2710"), already_reclaimed: Fact::stated(true),
            places: vec![place(YUANCHENG)])
    };
    assert_eq!(says(&pharma(Supply), "G5"), Some(Hold));
    assert_eq!(
        cited(&pharma(Supply), "G5"),
        [("广东省实施《中华人民共和国土壤污染防治法》办法".to_owned(), "37(2)".to_owned())]
    );
    assert_eq!(says(&pharma(Supply), "G17"), Some(Block));
    assert_eq!(says(&pharma(ConstructionPermit), "G16"), Some(Block));
    assert_eq!(says(&with!(pharma(Supply), already_reclaimed: Fact::Unknown), "G5"), Some(Warn));
    for id in ["G5", "G17"] {
        assert_eq!(says(&with!(pharma(Supply), places: vec![place(SHUOZHOU)]), id), None);
    }
}

/// 留白用地 may become homes: it is no answer to what the land is meant for.
#[test]
fn a_use_that_is_left_open_is_not_known() {
    let open = || Fact::stated(land_use("16", None));
    let unknown = |facts: Facts| {
        let open = with!(facts.clone(), planned_use: open());
        let without = with!(facts, planned_use: Fact::Unknown);
        let told = |facts: &Facts| run(facts).rules.iter().map(|r| (r.rule, r.verdict)).collect::<Vec<_>>();
        assert_eq!(told(&open), told(&without));
        told(&open)
    };
    assert!(unknown(clean(ChangeUse)).contains(&("G8", Hold)));
    assert!(unknown(with!(clean(ChangeUse), former_industry: industry("2614"))).contains(&("G10", Hold)));
    assert!(unknown(with!(clean(Transfer), hits: vec![listed()])).contains(&("G14", Hold)));
    assert!(unknown(clean(Supply)).contains(&("G17", Hold)));
    assert!(unknown(clean(ConstructionPermit)).contains(&("G16", Warn)));
    let settlement = UseFact { system: "GB 50137-2011".to_owned(), code: "H11".to_owned(), ..UseFact::default() };
    assert!(settlement.is_open() && !settlement.is_industrial());
}

#[test]
fn g5_asks_the_government_once_the_land_is_taken_back() {
    let taken = with!(clean(Supply), former_industry: industry("2614"), already_reclaimed: Fact::stated(true));
    assert_eq!(says(&taken, "G5"), Some(Hold));
    assert_eq!(says(&with!(taken.clone(), operation: Reclaim), "G5"), Some(Hold));
    assert_eq!(says(&with!(taken.clone(), already_reclaimed: Fact::stated(false)), "G5"), None);
    assert_eq!(says(&with!(taken.clone(), already_reclaimed: Fact::Unknown), "G5"), Some(Warn));
    assert_eq!(says(&with!(taken.clone(), former_industry: Fact::Unknown), "G5"), Some(Hold));
    assert_eq!(says(&with!(taken.clone(), former_industry: industry("5211")), "G5"), None);
    assert_eq!(says(&with!(taken.clone(), survey_state: Fact::stated(SurveyState::RiskAcceptable)), "G5"), None);
    for (codes, who) in [(ALXA, "管委会"), (CHIFENG, "旗县"), (YUANCHENG, "收储土地"), (SHUOZHOU, "市、县级")]
    {
        let fired = rule(&with!(taken.clone(), places: vec![place(codes)]), "G5").unwrap();
        assert_eq!(fired.actor, Actor::Government);
        assert!(fired.must_do.zh.contains(who), "{}", fired.must_do.zh);
    }
}

#[test]
fn g6_blocks_key_units_land_without_survey() {
    for operation in Operation::ALL {
        let facts = with!(clean(*operation), key_unit: Fact::stated(true));
        let expected = matches!(operation, Transfer | Reclaim | ChangeUse).then_some(Block);
        assert_eq!(says(&facts, "G6"), expected, "{operation:?}");
    }
    let by_register = with!(clean(Transfer), hits: vec![hit(Matter::KeyUnit)]);
    assert_eq!(says(&by_register, "G6"), Some(Block));
    assert_eq!(says(&by_register, "P-CONTRADICTION"), Some(Warn));
    assert_eq!(says(&with!(clean(Transfer), key_unit: Fact::Unknown), "G6"), Some(Warn));
    assert_eq!(says(&clean(Transfer), "G6"), None);
    for state in REVIEWED {
        let surveyed = with!(clean(Transfer), key_unit: Fact::stated(true), survey_state: Fact::stated(state));
        assert_eq!(says(&surveyed, "G6"), None);
    }
}

#[test]
fn g7_comes_with_the_code() {
    let facts = with!(clean(Registration), key_unit: Fact::stated(true));
    assert_eq!(says(&facts, "G7"), Some(Hold));
    assert_eq!(says(&with!(facts.clone(), on: LAST), "G7"), None);
    assert_eq!(says(&with!(facts.clone(), key_unit: Fact::Unknown), "G7"), Some(Warn));
    assert_eq!(says(&with!(facts.clone(), survey_state: Fact::stated(SurveyState::EffectMet)), "G7"), None);
    assert_eq!(says(&clean(Registration), "G7"), None);
    assert_eq!(cited(&facts, "G7"), [("生态环境法典".to_owned(), "462".to_owned())]);
}

#[test]
fn g8_blocks_change_to_housing_or_public_use_whatever_the_land_was() {
    for planned in [housing(), school(), offices()] {
        for current in [Fact::stated(factory()), Fact::stated(fields()), Fact::stated(shops()), Fact::Unknown] {
            for survey_state in UNREVIEWED {
                let facts = with!(clean(ChangeUse), planned_use: Fact::stated(planned.clone()),
                    current_use: current.clone(), survey_state: survey_state);
                assert_eq!(says(&facts, "G8"), Some(Block));
            }
        }
    }
    for planned in [factory(), shops(), fields()] {
        assert_eq!(says(&with!(clean(ChangeUse), planned_use: Fact::stated(planned)), "G8"), None);
    }
    for state in REVIEWED {
        let surveyed = with!(clean(ChangeUse), planned_use: Fact::stated(housing()), survey_state: Fact::stated(state));
        assert_eq!(says(&surveyed, "G8"), None);
    }
    assert_eq!(says(&with!(clean(Transfer), planned_use: Fact::stated(housing())), "G8"), None);
    assert_eq!(says(&with!(clean(ChangeUse), planned_use: Fact::Unknown), "G8"), Some(Hold));
}

#[test]
fn g8_does_not_take_a_survey_for_factories_as_one_for_homes() {
    let surveyed = with!(clean(ChangeUse), planned_use: Fact::stated(housing()),
        survey_state: Fact::registry(SurveyState::ReviewedWithinScreening), assessed_use: Fact::registry(factory()));
    assert_eq!(says(&surveyed, "G8"), Some(Hold));
    assert_eq!(says(&with!(surveyed.clone(), planned_use: Fact::Unknown), "G8"), Some(Hold));
    let for_schools = with!(surveyed, assessed_use: Fact::registry(school()));
    assert_eq!(says(&for_schools, "G8"), None);
    assert_eq!(says(&with!(for_schools, planned_use: Fact::Unknown), "G8"), None);
}

#[test]
fn the_law_of_the_day_is_cited() {
    let facts = with!(clean(ChangeUse), planned_use: Fact::stated(housing()));
    let names = |on| cited(&with!(facts.clone(), on: on), "G8");
    assert_eq!(names(LAST)[0], ("土壤污染防治法".to_owned(), "59(2)".to_owned()));
    assert_eq!(names(FIRST)[0], ("生态环境法典".to_owned(), "454(2)".to_owned()));
    let before = rule(&with!(facts.clone(), on: LAST), "G8").unwrap();
    assert_eq!(before.citations[0].successor.as_ref().unwrap().article, "454(2)");
    assert_eq!(rule(&facts, "G8").unwrap().citations[0].successor, None);
    assert_eq!(says(&with!(facts.clone(), on: Day::of(2018, 12, 31)), "G8"), None);
    assert_eq!(says(&with!(facts, on: Day::of(2019, 1, 1)), "G8"), Some(Block));
    let on_list = with!(clean(Supply), hits: vec![listed()], planned_use: Fact::stated(housing()));
    assert_eq!(cited(&with!(on_list.clone(), on: LAST), "G14"), [("土壤污染防治法".to_owned(), "61(2)".to_owned())]);
    assert_eq!(cited(&on_list, "G14"), [("生态环境法典".to_owned(), "456(2)".to_owned())]);
    let key_unit = with!(clean(Transfer), key_unit: Fact::stated(true));
    assert_eq!(cited(&with!(key_unit.clone(), on: LAST), "G6"), [("土壤污染防治法".to_owned(), "67".to_owned())]);
    assert_eq!(cited(&key_unit, "G6"), [("生态环境法典".to_owned(), "462".to_owned())]);
}

#[test]
fn g9_needs_the_provinces_time_limit() {
    let facts = with!(clean(ChangeUse), planned_use: Fact::stated(housing()));
    let unset = rule(&facts, "G9").unwrap();
    assert_eq!((unset.verdict, unset.confidence), (Warn, Confidence::Unconfirmed));
    assert_eq!(says(&with!(facts.clone(), on: LAST), "G9"), None);
    let mut settings = Settings::default();
    settings.survey_before.insert("64".to_owned(), vec![Supply]);
    let g9 = |facts: &Facts| decide(facts, &settings).rules.into_iter().find(|r| r.rule == "G9").map(|r| r.verdict);
    assert_eq!(g9(&facts), None);
    assert_eq!(g9(&with!(facts.clone(), operation: Supply)), Some(Block));
    assert_eq!(g9(&with!(facts.clone(), operation: Supply, planned_use: Fact::Unknown)), Some(Warn));
    assert_eq!(g9(&with!(facts.clone(), operation: Supply, planned_use: Fact::stated(factory()))), None);
    assert_eq!(
        g9(&with!(facts.clone(), operation: Supply, survey_state: Fact::stated(SurveyState::RiskAcceptable))),
        None
    );
    // Whatever operation the province named, the rule looks at.
    let mut all = Settings::default();
    all.survey_before.insert("64".to_owned(), Operation::ALL.to_vec());
    for operation in Operation::ALL {
        let fired = decide(&with!(facts.clone(), operation: *operation), &all).rules;
        assert!(fired.iter().any(|r| (r.rule, r.verdict) == ("G9", Block)), "{operation:?}");
    }
    // Elsewhere it stays unset.
    assert_eq!(g9(&with!(facts, places: vec![place(ALXA)])), Some(Warn));
}

#[test]
fn g10_holds_key_industry_land_for_the_plans_sensitive_uses() {
    let key = with!(clean(ChangeUse), former_industry: industry("2614"));
    for planned in [housing(), shops(), school()] {
        assert_eq!(says(&with!(key.clone(), planned_use: Fact::stated(planned)), "G10"), Some(Hold));
    }
    for planned in [factory(), offices()] {
        assert_eq!(says(&with!(key.clone(), planned_use: Fact::stated(planned)), "G10"), None);
    }
    let to_shops = with!(key, planned_use: Fact::stated(shops()));
    assert_eq!(says(&with!(to_shops.clone(), former_industry: industry("5211")), "G10"), None);
    assert_eq!(says(&with!(to_shops.clone(), operation: Supply), "G10"), None);
    assert_eq!(says(&with!(to_shops, survey_state: Fact::stated(SurveyState::ReviewedWithinScreening)), "G10"), None);
}

#[test]
fn g11_holds_in_guangdong_only() {
    let pharma = with!(clean(Transfer), former_industry: industry("2710"), places: vec![place(YUANCHENG)]);
    let fired = rule(&pharma, "G11").unwrap();
    assert_eq!((fired.verdict, fired.confidence), (Hold, Confidence::Unconfirmed));
    assert_eq!(says(&with!(pharma.clone(), places: vec![place(SHUOZHOU)]), "G11"), None);
    assert_eq!(says(&with!(pharma.clone(), former_industry: industry("5211")), "G11"), None);
    assert_eq!(
        says(&with!(pharma.clone(), former_industry: industry("5211"), key_unit: Fact::Unknown), "G11"),
        Some(Warn)
    );
    assert_eq!(
        says(&with!(pharma.clone(), former_industry: industry("5211"), hits: vec![site(Stage::Suspected)]), "G11"),
        Some(Hold)
    );
    // A survey above the screening values still lacks the risk assessment.
    for (state, verdict) in [
        (SurveyState::ReviewedAboveScreening, Some(Hold)),
        (SurveyState::RiskAcceptable, None),
        (SurveyState::ReviewedWithinScreening, None),
    ] {
        assert_eq!(says(&with!(pharma.clone(), survey_state: Fact::stated(state)), "G11"), verdict);
    }
    let change = with!(pharma.clone(), operation: ChangeUse);
    assert_eq!(says(&change, "G11"), None);
    assert_eq!(says(&with!(change, planned_use: Fact::stated(shops())), "G11"), Some(Hold));
    assert_eq!(says(&with!(pharma.clone(), on: Day::of(2019, 2, 28)), "G11"), None);
    assert_eq!(says(&with!(pharma, on: Day::of(2019, 3, 1)), "G11"), Some(Hold));
}

#[test]
fn a_parcel_across_a_boundary_answers_for_both_sides() {
    let both = with!(clean(Transfer), former_industry: industry("2710"),
        places: vec![place(YINCHUAN), place(YUANCHENG)]);
    assert_eq!(says(&both, "G11"), Some(Hold));
    let reclaim = with!(clean(Reclaim), former_industry: industry("2614"), places: vec![place(ALXA), place(SHUOZHOU)]);
    let instruments: Vec<String> = cited(&reclaim, "G4").into_iter().map(|(instrument, _)| instrument).collect();
    assert!(instruments.contains(&"阿拉善盟土壤污染防治实施方案".to_owned()));
    assert!(!instruments.contains(&"源城区土壤污染防治重点任务分工".to_owned()));
}

#[test]
fn g12_holds_in_shuozhou_for_its_own_list_of_uses() {
    let to = |planned: UseFact| {
        with!(clean(ChangeUse), places: vec![place(SHUOZHOU)], current_use: Fact::stated(shops()),
            planned_use: Fact::stated(planned))
    };
    for planned in [housing(), offices(), fields()] {
        assert_eq!(says(&to(planned), "G12"), Some(Hold));
    }
    // Industry, storage and commerce may be for food.
    for planned in [factory(), shops()] {
        assert_eq!(says(&to(planned.clone()), "G12"), Some(Warn));
        assert_eq!(says(&with!(to(planned.clone()), food_site: Fact::stated(true)), "G12"), Some(Hold));
        assert_eq!(says(&with!(to(planned), food_site: Fact::stated(false)), "G12"), None);
    }
    assert_eq!(says(&to(park()), "G12"), None);
    // A survey above the screening values still lacks the risk assessment.
    let above = Fact::stated(SurveyState::ReviewedAboveScreening);
    assert_eq!(says(&with!(to(housing()), survey_state: above), "G12"), Some(Hold));
    assert_eq!(says(&with!(to(housing()), places: vec![place(ALXA)]), "G12"), None);
    assert_eq!(says(&with!(to(housing()), survey_state: Fact::stated(SurveyState::EffectMet)), "G12"), None);
    let vacated = with!(clean(Acquire), places: vec![place(SHUOZHOU)], current_use: Fact::stated(factory()));
    assert_eq!(says(&vacated, "G12"), Some(Hold));
    assert_eq!(says(&with!(vacated.clone(), current_use: Fact::stated(shops())), "G12"), None);
    assert_eq!(says(&with!(vacated.clone(), current_use: Fact::Unknown), "G12"), Some(Warn));
    let mine = UseFact { system: "GB 50137-2011".to_owned(), code: "H5".to_owned(), ..UseFact::default() };
    assert_eq!(says(&with!(vacated, current_use: Fact::stated(mine)), "G12"), Some(Hold));
}

#[test]
fn g13_has_the_government_survey_strictly_controlled_farmland() {
    let strict = with!(clean(FarmlandConversion), hits: vec![farmland(FarmlandClass::StrictControl)]);
    assert_eq!(says(&strict, "G13"), Some(Hold));
    for (class, verdict) in [
        (FarmlandClass::PriorityProtection, None),
        (FarmlandClass::SafeUse, None),
        (FarmlandClass::Unclassified, Some(Warn)),
    ] {
        assert_eq!(says(&with!(strict.clone(), hits: vec![farmland(class)]), "G13"), verdict);
    }
    assert_eq!(says(&with!(strict.clone(), survey_state: Fact::stated(SurveyState::RiskAcceptable)), "G13"), None);
    assert_eq!(says(&with!(strict.clone(), planned_use: Fact::stated(fields())), "G13"), None);
    assert_eq!(says(&with!(strict.clone(), operation: Reclaim), "G13"), None);
    assert_eq!(says(&with!(strict.clone(), on: Day::of(2017, 12, 31)), "G13"), None);
    assert_eq!(says(&clean(FarmlandConversion), "G13"), None);
    assert_eq!(says(&with!(clean(FarmlandConversion), coverage: vec![]), "G13"), Some(Warn));
    // Under another name it is a conversion all the same.
    let change = with!(clean(ChangeUse), coverage: vec![]);
    assert_eq!(says(&change, "G13"), None);
    for current_use in [Fact::stated(fields()), Fact::Unknown] {
        assert_eq!(says(&with!(change.clone(), current_use: current_use), "G13"), Some(Warn));
    }
}

#[test]
fn g14_is_absolute() {
    for operation in Operation::ALL {
        for planned in [housing(), offices()] {
            let facts = with!(clean(*operation), hits: vec![listed()], planned_use: Fact::stated(planned),
                survey_state: Fact::stated(SurveyState::EffectMet));
            assert_eq!((says(&facts, "G14"), run(&facts).verdict), (Some(Block), Block), "{operation:?}");
        }
    }
    for planned in [factory(), shops()] {
        assert_eq!(says(&with!(clean(Supply), hits: vec![listed()], planned_use: Fact::stated(planned)), "G14"), None);
    }
    assert_eq!(says(&with!(clean(Supply), hits: vec![listed()], planned_use: Fact::Unknown), "G14"), Some(Hold));
    let housing_on = |hit: Hit| with!(clean(Supply), hits: vec![hit], planned_use: Fact::stated(housing()));
    for stage in [Stage::Listed, Stage::Remediation, Stage::EffectEvaluation] {
        assert_eq!(says(&housing_on(site(stage)), "G14"), Some(Block));
    }
    for stage in [Stage::Contaminated, Stage::RiskControl(ControlMode::Containment), Stage::Delisted, Stage::Aftercare]
    {
        assert_eq!(says(&housing_on(site(stage)), "G14"), None);
    }
    let control = |mode| hit(Matter::Site { stage: Stage::RiskControl(mode), control_list: false, assessed_use: None });
    assert_eq!(says(&housing_on(control(ControlMode::SafeUse)), "G14"), Some(Block));
    assert_eq!(says(&housing_on(control(ControlMode::Containment)), "G14"), None);
}

#[test]
fn g15_lets_only_control_and_remediation_be_built() {
    let works = with!(clean(ConstructionPermit), hits: vec![listed()]);
    assert_eq!(says(&works, "G15"), Some(Block));
    assert_eq!(says(&with!(works.clone(), serves_remediation: Fact::stated(false)), "G15"), Some(Block));
    assert_eq!(says(&with!(works.clone(), serves_remediation: Fact::stated(true)), "G15"), Some(AllowRecorded));
    assert_eq!(says(&with!(works, operation: Transfer), "G15"), None);
    assert_eq!(says(&clean(ConstructionPermit), "G15"), None);
    for state in [SurveyState::ActionRequired, SurveyState::EffectNotMet] {
        assert_eq!(says(&with!(clean(ConstructionPermit), survey_state: Fact::stated(state)), "G15"), Some(Block));
    }
    let met = with!(clean(ConstructionPermit), survey_state: Fact::stated(SurveyState::EffectMet));
    assert_eq!(says(&met, "G15"), None);
    // The duty to stop works already begun came with the Code.
    let stops = |on| {
        let fired = rule(&with!(clean(ConstructionPermit), hits: vec![listed()], on: on), "G15").unwrap();
        (fired.verdict, fired.must_do.zh.contains("停工"))
    };
    assert_eq!((stops(LAST), stops(LAST.next())), ((Block, false), (Block, true)));
}

#[test]
fn g16_comes_with_the_code_and_stops_what_was_not_surveyed() {
    let homes = with!(clean(ConstructionPermit), planned_use: Fact::stated(housing()));
    assert_eq!(says(&homes, "G16"), Some(Block));
    assert_eq!(says(&with!(homes.clone(), on: LAST), "G16"), None);
    let within = with!(homes.clone(), survey_state: Fact::stated(SurveyState::ReviewedWithinScreening));
    assert_eq!(says(&within, "G16"), None);
    assert_eq!(says(&with!(homes.clone(), current_use: Fact::stated(housing())), "G16"), None);
    assert_eq!(says(&with!(homes, planned_use: Fact::Unknown), "G16"), Some(Warn));
    assert_eq!(says(&clean(ConstructionPermit), "G16"), None);
    for stage in [Stage::Suspected, Stage::Contaminated, Stage::RiskAssessment] {
        assert_eq!(says(&with!(clean(ConstructionPermit), hits: vec![site(stage)]), "G16"), Some(Block));
    }
    let key = with!(clean(ConstructionPermit), former_industry: industry("2614"));
    assert_eq!(says(&key, "G16"), None);
    assert_eq!(says(&with!(key, planned_use: Fact::stated(shops())), "G16"), Some(Block));
}

#[test]
fn g17_keeps_unfit_land_out_of_supply() {
    // Not surveyed though due.
    assert_eq!(says(&with!(clean(Supply), planned_use: Fact::stated(housing())), "G17"), Some(Block));
    assert_eq!(says(&with!(clean(Supply), former_industry: industry("2614")), "G17"), Some(Block));
    assert_eq!(says(&with!(clean(Supply), hits: vec![site(Stage::Suspected)]), "G17"), Some(Block));
    // Harmful, not remediated, targets not met.
    for state in [SurveyState::ReviewedAboveScreening, SurveyState::ActionRequired, SurveyState::EffectNotMet] {
        assert_eq!(says(&with!(clean(Supply), survey_state: Fact::stated(state)), "G17"), Some(Block));
    }
    for stage in [Stage::Contaminated, Stage::Listed, Stage::Remediation, Stage::EffectEvaluation] {
        assert_eq!(says(&with!(clean(Supply), hits: vec![site(stage)]), "G17"), Some(Block));
    }
    // Found fit for another use.
    let remediated = with!(clean(Supply), planned_use: Fact::stated(housing()),
        survey_state: Fact::registry(SurveyState::EffectMet), assessed_use: Fact::registry(factory()));
    assert_eq!(says(&remediated, "G17"), Some(Block));
    assert_eq!(says(&with!(remediated.clone(), assessed_use: Fact::registry(housing())), "G17"), None);
    assert_eq!(says(&with!(remediated.clone(), planned_use: Fact::stated(factory())), "G17"), None);
    assert_eq!(says(&with!(remediated, planned_use: Fact::Unknown), "G17"), Some(Hold));
    // Not known what for.
    assert_eq!(says(&with!(clean(Supply), planned_use: Fact::Unknown), "G17"), Some(Hold));
    // Fit.
    assert_eq!(says(&clean(Supply), "G17"), None);
    for state in [SurveyState::ReviewedWithinScreening, SurveyState::RiskAcceptable, SurveyState::EffectMet] {
        let fit = with!(clean(Supply), planned_use: Fact::stated(housing()), survey_state: Fact::stated(state));
        assert_eq!(says(&fit, "G17"), None);
    }
    assert_eq!(says(&with!(clean(Transfer), planned_use: Fact::stated(housing())), "G17"), None);
}

#[test]
fn g17_counts_the_state_plan_everywhere_and_shuozhous_at_home() {
    let facts = with!(clean(Supply), former_industry: industry("2614"));
    let away: Vec<String> = cited(&facts, "G17").into_iter().map(|(instrument, _)| instrument).collect();
    assert_eq!(away, ["土壤污染防治行动计划", "土地管理法实施条例"]);
    let home = cited(&with!(facts, places: vec![place(SHUOZHOU)]), "G17");
    assert_eq!(home.last().unwrap().0, "朔州市2021年土壤污染防治行动计划");
}

#[test]
fn g18_records_a_survey_within_screening_values() {
    let fit = with!(clean(Supply), planned_use: Fact::stated(housing()), former_industry: Fact::Unknown,
        survey_state: Fact::stated(SurveyState::ReviewedWithinScreening));
    assert_eq!((says(&fit, "G18"), run(&fit).verdict), (Some(AllowRecorded), AllowRecorded));
    assert_eq!(rule(&fit, "G18").unwrap().confidence, Confidence::Recalled);
    let above = with!(fit.clone(), survey_state: Fact::stated(SurveyState::ReviewedAboveScreening));
    assert_eq!(says(&above, "G18"), None);
    assert_eq!(says(&with!(fit, operation: Transfer), "G18"), None);
}

#[test]
fn g19_copies_controls_into_the_contract() {
    for stage in [Stage::Delisted, Stage::Aftercare] {
        assert_eq!(says(&with!(clean(Supply), hits: vec![site(stage)]), "G19"), Some(AllowRecorded));
        assert_eq!(says(&with!(clean(Transfer), hits: vec![site(stage)]), "G19"), None);
    }
    assert_eq!(says(&with!(clean(Supply), hits: vec![site(Stage::RiskAcceptable)]), "G19"), None);
    // Known by its survey only.
    let remediated = with!(clean(Supply), survey_state: Fact::stated(SurveyState::EffectMet));
    assert_eq!(says(&remediated, "G19"), Some(AllowRecorded));
}

#[test]
fn g20_reads_the_negative_list() {
    let on = |hit: Hit, planned: Fact<UseFact>| with!(clean(Supply), hits: vec![hit], planned_use: planned);
    assert_eq!(says(&on(barred("LUSC-2023", "07"), Fact::stated(housing())), "G20"), Some(Block));
    assert_eq!(says(&on(barred("LUSC-2023", "0701"), Fact::stated(housing())), "G20"), Some(Block));
    assert_eq!(says(&on(barred("LUSC-2023", "07"), Fact::stated(factory())), "G20"), Some(AllowRecorded));
    // A finer entry than the planned use, or one of another system, is for a person.
    assert_eq!(says(&on(barred("LUSC-2023", "070102"), Fact::stated(housing())), "G20"), Some(Hold));
    assert_eq!(says(&on(barred("GB/T 21010-2017", "07"), Fact::stated(housing())), "G20"), Some(Hold));
    assert_eq!(says(&on(barred("LUSC-2023", "07"), Fact::Unknown), "G20"), Some(Hold));
    let empty = hit(Matter::NegativeList { entries: vec![] });
    assert_eq!(says(&on(empty, Fact::stated(housing())), "G20"), Some(Warn));
    assert_eq!(says(&clean(Supply), "G20"), None);
}

#[test]
fn g21_blocks_development_in_a_control_zone_and_warns_of_the_rest() {
    for operation in Operation::ALL {
        let verdict = |state| says(&with!(clean(*operation), hits: vec![zone(state)]), "G21");
        let moves_hands = matches!(operation, Requisition | Reclaim | Acquire | Transfer | Registration);
        assert_eq!(verdict(Some(true)), Some(if moves_hands { Warn } else { Block }), "{operation:?}");
        assert_eq!(verdict(None), Some(if moves_hands { Warn } else { Hold }));
        assert_eq!(verdict(Some(false)), Some(Warn));
        assert_eq!(says(&clean(*operation), "G21"), None);
    }
    let works = with!(clean(ConstructionPermit), hits: vec![zone(Some(true))], serves_remediation: Fact::stated(true));
    assert_eq!(says(&works, "G21"), Some(Warn));
}

#[test]
fn g22_warns_the_planner() {
    for hit in [site(Stage::Suspected), site(Stage::Contaminated), listed(), barred("LUSC-2023", "07")] {
        let facts = with!(clean(PlanningConditions), hits: vec![hit.clone()]);
        assert_eq!(says(&facts, "G22"), Some(Warn));
        assert_eq!(run(&facts).verdict, Warn);
        assert_eq!(says(&with!(clean(Supply), hits: vec![hit]), "G22"), None);
    }
    assert_eq!(says(&with!(clean(PlanningConditions), hits: vec![site(Stage::NotContaminated)]), "G22"), None);
}

#[test]
fn g23_is_yuanchengs() {
    let works = with!(clean(ConstructionPermit), hits: vec![site(Stage::Delisted)], places: vec![place(YUANCHENG)]);
    assert_eq!(says(&works, "G23"), Some(Hold));
    assert_eq!(says(&with!(works.clone(), places: vec![place(ALXA)]), "G23"), None);
    assert_eq!(says(&with!(works.clone(), hits: vec![site(Stage::NotContaminated)]), "G23"), None);
    // Known by its survey only.
    for state in REVIEWED {
        let known = with!(works.clone(), hits: vec![], survey_state: Fact::stated(state));
        assert_eq!(says(&known, "G23"), (state != SurveyState::ReviewedWithinScreening).then_some(Hold), "{state:?}");
    }
}

#[test]
fn g24_approves_no_assessment_on_an_open_site() {
    let eia = |stage| says(&with!(clean(Eia), hits: vec![site(stage)]), "G24");
    assert_eq!((eia(Stage::Contaminated), eia(Stage::Remediation)), (Some(Block), Some(Block)));
    assert_eq!((eia(Stage::RiskAcceptable), eia(Stage::Delisted), eia(Stage::Suspected)), (None, None, None));
    assert_eq!(rule(&with!(clean(Eia), hits: vec![listed()]), "G24").unwrap().confidence, Confidence::Recalled);
    let stated = with!(clean(Eia), survey_state: Fact::stated(SurveyState::ActionRequired));
    assert_eq!(says(&stated, "G24"), Some(Block));
    assert_eq!(says(&with!(stated, serves_remediation: Fact::stated(true)), "G24"), Some(AllowRecorded));
    // Remediated, and fit for another use than the project's.
    for stage in [Stage::RiskAcceptable, Stage::Delisted, Stage::Aftercare] {
        let homes = |hit: Hit| with!(clean(Eia), hits: vec![hit], planned_use: Fact::stated(housing()));
        assert_eq!(says(&homes(fit_for(stage, factory())), "G24"), Some(Block), "{stage:?}");
        assert_eq!(says(&homes(fit_for(stage, housing())), "G24"), None);
        assert_eq!(says(&homes(site(stage)), "G24"), Some(Warn));
    }
    let remediated = with!(clean(Eia), survey_state: Fact::stated(SurveyState::EffectMet),
        assessed_use: Fact::stated(factory()));
    assert_eq!(says(&remediated, "G24"), None);
    assert_eq!(says(&with!(remediated.clone(), planned_use: Fact::stated(housing())), "G24"), Some(Block));
    assert_eq!(says(&with!(remediated, planned_use: Fact::Unknown), "G24"), Some(Warn));
}

#[test]
fn g25_surveys_land_before_it_is_cultivated() {
    assert_eq!(says(&clean(ReclamationToFarmland), "G25"), Some(Hold));
    let state = |state| says(&with!(clean(ReclamationToFarmland), survey_state: Fact::stated(state)), "G25");
    assert_eq!(state(SurveyState::ReviewedWithinScreening), None);
    assert_eq!(state(SurveyState::ReviewedAboveScreening), Some(Warn));
    let back = with!(clean(ChangeUse), planned_use: Fact::stated(fields()));
    assert_eq!(says(&back, "G25"), Some(Hold));
    assert_eq!(says(&with!(back.clone(), current_use: Fact::Unknown), "G25"), Some(Hold));
    assert_eq!(says(&with!(back, current_use: Fact::stated(fields())), "G25"), None);
    assert_eq!(
        cited(&with!(clean(ReclamationToFarmland), on: LAST), "G25"),
        [("土壤污染防治法".to_owned(), "51".to_owned())]
    );
}

#[test]
fn g26_encourages_an_early_survey() {
    let planned = with!(clean(Supply), in_supply_plan: Fact::stated(true));
    assert_eq!(says(&planned, "G26"), Some(Warn));
    assert_eq!(says(&with!(planned.clone(), in_supply_plan: Fact::stated(false)), "G26"), None);
    assert_eq!(says(&with!(planned.clone(), in_supply_plan: Fact::Unknown), "G26"), None);
    let surveyed = with!(planned, survey_state: Fact::stated(SurveyState::ReviewedWithinScreening));
    assert_eq!(says(&surveyed, "G26"), None);
}

#[test]
fn g27_lets_sensitive_uses_change_among_themselves() {
    let swap = with!(clean(ChangeUse), current_use: Fact::stated(school()), planned_use: Fact::stated(housing()));
    assert_eq!((says(&swap, "G27"), says(&swap, "G8")), (Some(AllowRecorded), None));
    assert_eq!(rule(&swap, "G27").unwrap().confidence, Confidence::Recalled);
    let strict = Settings { interchange_exempt: false, ..Settings::default() };
    assert_eq!(decide(&swap, &strict).verdict, Block);
    let before = with!(swap.clone(), on: Day::of(2019, 12, 31));
    assert_eq!((says(&before, "G27"), says(&before, "G8")), (None, Some(Block)));
    // Utilities, public under GB/T 21010, may hold waste and sewage works.
    let utilities = UseFact {
        system: "GB/T 21010-2017".to_owned(),
        code: "0809".to_owned(),
        public_service: true,
        ..UseFact::default()
    };
    let from_utilities = with!(swap, current_use: Fact::stated(utilities));
    assert_eq!((says(&from_utilities, "G27"), says(&from_utilities, "G8")), (None, Some(Block)));
    let to_offices = with!(from_utilities, planned_use: Fact::stated(offices()));
    assert_eq!((says(&to_offices, "G27"), says(&to_offices, "G8")), (Some(AllowRecorded), None));
    // So may a code that holds utilities, and land where such works are known to have stood.
    let coarse = UseFact { code: "08".to_owned(), ..to_offices.current_use.get().unwrap().clone() };
    let to_homes = with!(to_offices.clone(), planned_use: Fact::stated(housing()), current_use: Fact::stated(coarse));
    assert_eq!((says(&to_homes, "G27"), says(&to_homes, "G8")), (None, Some(Block)));
    let sewage = with!(to_homes, current_use: Fact::stated(school()), former_industry: industry("4620"));
    assert_eq!((says(&sewage, "G27"), says(&sewage, "G8")), (None, Some(Block)));
}

#[test]
fn g28_makes_no_exception_of_farmland() {
    let conversion = with!(clean(FarmlandConversion), current_use: Fact::stated(fields()),
        planned_use: Fact::stated(housing()));
    assert_eq!((says(&conversion, "G28"), says(&conversion, "G8")), (Some(Block), Some(Block)));
    assert_eq!(says(&with!(conversion.clone(), planned_use: Fact::stated(factory())), "G28"), None);
    assert_eq!(says(&with!(conversion.clone(), survey_state: Fact::stated(SurveyState::RiskAcceptable)), "G28"), None);
    assert_eq!(says(&with!(conversion.clone(), operation: ChangeUse), "G28"), Some(Block));
    let unused = land_use("2306", None);
    assert_eq!(
        says(&with!(conversion.clone(), operation: ChangeUse, current_use: Fact::stated(unused)), "G28"),
        Some(Block)
    );
    let from_shops = with!(conversion, operation: ChangeUse, current_use: Fact::stated(shops()));
    assert_eq!((says(&from_shops, "G28"), says(&from_shops, "G8")), (None, Some(Block)));
}

#[test]
fn g29_never_passes_an_unknown_history() {
    for operation in Operation::ALL {
        let unknown = with!(clean(*operation), former_industry: Fact::Unknown);
        assert_eq!(says(&unknown, "G29"), Some(Warn), "{operation:?}");
        assert!(run(&unknown).verdict >= Warn);
        assert_eq!(says(&clean(*operation), "G29"), None);
    }
    let unknown = with!(clean(Acquire), former_industry: Fact::Unknown);
    for state in REVIEWED {
        assert_eq!(says(&with!(unknown.clone(), survey_state: Fact::stated(state)), "G29"), None);
    }
    assert_eq!(says(&with!(unknown.clone(), current_use: Fact::stated(fields())), "G29"), None);
    for status in CoverageStatus::ALL {
        let coverage = vec![Coverage { register: Register::SuspectedSites, status: *status }];
        let expected = (*status != CoverageStatus::InvestigatedClean).then_some(Warn);
        assert_eq!(says(&with!(unknown.clone(), coverage: coverage), "G29"), expected, "{status:?}");
    }
}

#[test]
fn g30_says_that_its_wording_is_not_confirmed() {
    let facts = with!(clean(ChangeUse), planned_use: Fact::stated(housing()));
    let fired = rule(&facts, "G30").unwrap();
    assert_eq!((fired.verdict, fired.confidence), (AllowRecorded, Confidence::Unconfirmed));
    assert_eq!(says(&clean(ChangeUse), "G30"), None);
    assert_eq!(says(&with!(facts, on: Day::of(2024, 10, 31)), "G30"), None);
}

#[test]
fn g31_records_where_land_moves_and_the_rest_is_plainly_allowed() {
    for operation in Operation::ALL {
        let facts = clean(*operation);
        let recorded =
            matches!(operation, Requisition | Reclaim | Acquire | Transfer | ChangeUse | Supply | FarmlandConversion);
        if recorded {
            assert_eq!((says(&facts, "G31"), run(&facts).verdict), (Some(AllowRecorded), AllowRecorded));
        } else if *operation != ReclamationToFarmland {
            assert_eq!((ids(&facts), run(&facts).verdict), (vec![], Allow), "{operation:?}");
        }
    }
    let warned = with!(clean(Transfer), former_industry: Fact::Unknown);
    assert_eq!(says(&warned, "G31"), None);
    let closed = with!(clean(Transfer), hits: vec![fit_for(Stage::NotContaminated, housing())]);
    assert_eq!((says(&closed, "G31"), says(&closed, "S-C4")), (None, Some(AllowRecorded)));
    // Farmland whose class raises nothing is no hit.
    let fields = with!(clean(Acquire), hits: vec![farmland(FarmlandClass::SafeUse)]);
    assert_eq!(says(&fields, "G31"), Some(AllowRecorded));
}

#[test]
fn planning_on_clean_ground_of_a_harmless_industry_is_allowed() {
    let facts = Facts {
        places: vec![place(ALXA)],
        planned_use: Fact::stated(housing()),
        former_industry: industry("5211"),
        ..Facts::new(PlanningConditions, FIRST)
    };
    assert_eq!(run(&facts).verdict, Allow);
}

/// Pins: S-C0, S-C1, S-C2, S-C3, S-C4, S-C5, S-C6, S-C7, S-C8, S-C9, S-C10, S-C11, S-C12, S-C13, S-C14
#[test]
fn stages_say_what_the_land_may_be_used_for() {
    // By stage: transfer for factories, supply for homes, acquisition, planning.
    let table = [
        (Stage::Candidate, "S-C0", Warn, Warn, Warn, Warn),
        (Stage::Suspected, "S-C1", Hold, Hold, Hold, Warn),
        (Stage::PreliminarySurvey, "S-C2", Hold, Hold, Hold, Warn),
        (Stage::PreliminaryReview, "S-C3", Hold, Hold, Hold, Warn),
        (Stage::NotContaminated, "S-C4", AllowRecorded, Warn, AllowRecorded, AllowRecorded),
        (Stage::Contaminated, "S-C5", Hold, Block, Hold, Warn),
        (Stage::DetailedSurvey, "S-C6", Hold, Block, Hold, Warn),
        (Stage::RiskAssessment, "S-C7", Hold, Block, Hold, Warn),
        (Stage::RiskAcceptable, "S-C8", AllowRecorded, Warn, AllowRecorded, AllowRecorded),
        (Stage::Listed, "S-C9", Hold, Block, Hold, Warn),
        (Stage::RiskControl(ControlMode::Containment), "S-C10", Hold, Block, Hold, Warn),
        (Stage::RiskControl(ControlMode::SafeUse), "S-C10", Hold, Block, Hold, Warn),
        (Stage::Remediation, "S-C11", Hold, Block, Hold, Warn),
        (Stage::EffectEvaluation, "S-C12", Hold, Block, Hold, Warn),
        (Stage::Delisted, "S-C13", AllowRecorded, Warn, AllowRecorded, AllowRecorded),
        (Stage::Aftercare, "S-C14", AllowRecorded, Warn, AllowRecorded, AllowRecorded),
    ];
    assert_eq!(table.map(|row| row.0), Stage::ALL);
    for (stage, id, transfer, homes, acquire, planning) in table {
        let on = |operation| with!(clean(operation), hits: vec![site(stage)]);
        assert_eq!(says(&on(Transfer), id), Some(transfer), "{id}");
        assert_eq!(says(&with!(on(Supply), planned_use: Fact::stated(housing())), id), Some(homes), "{id}");
        assert_eq!(says(&on(Acquire), id), Some(acquire), "{id}");
        assert_eq!(says(&on(PlanningConditions), id), Some(planning), "{id}");
        assert_eq!(says(&clean(Transfer), id), None);
    }
}

#[test]
fn a_contaminated_site_is_open_to_other_uses_only_by_a_person() {
    let to_factory = |stage| with!(clean(ChangeUse), hits: vec![site(stage)]);
    assert_eq!(says(&to_factory(Stage::Contaminated), "S-C5"), Some(Hold));
    assert_eq!(says(&to_factory(Stage::Remediation), "S-C11"), Some(Block));
    let unknown = with!(to_factory(Stage::Contaminated), planned_use: Fact::Unknown);
    assert_eq!(says(&unknown, "S-C5"), Some(Hold));
    let works = with!(clean(ConstructionPermit), hits: vec![site(Stage::Remediation)],
        serves_remediation: Fact::stated(true));
    assert_eq!(says(&works, "S-C11"), Some(AllowRecorded));
    // A site on record speaks by its own stage, and by no other that its survey might tell of.
    for (stage, state, silent) in [
        (Stage::DetailedSurvey, SurveyState::ReviewedAboveScreening, "S-C5"),
        (Stage::RiskControl(ControlMode::Containment), SurveyState::ActionRequired, "S-C9"),
    ] {
        let recorded = with!(clean(Transfer), hits: vec![site(stage)], survey_state: Fact::registry(state));
        assert_eq!(says(&recorded, silent), None, "{stage:?}");
    }
    // Known by its survey only, with no site on record.
    let stated = with!(clean(Transfer), planned_use: Fact::stated(housing()),
        survey_state: Fact::stated(SurveyState::ReviewedAboveScreening));
    assert_eq!(says(&stated, "S-C5"), Some(Block));
}

#[test]
fn a_closed_site_serves_the_use_it_was_found_fit_for() {
    let plan = |assessed, planned| {
        says(
            &with!(clean(Transfer), hits: vec![fit_for(Stage::NotContaminated, assessed)],
                planned_use: Fact::stated(planned)),
            "S-C4",
        )
    };
    assert_eq!(plan(housing(), school()), Some(AllowRecorded));
    assert_eq!(plan(housing(), factory()), Some(AllowRecorded));
    assert_eq!(plan(factory(), housing()), Some(Hold));
    assert_eq!(plan(factory(), fields()), Some(Hold));
    assert_eq!(plan(factory(), park()), Some(Warn));
    assert_eq!(plan(park(), park()), Some(AllowRecorded));
    // What the record does not say may be stated, and is not believed against the record.
    let stated = |hit: Hit, assessed| {
        let facts = with!(clean(Transfer), hits: vec![hit], assessed_use: Fact::stated(assessed),
            planned_use: Fact::stated(housing()));
        says(&facts, "S-C13")
    };
    assert_eq!(stated(site(Stage::Delisted), factory()), Some(Hold));
    assert_eq!(stated(site(Stage::Delisted), housing()), Some(AllowRecorded));
    assert_eq!(stated(fit_for(Stage::Delisted, factory()), housing()), Some(Hold));
}

/// Pins: P-LINE, P-NEAR
#[test]
fn slivers_warn_and_neighbours_warn_where_set() {
    let mut sliver = listed();
    sliver.sliver = true;
    let facts = with!(clean(Supply), hits: vec![sliver], planned_use: Fact::stated(factory()));
    assert_eq!((ids(&facts), run(&facts).verdict), (vec!["P-LINE"], Warn));
    for (relation, settings) in [
        (Relation::Touches, Settings { touching_warns: true, ..Settings::default() }),
        (Relation::Near, Settings { near_warns: true, ..Settings::default() }),
        (Relation::Touches, Settings { near_warns: true, ..Settings::default() }),
    ] {
        let facts = with!(clean(Supply), hits: vec![Hit { relation, ..listed() }]);
        assert_eq!(run(&facts).verdict, AllowRecorded);
        let warned = decide(&facts, &settings);
        assert_eq!((warned.verdict, warned.rules[0].rule), (Warn, "P-NEAR"));
    }
}

/// Pins: P-LOCAL
#[test]
fn a_local_setting_that_decided_is_named_with_the_rules_it_moved() {
    let usual = Settings::default();
    let said = |facts: &Facts, settings: &Settings| -> Vec<(&'static str, String)> {
        let local = decide(facts, settings).rules.into_iter().find(|fired| fired.rule == "P-LOCAL");
        local.iter().flat_map(|fired| &fired.facts).map(|fact| (fact.name, fact.text.en.to_string())).collect()
    };
    let own_only = Settings { adopt_regional: false, ..usual.clone() };
    let bought = with!(clean(Acquire), hits: vec![site(Stage::Suspected)]);
    assert_eq!(
        said(&bought, &own_only),
        [("adopt_regional", "local setting adopt_regional = false; does not apply because of it: G1, G2".to_owned())]
    );
    let local = decide(&bought, &own_only).rules.into_iter().find(|fired| fired.rule == "P-LOCAL").unwrap();
    assert_eq!((local.verdict, local.confidence), (AllowRecorded, Confidence::Unconfirmed));
    assert!(local.note.unwrap().zh.contains("不是法定要求"));
    // At home the text is law, whatever is set.
    assert_eq!(said(&with!(bought.clone(), places: vec![place(SHUOZHOU)]), &own_only), []);

    let touching = Settings { touching_warns: true, ..usual.clone() };
    let beside = with!(clean(Supply), hits: vec![Hit { relation: Relation::Touches, ..listed() }]);
    assert_eq!(
        said(&beside, &touching),
        [("touching_warns", "local setting touching_warns = true; applies because of it: P-NEAR".to_owned())]
    );
    let strict = Settings { interchange_exempt: false, ..usual.clone() };
    let swap = with!(clean(ChangeUse), current_use: Fact::stated(school()), planned_use: Fact::stated(housing()));
    let [(key, text)] = &said(&swap, &strict)[..] else { panic!("one setting decided") };
    assert_eq!(*key, "interchange_exempt");
    assert!(text.contains("applies because of it: G8") && text.contains("does not apply because of it: G27"), "{text}");

    // Each setting for what it moved; and nothing is said where none moved anything, or all are as usual.
    let all = Settings { adopt_regional: false, touching_warns: true, interchange_exempt: false, ..usual.clone() };
    assert_eq!(said(&beside, &all).len(), 1);
    assert_eq!(said(&clean(Transfer), &all), []);
    for facts in [&bought, &beside, &swap] {
        assert_eq!(said(facts, &usual), []);
    }
}

/// Pins: P-SINCE
#[test]
fn what_a_past_day_does_not_show_is_told() {
    let since = |hit: Hit| says(&with!(clean(Transfer), since: vec![hit]), "P-SINCE");
    assert_eq!(since(site(Stage::Suspected)), Some(Warn));
    assert_eq!(since(Hit { relation: Relation::Touches, ..site(Stage::Suspected) }), None);
    assert_eq!(since(farmland(FarmlandClass::SafeUse)), None);
    assert_eq!(says(&clean(Transfer), "P-SINCE"), None);
}

/// Pins: P-DIVISION
#[test]
fn an_unknown_division_leaves_the_regional_rules_unjudged() {
    assert_eq!(says(&with!(clean(Transfer), places: vec![]), "P-DIVISION"), Some(Warn));
    assert_eq!(says(&clean(Transfer), "P-DIVISION"), None);
}

#[test]
fn the_worst_verdict_wins_and_every_rule_is_listed() {
    let facts = with!(clean(Reclaim), hits: vec![site(Stage::Suspected)], places: vec![place(CHIFENG)],
        former_industry: industry("2614"));
    let decision = run(&facts);
    assert_eq!(decision.verdict, Block);
    assert_eq!(ids(&facts), ["G3", "G2", "G4", "S-C1", "G1"]);
    let verdicts: Vec<Verdict> = decision.rules.iter().map(|fired| fired.verdict).collect();
    assert_eq!(verdicts, [Block, Hold, Hold, Hold, AllowRecorded]);
}

#[test]
fn the_registry_wins_over_a_statement() {
    let fact = Fact::weigh(Some(true), Some(false));
    assert_eq!((fact.get(), fact.source(), fact.overruled()), (Some(&true), Source::Registry, Some(&false)));
    assert_eq!(Fact::weigh(Some(true), Some(true)).overruled(), None);
    assert_eq!(Fact::weigh(None, Some(1)), Fact::stated(1));
    assert_eq!(Fact::<bool>::weigh(None, None), Fact::Unknown);
}

#[test]
fn p_contradiction_shows_what_was_stated_against_the_registry() {
    let overruled = with!(clean(Transfer), key_unit: Fact::weigh(Some(true), Some(false)));
    assert_eq!(says(&overruled, "P-CONTRADICTION"), Some(Warn));
    // The hit itself does not hide what was stated against it.
    let listed = with!(overruled.clone(), hits: vec![hit(Matter::KeyUnit)]);
    assert_eq!((says(&listed, "P-CONTRADICTION"), says(&listed, "G6")), (Some(Warn), Some(Block)));
    let agreed = with!(clean(Transfer), key_unit: Fact::weigh(Some(true), Some(true)));
    assert_eq!(says(&agreed, "P-CONTRADICTION"), None);
}

#[test]
fn a_site_speaks_for_the_parcel_only_where_it_covers_it() {
    let covering = |stage, share| Hit { overlap_share: share, ..site(stage) };
    let state = |hits: &[Hit]| registry_survey_state(hits, 0.999);
    assert_eq!(state(&[covering(Stage::NotContaminated, 1.0)]), Some(SurveyState::ReviewedWithinScreening));
    assert_eq!(state(&[covering(Stage::NotContaminated, 0.6)]), None);
    assert_eq!(state(&[covering(Stage::Suspected, 0.1)]), Some(SurveyState::None));
    assert_eq!(
        state(&[covering(Stage::NotContaminated, 1.0), covering(Stage::PreliminarySurvey, 0.1)]),
        Some(SurveyState::Running)
    );
    assert_eq!(state(&[Hit { sliver: true, ..site(Stage::Suspected) }]), None);
    assert_eq!(state(&[site(Stage::Candidate)]), None);
    assert_eq!(state(&[]), None);
}

/// The table as a lawyer reads it; what the code does and what is committed must be the same.
#[test]
fn the_table_is_the_committed_text() {
    let table = table();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/across/land_check/rules/gates.txt");
    #[expect(clippy::disallowed_methods, reason = "a test's own switch for rewriting the committed table")]
    if std::env::var_os("JINGTU_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), table, "JINGTU_BLESS=1 rewrites it");
}

fn table() -> String {
    use std::fmt::Write;
    let mut out = String::from("Rules of the land check, generated from GATES. Do not edit.\n");
    for gate in GATES {
        let join = |words: Vec<&str>| words.join(" ");
        let operations = if gate.operations.len() == Operation::ALL.len() {
            "all".to_owned()
        } else {
            join(gate.operations.iter().map(|o| o.as_str()).collect())
        };
        let place = match gate.jurisdiction {
            Jurisdiction::Nation => "nation".to_owned(),
            Jurisdiction::Only(codes) => format!("only {}", codes.join(" ")),
            Jurisdiction::Adopted(codes) => format!("{}; elsewhere as default", codes.join(" ")),
        };
        let day = |day: Option<Day>| day.map_or("..".to_owned(), |d| d.to_string());
        writeln!(out, "\n{}  {} / {}", gate.id, gate.title.zh, gate.title.en).unwrap();
        writeln!(out, "  operations    {operations}").unwrap();
        writeln!(out, "  verdicts      {}", join(gate.verdicts.iter().map(|v| v.as_str()).collect())).unwrap();
        writeln!(out, "  jurisdiction  {place}").unwrap();
        writeln!(out, "  validity      {} - {}", day(gate.from), day(gate.to)).unwrap();
        writeln!(out, "  reading       {:?}", gate.confidence).unwrap();
        for provision in gate.provisions {
            let bases: Vec<String> = provision
                .0
                .iter()
                .map(|b| {
                    let home = home(b.instrument).map_or(String::new(), |code| format!(", {code}"));
                    format!("{} {} ({:?}{home})", b.instrument.zh, b.article, b.confidence)
                })
                .collect();
            writeln!(out, "  rests on      {}", bases.join(" -> ")).unwrap();
        }
    }
    out
}

#[test]
fn the_table_holds_every_number_once() {
    let ids: Vec<&str> = GATES.iter().map(|gate| gate.id).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for n in 1..=31 {
        assert!(unique.contains(format!("G{n}").as_str()), "G{n}");
    }
    for n in 0..=14 {
        assert!(unique.contains(format!("S-C{n}").as_str()), "S-C{n}");
    }
    let first_closing = GATES.iter().position(|gate| matches!(gate.judge, Judge::Closing(_))).unwrap();
    assert!(GATES[first_closing..].iter().all(|gate| matches!(gate.judge, Judge::Closing(_))));
}

/// A regional plan must not lose its region when its identifier changes.
#[test]
fn regional_texts_have_a_home() {
    let homes: BTreeMap<&str, &str> = GATES
        .iter()
        .flat_map(|gate| gate.provisions.iter().flat_map(|provision| provision.0))
        .filter_map(|basis| home(basis.instrument).map(|code| (basis.instrument.zh, code)))
        .collect();
    let expected = [
        ("内蒙古自治区土壤污染防治三年攻坚计划", "15"),
        ("广东省实施《中华人民共和国土壤污染防治法》办法", "44"),
        ("朔州市2021年土壤污染防治行动计划", "1406"),
        ("源城区土壤污染防治重点任务分工", "441602"),
        ("阿拉善盟土壤污染防治实施方案", "1529"),
    ];
    assert_eq!(homes.into_iter().collect::<Vec<_>>(), expected);
}

// ---- what holds for all gates ----

fn any_use() -> impl Strategy<Value = UseFact> {
    prop_oneof![
        Just(housing()),
        Just(school()),
        Just(offices()),
        Just(shops()),
        Just(factory()),
        Just(warehouse()),
        Just(fields()),
        Just(park()),
        Just(land_use("16", None)),
        Just(land_use("2306", None))
    ]
}

fn any_fact<T: Clone + std::fmt::Debug + PartialEq + 'static>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Fact<T>> {
    (proptest::option::of(value), any::<bool>()).prop_map(|(value, registry)| match value {
        None => Fact::Unknown,
        Some(value) if registry => Fact::registry(value),
        Some(value) => Fact::stated(value),
    })
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn any_hit() -> impl Strategy<Value = Hit> {
    let matter = prop_oneof![
        4 => (
            one_of(&Stage::ALL),
            proptest::bool::weighted(0.2),
            proptest::option::of(any_use())
        )
            .prop_map(|(stage, list, assessed_use)| Matter::Site {
                stage,
                control_list: list && stage >= Stage::Contaminated && stage < Stage::Delisted && stage != Stage::RiskAcceptable,
                assessed_use,
            }),
        1 => proptest::collection::vec(
            (one_of(&["LUSC-2023", "GB/T 21010-2017"]), one_of(&["07", "0701", "10", "08"])),
            0..3
        )
        .prop_map(|entries| Matter::NegativeList {
            entries: entries
                .into_iter()
                .map(|(system, prefix)| BarredUse {
                    system: system.to_owned(),
                    code_prefix: prefix.to_owned(),
                    why: String::new(),
                })
                .collect()
        }),
        1 => any::<Option<bool>>().prop_map(|undeveloped| Matter::ControlZone { undeveloped }),
        1 => Just(Matter::KeyUnit),
        1 => one_of(FarmlandClass::ALL).prop_map(|class| Matter::Farmland { class }),
    ];
    (matter, one_of(Relation::ALL), proptest::bool::weighted(0.2)).prop_map(|(matter, relation, sliver)| Hit {
        relation,
        sliver: sliver && relation == Relation::Overlaps,
        ..hit(matter)
    })
}

prop_compose! {
    fn any_facts()(
        operation in one_of(Operation::ALL),
        on in one_of(DAYS),
        places in proptest::collection::vec(
            one_of(&[SHUOZHOU, ALXA, CHIFENG, YUANCHENG, YINCHUAN]).prop_map(place), 0..3),
        current_use in any_fact(any_use()),
        planned_use in any_fact(any_use()),
        former_industry in any_fact(one_of(&["2614", "5211", "7724", "2710", "7820"])
            .prop_map(|code| IndustryCode::parse(code).unwrap())),
        (key_unit, already_reclaimed, in_supply_plan, serves_remediation, food_site) in (
            any_fact(any::<bool>()), any_fact(any::<bool>()), any_fact(any::<bool>()), any_fact(any::<bool>()),
            any_fact(any::<bool>())),
        survey_state in any_fact(one_of(SurveyState::ALL)),
        assessed_use in any_fact(any_use()),
        written_reply in any_fact(one_of(Reply::ALL)),
        (hits, since) in (proptest::collection::vec(any_hit(), 0..4), proptest::collection::vec(any_hit(), 0..2)),
        coverage in proptest::collection::vec(
            (one_of(Register::ALL), one_of(CoverageStatus::ALL))
                .prop_map(|(register, status)| Coverage { register, status }), 0..3),
    ) -> Facts {
        Facts { operation, on, places, current_use, planned_use, former_industry, key_unit, already_reclaimed,
            in_supply_plan, survey_state, assessed_use, serves_remediation, food_site, written_reply, hits, coverage, since }
    }
}

fn any_settings() -> impl Strategy<Value = Settings> {
    (any::<[bool; 4]>(), proptest::option::of(proptest::collection::vec(one_of(Operation::ALL), 0..4))).prop_map(
        |([adopt_regional, touching_warns, near_warns, interchange_exempt], limit)| Settings {
            adopt_regional,
            touching_warns,
            near_warns,
            interchange_exempt,
            survey_before: limit.map(|operations| ("14".to_owned(), operations)).into_iter().collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// The verdict is the worst of the rules; a rule says only what its row declares; every answer can be acted on.
    #[test]
    fn every_answer_is_whole(facts in any_facts(), settings in any_settings()) {
        let decision = decide(&facts, &settings);
        prop_assert_eq!(decision.verdict, decision.rules.iter().map(|r| r.verdict).max().unwrap_or(Allow));
        for fired in &decision.rules {
            let gate = GATES.iter().find(|gate| gate.id == fired.rule).unwrap();
            prop_assert!(gate.verdicts.contains(&fired.verdict), "{} {:?}", fired.rule, fired.verdict);
            prop_assert!(!fired.citations.is_empty() && !fired.facts.is_empty(), "{}", fired.rule);
            prop_assert!(!fired.must_do.zh.is_empty() && !fired.must_do.en.is_empty());
            for citation in &fired.citations {
                prop_assert!(citation.effective_from.is_none_or(|from| from <= facts.on));
                prop_assert!(citation.effective_to.is_none_or(|to| facts.on <= to));
                prop_assert!(citation.confidence <= fired.confidence);
            }
        }
        if gates::RECORDED.contains(&facts.operation) {
            prop_assert!(decision.verdict >= AllowRecorded);
        }
    }

    /// Of the written reply only G2 makes anything, and nothing looks at how hard G2 closes: deciding with the reply is
    /// deciding without it and putting G2's new verdict in the place of its old one.
    #[test]
    fn the_written_reply_changes_g2_and_nothing_else(facts in any_facts(), settings in any_settings()) {
        let without = Facts { written_reply: Fact::Unknown, ..facts };
        let mut silent = decide(&without, &settings).rules;
        for reply in Reply::ALL {
            let with = Facts { written_reply: Fact::registry(*reply), ..without.clone() };
            let decided = decide(&with, &settings);
            let (verdict, must_do) = after_reply(Some(*reply));
            for fired in silent.iter_mut().filter(|fired| fired.rule == "G2") {
                (fired.verdict, fired.must_do) = (verdict, must_do.clone());
            }
            silent.sort_by_key(|fired| {
                (std::cmp::Reverse(fired.verdict), GATES.iter().position(|gate| gate.id == fired.rule))
            });
            let told = |rules: &[Fired]| rules.iter().map(|r| (r.rule, r.verdict, r.must_do.clone())).collect::<Vec<_>>();
            prop_assert_eq!(told(&silent), told(&decided.rules));
            prop_assert_eq!(silent.iter().map(|fired| fired.verdict).max().unwrap_or(Allow), decided.verdict);
        }
    }

    /// One record more never makes it milder.
    #[test]
    fn a_record_more_never_makes_it_milder(facts in any_facts(), settings in any_settings(), more in any_hit()) {
        let before = decide(&facts, &settings).verdict;
        let mut facts = facts;
        facts.hits.push(more);
        prop_assert!(decide(&facts, &settings).verdict >= before);
    }

    /// What would have warned or worse still does when one of its facts is no longer known. A history that current use or
    /// coverage settles is not unknown; the use assessed and the supply plan are read as the module says.
    #[test]
    fn what_is_not_known_is_never_silent(facts in any_facts(), settings in any_settings(), which in 0..9_usize) {
        // A contradiction ends with the statement that contradicts, so it is not counted.
        let known = decide(&facts, &settings).rules.iter().filter(|r| r.rule != "P-CONTRADICTION").map(|r| r.verdict).max();
        let known = known.unwrap_or(Allow);
        let mut less = facts.clone();
        match which {
            0 => less.current_use = Fact::Unknown,
            1 => less.planned_use = Fact::Unknown,
            2 => {
                less.former_industry = Fact::Unknown;
                prop_assume!(less.history() == History::Unknown);
            }
            3 => less.key_unit = Fact::Unknown,
            4 => less.already_reclaimed = Fact::Unknown,
            5 => less.serves_remediation = Fact::Unknown,
            6 => less.food_site = Fact::Unknown,
            7 => less.written_reply = Fact::Unknown,
            _ => less.places = Vec::new(),
        }
        let unknown = decide(&less, &settings);
        prop_assert!(known < Warn || unknown.verdict >= Warn, "{known:?} became {unknown:?}");
    }

    /// A survey that nobody knows of is no survey.
    #[test]
    fn an_unknown_survey_is_none(facts in any_facts(), settings in any_settings()) {
        let verdict = |state| {
            let mut facts = facts.clone();
            facts.survey_state = state;
            decide(&facts, &settings).verdict
        };
        prop_assert_eq!(verdict(Fact::Unknown), verdict(Fact::stated(SurveyState::None)));
    }

    /// Slivers, touching and near records alone never hold or block.
    #[test]
    fn only_area_closes_a_gate(facts in any_facts(), settings in any_settings(), more in any_hit()) {
        let more = if more.counts() { Hit { sliver: true, ..more } } else { more };
        let before = decide(&facts, &settings).verdict;
        let mut facts = facts;
        facts.hits.push(more);
        prop_assert!(decide(&facts, &settings).verdict <= before.max(Warn));
    }
}
