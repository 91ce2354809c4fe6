//! Registering, correcting, taking steps; and finding out who may see a site.

pub(super) mod exchange;
pub(super) mod lists;
pub(super) mod negative_list;
pub(super) mod proof;
pub(super) mod sheet;

use super::rules::{
    Draft, Effect, Event, EventType, Given, InterimCode, InterimKind, List, Place, Publicity, Refusal, SiteState,
    Stage, StartFrom, StatutoryClock, credit_code_fault, permit, registered_as_suspected, take,
};
use super::store::{self, Actor, Attributes, Columns, LogRow, NegativeUse, NewRow, Row};
use crate::kernel::{Area, Day, DivisionCode, DocumentId, Error, Fault, Result, SiteId, Text};
use crate::platform::outbox::Change;
use crate::platform::{Act, Caller, Permission, Role, Scope, call, topology};
use crate::registers::{control_zone, deadline, division, document, publicity};
use crate::standards::industries::IndustryCode;
use crate::standards::land_use::{LandUse, LandUseSystem};
use serde_json::json;

/// What this register is called where others keep its records.
pub(super) const REGISTER: &str = "site";

/// Characters of a name, an address or another text at most.
const MAX_NAME: usize = 200;
const MAX_TEXT: usize = 2_000;

/// Where a site names its division.
const AT_DIVISION: &str = "/properties/division_code";

/// A site to be registered.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// What is told of it.
    pub facts: Facts,
    /// Whether it is on the list of suspected sites already; a mere lead otherwise.
    pub suspected: bool,
    /// The day of that listing, where it is known.
    pub suspected_on: Option<Day>,
    /// Its outline.
    pub area: Area,
    /// Sample data of nobody's land.
    pub invented: bool,
}

/// What is told of a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Thirteen digits, where the national platform has given them.
    pub national_code: Option<String>,
    /// Name.
    pub name: String,
    /// Division in charge.
    pub division_code: String,
    /// Address.
    pub address: Option<String>,
    /// The land user.
    pub land_user: Option<LandUser>,
    /// GB/T 4754.
    pub former_industry: Option<String>,
    /// Land-use system and code.
    pub land_use: Option<(String, String)>,
    /// Why it is registered.
    pub basis: Option<String>,
}

/// Who uses the land.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LandUser {
    /// Name.
    pub name: String,
    /// Unified social credit code; what a land user's key is matched with.
    pub credit_code: Option<String>,
    /// How to reach them: personal data.
    pub contact: Option<String>,
}

/// A correction; `None` leaves as it is, `Some(None)` takes away.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    /// See [`Facts`].
    pub national_code: Option<Option<String>>,
    /// See [`Facts`].
    pub name: Option<String>,
    /// See [`Facts`].
    pub division_code: Option<String>,
    /// See [`Facts`].
    pub address: Option<Option<String>>,
    /// See [`Facts`].
    pub land_user: Option<Option<LandUser>>,
    /// See [`Facts`].
    pub former_industry: Option<Option<String>>,
    /// See [`Facts`].
    pub land_use: Option<Option<(String, String)>>,
    /// See [`Facts`].
    pub basis: Option<Option<String>>,
    /// A new outline.
    pub area: Option<Area>,
    /// Why.
    pub reason: String,
}

/// An event as sent.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Which.
    pub event_type: EventType,
    /// The day on which it happened.
    pub occurred_on: Option<Day>,
    /// Its facts.
    pub draft: Draft,
}

/// What an event led to.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number in the log.
    pub seq: u32,
}

impl Facts {
    /// Everything wrong with them. Pointers begin with `/properties`.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut text = |at: &str, value: &str, max: usize| {
            let length = value.chars().count();
            if value.trim().is_empty() || length > max || value.contains('\0') {
                faults.push(Fault::new(
                    format!("/properties/{at}"),
                    "bad_text",
                    Text::new(format!("应为 1 至 {max} 个字符。"), format!("must have 1 to {max} characters.")),
                ));
            }
        };
        text("name", &self.name, MAX_NAME);
        for (at, value) in [("address", &self.address), ("basis", &self.basis)] {
            if let Some(value) = value {
                text(at, value, MAX_TEXT);
            }
        }
        if let Some(user) = &self.land_user {
            text("land_user/name", &user.name, MAX_NAME);
            if let Some(contact) = &user.contact {
                text("land_user/contact", contact, MAX_NAME);
            }
        }
        let at = |at: &str, fault: Fault| Fault { pointer: format!("/properties/{at}"), ..fault };
        if let Some(code) = self.land_user.as_ref().and_then(|user| user.credit_code.as_deref()) {
            faults.extend(credit_code_fault("/properties/land_user/credit_code".to_owned(), code));
        }
        if let Some(code) = &self.former_industry
            && let Err(fault) = IndustryCode::parse(code)
        {
            faults.push(at("former_industry", fault));
        }
        if let Some((system, code)) = &self.land_use {
            match LandUseSystem::parse(system) {
                Ok(system) => faults.extend(LandUse::parse(system, code).err().map(|f| at("land_use/code", f))),
                Err(fault) => faults.push(at("land_use/system", fault)),
            }
        }
        if let Some(code) = &self.national_code
            && super::rules::NationalCode::parse(code).is_none()
        {
            faults.push(Fault::new(
                "/properties/national_code",
                "bad_national_code",
                Text::fixed("国家地块编码应为 13 位数字。", "A national site code has 13 digits."),
            ));
        }
        if DivisionCode::parse(&self.division_code).is_none() {
            faults.push(Fault::new(
                "/properties/division_code",
                "bad_division_code",
                Text::fixed("应为六位区划代码。", "must be a six-digit division code."),
            ));
        }
        faults
    }

    /// As columns. Small letters of a land-use code become those printed.
    pub(super) fn attributes(&self) -> Attributes {
        let user = self.land_user.clone().unwrap_or_default();
        Attributes {
            name: self.name.trim().to_owned(),
            division_code: self.division_code.clone(),
            address: self.address.clone(),
            land_user_name: self.land_user.as_ref().map(|user| user.name.clone()),
            land_user_credit_code: user.credit_code,
            land_user_contact: user.contact,
            former_industry: self.former_industry.clone(),
            land_use_system: self.land_use.as_ref().map(|(system, _)| system.clone()),
            land_use_code: self.land_use.as_ref().map(|(_, code)| code.trim().to_ascii_uppercase()),
            basis: self.basis.clone(),
        }
    }

    fn of(row: &Row) -> Facts {
        Facts {
            national_code: row.national_code.clone(),
            name: row.name.clone(),
            division_code: row.division_code.clone(),
            address: row.address.clone(),
            land_user: row.land_user_name.clone().map(|name| LandUser {
                name,
                credit_code: row.land_user_credit_code.clone(),
                contact: row.land_user_contact.clone(),
            }),
            former_industry: row.former_industry.clone(),
            land_use: row.land_use_system.clone().zip(row.land_use_code.clone()),
            basis: row.basis.clone(),
        }
    }
}

/// How much of a site a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    /// Not even that it is there.
    Nothing,
    /// What is public of a site in the directory.
    Public,
    /// Everything.
    Full,
}

/// What of a site the caller may see.
pub(super) fn sight(caller: &Caller, row: &Row) -> Sight {
    let full = match caller.scope(Permission::SiteRead) {
        Scope::All => true,
        Scope::Divisions(codes) => codes.contains(&row.division_code),
        Scope::Own(code) => row.belongs_to(&code),
        Scope::Public => false,
    };
    match (full, row.in_directory) {
        (true, _) => Sight::Full,
        (false, true) => Sight::Public,
        (false, false) => Sight::Nothing,
    }
}

/// What is said of a site that the caller may not see: the same as of one that is not there.
pub(super) fn not_found() -> Error {
    Error::not_found("地块", "site")
}

/// Whether the caller may act on this site: a land user on its own, an agency and a department in its division.
pub(super) fn require_reach(caller: &Caller, row: &Row) -> Result<()> {
    let holder = match caller {
        Caller::Key(holder) => holder,
        Caller::Operator | Caller::Public => return caller.require_division(&row.division_code),
    };
    match (holder.role, &holder.credit_code) {
        (Role::LandUser, Some(credit)) if row.belongs_to(credit) => Ok(()),
        (Role::LandUser, _) => Err(Error::forbidden(
            "not_your_site",
            Text::fixed("只能办理本单位使用的地块。", "A land user may act on its own sites only."),
        )),
        _ => caller.require_division(&row.division_code),
    }
}

/// Refuses what the caller may not see, then what it may not act on. An agency sees only what is public, and acts for land
/// users of its division all the same.
fn require_access(caller: &Caller, row: &Row) -> Result<()> {
    let works_here = caller.role() == Some(Role::ThirdParty) && caller.holds_in(&row.division_code);
    if sight(caller, row) == Sight::Nothing && !works_here {
        return Err(not_found());
    }
    require_reach(caller, row)
}

/// The role that acts: the key's; for the operator at the machine the one it enters for.
fn acting(act: &Act, entering_for: Option<Role>) -> Result<Role> {
    match (act.caller(), entering_for) {
        (Caller::Key(holder), _) => Ok(holder.role),
        (Caller::Operator, Some(role)) => Ok(role),
        _ => Err(Error::forbidden(
            "role_not_allowed",
            Text::fixed("须注明以哪个角色办理。", "It must be said in which role this is done."),
        )),
    }
}

fn actor(act: &Act, role: Option<Role>) -> Actor {
    match act.caller() {
        Caller::Key(holder) => {
            Actor { role, key_id: Some(holder.id), division: Some(holder.division.as_str().to_owned()) }
        }
        Caller::Operator | Caller::Public => Actor { role, key_id: None, division: None },
    }
}

/// Registers a site: as a lead, or as suspected at once, which is its first event. Gives its identifier.
///
/// `entering_for` is the role that the operator at the machine acts in; a key acts in its own.
///
/// # Errors
/// `outside_division`, `invalid_input` (every fault of the facts, the outline, an unknown division, a day to come),
/// `other_role_must_act` for a listing by whoever may not list, `code_taken` for a national code that another site has.
pub async fn register(act: &mut Act, new: NewSite, entering_for: Option<Role>) -> Result<SiteId> {
    let faults = new.facts.faults();
    let division_named = DivisionCode::parse(&new.facts.division_code).is_some();
    if division_named {
        act.caller().require_division(&new.facts.division_code)?;
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    require_known_division(act, &new.facts.division_code, AT_DIVISION).await?;
    let (now, today) = (act.now(), act.today());
    let role = acting(act, entering_for)?;
    let app = act.app().clone();
    let place = Place { division: &new.facts.division_code, overrides: &app.config().parameters };
    let listed = new.suspected.then(|| registered_as_suspected(new.suspected_on, today, role, place)).transpose();
    let listed = listed.map_err(|refusal| at_attribute(refusal, "/occurred_on", "/properties/suspected_on"))?;
    if !new.suspected && new.suspected_on.is_some() {
        return Err(Error::fault(
            "/properties/suspected_on",
            "unexpected_field",
            Text::fixed("线索没有列入名单之日。", "A mere lead has no day of listing."),
        ));
    }
    topology::check(act.tx(), &new.area, "/geometry").await?;
    let ewkb = new.area.to_ewkb();
    require_near(act, &new.facts.division_code, &ewkb, "/geometry").await?;
    require_free(act, None, new.facts.national_code.as_deref()).await?;
    let id = SiteId::new(now);
    let code = interim_code(act, &new.facts.division_code, InterimKind::Suspected).await?;
    let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
    let mut standing = Columns { stage_since: Some(today), ..Columns::none() };
    let mut first = None;
    let mut taken = None;
    if let Some((entry, step)) = listed {
        standing = standing.after(&step.state, &step.effects, Some(entry.occurred_on))?;
        taken = Some((entry.event.clone(), entry.occurred_on, step.effects.clone()));
        let payload = serde_json::to_value(&entry.event).map_err(Error::internal)?;
        let days = (Some(entry.occurred_on), entry.day_assumed);
        let who = actor(act, Some(role));
        first = Some(LogRow::new(id, entry.seq, days, now, who, payload, &step.effects, &store::FIRST_HASH)?);
    }
    let stage = standing.stage;
    let row = NewRow {
        id,
        code: code.to_string(),
        national_code: new.facts.national_code.clone(),
        directory_code: None,
        attributes: new.facts.attributes(),
        standing,
        area_m2,
        invented: new.invented,
        ewkb,
    };
    store::insert(act.tx(), std::slice::from_ref(&row)).await?;
    lists::keep_many(act, std::slice::from_ref(&row)).await?;
    let mut detail = json!({"registered": row.code, "stage": stage.as_str()});
    if let Some(first) = first {
        detail["event"] = json!({"seq": first.seq, "type": first.event_type, "hash": hex::encode(&first.hash)});
        let act_id = act.id();
        store::append(act.tx(), act_id, &[first]).await?;
    }
    act.note(format!("site/{id}"), detail);
    let row = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    match taken {
        Some((event, occurred_on, effects)) => {
            let (from, to) = (Stage::Candidate, stage);
            let taken = Taken { row: &row, event: &event, seq: 1, occurred_on, from, to };
            carry_out(act, &taken, &effects).await?;
        }
        None => act.tell(Change {
            kind: "site.registered",
            register: REGISTER,
            id: id.0,
            code: row.code.clone(),
            division_code: row.division_code.clone(),
            owner_credit_code: row.owner().map(str::to_owned),
            public: false,
            occurred_on: Some(today),
            data: json!({"stage": stage_json(stage)}),
        }),
    }
    Ok(id)
}

/// The refusal as an error, its fault moved to where the request has the field.
fn at_attribute(refusal: Refusal, from: &str, to: &str) -> Error {
    let moved = match refusal {
        Refusal::Faults { event_type, faults, behind, on } => {
            let faults = faults
                .into_iter()
                .map(|fault| if fault.pointer == from { Fault { pointer: to.to_owned(), ..fault } } else { fault })
                .collect();
            Refusal::Faults { event_type, faults, behind, on }
        }
        other => other,
    };
    Error::from(moved)
}

/// Refuses a division that is not in the registry, at the field that names it.
async fn require_known_division(act: &mut Act, code: &str, pointer: &str) -> Result<()> {
    let known = division::known(act.tx(), &[code.to_owned()]).await?;
    if known.contains(code) {
        return Ok(());
    }
    Err(Error::invalid(vec![Fault { pointer: pointer.to_owned(), ..division::unknown(code) }]))
}

/// Refuses an outline far from where its division is known to lie.
async fn require_near(act: &mut Act, division: &str, outline: &[u8], pointer: &'static str) -> Result<()> {
    match division::distance_m(act.tx(), division, outline).await? {
        Some(metres) if metres > division::MAX_OUTSIDE_M => {
            let km = metres / 1_000.0;
            Err(Error::fault(
                pointer,
                "outside_division",
                Text::new(
                    format!("地块轮廓距区划 {division} 的已知界线 {km:.0} 公里，请核对坐标或区划代码。"),
                    format!(
                        "The outline lies {km:.0} km from the known boundary of division {division}; check the \
                         coordinates or the division."
                    ),
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses a national code that another site has.
async fn require_free(act: &mut Act, own: Option<&str>, code: Option<&str>) -> Result<()> {
    let Some(code) = code.filter(|code| own != Some(*code)) else { return Ok(()) };
    if store::taken_codes(act.tx(), &[code.to_owned()]).await?.is_empty() {
        return Ok(());
    }
    Err(code_taken("/properties/national_code", code))
}

fn code_taken(pointer: &str, code: &str) -> Error {
    let message = Text::new(format!("编码 {code} 已属于另一地块。"), format!("Code {code} belongs to another site."));
    Error::conflict("code_taken", message.clone()).with_faults(vec![Fault::new(pointer, "code_taken", message)])
}

/// The next interim code. Its counter is locked until the act is over, so that serials leave no gap.
async fn interim_code(act: &mut Act, division: &str, kind: InterimKind) -> Result<InterimCode> {
    let year = act.today().year();
    take_codes(act, division, kind, 1, &[]).await?.into_iter().next().ok_or_else(|| {
        Error::conflict(
            "codes_used_up",
            Text::new(
                format!("区划 {division} {year} 年的临时编码已用完（9999 个）。"),
                format!("Division {division} has used up the 9999 interim codes of {year}."),
            ),
        )
    })
}

/// The next `n` interim codes of this year that no site has and that are not `reserved`; fewer where the year has not so
/// many left. The counter is locked until the act is over.
pub(super) async fn take_codes(
    act: &mut Act,
    division: &str,
    kind: InterimKind,
    n: usize,
    reserved: &[String],
) -> Result<Vec<InterimCode>> {
    let year = act.today().year();
    let named =
        DivisionCode::parse(division).ok_or_else(|| Error::internal(format!("a site lies in division {division}")))?;
    let after = store::lock_serials(act.tx(), division, year, kind.letters()).await?;
    let stem = format!("{division}{}{year:04}", kind.letters());
    let n = i64::try_from(n).map_err(Error::internal)?;
    let serials = store::free_serials(act.tx(), &stem, after, reserved, n).await?;
    if let Some(last) = serials.last() {
        store::keep_serial(act.tx(), division, year, kind.letters(), *last).await?;
    }
    serials
        .into_iter()
        .map(|serial| {
            u32::try_from(serial)
                .ok()
                .and_then(|serial| InterimCode::new(named.clone(), kind, year, serial))
                .ok_or_else(|| Error::internal(format!("{stem} with serial {serial} is no code")))
        })
        .collect()
}

/// Locks the counter of a division's interim codes until the act is over: nobody is given a code that a file brings while
/// that file is being read.
pub(super) async fn hold_codes(act: &mut Act, division: &str, kind: InterimKind) -> Result<()> {
    let year = act.today().year();
    store::lock_serials(act.tx(), division, year, kind.letters()).await?;
    Ok(())
}

fn subject_of(row: &Row) -> deadline::Subject {
    deadline::Subject {
        register: REGISTER,
        id: row.id.0,
        code: row.code.clone(),
        name: row.name.clone(),
        division_code: row.division_code.clone(),
        owner_credit_code: row.owner().map(str::to_owned),
    }
}

fn paper_of(row: &Row) -> document::Subject<'_> {
    document::Subject {
        register: REGISTER,
        id: row.id.0,
        division_code: &row.division_code,
        owner_credit_code: row.owner(),
    }
}

/// Takes a step of a site's life: who may, whether the stage has it, what is missing; then the log, the stage, the clocks.
///
/// Steps of one site come one after another: a second one waits for the first and is judged by the stage that it left.
/// `revision` is the version that the caller means, where it says so. `entering_for`: see [`register`].
///
/// # Errors
/// In this order: `not_found`; `outside_division` or `not_your_site`; `stale`; `step_not_allowed` (409),
/// `other_role_must_act` (403), `invalid_input` (422), each with its rule and articles.
pub async fn record(
    act: &mut Act,
    id: SiteId,
    new: NewEvent,
    revision: Option<i32>,
    entering_for: Option<Role>,
) -> Result<Recorded> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    require_access(act.caller(), &row)?;
    if revision.is_some_and(|revision| revision != row.revision) {
        return Err(call::stale());
    }
    let role = acting(act, entering_for)?;
    require_county(act.caller(), &row, new.event_type, new.occurred_on.unwrap_or_else(|| act.today()))?;
    let (now, today) = (act.now(), act.today());
    let log = store::log(act.tx(), id, None).await?;
    let occurred_on = match new.occurred_on {
        Some(day) => day,
        None => return Err(without_day(&log.state, new, today, role)),
    };
    let app = act.app().clone();
    let place = Place { division: &row.division_code, overrides: &app.config().parameters };
    let (event, step) = take(&log.state, new.event_type, new.draft, occurred_on, today, role, place)?;
    if let Some(paper) = event.document_id() {
        document::attach(act, paper, &paper_of(&row), "/document_id").await?;
    }
    if let Event::SoilTransportReported { destination_division, .. } = &event {
        require_known_division(act, destination_division.as_str(), "/destination_division").await?;
    }
    let mut standing = Columns::of(&row)?.after(&step.state, &step.effects, Some(occurred_on))?;
    if step.state.stage() == Stage::Candidate && !log.is_of_existing_register() {
        // Its listing was void. No entry says since when it is a lead: since it was registered.
        standing.stage_since = Some(store::registered_on(act.tx(), id).await?);
    }
    let listed = step.effects.contains(&Effect::ListEntered { list: List::ContaminatedDirectory });
    let directory_code = match &row.directory_code {
        None if listed => Some(interim_code(act, &row.division_code, InterimKind::Contaminated).await?.to_string()),
        _ => None,
    };
    let seq = step.state.recorded();
    lists::keep(act, &row, &step.effects, Some(occurred_on), seq, step.transition.map(|t| t.id)).await?;
    let payload = serde_json::to_value(&event).map_err(Error::internal)?;
    let who = actor(act, Some(role));
    let entry = LogRow::new(id, seq, (Some(occurred_on), false), now, who, payload, &step.effects, log.head())?;
    let (hash, act_id) = (hex::encode(&entry.hash), act.id());
    // The entry first: the database lets a stage change only by one.
    store::append(act.tx(), act_id, &[entry]).await?;
    store::set_standing(act.tx(), id, &standing, directory_code.as_deref()).await?;
    act.note(
        format!("site/{id}"),
        json!({
            "event": new.event_type.as_str(), "seq": seq, "occurred_on": occurred_on,
            "from": log.state.stage().as_str(), "to": step.state.stage().as_str(), "hash": hash,
        }),
    );
    let after = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    keep_in_step(act, &row, &after).await?;
    let taken = Taken { row: &after, event: &event, seq, occurred_on, from: log.state.stage(), to: step.state.stage() };
    carry_out(act, &taken, &step.effects).await?;
    Ok(Recorded { seq })
}

/// Control zones are approved by the county's government (or the zone's committee), not by one above it.
fn require_county(caller: &Caller, row: &Row, event_type: EventType, on: Day) -> Result<()> {
    let Caller::Key(holder) = caller else { return Ok(()) };
    let kind = event_type.kind();
    if event_type != EventType::ControlZoneApproved
        || holder.role != Role::Government
        || holder.division.as_str() == row.division_code
        || !holder.division.as_str().ends_with("00")
    {
        return Ok(());
    }
    Err(Error::forbidden(
        "county_government_must_act",
        Text::fixed(
            "管控区域由所在地县级人民政府（管委会）批准。",
            "A control zone is approved by the government of the county (or the zone's committee).",
        ),
    )
    .under(kind.rule, crate::kernel::basis::cite_all(kind.provisions, on)))
}

/// The refusal of an event without its day: after those that do not depend on the day, with all other faults.
fn without_day(state: &SiteState, new: NewEvent, today: Day, role: Role) -> Error {
    if let Err(refusal) = permit(state, new.event_type, today, role) {
        return refusal.into();
    }
    let mut faults = Event::read(new.event_type, new.draft).err().unwrap_or_default();
    faults.push(Fault::new(
        "/occurred_on",
        "missing",
        Text::fixed("须填写发生日期。", "The day on which it happened (`occurred_on`) is missing."),
    ));
    Refusal::Faults { event_type: new.event_type, faults, behind: Vec::new(), on: today }.into()
}

/// A step that was taken.
struct Taken<'a> {
    /// The site after it.
    row: &'a Row,
    event: &'a Event,
    seq: u32,
    occurred_on: Day,
    from: Stage,
    to: Stage,
}

/// Keeps what other registers have of a site in step with whose it is and whether everybody may see it.
async fn keep_in_step(act: &mut Act, before: &Row, after: &Row) -> Result<()> {
    if before.owner() != after.owner() {
        deadline::subject_changed(act, &subject_of(after)).await?;
        for paper in papers(act, after.id).await? {
            document::attach(act, paper, &paper_of(after), "").await?;
        }
    }
    if before.owner() != after.owner() || before.in_directory != after.in_directory {
        publicity::subject_changed(act, &subject_of(after), after.in_directory).await?;
    }
    Ok(())
}

/// Does what a step brings with it: clocks, duties to publish, lists, zones; and tells others.
async fn carry_out(act: &mut Act, taken: &Taken<'_>, effects: &[Effect]) -> Result<()> {
    let row = taken.row;
    for effect in effects {
        match effect {
            Effect::Undone { effect } => undo(act, taken, effect).await?,
            Effect::DeadlineOpened { rule, occasion, start_on, start_from, set_due_on, .. } => {
                let started = Started {
                    rule: *rule,
                    occasion,
                    opened_on: if *start_from == StartFrom::Receipt { *start_on } else { taken.occurred_on },
                    start_on: *start_on,
                    set_due_on: *set_due_on,
                };
                open(act, subject_of(row), started).await?;
            }
            Effect::DeadlineClosed { rule, occasion, on } => {
                deadline::close(act, &clock(row, *rule, occasion), *on).await?;
            }
            Effect::DeadlineReopened { rule, occasion, .. } => {
                deadline::reopen(act, &clock(row, *rule, occasion)).await?;
            }
            Effect::DeadlineCancelled { rule, occasion, on, cause } => {
                deadline::cancel(act, &clock(row, *rule, occasion), *on, cause).await?;
            }
            Effect::DeadlineExtended { rule, occasion, until, cause } => {
                let paper = taken.event.document_id();
                deadline::extend(act, &clock(row, *rule, occasion), *until, taken.occurred_on, cause, paper).await?;
            }
            Effect::DeadlineSuspended { rule, occasion, on, cause } => {
                deadline::suspend(act, &clock(row, *rule, occasion), *on, cause).await?;
            }
            Effect::DeadlineResumed { rule, occasion, on } => {
                deadline::resume(act, &clock(row, *rule, occasion), *on).await?;
            }
            Effect::PublicityOwed { duty, occasion, .. } => {
                let rule = publicity_rule(*duty)?;
                let (subject, occasion) = (subject_of(row), occasion.clone());
                publicity::owe(act, publicity::NewDuty { rule, subject, occasion, since: taken.occurred_on }).await?;
            }
            Effect::PublicityMet { duty, occasion } => {
                if let Event::Disclosed { channel, url, from, to, document_id, .. } = taken.event {
                    let key = duty_of(row, *duty, occasion);
                    if !publicity::is_kept(act, &key).await? {
                        // Owed in a log that was kept before there was a register of duties.
                        let (rule, subject) = (publicity_rule(*duty)?, subject_of(row));
                        let since = taken.occurred_on;
                        let new = publicity::NewDuty { rule, subject, occasion: occasion.clone(), since };
                        publicity::owe(act, new).await?;
                    }
                    let publication = publicity::Publication {
                        channel: channel.clone(),
                        url: url.clone(),
                        from: *from,
                        to: *to,
                        document_id: *document_id,
                    };
                    publicity::meet(act, &duty_of(row, *duty, occasion), &publication).await?;
                }
            }
            Effect::PublicityEnded { duty, occasion, on } => {
                publicity::take_down(act, &duty_of(row, *duty, occasion), *on).await?;
            }
            Effect::ZoneApproved => draw_zone(act, taken).await?,
            Effect::ZonesLifted => control_zone::lift(act, &row.code, taken.occurred_on).await?,
            _ => {}
        }
    }
    if taken.from != taken.to {
        tell(
            act,
            row,
            "site.stage_changed",
            taken,
            json!({"from": stage_json(taken.from), "to": stage_json(taken.to)}),
        );
    }
    if let Event::SoilTransportReported { .. } = taken.event {
        tell_transport(act, taken);
    }
    for effect in effects {
        match effect {
            Effect::FlagRaised { flag } => tell(act, row, "site.flag_raised", taken, json!({"flag": flag.as_str()})),
            Effect::FlagLowered { flag } => tell(act, row, "site.flag_lowered", taken, json!({"flag": flag.as_str()})),
            Effect::WorksMustStop => tell(act, row, "site.works_must_stop", taken, json!({})),
            Effect::LiablePartySet { ground, .. } => {
                tell(act, row, "site.liable_party_changed", taken, json!({"ground": ground.as_str()}));
            }
            Effect::Voided { seq } => tell(act, row, "site.event_voided", taken, json!({"voided": seq})),
            _ => {}
        }
    }
    Ok(())
}

/// Takes back an effect of an event that was entered in error.
async fn undo(act: &mut Act, taken: &Taken<'_>, effect: &Effect) -> Result<()> {
    let (row, on) = (taken.row, taken.occurred_on);
    match effect {
        Effect::DeadlineOpened { rule, occasion, .. } => {
            deadline::void(act, &clock(row, *rule, occasion), on).await?;
        }
        Effect::DeadlineClosed { rule, occasion, .. } | Effect::DeadlineCancelled { rule, occasion, .. } => {
            deadline::reopen(act, &clock(row, *rule, occasion)).await?;
        }
        Effect::DeadlineReopened { rule, occasion, closed_on } => {
            deadline::close(act, &clock(row, *rule, occasion), *closed_on).await?;
        }
        Effect::DeadlineExtended { rule, occasion, .. } => {
            deadline::take_back_extension(act, &clock(row, *rule, occasion)).await?;
        }
        Effect::DeadlineSuspended { rule, occasion, .. } => {
            deadline::take_back_suspension(act, &clock(row, *rule, occasion)).await?;
        }
        Effect::DeadlineResumed { rule, occasion, .. } => {
            deadline::take_back_resumption(act, &clock(row, *rule, occasion)).await?;
        }
        Effect::PublicityOwed { duty, occasion, .. } => {
            let key = duty_of(row, *duty, occasion);
            if publicity::is_kept(act, &key).await? {
                publicity::release(act, &key, on).await?;
            }
        }
        Effect::PublicityMet { duty, occasion } => publicity::unmeet(act, &duty_of(row, *duty, occasion)).await?,
        Effect::PublicityEnded { duty, occasion, on } => {
            publicity::put_back(act, &duty_of(row, *duty, occasion), *on).await?;
        }
        Effect::ZoneApproved => {
            let seq = voided_seq(act, taken).await?;
            control_zone::withdraw(act, &zone_code(row, seq), on).await?;
        }
        Effect::ZonesLifted => {
            let seq = voided_seq(act, taken).await?;
            let log = store::log(act.tx(), row.id, None).await?;
            if let Some(lifted_on) =
                log.rows.iter().find(|entry| entry.seq.unsigned_abs() == seq).and_then(|e| e.occurred_on)
            {
                control_zone::put_back(act, &row.code, lifted_on).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The number of the event that this one voids.
async fn voided_seq(act: &mut Act, taken: &Taken<'_>) -> Result<u32> {
    let log = store::log(act.tx(), taken.row.id, None).await?;
    let voided = log.rows.iter().zip(&log.voided_by).find(|(_, by)| **by == Some(taken.seq));
    let (entry, _) = voided.ok_or_else(|| Error::internal(format!("event {} voids none", taken.seq)))?;
    Ok(entry.seq.unsigned_abs())
}

fn clock<'a>(row: &Row, rule: StatutoryClock, occasion: &'a str) -> deadline::ClockKey<'a> {
    deadline::ClockKey { register: REGISTER, subject: row.id.0, rule: rule.as_str(), occasion }
}

fn duty_of<'a>(row: &Row, duty: Publicity, occasion: &'a str) -> publicity::DutyKey<'a> {
    publicity::DutyKey { register: REGISTER, subject: row.id.0, duty: duty.as_str(), occasion }
}

fn publicity_rule(duty: Publicity) -> Result<&'static publicity::DutyRule> {
    publicity::find(duty.as_str())
        .ok_or_else(|| Error::internal(format!("the publicity register has no duty {}", duty.as_str())))
}

fn zone_code(row: &Row, seq: u32) -> String {
    format!("{}-GK{seq:02}", row.code)
}

async fn draw_zone(act: &mut Act, taken: &Taken<'_>) -> Result<()> {
    let Event::ControlZoneApproved { geometry, approved_by, document_number, .. } = taken.event else { return Ok(()) };
    let row = taken.row;
    let area = Area::from_geojson(geometry, "/geometry").map_err(Error::invalid)?;
    topology::check(act.tx(), &area, "/geometry").await?;
    if !store::meets(act.tx(), row.id, &area.to_ewkb()).await? {
        return Err(Error::fault(
            "/geometry",
            "zone_off_site",
            Text::fixed(
                "管控区域与地块范围没有交集，请核对坐标。",
                "The zone does not meet the site; check the coordinates.",
            ),
        ));
    }
    let zone = control_zone::NewZone {
        code: zone_code(row, taken.seq),
        name: format!("{}管控区域", row.name),
        division_code: row.division_code.clone(),
        site_code: row.code.clone(),
        approved_by: approved_by.clone(),
        approved_on: taken.occurred_on,
        document_number: document_number.clone(),
        undeveloped: !matches!(taken.to, Stage::RiskControl(super::rules::ControlMode::SafeUse)),
        area,
    };
    control_zone::draw(act, zone).await
}

fn stage_json(stage: Stage) -> serde_json::Value {
    json!({"stage": stage.as_str(), "mode": stage.mode()})
}

/// Tells others what happened to a site: everybody, where everybody sees it before or after.
fn tell(act: &mut Act, row: &Row, kind: &'static str, taken: &Taken<'_>, detail: serde_json::Value) {
    let mut data = json!({"seq": taken.seq, "event": taken.event.event_type().as_str()});
    if let (Some(data), serde_json::Value::Object(detail)) = (data.as_object_mut(), detail) {
        data.extend(detail);
    }
    act.tell(Change {
        kind,
        register: REGISTER,
        id: row.id.0,
        code: row.code.clone(),
        division_code: row.division_code.clone(),
        owner_credit_code: row.owner().map(str::to_owned),
        public: taken.from.is_public() || taken.to.is_public(),
        occurred_on: Some(taken.occurred_on),
        data,
    });
}

/// Tells the bureaus of origin and destination of a transport, each as a change of its own division.
fn tell_transport(act: &mut Act, taken: &Taken<'_>) {
    let Event::SoilTransportReported {
        transport_on,
        transport_mode,
        route,
        quantity_t,
        destination,
        destination_division,
        final_disposal,
        ..
    } = taken.event
    else {
        return;
    };
    let row = taken.row;
    let data = json!({
        "seq": taken.seq, "transport_on": transport_on, "transport_mode": transport_mode, "route": route,
        "quantity_t": quantity_t, "destination": destination, "destination_division": destination_division,
        "final_disposal": final_disposal,
    });
    let mut told = vec![row.division_code.clone()];
    if destination_division.as_str() != row.division_code {
        told.push(destination_division.as_str().to_owned());
    }
    for division_code in told {
        act.tell(Change {
            kind: "site.soil_transport_reported",
            register: REGISTER,
            id: row.id.0,
            code: row.code.clone(),
            owner_credit_code: row.owner().map(str::to_owned).filter(|_| division_code == row.division_code),
            division_code,
            public: false,
            occurred_on: Some(taken.occurred_on),
            data: data.clone(),
        });
    }
}

/// A clock to be started for a site.
struct Started<'a> {
    rule: StatutoryClock,
    occasion: &'a str,
    /// The clock of a notice is there from its receipt, whenever the office came to enter it.
    opened_on: Day,
    start_on: Day,
    set_due_on: Option<Day>,
}

async fn open(act: &mut Act, subject: deadline::Subject, started: Started<'_>) -> Result<()> {
    let rule = deadline::find(started.rule.as_str())
        .ok_or_else(|| Error::internal(format!("the deadline register has no rule {}", started.rule.as_str())))?;
    let clock = deadline::OpenDeadline {
        rule,
        subject,
        occasion: started.occasion.to_owned(),
        opened_on: started.opened_on,
        start_on: started.start_on,
        set_due_on: started.set_due_on,
    };
    deadline::open(act, clock).await?;
    Ok(())
}

/// Corrects what is told of a site, or its outline; never its stage. The version before stays in the history, with the
/// reason for this one.
///
/// # Errors
/// `not_found`, `outside_division` (for either division, where it moves), `stale`, `invalid_input`, `code_taken`.
pub async fn correct(act: &mut Act, id: SiteId, revision: i32, new: Correction) -> Result<()> {
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    require_access(act.caller(), &row)?;
    if revision != row.revision {
        return Err(call::stale());
    }
    let before = Facts::of(&row);
    let after = Facts {
        national_code: new.national_code.unwrap_or_else(|| before.national_code.clone()),
        name: new.name.unwrap_or_else(|| before.name.clone()),
        division_code: new.division_code.unwrap_or_else(|| before.division_code.clone()),
        address: new.address.unwrap_or_else(|| before.address.clone()),
        land_user: new.land_user.unwrap_or_else(|| before.land_user.clone()),
        former_industry: new.former_industry.unwrap_or_else(|| before.former_industry.clone()),
        land_use: new.land_use.unwrap_or_else(|| before.land_use.clone()),
        basis: new.basis.unwrap_or_else(|| before.basis.clone()),
    };
    let mut faults = after.faults();
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_TEXT {
        faults.push(Fault::new(
            "/reason",
            "missing",
            Text::new(
                format!("须说明更正原因（1 至 {MAX_TEXT} 字）。"),
                format!("A correction needs its reason, 1 to {MAX_TEXT} characters."),
            ),
        ));
    }
    if after == before && new.area.is_none() {
        faults.push(Fault::new("", "nothing_to_correct", Text::fixed("没有任何更正。", "Nothing is corrected.")));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let moved = after.division_code != before.division_code;
    if moved {
        act.caller().require_division(&after.division_code)?;
        require_known_division(act, &after.division_code, AT_DIVISION).await?;
    }
    require_free(act, before.national_code.as_deref(), after.national_code.as_deref()).await?;
    let mut outline = None;
    if let Some(area) = &new.area {
        topology::check(act.tx(), area, "/geometry").await?;
        let ewkb = area.to_ewkb();
        require_near(act, &after.division_code, &ewkb, "/geometry").await?;
        let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
        outline = Some((ewkb, area_m2));
    } else if moved {
        require_near(act, &after.division_code, &row.wkb, "/properties/division_code").await?;
    }
    let attributes = after.attributes();
    let bytes = outline.as_ref().map(|(ewkb, area_m2)| (ewkb.as_slice(), *area_m2));
    store::correct(act.tx(), id, after.national_code.as_deref(), &attributes, bytes, reason).await?;
    let now = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    deadline::subject_changed(act, &subject_of(&now)).await?;
    publicity::subject_changed(act, &subject_of(&now), now.in_directory).await?;
    if moved || after.land_user != before.land_user {
        for paper in papers(act, id).await? {
            document::attach(act, paper, &paper_of(&now), "").await?;
        }
    }
    let fields = changed(&before, &after, outline.is_some());
    // Both divisions hear of a site that moves.
    for division_code in [Some(&row.division_code).filter(|_| moved), Some(&now.division_code)].into_iter().flatten() {
        act.tell(Change {
            kind: "site.corrected",
            register: REGISTER,
            id: id.0,
            code: now.code.clone(),
            division_code: division_code.clone(),
            owner_credit_code: now.owner().map(str::to_owned),
            public: false,
            occurred_on: None,
            data: json!({"fields": fields, "revision": now.revision, "division_code": now.division_code}),
        });
    }
    act.note(format!("site/{id}"), json!({"corrected": fields, "revision": now.revision}));
    Ok(())
}

/// Names of what a correction changes.
fn changed(before: &Facts, after: &Facts, outline: bool) -> Vec<&'static str> {
    [
        ("national_code", before.national_code != after.national_code),
        ("name", before.name != after.name),
        ("division_code", before.division_code != after.division_code),
        ("address", before.address != after.address),
        ("land_user", before.land_user != after.land_user),
        ("former_industry", before.former_industry != after.former_industry),
        ("land_use", before.land_use != after.land_use),
        ("basis", before.basis != after.basis),
        ("geometry", outline),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// The documents that a site's events name.
async fn papers(act: &mut Act, id: SiteId) -> Result<Vec<DocumentId>> {
    let log = store::log(act.tx(), id, None).await?;
    let mut papers: Vec<DocumentId> = log.rows.iter().filter_map(paper).collect();
    papers.sort_unstable();
    papers.dedup();
    Ok(papers)
}

/// The document that an entry of a log names.
pub(super) fn paper(row: &LogRow) -> Option<DocumentId> {
    row.payload["document_id"].as_str().and_then(|id| id.parse().ok())
}

/// A site as an existing register had it.
#[derive(Debug, Clone)]
pub struct ExistingSite {
    /// Its code there; the national code, else an interim one, where there was none.
    pub code: String,
    /// What is told of it.
    pub facts: Facts,
    /// Where it stands.
    pub given: Given,
    /// Uses barred on its land.
    pub negative_list: Vec<NegativeUse>,
    /// Its outline, EWKB in EPSG:4490, valid.
    pub ewkb: Vec<u8>,
    /// Ellipsoidal area of the outline, m².
    pub area_m2: f64,
    /// Sample data of nobody's land.
    pub invented: bool,
}

/// Writes sites that an existing register brings, however many, in few statements. Each log begins with a `registered` that
/// carries the stage as given; clocks run where the day of the notice is known. Codes, divisions and facts were judged
/// before. Gives the identifiers in the order of the rows.
///
/// # Errors
/// When the database refuses a row, which those checks rule out.
pub async fn load_existing(act: &mut Act, rows: &[ExistingSite]) -> Result<Vec<SiteId>> {
    let (now, act_id) = (act.now(), act.id());
    let who = actor(act, act.caller().role());
    let mut sites = Vec::with_capacity(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    let mut barred = Vec::new();
    let mut clocks = Vec::new();
    for site in rows {
        let id = SiteId::new(now);
        let (state, effects) = SiteState::registered(&site.given);
        let since = site.given.stage_since();
        let mut standing = Columns::none();
        if site.given.stage().on(List::ControlList) == super::rules::OnList::ByHistory {
            standing.on_control_list = site.given.on_control_list();
        }
        let mut standing = standing.after(&state, &effects, None)?;
        // The day since which the stage holds is that of the entry in the list where the stage is what the entry leads to.
        match site.given.stage() {
            Stage::Suspected => standing.suspected_on = since,
            Stage::Contaminated => standing.contaminated_on = since,
            Stage::Listed => standing.control_listed_on = since,
            _ => {}
        }
        let payload = serde_json::to_value(&site.given).map_err(Error::internal)?;
        events.push(LogRow::new(id, 1, (since, false), now, who.clone(), payload, &effects, &store::FIRST_HASH)?);
        barred.extend(site.negative_list.iter().map(|barred| (id, barred.clone())));
        for effect in &effects {
            if let Effect::DeadlineOpened { rule, start_on, .. } = effect {
                let subject = deadline::Subject {
                    register: REGISTER,
                    id: id.0,
                    code: site.code.clone(),
                    name: site.facts.name.clone(),
                    division_code: site.facts.division_code.clone(),
                    owner_credit_code: site.facts.land_user.as_ref().and_then(|user| user.credit_code.clone()),
                };
                clocks.push((subject, *rule, *start_on));
            }
        }
        sites.push(NewRow {
            id,
            code: site.code.clone(),
            national_code: site.facts.national_code.clone(),
            directory_code: None,
            attributes: site.facts.attributes(),
            standing,
            area_m2: site.area_m2,
            invented: site.invented,
            ewkb: site.ewkb.clone(),
        });
    }
    store::insert(act.tx(), &sites).await?;
    lists::keep_many(act, &sites).await?;
    store::append(act.tx(), act_id, &events).await?;
    if !barred.is_empty() {
        store::bar_uses(act.tx(), now, &barred).await?;
    }
    for (subject, rule, start_on) in clocks {
        let started = Started { rule, occasion: "", opened_on: start_on, start_on, set_due_on: None };
        open(act, subject, started).await?;
    }
    Ok(sites.iter().map(|site| site.id).collect())
}
