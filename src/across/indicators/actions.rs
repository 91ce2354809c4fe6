//! A report: the indicators of a division and a year, counted and frozen in one act.

use super::gather::{self, Question};
use super::rules::Indicator;
use super::store::{self, Report};
use super::view::{self, IndicatorView};
use crate::kernel::{Day, DocumentId, Error, IndicatorReportId, Result, Text};
use crate::platform::Act;
use crate::registers::{division, document};
use serde_json::json;
use sha2::{Digest, Sha256};

const MAX_TEXT: usize = 500;

/// The first year of which there can be figures: the nation's plan is of 2016.
const FIRST_YEAR: i32 = 2016;

/// What a question about a year is about: the year's last day, or today while the year runs.
///
/// # Errors
/// `bad_parameter` for a year to come, or before there were plans.
pub fn question(division: &str, year: Option<i32>, today: Day) -> Result<Question> {
    let year = year.unwrap_or_else(|| today.year());
    if year < FIRST_YEAR || year > today.year() {
        return Err(Error::bad_parameter(
            "year",
            Text::new(
                format!("应在 {FIRST_YEAR} 与 {} 之间。", today.year()),
                format!("must lie between {FIRST_YEAR} and {}.", today.year()),
            ),
        ));
    }
    let on = Day::of(year, 12, 31).min(today);
    Ok(Question { division: division.to_owned(), year, on, known_at: None })
}

/// A report to be made.
#[derive(Debug, Clone)]
pub struct NewReport {
    pub division_code: String,
    pub year: i32,
    pub reason: Option<String>,
    pub document_id: Option<DocumentId>,
}

/// Counts the indicators of a division and a year, and keeps figures and rows as they are now.
///
/// # Errors
/// `outside_division`; `invalid_input`: an unknown division, a year to come; `reason_needed` (409) for a further edition
/// without a reason.
pub async fn freeze(act: &mut Act, new: NewReport) -> Result<IndicatorReportId> {
    act.caller().require_division(&new.division_code)?;
    if division::known(act.tx(), std::slice::from_ref(&new.division_code)).await?.is_empty() {
        let fault = division::unknown(&new.division_code);
        return Err(Error::fault("/division_code", "unknown_division", fault.message));
    }
    let question = question(&new.division_code, Some(new.year), act.today()).map_err(|_| {
        Error::fault(
            "/year",
            "bad_year",
            Text::new(
                format!("应在 {FIRST_YEAR} 与 {} 之间。", act.today().year()),
                format!("must lie between {FIRST_YEAR} and {}.", act.today().year()),
            ),
        )
    })?;
    let reason = new.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MAX_TEXT) {
        return Err(Error::fault(
            "/reason",
            "text_unfit",
            Text::new(format!("最多 {MAX_TEXT} 字。"), format!("Has {MAX_TEXT} characters at most.")),
        ));
    }
    let edition = store::next_edition(act.tx(), &new.division_code, new.year).await?;
    if edition > 1 && reason.is_none() {
        return Err(Error::conflict(
            "reason_needed",
            Text::new(
                format!("{} 年已有第 {} 版，再次上报须说明理由；原版保留。", new.year, edition - 1),
                format!(
                    "There is edition {} of {} already; another needs its reason, and the first stays.",
                    edition - 1,
                    new.year
                ),
            ),
        ));
    }
    let id = IndicatorReportId::new(act.now());
    if let Some(paper) = new.document_id {
        let about = document::Subject {
            register: "indicators",
            id: id.0,
            division_code: &new.division_code,
            owner_credit_code: None,
        };
        document::attach(act, paper, &about, "/document_id").await?;
    }
    let overrides = act.app().config().parameters.clone();
    let mut views: Vec<IndicatorView> = Vec::new();
    let mut gathered = Vec::new();
    let mut sha = Sha256::new();
    for indicator in Indicator::ALL {
        let rows = gather::rows(act.tx(), indicator, &question).await?;
        views.push(view::indicator(indicator, &question, &rows, &overrides, |part| {
            format!("/v1/indicator-reports/{id}/rows?code={}&part={part}", indicator.as_str())
        }));
        gathered.push((indicator, rows));
    }
    let figures = serde_json::to_string(&views).map_err(Error::internal)?;
    sha.update(figures.as_bytes());
    for (indicator, rows) in &gathered {
        for row in rows {
            sha.update(view::line(indicator.as_str(), row).as_bytes());
        }
    }
    let report = Report {
        id,
        division_code: new.division_code,
        year: new.year,
        edition,
        as_of: question.on,
        made_at: act.now(),
        reason: reason.map(str::to_owned),
        document_id: new.document_id,
        figures,
        sha256: sha.finalize().to_vec(),
    };
    let act_id = act.id();
    store::insert(act.tx(), &report, act_id).await?;
    for (indicator, rows) in &gathered {
        store::insert_rows(act.tx(), id, indicator.as_str(), rows).await?;
    }
    act.note(
        format!("indicators/{id}"),
        json!({
            "division": report.division_code, "year": report.year, "edition": edition, "as_of": report.as_of,
            "sha256": hex::encode(&report.sha256),
        }),
    );
    Ok(id)
}
