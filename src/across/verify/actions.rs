//! Holding what was handed in to the registry's keys and log.

use crate::across::{land_check, siting};
use crate::kernel::{LandCheckId, Result, SitingCheckId, Text};
use crate::platform::App;
use crate::platform::seal::document::{self, Evidence, Finding, Inclusion};
use crate::platform::seal::log::{self, Said};
use crate::platform::seal::note::Verifier;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What came of it.
#[derive(Debug)]
pub(super) struct Verified {
    /// Whether nothing is refuted.
    pub valid: bool,
    /// What was looked at.
    pub findings: Vec<Finding>,
    /// Where it is in the log, or says it is.
    pub place: Option<Place>,
    /// What the log's entry says of it, when it is the document's.
    pub said: Option<Said>,
    /// How it stands now, where it is a reply to a land check or a siting check.
    pub standing: Option<(&'static str, DateTime<Utc>)>,
}

/// A place in the log.
#[derive(Debug)]
pub(super) struct Place {
    /// Its index.
    pub index: u64,
    /// Whether the document is there.
    pub included: bool,
    /// The log's signed end that this was found under.
    pub checkpoint: String,
}

/// What documents are held to, of one moment.
struct Registry {
    keys: Vec<Verifier>,
    /// Size and signed end of the log; `None` before anything was signed.
    end: Option<(u64, String)>,
}

impl Registry {
    async fn read(conn: &mut PgConnection) -> Result<Registry> {
        let Some(head) = log::head(&mut *conn).await? else { return Ok(Registry { keys: Vec::new(), end: None }) };
        let keys = log::keys(&mut *conn).await?.iter().map(|key| key.verifier(&head.origin)).collect();
        Ok(Registry { keys, end: Some((head.size, head.checkpoint)) })
    }

    /// That the entry at an index is in the log; `None` when there is no such entry.
    async fn inclusion(&self, conn: &mut PgConnection, index: u64) -> Result<Option<Inclusion>> {
        let Some((size, _)) = &self.end else { return Ok(None) };
        let Some(hashes) = log::inclusion(&mut *conn, index, *size).await? else { return Ok(None) };
        let entry = log::entries(conn, index, 1).await?.pop();
        Ok(entry.map(|entry| Inclusion { index, size: *size, entry: entry.entry, hashes }))
    }

    fn evidence<'a>(&'a self, inclusion: Option<&'a Inclusion>) -> Evidence<'a> {
        Evidence { keys: Some(&self.keys), inclusion, checkpoint: self.end.as_ref().map(|(_, text)| text.as_str()) }
    }

    /// What was found, and how the reply stands now where it is one: that a signature holds does not say that what was
    /// signed still does.
    async fn verified(
        &self,
        conn: &mut PgConnection,
        mut findings: Vec<Finding>,
        index: Option<u64>,
        inclusion: Option<&Inclusion>,
    ) -> Result<Verified> {
        let included = findings.iter().any(|finding| finding.what == "log" && finding.ok == Some(true));
        let place = index.zip(self.end.as_ref()).map(|(index, (_, checkpoint))| Place {
            index,
            included,
            checkpoint: checkpoint.clone(),
        });
        let valid = findings.iter().all(|finding| finding.ok != Some(false));
        let said = inclusion.filter(|_| included).and_then(|inclusion| Said::read(&inclusion.entry));
        let standing = match &said {
            Some(said) if said.kind == "land_check" => land_check::status(conn, LandCheckId(said.id)).await?,
            Some(said) if said.kind == "siting_check" => siting::status(conn, SitingCheckId(said.id)).await?,
            _ => None,
        };
        if let Some((status, _)) = standing {
            findings.retain(|finding| finding.what != "standing");
            let text = match status {
                "valid" => Text::fixed("该回复目前有效。", "The reply is valid now."),
                "withdrawn" => Text::fixed("该回复已撤回。", "The reply was withdrawn."),
                _ => {
                    Text::fixed("该回复因登记情况变化已失效。", "The reply was superseded by a change of the records.")
                }
            };
            // What was signed was signed, whatever became of it: this refutes nothing.
            findings.push(Finding::new("standing", (status == "valid").then_some(true), text));
        }
        Ok(Verified { valid, findings, place, said, standing })
    }
}

/// Holds a document to the registry's keys and log.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn document(app: &App, bytes: &[u8]) -> Result<Verified> {
    let mut conn = app.snapshot().await?;
    let registry = Registry::read(&mut conn).await?;
    // Where it says it is; what it says is looked at below.
    let index = document::examine(bytes, Evidence::default()).claim.map(|claim| claim.log_index);
    let inclusion = match index {
        Some(index) => registry.inclusion(&mut conn, index).await?,
        None => None,
    };
    let examined = document::examine(bytes, registry.evidence(inclusion.as_ref()));
    registry.verified(&mut conn, examined.findings, index, inclusion.as_ref()).await
}

/// Holds a number and a digest to the registry's log: for whoever has a document on paper.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn digest(app: &App, number: &str, payload_sha256: &str) -> Result<Verified> {
    let mut conn = app.snapshot().await?;
    let registry = Registry::read(&mut conn).await?;
    let entries = log::numbered(&mut conn, number).await?;
    let of_digest = |entry: &&log::LogEntry| {
        Said::read(&entry.entry).is_some_and(|said| said.payload_sha256.eq_ignore_ascii_case(payload_sha256))
    };
    let index = entries.iter().find(of_digest).or(entries.first()).map(|entry| entry.index);
    let inclusion = match index {
        Some(index) => registry.inclusion(&mut conn, index).await?,
        None => None,
    };
    let findings = document::examine_digest(number, payload_sha256, registry.evidence(inclusion.as_ref()));
    registry.verified(&mut conn, findings, index, inclusion.as_ref()).await
}
