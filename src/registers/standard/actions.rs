//! Entering, amending, withdrawing local standards; and the values that hold somewhere on a day.

use super::rules::entry::{self, GivenLimit, Kind, Limit, Words};
use super::rules::versions;
use super::store::{self, LimitRow, Row};
use crate::kernel::{
    Citation, Confidence, Day, Decimal, DocumentId, Error, Fault, Result, StandardId, Text, Unit, ids,
};
use crate::platform::{Act, Change, call};
use crate::registers::document;
use crate::standards::screening::LocalLimit;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::sync::Arc;

/// What this register is called in changes and where others keep its papers.
const REGISTER: &str = "standard";

/// A version of a local standard to be entered.
#[derive(Debug, Clone)]
pub(super) struct NewStandard {
    pub words: Words,
    pub kind: Kind,
    pub division_code: String,
    pub effective_from: Day,
    pub effective_to: Option<Day>,
    pub document_id: Option<DocumentId>,
    pub verified: bool,
    pub limits: Vec<GivenLimit>,
}

/// What of a version is amended; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub(super) struct Amendment {
    pub name_zh: Option<String>,
    pub name_en: Option<Option<String>>,
    pub instrument: Option<Words>,
    pub effective_to: Option<Option<Day>>,
    pub document_id: Option<Option<DocumentId>>,
    pub verified: Option<bool>,
    pub reason: String,
}

/// Enters a version of a local standard.
///
/// # Errors
/// `invalid_input` with every fault; `outside_division`; `standard_version_exists` (409) where a version of the code begins on
/// that day; `standard_of_another` (409) where the code is one of another division or kind of land.
pub(super) async fn enter(act: &mut Act, new: NewStandard) -> Result<Row> {
    let mut faults = Vec::new();
    entry::check_words(&new.words, &mut faults);
    entry::check_days(new.effective_from, new.effective_to, &mut faults);
    let limits = entry::read_limits(new.kind, &new.limits, &mut faults);
    check_verified(new.verified, new.document_id.is_some(), &mut faults);
    if store::division_name(act.tx(), &new.division_code).await?.is_none() {
        faults.push(unknown_division("/division_code", &new.division_code));
    } else if new.division_code == "000000" {
        faults.push(Fault::new(
            "/division_code",
            "division_is_nation",
            Text::fixed("地方标准属于省级或以下区划。", "A local standard is of a province or a division below it."),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    act.caller().require_division(&new.division_code)?;
    let key = entry::key_of(&new.words.code);
    store::lock(act.tx(), &key).await?;
    let others = store::versions(act.tx(), &key, None).await?;
    let standing: Vec<&Row> = others.iter().filter(|row| row.withdrawn_on.is_none()).collect();
    if let Some(other) =
        standing.iter().find(|row| row.division_code != new.division_code || row.kind != new.kind.as_str())
    {
        return Err(Error::conflict(
            "standard_of_another",
            Text::new(
                format!("标准号 {} 已登记为区划 {} 的另一类标准。", other.code, other.division_code),
                format!(
                    "{} is entered already, of division {} and {} land.",
                    other.code, other.division_code, other.kind
                ),
            ),
        ));
    }
    if standing.iter().any(|row| row.effective_from == new.effective_from) {
        return Err(Error::conflict(
            "standard_version_exists",
            Text::new(
                format!("{} 已有自 {} 起施行的版本。", new.words.code, new.effective_from),
                format!("{} has a version from {} already.", new.words.code, new.effective_from),
            ),
        ));
    }
    let now = act.now();
    let words = new.words;
    let row = Row {
        id: StandardId::new(now),
        code: words.code.trim().to_owned(),
        key,
        kind: new.kind.as_str().to_owned(),
        name_zh: words.name_zh,
        name_en: words.name_en,
        division_code: new.division_code,
        instrument_zh: words.instrument_zh,
        instrument_en: words.instrument_en,
        number: words.number,
        article: words.article,
        url: words.url,
        document_id: new.document_id,
        verified: new.verified,
        effective_from: new.effective_from,
        effective_to: new.effective_to,
        withdrawn_on: None,
        reason: None,
        recorded_at: now,
        revision: 1,
    };
    store::insert(act.tx(), &row).await?;
    attach(act, &row).await?;
    let stored: Vec<_> = limits.iter().map(|limit| (ids::v7(now), limit_row(row.id, limit))).collect();
    store::insert_limits(act.tx(), &stored).await?;
    told(act, &row, "entered", &stored.iter().map(|(_, limit)| limit.substance.as_str()).collect::<Vec<_>>());
    Ok(row)
}

/// Amends the words, the last day or the paper of a version; never its values.
///
/// # Errors
/// `not_found`; `outside_division`; `stale`; `standard_withdrawn` (409); `invalid_input`.
pub(super) async fn amend(
    act: &mut Act,
    code: &str,
    version: Option<Day>,
    revision: i32,
    new: Amendment,
) -> Result<Row> {
    let mut row = take(act, code, version).await?;
    if row.revision != revision {
        return Err(call::stale());
    }
    let mut faults = Vec::new();
    entry::check_reason(&new.reason, &mut faults);
    row.name_zh = new.name_zh.unwrap_or(row.name_zh);
    row.name_en = new.name_en.unwrap_or(row.name_en);
    if let Some(instrument) = new.instrument {
        row.instrument_zh = instrument.instrument_zh;
        row.instrument_en = instrument.instrument_en;
        row.number = instrument.number;
        row.article = instrument.article;
        row.url = instrument.url;
    }
    row.effective_to = new.effective_to.unwrap_or(row.effective_to);
    row.document_id = new.document_id.unwrap_or(row.document_id);
    row.verified = new.verified.unwrap_or(row.verified);
    entry::check_words(&words_of(&row), &mut faults);
    entry::check_days(row.effective_from, row.effective_to, &mut faults);
    check_verified(row.verified, row.document_id.is_some(), &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    row.reason = Some(new.reason);
    attach(act, &row).await?;
    store::update(act.tx(), &row).await?;
    row.revision += 1;
    let substances = substances(act, row.id).await?;
    told(act, &row, "amended", &substances.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(row)
}

/// Withdraws a version that was entered in error: it then never held.
///
/// # Errors
/// `not_found`; `outside_division`; `standard_withdrawn` (409); `invalid_input` without a reason.
pub(super) async fn withdraw(act: &mut Act, code: &str, version: Option<Day>, reason: String) -> Result<Row> {
    let mut row = take(act, code, version).await?;
    let mut faults = Vec::new();
    entry::check_reason(&reason, &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    row.withdrawn_on = Some(act.today());
    row.reason = Some(reason);
    store::update(act.tx(), &row).await?;
    row.revision += 1;
    let substances = substances(act, row.id).await?;
    told(act, &row, "withdrawn", &substances.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(row)
}

/// The version that a caller means and may change, held until the act is over.
async fn take(act: &mut Act, code: &str, version: Option<Day>) -> Result<Row> {
    if let Some(national) = entry::national(code) {
        return Err(Error::conflict(
            "national_standard",
            Text::new(
                format!("{national} 为国家标准，不能在此修改。"),
                format!("{national} is the nation's and cannot be changed here."),
            ),
        ));
    }
    let key = entry::key_of(code);
    store::lock(act.tx(), &key).await?;
    let today = act.today();
    let all = store::versions(act.tx(), &key, None).await?;
    let row = match version {
        None => versions::shown(&all, today),
        Some(from) => {
            let of_day = || all.iter().filter(|row| row.effective_from == from);
            of_day().find(|row| row.withdrawn_on.is_none()).or_else(|| of_day().last())
        }
    };
    let row = row.cloned().ok_or_else(not_found)?;
    act.caller().require_division(&row.division_code)?;
    if row.withdrawn_on.is_some() {
        return Err(Error::conflict(
            "standard_withdrawn",
            Text::new(
                format!("{} 自 {} 起施行的版本已撤回。", row.code, row.effective_from),
                format!("The version of {} from {} is withdrawn.", row.code, row.effective_from),
            ),
        ));
    }
    Ok(row)
}

pub(super) fn not_found() -> Error {
    Error::not_found("标准", "standard")
}

/// The fault of a division that is not in the registry.
pub(super) fn unknown_division(pointer: &str, code: &str) -> Fault {
    Fault::new(
        pointer,
        "unknown_division",
        Text::new(format!("区划 {code} 不在登记系统中。"), format!("Division {code} is not in the registry.")),
    )
}

fn check_verified(verified: bool, filed: bool, faults: &mut Vec<Fault>) {
    if verified && !filed {
        faults.push(Fault::new(
            "/verified",
            "text_not_filed",
            Text::fixed(
                "经核对的标准须附上原文（document_id）。",
                "What was held against the text names the paper that is filed: `document_id`.",
            ),
        ));
    }
}

fn words_of(row: &Row) -> Words {
    Words {
        code: row.code.clone(),
        name_zh: row.name_zh.clone(),
        name_en: row.name_en.clone(),
        instrument_zh: row.instrument_zh.clone(),
        instrument_en: row.instrument_en.clone(),
        number: row.number.clone(),
        article: row.article.clone(),
        url: row.url.clone(),
    }
}

async fn attach(act: &mut Act, row: &Row) -> Result<()> {
    let Some(document) = row.document_id else { return Ok(()) };
    let subject = document::Subject {
        register: REGISTER,
        id: row.id.0,
        division_code: &row.division_code,
        owner_credit_code: None,
    };
    document::attach(act, document, &subject, "/document_id").await
}

async fn substances(act: &mut Act, id: StandardId) -> Result<Vec<String>> {
    let mut keys: Vec<String> =
        store::limits(act.tx(), &[id]).await?.into_iter().map(|limit| limit.substance).collect();
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// Leaves the audit line, and tells others: what was screened against it has to be screened again.
fn told(act: &mut Act, row: &Row, what: &'static str, substances: &[&str]) {
    let mut keys = substances.to_vec();
    keys.sort_unstable();
    keys.dedup();
    act.note(
        format!("standard/{}", row.id),
        json!({what: row.code, "from": row.effective_from, "division": row.division_code, "substances": keys.len()}),
    );
    act.tell(Change {
        kind: "standard.changed",
        register: REGISTER,
        id: row.id.0,
        code: row.code.clone(),
        division_code: row.division_code.clone(),
        owner_credit_code: None,
        public: true,
        occurred_on: Some(act.today()),
        data: json!({
            "what": what, "kind": row.kind, "effective_from": row.effective_from, "effective_to": row.effective_to,
            "substances": keys,
        }),
    });
}

fn limit_row(standard: StandardId, limit: &Limit) -> LimitRow {
    let (screening_value, screening_unit) = limit.screening.unzip();
    let (intervention_value, intervention_unit) = limit.intervention.unzip();
    LimitRow {
        local_id: standard,
        substance: limit.substance.key.clone(),
        land: entry::land_name(limit.land).to_owned(),
        ph_gt: limit.ph_gt,
        ph_le: limit.ph_le,
        screening_value,
        screening_unit: screening_unit.map(|unit| unit.as_str().to_owned()),
        intervention_value,
        intervention_unit: intervention_unit.map(|unit| unit.as_str().to_owned()),
        note: limit.note.clone(),
    }
}

/// A stored value with its unit.
pub(super) fn value(value: Option<Decimal>, unit: Option<&str>) -> Result<Option<(Decimal, Unit)>> {
    match (value, unit) {
        (Some(value), Some(unit)) => {
            let unit = Unit::parse(unit).map_err(|_| Error::internal(format!("a limit value is in `{unit}`")))?;
            Ok(Some((value.normalize(), unit)))
        }
        _ => Ok(None),
    }
}

/// Where a version is printed, as stated by who entered it.
pub(super) fn citation(row: &Row, last: Option<Day>) -> Citation {
    Citation {
        instrument_zh: row.instrument_zh.clone(),
        instrument_en: row.instrument_en.clone().unwrap_or_else(|| row.instrument_zh.clone()),
        number: Some(row.number.clone().unwrap_or_else(|| row.code.clone())),
        article: row.article.clone().unwrap_or_else(|| "条款未注明 / article not stated".to_owned()),
        effective_from: Some(row.effective_from),
        effective_to: last,
        successor: None,
        confidence: confidence(row),
        note_zh: (!row.verified).then(|| "由省级生态环境部门录入，未与原文核对。".to_owned()),
        note_en: (!row.verified)
            .then(|| "As entered by the province's ecology department; not held against the text.".to_owned()),
    }
}

pub(super) fn confidence(row: &Row) -> Confidence {
    if row.verified { Confidence::Verified } else { Confidence::Recalled }
}

/// The limit values of local standards that hold in a division on a day: its own and those of the divisions above it, as the
/// registry knew them at an instant; `None` is now. A division that the registry does not know is read by its digits.
///
/// # Errors
/// When the database cannot be read.
pub async fn local_limits(
    conn: &mut PgConnection,
    division: &str,
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<LocalLimit>> {
    let rows = store::of_division(&mut *conn, division, known_at).await?;
    let mut held = Vec::new();
    for group in rows.chunk_by(|one, other| one.key == other.key) {
        for row in group.iter().filter(|row| versions::holds(*row, group, on)) {
            held.push((row, versions::last_day(row, group)));
        }
    }
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<StandardId> = held.iter().map(|(row, _)| row.id).collect();
    let limits = store::limits(conn, &ids).await?;
    let mut out = Vec::with_capacity(limits.len());
    for (row, last) in held {
        let cited = Arc::new(citation(row, last));
        let code: Arc<str> = Arc::from(row.code.as_str());
        for limit in limits.iter().filter(|limit| limit.local_id == row.id) {
            let land = entry::land(&limit.land)
                .ok_or_else(|| Error::internal(format!("a limit value is for the land {}", limit.land)))?;
            let in_mg_kg = |given: Option<Decimal>, unit: &Option<String>| {
                value(given, unit.as_deref()).map(|value| value.map(entry::mg_kg))
            };
            out.push(LocalLimit {
                standard: Arc::clone(&code),
                name: Text::new(row.name_zh.clone(), row.name_en.clone().unwrap_or_else(|| row.name_zh.clone())),
                jurisdiction: row.division_code.clone(),
                from: row.effective_from,
                to: last,
                land,
                substance: limit.substance.clone(),
                ph_gt: limit.ph_gt,
                ph_le: limit.ph_le,
                screening: in_mg_kg(limit.screening_value, &limit.screening_unit)?,
                intervention: in_mg_kg(limit.intervention_value, &limit.intervention_unit)?,
                citation: Arc::clone(&cited),
                confidence: confidence(row),
            });
        }
    }
    Ok(out)
}
