//! Administrative divisions (行政区划): codes, names, hierarchy, validity, and boundaries where they are known.
//!
//! A code is six digits of GB/T 2260, or a statistical code of the same form for a development zone that acts like a
//! county. The hierarchy is what a caller's jurisdiction and every `division` filter are matched with, so it is stored
//! with each division (`ancestors`), and kept by [`rules::tree`]:
//!
//! * a parent that is given must be there, on a higher level;
//! * where none is given, the nearest division above by the digits is taken (prefecture, else province, else nation),
//!   and looked for again whenever divisions arrive: a county loaded before its prefecture moves under it by itself;
//! * 省直辖县级 places (429004, 659006) and prefectures without counties (441900) need no special case.
//!
//! Loading merges: what a file gives is taken over, what it does not give stays. A division that does not change gets no
//! new version.

pub mod code_lists;
mod http;
mod import;
mod layer;
pub mod rules;
mod store;

use super::Register;
use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::Act;
use crate::platform::bulk::Batch;
use crate::platform::fields::at;
use sqlx::PgConnection;
use std::collections::HashSet;

/// What this register declares.
pub static REGISTER: Register =
    Register { id: "divisions", routes: http::routes, layers: &[&layer::DIVISIONS], importers: &[&import::DIVISIONS] };

/// Metres by which an outline may lie outside the known boundary of its division. Boundaries that are to be had are
/// generalised for small scales, and run kilometres beside the true ones; what lies farther off is another place.
pub const MAX_OUTSIDE_M: f64 = 20_000.0;

pub use rules::above::Above;
pub use store::{Under, ancestors, distance_m, ids, known, under};

/// Where an outline (EWKB, EPSG:4490, valid) lies: in the divisions that it lies `under`; where no known boundary tells, in
/// the division that is stated, or in the caller's own (`home`). Never empty.
///
/// # Errors
/// `division_unknown` when nothing tells, or the stated division lies elsewhere; `unknown_division` when there is no such
/// one; when the database cannot be reached.
pub async fn told(
    conn: &mut PgConnection,
    under: Vec<Under>,
    stated: Option<&str>,
    home: Option<&str>,
    ewkb: &[u8],
) -> Result<Vec<Under>> {
    if !under.is_empty() {
        return Ok(under);
    }
    let code = match (stated, home) {
        // Boundaries are generalised, so near is near enough.
        (Some(code), _) => match distance_m(conn, code, ewkb).await? {
            Some(metres) if metres > MAX_OUTSIDE_M => return Err(not_told()),
            _ => code,
        },
        // Only where no boundary is known: what lies outside a known one lies somewhere else.
        (None, Some(home)) if distance_m(conn, home, ewkb).await?.is_none() => home,
        _ => return Err(not_told()),
    };
    let ancestors = ancestors(conn, code).await?.ok_or_else(|| Error::invalid(vec![unknown(code)]))?;
    Ok(vec![Under { code: code.to_owned(), ancestors, share: 1.0 }])
}

fn not_told() -> Error {
    Error::fault(
        "/properties/division_code",
        "division_unknown",
        Text::fixed(
            "用地不在登记系统已知的任何区划边界内；请核对坐标，或注明 division_code。",
            "No division whose boundary the registry holds contains the land; check the coordinates, or state division_code.",
        ),
    )
}

/// The county, prefecture and province of a division; `None` where it is not in the registry.
///
/// # Errors
/// When the database cannot be reached.
pub async fn above(conn: &mut PgConnection, code: &str) -> Result<Option<Above>> {
    Ok(ancestors(conn, code).await?.map(|ancestors| Above::of(code, &ancestors)))
}

/// The fault of a row whose division is not in the registry.
pub fn unknown(code: &str) -> Fault {
    at(
        "division_code",
        "unknown_division",
        Text::new(format!("区划 {code} 不在登记系统中。"), format!("Division {code} is not in the registry.")),
    )
}

/// Gives up the rows of a batch whose division is not in the registry, or is not the caller's.
///
/// # Errors
/// When the database cannot be reached.
pub async fn reject_strangers<T>(act: &mut Act, batch: &mut Batch<T>, division: impl Fn(&T) -> &str) -> Result<()> {
    let codes: HashSet<&str> = batch.ready().map(|row| division(&row.item)).collect();
    let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
    let known = known(act.tx(), &codes).await?;
    let caller = act.caller();
    batch.reject_where(|item| {
        let code = division(item);
        if !known.contains(code) {
            return Some(unknown(code));
        }
        (!caller.holds_in(code)).then(|| outside(code))
    });
    Ok(())
}

/// The fault of a row in a division where the caller's role does not hold.
pub fn outside(code: &str) -> Fault {
    at(
        "division_code",
        "outside_division",
        Text::new(
            format!("区划 {code} 不在您的管辖范围内。"),
            format!("Division {code} is outside your jurisdiction."),
        ),
    )
}
