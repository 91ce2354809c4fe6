//! What commands say on the terminal; nothing else writes there.

use crate::kernel::{Error, Kind, Result, Text};
use std::fmt;
use std::io::{ErrorKind, Write};

/// Writes a line to standard output: `say!("{n} lines")?`.
macro_rules! say {
    ($($said:tt)*) => {
        $crate::cli::say::line(format_args!($($said)*))
    };
}

/// Writes a line to standard error: progress, and what went wrong.
macro_rules! aside {
    ($($said:tt)*) => {
        $crate::cli::say::beside(format_args!($($said)*))
    };
}

pub(super) use {aside, say};

/// A line of standard output. When its reader has heard enough (`| head`) the command goes on to its end unheard: what it
/// does, and the code it ends with, are the same.
///
/// # Errors
/// `output_unwritable` where the line cannot be written, as on a full disk.
pub(super) fn line(said: fmt::Arguments<'_>) -> Result<()> {
    match put(&mut std::io::stdout().lock(), said) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Unavailable,
            "output_unwritable",
            Text::fixed("无法写标准输出。", "Standard output cannot be written."),
        )
        .because(cause)),
        _ => Ok(()),
    }
}

/// A line of standard error. Where nobody can hear it, there is nobody to tell.
pub(super) fn beside(said: fmt::Arguments<'_>) {
    drop(put(&mut std::io::stderr().lock(), said));
}

fn put(out: &mut impl Write, said: fmt::Arguments<'_>) -> std::io::Result<()> {
    out.write_fmt(said)?;
    out.write_all(b"\n")
}
