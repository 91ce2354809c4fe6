//! The rows behind an indicator, read from the registers.

use super::rules::{Indicator, Row};
use crate::kernel::{Day, Decimal, Error, FarmlandUnitId, Result, SiteId, Text};
use crate::registers::farmland_measure::{self, MeasureKind, ResultRow};
use crate::registers::redevelopment::{self, Redevelopment};
use crate::registers::site::{self, Stage, Standing};
use crate::registers::{division, farmland, sampling};
use crate::standards::land_use::{LandUse, LandUseSystem, PublicServiceReading};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// What is asked: a division, a year, and what was known when.
#[derive(Debug, Clone)]
pub struct Question {
    /// The division, with all below it.
    pub division: String,
    /// The year reported on.
    pub year: i32,
    /// The day whose state is counted: the year's last, or today while it runs.
    pub on: Day,
    /// What the registry knew at this instant; `None`: now.
    pub known_at: Option<DateTime<Utc>>,
}

/// The rows of an indicator, in the order of divisions and codes. Figures are of the whole division, whatever part of a
/// record the caller may read.
///
/// # Errors
/// When the database cannot be read.
pub async fn rows(conn: &mut PgConnection, indicator: Indicator, question: &Question) -> Result<Vec<Row>> {
    let mut rows = match indicator {
        Indicator::K1 => safe_use(conn, question, true).await?,
        Indicator::K1b => safe_use(conn, question, false).await?,
        Indicator::K2 => redeveloped_sites(conn, question).await?,
        Indicator::K3 => key_land(conn, question).await?,
        Indicator::K5 => counties_monitored(conn, question).await?,
        Indicator::K6 => priority_land(conn, question).await?,
    };
    rows.sort_by(|a, b| (&a.division_code, &a.code, a.id).cmp(&(&b.division_code, &b.code, b.id)));
    Ok(rows)
}

/// An area of record to 0.01 m², as areas are added up everywhere.
fn area(m2: f64) -> Result<Decimal> {
    Decimal::try_from(m2).map(|area| area.round_dp(2)).map_err(Error::internal)
}

/// K1 and K1b: polluted cultivated units, and what was done on them. `slightly` adds priority land that is under measures.
async fn safe_use(conn: &mut PgConnection, question: &Question, slightly: bool) -> Result<Vec<Row>> {
    let Question { division, on, known_at, .. } = question;
    let done = farmland_measure::results(conn, Some(division), question.year, *known_at).await?;
    let mut by_unit: HashMap<FarmlandUnitId, Vec<&ResultRow>> = HashMap::new();
    for result in &done {
        by_unit.entry(result.unit_id).or_default().push(result);
    }
    let classes: &[&str] =
        if slightly { &["priority_protection", "safe_use", "strict_control"] } else { &["safe_use", "strict_control"] };
    let units = farmland::cultivated(conn, division, classes, *on, *known_at).await?;
    let mut rows = Vec::new();
    for unit in units {
        let results = by_unit.get(&unit.id).map(Vec::as_slice).unwrap_or_default();
        let Some((share, why)) = safely_used(&unit.class, results)? else { continue };
        let whole = area(unit.area_m2)?;
        rows.push(Row {
            register: "farmland",
            id: unit.id.0,
            code: unit.code,
            division_code: unit.division_code,
            whole,
            part: (whole * share).round_dp(2),
            why,
        });
    }
    Ok(rows)
}

/// What share of a unit counts as used safely by what was done on it in the year, 0 to 1; `None` where it is not polluted
/// land. A unit under several measures counts by the one that covers most of it: nothing is added up twice.
fn safely_used(class: &str, results: &[&ResultRow]) -> Result<Option<(Decimal, Text)>> {
    use MeasureKind::{CropBanZone, PriorityProtection, Remediation, RestructuringPlan, SafeUsePlan};
    let most = |kinds: &[MeasureKind], products: Option<Option<bool>>| -> Result<Option<Decimal>> {
        let fits = |r: &&&ResultRow| {
            r.implemented && kinds.contains(&r.kind) && products.is_none_or(|wanted| r.products_ok == wanted)
        };
        let shares = results.iter().filter(fits).map(|r| Decimal::try_from(r.area_share).map_err(Error::internal));
        Ok(shares.collect::<Result<Vec<_>>>()?.into_iter().max())
    };
    let (safe_use, strict) = ([SafeUsePlan, Remediation], [CropBanZone, RestructuringPlan, Remediation]);
    let none = |text: Text| Some((Decimal::ZERO, text));
    Ok(match class {
        "priority_protection" if results.iter().any(|r| r.kind == PriorityProtection) => {
            match most(&[PriorityProtection], None)? {
                Some(share) => Some((
                    share,
                    Text::fixed("轻微污染，已采取优先保护措施", "slightly polluted, priority protection carried out"),
                )),
                None => none(Text::fixed(
                    "轻微污染，优先保护措施未落实",
                    "slightly polluted, priority protection not carried out",
                )),
            }
        }
        "safe_use" => match (most(&safe_use, Some(Some(false)))?, most(&safe_use, Some(Some(true)))?) {
            (Some(_), _) => {
                none(Text::fixed("已采取措施，农产品不达标", "measures carried out, products not up to standard"))
            }
            (None, Some(share)) => Some((
                share,
                Text::fixed(
                    "已采取安全利用或修复措施且农产品达标",
                    "safe use or remediation carried out, products up to standard",
                ),
            )),
            (None, None) if most(&safe_use, None)?.is_some() => {
                none(Text::fixed("已采取措施，农产品达标情况未登记", "measures carried out, products not on record"))
            }
            (None, None) => none(Text::fixed("未登记措施落实情况", "no measure carried out on record")),
        },
        "strict_control" => match most(&strict, None)? {
            Some(share) => Some((share, Text::fixed("已采取严格管控措施", "strict control carried out"))),
            None => none(Text::fixed("未登记严格管控措施落实情况", "no strict control on record")),
        },
        _ => None,
    })
}

/// The stages at which a site's soil is fit for the use that it was reviewed for.
fn is_fit(stage: Stage) -> bool {
    matches!(stage, Stage::NotContaminated | Stage::RiskAcceptable | Stage::Delisted | Stage::Aftercare)
}

async fn standings_of(
    conn: &mut PgConnection,
    decided: &[Redevelopment],
    on: impl Fn(&Redevelopment) -> Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<HashMap<(SiteId, Day), Standing>> {
    let mut by_day: BTreeMap<Day, Vec<SiteId>> = BTreeMap::new();
    for one in decided {
        if let Some(site) = one.site_id {
            by_day.entry(on(one)).or_default().push(site);
        }
    }
    let mut found = HashMap::new();
    for (day, sites) in by_day {
        for standing in site::standings(conn, &sites, day, known_at).await? {
            found.insert((standing.id, day), standing);
        }
    }
    Ok(found)
}

/// K2: contaminated sites that were taken into use again up to the end of the year, each by its last decision.
async fn redeveloped_sites(conn: &mut PgConnection, question: &Question) -> Result<Vec<Row>> {
    let decided = redevelopment::decided(conn, &question.division, None, question.on, question.known_at).await?;
    let mut last: BTreeMap<SiteId, Redevelopment> = BTreeMap::new();
    for one in decided {
        let Some(site) = one.site_id else { continue };
        if last.get(&site).is_none_or(|known| known.decided_on <= one.decided_on) {
            last.insert(site, one);
        }
    }
    let decided: Vec<Redevelopment> = last.into_values().collect();
    let standings = standings_of(conn, &decided, |_| question.on, question.known_at).await?;
    let mut rows = Vec::new();
    for one in decided {
        let Some(standing) = one.site_id.and_then(|site| standings.get(&(site, question.on))) else { continue };
        if !standing.was_contaminated {
            continue;
        }
        let (whole, fit, stage) = (area(one.area_m2)?, is_fit(standing.stage), standing.stage.as_str());
        let why = if fit {
            Text::new(format!("符合规划用地要求（{stage}）"), format!("meets what the use asks of the soil ({stage})"))
        } else {
            Text::new(
                format!("尚不符合规划用地要求（{stage}）"),
                format!("does not meet what the use asks yet ({stage})"),
            )
        };
        rows.push(Row {
            register: "redevelopment",
            id: one.id.0,
            code: standing.code.clone(),
            division_code: one.division_code,
            whole,
            part: if fit { whole } else { Decimal::ZERO },
            why,
        });
    }
    Ok(rows)
}

/// K3: land given to housing and public uses in the year, and whether its survey was done before.
async fn key_land(conn: &mut PgConnection, question: &Question) -> Result<Vec<Row>> {
    let from = Day::of(question.year, 1, 1);
    let mut decided =
        redevelopment::decided(conn, &question.division, Some(from), question.on, question.known_at).await?;
    decided.retain(|one| {
        LandUseSystem::parse(&one.use_system)
            .and_then(|system| LandUse::parse(system, &one.use_code))
            .is_ok_and(|land_use| land_use.is_housing() || land_use.is_public_service(PublicServiceReading::default()))
    });
    let standings = standings_of(conn, &decided, |one| one.decided_on, question.known_at).await?;
    let mut rows = Vec::new();
    for one in decided {
        let standing = one.site_id.and_then(|site| standings.get(&(site, one.decided_on)));
        let (secured, why) = match (standing, one.survey_reviewed_on) {
            (Some(standing), _) => {
                let stage = standing.stage.as_str();
                (
                    is_fit(standing.stage),
                    Text::new(
                        format!("决定当日地块处于 {stage}"),
                        format!("the site stood at {stage} on the day of the decision"),
                    ),
                )
            }
            (None, Some(reviewed)) => (
                reviewed <= one.decided_on,
                Text::new(
                    format!("调查于 {reviewed} 评审，决定于 {}", one.decided_on),
                    format!("survey reviewed on {reviewed}, decision of {}", one.decided_on),
                ),
            ),
            (None, None) => (false, Text::fixed("决定之前没有调查记录", "no survey on record before the decision")),
        };
        let whole = area(one.area_m2)?;
        rows.push(Row {
            register: "redevelopment",
            id: one.id.0,
            code: standing.map(|s| s.code.clone()).or(one.parcel_code).unwrap_or_default(),
            division_code: one.division_code,
            whole,
            part: if secured { whole } else { Decimal::ZERO },
            why,
        });
    }
    Ok(rows)
}

/// K5: counties, and whether a point of routine monitoring is in use in them.
async fn counties_monitored(conn: &mut PgConnection, question: &Question) -> Result<Vec<Row>> {
    let counties = sampling::coverage(conn, &question.division, question.on, question.known_at).await?;
    let codes: Vec<String> = counties.iter().map(|county| county.division_code.clone()).collect();
    let ids = division::ids(conn, &codes).await?;
    Ok(counties
        .into_iter()
        .filter_map(|county| {
            let covered = county.covered();
            Some(Row {
                register: "divisions",
                id: ids.get(&county.division_code)?.0,
                code: county.division_code.clone(),
                division_code: county.division_code,
                whole: Decimal::ONE,
                part: if covered { Decimal::ONE } else { Decimal::ZERO },
                why: if covered {
                    Text::fixed("有在用例行监测点位", "a point of routine monitoring is in use")
                } else {
                    Text::fixed("没有在用例行监测点位", "no point of routine monitoring is in use")
                },
            })
        })
        .collect())
}

/// K6: cultivated land under priority protection, county by county, at the end of the year before and of this one.
async fn priority_land(conn: &mut PgConnection, question: &Question) -> Result<Vec<Row>> {
    let before = Day::of(question.year - 1, 12, 31);
    let mut counties: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
    for (on, is_after) in [(before, false), (question.on, true)] {
        for cell in farmland::class_areas(conn, &question.division, on, question.known_at).await? {
            if cell.class == farmland::PRIORITY {
                let county = counties.entry(cell.division_code).or_default();
                *(if is_after { &mut county.1 } else { &mut county.0 }) += cell.area_m2;
            }
        }
    }
    let codes: Vec<String> = counties.keys().cloned().collect();
    let ids = division::ids(conn, &codes).await?;
    Ok(counties
        .into_iter()
        .filter_map(|(code, (whole, part))| {
            let why = if part < whole {
                Text::fixed("面积减少：预警", "less area: a warning")
            } else {
                Text::fixed("面积未减少", "no less area")
            };
            let id = ids.get(&code)?.0;
            Some(Row { register: "divisions", id, code: code.clone(), division_code: code, whole, part, why })
        })
        .collect())
}
