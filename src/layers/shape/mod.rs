//! Geometry as PostgreSQL sends it becomes text or a piece of a tile in one pass over its bytes: pure, without an object
//! for each vertex and without an allocation for each feature.
//!
//! ```text
//! walk      well-known binary → runs of positions      fixed    ordinates as decimal text, fixed point
//! text      runs → GeoJSON, WKT                         mercator latitude → rows of a tile, exact and fast
//! grid      runs → points, lines, rings of a tile       clip     what of them lies in the tile's window
//! simplify  fewer vertices, and rings that still are rings
//! ```
//!
//! Heights and measures are passed over everywhere. What turns positions before they are written (the order of axes, a
//! national shift) is a function that the caller hands in and the compiler folds into the loop.

pub mod clip;
pub mod fixed;
pub mod grid;
pub mod mercator;
pub mod simplify;
pub mod text;
pub mod walk;

pub use fixed::Fixed;
pub use grid::{Cutter, Drawn, Grid, Small};
pub use walk::{BadWkb, Kind, Positions, Sink, walk};

#[cfg(test)]
pub(super) mod samples;
