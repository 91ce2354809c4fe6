//! Figures per bureau and rule: what was opened and what ended in a period, and what runs on its last day. Each number has
//! the address of the rows that it counts.

use super::http::{read_division, read_rule};
use super::rules::{DeadlineRule, catalogue};
use super::store::{self, FigureFilter, FigureRow};
use crate::kernel::{Day, DivisionCode, Error, Result, Text};
use crate::platform::{Call, Params, Permission, Reply, Role, Stop};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// To which level divisions are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FigureLevel {
    /// Each division by itself.
    Own,
    /// Counties.
    County,
    /// Prefectures.
    Prefecture,
    /// Provinces.
    Province,
    /// The nation.
    Nation,
}

impl FigureLevel {
    fn as_str(self) -> &'static str {
        match self {
            FigureLevel::Own => "own",
            FigureLevel::County => "county",
            FigureLevel::Prefecture => "prefecture",
            FigureLevel::Province => "province",
            FigureLevel::Nation => "nation",
        }
    }

    /// Whether a division of `other` level lies below one of this.
    fn is_wider_than(self, other: &str) -> bool {
        let widest_first = ["nation", "province", "prefecture", "county"];
        let place = |level: &str| widest_first.iter().position(|name| *name == level);
        place(self.as_str()).zip(place(other)).is_some_and(|(own, other)| own < other)
    }
}

/// Which figures.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FigureParams {
    /// First day of the period. Default: the first of the last day's year.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<Day>,
    /// Last day of the period. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    to: Option<Day>,
    /// In this division and below.
    #[param(example = "150000")]
    division: Option<String>,
    /// Of this rule.
    #[param(example = "preliminary_survey_six_months")]
    rule: Option<String>,
    /// The level that divisions are added up to; each by itself when left out. A clock of a division that has none of that
    /// level above it stays with its own.
    /// No wider than that of `division`, of which no more than itself and what is below is counted.
    #[param(inline)]
    level: Option<FigureLevel>,
}

/// Figures of a period.
#[derive(Serialize, ToSchema)]
struct DeadlineFigures {
    /// First day.
    from: Day,
    /// Last day; where clocks stand is said of it.
    to: Day,
    /// The level that divisions are added up to.
    level: FigureLevel,
    /// What law or a notice sets.
    statutory: Vec<DeadlineFigure>,
    /// Local service levels (内部时限), which are not law.
    internal: Vec<DeadlineFigure>,
}

/// Figures of one rule in one division.
#[derive(Serialize, ToSchema)]
struct DeadlineFigure {
    /// The division, with those below where `with_below`.
    #[schema(example = "152900")]
    division_code: String,
    /// Its name.
    #[schema(example = "阿拉善盟")]
    division_name: Option<String>,
    /// Divisions below are added up in it.
    with_below: bool,
    /// The rule.
    #[schema(example = "preliminary_survey_six_months")]
    rule: String,
    /// 规则名称
    rule_zh: String,
    /// The rule's name.
    rule_en: String,
    /// Role that has to act.
    #[schema(example = "land_user")]
    responsible: String,
    /// 责任主体
    responsible_zh: String,
    /// Opened in the period.
    opened: i64,
    /// Done in the period, in time.
    met: i64,
    /// Done in the period, too late.
    met_late: i64,
    /// Called off in the period.
    cancelled: i64,
    /// Running on the last day: open, overdue, or standing still.
    running: i64,
    /// Of these, past their last day.
    overdue: i64,
    /// Of these, standing still.
    suspended: i64,
    /// Done in time ÷ (done in time + done too late + overdue), 0 to 1; none where nothing was due. Of the six months: K8.
    #[schema(example = 0.75)]
    timely_share: Option<f64>,
    /// Median of the days from start to end of what was done in the period.
    #[schema(example = 143.5)]
    median_days: Option<f64>,
    /// Where the rows of each number are.
    links: DeadlineFigureLinks,
}

/// Addresses of the rows that the numbers count.
#[derive(Serialize, ToSchema)]
struct DeadlineFigureLinks {
    /// Of `opened`.
    opened: String,
    /// Of `met`.
    met: String,
    /// Of `met_late`.
    met_late: String,
    /// Of `cancelled`.
    cancelled: String,
    /// Of `running`.
    running: String,
    /// Of `overdue`.
    overdue: String,
}

/// Figures of deadlines per bureau
///
/// Per division and rule, of a period; local service levels apart from what the law sets.
#[utoipa::path(
    get, path = "/v1/deadlines/figures", operation_id = "get_deadline_figures", tag = "deadlines",
    params(FigureParams),
    responses((status = 200, description = "The figures", body = DeadlineFigures)),
    extensions(("x-permission" = json!("deadline.read")))
)]
pub(super) async fn get_figures(call: Call, Params(params): Params<FigureParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::DeadlineRead)?;
    let to = params.to.unwrap_or_else(|| call.today());
    let from = match params.from {
        Some(from) => from,
        None => Day::parse(&format!("{:04}-01-01", to.year())).unwrap_or(to),
    };
    if from > to {
        return Err(Error::bad_parameter("from", Text::fixed("不得晚于 to。", "must not be after `to`.")).into());
    }
    let division = params.division.as_deref().map(read_division).transpose()?;
    let rule = params.rule.as_deref().map(read_rule).transpose()?;
    let level = params.level.unwrap_or(FigureLevel::Own);
    let mut conn = call.app().db().acquire().await?;
    if let Some(division) = &division {
        let of_division = store::level_of(&mut conn, division.as_str()).await?;
        if of_division.is_some_and(|of_division| level.is_wider_than(&of_division)) {
            return Err(Error::bad_parameter(
                "level",
                Text::new(
                    format!("不得高于区划 {division} 的层级：该级合计须包括其他区划。"),
                    format!("must not be wider than division {division}: its sum would take other divisions."),
                ),
            )
            .into());
        }
    }
    let filter = FigureFilter {
        from,
        to,
        scope: &scope,
        division: division.as_ref().map(DivisionCode::as_str),
        rule: rule.map(|rule| rule.id),
        level: level.as_str(),
    };
    let rows = store::figures(&mut conn, &filter).await?;
    let (internal, statutory): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.internal);
    let of = |rows: Vec<FigureRow>| rows.into_iter().map(|row| figure(&call, row, from, to)).collect();
    Ok(Reply::json(&DeadlineFigures { from, to, level, statutory: of(statutory), internal: of(internal) })?)
}

fn figure(call: &Call, row: FigureRow, from: Day, to: Day) -> DeadlineFigure {
    let rule: Option<&DeadlineRule> = catalogue::find(&row.rule);
    let title = rule.map_or_else(|| Text::new(row.rule.clone(), row.rule.clone()), |rule| rule.title.clone());
    let responsible = rule.map_or("", |rule| rule.responsible);
    let responsible_zh = Role::parse(responsible).map(|role| role.title().zh.into_owned()).unwrap_or_default();
    let due = row.met + row.met_late + row.overdue;
    let below = if row.with_below { "" } else { "&below=false" };
    let rows = call.address(&format!(
        "/v1/deadlines?on={to}&division={}{below}&rule={}&internal={}",
        row.division_code, row.rule, row.internal
    ));
    let ended = |status: &str| format!("{rows}&status={status}&closed_from={from}&closed_to={to}");
    DeadlineFigure {
        links: DeadlineFigureLinks {
            opened: format!("{rows}&opened_from={from}&opened_to={to}"),
            met: ended("met"),
            met_late: ended("met_late"),
            cancelled: ended("cancelled"),
            running: format!("{rows}&status=open,due_soon,overdue,suspended"),
            overdue: format!("{rows}&status=overdue"),
        },
        timely_share: (due > 0).then(|| ratio(row.met, due)),
        division_code: row.division_code,
        division_name: row.division_name,
        with_below: row.with_below,
        rule: row.rule,
        rule_zh: title.zh.into_owned(),
        rule_en: title.en.into_owned(),
        responsible: responsible.to_owned(),
        responsible_zh,
        opened: row.opened,
        met: row.met,
        met_late: row.met_late,
        cancelled: row.cancelled,
        running: row.running,
        overdue: row.overdue,
        suspended: row.suspended,
        median_days: row.median_days,
    }
}

/// Counts of clocks are far below the numbers that a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}
