//! What may be filed, found from the content alone: what a sender says of a file is not believed.

use crate::kernel::{Error, Kind, Text};

/// Extensions of the kinds that are taken, for messages.
const TAKEN: &str = "pdf, png, jpeg, docx, xlsx, zip, txt, json, geojson";

/// Extensions under which text is something that a program would run or a browser would draw.
const ACTIVE_TEXT: [&str; 12] = ["htm", "html", "xhtml", "svg", "xml", "js", "mjs", "css", "php", "sh", "bat", "hta"];

/// The media type of a file's content. The name only tells text from what pretends to be text.
///
/// # Errors
/// `document_type` when it is none of those that are taken.
pub fn media_type(name: &str, content: &[u8]) -> Result<&'static str, Error> {
    let found = if content.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if content.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if content.starts_with(b"PK\x03\x04") || content.starts_with(b"PK\x05\x06") {
        Some(zip_kind(content))
    } else {
        text_kind(name, content)
    };
    found.ok_or_else(|| {
        Error::new(
            Kind::UnsupportedMediaType,
            "document_type",
            Text::new(
                format!("不接受此类文件，可接受：{TAKEN}（文本须为 UTF-8）。"),
                format!("Files of this kind are not taken; these are: {TAKEN} (text in UTF-8)."),
            ),
        )
    })
}

/// Names of a zip's members stand in it as they are, so the two office formats are told by their main part.
fn zip_kind(content: &[u8]) -> &'static str {
    let holds = |name: &[u8]| content.windows(name.len()).any(|window| window == name);
    if !holds(b"[Content_Types].xml") {
        "application/zip"
    } else if holds(b"word/document.xml") {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    } else if holds(b"xl/workbook.xml") {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else {
        "application/zip"
    }
}

fn text_kind(name: &str, content: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(content).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\x0c')) {
        return None;
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    if ACTIVE_TEXT.contains(&extension.as_str()) {
        return None;
    }
    if text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        let geo = matches!(extension.as_str(), "geojson");
        return Some(if geo { "application/geo+json" } else { "application/json" });
    }
    Some("text/plain; charset=utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_a_file_is() {
        let docx = b"PK\x03\x04....[Content_Types].xml....word/document.xml".as_slice();
        for (name, content, expected) in [
            ("report.exe", b"%PDF-1.7\n".as_slice(), Some("application/pdf")),
            ("x.pdf", b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            ("x", b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            ("x.zip", b"PK\x03\x04data.shp", Some("application/zip")),
            ("x.zip", docx, Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
            ("n.txt", "通知书".as_bytes(), Some("text/plain; charset=utf-8")),
            ("a.geojson", b"{\"type\":\"Point\"}", Some("application/geo+json")),
            ("a.json", b"\xef\xbb\xbf[1]", Some("application/json")),
            ("a.json", b"{broken", Some("text/plain; charset=utf-8")),
            ("a.html", b"<script>alert(1)</script>", None),
            ("a.svg", b"<svg/>", None),
            ("a.txt", b"MZ\x90\x00\x03", None),
            // 污染 in GBK.
            ("a.txt", b"\xce\xdb\xc8\xbe", None),
        ] {
            assert_eq!(media_type(name, content).ok(), expected, "{name}");
        }
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let deep = "[".repeat(100_000);
        assert_eq!(media_type("deep.json", deep.as_bytes()).ok(), Some("text/plain; charset=utf-8"));
    }
}
