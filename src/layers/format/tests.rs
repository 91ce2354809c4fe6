//! Every format is read back: GeoJSON and tables as text, FlatGeobuf by a reader written from its schemas, GeoParquet by the
//! reader of its crate, a GeoPackage by SQLite.

use super::*;
use crate::kernel::wkb::samples::{POSTGIS, Shape, dialects, ewkb, one_of_each, wkb};
use crate::kernel::wkb::text;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field as Cell, Row};
use chrono::DateTime;
use flatbuffers::{Table, Vector};
use serde_json::{Value, json};

/// A row with its values: text, integer, number, boolean, day, instant, identifier, restricted text.
struct Sample {
    id: Uuid,
    geometry: Option<Vec<u8>>,
    disclosed: bool,
    values: Vec<Option<Vec<u8>>>,
}

impl Values for Sample {
    fn value(&self, n: usize) -> Option<&[u8]> {
        self.values[n].as_deref()
    }
}

impl Sample {
    fn feature(&self) -> Feature<'_> {
        Feature { id: self.id, geometry: self.geometry.as_deref(), disclosed: self.disclosed, values: self }
    }
}

fn full(n: u8, shape: &Shape) -> Sample {
    let values = vec![
        Some("逗号,引号\"".into()),
        Some((-7_i64).to_be_bytes().to_vec()),
        Some(0.5_f64.to_be_bytes().to_vec()),
        Some(vec![1]),
        Some(9_821_i32.to_be_bytes().to_vec()),
        Some(1_500_250_i64.to_be_bytes().to_vec()),
        Some(vec![1; 16]),
        Some("secret".into()),
    ];
    Sample { id: Uuid::from_bytes([n; 16]), geometry: Some(ewkb(shape)), disclosed: true, values }
}

/// Nothing but an identifier; and what is there is hidden or no value.
fn bare(n: u8) -> Sample {
    let mut values = vec![None; 8];
    values[2] = Some(f64::NAN.to_be_bytes().to_vec());
    values[4] = Some(i32::MAX.to_be_bytes().to_vec());
    values[5] = Some(i64::MIN.to_be_bytes().to_vec());
    values[7] = Some("secret".into());
    Sample { id: Uuid::from_bytes([n; 16]), geometry: None, disclosed: false, values }
}

fn head(crs: &str) -> Head {
    let field = |name: &str, kind, public| {
        let title = Text::new(format!("{name}（题）"), format!("title of {name}"));
        Field { name: name.to_owned(), kind, public, title }
    };
    let crs = Crs::parse(crs).unwrap();
    Head {
        name: "units".to_owned(),
        title: Text::fixed("单元", "Units"),
        fields: vec![
            field("name", ColumnKind::Text, true),
            field("count", ColumnKind::Integer, true),
            field("area", ColumnKind::Number, true),
            field("yes", ColumnKind::Boolean, true),
            field("since", ColumnKind::Day, true),
            field("changed_at", ColumnKind::Instant, true),
            field("unit", ColumnKind::Uuid, true),
            field("note", ColumnKind::Text, false),
        ],
        geometry: true,
        kind: None,
        crs,
        wkt: None,
        decimals: crs.decimals(),
        bounds: Some([-12.5, -89.999, 180.0, 39.0]),
    }
}

fn write(form: Form, head: Head, rows: &[Sample]) -> Vec<u8> {
    let mut writer = form.writer(head).unwrap().unwrap();
    let mut out = Vec::new();
    writer.begin(&mut out).unwrap();
    for row in rows {
        writer.feature(&row.feature(), &mut out).unwrap();
    }
    writer.end(&mut out).unwrap();
    out
}

fn written(form: Form, head: Head, rows: &[Sample]) -> String {
    String::from_utf8(write(form, head, rows)).unwrap()
}

fn wkt(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    text::wkt(bytes, 15, &mut out, |place| place).unwrap();
    String::from_utf8(out).unwrap()
}

const POINT: Shape = Shape::Point([105.5, 38.25]);
const CGCS2000: &str = "http://www.opengis.net/def/crs/EPSG/0/4490";

#[test]
fn geojson_is_a_collection_or_a_sequence() {
    let feature = r#"{"type":"Feature","id":"01010101-0101-0101-0101-010101010101","geometry":{"type":"Point","coordinates":[105.5,38.25]},"properties":{"name":"逗号,引号\"","count":-7,"area":0.5,"yes":true,"since":"2026-11-21","changed_at":"2000-01-01T00:00:01.500250Z","unit":"01010101-0101-0101-0101-010101010101","note":"secret"}}"#;
    // What is hidden is left out, what is unknown is null.
    let empty = r#"{"type":"Feature","id":"02020202-0202-0202-0202-020202020202","geometry":null,"properties":{"name":null,"count":null,"area":null,"yes":null,"since":null,"changed_at":null,"unit":null}}"#;
    let rows = [full(1, &POINT), bare(2)];
    assert_eq!(written(Form::Sequence, head("CRS84"), &rows), format!("\x1e{feature}\n\x1e{empty}\n"));
    let collection = written(Form::GeoJson, head("CRS84"), &rows);
    assert_eq!(collection, format!("{{\"type\":\"FeatureCollection\",\"features\":[{feature},{empty}]}}"));
    let nothing: Value = serde_json::from_str(&written(Form::GeoJson, head("CRS84"), &[])).unwrap();
    assert_eq!(nothing, json!({"type": "FeatureCollection", "features": []}));
    let fieldless = Head { fields: Vec::new(), ..head("CRS84") };
    assert!(written(Form::Sequence, fieldless, &rows).ends_with("\"properties\":{}}\n"));
}

#[test]
fn text_has_the_axes_of_the_register_and_files_have_east_first() {
    let rows = [full(1, &POINT)];
    let order = |form, crs: &str| {
        let text = written(form, head(crs), &rows);
        let at = |n: &str| text.find(n).unwrap();
        if at("105.5") < at("38.25") { Order::Xy } else { Order::Yx }
    };
    for form in [Form::Sequence, Form::GeoJson, Form::Csv] {
        assert_eq!((order(form, "CRS84"), order(form, CGCS2000)), (Order::Xy, Order::Yx));
    }
    for crs in ["CRS84", CGCS2000] {
        let [_, feature] = &buffers(&write(Form::FlatGeobuf, head(crs), &rows))[..] else { panic!() };
        assert_eq!(read_feature(feature).0, Some(POINT));
    }
}

#[test]
fn a_chart_shifts_a_feature_as_a_whole_or_not_at_all() {
    let inside = [116.391_2, 39.907_2];
    // From Beijing to Tokyo, and the other way round.
    let [there, back] = [[inside, [139.7, 35.7]], [[139.7, 35.7], inside]].map(|line| Shape::Line(line.to_vec()));
    let rows = [full(1, &there), full(2, &back)];
    let gcj = "urn:jingtu:crs:gcj-02";
    let shifted = Shape::Line([inside, [139.7, 35.7]].map(|place| Chart::Gcj02.shift(place)).to_vec());
    let stream = buffers(&write(Form::FlatGeobuf, head(gcj), &rows));
    assert_eq!(read_feature(&stream[1]).0, Some(shifted.clone()));
    assert_eq!(read_feature(&stream[2]).0, Some(back));
    // A chart is in no register, and has no bounds that are told beforehand.
    let header = read_header(&stream[0]);
    assert_eq!((header["org"].clone(), header["crs"].clone()), (Value::Null, json!(gcj)));
    assert_eq!((header["envelope"].clone(), header["wkt"].clone()), (Value::Null, Value::Null));
    let table = written(Form::Csv, head(gcj), &rows);
    let mut expected = Vec::new();
    text::wkt(&ewkb(&shifted), 7, &mut expected, |place| place).unwrap();
    assert!(
        table.contains(&String::from_utf8(expected).unwrap()) && table.contains("LINESTRING(139.7 35.7,"),
        "{table}"
    );
    let (geo, places) = read_places(write(Form::Parquet, head(gcj), &rows));
    assert_eq!(geo["columns"]["geometry"].get("crs"), Some(&Value::Null));
    assert_eq!(places[0].as_deref().map(wkt), Some(wkt(&ewkb(&shifted))));
}

#[test]
fn a_table_tells_nothing_from_empty_text() {
    let mut empty = bare(3);
    empty.values[0] = Some(Vec::new());
    let rows = [full(1, &POINT), bare(2), empty];
    let id = |n: u8| Uuid::from_bytes([n; 16]);
    let expected = format!(
        "id,name,count,area,yes,since,changed_at,unit,note,geometry\r\n\
        {},\"逗号,引号\"\"\",-7,0.5,true,2026-11-21,2000-01-01T00:00:01.500250Z,{},secret,\"POINT(105.5 38.25)\"\r\n\
        {},,,,,,,,,\r\n{},\"\",,,,,,,,\r\n",
        id(1),
        id(1),
        id(2),
        id(3)
    );
    assert_eq!(written(Form::Csv, head("CRS84"), &rows), expected);
    let lines = Head { geometry: false, ..head("CRS84") };
    let mut broken = full(1, &POINT);
    broken.values[0] = Some("a\nb\rc".into());
    let table = written(Form::Csv, lines, &[broken]);
    assert!(table.starts_with("id,name,count,area,yes,since,changed_at,unit,note\r\n"));
    assert!(table.contains(",\"a\nb\rc\",-7,") && table.ends_with(",secret\r\n"));
}

#[test]
fn names_stand_beside_those_of_the_format() {
    let field = |name: &str| Field {
        name: name.to_owned(),
        kind: ColumnKind::Text,
        public: true,
        title: Text::fixed("题", "title"),
    };
    let fields = ["id", "ID_", "Name", "name", "bbox"].map(field).to_vec();
    let names = Head { fields, ..head("CRS84") }.names(&["id", "bbox"]);
    assert_eq!(names, ["id_", "ID__", "Name", "name_", "bbox_"]);
}

#[test]
fn a_bad_geometry_is_none_and_the_next_one_is_there() {
    let good = full(2, &POINT);
    let nan = full(3, &Shape::Line(vec![[1.0, 2.0], [f64::INFINITY, 2.0]]));
    let mut part = ewkb(&Shape::Multi(6, vec![Shape::Polygon(vec![vec![[0.0, 0.0]; 4]]), Shape::Polygon(vec![])]));
    part.truncate(part.len() - 1);
    let rows = [Sample { geometry: Some(part), ..full(1, &POINT) }, nan, good];
    for form in [Form::Sequence, Form::GeoJson] {
        let text = written(form, head("CRS84"), &rows);
        assert_eq!((text.matches("\"geometry\":null").count(), text.matches("\"Point\"").count()), (2, 1));
    }
    let table = written(Form::Csv, head("CRS84"), &rows);
    assert_eq!((table.matches("secret,\r\n").count(), table.matches("POINT(105.5 38.25)").count()), (2, 1));
    let stream = buffers(&write(Form::FlatGeobuf, head("CRS84"), &rows));
    let places: Vec<_> = stream[1..].iter().map(|buffer| read_feature(buffer).0).collect();
    assert_eq!(places, [NOTHING, NOTHING, Some(POINT)]);
    let (_, places) = read_places(write(Form::Parquet, head("CRS84"), &rows));
    assert_eq!(places.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    let (_dir, db) = package(head("CRS84"), &rows);
    assert_eq!(count(&db, "select count(*) from units where geom is null"), 2);
    assert_eq!(count(&db, "select count(*) from rtree_units_geom"), 1);
}

#[test]
fn well_known_binary_is_the_plainest() {
    for shape in one_of_each() {
        for dialect in dialects() {
            let mut out = b"kept".to_vec();
            let (kind, extent) = binary::push(&wkb(&shape, dialect), Axes::east_first(Crs::Crs84), &mut out).unwrap();
            let plain = wkb(&shape, crate::kernel::wkb::samples::PLAIN);
            assert_eq!(out[4..], plain, "{shape:?}");
            assert_eq!(plain[1], kind as u8);
            assert_eq!(extent.is_empty(), without_nothing(&shape).is_none(), "{shape:?}");
        }
    }
    let swapped = Axes::registered(Crs::parse(CGCS2000).unwrap());
    let mut out = Vec::new();
    let (_, extent) = binary::push(&wkb(&one_of_each()[1], POSTGIS), swapped, &mut out).unwrap();
    assert_eq!(extent.parts(), [-89.999, -12.5, 7.123_456_78, 179.999_999_96]);
}

// ---------------------------------------------------------------------------------------------------------------------
// FlatGeobuf.

/// The buffers of a stream, header first.
fn buffers(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = bytes.strip_prefix(b"fgb\x03fgb\x00").unwrap();
    let mut all = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (buffer, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        all.push(buffer.to_vec());
        rest = after;
    }
    assert!(rest.is_empty());
    all
}

#[expect(unsafe_code, reason = "the reader of tables is told to trust what the test has just written")]
fn root(buffer: &[u8]) -> Table<'_> {
    let at = u32::from_le_bytes(*buffer.first_chunk().unwrap()) as usize;
    // SAFETY: the buffer was written as a table by the builder.
    unsafe { Table::new(buffer, at) }
}

#[expect(unsafe_code, reason = "the reader of tables is told to trust what the test has just written")]
fn slot<'a, T: flatbuffers::Follow<'a> + 'a>(table: &Table<'a>, n: u16) -> Option<T::Inner> {
    // SAFETY: the callers name slots by the types of the format's schemas.
    unsafe { table.get::<T>(4 + 2 * n, None) }
}

type Offset<T> = flatbuffers::ForwardsUOffset<T>;

fn text_at(table: &Table<'_>, n: u16) -> Value {
    slot::<Offset<&str>>(table, n).map_or(Value::Null, |text| json!(text))
}

fn tables<'a>(table: &Table<'a>, n: u16) -> Vec<Table<'a>> {
    let vector = slot::<Offset<Vector<'a, Offset<Table<'a>>>>>(table, n);
    vector.map_or(Vec::new(), |vector| vector.iter().collect())
}

fn read_header(buffer: &[u8]) -> Value {
    let header = root(buffer);
    let columns: Vec<Value> = tables(&header, 7)
        .iter()
        .map(|column| json!([text_at(column, 0), slot::<u8>(column, 1), text_at(column, 2)]))
        .collect();
    let crs = slot::<Offset<Table<'_>>>(&header, 10);
    let of_crs = |n| crs.map_or(Value::Null, |crs| text_at(&crs, n));
    let envelope = slot::<Offset<Vector<'_, f64>>>(&header, 1).map(|all| all.iter().collect::<Vec<_>>());
    json!({
        "name": text_at(&header, 0),
        "envelope": envelope,
        "type": slot::<u8>(&header, 2).unwrap_or(0),
        "columns": columns,
        "count": slot::<u64>(&header, 8).unwrap_or(0),
        "node_size": slot::<u16>(&header, 9).unwrap_or(16),
        "org": of_crs(0),
        "code": crs.and_then(|crs| slot::<i32>(&crs, 1)),
        "crs": of_crs(2),
        "wkt": of_crs(4),
        "title": text_at(&header, 11),
    })
}

/// The geometry of a feature, and its properties by the number of the column.
fn read_feature(buffer: &[u8]) -> (Option<Shape>, Vec<(u16, Vec<u8>)>) {
    let feature = root(buffer);
    let geometry = slot::<Offset<Table<'_>>>(&feature, 0).map(|geometry| read_geometry(&geometry));
    let bytes: Vec<u8> = slot::<Offset<Vector<'_, u8>>>(&feature, 1).unwrap().iter().collect();
    let (mut rest, mut values) = (bytes.as_slice(), Vec::new());
    while let Some((n, after)) = rest.split_first_chunk::<2>() {
        let n = u16::from_le_bytes(*n);
        // As the columns are of `head`, behind the identifier.
        let (length, after) = match n {
            2 | 3 => (8, after),
            4 => (1, after),
            _ => {
                let (length, after) = after.split_first_chunk::<4>().unwrap();
                (u32::from_le_bytes(*length) as usize, after)
            }
        };
        let (value, after) = after.split_at(length);
        values.push((n, value.to_vec()));
        rest = after;
    }
    (geometry, values)
}

fn read_geometry(geometry: &Table<'_>) -> Shape {
    let xy: Vec<f64> = slot::<Offset<Vector<'_, f64>>>(geometry, 1).map_or(Vec::new(), |xy| xy.iter().collect());
    let places: Vec<[f64; 2]> = xy.as_chunks::<2>().0.to_vec();
    let ends = slot::<Offset<Vector<'_, u32>>>(geometry, 0);
    let ends = ends.map_or(vec![places.len()], |ends| ends.iter().map(|end| end as usize).collect());
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let runs: Vec<Vec<[f64; 2]>> = starts.zip(&ends).map(|(start, end)| places[start..*end].to_vec()).collect();
    let parts = || tables(geometry, 7).iter().map(read_geometry).collect();
    match slot::<u8>(geometry, 6).unwrap_or(0) {
        1 => Shape::Point(places[0]),
        2 => Shape::Line(places),
        3 => Shape::Polygon(runs),
        4 => Shape::Multi(4, places.into_iter().map(Shape::Point).collect()),
        5 => Shape::Multi(5, runs.into_iter().map(Shape::Line).collect()),
        6 => Shape::Multi(6, parts()),
        7 => Shape::Collection(parts()),
        other => panic!("geometry of type {other}"),
    }
}

/// What stands where there is no geometry.
const NOTHING: Option<Shape> = Some(Shape::Collection(Vec::new()));

/// A shape without what has no position; `None` when nothing is left.
fn without_nothing(shape: &Shape) -> Option<Shape> {
    let parts = |parts: &[Shape]| parts.iter().filter_map(without_nothing).collect::<Vec<_>>();
    let left = match shape {
        Shape::NoPoint => return None,
        Shape::Point(_) => shape.clone(),
        Shape::Line(places) => Some(shape.clone()).filter(|_| !places.is_empty())?,
        Shape::Polygon(rings) => Some(shape.clone()).filter(|_| rings.iter().any(|ring| !ring.is_empty()))?,
        Shape::Multi(kind, all) => Shape::Multi(*kind, Some(parts(all)).filter(|all| !all.is_empty())?),
        Shape::Collection(all) => Shape::Collection(Some(parts(all)).filter(|all| !all.is_empty())?),
    };
    Some(left)
}

#[test]
fn flatgeobuf_has_every_geometry() {
    let shapes: Vec<Shape> =
        one_of_each().into_iter().chain([Shape::Collection(vec![Shape::NoPoint, POINT])]).collect();
    let mut rows: Vec<Sample> = (1..).zip(&shapes).map(|(n, shape)| full(n, shape)).collect();
    let stream = buffers(&write(Form::FlatGeobuf, head("CRS84"), &rows));
    assert_eq!(stream.len(), shapes.len() + 1);
    for (buffer, shape) in stream[1..].iter().zip(&shapes) {
        assert_eq!(read_feature(buffer).0, without_nothing(shape).or(NOTHING));
    }
    // Readers that take ordinates in place want each at a multiple of eight, wherever texts end.
    for n in 0..9 {
        rows.push(bare(50 + n));
        rows[0].values[0] = Some("n".repeat(n.into()).into_bytes());
        let named = Head { name: "n".repeat(n.into()), ..head("CRS84") };
        let stream = buffers(&write(Form::FlatGeobuf, named, &rows));
        assert!(stream.iter().all(|buffer| (buffer.len() + 4).is_multiple_of(8)));
        assert_eq!(read_feature(stream.last().unwrap()).0, NOTHING);
    }
}

#[test]
fn flatgeobuf_says_what_its_columns_are() {
    let rows = [full(1, &POINT), bare(2)];
    let stream = buffers(&write(Form::FlatGeobuf, head("CRS84"), &rows));
    let header = read_header(&stream[0]);
    let columns: Vec<(String, u64)> = header["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column[0].as_str().unwrap().to_owned(), column[1].as_u64().unwrap()))
        .collect();
    let expected = [
        ("id", 11),
        ("name", 11),
        ("count", 7),
        ("area", 10),
        ("yes", 2),
        ("since", 11),
        ("changed_at", 13),
        ("unit", 11),
        ("note", 11),
    ];
    assert_eq!(columns, expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(header["columns"][1][2], "name（题） / title of name");
    assert_eq!(header["envelope"], json!([-12.5, -89.999, 180.0, 39.0]));
    assert_eq!((&header["count"], &header["node_size"], &header["type"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!((&header["org"], &header["code"]), (&json!("EPSG"), &json!(4326)));
    assert_eq!((&header["name"], &header["title"]), (&json!("units"), &json!("单元 / Units")));
    let id = |n: u8| Uuid::from_bytes([n; 16]).to_string().into_bytes();
    let values = vec![
        (0, id(1)),
        (1, "逗号,引号\"".as_bytes().to_vec()),
        (2, (-7_i64).to_le_bytes().to_vec()),
        (3, 0.5_f64.to_le_bytes().to_vec()),
        (4, vec![1]),
        (5, b"2026-11-21".to_vec()),
        (6, b"2000-01-01T00:00:01.500250Z".to_vec()),
        (7, id(1)),
        (8, b"secret".to_vec()),
    ];
    assert_eq!(read_feature(&stream[1]), (Some(POINT), values));
    assert_eq!(read_feature(&stream[2]), (NOTHING, vec![(0, id(2))]));
    let zone = Head { kind: Some(Kind::Polygon), wkt: Some("PROJCS".into()), ..head(Crs::EXAMPLE) };
    let header = read_header(&buffers(&write(Form::FlatGeobuf, zone, &[]))[0]);
    // Bounds are those of what is stored.
    assert_eq!((&header["code"], &header["wkt"], &header["type"]), (&json!(4527), &json!("PROJCS"), &json!(3)));
    assert_eq!(header["envelope"], Value::Null);
    let plain = Head { geometry: false, ..head("CRS84") };
    let stream = buffers(&write(Form::FlatGeobuf, plain, &rows));
    assert_eq!((&read_header(&stream[0])["org"], read_feature(&stream[1]).0), (&Value::Null, None));
}

// ---------------------------------------------------------------------------------------------------------------------
// GeoParquet.

fn read_rows(bytes: Vec<u8>) -> (Value, SerializedFileReader<bytes::Bytes>) {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let geo = pairs.iter().find(|pair| pair.key == "geo").and_then(|pair| pair.value.clone());
    (geo.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()), reader)
}

fn cells(row: &Row) -> Vec<(String, Cell)> {
    row.get_column_iter().map(|(name, cell)| (name.clone(), cell.clone())).collect()
}

/// The file's own words, and the geometry of each row.
fn read_places(bytes: Vec<u8>) -> (Value, Vec<Option<Vec<u8>>>) {
    let (geo, reader) = read_rows(bytes);
    let place = |row: &Row| match &cells(row).iter().find(|(name, _)| name == "geometry").unwrap().1 {
        Cell::Bytes(bytes) => Some(bytes.data().to_vec()),
        _ => None,
    };
    let rows = reader.get_row_iter(None).unwrap().map(|row| place(&row.unwrap())).collect();
    (geo, rows)
}

#[test]
fn geoparquet_has_every_value() {
    let rows = [full(1, &one_of_each()[1]), bare(2)];
    let (geo, reader) = read_rows(write(Form::Parquet, head("CRS84"), &rows));
    let line = wkb(&one_of_each()[1], crate::kernel::wkb::samples::PLAIN);
    let rows: Vec<Row> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let text = |text: &str| Cell::Str(text.to_owned());
    let id = |n: u8| Uuid::from_bytes([n; 16]).to_string();
    let first = cells(&rows[0]);
    let expected = [
        ("id", text(&id(1))),
        ("name", text("逗号,引号\"")),
        ("count", Cell::Long(-7)),
        ("area", Cell::Double(0.5)),
        ("yes", Cell::Bool(true)),
        ("since", Cell::Date(20_778)),
        ("changed_at", Cell::TimestampMicros(946_684_801_500_250)),
        ("unit", text(&id(1))),
        ("note", text("secret")),
        ("geometry", Cell::Bytes(line.into())),
    ];
    assert_eq!(first[..10], expected.map(|(name, cell)| (name.to_owned(), cell)));
    let (name, Cell::Group(bbox)) = &first[10] else { panic!("{first:?}") };
    let bounds = [("xmin", -12.5), ("ymin", -89.999), ("xmax", 179.999_999_96), ("ymax", 7.123_456_78)];
    assert_eq!(name, "bbox");
    assert_eq!(cells(bbox), bounds.map(|(side, n)| (side.to_owned(), Cell::Double(n))));
    let second = cells(&rows[1]);
    assert_eq!(second[0].1, text(&id(2)));
    assert!(second[1..10].iter().all(|(_, cell)| *cell == Cell::Null), "{second:?}");
    let column = &geo["columns"]["geometry"];
    assert_eq!((&geo["version"], &geo["primary_column"]), (&json!("1.1.0"), &json!("geometry")));
    assert_eq!((&column["encoding"], &column["geometry_types"]), (&json!("WKB"), &json!(["LineString"])));
    assert_eq!(column["bbox"], json!([-12.5, -89.999, 179.999_999_96, 7.123_456_78]));
    assert_eq!(column["covering"]["bbox"]["ymax"], json!(["bbox", "ymax"]));
    // CRS84 is what holds when nothing is said.
    assert_eq!(column.get("crs"), None);
}

#[test]
fn geoparquet_has_every_geometry_and_says_its_system() {
    let shapes = one_of_each();
    let rows: Vec<Sample> = (1..).zip(&shapes).map(|(n, shape)| full(n, shape)).collect();
    let (geo, places) = read_places(write(Form::Parquet, head(CGCS2000), &rows));
    for (place, shape) in places.iter().zip(&shapes) {
        assert_eq!(place.as_deref().map(wkt), Some(wkt(&ewkb(shape))));
    }
    let column = &geo["columns"]["geometry"];
    let kinds = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"];
    let kinds: Vec<&str> = kinds.into_iter().chain(["GeometryCollection"]).collect();
    assert_eq!(column["geometry_types"], json!(kinds));
    assert_eq!(column["crs"]["id"], json!({"authority": "EPSG", "code": 4490}));
    let crs = |code: u32| {
        let crs = format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
        read_places(write(Form::Parquet, head(&crs), &[])).0["columns"]["geometry"]["crs"].clone()
    };
    let zone = crs(4527);
    assert_eq!(zone["name"], "CGCS2000 / 3-degree Gauss-Kruger zone 39");
    assert_eq!((&zone["conversion"]["parameters"][1]["value"]), &json!(117));
    assert_eq!((&zone["conversion"]["parameters"][3]["value"]), &json!(39_500_000));
    for (code, name) in [
        (4491, "CGCS2000 / Gauss-Kruger zone 13"),
        (4512, "CGCS2000 / Gauss-Kruger CM 135E"),
        (4533, "CGCS2000 / 3-degree Gauss-Kruger zone 45"),
        (4534, "CGCS2000 / 3-degree Gauss-Kruger CM 75E"),
        (32750, "WGS 84 / UTM zone 50S"),
        (3857, "WGS 84 / Pseudo-Mercator"),
    ] {
        assert_eq!(crs(code)["name"], name);
    }
    // There is nothing to say of what only its code is known of.
    assert_eq!(crs(2193), Value::Null);
    let plain = Head { geometry: false, ..head("CRS84") };
    let (geo, reader) = read_rows(write(Form::Parquet, plain, &rows));
    assert_eq!((geo, reader.metadata().file_metadata().schema_descr().num_columns()), (Value::Null, 9));
}

#[test]
fn geoparquet_leaves_in_groups_and_keeps_no_more() {
    let mut writer = parquet::GeoParquet::new(head("CRS84")).unwrap();
    let ring: Vec<[f64; 2]> = (0..200).map(|n| [f64::from(n) * 1e-5 + 105.0, f64::from(n * n % 97) * 1e-5]).collect();
    let shape = Shape::Polygon(vec![ring]);
    let (mut out, mut left, mut most) = (Vec::new(), Vec::new(), 0);
    writer.begin(&mut out).unwrap();
    for n in 0..2_500_u32 {
        let row = Sample { id: Uuid::from_u128(n.into()), ..full(1, &shape) };
        writer.feature(&row.feature(), &mut out).unwrap();
        most = most.max(out.len());
        left.append(&mut out);
    }
    writer.end(&mut out).unwrap();
    left.append(&mut out);
    let (_, reader) = read_rows(left);
    let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups.iter().sum::<i64>(), 2_500);
    assert!(groups.len() > 2 && most < 3 << 20, "{groups:?} {most}");
    let ids: Vec<Cell> = reader.get_row_iter(None).unwrap().map(|row| cells(&row.unwrap())[0].1.clone()).collect();
    let expected: Vec<Cell> = (0..2_500_u32).map(|n| Cell::Str(Uuid::from_u128(n.into()).to_string())).collect();
    assert_eq!(ids, expected);
}

// ---------------------------------------------------------------------------------------------------------------------
// GeoPackage.

fn package(head: Head, rows: &[Sample]) -> (tempfile::TempDir, rusqlite::Connection) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("units.gpkg");
    let at = DateTime::from_timestamp(1_763_769_600, 0).unwrap();
    let mut package = gpkg::GeoPackage::begin(&path, head, at).unwrap();
    for row in rows {
        package.feature(&row.feature()).unwrap();
    }
    package.end().unwrap();
    (dir, rusqlite::Connection::open(path).unwrap())
}

fn count(db: &rusqlite::Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_geopackage_has_every_value_and_geometry() {
    let shapes = one_of_each();
    let mut rows: Vec<Sample> = (1..).zip(&shapes).map(|(n, shape)| full(n, shape)).collect();
    rows.push(bare(99));
    let (_dir, db) = package(head(CGCS2000), &rows);
    let mut select = db.prepare("select geom from units order by fid").unwrap();
    let blobs: Vec<Option<Vec<u8>>> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(blobs.len(), shapes.len() + 1);
    assert_eq!(blobs.last(), Some(&None));
    for (blob, shape) in blobs.iter().flatten().zip(&shapes) {
        let empty = without_nothing(shape).is_none();
        assert_eq!((&blob[..3], blob[3] >> 4 & 1 == 1), (&b"GP\0"[..], empty), "{shape:?}");
        assert_eq!(blob[4..8], 4490_i32.to_le_bytes());
        let from = if blob[3] >> 1 & 7 == 1 { 40 } else { 8 };
        assert_eq!(wkt(&blob[from..]), wkt(&ewkb(shape)));
    }
    let text = |sql: &str| db.query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap();
    let first = "select name || '|' || count || '|' || area || '|' || yes || '|' || since || '|' || changed_at || '|' || unit \
        || '|' || note from units where fid = 1";
    let unit = Uuid::from_bytes([1; 16]);
    let expected = format!("逗号,引号\"|-7|0.5|1|2026-11-21|2000-01-01T00:00:01.500Z|{unit}|secret");
    assert_eq!(text(first), Some(expected));
    let nulls = "select count(*) from units where id like '6363%' and coalesce(name, count, area, yes, since, changed_at, \
        unit, note, geom) is null";
    assert_eq!(count(&db, nulls), 1);
    assert_eq!(text("select last_change from gpkg_contents").as_deref(), Some("2025-11-22T00:00:00.000Z"));
    assert_eq!(
        text("select title from gpkg_data_columns where column_name = 'note'").as_deref(),
        Some("note（题） / title of note")
    );
    assert_eq!(count(&db, "select srs_id from gpkg_geometry_columns"), 4490);
    assert_eq!(text("select group_concat(parent) from pragma_foreign_key_check"), None);
    assert_eq!(text("pragma integrity_check").as_deref(), Some("ok"));
    assert_eq!((count(&db, "pragma application_id"), count(&db, "pragma user_version")), (0x4750_4b47, 10_300));
}

#[test]
fn the_index_of_a_geopackage_finds_what_is_there() {
    let place = |n: u32| [f64::from(n % 50) - 20.0, f64::from(n / 50) - 10.0];
    let rows: Vec<Sample> =
        (0..1_000).map(|n| Sample { id: Uuid::from_u128(n.into()), ..full(1, &Shape::Point(place(n))) }).collect();
    let (_dir, db) = package(Head { kind: Some(Kind::Point), ..head("CRS84") }, &rows);
    let found =
        "select count(*) from rtree_units_geom where maxx >= -0.5 and minx <= 3.5 and maxy >= 0.5 and miny <= 2.5";
    assert_eq!(count(&db, found), 8);
    assert_eq!(count(&db, "select count(*) from rtree_units_geom"), 1_000);
    assert_eq!(count(&db, "select rtreecheck('rtree_units_geom') = 'ok'"), 1);
    assert_eq!(
        count(&db, "select count(*) from sqlite_master where type = 'trigger' and name like 'rtree_units_geom_%'"),
        6
    );
    let bounds: (f64, f64, f64, f64) =
        db.query_row("select min_x, min_y, max_x, max_y from gpkg_contents", [], |row| row.try_into()).unwrap();
    assert_eq!(bounds, (-20.0, -10.0, 29.0, 9.0));
}

#[test]
fn odd_names_are_names_in_a_geopackage() {
    let odd = Head { name: "gpkg_\"TABLE_ INDEX_".to_owned(), ..head("urn:jingtu:crs:bd-09") };
    let (_dir, db) = package(odd, &[full(1, &POINT)]);
    assert_eq!(count(&db, "select count(*) from \"layer_gpkg_\"\"TABLE_ INDEX_\""), 1);
    assert_eq!(count(&db, "select count(*) from \"rtree_layer_gpkg_\"\"TABLE_ INDEX__geom\""), 1);
    assert_eq!(count(&db, "select srs_id from gpkg_contents"), 0);
    let plain = Head { geometry: false, ..head("CRS84") };
    let (_dir, db) = package(plain, &[full(1, &POINT), bare(2)]);
    assert_eq!(count(&db, "select count(*) from gpkg_contents where data_type = 'attributes'"), 1);
    assert_eq!(count(&db, "select count(*) from units"), 2);
}
