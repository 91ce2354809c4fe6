//! What a handler is given: the caller, authenticated; the clock; the way to begin an act; bodies and parameters whose
//! faults name their place.

use super::App;
use super::act::{Act, Begun, RequestMark};
use super::crs::BodyCrs;
use super::identity::{self, Caller, Permission, Scope};
use super::reached::Reached;
use super::reply::Reply;
use crate::kernel::{Day, Error, Fault, Kind, Lang, Result, Text};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Why a handler stops before its end.
#[derive(Debug)]
pub enum Stop {
    /// Refused or failed.
    Error(Error),
    /// Answered before: the same request with the same `Idempotency-Key`.
    Replayed(Reply),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Error(error.into())
    }
}

/// The error of a response, for the one place that writes it out (`api::problem`), which knows the language.
#[derive(Clone)]
pub struct Carried(pub Arc<Error>);

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Stop::Replayed(reply) => reply.into_response(),
            Stop::Error(error) => {
                let mut response = Response::default();
                response.extensions_mut().insert(Carried(Arc::new(error)));
                response
            }
        }
    }
}

/// Who calls, when, and how to act or read on their behalf.
#[derive(Clone)]
pub struct Call {
    app: App,
    caller: Caller,
    request: RequestMark,
    lang: Lang,
    reached: Reached,
}

impl Call {
    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The civil day in China.
    pub fn today(&self) -> Day {
        self.app.today()
    }

    /// How the client reaches this server: `https://host/prefix`. `None` where nothing says.
    pub fn base(&self) -> Option<&str> {
        self.reached.base()
    }

    /// The address of a path as links name it: see [`Reached::address`].
    pub fn address(&self, path: &str) -> String {
        self.reached.address(path)
    }

    /// Id of the request, for acts that outlast it.
    pub fn request_id(&self) -> &str {
        &self.request.id
    }

    /// The language that prose is wanted in.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Begins a writing act under a permission. A request answered before stops the handler with that answer.
    ///
    /// # Errors
    /// See [`Act::begin`].
    pub async fn begin(&self, permission: Permission) -> Result<Act, Stop> {
        match Act::begin(&self.app, &self.caller, permission, self.request.clone()).await? {
            Begun::Fresh(act) => Ok(*act),
            Begun::Replayed(reply) => Err(Stop::Replayed(reply)),
        }
    }

    /// Checks a reading permission and gives what part of the register the caller may see under it.
    ///
    /// # Errors
    /// `unauthenticated`, `role_not_allowed`.
    pub fn read(&self, permission: Permission) -> Result<Scope> {
        self.caller.require(permission)?;
        Ok(self.caller.scope(permission))
    }

    /// As [`Call::read`], of records that departments see and nobody else: their divisions, `None` for all.
    ///
    /// # Errors
    /// As [`Call::read`].
    pub fn read_departments(&self, permission: Permission) -> Result<Option<Vec<String>>> {
        Ok(self.read(permission)?.into_departments())
    }
}

impl FromRequestParts<App> for Call {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Call, Stop> {
        // `api::guard` has authenticated already where the operation is not everybody's.
        let caller = match parts.extensions.get::<Caller>() {
            Some(caller) => caller.clone(),
            None => match token(&parts.headers)? {
                Some(token) => identity::authenticate(app.db(), &token, app.today()).await?,
                None => Caller::Public,
            },
        };
        let lang = parts
            .headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map_or(Lang::Zh, Lang::from_accept_language);
        let request = parts.extensions.get::<RequestMark>().cloned().unwrap_or_default();
        let reached = Reached::of(app.config(), &parts.headers, &parts.extensions);
        Ok(Call { app: app.clone(), caller, request, lang, reached })
    }
}

/// `Bearer <token>`, or Basic with the token as password, which is how GDAL (`USERPWD`) and QGIS can send one.
fn token(headers: &HeaderMap) -> Result<Option<String>> {
    let refused = || {
        Error::new(
            Kind::Unauthenticated,
            "bad_authorization",
            Text::fixed(
                "Authorization 应为 Bearer <密钥>，或以密钥为口令的 Basic。",
                "Authorization must be Bearer <key>, or Basic with the key as password.",
            ),
        )
    };
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().map_err(|_| refused())?;
    let (scheme, rest) = value.split_once(' ').ok_or_else(refused)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(rest.trim().to_owned()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair =
            STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(refused)?;
        let (_, password) = pair.split_once(':').ok_or_else(refused)?;
        return Ok(Some(password.to_owned()));
    }
    Err(refused())
}

/// A JSON body. What cannot be read is answered with a pointer to its place.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let essence = media_type.split(';').next().unwrap_or("").trim();
        if !(essence == "application/json" || essence.ends_with("+json")) {
            return Err(Error::new(
                Kind::UnsupportedMediaType,
                "unsupported_media_type",
                Text::fixed(
                    "请求正文应为 application/json 或 application/geo+json。",
                    "The body must be application/json or application/geo+json.",
                ),
            )
            .into());
        }
        let bytes = read_all(request, app.config().max_body_bytes).await?;
        Ok(Body(parse_json(&bytes)?))
    }
}

/// Reads a whole body.
///
/// # Errors
/// `body_too_large`; `body_unreadable` when the client broke off.
pub async fn read_all(request: Request, max_bytes: usize) -> Result<bytes::Bytes> {
    use axum::body::to_bytes;
    to_bytes(request.into_body(), max_bytes).await.map_err(|error| {
        let cause: &dyn std::error::Error = &error;
        let too_large =
            std::iter::successors(Some(cause), |e| e.source()).any(|e| e.to_string().contains("length limit"));
        if too_large {
            Error::new(
                Kind::TooLarge,
                "body_too_large",
                Text::new(
                    format!("请求正文超过 {max_bytes} 字节。"),
                    format!("The body is larger than {max_bytes} bytes."),
                ),
            )
        } else {
            Error::new(
                Kind::Malformed,
                "body_unreadable",
                Text::fixed("请求正文读取中断。", "The body ended too soon."),
            )
            .because(error)
        }
    })
}

/// Reads JSON text; a syntax error is malformed, a wrong field is invalid and named.
///
/// # Errors
/// `bad_json`, or `invalid_input` with the pointer to the field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if holds_nul(bytes) {
        return Err(Error::fault("", "nul_character", NUL_REFUSED));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut pointer = json_pointer(error.path());
        let cause = error.into_inner();
        if cause.is_data() {
            let said = cause.to_string();
            // The position is that of the text; the pointer says it better.
            let said = said.split(" at line ").next().unwrap_or(&said);
            if let Some(missing) = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
                pointer = format!("{pointer}/{missing}");
            }
            Error::fault(pointer, "bad_field", in_both_languages(said))
        } else {
            bad_json(&cause)
        }
    })?;
    deserializer.end().map_err(|cause| bad_json(&cause))?;
    Ok(value)
}

/// PostgreSQL's text holds every character but this one.
const NUL_REFUSED: Text = Text::fixed("文字中不得含有空字符（U+0000）。", "Text must not hold the character U+0000.");

/// Whether JSON text escapes a NUL somewhere; a bare one is a syntax error anyway.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"u0000") {
            return true;
        }
        // Whatever is escaped, an escaped backslash among it, begins no escape of its own.
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Refuses a NUL in the path or the query.
///
/// # Errors
/// `nul_character`.
pub fn refuse_nul(uri: &axum::http::Uri) -> Result<()> {
    if uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00")) {
        return Err(Error::new(Kind::Malformed, "nul_character", NUL_REFUSED));
    }
    Ok(())
}

/// What serde says of a value, in Chinese as well. Our own types speak both languages already, with a slash between.
fn in_both_languages(said: &str) -> Text {
    if let Some((zh, en)) = said.split_once(" / ") {
        // `x` stands before the Chinese half and belongs to both.
        let subject = zh.split_once('`').and_then(|(_, rest)| rest.split_once('`')).map_or("", |(subject, _)| subject);
        let en = if en.contains('`') { en.to_owned() } else { format!("`{subject}` {en}") };
        return Text::new(zh.to_owned(), en);
    }
    let words = [
        ("invalid type: ", "类型不符："),
        ("invalid value: ", "取值不符："),
        ("invalid length ", "长度不符："),
        ("unknown field ", "没有此字段："),
        ("unknown variant ", "没有此取值："),
        ("missing field ", "缺少字段："),
        ("duplicate field ", "字段重复："),
        (", expected one of ", "，可用："),
        (", expected ", "，应为 "),
        ("floating point", "小数"),
        ("integer", "整数"),
        ("boolean", "布尔值"),
        ("string", "字符串"),
        ("sequence", "数组"),
        ("struct ", "对象 "),
        ("map", "对象"),
        ("null", "空值"),
        ("invalid digit found in 字符串", "不是数字"),
        ("cannot parse 整数 from empty 字符串", "不是数字"),
        ("number too large to fit in target type", "数字过大"),
        ("there are no fields", "无可用字段"),
    ];
    let zh = words.iter().fold(said.to_owned(), |text, (en, zh)| text.replace(en, zh));
    Text::new(zh, said.to_owned())
}

fn bad_json(cause: &serde_json::Error) -> Error {
    Error::new(
        Kind::Malformed,
        "bad_json",
        Text::new(
            format!("不是合法的 JSON：第 {} 行第 {} 列。", cause.line(), cause.column()),
            format!("Not JSON: line {}, column {}.", cause.line(), cause.column()),
        ),
    )
    .with_faults(vec![Fault::new("", "bad_json", Text::new(cause.to_string(), cause.to_string()))])
}

fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Query parameters. One that the operation does not know is an error, because a misspelt filter would silently
/// answer another question.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Stop> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Params(params)),
            Err(rejection) => {
                let said = rejection.body_text();
                let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(&said);
                let name = said.split(['`', ':']).find(|part| !part.contains(' ')).unwrap_or_default();
                let message = in_both_languages(said);
                Err(Error::new(
                    Kind::Malformed,
                    "bad_parameter",
                    Text::new(format!("查询参数有误：{}", message.zh), format!("Bad query parameter: {}", message.en)),
                )
                .with_faults(vec![Fault::new(format!("?{name}"), "bad_parameter", message)])
                .into())
            }
        }
    }
}

/// Judges a parameter that takes one of a rule's names.
///
/// # Errors
/// `bad_parameter`.
pub fn known_name(name: &str, value: Option<&str>, is_known: impl Fn(&str) -> bool) -> Result<()> {
    match value {
        Some(value) if !is_known(value) => {
            Err(Error::bad_parameter(name, Text::new(format!("没有 {value}。"), format!("there is no {value}."))))
        }
        _ => Ok(()),
    }
}

/// The revision that the caller means to change.
pub struct IfMatch(pub i32);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Stop> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Error::new(
                Kind::PreconditionRequired,
                "if_match_required",
                Text::fixed(
                    "修改须带 If-Match（先读取记录的 ETag）。",
                    "A change needs If-Match: read the record's ETag first.",
                ),
            )
            .into());
        };
        // A tag is the revision, and behind a dash what else the answer depended on, which a change does not.
        let tag = value.to_str().ok().map(|v| v.trim().trim_matches('"'));
        let revision = tag.and_then(|tag| tag.split('-').next()?.parse().ok());
        revision.map(IfMatch).ok_or_else(|| stale().into())
    }
}

/// The reference system of the body's coordinates: its header `Content-Crs`; CRS84 without one.
pub struct ContentCrs(pub BodyCrs);

impl FromRequestParts<App> for ContentCrs {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Stop> {
        match parts.headers.get("content-crs") {
            None => Ok(ContentCrs(BodyCrs::Crs84)),
            Some(value) => Ok(ContentCrs(BodyCrs::parse(value.to_str().unwrap_or_default())?)),
        }
    }
}

/// The caller's version is not the current one.
pub fn stale() -> Error {
    Error::new(
        Kind::PreconditionFailed,
        "stale",
        Text::fixed("记录已被他人修改，请重新读取后再改。", "The record was changed meanwhile; read it again first."),
    )
}

/// What one record is read with: as known when.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KnownParams {
    /// As the registry knew it at this instant (RFC 3339).
    #[param(example = "2026-11-21T04:00:00Z")]
    pub known_at: Option<String>,
}

/// The parameter `known_at`: an instant of RFC 3339.
///
/// # Errors
/// `bad_parameter`.
pub fn known_at(text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    // A `+` of an offset arrives as a blank.
    text.map(|text| {
        DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map(|at| at.to_utc()).map_err(|_| {
            Error::bad_parameter(
                "known_at",
                Text::fixed(
                    "应为 RFC 3339 时刻，如 2026-11-21T04:00:00Z。",
                    "must be an instant of RFC 3339, as 2026-11-21T04:00:00Z.",
                ),
            )
        })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_nul_is_found_and_an_escaped_backslash_is_none() {
        let escaped = |backslashes: usize| format!("[\"x{}u0000\"]", "\\".repeat(backslashes));
        assert!(holds_nul(escaped(1).as_bytes()) && holds_nul(escaped(3).as_bytes()));
        assert!(!holds_nul(escaped(0).as_bytes()) && !holds_nul(escaped(2).as_bytes()));
    }

    #[test]
    fn what_serde_says_is_said_in_chinese_too() {
        for (said, zh) in [
            ("invalid type: integer `5`, expected a string", "类型不符：整数 `5`，应为 a 字符串"),
            ("missing field `name`", "缺少字段：`name`"),
            ("limit: invalid digit found in string", "limit: 不是数字"),
        ] {
            let text = in_both_languages(said);
            assert_eq!((text.zh.as_ref(), text.en.as_ref()), (zh, said));
        }
        let day = in_both_languages("`x` 不是日期 YYYY-MM-DD / is not a day YYYY-MM-DD");
        assert_eq!((day.zh.as_ref(), day.en.as_ref()), ("`x` 不是日期 YYYY-MM-DD", "`x` is not a day YYYY-MM-DD"));
    }
}
