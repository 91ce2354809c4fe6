//! FlatGeobuf 3: a header and one feature after another, each a FlatBuffer behind its length. Without an index, because that
//! would have to stand before what it points to; so the number of features is not told either.
//!
//! The names of slots are those of the format's schemas, `header.fbs` and `feature.fbs`.

use super::system;
use super::value::{Value, push_uuid};
use super::{Axes, Feature, Format, Head, turned};
use crate::kernel::wkb::walk::NotFinite;
use crate::kernel::wkb::{BadWkb, Kind, Positions, Sink, walk};
use crate::kernel::{Result, Text};
use crate::layers::def::ColumnKind;
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, VOffsetT, WIPOffset};

/// What a file begins with: `fgb`, the version, `fgb`, the patch.
const MAGIC: [u8; 8] = *b"fgb\x03fgb\x00";

/// Where the slot of a field is in a table.
const fn slot(n: VOffsetT) -> VOffsetT {
    4 + 2 * n
}

/// Slots of `Header`.
mod header {
    use super::{VOffsetT, slot};
    pub const NAME: VOffsetT = slot(0);
    pub const ENVELOPE: VOffsetT = slot(1);
    pub const GEOMETRY_TYPE: VOffsetT = slot(2);
    pub const COLUMNS: VOffsetT = slot(7);
    pub const FEATURES_COUNT: VOffsetT = slot(8);
    pub const INDEX_NODE_SIZE: VOffsetT = slot(9);
    pub const CRS: VOffsetT = slot(10);
    pub const TITLE: VOffsetT = slot(11);
}

/// Slots of `Column`.
mod column {
    use super::{VOffsetT, slot};
    pub const NAME: VOffsetT = slot(0);
    pub const TYPE: VOffsetT = slot(1);
    pub const TITLE: VOffsetT = slot(2);
    pub const NULLABLE: VOffsetT = slot(7);
    pub const UNIQUE: VOffsetT = slot(8);
    pub const PRIMARY_KEY: VOffsetT = slot(9);
}

/// Slots of `Crs`.
mod crs {
    use super::{VOffsetT, slot};
    pub const ORG: VOffsetT = slot(0);
    pub const CODE: VOffsetT = slot(1);
    pub const NAME: VOffsetT = slot(2);
    pub const WKT: VOffsetT = slot(4);
}

/// Slots of `Feature`.
mod feature {
    use super::{VOffsetT, slot};
    pub const GEOMETRY: VOffsetT = slot(0);
    pub const PROPERTIES: VOffsetT = slot(1);
}

/// Slots of `Geometry`.
mod geometry {
    use super::{VOffsetT, slot};
    pub const ENDS: VOffsetT = slot(0);
    pub const XY: VOffsetT = slot(1);
    pub const TYPE: VOffsetT = slot(6);
    pub const PARTS: VOffsetT = slot(7);
}

/// `ColumnType`: what values of a kind are. Days are text: as instants, which is the only other choice, they would come out
/// with an hour.
const fn column_type(kind: ColumnKind) -> u8 {
    match kind {
        ColumnKind::Boolean => 2,
        ColumnKind::Integer => 7,
        ColumnKind::Number => 10,
        ColumnKind::Text | ColumnKind::Day | ColumnKind::Uuid => 11,
        ColumnKind::Instant => 13,
    }
}

/// Writes a stream of features. Of a feature without a geometry, or with one without any position, the geometry is a collection
/// of none: flatgeobuf for JavaScript stops at a feature that has no geometry at all, GDAL at others that have no position.
pub struct FlatGeobuf {
    head: Head,
    axes: Axes,
    builder: FlatBufferBuilder<'static>,
    properties: Vec<u8>,
    text: Vec<u8>,
    scratch: Scratch,
}

/// What is gathered of one geometry; kept for the room that it has.
#[derive(Default)]
struct Scratch {
    /// Ordinates of the geometry or part that is being read.
    xy: Vec<f64>,
    /// Where its rings or lines end, in positions.
    ends: Vec<u32>,
    /// Parts that are written and belong to nothing yet.
    parts: Vec<WIPOffset<UnionWIPOffset>>,
    /// Of each geometry that was begun: where its parts begin in `parts`.
    open: Vec<usize>,
}

impl FlatGeobuf {
    /// A stream without features.
    pub fn new(head: Head) -> FlatGeobuf {
        FlatGeobuf {
            axes: Axes::east_first(head.crs),
            head,
            builder: FlatBufferBuilder::with_capacity(4096),
            properties: Vec::new(),
            text: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    fn columns(&mut self) -> Vec<WIPOffset<UnionWIPOffset>> {
        let b = &mut self.builder;
        let mut columns = Vec::with_capacity(self.head.fields.len() + 1);
        let title = Text::fixed("编号", "identifier");
        let names = self.head.names(&["id"]);
        let fields = self.head.fields.iter().zip(&names).map(|(field, name)| (name.as_str(), field.kind, &field.title));
        for (n, (name, kind, title)) in std::iter::once(("id", ColumnKind::Uuid, &title)).chain(fields).enumerate() {
            let name = b.create_string(name);
            let title = b.create_string(&title.to_string());
            let table = b.start_table();
            b.push_slot_always(column::NAME, name);
            b.push_slot(column::TYPE, column_type(kind), 0);
            b.push_slot_always(column::TITLE, title);
            if n == 0 {
                b.push_slot(column::NULLABLE, false, true);
                b.push_slot(column::UNIQUE, true, false);
                b.push_slot(column::PRIMARY_KEY, true, false);
            }
            columns.push(b.end_table(table).as_union_value());
        }
        columns
    }

    fn crs(&mut self) -> WIPOffset<UnionWIPOffset> {
        let b = &mut self.builder;
        let named = system::east_first(self.head.crs);
        let org = named.map(|(org, _)| b.create_string(org));
        let wkt = system::wkt(&self.head).map(|wkt| b.create_string(&wkt));
        // A chart has no code anywhere; its name is all there is to say of it.
        let name = b.create_string(&self.head.crs.uri());
        let table = b.start_table();
        if let Some(org) = org {
            b.push_slot_always(crs::ORG, org);
        }
        if let Some((_, code)) = named {
            b.push_slot(crs::CODE, code, 0);
        }
        b.push_slot_always(crs::NAME, name);
        if let Some(wkt) = wkt {
            b.push_slot_always(crs::WKT, wkt);
        }
        b.end_table(table).as_union_value()
    }

    fn properties(&mut self, feature: &Feature<'_>) {
        let out = &mut self.properties;
        out.clear();
        out.extend_from_slice(&[0, 0, 36, 0, 0, 0]);
        push_uuid(feature.id, out);
        for (n, field) in (1_u16..).zip(&self.head.fields) {
            let Some(bytes) = feature.shown(usize::from(n) - 1, field.public) else { continue };
            let Some(value) = Value::read(field.kind, bytes) else { continue };
            out.extend_from_slice(&n.to_le_bytes());
            self.text.clear();
            match value {
                Value::Text(text) => push_text(text.as_bytes(), out),
                Value::Integer(n) => out.extend_from_slice(&n.to_le_bytes()),
                Value::Number(n) => out.extend_from_slice(&n.to_le_bytes()),
                Value::Boolean(yes) => out.push(u8::from(yes)),
                Value::Day(day) => {
                    day.push(&mut self.text);
                    push_text(&self.text, out);
                }
                Value::Instant(at) => {
                    at.push(&mut self.text);
                    push_text(&self.text, out);
                }
                Value::Uuid(id) => {
                    push_uuid(id, &mut self.text);
                    push_text(&self.text, out);
                }
            }
        }
    }

    /// Writes a geometry into the builder; `None` when it is empty.
    fn geometry(&mut self, wkb: &[u8]) -> Result<Option<WIPOffset<UnionWIPOffset>>, BadWkb> {
        let turn = self.axes.turn(wkb)?;
        self.scratch.parts.clear();
        self.scratch.open.clear();
        turned!(turn, each => {
            let mut sink = Geometries { each, builder: &mut self.builder, scratch: &mut self.scratch, multi: None };
            walk(wkb, &mut sink)
        })?;
        Ok(self.scratch.parts.pop())
    }

    /// Writes a geometry that is nothing; `None` where it would have to be of another kind.
    fn nothing(&mut self) -> Option<WIPOffset<UnionWIPOffset>> {
        if !self.head.geometry || self.head.kind.is_some_and(|kind| kind != Kind::GeometryCollection) {
            return None;
        }
        let b = &mut self.builder;
        let parts = b.create_vector::<WIPOffset<UnionWIPOffset>>(&[]);
        // Of ordinates, which are eight bytes: what stands behind is then where it can be read in place.
        let xy = b.create_vector::<f64>(&[]);
        let table = b.start_table();
        b.push_slot_always(geometry::XY, xy);
        b.push_slot(geometry::TYPE, Kind::GeometryCollection as u8, 0);
        b.push_slot_always(geometry::PARTS, parts);
        Some(b.end_table(table).as_union_value())
    }

    fn finish(&mut self, root: WIPOffset<UnionWIPOffset>, out: &mut Vec<u8>) {
        self.builder.finish_size_prefixed(root, None);
        out.extend_from_slice(self.builder.finished_data());
        self.builder.reset();
    }
}

fn push_text(text: &[u8], out: &mut Vec<u8>) {
    // What PostgreSQL holds in one value is shorter than 1 GiB.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
}

impl Format for FlatGeobuf {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&MAGIC);
        let columns = self.columns();
        let system = self.head.geometry.then(|| self.crs());
        let b = &mut self.builder;
        let columns = b.create_vector(&columns);
        let [name, title] = [self.head.name.clone(), self.head.title.to_string()].map(|text| b.create_string(&text));
        // Bounds are known where the data are as stored, and not across the antimeridian.
        let stored = self.head.crs.proj().is_none() && self.head.crs.chart().is_none();
        let bounds = self.head.bounds.filter(|[w, _, e, _]| self.head.geometry && stored && w <= e);
        let envelope = bounds.map(|bounds| b.create_vector(&bounds));
        let table = b.start_table();
        b.push_slot_always(header::NAME, name);
        if let Some(envelope) = envelope {
            b.push_slot_always(header::ENVELOPE, envelope);
        }
        let kind = self.head.kind.filter(|_| self.head.geometry).map_or(0, |kind| kind as u8);
        b.push_slot(header::GEOMETRY_TYPE, kind, 0);
        b.push_slot_always(header::COLUMNS, columns);
        // Said although nothing else is meant: the header is then a multiple of eight bytes, and ordinates behind it can be
        // read in place, as flatgeobuf for JavaScript does.
        b.push_slot_always(header::FEATURES_COUNT, 0_u64);
        b.push_slot(header::INDEX_NODE_SIZE, 0_u16, 16);
        if let Some(system) = system {
            b.push_slot_always(header::CRS, system);
        }
        b.push_slot_always(header::TITLE, title);
        let root = b.end_table(table).as_union_value();
        self.finish(root, out);
        Ok(())
    }

    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()> {
        let mut geometry = None;
        if self.head.geometry
            && let Some(wkb) = feature.geometry
        {
            match self.geometry(wkb) {
                Ok(written) => geometry = written,
                Err(error) => {
                    feature.bad_geometry(&error);
                    // Parts of it may have been written.
                    self.builder.reset();
                }
            }
        }
        let geometry = geometry.or_else(|| self.nothing());
        self.properties(feature);
        let b = &mut self.builder;
        let properties = b.create_vector(&self.properties);
        let table = b.start_table();
        if let Some(geometry) = geometry {
            b.push_slot_always(feature::GEOMETRY, geometry);
        }
        b.push_slot_always(feature::PROPERTIES, properties);
        let root = b.end_table(table).as_union_value();
        self.finish(root, out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// Writes geometries into a builder as they are walked: what has parts comes after them.
struct Geometries<'a, T> {
    each: T,
    builder: &'a mut FlatBufferBuilder<'static>,
    scratch: &'a mut Scratch,
    /// The geometry of which this one is a part that is no geometry of its own.
    multi: Option<Kind>,
}

impl<T> Geometries<'_, T> {
    fn finish(&mut self, kind: Kind, from: usize) {
        let Scratch { xy, ends, parts, .. } = &mut *self.scratch;
        let b = &mut *self.builder;
        let whole = matches!(kind, Kind::MultiPolygon | Kind::GeometryCollection);
        if if whole { parts.len() == from } else { xy.is_empty() } {
            return;
        }
        let (mut has_parts, mut has_xy, mut has_ends) = (None, None, None);
        if whole {
            has_parts = Some(b.create_vector(parts.get(from..).unwrap_or_default()));
            parts.truncate(from);
        } else {
            has_xy = Some(b.create_vector(xy));
            // One ring ends where all ends. Of one line GDAL wants to be told.
            has_ends = (ends.len() > 1 || kind == Kind::MultiLineString).then(|| b.create_vector(ends));
        }
        let table = b.start_table();
        if let Some(ends) = has_ends {
            b.push_slot_always(geometry::ENDS, ends);
        }
        if let Some(xy) = has_xy {
            b.push_slot_always(geometry::XY, xy);
        }
        b.push_slot(geometry::TYPE, kind as u8, 0);
        if let Some(parts) = has_parts {
            b.push_slot_always(geometry::PARTS, parts);
        }
        parts.push(b.end_table(table).as_union_value());
    }
}

impl<T: Fn([f64; 2]) -> [f64; 2]> Sink for Geometries<'_, T> {
    fn begin(&mut self, kind: Kind, _: u32) {
        if self.multi.is_some() {
            return;
        }
        self.scratch.open.push(self.scratch.parts.len());
        self.scratch.xy.clear();
        self.scratch.ends.clear();
        self.multi = matches!(kind, Kind::MultiPoint | Kind::MultiLineString).then_some(kind);
    }

    fn positions(&mut self, kind: Kind, positions: Positions<'_>) -> Result<(), NotFinite> {
        let Scratch { xy, ends, .. } = &mut *self.scratch;
        let from = xy.len();
        xy.resize(from + positions.len() * 2, 0.0);
        let mut places = xy.get_mut(from..).unwrap_or_default().as_chunks_mut::<2>().0.iter_mut();
        let mut sum = 0.0;
        positions.each(|position| {
            let place = (self.each)(position);
            // Nothing but what is not finite makes anything else than nothing of it.
            sum += place[0] * 0.0 + place[1] * 0.0;
            if let Some(to) = places.next() {
                *to = place;
            }
        });
        let parted = kind == Kind::Polygon || self.multi == Some(Kind::MultiLineString);
        if parted && !positions.is_empty() {
            ends.push(u32::try_from(xy.len() / 2).unwrap_or(u32::MAX));
        }
        if sum == 0.0 { Ok(()) } else { Err(NotFinite) }
    }

    fn end(&mut self, kind: Kind) {
        if self.multi.is_some_and(|multi| multi != kind) {
            return;
        }
        self.multi = None;
        if let Some(from) = self.scratch.open.pop() {
            self.finish(kind, from);
        }
    }
}
