//! JSON as it is written. The reader that the rest of the house uses rounds long numerals to a neighbour of the nearest
//! double, and then a number that was copied out of an answer would not be equal to itself.

use super::raw::At;
use std::collections::BTreeMap;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    Array(Vec<Json>),
    /// No name stands twice.
    Object(BTreeMap<String, Json>),
}

/// Why something is not read, and where it begins.
#[derive(Debug, PartialEq)]
pub(super) enum Bad {
    Syntax(At),
    /// A numeral beyond double precision.
    Number(At),
    /// A name that its object has already.
    Twice(At),
    Depth(At),
}

/// Reads a whole text, with no more than `depth` brackets within brackets.
pub(super) fn read(source: &str, depth: usize) -> Result<Json, Bad> {
    let mut reader = Reader { source, at: 0, depth };
    let value = reader.value()?;
    reader.space();
    if reader.at == source.len() { Ok(value) } else { Err(Bad::Syntax(reader.at)) }
}

struct Reader<'a> {
    source: &'a str,
    at: At,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn next(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The sign, if it is next after white space.
    fn eat(&mut self, sign: u8) -> bool {
        self.space();
        let is = self.next() == Some(sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Bad> {
        if !self.rest().starts_with(word) {
            return Err(Bad::Syntax(self.at));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self) -> Result<Json, Bad> {
        self.space();
        match self.next() {
            Some(b'n') => self.word("null", Json::Null),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'"') => self.text().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            _ => Err(Bad::Syntax(self.at)),
        }
    }

    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Result<Json, Bad>) -> Result<Json, Bad> {
        self.depth = self.depth.checked_sub(1).ok_or(Bad::Depth(self.at))?;
        self.at += 1;
        let value = inner(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Json, Bad> {
        let mut values = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value()?);
            if self.eat(b']') {
                return Ok(Json::Array(values));
            }
            if !self.eat(b',') {
                return Err(Bad::Syntax(self.at));
            }
        }
    }

    fn object(&mut self) -> Result<Json, Bad> {
        let mut members = BTreeMap::new();
        if self.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let at = self.at;
            let name = self.text()?;
            if !self.eat(b':') {
                return Err(Bad::Syntax(self.at));
            }
            let value = self.value()?;
            if members.insert(name, value).is_some() {
                return Err(Bad::Twice(at));
            }
            if self.eat(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.eat(b',') {
                return Err(Bad::Syntax(self.at));
            }
        }
    }

    fn text(&mut self) -> Result<String, Bad> {
        let start = self.at;
        if self.next() != Some(b'"') {
            return Err(Bad::Syntax(start));
        }
        let mut escaped = false;
        let inner = self.rest().bytes().skip(1);
        let length = inner.take_while(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            !ends
        });
        self.at += length.count() + 2;
        let quoted = self.source.get(start..self.at).ok_or(Bad::Syntax(start))?;
        serde_json::from_str(quoted).map_err(|_| Bad::Syntax(start))
    }

    fn number(&mut self) -> Result<Json, Bad> {
        let start = self.at;
        let part = |byte: u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let length = self.rest().bytes().take_while(|byte| part(*byte)).count();
        let numeral = self.rest().get(..length).unwrap_or("");
        self.at += length;
        // What is a numeral in JSON the usual reader knows; what it stands for the language's own.
        let ignored: Result<serde::de::IgnoredAny, _> = serde_json::from_str(numeral);
        ignored.map_err(|_| Bad::Syntax(start))?;
        if let Ok(whole) = numeral.parse::<i64>() {
            return Ok(Json::Integer(whole));
        }
        match numeral.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Number(number)),
            _ => Err(Bad::Number(start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(json: Json) -> serde_json::Value {
        match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => value.into(),
            Json::Integer(value) => value.into(),
            Json::Number(value) => value.into(),
            Json::Text(text) => text.into(),
            Json::Array(values) => values.into_iter().map(plain).collect(),
            Json::Object(members) => {
                serde_json::Value::Object(members.into_iter().map(|(name, value)| (name, plain(value))).collect())
            }
        }
    }

    #[test]
    fn it_reads_what_the_usual_reader_reads_and_refuses_what_that_refuses() {
        for source in [
            "null",
            " true\n",
            "false",
            "0",
            "-1.5e-3",
            "1E+2",
            "\"a\\u00e9\\n\\\"\"",
            "[]",
            "[1 , [2,{}]]",
            "{\"a\":[],\"b\":{\"c\":null}}",
            "",
            "nul",
            "nulll",
            "tru e",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "--1",
            "NaN",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{",
            "{\"a\":1]",
            "[1}",
            "1 1",
            "'a'",
            "\u{feff}1",
            "/**/1",
            "1-1",
            "1e5.2",
        ] {
            let usual = serde_json::from_str::<serde_json::Value>(source).ok();
            assert_eq!(read(source, 9).ok().map(plain), usual, "{source}");
        }
        assert_eq!(read("{\"a\":1,\"b\":2,\"a\":3}", 9).err(), Some(Bad::Twice(13)));
        assert_eq!(read(" 1e999", 9).err(), Some(Bad::Number(1)));
        assert_eq!(read("[[[]]]", 2).err(), Some(Bad::Depth(2)));
        assert!(read("[[[]],[[]]]", 3).is_ok());
    }

    proptest! {
        #[test]
        fn a_number_is_itself(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let source = serde_json::to_string(&number).unwrap();
            prop_assert!(matches!(read(&source, 1), Ok(Json::Number(n)) if n.to_bits() == number.to_bits()), "{source}");
        }
    }
}
