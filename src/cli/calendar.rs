//! `jingtu calendar import FILE`

use super::Outcome;
use super::say::say;
use crate::config::Config;
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::{Act, Permission, Reply};
use crate::registers::deadline;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Load a year's rest days and make-up days, and count the running clocks anew
    Import {
        /// JSON {year, papers, days: [{name, date, isOffDay}]}, or CSV as in src/standards/workdays.csv
        file: PathBuf,
    },
}

pub(super) async fn run(config: Config, command: Command, json: bool) -> Result<Outcome> {
    let Command::Import { file } = command;
    let bytes = std::fs::read(&file).map_err(|cause| {
        Error::new(
            Kind::Invalid,
            "file_unreadable",
            Text::new(
                format!("无法读取文件 {}。", file.display()),
                format!("The file {} cannot be read.", file.display()),
            ),
        )
        .because(cause)
    })?;
    let opened = super::open(config).await?;
    let mut act = Act::operator(&opened.app, Permission::CalendarWrite).await?;
    let report = deadline::import_calendar(&mut act, &bytes).await?;
    act.finish(Reply::nothing()).await?;
    opened.close().await?;
    if json {
        super::print_json(&report)?;
        return Ok(Outcome::Done);
    }
    say!("年度 years {:?}，有变化 changed {:?}", report.years, report.changed_years)?;
    for (zh, en) in &report.doubts {
        say!("请核对 please check: {zh} / {en}")?;
    }
    for clock in report.recomputed.iter().filter(|clock| clock.was_due_on != clock.due_on) {
        say!("{}  {} → {}", clock.subject_code, clock.was_due_on, clock.due_on)?;
    }
    Ok(Outcome::Done)
}
