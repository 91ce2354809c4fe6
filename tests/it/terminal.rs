//! What commands do when nobody reads what they say.

use std::process::{Command, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_jingtu"));
    program.env_remove("JINGTU_BLESS").args(arguments);
    program
}

/// `jingtu openapi | head -1`: far more than a pipe holds, and a reader that has gone.
#[test]
fn a_reader_that_goes_away_ends_nothing_with_a_panic() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("replies.ndjson"), "{}\n".repeat(5_000)).expect("written");
    for (arguments, code) in [(&["openapi"][..], 0), (&["verify", "replies.ndjson"], 3), (&["verify", "none"], 2)] {
        let mut program = program(arguments);
        let mut child = program
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        drop(child.stdout.take());
        let out = child.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {said}");
    }
    // Nor where what went wrong cannot be said.
    let mut child = program(&["verify", "none"]).stderr(Stdio::piped()).spawn().expect("the program runs");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("its end").code(), Some(2));
}

/// A full disk is no reader that has heard enough: what was not written is said to be so.
#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
    let out = program(&["openapi"]).stdout(full).output().expect("the program runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("Standard output cannot be written") && !said.contains("panicked"), "{said}");
}
