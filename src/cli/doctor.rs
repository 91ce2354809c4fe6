//! `jingtu doctor`: what this machine and database have, and what is missing.

use super::Outcome;
use super::say::say;
use crate::config::Config;
use crate::kernel::Result;
use crate::pg;
use crate::platform::pdf::{self, Fonts};
use serde::Serialize;

#[derive(Serialize)]
struct Finding {
    ok: bool,
    what: String,
    mend: Option<String>,
}

pub(super) async fn run(config: &Config, json: bool) -> Result<Outcome> {
    let mut findings = Vec::new();
    match super::check_settings(config) {
        Ok(()) => findings.push(Finding {
            ok: true,
            what: "规则参数设置可用 / settings of rules can be used".to_owned(),
            mend: None,
        }),
        Err(error) => findings.push(Finding { ok: false, what: error.to_string(), mend: None }),
    }
    match &config.database_url {
        Some(url) => match pg::inspect(url).await {
            Ok(found) => {
                findings.push(Finding {
                    ok: true,
                    what: format!("PostgreSQL {} ({})", found.server_version, found.encoding),
                    mend: None,
                });
                if let Some(version) = &found.postgis {
                    findings.push(Finding { ok: true, what: format!("PostGIS {version}"), mend: None });
                }
                findings.extend(found.findings.iter().map(|f| Finding {
                    ok: false,
                    what: format!("{} / {}", f.zh, f.en),
                    mend: Some(f.mend.clone()),
                }));
            }
            Err(error) => findings.push(Finding { ok: false, what: error.to_string(), mend: None }),
        },
        None => match pg::Binaries::find(config.pg_bin.as_deref()) {
            Ok(binaries) => findings.push(Finding {
                ok: true,
                what: format!("PostgreSQL {} + PostGIS: {}", binaries.major(), binaries.dir().display()),
                mend: None,
            }),
            Err(error) => findings.push(Finding { ok: false, what: error.to_string(), mend: None }),
        },
    }
    findings.push(match Fonts::find(config.cjk_font.as_deref()) {
        Ok(fonts) => {
            let files: Vec<_> = fonts.files().map(|file| file.display().to_string()).collect();
            Finding { ok: true, what: format!("中文字体 / Chinese font: {}", files.join(", ")), mend: None }
        }
        Err(error) => Finding { ok: false, what: error.to_string(), mend: Some(pdf::FONT_PACKAGE.to_owned()) },
    });
    let all_well = findings.iter().all(|f| f.ok);
    if json {
        super::print_json(&findings)?;
    } else {
        for finding in &findings {
            say!("{} {}", if finding.ok { "✓" } else { "✗" }, finding.what)?;
            if let Some(mend) = &finding.mend {
                say!("  → {mend}")?;
            }
        }
    }
    Ok(if all_well { Outcome::Done } else { Outcome::No })
}
