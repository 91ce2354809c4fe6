//! `jingtu migrate`

use super::Outcome;
use crate::config::Config;
use crate::kernel::Result;

pub(super) async fn run(config: Config) -> Result<Outcome> {
    super::open(config).await?.close().await?;
    println!("数据库结构已是最新。 / The schema is up to date.");
    Ok(Outcome::Done)
}
