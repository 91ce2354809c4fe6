//! A clock's last day from the first: its period, then its changes one after another.

use super::catalogue::DeadlineRule;
use super::counting::{Due, count, extend, shift};
use super::status::{Change, ChangeKind};
use crate::kernel::Day;
use crate::standards::workdays::WorkCalendar;

/// All that a clock's last day follows from, beside the calendar.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Its rule.
    pub rule: &'static DeadlineRule,
    /// The day counted from.
    pub start_on: Day,
    /// The value of the rule's parameter, where it has one.
    pub value: Option<u32>,
    /// The day set, where the rule has none.
    pub set_due_on: Option<Day>,
    /// Whether a last day of rest moves on.
    pub rolls_forward: bool,
    /// Changes that stand, in order.
    pub changes: &'a [Change],
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recounted {
    /// The last day, and how it was found.
    pub due: Due,
    /// The changes, each with the last day before and after it as it is now counted.
    pub changes: Vec<Change>,
}

/// Counts a clock from the first. Gives `None` where the value or day that its rule needs is missing.
pub fn recount(terms: &Terms<'_>, calendar: &WorkCalendar) -> Option<Recounted> {
    let counting = terms.rule.period.counting(terms.value, terms.set_due_on)?;
    let mut due = count(counting, terms.start_on, calendar, terms.rolls_forward);
    let mut changes = Vec::with_capacity(terms.changes.len());
    for change in terms.changes {
        let was_due_on = due.due_on;
        due = match (change.kind, change.until, change.days) {
            (ChangeKind::Extended, Some(until), _) => extend(due, until),
            (ChangeKind::Resumed, _, Some(days)) => shift(due, days, calendar, terms.rolls_forward),
            _ => due,
        };
        changes.push(Change { was_due_on, due_on: due.due_on, ..change.clone() });
    }
    Some(Recounted { due, changes })
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{DETAILED_SURVEY_AS_NOTIFIED, PRELIMINARY_SURVEY_SIX_MONTHS};
    use super::*;

    fn change(kind: ChangeKind, on: Day, until: Option<Day>, days: Option<i64>) -> Change {
        Change { kind, on, until, days, cause: None, document_id: None, was_due_on: on, due_on: on }
    }

    fn terms(changes: &[Change]) -> Terms<'_> {
        Terms {
            rule: &PRELIMINARY_SURVEY_SIX_MONTHS,
            start_on: Day::of(2026, 4, 1),
            value: Some(6),
            set_due_on: None,
            rolls_forward: true,
            changes,
        }
    }

    #[test]
    fn suspended_days_are_added_to_the_nominal_day_and_then_rolled() {
        let changes = [
            change(ChangeKind::Suspended, Day::of(2026, 5, 1), None, None),
            change(ChangeKind::Resumed, Day::of(2026, 5, 10), None, Some(9)),
        ];
        let done = recount(&terms(&changes), &WorkCalendar::statutory()).unwrap();
        // 1 October and nine days is Saturday the 10th, worked in exchange for the holiday.
        assert_eq!((done.due.nominal_due_on, done.due.due_on), (Day::of(2026, 10, 10), Day::of(2026, 10, 10)));
        let days: Vec<_> = done.changes.iter().map(|c| (c.was_due_on, c.due_on)).collect();
        assert_eq!(days, [(Day::of(2026, 10, 8), Day::of(2026, 10, 8)), (Day::of(2026, 10, 8), Day::of(2026, 10, 10))]);
    }

    #[test]
    fn an_extension_is_the_day_decided_and_no_calendar_makes_it_earlier() {
        let saturday = Day::of(2026, 11, 21);
        let changes = [change(ChangeKind::Extended, Day::of(2026, 9, 1), Some(saturday), None)];
        let done = recount(&terms(&changes), &WorkCalendar::statutory()).unwrap();
        assert_eq!((done.due.due_on, done.due.provisional), (saturday, false));
        let early = [change(ChangeKind::Extended, Day::of(2026, 9, 1), Some(Day::of(2026, 10, 2)), None)];
        assert_eq!(recount(&terms(&early), &WorkCalendar::statutory()).unwrap().due.due_on, Day::of(2026, 10, 8));
    }

    #[test]
    fn a_rule_without_its_number_or_day_counts_nothing() {
        assert_eq!(recount(&Terms { value: None, ..terms(&[]) }, &WorkCalendar::statutory()), None);
        let set = Terms { rule: &DETAILED_SURVEY_AS_NOTIFIED, ..terms(&[]) };
        assert_eq!(recount(&set, &WorkCalendar::statutory()), None);
    }
}
