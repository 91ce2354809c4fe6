//! The rules for a reader: Chinese first, English beneath, nothing loaded from elsewhere.

use super::rules::drawing::{escaped, svg};
use super::rules::{Kind, six};
use super::view::{ParameterView, RuleView, Said, described, in_words};
use crate::kernel::{Citation, Confidence, Day, Text};
use crate::platform::Role;
use std::fmt::Write;

/// What a page may load: nothing. Its style and its drawing are in it; its form leads back to itself.
pub const CSP: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const STYLE: &str = "
:root{--ink:#1b2733;--soft:#5b6b7a;--line:#d9e0e6;--tint:#f5f7f9;--link:#0b57a4}
*{box-sizing:border-box}
body{font:15px/1.55 system-ui,'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',sans-serif;color:var(--ink);margin:0 auto;max-width:78rem;padding:1.2rem 1.2rem 4rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:1.55rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem;padding-top:.6rem;border-top:2px solid var(--ink)}
h2 .en,h1 .en{font-weight:400;color:var(--soft);font-size:.75em;margin-left:.5rem}
.en{color:var(--soft);font-size:.88em}
form{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:end;background:var(--tint);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem;margin:.8rem 0}
label{font-size:.85rem;color:var(--soft);display:flex;flex-direction:column}
input,select,button{font:inherit;padding:.25rem .5rem;border:1px solid #b8c3cd;border-radius:5px;background:#fff;color:inherit}
input[name=q]{width:16rem}input[name=division],input[name=jurisdiction]{width:7rem}
button{background:var(--link);border-color:var(--link);color:#fff;cursor:pointer}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem 0}
article{display:grid;grid-template-columns:13rem 1fr;gap:0 1.2rem;padding:.65rem 0;border-bottom:1px solid var(--line)}
article:target{background:#fffbe6}
.id{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.86rem;overflow-wrap:anywhere}
.title{font-weight:600}
.cites{font-size:.9rem;margin:.15rem 0 0}
.badge{display:inline-block;font-size:.75rem;padding:0 .45rem;border-radius:9px;border:1px solid;white-space:nowrap;margin:.15rem .25rem 0 0}
.verified{color:#1e7b34}.recalled{color:#8a5a00}.unconfirmed{color:#b3261e}.plain{color:var(--soft)}
.drawing{overflow:auto;border:1px solid var(--line);border-radius:8px;margin:.6rem 0}
.drawing svg{display:block;max-width:none}
dl{display:grid;grid-template-columns:10rem 1fr;gap:.5rem 1.2rem;margin:1rem 0}
dt{color:var(--soft)}dd{margin:0}
ul{margin:0;padding-left:1.1rem}code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.85rem;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.92rem}td,th{border:1px solid var(--line);padding:.2rem .55rem;text-align:left;vertical-align:top}
th{background:var(--tint);font-weight:500}
.note{color:var(--soft);font-size:.88rem}
@media(max-width:46rem){article,dl{grid-template-columns:1fr}dt{margin-top:.5rem}}
@media print{form,nav{display:none}article{break-inside:avoid}}
";

/// What the reader asked for; the form shows it again.
pub struct Filter {
    /// The day.
    pub on: Day,
    /// The kind.
    pub kind: Option<Kind>,
    /// The division, six digits.
    pub division: Option<String>,
    /// The jurisdiction, six digits.
    pub jurisdiction: Option<String>,
    /// How well known.
    pub confidence: Option<Confidence>,
    /// Words.
    pub q: Option<String>,
}

/// Writing to a text cannot fail.
macro_rules! put {
    ($out:expr, $($what:tt)*) => {{
        let written = write!($out, $($what)*);
        debug_assert!(written.is_ok());
    }};
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{} · 净土 Jingtu</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escaped(title)
    )
}

fn both(text: &Text) -> String {
    format!("{} <span class=\"en\">{}</span>", escaped(&text.zh), escaped(&text.en))
}

fn said(said: &Said) -> String {
    format!("{}<br><span class=\"en\">{}</span>", escaped(&said.zh), escaped(&said.en))
}

fn known(confidence: Confidence) -> (&'static str, &'static str) {
    match confidence {
        Confidence::Verified => ("verified", "已核对 verified"),
        Confidence::Recalled => ("recalled", "凭记录，未核原文 recalled"),
        Confidence::Unconfirmed => ("unconfirmed", "未证实，可配置 unconfirmed"),
    }
}

fn badge(class: &str, text: &str) -> String {
    format!("<span class=\"badge {class}\">{}</span>", escaped(text))
}

/// 《土壤污染防治法》66(3)（→《生态环境法典》461(3)）
fn cited(citation: &Citation) -> String {
    let mut text = format!("《{}》{}", citation.instrument_zh, citation.article);
    if let Some(number) = &citation.number {
        put!(text, "（{number}）");
    }
    if let Some(next) = &citation.successor {
        put!(text, "（→《{}》{}）", next.instrument_zh, next.article);
    }
    escaped(&text)
}

/// A query string of what is set; `but` replaces the kind.
fn query(filter: &Filter, kind: Option<Kind>) -> String {
    let mut parts = vec![format!("on={}", filter.on)];
    parts.extend(kind.map(|kind| format!("kind={}", kind.as_str())));
    parts.extend(filter.division.iter().map(|code| format!("division={code}")));
    parts.extend(filter.jurisdiction.iter().map(|code| format!("jurisdiction={code}")));
    parts.extend(filter.confidence.map(|c| format!("confidence={}", known(c).0)));
    parts.extend(filter.q.iter().filter(|q| !q.is_empty()).map(|q| format!("q={}", percent(q))));
    parts.join("&amp;")
}

/// Text as it may stand in a query.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            put!(out, "%{byte:02X}");
        }
    }
    out
}

fn options<T: Copy + PartialEq>(out: &mut String, name: &str, chosen: Option<T>, all: &[(T, &str, String)]) {
    put!(out, "<select name=\"{name}\"><option value=\"\">全部 all</option>");
    for (value, wire, label) in all {
        let selected = if chosen == Some(*value) { " selected" } else { "" };
        put!(out, "<option value=\"{wire}\"{selected}>{}</option>", escaped(label));
    }
    out.push_str("</select>");
}

/// All rules asked for.
pub fn list(rules: &[RuleView], filter: &Filter) -> String {
    let mut out = String::from("<h1>规则手册<span class=\"en\">Rulebook</span></h1>");
    put!(
        out,
        "<p>本页由程序所依据的规则表自动生成，按事件之日选择版本：2026-08-14 及以前引用《土壤污染防治法》，2026-08-15 起引用《生态环境法典》。\
         <br><span class=\"en\">Made from the tables that the program runs on. The day of the event chooses the version: the Soil Pollution Law until \
         2026-08-14, the Ecological Environment Code from 2026-08-15. Not legal advice.</span></p>"
    );
    form(&mut out, filter);
    out.push_str("<nav>");
    let count = |kind: Kind| rules.iter().filter(|rule| rule.kind == kind).count();
    for kind in Kind::ALL.into_iter().filter(|kind| count(*kind) > 0) {
        put!(out, "<a href=\"#{}\">{} {}</a>", kind.as_str(), escaped(&kind.title().zh), count(kind));
    }
    put!(
        out,
        "<a href=\"/v1/rules?{}\">JSON</a><a href=\"/v1/rules/site-life-cycle.svg?on={on}\">SVG</a>\
         <a href=\"/v1/rules/site-life-cycle.mmd?on={on}\">Mermaid</a></nav>",
        query(filter, filter.kind),
        on = filter.on
    );
    if filter.kind.is_none_or(|kind| matches!(kind, Kind::Transition | Kind::Event)) && filter.q.is_none() {
        put!(
            out,
            "<h2 id=\"life-cycle\">地块生命周期<span class=\"en\">Life cycle of a site</span></h2><div class=\"drawing\">{}</div>",
            svg(filter.on)
        );
    }
    for kind in Kind::ALL.into_iter().filter(|kind| count(*kind) > 0) {
        put!(
            out,
            "<h2 id=\"{}\">{}<span class=\"en\">{} · {}</span></h2>",
            kind.as_str(),
            escaped(&kind.title().zh),
            escaped(&kind.title().en),
            count(kind)
        );
        for rule in rules.iter().filter(|rule| rule.kind == kind) {
            row(&mut out, rule, filter);
        }
    }
    if rules.is_empty() {
        out.push_str("<p>没有符合条件的规则。<span class=\"en\">No rule answers to that.</span></p>");
    }
    frame("规则手册", &out)
}

fn form(out: &mut String, filter: &Filter) {
    put!(
        out,
        "<form action=\"/rules\"><label>事件之日 day<input type=\"date\" name=\"on\" value=\"{}\"></label>",
        filter.on
    );
    out.push_str("<label>类别 kind");
    let kinds: Vec<(Kind, &str, String)> = Kind::ALL
        .into_iter()
        .map(|kind| (kind, kind.as_str(), format!("{} {}", kind.title().zh, kind.title().en)))
        .collect();
    options(out, "kind", filter.kind, &kinds);
    let value = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
    put!(
        out,
        "</label><label>适用区划 division<input name=\"division\" value=\"{}\" placeholder=\"152921\" pattern=\"[0-9]{{6}}\"></label>\
         <label>出自 jurisdiction<input name=\"jurisdiction\" value=\"{}\" placeholder=\"150000\" pattern=\"[0-9]{{6}}\"></label>\
         <label>可信度 confidence",
        value(&filter.division),
        value(&filter.jurisdiction)
    );
    let levels: Vec<(Confidence, &str, String)> = [Confidence::Verified, Confidence::Recalled, Confidence::Unconfirmed]
        .into_iter()
        .map(|c| (c, known(c).0, known(c).1.to_owned()))
        .collect();
    options(out, "confidence", filter.confidence, &levels);
    put!(
        out,
        "</label><label>查找 words<input name=\"q\" value=\"{}\" placeholder=\"461 停工\"></label><button>查看 show</button></form>",
        value(&filter.q)
    );
}

fn link(rule: &RuleView, on: Day, division: Option<&str>) -> String {
    let division = division.map_or(String::new(), |code| format!("&amp;division={}", escaped(code)));
    format!("{}?on={on}{division}", escaped(&rule.page))
}

fn badges(rule: &RuleView) -> String {
    let (class, text) = known(rule.confidence);
    let mut out = badge(class, text);
    if rule.internal {
        out.push_str(&badge("plain", "内部时限 service level"));
    }
    if rule.adopted {
        out.push_str(&badge("plain", "他地规定，本地默认 default here"));
    }
    if !rule.in_force {
        out.push_str(&badge("plain", "该日不适用 not in force"));
    }
    if !rule.configurable.is_empty() {
        out.push_str(&badge("plain", "可配置 configurable"));
    }
    out
}

fn row(out: &mut String, rule: &RuleView, filter: &Filter) {
    put!(
        out,
        "<article id=\"{}\"><div><a class=\"id\" href=\"{}\">{}</a><br>{}</div><div><div class=\"title\">{}</div><div class=\"en\">{}</div>",
        escaped(&rule.id),
        link(rule, filter.on, filter.division.as_deref()),
        escaped(&rule.id),
        badges(rule),
        escaped(&rule.title.zh),
        escaped(&rule.title.en)
    );
    let actors: Vec<String> =
        rule.actors.iter().filter_map(|role| Role::parse(role)).map(|role| role.title().zh.into_owned()).collect();
    if !actors.is_empty() {
        put!(out, "<div class=\"cites\">由 {}</div>", escaped(&actors.join("、")));
    }
    for text in rule.trigger.iter().chain(&rule.text) {
        put!(out, "<div class=\"cites\">{}</div>", escaped(&text.zh));
    }
    for remedy in &rule.remedies {
        put!(out, "<div class=\"cites\">→ {}</div>", escaped(&remedy.zh));
    }
    if rule.kind == Kind::Parameter {
        for parameter in &rule.parameters {
            put!(out, "<div class=\"cites\">{}</div>", values(parameter));
        }
    }
    if rule.kind != Kind::Provision && !rule.citations.is_empty() {
        let all: Vec<String> = rule.citations.iter().map(cited).collect();
        put!(out, "<div class=\"cites en\">{}</div>", all.join("；"));
    }
    out.push_str("</div></article>");
}

/// 全国 6 个月；370000 15 个工作日
fn values(parameter: &ParameterView) -> String {
    let all: Vec<String> = parameter
        .versions
        .iter()
        .map(|version| {
            let place = if version.jurisdiction == six("") { "全国" } else { &version.jurisdiction };
            format!("{place}：{}", in_words(version.value, parameter.unit).zh)
        })
        .collect();
    let mut text = all.join("；");
    if parameter.configured
        && let Some(value) = parameter.value
    {
        put!(text, "；本系统设置：{}", in_words(value, parameter.unit).zh);
    }
    escaped(&text)
}

fn day(day: Option<Day>) -> String {
    day.map_or("…".to_owned(), |day| day.to_string())
}

fn items(all: &[String]) -> String {
    let all: Vec<String> = all.iter().map(|item| format!("<li>{item}</li>")).collect();
    format!("<ul>{}</ul>", all.concat())
}

/// One rule, with all that is known of it.
pub fn one(rule: &RuleView, on: Day, division: Option<&str>) -> String {
    let mut out = format!(
        "<nav><a href=\"/rules?on={on}#{id}\">← 规则手册 Rulebook</a><a href=\"/v1/rules/{id}?on={on}\">JSON</a></nav>\
         <p class=\"id\">{id} · {}</p><h1>{}</h1><p class=\"en\">{}</p><p>{}</p>",
        both(&rule.kind.title()),
        escaped(&rule.title.zh),
        escaped(&rule.title.en),
        badges(rule),
        id = escaped(&rule.id)
    );
    put!(
        out,
        "<form action=\"{}\"><label>事件之日 day<input type=\"date\" name=\"on\" value=\"{on}\"></label>\
         <label>适用区划 division<input name=\"division\" value=\"{}\" placeholder=\"152921\" pattern=\"[0-9]{{6}}\"></label>\
         <button>查看 show</button></form><dl>",
        escaped(&rule.page),
        escaped(division.unwrap_or_default())
    );
    let mut field = |zh: &str, en: &str, value: String| {
        if !value.is_empty() {
            put!(out, "<dt>{zh}<br><span class=\"en\">{en}</span></dt><dd>{value}</dd>");
        }
    };
    field("内容", "text", rule.text.as_ref().map_or(String::new(), said));
    let actors: Vec<String> =
        rule.actors.iter().filter_map(|role| Role::parse(role)).map(|role| both(&role.title())).collect();
    field("由谁办理", "actor", actors.join("<br>"));
    field("触发", "trigger", rule.trigger.as_ref().map_or(String::new(), said));
    field(
        "应当办理、后果",
        "remedy",
        if rule.remedies.is_empty() {
            String::new()
        } else {
            items(&rule.remedies.iter().map(said).collect::<Vec<_>>())
        },
    );
    let lines = |citations: &[Citation]| {
        items(
            &citations
                .iter()
                .map(|citation| {
                    let (class, text) = known(citation.confidence);
                    format!(
                        "{}<br><span class=\"en\">{} {} · {} – {}</span> {}",
                        cited(citation),
                        escaped(&citation.instrument_en),
                        escaped(&citation.article),
                        day(citation.effective_from),
                        day(citation.effective_to),
                        badge(class, text)
                    )
                })
                .collect::<Vec<_>>(),
        )
    };
    field(
        "依据（当日）",
        "articles of the day",
        if rule.citations.is_empty() { String::new() } else { lines(&rule.citations) },
    );
    let versions: Vec<String> = rule
        .versions
        .iter()
        .map(|version| {
            let cites: Vec<String> = version.citations.iter().map(cited).collect();
            format!("{} 起：{}", day(version.from), cites.join("；"))
        })
        .collect();
    field("历次文本", "successive texts", if versions.len() > 1 { items(&versions) } else { String::new() });
    field("有效期", "validity", format!("{} – {}", day(rule.valid_from), day(rule.valid_to)));
    field("出自", "jurisdictions", rule.jurisdictions.join("、").replace("000000", "全国 nation"));
    let tables: Vec<String> = rule.parameters.iter().map(table).collect();
    field("参数", "parameters", tables.concat());
    let settings: Vec<String> = rule
        .configurable
        .iter()
        .map(|setting| {
            let value = setting
                .value
                .as_ref()
                .map_or("未设置 not set".to_owned(), |value| format!("<code>{}</code>", escaped(value)));
            format!("<code>{}</code>：{value}", escaped(&setting.key))
        })
        .collect();
    field("设置项", "configuration", if settings.is_empty() { String::new() } else { items(&settings) });
    let code = |all: &[String]| {
        if all.is_empty() {
            String::new()
        } else {
            items(&all.iter().map(|one| format!("<code>{}</code>", escaped(one))).collect::<Vec<_>>())
        }
    };
    field("程序中何处使用", "used in", code(&rule.used_in));
    field("由哪些测试固定", "pinned by", code(&rule.pinned_by));
    out.push_str("</dl>");
    frame(&format!("{} {}", rule.id, rule.title.zh), &out)
}

fn table(parameter: &ParameterView) -> String {
    let mut out = format!(
        "<p>{}<br><span class=\"note\">{}</span></p>",
        said(&parameter.title),
        both(&described(parameter.unit))
    );
    if let Some(value) = parameter.value {
        put!(
            out,
            "<p>当日当地取值 <b>{}</b>{}{}</p>",
            escaped(&in_words(value, parameter.unit).zh),
            if parameter.configured {
                badge("unconfirmed", "本系统设置 set by the operator")
            } else {
                String::new()
            },
            if parameter.internal { badge("plain", "内部时限 service level") } else { String::new() }
        );
    }
    out.push_str(
        "<table><tr><th>区划 place</th><th>值 value</th><th>依据 articles</th><th>可信度 confidence</th></tr>",
    );
    for version in &parameter.versions {
        let place = if version.jurisdiction == six("") { "全国 nation" } else { &version.jurisdiction };
        let cites: Vec<String> = version.citations.iter().map(cited).collect();
        let (class, text) = known(version.confidence);
        put!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(place),
            both(&in_words(version.value, parameter.unit)),
            cites.join("；"),
            badge(class, text)
        );
    }
    out.push_str("</table>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_typed_is_escaped_where_it_stands_again() {
        let filter = Filter {
            on: Day::of(2026, 11, 21),
            kind: None,
            division: None,
            jurisdiction: None,
            confidence: None,
            q: Some("\"><script>alert(1)</script>".to_owned()),
        };
        let page = list(&[], &filter);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&quot;&gt;&lt;script&gt;"));
        assert!(page.contains("q=%22%3E%3Cscript%3E"));
    }
}
