//! Which step of escalation a running clock has reached: 60, 30, 7 days before its last day, that day, and weekly after.

use crate::kernel::Day;

/// A step of escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Sixty days before.
    T60,
    /// Thirty days before.
    T30,
    /// Seven days before.
    T7,
    /// The last day.
    T0,
    /// So many weeks after, from 1.
    Week(u32),
}

/// Calendar days before the last day from which a clock has a step.
pub const FIRST_STEP_DAYS: i64 = 60;

impl Step {
    /// The latest step that a clock with the last day `due_on` has reached on `on`. Steps before it are past: a clock that
    /// is entered late, or that nobody looked at for long, has this one only.
    pub fn reached(due_on: Day, on: Day) -> Option<Step> {
        let left = due_on.days_since(on);
        match left {
            ..=-7 => Some(Step::Week(u32::try_from(-left / 7).unwrap_or(u32::MAX))),
            -6..=0 => Some(Step::T0),
            1..=7 => Some(Step::T7),
            8..=30 => Some(Step::T30),
            31..=FIRST_STEP_DAYS => Some(Step::T60),
            _ => None,
        }
    }

    /// The day on which a clock with the last day `due_on` has it.
    pub fn day(self, due_on: Day) -> Day {
        due_on.add_days(match self {
            Step::T60 => -FIRST_STEP_DAYS,
            Step::T30 => -30,
            Step::T7 => -7,
            Step::T0 => 0,
            Step::Week(n) => i64::from(n) * 7,
        })
    }

    /// Reads the name on the wire.
    pub fn parse(s: &str) -> Option<Step> {
        Some(match s {
            "t-60" => Step::T60,
            "t-30" => Step::T30,
            "t-7" => Step::T7,
            "t0" => Step::T0,
            _ => Step::Week(s.strip_prefix("week-")?.parse().ok().filter(|n| *n > 0)?),
        })
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::T60 => f.write_str("t-60"),
            Step::T30 => f.write_str("t-30"),
            Step::T7 => f.write_str("t-7"),
            Step::T0 => f.write_str("t0"),
            Step::Week(n) => write!(f, "week-{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_step_begins_on_its_day_and_none_is_left_out() {
        let due = Day::of(2026, 11, 23);
        let mut seen = Vec::new();
        for ahead in -70..30 {
            let on = due.add_days(ahead);
            let Some(step) = Step::reached(due, on) else {
                assert!(ahead < -60);
                continue;
            };
            if seen.last() != Some(&step) {
                assert_eq!(step.day(due), on);
                seen.push(step);
            }
        }
        assert_eq!(
            seen.iter().map(Step::to_string).collect::<Vec<_>>(),
            ["t-60", "t-30", "t-7", "t0", "week-1", "week-2", "week-3", "week-4"]
        );
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        assert!(seen.iter().all(|step| Step::parse(&step.to_string()) == Some(*step)));
        assert_eq!(["week-0", "t-1", "week-"].map(Step::parse), [None; 3]);
    }
}
