//! What reads many registers at once.

pub mod conflicts;
pub mod consultation;
pub mod imports;
pub mod indicators;
pub mod land_check;
pub mod rulebook;
pub mod siting;
pub mod verify;
