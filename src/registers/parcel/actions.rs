//! Registering parcels and putting their records right; changes of outlines are in `lineage`.

use super::rules::{CodeForm, normal};
use super::store::{self, Corrected, NewParcel, ParcelRow, Shaped};
use crate::kernel::{Area, Day, Error, Fault, ParcelId, Result, Text};
use crate::platform::call::stale;
use crate::platform::fields::{Fields, at};
use crate::platform::outbox::Change;
use crate::platform::{Act, topology};
use crate::registers::division;
use crate::standards::land_use::{LandUse, LandUseSystem};
use serde_json::{Map, Value, json};

/// The register's name in changes and attachments.
pub(super) const REGISTER: &str = "parcel";
/// Longest reason, characters.
const REASON_MAX: usize = 1000;
/// Longest text, characters.
const TEXT_MAX: usize = 500;

/// Reads a parcel's attributes. Bulk files and single requests are read by the same lines; `today` bounds the days.
pub(super) fn read(properties: &Map<String, Value>, today: Day) -> Result<NewParcel, Vec<Fault>> {
    let mut f = Fields::new(properties);
    let code = normal(&f.required("code").unwrap_or_default());
    let (system, use_code) = (f.text("land_use_system"), f.text("land_use_code"));
    let parcel = NewParcel {
        code_form: CodeForm::of(&code).as_str(),
        code,
        division_code: f.division("division_code").unwrap_or_default(),
        address: f.text("address"),
        land_user_name: f.text("land_user_name"),
        land_user_credit_code: f.credit_code("land_user_credit_code"),
        land_use: None,
        began_on: f.day("began_on"),
        ended_on: f.day("ended_on"),
    };
    for (name, day) in [("began_on", parcel.began_on), ("ended_on", parcel.ended_on)] {
        if let Some(day) = day.filter(|day| *day > today) {
            let fault = in_future(name, day, today);
            f.fault(name, fault.code, fault.message);
        }
    }
    if let (Some(began), Some(ended)) = (parcel.began_on, parcel.ended_on)
        && ended < began
    {
        f.fault("ended_on", "ends_before_it_begins", ends_before(began, ended));
    }
    let mut faults = f.into_faults();
    let land_use = land_use(system.as_deref(), use_code.as_deref());
    match land_use {
        Ok(land_use) if faults.is_empty() => Ok(NewParcel { land_use, ..parcel }),
        Ok(_) => Err(faults),
        Err((name, fault)) => {
            faults.push(Fault { pointer: format!("/properties/{name}"), ..fault });
            Err(faults)
        }
    }
}

/// System and code of a land use; the name of the attribute that is at fault, where one is.
fn land_use(
    system: Option<&str>,
    code: Option<&str>,
) -> Result<Option<(&'static str, &'static str)>, (&'static str, Fault)> {
    match (system, code) {
        (None, None) => Ok(None),
        (Some(system), Some(code)) => {
            let system = LandUseSystem::parse(system).map_err(|fault| ("land_use_system", fault))?;
            let land_use = LandUse::parse(system, code).map_err(|fault| ("land_use_code", fault))?;
            Ok(Some((land_use.system().as_str(), land_use.code())))
        }
        (system, _) => {
            let name = if system.is_none() { "land_use_system" } else { "land_use_code" };
            let text = Text::fixed("分类与代码须同时给出。", "System and code go together.");
            Err((name, Fault::new("", "missing", text)))
        }
    }
}

/// Registers one parcel.
///
/// # Errors
/// `outside_division`; `invalid_input` for an unknown division or a bad outline; `code_taken`.
pub(super) async fn register(act: &mut Act, parcel: &NewParcel, area: &Area) -> Result<ParcelId> {
    act.caller().require_division(&parcel.division_code)?;
    topology::check(act.tx(), area, "/geometry").await?;
    let codes = [parcel.division_code.clone()];
    if division::known(act.tx(), &codes).await?.is_empty() {
        return Err(Error::invalid(vec![division::unknown(&parcel.division_code)]));
    }
    let (id, ewkb) = (ParcelId::new(act.now()), area.to_ewkb());
    let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
    let row = Shaped { id, parcel, began_by: None, ended_by: None, ewkb: &ewkb, area_m2 };
    if store::insert(act.tx(), &[row]).await?.is_empty() {
        return Err(Error::conflict("code_taken", taken_text(&parcel.code)));
    }
    act.note("parcel", json!({"id": id, "code": parcel.code, "division": parcel.division_code}));
    act.tell(Change {
        kind: "parcel.registered",
        register: REGISTER,
        id: id.0,
        code: parcel.code.clone(),
        division_code: parcel.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: parcel.began_on,
        data: json!({}),
    });
    Ok(id)
}

/// The fault of a code that another parcel has.
pub(super) fn code_taken(code: &str) -> Fault {
    at("code", "code_taken", taken_text(code))
}

pub(super) fn taken_text(code: &str) -> Text {
    Text::new(format!("宗地代码 {code} 已存在。"), format!("There is a parcel {code} already."))
}

/// What is to be put right of a parcel's record; the outer `None` leaves it, the inner takes it away.
#[derive(Debug, Clone, Default)]
pub(super) struct Correction {
    /// Where it lies, in words.
    pub address: Option<Option<String>>,
    /// Who uses it.
    pub land_user_name: Option<Option<String>>,
    /// Who that is (GB 32100).
    pub land_user_credit_code: Option<Option<String>>,
    /// System and code.
    pub land_use: Option<Option<(String, String)>>,
    /// First day on which it exists.
    pub began_on: Option<Option<Day>>,
    /// First day on which it exists no more.
    pub ended_on: Option<Option<Day>>,
}

/// Puts a parcel's record right; never its code or outline, and not a day that a change gave it.
///
/// # Errors
/// `stale`; `day_of_change` (409); `invalid_input` for a reason that is none, what is no text, code, land use or day, or
/// nothing to correct.
pub(super) async fn correct(act: &mut Act, id: ParcelId, revision: i32, new: Correction, reason: &str) -> Result<()> {
    let parcel = store::lock(act.tx(), &[id], &[]).await?.pop();
    let parcel = parcel.filter(|parcel| act.caller().holds_in(&parcel.division_code)).ok_or_else(no_parcel)?;
    if parcel.revision != revision {
        return Err(stale());
    }
    let reason = reason_of(reason)?;
    let old = said(&parcel);
    let corrected = corrected(&parcel, &old, new, act.today())?;
    let fields: Vec<&str> = [
        ("address", corrected.address != old.address),
        ("land_user_name", corrected.land_user_name != old.land_user_name),
        ("land_user_credit_code", corrected.land_user_credit_code != old.land_user_credit_code),
        ("land_use", corrected.land_use != old.land_use),
        ("began_on", corrected.began_on != old.began_on),
        ("ended_on", corrected.ended_on != old.ended_on),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect();
    if fields.is_empty() {
        return Err(Error::fault(
            "",
            "unchanged",
            Text::fixed("没有要更正的内容。", "Nothing is to be corrected: the record says so already."),
        ));
    }
    store::correct(act.tx(), id, &corrected, &reason).await?;
    act.note(format!("parcel/{id}"), json!({"corrected": fields}));
    act.tell(Change {
        kind: "parcel.corrected",
        register: REGISTER,
        id: id.0,
        code: parcel.code,
        division_code: parcel.division_code,
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({"fields": fields}),
    });
    Ok(())
}

fn said(parcel: &ParcelRow) -> Corrected {
    Corrected {
        address: parcel.address.clone(),
        land_user_name: parcel.land_user_name.clone(),
        land_user_credit_code: parcel.land_user_credit_code.clone(),
        land_use: parcel.land_use_system.clone().zip(parcel.land_use_code.clone()),
        began_on: parcel.began_on,
        ended_on: parcel.ended_on,
    }
}

/// The record as it will be.
fn corrected(parcel: &ParcelRow, old: &Corrected, new: Correction, today: Day) -> Result<Corrected> {
    for (name, given, change) in [
        ("began_on", new.began_on.is_some_and(|day| day != old.began_on), parcel.began_by),
        ("ended_on", new.ended_on.is_some_and(|day| day != old.ended_on), parcel.ended_by),
    ] {
        if let Some(change) = change.filter(|_| given) {
            return Err(Error::conflict(
                "day_of_change",
                Text::new(
                    format!("{name} 由宗地变更 {change} 确定；如有误请作废该变更。"),
                    format!("{name} is the day of the change {change}: take that back if it is wrong."),
                ),
            ));
        }
    }
    let mut faults = Vec::new();
    let mut text = |name: &str, new: Option<Option<String>>, old: &Option<String>| match new {
        None => old.clone(),
        Some(text) => {
            let text = text.map(|text| text.trim().to_owned());
            if text.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > TEXT_MAX) {
                faults.push(Fault::new(
                    format!("/{name}"),
                    "text_unfit",
                    Text::fixed(
                        "应为 1 至 500 字；要清空请给 null。",
                        "must be 1 to 500 characters; null takes it away.",
                    ),
                ));
            }
            text
        }
    };
    let address = text("address", new.address, &old.address);
    let land_user_name = text("land_user/name", new.land_user_name, &old.land_user_name);
    let land_user_credit_code = match new.land_user_credit_code {
        None => old.land_user_credit_code.clone(),
        Some(given) => {
            let mut cell = Map::new();
            cell.insert("land_user_credit_code".to_owned(), given.map_or(Value::Null, Value::String));
            let mut f = Fields::new(&cell);
            let code = f.credit_code("land_user_credit_code");
            faults.extend(
                f.into_faults()
                    .into_iter()
                    .map(|fault| Fault { pointer: "/land_user/credit_code".to_owned(), ..fault }),
            );
            code
        }
    };
    let land_use = match new.land_use {
        None => old.land_use.clone(),
        Some(None) => None,
        Some(Some((system, code))) => match land_use(Some(&system), Some(&code)) {
            Ok(read) => read.map(|(system, code)| (system.to_owned(), code.to_owned())),
            Err((name, fault)) => {
                let pointer = format!("/land_use/{}", name.trim_start_matches("land_use_"));
                faults.push(Fault { pointer, ..fault });
                None
            }
        },
    };
    let (began_on, ended_on) = (new.began_on.unwrap_or(old.began_on), new.ended_on.unwrap_or(old.ended_on));
    for (name, day) in [("began_on", began_on), ("ended_on", ended_on)] {
        if let Some(day) = day.filter(|day| *day > today) {
            faults.push(in_future(&format!("/{name}"), day, today));
        }
    }
    if let (Some(began), Some(ended)) = (began_on, ended_on)
        && ended < began
    {
        faults.push(Fault::new("/ended_on", "ends_before_it_begins", ends_before(began, ended)));
    }
    if faults.is_empty() {
        Ok(Corrected { address, land_user_name, land_user_credit_code, land_use, began_on, ended_on })
    } else {
        Err(Error::invalid(faults))
    }
}

/// There is no such parcel in what the caller may see.
pub(super) fn no_parcel() -> Error {
    Error::not_found("该宗地", "parcel")
}

/// A reason, trimmed.
pub(super) fn reason_of(reason: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Error::fault(
            "/reason",
            "reason_unfit",
            Text::new(
                format!("理由应为 1 至 {REASON_MAX} 字。"),
                format!("The reason must be 1 to {REASON_MAX} characters."),
            ),
        ));
    }
    Ok(reason.to_owned())
}

/// A day that has not come.
pub(super) fn in_future(pointer: &str, day: Day, today: Day) -> Fault {
    Fault::new(
        pointer,
        "day_in_future",
        Text::new(format!("{day} 晚于今天（{today}）。"), format!("{day} lies after today ({today}).")),
    )
}

fn ends_before(began: Day, ended: Day) -> Text {
    Text::new(format!("{ended} 早于 {began}。"), format!("{ended} lies before {began}."))
}
