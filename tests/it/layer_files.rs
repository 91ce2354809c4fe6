//! Whole layers as files: complete, of one revision, what the caller may see and no more.

use crate::layers::{Maps, sorted};
use jingtu::layers::format::Form;
use jingtu::platform::{Caller, Role};
use reqwest::Response;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn items(form: &str, more: &str) -> String {
    format!("/ogc/collections/open/items?f={form}{more}")
}

/// The features of a GeoJSON text sequence.
async fn sequence(response: Response) -> Vec<Value> {
    assert_eq!(response.headers()["content-type"], "application/geo+json-seq");
    let text = response.text().await.unwrap();
    let records = text.split('\u{1e}').skip(1);
    records.map(|record| serde_json::from_str(record.strip_suffix('\n').unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_sequence_has_the_features_that_pages_have() {
    let maps = Maps::new().await;
    maps.add(900_000..900_150).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    for key in [None, Some(county.as_str())] {
        for more in
            ["", "&bbox=105.1,38.0,105.3,38.1", "&filter=code%3E%27900120%27", "&properties=code", "&sortby=-code"]
        {
            let page = maps.get(&items("json", &format!("&limit=1000{more}")), key).await;
            let response = maps.ask(&items("geojsonseq", more), key).await;
            assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"open.geojsonl\"");
            let features = sequence(response).await;
            assert_eq!(&features, page["features"].as_array().unwrap(), "{more}");
        }
    }
    let some = sequence(maps.ask(&items("geojsonseq", "&limit=7"), None).await).await;
    assert_eq!(some.len(), 7);
    for (more, pointer) in [("&cursor=x", "cursor"), ("&resultType=hits", "resultType"), ("&offset=3", "offset")] {
        let (status, code, detail) = maps.refused(&items("csv", more), None).await;
        assert_eq!((status, code.as_str(), detail.contains(pointer)), (400, "bad_parameter", true), "{more}");
    }
}

#[tokio::test]
async fn a_table_has_a_row_for_each_feature() {
    let maps = Maps::new().await;
    maps.add(900_000..900_020).await;
    maps.change("update division set name_zh = E'逗号, \"引号\"\\n换行' where code = '900003'").await;
    maps.change("update division set geom = null where code = '900004'").await;
    let text = maps.ask(&items("csv", ""), None).await.text().await.unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!((names[0].as_str(), names.last().unwrap().as_str()), ("id", "geometry"));
    assert!(!names.contains(&"secret".to_owned()));
    let page = maps.get(&items("json", "&limit=1000"), None).await;
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let features = page["features"].as_array().unwrap();
    assert_eq!(rows.len(), features.len());
    for (row, feature) in rows.iter().zip(features) {
        assert_eq!(row[0], feature["id"]);
        for (name, value) in names.iter().zip(row) {
            match &feature["properties"][name] {
                Value::String(text) => assert_eq!(value, text),
                Value::Number(number) => assert_eq!(value, number.to_string()),
                _ => {}
            }
        }
        let wkt = row.get(names.len() - 1).unwrap();
        assert_eq!(wkt.is_empty(), feature["geometry"].is_null());
        assert!(wkt.is_empty() || wkt.starts_with("POLYGON"), "{wkt}");
    }
}

#[tokio::test]
async fn gdal_reads_every_form_and_counts_the_same() {
    let maps = Maps::new().await;
    maps.add(900_000..900_040).await;
    let folder = tempfile::tempdir().unwrap();
    for form in Form::ALL {
        for crs in ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/EPSG/0/4527"] {
            let response = maps.ask(&items(form.name(), &format!("&limit=1000&crs={crs}")), None).await;
            assert_eq!(response.status(), 200, "{form:?}");
            let tag = response.headers()["etag"].clone();
            let path = folder.path().join(format!("layer.{}", form.extension()));
            std::fs::write(&path, response.bytes().await.unwrap()).unwrap();
            let again = maps.client.get(maps.url(&items(form.name(), &format!("&limit=1000&crs={crs}"))));
            let again = again.header("accept-language", "en").header("if-none-match", tag).send().await.unwrap();
            assert_eq!(again.status(), 304, "{form:?}");
            // Parquet is not among the drivers of every GDAL; `tests/clients` has one that reads it.
            if form != Form::Parquet {
                counted(&path, 40);
            }
            std::fs::remove_file(&path).unwrap();
        }
    }
}

/// Holds GDAL's count of a file's features against ours.
fn counted(path: &Path, features: usize) {
    let out = match Command::new("ogrinfo").args(["-ro", "-q", "-al"]).arg(path).output() {
        Ok(out) => out,
        Err(error) => {
            println!("skipped: ogrinfo is not installed ({error})");
            return;
        }
    };
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&out.stderr));
    assert_eq!(said.matches("OGRFeature(").count(), features, "{}: {said}", path.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_layer_is_of_one_revision_however_much_is_written_meanwhile() {
    let maps = Maps::new().await;
    maps.add(900_000..904_000).await;
    let write = async {
        for round in 0..12 {
            // Each act adds ten and renames all: whoever sees part of one sees another number or two names.
            let first = 910_000 + round * 10;
            let mut act = maps.world.act(jingtu::platform::Permission::DivisionWrite).await;
            sqlx::query(
                "insert into division (id, code, name_zh, name_en, level, kind, parent_code, ancestors, geom)
                 select gen_random_uuid(), i::text, 'x', 'x', 'county', 'development_zone', '152921', array['000000', i::text],
                        st_makeenvelope(106, 38, 106.1, 38.1, 4490) from generate_series($1, $1 + 9) i",
            )
            .bind(first)
            .execute(act.tx())
            .await
            .unwrap();
            sqlx::query("update division set name_zh = $1 where kind = 'development_zone'")
                .bind(format!("第{round}次"))
                .execute(act.tx())
                .await
                .unwrap();
            act.note("division/test", serde_json::json!({"round": round}));
            act.finish(jingtu::platform::Reply::nothing()).await.unwrap();
        }
    };
    let read = async {
        let mut seen = BTreeSet::new();
        for form in ["geojsonseq", "geojsonseq", "geojsonseq", "geojsonseq", "geojsonseq", "geojsonseq"] {
            let features = sequence(maps.ask(&items(form, ""), None).await).await;
            let ids: BTreeSet<&str> = features.iter().map(|feature| feature["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), features.len(), "nothing is there twice");
            assert_eq!(features.len() % 10, 0, "an act is seen whole");
            let names: BTreeSet<&str> =
                features.iter().map(|feature| feature["properties"]["name_zh"].as_str().unwrap()).collect();
            assert!(names.len() == 1 || features.len() == 4_000, "one revision: {names:?}");
            seen.insert(features.len());
        }
        seen
    };
    let ((), seen) = tokio::join!(write, read);
    println!("{} revisions were read while twelve were written", seen.len());
    let last = sequence(maps.ask(&items("geojsonseq", ""), None).await).await;
    assert_eq!(last.len(), 4_120);
}

#[tokio::test]
async fn each_caller_downloads_its_rows_and_fields() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    maps.add_under(900_100..900_102, "140602", 112.0, 39.0, 0.004).await;
    let county = maps.world.key(Role::CountyEcology, "152921").await;
    let nation = maps.world.key(Role::Auditor, "000000").await;
    let closed = |form: &str| format!("/ogc/collections/closed/items?f={form}");
    assert_eq!(maps.refused(&closed("csv"), None).await.0, 401);
    for (key, rows) in [(&county, 3), (&nation, 5)] {
        let text = maps.ask(&closed("csv"), Some(key)).await.text().await.unwrap();
        assert_eq!(csv::Reader::from_reader(text.as_bytes()).records().count(), rows);
    }
    // Of rows outside its reach a county sees the public fields only.
    let text = maps.ask(&items("csv", ""), Some(&county)).await.text().await.unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let at = table.headers().unwrap().iter().position(|name| name == "secret").unwrap();
    let secrets: Vec<bool> = table.records().map(|row| !row.unwrap()[at].is_empty()).collect();
    assert_eq!((secrets.len(), secrets.iter().filter(|shown| **shown).count()), (5, 3));
}

#[tokio::test]
async fn the_operator_exports_what_the_server_gives() {
    let world = crate::support::World::new().await;
    let layer = jingtu::registers::layers().find(|layer| layer.id == "divisions").unwrap();
    let mut out = std::io::Cursor::new(Vec::new());
    let pairs = vec![("filter".to_owned(), "level = 'province'".to_owned())];
    let written =
        jingtu::layers::export(&world.app, layer, &Caller::Operator, pairs, Form::GeoJson, &mut out).await.unwrap();
    assert_eq!(written, out.get_ref().len() as u64);
    let document: Value = serde_json::from_slice(out.get_ref()).unwrap();
    let served: Value = world
        .get("/ogc/collections/divisions/items?limit=1000&filter=level%3D%27province%27")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(sorted(&document), sorted(&served));
    let wrong = vec![("colour".to_owned(), "red".to_owned())];
    let refused = jingtu::layers::export(&world.app, layer, &Caller::Operator, wrong, Form::Csv, &mut out).await;
    assert_eq!(refused.unwrap_err().code(), "unknown_parameter");
}

#[tokio::test]
async fn what_accept_cannot_have_is_refused_rather_than_given_otherwise() {
    let maps = Maps::new().await;
    maps.add(900_000..900_002).await;
    let ask =
        |accept: &'static str| maps.client.get(maps.url("/ogc/collections/open/items")).header("accept", accept).send();
    for (accept, media_type) in [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/geo+json-seq;q=0.9, image/png", "application/geo+json-seq"),
        ("application/flatgeobuf", "application/flatgeobuf"),
        ("text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "application/geo+json"),
    ] {
        let response = ask(accept).await.unwrap();
        assert_eq!(response.headers()["content-type"], media_type, "{accept}");
    }
    let refused = ask("image/png").await.unwrap();
    assert_eq!(refused.status(), 406);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "not_acceptable");
}
