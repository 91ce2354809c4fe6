//! Tables (RFC 4180, UTF-8): a row of names, then `id`, the fields, and the geometry as WKT.

use super::value::{Value, equal, find, push_boolean, push_integer, push_number, push_uuid};
use super::{Axes, Feature, Format, Head, turned};
use crate::kernel::Result;
use crate::kernel::wkb::{BadWkb, text};

/// Writes rows. What is null or hidden is nothing at all, and empty text is `""`, as PostgreSQL's own tables tell them apart.
pub struct Csv {
    head: Head,
    axes: Axes,
}

/// Its own columns.
const OWN: [&str; 2] = ["id", "geometry"];

impl Csv {
    /// An empty table.
    pub fn new(head: Head) -> Csv {
        let axes = Axes::registered(head.crs);
        Csv { head, axes }
    }

    /// Appends a geometry in quotes: its text has commas, and nothing to be escaped.
    fn geometry(&self, wkb: &[u8], out: &mut Vec<u8>) -> Result<(), BadWkb> {
        let turn = self.axes.turn(wkb)?;
        let start = out.len();
        out.push(b'"');
        let written = turned!(turn, each => text::wkt(wkb, self.head.decimals, out, each));
        match written {
            Ok(()) => out.push(b'"'),
            Err(_) => out.truncate(start),
        }
        written
    }
}

impl Format for Csv {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"id");
        for name in self.head.names(&OWN) {
            out.push(b',');
            push_cell(&name, out);
        }
        out.extend_from_slice(if self.head.geometry { b",geometry\r\n" } else { b"\r\n" });
        Ok(())
    }

    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()> {
        push_uuid(feature.id, out);
        for (n, field) in self.head.fields.iter().enumerate() {
            out.push(b',');
            match feature.shown(n, field.public).and_then(|bytes| Value::read(field.kind, bytes)) {
                None => {}
                Some(Value::Text(text)) => push_cell(text, out),
                Some(Value::Integer(n)) => push_integer(n, out),
                Some(Value::Number(n)) => push_number(n, out),
                Some(Value::Boolean(yes)) => push_boolean(yes, out),
                Some(Value::Day(day)) => day.push(out),
                Some(Value::Instant(at)) => at.push(out),
                Some(Value::Uuid(id)) => push_uuid(id, out),
            }
        }
        if self.head.geometry {
            out.push(b',');
            if let Some(wkb) = feature.geometry
                && let Err(error) = self.geometry(wkb, out)
            {
                feature.bad_geometry(&error);
            }
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// Appends a text, in quotes where it needs them.
#[inline]
fn push_cell(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let special = |word: u64| equal(word, b'"') | equal(word, b',') | equal(word, b'\n') | equal(word, b'\r');
    if !bytes.is_empty() && find(bytes, special) == bytes.len() {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    for (n, part) in bytes.split(|byte| *byte == b'"').enumerate() {
        if n > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    out.push(b'"');
}
