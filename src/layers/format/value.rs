//! PostgreSQL's values in its binary form, and their text.

use crate::kernel::wkb::Fixed;
use crate::layers::def::ColumnKind;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

/// A value that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// Integer.
    Integer(i64),
    /// Number, finite.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// Day.
    Day(Date),
    /// Instant.
    Instant(Moment),
    /// Identifier.
    Uuid(Uuid),
}

/// A day, by its distance from 1970-01-01; one that chrono knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(i32);

/// An instant, by the microseconds since 1970 began in UTC; one that chrono knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(i64);

/// Days from 1970, where others count from, to 2000, where PostgreSQL counts from.
const EPOCH_DAYS: i32 = 10_957;
const DAY_SECONDS: i64 = 86_400;
const SECOND: i64 = 1_000_000;

/// The days from 1970 of the years 1 to 9999, whose text is worked out here; others are left to chrono.
const PLAIN_DAYS: std::ops::Range<i32> = -719_162..2_932_897;

impl<'a> Value<'a> {
    /// Reads a value; `None` for what no format can say: infinite days, numbers that are none.
    #[inline]
    pub fn read(kind: ColumnKind, bytes: &'a [u8]) -> Option<Value<'a>> {
        Some(match kind {
            ColumnKind::Text => Value::Text(std::str::from_utf8(bytes).ok()?),
            ColumnKind::Integer => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
            ColumnKind::Number => {
                let n = f64::from_be_bytes(bytes.try_into().ok()?);
                Value::Number(Some(n).filter(|n| n.is_finite())?)
            }
            ColumnKind::Boolean => Value::Boolean(bytes == [1]),
            ColumnKind::Day => Value::Day(Date::read(bytes)?),
            ColumnKind::Instant => Value::Instant(Moment::read(bytes)?),
            ColumnKind::Uuid => Value::Uuid(Uuid::from_slice(bytes).ok()?),
        })
    }
}

impl Date {
    fn read(bytes: &[u8]) -> Option<Date> {
        let days = i32::from_be_bytes(bytes.try_into().ok()?).checked_add(EPOCH_DAYS)?;
        let date = Date(days);
        (PLAIN_DAYS.contains(&days) || date.chrono().is_some()).then_some(date)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    fn chrono(self) -> Option<NaiveDate> {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
        epoch.checked_add_signed(TimeDelta::try_days(i64::from(self.0))?)
    }

    /// Appends `YYYY-MM-DD`.
    #[inline]
    pub fn push(self, out: &mut Vec<u8>) {
        if PLAIN_DAYS.contains(&self.0) {
            out.extend_from_slice(&ten(self.0));
        } else if let Some(day) = self.chrono() {
            out.extend_from_slice(day.format("%Y-%m-%d").to_string().as_bytes());
        }
    }
}

impl Moment {
    fn read(bytes: &[u8]) -> Option<Moment> {
        let since_2000 = i64::from_be_bytes(bytes.try_into().ok()?);
        let micros = since_2000.checked_add(i64::from(EPOCH_DAYS) * DAY_SECONDS * SECOND)?;
        let moment = Moment(micros);
        (moment.parts().is_some() || moment.chrono().is_some()).then_some(moment)
    }

    /// Microseconds since 1970 began in UTC.
    pub fn micros(self) -> i64 {
        self.0
    }

    fn chrono(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// Day, second of the day, microsecond; `None` outside the years whose text is worked out here.
    #[inline]
    fn parts(self) -> Option<(i32, u32, u32)> {
        let (seconds, micros) = (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND));
        let day = i32::try_from(seconds.div_euclid(DAY_SECONDS)).ok().filter(|day| PLAIN_DAYS.contains(day))?;
        let second = u32::try_from(seconds.rem_euclid(DAY_SECONDS)).ok()?;
        Some((day, second, u32::try_from(micros).ok()?))
    }

    /// Appends it as RFC 3339 has it, in UTC, with 0, 3 or 6 digits of a second.
    #[inline]
    pub fn push(self, out: &mut Vec<u8>) {
        if let Some((day, second, micros)) = self.parts() {
            push_time(day, second, out);
            if micros != 0 {
                let (digits, count) = if micros % 1000 == 0 { (micros / 1000, 3) } else { (micros, 6) };
                out.push(b'.');
                push_digits(digits, count, out);
            }
            out.push(b'Z');
        } else if let Some(at) = self.chrono() {
            out.extend_from_slice(at.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
        }
    }

    /// Appends it with milliseconds, whatever they are, as a GeoPackage wants it; `false`, with nothing appended, outside the
    /// years 1 to 9999.
    pub fn push_millis(self, out: &mut Vec<u8>) -> bool {
        let Some((day, second, micros)) = self.parts() else { return false };
        push_time(day, second, out);
        out.push(b'.');
        push_digits(micros / 1000, 3, out);
        out.push(b'Z');
        true
    }
}

/// A day and a second of it, without what follows.
#[inline]
fn push_time(day: i32, second: u32, out: &mut Vec<u8>) {
    let [h, m, s] = [second / 3600, second / 60 % 60, second % 60].map(two);
    out.extend_from_slice(&ten(day));
    out.extend_from_slice(&[b'T', h[0], h[1], b':', m[0], m[1], b':', s[0], s[1]]);
}

/// The text of a day, of [`PLAIN_DAYS`], by the distance from 1970. Years begin in March here, so that the leap day is the
/// last: then the day of the year tells the month, and 400 years are one and the same number of days.
#[inline]
#[expect(clippy::cast_sign_loss, reason = "the caller's days lie behind year 0, which is where these are counted from")]
fn ten(days: i32) -> [u8; 10] {
    let from = (days + 719_468) as u32;
    let (era, day) = (from / 146_097, from % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + carried;
    let [c, y, m, d] = [year / 100, year % 100, month, day].map(two);
    [c[0], c[1], y[0], y[1], b'-', m[0], m[1], b'-', d[0], d[1]]
}

/// Two digits of a number below 100.
#[inline]
fn two(n: u32) -> [u8; 2] {
    [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]
}

/// So many digits of a number, the first of them zeros if need be.
#[inline]
fn push_digits(mut n: u32, count: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().take(count).rev() {
        *digit = two(n)[1];
        n /= 10;
    }
    out.extend_from_slice(&digits[..count.min(digits.len())]);
}

/// Appends a value as JSON; `None`, with nothing appended, for what JSON cannot say (infinite days, NaN).
#[inline]
pub fn push_json(kind: ColumnKind, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match Value::read(kind, bytes)? {
        Value::Text(text) => push_json_text(text, out),
        Value::Integer(n) => push_integer(n, out),
        Value::Number(n) => push_number(n, out),
        Value::Boolean(yes) => push_boolean(yes, out),
        Value::Day(day) => {
            out.push(b'"');
            day.push(out);
            out.push(b'"');
        }
        Value::Instant(at) => {
            out.push(b'"');
            at.push(out);
            out.push(b'"');
        }
        Value::Uuid(id) => {
            out.push(b'"');
            push_uuid(id, out);
            out.push(b'"');
        }
    }
    Some(())
}

/// Appends an identifier, in lower case with hyphens.
#[inline]
pub fn push_uuid(id: Uuid, out: &mut Vec<u8>) {
    let mut buffer = Uuid::encode_buffer();
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
}

/// Appends `true` or `false`.
#[inline]
pub fn push_boolean(yes: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if yes { b"true" } else { b"false" });
}

/// Appends an integer.
#[inline]
pub fn push_integer(n: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut at, mut rest) = (digits.len(), n.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a finite number: its shortest text. Of a number that has four decimals at most, which most have, that is known
/// without a search: no two texts of fifteen digits are one number.
#[inline]
pub fn push_number(n: f64, out: &mut Vec<u8>) {
    let short = n.abs() < 1e8 && (n * 1e4).round() / 1e4 == n;
    if short && Fixed::json(4).append(n, out).is_ok() {
        return;
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format(n);
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
}

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A bit in the highest place of the bytes that are less than `n`, which is at most 128; those above the lowest such byte may
/// have one without being less.
#[inline(always)]
const fn less(word: u64, n: u8) -> u64 {
    word.wrapping_sub(ONES.wrapping_mul(n as u64)) & !word & HIGH
}

/// As [`less`], of the bytes that are `byte`.
#[inline(always)]
pub(super) const fn equal(word: u64, byte: u8) -> u64 {
    less(word ^ ONES.wrapping_mul(byte as u64), 1)
}

/// Where the first byte stands that `marks` finds, in words of eight; the length when there is none.
#[inline(always)]
pub(super) fn find(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    if rest.is_empty() {
        return bytes.len();
    }
    // What is behind the end is a letter, which nobody looks for.
    let mut word = [b'a'; 8];
    word[..rest.len()].copy_from_slice(rest);
    let found = marks(u64::from_le_bytes(word));
    if found == 0 { bytes.len() } else { words.len() * 8 + found.trailing_zeros() as usize / 8 }
}

/// Appends a JSON string.
#[inline]
pub fn push_json_text(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = find(rest, |word| less(word, 0x20) | equal(word, b'"') | equal(word, b'\\'));
        let (before, from) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((&byte, after)) = from.split_first() else { break };
        push_escape(byte, out);
        rest = after;
    }
    out.push(b'"');
}

#[cold]
fn push_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(kind: ColumnKind, bytes: &[u8]) -> Option<String> {
        let mut out = b"kept".to_vec();
        let written = push_json(kind, bytes, &mut out);
        assert!(out.starts_with(b"kept") && (written.is_some() || out.len() == 4));
        written.map(|()| String::from_utf8(out[4..].to_vec()).unwrap())
    }

    fn epoch() -> NaiveDate {
        NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()
    }

    /// What chrono writes of a day of PostgreSQL's.
    fn their_day(days: i32) -> Option<String> {
        let day = epoch().checked_add_signed(TimeDelta::days(i64::from(days)))?;
        Some(day.format("\"%Y-%m-%d\"").to_string())
    }

    fn their_instant(micros: i64) -> Option<String> {
        let start = epoch().and_hms_opt(0, 0, 0)?.and_utc();
        let at = start.checked_add_signed(TimeDelta::microseconds(micros))?;
        Some(format!("\"{}\"", at.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
    }

    #[test]
    fn binary_values_become_json() {
        let day = (NaiveDate::from_ymd_opt(2026, 11, 21).unwrap() - epoch()).num_days();
        let cases = [
            (ColumnKind::Text, "\"引号\"\n".as_bytes().to_vec(), r#""\"引号\"\n""#),
            (ColumnKind::Text, Vec::new(), r#""""#),
            (ColumnKind::Integer, (-7_i64).to_be_bytes().to_vec(), "-7"),
            (ColumnKind::Number, 12.0_f64.to_be_bytes().to_vec(), "12"),
            (ColumnKind::Number, 0.1_f64.to_be_bytes().to_vec(), "0.1"),
            (ColumnKind::Number, (-0.0_f64).to_be_bytes().to_vec(), "0"),
            (ColumnKind::Boolean, vec![1], "true"),
            (ColumnKind::Boolean, vec![0], "false"),
            (ColumnKind::Day, i32::try_from(day).unwrap().to_be_bytes().to_vec(), "\"2026-11-21\""),
            (ColumnKind::Instant, 1_500_000_i64.to_be_bytes().to_vec(), "\"2000-01-01T00:00:01.500Z\""),
            (ColumnKind::Uuid, vec![1; 16], "\"01010101-0101-0101-0101-010101010101\""),
        ];
        for (kind, bytes, text) in cases {
            assert_eq!(written(kind, &bytes).as_deref(), Some(text), "{kind:?}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_left_to_null() {
        assert_eq!(written(ColumnKind::Number, &f64::NAN.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Day, &i32::MAX.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Day, &i32::MIN.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Instant, &i64::MIN.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Instant, &i64::MAX.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Integer, &[0, 1]), None);
        assert_eq!(written(ColumnKind::Text, &[0xff]), None);
    }

    #[test]
    fn every_day_of_the_calendar_is_written_as_chrono_does() {
        // Each one of eight centuries, then the ends of the calendars, and steps between.
        let ends = [-730_487, -730_486, -730_120, -730_119, 2_921_939, 2_921_940, 95_026_236, 95_026_237, -96_465_658];
        let days = (-150_000..150_000).chain((-800_000..3_000_000).step_by(37)).chain(ends).chain([i32::MAX, i32::MIN]);
        for days in days {
            assert_eq!(written(ColumnKind::Day, &days.to_be_bytes()), their_day(days), "{days}");
        }
    }

    #[test]
    fn milliseconds_are_always_three() {
        let text = |since_2000: i64| {
            let mut out = Vec::new();
            let Some(Value::Instant(at)) = Value::read(ColumnKind::Instant, &since_2000.to_be_bytes()) else {
                panic!()
            };
            at.push_millis(&mut out).then(|| String::from_utf8(out).unwrap())
        };
        assert_eq!(text(0).as_deref(), Some("2000-01-01T00:00:00.000Z"));
        assert_eq!(text(-1).as_deref(), Some("1999-12-31T23:59:59.999Z"));
        assert_eq!(text(86_399_123_456).as_deref(), Some("2000-01-01T23:59:59.123Z"));
        assert_eq!(text(i64::from(3_000_000) * 86_400_000_000), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn instants_are_written_as_chrono_does(
            micros in prop_oneof![any::<i64>(), -1_000_000_000_000_000..1_000_000_000_000_000_i64],
            step in prop_oneof![Just(1_i64), Just(1_000), Just(1_000_000)],
        ) {
            let micros = micros / step * step;
            prop_assert_eq!(written(ColumnKind::Instant, &micros.to_be_bytes()), their_instant(micros));
        }

        #[test]
        fn text_is_escaped_as_serde_does(text in prop_oneof![any::<String>(), "[a-z\"\\\\\\x00-\\x1f土]{0,40}"]) {
            let ours = written(ColumnKind::Text, text.as_bytes()).unwrap();
            prop_assert_eq!(ours, serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn integers_are_integers(n in prop_oneof![any::<i64>(), -1_000..1_000_i64, Just(i64::MIN), Just(i64::MAX)]) {
            prop_assert_eq!(written(ColumnKind::Integer, &n.to_be_bytes()).unwrap(), n.to_string());
        }

        #[test]
        fn numbers_are_their_shortest_text(
            n in any::<f64>(), small in -1e9..1e9_f64, cents in -10_000_000_000_i64..10_000_000_000, places in 0..7_i32,
        ) {
            for n in [n, small, cents as f64 / 10_f64.powi(places), 1.0 / small] {
                let mut buffer = ryu::Buffer::new();
                if n.is_finite() && n != 0.0 {
                    let text = buffer.format(n);
                    let ours = written(ColumnKind::Number, &n.to_be_bytes()).unwrap();
                    prop_assert_eq!(&ours, text.strip_suffix(".0").unwrap_or(text));
                    prop_assert_eq!(ours.parse::<f64>().unwrap(), n);
                }
            }
        }
    }
}
