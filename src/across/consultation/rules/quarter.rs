//! Calendar quarters of China Standard Time.

use crate::kernel::{Day, LandCheckId};
use chrono::{DateTime, Utc};
use std::fmt;
use uuid::Uuid;

/// A calendar quarter, written `2026Q3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i32,
    /// 1 to 4.
    n: u32,
}

impl Quarter {
    /// Reads `2026Q3`, of the years 2000 to 2999.
    pub fn parse(s: &str) -> Option<Quarter> {
        let (year, n) = s.split_once('Q')?;
        let digits = |s: &str, len: usize| s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(n, 1) {
            return None;
        }
        let (year, n) = (year.parse().ok()?, n.parse().ok()?);
        ((2000..3000).contains(&year) && (1..=4).contains(&n)).then_some(Quarter { year, n })
    }

    /// The quarter of a day.
    pub fn of(day: Day) -> Quarter {
        Quarter { year: day.year(), n: day.month().div_ceil(3) }
    }

    /// Its first day.
    pub fn first(self) -> Day {
        Day::of(self.year, 1, 1).add_months((self.n - 1) * 3)
    }

    /// Its last day.
    pub fn last(self) -> Day {
        self.first().add_months(3).add_days(-1)
    }

    /// The checks made in it have identifiers from the first of these on and below the second: an identifier begins with
    /// its instant.
    pub fn identifiers(self) -> (LandCheckId, LandCheckId) {
        (floor(self.first().start()), floor(self.last().next().start()))
    }
}

/// The least identifier of an instant.
fn floor(at: DateTime<Utc>) -> LandCheckId {
    let milliseconds = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    LandCheckId(Uuid::from_u128(milliseconds << 80))
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}Q{}", self.year, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_has_its_days_and_reads_back() {
        let third = Quarter::parse("2026Q3").unwrap();
        assert_eq!((third.first(), third.last()), (Day::of(2026, 7, 1), Day::of(2026, 9, 30)));
        assert_eq!(third.to_string(), "2026Q3");
        for (day, quarter) in [
            (Day::of(2026, 1, 1), "2026Q1"),
            (Day::of(2026, 3, 31), "2026Q1"),
            (Day::of(2026, 4, 1), "2026Q2"),
            (Day::of(2026, 12, 31), "2026Q4"),
        ] {
            assert_eq!(Quarter::of(day).to_string(), quarter);
        }
        for wrong in ["2026Q0", "2026Q5", "2026q3", "26Q3", "2026Q33", "+026Q1", "1999Q1", "", "Q"] {
            assert_eq!(Quarter::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn identifiers_of_a_quarter_begin_and_end_with_it_in_china() {
        let (from, to) = Quarter::parse("2026Q3").unwrap().identifiers();
        let first = Day::of(2026, 7, 1).start();
        let millisecond = chrono::Duration::milliseconds(1);
        assert!(LandCheckId::new(first) >= from && LandCheckId::new(first - millisecond) < from);
        let end = Day::of(2026, 10, 1).start();
        assert!(LandCheckId::new(end) >= to && LandCheckId::new(end - millisecond) < to);
    }
}
