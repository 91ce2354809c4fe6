//! What an adjustment of classes is given: the class that the samples speak for, with every step.

use super::actions::classify::{self as actions, Asked};
use super::http::kept_finding;
use super::rules::classify::{BOUNDS, Given, Grade, PARAMETERS};
use super::store::classify::Which;
use super::units;
use crate::kernel::{Day, FarmlandUnitId, Fault, Result, Text};
use crate::standards::parameters::Overrides;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

/// Numbers to try in the place of those that hold where the units lie.
#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassNumbers {
    /// A class is dominant when more than this share of the points has it, per cent.
    #[schema(minimum = 50, maximum = 100)]
    pub dominance_percent: Option<u32>,
    /// So many contiguous points that are not of the dominant class are a part of their own.
    #[schema(minimum = 1, maximum = 1000)]
    pub min_contiguous: Option<u32>,
    /// With fewer product points the soil's class stands.
    #[schema(minimum = 1, maximum = 1000)]
    pub crop_min_samples: Option<u32>,
    /// Share of products within their limits that relaxes strict control, per cent.
    #[schema(minimum = 50, maximum = 100)]
    pub crop_share_percent: Option<u32>,
    /// Above this share of its limit a product is far over it, per cent.
    #[schema(minimum = 100, maximum = 10000)]
    pub crop_heavy_percent: Option<u32>,
}

impl ClassNumbers {
    /// As the steps want them.
    ///
    /// # Errors
    /// `out_of_range`, below `pointer`.
    pub fn read(&self, pointer: &str) -> Result<Given, Vec<Fault>> {
        let given = [
            ("dominance_percent", self.dominance_percent),
            ("min_contiguous", self.min_contiguous),
            ("crop_min_samples", self.crop_min_samples),
            ("crop_share_percent", self.crop_share_percent),
            ("crop_heavy_percent", self.crop_heavy_percent),
        ];
        let mut faults = Vec::new();
        for (n, (name, number)) in given.into_iter().enumerate() {
            let (least, most) = BOUNDS[n];
            if number.is_some_and(|number| !(least..=most).contains(&number)) {
                let title = &PARAMETERS[n].title;
                faults.push(Fault::new(
                    format!("{pointer}/{name}"),
                    "out_of_range",
                    Text::new(
                        format!("{}：应在 {least} 至 {most} 之间。", title.zh),
                        format!("{}: between {least} and {most}.", title.en),
                    ),
                ));
            }
        }
        if faults.is_empty() { Ok(given.map(|(_, number)| number)) } else { Err(faults) }
    }
}

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
/// units' codes; a unit that does not exist on the day is left out.
///
/// # Errors
/// `standard_not_in_force`.
pub async fn findings(
    conn: &mut PgConnection,
    units: &[FarmlandUnitId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
    overrides: &Overrides,
    given: &Given,
) -> Result<Vec<Finding>> {
    let asked = Asked { on, known_at, given: *given, outside_is_priority: false, scope: None };
    let there = units::units(conn, units, on, known_at).await?;
    let ids = there.iter().filter(|unit| unit.exists_on(on)).map(|unit| unit.id).collect();
    let which = Which { ids: Some(ids), ..Which::default() };
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
