//! Seals: what the registry signs, and the log of what it signed.
//!
//! A document is signed over its canonical form ([`canonical`]) and entered in an append-only log under a Merkle tree
//! ([`merkle`]), whose end is signed as a checkpoint that others can keep ([`note`]). Who holds a sealed document can show
//! that it is unchanged and whose key signed it; who holds a checkpoint, that nothing logged before was taken out or
//! altered. [`document`] checks that without any database, and [`manifest`] the lines of a batch among each other.
//!
//! Sealing happens inside an [`Act`](super::Act), by a [`Sealer`]. Lock order in an act: the counter of a division, then
//! the log's end, then the audit chain's end.

pub mod audit;
pub mod canonical;
pub mod document;
mod http;
pub mod key;
pub mod log;
pub mod manifest;
pub mod merkle;
pub mod note;
mod sealer;

pub use http::{ConsistencyProof, InclusionProof, ProofView, routes};
pub use sealer::{Entry, KeyCache, Rotation, Sealed, Sealer, rotate};
