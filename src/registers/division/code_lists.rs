//! Code tables that are no GeoJSON, as they are published: read into features without geometry.
//!
//! * the Ministry of Civil Affairs' table as JSON, rows `[level, code, parent, name]`;
//! * the hierarchy province → prefecture → county as JSON, with 12-digit codes;
//! * the statistics bureau's tables as CSV (`code,name[,cityCode][,provinceCode]`).
//!
//! Townships (nine digits) are no divisions of this registry and are passed over, and so are the statistics bureau's
//! entries that only group others (市辖区, 县, 省直辖县级行政区划): with them a county directly under its province would
//! hang under a place that does not exist.

use crate::kernel::{Error, Kind, Result, Text};
use crate::registers::ImportFeature;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

/// A code table unpacked is larger than this only when somebody means harm.
const MAX_UNPACKED: u64 = 256 << 20;

const GROUPING: [&str; 4] = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

/// Reads a code table, gzipped or not. `None` when the bytes are something else, such as GeoJSON; the error when they are
/// a code table that cannot be read. Rows are ordered from above, so that parents come first; `row` counts them as given
/// out.
pub fn read(bytes: &[u8], file_name: &str) -> Option<Result<Vec<ImportFeature>, Error>> {
    let bytes = match unpacked(bytes)? {
        Ok(bytes) => bytes,
        Err(error) => return Some(Err(error)),
    };
    let text = std::str::from_utf8(&bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries = if text.trim_start().starts_with('{') { json(text)? } else { csv(text)? };
    Some(entries.map(features).map_err(|cause| {
        Error::new(
            Kind::Invalid,
            "bad_code_list",
            Text::new(
                format!("区划代码表 {file_name} 无法读取：{cause}。"),
                format!("The code table {file_name} cannot be read: {cause}."),
            ),
        )
    }))
}

/// `None` where the bytes are gzipped but no code table could be that large.
fn unpacked(bytes: &[u8]) -> Option<Result<Cow<'_, [u8]>>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(Ok(Cow::Borrowed(bytes)));
    }
    let mut out = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(MAX_UNPACKED + 1).read_to_end(&mut out);
    if let Err(cause) = read {
        let text = Text::fixed("压缩文件已损坏。", "The gzipped file is damaged.");
        return Some(Err(Error::new(Kind::Invalid, "bad_gzip", text).because(cause)));
    }
    (out.len() as u64 <= MAX_UNPACKED).then_some(Ok(Cow::Owned(out)))
}

struct Entry {
    code: String,
    name: String,
    parent: Option<String>,
}

#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    divisions: Option<&'a RawValue>,
    #[serde(borrow)]
    provinces: Option<&'a RawValue>,
    #[serde(borrow)]
    events: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Province {
    code: String,
    #[serde(default)]
    cities: BTreeMap<String, City>,
}

#[derive(Deserialize)]
struct City {
    code: Option<String>,
    #[serde(default)]
    counties: BTreeMap<String, String>,
}

fn json(text: &str) -> Option<Result<Vec<Entry>, String>> {
    let probe: Probe<'_> = serde_json::from_str(text).ok()?;
    if probe.kind.is_some() {
        return None;
    }
    match (probe.divisions, probe.provinces, probe.events) {
        (Some(rows), ..) => Some(ministry(rows.get())),
        (_, Some(provinces), _) => Some(hierarchy(provinces.get())),
        (_, _, Some(_)) => {
            Some(Err("这是代码变更记录，不是区划表 / this lists changes of codes, not divisions".to_owned()))
        }
        _ => None,
    }
}

fn ministry(rows: &str) -> Result<Vec<Entry>, String> {
    let rows: Vec<(u8, String, String, String)> = serde_json::from_str(rows).map_err(|e| e.to_string())?;
    let upper = rows.into_iter().filter(|(level, ..)| *level <= 3);
    Ok(upper
        .map(|(_, code, parent, name)| Entry { code, name, parent: Some(parent).filter(|p| !p.is_empty()) })
        .collect())
}

fn hierarchy(provinces: &str) -> Result<Vec<Entry>, String> {
    let provinces: BTreeMap<String, Province> = serde_json::from_str(provinces).map_err(|e| e.to_string())?;
    let six = |code: &str| code.get(..6).unwrap_or(code).to_owned();
    let mut out = Vec::new();
    for (name, province) in provinces {
        let province_code = six(&province.code);
        for (name, city) in province.cities {
            // Municipalities and counties directly under a province stand below a city without name and code.
            let above = match city.code {
                Some(code) => {
                    let code = six(&code);
                    out.push(Entry { code: code.clone(), name, parent: Some(province_code.clone()) });
                    code
                }
                None => province_code.clone(),
            };
            out.extend(city.counties.into_iter().map(|(name, code)| Entry {
                code: six(&code),
                name,
                parent: Some(above.clone()),
            }));
        }
        out.push(Entry { code: province_code, name, parent: None });
    }
    Ok(out)
}

fn csv(text: &str) -> Option<Result<Vec<Entry>, String>> {
    let header = text.lines().next()?.trim();
    if !["code,name", "code,name,provinceCode", "code,name,cityCode,provinceCode"].contains(&header) {
        return None;
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut out = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => return Some(Err(error.to_string())),
        };
        let (code, name) = (record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default());
        if !GROUPING.contains(&name) {
            // Two digits of a province, four of a prefecture: the rest are zeros. No parent is given, because the
            // grouping entries would be it; the digits find the right one.
            out.push(Entry { code: format!("{code:0<6}"), name: name.to_owned(), parent: None });
        }
    }
    Some(Ok(out))
}

fn features(mut entries: Vec<Entry>) -> Vec<ImportFeature> {
    let rank = |code: &str| (!code.ends_with("0000"), !code.ends_with("00"));
    entries.sort_by(|a, b| (rank(&a.code), &a.code).cmp(&(rank(&b.code), &b.code)));
    let mut row = 0;
    entries
        .into_iter()
        .map(|entry| {
            row += 1;
            let mut properties = Map::new();
            properties.insert("code".to_owned(), Value::String(entry.code));
            properties.insert("name_zh".to_owned(), Value::String(entry.name));
            if let Some(parent) = entry.parent {
                properties.insert("parent_code".to_owned(), Value::String(parent));
            }
            ImportFeature { row, geometry: Value::Null, properties }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn rows(text: &str) -> Vec<(String, String, Option<String>)> {
        let features = read(text.as_bytes(), "x").unwrap().unwrap();
        let get = |f: &ImportFeature, k: &str| f.properties.get(k).and_then(Value::as_str).map(str::to_owned);
        features.iter().map(|f| (get(f, "code").unwrap(), get(f, "name_zh").unwrap(), get(f, "parent_code"))).collect()
    }

    fn row(code: &str, name: &str, parent: Option<&str>) -> (String, String, Option<String>) {
        (code.to_owned(), name.to_owned(), parent.map(str::to_owned))
    }

    #[test]
    fn the_ministry_table_gives_parents_first_and_no_townships() {
        let text = r#"{"metadata":{},"divisions":[[3,"429004","420000","仙桃市"],[4,"429004001","429004","某街道"],[1,"420000","","湖北省"],[2,"420100","420000","武汉市"]]}"#;
        let expected = [
            row("420000", "湖北省", None),
            row("420100", "武汉市", Some("420000")),
            row("429004", "仙桃市", Some("420000")),
        ];
        assert_eq!(rows(text), expected);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(read(&packed, "x.gz").unwrap().unwrap().len(), 3);
        assert_eq!(read(&packed[..packed.len() / 2], "x.gz").unwrap().unwrap_err().code(), "bad_gzip");
    }

    #[test]
    fn the_hierarchy_and_the_statistics_tables_hang_rightly() {
        let text = r#"{"meta":{},"provinces":{"北京市":{"code":"110000000000","cities":{"":{"code":null,"counties":{"东城区":"110101000000"}}}},"广东省":{"code":"440000000000","cities":{"东莞市":{"code":"441900000000","counties":{}}}}}}"#;
        let expected = [
            row("110000", "北京市", None),
            row("440000", "广东省", None),
            row("441900", "东莞市", Some("440000")),
            row("110101", "东城区", Some("110000")),
        ];
        assert_eq!(rows(text), expected);
        assert_eq!(
            rows("code,name,provinceCode\n1101,\"市辖区\",11\n1301,石家庄市,13\n"),
            [row("130100", "石家庄市", None)]
        );
    }

    #[test]
    fn anything_else_is_left_to_others_and_broken_tables_are_errors() {
        for other in [
            "",
            "[]",
            "{}",
            r#"{"type":"FeatureCollection","features":[]}"#,
            "name,lon,lat\n",
            "{\"type\":\"Feature\"}\n{}\n",
        ] {
            assert!(read(other.as_bytes(), "x").is_none(), "{other}");
        }
        for broken in [r#"{"divisions":[["1"]]}"#, r#"{"provinces":[]}"#, r#"{"meta":{},"events":[]}"#] {
            assert_eq!(read(broken.as_bytes(), "x").unwrap().unwrap_err().code(), "bad_code_list", "{broken}");
        }
    }
}
