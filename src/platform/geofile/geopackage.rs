//! GeoPackages: databases of SQLite, from anybody. SQLite reads them, read-only and as a file that nobody else has, with all
//! that a file can bring to be run switched off: views, triggers, virtual tables, functions. What a damaged or crafted tree of
//! pages could give again and again is bounded by the size of the file.

use super::{Declared, FileRow, Pick, Remarks, blob, choose, invalid, property, shown};
use crate::kernel::{Error, Fault, Result, Text};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::{Map, Number, Value};
use std::path::Path;

/// Longest value and longest row, bytes.
const MAX_VALUE: i32 = 32 << 20;
/// Columns of a layer that are read.
const MAX_COLUMNS: usize = 2_000;
/// Layers that are looked at.
const MAX_LAYERS: usize = 10_000;

/// A layer of a GeoPackage, opened.
pub struct GeoPackage {
    db: Connection,
    /// Bytes of the file.
    size: u64,
    table: String,
    key: &'static str,
    columns: Vec<Column>,
    outline: Option<Outline>,
    /// What it says of its reference system.
    pub declared: Declared,
    /// Whether it is a table without outlines.
    pub is_table: bool,
    /// What is to be said of the layer.
    pub remarks: Remarks,
}

struct Column {
    name: String,
    boolean: bool,
}

struct Outline {
    column: String,
    srs_id: i64,
}

impl GeoPackage {
    /// Opens the layer that is meant: the one of features where there is one only, else the one table of attributes.
    ///
    /// # Errors
    /// `bad_geopackage`, `layer_unknown`, `layer_not_chosen`, `layer_is_view`.
    pub fn open(path: &Path, pick: Pick<'_>) -> Result<GeoPackage> {
        let size = std::fs::metadata(path).map_err(Error::internal)?.len();
        let db = connect(path).map_err(|cause| broken(&cause))?;
        let layers = layers(&db)?;
        let names: Vec<String> = layers.iter().map(|layer| layer.table.clone()).collect();
        let of = |features: bool| -> Vec<usize> {
            let mut found = Vec::new();
            for (at, layer) in layers.iter().enumerate() {
                // QGIS keeps the looks of layers in a table beside them.
                if layer.outline.is_some() == features && layer.table != "layer_styles" {
                    found.push(at);
                }
            }
            found
        };
        let by_itself = if of(true).is_empty() { of(false) } else { of(true) };
        if names.is_empty() {
            return Err(damaged("没有图层（gpkg_contents 为空）", "it has no layers (gpkg_contents is empty)"));
        }
        let mut layers = layers;
        let layer = layers.swap_remove(choose(&names, &by_itself, pick.layer)?);
        let table = plain_table(&db, &layer.table)?;
        let mut remarks = Remarks::default();
        let (columns, key, outline) = columns(&db, &table, layer.outline, &mut remarks)?;
        let declared = match &outline {
            Some(outline) => reference_system(&db, outline.srs_id)?,
            None => Declared::Nothing,
        };
        let is_table = outline.is_none();
        Ok(GeoPackage { db, size, table, key, columns, outline, declared, is_table, remarks })
    }

    /// Gives every row to `sink`, in order, until it says stop with `false`.
    ///
    /// # Errors
    /// `bad_geopackage`.
    pub fn rows(&mut self, sink: &mut dyn FnMut(FileRow) -> bool) -> Result<()> {
        let GeoPackage { db, size, table, key, columns, outline, remarks, .. } = self;
        let wanted: Vec<String> = outline
            .iter()
            .map(|outline| &outline.column)
            .chain(columns.iter().map(|column| &column.name))
            .map(|name| format!(", {}", quoted(name)))
            .collect();
        // In the order of keys, and by no index of the file's own making.
        let sql = format!("select {key}{} from {} not indexed", wanted.concat(), quoted(table));
        let mut statement = db.prepare(&sql).map_err(|cause| broken(&cause))?;
        let mut found = statement.query([]).map_err(|cause| broken(&cause))?;
        let (mut row, mut last, mut bytes) = (0, None, 0_u64);
        while let Some(record) = found.next().map_err(|cause| broken(&cause))? {
            row += 1;
            let id: i64 = record.get(0).map_err(|cause| broken(&cause))?;
            let mut values = Vec::with_capacity(wanted.len());
            for at in 1..=wanted.len() {
                let value = record.get_ref(at).map_err(|cause| broken(&cause))?;
                if let ValueRef::Text(content) | ValueRef::Blob(content) = value {
                    bytes += content.len() as u64;
                }
                values.push(value);
            }
            // Keys rise, and a file holds no more than its size: in UTF-16 a text of it takes up to twice as much as UTF-8.
            if last.is_some_and(|last| last >= id) || bytes > size.saturating_mul(2) {
                return Err(damaged("数据页互相重叠", "its pages lie on each other"));
            }
            last = Some(id);
            let mut values = values.into_iter();
            let geometry = match outline {
                Some(outline) => geometry(values.next().unwrap_or(ValueRef::Null), outline.srs_id, row, remarks),
                None => Ok(Value::Null),
            };
            let mut cells = Map::new();
            let mut faults: Vec<Fault> = Vec::new();
            for (column, value) in columns.iter().zip(values) {
                match cell(column, value) {
                    Ok(value) => {
                        cells.insert(column.name.clone(), value);
                    }
                    Err((code, message)) => faults.push(Fault::new(property(&column.name), code, message)),
                }
            }
            let read = match geometry {
                Ok(geometry) if faults.is_empty() => Ok((geometry, cells)),
                geometry => Err(geometry.err().into_iter().chain(faults).collect()),
            };
            if !sink(FileRow { row, id: Some(Value::from(id)), read }) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Opens the file as one that nobody writes, and switches off what a file may bring to be run.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(uri, flags)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        db.set_db_config(setting, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 2),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        db.set_limit(limit, most)?;
    }
    db.authorizer(Some(allowed))?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "mmap_size", 0)?;
    Ok(db)
}

/// Reading, and what is asked of the schema; no function, no writing, no other file.
fn allowed(asked: AuthContext<'_>) -> Authorization {
    match asked.action {
        AuthAction::Select | AuthAction::Read { .. } => Authorization::Allow,
        AuthAction::Pragma { pragma_name: "table_xinfo" | "cell_size_check" | "mmap_size", .. } => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

struct Layer {
    table: String,
    outline: Option<Outline>,
}

/// The layers of features and of attributes.
fn layers(db: &Connection) -> Result<Vec<Layer>> {
    if find(db, "gpkg_contents")?.is_none() {
        return Err(damaged(
            "是 SQLite 数据库，但没有 gpkg_contents 表",
            "it is a database of SQLite without the table gpkg_contents",
        ));
    }
    plain_table(db, "gpkg_contents")?;
    let mut outlines: Vec<(String, Outline)> = Vec::new();
    if find(db, "gpkg_geometry_columns")?.is_some() {
        plain_table(db, "gpkg_geometry_columns")?;
        let sql = "select table_name, column_name, srs_id from gpkg_geometry_columns";
        each(db, sql, |row| {
            outlines.push((row.get(0)?, Outline { column: row.get(1)?, srs_id: row.get(2)? }));
            Ok(())
        })?;
    }
    let mut layers: Vec<Layer> = Vec::new();
    each(db, "select table_name, data_type from gpkg_contents", |row| {
        let (table, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let place = outlines.iter().position(|(of, _)| of.eq_ignore_ascii_case(&table));
        match (kind.as_str(), place) {
            ("features", Some(place)) => {
                let (_, outline) = outlines.swap_remove(place);
                layers.push(Layer { table, outline: Some(outline) });
            }
            ("attributes" | "aspatial", _) => layers.push(Layer { table, outline: None }),
            _ => {}
        }
        Ok(())
    })?;
    Ok(layers)
}

/// Runs a statement over a table of the format's own, which has a row per layer.
fn each(db: &Connection, sql: &str, mut take: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>) -> Result<()> {
    let mut statement = db.prepare(sql).map_err(|cause| broken(&cause))?;
    let mut rows = statement.query([]).map_err(|cause| broken(&cause))?;
    let mut seen = 0;
    while let Some(row) = rows.next().map_err(|cause| broken(&cause))? {
        seen += 1;
        if seen > MAX_LAYERS {
            return Err(damaged("图层太多", "it has too many layers"));
        }
        take(row).map_err(|cause| broken(&cause))?;
    }
    Ok(())
}

/// What the schema holds under a name: kind, name and text.
fn find(db: &Connection, name: &str) -> Result<Option<(String, String, Option<String>)>> {
    let sql = "select type, name, sql from sqlite_schema where name = ?1 collate nocase and type in ('table', 'view')";
    db.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
        .map_err(|cause| broken(&cause))
}

/// The name of a table that is one: no view, and nothing that a module of SQLite makes up as it is read.
fn plain_table(db: &Connection, name: &str) -> Result<String> {
    let Some((kind, own, sql)) = find(db, name)? else {
        let name = shown(name);
        return Err(damaged(&format!("没有表“{name}”"), &format!("its table `{name}` is not there")));
    };
    let begins =
        sql.as_deref().and_then(|sql| sql.get(..12)).is_some_and(|head| head.eq_ignore_ascii_case("CREATE TABLE"));
    let goes_on =
        sql.as_deref().and_then(|sql| sql.as_bytes().get(12)).is_some_and(|byte| !byte.is_ascii_alphanumeric());
    if kind == "table" && begins && goes_on {
        return Ok(own);
    }
    let name = shown(&own);
    Err(invalid(
        "layer_is_view",
        Text::new(
            format!("“{name}”是视图或虚拟表，不能读取；请在制图软件中另存为普通图层。"),
            format!(
                "`{name}` is a view or a virtual table, which is not read; save it as a layer of its own in the GIS."
            ),
        ),
    ))
}

/// The columns that are read, the name of the key, and the column of the outline as it is spelled.
fn columns(
    db: &Connection,
    table: &str,
    outline: Option<Outline>,
    remarks: &mut Remarks,
) -> Result<(Vec<Column>, &'static str, Option<Outline>)> {
    let mut found: Vec<(String, String, i64, i64)> = Vec::new();
    db.pragma(None, "table_xinfo", table, |row| {
        found.push((row.get(1)?, row.get::<_, String>(2)?.to_ascii_uppercase(), row.get(5)?, row.get(6)?));
        Ok(())
    })
    .map_err(|cause| broken(&cause))?;
    if found.len() > MAX_COLUMNS {
        return Err(damaged("字段太多", "it has too many columns"));
    }
    let taken = |name: &str| found.iter().any(|(own, ..)| own.eq_ignore_ascii_case(name));
    let key = ["_rowid_", "rowid", "oid"].into_iter().find(|name| !taken(name));
    let key = key.ok_or_else(|| damaged("没有行号", "its rows have no number"))?;
    let outline = match outline {
        Some(outline) => {
            let own = found.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&outline.column));
            let (name, ..) = own.ok_or_else(|| damaged("没有几何字段", "its column of geometries is not there"))?;
            Some(Outline { column: name.clone(), ..outline })
        }
        None => None,
    };
    let mut columns = Vec::new();
    for (name, kind, key, hidden) in &found {
        let is_outline = outline.as_ref().is_some_and(|outline| outline.column == *name);
        // The number that every writer puts in front is the row's identifier, and no attribute.
        let is_number = *key == 1 && matches!(name.to_ascii_lowercase().as_str(), "fid" | "ogc_fid");
        if is_outline || is_number {
            continue;
        }
        let kind = kind.split('(').next().unwrap_or_default().trim();
        if kind == "BLOB" || *hidden == 2 || *hidden == 1 {
            remarks.on_layer(Fault::new(
                property(name),
                "column_ignored",
                Text::new(
                    format!("字段“{}”是二进制或计算字段，未采用。", shown(name)),
                    format!("The column `{}` holds bytes or is computed, and was not taken.", shown(name)),
                ),
            ));
            continue;
        }
        columns.push(Column { name: name.clone(), boolean: matches!(kind, "BOOLEAN" | "BOOL") });
    }
    Ok((columns, key, outline))
}

/// What the file says of a reference system.
fn reference_system(db: &Connection, srs_id: i64) -> Result<Declared> {
    let missing = |zh: String, en: String| Ok(Declared::Missing(Text::new(zh, en)));
    if srs_id == 0 || srs_id == -1 {
        return missing(
            format!("GeoPackage 的图层坐标系未定义（srs_id {srs_id}）"),
            format!("the layer's reference system is undefined (srs_id {srs_id})"),
        );
    }
    if find(db, "gpkg_spatial_ref_sys")?.is_none() {
        return missing("没有 gpkg_spatial_ref_sys 表".to_owned(), "there is no table gpkg_spatial_ref_sys".to_owned());
    }
    plain_table(db, "gpkg_spatial_ref_sys")?;
    let sql = "select organization, organization_coordsys_id, definition from gpkg_spatial_ref_sys where srs_id = ?1";
    let row = db
        .query_row(sql, [srs_id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()
        .map_err(|cause| broken(&cause))?;
    let Some((organization, code, definition)) = row else {
        return missing(
            format!("gpkg_spatial_ref_sys 中没有 srs_id {srs_id}"),
            format!("gpkg_spatial_ref_sys has no srs_id {srs_id}"),
        );
    };
    let definition = definition.filter(|text| !text.trim().is_empty() && text.trim() != "undefined");
    Ok(match definition {
        Some(text) if !organization.eq_ignore_ascii_case("EPSG") => Declared::WellKnown(text),
        definition => Declared::Code { name: format!("{organization}:{code}"), definition },
    })
}

fn geometry(value: ValueRef<'_>, srs_id: i64, row: u64, remarks: &mut Remarks) -> Result<Value, Fault> {
    let bytes = match value {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Blob(bytes) => bytes,
        _ => &[],
    };
    let blob = blob::read(bytes)?;
    if i64::from(blob.srs_id) != srs_id {
        return Err(Fault::new(
            "/geometry",
            "geometry_other_crs",
            Text::new(
                format!("该行几何的 srs_id 为 {}，图层为 {srs_id}。", blob.srs_id),
                format!("The geometry's srs_id is {}, the layer's {srs_id}.", blob.srs_id),
            ),
        ));
    }
    if blob.more_than_plane {
        remarks.on_row(
            row,
            "/geometry".to_owned(),
            "height_dropped",
            Text::fixed("高程（Z）和度量值（M）未采用。", "Heights (Z) and measures (M) were not taken."),
        );
    }
    Ok(blob.geometry)
}

fn cell(column: &Column, value: ValueRef<'_>) -> Result<Value, (&'static str, Text)> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number @ (0 | 1)) if column.boolean => Ok(Value::Bool(number == 1)),
        ValueRef::Integer(number) => Ok(Value::from(number)),
        ValueRef::Real(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or(("bad_number", Text::fixed("不是有限数。", "it is not a finite number."))),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| ("text_undecodable", Text::fixed("文字不是 UTF-8。", "the text is not UTF-8.")))?;
            if text.contains('\0') {
                return Err(("nul_character", Text::fixed("含空字符。", "it holds a NUL.")));
            }
            Ok(Value::String(text.to_owned()))
        }
        ValueRef::Blob(_) => Err((
            "value_not_text",
            Text::fixed("值是二进制内容，不能读取。", "the value is bytes, which are not read."),
        )),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn damaged(zh: &str, en: &str) -> Error {
    invalid(
        "bad_geopackage",
        Text::new(format!("GeoPackage 无法读取：{zh}。"), format!("The GeoPackage cannot be read: {en}.")),
    )
}

fn broken(cause: &rusqlite::Error) -> Error {
    let said = match cause {
        rusqlite::Error::SqliteFailure(code, message) => message.clone().unwrap_or_else(|| code.to_string()),
        other => other.to_string(),
    };
    damaged(&shown(&said), &shown(&said))
}
