//! `jingtu openapi`

use super::Outcome;
use crate::kernel::{Error, Result};

pub(super) fn run() -> Result<Outcome> {
    println!("{}", crate::api::document().to_pretty_json().map_err(Error::internal)?);
    Ok(Outcome::Done)
}
