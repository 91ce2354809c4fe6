//! Words of the whole crate: identifiers, civil days, the clock, bilingual text, errors, legal bases, geometry, paging.
//!
//! Nothing here does input or output, and nothing here knows a register.

pub mod basis;
pub mod chart;
pub mod clock;
pub mod day;
pub mod division;
pub mod error;
pub mod geometry;
pub mod ids;
pub mod network;
pub mod paging;
pub mod quantity;
pub mod text;
pub mod wkb;

pub use basis::{Basis, Citation, Confidence, Instrument, Provision};
pub use chart::Chart;
pub use clock::Clock;
pub use day::Day;
pub use division::DivisionCode;
pub use error::{Error, Fault, Kind};
pub use geometry::{Area, AreaGeometry, Bbox, mu, tolerance_m2};
pub use ids::*;
pub use network::Network;
pub use quantity::{Decimal, Measured, Unit};
pub use text::{Lang, Text};

/// Result of everything that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;
