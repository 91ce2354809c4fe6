//! The page for developers of maps at `/docs/maps`: how each client is led to the layers, with this server's own address in
//! every example.

use crate::kernel::text::push_escaped;
use crate::kernel::{Error, Lang, Text};
use crate::platform::{Call, Params, Stop};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// The page as it is written, with `{{name}}` where an example goes and `{{base}}` where the server's address does.
const PAGES: Text = Text::fixed(include_str!("maps.zh.html"), include_str!("maps.en.html"));
const STYLE: &str = include_str!("maps.css");
/// The examples, which both pages share: each begins with a line `=== name`.
const EXAMPLES: &str = include_str!("maps.examples.txt");
/// The page loads nothing: its style is in it, and it has no script.
const CSP: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// In which language.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// `zh` or `en`; without it `Accept-Language` decides.
    lang: Option<String>,
}

/// The page at `/docs/maps`.
pub async fn page(call: Call, Params(asked): Params<Asked>) -> Result<Response, Stop> {
    let lang = match asked.lang.as_deref() {
        None => call.lang(),
        Some("zh") => Lang::Zh,
        Some("en") => Lang::En,
        Some(_) => {
            return Err(Error::bad_parameter("lang", Text::fixed("可用：zh, en。", "there are: zh, en.")).into());
        }
    };
    let mut response = written(lang, call.base().unwrap_or_default()).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, if lang == Lang::Zh { "zh" } else { "en" }),
        (header::VARY, "accept-language"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn written(lang: Lang, base: &str) -> String {
    let mut page = PAGES.in_lang(lang).replace("{{style}}", STYLE);
    for (name, text) in examples() {
        let mut code = String::from("<pre><code>");
        push_escaped(text.trim_end(), &mut code);
        code.push_str("</code></pre>");
        page = page.replace(&format!("{{{{{name}}}}}"), &code);
    }
    let mut address = String::new();
    push_escaped(base, &mut address);
    page.replace("{{base}}", &address)
}

fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    let begun = EXAMPLES.strip_prefix("=== ").unwrap_or(EXAMPLES);
    begun.split("\n=== ").filter_map(|example| example.split_once('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pages_have_the_same_examples_and_load_nothing() {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| written(lang, "https://soil.example.gov.cn/\"><script>"));
        for page in [&zh, &en] {
            assert!(!page.contains("{{"), "nothing is left open");
            assert!(
                !page.contains("<script>") && !page.contains("<link") && !page.contains("<img"),
                "nothing is loaded"
            );
            assert!(page.contains("https://soil.example.gov.cn/&quot;&gt;&lt;script&gt;/ogc"));
        }
        let ids = |page: &str| {
            let parts = page.split(" id=\"").skip(1);
            parts.map(|part| part.split('"').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&zh), ids(&en));
        assert!(ids(&zh).len() > 15);
        for (name, text) in examples() {
            assert!(
                PAGES.zh.contains(&format!("{{{{{name}}}}}")) && PAGES.en.contains(&format!("{{{{{name}}}}}")),
                "{name}"
            );
            assert!(!text.trim().is_empty(), "{name}");
        }
        for id in ids(&zh) {
            assert!(zh.contains(&format!("href=\"#{id}\"")), "{id} is in the contents");
        }
    }
}
