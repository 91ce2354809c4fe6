//! A change as others see it: in the feed and, byte for byte, in what is sent to subscribers.

use super::Change;
use crate::kernel::{ActId, ChangeId, Day};
use crate::platform::Scope;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A row of the outbox.
#[derive(Debug, Clone)]
pub(in crate::platform) struct Row {
    pub seq: i64,
    pub id: ChangeId,
    pub act_id: ActId,
    pub recorded_at: DateTime<Utc>,
    pub kind: String,
    pub register: String,
    pub subject_id: Uuid,
    pub subject_code: String,
    pub division_code: String,
    pub owner_credit_code: Option<String>,
    pub public: bool,
    pub occurred_on: Option<Day>,
    pub data: Value,
}

impl Row {
    /// Whether whoever sees this part of the registers may read the change.
    pub fn is_for(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Divisions(codes) => codes.contains(&self.division_code),
            Scope::Own(credit_code) => self.owner_credit_code.as_ref() == Some(credit_code),
            Scope::Public => self.public,
        }
    }
}

/// A change of a register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "seq": 4711, "id": "019aa3a0-0000-7000-8000-000000000001", "kind": "site.stage_changed",
    "subject": {"register": "site", "id": "019aa3a0-0000-7000-8000-000000000002", "code": "152921YS20260001"},
    "division_code": "152921", "public": false, "occurred_on": "2026-11-20", "recorded_at": "2026-11-21T04:00:00.000001Z",
    "act_id": "019aa3a0-0000-7000-8000-000000000003", "data": {"from": "suspected", "to": "preliminary_survey"}
}))]
pub(in crate::platform) struct ChangeView {
    /// Its number: without gaps over the whole registry, in the order in which changes were committed. The cursor.
    #[schema(minimum = 1)]
    seq: i64,
    /// Its identifier.
    id: ChangeId,
    /// What happened: `<register>.<what>`.
    kind: String,
    /// The record that changed.
    subject: ChangeSubject,
    /// Its division at the change.
    division_code: String,
    /// Whether everybody may know.
    public: bool,
    /// Civil day on which it happened, where it has one.
    occurred_on: Option<Day>,
    /// When the registry came to know it.
    recorded_at: DateTime<Utc>,
    /// The act that made it; the audit chain carries the same.
    act_id: ActId,
    /// Codes, stages, days and figures, by `kind`. No personal data.
    #[schema(value_type = Object)]
    data: Value,
}

/// The record that a change is about.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::platform) struct ChangeSubject {
    /// Its register.
    #[schema(example = "site")]
    register: String,
    /// Its identifier.
    id: Uuid,
    /// Its code for people.
    code: String,
}

impl From<Row> for ChangeView {
    fn from(row: Row) -> ChangeView {
        ChangeView {
            seq: row.seq,
            id: row.id,
            kind: row.kind,
            subject: ChangeSubject { register: row.register, id: row.subject_id, code: row.subject_code },
            division_code: row.division_code,
            public: row.public,
            occurred_on: row.occurred_on,
            recorded_at: row.recorded_at,
            act_id: row.act_id,
            data: row.data,
        }
    }
}

/// How kinds and registers are written; whether there is one is another question.
pub(in crate::platform) fn is_kind(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && text.len() <= 64
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b))
}

impl Change {
    /// Why the database would not take it, if it would not.
    pub(super) fn fault(&self) -> Option<String> {
        if !self.data.is_object() {
            return Some(format!("the data of a change {} is no object", self.kind));
        }
        (!super::kinds::is_known(self.kind)).then(|| format!("{:?} is not in the table of kinds", self.kind))
    }
}
