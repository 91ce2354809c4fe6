//! The rows of a batch as they were sent: cut apart once, read one by one when their turn comes, each as strictly as a
//! question asked alone.

use super::super::Question;
use crate::across::imports::Crs;
use crate::across::land_check::rules::Operation;
use crate::across::land_check::{Asked, read_all};
use crate::kernel::{Day, Error, Fault, Kind, Result, Text};
use crate::platform::crs::BodyCrs;
use crate::platform::{App, call};
use crate::standards::land_use::{LandUse, LandUseSystem};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// What holds for rows that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// What is to be done with the land.
    pub operation: Option<String>,
    /// Use it is meant for.
    pub planned_use: Option<DefaultUse>,
    /// Day of the operation.
    pub on: Option<Day>,
}

/// A land use by code system and code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultUse {
    /// Code system.
    pub system: String,
    /// Code in it.
    pub code: String,
}

impl Defaults {
    /// Reads defaults as parameters say them; the planned use is `SYSTEM:CODE`.
    ///
    /// # Errors
    /// `bad_parameter` naming the parameter.
    pub fn read(operation: Option<&str>, planned_use: Option<&str>, on: Option<Day>) -> Result<Defaults> {
        if let Some(name) = operation.filter(|name| Operation::parse(name).is_none()) {
            let known: Vec<&str> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
            return Err(Error::bad_parameter(
                "operation",
                Text::new(
                    format!("没有操作 {name}，可用：{}。", known.join("、")),
                    format!("there is no operation {name}; there are {}.", known.join(", ")),
                ),
            ));
        }
        let planned_use = planned_use
            .map(|text| {
                let (system, code) = text.rsplit_once(':').ok_or_else(|| {
                    Text::fixed(
                        "应为 体系:代码，如 GB/T 21010-2017:0701。",
                        "must be SYSTEM:CODE, as GB/T 21010-2017:0701.",
                    )
                })?;
                LandUseSystem::parse(system)
                    .and_then(|system| LandUse::parse(system, code))
                    .map_err(|fault| fault.message)?;
                Ok(DefaultUse { system: system.to_owned(), code: code.to_owned() })
            })
            .transpose()
            .map_err(|message| Error::bad_parameter("planned_use", message))?;
        Ok(Defaults { operation: operation.map(str::to_owned), planned_use, on })
    }
}

/// How rows stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// One FeatureCollection.
    Collection,
    /// A Feature per line, or behind record separators (RFC 8142).
    Lines,
}

/// The rows of a batch, in order.
#[derive(Debug)]
pub struct Rows {
    rows: Vec<Row>,
    digest: [u8; 32],
    name: Option<String>,
    sha256: [u8; 32],
    defaults: Defaults,
    crs: BodyCrs,
}

#[derive(Debug)]
pub(super) enum Row {
    /// A Feature's text.
    Text(Bytes),
    /// No row at all.
    Wrong(Vec<Fault>),
}

/// A FeatureCollection; members of other writers that say nothing of a parcel are let pass, others are not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
    #[serde(default)]
    crs: serde_json::Value,
    #[serde(default, rename = "name")]
    _name: Option<IgnoredAny>,
    #[serde(default, rename = "description")]
    _description: Option<IgnoredAny>,
    #[serde(default, rename = "bbox")]
    _bbox: Option<IgnoredAny>,
    #[serde(default, rename = "xy_coordinate_resolution")]
    _resolution: Option<IgnoredAny>,
    #[serde(default, rename = "links")]
    _links: Option<IgnoredAny>,
    #[serde(default, rename = "timeStamp")]
    _time_stamp: Option<IgnoredAny>,
    #[serde(default, rename = "numberMatched")]
    _number_matched: Option<IgnoredAny>,
    #[serde(default, rename = "numberReturned")]
    _number_returned: Option<IgnoredAny>,
}

/// Where the question of a Feature stands.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    properties: &'a RawValue,
}

/// Which of the members that have defaults a question says itself, `null` included.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(deserialize_with = "present")]
    operation: bool,
    #[serde(deserialize_with = "present")]
    planned_use: bool,
    #[serde(deserialize_with = "present")]
    on: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl Rows {
    /// Cuts a body, whose outlines are in a reference system, into rows.
    ///
    /// # Errors
    /// `bad_json`, `not_a_collection`, `crs_not_lon_lat`, `crs_said_twice` when the body as a whole is none; `no_rows`.
    pub fn read(body: &Bytes, form: Form, defaults: Defaults, crs: BodyCrs) -> Result<Rows> {
        let sha256: [u8; 32] = Sha256::digest(body).into();
        let rows = match form {
            Form::Collection => collection(body, crs)?,
            Form::Lines => lines(body),
        };
        Rows::new(rows, None, sha256, defaults, crs)
    }

    pub(super) fn new(
        rows: Vec<Row>,
        name: Option<String>,
        sha256: [u8; 32],
        defaults: Defaults,
        crs: BodyCrs,
    ) -> Result<Rows> {
        if rows.is_empty() {
            return Err(Error::fault(
                "/features",
                "no_rows",
                Text::fixed("没有要查询的地块。", "There is no parcel to be checked."),
            ));
        }
        i32::try_from(rows.len()).map_err(Error::internal)?;
        // Each part behind its length, so that no two batches say the same in other words.
        let mut sha = Sha256::new();
        let mut put = |part: &[u8]| {
            sha.update(part.len().to_be_bytes());
            sha.update(part);
        };
        put(&sha256);
        put(&serde_json::to_vec(&defaults).map_err(Error::internal)?);
        for row in &rows {
            match row {
                Row::Text(text) => put(text),
                Row::Wrong(faults) => put(format!("{faults:?}").as_bytes()),
            }
        }
        if crs != BodyCrs::Crs84 {
            put(crs.uri().as_bytes());
        }
        let digest = sha.finalize().into();
        Ok(Rows { rows, digest, name, sha256, defaults, crs })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: a batch has a row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// SHA-256 of the rows and of how they are read.
    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Name of the file, where there was one, and SHA-256 of it or of the body.
    pub(super) fn source(&self) -> (Option<&str>, &[u8; 32]) {
        (self.name.as_deref(), &self.sha256)
    }

    /// How many rows from one on (counted from 0) are judged together: at most `rows`, and of at most `bytes` in all where
    /// that is more than one.
    pub(super) fn together(&self, from: usize, rows: usize, bytes: usize) -> usize {
        let mut sum = 0;
        let fits = self.rows[from..].iter().take(rows).take_while(|row| {
            sum += match row {
                Row::Text(text) => text.len(),
                Row::Wrong(_) => 0,
            };
            sum <= bytes
        });
        fits.count().max(1)
    }

    /// What some rows from one on (counted from 0) ask. Each that cannot be read has an error of its own: what a question
    /// asked alone is refused for, or `known_at_in_batch`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn questions(&self, app: &App, from: usize, many: usize, today: Day) -> Result<Vec<Result<Question>>> {
        let (mut asked, mut refused) = (Vec::with_capacity(many), Vec::with_capacity(many));
        for at in from..from + many {
            refused.push(self.asked(at).map(|one| asked.push(one)).err());
        }
        let mut read = read_all(app, asked, self.crs, None, today).await?.into_iter();
        let questions = refused.into_iter().map(|refused| match refused {
            Some(error) => Err(error),
            None => read.next().ok_or_else(|| Error::internal("a row of a batch was not read"))?,
        });
        Ok(questions.collect())
    }

    fn asked(&self, at: usize) -> Result<Asked> {
        let text = match &self.rows[at] {
            Row::Text(text) => text,
            Row::Wrong(faults) => return Err(Error::invalid(faults.clone())),
        };
        let completed = self.complete(text);
        let asked: Asked = call::parse_json(completed.as_deref().unwrap_or(text))?;
        if asked.properties.known_at.is_some() {
            return Err(Error::fault(
                "/properties/known_at",
                "known_at_in_batch",
                Text::fixed(
                    "批量查询只出具正式答复；按某时刻所知查询，请逐个提交。",
                    "A batch gives replies of record; ask one by one what was known at an instant.",
                ),
            ));
        }
        Ok(asked)
    }

    /// A Feature's text with the defaults that it does not say itself; `None` where it is whole, or not legible: then it is
    /// read as it is, and what is wrong is said of its own text.
    fn complete(&self, text: &Bytes) -> Option<Vec<u8>> {
        let Defaults { operation, planned_use, on } = &self.defaults;
        if operation.is_none() && planned_use.is_none() && on.is_none() {
            return None;
        }
        let properties = serde_json::from_slice::<Peek<'_>>(text).ok()?.properties.get();
        let said: Said = serde_json::from_str(properties).ok()?;
        let inside = properties.strip_prefix('{')?;
        let mut added = serde_json::Map::new();
        if let Some(operation) = operation.as_ref().filter(|_| !said.operation) {
            added.insert("operation".to_owned(), operation.as_str().into());
        }
        if let Some(planned) = planned_use.as_ref().filter(|_| !said.planned_use) {
            added.insert("planned_use".to_owned(), serde_json::to_value(planned).ok()?);
        }
        if let Some(on) = on.filter(|_| !said.on) {
            added.insert("on".to_owned(), serde_json::to_value(on).ok()?);
        }
        if added.is_empty() {
            return None;
        }
        let added = serde_json::to_string(&added).ok()?;
        let start = properties.as_ptr() as usize - text.as_ptr() as usize;
        let mut whole = Vec::with_capacity(text.len() + added.len() + 1);
        whole.extend_from_slice(&text[..start]);
        whole.extend_from_slice(added.strip_suffix('}')?.as_bytes());
        if inside.trim_start() != "}" {
            whole.push(b',');
        }
        whole.extend_from_slice(&text[start + 1..]);
        Some(whole)
    }
}

fn collection(body: &Bytes, crs: BodyCrs) -> Result<Vec<Row>> {
    let read: Collection<'_> = match serde_json::from_slice(body) {
        Ok(read) => read,
        Err(cause) => {
            // What is no JSON at all says where.
            call::parse_json::<IgnoredAny>(body)?;
            return Err(not_a_collection(&cause.to_string()));
        }
    };
    if read.kind != "FeatureCollection" {
        return Err(not_a_collection(&format!("type is {}", read.kind)));
    }
    let member = Crs::from_member(&read.crs)?;
    if crs != BodyCrs::Crs84 && member.is_some() {
        return Err(Error::fault(
            "/crs",
            "crs_said_twice",
            Text::fixed(
                "请求头 Content-Crs 已说明坐标系，正文不应再有 crs 成员。",
                "The header Content-Crs names the reference system; the body has no crs member beside it.",
            ),
        ));
    }
    if !matches!(member, None | Some(Crs::LonLat)) {
        return Err(Error::fault(
            "/crs",
            "crs_not_lon_lat",
            Text::fixed(
                "正文的坐标应为经纬度（CRS84），其他坐标系用请求头 Content-Crs 说明；文件可用 POST /v1/imports 提交，target=land-checks。",
                "Coordinates are longitude and latitude (CRS84), or in the system that the header Content-Crs names; send a file to POST /v1/imports with target=land-checks.",
            ),
        ));
    }
    Ok(read.features.iter().map(|feature| Row::Text(body.slice_ref(feature.get().as_bytes()))).collect())
}

fn not_a_collection(said: &str) -> Error {
    Error::new(
        Kind::Invalid,
        "not_a_collection",
        Text::new(
            format!("正文应为 FeatureCollection，或以 application/x-ndjson 每行一个 Feature：{said}。"),
            format!("The body must be a FeatureCollection, or a Feature per line as application/x-ndjson: {said}."),
        ),
    )
}

fn lines(body: &Bytes) -> Vec<Row> {
    // With record separators a record may go over lines.
    let end = if body.contains(&0x1e) { 0x1e } else { b'\n' };
    let body = body.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| body.clone(), |rest| body.slice_ref(rest));
    body.split(|byte| *byte == end)
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| Row::Text(body.slice_ref(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rows(body: &str, form: Form, defaults: Defaults) -> Result<Rows> {
        Rows::read(&Bytes::copy_from_slice(body.as_bytes()), form, defaults, BodyCrs::Crs84)
    }

    fn texts(rows: &Rows) -> Vec<String> {
        let text = |row: &Row| match row {
            Row::Text(text) => String::from_utf8(text.to_vec()).expect("text"),
            Row::Wrong(faults) => faults[0].code.to_owned(),
        };
        rows.rows.iter().map(text).collect()
    }

    #[test]
    fn a_body_is_cut_into_its_features() {
        let read = rows(
            r#"{"type": "FeatureCollection", "name": "x", "features": [{"a": 1}, 7 ,{"b": "},{"}]}"#,
            Form::Collection,
            Defaults::default(),
        );
        assert_eq!(texts(&read.expect("rows")), [r#"{"a": 1}"#, "7", r#"{"b": "},{"}"#]);
        let read = rows("\u{feff}{\"a\":1}\r\n\n {} \n", Form::Lines, Defaults::default());
        assert_eq!(texts(&read.expect("rows")), [r#"{"a":1}"#, "{}"]);
        let read = rows("\u{1e}{\"a\":\n1}\n\u{1e}{}\n", Form::Lines, Defaults::default());
        assert_eq!(texts(&read.expect("rows")), ["{\"a\":\n1}", "{}"]);
    }

    #[test]
    fn what_is_no_batch_is_refused_whole() {
        let code = |body: &str, form| match rows(body, form, Defaults::default()) {
            Ok(_) => "read",
            Err(error) => error.faults().first().map_or(error.code(), |fault| fault.code),
        };
        for (body, wanted) in [
            (r#"{"type": "FeatureCollection", "features": ["#, "bad_json"),
            (r#"{"type": "Feature", "features": []}"#, "not_a_collection"),
            (r#"{"type": "FeatureCollection", "features": {}}"#, "not_a_collection"),
            (r#"{"type": "FeatureCollection", "features": [], "operation": "supply"}"#, "not_a_collection"),
            (r#"{"type": "FeatureCollection", "features": []}"#, "no_rows"),
            (
                r#"{"type": "FeatureCollection", "features": [{}], "crs": {"type": "name", "properties": {"name": "EPSG:4549"}}}"#,
                "crs_not_lon_lat",
            ),
        ] {
            assert_eq!(code(body, Form::Collection), wanted, "{body}");
        }
        assert_eq!(code(" \n\n", Form::Lines), "no_rows");
    }

    #[test]
    fn defaults_stand_in_for_what_a_row_does_not_say() {
        let defaults =
            Defaults::read(Some("supply"), Some("GB/T 21010-2017:0701"), Some(Day::of(2026, 11, 1))).expect("defaults");
        let read = rows("{}", Form::Lines, defaults).expect("rows");
        let complete = |text: &str| -> Value {
            let text = Bytes::copy_from_slice(text.as_bytes());
            let whole = read.complete(&text).unwrap_or_else(|| text.to_vec());
            serde_json::from_slice(&whole).expect("JSON")
        };
        let planned = json!({"system": "GB/T 21010-2017", "code": "0701"});
        assert_eq!(
            complete(r#"{"properties": { }, "type": "Feature"}"#),
            json!({"properties": {"operation": "supply", "planned_use": planned, "on": "2026-11-01"}, "type": "Feature"})
        );
        assert_eq!(
            complete(r#"{"properties": {"operation": "reclaim", "planned_use": null}}"#),
            json!({"properties": {"operation": "reclaim", "planned_use": null, "on": "2026-11-01"}})
        );
        for whole in [
            r#"{"properties": {"operation": null, "planned_use": 1, "on": ""}}"#,
            r#"{"properties": null}"#,
            r#"{"properties": {"on": 1, "on": 2}}"#,
            r#"{"x": 1}"#,
        ] {
            assert!(read.complete(&Bytes::copy_from_slice(whole.as_bytes())).is_none(), "{whole}");
        }
        assert!(Defaults::read(Some("sell"), None, None).is_err());
        assert!(Defaults::read(None, Some("0701"), None).is_err());
        assert!(Defaults::read(None, Some("GB/T 21010-2017:9999"), None).is_err());
    }

    #[test]
    fn rows_are_judged_together_within_bounds() {
        let read = rows("{\"a\":1}\n{\"b\":1}\n{}\n{}", Form::Lines, Defaults::default()).expect("rows");
        assert_eq!((read.together(0, 10, 100), read.together(0, 2, 100), read.together(0, 10, 8)), (4, 2, 1));
        assert_eq!((read.together(0, 10, 3), read.together(2, 10, 3)), (1, 1));
    }
}
