//! The feed as Atom (RFC 4287), for feed readers.

use super::view::{ChangeView, Row};
use crate::kernel::{Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};

/// What an Atom feed says of itself.
pub(super) struct Feed {
    /// The same for all pages of one feed: an absolute IRI.
    pub id: String,
    /// Address of this page.
    pub address: String,
    /// Address of the next page, where there is one.
    pub next: Option<String>,
}

/// Writes a feed. A feed without entries was never updated: it carries the first instant there is.
pub(super) fn write(feed: &Feed, rows: Vec<Row>) -> Result<Vec<u8>> {
    let updated = rows.iter().map(|row| row.recorded_at).max().unwrap_or(DateTime::UNIX_EPOCH);
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    line(&mut out, 1, "id", &feed.id);
    line(&mut out, 1, "title", "净土 Jingtu：变更 changes");
    line(&mut out, 1, "updated", &instant(updated));
    out.push_str("  <author><name>净土 Jingtu</name></author>\n");
    out.push_str(&format!("  <link rel=\"self\" type=\"{MEDIA_TYPE}\" href=\"{}\"/>\n", escaped(&feed.address)));
    if let Some(next) = &feed.next {
        out.push_str(&format!("  <link rel=\"next\" type=\"{MEDIA_TYPE}\" href=\"{}\"/>\n", escaped(next)));
    }
    for row in rows {
        entry(&mut out, row)?;
    }
    out.push_str("</feed>\n");
    Ok(out.into_bytes())
}

/// Media type of Atom.
pub(super) const MEDIA_TYPE: &str = "application/atom+xml";

fn entry(out: &mut String, row: Row) -> Result<()> {
    out.push_str("  <entry>\n");
    line(out, 2, "id", &format!("urn:uuid:{}", row.id));
    line(out, 2, "title", &format!("{} {}", row.kind, row.subject_code));
    line(out, 2, "updated", &instant(row.recorded_at));
    for (scheme, term) in [("kind", &row.kind), ("division", &row.division_code)] {
        out.push_str(&format!("    <category scheme=\"urn:jingtu:{scheme}\" term=\"{}\"/>\n", escaped(term)));
    }
    let content = serde_json::to_string(&ChangeView::from(row)).map_err(Error::internal)?;
    out.push_str(&format!("    <content type=\"text\">{}</content>\n  </entry>\n", escaped(&content)));
    Ok(())
}

fn line(out: &mut String, depth: usize, name: &str, text: &str) {
    out.push_str(&format!("{}<{name}>{}</{name}>\n", "  ".repeat(depth), escaped(text)));
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Text for content and attributes. Characters that XML 1.0 cannot hold become the one that stands for what is lost.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Kept from being normalised in attributes.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_for_content_and_attributes() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot;&#10;\u{fffd}");
    }
}
