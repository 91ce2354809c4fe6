//! What can be done with land taken into use again.

use super::store::{self, Redevelopment};
use crate::kernel::{Day, DocumentId, Error, Fault, RedevelopmentId, Result, SiteId, Text};
use crate::platform::Act;
use crate::registers::{division, document, site};
use crate::standards::land_use::{LandUse, LandUseSystem};
use serde_json::json;

/// A decision to be entered.
#[derive(Debug, Clone)]
pub struct NewRedevelopment {
    pub division_code: String,
    pub site_id: Option<SiteId>,
    pub parcel_code: Option<String>,
    pub name: String,
    pub use_system: String,
    pub use_code: String,
    pub decision: &'static str,
    pub decided_on: Day,
    pub area_m2: Option<f64>,
    pub survey_conclusion: Option<&'static str>,
    pub survey_reviewed_on: Option<Day>,
    pub document_id: Option<DocumentId>,
}

const MAX_TEXT: usize = 500;

impl NewRedevelopment {
    /// What is wrong with it, by itself.
    fn faults(&self, today: Day) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut say = |pointer: &str, code: &'static str, zh: &str, en: &str| {
            faults.push(Fault::new(pointer, code, Text::new(zh.to_owned(), en.to_owned())));
        };
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_TEXT {
            say("/name", "missing", "须填写名称（1 至 500 字）。", "Needs a name of 1 to 500 characters.");
        }
        if self.site_id.is_none() && self.parcel_code.as_deref().is_none_or(|code| code.trim().is_empty()) {
            say(
                "/parcel_code",
                "missing",
                "须给出登记地块或宗地代码。",
                "Needs the registered site, or the parcel's code.",
            );
        }
        if self.site_id.is_none() && self.area_m2.is_none() {
            say("/area_m2", "missing", "未登记的地块须给出面积。", "Land that is no registered site needs its area.");
        }
        if self.area_m2.is_some_and(|area| !(area.is_finite() && area > 0.0)) {
            say("/area_m2", "not_positive", "面积应大于 0。", "The area must be greater than 0.");
        }
        for (pointer, day) in [("/decided_on", Some(self.decided_on)), ("/survey_reviewed_on", self.survey_reviewed_on)]
        {
            if day.is_some_and(|day| day > today) {
                say(pointer, "in_the_future", "不得晚于今天。", "Must not lie after today.");
            }
        }
        if self.site_id.is_some() && self.survey_conclusion.is_some() {
            say(
                "/survey_conclusion",
                "said_by_the_log",
                "登记地块的结论以其事件日志为准，不另填写。",
                "Of a registered site its own log says the conclusion.",
            );
        }
        if self.survey_conclusion.is_some() != self.survey_reviewed_on.is_some() {
            say(
                "/survey_reviewed_on",
                "missing",
                "调查结论与评审日期须同时填写。",
                "Conclusion and day of review go together.",
            );
        }
        match LandUseSystem::parse(&self.use_system) {
            Ok(system) => faults.extend(
                LandUse::parse(system, &self.use_code)
                    .err()
                    .map(|fault| Fault { pointer: "/use/code".to_owned(), ..fault }),
            ),
            Err(fault) => faults.push(Fault { pointer: "/use/system".to_owned(), ..fault }),
        }
        faults
    }
}

/// Enters a decision.
///
/// # Errors
/// `invalid_input`; `outside_division`; `not_found` for a site that the caller may not see; `other_division` (409) where the
/// site lies elsewhere.
pub async fn enter(act: &mut Act, new: NewRedevelopment) -> Result<RedevelopmentId> {
    let faults = new.faults(act.today());
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    act.caller().require_division(&new.division_code)?;
    if division::known(act.tx(), std::slice::from_ref(&new.division_code)).await?.is_empty() {
        return Err(Error::invalid(vec![Fault {
            pointer: "/division_code".to_owned(),
            ..division::unknown(&new.division_code)
        }]));
    }
    let mut area_m2 = new.area_m2;
    if let Some(id) = new.site_id {
        let place = site::extent(act, id).await?;
        if place.division_code != new.division_code {
            return Err(Error::conflict(
                "other_division",
                Text::new(
                    format!("该地块属 {}，不属 {}。", place.division_code, new.division_code),
                    format!("The site lies in {}, not in {}.", place.division_code, new.division_code),
                ),
            ));
        }
        area_m2 = area_m2.or(Some(place.area_m2));
    }
    let id = RedevelopmentId::new(act.now());
    if let Some(paper) = new.document_id {
        let about = document::Subject {
            register: "redevelopment",
            id: id.0,
            division_code: &new.division_code,
            owner_credit_code: None,
        };
        document::attach(act, paper, &about, "/document_id").await?;
    }
    let row = Redevelopment {
        id,
        division_code: new.division_code,
        site_id: new.site_id,
        parcel_code: new.parcel_code,
        name: new.name.trim().to_owned(),
        use_system: new.use_system,
        use_code: new.use_code.trim().to_ascii_uppercase(),
        decision: new.decision.to_owned(),
        decided_on: new.decided_on,
        area_m2: area_m2.ok_or_else(|| Error::internal("a redevelopment without area passed its checks"))?,
        survey_conclusion: new.survey_conclusion.map(str::to_owned),
        survey_reviewed_on: new.survey_reviewed_on,
        document_id: new.document_id,
        withdrawn_reason: None,
        revision: 1,
        sys_from: act.now(),
    };
    store::insert(act.tx(), &row).await?;
    act.note(
        format!("redevelopment/{id}"),
        json!({"entered": row.decision, "on": row.decided_on, "division": row.division_code, "site": row.site_id}),
    );
    Ok(id)
}

/// Marks a decision as entered in error; it stays, and counts no more.
///
/// # Errors
/// `not_found`, `outside_division`; `invalid_input` without a reason; `already_withdrawn` (409).
pub async fn withdraw(act: &mut Act, id: RedevelopmentId, reason: &str) -> Result<()> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    act.caller().require_division(&row.division_code)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_TEXT {
        return Err(Error::fault(
            "/reason",
            "missing",
            Text::fixed("须说明理由（1 至 500 字）。", "Needs its reason, 1 to 500 characters."),
        ));
    }
    if row.withdrawn_reason.is_some() {
        return Err(Error::conflict("already_withdrawn", Text::fixed("该记录已作废。", "It was withdrawn already.")));
    }
    store::withdraw(act.tx(), id, reason).await?;
    act.note(format!("redevelopment/{id}"), json!({"withdrawn": true}));
    Ok(())
}

/// There is no such record, or none that the caller may see.
pub fn not_found() -> Error {
    Error::not_found("该再开发利用记录", "redevelopment")
}
