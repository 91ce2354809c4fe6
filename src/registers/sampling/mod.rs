//! Soil and crop samples: the points where they are taken, what was taken when, and what the laboratory found.

mod rules;
mod store;
mod within;

pub use within::{ELEMENTS, PointSample, StatedLimit, Units, within_units};

pub use rules::{MEDIA, PROGRAMS};
