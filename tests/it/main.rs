//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod authorization;
mod check_basis;
mod division;
mod farmland;
mod layers;
mod loading;
mod openapi;
mod pg;
mod platform;
mod support;
