//! Publicity over HTTP: the list, the catalogue, what is not met per bureau, and the page for everybody.

use super::page::{self, Row};
use super::rules::{Audience, DutyRule, Shown, Standing, Status, Withheld, catalogue, status};
use super::store::{self, Duty, Filter};
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Citation, Confidence, Day, DeadlineId, DivisionCode, DocumentId, Error, PublicityDutyId, Result, Text,
};
use crate::platform::{App, Call, Caller, Params, Permission, Reply, Role, Scope, Stop};
use crate::standards::parameters::Overrides;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_publicity))
        .routes(routes!(list_unmet_publicity))
        .routes(routes!(list_publicity_duties))
        .routes(routes!(show_publicity))
}

/// Which duties.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublicityParams {
    /// The day asked about: what began later is not there yet. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// How they stand on that day, several parted by commas: `owed`, `on_display`, `ended`, `taken_down_early`, `released`.
    #[param(example = "owed,taken_down_early")]
    status: Option<String>,
    /// In this division and below.
    #[param(example = "152900")]
    division: Option<String>,
    /// Role that owes them.
    #[param(example = "land_user")]
    owed_by: Option<String>,
    /// Of this kind.
    #[param(example = "effect_report")]
    duty: Option<String>,
    /// About this record.
    subject: Option<Uuid>,
    /// Past their last day and not public, or taken down too early; `false`: the others.
    overdue: Option<bool>,
    /// Whether what the law asks is done or under way; released ones are neither.
    met: Option<bool>,
    /// Whether to count how many stand how. Left out: on the first page, and not on those behind a cursor. Nothing is counted
    /// for the public.
    counts: Option<bool>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// Which bureaus.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnmetParams {
    /// The day asked about. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// In this division and below.
    #[param(example = "150000")]
    division: Option<String>,
    /// Counted by division of this level: `province`, `prefecture`, `county`. Default: the level of whoever owes it.
    #[param(example = "prefecture")]
    level: Option<String>,
}

/// Where and when.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CatalogueParams {
    /// The day whose law is asked about. Default: today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// The division whose law is asked about. Default: the nation.
    #[param(example = "152900")]
    division: Option<String>,
}

/// Of what the page tells.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// In this division and below.
    #[param(example = "152900")]
    division: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A page of duties in the order in which they arose.
#[derive(Serialize, ToSchema)]
struct PublicityList {
    /// The day asked about.
    on: Day,
    /// The page.
    duties: Vec<PublicityView>,
    /// How many stand how on that day, whatever `status` was asked for; none on pages for which they were not counted, and
    /// for the public.
    counts: Option<PublicityCounts>,
    /// Rows on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more; `catalogue`, what each duty is and what it leaves out.
    links: Vec<PublicityLink>,
}

/// How many duties stand how.
#[derive(Serialize, ToSchema, Default)]
struct PublicityCounts {
    /// Not public yet.
    owed: i64,
    /// Public on that day.
    on_display: i64,
    /// Was public, and long enough.
    ended: i64,
    /// Came down sooner than the law lets it.
    taken_down_early: i64,
    /// Fell away.
    released: i64,
}

/// A link.
#[derive(Serialize, ToSchema)]
struct PublicityLink {
    /// `next`, `catalogue`, `duties`.
    #[schema(example = "next")]
    rel: String,
    /// Media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Address.
    href: String,
}

/// Something that has to be public. The public sees of it what is public, and nothing of periods, proof and what is lacking.
#[derive(Serialize, ToSchema)]
struct PublicityView {
    /// Its identifier.
    id: PublicityDutyId,
    /// Which duty of the catalogue.
    #[schema(example = "effect_report")]
    duty: String,
    /// 公开事项
    #[schema(example = "公开风险管控、修复效果评估报告")]
    duty_zh: String,
    /// What has to be public.
    duty_en: String,
    /// The record that it is about.
    subject: PublicitySubject,
    /// The record's division.
    #[schema(example = "152921")]
    division_code: String,
    /// 区划名称
    division_zh: String,
    /// Tells duties of one kind and record apart; empty where a record has one at a time.
    #[schema(example = "")]
    occasion: String,
    /// For whom it is made public.
    audience: Audience,
    /// Role that owes it.
    #[schema(example = "land_user")]
    owed_by: String,
    /// 公开义务人
    owed_by_zh: String,
    /// Who owes it.
    owed_by_en: String,
    /// How it stands on the day asked.
    status: Status,
    /// Where it was or is public, in the order of their recording; those that began later than the day asked are left out.
    publications: Vec<PublicationView>,
    /// What it stands on, on the day it arose.
    citations: Vec<Citation>,
    /// What only those who have to do with it see.
    #[serde(skip_serializing_if = "Option::is_none")]
    inside: Option<PublicityInside>,
}

/// What departments and the land user see of a duty beside what is public.
#[derive(Serialize, ToSchema)]
struct PublicityInside {
    /// Civil day of the step that brought it about.
    owed_since: Day,
    /// Last day in time to make it public; where no period runs, the day it arose.
    due_on: Day,
    /// `due_on` may change when a year's calendar is announced.
    due_provisional: bool,
    /// Its clock, where a period runs.
    deadline_id: Option<DeadlineId>,
    /// Days past the last one while it is not public; 0 when none are.
    #[schema(example = 0)]
    days_overdue: i64,
    /// Whether what the law asks is done or under way.
    met: bool,
    /// The day it fell away, where that is known on the day asked.
    released_on: Option<Day>,
    /// What is lacking; none where it is met or fell away.
    lacking: Option<PublicityLacking>,
}

/// The record that a duty is about.
#[derive(Serialize, ToSchema)]
struct PublicitySubject {
    /// Its register.
    #[schema(example = "site")]
    register: String,
    /// Its identifier.
    id: Uuid,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// From when to when something was public, and where.
#[derive(Serialize, ToSchema)]
struct PublicationView {
    /// Where: in the office's words.
    #[schema(example = "生态环境局门户网站")]
    channel: String,
    /// Address on the web.
    #[schema(example = "https://www.example.com/notice/1")]
    url: Option<String>,
    /// First day.
    from: Day,
    /// Last day, announced or in fact; none while it has none, or where it was taken down after the day asked.
    to: Option<Day>,
    /// The earliest last day that the law lets it have.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_until_at_least: Option<Day>,
    /// What proves it; not for the public.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_id: Option<DocumentId>,
}

/// What is lacking of a duty.
#[derive(Serialize, ToSchema)]
struct PublicityLacking {
    /// 中文
    text_zh: String,
    /// English
    text_en: String,
    /// The articles, of the day the duty arose or the publication began.
    citations: Vec<Citation>,
    /// The least period, where the law sets one.
    least: Option<PublicityLeast>,
}

/// How long something has to be public at least.
#[derive(Serialize, ToSchema, Clone)]
struct PublicityLeast {
    /// Months.
    #[schema(example = 2)]
    months: u32,
    /// How well the number is known; `unconfirmed` for the operator's own.
    confidence: Confidence,
    /// Set by the operator.
    configured: bool,
    /// What it stands on.
    citations: Vec<Citation>,
}

/// What bureaus and land users have not made public.
#[derive(Serialize, ToSchema)]
struct UnmetList {
    /// The day asked about.
    on: Day,
    /// By division and role.
    bureaus: Vec<UnmetView>,
}

/// What one bureau, or the land users of one division, have not made public.
#[derive(Serialize, ToSchema)]
struct UnmetView {
    /// Division.
    #[schema(example = "152900")]
    division_code: String,
    /// 区划名称
    #[schema(example = "阿拉善盟")]
    division_zh: String,
    /// Role that owes them.
    #[schema(example = "prefecture_ecology")]
    owed_by: String,
    /// 公开义务人
    owed_by_zh: String,
    /// Who owes them.
    owed_by_en: String,
    /// How many are not met.
    #[schema(example = 3)]
    unmet: i64,
    /// Of these: not public yet.
    #[schema(example = 1)]
    owed: i64,
    /// Of these: came down sooner than the law lets them.
    #[schema(example = 1)]
    taken_down_early: i64,
    /// Of these: public, with a last day announced that is too early.
    #[schema(example = 1)]
    too_short: i64,
    /// Of these: past their last day and not public.
    #[schema(example = 1)]
    overdue: i64,
    /// When the oldest of them arose.
    oldest_since: Day,
    /// The earliest last day of them.
    oldest_due_on: Day,
    /// `duties`: the list of them.
    links: Vec<PublicityLink>,
}

/// Every kind of duty.
#[derive(Serialize, ToSchema)]
struct DutyCatalogue {
    /// The day whose law is shown.
    on: Day,
    /// The division whose law is shown.
    #[schema(example = "000000")]
    division: String,
    /// In the order of a site's life.
    duties: Vec<DutyView>,
}

/// A kind of duty.
#[derive(Serialize, ToSchema)]
struct DutyView {
    /// Its identifier.
    #[schema(example = "effect_report")]
    id: String,
    /// 公开事项
    title_zh: String,
    /// What it is.
    title_en: String,
    /// 公开内容
    shows_zh: String,
    /// What must be shown.
    shows_en: String,
    /// 公开方式
    place_zh: String,
    /// Where, as far as a text says.
    place_en: String,
    /// 公开期间
    period_zh: String,
    /// From when to when, as far as a text says.
    period_en: String,
    /// Role that owes it.
    #[schema(example = "land_user")]
    owed_by: String,
    /// 公开义务人
    owed_by_zh: String,
    /// Who owes it.
    owed_by_en: String,
    /// For whom.
    audience: Audience,
    /// 公开对象
    audience_zh: String,
    /// For whom, in words.
    audience_en: String,
    /// The clock in which it has to be done; none where it is due on the day that brings it about.
    #[schema(example = "report_publication")]
    clock: Option<String>,
    /// How long it has to be public at least.
    least: Option<PublicityLeast>,
    /// What it stands on.
    citations: Vec<Citation>,
    /// What of it is not public, and why.
    withheld: Vec<WithheldView>,
}

/// Something that is not made public.
#[derive(Serialize, ToSchema)]
struct WithheldView {
    /// Its identifier.
    #[schema(example = "sampling_points")]
    id: String,
    /// 不公开内容
    what_zh: String,
    /// What.
    what_en: String,
    /// 理由
    why_zh: String,
    /// Why.
    why_en: String,
    /// What that stands on.
    citations: Vec<Citation>,
}

fn withheld_view(withheld: &Withheld, on: Day) -> WithheldView {
    let (what, why) = (withheld.what.clone(), withheld.why.clone());
    WithheldView {
        id: withheld.id.to_owned(),
        what_zh: what.zh.into_owned(),
        what_en: what.en.into_owned(),
        why_zh: why.zh.into_owned(),
        why_en: why.en.into_owned(),
        citations: cite_all(withheld.provisions, on),
    }
}

fn least(rule: &DutyRule, division: &str, on: Day, overrides: &Overrides) -> Option<PublicityLeast> {
    let resolved = rule.at_least?.resolve(division, on, overrides)?;
    Some(PublicityLeast {
        months: resolved.value,
        confidence: resolved.confidence,
        configured: resolved.configured,
        citations: resolved.citations(on),
    })
}

fn duty_view(rule: &DutyRule, division: &str, on: Day, overrides: &Overrides) -> DutyView {
    let (owed_by, audience) = (rule.owed_by.title(), rule.audience.title());
    DutyView {
        id: rule.id.to_owned(),
        title_zh: rule.title.zh.to_string(),
        title_en: rule.title.en.to_string(),
        shows_zh: rule.shows.zh.to_string(),
        shows_en: rule.shows.en.to_string(),
        place_zh: rule.place.zh.to_string(),
        place_en: rule.place.en.to_string(),
        period_zh: rule.period.zh.to_string(),
        period_en: rule.period.en.to_string(),
        owed_by: rule.owed_by.as_str().to_owned(),
        owed_by_zh: owed_by.zh.into_owned(),
        owed_by_en: owed_by.en.into_owned(),
        audience: rule.audience,
        audience_zh: audience.zh.into_owned(),
        audience_en: audience.en.into_owned(),
        clock: rule.clock.map(str::to_owned),
        least: least(rule, division, on, overrides),
        citations: rule.citations(division, on),
        withheld: rule.withheld.iter().map(|withheld| withheld_view(withheld, on)).collect(),
    }
}

/// What is known on a day of a publication's period.
fn shown(publication: &store::Publication, on: Day) -> Shown {
    let taken_down_on = publication.taken_down_on.filter(|day| *day <= on);
    Shown {
        from: publication.shown_from,
        to: publication.shown_to.into_iter().chain(taken_down_on).min(),
        at_least_until: publication.at_least_until,
    }
}

fn standing(duty: &Duty, on: Day) -> Standing {
    let periods: Vec<Shown> = duty.publications.0.iter().map(|publication| shown(publication, on)).collect();
    status(&periods, duty.released_on, on)
}

fn rule_of(duty: &str) -> Result<&'static DutyRule> {
    catalogue::find(duty).ok_or_else(|| Error::internal(format!("there is no duty {duty} in the catalogue")))
}

fn view(duty: Duty, on: Day, public: bool, overrides: &Overrides) -> Result<PublicityView> {
    let rule = rule_of(&duty.duty)?;
    let standing = standing(&duty, on);
    let owed_by = rule.owed_by.title();
    let inside = if public { None } else { Some(inside(&duty, rule, standing, on, overrides)) };
    let publications = duty.publications.0.into_iter().filter_map(|publication| {
        let period = shown(&publication, on);
        // What came down is of the past, and the public sees what is there.
        if public && period.to.is_some_and(|to| to < on) {
            return None;
        }
        Some(PublicationView {
            channel: publication.channel,
            url: publication.url,
            from: period.from,
            to: period.to,
            public_until_at_least: period.at_least_until,
            document_id: publication.document_id.filter(|_| !public),
        })
    });
    Ok(PublicityView {
        id: duty.id,
        duty_zh: rule.title.zh.to_string(),
        duty_en: rule.title.en.to_string(),
        subject: PublicitySubject {
            register: duty.subject_register,
            id: duty.subject_id,
            code: duty.subject_code,
            name: duty.subject_name,
        },
        publications: publications.collect(),
        citations: rule.citations(&duty.division_code, duty.owed_since),
        division_code: duty.division_code,
        division_zh: duty.division_name,
        duty: duty.duty,
        occasion: duty.occasion,
        audience: rule.audience,
        owed_by: duty.owed_by,
        owed_by_zh: owed_by.zh.into_owned(),
        owed_by_en: owed_by.en.into_owned(),
        status: standing.status,
        inside,
    })
}

fn inside(duty: &Duty, rule: &DutyRule, standing: Standing, on: Day, overrides: &Overrides) -> PublicityInside {
    let not_public = matches!(standing.status, Status::Owed | Status::TakenDownEarly);
    PublicityInside {
        owed_since: duty.owed_since,
        due_on: duty.due_on,
        due_provisional: duty.due_provisional,
        deadline_id: duty.deadline_id,
        days_overdue: if not_public && duty.late { on.days_since(duty.due_on).max(0) } else { 0 },
        met: standing.met,
        released_on: duty.released_on.filter(|day| *day <= on),
        lacking: lacking(duty, rule, standing, on, overrides),
    }
}

/// What is lacking, in words, with the articles that ask for it.
fn lacking(
    duty: &Duty,
    rule: &DutyRule,
    standing: Standing,
    on: Day,
    overrides: &Overrides,
) -> Option<PublicityLacking> {
    if standing.met || standing.status == Status::Released {
        return None;
    }
    // The one that came nearest is the one to be put right.
    let longest = duty
        .publications
        .0
        .iter()
        .map(|publication| shown(publication, on))
        .max_by_key(|period| period.to.zip(period.at_least_until).map(|(to, least)| to.days_since(least)));
    let day = longest.map_or(duty.owed_since, |period| period.from);
    let text = match longest.and_then(|period| period.to.zip(period.at_least_until)) {
        Some((to, until)) => Text::new(
            format!("公开仅至 {to}，应当公开至 {until} 或更晚，请重新公开或延长。"),
            format!(
                "Public until {to} only; it has to be public until {until} or longer. Put it up again, or extend it."
            ),
        ),
        None => Text::new(
            format!("尚未公开：{}（{}）。最迟应于 {} 完成。", rule.shows.zh, rule.place.zh, duty.due_on),
            format!("Not public yet: {} ({}); due by {}.", rule.shows.en, rule.place.en, duty.due_on),
        ),
    };
    Some(PublicityLacking {
        text_zh: text.zh.into_owned(),
        text_en: text.en.into_owned(),
        citations: rule.citations(&duty.division_code, day),
        least: least(rule, &duty.division_code, day, overrides),
    })
}

/// Duties whose audience is everybody, and those that make a list known.
fn open_duties() -> (Vec<String>, Vec<String>) {
    let ids = |keep: fn(&DutyRule) -> bool| {
        catalogue::ALL.iter().filter(|rule| keep(rule)).map(|rule| rule.id.to_owned()).collect()
    };
    (ids(|rule| rule.audience == Audience::Public), ids(|rule| rule.is_list))
}

/// What a request asks for, read and bound to the caller.
struct Asked {
    on: Day,
    scope: Scope,
    statuses: Option<Vec<String>>,
    division: Option<DivisionCode>,
    owed_by: Option<Role>,
    duty: Option<&'static str>,
    subject: Option<Uuid>,
    overdue: Option<bool>,
    met: Option<bool>,
    open: Vec<String>,
    lists: Vec<String>,
}

impl Asked {
    fn read(call: &Call, scope: Scope, params: &PublicityParams) -> Result<Asked> {
        let (open, lists) = open_duties();
        Ok(Asked {
            on: params.on.unwrap_or_else(|| call.today()),
            scope,
            statuses: params.status.as_deref().map(read_statuses).transpose()?,
            division: read_division(params.division.as_deref())?,
            owed_by: params.owed_by.as_deref().map(read_role).transpose()?,
            duty: params.duty.as_deref().map(read_duty).transpose()?,
            subject: params.subject,
            overdue: params.overdue,
            met: params.met,
            open,
            lists,
        })
    }

    fn filter(&self) -> Filter<'_> {
        Filter {
            on: self.on,
            scope: &self.scope,
            statuses: self.statuses.as_deref(),
            division: self.division.as_ref().map(DivisionCode::as_str),
            owed_by: self.owed_by.map(Role::as_str),
            duty: self.duty,
            subject: self.subject,
            overdue: self.overdue,
            met: self.met,
            open: &self.open,
            lists: &self.lists,
        }
    }

    /// The filters as a query. Every value is made of letters, digits, `_`, `-` and commas, and needs no escaping.
    fn query(&self) -> String {
        let mut query = format!("on={}", self.on);
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={value}"));
            }
        };
        add("status", self.statuses.as_ref().map(|statuses| statuses.join(",")));
        add("division", self.division.as_ref().map(ToString::to_string));
        add("owed_by", self.owed_by.map(|role| role.as_str().to_owned()));
        add("duty", self.duty.map(str::to_owned));
        add("subject", self.subject.map(|id| id.to_string()));
        add("overdue", self.overdue.map(|yes| yes.to_string()));
        add("met", self.met.map(|yes| yes.to_string()));
        query
    }

    /// A stable text of the filters, for cursors.
    fn mark(&self) -> String {
        format!("publicity {} scope={}", self.query(), self.scope.mark())
    }
}

fn read_division(code: Option<&str>) -> Result<Option<DivisionCode>> {
    code.map(|code| {
        DivisionCode::parse(code).ok_or_else(|| {
            Error::bad_parameter("division", Text::fixed("应为六位区划代码。", "must be a six-digit division code."))
        })
    })
    .transpose()
}

fn one_of(parameter: &str, given: &str, known: &[&str]) -> Error {
    Error::bad_parameter(
        parameter,
        Text::new(
            format!("没有“{given}”，可用：{}。", known.join("、")),
            format!("there is no `{given}`; there are: {}.", known.join(", ")),
        ),
    )
}

fn read_statuses(list: &str) -> Result<Vec<String>> {
    let known = Status::ALL.map(Status::as_str);
    list.split(',')
        .map(|name| {
            let status = Status::parse(name.trim()).ok_or_else(|| one_of("status", name, &known))?;
            Ok(status.as_str().to_owned())
        })
        .collect()
}

fn read_role(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| one_of("owed_by", name, &Role::ALL.map(Role::as_str)))
}

fn read_duty(id: &str) -> Result<&'static str> {
    let known: Vec<_> = catalogue::ALL.iter().map(|rule| rule.id).collect();
    catalogue::find(id).map(|rule| rule.id).ok_or_else(|| one_of("duty", id, &known))
}

fn read_level(name: &str) -> Result<&'static str> {
    let known = ["province", "prefecture", "county"];
    known.into_iter().find(|level| *level == name).ok_or_else(|| one_of("level", name, &known))
}

/// List what has to be public
///
/// Status and days are those of the day asked. Departments see their division and below, a land user its own records. The
/// public sees what is on display: of records that everybody may see, and of the public lists themselves.
#[utoipa::path(
    get, path = "/v1/publicity", operation_id = "list_publicity", tag = "publicity",
    params(PublicityParams),
    responses((status = 200, description = "A page, the oldest first", body = PublicityList)),
    extensions(("x-permission" = json!("publicity.read")))
)]
async fn list_publicity(call: Call, Params(params): Params<PublicityParams>) -> Result<Reply, Stop> {
    let asked = Asked::read(&call, call.read(Permission::PublicityRead)?, &params)?;
    let limit = paging::limit(params.limit)?;
    let mark = asked.mark();
    let after = params.cursor.as_deref().map(|cursor| read_cursor(cursor, &mark)).transpose()?;
    let mut conn = call.app().db().acquire().await?;
    let mut page = store::page(&mut conn, &asked.filter(), after, i64::from(limit) + 1).await?;
    let next = Cursor::behind(&mut page, limit, &mark, key);
    // Counting looks at every duty asked for, and a page does not.
    let counts = if !asked.scope.is_public() && params.counts.unwrap_or(after.is_none()) {
        Some(counted(&store::counts(&mut conn, &asked.filter()).await?)?)
    } else {
        None
    };
    let mut links = vec![link("catalogue", call.address("/v1/publicity/catalogue"))];
    if let Some(cursor) = next {
        let counts = params.counts.map_or_else(String::new, |counts| format!("&counts={counts}"));
        let path = format!("/v1/publicity?{}{counts}&limit={limit}&cursor={cursor}", asked.query());
        links.push(link("next", call.address(&path)));
    }
    let overrides = &call.app().config().parameters;
    let duties: Vec<PublicityView> =
        page.into_iter().map(|duty| view(duty, asked.on, asked.scope.is_public(), overrides)).collect::<Result<_>>()?;
    Ok(Reply::json(&PublicityList { on: asked.on, number_returned: duties.len(), duties, counts, links })?)
}

fn counted(standing: &[(String, i64)]) -> Result<PublicityCounts> {
    let mut counts = PublicityCounts::default();
    for (status, n) in standing {
        let status = Status::parse(status).ok_or_else(|| Error::internal(format!("publicity_status gave {status}")))?;
        *match status {
            Status::Owed => &mut counts.owed,
            Status::OnDisplay => &mut counts.on_display,
            Status::Ended => &mut counts.ended,
            Status::TakenDownEarly => &mut counts.taken_down_early,
            Status::Released => &mut counts.released,
        } = *n;
    }
    Ok(counts)
}

fn key(last: &Duty) -> String {
    format!("{}|{}", last.owed_since, last.id)
}

fn read_cursor(cursor: &str, mark: &str) -> Result<(Day, Uuid)> {
    let key = Cursor::read(cursor, mark)?;
    key.split_once('|').and_then(|(day, id)| Some((Day::parse(day)?, id.parse().ok()?))).ok_or_else(Cursor::refused)
}

fn link(rel: &str, href: String) -> PublicityLink {
    PublicityLink { rel: rel.to_owned(), media_type: "application/json".to_owned(), href }
}

/// List what is not public, bureau by bureau
///
/// Unmet duties: not public yet, taken down too early, or announced for too short a time. One line per division and role;
/// a duty is counted where its bureau sits, unless a level is asked for.
#[utoipa::path(
    get, path = "/v1/publicity/unmet", operation_id = "list_unmet_publicity", tag = "publicity",
    params(UnmetParams),
    responses((status = 200, body = UnmetList)),
    extensions(("x-permission" = json!("publicity.unmet_read")))
)]
async fn list_unmet_publicity(call: Call, Params(params): Params<UnmetParams>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::PublicityUnmetRead)?;
    let on = params.on.unwrap_or_else(|| call.today());
    let division = read_division(params.division.as_deref())?;
    let level = params.level.as_deref().map(read_level).transpose()?;
    let mut conn = call.app().db().acquire().await?;
    let rows = store::unmet(&mut conn, on, &scope, division.as_ref().map(DivisionCode::as_str), level).await?;
    let bureaus = rows
        .into_iter()
        .map(|row| {
            let title = Role::parse(&row.owed_by)
                .map(Role::title)
                .ok_or_else(|| Error::internal(format!("a duty is owed by {}", row.owed_by)))?;
            let path =
                format!("/v1/publicity?on={on}&division={}&owed_by={}&met=false", row.division_code, row.owed_by);
            Ok(UnmetView {
                division_code: row.division_code,
                division_zh: row.division_name,
                owed_by: row.owed_by,
                owed_by_zh: title.zh.into_owned(),
                owed_by_en: title.en.into_owned(),
                unmet: row.duties,
                owed: row.owed,
                taken_down_early: row.taken_down_early,
                too_short: row.too_short,
                overdue: row.overdue,
                oldest_since: row.oldest_since,
                oldest_due_on: row.oldest_due_on,
                links: vec![link("duties", call.address(&path))],
            })
        })
        .collect::<Result<_>>()?;
    Ok(Reply::json(&UnmetList { on, bureaus })?)
}

/// List the kinds of duties
///
/// What has to be public, by whom, for whom, where and how long; and what of it is withheld, and why.
#[utoipa::path(
    get, path = "/v1/publicity/catalogue", operation_id = "list_publicity_duties", tag = "publicity",
    params(CatalogueParams),
    responses((status = 200, body = DutyCatalogue)),
    extensions(("x-permission" = json!("publicity.read")))
)]
async fn list_publicity_duties(call: Call, Params(params): Params<CatalogueParams>) -> Result<Reply, Stop> {
    call.read(Permission::PublicityRead)?;
    let on = params.on.unwrap_or_else(|| call.today());
    let division = read_division(params.division.as_deref())?.unwrap_or_else(DivisionCode::nation);
    let overrides = &call.app().config().parameters;
    let duties = catalogue::ALL.iter().map(|rule| duty_view(rule, division.as_str(), on, overrides)).collect();
    Ok(Reply::json(&DutyCatalogue { on, division: division.to_string(), duties })?)
}

/// Show what is public, as a page
///
/// What everybody may see today, in a division and below: what, where, from when to when, and what of it is withheld and
/// why. The same for every caller.
#[utoipa::path(
    get, path = "/publicity", operation_id = "show_publicity", tag = "publicity",
    params(PageParams),
    responses((status = 200, description = "A page in Chinese and English", body = String, content_type = "text/html")),
    extensions(("x-permission" = json!("publicity.read")))
)]
async fn show_publicity(call: Call, Params(params): Params<PageParams>) -> Result<Reply, Stop> {
    let wanted = PublicityParams { division: params.division, ..PublicityParams::default() };
    let asked = Asked::read(&call, Caller::Public.scope(Permission::PublicityRead), &wanted)?;
    let mark = asked.mark();
    let after = params.cursor.as_deref().map(|cursor| read_cursor(cursor, &mark)).transpose()?;
    let mut conn = call.app().db().acquire().await?;
    let limit = paging::DEFAULT_LIMIT;
    let mut duties = store::page(&mut conn, &asked.filter(), after, i64::from(limit) + 1).await?;
    let next = Cursor::behind(&mut duties, limit, &mark, key);
    let division = asked.division.as_ref().map(DivisionCode::as_str);
    let places = store::places(&mut conn, asked.on, division, &asked.open, &asked.lists).await?;
    let next = next.map(|cursor| {
        let division = division.map(|code| format!("division={code}&")).unwrap_or_default();
        format!("/publicity?{division}cursor={cursor}")
    });
    let overrides = &call.app().config().parameters;
    let mut rows = Vec::with_capacity(duties.len());
    for duty in duties {
        let rule = rule_of(&duty.duty)?;
        let view = view(duty, asked.on, true, overrides)?;
        rows.push(Row {
            rule,
            record: format!("{} {}", view.subject.code, view.subject.name),
            division: format!("{} {}", view.division_code, view.division_zh),
            citations: view.citations,
            publications: view
                .publications
                .into_iter()
                .map(|p| page::Shown { channel: p.channel, url: p.url, from: p.from, to: p.to })
                .collect(),
        });
    }
    let places: Vec<_> = places
        .into_iter()
        .map(|place| page::Place { code: place.division_code, name: place.division_name, n: place.n })
        .collect();
    let html =
        page::render(&page::Page { on: asked.on, division, places: &places, rows: &rows, next: next.as_deref() });
    Ok(Reply::bytes("text/html; charset=utf-8", html)
        .with_header(axum::http::header::CONTENT_SECURITY_POLICY, page::CSP)
        .with_header(axum::http::header::CACHE_CONTROL, "no-cache"))
}
