//! Coverage of counties by monitoring points.

use super::store::summary;
use crate::kernel::{Day, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A county's points in use on a day. It is covered when at least one of them is of routine monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyCoverage {
    /// The county.
    pub division_code: String,
    /// Its name.
    pub name_zh: String,
    /// Its name in English, where one is known.
    pub name_en: Option<String>,
    /// Points of the survey in use.
    pub survey: i64,
    /// Points of routine monitoring in use.
    pub routine_monitoring: i64,
    /// Points of self-monitoring in use.
    pub self_monitoring: i64,
    /// Points of site investigations in use.
    pub investigation: i64,
    /// The last day on which anything was sampled at these points.
    pub latest_sampled_on: Option<Day>,
}

impl CountyCoverage {
    /// Whether a monitoring point covers the county (rulebook K5: at least one).
    pub fn covered(&self) -> bool {
        self.routine_monitoring > 0
    }
}

/// Every county of a division that exists on `on`, in the order of codes, with its points in use then, as known at
/// `known_at` (`None`: now).
///
/// # Errors
/// When the database cannot be read.
pub async fn coverage(
    conn: &mut PgConnection,
    division: &str,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CountyCoverage>> {
    let rows = summary::coverage(conn, division, on, known_at).await?;
    Ok(rows
        .into_iter()
        .map(|row| CountyCoverage {
            division_code: row.division_code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            survey: row.survey,
            routine_monitoring: row.routine_monitoring,
            self_monitoring: row.self_monitoring,
            investigation: row.investigation,
            latest_sampled_on: row.latest_sampled_on,
        })
        .collect())
}
