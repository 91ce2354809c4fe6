//! Pure decisions about divisions.

pub mod tree;
