//! Decisions about farmland units, pure.

pub(super) mod classify;
