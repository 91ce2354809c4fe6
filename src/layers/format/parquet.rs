//! GeoParquet 1.1: columns in groups of rows, each of which is written when it is full, so that memory does not grow with the
//! answer but by what the footer says of each group.
//!
//! Geometries are WKB with east before north. Each has its bounds in a column beside it (`covering`), by which readers pass
//! over groups. Where the system is CRS84, that is what holds when nothing is said; where it is one that cannot be written as
//! PROJJSON here, and of charts, `crs` is null: not known. The key `jingtu:crs` has its URI in any case.

use super::binary::{self, Extent};
use super::system;
use super::value::{Value, push_uuid};
use super::{Axes, Feature, Format, Head};
use crate::kernel::{Error, Result};
use crate::layers::crs::Crs;
use crate::layers::def::ColumnKind;
use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use serde_json::json;
use std::sync::Arc;

/// Bytes of a group of rows before they are compressed.
const GROUP: usize = 2 << 20;
/// zstd's quickest level that is worth it.
const LEVEL: i32 = 1;

/// Writes groups of rows.
pub struct GeoParquet {
    head: Head,
    axes: Axes,
    /// `None` before it begins and after it has ended.
    file: Option<SerializedFileWriter<Vec<u8>>>,
    ids: Cells,
    columns: Vec<Cells>,
    places: Places,
    /// Bytes of the rows that are kept.
    held: usize,
    rows: usize,
    /// For text that is made of a value.
    text: Vec<u8>,
}

/// The geometries of a group, and what was seen of all.
#[derive(Default)]
struct Places {
    wkb: Cells,
    /// Least x, least y, greatest x, greatest y.
    bounds: [Vec<f64>; 4],
    /// Whether a row has bounds.
    levels: Vec<i16>,
    whole: Option<Extent>,
    /// A bit for each kind.
    kinds: u8,
}

/// Values of a column: those that are there, and for every row whether it has one.
#[derive(Default)]
struct Cells {
    levels: Vec<i16>,
    values: Stored,
}

enum Stored {
    /// One after another, and where each ends.
    Bytes(Vec<u8>, Vec<usize>),
    Longs(Vec<i64>),
    Days(Vec<i32>),
    Doubles(Vec<f64>),
    Booleans(Vec<bool>),
}

impl Default for Stored {
    fn default() -> Stored {
        Stored::Bytes(Vec::new(), Vec::new())
    }
}

impl Cells {
    fn new(kind: ColumnKind) -> Cells {
        let values = match kind {
            ColumnKind::Text | ColumnKind::Uuid => Stored::default(),
            ColumnKind::Integer | ColumnKind::Instant => Stored::Longs(Vec::new()),
            ColumnKind::Number => Stored::Doubles(Vec::new()),
            ColumnKind::Boolean => Stored::Booleans(Vec::new()),
            ColumnKind::Day => Stored::Days(Vec::new()),
        };
        Cells { levels: Vec::new(), values }
    }

    fn text(&mut self, text: &[u8]) {
        if let Stored::Bytes(bytes, ends) = &mut self.values {
            bytes.extend_from_slice(text);
            ends.push(bytes.len());
            self.levels.push(1);
        }
    }

    /// Takes a value in, and says how many bytes it is.
    fn put(&mut self, value: Option<Value<'_>>, text: &mut Vec<u8>) -> usize {
        match (&mut self.values, value) {
            (Stored::Bytes(..), Some(Value::Text(value))) => {
                self.text(value.as_bytes());
                return value.len() + 10;
            }
            (Stored::Bytes(..), Some(Value::Uuid(id))) => {
                text.clear();
                push_uuid(id, text);
                self.text(text);
                return text.len() + 10;
            }
            (Stored::Longs(all), Some(Value::Integer(n))) => all.push(n),
            (Stored::Longs(all), Some(Value::Instant(at))) => all.push(at.micros()),
            (Stored::Days(all), Some(Value::Day(day))) => all.push(day.days()),
            (Stored::Doubles(all), Some(Value::Number(n))) => all.push(n),
            (Stored::Booleans(all), Some(Value::Boolean(yes))) => all.push(yes),
            _ => {
                self.levels.push(0);
                return 2;
            }
        }
        self.levels.push(1);
        10
    }

    /// Writes all into a column, and is empty then.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<()> {
        match &mut self.values {
            Stored::Bytes(bytes, ends) => {
                // One allocation for all values, which are handles into it.
                let whole = Bytes::from(std::mem::replace(bytes, Vec::with_capacity(bytes.len())));
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let values: Vec<ByteArray> =
                    starts.zip(ends.iter()).map(|(start, end)| ByteArray::from(whole.slice(start..*end))).collect();
                write::<ByteArrayType>(column, &values, &self.levels)?;
                ends.clear();
            }
            Stored::Longs(all) => write_all::<Int64Type>(column, all, &self.levels)?,
            Stored::Days(all) => write_all::<Int32Type>(column, all, &self.levels)?,
            Stored::Doubles(all) => write_all::<DoubleType>(column, all, &self.levels)?,
            Stored::Booleans(all) => write_all::<BoolType>(column, all, &self.levels)?,
        }
        self.levels.clear();
        Ok(())
    }
}

fn write_all<T: DataType>(column: &mut SerializedColumnWriter<'_>, all: &mut Vec<T::T>, levels: &[i16]) -> Result<()> {
    write::<T>(column, all, levels)?;
    all.clear();
    Ok(())
}

/// Writes values; of a column that always has one, levels are not asked for.
fn write<T: DataType>(column: &mut SerializedColumnWriter<'_>, values: &[T::T], levels: &[i16]) -> Result<()> {
    column.typed::<T>().write_batch(values, Some(levels), None).map_err(Error::internal)?;
    Ok(())
}

impl GeoParquet {
    /// A file without rows.
    ///
    /// # Errors
    /// Faults of ours: a schema that is none.
    pub fn new(head: Head) -> Result<GeoParquet> {
        let schema = schema(&head).map_err(Error::internal)?;
        let file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties().map_err(Error::internal)?));
        Ok(GeoParquet {
            axes: Axes::east_first(head.crs),
            columns: head.fields.iter().map(|field| Cells::new(field.kind)).collect(),
            head,
            file: Some(file.map_err(Error::internal)?),
            ids: Cells::default(),
            places: Places::default(),
            held: 0,
            rows: 0,
            text: Vec::new(),
        })
    }

    fn file(&mut self) -> Result<&mut SerializedFileWriter<Vec<u8>>> {
        self.file.as_mut().ok_or_else(|| Error::internal("a file was written to after its end"))
    }

    /// Writes the rows that are kept as a group.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.rows > 0 {
            let mut file = self.file.take().ok_or_else(|| Error::internal("a file was written to after its end"))?;
            self.group(&mut file)?;
            self.file = Some(file);
            (self.held, self.rows) = (0, 0);
        }
        self.drain(out)
    }

    fn group(&mut self, file: &mut SerializedFileWriter<Vec<u8>>) -> Result<()> {
        let mut group = file.next_row_group().map_err(Error::internal)?;
        let missing = || Error::internal("the schema has fewer columns than the rows");
        for cells in std::iter::once(&mut self.ids).chain(&mut self.columns) {
            let mut column = group.next_column().map_err(Error::internal)?.ok_or_else(missing)?;
            cells.write(&mut column)?;
            column.close().map_err(Error::internal)?;
        }
        if self.head.geometry {
            let mut column = group.next_column().map_err(Error::internal)?.ok_or_else(missing)?;
            self.places.wkb.write(&mut column)?;
            column.close().map_err(Error::internal)?;
            for bounds in &mut self.places.bounds {
                let mut column = group.next_column().map_err(Error::internal)?.ok_or_else(missing)?;
                write_all::<DoubleType>(&mut column, bounds, &self.places.levels)?;
                column.close().map_err(Error::internal)?;
            }
            self.places.levels.clear();
        }
        group.close().map_err(Error::internal)?;
        Ok(())
    }

    /// Hands over what the file has written so far.
    fn drain(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let file = self.file()?;
        file.flush().map_err(Error::internal)?;
        out.append(file.inner_mut());
        Ok(())
    }

    /// What GeoParquet says of the geometries.
    fn geo(&self) -> serde_json::Value {
        let kinds = (1..=7).filter(|n| self.places.kinds & (1 << n) != 0);
        let names = ["", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"];
        let kinds: Vec<&str> = kinds.map(|n| names.get(n).copied().unwrap_or("GeometryCollection")).collect();
        let side = |name: &str| json!(["bbox", name]);
        let mut column = json!({
            "encoding": "WKB",
            "geometry_types": kinds,
            "covering": {"bbox": {
                "xmin": side("xmin"), "ymin": side("ymin"), "xmax": side("xmax"), "ymax": side("ymax"),
            }},
        });
        if self.head.crs != Crs::Crs84 {
            column["crs"] = system::projjson(self.head.crs).unwrap_or_default();
        }
        if let Some(whole) = self.places.whole {
            column["bbox"] = json!(whole.parts());
        }
        json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
    }
}

/// Its own columns.
const OWN: [&str; 3] = ["id", "geometry", "bbox"];

fn schema(head: &Head) -> parquet::errors::Result<TypePtr> {
    let text = |name: &str, repetition| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    };
    let mut columns = vec![text("id", Repetition::REQUIRED)?];
    for (field, name) in head.fields.iter().zip(head.names(&OWN)) {
        let (physical, logical) = match field.kind {
            ColumnKind::Text | ColumnKind::Uuid => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::Integer => (Physical::INT64, None),
            ColumnKind::Number => (Physical::DOUBLE, None),
            ColumnKind::Boolean => (Physical::BOOLEAN, None),
            ColumnKind::Day => (Physical::INT32, Some(LogicalType::Date)),
            ColumnKind::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        let column = Type::primitive_type_builder(&name, physical)
            .with_logical_type(logical)
            .with_repetition(Repetition::OPTIONAL)
            .build()?;
        columns.push(Arc::new(column));
    }
    if head.geometry {
        let wkb = Type::primitive_type_builder("geometry", Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .build()?;
        let side = |name| {
            Type::primitive_type_builder(name, Physical::DOUBLE)
                .with_repetition(Repetition::REQUIRED)
                .build()
                .map(Arc::new)
        };
        let sides = vec![side("xmin")?, side("ymin")?, side("xmax")?, side("ymax")?];
        let bbox = Type::group_type_builder("bbox").with_repetition(Repetition::OPTIONAL).with_fields(sides).build()?;
        columns.extend([Arc::new(wkb), Arc::new(bbox)]);
    }
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(columns).build()?))
}

fn properties() -> parquet::errors::Result<WriterProperties> {
    let path = |parts: &[&str]| ColumnPath::new(parts.iter().map(|part| (*part).to_owned()).collect());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_column_statistics_enabled(path(&["geometry"]), EnabledStatistics::None)
        .set_column_dictionary_enabled(path(&["geometry"]), false)
        .set_column_dictionary_enabled(path(&["id"]), false)
        .set_created_by(concat!("jingtu version ", env!("CARGO_PKG_VERSION")).to_owned());
    for side in ["xmin", "ymin", "xmax", "ymax"] {
        properties = properties.set_column_dictionary_enabled(path(&["bbox", side]), false);
    }
    Ok(properties.build())
}

impl Format for GeoParquet {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.drain(out)
    }

    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.text.clear();
        push_uuid(feature.id, &mut self.text);
        self.ids.text(&self.text);
        let mut bytes = 46;
        for (n, (field, cells)) in self.head.fields.iter().zip(&mut self.columns).enumerate() {
            let value = feature.shown(n, field.public).and_then(|bytes| Value::read(field.kind, bytes));
            bytes += cells.put(value, &mut self.text);
        }
        if self.head.geometry {
            bytes += self.places.put(feature, self.axes);
        }
        self.rows += 1;
        self.held += bytes;
        if self.held >= GROUP { self.flush(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.flush(out)?;
        let geo = self.head.geometry.then(|| self.geo().to_string());
        let uri = self.head.crs.uri();
        let file = self.file()?;
        if let Some(geo) = geo {
            file.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo));
            file.append_key_value_metadata(KeyValue::new("jingtu:crs".to_owned(), uri));
        }
        file.finish().map_err(Error::internal)?;
        out.append(file.inner_mut());
        self.file = None;
        Ok(())
    }
}

impl Places {
    /// Takes a feature's geometry in, and says how many bytes it is.
    fn put(&mut self, feature: &Feature<'_>, axes: Axes) -> usize {
        let Stored::Bytes(bytes, ends) = &mut self.wkb.values else { return 0 };
        let start = bytes.len();
        let pushed = feature.geometry.map(|wkb| binary::push(wkb, axes, bytes));
        let (there, bounded) = match pushed {
            Some(Ok((kind, extent))) => {
                ends.push(bytes.len());
                self.kinds |= 1 << kind as u8;
                if !extent.is_empty() {
                    for (all, side) in self.bounds.iter_mut().zip(extent.parts()) {
                        all.push(side);
                    }
                    self.whole.get_or_insert(extent).join(&extent);
                }
                (1, i16::from(!extent.is_empty()))
            }
            Some(Err(error)) => {
                feature.bad_geometry(&error);
                (0, 0)
            }
            None => (0, 0),
        };
        self.wkb.levels.push(there);
        self.levels.push(bounded);
        bytes.len() - start + 48
    }
}
