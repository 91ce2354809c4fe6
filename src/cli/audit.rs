//! `jingtu audit verify`, `jingtu audit recompute-deadlines`

use super::Outcome;
use super::say::say;
use crate::across::{land_check, siting};
use crate::config::Config;
use crate::kernel::Result;
use crate::platform::audit::{self, Verification};
use crate::platform::seal;
use crate::registers::site::{self, Finding, Proof};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Recompute the whole audit chain, every site's log and the log of what was signed; exit code 3 when one does not hold
    Verify {
        /// A checkpoint kept from before: what the log had then must still be its beginning
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Derive every due date again from the sites' logs; exit code 3 when the deadline register differs
    RecomputeDeadlines,
}

#[derive(serde::Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    chain: &'a Verification,
    logs: &'a Proof,
    signed: &'a seal::audit::Verification,
    replies: &'a [land_check::Misfit],
}

pub(super) async fn run(config: Config, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Verify { checkpoint } => verify(config, checkpoint.as_deref(), json).await,
        Command::RecomputeDeadlines => recompute(config, json).await,
    }
}

async fn verify(config: Config, checkpoint: Option<&Path>, json: bool) -> Result<Outcome> {
    let older = checkpoint.map(super::verify::text).transpose()?;
    let opened = super::open(config).await?;
    let chain = audit::verify(&opened.app).await?;
    let logs = site::verify_logs(&opened.app).await?;
    let signed = seal::audit::verify(&opened.app, older.as_deref()).await?;
    let mut replies = land_check::verify_records(&opened.app).await?;
    replies.extend(siting::verify_records(&opened.app).await?);
    opened.close().await?;
    if json {
        super::print_json(&Verified { chain: &chain, logs: &logs, signed: &signed, replies: &replies })?;
    } else {
        match &chain.broken {
            Some(broken) => {
                say!("审计链在第 {} 条处断开：{}", broken.seq, broken.reason_zh)?;
                say!("The audit chain breaks at line {}: {}", broken.seq, broken.reason_en)?;
            }
            None => {
                say!("审计链完整，共 {} 条，末端 {}", chain.lines, chain.head)?;
                say!("The audit chain holds: {} lines, head {}", chain.lines, chain.head)?;
            }
        }
        print(&logs.findings)?;
        if logs.findings.is_empty() {
            say!("{} 个地块的 {} 条事件完整", logs.sites, logs.looked_at)?;
            say!("The logs of {} sites hold: {} events", logs.sites, logs.looked_at)?;
        }
        print_signed(&signed)?;
        for misfit in &replies {
            say!("#{} {}：{}", misfit.index, misfit.number, misfit.text_zh)?;
            say!("#{} {}: {}", misfit.index, misfit.number, misfit.text_en)?;
        }
    }
    Ok(if chain.broken.is_some() || !logs.findings.is_empty() || !signed.findings.is_empty() || !replies.is_empty() {
        Outcome::No
    } else {
        Outcome::Done
    })
}

async fn recompute(config: Config, json: bool) -> Result<Outcome> {
    let opened = super::open(config).await?;
    let proof = site::recompute_deadlines(&opened.app).await?;
    opened.close().await?;
    if json {
        super::print_json(&proof)?;
    } else {
        print(&proof.findings)?;
        if proof.findings.is_empty() {
            say!("{} 个地块的 {} 项期限与事件记录一致", proof.sites, proof.looked_at)?;
            say!("{} clocks of {} sites are as their logs imply", proof.looked_at, proof.sites)?;
        }
    }
    Ok(if proof.findings.is_empty() { Outcome::Done } else { Outcome::No })
}

fn print_signed(signed: &seal::audit::Verification) -> Result<()> {
    for finding in &signed.findings {
        let at = finding.index.map(|index| format!(" #{index}")).unwrap_or_default();
        say!("签发日志{at}：{}", finding.text_zh)?;
        say!("The log of what was signed{at}: {}", finding.text_en)?;
    }
    if signed.findings.is_empty() {
        say!("签发日志完整，共 {} 条，根 {}", signed.entries, signed.root)?;
        say!("The log of what was signed holds: {} entries, root {}", signed.entries, signed.root)?;
        if let Some(size) = signed.held_to {
            say!("所给检查点的 {size} 条未变 / The {size} entries of the checkpoint given are unchanged")?;
        }
    }
    Ok(())
}

fn print(findings: &[Finding]) -> Result<()> {
    for finding in findings {
        let at = finding.seq.map(|seq| format!(" #{seq}")).unwrap_or_default();
        say!("{}{at}：{}", finding.site, finding.text_zh)?;
        say!("{}{at}: {}", finding.site, finding.text_en)?;
    }
    Ok(())
}
