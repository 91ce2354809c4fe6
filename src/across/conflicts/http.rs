//! `/v1/farmland/conflicts`

use super::actions::{self, Conflict, Sliver};
use super::rules::{ConflictKind, Severity, Source};
use super::store::Question;
use crate::kernel::basis::cite_all;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Citation, Confidence, Day, DivisionCode, Error, FarmlandMeasureId, FarmlandUnitId, Result, SiteId, mu,
};
use crate::platform::call::known_at;
use crate::platform::overlay::share;
use crate::platform::{App, Call, Params, Permission, Reply, Role, Stop};
use crate::standards::crops::{self, Edible};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_farmland_conflicts))
}

/// Which conflicts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConflictParams {
    /// Of units in this division and below.
    division: Option<DivisionCode>,
    /// The day asked about; today, or the day of `known_at`, when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    on: Option<Day>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<ConflictKind>,
    /// Of this unit.
    unit: Option<FarmlandUnitId>,
    /// What the registry knew at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A page of conflicts.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictPage {
    /// The day asked about.
    on: Day,
    /// The instant asked about; `null`: now.
    known_at: Option<DateTime<Utc>>,
    /// By the unit's code, then its own class, ban zones, sites.
    conflicts: Vec<ConflictView>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<ConflictLink>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictLink {
    /// `next`.
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Address, relative to the server.
    href: String,
}

/// A conflict.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictView {
    /// Which.
    kind: ConflictKind,
    /// How much it weighs.
    severity: Severity,
    /// 冲突事项
    title_zh: String,
    /// What it is.
    title_en: String,
    /// The unit.
    unit: ConflictUnit,
    /// What grows there, name by name; empty where the crop is not what it is about.
    crops: Vec<ConflictCrop>,
    /// The ban zone, where it is about one.
    measure: Option<ConflictMeasure>,
    /// The site, where it is about one.
    site: Option<ConflictSite>,
    /// Roles that must act, in the unit's division.
    must_act: &'static [Role],
    /// 责任单位
    must_act_zh: String,
    /// Who must act.
    must_act_en: String,
    /// 处理要求
    to_do_zh: String,
    /// What is to be done.
    to_do_en: String,
    /// On what it stands, on the day asked.
    citations: Vec<Citation>,
    /// How well texts and lists are known: the weakest.
    confidence: Confidence,
}

/// The unit of a conflict, as it is on the day asked.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictUnit {
    /// The unit.
    id: FarmlandUnitId,
    /// Its code.
    #[schema(example = "140602NY000001")]
    code: String,
    /// The division that it lies in.
    #[schema(example = "140602")]
    division_code: String,
    /// Its class.
    #[schema(example = "strict_control")]
    class: String,
    /// Its land type.
    #[schema(example = "paddy")]
    land_type: String,
    /// What is registered of its crop.
    crop: Option<String>,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
    /// The same in mu.
    area_mu: f64,
}

/// A name in what is registered of a crop.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictCrop {
    /// As it stands there.
    #[schema(example = "稻谷")]
    said: String,
    /// 作物名称（对照表）
    #[schema(example = "水稻")]
    crop_zh: Option<String>,
    /// What the list takes it for; `null`: it is not on the list.
    #[schema(example = "Rice")]
    crop_en: Option<String>,
    /// Whether it is eaten.
    edible: Edible,
}

/// The ban zone of a conflict.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictMeasure {
    /// The measure.
    id: FarmlandMeasureId,
    /// Its number.
    number: String,
    /// What it is called.
    title: String,
    /// Division of the government that approved it.
    division_code: String,
    /// First day.
    from_on: Day,
    /// Number of the approval.
    approval_number: Option<String>,
    /// Products banned; none named: no edible product at all.
    products: Vec<String>,
}

/// The site of a conflict.
#[derive(Debug, Serialize, ToSchema)]
struct ConflictSite {
    /// The site.
    id: SiteId,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// The division that it lies in.
    division_code: String,
    /// Its stage; `null` where a later day is known only.
    stage: Option<String>,
    /// The lists that it is on, on the day asked.
    #[schema(example = json!(["contaminated_directory"]))]
    lists: Vec<String>,
    /// What it shares with the unit, m².
    overlap_m2: f64,
    /// The same in mu.
    overlap_mu: f64,
    /// Share of the unit, 0 to 1.
    share_of_unit: f64,
    /// Share of the site, 0 to 1.
    share_of_site: f64,
    /// What is shared is a sliver: line contact, which a person decides.
    line_contact: bool,
}

fn view(conflict: Conflict, on: Day) -> Result<ConflictView> {
    let Conflict { row, source, finding } = conflict;
    let missing = |what: &str| Error::internal(format!("a conflict of {} without {what}", row.unit_code));
    let crops: Vec<ConflictCrop> = match (&row.crop, source) {
        (Some(text), Source::Class | Source::BanZone) => crops::read(text)
            .into_iter()
            .map(|named| ConflictCrop {
                edible: named.edible(),
                crop_zh: named.crop.map(|crop| crop.zh.clone()),
                crop_en: named.crop.map(|crop| crop.en.clone()),
                said: named.said,
            })
            .collect(),
        _ => Vec::new(),
    };
    let measure = match source {
        Source::BanZone => Some(ConflictMeasure {
            id: row.measure_id.ok_or_else(|| missing("its zone"))?,
            number: row.other.clone(),
            title: row.measure_title.clone().ok_or_else(|| missing("its zone's title"))?,
            division_code: row.measure_division.clone().ok_or_else(|| missing("its zone's division"))?,
            from_on: row.measure_from.ok_or_else(|| missing("its zone's first day"))?,
            approval_number: row.approval_number.clone(),
            products: row.products.clone().unwrap_or_default(),
        }),
        Source::Class | Source::Site => None,
    };
    let site = match source {
        Source::Site => {
            let overlap_m2 = row.overlap_m2.ok_or_else(|| missing("its overlap"))?;
            Some(ConflictSite {
                id: row.site_id.ok_or_else(|| missing("its site"))?,
                code: row.other.clone(),
                name: row.site_name.clone().ok_or_else(|| missing("its site's name"))?,
                division_code: row.site_division.clone().ok_or_else(|| missing("its site's division"))?,
                stage: row.stage.clone(),
                lists: row.lists.clone().unwrap_or_default(),
                overlap_m2,
                overlap_mu: mu(overlap_m2),
                share_of_unit: share(overlap_m2, row.area_m2),
                share_of_site: share(overlap_m2, row.site_m2.ok_or_else(|| missing("its site's area"))?),
                line_contact: row.sliver,
            })
        }
        Source::Class | Source::BanZone => None,
    };
    let citations = cite_all(&finding.provisions, on);
    let confidence = citations.iter().map(|citation| citation.confidence).max().unwrap_or(Confidence::Unconfirmed);
    let titles: Vec<_> = finding.must_act.iter().map(|role| role.title()).collect();
    Ok(ConflictView {
        kind: finding.kind,
        severity: finding.severity,
        title_zh: finding.title.zh.into_owned(),
        title_en: finding.title.en.into_owned(),
        unit: ConflictUnit {
            id: row.unit_id,
            code: row.unit_code,
            division_code: row.division_code,
            class: row.class,
            land_type: row.land_type,
            crop: row.crop,
            area_m2: row.area_m2,
            area_mu: mu(row.area_m2),
        },
        crops,
        measure,
        site,
        must_act: finding.must_act,
        must_act_zh: titles.iter().map(|title| title.zh.as_ref()).collect::<Vec<_>>().join("、"),
        must_act_en: titles.iter().map(|title| title.en.as_ref()).collect::<Vec<_>>().join(", "),
        to_do_zh: finding.to_do.zh.into_owned(),
        to_do_en: finding.to_do.en.into_owned(),
        citations,
        confidence,
    })
}

/// Code of the unit, rank of the source, code of what meets it. PostgreSQL's texts hold no NUL, which JSON can write.
fn read_key(key: &str) -> Option<(String, i32, String)> {
    let (code, rank, other): (String, i32, String) = serde_json::from_str(key).ok()?;
    (!code.contains('\0') && !other.contains('\0')).then_some((code, rank, other))
}

/// List conflicts on farmland
///
/// Edible crops on strictly controlled land and in crop ban zones, names of crops that are not known there, sites inside
/// land under priority protection. Computed when asked, from what the registers say of the day; of units and sites that the
/// caller may see.
#[utoipa::path(
    get, path = "/v1/farmland/conflicts", operation_id = "list_farmland_conflicts", tag = "farmland", params(ConflictParams),
    responses((status = 200, body = ConflictPage)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_conflicts(call: Call, Params(query): Params<ConflictParams>) -> Result<Reply, Stop> {
    let units = call.read_departments(Permission::FarmlandRead)?;
    let sites = call.caller().scope(Permission::SiteRead).into_departments();
    let limit = paging::limit(query.limit)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let on = query.on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at));
    let filters = format!("{:?}", ("conflicts", &query.division, on, query.kind, query.unit, known_at, &units, &sites));
    let after = match &query.cursor {
        Some(cursor) => {
            let key = Cursor::read(cursor, &filters)?;
            Some(read_key(&key).ok_or_else(Cursor::refused)?)
        }
        None => None,
    };
    let question = Question {
        on,
        known_at,
        units: units.as_deref(),
        sites: sites.as_deref(),
        division: query.division.as_ref().map(DivisionCode::as_str),
        unit: query.unit,
    };
    let config = call.app().config();
    let sliver = Sliver { m2: config.sliver_max_m2, share: config.sliver_max_share };
    let mut tx = call.app().snapshot().await?;
    let mut found = actions::find(&mut tx, &question, query.kind, sliver, after, i64::from(limit) + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut links = Vec::new();
    if let Some(last) = found.last().filter(|_| more) {
        let key =
            serde_json::to_string(&(&last.row.unit_code, last.row.rank, &last.row.other)).map_err(Error::internal)?;
        let mut href = format!("/v1/farmland/conflicts?on={on}&limit={limit}");
        if let Some(division) = &query.division {
            href.push_str(&format!("&division={division}"));
        }
        if let Some(kind) = query.kind {
            href.push_str(&format!("&kind={}", kind.as_str()));
        }
        if let Some(unit) = query.unit {
            href.push_str(&format!("&unit={unit}"));
        }
        if let Some(at) = &query.known_at {
            href.push_str(&format!("&known_at={}", at.replace(' ', "+")));
        }
        href.push_str(&format!("&cursor={}", Cursor::write(&key, &filters)));
        links.push(ConflictLink { rel: "next", media_type: "application/json", href });
    }
    let conflicts = found.into_iter().map(|conflict| view(conflict, on)).collect::<Result<Vec<_>>>()?;
    Ok(Reply::json(&ConflictPage { on, known_at, number_returned: conflicts.len(), conflicts, links })?)
}
