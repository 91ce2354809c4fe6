//! The negative list of a site (开发利用负面清单): uses barred on its land by a decision, and lifted by one.
//!
//! Who keeps it: the plans give it to leagues and cities (rulebook IM-40, AL-43), Yuancheng to the bureau of natural
//! resources with the ecology bureau beside it (YC-16), and plans of land use are made by it (SZ-06c). So the ecology
//! bureaus that keep the lists and the bureau of natural resources and planning of the place may both write it.

use super::super::store::lists::{self as store, Barred};
use super::super::store::{self as sites, Row};
use super::lists::{Whose, tell};
use super::{MAX_TEXT, not_found, paper_of, require_access};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, DocumentId, Error, Fault, Provision, Result, SiteId, Text, ids};
use crate::platform::Act;
use crate::registers::document;
use crate::standards::land_use::{LandUse, LandUseSystem};
use crate::standards::law;
use serde_json::json;
use uuid::Uuid;

/// The rule's name in refusals.
const RULE: &str = "negative_list";

/// What a negative list stands on.
pub(in super::super) static PROVISIONS: [&Provision; 4] = [
    &law::PLAN_STATE_NEGATIVE_LIST,
    &law::PLAN_INNER_MONGOLIA_NEGATIVE_LIST,
    &law::PLAN_SHUOZHOU_6_NEGATIVE_LIST,
    &law::PLAN_YUANCHENG_16,
];

/// The articles that hold in a division: the State Council's plan everywhere, a local plan where it is of the place.
pub(in super::super) fn citations(division: &str, on: Day) -> Vec<Citation> {
    let local: Vec<&Provision> = PROVISIONS
        .iter()
        .zip(["", "15", "1406", "441602"])
        .filter(|(_, place)| division.starts_with(place))
        .map(|(provision, _)| *provision)
        .collect();
    cite_all(&local, on)
}

/// A use to be barred.
#[derive(Debug, Clone)]
pub(in super::super) struct NewBar {
    /// The system that the code is of.
    pub system: String,
    /// A land-use code; all below it is barred too.
    pub code: String,
    /// Why.
    pub why: String,
    /// First day.
    pub since: Day,
    /// The decision, where it is filed.
    pub document_id: Option<DocumentId>,
}

fn words(faults: &mut Vec<Fault>, text: &str) {
    let length = text.trim().chars().count();
    if length == 0 || length > MAX_TEXT {
        faults.push(Fault::new(
            "/why",
            "missing",
            Text::new(
                format!("须说明理由（1 至 {MAX_TEXT} 字）。"),
                format!("Needs its reason, 1 to {MAX_TEXT} characters."),
            ),
        ));
    }
}

fn not_to_come(faults: &mut Vec<Fault>, pointer: &'static str, day: Day, today: Day) {
    if day > today {
        faults.push(Fault::new(
            pointer,
            "in_the_future",
            Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
        ));
    }
}

/// Bars a use on a site's land. Gives the entry's identifier.
///
/// # Errors
/// `not_found`, `outside_division`; `invalid_input`: a code that the system does not print, a day to come, no reason;
/// `already_barred` (409) while the same use is barred.
pub(in super::super) async fn bar(act: &mut Act, id: SiteId, new: NewBar) -> Result<Uuid> {
    let row = sites::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    require_access(act.caller(), &row)?;
    let (now, today) = (act.now(), act.today());
    let mut faults = Vec::new();
    let code = new.code.trim().to_ascii_uppercase();
    match LandUseSystem::parse(&new.system) {
        Ok(system) => faults
            .extend(LandUse::parse(system, &code).err().map(|fault| Fault { pointer: "/code".to_owned(), ..fault })),
        Err(fault) => faults.push(Fault { pointer: "/system".to_owned(), ..fault }),
    }
    words(&mut faults, &new.why);
    not_to_come(&mut faults, "/since", new.since, today);
    if !faults.is_empty() {
        return Err(Error::invalid(faults).under(RULE, citations(&row.division_code, today)));
    }
    let barred = store::barred(act.tx(), id, None, None).await?;
    if barred.iter().any(|b| b.until.is_none() && b.use_system == new.system && b.code_prefix == code) {
        return Err(Error::conflict(
            "already_barred",
            Text::new(
                format!("该地块的负面清单已列有 {} {code}。", new.system),
                format!("{} {code} is on the site's negative list already.", new.system),
            ),
        )
        .under(RULE, citations(&row.division_code, today)));
    }
    if let Some(paper) = new.document_id {
        document::attach(act, paper, &paper_of(&row), "/document_id").await?;
    }
    let entry = ids::v7(now);
    store::bar(act.tx(), id, entry, (&new.system, &code), new.why.trim(), new.since, new.document_id).await?;
    say(act, &row, "barred", (entry, &new.system, &code), new.since);
    Ok(entry)
}

/// Lifts a bar: `until` is the last day on which it held.
///
/// # Errors
/// `not_found`, `outside_division`; `invalid_input`: a day to come or before the bar began, no reason; `already_ended`
/// (409).
pub(in super::super) async fn lift(act: &mut Act, id: SiteId, entry: Uuid, until: Day, why: &str) -> Result<()> {
    let row = sites::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    require_access(act.caller(), &row)?;
    let today = act.today();
    let barred = find(act, id, entry).await?;
    if let Some(ended) = barred.until {
        return Err(Error::conflict(
            "already_ended",
            Text::new(format!("该项已于 {ended} 终止。"), format!("It ended on {ended} already.")),
        )
        .under(RULE, citations(&row.division_code, today)));
    }
    let mut faults = Vec::new();
    words(&mut faults, why);
    not_to_come(&mut faults, "/until", until, today);
    if let Some(since) = barred.since.filter(|since| until < *since) {
        faults.push(Fault::new(
            "/until",
            "ends_before_it_starts",
            Text::new(format!("不得早于起始日 {since}。"), format!("Must not lie before the first day, {since}.")),
        ));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults).under(RULE, citations(&row.division_code, today)));
    }
    store::lift(act.tx(), entry, until, why.trim()).await?;
    say(act, &row, "lifted", (entry, &barred.use_system, &barred.code_prefix), until);
    Ok(())
}

/// An entry of a site's negative list, as known now.
///
/// # Errors
/// `not_found`.
pub(in super::super) async fn find(act: &mut Act, id: SiteId, entry: Uuid) -> Result<Barred> {
    let all = store::barred(act.tx(), id, None, None).await?;
    all.into_iter()
        .find(|barred| barred.id == entry)
        .ok_or_else(|| Error::not_found("负面清单条目", "negative-list entry"))
}

fn say(act: &mut Act, row: &Row, what: &str, (entry, system, code): (Uuid, &str, &str), on: Day) {
    let detail = json!({"negative_list": what, "entry": entry, "system": system, "code": code, "on": on});
    act.note(format!("site/{}", row.id), detail);
    let data = json!({"change": what, "entry": entry, "system": system, "code": code});
    tell(act, Whose::from(row), "negative_list.changed", row.in_directory, Some(on), data);
}
