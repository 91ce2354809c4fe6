//! The clocks: what is due when, counted as the Civil Code counts.

pub mod rules;
