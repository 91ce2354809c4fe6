//! Breaking text into lines as Chinese is set: between any two characters, but no line begins with a closing mark or ends
//! with an opening one, and words and codes of Latin letters and digits stay whole where a line can hold them.

/// A stretch of text that is not broken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub text: String,
    /// Of the same measure as the width of a line.
    pub width: f32,
}

/// Marks that no line begins with.
const NOT_FIRST: &str = "，。、；：！？）〕］｝》〉」』】〗”’…—～·‧％‰℃,.;:!?)]}%々ー";

/// Marks that no line ends with.
const NOT_LAST: &str = "（〔［｛《〈「『【〖“‘([{￥＄$№";

/// What a Latin word or a code is made of.
fn is_wordly(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_/.:@#&+'=~,()%".contains(c) || ('\u{c0}'..'\u{250}').contains(&c)
}

/// Cuts text into units: a word or code, a space, any other character. A word that no line holds is cut into characters.
pub(super) fn units(text: &str, line: f32, width: impl Fn(char) -> f32) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut word = String::new();
    let flush = |word: &mut String, units: &mut Vec<Unit>| {
        if word.is_empty() {
            return;
        }
        let whole: f32 = word.chars().map(&width).sum();
        if whole <= line {
            units.push(Unit { text: std::mem::take(word), width: whole });
        } else {
            units.extend(word.chars().map(|c| Unit { text: c.to_string(), width: width(c) }));
            word.clear();
        }
    };
    for c in text.chars() {
        if is_wordly(c) {
            word.push(c);
        } else {
            flush(&mut word, &mut units);
            units.push(Unit { text: c.to_string(), width: width(c) });
        }
    }
    flush(&mut word, &mut units);
    units
}

/// A line: its units, and the width they take.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Line {
    pub units: Vec<Unit>,
    pub width: f32,
}

/// Fills lines one after another. `width` is that of a line by its place from 0. A unit wider than its line stands on it
/// alone.
pub(super) fn fill(units: Vec<Unit>, width: impl Fn(usize) -> f32) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line: Vec<Unit> = Vec::new();
    let mut used = 0.0;
    for unit in units {
        if line.is_empty() && !lines.is_empty() && unit.text == " " {
            continue;
        }
        let room = width(lines.len());
        // Widths are sums of floats; a line that is full to the last digit is full, not overfull.
        if used + unit.width <= room + 0.01 || line.is_empty() {
            used += unit.width;
            line.push(unit);
            continue;
        }
        if unit.text == " " {
            continue;
        }
        let next = carried(&mut line, &unit, width(lines.len() + 1));
        lines.push(closed(line));
        used = next.iter().map(|u| u.width).sum::<f32>() + unit.width;
        line = next;
        line.push(unit);
    }
    if !line.is_empty() {
        lines.push(closed(line));
    }
    lines
}

/// What moves to the next line with the unit that begins it: so much that neither line breaks the rules. Where that would
/// take the whole line, or more than the next one holds, nothing moves.
fn carried(line: &mut Vec<Unit>, beginning: &Unit, room: f32) -> Vec<Unit> {
    let mut keep = line.len();
    let mut first = beginning;
    loop {
        let Some(last) = keep.checked_sub(1).and_then(|at| line.get(at)) else { return Vec::new() };
        let ill = may_not_begin(first) || may_not_end(last);
        if !ill {
            break;
        }
        keep -= 1;
        first = last;
    }
    let taken: f32 = line[keep..].iter().map(|unit| unit.width).sum();
    if keep == 0 || taken + beginning.width > room + 0.01 { Vec::new() } else { line.split_off(keep) }
}

fn may_not_begin(unit: &Unit) -> bool {
    unit.text.chars().next().is_some_and(|c| NOT_FIRST.contains(c))
}

fn may_not_end(unit: &Unit) -> bool {
    unit.text.chars().next_back().is_some_and(|c| NOT_LAST.contains(c))
}

fn closed(mut line: Vec<Unit>) -> Line {
    while line.len() > 1 && line.last().is_some_and(|unit| unit.text == " ") {
        line.pop();
    }
    let width = line.iter().map(|unit| unit.width).sum();
    Line { units: line, width }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Full width 1, half width 0.5.
    fn width(c: char) -> f32 {
        if c.is_ascii() { 0.5 } else { 1.0 }
    }

    fn set(text: &str, room: f32) -> Vec<String> {
        fill(units(text, room, width), |_| room)
            .into_iter()
            .map(|line| line.units.into_iter().map(|unit| unit.text).collect())
            .collect()
    }

    #[test]
    fn closing_marks_do_not_begin_a_line_and_opening_ones_do_not_end_one() {
        assert_eq!(set("一二三四，五", 4.0), ["一二三", "四，五"]);
        assert_eq!(set("一二三四》。五", 4.0), ["一二三", "四》。五"]);
        assert_eq!(set("一二三《四五》六", 4.0), ["一二三", "《四五》", "六"]);
        assert_eq!(set("一二（“三四”）", 4.0), ["一二", "（“三", "四”）"]);
    }

    #[test]
    fn words_and_codes_stay_whole_unless_no_line_holds_them() {
        assert_eq!(set("编号 152921YS20260001 号", 9.0), ["编号", "152921YS20260001", "号"]);
        assert_eq!(set("编号ABCDEFGHIJKL", 4.0), ["编号ABCD", "EFGHIJKL"]);
        assert_eq!(set("a b", 1.0), ["a", "b"]);
    }

    #[test]
    fn a_line_of_marks_only_is_filled_all_the_same() {
        assert_eq!(set("。。。。。。", 2.0), ["。。", "。。", "。。"]);
        assert_eq!(set("", 2.0), [""; 0]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_overflows(text in "[一-三，。（）《》a-c0-9 -]{0,80}", room in 2u8..20) {
            let room = f32::from(room);
            let lines = set(&text, room);
            let squeeze = |s: &str| s.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
            for line in &lines {
                // Only a single character may be wider than its line.
                prop_assert!(line.chars().map(width).sum::<f32>() <= room + 0.01 || line.chars().count() == 1, "{}", line);
            }
        }
    }
}
