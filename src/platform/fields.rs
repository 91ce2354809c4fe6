//! Attributes of a GeoJSON feature, read one by one with a fault for each that is not what it should be.

use crate::kernel::{Day, Fault, Text};
use serde_json::{Map, Value};

/// A reader over a feature's properties. Pointers begin with `/properties`.
pub struct Fields<'a> {
    properties: &'a Map<String, Value>,
    faults: Vec<Fault>,
}

/// Longest text taken, characters: longer ones are a wrong column more often than a name.
const MAX_TEXT: usize = 500;

impl<'a> Fields<'a> {
    /// Starts reading.
    pub fn new(properties: &'a Map<String, Value>) -> Fields<'a> {
        Fields { properties, faults: Vec::new() }
    }

    /// The faults so far.
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Adds a fault at an attribute.
    pub fn fault(&mut self, name: &str, code: &'static str, message: Text) {
        self.faults.push(at(name, code, message));
    }

    /// A text; an empty one, and a number where a code is meant, are read as people mean them.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let said = match self.properties.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => {
                self.fault(name, "not_text", Text::fixed("应为文本。", "must be text."));
                return None;
            }
        };
        if said.is_empty() {
            return None;
        }
        if said.chars().count() > MAX_TEXT || said.contains('\0') {
            self.fault(
                name,
                "text_unfit",
                Text::new(
                    format!("文本过长（最多 {MAX_TEXT} 字）或含空字符。"),
                    format!("the text is longer than {MAX_TEXT} characters or holds a NUL."),
                ),
            );
            return None;
        }
        Some(said)
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str) -> Option<String> {
        let before = self.faults.len();
        let text = self.text(name);
        if text.is_none() && self.faults.len() == before {
            self.fault(name, "missing", Text::new(format!("缺少 {name}。"), format!("{name} is missing.")));
        }
        text
    }

    /// The row's own name in its list: `code`, or `key` where a file says so.
    pub fn code(&mut self) -> Option<String> {
        if self.properties.contains_key("code") {
            self.required("code")
        } else {
            self.text("key").or_else(|| self.required("code"))
        }
    }

    /// One of few values.
    pub fn one_of(&mut self, name: &str, values: &[&'static str]) -> Option<&'static str> {
        let text = self.text(name)?;
        let found = values.iter().find(|value| **value == text).copied();
        if found.is_none() {
            self.fault(name, "not_in_list", not_in_list(&text, values));
        }
        found
    }

    /// Texts: an array of them, or one text with `,`, `;`, `、` or their wide forms between; empty where nothing is said.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        match self.properties.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) if items.iter().all(|item| item.is_string() || item.is_number()) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), |text| text.trim().to_owned()))
                .filter(|text| !text.is_empty())
                .collect(),
            Some(Value::Array(_)) => {
                self.fault(name, "not_a_list", Text::fixed("应为文本的列表。", "must be a list of texts."));
                Vec::new()
            }
            Some(_) => self.text(name).map(|text| parts(&text)).unwrap_or_default(),
        }
    }

    /// A list of one or more of few values; in tables one text, as [`Fields::list`] takes it.
    pub fn some_of(&mut self, name: &str, values: &[&'static str]) -> Vec<String> {
        let cell: Vec<Value>;
        let given = match self.properties.get(name) {
            Some(Value::Array(items)) if !items.is_empty() => items,
            Some(Value::String(text)) if !text.trim().is_empty() => {
                cell = parts(text).into_iter().map(Value::String).collect();
                &cell
            }
            _ => {
                let list = values.join(", ");
                self.fault(
                    name,
                    "not_a_list",
                    Text::new(format!("应为列表，取值：{list}。"), format!("must be a list of: {list}.")),
                );
                return Vec::new();
            }
        };
        let mut out: Vec<String> = Vec::new();
        for (i, item) in given.iter().enumerate() {
            match item.as_str().filter(|text| values.contains(text)) {
                Some(text) if !out.iter().any(|seen| seen == text) => out.push(text.to_owned()),
                Some(_) => {}
                None => self.fault(&format!("{name}/{i}"), "not_in_list", not_in_list(&item.to_string(), values)),
            }
        }
        out
    }

    /// Yes or no, in tables as `true`, `false`, 是 or 否; `None` where nothing is said.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.properties.get(name)? {
            Value::Null => None,
            Value::Bool(yes) => Some(*yes),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) if matches!(text.trim(), "true" | "TRUE" | "是") => Some(true),
            Value::String(text) if matches!(text.trim(), "false" | "FALSE" | "否") => Some(false),
            _ => {
                self.fault(name, "not_boolean", Text::fixed("应为 true 或 false。", "must be true or false."));
                None
            }
        }
    }

    /// Yes or no in words, as tables have it, small letters; `None` where nothing is said.
    pub fn flag_text(&mut self, name: &str) -> Option<String> {
        match self.properties.get(name)? {
            Value::Bool(yes) => Some(yes.to_string()),
            _ => self.text(name).map(|text| text.to_lowercase()),
        }
    }

    /// A number above zero; in tables the digits of one.
    pub fn positive(&mut self, name: &str) -> Option<f64> {
        let value = self.properties.get(name).filter(|value| !value.is_null())?;
        let number = match value {
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        let number = number.filter(|number: &f64| number.is_finite() && *number > 0.0);
        if number.is_none() {
            self.fault(name, "not_positive", Text::fixed("应为大于 0 的数。", "must be a number above 0."));
        }
        number
    }

    /// A civil day, `YYYY-MM-DD`.
    pub fn day(&mut self, name: &str) -> Option<Day> {
        let text = self.text(name)?;
        let day = Day::parse(&text);
        if day.is_none() {
            self.fault(
                name,
                "not_a_day",
                Text::new(format!("`{text}` 不是日期 YYYY-MM-DD。"), format!("`{text}` is not a day YYYY-MM-DD.")),
            );
        }
        day
    }

    /// A civil day that must be there and must not lie after `today`.
    pub fn past_day(&mut self, name: &str, today: Day) -> Option<Day> {
        self.required(name)?;
        let day = self.day(name)?;
        if day > today {
            self.fault(
                name,
                "day_in_future",
                Text::new(format!("{day} 晚于今天（{today}）。"), format!("{day} lies after today ({today}).")),
            );
        }
        Some(day)
    }

    /// Six digits that must be there.
    pub fn division(&mut self, name: &str) -> Option<String> {
        let text = self.required(name)?;
        let six = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        if !six {
            self.fault(
                name,
                "bad_division_code",
                Text::new(
                    format!("`{text}` 不是六位区划代码。"),
                    format!("`{text}` is not a six-digit division code."),
                ),
            );
        }
        six.then_some(text)
    }

    /// A unified social credit code (GB 32100): 18 characters; its check character is not judged here.
    pub fn credit_code(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let fits = text.len() == 18
            && text.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"IOSVZ".contains(&b)));
        if !fits {
            self.fault(
                name,
                "bad_credit_code",
                Text::new(
                    format!("`{text}` 不是 18 位统一社会信用代码。"),
                    format!("`{text}` is not an 18-character unified social credit code."),
                ),
            );
        }
        fits.then_some(text)
    }
}

/// A fault at an attribute of a feature.
pub fn at(name: &str, code: &'static str, message: Text) -> Fault {
    Fault::new(format!("/properties/{name}"), code, message)
}

/// The parts of a text that lists several.
fn parts(text: &str) -> Vec<String> {
    let between = [',', ';', '、', '，', '；', '\n'];
    text.split(between).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn not_in_list(text: &str, values: &[&'static str]) -> Text {
    let list = values.join(", ");
    Text::new(format!("`{text}` 不在取值范围内：{list}。"), format!("`{text}` is none of: {list}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_of_tables_are_texts_and_read_as_what_they_say() {
        let value = json!({
            "area": " 12.5 ", "none": "", "yes": "是", "no": "false", "registers": "farmland、gardens", "codes": "A；B, C",
            "array": ["A", 7], "objects": [{}],
        });
        let mut f = Fields::new(value.as_object().unwrap());
        assert_eq!((f.positive("area"), f.positive("none"), f.boolean("none")), (Some(12.5), None, None));
        assert_eq!((f.boolean("yes"), f.boolean("no")), (Some(true), Some(false)));
        assert_eq!(f.some_of("registers", &["farmland", "gardens"]), ["farmland", "gardens"]);
        assert_eq!(
            (f.list("codes"), f.list("array"), f.list("absent")),
            (vec!["A".to_owned(), "B".to_owned(), "C".to_owned()], vec!["A".to_owned(), "7".to_owned()], vec![],)
        );
        assert_eq!(f.list("objects"), Vec::<String>::new());
        assert_eq!(f.into_faults().iter().map(|fault| fault.code).collect::<Vec<_>>(), ["not_a_list"]);
    }

    #[test]
    fn every_wrong_attribute_has_its_fault_and_right_ones_are_read() {
        let value = json!({
            "code": 140602, "name": "  x ", "empty": "", "no": null, "class": "best", "day": "2026-02-30", "flag": "yes",
            "area": -1, "later": "2026-11-22", "registers": ["farmland", "farmland", "gardens"], "credit": "91150403DEMX9003XI",
        });
        let mut f = Fields::new(value.as_object().unwrap());
        assert_eq!(f.division("code").as_deref(), Some("140602"));
        assert_eq!(f.text("name").as_deref(), Some("x"));
        assert_eq!((f.text("empty"), f.text("no"), f.text("absent")), (None, None, None));
        assert_eq!(f.required("empty"), None);
        assert_eq!(f.one_of("class", &["a", "b"]), None);
        assert_eq!(f.day("day"), None);
        assert_eq!(f.boolean("flag"), None);
        assert_eq!(f.positive("area"), None);
        assert_eq!(f.past_day("later", Day::of(2026, 11, 21)), Some(Day::of(2026, 11, 22)));
        assert_eq!(f.some_of("registers", &["farmland"]), ["farmland"]);
        assert_eq!(f.credit_code("credit"), None);
        let codes: Vec<_> = f.into_faults().into_iter().map(|f| (f.pointer, f.code)).collect();
        let expected = [
            ("/properties/empty", "missing"),
            ("/properties/class", "not_in_list"),
            ("/properties/day", "not_a_day"),
            ("/properties/flag", "not_boolean"),
            ("/properties/area", "not_positive"),
            ("/properties/later", "day_in_future"),
            ("/properties/registers/2", "not_in_list"),
            ("/properties/credit", "bad_credit_code"),
        ];
        assert_eq!(codes, expected.map(|(p, c)| (p.to_owned(), c)));
    }
}
