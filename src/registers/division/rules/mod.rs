//! Pure decisions about divisions.

pub mod above;
pub mod tree;
