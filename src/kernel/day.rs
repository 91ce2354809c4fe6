//! Civil days of China Standard Time.

use chrono::{Datelike, Months, NaiveDate};
use std::fmt;

/// A civil day of China Standard Time, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, utoipa::ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, format = Date, example = "2026-11-21")]
pub struct Day(NaiveDate);

/// Day of the week, Monday first, as the calendar of rest days needs it.
pub use chrono::Weekday;

impl Day {
    /// A day known when the program is written.
    ///
    /// # Panics
    /// When there is no such day; in a constant that is a compile error.
    #[expect(clippy::panic, reason = "reached at compile time only: every use is a constant")]
    pub const fn of(year: i32, month: u32, day: u32) -> Day {
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(date) => Day(date),
            None => panic!("no such day"),
        }
    }

    /// Reads exactly `YYYY-MM-DD` of the years 1900 to 2999; anything else is `None`. A day outside them is a slip of the
    /// pen, and PostgreSQL's calendar has no year 0.
    pub fn parse(s: &str) -> Option<Day> {
        let shape = s.len() == 10
            && s.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shape {
            return None;
        }
        NaiveDate::parse_from_str(s, "%Y-%m-%d").ok().map(Day).filter(|day| (1900..3000).contains(&day.year()))
    }

    /// The same day number `months` later, or that month's last day where there is no such number
    /// (Civil Code art. 202).
    pub fn add_months(self, months: u32) -> Day {
        Day(self.0.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX))
    }

    /// `days` later; earlier when negative.
    pub fn add_days(self, days: i64) -> Day {
        Day(self.0.checked_add_signed(chrono::Duration::days(days)).unwrap_or(NaiveDate::MAX))
    }

    /// The following day.
    pub fn next(self) -> Day {
        self.add_days(1)
    }

    /// Days from `earlier` to this one; negative when this one is the earlier.
    pub fn days_since(self, earlier: Day) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// Calendar year.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Month of the year, 1 to 12.
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// Day of the month, 1 to 31.
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// Day of the week.
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// The instant at which this day begins in China (UTC+8, no daylight saving).
    pub fn start(self) -> chrono::DateTime<chrono::Utc> {
        (self.0.and_time(chrono::NaiveTime::MIN) - chrono::Duration::hours(8)).and_utc()
    }

    /// The civil day in China at an instant.
    pub fn at(instant: chrono::DateTime<chrono::Utc>) -> Day {
        Day((instant + chrono::Duration::hours(8)).date_naive())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl std::str::FromStr for Day {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Day::parse(s).ok_or_else(|| format!("`{s}` 不是日期 YYYY-MM-DD / is not a day YYYY-MM-DD"))
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_full_form_is_a_day() {
        assert_eq!(Day::parse("2026-11-21"), Some(Day::of(2026, 11, 21)));
        for bad in [
            "2026-11-2",
            "2026-02-30",
            "20261121",
            "2026/11/21",
            " 2026-11-21",
            "+026-11-21",
            "0000-01-01",
            "1899-12-31",
            "3000-01-01",
            "",
        ] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_begins_eight_hours_before_utc_midnight() {
        let day = Day::of(2026, 8, 15);
        assert_eq!(day.start().to_rfc3339(), "2026-08-14T16:00:00+00:00");
        assert_eq!(Day::at(day.start()), day);
        assert_eq!(Day::at(day.start() - chrono::Duration::nanoseconds(1)), Day::of(2026, 8, 14));
    }
}
