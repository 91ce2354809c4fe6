//! Land taken into use again (再开发利用): the decision that gave a site or a parcel to its new use, with the day of the
//! allocation (划拨决定书), the grant (出让合同), the permit or the change of use. What the shares of safely used building
//! land (K2, K3) are counted on; whether the soil was fit for the use on that day, the site's own log says.

mod actions;
mod http;
mod store;

use super::Register;

/// What this register declares.
pub static REGISTER: Register = Register { id: "redevelopment", routes: http::routes, layers: &[], importers: &[] };

/// Decisions on the wire.
pub const DECISIONS: [&str; 4] = ["allocation", "grant", "permit", "change_of_use"];

pub use store::{Redevelopment, decided};
