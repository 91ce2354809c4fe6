//! `jingtu migrate`

use super::Outcome;
use super::say::say;
use crate::config::Config;
use crate::kernel::Result;

pub(super) async fn run(config: Config) -> Result<Outcome> {
    super::open(config).await?.close().await?;
    say!("数据库结构已是最新。 / The schema is up to date.")?;
    Ok(Outcome::Done)
}
