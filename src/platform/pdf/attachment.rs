//! A file inside a PDF: put there when it is written, read back when somebody wants to know what it rests on.

use crate::kernel::{Error, Kind, Result, Text};
use krilla::Document;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::metadata::DateTime;
use lopdf::{Dictionary, LoadOptions, Object};
use std::sync::Arc;

/// A file that a PDF carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What it is, for whoever opens the list of attachments.
    pub description: String,
    /// Its bytes.
    pub content: Arc<[u8]>,
}

/// Bytes of a file read back at most.
pub const MOST_ATTACHED: usize = 64 << 20;

impl Attachment {
    /// Puts it into a document as what the document shows (AFRelationship Source).
    pub(super) fn embed(&self, document: &mut Document, day: DateTime) -> Result<()> {
        let media_type = MimeType::new(self.media_type)
            .ok_or_else(|| Error::internal(format!("{} is no media type", self.media_type)))?;
        let file = EmbeddedFile {
            path: self.name.clone(),
            mime_type: Some(media_type),
            description: Some(self.description.clone()),
            association_kind: AssociationKind::Source,
            data: self.content.to_vec().into(),
            modification_date: Some(day),
            compress: Some(true),
            location: None,
        };
        document.embed_file(file).ok_or_else(|| Error::internal("a file of this name is attached already"))
    }
}

/// The bytes of the one file that a PDF carries. Damage is not mended: a PDF that is not read strictly is refused.
///
/// # Errors
/// `not_a_pdf` (422) for what cannot be read as one, `no_attachment` (422) where it carries no file, and
/// `several_attachments` (422) where it carries more than one, so that nobody takes one for another; a file of more than
/// [`MOST_ATTACHED`] bytes counts as not readable.
pub fn attachment(pdf: &[u8]) -> Result<Vec<u8>> {
    let options = LoadOptions { strict: true, max_decompressed_size: Some(MOST_ATTACHED), ..LoadOptions::default() };
    let document = lopdf::Document::load_mem_with_options(pdf, options).map_err(unreadable)?;
    let catalog = document.catalog().map_err(unreadable)?;
    let deref = |object: &Object| -> Option<Object> { document.dereference(object).ok().map(|(_, o)| o.clone()) };
    let mut specs: Vec<Object> = Vec::new();
    let mut add = |object: &Object| {
        if !specs.contains(object) {
            specs.push(object.clone());
        }
    };
    if let Some(Object::Array(files)) = catalog.get(b"AF").ok().and_then(deref) {
        files.iter().for_each(&mut add);
    }
    for spec in in_names(catalog, &document) {
        add(&spec);
    }
    let spec = match specs.as_slice() {
        [] => return Err(refused("no_attachment", "此 PDF 没有附件。", "This PDF carries no file.")),
        [spec] => spec,
        _ => {
            return Err(refused(
                "several_attachments",
                "此 PDF 有不止一个附件，无法判断以哪一个为准。",
                "This PDF carries more than one file; which one counts cannot be told.",
            ));
        }
    };
    let spec = deref(spec).ok_or_else(|| unreadable("the file's entry is missing"))?;
    let files = spec.as_dict().and_then(|spec| spec.get(b"EF")).map_err(unreadable)?;
    let files = deref(files).ok_or_else(|| unreadable("the file is missing"))?;
    let file = files.as_dict().and_then(|files| files.get(b"F").or_else(|_| files.get(b"UF"))).map_err(unreadable)?;
    let file = deref(file).ok_or_else(|| unreadable("the file is missing"))?;
    let stream = file.as_stream().map_err(unreadable)?;
    let content = stream.get_plain_content_with_limit(MOST_ATTACHED).map_err(unreadable)?;
    let said = stream
        .dict
        .get(b"Params")
        .ok()
        .and_then(deref)
        .and_then(|params| params.as_dict().ok().and_then(|params| params.get(b"Size").ok().cloned()))
        .and_then(|size| size.as_i64().ok());
    match said {
        Some(said) if usize::try_from(said).ok() != Some(content.len()) => {
            Err(unreadable("the file is not as long as its entry says"))
        }
        _ => Ok(content),
    }
}

/// The entries of the catalogue's tree of names; of a tree deeper than any writer makes, no more.
fn in_names(catalog: &Dictionary, document: &lopdf::Document) -> Vec<Object> {
    let get = |dictionary: &Dictionary, key: &[u8]| -> Option<Object> {
        dictionary.get(key).ok().and_then(|object| document.dereference(object).ok().map(|(_, o)| o.clone()))
    };
    let root = get(catalog, b"Names").and_then(|names| names.as_dict().ok().and_then(|n| get(n, b"EmbeddedFiles")));
    let mut found = Vec::new();
    let mut nodes: Vec<(Object, u8)> = root.into_iter().map(|root| (root, 0)).collect();
    while let Some((node, depth)) = nodes.pop() {
        let Ok(node) = node.as_dict() else { continue };
        if let Some(Object::Array(names)) = get(node, b"Names") {
            found.extend(names.chunks(2).filter_map(|pair| pair.get(1).cloned()));
        }
        if depth < 8
            && found.len() < 1_000
            && let Some(Object::Array(kids)) = get(node, b"Kids")
        {
            let kids = kids.iter().take(1_000).filter_map(|kid| document.dereference(kid).ok());
            nodes.extend(kids.map(|(_, kid)| (kid.clone(), depth + 1)));
        }
    }
    found
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    refused("not_a_pdf", "文件不是可读的 PDF，或已损坏。", "The file cannot be read as a PDF, or is damaged.")
        .because(why.to_string())
}

fn refused(code: &'static str, zh: &'static str, en: &'static str) -> Error {
    Error::new(Kind::Invalid, code, Text::fixed(zh, en))
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Fonts, Foot, Form, Frame, Paragraph, Sheet, write, write_as};
    use super::*;
    use crate::kernel::Day;
    use proptest::prelude::*;

    fn sheet() -> Sheet {
        Sheet {
            title: "回复书".to_owned(),
            author: "某局".to_owned(),
            number: "CX-1".to_owned(),
            day: Day::of(2026, 11, 22),
            blocks: vec![Block::Paragraph(Paragraph::title("回复书"))],
        }
    }

    fn carrying(content: &[u8]) -> Form {
        Form {
            frame: Frame::NARROW,
            foot: Foot::Line("回复书".to_owned()),
            attachment: Some(Attachment {
                name: "reply.json".to_owned(),
                media_type: "application/json",
                description: "回复原文 The reply".to_owned(),
                content: content.into(),
            }),
        }
    }

    #[test]
    fn what_was_attached_is_read_back_and_the_file_says_that_it_is_pdf_a_3() {
        let Ok(fonts) = Fonts::find(None) else { return println!("skipped: this machine has no Chinese font") };
        let body = "{\"number\":\"CX-1\",\"zh\":\"净土\"}".repeat(10_000);
        let pdf = write_as(&sheet(), &carrying(body.as_bytes()), &fonts).expect("a file");
        assert_eq!(attachment(&pdf).expect("the attachment"), body.as_bytes());
        let text = String::from_utf8_lossy(&pdf);
        assert!(
            text.contains("<pdfaid:part>3</pdfaid:part>")
                && text.contains("<pdfaid:conformance>U</pdfaid:conformance>")
        );
        assert!(text.contains("/AFRelationship/Source") || text.contains("/AFRelationship /Source"));
        assert_eq!(
            pdf,
            write_as(&sheet(), &carrying(body.as_bytes()), &fonts).expect("a file"),
            "twice the same bytes"
        );
    }

    #[test]
    fn what_carries_nothing_or_is_no_pdf_is_refused() {
        let Ok(fonts) = Fonts::find(None) else { return println!("skipped: this machine has no Chinese font") };
        let plain = write(&sheet(), &fonts).expect("a file");
        assert!(String::from_utf8_lossy(&plain).contains("<pdfaid:part>2</pdfaid:part>"));
        let code = |pdf: &[u8]| attachment(pdf).expect_err("refused").code().to_owned();
        assert_eq!(code(&plain), "no_attachment");
        for wrong in [&b""[..], b"%PDF-1.7", b"{}", &plain[..plain.len() / 2]] {
            assert_eq!(code(wrong), "not_a_pdf");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn a_damaged_file_is_refused_or_read_and_never_falls_over(at in 0usize..1_000_000, byte: u8, cut in any::<bool>()) {
            let Ok(fonts) = Fonts::find(None) else { return Ok(()) };
            static FILE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            let mut pdf = FILE.get_or_init(|| write_as(&sheet(), &carrying(b"{\"a\":1}"), &fonts).expect("a file")).clone();
            let at = at % pdf.len();
            pdf[at] = byte;
            if cut {
                pdf.truncate(at);
            }
            let _ = attachment(&pdf);
        }
    }
}
