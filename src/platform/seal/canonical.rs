//! The canonical form of JSON (RFC 8785): one text per value, so that a digest or a signature covers the value itself.
//!
//! It works on text, not on values read from it: a verifier takes parts out of the very bytes that were signed, and no
//! number passes through a reader that might round it.

use serde::Serialize;
use std::cmp::Ordering;
use std::ops::Range;

/// Why a text has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not JSON, at this byte.
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    /// An object names a member twice; the byte is that of the object.
    #[error("an object that begins at byte {0} names a member twice")]
    Duplicate(usize),
    /// An integer that no double holds exactly: it would be another number for the next reader.
    #[error("the integer at byte {0} is not exact as a double")]
    Inexact(usize),
    /// The value cannot be written as JSON at all.
    #[error("{0}")]
    Value(String),
}

/// Values lie in one another at most so deep.
const DEPTH: usize = 128;

/// The canonical form of a value.
///
/// # Errors
/// [`Flaw::Value`] for a value that is no JSON, [`Flaw::Inexact`] for an integer beyond what a double holds.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, Flaw> {
    let text = serde_json::to_string(value).map_err(|error| Flaw::Value(error.to_string()))?;
    of_json(&text)
}

/// The canonical form of a JSON text.
///
/// # Errors
/// Every [`Flaw`] but [`Flaw::Value`].
pub fn of_json(text: &str) -> Result<Vec<u8>, Flaw> {
    let mut writer = Writer { text: text.as_bytes(), at: 0, out: Vec::with_capacity(text.len()) };
    writer.blank();
    writer.value(0)?;
    writer.blank();
    if writer.at < writer.text.len() {
        return Err(Flaw::Syntax(writer.at));
    }
    Ok(writer.out)
}

/// Whether these bytes are a canonical form; else the first byte that is not.
///
/// # Errors
/// The place of the first byte that differs from the canonical form, or at which the text is no JSON.
pub fn check(bytes: &[u8]) -> Result<(), usize> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to())?;
    match of_json(text) {
        Ok(canonical) if canonical == bytes => Ok(()),
        Ok(canonical) => Err(canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count()),
        Err(Flaw::Syntax(at) | Flaw::Duplicate(at) | Flaw::Inexact(at)) => Err(at),
        Err(Flaw::Value(_)) => Err(0),
    }
}

/// A member of an object: where its name (with its quotes) and its value lie in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name, with its quotes.
    pub name: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

/// The members of an object in canonical form. `None` for any other value.
pub fn members(canonical: &[u8]) -> Option<Vec<Member>> {
    if canonical.first() != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    let (mut at, mut depth, mut name, mut from) = (1, 0_usize, 0..0, 1);
    while let Some(&byte) = canonical.get(at) {
        match byte {
            b'"' => {
                let end = string_end(canonical, at)?;
                if depth == 0 && canonical.get(end) == Some(&b':') && from == at {
                    name = at..end;
                    from = end + 1;
                }
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' if depth == 0 => {
                if !name.is_empty() {
                    members.push(Member { name, value: from..at });
                }
                return (at + 1 == canonical.len()).then_some(members);
            }
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                members.push(Member { name: name.clone(), value: from..at });
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The value of a member of an object in canonical form. The name is one that needs no escape.
pub fn member<'a>(canonical: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let found = members(canonical)?.into_iter().find(|member| is_named(canonical, member, name))?;
    Some(&canonical[found.value])
}

/// Where a member would stand among those that an object in canonical form has.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    at: usize,
    name: &'static str,
    comma: Comma,
}

/// Which comma comes with the member.
#[derive(Debug, Clone, Copy)]
enum Comma {
    None,
    Before,
    Behind,
}

/// Where a new member belongs. `None` when the text is no object or has such a member already. The name is one of ASCII
/// that needs no escape.
pub fn place_for(canonical: &[u8], name: &'static str) -> Option<Gap> {
    let members = members(canonical)?;
    let quoted = format!("\"{name}\"");
    let next = members
        .iter()
        .map(|member| (member, order(&canonical[member.name.clone()], quoted.as_bytes())))
        .find(|(_, order)| *order != Ordering::Less);
    let (at, comma) = match next {
        Some((_, Ordering::Equal)) => return None,
        Some((member, _)) => (member.name.start, Comma::Behind),
        None => (canonical.len() - 1, if members.is_empty() { Comma::None } else { Comma::Before }),
    };
    Some(Gap { at, name, comma })
}

impl Gap {
    /// Writes the object with the member in it, and gives where the member's value ends in what is written. The value is
    /// in canonical form already.
    pub fn put(self, canonical: &[u8], value: &[u8], out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(&canonical[..self.at]);
        if let Comma::Before = self.comma {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value);
        let end = out.len();
        if let Comma::Behind = self.comma {
            out.push(b',');
        }
        out.extend_from_slice(&canonical[self.at..]);
        end
    }
}

/// The object without a member; still canonical. `None` when it is no object or has no such member.
pub fn without_member(canonical: &[u8], name: &str) -> Option<Vec<u8>> {
    let members = members(canonical)?;
    let which = members.iter().position(|member| is_named(canonical, member, name))?;
    // With it goes one comma: the one behind it, or before it where it is the last.
    let cut = match (members.get(which + 1), which.checked_sub(1)) {
        (Some(next), _) => members[which].name.start..next.name.start,
        (None, Some(before)) => members[before].value.end..members[which].value.end,
        (None, None) => members[which].name.start..members[which].value.end,
    };
    Some([&canonical[..cut.start], &canonical[cut.end..]].concat())
}

fn is_named(canonical: &[u8], member: &Member, name: &str) -> bool {
    &canonical[member.name.start + 1..member.name.end - 1] == name.as_bytes()
}

/// Behind the closing quote of the string that begins at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The order of two names in canonical form, quotes and all: by UTF-16 code units.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let plain = |name: &[u8]| name.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    let (a, b) = (&a[1..a.len() - 1], &b[1..b.len() - 1]);
    if plain(a) && plain(b) { a.cmp(b) } else { units(a).cmp(&units(b)) }
}

/// The UTF-16 code units of a string in canonical form, without its quotes.
fn units(name: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(name);
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '\\' => match chars.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let hex: String = chars.by_ref().take(4).collect();
                    u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
                }
                Some(other) => other,
                None => '\\',
            },
            other => other,
        };
        units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
    }
    units
}

/// Reads a text and writes its canonical form.
struct Writer<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn flaw<T>(&self) -> Result<T, Flaw> {
        Err(Flaw::Syntax(self.at))
    }

    fn value(&mut self, depth: usize) -> Result<(), Flaw> {
        match self.peek() {
            _ if depth > DEPTH => self.flaw(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.flaw(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Flaw> {
        if !self.text[self.at..].starts_with(word) {
            return self.flaw();
        }
        self.at += word.len();
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Flaw> {
        self.at += 1;
        self.out.push(b'[');
        self.blank();
        if self.peek() != Some(b']') {
            loop {
                self.blank();
                self.value(depth + 1)?;
                self.blank();
                match self.peek() {
                    Some(b',') => self.out.push(b','),
                    Some(b']') => break,
                    _ => return self.flaw(),
                }
                self.at += 1;
            }
        }
        self.at += 1;
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Flaw> {
        let begins = self.at;
        self.at += 1;
        self.out.push(b'{');
        let from = self.out.len();
        // Where each member's name begins and ends, and its value ends, in what is written.
        let mut members: Vec<(usize, usize, usize)> = Vec::new();
        self.blank();
        if self.peek() != Some(b'}') {
            loop {
                self.blank();
                let start = self.out.len();
                if self.peek() != Some(b'"') {
                    return self.flaw();
                }
                self.string()?;
                let named = self.out.len();
                self.blank();
                if self.peek() != Some(b':') {
                    return self.flaw();
                }
                self.at += 1;
                self.out.push(b':');
                self.blank();
                self.value(depth + 1)?;
                members.push((start, named, self.out.len()));
                self.blank();
                match self.peek() {
                    Some(b',') => self.out.push(b','),
                    Some(b'}') => break,
                    _ => return self.flaw(),
                }
                self.at += 1;
            }
        }
        self.at += 1;
        let out = &self.out;
        let by_name = |a: &(usize, usize, usize), b: &(usize, usize, usize)| order(&out[a.0..a.1], &out[b.0..b.1]);
        if !members.is_sorted_by(|a, b| by_name(a, b) == Ordering::Less) {
            members.sort_by(by_name);
            if members.windows(2).any(|pair| by_name(&pair[0], &pair[1]) == Ordering::Equal) {
                return Err(Flaw::Duplicate(begins));
            }
            let mut sorted = Vec::with_capacity(out.len() - from);
            for (start, _, end) in &members {
                if !sorted.is_empty() {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(&out[*start..*end]);
            }
            self.out.truncate(from);
            self.out.extend_from_slice(&sorted);
        }
        self.out.push(b'}');
        Ok(())
    }

    fn string(&mut self) -> Result<(), Flaw> {
        self.at += 1;
        self.out.push(b'"');
        loop {
            let rest = &self.text[self.at..];
            let run = plain_run(rest);
            self.out.extend_from_slice(&rest[..run]);
            self.at += run;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return self.flaw(),
            }
        }
        self.at += 1;
        self.out.push(b'"');
        Ok(())
    }

    /// One escape, or the two of a pair of surrogates.
    fn escape(&mut self) -> Result<(), Flaw> {
        let char = match self.text.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit(self.at)?;
                let (units, length) = if (0xd800..0xdc00).contains(&first) {
                    ([first, self.unit(self.at + 6)?], 12)
                } else {
                    ([first, 0], 6)
                };
                let decoded = char::decode_utf16(units[..length / 6].iter().copied()).next();
                let Some(Ok(char)) = decoded else { return self.flaw() };
                // The two bytes that every escape has are added below.
                self.at += length - 2;
                char
            }
            _ => return self.flaw(),
        };
        self.at += 2;
        let short = match char {
            '"' => b'"',
            '\\' => b'\\',
            '\u{8}' => b'b',
            '\u{c}' => b'f',
            '\n' => b'n',
            '\r' => b'r',
            '\t' => b't',
            control if control < ' ' => {
                self.out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
                return Ok(());
            }
            other => {
                self.out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
        Ok(())
    }

    /// The code unit of the escape `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u16, Flaw> {
        let digits = self.text.get(at..at + 6).and_then(|escape| escape.strip_prefix(b"\\u"));
        digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .ok_or(Flaw::Syntax(at))
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let from = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        // No number but 0 itself begins with a 0.
        if whole == 0 || (whole > 1 && self.text[self.at - whole] == b'0') {
            return self.flaw();
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            integer = false;
            self.at += 1;
            if self.digits() == 0 {
                return self.flaw();
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.flaw();
            }
        }
        let token = &self.text[from..self.at];
        if is_plain(token, integer) {
            self.out.extend_from_slice(token);
            return Ok(());
        }
        let value: f64 =
            std::str::from_utf8(token).ok().and_then(|token| token.parse().ok()).ok_or(Flaw::Syntax(from))?;
        if !value.is_finite() {
            return Err(Flaw::Inexact(from));
        }
        let begins = self.out.len();
        number(value, &mut self.out);
        if integer && token != b"-0" && &self.out[begins..] != token {
            return Err(Flaw::Inexact(from));
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let run = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += run;
        run
    }
}

/// How many bytes a string goes on before its end, an escape or a control character.
fn plain_run(text: &[u8]) -> usize {
    let stops = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    // Sixteen at a time, without a branch for each: this is where most bytes are read.
    let clear = text.chunks_exact(16).take_while(|chunk| !chunk.iter().fold(false, |stop, byte| stop | stops(byte)));
    let skipped = clear.count() * 16;
    skipped + text[skipped..].iter().take_while(|byte| !stops(byte)).count()
}

/// Whether a number stands as it would be written: up to fifteen digits name a double that no shorter text names, so that
/// they need not be read and written again.
fn is_plain(token: &[u8], integer: bool) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    if integer {
        return digits.len() <= 15 && token != b"-0";
    }
    let Some(point) = digits.iter().position(|byte| *byte == b'.') else { return false };
    // Without exponent from 1e-6 up only, and without a zero at the end.
    digits.len() <= 16
        && digits[point + 1..].iter().all(u8::is_ascii_digit)
        && digits.last() != Some(&b'0')
        && digits.iter().take(point + 7).any(|byte| matches!(byte, b'1'..=b'9'))
}

/// A finite number as ECMAScript writes it (ECMA-262, Number::toString): the shortest digits that read back as the same
/// double, without exponent from 1e-6 up to below 1e21.
fn number(value: f64, out: &mut Vec<u8>) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(if value == 0.0 { 0.0 } else { value });
    let Some((mantissa, exponent)) = text.split_once('e') else {
        out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
        return;
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The value is 0.digits × 10^point.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let text = if (count..=21).contains(&point) {
        format!("{sign}{digits}{}", zeros(point - count))
    } else if (1..=21).contains(&point) {
        let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or_default());
        format!("{sign}{whole}.{rest}")
    } else if (-5..=0).contains(&point) {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else {
        let dot = if digits.len() > 1 { "." } else { "" };
        let (first, rest) = digits.split_at(1);
        format!("{sign}{first}{dot}{rest}e{}{}", if point > 0 { "+" } else { "-" }, (point - 1).abs())
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn form(text: &str) -> String {
        String::from_utf8(of_json(text).expect("JSON")).expect("UTF-8")
    }

    /// RFC 8785, 3.2.2 and 3.2.3.
    #[test]
    fn the_example_of_the_standard() {
        let text = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        assert_eq!(
            form(text),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
    }

    /// RFC 8785, 3.2.3: names are sorted by UTF-16 code units, so that an emoji comes before U+FB33.
    #[test]
    fn names_are_sorted_by_code_units() {
        let text = r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis"}"#;
        assert_eq!(
            form(text),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\
             \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
    }

    /// RFC 8785, appendix B: the double's bits and its text.
    #[test]
    fn numbers_of_the_standard() {
        for (bits, text) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let mut out = Vec::new();
            number(f64::from_bits(bits), &mut out);
            assert_eq!(String::from_utf8(out).expect("ASCII"), text);
            assert_eq!(form(text), text);
        }
    }

    #[test]
    fn what_is_no_json_or_no_longer_exact_is_refused_where_it_is() {
        for (text, flaw) in [
            ("", Flaw::Syntax(0)),
            ("{\"a\":1,}", Flaw::Syntax(7)),
            ("[01]", Flaw::Syntax(3)),
            ("[1.]", Flaw::Syntax(3)),
            ("1 1", Flaw::Syntax(2)),
            ("\"\u{1}\"", Flaw::Syntax(1)),
            ("\"\\ud800x\"", Flaw::Syntax(7)),
            ("\"\\udc00\"", Flaw::Syntax(1)),
            ("{\"a\":1,\"b\":2,\"\\u0061\":1}", Flaw::Duplicate(0)),
            ("[9007199254740993]", Flaw::Inexact(1)),
            ("1e999", Flaw::Inexact(0)),
            (&"[".repeat(200), Flaw::Syntax(129)),
        ] {
            assert_eq!(of_json(text).expect_err(text), flaw, "{text}");
        }
    }

    #[test]
    fn members_are_put_in_and_taken_out_where_they_belong() {
        let with =
            |text: &str, name| put(text.as_bytes(), name, b"7").map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        assert_eq!(with("{}", "b").as_deref(), Some("{\"b\":7}"));
        assert_eq!(with("{\"a\":{\"b\":[]}}", "b").as_deref(), Some("{\"a\":{\"b\":[]},\"b\":7}"));
        assert_eq!(with("{\"c\":\"},\\\"b\\\":\"}", "b").as_deref(), Some("{\"b\":7,\"c\":\"},\\\"b\\\":\"}"));
        assert_eq!(with("{\"b\":1}", "b"), None);
        assert_eq!(with("[]", "b"), None);
        assert_eq!(member(b"{\"a\":[1,{\"b\":2}],\"b\":3}", "b"), Some(&b"3"[..]));
    }

    fn put(canonical: &[u8], name: &'static str, value: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let end = place_for(canonical, name)?.put(canonical, value, &mut out);
        assert!(out[..end].ends_with(value));
        Some(out)
    }

    /// Any JSON of modest size.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[a-z\\\\\"\u{80}-\u{10ffff}]{0,3}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_form_is_its_own_form_and_says_the_same(value in any_json()) {
            let canonical = to_vec(&value).expect("canonical");
            prop_assert_eq!(check(&canonical), Ok(()));
            let pretty = serde_json::to_string_pretty(&value).expect("JSON");
            prop_assert_eq!(of_json(&pretty).expect("canonical"), canonical);
        }

        #[test]
        fn every_finite_number_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let mut out = Vec::new();
            number(value, &mut out);
            let text = String::from_utf8(out).expect("ASCII");
            prop_assert_eq!(text.parse::<f64>().expect("a number"), value);
        }

        /// What is copied because it has few digits is what reading and writing it would give.
        #[test]
        fn a_short_decimal_is_written_as_its_double(text in "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,12})?") {
            let mut out = Vec::new();
            number(text.parse().expect("a number"), &mut out);
            prop_assert_eq!(form(&text), String::from_utf8(out).expect("ASCII"));
        }

        #[test]
        fn a_member_put_in_comes_out_again(
            map in prop::collection::hash_map("[a-z\u{4e00}-\u{4e10}]{1,3}", any_json(), 0..6),
            name in prop::sample::select(vec!["a", "m", "zz", "proof"]),
        ) {
            let whole = to_vec(&json!(map)).expect("canonical");
            let put = put(&whole, name, b"[1,{\"x\":\"}\"}]");
            prop_assert_eq!(put.is_none(), map.contains_key(name));
            if let Some(put) = put {
                prop_assert_eq!(check(&put), Ok(()));
                prop_assert_eq!(without_member(&put, name), Some(whole));
            }
        }
    }
}
