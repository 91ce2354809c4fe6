//! Error → `application/problem+json` (RFC 9457): the one place where an error becomes a status and a text.

use crate::kernel::{AreaGeometry, Citation, Error, Kind, Lang, Text};
use crate::platform::call::Carried;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::sync::Arc;
use utoipa::ToSchema;

/// An error as a client reads it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// URN of the kind of problem: `urn:jingtu:problem:<code>`.
    #[serde(rename = "type")]
    #[schema(example = "urn:jingtu:problem:step_not_allowed")]
    pub type_: String,
    /// Short, the same for every problem of this status.
    pub title: String,
    /// HTTP status.
    #[schema(example = 409)]
    pub status: u16,
    /// What happened here, in the language of `Accept-Language`.
    pub detail: String,
    /// Stable, snake_case.
    #[schema(example = "step_not_allowed")]
    pub code: String,
    /// What is wrong with the input, place by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
    /// The rule that refuses, when the law does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The articles of that rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The steps that would be allowed instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The request's id, for the operator.
    pub request_id: String,
}

/// One thing wrong with the input.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemFault {
    /// RFC 6901 pointer into the body, or `?name` for a query parameter.
    #[schema(example = "/geometry/coordinates/0/3")]
    pub pointer: String,
    /// Stable, snake_case.
    #[schema(example = "ring_not_closed")]
    pub code: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// Of an outline whose rings cross: the areas that they enclose, repaired. Nothing was stored; whoever sent the outline
    /// looks at it, and sends it in its place if it is what was meant. Left out where no repair leaves an area.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AreaGeometry>)]
    pub proposal: Option<serde_json::Value>,
}

fn status_of(error: &Error) -> StatusCode {
    if error.code() == "method_not_allowed" {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    match error.kind() {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title_of(kind: Kind) -> Text {
    match kind {
        Kind::Malformed => Text::fixed("请求无法识别", "The request cannot be read"),
        Kind::Unauthenticated => Text::fixed("需要身份", "Who is asking?"),
        Kind::Forbidden => Text::fixed("无权操作", "Not allowed"),
        Kind::NotFound => Text::fixed("未找到", "Not found"),
        Kind::Conflict => Text::fixed("与现状冲突", "Conflict with what is there"),
        Kind::PreconditionFailed => Text::fixed("版本已过时", "Stale version"),
        Kind::TooLarge => Text::fixed("内容过大", "Too large"),
        Kind::UnsupportedMediaType => Text::fixed("不支持的类型", "Unsupported media type"),
        Kind::NotAcceptable => Text::fixed("没有所要的格式", "Not acceptable"),
        Kind::Invalid => Text::fixed("内容有误", "The input is wrong"),
        Kind::PreconditionRequired => Text::fixed("须注明版本", "A version is required"),
        Kind::TooManyRequests => Text::fixed("请求过于频繁", "Too many requests"),
        Kind::Unavailable => Text::fixed("暂时不可用", "Unavailable for the moment"),
        Kind::Internal => Text::fixed("内部错误", "Internal error"),
    }
}

/// The problem as data, in one language.
pub fn problem(error: &Error, lang: Lang, request_id: &str) -> Problem {
    Problem {
        type_: format!("urn:jingtu:problem:{}", error.code()),
        title: title_of(error.kind()).in_lang(lang).to_owned(),
        status: status_of(error).as_u16(),
        detail: error.detail().in_lang(lang).to_owned(),
        code: error.code().to_owned(),
        errors: error
            .faults()
            .iter()
            .map(|fault| ProblemFault {
                pointer: fault.pointer.clone(),
                code: fault.code.to_owned(),
                message: fault.message.in_lang(lang).to_owned(),
                proposal: fault.proposal.as_deref().cloned(),
            })
            .collect(),
        rule: error.rule().map(str::to_owned),
        citations: error.citations().to_vec(),
        allowed: error.allowed().iter().map(ToString::to_string).collect(),
        request_id: request_id.to_owned(),
    }
}

/// Writes out the error that a response carries, in the language of the request.
pub async fn write_out(request: Request, next: Next) -> Response {
    let lang = request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Lang::Zh, Lang::from_accept_language);
    let request_id = super::middleware::request_id(request.headers());
    let mut response = next.run(request).await;
    let Some(Carried(error)) = response.extensions_mut().remove::<Carried>() else { return response };
    if error.kind() == Kind::Internal {
        tracing::error!(request_id, error = &*error as &dyn std::error::Error, "internal error");
    } else {
        tracing::debug!(request_id, code = error.code(), "refused");
    }
    let status = status_of(&error);
    let body = serde_json::to_vec(&problem(&error, lang, &request_id)).unwrap_or_default();
    let mut out = (status, Body::from(body)).into_response();
    let headers = out.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(if lang == Lang::Zh { "zh" } else { "en" }));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
    if let Some(seconds) = error.retry_after_s() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"jingtu\", Basic realm=\"jingtu\""),
        );
    }
    out
}

/// A handler panicked: the text goes to the log, the caller gets an internal error.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer asks for")]
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let said = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = said, "a handler panicked");
    let error = Arc::new(Error::internal("panic"));
    let body = serde_json::to_vec(&problem(&error, Lang::Zh, "")).unwrap_or_default();
    let mut response = (status_of(&error), Body::from(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
