//! Decisions about farmland units, pure.

pub mod classify;
