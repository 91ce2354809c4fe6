//! `jingtu audit verify`, `jingtu audit recompute-deadlines`

use super::Outcome;
use crate::config::Config;
use crate::kernel::Result;
use crate::platform::audit::{self, Verification};
use crate::registers::site::{self, Finding, Proof};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Recompute the whole audit chain and every site's log; exit code 3 when one does not hold
    Verify,
    /// Derive every due date again from the sites' logs; exit code 3 when the deadline register differs
    RecomputeDeadlines,
}

#[derive(serde::Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    chain: &'a Verification,
    logs: &'a Proof,
}

pub(super) async fn run(config: Config, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Verify => verify(config, json).await,
        Command::RecomputeDeadlines => recompute(config, json).await,
    }
}

async fn verify(config: Config, json: bool) -> Result<Outcome> {
    let opened = super::open(config).await?;
    let chain = audit::verify(opened.app.db()).await?;
    let logs = site::verify_logs(&opened.app).await?;
    opened.close().await?;
    if json {
        super::print_json(&Verified { chain: &chain, logs: &logs })?;
    } else {
        match &chain.broken {
            Some(broken) => {
                println!("审计链在第 {} 条处断开：{}", broken.seq, broken.reason_zh);
                println!("The audit chain breaks at line {}: {}", broken.seq, broken.reason_en);
            }
            None => {
                println!("审计链完整，共 {} 条，末端 {}", chain.lines, chain.head);
                println!("The audit chain holds: {} lines, head {}", chain.lines, chain.head);
            }
        }
        print(&logs.findings);
        if logs.findings.is_empty() {
            println!("{} 个地块的 {} 条事件完整", logs.sites, logs.looked_at);
            println!("The logs of {} sites hold: {} events", logs.sites, logs.looked_at);
        }
    }
    Ok(if chain.broken.is_some() || !logs.findings.is_empty() { Outcome::No } else { Outcome::Done })
}

async fn recompute(config: Config, json: bool) -> Result<Outcome> {
    let opened = super::open(config).await?;
    let proof = site::recompute_deadlines(&opened.app).await?;
    opened.close().await?;
    if json {
        super::print_json(&proof)?;
    } else {
        print(&proof.findings);
        if proof.findings.is_empty() {
            println!("{} 个地块的 {} 项期限与事件记录一致", proof.sites, proof.looked_at);
            println!("{} clocks of {} sites are as their logs imply", proof.looked_at, proof.sites);
        }
    }
    Ok(if proof.findings.is_empty() { Outcome::Done } else { Outcome::No })
}

fn print(findings: &[Finding]) {
    for finding in findings {
        let at = finding.seq.map(|seq| format!(" #{seq}")).unwrap_or_default();
        println!("{}{at}：{}", finding.site, finding.text_zh);
        println!("{}{at}: {}", finding.site, finding.text_en);
    }
}
