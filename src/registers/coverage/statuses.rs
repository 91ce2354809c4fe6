//! What land checks ask of coverage.

use super::store;
use crate::kernel::{Day, Result};
use crate::platform::overlay::share;
use sqlx::PgConnection;

/// What is known of a parcel as regards one register.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// One of [`super::REGISTERS`].
    pub register: &'static str,
    /// Share of the parcel, 0 to 1, for which the register is kept.
    pub kept: f64,
    /// Share of the parcel, 0 to 1, that was investigated for it and found clean.
    pub investigated_clean: f64,
    /// The latest day whose state any of it tells; `None` where nothing is said.
    pub as_of: Option<Day>,
}

/// One status per register, in the order of [`super::REGISTERS`], for a parcel (EWKB, EPSG:4490, valid) on a day.
///
/// # Errors
/// When the database cannot be reached.
pub async fn statuses(conn: &mut PgConnection, parcel: &[u8], on: Day) -> Result<Vec<Status>> {
    let rows = store::statuses(conn, parcel, on).await?;
    let status = |register: &'static str| {
        let mut status = Status { register, kept: 0.0, investigated_clean: 0.0, as_of: None };
        for row in rows.iter().filter(|row| row.register == register) {
            let covered = share(row.area_m2, row.parcel_m2);
            if covered <= 0.0 {
                continue;
            }
            match row.status.as_str() {
                "kept" => status.kept = covered,
                _ => status.investigated_clean = covered,
            }
            status.as_of = status.as_of.max(Some(row.as_of));
        }
        status
    };
    Ok(super::REGISTERS.into_iter().map(status).collect())
}
