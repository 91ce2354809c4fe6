//! `jingtu verify FILE`: what the registry signed, checked without the registry and without any database.

use super::Outcome;
use super::say::say;
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::pdf;
use crate::platform::seal::InclusionProof;
use crate::platform::seal::document::{self, Evidence, Examined, Finding, Inclusion};
use crate::platform::seal::manifest::{self, Held};
use crate::platform::seal::note::Verifier;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A reply or a manifest as it was issued, replies one a line (NDJSON), with their manifest or without, or a certificate
    /// (PDF) that carries one
    file: PathBuf,
    /// The registry's keys, from a source that is trusted: the answer of /v1/signing-keys, or vkey lines
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A checkpoint of its log, as /v1/land-check-log/checkpoint gives it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Proofs that it is in the log, one or several a file: answers of /v1/land-check-log/proof
    #[arg(long, value_name = "FILE")]
    proof: Vec<PathBuf>,
}

/// What came of one document of the file.
#[derive(serde::Serialize)]
struct Report {
    /// Its line, from 1.
    line: usize,
    valid: bool,
    number: Option<String>,
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments, json: bool) -> Result<Outcome> {
    let mut bytes = read(&arguments.file)?;
    if bytes.starts_with(b"%PDF") {
        // Only what is attached was signed; what is printed is for reading.
        bytes = pdf::attachment(&bytes)?;
        if !json {
            say!("核验的是证书所附的 reply.json；纸面内容未签名，以附件为准。")?;
            say!(
                "What is verified is the attached reply.json; the printed pages are not signed, the attachment counts."
            )?;
        }
    }
    let keys = arguments.keys.as_deref().map(keys).transpose()?;
    let checkpoint = arguments.checkpoint.as_deref().map(text).transpose()?;
    let mut proofs = Vec::new();
    for path in &arguments.proof {
        proofs.extend(inclusions(path)?);
    }
    let mut valid = true;
    let documents = documents(&bytes);
    let count = documents.len();
    let Held { findings, refusals } = manifest::hold(&documents);
    for (at, ((document, of_batch), refused)) in documents.into_iter().zip(findings).zip(refusals).enumerate() {
        let mut report = match refused {
            true => Report { line: at + 1, valid: true, number: None, findings: Vec::new() },
            false => report(at + 1, document, keys.as_deref(), checkpoint.as_deref(), &proofs),
        };
        report.valid &= of_batch.iter().all(|finding| finding.ok != Some(false));
        report.findings.extend(of_batch);
        valid &= report.valid;
        if json {
            super::print_json(&report)?;
        } else {
            print(&report, count > 1)?;
        }
    }
    if !json {
        if valid {
            say!("未发现改动：{count} 份 / Nothing was refuted: {count}")?;
        } else {
            say!("有被否定的项 / Something was refuted")?;
        }
    }
    Ok(if valid { Outcome::Done } else { Outcome::No })
}

/// The documents of a file. A line feed never stands inside canonical JSON, so a file with one has a document a line; the
/// last line feed is the end of a line, not a document.
fn documents(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').collect()
}

fn report(
    line: usize,
    bytes: &[u8],
    keys: Option<&[Verifier]>,
    checkpoint: Option<&str>,
    proofs: &[(Inclusion, String)],
) -> Report {
    let claim = document::examine(bytes, Evidence::default()).claim;
    let proof = claim.as_ref().and_then(|claim| proofs.iter().find(|(proof, _)| proof.index == claim.log_index));
    // A proof is given together with the log's end; one that was kept apart goes before it.
    let checkpoint = checkpoint.or(proof.map(|(_, checkpoint)| checkpoint.as_str()));
    let evidence = Evidence { keys, inclusion: proof.map(|(proof, _)| proof), checkpoint };
    let mut examined = document::examine(bytes, evidence);
    examined.findings.push(Finding::new(
        "standing",
        None,
        Text::fixed(
            "未证明现时仍然有效：请查询登记系统（/v1/land-checks/{id}/standing）。",
            "Not proved: that it still stands. Ask the registry (/v1/land-checks/{id}/standing).",
        ),
    ));
    let number = serde_json::from_slice::<Value>(bytes).ok();
    let number = number.and_then(|value| Some(value.get("number")?.as_str()?.to_owned()));
    let valid = Examined::is_valid(&examined);
    Report { line, valid, number, findings: examined.findings }
}

fn print(report: &Report, many: bool) -> Result<()> {
    if many {
        say!("第 {} 行 / line {}：{}", report.line, report.line, report.number.as_deref().unwrap_or("-"))?;
    }
    for finding in &report.findings {
        let mark = match finding.ok {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        say!("{mark} {}\n  {}", finding.text_zh, finding.text_en)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| {
        Error::new(
            Kind::Malformed,
            "file_unreadable",
            Text::new(
                format!("无法读取文件 {}。", path.display()),
                format!("The file {} cannot be read.", path.display()),
            ),
        )
        .because(cause)
    })
}

/// The text of a file that is given as evidence.
pub(super) fn text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|cause| not_what(path, Text::fixed("UTF-8 文本", "text in UTF-8")).because(cause))
}

/// The registry's keys: the answer of `/v1/signing-keys`, or one vkey a line.
fn keys(path: &Path) -> Result<Vec<Verifier>> {
    let text = text(path)?;
    let lines: Vec<String> = match serde_json::from_str::<Value>(&text) {
        Ok(value) => {
            let list = value["keys"].as_array().cloned().unwrap_or_default();
            list.iter().map(|key| key["vkey"].as_str().unwrap_or_default().to_owned()).collect()
        }
        Err(_) => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(str::to_owned).collect()
        }
    };
    let keys: Option<Vec<Verifier>> = lines.iter().map(|line| Verifier::parse(line)).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        not_what(
            path,
            Text::fixed("/v1/signing-keys 的应答或 vkey 行", "the answer of /v1/signing-keys, or lines of vkeys"),
        )
    })
}

/// Proofs of a file, each with the checkpoint that came with it: one answer of `/v1/land-check-log/proof`, or one a line.
fn inclusions(path: &Path) -> Result<Vec<(Inclusion, String)>> {
    let text = text(path)?;
    let read = serde_json::Deserializer::from_str(&text).into_iter::<InclusionProof>();
    let proofs: Option<Vec<_>> = read.map(|proof| inclusion(proof.ok()?)).collect();
    proofs.filter(|proofs| !proofs.is_empty()).ok_or_else(|| {
        not_what(path, Text::fixed("/v1/land-check-log/proof 的应答", "an answer of /v1/land-check-log/proof"))
    })
}

fn inclusion(proof: InclusionProof) -> Option<(Inclusion, String)> {
    let hash = |hash: &String| STANDARD.decode(hash).ok()?.try_into().ok();
    let inclusion = Inclusion {
        index: proof.index,
        size: proof.size,
        entry: STANDARD.decode(&proof.entry).ok()?,
        hashes: proof.hashes.iter().map(hash).collect::<Option<_>>()?,
    };
    Some((inclusion, proof.checkpoint))
}

fn not_what(path: &Path, what: Text) -> Error {
    Error::new(
        Kind::Malformed,
        "bad_evidence",
        Text::new(
            format!("文件 {} 不是{}。", path.display(), what.zh),
            format!("The file {} is not {}.", path.display(), what.en),
        ),
    )
}
