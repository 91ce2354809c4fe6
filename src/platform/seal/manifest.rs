//! A manifest names every row of a batch in order: what each reply's payload hashes to, and why a row was refused. A file
//! with the lines of a batch is held to it here, without any database: what is missing, what was put in, what was changed
//! or moved is named. Whose signature the manifest bears, [`document`](super::document) tells.

use super::document::Finding;
use crate::kernel::Text;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// What holding a line to the manifest found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What was found, line by line in the order of the file.
    pub findings: Vec<Vec<Finding>>,
    /// Whether the line is that of a refused row as the manifest has it: it bears no proof of its own.
    pub refusals: Vec<bool>,
}

/// A manifest, as far as lines are held to it.
#[derive(Deserialize)]
struct Manifest {
    asked: u64,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    row: u64,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    payload_sha256: Option<String>,
    #[serde(default)]
    error_code: Option<String>,
}

/// What a line is, before it is held to anything.
enum Line {
    Manifest(Manifest),
    /// A reply: the digest that its proof claims, which its own examination holds to the content; and its number.
    Reply {
        digest: String,
        number: Option<String>,
    },
    Refusal {
        row: u64,
        code: String,
    },
    Other,
}

impl Line {
    fn read(bytes: &[u8]) -> Line {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Line::Other };
        if value["manifest"].is_object() {
            return match serde_json::from_value(value["manifest"].clone()) {
                Ok(manifest) => Line::Manifest(manifest),
                Err(_) => Line::Other,
            };
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(digest) = text(&value["proof"]["payload_sha256"]) {
            return Line::Reply { digest, number: text(&value["number"]) };
        }
        match (value["row"].as_u64(), text(&value["error"]["code"])) {
            (Some(row), Some(code)) => Line::Refusal { row, code },
            _ => Line::Other,
        }
    }
}

fn refuted(zh: String, en: String) -> Finding {
    Finding::new("manifest", Some(false), Text::new(zh, en))
}

/// Holds the lines of a file to the manifests in it. A manifest ends its batch: it answers for the lines since the one
/// before it. In a file without a manifest nothing says which lines there should be, and of many lines that is said.
pub fn hold(lines: &[&[u8]]) -> Held {
    let read: Vec<Line> = lines.iter().map(|line| Line::read(line)).collect();
    let mut held = Held { findings: vec![Vec::new(); lines.len()], refusals: vec![false; lines.len()] };
    let ends: Vec<usize> =
        read.iter().enumerate().filter(|(_, line)| matches!(line, Line::Manifest(_))).map(|(at, _)| at).collect();
    let Some(last) = ends.last() else {
        if let Some(end) = held.findings.last_mut().filter(|_| lines.len() > 1) {
            end.push(Finding::new(
                "manifest",
                None,
                Text::fixed(
                    "未证明没有缺少或多出的行：文件中没有清单。",
                    "Not proved: that no line is missing or was put in. There is no manifest in the file.",
                ),
            ));
        }
        return held;
    };
    for findings in &mut held.findings[last + 1..] {
        findings.push(refuted(
            "本行在清单之后，不属于任何清单。".to_owned(),
            "The line stands behind the manifest, and belongs to none.".to_owned(),
        ));
    }
    let mut from = 0;
    for end in ends {
        if let Line::Manifest(manifest) = &read[end] {
            against(manifest, &read, from, end, &mut held);
        }
        from = end + 1;
    }
    held
}

/// Holds the lines from one on to the manifest at `end`.
fn against(manifest: &Manifest, read: &[Line], from: usize, end: usize, held: &mut Held) {
    let Manifest { asked, rows } = manifest;
    if from == end {
        held.findings[end].push(Finding::new(
            "manifest",
            None,
            Text::new(
                format!("未核对清单所列 {asked} 行：文件中没有这些行。"),
                format!("Not looked at: the {asked} rows that the manifest names. They are not in the file."),
            ),
        ));
        return;
    }
    let whole = rows.len() as u64 == *asked && rows.iter().zip(1..).all(|(row, n)| row.row == n);
    if !whole {
        held.findings[end].push(refuted(
            format!("清单自身不全：应有 {asked} 行，按序编号。"),
            format!("The manifest itself is not whole: it should name {asked} rows, numbered in order."),
        ));
    }
    let by_digest: HashMap<&str, &Row> =
        rows.iter().filter_map(|row| Some((row.payload_sha256.as_deref()?, row))).collect();
    let by_number: HashMap<&str, &Row> = rows.iter().filter_map(|row| Some((row.number.as_deref()?, row))).collect();
    let refused: HashMap<u64, &Row> =
        rows.iter().filter(|row| row.error_code.is_some()).map(|row| (row.row, row)).collect();
    let (mut seen, mut furthest) = (BTreeSet::new(), 0);
    for (at, line) in read.iter().enumerate().take(end).skip(from) {
        let (row, fault) = match line {
            Line::Reply { digest, number } => match by_digest.get(digest.as_str()) {
                Some(row) => (Some(*row), None),
                None => match number.as_deref().and_then(|number| by_number.get(number)) {
                    Some(row) => (
                        Some(*row),
                        Some(refuted(
                            format!("与清单不符：第 {} 行的摘要不是本行的，本行已被改动或替换。", row.row),
                            format!(
                                "It is not the manifest's: row {} has another digest; the line was changed or replaced.",
                                row.row
                            ),
                        )),
                    ),
                    None => (None, Some(foreign())),
                },
            },
            Line::Refusal { row, code } => match refused.get(row) {
                Some(found) if found.error_code.as_ref() == Some(code) => {
                    held.refusals[at] = true;
                    held.findings[at].push(Finding::new(
                        "refusal",
                        Some(true),
                        Text::new(
                            format!("第 {row} 行未能判定（{code}），清单如此载明；其说明文字未签名。"),
                            format!(
                                "Row {row} could not be judged ({code}), as the manifest says; the words of the line were not signed."
                            ),
                        ),
                    ));
                    (Some(*found), None)
                }
                Some(found) => (
                    Some(*found),
                    Some(refuted(
                        format!("与清单不符：第 {row} 行未能判定的原因不是 {code}。"),
                        format!("It is not the manifest's: row {row} was not refused for {code}."),
                    )),
                ),
                None => (None, Some(foreign())),
            },
            Line::Manifest(_) | Line::Other => (None, Some(foreign())),
        };
        held.findings[at].extend(fault);
        let Some(row) = row else { continue };
        if !seen.insert(row.row) {
            held.findings[at]
                .push(refuted(format!("第 {} 行重复出现。", row.row), format!("Row {} is there twice.", row.row)));
        } else if row.row < furthest {
            held.findings[at].push(refuted(
                format!("次序已改：第 {} 行在第 {furthest} 行之后。", row.row),
                format!("The order was changed: row {} stands behind row {furthest}.", row.row),
            ));
        }
        furthest = furthest.max(row.row);
    }
    for row in rows.iter().filter(|row| !seen.contains(&row.row)) {
        let named = row.number.as_ref().or(row.error_code.as_ref()).map_or("-", String::as_str);
        held.findings[end].push(refuted(
            format!("缺少第 {} 行（{named}）。", row.row),
            format!("Row {} ({named}) is missing.", row.row),
        ));
    }
    if held.findings[from..=end].iter().flatten().all(|finding| finding.ok != Some(false)) {
        let answered = rows.iter().filter(|row| row.payload_sha256.is_some()).count();
        held.findings[end].push(Finding::new(
            "manifest",
            Some(true),
            Text::new(
                format!("清单所列 {asked} 行齐全、次序不变：{answered} 行有回复。"),
                format!("All {asked} rows of the manifest are there, in its order: {answered} with a reply."),
            ),
        ));
    }
}

fn foreign() -> Finding {
    refuted("清单中没有本行。".to_owned(), "The manifest does not name this line.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(n: u64) -> String {
        json!({"number": format!("CX-{n}"), "proof": {"payload_sha256": format!("d{n}")}}).to_string()
    }

    /// Four rows, of which the third was refused.
    fn batch() -> Vec<String> {
        let row = |n: u64| json!({"row": n, "number": format!("CX-{n}"), "payload_sha256": format!("d{n}")});
        let rows = [row(1), row(2), json!({"row": 3, "error_code": "bad_json"}), row(4)];
        let refusal = json!({"row": 3, "error": {"code": "bad_json"}}).to_string();
        vec![reply(1), reply(2), refusal, reply(4), json!({"manifest": {"asked": 4, "rows": rows}}).to_string()]
    }

    /// Line (from 0) and English of everything that was refuted.
    fn said(lines: &[String]) -> Vec<(usize, String)> {
        let bytes: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let held = hold(&bytes);
        let of = |(at, found): (usize, Vec<Finding>)| {
            found.into_iter().filter(|one| one.ok == Some(false)).map(move |one| (at, one.text_en))
        };
        held.findings.into_iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn a_whole_batch_is_whole_and_two_behind_one_another_are() {
        let whole = batch();
        assert_eq!(said(&whole), []);
        let bytes: Vec<&[u8]> = whole.iter().map(String::as_bytes).collect();
        let held = hold(&bytes);
        assert_eq!(held.refusals, [false, false, true, false, false]);
        assert_eq!(held.findings[4].iter().map(|found| found.ok).collect::<Vec<_>>(), [Some(true)]);
        assert_eq!(said(&[whole.clone(), whole].concat()), []);
    }

    #[test]
    fn what_is_missing_put_in_changed_twice_or_moved_is_named() {
        type Change = fn(&mut Vec<String>);
        let cases: [(Change, usize, &str); 9] = [
            (|lines| drop(lines.remove(1)), 3, "Row 2 (CX-2) is missing."),
            (|lines| drop(lines.remove(2)), 3, "Row 3 (bad_json) is missing."),
            (|lines| lines.insert(2, reply(9)), 2, "The manifest does not name this line."),
            (|lines| lines.insert(0, "x".to_owned()), 0, "The manifest does not name this line."),
            (|lines| lines[1] = lines[1].replace("d2", "d9"), 1, "It is not the manifest's: row 2"),
            (|lines| lines[2] = lines[2].replace("bad_json", "x"), 2, "It is not the manifest's: row 3"),
            (|lines| lines.swap(0, 1), 1, "The order was changed: row 1 stands behind row 2."),
            (|lines| lines.insert(1, reply(1)), 1, "Row 1 is there twice."),
            (|lines| lines.push(reply(4)), 5, "The line stands behind the manifest"),
        ];
        for (change, at, expected) in cases {
            let mut lines = batch();
            change(&mut lines);
            let said = said(&lines);
            let [(line, text)] = &said[..] else { panic!("{expected}: {said:?}") };
            assert!(*line == at && text.starts_with(expected), "{expected}: {said:?}");
        }
        let mut short = batch();
        short[4] = short[4].replace("\"asked\":4", "\"asked\":5");
        assert_eq!(said(&short).len(), 1);
    }

    #[test]
    fn without_the_rows_or_the_manifest_nothing_is_refuted_and_that_is_said() {
        let lines = batch();
        for part in [&lines[4..], &lines[..2]] {
            assert_eq!(said(part), []);
            let bytes: Vec<&[u8]> = part.iter().map(String::as_bytes).collect();
            assert_eq!(hold(&bytes).findings.concat().iter().map(|found| found.ok).collect::<Vec<_>>(), [None]);
        }
        assert_eq!(hold(&[lines[0].as_bytes()]).findings, [[]], "one reply alone needs no manifest");
    }
}
