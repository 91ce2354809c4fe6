//! Standards of soil: the two national ones, which are part of the program, and the stricter or additional values that
//! provinces set (Ecological Environment Code art. 400), which are entered here; and screening against both.
//!
//! A local standard is entered as a version with a first day. A later version of the same code ends the one before the day
//! it begins; nobody writes that end, it follows from the versions. A version entered in error is withdrawn with a reason,
//! and then never held; its limit values cannot be changed, so that what an answer rested on stays what it was.
//!
//! How well a local value is known is said by who entered it: `recalled`, or `verified` where the text is filed.

mod actions;
mod http;
pub mod rules;
mod store;

pub use actions::local_limits;
pub use store::{Moved, moved};

use super::Register;

/// What the register of standards declares.
pub static REGISTER: Register = Register { id: "standard", routes: http::routes, layers: &[], importers: &[] };
