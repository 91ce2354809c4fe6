//! What is public, as a page: Chinese with English, every text escaped, nothing loaded from anywhere.

use super::rules::{DutyRule, Withheld, catalogue};
use crate::kernel::basis::cite_all;
use crate::kernel::text::push_escaped;
use crate::kernel::{Citation, Day, Text};
use crate::standards::law;

/// What the page may load: nothing. Its style is in it, and its form goes back to it.
pub(super) const CSP: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const STYLE: &str = "body{font:16px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}\
                     table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}\
                     .wide{overflow-x:auto}[lang=en]{color:#444;font-size:.9em}nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.8rem 0}\
                     dt{font-weight:600;margin-top:.8rem}";

/// What the page tells.
pub(super) struct Page<'a> {
    pub on: Day,
    pub division: Option<&'a str>,
    pub places: &'a [Place],
    pub rows: &'a [Row],
    pub next: Option<&'a str>,
}

/// A division with something on display.
pub(super) struct Place {
    pub code: String,
    pub name: String,
    pub n: i64,
}

/// A duty with its publications that are there.
pub(super) struct Row {
    pub rule: &'static DutyRule,
    pub record: String,
    pub division: String,
    pub publications: Vec<Shown>,
    pub citations: Vec<Citation>,
}

/// A publication.
pub(super) struct Shown {
    pub channel: String,
    pub url: Option<String>,
    pub from: Day,
    pub to: Option<Day>,
}

/// The page as UTF-8.
pub(super) fn render(page: &Page<'_>) -> Vec<u8> {
    let mut out = Html(String::with_capacity(16 * 1024));
    out.raw("<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    out.text("污染地块信息公开 / What is public of contaminated land");
    out.raw("</title><style>");
    out.raw(STYLE);
    out.raw("</style></head><body><main><h1>");
    out.both(&Text::fixed("污染地块信息公开", "What is public of contaminated land"));
    out.raw("</h1><p>");
    out.both(&Text::new(
        format!("{} 正在公开的内容：内容、渠道、起止日期、依据，以及不公开的内容和理由。", page.on),
        format!(
            "On display on {}: what, where, from when to when, on what ground; what is withheld, and why.",
            page.on
        ),
    ));
    out.raw("</p>");
    places(page, &mut out);
    rows(page, &mut out);
    withheld(page.on, &mut out);
    out.raw("</main></body></html>");
    out.0.into_bytes()
}

fn places(page: &Page<'_>, out: &mut Html) {
    out.raw("<form action=\"/publicity\"><label>");
    out.both(&Text::fixed("区划代码（六位）", "Division code (six digits)"));
    out.raw(" <input name=\"division\" required pattern=\"[0-9]{6}\" inputmode=\"numeric\" value=\"");
    out.text(page.division.unwrap_or_default());
    out.raw("\"></label> <button>查询 / Show</button></form><nav aria-label=\"区划 / Divisions\"><a href=\"/publicity\">全部 / All</a>");
    for place in page.places {
        out.raw("<a href=\"/publicity?division=");
        out.text(&place.code);
        out.raw("\">");
        out.text(&format!("{} {}（{}）", place.code, place.name, place.n));
        out.raw("</a>");
    }
    out.raw("</nav>");
}

fn rows(page: &Page<'_>, out: &mut Html) {
    if page.rows.is_empty() {
        out.raw("<p>");
        out.both(&Text::fixed("没有正在公开的内容。", "Nothing is on display."));
        out.raw("</p>");
        return;
    }
    out.raw("<div class=\"wide\"><table><thead><tr>");
    for head in [
        Text::fixed("地块", "Record"),
        Text::fixed("区划", "Division"),
        Text::fixed("公开事项", "What is public"),
        Text::fixed("渠道", "Where"),
        Text::fixed("起止日期", "From and to"),
        Text::fixed("依据", "Ground"),
        Text::fixed("不公开的内容", "Withheld"),
    ] {
        out.raw("<th scope=\"col\">");
        out.both(&head);
        out.raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
    for row in page.rows {
        for shown in &row.publications {
            line(row, shown, out);
        }
    }
    out.raw("</tbody></table></div>");
    if let Some(next) = page.next {
        out.raw("<nav><a rel=\"next\" href=\"");
        out.text(next);
        out.raw("\">下一页 / Next</a></nav>");
    }
}

fn line(row: &Row, shown: &Shown, out: &mut Html) {
    out.raw("<tr><td>");
    out.text(&row.record);
    out.raw("</td><td>");
    out.text(&row.division);
    out.raw("</td><td>");
    out.both(&row.rule.title);
    out.raw("</td><td>");
    match &shown.url {
        Some(url) => {
            out.raw("<a rel=\"noopener noreferrer nofollow\" href=\"");
            out.text(url);
            out.raw("\">");
            out.text(&shown.channel);
            out.raw("</a>");
        }
        None => out.text(&shown.channel),
    }
    out.raw("</td><td>");
    match shown.to {
        Some(to) => out.text(&format!("{} — {to}", shown.from)),
        None => out.text(&format!("{} 起 / since", shown.from)),
    }
    out.raw("</td><td>");
    cited(&row.citations, out);
    out.raw("</td><td>");
    for (n, withheld) in row.rule.withheld.iter().enumerate() {
        out.raw(if n > 0 { "<br>" } else { "" });
        out.raw("<a href=\"#");
        out.text(withheld.id);
        out.raw("\">");
        out.both(&withheld.what);
        out.raw("</a>");
    }
    out.raw("</td></tr>");
}

fn withheld(on: Day, out: &mut Html) {
    let mut all: Vec<&Withheld> = Vec::new();
    for withheld in catalogue::ALL.iter().flat_map(|rule| rule.withheld) {
        if !all.contains(withheld) {
            all.push(withheld);
        }
    }
    out.raw("<h2>");
    out.both(&Text::fixed("不公开的内容和理由", "What is withheld, and why"));
    out.raw("</h2><dl>");
    for withheld in all {
        out.raw("<dt id=\"");
        out.text(withheld.id);
        out.raw("\">");
        out.both(&withheld.what);
        out.raw("</dt><dd>");
        out.both(&withheld.why);
        out.raw("<br>");
        cited(&cite_all(withheld.provisions, on), out);
        out.raw("</dd>");
    }
    out.raw("<dt id=\"unlisted\">");
    out.both(&Text::fixed("未列入公开名录的地块", "Records in no public list"));
    out.raw("</dt><dd>");
    out.both(&Text::fixed(
        "疑似污染地块等未列入公开名录的地块，本页不显示其名称，也不显示其报告的公开渠道。",
        "Suspected sites and others in no public list are not named here, nor where their reports are public.",
    ));
    out.raw("<br>");
    cited(&cite_all(&[&law::PRODUCT_WITHHELD_UNLISTED], on), out);
    out.raw("</dd></dl>");
}

fn cited(citations: &[Citation], out: &mut Html) {
    for (n, citation) in citations.iter().enumerate() {
        out.raw(if n > 0 { "<br>" } else { "" });
        out.text(&format!("{} {}", citation.instrument_zh, citation.article));
        if citation.confidence == crate::kernel::Confidence::Unconfirmed {
            out.text("（待确认 / unconfirmed）");
        }
    }
}

/// A page under way.
struct Html(String);

impl Html {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        push_escaped(text, &mut self.0);
    }

    fn both(&mut self, text: &Text) {
        self.text(&text.zh);
        self.raw(" <span lang=\"en\">");
        self.text(&text.en);
        self.raw("</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_somebody_wrote_stays_text() {
        let row = Row {
            rule: &catalogue::EFFECT_REPORT,
            record: "<script>alert(1)</script>".to_owned(),
            division: "152921 \"旗\"".to_owned(),
            publications: vec![Shown {
                channel: "a & b".to_owned(),
                url: Some("https://a.example/\"onmouseover='x'".to_owned()),
                from: Day::of(2026, 9, 1),
                to: None,
            }],
            citations: Vec::new(),
        };
        let page = Page { on: Day::of(2026, 11, 21), division: None, places: &[], rows: &[row], next: None };
        let html = String::from_utf8(render(&page)).unwrap();
        assert!(!html.contains("<script") && !html.contains("\"onmouseover") && html.contains("a &amp; b"));
        assert!(html.contains("href=\"https://a.example/&quot;onmouseover=&#39;x&#39;\""));
    }

    #[test]
    fn what_is_withheld_says_why_even_where_nothing_is_on_display() {
        let page = Page { on: Day::of(2026, 11, 21), division: None, places: &[], rows: &[], next: None };
        let html = String::from_utf8(render(&page)).unwrap();
        for said in ["没有正在公开的内容", "采样点位坐标", "密级", "待确认", "个人信息", "id=\"unlisted\""]
        {
            assert!(html.contains(said), "{said}");
        }
        assert!(!html.contains("http://") && !html.contains("https://"));
    }
}
