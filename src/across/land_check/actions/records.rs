//! Whether the replies on record are those that the log says were signed.

use super::watch::{LandChecks, Watched};
use crate::kernel::{Error, Result, Text};
use crate::platform::App;
use crate::platform::seal::document::{self, Evidence};
use crate::platform::seal::log::{self, Said};

/// Replies and entries looked at together.
const CHUNK: i64 = 1_000;

/// A reply that the log does not bear out, or an entry without its reply.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Misfit {
    /// Place in the log.
    pub index: u64,
    /// Number of the reply.
    pub number: String,
    /// 为何
    pub text_zh: String,
    /// Why.
    pub text_en: String,
}

/// Holds every reply to a land check to its own proof and to the log; see [`verify_records_of`].
///
/// # Errors
/// As [`verify_records_of`].
pub async fn verify_records(app: &App) -> Result<Vec<Misfit>> {
    verify_records_of::<LandChecks>(app).await
}

/// Holds every reply of a kind on record to its own proof and to the log's entry, and every entry of one to the record.
///
/// # Errors
/// When the database cannot be read. A reply that does not hold is a finding, not an error.
pub async fn verify_records_of<W: Watched>(app: &App) -> Result<Vec<Misfit>> {
    let mut conn = app.snapshot().await?;
    let mut found = Vec::new();
    let mut from = 0_u64;
    loop {
        let start = i64::try_from(from).map_err(Error::internal)?;
        let entries = log::entries(&mut conn, from, CHUNK).await?;
        let Some(last) = entries.last().map(|entry| entry.index) else { break };
        let until = i64::try_from(last).map_err(Error::internal)?;
        let replies = W::logged(&mut conn, start, CHUNK).await?;
        let mut replies = replies.into_iter().filter(|reply| reply.log_index <= until).peekable();
        for entry in entries {
            let index = i64::try_from(entry.index).map_err(Error::internal)?;
            let said = Said::read(&entry.entry).filter(|said| said.kind == W::KIND);
            let reply = replies.next_if(|reply| reply.log_index == index);
            let misfit = match (&said, &reply) {
                (None, None) => continue,
                (Some(_), None) => {
                    Text::fixed("日志有此回复，登记簿没有", "the log has this reply and the record has not")
                }
                (None, Some(_)) => {
                    Text::fixed("登记簿有此回复，日志没有", "the record has this reply and the log has not")
                }
                (Some(said), Some(reply)) => {
                    let examined = document::examine(&reply.body, Evidence::default());
                    let same = examined.claim.as_ref().is_some_and(|claim| {
                        claim.payload_sha256 == said.payload_sha256 && claim.log_index == entry.index
                    });
                    if examined.is_valid() && same && said.id == reply.id && said.number == reply.number {
                        continue;
                    }
                    Text::fixed("回复与其签名或日志不符", "the reply does not fit its signature or the log")
                }
            };
            let number = said.map(|said| said.number).or(reply.map(|reply| reply.number)).unwrap_or_default();
            found.push(Misfit { index: entry.index, number, text_zh: misfit.zh.into(), text_en: misfit.en.into() });
        }
        from = last + 1;
    }
    conn.rollback().await?;
    Ok(found)
}
