//! The same answers for a browser: any document of ours as a page, every text escaped, links to follow.

use crate::kernel::text::push_escaped;
use crate::kernel::{Error, Lang, Result};
use bytes::Bytes;
use serde_json::Value;

/// What a page may load: nothing. Its style is in it.
pub(super) const CSP: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
                     table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;vertical-align:top}\
                     nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.5rem 0}.wide{overflow-x:auto}";

/// A document that was written as JSON, as a page.
///
/// # Errors
/// When it is no JSON: a fault of ours.
pub(super) fn of_json(lang: Lang, title: &str, json: &[u8]) -> Result<Bytes> {
    let document = serde_json::from_slice(json).map_err(Error::internal)?;
    Ok(page(lang, title, &document).into())
}

/// A document as a page.
pub(super) fn page(lang: Lang, title: &str, document: &Value) -> Vec<u8> {
    let mut out = String::with_capacity(8192);
    let tag = if lang == Lang::Zh { "zh-CN" } else { "en" };
    out.push_str("<!doctype html><html lang=\"");
    out.push_str(tag);
    out.push_str("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    push_escaped(title, &mut out);
    out.push_str("</title><style>");
    out.push_str(STYLE);
    out.push_str("</style></head><body><h1>");
    push_escaped(title, &mut out);
    out.push_str("</h1>");
    value(document, &mut out);
    out.push_str("</body></html>");
    out.into_bytes()
}

fn value(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(links)) = members.get("links") {
                nav(links, out);
            }
            out.push_str("<table>");
            for (name, member) in members.iter().filter(|(name, _)| *name != "links") {
                out.push_str("<tr><th>");
                push_escaped(name, out);
                out.push_str("</th><td>");
                match (name.as_str(), member) {
                    ("features", Value::Array(rows)) => features(rows, out),
                    ("geometry", Value::Object(geometry)) if geometry.contains_key("coordinates") => {
                        push_escaped(geometry.get("type").and_then(Value::as_str).unwrap_or_default(), out);
                    }
                    _ => self::value(member, out),
                }
                out.push_str("</td></tr>");
            }
            out.push_str("</table>");
        }
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push_str("<br>");
                }
                self::value(item, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                self::value(item, out);
            }
        }
        Value::String(text) => push_escaped(text, out),
        Value::Null => {}
        other => push_escaped(&other.to_string(), out),
    }
}

/// Features side by side: one row each, one column for each property.
fn features(rows: &[Value], out: &mut String) {
    let names: Vec<&String> = rows
        .iter()
        .filter_map(|row| row.get("properties")?.as_object())
        .max_by_key(|properties| properties.len())
        .map(|properties| properties.keys().collect())
        .unwrap_or_default();
    out.push_str("<div class=\"wide\"><table><tr><th>id</th>");
    for name in &names {
        out.push_str("<th>");
        push_escaped(name, out);
        out.push_str("</th>");
    }
    out.push_str("</tr>");
    for row in rows {
        out.push_str("<tr><td>");
        value(row.get("id").unwrap_or(&Value::Null), out);
        out.push_str("</td>");
        for name in &names {
            out.push_str("<td>");
            value(row.get("properties").and_then(|p| p.get(name.as_str())).unwrap_or(&Value::Null), out);
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></div>");
}

fn nav(links: &[Value], out: &mut String) {
    out.push_str("<nav>");
    for link in links {
        let text = |name| link.get(name).and_then(Value::as_str);
        let href = text("href").unwrap_or_default();
        let label = text("title").or_else(|| text("rel")).unwrap_or(href);
        // An address with variables leads nowhere as it stands, and one of another scheme could be a script.
        let opens = href.starts_with("http://") || href.starts_with("https://") || href.starts_with('/');
        if opens && link.get("templated") != Some(&Value::Bool(true)) {
            out.push_str("<a href=\"");
            push_escaped(href, out);
            out.push_str("\">");
            push_escaped(label, out);
            out.push_str("</a>");
        } else {
            out.push_str("<span>");
            push_escaped(label, out);
            out.push_str("</span>");
        }
    }
    out.push_str("</nav>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_text_is_escaped_wherever_it_stands() {
        let evil = "<script>alert('\"')</script>";
        let document = json!({
            "title": evil, evil: [evil, {"x": evil}],
            "links": [{"href": format!("http://h/\"{evil}"), "rel": evil}, {"href": "javascript:alert(1)", "rel": "x"}],
            "features": [{"id": evil, "properties": {evil: evil}}],
        });
        let page = String::from_utf8(page(Lang::Zh, evil, &document)).unwrap();
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("javascript:"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }
}
