//! `jingtu openapi`

use super::Outcome;
use super::say::say;
use crate::kernel::{Error, Result};

pub(super) fn run() -> Result<Outcome> {
    say!("{}", crate::api::document().to_pretty_json().map_err(Error::internal)?)?;
    Ok(Outcome::Done)
}
