//! Filing, attaching and finding documents.

use super::rules;
use super::store::{self, NewRow, Row, Sight};
use crate::kernel::{Day, DivisionCode, DocumentId, Error, Fault, Result, Text};
use crate::platform::{Act, Caller, Permission, Role, Scope};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// Longest `kind`, `title`: characters.
const MAX_KIND: usize = 60;
const MAX_TITLE: usize = 300;

/// A document to be filed.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its content.
    pub content: bytes::Bytes,
    /// Name of the file, without any folder.
    pub file_name: String,
    /// What the paper is, in the words of the office: `notice`, `report`, `review_opinion` ...
    pub kind: String,
    /// Its title.
    pub title: String,
    /// The day on the paper, where it carries one.
    pub issued_on: Option<Day>,
    /// Division it belongs to; `None` for that of the caller, which the operator at the machine does not have.
    pub division: Option<DivisionCode>,
}

/// The record that a document is attached to.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Identifier of its register: `site`.
    pub register: &'a str,
    /// Identifier of the record.
    pub id: Uuid,
    /// Division of the record: who covers it may read the document.
    pub division_code: &'a str,
    /// Credit code of the land user whose record it is.
    pub owner_credit_code: Option<&'a str>,
}

/// A filed document, as the answer to its filing needs it.
#[derive(Debug)]
pub(super) struct Filed {
    pub(super) row: Row,
}

/// What a caller may see of the documents.
pub(super) struct Reader {
    scope: Option<Scope>,
    mark: String,
}

impl Reader {
    /// The caller's view.
    pub(super) fn of(caller: &Caller) -> Reader {
        // An agency works for whoever hires it and is no department of its division: it sees what it filed itself.
        let own_only = caller.role() == Some(Role::ThirdParty) || *caller == Caller::Public;
        let scope = (!own_only).then(|| caller.scope(Permission::DocumentRead));
        Reader { scope, mark: caller.mark() }
    }

    fn sight(&self) -> Sight<'_> {
        Sight {
            all: self.scope == Some(Scope::All),
            divisions: self.scope.as_ref().and_then(Scope::divisions),
            credit_code: self.scope.as_ref().and_then(Scope::own_credit_code),
            mark: &self.mark,
        }
    }
}

/// Files a document: checks what it is, keeps its content once, and says so in the audit chain by digest.
///
/// # Errors
/// `document_type` for what is not taken; `invalid_input` for empty content, a missing or long title or kind, a day that
/// has not come; `outside_division` for a division that is not the caller's.
pub async fn add(act: &mut Act, new: NewDocument) -> Result<DocumentId> {
    Ok(file(act, new).await?.row.id)
}

pub(super) async fn file(act: &mut Act, new: NewDocument) -> Result<Filed> {
    check(&new, act.today())?;
    let media_type = rules::media_type(&new.file_name, &new.content)?;
    let (division, owner) = match (&new.division, act.caller()) {
        (Some(division), caller) => {
            caller.require_division(division.as_str())?;
            (division.clone(), None)
        }
        (None, Caller::Key(holder)) => (holder.division.clone(), holder.credit_code.clone()),
        (None, Caller::Operator | Caller::Public) => (DivisionCode::nation(), None),
    };
    let (now, mark) = (act.now(), act.caller().mark());
    let row = Row {
        id: DocumentId::new(now),
        sha256: Sha256::digest(&new.content).to_vec(),
        bytes: i64::try_from(new.content.len()).map_err(Error::internal)?,
        media_type: media_type.to_owned(),
        file_name: new.file_name,
        kind: new.kind,
        title: new.title,
        issued_on: new.issued_on,
        recorded_at: now,
        revision: 1,
    };
    store::keep_content(act.tx(), &row.sha256, &new.content, now).await?;
    store::insert(
        act.tx(),
        &NewRow {
            id: row.id,
            sha256: &row.sha256,
            bytes: row.bytes,
            media_type: &row.media_type,
            file_name: &row.file_name,
            kind: &row.kind,
            title: &row.title,
            issued_on: row.issued_on,
            division_code: division.as_str(),
            owner_credit_code: owner.as_deref(),
            filed_by: &mark,
            recorded_at: now,
        },
    )
    .await?;
    act.note(
        format!("document/{}", row.id),
        json!({"sha256": hex::encode(&row.sha256), "bytes": row.bytes, "media_type": row.media_type}),
    );
    Ok(Filed { row })
}

fn check(new: &NewDocument, today: Day) -> Result<()> {
    let mut faults = Vec::new();
    if new.content.is_empty() {
        faults.push(Fault::new("/file", "empty_file", Text::fixed("文件是空的。", "The file is empty.")));
    }
    for (name, value, max) in [("kind", &new.kind, MAX_KIND), ("title", &new.title, MAX_TITLE)] {
        let length = value.chars().count();
        if value.trim().is_empty() || length > max || value.chars().any(char::is_control) {
            faults.push(Fault::new(
                format!("/{name}"),
                "bad_text",
                Text::new(
                    format!("{name} 应为 1 至 {max} 个字符，不含控制字符。"),
                    format!("{name} has 1 to {max} characters, none of them control characters."),
                ),
            ));
        }
    }
    if let Some(day) = new.issued_on.filter(|day| *day > today) {
        faults.push(Fault::new(
            "/issued_on",
            "day_in_future",
            Text::new(format!("{day} 尚未到来。"), format!("{day} has not come yet.")),
        ));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Whether there is such a document among those that the act's caller may read. An event may only rest on a paper that
/// whoever records it has seen.
///
/// # Errors
/// When the database cannot be read.
pub async fn exists(act: &mut Act, id: DocumentId) -> Result<bool> {
    let reader = Reader::of(act.caller());
    Ok(store::find(act.tx(), id, &reader.sight()).await?.is_some())
}

/// Attaches a document to a record, so that whoever may see the record's division, and its owner, may read the paper too.
/// Attaching it again follows the record to where it now belongs. `pointer` is where the request names the document.
///
/// # Errors
/// `unknown_document` at `pointer` when the caller may not read such a document: nobody gains sight of a paper by
/// attaching it to a record of theirs.
pub async fn attach(act: &mut Act, id: DocumentId, subject: &Subject<'_>, pointer: &str) -> Result<()> {
    if !exists(act, id).await? {
        return Err(Error::fault(
            pointer,
            "unknown_document",
            Text::new(
                format!("没有您可查阅的文件 {id}，请先上传。"),
                format!("There is no document {id} that you may read; file it first."),
            ),
        ));
    }
    let attachment = crate::kernel::ids::v7(act.now());
    if store::attach(act.tx(), attachment, id, subject).await? {
        act.note(format!("document/{id}"), json!({"attached_to": format!("{}/{}", subject.register, subject.id)}));
    }
    Ok(())
}

pub(super) async fn read(conn: &mut PgConnection, caller: &Caller, id: DocumentId) -> Result<Row> {
    let reader = Reader::of(caller);
    store::find(conn, id, &reader.sight()).await?.ok_or_else(|| Error::not_found("文件", "document"))
}
