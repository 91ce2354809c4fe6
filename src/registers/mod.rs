//! The registers, one room each.

pub mod deadline;
