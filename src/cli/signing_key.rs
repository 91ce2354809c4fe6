//! `jingtu signing-key list|rotate`

use super::Outcome;
use super::say::say;
use crate::config::Config;
use crate::kernel::{Day, Result};
use crate::platform::seal::{self, log};
use crate::platform::{Act, Permission, Reply};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the keys that sign replies, or did
    List,
    /// Put a new key in the place of the one that signs; what the old one signed holds on
    Rotate,
}

#[derive(serde::Serialize)]
struct Listed {
    key_id: String,
    vkey: String,
    created_at: chrono::DateTime<chrono::Utc>,
    retired_at: Option<chrono::DateTime<chrono::Utc>>,
    current: bool,
}

pub(super) async fn run(config: Config, command: &Command, json: bool) -> Result<Outcome> {
    let opened = super::open(config).await?;
    match command {
        Command::List => {
            let mut conn = opened.app.snapshot().await?;
            let head = log::head(&mut conn).await?;
            let keys = log::keys(&mut conn).await?;
            conn.rollback().await?;
            let listed: Vec<Listed> = head
                .iter()
                .flat_map(|head| {
                    keys.iter().map(|key| Listed {
                        key_id: key.id.clone(),
                        vkey: key.verifier(&head.origin).to_string(),
                        created_at: key.created_at,
                        retired_at: key.retired_at,
                        current: key.id == head.key_id,
                    })
                })
                .collect();
            if json {
                super::print_json(&listed)?;
            } else {
                for key in listed {
                    let state = match key.retired_at {
                        Some(at) => format!("已停用 retired {}", Day::at(at)),
                        None => "现行 current".to_owned(),
                    };
                    say!("{}  {state}\n  {}", key.key_id, key.vkey)?;
                }
            }
        }
        Command::Rotate => {
            let mut act = Act::operator(&opened.app, Permission::KeyManage).await?;
            let rotation = seal::rotate(&mut act).await?;
            act.finish(Reply::nothing()).await?;
            if json {
                super::print_json(&rotation)?;
            } else {
                if let Some(old) = &rotation.retired {
                    say!("已停用 / retired: {old}")?;
                }
                say!("现行 / current: {}", rotation.current)?;
            }
        }
    }
    opened.close().await?;
    Ok(Outcome::Done)
}
