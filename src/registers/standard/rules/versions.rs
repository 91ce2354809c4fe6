//! Versions of a local standard: from when to when each holds.

use crate::kernel::Day;

/// What there is to know of a version's validity.
pub trait Version {
    /// First day, as stated.
    fn first_day(&self) -> Day;
    /// Last day, as stated.
    fn stated_to(&self) -> Option<Day>;
    /// Entered in error: it never held.
    fn withdrawn(&self) -> bool;
}

/// The last day of a version among all of its code: the day before the next one begins, or sooner where it says so.
pub fn last_day<V: Version>(version: &V, all: &[V]) -> Option<Day> {
    let next = all
        .iter()
        .filter(|other| !other.withdrawn())
        .map(V::first_day)
        .filter(|from| *from > version.first_day())
        .min();
    match (version.stated_to(), next.map(|day| day.add_days(-1))) {
        (Some(stated), Some(ended)) => Some(stated.min(ended)),
        (stated, ended) => stated.or(ended),
    }
}

/// Whether a version holds on a day.
pub fn holds<V: Version>(version: &V, all: &[V], on: Day) -> bool {
    !version.withdrawn() && version.first_day() <= on && last_day(version, all).is_none_or(|to| on <= to)
}

/// The version to show for a day: the one that holds, else the last that held before, else the first to come, else the one
/// withdrawn last.
pub fn shown<V: Version>(all: &[V], on: Day) -> Option<&V> {
    let standing = || all.iter().filter(|version| !version.withdrawn());
    standing()
        .find(|version| holds(*version, all, on))
        .or_else(|| standing().filter(|version| version.first_day() <= on).max_by_key(|version| version.first_day()))
        .or_else(|| standing().min_by_key(|version| version.first_day()))
        .or_else(|| all.iter().max_by_key(|version| version.first_day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct V(u32, Option<u32>, bool);

    fn day(n: u32) -> Day {
        Day::of(2020, 1, 1).add_days(i64::from(n))
    }

    impl Version for V {
        fn first_day(&self) -> Day {
            day(self.0)
        }
        fn stated_to(&self) -> Option<Day> {
            self.1.map(day)
        }
        fn withdrawn(&self) -> bool {
            self.2
        }
    }

    #[test]
    fn a_later_version_ends_the_one_before_unless_it_was_withdrawn() {
        let all = [V(10, Some(50), false), V(30, None, false), V(20, None, true)];
        assert_eq!(last_day(&all[0], &all), Some(day(29)));
        assert_eq!(last_day(&all[1], &all), None);
        let shown_on = |on: u32| shown(&all, day(on)).map(V::first_day);
        assert_eq!([shown_on(5), shown_on(10), shown_on(29), shown_on(30)], [10, 10, 10, 30].map(|n| Some(day(n))));
        assert!(!holds(&all[2], &all, day(25)) && holds(&all[0], &all, day(25)));
        let ended = [V(10, Some(12), false), V(30, None, false)];
        assert_eq!(shown(&ended, day(20)), Some(&ended[0]));
        assert!(!holds(&ended[0], &ended, day(13)));
        assert_eq!(shown(&[V(1, None, true)], day(5)), Some(&V(1, None, true)));
        assert_eq!(shown::<V>(&[], day(5)), None);
    }
}
