//! Zipped Shapefiles and GeoPackages: the same rows as the same content in GeoJSON, in every reference system and encoding;
//! and files that are broken, odd or crafted, of which none makes the server fall over, wait, or read what is not there.

use crate::support::{World, expect};
use jingtu::across::imports::reader::{Form, Outline, Row, Source};
use jingtu::across::imports::{self, Crs, Mode, OnError, Options};
use jingtu::kernel::{Error, Result};
use jingtu::platform::Role;
use jingtu::platform::geofile::{Declared, Pick};
use proptest::prelude::*;
use reqwest::multipart::{Form as Multipart, Part};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

// ---------------------------------------------------------------------------------------------------------------------
// Files made here.

/// A zip archive.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    zip_with(files, zip::CompressionMethod::Deflated)
}

fn zip_with<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>, method: zip::CompressionMethod) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        out.start_file(name, zip::write::SimpleFileOptions::default().compression_method(method)).expect("an entry");
        out.write_all(&content).expect("written");
    }
    out.finish().expect("an archive").into_inner()
}

/// What belongs to one Shapefile.
#[derive(Clone)]
struct Parts {
    shp: Vec<u8>,
    shx: Vec<u8>,
    dbf: Vec<u8>,
    more: Vec<(&'static str, Vec<u8>)>,
}

impl Parts {
    fn zip(&self) -> Vec<u8> {
        self.zip_as("plan", zip::CompressionMethod::Deflated)
    }

    fn zip_as(&self, stem: &str, method: zip::CompressionMethod) -> Vec<u8> {
        let names: Vec<String> = ["shp", "shx", "dbf"]
            .into_iter()
            .chain(self.more.iter().map(|(ending, _)| *ending))
            .map(|ending| format!("{stem}.{ending}"))
            .collect();
        let contents =
            [&self.shp, &self.shx, &self.dbf].into_iter().chain(self.more.iter().map(|(_, content)| content));
        zip_with(names.iter().map(String::as_str).zip(contents.cloned()), method)
    }
}

const LON_LAT: &str = r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

/// A number as these files write it.
fn int(n: usize) -> i32 {
    i32::try_from(n).expect("small")
}

/// Rings as a record of a polygon.
fn polygon(rings: &[&[[f64; 2]]]) -> Vec<u8> {
    let points: Vec<[f64; 2]> = rings.concat();
    let mut out = 5_i32.to_le_bytes().to_vec();
    out.extend([0; 32]);
    out.extend(int(rings.len()).to_le_bytes());
    out.extend(int(points.len()).to_le_bytes());
    let mut begins = 0_i32;
    for ring in rings {
        out.extend(begins.to_le_bytes());
        begins += int(ring.len());
    }
    points.iter().flatten().for_each(|ordinate| out.extend(ordinate.to_le_bytes()));
    out
}

/// A clockwise square, as outlines run.
fn ring(lon: f64, lat: f64, side: f64) -> Vec<[f64; 2]> {
    vec![[lon, lat], [lon, lat + side], [lon + side, lat + side], [lon + side, lat], [lon, lat]]
}

fn head(words: usize) -> Vec<u8> {
    let mut out = 9994_i32.to_be_bytes().to_vec();
    out.extend([0; 20]);
    out.extend(int(words).to_be_bytes());
    out.extend(1000_i32.to_le_bytes());
    out.extend(5_i32.to_le_bytes());
    out.resize(100, 0);
    out
}

fn shapes(records: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let words = 50 + records.iter().map(|record| 4 + record.len() / 2).sum::<usize>();
    let (mut shp, mut shx) = (head(words), head(50 + records.len() * 4));
    for (n, record) in (1_i32..).zip(records) {
        shx.extend(int(shp.len() / 2).to_be_bytes());
        shx.extend(int(record.len() / 2).to_be_bytes());
        shp.extend(n.to_be_bytes());
        shp.extend(int(record.len() / 2).to_be_bytes());
        shp.extend(record);
    }
    (shp, shx)
}

/// A table: columns as (name, type, width), rows of cells, the language byte.
fn table(columns: &[(&[u8], u8, u8)], rows: &[&[&[u8]]], language: u8) -> Vec<u8> {
    let length: usize = 1 + columns.iter().map(|(_, _, width)| usize::from(*width)).sum::<usize>();
    let mut out = vec![3, 126, 11, 22];
    out.extend(int(rows.len()).to_le_bytes());
    out.extend(u16::try_from(33 + 32 * columns.len()).expect("small").to_le_bytes());
    out.extend(u16::try_from(length).expect("small").to_le_bytes());
    out.resize(32, 0);
    out[29] = language;
    for (name, kind, width) in columns {
        let mut one = name.to_vec();
        one.resize(11, 0);
        one.push(*kind);
        one.resize(16, 0);
        one.push(*width);
        one.resize(32, 0);
        out.extend(one);
    }
    out.push(0x0d);
    for row in rows {
        out.push(b' ');
        for ((_, _, width), cell) in columns.iter().zip(*row) {
            let mut cell = cell.to_vec();
            cell.resize(usize::from(*width), b' ');
            out.extend(cell);
        }
    }
    out
}

/// Rows with one square each.
fn parts(columns: &[(&[u8], u8, u8)], rows: &[&[&[u8]]], language: u8) -> Parts {
    let records: Vec<Vec<u8>> =
        (0..rows.len()).map(|n| polygon(&[&ring(105.6 + n as f64 * 0.01, 38.8, 0.001)])).collect();
    let (shp, shx) = shapes(&records);
    Parts { shp, shx, dbf: table(columns, rows, language), more: vec![("prj", LON_LAT.into())] }
}

fn plain() -> Parts {
    parts(&[(b"code", b'C', 8)], &[&[b"A"], &[b"B"], &[b"C"]], 0)
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading.

fn source(content: Vec<u8>) -> Source {
    Source::Bytes { name: "plan".to_owned(), content: content.into() }
}

fn read_with(content: Vec<u8>, pick: Pick<'_>) -> Result<(Outline, Vec<Row>)> {
    let source = source(content);
    let outline = source.outline_of(true, pick)?;
    let mut rows = Vec::new();
    source.rows_of(outline.form, pick, &mut |row| {
        rows.push(row);
        true
    })?;
    assert_eq!(outline.features, rows.len() as u64);
    Ok((outline, rows))
}

fn read(content: Vec<u8>) -> Result<(Outline, Vec<Row>)> {
    read_with(content, Pick::default())
}

fn refused(content: Vec<u8>) -> (&'static str, String) {
    let error = read(content).expect_err("refused");
    told(&error);
    (error.code(), error.detail().en.to_string())
}

fn told(error: &Error) {
    assert!(!error.detail().zh.is_ascii() && error.detail().zh != error.detail().en, "{error}");
    assert_ne!(error.code(), "internal", "{error}");
}

fn attributes(rows: &[Row]) -> Vec<Value> {
    let one = |row: &Row| match row {
        Row::Feature { feature, .. } => Value::Object(feature.properties.clone()),
        Row::Broken { faults, .. } => {
            json!(faults.iter().map(|fault| [&fault.pointer, fault.code]).collect::<Vec<_>>())
        }
    };
    rows.iter().map(one).collect()
}

fn geometries(rows: &[Row]) -> Vec<&Value> {
    fn one(row: &Row) -> &Value {
        match row {
            Row::Feature { feature, .. } => &feature.geometry,
            Row::Broken { faults, .. } => panic!("{faults:?}"),
        }
    }
    rows.iter().map(one).collect()
}

fn notes(outline: &Outline) -> Vec<&'static str> {
    outline.notes.iter().map(|note| note.code).collect()
}

fn encode(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

#[test]
fn attributes_have_the_types_that_the_table_gives_them() {
    let columns: &[(&[u8], u8, u8)] = &[
        (b"code", b'C', 8),
        (b"n", b'N', 10),
        (b"x", b'F', 20),
        (b"yes", b'L', 1),
        (b"day", b'D', 8),
        (b"memo", b'M', 10),
    ];
    let rows: &[&[&[u8]]] = &[
        &[b"A  ", b"        42", b"0.30000000000", b"T", b"20260105", b"1"],
        &[b"", b"**********", b"1.5e3", b"?", b"00000000", b""],
        &[b"zero\0xx", b"-7", b"        ", b"n", b"", b""],
        &[b"B", b"4,5", b"abc", b"F", b"20261305", b""],
        &[b"C", b"", b"12345678901234567890", b"F", b"", b""],
    ];
    let (outline, read) = read(parts(columns, rows, 0).zip()).expect("read");
    assert_eq!((outline.form, outline.features, notes(&outline)), (Form::Shapefile, 5, vec!["column_ignored"]));
    assert_eq!(
        attributes(&read),
        [
            json!({"code": "A", "n": 42, "x": 0.3, "yes": true, "day": "2026-01-05"}),
            json!({"code": null, "n": null, "x": 1500.0, "yes": null, "day": null}),
            json!({"code": "zero", "n": -7, "x": null, "yes": false, "day": null}),
            json!([["/properties/n", "bad_number"], ["/properties/x", "bad_number"], ["/properties/day", "bad_day"]]),
            json!({"code": "C", "n": null, "x": 12_345_678_901_234_567_890_u64, "yes": false, "day": null}),
        ]
    );
    let Row::Broken { row, .. } = &read[3] else { panic!("{read:?}") };
    assert_eq!(*row, 4);
    assert!(matches!(outline.crs, Declared::WellKnown(text) if text == LON_LAT));
}

#[test]
fn texts_are_read_in_the_encoding_that_is_said_or_told_and_never_in_another() {
    let texts = ["阿拉善左旗", "建设用地地块"];
    let utf8: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let gbk: Vec<Vec<u8>> = texts.iter().map(|text| encode(text)).collect();
    let big5: Vec<Vec<u8>> =
        ["建設用地土壤", "臺中市"].iter().map(|text| encoding_rs::BIG5.encode(text).0.into_owned()).collect();
    let file = |cells: &[Vec<u8>], language, cpg: Option<&str>| {
        let mut parts = parts(&[(b"name", b'C', 30)], &[&[&cells[0]], &[&cells[1]]], language);
        parts.more.extend(cpg.map(|cpg| ("cpg", cpg.as_bytes().to_vec())));
        parts.zip()
    };
    for (cells, language, cpg, first, noted) in [
        (&utf8, 0, Some("UTF-8"), texts[0], false),
        (&utf8, 0x57, Some("utf8\r\n"), texts[0], false),
        (&gbk, 0, Some("936"), texts[0], false),
        (&gbk, 1, Some("GB18030"), texts[0], false),
        (&gbk, 0x4d, None, texts[0], false),
        (&gbk, 0x4d, Some("<!DOCTYPE html>"), texts[0], false),
        (&big5, 0x4f, None, "建設用地土壤", false),
        (&big5, 0, Some("Big5"), "建設用地土壤", false),
        // Nobody says it: told by the texts, and remarked.
        (&utf8, 0, None, texts[0], true),
        (&gbk, 0x57, None, texts[0], true),
    ] {
        let (outline, rows) =
            read(file(cells, language, cpg)).unwrap_or_else(|error| panic!("{first} {cpg:?}: {error}"));
        assert_eq!(attributes(&rows)[0], json!({"name": first}), "{language:x} {cpg:?}");
        assert_eq!(notes(&outline), if noted { vec!["encoding_guessed"] } else { vec![] }, "{language:x} {cpg:?}");
    }
    let (code, said) = refused(file(&big5, 0, None));
    assert!(code == "encoding_unknown" && said.contains("`建設用地土壤` in Big5"), "{code} {said}");
    let western: Vec<Vec<u8>> = vec![b"Gr\xf6\xdfe".to_vec(), b"caf\xe9".to_vec()];
    assert_eq!(refused(file(&western, 3, None)).0, "encoding_unknown");
    // What the caller says goes before what the file says, and what does not fit is a fault of its row.
    let pick = |encoding| Pick { encoding: Some(encoding), layer: None };
    let (_, rows) = read_with(file(&big5, 0, Some("UTF-8")), pick("big5")).expect("read");
    assert_eq!(attributes(&rows)[1], json!({"name": "臺中市"}));
    let (_, rows) = read_with(file(&western, 3, None), pick("1252")).expect("read");
    assert_eq!(attributes(&rows)[0], json!({"name": "Größe"}));
    let (_, rows) = read(file(&gbk, 0, Some("UTF-8"))).expect("read");
    assert_eq!(attributes(&rows)[0], json!([["/properties/name", "text_undecodable"]]));
    let Row::Broken { faults, .. } = &rows[0] else { panic!("{rows:?}") };
    assert!(faults[0].message.zh.contains("GBK 是“阿拉善左旗”"), "{}", faults[0].message);
    let error = read_with(file(&gbk, 0, None), pick("klingon")).expect_err("no encoding");
    assert_eq!(error.faults()[0].code, "encoding_unknown");
}

#[test]
fn names_of_ten_bytes_are_told_apart_and_cut_texts_are_remarked() {
    let [first, second, third] = ["地块名称", "地块名号", "土壤环境质量"].map(|name| name.as_bytes()[..10].to_vec());
    let columns: &[(&[u8], u8, u8)] =
        &[(&first, b'C', 20), (&second, b'C', 20), (&third, b'C', 8), (b"parcel_cod", b'C', 5)];
    let cut = "优先保护".as_bytes()[..8].to_vec();
    let mut file = parts(columns, &[&["甲".as_bytes(), "乙".as_bytes(), &cut, b"P1"]], 0);
    file.more.push(("cpg", b"UTF-8".to_vec()));
    let (outline, rows) = read(file.zip()).expect("read");
    assert_eq!(attributes(&rows), [json!({"地块名": "甲", "地块名_2": "乙", "土壤环": "优先", "parcel_cod": "P1"})]);
    assert_eq!(notes(&outline), ["column_renamed", "text_cut"]);
    assert_eq!(outline.cut_names, ["地块名", "地块名_2", "土壤环", "parcel_cod"]);
}

#[test]
fn outlines_holes_and_rows_without_shape_are_told() {
    let outer = ring(105.0, 38.0, 1.0);
    let mut hole = ring(105.2, 38.2, 0.2);
    hole.reverse();
    let (shp, shx) = shapes(&[
        polygon(&[&outer, &hole, &ring(107.0, 38.0, 1.0)]),
        0_i32.to_le_bytes().to_vec(),
        polygon(&[&ring(105.0, 38.0, 0.1), &hole]),
    ]);
    let file = Parts { shp, shx, ..plain() };
    let (_, rows) = read(file.zip()).expect("read");
    let Row::Feature { feature, .. } = &rows[0] else { panic!("{rows:?}") };
    assert_eq!(
        feature.geometry,
        json!({"type": "MultiPolygon", "coordinates": [[outer, hole], [ring(107.0, 38.0, 1.0)]]})
    );
    let Row::Feature { feature, .. } = &rows[1] else { panic!("{rows:?}") };
    assert_eq!((feature.row, &feature.geometry, &feature.properties["code"]), (2, &Value::Null, &json!("B")));
    assert_eq!(attributes(&rows)[2], json!([["/geometry", "hole_without_outline"]]));
}

#[test]
fn the_index_says_where_records_lie_and_deleted_rows_are_left_out() {
    let mut file = plain();
    let third = json!([105.6 + 0.02, 38.8]);
    // Edited in place: the second shape was written anew at the end, and the old one lies where it was.
    let anew = polygon(&[&ring(110.0, 30.0, 1.0)]);
    let place = file.shp.len();
    file.shp.extend(2_i32.to_be_bytes());
    file.shp.extend(int(anew.len() / 2).to_be_bytes());
    file.shp.extend(&anew);
    let words = int(file.shp.len() / 2).to_be_bytes();
    file.shp[24..28].copy_from_slice(&words);
    file.shx[108..112].copy_from_slice(&int(place / 2).to_be_bytes());
    let (_, rows) = read(file.zip()).expect("read");
    assert_eq!(geometries(&rows)[1]["coordinates"][0][0], json!([110.0, 30.0]));
    assert_eq!(geometries(&rows)[2]["coordinates"][0][0], third);

    let mut deleted = plain();
    let second = deleted.dbf.len() - 2 * 9;
    deleted.dbf[second] = b'*';
    let (outline, rows) = read(deleted.zip()).expect("read");
    assert_eq!((outline.features, attributes(&rows)), (2, vec![json!({"code": "A"}), json!({"code": "C"})]));
    let Row::Feature { feature, .. } = &rows[1] else { panic!("{rows:?}") };
    assert_eq!((feature.row, &feature.geometry["coordinates"][0][0]), (2, &third));
}

#[test]
fn layers_are_chosen_by_name_and_archives_of_other_things_are_named() {
    let Parts { shp, shx, dbf, .. } = plain();
    let one = |stem: &'static str| {
        [("shp", &shp), ("shx", &shx), ("dbf", &dbf)]
            .map(|(ending, content)| (format!("{stem}.{ending}"), content.clone()))
    };
    let of = |files: Vec<(String, Vec<u8>)>| zip(files.iter().map(|(name, content)| (name.as_str(), content.clone())));
    let two = of([one("图/宗地"), one("图/道路")].concat());
    let (code, said) = refused(two.clone());
    assert!(code == "layer_not_chosen" && said.contains("宗地, 道路") && said.contains("#layer"), "{code} {said}");
    let pick = |layer| Pick { layer: Some(layer), encoding: None };
    assert_eq!(read_with(two.clone(), pick("道路")).expect("read").0.features, 3);
    let error = read_with(two, pick("河流")).expect_err("unknown");
    assert!(error.code() == "layer_unknown" && error.detail().zh.contains("宗地, 道路"), "{error}");
    // The same name in two folders is told by the folder; names in the old way of Chinese systems are read.
    let same = of([one("东/宗地"), one("西/宗地")].concat());
    assert_eq!(read_with(same, pick("西/宗地")).expect("read").0.features, 3);
    let mut raw = of(one("zd!!").to_vec());
    let (from, to) = (b"zd!!".to_vec(), encode("宗地"));
    for at in 0..raw.len() - 4 {
        if raw[at..at + 4] == from {
            raw[at..at + 4].copy_from_slice(&to);
        }
    }
    assert_eq!(read_with(raw, pick("宗地")).expect("read").0.features, 3);
    // Names are never paths, letters of either case are the same, and what a Mac adds is nothing.
    let odd = zip([
        ("../../../etc/PLAN.SHP", shp.clone()),
        ("../../../etc/plan.dbf", dbf.clone()),
        ("__MACOSX/._plan.shp", b"x".to_vec()),
        ("readme.txt", b"x".to_vec()),
    ]);
    assert_eq!(read(odd).expect("read").0.features, 3);

    let (code, said) = refused(zip([("a.csv", b"x".to_vec()), ("b/c.txt", b"y".to_vec())]));
    assert!(code == "unsupported_format" && said.contains("a.csv, b/c.txt"), "{said}");
    assert_eq!(refused(zip([])).0, "unsupported_format");
    assert_eq!(refused(zip([("a.shp", shp.clone()), ("b.gpkg", vec![])])).0, "unsupported_format");
    assert_eq!(refused(b"PK\x03\x04...".to_vec()).0, "bad_zip");
    assert_eq!(refused(shp.clone()).0, "unsupported_format");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&plain().zip()).expect("packed");
    assert!(refused(gz.finish().expect("packed")).1.contains("gzip"));
    let (outline, rows) = read(zip([("a.shp", shp.clone())])).expect("read");
    assert_eq!((notes(&outline), attributes(&rows)[0].clone()), (vec!["attributes_missing"], json!({})));
    assert!(matches!(outline.crs, Declared::Missing(_)));
    let code = |parts: Parts| refused(parts.zip());
    assert_eq!(code(Parts { dbf: table(&[(b"a", b'C', 1)], &[&[b"x"]], 0), ..plain() }).0, "bad_shapefile");
    assert_eq!(code(Parts { dbf: b"html".to_vec(), ..plain() }).0, "bad_shapefile");
    assert_eq!(code(Parts { shp: b"html".to_vec(), ..plain() }).0, "bad_shapefile");
}

#[test]
fn an_index_that_points_at_one_record_again_and_again_is_refused() {
    // An index whose every place is the one great record.
    let many = vec![ring(105.0, 38.0, 1.0); 20_000];
    let (shp, mut shx) = shapes(&[polygon(&many.iter().map(Vec::as_slice).collect::<Vec<_>>())]);
    let place = shx[100..108].to_vec();
    for _ in 0..100_000 {
        shx.extend(&place);
    }
    let crafted =
        Parts { shp, shx, dbf: table(&[(b"a", b'C', 1)], &vec![[b"x".as_slice()].as_slice(); 100_001], 0), ..plain() };
    assert_eq!(refused(crafted.zip()).0, "bad_shapefile");
}

// ---------------------------------------------------------------------------------------------------------------------
// GeoPackages made here.

/// A database with the tables of the format, made by `fill`.
fn package(fill: impl FnOnce(&Connection)) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let db = Connection::open(file.path()).expect("a database");
    db.execute_batch(
        "create table gpkg_spatial_ref_sys (srs_name text, srs_id integer primary key, organization text,
            organization_coordsys_id integer, definition text, description text);
         insert into gpkg_spatial_ref_sys values ('x', 4490, 'EPSG', 4490, '', null), ('x', 100000, 'NONE', 1, 'LOCAL', null);
         create table gpkg_contents (table_name text primary key, data_type text, srs_id integer);
         create table gpkg_geometry_columns (table_name text, column_name text, geometry_type_name text, srs_id integer,
            z tinyint, m tinyint);",
    )
    .expect("made");
    fill(&db);
    drop(db);
    std::fs::read(file.path()).expect("read")
}

fn layer(db: &Connection, name: &str, columns: &str, srs: i64) {
    db.execute_batch(&format!(
        "create table \"{name}\" (fid integer primary key autoincrement, geom blob, {columns});
         insert into gpkg_contents values ('{name}', 'features', {srs});
         insert into gpkg_geometry_columns values ('{name}', 'geom', 'POLYGON', {srs}, 0, 0);"
    ))
    .expect("made");
}

/// A square in the GeoPackage's own form.
fn blob(srs: i32, lon: f64, lat: f64) -> Vec<u8> {
    let mut out = b"GP\0\x01".to_vec();
    out.extend(srs.to_le_bytes());
    out.push(1);
    for n in [3_u32, 1, 5] {
        out.extend(n.to_le_bytes());
    }
    ring(lon, lat, 0.001).iter().flatten().for_each(|ordinate| out.extend(ordinate.to_le_bytes()));
    out
}

fn three(db: &Connection) {
    layer(
        db,
        "宗地",
        "\"地块 编码\" text, area double, n mediumint, ok boolean, began date, at datetime, raw blob",
        4490,
    );
    for (n, code) in ["A", "B\"', 中", "C"].into_iter().enumerate() {
        db.execute(
            "insert into \"宗地\" (geom, \"地块 编码\", area, n, ok, began, at) values (?1, ?2, 12.5, 7, 1, '2026-01-05', '2026-01-05T08:00:00.000Z')",
            rusqlite::params![(n < 2).then(|| blob(4490, 105.6 + n as f64 * 0.01, 38.8)), code],
        )
        .expect("a row");
    }
}

#[test]
fn a_geopackage_gives_its_layers_in_types_and_names_of_any_language() {
    let (outline, rows) = read(package(three)).expect("read");
    assert_eq!((outline.form, outline.features, notes(&outline)), (Form::GeoPackage, 3, vec!["column_ignored"]));
    assert!(matches!(&outline.crs, Declared::Code { name, .. } if name == "EPSG:4490"));
    let expected = json!({"地块 编码": "B\"', 中", "area": 12.5, "n": 7, "ok": true, "began": "2026-01-05", "at": "2026-01-05T08:00:00.000Z"});
    assert_eq!(attributes(&rows)[1], expected);
    assert_eq!(geometries(&rows)[0]["coordinates"], json!([ring(105.6, 38.8, 0.001)]));
    assert_eq!(geometries(&rows)[2], &Value::Null);
    assert!(matches!(&rows[1], Row::Feature { id: Some(id), .. } if *id == json!(2)));
    // In a zip archive, as they are often sent; and written ahead of itself, as some programs leave them.
    assert_eq!(read(zip([("x/宗地.gpkg", package(three))])).expect("read").1.len(), 3);
    let mut ahead = package(three);
    (ahead[18], ahead[19]) = (2, 2);
    assert_eq!(read(ahead).expect("read").1.len(), 3);

    // Two layers; tables without outlines; the looks of layers that QGIS keeps.
    let styles = |db: &Connection| {
        db.execute_batch("create table layer_styles (id integer primary key); insert into gpkg_contents values ('layer_styles', 'attributes', 0)")
            .expect("made");
    };
    assert_eq!(read(package(|db| (three(db), styles(db)).0)).expect("read").0.features, 3);
    let two = package(|db| {
        three(db);
        layer(db, "道路", "a text", 4490);
    });
    let (code, said) = refused(two.clone());
    assert!(code == "layer_not_chosen" && said.contains("宗地, 道路"), "{said}");
    let pick = |layer| Pick { layer: Some(layer), encoding: None };
    assert_eq!(read_with(two.clone(), pick("道路")).expect("read").0.features, 0);
    assert_eq!(read_with(two, pick("没有")).expect_err("unknown").code(), "layer_unknown");
    let samples = package(|db| {
        styles(db);
        db.execute_batch(
            "create table samples (code text, lon double, lat double);
             insert into gpkg_contents values ('samples', 'attributes', 0);
             insert into samples values ('S1', 105.6, 38.8);",
        )
        .expect("made");
    });
    let (outline, rows) = read(samples).expect("read");
    assert!(outline.in_columns && outline.crs == Declared::Nothing);
    assert_eq!(attributes(&rows), [json!({"code": "S1", "lon": 105.6, "lat": 38.8})]);
}

#[test]
fn a_geopackage_with_something_to_run_or_not_of_the_format_is_refused() {
    let of = |sql: &'static str| {
        package(|db| {
            three(db);
            db.execute_batch(sql).expect("made");
        })
    };
    let view = of("alter table 宗地 rename to t; create view 宗地 as select * from t;");
    assert_eq!(refused(view).0, "layer_is_view");
    let virtual_table = of("drop table 宗地; create virtual table 宗地 using fts5(geom, a);");
    assert_eq!(refused(virtual_table).0, "layer_is_view");
    let contents = of("alter table gpkg_contents rename to c; create view gpkg_contents as
        with recursive r(n) as (select 1 union all select n + 1 from r) select 'x' || n as table_name, 'features' as data_type, 0 as srs_id from r;");
    assert_eq!(refused(contents).0, "layer_is_view");
    // Computed columns are not computed.
    let computed = of("alter table 宗地 add column heavy generated always as (hex(zeroblob(area * 1000000))) virtual;");
    let (outline, rows) = read(computed).expect("read");
    assert_eq!((notes(&outline).len(), rows.len()), (2, 3));
    // An index of the file's own does not decide in which order rows come.
    let indexed = of("create index i on 宗地 (\"地块 编码\" desc, area, n, ok, began, at, geom)");
    let (_, rows) = read(indexed).expect("read");
    assert_eq!(attributes(&rows)[0]["地块 编码"], "A");
}

#[test]
fn what_is_no_geopackage_is_told() {
    assert_eq!(refused(b"SQLite format 3\0...".to_vec()).0, "bad_geopackage");
    let empty = package(|_| {});
    assert_eq!(refused(empty).0, "bad_geopackage");
    let file = tempfile::NamedTempFile::new().expect("a file");
    Connection::open(file.path()).expect("a database").execute_batch("create table x (a)").expect("made");
    assert!(refused(std::fs::read(file.path()).expect("read")).1.contains("gpkg_contents"));
    let of = |sql: &'static str| {
        package(|db| {
            three(db);
            db.execute_batch(sql).expect("made");
        })
    };
    for gone in [
        "drop table 宗地",
        "update gpkg_geometry_columns set column_name = 'x'",
        "alter table 宗地 rename column geom to g; update gpkg_geometry_columns set column_name = 'geom'",
    ] {
        assert_eq!(refused(of(gone)).0, "bad_geopackage", "{gone}");
    }
    let (_, rows) =
        read(of("update 宗地 set geom = 'text', area = x'00', \"地块 编码\" = cast(x'ff' as text) where fid = 1"))
            .expect("read");
    assert_eq!(
        attributes(&rows)[0],
        json!([
            ["/geometry", "bad_geometry"],
            ["/properties/地块 编码", "text_undecodable"],
            ["/properties/area", "value_not_text"]
        ])
    );
    let (_, rows) = read(package(|db| {
        three(db);
        db.execute("update 宗地 set geom = ?1 where fid = 2", [blob(4326, 1.0, 2.0)]).expect("a row");
    }))
    .expect("read");
    assert_eq!(attributes(&rows)[1], json!([["/geometry", "geometry_other_crs"]]));
}

// ---------------------------------------------------------------------------------------------------------------------
// Files that are broken.

/// Reads what may be anything: rows or a refusal with reason, soon.
fn survives(content: Vec<u8>, what: &str) -> bool {
    let begun = Instant::now();
    let read = read(content);
    if let Err(error) = &read {
        assert_ne!(error.code(), "internal", "{what}: {error:?}");
        told(error);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{what} took {:?}", begun.elapsed());
    read.is_ok()
}

fn larger() -> Parts {
    let rows: Vec<Vec<u8>> = (0..60).map(|n| format!("row {n}").into_bytes()).collect();
    let cells: Vec<[&[u8]; 1]> = rows.iter().map(|row| [row.as_slice()]).collect();
    parts(&[(b"code", b'C', 60)], &cells.iter().map(<[&[u8]; 1]>::as_slice).collect::<Vec<_>>(), 0)
}

#[test]
fn files_cut_anywhere_give_rows_or_say_why_not() {
    let whole = larger();
    let archive = whole.zip();
    for at in (0..archive.len()).step_by(512).skip(1) {
        assert!(!survives(archive[..at].to_vec(), &format!("archive cut at {at}")));
    }
    for at in (0..whole.shp.len()).step_by(512) {
        let cut = Parts { shp: whole.shp[..at].to_vec(), ..whole.clone() };
        assert!(!survives(cut.zip(), &format!(".shp cut at {at}")));
    }
    for at in (0..whole.dbf.len()).step_by(512) {
        let cut = Parts { dbf: whole.dbf[..at].to_vec(), ..whole.clone() };
        assert!(!survives(cut.zip(), &format!(".dbf cut at {at}")));
    }
    for at in (0..whole.shx.len()).step_by(512) {
        let cut = Parts { shx: whole.shx[..at].to_vec(), ..whole.clone() };
        assert!(!survives(cut.zip(), &format!(".shx cut at {at}")));
    }
    let package = package(three);
    for at in (0..package.len()).step_by(512) {
        survives(package[..at].to_vec(), &format!("GeoPackage cut at {at}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bytes_turned_in_a_shapefile_do_no_harm(
        part in 0_usize..3, turned in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
    ) {
        let mut file = larger();
        let bytes = match part { 0 => &mut file.shp, 1 => &mut file.shx, _ => &mut file.dbf };
        for (at, byte, in_head) in turned {
            let at = at.index(if in_head { 140.min(bytes.len()) } else { bytes.len() });
            bytes[at] = byte;
        }
        survives(file.zip_as("plan", zip::CompressionMethod::Stored), "a Shapefile");
    }

    #[test]
    fn bytes_turned_in_an_archive_do_no_harm(
        turned in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = plain().zip();
        for (at, byte) in turned {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if bytes.starts_with(b"PK\x03\x04") {
            survives(bytes, "an archive");
        }
    }

    #[test]
    fn bytes_turned_in_a_geopackage_do_no_harm(
        turned in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
    ) {
        static WHOLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = WHOLE.get_or_init(|| package(three)).clone();
        for (at, byte, in_head) in turned {
            // The head of the file and of its pages are where harm could be done.
            let at = at.index(bytes.len());
            let at = if in_head { at / 4096 * 4096 + at % 120 } else { at };
            if at >= 16 && at < bytes.len() {
                bytes[at] = byte;
            }
        }
        survives(bytes, "a GeoPackage");
    }
}

fn shared(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if !root.is_dir() {
        println!("skipped: {} is not there", root.display());
        return Vec::new();
    }
    let (mut files, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A file as it would be sent: what belongs to a `.shp` in an archive.
fn sent(path: &Path) -> Option<Vec<u8>> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    if ending != "shp" {
        return ["zip", "gpkg"].contains(&ending.as_str()).then(|| std::fs::read(path).expect("read"));
    }
    let beside: Vec<(String, Vec<u8>)> = ["shp", "dbf", "shx", "prj", "cpg"]
        .into_iter()
        .filter_map(|ending| Some((format!("a.{ending}"), std::fs::read(path.with_extension(ending)).ok()?)))
        .collect();
    Some(zip(beside.iter().map(|(name, content)| (name.as_str(), content.clone()))))
}

#[test]
fn files_that_others_stumbled_over_give_rows_or_say_why_not() {
    let mut said: Vec<(String, String)> = Vec::new();
    for path in shared("torture").into_iter().chain(shared("fiboa_samples")) {
        let Some(content) = sent(&path) else { continue };
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        survives(content.clone(), &name);
        said.push((
            name,
            match read(content) {
                Ok((outline, rows)) => {
                    let broken = rows.iter().filter(|row| matches!(row, Row::Broken { .. })).count();
                    format!("{} rows, {broken} broken, {:?}", rows.len(), notes(&outline))
                }
                Err(error) => format!("{} {}", error.code(), error.detail().en),
            },
        ));
    }
    for (name, said) in &said {
        println!("{name}: {said}");
    }
    let of = |name: &str| said.iter().find(|(own, _)| own == name).map(|(_, said)| said.as_str());
    for (name, wanted) in [
        ("DLTB.shp", "8 rows, 0 broken"),
        ("file_cp936.shp", "rows, 0 broken"),
        ("simplied_china_country.shp", "rows, 0 broken, [\"encoding_guessed\""),
        ("chinese.shp", "rows, 0 broken, []"),
        ("bad.shp", "bad_shapefile"),
        ("badzip.zip", "not_utf8"),
        ("noshp.zip", "unsupported_format"),
        ("no-dbf.zip", "attributes_missing"),
        ("curvepolygon.gpkg", "broken"),
    ] {
        if let Some(said) = of(name) {
            assert!(said.contains(wanted), "{name}: {said}");
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Files that GDAL wrote.

/// Runs `ogr2ogr`; `false` where it is not installed.
pub fn ogr2ogr(arguments: &[&str]) -> bool {
    match Command::new("ogr2ogr").args(arguments).output() {
        Ok(out) => {
            assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
            true
        }
        Err(error) => {
            println!("left out: ogr2ogr is not installed ({error})");
            false
        }
    }
}

/// All files of a folder in an archive.
pub fn zip_folder(folder: &Path) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(path).expect("read"))
        })
        .collect();
    files.sort();
    zip(files.iter().map(|(name, content)| (name.as_str(), content.clone())))
}

fn content() -> Value {
    let side = |x: f64, y: f64, d: f64| json!([[x, y], [x + d, y], [x + d, y + d], [x, y + d], [x, y]]);
    let hole = json!([[117.22, 40.22], [117.22, 40.24], [117.24, 40.24], [117.24, 40.22], [117.22, 40.22]]);
    let geometries = [
        json!({"type": "Polygon", "coordinates": [side(117.1, 40.1, 0.01)]}),
        json!({"type": "Polygon", "coordinates": [side(117.2, 40.2, 0.1), hole]}),
        json!({"type": "MultiPolygon", "coordinates": [[side(117.2, 40.2, 0.1), hole], [side(117.225, 40.225, 0.005)], [side(117.5, 40.0, 0.02)]]}),
        Value::Null,
    ];
    let features: Vec<Value> = geometries
        .into_iter()
        .enumerate()
        .map(|(n, geometry)| {
            let name = ["阿拉善左旗", "建设用地", "土壤污染", "某地块"][n];
            let properties = json!({
                "code": format!("D{n}"), "名称": name, "area": 0.1 + n as f64,
                "number": 140_602 + n, "began": "2026-01-05", "empty": if n == 1 { json!("x") } else { Value::Null },
            });
            json!({"type": "Feature", "properties": properties, "geometry": geometry})
        })
        .collect();
    json!({"type": "FeatureCollection", "features": features})
}

/// Each part's area, less that of its holes, and its corners: what does not depend on where a ring begins and how it runs.
fn measured(geometry: &Value) -> Vec<[f64; 6]> {
    let ring = |ring: &Value| -> Vec<[f64; 2]> { serde_json::from_value(ring.clone()).expect("positions") };
    let area = |points: &[[f64; 2]]| {
        let [x, y] = points[0];
        points.windows(2).map(|p| (p[0][0] - x) * (p[1][1] - y) - (p[1][0] - x) * (p[0][1] - y)).sum::<f64>().abs()
            / 2.0
    };
    let polygon = |rings: &Value| {
        let rings: Vec<Vec<[f64; 2]>> = rings.as_array().expect("rings").iter().map(ring).collect();
        let holes: f64 = rings[1..].iter().map(|ring| area(ring)).sum();
        let by = |n: usize, f: fn(f64, f64) -> f64, from: f64| rings[0].iter().map(|p| p[n]).fold(from, f);
        let (inf, low) = (f64::INFINITY, f64::NEG_INFINITY);
        [
            area(&rings[0]) - holes,
            rings.len() as f64,
            by(0, f64::min, inf),
            by(1, f64::min, inf),
            by(0, f64::max, low),
            by(1, f64::max, low),
        ]
    };
    let mut parts: Vec<[f64; 6]> = match geometry["type"].as_str() {
        Some("Polygon") => vec![polygon(&geometry["coordinates"])],
        Some("MultiPolygon") => geometry["coordinates"].as_array().expect("parts").iter().map(polygon).collect(),
        _ => Vec::new(),
    };
    parts.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    parts
}

async fn same_rows(world: &World, file: Vec<u8>, crs: Option<&str>, what: &str) {
    let options = Options {
        mode: Mode::Commit,
        on_error: OnError::RejectAll,
        crs: crs.and_then(Crs::parse),
        mapping: Default::default(),
    };
    let (rows, notes) =
        imports::features(&world.app, &source(file), &options).await.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(notes.iter().all(|note| note.code == "height_dropped"), "{what}: {notes:?}");
    let content = content();
    let features = content["features"].as_array().expect("features");
    assert_eq!(rows.len(), features.len(), "{what}");
    for (row, wanted) in rows.iter().zip(features) {
        let Row::Feature { feature, .. } = row else { panic!("{what}: {row:?}") };
        let wanted_properties: &Map<String, Value> = wanted["properties"].as_object().expect("properties");
        assert_eq!(&feature.properties, wanted_properties, "{what}");
        let (is, wanted) = (measured(&feature.geometry), measured(&wanted["geometry"]));
        assert_eq!(is.len(), wanted.len(), "{what}: {}", feature.geometry);
        for (is, wanted) in is.iter().flatten().zip(wanted.iter().flatten()) {
            assert!((is - wanted).abs() < 1e-8, "{what}: {is} {wanted}");
        }
    }
}

#[tokio::test]
async fn what_gdal_writes_has_the_rows_of_the_same_geojson() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("in.geojson"), content().to_string()).expect("written");
    if !ogr2ogr(&["--version"]) {
        return;
    }
    let world = World::new().await;
    let write = |name: &str, more: &[&str]| {
        let (out, from) = (path(name), path("in.geojson"));
        let format = if name.ends_with(".gpkg") { "GPKG" } else { "ESRI Shapefile" };
        let own = ["-f", format, "-nln", "宗地", "-s_srs", "EPSG:4490"];
        let stays: &[&str] = if more.contains(&"-t_srs") { &[] } else { &["-t_srs", "EPSG:4490"] };
        ogr2ogr(&[own.as_slice(), stays, more, &[&out, &from]].concat());
        if name.ends_with(".gpkg") { std::fs::read(out).expect("read") } else { zip_folder(Path::new(&out)) }
    };
    for code in ["4490", "4549", "4528", "4548", "4527", "4509", "4498", "4326", "3857", "32650"] {
        let srs = format!("EPSG:{code}");
        let file = write(&format!("s{code}"), &["-t_srs", &srs, "-lco", "ENCODING=UTF-8"]);
        same_rows(&world, file, None, &format!("Shapefile in {srs}")).await;
        let file = write(&format!("p{code}.gpkg"), &["-t_srs", &srs]);
        same_rows(&world, file.clone(), None, &format!("GeoPackage in {srs}")).await;
        same_rows(&world, file, Some(&srs), &format!("GeoPackage in {srs}, said twice")).await;
    }
    for (n, more) in [
        ["-lco", "ENCODING=GBK", "-dim", "XY"],
        ["-lco", "ENCODING=CP936", "-dim", "XY"],
        ["-lco", "ENCODING=UTF-8", "-dim", "XYZ"],
        ["-lco", "ENCODING=UTF-8", "-dim", "XYM"],
        ["-lco", "ENCODING=GBK", "-dim", "XYZM"],
    ]
    .iter()
    .enumerate()
    {
        same_rows(&world, write(&format!("e{n}"), more), None, &format!("{more:?}")).await;
    }
    for dimension in ["XYZ", "XYM", "XYZM"] {
        let file = write(&format!("{dimension}.gpkg"), &["-dim", dimension]);
        let outline = source(file.clone()).outline().expect("read");
        assert_eq!(notes(&outline), ["height_dropped"]);
        same_rows(&world, file, None, dimension).await;
    }

    // What contradicts itself or lies on another datum is refused, with both names.
    let options = |crs: Option<&str>| Options {
        mode: Mode::DryRun,
        on_error: OnError::AcceptValid,
        crs: crs.and_then(Crs::parse),
        mapping: Default::default(),
    };
    let refused = async |file: Vec<u8>, crs: Option<&str>| {
        let error = imports::features(&world.app, &source(file), &options(crs)).await.expect_err("refused");
        let fault = error.faults().first().expect("a fault").clone();
        assert_eq!(fault.pointer, "/crs");
        (fault.code, fault.message.en.into_owned())
    };
    let gk = std::fs::read_dir(path("s4549")).map(|_| zip_folder(Path::new(&path("s4549")))).expect("read");
    let (code, said) = refused(gk.clone(), Some("EPSG:4528")).await;
    assert!(code == "crs_contradiction" && said.contains("EPSG:4549") && said.contains("EPSG:4528"), "{said}");
    for (code, name) in [
        ("2385", "Xian_1980_3_Degree_GK_CM_120E"),
        ("2414", "Beijing_1954_3_Degree_GK_Zone_38"),
        ("4610", "GCS_Xian_1980"),
    ] {
        let srs = format!("EPSG:{code}");
        let out = path(&format!("o{code}"));
        ogr2ogr(&["-f", "ESRI Shapefile", "-a_srs", &srs, "-lco", "ENCODING=UTF-8", &out, &path("in.geojson")]);
        let file = zip_folder(Path::new(&out));
        for given in [None, Some("EPSG:4490")] {
            let (code, said) = refused(file.clone(), given).await;
            assert!(code == "crs_other_datum" && said.contains(name), "{code} {said}");
        }
        let out = path(&format!("o{code}.gpkg"));
        ogr2ogr(&["-f", "GPKG", "-a_srs", &srs, &out, &path("in.geojson")]);
        assert_eq!(refused(std::fs::read(out).expect("read"), None).await.0, "crs_other_datum");
    }
    std::fs::write(path("s4490/宗地.prj"), "<!DOCTYPE html>").expect("written");
    let unknown = zip_folder(Path::new(&path("s4490")));
    assert_eq!(refused(unknown.clone(), None).await.0, "crs_unreadable");
    let (rows, notes) =
        imports::features(&world.app, &source(unknown), &options(Some("EPSG:4490"))).await.expect("read");
    assert_eq!((rows.len(), notes[0].code), (4, "crs_not_checked"));
    std::fs::remove_file(path("s4490/宗地.prj")).expect("removed");
    let missing = zip_folder(Path::new(&path("s4490")));
    assert_eq!(refused(missing.clone(), None).await.0, "crs_missing");
    same_rows(&world, missing, Some("EPSG:4490"), "without .prj").await;
}

/// Whether two programs read the same value: numbers to their fifteenth digit, days in either spelling.
fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::String(ours), Value::String(theirs)) => {
            let plain = |text: &str| text.trim().replace('/', "-");
            let (ours, theirs) = (plain(ours), plain(theirs));
            // GDAL drops fractions of seconds that are zero, and the letter of UTC.
            ours == theirs || ours.split(['.', 'Z']).next() == theirs.split(['.', 'Z']).next()
        }
        (Value::Bool(ours), Value::String(theirs)) => theirs == if *ours { "T" } else { "F" },
        (Value::Bool(ours), theirs) => theirs.as_bool().or(theirs.as_i64().map(|n| n == 1)) == Some(*ours),
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().expect("a number"), theirs.as_f64().expect("a number"));
            (ours - theirs).abs() <= 1e-14 * ours.abs().max(1e-300)
        }
        (ours, theirs) => ours == theirs,
    }
}

#[test]
fn real_files_have_the_rows_that_gdal_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut compared, mut differ) = (0, Vec::new());
    for (n, path) in shared("fiboa_samples").into_iter().chain(shared("torture")).enumerate() {
        let Some(content) = sent(&path) else { continue };
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Ok((outline, rows)) = read(content) else { continue };
        // A table by itself has no outlines to compare, curves are not read here, and two of the odd files GDAL refuses.
        let broken = rows.iter().any(|row| matches!(row, Row::Broken { .. }));
        let odd = ["cell1.shp", "clipper.shp", "gauss_kruger.shp", "zero-len-line.zip", "SHP_Exclude.zip"];
        if broken || outline.in_columns || odd.contains(&name.as_str()) {
            continue;
        }
        let from = path.to_str().expect("a path");
        let from = if name.ends_with(".zip") { format!("/vsizip/{from}") } else { from.to_owned() };
        let out = folder.path().join(format!("{n}.geojson"));
        let out_name = out.to_str().expect("a path");
        let digits = ["-lco", "COORDINATE_PRECISION=15", "-lco", "SIGNIFICANT_FIGURES=17"];
        let Ok(ran) = Command::new("ogr2ogr").args(["-f", "GeoJSON"]).args(digits).args([out_name, &from]).output()
        else {
            println!("left out: ogr2ogr is not installed");
            return;
        };
        if !ran.status.success() {
            println!("{name}: not read by GDAL as it is packed");
            continue;
        }
        // Of a text that it cannot turn GDAL writes what is no text.
        let Ok(theirs) = serde_json::from_slice::<Value>(&std::fs::read(&out).expect("read")) else {
            println!("{name}: not written as JSON by GDAL");
            continue;
        };
        let theirs = theirs["features"].as_array().expect("features");
        if rows.len() != theirs.len() {
            differ.push(format!("{name}: {} rows, {}", rows.len(), theirs.len()));
            continue;
        }
        let ignored: Vec<&str> =
            outline.notes.iter().filter_map(|note| note.pointer.strip_prefix("/properties/")).collect();
        // Where no encoding is said GDAL takes the texts for western ones.
        let texts = !notes(&outline).contains(&"encoding_guessed");
        for (row, theirs) in rows.iter().zip(theirs) {
            let Row::Feature { feature, .. } = row else { panic!("{name}: {row:?}") };
            let (is, wanted) = (measured(&feature.geometry), measured(&theirs["geometry"]));
            let near = |(is, wanted): (&f64, &f64)| (is - wanted).abs() <= 1e-9 * (1.0 + wanted.abs());
            if is.len() != wanted.len() || !is.iter().flatten().zip(wanted.iter().flatten()).all(near) {
                differ.push(format!("{name}, row {}: {is:?} {wanted:?}", feature.row));
            }
            for (attribute, theirs) in theirs["properties"].as_object().expect("properties") {
                let skipped = !texts && (theirs.is_string() || !attribute.is_ascii());
                let ours = feature.properties.get(attribute);
                if !skipped && !ignored.contains(&attribute.as_str()) && !ours.is_some_and(|ours| alike(ours, theirs)) {
                    differ.push(format!("{name}, row {}, {attribute}: {ours:?} {theirs}", feature.row));
                }
            }
        }
        compared += 1;
    }
    println!("{compared} files compared with GDAL");
    differ.truncate(20);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Through the import.

async fn import(world: &World, key: &str, name: &str, file: Vec<u8>, fields: &[(&str, &str)]) -> (Value, Value) {
    let mut form = Multipart::new().part("file", Part::bytes(file).file_name(name.to_owned()));
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let accepted = expect(world.post("/v1/imports").bearer_auth(key).multipart(form), 202).await;
    imports::work_off(&world.app, imports::importer).await.expect("worked");
    let href = accepted["href"].as_str().expect("a job").to_owned();
    let job = expect(world.get(&href).bearer_auth(key), 200).await;
    let rows = expect(world.get(&format!("{href}/rows")).bearer_auth(key), 200).await;
    (job, rows)
}

#[tokio::test]
async fn both_are_imported_with_cut_names_mapped_and_remarks_told() {
    let world = World::new().await;
    let farmers = world.key(Role::Agriculture, "152921").await;
    let name = encode("地块利用类型说明")[..10].to_vec();
    let columns: &[(&[u8], u8, u8)] =
        &[(b"DKBM", b'C', 10), (b"division_c", b'N', 6), (&name, b'C', 12), (b"bz", b'M', 10)];
    let rows: &[&[&[u8]]] =
        &[&[b"U1", b"152921", b"upland", b""], &[b"U2", b"152921", b"upland", b""], &[b"U3", b"152921", b"sea", b""]];
    let mut file = parts(columns, rows, 0x4d);
    file.more.clear();
    let mapping = r#"{"DKBM": "code", "division_code": "division_code", "地块利用类型说明": "land_type"}"#;
    let fields = [("target", "farmland"), ("on_error", "accept_valid"), ("mapping", mapping), ("crs", "EPSG:4490")];
    let (job, told) = import(&world, &farmers, "plan.zip", file.zip(), &fields).await;
    let wanted = json!({"read": 3, "valid": 2, "repaired": 0, "rejected": 1, "written": 2});
    assert_eq!((&job["status"], &job["counts"]), (&json!("done"), &wanted), "{job} {told}");
    let said: Vec<Value> = told["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| json!([r["row"], r["status"], r["field"], r["code"]]))
        .collect();
    assert_eq!(
        said,
        [
            json!([1, "noted", "/properties/bz", "column_ignored"]),
            json!([3, "rejected", "/properties/land_type", "not_in_list"])
        ],
        "{told}"
    );
    let page = expect(world.get("/v1/farmland-units?code=U2").bearer_auth(&farmers), 200).await;
    assert_eq!(page["features"][0]["properties"]["land_type"], "upland");

    // A layer of a GeoPackage, chosen.
    let admin = world.key(Role::Admin, "000000").await;
    let package = package(|db| {
        three(db);
        layer(db, "路", "code text, division_code text", 4490);
        db.execute("insert into 路 (geom, code, division_code) values (?1, 'P1', '152921')", [blob(4490, 105.6, 38.8)])
            .expect("a row");
    });
    let (job, told) = import(&world, &admin, "plan.gpkg", package.clone(), &[("target", "parcels")]).await;
    assert_eq!((&job["status"], &job["failure"]["code"]), (&json!("failed"), &json!("layer_not_chosen")), "{told}");
    let fields = [("target", "parcels"), ("mapping", r##"{"#layer": "路"}"##)];
    let (job, told) = import(&world, &admin, "plan.gpkg", package, &fields).await;
    assert_eq!(job["counts"]["written"], 1, "{job} {told}");
    let parcel = expect(world.get("/v1/parcels/P1").bearer_auth(&admin), 200).await;
    assert_eq!(parcel["properties"]["division_code"], "152921");

    // An archive of something else is refused before it is queued.
    let form = Multipart::new()
        .part("file", Part::bytes(zip([("a.csv", b"x".to_vec())])).file_name("a.zip"))
        .text("target", "parcels");
    let refused = expect(world.post("/v1/imports").bearer_auth(&admin).multipart(form), 415).await;
    assert_eq!(refused["code"], "unsupported_format");
}
