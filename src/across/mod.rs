//! What reads many registers at once.

pub mod land_check;
