//! GeoJSON (RFC 7946): feature objects, collections of them, and text sequences (RFC 8142).

use super::value::{push_json, push_json_text, push_uuid};
use super::{Axes, Feature, Format, Head, turned};
use crate::kernel::Result;
use crate::kernel::wkb::{BadWkb, Fixed, text};
use crate::layers::crs::Crs;
use crate::layers::def::ColumnKind;

/// Writes features as GeoJSON objects.
pub struct Objects {
    columns: Vec<Column>,
    numbers: Fixed,
    axes: Axes,
}

struct Column {
    /// `,"name":`
    name: Vec<u8>,
    kind: ColumnKind,
    public: bool,
}

impl Objects {
    /// A writer of features with such fields: name, kind, whether everybody may see it.
    pub fn new<'a>(fields: impl Iterator<Item = (&'a str, ColumnKind, bool)>, crs: Crs, decimals: u8) -> Objects {
        let column = |(name, kind, public)| {
            let mut text = vec![b','];
            push_json_text(name, &mut text);
            text.push(b':');
            Column { name: text, kind, public }
        };
        Objects { columns: fields.map(column).collect(), numbers: Fixed::json(decimals), axes: Axes::registered(crs) }
    }

    fn of(head: &Head) -> Objects {
        let fields = head.fields.iter().map(|field| (field.name.as_str(), field.kind, field.public));
        Objects::new(fields, head.crs, head.decimals)
    }

    fn geometry(&self, wkb: &[u8], out: &mut Vec<u8>) -> Result<(), BadWkb> {
        turned!(self.axes.turn(wkb)?, each => text::geojson(wkb, self.numbers, out, each))
    }

    /// Appends one feature. Restricted fields of a row that is not disclosed are left out, not null: they are hidden, not
    /// unknown.
    pub fn write(&self, feature: &Feature<'_>, out: &mut Vec<u8>) {
        Objects::begin(feature, out);
        out.extend_from_slice(b",\"geometry\":");
        self.place(feature, out);
        self.properties(feature, out);
        out.push(b'}');
    }

    /// `{"type":"Feature","id":"..."`
    pub(super) fn begin(feature: &Feature<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":\"");
        push_uuid(feature.id, out);
        out.push(b'"');
    }

    /// The geometry, or `null`.
    pub(super) fn place(&self, feature: &Feature<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(wkb) = feature.geometry
            && let Err(error) = self.geometry(wkb, out)
        {
            feature.bad_geometry(&error);
        }
        if out.len() == start {
            out.extend_from_slice(b"null");
        }
    }

    /// `,"properties":{...}`
    pub(super) fn properties(&self, feature: &Feature<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"properties\":");
        let start = out.len();
        for (n, column) in self.columns.iter().enumerate() {
            if !feature.disclosed && !column.public {
                continue;
            }
            out.extend_from_slice(&column.name);
            let value = feature.values.value(n);
            if value.and_then(|bytes| push_json(column.kind, bytes, out)).is_none() {
                out.extend_from_slice(b"null");
            }
        }
        // The comma before the first of them is the bracket around all.
        match out.get_mut(start) {
            Some(first) => *first = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
    }
}

/// A FeatureCollection.
pub struct Collection {
    objects: Objects,
    first: bool,
}

impl Collection {
    /// An empty one.
    pub fn new(head: &Head) -> Collection {
        Collection { objects: Objects::of(head), first: true }
    }
}

impl Format for Collection {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
        Ok(())
    }

    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()> {
        if !std::mem::take(&mut self.first) {
            out.push(b',');
        }
        self.objects.write(feature, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"]}");
        Ok(())
    }
}

/// A text sequence: each feature after a record separator, before a line feed.
pub struct Sequence(Objects);

impl Sequence {
    /// An empty one.
    pub fn new(head: &Head) -> Sequence {
        Sequence(Objects::of(head))
    }
}

impl Format for Sequence {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.push(0x1e);
        self.0.write(feature, out);
        out.push(b'\n');
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}
