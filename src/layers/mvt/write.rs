//! The protocol buffer of a tile. Keys and values stand once in each layer; the same calls give the same bytes.

use crate::layers::shape::Drawn;
use std::hash::{BuildHasher, RandomState};

/// Commands of a geometry.
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// Version of the format that each layer names.
const VERSION: u64 = 2;

/// A value of a feature's property. There is none for what is not known: such a property is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TagValue<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// A property's name in the layer at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u32);

/// Writes a tile, layer by layer. Draw a feature first, tag it when something of it is there, then give it to
/// [`TileWriter::feature`].
#[derive(Debug)]
pub struct TileWriter {
    out: Vec<u8>,
    name: Vec<u8>,
    extent: u32,
    features: Vec<u8>,
    count: usize,
    keys: Vec<u8>,
    /// Names in `keys`: where each begins and ends.
    names: Vec<(usize, usize)>,
    values: Values,
    /// Tags of the next feature, as they will stand in it.
    tags: Vec<u8>,
    id: Option<u64>,
    commands: Vec<u8>,
}

impl Default for TileWriter {
    fn default() -> TileWriter {
        TileWriter::new()
    }
}

impl TileWriter {
    /// An empty tile.
    pub fn new() -> TileWriter {
        TileWriter {
            out: Vec::new(),
            name: Vec::new(),
            extent: 0,
            features: Vec::new(),
            count: 0,
            keys: Vec::new(),
            names: Vec::new(),
            values: Values::new(),
            tags: Vec::new(),
            id: None,
            commands: Vec::new(),
        }
    }

    /// Begins a layer and ends the one before, which is left out when it has no features. The name must differ from those
    /// before.
    pub fn layer(&mut self, name: &str, extent: u32) {
        self.end_layer();
        self.name.extend_from_slice(name.as_bytes());
        self.extent = extent;
    }

    /// A property's name, for [`TileWriter::tag`]: asked for once in a layer.
    pub fn key(&mut self, name: &str) -> Key {
        let wanted = name.as_bytes();
        let known = self.names.iter().position(|(start, end)| self.keys.get(*start..*end) == Some(wanted));
        let n = known.unwrap_or_else(|| {
            self.keys.push(field(3, BYTES));
            put_varint(wanted.len() as u64, &mut self.keys);
            let start = self.keys.len();
            self.keys.extend_from_slice(wanted);
            self.names.push((start, self.keys.len()));
            self.names.len() - 1
        });
        Key(u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// A property of the next feature.
    pub fn tag(&mut self, key: Key, value: TagValue<'_>) {
        let n = self.values.find_or_add(value);
        put_varint(u64::from(key.0), &mut self.tags);
        put_varint(n, &mut self.tags);
    }

    /// A property of the next feature with a text that no other feature has, such as its identifier: not looked for among
    /// the others.
    pub fn own_tag(&mut self, key: Key, text: &str) {
        let n = self.values.add(TagValue::Text(text));
        put_varint(u64::from(key.0), &mut self.tags);
        put_varint(n, &mut self.tags);
    }

    /// The number that renderers know the next feature by; without it it has none. Up to 2^53 for those in browsers.
    pub fn id(&mut self, id: u64) {
        self.id = Some(id);
    }

    /// Writes what was drawn with the tags and the id given since the last: one feature, or one of each for a collection of
    /// points, lines and areas, as a feature of a tile is of one kind. Returns how many.
    pub fn feature(&mut self, drawn: &Drawn) -> usize {
        let before = self.count;
        if !drawn.points.is_empty() {
            self.commands.clear();
            let mut pen = Pen { at: [0, 0], out: &mut self.commands };
            pen.command(MOVE_TO, drawn.points.len());
            drawn.points.iter().for_each(|point| pen.go(*point));
            self.put_feature(1);
        }
        if !drawn.lines.is_empty() {
            self.commands.clear();
            self.commands.reserve(drawn.lines.vertices() * 4);
            let mut pen = Pen { at: [0, 0], out: &mut self.commands };
            drawn.lines.iter().for_each(|line| pen.path(line));
            self.put_feature(2);
        }
        if !drawn.rings.is_empty() {
            self.commands.clear();
            self.commands.reserve(drawn.rings.vertices() * 4);
            let mut pen = Pen { at: [0, 0], out: &mut self.commands };
            for ring in drawn.rings.iter() {
                pen.path(ring);
                pen.command(CLOSE_PATH, 1);
            }
            self.put_feature(3);
        }
        self.tags.clear();
        self.id = None;
        self.count - before
    }

    /// Writes a point with the tags and the id given since the last feature.
    pub fn point(&mut self, at: [i32; 2]) {
        self.commands.clear();
        let mut pen = Pen { at: [0, 0], out: &mut self.commands };
        pen.command(MOVE_TO, 1);
        pen.go(at);
        self.put_feature(1);
        self.tags.clear();
        self.id = None;
    }

    /// Writes a rectangle with the tags and the id given since the last feature: its north-western and its south-eastern
    /// corner.
    pub fn rectangle(&mut self, [west, north]: [i32; 2], [east, south]: [i32; 2]) {
        self.commands.clear();
        let mut pen = Pen { at: [0, 0], out: &mut self.commands };
        pen.path(&[[west, north], [east, north], [east, south], [west, south]]);
        pen.command(CLOSE_PATH, 1);
        self.put_feature(3);
        self.tags.clear();
        self.id = None;
    }

    fn put_feature(&mut self, kind: u8) {
        let id = self.id.map_or(0, |id| 1 + varint_length(id));
        let tags = if self.tags.is_empty() { 0 } else { 1 + prefixed_length(self.tags.len()) };
        let length = id + tags + 2 + 1 + prefixed_length(self.commands.len());
        let out = &mut self.features;
        out.push(field(2, BYTES));
        put_varint(length as u64, out);
        if let Some(id) = self.id {
            out.push(field(1, VARINT));
            put_varint(id, out);
        }
        if !self.tags.is_empty() {
            put_bytes(2, &self.tags, out);
        }
        out.extend_from_slice(&[field(3, VARINT), kind]);
        put_bytes(4, &self.commands, out);
        self.count += 1;
    }

    /// Features of the layer at hand.
    pub fn features(&self) -> usize {
        self.count
    }

    /// Bytes written so far, a few to a layer aside: what a limit on tiles is held against.
    pub fn size(&self) -> usize {
        self.out.len() + self.features.len() + self.keys.len() + self.values.bytes.len()
    }

    /// The tile; empty when no layer has features.
    pub fn finish(mut self) -> Vec<u8> {
        self.end_layer();
        self.out
    }

    fn end_layer(&mut self) {
        if self.count > 0 {
            let length = 1
                + prefixed_length(self.name.len())
                + self.features.len()
                + self.keys.len()
                + self.values.bytes.len()
                + (1 + varint_length(u64::from(self.extent)))
                + (1 + varint_length(VERSION));
            let out = &mut self.out;
            out.reserve(length + 11);
            out.push(field(3, BYTES));
            put_varint(length as u64, out);
            put_bytes(1, &self.name, out);
            out.extend_from_slice(&self.features);
            out.extend_from_slice(&self.keys);
            out.extend_from_slice(&self.values.bytes);
            out.push(field(5, VARINT));
            put_varint(u64::from(self.extent), out);
            out.push(field(15, VARINT));
            put_varint(VERSION, out);
        }
        self.name.clear();
        self.features.clear();
        self.count = 0;
        self.keys.clear();
        self.names.clear();
        self.values.clear();
        self.tags.clear();
        self.id = None;
    }
}

/// Writes a geometry as steps from position to position.
struct Pen<'a> {
    at: [i32; 2],
    out: &'a mut Vec<u8>,
}

impl Pen<'_> {
    fn command(&mut self, command: u32, times: usize) {
        put_varint(u64::from(command) | (times as u64) << 3, self.out);
    }

    #[inline(always)]
    fn go(&mut self, to: [i32; 2]) {
        for (to, at) in to.into_iter().zip(self.at) {
            // Positive and negative steps by turns, so that short ones of either direction are short numbers.
            let step = to.wrapping_sub(at);
            put_small(((step << 1) ^ (step >> 31)).cast_unsigned(), self.out);
        }
        self.at = to;
    }

    fn path(&mut self, points: &[[i32; 2]]) {
        let Some((first, rest)) = points.split_first() else { return };
        self.command(MOVE_TO, 1);
        self.go(*first);
        self.command(LINE_TO, rest.len());
        rest.iter().for_each(|point| self.go(*point));
    }
}

/// Values of a layer in the order of their first use, each as the field that it will be.
#[derive(Debug)]
struct Values {
    bytes: Vec<u8>,
    known: Vec<Known>,
    /// Open addressing: hash and number of a value, `FREE` for none. At most half full.
    slots: Vec<(u32, u32)>,
    /// Values in `slots`.
    used: usize,
    /// Not to be foreseen, so that nobody fills the registry with values that fall together.
    seed: u64,
}

/// What a value is known by.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Its field in the format, which tells kinds apart.
    field: u8,
    /// Bits of a number; of a text, where it begins among the bytes, and its length.
    bits: u64,
    length: usize,
}

const FREE: u32 = u32::MAX;

impl Values {
    fn new() -> Values {
        Values {
            bytes: Vec::new(),
            known: Vec::new(),
            slots: Vec::new(),
            used: 0,
            seed: RandomState::new().hash_one(0_u8),
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.known.clear();
        self.slots.fill((0, FREE));
        self.used = 0;
    }

    /// Appends a value; its number.
    fn add(&mut self, value: TagValue<'_>) -> u64 {
        let n = self.known.len() as u64;
        let out = &mut self.bytes;
        out.push(field(4, BYTES));
        let (kind, bits, length) = match value {
            TagValue::Text(text) => {
                put_varint(1 + prefixed_length(text.len()) as u64, out);
                put_bytes(1, text.as_bytes(), out);
                (TEXT, (out.len() - text.len()) as u64, text.len())
            }
            TagValue::Integer(n) => {
                // Numbers below zero by turns with those above, else they would take ten bytes.
                let (wire, number) = match u64::try_from(n) {
                    Ok(n) => (field(5, VARINT), n),
                    Err(_) => (field(6, VARINT), ((n << 1) ^ (n >> 63)).cast_unsigned()),
                };
                put_varint(1 + varint_length(number) as u64, out);
                out.push(wire);
                put_varint(number, out);
                (INTEGER, n.cast_unsigned(), 0)
            }
            TagValue::Number(n) => {
                out.extend_from_slice(&[9, NUMBER]);
                out.extend_from_slice(&n.to_le_bytes());
                (NUMBER, n.to_bits(), 0)
            }
            TagValue::Boolean(b) => {
                out.extend_from_slice(&[2, BOOLEAN, u8::from(b)]);
                (BOOLEAN, u64::from(b), 0)
            }
        };
        self.known.push(Known { field: kind, bits, length });
        n
    }

    /// The number of a value, which is appended when it is new.
    fn find_or_add(&mut self, value: TagValue<'_>) -> u64 {
        let (field, bits, text) = match value {
            TagValue::Text(text) => (TEXT, 0, text.as_bytes()),
            TagValue::Integer(n) => (INTEGER, n.cast_unsigned(), &[][..]),
            TagValue::Number(n) => (NUMBER, n.to_bits(), &[][..]),
            TagValue::Boolean(b) => (BOOLEAN, u64::from(b), &[][..]),
        };
        if self.slots.len() < (self.used + 1) * 2 {
            self.grow();
        }
        let hash = hash(field, bits, text, self.seed);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (other, n) = self.slots[at];
            if n == FREE {
                let new = self.add(value);
                self.slots[at] = (hash, u32::try_from(new).unwrap_or(FREE));
                self.used += 1;
                return new;
            }
            if other == hash
                && let Some(known) = self.known.get(n as usize)
                && known.field == field
                && if field == TEXT { self.text(known) == Some(text) } else { known.bits == bits }
            {
                return u64::from(n);
            }
            at = (at + 1) & mask;
        }
    }

    fn text(&self, known: &Known) -> Option<&[u8]> {
        let start = usize::try_from(known.bits).ok()?;
        self.bytes.get(start..start + known.length)
    }

    fn grow(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        self.slots = vec![(0, FREE); (slots.len() * 2).max(64)];
        let mask = self.slots.len() - 1;
        for (hash, n) in slots.into_iter().filter(|(_, n)| *n != FREE) {
            let mut at = hash as usize & mask;
            while self.slots[at].1 != FREE {
                at = (at + 1) & mask;
            }
            self.slots[at] = (hash, n);
        }
    }
}

/// Folds eight bytes at a time into the hash by a multiplication of 128 bits, both halves of which are used.
#[inline(always)]
fn hash(field: u8, bits: u64, text: &[u8], seed: u64) -> u32 {
    // Digits of the golden ratio.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let factor = ODD ^ seed.rotate_left(32);
    let fold = |a: u64| {
        let bytes = (u128::from(a) * u128::from(factor)).to_le_bytes();
        let ([low, high], _) = bytes.as_chunks::<8>() else { return a };
        u64::from_le_bytes(*low) ^ u64::from_le_bytes(*high)
    };
    let (words, rest) = text.as_chunks::<8>();
    let mut state = fold(seed ^ bits ^ u64::from(field) << 56 ^ (text.len() as u64) << 32);
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        state = fold(state ^ u64::from_le_bytes(last));
    }
    let [.., a, b, c, d] = state.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Fields of values, as they stand before them; whole numbers have two.
const TEXT: u8 = field(1, BYTES);
const NUMBER: u8 = field(3, EIGHT);
const INTEGER: u8 = field(5, VARINT);
const BOOLEAN: u8 = field(7, VARINT);

const VARINT: u8 = 0;
const EIGHT: u8 = 1;
const BYTES: u8 = 2;

/// The byte before a field.
const fn field(number: u8, wire: u8) -> u8 {
    number << 3 | wire
}

/// A number of mostly one or two bytes.
#[inline(always)]
fn put_small(n: u32, out: &mut Vec<u8>) {
    let [a, b, ..] = n.to_le_bytes();
    if n < 0x80 {
        out.push(a);
    } else if n < 0x4000 {
        out.extend_from_slice(&[a | 0x80, b << 1 | a >> 7]);
    } else {
        put_varint(u64::from(n), out);
    }
}

fn put_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        let [low, ..] = n.to_le_bytes();
        out.push(low | 0x80);
        n >>= 7;
    }
    let [low, ..] = n.to_le_bytes();
    out.push(low);
}

fn varint_length(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// Length of bytes with the number of their length before them.
fn prefixed_length(length: usize) -> usize {
    varint_length(length as u64) + length
}

fn put_bytes(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field(number, BYTES));
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::{Dice, Shape, ewkb, star};
    use crate::layers::shape::{Cutter, Grid, Small};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A reader that knows the format from its description only.
    #[derive(Debug, Default, PartialEq, Clone)]
    struct Read {
        name: String,
        version: u64,
        extent: u64,
        keys: Vec<String>,
        values: Vec<Value>,
        features: Vec<ReadFeature>,
    }

    #[derive(Debug, PartialEq, Clone)]
    enum Value {
        Text(String),
        Integer(i64),
        Number(u64),
        Boolean(bool),
    }

    #[derive(Debug, Default, PartialEq, Clone)]
    struct ReadFeature {
        id: Option<u64>,
        tags: BTreeMap<String, Value>,
        kind: u64,
        /// Points in parts, and whether each was closed.
        parts: Vec<(Vec<[i64; 2]>, bool)>,
    }

    #[derive(Debug)]
    enum Wire<'a> {
        Number(u64),
        Bytes(&'a [u8]),
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut n = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        n
    }

    fn fields(mut bytes: &[u8]) -> Vec<(u64, Wire<'_>)> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let head = varint(&mut bytes);
            let wire = match head & 7 {
                0 => Wire::Number(varint(&mut bytes)),
                1 => {
                    let (eight, rest) = bytes.split_first_chunk().unwrap();
                    bytes = rest;
                    Wire::Number(u64::from_le_bytes(*eight))
                }
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    let (inner, rest) = bytes.split_at(length);
                    bytes = rest;
                    Wire::Bytes(inner)
                }
                other => panic!("wire type {other}"),
            };
            out.push((head >> 3, wire));
        }
        out
    }

    fn numbers(mut bytes: &[u8]) -> Vec<u64> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            out.push(varint(&mut bytes));
        }
        out
    }

    fn unfold(n: u64) -> i64 {
        (n >> 1).cast_signed() ^ -((n & 1).cast_signed())
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn read(tile: &[u8]) -> Vec<Read> {
        let layer = |bytes: &[u8]| {
            let mut layer = Read::default();
            let mut features = Vec::new();
            for field in fields(bytes) {
                match field {
                    (1, Wire::Bytes(name)) => layer.name = text(name),
                    (2, Wire::Bytes(feature)) => features.push(feature.to_vec()),
                    (3, Wire::Bytes(key)) => layer.keys.push(text(key)),
                    (4, Wire::Bytes(value)) => {
                        let mut value = fields(value);
                        assert_eq!(value.len(), 1);
                        layer.values.push(match value.remove(0) {
                            (1, Wire::Bytes(value)) => Value::Text(text(value)),
                            (3, Wire::Number(bits)) => Value::Number(bits),
                            (5, Wire::Number(n)) => Value::Integer(i64::try_from(n).unwrap()),
                            (6, Wire::Number(n)) => Value::Integer(unfold(n)),
                            (7, Wire::Number(n)) => Value::Boolean(n == 1),
                            other => panic!("{other:?}"),
                        });
                    }
                    (5, Wire::Number(n)) => layer.extent = n,
                    (15, Wire::Number(n)) => layer.version = n,
                    other => panic!("{other:?}"),
                }
            }
            layer.features = features.iter().map(|bytes| feature(bytes, &layer.keys, &layer.values)).collect();
            layer
        };
        fields(tile)
            .into_iter()
            .map(|field| match field {
                (3, Wire::Bytes(bytes)) => layer(bytes),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn feature(bytes: &[u8], keys: &[String], values: &[Value]) -> ReadFeature {
        let mut out = ReadFeature::default();
        for field in fields(bytes) {
            match field {
                (1, Wire::Number(id)) => out.id = Some(id),
                (2, Wire::Bytes(tags)) => {
                    for tag in numbers(tags).chunks_exact(2) {
                        let [key, value] = [tag[0], tag[1]].map(|n| usize::try_from(n).unwrap());
                        assert!(out.tags.insert(keys[key].clone(), values[value].clone()).is_none());
                    }
                }
                (3, Wire::Number(kind)) => out.kind = kind,
                (4, Wire::Bytes(geometry)) => {
                    let mut steps = numbers(geometry).into_iter();
                    let mut at = [0, 0];
                    while let Some(command) = steps.next() {
                        for _ in 0..command >> 3 {
                            match command & 7 {
                                1 | 2 => {
                                    at = at.map(|n: i64| n + unfold(steps.next().unwrap()));
                                    // Points share a command; each line and ring begins with one of its own.
                                    if command & 7 == 1 && (out.kind != 1 || out.parts.is_empty()) {
                                        out.parts.push((Vec::new(), false));
                                    }
                                    out.parts.last_mut().unwrap().0.push(at);
                                }
                                7 => out.parts.last_mut().unwrap().1 = true,
                                other => panic!("command {other}"),
                            }
                        }
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        out
    }

    fn draw(shape: &Shape) -> Drawn {
        // A degree is a unit, and longitude and latitude are the units themselves, latitude from above.
        let mut cutter = Cutter::new(Grid::degrees(0.0, 0.0, 4096.0 / 64.0), Small::Dropped);
        cutter.cut(&ewkb(shape), |[x, y]| [x / 64.0, -y / 64.0]).unwrap().clone()
    }

    #[test]
    fn the_examples_of_the_specification() {
        // Geometries and their commands as the specification of version 2.1 gives them (4.3.5).
        let commands = |shape: &Shape| {
            let mut tile = TileWriter::new();
            tile.layer("x", 4096);
            tile.feature(&draw(shape));
            numbers(&tile.commands)
        };
        assert_eq!(commands(&Shape::Point([25.0, 17.0])), [9, 50, 34]);
        let two = Shape::Multi(4, vec![Shape::Point([5.0, 7.0]), Shape::Point([3.0, 2.0])]);
        assert_eq!(commands(&two), [17, 10, 14, 3, 9]);
        let line = vec![[2.0, 2.0], [2.0, 10.0], [10.0, 10.0]];
        assert_eq!(commands(&Shape::Line(line.clone())), [9, 4, 4, 18, 0, 16, 16, 0]);
        let lines = Shape::Multi(5, vec![Shape::Line(line), Shape::Line(vec![[1.0, 1.0], [3.0, 5.0]])]);
        assert_eq!(commands(&lines), [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]);
        let ring = vec![[3.0, 6.0], [8.0, 12.0], [20.0, 34.0], [3.0, 6.0]];
        assert_eq!(commands(&Shape::Polygon(vec![ring])), [9, 6, 12, 18, 10, 12, 24, 44, 15]);
        let square = |low: f64, high: f64| vec![[low, low], [high, low], [high, high], [low, high], [low, low]];
        let outer = vec![[11.0, 11.0], [20.0, 11.0], [20.0, 20.0], [11.0, 20.0], [11.0, 11.0]];
        let hole = vec![[13.0, 13.0], [13.0, 17.0], [17.0, 17.0], [17.0, 13.0], [13.0, 13.0]];
        let polygons =
            Shape::Multi(6, vec![Shape::Polygon(vec![square(0.0, 10.0)]), Shape::Polygon(vec![outer, hole])]);
        assert_eq!(
            commands(&polygons),
            [
                9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8, 8, 0,
                0, 7, 15
            ]
        );
    }

    #[test]
    fn golden_bytes() {
        let mut tile = TileWriter::new();
        tile.layer("p", 4096);
        let (name, n) = (tile.key("name"), tile.key("n"));
        tile.id(300);
        tile.tag(name, TagValue::Text("净"));
        tile.tag(n, TagValue::Integer(-1));
        tile.point([25, 17]);
        tile.tag(n, TagValue::Integer(-1));
        tile.point([-1, 0]);
        let expected: &[u8] = &[
            0x1a, 50, // layer
            0x0a, 1, b'p', // name
            0x12, 16, 0x08, 0xac, 0x02, 0x12, 4, 0, 0, 1, 1, 0x18, 1, 0x22, 3, 9, 50, 34, // feature 300
            0x12, 11, 0x12, 2, 1, 1, 0x18, 1, 0x22, 3, 9, 1, 0, // feature
            0x1a, 4, b'n', b'a', b'm', b'e', 0x1a, 1, b'n', // keys
            0x22, 5, 0x0a, 3, 0xe5, 0x87, 0x80, 0x22, 2, 0x30, 1, // values
            0x28, 0x80, 0x20, 0x78, 2, // extent, version
        ];
        // The length is that of what follows it.
        let mut expected = expected.to_vec();
        expected[1] = u8::try_from(expected.len() - 2).unwrap();
        assert_eq!(tile.finish(), expected);
    }

    #[test]
    fn layers_come_back_as_they_were_written() {
        let mut tile = TileWriter::default();
        let square = vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]];
        tile.layer("empty", 4096);
        tile.key("unused");
        tile.layer("land", 4096);
        let keys = ["id", "class", "area", "open", "n"].map(|name| tile.key(name));
        assert_eq!(tile.key("class"), keys[1], "asked again, it is the same");
        for (n, class) in ["优先保护", "安全利用", "优先保护"].into_iter().enumerate() {
            tile.own_tag(keys[0], &format!("id-{n}"));
            tile.tag(keys[1], TagValue::Text(class));
            tile.tag(keys[2], TagValue::Number(0.5));
            tile.tag(keys[3], TagValue::Boolean(n == 1));
            tile.tag(keys[4], TagValue::Integer(i64::MIN + i64::try_from(n).unwrap()));
            assert_eq!(tile.feature(&draw(&Shape::Polygon(vec![square.clone()]))), 1);
        }
        assert_eq!(tile.features(), 3);
        assert!(tile.size() > 100);
        // A collection becomes one feature for each kind, all with the same properties.
        tile.id(7);
        tile.tag(keys[4], TagValue::Integer(i64::MAX));
        let mixed = Shape::Collection(vec![
            Shape::Point([1.0, 2.0]),
            Shape::Line(vec![[0.0, 0.0], [5.0, 5.0]]),
            Shape::Polygon(vec![square]),
        ]);
        assert_eq!(tile.feature(&draw(&mixed)), 3);
        // Nothing drawn: no feature, and its tags are forgotten.
        tile.tag(keys[1], TagValue::Text("优先保护"));
        assert_eq!(tile.feature(&Drawn::default()), 0);
        tile.layer("points", 512);
        tile.point([3, 4]);
        let layers = read(&tile.finish());
        assert_eq!(
            layers.iter().map(|l| (l.name.as_str(), l.extent, l.version)).collect::<Vec<_>>(),
            [("land", 4096, 2), ("points", 512, 2)]
        );
        let land = &layers[0];
        assert_eq!(land.keys, ["id", "class", "area", "open", "n"]);
        // Three identifiers, two classes, a number, two booleans, three numbers and one: each once.
        assert_eq!(land.values.len(), 3 + 2 + 1 + 2 + 3 + 1);
        let second = &land.features[1];
        assert_eq!(second.tags["id"], Value::Text("id-1".into()));
        assert_eq!(second.tags["class"], Value::Text("安全利用".into()));
        assert_eq!(second.tags["area"], Value::Number(0.5_f64.to_bits()));
        assert_eq!(second.tags["open"], Value::Boolean(true));
        assert_eq!(second.tags["n"], Value::Integer(i64::MIN + 1));
        assert_eq!(second.parts, [(vec![[0, 0], [10, 0], [10, 10], [0, 10]], true)]);
        let mixed = &land.features[3..];
        assert_eq!(
            mixed.iter().map(|f| (f.kind, f.id)).collect::<Vec<_>>(),
            [(1, Some(7)), (2, Some(7)), (3, Some(7))]
        );
        assert!(mixed.iter().all(|f| f.tags == BTreeMap::from([("n".into(), Value::Integer(i64::MAX))])));
        let point = &layers[1].features[0];
        assert_eq!((point.kind, point.id, point.parts.as_slice()), (1, None, &[(vec![[3, 4]], false)][..]));
        assert!(point.tags.is_empty() && layers[1].keys.is_empty() && layers[1].values.is_empty());
    }

    #[test]
    fn nothing_is_no_tile() {
        assert!(TileWriter::new().finish().is_empty());
        let mut tile = TileWriter::new();
        tile.layer("x", 4096);
        let key = tile.key("k");
        tile.tag(key, TagValue::Integer(1));
        assert!(tile.finish().is_empty());
    }

    #[test]
    fn values_of_kinds_and_signs_are_told_apart() {
        let mut tile = TileWriter::new();
        tile.layer("x", 4096);
        let key = tile.key("k");
        let all = [
            TagValue::Integer(1),
            TagValue::Number(1.0),
            TagValue::Boolean(true),
            TagValue::Text("1"),
            TagValue::Integer(0),
            TagValue::Number(0.0),
            TagValue::Number(-0.0),
            TagValue::Boolean(false),
            TagValue::Text(""),
            TagValue::Text("\u{1}"),
            TagValue::Integer(-1),
            TagValue::Integer(i64::MAX),
            TagValue::Text("12345678"),
            TagValue::Text("123456789"),
        ];
        for value in all.into_iter().chain(all) {
            tile.tag(key, value);
            tile.point([0, 0]);
        }
        let layer = &read(&tile.finish())[0];
        assert_eq!(layer.values.len(), all.len());
        let tags: Vec<_> = layer.features.iter().map(|f| f.tags["k"].clone()).collect();
        assert_eq!(tags[..all.len()], layer.values);
        assert_eq!(tags[all.len()..], layer.values);
    }

    #[test]
    fn the_same_calls_give_the_same_bytes() {
        let make = || {
            let mut tile = TileWriter::new();
            let mut cutter = Cutter::new(Grid::mercator(9, 420, 204), Small::Point);
            tile.layer("land", 4096);
            let keys = ["id", "class", "n"].map(|name| tile.key(name));
            let mut dice = Dice(5);
            for n in 0..2_000_i64 {
                let middle = [115.3 + dice.roll() * 0.7, 33.7 + dice.roll() * 0.6];
                let ring = star(&mut dice, middle, [0.01, 0.01], 20);
                let drawn = cutter.cut(&ewkb(&Shape::Polygon(vec![ring])), |p| p).unwrap();
                if !drawn.is_empty() {
                    tile.own_tag(keys[0], &n.to_string());
                    tile.tag(keys[1], TagValue::Text(["a", "b", "c"][usize::try_from(n % 3).unwrap()]));
                    tile.tag(keys[2], TagValue::Integer(n / 2));
                    tile.feature(drawn);
                }
            }
            tile.finish()
        };
        let (a, b) = (make(), make());
        assert_eq!(a, b);
        let layer = &read(&a)[0];
        assert!(layer.features.len() > 500);
        for feature in &layer.features {
            let Value::Text(id) = &feature.tags["id"] else { panic!("{feature:?}") };
            let n: i64 = id.parse().unwrap();
            assert_eq!(feature.tags["n"], Value::Integer(n / 2));
            assert!(feature.kind == 1 || feature.parts.iter().all(|(points, closed)| points.len() >= 3 && *closed));
        }
    }

    proptest! {
        #[test]
        fn steps_of_any_size_are_read_back(points in prop::collection::vec(any::<[i16; 2]>(), 1..50)) {
            let points: Vec<[i32; 2]> = points.into_iter().map(|p| p.map(i32::from)).collect();
            let mut tile = TileWriter::new();
            tile.layer("x", 4096);
            tile.feature(&Drawn { points: points.clone(), ..Drawn::default() });
            let layer = &read(&tile.finish())[0];
            let expected: Vec<[i64; 2]> = points.iter().map(|p| p.map(i64::from)).collect();
            prop_assert_eq!(&layer.features[0].parts, &[(expected, false)]);
        }

        #[test]
        fn varints_have_the_length_that_is_said(n: u64) {
            for n in [n, n >> 20, n >> 40, n >> 57, 0, 127, 128, u64::MAX] {
                let mut out = Vec::new();
                put_varint(n, &mut out);
                prop_assert_eq!(out.len(), varint_length(n));
                prop_assert_eq!(varint(&mut out.as_slice()), n);
                let mut small = Vec::new();
                let n = u32::try_from(n & 0xffff_ffff).unwrap();
                put_small(n, &mut small);
                prop_assert_eq!(varint(&mut small.as_slice()), u64::from(n));
            }
        }
    }
}
