//! Searches: pages of features by a body, for filters that no address can hold.

use super::items::{FeaturePage, FgPage, select};
use super::{Ask, JSON};
use crate::kernel::{Error, Fault, Kind, Result, Text};
use crate::layers::query::Pairs;
use crate::platform::Stop;
use crate::platform::call::{parse_json, read_all};
use axum::body::Body;
use axum::extract::{Form, FromRequest, Path, Request};
use axum::http::{Method, header};
use axum::response::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};

/// Bytes of a body at most.
const MAX_BYTES: usize = 1024 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// What is searched for. The members are those of the parameters of a page of items, and each property of `/queryables` is a
/// member, too. One that is null is as one that is not there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "says in the document what Sent reads")]
struct SearchBody {
    /// A condition in CQL2 over the properties of `/queryables`: CQL2 JSON, or CQL2 text as a text.
    #[schema(schema_with = filter_schema)]
    filter: Option<Value>,
    /// `cql2-text` or `cql2-json`; without it a text is the one, an object the other.
    #[schema(rename = "filter-lang", example = "cql2-json")]
    filter_lang: Option<String>,
    /// CRS of the geometries in `filter` by its URI, with the axes of its register, or what they were drawn on
    /// (`urn:jingtu:crs:gcj-02`, `urn:jingtu:crs:bd-09`); CRS84 where it is not given.
    #[schema(rename = "filter-crs", example = "http://www.opengis.net/def/crs/EPSG/0/4490")]
    filter_crs: Option<String>,
    /// West, south, east, north in `bbox-crs`; a text with commas between them will do.
    #[schema(example = json!([105.0, 38.0, 106.0, 39.0]))]
    bbox: Option<[f64; 4]>,
    /// CRS of `bbox` by its URI, or the map that it was taken from (`urn:jingtu:crs:gcj-02`, `urn:jingtu:crs:bd-09`); CRS84
    /// where it is not given.
    #[schema(rename = "bbox-crs", example = "http://www.opengis.net/def/crs/EPSG/0/4490")]
    bbox_crs: Option<String>,
    /// CRS of the answer by its URI; CRS84 where it is not given.
    #[schema(example = "http://www.opengis.net/def/crs/EPSG/0/4527")]
    crs: Option<String>,
    /// A day or RFC 3339 instant, or an interval of them with `..` for an open end.
    #[schema(example = "2026-01-01/..")]
    datetime: Option<String>,
    /// A civil day of China: the layer as it was true on it.
    #[schema(example = "2026-06-30")]
    true_on: Option<String>,
    /// An RFC 3339 instant: what the registry knew then.
    #[schema(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Up to four properties of `/sortables`, each after `-` for largest first.
    #[schema(example = json!(["-area_m2", "code"]))]
    sortby: Option<Vec<String>>,
    /// The properties to be given.
    #[schema(example = json!(["code", "level"]))]
    properties: Option<Vec<String>>,
    /// Whether geometries are left out.
    #[schema(rename = "skipGeometry", example = true)]
    skip_geometry: Option<bool>,
    /// Digits after the point of coordinates.
    #[schema(maximum = 15, default = 7)]
    precision: Option<u8>,
    /// Zoom of the map that geometries are simplified for, as for a page of items.
    #[schema(rename = "zoom-level", minimum = 0, maximum = 24, example = 10)]
    zoom_level: Option<f64>,
    /// `rfc7946` or `jsonfg`, as for a page of items.
    #[schema(example = "rfc7946")]
    profile: Option<String>,
    /// Features of a page, or of a file at most; without it a file has all.
    #[schema(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Features left out before the page.
    #[schema(maximum = 100000, default = 0)]
    offset: Option<u32>,
    /// From the body of the `next` link of the page before.
    cursor: Option<String>,
    /// `hits` gives the number of features alone.
    #[schema(rename = "resultType", example = "hits")]
    result_type: Option<String>,
    /// `json` or `jsonfg` (JSON-FG) for a page; `geojsonseq`, `csv`, `fgb`, `parquet` or `gpkg` for a file of all features
    /// selected. Without it `Accept` decides.
    #[schema(example = "json")]
    f: Option<String>,
}

fn filter_schema() -> OneOfBuilder {
    let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
    OneOfBuilder::new()
        .item(of(Type::Object).description(Some("CQL2 JSON")))
        .item(of(Type::String).description(Some("CQL2 text")))
        .description(Some("A condition in CQL2 over the properties of `/queryables`"))
        .examples([json!({"op": "=", "args": [{"property": "stage"}, "listed"]})])
}

/// What was sent: members as they were written, numbers and all.
pub(super) struct Sent(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sent, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Sent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("一个对象 / an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sent, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push(member);
                }
                Ok(Sent(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Sent {
    /// As JSON.
    pub fn whole(&self) -> String {
        format!("{}}}", self.without(&[]))
    }

    /// As JSON up to the text of the cursor, which is the last member; where the page begins is said by it alone.
    pub fn before_cursor(&self) -> String {
        let mut begin = self.without(&["cursor", "offset"]);
        if begin.len() > 1 {
            begin.push(',');
        }
        begin.push_str("\"cursor\":");
        begin
    }

    fn without(&self, left_out: &[&str]) -> String {
        let members = self.0.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
        let members = members.map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), value.get()));
        format!("{{{}", members.collect::<Vec<_>>().join(","))
    }

    /// As the parameters that say the same.
    fn pairs(&self) -> Result<Pairs> {
        let mut pairs = Pairs::new();
        for (name, value) in self.0.iter().filter(|(_, value)| value.get() != "null") {
            let text = match (name.as_str(), value.get()) {
                ("filter", json) if json.starts_with('{') => {
                    if !self.0.iter().any(|(name, lang)| name == "filter-lang" && lang.get() != "null") {
                        pairs.push(("filter-lang".to_owned(), "cql2-json".to_owned()));
                    }
                    Some(json.to_owned())
                }
                ("filter", json) if json.starts_with('[') => None,
                (_, json) => parameter(json),
            };
            let text = text.ok_or_else(|| {
                let message = Text::fixed(
                    "应为文本、数字、true、false，或它们的数组（其中的文本不含逗号）。",
                    "must be a text, a number, true, false, or an array of them (whose texts have no commas).",
                );
                Error::bad_parameter(name, message)
            })?;
            pairs.push((name.clone(), text));
        }
        Ok(pairs)
    }

    /// Reads a body, JSON or a form.
    ///
    /// # Errors
    /// `unsupported_media_type`, `body_too_large`, `bad_json`, `bad_parameter`.
    async fn read(request: Request) -> Result<(Sent, Pairs)> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == FORM {
            let bytes = read_all(request, MAX_BYTES).await?;
            let form =
                Request::builder().method(Method::POST).header(header::CONTENT_TYPE, FORM).body(Body::from(bytes));
            let form = Form::<Pairs>::from_request(form.map_err(Error::internal)?, &()).await;
            let Form(pairs) = form.map_err(|rejection| {
                let detail = Text::fixed("表单无法识别。", "The form cannot be read.");
                Error::new(Kind::Malformed, "bad_parameter", detail).because(rejection)
            })?;
            if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
                let detail =
                    Text::fixed("文字中不得含有空字符（U+0000）。", "Text must not hold the character U+0000.");
                return Err(Error::new(Kind::Malformed, "nul_character", detail));
            }
            let member = |(name, value): &(String, String)| {
                let value = serde_json::value::to_raw_value(value).map_err(Error::internal)?;
                Ok::<_, Error>((name.clone(), value))
            };
            let members = pairs.iter().map(member).collect::<Result<_>>()?;
            return Ok((Sent(members), pairs));
        }
        if essence == JSON || essence.ends_with("+json") {
            let sent: Sent = parse_json(&read_all(request, MAX_BYTES).await?)?;
            let pairs = sent.pairs()?;
            return Ok((sent, pairs));
        }
        let detail = Text::fixed(
            "请求正文应为 application/json 或 application/x-www-form-urlencoded。",
            "The body must be application/json or application/x-www-form-urlencoded.",
        );
        Err(Error::new(Kind::UnsupportedMediaType, "unsupported_media_type", detail))
    }
}

/// The text of a JSON value as a parameter has it; `None` of what no parameter can say.
fn parameter(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(json).ok()?;
            let item = |item: &RawValue| match item.get().as_bytes().first()? {
                b'[' | b'{' | b'n' => None,
                _ => parameter(item.get()).filter(|text| !text.contains(',')),
            };
            Some(items.iter().map(|boxed| item(boxed)).collect::<Option<Vec<_>>>()?.join(","))
        }
        b'{' => None,
        _ => Some(json.to_owned()),
    }
}

/// What is wrong with parameters, where they are members of a body.
fn in_body(error: Error) -> Error {
    if !error.faults().iter().any(|fault| fault.pointer.starts_with('?')) {
        return error;
    }
    let inside = |fault: &Fault| {
        let mut fault = fault.clone();
        if let Some(rest) = fault.pointer.strip_prefix('?') {
            fault.pointer = format!("/{rest}");
        }
        fault
    };
    let faults = error.faults().iter().map(inside).collect();
    Error::new(error.kind(), error.code(), error.detail().clone()).with_faults(faults)
}

/// A page of a collection's features, as `/items` gives it, by parameters that are sent as a body of up to 1 MiB: for filters
/// that no address can hold. The `next` link says with which body the next page is asked for. Nothing is written.
#[utoipa::path(post, path = "/ogc/collections/{collection}/search", operation_id = "collection_search", tag = "layers",
    params(("collection" = String, Path, description = "Name of the collection", example = "divisions")),
    request_body(description = "Parameters; as a form with the names and texts of `/items`", content(
        (SearchBody = "application/json"), (SearchBody = "application/x-www-form-urlencoded"))),
    extensions(("x-permission" = json!("open"))),
    responses(
        (status = 200, description = "A page; or a file, by the form asked for", content(
                (FeaturePage = "application/geo+json"), (FgPage = "application/vnd.ogc.fg+json"), (Vec<u8> = "application/geo+json-seq"),
                (String = "text/csv"), (Vec<u8> = "application/flatgeobuf"), (Vec<u8> = "application/vnd.apache.parquet"),
                (Vec<u8> = "application/geopackage+sqlite3")),
            headers(("Content-Crs" = String, description = "CRS of the coordinates, in angle brackets"), ("Link" = String, description = "`collection` and queryables")))))]
pub(super) async fn search(mut ask: Ask, Path(id): Path<String>, request: Request) -> Result<Response, Stop> {
    let view = ask.view(&id)?;
    if let Some((name, _)) = ask.pairs.first() {
        let message = Text::fixed("请放在请求正文中。", "belongs into the body.");
        return Err(Error::bad_parameter(name, message).into());
    }
    // Whether the client has an answer already is a question of GET.
    ask.headers.remove(header::IF_NONE_MATCH);
    let (sent, pairs) = Sent::read(request).await.map_err(in_body)?;
    ask.pairs = pairs;
    Ok(Box::pin(select(&ask, view, Some(&sent))).await.map_err(in_body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Pairs> {
        parse_json::<Sent>(json.as_bytes())?.pairs()
    }

    #[test]
    fn members_are_parameters_to_the_digit() {
        let body = r#"{"filter": {"op":"=","args":[{"property":"n"}, 0.10000000000000000001]}, "limit": 7, "bbox": [1.50, 2,
            3e0, 4], "sortby": ["-a", "b"], "skipGeometry": true, "crs": null, "code": "a,b"}"#;
        let pairs = read(body).unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("filter-lang", "cql2-json"),
                ("filter", r#"{"op":"=","args":[{"property":"n"}, 0.10000000000000000001]}"#),
                ("limit", "7"),
                ("bbox", "1.50,2,3e0,4"),
                ("sortby", "-a,b"),
                ("skipGeometry", "true"),
                ("code", "a,b"),
            ]
        );
        let said = read(r#"{"filter-lang": "cql2-text", "filter": {}}"#).unwrap();
        assert_eq!(said.len(), 2, "what is said of the filter is not gone over");
    }

    #[test]
    fn what_no_parameter_can_say_is_refused_in_its_place() {
        for (body, pointer) in [
            (r#"{"code": ["a,b"]}"#, "?code"),
            (r#"{"bbox": [[1, 2], [3, 4]]}"#, "?bbox"),
            (r#"{"properties": [null]}"#, "?properties"),
            (r#"{"filter": []}"#, "?filter"),
            (r#"{"crs": {"name": "EPSG:4490"}}"#, "?crs"),
        ] {
            assert_eq!(read(body).unwrap_err().faults()[0].pointer, pointer, "{body}");
        }
        assert!(read("[]").is_err() && read("{").is_err());
    }

    #[test]
    fn the_next_page_is_asked_for_by_the_same_body_and_a_cursor() {
        let body = parse_json::<Sent>(br#"{"a": 1.0, "offset": 5, "cursor": "x"}"#).unwrap();
        assert_eq!(body.whole(), r#"{"a":1.0,"offset":5,"cursor":"x"}"#);
        assert_eq!(body.before_cursor(), r#"{"a":1.0,"cursor":"#);
        assert_eq!(parse_json::<Sent>(b"{}").unwrap().before_cursor(), r#"{"cursor":"#);
    }
}
