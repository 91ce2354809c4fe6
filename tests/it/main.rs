//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod authorization;
mod layers;
mod openapi;
mod pg;
mod platform;
mod support;
