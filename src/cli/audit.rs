//! `jingtu audit verify`

use super::Outcome;
use crate::config::Config;
use crate::kernel::Result;
use crate::platform::audit;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Recompute the whole chain; exit code 3 when it does not hold
    Verify,
}

pub(super) async fn run(config: Config, command: &Command, json: bool) -> Result<Outcome> {
    let Command::Verify = command;
    let opened = super::open(config).await?;
    let found = audit::verify(opened.app.db()).await?;
    opened.close().await?;
    if json {
        super::print_json(&found)?;
    } else if let Some(broken) = &found.broken {
        println!("审计链在第 {} 条处断开：{}", broken.seq, broken.reason_zh);
        println!("The audit chain breaks at line {}: {}", broken.seq, broken.reason_en);
    } else {
        println!("审计链完整，共 {} 条，末端 {}", found.lines, found.head);
        println!("The audit chain holds: {} lines, head {}", found.lines, found.head);
    }
    Ok(if found.broken.is_some() { Outcome::No } else { Outcome::Done })
}
