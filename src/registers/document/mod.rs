//! Documents: notices, reports, opinions, approvals. What the law asks to be in writing is filed here, and events point
//! to it by identifier; the content's SHA-256 says what was filed.
//!
//! A document belongs to the division of whoever filed it, and to those of the records it is attached to. Departments that
//! cover one of these divisions read it; a land user reads what its own keys filed and what is attached to its own
//! records; an agency reads what it filed itself. The public reads none.

mod actions;
mod http;
pub mod rules;
mod store;

pub use actions::{NewDocument, Subject, add, attach, exists};

use super::Register;

/// What the document register declares.
pub static REGISTER: Register = Register { id: "document", routes: http::routes, layers: &[], importers: &[] };
