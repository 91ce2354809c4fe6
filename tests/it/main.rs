//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod check_basis;
mod division;
mod farmland;
mod loading;
mod pg;
mod platform;
mod support;
