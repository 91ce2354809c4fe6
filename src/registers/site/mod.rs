//! Construction-land sites: from a lead to the directory of contaminated sites and out of it again (rulebook section 2).
//!
//! ```text
//! candidate ─ suspected_listed → suspected ─ survey_notice_served → preliminary_survey ←──────────────┐
//!                                                                     │ preliminary_report_submitted    │ returned
//!                                                                     ↓                                 │
//!                                                                   preliminary_review ─────────────────┤
//!                                                                                                       ├→ not_contaminated
//!                                                                                                       └→ contaminated → …
//! ```
//!
//! Stage by stage, event by event, as the code has it: `rules/life_cycle.txt`. What the law says and who must act: one row
//! per event type in `rules/table.rs`.

mod actions;
mod http;
mod import;
mod layer;
pub mod rules;
mod store;

pub use actions::proof::{Finding, Proof, recompute_deadlines, verify_logs};
pub use actions::{
    Correction, ExistingSite, Facts, LandUser, NewEvent, NewSite, Recorded, correct, load_existing, record, register,
};
pub use rules::{AssessedClass, ControlMode, Draft, EventType, List, OnList, RiskGrade, Stage};
pub use rules::{event, restrictions, stage, table};
pub use store::NegativeUse;

use super::Register;
use crate::kernel::{Day, Error, Result, SiteId};
use crate::platform::Act;
use crate::platform::overlay::{Met, Probe};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// What the site register declares.
pub static REGISTER: Register = Register {
    id: "site",
    routes: http::routes,
    layers: &[&layer::SUSPECTED_SITES, &layer::CONTAMINATED_SITES, &layer::CONTROL_LIST],
    importers: &[&import::SITES],
};

/// A registered site beside a parcel.
#[derive(Debug, Clone)]
pub struct SiteHit {
    /// Its identifier.
    pub id: SiteId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its division.
    pub division_code: String,
    /// Where it stands, leads and closed sites among them.
    pub stage: Stage,
    /// Civil day since which it stands there, where known.
    pub stage_since: Option<Day>,
    /// Its grade, where it has one.
    pub risk_grade: Option<RiskGrade>,
    /// The land class of GB 36600 that a clean survey holds for.
    pub assessed_class: Option<AssessedClass>,
    /// The lists it is on.
    pub lists: Vec<List>,
    /// Whether it is on the control list; `None` where the register it came from did not say.
    pub on_control_list: Option<bool>,
    /// Uses barred on its land, past ones among them.
    pub negative_list: Vec<NegativeUse>,
    /// Industry that stood on it, GB/T 4754, where known.
    pub former_industry: Option<String>,
    /// Use of its land: code system and code, where known.
    pub land_use: Option<(String, String)>,
}

/// The code that the registry gave a site.
///
/// # Errors
/// `not_found`; when the database cannot be read.
pub async fn code(act: &mut Act, id: SiteId) -> Result<String> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(|| Error::not_found("地块", "site"))?;
    Ok(row.code)
}

/// What a paper about a site says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Option<String>,
    /// Its division.
    pub division_code: String,
    /// Whom a paper about it goes to: the liable party where one was named, else the land user.
    pub addressee: Option<String>,
    /// The addressee's credit code.
    pub addressee_credit_code: Option<String>,
    /// Where it stands.
    pub stage: Stage,
    /// Day of the entry in the list of suspected sites.
    pub suspected_on: Option<Day>,
    /// Day of the entry in the directory of contaminated sites.
    pub contaminated_on: Option<Day>,
    /// Its grade, where it has one.
    pub risk_grade: Option<RiskGrade>,
}

/// A site that the act's caller may act on, locked until the act is over: its steps wait.
///
/// # Errors
/// `not_found` for a site that the caller may not see; `outside_division`, `not_your_site`.
pub async fn brief(act: &mut Act, id: SiteId) -> Result<Brief> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(actions::not_found)?;
    if actions::sight(act.caller(), &row) == actions::Sight::Nothing {
        return Err(actions::not_found());
    }
    actions::require_reach(act.caller(), &row)?;
    let status = row.status()?;
    Ok(Brief {
        code: row.code,
        name: row.name,
        address: row.address,
        division_code: row.division_code,
        addressee_credit_code: match row.liable_party_name {
            Some(_) => row.liable_party_credit_code,
            None => row.land_user_credit_code,
        },
        addressee: row.liable_party_name.or(row.land_user_name),
        stage: status.stage(),
        suspected_on: row.suspected_on,
        contaminated_on: row.contaminated_on,
        risk_grade: status.risk_grade(),
    })
}

/// Where a site lies, and how large it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Extent {
    /// Its division.
    pub division_code: String,
    /// Ellipsoidal area of its outline, m².
    pub area_m2: f64,
}

/// Division and area of a site that the act's caller may see.
///
/// # Errors
/// `not_found`.
pub async fn extent(act: &mut Act, id: SiteId) -> Result<Extent> {
    let row = store::find(act.tx(), id).await?.ok_or_else(actions::not_found)?;
    if actions::sight(act.caller(), &row) == actions::Sight::Nothing {
        return Err(actions::not_found());
    }
    Ok(Extent { division_code: row.division_code, area_m2: row.area_m2 })
}

/// Where a site stood on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The site.
    pub id: SiteId,
    /// Its code.
    pub code: String,
    /// Its stage on the day.
    pub stage: Stage,
    /// Since when, where known.
    pub since: Option<Day>,
    /// Whether it was ever on the directory of contaminated sites by then.
    pub was_contaminated: bool,
}

/// Where these sites stood at the end of a day, as known at an instant (`None`: now). A site not registered by then is left
/// out. No scope: figures are of the whole division.
///
/// # Errors
/// When the database cannot be read.
pub async fn standings(
    conn: &mut PgConnection,
    ids: &[SiteId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Standing>> {
    store::standings(conn, ids, on, known_at).await
}

/// Whether an entry of a site's log was voided by a later one.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_void(act: &mut Act, id: SiteId, seq: i32) -> Result<bool> {
    let log = store::log(act.tx(), id, None).await?;
    Ok(log.rows.iter().zip(&log.voided_by).any(|(entry, by)| entry.seq == seq && by.is_some()))
}

/// The sites that parcels overlap or touch, or that lie near them, at whatever stage they stood on the parcels' days, as
/// known then. No scope: a check says what lies there, whoever asks.
///
/// # Errors
/// When the database cannot be read.
pub async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<Met<SiteHit>>> {
    let rows = store::hits(conn, probe).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut barred: HashMap<_, Vec<NegativeUse>> = HashMap::new();
    for (site, one) in store::negative_lists(conn, &ids, probe.known_at).await? {
        barred.entry(site).or_default().push(one);
    }
    rows.into_iter()
        .map(|row| {
            let status = row.status()?;
            let (place, overlap_m2, distance_m, area_m2) = (row.place, row.overlap_m2, row.distance_m, row.area_m2);
            let record = SiteHit {
                lists: row.lists(),
                negative_list: barred.get(&row.id.0).cloned().unwrap_or_default(),
                id: row.id,
                code: row.code,
                name: row.name,
                division_code: row.division_code,
                stage: status.stage(),
                stage_since: row.stage_since,
                risk_grade: status.risk_grade(),
                assessed_class: row.assessed_class.as_deref().and_then(AssessedClass::parse),
                on_control_list: row.on_control_list,
                former_industry: row.former_industry,
                land_use: row.land_use_system.zip(row.land_use_code),
            };
            Ok(probe.met(place, overlap_m2, distance_m, area_m2, record))
        })
        .collect()
}
