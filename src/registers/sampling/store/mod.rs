//! All SQL of samples; [`within`] is what classification asks.

mod within;

pub use within::{BesideRow, InsideRow, points_inside, samples_of};
