//! `/v1/rules`, the drawing of the life cycle, and the page `/rules`.

use super::page;
use super::rules::{self, Kind, RuleEntry, drawing};
use super::view::{Asked, RuleView};
use crate::config::Config;
use crate::kernel::{Confidence, Day, DivisionCode, Error, Result};
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use axum::extract::Path;
use axum::http::header;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations of the rulebook.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_rules))
        .routes(routes!(get_rule))
        .routes(routes!(life_cycle_svg))
        .routes(routes!(life_cycle_mermaid))
        .routes(routes!(rules_page))
        .routes(routes!(rule_page))
}

/// A field of a form that was left blank asks for nothing.
fn unless_blank<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| T::deserialize(text.into_deserializer())).transpose()
}

/// Which rules.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RuleParams {
    /// Day of the event: texts and values of that day. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-08-14")]
    #[serde(default, deserialize_with = "unless_blank")]
    on: Option<Day>,
    /// Of this kind.
    #[serde(default, deserialize_with = "unless_blank")]
    kind: Option<Kind>,
    /// Those that hold in this division, its regional texts and values among them.
    #[serde(default, deserialize_with = "unless_blank")]
    division: Option<DivisionCode>,
    /// Those that rest on a text of this jurisdiction's own; `000000` is the nation.
    #[serde(default, deserialize_with = "unless_blank")]
    jurisdiction: Option<DivisionCode>,
    /// Known as well as this.
    #[serde(default, deserialize_with = "unless_blank")]
    confidence: Option<Confidence>,
    /// Words in the identifier, the titles, the text or the articles.
    #[param(example = "456")]
    q: Option<String>,
}

/// Of which day and place.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayParams {
    /// Day of the event: texts and values of that day. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-08-14")]
    #[serde(default, deserialize_with = "unless_blank")]
    on: Option<Day>,
    /// Values, and regional texts, of this division.
    #[serde(default, deserialize_with = "unless_blank")]
    division: Option<DivisionCode>,
}

/// Which day's drawing.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DrawingParams {
    /// The day whose restrictions colour the stages. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-08-14")]
    #[serde(default, deserialize_with = "unless_blank")]
    on: Option<Day>,
}

/// The rules of a day.
#[derive(Debug, Serialize, ToSchema)]
struct RuleList {
    /// The day asked.
    on: Day,
    /// The division asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "152921")]
    division: Option<String>,
    /// The rules that hold then and there, in the order of their kinds and numbers.
    rules: Vec<RuleView>,
    /// How many.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
}

/// The rules of a day, and what is asked of them.
struct Picked<'a> {
    on: Day,
    division: Option<&'a DivisionCode>,
    rules: Vec<RuleView>,
}

/// Whether a rule holds in a division: by its own text, or taken over from another region's where that is set.
fn holds_in(rule: &RuleEntry, division: &str, config: &Config) -> bool {
    rule.holds_in(division) && (config.adopt_regional || !rule.is_adopted_in(division))
}

fn pick<'a>(call: &Call, params: &'a RuleParams) -> Result<Picked<'a>> {
    let on = params.on.unwrap_or_else(|| call.today());
    let config = call.app().config();
    let division = params.division.as_ref();
    let asked = Asked { on, division: division.map(DivisionCode::as_str), config };
    let wanted = |rule: &&RuleEntry| {
        rule.holds_on(on)
            && params.kind.is_none_or(|kind| rule.kind == kind)
            && division.is_none_or(|division| holds_in(rule, division.as_str(), config))
            && params.jurisdiction.as_ref().is_none_or(|place| rule.rests_on(place.as_str()))
            && params.q.as_deref().is_none_or(|words| rule.says(words, on))
    };
    let mut views = Vec::new();
    for rule in rules::all().iter().filter(wanted) {
        let view = RuleView::of(rule, asked, false)?;
        if params.confidence.is_none_or(|confidence| view.confidence == confidence) {
            views.push(view);
        }
    }
    Ok(Picked { on, division, rules: views })
}

/// The rules that hold on a day: texts, articles, parameters, where they are used and which tests pin them.
#[utoipa::path(
    get, path = "/v1/rules", operation_id = "list_rules", tag = "rules", params(RuleParams),
    responses((status = 200, body = RuleList)),
    extensions(("x-permission" = json!("open")))
)]
async fn list_rules(call: Call, Params(params): Params<RuleParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let picked = pick(&call, &params)?;
    let division = picked.division.map(ToString::to_string);
    let number_returned = picked.rules.len();
    Ok(Reply::json(&RuleList { on: picked.on, division, rules: picked.rules, number_returned })?)
}

fn one(call: &Call, id: &str, params: &DayParams) -> Result<(RuleView, Day)> {
    let on = params.on.unwrap_or_else(|| call.today());
    let division = params.division.as_ref().map(DivisionCode::as_str);
    let rule = rules::find(rules::all(), id).ok_or_else(|| Error::not_found("规则", "rule"))?;
    Ok((RuleView::of(rule, Asked { on, division, config: call.app().config() }, true)?, on))
}

/// One rule on a day, with all its successive texts. A name without what stands before it will do where only one rule has
/// it.
#[utoipa::path(
    get, path = "/v1/rules/{id}", operation_id = "get_rule", tag = "rules",
    params(("id" = String, Path, description = "Its identifier", example = "G14"), DayParams),
    responses((status = 200, body = RuleView)),
    extensions(("x-permission" = json!("open")))
)]
async fn get_rule(call: Call, Path(id): Path<String>, Params(params): Params<DayParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    Ok(Reply::json(&one(&call, &id, &params)?.0)?)
}

/// The life cycle of a site, drawn from the transitions that the code runs on.
#[utoipa::path(
    get, path = "/v1/rules/site-life-cycle.svg", operation_id = "site_life_cycle_svg", tag = "rules", params(DrawingParams),
    responses((status = 200, body = String, content_type = "image/svg+xml")),
    extensions(("x-permission" = json!("open")))
)]
async fn life_cycle_svg(call: Call, Params(params): Params<DrawingParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let svg = drawing::svg(params.on.unwrap_or_else(|| call.today()));
    Ok(Reply::bytes("image/svg+xml", svg.into_bytes()).with_header(header::CONTENT_SECURITY_POLICY, page::CSP))
}

/// The life cycle of a site as a Mermaid state diagram.
#[utoipa::path(
    get, path = "/v1/rules/site-life-cycle.mmd", operation_id = "site_life_cycle_mermaid", tag = "rules", params(DrawingParams),
    responses((status = 200, body = String, content_type = "text/plain; charset=utf-8")),
    extensions(("x-permission" = json!("open")))
)]
async fn life_cycle_mermaid(call: Call, Params(params): Params<DrawingParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let text = drawing::mermaid(params.on.unwrap_or_else(|| call.today()));
    Ok(Reply::bytes("text/plain; charset=utf-8", text.into_bytes()))
}

fn html(page: String) -> Reply {
    Reply::bytes("text/html; charset=utf-8", page.into_bytes())
        .with_header(header::CONTENT_SECURITY_POLICY, page::CSP)
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(header::REFERRER_POLICY, "no-referrer")
}

/// The rules for a reader, in Chinese with English, with the life cycle drawn.
#[utoipa::path(
    get, path = "/rules", operation_id = "rules_page", tag = "rules", params(RuleParams),
    responses((status = 200, body = String, content_type = "text/html; charset=utf-8")),
    extensions(("x-permission" = json!("open")))
)]
async fn rules_page(call: Call, Params(params): Params<RuleParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let picked = pick(&call, &params)?;
    let filter = page::Filter {
        on: picked.on,
        kind: params.kind,
        division: picked.division.map(ToString::to_string),
        jurisdiction: params.jurisdiction.as_ref().map(ToString::to_string),
        confidence: params.confidence,
        q: params.q.clone().filter(|words| !words.trim().is_empty()),
    };
    Ok(html(page::list(&picked.rules, &filter)))
}

/// One rule for a reader.
#[utoipa::path(
    get, path = "/rules/{id}", operation_id = "rule_page", tag = "rules",
    params(("id" = String, Path, description = "Its identifier", example = "G14"), DayParams),
    responses((status = 200, body = String, content_type = "text/html; charset=utf-8")),
    extensions(("x-permission" = json!("open")))
)]
async fn rule_page(call: Call, Path(id): Path<String>, Params(params): Params<DayParams>) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let (rule, on) = one(&call, &id, &params)?;
    Ok(html(page::one(&rule, on, params.division.as_ref().map(DivisionCode::as_str))))
}
