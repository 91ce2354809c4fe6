//! The one error of the crate. It knows nothing of HTTP; `api::problem` maps it, once.

use super::{Citation, Text};
use std::borrow::Cow;
use std::sync::Arc;

/// What kind of refusal or failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read: syntax, unknown parameter, bad cursor.
    Malformed,
    /// Nobody is known to be calling, and somebody must be.
    Unauthenticated,
    /// The caller is known and may not.
    Forbidden,
    /// There is no such thing in what the caller may see.
    NotFound,
    /// An illegal step, or a clash with what is already there.
    Conflict,
    /// The caller's version is stale.
    PreconditionFailed,
    /// The body is larger than the server takes.
    TooLarge,
    /// The body is of a kind the server does not read.
    UnsupportedMediaType,
    /// There is no such form of the answer as the caller takes.
    NotAcceptable,
    /// Read and understood, but wrong: a field, a vertex, a day.
    Invalid,
    /// The caller must say which version it changes.
    PreconditionRequired,
    /// The caller asks too often.
    TooManyRequests,
    /// The server cannot answer now and may later.
    Unavailable,
    /// A fault of ours; the caller learns only the request's id.
    Internal,
}

/// One thing wrong with the input, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer into the body (`/geometry/coordinates/0/3`), or `?name` for a query parameter.
    pub pointer: String,
    /// Stable, snake_case.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: Text,
    /// A GeoJSON geometry that could stand there instead; whether it is what was meant, the sender says.
    pub proposal: Option<Box<serde_json::Value>>,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: Text) -> Fault {
        Fault { pointer: pointer.into(), code, message, proposal: None }
    }

    /// Adds the geometry that could stand there instead.
    #[must_use]
    pub fn proposing(mut self, geometry: serde_json::Value) -> Fault {
        self.proposal = Some(Box::new(geometry));
        self
    }
}

/// A refusal or failure, with what the caller may be told and, apart from it, the cause for the log.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    detail: Text,
    faults: Vec<Fault>,
    rule: Option<Cow<'static, str>>,
    citations: Vec<Citation>,
    allowed: Vec<Cow<'static, str>>,
    retry_after_s: Option<u32>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind with its stable code and a sentence for the caller.
    pub fn new(kind: Kind, code: &'static str, detail: Text) -> Error {
        Error(Box::new(Inner {
            kind,
            code,
            detail,
            faults: Vec::new(),
            rule: None,
            citations: Vec::new(),
            allowed: Vec::new(),
            retry_after_s: None,
            source: None,
        }))
    }

    /// The input is understood but wrong in the places named.
    pub fn invalid(faults: Vec<Fault>) -> Error {
        let mut error = Error::new(
            Kind::Invalid,
            "invalid_input",
            Text::fixed("提交的内容有误，请按所列位置修改。", "The input is wrong in the places listed."),
        );
        error.0.faults = faults;
        error
    }

    /// The input is wrong in one place.
    pub fn fault(pointer: impl Into<String>, code: &'static str, message: Text) -> Error {
        Error::invalid(vec![Fault::new(pointer, code, message)])
    }

    /// A query parameter cannot be read.
    pub fn bad_parameter(name: &str, message: Text) -> Error {
        let mut error = Error::new(
            Kind::Malformed,
            "bad_parameter",
            Text::new(
                format!("查询参数 {name} 有误：{}", message.zh),
                format!("Query parameter {name}: {}", message.en),
            ),
        );
        error.0.faults = vec![Fault::new(format!("?{name}"), "bad_parameter", message)];
        error
    }

    /// There is no such thing in what the caller may see. `zh` and `en` name the thing.
    pub fn not_found(zh: &str, en: &str) -> Error {
        Error::new(
            Kind::NotFound,
            "not_found",
            Text::new(format!("找不到{zh}，或您无权查看。"), format!("There is no such {en}, or you may not see it.")),
        )
    }

    /// The caller is known and may not; the text says who may.
    pub fn forbidden(code: &'static str, detail: Text) -> Error {
        Error::new(Kind::Forbidden, code, detail)
    }

    /// A clash with what is already there.
    pub fn conflict(code: &'static str, detail: Text) -> Error {
        Error::new(Kind::Conflict, code, detail)
    }

    /// A fault of ours. The cause goes to the log, never to the caller.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::new(
            Kind::Internal,
            "internal",
            Text::fixed(
                "服务器内部错误，请凭请求编号联系管理员。",
                "Internal error; quote the request id to the administrator.",
            ),
        )
        .because(source)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the rule that refuses, and the articles it stands on.
    #[must_use]
    pub fn under(mut self, rule: impl Into<Cow<'static, str>>, citations: Vec<Citation>) -> Error {
        self.0.rule = Some(rule.into());
        self.0.citations = citations;
        self
    }

    /// Adds the steps that would be allowed instead.
    #[must_use]
    pub fn allowing(mut self, steps: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Error {
        self.0.allowed = steps.into_iter().map(Into::into).collect();
        self
    }

    /// Adds faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Error {
        self.0.faults.extend(faults);
        self
    }

    /// Adds the seconds after which the caller may try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Error {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for the caller.
    pub fn detail(&self) -> &Text {
        &self.0.detail
    }

    /// What is wrong with the input, place by place.
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// The rule that refuses, when the law does.
    pub fn rule(&self) -> Option<&str> {
        self.0.rule.as_deref()
    }

    /// The articles of that rule.
    pub fn citations(&self) -> &[Citation] {
        &self.0.citations
    }

    /// The steps that would be allowed instead.
    pub fn allowed(&self) -> &[Cow<'static, str>] {
        &self.0.allowed
    }

    /// Seconds after which the caller may try again.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)?;
        for fault in &self.0.faults {
            write!(f, "\n  {}: {}", fault.pointer, fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

/// The same for somebody else who waited for the same answer; the log finds the cause behind it.
impl From<Arc<Error>> for Error {
    fn from(shared: Arc<Error>) -> Error {
        let Inner { kind, code, detail, faults, rule, citations, allowed, retry_after_s, .. } = shared.0.as_ref();
        Error(Box::new(Inner {
            kind: *kind,
            code,
            detail: detail.clone(),
            faults: faults.clone(),
            rule: rule.clone(),
            citations: citations.clone(),
            allowed: allowed.clone(),
            retry_after_s: *retry_after_s,
            source: Some(Box::new(shared)),
        }))
    }
}

impl From<sqlx::Error> for Error {
    /// A database that cannot be reached is "try again"; a broken constraint that no store named is our fault.
    fn from(error: sqlx::Error) -> Error {
        if error.as_database_error().and_then(|db| db.code()).is_some_and(|code| code == "57014") {
            return Error::new(
                Kind::Unavailable,
                "query_too_slow",
                Text::fixed(
                    "处理时间超过限制，请缩小范围或简化图形。",
                    "It took longer than is allowed; ask for less, or simplify the outline.",
                ),
            )
            .retry_after(5)
            .because(error);
        }
        let busy = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
                true
            }
            // 57P0x: the server is stopping or starting; 08xxx: the connection broke; 53xxx: no room; 40xxx: try again.
            sqlx::Error::Database(db) => db.code().is_some_and(|c| {
                c.starts_with("57P") || c.starts_with("08") || c.starts_with("53") || c.starts_with("40")
            }),
            _ => false,
        };
        if busy {
            Error::new(
                Kind::Unavailable,
                "database_unavailable",
                Text::fixed("数据库暂时不可用，请稍后重试。", "The database cannot be reached now; try again shortly."),
            )
            .retry_after(1)
            .because(error)
        } else {
            Error::internal(error)
        }
    }
}
