//! Drawing zones and ending them, as other registers' steps ask.

use super::store::{self, ControlZone, Shaped};
use crate::kernel::{Area, ControlZoneId, Day, Result};
use crate::platform::outbox::Change;
use crate::platform::{Act, topology};
use serde_json::json;

/// A zone to be drawn around a record's land.
#[derive(Debug, Clone)]
pub struct NewZone {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its division.
    pub division_code: String,
    /// Code of the site that it is drawn for.
    pub site_code: String,
    /// The government that approved it.
    pub approved_by: String,
    /// Day of the approval.
    pub approved_on: Day,
    /// Number of the approval.
    pub document_number: Option<String>,
    /// Whether the land is temporarily not to be developed.
    pub undeveloped: bool,
    /// Its outline.
    pub area: Area,
}

/// Draws an approved zone.
///
/// # Errors
/// `invalid_input` at `/geometry` for an outline that is no valid area.
pub async fn draw(act: &mut Act, zone: NewZone) -> Result<()> {
    topology::check(act.tx(), &zone.area, "/geometry").await?;
    let ewkb = zone.area.to_ewkb();
    let area_m2 = topology::area_m2(act.tx(), &ewkb).await?;
    let id = ControlZoneId::new(act.now());
    let item = ControlZone {
        code: zone.code,
        name: zone.name,
        division_code: zone.division_code,
        site_code: Some(zone.site_code),
        approved_by: zone.approved_by,
        approved_on: zone.approved_on,
        document_number: zone.document_number,
        undeveloped: zone.undeveloped,
        ended_on: None,
    };
    store::put(act.tx(), &[Shaped { item: &item, id, ewkb: &ewkb, area_m2 }]).await?;
    act.note(format!("control_zone/{id}"), json!({"drawn": item.code, "approved_on": item.approved_on}));
    let data = json!({"zone": item.code, "approved_on": item.approved_on, "undeveloped": item.undeveloped});
    tell(act, "zone.approved", id, &item.code, &item.division_code, item.approved_on, data);
    Ok(())
}

/// Ends the zones that still hold around a site: from `on` they hold no longer.
///
/// # Errors
/// When the database cannot be written.
pub async fn lift(act: &mut Act, site_code: &str, on: Day) -> Result<()> {
    for zone in store::end_of_site(act.tx(), site_code, on).await? {
        act.note(format!("control_zone/{}", zone.id), json!({"lifted_on": on}));
        tell(act, "zone.lifted", zone.id, &zone.code, &zone.division_code, on, json!({"zone": zone.code}));
    }
    Ok(())
}

/// Undoes [`lift`] with that day.
///
/// # Errors
/// When the database cannot be written.
pub async fn put_back(act: &mut Act, site_code: &str, on: Day) -> Result<()> {
    for zone in store::reopen_of_site(act.tx(), site_code, on).await? {
        act.note(format!("control_zone/{}", zone.id), json!({"put_back": on}));
        tell(act, "zone.put_back", zone.id, &zone.code, &zone.division_code, on, json!({"zone": zone.code}));
    }
    Ok(())
}

/// Undoes [`draw`]: the approval was entered in error. The zone stays in the register as one that never held a day.
///
/// # Errors
/// When the database cannot be written.
pub async fn withdraw(act: &mut Act, code: &str, on: Day) -> Result<()> {
    if let Some(zone) = store::never_held(act.tx(), code).await? {
        act.note(format!("control_zone/{}", zone.id), json!({"withdrawn": true}));
        tell(act, "zone.withdrawn", zone.id, &zone.code, &zone.division_code, on, json!({"zone": zone.code}));
    }
    Ok(())
}

fn tell(
    act: &mut Act,
    kind: &'static str,
    id: ControlZoneId,
    code: &str,
    division: &str,
    on: Day,
    data: serde_json::Value,
) {
    act.tell(Change {
        kind,
        register: "control_zone",
        id: id.0,
        code: code.to_owned(),
        division_code: division.to_owned(),
        owner_credit_code: None,
        public: true,
        occurred_on: Some(on),
        data,
    });
}
