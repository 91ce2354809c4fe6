//! Committed text that the code must agree with.

use std::path::Path;

/// Asserts that a committed file is `text`; writes it instead when `JINGTU_BLESS=1`.
pub fn committed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("JINGTU_BLESS").is_ok_and(|v| v == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        std::fs::write(&path, text).expect("write");
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let at = there.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = at.unwrap_or_else(|| there.lines().count().min(text.lines().count()));
    assert!(
        there == text,
        "{file} is not what the code says, from line {} on:\n  committed: {}\n  the code:  {}\nrun `make bless`, and read the diff",
        line + 1,
        there.lines().nth(line).unwrap_or("(the end)"),
        text.lines().nth(line).unwrap_or("(the end)"),
    );
}
