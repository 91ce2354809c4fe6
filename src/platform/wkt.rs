//! Well-known text of geometries, as tables hold it, read into GeoJSON: POINT, POLYGON and MULTIPOLYGON, with or without
//! heights and measures, which are dropped, and the `SRID=…;` that PostGIS puts in front, which says nothing that the file's
//! reference system does not.

use crate::kernel::{Fault, Text};
use serde_json::{Value, json};

/// Longest text of a geometry in a table, bytes.
const MAX_TEXT: usize = 64 << 20;

/// Reads a geometry.
///
/// # Errors
/// `bad_wkt`, with the place in the text where it stops to be one.
pub fn read(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader { text, at: 0 };
    reader.geometry().ok_or_else(|| {
        let at = reader.at;
        let rest: String = text.get(at..).unwrap_or_default().chars().take(24).collect();
        Fault::new(
            "/geometry",
            "bad_wkt",
            Text::new(
                format!("WKT 在第 {} 个字符处无法识别：“{rest}”；可用 POINT、POLYGON、MULTIPOLYGON（单元格最多 32767 个字符，超长会被截断）。", at + 1),
                format!(
                    "The well-known text cannot be read at character {}: `{rest}`; POINT, POLYGON and MULTIPOLYGON can (a \
                     spreadsheet cuts a cell at 32767 characters).",
                    at + 1
                ),
            ),
        )
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn geometry(&mut self) -> Option<Value> {
        if self.text.len() > MAX_TEXT {
            return None;
        }
        if self.word("SRID") {
            self.mark('=')?;
            self.number()?;
            self.mark(';')?;
        }
        let kind = ["POINT", "POLYGON", "MULTIPOLYGON"].into_iter().find(|kind| self.word(kind))?;
        // The dimension's letters stand apart or close behind.
        let _ = self.word("ZM") || self.word("Z") || self.word("M");
        let geometry = match kind {
            "POINT" => {
                self.mark('(')?;
                let position = self.position()?;
                self.mark(')')?;
                json!({"type": "Point", "coordinates": position})
            }
            "POLYGON" => json!({"type": "Polygon", "coordinates": self.rings()?}),
            _ => json!({"type": "MultiPolygon", "coordinates": self.many(Reader::rings)?}),
        };
        self.blanks();
        (self.at == self.text.len()).then_some(geometry)
    }

    fn rings(&mut self) -> Option<Value> {
        self.many(|reader| reader.many(Reader::position))
    }

    /// One or more of something, in brackets, with commas between.
    fn many(&mut self, mut one: impl FnMut(&mut Self) -> Option<Value>) -> Option<Value> {
        self.mark('(')?;
        let mut all = vec![one(self)?];
        while self.mark(',').is_some() {
            all.push(one(self)?);
        }
        self.mark(')')?;
        Some(Value::Array(all))
    }

    fn position(&mut self) -> Option<Value> {
        let (x, y) = (self.number()?, self.number()?);
        // Height and measure.
        for _ in 0..2 {
            let before = self.at;
            if self.number().is_none() {
                self.at = before;
            }
        }
        Some(json!([x, y]))
    }

    fn number(&mut self) -> Option<f64> {
        self.blanks();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let number = rest[..end].parse().ok().filter(|number: &f64| number.is_finite())?;
        self.at += end;
        Some(number)
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        self.blanks();
        self.text[self.at..].strip_prefix(mark)?;
        self.at += mark.len_utf8();
        Some(())
    }

    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let is = self.text.get(self.at..self.at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
        if is {
            self.at += word.len();
        }
        is
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn areas_and_points_are_read_however_they_are_written() {
        for (text, geometry) in [
            ("POINT(1 2)", json!({"type": "Point", "coordinates": [1.0, 2.0]})),
            ("SRID=4490; point zm (1 -2.5e1 3 4) ", json!({"type": "Point", "coordinates": [1.0, -25.0]})),
            (
                "Polygon Z((0 0 5,1 0 5,1 1 5,0 0 5),(.2 .1 0,.3 .1 0,.3 .2 0,.2 .1 0))",
                json!({"type": "Polygon", "coordinates": [
                    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [[0.2, 0.1], [0.3, 0.1], [0.3, 0.2], [0.2, 0.1]]
                ]}),
            ),
            (
                "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))",
                json!({"type": "MultiPolygon", "coordinates": [[[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]]}),
            ),
        ] {
            assert_eq!(read(text), Ok(geometry), "{text}");
        }
    }

    #[test]
    fn what_breaks_off_is_named_with_its_place() {
        for (text, place) in [
            ("", "character 1"),
            ("LINESTRING(0 0,1 1)", "character 1"),
            ("POLYGON EMPTY", "character 9"),
            ("POLYGON((0 0,1 x,1 1,0 0))", "character 16"),
            ("POLYGON((0 0,1 0,1 1", "character 21"),
            ("POINT(1 2) POINT(1 2)", "character 12"),
            ("点(1 2)", "character 1"),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.code, "bad_wkt");
            assert!(fault.message.en.contains(place), "{text}: {}", fault.message.en);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fall_over(text in "(POLYGON|point|MULTIPOLYGON|SRID=1;)?[ ZM]{0,2}[(),0-9.e\\- é点]{0,60}") {
            let _ = read(&text);
        }
    }
}
