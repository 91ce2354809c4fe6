//! `jingtu`: the server and its commands.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    jingtu::cli::run(jingtu::cli::Arguments::parse())
}
