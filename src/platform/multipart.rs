//! Bodies of `multipart/form-data`: one file and some text fields, read within the size that the operator allows.

use super::App;
use super::call::Stop;
use crate::kernel::{Error, Fault, Kind, Result, Text};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use std::collections::BTreeMap;

/// Longest text field, bytes: a title, a mapping. Files go into `file`.
const MAX_FIELD_BYTES: usize = 1 << 20;
/// Parts at most; forms have a handful.
const MAX_PARTS: usize = 32;

/// A form with one file. Which fields it may have, the operation says with [`Form::only`].
#[derive(Debug)]
pub struct Form {
    file: Option<Upload>,
    fields: BTreeMap<String, String>,
}

/// A file as sent.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name without any folder; `file` when the sender gave none.
    pub name: String,
    /// Its content.
    pub bytes: bytes::Bytes,
}

impl Form {
    /// Refuses fields that the operation does not know, so that a misspelt one is not silently ignored.
    ///
    /// # Errors
    /// `invalid_input` with the names.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        let strangers: Vec<Fault> = self
            .fields
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| {
                Fault::new(
                    format!("/{name}"),
                    "unknown_field",
                    Text::new(
                        format!("没有名为 {name} 的字段，可用：file、{}。", known.join("、")),
                        format!("There is no field {name}; there are: file, {}.", known.join(", ")),
                    ),
                )
            })
            .collect();
        if strangers.is_empty() { Ok(()) } else { Err(Error::invalid(strangers)) }
    }

    /// A text field without surrounding space; `None` where it is missing or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A text field that must be there.
    ///
    /// # Errors
    /// `required`.
    pub fn required(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).ok_or_else(|| {
            Fault::new(
                format!("/{name}"),
                "required",
                Text::new(format!("缺少字段 {name}。"), format!("The field {name} is missing.")),
            )
        })
    }

    /// The file.
    ///
    /// # Errors
    /// `required` where there is none, `empty_file` where it has no content.
    pub fn file(&self) -> Result<&Upload, Fault> {
        let file = self.file.as_ref().ok_or_else(|| {
            Fault::new(
                "/file",
                "required",
                Text::fixed("缺少文件（字段 file）。", "The file (field `file`) is missing."),
            )
        })?;
        if file.bytes.is_empty() {
            return Err(Fault::new("/file", "empty_file", Text::fixed("文件是空的。", "The file is empty.")));
        }
        Ok(file)
    }
}

impl FromRequest<App> for Form {
    type Rejection = Stop;

    async fn from_request(mut request: Request, app: &App) -> Result<Form, Stop> {
        let max = app.config().max_body_bytes;
        DefaultBodyLimit::max(max).apply(&mut request);
        let mut parts = Multipart::from_request(request, app).await.map_err(|_| {
            Error::new(
                Kind::UnsupportedMediaType,
                "unsupported_media_type",
                Text::fixed("请求正文应为 multipart/form-data。", "The body must be multipart/form-data."),
            )
        })?;
        let mut form = Form { file: None, fields: BTreeMap::new() };
        let mut seen = 0;
        while let Some(part) = parts.next_field().await.map_err(|error| broken(&error, max))? {
            seen += 1;
            if seen > MAX_PARTS {
                return Err(malformed(Text::fixed("表单的部分太多。", "The form has too many parts.")).into());
            }
            form.take(part, max).await?;
        }
        Ok(form)
    }
}

impl Form {
    async fn take(&mut self, part: Field<'_>, max: usize) -> Result<()> {
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(malformed(Text::fixed("表单有一部分没有名称。", "A part of the form has no name.")));
        };
        let twice =
            || malformed(Text::new(format!("字段 {name} 出现两次。"), format!("The field {name} is given twice.")));
        let given = part.file_name().map(base_name);
        let bytes = part.bytes().await.map_err(|error| broken(&error, max))?;
        if name == "file" {
            let upload = Upload { name: given.unwrap_or_else(|| "file".to_owned()), bytes };
            return if self.file.replace(upload).is_some() { Err(twice()) } else { Ok(()) };
        }
        if bytes.len() > MAX_FIELD_BYTES {
            return Err(Error::new(
                Kind::TooLarge,
                "field_too_large",
                Text::new(
                    format!("字段 {name} 超过 {MAX_FIELD_BYTES} 字节。"),
                    format!("The field {name} is larger than {MAX_FIELD_BYTES} bytes."),
                ),
            ));
        }
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            malformed(Text::new(
                format!("字段 {name} 不是 UTF-8 文本。"),
                format!("The field {name} is not UTF-8 text."),
            ))
        })?;
        if text.contains('\0') {
            return Err(malformed(Text::new(
                format!("字段 {name} 含有空字符。"),
                format!("The field {name} holds a null character."),
            )));
        }
        if self.fields.insert(name.clone(), text).is_some() { Err(twice()) } else { Ok(()) }
    }
}

/// The last piece of a path, whichever way its slashes lean, without control characters, at most 200 characters.
fn base_name(given: &str) -> String {
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = base.chars().filter(|c| !c.is_control()).take(200).collect();
    match clean.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

fn malformed(detail: Text) -> Error {
    Error::new(Kind::Malformed, "bad_form", detail)
}

fn broken(error: &MultipartError, max: usize) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::new(
            Kind::TooLarge,
            "body_too_large",
            Text::new(format!("请求正文超过 {max} 字节。"), format!("The body is larger than {max} bytes.")),
        );
    }
    let said = error.body_text();
    malformed(Text::new(format!("multipart/form-data 无法读取：{said}"), format!("The form cannot be read: {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folder() {
        for (given, name) in [
            ("notice.pdf", "notice.pdf"),
            ("C:\\文件\\通知书.pdf", "通知书.pdf"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb\".pdf", "ab\".pdf"),
            ("..", "file"),
            ("", "file"),
            ("folder/", "file"),
        ] {
            assert_eq!(base_name(given), name, "{given:?}");
        }
    }
}
