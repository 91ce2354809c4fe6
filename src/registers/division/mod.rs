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
use crate::kernel::{Fault, Result, Text};
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
pub use store::{Under, ancestors, distance_m, known, under};

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
