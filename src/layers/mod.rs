//! Maps, generic: a [`Layer`] is data, and everything else follows from it.

pub mod def;

pub use def::{Column, Layer};
