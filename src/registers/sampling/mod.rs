//! Soil and crop samples: the points where they are taken, what was taken when, and what the laboratory found.

mod store;
mod within;

pub use within::{ELEMENTS, PointSample, StatedLimit, Units, within_units};

/// Whose sampling it is: the survey (详查/普查), routine monitoring (国控/省控例行监测), an enterprise's self-monitoring
/// (自行监测), the investigation of a site (地块调查).
pub const PROGRAMS: [&str; 4] = ["survey", "routine_monitoring", "self_monitoring", "investigation"];
