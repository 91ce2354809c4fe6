//! GeoPackage 1.3: a database of SQLite with one table of features and its index. It is a file, written row by row in one
//! transaction with a small cache, and complete only when [`GeoPackage::end`] has said so.

use super::binary::{self, Extent};
use super::system;
use super::value::{Value, push_uuid};
use super::{Axes, Feature, Head};
use crate::kernel::wkb::Kind;
use crate::kernel::{Error, Result};
use crate::layers::def::ColumnKind;
use chrono::{DateTime, Utc};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params};
use std::path::Path;

/// What every such file has.
const TABLES: &str = include_str!("gpkg.sql");
/// Written while nobody else looks, and thrown away when it does not come to its end: so without a journal, and without
/// waiting for the disk. 2 MiB of cache.
const SETTINGS: &str = "pragma page_size = 4096; pragma journal_mode = off; pragma synchronous = off; \
    pragma locking_mode = exclusive; pragma cache_size = -2048;";
/// Its own columns.
const OWN: [&str; 3] = ["fid", "id", "geom"];
/// Numbers of systems that are none: of places on the earth that nobody has defined.
const UNDEFINED: i32 = 0;

/// A GeoPackage that is being written.
pub struct GeoPackage {
    db: Connection,
    head: Head,
    axes: Axes,
    table: String,
    /// How a row is inserted.
    insert: String,
    srs_id: i32,
    at: DateTime<Utc>,
    extent: Option<Extent>,
    blob: Vec<u8>,
    cells: Vec<Cell>,
    texts: Vec<u8>,
}

/// A value of a row; text stands in a buffer from one place to another.
#[derive(Clone, Copy)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(usize, usize),
}

struct Bound<'a>(ValueRef<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl GeoPackage {
    /// Begins a file, which must be new or empty. `at` is when it was made.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(path: &Path, head: Head, at: DateTime<Utc>) -> Result<GeoPackage> {
        let db = Connection::open(path).map_err(Error::internal)?;
        db.execute_batch(SETTINGS).map_err(Error::internal)?;
        db.execute_batch("begin").map_err(Error::internal)?;
        db.execute_batch(TABLES).map_err(Error::internal)?;
        let srs_id = systems(&db, &head).map_err(Error::internal)?;
        let table = table_name(&head.name);
        let insert = features(&db, &head, &table).map_err(Error::internal)?;
        Ok(GeoPackage {
            axes: Axes::east_first(head.crs),
            db,
            head,
            table,
            insert,
            srs_id,
            at,
            extent: None,
            blob: Vec::new(),
            cells: Vec::new(),
            texts: Vec::new(),
        })
    }

    /// Writes one feature. Of a geometry that cannot be written, the log is told, and the feature has none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn feature(&mut self, feature: &Feature<'_>) -> Result<()> {
        self.read(feature);
        let place = if self.head.geometry { self.place(feature) } else { None };
        self.insert(place.is_some()).map_err(Error::internal)?;
        if let Some(extent) = place.filter(|extent| !extent.is_empty()) {
            self.extent.get_or_insert(extent).join(&extent);
            self.remember(&extent).map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Ends the file: index, bounds, titles.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(self) -> Result<()> {
        self.finish().map_err(Error::internal)?;
        self.db.close().map_err(|(_, error)| Error::internal(error))
    }

    /// Inserts the row that was gathered.
    fn insert(&self, placed: bool) -> rusqlite::Result<()> {
        let mut insert = self.db.prepare_cached(&self.insert)?;
        let (id, cells) = self.cells.split_first().unwrap_or((&Cell::Null, &[]));
        let cell = |cell: &Cell| match *cell {
            Cell::Null => ValueRef::Null,
            Cell::Integer(n) => ValueRef::Integer(n),
            Cell::Real(n) => ValueRef::Real(n),
            Cell::Text(start, end) => ValueRef::Text(self.texts.get(start..end).unwrap_or_default()),
        };
        let place = if placed { ValueRef::Blob(&self.blob) } else { ValueRef::Null };
        let place = self.head.geometry.then_some(place);
        let values = std::iter::once(cell(id)).chain(place).chain(cells.iter().map(cell));
        for (n, value) in (1..).zip(values) {
            insert.raw_bind_parameter(n, Bound(value))?;
        }
        insert.raw_execute()?;
        Ok(())
    }

    /// Keeps the bounds of the last row for the index.
    fn remember(&self, extent: &Extent) -> rusqlite::Result<()> {
        let [west, south, east, north] = extent.parts();
        let mut insert = self.db.prepare_cached("insert into temp.places values (?1, ?2, ?3, ?4, ?5, ?6)")?;
        insert.execute(params![near(extent), self.db.last_insert_rowid(), west, east, south, north])?;
        Ok(())
    }

    /// Gathers a row's values.
    fn read(&mut self, feature: &Feature<'_>) {
        let (cells, texts) = (&mut self.cells, &mut self.texts);
        cells.clear();
        texts.clear();
        push_uuid(feature.id, texts);
        cells.push(Cell::Text(0, texts.len()));
        for (n, field) in self.head.fields.iter().enumerate() {
            let value = feature.shown(n, field.public).and_then(|bytes| Value::read(field.kind, bytes));
            let start = texts.len();
            cells.push(match value {
                None => Cell::Null,
                Some(Value::Integer(n)) => Cell::Integer(n),
                Some(Value::Boolean(yes)) => Cell::Integer(i64::from(yes)),
                Some(Value::Number(n)) => Cell::Real(n),
                Some(value) => {
                    match value {
                        Value::Text(text) => texts.extend_from_slice(text.as_bytes()),
                        Value::Day(day) => day.push(texts),
                        Value::Instant(at) => drop(at.push_millis(texts)),
                        Value::Uuid(id) => push_uuid(id, texts),
                        Value::Integer(_) | Value::Boolean(_) | Value::Number(_) => {}
                    }
                    let empty = texts.len() == start && field.kind != ColumnKind::Text;
                    if empty { Cell::Null } else { Cell::Text(start, texts.len()) }
                }
            });
        }
    }

    /// Makes the value of a geometry: a header with its bounds, then WKB.
    fn place(&mut self, feature: &Feature<'_>) -> Option<Extent> {
        const HEADER: usize = 8;
        const BOUNDED: usize = HEADER + 32;
        let wkb = feature.geometry?;
        let blob = &mut self.blob;
        blob.clear();
        blob.resize(BOUNDED, 0);
        let (kind, extent) = match binary::push(wkb, self.axes, blob) {
            Ok(pushed) => pushed,
            Err(error) => {
                feature.bad_geometry(&error);
                return None;
            }
        };
        // Little-endian; empty; with bounds, which a point is itself.
        let bounded = kind != Kind::Point && !extent.is_empty();
        let flags = 1 | u8::from(extent.is_empty()) << 4 | u8::from(bounded) << 1;
        let [west, south, east, north] = extent.parts();
        let mut head = [0; BOUNDED];
        let words = [west, east, south, north].map(f64::to_le_bytes).concat();
        let [a, b, c, d] = self.srs_id.to_le_bytes();
        head[..HEADER].copy_from_slice(&[b'G', b'P', 0, flags, a, b, c, d]);
        head[HEADER..].copy_from_slice(&words);
        if bounded {
            blob[..BOUNDED].copy_from_slice(&head);
        } else {
            blob.drain(HEADER..BOUNDED);
            blob[..HEADER].copy_from_slice(&head[..HEADER]);
        }
        Some(extent)
    }

    /// What is told once everything is there.
    fn finish(&self) -> rusqlite::Result<()> {
        let (db, head, table) = (&self.db, &self.head, &self.table);
        let at = self.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let [west, south, east, north] = self.extent.map_or([None; 4], |extent| extent.parts().map(Some));
        let (kind, srs_id) = if head.geometry { ("features", Some(self.srs_id)) } else { ("attributes", None) };
        db.execute(
            "insert into gpkg_contents values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![table, kind, head.title.to_string(), head.crs.uri(), at, west, south, east, north, srs_id],
        )?;
        let mut title =
            db.prepare("insert into gpkg_data_columns (table_name, column_name, title) values (?1, ?2, ?3)")?;
        for (field, name) in head.fields.iter().zip(head.names(&OWN)) {
            title.execute(params![table, name, field.title.to_string()])?;
        }
        let mut extension = db.prepare("insert into gpkg_extensions values (?1, ?2, ?3, ?4, ?5)")?;
        for name in ["gpkg_data_columns", "gpkg_data_column_constraints"] {
            let none: Option<&str> = None;
            extension.execute(params![name, none, "gpkg_schema", SCHEMA_EXTENSION, "read-write"])?;
        }
        if head.geometry {
            db.execute(
                "insert into gpkg_geometry_columns values (?1, 'geom', ?2, ?3, 0, 0)",
                params![table, geometry_type(head), self.srs_id],
            )?;
            extension.execute(params![table, "geom", "gpkg_rtree_index", INDEX_EXTENSION, "write-only"])?;
            let index = format!("rtree_{table}_geom");
            // The name of a trigger goes on behind this.
            let trigger = quoted(&format!("{index}_"));
            let trigger = trigger.strip_suffix('"').unwrap_or(&trigger);
            let names = [("TABLE_", quoted(table)), ("INDEX_", quoted(&index)), ("TRIGGER_", trigger.to_owned())];
            db.execute_batch(&named(INDEX, &names))?;
        }
        db.execute_batch("commit")
    }
}

/// A template with names put in, each once for all: a name that looks like another's mark stays as it is.
fn named(template: &str, names: &[(&str, String); 3]) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((at, (mark, name))) =
        names.iter().filter_map(|name| Some((rest.find(name.0)?, name))).min_by_key(|(at, _)| *at)
    {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(name);
        rest = rest.get(at + mark.len()..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

const INDEX: &str = include_str!("gpkg_index.sql");
const INDEX_EXTENSION: &str = "http://www.geopackage.org/spec130/#extension_rtree";
const SCHEMA_EXTENSION: &str = "http://www.geopackage.org/spec130/#extension_schema";

/// A name that is no table of the format's own.
fn table_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let own = ["gpkg_", "rtree_", "sqlite_"].iter().any(|prefix| lower.starts_with(prefix));
    if own { format!("layer_{name}") } else { name.to_owned() }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn geometry_type(head: &Head) -> String {
    head.kind.map_or("GEOMETRY", Kind::name).to_uppercase()
}

/// Writes the systems: those that every file has, and the one of the features, whose number is answered.
fn systems(db: &Connection, head: &Head) -> rusqlite::Result<i32> {
    let mut insert = db.prepare("insert into gpkg_spatial_ref_sys values (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let undefined = "undefined";
    insert.execute(params!["Undefined Cartesian SRS", -1, "NONE", -1, undefined, undefined])?;
    insert.execute(params!["Undefined geographic SRS", UNDEFINED, "NONE", UNDEFINED, undefined, undefined])?;
    insert.execute(params!["WGS 84 geodetic", 4326, "EPSG", 4326, system::WGS84, "longitude, latitude"])?;
    // A chart is of degrees that nobody has defined.
    let Some((organization, code)) = system::east_first(head.crs) else { return Ok(UNDEFINED) };
    if code != 4326 {
        let name = format!("{organization}:{code}");
        let wkt = system::wkt(head);
        insert.execute(params![name, code, organization, code, wkt.as_deref().unwrap_or(undefined), head.crs.uri()])?;
    }
    Ok(code)
}

/// Makes the table of features, and says how a row is written.
fn features(db: &Connection, head: &Head, table: &str) -> rusqlite::Result<String> {
    let mut columns = vec!["fid integer primary key autoincrement not null".to_owned(), "id text not null".into()];
    if head.geometry {
        columns.push(format!("geom {}", geometry_type(head)));
    }
    for (field, name) in head.fields.iter().zip(head.names(&OWN)) {
        let kind = match field.kind {
            ColumnKind::Text | ColumnKind::Uuid => "text",
            ColumnKind::Integer => "integer",
            ColumnKind::Number => "double",
            ColumnKind::Boolean => "boolean",
            ColumnKind::Day => "date",
            ColumnKind::Instant => "datetime",
        };
        columns.push(format!("{} {kind}", quoted(&name)));
    }
    let marks = vec!["?"; columns.len() - 1].join(", ");
    let table = quoted(table);
    db.execute_batch(&format!("create table {table} ({})", columns.join(", ")))?;
    db.execute_batch(
        "create temp table places (near integer, fid integer, minx real, maxx real, miny real, maxy real)",
    )?;
    Ok(format!("insert into {table} values (null, {marks})"))
}

/// A number that is near to another where places are near to each other: an index that is filled in its order is written
/// from one end to the other. The bits of both ordinates in turn, of floating point numbers as they are ordered.
fn near(extent: &Extent) -> i64 {
    let ordered = |least: f64, greatest: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "an order, not a place")]
        let bits = ((least + greatest) / 2.0) as f32;
        let bits = bits.to_bits();
        u64::from(if bits >> 31 == 0 { bits | 1 << 31 } else { !bits })
    };
    let spread = |n: u64| {
        let n = (n | n << 16) & 0x0000_ffff_0000_ffff;
        let n = (n | n << 8) & 0x00ff_00ff_00ff_00ff;
        let n = (n | n << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        let n = (n | n << 2) & 0x3333_3333_3333_3333;
        (n | n << 1) & 0x5555_5555_5555_5555
    };
    let [west, south, east, north] = extent.parts();
    let (x, y) = (ordered(west, east), ordered(south, north));
    (spread(x) << 1 | spread(y)).cast_signed()
}
