//! What a layer may be called, what geometry a feature may have, and what its attributes are. Pure.

pub mod columns;
pub mod shape;

use crate::kernel::{Fault, Text};

/// Longest name of a layer.
const MAX_NAME: usize = 63;

/// Whether a layer can have this name: a small letter, then small letters, digits, `-` and `_`.
///
/// # Errors
/// `bad_layer_name` at `pointer`.
pub fn check_name(name: &str, pointer: &str) -> Result<(), Fault> {
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let goes_on = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if begins && goes_on && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(Fault::new(
        pointer,
        "bad_layer_name",
        Text::new(
            format!("“{name}”不能作为图层名：应以小写字母开头，只含小写字母、数字、- 和 _，不超过 {MAX_NAME} 个字符。"),
            format!(
                "`{name}` cannot be a layer's name: a small letter, then small letters, digits, - and _, at most {MAX_NAME} characters."
            ),
        ),
    ))
}

/// Titles of a layer that is made by its first import, after its kind.
pub fn titles(kind: &str) -> Text {
    match kind {
        "schools" => Text::fixed("学校", "Schools"),
        "homes" => Text::fixed("居民区", "Homes"),
        "hospitals" => Text::fixed("医院、疗养院", "Hospitals and sanatoria"),
        "care_homes" => Text::fixed("养老院", "Homes for the elderly"),
        "kindergartens" => Text::fixed("幼儿园", "Kindergartens"),
        "water_sources" => Text::fixed("饮用水水源", "Sources of drinking water"),
        "permanent_basic_farmland" => Text::fixed("永久基本农田", "Permanent basic farmland"),
        "red_lines" => Text::fixed("生态保护红线", "Red lines of ecological protection"),
        _ => Text::fixed("其他", "Other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_is_none() {
        for name in super::super::KINDS.into_iter().chain(["a", "wells-2026", "x_1"]) {
            assert!(check_name(name, "/name").is_ok(), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", "A", "1a", "-a", "学校", "a b", "a:b", &long] {
            assert_eq!(check_name(name, "/name").map_err(|fault| fault.code), Err("bad_layer_name"), "{name}");
        }
    }
}
