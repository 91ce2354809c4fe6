//! Checking what the registry signed, for whoever was handed it: is it unchanged, is it the registry's, is it in the log.
//!
//! What this answers can be found out without asking the registry as well (`jingtu verify`). It looks at no register: how
//! a reply stands today is asked of the reply itself.

mod actions;
mod http;

pub use http::routes;
