//! Measurements against the bare limit, in the same run: `make bench`, `make bench ONLY=screen`, or
//! `make bench ONLY=land_check UNITS=100000,1000000` for other numbers of farmland units than one and ten million.
//! `make bench ONLY=layers` compares the layers with other programs as well, which it installs, and writes `BENCHMARKS.md`.
//!
//! Every line is work that the product does, beside the least that the machine needs for the same answer: a loop in Rust
//! over the same figures, or one SQL statement over the same rows. What counts is the ratio; the rates are of the machine.
//! Each is run three times and the fastest taken. Nothing here is a test.

#![expect(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement that cannot be made ends at once, and counts stay far below four thousand million"
)]

mod farmland;
mod ground;
mod land_check;
mod layers;
mod registry;
mod seal;
#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "tests need more of a world than measurements do")]
mod support;

use std::time::{Duration, Instant};

/// A line of the table.
pub struct Line {
    /// What was done.
    pub what: String,
    /// How many of it.
    pub n: usize,
    /// How long the product took.
    pub product: Duration,
    /// How long the bare limit took, and what it is.
    pub bare: (Duration, &'static str),
}

/// The fastest of three runs, after what each needs before it.
pub fn fastest<S, T>(mut before: impl FnMut() -> S, mut run: impl FnMut(S) -> T) -> (Duration, T) {
    let mut best: Option<(Duration, T)> = None;
    for _ in 0..3 {
        let ready = before();
        let start = Instant::now();
        let out = run(ready);
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(known, _)| took < *known) {
            best = Some((took, out));
        }
    }
    best.expect("three runs")
}

fn print(lines: &[Line]) {
    println!();
    println!("{:<58} {:>9} {:>9} {:>12} {:>9} {:>7}  bare limit", "work", "n", "s", "per s", "bare s", "ratio");
    for Line { what, n, product, bare: (bare, of) } in lines {
        let (took, least) = (product.as_secs_f64(), bare.as_secs_f64());
        println!("{what:<58} {n:>9} {took:>9.3} {:>12.0} {least:>9.3} {:>7.1}  {of}", *n as f64 / took, took / least);
    }
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    let (only, rounds) = (words.next(), words.next());
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut lines = Vec::new();
    if wanted("screen") {
        lines.push(farmland::screen_in_memory());
        lines.push(runtime.block_on(farmland::screen_stored()));
    }
    if wanted("classify") {
        lines.push(runtime.block_on(farmland::classify_county()));
    }
    if wanted("seal") {
        lines.push(runtime.block_on(seal::ten_thousand()));
    }
    if wanted("land_check") {
        runtime.block_on(land_check::measure(rounds.as_deref()));
    }
    if wanted("layers") {
        runtime.block_on(layers::measure(rounds.as_deref()));
    }
    if !lines.is_empty() {
        print(&lines);
    }
}
