//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod authorization;
mod check_basis;
mod deadline;
mod demo;
mod division;
mod document;
mod farmland;
mod imports;
mod land_check;
mod layers;
mod lists;
mod loading;
mod openapi;
mod pg;
mod platform;
mod site;
mod support;
