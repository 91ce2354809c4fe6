//! What a local standard must be to be entered, which of its versions holds, and what the words of a screening mean.

pub mod entry;
pub mod understand;
pub mod versions;
