//! Which clocks there are, as data. A rule is counted by [`super::counting`] and judged by [`super::status()`].

use super::counting::{Counting, Due, Reason, count};
use crate::kernel::{Confidence, Day, Provision, Text};
use crate::standards::{law, workdays::WorkCalendar};

/// A period that the law sets for somebody to do something.
#[derive(Debug, PartialEq, Eq)]
pub struct DeadlineRule {
    /// Stable, snake_case; `rule` of a deadline.
    pub id: &'static str,
    /// Counted up when the rule or the way of counting changes, and stored with every due date.
    pub version: u32,
    /// What is due.
    pub title: Text,
    /// From what the period runs: the first reason of every due date.
    pub runs_from: Text,
    /// How long, counted how.
    pub counting: Counting,
    /// What the period stands on; the first one is the one named with [`DeadlineRule::runs_from`].
    pub provisions: &'static [&'static Provision],
    /// How well the period is known: that of its weakest provision.
    pub confidence: Confidence,
    /// Whether a last day of rest moves to the next working day, unless the operator sets it otherwise.
    pub roll_forward_default: bool,
    /// Name of the role that has to act.
    pub responsible: &'static str,
    /// Calendar days before the last day from which the deadline counts as due soon.
    pub due_soon_days: u32,
}

/// 疑似污染地块初步调查：自收到书面通知之日起六个月. The plan of Inner Mongolia gives the six months in a text that was
/// verified; that they run from *receipt* is Order 42, recalled.
pub static PRELIMINARY_SURVEY_SIX_MONTHS: DeadlineRule = DeadlineRule {
    id: "preliminary_survey_six_months",
    version: 1,
    title: Text::fixed("疑似污染地块土壤环境初步调查（六个月）", "Preliminary survey of a suspected site (six months)"),
    runs_from: Text::fixed(
        "土地使用权人应当自收到书面通知之日起六个月内完成初步调查。",
        "The land user completes the preliminary survey within six months of receiving the written notice.",
    ),
    counting: Counting::Months(6),
    provisions: &[
        &law::ORDER_42_13,
        &law::PLAN_INNER_MONGOLIA_SIX_MONTHS,
        &law::CIVIL_201,
        &law::CIVIL_202,
        &law::CIVIL_203,
    ],
    confidence: Confidence::Recalled,
    roll_forward_default: true,
    responsible: "land_user",
    due_soon_days: 30,
};

/// Every rule.
pub static ALL: &[&DeadlineRule] = &[&PRELIMINARY_SURVEY_SIX_MONTHS];

/// The rule of an identifier.
pub fn find(id: &str) -> Option<&'static DeadlineRule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

impl DeadlineRule {
    /// The due date of a period that starts on `start`, its reasons led by the rule itself. `roll_forward` is the
    /// operator's setting, or [`DeadlineRule::roll_forward_default`].
    pub fn due(&self, start: Day, calendar: &WorkCalendar, roll_forward: bool) -> Due {
        let mut due = count(self.counting, start, calendar, roll_forward);
        due.why.insert(0, Reason { text: self.runs_from.clone(), basis: self.provisions.first().copied() });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn identifiers_are_unique_and_found() {
        let ids: BTreeSet<_> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ALL.iter().all(|rule| find(rule.id) == Some(rule)));
        assert_eq!(find("no_such_rule"), None);
    }

    #[test]
    fn no_rule_claims_to_be_known_better_than_its_weakest_provision() {
        let day = Day::of(2026, 11, 21);
        for rule in ALL {
            assert_eq!(
                rule.provisions.iter().filter_map(|provision| provision.confidence(day)).max(),
                Some(rule.confidence)
            );
        }
    }

    #[test]
    fn the_six_months_name_the_order_first_and_then_the_steps_of_the_civil_code() {
        let rule = find("preliminary_survey_six_months").unwrap();
        let due = rule.due(Day::of(2026, 4, 1), &WorkCalendar::statutory(), rule.roll_forward_default);
        assert_eq!((due.nominal_due_on, due.due_on), (Day::of(2026, 10, 1), Day::of(2026, 10, 8)));
        let articles: Vec<_> = due
            .why
            .iter()
            .map(|reason| reason.basis.and_then(|basis| basis.cite(due.start_on)).map(|citation| citation.article))
            .collect();
        assert_eq!(articles, ["13", "201", "202", "203"].map(|article| Some(article.to_owned())));
    }
}
