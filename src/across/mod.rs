//! What reads many registers at once.

pub mod imports;
