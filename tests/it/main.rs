//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod authorization;
mod deadline;
mod document;
mod imports;
mod openapi;
mod pg;
mod platform;
mod support;
