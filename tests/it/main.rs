//! Everything that is tested through public surfaces, one module per register or part.
#![cfg(test)]

mod authorization;
mod check_basis;
mod class_adjustment;
mod classification;
mod deadline;
mod deadline_daily;
mod demo;
mod division;
mod document;
mod farmland;
mod imports;
mod land_check;
mod layers;
mod ledger;
mod life_cycle;
mod lineage;
mod lists;
mod loading;
mod notice;
mod openapi;
mod outbox;
mod pg;
mod platform;
mod proof;
mod protection;
mod publicity;
mod rule_index;
mod rules;
mod site;
mod support;
