//! `jingtu key create|list|revoke`

use super::Outcome;
use super::say::say;
use crate::config::Config;
use crate::kernel::{Day, DivisionCode, KeyId, Result};
use crate::platform::identity::{NewKey, keys};
use crate::platform::{Act, Permission, Reply, Role};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key; it is printed alone on stdout, once
    Create {
        /// Role: county_ecology, prefecture_ecology, province_ecology, planning, agriculture, government, land_user,
        /// third_party, auditor, admin
        #[arg(long, value_parser = role)]
        role: Role,
        /// Division in which, and below which, the role holds; 000000 is the nation
        #[arg(long)]
        division: DivisionCode,
        /// Whose key it is
        #[arg(long)]
        name: String,
        /// Unified social credit code, for a land user
        #[arg(long)]
        credit_code: Option<String>,
        /// Last day of validity, YYYY-MM-DD
        #[arg(long)]
        expires: Option<Day>,
    },
    /// List the keys; tokens are not known any more
    List,
    /// Revoke a key by its id
    Revoke {
        /// The key's id, as `list` shows it
        id: KeyId,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| Role::ALL.map(Role::as_str).join(", "))
}

pub(super) async fn run(config: Config, command: Command, json: bool) -> Result<Outcome> {
    let opened = super::open(config).await?;
    match command {
        Command::Create { role, division, name, credit_code, expires } => {
            let mut act = Act::operator(&opened.app, Permission::KeyManage).await?;
            let new = NewKey { name, role, division, credit_code, expires_on: expires, demo: false };
            let token = keys::create(&mut act, new).await?;
            act.finish(Reply::nothing()).await?;
            say!("{token}")?;
        }
        Command::List => {
            let keys = keys::list(opened.app.db()).await?;
            if json {
                super::print_json(&keys)?;
            } else {
                for key in keys {
                    let state = match (key.revoked_at, key.expires_on) {
                        (Some(at), _) => format!("已撤销 revoked {}", Day::at(at)),
                        (None, Some(day)) => format!("有效至 until {day}"),
                        (None, None) => "有效 valid".to_owned(),
                    };
                    say!("{}  {:<18} {}  {state}  {}", key.id, key.role, key.division_code, key.name)?;
                }
            }
        }
        Command::Revoke { id } => {
            let mut act = Act::operator(&opened.app, Permission::KeyManage).await?;
            keys::revoke(&mut act, id).await?;
            act.finish(Reply::nothing()).await?;
            say!("已撤销 / revoked: {id}")?;
        }
    }
    opened.close().await?;
    Ok(Outcome::Done)
}
