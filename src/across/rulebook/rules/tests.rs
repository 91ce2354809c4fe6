use super::*;
use crate::standards::law::CODE_IN_FORCE;

const LAST_OF_LAW: Day = Day::of(2026, 8, 14);

fn rule(id: &str) -> &'static RuleEntry {
    find(all(), id).unwrap_or_else(|| panic!("no rule {id}"))
}

fn articles(id: &str, on: Day) -> Vec<String> {
    rule(id).citations(on, None).into_iter().map(|c| format!("{} {}", c.instrument_zh, c.article)).collect()
}

#[test]
fn identifiers_are_unique_and_rules_are_complete() {
    let ids: BTreeSet<&str> = all().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), all().len());
    for rule in all() {
        assert!(!rule.title.zh.is_empty() && !rule.title.en.is_empty(), "{}", rule.id);
        assert!(!rule.provisions.is_empty(), "{} stands on nothing", rule.id);
        assert!(rule.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{}", rule.id);
        assert!(rule.valid_to().is_none_or(|to| rule.valid_from().is_none_or(|from| from <= to)), "{}", rule.id);
    }
    for kind in Kind::ALL {
        assert!(all().iter().any(|rule| rule.kind == kind), "{}", kind.as_str());
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn the_day_chooses_the_text() {
    assert_eq!(articles("G14", LAST_OF_LAW), ["土壤污染防治法 61(2)"]);
    assert_eq!(articles("G14", CODE_IN_FORCE), ["生态环境法典 456(2)"]);
    let before = rule("G14").citations(LAST_OF_LAW, None);
    assert_eq!(before[0].successor.as_ref().map(|next| next.article.as_str()), Some("456(2)"));
    assert!(!rule("G16").holds_on(LAST_OF_LAW) && rule("G16").holds_on(CODE_IN_FORCE));
    assert_eq!((rule("G16").valid_from(), rule("G16").valid_to()), (Some(CODE_IN_FORCE), None));
    assert_eq!(rule("G14").valid_from(), Some(Day::of(2019, 1, 1)));
    let civil = rule("provision.CIVIL_202");
    assert_eq!((civil.valid_from(), civil.valid_to()), (Some(Day::of(2017, 10, 1)), None));
}

#[test]
fn the_place_chooses_what_is_cited() {
    let g10 = rule("G10");
    let cited = |division| {
        g10.citations(CODE_IN_FORCE, Some(division)).into_iter().map(|c| c.instrument_zh).collect::<Vec<_>>()
    };
    assert!(cited("150400").contains(&"内蒙古自治区土壤污染防治三年攻坚计划".to_owned()));
    assert!(!cited("140602").contains(&"内蒙古自治区土壤污染防治三年攻坚计划".to_owned()));
    assert!(g10.rests_on("150000") && g10.rests_on("000000") && !g10.rests_on("370000"));
    assert!(rule("G12").holds_in("140602") && !rule("G12").holds_in("150400"));
    assert!(rule("G3").holds_in("140602") && rule("G3").is_adopted_in("140602"));
    assert_eq!(rule("G3").confidence(CODE_IN_FORCE, Some("140602"), &Overrides::new()), Confidence::Unconfirmed);
    assert_eq!(rule("G3").confidence(CODE_IN_FORCE, Some("150400"), &Overrides::new()), Confidence::Verified);
    assert!(rule("parameter.effect_review_working_days").rests_on("370000"));
}

#[test]
fn a_setting_of_the_operator_is_known_no_better_than_unconfirmed() {
    let lists = rule("parameter.list_publication_working_days");
    assert_eq!(lists.confidence(CODE_IN_FORCE, None, &Overrides::new()), Confidence::Verified);
    let mut set = Overrides::new();
    set.entry("list_publication_working_days".to_owned()).or_default().insert("150000".to_owned(), 10);
    assert_eq!(lists.confidence(CODE_IN_FORCE, Some("150400"), &set), Confidence::Unconfirmed);
    assert_eq!(lists.confidence(CODE_IN_FORCE, Some("140602"), &set), Confidence::Verified);
}

#[test]
fn a_bare_name_will_do_where_one_rule_only_has_it() {
    assert_eq!(rule("preliminary_survey_months").id, "parameter.preliminary_survey_months");
    assert_eq!(rule("preliminary_survey_six_months").id, "deadline.preliminary_survey_six_months");
    assert!(find(all(), "no_such_rule").is_none());
}

#[test]
fn restrictions_name_their_stages_and_articles() {
    let housing = rule("restriction.no_housing_or_public_use");
    assert_eq!(articles("restriction.no_housing_or_public_use", CODE_IN_FORCE), ["生态环境法典 456(2)"]);
    assert!(housing.trigger.as_ref().unwrap().zh.contains("C9"), "{:?}", housing.trigger);
    assert!(housing.says("456 住宅", CODE_IN_FORCE) && !housing.says("456 海洋", CODE_IN_FORCE));
}
