//! Jingtu 净土: the registry of contaminated land, construction land and farmland together.

pub mod kernel;
pub mod registers;
pub mod standards;
