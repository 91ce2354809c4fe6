//! The indicators that plans set targets for (rulebook section 7): how each is counted, against which targets, with the rows
//! that make up numerator and denominator; and what a bureau reported for a year, frozen.
//!
//! | code | indicator | counted on |
//! |---|---|---|
//! | K1 | 受污染耕地安全利用率 (13th five-year plan) | farmland units and measures on them |
//! | K1b | the same, on classes alone (14th and 15th) | farmland units and measures on them |
//! | K2 | 污染地块安全利用率 | land taken into use again, and where its sites stood |
//! | K3 | 重点建设用地安全利用 | land given to housing and public uses, and its surveys |
//! | K5 | 监测点位县域覆盖率 | counties and their monitoring points |
//! | K6 | 优先保护类耕地面积变化 | farmland units on two days |
//!
//! * `rules`: definitions, targets, and the arithmetic, pure.
//! * `gather`: the rows of a division and a year, read from the registers.
//! * `view`: an indicator as it goes over the wire, and into a report.
//! * `store`, `actions`, `http`: reports, frozen.

mod actions;
mod gather;
mod http;
mod rules;
mod store;
mod view;

pub use http::routes;
