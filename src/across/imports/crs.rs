//! The reference system of a file, and its coordinates turned.

use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::App;
use crate::platform::crs::{self, Crs};
use crate::registers::ImportFeature;
use serde_json::Value;

/// The reference system that holds for a file: the file's own where it says one, else the one given.
///
/// # Errors
/// `crs_contradiction` when both are there and differ; `crs_unknown`, `crs_other_datum` for what cannot be turned.
pub(super) async fn settle(app: &App, member: Option<&Value>, given: Option<Crs>) -> Result<Crs> {
    let own = member.map(Crs::from_member).transpose()?.flatten();
    let crs = match (own, given) {
        (Some(own), Some(given)) if own != given => {
            return Err(Error::fault(
                "/crs",
                "crs_contradiction",
                Text::new(
                    format!("文件声明的坐标系（{}）与参数 crs（{}）不同。", own.name(), given.name()),
                    format!("The file says {} and the parameter crs says {}.", own.name(), given.name()),
                ),
            ));
        }
        (Some(crs), _) | (None, Some(crs)) => crs,
        (None, None) => Crs::LonLat,
    };
    crs.require(app.db()).await?;
    Ok(crs)
}

/// Turns the coordinates of a batch. Gives, for the features that cannot be turned, what is wrong, by their place in the
/// batch.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn turn(app: &App, code: i32, batch: &mut [ImportFeature]) -> Result<Vec<(usize, Fault)>> {
    let mut geometries: Vec<&mut Value> = batch.iter_mut().map(|feature| &mut feature.geometry).collect();
    crs::turn(app.db(), code, &mut geometries).await
}
