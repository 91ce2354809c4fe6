//! API keys: made once, shown once, stored as a digest.

use super::{Caller, KeyHolder, Role};
use crate::kernel::{Day, DivisionCode, Error, KeyId, Kind, Result, Text};
use crate::platform::Act;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::{PgExecutor, PgPool};

/// What a new key is for.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// For people: whose it is.
    pub name: String,
    /// The role it gives.
    pub role: Role,
    /// Where: here and below.
    pub division: DivisionCode,
    /// A land user's unified social credit code; for no other role.
    pub credit_code: Option<String>,
    /// Last day of its validity.
    pub expires_on: Option<Day>,
    /// Whether the demo made it.
    pub demo: bool,
}

/// A key as listed; the token is not known any more.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StoredKey {
    /// Its identifier, for revoking.
    pub id: KeyId,
    /// For people.
    pub name: String,
    /// The role it gives.
    pub role: String,
    /// Where.
    pub division_code: String,
    /// A land user's credit code.
    pub credit_code: Option<String>,
    /// Last day of its validity.
    pub expires_on: Option<Day>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Makes a key and returns its token, `jt_` and 43 characters: the only time anybody sees it.
///
/// # Errors
/// `unknown_division`; `credit_code` where a land user's is missing, malformed, or given to another role.
pub async fn create(act: &mut Act, new: NewKey) -> Result<String> {
    if (new.role == Role::LandUser) != new.credit_code.is_some() {
        return Err(Error::fault(
            "/credit_code",
            "credit_code",
            Text::fixed(
                "土地使用权人的密钥必须带统一社会信用代码，其他角色不得带。",
                "A land user's key must carry its credit code; no other role's may.",
            ),
        ));
    }
    if new.expires_on.is_some_and(|day| day < act.today()) {
        return Err(Error::fault(
            "/expires_on",
            "expired",
            Text::fixed("有效期早于今天。", "The last day of validity lies before today."),
        ));
    }
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    let token = format!("jt_{}", URL_SAFE_NO_PAD.encode(random));
    let id = KeyId::new(act.now());
    let now = act.now();
    let known = sqlx::query_scalar!(
        r#"select exists(select 1 from division where code = $1) as "known!""#,
        new.division.as_str()
    )
    .fetch_one(act.tx())
    .await?;
    if !known {
        return Err(Error::fault(
            "/division_code",
            "unknown_division",
            Text::new(format!("没有区划 {}。", new.division), format!("There is no division {}.", new.division)),
        ));
    }
    sqlx::query!(
        "insert into platform_api_key (id, token_sha256, name, role, division_code, credit_code, expires_on, demo, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id as KeyId,
        digest(&token),
        new.name,
        new.role.as_str(),
        new.division.as_str(),
        new.credit_code,
        new.expires_on as Option<Day>,
        new.demo,
        now,
    )
    .execute(act.tx())
    .await
    .map_err(|error| match error {
        sqlx::Error::Database(db) if db.constraint() == Some("platform_api_key_credit_code_check") => Error::fault(
            "/credit_code",
            "credit_code",
            Text::fixed("统一社会信用代码应为 18 位。", "A unified social credit code has 18 characters."),
        ),
        other => other.into(),
    })?;
    act.note(format!("key/{id}"), serde_json::json!({"role": new.role, "division": new.division.as_str()}));
    Ok(token)
}

/// All keys, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(db: &PgPool) -> Result<Vec<StoredKey>> {
    Ok(sqlx::query_as!(
        StoredKey,
        r#"select id as "id: KeyId", name, role, division_code, credit_code, expires_on as "expires_on: Day", created_at, revoked_at
           from platform_api_key order by id desc"#
    )
    .fetch_all(db)
    .await?)
}

/// Revokes a key; from now on it opens nothing.
///
/// # Errors
/// `not_found` when there is no such key, or it was revoked before.
pub async fn revoke(act: &mut Act, id: KeyId) -> Result<()> {
    let now = act.now();
    let done = sqlx::query!(
        "update platform_api_key set revoked_at = $2 where id = $1 and revoked_at is null",
        id as KeyId,
        now
    )
    .execute(act.tx())
    .await?;
    if done.rows_affected() != 1 {
        return Err(Error::not_found("有效的密钥", "key that is still valid"));
    }
    act.note(format!("key/{id}"), serde_json::json!({"revoked": true}));
    Ok(())
}

/// Revokes every key that the demo made before.
///
/// # Errors
/// When the database cannot be written.
pub async fn revoke_demo(act: &mut Act) -> Result<()> {
    let now = act.now();
    let done = sqlx::query!("update platform_api_key set revoked_at = $1 where demo and revoked_at is null", now)
        .execute(act.tx())
        .await?;
    act.note("key/demo", serde_json::json!({"revoked": done.rows_affected()}));
    Ok(())
}

/// Finds out who holds a token.
///
/// # Errors
/// `bad_token` when it is not valid: unknown, revoked or expired, which are not told apart.
pub async fn authenticate(db: &PgPool, token: &str, today: Day) -> Result<Caller> {
    let refused = || {
        Error::new(
            Kind::Unauthenticated,
            "bad_token",
            Text::fixed("密钥无效、已撤销或已过期。", "The key is not valid, was revoked or has expired."),
        )
    };
    if token.len() != 46 || !token.starts_with("jt_") {
        return Err(refused());
    }
    let row = sqlx::query!(
        r#"select k.id as "id: KeyId", k.name, k.role, k.division_code, k.credit_code,
                  coalesce((select array_agg(d.code order by d.code) from division d
                            where k.division_code <> '000000' and d.ancestors @> array[k.division_code]), '{}') as "below!"
           from platform_api_key k
           where k.token_sha256 = $1 and k.revoked_at is null and (k.expires_on is null or k.expires_on >= $2)"#,
        digest(token),
        today as Day,
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(refused)?;
    let role = Role::parse(&row.role)
        .ok_or_else(|| Error::internal(format!("platform_api_key {} has the unknown role {}", row.id, row.role)))?;
    let division = DivisionCode::parse(&row.division_code)
        .ok_or_else(|| Error::internal(format!("platform_api_key {} has a malformed division", row.id)))?;
    Ok(Caller::Key(KeyHolder {
        id: row.id,
        name: row.name,
        role,
        division,
        below: row.below,
        credit_code: row.credit_code,
    }))
}

/// The holder of a key as it is now, for work that its holder asked for before.
///
/// # Errors
/// `bad_token` when the key was revoked or has expired meanwhile.
pub async fn recall(db: impl PgExecutor<'_>, id: KeyId, today: Day) -> Result<Caller> {
    let row = sqlx::query!(
        r#"select k.name, k.role, k.division_code, k.credit_code,
                  coalesce((select array_agg(d.code order by d.code) from division d
                            where k.division_code <> '000000' and d.ancestors @> array[k.division_code]), '{}') as "below!"
           from platform_api_key k
           where k.id = $1 and k.revoked_at is null and (k.expires_on is null or k.expires_on >= $2)"#,
        id as KeyId,
        today as Day,
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(|| {
        Error::new(
            Kind::Unauthenticated,
            "bad_token",
            Text::fixed("任务所用的密钥已撤销或已过期。", "The key that asked for this was revoked or has expired."),
        )
    })?;
    let role = Role::parse(&row.role)
        .ok_or_else(|| Error::internal(format!("platform_api_key {id} has the unknown role {}", row.role)))?;
    let division = DivisionCode::parse(&row.division_code)
        .ok_or_else(|| Error::internal(format!("platform_api_key {id} has a malformed division")))?;
    Ok(Caller::Key(KeyHolder { id, name: row.name, role, division, below: row.below, credit_code: row.credit_code }))
}
