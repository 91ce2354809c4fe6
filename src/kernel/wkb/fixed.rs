//! Ordinates as decimal text. Rounded to a fixed number of decimals they are integers, and integers become digits with a
//! few multiplications; the shortest text of a floating point number is a search.

use super::walk::NotFinite;

/// Up to here an integer has at most 15 digits, so that no two of them are the same number after division by the scale:
/// what is written is then the shortest text of that number, too.
const EXACT: f64 = 1e15;

/// How ordinates are written: rounded to so many decimals, half away from zero, without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fixed {
    decimals: u8,
    scale: f64,
    power: u64,
    /// What makes the decimals eight.
    shift: u64,
    /// Integers below this are written in the way of `number`, with an exponent.
    least: u64,
}

impl Fixed {
    /// Decimals of degrees: 11 mm.
    pub const DEGREES: u8 = 7;
    /// Decimals of metres.
    pub const METRES: u8 = 3;
    /// Stands for any number of decimals.
    pub const ANY: u8 = u8::MAX;

    /// For JSON: the same text as `number`, which writes what is smaller than 0.00001 with an exponent. More than 15
    /// decimals are 15.
    pub fn json(decimals: u8) -> Fixed {
        let plain = Fixed::plain(decimals);
        let least = if plain.decimals > 5 { plain.power / 100_000 } else { 0 };
        Fixed { least, ..plain }
    }

    /// Without exponents, as WKT is read by those who do not know them; from 1e15 units of the last decimal on there is one.
    /// More than 15 decimals are 15.
    pub fn plain(decimals: u8) -> Fixed {
        let decimals = decimals.min(15);
        let power = 10_u64.pow(u32::from(decimals));
        let shift = 10_u64.pow(u32::from(8_u8.saturating_sub(decimals)));
        Fixed { decimals, scale: power as f64, power, shift, least: 0 }
    }

    /// Bytes that [`Fixed::put`] wants to find free, although it keeps at most [`Fixed::LENGTH`] of them.
    pub const ROOM: usize = 32;
    /// The most bytes that a number takes, with the one before it.
    pub const LENGTH: usize = 26;

    /// Appends `n`.
    ///
    /// # Errors
    /// When it is infinite or not a number; nothing is appended then.
    pub fn append(&self, n: f64, out: &mut Vec<u8>) -> Result<(), NotFinite> {
        let mut room = [0; Fixed::ROOM];
        let end = self.put::<{ Fixed::ANY }>(b' ', n, &mut room, 0)?;
        out.extend_from_slice(room.get(1..end).unwrap_or_default());
        Ok(())
    }

    /// How many decimals.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Writes `before`, then `n`, into `out` from `at` on, and says where it ended. Who writes many numbers makes room for
    /// all of them first: a buffer that may grow at every byte is what costs most else. `DECIMALS` is either their number or
    /// [`Fixed::ANY`]; a division by what is known when this is compiled is a multiplication.
    ///
    /// # Errors
    /// When `n` is infinite or not a number, or when there is no [`Fixed::ROOM`].
    #[inline(always)]
    pub fn put<const DECIMALS: u8>(&self, before: u8, n: f64, out: &mut [u8], at: usize) -> Result<usize, NotFinite> {
        let room = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<{ Fixed::ROOM }>).ok_or(NotFinite)?;
        let (scale, power, shift) = match DECIMALS {
            Fixed::DEGREES => (1e7, 10_000_000, 10),
            Fixed::METRES => (1e3, 1_000, 100_000),
            _ => (self.scale, self.power, self.shift),
        };
        let scaled = n * scale;
        // What is not a number is not less.
        let short = scaled.abs() < EXACT;
        if !short {
            return self.put_slowly(before, n, room).map(|length| at + length);
        }
        let rounded = round(scaled);
        let digits = rounded.unsigned_abs();
        let (whole, fraction) = (digits / power, digits % power);
        let long = DECIMALS == Fixed::ANY && self.decimals > 8;
        if long || (digits < self.least && digits != 0) || whole > 99_999_999 {
            return self.put_slowly(before, n, room).map(|length| at + length);
        }
        room[0] = before;
        room[1] = b'-';
        let mut end = if rounded < 0 { 2 } else { 1 };
        if whole < 1000 {
            let (hundreds, tens, ones) = (whole / 100, whole / 10 % 10, whole % 10);
            let zeros = usize::from(whole < 100) + usize::from(whole < 10);
            let word = (hundreds | tens << 8 | ones << 16 | POINT) >> (8 * zeros);
            store(room, end, word);
            end += 4 - zeros;
        } else {
            let word = eight_digits(whole);
            let zeros = word.trailing_zeros() as usize / 8;
            store(room, end, (word | ZEROS) >> (8 * zeros));
            end += 8 - zeros;
            room[end & 31] = b'.';
            end += 1;
        }
        // All eight decimals are stored at once, and the zeros are not counted; without decimals the point is not either.
        let word = eight_digits(fraction * shift);
        store(room, end, word | ZEROS);
        let length = 8 - word.leading_zeros() as usize / 8;
        Ok(at + if length == 0 { end - 1 } else { end + length })
    }

    /// Any number.
    #[inline(never)]
    fn put_slowly(&self, before: u8, n: f64, room: &mut [u8; Fixed::ROOM]) -> Result<usize, NotFinite> {
        if !n.is_finite() {
            return Err(NotFinite);
        }
        let mut text = vec![before];
        let scaled = n * self.scale;
        let rounded = if scaled.abs() < EXACT { round(scaled) } else { 0 };
        let digits = rounded.unsigned_abs();
        if scaled.abs() >= EXACT || (digits < self.least && digits != 0) {
            number(n, self.decimals, &mut text);
        } else {
            let sign = if rounded < 0 { "-" } else { "" };
            let (whole, fraction) = (digits / self.power, digits % self.power);
            let written = format!("{sign}{whole}.{fraction:0width$}", width = usize::from(self.decimals));
            text.extend_from_slice(written.trim_end_matches('0').trim_end_matches('.').as_bytes());
        }
        let room = room.get_mut(..text.len()).ok_or(NotFinite)?;
        room.copy_from_slice(&text);
        Ok(text.len())
    }
}

/// Appends `n` rounded to `decimals`, without trailing zeros, in the shortest text that is read as the same number: with an
/// exponent where that is shorter.
fn number(n: f64, decimals: u8, out: &mut Vec<u8>) {
    let scale = 10_f64.powi(i32::from(decimals));
    let rounded = (n * scale).round() / scale;
    // -0 would be valid JSON and a needless difference between two equal answers.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format(rounded);
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
}

/// Rounds half away from zero what is less than 2^52, without the call that `f64::round` is on older processors.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "truncation is meant, and the range is the caller's promise")]
fn round(n: f64) -> i64 {
    let whole = n as i64;
    let rest = n - whole as f64;
    whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5)
}

/// Three digits and a point.
const POINT: u64 = 0x2e30_3030;
/// The digit zero in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Stores eight characters, of which the caller counts as many as it needs.
#[inline(always)]
fn store(room: &mut [u8; Fixed::ROOM], at: usize, word: u64) {
    if let Some(to) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *to = word.to_le_bytes();
    }
}

/// The eight digits of a number below 10^8, one to a byte, the first in the lowest. All are divided at once: by 10,000 into
/// halves, by 100 into pairs, by 10 into digits, each division a multiplication that is exact in its range.
#[inline(always)]
fn eight_digits(n: u64) -> u64 {
    let halves = (n / 10_000) | ((n % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours(numbers: Fixed, n: f64) -> String {
        let mut out = Vec::new();
        numbers.append(n, &mut out).unwrap();
        // In the place of many, between others, as well.
        let mut room = [b'#'; 3 + Fixed::ROOM];
        let end = match numbers.decimals() {
            Fixed::DEGREES => numbers.put::<{ Fixed::DEGREES }>(b'[', n, &mut room, 3),
            Fixed::METRES => numbers.put::<{ Fixed::METRES }>(b'[', n, &mut room, 3),
            _ => numbers.put::<{ Fixed::ANY }>(b'[', n, &mut room, 3),
        };
        assert_eq!(room[..3], *b"###");
        assert_eq!(room[3], b'[');
        assert_eq!(&room[4..end.unwrap()], out.as_slice());
        assert!(end.unwrap() - 3 <= Fixed::LENGTH);
        String::from_utf8(out).unwrap()
    }

    fn theirs(decimals: u8, n: f64) -> String {
        let mut out = Vec::new();
        number(n, decimals, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_rounded_and_short() {
        for (n, expect) in [(105.0, "105"), (0.123_456_789, "0.1234568"), (-0.000_000_001, "0"), (-1.5, "-1.5")] {
            assert_eq!(ours(Fixed::json(7), n), expect);
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_elsewhere() {
        let odd = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            0.5,
            9.999_999_95,
            9.999_999_949_999,
            99.999_999_96,
            179.999_999_99,
            -180.0,
            116.391_2,
            1e-5,
            9.999_9e-6,
            1e-6,
            1e-7,
            5e-8,
            4.999e-8,
            -1e-7,
            0.000_012_3,
            100.000_000_1,
            1e6,
            12_958_034.006,
            1e8,
            99_999_999.0,
            99_999_999.999_6,
            123_456_789.125,
            1e14,
            1e15,
            1e16,
            -1e17,
            1e300,
            f64::MIN_POSITIVE,
            0.000_000_05,
            0.000_000_15,
            2.5e-7,
        ];
        for decimals in 0..=15 {
            for n in odd.into_iter().flat_map(|n: f64| [n, -n]) {
                assert_eq!(ours(Fixed::json(decimals), n), theirs(decimals, n), "{n} to {decimals}");
            }
        }
        assert_eq!(Fixed::json(200), Fixed::json(15));
    }

    #[test]
    fn tables_have_no_exponents() {
        for (n, text) in
            [(1e-7, "0.0000001"), (-0.000_001_5, "-0.0000015"), (105.0, "105"), (-0.000_000_001, "0"), (0.05, "0.05")]
        {
            assert_eq!(ours(Fixed::plain(7), n), text);
        }
        assert_eq!(ours(Fixed::plain(15), 1e-15), "0.000000000000001");
        assert_eq!(ours(Fixed::plain(9), 0.123_456_789), "0.123456789");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for n in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for decimals in [0, 3, 7, 12] {
                let mut out = b"kept".to_vec();
                assert_eq!(Fixed::json(decimals).append(n, &mut out), Err(NotFinite));
                assert_eq!(out, b"kept");
            }
        }
        assert_eq!(Fixed::json(7).put::<7>(b' ', 1.0, &mut [0; 31], 0), Err(NotFinite));
        assert_eq!(Fixed::json(7).put::<7>(b' ', 1.0, &mut [0; 40], 41), Err(NotFinite));
    }

    #[test]
    fn eight_digits_are_eight_digits() {
        for n in (0..100_000_000_u64).step_by(9_973).chain(0..10_000).chain((0..10_000).map(|n| n * 10_000 + 9_999 - n))
        {
            assert_eq!((eight_digits(n) | ZEROS).to_le_bytes(), format!("{n:08}").as_bytes(), "{n}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn degrees(n in -180.0..180.0_f64) {
            prop_assert_eq!(ours(Fixed::json(7), n), theirs(7, n));
        }
        #[test]
        fn ties(n in -1_800_000_000..1_800_000_000_i64) {
            // As near to half a unit of the last decimal as a number can be.
            let n = (n as f64 + 0.5) / 1e7;
            for n in [n, n.next_up(), n.next_down()] {
                prop_assert_eq!(ours(Fixed::json(7), n), theirs(7, n));
            }
        }
        #[test]
        fn metres(n in -3e7..3e7_f64) {
            prop_assert_eq!(ours(Fixed::json(3), n), theirs(3, n));
        }
        #[test]
        fn any_number(n in any::<f64>(), small in -1000.0..1000.0_f64, decimals in 0..=15_u8) {
            if n.is_finite() {
                prop_assert_eq!(ours(Fixed::json(decimals), n), theirs(decimals, n));
            }
            prop_assert_eq!(ours(Fixed::json(decimals), small), theirs(decimals, small));
        }
    }
}
