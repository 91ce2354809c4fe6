//! What follows a land check that needs the ecology bureau's word (G2): the letter that asks, the written reply, the verdict
//! after it, and what planning shares with the bureaus of a quarter.
//!
//! ```text
//!                    letter (number ZX-…)               reply
//!   awaiting ──────────────────────────► consulted ─────────────► replied ──┐ correction, with its reason
//!      ▲  │                                  │                       ▲  ▲───┘
//!      │  └── reply without a letter ────────│───────────────────────┘
//!      └──────── withdrawal, with its reason ┘
//! ```
//!
//! A check is stored byte for byte and never changes; letters, withdrawals and replies are rows beside it and never change
//! either. The reply that came last stands. The verdict after it is the decision on the facts of the check, by the law of
//! its day, with the reply added.
//!
//! A letter starts the clock `land_check_reply`. No text gives its length: it is a setting, and where nobody has set it the
//! clock has no last day and says so.

mod actions;
mod http;
mod rules;
mod sheet;
mod store;

pub use http::routes;
