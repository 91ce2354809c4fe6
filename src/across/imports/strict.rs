//! JSON values read strictly: an object that names a member twice says two things at once, and a text with a null character
//! can be kept by no database. Both are faults of the feature, with their place, and do not stop the reading.

use crate::kernel::{Fault, Text};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A value and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Read {
    path: Vec<Step>,
    pub(super) faults: Vec<Fault>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

fn duplicate(pointer: String, key: &str) -> Fault {
    let shown: String = key.chars().take(60).collect();
    Fault::new(
        pointer,
        "duplicate_key",
        Text::new(format!("成员“{shown}”出现两次。"), format!("The member `{shown}` is there twice.")),
    )
}

impl Read {
    /// Says that a member read by somebody else was there twice.
    pub(super) fn twice(&mut self, key: &str) {
        self.faults.push(duplicate(format!("/{key}"), key));
    }

    fn pointer(&self) -> String {
        self.path
            .iter()
            .map(|step| match step {
                Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => format!("/{index}"),
            })
            .collect()
    }
}

/// Reads one value into `Read`.
pub(super) struct Strict<'a>(pub(super) &'a mut Read);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        if value.contains('\0') {
            let pointer = self.0.pointer();
            self.0.faults.push(Fault::new(
                pointer,
                "null_character",
                Text::fixed("文字中含有空字符（U+0000）。", "The text holds a null character (U+0000)."),
            ));
        }
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            self.0.path.push(Step::Index(values.len()));
            let next = seq.next_element_seed(Strict(self.0))?;
            self.0.path.pop();
            match next {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.0.path.push(Step::Key(key.clone()));
            if members.contains_key(&key) {
                let pointer = self.0.pointer();
                self.0.faults.push(duplicate(pointer, &key));
            }
            if key.contains('\0') {
                let pointer = self.0.pointer();
                self.0.faults.push(Fault::new(
                    pointer,
                    "null_character",
                    Text::fixed("成员名中含有空字符（U+0000）。", "A member's name holds a null character (U+0000)."),
                ));
            }
            let value = map.next_value_seed(Strict(self.0))?;
            self.0.path.pop();
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}
