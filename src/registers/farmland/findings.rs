//! What an adjustment of classes is given: the class that the samples speak for, with every step.

use super::actions::classify::{self as actions, Asked};
use super::http::kept_finding;
use super::rules::classify::{Given, Grade};
use super::store::classify::Which;
use crate::kernel::{Day, FarmlandUnitId, Result};
use crate::standards::parameters::Overrides;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What the samples say of a unit.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The unit.
    pub unit: FarmlandUnitId,
    /// The proposed class of the unit as a whole; one of [`CLASSES`](super::CLASSES).
    pub class: &'static str,
    /// 1 to 3 by Cd, Hg, As, Pb and Cr; `None`: it cannot be told.
    pub elements: [Option<u8>; 5],
    /// A named person has to confirm something before the class is proposed (边界核实).
    pub review_required: bool,
    /// The unit of the classification's answer with all its steps and samples, to be kept with a proposal.
    pub json: serde_json::Value,
}

/// Classes units by the samples taken in them on or before `on`, as known at `known_at` (`None`: now); nobody's scope is looked
/// at, and nothing is written. `overrides` are the operator's settings, `given` numbers in their place. In the order of the
/// units' codes.
///
/// # Errors
/// `unit_unknown` for a unit that does not exist on the day; `standard_not_in_force`.
pub async fn findings(
    conn: &mut PgConnection,
    units: &[FarmlandUnitId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
    overrides: &Overrides,
    given: &Given,
) -> Result<Vec<Finding>> {
    let asked = Asked { on, known_at, given: *given, outside_is_priority: false, scope: None };
    let which = Which { ids: Some(units.to_vec()), ..Which::default() };
    let county = actions::registered(conn, overrides, &asked, which).await?;
    let mut findings = Vec::with_capacity(county.units.len());
    for (n, asset) in county.units.iter().enumerate() {
        let Some(unit) = asset.id else { continue };
        let found = county.weighed.finding(n);
        findings.push(Finding {
            unit,
            class: actions::class_of(found.class),
            elements: [0, 1, 2, 3, 4].map(|n: usize| found.elements[n].class.map(Grade::number)),
            review_required: found.review_required(),
            json: kept_finding(&county, n, &found)?,
        });
    }
    Ok(findings)
}
