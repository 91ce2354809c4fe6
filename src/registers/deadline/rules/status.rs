//! Where a deadline stands, as known on any day asked.

use crate::kernel::{Day, DocumentId};

/// Where a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = DeadlineStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Running, and not due soon.
    Open,
    /// Running, and due within the rule's number of days or today.
    DueSoon,
    /// Running, and its last day is past.
    Overdue,
    /// Done on its last day or before.
    Met,
    /// Done after its last day.
    MetLate,
    /// Called off: the duty fell away.
    Cancelled,
    /// Standing still: the days meanwhile are not counted.
    Suspended,
}

impl Status {
    /// Every status, in the order of a deadline's life.
    pub const ALL: [Status; 7] = [
        Status::Open,
        Status::DueSoon,
        Status::Suspended,
        Status::Overdue,
        Status::Met,
        Status::MetLate,
        Status::Cancelled,
    ];

    /// The name on the wire: `due_soon`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::DueSoon => "due_soon",
            Status::Overdue => "overdue",
            Status::Met => "met",
            Status::MetLate => "met_late",
            Status::Cancelled => "cancelled",
            Status::Suspended => "suspended",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(s: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == s)
    }

    /// Whether the duty is still to be done.
    pub fn is_running(self) -> bool {
        matches!(self, Status::Open | Status::DueSoon | Status::Overdue | Status::Suspended)
    }
}

/// How a deadline ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The day on which the duty was done, or fell away.
    pub on: Day,
    /// It fell away instead of being done.
    pub cancelled: bool,
}

/// How a running clock was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = DeadlineChangeKind)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Given a later last day.
    Extended,
    /// Made to stand still.
    Suspended,
    /// Made to run on, the days of standing still being added.
    Resumed,
}

/// A change of a running clock that stands. Kept in the order of their days, as they were decided.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// What was done.
    pub kind: ChangeKind,
    /// The day of the decision; it counts from then on.
    pub on: Day,
    /// The later last day, of an extension.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Day>,
    /// Calendar days of standing still, of a resumption.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub days: Option<i64>,
    /// Why; a resumption needs none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// The decision on paper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document_id: Option<DocumentId>,
    /// The last day before this change.
    pub was_due_on: Day,
    /// The last day after it.
    pub due_on: Day,
}

/// A clock as far as where it stands depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course<'a> {
    /// Its last day as known now; `None` where no number is set from which it could be counted.
    pub due_on: Option<Day>,
    /// Its changes that stand, in order.
    pub changes: &'a [Change],
    /// How it ended.
    pub closed: Option<Closed>,
}

impl Course<'_> {
    /// The last day as it stood on `on`: what was decided later does not count yet.
    pub fn due_then(&self, on: Day) -> Option<Day> {
        self.changes.iter().find(|change| change.on > on).map_or(self.due_on, |change| Some(change.was_due_on))
    }

    /// Since when it stood still on `on`, where it did.
    pub fn suspended_since(&self, on: Day) -> Option<Day> {
        self.changes
            .iter()
            .rfind(|change| change.on <= on && change.kind != ChangeKind::Extended)
            .filter(|change| change.kind == ChangeKind::Suspended)
            .map(|change| change.on)
    }

    /// Where it stands on `on`, of which nothing later is looked at. What is done while a clock stands still is done as
    /// on the day it stopped. A clock without a last day is never due soon, overdue or met late.
    pub fn status(&self, on: Day, due_soon_days: u32) -> Status {
        let Some(due) = self.due_then(on) else {
            return match self.closed.filter(|closed| closed.on <= on) {
                Some(Closed { cancelled: true, .. }) => Status::Cancelled,
                Some(_) => Status::Met,
                None if self.suspended_since(on).is_some() => Status::Suspended,
                None => Status::Open,
            };
        };
        match self.closed.filter(|closed| closed.on <= on) {
            Some(closed) if !closed.cancelled => {
                let done = self.suspended_since(closed.on).unwrap_or(closed.on);
                if done <= due { Status::Met } else { Status::MetLate }
            }
            None if self.suspended_since(on).is_some() => Status::Suspended,
            closed => status(due, closed, on, due_soon_days),
        }
    }
}

/// Where a deadline that nothing changed, with its last day `due_on`, stands on the day `on`. What happened after `on` is not looked at: a duty
/// done later still runs on `on`. The last day itself is in time; overdue begins with the day after.
pub fn status(due_on: Day, closed: Option<Closed>, on: Day, due_soon_days: u32) -> Status {
    match closed.filter(|closed| closed.on <= on) {
        Some(Closed { cancelled: true, .. }) => Status::Cancelled,
        Some(Closed { on: done_on, .. }) if done_on <= due_on => Status::Met,
        Some(_) => Status::MetLate,
        None if on > due_on => Status::Overdue,
        None if due_on.days_since(on) <= i64::from(due_soon_days) => Status::DueSoon,
        None => Status::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: Day = Day::of(2026, 11, 23);

    #[test]
    fn a_running_clock_warns_then_runs_out_the_day_after_its_last() {
        for (on, expected) in [
            (Day::of(2026, 5, 21), Status::Open),
            (Day::of(2026, 10, 23), Status::Open),
            (Day::of(2026, 10, 24), Status::DueSoon),
            (DUE, Status::DueSoon),
            (Day::of(2026, 11, 24), Status::Overdue),
        ] {
            assert_eq!(status(DUE, None, on, 30), expected, "{on}");
        }
        assert_eq!(status(DUE, None, DUE.add_days(-1), 0), Status::Open);
        assert_eq!(status(DUE, None, DUE, 0), Status::DueSoon);
    }

    #[test]
    fn what_is_closed_later_still_runs_on_the_day_asked() {
        let done = |on| Some(Closed { on, cancelled: false });
        let dropped = |on| Some(Closed { on, cancelled: true });
        let late = Day::of(2026, 12, 1);
        assert_eq!(status(DUE, done(DUE), DUE, 30), Status::Met);
        assert_eq!(status(DUE, done(DUE), DUE.add_days(-1), 30), Status::DueSoon);
        assert_eq!(status(DUE, done(late), Day::of(2026, 11, 24), 30), Status::Overdue);
        assert_eq!(status(DUE, done(late), late, 30), Status::MetLate);
        assert_eq!(status(DUE, done(DUE.next()), late, 30), Status::MetLate);
        assert_eq!(status(DUE, dropped(late), Day::of(2026, 11, 30), 30), Status::Overdue);
        assert_eq!(status(DUE, dropped(late), late, 30), Status::Cancelled);
        assert_eq!(status(DUE, dropped(DUE.add_days(-9)), late, 30), Status::Cancelled);
    }

    #[test]
    fn a_clock_without_a_last_day_runs_until_it_ends_and_is_never_late() {
        let far = Day::of(2036, 11, 23);
        let course = |closed| Course { due_on: None, changes: &[], closed };
        assert_eq!(course(None).status(far, 30), Status::Open);
        assert_eq!(course(Some(Closed { on: far, cancelled: false })).status(far, 30), Status::Met);
        assert_eq!(course(Some(Closed { on: far, cancelled: true })).status(far, 30), Status::Cancelled);
        assert_eq!(course(Some(Closed { on: far.next(), cancelled: false })).status(far, 30), Status::Open);
    }

    #[test]
    fn names_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(Status::parse("late"), None);
    }
}
