//! `/v1/farmland/ledger`: how much land stands under each class, and why that changed.

use super::super::actions::ledger::{self as actions, Moved};
use super::super::rules::ledger::{Amount, Cause, Centi, FlowKey, Ledger};
use super::super::rules::{CULTIVATED, Class};
use super::super::store::ledger::LedgerFilter;
use super::super::{LAND_TYPES, TRIGGERS};
use super::{FarmlandClass, known_at, scope};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Day, DivisionCode, Error, FarmlandChangeId, FarmlandUnitId, Result, Text};
use crate::platform::feature::Link;
use crate::platform::reply::JSON;
use crate::platform::{App, Call, Params, Reply, Stop};
use axum::extract::OriginalUri;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_farmland_ledger)).routes(routes!(list_farmland_ledger_rows))
}

/// Which land the ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LedgerLand {
    /// 耕地: paddy, upland and irrigated land.
    Cultivated,
    /// 水田
    Paddy,
    /// 旱地
    Upland,
    /// 水浇地
    Irrigated,
    /// 园地
    Orchard,
    /// 草地
    Grassland,
    /// 林地
    Forest,
}

impl LedgerLand {
    fn land_types(self) -> Vec<String> {
        let one: &[&str] = match self {
            LedgerLand::Cultivated => &CULTIVATED,
            LedgerLand::Paddy => &["paddy"],
            LedgerLand::Upland => &["upland"],
            LedgerLand::Irrigated => &["irrigated"],
            LedgerLand::Orchard => &["orchard"],
            LedgerLand::Grassland => &["grassland"],
            LedgerLand::Forest => &["forest"],
        };
        one.iter().map(|kind| (*kind).to_owned()).collect()
    }
}

/// Why area moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LedgerCause {
    /// 新登记: a unit that began and came of no other.
    Registered,
    /// 类别调整
    ClassChanged,
    /// 土地利用变更: land that left farming, or joined or left the land types asked for.
    LandUseChanged,
    /// 单元拆分
    UnitSplit,
    /// 单元合并
    UnitMerged,
    /// 边界更正
    BoundaryCorrected,
}

impl From<LedgerCause> for Cause {
    fn from(cause: LedgerCause) -> Cause {
        Cause::ALL[cause as usize]
    }
}

impl From<FarmlandClass> for Class {
    fn from(class: FarmlandClass) -> Class {
        match class {
            FarmlandClass::PriorityProtection => Class::PriorityProtection,
            FarmlandClass::SafeUse => Class::SafeUse,
            FarmlandClass::StrictControl => Class::StrictControl,
            FarmlandClass::Unclassified => Class::Unclassified,
        }
    }
}

/// Which ledger.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LedgerQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// The balance opens at the end of this day. Default: the last day of the year before `to`.
    from: Option<Day>,
    /// The balance closes at the end of this day, not after today. Default: today, or the day of `known_at`.
    to: Option<Day>,
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Only this land; all farmland when left out.
    #[param(inline)]
    land_type: Option<LedgerLand>,
}

/// A ledger's question, answered what was left open.
struct Question {
    filter: LedgerFilter,
    to: Day,
    division: Option<DivisionCode>,
    land_type: Option<LedgerLand>,
}

impl LedgerQuery {
    fn read(self, call: &Call) -> Result<Question> {
        let scope = scope(call)?;
        let known_at = known_at(self.known_at.as_deref())?;
        let to = self.to.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
        let from = self.from.unwrap_or_else(|| year_end_before(to));
        if to > call.today() {
            return Err(Error::bad_parameter("to", Text::fixed("不能晚于今天。", "must not lie after today.")));
        }
        if from > to {
            return Err(Error::bad_parameter("from", Text::fixed("不能晚于 to。", "must not lie after `to`.")));
        }
        let filter = LedgerFilter {
            scope,
            division: self.division.as_ref().map(|code| code.as_str().to_owned()),
            land_types: self
                .land_type
                .map_or_else(|| LAND_TYPES.iter().map(|kind| (*kind).to_owned()).collect(), LedgerLand::land_types),
            from,
            known_at,
        };
        Ok(Question { filter, to, division: self.division, land_type: self.land_type })
    }
}

/// The last day of the year before a day's.
fn year_end_before(day: Day) -> Day {
    let mut last = day.add_days(-1);
    while last.year() == day.year() {
        last = last.add_days(-i64::from(last.day()));
    }
    last
}

/// An amount of land. Areas are exact decimals: they are rounded to 0.01 m² unit by unit before anything is summed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct AreaView {
    /// m², two decimals, on the ellipsoid (CGCS2000).
    #[schema(example = 20000.25)]
    m2: f64,
    /// The same in mu (亩, 10000/15 m²).
    #[schema(example = 30.000375)]
    mu: f64,
    /// The same in hectares.
    #[schema(example = 2.000025)]
    ha: f64,
}

impl From<Centi> for AreaView {
    #[expect(clippy::cast_precision_loss, reason = "hundredths of all of China's land are far below 2^53")]
    fn from(area: Centi) -> AreaView {
        AreaView { m2: area as f64 / 100.0, mu: (area * 15) as f64 / 1_000_000.0, ha: area as f64 / 1_000_000.0 }
    }
}

/// A class in the balance.
#[derive(Debug, Serialize, ToSchema)]
struct BalanceView {
    /// The class.
    #[schema(value_type = FarmlandClass)]
    class: &'static str,
    /// Units at the end of `from`.
    opening_units: i64,
    /// Their area.
    opening: AreaView,
    /// What came after that day.
    came: AreaView,
    /// What went after that day.
    went: AreaView,
    /// Units at the end of `to`.
    closing_units: i64,
    /// Their area: opening + came - went.
    closing: AreaView,
    /// closing - (opening + came - went): what no flow explains. Always 0.
    unexplained_m2: f64,
}

/// All moves of one kind.
#[derive(Debug, Serialize, ToSchema)]
struct FlowView {
    /// Why.
    #[schema(value_type = LedgerCause)]
    cause: &'static str,
    /// 原因
    cause_zh: String,
    /// Why, in words.
    cause_en: String,
    /// What led to the new class, where the class changed.
    trigger: Option<String>,
    /// Out of which class; `null`: it was not in the books.
    #[schema(value_type = Option<FarmlandClass>)]
    from_class: Option<&'static str>,
    /// Into which class; `null`: it left the books.
    #[schema(value_type = Option<FarmlandClass>)]
    to_class: Option<&'static str>,
    /// Moves of units.
    units: i64,
    /// Their area.
    area: AreaView,
    /// Where the rows are, relative to the server.
    #[schema(example = "/v1/farmland/ledger/rows?from=2025-12-31&to=2026-11-21&cause=class_changed")]
    rows: String,
}

/// A county whose area under priority protection is smaller in the end than at first.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerWarning {
    /// `priority_area_shrunk`
    code: &'static str,
    /// The county.
    #[schema(example = "140602")]
    division_code: String,
    /// At the end of `from`.
    opening: AreaView,
    /// At the end of `to`.
    closing: AreaView,
    /// closing - opening, below 0.
    change: AreaView,
    /// 说明
    text_zh: String,
    /// In words.
    text_en: String,
}

/// The area ledger of a period.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerView {
    /// In this division and below; `null`: all that the caller may see.
    division: Option<DivisionCode>,
    /// The balance opens at the end of this day.
    from: Day,
    /// The balance closes at the end of this day.
    to: Day,
    /// As known at this instant; `null`: now.
    known_at: Option<DateTime<Utc>>,
    /// The land asked for; `null`: all farmland.
    land_type: Option<LedgerLand>,
    /// Class by class.
    classes: Vec<BalanceView>,
    /// Why it changed.
    flows: Vec<FlowView>,
    /// Counties that lost area under priority protection.
    warnings: Vec<LedgerWarning>,
}

/// How much farmland stands under each class on two days, and every move between them by its cause. Opening, plus what
/// came, minus what went, is the closing to the hundredth of a square metre, class by class.
#[utoipa::path(
    get, path = "/v1/farmland/ledger", operation_id = "get_farmland_ledger", tag = "farmland", params(LedgerQuery),
    responses((status = 200, body = LedgerView)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_ledger(call: Call, Params(query): Params<LedgerQuery>) -> Result<Reply, Stop> {
    let question = query.read(&call)?;
    let mut tx = call.app().snapshot().await?;
    let ledger = actions::ledger(&mut tx, &question.filter, question.to).await?;
    Ok(Reply::json(&view(question, &ledger))?)
}

fn view(question: Question, ledger: &Ledger) -> LedgerView {
    let classes = ledger.balance().into_iter().map(|balance| BalanceView {
        class: balance.class.as_str(),
        opening_units: balance.opening.units,
        opening: balance.opening.area.into(),
        came: balance.came.into(),
        went: balance.went.into(),
        closing_units: balance.closing.units,
        closing: balance.closing.area.into(),
        unexplained_m2: AreaView::from(balance.unexplained()).m2,
    });
    let base = question.address();
    let flows = ledger.flows.iter().map(|(key, amount)| flow(key, *amount, &base)).collect();
    let warnings = ledger.shrunk().into_iter().map(|(division, opening, closing)| {
        let lost = AreaView::from(opening - closing);
        LedgerWarning {
            code: "priority_area_shrunk",
            opening: opening.into(),
            closing: closing.into(),
            change: (closing - opening).into(),
            text_zh: format!(
                "{division} 优先保护类面积自 {} 至 {} 减少 {} m²（{} 亩）。",
                question.filter.from, question.to, lost.m2, lost.mu
            ),
            text_en: format!(
                "In {division} the area under priority protection shrank by {} m² ({} mu) from {} to {}.",
                lost.m2, lost.mu, question.filter.from, question.to
            ),
            division_code: division,
        }
    });
    LedgerView {
        classes: classes.collect(),
        flows,
        warnings: warnings.collect(),
        from: question.filter.from,
        to: question.to,
        known_at: question.filter.known_at,
        division: question.division,
        land_type: question.land_type,
    }
}

fn flow(key: &FlowKey, amount: Amount, base: &str) -> FlowView {
    let title = key.cause.title();
    let mut rows = format!("{base}&cause={}", key.cause.as_str());
    let class = |class: Option<Class>| class.map_or("none", Class::as_str);
    rows.push_str(&format!("&from_class={}&to_class={}", class(key.from), class(key.to)));
    if let Some(trigger) = &key.trigger {
        rows.push_str(&format!("&trigger={trigger}"));
    }
    FlowView {
        cause: key.cause.as_str(),
        cause_zh: title.zh.into_owned(),
        cause_en: title.en.into_owned(),
        trigger: key.trigger.clone(),
        from_class: key.from.map(Class::as_str),
        to_class: key.to.map(Class::as_str),
        units: amount.units,
        area: amount.area.into(),
        rows,
    }
}

impl Question {
    /// The address of the rows behind this ledger.
    fn address(&self) -> String {
        let mut address = format!("/v1/farmland/ledger/rows?from={}&to={}", self.filter.from, self.to);
        if let Some(division) = &self.division {
            address.push_str(&format!("&division={}", division.as_str()));
        }
        if let Some(at) = self.filter.known_at {
            address.push_str(&format!("&known_at={}", at.to_rfc3339_opts(SecondsFormat::Micros, true)));
        }
        if let Some(land) = self.land_type {
            let name = serde_json::to_value(land).ok();
            if let Some(name) = name.as_ref().and_then(serde_json::Value::as_str) {
                address.push_str(&format!("&land_type={name}"));
            }
        }
        address
    }
}

/// A side of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Side {
    /// 优先保护类
    PriorityProtection,
    /// 安全利用类
    SafeUse,
    /// 严格管控类
    StrictControl,
    /// 未划定
    Unclassified,
    /// Not in the books.
    None,
}

impl Side {
    fn class(self) -> Option<Class> {
        match self {
            Side::PriorityProtection => Some(Class::PriorityProtection),
            Side::SafeUse => Some(Class::SafeUse),
            Side::StrictControl => Some(Class::StrictControl),
            Side::Unclassified => Some(Class::Unclassified),
            Side::None => None,
        }
    }
}

/// Which rows of a ledger.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// The balance opens at the end of this day. Default: the last day of the year before `to`.
    from: Option<Day>,
    /// The balance closes at the end of this day, not after today. Default: today, or the day of `known_at`.
    to: Option<Day>,
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Only this land; all farmland when left out.
    #[param(inline)]
    land_type: Option<LedgerLand>,
    /// Why.
    #[param(inline)]
    cause: Option<LedgerCause>,
    /// What led to the new class.
    trigger: Option<String>,
    /// Out of this class; `none`: what came into the books.
    #[param(inline)]
    from_class: Option<Side>,
    /// Into this class; `none`: what left the books.
    #[param(inline)]
    to_class: Option<Side>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A unit's move.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerRow {
    /// The unit.
    unit_id: FarmlandUnitId,
    /// Its code.
    #[schema(example = "140602NY000001")]
    code: String,
    /// Its division.
    division_code: String,
    /// The day.
    on: Day,
    /// Why.
    #[schema(value_type = LedgerCause)]
    cause: &'static str,
    /// What led to the new class, where the class changed.
    trigger: Option<String>,
    /// Out of which class; `null`: it was not in the books.
    #[schema(value_type = Option<FarmlandClass>)]
    from_class: Option<&'static str>,
    /// Into which class; `null`: it left the books.
    #[schema(value_type = Option<FarmlandClass>)]
    to_class: Option<&'static str>,
    /// How much.
    area: AreaView,
    /// The change of outlines by which it moved, where it was one.
    change_id: Option<FarmlandChangeId>,
    /// The unit's address, relative to the server.
    href: String,
}

/// A page of moves.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerRows {
    /// By code and day.
    rows: Vec<LedgerRow>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// The moves behind the flows of the ledger, unit by unit.
#[utoipa::path(
    get, path = "/v1/farmland/ledger/rows", operation_id = "list_farmland_ledger_rows", tag = "farmland", params(RowsQuery),
    responses((status = 200, body = LedgerRows)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_ledger_rows(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<RowsQuery>,
) -> Result<Reply, Stop> {
    let limit = paging::limit(query.limit)?;
    let known = ["registered", "lineage", "correction"];
    if let Some(trigger) = query.trigger.as_deref().filter(|t| !TRIGGERS.contains(t) && !known.contains(t)) {
        return Err(Error::bad_parameter(
            "trigger",
            Text::new(format!("没有触发原因 {trigger}。"), format!("There is no trigger {trigger}.")),
        )
        .into());
    }
    let which = (query.cause, query.trigger.clone(), query.from_class, query.to_class);
    let cursor = query.cursor.clone();
    let RowsQuery { division, from, to, known_at, land_type, .. } = query;
    let question = LedgerQuery { division, from, to, known_at, land_type }.read(&call)?;
    let filters = format!("{:?}", (&question.filter, question.to, &which));
    let after = cursor.as_deref().map(|cursor| read_cursor(cursor, &filters)).transpose()?;
    let (cause, trigger, from_class, to_class) = which;
    let wanted = |key: &FlowKey| {
        cause.is_none_or(|cause| Cause::from(cause) == key.cause)
            && trigger.as_ref().is_none_or(|trigger| key.trigger.as_ref() == Some(trigger))
            && from_class.is_none_or(|side| side.class() == key.from)
            && to_class.is_none_or(|side| side.class() == key.to)
    };
    let mut tx = call.app().snapshot().await?;
    let wanted_rows = limit as usize + 1;
    let mut moves = actions::moves(&mut tx, &question.filter, question.to, wanted, after, wanted_rows).await?;
    let links = Link::pages(&uri, &mut moves, limit, &filters, JSON, |last| format!("{} {}", last.nth, last.code));
    let rows = moves.into_iter().map(row).collect();
    Ok(Reply::json(&LedgerRows { rows, links })?)
}

fn read_cursor(cursor: &str, filters: &str) -> Result<(String, usize)> {
    let key = Cursor::read(cursor, filters)?;
    let (nth, code) = key.split_once(' ').ok_or_else(Cursor::refused)?;
    Ok((code.to_owned(), nth.parse().map_err(|_| Cursor::refused())?))
}

fn row(moved: Moved) -> LedgerRow {
    LedgerRow {
        href: format!("/v1/farmland-units/{}", moved.id),
        unit_id: moved.id,
        code: moved.code,
        division_code: moved.division_code,
        on: moved.line.on,
        cause: moved.line.cause.as_str(),
        trigger: moved.line.trigger,
        from_class: moved.line.from.map(Class::as_str),
        to_class: moved.line.to.map(Class::as_str),
        area: moved.line.area.into(),
        change_id: moved.change_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_opens_at_the_end_of_the_one_before() {
        for (day, opening) in [
            ("2026-11-21", "2025-12-31"),
            ("2026-01-01", "2025-12-31"),
            ("2026-12-31", "2025-12-31"),
            ("2025-03-31", "2024-12-31"),
        ] {
            assert_eq!(year_end_before(Day::parse(day).unwrap()).to_string(), opening, "{day}");
        }
    }

    #[test]
    fn causes_are_said_alike_in_rules_and_on_the_wire() {
        for cause in Cause::ALL {
            let wire: LedgerCause = serde_json::from_value(serde_json::json!(cause.as_str())).unwrap();
            assert_eq!(Cause::from(wire), cause);
        }
    }

    #[test]
    fn hundredths_are_printed_as_they_are() {
        let text = |area: Centi| serde_json::to_string(&AreaView::from(area)).unwrap();
        assert_eq!(text(1), r#"{"m2":0.01,"mu":0.000015,"ha":1e-6}"#);
        assert_eq!(
            text(123_456_789_012_345),
            r#"{"m2":1234567890123.45,"mu":1851851835.185175,"ha":123456789.012345}"#
        );
    }
}
