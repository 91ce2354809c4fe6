//! Jingtu 净土: the registry of contaminated land, construction land and farmland together.

pub mod across;
pub mod api;
pub mod config;
pub mod kernel;
pub mod layers;
pub mod pg;
pub mod platform;
pub mod registers;
pub mod standards;
