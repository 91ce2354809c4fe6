//! The only way to write: caller, now, transaction, permission, audit, idempotency. `begin` and `commit` are said here only.

use super::App;
use super::audit::{self, Header, Line};
use super::identity::{Caller, Permission};
use super::outbox::{self, Change};
use super::reply::Reply;
use super::touch;
use crate::kernel::{ActId, Day, Error, Result, Text};
use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

/// What a request says of itself: its id and, when it carried an `Idempotency-Key`, that key and what it was sent with.
#[derive(Debug, Clone, Default)]
pub struct RequestMark {
    /// The request's id, given back as `X-Request-Id` and written into audit lines.
    pub id: String,
    /// Key and SHA-256 of method, path and body.
    pub idempotency: Option<IdempotencyMark>,
}

/// An `Idempotency-Key` and the digest of what was sent with it.
#[derive(Debug, Clone)]
pub struct IdempotencyMark {
    /// The key as sent, 1 to 255 characters.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
}

/// A writing call under way. Dropping it undoes everything; [`Act::finish`] makes it last.
pub struct Act {
    app: App,
    caller: Caller,
    permission: Permission,
    request: RequestMark,
    id: ActId,
    now: DateTime<Utc>,
    tx: Transaction<'static, Postgres>,
    lines: Vec<Line>,
    changes: Vec<Change>,
    unsealed: bool,
    rests_on: Option<(&'static str, i64)>,
}

/// What beginning an act gives.
pub enum Begun {
    /// A new act.
    Fresh(Box<Act>),
    /// The answer of the same request sent before.
    Replayed(Reply),
}

impl Act {
    /// Begins: checks the permission, opens the transaction, and looks whether this very request was answered before.
    ///
    /// # Errors
    /// `unauthenticated`, `role_not_allowed`; `idempotency_key_reused` when the key was used for another request.
    pub async fn begin(app: &App, caller: &Caller, permission: Permission, request: RequestMark) -> Result<Begun> {
        caller.require(permission)?;
        // PostgreSQL keeps microseconds: what is answered now is what is read back later.
        let now = app.clock().now().trunc_subsecs(6);
        let id = ActId::new(now);
        // An identifier and an instant of ours: nothing in them could be read as SQL.
        let opening = format!("begin; set local jingtu.act = '{id}'; set local jingtu.now = '{}'", now.to_rfc3339());
        let mut tx = app.transaction(opening).await?;
        if let Some(mark) = &request.idempotency
            && let Some(reply) = answered_before(&mut tx, caller, mark, now).await?
        {
            return Ok(Begun::Replayed(reply));
        }
        let (app, caller) = (app.clone(), caller.clone());
        Ok(Begun::Fresh(Box::new(Act {
            app,
            caller,
            permission,
            request,
            id,
            now,
            tx,
            lines: Vec::new(),
            changes: Vec::new(),
            unsealed: false,
            rests_on: None,
        })))
    }

    /// Begins an act of the operator: somebody at the machine itself, through a command.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn operator(app: &App, permission: Permission) -> Result<Act> {
        match Act::begin(
            app,
            &Caller::Operator,
            permission,
            RequestMark { id: "command".to_owned(), idempotency: None },
        )
        .await?
        {
            Begun::Fresh(act) => Ok(*act),
            Begun::Replayed(_) => Err(Error::internal("an act without idempotency key was replayed")),
        }
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// This act's identifier, which its history rows and audit lines carry.
    pub fn id(&self) -> ActId {
        self.id
    }

    /// The id of the request that it answers, or of the command's.
    pub fn request_id(&self) -> &str {
        &self.request.id
    }

    /// The instant of the act: every row it writes is recorded then.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The civil day of the act in China.
    pub fn today(&self) -> Day {
        Day::at(self.now)
    }

    /// The connection inside the act's transaction.
    pub fn tx(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Adds a line for the audit chain. Codes, identifiers, counts and digests only; never personal data.
    pub fn note(&mut self, subject: impl Into<String>, detail: Value) {
        self.lines.push(Line { subject: subject.into(), detail });
    }

    /// Adds a change that others are told of once the act has lasted. Changes of one record go out in the order told.
    pub fn tell(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Says whether documents were sealed that the log does not have yet: such an act is not committed.
    pub(super) fn leave_unsealed(&mut self, unsealed: bool) {
        self.unsealed = unsealed;
    }

    /// Says that what this act answers (`land_check`, `siting_check`) rests on the registers as they stood at an end of the
    /// audit chain. Where another act has changed them by the time this one is committed, it is noted as late
    /// (`platform_late_act`), and whoever watches such answers looks at them again.
    pub fn rests_on(&mut self, answers: &'static str, version: &touch::Versions) {
        self.rests_on = Some((answers, version.seq));
    }

    /// Makes the act last: writes the audit lines, what others are told, and the answer for repeated requests, and commits.
    ///
    /// # Errors
    /// When the act has no audit line (a fault of ours), or the commit fails; nothing is then written.
    pub async fn finish(self, reply: Reply) -> Result<Reply> {
        self.settle(&reply).await?;
        Ok(reply)
    }

    /// As [`Act::finish`], with an answer that is given this once: `kept` is what is stored, and what the same request
    /// sent again is answered with.
    ///
    /// # Errors
    /// As [`Act::finish`].
    pub async fn finish_showing_once(self, reply: Reply, kept: &Reply) -> Result<Reply> {
        self.settle(kept).await?;
        Ok(reply)
    }

    /// Writes what the act leaves, `kept` for repeated requests, and commits.
    async fn settle(mut self, kept: &Reply) -> Result<()> {
        if self.lines.is_empty() {
            return Err(Error::internal(format!(
                "act {} under {} has no audit line",
                self.id,
                self.permission.as_str()
            )));
        }
        if self.unsealed {
            return Err(Error::internal(format!("act {} left a sealer open", self.id)));
        }
        if let Some(mark) = &self.request.idempotency {
            let stored = sqlx::query!(
                "update platform_idempotency set reply = $3, body = $4 where caller = $1 and key = $2",
                self.caller.mark(),
                mark.key,
                kept.head(),
                kept.body(),
            )
            .execute(&mut *self.tx)
            .await?;
            if stored.rows_affected() != 1 {
                return Err(Error::internal("the idempotency row of this act has gone"));
            }
        }
        let header = Header {
            act: self.id,
            at: self.now,
            caller: caller_line(&self.caller),
            operation: self.permission.as_str(),
            request_id: &self.request.id,
            rests_on: self.rests_on,
        };
        audit::append(&mut self.tx, &header, &self.lines).await?;
        // The chain's end is held from here on: numbers given now are in the order of commits.
        outbox::append(&mut self.tx, &header, &self.changes).await?;
        Ok(self.tx.commit().await?)
    }

    /// Undoes the act on purpose: a dry run.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn abandon(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}

fn caller_line(caller: &Caller) -> Value {
    match caller {
        Caller::Key(holder) => json!({"key": holder.id, "role": holder.role, "division": holder.division.as_str()}),
        Caller::Public => json!("public"),
        Caller::Operator => json!("operator"),
    }
}

/// Claims the key for this act, or gives the stored answer. A second request with the same key waits on the first one's
/// row until that has committed or gone.
async fn answered_before(
    tx: &mut PgConnection,
    caller: &Caller,
    mark: &IdempotencyMark,
    now: DateTime<Utc>,
) -> Result<Option<Reply>> {
    let claimed = sqlx::query!(
        "insert into platform_idempotency (caller, key, fingerprint, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        caller.mark(),
        mark.key,
        &mark.fingerprint[..],
        now,
    )
    .execute(&mut *tx)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query!(
        "select fingerprint, reply, body from platform_idempotency where caller = $1 and key = $2",
        caller.mark(),
        mark.key
    )
    .fetch_one(&mut *tx)
    .await?;
    if row.fingerprint != mark.fingerprint {
        return Err(Error::conflict(
            "idempotency_key_reused",
            Text::fixed("此 Idempotency-Key 已用于另一请求。", "This Idempotency-Key was used for another request."),
        ));
    }
    match (row.reply, row.body) {
        (Some(head), Some(body)) => Ok(Some(Reply::restore(head, body)?)),
        _ => Err(Error::internal("a committed idempotency row has no reply")),
    }
}
