//! Documents over HTTP.

use super::actions::{self, NewDocument};
use super::store::{self, Row};
use crate::kernel::{Day, DocumentId, Error, Fault, Result, Text};
use crate::platform::multipart::Form;
use crate::platform::{App, Call, Permission, Reply, Stop};
use axum::extract::{FromRequest, Path, Request};
use axum::http::{HeaderName, header};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt::Write as _;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(file_document)).routes(routes!(get_document)).routes(routes!(get_content))
}

/// The form that files a document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form is read field by field; this is its description")]
struct DocumentForm {
    /// The paper: pdf, png, jpeg, docx, xlsx, zip, txt, json or geojson; told by its content.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What the paper is, in the words of the office; 1 to 60 characters.
    #[schema(example = "notice")]
    kind: String,
    /// Its title, 1 to 300 characters.
    #[schema(example = "土壤污染状况初步调查通知书")]
    title: String,
    /// The day on the paper.
    #[schema(example = "2026-05-20")]
    issued_on: Option<Day>,
}

/// A document without its content.
#[derive(Serialize, ToSchema)]
struct DocumentView {
    /// Its identifier, which events name as `document_id`.
    id: DocumentId,
    /// SHA-256 of the content, hexadecimal.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
    /// Length of the content.
    #[schema(example = 48213)]
    bytes: i64,
    /// Media type, found from the content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// Name of the file as sent, without any folder.
    #[schema(example = "通知书.pdf")]
    file_name: String,
    /// What the paper is.
    #[schema(example = "notice")]
    kind: String,
    /// Its title.
    #[schema(example = "土壤污染状况初步调查通知书")]
    title: String,
    /// The day on the paper.
    issued_on: Option<Day>,
    /// When it was filed.
    recorded_at: DateTime<Utc>,
}

impl From<Row> for DocumentView {
    fn from(row: Row) -> DocumentView {
        DocumentView {
            id: row.id,
            sha256: hex::encode(&row.sha256),
            bytes: row.bytes,
            media_type: row.media_type,
            file_name: row.file_name,
            kind: row.kind,
            title: row.title,
            issued_on: row.issued_on,
            recorded_at: row.recorded_at,
        }
    }
}

/// File a document
#[utoipa::path(
    post, path = "/v1/documents", operation_id = "file_document", tag = "documents",
    request_body(content = DocumentForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Filed", body = DocumentView)),
    extensions(("x-permission" = json!("document.add")))
)]
async fn file_document(call: Call, request: Request) -> Result<Reply, Stop> {
    // Before the body is read: nobody sends us a paper for nothing.
    call.caller().require(Permission::DocumentAdd)?;
    let form = Form::from_request(request, call.app()).await?;
    let mut act = call.begin(Permission::DocumentAdd).await?;
    let filed = actions::file(&mut act, read_form(&form)?).await?;
    let (id, revision) = (filed.row.id, filed.row.revision);
    let view = DocumentView::from(filed.row);
    let reply = Reply::json(&view)?.created(format!("/v1/documents/{id}")).revision(revision);
    Ok(act.finish(reply).await?)
}

fn read_form(form: &Form) -> Result<NewDocument> {
    form.only(&["kind", "title", "issued_on"])?;
    let issued_on = form
        .text("issued_on")
        .map(|text| {
            Day::parse(text).ok_or_else(|| {
                Fault::new(
                    "/issued_on",
                    "bad_day",
                    Text::new(
                        format!("“{text}”不是日期，应为 YYYY-MM-DD。"),
                        format!("`{text}` is not a day; write YYYY-MM-DD."),
                    ),
                )
            })
        })
        .transpose();
    match (form.file(), form.required("kind"), form.required("title"), issued_on) {
        (Ok(file), Ok(kind), Ok(title), Ok(issued_on)) => Ok(NewDocument {
            content: file.bytes.clone(),
            file_name: file.name.clone(),
            kind: kind.to_owned(),
            title: title.to_owned(),
            issued_on,
            division: None,
        }),
        (file, kind, title, issued_on) => {
            let faults = [file.err(), kind.err(), title.err(), issued_on.err()];
            Err(Error::invalid(faults.into_iter().flatten().collect()))
        }
    }
}

/// A document's metadata
#[utoipa::path(
    get, path = "/v1/documents/{id}", operation_id = "get_document", tag = "documents",
    params(("id" = Uuid, Path, description = "Identifier of the document")),
    responses((status = 200, description = "The document without its content", body = DocumentView)),
    extensions(("x-permission" = json!("document.read")))
)]
async fn get_document(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    let revision = row.revision;
    Ok(Reply::json(&DocumentView::from(row))?.revision(revision))
}

/// A document's content
///
/// The bytes that were filed; the `ETag` is their SHA-256.
#[utoipa::path(
    get, path = "/v1/documents/{id}/content", operation_id = "get_document_content", tag = "documents",
    params(("id" = Uuid, Path, description = "Identifier of the document")),
    responses((status = 200, description = "The content, of the media type that it was filed as", body = Vec<u8>,
        content_type = "*/*")),
    extensions(("x-permission" = json!("document.read")))
)]
async fn get_content(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let row = find(&call, &id).await?;
    let mut conn = call.app().db().acquire().await?;
    let content = store::content(&mut conn, &row.sha256).await?;
    Ok(Reply::bytes(&row.media_type, content)
        .with_header(header::ETAG, format!("\"{}\"", hex::encode(&row.sha256)))
        .with_header(header::CONTENT_DISPOSITION, disposition(&row.file_name))
        // A paper is saved, never drawn or run in this server's name.
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
        .with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// An identifier that is none names no document, just as an unknown one does.
async fn find(call: &Call, id: &str) -> Result<Row> {
    call.read(Permission::DocumentRead)?;
    let id = id.parse().map_err(|_| Error::not_found("文件", "document"))?;
    let mut conn = call.app().db().acquire().await?;
    actions::read(&mut conn, call.caller(), id).await
}

/// `attachment` with any file name: plain for old clients, RFC 8187 for the others.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    let mut out = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_makes_a_header() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(disposition("书.pdf"), "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E4%B9%A6.pdf");
        assert_eq!(
            disposition("x\";\r\nSet-Cookie: a"),
            "attachment; filename=\"x_;__Set-Cookie:_a\"; filename*=UTF-8''x%22%3B%0D%0ASet-Cookie%3A%20a"
        );
    }
}
