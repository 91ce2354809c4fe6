//! The law as the code has it: every rule that this registry decides by, with its text, its articles on a day, where and
//! from when to when it holds, who acts, what it reads from the configuration, where it is used and which tests pin it.
//!
//! Nothing is stated here. What is shown is read off the tables that the rules themselves run on: event types and
//! transitions of sites, restrictions of use, clocks, duties to publish, gates of the land check, duties of key units,
//! parameters, provisions. Where a rule is used and what pins it is read off the source by a test, into `index.txt`.
//!
//! * `rules`: the tables as one list of [`RuleEntry`]; the index; the drawing of a site's life cycle.
//! * `view`: a rule as it holds on a day and in a place; `page`: the same for a reader, as HTML.
//! * `http`: `/v1/rules`, `/rules`, the drawing.

mod http;
mod page;
mod rules;
mod view;

pub use http::routes;
pub use rules::{Kind, RuleEntry, all};

use crate::across::land_check;
use crate::config::Config;
use crate::kernel::Result;
use rules::settings::{wrong_parameter, wrong_rolling};

/// Refuses settings of rules that cannot be meant: a parameter, clock, division or operation that there is not, a number
/// that is not one of its unit. A silent default would be another law.
///
/// # Errors
/// `bad_config` naming the key.
pub fn check_settings(config: &Config) -> Result<()> {
    if let Some((key, what)) = wrong_parameter(&config.parameters).or_else(|| wrong_rolling(&config.roll_forward)) {
        return Err(Config::refuse(&key, what));
    }
    land_check::settings(config).map(|_| ())
}
