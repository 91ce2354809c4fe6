//! Geometry as PostgreSQL sends it becomes a piece of a tile, or a geometry with fewer vertices, in one pass over its bytes:
//! pure, without an object for each vertex and without an allocation for each feature.
//!
//! ```text
//! grid     well-known binary → points, lines, rings of a tile      clip     what of them lies in the tile's window
//! mercator latitude → rows of a tile, exact and fast
//! simplify fewer vertices, and rings that still are rings    coarse   the same of whole geometries
//! ```

pub mod clip;
pub mod coarse;
pub mod grid;
pub mod mercator;
pub mod simplify;

pub use coarse::Coarsener;
pub use grid::{Cutter, Drawn, Grid, Small};
